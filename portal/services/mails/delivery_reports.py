"""What a report of delivery says (RFC 3464): of which mail, for whom, and why not. Read like a stranger's input."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import Message as Mail

MOST_PARTS = 50
MOST_RECIPIENTS = 20
LONGEST = 300
_STATUS = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A mail that will not arrive; the words are the server's own, cut."""

    message_id: str
    recipients: tuple[str, ...]  # as they were written to, and as they came to be
    status: str
    diagnostic: str


def read(content: bytes) -> Failure | None:
    """What it says of a mail that failed for good; None: no report, one of a delay, or one that names no mail."""
    try:
        report = message_from_bytes(content, policy=policy.compat32)
        return _failure(report)
    except (MessageError, ValueError, LookupError, AttributeError, TypeError, RecursionError):
        return None  # whoever wrote it, it is no report that we can read


def _failure(report: Mail) -> Failure | None:
    if report.get_content_type() != "multipart/report":
        return None
    message_id, found = "", None
    for part in _parts(report):
        kind = part.get_content_type()
        if kind == "message/delivery-status" and found is None:
            found = _failed_recipient(part)
        elif kind in {"message/rfc822", "text/rfc822-headers", "message/rfc822-headers"} and not message_id:
            message_id = _original_id(part)
    if found is None or not message_id:
        return None
    recipients, status, diagnostic = found
    return Failure(message_id=message_id, recipients=recipients, status=status, diagnostic=diagnostic)


def _parts(report: Mail) -> Iterator[Mail]:
    """The parts of the report itself; what lies deeper is none of its own."""
    payload = report.get_payload()
    for part in payload[:MOST_PARTS] if isinstance(payload, list) else ():
        if isinstance(part, Mail):
            yield part


def _failed_recipient(part: Mail) -> tuple[tuple[str, ...], str, str] | None:
    payload = part.get_payload()
    blocks = payload[1 : MOST_RECIPIENTS + 1] if isinstance(payload, list) else []
    for block in blocks:
        if not isinstance(block, Mail) or _field(block, "Action").lower() != "failed":
            continue
        named = (_field(block, "Original-Recipient"), _field(block, "Final-Recipient"))
        recipients = tuple(address for one in named if (address := _address(one)))
        return recipients, _status(_field(block, "Status")), _after_type(_field(block, "Diagnostic-Code"))
    return None


def _original_id(part: Mail) -> str:
    payload = part.get_payload()
    if isinstance(payload, list):
        return _field(payload[0], "Message-ID") if payload and isinstance(payload[0], Mail) else ""
    text = part.get_payload(decode=True)
    return _field(message_from_bytes(text, policy=policy.compat32), "Message-ID") if isinstance(text, bytes) else ""


def _field(block: Mail, name: str) -> str:
    text = "".join(sign if sign.isprintable() else " " for sign in str(block.get(name, "")))  # no database holds NUL
    return " ".join(text.split())[:LONGEST]


def _address(field: str) -> str:
    return _after_type(field).strip("<> ").lower()


def _after_type(field: str) -> str:
    """Of "rfc822; erika@example" what stands behind the type."""
    kind, separator, rest = field.partition(";")
    return rest.strip() if separator else kind.strip()


def _status(field: str) -> str:
    code = field.partition(" ")[0]
    return code if _STATUS.fullmatch(code) else ""
