"""CAA: the climb to the set that counts, and its properties (RFC 8659, 8657, 9495, CA/Browser Forum)."""

from collections.abc import Iterable

import re2

from scanners.observations import CaaRecord
from scanners.parsing.asking import Asking, Question
from scanners.records import record

CRITICAL = 128
ISSUING = frozenset({"issue", "issuewild", "issuemail", "issuevmc"})
KNOWN = ISSUING | {"iodef", "contactemail", "contactphone"}

_TAG = re2.compile(r"^[A-Za-z0-9]+$")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9\-]*[A-Za-z0-9])?"
_ISSUER = re2.compile(rf"^[ \t]*((?:{_LABEL}(?:\.{_LABEL})*)?)[ \t]*(?:;(.*))?$")
_PARAMETER = re2.compile(
    r"^[ \t]*([A-Za-z0-9](?:[A-Za-z0-9\-]*[A-Za-z0-9])?)[ \t]*=[ \t]*([\x21-\x3a\x3c-\x7e]*)[ \t]*$"
)
_METHOD = re2.compile(r"^[A-Za-z0-9\-]+$")
_WEB = re2.compile(r"^https?://[A-Za-z0-9.\-]+(?::[0-9]+)?(?:[/?#][\x21-\x7e]*)?$")
_MAIL = re2.compile(r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~\-]+@[A-Za-z0-9.\-]+$")
_PHONE = re2.compile(r"^\+?[0-9][0-9 ().\-]{3,30}$")

# Methods registered for ACME (RFC 8657 section 4); private ones start with "ca-".
_METHODS = frozenset(
    {"http-01", "dns-01", "tls-alpn-01", "tls-sni-01", "tls-sni-02", "email-reply-00", "onion-csr-01", "dns-account-01"}
)


@record
class Climb:
    """The relevant set of a name and where it stands; failed: DNS gave no answer, so nobody may issue."""

    at: str | None = None
    records: tuple[CaaRecord, ...] = ()
    failed: bool = False


def climb(name: str) -> Asking[Climb]:
    """The first name on the way to the root with a CAA set (RFC 8659 section 3); an alias is followed, not climbed."""
    while name:
        answer = yield Question(name=name, rdtype="CAA")
        if answer.status == "failure":
            return Climb(failed=True)
        if answer.texts:
            return Climb(at=name, records=tuple(_record(text) for text in answer.texts))
        name = name.partition(".")[2]
    return Climb()


def _record(text: str) -> CaaRecord:
    """A record from its text: flags, tag and value, a blank between them."""
    flags, _blank, rest = text.partition(" ")
    tag, _blank, value = rest.partition(" ")
    known = flags.isascii() and flags.isdigit() and len(flags) <= 3  # noqa: PLR2004 - one octet
    return CaaRecord(flags=int(flags) if known else 0, tag=tag, value=value)


def permits(records: Iterable[CaaRecord], authority: str, *, wildcard: bool = False) -> bool:
    """Whether an authority may issue under this set (RFC 8659 section 4)."""
    known = [(record.tag.lower(), record) for record in records]
    if any(record.flags & CRITICAL and tag not in KNOWN for tag, record in known):
        return False
    tags = ("issuewild", "issue") if wildcard else ("issue",)
    values = next((found for tag in tags if (found := [one.value for name, one in known if name == tag])), None)
    return values is None or authority in {issuer(value) for value in values}


def is_valid(record: CaaRecord) -> bool:
    """Whether a record follows the grammar of its tag; a tag nobody knows is valid unless it is critical."""
    if record.flags not in {0, CRITICAL} or _TAG.match(record.tag) is None:
        return False
    tag, value = record.tag.lower(), record.value
    if tag in ISSUING:
        return _is_issuer(value)
    if tag == "iodef":
        return is_report_address(value)
    if tag == "contactemail":
        return _MAIL.match(value) is not None
    if tag == "contactphone":
        return _PHONE.match(value) is not None
    return record.flags != CRITICAL


def is_report_address(value: str) -> bool:
    """Whether violations can be reported there."""
    if value[:7].lower() == "mailto:":
        return _MAIL.match(value[7:]) is not None
    return _WEB.match(value) is not None


def issuer(value: str) -> str:
    """The certification authority an issue property names; "" forbids all."""
    match = _ISSUER.match(value)
    return match.group(1).lower() if match is not None else ""


def _is_issuer(value: str) -> bool:
    match = _ISSUER.match(value)
    if match is None:
        return False
    parts = [part for part in (match.group(2) or "").split(";") if part.strip()]
    return all(_is_parameter(part) for part in parts)


def _is_parameter(part: str) -> bool:
    match = _PARAMETER.match(part)
    if match is None:
        return False
    if match.group(1).lower() != "validationmethods":
        return True
    methods = match.group(2).split(",")
    return all(_METHOD.match(name) is not None and (name in _METHODS or name.startswith("ca-")) for name in methods)
