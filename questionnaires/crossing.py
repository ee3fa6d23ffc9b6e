"""From the answers of somebody else's form to answers of ours: what a crosswalk file says, and never more."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from questionnaires import reading
from questionnaires.foreign import Filled, ForeignAnswer, Form, Said
from questionnaires.model import AnswerValue, Text
from questionnaires.reading import BadFile

FOLDER = Path(__file__).parent / "crosswalks"
LONGEST_COMMENT = 2_000
WORDS = {"yes": Said.YES, "no": Said.NO}


class Strictness(StrEnum):
    """How their question stands to ours."""

    SAME = "same"
    LOWER = "lower"  # their yes says less: the option below the best is proposed


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What is proposed when these answers were given."""

    when: Mapping[str, Said]
    answer: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One question of ours and the numbers that tell of it; of `rules` and `add` one is filled."""

    id: str  # of our question
    strictness: Strictness
    sources: Mapping[str, tuple[str, ...]]  # number there -> words that its row has to hold one of
    rules: tuple[Rule, ...] = ()
    add: Mapping[str, str] | None = None  # number there -> the option that its yes adds


@dataclass(frozen=True, kw_only=True)
class Crosswalk:
    """All lines of one form."""

    form: Form
    title: Text
    lines: Mapping[str, Line]

    @property
    def numbers(self) -> frozenset[str]:
        """Every number that tells of a question of ours."""
        return frozenset(number for line in self.lines.values() for number in line.sources)


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """An answer of ours that follows from theirs."""

    question_id: str
    value: AnswerValue
    sources: tuple[str, ...]
    strictness: Strictness


@dataclass(frozen=True, kw_only=True)
class Crossed:
    """What follows from a form, and what was left."""

    proposals: tuple[Proposal, ...]
    unmapped: tuple[str, ...]  # answered there, and no question of ours rests on it
    unclear: tuple[str, ...]  # neither yes nor no, or two answers for one number
    odd: tuple[str, ...]  # the number is known, but its row speaks of something else


def cross(filled: Filled) -> Crossed:
    """Propose what the crosswalk allows."""
    walk = of(filled.form)
    odd = tuple(number for number in sorted(walk.numbers & filled.answers.keys()) if not _fits(walk, filled, number))
    usable = {number: one for number, one in filled.answers.items() if number in walk.numbers and number not in odd}
    unclear = [number for number, one in usable.items() if one.said not in {Said.YES, Said.NO}]
    return Crossed(
        proposals=tuple(_proposals(walk, usable)),
        unmapped=tuple(
            number
            for number, one in filled.answers.items()
            if number not in walk.numbers and one.said is not Said.NOTHING
        ),
        unclear=(*unclear, *(number for number in filled.torn if number in walk.numbers)),
        odd=odd,
    )


def _fits(walk: Crosswalk, filled: Filled, number: str) -> bool:
    words = {word for line in walk.lines.values() for word in line.sources.get(number, ())}
    return any(word in filled.answers[number].words for word in words)


def _proposals(walk: Crosswalk, usable: Mapping[str, ForeignAnswer]) -> Iterator[Proposal]:
    for line in walk.lines.values():
        said = {number: usable[number].said for number in line.sources if number in usable}
        answer, sources = _answer(line, said)
        if not answer:
            continue
        notes = [f"{number}: {usable[number].note}" for number in sources if usable[number].note]
        yield Proposal(
            question_id=line.id,
            value=AnswerValue(choices=answer, comment="\n".join(notes)[:LONGEST_COMMENT]),
            sources=sources,
            strictness=line.strictness,
        )


def _answer(line: Line, said: Mapping[str, Said]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The options, and the numbers they follow from."""
    if line.add is not None:
        given = [number for number in line.add if said.get(number) is Said.YES]
        return tuple(dict.fromkeys(line.add[number] for number in given)), tuple(given)
    for rule in line.rules:
        if all(said.get(number) is wanted for number, wanted in rule.when.items()):
            return rule.answer, tuple(rule.when)
    return (), ()


# ---- files


@cache
def of(form: Form) -> Crosswalk:
    """The crosswalk of a form."""
    return load((FOLDER / f"{form.value}.yaml").read_bytes())


def load(source: str | bytes) -> Crosswalk:
    """The crosswalk written in this YAML; raises BadFile with the line."""
    document = reading.parse(source)
    try:
        raw = reading.fields(document, "crosswalk", need=("id", "title", "questions"))
        lines = [_line(one) for one in reading.items(raw["questions"], "questions")]
        return Crosswalk(
            form=reading.choice(Form, raw["id"], "id"),
            title=reading.text(raw["title"], "title"),
            lines=reading.by_id(lines, "questions"),
        )
    except BadFile as wrong:
        raise reading.place(document, wrong) from None


def _line(raw: Any) -> Line:
    found = reading.fields(raw, "question", need=("question", "strictness", "from"), may=("rules", "add"))
    where = reading.name(found["question"], "question")
    sources = _mapping(found["from"], where)
    read = {str(number): reading.words(words, f"{where}, from") for number, words in sources.items()}
    if ("rules" in found) is ("add" in found):
        raise BadFile(where, "needs rules or add, and not both")
    line = Line(
        id=where,
        strictness=reading.choice(Strictness, found["strictness"], where),
        sources=read,
        rules=tuple(_rule(one, where) for one in reading.items(found["rules"], where)) if "rules" in found else (),
        add={str(key): reading.word(value, where) for key, value in _mapping(found["add"], where).items()}
        if "add" in found
        else None,
    )
    used = {number for rule in line.rules for number in rule.when} | set(line.add or ())
    if used != set(read):
        raise BadFile(where, "`from` and what rests on it name different numbers")
    return line


def _rule(raw: Any, where: str) -> Rule:
    found = reading.fields(raw, where, need=("when", "answer"))
    when = {}
    for number, said in _mapping(found["when"], where).items():
        if said not in WORDS:
            raise BadFile(where, "%(number)s must be 'yes' or 'no', in quotes", number=number)
        when[str(number)] = WORDS[said]
    return Rule(when=when, answer=reading.words(found["answer"], where))


def _mapping(raw: Any, where: str) -> Mapping[Any, Any]:
    if not isinstance(raw, dict) or not raw:
        raise BadFile(where, "a mapping is expected")
    return raw
