"""check_host() of RFC 7208: what a receiver makes of mail from one address, asking DNS only by what it yields."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias
from urllib.parse import quote

from scanners.parsing import spf
from scanners.parsing.asking import Answer, Asking, Question
from scanners.parsing.spf import Directive, Record
from scanners.records import record

MOST_POINTERS = 10  # RFC 7208 section 4.6.4
LONGEST_NAME = 253
LONGEST_LABEL = 63
LONGEST_EXPLANATION = 2000  # ours
LONGEST_SENDER = 1000  # ours; RFC 5321 section 4.5.3.1 allows 64 signs for the local part and 255 for the domain

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


class Result(StrEnum):
    """The seven results of section 2.6."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"  # noqa: S105 - a result, not a password
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


QUALIFIERS = {"+": Result.PASS, "-": Result.FAIL, "~": Result.SOFTFAIL, "?": Result.NEUTRAL}


@record
class Sender:
    """Who hands over the mail, as the receiver sees it."""

    address: str
    helo: str
    mail_from: str = ""
    receiver: str = "unknown"
    seconds: int = 0  # since 1970, for the macro %{t} of explanations


@record
class Ruling:
    """The result, the text the owner wants refused senders to read, and the term that decided it."""

    result: Result
    explanation: str = ""
    because: str = ""
    lookups: int = 0


class _Permanent(Exception):
    """The record can never be evaluated; the argument is the term that says why."""


class _Passing(Exception):
    """DNS gave no answer this time; the argument is the name."""


@dataclass
class _Sight:
    """One evaluation, all records of it."""

    address: Address
    local: str
    domain: str
    helo: str
    receiver: str
    seconds: int
    lookups: int = 0
    voids: int = 0
    pointers: tuple[str, ...] | None = field(default=None)

    @property
    def rdtype(self) -> str:
        return "A" if self.address.version == 4 else "AAAA"  # noqa: PLR2004 - the IP version

    def count(self, term: str) -> None:
        self.lookups += 1
        if self.lookups > spf.LOOKUP_LIMIT:
            raise _Permanent(term)

    def ask(self, name: str, rdtype: str, *, term: str) -> Asking[Answer]:
        """An answer that counts against the limits; what is no name in DNS does not exist."""
        if not is_askable(name):
            return Answer(status="nxdomain")
        answer = yield Question(name=name, rdtype=rdtype)
        if answer.status == "failure":
            raise _Passing(name)
        if answer.status != "found":
            self.voids += 1
            if self.voids > spf.VOID_LIMIT:
                raise _Permanent(term)
        return answer


def check(sender: Sender) -> Asking[Ruling]:
    """What RFC 7208 says of this sender; never raises but for an address that is none (ValueError)."""
    local, _at, domain = sender.mail_from[-LONGEST_SENDER:].rpartition("@")
    if not sender.mail_from:
        domain = sender.helo[:LONGEST_SENDER]
    sight = _Sight(
        address=_unmapped(ipaddress.ip_address(sender.address)),
        local=local or "postmaster",
        domain=domain.rstrip("."),
        helo=sender.helo[:LONGEST_SENDER],
        receiver=sender.receiver,
        seconds=sender.seconds,
    )
    try:
        ruling = yield from _ruling(sight, sight.domain)
    except _Permanent as error:
        ruling = Ruling(result=Result.PERMERROR, because=str(error))
    except _Passing as error:
        ruling = Ruling(result=Result.TEMPERROR, because=str(error))
    return Ruling(result=ruling.result, explanation=ruling.explanation, because=ruling.because, lookups=sight.lookups)


def is_askable(name: str) -> bool:
    """Whether DNS could hold a name at all."""
    labels = name.removesuffix(".").split(".")
    return name.isascii() and len(name) <= LONGEST_NAME + 1 and all(0 < len(label) <= LONGEST_LABEL for label in labels)


