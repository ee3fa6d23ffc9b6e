"""A workbook that came back is read again: a stranger's file, of which two columns of text and numbers are taken."""

import json
import math
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import from_excel
from openpyxl.utils.exceptions import InvalidFileException

from questionnaires import answering
from questionnaires.model import AnswerKind, AnswerShape, Message
from reports.workbooks import answer_sheet, loading
from reports.workbooks.answer_sheet import (
    ABOUT,
    ANSWER,
    BEFORE,
    FORM,
    GERMAN,
    LONGEST_ID,
    NOTE,
    NUMBER,
    PLACE,
    PRODUCT,
    SEAL,
    VERSION,
    Key,
    NotOurWorkbook,
    Problem,
    RowSent,
    SheetSent,
)
from reports.workbooks.cells import LONGEST, unwritten
from scanners.model import N_

MARKED = frozenset({"x", "ja", "yes", "1", "✓", "true", "wahr"})
UNMARKED = frozenset({"", "nein", "no", "0", "-", "–", "false", "falsch"})
MOST_ROWS = 5_000  # with something in them
MOST_TEXT = 4_000_000  # characters of all answers and notes
DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - spreadsheets know no zones
SERIALS = range(1, 2_958_466)  # days as spreadsheets count them, to the end of the year 9999
STRANGE = N_("This row is not one of the questions.")
TWICE = N_("This question stands twice; the first row counts.")
FORMULA = N_("There is a formula in this cell; put in its value.")
MIXED_UP = N_("The hidden cells of this row belong to another question. Please take a fresh workbook.")
NO_MARK = N_("Put an x into this cell, or leave it empty.")
NO_PLACE = N_("Nothing is answered in this cell; put an x before the choices below it.")
NO_NOTE = N_("A note stands beside the question, not beside one of its choices.")
CHOICES_MISSING = N_("Choices of this question are missing in the workbook; its answer is left as it stands.")
QUESTION_MISSING = N_("The row of this question is missing in the workbook; its choices are left as they stand.")


def read(content: bytes, shapes: Mapping[str, AnswerShape]) -> SheetSent:
    """What a workbook that came back says; `shapes` by question id. Raises NotOurWorkbook.

    Loads a stranger's file: only for a process with limits.
    """
    try:
        workbook = loading.load(content, data_only=False)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError, ParseError, TypeError) as error:
        raise NotOurWorkbook(Message(text=N_("The file cannot be read as an Excel workbook (xlsx)."))) from error
    try:
        return _read(workbook, shapes)
    except (zipfile.BadZipFile, KeyError, ValueError, ParseError, TypeError, IndexError, AttributeError) as error:
        raise NotOurWorkbook(Message(text=N_("The workbook is damaged. Please take a fresh one."))) from error
    finally:
        workbook.close()


def _read(workbook: Any, shapes: Mapping[str, AnswerShape]) -> SheetSent:
    if ABOUT not in workbook.sheetnames:
        raise NotOurWorkbook(
            Message(text=N_("This is no workbook of ours. Please take one here and copy your answers into it."))
        )
    about = {
        str(row[0])[:LONGEST_ID]: str(row[1])[:LONGEST_ID]
        for row in workbook[ABOUT].iter_rows(max_row=20, max_col=2, values_only=True)
        if len(row) > 1 and row[0] is not None and row[1] is not None
    }
    if about.get("form") != FORM:
        raise NotOurWorkbook(
            Message(text=N_("This workbook was made by another version of the portal. Please take a fresh one."))
        )
    title = about.get("sheet", "")
    if title not in workbook.sheetnames:
        raise NotOurWorkbook(
            Message(
                text=N_("The sheet “%(sheet)s” is missing or was renamed. Please name it so again."),
                values={"sheet": title},
            )
        )
    rows, problems = _Reading(shapes, below=about.get("below", "")).of(workbook[title])
    if sum(len(text) for row in rows for text in (*row.values, row.comment)) > MOST_TEXT:
        raise NotOurWorkbook(Message(text=N_("The workbook holds more than we read. Please take a fresh one.")))
    return SheetSent(
        assessment_id=about.get("assessment", ""),
        catalogue_id=about.get("catalogue", ""),
        catalogue_version=about.get("version", ""),
        rows=tuple(rows),
        problems=tuple(problems),
    )


