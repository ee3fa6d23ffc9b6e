"""Files that nobody meant to publish."""

import pytest

from scanners.checks import exposed_files as checks
from scanners.data.unpublished import Purpose
from scanners.model import Check, Outcome
from scanners.observations import Reason, UnpublishedPaths
from tests.scanners.building import judge
from tests.scanners.building_domain import BLIND, says, when_blind
from tests.scanners.building_paths import one, paths

ALL = [value for value in vars(checks).values() if isinstance(value, Check)]
FOUND = [
    (checks.git_is_not_public, one("/.git/config", Purpose.GIT, "git")),
    (checks.repositories_are_not_public, one("/.svn/wc.db", Purpose.REPOSITORY, "subversion")),
    (checks.environment_is_not_public, one("/.env", Purpose.ENVIRONMENT, "environment")),
    (checks.keys_are_not_public, one("/id_rsa", Purpose.PRIVATE_KEY, "private-key")),
    (checks.copies_are_not_public, one("/backup.zip", Purpose.BACKUP, "zip")),
    (checks.leftovers_are_not_public, one("/index.php~", Purpose.LEFTOVER, "source")),
    (checks.settings_are_not_public, one("/web.config", Purpose.CONFIGURATION, "settings")),
    (checks.folders_are_not_listed, one("/uploads/", Purpose.DIRECTORY, "listing")),
    (checks.status_is_not_public, one("/server-status", Purpose.STATUS, "status")),
    (checks.logs_are_not_public, one("/elmah.axd", Purpose.LOG, "log")),
]
PURPOSES = {check: next(iter(seen.purposes.values())) for check, seen in FOUND}
PURPOSES[checks.maps_are_not_public] = Purpose.SOURCE_MAP
EACH = pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)


@pytest.mark.parametrize(("check", "seen"), FOUND, ids=[check.id for check, _seen in FOUND])
def test_what_lies_open_fails_and_is_named(check: Check, seen: UnpublishedPaths):
    outcome, text = says(check, seen)

    assert outcome is Outcome.FAIL
    assert next(iter(seen.purposes)) in text


@pytest.mark.parametrize(
    ("check", "seen", "outcome"),
    [
        (checks.leftovers_are_not_public, one("/.DS_Store", Purpose.LEFTOVER, "folder"), Outcome.WARN),
        (checks.folders_are_not_listed, one("/", Purpose.FRONT, "listing"), Outcome.FAIL),
        (checks.folders_are_not_listed, one("/static/", Purpose.ASSETS, "listing"), Outcome.WARN),
        (checks.maps_are_not_public, one("/app.js.map", Purpose.SOURCE_MAP, "map", "map-with-source"), Outcome.WARN),
        (checks.maps_are_not_public, one("/app.js.map", Purpose.SOURCE_MAP, "map"), Outcome.INFO),
        (checks.maps_are_not_public, one("/", Purpose.FRONT, status=200), Outcome.NOT_APPLICABLE),
        (checks.maps_are_not_public, one("/", Purpose.FRONT, status=403), Outcome.UNKNOWN),
    ],
)
def test_lesser_finds_weigh_less(check: Check, seen: UnpublishedPaths, outcome: Outcome):
    assert says(check, seen)[0] is outcome


@EACH
def test_a_path_that_is_not_there_passes(check: Check):
    assert says(check, one("/x", PURPOSES[check]))[0] is Outcome.PASS


@EACH
def test_a_host_that_answers_or_refuses_every_path_alike_is_unknown(check: Check):
    assert says(check, one("/x", PURPOSES[check], status=200, control=200))[0] is Outcome.UNKNOWN
    assert says(check, one("/x", PURPOSES[check], status=403, control=403))[0] is Outcome.UNKNOWN


@EACH
def test_a_path_behind_a_wall_is_unknown(check: Check):
    walled = one("/x", PURPOSES[check], status=403, headers={"server": "AkamaiGHost"})

    assert says(check, walled)[0] is Outcome.UNKNOWN


@EACH
def test_what_was_not_asked_for_is_unknown(check: Check):
    assert says(check, paths({}))[0] is Outcome.UNKNOWN


@EACH
def test_what_nobody_saw_is_unknown(check: Check):
    assert when_blind(check) == BLIND


def test_one_path_without_a_clear_answer_keeps_the_others_from_passing():
    purposes = {"/server.key": Purpose.PRIVATE_KEY, "/id_rsa": Purpose.PRIVATE_KEY}
    finding = judge(checks.keys_are_not_public, paths(purposes, unclear={"/id_rsa": Reason.TIMEOUT}))

    assert (finding.outcome, finding.reason) == (Outcome.UNKNOWN, Reason.TIMEOUT)
    assert finding.fact.render() == "No answer came in time."


def test_a_log_in_before_every_path_is_no_gap_in_what_we_saw():
    assert says(checks.git_is_not_public, one("/.git/config", Purpose.GIT, status=401, control=401))[0] is Outcome.PASS
