"""The comparison in words: what stands in a cell on the page, on paper and in the workbook; and its document (A3)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path

from assessments import days, frameworks
from assessments.comparison import (
    MOST,
    OWN,
    Asking,
    CheckCell,
    CheckRow,
    Comparison,
    Gate,
    PartCell,
    PartRow,
    QuestionCell,
    Side,
    columns,
)
from assessments.model import AnswerRow, Basis, Line, Policy
from reports import charts, marks, pages, rendering, tables
from reports.reader import Reader
from scanners.model import N_

OWN_QUESTIONS = N_("Beside the measures")
NOT_LOOKED = N_("not looked at")
NOT_A_RANKING = N_(
    "Self-declarations and what can be seen from outside, as of the moment above. It is neither an audit nor a "
    "ranking: vendors that were asked differently are not equally known. Not asked is not the same as not met, and "
    "what could not be seen neither helps nor hurts. Below %(floor)s %% coverage there is no grade."
)
UNEVEN = N_(
    "These vendors were not asked by the same questionnaire. Compare measure by measure and look at what was not asked."
)


@dataclass(frozen=True, kw_only=True)
class HeadRow:
    """One line over the measures: how it is called, and what it says of one side."""

    key: str
    title: str
    text: Callable[[Side, Reader], str]


def _grade(side: Side, reader: Reader) -> str:
    score = side.score
    if score.grade is None:
        why = reader.text(marks.NO_GRADES[score.why_no_grade]) if score.why_no_grade else ""
        return f"{reader.text(N_('no grade'))}: {why}" if why else reader.text(N_("no grade"))
    return f"{score.grade} {reader.number(score.value, 1)}"


def _outside(side: Side, reader: Reader) -> str:
    outside = side.score.outside
    if side.score.documents_only:
        return reader.text(marks.SCAN_STATES[side.dossier.scan_state])
    if outside.grade is None:
        return reader.text(N_("no grade"))
    seen = reader.text(N_("%(share)s seen"), share=reader.percent(outside.coverage))
    return f"{outside.grade} {reader.number(outside.value, 1)} · {seen}"


def _risk(side: Side, reader: Reader) -> str:
    if side.residual.level is None:
        return reader.text(N_("no intake yet"))
    mark = marks.RISK_LEVELS[side.residual.level]
    cautious = f" ({reader.text(N_('cautious'))})" if side.residual.likelihood.cautious else ""
    return f"{mark.sign} {reader.level(side.residual.level)}{cautious}"


def _asked(side: Side, reader: Reader) -> str:
    if not side.was_asked:
        return reader.text(N_("not asked yet"))
    which = reader.text(marks.QUESTION_SETS[side.dossier.question_set])
    count = reader.text(N_("%(answered)s of %(asked)s answered"), answered=side.answered, asked=side.asked)
    return f"{which} ({side.dossier.catalogue.version}) · {count}"


def _submitted(side: Side, reader: Reader) -> str:
    dossier = side.dossier
    if dossier.submitted_at:
        return reader.text(N_("submitted on %(day)s"), day=reader.day(days.of(dossier.submitted_at)))
    if dossier.deadline:
        return reader.text(N_("not submitted, due on %(day)s"), day=reader.day(days.of(dossier.deadline)))
    return "–"


def _scan(side: Side, reader: Reader) -> str:
    state = reader.text(marks.SCAN_STATES[side.dossier.scan_state])
    return f"{state}, {reader.moment(side.dossier.scanned_at)}" if side.dossier.scanned_at else state


def _caps(side: Side, reader: Reader) -> str:
    said = [f"{reader.text(marks.CAPS[cap.kind])} ({cap.limit})" for cap in side.score.caps]
    return "; ".join(said) or reader.text(N_("none"))


def _place(side: Side, reader: Reader) -> str:
    if side.place is None:
        return "–"
    percent = reader.percent(side.place.percent)
    return reader.text(N_("better than %(percent)s of %(count)s"), percent=percent, count=side.place.others)


HEAD: tuple[HeadRow, ...] = (
    HeadRow(key="products", title=N_("Products and services"), text=lambda side, _: "; ".join(side.products) or "–"),
    HeadRow(key="grade", title=N_("Grade"), text=_grade),
    HeadRow(key="coverage", title=N_("Coverage"), text=lambda side, reader: reader.percent(side.score.coverage)),
    HeadRow(key="tier", title=N_("Tier"), text=lambda side, _: str(side.tier or "–")),
    HeadRow(key="residual", title=N_("Residual risk"), text=_risk),
    HeadRow(key="place", title=N_("Place in its tier"), text=_place),
    HeadRow(key="outside", title=N_("Outside grade"), text=_outside),
    HeadRow(key="caps", title=N_("Caps"), text=_caps),
    HeadRow(key="contradictions", title=N_("Open contradictions"), text=lambda side, _: str(side.contradictions)),
    HeadRow(key="asked", title=N_("Questionnaire"), text=_asked),
    HeadRow(key="submitted", title=N_("Self-declaration"), text=_submitted),
    HeadRow(key="scan", title=N_("Scan"), text=_scan),
)


def head(made: Comparison) -> tuple[HeadRow, ...]:
    """The lines over the measures; a place among vendors is told where at least one has one."""
    return tuple(line for line in HEAD if line.key != "place" or any(side.place for side in made.sides))


def part_title(part: str, reader: Reader) -> str:
    """§ 30 Abs. 2 Nr. 8 BSIG: Kryptographie."""
    if part == OWN:
        return reader.text(OWN_QUESTIONS)
    measure = frameworks.measure(part)
    return f"{measure.citation.get(reader.language)}: {measure.short.get(reader.language)}"


def level_text(cell: PartCell, reader: Reader) -> str:
    """3 · declared only · 92 % seen."""
    score = cell.score
    if score is None:
        return reader.text(N_("%(answered)s of %(asked)s answered"), answered=cell.answered, asked=cell.asked)
    if not score.applicable:
        return reader.text(N_("not applicable"))
    basis = reader.text(marks.BASES[score.basis].word)
    if score.level is None or score.basis is Basis.UNSEEN:
        return reader.text(marks.BASES[Basis.UNSEEN].word)
    seen = reader.text(N_("%(share)s seen"), share=reader.percent(score.coverage))
    return f"{score.level} · {basis} · {seen}"


def gate_text(gate: Gate, reader: Reader) -> str:
    """✕ not met."""
    return f"{marks.GATES[gate].sign} {reader.text(marks.GATES[gate].word)}"


def answer_texts(cell: QuestionCell, side: Side, reader: Reader) -> tuple[str, ...]:
    """What was answered with what stands behind it; where products differ, of which it was said."""
    if cell.standing is not Asking.ANSWERED:
        return (reader.text(marks.ASKINGS[cell.standing]),)
    names = {supply.key: supply.name for supply in side.dossier.supplies}
    said: dict[str, list[str]] = {}
    for row in cell.rows:
        said.setdefault(_answer(row, reader), []).append(names.get(row.supply, row.supply) if row.supply else "")
    if len(said) == 1:
        return tuple(said)
    return tuple(f"{', '.join(of)}: {text}" if all(of) else text for text, of in said.items())


def _answer(row: AnswerRow, reader: Reader) -> str:
    said = tables.answer_text(row, reader)
    if row.assurance is not None:
        said += f" [{reader.text(marks.ASSURANCES[row.assurance])}]"
    if row.contradictions:
        said += f" {marks.BASES[Basis.CONTRADICTED].sign} {reader.text(marks.BASES[Basis.CONTRADICTED].word)}"
    return said


def evidence_texts(cell: QuestionCell, reader: Reader) -> tuple[str, ...]:
    """The documents given for the question, and how they stand."""
    return tuple(
        dict.fromkeys(
            f"{marks.EVIDENCE[each.standing].sign} {each.name or each.type_text.get(reader.language)}"
            f" ({reader.text(marks.EVIDENCE[each.standing].word)})"
            for each in cell.evidence
        )
    )


def check_text(cell: CheckCell, reader: Reader) -> str:
    """✕ not met · 2 of 3 hosts."""
    if cell.worst is None:
        return reader.text(NOT_LOOKED)
    mark = marks.VERDICTS[cell.worst]
    alike = sum(row.fact.finding.outcome is cell.worst for row in cell.rows)
    said = f"{mark.sign} {reader.text(mark.word)}"
    if any(row.fact.finding.provisional for row in cell.rows):
        provisional = reader.text(N_("provisional"))
        said += f" ({provisional})"
    if len(cell.rows) == 1:
        return said
    hosts = reader.text(N_("%(count)s of %(all)s hosts"), count=alike, all=len(cell.rows))
    return f"{said} · {hosts}"


def check_title(row: CheckRow, reader: Reader) -> str:
    """What should hold."""
    return reader.text(row.check.title)


def line_text(line: Line, reader: Reader) -> str:
    """What a line says: its title, where, and why it keeps less than all."""
    place = f" ({line.subject.name})" if line.subject else ""
    return f"{reader.say(line.title)}{place}: {reader.say(line.reason)}"


def shown_parts(made: Comparison, *, only_differences: bool) -> Iterator[PartRow]:
    """The rows that are wanted."""
    yield from made.differing if only_differences else made.parts


# --- Paper ---------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One bidder of a lot, and what became of its offer."""

    key: str  # "" where it stands in no column
    name: str
    text: str
    is_out: bool = False


