"""The vendor's own workbook: every question with the answer that stands, to be filled in offline."""

import json
from collections.abc import Iterable
from datetime import datetime
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Border, Font, PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from questionnaires import answering
from questionnaires.model import AnswerKind, Option
from reports.reader import Reader
from reports.workbooks import answer_sheet, sheets
from reports.workbooks.answer_sheet import (
    ABOUT,
    ANSWER,
    BEFORE,
    FORM,
    GERMAN,
    MARK,
    NOTE,
    NUMBER,
    PLACE,
    PRODUCT,
    SEAL,
    VERSION,
    AnswerRow,
    AnswerSheet,
)
from reports.workbooks.cells import safe_cell
from reports.workbooks.sheets import Paper
from scanners.model import N_

BELOW = N_("mark below")  # in place of an answer where several choices have rows of their own
CHOICES = "kettenblick-choices"  # the hidden sheet behind the drop-downs
TITLE = N_("Answers")
INPUT = PatternFill("solid", fgColor="FFF8E1")
QUIET = PatternFill("solid", fgColor="F1F4F7")
PAPER = Paper(wide=True, landscape=True)
GUIDE_WIDTHS = (18, 90)
LINE = 13.5  # points
MOST_LINES = 20
WIDTHS = (9, 32, 20, 62, 62, 34, 44, 16, 30, 30, 4, 4, 4, 4)
CHOOSING_ONE = frozenset(
    {
        *(AnswerKind.SINGLE_CHOICE, AnswerKind.YES_PARTIAL_NO_NA, AnswerKind.YES_NO, AnswerKind.MATURITY),
        AnswerKind.FILE,
    }
)
COLUMNS = (
    N_("No."),
    N_("Section"),
    N_("Product"),
    N_("Question (German)"),
    N_("Question (English)"),
    N_("Your answer"),
    N_("Note"),
    N_("Standing"),
    N_("Asked when"),
    N_("Remark of the hospital"),
)


def write(sheet: AnswerSheet, *, reader: Reader, now: datetime) -> bytes:
    """The workbook (xlsx) with the answers that stand; what may be filled in is unlocked and tinted."""
    workbook = Workbook()
    first = workbook.active
    assert first is not None
    _guide(first, sheet, reader, now)
    answers = workbook.create_sheet(reader.text(TITLE))
    choices = _Choices(workbook.create_sheet(CHOICES))
    _answers(answers, sheet, choices, reader)
    about = workbook.create_sheet(ABOUT)
    for row in (
        ("form", FORM),
        ("assessment", sheet.assessment_id),
        ("catalogue", sheet.catalogue_id),
        ("version", sheet.catalogue_version),
        ("sheet", answers.title),
        ("below", reader.text(BELOW)),
    ):
        about.append(row)
    about.sheet_state = choices.sheet.sheet_state = "veryHidden"
    workbook.active = workbook.index(answers)
    out = BytesIO()
    workbook.save(out)
    return out.getvalue()


def _guide(guide: Any, sheet: AnswerSheet, reader: Reader, now: datetime) -> None:
    guide.title = reader.text(N_("How to"))
    sheets.lay_out(guide, widths=GUIDE_WIDTHS, paper=Paper(wide=False, landscape=False))
    guide.sheet_view.showGridLines = False
    title = reader.text(N_("Questions of %(hospital)s"), hospital=sheet.hospital)
    guide.append([sheets.styled(guide, title, font=Font(name=sheets.FONT, size=16, bold=True, color=sheets.ACCENT))])
    guide.append([])
    for label, value in (
        (N_("Company"), sheet.company),
        (N_("Due on"), reader.day(sheet.due_on)),
        (N_("As of"), reader.moment(now)),
        (N_("Questionnaire"), f"{sheet.catalogue_id} {sheet.catalogue_version}"),
    ):
        bold = Font(name=sheets.FONT, size=10, bold=True, color=sheets.INK)
        guide.append([sheets.styled(guide, reader.text(label), font=bold), sheets.styled(guide, value)])
    guide.append([])
    for number, sentence in enumerate(
        (
            N_("Fill in the tinted cells of the next sheet: the answer, and a note where you have something to say."),
            N_("Where there is a list, choose from it. Where several may hold, put an x before each that does."),
            N_("“Yes, except …” is the answer “Partly” with a note."),
            N_("Grey rows are not asked at the moment; the column “Asked when” says when they would be."),
            N_("Upload the file where you took it from. You see what differs and decide; nothing enters unseen."),
            N_("Several people may work online meanwhile: where both have changed an answer, you see both texts."),
            N_("Please leave the sheets' names and hidden columns as they are. Rows may be filtered or left out."),
        ),
        start=1,
    ):
        words = reader.text(sentence)
        guide.append([sheets.styled(guide, f"{number}."), sheets.styled(guide, words)])
        guide.row_dimensions[guide.max_row].height = LINE * _lines(words, GUIDE_WIDTHS[1]) + 6
    guide.protection.sheet = True


