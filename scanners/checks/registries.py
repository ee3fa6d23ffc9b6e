"""What registries tell of a domain and its certificates: logged names, revocation, registration, look-alikes."""

from collections.abc import Iterable
from datetime import timedelta

from scanners import attribution
from scanners.attribution import Belonging
from scanners.checking import check, fail, info, not_applicable, ok, unknown, warn
from scanners.checks.wording import listing, shortened
from scanners.model import N_, Observations, Refs, Severity, SubjectKind, Verdict
from scanners.observations import (
    LoggedCertificate,
    LoggedNames,
    LookAlikes,
    Registration,
    Reputation,
    Revocation,
)
from scanners.parsing import issuers, transparency

INVENTORY = Refs(
    measures=(9, 1),
    iso27001=("A.5.9",),
    owasp2021="A05",
    owasp2025="A02",
    mdr=("17.2", "17.4"),
    sources=("RFC 9162",),
)
ISSUER = Refs(
    measures=(8, 2),
    iso27001=("A.8.24", "A.8.16"),
    owasp2021="A02",
    owasp2025="A04",
    gdpr=("Art. 32 (1) b",),
    sources=("RFC 8659",),
)
INTERNAL = Refs(
    measures=(9,),
    iso27001=("A.5.9", "A.8.12"),
    owasp2021="A05",
    owasp2025="A02",
    mdr=("17.2", "17.4"),
    sources=("own rule",),
)
REVOKED = Refs(
    measures=(8,),
    iso27001=("A.8.24",),
    owasp2021="A02",
    owasp2025="A04",
    gdpr=("Art. 32 (1) a",),
    mdr=("17.2", "17.4"),
    sources=("RFC 5280 section 5", "RFC 6960", "CA/Browser Forum SC-063"),
)
EXPIRY = Refs(measures=(3,), iso27001=("A.5.9",), gdpr=("Art. 32 (1) b",), sources=("RFC 9083",))
LOCK = Refs(measures=(9,), iso27001=("A.5.9",), sources=("RFC 8056",))
BRAND = Refs(measures=(2, 7), iso27001=("A.5.7", "A.5.14"), sources=("own rule",))
LISTS = Refs(measures=(2,), iso27001=("A.5.7",), sources=("own rule",))

NEW = timedelta(days=30)
SOON, VERY_SOON = timedelta(days=30), timedelta(days=7)
LEAVING = frozenset({"redemption period", "pending delete", "client hold", "server hold"})
LOCKS = frozenset({"client transfer prohibited", "server transfer prohibited"})
REGISTRY_LOCKS = frozenset({"server transfer prohibited", "server update prohibited", "server delete prohibited"})
NO_SERVICE = N_("The registry of this suffix publishes no data of domains.")
NO_DOMAIN = N_("The registry knows no such domain; the host probably lies in a domain above.")


def _day(seen: LoggedNames | Registration) -> str:
    return seen.asked_at.date().isoformat()


@check(
    "ct.subdomain-inventory",
    title=N_("The names that have certificates are known"),
    severity=Severity.INFO,
    subject=SubjectKind.DOMAIN,
    needs=(LoggedNames,),
    refs=INVENTORY,
    why=N_(
        "Every public certificate is logged, and attackers read these logs to find what was forgotten."
        " A vendor that knows all names on the list keeps them all up to date."
    ),
    fix=N_("Compare the list with your own inventory, and take down what nobody needs."),
)
def logged_names_are_known(seen: Observations) -> Verdict:
    logged = seen[LoggedNames]
    own = (seen.subject.name,)
    hosted = [
        name
        for name, alias in logged.aliases.items()
        if attribution.attribute(name, own=own, aliases=(alias,)).belonging is Belonging.HOSTED
    ]
    if not logged.names:
        return info(N_("No name with a certificate of its own is logged. Search of %(day)s."), day=_day(logged))
    return info(
        N_(
            "Logged names: %(count)d, %(alive)d of those looked up exist, %(hosted)d of them at a service: %(names)s."
            " Search of %(day)s; not looked up: %(unasked)d. Names under a wildcard certificate are not in the logs."
        ),
        count=len(logged.names),
        alive=len(logged.addresses),
        hosted=len(hosted),
        names=listing(logged.addresses or logged.names),
        day=_day(logged),
        unasked=logged.unasked,
    )


