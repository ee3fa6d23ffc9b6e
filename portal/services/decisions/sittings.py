"""Sittings (Sitzungen): planned, held with votes over a frozen register, closed with minutes that nobody changes."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from assessments import deciding
from assessments.deciding import Ballot, ConditionFact, ConditionState, Standing, Tally, Why
from assessments.model import Authority, Grade, RiskLevel
from portal import i18n, mailer
from portal.db.models.accounts import Hospital
from portal.db.models.decisions import AgendaItem, Decision, Participant, Presence, Sitting, SittingState, Vote
from portal.db.models.snapshots import Snapshot, SnapshotState
from portal.db.models.vendors import Supply, Vendor
from portal.errors import BadInput, Clash, NotFound, NotNow
from portal.home import BERLIN
from portal.services import audit
from portal.services.actors import Actor, hospital_of
from portal.services.decisions import decisions
from portal.services.decisions.decision_rows import Subject
from portal.services.decisions.decisions import CHANGED, DECIDERS, PREPARERS, Basis, ConditionFields, DecisionFields
from portal.services.mails import outbox
from portal.services.mails.letters import Letter
from portal.services.registers import registers, snapshots
from reports import minutes as paper
from reports.minutes import Attendee, BallotLine, Item, Minutes, Stake
from reports.reader import Reader
from scanners.model import N_, Message

MOST = 500  # of one hospital
MOST_PEOPLE = 40
MOST_ITEMS = 60
LONGEST_NAME = 200
LONGEST_NOTE = 10_000
LONGEST_CONFLICT = 500
SINCE_SEEN = N_("Somebody has changed this sitting since you opened it. Look at what stands now, then close it.")
OVER = N_("This sitting is closed; its minutes are frozen.")


@dataclass(frozen=True, kw_only=True)
class SittingFields:
    """A sitting as a person plans it."""

    name: str
    body: Authority
    held_on: date | None
    begins: str = ""
    place: str = ""


@dataclass(frozen=True, kw_only=True)
class PersonFields:
    """Somebody who is asked to come."""

    name: str
    function: str = ""
    email: str = ""
    is_voting: bool = True
    is_chair: bool = False


@dataclass(frozen=True, kw_only=True)
class Said:
    """One vote as a form sends it."""

    ballot: Ballot
    conflict: str = ""


@dataclass(frozen=True, kw_only=True)
class ItemRow:
    """An item with what it is about, its votes and what they come to."""

    item: AgendaItem
    vendor: Vendor | None
    supply: Supply | None
    votes: Mapping[str, Vote]  # by participant
    tally: Tally | None
    missing: Sequence[Participant]  # who is present, may vote and has not
    decision: Decision | None

    @property
    def title(self) -> str:
        """The vendor's name, or the topic."""
        return self.vendor.name if self.vendor else self.item.topic

    @property
    def about(self) -> str:
        """The product, where it is about one."""
        return self.supply.name if self.supply else ""

    @property
    def fields(self) -> DecisionFields | None:
        """What is proposed; None: for information only."""
        item = self.item
        if item.ruling is None:
            return None
        return DecisionFields(
            ruling=item.ruling,
            reasons=item.reasons,
            review_on=item.review_on,
            conditions=tuple(
                ConditionFields(**{**one, "due_on": date.fromisoformat(one["due_on"])}) for one in item.conditions
            ),
        )


@dataclass(frozen=True, kw_only=True)
class SittingRow:
    """A sitting with its people, its agenda and its snapshot."""

    sitting: Sitting
    people: Sequence[Participant]
    items: Sequence[ItemRow]
    snapshot: Snapshot | None

    @property
    def chair(self) -> Participant | None:
        """Who leads it."""
        return next((one for one in self.people if one.is_chair), None)

    @property
    def voters(self) -> Sequence[Participant]:
        """Who is there and may vote."""
        return [one for one in self.people if one.is_voting and one.presence is Presence.PRESENT]


# ---- reading


def rows(session: Session, actor: Actor) -> Sequence[Sitting]:
    """Every sitting of the hospital, the newest first."""
    return session.scalars(
        select(Sitting).where(Sitting.hospital_id == hospital_of(actor)).order_by(Sitting.number.desc())
    ).all()


