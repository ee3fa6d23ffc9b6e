"""How scans reach the demonstration's hosts on this machine: ports that stay the same, and a root to trust."""

import datetime as dt
import json
import random
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from portal.demonstration.authority import Authority
from portal.demonstration.names import RESOLVER_ADDRESS
from portal.files import disk
from portal.settings import Settings

DNS, PUBLIC = 53, (443, 80, 25)
OURS = range(20_000, 32_000)  # below the range from which the kernel takes ports for connections
PORTS, ROOT, KEYS = "hosts.json", "hosts-root.pem", "hosts-keys"
NETWORKS, SUFFIXES = "127.0.0.0/8", ".test"


def environment(data_dir: Path, *, at: dt.datetime) -> Mapping[str, str]:
    """The operator's settings that let scans reach the hosts and nothing else that is not public."""
    chosen = _ports_of(data_dir)
    root = data_dir / ROOT
    if not root.exists():
        disk.write_new(root, authority(data_dir, at=at).root_pem.encode("ascii"))
    return {
        "SCAN_RESOLVER": RESOLVER_ADDRESS,
        "SCAN_RESOLVER_PORT": str(chosen[DNS]),
        "SCAN_PORT_MAP": ",".join(f"{public}:{chosen[public]}" for public in PUBLIC),
        "SCAN_ALLOWED_NETWORKS": NETWORKS,
        "SCAN_PERMITTED_SUFFIXES": SUFFIXES,
        "SCAN_TRUST_ROOTS": str(root),
    }


def ports(settings: Settings) -> Mapping[int, int]:
    """The same ports, as the servers want them."""
    return {DNS: settings.scan.resolver_port, **settings.scan.port_map}


def authority(data_dir: Path, *, at: dt.datetime) -> Authority:
    """The authority of this instance: its keys stay, so that a worker that runs still trusts hosts that came back."""
    return Authority(at=at, keys=data_dir / KEYS)


def _ports_of(data_dir: Path) -> Mapping[int, int]:
    """Those of the last start while they are free, else new ones."""
    path = data_dir / PORTS
    if path.exists():
        known = {int(public): int(ours) for public, ours in json.loads(path.read_text(encoding="ascii")).items()}
        if all(map(_is_free, known.values())):
            return known
        path.unlink()
    free = (port for port in random.sample(OURS, len(OURS)) if _is_free(port))
    chosen = dict(zip((DNS, *PUBLIC), free, strict=False))
    disk.write_new(path, json.dumps(chosen).encode("ascii"))
    return chosen


def _is_free(port: int) -> bool:
    """Whether nobody listens on it at any address of this machine; nothing is opened by asking."""
    with ExitStack() as closing:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            asked = closing.enter_context(socket.socket(socket.AF_INET, kind))
            if kind is socket.SOCK_STREAM:
                asked.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what was closed just now is free
            try:
                asked.bind(("0.0.0.0", port))  # noqa: S104 - only bound, never listening
            except OSError:
                return False
    return True
