"""Answers from elsewhere (an earlier round, a file that a company brought), offered and confirmed one by one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db.models.accounts import Hospital
from portal.db.models.assessments import Assessment
from portal.db.models.responses import Answer, Response, Suggestion
from portal.db.models.vendors import Supply
from portal.errors import NotFound
from portal.home import BERLIN
from portal.services import audit
from portal.services.actors import EVERY_COMPANY_ROLE, Actor, company_of
from portal.services.answers import responses
from portal.services.rounds import catalogues, rounds, scopes
from portal.services.rounds.rounds import Key, Round
from questionnaires import answering, carrying, continuing
from questionnaires.carrying import Fit
from questionnaires.model import AnswerShape, AnswerValue, BadAnswer, Catalogue, ProfileQuestion, Question

LONGEST_SOURCE = 200


@dataclass(frozen=True, kw_only=True)
class Offer:
    """An answer from elsewhere to one question of a round."""

    key: Key
    value: AnswerValue
    given_at: datetime  # when it was given there: its age stands beside it
    is_changed: bool = False  # the question was another one there: it needs a fresh look
    source: str = ""  # where exactly, for example "MDS2.xlsx, sheet 1, row 12"; "" as said for all


class Left(StrEnum):
    """Why an offer was not laid beside its question."""

    ANSWERED = "answered"  # an answer stands already; nothing is laid over it
    CLOSED = "closed"  # handed in
    NEWER = "newer"  # what lies there already was given later
    UNREADABLE = "unreadable"  # no answer to what is asked
    UNPLACED = "unplaced"  # this round cannot ask it


@dataclass(frozen=True, kw_only=True)
class Offered:
    """What became of a number of offers."""

    laid: Sequence[Key]
    left: Sequence[tuple[Key, Left]]


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """The newest answer that the company gave to the same question elsewhere."""

    value: AnswerValue
    given_at: datetime
    source: str  # the hospital that asked
    fit: Fit


def of_round(session: Session, asked: Round) -> Mapping[Key, Suggestion]:
    """What lies beside the questions of a round and waits to be confirmed."""
    if asked.response is None:
        return {}
    found = session.scalars(
        select(Suggestion).where(
            Suggestion.company_id == asked.response.company_id, Suggestion.response_id == asked.response.id
        )
    )
    return {(row.question_id, row.supply_id): row for row in found if asked.part.asks(asked.catalogue, row.question_id)}


def earlier(session: Session, actor: Actor, asked: Round, *, now: datetime) -> Mapping[Key, Earlier]:
    """For every question without an answer the newest one that the company gave in another round."""
    return _given(session, company_of(actor, EVERY_COMPANY_ROLE), asked, now=now)


def _given(
    session: Session, company_id: str, asked: Round, *, now: datetime, hospital_id: str | None = None
) -> Mapping[Key, Earlier]:
    """The same; with a hospital only what that one was told."""
    today = now.astimezone(BERLIN).date()
    rows = session.execute(
        select(Answer, Assessment, Hospital.name, Supply.name)
        .join(Response, (Response.company_id == Answer.company_id) & (Response.id == Answer.response_id))
        .join(Assessment, Assessment.id == Response.assessment_id)
        .join(Hospital, Hospital.id == Assessment.hospital_id)
        .outerjoin(Supply, (Supply.id == Answer.supply_id) & (Supply.hospital_id == Assessment.hospital_id))
        .where(
            Answer.company_id == company_id,
            Assessment.company_id == company_id,
            Assessment.id != asked.assessment.id,
            Answer.value.is_not(None),
            *([Assessment.hospital_id == hospital_id] if hospital_id is not None else []),
        )
        .order_by(Answer.updated_at.desc())
    ).all()
    given: dict[tuple[str, str], list[tuple[Answer, Assessment, str]]] = {}
    for answer, assessment, hospital, supply in rows:
        given.setdefault((answer.question_id, _folded(supply or "")), []).append((answer, assessment, hospital))
    found: dict[Key, Earlier] = {}
    for key, question, product in _open_places(asked):
        for answer, assessment, hospital in given.get((key[0], _folded(product)), ()):
            value = rounds.value_of(answer)
            before = _question(catalogues.of(session, assessment), key[0])
            if value is None or before is None:
                continue
            fit = carrying.fit(before, question, value, today=today)
            if fit is not Fit.NONE:
                found[key] = Earlier(value=value, given_at=answer.updated_at, source=hospital, fit=fit)
                break
    return found


def prefill(session: Session, actor: Actor, assessment_id: str, section: str, *, now: datetime) -> int:
    """Lay the earlier answers of one page beside its questions; the company's choice. Says how many."""
    responses.lock(session, responses.find_part(session, actor, assessment_id)[0])  # nobody answers meanwhile
    asked = responses.questionnaire(session, actor, assessment_id, now=now)
    lying = of_round(session, asked)
    offers = [
        _offer(key, found)
        for key, found in earlier(session, actor, asked, now=now).items()
        if key not in lying and is_on(asked, key, section)
    ]
    count = len(lay(session, asked, offers, source="", now=now).laid)
    audit.record(
        session, actor, "answers.suggested", assessment_id, now=now, detail={"section": section, "count": count}
    )
    return count


