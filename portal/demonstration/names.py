"""The DNS of the demonstration: zones built from a plan, and what a server answers to one question."""

import datetime as dt
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import dns.dnssec
import dns.dnssectypes
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.node
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.SOA
import dns.rrset
import dns.zone
from cryptography.hazmat.primitives.asymmetric import ec

from portal.demonstration.plans import Plan, Quirk, Zone

TTL = 60
RESOLVER_ADDRESS = "127.0.0.1"
LONGEST_CHAIN = 9
PLAIN_UDP_SIZE = 512
LARGEST_MESSAGE = 65535
KEY_SIGNING_KEY = 257  # RFC 4034 section 2.1.1: zone key and secure entry point

Note = Callable[[str, str, str, str], None]  # kind, host, what, address


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question as it reached one of our addresses."""

    query: dns.message.Message
    name: dns.name.Name
    kind: dns.rdatatype.RdataType
    server: str
    over_udp: bool

    @property
    def recursive(self) -> bool:
        """Whether it was put to the resolver and not to one of the name servers."""
        return self.server == RESOLVER_ADDRESS


class Names:
    """All zones of a plan: one address answers as a resolver, the others as name servers of their zones."""

    def __init__(self, plan: Plan, *, addresses: Mapping[str, str], pins: Mapping[str, str], at: dt.datetime) -> None:
        """Build the zones; `addresses` says where each host lives, `pins` whose key a TLSA record names."""
        self._addresses = addresses
        self._at = at
        self._quirks = {_key(name): quirk for name, quirk in plan.quirks.items()}
        self._rotations = {dns.name.from_text(name): itertools.cycle(turn) for name, turn in plan.rotations.items()}
        self._plans = {dns.name.from_text(zone.name): zone for zone in with_parents(plan.zones)}
        self._zones = {origin: self._build(origin) for origin in self._plans}
        self._publish(plan)
        for host, digest in pins.items():
            name = dns.name.from_text(f"_25._tcp.{host}")
            _add(self._zone_above(name), dns.rrset.from_text(name, TTL, "IN", "TLSA", f"3 1 1 {digest}"))
        for origin in sorted(self._plans, key=len, reverse=True):  # children first: their DS goes to the parent
            self._finish(origin)

    def server_addresses(self) -> frozenset[str]:
        """Every address a name server lives at, the resolver's included."""
        served = {self._addresses[name] for zone in self._plans.values() for name in servers_of(zone)}
        dead = {self._addresses[_whole(name, zone)] for zone in self._plans.values() for name in zone.dead}
        return frozenset({RESOLVER_ADDRESS} | served - dead)

    def answer(self, wire: bytes, *, server: str, over_udp: bool, note: Note) -> bytes | None:
        """The answer to one message; None: silence."""
        try:
            query = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return None
        if query.flags & dns.flags.QR or len(query.question) != 1:
            return None
        question = query.question[0]
        asked = Asked(query=query, name=question.name, kind=question.rdtype, server=server, over_udp=over_udp)
        note("dns", asked.name.canonicalize().to_text(omit_final_dot=True), asked.kind.name, server)
        return self._treat(asked)

    def _treat(self, asked: Asked) -> bytes | None:
        response = dns.message.make_response(asked.query, recursion_available=asked.recursive)
        checking = not asked.query.flags & dns.flags.CD
        match self._quirk(asked):
            case Quirk.SILENT:
                return None
            case Quirk.GARBLED:
                return b"\x00garbled\xff" * 3
            case Quirk.SERVFAIL:
                response.set_rcode(dns.rcode.SERVFAIL)
            case Quirk.BOGUS if checking and asked.recursive:
                response.set_rcode(dns.rcode.SERVFAIL)
            case Quirk.REFUSED:
                response.set_rcode(dns.rcode.REFUSED)
            case Quirk.TRUNCATED if asked.over_udp:
                response.flags |= dns.flags.TC
            case quirk:
                self._resolve(asked, response)
                if quirk is Quirk.AUTHENTICATED and asked.recursive:
                    response.flags |= dns.flags.AD
                if quirk is Quirk.WRONG_ID:
                    response.id ^= 0x5555
        return self._wire(asked, response)

    def _quirk(self, asked: Asked) -> Quirk | None:
        name = asked.name.canonicalize().to_text()
        everything_beside = f"*.{name.partition('.')[2]}"
        keys = (f"{name}/{asked.kind.name}", name, f"{everything_beside}/{asked.kind.name}", everything_beside)
        return next((self._quirks[key] for key in keys if key in self._quirks), None)

    def _wire(self, asked: Asked, response: dns.message.Message) -> bytes:
        if not asked.over_udp:
            return response.to_wire(max_size=LARGEST_MESSAGE)
        offered = asked.query.payload if asked.query.edns >= 0 else 0
        try:
            return response.to_wire(max_size=max(offered, PLAIN_UDP_SIZE))
        except dns.exception.TooBig:
            for section in (response.answer, response.authority, response.additional):
                section.clear()
            response.flags |= dns.flags.TC
            return response.to_wire()

    # --- looking up ---------------------------------------------------------------------------

    def _resolve(self, asked: Asked, response: dns.message.Message) -> None:
        signed = bool(asked.query.ednsflags & dns.flags.DO)
        name, passed = asked.name, 0
        origin = self._zone_for(asked, name)
        while origin is not None:
            zone = self._zones[origin]
            cut = _cut_above(zone, name, asked.kind)
            if cut is not None:
                self._refer(asked, response, zone, cut)
                return
            response.flags |= 0 if asked.recursive else dns.flags.AA
            target = self._look_up(asked, response, zone, name, signed=signed)
            if target is None:
                return
            passed += 1
            if passed == LONGEST_CHAIN and asked.recursive:
                response.answer.clear()
                response.set_rcode(dns.rcode.SERVFAIL)
                return
            if passed == LONGEST_CHAIN or not (asked.recursive or target.is_subdomain(origin)):
                return
            name, origin = target, self._zone_for(asked, target)
        response.set_rcode(dns.rcode.REFUSED)

    def _zone_for(self, asked: Asked, name: dns.name.Name) -> dns.name.Name | None:
        held = [origin for origin in self._plans if asked.recursive or asked.server in self._servers(origin)]
        above = [origin for origin in held if name.is_subdomain(origin)]
        if asked.kind == dns.rdatatype.DS:  # RFC 4035 section 3.1.4.1: DS is the parent's
            above = [origin for origin in above if origin != name] or above
        return max(above, key=len, default=None)

    def _servers(self, origin: dns.name.Name) -> frozenset[str]:
        plan = self._plans[origin]
        return frozenset(
            self._addresses[whole]
            for short, whole in zip(plan.name_servers, servers_of(plan), strict=True)
            if short not in plan.lame
        )

    def _refer(self, asked: Asked, response: dns.message.Message, zone: dns.zone.Zone, cut: dns.name.Name) -> None:
        if asked.recursive:  # delegated to servers that are not here
            response.set_rcode(dns.rcode.SERVFAIL)
            return
        delegation = zone.get_rrset(cut, dns.rdatatype.NS)
        assert delegation is not None
        response.authority.append(delegation)
        for item in delegation:
            glue = zone.get_rrset(item.target, dns.rdatatype.A)
            if glue is not None:
                response.additional.append(glue)

    def _look_up(
        self,
        asked: Asked,
        response: dns.message.Message,
        zone: dns.zone.Zone,
        name: dns.name.Name,
        *,
        signed: bool,
    ) -> dns.name.Name | None:
        """Add what the zone says of a name; the target when it is an alias to follow."""
        node, owner = _node_of(zone, name)
        if node is None:
            self._deny(asked, response, zone, name, exists=owner is not None, signed=signed)
            return None
        found = list(_matching(node, asked.kind))
        for rdataset in found:
            response.answer.append(self._turned(asked, _named(name, rdataset)))
            if signed:
                response.answer.extend(_named(name, item) for item in _signatures(node, rdataset.rdtype))
        if not found:
            self._deny(asked, response, zone, name, exists=True, signed=signed)
            return None
        alias = found[0].rdtype == dns.rdatatype.CNAME and asked.kind not in {
            dns.rdatatype.CNAME,
            dns.rdatatype.ANY,
        }
        return found[0][0].target if alias else None

    def _turned(self, asked: Asked, rrset: dns.rrset.RRset) -> dns.rrset.RRset:
        if rrset.rdtype == dns.rdatatype.SOA and asked.server in self._stale(rrset.name):
            soa = rrset[0]
            return dns.rrset.from_rdata(rrset.name, rrset.ttl, soa.replace(serial=soa.serial - 1))
        if rrset.rdtype == dns.rdatatype.A and rrset.name in self._rotations:
            return dns.rrset.from_text(rrset.name, 0, "IN", "A", next(self._rotations[rrset.name]))
        return rrset

    def _stale(self, origin: dns.name.Name) -> frozenset[str]:
        plan = self._plans[origin]
        return frozenset(self._addresses[_whole(name, plan)] for name in plan.stale)

    def _deny(
        self,
        asked: Asked,
        response: dns.message.Message,
        zone: dns.zone.Zone,
        name: dns.name.Name,
        *,
        exists: bool,
        signed: bool,
    ) -> None:
        if not exists:
            response.set_rcode(dns.rcode.NXDOMAIN)
        assert zone.origin is not None
        proofs = [(zone.origin, dns.rdatatype.SOA)]
        if signed:
            before = [owner for owner in zone.nodes if isinstance(owner, dns.name.Name) and owner <= name]
            proofs.append((max(before, default=zone.origin), dns.rdatatype.NSEC))
        for owner, kind in proofs:
            rrset = zone.get_rrset(owner, kind)
            if rrset is None:
                continue
            response.authority.append(self._turned(asked, rrset))
            if signed:
                node = zone.get_node(owner)
                assert node is not None
                response.authority.extend(_named(owner, item) for item in _signatures(node, kind))

    # --- building -----------------------------------------------------------------------------

    def _build(self, origin: dns.name.Name) -> dns.zone.Zone:
        plan = self._plans[origin]
        servers = servers_of(plan)
        mailbox = dns.name.Name((b"hostmaster",)).concatenate(origin).to_text()
        lines = [
            f"$TTL {TTL}",
            f"@ SOA {servers[0]} {mailbox} {plan.serial} 7200 3600 1209600 {TTL}",
            *(f"@ NS {server}" for server in servers),
            *(
                f"{server} A {self._addresses[server]}"
                for server in servers
                if dns.name.from_text(server).is_subdomain(origin)
            ),
        ]
        text = "\n".join([*lines, plan.records]) + "\n"
        return dns.zone.from_text(text, origin=origin, relativize=False, check_origin=False)

    def _publish(self, plan: Plan) -> None:
        hosts = [name for site in plan.sites for name in (site.host, *site.aliases)]
        hosts += [exchanger.host for exchanger in plan.exchangers]
        hosts += [server for zone in self._plans.values() for server in servers_of(zone)]
        published = [(host, self._addresses[_absolute(host)]) for host in hosts]
        published += [(host, turn[0]) for host, turn in plan.rotations.items()]
        for host, address in published:
            name = dns.name.from_text(host)
            zone = self._zone_above(name)
            node = zone.get_node(name)
            if node is None or not {item.rdtype for item in node} & {dns.rdatatype.A, dns.rdatatype.CNAME}:
                _add(zone, dns.rrset.from_text(name, TTL, "IN", "A", address))

    def _zone_above(self, name: dns.name.Name) -> dns.zone.Zone:
        return self._zones[max((origin for origin in self._zones if name.is_subdomain(origin)), key=len)]

    def _finish(self, origin: dns.name.Name) -> None:
        plan, zone = self._plans[origin], self._zones[origin]
        keys = self._sign(zone) if plan.signed else ()
        if origin == dns.name.root:
            return
        parent = self._zones[
            max((other for other in self._zones if origin.is_subdomain(other) and other != origin), key=len)
        ]
        delegated = plan.delegated_to if plan.delegated_to is not None else plan.name_servers
        for server in (_whole(name, plan) for name in delegated):
            _add(parent, dns.rrset.from_text(origin, TTL, "IN", "NS", server))
            if server in self._addresses and dns.name.from_text(server).is_subdomain(origin):
                _add(parent, dns.rrset.from_text(server, TTL, "IN", "A", self._addresses[server]))
        if plan.ds_published:
            for key in keys:
                ds = dns.dnssec.make_ds(origin, key, dns.dnssectypes.DSDigest.SHA256)
                _add(parent, dns.rrset.from_rdata(origin, TTL, ds))

    def _sign(self, zone: dns.zone.Zone) -> tuple[dns.rdtypes.ANY.DNSKEY.DNSKEY, ...]:
        private = ec.generate_private_key(ec.SECP256R1())
        public = dns.dnssec.make_dnskey(
            private.public_key(), dns.dnssectypes.Algorithm.ECDSAP256SHA256, flags=KEY_SIGNING_KEY
        )
        dns.dnssec.sign_zone(
            zone,
            keys=[(private, public)],
            inception=self._at - dt.timedelta(days=2),
            expiration=self._at + dt.timedelta(days=14),
        )
        return (public,)


