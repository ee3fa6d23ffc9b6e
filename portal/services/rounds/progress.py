"""How far rounds have come, for the hospital's board: numbers and times, never a word of an answer."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.db.models.assessments import Assessment
from portal.db.models.responses import Answer, Response
from portal.services.actors import Actor, hospital_of
from portal.services.rounds import rounds


@dataclass(frozen=True, kw_only=True)
class Progress:
    """So many of so many questions."""

    answered: int
    asked: int


def of_assessment(session: Session, actor: Actor, assessment: Assessment, *, now: datetime) -> Progress | None:
    """The progress of a round that a company has taken; None before that."""
    if assessment.hospital_id != hospital_of(actor) or assessment.company_id is None:
        return None
    found = rounds.load(session, assessment, now=now)
    return Progress(answered=len(found.slots) - len(found.missing), asked=len(found.slots))


def of_rounds(session: Session, actor: Actor, ids: Collection[str]) -> Mapping[str, int]:
    """How many answers stand in each of these rounds that a company has taken, in one query."""
    counted = session.execute(
        select(Response.assessment_id, func.count(Answer.question_id))
        .join(Assessment, Assessment.id == Response.assessment_id)
        .outerjoin(
            Answer,
            (Answer.company_id == Response.company_id)
            & (Answer.response_id == Response.id)
            & Answer.value.is_not(None)
            & Answer.question_id.not_like("P-%"),
        )
        .where(Assessment.hospital_id == hospital_of(actor), Response.assessment_id.in_(ids))
        .group_by(Response.assessment_id)
    ).all()
    return dict(counted)


def last_step(assessment: Assessment) -> datetime:
    """When a round last moved."""
    steps = (
        assessment.reviewed_at,
        assessment.submitted_at,
        assessment.accepted_at,
        assessment.opened_at,
        assessment.invited_at,
    )
    return next((step for step in steps if step is not None), assessment.created_at)
