"""The data sets of an installation: what was refreshed last, read from a folder; or what the code brings along."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

import certifi

from scanners import suffixes
from scanners.data import javascript, lifecycles, takeovers, third_parties, weaknesses
from scanners.datasets import SHIPPED, DataSets, Source

POINTER = "current"  # the name of the folder that counts; replaced in one step
MANIFEST = "manifest.json"
WORDS = "internal-words.txt"
SCHEMA = 1
RETIRE, HSTS, EOL, KEV = "retire", "hsts", "eol", "kev"
TAKEOVERS, PARTIES = "takeovers", "third-parties"  # only ever in the code
PSL, ROOTS = "suffixes", "roots"  # only ever in their packages
FILES: Mapping[str, str] = {RETIRE: "retire.json", HSTS: "hsts.json", EOL: "eol.json", KEV: "kev.json"}
MAX_AGE_DAYS = 90


class BadDataSets(Exception):
    """The folder does not hold what its manifest says; the sentence names the place."""


def current(folder: Path | None) -> DataSets:
    """The data to judge by: the last refresh in the folder, or what the code brings where there is no whole one."""
    if folder is None:
        return SHIPPED
    return _with_words(_fetched(folder), _own_words(folder))


def _fetched(folder: Path) -> DataSets:
    generation = generation_of(folder)
    while generation is not None:
        try:
            return load(generation)
        except BadDataSets:
            newer = generation_of(folder)
            if newer == generation:
                break
            generation = newer  # refreshes overtook us, and what we wanted to read is cleared away
    return SHIPPED


def _own_words(folder: Path) -> frozenset[str]:
    """The operator's list of names of inner systems, one a line; it stands in the place of ours."""
    try:
        lines = (folder / WORDS).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return frozenset()
    return frozenset(filter(None, (line.partition("#")[0].strip().lower() for line in lines)))


@lru_cache(maxsize=4)  # the same value each time: what is worked out of a data set is kept by it
def _with_words(data: DataSets, words: frozenset[str]) -> DataSets:
    if not words:
        return data
    digest = hashlib.sha256("\n".join(sorted(words)).encode()).hexdigest()[:4]
    return replace(data, version=f"{data.version}+{digest}", internal_words=words)


def generation_of(folder: Path) -> Path | None:
    """The folder of the refresh that counts."""
    try:
        name = (folder / POINTER).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return folder / name if name and "/" not in name and name not in {".", ".."} else None


def load(generation: Path) -> DataSets:
    """One refresh, compared with its manifest; the folder is called by its version."""
    try:
        return _load(generation, (generation / MANIFEST).stat().st_mtime_ns)
    except OSError as error:
        raise BadDataSets(f"{generation.name}: {type(error).__name__}") from error


@lru_cache(maxsize=3)  # the one that counts and those before it, by which changes are explained
def _load(generation: Path, _written: int) -> DataSets:
    """A refresh with the same content only gets a new manifest."""
    try:
        manifest = json.loads((generation / MANIFEST).read_text(encoding="utf-8"))
        entries = {str(entry["name"]): _source(entry) for entry in manifest["sets"]}
        stored = {name: _stored(generation, name, manifest["stored"][name]) for name in entries if name in FILES}
        return DataSets(
            version=str(manifest["version"]),
            libraries=stored.get(RETIRE, {}),
            preloaded=stored.get(HSTS, {}),
            lifecycles={
                product: {branch: date.fromisoformat(day) for branch, day in branches.items()}
                for product, branches in stored.get(EOL, {}).items()
            },
            exploited={name: date.fromisoformat(_day(entry)) for name, entry in stored.get(KEV, {}).items()},
            exploited_products={
                name: (str(entry[1]), str(entry[2])) for name, entry in stored.get(KEV, {}).items() if _is_full(entry)
            },
            sources=tuple(entries.values()),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadDataSets(f"{generation.name}: {type(error).__name__}") from error


def _day(entry: Any) -> str:
    """Folders of version 0.1 hold the day alone; since then vendor and product follow."""
    return str(entry[0] if _is_full(entry) else entry)


def _is_full(entry: Any) -> bool:
    return isinstance(entry, list)


def _source(entry: Mapping[str, Any]) -> Source:
    return Source(
        name=str(entry["name"]),
        source_url=str(entry["source_url"]),
        fetched_at=datetime.fromisoformat(entry["fetched_at"]),
        sha256=str(entry["sha256"]),
        licence=str(entry["licence"]),
        records=int(entry["records"]),
        max_age_days=int(entry["max_age_days"]),
    )


def _stored(generation: Path, name: str, digest: str) -> Mapping[str, Any]:
    raw = (generation / FILES[name]).read_bytes()
    if hashlib.sha256(raw).hexdigest() != digest:
        raise ValueError(name)
    found: Mapping[str, Any] = json.loads(raw)
    return found


def sources(data: DataSets) -> tuple[Source, ...]:
    """Every set that findings rest on: the fetched one, or the table in the code that stands for it."""
    fetched = {one.name: one for one in data.sources}
    return tuple(({one.name: one for one in shipped()} | fetched).values())


def day(data: DataSets, name: str) -> str:
    """The day of one set, as findings show it; "" for a set that nobody fetched and the code does not bring."""
    return next((one.day for one in sources(data) if one.name == name), "")


@lru_cache(maxsize=1)
def shipped() -> tuple[Source, ...]:
    """The tables in the code, each with the day it was made."""
    own = (
        (EOL, lifecycles.DATA_DATE, sum(map(len, lifecycles.ENDS.values()))),
        (KEV, weaknesses.DATA_DATE, sum(map(len, weaknesses.WEAKNESSES.values()))),
        (TAKEOVERS, takeovers.DATA_DATE, len(takeovers.CLAIMABLE)),
        (PARTIES, third_parties.DATA_DATE, len(third_parties.PARTIES)),
    )
    return (
        _shipped(RETIRE, javascript.DATA_DATE, len(javascript.definitions()), url=javascript.data_name()),
        *(_shipped(name, made, records) for name, made, records in own),
        *_packaged(),
    )


def _packaged() -> Iterator[Source]:
    """Suffixes and roots, whose packages carry their day as version."""
    roots = Path(certifi.where()).read_text(encoding="ascii", errors="replace").count("BEGIN CERTIFICATE")
    for name, package, form, records in (
        (PSL, "publicsuffixlist", "%Y%m%d", suffixes.count()),
        (ROOTS, "certifi", "%Y.%m.%d", roots),
    ):
        version = metadata.version(package)
        with suppress(ValueError):  # a version that is no day tells no age
            made = datetime.strptime(version.rpartition(".")[2] if name == PSL else version, form)  # noqa: DTZ007 - a day
            yield _shipped(name, made.date().isoformat(), records, url=f"{package} {version}", licence="MPL-2.0")


def _shipped(name: str, made: str, records: int, *, url: str = "kettenblick", licence: str = "Apache-2.0") -> Source:
    return Source(
        name=name,
        source_url=url,
        fetched_at=datetime.fromisoformat(made).replace(tzinfo=UTC),
        sha256="",
        licence=licence,
        records=records,
        max_age_days=MAX_AGE_DAYS,
    )
