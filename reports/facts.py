"""Facts as plain JSON data: what page, PDF and workbook say of one vendor or of a register, for other programs.

Every sentence stands in both languages; numbers, ids and words of closed sets are those of assessments.model.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from assessments.model import (
    ActionFact,
    AnswerRow,
    Assessed,
    Cap,
    Contradiction,
    DecisionFact,
    EvidenceStatus,
    FindingRow,
    IncidentFact,
    Line,
    NotExaminedRow,
    PartScore,
    Register,
    Risk,
    Score,
    Supply,
    Treated,
    VendorRow,
    WaiverFact,
    Words,
)
from questionnaires import answering
from questionnaires.model import AnswerValue
from reports.reader import Reader
from scanners import storing
from scanners.model import Finding, Refs

VERSION = 2  # since 2: decisions and incidents of a register, waivers and statement of a vendor
REGISTER_FORMAT, VENDOR_FORMAT = "kettenblick-register", "kettenblick-vendor"

Readers = Sequence[Reader]  # one for each language


def vendor(
    assessed: Assessed, readers: Readers, *, now: datetime, actions: Iterable[ActionFact] = ()
) -> dict[str, Any]:
    """All that is known of one vendor."""
    dossier = assessed.dossier
    return {
        "format": VENDOR_FORMAT,
        "version": VERSION,
        "made_at": _moment(now),
        "facts_of": _moment(dossier.at),
        "hospital": dossier.hospital,
        "vendor": {"key": dossier.vendor_key, "name": dossier.vendor_name, "company": dossier.company_name},
        "supplies": [supply(one) for one in dossier.supplies],
        "hosts": [
            {"name": one.name, "role": one.role.value, "supplies": sorted(one.supplies)} for one in dossier.hosts
        ],
        "deadline": _moment(dossier.deadline),
        "submitted_at": _moment(dossier.submitted_at),
        "statement": dossier.vendor_statement,
        "scan": {"state": dossier.scan_state.value, "at": _moment(dossier.scanned_at)},
        "score": score(assessed.score, readers),
        "residual": residual(assessed, readers),
        "risks": [risk(one, readers) for one in assessed.risks],
        "findings": [finding(one, readers) for one in assessed.findings],
        "answers": [answer(one) for one in assessed.answers],
        "contradictions": [contradiction(one, readers) for one in assessed.contradictions],
        "evidence": [evidence(one) for one in assessed.evidence],
        "actions": [action(one, readers) for one in actions],
        "waivers": [waiver(one) for one in dossier.waivers],
        "not_examined": [not_examined(one, readers) for one in assessed.not_examined],
    }


def register(found: Register, readers: Readers, *, now: datetime) -> dict[str, Any]:
    """The whole register."""
    return {
        "format": REGISTER_FORMAT,
        "version": VERSION,
        "made_at": _moment(now),
        "facts_of": _moment(found.at),
        "hospital": found.hospital,
        "policy": found.policy_version,
        "catalogues": list(found.catalogue_versions),
        "checks": list(found.checks_versions),
        "vendors": [vendor_row(one, readers) for one in found.vendors],
        "risks": [{**risk(one, readers), "treatment": treated(found.treated(one))} for one in found.risks],
        "findings": [finding(one, readers) for one in found.findings],
        "answers": [answer(one) for one in found.answers],
        "contradictions": [{"vendor": key, **contradiction(one, readers)} for key, one in found.contradictions],
        "evidence": [{"vendor": key, **evidence(one)} for key, one in found.evidence],
        "actions": [action(one, readers) for one in found.actions],
        "decisions": [decision(one, readers) for one in found.decisions],
        "incidents": [incident(one, readers) for one in found.incidents],
        "not_examined": [not_examined(one, readers) for one in found.not_examined],
        "heat": [
            {"impact": impact, "likelihood": likelihood, "vendors": count}
            for (impact, likelihood), count in sorted(found.heat.items())
        ],
    }


# ---- one of each kind


def vendor_row(row: VendorRow, readers: Readers) -> dict[str, Any]:
    """One vendor in one row."""
    return {
        "key": row.key,
        "name": row.name,
        "stage": both(row.status, readers),
        "tier": row.tier,
        "impact": row.impact,
        "patient_safety": row.patient_safety,
        "supplies": [supply(one) for one in row.supplies],
        "question_set": row.question_set.value,
        "value": _number(row.score.value),
        "grade": row.score.grade,
        "why_no_grade": row.score.why_no_grade,
        "coverage": _number(row.score.coverage),
        "outside": {
            "value": _number(row.score.outside.value),
            "grade": row.score.outside.grade,
            "coverage": _number(row.score.outside.coverage),
        },
        "parts": [part(one) for one in row.score.parts],
        "residual": {
            "level": row.residual.level,
            "likelihood": row.residual.likelihood.value,
            "cautious": row.residual.likelihood.cautious,
        },
        "scan": {"state": row.scan_state.value, "at": _moment(row.scanned_at)},
        "submitted_at": _moment(row.submitted_at),
        "statement": row.statement,
        "deadline": _moment(row.deadline),
        "open_findings": {severity.value: count for severity, count in sorted(row.open_findings.items())},
        "open_contradictions": row.open_contradictions,
        "knock_outs": list(row.knock_outs),
        "evidence": {"expired": row.evidence_expired, "expiring": row.evidence_expiring},
        "questions": {"asked": row.questions_asked, "answered": row.questions_answered},
        "versions": {
            "policy": row.score.policy_version,
            "catalogue": row.score.catalogue_version,
            "checks": row.score.checks_version,
        },
    }


def supply(one: Supply) -> dict[str, Any]:
    """A product or service."""
    return {
        "key": one.key,
        "name": one.name,
        "tier": one.tier,
        "tier_reason": one.tier_reason,
        "impact": one.impact,
        "patient_safety": one.patient_safety,
    }


def score(found: Score, readers: Readers) -> dict[str, Any]:
    """The judgement with every line; 100 minus the sum of their points is the value."""
    return {
        **figures(found),
        "lines": [line(one, readers) for one in found.lines],
        "caps": [cap(one, readers) for one in found.caps],
    }


def figures(found: Score) -> dict[str, Any]:
    """What a score comes to, without a sentence: this is what two programs must agree on."""
    return {
        "at": _moment(found.at),
        "value": _number(found.value),
        "grade": found.grade,
        "why_no_grade": found.why_no_grade,
        "coverage": _number(found.coverage),
        "parts": [part(one) for one in found.parts],
        "points": {one.key: str(one.points) for one in found.lines},
        "outside": {
            "value": _number(found.outside.value),
            "grade": found.outside.grade,
            "why_no_grade": found.outside.why_no_grade,
            "coverage": _number(found.outside.coverage),
            "categories": {
                one.category: {"value": _number(one.value), "grade": one.grade, "coverage": _number(one.coverage)}
                for one in found.outside.categories
            },
        },
        "silent": found.silent,
        "documents_only": found.documents_only,
        "versions": {
            "policy": found.policy_version,
            "catalogue": found.catalogue_version,
            "checks": found.checks_version,
        },
    }


def part(one: PartScore) -> dict[str, Any]:
    """A measure or module."""
    return {
        "part": one.part,
        "applicable": one.applicable,
        "value": _number(one.value),
        "level": one.level,
        "coverage": _number(one.coverage),
        "basis": one.basis.value,
        "unanswered": one.unanswered,
    }


def line(one: Line, readers: Readers) -> dict[str, Any]:
    """A line of the score."""
    return {
        "key": one.key,
        "source": one.source.value,
        "part": one.part,
        "points": _number(one.points),
        "weight": one.weight,
        "share": one.share,
        "title": both(one.title, readers),
        "reason": both(one.reason, readers),
        "question": one.question_id,
        "check": one.check_id,
        "subject": one.subject.name if one.subject else None,
        "supply": one.supply,
        "assurance": one.assurance,
        "unanswered": one.unanswered,
        "contradicted": one.contradicted,
    }


def cap(one: Cap, readers: Readers) -> dict[str, Any]:
    """A cap that holds."""
    return {
        "kind": one.kind.value,
        "limit": one.limit,
        "applied": one.applied,
        "reason": both(one.reason, readers),
        "keys": list(one.keys),
    }


def residual(assessed: Assessed, readers: Readers) -> dict[str, Any]:
    """Impact and likelihood through the policy's matrix."""
    found = assessed.residual
    return {
        "impact": found.impact,
        "patient_safety": found.patient_safety,
        "likelihood": found.likelihood.value,
        "cautious": found.likelihood.cautious,
        "reason": both(found.likelihood.reason, readers),
        "level": found.level,
    }


