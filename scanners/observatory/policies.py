"""Several Content-Security-Policies read as one, by the Observatory's rules: a source counts when each names it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import unquote_to_bytes

import re2

from scanners.records import record

SHORTEST = 6  # "img-src" less one sign
LONGEST = 32_768
MOST_POLICIES = 100
MAY_REPEAT = frozenset({"report-uri", "report-to"})
NOT_IN_META = frozenset({"frame-ancestors", "report-uri", "sandbox"})
NONE = "'none'"

_ESCAPE = re2.compile(r"%[0-9A-Fa-f]{2}")
_BREAKS = str.maketrans("", "", "\r\n")
# The order of the English collation of ICU, on which it depends what stands side by side.
_ORDER = {
    sign: place for place, sign in enumerate("_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz")
}


class BadPolicy(Exception):
    """The Observatory takes this for no policy."""


@record
class Combined:
    """Directive -> sources; repeated: directives that stand twice and may."""

    directives: dict[str, set[str]] = field(default_factory=dict)
    repeated: tuple[str, ...] = ()


@dataclass
class _Source:
    text: str
    policy: int
    kept: bool


def split(values: Iterable[str]) -> tuple[str, ...]:
    """The policies of these headers; a comma begins another one."""
    return tuple(part.strip() for value in values for part in value[:LONGEST].split(","))[:MOST_POLICIES]


def combine(texts: Sequence[str]) -> Combined:
    """All policies as one; raises BadPolicy."""
    found: dict[str, list[_Source]] = {}
    repeated: list[str] = []
    for number, text in enumerate(texts):
        cleaned = text.translate(_BREAKS).strip()
        if len(cleaned) < SHORTEST:
            raise BadPolicy(cleaned)
        named: set[str] = set()
        for part in cleaned.split(";"):
            words = part.split()
            if not words:
                continue
            name = words[0].lower()
            if name in named and name not in MAY_REPEAT:
                raise BadPolicy(name)
            if name in named:
                repeated.append(name)
            named.add(name)
            _join(found, name, _sources(name, words[1:], number), number)
            if number == 0 and len(texts) > 1:
                for source in found[name]:
                    source.kept = False
    return Combined(
        directives={name: {source.text for source in sources} or {NONE} for name, sources in found.items()},
        repeated=tuple(dict.fromkeys(repeated)),
    )


def combine_metas(texts: Sequence[str]) -> Combined:
    """As `combine`, without what a <meta> may not say."""
    combined = combine(texts)
    return Combined(
        directives={name: sources for name, sources in combined.directives.items() if name not in NOT_IN_META},
        repeated=combined.repeated,
    )


def _sources(name: str, words: list[str], number: int) -> list[_Source]:
    if not words and name.endswith("-src"):
        words = [NONE]
    return [_Source(text=word.lower(), policy=number, kept=number == 0) for word in words]


def _join(found: dict[str, list[_Source]], name: str, sources: list[_Source], number: int) -> None:
    """Add one policy's sources to those before: longer ones of the same policy and those not in both fall out."""
    joined = sorted([*(found.get(name, []) if number else []), *sources], key=_collated)
    for before, source in pairwise(joined):
        if source.policy == before.policy and source.text.startswith(before.text):
            source.kept = False
        if source.policy != before.policy and _covers(before.text, source.text):
            source.kept = True
    found[name] = [source for source in joined if source.kept]


def _collated(source: _Source) -> list[int]:
    return [_ORDER.get(sign, len(_ORDER) + ord(sign)) for sign in source.text]


def _covers(wide: str, narrow: str) -> bool:
    """Whether a source lets another in, path by path; an ending slash stands for all below."""
    if not wide or (wide == "/" and not narrow):
        return True
    wides, narrows = wide.split("/"), narrow.split("/")
    if len(wides) > len(narrows) or (not wide.endswith("/") and len(wides) != len(narrows)):
        return False
    if wide.endswith("/"):
        wides.pop()
    return all(_unescaped(one) == _unescaped(other) for one, other in zip(wides, narrows, strict=False))


def _unescaped(text: str) -> bytes:
    if text.count("%") != len(_ESCAPE.findall(text)):
        raise BadPolicy(text)
    return unquote_to_bytes(text)
