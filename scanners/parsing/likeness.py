"""Whether two answers are the same page: a host that answers every path alike shows nothing by any of them."""

from functools import lru_cache
from html import escape
from urllib.parse import quote, unquote

import re2

from scanners.observations import Response

READ = 20_000
SHINGLE = 4  # words
ALIKE = 0.8  # of the shingles of both
SAME_LENGTH = 0.05
SHORT = 64  # characters below which only the same text is alike
SHORTEST_ECHO = 5
_WORD = re2.compile(r"[\pL\pN]+")
_TITLE = re2.compile(r"(?is)<title[^>]*>(.*?)</title")
_MARKUP = re2.compile(r"(?i)^\s*(?:<!--[^>]*-->\s*)*<(?:!doctype html|html|head|body|title|meta|script|div|h1)\b")
_INNER_MARKUP = re2.compile(r"(?i)<(?:html|head|body)[\s>]")


def is_page(response: Response) -> bool:
    """Whether HTML came, whatever was asked for and whatever the header says."""
    kind = " ".join(response.values("content-type")).lower()
    start = response.body[:READ]
    return "html" in kind or _MARKUP.search(start) is not None or _INNER_MARKUP.search(start) is not None


def without_echo(text: str, path: str) -> str:
    """The text without the address that was asked for, in the ways in which pages repeat one."""
    plain = path.partition("?")[0]
    name = plain.rstrip("/").rpartition("/")[2]
    forms = {path, plain, plain.strip("/"), name, unquote(plain)}
    forms |= {escape(form) for form in forms} | {quote(form, safe="") for form in forms}
    # A short word such as "admin" is no echo that could be told from what a page says by itself.
    telling = (form for form in forms if len(form) >= SHORTEST_ECHO and not form.isalpha())
    for form in sorted(telling, key=len, reverse=True):
        text = text.replace(form, "")
    return text


def alike(answer: Response, path: str, control: Response, control_path: str) -> bool:
    """Whether the host says the same of both paths, but for the address it repeats."""
    if answer.status != control.status:
        return False
    if 300 <= answer.status < 400:  # noqa: PLR2004 - a redirect is what it leads to
        return _leads(answer, path) == _leads(control, control_path)
    ours = without_echo(answer.body[:READ], path)
    theirs = without_echo(control.body[:READ], control_path)
    if answer.cut and len(ours) < SHORT:  # a beginning is all that was asked for
        return _shared(ours, theirs)
    return ours.strip() == theirs.strip() or _is_same_page(ours, theirs)


def _shared(ours: str, theirs: str) -> bool:
    """Whether two beginnings, of which one may have been read further, are the same."""
    length = min(len(ours), len(theirs))
    return ours[:length] == theirs[:length]


def _is_same_page(ours: str, theirs: str) -> bool:
    longer = max(len(ours), len(theirs))
    if min(len(ours), len(theirs)) < SHORT:
        return False
    if _title(ours) and _title(ours) == _title(theirs) and abs(len(ours) - len(theirs)) <= SAME_LENGTH * longer:
        return True
    left, right = _shingles(ours), _shingles(theirs)
    return bool(left | right) and len(left & right) >= ALIKE * len(left | right)


def _title(text: str) -> str:
    match = _TITLE.search(text)
    return match.group(1).strip() if match is not None else ""


@lru_cache(maxsize=8)  # the same few controls are held against every answer
def _shingles(text: str) -> frozenset[int]:
    words = _WORD.findall(text)
    return frozenset(hash(tuple(words[place : place + SHINGLE])) for place in range(max(len(words) - SHINGLE + 1, 1)))


def _leads(response: Response, path: str) -> str:
    return "".join(without_echo(value, path).partition("?")[0] for value in response.values("location"))
