"""What DNS says of a host, of its zone, and of names near it."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
from dns.rdtypes.ANY.DNSKEY import DNSKEY

from scanners import targets
from scanners.observations import (
    CaaRecord,
    DnsKey,
    DsRecord,
    HostDns,
    NameServer,
    Page,
    Reason,
    RelatedHosts,
    Response,
    Soa,
    ZoneDns,
)
from scanners.parsing import caa, certificates, likeness, urls
from scanners.probes import asking, http, reading, tls
from scanners.probes.network import Door, Resolution, Unseen
from scanners.probes.visit import Visit
from scanners.records import record

MOST_SERVERS = 8
PARENT_SERVERS = 2  # of the parent are asked for the delegation, until one answers
RSA_ALGORITHMS = frozenset({1, 5, 7, 8, 10})

# Names under which vendors keep what hospitals and patients use, and what they forget.
LIVE_WORDS = ("www", "portal", "api", "app", "login", "sso", "vpn", "remote", "support", "webmail", "cloud", "mail")
STAGING_WORDS = ("staging", "stage", "test", "dev", "demo", "uat", "qa", "preprod", "sandbox", "beta", "old")
MOST_NAMES = 40
INVENTED_LABELS = 3  # a wildcard counts only when names nobody has set up all resolve
MOST_CERTIFICATES = 4
MOST_PAGES = 8
PAGE_BYTES = 16_384


# --- the host ----------------------------------------------------------------------------------


async def host(visit: Visit, name: str) -> HostDns:
    """How a host name resolves, and who may issue certificates for it."""
    resolution = await visit.door.resolve(name)
    caa_at, caa_set = await climb(visit.door, name) if resolution.exists else (None, ())
    return HostDns(
        at=visit.at,
        addresses_v4=resolution.addresses_v4,
        addresses_v6=resolution.addresses_v6,
        cname_chain=resolution.cname_chain,
        exists=resolution.exists,
        dangling_target=resolution.dangling_target,
        caa_at=caa_at,
        caa=caa_set,
    )


async def climb(door: Door, name: str) -> tuple[str | None, tuple[CaaRecord, ...]]:
    """The CAA set that counts for a name, and where it stands."""
    found = await asking.answered(door, caa.climb(name))
    if found.failed:
        raise Unseen(Reason.DNS_FAILURE, "CAA")
    return found.at, found.records


# --- the zone ----------------------------------------------------------------------------------


async def zone(visit: Visit, domain: str) -> ZoneDns:
    """The zone a domain lies in: its servers, its delegation, its signatures."""
    door = visit.door
    bogus = await _is_bogus(door, domain)
    apex = await _apex(door, domain, checking_disabled=bogus)
    (servers, parents), keys, wildcard, soa = await asyncio.gather(
        _servers_and_parents(door, apex, checking_disabled=bogus),
        _keys(door, apex, checking_disabled=bogus),
        _wildcard(door, apex, bogus=bogus),
        _soa(door, apex, checking_disabled=bogus),
    )
    return ZoneDns(
        at=visit.at,
        name_servers=servers,
        parent_name_servers=parents,
        ds=keys.ds,
        dnskeys=keys.dnskeys,
        authenticated=_authenticated(keys),
        bogus=bogus,
        rrsig_expirations=tuple(ends for ends, _begins in keys.signatures),
        rrsig_inceptions=tuple(begins for _ends, begins in keys.signatures),
        nsec3_iterations=keys.nsec3_iterations,
        nsec3_salt_length=keys.nsec3_salt_length,
        wildcard_answers=wildcard,
        soa=soa,
    )


async def _soa(door: Door, apex: str, *, checking_disabled: bool) -> Soa | None:
    reply = await asking.reply_to(door, apex, "SOA", dnssec=True, checking_disabled=checking_disabled)
    record = next(iter(asking.records(reply, "SOA")), None)
    if record is None:
        return None
    primary = asking.name_text(record.mname)
    found = await resolved(door, primary) if primary else None
    return Soa(
        primary=primary,
        mailbox=asking.name_text(record.rname),
        refresh=record.refresh,
        retry=record.retry,
        expire=record.expire,
        minimum=record.minimum,
        primary_exists=None if found is None else bool(found.addresses),
    )


async def _is_bogus(door: Door, domain: str) -> bool:
    """Whether a validating resolver holds the answer back: SERVFAIL with checking, an answer without."""
    reply = await door.query(domain, "SOA", dnssec=True)
    if reply.rcode() != dns.rcode.SERVFAIL:
        return False
    unchecked = await door.query(domain, "SOA", dnssec=True, checking_disabled=True)
    return unchecked.rcode() == dns.rcode.NOERROR and bool(unchecked.answer or unchecked.authority)


async def _apex(door: Door, domain: str, *, checking_disabled: bool) -> str:
    """The name at which the zone begins; a domain without a zone of its own lies in one above."""
    reply = await asking.reply_to(door, domain, "SOA", dnssec=True, checking_disabled=checking_disabled)
    if asking.records(reply, "SOA"):
        return domain
    if reply.rcode() == dns.rcode.NXDOMAIN:
        raise Unseen(Reason.NAME_NOT_FOUND)
    for rrset in reply.authority:
        owner = asking.name_text(rrset.name)
        if rrset.rdtype == dns.rdatatype.SOA and owner and targets.is_below(domain, owner):
            return owner
    raise Unseen(Reason.DNS_FAILURE, "no zone")


async def _servers_and_parents(
    door: Door, apex: str, *, checking_disabled: bool
) -> tuple[tuple[NameServer, ...], tuple[str, ...]]:
    reply, parents = await asyncio.gather(
        asking.reply_to(door, apex, "NS", checking_disabled=checking_disabled), _delegation(door, apex)
    )
    own = _targets_of(reply.answer)
    names = tuple(sorted({*own, *parents}))[:MOST_SERVERS]
    servers = await asyncio.gather(*(_server(door, apex, name) for name in names))
    return tuple(servers), parents


async def _server(door: Door, apex: str, name: str) -> NameServer:
    """What one name server says of the zone; one that cannot be reached is entered without a word."""
    try:
        addresses = (await door.resolve(name)).addresses
    except Unseen:
        return NameServer(name=name)
    for address in addresses[:1]:
        try:
            reply = await door.query(apex, "SOA", server=address)
        except Unseen:
            break
        soa = next(iter(asking.records(reply, "SOA")), None)
        responsible = reply.rcode() == dns.rcode.NOERROR and bool(reply.flags & dns.flags.AA) and soa is not None
        return NameServer(
            name=name,
            addresses=addresses,
            authoritative=responsible,
            serial=soa.serial if soa is not None and responsible else None,
            rcode=dns.rcode.to_text(reply.rcode()),
        )
    return NameServer(name=name, addresses=addresses)


async def _delegation(door: Door, apex: str) -> tuple[str, ...]:
    """The name servers the parent zone enters for the zone; () when no server of the parent could be asked."""
    try:
        above = apex.partition(".")[2]
        parent = await _apex(door, above, checking_disabled=False) if above else "."
        reply = await asking.reply_to(door, parent, "NS")
        for name in _targets_of(reply.answer)[:PARENT_SERVERS]:
            for address in (await door.resolve(name)).addresses_v4[:1]:
                referral = await _ask_parent(door, apex, address)
                if referral:
                    return referral
    except Unseen:
        pass
    return ()


async def _ask_parent(door: Door, apex: str, address: str) -> tuple[str, ...]:
    try:
        reply = await door.query(apex, "NS", server=address)
    except Unseen:
        return ()
    return _targets_of((*reply.authority, *reply.answer), owner=apex)


def _targets_of(section: Iterable[dns.rrset.RRset], *, owner: str | None = None) -> tuple[str, ...]:
    found = {
        asking.name_text(record.target)
        for rrset in section
        if rrset.rdtype == dns.rdatatype.NS and owner in {None, asking.name_text(rrset.name)}
        for record in rrset
    }
    return tuple(sorted(found))


@record
class _Keys:
    ds: tuple[DsRecord, ...]
    dnskeys: tuple[DnsKey, ...]
    signatures: tuple[tuple[datetime, datetime], ...]  # the end and the beginning of each
    confirmed: bool
    nsec3_iterations: int | None
    nsec3_salt_length: int | None


async def _keys(door: Door, apex: str, *, checking_disabled: bool) -> _Keys:
    ds, dnskey, soa, nsec3 = await asyncio.gather(
        asking.reply_to(door, apex, "DS", checking_disabled=checking_disabled),
        asking.reply_to(door, apex, "DNSKEY", dnssec=True, checking_disabled=checking_disabled),
        asking.reply_to(door, apex, "SOA", dnssec=True, checking_disabled=checking_disabled),
        asking.reply_to(door, apex, "NSEC3PARAM", checking_disabled=checking_disabled),
    )
    parameters = next(iter(asking.records(nsec3, "NSEC3PARAM")), None)
    return _Keys(
        ds=tuple(
            DsRecord(key_tag=item.key_tag, algorithm=int(item.algorithm), digest_type=int(item.digest_type))
            for item in asking.records(ds, "DS")
        ),
        dnskeys=tuple(
            DnsKey(flags=int(item.flags), algorithm=int(item.algorithm), bits=_rsa_bits(item))
            for item in asking.records(dnskey, "DNSKEY")
        ),
        signatures=tuple(
            sorted(
                (datetime.fromtimestamp(item.expiration, UTC), datetime.fromtimestamp(item.inception, UTC))
                for reply in (dnskey, soa)
                for item in asking.records(reply, "RRSIG")
            )
        ),
        confirmed=bool(soa.flags & dns.flags.AD),
        nsec3_iterations=parameters.iterations if parameters is not None else None,
        nsec3_salt_length=len(parameters.salt) if parameters is not None else None,
    )


def _authenticated(keys: _Keys) -> bool | None:
    """The AD bit; without one only an unsigned delegation tells that there was nothing to confirm."""
    if keys.confirmed:
        return True
    return None if keys.ds else False


def _rsa_bits(record: DNSKEY) -> int | None:
    """The modulus length of an RSA key (RFC 3110 section 2)."""
    key = record.key
    if int(record.algorithm) not in RSA_ALGORITHMS or len(key) < 4:  # noqa: PLR2004 - the shortest length field and a byte
        return None
    start = 1 + key[0] if key[0] else 3 + int.from_bytes(key[1:3], "big")
    return int.from_bytes(key[start:], "big").bit_length()


async def _wildcard(door: Door, apex: str, *, bogus: bool) -> tuple[str, ...]:
    """The addresses that names nobody has set up all resolve to."""
    if bogus:  # the resolver holds back every name of the zone
        return ()
    return await door.once(("wildcard", apex), lambda: _invented(door, apex))


async def _invented(door: Door, apex: str) -> tuple[str, ...]:
    found: set[str] = set()
    for _time in range(INVENTED_LABELS):
        addresses = (await door.resolve(f"{asking.unlikely_label()}.{apex}")).addresses
        if not addresses:
            return ()
        found.update(addresses)
    return tuple(sorted(found))


# --- names nearby ------------------------------------------------------------------------------


async def related(visit: Visit, domain: str) -> RelatedHosts:
    """Names near a domain: from its certificates and from a short list of words; aliases that lead nowhere."""
    wildcard = frozenset(await _wildcard(visit.door, domain, bogus=False))
    shown, linked = await asyncio.gather(_certificate_names(visit, domain), _linked_names(visit, domain))
    candidates = _candidates(visit, domain, (*shown, *linked))
    seen = await asyncio.gather(*(resolved(visit.door, name) for name in candidates))
    resolutions = {name: resolution for name, resolution in zip(candidates, seen, strict=True) if resolution}
    if candidates and not resolutions and all(resolution is None for resolution in seen):
        raise Unseen(Reason.DNS_FAILURE, "no name could be asked for")
    if not any(found.exists for found in resolutions.values()) and not await _is_there(visit.door, domain):
        raise Unseen(Reason.NAME_NOT_FOUND)
    hidden = tuple(
        name
        for name, resolution in resolutions.items()
        if wildcard and name not in shown and wildcard.issuperset(resolution.addresses)
    )
    # Behind a wildcard every word exists; what leads elsewhere, has a certificate or a page of its own was set up.
    own = await _with_own_page(visit, domain, hidden)
    present = {
        name: resolution.addresses
        for name, resolution in resolutions.items()
        if resolution.addresses and (name not in hidden or name in own)
    }
    pages = await staging_pages(visit, present)
    return RelatedHosts(
        at=visit.at,
        names=present,
        dangling={name: found.dangling_target for name, found in resolutions.items() if found.dangling_target},
        answering={name: found.status for name, found in pages.items()},
        aliases={name: found.cname_chain[-1] for name, found in resolutions.items() if found.cname_chain},
        staging=pages,
        production=await _production(visit, domain),
    )


async def _with_own_page(visit: Visit, domain: str, hidden: tuple[str, ...]) -> frozenset[str]:
    """Those that show another page than a name nobody has set up; only names that sound like staging are loaded."""
    if not any(is_staging(name) for name in hidden):
        return frozenset()
    nobody = f"{asking.unlikely_label()}.{domain}"
    baseline = await _start(visit, nobody)
    pages = await staging_pages(visit, hidden)
    if baseline is None:  # the wildcard serves nothing, so that whatever serves was set up
        return frozenset(pages)
    return frozenset(name for name, page in pages.items() if not likeness.alike(page, name, baseline, nobody))


async def aliases(visit: Visit, domain: str) -> Mapping[str, str]:
    """Where the aliases end among the hosts of the scan and the names nearby; the names are those of `related`."""
    own = (name for name in visit.hosts if targets.is_below(name, domain))
    wanted = tuple(dict.fromkeys((*own, *_candidates(visit, domain, await _certificate_names(visit, domain)))))
    seen = await asyncio.gather(*(resolved(visit.door, name) for name in wanted))
    return {
        name: found.cname_chain[-1] for name, found in zip(wanted, seen, strict=True) if found and found.cname_chain
    }


async def _certificate_names(visit: Visit, domain: str) -> tuple[str, ...]:
    """The names in the certificates that the scan's hosts show; looked at once however many ask."""
    return await visit.door.once(("certificate names", domain), lambda: _names_shown(visit, domain))


