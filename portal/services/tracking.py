"""The tracking board: how far each round has come, since when, what stands in its way, and the one next step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from portal.db.models.accounts import Hospital
from portal.db.models.assessments import Assessment, Invitation, Stage
from portal.db.models.campaigns import Campaign
from portal.db.models.delegations import Delegation
from portal.services import bounces, campaigns, consents, portfolio, progress, reminders, working_days
from portal.services.actors import Actor, hospital_of
from portal.services.bounces import Undelivered
from portal.services.portfolio import PortfolioRow
from portal.services.reminders import HOME, Plan


class Next(StrEnum):
    """What somebody here does next."""

    ADDRESS = "address"  # the mail came back
    REMIND = "remind"
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

    row: PortfolioRow
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
        return {Stage.SUBMITTED: Next.REVIEW, Stage.REVIEWED: Next.DECIDE}.get(stage, Next.NOTHING)

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


def board(session: Session, actor: Actor, *, now: datetime) -> Sequence[Tracked]:
    """The newest round of every vendor that was asked; a handful of queries however many there are."""
    hospital = session.get_one(Hospital, hospital_of(actor))
    found = [row for row in portfolio.rows(session, actor) if row.assessment is not None]
    asked = {
        one.id: one
        for one in session.scalars(
            select(Assessment)
            .where(Assessment.hospital_id == hospital.id)
            .options(selectinload(Assessment.invitations))
        )
    }
    rounds = [asked[row.assessment.id] for row in found if row.assessment is not None]
    plans = reminders.of_rounds(session, hospital, rounds, now=now)
    back = bounces.of_hospital(session, hospital.id)
    origins = campaigns.of_rounds(session, hospital.id)
    delegated = _delegated(session, hospital.id)
    answered = progress.of_hospital(session, actor)
    today = now.astimezone(HOME).date()
    return [
        _tracked(
            row,
            assessment,
            hospital=hospital,
            today=today,
            plan=plans[assessment.id],
            back=back,
            campaign=origins.get(assessment.id),
            delegated=delegated.get(assessment.id, 0),
            answered=answered.get(assessment.id, 0),
        )
        for row, assessment in zip(found, rounds, strict=True)
    ]


def undelivered(assessment: Assessment, plan: Plan, back: Mapping[str, Undelivered]) -> Undelivered | None:
    """Whether the newest mails of a round came back."""
    if assessment.company_id is None:
        newest = reminders.asking_mails(assessment)
    else:
        newest = [str(one) for row in plan.sent[-1:] for one in row.mail_ids]
    return next((back[one] for one in newest if one in back), None)


def is_agreed(session: Session, assessment: Assessment) -> bool:
    """Whether the company has said yes or no to being looked at."""
    return assessment.documents_only or (assessment.company_id is not None and consents.is_granted(session, assessment))


def _tracked(
    row: PortfolioRow,
    assessment: Assessment,
    *,
    hospital: Hospital,
    today: date,
    plan: Plan,
    back: Mapping[str, Undelivered],
    campaign: Campaign | None,
    delegated: int,
    answered: int,
) -> Tracked:
    last = progress.last_step(row) or assessment.created_at
    return Tracked(
        row=row,
        assessment=assessment,
        campaign=campaign,
        plan=plan,
        undelivered=undelivered(assessment, plan, back),
        handed_over=[one for one in assessment.invitations if one.handed_over_at is not None],
        delegated=delegated,
        answered=answered,
        age=working_days.between(last.astimezone(HOME).date(), today, country=hospital.country, state=hospital.state),
        last_step=last,
        is_overdue=row.is_overdue(today),
    )


def _delegated(session: Session, hospital_id: str) -> Mapping[str, int]:
    found = session.execute(
        select(Delegation.assessment_id, func.count())
        .join(Assessment, Assessment.id == Delegation.assessment_id)
        .where(Assessment.hospital_id == hospital_id)
        .group_by(Delegation.assessment_id)
    ).all()
    return dict(found)
