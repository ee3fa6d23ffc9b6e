"""How long documents are kept, what holds them, and the proof of their deletion.

A deletion is decided in a transaction; then the file goes off the disk, and only what was seen to be gone is called so.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import delete as sql_delete
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db.models.accounts import Hospital
from portal.db.models.assessments import Assessment
from portal.db.models.disputes import Dispute, DisputeState
from portal.db.models.incidents import FlashAsked, FlashReply
from portal.db.models.plans import ActionReport
from portal.db.models.responses import AnswerEvidence, DeletionRule, Evidence, EvidenceDeletion, Response, SignOff
from portal.errors import NotFound
from portal.home import BERLIN
from portal.services import audit, jobs
from portal.services.actors import SYSTEM, Actor, company_of
from portal.services.evidence import components
from portal.services.jobs import JobKind
from questionnaires import answering

HELD_MONTHS = 36  # from the last hand-in that cites it: the interval in which operators show their measures (§ 39 BSIG)


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What a company is told of a document that was deleted."""

    id: str
    file_name: str
    kind: str
    sha256: str
    size: int
    uploaded_at: datetime
    uploaded_by: str
    rule: DeletionRule
    retain_until: date | None
    by_name: str
    decided_at: datetime
    gone_at: datetime | None
    event: str


class HeldBy(StrEnum):
    """By what a hospital was shown a document."""

    EDITION = "edition"  # a hand-in
    DISPUTE = "dispute"
    REPORT = "report"  # that an action is done
    FLASH = "flash"  # an answer to a question that was asked at once


@dataclass(frozen=True, kw_only=True)
class Hold:
    """Something for which a document has to stay, and until when."""

    by: HeldBy
    hospital: str
    at: datetime  # the last time
    until: date


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """A file that has to go off the disk."""

    company_id: str
    evidence_id: str
    blob_id: str


def held_until(session: Session, company_id: str) -> Mapping[str, date]:
    """Until when each document of a company is held: an edition, a dispute, a report on an action or an answer
    given at once cites it."""
    return {evidence_id: max(one.until for one in found) for evidence_id, found in holds(session, company_id).items()}


def holds(session: Session, company_id: str) -> Mapping[str, Sequence[Hold]]:
    """What holds each document of a company: by what it was shown, to which hospital, and until when; latest first."""
    by_edition = (
        select(SignOff, Assessment.hospital_id)
        .join(Response, Response.id == SignOff.response_id)
        .join(Assessment, Assessment.id == Response.assessment_id)
        .where(SignOff.company_id == company_id)
    )
    by_dispute = select(Dispute.evidence_id, Dispute.hospital_id, Dispute.at).where(
        Dispute.company_id == company_id, Dispute.evidence_id != "", Dispute.state != DisputeState.TAKEN_BACK
    )
    by_report = (
        select(ActionReport.evidence_id, Assessment.hospital_id, ActionReport.at)
        .join(Assessment, Assessment.id == ActionReport.assessment_id)
        .where(ActionReport.company_id == company_id, ActionReport.evidence_id != "")
    )
    by_flash = (
        select(FlashReply.evidence_id, FlashAsked.hospital_id, FlashReply.at)
        .join(FlashAsked, FlashAsked.id == FlashReply.asked_id)
        .where(FlashReply.company_id == company_id, FlashReply.evidence_id != "")
    )
    cited = [
        *(
            (HeldBy.EDITION, entry["id"], hospital_id, row.at)
            for row, hospital_id in session.execute(by_edition)
            for entry in row.manifest["evidence"]
        ),
        *(
            (by, *row)
            for by, asked in ((HeldBy.DISPUTE, by_dispute), (HeldBy.REPORT, by_report), (HeldBy.FLASH, by_flash))
            for row in session.execute(asked)
        ),
    ]
    shown = select(Hospital.id, Hospital.name).where(Hospital.id.in_({one[2] for one in cited}))
    names = {row.id: row.name for row in session.execute(shown)}
    latest: dict[tuple[str, HeldBy, str], datetime] = {}
    for by, evidence_id, hospital_id, at in cited:
        latest[evidence_id, by, hospital_id] = max(at, latest.get((evidence_id, by, hospital_id), at))
    found: dict[str, list[Hold]] = {}
    for (evidence_id, by, hospital_id), at in sorted(latest.items(), key=lambda item: item[1], reverse=True):
        until = answering.add_months(at.astimezone(BERLIN).date(), HELD_MONTHS)
        found.setdefault(evidence_id, []).append(Hold(by=by, hospital=names[hospital_id], at=at, until=until))
    return found


def handed_in(session: Session, company_id: str) -> frozenset[str]:
    """The documents of a company that an edition cites."""
    return frozenset(evidence_id for evidence_id, _at in _signed(session, company_id))


