"""The vendor report (Lieferantenbericht): everything known of one vendor, on paper."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path

from assessments import deciding, frameworks, raising
from assessments.deciding import Decided
from assessments.model import (
    PARTS,
    ActionFact,
    AnswerRow,
    Assessed,
    Basis,
    FindingRow,
    FindingStanding,
    Line,
    LineSource,
    PartScore,
    Policy,
)
from questionnaires.model import Section
from reports import anchors, charts, ledger, marks, rendering, tables
from reports.ledger import LedgerEntry
from reports.reader import Reader
from scanners.model import N_, Outcome, Severity

_WORST_FIRST = {severity: rank for rank, severity in enumerate(Severity)}
_LINES_SHOWN = 25


@dataclass(frozen=True, kw_only=True)
class SectionAnswers:
    """The answers of one section, in the order of the questionnaire."""

    section: Section
    rows: tuple[AnswerRow, ...]


def vendor_report(
    assessed: Assessed,
    policy: Policy,
    *,
    reader: Reader,
    now: datetime,
    fonts: Path | None = None,
    consents: Sequence[LedgerEntry] = (),
    actions: Sequence[ActionFact] = (),
    decided: Sequence[Decided] = (),
) -> bytes:
    """The Lieferantenbericht as PDF. Page one says what was not examined and what this is not.

    Same facts and `now`, same bytes. Raises OSError when the Pango libraries are missing.
    """
    html = vendor_report_html(
        assessed, policy, reader=reader, now=now, consents=consents, actions=actions, decided=decided
    )
    return rendering.pdf(html, style=style(), fonts=fonts)


def style() -> str:
    """The look of printed documents."""
    return (files("reports") / "templates" / "report.css").read_text(encoding="utf-8")


def vendor_report_html(
    assessed: Assessed,
    policy: Policy,
    *,
    reader: Reader,
    now: datetime,
    consents: Sequence[LedgerEntry] = (),
    actions: Sequence[ActionFact] = (),
    decided: Sequence[Decided] = (),
) -> str:
    """The same as HTML, before it is set."""
    score, reader = assessed.score, reader.calling(policy)
    return rendering.page(
        "vendor_report.html",
        reader,
        assessed=assessed,
        dossier=assessed.dossier,
        score=score,
        policy=policy,
        now=now,
        marks=marks,
        anchors=anchors,
        measures={part: frameworks.measure(part) for part in PARTS},
        chart=charts.ten_measures_large(
            score.parts,
            label=reader.text(N_("Level of the ten measures")),
            describe=lambda part: describe_part(part, reader),
        ),
        tier=charts.tier_bars(assessed.dossier.tier, label=_tier_label(assessed.dossier.tier, reader)),
        lines=costly_lines(score.lines),
        steps=raising.cheapest(assessed.dossier, score, policy),
        findings=reported_findings(assessed.findings),
        agreed=[row for row in assessed.findings if row.fact.standing is FindingStanding.WITHDRAWN],
        passed=sum(1 for row in assessed.findings if row.fact.finding.outcome is Outcome.PASS),
        sections=answers_by_section(assessed),
        answer_text=lambda row: tables.answer_text(row, reader),
        reasons=not_examined_by_reason(assessed, reader),
        supply_names={supply.key: supply.name for supply in assessed.dossier.supplies},
        ledger=consents,
        actions=actions,
        decided=decided,
        rulings=deciding.RULINGS,
        condition_states=deciding.CONDITION_STATES,
        deeds=ledger.DEEDS,
        classes=ledger.CLASSES,
        Outcome=Outcome,
        Basis=Basis,
    )


def describe_part(part: PartScore, reader: Reader) -> str:
    """Nr. 8 Kryptographie: Stufe 3 von 4, durch Nachweis belegt."""
    measure = frameworks.measure(part.part)
    basis = reader.text(marks.BASES[part.basis].word)
    if part.level is None:
        return f"{measure.short.get(reader.language)}: {basis}"
    level = reader.text(N_("level %(level)s of 4"), level=part.level)
    return f"{measure.short.get(reader.language)}: {level}, {basis}"


def _tier_label(tier: int | None, reader: Reader) -> str:
    return reader.text(N_("Tier %(tier)s"), tier=tier) if tier else reader.text(N_("no intake yet"))


def costly_lines(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """The lines that cost points, dearest first; caps lead."""
    costly = [line for line in lines if line.points > 0]
    return tuple(sorted(costly, key=lambda line: (line.source is not LineSource.CAP, -line.points, line.key)))[
        :_LINES_SHOWN
    ]


def reported_findings(rows: tuple[FindingRow, ...]) -> tuple[FindingRow, ...]:
    """Failed and warned findings that were not withdrawn, worst first."""
    reported = [
        row
        for row in rows
        if row.fact.finding.outcome in {Outcome.FAIL, Outcome.WARN}
        and row.fact.standing is not FindingStanding.WITHDRAWN
    ]
    return tuple(
        sorted(
            reported,
            key=lambda row: (
                row.fact.finding.outcome is Outcome.WARN,
                _WORST_FIRST[row.fact.finding.severity],
                row.key,
            ),
        )
    )


def answers_by_section(assessed: Assessed) -> tuple[SectionAnswers, ...]:
    """Sections that were asked, each with its rows."""
    by_section: dict[str, list[AnswerRow]] = {}
    for row in assessed.answers:
        by_section.setdefault(row.question.section, []).append(row)
    return tuple(
        SectionAnswers(section=section, rows=tuple(by_section[section.id]))
        for section in assessed.dossier.catalogue.sections
        if section.id in by_section
    )


def not_examined_by_reason(assessed: Assessed, reader: Reader) -> Mapping[str, tuple[str, ...]]:
    """What could not be seen or was not asked, grouped by why."""
    grouped: dict[str, dict[str, None]] = {}
    for row in assessed.not_examined:
        what = reader.say(row.what)
        label = f"{what} ({row.subject})" if row.subject and row.subject not in what else what
        grouped.setdefault(reader.say(row.reason), {})[label] = None
    return {reason: tuple(whats) for reason, whats in grouped.items()}
