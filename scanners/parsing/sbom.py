"""A list of software parts from outside (SBOM): which format it is, and what it says. A stranger's file, for a process
with limits."""

import json
from collections.abc import Mapping
from typing import Any

from scanners.model import N_
from scanners.parsing import cyclonedx, cyclonedx_xml, spdx
from scanners.parsing.parts_lists import PartsList, Unreadable

LARGEST = 20 * 2**20  # bytes
HEAD = 2_000
PACKED = (b"PK", b"\x1f\x8b", b"7z", b"Rar!", b"BZh", b"\xfd7zXZ", b"(\xb5/\xfd")
NO_LIST = N_("This is neither CycloneDX (JSON or XML) nor SPDX (JSON or tag-value).")
BROKEN_JSON = N_("The file is no well-formed JSON (line %(line)d).")


def read(content: bytes) -> PartsList:
    """What the list says. Raises Unreadable with a sentence."""
    if len(content) > LARGEST:
        raise Unreadable(N_("The file is larger than %(megabytes)s MB."), megabytes=LARGEST // 2**20)
    text = _text(content)
    head = text.lstrip()[:HEAD]
    try:
        if head.startswith("{"):
            return _of_json(text)
        if head.startswith("<"):
            return cyclonedx.of_json(cyclonedx_xml.document(text))
        if any(line.startswith("SPDXVersion:") for line in head.splitlines()):
            return spdx.of_tags(text)
    except RecursionError:
        raise Unreadable(N_("The list is nested too deeply.")) from None
    raise Unreadable(NO_LIST)


def _text(content: bytes) -> str:
    if content.startswith(b"%PDF-"):
        raise Unreadable(N_("A PDF cannot be read by a program. Please export the list as CycloneDX or SPDX."))
    if content.startswith(PACKED):
        raise Unreadable(N_("The file is packed. Please upload the list itself, not an archive."))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable(N_("The file is not written in UTF-8.")) from None
    if not text.strip():
        raise Unreadable(N_("The file is empty."))
    if "\0" in text:
        raise Unreadable(N_("The file is not written in UTF-8."))
    return text


def _of_json(text: str) -> PartsList:
    try:
        document = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise Unreadable(BROKEN_JSON, line=error.lineno) from error
    except ValueError:  # a number of thousands of digits
        raise Unreadable(N_("A number in the file is none.")) from None
    match document:
        case {"bomFormat": "CycloneDX"}:
            return cyclonedx.of_json(document)
        case {"spdxVersion": str()}:
            return spdx.of_json(document)
        case {"@graph": list(), "@context": _}:
            return spdx.of_graph(document)
    raise Unreadable(NO_LIST)


def _once(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    """What stands twice could be read in two ways by two programs."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unreadable(N_("An entry stands twice in one object: %(name)s."), name=twice[:60])
    return found


def _refuse_constant(_name: str) -> Any:
    raise Unreadable(N_("A number in the file is none."))
