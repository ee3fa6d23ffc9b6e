"""Decisions and the sittings (Sitzungen) in which they are taken; a decision is never changed, only superseded."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from assessments.deciding import Ballot, Cause, ConditionState, Ruling
from assessments.model import Authority
from portal.db.base import ID_LENGTH, Closed, Row, new_id


class SittingState(StrEnum):
    """How far a sitting has come."""

    PLANNED = "planned"
    HELD = "held"  # it has begun: people vote
    CLOSED = "closed"  # its decisions are in force, its minutes are frozen


class Presence(StrEnum):
    """Whether somebody came."""

    EXPECTED = "expected"
    PRESENT = "present"
    EXCUSED = "excused"


class Sitting(Row):
    """A meeting of the committee or the management."""

    __tablename__ = "sitting"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        UniqueConstraint("hospital_id", "number"),
        ForeignKeyConstraint(["hospital_id", "snapshot_id"], ["snapshot.hospital_id", "snapshot.id"]),
    )

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    body: Mapped[Authority] = mapped_column(Closed(Authority))  # committee or management
    held_on: Mapped[date]
    begins: Mapped[str] = mapped_column(String(5), default="")  # "14:30", as the invitation says it
    place: Mapped[str] = mapped_column(String(200), default="")
    state: Mapped[SittingState] = mapped_column(Closed(SittingState), default=SittingState.PLANNED)
    snapshot_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))  # the register as it lay before them
    invited_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(Text, default="")  # what the minutes say beside the items
    minutes: Mapped[dict[str, Any] | None]  # what was said and decided, frozen when it closed
    minutes_sha256: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(200))
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str] = mapped_column(String(200), default="")
    version: Mapped[int] = mapped_column(default=1)


class Participant(Row):
    """Somebody who is asked to a sitting; they need no account."""

    __tablename__ = "sitting_participant"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        ForeignKeyConstraint(["hospital_id", "sitting_id"], ["sitting.hospital_id", "sitting.id"]),
        Index("ix_sitting_participant_sitting", "hospital_id", "sitting_id"),
    )

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    sitting_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    function: Mapped[str] = mapped_column(String(200), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    is_voting: Mapped[bool] = mapped_column(default=True)  # else a guest
    is_chair: Mapped[bool] = mapped_column(default=False)
    presence: Mapped[Presence] = mapped_column(Closed(Presence), default=Presence.EXPECTED)


class AgendaItem(Row):
    """One point of an agenda: a vendor, one of its products, or a topic of its own, with what is proposed."""

    __tablename__ = "agenda_item"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        ForeignKeyConstraint(["hospital_id", "sitting_id"], ["sitting.hospital_id", "sitting.id"]),
        ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),
        ForeignKeyConstraint(["hospital_id", "supply_id"], ["supply.hospital_id", "supply.id"]),
        Index("ix_agenda_item_sitting", "hospital_id", "sitting_id"),
    )

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    sitting_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    position: Mapped[int]
    vendor_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    supply_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    topic: Mapped[str] = mapped_column(String(300), default="")
    why: Mapped[list[Any]]  # why it was put there by itself; []: a person did
    ruling: Mapped[Ruling | None] = mapped_column(Closed(Ruling))  # what is proposed; None: for information only
    reasons: Mapped[str] = mapped_column(Text, default="")
    conditions: Mapped[list[Any]]  # proposed: text, due_on, owner, proof
    review_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)


class Vote(Row):
    """How somebody voted on an item."""

    __tablename__ = "sitting_vote"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "item_id"], ["agenda_item.hospital_id", "agenda_item.id"]),
        ForeignKeyConstraint(
            ["hospital_id", "participant_id"], ["sitting_participant.hospital_id", "sitting_participant.id"]
        ),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    item_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    participant_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    ballot: Mapped[Ballot] = mapped_column(Closed(Ballot))
    conflict: Mapped[str] = mapped_column(String(500), default="")  # why somebody may not vote; they abstain


class Decision(Row):
    """What was decided, with the numbers it rests on."""

    __tablename__ = "decision"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        UniqueConstraint("hospital_id", "number"),
        ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),
        ForeignKeyConstraint(["hospital_id", "supply_id"], ["supply.hospital_id", "supply.id"]),
        ForeignKeyConstraint(["hospital_id", "score_id"], ["score.hospital_id", "score.id"]),
        ForeignKeyConstraint(["hospital_id", "snapshot_id"], ["snapshot.hospital_id", "snapshot.id"]),
        ForeignKeyConstraint(["hospital_id", "item_id"], ["agenda_item.hospital_id", "agenda_item.id"]),
        ForeignKeyConstraint(["hospital_id", "supersedes_id"], ["decision.hospital_id", "decision.id"]),
        Index("ix_decision_vendor", "hospital_id", "vendor_id"),
    )

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    number: Mapped[int]  # "B-0007"
    vendor_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    supply_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    topic: Mapped[str] = mapped_column(String(300), default="")
    ruling: Mapped[Ruling] = mapped_column(Closed(Ruling))
    reasons: Mapped[str] = mapped_column(Text)
    authority: Mapped[Authority] = mapped_column(Closed(Authority))
    review_on: Mapped[date | None]
    standing: Mapped[dict[str, Any] | None]  # the numbers then, and the documents it rests on; None: a topic
    tier: Mapped[int | None]
    grade: Mapped[str | None] = mapped_column(String(1))
    residual: Mapped[str | None] = mapped_column(String(20))
    score_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    snapshot_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    policy_version: Mapped[str] = mapped_column(String(20))
    item_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))  # None: decided by one person
    tally: Mapped[dict[str, Any] | None]
    supersedes_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    by_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]


class Condition(Row):
    """A condition (Auflage) of a decision: who shows what until when. Its words never change, its state does."""

    __tablename__ = "decision_condition"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        ForeignKeyConstraint(["hospital_id", "decision_id"], ["decision.hospital_id", "decision.id"]),
        ForeignKeyConstraint(["hospital_id", "action_id"], ["action.hospital_id", "action.id"]),
        Index("ix_decision_condition_decision", "hospital_id", "decision_id"),
    )

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    decision_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    position: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    due_on: Mapped[date]
    owner: Mapped[str] = mapped_column(String(200), default="")
    proof: Mapped[str] = mapped_column(Text, default="")
    action_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    state: Mapped[ConditionState] = mapped_column(Closed(ConditionState), default=ConditionState.OPEN)
    answered_by: Mapped[str] = mapped_column(String(200), default="")
    answered_at: Mapped[datetime | None]
    remark: Mapped[str] = mapped_column(Text, default="")  # what showed that it is met
    version: Mapped[int] = mapped_column(default=1)


class DecisionReopening(Row):
    """Why a decision stands open again, once for each cause; it stays so until somebody decides anew."""

    __tablename__ = "decision_reopening"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "decision_id"], ["decision.hospital_id", "decision.id"]),
        UniqueConstraint("hospital_id", "decision_id", "cause", "key"),
    )

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    decision_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    cause: Mapped[Cause] = mapped_column(Closed(Cause))
    key: Mapped[str] = mapped_column(String(200), default="")
    about: Mapped[str] = mapped_column(Text, default="")
    before: Mapped[str] = mapped_column(String(40), default="")
    after: Mapped[str] = mapped_column(String(40), default="")
    at: Mapped[datetime]


class DecisionEvent(Row):
    """What happened to a decision, in order; nothing is ever overwritten here."""

    __tablename__ = "decision_event"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "decision_id"], ["decision.hospital_id", "decision.id"]),
        Index("ix_decision_event_decision", "hospital_id", "decision_id", "at"),
    )

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    decision_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    verb: Mapped[str] = mapped_column(String(40))
    document: Mapped[dict[str, Any]]
    by_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
