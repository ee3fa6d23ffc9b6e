"""Ways in for administrators on paths that nobody published, and hosts that answer every path."""

from itertools import islice

import re2

from scanners.checking import check, fail, info, not_applicable, ok, unknown, warn
from scanners.checks import documents, unpublished
from scanners.checks.wording import listing
from scanners.data.unpublished import Purpose
from scanners.model import N_, CheckClass, Observations, Refs, Severity, Verdict
from scanners.observations import Response, UnpublishedPaths, WellKnown
from scanners.parsing import urls

PANELS = Refs(
    measures=(9, 10),
    iso27001=("A.8.2", "A.8.3", "A.8.20"),
    owasp2021="A01",
    owasp2025="A01",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2", "17.4"),
    sources=("nuclei-templates", "snallygaster"),
)
WIZARDS = Refs(
    measures=(9, 10),
    iso27001=("A.8.5", "A.8.9"),
    owasp2021="A05",
    owasp2025="A02",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2", "17.4"),
    sources=("ASVS 5.0 V6.3.2", "snallygaster"),
)
CMS = Refs(
    measures=(10,),
    iso27001=("A.8.2",),
    owasp2021="A07",
    owasp2025="A07",
    gdpr=("Art. 32 (1) b",),
    sources=("nuclei-templates", "snallygaster"),
)
DEBUGGING = Refs(
    measures=(5,),
    iso27001=("A.8.9", "A.8.28"),
    owasp2021="A05",
    owasp2025="A02",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2",),
    sources=("ASVS 5.0 V13.4.2", "snallygaster"),
)
INDEXING = Refs(measures=(9,), iso27001=("A.8.12",), owasp2021="A05", owasp2025="A02", sources=("RFC 9309",))
LOOKING = Refs(measures=(6,), iso27001=("A.8.29",))


def _with_products(signs: unpublished.Found, prefix: str) -> str:
    """Each path with the product that was recognised there."""
    told = {path: unpublished.named({path: borne}, prefix) for path, borne in signs.items()}
    return listing(f"{path.partition('?')[0]} ({products[0]})" if products else path for path, products in told.items())


@check(
    "exposure.admin-panel",
    title=N_("No administration stands on the open internet"),
    severity=Severity.HIGH,
    check_class=CheckClass.ACTIVE,
    needs=(UnpublishedPaths,),
    refs=PANELS,
    why=N_(
        "Whoever gets into an administration has the whole system, and passwords are tried there by machine."
        " Holes in such products are used within days."
    ),
    fix=N_("Let the administration be reached only through a VPN or from named addresses, with a second factor."),
    example=(
        "location /admin/ { allow 198.51.100.0/24; deny all; }      # nginx\n"
        "<Location /admin> Require ip 198.51.100.0/24 </Location>   # Apache"
    ),
)
def no_administration_is_open(seen: Observations) -> Verdict:
    signs = unpublished.found(seen, Purpose.PANEL)
    opened = {path: signs[path] for path in unpublished.bearing(signs, "open:")}
    if opened:
        return fail(N_("Open without a log-in: %(panels)s."), panels=_with_products(opened, "open:"))
    guarded = {path: signs[path] for path in unpublished.bearing(signs, "panel:", "asks-password", "asks-basic")}
    if guarded:
        return warn(
            N_("The log-in of an administration is open to the internet: %(panels)s."),
            panels=_with_products(guarded, "panel:"),
        )
    return unpublished.nothing_found(seen, Purpose.PANEL)


@check(
    "exposure.default-credentials-hint",
    title=N_("No product waits to be set up or shows its first password"),
    severity=Severity.CRITICAL,
    check_class=CheckClass.ACTIVE,
    needs=(UnpublishedPaths,),
    refs=WIZARDS,
    why=N_(
        "Whoever comes first to a page that sets up a product becomes its administrator."
        " First passwords stand in every manual; they are tried by machine."
    ),
    fix=N_("Finish the set-up, remove its pages, and change first passwords. No password was tried."),
    example="location = /wp-admin/install.php { return 404; }   # nginx",
)
def nothing_waits_to_be_set_up(seen: Observations) -> Verdict:
    signs = seen[UnpublishedPaths].signs
    if products := unpublished.named(signs, "wizard:"):
        return fail(N_("Anybody can set up: %(products)s."), products=listing(products))
    if hints := unpublished.bearing(signs, "default-password"):
        return warn(
            N_("These pages speak of a first password: %(paths)s."),
            severity=Severity.HIGH,
            paths=unpublished.shown(hints),
        )
    return unpublished.nothing_found(seen, Purpose.PANEL, Purpose.CMS)


