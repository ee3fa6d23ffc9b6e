"""Contradictions that the hospital has settled, each with a reason; what is settled caps nothing any more."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from assessments import contradictions
from portal.db.models.assessments import Settlement
from portal.errors import BadInput, Clash, NotFound
from portal.services import audit, jobs
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from portal.services.registers import dossiers, policies
from portal.services.rounds import invitations
from scanners.model import N_, Message


def of_assessment(session: Session, actor: Actor, assessment_id: str) -> Mapping[str, Settlement]:
    """What is settled in this round, by the key of the contradiction."""
    found = session.scalars(
        select(Settlement).where(
            Settlement.hospital_id == hospital_of(actor), Settlement.assessment_id == assessment_id
        )
    )
    return {row.key: row for row in found}


def settle(session: Session, actor: Actor, assessment_id: str, key: str, *, reason: str, now: datetime) -> Settlement:
    """Say why answer and observation do fit; only what stands open can be settled."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    assessment = invitations.find(session, actor, assessment_id)
    dossier = dossiers.build(session, hospital_id, assessment.id, now=now)
    is_settled = {one.key: one.settled for one in contradictions.find(dossier, policies.of(session, hospital_id))}
    if key not in is_settled:
        raise NotFound
    if is_settled[key]:
        raise Clash(Message(text=N_("Somebody else has settled this in the meantime.")))
    if not reason.strip():
        raise BadInput({"reason": Message(text=N_("Say in a sentence why the two do fit."))})
    row = Settlement(
        hospital_id=hospital_id,
        assessment_id=assessment.id,
        key=key,
        reason=reason.strip()[:4000],
        by_name=actor.name,
        at=now,
    )
    session.merge(row)  # over one that was written for an earlier answer
    jobs.ask_for_score(session, hospital_id, assessment.id, now=now)
    audit.record(session, actor, "contradiction.settled", assessment.id, now=now, detail={"contradiction": key})
    return row


def reopen(session: Session, actor: Actor, assessment_id: str, key: str, *, now: datetime) -> None:
    """Take the word back; that it was said stays in the audit trail."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    assessment = invitations.find(session, actor, assessment_id)
    row = session.get(Settlement, (hospital_id, assessment.id, key))
    if row is None:
        raise NotFound
    session.delete(row)
    jobs.ask_for_score(session, hospital_id, assessment.id, now=now)
    audit.record(session, actor, "contradiction.reopened", assessment.id, now=now, detail={"contradiction": key})
