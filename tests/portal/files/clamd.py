"""A virus scanner for tests: speaks INSTREAM as clamd does, and knows the one harmless test file of all scanners."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

EICAR = (
    r"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
)  # in two pieces: no scanner stops here


@contextmanager
def running(
    place: Path | None = None, *, answer: bytes | None = None, meanwhile: Callable[[], None] = lambda: None
) -> Iterator[tuple[str, list[bytes]]]:
    """A scanner on a unix socket, or on loopback; gives the setting and what it was sent. `answer`: its word;
    `meanwhile`: what happens while it looks."""
    seen: list[bytes] = []
    if place is not None:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(place))
        listener.listen()
        setting = f"unix:{place}"
    else:
        listener = socket.create_server(("127.0.0.1", 0))
        setting = f"127.0.0.1:{listener.getsockname()[1]}"

    def serve() -> None:
        while True:
            try:
                line, _peer = listener.accept()
            except OSError:
                return
            with line, line.makefile("rb") as stream:
                assert stream.read(10) == b"zINSTREAM\0"
                content = b""
                while length := struct.unpack("!L", stream.read(4))[0]:
                    content += stream.read(length)
                seen.append(content)
                meanwhile()
                found = b"stream: Eicar-Test-Signature FOUND\0" if EICAR.encode() in content else b"stream: OK\0"
                line.sendall(found if answer is None else answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield setting, seen
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=5)
