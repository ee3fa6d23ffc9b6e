"""Mail on its way: MX records, STARTTLS, MTA-STS, TLS reports, DANE."""

from collections.abc import Mapping
from enum import StrEnum

from scanners.checking import BLINDNESS, check, fail, info, not_applicable, ok, unknown, warn
from scanners.checks import mail_authentication
from scanners.checks.wording import listing, shortened
from scanners.model import N_, CheckClass, Observations, Refs, Severity, SubjectKind, Verdict
from scanners.observations import (
    Certificate,
    MailDns,
    MailExchanger,
    MailTransport,
    MtaStsPolicy,
    Reason,
    SmtpSession,
    Trust,
)
from scanners.parsing import mta_sts

SANE = Refs(
    measures=(3,), iso27001=("A.8.21",), gdpr=("Art. 32 (1) b",), sources=("RFC 5321", "RFC 7505", "Zonemaster Zone09")
)
OFFERED = Refs(
    measures=(8, 10),
    iso27001=("A.5.14", "A.8.24"),
    owasp2021="A02",
    owasp2025="A04",
    gdpr=("Art. 32 (1) a",),
    sources=("RFC 3207", "BSI TR-03108"),
)
STRENGTH = Refs(
    measures=(8,),
    iso27001=("A.8.24",),
    owasp2021="A02",
    owasp2025="A04",
    gdpr=("Art. 32 (1) a",),
    sources=("RFC 8996", "BSI TR-02102-2", "BSI TR-03108"),
)
ENFORCED = Refs(
    measures=(8,),
    iso27001=("A.5.14", "A.8.24"),
    owasp2021="A02",
    owasp2025="A04",
    gdpr=("Art. 32 (1) a",),
    sources=("RFC 8461",),
)
REPORTED = Refs(measures=(2, 8), iso27001=("A.8.16",), owasp2021="A09", owasp2025="A09", sources=("RFC 8460",))
DANE = Refs(
    measures=(8,),
    iso27001=("A.5.14", "A.8.24"),
    owasp2021="A02",
    owasp2025="A04",
    gdpr=("Art. 32 (1) a",),
    sources=("RFC 7672", "BSI TR-03108"),
)
ROLLOVER = Refs(measures=(3, 8), iso27001=("A.8.24",), sources=("RFC 7671 8.1", "Internet.nl"))

NO_MAIL = N_("The domain receives no mail.")
DNS_SILENT = N_("DNS gave no usable answer for %(names)s.")
IN_CLEAR = N_(
    "Mail with findings, orders or access data then crosses the internet in clear text."
    " Encryption between mail servers costs nothing and is expected of everyone who handles health data."
)
DOWNGRADE = N_(
    "Ordinary mail encryption can be switched off by whoever sits in between."
    " Only a published rule makes senders refuse delivery in clear text."
)

WEEK = 7 * 86400
CURRENT_VERSIONS = frozenset({"TLSv1.2", "TLSv1.3"})
TLSA_FIELDS = 4


def _receives(seen: Observations) -> bool:
    mail = seen[MailDns]
    return (bool(mail.exchangers) and not mail.null_mx) or mail_authentication.greets_without_mx(seen)


def _encrypted(seen: Observations) -> list[SmtpSession]:
    return [session for session in seen[MailTransport].sessions if session.tls_version]


@check(
    "mail.mx-sanity",
    title=N_("The MX records are in order"),
    severity=Severity.MEDIUM,
    subject=SubjectKind.DOMAIN,
    needs=(MailDns,),
    refs=SANE,
    why=N_(
        "Mail to a server without an address waits for days and then comes back."
        " In an incident the vendor cannot be reached just when it matters."
    ),
    fix=N_("Point each MX record to a host name with an address of its own, never to an alias or an address."),
    example="example.org. IN MX 10 mail.example.org.\nmail.example.org. IN A 192.0.2.25",
)
def mx_records_are_sane(seen: Observations) -> Verdict:
    mail = seen[MailDns]
    if mail.null_mx and mail.exchangers:
        return fail(N_("A null MX stands beside other mail servers."))
    if mail.null_mx:
        return ok(N_("A null MX says that the domain receives no mail."))
    if not mail.exchangers and mail_authentication.greets_without_mx(seen):
        return warn(N_("Mail is received at the domain's own address, although no MX record says so."))
    if not mail.exchangers:
        return not_applicable(N_("The domain names no mail server."))
    return _named_servers(mail.exchangers)


