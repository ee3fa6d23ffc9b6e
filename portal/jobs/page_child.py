"""The process that draws one page of a PDF as a picture with its reader's name across it: little memory, no secrets.

stdin: a line of JSON with the page and the words, then the file. stdout: the number of pages as a line, then the PNG.
"""

import json
import os
import re
import subprocess
import sys
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from scanners import limits

MEMORY = 1024 * 2**20  # bytes of address space, of this process and of each it starts
SECONDS = 20  # of processor time
OPEN_FILES = 64
LARGEST_PICTURE = 16 * 2**20
LONGEST_SIDE = 1600  # pixels
MOST_PIXELS = LONGEST_SIDE * LONGEST_SIDE
FAINT = (27, 42, 56, 58)
SLANT = 28  # degrees
SIZE, ROW = 22, 190  # pixels
UNREAD = 3


def main() -> int:
    """Draw one page."""
    limits.keep_to(memory=MEMORY, seconds=SECONDS, open_files=OPEN_FILES, written=LARGEST_PICTURE)
    order = json.loads(sys.stdin.buffer.readline())
    descriptor = os.memfd_create("page")  # never on a disk
    while piece := sys.stdin.buffer.read(2**20):
        os.write(descriptor, piece)
    try:
        pages = _count(order["pdfinfo"], descriptor)
        page = int(order["page"])
        if not 1 <= page <= pages:
            return UNREAD
        drawn = _draw(order["pdftoppm"], descriptor, page)
        picture = _with_words(drawn, order["words"])
    except (subprocess.SubprocessError, OSError, ValueError, MemoryError, Image.DecompressionBombError):
        return UNREAD
    sys.stdout.buffer.write(f"{page} {pages}\n".encode() + picture)
    return 0


def _count(program: str, descriptor: int) -> int:
    told = _run([program, f"/proc/self/fd/{descriptor}"], descriptor).decode("utf-8", "replace")
    found = re.search(r"^Pages:\s+(\d{1,6})$", told, re.MULTILINE)
    if found is None or int(found[1]) < 1:
        raise ValueError(told[:100])
    return int(found[1])


def _draw(program: str, descriptor: int, page: int) -> bytes:
    which = ["-f", str(page), "-l", str(page), "-scale-to", str(LONGEST_SIDE), "-png"]
    return _run([program, *which, f"/proc/self/fd/{descriptor}"], descriptor)


def _run(command: list[str], descriptor: int) -> bytes:
    done = subprocess.run(  # noqa: S603 - a fixed program, no shell
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={"LC_ALL": "C"},
        timeout=SECONDS, check=True, pass_fds=(descriptor,),
    )  # fmt: skip
    return done.stdout


def _with_words(png: bytes, words: str) -> bytes:
    """The words again and again across the page, faint enough to read what is under them."""
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    with Image.open(BytesIO(png), formats=("PNG",)) as drawn:
        page = drawn.convert("RGB")
    side = int(max(page.size) * 1.5)
    sheet = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(SIZE)
    line = f"{words}   ·   " * (1 + side // max(int(pen.textlength(words, font=font)), 1))
    for number, top in enumerate(range(0, side, ROW)):
        pen.text((-(number % 3) * 160, top), line, font=font, fill=FAINT)
    slanted = sheet.rotate(SLANT)
    left, above = (side - page.width) // 2, (side - page.height) // 2
    page.paste(slanted.convert("RGB"), (-left, -above), slanted.getchannel("A"))
    made = BytesIO()
    page.save(made, "PNG", optimize=False)
    return made.getvalue()


if __name__ == "__main__":
    sys.exit(main())
