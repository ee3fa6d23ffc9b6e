"""A vendor seen through a framework as a workbook: a cover, a line for each measure, point or control, and what each
rests on: a line for every answer, finding and document."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Generic, TypeVar

from openpyxl import Workbook
from openpyxl.styles import Font

from assessments.framework_views import Framework, Row, View
from assessments.model import AnswerRow, Assessed, EvidenceStatus, FindingRow
from questionnaires.model import Text
from reports import framework_view as words
from reports import marks, tables
from reports.reader import Reader
from reports.tables import Column, Kind
from reports.workbooks import sheets
from reports.workbooks.cells import Value
from reports.workbooks.sheets import FONT, INK, WRAP, Paper, styled
from scanners.model import N_

_PAPER = Paper(wide=True, landscape=True, across=1)
_Line = TypeVar("_Line")
_Fact = TypeVar("_Fact", AnswerRow, FindingRow, EvidenceStatus)


@dataclass(frozen=True, kw_only=True)
class _Within(Generic[_Fact]):
    """A fact under one entry of the framework; under another it stands again."""

    row: Row
    fact: _Fact


def write(found: View, assessed: Assessed, *, reader: Reader, now: datetime) -> bytes:
    """The workbook as bytes."""
    workbook = Workbook(write_only=True)
    workbook.properties.creator = "Kettenblick"
    shown = words.said(found.chosen, reader)
    workbook.properties.title = " · ".join(filter(None, (reader.text(words.TITLES[found.framework]), shown)))
    workbook.properties.created = workbook.properties.modified = now.replace(tzinfo=None, microsecond=0)
    cover = workbook.create_sheet(reader.text(N_("Cover")))
    sheets.lay_out(cover, widths=(28, 100), paper=Paper(wide=False, landscape=False))
    bold, plain = Font(name=FONT, size=10, bold=True, color=INK), Font(name=FONT, size=10, color=INK)
    for label, value in _facts(found, assessed, reader):
        cover.append(
            [
                styled(cover, label, font=bold, alignment=WRAP),
                styled(cover, value, font=plain, alignment=WRAP),
            ]
        )
    sheets.table(
        workbook,
        N_("Framework"),
        columns(found.framework),
        found.rows,
        reader=reader,
        paper=_PAPER,
        note=N_("A reference says where an answer or an observation may matter; it is no verdict and no certificate."),
    )
    names = {supply.key: supply.name for supply in assessed.dossier.supplies}
    answers = [_Within(row=row, fact=fact) for row in found.rows for fact in row.answers]
    findings = [_Within(row=row, fact=fact) for row in found.rows for fact in row.lacking]
    documents = [_Within(row=row, fact=fact) for row in found.rows for fact in row.evidence]
    sheets.table(workbook, N_("Answers"), _answer_columns(names), answers, reader=reader, paper=_PAPER)
    sheets.table(workbook, N_("Findings"), _FINDINGS, findings, reader=reader, paper=_PAPER)
    sheets.table(workbook, N_("Evidence"), _EVIDENCE, documents, reader=reader, paper=_PAPER)
    out = BytesIO()
    workbook.save(out)
    return out.getvalue()


def columns(framework: Framework) -> tuple[Column[Row], ...]:
    """The columns; those that a framework has not are left out."""
    own: tuple[Column[Row], ...] = ()
    if framework is Framework.MDR:
        own = (
            _long(N_("What it covers"), 40, lambda row, reader: _said(row.entry.covers, reader)),
            _long(N_("Beside it in § 30 (2) BSIG"), 40, lambda row, reader: _said(row.entry.beside, reader)),
            _long(N_("Guidance, not binding"), 22, lambda row, _: row.entry.guidance),
        )
    level: tuple[Column[Row], ...] = ()
    if framework is Framework.BSIG:
        level = (_number(N_("Level"), lambda row, _: row.parts[0].level if row.parts else None),)
    return (
        _key(lambda row, _: row.entry.key),
        _long(N_("Title"), 40, lambda row, reader: row.entry.title.get(reader.language)),
        _long(N_("Paragraph"), 34, lambda row, reader: row.entry.citation.get(reader.language)),
        *own,
        *level,
        _number(N_("Questions"), lambda row, _: len(row.answers)),
        _number(N_("Answered"), lambda row, _: row.answered),
        _number(N_("Fell short"), lambda row, _: len(row.lacking)),
        _number(N_("Met"), lambda row, _: row.met),
        _number(N_("Not seen"), lambda row, _: row.unseen),
        _number(N_("Documents"), lambda row, _: len(row.evidence)),
        _long(N_("Gaps"), 50, lambda row, reader: "\n".join(words.gaps(row, reader))),
        _long(N_("What this cannot say"), 50, lambda row, reader: reader.say(row.limit)),
    )


def _answer_columns(names: Mapping[str, str]) -> tuple[Column[_Within[AnswerRow]], ...]:
    return (
        _key(lambda one, _: one.row.entry.key),
        _word(N_("Question"), 12, lambda one, _: one.fact.question.id),
        _long(N_("About"), 36, lambda one, reader: one.fact.question.label.get(reader.language)),
        _long(N_("Product"), 30, lambda one, _: names.get(one.fact.supply or "", one.fact.supply or "")),
        _long(N_("Answer"), 80, lambda one, reader: tables.answer_text(one.fact, reader)),
        _word(
            N_("Rests on"),
            26,
            lambda one, reader: reader.text(marks.ASSURANCES[one.fact.assurance]) if one.fact.assurance else "–",
        ),
        _word(
            N_("Knock-out"),
            20,
            lambda one, reader: reader.text(N_("not met")) if one.fact.knock_out_failed else "",
        ),
    )


_FINDINGS: tuple[Column[_Within[FindingRow]], ...] = (
    Column(title=N_("No."), width=9, kind=Kind.WORDS, value=lambda one, _: one.row.entry.key),
    Column(title=N_("Severity"), width=14, kind=Kind.WORDS, value=lambda one, reader: words.severity(one.fact, reader)),
    Column(title=N_("Verdict"), width=18, kind=Kind.WORDS, value=lambda one, reader: words.verdict(one.fact, reader)),
    Column(
        title=N_("What should hold"), width=70, kind=Kind.LONG, value=lambda one, reader: words.held(one.fact, reader)
    ),
    Column(title=N_("Host"), width=40, kind=Kind.LONG, value=lambda one, _: one.fact.fact.finding.subject.name),
    Column(
        title=N_("What was seen"),
        width=60,
        kind=Kind.LONG,
        value=lambda one, reader: reader.say(one.fact.fact.finding.fact),
    ),
    Column(title=N_("Last seen"), width=17, kind=Kind.MOMENT, value=lambda one, _: one.fact.fact.finding.at),
    Column(title=N_("Vendor's words"), width=50, kind=Kind.LONG, value=lambda one, _: one.fact.fact.statement),
)
_EVIDENCE: tuple[Column[_Within[EvidenceStatus]], ...] = (
    Column(title=N_("No."), width=9, kind=Kind.WORDS, value=lambda one, _: one.row.entry.key),
    Column(title=N_("Standing"), width=18, kind=Kind.WORDS, value=lambda one, reader: words.standing(one.fact, reader)),
    Column(
        title=N_("Kind of document"),
        width=50,
        kind=Kind.LONG,
        value=lambda one, reader: one.fact.type_text.get(reader.language),
    ),
    Column(title=N_("Document"), width=60, kind=Kind.LONG, value=lambda one, _: one.fact.called),
    Column(title=N_("Questions"), width=24, kind=Kind.LONG, value=lambda one, _: ", ".join(one.fact.question_ids)),
    Column(title=N_("Valid until"), width=13, kind=Kind.DAY, value=lambda one, _: one.fact.valid_until),
)


def _facts(found: View, assessed: Assessed, reader: Reader) -> tuple[tuple[str, Value], ...]:
    dossier, score = assessed.dossier, assessed.score
    seen = reader.text(N_("%(share)s seen"), share=reader.percent(score.coverage))
    grade = score.grade.value if score.grade else reader.text(N_("no grade"))
    facts: tuple[tuple[str, Value], ...] = (
        (reader.text(N_("Hospital")), dossier.hospital),
        (reader.text(N_("Vendor")), f"{dossier.vendor_key} {dossier.vendor_name}"),
        (reader.text(N_("Products and services")), "; ".join(supply.name for supply in dossier.supplies)),
        (
            reader.text(N_("Framework")),
            " · ".join(filter(None, (reader.text(words.TITLES[found.framework]), words.said(found.chosen, reader)))),
        ),
        (reader.text(N_("What this is")), reader.text(words.LEADS[found.framework])),
        (reader.text(N_("Shown")), words.said(found.chosen, reader) or reader.text(N_("everything"))),
        *(((reader.text(N_("About the filter")), words.about_marks(reader)),) if found.chosen.is_on else ()),
        (
            reader.text(N_("With gaps")),
            reader.text(N_("%(gaps)s of %(rows)s"), gaps=found.with_gaps, rows=len(found.rows)),
        ),
        (reader.text(N_("Grade")), f"{grade} · {reader.number(score.value, 1)} · {seen}"),
        (reader.text(N_("Scan")), reader.text(marks.SCAN_STATES[dossier.scan_state])),
        (reader.text(N_("As of")), reader.moment(dossier.at)),
        (
            reader.text(N_("Versions")),
            f"{score.policy_version} · {score.catalogue_version} · {score.checks_version}",
        ),
    )
    if found.applies:
        return facts
    return (*facts, (reader.text(N_("Note")), reader.text(words.NOT_A_DEVICE)))


def _said(text: Text | None, reader: Reader) -> str:
    return "" if text is None else text.get(reader.language)


def _key(value: Callable[[_Line, Reader], Value]) -> Column[_Line]:
    return _word(N_("No."), 9, value)


def _word(title: str, width: float, value: Callable[[_Line, Reader], Value]) -> Column[_Line]:
    return Column(title=title, width=width, kind=Kind.WORDS, value=value)


def _long(title: str, width: float, value: Callable[[_Line, Reader], Value]) -> Column[_Line]:
    return Column(title=title, width=width, kind=Kind.LONG, value=value)


def _number(title: str, value: Callable[[Row, Reader], Value]) -> Column[Row]:
    return Column(title=title, width=10, kind=Kind.NUMBER, value=value)
