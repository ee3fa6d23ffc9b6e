"""Ask DNS on behalf of the pure evaluators, and read what came: a name that is missing is a fact, silence is not."""

import secrets
from typing import Any

import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from scanners.observations import Reason
from scanners.parsing.asking import Answer, Asking, Question, Result, Status
from scanners.probes.network import Door, Unseen

LONGEST_TEXT = 4096  # of one TXT record
MOST_RECORDS = 100
KNOWN = frozenset({dns.rcode.NOERROR, dns.rcode.NXDOMAIN})


async def answered(door: Door, evaluator: Asking[Result]) -> Result:
    """Run an evaluator to its end, fetching only what it asks for next."""
    try:
        question = next(evaluator)
        while True:
            question = evaluator.send(await ask(door, question))
    except StopIteration as end:
        result: Result = end.value
        return result


async def ask(door: Door, question: Question) -> Answer:
    """One answer in the evaluator's words; what could not be seen is a failure, never an empty answer."""
    try:
        reply = await reply_to(door, question.name, question.rdtype)
        texts = record_texts(reply, question.rdtype)
    except Unseen as unseen:
        if unseen.reason in {Reason.BUDGET, Reason.STOPPED, Reason.DEADLINE}:
            raise
        return Answer(status="failure")
    return Answer(status=_status(reply, texts), texts=texts)


async def reply_to(
    door: Door, name: str, rdtype: str, *, dnssec: bool = False, checking_disabled: bool = False
) -> dns.message.Message:
    """The resolver's answer, when it is one: anything but NOERROR and NXDOMAIN means that nothing was seen."""
    reply = await door.query(name, rdtype, dnssec=dnssec, checking_disabled=checking_disabled)
    if reply.rcode() not in KNOWN:
        raise Unseen(Reason.DNS_FAILURE, dns.rcode.to_text(reply.rcode()))
    return reply


def _status(reply: dns.message.Message, texts: tuple[str, ...]) -> Status:
    if texts:
        return "found"
    return "nxdomain" if reply.rcode() == dns.rcode.NXDOMAIN else "nodata"


def records(reply: dns.message.Message, rdtype: str) -> tuple[Any, ...]:
    """The records of that type in the answer, at the name or where its aliases end."""
    kind = dns.rdatatype.from_text(rdtype)
    found = tuple(record for rrset in reply.answer if rrset.rdtype == kind for record in rrset)
    if len(found) > MOST_RECORDS:
        raise Unseen(Reason.TOO_LARGE, "records")
    return found


def record_texts(reply: dns.message.Message, rdtype: str) -> tuple[str, ...]:
    """The records as the evaluators read them: TXT joined without a gap, names without the trailing dot."""
    return tuple(_text(record) for record in records(reply, rdtype))


def _text(record: Any) -> str:
    match record.rdtype:
        case dns.rdatatype.TXT:
            joined = b"".join(record.strings)
            if len(joined) > LONGEST_TEXT:
                raise Unseen(Reason.TOO_LARGE, "text")
            text: str = joined.decode("utf-8", errors="replace")
            return text
        case dns.rdatatype.CAA:
            tag, value = (raw.decode("utf-8", errors="replace") for raw in (record.tag, record.value))
            return f"{record.flags} {tag} {value}"
        case dns.rdatatype.MX:
            return f"{record.preference} {name_text(record.exchange)}"
        case _:
            return str(record.to_text()).rstrip(".").lower()


def name_text(name: dns.name.Name) -> str:
    """A name as observations carry it: lower case, without the trailing dot; "" is the root."""
    return name.to_text(omit_final_dot=True).lower() if name != dns.name.root else ""


def unlikely_label() -> str:
    """A label that nobody has set up."""
    return f"kb-{secrets.token_hex(8)}"
