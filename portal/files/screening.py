"""The one door for virus scanning: hands a file to the operator's clamd (INSTREAM) and takes its word, or no file.

Its allow-list is the one address of the setting, and that address must lie in the operator's own network: what goes
through here is a document in the clear.
"""

import ipaddress
import logging
import re
import socket
import struct
import time

from scanners.model import N_, Message

log = logging.getLogger(__name__)

SECONDS = 20  # to connect, and for each piece
SECONDS_TO_GREET = 5
LONGEST = 60  # seconds in all
PIECE = 2**16
LONGEST_ANSWER = 4096
OWN_NETWORKS = tuple(
    map(ipaddress.ip_network, ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"))
)
_FOUND = re.compile(r"stream: ([\w.\-/() :]{1,120}) FOUND")


class Infected(Exception):
    """The scanner knows what is in the file."""

    def __init__(self, name: str) -> None:
        """Hold the sentence."""
        self.message = Message(text=N_("The virus scanner refuses this file: %(name)s."), values={"name": name})
        super().__init__(name)


class NoAnswer(Exception):
    """The scanner was not reached or said nothing clear; nothing is taken without its word."""

    message = Message(
        text=N_("The virus scanner does not answer at the moment, so no file is taken. Please try again later.")
    )


def check(setting: str, content: bytes) -> None:
    """Ask the scanner; returns when it finds nothing. Raises Infected or NoAnswer. "" asks nobody."""
    if not setting:
        return
    try:
        answer = _ask(setting, content)
    except (OSError, ValueError) as error:
        log.warning("the virus scanner was not reached: %s", type(error).__name__)
        raise NoAnswer from error
    if answer == "stream: OK":
        return
    found = _FOUND.fullmatch(answer)
    if found is None:
        log.warning("the virus scanner gave no clear answer")
        raise NoAnswer
    raise Infected(found[1])


def answers(setting: str) -> bool:
    """Whether a scanner answers at the address of the setting (PING); no file is given to it."""
    try:
        with _connected(setting) as line:
            line.settimeout(SECONDS_TO_GREET)
            line.sendall(b"zPING\0")
            return line.recv(LONGEST_ANSWER).rstrip(b"\0\n") == b"PONG"
    except (OSError, ValueError):
        return False


def _ask(setting: str, content: bytes) -> str:
    until = time.monotonic() + LONGEST
    with _connected(setting) as line:
        line.settimeout(SECONDS)
        line.sendall(b"zINSTREAM\0")
        view = memoryview(content)
        for start in range(0, len(view), PIECE):
            if time.monotonic() > until:
                raise TimeoutError
            piece = view[start : start + PIECE]
            line.sendall(struct.pack("!L", len(piece)))
            line.sendall(piece)
        line.sendall(struct.pack("!L", 0))
        answer = bytearray()
        while b"\0" not in answer and len(answer) < LONGEST_ANSWER and time.monotonic() < until:
            piece_of_answer = line.recv(LONGEST_ANSWER)
            if not piece_of_answer:
                break
            answer += piece_of_answer
    return answer.partition(b"\0")[0].decode("utf-8", "replace").strip()


def _connected(setting: str) -> socket.socket:
    if setting.startswith("unix:"):
        return _line(socket.AF_UNIX, setting.removeprefix("unix:"))
    host, _, port = setting.rpartition(":")
    addresses = _addresses(host.strip("[]"), int(port))
    if not addresses or not all(map(_is_own, addresses)):
        raise ValueError(host)  # one public address among them is one too many
    family = socket.AF_INET6 if ":" in addresses[0] else socket.AF_INET
    return _line(family, (addresses[0], int(port)))  # the address that was looked at


def _line(family: socket.AddressFamily, place: str | tuple[str, int]) -> socket.socket:
    line = socket.socket(family, socket.SOCK_STREAM)
    try:
        line.settimeout(SECONDS)
        line.connect(place)
    except OSError:
        line.close()
        raise
    return line


def _addresses(host: str, port: int) -> list[str]:
    """Where a name leads; an address leads to itself and asks nobody."""
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        return [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _is_own(address: str) -> bool:
    plain = ipaddress.ip_address(address.partition("%")[0])
    return any(plain in network for network in OWN_NETWORKS)
