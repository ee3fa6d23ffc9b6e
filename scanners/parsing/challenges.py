"""Whether a response is the page of a bot wall instead of the site: its headers and body say nothing of the site."""

from scanners.observations import Response

SEARCHED = 20_000
REFUSALS = frozenset({202, 401, 403, 405, 406, 429, 503})

# Header names that only the wall's own answers carry, some with the values that mark a challenge.
MARKING_HEADERS = (
    ("cf-mitigated", "challenge"),
    ("x-amzn-waf-action", ""),
    ("x-datadome", ""),
    ("x-sucuri-block", ""),
)
# Phrases of challenge and block pages; counted only together with a status that refuses.
MARKING_PHRASES = (
    "/cdn-cgi/challenge-platform/",
    "cf-chl-",
    "_incapsula_resource",
    "attention required! | cloudflare",
    "ddos-guard",
    "errors.edgesuite.net",
    "the requested url was rejected. please consult with your administrator",
    "request unsuccessful. incapsula incident id",
    "captcha-delivery.com",
    "awswaf.com",
    "sucuri website firewall",
    "myra security",
    "friendlycaptcha",
    "px-captcha",
    "checking your browser before accessing",
)


def is_challenge(response: Response) -> bool:
    """Whether a wall answered in the site's place."""
    for name, value in MARKING_HEADERS:
        if any(value in found.lower() for found in response.values(name)):
            return True
    if response.status not in REFUSALS:
        return False
    start = response.body[:SEARCHED].lower()
    return any(phrase in start for phrase in MARKING_PHRASES)


def is_throttled(response: Response) -> bool:
    """Whether the server asks us to slow down."""
    return response.status == 429 or (response.status == 503 and bool(response.values("retry-after")))  # noqa: PLR2004
