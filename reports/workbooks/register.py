"""register.xlsx: the supply-chain risk register as a risk committee reads it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING

from openpyxl.cell.cell import Cell
from openpyxl.chart import BarChart, Reference
from openpyxl.styles import Alignment, Border, Font, PatternFill
from openpyxl.workbook import Workbook
from openpyxl.worksheet.pagebreak import Break

from assessments import frameworks
from assessments.model import PARTS, Basis, FindingRow, Grade, Register, RiskLevel, Treatment, VendorRow
from reports import marks, tables
from reports.reader import Reader
from reports.workbooks import sheets
from reports.workbooks.cells import Value, written
from reports.workbooks.sheets import ACCENT, FONT, INK, RULE, Paper, Sheet
from scanners.model import N_, Outcome

if TYPE_CHECKING:
    import pandas as pd

NOT_AN_AUDIT = N_(
    "This register rests on self-declarations of vendors and on what can be seen from outside. It is neither an audit "
    "nor a certificate, and no proof of compliance with NIS2, the BSIG, the MDR or the GDPR. An anchor in a law says "
    "where an observation may matter; it does not say that a law was broken."
)
UNKNOWN_IS_NOT_BAD = N_(
    "What could not be seen is listed on the sheet “Not examined” with its reason. It neither helps nor hurts a score; "
    "it lowers the coverage that stands beside it. Below %(floor)s %% coverage there is no grade."
)
CHECKSUM_SAYS = N_("SHA-256 over the other sheets. The portal confirms it under “Reports”, “Check a register”.")
_MATRIX_SIDE = 5
_CHART_LINES = 16
_MIDDLE = Alignment(horizontal="center", vertical="center", wrap_text=True)
_BESIDE = 18  # characters: how wide a vendor's column is where they stand side by side


@dataclass(frozen=True, kw_only=True)
class Marked:
    """The file, and the checksum that stands on its cover."""

    content: bytes
    fingerprint: str


def write(register: Register, *, reader: Reader, now: datetime) -> bytes:
    """The whole workbook as bytes; `now` is the moment of writing, the register carries the moment of its facts."""
    return write_marked(register, reader=reader, now=now).content


def write_marked(register: Register, *, reader: Reader, now: datetime) -> Marked:
    """The workbook with the checksum over all its sheets but the cover, on which it stands; the same ids in all."""
    reader = reader.calling(register.policy)
    workbook = Workbook(write_only=True)
    workbook.properties.creator = "Kettenblick"
    workbook.properties.title = reader.text(N_("Supply-chain risk register"))
    workbook.properties.created = workbook.properties.modified = now.replace(tzinfo=None, microsecond=0)
    cover = workbook.create_sheet(reader.text(N_("Cover")))  # the first, and the last that is written
    sheets.table(workbook, N_("Vendors"), tables.VENDORS, register.vendors, reader=reader, paper=Paper(across=2))
    _comparison(workbook, register, reader)
    sheets.table(workbook, N_("Risks"), tables.risks(register), register.risks, reader=reader)
    sheets.table(workbook, N_("Findings"), tables.findings(register), _reported(register), reader=reader)
    sheets.table(workbook, N_("Answers"), tables.answers(register), register.answers, reader=reader)
    sheets.table(
        workbook, N_("Contradictions"), tables.contradictions(register), register.contradictions, reader=reader
    )
    sheets.table(workbook, N_("Evidence"), tables.evidence(register), register.evidence, reader=reader)
    sheets.table(
        workbook,
        N_("Subcontractors"),
        tables.subcontractors(register),
        tables.subcontractor_lines(register),
        reader=reader,
        note=N_(
            "A line for each subcontractor that the hospital has written down; where there is none yet, the line says "
            "what the vendor declares."
        ),
    )
    sheets.table(
        workbook,
        N_("Concentration"),
        tables.shared(register),
        register.shared,
        reader=reader,
        note=N_(
            "Seen by scans that are open to the hospital, named in lists of parts (SBOM) that were handed in to it, or "
            "written down by it. What a vendor uses without showing it is not in here."
        ),
    )
    sheets.table(workbook, N_("Actions"), tables.actions(register), register.actions, reader=reader)
    sheets.table(
        workbook,
        N_("Decisions"),
        tables.decisions(register),
        register.decisions,
        reader=reader,
        note=N_(
            "What holds: decisions of sittings and of single persons with their conditions, and what was decided on "
            "risks, waivers, disputes and contradictions. Who voted how stands in the minutes."
        ),
    )
    sheets.table(
        workbook,
        N_("Changes"),
        tables.changes(register),
        register.changes,
        reader=reader,
        note=N_("Scores that moved within the last twelve months. When a finding came or went stands on “Findings”."),
    )
    sheets.table(workbook, N_("Incidents"), tables.incidents(register), register.incidents, reader=reader)
    sheets.table(workbook, N_("Not examined"), tables.not_examined(register), register.not_examined, reader=reader)
    fingerprint = sheets.fingerprint(workbook.worksheets[1:])
    _cover(cover, register, reader, fingerprint)
    file = BytesIO()
    workbook.save(file)
    return Marked(content=file.getvalue(), fingerprint=fingerprint)


def _reported(register: Register) -> Iterator[FindingRow]:
    """What failed or warned; what passed is no finding, and what was not seen has a sheet of its own."""
    return (row for row in register.findings if row.fact.finding.outcome in {Outcome.FAIL, Outcome.WARN})


# --- Cover ---------------------------------------------------------------------------------------


def _cover(sheet: Sheet, register: Register, reader: Reader, fingerprint: str) -> None:
    sheet.sheet_view.showGridLines = False
    sheets.lay_out(sheet, widths=[34, 11, 11, 11, 11, 11, 11, 13], paper=Paper(wide=False, landscape=False))
    put = _Writer(sheet)
    put.line(
        reader.text(N_("Supply-chain risk register")), font=Font(name=FONT, size=20, bold=True, color=ACCENT), height=30
    )
    put.line(written(register.hospital), font=Font(name=FONT, size=14, color=INK), height=22)
    put.gap()
    for label, value in _facts(register, reader):
        put.pair(label, value)
    put.pair(reader.text(N_("Checksum")), fingerprint, font=Font(name="Courier New", size=9, color=INK))
    put.pair("", reader.text(CHECKSUM_SAYS), font=Font(name=FONT, size=9, color="5A6772"))
    put.gap()
    put.title(reader.text(N_("What this is not, and what was not examined")))
    put.block(reader.text(NOT_AN_AUDIT), height=46)
    put.block(reader.text(UNKNOWN_IS_NOT_BAD, floor=reader.number(register.policy.coverage_floor)), height=42)
    for sentence in _not_seen(register, reader):
        put.block("• " + sentence, height=16)
    put.gap()
    put.title(reader.text(N_("Grades by tier")))
    first = put.row + 1
    put.cells(["", *[grade.value for grade in Grade], reader.text(N_("no grade"))], bold=True)
    for tier, counts in _grades_by_tier(register):
        label = reader.text(N_("Tier %(tier)s"), tier=tier) if tier else reader.text(N_("no intake yet"))
        put.cells([label, *counts])
    _grade_chart(sheet, reader, first, put.row)
    for _line in range(_CHART_LINES):
        put.gap()
    put.title(reader.text(N_("Residual risk: vendors by impact and likelihood")))
    _heat(put, register, reader)
    sheet.row_breaks.append(Break(id=put.row))
    put.title(reader.text(N_("Risks by level and what is done about them")))
    first = put.row + 1
    put.cells(["", *[reader.text(word) for word in marks.TREATMENTS.values()]], bold=True)
    for level, counts in _risks_by_level(register):
        put.cells([reader.level(level), *counts])
    _stacked(sheet, reader.text(N_("Risks by level")), first, put.row, across=len(marks.TREATMENTS) + 1)
    for _line in range(_CHART_LINES):
        put.gap()
    put.title(reader.text(N_("The ten measures over all vendors: mean level, 0 to 4")))
    first = put.row + 1
    put.cells(["", reader.text(N_("Mean")), reader.text(N_("Vendors"))], bold=True)
    for part in PARTS:
        mean, seen = _mean_level(register, part)
        put.cells([tables.numbered(tables.part_title(part), reader), mean, seen])
    _means(sheet, reader.text(N_("Mean level")), first, put.row)
    put.gap()
    put.title(reader.text(N_("How to read the marks")))
    for sentence in _legend(reader):
        put.block(sentence, height=16)
    sheet.print_area = f"A1:H{put.row}"


def _facts(register: Register, reader: Reader) -> Iterator[tuple[str, Value]]:
    yield reader.text(N_("Facts as of")), reader.moment(register.at)
    yield reader.text(N_("Vendors")), len(register.vendors)
    yield reader.text(N_("Risks")), len(register.risks)
    yield reader.text(N_("Policy")), register.policy_version
    yield reader.text(N_("Questionnaire")), ", ".join(register.catalogue_versions) or "–"
    yield reader.text(N_("Checks")), ", ".join(register.checks_versions) or "–"
    yield reader.text(N_("Times")), "Europe/Berlin"


def _not_seen(register: Register, reader: Reader) -> Iterator[str]:
    states = Counter(row.scan_state for row in register.vendors)
    for state, count in sorted(states.items()):
        yield f"{reader.text(marks.SCAN_STATES[state])}: {count}"
    without = sum(1 for row in register.vendors if row.score.grade is None)
    yield reader.text(N_("Vendors without a grade: %(count)s"), count=without)
    yield reader.text(N_("Things not examined, over all vendors: %(count)s"), count=len(register.not_examined))


def _grades_by_tier(register: Register) -> Iterator[tuple[int | None, list[int]]]:
    for tier in (1, 2, 3, 4, None):
        grades = Counter(row.score.grade for row in register.vendors if row.tier == tier)
        if tier or grades:
            yield tier, [grades.get(grade, 0) for grade in (*Grade, None)]


def _grade_chart(sheet: Sheet, reader: Reader, first: int, last: int) -> None:
    chart = BarChart()
    chart.type, chart.grouping, chart.overlap = "col", "stacked", 100
    chart.title = reader.text(N_("Grades by tier"))
    chart.height, chart.width = 7, 19
    chart.add_data(
        Reference(sheet, min_col=1, max_col=8, min_row=first + 1, max_row=last), from_rows=True, titles_from_data=True
    )
    chart.set_categories(Reference(sheet, min_col=2, max_col=8, min_row=first))
    chart.x_axis.delete = chart.y_axis.delete = False
    for series, colour in zip(chart.series, ("1F4E79", "3D6F9D", "6990B4", "B9C6D2", "D9DEE3"), strict=False):
        series.graphicalProperties.solidFill = colour
    sheet.add_chart(chart, f"A{last + 2}")


def _risks_by_level(register: Register) -> Iterator[tuple[RiskLevel, list[int]]]:
    counts = Counter(
        (risk.level, treated.treatment if (treated := register.treated(risk)) else Treatment.OPEN)
        for risk in register.risks
    )
    for level in marks.RISK_LEVELS:
        yield level, [counts.get((level, treatment), 0) for treatment in marks.TREATMENTS]


def _mean_level(register: Register, part: str) -> tuple[float | None, int]:
    """Over those whose level is known: what was not seen neither helps nor hurts."""
    scores = [row.score.part(part) for row in register.vendors]
    levels = [one.level for one in scores if one.applicable and one.level is not None]
    return (round(sum(levels) / len(levels), 2) if levels else None), len(levels)


def _stacked(sheet: Sheet, title: str, first: int, last: int, *, across: int) -> None:
    """A column for each line of the table above, split as its columns are."""
    chart = BarChart()
    chart.type, chart.grouping, chart.overlap = "col", "stacked", 100
    chart.title, chart.height, chart.width = title, 7, 19
    chart.add_data(Reference(sheet, min_col=2, max_col=across, min_row=first, max_row=last), titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=1, min_row=first + 1, max_row=last))
    chart.x_axis.delete = chart.y_axis.delete = False
    for series, colour in zip(chart.series, ("9A3B1B", "1F4E79", "6990B4", "B9C6D2", "C9A44C"), strict=False):
        series.graphicalProperties.solidFill = colour
    sheet.add_chart(chart, f"A{last + 2}")


def _means(sheet: Sheet, title: str, first: int, last: int) -> None:
    """Beside its table: a bar for each measure on a scale from 0 to 4."""
    chart = BarChart()
    chart.type, chart.title, chart.legend = "bar", title, None
    chart.height, chart.width = round(0.53 * (last - first + 1), 1), 11.5  # type: ignore[assignment]  # takes centimetres
    chart.add_data(Reference(sheet, min_col=2, min_row=first, max_row=last), titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=1, min_row=first + 1, max_row=last))
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.x_axis.scaling.orientation = "maxMin"
    chart.y_axis.scaling.min, chart.y_axis.scaling.max = 0, 4
    chart.series[0].graphicalProperties.solidFill = ACCENT
    sheet.add_chart(chart, f"D{first}")


def _heat(put: "_Writer", register: Register, reader: Reader) -> None:
    put.cells([reader.text(N_("Impact ↑, likelihood →")), *range(1, _MATRIX_SIDE + 1)], bold=True)
    for impact in range(_MATRIX_SIDE, 0, -1):
        cells = [sheets.styled(put.sheet, impact, font=Font(name=FONT, size=10, bold=True, color=INK))]
        for likelihood in range(1, _MATRIX_SIDE + 1):
            level = register.policy.matrix[impact - 1][likelihood - 1]
            count = register.heat.get((impact, likelihood), 0)
            text = f"{count} {marks.RISK_LEVELS[level].sign}" if count else marks.RISK_LEVELS[level].sign
            cells.append(
                sheets.styled(
                    put.sheet,
                    text,
                    fill=sheets.risk_fill(level),
                    alignment=Alignment(horizontal="center", vertical="center"),
                    font=Font(name=FONT, size=11, bold=bool(count), color=INK),
                )
            )
        put.raw(cells)


def _legend(reader: Reader) -> Iterator[str]:
    yield reader.text(
        N_("Level of a measure: 0 to 4; hatched: declared only; solid: proven or confirmed; empty: not seen")
    )
    yield " · ".join(f"{mark.sign} {reader.text(mark.word)}" for mark in marks.VERDICTS.values())
    yield " · ".join(f"{mark.sign} {reader.level(level)}" for level, mark in marks.RISK_LEVELS.items())
    yield reader.text(
        N_("“Cautious” marks a likelihood that rests on not knowing: silence never ranks above a poor answer.")
    )


class _Writer:
    """Appends to a streamed sheet and remembers the row."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.row = 0

    def raw(self, cells: Sequence[object]) -> None:
        self.sheet.append(list(cells))
        self.row += 1

    def gap(self) -> None:
        self.raw([])

    def line(self, text: str, *, font: Font, height: float) -> None:
        self.sheet.row_dimensions[self.row + 1].height = height
        self.raw([sheets.styled(self.sheet, text, font=font, alignment=Alignment(vertical="center"))])

    def title(self, text: str) -> None:
        font = Font(name=FONT, size=12, bold=True, color=ACCENT)
        cells = [sheets.styled(self.sheet, text, font=font, border=Border(bottom=RULE), alignment=Alignment())]
        cells += [sheets.styled(self.sheet, None, border=Border(bottom=RULE)) for _ in range(7)]
        self.raw(cells)

    def pair(self, label: str, value: Value, *, font: Font | None = None) -> None:
        grey = Font(name=FONT, size=10, color="5A6772")
        left = Alignment(horizontal="left", vertical="top")
        self.raw(
            [sheets.styled(self.sheet, label, font=grey), sheets.styled(self.sheet, value, font=font, alignment=left)]
        )

    def block(self, text: str, *, height: float) -> None:
        self.sheet.row_dimensions[self.row + 1].height = height
        self.sheet.merged_cells.ranges.add(f"A{self.row + 1}:H{self.row + 1}")
        self.raw([sheets.styled(self.sheet, text)])

    def cells(self, values: Sequence[Value], *, bold: bool = False) -> None:
        centre = Alignment(horizontal="center")
        font = Font(name=FONT, size=10, bold=bold, color=INK)
        self.raw(
            [
                sheets.styled(self.sheet, value, font=font, alignment=centre if index else None)
                for index, value in enumerate(values)
            ]
        )


