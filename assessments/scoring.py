"""A dossier becomes a score: lines, parts, caps, coverage and a grade, each number with its reason."""

import functools
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from assessments import contradictions, evidence_rules, gathering, grading, outside, remembering
from assessments.gathering import Asked, Counted, Gathered
from assessments.model import (
    MEASURE_PARTS,
    PARTS,
    AnswerFact,
    Assurance,
    Basis,
    Cap,
    CapKind,
    Contradiction,
    Dossier,
    Line,
    LineSource,
    NoGrade,
    PartScore,
    Phrase,
    Policy,
    ScanState,
    Score,
    Words,
    listed,
)
from questionnaires.model import N_
from scanners.model import Check, Message, Severity

HALF = Fraction(1, 2)

REASONS: Mapping[Assurance, str] = {
    Assurance.RECORDED: N_("Recorded by the hospital: “%(answer)s”; the company has not confirmed it."),
    Assurance.DECLARED: N_("Answered “%(answer)s”; declared, without evidence."),
    Assurance.EXPIRED: N_("Answered “%(answer)s”; the evidence is out of date."),
    Assurance.PROVEN: N_("Answered “%(answer)s”; valid evidence is there."),
    Assurance.CONFIRMED: N_("Answered “%(answer)s”; confirmed by the scan."),
}
MENDED = Message(text=N_("Taken as if it were answered in full and proven."))
UNANSWERED = Message(text=N_("No answer by the deadline."))


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One thing that counts, before the weights of its part are brought to 100."""

    key: str  # of its line
    line: Callable[..., Line]  # makes it, once its weight, share and points are known
    weight: Fraction
    share: Fraction

    @functools.cached_property
    def lost(self) -> Fraction:
        """What it loses of its weight."""
        return self.weight * (1 - self.share)


@dataclass(kw_only=True)
class Half:
    """The answers, or the checks, of one part: counted first, then asked for what they come to."""

    judged: list[Judged] = field(default_factory=list)
    applicable: list[Fraction] = field(default_factory=list)  # weights
    seen: list[Fraction] = field(default_factory=list)
    expected: bool = False  # something of this kind belongs here, though nothing was seen

    @functools.cached_property
    def weight(self) -> Fraction:
        """The weight of its lines."""
        return grading.total(each.weight for each in self.judged)

    @functools.cached_property
    def value(self) -> Fraction | None:
        """0 to 100; None when nothing was seen."""
        if not self.weight:
            return None
        return grading.FULL * (1 - grading.total(each.lost for each in self.judged) / self.weight)

    @functools.cached_property
    def applies(self) -> bool:
        """Whether this kind belongs to the part at all."""
        return self.expected or any(self.applicable)

    @functools.cached_property
    def coverage(self) -> Fraction:
        """The weight seen of the weight applicable."""
        return grading.total(self.seen) / grading.total(self.applicable) if any(self.applicable) else Fraction(0)


@dataclass(kw_only=True)
class Part:
    """One measure or module: counted first, then asked for what it comes to."""

    key: str
    policy: Policy
    answers: Half = field(default_factory=Half)
    checks: Half = field(default_factory=Half)

    @functools.cached_property
    def weighs(self) -> bool:
        """Whether something of it was seen."""
        return bool(self.answers.weight or self.checks.weight)

    @functools.cached_property
    def blend(self) -> tuple[Fraction, Fraction]:
        """What answers and checks weigh in it: 60 and 40 where both were seen, else all to the one that was."""
        match bool(self.answers.weight), bool(self.checks.weight):
            case True, True:
                return grading.exact(self.policy.answers_share), grading.exact(self.policy.checks_share)
            case of_answers, of_checks:
                return Fraction(of_answers), Fraction(of_checks)

    @functools.cached_property
    def value(self) -> Fraction | None:
        """0 to 100; None when nothing was seen."""
        if self.answers.value is None or self.checks.value is None:
            return self.checks.value if self.answers.value is None else self.answers.value
        of_answers, of_checks = self.blend
        return of_answers * self.answers.value + of_checks * self.checks.value

    @property
    def applies(self) -> bool:
        """Measures apply when something is asked or looked at; modules only when something is asked."""
        return self.answers.applies or (self.key in MEASURE_PARTS and self.checks.applies)

    @functools.cached_property
    def coverage(self) -> Fraction:
        """The weight seen of the weight applicable, of answers and checks as they are blended where both belong."""
        if self.answers.applies and self.checks.applies:
            answers, checks = grading.exact(self.policy.answers_share), grading.exact(self.policy.checks_share)
            return answers * self.answers.coverage + checks * self.checks.coverage
        return self.answers.coverage if self.answers.applies else self.checks.coverage


def score(dossier: Dossier, policy: Policy) -> Score:
    """The judgement of a vendor at the dossier's moment."""
    return score_of(Gathered(dossier=dossier, policy=policy))


