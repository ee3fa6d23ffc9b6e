"""A refresh of the data sets: what was fetched is read, checked, written beside the old and replaces it in one step."""

import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

from scanners.data import sets
from scanners.data.sets import EOL, FILES, HSTS, KEV, MANIFEST, POINTER, RETIRE
from scanners.datasets import DataSets, Source
from scanners.records import record

MOST_LOST = 0.6  # a set that shrinks by more is broken more often than it is true
LOCK = "lock"
NOT_LIBRARIES = frozenset({"retire-example", "dont check"})
SEVERITIES = frozenset({"low", "medium", "high", "critical"})
VERSION = r"[0-9][0-9.a-z_\-]+"
PLACEHOLDER = "§§version§§"
LONGEST_PATTERN = 2_000
LONGEST_NAME = 200
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,7}")
_NAME = re.compile(r"[a-z0-9.-]{1,253}")

Stored = dict[str, Any]


class Refused(Exception):
    """The fetched set must not take the place of the old one; the sentence says why."""


@record
class Origin:
    """Where a set is fetched, and what it has to look like."""

    name: str
    url: str
    file: str  # its name in a folder that was filled elsewhere
    licence: str
    most_bytes: int
    least_records: int
    read: Callable[[bytes], tuple[Stored, int]]


def fetched_names() -> tuple[str, ...]:
    """The sets that can be refreshed."""
    return tuple(ORIGINS)


