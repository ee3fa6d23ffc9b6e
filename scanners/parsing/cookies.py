"""Set-Cookie as a browser reads it (RFC 6265bis section 5), and what a cookie's name says of its use."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import re2

from scanners.records import record

LONGEST = 8192
_WORDS = re2.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_SECONDS = re2.compile(r"^-?[0-9]{1,15}$")
_SESSION_PARTS = ("sess", "login", "jwt", "connect.sid", "aspnetcore.cookies", "saml", "remember")
_SESSION_WORDS = frozenset({"sid", "auth", "token", "authtoken", "accesstoken", "idtoken", "refreshtoken"})
_FORGERY_PARTS = ("csrf", "xsrf", "antiforgery", "requestverificationtoken")
_HARMLESS_PARTS = ("consent", "cookielaw", "language", "locale", "theme", "analytics")


@record
class Cookie:
    """One cookie with its attributes as written."""

    name: str
    value: str
    secure: bool = False
    http_only: bool = False
    same_site: str | None = None  # as written, in lower case
    domain: str | None = None  # None: host-only
    path: str | None = None
    max_age: int | None = None
    expires: datetime | None = None

    @property
    def is_against_forgery(self) -> bool:
        """Whether the name says it guards against forged requests; scripts must be able to read such a cookie."""
        return any(part in self.name.lower() for part in _FORGERY_PARTS)

    @property
    def is_session(self) -> bool:
        """Whether the name says it stands for a signed-in user."""
        name = self.name.lower()
        if self.is_against_forgery or any(part in name for part in _HARMLESS_PARTS):
            return False
        words = {word.lower() for word in _WORDS.findall(self.name)}
        return any(part in name for part in _SESSION_PARTS) or bool(words & _SESSION_WORDS)

    def is_deletion(self, at: datetime) -> bool:
        """Whether the header removes the cookie instead of setting it."""
        if self.max_age is not None:
            return self.max_age <= 0
        return self.expires is not None and self.expires <= at

    def lifetime(self, at: datetime) -> float | None:
        """Seconds until it ends; None when it ends with the browser. Max-Age counts before Expires."""
        if self.max_age is not None:
            return float(self.max_age)
        return None if self.expires is None else (self.expires - at).total_seconds()


def parse(header: str) -> Cookie | None:
    """One Set-Cookie header; None where a browser ignores it."""
    first, *rest = header[:LONGEST].split(";")
    name, equals, value = first.partition("=")
    if not equals:
        name, value = "", first
    if not name.strip() and not value.strip():
        return None
    attributes: dict[str, str] = {}
    for part in rest:
        key, _equals, text = part.partition("=")
        attributes[key.strip().lower()] = text.strip()  # the last of two equal attributes counts
    domain = attributes.get("domain", "").lower().removeprefix(".")
    seconds = attributes.get("max-age", "")
    return Cookie(
        name=name.strip(),
        value=value.strip(),
        secure="secure" in attributes,
        http_only="httponly" in attributes,
        same_site=attributes["samesite"].lower() if "samesite" in attributes else None,
        domain=domain or None,
        path=attributes.get("path"),
        max_age=int(seconds) if _SECONDS.match(seconds) else None,
        expires=_moment(attributes.get("expires", "")),
    )


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text[:60])
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
