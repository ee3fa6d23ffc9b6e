"""What the browsers' preload list asks of an HSTS header (hstspreload.org), told in the codes of its own checker."""

from dataclasses import dataclass, field

import re2

from scanners.records import record

YEAR = 31_536_000
EIGHTEEN_WEEKS = 10_886_400  # what the list once asked, and still asks of those that are in
TEN_YEARS = 315_360_000
LONGEST = 4096
MOST_DIRECTIVES = 100

_DIGITS = re2.compile(r"^[0-9]+$")
_MOST_DIGITS = 18


@record
class Header:
    """One header as the list reads it: max_age None when it is not there or cannot be read."""

    max_age: int | None = None
    include_subdomains: bool = False
    preload: bool = False
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass
class _Reading:
    max_age: int | None = None
    include_subdomains: bool = False
    preload: bool = False
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def parse(value: str) -> Header:
    """The directives of one header; never raises."""
    reading = _Reading()
    text = value[:LONGEST].strip(" \t")
    parts = text.split(";")[:MOST_DIRECTIVES] if text else []
    if not text:
        reading.warnings.append("header.parse.empty")
    blank = [not part.strip(" \t") for part in parts]
    for part, is_blank in zip(parts, blank, strict=True):
        if not is_blank:
            _read(reading, part.strip(" \t"))
    if any(blank):
        reading.warnings.append("header.parse.empty_directive")
    return Header(
        max_age=reading.max_age,
        include_subdomains=reading.include_subdomains,
        preload=reading.preload,
        errors=tuple(reading.errors),
        warnings=tuple(reading.warnings),
    )


def _read(reading: _Reading, directive: str) -> None:
    name, equals, value = directive.lower().partition("=")
    if name == "preload" and not equals:
        if reading.preload:
            _once(reading.warnings, "header.parse.repeated.preload")
        reading.preload = True
    elif name == "includesubdomains" and not equals:
        if reading.include_subdomains:
            _once(reading.warnings, "header.parse.repeated.include_sub_domains")
        reading.include_subdomains = True
    elif name == "max-age":
        if reading.max_age is not None:
            _once(reading.warnings, "header.parse.repeated.max_age")
        _read_age(reading, value if equals else None)
    else:
        reading.warnings.append("header.parse.unknown_directive")


def _read_age(reading: _Reading, value: str | None) -> None:
    if value is None:
        reading.errors.append("header.parse.invalid.max_age.no_value")
    elif not value or len(value) > _MOST_DIGITS:
        reading.errors.append("header.parse.max_age.parse_int_error")
    elif _DIGITS.match(value) is None:
        reading.errors.append("header.parse.max_age.non_digit_characters")
    else:
        if value.startswith("0") and value != "0":
            reading.warnings.append("header.parse.max_age.leading_zero")
        reading.max_age = int(value)


def _once(codes: list[str], code: str) -> None:
    if code not in codes:
        codes.append(code)


def judge(header: Header, *, at_least: int = YEAR) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What keeps a header out of the list, and what is odd about it."""
    errors, warnings = list(header.errors), list(header.warnings)
    if not header.include_subdomains:
        errors.append("header.preloadable.include_sub_domains.missing")
    if not header.preload:
        errors.append("header.preloadable.preload.missing")
    match header.max_age:
        case None:
            errors.append("header.preloadable.max_age.missing")
        case 0:
            errors.append("header.preloadable.max_age.zero")
        case age if age < at_least:
            bound = "1_year" if at_least == YEAR else "18_weeks"
            errors.append(f"header.preloadable.max_age.below_{bound}")
        case age if age > TEN_YEARS:
            warnings.append("header.preloadable.max_age.over_10_years")
    return tuple(errors), tuple(warnings)


def judge_removal(header: Header) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What keeps a domain from being taken out of the list."""
    errors = list(header.errors)
    if header.preload:
        errors.append("header.removable.contains.preload")
    if header.max_age is None:
        errors.append("header.removable.missing.max_age")
    return tuple(errors), header.warnings