def delete(session: Session, actor: Actor, row: Evidence, rule: DeletionRule, *, now: datetime) -> None:
    """Decide that a document goes: out of every answer, off every list, and its file off the disk by a job."""
    session.execute(
        sql_delete(AnswerEvidence).where(
            AnswerEvidence.company_id == row.company_id, AnswerEvidence.evidence_id == row.id
        )
    )
    components.forget(session, row.company_id, row.id)
    if row.kind == components.KIND:
        components.ask_to_share(session, row.company_id, now=now)  # an earlier list of the same product counts again
    row.deleted_at = now
    event = audit.record(
        session,
        actor,
        "evidence.deleted",
        row.id,
        now=now,
        scope=audit.company_scope(row.company_id),
        detail={"sha256": row.sha256, "rule": rule.value},
    )
    session.add(
        EvidenceDeletion(
            company_id=row.company_id,
            evidence_id=row.id,
            rule=rule,
            retain_until=row.retain_until if rule is DeletionRule.RETENTION else None,
            by_name="" if actor is SYSTEM else actor.name[:200],
            decided_at=now,
            event=event.hash,
        )
    )
    session.flush()
    jobs.add(session, JobKind.SHRED, {}, now=now, dedupe_key="shred")


def delete_due(session: Session, *, now: datetime) -> int:
    """Every night: decide for what has passed its retention date and is not held; returns how many."""
    today = now.astimezone(BERLIN).date()
    due = session.scalars(
        select(Evidence)
        .where(Evidence.deleted_at.is_(None), Evidence.retain_until < today)
        .order_by(Evidence.company_id, Evidence.id)
    ).all()
    held: dict[str, Mapping[str, date]] = {}
    count = 0
    for row in due:
        if row.company_id not in held:
            held[row.company_id] = held_until(session, row.company_id)
        until = held[row.company_id].get(row.id)
        if until is not None and until >= today:
            continue
        delete(session, SYSTEM, row, DeletionRule.RETENTION, now=now)
        count += 1
    if leaving(session):  # also what could not be taken off the disk earlier
        jobs.add(session, JobKind.SHRED, {}, now=now, dedupe_key="shred")
    return count


def leaving(session: Session) -> Sequence[Leaving]:
    """The files whose deletion was decided and that nobody has seen gone yet."""
    rows = session.execute(
        select(EvidenceDeletion.company_id, EvidenceDeletion.evidence_id, Evidence.blob_id)
        .join(Evidence, Evidence.id == EvidenceDeletion.evidence_id)
        .where(EvidenceDeletion.gone_at.is_(None))
        .order_by(EvidenceDeletion.decided_at)
    )
    return [Leaving(company_id=row[0], evidence_id=row[1], blob_id=row[2]) for row in rows]


def note_gone(session: Session, gone: Sequence[Leaving], *, now: datetime) -> None:
    """Write down that these files are off the disk."""
    for one in gone:
        row = session.scalars(select(EvidenceDeletion).where(EvidenceDeletion.evidence_id == one.evidence_id)).one()
        if row.gone_at is None:
            row.gone_at = now
            scope = audit.company_scope(row.company_id)
            audit.record(session, SYSTEM, "evidence.gone", row.evidence_id, now=now, scope=scope)


def proofs(session: Session, actor: Actor) -> Sequence[Proof]:
    """Every deletion of the company, the newest first."""
    company_id = company_of(actor)
    rows = session.execute(
        select(EvidenceDeletion, Evidence)
        .join(Evidence, Evidence.id == EvidenceDeletion.evidence_id)
        .where(EvidenceDeletion.company_id == company_id)
        .order_by(EvidenceDeletion.decided_at.desc(), EvidenceDeletion.id)
    )
    return [_proof(row, document) for row, document in rows]


def proof(session: Session, actor: Actor, deletion_id: str) -> Proof:
    """One of them."""
    for one in proofs(session, actor):
        if one.id == deletion_id:
            return one
    raise NotFound


def _proof(row: EvidenceDeletion, document: Evidence) -> Proof:
    return Proof(
        id=row.id,
        file_name=document.file_name,
        kind=document.kind,
        sha256=document.sha256,
        size=document.size,
        uploaded_at=document.uploaded_at,
        uploaded_by=document.uploaded_by,
        rule=row.rule,
        retain_until=row.retain_until,
        by_name=row.by_name,
        decided_at=row.decided_at,
        gone_at=row.gone_at,
        event=row.event,
    )


def _signed(session: Session, company_id: str) -> Iterator[tuple[str, datetime]]:
    for manifest, at in session.execute(select(SignOff.manifest, SignOff.at).where(SignOff.company_id == company_id)):
        yield from ((entry["id"], at) for entry in manifest["evidence"])
