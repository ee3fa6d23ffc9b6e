"""Other scanners, each in an environment of its own that is made for one run and thrown away after it."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scanners.data import javascript

INSTALL_SECONDS = 600
NODE_PACKAGES = ("@mdn/mdn-http-observatory", "retire")
VERSION_GAP = "(§§version§§)"  # as retire's own file has it, and expanded in ours
VERSION_GROUP = re.compile(r"\(\[0-9\][^()]*\)")
PATTERN_KINDS = frozenset({"filename", "uri", "filecontent"})
OBSERVATORY = "node_modules/@mdn/mdn-http-observatory"


@dataclass(frozen=True, kw_only=True)
class Ran:
    """One run of a command: seconds by the clock, seconds of processor with all its children, and what it said."""

    wall: float
    cpu: float
    status: int
    out: str
    errors: str


@dataclass(kw_only=True)
class Peer:
    """Another scanner; `missing` says why it cannot run here."""

    name: str
    command: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    statuses: frozenset[int] = frozenset({0})  # of a run that went well
    missing: str = ""
    version: str = ""


def run(command: Sequence[str], *, environment: Mapping[str, str] | None = None, given: str = "") -> Ran:
    """Run a command to its end and take its times."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as stdin:
        stdin.write(given.encode())
        stdin.seek(0)
        start = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=stdin, stdout=out, stderr=errors, env={**os.environ, **(environment or {})}
        )
        _pid, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        return Ran(
            wall=wall,
            cpu=usage.ru_utime + usage.ru_stime,
            status=process.returncode,
            out=out.read().decode(errors="replace"),
            errors=errors.read().decode(errors="replace"),
        )


class Peers:
    """Installs them below a folder; what fails is left out and says why."""

    def __init__(self, folder: Path) -> None:
        """Nothing is installed yet."""
        self._folder = folder
        self.sslyze = Peer(name="sslyze")
        self.checkdmarc = Peer(name="checkdmarc")
        self.observatory = Peer(name="MDN observatory")
        self.retire = Peer(name="retire")
        self.sslscan = Peer(name="sslscan")
        self.testssl = Peer(name="testssl.sh")
        self.cryptolyzer = Peer(name="cryptolyzer")

    def all(self) -> tuple[Peer, ...]:
        """In the order of the table."""
        summed = (self.sslyze, self.checkdmarc, self.observatory, self.retire)
        return (*summed, self.sslscan, self.testssl, self.cryptolyzer)

    def install(self) -> None:
        """From the registries, by the clients that are there."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for peer, program in (
            (self.sslyze, "sslyze"),
            (self.checkdmarc, "checkdmarc"),
            (self.cryptolyzer, "cryptolyze"),
        ):
            self._from_python(peer, program)
        self._from_node()
        self._from_debian()

    def trust(self, roots: Path) -> None:
        """Let those who verify trust these roots too."""
        self.observatory.environment = {"NODE_EXTRA_CA_CERTS": str(roots)}

    def _from_python(self, peer: Peer, program: str) -> None:
        place = self._folder / peer.name
        install = (
            [sys.executable, "-m", "venv", str(place)],
            [str(place / "bin" / "pip"), "install", "--quiet", peer.name],
        )
        commands = [*(() if place.exists() else install), [str(place / "bin" / program), "--help"]]
        if not _all_run(peer, commands):
            return
        peer.command = (str(place / "bin" / program),)
        peer.statuses = frozenset({0, 1})  # 1: something is not as it should be
        show = _quietly([str(place / "bin" / "pip"), "show", peer.name])
        peer.version = next((line[9:] for line in show.stdout.splitlines() if line.startswith("Version: ")), "")

    def _from_node(self) -> None:
        node, npm = shutil.which("node"), shutil.which("npm")
        if not node or not npm:
            self.observatory.missing = self.retire.missing = "node and npm are not installed"
            return
        place = self._folder / "node"
        place.mkdir(exist_ok=True)
        (place / "package.json").write_text('{"private": true}')
        command = [npm, "install", "--silent", "--ignore-scripts", "--prefix", str(place), *NODE_PACKAGES]
        if not (place / "node_modules").exists() and not _all_run(self.observatory, [command]):
            self.retire.missing = self.observatory.missing
            return
        # Its own installation would fetch these two lists; the hosts of the race are in neither.
        (place / OBSERVATORY / "conf" / "hsts-preload.json").write_text("{}")
        (place / OBSERVATORY / "conf" / "tld-list.json").write_text('["test"]')
        self.observatory.command = (node, str(place / OBSERVATORY / "src" / "scan.js"))
        self.observatory.version = _node_version(place / OBSERVATORY)
        repository = self._folder / "definitions.json"
        repository.write_text(_definitions(), encoding="utf-8")
        retire = place / "node_modules" / "retire"
        self.retire.command = (
            node,
            str(retire / "lib" / "cli.js"),
            "--jsrepo",
            str(repository),
            "--nocache",
            "--jspath",
        )
        self.retire.statuses = frozenset({0, 13})  # 13: something was found
        self.retire.version = _node_version(retire)

    def _from_debian(self) -> None:
        place = self._folder / "debian"
        place.mkdir(exist_ok=True)
        for peer, package, program, quiet in (
            (self.sslscan, "sslscan", "sslscan", ("--no-colour",)),
            (self.testssl, "testssl.sh", "testssl", ("--warnings", "off", "--quiet", "--color", "0")),
        ):
            found = shutil.which(program) or shutil.which(package)
            if not found:
                found = str(place / "usr" / "bin" / program)
                fetch = ["sh", "-c", f"cd {place} && apt-get download {package} && dpkg-deb -x {package}_*.deb ."]
                if not Path(found).exists() and not _all_run(peer, [fetch]):
                    continue
            peer.command = (found, *quiet)
            _all_run(peer, [[found, "--help"]])


def _definitions() -> str:
    """The same definitions of vulnerable libraries as ours, in the way that retire writes them."""
    table: Any = {}
    for name, entry in javascript.definitions().items():
        extractors = {
            kind: [_with_gap(pattern) for pattern in found if _with_gap(pattern) != pattern]
            for kind, found in entry.get("extractors", {}).items()
            if kind in PATTERN_KINDS
        }
        table[name] = {"vulnerabilities": entry.get("vulnerabilities", []), "extractors": extractors}
    return json.dumps(table, ensure_ascii=False)


def _with_gap(pattern: str) -> str:
    return VERSION_GROUP.sub(lambda _: VERSION_GAP, pattern, count=1)


def _node_version(package: Path) -> str:
    version: str = json.loads((package / "package.json").read_text())["version"]
    return version


def _all_run(peer: Peer, commands: Iterable[Sequence[str]]) -> bool:
    for command in commands:
        try:
            done = _quietly(command)
        except (OSError, subprocess.TimeoutExpired) as error:
            peer.missing = f"{type(error).__name__}: {Path(command[0]).name}"
            return False
        if done.returncode:
            last = (done.stderr.strip() or done.stdout.strip() or "no word").splitlines()[-1]
            peer.missing = f"{Path(command[0]).name}: {last[:120]}"
            return False
    return True


def _quietly(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=INSTALL_SECONDS, stdin=subprocess.DEVNULL
    )
