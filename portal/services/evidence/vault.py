"""The documents of a company as a whole, whatever round runs: where each was shown, what holds it, what replaces it.

Within a round they are reached by evidence.py, by whoever answers there; the vault is for those who lead the company.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assessments import evidence_kinds, evidence_rules, policy
from assessments.model import EvidenceFact
from portal.db.models.accounts import Hospital
from portal.db.models.assessments import Assessment, Stage
from portal.db.models.responses import AnswerEvidence, DeletionRule, Evidence, EvidenceOpening, Response
from portal.errors import NotFound, NotNow
from portal.home import BERLIN
from portal.services import audit
from portal.services.actors import Actor, company_of
from portal.services.answers import responses
from portal.services.evidence import evidence, evidence_ends, retention
from portal.services.evidence.evidence import Document, DocumentFields, Opened, Stored
from portal.services.evidence.retention import HeldBy, Hold
from portal.services.rounds.rounds import Key
from questionnaires.model import Text
from scanners.model import N_, Message


@dataclass(frozen=True, kw_only=True)
class Beside:
    """A round that is not over and the answers of it beside which a document lies."""

    assessment_id: str
    hospital: str
    keys: tuple[Key, ...]
    is_open: bool  # the company may still take it away there


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A document of the company, and all that is known of it."""

    document: Document
    holds: tuple[Hold, ...]  # of every hospital that was shown it, also those whose time has passed
    held_until: date | None  # None: nothing holds it today
    beside: tuple[Beside, ...]
    openings: int
    last_opened_at: datetime | None

    @property
    def handed_in(self) -> Sequence[Hold]:
        """The hospitals to which it was handed in with a round."""
        return [one for one in self.holds if one.by is HeldBy.EDITION]

    @property
    def may_be_deleted(self) -> bool:
        """Whether nothing holds it and no answer of a round that runs rests on it."""
        return self.held_until is None and not self.beside


@dataclass(frozen=True, kw_only=True)
class Replaced:
    """A newer document, and the blob of the older one that is to leave the disk after the commit."""

    newer: Evidence
    gone: str  # "": it is held and stays


# ---- reading


def of_company(session: Session, actor: Actor, *, now: datetime) -> Sequence[Kept]:
    """Every document of the company, the newest first."""
    company_id = company_of(actor)
    rows = session.scalars(
        select(Evidence)
        .where(Evidence.company_id == company_id, Evidence.deleted_at.is_(None))
        .order_by(Evidence.uploaded_at.desc(), Evidence.id)
    ).all()
    held = retention.holds(session, company_id)
    beside = _beside(session, company_id)
    opened = _opened(session, company_id)
    facts = [evidence_ends.fact_of(row) for row in rows]
    kinds = {name: kind.text for name, kind in evidence_kinds.shipped().items()}
    return [
        _kept(
            _judged(row, kinds.get(row.kind, Text(de=row.kind, en=row.kind)), facts, now=now),
            held.get(row.id, ()),
            beside.get(row.id, ()),
            opened.get(row.id, (0, None)),
            today=now.astimezone(BERLIN).date(),
        )
        for row in rows
    ]


def find(session: Session, actor: Actor, evidence_id: str, *, now: datetime) -> Kept:
    """One of them."""
    for one in of_company(session, actor, now=now):
        if one.document.id == evidence_id:
            return one
    raise NotFound


def openings(session: Session, actor: Actor, evidence_id: str) -> Sequence[EvidenceOpening]:
    """Who opened it, the newest first."""
    row = _row(session, actor, evidence_id)
    return session.scalars(
        select(EvidenceOpening)
        .where(EvidenceOpening.company_id == row.company_id, EvidenceOpening.evidence_id == row.id)
        .order_by(EvidenceOpening.at.desc())
    ).all()


def open_own(session: Session, actor: Actor, evidence_id: str) -> Opened:
    """The owner's own copy."""
    return evidence.opened(_row(session, actor, evidence_id))


# ---- changing


def add(session: Session, actor: Actor, fields: DocumentFields, stored: Stored, *, now: datetime) -> Evidence:
    """Write down a document that lies on the disk, beside no answer yet."""
    company_of(actor)
    evidence.check(fields, evidence_kinds.shipped(), media_type=stored.media_type, now=now)
    return evidence.write_down(session, actor, fields, stored, now=now)


def put_in_place(
    session: Session, actor: Actor, evidence_id: str, fields: DocumentFields, stored: Stored, *, now: datetime
) -> Replaced:
    """A newer document takes the place of one beside every answer that is open; the old one goes where nothing
    holds it, and stays with what was handed in where something does.
    """
    found = find(session, actor, evidence_id, now=now)
    newer = add(session, actor, fields, stored, now=now)
    for round_of_it in found.beside:
        if not round_of_it.is_open:
            continue
        assessment = session.get_one(Assessment, round_of_it.assessment_id)
        remarks = responses.returned(session, assessment)
        for key in round_of_it.keys:
            if responses.is_open(assessment, remarks, key):
                evidence.attach(session, actor, assessment.id, newer.id, key, now=now)
                evidence.detach(session, actor, assessment.id, evidence_id, key, now=now)
    session.flush()
    audit.record(session, actor, "evidence.replaced", newer.id, now=now, detail={"replaces": evidence_id})
    may_go = find(session, actor, evidence_id, now=now).may_be_deleted
    return Replaced(newer=newer, gone=remove(session, actor, evidence_id, now=now) if may_go else "")


