"""The tracking board: how far each round has come, since when, what stands in its way, and the one next step.

The database filters, sorts and pages; plans of reminders and progress are worked out for the rounds of one page only,
but where it is sorted by the next reminder.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session, selectinload

from portal.db import lines
from portal.db.models.accounts import Hospital
from portal.db.models.assessments import Assessment, Invitation, Stage
from portal.db.models.campaigns import Campaign, CampaignSeat, Reminder
from portal.db.models.delegations import Delegation
from portal.db.models.portfolio import VendorLine
from portal.db.models.vendors import Supply, Vendor
from portal.home import BERLIN
from portal.services import working_days
from portal.services.actors import Actor, hospital_of
from portal.services.mails import bounces
from portal.services.mails.bounces import Undelivered
from portal.services.rounds import campaigns, invitations, progress, reminders
from portal.services.rounds.reminders import Plan
from portal.services.scans import consents

PAGE = 50
REMINDER = "reminder"  # to sort by the next one
DECIDED = "decided"  # closed after a review; a round that was withdrawn never had one


class Next(StrEnum):
    """What somebody here does next."""

    ADDRESS = "address"  # the mail came back
    REMIND = "remind"
    RECORD = "record"  # nobody was invited: the hospital writes down what it was sent
    REVIEW = "review"
    DECIDE = "decide"
    WAIT = "wait"
    NOTHING = "nothing"


class Trouble(StrEnum):
    """What the board can be narrowed to beside the stage."""

    OVERDUE = "overdue"
    UNDELIVERED = "undelivered"
    HANDED_OVER = "handed-over"
    DELEGATED = "delegated"
    STOPPED = "stopped"  # no reminders


@dataclass(frozen=True, kw_only=True)
class Tracked:
    """One round in one line."""

    vendor: Vendor
    supplies: Sequence[Supply]
    assessment: Assessment
    campaign: Campaign | None
    plan: Plan
    undelivered: Undelivered | None
    handed_over: Sequence[Invitation]  # "I am not the right person"
    delegated: int  # sections in the hands of colleagues
    answered: int
    age: int  # working days since the last step
    last_step: datetime
    is_overdue: bool

    @property
    def is_decided(self) -> bool:
        """Closed after a review; a round that was withdrawn never had one."""
        return self.assessment.stage is Stage.CLOSED and self.assessment.reviewed_at is not None

    @property
    def next(self) -> Next:
        """One step, the one that helps most."""
        stage = self.assessment.stage
        if stage in reminders.WAITED_FOR:
            if self.undelivered is not None:
                return Next.ADDRESS
            return Next.REMIND if self.is_overdue else Next.WAIT
        if stage is Stage.RETURNED:
            return Next.WAIT
        steps = {Stage.RECORDING: Next.RECORD, Stage.SUBMITTED: Next.REVIEW, Stage.REVIEWED: Next.DECIDE}
        return steps.get(stage, Next.NOTHING)

    @property
    def is_recorded(self) -> bool:
        """Whether what is reviewed was written down by the hospital: no company has said anything."""
        return self.assessment.company_id is None and self.assessment.submitted_at is not None

    @property
    def troubles(self) -> frozenset[Trouble]:
        """What stands in its way."""
        waited_for = self.assessment.stage in reminders.WAITED_FOR
        found = {
            Trouble.OVERDUE: self.is_overdue,
            Trouble.UNDELIVERED: self.undelivered is not None,
            Trouble.HANDED_OVER: bool(self.handed_over),
            Trouble.DELEGATED: bool(self.delegated),
            Trouble.STOPPED: waited_for and self.plan.stopped is not None,
        }
        return frozenset(trouble for trouble, holds in found.items() if holds)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the board is narrowed to."""

    words: str = ""
    stage: str = ""  # of Stage, or DECIDED
    trouble: str = ""
    campaign_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Board:
    """One page of the board."""

    rows: Sequence[Tracked]
    start: int
    count: int  # of those that fit
    total: int  # of all rounds
    stages: Mapping[str, int]  # of all rounds, as the board calls them


V, A = VendorLine, Assessment
_LAST_STEP = func.coalesce(
    A.reviewed_at, A.submitted_at, A.accepted_at, A.opened_at, A.invited_at, A.created_at
)  # as progress.last_step
ORDER: Mapping[str, Any] = {
    "name": V.sorted_by,
    "stage": case({stage: number for number, stage in enumerate(Stage)}, value=A.stage),
    "age": _LAST_STEP,
    "due": A.due_on,
}