def offer(
    session: Session, actor: Actor, assessment_id: str, offers: Iterable[Offer], *, source: str, now: datetime
) -> Offered:
    """Lay answers of a file beside the questions of a round, each to be confirmed; nothing that stands is touched.

    A question that the profile hides now keeps what is laid beside it until it shows. Of two offers for one question
    the one that was given later lies there.
    """
    responses.lock(session, responses.find_part(session, actor, assessment_id)[0])  # nobody answers meanwhile
    asked = responses.questionnaire(session, actor, assessment_id, now=now)
    done = lay(session, asked, offers, source=source, now=now)
    detail = {"count": len(done.laid), "left": len(done.left)}
    audit.record(session, actor, "answers.offered", assessment_id, now=now, detail=detail)
    return done


def lay(session: Session, asked: Round, offers: Iterable[Offer], *, source: str, now: datetime) -> Offered:
    """The same for a round that is at hand; the caller has seen that it may."""
    assert asked.response is not None
    response, today = asked.response, now.astimezone(BERLIN).date()
    answered = {(row.question_id, row.supply_id) for row in response.answers if row.value is not None}
    remarks = responses.returned(session, asked.assessment)
    lying = dict(of_round(session, asked))
    laid: dict[Key, None] = {}
    left: list[tuple[Key, Left]] = []
    for one in offers:
        try:
            shape = responses.shape_of(session, asked.assessment, one.key, part=asked.part)
        except NotFound:
            left.append((one.key, Left.UNPLACED))
            continue
        value = _read_again(shape, one.value, today=today)
        row = lying.get(one.key)
        if one.key in answered:
            left.append((one.key, Left.ANSWERED))
        elif not responses.is_open(asked.assessment, remarks, one.key):
            left.append((one.key, Left.CLOSED))
        elif value is None:
            left.append((one.key, Left.UNREADABLE))
        elif row is not None and row.given_at > one.given_at:
            left.append((one.key, Left.NEWER))
        else:
            if row is None:
                row = lying[one.key] = Suggestion(
                    company_id=response.company_id,
                    response_id=response.id,
                    question_id=one.key[0],
                    supply_id=one.key[1],
                )
                session.add(row)
            row.value, row.given_at = answering.dump(value), one.given_at
            row.source, row.is_changed = (one.source or source)[:LONGEST_SOURCE], one.is_changed
            laid[one.key] = None
    return Offered(laid=list(laid), left=left)


def _read_again(shape: AnswerShape, value: AnswerValue, *, today: date) -> AnswerValue | None:
    """The answer as a form would take it; None: this question takes no such answer."""
    try:
        return answering.parse(shape, answering.raw(value), comment=value.comment, today=today)
    except BadAnswer:
        return None


def lay_signed(session: Session, assessment: Assessment, *, now: datetime) -> int:
    """In a follow-up, lay what this hospital was told before beside each question that it asks again: it is to be
    confirmed, not begun anew. What other hospitals were told stays the company's choice."""
    again = catalogues.again(assessment)
    if not again or assessment.company_id is None:
        return 0
    asked = rounds.load(session, assessment, now=now)
    given = _given(session, assessment.company_id, asked, hospital_id=assessment.hospital_id, now=now)
    offers = [_offer(key, found) for key, found in given.items() if continuing.is_asked_again(again, *key)]
    return len(lay(session, asked, offers, source="", now=now).laid)


def _offer(key: Key, found: Earlier) -> Offer:
    return Offer(
        key=key,
        value=found.value,
        given_at=found.given_at,
        is_changed=found.fit is Fit.CHANGED,
        source=found.source,
    )


def dismiss(session: Session, actor: Actor, assessment_id: str, section: str, *, now: datetime) -> int:
    """Take away what lies beside the questions of one page and was not confirmed."""
    asked = responses.questionnaire(session, actor, assessment_id, now=now)
    keys = [key for key in of_round(session, asked) if is_on(asked, key, section)]
    for key in keys:
        responses.forget_suggestion(session, asked.assessment, key)
    detail = {"section": section, "count": len(keys)}
    audit.record(session, actor, "answers.suggestions_dismissed", assessment_id, now=now, detail=detail)
    return len(keys)


def is_on(asked: Round, key: Key, section: str) -> bool:
    """Whether a question stands on this page, and the page is open to whoever looks."""
    return scopes.section_of(asked.catalogue, key[0]) == section and asked.part.has(section)


def _open_places(asked: Round) -> Iterable[tuple[Key, Question | ProfileQuestion, str]]:
    for one in asked.missing_profile:
        yield (one.id, ""), one, ""
    for slot in asked.missing:
        yield slot.key, slot.question, slot.supply_name


def _question(catalogue: Catalogue, question_id: str) -> Question | ProfileQuestion | None:
    profile: Sequence[ProfileQuestion] = catalogue.profile
    return catalogue.questions.get(question_id) or next((one for one in profile if one.id == question_id), None)


def _folded(product: str) -> str:
    return " ".join(product.split()).casefold()


def age_in_months(given_at: datetime, *, today: date) -> int:
    """Whole months since an answer was given."""
    day = given_at.astimezone(BERLIN).date()
    months = (today.year - day.year) * 12 + today.month - day.month
    return max(months - (today.day < day.day), 0)