def _named_servers(exchangers: tuple[MailExchanger, ...]) -> Verdict:
    gone = [one.host for one in exchangers if not (one.addresses or one.is_address_literal or one.unseen)]
    if gone:
        return fail(N_("These mail servers have no address: %(names)s."), names=listing(gone))
    if odd := [one.host for one in exchangers if one.is_address_literal or one.is_alias]:
        return fail(N_("MX records must name hosts, not aliases or addresses: %(names)s."), names=listing(odd))
    if any(one.unseen for one in exchangers):
        return unknown(BLINDNESS[Reason.DNS_FAILURE])
    return ok(N_("Mail servers: %(names)s."), names=listing(one.host for one in exchangers))


@check(
    "mail.starttls",
    title=N_("Every mail server offers STARTTLS"),
    severity=Severity.HIGH,
    subject=SubjectKind.DOMAIN,
    check_class=CheckClass.STANDARD,
    needs=(MailTransport,),
    refs=OFFERED,
    why=IN_CLEAR,
    fix=N_("Switch on STARTTLS on all mail servers, also on the backup ones."),
    example="smtpd_tls_security_level = may   # Postfix",
)
def starttls_is_offered(seen: Observations) -> Verdict:
    sessions = seen[MailTransport].sessions
    if not sessions:
        return not_applicable(NO_MAIL)
    if without := [session.host for session in sessions if session.offers_starttls is False]:
        return fail(N_("These mail servers offer no STARTTLS: %(names)s."), names=listing(without))
    if unclear := [session.host for session in sessions if session.offers_starttls is None]:
        return unknown(
            N_("The session with %(names)s did not get far enough; rate limits are the usual cause."),
            names=listing(unclear),
        )
    return ok(N_("STARTTLS is offered by %(names)s."), names=listing(session.host for session in sessions))


@check(
    "mail.starttls-protocol",
    title=N_("Mail is encrypted with TLS 1.2 or later"),
    severity=Severity.MEDIUM,
    subject=SubjectKind.DOMAIN,
    check_class=CheckClass.STANDARD,
    needs=(MailTransport,),
    refs=STRENGTH,
    why=IN_CLEAR,
    fix=N_("Bring the mail server up to date and offer TLS 1.2 and 1.3."),
    example="smtpd_tls_protocols = >=TLSv1.2   # Postfix",
)
def mail_uses_current_tls(seen: Observations) -> Verdict:
    if not seen[MailTransport].sessions:
        return not_applicable(NO_MAIL)
    sessions = _encrypted(seen)
    if not sessions:
        return unknown(N_("No encrypted session with a mail server came about."))
    if old := [f"{one.host} ({one.tls_version})" for one in sessions if one.tls_version not in CURRENT_VERSIONS]:
        return fail(N_("Old TLS versions are negotiated: %(names)s."), names=listing(old))
    return ok(N_("Negotiated: %(names)s."), names=listing(f"{one.host} ({one.tls_version})" for one in sessions))


@check(
    "mail.starttls-cert",
    title=N_("The mail servers' certificates are trusted and match"),
    severity=Severity.LOW,
    subject=SubjectKind.DOMAIN,
    check_class=CheckClass.STANDARD,
    needs=(MailTransport,),
    refs=STRENGTH,
    why=N_(
        "Only a certificate that can be checked shows that mail reaches the right server."
        " Once MTA-STS demands it, mail to a server with a wrong one is refused."
    ),
    fix=N_("Give each mail server a certificate of a public authority for its MX name."),
    example="smtpd_tls_chain_files = /etc/ssl/private/mail.example.org.pem   # Postfix",
)
def mail_certificates_match(seen: Observations) -> Verdict:
    if not seen[MailTransport].sessions:
        return not_applicable(NO_MAIL)
    sessions = [session for session in _encrypted(seen) if session.certificate is not None]
    if not sessions:
        return unknown(N_("No encrypted session with a mail server came about."))
    poor = [one.host for one in sessions if one.trust is not Trust.TRUSTED or one.name_matches is False]
    if not poor:
        return ok(N_("Trusted and matching: %(names)s."), names=listing(one.host for one in sessions))
    if _sts_enforced(seen):
        return fail(N_("MTA-STS demands trusted certificates, but these have none: %(names)s."), names=listing(poor))
    return info(N_("Not publicly trusted, or for another name: %(names)s."), names=listing(poor))


def _sts_enforced(seen: Observations) -> bool:
    served = seen.find(MtaStsPolicy)
    if served is None or not served.tls_verified:
        return False
    policy = mta_sts.parse_policy(served.body)
    return not policy.errors and policy.mode == "enforce"