# --- Comparison ----------------------------------------------------------------------------------


def _comparison(workbook: Workbook, register: Register, reader: Reader) -> None:
    """Measures as rows, vendors as columns, knock-out gates on top."""
    frame = comparison(register, reader)
    sheet = workbook.create_sheet(reader.text(N_("Comparison")))
    sheets.lay_out(sheet, widths=[44, *[_BESIDE] * len(register.vendors)], paper=Paper(), frozen="B2")
    sheet.row_dimensions[1].height = sheets.HEADING
    sheet.append(sheets.heading(sheet, [reader.text(N_("Measure")), *[written(str(name)) for name in frame.columns]]))
    looks = {_measure_title(part, reader): part for part in PARTS}
    for number, (title, values) in enumerate(
        zip(frame.index, frame.itertuples(index=False, name=None), strict=True), start=2
    ):
        sheet.row_dimensions[number].height = sheets.height(map(str, values), signs=_BESIDE - 2)
        bold = Font(name=FONT, size=10, bold=True, color=INK)
        cells = [sheets.styled(sheet, str(title), font=bold, alignment=Alignment(vertical="center"))]
        for vendor, value in zip(register.vendors, values, strict=True):
            cells.append(_comparison_cell(sheet, vendor, looks.get(str(title)), str(value)))
        sheet.append(cells)
    sheet.print_title_rows, sheet.print_title_cols = "1:1", "A:A"


