"""A link with an added round trip: two network namespaces, a TUN device in each, a relay that keeps every packet."""

import contextlib
import ctypes
import fcntl
import heapq
import itertools
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NEW_USER, NEW_NET, NEW_MOUNTS = 0x10000000, 0x40000000, 0x00020000
SET_TUN, TUN_WITHOUT_HEADER = 0x400454CA, 0x0001 | 0x1000
READ_ONLY_BIND, PRIVATE, RECURSIVE = 4096, 1 << 18, 16384
LONGEST_PACKET = 65_536
PACKETS_AT_A_STRETCH = 64
NEAR_ADDRESS, FAR_ADDRESS = "198.18.0.1", "198.18.0.2"  # RFC 2544: set aside for benchmarks
LOOPBACK = "127.0.0.0/8"
TCP, UDP, DNS_PORT = 6, 17, 53
FIN, SYN, RST, ACK = 1, 2, 4, 16

_libc = ctypes.CDLL(None, use_errno=True)


class NoLink(Exception):
    """This machine lets us make no namespaces or no TUN devices."""


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """What crossed the link since it was last asked, counted from the packets and not from anybody's word."""

    connections: dict[str, int] = field(default_factory=dict)  # "address:port" -> connections opened
    at_once: dict[str, int] = field(default_factory=dict)  # address -> most at the same time
    queries: int = 0

    def opened(self, port: int) -> int:
        """Connections to a port, over all addresses."""
        return sum(count for place, count in self.connections.items() if place.endswith(f":{port}"))


class DelayedLink:
    """What the near side holds of the link."""

    def __init__(self, relay: socket.socket) -> None:
        """Talk to the relay over this socket."""
        self._relay = relay
        self._lines = relay.makefile("rw", encoding="ascii")

    def set_round_trip(self, seconds: float) -> None:
        """Add so much to every round trip from now on."""
        self._ask({"round_trip": seconds})

    def traffic(self) -> Traffic:
        """What crossed since the last time this was asked."""
        return Traffic(**self._ask({"report": True}))

    def _ask(self, order: dict[str, object]) -> dict[str, Any]:
        self._lines.write(json.dumps(order) + "\n")
        self._lines.flush()
        answer: dict[str, Any] = json.loads(self._lines.readline())
        return answer


@contextlib.contextmanager
def link(serve: Callable[[socket.socket], None]) -> Iterator[tuple[DelayedLink, socket.socket]]:
    """This process moves into the near namespace for good; `serve` runs in the far one, with a socket to us.

    In the near namespace 127.0.0.0/8 is not this machine but the far side, through the link.
    """
    become_root()
    ours, theirs = socket.socketpair()
    far_device, far_given = socket.socketpair()
    far = _fork(lambda: _run_far(far_given, theirs, serve), closing=(ours, far_device))
    theirs.close()
    far_given.close()
    relay = None
    try:
        far_tun = _receive_device(far_device)
        near_tun = _enter_near()
        control, relay_control = socket.socketpair()
        relay = _fork(lambda: _Relay(near_tun, far_tun, relay_control).run(), closing=(control, ours))
        relay_control.close()
        os.close(near_tun)
        os.close(far_tun)
        yield DelayedLink(control), ours
    finally:
        for child in (far, relay):
            if child is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGTERM)
                os.waitpid(child, 0)


