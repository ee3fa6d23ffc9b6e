"""What DNS and the mail exchangers say of a domain's mail."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

import dns.flags
import dns.rcode

from scanners.observations import (
    DkimKey,
    MailDns,
    MailExchanger,
    MailTransport,
    MtaStsPolicy,
    Reason,
    SmtpSession,
    SpfTrace,
)
from scanners.parsing import addresses, certificates, check_host, dkim, dmarc, spf
from scanners.parsing.asking import Answer, Question, at_most
from scanners.parsing.check_host import Sender
from scanners.probes import asking
from scanners.probes import tls as handshakes
from scanners.probes.network import Connection, Door, Unseen
from scanners.probes.visit import Visit
from scanners.records import record

MOST_EXCHANGERS = 10
MOST_SESSIONS = 2
MOST_QUESTIONS = spf.QUESTION_LIMIT
STRANGER = "192.0.2.1"  # RFC 5737: set aside for documentation, so no sender has it
SMTP_PORT = 25
REPLY_SECONDS = 15.0
LONGEST_REPLY = 16_384
POLICY_BYTES = 65_536  # RFC 8461 section 3.3

# What the usual senders call their keys, first those that hospitals' vendors are most often with.
SELECTORS = (
    "selector1",
    "selector2",
    "default",
    "dkim",
    "mail",
    "google",
    "s1",
    "s2",
    "k1",
    "k2",
    "k3",
    "hse1",
    "hse2",
    "s1-ionos",
    "s2-ionos",
    "strato-dkim-0002",
    "mandrill",
    "mxvault",
    "fm1",
    "fm2",
    "zoho",
    "smtp",
    "dkim1",
    "key1",
)


# --- DNS ---------------------------------------------------------------------------------------


async def records(visit: Visit, domain: str) -> MailDns:
    """Everything that DNS says about the mail of a domain."""
    door = visit.door
    exchangers, (exists, keys), spf_trace, dmarc_trace, (sts, reports) = await asyncio.gather(
        _exchangers(door, domain),
        _dkim(door, domain),
        _spf(door, domain),
        asking.answered(door, dmarc.trace(domain)),
        _announcements(door, domain),
    )
    named = [item for item in exchangers if item.host]
    implicit = not exchangers and await _is_implicit(door, domain)
    asked = tuple(item.host for item in named if not item.is_address_literal)[:MOST_SESSIONS]
    asked = (domain,) if implicit else asked
    pinned = await _pins(door, asked)
    return MailDns(
        at=visit.at,
        exchangers=tuple(named),
        null_mx=len(named) < len(exchangers),
        implicit_mx=implicit,
        spf=spf_trace,
        dmarc=dmarc_trace,
        domainkey_exists=exists,
        dkim_keys=keys,
        mta_sts_txt=sts,
        tls_rpt_txt=reports,
        tlsa={host: pins.texts for host, pins in pinned.items()},
        tlsa_authenticated={
            host: pins.authenticated for host, pins in pinned.items() if pins.authenticated is not None
        },
        tlsa_failed=tuple(host for host in asked if host not in pinned),
    )


async def _spf(door: Door, domain: str) -> SpfTrace:
    """The record with all below it, and what a receiver makes of a stranger; nearly all of that is known by then."""
    trace = await asking.answered(door, spf.trace(domain))
    if len(trace.records) != 1 or trace.errors or trace.failed or trace.lookups > spf.LOOKUP_LIMIT:
        return trace
    sender = Sender(address=STRANGER, helo=domain, mail_from=f"postmaster@{domain}")
    try:
        ruling = await asking.answered(door, at_most(MOST_QUESTIONS, check_host.check(sender)))
    except Unseen:
        return trace
    if ruling is None:
        return trace
    return replace(trace, stranger=ruling.result.value, stranger_by=ruling.because)


async def _exchangers(door: Door, domain: str) -> tuple[MailExchanger, ...]:
    """The MX records by preference; the null MX of RFC 7505 is one without a host."""
    reply = await asking.reply_to(door, domain, "MX")
    if reply.rcode() == dns.rcode.NXDOMAIN:
        raise Unseen(Reason.NAME_NOT_FOUND)
    listed = sorted({(record.preference, asking.name_text(record.exchange)) for record in asking.records(reply, "MX")})
    return tuple(
        await asyncio.gather(*(_exchanger(door, preference, host) for preference, host in listed[:MOST_EXCHANGERS]))
    )


async def _is_implicit(door: Door, domain: str) -> bool:
    """Without MX records the domain's own address is its mail server (RFC 5321 section 5.1), if one listens there."""
    try:
        return bool((await door.resolve(domain)).addresses)
    except Unseen as unseen:
        if unseen.reason in {Reason.BUDGET, Reason.STOPPED, Reason.DEADLINE}:
            raise
        return False


