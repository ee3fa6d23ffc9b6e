"""Which domain was registered, by the public suffix list of its package: read as it stands, encoded where needed.

The package's own reader encodes every rule beforehand, which takes longer than many a scan waits.
"""

import re
from functools import cache
from pathlib import Path

from publicsuffixlist import PSLFILE

RULE = re.compile(r"^(?!//)\S+", re.MULTILINE)  # a rule ends at the first blank; a comment begins with two strokes
ENCODED = "xn--"


def registrable(name: str) -> str | None:
    """The name one label below its public suffix; None for a suffix itself and for what is no name."""
    labels = name.removesuffix(".").lower().split(".")
    if "" in labels:
        return None
    public = _public_labels(labels)
    return ".".join(labels[-public - 1 :]) if public < len(labels) else None


def count() -> int:
    """How many rules there are."""
    return len(_rules())


def _public_labels(labels: list[str]) -> int:
    """How many labels at the end are public: by the longest rule, an exception before a wildcard; without one, one."""
    rules = _encoded_rules() if any(label.startswith(ENCODED) for label in labels) else _rules()
    for place in range(len(labels)):
        below, end = len(labels) - place, ".".join(labels[place:])
        if f"!{end}" in rules:
            return below - 1
        if f"*.{end}" in rules:  # whose own name is public as well
            return below + 1 if place else below
        if end in rules:
            return below
    return 1


@cache
def _rules() -> frozenset[str]:
    return frozenset(RULE.findall(Path(PSLFILE).read_text(encoding="utf-8").lower()))


@cache
def _encoded_rules() -> frozenset[str]:
    """The same with those beyond ASCII in A-labels."""
    return frozenset(_rules() | {_encoded(rule) for rule in _rules() if not rule.isascii()})


def _encoded(rule: str) -> str:
    mark = "!" if rule.startswith("!") else ""
    return mark + rule.removeprefix("!").encode("idna").decode("ascii")