def _answers(sheet: Any, round_: AnswerSheet, choices: "_Choices", reader: Reader) -> None:
    sheets.lay_out(sheet, widths=WIDTHS, paper=PAPER, frozen="D2")
    sheet.append(
        [*sheets.heading(sheet, [reader.text(column) for column in COLUMNS]), "place", "version", "before", "seal"]
    )
    sheet.row_dimensions[1].height = sheets.HEADING
    for row in round_.rows:
        _row(sheet, row, choices, reader)
        if row.shape.kind is AnswerKind.MULTI_CHOICE:
            for option in row.shape.options:
                _option(sheet, row, option, choices)
    for column in (PLACE, VERSION, BEFORE, SEAL):
        sheet.column_dimensions[get_column_letter(column)].hidden = True
    # The hidden columns belong to the filter: who sorts by it sorts them along.
    sheet.auto_filter.ref = f"A1:{get_column_letter(SEAL)}{sheet.max_row}"
    sheet.print_title_rows = "1:1"
    sheet.print_area = f"A1:{get_column_letter(len(COLUMNS))}{sheet.max_row}"
    for validation in choices.validations():
        sheet.add_data_validation(validation)
    sheet.protection.sheet = True
    # Locked cells stay locked; looking, sorting and widening do not need a password.
    sheet.protection.sort = sheet.protection.autoFilter = False
    sheet.protection.formatColumns = sheet.protection.formatRows = False


def _row(sheet: Any, row: AnswerRow, choices: "_Choices", reader: Reader) -> None:
    several = row.shape.kind is AnswerKind.MULTI_CHOICE
    cells = [
        sheets.styled(sheet, row.key[0], font=Font(name=sheets.FONT, size=10, bold=True, color=sheets.INK)),
        sheets.styled(sheet, row.section.get(reader.language)),
        sheets.styled(sheet, row.product),
        sheets.styled(sheet, row.text.de),
        sheets.styled(sheet, row.text.en),
        sheets.styled(sheet, reader.text(BELOW) if several else _cell_value(row, reader.language)),
        sheets.styled(sheet, row.value.comment if row.value else ""),
        sheets.styled(sheet, _standing(row, reader)),
        sheets.styled(sheet, row.asked_when),
        sheets.styled(sheet, row.remark),
    ]
    _finish(sheet, cells, row, [json.dumps(row.key), str(row.version), answer_sheet.of_value(row.value)])
    at = sheet.max_row
    if not several:
        _open(sheet.cell(at, ANSWER), row)
        _shape(sheet.cell(at, ANSWER), row, choices, reader)
    if row.takes_note:
        _open(sheet.cell(at, NOTE), row)


def _option(sheet: Any, row: AnswerRow, option: Option, choices: "_Choices") -> None:
    is_chosen = row.value is not None and option.id in row.value.choices
    cells = [
        sheets.styled(sheet, row.key[0], font=Font(name=sheets.FONT, size=10, color="8895A3")),
        sheets.styled(sheet, None),
        sheets.styled(sheet, row.product, font=Font(name=sheets.FONT, size=10, color="8895A3")),
        sheets.styled(sheet, f"    {option.text.de}"),
        sheets.styled(sheet, f"    {option.text.en}"),
        sheets.styled(sheet, MARK if is_chosen else None, alignment=sheets.CENTRE),
        *(sheets.styled(sheet, None) for _column in COLUMNS[ANSWER:]),
    ]
    _finish(sheet, cells, row, [json.dumps([*row.key, option.id]), "", ""])
    cell = sheet.cell(sheet.max_row, ANSWER)
    _open(cell, row)
    choices.offer(cell, (MARK,))