async def _exchanger(door: Door, preference: int, host: str) -> MailExchanger:
    if not host or addresses.parse(host) is not None:
        return MailExchanger(preference=preference, host=host, is_address_literal=bool(host))
    try:
        resolution = await door.resolve(host)
    except Unseen:
        return MailExchanger(preference=preference, host=host, unseen=True)
    return MailExchanger(
        preference=preference,
        host=host,
        addresses=resolution.addresses,
        exists=resolution.exists and resolution.dangling_target is None,
        is_alias=bool(resolution.cname_chain),
    )


async def _dkim(door: Door, domain: str) -> tuple[bool | None, tuple[DkimKey, ...]]:
    """Whether there can be keys at all (RFC 8020), and those under selectors that are often used."""
    place = f"_domainkey.{domain}"
    above = await asking.ask(door, Question(name=place, rdtype="TXT"))
    if above.status == "nxdomain":
        return False, ()
    names = [f"{selector}.{place}" for selector in SELECTORS]
    answers = await asyncio.gather(*(asking.ask(door, Question(name=name, rdtype="TXT")) for name in names))
    keys = tuple(key for selector, answer in zip(SELECTORS, answers, strict=True) for key in _keys_of(selector, answer))
    if keys:
        return True, keys
    return await _place_exists(door, domain, above), ()


async def _place_exists(door: Door, domain: str, above: Answer) -> bool | None:
    """A wildcard answers for every name, so that behind one the answer for _domainkey tells nothing."""
    if above.status == "failure":
        return None
    unlikely = await asking.ask(door, Question(name=f"{asking.unlikely_label()}.{domain}", rdtype="TXT"))
    return True if unlikely.status == "nxdomain" else None


def _keys_of(selector: str, answer: Answer) -> tuple[DkimKey, ...]:
    return tuple(
        DkimKey(selector=selector, record=text, bits=dkim.parse(text).bits)
        for text in answer.texts[:1]
        if "p=" in text.replace(" ", "")
    )


