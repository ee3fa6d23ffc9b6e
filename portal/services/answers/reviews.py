"""The assessor's word on each answer: accept, return with a remark; then the round is reviewed."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import i18n
from portal.db.models.accounts import Hospital, Person
from portal.db.models.assessments import Assessment, Review, ReviewState, Stage
from portal.db.models.responses import Response, SignOff
from portal.errors import BadInput, Clash, NotNow
from portal.services import audit, jobs
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from portal.services.answers import review_locks
from portal.services.mails import outbox
from portal.services.mails.letters import Letter
from portal.services.rounds import catalogues, invitations
from scanners.model import N_, Message

Key = tuple[str, str]  # question id, supply id ("" company-scoped)
IN_REVIEW = frozenset({Stage.SUBMITTED, Stage.REVIEWED})


def of_assessment(session: Session, actor: Actor, assessment_id: str) -> Mapping[Key, Review]:
    """What was said so far, by question and supply."""
    found = session.scalars(
        select(Review).where(Review.hospital_id == hospital_of(actor), Review.assessment_id == assessment_id)
    )
    return {(review.question_id, review.supply_id): review for review in found}


def say(
    session: Session,
    actor: Actor,
    assessment_id: str,
    key: Key,
    state: ReviewState,
    *,
    now: datetime,
    remark: str = "",
    note: str = "",
    version: int = 0,
) -> Review:
    """Accept an answer, return it with a remark for the vendor, or mark it as a finding of one's own.

    `version` is the one that was read, 0 where nothing was said yet; the note stays internal.
    """
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    assessment = invitations.find(session, actor, assessment_id)
    session.refresh(assessment, ["stage"], with_for_update=True)  # one word at a time, and none after the end
    _require_submitted(assessment)
    review_locks.take(session, actor, assessment, now=now)
    if state is ReviewState.RETURNED and assessment.company_id is None:
        sentence = N_("Nobody of the vendor has an account here. Open the recording again to change an answer.")
        raise BadInput({"state": Message(text=sentence)})
    question_id, supply_id = key
    if question_id not in catalogues.of(session, assessment).questions:
        raise BadInput({"": Message(text=N_("There is no such question."))})
    if state is not ReviewState.ACCEPTED and not remark.strip():
        raise BadInput({"remark": Message(text=N_("Say in a sentence what is missing; the vendor reads it."))})
    review = session.get(Review, (hospital_id, assessment.id, question_id, supply_id), populate_existing=True)
    if (review.version if review else 0) != version:
        raise Clash(Message(text=N_("Somebody else reviewed this answer in the meantime. Look at it again.")))
    before = review.state if review else None
    if review is None:
        review = Review(
            hospital_id=hospital_id,
            assessment_id=assessment.id,
            question_id=question_id,
            supply_id=supply_id,
            version=0,
            state=state,
            by_name=actor.name,
            at=now,
        )
        session.add(review)
    review.state, review.by_name, review.at = state, actor.name, now
    review.remark, review.note = remark.strip()[:4000], note.strip()[:4000]
    review.version += 1
    if ReviewState.FINDING in {before, state}:  # a finding of one's own is a risk; nothing else said here is an input
        jobs.ask_for_score(session, hospital_id, assessment.id, now=now)
    audit.record(
        session,
        actor,
        "answer.reviewed",
        assessment.id,
        now=now,
        detail={"question": question_id, "state": state.value},
    )
    return review


def finish(session: Session, actor: Actor, assessment_id: str, *, base_url: str, now: datetime) -> Assessment:
    """End the review: returned answers go back to the vendor, otherwise the round is reviewed.

    Where the hospital asks for two, the first word leaves the round as it is.
    """
    assessment = invitations.find(session, actor, assessment_id)
    hospital_of(actor, HOSPITAL_WRITERS)
    session.refresh(assessment, ["stage"], with_for_update=True)
    _require_submitted(assessment)
    review_locks.take(session, actor, assessment, now=now)
    returned = [
        review
        for review in of_assessment(session, actor, assessment_id).values()
        if review.state is ReviewState.RETURNED and assessment.submitted_at and review.at > assessment.submitted_at
    ]
    if not returned and not review_locks.end(session, actor, assessment, now=now):
        review_locks.release(session, assessment)
        return assessment
    review_locks.release(session, assessment)
    assessment.stage = Stage.RETURNED if returned else Stage.REVIEWED
    assessment.reviewed_at = None if returned else now
    assessment.version += 1
    verb = "assessment.returned" if returned else "assessment.reviewed"
    audit.record(session, actor, verb, assessment.id, now=now, detail={"returned": len(returned)})
    if returned:
        _tell_signer(session, assessment, count=len(returned), base_url=base_url, now=now)
    return assessment


def _tell_signer(session: Session, assessment: Assessment, *, count: int, base_url: str, now: datetime) -> None:
    """Whoever signed learns that the hospital asks back, with how many answers, not with which words."""
    signer = session.scalars(
        select(Person)
        .join(SignOff, SignOff.person_id == Person.id)
        .join(Response, Response.id == SignOff.response_id)
        .where(Response.assessment_id == assessment.id)
        .order_by(SignOff.edition.desc())
        .limit(1)
    ).one()
    hospital = session.get_one(Hospital, assessment.hospital_id)
    with i18n.speaking(signer.language):
        letter = Letter(
            subject=i18n.gettext("%(hospital)s has a question about your self-declaration", hospital=hospital.name),
            paragraphs=[
                i18n.gettext("Good day %(name)s,", name=signer.name),
                i18n.ngettext(
                    "%(hospital)s has read your self-declaration and returned %(num)s answer with a remark.",
                    "%(hospital)s has read your self-declaration and returned %(num)s answers with remarks.",
                    count,
                    hospital=hospital.name,
                ),
                i18n.gettext("Only these are open again; everything else stands as you handed it in."),
            ],
            link=base_url,
            link_text=i18n.gettext("Open Kettenblick"),
        )
    outbox.post(
        session,
        letter,
        kind="returned",
        to=signer.email,
        language=signer.language,
        hospital_id=hospital.id,
        now=now,
    )


def _require_submitted(assessment: Assessment) -> None:
    if assessment.stage not in IN_REVIEW:
        raise NotNow(Message(text=N_("The vendor has not handed in its answers yet.")))