@check(
    "mail.mta-sts",
    title=N_("MTA-STS makes encrypted delivery mandatory"),
    severity=Severity.MEDIUM,
    subject=SubjectKind.DOMAIN,
    check_class=CheckClass.STANDARD,
    needs=(MailDns,),
    refs=ENFORCED,
    why=DOWNGRADE,
    fix=N_("Publish the TXT record and the policy file, first with mode testing, then with mode enforce."),
    example="version: STSv1\nmode: enforce\nmx: mail.example.org\nmax_age: 604800",
)
def mta_sts_is_enforced(seen: Observations) -> Verdict:
    mail = seen[MailDns]
    if not _receives(seen):
        return not_applicable(NO_MAIL)
    if not mail.mta_sts_txt:
        return _without_mta_sts(mail)
    if len(mail.mta_sts_txt) > 1 or not mta_sts.is_record(mail.mta_sts_txt[0]):
        return fail(N_("The MTA-STS record cannot be read: %(record)s"), record=listing(mail.mta_sts_txt))
    served = seen.find(MtaStsPolicy)
    if served is None:
        return unknown(N_("The MTA-STS record is there, but the policy file could not be fetched in this scan."))
    return _policy_verdict(served, mail)


def _without_mta_sts(mail: MailDns) -> Verdict:
    if any(records and mail.tlsa_authenticated.get(host) is not False for host, records in mail.tlsa.items()):
        return info(N_("No MTA-STS; DANE is in place."))
    if mail.tlsa_failed:
        return unknown(DNS_SILENT, names=listing(f"_25._tcp.{host}" for host in mail.tlsa_failed))
    return warn(N_("The domain does not use MTA-STS."))


def _policy_verdict(served: MtaStsPolicy, mail: MailDns) -> Verdict:
    if served.status != 200 or not served.tls_verified:  # noqa: PLR2004 - HTTP OK
        return fail(
            N_("The MTA-STS policy file cannot be fetched over valid HTTPS: %(url)s."), url=shortened(served.url)
        )
    policy = mta_sts.parse_policy(served.body)
    if policy.errors:
        return fail(
            N_("Lines of the MTA-STS policy that cannot be read or are missing: %(lines)s."),
            lines=listing(policy.errors),
        )
    if policy.mode != "enforce":
        return warn(N_("MTA-STS runs in mode %(mode)s and refuses nothing."), mode=shortened(policy.mode))
    if left_out := [one.host for one in mail.exchangers if not mta_sts.covers(policy, one.host)]:
        return fail(N_("The MTA-STS policy does not list these mail servers: %(names)s."), names=listing(left_out))
    if (policy.max_age or 0) < WEEK:
        return warn(
            N_("MTA-STS is enforced, but senders forget it after %(seconds)s seconds."), seconds=policy.max_age or 0
        )
    return ok(N_("MTA-STS is enforced and lists all mail servers."))


@check(
    "mail.tls-rpt",
    title=N_("Senders can report failed encryption"),
    severity=Severity.INFO,
    subject=SubjectKind.DOMAIN,
    needs=(MailDns,),
    refs=REPORTED,
    why=N_(
        "Reports show when mail is delivered without encryption or not at all."
        " Without them a fault or an attack on delivery goes unseen."
    ),
    fix=N_("Publish a TLSRPT record with an address that is read."),
    example='_smtp._tls.example.org. IN TXT "v=TLSRPTv1; rua=mailto:tls@example.org"',
)
def tls_reports_are_wanted(seen: Observations) -> Verdict:
    mail = seen[MailDns]
    if not _receives(seen):
        return not_applicable(NO_MAIL)
    if not mail.tls_rpt_txt:
        return info(N_("The domain asks for no TLS reports."))
    if len(mail.tls_rpt_txt) > 1 or not mta_sts.is_report_record(mail.tls_rpt_txt[0]):
        return warn(N_("The record for TLS reports cannot be read: %(record)s"), record=listing(mail.tls_rpt_txt))
    return ok(N_("TLS reports are asked for: %(record)s"), record=shortened(mail.tls_rpt_txt[0]))


# --- DANE --------------------------------------------------------------------------------------


