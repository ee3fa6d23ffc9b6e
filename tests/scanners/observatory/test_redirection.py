"""The test redirection."""

import pytest

from scanners.observatory import redirection
from tests.scanners.observatory.building_site import HOST, URL, answer, site

HTTP = f"http://{HOST}/"


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ([HTTP, URL], "redirection-to-https"),
        ([HTTP], "redirection-missing"),
        ([HTTP, "http://www.clinic.example/"], "redirection-not-to-https"),
        ([HTTP, "http://www.clinic.example/", URL], "redirection-not-to-https-on-initial-redirection"),
        ([HTTP, "https://www.clinic.example/"], "redirection-off-host-from-http"),
    ],
)
def test_each_route(route: list[str], expected: str):
    assert redirection.judge(site(http_route=tuple((hop, 200) for hop in route))).result == expected


def test_without_port_80_nothing_needs_a_redirect():
    assert redirection.judge(site(http=None, http_route=())).passed
    assert redirection.judge(site(http=answer(verified=False))).result == "redirection-invalid-cert"
    assert redirection.judge(site(preloaded={HOST: False}.get)).result == "redirection-all-redirects-preloaded"
