"""The process that begins scans: it has loaded the scanner once and forks itself for each, so that none waits for that.

It never sees a job: its children read theirs from their own stdin, so that nothing of one scan is there in the next.
"""

import contextlib
import gc
import importlib
import os
import socket
import sys
from collections.abc import Callable

import dns.rdata

from scanners import child, targets
from scanners.parsing import tls_names
from scanners.probes import network, tls

LONGEST_ORDER = 64
STDIN, STDOUT = 0, 1
# Loaded by the HTTP client at its first request, and by the event loop's first thread.
USED_LATER = {"anyio": ("Event", "Lock", "Semaphore", "CancelScope"), "anyio._backends._asyncio": (), "queue": ()}


def serve(talk: socket.socket, run: Callable[[], int] = child.main) -> None:
    """Two descriptors are a child's stdin and stdout; its number is the answer. That number is the order to bury it.

    Until then its number stays taken, so that whoever kills it can hit nobody else. Ends when the other side is gone.
    """
    while True:
        order, descriptors, _flags, _address = socket.recv_fds(talk, LONGEST_ORDER, 2)
        if not order:
            return
        if len(descriptors) == 2:  # noqa: PLR2004 - stdin and stdout
            number = os.fork()
            if not number:
                _become(descriptors, talk, run)
            with contextlib.suppress(ProcessLookupError, PermissionError):  # gone already, or it was faster itself
                os.setpgid(number, number)
            for descriptor in descriptors:
                os.close(descriptor)
            talk.sendall(str(number).encode())
        else:
            _number, _status, usage = os.wait4(int(order), 0)
            talk.sendall(f"{usage.ru_utime + usage.ru_stime:.6f}".encode())


def _become(descriptors: list[int], talk: socket.socket, run: Callable[[], int]) -> None:
    """From here on this process is a scan's own."""
    status = 1
    try:
        os.setpgid(0, 0)  # as we do: whoever is first, there is a group to kill when the number is known
        talk.close()
        for place, descriptor in zip((STDIN, STDOUT), descriptors, strict=True):
            os.dup2(descriptor, place)
            os.close(descriptor)
        status = run()
        sys.stdout.flush()
    finally:
        os._exit(status)


def load() -> None:
    """What every scan would load or read for itself."""
    targets.registrable("example.com")
    dns.rdata.load_all_types()  # type: ignore[no-untyped-call]
    network.read_roots_ahead()
    tls.root_store("")
    for version in tls_names.VERSIONS:
        tls_names.suites_for(version)
    for module, names in USED_LATER.items():
        loaded = importlib.import_module(module)
        for name in names:
            getattr(loaded, name)
    gc.collect()
    gc.freeze()  # a child's collector does not touch, and so copy, what all share


def main() -> int:
    """Serve on the descriptor that is named."""
    with socket.socket(fileno=int(sys.argv[1])) as talk:
        load()
        serve(talk)
    return 0


if __name__ == "__main__":
    sys.exit(main())
