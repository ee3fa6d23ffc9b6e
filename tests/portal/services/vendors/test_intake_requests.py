"""Asking the owner of a supply: a link that redeems nothing by looking, answers once, and proposes without deciding."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect, select

from assessments import intake as intake_form
from assessments import policy, tiering
from assessments.model import Intake
from portal.db.models.accounts import HospitalRole
from portal.db.models.intake_requests import IntakeLink
from portal.db.models.jobs import OutboxMail
from portal.errors import BadInput, Clash, NotAllowed, NotFound, NotNow, TooMany
from portal.services import audit, backup
from portal.services.actors import Actor
from portal.services.vendors import intake_requests, intakes
from portal.services.vendors.intake_requests import Owner, Said, Standing
from portal.services.vendors.intakes import Override
from tests.portal import building

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from portal.db.models.intake_requests import IntakeRequest
    from portal.db.models.vendors import Supply

URL = "https://portal.example"
FORM = intake_form.current()
WORST = {question.id: (question.options[0].id,) for question in FORM.questions}
MILD = WORST | {"clinical_process": ("administration",), "outage": ("h72",)}
SAID = Said(answers=WORST, name="Dr. Ada Beck", function="Leitung Radiologie", remark="Ersatzgerät ab März.")


@pytest.fixture
def supply(session: Session) -> Supply:
    return building.supply(session, building.vendor(session, building.hospital(session)))


@pytest.fixture
def clerk(supply: Supply) -> Actor:
    return Actor(name="Jens", hospital_id=supply.hospital_id, hospital_role=HospitalRole.ASSESSOR)


def ask(session: Session, clerk: Actor, supply: Supply, now: datetime) -> tuple[IntakeRequest, str]:
    owner = Owner(email="A.Beck@klinik.example", name="Dr. Beck", until=now.date() + timedelta(days=10))
    request = intake_requests.ask(session, clerk, supply.id, owner, base_url=URL, now=now)
    return request, newest_token(session)


def newest_token(session: Session) -> str:
    session.flush()
    mail = session.scalars(select(OutboxMail).order_by(OutboxMail.created_at.desc(), OutboxMail.id)).all()
    tokens = [found for one in mail for found in re.findall(r"/intake/(avi_[\w-]+)", one.text)]
    hashes = set(session.scalars(select(IntakeLink.token_hash)))
    live = [token for token in tokens if intake_requests.tickets.hashed(token) in hashes]
    return live[0] if live else tokens[0]


def columns(row: object) -> dict[str, object]:
    return {column.key: getattr(row, column.key) for column in inspect(row).mapper.column_attrs}


def test_the_mail_goes_to_one_person_and_names_the_supply(
    session: Session, now: datetime, clerk: Actor, supply: Supply
):
    request, token = ask(session, clerk, supply, now)

    mail = session.scalars(select(OutboxMail)).one()
    assert (mail.to_address, mail.kind) == ("a.beck@klinik.example", "intake")
    assert supply.name in mail.text
    assert supply.vendor.name not in mail.text
    assert token not in {row.token_hash for row in session.scalars(select(IntakeLink))}
    assert intake_requests.standing(request, now=now) is Standing.WAITING


def test_looking_changes_nothing(session: Session, now: datetime, clerk: Actor, supply: Supply):
    request, token = ask(session, clerk, supply, now)
    before = columns(request)

    for _ in range(3):
        intake_requests.look(session, token, now=now)

    session.refresh(request)
    assert columns(request) == before


def test_an_answer_is_a_proposal_and_changes_no_tier(session: Session, now: datetime, clerk: Actor, supply: Supply):
    request, token = ask(session, clerk, supply, now)

    intake_requests.answer(session, token, SAID, now=now)

    assert intakes.current(supply) is None
    proposed = intake_requests.proposal(session, request)
    assert proposed is not None
    assert (proposed.tier, bool(proposed.reasons)) == (1, True)
    assert intake_requests.standing(request, now=now) is Standing.ANSWERED


def test_a_link_answers_once(session: Session, now: datetime, clerk: Actor, supply: Supply):
    _request, token = ask(session, clerk, supply, now)
    intake_requests.answer(session, token, SAID, now=now)

    with pytest.raises(NotFound):
        intake_requests.answer(session, token, SAID, now=now)


def test_what_is_missing_is_named_field_by_field(session: Session, now: datetime, clerk: Actor, supply: Supply):
    _request, token = ask(session, clerk, supply, now)
    first = FORM.questions[0].id
    sent = Said(answers={key: value for key, value in WORST.items() if key != first}, name=" ", function="")

    with pytest.raises(BadInput) as refused:
        intake_requests.answer(session, token, sent, now=now)

    assert sorted(refused.value.fields) == sorted([first, "name", "function"])


def test_it_is_taken_over_as_it_was_answered(session: Session, now: datetime, clerk: Actor, supply: Supply):
    request, token = ask(session, clerk, supply, now)
    intake_requests.answer(session, token, SAID, now=now)

    record = intake_requests.take_over(session, clerk, request.id, version=request.version, now=now)

    assert intakes.load(record).answers == WORST
    assert intakes.current(supply) is record
    assert (request.intake_id, request.taken_by) == (record.id, "Jens")
    assert intake_requests.standing(request, now=now) is Standing.TAKEN


def test_it_is_taken_over_with_changes_and_another_tier(session: Session, now: datetime, clerk: Actor, supply: Supply):
    request, token = ask(session, clerk, supply, now)
    intake_requests.answer(session, token, SAID, now=now)

    record = intake_requests.take_over(
        session,
        clerk,
        request.id,
        version=request.version,
        now=now,
        given=MILD,
        override=Override(tier=4, reason="Wird im Mai abgelöst."),
    )

    assert (record.tier, record.override_reason) == (4, "Wird im Mai abgelöst.")
    assert intakes.load(record).answers == MILD


def test_another_tier_than_the_owners_answers_give_needs_a_reason(
    session: Session, now: datetime, clerk: Actor, supply: Supply
):
    request, token = ask(session, clerk, supply, now)
    intake_requests.answer(session, token, SAID, now=now)

    with pytest.raises(BadInput):
        intake_requests.take_over(
            session, clerk, request.id, version=request.version, now=now, override=Override(tier=4, reason=" ")
        )


def test_what_was_read_is_what_is_taken(session: Session, now: datetime, clerk: Actor, supply: Supply):
    request, token = ask(session, clerk, supply, now)
    intake_requests.answer(session, token, SAID, now=now)
    read = request.version
    intake_requests.reopen(session, clerk, request.id, "", base_url=URL, now=now)
    intake_requests.answer(session, newest_token(session), SAID, now=now)

    with pytest.raises(Clash):
        intake_requests.take_over(session, clerk, request.id, version=read, now=now)


def test_asked_again_the_earlier_link_is_dead_and_the_answers_stand_in_the_form(
    session: Session, now: datetime, clerk: Actor, supply: Supply
):
    request, token = ask(session, clerk, supply, now)
    intake_requests.answer(session, token, SAID, now=now)

    intake_requests.reopen(session, clerk, request.id, "Bitte den Ausfall.", base_url=URL, now=now)

    with pytest.raises(NotFound):
        intake_requests.look(session, token, now=now)
    looked = intake_requests.look(session, newest_token(session), now=now)
    assert intake_requests.said(looked.request) == Intake(form_version=FORM.version, answers=WORST)
    assert intake_requests.proposal(session, looked.request) is None


def test_a_reminder_keeps_the_first_link_and_gives_more_time(
    session: Session, now: datetime, clerk: Actor, supply: Supply
):
    request, token = ask(session, clerk, supply, now)
    late = now + timedelta(days=20)
    with pytest.raises(NotFound):
        intake_requests.look(session, token, now=late)

    intake_requests.remind(session, clerk, request.id, base_url=URL, now=late)

    assert intake_requests.look(session, token, now=late).request is request
    assert len(session.scalars(select(OutboxMail).where(OutboxMail.kind == "intake-reminder")).all()) == 1


def test_reminders_to_one_person_have_a_limit(session: Session, now: datetime, clerk: Actor, supply: Supply):
    request, _token = ask(session, clerk, supply, now)
    for _ in range(5):
        intake_requests.remind(session, clerk, request.id, base_url=URL, now=now)

    with pytest.raises(TooMany):
        intake_requests.remind(session, clerk, request.id, base_url=URL, now=now)


@pytest.mark.parametrize("answered", [False, True])
def test_withdrawn_its_links_open_nothing(
    session: Session, now: datetime, clerk: Actor, supply: Supply, *, answered: bool
):
    request, token = ask(session, clerk, supply, now)
    if answered:
        intake_requests.answer(session, token, SAID, now=now)

    intake_requests.withdraw(session, clerk, request.id, now=now)

    with pytest.raises(NotFound):
        intake_requests.look(session, token, now=now)
    assert intake_requests.pending(session, clerk, now=now) == []


def test_nobody_is_asked_twice_at_once(session: Session, now: datetime, clerk: Actor, supply: Supply):
    ask(session, clerk, supply, now)

    with pytest.raises(NotNow):
        ask(session, clerk, supply, now)


@pytest.mark.parametrize("days", [-1, 91])
def test_the_day_lies_within_ninety_days(session: Session, now: datetime, clerk: Actor, supply: Supply, days: int):
    owner = Owner(email="nicht-eine", until=now.date() + timedelta(days=days))

    with pytest.raises(BadInput) as refused:
        intake_requests.ask(session, clerk, supply.id, owner, base_url=URL, now=now)

    assert sorted(refused.value.fields) == ["email", "until"]


def test_an_ended_supply_is_asked_about_no_more(session: Session, now: datetime, clerk: Actor, supply: Supply):
    _request, token = ask(session, clerk, supply, now)
    supply.ended_at = now
    session.flush()

    with pytest.raises(NotFound):
        intake_requests.look(session, token, now=now)


def test_after_a_restore_no_link_opens_anything(session: Session, now: datetime, clerk: Actor, supply: Supply):
    _request, token = ask(session, clerk, supply, now)

    backup.forget_the_living(session, Actor(name="shell", is_operator=True), source="x", now=now)

    with pytest.raises(NotFound):
        intake_requests.look(session, token, now=now)


def test_answers_to_take_over_come_first(session: Session, now: datetime, clerk: Actor, supply: Supply):
    ask(session, clerk, supply, now)
    second = building.supply(session, supply.vendor, name="Zweites")
    request, token = ask(session, clerk, second, now + timedelta(minutes=1))
    intake_requests.answer(session, token, SAID, now=now + timedelta(minutes=2))

    found = intake_requests.pending(session, clerk, now=now + timedelta(hours=1))

    assert [one.standing for one in found] == [Standing.ANSWERED, Standing.WAITING]
    assert found[0].request is request


def test_another_hospital_does_not_know_of_it(session: Session, now: datetime, clerk: Actor, supply: Supply):
    request, _token = ask(session, clerk, supply, now)
    other = building.hospital(session, name="Anderswo")
    stranger = Actor(name="Fremd", hospital_id=other.id, hospital_role=HospitalRole.ADMIN)

    for verb in (
        lambda: intake_requests.withdraw(session, stranger, request.id, now=now),
        lambda: intake_requests.remind(session, stranger, request.id, base_url=URL, now=now),
        lambda: intake_requests.take_over(session, stranger, request.id, version=1, now=now),
        lambda: intake_requests.ask(
            session, stranger, supply.id, Owner(email="x@y.example", until=now.date()), base_url=URL, now=now
        ),
    ):
        with pytest.raises(NotFound):
            verb()
    assert intake_requests.pending(session, stranger, now=now) == []


@pytest.mark.parametrize("role", [HospitalRole.AUDITOR, HospitalRole.DECIDER])
def test_who_only_reads_asks_nobody(session: Session, now: datetime, supply: Supply, role: HospitalRole):
    reader = Actor(name="Liest", hospital_id=supply.hospital_id, hospital_role=role)

    with pytest.raises(NotAllowed):
        ask(session, reader, supply, now)


def test_every_step_stands_in_the_audit_trail(session: Session, now: datetime, clerk: Actor, supply: Supply):
    request, token = ask(session, clerk, supply, now)
    intake_requests.answer(session, token, SAID, now=now)
    intake_requests.take_over(session, clerk, request.id, version=request.version, now=now)
    session.flush()

    scope = audit.hospital_scope(supply.hospital_id)
    verbs = [event.verb for event in session.query(audit.AuditEvent).filter_by(scope=scope)]
    assert [verb for verb in verbs if verb.startswith("intake.")] == [
        "intake.asked",
        "intake.answered",
        "intake.filled-in",
        "intake.taken-over",
    ]


CHOSEN = st.fixed_dictionaries(
    {
        question.id: st.lists(
            st.sampled_from([option.id for option in question.options]),
            min_size=1,
            max_size=len(question.options) if question.several else 1,
            unique=True,
        ).map(tuple)
        for question in FORM.questions
    }
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answers=CHOSEN)
def test_the_owners_answers_propose_what_the_assessors_would(
    session: Session, supply: Supply, answers: dict[str, tuple[str, ...]]
):
    told, wrong = intake_form.answered(FORM, answers)
    assert not wrong
    row = intake_requests.IntakeRequest(
        hospital_id=supply.hospital_id,
        form_version=FORM.version,
        answers={key: list(value) for key, value in told.answers.items()},
        submitted_at=1,
    )

    assert intake_requests.proposal(session, row) == tiering.propose(told, policy.current())