def score_of(gathered: Gathered, against: tuple[Contradiction, ...] | None = None) -> Score:
    """The same, of what was gathered already; `against`: its contradictions, where they are found already."""
    dossier, policy = gathered.dossier, gathered.policy
    against = contradictions.among(gathered) if against is None else against
    parts = _counted_parts(gathered, against)
    shares = _shares_of_overall(parts, policy)
    raw = _overall(parts, shares)
    caps = () if raw is None else _caps(gathered, against, raw)
    value = None if raw is None else min([raw, *(Fraction(cap.limit) for cap in caps)])
    lines = _lines(parts, shares, caps, raw=raw, value=value)
    coverage = grading.printed(_coverage(parts, policy))
    printed = None if value is None else grading.printed(value)
    why_no_grade = _why_no_grade(printed, coverage, policy)
    return Score(
        value=printed,
        grade=None if printed is None or why_no_grade else grading.grade(printed, policy),
        why_no_grade=why_no_grade,
        coverage=coverage,
        parts=tuple(_part_score(parts[key], lines, policy) for key in PARTS),
        caps=caps,
        lines=lines,
        outside=outside.grade(dossier, policy, gathered.counted),
        silent=_silent(gathered),
        documents_only=dossier.scan_state is ScanState.DOCUMENTS_ONLY,
        policy_version=policy.version,
        catalogue_version=f"{dossier.catalogue.id} {dossier.catalogue.version}",
        checks_version=dossier.checks_version,
        at=dossier.at,
    )


def _why_no_grade(value: Decimal | None, coverage: Decimal, policy: Policy) -> NoGrade | None:
    if value is None:
        return NoGrade.NOTHING_SEEN
    return NoGrade.COVERAGE if coverage < Decimal(str(policy.coverage_floor)) else None


def _silent(gathered: Gathered) -> bool:
    """Whether the deadline passed with more than half of the weight unanswered."""
    if not gathered.dossier.deadline_passed:
        return False
    weights = [(grading.shared(each.question.weight, each.supplies), each.answer is None) for each in gathered.asked]
    unanswered = grading.total(weight for weight, silent in weights if silent)
    return unanswered > HALF * grading.total(weight for weight, _ in weights)


# --- What counts, part by part -------------------------------------------------------------------


def _counted_parts(gathered: Gathered, against: Iterable[Contradiction]) -> Mapping[str, Part]:
    parts = {key: Part(key=key, policy=gathered.policy) for key in PARTS}
    open_ones: dict[tuple[str, str | None], Contradiction] = {}
    for contradiction in against:
        if not contradiction.settled:
            open_ones.setdefault((contradiction.question.id, contradiction.supply), contradiction)
    for each in gathered.asked:
        if not each.question.is_scored:
            continue  # read, not counted: it belongs to no part
        contradicted = open_ones.get((each.question.id, each.supply))
        _count_answer(parts[each.part].answers, gathered, each, contradicted)
    for found in gathered.counted:
        if found.part is not None:
            _count_check(parts[found.part].checks, gathered.policy, found)
    if gathered.dossier.scan_state is not ScanState.DONE:
        weights = gathered.policy.severity_weights
        weighing = frozenset(severity for severity in Severity if weights[severity] > 0)
        for key in _parts_with_checks(gathered.dossier.checks, weighing):
            parts[key].checks.expected = True
    return parts


@remembering.by_first
def _parts_with_checks(checks: Mapping[str, Check], weighing: frozenset[Severity]) -> frozenset[str]:
    return frozenset(
        str(check.refs.measures[0]) for check in checks.values() if check.refs.measures and check.severity in weighing
    )


def _count_answer(half: Half, gathered: Gathered, asked: Asked, contradicted: Contradiction | None) -> None:
    if not asked.applicable:
        return
    weight = grading.shared(asked.question.weight, asked.supplies)
    half.applicable.append(weight)
    is_mended = asked.line_key in gathered.mended
    if asked.answer is None and not gathered.dossier.deadline_passed and not is_mended:
        return
    half.seen.append(weight)
    if is_mended:
        half.judged.append(_judged(asked, MENDED, weight=weight, share=Fraction(1)))
        return
    half.judged.append(
        _unanswered(asked, weight) if asked.answer is None else _answered(gathered, asked, weight, contradicted)
    )


def _unanswered(asked: Asked, weight: Fraction) -> Judged:
    return _judged(asked, UNANSWERED, weight=weight, share=Fraction(0), unanswered=True)


