"""How long mending usually takes, as data: classes in days with their reasons, and the period for each severity."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from questionnaires import reading
from questionnaires.model import Text
from scanners.model import Severity

PERIODS = (30, 60, 90)  # days


@dataclass(frozen=True, kw_only=True)
class EffortClass:
    """How many working days this kind of mending takes, and what it means."""

    id: str
    days: float
    text: Text
    why: Text


@dataclass(frozen=True, kw_only=True)
class Place:
    """A period, and the most days that fit into it; None: however long it takes."""

    within: int
    days: float | None


@dataclass(frozen=True, kw_only=True)
class Efforts:
    """The whole estimate."""

    classes: Mapping[str, EffortClass]
    each_further: float
    categories: Mapping[str, EffortClass]
    checks: Mapping[str, EffortClass]
    sections: Mapping[str, EffortClass]
    questions: Mapping[str, EffortClass]
    placing: Mapping[Severity, tuple[Place, ...]]

    def of_check(self, check_id: str, category: str) -> EffortClass:
        """The class of a check; one that nobody has thought of is a change of the product."""
        return self.checks.get(check_id) or self.categories.get(category) or self.classes["change"]

    def of_question(self, question_id: str, section: str) -> EffortClass:
        """The class of raising an answer; one that nobody has thought of is a process."""
        return self.questions.get(question_id) or self.sections.get(section) or self.classes["process"]

    def days(self, effort: EffortClass, count: int) -> float:
        """The days for so many places at once: the first costs the whole, each further one a share of it."""
        return effort.days * (1 + self.each_further * (max(count, 1) - 1))

    def within(self, severity: Severity, days: float) -> int:
        """The period it belongs in; what is critical comes first, whatever it takes."""
        places = self.placing[severity]
        return next((place.within for place in places if place.days is None or days <= place.days), places[-1].within)


@functools.cache
def current() -> Efforts:
    """The estimates that hold."""
    file = resources.files("assessments").joinpath("frameworks", "effort.yaml")
    return load(file.read_bytes())


def load(source: bytes) -> Efforts:
    """Read estimates strictly; a name of a class that stands nowhere is refused."""
    need = {"classes", "each_further", "categories", "checks", "sections", "questions", "placing"}
    top = reading.fields(reading.parse(source), "effort", need=need)
    classes = {made.id: made for made in map(_class, reading.items(top["classes"], "classes"))}
    return Efforts(
        classes=classes,
        each_further=reading.number(top["each_further"], "each_further"),
        categories=_named(top["categories"], "categories", classes),
        checks=_named(top["checks"], "checks", classes),
        sections=_named(top["sections"], "sections", classes),
        questions=_named(top["questions"], "questions", classes),
        placing=_placing(top["placing"]),
    )


def _class(raw: Any) -> EffortClass:
    found = reading.fields(raw, "classes", need={"id", "days", "text", "why"})
    name = reading.word(found["id"], "classes")
    return EffortClass(
        id=name,
        days=reading.number(found["days"], name),
        text=reading.text(found["text"], name),
        why=reading.text(found["why"], name),
    )


def _named(raw: Any, where: str, classes: Mapping[str, EffortClass]) -> Mapping[str, EffortClass]:
    if not isinstance(raw, dict):
        raise reading.BadFile(where, "names of classes by id are expected")
    unknown = sorted({str(name) for name in raw.values()} - set(classes))
    if unknown:
        raise reading.BadFile(where, "no such class: %(names)s", names=", ".join(unknown))
    return {str(key): classes[name] for key, name in raw.items()}


def _placing(raw: Any) -> Mapping[Severity, tuple[Place, ...]]:
    found = reading.fields(raw, "placing", need={severity.value for severity in Severity})
    return {severity: tuple(map(_place, reading.items(found[severity.value], "placing"))) for severity in Severity}


def _place(raw: Any) -> Place:
    found = reading.fields(raw, "placing", need={"within"}, may={"days"})
    if found["within"] not in PERIODS:
        raise reading.BadFile("placing", "a period is one of %(known)s", known=str(PERIODS))
    return Place(within=found["within"], days=reading.optional(found, "days", reading.number, "placing"))
