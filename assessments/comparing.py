"""Why did it move: an old dossier is brought up to a new one step by step, and each step answers for its share; and
what came, went and changed between two registers."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from assessments import scoring
from assessments.model import (
    AnswerFact,
    Dossier,
    FindingFact,
    FindingStanding,
    Grade,
    Line,
    Policy,
    Register,
    RiskLevel,
    Score,
    Words,
)
from questionnaires.model import N_
from scanners.model import Outcome, Subject

Place = tuple[str, Subject]  # check and where

NOT_SEEN = frozenset({Outcome.UNKNOWN, Outcome.ERROR})
OURS = frozenset({"rules", "data"})
MOST_LINES = 5
LEAST = Decimal("0.05")  # points; less is rounding


class Cause(StrEnum):
    """Who or what made a difference."""

    VENDOR = "vendor"
    ANSWERS = "answers"
    AGE = "age"
    COVERAGE = "coverage"
    RULES = "rules"
    POLICY = "policy"
    HOSPITAL = "hospital"


CAUSES: Mapping[Cause, str] = {
    Cause.VENDOR: N_("the vendor: findings mended or new"),
    Cause.ANSWERS: N_("answers and evidence"),
    Cause.AGE: N_("age: evidence that ran out, findings left open"),
    Cause.COVERAGE: N_("coverage: more or less could be seen"),
    Cause.RULES: N_("our rules: checks, data and questions"),
    Cause.POLICY: N_("the policy of the score"),
    Cause.HOSPITAL: N_("the hospital: products, waivers, settled disputes"),
}


@dataclass(frozen=True, kw_only=True)
class Moved:
    """A line that costs more or less than before."""

    key: str
    title: Words
    place: str  # host or product
    points: Decimal  # of the overall value; below zero: it costs more


@dataclass(frozen=True, kw_only=True)
class Share:
    """What one cause did to the value, and the lines that show it most."""

    cause: Cause
    points: Decimal
    lines: tuple[Moved, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Movement:
    """From one score to another; the points of the shares add up to the difference of the printed values."""

    before: Score
    after: Score
    shares: tuple[Share, ...]  # in the order of Cause, without those that did nothing

    @property
    def difference(self) -> Decimal | None:
        """Of the printed values; None when one of the two has none."""
        if self.before.value is None or self.after.value is None:
            return None
        return self.after.value - self.before.value


def explain(
    old: Dossier, old_policy: Policy, new: Dossier, new_policy: Policy, *, ours: Collection[Place] = ()
) -> Movement:
    """Split the difference. `ours` names findings of which the portal knows that our rules or data changed them; those
    that say so themselves (`new_by`) need not be named."""
    before = scoring.score(old, old_policy)
    steps: tuple[tuple[Cause, Callable[[Dossier], Dossier]], ...] = (
        (Cause.POLICY, lambda here: here),
        (Cause.RULES, lambda here: _under_new_rules(here, new, frozenset(ours))),
        (Cause.AGE, lambda here: replace(here, at=new.at)),
        (Cause.ANSWERS, lambda here: _with_answers(here, new)),
        (Cause.COVERAGE, lambda here: _as_far_seen(here, new)),
        (Cause.VENDOR, lambda here: _with_findings(here, new)),
        (Cause.HOSPITAL, lambda _: new),
    )
    shares: list[Share] = []
    here, rules, score = old, old_policy, before
    value = before.value if before.value is not None else Decimal(0)  # what has no value moves nothing until it has one
    started = before.value is not None
    for cause, step in steps:
        there = step(here)
        if (there, new_policy) == (here, rules):
            continue  # the same facts under the same rules: the same score
        fresh = scoring.score(there, new_policy)
        if fresh.value is not None:
            points = fresh.value - value if started else Decimal(0)
            value, started = fresh.value, True
            lines = () if cause is Cause.POLICY else _moved(score, fresh)
            if points:
                shares.append(Share(cause=cause, points=points, lines=lines))
        here, rules, score = there, new_policy, fresh
    order = list(Cause)
    shares.sort(key=lambda share: order.index(share.cause))
    both = before.value is not None and score.value is not None
    return Movement(before=before, after=score, shares=tuple(shares) if both else ())


# --- One step each -------------------------------------------------------------------------------


def _under_new_rules(old: Dossier, new: Dossier, ours: frozenset[Place]) -> Dossier:
    """Today's checks and catalogue over what was seen and said then; with what only today's rules could bring."""
    then, now = _by_place(old.findings), _by_place(new.findings)
    by_us = {place for place in now if place[0] not in old.checks or any(fact.new_by in OURS for fact in now[place])}
    changed = by_us | (ours & (then.keys() | now.keys()))
    questions = new.catalogue.questions
    kept = [fact for fact in old.answers if _same_question(old, new, fact.question_id)]
    added = [fact for fact in new.answers if fact.question_id in questions and _is_new_form(old, new, fact)]
    return replace(
        old,
        checks=new.checks,
        checks_version=new.checks_version,
        catalogue=new.catalogue,
        answers=(*kept, *_of_nobodys_word(added)),
        findings=_findings(
            {place: now.get(place, ()) if place in changed else then.get(place, ()) for place in then.keys() | changed},
            then,
        ),
    )


def _same_question(old: Dossier, new: Dossier, question_id: str) -> bool:
    then, now = old.catalogue.questions.get(question_id), new.catalogue.questions.get(question_id)
    return then is not None and now is not None and then.shape == now.shape


def _is_new_form(old: Dossier, new: Dossier, fact: AnswerFact) -> bool:
    return not _same_question(old, new, fact.question_id)


def _with_answers(old: Dossier, new: Dossier) -> Dossier:
    """What was said since, and the deadline; answers about products that are gone stay until the products go."""
    supplies = {supply.key for supply in new.supplies}
    words = {(fact.question_id, fact.supply): fact for fact in old.answers}
    kept = [fact for fact in old.answers if fact.supply is not None and fact.supply not in supplies]
    said = [_with_word_of(fact, words.get((fact.question_id, fact.supply))) for fact in new.answers]
    return replace(
        old,
        answers=(*kept, *said),
        evidence=new.evidence,
        profile=new.profile,
        deadline=new.deadline,
        deadline_passed=new.deadline_passed,
        submitted_at=new.submitted_at,
    )


def _with_word_of(fact: AnswerFact, before: AnswerFact | None) -> AnswerFact:
    """The answer with what the hospital had said of the one before."""
    return replace(fact, knock_out_accepted_until=before.knock_out_accepted_until if before else None)


def _of_nobodys_word(facts: Iterable[AnswerFact]) -> Iterable[AnswerFact]:
    return [replace(fact, knock_out_accepted_until=None) for fact in facts]


def _as_far_seen(old: Dossier, new: Dossier) -> Dossier:
    """The same hosts looked at, and as much of them seen as now."""
    then, now = _by_place(old.findings), _by_place(new.findings)
    taken = {
        place: now.get(place, ()) if _is_seen(then.get(place, ())) is not _is_seen(now.get(place, ())) else then[place]
        for place in then.keys() | now.keys()
        if place in then or _is_seen(now[place])
    }
    return replace(
        old,
        hosts=new.hosts,
        scan_state=new.scan_state,
        scanned_at=new.scanned_at,
        findings=_findings(taken, then),
    )


def _with_findings(old: Dossier, new: Dossier) -> Dossier:
    """What was found since; what the hospital has said of a finding stays as it was."""
    return replace(old, findings=_findings(_by_place(new.findings), _by_place(old.findings)))


def _is_seen(facts: Iterable[FindingFact]) -> bool:
    return any(fact.finding.outcome not in NOT_SEEN and not fact.finding.provisional for fact in facts)


def _by_place(facts: Iterable[FindingFact]) -> Mapping[Place, tuple[FindingFact, ...]]:
    found: dict[Place, tuple[FindingFact, ...]] = {}
    for fact in facts:
        place = (fact.finding.check_id, fact.finding.subject)
        found[place] = (*found.get(place, ()), fact)
    return found


def _findings(
    taken: Mapping[Place, tuple[FindingFact, ...]], before: Mapping[Place, tuple[FindingFact, ...]]
) -> tuple[FindingFact, ...]:
    """These findings, each with the hospital's word of before; a new one stands open."""
    facts: list[FindingFact] = []
    for place in sorted(taken):
        word = next(iter(before.get(place, ())), None)
        for fact in taken[place]:
            if fact in before.get(place, ()):
                facts.append(fact)
            else:
                standing = word.standing if word else FindingStanding.OPEN
                facts.append(replace(fact, standing=standing, waived_until=word.waived_until if word else None))
    return tuple(facts)


