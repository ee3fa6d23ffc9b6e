"""The process that reads a form of somebody else (MDS2, CAIQ, SIG): little memory, little time, no secrets; JSON out.

stdin: the workbook. stdout: which form it is and what it answers, or why not.
"""

import json
import sys
from datetime import date
from typing import Any

from questionnaires import foreign
from questionnaires.foreign import Filled, ForeignAnswer, Form, NotRecognised, Said
from questionnaires.model import Message
from reports.workbooks import foreign_in, reading_child
from reports.workbooks.answer_sheet import NotOurWorkbook
from scanners import limits
from scanners.model import N_

LARGEST = reading_child.LARGEST
UNKNOWN_FORM = N_(
    "No form that we know was recognised in this workbook. We read MDS2 (HN 1-2019), CAIQ (version 4) and SIG, by the "
    "numbers of their questions."
)
TOO_MUCH = N_("The file holds more than we read.")


def main() -> int:
    """Read one workbook and say what it answers."""
    limits.keep_to(
        memory=reading_child.MEMORY,
        seconds=reading_child.SECONDS,
        open_files=reading_child.OPEN_FILES,
        written=reading_child.LONGEST_TOLD,
    )
    sys.stdout.write(json.dumps(answer(sys.stdin.buffer.read(LARGEST + 1))))
    return 0


def answer(content: bytes) -> dict[str, Any]:
    """What the process says of a file."""
    if len(content) > LARGEST or reading_child.unpacked(content) > reading_child.LARGEST_UNPACKED:
        return {"refused": [TOO_MUCH, {}]}
    try:
        return dump(foreign.recognise(tuple(foreign_in.read(content))))
    except NotOurWorkbook as refusal:
        return {"refused": [refusal.message.text, dict(refusal.message.values)]}
    except NotRecognised:
        return {"refused": [UNKNOWN_FORM, {}]}
    except (MemoryError, RecursionError):
        return {"refused": [TOO_MUCH, {}]}


def dump(filled: Filled) -> dict[str, Any]:
    """What was read, as JSON."""
    return {
        "form": filled.form.value,
        "answers": [[one.id, one.said.value, one.note, one.words] for one in filled.answers.values()],
        "torn": list(filled.torn),
        "manufacturer": filled.manufacturer,
        "device": filled.device,
        "document_id": filled.document_id,
        "released_on": filled.released_on.isoformat() if filled.released_on else None,
    }


def load(told: Any) -> Filled:
    """The inverse of `dump`; raises NotOurWorkbook for what was refused."""
    if "refused" in told:
        text, values = told["refused"]
        raise NotOurWorkbook(Message(text=text, values=values))
    answers = [
        ForeignAnswer(id=number, said=Said(said), note=note, words=words)
        for number, said, note, words in told["answers"]
    ]
    return Filled(
        form=Form(told["form"]),
        answers={one.id: one for one in answers},
        torn=tuple(told["torn"]),
        manufacturer=told["manufacturer"],
        device=told["device"],
        document_id=told["document_id"],
        released_on=date.fromisoformat(told["released_on"]) if told["released_on"] else None,
    )


if __name__ == "__main__":
    sys.exit(main())
