"""Name servers that tell a stranger more than a name."""

import pytest

from scanners.checks import name_servers as checks
from scanners.model import Check, Outcome
from scanners.observations import NameServerManners
from tests.scanners.building import AT
from tests.scanners.building_domain import BLIND, says, when_blind

ALL = [value for value in vars(checks).values() if isinstance(value, Check)]
NS = ("ns1.example.test", "ns2.example.test")


def manners(**fields: object) -> NameServerManners:
    return NameServerManners(at=AT, **{"asked": NS, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("check", "fields", "outcome"),
    [
        (checks.zone_is_not_given_out, {}, Outcome.PASS),
        (checks.zone_is_not_given_out, {"transfers": NS[:1]}, Outcome.FAIL),
        (checks.zone_is_not_given_out, {"transfers_unclear": NS[:1]}, Outcome.PASS),
        (checks.zone_is_not_given_out, {"transfers_unclear": NS}, Outcome.UNKNOWN),
        (checks.name_servers_do_not_recurse, {}, Outcome.PASS),
        (checks.name_servers_do_not_recurse, {"recursive": NS[1:]}, Outcome.WARN),
        (checks.name_servers_do_not_recurse, {"recursion_unclear": NS}, Outcome.UNKNOWN),
        (checks.name_servers_hide_their_version, {}, Outcome.PASS),
        (checks.name_servers_hide_their_version, {"versions": {NS[0]: "none of your business"}}, Outcome.PASS),
        (checks.name_servers_hide_their_version, {"versions": {NS[0]: "9.18.28-Debian"}}, Outcome.INFO),
    ],
)
def test_name_servers_are_judged_by_what_they_tell(check: Check, fields: dict[str, object], outcome: Outcome) -> None:
    assert says(check, manners(**fields))[0] is outcome


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_name_servers_nobody_asked_are_unknown(check: Check) -> None:
    assert when_blind(check) == BLIND
