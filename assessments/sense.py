"""What no policy may say, whoever wrote it: numbers that would turn better into worse, told by their place."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from assessments.model import MEASURE_PARTS, Assurance, Authority, Grade, Policy, RiskLevel
from questionnaires.model import N_, QuestionSet
from scanners.model import Message, Outcome, Severity

HIGHEST = 100
HEAVIEST = 1000  # of a part
LONGEST_PATIENCE = 3650  # days
LONGEST_WORD = 40
LONGEST_ACCEPTANCE = 3 * 366  # days
SETS = (QuestionSet.SHORT, QuestionSet.BASIC, QuestionSet.FULL)
LEVELS = tuple(RiskLevel)  # the lowest first


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A place, in the words of the file, and what is wrong there."""

    place: str  # "matrix.5.3", "part_weights.MD"
    what: Message


def problems(policy: Policy) -> tuple[Problem, ...]:
    """Everything that is wrong, in the order of the file."""
    rooms = (_values, _cuts, _weights, _caps, _asked, _likelihood, _matrix, _authority, _acceptance, _own)
    return tuple(problem for room in rooms for problem in room(policy))


def _at(place: str, text: str, **values: str | float) -> Problem:
    return Problem(place=place, what=Message(text=text, values=values))


def _values(policy: Policy) -> Iterator[Problem]:
    """What counts for less may never count for more."""
    weights = [policy.severity_weights[each] for each in Severity]
    if any(weight < 0 for weight in weights) or any(more < less for more, less in pairwise(weights)):
        yield _at("severity_weights", N_("a graver finding weighs less than a lighter one"))
    outcomes = [policy.outcome_shares[each] for each in (Outcome.PASS, Outcome.WARN, Outcome.FAIL)]
    if not _falls(outcomes) or not all(0 <= share <= 1 for share in outcomes):
        yield _at("outcome_shares", N_("a worse outcome keeps more than a better one"))
    if any(factor < 0 for factor in policy.host_factors.values()):
        yield _at("host_factors", N_("below 0"))
    if any(not 0 <= share <= 1 for share in policy.assurance.values()):
        yield _at("assurance", N_("not between 0 and 1"))
    elif policy.assurance[Assurance.EXPIRED] > policy.assurance[Assurance.PROVEN]:
        yield _at("assurance", N_("evidence that is out of date counts for more than valid evidence"))
    elif policy.assurance[Assurance.DECLARED] > policy.assurance[Assurance.PROVEN]:
        yield _at("assurance", N_("a mere word counts for more than valid evidence"))
    if policy.answers_share + policy.checks_share != 1:
        yield _at("blend", N_("answers and checks do not make up 1 together"))


def _cuts(policy: Policy) -> Iterator[Problem]:
    grades = [start for _grade, start in policy.grade_from]
    if any(more <= less for more, less in pairwise(grades)) or not all(0 < cut <= HIGHEST for cut in grades):
        yield _at("grade_from", N_("the cut-offs do not fall from A to E between 100 and 0"))
    if any(less >= more for less, more in pairwise(policy.level_from)) or not all(
        0 < cut <= HIGHEST for cut in policy.level_from
    ):
        yield _at("level_from", N_("the cut-offs do not rise between 0 and 100"))
    if not 0 <= policy.coverage_floor <= HIGHEST:
        yield _at("coverage_floor", N_("not between 0 and 100"))


def _weights(policy: Policy) -> Iterator[Problem]:
    for part, weight in policy.part_weights.items():
        if not 0 <= weight <= HEAVIEST:
            yield _at(f"part_weights.{part}", N_("not between 0 and %(most)s"), most=HEAVIEST)
    if not any(policy.part_weights[part] > 0 for part in MEASURE_PARTS):
        yield _at("part_weights", N_("none of the ten measures weighs anything"))


def _caps(policy: Policy) -> Iterator[Problem]:
    caps = policy.caps
    for name in ("critical_fail", "knock_out", "high_fail"):
        if not 0 <= getattr(caps, name) <= HIGHEST:
            yield _at(f"caps.{name}", N_("not between 0 and 100"))
    if caps.critical_fail > caps.high_fail:
        yield _at("caps.critical_fail", N_("a critical finding leaves more than one that is only high"))
    if not 0 <= caps.high_fail_after_days <= LONGEST_PATIENCE:
        yield _at("caps.high_fail_after_days", N_("not between 0 and %(most)s"), most=LONGEST_PATIENCE)


