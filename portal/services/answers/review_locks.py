"""Who reviews a round: one at a time, seen by the others, who may take over; and two people where the hospital asks."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from portal.db.models.accounts import Hospital
from portal.db.models.assessments import Assessment, AssessmentSupply
from portal.db.models.campaigns import ReviewEnd, ReviewLock
from portal.db.models.vendors import Supply
from portal.errors import Clash, NotFound
from portal.services import audit
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from portal.services.vendors import intakes
from scanners.model import N_, Message

IDLE = timedelta(minutes=30)  # without a word for so long, the round is free again


def holder(session: Session, actor: Actor, assessment_id: str, *, now: datetime) -> ReviewLock | None:
    """Who else reviews it now; None: nobody, or the actor."""
    lock = session.scalars(
        select(ReviewLock).where(
            ReviewLock.hospital_id == hospital_of(actor), ReviewLock.assessment_id == assessment_id
        )
    ).first()
    return lock if lock is not None and lock.person_id != actor.person_id and _is_live(lock, now) else None


def take(session: Session, actor: Actor, assessment: Assessment, *, now: datetime, over: bool = False) -> ReviewLock:
    """Hold it, or go on holding it; raises Clash where somebody else does, unless the actor takes over.

    The caller has locked the round's row, so that of two who try at once the second sees the first.
    """
    hospital_of(actor, HOSPITAL_WRITERS)
    lock = session.get(ReviewLock, assessment.id, populate_existing=True)
    if lock is None:
        lock = ReviewLock(hospital_id=assessment.hospital_id, assessment_id=assessment.id)
        session.add(lock)
        lock.since = now
    elif lock.person_id != actor.person_id:
        if _is_live(lock, now) and not over:
            raise Clash(Message(text=N_("%(name)s reviews this round. Take over first."), values={"name": lock.name}))
        if over:
            audit.record(session, actor, "review.taken-over", assessment.id, now=now, detail={"from": lock.name})
        lock.since = now
    elif not _is_live(lock, now):
        lock.since = now
    lock.person_id, lock.name, lock.seen_at = actor.person_id, actor.name, now
    return lock


def take_over(session: Session, actor: Actor, assessment_id: str, *, now: datetime) -> None:
    """From somebody else, who sees it with their next word."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    assessment = session.scalars(
        select(Assessment)
        .where(Assessment.hospital_id == hospital_id, Assessment.id == assessment_id)
        .with_for_update()
    ).first()
    if assessment is None:
        raise NotFound
    take(session, actor, assessment, now=now, over=True)


def release(session: Session, assessment: Assessment) -> None:
    """Nobody reviews it any more."""
    lock = session.get(ReviewLock, assessment.id)
    if lock is not None:
        session.delete(lock)


# ---- a second pair of eyes


def asks_for_two(session: Session, assessment: Assessment) -> bool:
    """Whether the hospital wants two people to end this review: by the most critical tier of what it is about."""
    up_to = session.get_one(Hospital, assessment.hospital_id).second_eyes_tier
    if not up_to:
        return False
    supplies = session.scalars(
        select(Supply)
        .join(AssessmentSupply, AssessmentSupply.supply_id == Supply.id)
        .where(AssessmentSupply.hospital_id == assessment.hospital_id, AssessmentSupply.assessment_id == assessment.id)
        .options(selectinload(Supply.intakes))
    )
    tiers = [record.tier for supply in supplies if (record := intakes.current(supply)) is not None]
    return min(tiers, default=up_to + 1) <= up_to


def first_end(session: Session, assessment: Assessment) -> ReviewEnd | None:
    """Who said first that the answers as they were handed in are reviewed."""
    row = session.get(ReviewEnd, assessment.id)
    is_of_this = row is not None and (assessment.submitted_at is None or row.at >= assessment.submitted_at)
    return row if is_of_this else None


def end(session: Session, actor: Actor, assessment: Assessment, *, now: datetime) -> bool:
    """Say that it is complete; whether that is enough. The second of two must be somebody else."""
    if not asks_for_two(session, assessment):
        return True
    first = first_end(session, assessment)
    if first is None:
        row = session.get(ReviewEnd, assessment.id)
        if row is None:
            row = ReviewEnd(hospital_id=assessment.hospital_id, assessment_id=assessment.id)
            session.add(row)
        row.person_id, row.name, row.at = actor.person_id, actor.name, now
        audit.record(session, actor, "review.first-of-two", assessment.id, now=now)
        return False
    if first.person_id == actor.person_id:
        raise Clash(Message(text=N_("You ended this review already; a second person has to look at it.")))
    return True


def _is_live(lock: ReviewLock, now: datetime) -> bool:
    return now - lock.seen_at < IDLE
