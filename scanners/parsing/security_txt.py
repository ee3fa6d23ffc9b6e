"""security.txt (RFC 9116): its fields, what breaks it, and what would make it better."""

from datetime import datetime, timedelta

import re2

from scanners.records import record

KNOWN = frozenset(
    {
        "acknowledgments",
        "canonical",
        "contact",
        "csaf",
        "encryption",
        "expires",
        "hiring",
        "policy",
        "preferred-languages",
    }
)
ONCE = frozenset({"expires", "preferred-languages"})
LONGEST = timedelta(days=366)  # RFC 9116 section 2.5.5 recommends less than a year ahead

_FIELD = re2.compile(r"^([A-Za-z0-9!#$%&'*+\-.^_`|~]+)[ \t]*:[ \t](.*)$")
_DATE = re2.compile(r"^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+\-]\d{2}:\d{2})$")
_URI = re2.compile(r"^[A-Za-z][A-Za-z0-9+.\-]*:\S+$")
_LANGUAGES = re2.compile(
    r"^[ \t]*[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*(?:[ \t]*,[ \t]*[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*)*[ \t]*$"
)

_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"
_SIGNATURE = "-----BEGIN PGP SIGNATURE-----"


@record
class SecurityTxt:
    """One file; fields by lower-case name in order, errors as the lines that break the grammar."""

    fields: tuple[tuple[str, str], ...] = ()
    malformed: tuple[str, ...] = ()
    signed: bool = False

    def values(self, name: str) -> tuple[str, ...]:
        """All values of one field, in order."""
        return tuple(value for key, value in self.fields if key == name)

    @property
    def expires(self) -> datetime | None:
        """When the file stops being valid; None when that is missing or cannot be read."""
        dates = self.values("expires")
        return moment(dates[0]) if len(dates) == 1 else None

    @property
    def broken(self) -> tuple[str, ...]:
        """Names of fields that are repeated, missing or hold what they must not, and malformed lines."""
        names = [name for name in ("contact", "expires") if not self.values(name)]
        names += [name for name in sorted(ONCE) if len(self.values(name)) > 1]
        names += [name for name, value in self.fields if not _fits(name, value)]
        return (*dict.fromkeys(names), *self.malformed)


def parse(body: str) -> SecurityTxt:
    """A file's fields; never raises."""
    text = body.removeprefix("\ufeff")
    lines, signed = _message(text.replace("\r\n", "\n").split("\n"))
    fields: list[tuple[str, str]] = []
    malformed: list[str] = []
    for line in lines:
        stripped = line.rstrip()
        if not stripped or stripped.startswith("#"):
            continue
        match = _FIELD.match(stripped)
        if match is None:
            malformed.append(stripped[:80])
        else:
            fields.append((match.group(1).lower(), match.group(2).strip()[:2000]))
    return SecurityTxt(fields=tuple(fields), malformed=tuple(malformed), signed=signed)


def _message(lines: list[str]) -> tuple[list[str], bool]:
    """The signed part of a clear-signed file (RFC 9580 section 7), else all of it."""
    if not lines or lines[0].strip() != _SIGNED:
        return lines, False
    start = next((number for number, line in enumerate(lines) if not line.strip()), len(lines))
    end = next((number for number, line in enumerate(lines) if line.strip() == _SIGNATURE), None)
    if end is None:
        return [*lines[start:], lines[0]], False
    return [line.removeprefix("- ") for line in lines[start:end]], True


def _fits(name: str, value: str) -> bool:
    if name == "expires":
        return moment(value) is not None
    if name == "preferred-languages":
        return are_languages(value)
    if name not in KNOWN:
        return True
    if _URI.match(value) is None or value[:5].lower() == "http:":
        return False
    return name != "csaf" or (value[:6].lower() == "https:" and value.endswith("provider-metadata.json"))


def moment(value: str) -> datetime | None:
    """A date with time and zone (RFC 3339); None for anything else."""
    if _DATE.match(value) is None:
        return None
    try:
        return datetime.fromisoformat(value.upper())
    except ValueError:
        return None


def are_languages(value: str) -> bool:
    """Whether a value lists language tags (RFC 5646) with commas between them."""
    return _LANGUAGES.match(value) is not None
