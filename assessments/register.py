"""Dossiers become a register: one row per vendor, and everything a workbook prints, under the same keys."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from assessments import contradictions, evidence_rules, frameworks, gathering, ordering, residual, risks, scoring
from assessments.gathering import Asked, Gathered
from assessments.model import (
    ActionFact,
    AnswerRow,
    AnswerStanding,
    Assessed,
    ChangeFact,
    Contradiction,
    DecisionFact,
    Dossier,
    EvidenceStanding,
    FindingRow,
    FindingStanding,
    IncidentFact,
    Line,
    NotExaminedRow,
    Phrase,
    Policy,
    Register,
    Risk,
    RiskSource,
    ScanState,
    ScopeFact,
    Score,
    ShareFact,
    Treated,
    VendorRecord,
    VendorRow,
    Words,
)
from questionnaires.model import N_, AnswerKind, FlagRule, QuestionSet, Text
from scanners.model import Message, Outcome, worst_first

OWN_QUESTIONS = Text(de="Eigene Fragen des Krankenhauses", en="The hospital's own questions")


def assess(dossier: Dossier, policy: Policy) -> Assessed:
    """Everything that follows from one dossier."""
    gathered = Gathered(dossier=dossier, policy=policy)
    found = contradictions.among(gathered)
    score = scoring.score_of(gathered, found)
    derived = risks.derive(gathered, score, found)
    return Assessed(
        dossier=dossier,
        score=score,
        contradictions=found,
        residual=residual.of(dossier, score, policy),
        risks=derived,
        answers=_answer_rows(gathered, score, found),
        findings=_finding_rows(dossier, policy, derived),
        evidence=evidence_rules.statuses_among(gathered),
        not_examined=_not_examined(gathered),
    )


def build(
    dossiers: Iterable[Dossier | Assessed],
    policy: Policy,
    *,
    hospital: str,
    at: datetime,
    statuses: Mapping[str, Words] | None = None,
    treatments: Mapping[tuple[str, str], Treated] | None = None,
    actions: Iterable[ActionFact] = (),
    own: Iterable[Risk] = (),
    decisions: Iterable[DecisionFact] = (),
    changes: Iterable[ChangeFact] = (),
    incidents: Iterable[IncidentFact] = (),
    records: Mapping[str, VendorRecord] | None = None,
    scopes: Mapping[str, ScopeFact] | None = None,
    shared: Iterable[ShareFact] = (),
) -> Register:
    """The register of a hospital; `statuses` names the stage of each vendor's round by vendor key, `treatments` what
    people wrote about a risk by vendor key and risk key, `actions` what was agreed on, `own` the risks that people
    wrote down themselves."""
    assessed = [each if isinstance(each, Assessed) else assess(each, policy) for each in dossiers]
    assessed.sort(key=lambda each: each.dossier.vendor_key)
    return Register(
        hospital=hospital,
        at=at,
        policy=policy,
        vendors=tuple(
            vendor_row(
                each,
                status=(statuses or {}).get(each.dossier.vendor_key),
                scope=(scopes or {}).get(each.dossier.vendor_key),
                record=(records or {}).get(each.dossier.vendor_key),
            )
            for each in assessed
        ),
        risks=_worst_first(assessed, own),
        findings=tuple(row for each in assessed for row in each.findings),
        answers=tuple(row for each in assessed for row in each.answers),
        evidence=tuple((each.dossier.vendor_key, status) for each in assessed for status in each.evidence),
        contradictions=tuple((each.dossier.vendor_key, found) for each in assessed for found in each.contradictions),
        not_examined=tuple(row for each in assessed for row in each.not_examined),
        heat=_heat(assessed),
        policy_version=policy.version,
        catalogue_versions=tuple(sorted({each.score.catalogue_version for each in assessed})),
        checks_versions=tuple(sorted({each.score.checks_version for each in assessed})),
        treatments=treatments or {},
        actions=in_order(actions),
        decisions=tuple(decisions),
        changes=tuple(changes),
        incidents=tuple(incidents),
        shared=tuple(shared),
    )


def in_order(actions: Iterable[ActionFact]) -> tuple[ActionFact, ...]:
    """What was agreed on, by its day."""
    return tuple(sorted(actions, key=lambda each: (each.due_on, each.vendor_key, each.key)))


def vendor_row(
    assessed: Assessed,
    *,
    status: Words | None = None,
    scope: ScopeFact | None = None,
    record: VendorRecord | None = None,
) -> VendorRow:
    """One vendor in one row."""
    dossier = assessed.dossier
    standings = Counter(each.standing for each in assessed.evidence)
    return VendorRow(
        key=dossier.vendor_key,
        name=dossier.vendor_name,
        supplies=dossier.supplies,
        tier=dossier.tier,
        impact=dossier.impact,
        patient_safety=dossier.patient_safety,
        question_set=dossier.question_set,
        score=assessed.score,
        residual=assessed.residual,
        scan_state=dossier.scan_state,
        scanned_at=dossier.scanned_at,
        submitted_at=dossier.submitted_at,
        deadline=dossier.deadline,
        deadline_passed=dossier.deadline_passed,
        open_findings=Counter(
            row.fact.finding.severity
            for row in assessed.findings
            if row.role is not None
            and row.fact.finding.outcome is Outcome.FAIL
            and not row.fact.finding.provisional
            and row.fact.standing in {FindingStanding.OPEN, FindingStanding.DISPUTED}
        ),
        open_contradictions=sum(not each.settled for each in assessed.contradictions),
        knock_outs=tuple(dict.fromkeys(row.question.id for row in assessed.answers if row.knock_out_failed)),
        evidence_expired=standings[EvidenceStanding.EXPIRED],
        evidence_expiring=standings[EvidenceStanding.EXPIRING],
        questions_asked=len(assessed.answers),
        questions_answered=sum(row.value is not None for row in assessed.answers),
        status=status,
        subcontractors=_uses_subcontractors(dossier),
        record=record,
        scope=scope,
        statement=dossier.vendor_statement,
    )


def _uses_subcontractors(dossier: Dossier) -> bool | None:
    """What the profile says; a vendor that was not asked, or has not answered, has said nothing."""
    flag = dossier.catalogue.flags.get("subcontractors")
    if flag is None or not isinstance(flag.rule, FlagRule):
        return None
    value = dossier.profile.get(flag.rule.question)
    return None if value is None else any(choice in flag.rule.options for choice in value.choices)


def _worst_first(assessed: Iterable[Assessed], own: Iterable[Risk]) -> tuple[Risk, ...]:
    names = {each.dossier.vendor_key: each.dossier.vendor_name for each in assessed}

    def place(risk: Risk) -> ordering.Rank:
        name = names.get(risk.vendor_key, "")
        return ordering.of_risk(risk.level, risk.likelihood.value, risk.impact, vendor_name=name, key=risk.key)

    return tuple(sorted((*(risk for each in assessed for risk in each.risks), *own), key=place))


def _heat(assessed: Iterable[Assessed]) -> Mapping[tuple[int, int], int]:
    return Counter(
        (each.residual.impact, each.residual.likelihood.value) for each in assessed if each.residual.impact is not None
    )


# --- Rows of one vendor --------------------------------------------------------------------------


def _answer_rows(gathered: Gathered, score: Score, found: Iterable[Contradiction]) -> tuple[AnswerRow, ...]:
    lines = {line.key: line for line in score.lines}
    against: dict[tuple[str, str | None], list[Contradiction]] = {}
    for each in found:
        against.setdefault((each.question.id, each.supply), []).append(each)
    return tuple(
        _answer_row(
            gathered.dossier,
            asked,
            line=lines.get(asked.line_key),
            against=against.get((asked.question.id, asked.supply), []),
        )
        for asked in gathered.asked
    )


def _answer_row(dossier: Dossier, asked: Asked, *, line: Line | None, against: Iterable[Contradiction]) -> AnswerRow:
    answer = asked.answer
    open_ones = [each for each in against if not each.settled]
    return AnswerRow(
        key=f"{dossier.vendor_key}:{asked.key}",
        vendor_key=dossier.vendor_key,
        supply=asked.supply,
        question=asked.question,
        part=asked.part,
        value=answer.value if answer else None,
        share=asked.share,
        assurance=line.assurance if line else None,
        unanswered_after_deadline=answer is None and dossier.deadline_passed,
        red_flags=risks.red_flags(dossier, asked),
        contradictions=tuple(each.key for each in against),
        standing=answer.standing if answer else AnswerStanding.OPEN,
        answered_at=answer.answered_at if answer else None,
        knock_out_failed=scoring.knocks_out(dossier, asked) or (asked.question.knock_out and bool(open_ones)),
        recorded=answer.recorded if answer else None,
    )


def _finding_rows(dossier: Dossier, policy: Policy, derived: Iterable[Risk]) -> tuple[FindingRow, ...]:
    risk_of = {key: risk.key for risk in derived if risk.source is RiskSource.FINDING for key in risk.source_keys}
    rows = []
    for fact in gathering.worst_first(dossier.findings):
        subject = fact.finding.subject
        host = gathering.host_of(dossier, subject, policy)
        rows.append(
            FindingRow(
                key=f"{dossier.vendor_key}:{fact.finding.check_id}:{subject.name}",
                vendor_key=dossier.vendor_key,
                fact=fact,
                check=dossier.checks.get(fact.finding.check_id),
                role=host.role if host else None,
                supplies=tuple(
                    supply.key for supply in dossier.supplies if gathering.serves(dossier, subject, supply.key)
                ),
                risk_key=risk_of.get(f"{fact.finding.check_id}:{subject.name}"),
            )
        )
    return tuple(sorted(rows, key=_finding_rank))


def _finding_rank(row: FindingRow) -> tuple[object, ...]:
    finding = row.fact.finding
    return (*worst_first(finding.outcome, finding.severity), row.key)


# --- What was not examined -----------------------------------------------------------------------

_SCAN_REASONS: Mapping[ScanState, str] = {
    ScanState.NOT_ASKED: N_("No scan has been agreed yet."),
    ScanState.RUNNING: N_("The scan is still running."),
    ScanState.COMPANY_FIRST: N_("The vendor sees its scan result first; it is not open to the hospital yet."),
    ScanState.FAILED: N_("The scan did not succeed."),
    ScanState.DOCUMENTS_ONLY: N_("The vendor chose “documents only”; this is no bad mark."),
}


def _not_examined(gathered: Gathered) -> tuple[NotExaminedRow, ...]:
    dossier = gathered.dossier
    return (*_unscanned(dossier), *_unseen(gathered), *_unanswered(gathered), *_unasked(dossier))


def _unscanned(dossier: Dossier) -> Iterable[NotExaminedRow]:
    if dossier.scan_state in _SCAN_REASONS:
        yield NotExaminedRow(
            key=f"{dossier.vendor_key}:scan",
            vendor_key=dossier.vendor_key,
            subject="",
            what=Message(text=N_("The view from outside")),
            reason=Message(text=_SCAN_REASONS[dossier.scan_state]),
        )


def _unseen(gathered: Gathered) -> Iterable[NotExaminedRow]:
    """Checks that gave no answer, gathered by host and reason."""
    groups: dict[tuple[str, str], list[str]] = {}
    reasons: dict[tuple[str, str], Message] = {}
    for counted in gathered.counted:
        finding = counted.fact.finding
        if finding.outcome in gathering.UNSEEN or finding.provisional:
            reason = Message(text=N_("Waits for a second look.")) if finding.provisional else finding.fact
            group = (finding.subject.name, reason.render())
            groups.setdefault(group, []).append(counted.check.id)
            reasons[group] = reason
    for (name, said), checks in groups.items():
        yield NotExaminedRow(
            key=f"{gathered.dossier.vendor_key}:{name}:{checks[0]}",
            vendor_key=gathered.dossier.vendor_key,
            subject=name,
            what=Phrase(text=N_("Checks without a result: %(checks)s"), values={"checks": ", ".join(checks)}),
            reason=reasons[name, said],
        )


def _unanswered(gathered: Gathered) -> Iterable[NotExaminedRow]:
    dossier = gathered.dossier
    by_part: dict[tuple[str, bool], list[str]] = {}
    for asked in gathered.asked:
        is_text = asked.question.shape.kind is AnswerKind.TEXT  # worth nothing, but said
        if asked.answer is None or (not asked.applicable and not is_text):
            by_part.setdefault((asked.part, asked.answer is not None), []).append(asked.question.id)
    for (part, is_left_out), questions in by_part.items():
        yield NotExaminedRow(
            key=f"{dossier.vendor_key}:{part}:{'na' if is_left_out else 'open'}",
            vendor_key=dossier.vendor_key,
            subject="",
            what=Phrase(
                text=N_("%(measure)s: %(questions)s"),
                values={
                    "measure": frameworks.measure(part).title if part else OWN_QUESTIONS,
                    "questions": ", ".join(questions),
                },
            ),
            reason=Message(text=_unanswered_reason(dossier, not_applicable=is_left_out)),
            part=part or None,
        )


def _unanswered_reason(dossier: Dossier, *, not_applicable: bool) -> str:
    if not_applicable:
        return N_("The vendor says that this does not apply.")
    return N_("No answer by the deadline.") if dossier.deadline_passed else N_("Not answered yet.")


def _unasked(dossier: Dossier) -> Iterable[NotExaminedRow]:
    every = len(dossier.catalogue.sets[QuestionSet.FULL].question_ids)
    asked = len(dossier.catalogue.sets[dossier.question_set].question_ids)
    if asked < every:
        yield NotExaminedRow(
            key=f"{dossier.vendor_key}:set",
            vendor_key=dossier.vendor_key,
            subject="",
            what=Phrase(
                text=N_("Questions that only the full questionnaire asks: %(count)d"), values={"count": every - asked}
            ),
            reason=dossier.catalogue.sets[dossier.question_set].title,
        )
