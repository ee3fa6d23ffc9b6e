"""Small builders of what DNS and mail servers say of a domain: defaults that pass."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TypeVar

from scanners import checking
from scanners.model import Check, Outcome, SubjectKind
from scanners.observations import (
    DkimKey,
    DmarcTrace,
    DnsKey,
    DomainTexts,
    DsRecord,
    HostDns,
    HostServices,
    MailDns,
    MailExchanger,
    MailTransport,
    NameServer,
    Observation,
    Reason,
    RelatedHosts,
    ReliedDomains,
    SmtpSession,
    SpfTrace,
    Trust,
    ZoneDns,
)
from scanners.parsing.asking import Answer, Asking, Question
from tests.scanners.building import AT, DOMAIN, HOST, certificate, judge, seen

Result = TypeVar("Result")
MX = f"mail.{DOMAIN}"


def says(check: Check, *facts: Observation, host: str = HOST) -> tuple[Outcome, str]:
    """Outcome and sentence of one check, so that a gap without a value fails the test."""
    finding = judge(check, *facts, host=host if check.subject is SubjectKind.HOST else DOMAIN)
    return finding.outcome, finding.fact.render()


def when_blind(check: Check) -> tuple[Outcome, Reason | None]:
    """What a check comes to when nothing it needs could be seen."""
    blind = dict.fromkeys(check.needs, Reason.TIMEOUT)
    finding = checking.run(check, seen(kind=check.subject, blind=blind))
    return finding.outcome, finding.reason


BLIND = (Outcome.UNKNOWN, Reason.TIMEOUT)


def answered(asking: Asking[Result], zone: Mapping[tuple[str, str], Answer]) -> tuple[Result, list[Question]]:
    """Drive an evaluator over a made-up DNS; what is not in it does not exist."""
    asked: list[Question] = []
    try:
        question = next(asking)
        while True:
            asked.append(question)
            question = asking.send(zone.get((question.name, question.rdtype), Answer(status="nxdomain")))
    except StopIteration as end:
        return end.value, asked


def texts(*values: str) -> Answer:
    """An answer that was found."""
    return Answer(status="found", texts=values)


NAME_SERVERS = (
    NameServer(name="ns1.example.net", addresses=("192.0.2.1",), authoritative=True, serial=7),
    NameServer(name="ns2.example.com", addresses=("198.51.100.1",), authoritative=True, serial=7),
)


def zone(
    *,
    name_servers: tuple[NameServer, ...] = NAME_SERVERS,
    parent_name_servers: tuple[str, ...] = ("ns1.example.net", "ns2.example.com"),
    ds: tuple[DsRecord, ...] = (DsRecord(key_tag=1, algorithm=13, digest_type=2),),
    dnskeys: tuple[DnsKey, ...] = (DnsKey(flags=257, algorithm=13),),
    authenticated: bool | None = True,
    bogus: bool | None = False,
    days_left: float | None = 10,
    nsec3_iterations: int | None = 0,
    nsec3_salt_length: int | None = 0,
    wildcard_answers: tuple[str, ...] = (),
) -> ZoneDns:
    """A signed zone with two name servers."""
    return ZoneDns(
        at=AT,
        name_servers=name_servers,
        parent_name_servers=parent_name_servers,
        ds=ds,
        dnskeys=dnskeys,
        authenticated=authenticated,
        bogus=bogus,
        rrsig_expirations=() if days_left is None else (AT + timedelta(days=days_left), AT + timedelta(days=99)),
        nsec3_iterations=nsec3_iterations,
        nsec3_salt_length=nsec3_salt_length,
        wildcard_answers=wildcard_answers,
    )


def unsigned() -> ZoneDns:
    """A zone without DNSSEC."""
    return zone(ds=(), dnskeys=(), authenticated=False, days_left=None, nsec3_iterations=None)


def host_dns(**fields: object) -> HostDns:
    """A host with one IPv4 address."""
    return HostDns(at=AT, **{"addresses_v4": ("192.0.2.10",), **fields})  # type: ignore[arg-type]


def related(**fields: object) -> RelatedHosts:
    """Names near the domain."""
    return RelatedHosts(at=AT, **fields)  # type: ignore[arg-type]


SPF = SpfTrace(records=("v=spf1 mx -all",), lookups=1)
RECORD = f"v=DMARC1; p=reject; rua=mailto:dmarc@{DOMAIN}"
EXCHANGER = MailExchanger(preference=10, host=MX, addresses=("192.0.2.25",))


def spf(*records: str, **fields: object) -> SpfTrace:
    """An SPF trace."""
    return SpfTrace(records=records, **fields)  # type: ignore[arg-type]


def dmarc(record: str | None = RECORD, **fields: object) -> DmarcTrace:
    """A DMARC trace that ends at the domain's own record."""
    found = () if record is None else (record,)
    defaults = {
        "queries": ((f"_dmarc.{DOMAIN}", found),),
        "policy_domain": None if record is None else DOMAIN,
        "record": record,
    }
    return DmarcTrace(**{**defaults, **fields})  # type: ignore[arg-type]


def mail(**fields: object) -> MailDns:
    """A domain with one mail server, SPF, DMARC and a place for DKIM keys."""
    defaults = {
        "exchangers": (EXCHANGER,),
        "spf": SPF,
        "dmarc": dmarc(),
        "domainkey_exists": True,
        "mta_sts_txt": ("v=STSv1; id=20261101",),
        "tls_rpt_txt": (f"v=TLSRPTv1; rua=mailto:tls@{DOMAIN}",),
    }
    return MailDns(at=AT, **{**defaults, **fields})  # type: ignore[arg-type]


def dkim(record: str, *, selector: str = "s1", bits: int | None = None) -> MailDns:
    """A domain with one DKIM key."""
    return mail(dkim_keys=(DkimKey(selector=selector, record=record, bits=bits),))


def session(**fields: object) -> SmtpSession:
    """An encrypted session with a trusted mail server."""
    defaults = {
        "host": MX,
        "address": "192.0.2.25",
        "offers_starttls": True,
        "tls_version": "TLSv1.3",
        "certificate": certificate(dns_names=(MX,)),
        "trust": Trust.TRUSTED,
        "name_matches": True,
    }
    return SmtpSession(**{**defaults, **fields})  # type: ignore[arg-type]


def transport(*sessions: SmtpSession) -> MailTransport:
    """The sessions with the mail servers."""
    return MailTransport(at=AT, sessions=sessions)


def services(**fields: object) -> HostServices:
    """What DNS says of a host's services."""
    return HostServices(at=AT, **fields)  # type: ignore[arg-type]


def leftovers(**fields: object) -> DomainTexts:
    """TXT and SRV records of the domain."""
    return DomainTexts(at=AT, **fields)  # type: ignore[arg-type]


def relied(**fields: object) -> ReliedDomains:
    """Domains of others that the domain's DNS names."""
    return ReliedDomains(at=AT, **fields)  # type: ignore[arg-type]
