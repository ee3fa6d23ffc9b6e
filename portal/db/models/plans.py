"""What is to be mended: a company's own plan, what it offered of it, and the actions a hospital made of it."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import ID_LENGTH, Closed, Row, new_id


class PlanState(StrEnum):
    """Where a line of a plan stands."""

    OPEN = "open"
    DONE = "done"
    LEFT_OUT = "left-out"  # the company does not mean to do it


class ActionSource(StrEnum):
    """What an action came from."""

    PLAN = "plan"  # a line the company offered
    FINDING = "finding"
    ANSWER = "answer"
    CONTRADICTION = "contradiction"
    OWN = "own"  # the hospital's own words


class ActionState(StrEnum):
    """Where the hospital says that an action stands; that the company holds it for done is a report beside it."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    DROPPED = "dropped"


class PlanLine(Row):
    """What a company wrote about one line of its plan; what nobody touched is worked out anew and has no row."""

    __tablename__ = "plan_line"
    __table_args__ = (
        ForeignKeyConstraint(["company_id", "assessment_id"], ["assessment.company_id", "assessment.id"]),
        UniqueConstraint("company_id", "assessment_id", "key"),
    )

    company_id: Mapped[str] = mapped_column(ForeignKey("company.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    assessment_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    key: Mapped[str] = mapped_column(String(100))  # of the cause; "own:" and the id for what they added themselves
    document: Mapped[dict[str, Any]]  # the line as it was worked out when it was last written about
    title: Mapped[str] = mapped_column(Text, default="")  # in their own words; "": as worked out
    owner: Mapped[str] = mapped_column(String(200), default="")
    due_on: Mapped[date | None]
    proof: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[PlanState] = mapped_column(Closed(PlanState), default=PlanState.OPEN)
    by_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class PlanOffer(Row):
    """What a company offered a hospital, frozen as it was: the hospital reads this and never the plan itself."""

    __tablename__ = "plan_offer"
    __table_args__ = (
        ForeignKeyConstraint(["company_id", "assessment_id"], ["assessment.company_id", "assessment.id"]),
        Index("ix_plan_offer_assessment", "assessment_id", "at"),
    )

    company_id: Mapped[str] = mapped_column(ForeignKey("company.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    assessment_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    note: Mapped[str] = mapped_column(Text, default="")
    lines: Mapped[list[Any]]
    by_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]


class Action(Row):
    """Something a vendor is to mend, as the hospital holds it: who, until when, how it is shown."""

    __tablename__ = "action"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),
        ForeignKeyConstraint(["hospital_id", "assessment_id"], ["assessment.hospital_id", "assessment.id"]),
        Index("ix_action_vendor", "hospital_id", "vendor_id"),
    )

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    vendor_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    assessment_id: Mapped[str] = mapped_column(String(ID_LENGTH), index=True)
    source: Mapped[ActionSource] = mapped_column(Closed(ActionSource))
    source_key: Mapped[str] = mapped_column(String(400), default="")
    offer_id: Mapped[str] = mapped_column(String(ID_LENGTH), default="")  # the offer that a line was taken from
    words: Mapped[dict[str, Any]]  # title, advice and proof, each in both languages
    places: Mapped[list[Any]]  # hosts
    severity: Mapped[str] = mapped_column(String(10), default="")
    part: Mapped[str] = mapped_column(String(3), default="")
    owner: Mapped[str] = mapped_column(String(200), default="")
    due_on: Mapped[date]
    state: Mapped[ActionState] = mapped_column(Closed(ActionState), default=ActionState.OPEN)
    remark: Mapped[str] = mapped_column(Text, default="")  # told to the company
    by_name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    answered_by: Mapped[str] = mapped_column(String(200), default="")
    answered_at: Mapped[datetime | None]  # when the hospital last confirmed, sent back or dropped it
    version: Mapped[int] = mapped_column(default=1)


class ActionReport(Row):
    """The company's word that an action is done, with what shows it; reports are only added."""

    __tablename__ = "action_report"
    __table_args__ = (
        ForeignKeyConstraint(["company_id", "assessment_id"], ["assessment.company_id", "assessment.id"]),
    )

    company_id: Mapped[str] = mapped_column(ForeignKey("company.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    assessment_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    action_id: Mapped[str] = mapped_column(ForeignKey("action.id"), index=True)
    text: Mapped[str] = mapped_column(Text, default="")
    evidence_id: Mapped[str] = mapped_column(String(ID_LENGTH), default="")
    by_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]


class ScopeRecord(Row):
    """Whether a hospital holds a vendor for regulated itself, by § 28 BSIG, and from what; the newest counts."""

    __tablename__ = "scope_record"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "vendor_id"], ["vendor.hospital_id", "vendor.id"]),
        Index("ix_scope_record_vendor", "hospital_id", "vendor_id", "at"),
    )

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    vendor_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    situation: Mapped[dict[str, Any]]
    entity_class: Mapped[str] = mapped_column(String(20))
    by_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
