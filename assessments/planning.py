"""A plan for 30, 60 and 90 days from the lines of a score: what to mend first by severity and points gained per day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from assessments import effort
from assessments.effort import EffortClass, Efforts
from assessments.gathering import Asked, Gathered
from assessments.model import Assurance, Cap, Dossier, Line, LineSource, Phrase, Policy, Score, Words
from questionnaires.model import N_, AnswerKind, Question, Text
from scanners.model import Message, Severity

WORST_FIRST = tuple(Severity)
HEAVY, MIDDLING = 5, 3  # weights of questions, of 1 to 5


@dataclass(frozen=True, kw_only=True)
class PlanItem:
    """One thing to mend: why now, what to do, what it gains and takes."""

    key: str  # stable as long as its cause is: "check:tls.protocol-legacy", "answer:BK-04"
    title: Words
    advice: Words
    proof: Words  # what would show that it is done
    severity: Severity
    places: tuple[str, ...]  # hosts, or supplies by key
    part: str | None
    points: Decimal  # of the overall 100, its share of a cap included
    lifts_cap: bool  # it is one of those that hold the score down
    effort: EffortClass
    days: float
    within: int  # 30, 60 or 90 days
    check_id: str = ""
    question_id: str = ""

    @property
    def points_per_day(self) -> float:
        """What a day of work gains."""
        return float(self.points) / self.days


@dataclass(frozen=True, kw_only=True)
class _Ground:
    """What every item is worked out from."""

    dossier: Dossier
    efforts: Efforts
    of_cap: Mapping[str, Decimal]
    asked: Mapping[str, Asked]


def plan(dossier: Dossier, score: Score, policy: Policy, *, efforts: Efforts | None = None) -> tuple[PlanItem, ...]:
    """Everything that would raise the score, in the order of doing: the period, the severity, points per day.

    The same check on several hosts, or the same question for several supplies, is one thing to do. A cap falls only
    when all that hold it are mended, so its points are shared evenly among them.
    """
    gathered = Gathered(dossier=dossier, policy=policy)
    ground = _Ground(
        dossier=dossier,
        efforts=efforts or effort.current(),
        of_cap=_shares_of_cap(score.caps, score.lines),
        asked={each.line_key: each for each in gathered.asked},
    )
    groups: dict[str, list[Line]] = {}
    for line in score.lines:
        if line.source is not LineSource.CAP and (line.points > 0 or line.key in ground.of_cap):
            groups.setdefault(key_of(line), []).append(line)
    items = [
        _of_check(key, group, ground) if group[0].check_id else _of_answer(key, group, ground)
        for key, group in groups.items()
    ]
    return tuple(sorted(items, key=_rank))


def key_of(line: Line) -> str:
    """By which a line's cause is known again, over all hosts and supplies."""
    return f"check:{line.check_id}" if line.check_id else f"answer:{line.question_id}"


def _rank(item: PlanItem) -> tuple[object, ...]:
    return (item.within, WORST_FIRST.index(item.severity), -item.points_per_day, item.key)


def _shares_of_cap(caps: Iterable[Cap], lines: Iterable[Line]) -> Mapping[str, Decimal]:
    """What each cause of the cap that holds would give back."""
    applied = next((cap for cap in caps if cap.applied), None)
    if applied is None:
        return {}
    cost = sum((line.points for line in lines if line.key == f"{LineSource.CAP}:{applied.kind}"), Decimal(0))
    known = {line.key for line in lines}
    causes = sorted({line_of(key, known) for key in applied.keys} & known)
    return {key: cost / len(causes) for key in causes}


def line_of(key: str, known: Iterable[str]) -> str:
    """A contradiction's key begins with its question; its line is that of the answer."""
    if key in known:
        return key
    question = key.partition(":")[0]
    return next((each for each in sorted(known) if each.startswith(f"{LineSource.ANSWER}:{question}")), key)


def _of_check(key: str, group: list[Line], ground: _Ground) -> PlanItem:
    check = ground.dossier.checks[str(group[0].check_id)]
    places = tuple(sorted({line.subject.name for line in group if line.subject}))
    return _item(
        key,
        group,
        ground,
        title=Message(text=check.title),
        advice=Message(text=check.fix),
        proof=Message(text=N_("A new scan sees that it holds.")),
        severity=min((line.severity or check.severity for line in group), key=WORST_FIRST.index),
        places=places,
        chosen=ground.efforts.of_check(check.id, check.category),
    )


