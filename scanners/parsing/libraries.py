"""JavaScript libraries by address, name, content or hash, and what is known to be wrong with their version."""

from collections.abc import Iterable, Mapping
from dataclasses import field
from functools import cache, lru_cache
from typing import Any, Literal

import re2

from scanners import literals
from scanners.parsing import urls
from scanners.records import record

Severity = Literal["low", "medium", "high", "critical"]
RANKS: Mapping[str, int] = {"low": 0, "medium": 1, "high": 2, "critical": 3}
LONGEST = 1_000_000
MEMORY = 32 << 20
ENOUGH_SIGNALS = 2
CONTENT = 2  # the place of the content patterns among a definition's three kinds
SHOWN, SHOWN_BEFORE = 60, 30  # characters of what was matched, and of them before the version

# The hash of a bundle is no version: 47a9c871 was once read as one.
_VERSION = re2.compile(r"^\d+(?:\.\d+)+(?:[.\-][0-9A-Za-z]+)*$")
_PART = re2.compile(r"[.\-]")


@record
class Vulnerability:
    """A range of versions with a known weakness; at_or_above "" means from the first version."""

    below: str
    at_or_above: str = ""
    severity: Severity = "medium"
    identifiers: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()  # versions within the range that were mended, as distributors name theirs


def vulnerabilities(entry: Mapping[str, Any]) -> tuple[Vulnerability, ...]:
    """The ranges that the entry of one library names, as RetireJS writes them; one without an end is left out."""
    return tuple(
        Vulnerability(
            below=one["below"],
            at_or_above=one.get("atOrAbove", ""),
            severity=one.get("severity", "medium"),
            identifiers=_identifiers(one.get("identifiers", {})),
            excludes=tuple(one.get("excludes", ())),
        )
        for one in entry.get("vulnerabilities", ())
        if "below" in one
    )


def _identifiers(raw: Mapping[str, Any]) -> tuple[str, ...]:
    named = raw.get("CVE") or raw.get("githubID") or ()
    return (named,) if isinstance(named, str) else tuple(named)


@record
class Definition:
    """How a library is recognised; patterns have one group, the version."""

    name: str
    uri: tuple[str, ...] = ()
    filename: tuple[str, ...] = ()
    content: tuple[str, ...] = ()
    hashes: Mapping[str, str] = field(default_factory=dict)
    vulnerabilities: tuple[Vulnerability, ...] = ()


@record
class Library:
    """A library seen on a page; signals counts the independent signs that agree on the version."""

    name: str
    version: str
    url: str
    signals: int = 1
    evidence: str = ""  # what was matched, as it stands in the script; in the address where that alone speaks
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
    """All definitions with their patterns; one is compiled when a text holds what it cannot match without."""

    def __init__(self, definitions: Iterable[Definition]) -> None:
        """Compile nothing yet; a shelf is kept for the life of the process."""
        self.definitions = tuple(definitions)
        self._patterns = {
            definition.name: tuple(
                tuple((literals.required(pattern), pattern) for pattern in kind)
                for kind in (definition.uri, definition.filename, definition.content)
            )
            for definition in self.definitions
        }
        self._compiled = cache(_compiled)
        required = {literal for its in self._patterns.values() for kind in its for literal, _pattern in kind}
        self._required = ("", *sorted(required - {""}))
        self._look = re2.Set.SearchSet()  # for all of them at once
        for literal in self._required:
            self._look.Add(re2.escape(literal))
        self._look.Compile()

    @property
    def left_out(self) -> int:
        """How many patterns re2 refuses, for whoever wants all of them compiled."""
        kinds = [kind for its in self._patterns.values() for kind in its]
        return sum(self._compiled(pattern) is None for kind in kinds for _literal, pattern in kind)

    def _held(self, text: bytes) -> frozenset[str]:
        """What of all that patterns require is in the text. "" always is, or there was no memory for the look."""
        held = frozenset(self._required[place] for place in self._look.Match(text))
        return held if "" in held else frozenset(self._required)

    def _found(self, pattern: str, text: bytes) -> Any:
        compiled = self._compiled(pattern)
        return compiled and compiled.search(text)

    def find(self, url: str, body: str = "", sha1: str = "") -> tuple[Library, ...]:
        """The libraries a script is or contains; content and hash count before names."""
        path = urls.split(url).path.encode("utf-8", "replace")
        texts = (path, path.rpartition(b"/")[2], body[:LONGEST].encode("utf-8", "replace"))
        held = [self._held(text) for text in texts]
        found = []
        for definition in self.definitions:
            signs = [
                _Sign(in_content=kind == CONTENT, start=match.start(), version=version, text=match.group(0))
                for kind, (patterns, text) in enumerate(zip(self._patterns[definition.name], texts, strict=True))
                for literal, pattern in patterns
                if literal in held[kind] and text and (match := self._found(pattern, text))
                if (version := _version(match))
            ]
            if sha1 and (by_hash := definition.hashes.get(sha1, "")):
                found.append(_library(definition, by_hash, url, ENOUGH_SIGNALS, f"SHA-1 {sha1}"))
            elif signs:
                best = max(signs, key=lambda sign: (sign.in_content, sign.start, sign.version))
                agreeing = {sign.place for sign in signs if sign.version == best.version}
                found.append(_library(definition, best.version, url, len(agreeing), best.shown))
        return tuple(found)


def _compiled(pattern: str) -> Any:
    """None for the few that re2 refuses."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MEMORY
    try:
        return re2.compile(pattern, options)
    except re2.error:
        return None


@record
class _Sign:
    in_content: bool
    start: int
    version: str
    text: bytes

    @property
    def place(self) -> int:
        """Two patterns that match at one place are one sign; so are a folder and a file name of one address."""
        return self.start if self.in_content else -1

    @property
    def shown(self) -> str:
        text = self.text.decode("utf-8", "replace")
        middle = text.find(self.version)
        return text[max(0, middle - SHOWN_BEFORE) :][:SHOWN]


def _version(match: Any) -> str:
    """The version a pattern read; "" where it read none."""
    if not match.groups() or match.group(1) is None:
        return ""
    version: str = match.group(1).decode("utf-8", "replace")
    for ending in (".js", ".min", "-min", ".slim", ".pack"):
        version = version.removesuffix(ending)
    return version if _VERSION.match(version) is not None else ""


def _library(definition: Definition, version: str, url: str, signals: int, evidence: str) -> Library:
    return Library(
        name=definition.name,
        version=version,
        url=url,
        signals=signals,
        evidence=evidence,
        weaknesses=tuple(one for one in definition.vulnerabilities if is_affected(version, one)),
    )


def is_affected(version: str, vulnerability: Vulnerability) -> bool:
    """Whether a version lies in the range and is not one that was mended."""
    if version in vulnerability.excludes or at_or_above(version, vulnerability.below):
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
