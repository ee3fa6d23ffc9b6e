"""Strict readers for data files: an unknown key or a wrong kind is refused with the place and line where it stands.

Files may come from strangers: size and depth are bounded, a key stands once, and nothing may repeat what stands
elsewhere (a few lines of anchors can stand for gigabytes).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, Protocol, TypeVar

import yaml

from questionnaires.model import N_, Message, Text

Choice = TypeVar("Choice", bound=StrEnum)
Thing = TypeVar("Thing")


class Identified(Protocol):
    """Whatever has an id of its own."""

    @property
    def id(self) -> str:
        """The id, unique among its kind."""
        ...


Known = TypeVar("Known", bound=Identified)


LARGEST = 4_000_000  # bytes
DEEPEST = 20
LONGEST_TEXT = 4_000  # characters
LARGEST_NUMBER = 1e12

_MARKUP = re.compile(r"<\s*[a-zA-Z/!?]")
PROBLEMS: Mapping[str, str] = {  # what people write wrong most often, as the library that reads YAML says it
    "mapping values are not allowed in this context": N_(
        "no YAML: a colon stands where none may stand; put the text in quotes"
    ),
    "did not find expected key": N_("no YAML: a key is expected here; look at the indentation and the quotes"),
    "could not find expected ':'": N_("no YAML: a colon is missing after the key"),
    "did not find expected ',' or ']'": N_("no YAML: a list in square brackets does not end"),
    "did not find expected ',' or '}'": N_("no YAML: a mapping in curly brackets does not end"),
    "did not find expected '-' indicator": N_("no YAML: a hyphen is expected here; look at the indentation"),
    "block sequence entries are not allowed in this context": N_("no YAML: a list cannot begin here"),
    "found character that cannot start any token": N_("no YAML: a tab, or another sign that must stand in quotes"),
    "found unexpected end of stream": N_("no YAML: a quotation mark is open at the end"),
    "found unknown escape character": N_("no YAML: a backslash before a sign that it does not belong to"),
    "control characters are not allowed": N_("no YAML: holds a sign that cannot be printed"),
    "but found another document": N_("no YAML: a second document begins here; a file holds one"),
}
TAGGED = "could not determine a constructor for the tag"

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class Refusal(Exception):
    """Something cannot be used: its place, in the words of the format, and why, translated where it is read."""

    def __init__(self, where: str, text: str, **values: str | float) -> None:
        """Hold both; `text` is marked for translation."""
        self.where = where
        self.what = Message(text=text, values=values)
        super().__init__(where, text)

    def __str__(self) -> str:
        """In English, for logs and tests."""
        return self.say()

    def say(self, translate: Callable[[str], str] = str) -> str:
        """Place and sentence, in the language of `translate`."""
        sentence = self.what.render(translate)
        return f"{self.where}: {sentence}" if self.where else sentence


class BadFile(Refusal):
    """A data file breaks its format; says where. `line` counts from 1; 0 where none can be named."""

    line = 0


class _Place:
    """The line that was read last."""

    line = 0


class _Fields(dict[Any, Any]):
    """A mapping that knows its line and those of its keys, and notes which one is read."""

    def __init__(self, place: _Place, line: int) -> None:
        super().__init__()
        self.place = place
        self.line = line
        self.lines: dict[Any, int] = {}

    def __getitem__(self, key: str) -> Any:
        self.note(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.note(key)
        return super().get(key, default)

    def note(self, key: Any) -> None:
        self.place.line = self.lines.get(key, self.line)


_SafeLoader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_SafeLoader):  # type: ignore[misc, valid-type]
    """Makes no objects, follows no anchors, refuses a key that stands twice."""

    def __init__(self, source: str | bytes) -> None:
        super().__init__(source)
        self.place = _Place()


def _mapping(loader: _Loader, node: yaml.MappingNode) -> _Fields:
    made = _Fields(loader.place, node.start_mark.line + 1)
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if key_node.tag == "tag:yaml.org,2002:merge" or not isinstance(key_node, yaml.ScalarNode):
            raise _at(line, "", N_("a key must be a word or a number"))
        key = loader.construct_object(key_node)
        if key in made:
            raise _at(line, "", N_("the key %(key)s stands twice"), key=repr(key))
        made.lines[key] = line
        made[key] = loader.construct_object(value_node, deep=True)
    return made


_Loader.yaml_implicit_resolvers = {  # a version that looks like a day is a text
    sign: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for sign, resolvers in _SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def parse(source: str | bytes) -> Any:
    """The document in this YAML, read by a loader that makes no objects; raises BadFile."""
    if len(source) > LARGEST:
        raise BadFile("", N_("larger than %(most)s MB"), most=LARGEST // 1_000_000)
    try:
        _refuse_bombs(source)
        loader = _Loader(source)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.YAMLError as wrong:
        mark = getattr(wrong, "problem_mark", None)
        problem = str(getattr(wrong, "problem", None) or wrong)
        line = mark.line + 1 if mark else 0
        if problem in PROBLEMS:
            raise _at(line, "", PROBLEMS[problem]) from wrong
        if problem.startswith(TAGGED):
            raise _at(line, "", N_("no YAML: tags, which begin with an exclamation mark, are not read")) from wrong
        if mark is None:
            raise BadFile("", N_("no YAML: a value that cannot be read")) from wrong
        told = N_("no YAML from sign %(column)s of this line on; look at indentation, colons and quotes")
        raise _at(line, "", told, column=mark.column + 1) from wrong
    except (ValueError, RecursionError) as wrong:  # a date that is none, an integer of a million digits
        raise BadFile("", N_("no YAML: a value that cannot be read")) from wrong


def _refuse_bombs(source: str | bytes) -> None:
    """What is dangerous to build is refused while it is still a stream of events."""
    depth = 0
    for event in yaml.parse(source, Loader=_SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _at(line, "", N_("anchors and aliases are not read; write it out"))
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise _at(line, "", N_("nested deeper than %(most)s"), most=DEEPEST)


def _at(line: int, where: str, text: str, **values: str | float) -> BadFile:
    wrong = BadFile(where, text, **values)
    wrong.line = line
    return wrong


def refuse(raw: Any, where: str, text: str, **values: str | float) -> BadFile:
    """A refusal that stands where this thing begins."""
    return _at(getattr(raw, "line", 0), where, text, **values)


def named(raw: Any) -> str:
    """A thing by its id, as far as it has one."""
    return str(raw.get("id"))[:40] if isinstance(raw, Mapping) else repr(raw)[:40]


def finish(document: Any) -> None:
    """Say that all of it was read: what is found wrong from here on is found in the thing that it names."""
    if isinstance(document, _Fields):
        document.place.line = 0


def place(document: Any, wrong: BadFile) -> BadFile:
    """The same refusal with its line: what was read last, else the thing whose id the sentence names."""
    if not wrong.line and isinstance(document, _Fields):
        line = document.place.line
        kind, _space, identity = wrong.where.partition(".")[0].partition(" ")
        told = _line_of(document.get(f"{kind}s", document), identity) if identity else document.lines.get(kind, 0)
        wrong.line = line or told
    return wrong


def _line_of(thing: Any, identity: str) -> int:
    if isinstance(thing, _Fields):
        if dict.get(thing, "id") == identity:
            return thing.line
        return next((line for each in thing.values() if (line := _line_of(each, identity))), 0)
    return next((line for each in thing if (line := _line_of(each, identity))), 0) if isinstance(thing, list) else 0


def line_of(source: str | bytes, where: str, value: str = "") -> int:
    """The line of a place such as "matrix.5.3" in a document that `parse` has taken; where the document does not go so
    deep, the line of the last part it has. `value`: of a list, the line of this word in it. 0: it has nothing of it."""
    node, line = yaml.compose(source, Loader=_SafeLoader), 0
    for name in where.split("."):
        if isinstance(node, yaml.MappingNode):
            found = next(((key, of) for key, of in node.value if str(getattr(key, "value", "")) == name), None)
            if found is None:
                return line
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and name.isdecimal() and 0 < int(name) <= len(node.value):
            node = node.value[int(name) - 1]
            line = node.start_mark.line + 1
        else:
            return line
    if value and isinstance(node, yaml.SequenceNode):
        return next((one.start_mark.line + 1 for one in node.value if getattr(one, "value", None) == value), line)
    return line


def fields(raw: Any, where: str, *, need: Iterable[str] = (), may: Iterable[str] = ()) -> Mapping[str, Any]:
    """A mapping that has every key of `need` and none beyond `may`."""
    if not isinstance(raw, Mapping):
        raise BadFile(where, N_("not a mapping"))
    need = set(need)
    known = need | set(may)
    lines = getattr(raw, "lines", {})
    if strange := [key for key in raw if key not in known]:
        raise _at(lines.get(strange[0], 0), where, N_("unknown key %(key)s"), key=repr(strange[0]))
    if missing := sorted(need - set(raw)):
        raise _at(getattr(raw, "line", 0), where, N_("%(key)s is missing"), key=repr(missing[0]))
    return raw


def items(raw: Any, where: str) -> list[Any]:
    """A list."""
    if not isinstance(raw, list):
        raise BadFile(where, N_("not a list"))
    return raw


def word(raw: Any, where: str) -> str:
    """A text that is not empty. YAML 1.1 reads a bare yes, no or 2026.1 as something else; that is refused here."""
    if not isinstance(raw, str) or not raw.strip():
        raise BadFile(where, N_("%(value)s is not text (quote it)"), value=repr(raw))
    return raw


def words(raw: Any, where: str) -> tuple[str, ...]:
    """A list of texts."""
    return tuple(word(item, where) for item in items(raw, where))


def number(raw: Any, where: str) -> float:
    """A number; true and false are none."""
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise BadFile(where, N_("%(value)s is not a number"), value=repr(raw))
    if not -LARGEST_NUMBER <= raw <= LARGEST_NUMBER:  # infinite, or no number at all
        raise BadFile(where, N_("is no number that can be meant"))
    return float(raw)


def whole(raw: Any, where: str) -> int:
    """A whole number."""
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise BadFile(where, N_("%(value)s is not a whole number"), value=repr(raw))
    number(raw, where)
    return raw


def share(raw: Any, where: str) -> float:
    """A number between 0 and 1."""
    value = number(raw, where)
    if not 0 <= value <= 1:
        raise BadFile(where, N_("%(value)s is not between 0 and 1"), value=value)
    return value


def truth(raw: Mapping[str, Any], key: str, where: str) -> bool:
    """True or false; false when the key is not there."""
    value = raw.get(key, False)
    if not isinstance(value, bool):
        raise BadFile(f"{where}.{key}", N_("%(value)s is neither true nor false"), value=repr(value))
    return value


def optional(raw: Mapping[str, Any], key: str, read: Callable[[Any, str], Thing], where: str) -> Thing | None:
    """What stands under the key, or None when nothing does."""
    return None if raw.get(key) is None else read(raw[key], f"{where}.{key}")


def choice(kind: type[Choice], raw: Any, where: str) -> Choice:
    """One of a closed set."""
    try:
        return kind(word(raw, where))
    except ValueError as wrong:
        raise BadFile(where, N_("%(value)s is none of %(known)s"), value=repr(raw), known=", ".join(kind)) from wrong


def text(raw: Any, where: str) -> Text:
    """A text in both languages."""
    both = fields(raw, where, need={"de", "en"})
    return Text(de=sentence(both["de"], f"{where}.de"), en=sentence(both["en"], f"{where}.en"))


def sentence(raw: Any, where: str) -> str:
    """A text that people read: plain, of bearable length, without markup."""
    read = word(raw, where)
    if len(read) > LONGEST_TEXT:
        raise BadFile(where, N_("longer than %(most)s characters"), most=LONGEST_TEXT)
    if _MARKUP.search(read):
        raise BadFile(where, N_("holds markup; write plain text"))
    if _CONTROL.search(read):
        raise BadFile(where, N_("holds a sign that cannot be printed"))
    return read


def name(raw: Any, where: str, *, longest: int = 20) -> str:
    """An id: letters, digits, hyphen and underscore, as it stands in addresses, columns and files."""
    read = word(raw, where)
    if len(read) > longest or not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]*", read, re.ASCII):
        raise BadFile(
            where,
            N_("%(value)s is no id (at most %(most)s letters, digits, hyphens)"),
            value=repr(read[:40]),
            most=longest,
        )
    return read


def by_id(things: Iterable[Known], where: str) -> dict[str, Known]:
    """Things by their id, in order; the same id twice is refused."""
    found: dict[str, Known] = {}
    for thing in things:
        if thing.id in found:
            raise BadFile(where, N_("%(name)s appears twice"), name=thing.id)
        found[thing.id] = thing
    return found
