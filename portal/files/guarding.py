"""Refuses an upload that is not what it says, or that would swell: ten kinds of document, by their bytes and names.

A file is looked at where it lies: nothing is unpacked, and no second copy of it is made.
"""

import codecs
import json
import re
import struct
import unicodedata
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise

from scanners.model import N_, Message

LARGEST = 20 * 2**20
MOST_MEMBERS = 2000
LARGEST_UNPACKED = 200 * 2**20
HIGHEST_RATIO = 100
LONGEST_NAME = 120
LONGEST_SENT = 255  # what file systems take
HEAD = 4096
LARGEST_PARSED = 2**20
SHOWN_BY_BROWSERS = (b"http://www.w3.org/1999/xhtml", b"http://www.w3.org/2000/svg", b"<?xml-stylesheet")
MEMBER = b"PK\x01\x02"  # begins every entry of a zip's list
FLAG_ENCRYPTED = 0x1
PIECE = 2**18
ZIP_END, LONGEST_ZIP_END = b"PK\x05\x06", 2**16 + 22
NOT_IN_CP1252 = b"\x81\x8d\x8f\x90\x9d"
TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # the reading direction
RESERVED = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}
)  # of Windows, whatever their extension
WITH_MACROS = frozenset({"xlsm", "xlsb", "xltm", "xlam", "docm", "dotm", "pptm"})
MACROS = ("vbaproject", "vbadata", "macrosheets/", "activex/")  # in the names of members
ACTIVE = (".exe", ".dll", ".js", ".vbs", ".bat", ".cmd", ".ps1", ".scr", ".hta", ".lnk", ".zip", ".7z", ".rar", ".gz")


HAS_MACROS = N_("The file holds macros. Please save it without them (docx, xlsx).")
SWELLS = N_("Unpacked, this file would be far larger than it is, or its parts overlap. It is not taken.")