class Match(StrEnum):
    """What a TLSA record says of the certificate that was served."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"  # names a certificate above the leaf, or a hash we do not have


@check(
    "mail.dane",
    title=N_("DANE pins the mail servers' certificates"),
    severity=Severity.HIGH,
    subject=SubjectKind.DOMAIN,
    check_class=CheckClass.STANDARD,
    needs=(MailDns,),
    refs=DANE,
    why=N_(
        "With DANE the DNS itself says which certificate is right, so no one in between can switch encryption off."
        " A wrong entry is worse than none: many providers then refuse to deliver."
    ),
    fix=N_("Publish a TLSA record for the key in use in a signed zone, and the next one before each change of key."),
    example="_25._tcp.mail.example.org. IN TLSA 3 1 1 8CE1…",
)
def dane_matches(seen: Observations) -> Verdict:
    mail = seen[MailDns]
    if not _receives(seen):
        return not_applicable(NO_MAIL)
    pinned = {host: records for host, records in mail.tlsa.items() if records}
    if not pinned and not mail.tlsa_failed:
        return info(N_("No mail server publishes TLSA records."))
    if unsigned := [host for host in pinned if mail.tlsa_authenticated.get(host) is False]:
        return fail(
            N_("TLSA records in an unsigned zone, where nobody may trust them: %(names)s."), names=listing(unsigned)
        )
    return _compared(mail, pinned, seen.find(MailTransport))


def _compared(mail: MailDns, pinned: Mapping[str, tuple[str, ...]], transport: MailTransport | None) -> Verdict:
    served = {one.host: one.certificate for one in transport.sessions if one.certificate} if transport else {}
    matches = {host: _matches(records, served.get(host)) for host, records in pinned.items()}
    if wrong := [host for host, match in matches.items() if match is Match.NO]:
        return fail(N_("TLSA records do not match the certificate served: %(names)s."), names=listing(wrong))
    if unclear := [host for host, match in matches.items() if match is Match.UNCLEAR]:
        return unknown(N_("TLSA records are there, but could not be compared: %(names)s."), names=listing(unclear))
    if mail.tlsa_failed:
        return unknown(DNS_SILENT, names=listing(f"_25._tcp.{host}" for host in mail.tlsa_failed))
    return ok(N_("TLSA records match the certificate served: %(names)s."), names=listing(matches))


def _matches(records: tuple[str, ...], certificate: Certificate | None) -> Match:
    if certificate is None:
        return Match.UNCLEAR
    found = {_match(record, certificate) for record in records}
    return next((match for match in (Match.YES, Match.UNCLEAR) if match in found), Match.NO)


def _match(record: str, certificate: Certificate) -> Match:
    parts = record.split(maxsplit=TLSA_FIELDS - 1)
    if len(parts) != TLSA_FIELDS:
        return Match.NO
    usage, selector, hashing, value = parts
    if usage == "2":
        return Match.UNCLEAR
    if usage != "3":  # RFC 7672 section 3.1.3: usages 0 and 1 are not for mail
        return Match.NO
    own = certificate.sha256 if selector == "0" else certificate.spki_sha256
    if hashing != "1" or not own:
        return Match.UNCLEAR
    return Match.YES if "".join(value.split()).lower() == own.lower() else Match.NO


@check(
    "mail.dane-rollover",
    title=N_("A second TLSA record stands ready for the next key"),
    severity=Severity.INFO,
    subject=SubjectKind.DOMAIN,
    needs=(MailDns,),
    refs=ROLLOVER,
    why=N_(
        "When the key changes and the record is late, senders that check it hold the mail back."
        " A second record, of the next key or of the authority, bridges the gap."
    ),
    fix=N_("Publish the record of the next key, or a 2 1 1 record of the authority, beside the one in use."),
    example="_25._tcp.mail.example.org. IN TLSA 3 1 1 8CE1…\n_25._tcp.mail.example.org. IN TLSA 2 1 1 96BC…",
)
def dane_can_roll_over(seen: Observations) -> Verdict:
    mail = seen[MailDns]
    if not _receives(seen):
        return not_applicable(NO_MAIL)
    pinned = {host: set(records) for host, records in mail.tlsa.items() if records}
    if not pinned:
        if mail.tlsa_failed:
            return unknown(DNS_SILENT, names=listing(f"_25._tcp.{host}" for host in mail.tlsa_failed))
        return not_applicable(N_("No mail server publishes TLSA records."))
    if single := [host for host, records in pinned.items() if len(records) == 1]:
        return info(N_("Only one TLSA record, so that a change of key needs care: %(names)s."), names=listing(single))
    return ok(N_("Two or more TLSA records: %(names)s."), names=listing(pinned))
