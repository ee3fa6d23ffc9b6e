"""Dangling names: entries that point to something a stranger could register."""

from collections.abc import Iterable
from enum import StrEnum

from scanners import targets
from scanners.checking import BLINDNESS, check, fail, info, not_applicable, ok, unknown, warn
from scanners.checks.wording import listing, shortened
from scanners.data import takeovers
from scanners.model import N_, Observations, Refs, Severity, SubjectKind, Verdict
from scanners.observations import HostDns, MailDns, Page, Reason, RelatedHosts

TAKEOVER = Refs(
    measures=(9, 4),
    iso27001=("A.5.9", "A.8.9"),
    owasp2021="A05",
    owasp2025="A02",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2", "17.4"),
    sources=("OWASP Cheat Sheet Subdomain Takeover", "can-i-take-over-xyz"),
)
MAIL = Refs(
    measures=(9,),
    iso27001=("A.5.14",),
    owasp2021="A05",
    owasp2025="A02",
    gdpr=("Art. 32 (1) b",),
    sources=("RFC 5321",),
)

WHY = N_(
    "Whoever registers the abandoned target runs a page under the vendor's name, with a valid certificate."
    " It can collect log-ins of hospital staff and read cookies of the whole domain."
)
FIX = N_("Delete the DNS entry, or register the target again. Delete DNS entries before the service they point to.")
EXAMPLE = "staging.example.org. IN CNAME old-app.azurewebsites.net.   ; delete"


class Claim(StrEnum):
    """How sure it is that a stranger can take the name."""

    VERIFIED = "verified"
    POSSIBLE = "possible"
    NONE = "none"


def claim_on(name: str, target: str) -> Claim:
    """Judge a CNAME whose target does not exist."""
    if any(label.startswith("_") for label in name.split(".")) or takeovers.safe(target):
        return Claim.NONE
    service = takeovers.claimable(target)
    if service is not None and not service.unclaimed:
        return Claim.VERIFIED
    return Claim.POSSIBLE if targets.registrable(target) != targets.registrable(name) else Claim.NONE


@check(
    "dns.takeover-cname",
    title=N_("The host's alias points to a service that is still the vendor's"),
    severity=Severity.CRITICAL,
    needs=(HostDns,),
    refs=TAKEOVER,
    why=WHY,
    fix=FIX,
    example=EXAMPLE,
    second_look=True,
)
def alias_is_not_dangling(seen: Observations) -> Verdict:
    host = seen[HostDns]
    target = host.dangling_target
    if target:
        match claim_on(seen.subject.name, target):
            case Claim.VERIFIED:
                return fail(
                    N_("Verified: the target %(target)s is free and anyone can register it."), target=shortened(target)
                )
            case Claim.POSSIBLE:
                return warn(N_("Possible: the target %(target)s does not exist."), target=shortened(target))
        return info(
            N_("The target %(target)s does not exist, but a stranger cannot register it."), target=shortened(target)
        )
    if service := _unclaimed_page(host.cname_chain, seen.find(Page)):
        return fail(
            N_("Verified: %(service)s says that nobody has claimed %(target)s."),
            service=service,
            target=shortened(host.cname_chain[-1]),
        )
    if not host.cname_chain:
        return ok(N_("The host is no alias.")) if host.exists else unknown(BLINDNESS[Reason.NAME_NOT_FOUND])
    return ok(N_("The alias %(target)s exists."), target=shortened(host.cname_chain[-1]))


def _unclaimed_page(chain: Iterable[str], page: Page | None) -> str:
    if page is None or not page.hops or page.document.status < 400:  # noqa: PLR2004 - HTTP error
        return ""
    services = (takeovers.claimable(target) for target in chain if not takeovers.safe(target))
    body = page.document.body
    return next((one.name for one in services if one and one.unclaimed and one.unclaimed in body), "")


@check(
    "dns.takeover-related",
    title=N_("No name of the domain points to an abandoned service"),
    severity=Severity.CRITICAL,
    subject=SubjectKind.DOMAIN,
    needs=(RelatedHosts,),
    refs=TAKEOVER,
    why=WHY,
    fix=FIX,
    example=EXAMPLE,
    second_look=True,
)
def related_names_are_not_dangling(seen: Observations) -> Verdict:
    related = seen[RelatedHosts]
    claims = {name: claim_on(name, target) for name, target in related.dangling.items()}
    for claim, verdict, text in (
        (Claim.VERIFIED, fail, N_("Verified: anyone can register the targets of %(names)s.")),
        (Claim.POSSIBLE, warn, N_("Possible: the targets of these names do not exist: %(names)s.")),
    ):
        if names := [f"{name} → {related.dangling[name]}" for name, its in claims.items() if its is claim]:
            return verdict(text, names=listing(names))
    return ok(N_("Names found in the domain: %(count)s; none points to nowhere."), count=len(related.names))


@check(
    "dns.takeover-mx",
    title=N_("Every mail server named in DNS exists"),
    severity=Severity.HIGH,
    subject=SubjectKind.DOMAIN,
    needs=(MailDns,),
    refs=MAIL,
    why=N_(
        "Whoever registers the missing name receives mail meant for the vendor, with hospital data in it."
        " Until then mail is delayed or lost."
    ),
    fix=N_("Delete the MX record, or set up its target again."),
    example="example.org. IN MX 10 mail.example.org.",
)
def mail_servers_exist(seen: Observations) -> Verdict:
    exchangers = seen[MailDns].exchangers
    if not exchangers:
        return not_applicable(N_("The domain names no mail server."))
    if missing := [one.host for one in exchangers if not one.exists and not one.is_address_literal]:
        return fail(N_("These mail servers do not exist in DNS: %(names)s."), names=listing(missing))
    return ok(N_("All mail servers exist: %(names)s."), names=listing(one.host for one in exchangers))