def _unmapped(address: Address) -> Address:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _ruling(sight: _Sight, domain: str, *, explains: bool = True) -> Asking[Ruling]:
    """One record from its fetching to its result (section 4.3 to 4.7)."""
    if not is_askable(domain) or "." not in domain or domain.startswith("["):
        return Ruling(result=Result.NONE)
    answer = yield Question(name=domain, rdtype="TXT")
    if answer.status == "failure":
        raise _Passing(domain)
    records = spf.select(answer.texts)
    if not records:
        return Ruling(result=Result.NONE)
    if len(records) > 1:
        raise _Permanent(domain)
    record = spf.parse(records[0])
    if record.errors:
        raise _Permanent(record.errors[0])
    for directive in record.directives:
        matches = yield from _matches(sight, directive, domain)
        if matches:
            result = QUALIFIERS[directive.qualifier]
            return (yield from _explained(sight, record, domain, result, directive.text, explains=explains))
    if record.redirect is not None:
        return (yield from _redirected(sight, record.redirect, domain, explains=explains))
    return Ruling(result=Result.NEUTRAL)


def _redirected(sight: _Sight, redirect: str, domain: str, *, explains: bool) -> Asking[Ruling]:
    term = f"redirect={redirect}"
    sight.count(term)
    target = yield from _target(sight, redirect, domain)
    ruling = yield from _ruling(sight, target, explains=explains)
    if ruling.result is Result.NONE:
        raise _Permanent(term)
    return ruling


def _matches(sight: _Sight, directive: Directive, domain: str) -> Asking[bool]:
    match directive.name:
        case "all":
            return True
        case "ip4" | "ip6":
            length = directive.cidr4 if directive.name == "ip4" else directive.cidr6
            return _is_within(sight.address, directive.value, length)
        case name:
            sight.count(directive.text)
            target = domain
            if directive.value:
                target = yield from _target(sight, directive.value, domain)
            return (yield from _ASKING[name](sight, directive, target))


def _includes(sight: _Sight, directive: Directive, target: str) -> Asking[bool]:
    ruling = yield from _ruling(sight, target, explains=False)
    if ruling.result is Result.NONE:
        raise _Permanent(directive.text)
    return ruling.result is Result.PASS


def _has_address(sight: _Sight, directive: Directive, target: str) -> Asking[bool]:
    answer = yield from sight.ask(target, sight.rdtype, term=directive.text)
    return _covers(sight.address, answer.texts, directive)


def _has_exchanger(sight: _Sight, directive: Directive, target: str) -> Asking[bool]:
    answer = yield from sight.ask(target, "MX", term=directive.text)
    if len(answer.texts) > spf.MX_LIMIT:
        raise _Permanent(directive.text)
    for text in answer.texts:
        host = text.partition(" ")[2].rstrip(".")
        if host:
            found = yield from sight.ask(host, sight.rdtype, term=directive.text)
            if _covers(sight.address, found.texts, directive):
                return True
    return False


def _exists(sight: _Sight, directive: Directive, target: str) -> Asking[bool]:
    answer = yield from sight.ask(target, "A", term=directive.text)
    return bool(answer.texts)


def _points_there(sight: _Sight, _directive: Directive, target: str) -> Asking[bool]:
    wanted = target.rstrip(".").lower()
    names = yield from _validated(sight)
    return any(name == wanted or name.endswith(f".{wanted}") for name in names)


_ASKING = {
    "include": _includes,
    "a": _has_address,
    "mx": _has_exchanger,
    "exists": _exists,
    "ptr": _points_there,
}


def _validated(sight: _Sight) -> Asking[tuple[str, ...]]:
    """The names of the address that point back to it (section 5.5); errors here are nobody's but the sender's."""
    if sight.pointers is None:
        answer = yield Question(name=sight.address.reverse_pointer, rdtype="PTR")
        names: list[str] = []
        for text in answer.texts[:MOST_POINTERS]:
            name = text.rstrip(".").lower()
            if not is_askable(name):
                continue
            found = yield Question(name=name, rdtype=sight.rdtype)
            if any(_is_within(sight.address, text, None) for text in found.texts):
                names.append(name)
        sight.pointers = tuple(names)
    return sight.pointers


