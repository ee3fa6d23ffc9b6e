"""A sitting as the services hold it: planned, begun over a frozen register, voted on, closed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from assessments.deciding import Ballot, Ruling
from assessments.model import Authority
from portal.services.decisions import decisions, sittings
from portal.services.decisions.decisions import Basis, ConditionFields, DecisionFields
from portal.services.decisions.sittings import PersonFields, Said, SittingFields
from portal.services.registers import snapshots

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from portal.files.blobs import Blobs
    from reports.minutes import Minutes
    from tests.portal.web.hospital.ward import Ward

DAY = timedelta(days=1)
PEOPLE = (
    PersonFields(name="Dr. Ada Fels", function="Ärztliche Direktorin", email="fels@klinik.example", is_chair=True),
    PersonFields(name="Bruno Acker", function="IT-Leitung"),
    PersonFields(name="Clara Wies", function="Einkauf"),
    PersonFields(name="Dora Gast", function="Datenschutz", is_voting=False),
)


def fields(now: datetime, **changes) -> DecisionFields:
    plain = {
        "ruling": Ruling.WITH_CONDITIONS,
        "reasons": "Ohne das Archiv steht die Radiologie; die Lücken sind benannt.",
        "review_on": now.date() + 180 * DAY,
        "conditions": (
            ConditionFields(
                text="Mehrfaktor-Anmeldung für die Fernwartung",
                due_on=now.date() + 60 * DAY,
                owner="Strahlwerk",
                proof="Bildschirmfoto der Anmeldung",
            ),
        ),
    }
    return DecisionFields(**{**plain, **changes})


def planned(session: Session, ward: Ward, now: datetime, *, body: Authority = Authority.MANAGEMENT) -> str:
    """A sitting with its people, and everything on the agenda that asks for a decision."""
    plan = SittingFields(name="Risikositzung 12/2026", body=body, held_on=now.date(), begins="14:30", place="Raum 2")
    sitting = sittings.plan(session, ward.assessor, plan, now=now)
    is_first = not sittings.find(session, ward.assessor, sitting.id).people
    for one in PEOPLE if is_first else ():
        sittings.add_person(session, ward.assessor, sitting.id, one, now=now)
    row = sittings.find(session, ward.assessor, sitting.id)
    asked = sittings.proposals(session, ward.assessor, row, today=now.date())
    chosen = [one.vendor.id if one.vendor else one.fact.about for one in asked]
    sittings.put_on_proposed(session, ward.assessor, sitting.id, chosen, now=now)
    return sitting.id


def planned_for_committee(session: Session, ward: Ward, now: datetime) -> str:
    """An empty sitting of the committee."""
    plan = SittingFields(name="Ausschuss", body=Authority.COMMITTEE, held_on=now.date())
    sitting = sittings.plan(session, ward.assessor, plan, now=now)
    row = sittings.find(session, ward.assessor, sitting.id)
    assert sittings.proposals(session, ward.assessor, row, today=now.date()) == []
    return sitting.id


def begun(session: Session, ward: Ward, shelf: Blobs, now: datetime, **changes) -> str:
    """The same, begun, with its register frozen and a proposal to each item."""
    sitting_id = planned(session, ward, now)
    for item in sittings.find(session, ward.assessor, sitting_id).items:
        sittings.propose(
            session, ward.assessor, sitting_id, item.item.id, fields(now, **changes), version=item.item.version, now=now
        )
    sitting = sittings.find(session, ward.assessor, sitting_id).sitting
    sittings.begin(session, ward.decider, sitting_id, version=sitting.version, now=now)
    freeze(session, ward, shelf, sitting_id, now)
    return sitting_id


def freeze(session: Session, ward: Ward, shelf: Blobs, sitting_id: str, now: datetime) -> None:
    """What the worker does."""
    snapshot = sittings.find(session, ward.decider, sitting_id).snapshot
    document = snapshots.freeze(session, ward.hospital_id, snapshot.id, now=now)
    snapshots.keep(session, ward.hospital_id, snapshot.id, snapshots.put(shelf, ward.hospital_id, document), now=now)
    session.flush()


def voted(session: Session, ward: Ward, sitting_id: str, ballots: tuple[Ballot | Said, ...], now: datetime) -> None:
    """The same votes on each item, in the order of the people who vote."""
    row = sittings.find(session, ward.decider, sitting_id)
    for item in row.items:
        said = {
            person.id: one if isinstance(one, Said) else Said(ballot=one)
            for person, one in zip(row.voters, ballots, strict=True)
        }
        sittings.vote(session, ward.decider, sitting_id, item.item.id, said, version=item.item.version, now=now)


def closed(session: Session, ward: Ward, shelf: Blobs, sitting_id: str, now: datetime) -> Minutes:
    """Closed over its frozen register."""
    row = sittings.find(session, ward.decider, sitting_id)
    frozen = snapshots.open_one(session, ward.decider, shelf, row.snapshot.id).document
    seen = sittings.as_seen(session, ward.decider, row)
    return sittings.close(session, ward.decider, sitting_id, frozen, seen=seen, now=now)


def decided(session: Session, ward: Ward, shelf: Blobs, now: datetime, **changes) -> str:
    """The id of the decision that a whole sitting comes to."""
    sitting_id = begun(session, ward, shelf, now, **changes)
    voted(session, ward, sitting_id, (Ballot.YES, Ballot.YES, Ballot.NO), now)
    closed(session, ward, shelf, sitting_id, now)
    session.flush()
    return decisions.rows(session, ward.auditor)[0].decision.id


def for_addresses(session: Session, ward: Ward, vendor_id: str, now: datetime) -> dict[str, str]:
    """A planned sitting with an item, and a decision with a condition, by the names of addresses."""
    plan = SittingFields(name="Sitzung 12/2026", body=Authority.MANAGEMENT, held_on=now.date())
    sitting = sittings.plan(session, ward.assessor, plan, now=now)
    person = sittings.add_person(session, ward.assessor, sitting.id, PEOPLE[0], now=now)
    subject = decisions.subject_of(session, ward.assessor, vendor_id=vendor_id)
    item = sittings.put_on(session, ward.assessor, sitting.id, subject, now=now)
    made = decisions.add(
        session, ward.decider, subject, fields(now), authority=Authority.MANAGEMENT, basis=Basis(), now=now
    )
    session.flush()
    [condition] = decisions.find(session, ward.decider, made.id).conditions
    return {
        "sitting_id": sitting.id,
        "participant_id": person.id,
        "item_id": item.id,
        "decision_id": made.id,
        "condition_id": condition.id,
    }


def approved(session: Session, ward: Ward, vendor_id: str, now: datetime, *, topic: str = "") -> None:
    """The management has approved the vendor, or a topic, for half a year; then single risks may be accepted."""
    subject = decisions.subject_of(session, ward.decider, vendor_id=vendor_id, topic=topic)
    plain = fields(now, ruling=Ruling.APPROVE, conditions=())
    decisions.add(session, ward.decider, subject, plain, authority=Authority.MANAGEMENT, basis=Basis(), now=now)
    session.flush()
