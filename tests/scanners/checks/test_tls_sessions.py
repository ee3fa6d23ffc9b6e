"""Early data, renegotiation and the well-known flaws."""

import pytest

from scanners.checks import tls_sessions as checks
from scanners.model import Check, Outcome
from scanners.observations import TlsFlaws, TlsSession
from tests.scanners.building import AT
from tests.scanners.building_domain import BLIND, says, when_blind

ALL = [value for value in vars(checks).values() if isinstance(value, Check)]


def session(**fields: object) -> TlsSession:
    return TlsSession(at=AT, address="192.0.2.1", port=443, **{"tickets": 2, **fields})  # type: ignore[arg-type]


def flaws(**fields: object) -> TlsFlaws:
    defaults = {"absent": ("Heartbleed", "ROBOT"), "renegotiations": 0}
    return TlsFlaws(at=AT, address="192.0.2.1", port=443, **{**defaults, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("check", "fact", "outcome"),
    [
        (checks.early_data_is_refused, session(), Outcome.PASS),
        (checks.early_data_is_refused, session(tickets=0), Outcome.PASS),
        (checks.early_data_is_refused, session(early_data=0), Outcome.PASS),
        (checks.early_data_is_refused, session(early_data=16384), Outcome.PASS),
        (checks.early_data_is_refused, session(early_data=16384, early_status=425), Outcome.PASS),
        (checks.early_data_is_refused, session(early_data=16384, early_status=200), Outcome.FAIL),
        (checks.early_data_is_refused, session(tls13=False, tickets=0), Outcome.NOT_APPLICABLE),
        (checks.renegotiation_is_limited, flaws(), Outcome.PASS),
        (checks.renegotiation_is_limited, flaws(renegotiations=10), Outcome.INFO),
        (checks.renegotiation_is_limited, flaws(renegotiations=11), Outcome.WARN),
        (checks.renegotiation_is_limited, flaws(renegotiations=None), Outcome.UNKNOWN),
        (checks.no_known_flaws, flaws(), Outcome.PASS),
        (checks.no_known_flaws, flaws(found=("Heartbleed",)), Outcome.FAIL),
        (checks.no_known_flaws, flaws(unclear=("ROBOT",)), Outcome.UNKNOWN),
        (checks.no_known_flaws, flaws(edges=("Cloudflare",)), Outcome.NOT_APPLICABLE),
        (checks.renegotiation_is_limited, flaws(edges=("Cloudflare",)), Outcome.NOT_APPLICABLE),
    ],
)
def test_what_a_handshake_shows_is_judged(check: Check, fact: TlsSession | TlsFlaws, outcome: Outcome) -> None:
    assert says(check, fact)[0] is outcome


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_a_handshake_nobody_made_is_unknown(check: Check) -> None:
    assert when_blind(check) == BLIND