@check(
    "exposure.cms-admin",
    title=N_("The log-in of the content management system is not public"),
    severity=Severity.LOW,
    check_class=CheckClass.ACTIVE,
    needs=(UnpublishedPaths,),
    refs=CMS,
    why=N_(
        "Passwords for the website are tried there day and night."
        " From a captured website forged downloads and log-ins reach the vendor's customers."
    ),
    fix=N_("Guard the page with a second log-in, a VPN or named addresses, and demand a second factor."),
    example='location = /wp-login.php { auth_basic "CMS"; auth_basic_user_file /etc/nginx/cms; }   # nginx',
)
def cms_is_not_public(seen: Observations) -> Verdict:
    signs = unpublished.found(seen, Purpose.CMS)
    if products := unpublished.named(signs, "cms:"):
        return warn(N_("Reachable without any further guard: %(products)s."), products=listing(products))
    return unpublished.nothing_found(seen, Purpose.CMS)


@check(
    "exposure.debug-mode",
    title=N_("The application does not run in debug mode"),
    severity=Severity.HIGH,
    check_class=CheckClass.ACTIVE,
    needs=(UnpublishedPaths,),
    refs=DEBUGGING,
    why=N_(
        "In debug mode an error shows settings, queries and paths, with some frameworks even a console."
        " It is meant for the developer's own machine."
    ),
    fix=N_("Switch debug mode off in production, and show users a neutral page."),
    example=(
        "DEBUG = False                            # Django\nAPP_DEBUG=false                          # Laravel\n"
        '<customErrors mode="RemoteOnly"/>        # ASP.NET'
    ),
)
def debug_mode_is_off(seen: Observations) -> Verdict:
    paths = seen[UnpublishedPaths]
    if frameworks := unpublished.named(paths.signs, "debug:"):
        return fail(
            N_("A page that does not exist shows the debug page of %(frameworks)s."), frameworks=listing(frameworks)
        )
    if not paths.controls or any(documents.is_blocked(control) for control in paths.controls):
        return unknown(unpublished.NOT_ASKED if not paths.controls else documents.FIREWALL)
    return ok(N_("A page that does not exist shows nothing of a debug mode."))


@check(
    "web.soft-404",
    title=N_("Paths that do not exist are answered as such"),
    severity=Severity.INFO,
    check_class=CheckClass.ACTIVE,
    needs=(UnpublishedPaths,),
    refs=LOOKING,
    why=N_(
        "A host that answers every path with a page hides from a scanner what lies open and what does not."
        " Such paths are unknown here, neither good nor bad."
    ),
    fix=N_("Answer unknown paths with status 404, also where one page serves the whole application."),
    example="try_files $uri $uri/ =404;   # nginx",
)
def missing_pages_are_missing(seen: Observations) -> Verdict:
    paths = seen[UnpublishedPaths]
    if not paths.controls:
        return unknown(unpublished.NOT_ASKED)
    if all(control.status in documents.ANSWERED for control in paths.controls):
        return info(N_("Any path is answered with a page; paths that answer so are not judged."))
    return ok(N_("A path that does not exist is answered with status %(status)s."), status=paths.controls[0].status)


MOST_PATHS = 2_000
_DISALLOWED = re2.compile(r"(?im)^[ \t]*(?:dis)?allow[ \t]*:[ \t]*(/[^\s#]{1,200})")
_LOCATION = re2.compile(r"(?i)<loc>\s*([^<\s]{1,500})")
_INNER = re2.compile(
    r"(?i)(?:^|[/_\-.])(?:admin\w*|verwaltung|intern(?:al)?|intranet|backup|private|privat|staging|test|dev|debug|db"
    r"|database|dump|export|config|setup|install|phpmyadmin|patients?|patienten|befunde?|secret)(?:$|[/_\-.*?])"
)


@check(
    "exposure.robots-sensitive",
    title=N_("robots.txt and the site map name no inner areas"),
    severity=Severity.INFO,
    check_class=CheckClass.STANDARD,
    needs=(WellKnown,),
    refs=INDEXING,
    why=N_(
        "What search engines are to leave out, attackers read first."
        " The list often names administrations, test systems and folders with exports."
    ),
    fix=N_("Guard such areas with a log-in, and keep them out of search engines by a header instead of a public list."),
    example="X-Robots-Tag: noindex",
)
def nothing_inner_is_named(seen: Observations) -> Verdict:
    served = seen[WellKnown].documents
    paths = [*_disallowed(served.get("/robots.txt")), *_mapped(served.get("/sitemap.xml"))]
    if inner := [path for path in paths if _INNER.search(path) is not None]:
        return info(N_("Inner areas are named: %(paths)s."), paths=listing(inner))
    if not paths:
        return not_applicable(N_("Neither robots.txt nor a site map names any path."))
    return ok(N_("Paths named: %(count)s; none sounds like an inner area."), count=len(paths))


def _disallowed(served: Response | None) -> list[str]:
    if served is None or served.status not in documents.ANSWERED or documents.is_html(served):
        return []
    return [str(match.group(1)) for match in islice(_DISALLOWED.finditer(served.body), MOST_PATHS)]


def _mapped(served: Response | None) -> list[str]:
    if served is None or served.status not in documents.ANSWERED or documents.is_html(served):
        return []
    found = [str(match.group(1)) for match in islice(_LOCATION.finditer(served.body), MOST_PATHS)]
    return [urls.split(one).path for one in found if urls.is_web(one)]
