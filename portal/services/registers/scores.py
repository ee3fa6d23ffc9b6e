"""Scores and risks as rows: written when an input changes, read by every list."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from assessments import evidence_rules, register, residual
from assessments.model import Assessed, Policy, Risk, Words, say
from portal import i18n
from portal.db.models.accounts import Hospital
from portal.db.models.assessments import Assessment, Stage
from portal.db.models.registers import RiskRecord, ScoreRecord
from portal.services.registers import dossiers, movements, policies, stored
from scanners.model import Severity

UNRATED = "unrated"  # no intake yet, so no level
COMPARED = (
    *("value", "grade", "coverage", "outside_value", "outside_grade", "outside_coverage", "tier", "impact"),
    *("likelihood", "residual", "parts", "contradictions", "open_findings"),
    *("policy_version", "catalogue_version", "checks_version"),
)


def refresh(session: Session, hospital_id: str, assessment_id: str, *, now: datetime) -> ScoreRecord | None:
    """Work a round out anew; nothing is written when nothing moved. None: the round is a draft, gone, or of a bidder
    whose tender has ended: what is forgotten of it does not come back."""
    assessment = find(session, hospital_id, assessment_id)
    if assessment is None or assessment.stage is Stage.DRAFT:
        return None
    # What is asked for while this is worked out is another job: of the two one goes first, or both would count.
    session.refresh(assessment, with_for_update={"key_share": True})
    by = policies.of(session, hospital_id)
    assessed = register.assess(dossiers.build(session, hospital_id, assessment_id, now=now), by)
    is_newest = _is_newest(session, assessment)
    if is_newest:
        _keep_risks(session, assessment, assessed.risks, by, now=now)
        stored.keep(session, hospital_id, assessment.vendor_id, assessed, by)
    fresh = _record(assessment, assessed, now=now)
    standing = current(session, hospital_id, assessment_id)
    if standing is not None and all(getattr(standing, name) == getattr(fresh, name) for name in COMPARED):
        standing.evidence_ends = fresh.evidence_ends  # a list's fact, no part of the score
        if is_newest:
            movements.keep(session, assessment, assessed.dossier, None, now=now)
        return standing
    session.execute(
        update(ScoreRecord)
        .where(
            ScoreRecord.hospital_id == hospital_id,
            ScoreRecord.assessment_id == assessment_id,
            ScoreRecord.is_current,
        )
        .values(is_current=False)
    )
    session.add(fresh)
    if is_newest:
        movements.keep(session, assessment, assessed.dossier, fresh, now=now)
    return fresh


def find(session: Session, hospital_id: str, assessment_id: str) -> Assessment | None:
    """The round that a job is about; None: it is gone, or that of a bidder whose tender has ended."""
    assessment = session.get(Assessment, assessment_id)
    if assessment is None or assessment.hospital_id != hospital_id:
        return None
    house = session.get_one(Hospital, hospital_id)
    return None if house.is_for_bidder and house.ended_at is not None else assessment


def current(session: Session, hospital_id: str, assessment_id: str) -> ScoreRecord | None:
    """The score that counts now."""
    return session.scalars(
        select(ScoreRecord).where(
            ScoreRecord.hospital_id == hospital_id,
            ScoreRecord.assessment_id == assessment_id,
            ScoreRecord.is_current,
        )
    ).first()


def _is_newest(session: Session, assessment: Assessment) -> bool:
    """Only the newest round speaks for the vendor's risks."""
    later = select(Assessment.id).where(
        Assessment.hospital_id == assessment.hospital_id,
        Assessment.vendor_id == assessment.vendor_id,
        Assessment.round > assessment.round,
        Assessment.stage != Stage.DRAFT,
    )
    return session.scalars(later.limit(1)).first() is None


def _record(assessment: Assessment, assessed: Assessed, *, now: datetime) -> ScoreRecord:
    score, remains, row = assessed.score, assessed.residual, register.vendor_row(assessed)
    return ScoreRecord(
        hospital_id=assessment.hospital_id,
        assessment_id=assessment.id,
        at=now,
        value=_number(score.value),
        grade=score.grade.value if score.grade else None,
        coverage=float(score.coverage),
        outside_value=_number(score.outside.value),
        outside_grade=score.outside.grade.value if score.outside.grade else None,
        outside_coverage=float(score.outside.coverage),
        tier=assessed.dossier.tier,
        impact=remains.impact,
        likelihood=remains.likelihood.value,
        residual=remains.level.value if remains.level else None,
        parts={
            part.part: {
                "value": _number(part.value),
                "level": part.level,
                "coverage": float(part.coverage),
                "basis": part.basis.value,
                "applicable": part.applicable,
            }
            for part in score.parts
        },
        contradictions=row.open_contradictions,
        evidence_ends=[day.isoformat() for day in evidence_rules.last_days(assessed.evidence)],
        open_findings={severity.value: row.open_findings.get(severity, 0) for severity in Severity},
        policy_version=score.policy_version,
        catalogue_version=score.catalogue_version,
        checks_version=score.checks_version,
        is_current=True,
    )


def _keep_risks(
    session: Session, assessment: Assessment, derived: tuple[Risk, ...], by: Policy, *, now: datetime
) -> None:
    """Risks keep their row, and with it what people decided about them, as long as their cause keeps its key."""
    rows = session.scalars(
        select(RiskRecord).where(
            RiskRecord.hospital_id == assessment.hospital_id, RiskRecord.vendor_id == assessment.vendor_id
        )
    ).all()
    known = {row.key: row for row in rows}
    for risk in derived:
        row = known.pop(risk.key, None)
        if row is None:
            row = RiskRecord(
                hospital_id=assessment.hospital_id,
                vendor_id=assessment.vendor_id,
                key=risk.key,
                first_derived_at=now,
            )
            session.add(row)
        document = document_of(risk, by)
        if row.document != document or row.gone_at is not None or row.derived_at is None:
            row.document, row.derived_at = document, now
        row.likelihood, row.impact = risk.likelihood.value, risk.impact or 0
        row.residual = risk.level.value if risk.level else UNRATED
        row.source = risk.source.value
        row.gone_at = None
    for row in known.values():
        row.gone_at = row.gone_at or now


def document_of(risk: Risk, by: Policy) -> dict[str, Any]:
    """A derived risk for lists: every sentence in both languages."""
    return {
        "key": risk.key,
        "source": risk.source.value,
        "source_keys": list(risk.source_keys),
        "title": _both(risk.title),
        "scenario": _both(risk.scenario),
        "advice": _both(risk.advice) if risk.advice else None,
        "likelihood_reason": _both(risk.likelihood.reason),
        "cautious": risk.likelihood.cautious,
        "part": risk.part,
        "measures": list(risk.refs.measures),
        "concerns": [concern.value for concern in risk.concerns],
        "severity": risk.severity.value,
        "patient_safety": risk.patient_safety,
        "inherent": level.value if (level := residual.inherent(risk, by)) else None,
        "waived_until": risk.accepted_until.isoformat() if risk.accepted_until else None,
        "supplies": list(risk.supplies),
        "since": risk.since.isoformat() if risk.since else None,
    }


def _both(words: Words) -> Mapping[str, str]:
    return {name: say(words, language=name, translate=i18n.translator(name)) for name in i18n.LANGUAGES}


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