class Unwelcome(Exception):
    """The upload is refused; the message stands beside the field."""

    def __init__(self, message: Message) -> None:
        """Hold the sentence."""
        self.message = message
        super().__init__(message.text)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of document we take."""

    extension: str
    media_type: str
    fits: Callable[[bytes], bool]


def _is_pdf(content: bytes) -> bool:
    tail = content[-2048:]
    return (
        content.startswith(b"%PDF-")
        and b"%%EOF" in tail
        and b"<" not in tail.rpartition(b"%%EOF")[2]
        and not _is_a_zip_too(content)
    )


def _is_png(content: bytes) -> bool:
    ends = content[-64:].rstrip(b"\0\r\n ")[-8:-4] == b"IEND"
    return content.startswith(b"\x89PNG\r\n\x1a\n") and ends


def _is_jpg(content: bytes) -> bool:
    ends = content[-4096:].rstrip(b"\0").endswith(b"\xff\xd9")
    return content.startswith(b"\xff\xd8\xff") and ends and not _is_a_zip_too(content)


def _is_a_zip_too(content: bytes) -> bool:
    """Whether an unpacker would find an archive at the end; an attachment in a PDF is followed by more of the PDF."""
    tail = content[-LONGEST_ZIP_END:]
    return ZIP_END in tail and b"endstream" not in tail.rpartition(ZIP_END)[2]


def _is_text(content: bytes) -> bool:
    head = content[:HEAD].decode("utf-8-sig", errors="replace").lstrip().lower()
    # A page or a script that calls itself text would be one as soon as somebody opens it elsewhere.
    is_harmless = not head.startswith(("<!doctype", "<html", "<svg", "<?php", "<script", "#!"))
    return is_harmless and b"\0" not in content and (_is_utf8(content) or _is_cp1252(content))


def _is_utf8(content: bytes) -> bool:
    decoder, view = codecs.getincrementaldecoder("utf-8")(), memoryview(content)
    try:
        for start in range(0, len(view), PIECE):  # the whole of it as text would take up to four times its size
            decoder.decode(bytes(view[start : start + PIECE]))
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _is_cp1252(content: bytes) -> bool:
    return not any(bytes([sign]) in content for sign in NOT_IN_CP1252)


def _is_json(content: bytes) -> bool:
    if len(content) > LARGEST_PARSED:  # a list of empty lists takes twenty times its size in memory
        first, last = content[:HEAD].removeprefix(codecs.BOM_UTF8).lstrip()[:1], content[-HEAD:].rstrip()[-1:]
        return (first, last) in {(b"{", b"}"), (b"[", b"]")} and b"\0" not in content and _is_utf8(content)
    try:
        json.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        return False
    return True


def _is_xml(content: bytes) -> bool:
    """XML that no browser would draw or run: neither a page nor a picture, and without a style of its own."""
    head = content[:HEAD].decode("utf-8-sig", errors="replace").lstrip()
    return head.startswith("<") and _is_text(content) and not any(name in content for name in SHOWN_BY_BROWSERS)


def _is_docx(content: bytes) -> bool:
    return _office_part(content) == "word/"


def _is_xlsx(content: bytes) -> bool:
    return _office_part(content) == "xl/"


KINDS: Mapping[str, Kind] = {
    kind.extension: kind
    for kind in (
        Kind(extension="pdf", media_type="application/pdf", fits=_is_pdf),
        Kind(extension="png", media_type="image/png", fits=_is_png),
        Kind(extension="jpg", media_type="image/jpeg", fits=_is_jpg),
        Kind(
            extension="docx",
            media_type="application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            fits=_is_docx,
        ),
        Kind(
            extension="xlsx",
            media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            fits=_is_xlsx,
        ),
        Kind(extension="csv", media_type="text/csv", fits=_is_text),
        Kind(extension="txt", media_type="text/plain", fits=_is_text),
        Kind(extension="json", media_type="application/json", fits=_is_json),
        Kind(extension="xml", media_type="application/xml", fits=_is_xml),
        Kind(extension="spdx", media_type="text/plain", fits=_is_text),
    )
}
SAME = {"jpeg": "jpg"}


def check(name: str, content: bytes) -> Kind:
    """The kind of this document, or Unwelcome. The content is looked at, never unpacked."""
    if not content:
        raise Unwelcome(Message(text=N_("The file is empty.")))
    if len(content) > LARGEST:
        raise Unwelcome(
            Message(text=N_("The file is larger than %(megabytes)s MB."), values={"megabytes": LARGEST // 2**20})
        )
    extension = name.rpartition(".")[2].lower()
    if extension in WITH_MACROS:
        raise Unwelcome(Message(text=HAS_MACROS))
    kind = KINDS.get(SAME.get(extension, extension))
    if kind is None:
        raise Unwelcome(
            Message(
                text=N_("This kind of file is not taken. Possible are: %(kinds)s."),
                values={"kinds": ", ".join(KINDS)},
            )
        )
    if not kind.fits(content):
        raise Unwelcome(
            Message(text=N_("The content is not that of a %(kind)s file."), values={"kind": kind.extension.upper()})
        )
    return kind


def check_name(name: str) -> None:
    """Refuse a name that hides what it is, or that some machine could not keep; for a file that is kept."""
    if any(sign in TURNING or unicodedata.category(sign) == "Cc" for sign in name):
        sentence = N_("The name of the file holds signs that are not seen or turn its letters round. Please rename it.")
        raise Unwelcome(Message(text=sentence))
    if ".." in re.split(r"[/\\]", name):
        raise Unwelcome(Message(text=N_("The name of the file leads to another folder. Please rename it.")))
    if len(name.encode()) > LONGEST_SENT:
        values = {"most": LONGEST_SENT}
        raise Unwelcome(Message(text=N_("The name of the file is longer than %(most)s bytes."), values=values))
    if re.split(r"[/\\]", name)[-1].partition(".")[0].strip().lower() in RESERVED:
        raise Unwelcome(Message(text=N_("Windows keeps this name for a device. Please rename the file.")))


def safe_name(name: str) -> str:
    """A name to show and to save under: no path, no control or direction signs, one extension."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    plain = "".join(sign if unicodedata.category(sign)[0] not in "CZ" or sign == " " else "_" for sign in last)
    plain = re.sub(r'[<>:"|?*;\']', "_", plain).strip(" .") or "file"
    stem, dot, extension = plain.rpartition(".")
    if not dot:
        return plain[:LONGEST_NAME]
    return f"{stem.replace('.', '_')[: LONGEST_NAME - len(extension) - 1]}.{extension.lower()}"


def _office_part(content: bytes) -> str | None:
    """Which of the two office formats a zip is; None: neither. Raises Unwelcome for one that swells or acts."""
    if not content.startswith(b"PK\x03\x04"):
        return None
    if content.count(MEMBER) > MOST_MEMBERS:  # before the list is read
        raise Unwelcome(Message(text=SWELLS))
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, OverflowError):
        return None
    if len(members) > MOST_MEMBERS or not _is_tame(members):
        raise Unwelcome(Message(text=SWELLS))
    names = {member.filename.lower() for member in members}
    if any(sign in name for name in names for sign in MACROS):
        raise Unwelcome(Message(text=HAS_MACROS))
    if any(name.endswith(ACTIVE) for name in names):
        raise Unwelcome(Message(text=N_("The file holds a program or a packed archive. Please take it out.")))
    if any(member.flag_bits & FLAG_ENCRYPTED for member in members):
        raise Unwelcome(Message(text=N_("The file is encrypted, so nobody can check it. Please save it without.")))
    if "[content_types].xml" not in names:
        return None
    return next((part for part in ("word/", "xl/") if any(name.startswith(part) for name in names)), None)


def _is_tame(members: list[zipfile.ZipInfo]) -> bool:
    """Declared sizes only: nothing is read. Members that overlap share bytes and so declare more than there are."""
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    starts = sorted((member.header_offset, member.compress_size) for member in members)
    overlap = any(start + size > following for (start, size), (following, _size) in pairwise(starts))
    return (
        unpacked <= LARGEST_UNPACKED
        and unpacked <= max(packed, 1) * HIGHEST_RATIO
        and not overlap
        and not any(".." in member.filename or member.filename.startswith("/") for member in members)
    )
