"""What DNS says around a host and a domain: service records, leftovers, what others are relied on, who routes."""

import asyncio
import json
from collections.abc import Iterable, Mapping

import dns.flags
import dns.rcode
import dns.rdatatype
import dns.reversename
from dns.rdtypes.svcbbase import ParamKey

from scanners import targets
from scanners.observations import (
    AddressOrigins,
    DomainTexts,
    HostServices,
    Origin,
    Reason,
    ReliedDomains,
)
from scanners.parsing import addresses, spf
from scanners.parsing.asking import Question
from scanners.probes import asking, registration
from scanners.probes import dns as names
from scanners.probes.network import Door, Unseen
from scanners.probes.visit import Visit

HTTPS = 443
MOST_POINTERS = 4
MOST_PARTIES = 30  # foreign domains that are looked up
MOST_ADDRESSES = 12
MOST_REGISTRIES = 3  # missing domains for which a registry is asked
VALIDITY_BYTES = 65_536
LONGEST_PROTOCOL = 20

# Services whose SRV records stay behind when they are given up.
SERVICES = (
    "_autodiscover._tcp",
    "_caldavs._tcp",
    "_carddavs._tcp",
    "_sip._tls",
    "_sipfederationtls._tcp",
    "_xmpp-server._tcp",
)


# --- the host ----------------------------------------------------------------------------------


async def host_services(visit: Visit, name: str) -> HostServices:
    """The HTTPS record, the TLSA records of port 443, and the reverse names of the addresses."""
    door = visit.door
    resolution = await door.resolve(name)
    if not resolution.exists:
        raise Unseen(Reason.NAME_NOT_FOUND)
    binding, pins, pointers, answers = await asyncio.gather(
        asking.reply_to(door, name, "HTTPS"),
        asking.reply_to(door, f"_443._tcp.{name}", "TLSA", dnssec=True),
        _pointers(door, resolution.addresses[:MOST_POINTERS]),
        _answers(door, name, resolution.addresses_v6[:1]),
    )
    records = asking.records(binding, "HTTPS")
    tlsa = asking.record_texts(pins, "TLSA")
    return HostServices(
        at=visit.at,
        https_record=bool(records),
        protocols=tuple(dict.fromkeys(name for record in records for name in _protocols(record.params))),
        encrypted_hello=any(ParamKey.ECH in record.params for record in records),
        tlsa=tlsa,
        tlsa_authenticated=bool(pins.flags & dns.flags.AD) if tlsa else None,
        pointers=pointers,
        ipv6_answers=answers,
    )


async def _answers(door: Door, host: str, addresses_v6: tuple[str, ...]) -> bool | None:
    """Whether the web server takes a connection over IPv6."""
    for address in addresses_v6:
        try:
            async with await door.connect(host, HTTPS, address=address):
                return True
        except Unseen as unseen:
            if unseen.reason in {Reason.STOPPED, Reason.DEADLINE}:
                raise
            return False if unseen.reason in {Reason.REFUSED, Reason.TIMEOUT} else None
    return None


def _protocols(parameters: Mapping[int, object]) -> Iterable[str]:
    listed = getattr(parameters.get(ParamKey.ALPN), "ids", ())
    return (raw.decode("ascii", errors="replace")[:LONGEST_PROTOCOL] for raw in listed)


async def _pointers(door: Door, wanted: tuple[str, ...]) -> Mapping[str, str]:
    """Reverse names; an address without one, or whose zone does not answer, is left out."""
    found = await asyncio.gather(*(_pointer(door, address) for address in wanted))
    return {address: name for address, name in zip(wanted, found, strict=True) if name}


async def _pointer(door: Door, address: str) -> str:
    try:
        reply = await asking.reply_to(door, dns.reversename.from_address(address).to_text(), "PTR")
        return next(iter(asking.record_texts(reply, "PTR")), "")
    except Unseen as unseen:
        if unseen.reason in {Reason.STOPPED, Reason.DEADLINE}:
            raise
        return ""


# --- leftovers ---------------------------------------------------------------------------------


