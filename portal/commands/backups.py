"""`kettenblick backup` and `kettenblick restore`: everything in one sealed file, and an instance out of it again."""

import argparse
import hashlib
import json
import secrets
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from portal import settings as reading_settings
from portal.commands import instance
from portal.commands.shell import Commands, Refusal
from portal.db import migrating
from portal.db import session as database
from portal.files import archives, disk
from portal.files.archives import BadArchive
from portal.files.blobs import Blobs
from portal.files.sealing import Keyring
from portal.services import backup
from portal.settings import Settings

MANIFEST = "manifest.json"
INSTANCE_KEY = "instance.key"
SHORTEST_KEY = 32
FORM = 1
LARGEST_PART = 8_000_000  # signs


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a backup holds."""

    rows: int
    documents: int
    size: int
    made_at: str
    digest: str


def add_backup(commands: Commands) -> None:
    """The command that makes a backup."""
    command = commands.add_parser(
        "backup",
        help="write everything into one sealed file, also while the portal runs",
        description=(
            "Writes rows, documents and keys into FILE, sealed with the key file, and reads it back to be sure. "
            "The key file is made when it is missing: keep it apart from the backups, nothing opens them without it."
        ),
    )
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument("--key-file", type=Path, required=True, metavar="KEYFILE")
    command.set_defaults(run=_backup)


def add_restore(commands: Commands) -> None:
    """The command that brings a backup back."""
    command = commands.add_parser(
        "restore",
        help="fill an empty data directory and database from a backup",
        description=(
            "Fills the empty data directory (KETTENBLICK_DATA) and database (DATABASE_URL) from FILE. "
            "Everybody signs in anew; links and invitations from before are dead. --check only reads the file."
        ),
    )
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument("--key-file", type=Path, required=True, metavar="KEYFILE")
    command.add_argument("--check", action="store_true", help="read the whole file and change nothing")
    command.set_defaults(run=_restore)


def _backup(arguments: argparse.Namespace) -> int:
    chosen = reading_settings.read()
    made = make(chosen, arguments.file, key_of(arguments.key_file, make_it=True), now=datetime.now(UTC))
    _tell(made, arguments.file)
    return 0


def _restore(arguments: argparse.Namespace) -> int:
    key = key_of(arguments.key_file, make_it=False)
    if arguments.check:
        _tell(check(arguments.file, key), arguments.file)
        return 0
    restored = restore(reading_settings.read(), arguments.file, key, now=datetime.now(UTC))
    _tell(restored, arguments.file)
    return 0


def _tell(report: Report, file: Path) -> None:
    sys.stdout.write(
        f"{file}: {report.rows} rows, {report.documents} documents, {report.size / 2**20:.1f} MB, of {report.made_at}\n"
    )


def key_of(file: Path, *, make_it: bool) -> bytes:
    """The key in a file; a passphrase of at least 32 signs does as well."""
    if not file.exists():
        if not make_it:
            raise Refusal(f"{file} does not exist.")
        disk.write_new(file.absolute(), secrets.token_urlsafe(32).encode())
        sys.stdout.write(f"Made {file}. Keep it apart from the backups: nothing opens them without it.\n")
    key = file.read_bytes().strip()
    if len(key) < SHORTEST_KEY:
        raise Refusal(f"{file} must hold at least {SHORTEST_KEY} signs.")
    return key


def make(chosen: Settings, file: Path, key: bytes, *, now: datetime) -> Report:
    """Write a backup and read it back."""
    if file.exists():
        raise Refusal(f"{file} exists already.")
    file = file.absolute()
    if not file.parent.is_dir():
        raise Refusal(f"{file.parent} is no folder.")
    hashes: dict[str, str] = {}
    counts: dict[str, int] = {}
    with _snapshot(chosen) as (connection, revision), archives.writing(file, key) as tar:
        for table in backup.tables(connection):
            counts[table.name] = 0
            for number, lines in enumerate(_parts(backup.rows(connection, table))):
                counts[table.name] += len(lines)
                name = f"rows/{table.name}.{number:04}.jsonl"
                hashes[name] = archives.add(tar, name, "".join(lines).encode())
        # Documents never change and are written before their rows: what the snapshot names is there now.
        for name, path in _files(chosen):
            with suppress(FileNotFoundError):  # taken off the shelf in this moment
                hashes[name] = archives.add(tar, name, path.read_bytes())
        hashes[INSTANCE_KEY] = archives.add(tar, INSTANCE_KEY, chosen.instance_key.encode())
        manifest = {
            "form": FORM,
            "version": version("kettenblick"),
            "revision": revision,
            "made_at": now.isoformat(timespec="seconds"),
            "counts": counts,
            "hashes": hashes,
        }
        archives.add(tar, MANIFEST, json.dumps(manifest, sort_keys=True).encode())
    return check(file, key)


def _parts(lines: Iterator[str]) -> Iterator[list[str]]:
    """Rows in parts that fit into memory, however many there are."""
    part: list[str] = []
    size = 0
    for line in lines:
        part.append(f"{line}\n")
        size += len(line)
        if size > LARGEST_PART:
            yield part
            part, size = [], 0
    if part:
        yield part


def check(file: Path, key: bytes) -> Report:
    """Read a backup wholly, compare every hash, change nothing."""
    hashes: dict[str, str] = {}
    rows = documents = 0
    manifest: dict[str, Any] = {}
    for name, content in _members(file, key):
        if name == MANIFEST:
            manifest = json.loads(content)
            continue
        hashes[name] = hashlib.sha256(content).hexdigest()
        rows += content.count(b"\n") if name.startswith("rows/") else 0
        documents += name.startswith("files/")
    if manifest.get("form") != FORM or manifest["hashes"] != hashes:
        raise BadArchive("The backup does not hold what its manifest says.")
    digest = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
    return Report(rows=rows, documents=documents, size=file.stat().st_size, made_at=manifest["made_at"], digest=digest)


def restore(chosen: Settings, file: Path, key: bytes, *, now: datetime) -> Report:
    """Fill an empty instance. The file is read wholly before anything is written."""
    report = check(file, key)
    manifest = _manifest(file, key)
    engine = database.engine(chosen.database_url)
    try:
        if any(chosen.files_dir.glob("*/*")) or any(chosen.keys_dir.glob("*.key")):
            raise Refusal(f"There are documents or keys in {chosen.data_dir} already. Restore into an empty directory.")
        migrating.upgrade(engine, manifest["revision"])
        with engine.begin() as connection:
            if not backup.is_empty(connection):
                raise Refusal("The database is not empty. Restore into an empty one.")
            _put_back(chosen, connection, file, key)
        migrating.upgrade(engine)
        with database.sessions(engine).begin() as session:
            backup.forget_the_living(session, instance.actor(), source=report.digest, now=now)
    finally:
        engine.dispose()
    return report


def _put_back(chosen: Settings, connection: Connection, file: Path, key: bytes) -> None:
    known = {table.name: table for table in backup.tables(connection)}
    for name, content in _members(file, key):
        folder, _slash, rest = name.partition("/")
        match folder:
            case "rows":
                backup.fill(connection, known[rest.partition(".")[0]], content.decode().splitlines())
            case "files":
                disk.write_new(chosen.files_dir / _inside(rest), content)
            case "keys":
                disk.write_new(chosen.keys_dir / _inside(rest), content)
            case "instance.key":
                _take_instance_key(chosen, content.decode())
    backup.set_counters(connection, known.values())


def _take_instance_key(chosen: Settings, key: str) -> None:
    """The restored documents open only under the key they were sealed with."""
    if chosen.instance_key == key:
        return
    path = chosen.data_dir / "instance_key.secret"
    if not path.exists() or path.read_text(encoding="ascii").strip() != chosen.instance_key:
        raise Refusal("INSTANCE_KEY is set to another key than that of the backup. Unset it, or set the old one.")
    path.unlink()
    disk.write_new(path, key.encode())


def _inside(name: str) -> Path:
    """A member's place; a name that leaves its folder is no member of ours."""
    path = Path(name)
    if path.is_absolute() or ".." in path.parts:
        raise BadArchive("The backup holds a name that leads elsewhere.")
    return path


