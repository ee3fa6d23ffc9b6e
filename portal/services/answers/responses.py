"""The company's side of a round: what it may know of it, what is asked, and its answers as they are saved."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal import i18n
from portal.db.models.accounts import Hospital
from portal.db.models.assessments import Assessment, Review, ReviewState, Stage
from portal.db.models.responses import Answer, Response, Suggestion
from portal.errors import BadInput, Clash, NotFound, NotNow
from portal.home import BERLIN
from portal.services import audit
from portal.services.actors import EVERY_COMPANY_ROLE, Actor, company_of
from portal.services.rounds import catalogues, rounds, scopes
from portal.services.rounds.rounds import Key, Round
from portal.services.rounds.scopes import Part
from portal.services.vendors import vendors
from questionnaires import answering
from questionnaires.model import AnswerShape, AnswerValue, BadAnswer, Catalogue, QuestionSet, Scope
from scanners.model import N_, Message

PROFILE_SECONDS = 15  # to give one fact about the company
WRITABLE = frozenset({Stage.ACCEPTED, Stage.ANSWERING})


@dataclass(frozen=True, kw_only=True)
class Head:
    """What a company may know of a hospital's round: this list and nothing else."""

    id: str
    hospital: str
    city: str
    contact_name: str
    contact_email: str
    contact_phone: str
    products: tuple[str, ...]
    due_on: date
    stage: Stage
    documents_only: bool
    accepted_at: datetime | None
    submitted_at: datetime | None
    closes_at: datetime | None = None  # of a tender: nothing is handed in from then on

    @property
    def may_be_changed(self) -> bool:
        """Whether something can still be answered, documents be added and the round be handed in."""
        return self.stage in WRITABLE or self.stage is Stage.RETURNED

    def is_overdue(self, today: date) -> bool:
        """Whether the hospital waits."""
        return self.may_be_changed and self.due_on < today


@dataclass(frozen=True, kw_only=True)
class Saved:
    """An acknowledged answer."""

    version: int
    at: datetime


def find(session: Session, actor: Actor, assessment_id: str) -> Assessment:
    """One round of the actor's company, for somebody who sees the whole of it."""
    company_of(actor)
    return find_part(session, actor, assessment_id)[0]


def find_part(session: Session, actor: Actor, assessment_id: str) -> tuple[Assessment, Part]:
    """One round of the actor's company and how much of it is theirs; where nothing of it is, it is not there."""
    company_id = company_of(actor, EVERY_COMPANY_ROLE)
    assessment = session.get(Assessment, assessment_id)
    if assessment is None or assessment.company_id != company_id:
        raise NotFound
    part = scopes.of(session, actor, assessment)
    if part.sections is not None and not part.sections:
        raise NotFound
    return assessment, part


def head(session: Session, actor: Actor, assessment_id: str) -> Head:
    """The round as its company may know it."""
    return _head(session, find_part(session, actor, assessment_id)[0])


def of_company(session: Session, actor: Actor) -> Sequence[Head]:
    """All rounds of the actor's company of which something is theirs, what is due first."""
    found = session.scalars(
        select(Assessment)
        .where(Assessment.company_id == company_of(actor, EVERY_COMPANY_ROLE))
        .order_by(Assessment.due_on, Assessment.accepted_at)
    ).all()
    theirs = [one for one in found if scopes.of(session, actor, one) != Part(sections=frozenset())]
    return sorted((_head(session, one) for one in theirs), key=lambda one: (not one.may_be_changed, one.due_on))


def questionnaire(session: Session, actor: Actor, assessment_id: str, *, now: datetime) -> Round:
    """The questions that are asked now, with the answers that stand; those of the sections that are the actor's."""
    assessment, part = find_part(session, actor, assessment_id)
    return rounds.load(session, assessment, now=now, part=part)


def minutes_left(asked: Round) -> int:
    """Whole minutes to read and answer what is missing."""
    return answering.minutes([slot.question for slot in asked.missing], {}) + profile_minutes(asked)


def profile_minutes(asked: Round) -> int:
    """Whole minutes for the facts about company and product that are missing."""
    return math.ceil(len(asked.missing_profile) * PROFILE_SECONDS / 60)


def hospital_name(session: Session, assessment: Assessment) -> str:
    """Who asks."""
    return session.get_one(Hospital, assessment.hospital_id).name


def lock(session: Session, assessment: Assessment) -> Response:
    """The response, which until the commit nobody else writes to: an answer and a hand-in never cross."""
    response = session.scalars(
        select(Response)
        .where(Response.company_id == assessment.company_id, Response.assessment_id == assessment.id)
        .with_for_update()
    ).one()
    session.refresh(assessment)
    return response


# ---- what was returned


def returned(session: Session, assessment: Assessment) -> Mapping[Key, str]:
    """The answers that the hospital sent back since the last hand-in, with its remark."""
    if assessment.stage is not Stage.RETURNED or assessment.submitted_at is None:
        return {}
    found = session.scalars(
        select(Review).where(
            Review.hospital_id == assessment.hospital_id,
            Review.assessment_id == assessment.id,
            Review.state == ReviewState.RETURNED,
            Review.at > assessment.submitted_at,
        )
    )
    return {(review.question_id, review.supply_id): review.remark for review in found}


def remarks(session: Session, asked: Round) -> Mapping[Key, str]:
    """What came back of the questions that are open to whoever looks."""
    found = returned(session, asked.assessment)
    return {key: remark for key, remark in found.items() if asked.part.asks(asked.catalogue, key[0])}


