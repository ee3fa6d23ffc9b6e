"""The test subresource-integrity."""

from scanners import targets
from scanners.observatory.site import Site, Test, worse
from scanners.parsing import html, urls
from scanners.parsing.html import Element

HTML = frozenset({"text/html", "application/xhtml+xml"})
ORDER = (
    "sri-implemented-and-all-scripts-loaded-securely",
    "sri-implemented-and-external-scripts-loaded-securely",
    "sri-implemented-but-external-scripts-not-loaded-securely",
    "sri-not-implemented-but-external-scripts-loaded-securely",
    "sri-not-implemented-and-external-scripts-not-loaded-securely",
    "sri-not-implemented-response-not-html",
)
PASSING = frozenset(
    {
        "sri-implemented-and-all-scripts-loaded-securely",
        "sri-implemented-and-external-scripts-loaded-securely",
        "sri-not-implemented-response-not-html",
        "sri-not-implemented-but-all-scripts-loaded-from-secure-origin",
        "sri-not-implemented-but-no-scripts-loaded",
    }
)


def judge(site: Site) -> Test:
    """Whether foreign scripts come with a hash and over HTTPS."""
    result, foreign = _result(site)
    return Test(
        name="subresource-integrity",
        result=result,
        passed=site.document is not None and result in PASSING,
        detail={"data": foreign},
    )


def _result(site: Site) -> tuple[str, dict[str, object]]:
    if site.document is None:
        return "sri-not-implemented-but-no-scripts-loaded", {}
    kind = site.document.first("content-type").partition(";")[0]
    if kind and kind not in HTML:
        return "sri-not-implemented-response-not-html", {}
    scripts = html.read(site.html).all("script")
    if not scripts:
        return "sri-not-implemented-but-no-scripts-loaded", {}
    result = ""
    foreign: dict[str, object] = {}
    for script in scripts:
        source = script.get("src").strip()
        if not source:
            continue
        if _is_own(site, source):
            secure = site.is_secure if not _is_absolute(source) else urls.scheme(source) == "https"
            if script.get("integrity") and secure and not result:
                result = ORDER[0]
            continue
        foreign[source] = {name: script.attributes.get(name) for name in ("crossorigin", "integrity")}
        result = worse(fault, result, ORDER) if (fault := _fault(script, source)) else result
    if result:
        return result, foreign
    return (ORDER[1] if foreign else "sri-not-implemented-but-all-scripts-loaded-from-secure-origin"), foreign


def _fault(script: Element, source: str) -> str:
    """What is wrong with a foreign script; one without a scheme is no secure one."""
    secure, hashed = urls.scheme(source) == "https", bool(script.get("integrity"))
    if hashed:
        return "" if secure else ORDER[2]
    return ORDER[3] if secure else ORDER[4]


def _is_absolute(source: str) -> bool:
    return source.lower().startswith(("http://", "https://"))


def _is_own(site: Site, source: str) -> bool:
    if _is_absolute(source):
        return targets.registrable(urls.host(source)) == targets.registrable(site.host)
    return not source.startswith("//") or source.startswith("///")
