"""Read the policy: every number of the score comes from one versioned file."""

import functools
from collections.abc import Mapping
from importlib import resources
from typing import Any

from assessments import sense
from assessments.model import (
    PARTS,
    AcceptanceRule,
    Assurance,
    Authority,
    Caps,
    Grade,
    HostRole,
    ImpactRule,
    Policy,
    RaiseRule,
    RiskLevel,
    TierRule,
)
from questionnaires import reading
from questionnaires.model import QuestionSet
from scanners.model import Outcome, Severity

CURRENT = "1"
STEPS = 5  # impact and likelihood
TIERS = (1, 2, 3, 4)
NO_TIER = "none"


class NoSuchPolicy(LookupError):
    """No policy of that version ships."""


def current() -> Policy:
    """The policy that new scores use."""
    return get(CURRENT)


@functools.cache
def get(version: str) -> Policy:
    """A policy by version, read once; raises NoSuchPolicy."""
    return load(source(version))


def load(source: str | bytes) -> Policy:
    """The policy written in this YAML; raises BadFile."""
    return read(reading.parse(source))


def source(version: str) -> bytes:
    """The file of a shipped policy; raises NoSuchPolicy."""
    file = resources.files("assessments").joinpath("policies", f"policy-{version}.yaml")
    if not version.isalnum() or not file.is_file():
        raise NoSuchPolicy(version)
    return file.read_bytes()


def unjudged(document: Any) -> Policy:
    """The same, whether it makes sense or not; raises BadFile where it breaks the format."""
    return _read(document)


def read(document: Any) -> Policy:
    """The policy in a document of such a file; raises BadFile, also for what would turn better into worse."""
    made = _read(document)
    for problem in sense.problems(made):
        raise reading.BadFile(problem.place, problem.what.text, **problem.what.values)
    return made


def _read(document: Any) -> Policy:
    top = reading.fields(document, "policy", need=_KEYS)
    contradiction = reading.fields(top["contradiction"], "contradiction", need={"cap", "above_share"})
    blend = reading.fields(top["blend"], "blend", need={"answers", "checks"})
    evidence = reading.fields(top["evidence"], "evidence", need={"warning_days", "expected_from_weight"})
    gap = reading.fields(top["gap"], "gap", need={"share_at_most", "from_weight"})
    likelihood = reading.fields(top["likelihood"], "likelihood", need={"by_grade", "unknown", "by_severity"})
    caps = reading.fields(top["caps"], "caps", need={"critical_fail", "knock_out", "high_fail", "high_fail_after_days"})
    return Policy(
        id=reading.word(top["id"], "id"),
        version=reading.word(top["version"], "version"),
        severity_weights={
            Severity(key): value for key, value in _numbers(top["severity_weights"], Severity, "weights").items()
        },
        outcome_shares={
            Outcome(key): value
            for key, value in _numbers(top["outcome_shares"], ("pass", "warn", "fail"), "outcome_shares").items()
        },
        host_factors={
            HostRole(key): value for key, value in _numbers(top["host_factors"], HostRole, "host_factors").items()
        },
        assurance={Assurance(key): value for key, value in _numbers(top["assurance"], Assurance, "assurance").items()},
        contradiction_cap=reading.share(contradiction["cap"], "contradiction.cap"),
        contradiction_above_share=reading.share(contradiction["above_share"], "contradiction.above_share"),
        answers_share=reading.share(blend["answers"], "blend.answers"),
        checks_share=reading.share(blend["checks"], "blend.checks"),
        level_from=tuple(reading.number(item, "level_from") for item in reading.items(top["level_from"], "level_from")),
        grade_from=tuple(
            (Grade(key), value) for key, value in _numbers(top["grade_from"], "ABCDE", "grade_from").items()
        ),
        part_weights=_numbers(top["part_weights"], PARTS, "part_weights"),
        caps=Caps(**{key: reading.whole(value, f"caps.{key}") for key, value in caps.items()}),
        coverage_floor=reading.number(top["coverage_floor"], "coverage_floor"),
        evidence_warning_days=reading.whole(evidence["warning_days"], "evidence.warning_days"),
        evidence_expected_from_weight=reading.number(evidence["expected_from_weight"], "evidence"),
        gap_share_at_most=reading.share(gap["share_at_most"], "gap.share_at_most"),
        gap_from_weight=reading.number(gap["from_weight"], "gap.from_weight"),
        impact_rules=tuple(_impact_rule(item, "impact") for item in reading.items(top["impact"], "impact")),
        raise_rules=tuple(_raise_rule(item) for item in reading.items(top["raises"], "raises")),
        patient_safety_rules=tuple(
            _impact_rule(item, "patient_safety") for item in reading.items(top["patient_safety"], "patient_safety")
        ),
        tier_rules=tuple(_tier_rule(item) for item in reading.items(top["tiers"], "tiers")),
        sets_by_tier=_sets(top["sets_by_tier"]),
        likelihood_by_grade={
            Grade(key): _step(value, "likelihood.by_grade")
            for key, value in reading.fields(likelihood["by_grade"], "likelihood.by_grade", need=set(Grade)).items()
        },
        likelihood_unknown=_step(likelihood["unknown"], "likelihood.unknown"),
        likelihood_by_severity={
            Severity(key): _step(value, "likelihood.by_severity")
            for key, value in reading.fields(likelihood["by_severity"], "likelihood", need=set(Severity)).items()
        },
        matrix=_matrix(top["matrix"]),
        authority=_authority(top["authority"]),
        appetite=reading.choice(RiskLevel, top["appetite"], "appetite"),
        acceptance=_acceptance(top["acceptance"]),
    )


