"""What a hospital recorded for a vendor: it fills gaps, counts for less, and never beats the company's own word."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from assessments import recording, register, scoring, storing
from assessments.model import AnswerFact, Assurance, Basis, Dossier, Recorded
from questionnaires import shelf
from questionnaires.model import AnswerValue
from tests.assessments.building import AT, CHECKS, POLICY, answer, answered, dossier, dossiers, worst

CATALOGUE = shelf.current()
SOURCE = Recorded(by="Jens", source="SOC2.pdf", place="S. 12", sha256="0" * 64)


def recorded(fact: AnswerFact) -> AnswerFact:
    return replace(fact, recorded=SOURCE)


def as_recorded(given_: Dossier, keys: set[tuple[str, str | None]] | None = None) -> Dossier:
    return replace(
        given_,
        answers=tuple(
            recorded(one) if keys is None or (one.question_id, one.supply) in keys else one for one in given_.answers
        ),
    )


def line_of(given_: Dossier, question_id: str):
    return next(line for line in scoring.score(given_, POLICY).lines if line.question_id == question_id)


def test_it_counts_for_less_than_the_same_word_of_the_company():
    own = dossier(answers=answered())

    assert (line_of(own, "GV-01").share, line_of(own, "GV-01").assurance) == (0.85, Assurance.DECLARED)
    assert (line_of(as_recorded(own), "GV-01").share, line_of(as_recorded(own), "GV-01").assurance) == (
        0.75,
        Assurance.RECORDED,
    )


def test_its_assurance_stands_between_expired_and_declared():
    assert POLICY.assurance[Assurance.EXPIRED] < POLICY.assurance[Assurance.RECORDED]
    assert POLICY.assurance[Assurance.RECORDED] < POLICY.assurance[Assurance.DECLARED]


def test_its_line_says_who_recorded_it():
    assert "ecorded by the hospital" in line_of(dossier(answers=(recorded(answer("GV-01")),)), "GV-01").reason.text


def test_a_part_of_recorded_answers_rests_on_them():
    found = scoring.score(as_recorded(dossier(answers=answered(), findings=())), POLICY)

    assert {part.basis for part in found.parts if part.answers_value is not None} <= {Basis.RECORDED, Basis.UNSEEN}
    assert any(part.basis is Basis.RECORDED for part in found.parts)


def test_the_row_of_the_register_keeps_the_source():
    found = register.assess(dossier(answers=(recorded(answer("GV-01")),)), POLICY)

    row = next(row for row in found.answers if row.question.id == "GV-01")
    assert (row.recorded, row.assurance) == (SOURCE, Assurance.RECORDED)


KEYS = st.sampled_from(sorted(CATALOGUE.questions))
FACTS = st.lists(
    st.builds(
        AnswerFact,
        question_id=KEYS,
        supply=st.sampled_from([None, "S-1", "S-2"]),
        value=st.builds(AnswerValue, unknown=st.booleans()),
    ),
    max_size=12,
    unique_by=lambda fact: (fact.question_id, fact.supply),
)


@given(own=FACTS, hospital=FACTS)
def test_the_companys_word_stands_whatever_was_recorded(own: list[AnswerFact], hospital: list[AnswerFact]):
    found = recording.merged(own, [recorded(one) for one in hospital], lambda one: (one.question_id, one.supply))

    by_key = {(one.question_id, one.supply): one for one in found}
    assert len(by_key) == len(found)  # one word for each place
    assert all(by_key[one.question_id, one.supply] is one for one in own)
    assert set(by_key) == {(one.question_id, one.supply) for one in (*own, *hospital)}


@given(given_=dossiers(), data=st.data())
def test_recorded_never_scores_better_than_the_same_own_answer(given_: Dossier, data: st.DataObject):
    keys = {(one.question_id, one.supply) for one in given_.answers}
    chosen = {key for key in sorted(keys, key=str) if data.draw(st.booleans())}

    before, after = scoring.score(given_, POLICY), scoring.score(as_recorded(given_, chosen), POLICY)

    assert after.coverage == before.coverage
    assert (after.value is None) == (before.value is None)
    assert after.value is None or after.value <= before.value
    shares = {line.key: line.share for line in before.lines}
    assert all(line.share <= shares[line.key] for line in after.lines)


@given(given_=dossiers())
def test_the_score_is_the_same_out_of_a_document(given_: Dossier):
    given_ = Dossier(**{name: getattr(as_recorded(given_), name) for name in Dossier.__dataclass_fields__})
    again = storing.load(storing.dump(given_), catalogue=given_.catalogue, checks=CHECKS)

    assert again.answers == given_.answers
    assert scoring.score(again, POLICY) == scoring.score(given_, POLICY)


def test_a_dossier_of_before_says_that_nothing_was_recorded():
    document = storing.dump(dossier(answers=(answer("GV-01"),)))
    for one in document["answers"]:
        one.pop("recorded")

    assert storing.load(document, catalogue=CATALOGUE, checks=CHECKS).answers[0].recorded is None


def test_a_poor_recorded_answer_is_still_a_poor_answer():
    question = CATALOGUE.questions["GV-01"]
    own = dossier(answers=(answer("GV-01", worst(question)),), at=AT)

    assert line_of(as_recorded(own), "GV-01").share <= line_of(own, "GV-01").share
