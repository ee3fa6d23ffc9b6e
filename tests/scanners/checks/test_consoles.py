"""Administrations, wizards, debug mode, and hosts that answer every path."""

import pytest

from scanners.checks import consoles as checks
from scanners.data.unpublished import Purpose
from scanners.model import Check, Outcome, Severity
from scanners.observations import Observation, Reason, UnpublishedPaths, WellKnown
from tests.scanners.building import AT, HOST, judge, response
from tests.scanners.building_domain import BLIND, says, when_blind
from tests.scanners.building_paths import one, paths

ALL = [value for value in vars(checks).values() if isinstance(value, Check)]


def published(robots: str = "", sitemap: str = "", kind: str = "text/plain") -> WellKnown:
    served = {"/robots.txt": (robots, kind), "/sitemap.xml": (sitemap, "application/xml")}
    return WellKnown(
        at=AT,
        documents={
            path: response(body, url=f"https://{HOST}{path}", headers={"content-type": of})
            for path, (body, of) in served.items()
            if body
        },
    )


@pytest.mark.parametrize(
    ("check", "seen", "outcome"),
    [
        (checks.no_administration_is_open, one("/admin/", Purpose.PANEL), Outcome.PASS),
        (checks.no_administration_is_open, one("/admin/", Purpose.PANEL, status=302), Outcome.PASS),
        (checks.no_administration_is_open, one("/admin/", Purpose.PANEL, "asks-password"), Outcome.WARN),
        (checks.no_administration_is_open, one("/manager/html", Purpose.PANEL, "panel:Tomcat Manager"), Outcome.WARN),
        (checks.no_administration_is_open, one("/solr/", Purpose.PANEL, "open:Apache Solr"), Outcome.FAIL),
        (checks.no_administration_is_open, one("/admin/", Purpose.PANEL, status=200, control=200), Outcome.UNKNOWN),
        (checks.nothing_waits_to_be_set_up, one("/admin/", Purpose.PANEL), Outcome.PASS),
        (checks.nothing_waits_to_be_set_up, one("/", Purpose.FRONT, "wizard:Jenkins"), Outcome.FAIL),
        (checks.nothing_waits_to_be_set_up, one("/admin/", Purpose.PANEL, "default-password"), Outcome.WARN),
        (checks.cms_is_not_public, one("/wp-login.php", Purpose.CMS), Outcome.PASS),
        (checks.cms_is_not_public, one("/wp-login.php", Purpose.CMS, "cms:WordPress", "asks-password"), Outcome.WARN),
        (checks.debug_mode_is_off, one("/api/x", Purpose.ERROR), Outcome.PASS),
        (checks.debug_mode_is_off, one("/api/x", Purpose.ERROR, "debug:Django"), Outcome.FAIL),
        (checks.debug_mode_is_off, UnpublishedPaths(at=AT), Outcome.UNKNOWN),
        (checks.missing_pages_are_missing, one("/x", Purpose.GIT), Outcome.PASS),
        (checks.missing_pages_are_missing, one("/x", Purpose.GIT, control=200), Outcome.INFO),
        (checks.missing_pages_are_missing, UnpublishedPaths(at=AT), Outcome.UNKNOWN),
        (checks.nothing_inner_is_named, published("User-agent: *\nDisallow: /suche\n"), Outcome.PASS),
        (checks.nothing_inner_is_named, published("User-agent: *\nDisallow: /intern/export # x\n"), Outcome.INFO),
        (checks.nothing_inner_is_named, published("<html>Disallow: /admin", kind="text/html"), Outcome.NOT_APPLICABLE),
        (
            checks.nothing_inner_is_named,
            published(sitemap=f"<urlset><url><loc>https://{HOST}/staging/a</loc></url></urlset>"),
            Outcome.INFO,
        ),
        (checks.nothing_inner_is_named, published(), Outcome.NOT_APPLICABLE),
    ],
)
def test_ways_in_are_judged_by_what_answers(check: Check, seen: Observation, outcome: Outcome):
    assert says(check, seen)[0] is outcome


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_what_nobody_saw_is_unknown(check: Check):
    assert when_blind(check) == BLIND


def test_a_panel_is_named_with_its_product_and_without_our_query():
    seen = one("/solr/admin/cores?wt=json", Purpose.PANEL, "open:Apache Solr")

    assert says(checks.no_administration_is_open, seen)[1] == "Open without a log-in: /solr/admin/cores (Apache Solr)."


def test_a_hint_at_a_first_password_is_high_and_an_open_wizard_critical():
    hint = judge(checks.nothing_waits_to_be_set_up, one("/admin/", Purpose.PANEL, "default-password"))
    wizard = judge(checks.nothing_waits_to_be_set_up, one("/admin/", Purpose.PANEL, "wizard:Joomla"))

    assert (hint.severity, wizard.severity) == (Severity.HIGH, Severity.CRITICAL)


def test_a_wall_before_a_panel_is_not_its_absence():
    walled = paths({"/admin/": Purpose.PANEL}, unclear={"/admin/": Reason.CHALLENGED})

    assert says(checks.no_administration_is_open, walled)[0] is Outcome.UNKNOWN