def board(
    session: Session,
    actor: Actor,
    wanted: Wanted | None = None,
    *,
    now: datetime,
    sort: str = "due",
    descending: bool = False,
    start: int = 0,
    length: int = PAGE,
) -> Board:
    """One page of the newest rounds of every vendor that was asked; as many queries however many there are."""
    hospital = session.get_one(Hospital, hospital_of(actor))
    lines.settle(session)
    today = now.astimezone(BERLIN).date()
    joined = and_(A.hospital_id == V.hospital_id, A.id == V.assessment_id)
    every = [V.hospital_id == hospital.id, V.is_ended.is_(False)]
    fits = [*every, *_fits(session, hospital.id, wanted or Wanted(), today)]
    stages = _stages(session, joined, every)
    if sort == REMINDER:
        found = session.scalars(select(A).join(V, joined).where(*fits).order_by(V.sorted_by, V.vendor_id)).all()
        ids: Sequence[str] = _by_reminder(session, hospital, found, descending=descending, now=now)
        ids = ids[start : start + length]
    else:
        key = ORDER[sort]
        backwards = descending is not (sort == "age")  # the longer ago, the older
        ids = session.scalars(
            select(A.id)
            .join(V, joined)
            .where(*fits)
            .order_by(key.desc() if backwards else key.asc(), V.sorted_by, V.vendor_id)
            .offset(start)
            .limit(length)
        ).all()
    return Board(
        rows=_of(session, actor, hospital, ids, now=now),
        start=start,
        count=session.scalar(select(func.count()).select_from(A).join(V, joined).where(*fits)) or 0,
        total=sum(stages.values()),
        stages=stages,
    )


def _by_reminder(
    session: Session, hospital: Hospital, found: Sequence[Assessment], *, descending: bool, now: datetime
) -> Sequence[str]:
    """By the day of the next reminder, which no row holds: it is planned anew from the due date. Those that get none
    come last, whichever way it is sorted."""
    waited = [one.id for one in found if one.stage in reminders.WAITED_FOR]
    loaded = session.scalars(select(A).where(A.id.in_(waited)).options(selectinload(A.invitations))).all()
    plans = reminders.of_rounds(session, hospital, loaded, now=now)
    days = {key: plan.next.day for key, plan in plans.items() if plan.next is not None}
    ids = [one.id for one in found]
    ahead = sorted((key for key in ids if key in days), key=lambda key: days[key], reverse=descending)
    return [*ahead, *(key for key in ids if key not in days)]


def _stages(session: Session, joined: Any, every: Sequence[ColumnElement[bool]]) -> Mapping[str, int]:
    is_reviewed = A.reviewed_at.is_not(None)
    found: dict[str, int] = {}
    for stage, reviewed, count in session.execute(
        select(A.stage, is_reviewed, func.count()).join(V, joined).where(*every).group_by(A.stage, is_reviewed)
    ):
        name = DECIDED if stage is Stage.CLOSED and reviewed else stage.value
        found[name] = found.get(name, 0) + count
    return found


def _fits(session: Session, hospital_id: str, wanted: Wanted, today: date) -> list[ColumnElement[bool]]:
    found = [V.words.contains(word, autoescape=True) for word in wanted.words.casefold().split()[:5]]
    if wanted.stage == DECIDED:
        found += [A.stage == Stage.CLOSED, A.reviewed_at.is_not(None)]
    elif wanted.stage == Stage.CLOSED.value:
        found += [A.stage == Stage.CLOSED, A.reviewed_at.is_(None)]
    elif wanted.stage:
        found.append(A.stage == Stage(wanted.stage))
    if wanted.campaign_id:
        seats = select(CampaignSeat.assessment_id).where(
            CampaignSeat.hospital_id == hospital_id, CampaignSeat.campaign_id == wanted.campaign_id
        )
        found.append(A.id.in_(seats))
    if wanted.trouble:
        found.append(_troubled(session, hospital_id, Trouble(wanted.trouble), today))
    return found


def _troubled(session: Session, hospital_id: str, trouble: Trouble, today: date) -> ColumnElement[bool]:
    match trouble:
        case Trouble.OVERDUE:
            return and_(A.stage.in_(list(invitations.OPEN)), A.due_on < today)
        case Trouble.HANDED_OVER:
            handed = select(Invitation.id).where(
                Invitation.assessment_id == A.id, Invitation.handed_over_at.is_not(None)
            )
            return handed.exists()
        case Trouble.DELEGATED:
            return select(Delegation.assessment_id).where(Delegation.assessment_id == A.id).exists()
        case Trouble.STOPPED:
            stopped = or_(A.reminders_stopped_at.is_not(None), A.id.in_(reminders.stopped_from_outside(hospital_id)))
            return and_(A.stage.in_(list(reminders.WAITED_FOR)), stopped)
        case Trouble.UNDELIVERED:
            return A.id.in_(_undelivered_ids(session, hospital_id))


