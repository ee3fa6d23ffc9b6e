"""CAA properties (RFC 8659, 8657, 9495 and the contact properties of the CA/Browser Forum)."""

import re2

from scanners.observations import CaaRecord

CRITICAL = 128
ISSUING = frozenset({"issue", "issuewild", "issuemail", "issuevmc"})

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
