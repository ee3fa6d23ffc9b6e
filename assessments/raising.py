"""What would raise a score: the few cheapest things, each with the value and the grade that would follow."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import reduce

from assessments import planning, scoring
from assessments.effort import Efforts
from assessments.gathering import Gathered
from assessments.model import Cap, Dossier, Grade, LineSource, Policy, Score
from assessments.planning import PlanItem
from scanners.model import Outcome

MOST = 5
NOTHING = Decimal(0)
FULL = Decimal(100)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing to mend, after those before it."""

    item: PlanItem
    points: Decimal  # by which the printed value rises; 0 while a cap still holds it down
    value: Decimal  # then
    grade: Grade | None  # then; None: too little is seen
    cap: int | None  # that still holds the value down
    together: int = 1  # a cap falls only when so many things are mended, of which this is one


def cheapest(
    dossier: Dossier, score: Score, policy: Policy, *, most: int = MOST, efforts: Efforts | None = None
) -> tuple[Step, ...]:
    """The things that gain most for a day of work, one after the other.

    Each is chosen by what it would gain once those before it are done, and printed with the value worked out anew. What
    holds a cap together is taken together, cheapest first: until the last of them is mended, nothing moves, and a step
    says so.
    """
    items = {item.key: item for item in planning.plan(dossier, score, policy, efforts=efforts)}
    steps: list[Step] = []
    done: list[str] = []
    now = score
    while len(steps) < most and now.value is not None:
        group = _best(items, now, done)
        if not group:
            break
        for key in group[: most - len(steps)]:
            done.append(key)
            then = mended(dossier, policy, done)
            assert then.value is not None
            assert now.value is not None
            held = next((cap.limit for cap in then.caps if cap.applied), None)
            steps.append(
                Step(
                    item=items[key],
                    points=then.value - now.value,
                    value=then.value,
                    grade=then.grade,
                    cap=held,
                    together=len(group),
                )
            )
            now = then
    return tuple(steps)


def mended(dossier: Dossier, policy: Policy, keys: Collection[str]) -> Score:
    """The score if these things of a plan were mended: a check passes everywhere, an answer is worth all and proven."""
    better = tuple(
        replace(
            fact,
            finding=replace(
                fact.finding, outcome=Outcome.PASS, severity=dossier.checks[fact.finding.check_id].severity
            ),
        )
        if f"{LineSource.CHECK}:{fact.finding.check_id}" in keys
        and fact.finding.outcome in {Outcome.FAIL, Outcome.WARN}
        and fact.finding.check_id in dossier.checks
        else fact
        for fact in dossier.findings
    )
    plain = Gathered(dossier=dossier, policy=policy)
    answers = frozenset(
        each.line_key for each in plain.asked if each.applicable and f"{LineSource.ANSWER}:{each.question.id}" in keys
    )
    return scoring.score_of(Gathered(dossier=replace(dossier, findings=better), policy=policy, mended=answers))


def _best(items: Mapping[str, PlanItem], now: Score, done: Iterable[str]) -> tuple[str, ...]:
    """What gains most for a day of all that is left: one thing, or all that hold a cap; nothing when nothing gains."""
    left = [key for key in items if key not in set(done)]
    points: dict[str, Decimal] = dict.fromkeys(left, NOTHING)
    for line in now.lines:
        if line.source is not LineSource.CAP and (key := planning.key_of(line)) in points:
            points[key] += line.points
    raw = FULL - sum((line.points for line in now.lines if line.source is not LineSource.CAP), NOTHING)
    holders = [(cap.limit, _holders(cap, now)) for cap in now.caps]
    groups: list[tuple[str, ...]] = [(key,) for key in left]
    groups += [
        tuple(sorted(held, key=lambda key: (items[key].days, key)))
        for _limit, held in holders
        if len(held) > 1 and held <= set(left)
    ]

    def then(group: tuple[str, ...]) -> Decimal:
        rises = raw + sum((points[key] for key in group), NOTHING)
        return reduce(min, (Decimal(limit) for limit, held in holders if not held or not held <= set(group)), rises)

    assert now.value is not None
    gains = {group: then(group) - now.value for group in groups}
    worth = [group for group, gain in gains.items() if gain > 0]
    return min(worth, key=lambda group: (-gains[group] / Decimal(str(_days(items, group))), group), default=())


def _days(items: Mapping[str, PlanItem], group: Iterable[str]) -> float:
    return sum(items[key].days for key in group)


def _holders(cap: Cap, now: Score) -> frozenset[str]:
    """The things of the plan that hold a cap."""
    lines = {line.key: line for line in now.lines}
    found = (lines.get(planning.line_of(key, lines)) for key in cap.keys)
    return frozenset(planning.key_of(line) for line in found if line is not None)
