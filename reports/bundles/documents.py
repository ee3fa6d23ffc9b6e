"""JSON members of a bundle: written in one form, read as if a stranger had written them."""

import json
import re
from collections.abc import Sequence
from typing import Any

from scanners.model import N_, Message

LARGEST = 96 * 2**20  # bytes of one member
DEEPEST = 40
_MARKS = re.compile(rb'\\.|["\[\]{}]', flags=re.DOTALL)
_HALVES = re.compile("[\ud800-\udfff]")  # half a pair: JSON can spell it, UTF-8 cannot, and programs refuse it

NO_JSON = N_("%(name)s is no JSON.")
TOO_LARGE = N_("%(name)s is larger than such a member can be (%(megabytes)s MB).")
TOO_DEEP = N_("%(name)s is nested more deeply than any member of a bundle; it is not read.")
TWICE = N_("In %(name)s the name “%(word)s” stands twice in one place; it could mean two things.")


class BadMember(Exception):
    """A member that cannot be read; the message says which and why."""

    def __init__(self, text: str, **values: str | int) -> None:
        """Hold the sentence."""
        self.message = Message(text=text, values=values)
        super().__init__(self.message.render())


def canonical(document: Any) -> bytes:
    """The shortest form: sorted names, no blanks, UTF-8. What is signed is written so."""
    return _utf8(json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False))


def write(document: Any) -> bytes:
    """The same for people: one thing a line."""
    return _utf8(json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False) + "\n")


def write_seen(document: Any) -> bytes:
    """The same with names in the order they have: of what was seen the order may matter to a check."""
    return _utf8(json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n")


def _utf8(text: str) -> bytes:
    return _HALVES.sub("\ufffd", text).encode()


def read(name: str, content: bytes) -> Any:
    """What the member says. Raises BadMember."""
    if len(content) > LARGEST:
        raise BadMember(TOO_LARGE, name=name, megabytes=LARGEST // 2**20)
    if _depth(content) > DEEPEST:
        raise BadMember(TOO_DEEP, name=name)

    def once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            words = [word for word, _value in pairs]
            twice = next(word for place, word in enumerate(words) if word in words[:place])
            raise BadMember(TWICE, name=name, word=ascii(twice[:60])[1:-1])
        return found

    try:
        return json.loads(content.decode("utf-8"), object_pairs_hook=once, parse_constant=_none_of_ours)
    except (ValueError, RecursionError) as error:
        raise BadMember(NO_JSON, name=name) from error


def _none_of_ours(word: str) -> Any:
    raise ValueError(word)


def _depth(content: bytes) -> int:
    """How deeply brackets nest, without building anything of it."""
    deepest = depth = 0
    is_text = False
    for found in _MARKS.finditer(content):
        sign = found[0]
        if sign == b'"':
            is_text = not is_text
        elif sign in b"[{" and not is_text:
            depth += 1
            deepest = max(deepest, depth)
        elif sign in b"]}" and not is_text:
            depth -= 1
    return deepest
