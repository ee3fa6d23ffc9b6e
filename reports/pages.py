"""The vendor report (Lieferantenbericht): everything known of one vendor, on paper."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path

from assessments import deciding, frameworks, raising
from assessments.deciding import Decided
from assessments.model import (
    MODULE_PARTS,
    PARTS,
    ActionFact,
    AnswerRow,
    Assessed,
    Basis,
    EvidenceStanding,
    EvidenceStatus,
    FindingRow,
    FindingStanding,
    Line,
    LineSource,
    NotExaminedRow,
    PartScore,
    Policy,
)
from questionnaires.model import Section
from reports import anchors, charts, ledger, marks, rendering, tables
from reports.ledger import LedgerEntry
from reports.reader import Reader
from scanners.model import N_, Outcome, Severity, worst_first

_LINES_SHOWN = 10  # of what cost points, before the annex
_REASONS_SHOWN, _WHATS_SHOWN = 7, 3  # of what was not examined, on page one


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
    reasons = not_examined_by_reason(assessed, reader)
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
        costly=[line for line in score.lines if not _is_whole(line)],
        whole=whole_lines(assessed, reader),
        part_word=lambda part: part_word(part, reader),
        steps=raising.cheapest(assessed.dossier, score, policy),
        findings=reported_findings(assessed.findings),
        findings_by_check=findings_by_check(assessed.findings),
        agreed=[row for row in assessed.findings if row.fact.standing is FindingStanding.WITHDRAWN],
        passed=sum(1 for row in assessed.findings if row.fact.finding.outcome is Outcome.PASS),
        sections=answers_by_section(assessed),
        answer_text=lambda row: tables.answer_text(row, reader),
        given=[one for one in assessed.evidence if one.standing is not EvidenceStanding.MISSING],
        lacking=lacking_documents(assessed.evidence, reader),
        reasons=reasons,
        reasons_shown=_REASONS_SHOWN,
        whats_shown=_WHATS_SHOWN,
        is_cut=len(reasons) > _REASONS_SHOWN or any(len(whats) > _WHATS_SHOWN for whats in reasons.values()),
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


def part_word(part: str | None, reader: Reader) -> str:
    """8 Krypto for a measure, Cloud for a module, a dash for a cap."""
    if part is None:
        return "–"
    short = frameworks.measure(part).short.get(reader.language)
    return short if part in MODULE_PARTS else f"{part} {short}"


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
        sorted(reported, key=lambda row: (*worst_first(row.fact.finding.outcome, row.fact.finding.severity), row.key))
    )


def findings_by_check(rows: tuple[FindingRow, ...]) -> tuple[tuple[FindingRow, ...], ...]:
    """The same, what one check says of several places together, so that its reason and remedy stand once."""
    groups: dict[tuple[str, Outcome, Severity], list[FindingRow]] = {}
    for row in reported_findings(rows):
        finding = row.fact.finding
        groups.setdefault((finding.check_id, finding.outcome, finding.severity), []).append(row)
    return tuple(map(tuple, groups.values()))


def _is_whole(line: Line) -> bool:
    return not line.points and line.share >= 1


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What cost nothing in one part: title, then what was seen, then where."""

    part: str
    weight: float
    lines: Mapping[str, Mapping[str, tuple[str, ...]]]


def whole_lines(assessed: Assessed, reader: Reader) -> tuple[Kept, ...]:
    """The lines that keep their whole weight, by part; the same said of several hosts is said once."""
    lines, found = assessed.score.lines, []
    several = len(assessed.dossier.supplies) > 1
    supplies = {supply.key: supply.name for supply in assessed.dossier.supplies if several}
    for part in PARTS:
        kept = [line for line in lines if line.part == part and _is_whole(line)]
        said: dict[str, dict[str, dict[str, None]]] = {}
        for line in kept:
            places = said.setdefault(reader.say(line.title), {}).setdefault(reader.say(line.reason), {})
            if where := line.subject.name if line.subject else supplies.get(line.supply or "", ""):
                places[where] = None
        if kept:
            told = {title: {why: tuple(at) for why, at in each.items()} for title, each in said.items()}
            found.append(Kept(part=part, weight=sum(line.weight for line in kept), lines=told))
    return tuple(found)


def lacking_documents(evidence: Iterable[EvidenceStatus], reader: Reader) -> Mapping[str, tuple[str, ...]]:
    """Kinds of documents that were asked for and not given, with the questions that ask for them."""
    lacking: dict[str, dict[str, None]] = {}
    for one in evidence:
        if one.standing is EvidenceStanding.MISSING:
            lacking.setdefault(one.type_text.get(reader.language), {}).update(dict.fromkeys(one.question_ids))
    return {kind: tuple(questions) for kind, questions in lacking.items()}


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
    """What could not be seen or was not asked, grouped by why; the same of several hosts is named once."""
    grouped: dict[str, dict[str, dict[str, None]]] = {}
    for row in assessed.not_examined:
        whats = grouped.setdefault(reader.say(row.reason), {})
        for what in _not_examined(row, assessed, reader):
            places = whats.setdefault(what, {})
            if row.subject and row.subject not in what:
                places[row.subject] = None
    return {
        reason: tuple(f"{what} ({', '.join(places)})" if places else what for what, places in whats.items())
        for reason, whats in grouped.items()
    }


def _not_examined(row: NotExaminedRow, assessed: Assessed, reader: Reader) -> Iterable[str]:
    """Checks by their titles, everything else as it is said."""
    checks = getattr(row.what, "values", {}).get("checks")
    if not checks:
        return (reader.say(row.what),)
    known = assessed.dossier.checks
    return (
        reader.text(N_("“%(title)s”"), title=reader.text(known[each].title)) if each in known else each
        for each in str(checks).split(", ")
    )
