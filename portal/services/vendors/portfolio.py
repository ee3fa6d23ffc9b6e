"""All vendors of a hospital with their objects, and the history of a score; lists read `vendors.listing`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, load_only

from portal.db.models.assessments import Assessment, Stage
from portal.db.models.registers import ScoreRecord
from portal.db.models.scans import ScanRun, ScanState
from portal.db.models.vendors import IntakeRecord, Supply, Vendor
from portal.services.actors import Actor, hospital_of
from portal.services.rounds import invitations
from portal.services.vendors import vendors

EVIDENCE_SOON = timedelta(days=90)


@dataclass(frozen=True, kw_only=True)
class PortfolioRow:
    """One vendor in one line."""

    vendor: Vendor
    supplies: Sequence[Supply]
    tier: int | None
    assessment: Assessment | None  # the newest round
    score: ScoreRecord | None  # its current score
    scan: ScanRun | None  # the newest scan that went well

    @property
    def stage(self) -> Stage | None:
        """How far the newest round has come."""
        return self.assessment.stage if self.assessment else None

    def evidence_ends(self, today: date) -> Sequence[date]:
        """The last days of documents that end soon, or have ended and were not replaced."""
        stored = (self.score.evidence_ends or []) if self.score else []
        return [day for day in map(date.fromisoformat, stored) if day <= today + EVIDENCE_SOON]

    def is_overdue(self, today: date) -> bool:
        """Whether the vendor should have answered by now."""
        return self.assessment is not None and self.stage in invitations.OPEN and self.assessment.due_on < today


def rows(session: Session, actor: Actor, *, words: str = "") -> Sequence[PortfolioRow]:
    """Every vendor of the actor's hospital, or those that the words find; five queries however many there are."""
    hospital_id = hospital_of(actor)
    found = vendors.search(session, actor, words=words)
    newest: dict[str, Assessment] = {}
    for assessment in session.scalars(
        select(Assessment).where(Assessment.hospital_id == hospital_id).order_by(Assessment.round)
    ):
        newest[assessment.vendor_id] = assessment
    scores = {
        score.assessment_id: score
        for score in session.scalars(
            select(ScoreRecord).where(ScoreRecord.hospital_id == hospital_id, ScoreRecord.is_current)
        )
    }
    scans = _good_scans(session, hospital_id)
    result = []
    for vendor in found:
        supplies = [supply for supply in vendor.supplies if supply.ended_at is None]
        last = newest.get(vendor.id)
        result.append(
            PortfolioRow(
                vendor=vendor,
                supplies=supplies,
                tier=min((record.tier for supply in supplies for record in _current(supply)), default=None),
                assessment=last,
                score=scores.get(last.id) if last else None,
                scan=scans.get(vendor.id),
            )
        )
    return result


def history(session: Session, actor: Actor, assessment_id: str) -> Sequence[ScoreRecord]:
    """Every score of a round, the oldest first."""
    return session.scalars(
        select(ScoreRecord)
        .where(ScoreRecord.hospital_id == hospital_of(actor), ScoreRecord.assessment_id == assessment_id)
        .order_by(ScoreRecord.at)
    ).all()


def _current(supply: Supply) -> Sequence[IntakeRecord]:
    return supply.intakes[-1:]


def _good_scans(session: Session, hospital_id: str) -> Mapping[str, ScanRun]:
    good = session.scalars(
        select(ScanRun)
        .where(
            ScanRun.hospital_id == hospital_id,
            ScanRun.state.in_([ScanState.DONE, ScanState.PROVISIONAL]),
        )
        .options(load_only(ScanRun.hospital_id, ScanRun.vendor_id, ScanRun.finished_at, ScanRun.state))
        .order_by(ScanRun.created_at)
    )
    return {scan.vendor_id: scan for scan in good}
