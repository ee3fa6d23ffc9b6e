"""A vendor and a risk as a snapshot holds them, in the one canonical form: the same content is the same bytes."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from assessments import ordering, residual
from assessments.model import Policy, Risk, RiskSource, Treated, VendorRow, Words, say
from portal import i18n
from scanners import storing


def canonical(document: Any) -> bytes:
    """The same content is the same bytes."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def vendor_out(row: VendorRow) -> dict[str, Any]:
    """What follows from the facts of one vendor; what is recorded beside its assessment is not in it."""
    score = row.score
    return {
        "key": row.key,
        "name": row.name,
        "supplies": [{"key": supply.key, "name": supply.name, "tier": supply.tier} for supply in row.supplies],
        "tier": row.tier,
        "impact": row.impact,
        "patient_safety": row.patient_safety,
        "value": text(score.value),
        "grade": score.grade.value if score.grade else None,
        "why_no_grade": score.why_no_grade.value if score.why_no_grade else None,
        "coverage": str(score.coverage),
        "outside_value": text(score.outside.value),
        "outside_grade": score.outside.grade.value if score.outside.grade else None,
        "likelihood": row.residual.likelihood.value,
        "level": row.residual.level.value if row.residual.level else None,
        "parts": {
            part.part: {"value": text(part.value), "level": part.level, "basis": part.basis.value}
            for part in score.parts
        },
        "open_findings": {severity.value: count for severity, count in row.open_findings.items()},
        "open_contradictions": row.open_contradictions,
        "knock_outs": list(row.knock_outs),
    }


def beside(record: Any, scope: Any) -> dict[str, Any]:
    """What is recorded beside the assessment of a vendor."""
    return {
        "record": storing.encode(record) if record is not None else None,
        "scope": storing.encode(scope) if scope is not None else None,
    }


def risk_out(risk: Risk, policy: Policy) -> dict[str, Any]:
    """A risk without what people wrote about it."""
    inherent = residual.inherent(risk, policy) if risk.source is not RiskSource.OWN else None
    return {
        "key": risk.key,
        "vendor_key": risk.vendor_key,
        "title": both(risk.title),
        "scenario": both(risk.scenario),
        "source": risk.source.value,
        "source_keys": list(risk.source_keys),
        "concerns": [concern.value for concern in risk.concerns],
        "severity": risk.severity.value,
        "likelihood": risk.likelihood.value,
        "impact": risk.impact,
        "patient_safety": risk.patient_safety,
        "level": risk.level.value if risk.level else None,
        "inherent": inherent.value if inherent else None,
        "supplies": list(risk.supplies),
        "since": risk.since.isoformat() if risk.since else None,
        "waived_until": day(risk.accepted_until),
    }


def place(risk: Mapping[str, Any], vendor_name: str) -> ordering.Rank:
    """Where such a risk stands in the register; "" is the hospital as a whole."""
    level, likelihood, impact = risk["level"], risk["likelihood"], risk["impact"]
    return ordering.of_risk(level, likelihood, impact, vendor_name=vendor_name, key=risk["key"])


def treated_out(treated: Treated | None) -> dict[str, Any]:
    """What people wrote about a risk."""
    return {
        "treatment": treated.treatment.value if treated else "open",
        "owner": treated.owner if treated else "",
        "due_on": day(treated.due_on) if treated else None,
        "accepted_until": day(treated.accepted_until) if treated else None,
        "note": treated.note if treated else "",
        "by": treated.by if treated else "",
    }


def both(words: Words) -> dict[str, str]:
    """In both languages."""
    return {name: say(words, language=name, translate=i18n.translator(name)) for name in i18n.LANGUAGES}


def text(value: Decimal | None) -> str | None:
    """A number as it is printed."""
    return None if value is None else str(value)


def day(value: date | None) -> str | None:
    """A day, if there is one."""
    return value.isoformat() if value else None
