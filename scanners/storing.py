"""Observations, findings, jobs and events as JSON, with a schema number; what is loaded is checked like user input."""

import math
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from scanners import observations as kinds
from scanners.jobs import Finished, Knock, Progress, ScanEvent, ScanJob, SubjectSeen
from scanners.model import Finding, Observations, Subject
from scanners.observations import Blind, Observation

SCHEMA = 1
LONGEST_TEXT = 8_000_000
MOST_ITEMS = 20_000
LONGEST_NUMBER = 60  # digits of a key

Value = TypeVar("Value")

# schema number -> what turns a document of that schema into one of the next
UPGRADES: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}

KINDS: Mapping[str, type[Observation]] = {
    name: value
    for name, value in vars(kinds).items()
    if isinstance(value, type) and issubclass(value, Observation) and value not in {Observation, Blind}
}
EVENTS: Mapping[str, type] = {"progress": Progress, "seen": SubjectSeen, "knock": Knock, "finished": Finished}


class BadDocument(Exception):
    """The document is not one of ours; the text names the place, never its content."""


def dump(seen: Observations) -> dict[str, Any]:
    """What was seen of one subject."""
    facts = seen.facts()
    return {
        "schema": SCHEMA,
        "subject": encode(seen.subject),
        "at": encode(seen.at),
        "facts": {kind.__name__: encode(fact) for kind, fact in facts.items() if not isinstance(fact, Blind)},
        "blind": {kind.__name__: encode(fact) for kind, fact in facts.items() if isinstance(fact, Blind)},
    }


def load(document: Any) -> Observations:
    """The reverse of dump. Kinds that a later version made and this one does not know are left out."""
    document = _upgraded(_mapping(document, "document"))
    seen = {
        KINDS[name]: decode(KINDS[name], fact, name)
        for name, fact in _mapping(document.get("facts"), "facts").items()
        if name in KINDS
    }
    blind = {
        KINDS[name]: decode(Blind, fact, name)
        for name, fact in _mapping(document.get("blind"), "blind").items()
        if name in KINDS and KINDS[name] not in seen
    }
    return Observations(
        subject=decode(Subject, document.get("subject"), "subject"),
        at=decode(datetime, document.get("at"), "at"),
        facts={**seen, **blind},
    )


def dump_finding(finding: Finding) -> dict[str, Any]:
    """One finding."""
    return {"schema": SCHEMA, **encode(finding)}


def load_finding(document: Any) -> Finding:
    """The reverse of dump_finding."""
    return decode(Finding, _upgraded(_mapping(document, "finding")), "finding")


def dump_job(job: ScanJob) -> dict[str, Any]:
    """A job for the process that scans."""
    return {"schema": SCHEMA, **encode(job)}


def load_job(document: Any) -> ScanJob:
    """The reverse of dump_job."""
    return decode(ScanJob, _upgraded(_mapping(document, "job")), "job")


def dump_event(event: ScanEvent) -> dict[str, Any]:
    """One event of a running scan."""
    if isinstance(event, SubjectSeen):
        return {"event": "seen", "complete": event.complete, "observations": dump(event.observations)}
    name = next(name for name, kind in EVENTS.items() if isinstance(event, kind))
    return {"event": name, **encode(event)}


def load_event(document: Any) -> ScanEvent:
    """The reverse of dump_event."""
    document = _mapping(document, "event")
    match document.get("event"):
        case "seen":
            return SubjectSeen(
                observations=load(document.get("observations")),
                complete=decode(bool, document.get("complete"), "complete"),
            )
        case "progress":
            return decode(Progress, document, "progress")
        case "knock":
            return decode(Knock, document, "knock")
        case "finished":
            return decode(Finished, document, "finished")
        case _:
            raise BadDocument("event")


PLAIN = frozenset({str, int, float, bool, type(None)})


def encode(value: Any) -> Any:
    """The value as JSON knows it; sets in order, so that the same value gives the same bytes."""
    if type(value) in PLAIN:  # most of them, and quicker so than by pattern
        return value
    match value:
        case Enum():
            return value.value
        case date():
            return (value.astimezone(UTC) if isinstance(value, datetime) else value).isoformat()
        case Mapping():
            return {str(encode(key)): encode(item) for key, item in value.items()}
        case tuple() | frozenset():
            items = [encode(item) for item in value]
            return items if isinstance(value, tuple) else sorted(items)
        case _ if is_dataclass(value):
            return {field.name: encode(getattr(value, field.name)) for field in fields(value)}
        case _:
            raise TypeError(type(value))


def decode(kind: type[Value], data: Any, where: str = "") -> Value:
    """A value of this type out of JSON; anything else raises BadDocument."""
    value: Value = _decode(kind, data, where)
    return value


