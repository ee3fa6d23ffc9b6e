"""Real name servers of all manners: one gives out its zone, one looks up everything, one tells its version."""

import asyncio
import dataclasses

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest

from portal.demonstration.plans import Plan, Site, Zone
from scanners.observations import NameServerManners, Reason
from scanners.probes import name_servers
from scanners.probes.fetching import Fetcher
from scanners.probes.network import ACTIVE, Door, Unseen
from scanners.probes.visit import Visit

OPEN, STRICT, MUTE = "127.99.1.1", "127.99.1.2", "127.99.1.3"
PLAN = Plan(
    zones=(
        Zone(
            name="offen.test",
            records=f"@ NS ns.offen.test.\nns A {OPEN}",
            name_servers=("ns.haus.test.",),
        ),
        Zone(name="streng.test"),
        Zone(name="haus.test", records=f"ns A {STRICT}\nstumm A {MUTE}"),
        Zone(name="stumm.test", name_servers=("stumm.haus.test.",)),
    ),
    sites=(Site(host="www.streng.test"),),
)


@pytest.fixture(scope="module")
def running(serve):
    return serve(PLAN)


def answer(wire: bytes, *, generous: bool) -> bytes:
    query = dns.message.from_wire(wire)
    asked = query.question[0]
    reply = dns.message.make_response(query, recursion_available=generous)
    if not generous:
        reply.set_rcode(dns.rcode.REFUSED)
    elif asked.rdclass == dns.rdataclass.CH:
        reply.answer.append(dns.rrset.from_text(asked.name, 0, "CH", "TXT", '"9.18.28-Debian"'))
    elif asked.rdtype == dns.rdatatype.AXFR:
        soa = f"ns.{asked.name} hostmaster.{asked.name} 1 7200 3600 1209600 60"
        reply.answer.append(dns.rrset.from_text(asked.name, 60, "IN", "SOA", soa))
        reply.answer.append(dns.rrset.from_text(f"geheim.{asked.name}", 60, "IN", "A", "10.0.0.7"))
    elif query.flags & dns.flags.RD:
        reply.answer.append(dns.rrset.from_text(asked.name, 60, "IN", "A", "93.184.216.34"))
    return reply.to_wire()


class OverUdp(asyncio.DatagramProtocol):
    def __init__(self, *, generous: bool) -> None:
        self._generous = generous

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._transport.sendto(answer(data, generous=self._generous), addr)  # type: ignore[attr-defined]


def over_tcp(*, generous: bool):
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = int.from_bytes(await reader.readexactly(2), "big")
        reply = answer(await reader.readexactly(length), generous=generous)
        writer.write(len(reply).to_bytes(2, "big") + reply)
        await writer.drain()
        writer.close()

    return serve


def asked(running, domain: str, at) -> NameServerManners:
    async def look() -> NameServerManners:
        loop = asyncio.get_running_loop()
        servers, transports = [], []
        port = running.port_map[53]
        for address, generous in ((OPEN, True), (STRICT, False)):
            servers.append(await asyncio.start_server(over_tcp(generous=generous), address, port))
            made = lambda generous=generous: OverUdp(generous=generous)  # noqa: E731 - a factory
            transports.append((await loop.create_datagram_endpoint(made, local_addr=(address, port)))[0])
        door = Door(dataclasses.replace(running.network()), budget=ACTIVE)
        fetcher = Fetcher(door)
        try:
            return await name_servers.manners(Visit(door=door, fetcher=fetcher, at=at), domain)
        finally:
            await fetcher.aclose()
            await door.aclose()
            for one in (*servers, *transports):
                one.close()
            await asyncio.sleep(0.01)

    return asyncio.run(look())


def test_a_generous_server_beside_a_strict_one(running, at):
    seen = asked(running, "offen.test", at)

    assert seen.asked == ("ns.haus.test", "ns.offen.test")
    assert seen.transfers == ("ns.offen.test",)
    assert seen.recursive == ("ns.offen.test",)
    assert seen.versions == {"ns.offen.test": "9.18.28-Debian"}
    assert seen.transfers_unclear == seen.recursion_unclear == ()
    assert "geheim" not in repr(seen)


def test_ordinary_servers_tell_nothing(running, at):
    seen = asked(running, "streng.test", at)

    assert seen.asked == ("ns1.streng.test", "ns2.streng.test")
    assert (seen.transfers, seen.recursive, seen.versions) == ((), (), {})


def test_f12_a_server_that_does_not_answer_is_unclear(running, at, monkeypatch):
    monkeypatch.setattr("scanners.probes.network.DNS_TRY_SECONDS", 0.2)
    seen = asked(running, "stumm.test", at)

    assert seen.recursion_unclear == ("stumm.haus.test",)
    assert seen.recursive == ()


def test_a_domain_without_name_servers_is_blind(running, at):
    with pytest.raises(Unseen) as unseen:
        asked(running, "gibtesnicht.test", at)

    assert unseen.value.reason is Reason.NAME_NOT_FOUND
