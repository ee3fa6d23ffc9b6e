"""Recording for a vendor that never signs in: sources, editions, the score, and the company that comes later."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from assessments.model import Assurance, Basis
from portal.db.models.accounts import HospitalRole
from portal.db.models.assessments import Assessment, Review, ReviewState, Stage
from portal.db.models.jobs import OutboxMail
from portal.db.models.recordings import SourceKind
from portal.db.models.responses import Answer, Suggestion
from portal.errors import BadInput, Clash, NotAllowed, NotFound, NotNow
from portal.services import audit
from portal.services.actors import Actor
from portal.services.answers import recorded_workbooks, recordings, responses, reviews, submissions, suggestions
from portal.services.answers.recordings import Origin, SourceFields
from portal.services.answers.submissions import Signer
from portal.services.evidence.evidence import Stored
from portal.services.people.accounts import NewPerson
from portal.services.registers import dossiers, registers
from portal.services.rounds import acceptances, invitations, tracking
from portal.services.rounds.acceptances import NewCompany
from portal.services.rounds.invitation_links import Invitee
from portal.services.rounds.invitations import RoundFields
from questionnaires import answering
from questionnaires.model import AnswerKind, QuestionSet
from reports.workbooks.answer_sheet import SheetSent
from tests.portal import building
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from portal.services.rounds.rounds import Slot
    from tests.portal.web.hospital.ward import Ward

NAME = "Stumm Medizintechnik GmbH"
FILE = Stored(blob_id="0" * 32, sha256="a" * 64, size=10, file_name="SOC2.pdf", media_type="application/pdf")
NOTE = "Wirkt abgeschrieben."


@pytest.fixture
def ward(session: Session, now: datetime) -> Ward:
    made = wards.empty(session)
    wards.add(session, made, NAME, "PACS", domain="stumm.example", now=now)
    made.token = wards.invite(session, made, NAME, now=now, due=(now + timedelta(days=20)).date())  # type: ignore[attr-defined]
    return made


def of(session: Session, ward: Ward) -> Assessment:
    return session.get_one(Assessment, ward.assessments[NAME])


def source(session: Session, ward: Ward, now: datetime, kind: SourceKind = SourceKind.DOCUMENT) -> str:
    fields = SourceFields(kind=kind, supplied_by="Frau Still")
    return recordings.add_source(session, ward.assessor, of(session, ward).id, fields, FILE, now=now).id


def easy(session: Session, ward: Ward, now: datetime) -> list[Slot]:
    """Questions of one choice, in their order."""
    asked = recordings.questionnaire(session, ward.assessor, of(session, ward).id, now=now)
    return [slot for slot in asked.slots if slot.question.shape.kind is AnswerKind.YES_PARTIAL_NO_NA]


def note(session: Session, ward: Ward, slot: Slot, now: datetime, *, choice: int = 0, version: int = 0, origin=None):
    found = origin or Origin(source_id=source(session, ward, now), place="S. 12", note=NOTE)
    options = slot.question.shape.options
    return recordings.record(
        session,
        ward.assessor,
        of(session, ward).id,
        slot.key,
        [options[choice].id],
        origin=found,
        version=version,
        now=now,
    )


def closed(session: Session, ward: Ward, now: datetime, count: int = 3) -> list[Slot]:
    slots = easy(session, ward, now)[:count]
    for slot in slots:
        note(session, ward, slot, now)
    recordings.close(session, ward.assessor, of(session, ward).id, now=now)
    session.flush()
    return slots


def taken(session: Session, ward: Ward, now: datetime) -> tuple[Assessment, Actor]:
    found, person = acceptances.with_new_account(
        session,
        ward.token,
        new=NewPerson(name="Stille", password="ein langes Kennwort 17"),
        company=NewCompany(name=NAME, function="Leitung"),
        now=now,
    )
    session.flush()
    actor = building.company_actor
    lead = Actor(
        name=person.name,
        person_id=person.id,
        email=person.email,
        company_id=found.company_id,
        company_role=actor.__globals__["CompanyRole"].LEAD,
    )
    return found, lead


def test_nothing_counts_before_the_recording_is_closed(session: Session, ward: Ward, now: datetime):
    note(session, ward, easy(session, ward, now)[0], now)

    assert dossiers.build(session, ward.hospital_id, of(session, ward).id, now=now).answers == ()


def test_closed_it_is_scored_and_marked_with_its_source(session: Session, ward: Ward, now: datetime):
    slots = closed(session, ward, now)

    found = registers.assess(session, ward.assessor, ward.vendors[NAME], now=now)

    said = [row for row in found.answers if row.value is not None]
    assert {row.question.id for row in said} == {slot.question.id for slot in slots}
    assert {row.assurance for row in said} == {Assurance.RECORDED}
    assert {(row.recorded.source, row.recorded.place, row.recorded.sha256) for row in said} == {
        ("SOC2.pdf", "S. 12", "a" * 64)
    }
    assert any(part.basis is Basis.RECORDED for part in found.score.parts)
    assert (of(session, ward).stage, of(session, ward).submitted_at) == (Stage.SUBMITTED, now)


def test_it_is_reviewed_like_what_a_company_hands_in(session: Session, ward: Ward, now: datetime):
    slot = closed(session, ward, now)[0]

    reviews.say(session, ward.assessor, of(session, ward).id, slot.key, ReviewState.ACCEPTED, now=now)
    reviews.finish(session, ward.assessor, of(session, ward).id, base_url="https://x", now=now)

    assert of(session, ward).stage is Stage.REVIEWED


def test_it_cannot_be_returned_to_nobody(session: Session, ward: Ward, now: datetime):
    slot = closed(session, ward, now)[0]

    with pytest.raises(BadInput):
        reviews.say(
            session, ward.assessor, of(session, ward).id, slot.key, ReviewState.RETURNED, remark="Bitte", now=now
        )


def test_an_empty_recording_is_not_closed(session: Session, ward: Ward, now: datetime):
    with pytest.raises(NotNow):
        recordings.close(session, ward.assessor, of(session, ward).id, now=now)


def test_every_answer_names_its_source_and_the_place_in_a_document(session: Session, ward: Ward, now: datetime):
    slot = easy(session, ward, now)[0]

    with pytest.raises(BadInput) as refused:
        note(session, ward, slot, now, origin=Origin(source_id="nichts", place="S. 1"))
    assert list(refused.value.fields) == ["source"]

    with pytest.raises(BadInput) as refused:
        note(session, ward, slot, now, origin=Origin(source_id=source(session, ward, now), place=" "))
    assert list(refused.value.fields) == ["place"]


def test_a_source_on_which_something_rests_stays(session: Session, ward: Ward, now: datetime):
    kept = source(session, ward, now)
    slot = easy(session, ward, now)[0]
    note(session, ward, slot, now, origin=Origin(source_id=kept, place="S. 1"))
    idle = source(session, ward, now)

    with pytest.raises(NotNow):
        recordings.remove_source(session, ward.assessor, of(session, ward).id, kept, now=now)
    assert recordings.remove_source(session, ward.assessor, of(session, ward).id, idle, now=now) == FILE.blob_id
    assert [one.id for one in recordings.sources(session, of(session, ward))] == [kept]


def test_of_two_who_record_the_second_is_told(session: Session, ward: Ward, now: datetime):
    slot = easy(session, ward, now)[0]
    note(session, ward, slot, now)

    with pytest.raises(Clash) as refused:
        note(session, ward, slot, now, choice=1)

    assert refused.value.version == 1


def test_opened_again_the_closed_edition_counts_until_the_next(session: Session, ward: Ward, now: datetime):
    slot = closed(session, ward, now)[0]
    recordings.reopen(session, ward.assessor, of(session, ward).id, now=now)
    note(session, ward, slot, now, choice=1, version=1)

    def value() -> tuple[str, ...]:
        found = dossiers.build(session, ward.hospital_id, of(session, ward).id, now=now)
        return next(one.value.choices for one in found.answers if one.question_id == slot.question.id)

    options = slot.question.shape.options
    assert value() == (options[0].id,)
    recordings.close(session, ward.assessor, of(session, ward).id, now=now)
    assert value() == (options[1].id,)
    assert recordings.recorded.latest(session, of(session, ward)).edition == 2


def test_the_company_finds_it_as_suggestions_with_the_source_and_without_the_note(
    session: Session, ward: Ward, now: datetime
):
    slots = closed(session, ward, now)

    found, lead = taken(session, ward, now + timedelta(days=1))

    rows = session.scalars(select(Suggestion)).all()
    assert {(row.question_id, row.supply_id) for row in rows} == {slot.key for slot in slots}
    assert {row.source for row in rows} == {"erfasst von Klinikum Nord aus SOC2.pdf, S. 12"}
    assert session.scalars(select(Answer)).all() == []
    assert all(NOTE not in str(vars(row)) for row in rows)
    asked = responses.questionnaire(session, lead, found.id, now=now)
    assert set(suggestions.of_round(session, asked)) == {slot.key for slot in slots}


def test_what_the_company_signs_stands_and_the_rest_stays_recorded(session: Session, ward: Ward, now: datetime):
    first, second, _third = closed(session, ward, now)
    found, lead = taken(session, ward, now)
    options = first.question.shape.options
    corrected = answering.parse(first.question.shape, [options[1].id], comment="", today=now.date())
    responses.save(session, lead, found.id, first.key, corrected, version=0, now=now)

    draft = dossiers.build(session, ward.hospital_id, found.id, now=now)
    assert {one.recorded is not None for one in draft.answers} == {True}  # nothing is signed yet

    signer = Signer(name="Stille", function="Leitung", confirms=True)
    submissions.hand_in(session, lead, found.id, signer, base_url="https://x", now=now)
    after = {one.question_id: one for one in dossiers.build(session, ward.hospital_id, found.id, now=now).answers}
    assert (after[first.question.id].recorded, after[first.question.id].value) == (None, corrected)
    assert after[second.question.id].recorded is not None


def test_the_company_itself_never_reads_recorded_answers_as_its_own(session: Session, ward: Ward, now: datetime):
    closed(session, ward, now)
    found, _lead = taken(session, ward, now)

    assert dossiers.build_for_company(session, found.company_id, found.id, now=now).answers == ()


def test_a_word_of_review_was_about_the_recorded_answer(session: Session, ward: Ward, now: datetime):
    first, second, _third = closed(session, ward, now)
    reviews.say(session, ward.assessor, of(session, ward).id, first.key, ReviewState.ACCEPTED, now=now)
    reviews.say(session, ward.assessor, of(session, ward).id, second.key, ReviewState.FINDING, remark="Lücke.", now=now)

    taken(session, ward, now)

    assert [row.state for row in session.scalars(select(Review))] == [ReviewState.FINDING]


def test_once_a_company_has_the_round_nobody_records(session: Session, ward: Ward, now: datetime):
    slot = easy(session, ward, now)[0]
    origin = Origin(source_id=source(session, ward, now), place="S. 1")
    taken(session, ward, now)

    with pytest.raises(NotNow):
        note(session, ward, slot, now, origin=origin)


def test_a_recorded_round_can_still_be_offered_to_another_person(session: Session, ward: Ward, now: datetime):
    closed(session, ward, now)

    invitations.resend(session, ward.assessor, of(session, ward).id, base_url="https://x", now=now)

    assert of(session, ward).stage is Stage.SUBMITTED


def begun_uninvited(session: Session, now: datetime, *, reason: str = "Antwortet nur per Post.") -> Ward:
    """A vendor whose round began without a mail."""
    made = wards.empty(session)
    wards.add(session, made, NAME, "PACS", domain="stumm.example", now=now)
    fields = RoundFields(
        supply_ids=[made.supplies[NAME]],
        due_on=(now + timedelta(days=28)).date(),
        question_set=QuestionSet.FULL,
    )
    found = invitations.begin_uninvited(session, made.assessor, made.vendors[NAME], fields, reason=reason, now=now)
    made.assessments[NAME] = found.id
    session.flush()
    return made


def test_a_round_without_an_invitation_is_recorded_and_nobody_is_written_to(session: Session, now: datetime):
    made = begun_uninvited(session, now)
    assert of(session, made).stage is Stage.RECORDING
    assert of(session, made).invited_at is None
    [row] = tracking.board(session, made.auditor, now=now).rows
    assert (row.next, row.is_overdue, row.plan.next) == (tracking.Next.RECORD, False, None)
    closed(session, made, now)

    assert of(session, made).stage is Stage.SUBMITTED
    [row] = tracking.board(session, made.auditor, now=now).rows
    assert (row.next, row.is_recorded) == (tracking.Next.REVIEW, True)
    recordings.reopen(session, made.assessor, of(session, made).id, now=now)
    assert of(session, made).stage is Stage.RECORDING
    assert session.scalars(select(OutboxMail)).all() == []
    assert of(session, made).invitations == []


def test_it_needs_a_reason_and_no_other_round_begins_meanwhile(session: Session, now: datetime):
    with pytest.raises(BadInput) as refused:
        begun_uninvited(session, now, reason=" ")
    assert set(refused.value.fields) == {"reason"}

    made = begun_uninvited(session, now)
    with pytest.raises(NotNow):
        wards.invite(session, made, NAME, now=now, due=(now + timedelta(days=20)).date())
    invitations.withdraw(session, made.assessor, of(session, made).id, now=now)
    wards.invite(session, made, NAME, now=now, due=(now + timedelta(days=20)).date())


def test_who_was_not_asked_is_not_silent_and_once_invited_it_has_its_time(session: Session, now: datetime):
    made = begun_uninvited(session, now)
    closed(session, made, now)
    late = now + timedelta(days=200)
    before = dossiers.build(session, made.hospital_id, of(session, made).id, now=late)
    assert (before.deadline, before.deadline_passed) == (None, False)

    invitations.invite_another(
        session, made.assessor, of(session, made).id, Invitee(email="neu@stumm.example"), base_url="https://x", now=late
    )
    session.flush()
    found = of(session, made)
    assert (found.stage, found.invited_at, found.is_uninvited) == (Stage.SUBMITTED, late, False)
    assert found.due_on >= (late + timedelta(days=27)).date()
    assert invitations.is_free(found)
    assert not dossiers.build(session, made.hospital_id, found.id, now=late).deadline_passed


def test_what_is_closed_while_somebody_is_invited_stays_handed_in(session: Session, now: datetime):
    made = begun_uninvited(session, now)
    found = of(session, made)
    assert found.stage is Stage.RECORDING
    session.execute(  # as if a colleague had closed the recording after this transaction read the round
        update(Assessment).where(Assessment.id == found.id).values(stage=Stage.SUBMITTED, submitted_at=now),
        execution_options={"synchronize_session": False},
    )
    invitations.invite_another(
        session, made.assessor, found.id, Invitee(email="neu@stumm.example"), base_url="https://x", now=now
    )
    session.flush()
    assert session.scalar(select(Assessment.stage).where(Assessment.id == found.id)) is Stage.SUBMITTED


def test_another_hospital_does_not_know_of_it(session: Session, ward: Ward, now: datetime):
    kept = source(session, ward, now)
    other = building.hospital(session, name="Anderswo")
    stranger = building.hospital_actor(session, other, HospitalRole.ADMIN)

    for verb in (
        lambda: recordings.questionnaire(session, stranger, of(session, ward).id, now=now),
        lambda: recordings.open_source(session, stranger, of(session, ward).id, kept, now=now),
        lambda: recordings.close(session, stranger, of(session, ward).id, now=now),
        lambda: recordings.reopen(session, stranger, of(session, ward).id, now=now),
    ):
        with pytest.raises(NotFound):
            verb()


def test_who_only_reads_records_nothing(session: Session, ward: Ward, now: datetime):
    with pytest.raises(NotAllowed):
        recordings.close(session, ward.auditor, of(session, ward).id, now=now)


def test_opening_a_source_leaves_a_trace(session: Session, ward: Ward, now: datetime):
    kept = source(session, ward, now)

    recordings.open_source(session, ward.auditor, of(session, ward).id, kept, now=now)

    session.flush()
    verbs = [event.verb for event in session.scalars(select(audit.AuditEvent))]
    assert "recording.source-opened" in verbs


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_never_a_recorded_answer_beats_the_companys_own(
    session: Session, ward: Ward, now: datetime, data: st.DataObject
):
    """Whatever was recorded and whatever the company says of it: its words stand, and only gaps are filled."""
    with session.begin_nested() as step:
        slots = easy(session, ward, now)[:6]
        noted = data.draw(st.lists(st.sampled_from(slots), min_size=1, unique_by=lambda slot: slot.key))
        kept = Origin(source_id=source(session, ward, now), place="S. 1")
        for slot in noted:
            note(session, ward, slot, now, choice=data.draw(st.integers(0, 2)), origin=kept)
        recordings.close(session, ward.assessor, of(session, ward).id, now=now)
        found, lead = taken(session, ward, now)
        own = {}
        for slot in data.draw(st.lists(st.sampled_from(slots), min_size=1, unique_by=lambda slot: slot.key)):
            option = slot.question.shape.options[data.draw(st.integers(0, 2))]
            own[slot.key] = answering.parse(slot.question.shape, [option.id], comment="", today=now.date())
            responses.save(session, lead, found.id, slot.key, own[slot.key], version=0, now=now)
        signer = Signer(name="Stille", function="Leitung", confirms=True)
        submissions.hand_in(session, lead, found.id, signer, base_url="https://x", now=now)

        keys = dossiers.supply_keys(session, ward.hospital_id, ward.vendors[NAME])
        built = dossiers.build(session, ward.hospital_id, found.id, now=now)
        after = {(one.question_id, one.supply): one for one in built.answers}
        assert len(after) == len(built.answers)
        for (question, supply), value in own.items():
            assert (after[question, keys.get(supply)].value, after[question, keys.get(supply)].recorded) == (
                value,
                None,
            )
        gaps = {(slot.key[0], keys.get(slot.key[1])) for slot in noted if slot.key not in own}
        assert {key for key, one in after.items() if one.recorded is not None} == gaps
        step.rollback()
    session.expire_all()


def test_a_workbook_of_another_round_is_not_recorded_by_whoever_skips_the_comparison(
    session: Session, ward: Ward, now: datetime
):
    asked = recordings.questionnaire(session, ward.assessor, of(session, ward).id, now=now)
    sent = SheetSent(
        assessment_id="0123456789abcdef0123",
        catalogue_id=asked.catalogue.id,
        catalogue_version=asked.catalogue.version,
        rows=(),
    )
    workbook = source(session, ward, now, SourceKind.WORKBOOK)
    with pytest.raises(BadInput):
        recorded_workbooks.take(
            session, ward.assessor, of(session, ward).id, source_id=workbook, sent=sent, chosen={}, now=now
        )