def _undelivered_ids(session: Session, hospital_id: str) -> Sequence[str]:
    """Rounds whose newest mails came back, out of those that any mail came back of: these are few."""
    back = bounces.of_hospital(session, hospital_id)
    if not back:
        return []
    candidates = set(
        session.scalars(
            select(Invitation.assessment_id).where(
                Invitation.hospital_id == hospital_id, Invitation.mail_id.in_(list(back))
            )
        )
    )
    reminded = session.execute(
        select(Reminder.assessment_id, Reminder.mail_ids)
        .where(Reminder.hospital_id == hospital_id)
        .order_by(Reminder.at)
    )
    sent = {row.assessment_id: row.mail_ids for row in reminded}  # the newest stays
    candidates |= {key for key, mail_ids in sent.items() if any(str(one) in back for one in mail_ids)}
    found = session.scalars(
        select(A).where(A.hospital_id == hospital_id, A.id.in_(candidates)).options(selectinload(A.invitations))
    )
    return [one.id for one in found if _came_back(_newest_mails(one, sent.get(one.id, ())), back)]


def _of(session: Session, actor: Actor, hospital: Hospital, ids: Sequence[str], *, now: datetime) -> Sequence[Tracked]:
    """These rounds in this order."""
    asked = {
        one.id: one
        for one in session.scalars(
            select(A)
            .where(A.hospital_id == hospital.id, A.id.in_(ids))
            .options(selectinload(A.invitations), selectinload(A.vendor).selectinload(Vendor.supplies))
        )
    }
    rounds = [asked[one] for one in ids]
    plans = reminders.of_rounds(session, hospital, rounds, now=now)
    mails = [mail for one in rounds for mail in _newest_mails(one, _last_mails(plans[one.id]))]
    back = bounces.of_mails(session, hospital.id, mails)
    origins = campaigns.of_rounds(session, hospital.id, ids)
    delegated = _delegated(session, hospital.id, ids)
    answered = progress.of_rounds(session, actor, ids)
    today = now.astimezone(BERLIN).date()
    found = []
    for one in rounds:
        last = progress.last_step(one)
        found.append(
            Tracked(
                vendor=one.vendor,
                supplies=[supply for supply in one.vendor.supplies if supply.ended_at is None],
                assessment=one,
                campaign=origins.get(one.id),
                plan=plans[one.id],
                undelivered=undelivered(one, plans[one.id], back),
                handed_over=[each for each in one.invitations if each.handed_over_at is not None],
                delegated=delegated.get(one.id, 0),
                answered=answered.get(one.id, 0),
                age=working_days.between(
                    last.astimezone(BERLIN).date(), today, country=hospital.country, state=hospital.state
                ),
                last_step=last,
                is_overdue=one.stage in invitations.OPEN and one.due_on < today,
            )
        )
    return found


def undelivered(assessment: Assessment, plan: Plan, back: Mapping[str, Undelivered]) -> Undelivered | None:
    """Whether the newest mails of a round came back."""
    return _came_back(_newest_mails(assessment, _last_mails(plan)), back)


def _last_mails(plan: Plan) -> Sequence[Any]:
    return [mail for row in plan.sent[-1:] for mail in row.mail_ids]


def _newest_mails(assessment: Assessment, reminded: Sequence[Any]) -> Sequence[str]:
    """Before a company has come, those that asked it; then the newest reminder."""
    return reminders.asking_mails(assessment) if assessment.company_id is None else [str(one) for one in reminded]


def _came_back(mails: Sequence[str], back: Mapping[str, Undelivered]) -> Undelivered | None:
    return next((back[one] for one in mails if one in back), None)


def is_agreed(session: Session, assessment: Assessment) -> bool:
    """Whether the company has said yes or no to being looked at."""
    return assessment.documents_only or (assessment.company_id is not None and consents.is_granted(session, assessment))


def _delegated(session: Session, hospital_id: str, ids: Collection[str]) -> Mapping[str, int]:
    found = session.execute(
        select(Delegation.assessment_id, func.count())
        .join(Assessment, Assessment.id == Delegation.assessment_id)
        .where(Assessment.hospital_id == hospital_id, Delegation.assessment_id.in_(ids))
        .group_by(Delegation.assessment_id)
    ).all()
    return dict(found)