async def _names_shown(visit: Visit, domain: str) -> tuple[str, ...]:
    own = [name for name in visit.hosts if targets.is_below(name, domain)][:MOST_CERTIFICATES]
    return tuple(name for names in await asyncio.gather(*(_shown_names(visit, name) for name in own)) for name in names)


async def _linked_names(visit: Visit, domain: str) -> tuple[str, ...]:
    """The names of the domain that the start pages of the scan's hosts link to or load from."""
    documents = await _start_pages(visit, domain)
    named = [await reading.aside(document.body, partial(http.linked_names, document)) for document in documents]
    return tuple(dict.fromkeys(name for names in named for name in names))


async def _production(visit: Visit, domain: str) -> Response | None:
    """What a test system is compared with."""
    documents = await _start_pages(visit, domain)
    return next((replace(one, body="") for one in documents if not is_staging(urls.host(one.url))), None)


async def _start_pages(visit: Visit, domain: str) -> tuple[Response, ...]:
    """The start pages of the scan's hosts in the domain, as far as they could be loaded; every probe shares them."""
    own = [name for name in visit.hosts if targets.is_below(name, domain)][:MOST_CERTIFICATES]
    pages = await asyncio.gather(*(http.page(visit, name) for name in own), return_exceptions=True)
    for page in pages:
        if isinstance(page, BaseException) and not isinstance(page, Unseen):
            raise page
    return tuple(page.document for page in pages if isinstance(page, Page))