@check(
    "ct.unexpected-issuer",
    title=N_("No authority issued certificates unexpectedly"),
    severity=Severity.MEDIUM,
    subject=SubjectKind.DOMAIN,
    needs=(LoggedNames,),
    refs=ISSUER,
    why=N_(
        "A certificate that nobody ordered lets a stranger pose as the portal, with no warning in any browser."
        " It shows first in the public logs, often days before the attack."
    ),
    fix=N_("Find out who ordered it; have it revoked if nobody did, and name your authorities in CAA records."),
    example='example.org. IN CAA 0 issue "letsencrypt.org"',
)
def no_issuer_is_unexpected(seen: Observations) -> Verdict:
    logged = seen[LoggedNames]
    if not logged.certificates:
        return not_applicable(N_("No valid certificate of the domain is logged."))
    strange = [one for one in logged.certificates if _is_forbidden(one, logged)]
    if strange:
        return warn(
            N_("Issued by authorities that the CAA record does not name: %(certificates)s. Search of %(day)s."),
            certificates=listing(_told(one) for one in strange),
            day=_day(logged),
        )
    if new := _new_issuers(logged.certificates, seen):
        return info(
            N_("An authority that issued nothing here before, within 30 days: %(issuers)s. Search of %(day)s."),
            issuers=listing(new),
            day=_day(logged),
        )
    return ok(
        N_("Issuers of the valid certificates: %(issuers)s. Search of %(day)s."),
        issuers=listing(one.issuer for one in logged.certificates),
        day=_day(logged),
    )


def _is_forbidden(certificate: LoggedCertificate, logged: LoggedNames) -> bool:
    """Whether the domain's CAA set forbids it; a name below may have a set of its own, so only the domain's counts."""
    wildcard = all(name.startswith("*.") for name in certificate.names)
    allowed = issuers.allowed(logged.caa, wildcard=wildcard)
    known = issuers.identifiers(certificate.issuer)
    return allowed is not None and bool(known) and not known & set(allowed)


def _told(one: LoggedCertificate) -> str:
    return f"{shortened(one.issuer, 40)} ({one.names[0]}, {one.not_before.date().isoformat()})"


def _new_issuers(certificates: Iterable[LoggedCertificate], seen: Observations) -> list[str]:
    """Authorities whose certificates are all new while others' are not."""
    first: dict[str, object] = {}
    old = set()
    for one in certificates:
        first.setdefault(one.issuer, None)
        if seen.at - one.not_before > NEW:
            old.add(one.issuer)
    return [issuer for issuer in first if issuer not in old] if old else []


@check(
    "ct.internal-names",
    title=N_("The logs do not point to inner systems on the internet"),
    severity=Severity.LOW,
    subject=SubjectKind.DOMAIN,
    needs=(LoggedNames,),
    refs=INTERNAL,
    why=N_(
        "Names such as pacs, backup or vpn tell everybody what there is and where to try."
        " If the host behind it answers on the internet, it will be tried."
    ),
    fix=N_(
        "Give inner systems certificates of an authority of your own or a wildcard, and keep them off the internet."
    ),
)
def inner_names_do_not_resolve(seen: Observations) -> Verdict:
    logged, domain = seen[LoggedNames], seen.subject.name
    words = seen.data.internal_words or transparency.INTERNAL_WORDS
    telling = [name for name in logged.names if transparency.internal_words(name, domain, words)]
    alive = [name for name in telling if name in logged.addresses]
    if alive:
        return warn(
            N_("These names of inner systems are logged and resolve publicly: %(names)s. Search of %(day)s."),
            names=listing(alive),
            day=_day(logged),
        )
    if telling:
        return ok(
            N_("Names of inner systems are logged, but none of them resolves: %(names)s. Search of %(day)s."),
            names=listing(telling),
            day=_day(logged),
        )
    return ok(N_("No logged name tells of an inner system. Search of %(day)s."), day=_day(logged))


@check(
    "cert.revocation",
    title=N_("The certificate is not revoked"),
    severity=Severity.CRITICAL,
    needs=(Revocation,),
    refs=REVOKED,
    why=N_(
        "An authority revokes a certificate when its key was stolen or it was issued wrongly."
        " Whoever goes on using it shows a proof that no longer proves anything."
    ),
    fix=N_("Have a new certificate issued with a new key today, and find out why the old one was revoked."),
)
def certificate_is_not_revoked(seen: Observations) -> Verdict:
    found = seen[Revocation]
    if found.method == "none":
        return not_applicable(N_("The certificate names no list and no responder that could be asked."))
    asked = found.issued_at.date().isoformat() if found.issued_at else ""
    if found.revoked:
        return fail(
            N_("Revoked on %(day)s, says %(source)s; reason: %(cause)s. As of %(asked)s."),
            day=found.revoked_at.date().isoformat() if found.revoked_at else "–",
            source=found.source,
            cause=found.cause or "–",
            asked=asked,
        )
    return ok(N_("Not revoked, says %(source)s as of %(asked)s."), source=found.source, asked=asked)


