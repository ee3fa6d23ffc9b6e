"""The process that reads an answer pack from outside: little memory, little time, no secrets; JSON out.

stdin: the pack as JSON, or the zip in which it was taken along. stdout: what is signed and the signature, or why not.
"""

import base64
import json
import struct
import sys
import zipfile
import zlib
from io import BytesIO
from typing import Any

from questionnaires import packs
from questionnaires.model import Message
from questionnaires.packs import BadPack, Seal
from scanners import limits
from scanners.model import N_

MEMORY = 512 * 2**20  # bytes of address space
SECONDS = 20  # of processor time
OPEN_FILES = 32
LARGEST = 8 * 2**20  # bytes of a file; a pack with documents is larger, and the pack alone is taken out of it
LONGEST_TOLD = 16 * 2**20
MOST_MEMBERS = 2_000
MEMBER = b"PK\x01\x02"  # begins every entry of a zip's list
INSIDE = "answer-pack.json"
NO_ZIP = N_("The zip file is damaged. Please load the file answer-pack.json that lies in it.")
NOT_INSIDE = N_("The zip file holds no answer-pack.json, so it is no answer pack.")
A_WORKBOOK = N_("The workbook of a pack is for reading. Please load answer-pack.json, or the zip as it was downloaded.")
TOO_MUCH = N_("The file holds more than we read. Please load the file answer-pack.json alone.")


def main() -> int:
    """Read one pack and say what it holds."""
    limits.keep_to(memory=MEMORY, seconds=SECONDS, open_files=OPEN_FILES, written=LONGEST_TOLD)
    sys.stdout.write(json.dumps(answer(sys.stdin.buffer.read(LARGEST + 1))))
    return 0


def answer(content: bytes) -> dict[str, Any]:
    """What the process says of a file."""
    try:
        _pack, document, seal = packs.read(_inside(content) if content.startswith(b"PK") else content)
    except BadPack as refusal:
        return {"refused": [refusal.message.text, dict(refusal.message.values)]}
    except (MemoryError, RecursionError):
        return {"refused": [TOO_MUCH, {}]}
    return {
        "document": document,
        "public_key": base64.b64encode(seal.public_key).decode(),
        "value": base64.b64encode(seal.value).decode(),
    }


def load(told: Any) -> tuple[dict[str, Any], Seal]:
    """What was read; raises BadPack for what was refused."""
    if "refused" in told:
        text, values = told["refused"]
        raise BadPack(Message(text=text, values=values))
    seal = Seal(public_key=base64.b64decode(told["public_key"]), value=base64.b64decode(told["value"]))
    return told["document"], seal


def _inside(content: bytes) -> bytes:
    if len(content) > LARGEST or content.count(MEMBER) > MOST_MEMBERS:  # before the list is read
        raise BadPack(Message(text=TOO_MUCH))
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = {member.filename: member for member in archive.infolist()}
            if "[Content_Types].xml" in names:
                raise BadPack(Message(text=A_WORKBOOK))
            if INSIDE not in names:
                raise BadPack(Message(text=NOT_INSIDE))
            with archive.open(names[INSIDE]) as file:
                return file.read(packs.LARGEST + 1)
    except (
        *(zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, RuntimeError),
        *(struct.error, OverflowError, OSError, EOFError),
    ) as error:
        raise BadPack(Message(text=NO_ZIP)) from error


if __name__ == "__main__":
    sys.exit(main())