def _answered(gathered: Gathered, asked: Asked, weight: Fraction, contradicted: Contradiction | None) -> Judged:
    assert asked.answer is not None
    assert asked.share is not None
    policy = gathered.policy
    assurance = _assurance(gathered, asked, asked.answer)
    share = grading.exact(asked.share) * grading.exact(policy.assurance[assurance])
    answer = gathering.words_of(asked.question, asked.answer.value)
    reason: Words = Phrase(text=REASONS[assurance], values={"answer": answer})
    if contradicted:
        share = min(share, grading.exact(policy.contradiction_cap))
        reason = _contradicted(contradicted, answer)
    return _judged(
        asked, reason, weight=weight, share=share, assurance=assurance, contradicted=contradicted is not None
    )


def _assurance(gathered: Gathered, asked: Asked, answer: AnswerFact) -> Assurance:
    """What stands behind an answer. What the hospital read in a document proves nothing beyond what it read there."""
    if contradictions.confirmed(gathered, asked):
        return Assurance.CONFIRMED
    proof = evidence_rules.proof(gathered.dossier, asked.question, asked.supply, gathered.policy)
    if answer.recorded is None:
        return proof
    return Assurance.EXPIRED if proof is Assurance.EXPIRED else Assurance.RECORDED  # never more than the same own word


def _contradicted(contradiction: Contradiction, answer: Words) -> Words:
    return Phrase(
        text=N_("Answered “%(answer)s”; the scan of %(host)s saw something else: %(observation)s"),
        values={"answer": answer, "host": contradiction.subject.name, "observation": contradiction.observation},
    )


def _judged(asked: Asked, reason: Words, *, weight: Fraction, share: Fraction, **said: Any) -> Judged:
    line = functools.partial(
        Line,
        key=asked.line_key,
        source=LineSource.ANSWER,
        part=asked.part,
        title=asked.question.label,
        reason=reason,
        question_id=asked.question.id,
        supply=asked.supply,
        **said,
    )
    return Judged(key=asked.line_key, line=line, weight=weight, share=share)


def _count_check(half: Half, policy: Policy, counted: Counted) -> None:
    if not counted.applicable:
        return
    own = grading.product(policy.severity_weights[counted.check.severity], counted.factor)
    half.applicable.append(own)  # by the check's own severity, so that mending a finding never lowers coverage
    finding = counted.fact.finding
    if not counted.scored:
        return
    half.seen.append(own)
    weight = grading.product(policy.severity_weights[counted.weighs_as], counted.factor)
    if weight == 0:
        return
    key = f"{LineSource.CHECK}:{counted.key}"
    line = functools.partial(
        Line,
        key=key,
        source=LineSource.CHECK,
        part=counted.part,
        title=Message(text=counted.check.title),
        reason=finding.fact,
        severity=finding.severity,
        subject=finding.subject,
        outcome=finding.outcome,
        check_id=counted.check.id,
    )
    share = grading.exact(policy.outcome_shares[finding.outcome])
    half.judged.append(Judged(key=key, line=line, weight=weight, share=share))


# --- From parts to the whole ---------------------------------------------------------------------


def _shares_of_overall(parts: Mapping[str, Part], policy: Policy) -> Mapping[str, Fraction]:
    """What each part weighs in the overall value, over the parts where something was seen."""
    seen = {key: grading.exact(policy.part_weights[key]) for key, part in parts.items() if part.weighs}
    whole = grading.total(seen.values())
    return {key: weight / whole for key, weight in seen.items()} if whole else {}


def _overall(parts: Mapping[str, Part], shares: Mapping[str, Fraction]) -> Fraction | None:
    if not shares:
        return None
    return grading.total(share * (parts[key].value or 0) for key, share in shares.items())


def _coverage(parts: Mapping[str, Part], policy: Policy) -> Fraction:
    weights = {key: grading.exact(policy.part_weights[key]) for key, part in parts.items() if part.applies}
    whole = grading.total(weights.values())
    seen = grading.total(weight * parts[key].coverage for key, weight in weights.items())
    return grading.FULL * seen / whole if whole else Fraction(0)


# --- Caps ----------------------------------------------------------------------------------------


def _caps(gathered: Gathered, against: Iterable[Contradiction], raw: Fraction) -> tuple[Cap, ...]:
    """The caps that hold, the lowest first; only the lowest lowers anything."""
    caps = [
        *outside.finding_caps(gathered.counted, gathered.policy, at=gathered.dossier.at),
        *_knock_out_cap(gathered, against),
    ]
    caps.sort(key=lambda cap: cap.limit)
    return tuple(replace(cap, applied=not index and cap.limit < raw) for index, cap in enumerate(caps))


