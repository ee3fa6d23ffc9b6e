"""Strict readers for data files: an unknown key or a wrong kind is refused with the place where it stands."""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, Protocol, TypeVar

import yaml

from questionnaires.model import Text

Choice = TypeVar("Choice", bound=StrEnum)
Thing = TypeVar("Thing")


class Identified(Protocol):
    """Whatever has an id of its own."""

    @property
    def id(self) -> str:
        """The id, unique among its kind."""
        ...


Known = TypeVar("Known", bound=Identified)


class BadFile(Exception):
    """A data file breaks its format; says where."""


def parse(source: str | bytes) -> Any:
    """The document in this YAML, read by a loader that makes no objects."""
    try:
        return yaml.load(source, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe loaders
    except yaml.YAMLError as wrong:
        raise BadFile(f"no YAML: {wrong}") from wrong


def fields(raw: Any, where: str, *, need: Iterable[str] = (), may: Iterable[str] = ()) -> Mapping[str, Any]:
    """A mapping that has every key of `need` and none beyond `may`."""
    if not isinstance(raw, Mapping):
        raise BadFile(f"{where}: not a mapping")
    need = set(need)
    known = need | set(may)
    if strange := [key for key in raw if key not in known]:
        raise BadFile(f"{where}: unknown key {strange[0]!r}")
    if missing := sorted(need - set(raw)):
        raise BadFile(f"{where}: {missing[0]!r} is missing")
    return raw


def items(raw: Any, where: str) -> list[Any]:
    """A list."""
    if not isinstance(raw, list):
        raise BadFile(f"{where}: not a list")
    return raw


def word(raw: Any, where: str) -> str:
    """A text that is not empty. YAML 1.1 reads a bare yes, no or 2026.1 as something else; that is refused here."""
    if not isinstance(raw, str) or not raw.strip():
        raise BadFile(f"{where}: {raw!r} is not text (quote it)")
    return raw


def words(raw: Any, where: str) -> tuple[str, ...]:
    """A list of texts."""
    return tuple(word(item, where) for item in items(raw, where))


def number(raw: Any, where: str) -> float:
    """A number; true and false are none."""
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise BadFile(f"{where}: {raw!r} is not a number")
    return float(raw)


def whole(raw: Any, where: str) -> int:
    """A whole number."""
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise BadFile(f"{where}: {raw!r} is not a whole number")
    return raw


def share(raw: Any, where: str) -> float:
    """A number between 0 and 1."""
    value = number(raw, where)
    if not 0 <= value <= 1:
        raise BadFile(f"{where}: {value} is not between 0 and 1")
    return value


def truth(raw: Mapping[str, Any], key: str, where: str) -> bool:
    """True or false; false when the key is not there."""
    value = raw.get(key, False)
    if not isinstance(value, bool):
        raise BadFile(f"{where}.{key}: {value!r} is neither true nor false")
    return value


def optional(raw: Mapping[str, Any], key: str, read: Callable[[Any, str], Thing], where: str) -> Thing | None:
    """What stands under the key, or None when nothing does."""
    return None if raw.get(key) is None else read(raw[key], f"{where}.{key}")


def choice(kind: type[Choice], raw: Any, where: str) -> Choice:
    """One of a closed set."""
    try:
        return kind(word(raw, where))
    except ValueError as wrong:
        raise BadFile(f"{where}: {raw!r} is none of {', '.join(kind)}") from wrong


def text(raw: Any, where: str) -> Text:
    """A text in both languages."""
    both = fields(raw, where, need={"de", "en"})
    return Text(de=word(both["de"], f"{where}.de"), en=word(both["en"], f"{where}.en"))


def by_id(things: Iterable[Known], where: str) -> dict[str, Known]:
    """Things by their id, in order; the same id twice is refused."""
    found: dict[str, Known] = {}
    for thing in things:
        if thing.id in found:
            raise BadFile(f"{where}: {thing.id} appears twice")
        found[thing.id] = thing
    return found