def remove(session: Session, actor: Actor, evidence_id: str, *, now: datetime) -> str:
    """Delete a document that nothing holds; returns the blob to take off the disk after the commit."""
    row = _row(session, actor, evidence_id)
    session.refresh(row, with_for_update=True)  # somebody may lay it beside an answer at this moment
    if row.deleted_at is not None:
        raise NotFound
    found = find(session, actor, evidence_id, now=now)
    if found.held_until is not None:
        raise NotNow(Message(text=N_("This document was shown to a hospital and is held; the day stands beside it.")))
    if found.beside:
        sentence = N_("This document lies beside answers of a round. Take it away from them first, or replace it.")
        raise NotNow(Message(text=sentence))
    retention.delete(session, actor, row, DeletionRule.BY_HAND, now=now)
    return row.blob_id


def set_keeping(
    session: Session, actor: Actor, evidence_id: str, *, is_view_only: bool, retain_until: date | None, now: datetime
) -> None:
    """How long a document is kept and whether it may leave."""
    row = _row(session, actor, evidence_id)
    evidence.keep_as(session, actor, row, is_view_only=is_view_only, retain_until=retain_until, now=now)


# ---- inside


def _row(session: Session, actor: Actor, evidence_id: str) -> Evidence:
    company_id = company_of(actor)
    row = session.get(Evidence, evidence_id)
    if row is None or row.company_id != company_id or row.deleted_at is not None:
        raise NotFound
    return row


def _kept(
    document: Document,
    holds: Sequence[Hold],
    beside: Sequence[Beside],
    opened: tuple[int, datetime | None],
    *,
    today: date,
) -> Kept:
    until = max((one.until for one in holds), default=None)
    return Kept(
        document=document,
        holds=tuple(holds),
        held_until=until if until is not None and until >= today else None,
        beside=tuple(beside),
        openings=opened[0],
        last_opened_at=opened[1],
    )


def _judged(row: Evidence, kind: Text, facts: Sequence[EvidenceFact], *, now: datetime) -> Document:
    """By its own dates and kind, whatever answers it lies beside."""
    known = evidence_kinds.shipped().get(row.kind)
    fact = evidence_ends.fact_of(row)
    verdict = evidence_rules.judge(
        fact,
        evidence_rules.wanted_of(known) if known is not None else None,
        today=now.astimezone(BERLIN).date(),
        warning_days=policy.current().evidence_warning_days,
        newer=evidence_kinds.newer_release(fact, facts),
    )
    plain = evidence.described(row, kind, (), None)
    return replace(
        plain, standing=verdict.standing, reason=verdict.reason, good_until=verdict.until or plain.good_until
    )


def _beside(session: Session, company_id: str) -> Mapping[str, Sequence[Beside]]:
    rows = session.execute(
        select(AnswerEvidence.evidence_id, AnswerEvidence.question_id, AnswerEvidence.supply_id, Assessment, Hospital)
        .join(Response, Response.id == AnswerEvidence.response_id)
        .join(Assessment, Assessment.id == Response.assessment_id)
        .join(Hospital, Hospital.id == Assessment.hospital_id)
        .where(
            AnswerEvidence.company_id == company_id,
            Assessment.company_id == company_id,
            Assessment.stage != Stage.CLOSED,
        )
        .order_by(Assessment.due_on, Assessment.id, AnswerEvidence.question_id, AnswerEvidence.supply_id)
    )
    places: dict[tuple[str, str], list[Key]] = {}
    rounds: dict[str, tuple[Assessment, str]] = {}
    for evidence_id, question_id, supply_id, assessment, its_hospital in rows:
        places.setdefault((evidence_id, assessment.id), []).append((question_id, supply_id))
        rounds[assessment.id] = assessment, its_hospital.name
    found: dict[str, list[Beside]] = {}
    for (evidence_id, assessment_id), keys in places.items():
        assessment, hospital = rounds[assessment_id]
        found.setdefault(evidence_id, []).append(
            Beside(
                assessment_id=assessment_id,
                hospital=hospital,
                keys=tuple(keys),
                is_open=assessment.stage in responses.WRITABLE or assessment.stage is Stage.RETURNED,
            )
        )
    return found


def _opened(session: Session, company_id: str) -> Mapping[str, tuple[int, datetime | None]]:
    rows = session.execute(
        select(EvidenceOpening.evidence_id, func.count(), func.max(EvidenceOpening.at))
        .where(EvidenceOpening.company_id == company_id)
        .group_by(EvidenceOpening.evidence_id)
    )
    return {evidence_id: (count, last) for evidence_id, count, last in rows}
