"""What should not stand open: test systems, consoles, default pages; and whether we could look at all."""

from collections.abc import Mapping

from scanners.checking import check, fail, info, not_applicable, ok, unknown, warn
from scanners.checks import documents
from scanners.checks.wording import listing
from scanners.data import panels
from scanners.data.panels import Sign
from scanners.model import N_, Observations, Refs, Severity, SubjectKind, Verdict
from scanners.observations import LoggedNames, Page, RelatedHosts, Response
from scanners.parsing import html

STAGING = Refs(
    measures=(5, 9),
    iso27001=("A.8.31", "A.8.33"),
    owasp2021="A05",
    owasp2025="A02",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2",),
    sources=("ASVS 5.0 V15.2.3",),
)
DEFAULTS = Refs(measures=(5,), iso27001=("A.8.9",), owasp2021="A05", owasp2025="A02", sources=("ASVS 5.0 V15.2.3",))
PARKED = Refs(measures=(9,), iso27001=("A.5.9",))
CONSOLE = Refs(
    measures=(9,),
    iso27001=("A.8.2", "A.8.31"),
    owasp2021="A01",
    owasp2025="A01",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2", "17.4"),
    sources=("ASVS 5.0 V13.4.5",),
)
GATEWAY = Refs(
    measures=(9, 10),
    iso27001=("A.8.20", "A.6.7"),
    owasp2021="A07",
    owasp2025="A07",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2", "17.4"),
    sources=("CISA KEV",),
)
INDEXING = Refs(measures=(5,), iso27001=("A.8.12",), owasp2021="A05", owasp2025="A02", sources=("RFC 9309",))
REACH = Refs(measures=(6,), iso27001=("A.8.29",))

PARITY = Refs(
    measures=(5,),
    iso27001=("A.8.31",),
    owasp2021="A05",
    owasp2025="A02",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2",),
    sources=("own rule",),
)

STAGING_WORDS = frozenset(
    {"stag", "stage", "staging", "test", "tests", "testing", "dev", "devel", "demo", "uat", "qa", "preprod", "sandbox"}
)
GUARDED = frozenset({401, 403, 407})
OPEN = range(200, 300)
PROTECTING = ("strict-transport-security", "content-security-policy", "x-frame-options")
REDIRECTING = range(300, 400)  # to a log-in or to the real site, more often than not


def is_staging(name: str) -> bool:
    """Whether a label says that the host is for trying things out: test, test2, dev-portal."""
    words = name.partition(".")[0].replace("_", "-").split("-")
    return any(word.rstrip("0123456789") in STAGING_WORDS for word in words)


def _sign(signs: tuple[Sign, ...], found: Response) -> Sign | None:
    return panels.recognised_in(signs, found.body, found.headers)


@check(
    "exposure.staging-host",
    title=N_("No test system of the domain stands open"),
    severity=Severity.HIGH,
    subject=SubjectKind.DOMAIN,
    needs=(RelatedHosts,),
    refs=STAGING,
    why=N_(
        "Test systems get fewer updates, weaker passwords and often a copy of real data."
        " From there the way to production is short."
    ),
    fix=N_("Put test systems behind a VPN or a log-in at the front door, and take them down when the test is over."),
    example='auth_basic "Test"; auth_basic_user_file /etc/nginx/htpasswd;   # nginx',
)
def no_staging_host_is_open(seen: Observations) -> Verdict:
    related, pages = seen[RelatedHosts], _staging_pages(seen)
    staging = {name: status for name, status in related.answering.items() if is_staging(name)}
    staging |= {name: page.status for name, page in pages.items()}
    if inviting := [name for name, page in pages.items() if page.status in OPEN and _invites(page)]:
        return fail(N_("Open to everyone, with a log-in and for search engines: %(names)s."), names=listing(inviting))
    if reachable := [name for name, status in staging.items() if status in OPEN]:
        return warn(N_("Open to everyone: %(names)s."), names=listing(reachable))
    if redirecting := [name for name, status in staging.items() if status in REDIRECTING]:
        return info(
            N_("These test systems only redirect; where to was not followed: %(names)s."), names=listing(redirecting)
        )
    if guarded := [name for name, status in staging.items() if status in GUARDED]:
        return ok(N_("Test systems answer only after a log-in: %(names)s."), names=listing(guarded))
    return ok(N_("Names found in the domain: %(count)s; no test system answers."), count=len(related.names))


def _staging_pages(seen: Observations) -> Mapping[str, Response]:
    """The test systems of the domain, from names nearby and from the certificate logs."""
    logged = seen.find(LoggedNames)
    pages = {**(logged.staging if logged else {}), **seen[RelatedHosts].staging}
    return {name: page for name, page in pages.items() if is_staging(name)}


def _invites(page: Response) -> bool:
    """A log-in that search engines may list is found by everybody."""
    return html.read(page.body).asks_password and not _hides(page)


def _hides(page: Response) -> bool:
    rules = ",".join((*page.values("x-robots-tag"), *html.read(page.body).metas("robots"))).lower()
    return "noindex" in rules or "none" in rules


