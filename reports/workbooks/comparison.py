"""comparison.xlsx: vendors side by side, gates on top, the same row ids as on the page and on paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

from openpyxl.cell.cell import Cell
from openpyxl.styles import Border, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook

from assessments.comparison import Comparison, Gate, PartCell
from assessments.model import Policy
from reports import comparison as words
from reports.comparison import LotSheet, Standing
from reports.reader import Reader
from reports.tables import Column, Kind
from reports.workbooks import sheets
from reports.workbooks.cells import Value, rows_that_fit
from reports.workbooks.sheets import FONT, HAIR, INK, Paper
from reports.workbooks.tender_log import FACTS
from scanners.model import N_

_TITLES, _COLUMN = (15, 60), 30
_LINE, _HIGHEST = 13, 400
_OUT = "8C1D18"
_GROUP = PatternFill("solid", fgColor="F2F5F7")
BIDDERS: tuple[Column[Standing], ...] = (
    Column(title=N_("ID"), width=9, kind=Kind.WORDS, value=lambda row, _: row.key),
    Column(title=N_("Bidder"), width=40, kind=Kind.WORDS, value=lambda row, _: row.name),
    Column(title=N_("State of the offer"), width=90, kind=Kind.LONG, value=lambda row, _: row.text),
)


@dataclass(frozen=True, kw_only=True)
class Marked:
    """The file, and the checksum over its sheets."""

    content: bytes
    fingerprint: str


def write(
    made: Comparison,
    policy: Policy,
    *,
    reader: Reader,
    now: datetime,
    only_differences: bool = False,
    title: str = "",
    lot: LotSheet | None = None,
) -> Marked:
    """The whole workbook: at a glance, every question and check, what is behind each level; of a lot its bidders."""
    reader = reader.calling(policy)
    workbook = Workbook(write_only=True)
    workbook.properties.creator = "Kettenblick"
    workbook.properties.title = reader.text(N_("Comparison"))
    workbook.properties.created = workbook.properties.modified = now.replace(tzinfo=None, microsecond=0)
    _overview(workbook, made, policy, reader, only_differences=only_differences, title=title)
    if lot is not None:
        sheets.table(workbook, N_("Bidders"), BIDDERS, lot.bidders, reader=reader)
        sheets.table(workbook, N_("Tender"), FACTS, list(lot.facts), reader=reader)
    _details(workbook, made, reader, only_differences=only_differences)
    _lines(workbook, made, reader, only_differences=only_differences)
    fingerprint = sheets.fingerprint(workbook.worksheets)
    file = BytesIO()
    workbook.save(file)
    return Marked(content=file.getvalue(), fingerprint=fingerprint)


@dataclass(frozen=True, kw_only=True)
class _Mark:
    """Words with a look of their own."""

    text: str
    fill: PatternFill | None = None
    font: Font | None = None


class _Side:
    """A sheet with ids, titles and one column for each vendor."""

    def __init__(self, workbook: Workbook, name: str, made: Comparison, reader: Reader, *, first: str) -> None:
        self.sheet: Any = workbook.create_sheet(reader.text(name))
        self.across = len(made.sides)
        widths = [*_TITLES, *[_COLUMN] * self.across]
        sheets.lay_out(self.sheet, widths=widths, paper=Paper(), frozen="C2")
        self.sheet.row_dimensions[1].height = sheets.HEADING
        names = [f"{side.name} ({side.key})" for side in made.sides]
        self.sheet.append(sheets.heading(self.sheet, [reader.text(N_("ID")), reader.text(first), *names]))
        self.sheet.print_title_rows, self.sheet.print_title_cols = "1:1", "A:B"
        self.row = 1

    def add(self, key: str, title: str, cells: Sequence[_Mark | Value], *, is_group: bool = False) -> None:
        """One row, and as many more as its longest text needs."""
        plain = [key, title, *[one.text if isinstance(one, _Mark) else one for one in cells]]
        looks = [None, None, *[one if isinstance(one, _Mark) else None for one in cells]]
        for fitting in rows_that_fit(plain):
            self.row += 1
            self.sheet.row_dimensions[self.row].height = _height(fitting)
            self.sheet.append([self._cell(i, v, looks[i], is_group=is_group) for i, v in enumerate(fitting)])

    def _cell(self, index: int, value: Value, look: _Mark | None, *, is_group: bool) -> Cell:
        font = Font(name=FONT, size=10, color=INK, bold=index == 1 or is_group)
        return sheets.styled(
            self.sheet,
            value,
            font=(look.font if look else None) or font,
            fill=(look.fill if look else None) or (_GROUP if is_group else None),
            border=Border(bottom=HAIR),
        )

    def end(self) -> None:
        """Where it is printed."""
        self.sheet.print_area = f"A1:{get_column_letter(self.across + 2)}{self.row}"


def _height(values: Sequence[Value]) -> float:
    widths = [*_TITLES, *[_COLUMN] * (len(values) - 2)]
    most = max(
        (
            sum(max(1, -(-len(line) // int(1.05 * width))) for line in value.split("\n"))
            for value, width in zip(values, widths, strict=True)
            if isinstance(value, str) and value
        ),
        default=1,
    )
    return min(_LINE * most + 3, _HIGHEST)


def _overview(
    workbook: Workbook, made: Comparison, policy: Policy, reader: Reader, *, only_differences: bool, title: str
) -> None:
    side = _Side(workbook, N_("Comparison"), made, reader, first=N_("Measure"))
    if title:
        side.add("T", title, [None] * side.across, is_group=True)
    side.add("A", reader.text(N_("As of")), [reader.moment(made.at)] * side.across)
    for line in words.head(made):
        side.add(f"H-{line.key}", reader.text(line.title), [line.text(one, reader) for one in made.sides])
    if made.gates:
        side.add("", reader.text(N_("Knock-out criteria")), [None] * side.across, is_group=True)
    for gate in made.gates:
        cells = [_gate(one, reader) for one in gate.cells]
        side.add(gate.key, gate.question.text.get(reader.language), cells)
    if made.gates:
        said = [reader.text(N_("yes")) if one.is_excluded else reader.text(N_("no")) for one in made.sides]
        side.add("K", reader.text(N_("Excluded")), said, is_group=True)
    side.add("", reader.text(N_("Measures")), [None] * side.across, is_group=True)
    for row in words.shown_parts(made, only_differences=only_differences):
        cells = [_level(cell, reader) for cell in row.cells]
        side.add(row.key, words.part_title(row.part, reader), cells)
    side.add("", "", [None] * side.across)
    limits = reader.text(words.NOT_A_RANKING, floor=reader.number(policy.coverage_floor))
    side.add("", limits, [None] * side.across)
    if made.is_uneven:
        side.add("", reader.text(words.UNEVEN), [None] * side.across)
    side.sheet.page_setup.fitToHeight = 1  # a sheet to lay on the table: nobody turns a page for the last measure
    side.end()


def _gate(gate: Gate, reader: Reader) -> _Mark:
    font = Font(name=FONT, size=10, bold=gate is Gate.FAILED, color=_OUT if gate is Gate.FAILED else INK)
    return _Mark(text=words.gate_text(gate, reader), font=font)


def _level(cell: PartCell, reader: Reader) -> _Mark:
    score = cell.score
    fill, font = sheets.level_look(score.level, score.basis) if score is not None and score.applicable else (None, None)
    return _Mark(text=words.level_text(cell, reader), fill=fill, font=font)


def _details(workbook: Workbook, made: Comparison, reader: Reader, *, only_differences: bool) -> None:
    side = _Side(workbook, N_("Questions and checks"), made, reader, first=N_("Question or check"))
    for row in words.shown_parts(made, only_differences=only_differences):
        levels = [_level(cell, reader) for cell in row.cells]
        side.add(row.key, words.part_title(row.part, reader), levels, is_group=True)
        for asked in row.questions:
            if asked.is_different or not only_differences:
                said = [
                    "\n".join([*words.answer_texts(cell, one, reader), *words.evidence_texts(cell, reader)])
                    for cell, one in zip(asked.cells, made.sides, strict=True)
                ]
                side.add(asked.key, asked.question.text.get(reader.language), said)
        for looked in row.checks:
            if looked.is_different or not only_differences:
                seen = [words.check_text(cell, reader) for cell in looked.cells]
                side.add(looked.key, words.check_title(looked, reader), seen)
    side.end()


def _lines(workbook: Workbook, made: Comparison, reader: Reader, *, only_differences: bool) -> None:
    """What each level rests on: the lines that keep less than all."""
    side = _Side(workbook, N_("Lines behind"), made, reader, first=N_("Measure"))
    for row in words.shown_parts(made, only_differences=only_differences):
        if not row.part:
            continue
        said = ["\n".join(words.line_text(line, reader) for line in cell.costly) for cell in row.cells]
        side.add(row.key, words.part_title(row.part, reader), said)
    side.end()
