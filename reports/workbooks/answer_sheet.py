"""What a vendor's own workbook is made of: its rows, its columns, and by what two answers are the same."""

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from questionnaires import answering
from questionnaires.model import AnswerShape, AnswerValue, Message, Text

Key = tuple[str, str]  # question id, supply id ("" for the company as a whole)

FORM = "1"
ABOUT = "kettenblick"  # the hidden sheet that says whose workbook it is
MARK = "x"
LONGEST_ID = 80
NUMBER, PRODUCT, GERMAN, ANSWER, NOTE = 1, 3, 4, 6, 7  # columns, counted from 1
PLACE, VERSION, BEFORE, SEAL = 11, 12, 13, 14  # hidden


@dataclass(frozen=True, kw_only=True)
class AnswerRow:
    """One question of the round for the company or one supply, with the answer that stands."""

    key: Key
    section: Text
    product: str
    text: Text
    shape: AnswerShape
    value: AnswerValue | None
    version: int
    is_asked: bool
    asked_when: str  # in the reader's words; "" when it is always asked
    is_open: bool
    remark: str = ""
    takes_note: bool = True


@dataclass(frozen=True, kw_only=True)
class AnswerSheet:
    """A round as a workbook: whose it is, and its rows in the order of the questionnaire."""

    assessment_id: str
    catalogue_id: str
    catalogue_version: str
    hospital: str
    company: str
    due_on: date
    rows: Sequence[AnswerRow]


@dataclass(frozen=True, kw_only=True)
class RowSent:
    """What a workbook that came back says of one question; `before` is the fingerprint of what it was given."""

    key: Key
    place: str  # the cell, "F12"
    version: int
    before: str
    values: tuple[str, ...]
    comment: str


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A cell that could not be taken, with its sentence."""

    place: str
    key: Key | None
    message: Message


@dataclass(frozen=True, kw_only=True)
class SheetSent:
    """A workbook that came back: whose it says it is, what it holds, and what of it could not be read."""

    assessment_id: str
    catalogue_id: str
    catalogue_version: str
    rows: tuple[RowSent, ...]
    problems: tuple[Problem, ...] = ()


class NotOurWorkbook(Exception):
    """The file is no workbook that we gave out; the message says why, and what to do."""

    def __init__(self, message: Message) -> None:
        """Hold the sentence."""
        super().__init__(message.text)
        self.message = message


def fingerprint(values: Iterable[str], comment: str) -> str:
    """By which two answers are the same: order of choices and blanks around a note do not count."""
    text = json.dumps([sorted(values), plain(comment)], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def seal(place: str, before: str, *printed: str) -> str:
    """By which a row is still the one that was given out: its hidden cells belong to what is printed in it."""
    text = json.dumps([place, before, *map(plain, printed)], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def of_value(value: AnswerValue | None) -> str:
    """The fingerprint of an answer that stands."""
    return fingerprint(answering.raw(value) if value else (), value.comment if value else "")


def plain(text: str) -> str:
    """Without blanks at the ends, one kind of line end, and nothing that no form would take."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(" " if unicodedata.category(sign) == "Zs" else sign for sign in text)
    return "".join(sign for sign in text if sign in "\n\t" or sign.isprintable() or sign == "\u00ad").strip()
