"""A host in the words of other testers: CSP Evaluator, Internet.nl, the HSTS preload list, sectxt."""

from collections.abc import Iterable

from scanners.model import Observations, SubjectKind
from scanners.observations import Page, Response, WellKnown
from scanners.parsing import csp, csp_weaknesses, html, internetnl, preload, sectxt

SECURITY_TXT = "/.well-known/security.txt"


def by_host(seen: Iterable[Observations]) -> dict[str, object]:
    """Every host's profile; what could not be seen is left out."""
    return {one.subject.name: of(one) for one in seen if one.subject.kind is SubjectKind.HOST}


def of(seen: Observations) -> dict[str, object]:
    """The profile of one host."""
    page, documents = seen.find(Page), seen.find(WellKnown)
    profile: dict[str, object] = {}
    if page is not None and page.hops and 200 <= page.document.status < 300:  # noqa: PLR2004 - success in HTTP
        profile |= _of_document(page.document, seen.subject.name)
    file = documents.documents.get(SECURITY_TXT) if documents is not None else None
    if file is not None and file.status == 200:  # noqa: PLR2004 - OK in HTTP
        reading = sectxt.read(file.body, seen.at)
        profile["sectxt"] = {"errors": reading.errors, "recommendations": reading.recommendations}
    return profile


def _of_document(document: Response, host: str) -> dict[str, object]:
    metas = html.read(document.body).metas("content-security-policy")
    policies = csp.parse(document.values("content-security-policy"), metas=metas)
    faults, hints = internetnl.referrer_faults(", ".join(document.values("referrer-policy")))
    header = next(iter(document.values("strict-transport-security")), None)
    errors, warnings = preload.judge(preload.parse(header)) if header is not None else ((), ())
    return {
        "csp_evaluator": [
            [
                {"type": one.kind, "severity": one.severity.value, "directive": one.directive, "value": one.value}
                for one in csp_weaknesses.weaknesses(policy)
            ]
            for policy in policies
        ],
        "internet_nl": {
            "content_security_policy": internetnl.policy_faults(
                ", ".join(document.values("content-security-policy")), host
            ),
            "referrer_policy": {"errors": faults, "recommendations": hints},
        },
        "hstspreload": {"header": header, "errors": errors, "warnings": warnings},
    }