_KEYS = frozenset(
    {
        "id",
        "version",
        "severity_weights",
        "outcome_shares",
        "host_factors",
        "assurance",
        "contradiction",
        "blend",
        "level_from",
        "grade_from",
        "part_weights",
        "caps",
        "coverage_floor",
        "evidence",
        "gap",
        "impact",
        "raises",
        "patient_safety",
        "tiers",
        "sets_by_tier",
        "likelihood",
        "matrix",
        "authority",
        "appetite",
        "acceptance",
    }
)


def _numbers(raw: Any, names: Any, where: str) -> Mapping[str, float]:
    found = reading.fields(raw, where, need={str(name) for name in names})
    return {str(name): reading.number(found[str(name)], f"{where}.{name}") for name in names}


def _step(raw: Any, where: str) -> int:
    step = reading.whole(raw, where)
    if not 1 <= step <= STEPS:
        raise reading.BadFile(where, "%(step)s is not 1 to %(most)s", step=step, most=STEPS)
    return step


def _impact_rule(raw: Any, where: str) -> ImpactRule:
    rule = reading.fields(raw, where, need={"question", "option", "impact"})
    return ImpactRule(
        question=reading.word(rule["question"], where),
        option=reading.word(rule["option"], where),
        impact=_step(rule["impact"], where),
    )


def _raise_rule(raw: Any) -> RaiseRule:
    rule = reading.fields(raw, "raises", need={"question", "option", "by", "from_impact"})
    return RaiseRule(
        question=reading.word(rule["question"], "raises"),
        option=reading.word(rule["option"], "raises"),
        by=reading.whole(rule["by"], "raises"),
        from_impact=_step(rule["from_impact"], "raises"),
    )


def _tier_rule(raw: Any) -> TierRule:
    rule = reading.fields(raw, "tiers", need={"tier", "impact"}, may={"outage_at_most_h", "with_flag"})
    low, high = reading.items(rule["impact"], "tiers.impact")
    return TierRule(
        tier=reading.whole(rule["tier"], "tiers"),
        impact_from=_step(low, "tiers.impact"),
        impact_to=_step(high, "tiers.impact"),
        outage_at_most_h=reading.optional(rule, "outage_at_most_h", reading.number, "tiers"),
        with_flag=reading.optional(rule, "with_flag", reading.word, "tiers"),
    )


def _sets(raw: Any) -> Mapping[int, QuestionSet]:
    if not isinstance(raw, Mapping) or set(raw) != set(TIERS):
        raise reading.BadFile("sets_by_tier", "a set for each of the tiers 1 to 4")
    return {tier: reading.choice(QuestionSet, raw[tier], "sets_by_tier") for tier in TIERS}


def _matrix(raw: Any) -> tuple[tuple[RiskLevel, ...], ...]:
    rows = [
        tuple(reading.choice(RiskLevel, cell, "matrix") for cell in reading.items(row, "matrix"))
        for row in reading.items(raw, "matrix")
    ]
    if len(rows) != STEPS or any(len(row) != STEPS for row in rows):
        raise reading.BadFile("matrix", "%(steps)s rows of %(steps)s", steps=STEPS)
    return tuple(rows)


def _authority(raw: Any) -> Mapping[str, Mapping[RiskLevel, Authority]]:
    rows = reading.fields(raw, "authority", need={*map(str, TIERS), NO_TIER})
    table = {}
    for name in (*map(str, TIERS), NO_TIER):
        where = f"authority.{name}"
        cells = reading.fields(rows[name], where, need=set(RiskLevel))
        table[name] = {level: reading.choice(Authority, cells[level], where) for level in RiskLevel}
    return table


def _acceptance(raw: Any) -> Mapping[RiskLevel, AcceptanceRule]:
    rules = {}
    for name, row in reading.fields(raw, "acceptance", need=set(RiskLevel)).items():
        where = f"acceptance.{name}"
        cells = reading.fields(row, where, need={"by", "days"})
        rules[RiskLevel(name)] = AcceptanceRule(
            by=reading.choice(Authority, cells["by"], where), days=reading.whole(cells["days"], where)
        )
    return {level: rules[level] for level in RiskLevel}
