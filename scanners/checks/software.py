"""What runs on the host, as far as it says so itself, and what stands in front of it."""

from scanners import attribution
from scanners.checking import check, info, not_applicable, ok, unknown, warn
from scanners.checks import documents
from scanners.checks.wording import listing
from scanners.data import edges, lifecycles, sets, weaknesses
from scanners.model import N_, Observations, Refs, Severity, Verdict
from scanners.observations import HostDns, Page, Response
from scanners.parsing import banners, html
from scanners.parsing.banners import Product
from scanners.parsing.libraries import at_or_above
from scanners.targets import registrable

SUPPORTED = Refs(
    measures=(5,),
    iso27001=("A.8.8",),
    owasp2021="A06",
    owasp2025="A03",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2",),
    sources=("endoflife.date", "ASVS 5.0 V15.2.1"),
)
KNOWN_HOLES = Refs(
    measures=(5,),
    iso27001=("A.8.8",),
    owasp2021="A06",
    owasp2025="A03",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2",),
    sources=("CISA KEV", "NVD"),
)
EDGE = Refs(measures=(3,), iso27001=("A.8.20",))


def _ended(products: tuple[Product, ...], seen: Observations) -> list[tuple[Product, str]]:
    """Products whose branch had got its last repair when the scan ran, each with that day."""
    found = []
    for product in products:
        end = lifecycles.end_of(product.name, product.version, seen.data)
        if end is not None and end < seen.at.date():
            found.append((product, end.isoformat()))
    return found


def _verdict(products: tuple[Product, ...], seen: Observations) -> Verdict:
    ended = _ended(products, seen)
    named = listing(f"{product.text} ({day})" for product, day in ended)
    if any(not product.packaged for product, _day in ended):
        return warn(
            N_("By its own word past its last repair: %(products)s. Data of %(day)s."),
            products=named,
            day=sets.day(seen.data, sets.EOL),
        )
    if ended:
        return info(
            N_("An old version, but from a distribution that may still repair it: %(products)s. Data of %(day)s."),
            products=named,
            day=sets.day(seen.data, sets.EOL),
        )
    if products:
        return ok(
            N_("Nothing known to be past its last repair: %(products)s. Data of %(day)s."),
            products=listing(product.text for product in products),
            day=sets.day(seen.data, sets.EOL),
        )
    return ok(N_("No product tells a version."))


@check(
    "sw.eol",
    title=N_("The server software still gets repairs"),
    severity=Severity.MEDIUM,
    needs=(Page,),
    refs=SUPPORTED,
    why=N_(
        "For software past its end no one mends new holes, and attacks on them are public."
        " A vendor whose outer server is that old seldom keeps the inner ones better."
    ),
    fix=N_("Move to a branch that is still maintained, and watch the end dates of all components."),
    example="https://endoflife.date/php",
)
def software_is_supported(seen: Observations) -> Verdict:
    responses = documents.own_responses(seen)
    if not responses:
        return unknown(documents.NO_ANSWER)
    products = tuple(dict.fromkeys(product for response in responses for product in banners.products(response.headers)))
    return _verdict(products, seen)


@check(
    "sw.banner-cve",
    title=N_("The versions that the server tells have no hole that is used in attacks"),
    severity=Severity.LOW,
    needs=(Page,),
    refs=KNOWN_HOLES,
    why=N_(
        "Holes that CISA lists as used in attacks are tried on every address of the internet within days."
        " A version alone proves none, for many systems mend holes without changing it; so this is a question to ask."
    ),
    fix=N_("Tell whether the hole is mended in the version you run, and stop sending versions in headers."),
    example="ServerTokens Prod   # Apache;  server_tokens off;   # nginx",
)
def told_versions_have_no_exploited_hole(seen: Observations) -> Verdict:
    responses = documents.own_responses(seen)
    if not responses:
        return unknown(documents.NO_ANSWER)
    products = tuple(dict.fromkeys(product for response in responses for product in banners.products(response.headers)))
    if not products:
        return ok(N_("No product tells a version."))
    holes = {product: found for product in products if (found := _holes(product))}
    day = sets.day(seen.data, sets.KEV)
    used = {
        product: names
        for product, found in holes.items()
        if not product.packaged
        and (names := [one.cve for one in found if weaknesses.is_exploited(one, seen.data.exploited)])
    }
    if used:
        return warn(
            N_("By its version perhaps open to holes that are used in attacks: %(products)s. CISA's list of %(day)s."),
            products=listing(f"{product.text} ({', '.join(names)})" for product, names in used.items()),
            day=day,
        )
    if holes:
        return info(
            N_("Possible by its version and unverified: %(products)s. CISA's list of %(day)s."),
            products=listing(
                f"{product.text} ({', '.join(one.cve for one in found)})" for product, found in holes.items()
            ),
            day=day,
        )
    return ok(
        N_("No hole of our table fits: %(products)s. CISA's list of %(day)s."),
        products=listing(product.text for product in products),
        day=day,
    )


def _holes(product: Product) -> tuple[weaknesses.Weakness, ...]:
    """The holes of the table whose range the version lies in; a version without its minor part says nothing."""
    if "." not in product.version:
        return ()
    return tuple(
        one
        for one in weaknesses.of(product.name)
        if at_or_above(product.version, one.at_or_above) and not at_or_above(product.version, one.below)
    )


@check(
    "sw.cms-outdated",
    title=N_("The content management system still gets repairs"),
    severity=Severity.MEDIUM,
    needs=(Page,),
    refs=SUPPORTED,
    why=N_(
        "Old content management systems are the most common way into a web server."
        " From a captured page, forged downloads and log-ins reach the vendor's customers."
    ),
    fix=N_("Update the system to a maintained branch and switch on automatic updates."),
    example='<meta name="generator" content="…">',
)
@documents.on_html
def cms_is_supported(seen: Observations, found: Response) -> Verdict:
    generators = html.read(found.body).metas("generator")
    products = tuple(product for text in generators for product in banners.named_in(text.replace("! ", " ")))
    if not products:
        return not_applicable(N_("The page names no content management system with a version."))
    return _verdict(products, seen)


@check(
    "sw.waf-cdn",
    title=N_("What stands in front of the host is known"),
    severity=Severity.INFO,
    needs=(Page,),
    refs=EDGE,
    why=N_(
        "A content network or firewall in front sees all traffic in clear and is a sub-processor to name."
        " What it answers says little about the server behind it."
    ),
    fix=N_("Name the provider among the sub-suppliers in the questionnaire."),
)
def edge_is_known(seen: Observations) -> Verdict:
    dns = seen.find(HostDns)
    headers = [pair for hop in seen[Page].hops for pair in hop.headers]
    aliases = dns.cname_chain if dns else ()
    if names := edges.edges_of(headers, aliases):
        return info(N_("In front of the host: %(names)s."), names=listing(names))
    found = attribution.attribute(seen.subject.name, own=(registrable(seen.subject.name),), aliases=aliases)
    if found.operator:
        return info(N_("The host is run at %(operator)s; name it as a sub-supplier."), operator=found.operator)
    return info(N_("No content network or firewall was recognised in front of the host."))