def _knock_out_cap(gathered: Gathered, against: Iterable[Contradiction]) -> list[Cap]:
    failed = [
        each for each in gathered.asked if each.line_key not in gathered.mended and knocks_out(gathered.dossier, each)
    ]
    contradicted = [each for each in against if each.knock_out and not each.settled]
    if not failed and not contradicted:
        return []
    asked = [*(each.question for each in failed), *(each.question for each in contradicted)]
    questions = {question.id: question.label for question in asked}
    return [
        Cap(
            kind=CapKind.KNOCK_OUT,
            limit=gathered.policy.caps.knock_out,
            reason=Phrase(
                text=N_("A knock-out is not met or contradicted: %(questions)s."),
                values={
                    "questions": listed(
                        [
                            Phrase(
                                text=N_("“%(title)s” (%(question)s)"),
                                values={"title": questions[key], "question": key},
                            )
                            for key in sorted(questions)
                        ]
                    )
                },
            ),
            applied=False,
            keys=(*sorted(each.line_key for each in failed), *sorted(each.key for each in contradicted)),
        )
    ]


def knocks_out(dossier: Dossier, asked: Asked) -> bool:
    """Whether this knock-out excludes now: at zero, or silent after the deadline, and not accepted by the hospital."""
    if not asked.question.knock_out:
        return False
    if asked.answer is None:
        return dossier.deadline_passed
    accepted = asked.answer.knock_out_accepted_until
    return asked.share == 0 and (accepted is None or accepted < dossier.day)


# --- Lines that add up ---------------------------------------------------------------------------


def _lines(
    parts: Mapping[str, Part],
    shares: Mapping[str, Fraction],
    caps: tuple[Cap, ...],
    *,
    raw: Fraction | None,
    value: Fraction | None,
) -> tuple[Line, ...]:
    """Every line with its points; 100 minus their sum is the printed value, to the last digit."""
    if raw is None or value is None:
        return ()
    lines: dict[str, Callable[..., Line]] = {}
    points: dict[str, Fraction] = {}
    for key, share in shares.items():
        part = parts[key]
        for half, of_part in zip((part.answers, part.checks), part.blend, strict=True):
            if not half.weight:
                continue
            brought_to_100 = grading.FULL * of_part / half.weight
            of_overall = share * brought_to_100
            for each in half.judged:
                weight = float(each.weight * brought_to_100)
                lines[each.key] = functools.partial(each.line, weight=weight, share=float(each.share))
                points[each.key] = of_overall * each.lost
    for cap in caps:
        key = f"{LineSource.CAP}:{cap.kind}"
        lines[key] = functools.partial(_cap_line, cap, key)
        points[key] = raw - value if cap.applied else Fraction(0)
    spread = grading.spread(points, Decimal(100) - grading.printed(value))
    return tuple(lines[key](points=spread[key]) for key in sorted(lines, key=lambda key: (-spread[key], key)))


def _cap_line(cap: Cap, key: str, *, points: Decimal) -> Line:
    return Line(
        key=key,
        source=LineSource.CAP,
        part=None,
        title=Phrase(text=N_("Cap: at most %(limit)d"), values={"limit": cap.limit}),
        reason=cap.reason,
        weight=0,
        share=0,
        points=points,
    )


def _part_score(part: Part, lines: Iterable[Line], policy: Policy) -> PartScore:
    own = tuple(line for line in lines if line.part == part.key)
    printed = None if part.value is None else grading.printed(part.value)
    return PartScore(
        part=part.key,
        applicable=part.applies,
        value=printed,
        level=None if printed is None else grading.level(printed, policy),
        coverage=grading.printed(grading.FULL * part.coverage),
        basis=_basis(own),
        answers_value=None if part.answers.value is None else grading.printed(part.answers.value),
        checks_value=None if part.checks.value is None else grading.printed(part.checks.value),
        unanswered=sum(line.unanswered for line in own),
        lines=own,
    )


def _basis(lines: tuple[Line, ...]) -> Basis:
    """What most of a part's weight rests on; one open contradiction is said first."""
    if any(line.contradicted for line in lines):
        return Basis.CONTRADICTED
    weights: dict[Basis, float] = defaultdict(float)
    for line in lines:
        weights[_basis_of(line)] += line.weight
    if weights[Basis.UNSEEN] == sum(weights.values()):
        return Basis.UNSEEN
    firm = weights[Basis.PROVEN] + weights[Basis.CONFIRMED]
    told = weights[Basis.DECLARED] + weights[Basis.RECORDED]
    if firm < told:
        return Basis.RECORDED if weights[Basis.RECORDED] > weights[Basis.DECLARED] else Basis.DECLARED
    return Basis.CONFIRMED if weights[Basis.CONFIRMED] >= weights[Basis.PROVEN] else Basis.PROVEN


def _basis_of(line: Line) -> Basis:
    if line.unanswered:
        return Basis.UNSEEN
    if line.source is LineSource.CHECK or line.assurance is Assurance.CONFIRMED:
        return Basis.CONFIRMED
    if line.assurance is Assurance.RECORDED:
        return Basis.RECORDED
    return Basis.PROVEN if line.assurance is Assurance.PROVEN else Basis.DECLARED
