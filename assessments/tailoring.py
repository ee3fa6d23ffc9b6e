"""A hospital's own policy: the shipped one, changed where a hospital may change it; as a file and back."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

import yaml

from assessments import policy as policies
from assessments import sense, storing
from assessments.model import PARTS, Policy, RiskLevel
from assessments.sense import Problem
from questionnaires import reading
from questionnaires.model import N_, Catalogue, Text
from scanners.model import Message

KIND = "kettenblick-policy"
MOST_QUESTIONS = 200  # must-haves, and knock-outs lifted
DIGITS = 6  # of the digest, in a version
WORDS = {  # fields of Policy that a hospital may change, and what they are called
    "part_weights": N_("Weights of the measures"),
    "must_haves": N_("Must-haves"),
    "lifted": N_("Knock-outs that exclude nobody"),
    "caps": N_("Caps"),
    "matrix": N_("Risk matrix"),
    "level_words": N_("Words of the levels"),
    "likelihood_by_grade": N_("Likelihood by grade"),
    "likelihood_unknown": N_("Likelihood where nothing is known"),
    "likelihood_by_severity": N_("Likelihood of a single risk"),
    "sets_by_tier": N_("Question sets by tier"),
    "authority": N_("Who decides"),
    "appetite": N_("Risk appetite"),
    "acceptance": N_("Who may accept a risk, and for how long"),
}
IDENTITY = frozenset({"version", "based_on"})
SECTIONS = ("part_weights", "caps", "likelihood", "matrix", "sets_by_tier", "authority", "appetite", "acceptance")


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A number or word in which two policies differ."""

    field: str  # a key of WORDS
    place: str  # "MD", "5.3", "BK-04"
    before: str
    after: str


# ---- what a hospital's own is


def base_of(own: Policy) -> Policy:
    """The shipped policy it was made from."""
    return policies.get(own.based_on or own.version)


def problems(own: Policy, catalogues: Iterable[Catalogue] = ()) -> tuple[Problem, ...]:
    """Everything that is wrong with it: nonsense, a change where none is allowed, a question nobody asks."""
    return (*_foreign(own), *sense.problems(own), *_strangers(own, tuple(catalogues)))


def _foreign(own: Policy) -> Iterator[Problem]:
    base = base_of(own)
    for field in fields(Policy):
        if (
            field.name not in IDENTITY
            and field.name not in WORDS
            and _value(own, field.name) != _value(base, field.name)
        ):
            yield Problem(place=field.name, what=Message(text=N_("a hospital does not change this")))


def _strangers(own: Policy, catalogues: tuple[Catalogue, ...]) -> Iterator[Problem]:
    if max(len(own.must_haves), len(own.lifted)) > MOST_QUESTIONS:
        yield Problem(
            place="must_haves", what=Message(text=N_("more than %(most)s questions"), values={"most": MOST_QUESTIONS})
        )
    scored = {name for one in catalogues for name, question in one.questions.items() if question.is_scored}
    for place, chosen in (("must_haves", own.must_haves), ("lifted", own.lifted)):
        for name in sorted(chosen - scored) if catalogues else ():
            yield Problem(
                place=place, what=Message(text=N_("%(question)s is no question that counts"), values={"question": name})
            )


def _value(one: Policy, name: str) -> str:
    document = storing.dump_policy(one)[name]
    return json.dumps(document, sort_keys=True)


def is_shipped(own: Policy) -> bool:
    """Whether it says what the shipped one says."""
    base = base_of(own)
    return all(_value(own, name) == _value(base, name) for name in WORDS)


def dated(own: Policy, day: date) -> Policy:
    """With the version under which it is released: that of the shipped one, the day, a few digits of the digest. What
    equals the shipped one is the shipped one."""
    base = base_of(own)
    if is_shipped(own):
        return base
    mark = digest(replace(own, version="", based_on=base.version))[:DIGITS]
    return replace(own, version=f"{base.version}+{day.isoformat()}.{mark}", based_on=base.version)