def become_root() -> None:
    """Who is not root becomes it in a user namespace of its own."""
    if os.geteuid() == 0:
        return
    user, group = os.geteuid(), os.getegid()
    _unshare(NEW_USER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    Path("/proc/self/gid_map").write_text(f"0 {group} 1")


def put_file(source: Path, place: str) -> None:
    """Show a file in the place of another, in this process and its children only."""
    if _libc.mount(str(source).encode(), place.encode(), None, READ_ONLY_BIND, None):
        raise NoLink(f"mount {place}: {os.strerror(ctypes.get_errno())}")


def _unshare(what: int) -> None:
    if _libc.unshare(what):
        raise NoLink(f"unshare: {os.strerror(ctypes.get_errno())}")


def _fork(work: Callable[[], None], *, closing: tuple[socket.socket, ...]) -> int:
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        for one in closing:
            one.close()
        work()
        status = 0
    except KeyboardInterrupt:
        pass
    except BaseException as error:  # noqa: BLE001 - a child must not go on as its parent
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
    finally:
        os._exit(status)


def _device(name: str, *commands: str) -> int:
    try:
        tun = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
        fcntl.ioctl(tun, SET_TUN, struct.pack("16sH22x", name.encode(), TUN_WITHOUT_HEADER))
        for command in (*commands, f"link set {name} txqueuelen 10000", f"link set {name} up"):
            subprocess.run(["ip", *command.split()], check=True, capture_output=True)
        for scope in ("all", name):
            Path(f"/proc/sys/net/ipv4/conf/{scope}/route_localnet").write_text("1")
            Path(f"/proc/sys/net/ipv4/conf/{scope}/rp_filter").write_text("0")
    except (OSError, subprocess.CalledProcessError) as error:
        raise NoLink(f"{name}: {error}") from error
    return tun


def _run_far(give: socket.socket, talk: socket.socket, serve: Callable[[socket.socket], None]) -> None:
    _unshare(NEW_NET)
    tun = _device("far", f"addr add {FAR_ADDRESS}/32 dev far", "link set lo up")
    subprocess.run(["ip", "route", "add", NEAR_ADDRESS, "dev", "far"], check=True)
    socket.send_fds(give, [b"tun"], [tun])
    give.close()
    serve(talk)


def _receive_device(given: socket.socket) -> int:
    message, devices, _flags, _address = socket.recv_fds(given, 3, 1)
    given.close()
    if not message:
        raise NoLink("the far side did not come up")
    return devices[0]


def _enter_near() -> int:
    _unshare(NEW_NET | NEW_MOUNTS)
    _libc.mount(None, b"/", None, RECURSIVE | PRIVATE, None)
    tun = _device("near", f"addr add {NEAR_ADDRESS}/32 dev near")  # lo stays down: its addresses are the far side's
    for route in (f"{FAR_ADDRESS} dev near", f"{LOOPBACK} dev near src {NEAR_ADDRESS}"):
        subprocess.run(["ip", "route", "add", *route.split()], check=True)
    return tun


class _Relay:
    """Carries each packet across after half the round trip, in the order it came, and counts."""

    def __init__(self, near: int, far: int, control: socket.socket) -> None:
        self._near, self._far = near, far
        self._control = control
        self._delay = 0.0
        self._waiting: list[tuple[float, int, int, bytes]] = []
        self._number = itertools.count()
        self._reset()
        self._open: defaultdict[str, set[tuple[bytes, bytes]]] = defaultdict(set)

    def _reset(self) -> None:
        self._connections: Counter[str] = Counter()
        self._at_once: Counter[str] = Counter()
        self._queries = 0

    def run(self) -> None:
        while True:
            now = time.monotonic()
            while self._waiting and self._waiting[0][0] <= now:
                _due, _number, out, packet = heapq.heappop(self._waiting)
                with contextlib.suppress(OSError):  # a full or vanishing device loses packets, as networks do
                    os.write(out, packet)
            pause = self._waiting[0][0] - now if self._waiting else None
            heard: list[int | socket.socket] = [self._near, self._far, self._control]
            ready, _writable, _failed = select.select(heard, [], [], pause)
            if self._control in ready and not self._obey():
                return
            for device, out in ((self._near, self._far), (self._far, self._near)):
                if device in ready:
                    self._carry(device, out)

    def _carry(self, device: int, out: int) -> None:
        for _packet in range(PACKETS_AT_A_STRETCH):
            try:
                packet = os.read(device, LONGEST_PACKET)
            except OSError:
                return
            self._count(packet, outward=device == self._near)
            if self._delay:
                heapq.heappush(self._waiting, (time.monotonic() + self._delay, next(self._number), out, packet))
            else:
                with contextlib.suppress(OSError):
                    os.write(out, packet)

    def _count(self, packet: bytes, *, outward: bool) -> None:
        if packet[0] >> 4 != 4:
            return
        start = (packet[0] & 15) * 4
        ports = packet[start : start + 4]
        if packet[9] == UDP and outward and int.from_bytes(ports[2:]) == DNS_PORT:
            self._queries += 1
        if packet[9] != TCP or not (flags := packet[start + 13] & (FIN | SYN | RST)):
            return
        theirs = packet[16:20] if outward else packet[12:16]
        own, other = (ports[:2], ports[2:]) if outward else (ports[2:], ports[:2])
        address = socket.inet_ntoa(theirs)
        one = (own, other)
        if flags & SYN and outward and one not in self._open[address]:
            self._open[address].add(one)
            self._connections[f"{address}:{int.from_bytes(other)}"] += 1
            self._at_once[address] = max(self._at_once[address], len(self._open[address]))
        elif flags & RST or (flags & FIN and outward):
            self._open[address].discard(one)

    def _obey(self) -> bool:
        orders = self._control.recv(LONGEST_PACKET).splitlines()
        for line in orders:
            order = json.loads(line)
            answer: dict[str, object] = {}
            if "round_trip" in order:
                self._delay = order["round_trip"] / 2
            if order.get("report"):
                answer = {
                    "connections": self._connections,
                    "at_once": self._at_once,
                    "queries": self._queries,
                }
            self._control.sendall(json.dumps(answer).encode() + b"\n")
            if order.get("report"):
                self._reset()
        return bool(orders)
