"""Asking again: due by the tier's interval or for a reason, and only what has changed, ended, aged or come in doubt."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from assessments import contradictions
from portal.db.models.assessments import Assessment, Stage
from portal.db.models.jobs import Job
from portal.db.models.responses import Answer, Evidence, Response
from portal.db.models.watching import CallKind, ReassessmentCall
from portal.errors import BadInput, NotAllowed, NotFound, NotNow
from portal.services.answers import manifests, suggestions
from portal.services.jobs import JobKind
from portal.services.registers import dossiers, policies
from portal.services.registers.dossiers import BERLIN
from portal.services.rounds import (
    campaigns,
    catalogues,
    continuations,
    invitations,
    reasons,
    reassessment_calls,
    reassessments,
    rounds,
)
from portal.services.rounds.invitation_links import Invitee
from portal.services.rounds.reasons import Doubt
from portal.services.vendors import vendors
from questionnaires import answering, continuing, shelf
from questionnaires.model import QuestionSet, Scope, Text
from tests.portal import building
from tests.portal.web.hospital import ward
from tests.portal.web.vendor import errand

YEAR = timedelta(days=366)
DELTA = set(shelf.get(*shelf.DELTA).questions)


@pytest.fixture
def done(session, now):
    """A vendor of tier 1 whose round was answered, signed and looked at."""
    made = errand.accepted(session, now)
    ward.answer_all(session, made.ward, errand.VENDOR, quality=0.8, now=now)
    ward.hand_in(session, made.ward, errand.VENDOR, now=now, released=True)
    session.get_one(Assessment, made.assessment_id).stage = Stage.CLOSED
    for row in session.scalars(select(Evidence)):
        row.valid_from = row.issued_on = None
        row.valid_to = (now + timedelta(days=2000)).date()
    session.flush()
    return made


def _id(done) -> str:
    return done.ward.vendors[errand.VENDOR]


def _due(session, done, at):
    return reassessments.due(session, done.ward.assessor, today=at.astimezone(BERLIN).date())


def _delta(session, done, at):
    vendor = vendors.find(session, done.ward.assessor, _id(done))
    return reassessments.delta(session, done.ward.assessor, vendor, now=at)


def _begin(session, done, at) -> Assessment:
    made = reassessments.begin(session, done.ward.assessor, _id(done), base_url=ward.BASE_URL, now=at)
    done.ward.assessments[errand.VENDOR] = made.id
    return made


def test_it_is_due_when_the_interval_of_its_tier_is_over(session, done, now):
    last = now.astimezone(BERLIN).date()
    told = reassessments.of_vendor(session, done.ward.assessor, _id(done))

    assert told.due_on == last.replace(year=last.year + 1)
    assert _due(session, done, now + YEAR - 3 * timedelta(days=1)) == []
    assert [one.vendor.vendor_id for one in _due(session, done, now + YEAR)] == [_id(done)]
    then = (now + YEAR).astimezone(BERLIN).date()
    assert reassessments.due_first(session, done.ward.assessor, today=then, most=0) == (1, [])


def test_one_button_begins_a_follow_up_and_ends_the_proposal(session, done, now):
    later = now + YEAR
    made = _begin(session, done, later)

    assert (made.catalogue_id, made.catalogue_version) == shelf.DELTA
    assert made.due_on == (later + timedelta(days=28)).astimezone(BERLIN).date()
    assert _due(session, done, later) == []
    with pytest.raises(NotNow):
        _begin(session, done, later)


def test_lists_know_of_the_new_round_what_went_on_to_hold(session, done, now):
    session.execute(delete(Job).where(Job.kind == JobKind.SCORE))

    made = _begin(session, done, now + YEAR)

    session.flush()
    waiting = select(Job.args).where(Job.kind == JobKind.SCORE)
    assert [one["assessment_id"] for one in session.scalars(waiting)] == [made.id]


def test_a_vendor_of_a_rare_tier_is_asked_for_the_delta_too(session, done, now):
    late = now + 3 * YEAR
    for row in session.scalars(select(Evidence)):
        row.valid_to = (late + YEAR).date()
    session.flush()

    assert _delta(session, done, late).is_follow_up
    assert _begin(session, done, late).catalogue_reason


def test_what_has_a_document_that_ended_is_asked_again_and_nothing_else(session, done, now):
    later = now + YEAR
    row = session.scalars(select(Evidence).where(Evidence.file_name.is_not(None))).first()
    row.valid_to = (later - timedelta(days=3)).date()
    session.flush()
    wanted = _delta(session, done, later)
    assert wanted.why[Doubt.EVIDENCE]
    assert wanted.why[Doubt.AGE] == wanted.why[Doubt.REASON] == ()

    made = _begin(session, done, later)
    ward.accept(session, done.ward, errand.VENDOR, now=later, actor=done.lead)
    asked = rounds.load(session, made, now=later)
    lying = suggestions.earlier(session, done.lead, asked, now=later)

    assert {slot.question.id for slot in asked.slots} - DELTA == set(wanted.why[Doubt.EVIDENCE])
    assert {key[0] for key in lying} >= set(wanted.why[Doubt.EVIDENCE])
    judged = dossiers.build(session, done.ward.hospital_id, made.id, now=later)
    held = {answer.question_id for answer in judged.answers if answer.value is not None}
    assert not held & set(wanted.why[Doubt.EVIDENCE])
    assert held


def test_answers_of_more_than_two_intervals_ago_have_aged(session, done, now):
    late = now + 2 * YEAR + timedelta(days=40)
    for row in session.scalars(select(Evidence)):
        row.valid_to = (late + YEAR).date()
    session.flush()

    assert _delta(session, done, now + 2 * YEAR - timedelta(days=40)).why[Doubt.AGE] == ()
    assert len(_delta(session, done, late).why[Doubt.AGE]) > len(DELTA)


@pytest.mark.parametrize(("kind", "section"), [(CallKind.INCIDENT, "I"), (CallKind.COMPONENT, "SD")])
def test_an_event_asks_for_it_at_once_and_puts_its_section_in_doubt(session, done, now, kind, section):
    for _ in range(2):
        reassessment_calls.happened(session, done.ward.hospital_id, _id(done), kind, now=now)
    session.flush()

    found = _due(session, done, now)
    assert [[call.kind for call in one.calls] for one in found] == [[kind]]
    assert not found[0].is_by_time(now.date())
    again = _delta(session, done, now).why[Doubt.REASON]
    assert again
    assert all(name.startswith(section) for name in again)
    made = _begin(session, done, now)
    assert set(made.asked_again) == set(again)
    assert reassessment_calls.standing(session, done.ward.hospital_id, _id(done)) == []


def test_an_event_at_a_vendor_nobody_has_assessed_asks_for_nothing(session, now):
    made = errand.invited(session, now)
    reassessment_calls.happened(session, made.ward.hospital_id, _id(made), CallKind.INCIDENT, now=now)

    assert session.scalars(select(ReassessmentCall)).all() == []


def test_a_change_of_contract_asks_for_it_but_the_first_entry_does_not(session, done, now):
    actor, supply_id = done.ward.assessor, done.ward.supplies[errand.VENDOR]

    def enter(**more):
        supply = vendors.find_supply(session, actor, supply_id)
        fields = vendors.SupplyFields(**{**vars(vendors.supply_fields_of(supply)), **more})
        vendors.change_supply(session, actor, supply_id, fields, version=supply.version, now=now)
        session.flush()
        return [call.kind for call in reassessment_calls.standing(session, actor.hospital_id, _id(done))]

    enter(contract_number="")
    for call in session.scalars(select(ReassessmentCall)):
        session.delete(call)
    assert enter(contract_number="V-1") == []
    assert enter(department="Radiologie") == []
    assert enter(contract_number="V-2") == [CallKind.CONTRACT]


def test_a_person_says_why_and_may_take_it_back(session, done, now):
    actor = done.ward.assessor
    with pytest.raises(BadInput):
        reassessment_calls.call(session, actor, _id(done), CallKind.OTHER, "  ", now=now)
    with pytest.raises(NotAllowed):
        reassessment_calls.call(session, done.ward.decider, _id(done), CallKind.OTHER, "x", now=now)
    row = reassessment_calls.call(session, actor, _id(done), CallKind.OTHER, "Neuer Eigentümer", now=now)
    assert [one.vendor.vendor_id for one in _due(session, done, now)] == [_id(done)]
    stranger = building.hospital_actor(session, building.hospital(session, "Fremd"), email="f@fremd.example")
    for refused in (row.id, "unknown"):
        with pytest.raises(NotFound):
            reassessment_calls.take_back(session, stranger, refused, now=now)

    reassessment_calls.take_back(session, actor, row.id, now=now)
    assert _due(session, done, now) == []


def test_what_nobody_looked_at_asks_everything(session, done, now):
    assert _delta(session, done, now).is_follow_up
    last = session.get_one(Assessment, done.assessment_id)
    last.stage = Stage.SUBMITTED
    session.flush()
    whole = _delta(session, done, now)
    assert (whole.is_follow_up, whole.catalogue) == (False, shelf.CURRENT)
    assert whole.why_not is not None


def test_the_reason_reaches_no_mail_to_the_vendor(session, done, now):
    reassessment_calls.call(session, done.ward.assessor, _id(done), CallKind.OTHER, "KANARI", now=now)
    made = _begin(session, done, now)

    assert "KANARI" not in invitations.find(session, done.ward.assessor, made.id).invitations[-1].message
    assert catalogues.of(session, made).id == "delta"


def test_a_campaign_asks_the_same_delta(session, done, now):
    later = now + YEAR
    reassessment_calls.happened(session, done.ward.hospital_id, _id(done), CallKind.COMPONENT, now=later)
    session.flush()
    again = _delta(session, done, later).asked_again
    made = building.campaign(session, done.ward.assessor, _id(done), now=later)
    made.due_on, made.started_at = (later + timedelta(days=28)).date(), later
    campaigns.send_one(session, done.ward.hospital_id, made.id, _id(done), base_url=ward.BASE_URL, now=later)

    newest = session.scalars(select(Assessment).order_by(Assessment.round.desc()).limit(1)).one()
    assert newest.id != done.assessment_id
    assert again
    assert newest.asked_again == list(again)
    assert reassessment_calls.standing(session, done.ward.hospital_id, _id(done)) == []


def _prepared(session, done, at):
    """As the preview of a campaign has it."""
    made = building.campaign(session, done.ward.assessor, _id(done), now=at)
    made.due_on, made.started_at = (at + timedelta(days=28)).date(), at
    vendor = vendors.find(session, done.ward.assessor, _id(done))
    return made, campaigns.prepared(session, done.ward.assessor, made, vendor, now=at)


def test_however_long_ago_a_campaign_asks_to_confirm_and_what_was_signed_lies_beside(session, done, now):
    late = now + 3 * YEAR
    made, one = _prepared(session, done, late)

    assert one.asked.is_follow_up
    assert len(one.asked.why[Doubt.AGE]) > len(DELTA)
    campaigns.send_one(session, done.ward.hospital_id, made.id, _id(done), base_url=ward.BASE_URL, now=late)
    newest = session.scalars(select(Assessment).order_by(Assessment.round.desc()).limit(1)).one()
    done.ward.assessments[errand.VENDOR] = newest.id
    ward.accept(session, done.ward, errand.VENDOR, now=late, actor=done.lead)
    suggestions.lay_signed(session, newest, now=late)
    session.flush()
    asked = rounds.load(session, newest, now=late)
    lying = suggestions.of_round(session, asked)
    again = {slot.question.id for slot in asked.slots} - DELTA
    assert again
    assert again - {key[0] for key in lying} <= {"TR-01"}  # a made-up answer of more than 100 %
    assert {key[0] for key in lying} <= again
    assert {row.source for row in lying.values()} == {"Klinikum Nord"}
    assert all(slot.value is None for slot in asked.slots)  # laid beside, confirmed by nobody yet


def test_where_nothing_is_signed_all_is_asked_and_the_preview_says_why(session, done, now):
    _made, before = _prepared(session, done, now)
    ward.add(session, done.ward, "Neu GmbH", "LIS", domain="neu.example", now=now)
    made = building.campaign(session, done.ward.assessor, done.ward.vendors["Neu GmbH"], now=now)
    vendor = vendors.find(session, done.ward.assessor, done.ward.vendors["Neu GmbH"])
    one = campaigns.prepared(session, done.ward.assessor, made, vendor, now=now)

    assert before.asked.why_everything == ""
    assert (one.asked.is_follow_up, one.asked.catalogue) == (False, shelf.CURRENT)
    assert one.asked.why_everything == continuations.NOTHING_SIGNED
    assert one.asked.asked_again == ()


def test_a_higher_tier_asks_what_the_smaller_set_did_not(session, done, now):
    session.get_one(Assessment, done.assessment_id).question_set = QuestionSet.BASIC.value
    session.flush()
    sets = shelf.current().sets
    more = set(sets[QuestionSet.FULL].question_ids) - set(sets[QuestionSet.BASIC].question_ids) - DELTA

    assert set(_delta(session, done, now).why[Doubt.ADDED]) == more
    made = _begin(session, done, now)
    asked = rounds.load(session, made, now=now)
    shown = {slot.question.id for slot in asked.slots} - DELTA
    assert shown
    assert shown <= more
    assert more <= set(catalogues.judged(session, made).questions)


def test_what_the_catalogue_asks_in_other_words_is_asked_again_in_the_new_ones(session, done, now):
    actor, admin = done.ward.assessor, done.ward.admin

    def release(base, words, question_id="", *, day) -> tuple[str, str]:
        at = now + timedelta(days=day)
        row = catalogues.begin(session, actor, base, Text(de="U", en="O"), now=at)
        raw = {**building.OWN_QUESTION, "text": {"de": words, "en": words}}
        raw |= {"id": question_id} if question_id else {}
        catalogues.put_question(
            session, actor, row.id, raw, section="BC", sets=set(QuestionSet), edits=row.edits, now=at
        )
        catalogues.release(session, admin, row.id, edits=row.edits, now=at)
        return row.catalogue_id, row.version

    first = release(shelf.CURRENT, "Alt?", day=1)
    last = session.get_one(Assessment, done.assessment_id)
    last.catalogue_id, last.catalogue_version = first
    assert _delta(session, done, now).why[Doubt.REWORDED] == ()
    second = release(first, "Neu?", "H-01", day=2)
    release(second, "Noch eine?", day=3)

    wanted = _delta(session, done, now)
    assert wanted.why[Doubt.REWORDED] == ("H-01",)
    assert wanted.why[Doubt.ADDED] == ("H-02",)
    made = _begin(session, done, now)
    asked = {slot.question.id: slot.question for slot in rounds.load(session, made, now=now).slots}
    assert set(asked) - DELTA == {"H-01", "H-02"}
    assert asked["H-01"].text.de == "Neu?"
    assert catalogues.judged(session, made).questions["H-01"].text.de == "Neu?"
    release(first, "Ganz neu?", "H-01", day=4)  # what comes out later changes no round that has begun
    assert catalogues.of(session, made).questions["H-01"].text.de == "Neu?"


def test_what_a_scan_contradicts_is_asked_again_until_it_is_settled(session, done, now):
    ward.scan(session, done.ward, errand.VENDOR, quality=0.0, now=now)
    ward.score(session, done.ward, errand.VENDOR, now=now)
    dossier = dossiers.build(session, done.ward.hospital_id, done.assessment_id, now=now)
    spoken_against = {
        one.question.id: one for one in contradictions.find(dossier, policies.of(session, done.ward.hospital_id))
    }
    assert spoken_against

    assert set(_delta(session, done, now).why[Doubt.CONTRADICTED]) == set(spoken_against)


CLOUD = {**ward.CRITICAL, "medical_device": "no"}


def _add(session, done, name, now):
    made = ward.add(session, done.ward, errand.VENDOR, name, now=now, intake=CLOUD)
    session.expire_all()
    return made.id


def _asked(session, made, now):
    return rounds.load(session, made, now=now)


def _signed(session, done) -> set[tuple[str, str]]:
    response = session.scalars(select(Response).where(Response.assessment_id == done.assessment_id)).one()
    return {(entry["question"], entry["supply"]) for entry in manifests.latest(session, response).manifest["answers"]}


def test_an_added_product_is_asked_everything_of_it_and_nothing_else_that_stands(session, done, now):
    later, old = now + timedelta(days=90), done.ward.supplies[errand.VENDOR]
    new = _add(session, done, "Cloud-Archiv", later)
    wanted = _delta(session, done, later)

    assert wanted.is_follow_up
    assert [name for name, _count in wanted.added] == ["Cloud-Archiv"]
    assert wanted.entries[Doubt.PRODUCT] == (continuing.everything_of(new),)
    made = _begin(session, done, later)
    ward.accept(session, done.ward, errand.VENDOR, now=later, actor=done.lead)
    asked = _asked(session, made, later)
    keys = {slot.key for slot in asked.slots if slot.question.id not in DELTA}
    assert {key for key in keys if key[1] == new}
    assert not {key for key in keys if key[1] == old and key in _signed(session, done)}
    assert not {key for key in keys if not key[1]} & _signed(session, done)
    assert dict(wanted.added)["Cloud-Archiv"] == len({key for key in keys if key[1] == new})


def test_no_question_that_applies_to_an_added_product_stays_unasked(session, done, now):
    later = now + timedelta(days=1)
    new = _add(session, done, "Cloud-Archiv", later)
    made = _begin(session, done, later)
    ward.accept(session, done.ward, errand.VENDOR, now=later, actor=done.lead)
    asked, judged = _asked(session, made, later), dossiers.build(session, done.ward.hospital_id, made.id, now=later)
    product = next(one for one in judged.supplies if one.name == "Cloud-Archiv")
    applying = {
        question.id
        for question in answering.shown(judged.catalogue, QuestionSet(made.question_set), product.flags)
        if question.scope is Scope.SUPPLY
    }

    assert applying
    assert {slot.question.id for slot in asked.slots if slot.supply_id == new} == applying


def test_what_is_said_of_an_added_product_may_ask_more_of_it(session, done, now):
    later = now + timedelta(days=1)
    new = _add(session, done, "Cloud-Archiv", later)
    made = _begin(session, done, later)
    ward.accept(session, done.ward, errand.VENDOR, now=later, actor=done.lead)
    before = _asked(session, made, later)
    assert {"P-02", "P-03", "P-04", "P-05"} <= {one.id for one in before.missing_profile}
    lying = suggestions.earlier(session, done.lead, before, now=later)
    assert ("P-02", "") in lying  # to be confirmed
    response = session.scalars(select(Response).where(Response.assessment_id == made.id)).one()
    for name, choice in (("P-02", ["trade"]), ("P-03", ["no"]), ("P-04", ["none"])):
        session.add(
            Answer(
                company_id=response.company_id,
                response_id=response.id,
                question_id=name,
                supply_id="",
                value={"choices": choice},
                updated_at=later,
                updated_by="Erika Muster",
            )
        )
    session.flush()
    session.expire_all()
    after = _asked(session, made, later)

    assert {slot.key for slot in after.slots} < {slot.key for slot in before.slots}
    assert not after.missing_profile or "P-02" not in {one.id for one in after.missing_profile}
    assert new in {slot.supply_id for slot in after.slots}


def test_the_round_says_of_each_question_why_it_is_asked(session, done, now):
    later = now + YEAR
    row = session.scalars(select(Evidence).where(Evidence.file_name.is_not(None))).first()
    row.valid_to = (later - timedelta(days=3)).date()
    session.flush()
    new = _add(session, done, "Cloud-Archiv", later)
    made = _begin(session, done, later)
    ward.accept(session, done.ward, errand.VENDOR, now=later, actor=done.lead)
    ended = {slot.key: slot.reasons for slot in _asked(session, made, later).slots}

    assert all(ended.values())
    assert {why for key, found in ended.items() if key[1] == new and key[0] not in DELTA for why in found} == {
        reasons.TOLD[Doubt.PRODUCT]
    }
    assert reasons.TOLD[Doubt.EVIDENCE] in {why for key, found in ended.items() if key[1] != new for why in found}
    told = reasons.grounds(made.asked_because, vendors.supplies_of(session, made))
    assert [one.doubt for one in told][:2] == [Doubt.PRODUCT, Doubt.FACTS]
    assert told[0].products == ["Cloud-Archiv"]


def test_a_product_that_was_asked_once_is_not_new_again(session, done, now):
    later = now + timedelta(days=30)
    new = _add(session, done, "Cloud-Archiv", later)
    second = _begin(session, done, later)
    ward.accept(session, done.ward, errand.VENDOR, now=later, actor=done.lead)
    ward.answer_all(session, done.ward, errand.VENDOR, quality=0.8, now=later)
    ward.hand_in(session, done.ward, errand.VENDOR, now=later, released=True)
    session.get_one(Assessment, second.id).stage = Stage.CLOSED
    session.flush()
    wanted = _delta(session, done, later + timedelta(days=30))

    assert wanted.is_follow_up
    assert list(wanted.added) == []
    assert wanted.entries[Doubt.PRODUCT] == wanted.entries[Doubt.MISSING] == wanted.entries[Doubt.POSSIBLE] == ()
    assert not [entry for entry in wanted.asked_again if entry.endswith(new)]


def test_whoever_begins_a_follow_up_asks_of_a_product_that_is_new(session, done, now):
    new = _add(session, done, "Cloud-Archiv", now)
    fields = invitations.RoundFields(
        supply_ids=[done.ward.supplies[errand.VENDOR], new],
        due_on=(now + timedelta(days=28)).date(),
        question_set=QuestionSet.FULL,
        catalogue=shelf.DELTA,
    )
    made = invitations.begin(
        session,
        done.ward.assessor,
        _id(done),
        fields,
        Invitee(email=errand.ADDRESS),
        base_url=ward.BASE_URL,
        now=now,
    )

    assert made.asked_again == [continuing.everything_of(new)]
    assert made.asked_because == {continuing.everything_of(new): ["product"]}


def _round_with(session, done, name, at):
    """The vendor answers a follow-up after a product came to it."""
    made_id = _add(session, done, name, at)
    made = _begin(session, done, at)
    ward.accept(session, done.ward, errand.VENDOR, now=at, actor=done.lead)
    response = session.scalars(select(Response).where(Response.assessment_id == made.id)).one()
    for slot in _asked(session, made, at).slots:
        session.add(
            Answer(
                company_id=response.company_id,
                response_id=response.id,
                question_id=slot.question.id,
                supply_id=slot.supply_id,
                value=answering.dump(ward._some(slot.question.shape, 1.0, random.Random(1))),
                updated_at=at,
                updated_by="Erika Muster",
            )
        )
    session.flush()
    ward.hand_in(session, done.ward, errand.VENDOR, now=at, released=True)
    session.get_one(Assessment, made.id).stage = Stage.CLOSED
    for row in session.scalars(select(Evidence)):
        row.valid_from = row.issued_on = None
        row.valid_to = (at + 6 * YEAR).date()
    session.flush()
    return made_id


def test_what_has_aged_of_one_product_is_not_asked_of_another_that_is_in_date(session, done, now):
    old, new = done.ward.supplies[errand.VENDOR], _round_with(session, done, "Cloud-Archiv", now + timedelta(days=400))
    late = now + 2 * YEAR + timedelta(days=40)
    wanted = _delta(session, done, late)
    aged = set(wanted.entries[Doubt.AGE])
    assert {entry for entry in aged if entry.endswith(f"{continuing.OF}{old}")}
    assert not {entry for entry in aged if entry.endswith(f"{continuing.OF}{new}")}

    made = _begin(session, done, late)
    ward.accept(session, done.ward, errand.VENDOR, now=late, actor=done.lead)
    asked = {slot.key for slot in _asked(session, made, late).slots if slot.question.id not in DELTA}
    assert {key for key in asked if key[1] == old}
    assert not {key for key in asked if key[1] == new}
    judged = dossiers.build(session, done.ward.hospital_id, made.id, now=late)
    keys = dossiers.supply_keys(session, done.ward.hospital_id, _id(done))
    held = {(answer.question_id, answer.supply) for answer in judged.answers}
    assert {question for question, supply in held if supply == keys[new]}
    assert not held & {(question, keys[supply]) for question, supply in asked if supply}


def test_a_round_about_the_added_product_alone_leaves_the_others_as_they_are(session, done, now):
    old, later = done.ward.supplies[errand.VENDOR], now + timedelta(days=30)
    new = _add(session, done, "Cloud-Archiv", later)
    vendor = vendors.find(session, done.ward.assessor, _id(done))
    alone = [one for one in vendor.supplies if one.id == new]
    wanted = reassessments.delta(session, done.ward.assessor, vendor, supplies=alone, now=later)

    assert wanted.is_follow_up
    assert [name for name, _count in wanted.added] == ["Cloud-Archiv"]
    assert not [entry for entry in wanted.asked_again if entry.endswith(old)]


def test_a_new_company_is_told_no_reasons_of_another_ones_follow_up(session, done, now):
    later = now + timedelta(days=30)
    _add(session, done, "Cloud-Archiv", later)
    made = _begin(session, done, later)
    ward.accept(session, done.ward, errand.VENDOR, now=later)  # another company takes it
    asked = _asked(session, made, later)

    assert made.catalogue_id == shelf.CURRENT[0]
    assert {why for slot in asked.slots for why in slot.reasons} == set()
    assert reasons.beside_fact(asked.catalogue, made, "P-02") == ()
