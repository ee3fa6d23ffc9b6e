"""MTA-STS records and policy files (RFC 8461) and TLS-RPT records (RFC 8460)."""

from collections.abc import Iterable

import re2

from scanners.parsing import dmarc
from scanners.records import record

MAX_AGE_LIMIT = 31_557_600  # RFC 8461 section 3.2

_RECORD = re2.compile(r"^v=STSv1[ \t]*;[ \t]*id=([A-Za-z0-9]{1,32})[ \t]*(?:;.*)?$")
_LINE = re2.compile(r"^([A-Za-z0-9][A-Za-z0-9_\-.]{0,31}):[ \t]*(.*?)[ \t]*$")
_MX = re2.compile(
    r"^(?:\*\.)?(?:[A-Za-z0-9](?:[A-Za-z0-9\-]*[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9\-]*[A-Za-z0-9])?$"
)


@record
class Policy:
    """One policy file; errors are the lines that break it, as they were written, or the name of a missing key."""

    mode: str = ""
    max_age: int | None = None
    mx: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


def is_record(text: str) -> bool:
    """Whether a TXT text announces an MTA-STS policy."""
    return _RECORD.match(text) is not None and text.count("id=") == 1


def parse_policy(body: str) -> Policy:
    """A policy file's facts; never raises."""
    fields: dict[str, str] = {}
    exchangers: list[str] = []
    errors: list[str] = []
    for line in body.replace("\r\n", "\n").split("\n"):
        match = _LINE.match(line)
        if match is None:
            if line.strip():
                errors.append(line[:80])
        elif match.group(1) == "mx":
            exchangers.append(match.group(2).lower())
        elif match.group(1) in fields:
            errors.append(line[:80])
        else:
            fields[match.group(1)] = match.group(2)
    errors += _broken(fields, exchangers)
    age = fields.get("max_age", "")
    return Policy(
        mode=fields.get("mode", ""),
        max_age=int(age) if _is_age(age) else None,
        mx=tuple(exchangers),
        errors=tuple(errors),
    )


def _is_age(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= MAX_AGE_LIMIT  # noqa: PLR2004 - digits of RFC 8461


def _broken(fields: dict[str, str], exchangers: Iterable[str]) -> list[str]:
    broken = []
    if fields.get("version") != "STSv1":
        broken.append("version")
    if fields.get("mode") not in {"enforce", "testing", "none"}:
        broken.append("mode")
    if not _is_age(fields.get("max_age", "")):
        broken.append("max_age")
    listed = tuple(exchangers)
    if not listed and fields.get("mode") != "none":
        broken.append("mx")
    return broken + [f"mx: {name[:80]}" for name in listed if _MX.match(name) is None]


def covers(policy: Policy, host: str) -> bool:
    """Whether an MX host matches one of the policy's names; a star stands for exactly one label."""
    wanted = host.lower()
    rest = wanted.partition(".")[2]
    return any(name == wanted or (name.startswith("*.") and name[2:] == rest) for name in policy.mx)


def is_report_record(text: str) -> bool:
    """Whether a TXT text asks for TLS reports by a valid record (RFC 8460 section 3)."""
    parts = [part.strip() for part in text.split(";") if part.strip()]
    if not parts or parts[0] != "v=TLSRPTv1":
        return False
    tags = [part.partition("=") for part in parts[1:]]
    named = [name.strip() for name, _mark, _value in tags]
    addresses = [value for name, _mark, value in tags if name.strip() == "rua"]
    if len(addresses) != 1 or len(set(named)) != len(named):
        return False
    return all(dmarc.is_report_uri(uri.strip()) for uri in addresses[0].split(","))