def find(session: Session, actor: Actor, sitting_id: str) -> SittingRow:
    """One of them with everything."""
    sitting = session.get(Sitting, sitting_id)
    if sitting is None or sitting.hospital_id != hospital_of(actor):
        raise NotFound
    fresh = {"populate_existing": True}  # what somebody else saved since this session read it counts
    people = _people(session, sitting)
    chair = next((one for one in people if one.is_chair), None)
    votes: dict[str, dict[str, Vote]] = {}
    for vote in session.scalars(
        select(Vote)
        .join(AgendaItem, (AgendaItem.hospital_id == Vote.hospital_id) & (AgendaItem.id == Vote.item_id))
        .where(Vote.hospital_id == sitting.hospital_id, AgendaItem.sitting_id == sitting.id),
        execution_options=fresh,
    ):
        votes.setdefault(vote.item_id, {})[vote.participant_id] = vote
    made = {
        one.item_id: one
        for one in session.scalars(
            select(Decision)
            .join(AgendaItem, (AgendaItem.hospital_id == Decision.hospital_id) & (AgendaItem.id == Decision.item_id))
            .where(Decision.hospital_id == sitting.hospital_id, AgendaItem.sitting_id == sitting.id),
            execution_options=fresh,
        )
    }
    found = session.execute(
        select(AgendaItem, Vendor, Supply)
        .outerjoin(Vendor, (Vendor.hospital_id == AgendaItem.hospital_id) & (Vendor.id == AgendaItem.vendor_id))
        .outerjoin(Supply, (Supply.hospital_id == AgendaItem.hospital_id) & (Supply.id == AgendaItem.supply_id))
        .where(AgendaItem.hospital_id == sitting.hospital_id, AgendaItem.sitting_id == sitting.id)
        .order_by(AgendaItem.position),
        execution_options=fresh,
    )
    return SittingRow(
        sitting=sitting,
        people=people,
        items=[
            _item_row(item, vendor, supply, votes.get(item.id, {}), people, chair, made.get(item.id))
            for item, vendor, supply in found
        ],
        snapshot=session.get(Snapshot, sitting.snapshot_id) if sitting.snapshot_id else None,
    )


def _item_row(  # noqa: PLR0917 - the parts of one row
    item: AgendaItem,
    vendor: Vendor | None,
    supply: Supply | None,
    votes: Mapping[str, Vote],
    people: Sequence[Participant],
    chair: Participant | None,
    made: Decision | None,
) -> ItemRow:
    voting = [one for one in people if one.is_voting and one.presence is Presence.PRESENT]
    counted = {one.id: votes[one.id].ballot for one in voting if one.id in votes}
    return ItemRow(
        item=item,
        vendor=vendor,
        supply=supply,
        votes=votes,
        tally=deciding.tally(counted.values(), chair=counted.get(chair.id) if chair else None) if counted else None,
        missing=[one for one in voting if one.id not in votes] if item.ruling is not None else [],
        decision=made,
    )


def _people(session: Session, sitting: Sitting) -> Sequence[Participant]:
    return session.scalars(
        select(Participant)
        .where(Participant.hospital_id == sitting.hospital_id, Participant.sitting_id == sitting.id)
        .order_by(Participant.position),
        execution_options={"populate_existing": True},
    ).all()


def proposals(session: Session, actor: Actor, row: SittingRow, *, today: date) -> Sequence[decisions.AskedRow]:
    """What asks for a decision and is not on this agenda yet; the management may be given everything, the committee
    what is its own."""
    listed = {item.vendor.id for item in row.items if item.vendor is not None}
    topics = {item.item.topic for item in row.items if item.vendor is None}
    body = deciding.rank(row.sitting.body)
    return [
        one
        for one in decisions.asked_rows(session, actor, today)
        if deciding.rank(one.fact.authority) <= body
        and one.fact.authority in deciding.IN_SITTINGS
        and (one.vendor.id not in listed if one.vendor is not None else _topic_of(one) not in topics)
    ]


def key_of(one: decisions.AskedRow) -> str:
    """As a form names a proposal."""
    return one.vendor.id if one.vendor is not None else _topic_of(one)


def _topic_of(one: decisions.AskedRow) -> str:
    """As an agenda names what is about no vendor; it names the risks, so that their acceptance rests on it."""
    return one.fact.about[: decisions.LONGEST_TOPIC]


# ---- planning