@check(
    "exposure.staging-parity",
    title=N_("Test systems are protected like the real ones"),
    severity=Severity.MEDIUM,
    subject=SubjectKind.DOMAIN,
    needs=(RelatedHosts,),
    refs=PARITY,
    why=N_(
        "A test system runs the same code and often the same data as the real one."
        " Whoever finds it less protected learns there how to get into the other."
    ),
    fix=N_("Give test systems the same certificates and headers as production, or keep them off the internet."),
    example='add_header Strict-Transport-Security "max-age=31536000" always;   # nginx, on every host',
)
def staging_is_protected_alike(seen: Observations) -> Verdict:
    production = seen[RelatedHosts].production
    pages = {name: page for name, page in _staging_pages(seen).items() if page.status in OPEN}
    if not pages:
        return not_applicable(N_("No test system stands open."))
    if production is None:
        return unknown(N_("No start page of the domain could be loaded to compare with."))
    weaker = {name: missing for name, page in pages.items() if (missing := _missing(page, production))}
    if weaker:
        return warn(
            N_("Less protected than the real site: %(names)s."),
            names=listing(f"{name} ({', '.join(missing)})" for name, missing in weaker.items()),
        )
    return ok(N_("Protected like the real site: %(names)s."), names=listing(pages))


def _missing(page: Response, production: Response) -> list[str]:
    """The controls that production has and the test system has not."""
    missing = ["TLS"] if production.tls_verified and not page.tls_verified else []
    return missing + [name for name in PROTECTING if production.values(name) and not page.values(name)]


@check(
    "exposure.default-page",
    title=N_("The host shows no default page of its server software"),
    severity=Severity.LOW,
    needs=(Page,),
    refs=DEFAULTS,
    why=N_(
        "A default page says that a server is on the net that nobody has finished or nobody remembers."
        " Such servers are the ones that miss their updates."
    ),
    fix=N_("Take the server off the net, or finish setting it up."),
)
@documents.on_html
def no_default_page(_seen: Observations, found: Response) -> Verdict:
    sign = _sign(panels.DEFAULT_PAGES, found)
    if sign is not None:
        return warn(N_("The start page is the default page of %(product)s."), product=sign.product)
    return ok(N_("The start page is not a known default page."))


@check(
    "exposure.parked-domain",
    title=N_("The domain is in use, not parked"),
    severity=Severity.INFO,
    needs=(Page,),
    refs=PARKED,
    why=N_(
        "A parked domain shows advertising that the vendor does not control."
        " It belongs into the inventory, with its mail closed."
    ),
    fix=N_("Forward the domain to your own site, or let it show nothing; close its mail by SPF, DMARC and a null MX."),
)
@documents.on_html
def domain_is_not_parked(_seen: Observations, found: Response) -> Verdict:
    if _sign(panels.PARKING, found) is not None:
        return info(N_("The start page is a parking or for-sale page."))
    return ok(N_("The start page is not a parking page."))


@check(
    "exposure.devops-panel",
    title=N_("No console for development or operation stands open"),
    severity=Severity.HIGH,
    needs=(Page,),
    refs=CONSOLE,
    why=N_(
        "Such consoles can change the software that hospitals install, or read all its data."
        " Holes in them are used within days of becoming known."
    ),
    fix=N_("Put the console behind a VPN or a gateway with multi-factor authentication."),
)
@documents.on_html
def no_console_is_open(_seen: Observations, found: Response) -> Verdict:
    sign = _sign(panels.CONSOLES, found)
    if sign is None:
        return ok(N_("The start page is no console that we know."))
    page = html.read(found.body)
    words = found.body.lower()
    guarded = (
        found.status in GUARDED or page.asks_password or any(text in words for text in ("login", "sign in", "log in"))
    )
    if guarded:
        return warn(N_("The log-in of %(product)s is open to the internet."), product=sign.product)
    return fail(N_("%(product)s is open to the internet without a log-in."), product=sign.product)


@check(
    "exposure.remote-access",
    title=N_("The way in for remote access is known"),
    severity=Severity.MEDIUM,
    needs=(Page,),
    refs=GATEWAY,
    why=N_(
        "Gateways for remote access are where most break-ins at suppliers begin."
        " A hospital must know them, their state of updates and whether a second factor guards them."
    ),
    fix=N_("Keep the gateway updated within days, demand a second factor, and name it in the questionnaire."),
)
@documents.on_html
def remote_access_is_known(_seen: Observations, found: Response) -> Verdict:
    sign = _sign(panels.GATEWAYS, found)
    if sign is not None:
        return info(N_("The host is a gateway for remote access: %(product)s."), product=sign.product)
    return ok(N_("The start page is no gateway for remote access that we know."))


@check(
    "exposure.indexing",
    title=N_("Log-in pages and test systems stay out of search engines"),
    severity=Severity.LOW,
    needs=(Page,),
    refs=INDEXING,
    why=N_(
        "Search engines lead attackers to log-in pages and patients to test systems."
        " One header keeps both out of the results."
    ),
    fix=N_("Send X-Robots-Tag: noindex on portals and test systems."),
    example="X-Robots-Tag: noindex, nofollow",
)
@documents.on_html
def portals_are_not_indexed(seen: Observations, found: Response) -> Verdict:
    page = html.read(found.body)
    if not page.asks_password and not is_staging(seen.subject.name):
        return not_applicable(N_("The start page is neither a log-in page nor a test system."))
    if _hides(found):
        return ok(N_("Search engines are asked not to list the page."))
    return warn(N_("Search engines may list the page."))


@check(
    "scan.reachability",
    title=N_("The host let our scanner look"),
    severity=Severity.INFO,
    needs=(Page,),
    refs=REACH,
    why=N_(
        "What a firewall hides from us is unknown, neither good nor bad, and lowers the coverage."
        " A vendor can allow the scanner's address and be judged in full."
    ),
    fix=N_("Allow the address and the name of the scanner for the time of the scan."),
)
def host_can_be_seen(seen: Observations) -> Verdict:
    found = documents.document(seen)
    if isinstance(found, Verdict):
        return found
    if found.status in GUARDED:
        return unknown(N_("The host asks for a log-in or refuses us: status %(status)s."), status=found.status)
    return ok(N_("The start page answered with status %(status)s."), status=found.status)
