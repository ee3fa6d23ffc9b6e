"""A sitting: what exceeds the appetite comes by itself, votes decide, closing brings everything into force at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from assessments.deciding import Ballot, ConditionState, Ruling, Why
from assessments.model import Authority
from portal.db import session as database
from portal.db.models.decisions import Condition, DecisionEvent, SittingState
from portal.db.models.jobs import OutboxMail
from portal.errors import BadInput, Clash, NotAllowed, NotFound, NotNow
from portal.files.blobs import Blobs
from portal.services.decisions import decisions, sittings
from portal.services.decisions.decision_rows import Subject
from portal.services.decisions.decisions import Basis, ConditionFields
from portal.services.decisions.sittings import PersonFields, Said, SittingFields
from portal.services.registers import snapshots
from portal.services.vendors import vendors
from reports import minutes as paper
from tests.portal import building, sitting
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy.orm import Session

    from portal.files.sealing import Keyring
    from tests.portal.web.hospital.ward import Ward

NAME = "Strahlwerk Medizintechnik GmbH"
DAY = timedelta(days=1)
YES, NO, ABSTAIN = Ballot.YES, Ballot.NO, Ballot.ABSTAIN


@pytest.fixture
def ward(session: Session, now: datetime) -> Ward:
    return wards.one(session, now, name=NAME, quality=0.4)


@pytest.fixture
def shelf(keyring: Keyring, tmp_path: Path) -> Blobs:
    (tmp_path / "files").mkdir()
    return Blobs(folder=tmp_path / "files", keyring=keyring)


def attend(session: Session, ward: Ward, sitting_id: str, present: list[str], now: datetime) -> None:
    """The first of them leads."""
    seen = sittings.attendance(sittings.find(session, ward.decider, sitting_id))
    sittings.attend(session, ward.decider, sitting_id, present, present[0], seen=seen, now=now)


def test_what_exceeds_the_appetite_comes_to_the_agenda_by_itself(session: Session, ward: Ward, now: datetime):
    [asked] = decisions.asked(session, ward.auditor, now.date())
    assert (asked.vendor, asked.why, asked.authority) == (NAME, (Why.EXCEEDS,), Authority.MANAGEMENT)

    sitting_id = sitting.planned(session, ward, now)
    row = sittings.find(session, ward.auditor, sitting_id)
    assert [(item.title, item.item.why) for item in row.items] == [(NAME, ["exceeds"])]
    assert sittings.proposals(session, ward.auditor, row, today=now.date()) == []
    committee = sitting.planned_for_committee(session, ward, now)
    assert sittings.find(session, ward.auditor, committee).items == []  # the management's alone


def test_a_vendor_stays_open_while_one_of_its_products_is_undecided(session: Session, now: datetime):
    ward = wards.empty(session)
    begin = now - 30 * DAY
    first = wards.add(session, ward, NAME, "PACS Archiv", domain="strahlwerk.example", hosts=1, now=begin)
    second = wards.add(session, ward, NAME, "RIS", now=begin)
    wards.invite(session, ward, NAME, now=begin, due=now.date() - 5 * DAY)
    wards.accept(session, ward, NAME, now=begin + DAY)
    wards.answer_all(session, ward, NAME, quality=0.4, now=begin + 10 * DAY)
    wards.hand_in(session, ward, NAME, now=begin + 15 * DAY)
    wards.score(session, ward, NAME, now=now)
    whole = decisions.subject_of(session, ward.decider, vendor_id=ward.vendors[NAME])
    basis, fields = Basis(), sitting.fields(now)

    def decide(subject: Subject) -> list[tuple[str, tuple[Why, ...]]]:
        decisions.add(session, ward.decider, subject, fields, authority=Authority.MANAGEMENT, basis=basis, now=now)
        return [(one.about, one.why) for one in decisions.asked(session, ward.auditor, now.date())]

    [asked] = decisions.asked(session, ward.auditor, now.date())
    assert asked.about == ""
    assert decide(replace(whole, supply=first)) == [("RIS", (Why.EXCEEDS,))]
    assert decide(replace(whole, supply=second)) == []


def test_a_decision_on_the_vendor_covers_each_of_its_products(session: Session, ward: Ward, now: datetime):
    wards.add(session, ward, NAME, "RIS", now=now)
    whole = decisions.subject_of(session, ward.decider, vendor_id=ward.vendors[NAME])
    fields = sitting.fields(now)
    decisions.add(session, ward.decider, whole, fields, authority=Authority.MANAGEMENT, basis=Basis(), now=now)

    assert decisions.asked(session, ward.auditor, now.date()) == []


def test_a_whole_sitting_comes_into_force_at_once(session: Session, ward: Ward, shelf: Blobs, now: datetime):
    sitting_id = sitting.begun(session, ward, shelf, now)
    conflict = Said(ballot=YES, conflict="Schwager arbeitet dort")
    sitting.voted(session, ward, sitting_id, (YES, YES, conflict), now)
    minutes = sitting.closed(session, ward, shelf, sitting_id, now)
    session.flush()

    [row] = decisions.rows(session, ward.auditor)
    assert (row.decision.ruling, row.decision.authority) == (Ruling.WITH_CONDITIONS, Authority.MANAGEMENT)
    assert (row.fact.tally.yes, row.fact.tally.no, row.fact.tally.abstained) == (2, 0, 1)
    assert row.is_in_force
    assert row.decision.residual in {"high", "critical"}
    [condition] = row.conditions
    assert (condition.state, condition.owner) == (ConditionState.OPEN, "Strahlwerk")
    assert decisions.in_force(session, ward.auditor) == [row.fact]
    assert decisions.asked(session, ward.auditor, now.date()) == []
    [item] = minutes.items
    assert item.decision_key == "B-0001"
    assert [(one.ballot, one.conflict) for one in item.ballots][2] == (ABSTAIN, "Schwager arbeitet dort")
    closed = sittings.find(session, ward.auditor, sitting_id).sitting
    assert closed.state is SittingState.CLOSED
    assert paper.load(closed.minutes) == minutes
    assert sittings.checksum(closed.minutes) == closed.minutes_sha256
    with pytest.raises(NotNow):
        sittings.remark(session, ward.assessor, sitting_id, "anders", version=closed.version)


def test_what_is_not_carried_decides_nothing_and_is_asked_again(
    session: Session, ward: Ward, shelf: Blobs, now: datetime
):
    sitting_id = sitting.begun(session, ward, shelf, now)
    sitting.voted(session, ward, sitting_id, (NO, YES, ABSTAIN), now)  # a tie, and the chair is against
    [item] = sitting.closed(session, ward, shelf, sitting_id, now).items

    assert (item.tally.is_carried, item.tally.by_chair, item.decision_key) == (False, True, "")
    assert decisions.rows(session, ward.auditor) == []
    assert len(decisions.asked(session, ward.auditor, now.date())) == 1


def test_closing_waits_for_every_vote_and_for_the_frozen_register(
    session: Session, ward: Ward, shelf: Blobs, now: datetime
):
    sitting_id = sitting.begun(session, ward, shelf, now)
    with pytest.raises(NotNow, match="has not voted"):
        sitting.closed(session, ward, shelf, sitting_id, now)
    row = sittings.find(session, ward.decider, sitting_id)
    everybody = [one.id for one in row.people]
    attend(session, ward, sitting_id, everybody[:2], now)
    sitting.voted(session, ward, sitting_id, (YES, YES), now)
    with pytest.raises(NotAllowed):
        sittings.close(session, ward.assessor, sitting_id, {"vendors": []}, seen="", now=now)
    with pytest.raises(Clash):
        sittings.close(session, ward.decider, sitting_id, {"vendors": []}, seen="", now=now)
    minutes = sitting.closed(session, ward, shelf, sitting_id, now)

    assert [one.presence for one in minutes.attendees] == ["present", "present", "excused", "excused"]
    assert len(minutes.items[0].ballots) == 2


def change_a_vote(session: Session, ward: Ward, sitting_id: str, now: datetime) -> None:
    sitting.voted(session, ward, sitting_id, (NO, NO, YES), now)


def change_the_attendance(session: Session, ward: Ward, sitting_id: str, now: datetime) -> None:
    people = sittings.find(session, ward.decider, sitting_id).people
    attend(session, ward, sitting_id, [one.id for one in people[:2]], now)


def change_the_agenda(session: Session, ward: Ward, sitting_id: str, now: datetime) -> None:
    topic = decisions.subject_of(session, ward.assessor, topic="Verschiedenes")
    sittings.put_on(session, ward.assessor, sitting_id, topic, now=now)


def change_the_note(session: Session, ward: Ward, sitting_id: str, _now: datetime) -> None:
    version = sittings.find(session, ward.decider, sitting_id).sitting.version
    sittings.remark(session, ward.assessor, sitting_id, "Pause von 15 bis 16 Uhr.", version=version)


def change_nothing(_session: Session, _ward: Ward, _sitting_id: str, _now: datetime) -> None:
    pass


@pytest.mark.parametrize("change", [change_a_vote, change_the_attendance, change_the_agenda, change_the_note])
def test_nothing_is_frozen_that_whoever_closes_has_not_seen(
    session: Session, ward: Ward, shelf: Blobs, now: datetime, change: Callable[[Session, Ward, str, datetime], None]
):
    sitting_id = sitting.begun(session, ward, shelf, now)
    sitting.voted(session, ward, sitting_id, (YES, YES, NO), now)
    row = sittings.find(session, ward.decider, sitting_id)
    seen = sittings.as_seen(session, ward.decider, row)
    frozen = snapshots.open_one(session, ward.decider, shelf, row.snapshot.id).document
    change(session, ward, sitting_id, now)
    session.flush()
    with pytest.raises(Clash):
        sittings.close(session, ward.decider, sitting_id, frozen, seen=seen, now=now)
    stands = sittings.find(session, ward.decider, sitting_id)
    assert (stands.sitting.state, stands.sitting.minutes, decisions.rows(session, ward.auditor)) == (
        SittingState.HELD,
        None,
        [],
    )
    fresh = sittings.as_seen(session, ward.decider, stands)
    assert sittings.close(session, ward.decider, sitting_id, frozen, seen=fresh, now=now).items


def test_minutes_print_the_votes_that_were_counted(session: Session, ward: Ward, shelf: Blobs, now: datetime):
    """A vote of somebody who turns out not to be there counts no more, and is not printed as if it did."""
    sitting_id = sitting.begun(session, ward, shelf, now)
    sitting.voted(session, ward, sitting_id, (YES, YES, NO), now)
    people = sittings.find(session, ward.decider, sitting_id).people
    attend(session, ward, sitting_id, [people[0].id, people[2].id], now)
    minutes = sitting.closed(session, ward, shelf, sitting_id, now)

    [item] = minutes.items
    assert (item.tally.yes, item.tally.no) == (1, 1)
    assert [(one.name, one.ballot) for one in item.ballots] == [(people[0].name, YES), (people[2].name, NO)]


def test_somebody_who_is_away_for_a_while_keeps_what_they_voted(
    session: Session, ward: Ward, shelf: Blobs, now: datetime
):
    sitting_id = sitting.begun(session, ward, shelf, now)
    sitting.voted(session, ward, sitting_id, (YES, YES, NO), now)
    everybody = [one.id for one in sittings.find(session, ward.decider, sitting_id).people]
    attend(session, ward, sitting_id, everybody[:2], now)
    sitting.voted(session, ward, sitting_id, (YES, ABSTAIN), now)
    attend(session, ward, sitting_id, everybody, now)

    [item] = sittings.find(session, ward.decider, sitting_id).items
    assert [item.votes[one].ballot for one in everybody[:3]] == [YES, ABSTAIN, NO]


def test_who_came_meanwhile_is_not_excused_by_an_older_list(session: Session, ward: Ward, shelf: Blobs, now: datetime):
    sitting_id = sitting.begun(session, ward, shelf, now)
    row = sittings.find(session, ward.decider, sitting_id)
    older, everybody = sittings.attendance(row), [one.id for one in row.people]
    sittings.add_person(session, ward.assessor, sitting_id, PersonFields(name="Emil Spät"), now=now)
    with pytest.raises(Clash):
        sittings.attend(session, ward.decider, sitting_id, everybody, everybody[0], seen=older, now=now)
    assert [one.presence for one in sittings.find(session, ward.decider, sitting_id).people] == ["present"] * 5


def test_a_vendor_that_came_to_the_lists_after_the_freezing_is_still_decided_by_whom_it_goes_to(
    session: Session, ward: Ward, shelf: Blobs, now: datetime
):
    vendors.end(session, ward.assessor, ward.vendors[NAME], now=now)
    sitting_id = sitting.planned_for_committee(session, ward, now)
    for one in sitting.PEOPLE:
        sittings.add_person(session, ward.assessor, sitting_id, one, now=now)
    topic = decisions.subject_of(session, ward.assessor, topic="Notfallhandbuch")
    sittings.put_on(session, ward.assessor, sitting_id, topic, now=now)
    version = sittings.find(session, ward.assessor, sitting_id).sitting.version
    sittings.begin(session, ward.decider, sitting_id, version=version, now=now)
    sitting.freeze(session, ward, shelf, sitting_id, now)
    vendors.bring_back(session, ward.assessor, ward.vendors[NAME], now=now)
    late = decisions.subject_of(session, ward.assessor, vendor_id=ward.vendors[NAME])
    item = sittings.put_on(session, ward.assessor, sitting_id, late, now=now)
    sittings.propose(session, ward.assessor, sitting_id, item.id, sitting.fields(now), version=item.version, now=now)
    row = sittings.find(session, ward.decider, sitting_id)
    said = {person.id: Said(ballot=YES) for person in row.voters}
    sittings.vote(session, ward.decider, sitting_id, item.id, said, version=item.version, now=now)

    with pytest.raises(NotNow, match="the management decides"):
        sitting.closed(session, ward, shelf, sitting_id, now)


def test_a_sitting_held_before_its_day_decides_what_was_proposed(
    session: Session, ward: Ward, shelf: Blobs, now: datetime
):
    sitting_id = sitting.planned(session, ward, now)
    row = sittings.find(session, ward.assessor, sitting_id)
    plan = SittingFields(name="x", body=Authority.MANAGEMENT, held_on=now.date() + timedelta(days=90))
    sittings.change(session, ward.assessor, sitting_id, plan, version=row.sitting.version, now=now)
    for item in row.items:  # its condition is due in sixty days
        version = item.item.version
        sittings.propose(
            session, ward.assessor, sitting_id, item.item.id, sitting.fields(now), version=version, now=now
        )
    sittings.begin(session, ward.decider, sitting_id, version=row.sitting.version, now=now)
    sitting.freeze(session, ward, shelf, sitting_id, now)
    sitting.voted(session, ward, sitting_id, (YES, YES, YES), now)

    assert [one.decision_key for one in sitting.closed(session, ward, shelf, sitting_id, now).items] == ["B-0001"]


def test_a_sitting_needs_a_chair_an_agenda_and_a_day(session: Session, ward: Ward, now: datetime):
    fields = SittingFields(name=" ", body=Authority.OWNER, held_on=None)
    with pytest.raises(BadInput) as refused:
        sittings.plan(session, ward.assessor, fields, now=now)
    assert set(refused.value.fields) == {"name", "body", "held_on"}
    fields = SittingFields(name="Sitzung", body=Authority.COMMITTEE, held_on=now.date())
    planned = sittings.plan(session, ward.assessor, fields, now=now)
    with pytest.raises(NotNow):
        sittings.begin(session, ward.decider, planned.id, version=planned.version, now=now)
    with pytest.raises(NotAllowed):
        sittings.plan(session, ward.auditor, fields, now=now)
    other = building.hospital_actor(session, building.hospital(session, "Klinik Süd"))
    with pytest.raises(NotFound):
        sittings.find(session, other, planned.id)
    with pytest.raises(NotFound):
        sittings.add_person(session, other, planned.id, PersonFields(name="Fremd"), now=now)


def test_people_and_agenda_are_told_by_mail_and_kept_for_the_next_sitting(session: Session, ward: Ward, now: datetime):
    sitting_id = sitting.planned(session, ward, now)
    assert sittings.invite(session, ward.assessor, sitting_id, base_url="https://k.example", now=now) == 1
    session.flush()
    mail = session.scalars(select(OutboxMail).where(OutboxMail.kind == "sitting")).one()
    assert mail.to_address == "fels@klinik.example"
    assert f"1. {NAME}" in mail.text
    again = SittingFields(name="Sitzung 1/2027", body=Authority.MANAGEMENT, held_on=now.date() + 30 * DAY)
    next_one = sittings.plan(session, ward.assessor, again, now=now)
    people = sittings.find(session, ward.assessor, next_one.id).people
    assert [one.name for one in people] == [one.name for one in sitting.PEOPLE]


def test_a_topic_is_decided_like_a_vendor(session: Session, ward: Ward, shelf: Blobs, now: datetime):
    sitting_id = sitting.planned(session, ward, now)
    for item in sittings.find(session, ward.assessor, sitting_id).items:
        sittings.take_off(session, ward.assessor, sitting_id, item.item.id, now=now)
    subject = decisions.subject_of(session, ward.assessor, topic="Risikoappetit 2027")
    item = sittings.put_on(session, ward.assessor, sitting_id, subject, now=now)
    fields = sitting.fields(now, ruling=Ruling.APPROVE, conditions=())
    sittings.propose(session, ward.assessor, sitting_id, item.id, fields, version=item.version, now=now)
    row = sittings.find(session, ward.assessor, sitting_id)
    sittings.begin(session, ward.decider, sitting_id, version=row.sitting.version, now=now)
    sitting.freeze(session, ward, shelf, sitting_id, now)
    sitting.voted(session, ward, sitting_id, (YES, YES, YES), now)
    sitting.closed(session, ward, shelf, sitting_id, now)

    [fact] = decisions.in_force(session, ward.auditor)
    assert (fact.about, fact.vendor, fact.level) == ("Risikoappetit 2027", "", None)


def test_a_proposal_that_changes_takes_its_votes_back(session: Session, ward: Ward, shelf: Blobs, now: datetime):
    sitting_id = sitting.begun(session, ward, shelf, now)
    sitting.voted(session, ward, sitting_id, (YES, YES, YES), now)
    [item] = sittings.find(session, ward.decider, sitting_id).items
    assert item.missing == []
    lax = sitting.fields(now, ruling=Ruling.APPROVE, conditions=())
    with pytest.raises(Clash):
        sittings.propose(session, ward.decider, sitting_id, item.item.id, lax, version=0, now=now)
    sittings.propose(session, ward.decider, sitting_id, item.item.id, lax, version=item.item.version, now=now)

    [after] = sittings.find(session, ward.decider, sitting_id).items
    assert len(after.missing) == 3


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reasons": " "}, "reasons"),
        ({"review_on": None}, "review_on"),
        ({"conditions": ()}, "conditions"),
        ({"ruling": Ruling.APPROVE}, "conditions"),
        ({"conditions": (ConditionFields(text="MFA"),)}, "conditions"),
    ],
)
def test_a_proposal_that_says_too_little_is_refused(
    session: Session, ward: Ward, now: datetime, changes: dict, field: str
):
    sitting_id = sitting.planned(session, ward, now)
    [item] = sittings.find(session, ward.assessor, sitting_id).items
    with pytest.raises(BadInput) as refused:
        sittings.propose(
            session, ward.assessor, sitting_id, item.item.id, sitting.fields(now, **changes), version=1, now=now
        )
    assert set(refused.value.fields) == {field}


@pytest.mark.postgres
@pytest.mark.parametrize("change", [change_a_vote, change_the_attendance, change_nothing])
def test_two_at_one_sitting_on_postgresql(
    migrated_postgres_url: str,
    shelf: Blobs,
    now: datetime,
    change: Callable[[Session, Ward, str, datetime], None],
):
    """Whoever closes had read the sitting when somebody else changed it: what they had read is not what counts."""
    engine = database.engine(migrated_postgres_url)
    try:
        sessions = database.sessions(engine)
        with sessions.begin() as session:
            ward = wards.one(session, now, name=NAME, quality=0.4)
            sitting_id = sitting.begun(session, ward, shelf, now)
            sitting.voted(session, ward, sitting_id, (YES, YES, NO), now)
        with sessions.begin() as closing:
            row = sittings.find(closing, ward.decider, sitting_id)
            frozen = snapshots.open_one(closing, ward.decider, shelf, row.snapshot.id).document
            with sessions.begin() as other:
                change(other, ward, sitting_id, now)
                other.flush()
                seen = sittings.as_seen(other, ward.decider, sittings.find(other, ward.decider, sitting_id))
            [item] = sittings.close(closing, ward.decider, sitting_id, frozen, seen=seen, now=now).items
        told = {
            change_a_vote: ([NO, NO, YES], ""),
            change_the_attendance: ([YES, YES], "B-0001"),
            change_nothing: ([YES, YES, NO], "B-0001"),
        }
        assert ([one.ballot for one in item.ballots], item.decision_key) == told[change]
        with sessions.begin() as writing:
            row = sittings.find(writing, ward.auditor, sitting_id)
            assert paper.load(row.sitting.minutes).items == (item,)
    finally:
        engine.dispose()


@pytest.mark.postgres
def test_an_item_that_left_the_agenda_meanwhile_is_not_found_on_postgresql(
    migrated_postgres_url: str, shelf: Blobs, now: datetime
):
    engine = database.engine(migrated_postgres_url)
    try:
        sessions = database.sessions(engine)
        with sessions.begin() as session:
            ward = wards.one(session, now, name=NAME, quality=0.4)
            sitting_id = sitting.begun(session, ward, shelf, now)
        with sessions() as voting:
            [item] = sittings.find(voting, ward.decider, sitting_id).items
            with sessions.begin() as other:
                sittings.take_off(other, ward.decider, sitting_id, item.item.id, now=now)
            with pytest.raises(NotFound):
                sittings.vote(voting, ward.decider, sitting_id, item.item.id, {}, version=item.item.version, now=now)
    finally:
        engine.dispose()


@pytest.mark.postgres
def test_closing_holds_on_postgresql(migrated_postgres_url: str, shelf: Blobs, now: datetime):
    engine = database.engine(migrated_postgres_url)
    try:
        with database.sessions(engine).begin() as session:
            ward = wards.one(session, now, name=NAME, quality=0.4)
            decision_id = sitting.decided(session, ward, shelf, now)
        with database.sessions(engine).begin() as session:
            [row] = decisions.rows(session, ward.auditor)
            assert (row.decision.id, row.is_in_force) == (decision_id, True)
            verbs = session.scalars(select(DecisionEvent.verb)).all()
            assert verbs == ["made"]
            assert session.scalars(select(Condition.state)).all() == [ConditionState.OPEN]
    finally:
        engine.dispose()
