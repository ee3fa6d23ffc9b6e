"""MDN's HTTP Observatory: its analysers, its reading of several policies, and two sites scanned whole."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.conformance.cases import Case, Suite, numbered, read
from scanners.observatory import content_security, cookies, headers, policies, redirection, scripts, view
from scanners.observatory.policies import BadPolicy
from scanners.observatory.site import Answer, Site, Test

# What the browsers' list says of the names in the cases.
PRELOADED = {"bugzilla.mozilla.org": True, "cloudflare.com": True, "facebook.com": False}

ANALYSERS: Mapping[str, Callable[[Site], Test]] = {
    "contentSecurityPolicyTest": content_security.judge,
    "cookiesTest": cookies.judge,
    "crossOriginEmbedderPolicyTest": headers.embedder_policy,
    "crossOriginOpenerPolicyTest": headers.opener_policy,
    "crossOriginResourcePolicyTest": headers.resource_policy,
    "crossOriginResourceSharingTest": headers.resource_sharing,
    "redirectionTest": redirection.judge,
    "referrerPolicyTest": headers.referrer,
    "strictTransportSecurityTest": headers.transport_security,
    "subresourceIntegrityTest": scripts.judge,
    "xContentTypeOptionsTest": headers.sniffing,
    "xFrameOptionsTest": headers.framing,
}


def analysers(file: Path) -> Iterator[Case]:
    """One test each; besides result and verdict, all that we too write down."""
    for case, item in numbered(read(file)["cases"]):
        given, output = item["input"], item["output"]
        test = ANALYSERS[item["test"]](_site(given, redirects=given, html=given["html"], url=given["session_url"]))
        got = {"result": test.result, "pass": test.passed, **test.detail}
        yield Case(id=f"{item['test']}/{case}", wanted={key: output.get(key) for key in got}, got=got)


def policy_lists(file: Path) -> Iterator[Case]:
    """Several policies as one."""
    for case, item in numbered(read(file)["cases"]):
        try:
            combined = policies.combine(item["input"])
            got: dict[str, list[str]] | None = {name: sorted(value) for name, value in combined.directives.items()}
            if combined.repeated and got is not None:
                got["_observatory_duplicate_key_warnings"] = list(combined.repeated)
        except BadPolicy:
            got = None
        output = item["output"]
        yield Case(id=case, wanted=output and {name: sorted(value) for name, value in output.items()}, got=got)


def scans(file: Path) -> Iterator[Case]:
    """Two sites end to end."""
    for item in read(file):
        data, expected = item["fixture_data"], item["expected"]
        seen = view.report(
            _site(data, redirects=data["responses"], html=data["resources"]["path"], url=data["session"]["url"])
        )
        yield Case(
            id=item["fixture"],
            wanted={
                "grade": expected["scan"]["grade"],
                "score": expected["scan"]["score"],
                "passed": expected["scan"]["testsPassed"],
                "results": {name: result["result"] for name, result in sorted(expected["results"].items())},
            },
            got={
                "grade": seen.grade,
                "score": seen.score,
                "passed": seen.passed,
                "results": {test.name: test.result for test in sorted(seen.tests, key=lambda one: one.name)},
            },
        )


def _site(data: Mapping[str, Any], *, redirects: Mapping[str, Any], html: str, url: str) -> Site:
    responses = data["responses"]
    cross = responses["cors"]
    return Site(
        host=data["site"]["hostname"],
        url=url,
        document=_answer(responses["auto"], html=html or ""),
        html=html or "",
        https=_answer(responses["https"]),
        http=_answer(responses["http"]),
        http_route=tuple((hop["url"], hop["status"]) for hop in redirects["httpRedirects"]),
        https_route=tuple((hop["url"], hop["status"]) for hop in redirects["httpsRedirects"]),
        cross_origin=_answer(cross),
        cross_origin_asked=((cross or {}).get("requestHeaders") or {}).get("origin", ""),
        preloaded=PRELOADED.get,
    )


def _answer(data: Mapping[str, Any] | None, *, html: str = "") -> Answer | None:
    if data is None:
        return None
    pairs = [
        (name, value)
        for name, values in data["headers"].items()
        for value in (values if isinstance(values, list) else [values])
    ]
    return Answer(
        status=data["status"],
        headers=tuple(pairs),
        verified=data["verified"],
        equivalents=view.equivalents(html),
    )


SUITES = (
    Suite(name="Observatory analysers (MDN)", file="mdn-observatory/analyzer-cases.json", feed=analysers),
    Suite(name="Observatory policy lists (MDN)", file="mdn-observatory/csp-parser-cases.json", feed=policy_lists),
    Suite(name="Observatory scans (MDN)", file="mdn-observatory/full-scan-fixtures.json", feed=scans),
)
