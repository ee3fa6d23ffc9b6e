"""Questions of bidders (Bieterfragen): asked by one, answered to all alike, naming nobody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import i18n
from portal.db.models.assessments import Assessment, Stage
from portal.db.models.tenders import Tender, TenderBidder, TenderLot, TenderQuery, TenderState
from portal.errors import BadInput, NotFound, NotNow
from portal.services import audit
from portal.services.actors import EVERY_COMPANY_ROLE, HOSPITAL_WRITERS, Actor, company_of, hospital_of
from portal.services.tenders import letters, offers, tenders
from scanners.model import N_, Message

MOST_QUERIES = 200


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a bidder reads of its tender: nothing of anybody else."""

    title: str
    reference: str
    lot: str
    closes_at: datetime
    ended_at: datetime | None  # without an award; whose a lot became, no bidder reads here
    may_ask: bool
    may_withdraw: bool
    published: Sequence[TenderQuery]
    mine: Sequence[TenderQuery]  # its own questions that wait


def publish(
    session: Session,
    actor: Actor,
    tender_id: str,
    *,
    question: str,
    answer: str,
    query_id: str = "",
    base_url: str,
    now: datetime,
) -> TenderQuery:
    """Tell all bidders alike, each by a mail of its own, while there is time to act on it."""
    hospital_of(actor, HOSPITAL_WRITERS)
    row = tenders.locked(session, actor, tender_id, TenderState.OPEN)
    tenders.require_time(row, now=now)
    wrong: dict[str, Message] = {}
    if not question.strip():
        wrong["question"] = Message(text=N_("Write the question so that it names nobody."))
    if not answer.strip():
        wrong["answer"] = Message(text=N_("Write the answer."))
    if wrong:
        raise BadInput(wrong)
    query = session.get(TenderQuery, query_id) if query_id else None
    if query_id and (query is None or query.tender_id != row.id or query.hospital_id != row.hospital_id):
        raise NotFound
    if query is not None and query.answered_at is not None:
        raise NotNow(Message(text=N_("This question was answered already.")))
    words = question.strip()[: tenders.LONGEST_TEXT], answer.strip()[: tenders.LONGEST_TEXT]
    if query is None:
        if any((one.question, one.answer) == words for one in row.queries if one.answered_at is not None):
            raise BadInput({"answer": Message(text=N_("All bidders have read exactly this already."))})
        query = TenderQuery(hospital_id=row.hospital_id, tender_id=row.id, text="", asked_at=now)
        session.add(query)
    query.question, query.answer = words
    query.answered_at, query.answered_by = now, actor.name[:200]
    session.flush()
    for bidder, _assessment in offers.going_on(session, row):
        _tell(session, row, bidder, base_url=base_url, now=now)
    tenders.note(session, actor, row, "tender.answer-published", now=now, detail={"query": query.id})
    return query


def told(session: Session, actor: Actor, assessment_id: str, *, now: datetime) -> Told:
    """What the bidder whose round it is may know of its tender."""
    row, bidder = offers.as_bidder(session, actor, assessment_id)
    lot = tenders.lot_of(row, bidder.lot_id)
    queries = session.scalars(
        select(TenderQuery).where(TenderQuery.hospital_id == row.hospital_id, TenderQuery.tender_id == row.id)
    ).all()
    published = [query for query in queries if query.answered_at is not None]
    return Told(
        title=row.title,
        reference=row.reference,
        lot=lot.title,
        closes_at=row.closes_at,
        ended_at=_ended_at(row, lot),
        may_ask=tenders.standing(row, now=now) == TenderState.OPEN and lot.ended_at is None,
        may_withdraw=tenders.standing(row, now=now) == TenderState.OPEN
        and session.get_one(Assessment, assessment_id).stage is not Stage.CLOSED,
        published=sorted(published, key=lambda query: (query.answered_at or now, query.id)),
        mine=[query for query in queries if query.answered_at is None and query.bidder_id == bidder.id],
    )


def _ended_at(row: Tender, lot: TenderLot) -> datetime | None:
    if lot.ended_at is not None or row.state is not TenderState.CANCELLED or tenders.is_awarded(row, lot):
        return lot.ended_at
    return row.ended_at


def is_tender(session: Session, actor: Actor, assessment_id: str) -> bool:
    """Whether a round of the company belongs to a tender."""
    company_id = company_of(actor, EVERY_COMPANY_ROLE)
    assessment = session.get(Assessment, assessment_id)
    return assessment is not None and assessment.company_id == company_id and assessment.closes_at is not None


def ask(session: Session, actor: Actor, assessment_id: str, text: str, *, now: datetime) -> TenderQuery:
    """A question of the bidder; the hospital answers it to all, or not."""
    row, bidder = offers.as_bidder(session, actor, assessment_id)
    tenders.require_time(row, now=now)
    if row.state is not TenderState.OPEN or tenders.lot_of(row, bidder.lot_id).ended_at is not None:
        raise NotNow(Message(text=N_("This tender takes no questions any more.")))
    if not text.strip():
        raise BadInput({"text": Message(text=N_("Write your question."))})
    mine = select(func.count()).select_from(TenderQuery).where(TenderQuery.bidder_id == bidder.id)
    if (session.scalar(mine) or 0) >= MOST_QUERIES:
        raise NotNow(Message(text=N_("There are as many questions as can be kept.")))
    query = TenderQuery(
        hospital_id=row.hospital_id,
        tender_id=row.id,
        bidder_id=bidder.id,
        text=text.strip()[: tenders.LONGEST_TEXT],
        asked_at=now,
    )
    session.add(query)
    session.flush()
    audit.record(
        session,
        actor,
        "tender.question-asked",
        row.id,
        now=now,
        scope=tenders.scope_of(row.id),
        detail={"bidder": bidder.id},
    )
    return query


def _tell(session: Session, row: Tender, bidder: TenderBidder, *, base_url: str, now: datetime) -> None:
    def words() -> tuple[str, str]:
        return (
            i18n.gettext("News on the tender “%(title)s”", title=row.title),
            i18n.gettext("the hospital has published an answer in this tender. It stands on the page of your round."),
        )

    letters.post(session, bidder, "tender-answer", words, base_url=base_url, now=now)
