"""The test redirection: from http:// to https:// on the same host, first of all."""

from scanners.observatory.site import Site, Test, is_preloaded
from scanners.parsing import urls

PASSING = frozenset({"redirection-not-needed-no-http", "redirection-all-redirects-preloaded", "redirection-to-https"})


def judge(site: Site) -> Test:
    """The way that a visitor who types the bare name is led."""
    route = site.http_route or site.https_route
    result = _result(site)
    return Test(
        name="redirection",
        result=result,
        passed=result in PASSING,
        detail={"destination": route[-1][0] if route else None, "redirects": result != "redirection-missing"},
    )


def _result(site: Site) -> str:
    if site.http is None:
        return "redirection-not-needed-no-http"
    if not site.http.verified:
        return "redirection-invalid-cert"
    addresses = [address for address, _status in site.http_route]
    if all(is_preloaded(site, urls.host(address)) for address in addresses):
        return "redirection-all-redirects-preloaded"
    if len(addresses) == 1:
        return "redirection-missing"
    return _along(addresses)


def _along(addresses: list[str]) -> str:
    first, second, last = addresses[0], addresses[1], addresses[-1]
    if urls.scheme(last) != "https":
        return "redirection-not-to-https"
    if urls.scheme(second) == "http":
        return "redirection-not-to-https-on-initial-redirection"
    is_off_host = urls.scheme(first) == "http" and urls.host(first) != urls.host(second)
    return "redirection-off-host-from-http" if is_off_host else "redirection-to-https"