def refresh(folder: Path, fetched: Mapping[str, bytes], *, at: datetime, force: bool = False) -> DataSets:
    """Put what was fetched in the place of the old sets of these names; the others stay. All of it, or nothing."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(folder):
        before = _before(folder)
        written = {name: _written(ORIGINS[name], raw, before, force=force) for name, raw in fetched.items()}
        sources = {one.name: one for one in before.sources}
        for name, (_text, records) in written.items():
            sources[name] = _source(ORIGINS[name], fetched[name], records, at)
        files = {name: text for name, (text, _records) in written.items()} | _unchanged(folder, before, written)
        _swap(folder, files, sources, before, at)
    return sets.current(folder)


def _before(folder: Path) -> DataSets:
    generation = sets.generation_of(folder)
    if generation is None:
        return sets.current(None)
    try:
        return sets.load(generation)
    except sets.BadDataSets:
        return sets.current(None)


def _written(origin: Origin, raw: bytes, before: DataSets, *, force: bool) -> tuple[bytes, int]:
    if len(raw) > origin.most_bytes:
        raise Refused(f"{origin.name}: larger than {origin.most_bytes} bytes.")
    try:
        stored, records = origin.read(raw)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refused(f"{origin.name}: not in the form expected ({type(error).__name__}).") from error
    if records < origin.least_records:
        raise Refused(f"{origin.name}: only {records} records, at least {origin.least_records} are expected.")
    old = before.source(origin.name)
    if old is not None and records < old.records * (1 - MOST_LOST) and not force:
        raise Refused(f"{origin.name}: {records} records instead of {old.records}. If that is right, use --force.")
    text = json.dumps(stored, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return text.encode("ascii"), records


def _source(origin: Origin, raw: bytes, records: int, at: datetime) -> Source:
    return Source(
        name=origin.name,
        source_url=origin.url,
        fetched_at=at,
        sha256=hashlib.sha256(raw).hexdigest(),
        licence=origin.licence,
        records=records,
        max_age_days=sets.MAX_AGE_DAYS,
    )


def _unchanged(folder: Path, before: DataSets, written: Mapping[str, object]) -> dict[str, bytes]:
    generation = sets.generation_of(folder)
    kept = [one.name for one in before.sources if one.name in FILES and one.name not in written]
    return {name: (generation / FILES[name]).read_bytes() for name in kept} if generation is not None else {}


def _swap(
    folder: Path, files: Mapping[str, bytes], sources: Mapping[str, Source], before: DataSets, at: datetime
) -> None:
    digests = {name: hashlib.sha256(text).hexdigest() for name, text in sorted(files.items())}
    digest = hashlib.sha256(json.dumps(digests).encode()).hexdigest()[:8]
    # The same content fetched again is no news: its version stays, so that nothing is judged anew for it.
    same = before.version.endswith(f".{digest}")
    version = before.version if same else f"{at.date().isoformat()}.{digest}"
    manifest = {
        "schema": sets.SCHEMA,
        "version": version,
        "stored": digests,
        "sets": [_entry(source) for _name, source in sorted(sources.items())],
    }
    text = json.dumps(manifest, indent=1).encode()
    if same:
        _replace(folder / version / MANIFEST, text)
        return
    work = Path(tempfile.mkdtemp(dir=folder, prefix=".new-"))
    try:
        for one, content in files.items():
            _write(work / FILES[one], content)
        _write(work / MANIFEST, text)
        _sync(work)
        if (folder / version).exists():  # an earlier content came back on the same day
            shutil.rmtree(folder / version)
        work.rename(folder / version)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    old = sets.generation_of(folder)
    _replace(folder / POINTER, f"{version}\n".encode())
    _clear(folder, keep={version, *([old.name] if old is not None else [])})


def _replace(path: Path, content: bytes) -> None:
    """A reader finds the old content or the new, whenever it looks."""
    beside = path.with_name(f".{path.name}")
    _write(beside, content)
    beside.replace(path)
    _sync(path.parent)


def _entry(source: Source) -> dict[str, object]:
    return {
        "name": source.name,
        "source_url": source.source_url,
        "fetched_at": source.fetched_at.isoformat(),
        "sha256": source.sha256,
        "licence": source.licence,
        "records": source.records,
        "max_age_days": source.max_age_days,
    }


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _clear(folder: Path, *, keep: set[str]) -> None:
    """The refresh that counts and the one before it stay; a worker may still be reading the latter."""
    for path in folder.iterdir():
        if path.is_dir() and path.name not in keep:
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One refresh at a time."""
    with (folder / LOCK).open("w", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Refused("Another refresh is running.") from error
        yield


# --- what each set looks like ------------------------------------------------------------------


def _retire(raw: bytes) -> tuple[Stored, int]:
    """Libraries as RetireJS writes them (jsrepository-v5), without what we do not use."""
    document = _object(json.loads(raw))
    stored = {
        name: {"extractors": _extractors(entry), "vulnerabilities": [_weakness(one) for one in _weaknesses(entry)]}
        for name, entry in document.items()
        if name not in NOT_LIBRARIES
    }
    return stored, sum(len(entry["vulnerabilities"]) for entry in stored.values())


def _extractors(entry: Mapping[str, Any]) -> Stored:
    given = _object(entry.get("extractors", {}))
    patterns = {
        kind: [_pattern(one) for one in _list(given.get(kind, []))] for kind in ("uri", "filename", "filecontent")
    }
    hashes = {_text(digest): _text(version) for digest, version in _object(given.get("hashes", {})).items()}
    return {**patterns, "hashes": hashes}


def _pattern(text: Any) -> str:
    pattern = _text(text)
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError("pattern")
    return pattern.replace(PLACEHOLDER, VERSION)


def _weaknesses(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [one for one in map(_object, _list(entry.get("vulnerabilities", []))) if "below" in one]


def _weakness(given: Mapping[str, Any]) -> Stored:
    severity = given.get("severity", "medium")
    identifiers = _object(given.get("identifiers", {}))
    names = identifiers.get("CVE") or identifiers.get("githubID") or []
    return {
        "below": _text(given["below"]),
        "atOrAbove": _text(given.get("atOrAbove", "")),
        "severity": severity if severity in SEVERITIES else "medium",
        "excludes": [_text(one) for one in _list(given.get("excludes", []))],
        "identifiers": {"CVE": [_text(one) for one in ([names] if isinstance(names, str) else _list(names))]},
    }


def _hsts(raw: bytes) -> tuple[Stored, int]:
    """The browsers' preload list: JSON with lines of comment in it."""
    lines = (line for line in raw.decode("utf-8").splitlines() if not line.lstrip().startswith("//"))
    document = _object(json.loads("\n".join(lines)))
    stored = {
        name: bool(entry.get("include_subdomains", False))
        for entry in map(_object, _list(document["entries"]))
        if entry.get("mode") == "force-https" and _NAME.fullmatch(name := _text(entry["name"]).lower())
    }
    return dict(stored), len(stored)


def _eol(raw: bytes) -> tuple[Stored, int]:
    """Products and the ends of their branches, as endoflife.date lists them (API 1)."""
    document = _object(json.loads(raw))
    if not _text(document["schema_version"]).startswith("1."):
        raise ValueError("schema_version")
    stored: Stored = {}
    products = [_object(product) for product in _list(document["result"])]
    for product in products:
        ends = {
            _text(release["name"]): date.fromisoformat(release["eolFrom"]).isoformat()
            for release in map(_object, _list(product["releases"]))
            if release.get("eolFrom")
        }
        for name in (product["name"], *_list(product.get("aliases", []))):
            stored.setdefault(_text(name), ends)
    return stored, len(products)


def _kev(raw: bytes) -> tuple[Stored, int]:
    """Holes that CISA knows to be used in attacks."""
    document = _object(json.loads(raw))
    stored = {
        name: [
            date.fromisoformat(entry["dateAdded"]).isoformat(),
            _text(entry.get("vendorProject", ""))[:LONGEST_NAME],
            _text(entry.get("product", ""))[:LONGEST_NAME],
        ]
        for entry in map(_object, _list(document["vulnerabilities"]))
        if _CVE.fullmatch(name := _text(entry["cveID"]))
    }
    return dict(stored), len(stored)


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("object")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("list")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("text")
    return value


ORIGINS: Mapping[str, Origin] = {
    RETIRE: Origin(
        name=RETIRE,
        url="https://raw.githubusercontent.com/RetireJS/retire.js/master/repository/jsrepository-v5.json",
        file="jsrepository-v5.json",
        licence="Apache-2.0",
        most_bytes=8_000_000,
        least_records=100,
        read=_retire,
    ),
    HSTS: Origin(
        name=HSTS,
        url="https://raw.githubusercontent.com/chromium/chromium/main/net/http/transport_security_state_static.json",
        file="transport_security_state_static.json",
        licence="BSD-3-Clause",
        most_bytes=60_000_000,
        least_records=10_000,
        read=_hsts,
    ),
    EOL: Origin(
        name=EOL,
        url="https://endoflife.date/api/v1/products/full/",
        file="products-full.json",
        licence="MIT",
        most_bytes=40_000_000,
        least_records=100,
        read=_eol,
    ),
    KEV: Origin(
        name=KEV,
        url="https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
        file="known_exploited_vulnerabilities.json",
        licence="CC0-1.0",
        most_bytes=20_000_000,
        least_records=500,
        read=_kev,
    ),
}
