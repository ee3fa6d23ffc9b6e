"""How a sheet looks: fonts, fills, widths, frozen headings, filters and print areas, once for every workbook."""

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import Cell
from openpyxl.formatting.rule import CellIsRule, FormulaRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.datavalidation import DataValidation

from assessments.model import Basis, Grade, RiskLevel, VendorRow
from reports import marks
from reports.reader import Reader
from reports.tables import Column, Kind, numbered
from reports.workbooks.cells import Value, rows_that_fit, safe_cell
from reports.workbooks.rows import Rows
from scanners.model import N_

RowKind = TypeVar("RowKind")
Sheet = Any  # a streamed sheet; openpyxl's types do not know what it can do

FONT = "Calibri"
INK = "1B2A38"
ACCENT = "1F4E79"
HAIR = Side(style="hair", color="B8C2CC")
OVERDUE = "8C1D18"
RULE = Side(style="thin", color=ACCENT)
TOP = Alignment(vertical="top")
WRAP = Alignment(vertical="top", wrap_text=True)
RIGHT = Alignment(vertical="top", horizontal="right", indent=1)  # not up to the words of the next column
CENTRE = Alignment(vertical="top", horizontal="center")

# Level fills: how dark says the level, the pattern says what it rests on.
_LEVEL_INK = ("B9C6D2", "93AEC6", "6990B4", "3D6F9D", "1F4E79")
_DAY_FORMAT = {"de": "DD.MM.YYYY", "en": "D MMM YYYY"}
_MOMENT_FORMAT = {"de": "DD.MM.YYYY HH:MM", "en": "D MMM YYYY HH:MM"}
_A4, _A3 = 9, 8
_FIRST_DAY = 43831  # 1 January 2020 as a workbook counts
_ACROSS = 216  # characters on A3 across
_SMALLEST = 0.6  # of the size on the screen
_LINE, _HIGHEST = 13, 409  # points: of a line, and of the highest row there can be
HEADING = 45  # points: three lines of a narrow heading