def _finish(sheet: Any, cells: list[Any], row: AnswerRow, hidden: list[str]) -> None:
    for cell in cells:
        cell.border = Border(bottom=sheets.HAIR)
        if not row.is_asked:
            cell.fill = QUIET
    place, _version, before = hidden
    printed = (str(cells[column - 1].value or "") for column in (NUMBER, PRODUCT, GERMAN))
    hidden = [*hidden, answer_sheet.seal(place, before, *printed)]
    sheet.append([*cells, *(sheets.styled(sheet, text) for text in hidden)])
    # Protected rows do not grow by themselves in every program.
    lines = max(_lines(cell.value, width) for cell, width in zip(cells, WIDTHS, strict=False))
    sheet.row_dimensions[sheet.max_row].height = LINE * lines + 3


def _lines(value: Any, width: float) -> int:
    """How many lines a text takes in a column of so many digits' width."""
    text = value if isinstance(value, str) else ""
    return min(sum(1 + int(len(line) * 1.05 / width) for line in text.split("\n")), MOST_LINES)


def _open(cell: Any, row: AnswerRow) -> None:
    if row.is_open:
        cell.protection = Protection(locked=False)
        cell.fill = INPUT if row.is_asked else QUIET


def _shape(cell: Any, row: AnswerRow, choices: "_Choices", reader: Reader) -> None:
    shape = row.shape
    if shape.kind in CHOOSING_ONE:
        choices.offer(cell, tuple(option.text.get(reader.language) for option in shape.options))
        return
    hints = []
    if shape.kind is AnswerKind.NUMBER:
        unit = answering.UNITS[shape.unit].get(reader.language) if shape.unit in answering.UNITS else ""
        hints.append(reader.text(N_("A number (%(unit)s)"), unit=unit) if unit else reader.text(N_("A number")))
    if shape.kind is AnswerKind.DATE:
        hints.append(reader.text(N_("A date, for example 2026-03-31 or 31.03.2026")))
        cell.number_format = "DD.MM.YYYY" if reader.language == "de" else "YYYY-MM-DD"
    for special, allowed in ((answering.UNKNOWN, shape.allow_unknown), (answering.NEVER, shape.allow_never)):
        if allowed:
            hints.append(reader.text(N_("or “%(word)s”"), word=answering.SPECIALS[special].get(reader.language)))
    if hints and row.is_open:
        cell.comment = Comment(" ".join(hints), "Kettenblick", width=260, height=70)


def _cell_value(row: AnswerRow, language: str) -> Any:
    """The answer as a cell holds it: numbers and days are real, a choice is its words as the list offers them."""
    value = row.value
    if value is None:
        return None
    if value.number is not None:
        return value.number
    if value.day is not None:
        return value.day
    return answering.show(row.shape, value, language=language)


def _standing(row: AnswerRow, reader: Reader) -> str:
    if row.remark:
        return reader.text(N_("came back"))
    if row.value is not None:
        return reader.text(N_("answered"))
    return reader.text(N_("open")) if row.is_asked else reader.text(N_("not asked"))


class _Choices:
    """The lists behind the drop-downs: one column a list, each list once."""

    def __init__(self, sheet: Any) -> None:
        self.sheet = sheet
        self._lists: dict[tuple[str, ...], DataValidation] = {}

    def offer(self, cell: Any, words: tuple[str, ...]) -> None:
        if words not in self._lists:
            column = get_column_letter(len(self._lists) + 1)
            for number, word in enumerate(words, start=1):
                target = self.sheet[f"{column}{number}"]
                safe_cell(target, word)
            formula = f"'{CHOICES}'!${column}$1:${column}${len(words)}"
            # A warning, not a stop: what does not fit is told on the page, with everything that was typed.
            self._lists[words] = DataValidation(type="list", formula1=formula, allow_blank=True, errorStyle="warning")
        self._lists[words].add(cell)

    def validations(self) -> Iterable[DataValidation]:
        return self._lists.values()
