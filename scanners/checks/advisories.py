"""How a manufacturer tells of holes in its products, and where one can tell it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from scanners.checking import check, info, ok, unknown
from scanners.checks import documents
from scanners.checks.wording import listing, shortened
from scanners.model import N_, CheckClass, Observations, Refs, Severity, Verdict
from scanners.observations import Page, Response, WellKnown
from scanners.parsing import html, urls

CSAF = Refs(
    measures=(5,),
    iso27001=("A.8.8",),
    owasp2021="A06",
    owasp2025="A03",
    mdr=("17.2",),
    sources=("CSAF 2.0 section 7", "BSI TR-03183-3", "RFC 9116"),
)
PSIRT = Refs(
    measures=(5, 2), iso27001=("A.6.8",), mdr=("17.2",), sources=("Regulation (EU) 2024/2847 Art. 13", "ISO/IEC 29147")
)

CSAF_PATH = "/.well-known/csaf/provider-metadata.json"
SECURITY_TXT = "/.well-known/security.txt"
FOUND = 200
ROLES = frozenset({"csaf_publisher", "csaf_provider", "csaf_trusted_provider"})
# In the address or the words of a link, lower case.
ADDRESS_WORDS = (
    *("/psirt", "/security-advis", "/product-security", "/productsecurity", "/security-center", "/vulnerability"),
    *("/trust-center", "/trustcenter", "/responsible-disclosure", "/security-bulletin", "/cybersecurity", "psirt."),
    *("/produktsicherheit", "/sicherheitshinweise", "/schwachstelle", "/it-sicherheit", "security.txt", "trust."),
)
WORDS = ("psirt", "product security", "security advisories", "report a vulnerability", "schwachstelle melden")
MOST_LINKS = 2_000


@check(
    "web.csaf-provider",
    title=N_("Holes in the products are announced in a form that machines read"),
    severity=Severity.INFO,
    needs=(WellKnown,),
    refs=CSAF,
    check_class=CheckClass.STANDARD,
    why=N_(
        "With CSAF a hospital's tools match a manufacturer's advisories with its own inventory by themselves."
        " Without it somebody has to read web pages, or a hole is noticed too late."
    ),
    fix=N_("Publish advisories as CSAF 2.0, and name them in provider-metadata.json and in security.txt."),
    example="CSAF: https://www.example.org/.well-known/csaf/provider-metadata.json",
)
def advisories_are_for_machines(seen: Observations) -> Verdict:
    published = seen[WellKnown].documents
    found = published.get(CSAF_PATH)
    metadata = _metadata(found) if found is not None and found.status == FOUND else None
    if metadata is not None:
        publisher = metadata.get("publisher")
        name = publisher.get("name", "") if isinstance(publisher, dict) else ""
        return ok(
            N_("CSAF is published by %(publisher)s as %(role)s."),
            publisher=shortened(str(name)) or "–",
            role=str(metadata["role"]),
        )
    if named := listing(_named(published.get(SECURITY_TXT))):
        return ok(N_("security.txt names CSAF advisories: %(urls)s."), urls=named)
    if CSAF_PATH not in published:
        return unknown(N_("The document was not asked for in this scan."))
    return info(N_("No CSAF advisories are named; only manufacturers of products need them."))


def _metadata(found: Response) -> Mapping[str, Any] | None:
    try:
        document = json.loads(found.body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and document.get("role") in ROLES else None


def _named(found: Response | None) -> Iterator[str]:
    if found is None or found.status != FOUND or "html" in documents.header(found, "content-type"):
        return
    for line in found.body.splitlines()[:200]:
        name, _colon, value = line.partition(":")
        if name.strip().lower() == "csaf" and value.strip().lower().startswith("https:"):
            yield value.strip()


@check(
    "web.psirt-page",
    title=N_("The site shows where product holes are reported and announced"),
    severity=Severity.INFO,
    needs=(Page,),
    refs=PSIRT,
    why=N_(
        "In an emergency nobody should have to search for who takes a report or where the advisory is."
        " From the end of 2027 the Cyber Resilience Act demands it of manufacturers."
    ),
    fix=N_("Link a page that names the contact, the procedure and the published advisories."),
)
@documents.on_html
def reports_have_an_address(_seen: Observations, found: Response) -> Verdict:
    page = html.read(found.body)
    base = page.base(found.url)
    for element in page.all("a")[:MOST_LINKS]:
        url = urls.join(base, element.get("href"))
        words = f"{element.text} {element.get('title')} {element.get('aria-label')}".lower()
        target = f"{urls.host(url)}{urls.split(url).path}".lower()
        if any(word in target for word in ADDRESS_WORDS) or any(word in words for word in WORDS):
            return ok(N_("The page links to %(url)s."), url=shortened(url))
    return info(N_("The start page links to no page about security of the products."))
