"""The process that takes single documents out of a pack's zip: little memory, little time, no secrets.

argv: the open file that holds the zip. stdin: the wanted members with their checksums as JSON. stdout: for each a line
of JSON with what became of it and its length, and then its bytes.
"""

import hashlib
import json
import os
import struct
import sys
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from scanners import limits
from scanners.model import N_

MEMORY = 512 * 2**20  # bytes of address space
SECONDS = 20  # of processor time
OPEN_FILES = 32
LARGEST = 20 * 2**20  # bytes of one document, as a single upload may have
MOST = 100 * 2**20  # of all that are told
TAKEN = ""
MISSING = N_("This document does not lie in the zip file.")
OTHER = N_("This is another file than the one that the pack names: its checksum differs. It is not taken.")
TOO_LARGE = N_("The file is larger than a document may be (%(megabytes)s MB).")
DAMAGED = N_("This document is damaged in the zip file.")
ENOUGH = N_("The documents together are larger than one transfer may be. Please take fewer at a time.")


def main() -> int:
    """Tell each wanted document, or why it is not told."""
    limits.keep_to(memory=MEMORY, seconds=SECONDS, open_files=OPEN_FILES, written=MOST + 2**20)
    wanted = json.loads(sys.stdin.buffer.read())
    with os.fdopen(int(sys.argv[1]), "rb") as file:
        for refused, content in told(file, wanted):
            sys.stdout.buffer.write(json.dumps([refused, len(content)]).encode() + b"\n" + content)
    return 0


def told(file: BinaryIO, wanted: Sequence[Sequence[str]]) -> Iterator[tuple[str, bytes]]:
    """For each pair of member and checksum the sentence that refuses it, or its bytes."""
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, OverflowError, OSError, MemoryError):
        yield from ((DAMAGED, b"") for _one in wanted)
        return
    left = MOST
    with archive:
        for name, sha256 in wanted:
            refused, content = _member(archive, name, sha256, left)
            left -= len(content)
            yield refused, content


def _member(archive: zipfile.ZipFile, name: str, sha256: str, left: int) -> tuple[str, bytes]:
    try:
        with archive.open(name) as member:
            content = member.read(min(LARGEST, left) + 1)  # what the list says of its size may be a lie
    except KeyError:
        return MISSING, b""
    except (
        *(zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, RuntimeError),
        *(struct.error, OverflowError, OSError, EOFError, MemoryError),
    ):
        return DAMAGED, b""
    if len(content) > LARGEST:
        return TOO_LARGE, b""
    if len(content) > left:
        return ENOUGH, b""
    return (TAKEN, content) if hashlib.sha256(content).hexdigest() == sha256 else (OTHER, b"")


if __name__ == "__main__":
    sys.exit(main())