async def domain_texts(visit: Visit, domain: str) -> DomainTexts:
    """The TXT records of a domain, the retired SPF type, BIMI, and SRV records with what they lead to."""
    door = visit.door
    own = await asking.reply_to(door, domain, "TXT")
    if own.rcode() == dns.rcode.NXDOMAIN:
        raise Unseen(Reason.NAME_NOT_FOUND)
    retired, bimi, services = await asyncio.gather(
        asking.reply_to(door, domain, "SPF"),
        asking.reply_to(door, f"default._bimi.{domain}", "TXT"),
        asyncio.gather(*(_service(door, f"{label}.{domain}") for label in SERVICES)),
    )
    led = {owner: target for owner, target, _exists in services if target}
    return DomainTexts(
        at=visit.at,
        texts=asking.record_texts(own, "TXT"),
        spf_type99=tuple(
            b"".join(record.strings).decode("utf-8", errors="replace") for record in asking.records(retired, "SPF")
        ),
        bimi=tuple(text for text in asking.record_texts(bimi, "TXT") if text.lower().startswith("v=bimi1")),
        services=led,
        services_missing=tuple(owner for owner, target, exists in services if target and exists is False),
    )


async def _service(door: Door, owner: str) -> tuple[str, str, bool | None]:
    """The target of an SRV record and whether it exists; "" without one, or where it says that there is none."""
    try:
        reply = await asking.reply_to(door, owner, "SRV")
        record = next(iter(asking.records(reply, "SRV")), None)
        target = asking.name_text(record.target) if record is not None else ""
        if not target:
            return owner, "", None
        found = await door.resolve(target)
    except Unseen as unseen:
        if unseen.reason in {Reason.STOPPED, Reason.DEADLINE}:
            raise
        return owner, "", None
    return owner, target, found.exists and found.dangling_target is None


# --- what others are relied on -----------------------------------------------------------------


async def relied_domains(visit: Visit, domain: str) -> ReliedDomains:
    """The foreign registrable domains that MX, NS, SPF and aliases name; what does not exist was asked for twice."""
    door = visit.door
    uses = await _uses(visit, domain)
    others = dict(list(uses.items())[:MOST_PARTIES])
    states = dict(zip(others, await asyncio.gather(*(_exists(door, name) for name in others)), strict=True))
    missing = tuple(name for name, exists in states.items() if exists is False)
    told = await asyncio.gather(*(_is_registered(visit, name) for name in missing[:MOST_REGISTRIES]))
    return ReliedDomains(
        at=visit.at,
        uses=others,
        missing=missing,
        unseen=tuple(name for name, exists in states.items() if exists is None),
        registered={name: its for name, its in zip(missing, told, strict=False) if its is not None},
    )


async def _is_registered(visit: Visit, name: str) -> bool | None:
    """What the registry says of a domain that DNS does not know; None where no registry is asked or answers."""
    try:
        told = await registration.registration(visit, name)
    except Unseen as unseen:
        if unseen.reason in {Reason.STOPPED, Reason.DEADLINE}:
            raise
        return None
    return told.exists if told.serves else None


async def _uses(visit: Visit, domain: str) -> dict[str, str]:
    door = visit.door
    mail, servers, trace, aliases = await asyncio.gather(
        asking.reply_to(door, domain, "MX"),
        asking.reply_to(door, domain, "NS"),
        asking.answered(door, spf.trace(domain)),
        names.aliases(visit, domain),
    )
    named = [(asking.name_text(record.exchange), "MX") for record in asking.records(mail, "MX")]
    named += [(asking.name_text(record.target), "NS") for record in asking.records(servers, "NS")]
    named += [(name, "SPF include") for name in (*trace.included, *trace.missing)]
    named += [(target, f"CNAME {name}") for name, target in aliases.items()]
    found: dict[str, str] = {}
    for name, part in named:
        # A name whose labels begin with _ is set up by machines; nobody registers it by hand.
        if name and addresses.parse(name) is None and "." in name:
            owner = targets.registrable(name)
            if owner != domain and not targets.is_below(owner, domain):
                found.setdefault(owner, f"{part}: {name}")
    return found


async def _exists(door: Door, name: str) -> bool | None:
    """Whether a registrable domain exists; None where DNS gave no usable answer. Absence must be said twice."""
    for kind in ("SOA", "NS"):
        answer = await asking.ask(door, Question(name=name, rdtype=kind))
        if answer.status == "failure":
            return None
        if answer.status != "nxdomain":
            return True
    return False


