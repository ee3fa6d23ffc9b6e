"""Text in two languages: all fragments of portal/translations merged once, the reader's language held per request."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po

LANGUAGES: Mapping[str, str] = {"de": "Deutsch", "en": "English"}  # each by its own name
DEFAULT = "de"
FRAGMENTS = Path(__file__).parent / "translations"

_language: ContextVar[str] = ContextVar("language", default=DEFAULT)


class TranslationClash(Exception):
    """Two fragments translate the same sentence differently; the sentence names both."""


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """All that is known of one language."""

    singular: Mapping[str, str]
    plural: Mapping[tuple[str, str], tuple[str, ...]]


def load(folder: Path) -> Catalogue:
    """Merge all fragments of a folder; the same sentence must read the same in all of them."""
    singular: dict[str, str] = {}
    plural: dict[tuple[str, str], tuple[str, ...]] = {}
    for path in sorted(folder.glob("*.po")):
        with path.open("rb") as file:
            fragment = read_po(file, locale=folder.name)
        for entry in fragment:
            if not entry.id or not entry.string:
                continue
            if isinstance(entry.id, str):
                stands: object = singular.setdefault(entry.id, str(entry.string))
                said: object = str(entry.string)
            else:
                said = tuple(entry.string)
                stands = plural.setdefault((entry.id[0], entry.id[1]), tuple(entry.string))
            if stands != said:
                raise TranslationClash(f"{path.name} translates {entry.id!r} otherwise than another fragment")
    return Catalogue(singular=singular, plural=plural)


@cache
def catalogue(language: str) -> Catalogue:
    """The merged catalogue of a language; English is the source and needs none."""
    return load(FRAGMENTS / language)


def language() -> str:
    """The language of the reader of this moment."""
    return _language.get()


def speak(chosen: str) -> None:
    """From here on, what this thread makes is read by somebody who reads this language; for the edge of a request."""
    _language.set(chosen if chosen in LANGUAGES else DEFAULT)


@contextmanager
def speaking(chosen: str) -> Iterator[None]:
    """Everything inside is read by somebody who reads this language."""
    token = _language.set(chosen if chosen in LANGUAGES else DEFAULT)
    try:
        yield
    finally:
        _language.reset(token)


def translator(chosen: str) -> Callable[[str], str]:
    """For the libraries, which take the translation as an argument."""
    sentences = catalogue(chosen).singular
    return lambda text: sentences.get(text, text)


def gettext(text: str, **values: object) -> str:
    """The sentence in the reader's language, named gaps filled; a literal % is %% only if there are values."""
    translated = catalogue(language()).singular.get(text, text)
    return translated % values if values else translated


def ngettext(one: str, many: str, number: int, **values: object) -> str:
    """The sentence for a number; both languages have one form for 1 and one for everything else."""
    forms = catalogue(language()).plural.get((one, many), (one, many))
    form = forms[0] if number == 1 else forms[-1]
    return form % {"num": number, **values}


class LazyText:
    """A sentence that is translated when it is read: for labels that are made before the reader is known."""

    def __init__(self, text: str, values: Mapping[str, object]) -> None:
        """Hold the source sentence."""
        self.text = text
        self.values = values

    def __str__(self) -> str:
        """The sentence in the reader's language."""
        return gettext(self.text, **self.values)

    def __repr__(self) -> str:
        """The source sentence."""
        return f"LazyText({self.text!r})"

    def __mod__(self, values: Mapping[str, object]) -> str:
        """WTForms fills gaps of its messages this way."""
        return str(self) % values

    def __eq__(self, other: object) -> bool:
        """Equal to what it reads."""
        return str(self) == str(other)

    def __hash__(self) -> int:
        """By the source sentence."""
        return hash(self.text)


def lazy_gettext(text: str, **values: object) -> Any:
    """A sentence that is translated when it is read; typed like a string so that forms take it."""
    return LazyText(text, values)


def of_terminal(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The languages for whoever sits at a terminal (POSIX: the first variable that is set counts).

    "C" names nobody's language, and a fresh server has no other: both then, German first.
    """
    named = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    if re.match(r"(C|POSIX)?(\.|$)", named):
        return tuple(LANGUAGES)
    return ("de",) if named.lower().startswith("de") else ("en",)


_ACCEPTED = re.compile(r"\s*([a-zA-Z]{1,8})(?:-[a-zA-Z0-9]{1,8})*\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*$")


def negotiate(header: str) -> str:
    """The best of our languages for an Accept-Language header, German when it asks for none of them."""
    wanted = (_ACCEPTED.match(part) for part in header[:500].split(","))
    ranked = sorted(
        ((float(match[2] or 1), match[1].lower()) for match in wanted if match), key=lambda pair: pair[0], reverse=True
    )
    return next((name for quality, name in ranked if quality > 0 and name in LANGUAGES), DEFAULT)
