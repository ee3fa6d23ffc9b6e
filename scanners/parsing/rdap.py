"""RDAP documents: which service knows a suffix (RFC 9224), and what it says of a domain (RFC 9083)."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

MOST_STATES = 20
MOST_EVENTS = 50
LONGEST_TEXT = 200


class BadDocument(Exception):
    """This is no document of that kind."""


def services(document: Any) -> Mapping[str, tuple[str, ...]]:
    """The addresses of the services by suffix; only https, as RFC 9224 section 3 recommends."""
    if not isinstance(document, dict) or not isinstance(document.get("services"), list):
        raise BadDocument
    found: dict[str, tuple[str, ...]] = {}
    for service in document["services"]:
        if not isinstance(service, list) or len(service) < 2:  # noqa: PLR2004 - suffixes and addresses
            raise BadDocument
        suffixes, addresses = service[0], service[1]
        if not isinstance(suffixes, list) or not isinstance(addresses, list):
            raise BadDocument
        usable = tuple(one for one in addresses if isinstance(one, str) and one.startswith("https://"))
        found |= {suffix.lower().strip("."): usable for suffix in suffixes if isinstance(suffix, str)}
    return found


def service_of(domain: str, known: Mapping[str, tuple[str, ...]]) -> str:
    """The address of the service for a domain, by the longest suffix; "" where none is published."""
    labels = domain.split(".")
    for start in range(1, len(labels)):
        addresses = known.get(".".join(labels[start:]))
        if addresses:
            return addresses[0] if addresses[0].endswith("/") else f"{addresses[0]}/"
    return ""


def hosts(known: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """Every host that the list names: nobody else may be asked."""
    found = set()
    for addresses in known.values():
        for address in addresses:
            try:
                found.add((urlsplit(address).hostname or "").lower())
            except ValueError:
                continue
    return frozenset(found - {""})


def check_domain(document: Any) -> None:
    """Refuse what is no answer about a domain."""
    if not isinstance(document, dict) or document.get("objectClassName") != "domain":
        raise BadDocument


def states(document: Mapping[str, Any]) -> tuple[str, ...]:
    """The status values, in lower case with spaces, whether written as RDAP or as EPP does (RFC 8056)."""
    values = document.get("status")
    texts = (value for value in values[:MOST_STATES] if isinstance(value, str)) if isinstance(values, list) else ()
    return tuple(dict.fromkeys(_spaced(text[:LONGEST_TEXT]) for text in texts))


def _spaced(text: str) -> str:
    return "".join(f" {sign.lower()}" if sign.isupper() else sign for sign in text).strip()


def expires(document: Mapping[str, Any]) -> datetime | None:
    """When the registration ends; None where the registry does not tell."""
    return next((when for action, when in _events(document) if action == "expiration"), None)


def _events(document: Mapping[str, Any]) -> Iterator[tuple[str, datetime]]:
    events = document.get("events")
    for event in events[:MOST_EVENTS] if isinstance(events, list) else ():
        if not isinstance(event, dict) or not isinstance(event.get("eventAction"), str):
            continue
        try:
            when = datetime.fromisoformat(event.get("eventDate"))  # type: ignore[arg-type]  # a TypeError is heard
            when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            continue
        yield event["eventAction"].lower(), when


def registrar(document: Mapping[str, Any]) -> str:
    """The registrar's name, out of its jCard (RFC 7095)."""
    entities = document.get("entities")
    for entity in entities[:MOST_EVENTS] if isinstance(entities, list) else ():
        if not isinstance(entity, dict) or "registrar" not in _list(entity.get("roles")):
            continue
        card = _list(entity.get("vcardArray"))
        for line in _list(card[1])[:MOST_EVENTS] if len(card) > 1 else ():
            if isinstance(line, list) and len(line) > 3 and line[0] == "fn" and isinstance(line[3], str):  # noqa: PLR2004 - jCard
                return line[3][:LONGEST_TEXT]
    return ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
