"""SPF records (RFC 7208): grammar, record selection, and the tree of everything an evaluation would fetch."""

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import re2

from scanners.observations import SpfTrace
from scanners.parsing.asking import Answer, Asking, Question
from scanners.records import record

LOOKUP_LIMIT = 10  # RFC 7208 section 4.6.4
VOID_LIMIT = 2
MX_LIMIT = 10
QUESTION_LIMIT = 40  # ours: a hostile tree ends here
LONGEST = 65_535  # bytes of a TXT record's data


_MODIFIER = re2.compile(r"^([A-Za-z][A-Za-z0-9\-_.]*)=(.*)$")
_MECHANISM = re2.compile(r"^([+\-?~]?)([A-Za-z][A-Za-z0-9\-_.]*)(?:([:/])(.*))?$")
_CIDR = re2.compile(r"^(.*?)(?:/(0|[1-9][0-9]?))?(?://(0|[1-9][0-9]{0,2}))?$")
_IP_CIDR = re2.compile(r"^([^/]*)(?:/(0|[1-9][0-9]{0,2}))?$")
_MACRO_STRING = re2.compile(r"^(?:%\{[slodiphcrtvSLODIPHCRTV][0-9]*[rR]?[.\-+,/_=]*\}|%%|%_|%-|[\x21-\x24\x26-\x7e])*$")
MACRO = re2.compile(r"%\{([A-Za-z])([0-9]*)([rR]?)([.\-+,/_=]*)\}|%%|%_|%-")
_DOMAIN_END = re2.compile(
    r"(?:\.(?:[A-Za-z0-9]*[A-Za-z][A-Za-z0-9]*|[A-Za-z0-9]+-[A-Za-z0-9\-]*[A-Za-z0-9])\.?|%\{[^}]*\}|%%|%_|%-)$"
)


@record
class Directive:
    """One mechanism with its qualifier; cidr lengths only where they were written."""

    qualifier: str
    name: str
    value: str = ""  # domain-spec or address; "" where the domain itself is meant
    cidr4: int | None = None
    cidr6: int | None = None
    text: str = ""


@record
class Record:
    """One parsed record; errors are the terms that break the grammar, as they were written."""

    directives: tuple[Directive, ...] = ()
    redirect: str | None = None
    explanation: str | None = None
    errors: tuple[str, ...] = ()

    @property
    def ending(self) -> Directive | None:
        """The `all` that ends the record; what follows it is never read."""
        return next((directive for directive in self.directives if directive.name == "all"), None)


def select(texts: Iterable[str]) -> tuple[str, ...]:
    """The texts that are SPF records at all (section 4.5): the version alone, or followed by a space."""
    return tuple(text for text in texts if text[:6].lower() == "v=spf1" and text[6:7] in {"", " "})


def parse(text: str) -> Record:
    """A record's terms; never raises."""
    if len(text) > LONGEST:
        return Record(errors=(text[:40],))
    directives: list[Directive] = []
    modifiers: dict[str, str] = {}
    errors: list[str] = []
    for term in text[6:].split(" "):
        if not term:
            continue
        modifier = _MODIFIER.match(term)
        if modifier is None:
            directive = _directive(term)
            errors.append(term) if directive is None else directives.append(directive)
        elif not _modifier_fits(modifier.group(1).lower(), modifier.group(2), modifiers):
            errors.append(term)
        else:
            modifiers[modifier.group(1).lower()] = modifier.group(2)
    return Record(
        directives=tuple(directives),
        redirect=modifiers.get("redirect"),
        explanation=modifiers.get("exp"),
        errors=tuple(errors),
    )


def _modifier_fits(name: str, value: str, earlier: dict[str, str]) -> bool:
    if name in {"redirect", "exp"}:
        return name not in earlier and _is_domain_spec(value)
    return _is_macro_string(value, explaining=True)


def _directive(term: str) -> Directive | None:
    match = _MECHANISM.match(term)
    if match is None:
        return None
    qualifier, name, mark, rest = match.group(1) or "+", match.group(2).lower(), match.group(3) or "", match.group(4)
    value = rest or ""
    if name in {"ip4", "ip6"}:
        return _network(qualifier, name, value, term) if mark == ":" else None
    if name in {"a", "mx"}:
        return _addressed(qualifier, name, mark, value, term)
    spelt = mark == ":" and _is_domain_spec(value)
    fits = {"all": not mark, "include": spelt, "exists": spelt, "ptr": spelt or not mark}.get(name, False)
    return Directive(qualifier=qualifier, name=name, value=value, text=term) if fits else None


def _network(qualifier: str, name: str, value: str, term: str) -> Directive | None:
    match = _IP_CIDR.match(value)
    if match is None:
        return None
    kind, widest = (ipaddress.IPv4Address, 32) if name == "ip4" else (ipaddress.IPv6Address, 128)
    length = int(match.group(2)) if match.group(2) else widest
    try:
        kind(match.group(1))
    except ValueError:
        return None
    if length > widest or "%" in match.group(1):
        return None
    return Directive(
        qualifier=qualifier,
        name=name,
        value=match.group(1),
        cidr4=length if name == "ip4" else None,
        cidr6=length if name == "ip6" else None,
        text=term,
    )


def _addressed(qualifier: str, name: str, mark: str, value: str, term: str) -> Directive | None:
    match = _CIDR.match(f"/{value}" if mark == "/" else value)
    if match is None:
        return None
    target, short, long = match.group(1), match.group(2), match.group(3)
    if mark == ":" and not _is_domain_spec(target):
        return None
    if mark != ":" and target:
        return None
    cidr4, cidr6 = (int(short) if short else None), (int(long) if long else None)
    if (cidr4 or 0) > 32 or (cidr6 or 0) > 128:  # noqa: PLR2004 - the widths of the two address families
        return None
    return Directive(qualifier=qualifier, name=name, value=target, cidr4=cidr4, cidr6=cidr6, text=term)


