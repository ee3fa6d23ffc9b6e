"""Tokens that stand in addresses, cookies and pages: JSON Web Tokens (RFC 7519) and session ids."""

import base64
import binascii
import json
from collections.abc import Iterator
from itertools import islice, pairwise

import re2

from scanners.parsing import urls
from scanners.records import record

LONGEST = 2_000_000
MOST_TOKENS = 20
LONGEST_TOKEN = 8192
SHORTEST_SECRET = 16
LEAST_CHANGES = 3  # between digits and letters
LATEST = 10**12  # no time in seconds is larger
_JWT = re2.compile(r"eyJ[A-Za-z0-9_\-]+\.eyJ[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]*")
_SESSION_IN_PATH = re2.compile(r"(?i);(?:jsessionid|sid|phpsessid|cfid)=[A-Za-z0-9._!\-]{8,200}")
_SECRET_NAMES = frozenset(
    {
        "jsessionid",
        "phpsessid",
        "sessionid",
        "session_id",
        "session",
        "sid",
        "access_token",
        "id_token",
        "refresh_token",
        "auth_token",
        "authtoken",
        "api_key",
        "apikey",
        "jwt",
    }
)


@record
class Jwt:
    """The readable half of a token; times in seconds since 1970."""

    algorithm: str
    expires: float | None = None
    issued: float | None = None


def jwts(text: str) -> tuple[Jwt, ...]:
    """The tokens that stand in a text, the first few."""
    found = {match.group(0): None for match in islice(_JWT.finditer(text[:LONGEST]), MOST_TOKENS)}
    return tuple(token for raw in found if (token := _decode(raw)) is not None)


def in_url(url: str) -> str | None:
    """The name under which an address carries a session or token; None when it carries none."""
    if (match := _SESSION_IN_PATH.search(url)) is not None:
        return str(match.group(0))[1:].partition("=")[0].lower()
    for name, value in urls.parameters(url):
        if _JWT.match(value):
            return name
        if name.lower() in _SECRET_NAMES and _is_random(value):
            return name
    return "eyJ…" if _JWT.search(url) else None


def _is_random(value: str) -> bool:
    """Long, with digits and letters mixed: a shop's "sid=4" or "session=autumn-meeting-2026" is no secret."""
    if len(value) < SHORTEST_SECRET or not value.isascii() or " " in value:
        return False
    kinds = [sign.isdigit() for sign in value if sign.isalnum()]
    return sum(one != other for one, other in pairwise(kinds)) >= LEAST_CHANGES


def _decode(raw: str) -> Jwt | None:
    parts = list(_objects(raw)) if len(raw) <= LONGEST_TOKEN else []
    if len(parts) != 2 or not isinstance(parts[0].get("alg"), str):  # noqa: PLR2004 - header and claims
        return None
    header, claims = parts
    return Jwt(algorithm=str(header["alg"]), expires=_seconds(claims.get("exp")), issued=_seconds(claims.get("iat")))


def _objects(raw: str) -> Iterator[dict[str, object]]:
    for part in raw.split(".")[:2]:
        try:
            value = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        except (binascii.Error, ValueError, RecursionError):
            return
        if isinstance(value, dict):
            yield value


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > LATEST:
        return None
    return float(value)
