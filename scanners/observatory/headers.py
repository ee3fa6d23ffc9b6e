"""The tests that read one header each."""

import re2

from scanners.observatory import content_security
from scanners.observatory.site import Answer, Site, Test, is_preloaded

SIX_MONTHS = 15_552_000  # 180 days: the Observatory is that generous

_DIGITS = re2.compile(r"^[ \t]*([+\-]?[0-9]{1,100})")
# A structured-field token with parameters (RFC 9651 sections 3.1.2 and 3.3.4).
_WORD = r"[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]*"
_VALUE = rf'(?:{_WORD}|-?[0-9]{{1,15}}(?:\.[0-9]{{1,3}})?|"[ !#-\[\]-~]*"|\?[01]|:[A-Za-z0-9+/=]*:)'
_TOKEN = re2.compile(rf"^({_WORD})(?:; *[a-z*][a-z0-9_\-.*]*(?:={_VALUE})?)*$")

_KIND_REFERRERS = frozenset({"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"})
_TALKATIVE_REFERRERS = frozenset({"origin", "origin-when-cross-origin", "unsafe-url", "no-referrer-when-downgrade"})


def transport_security(site: Site) -> Test:
    """strict-transport-security: six months of HTTPS."""
    found: dict[str, object] = {"maxAge": None, "includeSubDomains": False, "preload": False, "preloaded": False}
    if site.https is None:
        result = "hsts-not-implemented-no-https"
    elif not site.https.verified:
        result = "hsts-invalid-cert"
    elif not site.https.values("strict-transport-security"):
        result = "hsts-not-implemented"
    else:
        result = _months(site.https.first("strict-transport-security")[:1024], found)
    if site.https is not None and is_preloaded(site, site.host):
        result = "hsts-preloaded"
        found |= {"preloaded": True, "includeSubDomains": site.preloaded(site.host) is not False}
    return Test(
        name="strict-transport-security",
        result=result,
        passed=result in {"hsts-implemented-max-age-at-least-six-months", "hsts-preloaded"},
        detail=found,
    )


def _months(header: str, found: dict[str, object]) -> str:
    if "," in header:
        return "hsts-header-invalid"
    age: int | None = None
    for part in (part.strip().lower() for part in header.split(";")):
        if part.startswith("max-age="):
            digits = _DIGITS.match(part[8:128])
            age = int(digits.group(1)) if digits else None
        found["includeSubDomains"] = found["includeSubDomains"] or part == "includesubdomains"
        found["preload"] = found["preload"] or part == "preload"
    found["maxAge"] = age
    if age is None:
        return "hsts-header-invalid"
    return f"hsts-implemented-max-age-{'at-least' if age >= SIX_MONTHS else 'less-than'}-six-months"


def referrer(site: Site) -> Test:
    """referrer-policy: the last word that a browser knows counts."""
    document = site.document or Answer(status=0)
    headers = document.values("referrer-policy")
    metas = document.equivalents.get("referrer-policy", ())
    text = ", ".join((*headers, *metas))
    words = [word.strip().lower() for word in text.split(",")]
    known = [word for word in words if word in _KIND_REFERRERS | _TALKATIVE_REFERRERS]
    if site.document is None or not (headers or metas):
        result = "referrer-policy-not-implemented"
    elif not known:
        result = "referrer-policy-header-invalid"
    else:
        result = f"referrer-policy-{'private' if known[-1] in _KIND_REFERRERS else 'unsafe'}"
    return Test(
        name="referrer-policy",
        result=result,
        passed=site.document is not None and result in {"referrer-policy-private", "referrer-policy-not-implemented"},
        detail={"http": bool(headers), "meta": bool(metas), "data": text or None},
    )


def sniffing(site: Site) -> Test:
    """x-content-type-options."""
    value = site.document.first("x-content-type-options")[:256] if site.document else ""
    result = "x-content-type-options-not-implemented"
    if value:
        right = value.strip().lower() == "nosniff"
        result = f"x-content-type-options-{'nosniff' if right else 'header-invalid'}"
    return Test(
        name="x-content-type-options",
        result=result,
        passed=result == "x-content-type-options-nosniff",
        detail={"data": value or None},
    )


def framing(site: Site) -> Test:
    """x-frame-options, for which frame-ancestors stands in."""
    value = site.document.first("x-frame-options")[:1024] if site.document else ""
    word = value.strip().lower()
    if not value:
        result = "x-frame-options-not-implemented"
    elif word in {"deny", "sameorigin"}:
        result = "x-frame-options-sameorigin-or-deny"
    elif word.startswith("allow-from"):
        result = "x-frame-options-allow-from-origin"
    else:
        result = "x-frame-options-header-invalid"
    if content_security.frames_are_ruled(site):
        result = "x-frame-options-implemented-via-csp"
    return Test(
        name="x-frame-options",
        result=result,
        passed=result not in {"x-frame-options-not-implemented", "x-frame-options-header-invalid"},
        detail={"data": value or None},
    )


def resource_policy(site: Site) -> Test:
    """cross-origin-resource-policy."""
    name = "cross-origin-resource-policy"
    document = site.document or Answer(status=0)
    header, metas = ", ".join(document.values(name)), document.equivalents.get(name, ())
    value = (header or (metas[-1] if metas else ""))[:256].strip().lower()
    result = "corp-not-implemented"
    if value:
        known = value in {"same-site", "same-origin", "cross-origin"}
        result = f"corp-implemented-with-{value}" if known else "corp-header-invalid"
    return Test(
        name=name,
        result=result,
        passed=site.document is not None and result != "corp-header-invalid",
        detail={"http": bool(header), "meta": bool(metas), "data": value or None},
    )


def opener_policy(site: Site) -> Test:
    """cross-origin-opener-policy."""
    known = frozenset({"same-origin", "same-origin-allow-popups", "noopener-allow-popups", "unsafe-none"})
    return _isolation(site, "cross-origin-opener-policy", "coop", known)


def embedder_policy(site: Site) -> Test:
    """cross-origin-embedder-policy."""
    known = frozenset({"require-corp", "credentialless", "unsafe-none"})
    return _isolation(site, "cross-origin-embedder-policy", "coep", known)


def _isolation(site: Site, name: str, short: str, known: frozenset[str]) -> Test:
    values = site.document.values(name) if site.document else ()
    value = values[0][:1024].strip() if len(values) == 1 else ""
    token = _TOKEN.match(value)
    if not values or (len(values) == 1 and not values[0]):
        result = f"{short}-not-implemented"
    elif token is not None and token.group(1) in known:
        result = f"{short}-implemented-with-{token.group(1)}"
    else:
        result = f"{short}-header-invalid"
    return Test(
        name=name,
        result=result,
        passed=site.document is not None and result != f"{short}-header-invalid",
        detail={"http": bool(values), "data": value or None},
    )


def resource_sharing(site: Site) -> Test:
    """cross-origin-resource-sharing: may every origin read with the visitor's cookies?"""
    answer = site.cross_origin
    allowed = answer.first("access-control-allow-origin") if answer else ""
    value = allowed[:256].strip().lower()
    kind = "not-implemented"
    if answer is not None and allowed:
        credentials = answer.first("access-control-allow-credentials").lower().strip() == "true"
        echoed = bool(site.cross_origin_asked) and site.cross_origin_asked == allowed
        access = "public" if value == "*" else "universal" if echoed and credentials else "restricted"
        kind = f"implemented-with-{access}-access"
    return Test(
        name="cross-origin-resource-sharing",
        result=f"cross-origin-resource-sharing-{kind}",
        passed="universal" not in kind,
        detail={"data": value or None},
    )
