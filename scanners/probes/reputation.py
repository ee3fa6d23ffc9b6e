"""What DNS tells of a name: lists of abused domains, and names that look like it. Only the resolver is asked."""

import asyncio
import ipaddress

import dns.rcode

from scanners import targets
from scanners.observations import LookAlikes, Reason, Reputation
from scanners.parsing import look_alikes as guessing
from scanners.probes import asking
from scanners.probes.inquiries import REGISTRIES
from scanners.probes.network import Door, Unseen
from scanners.probes.visit import Visit

MOST_NAMES = 150  # look-alikes asked for
MOST_QUERIES = 200  # in all; what is left over asks who takes mail
AT_ONCE = 10
LISTED = ipaddress.ip_network("127.0.0.0/8")
REFUSED = ipaddress.ip_network("127.255.255.0/24")  # "you may not ask" in the lists' own words


async def reputation(visit: Visit, domain: str) -> Reputation:
    """Whether the lists of the setting name the domain."""
    zones = visit.door.settings.registries.reputation_zones
    if not zones:
        raise Unseen(Reason.NOT_CONFIGURED)
    answers = {zone: await _is_listed(visit.door, domain, zone) for zone in zones}
    known = {zone: listed for zone, listed in answers.items() if listed is not None}
    if not known:
        raise Unseen(Reason.DNS_FAILURE)
    return Reputation(at=visit.at, asked=tuple(known), listed=tuple(zone for zone, listed in known.items() if listed))


async def _is_listed(door: Door, domain: str, zone: str) -> bool | None:
    try:
        reply = await asking.reply_to(door, f"{domain}.{zone}", "A")
        found = [ipaddress.ip_address(text) for text in asking.record_texts(reply, "A")]
    except (Unseen, ValueError):
        return None
    if any(address in REFUSED for address in found):
        return None
    return any(address in LISTED for address in found)


async def look_alikes(visit: Visit, domain: str) -> LookAlikes:
    """Which names that look like the domain are registered. Nobody but the resolver hears of it."""
    if not visit.door.settings.registries.lookalikes:
        raise Unseen(Reason.NOT_CONFIGURED)
    names = guessing.of(domain, at_most=MOST_NAMES)
    names = tuple(name for name in names if targets.registrable(name) == name)
    door = Door(visit.door.settings, budget=REGISTRIES)  # none of these names is the vendor's budget
    try:
        turn = asyncio.Semaphore(AT_ONCE)
        exist = await asyncio.gather(*(_exists(door, turn, name) for name in names))
        answered = [(name, exists) for name, exists in zip(names, exist, strict=True) if exists is not None]
        if names and not answered:
            raise Unseen(Reason.DNS_FAILURE)
        registered = [name for name, exists in answered if exists][: MOST_QUERIES - len(names)]
        mail = await asyncio.gather(*(_takes_mail(door, turn, name) for name in registered))
    finally:
        await door.aclose()
    return LookAlikes(at=visit.at, asked=len(answered), registered=dict(zip(registered, mail, strict=True)))


async def _exists(door: Door, turn: asyncio.Semaphore, name: str) -> bool | None:
    """A registered name has name servers; a registry that answers for every name (a wildcard) gives none."""
    try:
        async with turn:
            reply = await asking.reply_to(door, name, "NS")
    except Unseen:
        return None
    return reply.rcode() != dns.rcode.NXDOMAIN and bool(asking.records(reply, "NS"))


async def _takes_mail(door: Door, turn: asyncio.Semaphore, name: str) -> bool:
    try:
        async with turn:
            records = asking.record_texts(await asking.reply_to(door, name, "MX"), "MX")
    except Unseen:
        return False
    return any(text.partition(" ")[2] for text in records)  # the null MX names the root (RFC 7505)