@check(
    "domain.expiry",
    title=N_("The domain is registered for longer"),
    severity=Severity.MEDIUM,
    subject=SubjectKind.DOMAIN,
    needs=(Registration,),
    refs=EXPIRY,
    why=N_(
        "When a registration ends, portal, interfaces and mail stop at once."
        " A stranger who then registers the name receives what hospitals go on sending there."
    ),
    fix=N_("Renew the domain, switch on automatic renewal and let the registrar's notices reach several people."),
)
def domain_is_registered_for_longer(seen: Observations) -> Verdict:
    found = seen[Registration]
    verdict = _unregistered(found)
    if verdict is not None:
        return verdict
    if leaving := [state for state in found.states if state in LEAVING]:
        return fail(
            N_("The registry has the domain as: %(states)s. As of %(day)s."), states=listing(leaving), day=_day(found)
        )
    if found.expires is None:
        return not_applicable(N_("The registry does not tell when the registration ends."))
    left, end = found.expires - seen.at, found.expires.date().isoformat()
    text = N_("Registered until %(end)s; days left: %(days)d. As of %(day)s.")
    verdict_of = fail if left <= VERY_SOON else warn if left <= SOON else ok
    return verdict_of(text, end=end, days=left.days, day=_day(found))


def _unregistered(found: Registration) -> Verdict | None:
    if not found.serves:
        return not_applicable(NO_SERVICE)
    return None if found.exists else unknown(NO_DOMAIN)


@check(
    "domain.lock",
    title=N_("The domain is locked against transfer"),
    severity=Severity.INFO,
    subject=SubjectKind.DOMAIN,
    needs=(Registration,),
    refs=LOCK,
    why=N_(
        "Whoever moves a domain to another registrar commands its web, mail and certificates."
        " A lock makes that impossible with a stolen password alone."
    ),
    fix=N_("Switch on the transfer lock at the registrar; for a portal ask for the registry's own lock."),
)
def domain_is_locked(seen: Observations) -> Verdict:
    found = seen[Registration]
    verdict = _unregistered(found)
    if verdict is not None:
        return verdict
    states = set(found.states)
    if states >= REGISTRY_LOCKS:
        return ok(N_("Locked by the registry itself. As of %(day)s."), day=_day(found))
    if states & LOCKS:
        return ok(N_("Locked against transfer. As of %(day)s."), day=_day(found))
    return info(N_("No lock against transfer is shown; some registries show none. As of %(day)s."), day=_day(found))


@check(
    "domain.lookalikes",
    title=N_("Registered names that look like the domain are known"),
    severity=Severity.LOW,
    subject=SubjectKind.DOMAIN,
    needs=(LookAlikes,),
    refs=BRAND,
    why=N_(
        "From names that look alike come invoices with new bank details and log-in pages that collect passwords."
        " Whoever knows them can warn staff and block their mail."
    ),
    fix=N_("Register the nearest names yourself, and let your mail gateway hold back mail from the others."),
)
def look_alikes_are_known(seen: Observations) -> Verdict:
    found = seen[LookAlikes]
    mail = [name for name, takes_mail in found.registered.items() if takes_mail]
    if mail:
        return info(
            N_("Of %(asked)d names that look alike, %(count)d are registered; these take mail: %(names)s."),
            asked=found.asked,
            count=len(found.registered),
            names=listing(mail),
        )
    return info(
        N_("Of %(asked)d names that look alike, %(count)d are registered, and none takes mail."),
        asked=found.asked,
        count=len(found.registered),
    )


@check(
    "domain.reputation",
    title=N_("No list of abused domains names the domain"),
    severity=Severity.INFO,
    subject=SubjectKind.DOMAIN,
    needs=(Reputation,),
    refs=LISTS,
    why=N_(
        "A domain on such a list often belongs to somebody whose systems were misused."
        " Mail from there will not arrive; the lists also err, so this is a reason to ask."
    ),
    fix=N_("Ask the list for its reason, mend it and have the entry removed."),
)
def no_list_names_the_domain(seen: Observations) -> Verdict:
    found = seen[Reputation]
    if found.listed:
        return info(N_("Listed by: %(lists)s."), lists=listing(found.listed))
    return ok(N_("Listed by none of: %(lists)s."), lists=listing(found.asked))
