"""Active class: what a domain's name servers tell a stranger: the whole zone, foreign names, their version."""

import asyncio

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

from scanners.observations import NameServerManners, Reason
from scanners.probes import asking
from scanners.probes.network import Door, Unseen
from scanners.probes.visit import Visit

MOST_SERVERS = 4  # with their addresses, so that the class's forty questions are enough for a domain with ten hosts
FOREIGN_NAME = "example.com"  # RFC 2606: exists, and belongs to nobody whom a question could trouble
LONGEST_VERSION = 80
ENDINGS = frozenset({Reason.STOPPED, Reason.DEADLINE, Reason.BUDGET})


async def manners(visit: Visit, domain: str) -> NameServerManners:
    """Three questions to each server that the zone names; of a zone that comes back nothing is kept."""
    door = visit.door
    reply = await asking.reply_to(door, domain, "NS")
    names = sorted({asking.name_text(record.target) for record in asking.records(reply, "NS")})[:MOST_SERVERS]
    if not names:
        raise Unseen(Reason.NAME_NOT_FOUND)
    found = await asyncio.gather(*(_address(door, name) for name in names))
    servers = {name: address for name, address in zip(names, found, strict=True) if address}
    if not servers:
        raise Unseen(Reason.DNS_FAILURE, "name servers")
    given, recursive, versions = await asyncio.gather(
        asyncio.gather(*(_transfers(door, domain, address) for address in servers.values())),
        asyncio.gather(*(_recurses(door, address) for address in servers.values())),
        asyncio.gather(*(_version(door, address) for address in servers.values())),
    )
    by_name = tuple(servers)
    return NameServerManners(
        at=visit.at,
        asked=by_name,
        transfers=tuple(name for name, its in zip(by_name, given, strict=True) if its),
        transfers_unclear=tuple(name for name, its in zip(by_name, given, strict=True) if its is None),
        recursive=tuple(name for name, its in zip(by_name, recursive, strict=True) if its),
        recursion_unclear=tuple(name for name, its in zip(by_name, recursive, strict=True) if its is None),
        versions={name: its for name, its in zip(by_name, versions, strict=True) if its},
    )


async def _address(door: Door, name: str) -> str:
    try:
        return next(iter((await door.resolve(name)).addresses), "")
    except Unseen as unseen:
        if unseen.reason in ENDINGS:
            raise
        return ""


async def _transfers(door: Door, domain: str, address: str) -> bool | None:
    """Whether AXFR is answered with more than the SOA. Only the first message is read."""
    try:
        reply = await door.query(domain, "AXFR", server=address, tcp=True)
    except Unseen as unseen:
        if unseen.reason in ENDINGS:
            raise
        return False if unseen.reason in {Reason.REFUSED, Reason.RESET} else None
    kinds = {rrset.rdtype for rrset in reply.answer}
    return reply.rcode() == dns.rcode.NOERROR and dns.rdatatype.SOA in kinds and len(kinds) > 1


async def _recurses(door: Door, address: str) -> bool | None:
    """Whether it looks up a name of somebody else's."""
    try:
        reply = await door.query(FOREIGN_NAME, "A", server=address, recursion=True)
    except Unseen as unseen:
        if unseen.reason in ENDINGS:
            raise
        return None
    return reply.rcode() == dns.rcode.NOERROR and bool(reply.flags & dns.flags.RA) and bool(reply.answer)


async def _version(door: Door, address: str) -> str:
    try:
        reply = await door.query("version.bind", "TXT", server=address, chaos=True)
        text = next(iter(asking.record_texts(reply, "TXT")), "")
    except Unseen as unseen:
        if unseen.reason in ENDINGS:
            raise
        return ""
    return "".join(sign for sign in text if sign.isprintable())[:LONGEST_VERSION]
