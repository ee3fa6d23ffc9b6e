"""The process that reads a file from outside: little memory, little time, no secrets; JSON out.

stdin: a line of JSON, then the file. The line holds the shapes of the questions' answers for a workbook of answers, or
null for a plain table, "strict" for one without formulas. stdout: what it says, or why not.
"""

import json
import struct
import sys
import zipfile
from io import BytesIO
from typing import Any

from questionnaires.model import AnswerKind, AnswerShape, Message, Option, Text
from reports.workbooks import answer_sheet_in, table_in
from reports.workbooks.answer_sheet import NotOurWorkbook, Problem, RowSent, SheetSent
from reports.workbooks.table_in import Table
from scanners import limits
from scanners.model import N_

MEMORY = 512 * 2**20  # bytes of address space; a workbook of twenty megabytes unpacked fits
SECONDS = 20  # of processor time
OPEN_FILES = 32
LARGEST = 8 * 2**20  # bytes of a workbook; ours are below one megabyte
LARGEST_UNPACKED = 64 * 2**20  # as its own list says; a member that is longer ends there
LONGEST_TOLD = 8 * 2**20
LONGEST_SHAPES = 4_000_000
TOO_MUCH = N_("The workbook holds more than we read. Please take a fresh one.")


def main() -> int:
    """Read one workbook and say what it holds."""
    limits.keep_to(memory=MEMORY, seconds=SECONDS, open_files=OPEN_FILES, written=LONGEST_TOLD)
    ordered = json.loads(sys.stdin.buffer.readline(LONGEST_SHAPES))
    content = sys.stdin.buffer.read(LARGEST + 1)
    is_table = ordered is None or ordered == STRICT
    told = _answer(content, None if is_table else _shapes(ordered), strict=ordered == STRICT)
    sys.stdout.write(json.dumps(told))
    return 0


def _answer(content: bytes, shapes: dict[str, AnswerShape] | None, *, strict: bool = False) -> dict[str, Any]:
    if len(content) > LARGEST or unpacked(content) > LARGEST_UNPACKED:
        return {"refused": _message(Message(text=TOO_MUCH))}
    try:
        return _table(content, strict=strict) if shapes is None else dump(answer_sheet_in.read(content, shapes))
    except NotOurWorkbook as refusal:
        return {"refused": _message(refusal.message)}
    except (MemoryError, RecursionError):
        return {"refused": _message(Message(text=TOO_MUCH))}


def unpacked(content: bytes) -> int:
    """How many bytes a zip says it holds."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            return sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, OverflowError):
        return 0  # whoever reads it says that it is none


def _table(content: bytes, *, strict: bool) -> dict[str, Any]:
    table = table_in.read(content, strict=strict)
    return {"heading": list(table.heading), "rows": [list(row) for row in table.rows], "first": table.first}


STRICT = "strict"
ORDER_TABLE = b"null\n"
ORDER_STRICT_TABLE = b'"strict"\n'


def load_table(told: Any) -> Table:
    """A table as it was read; raises NotOurWorkbook for what was refused."""
    if "refused" in told:
        raise NotOurWorkbook(_told(told["refused"]))
    return Table(heading=tuple(told["heading"]), rows=tuple(tuple(row) for row in told["rows"]), first=told["first"])


def order(shapes: dict[str, AnswerShape]) -> bytes:
    """The first line for stdin: as much of each answer's shape as reading needs."""
    plain = {
        name: [
            shape.kind.value,
            [[option.id, option.text.de, option.text.en] for option in shape.options],
            shape.allow_unknown,
            shape.allow_never,
        ]
        for name, shape in shapes.items()
    }
    return json.dumps(plain).encode() + b"\n"


def dump(sent: SheetSent) -> dict[str, Any]:
    """What was read, as JSON."""
    return {
        "assessment": sent.assessment_id,
        "catalogue": sent.catalogue_id,
        "version": sent.catalogue_version,
        "rows": [
            [list(row.key), row.place, row.version, row.before, list(row.values), row.comment] for row in sent.rows
        ],
        "problems": [
            [problem.place, list(problem.key) if problem.key else None, _message(problem.message)]
            for problem in sent.problems
        ],
    }


def load(told: Any) -> SheetSent:
    """The inverse of `dump`; raises NotOurWorkbook for what was refused."""
    if "refused" in told:
        raise NotOurWorkbook(_told(told["refused"]))
    return SheetSent(
        assessment_id=told["assessment"],
        catalogue_id=told["catalogue"],
        catalogue_version=told["version"],
        rows=tuple(
            RowSent(
                key=(key[0], key[1]),
                place=place,
                version=version,
                before=before,
                values=tuple(values),
                comment=comment,
            )
            for key, place, version, before, values, comment in told["rows"]
        ),
        problems=tuple(
            Problem(place=place, key=(key[0], key[1]) if key else None, message=_told(message))
            for place, key, message in told["problems"]
        ),
    )


def _shapes(plain: dict[str, Any]) -> dict[str, AnswerShape]:
    return {
        name: AnswerShape(
            kind=AnswerKind(kind),
            options=tuple(Option(id=one, text=Text(de=de, en=en)) for one, de, en in options),
            allow_unknown=unknown,
            allow_never=never,
        )
        for name, (kind, options, unknown, never) in plain.items()
    }


def _message(message: Message) -> list[Any]:
    return [message.text, dict(message.values)]


def _told(message: Any) -> Message:
    return Message(text=message[0], values=message[1])


if __name__ == "__main__":
    sys.exit(main())
