"""Clinical interfaces that answer strangers. No record is ever read: a number, an empty list or a head must do."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from scanners.checking import check, fail, info, not_applicable, ok, unknown, warn
from scanners.checks import documents, unpublished
from scanners.checks.wording import listing, shortened
from scanners.data.unpublished import Purpose
from scanners.model import N_, CheckClass, Observations, Refs, Severity, Verdict
from scanners.observations import Response, UnpublishedPaths, WellKnown

CLINICAL = Refs(
    measures=(9, 10),
    iso27001=("A.8.3", "A.5.34"),
    owasp2021="A01",
    owasp2025="A01",
    gdpr=("Art. 9", "Art. 32 (1) b"),
    mdr=("17.2", "17.4"),
    sources=("HL7 FHIR search",),
)
MENDED = (4, 4, 1)  # CVE-2023-43208
MOST_DIGITS = 8  # of one part of a version; more is no version
FOUND = 200
SMART_PATH = "/.well-known/smart-configuration"


@check(
    "health.fhir-open-search",
    title=N_("The FHIR interface does not search for strangers"),
    severity=Severity.CRITICAL,
    check_class=CheckClass.ACTIVE,
    needs=(UnpublishedPaths,),
    refs=CLINICAL,
    why=N_(
        "A FHIR server that counts its patients for everybody will also hand them out."
        " That is a breach of health data, whether or not anyone has used it."
    ),
    fix=N_("Demand a token for every interaction but metadata, and check its scopes on the server."),
    example="location /fhir/ { auth_request /token; }   # nginx; /fhir/metadata may stay open",
)
def fhir_does_not_search_for_strangers(seen: Observations) -> Verdict:
    signs = unpublished.found(seen, Purpose.FHIR)
    if opened := unpublished.bearing(signs, "fhir-open"):
        return fail(
            N_("Counts patients for everybody: %(paths)s. Neither the number nor any record was kept."),
            paths=unpublished.shown(opened),
        )
    if signs:
        return warn(
            N_("Searches without a log-in, but counts no patient: %(paths)s."),
            severity=Severity.MEDIUM,
            paths=unpublished.shown(signs),
        )
    return unpublished.nothing_found(seen, Purpose.FHIR)


@check(
    "health.dicomweb-open",
    title=N_("The image archive does not answer strangers"),
    severity=Severity.CRITICAL,
    check_class=CheckClass.ACTIVE,
    needs=(UnpublishedPaths,),
    refs=replace(CLINICAL, sources=("DICOM PS3.18", "Greenbone 2019")),
    why=N_(
        "Open archives have shown millions of images with names and birth dates to everyone."
        " We asked for a study that cannot exist; an open archive answers with an empty list."
    ),
    fix=N_("Put the archive behind a log-in and a VPN, and check both from outside the network."),
    example="location /dicom-web/ { auth_request /token; }   # nginx",
)
def archives_do_not_answer_strangers(seen: Observations) -> Verdict:
    if signs := unpublished.found(seen, Purpose.DICOMWEB):
        return fail(
            N_("Searches studies for everybody: %(paths)s. No study was asked for."), paths=unpublished.shown(signs)
        )
    return unpublished.nothing_found(seen, Purpose.DICOMWEB)


@check(
    "health.orthanc",
    title=N_("No Orthanc server answers without a log-in"),
    severity=Severity.CRITICAL,
    check_class=CheckClass.ACTIVE,
    needs=(UnpublishedPaths,),
    refs=replace(CLINICAL, iso27001=("A.8.3",), sources=("Orthanc Book",)),
    why=N_(
        "Orthanc without a log-in gives every image away and takes commands to delete or to forward them."
        " It is delivered that way for local use and is often put on the net unchanged."
    ),
    fix=N_("Set AuthenticationEnabled and RemoteAccessAllowed as the manual says, and put a VPN in front."),
    example='"AuthenticationEnabled": true, "RemoteAccessAllowed": false   // orthanc.json',
)
def orthanc_is_guarded(seen: Observations) -> Verdict:
    signs = unpublished.found(seen, Purpose.ORTHANC)
    if opened := unpublished.bearing(signs, "orthanc-open"):
        return fail(N_("Orthanc answers without a log-in: %(paths)s."), paths=unpublished.shown(opened))
    if signs:
        return warn(
            N_("The log-in of Orthanc is open to the internet: %(paths)s."),
            severity=Severity.HIGH,
            paths=unpublished.shown(signs),
        )
    return unpublished.nothing_found(seen, Purpose.ORTHANC)


@check(
    "health.integration-engine",
    title=N_("No integration engine stands on the open internet"),
    severity=Severity.CRITICAL,
    check_class=CheckClass.ACTIVE,
    needs=(UnpublishedPaths,),
    refs=replace(
        CLINICAL,
        measures=(9, 5),
        iso27001=("A.8.8", "A.8.9"),
        owasp2021="A06",
        owasp2025="A03",
        sources=("CVE-2023-43208", "CISA KEV"),
    ),
    why=N_(
        "All messages between the systems of a hospital run through the integration engine."
        " Old versions of Mirth Connect run commands of strangers without a log-in, and this is being used."
    ),
    fix=N_("Update to 4.4.1 or later, and let the administration be reached from the own network only."),
    example="location /webadmin/ { allow 10.0.0.0/8; deny all; }   # nginx",
)
def engines_are_not_open(seen: Observations) -> Verdict:
    signs = {
        path: borne for path, borne in seen[UnpublishedPaths].signs.items() if any("engine" in one for one in borne)
    }
    if not unpublished.bearing(signs, "engine:"):
        return unpublished.nothing_found(seen, Purpose.ENGINE)
    version = next(iter(unpublished.named(signs, "engine-version:")), "")
    product = shortened(f"{listing(unpublished.named(signs, 'engine:'))} {version}")
    if version and _numbers(version) < MENDED:
        return fail(
            N_("%(product)s is open to the internet and runs commands of strangers (CVE-2023-43208)."),
            product=product,
        )
    return warn(
        N_("The administration of %(product)s is open to the internet."),
        severity=Severity.HIGH,
        product=product,
    )


def _numbers(version: str) -> tuple[int, ...]:
    parts = [part for part in version.split(".")[:4] if part.isascii() and part.isdigit()]
    return tuple(int(part) for part in parts if len(part) <= MOST_DIGITS)


@check(
    "health.smart-config",
    title=N_("The FHIR interface publishes how apps log in, with PKCE"),
    severity=Severity.MEDIUM,
    check_class=CheckClass.STANDARD,
    needs=(WellKnown,),
    refs=replace(
        CLINICAL,
        measures=(10,),
        iso27001=("A.8.5",),
        owasp2021="A07",
        owasp2025="A07",
        sources=("SMART App Launch 2.2",),
    ),
    why=N_(
        "Apps of patients and clinicians learn from this document where and how to log in."
        " Without S256 a stolen code is enough to take over their access."
    ),
    fix=N_("Publish .well-known/smart-configuration below the FHIR base, with S256 alone."),
    example='"code_challenge_methods_supported": ["S256"], "capabilities": ["launch-standalone", …]',
)
def smart_is_published(seen: Observations) -> Verdict:
    served = seen[WellKnown].documents
    bases = {
        path.removesuffix("/metadata"): response for path, response in served.items() if path.endswith("/metadata")
    }
    statements = {
        base: one
        for base, response in bases.items()
        if (one := _object(response)).get("resourceType") == "CapabilityStatement"
    }
    published = {
        path: one
        for path, response in served.items()
        if path.endswith(SMART_PATH) and _is_smart(one := _object(response))
    }
    if not statements and not published:
        return not_applicable(N_("No FHIR interface was seen."))
    return _on_published(published) or _on_missing(served, statements, published)


def _on_published(published: Mapping[str, Mapping[str, Any]]) -> Verdict | None:
    for path, document in published.items():
        methods = _texts(document, "code_challenge_methods_supported")
        if "plain" in methods:
            return fail(N_("%(path)s allows PKCE without a hash (plain)."), path=shortened(path))
        if "S256" not in methods or not _texts(document, "capabilities"):
            return warn(N_("%(path)s names no PKCE with S256 or no capabilities."), path=shortened(path))
    return None


def _on_missing(
    served: Mapping[str, Response],
    statements: Mapping[str, Mapping[str, Any]],
    published: Mapping[str, Mapping[str, Any]],
) -> Verdict:
    missing = [base or "/" for base in statements if f"{base}{SMART_PATH}" not in published]
    if unread := [base for base in missing if _is_unread(served.get(f"{base.rstrip('/')}{SMART_PATH}"))]:
        return unknown(N_("The document below %(paths)s gave no clear answer."), paths=listing(unread))
    if missing and any(_names_oauth(statements[base.rstrip("/")]) for base in missing):
        return warn(
            N_("The metadata speak of OAuth, but the document is missing below %(paths)s."), paths=listing(missing)
        )
    if missing:
        return info(N_("No such document, and the metadata speak of no OAuth: %(paths)s."), paths=listing(missing))
    return ok(N_("Published with S256: %(paths)s."), paths=listing(published))


def _is_unread(response: Response | None) -> bool:
    return response is None or documents.is_blocked(response) or response.status >= 500  # noqa: PLR2004 - it failed


def _is_smart(document: Mapping[str, Any]) -> bool:
    return any(name in document for name in ("authorization_endpoint", "token_endpoint", "capabilities"))


def _names_oauth(statement: Mapping[str, Any]) -> bool:
    rest = statement.get("rest")
    parts = [part for part in rest if isinstance(part, dict)] if isinstance(rest, list) else []
    told = json.dumps([part.get("security") for part in parts]).lower()
    return "oauth" in told or "smart-on-fhir" in told


def _texts(document: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = document.get(name)
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _object(response: Response) -> Mapping[str, Any]:
    if response.status != FOUND:
        return {}
    try:
        document = json.loads(response.body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
