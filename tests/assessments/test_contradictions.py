"""A claim and an observation that do not fit, named so that both sides can answer."""

from datetime import timedelta

import pytest

from assessments import claims, contradictions, scoring
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


# --- what an option really says ----------------------------------------------------------------


def against(question: str, option: str, **outcomes: Outcome) -> list[str]:
    """Which checks speak against an option, given the outcomes of checks of one domain."""
    facts = [finding(f"mail.{name.replace('_', '-')}", outcome) for name, outcome in outcomes.items()]
    found = keys(answers=[answer(question, choice(option))], findings=facts, question_set="full")
    return [key.split(":")[1] for key in found]


@pytest.mark.parametrize(
    ("outcomes", "found"),
    [
        ({"mta_sts": Outcome.FAIL, "dane": Outcome.PASS}, []),
        ({"mta_sts": Outcome.PASS, "dane": Outcome.FAIL}, []),
        ({"mta_sts": Outcome.FAIL, "dane": Outcome.INFO}, ["mail.mta-sts"]),
        ({"mta_sts": Outcome.FAIL, "dane": Outcome.UNKNOWN}, ["mail.mta-sts"]),
        ({"mta_sts": Outcome.FAIL}, ["mail.mta-sts"]),
        ({"mta_sts": Outcome.FAIL, "dane": Outcome.FAIL}, ["mail.dane", "mail.mta-sts"]),
        ({"mta_sts": Outcome.PASS, "dane": Outcome.PASS, "starttls": Outcome.FAIL}, ["mail.starttls"]),
    ],
)
def test_one_of_two_ways_to_enforce_encryption_is_enough(outcomes: dict[str, Outcome], found: list[str]):
    assert sorted(against("CR-05", "dane_or_mtasts", **outcomes)) == found


def test_opportunistic_encryption_is_not_contradicted_by_a_broken_policy():
    assert against("CR-05", "opportunistic", mta_sts=Outcome.FAIL) == []


@pytest.mark.parametrize("parked", [Outcome.WARN, Outcome.PASS])
def test_a_domain_that_never_sends_says_nothing_of_mail_domains(parked: Outcome):
    failing = {"dmarc_policy": Outcome.FAIL, "spf_present": Outcome.FAIL}

    assert against("MF-03", "reject", parked_protection=parked, **failing) == []
    assert sorted(against("MF-03", "reject", parked_protection=Outcome.NOT_APPLICABLE, **failing)) == [
        "mail.dmarc-policy",
        "mail.spf-present",
    ]


def test_quarantine_claims_a_policy_and_no_spf():
    assert against("MF-03", "quarantine", spf_present=Outcome.FAIL, spf_all=Outcome.FAIL) == []
    assert against("MF-03", "quarantine", dmarc_policy=Outcome.FAIL) == ["mail.dmarc-policy"]


def test_every_claim_names_an_option_and_checks_of_its_question():
    for (question_id, option), claim in claims.CLAIMS.items():
        question = building.CATALOGUE.questions[question_id]
        assert option in {each.id for each in question.shape.options}
        assert claim.checks <= {link.check_id for link in question.scan_checks}
        assert {*claim.held_by, *frozenset().union(*claim.held_by.values())} <= claim.checks