@dataclass(kw_only=True)
class _Found:
    """The rows of one question: its own, and those of its choices."""

    place: str = ""  # of the question's own row; "" before it was found
    version: int = 0
    before: str = ""
    typed: tuple[str, ...] = ()
    comment: str = ""
    marks: dict[str, bool] = field(default_factory=dict)  # by choice
    is_spoilt: bool = False  # part of it could not be read, so nothing of it is believed


class _Reading:
    """Row by row: nothing that somebody typed is passed over in silence."""

    def __init__(self, shapes: Mapping[str, AnswerShape], *, below: str) -> None:
        self._shapes = shapes
        self._below = _folded(below)
        self._found: dict[Key, _Found] = {}
        self._problems: list[Problem] = []

    def of(self, sheet: Any) -> tuple[list[RowSent], list[Problem]]:
        for count, (number, cells) in enumerate(_cells(sheet)):
            if count > MOST_ROWS:
                raise NotOurWorkbook(
                    Message(text=N_("The workbook has more rows than we read. Please take a fresh one."))
                )
            self._row(number, cells)
        return [row for key, found in self._found.items() if (row := self._sent(key, found))], self._problems

    def _tell(self, column: int, number: int, key: Key | None, sentence: str) -> None:
        place = f"{get_column_letter(column)}{number}"
        self._problems.append(Problem(place=place, key=key, message=Message(text=sentence)))

    def _row(self, number: int, cells: Sequence[Any]) -> None:
        place = _place(cells)
        typed_in = next((column for column in (ANSWER, NOTE) if _is_filled(cells[column - 1])), None)
        if place is None:
            if typed_in:
                self._tell(typed_in, number, None, STRANGE)
            return
        question, supply, option = place
        key = question, supply
        shape = self._shapes.get(question)
        if shape is None or (option and shape.option(option) is None):
            self._tell(ANSWER, number, key, STRANGE)
            return
        found = self._found.setdefault(key, _Found())
        if option in found.marks or (not option and found.place):
            self._tell(ANSWER, number, key, TWICE)
            return
        if option:
            found.marks[option] = False
        else:
            found.place = f"{get_column_letter(ANSWER)}{number}"
        if not self._is_readable(number, cells, key):
            found.is_spoilt = True
        elif option:
            self._mark(number, cells, key, option)
        else:
            self._question(number, cells, key, shape)

    def _is_readable(self, number: int, cells: Sequence[Any], key: Key) -> bool:
        if not _is_whole(cells):
            self._tell(ANSWER, number, key, MIXED_UP)
            return False
        formulas = [column for column in (ANSWER, NOTE) if _is_formula(cells[column - 1])]
        for column in formulas:
            self._tell(column, number, key, FORMULA)
        return not formulas

    def _mark(self, number: int, cells: Sequence[Any], key: Key, option: str) -> None:
        found, mark = self._found[key], _folded(_text(cells[ANSWER - 1]))
        if mark not in MARKED | UNMARKED:
            self._tell(ANSWER, number, key, NO_MARK)
            found.is_spoilt = True
        if _text(cells[NOTE - 1]):
            self._tell(NOTE, number, key, NO_NOTE)
        found.marks[option] = mark in MARKED

    def _question(self, number: int, cells: Sequence[Any], key: Key, shape: AnswerShape) -> None:
        found = self._found[key]
        found.version = _whole(_text(cells[VERSION - 1]))
        found.before = _text(cells[BEFORE - 1])[:LONGEST_ID]
        found.comment = answer_sheet.plain(_text(cells[NOTE - 1]))[:LONGEST]
        if shape.kind is not AnswerKind.MULTI_CHOICE:
            found.typed = _typed(shape, cells[ANSWER - 1])
        elif _folded(_text(cells[ANSWER - 1])) not in {"", self._below}:
            self._tell(ANSWER, number, key, NO_PLACE)
            found.is_spoilt = True

    def _sent(self, key: Key, found: _Found) -> RowSent | None:
        shape = self._shapes[key[0]]
        if found.is_spoilt:
            return None
        values = found.typed
        if shape.kind is AnswerKind.MULTI_CHOICE:
            missing = QUESTION_MISSING if not found.place else CHOICES_MISSING
            if not found.place or len(found.marks) < len(shape.options):
                # Nobody is told of what was left out as a whole, or of choices that nobody marked.
                if found.place or any(found.marks.values()):
                    self._problems.append(Problem(place=found.place, key=key, message=Message(text=missing)))
                return None
            values = tuple(option.id for option in shape.options if found.marks[option.id])
        return RowSent(
            key=key,
            place=found.place,
            version=found.version,
            before=found.before,
            values=values,
            comment=found.comment,
        )