def risk(one: Risk, readers: Readers) -> dict[str, Any]:
    """A derived risk."""
    return {
        "key": one.key,
        "vendor": one.vendor_key,
        "source": one.source.value,
        "source_keys": list(one.source_keys),
        "title": both(one.title, readers),
        "scenario": both(one.scenario, readers),
        "advice": both(one.advice, readers),
        "part": one.part,
        "refs": refs(one.refs),
        "concerns": [concern.value for concern in one.concerns],
        "severity": one.severity.value,
        "likelihood": one.likelihood.value,
        "cautious": one.likelihood.cautious,
        "impact": one.impact,
        "patient_safety": one.patient_safety,
        "level": one.level,
        "supplies": list(one.supplies),
        "since": _moment(one.since),
    }


def treated(one: Treated | None) -> dict[str, Any] | None:
    """What people wrote about a risk."""
    return None if one is None else dict(storing.encode(one))


def finding(row: FindingRow, readers: Readers) -> dict[str, Any]:
    """A finding with its check and what both sides say of it."""
    fact, seen = row.fact, row.fact.finding
    return {
        "key": row.key,
        "vendor": row.vendor_key,
        "check": seen.check_id,
        "title": both_of(row.check.title, readers) if row.check else None,
        "subject": seen.subject.name,
        "subject_kind": seen.subject.kind.value,
        "address": seen.address,
        "outcome": seen.outcome.value,
        "severity": seen.severity.value,
        "provisional": seen.provisional,
        "fact": both(seen.fact, readers),
        "reason": seen.reason,
        "seen_at": _moment(seen.at),
        "first_seen": _moment(fact.first_seen),
        "confirmed": _moment(fact.confirmed),
        "standing": fact.standing.value,
        "statement": fact.statement,
        "answer": fact.answer,
        "role": row.role,
        "supplies": list(row.supplies),
        "risk": row.risk_key,
        "refs": refs(row.check.refs) if row.check else None,
        "fix": both_of(row.check.fix, readers) if row.check and _is_lacking(seen) else None,
    }