def _asked(policy: Policy) -> Iterator[Problem]:
    ranks = {tier: SETS.index(chosen) for tier, chosen in policy.sets_by_tier.items() if chosen in SETS}
    for tier, chosen in policy.sets_by_tier.items():
        if chosen not in SETS:
            yield _at(f"sets_by_tier.{tier}", N_("no set that stands for a tier"))
        elif tier + 1 in ranks and ranks[tier] < ranks[tier + 1]:
            yield _at(f"sets_by_tier.{tier}", N_("a more critical tier is asked less than the next"))


def _likelihood(policy: Policy) -> Iterator[Problem]:
    for better, worse in pairwise(Grade):
        if policy.likelihood_by_grade[better] > policy.likelihood_by_grade[worse]:
            yield _at(f"likelihood.by_grade.{worse}", N_("a poorer grade makes it less likely"))
    if policy.likelihood_unknown < policy.likelihood_by_grade[Grade.A]:
        yield _at("likelihood.unknown", N_("not knowing makes it less likely than the best grade"))
    for graver, lighter in pairwise(Severity):
        if policy.likelihood_by_severity[graver] < policy.likelihood_by_severity[lighter]:
            yield _at(f"likelihood.by_severity.{lighter}", N_("a lighter cause makes it more likely"))


def _matrix(policy: Policy) -> Iterator[Problem]:
    """More impact, or more likelihood, is never a lower risk."""
    ranks = [[LEVELS.index(cell) for cell in row] for row in policy.matrix]
    for impact, row in enumerate(ranks, start=1):
        for likelihood, rank in enumerate(row, start=1):
            place = f"matrix.{impact}.{likelihood}"
            if likelihood > 1 and row[likelihood - 2] > rank:
                yield _at(place, N_("lower than with less likelihood"))
            elif impact > 1 and ranks[impact - 2][likelihood - 1] > rank:
                yield _at(place, N_("lower than with less impact"))


def _authority(policy: Policy) -> Iterator[Problem]:
    """A higher risk, or a more critical tier, never goes to somebody lower."""
    for name, row in policy.authority.items():
        for less, more in pairwise(LEVELS):
            if _rank(row[less]) > _rank(row[more]):
                yield _at(f"authority.{name}.{more}", N_("a higher risk goes to a lower authority"))
    tiers = sorted(name for name in policy.authority if name.isdecimal())
    for tier, following in pairwise(tiers):
        for level in LEVELS:
            if _rank(policy.authority[tier][level]) < _rank(policy.authority[following][level]):
                place = f"authority.{tier}.{level}"
                yield _at(place, N_("a more critical tier goes to a lower authority than the next"))


def _acceptance(policy: Policy) -> Iterator[Problem]:
    """A higher risk is never accepted by somebody lower, nor for longer."""
    if policy.appetite is RiskLevel.CRITICAL:
        yield _at("appetite", N_("nothing lies above critical, so nothing would ever be decided"))
    rules = policy.acceptance
    for level, rule in rules.items():
        if not 1 <= rule.days <= LONGEST_ACCEPTANCE:
            place = f"acceptance.{level}.days"
            yield _at(place, N_("%(days)s days are not 1 to %(most)s"), days=rule.days, most=LONGEST_ACCEPTANCE)
    for less, more in pairwise([level for level in LEVELS if level in rules]):
        if _rank(rules[more].by) < _rank(rules[less].by):
            yield _at(f"acceptance.{more}.by", N_("a higher risk is accepted by a lower authority"))
        if rules[more].days > rules[less].days:
            yield _at(f"acceptance.{more}.days", N_("a higher risk is accepted for longer than a lower one"))


def _own(policy: Policy) -> Iterator[Problem]:
    """What only a hospital's own policy has: must-haves, knock-outs it lifts, words for the levels."""
    for question in sorted(policy.must_haves & policy.lifted):
        yield _at("lifted", N_("%(question)s is to exclude and not to exclude"), question=question)
    for level, words in policy.level_words.items():
        if not all(0 < len(word) <= LONGEST_WORD for word in (words.de, words.en)):
            yield _at(f"levels.{level}", N_("not 1 to %(most)s characters"), most=LONGEST_WORD)
    used = {_words(policy, level) for level in LEVELS}
    if policy.level_words and len(used) < len(LEVELS):
        yield _at("levels", N_("two levels have the same word"))


def _words(policy: Policy, level: RiskLevel) -> str:
    own = policy.level_words.get(level)
    return own.de.casefold() if own else level.value


def _falls(values: Sequence[float]) -> bool:
    return all(more >= less for more, less in pairwise(values))


def _rank(authority: Authority) -> int:
    return list(Authority).index(authority)