# --- who routes --------------------------------------------------------------------------------


async def origins(visit: Visit, domain: str) -> AddressOrigins:
    """Network, origin and country of web, mail and name servers, from the source the operator has named."""
    settings = visit.door.settings
    if not settings.origin_zone:
        raise Unseen(Reason.NOT_CONFIGURED)
    where = await _addresses_of(visit, domain)
    if not where:
        raise Unseen(Reason.NAME_NOT_FOUND)
    found = await asyncio.gather(*(_origin(visit.door, address) for address in where))
    known = {address: origin for address, origin in zip(where, found, strict=True) if origin}
    if not known:
        raise Unseen(Reason.DNS_FAILURE, "origins")
    validity: dict[str, str] = {}
    if settings.route_validator:
        states = await asyncio.gather(*(_validity(visit, origin) for origin in known.values()))
        validity = {address: state for address, state in zip(known, states, strict=True) if state}
    return AddressOrigins(
        at=visit.at,
        addresses=where,
        origins=known,
        validity=validity,
        validated=bool(settings.route_validator),
    )


async def _addresses_of(visit: Visit, domain: str) -> dict[str, str]:
    door = visit.door
    mail, servers = await asyncio.gather(asking.reply_to(door, domain, "MX"), asking.reply_to(door, domain, "NS"))
    parts = [(name, "web") for name in visit.hosts if targets.is_below(name, domain)]
    parts += [(asking.name_text(record.exchange), "mail") for record in asking.records(mail, "MX")]
    parts += [(asking.name_text(record.target), "dns") for record in asking.records(servers, "NS")]
    wanted = [(name, part) for name, part in parts if name and addresses.parse(name) is None][:MOST_ADDRESSES]
    resolved = await asyncio.gather(*(_resolved(door, name) for name, _part in wanted))
    found: dict[str, str] = {}
    for (name, part), its in zip(wanted, resolved, strict=True):
        for address in its:
            found.setdefault(address, f"{part} {name}")
    return dict(list(found.items())[:MOST_ADDRESSES])


async def _resolved(door: Door, name: str) -> tuple[str, ...]:
    try:
        return (await door.resolve(name)).addresses
    except Unseen as unseen:
        if unseen.reason in {Reason.STOPPED, Reason.DEADLINE}:
            raise
        return ()


async def _origin(door: Door, address: str) -> Origin | None:
    """One TXT record of the origin zone, as Team Cymru documents it: "AS … | prefix | country | registry | date"."""
    reverse = dns.reversename.from_address(address).to_text(omit_final_dot=True)
    nibbles = reverse.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")
    answer = await asking.ask(door, Question(name=f"{nibbles}.{door.settings.origin_zone}", rdtype="TXT"))
    for text in answer.texts:
        parts = [part.strip() for part in text.split("|")]
        number = parts[0].split()[:1]
        if len(parts) > 2 and number and number[0].isdigit() and len(number[0]) <= 10:  # noqa: PLR2004 - fields; 32 bits
            country = parts[2].upper()
            return Origin(
                prefix=parts[1],
                asn=int(number[0]),
                country=country if country.isalpha() and len(country) == 2 else "",  # noqa: PLR2004 - ISO 3166
            )
    return None


async def _validity(visit: Visit, origin: Origin) -> str:
    """Route origin validation (RFC 6811) by a validator that speaks Routinator's API; "" where it gave no answer."""
    if addresses.network(origin.prefix) is None:
        return ""
    url = f"https://{visit.door.settings.route_validator}/api/v1/validity/AS{origin.asn}/{origin.prefix}"
    try:
        response = await visit.fetcher.fetch(url, at_most=VALIDITY_BYTES)
        if response.status != 200 or not response.tls_verified:  # noqa: PLR2004 - HTTP OK
            return ""
        state = json.loads(response.body)["validated_route"]["validity"]["state"]
    except (Unseen, ValueError, KeyError, TypeError, RecursionError):
        return ""
    return state if state in {"valid", "invalid", "not-found"} else ""