def _manifest(file: Path, key: bytes) -> dict[str, Any]:
    found: dict[str, Any] = next(json.loads(content) for name, content in _members(file, key) if name == MANIFEST)
    return found


def _members(file: Path, key: bytes) -> Iterator[tuple[str, bytes]]:
    with archives.reading(file, key) as tar:
        yield from archives.members(tar)


def _files(chosen: Settings) -> Iterator[tuple[str, Path]]:
    keyring = Keyring(instance_key=chosen.instance_key, folder=chosen.keys_dir)
    for path in Blobs(folder=chosen.files_dir, keyring=keyring).all():
        yield f"files/{path.parent.name}/{path.name}", path
    for path in sorted(chosen.keys_dir.glob("*.key")):
        yield f"keys/{path.name}", path


@contextmanager
def _snapshot(chosen: Settings) -> Iterator[tuple[Connection, str | None]]:
    """All tables as they were in one moment, without holding anybody up."""
    engine = database.engine(chosen.database_url)
    try:
        if database.is_sqlite(engine):
            with _copy_of(engine) as copy, copy.connect() as connection:
                yield connection, migrating.current(copy)
        else:
            with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
                yield connection, migrating.current(engine)
    finally:
        engine.dispose()


@contextmanager
def _copy_of(engine: Engine) -> Iterator[Engine]:
    """SQLite's own backup: a consistent copy within moments, so that writers wait no longer than that."""
    source = Path(str(engine.url.database))
    with tempfile.TemporaryDirectory(dir=source.parent, prefix=".backup-") as folder:
        path = Path(folder) / "copy.sqlite"
        with sqlite3.connect(source, timeout=60) as live, sqlite3.connect(path) as copy:
            live.backup(copy)
        live.close()
        copy.close()
        taken = database.engine(f"sqlite:///{path}")
        try:
            yield taken
        finally:
            taken.dispose()