def plan(session: Session, actor: Actor, fields: SittingFields, *, now: datetime) -> Sitting:
    """A new sitting; the people of the last one of its kind are asked again."""
    hospital_id = hospital_of(actor, PREPARERS)
    decisions.lock(session, hospital_id)
    number = session.scalar(select(func.max(Sitting.number)).where(Sitting.hospital_id == hospital_id)) or 0
    if number >= MOST:
        raise NotNow(Message(text=N_("There are as many sittings as can be kept.")))
    _refuse(fields)
    last = session.scalars(
        select(Sitting)
        .where(Sitting.hospital_id == hospital_id, Sitting.body == fields.body)
        .order_by(Sitting.number.desc())
        .limit(1)
    ).first()
    sitting = Sitting(
        hospital_id=hospital_id, number=number + 1, created_at=now, created_by=actor.name[:200], version=0
    )
    _write(sitting, fields)
    session.add(sitting)
    session.flush()
    for one in _people(session, last) if last is not None else ():
        session.add(
            Participant(
                hospital_id=hospital_id,
                sitting_id=sitting.id,
                position=one.position,
                name=one.name,
                function=one.function,
                email=one.email,
                is_voting=one.is_voting,
                is_chair=one.is_chair,
            )
        )
    audit.record(session, actor, "sitting.planned", sitting.id, now=now)
    return sitting


def change(
    session: Session, actor: Actor, sitting_id: str, fields: SittingFields, *, version: int, now: datetime
) -> Sitting:
    """Another day, place or name, until it begins."""
    sitting = _open(session, actor, sitting_id, version=version, states=(SittingState.PLANNED,))
    _refuse(fields)
    _write(sitting, fields)
    audit.record(session, actor, "sitting.changed", sitting.id, now=now)
    return sitting


def _refuse(fields: SittingFields) -> None:
    wrong: dict[str, Message] = {}
    if not fields.name.strip():
        wrong["name"] = Message(text=N_("Give the sitting a name."))
    if fields.body not in deciding.IN_SITTINGS:
        wrong["body"] = Message(text=N_("Choose who meets."))
    if fields.held_on is None:
        wrong["held_on"] = Message(text=N_("Choose the day of the sitting."))
    if wrong:
        raise BadInput(wrong)


def _write(sitting: Sitting, fields: SittingFields) -> None:
    assert fields.held_on is not None
    sitting.name, sitting.body = fields.name.strip()[:LONGEST_NAME], fields.body
    sitting.held_on, sitting.begins = fields.held_on, fields.begins.strip()[:5]
    sitting.place = fields.place.strip()[:LONGEST_NAME]
    sitting.version += 1


def add_person(session: Session, actor: Actor, sitting_id: str, fields: PersonFields, *, now: datetime) -> Participant:
    """One more person; of several chairs the newest leads."""
    sitting = _open(session, actor, sitting_id, states=(SittingState.PLANNED, SittingState.HELD))
    people = _people(session, sitting)
    wrong: dict[str, Message] = {}
    if not fields.name.strip():
        wrong["name"] = Message(text=N_("Enter the name."))
    if fields.email.strip() and not mailer.is_one_address(fields.email.strip().lower()):
        wrong["email"] = Message(text=N_("Enter one e-mail address, like name@example.org."))
    if fields.is_chair and not fields.is_voting:
        wrong["is_chair"] = Message(text=N_("Who leads the sitting votes as well."))
    if len(people) >= MOST_PEOPLE:
        wrong["name"] = Message(text=N_("At most %(most)s people belong to a sitting."), values={"most": MOST_PEOPLE})
    if wrong:
        raise BadInput(wrong)
    if fields.is_chair:
        for one in people:
            one.is_chair = False
    person = Participant(
        hospital_id=sitting.hospital_id,
        sitting_id=sitting.id,
        position=max((one.position for one in people), default=0) + 1,
        name=fields.name.strip()[:200],
        function=fields.function.strip()[:200],
        email=fields.email.strip().lower()[:254],
        is_voting=fields.is_voting,
        is_chair=fields.is_chair,
        presence=Presence.PRESENT if sitting.state is SittingState.HELD else Presence.EXPECTED,
    )
    session.add(person)
    session.flush()
    audit.record(session, actor, "sitting.person-added", sitting.id, now=now)
    return person


def remove_person(session: Session, actor: Actor, sitting_id: str, person_id: str, *, now: datetime) -> None:
    """Somebody is not asked after all; once it has begun they are excused instead."""
    sitting = _open(session, actor, sitting_id, states=(SittingState.PLANNED,))
    session.delete(_person(session, sitting, person_id))
    audit.record(session, actor, "sitting.person-removed", sitting.id, now=now)


