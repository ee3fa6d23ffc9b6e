"""JavaScript libraries by address, name, content or hash, and what is known to be wrong with their version."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import re2

from scanners.parsing import urls

Severity = Literal["low", "medium", "high", "critical"]
RANKS: Mapping[str, int] = {"low": 0, "medium": 1, "high": 2, "critical": 3}
LONGEST = 1_000_000
MEMORY = 32 << 20
ENOUGH_SIGNALS = 2

# The hash of a bundle is no version: 47a9c871 was once read as one.
_VERSION = re2.compile(r"^\d+(?:\.\d+)+(?:[.\-][0-9A-Za-z]+)*$")
_PART = re2.compile(r"[.\-]")


@dataclass(frozen=True, kw_only=True)
class Vulnerability:
    """A range of versions with a known weakness; at_or_above "" means from the first version."""

    below: str
    at_or_above: str = ""
    severity: Severity = "medium"
    identifiers: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Definition:
    """How a library is recognised; patterns have one group, the version."""

    name: str
    uri: tuple[str, ...] = ()
    filename: tuple[str, ...] = ()
    content: tuple[str, ...] = ()
    hashes: Mapping[str, str] = field(default_factory=dict)
    vulnerabilities: tuple[Vulnerability, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Library:
    """A library seen on a page; signals counts the independent signs that agree on the version."""

    name: str
    version: str
    url: str
    signals: int = 1
    weaknesses: tuple[Vulnerability, ...] = ()

    @property
    def severity(self) -> Severity | None:
        """The worst weakness; one sign alone never counts as high or critical."""
        if not self.weaknesses:
            return None
        worst = max((one.severity for one in self.weaknesses), key=lambda severity: RANKS[severity])
        return "medium" if self.signals < ENOUGH_SIGNALS and RANKS[worst] > RANKS["medium"] else worst

    @property
    def text(self) -> str:
        """Name and version as a reader knows them."""
        return f"{self.name} {self.version}"


class Shelf:
    """All definitions with their patterns compiled; the few that re2 refuses are left out."""

    def __init__(self, definitions: Iterable[Definition]) -> None:
        """Compile once; a shelf is kept for the life of the process."""
        self.definitions = tuple(definitions)
        self.left_out = 0
        self._patterns = {
            definition.name: tuple(
                tuple(self._compiled(kind)) for kind in (definition.uri, definition.filename, definition.content)
            )
            for definition in self.definitions
        }

    def _compiled(self, patterns: Iterable[str]) -> Iterator[Any]:
        options = re2.Options()
        options.log_errors = False
        options.max_mem = MEMORY
        for pattern in patterns:
            try:
                yield re2.compile(pattern, options)
            except re2.error:
                self.left_out += 1

    def find(self, url: str, body: str = "", sha1: str = "") -> tuple[Library, ...]:
        """The libraries a script is or contains; content and hash count before names."""
        path = urls.split(url).path.encode("utf-8", "replace")
        texts = (path, path.rpartition(b"/")[2], body[:LONGEST].encode("utf-8", "replace"))
        found = []
        for definition in self.definitions:
            # Two patterns that match at one place are one sign.
            signs = {
                (kind, *sign)
                for kind, (patterns, text) in enumerate(zip(self._patterns[definition.name], texts, strict=True))
                for pattern in patterns
                if (sign := _sign(pattern, text)) is not None
            }
            by_hash = definition.hashes.get(sha1, "") if sha1 else ""
            version = by_hash or max(signs, default=(0, 0, ""))[2]
            if version:
                signals = ENOUGH_SIGNALS if by_hash else sum(sign[2] == version for sign in signs)
                found.append(_library(definition, version, url, signals))
        return tuple(found)


def _sign(pattern: Any, text: bytes) -> tuple[int, str] | None:
    """Where a pattern matched, and the version it read there."""
    match = pattern.search(text) if text else None
    if match is None or not match.groups() or match.group(1) is None:
        return None
    version = match.group(1).decode("utf-8", "replace")
    for ending in (".js", ".min", "-min", ".slim", ".pack"):
        version = version.removesuffix(ending)
    return (match.start(), version) if _VERSION.match(version) is not None else None


def _library(definition: Definition, version: str, url: str, signals: int) -> Library:
    return Library(
        name=definition.name,
        version=version,
        url=url,
        signals=signals,
        weaknesses=tuple(one for one in definition.vulnerabilities if is_affected(version, one)),
    )


def is_affected(version: str, vulnerability: Vulnerability) -> bool:
    """Whether a version lies in the range."""
    if at_or_above(version, vulnerability.below):
        return False
    return not vulnerability.at_or_above or at_or_above(version, vulnerability.at_or_above)


@lru_cache(maxsize=4096)
def _parts(version: str) -> tuple[int | str, ...]:
    return tuple(int(part) if part.isascii() and part.isdigit() else part for part in _PART.split(version))


def at_or_above(version: str, other: str) -> bool:
    """Compare part by part; a missing part is 0, and a word (beta, rc) stands below a number."""
    left, right = _parts(version), _parts(other)
    for place in range(max(len(left), len(right))):
        mine = left[place] if place < len(left) else 0
        its = right[place] if place < len(right) else 0
        if mine == its:
            continue
        if isinstance(mine, int) and isinstance(its, int):
            return mine > its
        if isinstance(mine, str) and isinstance(its, str):
            return mine > its
        return isinstance(mine, int)
    return True