def _moved(before: Score, after: Score) -> tuple[Moved, ...]:
    """The lines that came, went or keep another share, those that matter most first."""
    then, now = _lines(before), _lines(after)
    moved = []
    for key in then.keys() | now.keys():
        was, is_now = then.get(key), now.get(key)
        line = is_now or was
        assert line is not None
        points = (was.points if was else Decimal(0)) - (is_now.points if is_now else Decimal(0))
        if abs(points) >= LEAST and (was is None or is_now is None or was.share != is_now.share or line.part is None):
            place = line.subject.name if line.subject else line.supply or ""
            moved.append(Moved(key=key, title=line.title, place=place, points=points))
    moved.sort(key=lambda one: (-abs(one.points), one.key))
    return tuple(moved[:MOST_LINES])


def _lines(score: Score) -> Mapping[str, Line]:
    return {line.key: line for line in score.lines}


# --- Two registers -------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class VendorThen:
    """A vendor's row in a register that was frozen."""

    key: str
    name: str
    tier: int | None
    grade: Grade | None
    value: Decimal | None
    coverage: Decimal
    level: RiskLevel | None


@dataclass(frozen=True, kw_only=True)
class RiskThen:
    """A risk in a register that was frozen."""

    key: str
    vendor_key: str  # "": of no single vendor
    title: Words
    level: RiskLevel | None


