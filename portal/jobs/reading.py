"""Files from outside are read in processes of their own, which have little memory, little time and no secret."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, TypeVar

from portal.errors import BadInput
from questionnaires.foreign import Filled
from questionnaires.model import AnswerShape
from questionnaires.packs import BadPack, Seal
from reports.workbooks import foreign_child, pack_child, pack_files_child, reading_child
from reports.workbooks.answer_sheet import NotOurWorkbook, SheetSent
from reports.workbooks.table_in import Table
from scanners.model import N_, Message

Told = TypeVar("Told")

LONGEST = 40  # seconds by the clock; the child ends itself after half of it by the processor
UNREAD = N_("The workbook could not be read. Please take a fresh one.")
PACK_UNREAD = N_("The answer pack could not be read. Please load it as it was downloaded.")
READER = (sys.executable, "-I", "-m", "reports.workbooks.reading_child")
FOREIGN_READER = (sys.executable, "-I", "-m", "reports.workbooks.foreign_child")
PACK_READER = (sys.executable, "-I", "-m", "reports.workbooks.pack_child")
PACK_FILES_READER = (sys.executable, "-I", "-m", "reports.workbooks.pack_files_child")


def answer_sheet(content: bytes, shapes: Mapping[str, AnswerShape]) -> SheetSent:
    """What a workbook says that came back. Raises BadInput for the field `file`."""
    return _read(reading_child.order(dict(shapes)) + content, reading_child.load)


def table(content: bytes) -> Table:
    """The list in a workbook or CSV file. Raises BadInput for the field `file`."""
    return _read(reading_child.ORDER_TABLE + content, reading_child.load_table)


def answer_pack(content: bytes) -> tuple[dict[str, Any], Seal]:
    """What an answer pack holds, as it stands in the file, and its signature. Raises BadInput for the field `file`."""
    return _read(content, pack_child.load, reader=PACK_READER)


def pack_files(zipped: BinaryIO, wanted: Sequence[tuple[str, str]]) -> Iterator[bytes | Message]:
    """Of each wanted member (its name, its checksum) of the zip on the disk the bytes, one at a time, or why not."""
    with tempfile.TemporaryFile() as told:
        try:
            subprocess.run(  # noqa: S603 - our own program, no shell
                [*PACK_FILES_READER, str(zipped.fileno())],
                input=json.dumps(wanted).encode(),
                stdout=told,
                stderr=subprocess.DEVNULL,
                timeout=LONGEST,
                env={},
                check=True,
                pass_fds=[zipped.fileno()],
            )
        except subprocess.SubprocessError:
            yield from (Message(text=PACK_UNREAD) for _one in wanted)
            return
        told.seek(0)
        for _one in wanted:
            refused, size = json.loads(told.readline())
            content = told.read(min(size, pack_files_child.LARGEST))
            megabytes = {"megabytes": pack_files_child.LARGEST // 2**20}
            yield Message(text=refused, values=megabytes if "%(" in refused else {}) if refused else content


def strict_table(content: bytes) -> Table:
    """The table in a workbook that may hold no formula and nothing too long. Raises BadInput for the field `file`."""
    return _read(reading_child.ORDER_STRICT_TABLE + content, reading_child.load_table)


def foreign(content: bytes) -> Filled:
    """Which form of somebody else a workbook is, and what it answers. Raises BadInput for the field `file`."""
    return _read(content, foreign_child.load, reader=FOREIGN_READER)


def _read(sent: bytes, load: Callable[[Any], Told], *, reader: Sequence[str] = READER) -> Told:
    try:
        with tempfile.TemporaryFile() as told:  # a file has an end that the child cannot move; a pipe has none
            subprocess.run(  # noqa: S603 - our own program, no shell
                reader, input=sent, stdout=told, stderr=subprocess.DEVNULL, timeout=LONGEST, env={}, check=True
            )
            told.seek(0)
            return load(json.loads(told.read(pack_child.LONGEST_TOLD)))
    except (NotOurWorkbook, BadPack) as refusal:
        raise BadInput({"file": Message(text=refusal.message.text, values=refusal.message.values)}) from refusal
    except (subprocess.SubprocessError, ValueError) as error:
        raise BadInput({"file": Message(text=PACK_UNREAD if reader is PACK_READER else UNREAD)}) from error