def put_on(
    session: Session,
    actor: Actor,
    sitting_id: str,
    subject: Subject,
    why: Sequence[Why] = (),
    *,
    now: datetime,
) -> AgendaItem:
    """One more item at the end of the agenda."""
    sitting = _open(session, actor, sitting_id, states=(SittingState.PLANNED, SittingState.HELD))
    items = _items(session, sitting)
    if subject.vendor is None and not subject.topic.strip():
        raise BadInput({"topic": Message(text=N_("Choose a vendor, or write down a topic."))})
    if len(items) >= MOST_ITEMS:
        raise NotNow(Message(text=N_("At most %(most)s items belong to an agenda."), values={"most": MOST_ITEMS}))
    here = {(one.vendor_id or "", one.supply_id or "", one.topic) for one in items}
    vendor_id, supply_id = subject.vendor.id if subject.vendor else "", subject.supply.id if subject.supply else ""
    if (vendor_id, supply_id, subject.topic) in here:
        raise NotNow(Message(text=N_("This is on the agenda already.")))
    item = AgendaItem(
        hospital_id=sitting.hospital_id,
        sitting_id=sitting.id,
        position=max((one.position for one in items), default=0) + 1,
        vendor_id=vendor_id or None,
        supply_id=supply_id or None,
        topic=subject.topic,
        why=[one.value for one in why],
        conditions=[],
    )
    session.add(item)
    session.flush()
    audit.record(session, actor, "sitting.item-added", sitting.id, now=now)
    return item


def put_on_proposed(
    session: Session, actor: Actor, sitting_id: str, chosen: Sequence[str], *, now: datetime
) -> Sequence[AgendaItem]:
    """Of what is proposed, the chosen ones, by vendor id or topic."""
    row = find(session, actor, sitting_id)
    today = now.astimezone(BERLIN).date()
    found = {key_of(one): one for one in proposals(session, actor, row, today=today)}
    if not chosen or any(key not in found for key in chosen):
        raise BadInput({"chosen": Message(text=N_("Choose what is put on the agenda."))})
    return [
        put_on(session, actor, sitting_id, _subject(session, one), one.fact.why, now=now)
        for one in (found[key] for key in chosen)
    ]


def _subject(session: Session, one: decisions.AskedRow) -> Subject:
    return Subject(
        vendor=session.get_one(Vendor, one.vendor.id) if one.vendor is not None else None,
        supply=one.last.supply if one.last is not None else None,
        topic="" if one.vendor is not None else _topic_of(one),
    )


def propose(
    session: Session,
    actor: Actor,
    sitting_id: str,
    item_id: str,
    fields: DecisionFields | None,
    *,
    note: str = "",
    version: int,
    now: datetime,
) -> AgendaItem:
    """What the item proposes; a change after votes were given takes them back. None: for information only."""
    sitting = _open(session, actor, sitting_id, states=(SittingState.PLANNED, SittingState.HELD))
    item = _item(session, sitting, item_id, version=version)
    if fields is None:
        item.ruling, item.reasons = None, note.strip()[: decisions.LONGEST_TEXT]
        item.conditions, item.review_on = [], None
    else:
        wrong = decisions.problems(fields, today=_day_of(sitting, now))
        if wrong:
            raise BadInput(wrong)
        item.ruling, item.reasons = fields.ruling, fields.reasons.strip()[: decisions.LONGEST_TEXT]
        item.review_on = fields.review_on
        item.conditions = [
            {
                "text": one.text.strip()[: decisions.LONGEST_CONDITION],
                "due_on": one.due_on.isoformat() if one.due_on else "",
                "owner": one.owner.strip()[:200],
                "proof": one.proof.strip()[: decisions.LONGEST_CONDITION],
                "action_id": one.action_id,
            }
            for one in fields.conditions
        ]
    item.version += 1
    session.execute(delete(Vote).where(Vote.hospital_id == item.hospital_id, Vote.item_id == item.id))
    audit.record(session, actor, "sitting.item-changed", sitting.id, now=now)
    return item