def _of_answer(key: str, group: list[Line], ground: _Ground) -> PlanItem:
    question = next((ground.asked[line.key].question for line in group if line.key in ground.asked), None)
    question = question or ground.dossier.catalogue.questions[str(group[0].question_id)]
    shares = [ground.asked[line.key].share for line in group if line.key in ground.asked]
    only_proof = all(share == 1 for share in shares) and not any(line.contradicted or line.unanswered for line in group)
    is_word = only_proof or all(line.unanswered for line in group)
    return _item(
        key,
        group,
        ground,
        title=question.label,
        advice=_advice(question, group, ground.dossier, only_proof=only_proof),
        proof=_proof(question, ground.dossier),
        severity=_severity(question, group, only_proof=only_proof),
        places=tuple(sorted({line.supply for line in group if line.supply})),
        chosen=ground.efforts.classes["note"] if is_word else ground.efforts.of_question(question.id, question.section),
    )


def _item(
    key: str,
    group: list[Line],
    ground: _Ground,
    *,
    title: Words,
    advice: Words,
    proof: Words,
    severity: Severity,
    places: tuple[str, ...],
    chosen: EffortClass,
) -> PlanItem:
    days = ground.efforts.days(chosen, len(places))
    points = sum((line.points + ground.of_cap.get(line.key, Decimal(0)) for line in group), Decimal(0))
    return PlanItem(
        key=key,
        title=title,
        advice=advice,
        proof=proof,
        severity=severity,
        places=places,
        part=group[0].part,
        points=points.quantize(Decimal("0.01")),
        lifts_cap=any(line.key in ground.of_cap for line in group),
        effort=chosen,
        days=days,
        within=ground.efforts.within(severity, days),
        check_id=group[0].check_id or "",
        question_id=group[0].question_id or "",
    )


def _severity(question: Question, group: Iterable[Line], *, only_proof: bool) -> Severity:
    """A knock-out at zero excludes; else by the weight of the question. What lacks only its proof is low."""
    if only_proof:
        return Severity.LOW
    if question.knock_out and any(line.share == 0 or line.contradicted for line in group):
        return Severity.CRITICAL
    if question.weight >= HEAVY:
        return Severity.HIGH
    return Severity.MEDIUM if question.weight >= MIDDLING else Severity.LOW


def _advice(question: Question, lines: list[Line], dossier: Dossier, *, only_proof: bool) -> Words:
    if any(line.contradicted for line in lines):
        return Message(
            text=N_("Mend what the scan saw, or correct the answer, or dispute the finding: the two do not fit.")
        )
    if any(line.unanswered for line in lines):
        return Message(text=N_("Answer the question; silence after the deadline counts as nothing."))
    if only_proof:
        expired = any(line.assurance is Assurance.EXPIRED for line in lines)
        text = (
            N_("Replace the document that is out of date: %(documents)s.")
            if expired
            else N_("The answer is good; lay a document beside it: %(documents)s.")
        )
        return Phrase(text=text, values={"documents": _documents(question, dossier)})
    best = _best(question)
    if best is None:
        return Phrase(
            text=N_("What was answered is not worth everything yet: %(question)s"), values={"question": question.text}
        )
    return Phrase(text=N_("Raise what you do until this answer holds: “%(best)s”."), values={"best": best})


def _best(question: Question) -> Text | None:
    """The choice that is worth all; None where the answer is no choice."""
    if question.shape.kind is AnswerKind.MULTI_CHOICE:
        return None
    return next((option.text for option in question.shape.options if option.score == 1), None)


def _proof(question: Question, dossier: Dossier) -> Words:
    if not question.evidence:
        return Message(text=N_("The new answer, with a few words on what has changed."))
    return Phrase(
        text=N_("The new answer with a document: %(documents)s."), values={"documents": _documents(question, dossier)}
    )


def _documents(question: Question, dossier: Dossier) -> Text:
    """The kinds of document that would prove an answer, in both languages."""
    kinds = [dossier.catalogue.evidence_types[wanted.type].text for wanted in question.evidence]
    return Text(de=" / ".join(kind.de for kind in kinds), en=" / ".join(kind.en for kind in kinds))
