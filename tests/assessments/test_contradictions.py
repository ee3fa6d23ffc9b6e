"""A claim and an observation that do not fit, named so that both sides can answer."""

from datetime import timedelta

import pytest

from assessments import contradictions, scoring
from assessments.model import FindingStanding, HostInScope, HostRole, ScanState
from scanners.model import Outcome
from tests.assessments import building
from tests.assessments.building import POLICY, answer, choice, dossier, finding


def keys(**changes) -> list[str]:
    return [each.key for each in contradictions.find(dossier(**changes), POLICY)]


def test_a_failed_check_speaks_against_a_claim():
    found = contradictions.find(
        dossier(
            answers=[answer("MF-03", choice("reject"))], findings=[finding("mail.dmarc-policy")], question_set="basic"
        ),
        POLICY,
    )

    (one,) = found
    assert one.key == "MF-03:mail.dmarc-policy:portal.example.de"
    assert one.observation.render() == "seen: fail"
    assert one.note.de == "Veröffentlichte DMARC-Richtlinie"
    assert not one.knock_out


@pytest.mark.parametrize("value", [choice("none_policy"), choice("missing")])
def test_an_honest_answer_is_not_contradicted(value):
    assert keys(answers=[answer("MF-03", value)], findings=[finding("mail.dmarc-policy")], question_set="basic") == []


def test_partly_is_honest_and_is_not_contradicted():
    assert keys(answers=[answer("CR-02", choice("partial"))], findings=[finding()]) == []
    assert keys(answers=[answer("CR-02", choice("yes"))], findings=[finding()]) != []


def test_a_corporate_site_says_nothing_of_the_product():
    hosts = (HostInScope(name="portal.example.de", role=HostRole.CORPORATE, supplies=frozenset()),)

    assert keys(answers=[answer("CR-02")], findings=[finding()], hosts=hosts) == []


@pytest.mark.parametrize(
    "fact",
    [
        finding(outcome=Outcome.WARN),
        finding(outcome=Outcome.UNKNOWN),
        finding(provisional=True),
        finding(standing=FindingStanding.WITHDRAWN),
        finding(host="other.example.org"),
        finding("js.end-of-life"),
    ],
)
def test_only_a_failure_that_stands_on_a_host_in_scope_contradicts(fact):
    assert keys(answers=[answer("CR-02")], findings=[fact]) == []


def test_without_consent_there_is_nothing_to_contradict():
    assert keys(answers=[answer("CR-02")], findings=[finding()], scan_state=ScanState.DOCUMENTS_ONLY) == []


def test_a_host_of_one_supply_says_nothing_of_another():
    hosts = (HostInScope(name="portal.example.de", role=HostRole.PRODUCT, supplies=frozenset({"S-1"})),)
    supplies = (building.supply("S-1"), building.supply("S-2"))
    answers = [answer("CR-02", supply=key) for key in ("S-1", "S-2")]

    assert keys(answers=answers, findings=[finding()], hosts=hosts, supplies=supplies) == [
        "CR-02:S-1:tls.protocol-legacy:portal.example.de"
    ]


def test_a_settled_contradiction_stays_on_record():
    (one,) = contradictions.find(
        dossier(
            answers=[answer("CR-02")],
            findings=[finding()],
            settled_contradictions={"CR-02:S-1:tls.protocol-legacy:portal.example.de": building.AT},
        ),
        POLICY,
    )

    assert one.settled


def test_a_settlement_does_not_outlive_its_answer_or_its_observation():
    """What was settled on Monday says nothing of the answer given on Tuesday, nor of a finding that came back."""
    earlier = building.AT - timedelta(days=2000)
    key = "CR-02:S-1:tls.protocol-legacy:portal.example.de"
    for at, expected in ((earlier, False), (building.AT, True)):
        facts = dossier(answers=[answer("CR-02")], findings=[finding()], settled_contradictions={key: at})
        assert [one.settled for one in contradictions.find(facts, POLICY)] == [expected]


def test_a_check_that_this_version_cannot_make_leaves_an_answer_unconfirmed():
    """Five closed ports say nothing of a panel nobody can look for yet."""
    asked = dossier(answers=[answer("SD-11")], findings=[finding("ports.database", Outcome.PASS)])

    line = next(line for line in scoring.score(asked, POLICY).lines if line.question_id == "SD-11")

    assert line.assurance == "declared"
