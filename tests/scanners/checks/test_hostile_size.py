"""Pages written to be slow to judge: every check of one host together stays within seconds of processor time."""

import time

import pytest

from scanners import judging
from scanners.model import Outcome
from scanners.observations import LoginPage, Script, Scripts, WellKnown
from tests.scanners.building import AT, HOST, page, response, seen

SIZE = 1_000_000
MOST_SECONDS = 20.0  # what is quadratic needs minutes
BAIT = [
    "<a href=/login>",
    "<form action=/x><input type=password></form>",
    "<script src=//a.b/x></script>",
    '<meta http-equiv=content-security-policy content="default-src a">',
    "<!--<b>",
    '<a "<b>"',
    "<img src=http://x>",
    "-----BEGIN RSA PRIVATE KEY-----",
    "Exception in at x(y:1)\n",
    "/*! jquery v1.2.3 ",
    '{"paths":',
    "password=",
    "eyJ",
    "://a.b/",
]


@pytest.mark.parametrize("unit", BAIT)
def test_bait_costs_seconds_and_breaks_nothing(unit: str) -> None:
    text = unit * (SIZE // len(unit))
    bait = response(text)
    scripts = tuple(Script(url=f"https://{HOST}/{number}.js", body=text) for number in range(2))
    documents = {path: response(text[:300_000]) for path in ("/.well-known/security.txt", "/fhir/metadata")}
    began = time.process_time()

    findings = judging.judge(
        [
            seen(
                page(bait),
                Scripts(at=AT, scripts=scripts),
                LoginPage(at=AT, pages=(bait,)),
                WellKnown(at=AT, documents=documents),
            )
        ]
    )

    assert time.process_time() - began < MOST_SECONDS
    assert [finding.check_id for finding in findings if finding.outcome is Outcome.ERROR] == []


@pytest.mark.parametrize("unit", ["a=b;", "default-src ", "'", "max-age=", "Apache/1.", "https://a ", "(", "eyJ."])
def test_headers_full_of_bait_cost_seconds_and_break_nothing(unit: str) -> None:
    names = ("server", "set-cookie", "content-security-policy", "strict-transport-security", "permissions-policy")
    long = [(name, unit * (12_000 // len(unit))) for name in names]
    many = [(name, (unit * 100)[:300]) for name in names for _time in range(39)]
    began = time.process_time()

    findings = judging.judge([seen(page(response("x", headers=headers))) for headers in (long, many)])

    assert time.process_time() - began < MOST_SECONDS
    assert [finding.check_id for finding in findings if finding.outcome is Outcome.ERROR] == []
