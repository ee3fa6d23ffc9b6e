"""The data file holds together: every answer is one, every stage is told, nothing in it can exist."""

import re
from datetime import UTC, datetime

import pytest

from assessments import intake
from portal.demonstration import loading, story
from portal.demonstration.story import Story
from portal.services.vendors import vendors
from questionnaires import answering, shelf

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def told() -> Story:
    return story.read()


def test_every_question_has_an_answer_for_every_habit(told: Story):
    catalogue = shelf.current()

    assert set(told.answers) == set(catalogue.questions)
    for question in catalogue.questions.values():
        for habit in told.habits:
            value = told.answer(question.id, habit)
            typed = loading.typed(value, now=NOW)
            assert answering.parse(question.shape, typed, today=NOW.date()) is not None, (question.id, habit)


def test_strong_companies_answer_no_worse_than_weak_ones(told: Story):
    worse = [
        question.id
        for question in shelf.current().questions.values()
        if share(told, question.id, "strong") < share(told, question.id, "weak")
    ]

    assert worse == []


def share(told: Story, question: str, habit: str) -> float:
    shape = shelf.current().questions[question].shape
    value = answering.parse(shape, loading.typed(told.answer(question, habit), now=NOW), today=NOW.date())
    return answering.share(shape, value, today=NOW.date()) or 0.0


def test_exceptions_name_questions_that_exist(told: Story):
    known = set(shelf.current().questions)
    named = {
        word.partition("/")[0]
        for vendor in told.vendors
        if vendor.round and vendor.round.answers
        for word in vendor.round.answers.but
    }

    assert named <= known


def test_every_intake_is_complete(told: Story):
    supplies = [supply for vendor in told.vendors for supply in vendor.supplies]

    assert {supply.group for supply in supplies} <= set(vendors.PRODUCT_GROUPS)
    for supply in supplies:
        if supply.intake:
            given = {question: (option,) for question, option in supply.intake.items()}
            _read, wrong = intake.answered(intake.current(), given)
            assert not wrong, supply.name


def test_no_name_in_it_can_exist(told: Story):
    addresses = [member.email for member in told.people]
    addresses += [vendor.contact["email"] for vendor in told.vendors]
    names = [address.rpartition("@")[2] for address in addresses]
    names += [vendor.domain for vendor in told.vendors]
    names += [host.name for vendor in told.vendors for host in vendor.hosts]
    names += [site["host"] for vendor in told.vendors for site in vendor.sites]
    names += [zone["name"] for vendor in told.vendors for zone in vendor.zones]

    assert [name for name in names if not re.fullmatch(r"[a-z0-9.-]+\.test", name)] == []


def test_every_role_is_there_once_and_the_first_runs_the_instance(told: Story):
    assert [member.role for member in told.people] == ["admin", "assessor", "decider", "auditor"]
    assert [member.operator for member in told.people] == [True, False, False, False]


def test_every_host_of_a_vendor_has_a_server(told: Story):
    for vendor in told.vendors:
        served = {site["host"] for site in vendor.sites}
        assert {host.name for host in vendor.hosts} <= served
