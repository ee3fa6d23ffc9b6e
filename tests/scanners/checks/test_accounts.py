"""Where accounts are made and passwords changed."""

import pytest

from scanners.checks import accounts as checks
from scanners.model import Check, Outcome
from scanners.observations import Observation, Response, WellKnown
from tests.scanners.building import AT, HOST, login, page, page_with, redirect, response
from tests.scanners.building_domain import BLIND, says, when_blind

ALL = [value for value in vars(checks).values() if isinstance(value, Check)]
FORM = "<!doctype html><form method=post action=/login><input type=password name=p></form>"
REGISTER = "<!doctype html><form method=post action=/registrieren><input name=mail></form>"


def published(answer: Response, control: Response | None = None) -> WellKnown:
    missing = response("", url=f"https://{HOST}{checks.CANNOT_EXIST}", status=404)
    return WellKnown(at=AT, documents={checks.CHANGE_PASSWORD: answer, checks.CANNOT_EXIST: control or missing})


def at_change(to: str = "/account/password", *, status: int = 200) -> Response:
    """As the probe keeps it: where the redirect ended."""
    return response("", url=f"https://{HOST}{to}", status=status)


AWAY = redirect("https://id.example.org/password", url=f"https://{HOST}{checks.CHANGE_PASSWORD}")


@pytest.mark.parametrize(
    ("check", "facts", "outcome"),
    [
        (checks.machines_are_slowed_down, [page(), login()], Outcome.NOT_APPLICABLE),
        (checks.machines_are_slowed_down, [page_with(body=FORM), login()], Outcome.INFO),
        (checks.machines_are_slowed_down, [page_with(body=REGISTER), login()], Outcome.INFO),
        (checks.machines_are_slowed_down, [page_with(body=FORM + '<div class="h-captcha">'), login()], Outcome.PASS),
        (checks.machines_are_slowed_down, [page_with(body=FORM + '<div class="cf-turnstile">'), login()], Outcome.PASS),
        (checks.machines_are_slowed_down, [page_with({"ratelimit-limit": "10"}, body=FORM), login()], Outcome.PASS),
        (checks.machines_are_slowed_down, [page(), login(response(FORM, url=f"https://{HOST}/login"))], Outcome.INFO),
        (checks.password_change_is_found, [published(at_change())], Outcome.PASS),
        (checks.password_change_is_found, [published(AWAY)], Outcome.PASS),
        (checks.password_change_is_found, [published(at_change(checks.CHANGE_PASSWORD, status=404))], Outcome.INFO),
        (checks.password_change_is_found, [published(at_change("/"), at_change("/"))], Outcome.INFO),
        (
            checks.password_change_is_found,
            [published(at_change(checks.CHANGE_PASSWORD), at_change(checks.CANNOT_EXIST))],
            Outcome.INFO,
        ),
        (checks.password_change_is_found, [WellKnown(at=AT)], Outcome.UNKNOWN),
    ],
)
def test_accounts_are_judged_by_what_shows(check: Check, facts: list[Observation], outcome: Outcome):
    assert says(check, *facts)[0] is outcome


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_what_nobody_saw_is_unknown(check: Check):
    assert when_blind(check) == BLIND
