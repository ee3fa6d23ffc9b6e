"""Strict-Transport-Security as a browser reads it (RFC 6797 section 6.1)."""

import re2

from scanners.records import record

LONGEST = 4096
_WORD = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_DIRECTIVE = re2.compile(rf'^({_WORD})(?:[ \t]*=[ \t]*(?:({_WORD})|"([^"\\]*)"))?$')
_ONCE = frozenset({"max-age", "includesubdomains"})  # browsers forgive a repeated word they do not act on
_SECONDS = re2.compile(r"^[0-9]{1,18}$")


@record
class HstsPolicy:
    """One policy; max_age in seconds."""

    max_age: int
    include_subdomains: bool = False
    preload: bool = False


def parse(value: str) -> HstsPolicy | None:
    """The policy of one header; None where the grammar tells a browser to ignore it."""
    if len(value) > LONGEST:
        return None
    directives: dict[str, str | None] = {}
    for part in filter(None, (part.strip(" \t") for part in value.split(";"))):
        match = _DIRECTIVE.match(part)
        if match is None:
            return None
        name = match.group(1).lower()
        if name in directives and name in _ONCE:
            return None
        directives[name] = match.group(2) if match.group(3) is None else match.group(3)
    seconds = directives.get("max-age")
    if seconds is None or _SECONDS.match(seconds) is None:
        return None
    return HstsPolicy(
        max_age=int(seconds),
        include_subdomains="includesubdomains" in directives,
        preload="preload" in directives,
    )
