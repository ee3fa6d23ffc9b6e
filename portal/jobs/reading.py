"""Workbooks from outside are read in a process of their own, which has little memory, little time and no secret."""

import json
import subprocess
import sys
from collections.abc import Mapping

from portal.errors import BadInput
from questionnaires.model import AnswerShape
from reports.workbooks import reading_child
from reports.workbooks.answer_sheet import NotOurWorkbook, SheetSent
from scanners.model import N_, Message

LONGEST = 40  # seconds by the clock; the child ends itself after half of it by the processor
READER = (sys.executable, "-I", "-m", "reports.workbooks.reading_child")


def answer_sheet(content: bytes, shapes: Mapping[str, AnswerShape]) -> SheetSent:
    """What a workbook says that came back. Raises BadInput for the field `file`."""
    try:
        done = subprocess.run(  # noqa: S603 - our own program, no shell
            READER,
            input=reading_child.order(dict(shapes)) + content,
            capture_output=True,
            timeout=LONGEST,
            env={},
            check=True,
        )
        return reading_child.load(json.loads(done.stdout))
    except NotOurWorkbook as refusal:
        raise BadInput({"file": Message(text=refusal.message.text, values=refusal.message.values)}) from refusal
    except (subprocess.SubprocessError, ValueError) as error:
        raise BadInput(
            {"file": Message(text=N_("The workbook could not be read. Please take a fresh one."))}
        ) from error
