"""A vendor seen through a framework as a workbook: a cover, and a line for each measure, point or control."""

from collections.abc import Callable
from datetime import datetime
from io import BytesIO

from openpyxl import Workbook
from openpyxl.styles import Font

from assessments.model import Assessed
from assessments.views import Framework, Row, View
from questionnaires.model import Text
from reports import framework_view as words
from reports import marks
from reports.reader import Reader
from reports.tables import Column, Kind
from reports.workbooks import sheets
from reports.workbooks.cells import Value
from reports.workbooks.sheets import FONT, INK, WRAP, Paper, styled
from scanners.model import N_

_PAPER = Paper(wide=True, landscape=True, across=1)


def write(found: View, assessed: Assessed, *, reader: Reader, now: datetime) -> bytes:
    """The workbook as bytes."""
    workbook = Workbook(write_only=True)
    workbook.properties.creator = "Kettenblick"
    workbook.properties.title = reader.text(words.TITLES[found.framework])
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
        Column(title=N_("No."), width=9, kind=Kind.WORDS, value=lambda row, _: row.entry.key),
        _long(N_("Title"), 30, lambda row, reader: row.entry.title.get(reader.language)),
        _long(N_("Paragraph"), 30, lambda row, reader: row.entry.citation.get(reader.language)),
        *own,
        *level,
        _number(N_("Questions"), lambda row, _: len(row.answers)),
        _number(N_("Answered"), lambda row, _: row.answered),
        _long(N_("Answers"), 60, lambda row, reader: "\n".join(words.answers(row, reader))),
        _number(N_("Fell short"), lambda row, _: len(row.lacking)),
        _number(N_("Met"), lambda row, _: row.met),
        _number(N_("Not seen"), lambda row, _: row.unseen),
        _long(N_("Findings"), 60, lambda row, reader: "\n".join(words.findings(row, reader))),
        _long(N_("Evidence"), 44, lambda row, reader: "\n".join(words.evidence(row, reader))),
        _long(N_("Gaps"), 44, lambda row, reader: "\n".join(words.gaps(row, reader))),
        _long(N_("What this cannot say"), 40, lambda row, reader: reader.say(row.limit)),
    )


def _facts(found: View, assessed: Assessed, reader: Reader) -> tuple[tuple[str, Value], ...]:
    dossier, score = assessed.dossier, assessed.score
    seen = reader.text(N_("%(share)s seen"), share=reader.percent(score.coverage))
    grade = score.grade.value if score.grade else reader.text(N_("no grade"))
    facts: tuple[tuple[str, Value], ...] = (
        (reader.text(N_("Hospital")), dossier.hospital),
        (reader.text(N_("Vendor")), f"{dossier.vendor_key} {dossier.vendor_name}"),
        (reader.text(N_("Products and services")), "; ".join(supply.name for supply in dossier.supplies)),
        (reader.text(N_("Framework")), reader.text(words.TITLES[found.framework])),
        (reader.text(N_("What this is")), reader.text(words.LEADS[found.framework])),
        (reader.text(N_("Shown")), words.said(found.chosen, reader) or reader.text(N_("everything"))),
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


def _long(title: str, width: float, value: Callable[[Row, Reader], Value]) -> Column[Row]:
    return Column(title=title, width=width, kind=Kind.LONG, value=value)


def _number(title: str, value: Callable[[Row, Reader], Value]) -> Column[Row]:
    return Column(title=title, width=10, kind=Kind.NUMBER, value=value)