async def _announcements(door: Door, domain: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The TXT records of MTA-STS and TLS-RPT; others under the same names are skipped, as the standards ask."""
    sts, reports = await asyncio.gather(
        asking.reply_to(door, f"_mta-sts.{domain}", "TXT"), asking.reply_to(door, f"_smtp._tls.{domain}", "TXT")
    )
    return (
        tuple(text for text in asking.record_texts(sts, "TXT") if text.lower().startswith("v=stsv1")),
        tuple(text for text in asking.record_texts(reports, "TXT") if text.lower().startswith("v=tlsrptv1")),
    )


@record
class _Pins:
    texts: tuple[str, ...]
    authenticated: bool | None


async def _pins(door: Door, hosts: tuple[str, ...]) -> Mapping[str, _Pins]:
    """The TLSA records of mail exchangers; a host whose DNS gives no answer is left out."""
    found = await asyncio.gather(*(_pins_of(door, host) for host in hosts))
    return {host: pins for host, pins in zip(hosts, found, strict=True) if pins is not None}


async def _pins_of(door: Door, host: str) -> _Pins | None:
    try:
        reply = await asking.reply_to(door, f"_25._tcp.{host}", "TLSA", dnssec=True)
        texts = asking.record_texts(reply, "TLSA")
    except Unseen:
        return None
    if not texts or reply.flags & dns.flags.AD:
        return _Pins(texts=texts, authenticated=True if texts else None)
    # Unsigned for sure only where this resolver hands out signatures at all.
    unsigned = not asking.records(reply, "RRSIG") and await _hands_out_signatures(door)
    return _Pins(texts=texts, authenticated=False if unsigned else None)


async def _hands_out_signatures(door: Door) -> bool:
    try:
        root = await asking.reply_to(door, ".", "SOA", dnssec=True)
    except Unseen:
        return False
    return bool(asking.records(root, "RRSIG"))


async def mta_sts(visit: Visit, domain: str) -> MtaStsPolicy:
    """The policy file of RFC 8461, asked for only where DNS announces one; its redirects are never followed."""
    url = f"https://mta-sts.{domain}/.well-known/mta-sts.txt"
    announced, _reports = await _announcements(visit.door, domain)
    if not announced:
        return MtaStsPolicy(at=visit.at, url=url, status=None)
    try:
        response = await visit.fetcher.fetch(url, at_most=POLICY_BYTES)
    except Unseen as unseen:
        if unseen.reason not in {Reason.NAME_NOT_FOUND, Reason.REFUSED}:
            raise
        return MtaStsPolicy(at=visit.at, url=url, status=None)
    return MtaStsPolicy(
        at=visit.at,
        url=url,
        status=response.status,
        body=response.body,
        tls_verified=bool(response.tls_verified),
    )


# --- SMTP --------------------------------------------------------------------------------------


async def transport(visit: Visit, domain: str) -> MailTransport:
    """Sessions with the first two mail exchangers: greeting, EHLO, STARTTLS, QUIT, and never a word about mail."""
    exchangers = await _exchangers(visit.door, domain)
    hosts = [item.host for item in exchangers if item.addresses][:MOST_SESSIONS]
    if not hosts and any(item.unseen for item in exchangers):
        raise Unseen(Reason.DNS_FAILURE, "mail servers")
    sessions = await asyncio.gather(*(_session(visit, host) for host in hosts))
    if not exchangers and await _is_implicit(visit.door, domain):
        # Most domains without MX have a web server at their address and no mail: it counts only once it greets.
        sessions = [session for session in [await _session(visit, domain)] if session.banner]
    seen_at = min((session.seen_at for session in sessions if session.seen_at is not None), default=visit.at)
    return MailTransport(at=min(seen_at, visit.at), sessions=tuple(sessions))


async def _known(visit: Visit, host: str) -> SmtpSession | None:
    """What an earlier scan saw at one of the host's addresses: a provider's server says the same for every domain."""
    if not visit.known_mail:
        return None
    vetted = await visit.door.vetted(host)
    for session in visit.known_mail:
        if session.address in vetted and session.host == host:
            return session
        # Under another name only where its certificate speaks for this one too.
        if session.address in vetted and session.certificate is not None:
            matches = certificates.name_matches(session.certificate, host)
            if matches:
                return replace(session, host=host, name_matches=matches)
    return None


async def _session(visit: Visit, host: str) -> SmtpSession:
    """One session as far as it got; the reason it got no further is part of it."""
    conversation = _Conversation(visit.door, host)
    try:
        known = await _known(visit, host)
    except Unseen as unseen:
        return replace(conversation.seen, blind=unseen.reason)
    if known is not None:
        return known
    try:
        await conversation.hold()
    except Unseen as unseen:
        return replace(conversation.seen, blind=unseen.reason)
    return conversation.seen


class _Conversation:
    """One session with a mail exchanger; `seen` grows with each step."""

    def __init__(self, door: Door, host: str) -> None:
        self.seen = SmtpSession(host=host, address="")
        self._door = door
        self._own_name = urlsplit(door.settings.contact_url).hostname or "kettenblick.invalid"

    async def hold(self) -> None:
        async with await self._door.connect(self.seen.host, SMTP_PORT) as connection:
            self.seen = replace(self.seen, address=connection.address)
            greeting = _welcome(await _reply(connection))
            self.seen = replace(self.seen, banner=greeting.text)
            offers = await self._introduce(connection)
            self.seen = replace(self.seen, offers_starttls=offers)
            if offers:
                await self._encrypt(connection)
            await _bid_farewell(connection)

    async def _introduce(self, connection: Connection) -> bool:
        reply = await _say(connection, f"EHLO {self._own_name}")
        if reply.code in {"500", "502"}:  # RFC 5321 section 3.2: a server without extensions
            return False
        _welcome(reply)
        return any(line[4:].strip().upper() == "STARTTLS" for line in reply.lines[1:])

    async def _encrypt(self, connection: Connection) -> None:
        _welcome(await _say(connection, "STARTTLS"))
        await connection.start_tls(self._door.tls_context(verifying=False), server_hostname=self.seen.host)
        tls = connection.tls
        assert tls is not None
        cipher = tls.cipher()
        version = tls.version() or ""
        self.seen = replace(
            self.seen,
            tls_version="TLSv1.0" if version == "TLSv1" else version,
            tls_suite=cipher[0] if cipher else "",
        )
        chain = handshakes.sent_certificates(connection)
        self.seen = _with_certificate(self.seen, chain, self._door.settings.trust_roots_pem)
        await _say(connection, f"EHLO {self._own_name}")


@record
class _Reply:
    lines: tuple[str, ...]

    @property
    def code(self) -> str:
        return self.lines[-1][:3]

    @property
    def text(self) -> str:
        return self.lines[0][4:]


def _welcome(reply: _Reply) -> _Reply:
    """A reply that lets us go on; a temporary no is a limit on strangers, a lasting one is about where we stand."""
    match reply.code[:1]:
        case "2":
            return reply
        case "4":
            raise Unseen(Reason.THROTTLED)
        case "5":
            raise Unseen(Reason.VANTAGE)
        case _:
            raise Unseen(Reason.GARBLED, "smtp")


async def _say(connection: Connection, line: str) -> _Reply:
    await connection.write(f"{line}\r\n".encode("ascii"))
    return await _reply(connection)


async def _reply(connection: Connection) -> _Reply:
    """One reply, all its lines. We speak only after the answer is there, so nothing can follow it."""
    received = b""
    try:
        async with asyncio.timeout(REPLY_SECONDS):
            while not _is_whole(received):
                if len(received) > LONGEST_REPLY:
                    raise Unseen(Reason.TOO_LARGE, "smtp")
                part = await connection.read()
                if not part:
                    raise Unseen(Reason.RESET)
                received += part
    except TimeoutError as error:
        raise Unseen(Reason.TIMEOUT) from error
    return _Reply(lines=tuple(received.decode("utf-8", errors="replace").splitlines()))


def _is_whole(received: bytes) -> bool:
    lines = received.splitlines()
    if any(not line[:3].isdigit() or line[3:4] not in {b"", b" ", b"-"} for line in lines if len(line) >= len("220-")):
        raise Unseen(Reason.GARBLED, "smtp")
    return received.endswith(b"\n") and len(lines[-1]) >= len("220") and lines[-1][3:4] != b"-"


async def _bid_farewell(connection: Connection) -> None:
    with contextlib.suppress(Unseen):  # everything was seen; how the other side hangs up does not matter
        await _say(connection, "QUIT")


def _with_certificate(seen: SmtpSession, chain: tuple[bytes, ...], own_roots: str) -> SmtpSession:
    try:
        leaf = certificates.read(chain[0])
        path = certificates.judge_path(chain, handshakes.root_store(own_roots))
    except (certificates.BadCertificate, IndexError):
        return replace(seen, blind=Reason.GARBLED)
    return replace(seen, certificate=leaf, trust=path.trust, name_matches=certificates.name_matches(leaf, seen.host))
