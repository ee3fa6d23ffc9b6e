"""Workbooks from outside are read in a process of their own, which has little memory, little time and no secret."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from portal.errors import BadInput
from questionnaires.model import AnswerShape
from reports.workbooks import reading_child
from reports.workbooks.answer_sheet import NotOurWorkbook, SheetSent
from reports.workbooks.table_in import Table
from scanners.model import N_, Message

Told = TypeVar("Told")

LONGEST = 40  # seconds by the clock; the child ends itself after half of it by the processor
READER = (sys.executable, "-I", "-m", "reports.workbooks.reading_child")


def answer_sheet(content: bytes, shapes: Mapping[str, AnswerShape]) -> SheetSent:
    """What a workbook says that came back. Raises BadInput for the field `file`."""
    return _read(reading_child.order(dict(shapes)) + content, reading_child.load)


def table(content: bytes) -> Table:
    """The list in a workbook or CSV file. Raises BadInput for the field `file`."""
    return _read(reading_child.ORDER_TABLE + content, reading_child.load_table)


def _read(sent: bytes, load: Callable[[Any], Told]) -> Told:
    try:
        with tempfile.TemporaryFile() as told:  # a file has an end that the child cannot move; a pipe has none
            subprocess.run(  # noqa: S603 - our own program, no shell
                READER, input=sent, stdout=told, stderr=subprocess.DEVNULL, timeout=LONGEST, env={}, check=True
            )
            told.seek(0)
            return load(json.loads(told.read(reading_child.LONGEST_TOLD)))
    except NotOurWorkbook as refusal:
        raise BadInput({"file": Message(text=refusal.message.text, values=refusal.message.values)}) from refusal
    except (subprocess.SubprocessError, ValueError) as error:
        raise BadInput(
            {"file": Message(text=N_("The workbook could not be read. Please take a fresh one."))}
        ) from error