@dataclass(frozen=True, kw_only=True)
class RegisterThen:
    """What of a register is compared."""

    at: datetime
    vendors: tuple[VendorThen, ...]
    risks: tuple[RiskThen, ...]


@dataclass(frozen=True, kw_only=True)
class VendorChange:
    """A vendor in both registers whose value, grade, tier or residual risk differs."""

    before: VendorThen
    after: VendorThen
    movement: Movement | None = None  # None: the old facts are not kept, or no value on one side


@dataclass(frozen=True, kw_only=True)
class RiskChange:
    """A risk in both registers that stands at another level."""

    before: RiskThen
    after: RiskThen


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What lies between two registers; a workbook's sheet and a page print it as it stands."""

    before: datetime
    after: datetime
    vendors_new: tuple[VendorThen, ...] = ()
    vendors_gone: tuple[VendorThen, ...] = ()
    vendors_moved: tuple[VendorChange, ...] = ()
    risks_new: tuple[RiskThen, ...] = ()
    risks_closed: tuple[RiskThen, ...] = ()
    risks_moved: tuple[RiskChange, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)  # of every vendor on either side, by key

    @property
    def is_empty(self) -> bool:
        """Whether nothing lies between them."""
        return not (
            *self.vendors_new,
            *self.vendors_gone,
            *self.vendors_moved,
            *self.risks_new,
            *self.risks_closed,
            *self.risks_moved,
        )


def then(register: Register) -> RegisterThen:
    """Of a register what is compared."""
    return RegisterThen(
        at=register.at,
        vendors=tuple(
            VendorThen(
                key=row.key,
                name=row.name,
                tier=row.tier,
                grade=row.score.grade,
                value=row.score.value,
                coverage=row.score.coverage,
                level=row.residual.level,
            )
            for row in register.vendors
        ),
        risks=tuple(
            RiskThen(key=risk.key, vendor_key=risk.vendor_key, title=risk.title, level=risk.level)
            for risk in register.risks
        ),
    )


def between(before: RegisterThen, after: RegisterThen, movements: Mapping[str, Movement] | None = None) -> Changes:
    """What came, went and moved; `movements` says why, by vendor key."""
    old, new = {row.key: row for row in before.vendors}, {row.key: row for row in after.vendors}
    old_risks = {(risk.vendor_key, risk.key): risk for risk in before.risks}
    new_risks = {(risk.vendor_key, risk.key): risk for risk in after.risks}
    moved = [
        VendorChange(before=old[key], after=new[key], movement=(movements or {}).get(key))
        for key in sorted(old.keys() & new.keys())
        if _standing(old[key]) != _standing(new[key])
    ]
    moved.sort(key=lambda one: (-_distance(one), one.after.key))
    return Changes(
        before=before.at,
        after=after.at,
        vendors_new=tuple(new[key] for key in sorted(new.keys() - old.keys())),
        vendors_gone=tuple(old[key] for key in sorted(old.keys() - new.keys())),
        vendors_moved=tuple(moved),
        risks_new=tuple(risk for risk in after.risks if (risk.vendor_key, risk.key) not in old_risks),
        risks_closed=tuple(risk for risk in before.risks if (risk.vendor_key, risk.key) not in new_risks),
        risks_moved=tuple(
            RiskChange(before=old_risks[key], after=new_risks[key])
            for key in sorted(old_risks.keys() & new_risks.keys())
            if old_risks[key].level is not new_risks[key].level
        ),
        names={row.key: row.name for row in (*before.vendors, *after.vendors)},
    )


def _standing(row: VendorThen) -> tuple[object, ...]:
    return row.value, row.grade, row.tier, row.level


def _distance(change: VendorChange) -> Decimal:
    if change.before.value is None or change.after.value is None:
        return Decimal(0)
    return abs(change.after.value - change.before.value)
