"""Refuses an upload that is not what it says, or that would swell: ten kinds of document, by their first bytes."""

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
HEAD = 4096
LARGEST_PARSED = 2**20
SHOWN_BY_BROWSERS = (b"http://www.w3.org/1999/xhtml", b"http://www.w3.org/2000/svg", b"<?xml-stylesheet")
MEMBER = b"PK\x01\x02"  # begins every entry of a zip's list
FLAG_ENCRYPTED = 0x1


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
    return content.startswith(b"%PDF-") and b"%%EOF" in content[-2048:]


def _is_text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("cp1252")
        except UnicodeDecodeError:
            return False
    head = text[:HEAD].lstrip().lower()
    # A page or a script that calls itself text would be one as soon as somebody opens it elsewhere.
    return "\0" not in text and not head.startswith(("<!doctype", "<html", "<svg", "<?php", "<script", "#!"))


def _is_json(content: bytes) -> bool:
    try:
        text = content.decode("utf-8-sig").strip()
        if len(text) > LARGEST_PARSED:  # a list of empty lists takes twenty times its size in memory
            return (text[0], text[-1]) in {("{", "}"), ("[", "]")} and "\0" not in text
        json.loads(text)
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
        Kind(extension="png", media_type="image/png", fits=lambda content: content.startswith(b"\x89PNG\r\n\x1a\n")),
        Kind(
            extension="jpg",
            media_type="image/jpeg",
            fits=lambda content: content.startswith(b"\xff\xd8\xff") and content.rstrip(b"\0")[-2:] == b"\xff\xd9",
        ),
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
    """Which of the two office formats a zip is; None: neither, or with macros, or one that swells."""
    if not content.startswith(b"PK\x03\x04") or content.count(MEMBER) > MOST_MEMBERS:  # before the list is read
        return None
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, OverflowError):
        return None
    if len(members) > MOST_MEMBERS or not _is_tame(members):
        return None
    names = {member.filename.lower() for member in members}
    if "[content_types].xml" not in names or any(name.endswith(("vbaproject.bin", ".exe", ".js")) for name in names):
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
        and not any(member.flag_bits & FLAG_ENCRYPTED for member in members)
        and not any(".." in member.filename or member.filename.startswith("/") for member in members)
    )