def _is_lacking(seen: Finding) -> bool:
    return seen.outcome in {"fail", "warn"}


def refs(one: Refs) -> dict[str, Any]:
    """The anchors, as indicators."""
    return {
        "bsig_30_2": list(one.measures),
        "nis2_21_2": list(one.nis2),
        "iso27001": list(one.iso27001),
        "mdr": list(one.mdr),
        "gdpr": list(one.gdpr),
        "owasp": [found for found in (one.owasp2021, one.owasp2025) if found],
        "sources": list(one.sources),
    }


def answer(row: AnswerRow) -> dict[str, Any]:
    """A question with its answer as it was signed off, and what it counts for."""
    question = row.question
    return {
        "key": row.key,
        "vendor": row.vendor_key,
        "question": question.id,
        "text": {"de": question.text.de, "en": question.text.en},
        "supply": row.supply,
        "part": row.part,
        "value": answering.dump(row.value) if row.value else None,
        "words": _answer_words(row) if row.value else None,
        "comment": row.value.comment if row.value else "",
        "answered_at": _moment(row.answered_at),
        "assurance": row.assurance,
        "recorded": (
            {
                "by": row.recorded.by,
                "source": row.recorded.source,
                "place": row.recorded.place,
                "sha256": row.recorded.sha256,
            }
            if row.recorded
            else None
        ),
        "share": row.share,
        "standing": row.standing.value,
        "unanswered_after_deadline": row.unanswered_after_deadline,
        "knock_out": question.knock_out,
        "knock_out_failed": row.knock_out_failed,
        "contradictions": list(row.contradictions),
        "red_flags": [
            {"severity": flag.severity.value, "reason": {"de": flag.reason.de, "en": flag.reason.en}}
            for flag in row.red_flags
        ],
    }