def take_off(session: Session, actor: Actor, sitting_id: str, item_id: str, *, now: datetime) -> None:
    """An item leaves the agenda."""
    sitting = _open(session, actor, sitting_id, states=(SittingState.PLANNED, SittingState.HELD))
    item = _item(session, sitting, item_id)
    session.execute(delete(Vote).where(Vote.hospital_id == item.hospital_id, Vote.item_id == item.id))
    session.delete(item)
    audit.record(session, actor, "sitting.item-removed", sitting.id, now=now)


def invite(session: Session, actor: Actor, sitting_id: str, *, base_url: str, now: datetime) -> int:
    """A mail with the agenda to everybody whose address is known; says to how many."""
    sitting = _open(session, actor, sitting_id, states=(SittingState.PLANNED,))
    row = find(session, actor, sitting_id)
    people = [one for one in row.people if one.email]
    if not people:
        raise NotNow(Message(text=N_("No participant has an e-mail address.")))
    if not row.items:
        raise NotNow(Message(text=N_("The agenda is empty.")))
    hospital = session.get_one(Hospital, sitting.hospital_id)
    with i18n.speaking(hospital.language):
        letter = _invitation(hospital, row, base_url=base_url)
        for one in people:
            outbox.post(
                session,
                letter,
                kind="sitting",
                to=one.email,
                language=hospital.language,
                hospital_id=hospital.id,
                now=now,
            )
    sitting.invited_at = now
    audit.record(session, actor, "sitting.invited", sitting.id, now=now, detail={"people": len(people)})
    return len(people)


def _invitation(hospital: Hospital, row: SittingRow, *, base_url: str) -> Letter:
    _ = i18n.gettext
    sitting = row.sitting
    day = Reader(language=hospital.language, translate=i18n.translator(hospital.language)).day(sitting.held_on)
    when = day + (f", {sitting.begins}" if sitting.begins else "")
    lines = [
        f"{number}. {item.title}{f' · {item.about}' if item.about else ''}"
        for number, item in enumerate(row.items, start=1)
    ]
    where = [_("When: %(when)s", when=when)]
    if sitting.place:
        where.append(_("Where: %(place)s", place=sitting.place))
    return Letter(
        subject=_("%(name)s on %(day)s", name=sitting.name, day=day),
        paragraphs=(
            _("Good day,"),
            _(
                "%(hospital)s invites you to this sitting: %(name)s.",
                hospital=hospital.name,
                name=sitting.name,
            ),
            "\n".join(where),
            _("Agenda") + ":\n" + "\n".join(lines),
        ),
        link=f"{base_url}/hospital/decisions/sittings/{sitting.id}",
        link_text=_("To the sitting"),
        closing=(_("The link needs an account of the hospital."),),
    )


# ---- holding


def begin(session: Session, actor: Actor, sitting_id: str, *, version: int, now: datetime) -> Sitting:
    """It begins: the register is frozen as it lies before them, and everybody who was asked counts as present."""
    sitting = _open(session, actor, sitting_id, version=version, states=(SittingState.PLANNED,))
    row = find(session, actor, sitting_id)
    if row.chair is None or not [one for one in row.people if one.is_voting]:
        raise NotNow(Message(text=N_("A sitting needs somebody who leads it and votes.")))
    if not row.items:
        raise NotNow(Message(text=N_("The agenda is empty.")))
    for one in row.people:
        one.presence = Presence.PRESENT
    snapshot = snapshots.ask(session, actor, sitting.name, now=now)
    sitting.snapshot_id, sitting.state = snapshot.id, SittingState.HELD
    sitting.version += 1
    audit.record(session, actor, "sitting.begun", sitting.id, now=now)
    return sitting


def freeze_again(session: Session, actor: Actor, sitting_id: str, *, now: datetime) -> None:
    """The snapshot could not be made: ask for another one."""
    sitting = _open(session, actor, sitting_id, states=(SittingState.HELD,))
    row = find(session, actor, sitting_id)
    if row.snapshot is not None and row.snapshot.state is not SnapshotState.FAILED:
        raise NotNow(Message(text=N_("The register is frozen already, or is being frozen.")))
    sitting.snapshot_id = snapshots.ask(session, actor, sitting.name, now=now).id


def attendance(row: SittingRow) -> str:
    """Who is there and who leads, as a form shows it."""
    return checksum({one.id: [one.presence.value, one.is_chair] for one in row.people})


