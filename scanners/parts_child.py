"""The process that reads a list of software parts from outside: little memory, little time, no secrets.

stdin: the file. stdout: what it says as JSON, or why not.
"""

import gc
import json
import sys
from dataclasses import asdict, fields
from typing import Any

from scanners import limits
from scanners.model import N_, Message
from scanners.parsing import sbom
from scanners.parsing.parts_lists import Component, PartsList, Unreadable, moment

MEMORY = 512 * 2**20  # bytes of address space; a list of twenty megabytes fits
SECONDS = 30  # of processor time
OPEN_FILES = 32
LONGEST_TOLD = 32 * 2**20
TOO_MUCH = N_("The file holds more than we read.")


def main() -> int:
    """Read one list and say what it holds."""
    limits.keep_to(memory=MEMORY, seconds=SECONDS, open_files=OPEN_FILES, written=LONGEST_TOLD)
    gc.disable()  # the process ends anyway, and walking a million objects again and again takes its time
    told = _answer(sys.stdin.buffer.read(sbom.LARGEST + 1))
    for piece in json.JSONEncoder(ensure_ascii=False).iterencode(told):
        sys.stdout.write(piece)
    return 0


def _answer(content: bytes) -> dict[str, Any]:
    try:
        return dump(sbom.read(content))
    except Unreadable as refusal:
        return {"refused": [refusal.message.text, dict(refusal.message.values)]}
    except MemoryError:
        return {"refused": [TOO_MUCH, {}]}


def dump(found: PartsList) -> dict[str, Any]:
    """What was read, as JSON."""
    plain = {name.name: getattr(found, name.name) for name in fields(found) if name.name != "components"}
    return {
        **plain,
        "created_at": found.created_at.isoformat() if found.created_at else None,
        "components": [list(asdict(one).values()) for one in found.components],
    }


def load(told: Any) -> PartsList:
    """The inverse of `dump`; raises Unreadable for what was refused, ValueError for what was never dumped."""
    if "refused" in told:
        text, values = told["refused"]
        refusal = Unreadable(text)
        refusal.message = Message(text=text, values=values)
        raise refusal
    names = [name.name for name in fields(Component)]
    components = tuple(Component(**dict(zip(names, values, strict=True))) for values in told["components"])
    return PartsList(**{**told, "created_at": moment(told["created_at"]), "components": components})


if __name__ == "__main__":
    sys.exit(main())
