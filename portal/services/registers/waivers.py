"""Waivers that hold on a day, laid over the facts of a dossier: the line stays, its cap does not apply."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from assessments.model import AnswerFact, FindingFact, FindingStanding, WaiverFact
from portal import i18n
from portal.db.models.waivers import Waiver, WaiverKind
from questionnaires.model import Catalogue, Text
from scanners.catalogue import CHECKS
from scanners.model import Severity, Subject, SubjectKind

WORST_FIRST = tuple(Severity)
REPLACED = frozenset({FindingStanding.OPEN, FindingStanding.DISPUTED})  # an upheld dispute says more than a waiver


@dataclass(frozen=True, kw_only=True)
class Waived:
    """The waivers of one vendor that hold, by what they are about."""

    findings: Mapping[tuple[str, Subject], Waiver] = field(default_factory=dict)
    answers: Mapping[tuple[str, str], Waiver] = field(default_factory=dict)  # by question and supply id

    def over_findings(self, facts: Iterable[FindingFact]) -> tuple[FindingFact, ...]:
        """The findings, those that are waived with their day; one that has become graver is waived no longer."""
        return tuple(self._over(fact) for fact in facts)

    def _over(self, fact: FindingFact) -> FindingFact:
        waiver = self.findings.get((fact.finding.check_id, fact.finding.subject))
        if waiver is None or fact.standing not in REPLACED or _is_graver(fact, waiver):
            return fact
        words = f"{waiver.reason} ({waiver.by_name})"
        return replace(
            fact,
            standing=FindingStanding.WAIVED,
            waived_until=waiver.until,
            answer=f"{fact.answer}\n{words}" if fact.answer else words,
        )

    def over_answer(self, fact: AnswerFact, supply_id: str) -> AnswerFact:
        """The answer, with the day until which its knock-out is accepted."""
        waiver = self.answers.get((fact.question_id, supply_id))
        return replace(fact, knock_out_accepted_until=waiver.until) if waiver is not None else fact

    def facts(self, catalogue: Catalogue, keys: Mapping[str, str]) -> tuple[WaiverFact, ...]:
        """For whoever prints them."""
        rows = sorted((*self.findings.values(), *self.answers.values()), key=lambda row: (row.until, row.id))
        return tuple(
            WaiverFact(
                title=title_of(row, catalogue),
                place=row.subject_name or keys.get(row.supply_id, ""),
                reason=row.reason,
                by=row.by_name,
                at=row.at,
                until=row.until,
            )
            for row in rows
        )


NONE = Waived()


def holding(session: Session, hospital_id: str, vendor_id: str, *, today: date) -> Waived:
    """What is waived today; the waiver that ends last speaks where there are several."""
    return held(of_vendor(session, hospital_id, vendor_id), today)


def held(every: Iterable[Waiver], today: date) -> Waived:
    """The same of waivers that are read already, the newest first."""
    rows = [row for row in every if holds(row, today)]
    rows.sort(key=lambda row: (row.until, row.at))
    if not rows:
        return NONE
    return Waived(
        findings={
            (row.check_id, Subject(kind=SubjectKind(row.subject_kind), name=row.subject_name)): row
            for row in rows
            if row.kind is WaiverKind.FINDING
        },
        answers={(row.question_id, row.supply_id): row for row in rows if row.kind is WaiverKind.KNOCK_OUT},
    )


def holds(row: Waiver, today: date) -> bool:
    """Whether nobody has taken it back and its day has not passed."""
    return row.ended_at is None and row.until >= today


def of_vendor(session: Session, hospital_id: str, vendor_id: str) -> Sequence[Waiver]:
    """Every waiver there ever was, the newest first."""
    return session.scalars(
        select(Waiver)
        .where(Waiver.hospital_id == hospital_id, Waiver.vendor_id == vendor_id)
        .order_by(Waiver.at.desc(), Waiver.id)
    ).all()


def title_of(row: Waiver, catalogue: Catalogue) -> Text:
    """What is waived, in words."""
    if row.kind is WaiverKind.KNOCK_OUT:
        question = catalogue.questions.get(row.question_id)
        return question.label if question else Text(de=row.question_id, en=row.question_id)
    check = CHECKS.get(row.check_id)
    if check is None:
        return Text(de=row.check_id, en=row.check_id)
    return Text(**{name: i18n.translator(name)(check.title) for name in i18n.LANGUAGES})


def _is_graver(fact: FindingFact, waiver: Waiver) -> bool:
    return WORST_FIRST.index(fact.finding.severity) < WORST_FIRST.index(Severity(waiver.severity))
