"""Third parties, trackers and providers abroad."""

import pytest

from scanners.checks import privacy as checks
from scanners.model import Check, Outcome
from scanners.observations import Page
from tests.scanners.building import page, page_with, response
from tests.scanners.building_domain import BLIND, says, when_blind

ALL = [value for value in vars(checks).values() if isinstance(value, Check)]
PUBLIC = "www.example.test"


def loading(*tags: str, host: str = "portal.example.test") -> Page:
    return page(response("<!doctype html>" + "".join(tags), url=f"https://{host}/"))


def script(url: str) -> str:
    return f'<script src="{url}"></script>'


def held_back(tag: str) -> str:
    """As consent managers write it, and as the check itself advises: not run until someone has agreed."""
    return tag.replace("<script", '<script type="text/plain" data-consent="statistics"')


MATOMO = script("https://stats.matomo.cloud/matomo.js")
ANALYTICS = script("https://www.google-analytics.com/analytics.js")
HOTJAR = script("https://static.hotjar.com/c/hotjar.js")
SNIPPET = "<script>j.src='https://www.googletagmanager.com/gtm.js?id='+i;</script>"
FONTS = '<link rel="stylesheet" href="https://fonts.googleapis.com/css?family=Roboto">'
CONSENT = script("https://app.usercentrics.eu/loader.js")


@pytest.mark.parametrize(
    ("check", "fact", "outcome"),
    [
        (checks.third_parties_are_listed, loading(FONTS, MATOMO), Outcome.INFO),
        (checks.third_parties_are_listed, loading(), Outcome.INFO),
        (checks.third_parties_are_listed, page_with({"content-type": "application/json"}), Outcome.NOT_APPLICABLE),
        (checks.nobody_is_tracked, loading(script("/app.js")), Outcome.PASS),
        (checks.nobody_is_tracked, loading(CONSENT), Outcome.PASS),
        (checks.nobody_is_tracked, loading(ANALYTICS), Outcome.WARN),
        (checks.nobody_is_tracked, loading(SNIPPET), Outcome.WARN),
        (checks.nobody_is_tracked, loading(HOTJAR), Outcome.FAIL),
        (checks.nobody_is_tracked, loading(*map(held_back, (ANALYTICS, SNIPPET, HOTJAR))), Outcome.PASS),
        (checks.nothing_is_embedded_from_abroad, loading(held_back(ANALYTICS)), Outcome.PASS),
        (checks.nobody_is_tracked, page_with({"set-cookie": "_ga=GA1.2.3; Path=/"}), Outcome.WARN),
        (checks.nobody_is_tracked, page(response(status=503)), Outcome.UNKNOWN),
        (checks.nothing_is_embedded_from_abroad, loading(), Outcome.PASS),
        (checks.nothing_is_embedded_from_abroad, loading(CONSENT), Outcome.PASS),
        (checks.nothing_is_embedded_from_abroad, loading(FONTS), Outcome.WARN),
        (checks.notices_are_linked, loading(), Outcome.UNKNOWN),
        (checks.notices_are_linked, loading('<a href="/kontakt">Kontakt</a>'), Outcome.WARN),
        (checks.notices_are_linked, loading('<a href="/i">Impressum</a><a href="/p">Datenschutz</a>'), Outcome.PASS),
        (checks.notices_are_linked, loading('<a href="/imprint">x</a><a href="/privacy">y</a>'), Outcome.PASS),
    ],
)
def test_privacy_is_judged_by_the_first_answer(check: Check, fact: Page, outcome: Outcome):
    assert says(check, fact)[0] is outcome


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_a_page_nobody_saw_is_unknown(check: Check):
    assert when_blind(check) == BLIND


def test_away_from_patients_and_log_ins_the_same_is_milder():
    assert says(checks.nobody_is_tracked, loading(HOTJAR, host=PUBLIC), host=PUBLIC)[0] is Outcome.WARN
    assert says(checks.nothing_is_embedded_from_abroad, loading(FONTS, host=PUBLIC), host=PUBLIC)[0] is Outcome.INFO


def test_hosts_of_the_same_domain_are_no_third_parties():
    assert "nothing" in says(checks.third_parties_are_listed, loading(script("https://cdn.example.test/a.js")))[1]
