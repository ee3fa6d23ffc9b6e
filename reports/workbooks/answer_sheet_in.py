"""A workbook that came back is read again: a stranger's file, of which two columns of text and numbers are taken."""

import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from questionnaires import answering
from questionnaires.model import AnswerKind, AnswerShape, Message
from reports.workbooks import answer_sheet
from reports.workbooks.answer_sheet import (
    ABOUT,
    ANSWER,
    BEFORE,
    FORM,
    LONGEST_ID,
    NOTE,
    PLACE,
    VERSION,
    Key,
    NotOurWorkbook,
    Problem,
    RowSent,
    SheetSent,
)
from reports.workbooks.cells import LONGEST
from scanners.model import N_

MARKED = frozenset({"x", "ja", "yes", "1", "✓", "true", "wahr"})
MOST_ROWS = 5_000
STRANGE = N_("This row is not one of the questions.")
TWICE = N_("This question stands twice; the first row counts.")


def read(content: bytes, shapes: Mapping[str, AnswerShape]) -> SheetSent:
    """What a workbook that came back says; `shapes` by question id. Raises NotOurWorkbook.

    Loads a stranger's file: only for a process with limits.
    """
    try:
        workbook = load_workbook(BytesIO(content), read_only=True, data_only=False, keep_links=False)
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
    rows, problems = _rows(workbook[title], shapes)
    return SheetSent(
        assessment_id=about.get("assessment", ""),
        catalogue_id=about.get("catalogue", ""),
        catalogue_version=about.get("version", ""),
        rows=tuple(rows),
        problems=tuple(problems),
    )


@dataclass(kw_only=True)
class _Found:
    key: Key
    place: str
    version: int
    before: str
    typed: tuple[str, ...]
    comment: str
    is_spoilt: bool = False


def _rows(sheet: Any, shapes: Mapping[str, AnswerShape]) -> tuple[list[RowSent], list[Problem]]:
    found: dict[Key, _Found] = {}
    marks: dict[Key, list[str]] = {}
    problems: list[Problem] = []
    for number, cells in enumerate(_cells(sheet), start=2):
        if number > MOST_ROWS:
            raise NotOurWorkbook(Message(text=N_("The workbook has more rows than we read. Please take a fresh one.")))
        place = _place(cells)
        if place is None:
            continue
        question, supply, option = place
        key, answer, where = (question, supply), cells[ANSWER - 1], f"{get_column_letter(ANSWER)}{number}"
        if question not in shapes or (not option and key in found):
            sentence = TWICE if question in shapes else STRANGE
            problems.append(Problem(place=where, key=key, message=Message(text=sentence)))
            continue
        formulas = [
            f"{get_column_letter(column)}{number}" for column in (ANSWER, NOTE) if _is_formula(cells[column - 1])
        ]
        problems += [
            Problem(place=one, key=key, message=Message(text=N_("There is a formula in this cell; put in its value.")))
            for one in formulas
        ]
        if option:
            if _text(answer).casefold() in MARKED and not formulas:
                marks.setdefault(key, []).append(option)
            if formulas:
                marks.setdefault(key, []).append("=")
            continue
        shape = shapes[question]
        found[key] = _Found(
            key=key,
            place=where,
            version=_whole(_text(cells[VERSION - 1])),
            before=_text(cells[BEFORE - 1])[:LONGEST_ID],
            typed=() if shape.kind is AnswerKind.MULTI_CHOICE else _typed(shape, answer),
            comment=answer_sheet.plain(_text(cells[NOTE - 1]))[:LONGEST],
            is_spoilt=bool(formulas),
        )
    sent = []
    for row in found.values():
        chosen = marks.get(row.key, [])
        if row.is_spoilt or "=" in chosen:
            continue
        values = tuple(chosen) if shapes[row.key[0]].kind is AnswerKind.MULTI_CHOICE else row.typed
        sent.append(
            RowSent(
                key=row.key,
                place=row.place,
                version=row.version,
                before=row.before,
                values=values,
                comment=row.comment,
            )
        )
    return sent, problems


def _cells(sheet: Any) -> Iterator[tuple[Any, ...]]:
    for row in sheet.iter_rows(min_row=2, max_col=BEFORE):
        yield (*row, *([None] * (BEFORE - len(row))))


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
    if isinstance(value, datetime | date):
        return (f"{value:%Y-%m-%d}",)
    if isinstance(value, bool) and shape.option("yes"):  # a list of words that a program took for truth values
        return ("yes" if value else "no",)
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
        return f"{value:.10g}"
    return answer_sheet.plain(str(value))


def _folded(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0  # noqa: PLR2004 - digits