def height(texts: Iterable[str], *, signs: int) -> float:
    """Of a row whose longest text is wrapped after so many characters: not every program works it out by itself."""
    lines = max((-(-len(text) // signs) for text in texts), default=1)
    return min(_LINE * max(lines, 1) + 2, _HIGHEST)


@dataclass(frozen=True, kw_only=True)
class Paper:
    """How a sheet prints: A3 for wide tables, A4 for the rest; headings repeated on every page."""

    wide: bool = True
    landscape: bool = True
    across: int = 1  # pages side by side


def table(
    workbook: Workbook,
    title: str,
    columns: Sequence[Column[RowKind]],
    rows: Iterable[RowKind],
    *,
    reader: Reader,
    paper: Paper | None = None,
    note: str = "",
) -> Sheet:
    """Write one table: bold frozen heading, filter, real numbers and dates, text that cannot act."""
    sheet = workbook.create_sheet(reader.text(title))
    lay_out(sheet, widths=[column.width for column in columns], paper=paper or _paper_for(columns), frozen="C2")
    with Rows(sheet) as lines:
        title_look = look_id(heading(sheet, [""])[0])
        titles = [numbered(reader.text(column.title), reader) for column in columns]
        lines.add(titles, lambda *_: title_look, height=HEADING)
        looks = _Looks(sheet, columns, reader)
        wrapped = [(index, 1.1 * column.width) for index, column in enumerate(columns) if column.kind is Kind.LONG]
        for row in rows:
            style = looks.of(row)
            for fitting in rows_that_fit([column.value(row, reader) for column in columns]):
                lines.add(fitting, style, height=_height(fitting, wrapped))
        last = lines.last
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{max(last, 2)}"
        sheet.print_title_rows, sheet.print_title_cols = "1:1", "A:B"
        sheet.print_area = f"A1:{get_column_letter(len(columns))}{last}"
        for index, column in enumerate(columns, start=1):
            _colour(sheet, column, get_column_letter(index), max(last, 2), reader)
            if column.choices or (column.kind is Kind.DAY and column.is_filled_in):
                _ask_for(sheet, column, f"{get_column_letter(index)}2:{get_column_letter(index)}{max(last, 2)}", reader)
        if note:
            grey = styled(sheet, "", font=Font(name=FONT, size=9, italic=True, color="5A6772"), alignment=TOP)
            lines.add([], lambda *_: 0)
            said = [None, None, reader.text(note)]  # beside the columns that are printed on each page again
            lines.add(said, lambda *_: look_id(grey))
            sheet.print_area = f"A1:{get_column_letter(len(columns))}{lines.last}"
    return sheet


def _paper_for(columns: Sequence[Column[Any]]) -> Paper:
    """As many pages side by side as it takes to read them."""
    return Paper(across=max(1, math.ceil(_SMALLEST * sum(column.width for column in columns) / _ACROSS)))


def _height(values: Sequence[Value], wrapped: Sequence[tuple[int, float]]) -> float | None:
    """Points for the lines that the longest text breaks into: not every program works them out when it opens a file."""
    most = 1
    for index, width in wrapped:
        value = values[index]
        if isinstance(value, str) and (len(value) > width or "\n" in value):
            most = max(most, sum(max(1, math.ceil(len(line) / width)) for line in value.split("\n")))
    return None if most == 1 else min(_LINE * most + 2, _HIGHEST)


def look_id(cell: Cell) -> int:
    """The number under which the workbook keeps a cell's look."""
    return int(cell.style_id)


class _Looks:
    """The style of every cell of a table by its column and what it says; each is made once."""

    def __init__(self, sheet: Sheet, columns: Sequence[Column[Any]], reader: Reader) -> None:
        self._sheet, self._columns, self._reader = sheet, columns, reader
        self._known: dict[tuple[object, ...], int] = {}
        self._plain = [look_id(_prototype(sheet, column, reader)) for column in columns]
        self._is_marked = [column.kind in {Kind.GRADE, Kind.LEVEL, Kind.RISK} for column in columns]

    def of(self, row: object) -> Callable[[int, Value, bool], int]:
        """How the cells of this row look."""
        plain, is_marked = self._plain, self._is_marked

        def style(index: int, value: Value, is_tempting: bool) -> int:  # noqa: FBT001 - called for every cell
            if not is_tempting and not is_marked[index]:
                return plain[index]
            column = self._columns[index]
            key = (index, is_tempting, _mark_key(column, row, value))
            if key not in self._known:
                cell = _prototype(self._sheet, column, self._reader)
                cell.quotePrefix = is_tempting
                self._known[key] = look_id(_marked(safe_cell(cell, value), column, row, self._reader))
            return self._known[key]

        return style


def _mark_key(column: Column[Any], row: object, value: Value) -> object:
    """What the look of a cell depends on."""
    if column.kind is Kind.LEVEL and isinstance(row, VendorRow):
        part = row.score.part(column.title.removeprefix("Nr. "))
        return part.level, part.applicable, part.basis
    return value if column.kind in {Kind.GRADE, Kind.RISK} else None


def _colour(sheet: Sheet, column: Column[Any], letter: str, last: int, reader: Reader) -> None:
    """Colours that follow what a person changes in the sheet: levels by their word, days that have passed."""
    where = f"{letter}2:{letter}{last}"
    if column.kind is Kind.RISK:
        for level in marks.RISK_LEVELS:
            fill = PatternFill("solid", bgColor=marks.RISK_FILLS[level])
            word = reader.level(level)
            rule = CellIsRule(operator="equal", formula=[f'"{word}"'], fill=fill)  # type: ignore[no-untyped-call]
            sheet.conditional_formatting.add(where, rule)
    elif column.kind is Kind.DAY and column.is_filled_in:
        passed, over = f"AND(ISNUMBER({letter}2),{letter}2<TODAY())", Font(bold=True, color=OVERDUE)
        late = FormulaRule(formula=[passed], font=over)  # type: ignore[no-untyped-call]
        sheet.conditional_formatting.add(where, late)


def _ask_for(sheet: Sheet, column: Column[Any], where: str, reader: Reader) -> None:
    """What a person fills in: a list to choose from, or a day. A formula would be refused by no program, so none is."""
    if column.choices:
        words = ",".join(reader.text(word) for word in column.choices)
        rule = DataValidation(type="list", formula1=f'"{words}"', allow_blank=True)
    else:
        rule = DataValidation(type="date", operator="greaterThan", formula1=str(_FIRST_DAY), allow_blank=True)
    rule.error = reader.text(N_("Choose from the list.") if column.choices else N_("Enter a day."))
    rule.errorTitle = reader.text(column.title)
    rule.showErrorMessage = True
    rule.add(where)
    sheet.data_validations.append(rule)


def fingerprint(written: Iterable[Sheet]) -> str:
    """SHA-256 over the parts of these sheets as they will stand in the file; nothing is added to them afterwards."""
    digest = hashlib.sha256()
    for sheet in written:
        if not sheet.closed:
            sheet.close()
        with Path(sheet._writer.out).open("rb") as part:  # noqa: SLF001 - where openpyxl streams the rows to
            while piece := part.read(1 << 20):
                digest.update(piece)
    return digest.hexdigest()


def lay_out(sheet: Sheet, *, widths: Sequence[float], paper: Paper, frozen: str | None = None) -> None:
    """Widths, paper, margins and the line at the foot; before the first row, as a streamed sheet wants it."""
    for index, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = width
    sheet.page_setup.orientation = "landscape" if paper.landscape else "portrait"
    sheet.page_setup.paperSize = _A3 if paper.wide else _A4
    sheet.page_setup.fitToWidth = paper.across
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.page_margins.top, sheet.page_margins.bottom, sheet.page_margins.footer = 0.6, 0.8, 0.4
    sheet.oddFooter.left.text = "Kettenblick"
    sheet.oddFooter.center.text = "&A"
    sheet.oddFooter.right.text = "&P / &N"
    if frozen:
        sheet.freeze_panes = frozen


def heading(sheet: Sheet, titles: Sequence[str]) -> list[Cell]:
    """A row of column headings."""
    return [
        styled(
            sheet,
            title,
            font=Font(name=FONT, size=10, bold=True, color="FFFFFF"),
            fill=PatternFill("solid", fgColor=ACCENT),
            alignment=Alignment(vertical="center", wrap_text=True),
        )
        for title in titles
    ]


def styled(
    sheet: Sheet,
    value: Value,
    *,
    font: Font | None = None,
    fill: PatternFill | None = None,
    alignment: Alignment | None = None,
    border: Border | None = None,
    number_format: str | None = None,
) -> Cell:
    """One cell with its look."""
    cell = safe_cell(WriteOnlyCell(sheet), value)
    cell.font = font or Font(name=FONT, size=10, color=INK)
    cell.alignment = alignment or WRAP
    if fill:
        cell.fill = fill
    if border:
        cell.border = border
    if number_format:
        cell.number_format = number_format
    return cell


def _prototype(sheet: Sheet, column: Column[RowKind], reader: Reader) -> Cell:
    """A cell with its column's look; a streamed row is written at once, so one cell serves a whole column."""
    cell = WriteOnlyCell(sheet)
    cell.font = Font(name=FONT, size=10, color=INK)
    cell.border = Border(bottom=HAIR)
    match column.kind:
        case Kind.LONG:
            cell.alignment = WRAP
        case Kind.WORDS:
            cell.alignment = TOP
        case Kind.NUMBER:
            cell.alignment, cell.number_format = RIGHT, "0"
        case Kind.DECIMAL:
            cell.alignment, cell.number_format = RIGHT, "0.0"
        case Kind.DAY:
            cell.alignment, cell.number_format = RIGHT, _DAY_FORMAT[reader.language]
        case Kind.MOMENT:
            cell.alignment, cell.number_format = RIGHT, _MOMENT_FORMAT[reader.language]
        case Kind.GRADE | Kind.LEVEL | Kind.RISK:
            cell.alignment = CENTRE
    return cell


_NO_FILL = PatternFill(fill_type=None)
_PLAIN = Font(name=FONT, size=10, color=INK)
_LIGHT = Font(name=FONT, size=10, bold=True, color="FFFFFF")
_GRADE_FILLS: Mapping[str, PatternFill] = {
    grade.value: PatternFill("solid", fgColor=marks.GRADE_COLOURS[grade.value]) for grade in Grade
}
_DARK_FROM = 3  # levels from here on carry white digits


def level_look(level: int | None, basis: Basis) -> tuple[PatternFill, Font]:
    """The fill and font of a measure's level: solid is proven, hatched declared, lined recorded, empty unseen."""
    if level is None or basis is Basis.UNSEEN:
        return _NO_FILL, _PLAIN
    ink = _LEVEL_INK[level]
    if basis is Basis.DECLARED:
        return PatternFill("lightUp", fgColor=ink, bgColor="FFFFFF"), _PLAIN
    if basis is Basis.RECORDED:
        return PatternFill("lightHorizontal", fgColor=ink, bgColor="FFFFFF"), _PLAIN
    if basis is Basis.CONTRADICTED:
        return PatternFill("darkTrellis", fgColor=ink, bgColor="FFFFFF"), Font(name=FONT, size=10, bold=True, color=INK)
    return PatternFill("solid", fgColor=ink), _LIGHT if level >= _DARK_FROM else _PLAIN


_RISK_FILLS: Mapping[RiskLevel, PatternFill] = {
    level: PatternFill("solid", fgColor=colour) for level, colour in marks.RISK_FILLS.items()
}


def risk_fill(level: RiskLevel | None) -> PatternFill:
    """The fill of a risk level."""
    return _NO_FILL if level is None else _RISK_FILLS[level]


def _marked(cell: Cell, column: Column[Any], row: object, reader: Reader) -> Cell:
    """Colour the marks; a mark is never colour alone, the cell says it in words or digits too."""
    match column.kind:
        case Kind.GRADE:
            grade = str(cell.value or "")
            cell.fill = _GRADE_FILLS.get(grade, _NO_FILL)
            cell.font = _LIGHT if grade in _GRADE_FILLS else _PLAIN
        case Kind.LEVEL if isinstance(row, VendorRow):
            part = row.score.part(column.title.removeprefix("Nr. "))
            cell.fill, cell.font = level_look(part.level if part.applicable else None, part.basis)
        case Kind.RISK:
            cell.fill = risk_fill(_level_by_word(str(cell.value or ""), reader))
        case _:
            pass
    return cell


def _level_by_word(word: str, reader: Reader) -> RiskLevel | None:
    return next((level for level in marks.RISK_LEVELS if reader.level(level) == word), None)