def attend(
    session: Session, actor: Actor, sitting_id: str, present: Sequence[str], chair_id: str, *, seen: str, now: datetime
) -> None:
    """Who is there and who leads; votes of those who are not there do not count. `seen`: the attendance before, as the
    form showed it."""
    sitting = _open(session, actor, sitting_id, states=(SittingState.HELD,))
    row = find(session, actor, sitting_id)
    if attendance(row) != seen:
        raise Clash(Message(text=CHANGED))
    people = row.people
    known = {one.id: one for one in people}
    chair = known.get(chair_id)
    if chair is None or not chair.is_voting or chair.id not in present:
        raise BadInput({"chair": Message(text=N_("Whoever leads the sitting is there and votes."))})
    for one in people:
        one.presence = Presence.PRESENT if one.id in present else Presence.EXCUSED
        one.is_chair = one is chair
    audit.record(session, actor, "sitting.attendance", sitting.id, now=now)


def vote(
    session: Session,
    actor: Actor,
    sitting_id: str,
    item_id: str,
    said: Mapping[str, Said],
    *,
    version: int,
    now: datetime,
) -> None:
    """Write the votes on one item down, over those before; whoever names a conflict of interest abstains."""
    sitting = _open(session, actor, sitting_id, states=(SittingState.HELD,))
    item = _item(session, sitting, item_id, version=version)
    if item.ruling is None:
        raise NotNow(Message(text=N_("Nothing is proposed here, so there is nothing to vote on.")))
    allowed = {one.id for one in _people(session, sitting) if one.is_voting and one.presence is Presence.PRESENT}
    if any(person_id not in allowed for person_id in said):
        raise NotFound
    here = Vote.participant_id.in_(allowed)  # what somebody voted who is away now waits for them to come back
    session.execute(delete(Vote).where(Vote.hospital_id == item.hospital_id, Vote.item_id == item.id, here))
    for person_id, one in said.items():
        conflict = one.conflict.strip()[:LONGEST_CONFLICT]
        session.add(
            Vote(
                hospital_id=sitting.hospital_id,
                item_id=item.id,
                participant_id=person_id,
                ballot=Ballot.ABSTAIN if conflict else one.ballot,
                conflict=conflict,
            )
        )
    item.version += 1
    session.flush()
    audit.record(session, actor, "sitting.voted", sitting.id, now=now)


def remark(session: Session, actor: Actor, sitting_id: str, note: str, *, version: int) -> None:
    """What the minutes say beside the items."""
    sitting = _open(session, actor, sitting_id, version=version, states=(SittingState.HELD,))
    sitting.note = note.strip()[:LONGEST_NOTE]
    sitting.version += 1


# ---- closing


def as_seen(session: Session, actor: Actor, row: SittingRow) -> str:
    """The checksum of what the sitting shows to whoever closes it: people, agenda, proposals, votes, remarks."""
    found = minutes_of(session, actor, row, None)
    return checksum(paper.dump(replace(found, snapshot_name="", snapshot_sha256="")))


def close(
    session: Session, actor: Actor, sitting_id: str, frozen: Mapping[str, Any], *, seen: str, now: datetime
) -> Minutes:
    """Everything that was carried comes into force at once, and the minutes are frozen; `frozen` is the document of
    its snapshot. Nothing is frozen that whoever closes has not `seen` (as_seen): what changed since is a clash."""
    hospital_id = hospital_of(actor, DECIDERS)
    decisions.lock(session, hospital_id)
    _open(session, actor, sitting_id, states=(SittingState.HELD,))
    row = find(session, actor, sitting_id)
    sitting = row.sitting
    if as_seen(session, actor, row) != seen:
        raise Clash(Message(text=SINCE_SEEN))
    if row.snapshot is None or row.snapshot.state is not SnapshotState.DONE:
        raise NotNow(Message(text=N_("The register is still being frozen. Try again in a moment.")))
    if row.chair is None or row.chair.presence is not Presence.PRESENT:
        raise NotNow(Message(text=N_("Whoever leads the sitting is there and votes.")))
    keys = decisions.vendor_keys(session, hospital_id)
    by_key = {one["key"]: one for one in frozen["vendors"]}
    made: dict[str, Decision] = {}
    for number, item in enumerate(row.items, start=1):
        _refuse_missing(number, item)
        if item.tally is None or not item.tally.is_carried or item.fields is None:
            continue
        standing = _standing(session, actor, item, by_key, keys, now=now)
        _refuse_above(session, actor, sitting, number, standing)
        made[item.item.id] = _decide(session, actor, row, item, standing, now=now)
    sitting.state, sitting.closed_at, sitting.closed_by = SittingState.CLOSED, now, actor.name[:200]
    sitting.version += 1
    session.flush()
    found = minutes_of(session, actor, find(session, actor, sitting_id), frozen)
    sitting.minutes = paper.dump(found)
    sitting.minutes_sha256 = checksum(sitting.minutes)
    audit.record(
        session,
        actor,
        "sitting.closed",
        sitting.id,
        now=now,
        detail={
            "minutes": sitting.minutes_sha256,
            "decisions": [decisions.key_of(one.number) for one in made.values()],
        },
    )
    return found


