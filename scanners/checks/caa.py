"""CAA: who may issue certificates for a host."""

from scanners.checking import BLINDNESS, check, fail, info, not_applicable, ok, unknown, warn
from scanners.checks.wording import listing, shortened
from scanners.model import N_, Observations, Refs, Severity, Verdict
from scanners.observations import HostDns, Reason
from scanners.parsing import caa

ISSUANCE = Refs(
    measures=(8, 4),
    iso27001=("A.8.24", "A.5.19"),
    owasp2021="A02",
    owasp2025="A04",
    gdpr=("Art. 32 (1) a",),
    sources=("RFC 8659", "RFC 8657", "RFC 9495"),
)
REPORTING = Refs(
    measures=(8, 2), iso27001=("A.8.24", "A.5.24"), owasp2021="A02", owasp2025="A04", sources=("RFC 8659",)
)
HARDENING = Refs(
    measures=(8,), iso27001=("A.8.24",), owasp2021="A02", owasp2025="A04", sources=("RFC 8657", "RFC 9495")
)

NONE = N_("Neither the host nor a name above it publishes CAA records.")


@check(
    "dns.caa-present",
    title=N_("CAA records name who may issue certificates"),
    severity=Severity.MEDIUM,
    needs=(HostDns,),
    refs=ISSUANCE,
    why=N_(
        "Without CAA every certification authority of the world may issue a certificate for the host."
        " One tricked authority is enough to imitate a portal with patient data."
    ),
    fix=N_("Publish CAA records with the authorities you really use, and forbid wildcards you do not need."),
    example='example.org. IN CAA 0 issue "letsencrypt.org"\nexample.org. IN CAA 0 issuewild ";"',
)
def caa_is_present(seen: Observations) -> Verdict:
    host = seen[HostDns]
    if not host.exists:
        return unknown(BLINDNESS[Reason.NAME_NOT_FOUND])
    if not host.caa:
        return warn(NONE)
    if broken := [f'{record.flags} {record.tag} "{record.value}"' for record in host.caa if not caa.is_valid(record)]:
        return fail(N_("CAA records that cannot be read: %(records)s."), records=listing(broken))
    issuers = [record.value for record in host.caa if record.tag.lower() in {"issue", "issuewild"}]
    if not issuers:
        return warn(
            N_("CAA records stand at %(name)s, but none of them limits who may issue."),
            name=shortened(host.caa_at or ""),
        )
    named = [name for value in issuers if (name := caa.issuer(value))]
    if not named:
        return ok(N_("CAA at %(name)s forbids certificates altogether."), name=shortened(host.caa_at or ""))
    return ok(N_("CAA at %(name)s allows: %(issuers)s."), name=shortened(host.caa_at or ""), issuers=listing(named))


@check(
    "dns.caa-iodef",
    title=N_("CAA names an address for reports of refused requests"),
    severity=Severity.INFO,
    needs=(HostDns,),
    refs=REPORTING,
    why=N_(
        "An authority that refuses a request can say so there."
        " That is an early sign that someone tries to get a certificate for the host."
    ),
    fix=N_("Add an iodef record with a mail address that is read."),
    example='example.org. IN CAA 0 iodef "mailto:security@example.org"',
)
def caa_names_a_report_address(seen: Observations) -> Verdict:
    host = seen[HostDns]
    if not host.exists:
        return unknown(BLINDNESS[Reason.NAME_NOT_FOUND])
    if not host.caa:
        return not_applicable(NONE)
    addresses = [record.value for record in host.caa if record.tag.lower() == "iodef"]
    if not addresses:
        return info(N_("CAA names no address for reports."))
    if poor := [value for value in addresses if not caa.is_report_address(value) or value[:5].lower() == "http:"]:
        return warn(N_("Reports cannot or should not be sent to %(addresses)s."), addresses=listing(poor))
    return ok(N_("Reports go to %(addresses)s."), addresses=listing(addresses))


@check(
    "dns.caa-hardening",
    title=N_("CAA binds wildcards, mail certificates and the account"),
    severity=Severity.INFO,
    needs=(HostDns,),
    refs=HARDENING,
    why=N_(
        "Naming the authority still lets anyone who is its customer try."
        " Naming the account and the method as well leaves hardly a way to a wrong certificate."
    ),
    fix=N_("Add issuewild and issuemail, and bind issue to your account and method of proof."),
    example='example.org. IN CAA 0 issue "letsencrypt.org; accounturi=https://acme-v02.api.letsencrypt.org/acme/acct/1;'
    ' validationmethods=dns-01"\nexample.org. IN CAA 0 issuewild ";"\nexample.org. IN CAA 0 issuemail ";"',
)
def caa_is_hardened(seen: Observations) -> Verdict:
    host = seen[HostDns]
    if not host.exists:
        return unknown(BLINDNESS[Reason.NAME_NOT_FOUND])
    if not host.caa:
        return not_applicable(NONE)
    tags = {record.tag.lower() for record in host.caa}
    values = " ".join(record.value.lower().replace(" ", "") for record in host.caa if record.tag.lower() == "issue")
    held = {
        "issuewild": "issuewild" in tags,
        "issuemail": "issuemail" in tags,
        "accounturi": "accounturi=" in values,
        "validationmethods": "validationmethods=" in values,
    }
    used = [name for name, holds in held.items() if holds]
    if all(held.values()):
        return ok(N_("CAA uses %(properties)s."), properties=listing(used))
    lacking = listing(name for name, holds in held.items() if not holds)
    if used:
        return info(N_("CAA uses %(properties)s, but not %(lacking)s."), properties=listing(used), lacking=lacking)
    return info(N_("CAA could bind more narrowly: %(lacking)s are not used."), lacking=lacking)
