"""Impact and tier follow from the intake, with reasons."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments import intake, tiering
from assessments.model import Intake, say
from questionnaires.model import QuestionSet
from tests.assessments import building
from tests.assessments.building import CATALOGUE, POLICY

FORM = intake.current()


def proposed(**answers: str):
    return tiering.propose(building.intake(**answers), POLICY)


def test_the_intake_asks_ten_questions():
    assert len(FORM.questions) == 10


@pytest.mark.parametrize(
    ("answers", "impact", "tier", "question_set"),
    [
        ({"clinical_process": "life_support"}, 5, 1, QuestionSet.FULL),
        ({"clinical_process": "diagnosis_treatment", "outage": "h4"}, 4, 1, QuestionSet.FULL),
        ({"clinical_process": "diagnosis_treatment", "outage": "h24"}, 4, 2, QuestionSet.FULL),
        ({"clinical_process": "care_support", "remote_access": "clinical"}, 3, 2, QuestionSet.FULL),
        ({"clinical_process": "care_support", "remote_access": "other"}, 3, 3, QuestionSet.BASIC),
        ({"clinical_process": "administration"}, 2, 3, QuestionSet.BASIC),
        ({"clinical_process": "none"}, 1, 4, QuestionSet.SHORT),
        ({"clinical_process": "none", "patient_data": "many"}, 4, 2, QuestionSet.FULL),
        ({"clinical_process": "care_support", "fallback": "none"}, 4, 2, QuestionSet.FULL),
        ({"clinical_process": "administration", "fallback": "none"}, 2, 3, QuestionSet.BASIC),
    ],
)
def test_the_tier_follows_the_impact(answers, impact, tier, question_set):
    proposal = proposed(**answers)

    assert (proposal.impact, proposal.tier, proposal.question_set) == (impact, tier, question_set)


def test_the_effect_on_patients_stands_apart():
    mild, grave = proposed(patient_safety="none"), proposed(patient_safety="life")

    assert (mild.impact, mild.tier) == (grave.impact, grave.tier)
    assert (mild.patient_safety, grave.patient_safety) == (1, 5)


def test_reasons_are_whole_sentences_in_both_languages():
    proposal = proposed(clinical_process="diagnosis_treatment", outage="h4", fallback="none", patient_safety="harm")

    for language in ("de", "en"):
        said = [say(reason, language=language) for reason in proposal.reasons]
        assert all("%(" not in sentence for sentence in said)
        assert len(said) == 5
    assert "raises the impact to 5 of 5" in say(proposal.reasons[2], language="en")
    assert "tier 1" in say(proposal.reasons[3], language="en")


def test_what_was_not_answered_is_named():
    proposal = tiering.propose(Intake(form_version="1", answers={"clinical_process": ("none",)}), POLICY)

    assert "outage" in proposal.missing
    assert proposal.tier == 4


@given(
    st.fixed_dictionaries(
        {question.id: st.sampled_from([o.id for o in question.options]) for question in FORM.questions}
    )
)
def test_every_intake_has_a_tier(answers):
    proposal = tiering.propose(building.intake(**answers), POLICY)

    assert proposal.tier in {1, 2, 3, 4}
    assert proposal.missing == ()
    assert proposal.reasons


def test_the_intake_sets_the_flags_and_the_needs_of_a_supply():
    given_intake = building.intake(cloud="health_data", outage="h4", data_loss="h1", clinical_process="life_support")

    flags = tiering.supply_flags(CATALOGUE, {"P-05": building.choice("yes")}, given_intake)

    assert flags == {"cloud", "personal_data", "patient_data", "operational_critical", "subcontractors"}
    assert tiering.supply_needs(given_intake) == {"required_rto_h": 4, "required_rpo_h": 1}
    assert tiering.supply_needs(None) == {}
    assert tiering.supply_flags(CATALOGUE, {}, None) == frozenset()


def test_a_form_becomes_an_intake_and_says_what_was_wrong():
    given_answers = {question.id: [question.options[0].id] for question in FORM.questions}
    given_answers |= {"outage": ["soon"], "fallback": [""], "cloud": ["no", "health_data"]}

    found, wrong = intake.answered(FORM, given_answers)

    assert {question: refusal.message.render() for question, refusal in wrong.items()} == {
        "outage": "This is none of the choices.",
        "fallback": "Please choose an answer.",
        "cloud": "Please choose one.",
    }
    assert len(found.answers) == 7


def test_an_unknown_intake_is_refused():
    with pytest.raises(intake.NoSuchIntake):
        intake.get("../x")
