"""security.txt line by line, in the codes of sectxt, the checker of the Dutch Digital Trust Center (RFC 9116)."""

import base64
import binascii
from dataclasses import dataclass, field
from datetime import datetime

import re2

from scanners.parsing import security_txt
from scanners.records import record

LONGEST = 200_000
MOST_LINES = 5000
MOST_REMARKS = 200

BOM = "\ufeff"
SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"
SIGNATURE = "-----BEGIN PGP SIGNATURE-----"
END = "-----END PGP SIGNATURE-----"
SIGNATURE_PACKETS = frozenset({0x88, 0x89, 0x8A, 0xC2})  # RFC 9580 section 4.2: tag 2 in the old form and the new

ADDRESSES = frozenset({"acknowledgments", "canonical", "contact", "csaf", "encryption", "hiring", "policy"})

_HEADER = re2.compile(r"^[A-Za-z]+: .*$")
_SCHEME = re2.compile(r"^([A-Za-z][A-Za-z0-9+.\-]*):")

Remark = tuple[str, int | None]  # code, and the line it is about


@record
class Reading:
    """What is wrong with a file, what would make it better, and what is only worth knowing."""

    errors: tuple[Remark, ...] = ()
    recommendations: tuple[Remark, ...] = ()
    notes: tuple[Remark, ...] = ()


@dataclass
class _Page:
    at: datetime
    errors: list[Remark] = field(default_factory=list)
    recommendations: list[Remark] = field(default_factory=list)
    notes: list[Remark] = field(default_factory=list)
    values: dict[str, list[str]] = field(default_factory=dict)
    signed: bool = False
    in_signature: bool = False
    ended: bool = False


def read(body: str, at: datetime) -> Reading:
    """Every remark about a file as of a time; never raises."""
    page = _Page(at=at)
    text = body[:LONGEST]
    if text.startswith(BOM):
        page.errors.append(("bom_in_file", None))
        text = text.removeprefix(BOM)
    lines = text.split("\n")[:MOST_LINES]
    for number, line in enumerate(lines, 1):
        _read_line(page, number, line.removesuffix("\r").rstrip(), lines)
    _conclude(page, lines)
    return Reading(
        errors=tuple(page.errors[:MOST_REMARKS]),
        recommendations=tuple(page.recommendations[:MOST_REMARKS]),
        notes=tuple(page.notes[:MOST_REMARKS]),
    )


def _read_line(page: _Page, number: int, line: str, lines: list[str]) -> None:
    if page.in_signature:
        page.in_signature, page.ended = line != END, line == END
        return
    if page.ended:
        _after_signature(page, number, line, lines)
        return
    if line == SIGNED and not page.signed:
        _begin_signed(page, number, lines)
        return
    if line == SIGNATURE and page.signed:
        page.in_signature = True
        return
    if page.signed:
        line = line.removeprefix("- ")
    if line and not line.startswith("#"):
        _read_field(page, number, line)


def _after_signature(page: _Page, number: int, line: str, lines: list[str]) -> None:
    """Nothing may follow the signature but the end of its last line."""
    if line:
        page.errors.append(("data_after_sig", number))
    elif number == len(lines) and not lines[number - 2].strip():
        page.errors.append(("too_many_line_separators", number))


def _begin_signed(page: _Page, number: int, lines: list[str]) -> None:
    page.signed = True
    if number > 1:
        page.errors += [("signed_format_issue", number), ("pgp_data_error", number)]
    elif fault := _armour_fault([line.rstrip() for line in lines]):
        page.errors.append((fault, number))


def _armour_fault(lines: list[str]) -> str:
    """What is wrong with the armoured signature (RFC 9580 section 6.2); whose it is, is not looked at."""
    begins = [number for number, line in enumerate(lines) if line == SIGNATURE]
    ends = [number for number, line in enumerate(lines) if line == END]
    if len(begins) != 1 or len(ends) != 1 or ends[0] < begins[0]:
        return "pgp_data_error"
    armour = lines[begins[0] + 1 : ends[0]]
    blank = next((number for number, line in enumerate(armour) if not line), None)
    if blank is None or any(_HEADER.match(line) is None for line in armour[:blank]):
        return "pgp_data_error"
    payload = "".join(line for line in armour[blank + 1 :] if not (line.startswith("=") and len(line) == 5))  # noqa: PLR2004 - "=" and four signs: the checksum
    try:
        packet = base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError):
        return "pgp_error"
    return "" if packet and packet[0] in SIGNATURE_PACKETS else "pgp_error"


def _read_field(page: _Page, number: int, line: str) -> None:
    key, colon, value = line.partition(":")
    if not colon:
        page.errors.append(("invalid_line", number))
        return
    name = key.strip().lower()
    if page.signed and name == "hash":
        return
    if key.rstrip() != key:
        page.errors.append(("prec_ws", number))
    if value and value[0] != " ":
        page.errors.append(("no_space", number))
    value = value.strip()
    if not name:
        page.errors.append(("empty_key", number))
    elif not value:
        page.errors.append(("empty_value", number))
    else:
        page.values.setdefault(name, []).append(value)
        _judge_value(page, number, name, value)


def _judge_value(page: _Page, number: int, name: str, value: str) -> None:
    if name in ADDRESSES:
        scheme = _SCHEME.match(value)
        if scheme is None:
            page.errors.append(("no_uri", number))
        elif scheme.group(1).lower() == "http":
            page.errors.append(("no_https", number))
    elif name == "expires":
        _judge_expiry(page, number, value)
    elif name == "preferred-languages":
        if not security_txt.are_languages(value):
            page.errors.append(("invalid_lang", number))
    else:
        page.notes.append(("unknown_field", number))


def _judge_expiry(page: _Page, number: int, value: str) -> None:
    moment = security_txt.moment(value)
    if moment is None:
        page.errors.append(("invalid_expiry", number))
    elif moment < page.at:
        page.errors.append(("expired", number))
    elif moment - page.at > security_txt.LONGEST:
        page.recommendations.append(("long_expiry", number))


def _conclude(page: _Page, lines: list[str]) -> None:
    contacts, expires = page.values.get("contact", []), page.values.get("expires", [])
    targets = page.values.get("csaf", [])
    checks = (
        (not expires, "no_expire", None),
        (len(expires) > 1, "multi_expire", None),
        (bool(lines[-1].strip()), "no_line_separators", len(lines)),
        (bool(targets) and not all(one.endswith("provider-metadata.json") for one in targets), "no_csaf_file", None),
        (not contacts, "no_contact", None),
        (len(page.values.get("preferred-languages", [])) > 1, "multi_lang", None),
    )
    page.errors += [(code, line) for holds, code, line in checks if holds]
    by_mail = any(one.lower().startswith("mailto:") for one in contacts)
    hints = (
        (len(targets) > 1, "multiple_csaf_fields"),
        (by_mail and "encryption" not in page.values, "no_encryption"),
        (not page.signed, "not_signed"),
        (page.signed and "canonical" not in page.values, "no_canonical"),
    )
    page.recommendations += [(code, None) for holds, code in hints if holds]