def _comparison_cell(sheet: Sheet, vendor: VendorRow, part: str | None, value: str) -> Cell:
    fill: PatternFill | None = None
    font: Font | None = None
    if part is not None:
        score = vendor.score.part(part)
        fill, font = sheets.level_look(score.level if score.applicable else None, score.basis)
    return sheets.styled(sheet, value, fill=fill, font=font, alignment=_MIDDLE)


def _measure_title(part: str, reader: Reader) -> str:
    measure = frameworks.measure(part)
    return f"{measure.citation.get(reader.language)}: {measure.short.get(reader.language)}"


def comparison(register: Register, reader: Reader) -> "pd.DataFrame":
    """Rows: gates, score, coverage, then every measure and module; columns: vendors in the register's order."""
    import pandas as pd  # noqa: PLC0415 - half a second at every start of the portal; only who writes a register pays

    columns = {
        f"{row.key} {row.name}": {
            reader.text(N_("Knock-outs")): ", ".join(row.knock_outs) or reader.text(N_("none")),
            reader.text(N_("Contradictions")): str(row.open_contradictions),
            reader.text(N_("Tier")): str(row.tier or "–"),
            reader.text(N_("Grade")): row.score.grade or reader.text(N_("no grade")),
            reader.text(N_("Score")): reader.number(row.score.value, 1),
            reader.text(N_("Coverage %")): reader.number(row.score.coverage),
            reader.text(N_("Outside grade")): row.score.outside.grade or reader.text(N_("no grade")),
            **{_measure_title(part, reader): _level_text(row, part, reader) for part in PARTS},
        }
        for row in register.vendors
    }
    return pd.DataFrame(columns)


def _level_text(row: VendorRow, part: str, reader: Reader) -> str:
    score = row.score.part(part)
    if not score.applicable:
        return "–"
    if score.level is None or score.basis is Basis.UNSEEN:
        return reader.text(marks.BASES[Basis.UNSEEN].word)
    return f"{score.level} · {reader.text(marks.BASES[score.basis].word)}"