@dataclass(frozen=True, kw_only=True)
class LotSheet:
    """What the sheet of a lot says before the columns: facts of the tender and the lot, and every bidder."""

    facts: Sequence[tuple[str, str]]
    bidders: Sequence[Standing]


def document(
    made: Comparison,
    policy: Policy,
    *,
    reader: Reader,
    now: datetime,
    only_differences: bool = False,
    fonts: Path | None = None,
    title: str = "",
    lot: LotSheet | None = None,
) -> bytes:
    """The comparison as PDF on A3, tagged, with contents and page numbers. Same facts and `now`, same bytes."""
    html = document_html(made, policy, reader=reader, now=now, only_differences=only_differences, title=title, lot=lot)
    return rendering.pdf(html, style=style(), fonts=fonts)


def style() -> str:
    """The look of printed documents, on wide paper."""
    return pages.style() + (files("reports") / "templates" / "comparison.css").read_text(encoding="utf-8")


def document_html(
    made: Comparison,
    policy: Policy,
    *,
    reader: Reader,
    now: datetime,
    only_differences: bool = False,
    title: str = "",
    lot: LotSheet | None = None,
) -> str:
    """The same as HTML, before it is set. `title` names what it is made for, such as a lot of a tender.

    More than fit beside each other follow one another, six at a time.
    """
    reader = reader.calling(policy)
    groups = columns(made, MOST)
    return rendering.page(
        "comparison.html",
        reader,
        made=made,
        lot=lot,
        groups=[(one, tuple(shown_parts(one, only_differences=only_differences))) for one in groups],
        only_differences=only_differences,
        now=now,
        title=title,
        floor=reader.number(policy.coverage_floor),
        head=head(made),
        marks=marks,
        charts={
            side.key: charts.ten_measures(
                side.score.parts,
                label=reader.text(N_("Level of the ten measures")),
                describe=lambda part: pages.describe_part(part, reader),
            )
            for side in made.sides
        },
        part_title=lambda part: part_title(part, reader),
        level_text=lambda cell: level_text(cell, reader),
        gate_text=lambda gate: gate_text(gate, reader),
        answer_texts=lambda cell, side: answer_texts(cell, side, reader),
        evidence_texts=lambda cell: evidence_texts(cell, reader),
        check_text=lambda cell: check_text(cell, reader),
        uneven=reader.text(UNEVEN),
        limits=reader.text(NOT_A_RANKING, floor=reader.number(policy.coverage_floor)),
    )
