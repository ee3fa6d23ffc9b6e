"""A bot wall's page is told from the site's own."""

import pytest

from scanners.parsing import challenges
from tests.scanners import building


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (403, {"cf-mitigated": "challenge"}, "<title>Just a moment...</title>"),
        (503, {}, '<form action="/cdn-cgi/challenge-platform/h/b">'),
        (202, {"x-amzn-waf-action": "challenge"}, ""),
        (405, {"x-amzn-waf-action": "captcha"}, ""),
        (403, {"x-datadome": "protected"}, ""),
        (403, {}, '<iframe src="/_Incapsula_Resource?x=1">'),
        (403, {}, "Access Denied ... https://errors.edgesuite.net/18.1"),
        (403, {}, "The requested URL was rejected. Please consult with your administrator."),
    ],
)
def test_a_challenge_is_recognised(status: int, headers: dict[str, str], body: str) -> None:
    assert challenges.is_challenge(building.response(body, status=status, headers=headers))


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (200, {}, "<title>Portal</title>"),
        (403, {"server": "nginx"}, "<h1>403 Forbidden</h1>"),
        (200, {}, "We explain the captcha-delivery.com script of our partner"),
        (200, {"server": "cloudflare"}, ""),
        (503, {}, "Wartungsarbeiten"),
    ],
)
def test_an_ordinary_page_is_not_called_a_challenge(status: int, headers: dict[str, str], body: str) -> None:
    assert not challenges.is_challenge(building.response(body, status=status, headers=headers))


def test_a_request_to_slow_down_is_recognised() -> None:
    assert challenges.is_throttled(building.response(status=429))
    assert challenges.is_throttled(building.response(status=503, headers={"retry-after": "120"}))
    assert not challenges.is_throttled(building.response(status=503))