def with_parents(zones: tuple[Zone, ...]) -> tuple[Zone, ...]:
    """The zones of a plan and the top-level and root zones that delegate to them."""
    named = {_absolute(zone.name) for zone in zones}
    tops = sorted({zone.name.rstrip(".").rpartition(".")[2] for zone in zones})
    made = [Zone(name=top, name_servers=("a.nic", "b.nic")) for top in tops if top and _absolute(top) not in named]
    root = [] if "." in named else [Zone(name=".", name_servers=("a.root-servers.test.",))]
    return (*zones, *made, *root)


def servers_of(zone: Zone) -> tuple[str, ...]:
    """The whole names of a zone's servers, with the trailing dot."""
    return tuple(_whole(name, zone) for name in zone.name_servers)


def _whole(name: str, zone: Zone) -> str:
    return name.lower() if name.endswith(".") else f"{name}.{_absolute(zone.name)}".lower()


def _absolute(name: str) -> str:
    return f"{name.rstrip('.')}.".lower()


def _key(text: str) -> str:
    name, slash, kind = text.partition("/")
    return f"{dns.name.from_text(name).canonicalize().to_text()}{slash}{kind.upper()}"


def _cut_above(zone: dns.zone.Zone, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> dns.name.Name | None:
    """The delegation that leads out of the zone on the way to a name."""
    assert zone.origin is not None
    step = name
    found = None
    while step != zone.origin:
        if zone.get_rdataset(step, dns.rdatatype.NS) is not None and not (step == name and kind == dns.rdatatype.DS):
            found = step
        step = step.parent()
    return found


def _node_of(zone: dns.zone.Zone, name: dns.name.Name) -> tuple[dns.node.Node | None, dns.name.Name | None]:
    """The node for a name, by wildcard where need be (RFC 4592); without a node, the name if it is an empty one."""
    node = zone.get_node(name)
    if node is not None:
        return node, name
    existing = [owner for owner in zone.nodes if isinstance(owner, dns.name.Name)]
    if any(owner.is_subdomain(name) for owner in existing):
        return None, name
    encloser = name.parent()
    while not any(owner.is_subdomain(encloser) for owner in existing):
        encloser = encloser.parent()
    wildcard = dns.name.Name((b"*",)).concatenate(encloser)
    return zone.get_node(wildcard), None


def _matching(node: dns.node.Node, kind: dns.rdatatype.RdataType) -> Iterator[dns.rdataset.Rdataset]:
    alias = node.get_rdataset(dns.rdataclass.IN, dns.rdatatype.CNAME)
    for rdataset in node:
        if rdataset.rdtype == dns.rdatatype.RRSIG and kind != dns.rdatatype.RRSIG:
            continue
        if kind in {dns.rdatatype.ANY, rdataset.rdtype} or (alias is rdataset):
            yield rdataset


def _signatures(node: dns.node.Node, covered: dns.rdatatype.RdataType) -> Iterator[dns.rdataset.Rdataset]:
    yield from (item for item in node if item.rdtype == dns.rdatatype.RRSIG and item.covers == covered)


def _named(name: dns.name.Name, rdataset: dns.rdataset.Rdataset) -> dns.rrset.RRset:
    return dns.rrset.from_rdata_list(name, rdataset.ttl, list(rdataset))


def _add(zone: dns.zone.Zone, rrset: dns.rrset.RRset) -> None:
    rdataset = zone.find_rdataset(rrset.name, rrset.rdtype, rrset.covers, create=True)
    for rdata in rrset:
        rdataset.add(rdata, rrset.ttl)


def nearby_addresses(plan: Plan) -> dict[str, str]:
    """An address of 127/8 for every site, exchanger and name server, by whole name."""
    given: dict[str, str] = {}
    taken = {RESOLVER_ADDRESS, *(site.address for site in plan.sites), *(item.address for item in plan.exchangers)}
    web = (f"127.80.{number // 200}.{number % 200 + 10}" for number in itertools.count())
    mail = (f"127.25.{number // 200}.{number % 200 + 10}" for number in itertools.count())
    for site in plan.sites:
        address = site.address or next(free for free in web if free not in taken)
        given.update({_absolute(name): address for name in (site.host, *site.aliases)})
    for exchanger in plan.exchangers:
        given[_absolute(exchanger.host)] = exchanger.address or next(free for free in mail if free not in taken)
    counters: defaultdict[int, itertools.count[int]] = defaultdict(lambda: itertools.count(10))
    for zone in with_parents(plan.zones):
        for place, server in enumerate(servers_of(zone)):
            if server not in given:  # each place has a network of its own, as good name servers do
                given[server] = f"127.{53 + place}.0.{next(counters[place])}"
    return given