async def _shown_names(visit: Visit, name: str) -> tuple[str, ...]:
    try:
        shown = await tls.shown_chain(visit, name)
        return certificates.read(shown.chain[0]).dns_names
    except (Unseen, certificates.BadCertificate, IndexError):
        return ()


def _candidates(visit: Visit, domain: str, certificate_names: Iterable[str]) -> tuple[str, ...]:
    listed = (name.lower() for name in certificate_names if not name.startswith("*."))
    near = (name for name in listed if targets.is_below(name, domain) and "_" not in name)
    words = (f"{word}.{domain}" for word in (*STAGING_WORDS, *LIVE_WORDS))
    wanted = dict.fromkeys((*near, *words))
    return tuple(name for name in wanted if name not in {domain, *visit.hosts})[:MOST_NAMES]


async def resolved(door: Door, name: str) -> Resolution | None:
    """How a name resolves; None where nothing could be seen. One question is enough where the name does not exist."""
    try:
        reply = await asking.reply_to(door, name, "A")
        if reply.rcode() == dns.rcode.NXDOMAIN and not reply.answer:
            return Resolution(name=name, exists=False)
        return await door.resolve(name)
    except Unseen as unseen:
        if unseen.reason in {Reason.STOPPED, Reason.DEADLINE}:
            raise
        return None


async def _is_there(door: Door, domain: str) -> bool:
    found = await resolved(door, domain)
    return found is None or found.exists


async def staging_pages(visit: Visit, names: Iterable[str]) -> Mapping[str, Response]:
    """The start pages of names that sound like staging; what does not answer is left out."""
    named = [name for name in names if is_staging(name)][:MOST_PAGES]
    pages = await asyncio.gather(*(visit.door.once(("start", name), partial(_start, visit, name)) for name in named))
    return {name: page for name, page in zip(named, pages, strict=True) if page is not None}


async def _start(visit: Visit, name: str) -> Response | None:
    for scheme in ("https", "http"):
        try:
            return await visit.fetcher.fetch(f"{scheme}://{name}/", at_most=PAGE_BYTES)
        except Unseen as unseen:
            if unseen.reason is not Reason.REFUSED:
                return None
    return None


def is_staging(name: str) -> bool:
    """Whether a name's first label sounds like a place for tests."""
    label = name.partition(".")[0]
    return any(part in STAGING_WORDS for part in label.split("-"))


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", errors="replace")