def _refuse_missing(number: int, item: ItemRow) -> None:
    """An item on which somebody has not voted holds the closing up."""
    if item.missing:
        raise NotNow(
            Message(
                text=N_("Item %(number)s: %(name)s is there and has not voted."),
                values={"number": number, "name": item.missing[0].name},
            )
        )


def _refuse_above(session: Session, actor: Actor, sitting: Sitting, number: int, standing: Standing | None) -> None:
    """So does one that goes to somebody higher."""
    if standing is None:
        return  # a topic
    needed = decisions.authority_for(session, actor, standing)
    if deciding.rank(needed) > deciding.rank(sitting.body):
        raise NotNow(
            Message(
                text=N_("Item %(number)s: at this tier and residual risk the management decides. Take it off."),
                values={"number": number},
            )
        )


def _standing(
    session: Session,
    actor: Actor,
    item: ItemRow,
    frozen: Mapping[str, Mapping[str, Any]],
    keys: Mapping[str, str],
    *,
    now: datetime,
) -> Standing | None:
    """Of the vendor that the item is about: as it lies frozen before them, or as of now where it came to the lists
    only since."""
    if item.vendor is None:
        return None
    today = decisions.standing_of(registers.assess(session, actor, item.vendor.id, now=now))
    entry = frozen.get(keys[item.vendor.id])
    return decisions.standing_then(entry, today) if entry is not None else today


def _decide(
    session: Session, actor: Actor, row: SittingRow, item: ItemRow, standing: Standing | None, *, now: datetime
) -> Decision:
    fields = item.fields
    assert fields is not None
    if wrong := decisions.problems(fields, today=_day_of(row.sitting, now)):
        raise NotNow(next(iter(wrong.values())))
    return decisions.add(
        session,
        actor,
        Subject(vendor=item.vendor, supply=item.supply, topic=item.item.topic),
        fields,
        authority=row.sitting.body,
        by=row.sitting.name,
        basis=Basis(standing=standing, snapshot_id=row.sitting.snapshot_id, item_id=item.item.id, tally=item.tally),
        now=now,
    )


def _day_of(sitting: Sitting, now: datetime) -> date:
    """From which on days are reckoned: that of the sitting, or today where it is held before its day."""
    return min(sitting.held_on, now.astimezone(BERLIN).date())


def checksum(document: Mapping[str, Any]) -> str:
    """Of minutes, over their canonical form."""
    canonical = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def minutes_of(session: Session, actor: Actor, row: SittingRow, frozen: Mapping[str, Any] | None) -> Minutes:
    """The sitting as its paper tells it; `frozen` None: only the agenda is known."""
    sitting = row.sitting
    hospital = session.get_one(Hospital, hospital_of(actor))
    keys = decisions.vendor_keys(session, sitting.hospital_id)
    names = {one.id: one.name for one in row.voters}  # whose votes count
    return Minutes(
        hospital=hospital.name,
        number=sitting.number,
        name=sitting.name,
        body=sitting.body,
        held_on=sitting.held_on,
        begins=sitting.begins,
        place=sitting.place,
        snapshot_name=row.snapshot.name if row.snapshot else "",
        snapshot_at=row.snapshot.at if row.snapshot and frozen is not None else None,
        snapshot_sha256=row.snapshot.sha256 if row.snapshot else "",
        policy_version=str(frozen["policy_version"]) if frozen is not None else "",
        attendees=tuple(
            Attendee(
                name=one.name,
                function=one.function,
                is_voting=one.is_voting,
                is_chair=one.is_chair,
                presence=one.presence.value,
            )
            for one in row.people
        ),
        items=tuple(
            _item_on_paper(number, item, names, keys, frozen) for number, item in enumerate(row.items, start=1)
        ),
        note=sitting.note,
        closed_by=sitting.closed_by,
        closed_at=sitting.closed_at,
    )