def _decode(kind: Any, data: Any, where: str) -> Any:
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        return _decode_union(kind, data, where)
    if origin is tuple:
        return _decode_tuple(kind, data, where)
    if origin is frozenset:
        return frozenset(_decode(get_args(kind)[0], item, where) for item in _list(data, where))
    if origin is not None:  # Mapping[key, value], the only other generic that observations use
        key_kind, item_kind = get_args(kind)
        return {
            _decode_key(key_kind, key, where): _decode(item_kind, item, where)
            for key, item in _mapping(data, where).items()
        }
    if is_dataclass(kind):
        return _decode_dataclass(kind, data, where)
    return _decode_plain(kind, data, where)


def _decode_union(kind: Any, data: Any, where: str) -> Any:
    members = get_args(kind)
    if data is None and types.NoneType in members:
        return None
    for member in members:
        is_whole = member is float and type(data) is int  # JSON of other hands writes 24.0 as 24
        if member is types.NoneType or (member in {int, float, str} and type(data) is not member and not is_whole):
            continue
        return _decode(member, data, where)
    raise BadDocument(where)


def _decode_tuple(kind: Any, data: Any, where: str) -> tuple[Any, ...]:
    members = get_args(kind)
    items = _list(data, where)
    if members[-1] is Ellipsis:
        return tuple(_decode(members[0], item, where) for item in items)
    if len(items) != len(members):
        raise BadDocument(where)
    return tuple(_decode(member, item, where) for member, item in zip(members, items, strict=True))


def _decode_key(kind: Any, key: str, where: str) -> Any:
    if kind is int:
        if not key.removeprefix("-").isdecimal() or not key.isascii() or len(key) > LONGEST_NUMBER:
            raise BadDocument(where)
        return int(key)
    return _decode(kind, key, where)


def _decode_dataclass(kind: Any, data: Any, where: str) -> Any:
    given = _mapping(data, where)
    values = {}
    for name, (field_kind, needed) in _shape(kind).items():
        if name in given:
            values[name] = _decode(field_kind, given[name], f"{where}.{name}")
        elif needed:
            raise BadDocument(f"{where}.{name}")
    return kind(**values)


@cache
def _shape(kind: Any) -> Mapping[str, tuple[Any, bool]]:
    hints = get_type_hints(kind)
    return {
        field.name: (hints[field.name], field.default is MISSING and field.default_factory is MISSING)
        for field in fields(kind)
    }


def _decode_plain(kind: Any, data: Any, where: str) -> Any:
    if kind is datetime:
        return _decode_time(data, where)
    if kind is date:
        return _decode_day(data, where)
    if kind is float and type(data) in {int, float}:
        return _decode_float(data, where)
    if isinstance(kind, type) and issubclass(kind, Enum):
        try:
            return kind(data)
        except ValueError:
            raise BadDocument(where) from None
    if type(data) is not kind or (kind is str and not _is_text(data)):
        raise BadDocument(where)
    return data


def _decode_float(data: float, where: str) -> float:
    """A number that JSON can carry again: NaN and the infinities are no JSON, and integers go beyond any float."""
    try:
        number = float(data)
    except OverflowError:
        raise BadDocument(where) from None
    if not math.isfinite(number):
        raise BadDocument(where)
    return number


def _is_text(data: str) -> bool:
    """Whether it can be written down: half a surrogate pair, which JSON can spell, cannot."""
    try:
        return len(data) <= LONGEST_TEXT and (data.isascii() or bool(data.encode()))
    except UnicodeEncodeError:
        return False


def _decode_day(data: Any, where: str) -> date:
    try:
        day = date.fromisoformat(data)
    except (TypeError, ValueError):
        raise BadDocument(where) from None
    if day.isoformat() != data:  # "20261122" and weeks are days to Python as well
        raise BadDocument(where)
    return day


def _decode_time(data: Any, where: str) -> datetime:
    try:
        time = datetime.fromisoformat(data)
    except (TypeError, ValueError):
        raise BadDocument(where) from None
    if time.tzinfo is None:
        raise BadDocument(where)
    try:
        return time.astimezone(UTC)
    except OverflowError:  # an hour before the first year, or after the last
        raise BadDocument(where) from None


def _mapping(data: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(data, dict) or len(data) > MOST_ITEMS or not all(isinstance(key, str) for key in data):
        raise BadDocument(where)
    return data


def _list(data: Any, where: str) -> list[Any]:
    if not isinstance(data, list) or len(data) > MOST_ITEMS:
        raise BadDocument(where)
    return data


def _upgraded(document: Mapping[str, Any]) -> Mapping[str, Any]:
    schema = document.get("schema")
    if type(schema) is not int or not 1 <= schema <= SCHEMA:
        raise BadDocument("schema")
    current = dict(document)
    for number in range(schema, SCHEMA):
        current = UPGRADES[number](current)
    return current