def _is_domain_spec(value: str) -> bool:
    return bool(value) and _is_macro_string(value) and _DOMAIN_END.search(value) is not None


def _is_macro_string(value: str, *, explaining: bool = False) -> bool:
    if _MACRO_STRING.match(value) is None:
        return False
    for macro in MACRO.finditer(value):
        letter, digits = (macro.group(1) or "").lower(), macro.group(2) or ""
        if digits and int(digits) == 0:
            return False
        if letter in {"c", "r", "t"} and not explaining:
            return False
    return True


def is_explanation(text: str) -> bool:
    """Whether a text may be shown as the owner's explanation (section 6.2); here spaces stand between the words."""
    return all(_is_macro_string(word, explaining=True) for word in text.split(" "))


def addresses_allowed(records: Iterable[str]) -> int:
    """How many IPv4 addresses the ip4 terms of these records allow, overlaps counted once."""
    networks = [
        ipaddress.ip_network(f"{directive.value}/{directive.cidr4}", strict=False)
        for text in records
        for directive in parse(text).directives
        if directive.name == "ip4" and directive.qualifier == "+"
    ]
    merged = ipaddress.collapse_addresses(network for network in networks if isinstance(network, ipaddress.IPv4Network))
    return sum(network.num_addresses for network in merged)


def expand_for_domain(value: str, domain: str) -> str | None:
    """The name a domain-spec means for mail from this domain; None when it depends on the sender's address."""
    if "%" not in value:
        return value.rstrip(".").lower()
    plain = {"%{d}": domain, "%{o}": domain, "%%": "%"}
    parts: list[str] = []
    end = 0
    for macro in MACRO.finditer(value):
        meant = plain.get(macro.group(0).lower())
        if meant is None:
            return None
        parts += [value[end : macro.start()], meant]
        end = macro.end()
    return "".join([*parts, value[end:]]).rstrip(".").lower()


@dataclass
class _Walk:
    """What one trace has gathered so far."""

    included: dict[str, str] = field(default_factory=dict)
    answers: dict[tuple[str, str], Answer] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    lookups: int = 0
    voids: int = 0

    def full(self) -> bool:
        return len(self.answers) >= QUESTION_LIMIT

    def ask(self, name: str, rdtype: str) -> Asking[Answer]:
        key = (name, rdtype)
        if key not in self.answers:
            self.answers[key] = yield Question(name=name, rdtype=rdtype)
            if self.answers[key].status == "failure":
                self.failed.append(name)
        return self.answers[key]


def trace(domain: str) -> Asking[SpfTrace]:
    """Fetch the domain's record and every record below it, and count what an evaluation would ask."""
    walk = _Walk()
    answer = yield from walk.ask(domain, "TXT")
    records = select(answer.texts)
    if len(records) == 1:
        yield from _follow(walk, domain, records[0], path=(domain,))
    return SpfTrace(
        records=records,
        included=dict(walk.included),
        lookups=walk.lookups,
        void_lookups=walk.voids,
        missing=tuple(dict.fromkeys(walk.missing)),
        errors=tuple(dict.fromkeys(walk.errors)),
        failed=tuple(dict.fromkeys(walk.failed)),
    )


def _follow(walk: _Walk, domain: str, text: str, *, path: tuple[str, ...]) -> Asking[None]:
    record = parse(text)
    walk.errors += [_placed(term, path) for term in record.errors]
    for name, rdtype, term in _asked_terms(record):
        walk.lookups += 1
        target = expand_for_domain(name, domain) if name else domain
        if target is None or rdtype == "PTR" or walk.full():
            continue
        if rdtype == "TXT":
            yield from _descend(walk, target, term, path=path)
        else:
            yield from _count_void(walk, target, rdtype, _placed(term, path))


def _asked_terms(record: Record) -> Iterator[tuple[str, str, str]]:
    types = {"include": "TXT", "a": "A", "mx": "MX", "ptr": "PTR", "exists": "A"}
    for directive in record.directives:
        if directive.name == "all":
            return
        if directive.name in types:
            yield directive.value, types[directive.name], directive.text
    if record.redirect is not None:
        yield record.redirect, "TXT", f"redirect={record.redirect}"


def _descend(walk: _Walk, target: str, term: str, *, path: tuple[str, ...]) -> Asking[None]:
    if target in path:
        walk.errors.append(_placed(term, path))
        return
    known = (target, "TXT") in walk.answers
    answer = yield from walk.ask(target, "TXT")
    if answer.status in {"nodata", "nxdomain"} and not known:
        walk.voids += 1
    if answer.status == "failure":
        return
    records = select(answer.texts)
    if not records:
        walk.missing.append(target)
    elif len(records) > 1:
        walk.errors.append(_placed(term, path))
    else:
        walk.included[target] = records[0]
        # An include met twice is counted twice, but a tree that doubles at every step must end.
        if walk.lookups <= QUESTION_LIMIT:
            yield from _follow(walk, target, records[0], path=(*path, target))


def _count_void(walk: _Walk, target: str, rdtype: str, term: str) -> Asking[None]:
    known = (target, rdtype) in walk.answers
    answer = yield from walk.ask(target, rdtype)
    if answer.status == "nodata" and rdtype == "A":
        answer = yield from walk.ask(target, "AAAA")
    if answer.status in {"nodata", "nxdomain"} and not known:
        walk.voids += 1
    if rdtype == "MX" and len(answer.texts) > MX_LIMIT:
        walk.errors.append(term)


def _placed(term: str, path: tuple[str, ...]) -> str:
    return term if len(path) == 1 else f"{term} @ {path[-1]}"
