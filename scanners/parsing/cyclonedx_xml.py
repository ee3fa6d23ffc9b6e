"""CycloneDX as XML: made into what its JSON form says, so that both are read by the same rules."""

from collections.abc import Mapping
from typing import Any
from xml.parsers import expat

import re2

from scanners.model import N_
from scanners.parsing.parts_lists import DEEPEST, MOST_COMPONENTS, Unreadable

NAMESPACE = re2.compile(r"http://cyclonedx\.org/schema/bom/(\d+\.\d+)")
SEPARATOR = " "
MOST_ELEMENTS = 40 * MOST_COMPONENTS
LONGEST_TEXT = 2_000  # characters of one element; descriptions are not ours to keep
LISTS: Mapping[str, str] = {
    "components": "component",
    "hashes": "hash",
    "licenses": "",
    "authors": "author",
    "tools": "tool",
    "dependencies": "dependency",
}
DTD = N_("The XML declares a document type or entities. Such files are not read; please export the list anew.")
BROKEN = N_("The file is no well-formed XML (line %(line)d).")
NO_LIST = N_("The XML is no CycloneDX document.")


def document(text: str) -> Mapping[str, Any]:
    """The document as its JSON form would say it. Raises Unreadable."""
    reading = _Reading()
    try:
        reading.parse(text)
    except expat.ExpatError as error:
        raise Unreadable(BROKEN, line=error.lineno) from error
    return reading.told()


class _Reading:
    """One pass over a stranger's XML: no document type, no entities of its own, little depth."""

    def __init__(self) -> None:
        self._version = ""
        self._stack: list[tuple[str, Any]] = []
        self._text: list[str] = []
        self._length = self._elements = 0
        self._root: dict[str, Any] = {}

    def parse(self, text: str) -> None:
        parser = expat.ParserCreate(encoding="utf-8", namespace_separator=SEPARATOR)
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.buffer_text = True
        parser.Parse(text.encode(), True)

    def told(self) -> Mapping[str, Any]:
        return {**self._root, "specVersion": self._version}

    def _refuse(self, *_declared: object) -> None:
        raise Unreadable(DTD)

    def _start(self, full_name: str, attributes: dict[str, str]) -> None:
        namespace, _between, name = full_name.rpartition(SEPARATOR)
        self._elements += 1
        if len(self._stack) >= DEEPEST:
            raise Unreadable(N_("The list is nested too deeply."))
        if self._elements > MOST_ELEMENTS:
            raise Unreadable(N_("The file holds more than we read."))
        if not self._stack:
            match = NAMESPACE.fullmatch(namespace)
            if match is None or name != "bom":
                raise Unreadable(NO_LIST)
            self._version = match.group(1)
            self._stack.append((name, self._root))
            return
        self._text, self._length = [], 0
        self._stack.append((name, [] if self._is_list(name) else dict(attributes)))

    def _is_list(self, name: str) -> bool:
        return name in LISTS and not (name == "tools" and self._parent != "metadata")

    @property
    def _parent(self) -> str:
        return self._stack[-1][0]

    def _characters(self, text: str) -> None:
        if self._length < LONGEST_TEXT:
            self._text.append(text)
            self._length += len(text)

    def _end(self, _full_name: str) -> None:
        name, value = self._stack.pop()
        if not self._stack:
            return
        parent, holder = self._stack[-1]
        text = "".join(self._text).strip()
        self._text, self._length = [], 0
        said = value if isinstance(value, list) or value else text
        if isinstance(holder, list):
            self._into_list(parent, holder, name, said)
        elif parent == "dependency" and name == "dependency":
            holder.setdefault("dependsOn", []).append(value.get("ref", ""))
        elif name not in holder:  # the first counts where a name may stand once
            holder[name] = said

    def _into_list(self, parent: str, holder: list[Any], name: str, said: Any) -> None:
        if parent == "licenses":
            holder.append({name: said})
        elif parent == "tools" and name in {"components", "services"}:
            holder.extend(said)
        else:
            holder.append(said)