def is_open(assessment: Assessment, remarks: Mapping[Key, str], key: Key) -> bool:
    """Whether this answer may be changed now."""
    return assessment.stage in WRITABLE or (assessment.stage is Stage.RETURNED and key in remarks)


# ---- saving


def save(
    session: Session,
    actor: Actor,
    assessment_id: str,
    key: Key,
    value: AnswerValue | None,
    *,
    version: int,
    now: datetime,
) -> Saved:
    """Save one answer over the version that was read, 0 where there was none; None clears it.

    The same value again is acknowledged whatever the version: an answer whose acknowledgement was lost is sent twice.
    """
    assessment, _before = find_part(session, actor, assessment_id)
    response = lock(session, assessment)
    # Asked once nobody else can write: a section that was taken back takes no answer any more.
    shape = shape_of(session, assessment, key, part=scopes.of(session, actor, assessment))
    kept = _checked(shape, value, today=now.astimezone(BERLIN).date())
    row = session.get(Answer, (response.id, *key), populate_existing=True)
    if row is not None and row.value == kept:
        return Saved(version=row.version, at=row.updated_at)
    if not is_open(assessment, returned(session, assessment), key):
        raise NotNow(Message(text=N_("This answer has been handed in and can no longer be changed.")))
    if (row.version if row else 0) != version:
        raise Clash(
            Message(text=N_("Somebody else answered at the same time. Which text shall stand?")),
            theirs=in_words(shape, row),
            version=row.version if row else 0,
        )
    if row is None:
        if kept is None:
            return Saved(version=0, at=now)
        row = Answer(
            company_id=response.company_id, response_id=response.id, question_id=key[0], supply_id=key[1], version=0
        )
        session.add(row)
        session.expire(response, ["answers"])  # whoever reads on in this transaction finds it there
    row.value, row.updated_at, row.updated_by = kept, now, actor.name[:200]
    row.version += 1
    forget_suggestion(session, assessment, key)
    detail = {"question": key[0], "supply": key[1], "version": row.version}
    audit.record(session, actor, "answer.saved", assessment.id, now=now, detail=detail)
    _note_first(session, actor, assessment, now=now)
    return Saved(version=row.version, at=now)


def forget_suggestion(session: Session, assessment: Assessment, key: Key) -> None:
    """Take away what lay beside a question: it was confirmed, or something else was answered."""
    mine = select(Response.id).where(
        Response.company_id == assessment.company_id, Response.assessment_id == assessment.id
    )
    session.execute(
        delete(Suggestion).where(
            Suggestion.company_id == assessment.company_id,
            Suggestion.response_id.in_(mine),
            Suggestion.question_id == key[0],
            Suggestion.supply_id == key[1],
        )
    )


def shape_of(session: Session, assessment: Assessment, key: Key, *, part: Part) -> AnswerShape:
    """What an answer under this key looks like, if this part may ask for it, now or after another profile."""
    question_id, supply_id = key
    catalogue = catalogues.of(session, assessment)
    if not part.asks(catalogue, question_id):
        raise NotFound
    profile = {one.id: one.shape for one in answering.asked_profile(catalogue)}
    if question_id in profile and not supply_id:
        return profile[question_id]
    if question_id not in _asked_by_set(catalogue, assessment):
        raise NotFound
    question = catalogue.questions[question_id]
    if question.scope is not Scope.SUPPLY and not supply_id:
        return question.shape
    supplies = set(vendors.supply_ids_of(session, assessment))
    allowed = supplies if question.scope is Scope.SUPPLY and supplies else {""}
    if supply_id not in allowed:
        raise NotFound
    return question.shape


def in_words(shape: AnswerShape, row: Answer | None) -> str:
    """What stands now, for whoever has to choose."""
    value = rounds.value_of(row)
    if value is None:
        return ""
    words = answering.show(shape, value, language=i18n.language())
    return f"{words}\n{value.comment}" if value.comment else words


def _asked_by_set(catalogue: Catalogue, assessment: Assessment) -> Sequence[str]:
    return catalogue.sets[QuestionSet(assessment.question_set)].question_ids


def _checked(shape: AnswerShape, value: AnswerValue | None, *, today: date) -> dict[str, object] | None:
    """The answer as it is stored, taken apart and read again: nobody stores what no form allows."""
    if value is None:
        return None
    try:
        again = answering.parse(shape, answering.raw(value), comment=value.comment, today=today)
    except BadAnswer as bad:
        raise BadInput({bad.field: Message(text=bad.message.text, values=bad.message.values)}) from bad
    return answering.dump(again) if again is not None else None


def _note_first(session: Session, actor: Actor, assessment: Assessment, *, now: datetime) -> None:
    if assessment.stage is Stage.ACCEPTED:
        assessment.stage = Stage.ANSWERING
        assessment.version += 1
        scope = audit.hospital_scope(assessment.hospital_id)
        audit.record(session, actor, "assessment.answering", assessment.id, now=now, scope=scope)


def _head(session: Session, assessment: Assessment) -> Head:
    hospital = session.get_one(Hospital, assessment.hospital_id)
    return Head(
        id=assessment.id,
        hospital=hospital.name,
        city=hospital.city,
        contact_name=hospital.contact_name,
        contact_email=hospital.contact_email,
        contact_phone=hospital.contact_phone,
        products=tuple(supply.name for supply in vendors.supplies_of(session, assessment)),
        due_on=assessment.due_on,
        stage=assessment.stage,
        documents_only=assessment.documents_only,
        accepted_at=assessment.accepted_at,
        submitted_at=assessment.submitted_at,
        closes_at=assessment.closes_at,
    )
