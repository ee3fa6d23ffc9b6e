"""What a round asks: the set, the profile, the products; answers that do not show now stay."""

from __future__ import annotations

import pytest

from portal.services.answers import responses
from portal.services.rounds import rounds
from questionnaires.model import AnswerValue, Scope
from tests.portal.web.vendor import errand


@pytest.fixture
def asked(session, now):
    return errand.accepted(session, now, products=("PACS Archiv", "Befundserver"))


def _load(session, asked, now):
    return rounds.load(session, errand.assessment(session, asked), now=now)


def test_company_questions_are_asked_once_and_product_questions_per_product(session, asked, now):
    found = _load(session, asked, now)

    for scope, times in ((Scope.COMPANY, {1}), (Scope.SUPPLY, {2})):
        ids = [slot.question.id for slot in found.slots if slot.question.scope is scope]
        assert {ids.count(one) for one in ids} == times
    assert {slot.supply_name for slot in found.slots} == {"", "PACS Archiv", "Befundserver"}


def test_sections_stand_in_the_order_of_the_catalogue_and_hold_every_slot(session, asked, now):
    found = _load(session, asked, now)

    order = [section.id for section in found.catalogue.sections]
    assert [section.id for section in found.sections] == [one for one in order if found.of_section(one)]
    assert sum(len(found.of_section(section.id)) for section in found.sections) == len(found.slots)


def test_the_profile_decides_what_shows(session, asked, now):
    before = {slot.question.id for slot in _load(session, asked, now).slots}

    responses.save(
        session, asked.lead, asked.assessment_id, ("P-02", ""), AnswerValue(choices=("software",)), version=0, now=now
    )

    after = {slot.question.id for slot in _load(session, asked, now).slots}
    assert before < after


def test_an_answer_is_found_by_its_key_and_no_longer_missing(session, asked, now):
    found = _load(session, asked, now)
    slot = next(one for one in found.slots if one.question.shape.options)
    value = AnswerValue(choices=(slot.question.shape.options[0].id,))

    responses.save(session, asked.lead, asked.assessment_id, slot.key, value, version=0, now=now)

    again = _load(session, asked, now)
    assert again.slot(slot.key).value == value
    assert slot.key not in {one.key for one in again.missing}
    assert len(again.missing) == len(found.missing) - 1


def test_minutes_fall_as_answers_come(session, asked, now):
    found = _load(session, asked, now)
    before = responses.minutes_left(found)
    slots = [slot for slot in found.slots if slot.question.shape.kind == "yes_partial_no_na"]
    for slot in slots:
        responses.save(
            session, asked.lead, asked.assessment_id, slot.key, AnswerValue(choices=("yes",)), version=0, now=now
        )

    assert responses.minutes_left(_load(session, asked, now)) < before