def _cells(sheet: Any) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """The rows with something in them; programs like to keep a million empty ones below."""
    for number, row in enumerate(sheet.iter_rows(min_row=2, max_col=SEAL), start=2):
        if any(getattr(cell, "value", None) is not None for cell in row):
            yield number, (*row, *([None] * (SEAL - len(row))))


def _is_whole(cells: Sequence[Any]) -> bool:
    """Whether the hidden cells belong to what is printed in the row."""
    place, before, *printed = (_text(cells[column - 1]) for column in (PLACE, BEFORE, NUMBER, PRODUCT, GERMAN))
    return _text(cells[SEAL - 1]) == answer_sheet.seal(place, before, *printed)


def _is_filled(cell: Any) -> bool:
    return _is_formula(cell) or bool(_text(cell))


def _place(cells: Sequence[Any]) -> tuple[str, str, str] | None:
    """Question, supply and option of a row; None for a row that is none of ours."""
    try:
        parts = json.loads(_text(cells[PLACE - 1]))
    except (ValueError, RecursionError):
        return None
    if not isinstance(parts, list) or len(parts) not in {2, 3}:
        return None
    if not all(isinstance(part, str) and len(part) <= LONGEST_ID for part in parts):
        return None
    question, supply, *option = parts
    return question, supply, option[0] if option else ""


def _is_formula(cell: Any) -> bool:
    return cell is not None and getattr(cell, "data_type", "") == "f"


def _typed(shape: AnswerShape, cell: Any) -> tuple[str, ...]:
    """What a form field would have sent for this cell: the words of an option in either language become its id."""
    value = getattr(cell, "value", None)
    if isinstance(value, bool) and shape.option("yes"):  # a list of words that a program took for truth values
        return ("yes" if value else "no",)
    if shape.kind is AnswerKind.NUMBER and isinstance(value, datetime):  # the format of the cell makes a day of it
        return (_number((value - DAY_ZERO) / timedelta(days=1)),)
    if shape.kind is AnswerKind.DATE and isinstance(value, int | float) and int(value) in SERIALS:
        value = from_excel(int(value))
    if isinstance(value, datetime | date):
        return (value.strftime("%Y-%m-%d"),)
    if isinstance(value, int | float) and not isinstance(value, bool) and "%" in str(cell.number_format):
        share = _number(round(value * 100, 8))
        return (share if shape.kind is AnswerKind.NUMBER else f"{share}%",)
    text = _text(cell)
    return (_chosen(shape, _folded(text)) or text,) if text else ()


def _chosen(shape: AnswerShape, folded: str) -> str:
    allowed = {answering.UNKNOWN: shape.allow_unknown, answering.NEVER: shape.allow_never}
    for special, words in answering.SPECIALS.items():
        if allowed[special] and folded in {_folded(words.de), _folded(words.en), special}:
            return special
    for option in shape.options:
        if folded in {_folded(option.text.de), _folded(option.text.en), _folded(option.id)}:
            return option.id
    return ""


def _text(cell: Any) -> str:
    value = getattr(cell, "value", None)
    if value is None or _is_formula(cell):
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value)
    if isinstance(value, datetime) and value.time() == time.min:
        return value.strftime("%Y-%m-%d")
    return answer_sheet.plain(str(unwritten(value)))


def _number(value: float) -> str:
    return f"{value:.15g}" if math.isfinite(value) else ""


def _folded(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0  # noqa: PLR2004 - digits