def _covers(address: Address, texts: tuple[str, ...], directive: Directive) -> bool:
    length = directive.cidr4 if address.version == 4 else directive.cidr6  # noqa: PLR2004 - the IP version
    return any(_is_within(address, text, length) for text in texts)


def _is_within(address: Address, text: str, length: int | None) -> bool:
    try:
        network = ipaddress.ip_network(text if length is None else f"{text}/{length}", strict=False)
    except ValueError:
        return False
    return address in network


# --- macros (section 7) ------------------------------------------------------------------------


def _target(sight: _Sight, value: str, domain: str) -> Asking[str]:
    """The name a domain-spec means, cut from the left to what DNS can hold."""
    name = yield from _expanded(sight, value, domain)
    name = name.removesuffix(".")
    if len(name) <= LONGEST_NAME:
        return name
    # Of what is too long the last labels stay; where there is no whole one, nothing that could be asked for.
    return name[-LONGEST_NAME - 1 :].partition(".")[2]


def _expanded(sight: _Sight, text: str, domain: str) -> Asking[str]:
    parts: list[str] = []
    end = 0
    for macro in spf.MACRO.finditer(text):
        parts.append(text[end : macro.start()])
        end = macro.end()
        letter = macro.group(1)
        if letter is None:
            parts.append({"%%": "%", "%_": " ", "%-": "%20"}[macro.group(0)])
            continue
        value = yield from _value(sight, letter.lower(), domain)
        value = _transformed(value, digits=macro.group(2), reverses=bool(macro.group(3)), delimiters=macro.group(4))
        parts.append(quote(value, safe="") if letter.isupper() else value)
    return "".join([*parts, text[end:]])


def _value(sight: _Sight, letter: str, domain: str) -> Asking[str]:
    if letter == "p":
        return (yield from _pointer(sight, domain))
    values = {
        "s": f"{sight.local}@{sight.domain}",
        "l": sight.local,
        "o": sight.domain,
        "d": domain,
        "i": _dotted(sight.address),
        "v": "in-addr" if sight.address.version == 4 else "ip6",  # noqa: PLR2004 - the IP version
        "h": sight.helo,
        "c": str(sight.address),
        "r": sight.receiver,
        "t": str(sight.seconds),
    }
    return values[letter]


def _pointer(sight: _Sight, domain: str) -> Asking[str]:
    """%{p}: the domain itself, else a name below it, else any validated name."""
    names = yield from _validated(sight)
    own = domain.lower()
    below = (name for name in names if name.endswith(f".{own}"))
    return own if own in names else next(below, names[0] if names else "unknown")


def _dotted(address: Address) -> str:
    return str(address) if address.version == 4 else ".".join(f"{int(address):032X}")  # noqa: PLR2004 - the IP version


def _transformed(value: str, *, digits: str, reverses: bool, delimiters: str) -> str:
    parts = list(_split(value, delimiters or "."))
    if reverses:
        parts.reverse()
    # More than a name can have labels changes nothing; a number of a thousand digits must not be read.
    if digits and len(digits) <= len(str(LONGEST_NAME)):
        parts = parts[-int(digits) :]
    return ".".join(parts)


def _split(value: str, delimiters: str) -> Iterator[str]:
    start = 0
    for position, sign in enumerate(value):
        if sign in delimiters:
            yield value[start:position]
            start = position + 1
    yield value[start:]


def _explained(
    sight: _Sight, record: Record, domain: str, result: Result, term: str, *, explains: bool
) -> Asking[Ruling]:
    """The ruling, with the owner's text when mail is refused (section 6.2); a broken text is dropped."""
    plain = Ruling(result=result, because=term)
    if result is not Result.FAIL or record.explanation is None or not explains:
        return plain
    name = yield from _target(sight, record.explanation, domain)
    if not is_askable(name):
        return plain
    answer = yield Question(name=name, rdtype="TXT")
    text = answer.texts[0] if len(answer.texts) == 1 else ""
    if not text.isascii() or not spf.is_explanation(text):
        return plain
    words = yield from _expanded(sight, text[:LONGEST_EXPLANATION], domain)
    return Ruling(result=result, because=term, explanation=words)