def _item_on_paper(
    number: int, item: ItemRow, names: Mapping[str, str], keys: Mapping[str, str], frozen: Mapping[str, Any] | None
) -> Item:
    fields = item.fields
    vendor_key = keys[item.vendor.id] if item.vendor is not None else ""
    return Item(
        number=number,
        title=item.title,
        about=item.about,
        vendor_key=vendor_key,
        why=tuple(Why(one) for one in item.item.why),
        stake=_stake(frozen, vendor_key) if frozen is not None and vendor_key else None,
        ruling=item.item.ruling,
        reasons=item.item.reasons,
        conditions=tuple(
            ConditionFact(
                key=str(position),
                text=one.text,
                due_on=one.due_on,
                owner=one.owner,
                proof=one.proof,
                state=ConditionState.OPEN,
            )
            for position, one in enumerate(fields.conditions if fields else (), start=1)
            if one.due_on is not None
        ),
        review_on=item.item.review_on,
        tally=(item.tally or deciding.tally((), chair=None)) if item.item.ruling is not None else None,
        ballots=tuple(
            BallotLine(name=name, ballot=item.votes[person_id].ballot, conflict=item.votes[person_id].conflict)
            for person_id, name in names.items()
            if person_id in item.votes
        ),
        decision_key=decisions.key_of(item.decision.number) if item.decision is not None else "",
    )


def _stake(frozen: Mapping[str, Any], vendor_key: str) -> Stake | None:
    entry = next((one for one in frozen["vendors"] if one["key"] == vendor_key), None)
    if entry is None:
        return None
    grave = {RiskLevel.HIGH.value, RiskLevel.CRITICAL.value}
    return Stake(
        tier=entry["tier"],
        grade=Grade(entry["grade"]) if entry["grade"] else None,
        value=float(entry["value"]) if entry["value"] is not None else None,
        coverage=float(entry["coverage"]),
        level=RiskLevel(entry["level"]) if entry["level"] else None,
        impact=entry["impact"],
        patient_safety=entry["patient_safety"],
        likelihood=entry["likelihood"],
        critical=entry["open_findings"].get("critical", 0),
        high=entry["open_findings"].get("high", 0),
        contradictions=entry["open_contradictions"],
        knock_outs=tuple(entry["knock_outs"]),
        risks=sum(one["vendor_key"] == vendor_key and one["level"] in grave for one in frozen["risks"]),
    )


# ---- one of them


def _open(
    session: Session,
    actor: Actor,
    sitting_id: str,
    *,
    version: int | None = None,
    states: Sequence[SittingState],
) -> Sitting:
    """A sitting that may still be changed so; of two who change it one goes first."""
    sitting = session.get(Sitting, sitting_id)
    if sitting is None or sitting.hospital_id != hospital_of(actor, PREPARERS):
        raise NotFound
    session.refresh(sitting, with_for_update=True)
    if sitting.state is SittingState.CLOSED:
        raise NotNow(Message(text=OVER))
    if version is not None and sitting.version != version:
        raise Clash(Message(text=CHANGED))
    if sitting.state not in states:
        raise NotNow(
            Message(
                text=N_("This sitting has begun already.")
                if sitting.state is SittingState.HELD
                else N_("This sitting has not begun yet.")
            )
        )
    return sitting


def _items(session: Session, sitting: Sitting) -> Sequence[AgendaItem]:
    return session.scalars(
        select(AgendaItem).where(AgendaItem.hospital_id == sitting.hospital_id, AgendaItem.sitting_id == sitting.id)
    ).all()


def _item(session: Session, sitting: Sitting, item_id: str, *, version: int | None = None) -> AgendaItem:
    item = session.get(AgendaItem, item_id, populate_existing=True)
    if item is None or item.hospital_id != sitting.hospital_id or item.sitting_id != sitting.id:
        raise NotFound
    if version is not None and item.version != version:
        raise Clash(Message(text=CHANGED))
    return item


def _person(session: Session, sitting: Sitting, person_id: str) -> Participant:
    person = session.get(Participant, person_id)
    if person is None or person.hospital_id != sitting.hospital_id or person.sitting_id != sitting.id:
        raise NotFound
    return person
