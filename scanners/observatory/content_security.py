"""The test content-security-policy."""

from collections.abc import Iterable, Mapping

from scanners.observatory import policies
from scanners.observatory.policies import BadPolicy, Combined
from scanners.observatory.site import Answer, Site, Test

NAME = "content-security-policy"

BROAD = frozenset({"ftp:", "http:", "https:", "*", "http://*", "http://*.*", "https://*", "https://*.*"})
BROAD_OR_INLINE = BROAD | {"'unsafe-inline'", "data:"}
PASSIVE = ("img-src", "media-src")
MARKS = ("'sha256-", "'sha384-", "'sha512-", "'nonce-")
ANYTHING = frozenset({"*"})

PASSING = frozenset(
    {
        "csp-implemented-with-no-unsafe",
        "csp-implemented-with-no-unsafe-default-src-none",
        "csp-implemented-with-unsafe-inline-in-style-src-only",
        "csp-implemented-with-insecure-scheme-in-passive-content-only",
    }
)


def judge(site: Site) -> Test:
    """What the policies of header and <meta> together allow."""
    document = site.document
    if document is None or not site.url:
        return _failed("csp-not-implemented")
    headers = policies.split(document.values(NAME))
    metas = policies.split(document.equivalents.get(NAME, ()))
    seen = {"http": bool(headers), "meta": bool(metas), "numPolicies": len(headers) + len(metas)}
    try:
        combined = policies.combine((*headers, *metas))
    except BadPolicy:
        return _failed("csp-header-invalid", {"numPolicies": seen["numPolicies"]})
    own = _or_nothing(headers, is_meta=False)
    if not own.directives and not own.repeated and not _or_nothing(metas, is_meta=True).directives:
        return _absent(document, seen)
    return _judged(site, combined, own, seen)


def frames_are_ruled(site: Site) -> bool:
    """Whether any policy names frame-ancestors; the test x-frame-options asks."""
    data = judge(site).detail.get("data")
    return isinstance(data, Mapping) and "frame-ancestors" in data


def _or_nothing(texts: tuple[str, ...], *, is_meta: bool) -> Combined:
    try:
        return policies.combine_metas(texts) if is_meta else policies.combine(texts)
    except BadPolicy:
        return Combined()


def _absent(document: Answer, seen: Mapping[str, object]) -> Test:
    reporting = bool(document.first("content-security-policy-report-only"))
    result = "csp-not-implemented-but-reporting-enabled" if reporting else "csp-not-implemented"
    return _failed(result, {"numPolicies": seen["numPolicies"]})


def _failed(result: str, detail: Mapping[str, object] | None = None) -> Test:
    return Test(name=NAME, result=result, passed=False, detail=detail or {})


def _judged(site: Site, combined: Combined, own: Combined, seen: Mapping[str, object]) -> Test:
    csp = combined.directives
    scripts = _either(csp, "script-src", "default-src")
    styles = _either(csp, "style-src", "default-src")
    objects = _either(csp, "object-src", "default-src")
    for sources in (scripts, styles):
        if _is_marked(sources):
            sources.discard("'unsafe-inline'")
    is_strict = "'strict-dynamic'" in scripts
    is_dynamic = is_strict and _is_marked(scripts)
    if is_dynamic:
        scripts -= {source for source in scripts if _falls_to_strict_dynamic(source)}
    active = [source for name, sources in csp.items() if name not in {*PASSIVE, "script-src"} for source in sources]
    passive = [source for name in PASSIVE for source in csp.get(name) or csp.get("default-src") or ()]
    inline = bool(scripts & BROAD_OR_INLINE or objects & BROAD)
    insecure_active = site.is_secure and _is_insecure((*active, *scripts))
    insecure_passive = site.is_secure and _is_insecure(passive)
    evaluates = "'unsafe-eval'" in scripts | styles
    only_none = csp.get("default-src") == {policies.NONE}
    findings = (
        (is_strict and not is_dynamic, "csp-header-invalid"),
        (inline, "csp-implemented-with-unsafe-inline"),
        (insecure_active, "csp-implemented-with-insecure-scheme"),
        (evaluates, "csp-implemented-with-unsafe-eval"),
        (insecure_passive, "csp-implemented-with-insecure-scheme-in-passive-content-only"),
        (bool(styles & BROAD_OR_INLINE), "csp-implemented-with-unsafe-inline-in-style-src-only"),
        (only_none, "csp-implemented-with-no-unsafe-default-src-none"),
        (True, "csp-implemented-with-no-unsafe"),
    )
    result = next(text for holds, text in findings if holds)
    passed = result in PASSING
    policy = {
        "antiClickjacking": not own.directives.get("frame-ancestors", ANYTHING) & BROAD,
        "defaultNone": only_none,
        "insecureBaseUri": bool(csp.get("base-uri", ANYTHING) & BROAD_OR_INLINE),
        "insecureFormAction": bool(csp.get("form-action", ANYTHING) & BROAD),
        "insecureSchemeActive": insecure_active,
        "insecureSchemePassive": insecure_passive,
        "strictDynamic": is_dynamic,
        "unsafeEval": evaluates,
        "unsafeInline": inline,
        "unsafeInlineStyle": bool(styles & BROAD_OR_INLINE),
        "unsafeObjects": bool(objects & BROAD),
    }
    return Test(
        name=NAME,
        result="csp-implemented-but-duplicate-directives" if passed and combined.repeated else result,
        passed=passed,
        detail={**seen, "policy": policy, "data": {name: sorted(sources) for name, sources in csp.items()}},
    )


def _either(csp: dict[str, set[str]], first: str, second: str) -> set[str]:
    """The set itself, not a copy: what nonces switch off is gone for every directive that inherits it."""
    return csp.get(first) or csp.get(second) or set(ANYTHING)


def _is_marked(sources: Iterable[str]) -> bool:
    return any(source.startswith(MARKS) for source in sources)


def _falls_to_strict_dynamic(source: str) -> bool:
    return source.startswith(tuple(BROAD)) or source in {"'self'", "'unsafe-inline'"}


def _is_insecure(sources: Iterable[str]) -> bool:
    return any(source.startswith(("http:", "ftp:")) for source in sources)