def _answer_words(row: AnswerRow) -> dict[str, str]:
    value: AnswerValue | None = row.value
    assert value is not None
    return {language: answering.show(row.question.shape, value, language=language) for language in ("de", "en")}


def contradiction(one: Contradiction, readers: Readers) -> dict[str, Any]:
    """An answer and an observation that do not fit."""
    return {
        "key": one.key,
        "question": one.question.id,
        "check": one.check_id,
        "subject": one.subject.name,
        "supply": one.supply,
        "answer": answering.dump(one.answer),
        "answered_at": _moment(one.answered_at),
        "observation": both(one.observation, readers),
        "observed_at": _moment(one.observed_at),
        "settled": one.settled,
        "knock_out": one.knock_out,
    }


def evidence(one: EvidenceStatus) -> dict[str, Any]:
    """A document, or the lack of one."""
    return {
        "key": one.key,
        "standing": one.standing.value,
        "type": one.type,
        "type_text": {"de": one.type_text.de, "en": one.type_text.en},
        "name": one.name,
        "sent_as": one.sent_as,
        "sha256": one.sha256,
        "questions": list(one.question_ids),
        "supply": one.supply,
        "issued_on": _day(one.issued_on),
        "valid_until": _day(one.valid_until),
    }


def action(one: ActionFact, readers: Readers) -> dict[str, Any]:
    """Something to be mended until a day."""
    return {
        "key": one.key,
        "vendor": one.vendor_key,
        **{name: both(getattr(one, name), readers) for name in ("title", "advice", "proof", "source", "standing")},
        "overdue": one.overdue,
        "severity": one.severity,
        "part": one.part,
        "places": list(one.places),
        "owner": one.owner,
        "due_on": _day(one.due_on),
        "set_at": _moment(one.set_at),
        "set_by": one.set_by,
        "reported_at": _moment(one.reported_at),
        "report": one.report,
        "remark": one.remark,
    }


def decision(one: DecisionFact, readers: Readers) -> dict[str, Any]:
    """A word of the hospital that holds; vendor "": on the hospital as a whole."""
    return {
        "key": one.key,
        "vendor": one.vendor_key,
        **{name: both(getattr(one, name), readers) for name in ("kind", "about", "outcome", "votes")},
        "reason": one.reason,
        "until": _day(one.until),
        "by": one.by,
        "at": _moment(one.at),
        "conditions": [both(words, readers) for words in one.conditions],
        "reopened": [both(words, readers) for words in one.reopened],
    }


def incident(one: IncidentFact, readers: Readers) -> dict[str, Any]:
    """An incident that a vendor reported, or its answer to a question of the moment."""
    return {
        "key": one.key,
        "vendor": one.vendor_key,
        **{name: both(getattr(one, name), readers) for name in ("kind", "standing", "last")},
        "title": one.title,
        "about": one.about,
        "text": one.text,
        "begun_at": _moment(one.begun_at),
        "last_at": _moment(one.last_at),
        "by": one.by,
        "confirmed_by": one.confirmed_by,
        "confirmed_at": _moment(one.confirmed_at),
        "due_at": _moment(one.due_at),
        "overdue": one.overdue,
    }


def waiver(one: WaiverFact) -> dict[str, Any]:
    """What the hospital accepts until a day."""
    return {
        "title": {"de": one.title.de, "en": one.title.en},
        "place": one.place,
        "reason": one.reason,
        "by": one.by,
        "at": _moment(one.at),
        "until": _day(one.until),
    }


def not_examined(one: NotExaminedRow, readers: Readers) -> dict[str, Any]:
    """What was not looked at, and why."""
    return {
        "key": one.key,
        "vendor": one.vendor_key,
        "subject": one.subject,
        "part": one.part,
        "what": both(one.what, readers),
        "reason": both(one.reason, readers),
    }


# ---- words and figures


def both(words: Words | None, readers: Readers) -> dict[str, str] | None:
    """Words in every language."""
    return None if words is None else {reader.language: reader.say(words) for reader in readers}


def both_of(msgid: str, readers: Readers) -> dict[str, str]:
    """A marked sentence in every language."""
    return {reader.language: reader.text(msgid) for reader in readers}


def _moment(at: datetime | None) -> str | None:
    return None if at is None else str(storing.encode(at))


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
