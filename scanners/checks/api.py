"""Programming interfaces: descriptions that stand open, FHIR metadata, access from foreign pages."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import re2

from scanners.checking import check, info, not_applicable, ok, warn
from scanners.checks import documents
from scanners.checks.wording import listing, shortened
from scanners.model import N_, CheckClass, Observations, Refs, Severity, Verdict
from scanners.observations import LoginPage, Page, Response, WellKnown
from scanners.parsing import html, urls

DESCRIPTION = Refs(
    measures=(5, 9),
    iso27001=("A.8.9", "A.8.26"),
    owasp2021="A05",
    owasp2025="A02",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2", "17.4"),
    sources=("ASVS 5.0 V13.4.5", "OWASP API9"),
)
SHARING = Refs(
    measures=(9,),
    iso27001=("A.8.26",),
    owasp2021="A05",
    owasp2025="A02",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2", "17.4"),
    sources=("ASVS 5.0 V3.4.2", "Fetch Standard"),
)
FHIR = Refs(
    measures=(9, 5),
    iso27001=("A.8.9",),
    owasp2021="A05",
    owasp2025="A02",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2", "17.4"),
    sources=("HL7 FHIR CapabilityStatement", "SMART App Launch 2.2"),
)

IDENTIFIERS = Refs(
    measures=(9,),
    iso27001=("A.8.3",),
    owasp2021="A01",
    owasp2025="A01",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2", "17.4"),
    sources=("OWASP API1",),
)

LIMITS = Refs(
    measures=(3,),
    iso27001=("A.8.6",),
    owasp2021="A04",
    owasp2025="A06",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2", "17.4"),
    sources=("OWASP API4",),
)
LIMITING = ("ratelimit", "x-ratelimit", "x-rate-limit", "retry-after")

WHY_DESCRIPTION = N_(
    "A description lists every operation and parameter, also the ones no page uses."
    " For an attacker it is a map to functions that may miss a check of rights."
)
FIX_DESCRIPTION = N_("Serve the description only after log-in, or tell the hospital that it is public on purpose.")
EXAMPLE_DESCRIPTION = "location /openapi.json { deny all; }   # nginx"

FOUND = 200
METHODS = frozenset({"get", "put", "post", "delete", "patch", "head", "options", "trace"})
WRITING = frozenset({"create", "update", "patch", "delete", "transaction", "batch"})
_YAML = re2.compile(r"(?m)^(?:openapi|swagger):\s*[\"']?[23]\.")
_HINT = re2.compile(
    r"(?i)/(?:openapi|swagger)(?:\.(?:json|ya?ml)|-ui|/|$)|/v[23]/api-docs(?:/|$)|/api-docs(?:/|$)|/redoc(?:/|$)"
)
_NUMBERED = re2.compile(
    r"(?i)/(?:patients?|persons?|users?|cases?|faelle|fall|orders?|befunde?|reports?|termine?|appointments?)/\d{1,12}(?:[/?#]|$)"
    r"|[?&](?:id|patient(?:_?id)?|user_?id|case_?id|pid)=\d{1,12}(?:&|#|$)"
)
_DIGIT = re2.compile(r"\d")
_USER_INTERFACE = ("swagger-ui", "redoc spec-url", "<redoc", "swaggeruibundle")


def _json(response: Response) -> Any:
    """The document of a response, or None where it is none or was cut."""
    try:
        return json.loads(response.body)
    except (ValueError, RecursionError):
        return None


def _description(response: Response) -> Mapping[str, Any] | None:
    """An OpenAPI document; an empty one for YAML and for its user interface, which are not read further."""
    if response.status != FOUND:
        return None
    if response.body.lstrip().startswith("{"):
        document = _json(response)
        is_one = isinstance(document, dict) and ("openapi" in document or "swagger" in document) and "paths" in document
        return document if is_one else None
    text = response.body[:200_000]
    if documents.is_html(response):
        return {} if any(mark in text.lower() for mark in _USER_INTERFACE) else None
    return {} if _YAML.search(text) is not None else None


def _open_operations(document: Mapping[str, Any]) -> list[str]:
    """Operations for which the description demands no log-in."""
    paths = document.get("paths")
    if document.get("security") or not isinstance(paths, dict):
        return []
    return [
        f"{method.upper()} {path}"
        for path, operations in paths.items()
        if isinstance(operations, dict)
        for method, operation in operations.items()
        if method in METHODS and isinstance(operation, dict) and not operation.get("security")
    ]


def _verdict_on(described: Iterable[Response]) -> Verdict | None:
    for response in described:
        document = _description(response)
        if document is None:
            continue
        where = shortened(urls.split(response.url).path or "/")
        if unguarded := _open_operations(document):
            return warn(
                N_("%(path)s describes the interface; these operations ask for no log-in: %(operations)s."),
                severity=Severity.HIGH,
                path=where,
                operations=listing(unguarded),
            )
        return warn(N_("%(path)s describes the interface for everyone."), path=where)
    return None


@check(
    "api.openapi-linked",
    title=N_("The start page leads to no open description of an interface"),
    severity=Severity.MEDIUM,
    needs=(Page,),
    refs=DESCRIPTION,
    why=WHY_DESCRIPTION,
    fix=FIX_DESCRIPTION,
    example=EXAMPLE_DESCRIPTION,
)
@documents.on_document
def no_description_is_linked(seen: Observations, found: Response) -> Verdict:
    if (verdict := _verdict_on([found])) is not None:
        return verdict
    page = html.read(found.body)
    links = [urls.join(page.base(found.url), element.get("href")) for element in page.all("a", "link")]
    own = [link for link in links if urls.host(link) == seen.subject.name]
    if hints := [urls.split(link).path for link in own if _HINT.search(urls.split(link).path) is not None]:
        return warn(N_("The page links to %(paths)s."), paths=listing(hints))
    return ok(N_("The page links to no description of an interface."))


@check(
    "api.sequential-ids",
    title=N_("Links show no running numbers of persons or cases"),
    severity=Severity.INFO,
    needs=(Page,),
    refs=IDENTIFIERS,
    why=N_(
        "Whoever sees number 1000 will try 1001; if a check of rights is missing, foreign records open."
        " Running numbers alone are no hole, but a reason to ask."
    ),
    fix=N_("Use random identifiers, and check rights on every access."),
    example="/patient/7f3c1d1e-2a7b-4c57-9a52-0d6a3f6f5f10",
)
@documents.on_html
def links_show_no_running_numbers(seen: Observations, found: Response) -> Verdict:
    pages = [(html.read(one.body), one.url) for one in documents.html_pages(seen, found)]
    links = [urls.join(page.base(url), element.get("href")) for page, url in pages for element in page.all("a")]
    links += [urls.join(page.base(url), form.action or "") for page, url in pages for form in page.forms]
    numbered = [link for link in links if urls.host(link) == seen.subject.name and _NUMBERED.search(link) is not None]
    if numbered:
        # A number may be a person's: it does not go into a report.
        return info(N_("Running numbers in links: %(urls)s."), urls=listing(_DIGIT.sub("#", link) for link in numbered))
    return ok(N_("No running number of a person or case was seen in a link."))


@check(
    "api.rate-limit-signal",
    title=N_("Interfaces say how often they may be asked"),
    severity=Severity.INFO,
    needs=(Page,),
    refs=LIMITS,
    why=N_(
        "Without a limit one client can try passwords or fetch record after record until the interface fails."
        " A limit shows in headers, though one may exist without them."
    ),
    fix=N_("Limit requests by user and address, and say so in RateLimit headers and with status 429."),
    example="limit_req_zone $binary_remote_addr zone=api:10m rate=10r/s;   # nginx",
)
def interfaces_name_a_limit(seen: Observations) -> Verdict:
    answers = [response for response in _answers(seen) if _is_interface(response)]
    if not answers:
        return not_applicable(N_("No answer of an interface was seen."))
    told = [name for response in answers for name, _value in response.headers if name.startswith(LIMITING)]
    if told:
        return ok(N_("Headers that speak of a limit: %(names)s."), names=listing(told))
    return info(N_("No header speaks of a limit; ask for it in the questionnaire."))


@check(
    "cors.wildcard-api",
    title=N_("Interfaces do not allow every foreign page to read them"),
    severity=Severity.MEDIUM,
    needs=(Page,),
    refs=SHARING,
    why=N_(
        "With a star any page a clinician happens to visit may read the interface's answers."
        " That is fine for public data and wrong for everything behind a log-in."
    ),
    fix=N_("Name the origins that may read the interface instead of the star."),
    example="Access-Control-Allow-Origin: https://portal.example.org",
)
def interfaces_are_not_shared(seen: Observations) -> Verdict:
    answers = [response for response in _answers(seen) if _is_interface(response)]
    if not answers:
        return not_applicable(N_("No answer of an interface was seen."))
    shared = [response for response in answers if "*" in response.values("access-control-allow-origin")]
    if guarded := [response.url for response in shared if response.status in {401, 403}]:
        return warn(N_("Open to every foreign page although a log-in is needed: %(urls)s."), urls=listing(guarded))
    if shared:
        return info(
            N_("Public interfaces that every foreign page may read: %(urls)s."),
            urls=listing(response.url for response in shared),
        )
    return ok(N_("Answers of interfaces seen: %(count)s; none is open to every foreign page."), count=len(answers))


def _answers(seen: Observations) -> list[Response]:
    login, well_known = seen.find(LoginPage), seen.find(WellKnown)
    answers = [
        *seen[Page].hops,
        *(login.pages if login else ()),
        *(well_known.documents.values() if well_known else ()),
    ]
    return [answer for answer in answers if documents.is_own(seen, answer)]


def _is_interface(response: Response) -> bool:
    kind = " ".join(response.values("content-type")).lower()
    return "json" in kind or "fhir" in kind


@check(
    "health.fhir-metadata",
    title=N_("The FHIR interface describes how it is secured"),
    severity=Severity.LOW,
    check_class=CheckClass.STANDARD,
    needs=(WellKnown,),
    refs=FHIR,
    why=N_(
        "The metadata of a FHIR interface are public by design and say how access is guarded."
        " Where they name no protection, a hospital must ask before it connects."
    ),
    fix=N_("Name the security service (SMART on FHIR) in rest.security, and leave the software version out."),
    example='"security": {"service": [{"coding": [{"code": "SMART-on-FHIR"}]}]}',
)
def fhir_describes_its_security(seen: Observations) -> Verdict:
    statements = _capability_statements(seen)
    if not statements:
        return not_applicable(N_("No FHIR interface was seen."))
    for path, statement in statements.items():
        parts = [part for part in _items(statement.get("rest")) if part.get("mode", "server") == "server"]
        bare = [part for part in parts if not part.get("security")]
        if any(_writes(part) for part in bare):
            return warn(
                N_("%(path)s offers writing and names no protection."), severity=Severity.MEDIUM, path=shortened(path)
            )
        if bare or not parts:
            return warn(N_("%(path)s names no protection."), path=shortened(path))
        software = statement.get("software")
        if isinstance(software, dict) and software.get("version"):
            told = shortened(f"{software.get('name', '')} {software['version']}")
            return warn(
                N_("%(path)s tells the software and its version: %(software)s."), path=shortened(path), software=told
            )
    return info(N_("Public metadata, protection named: %(paths)s."), paths=listing(statements))


def _capability_statements(seen: Observations) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for path, response in seen[WellKnown].documents.items():
        if response.status == FOUND and path.rstrip("/").endswith("/metadata"):
            document = _json(response)
            if isinstance(document, dict) and document.get("resourceType") == "CapabilityStatement":
                found[path] = document
    return found


def _items(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _writes(part: Mapping[str, Any]) -> bool:
    interactions = [*_items(part.get("interaction"))]
    for resource in _items(part.get("resource")):
        interactions += _items(resource.get("interaction"))
    return any(one.get("code") in WRITING for one in interactions)