def canonical(one: Policy) -> str:
    """Every number as text, the same for the same policy."""
    return json.dumps(storing.dump_policy(one), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(one: Policy) -> str:
    """SHA-256 over that text."""
    return hashlib.sha256(canonical(one).encode()).hexdigest()


# ---- two of them


def differences(old: Policy, new: Policy) -> tuple[Difference, ...]:
    """What a hospital would change from one to the other, place by place."""
    before, after = storing.dump_policy(old), storing.dump_policy(new)
    found = []
    for name in WORDS:
        then, now = dict(_flat(before[name])), dict(_flat(after[name]))
        found += [
            Difference(field=name, place=place, before=then.get(place, ""), after=now.get(place, ""))
            for place in dict.fromkeys((*then, *now))
            if then.get(place, "") != now.get(place, "")
        ]
    return tuple(found)


def _flat(document: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Each number or word with its place; of a list of names each name is a place of its own."""
    if isinstance(document, Mapping):
        for key, value in document.items():
            yield from _flat(value, f"{place}.{key}".lstrip("."))
    elif isinstance(document, list) and all(isinstance(value, str) for value in document) and not place:
        yield from ((value, value) for value in document)
    elif isinstance(document, list):
        for number, value in enumerate(document, start=1):
            yield from _flat(value, f"{place}.{number}".lstrip("."))
    else:
        yield place, f"{document:g}" if isinstance(document, float) else str(document)


# ---- as a file


def write(own: Policy) -> str:
    """Its sections as YAML, as `load` reads them."""
    plain = storing.dump_policy(own)
    document = {
        "kind": KIND,
        "base": own.based_on or own.version,
        "part_weights": {part: _short(plain["part_weights"][part]) for part in PARTS},
        "must_haves": plain["must_haves"],
        "lifted": plain["lifted"],
        "caps": plain["caps"],
        "likelihood": {
            "by_grade": plain["likelihood_by_grade"],
            "unknown": plain["likelihood_unknown"],
            "by_severity": plain["likelihood_by_severity"],
        },
        "matrix": plain["matrix"],
        "levels": {level.value: {"de": words.de, "en": words.en} for level, words in own.level_words.items()},
        "sets_by_tier": {int(tier): chosen for tier, chosen in plain["sets_by_tier"].items()},
        "authority": plain["authority"],
        "appetite": plain["appetite"],
        "acceptance": plain["acceptance"],
    }
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, default_flow_style=None, width=120)


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A problem, and the line of the file where it stands; 0 where the file says nothing of it."""

    line: int
    problem: Problem


def load(source: str | bytes) -> Policy:
    """A hospital's policy out of a file; what is not in it stays as it ships. Raises BadFile."""
    own, wrong = check(source)
    for one in wrong:
        raise told(one)
    return own


def check(source: str | bytes, catalogues: Iterable[Catalogue] = ()) -> tuple[Policy, tuple[Placed, ...]]:
    """The policy of a file and everything that is wrong with it, by line; raises BadFile where it cannot be read."""
    document = reading.parse(source)
    try:
        own = _loaded(document)
    except reading.BadFile as wrong:
        raise reading.place(document, wrong) from None
    placed = [
        Placed(line=reading.line_of(source, one.place, str(one.what.values.get("question", ""))), problem=one)
        for one in problems(own, catalogues)
    ]
    return own, tuple(sorted(placed, key=lambda one: one.line))


def told(wrong: Placed) -> reading.BadFile:
    """The same as a refusal of the file."""
    refusal = reading.BadFile(wrong.problem.place, wrong.problem.what.text, **wrong.problem.what.values)
    refusal.line = wrong.line
    return refusal


def _loaded(document: Any) -> Policy:
    top = reading.fields(document, "", need={"kind", "base"}, may={*SECTIONS, "must_haves", "lifted", "levels"})
    if top["kind"] != KIND:
        raise reading.BadFile("kind", N_("this is no policy; %(kind)s is expected"), kind=KIND)
    version = reading.word(top["base"], "base")
    try:
        base = reading.parse(policies.source(version))
    except policies.NoSuchPolicy:
        raise reading.BadFile("base", N_("no policy of this version ships"), version=version) from None
    given = {name: top[name] for name in SECTIONS if name in top}
    return replace(
        policies.unjudged({**base, **given}),
        based_on=version,
        must_haves=_names(top, "must_haves"),
        lifted=_names(top, "lifted"),
        level_words=_level_words(top.get("levels", {})),
    )


def _names(top: Mapping[str, Any], where: str) -> frozenset[str]:
    return frozenset(reading.name(item, where) for item in reading.items(top.get(where, []), where))


def _level_words(raw: Any) -> Mapping[RiskLevel, Text]:
    given = reading.fields(raw, "levels", may=set(RiskLevel))
    return {level: reading.text(given[level], f"levels.{level}") for level in RiskLevel if level in given}


def _short(number: float) -> float | int:
    return int(number) if number == int(number) else number
