"""The ten measures and three modules with their titles and anchors."""

import functools
from collections.abc import Mapping
from importlib import resources
from typing import Any

from assessments.model import Measure
from questionnaires import reading
from questionnaires.model import Text


@functools.cache
def measures() -> tuple[Measure, ...]:
    """All thirteen parts, in the order of print."""
    file = resources.files("assessments").joinpath("frameworks", "measures.yaml")
    top = reading.fields(reading.parse(file.read_bytes()), "frameworks", need={"measures", "modules"})
    return (
        *(_measure(item) for item in reading.items(top["measures"], "measures")),
        *(_module(item) for item in reading.items(top["modules"], "modules")),
    )


def measure(part: str) -> Measure:
    """The measure or module of that key; KeyError if there is none."""
    return _by_part()[part]


@functools.cache
def _by_part() -> Mapping[str, Measure]:
    return {each.part: each for each in measures()}


def _measure(raw: Any) -> Measure:
    found = reading.fields(raw, "measure", need={"part", "title", "short", "nis2_letter", "iso27001"})
    part = reading.word(found["part"], "part")
    return Measure(
        part=part,
        title=reading.text(found["title"], part),
        short=reading.text(found["short"], part),
        citation=Text(de=f"§\u202f30 Abs.\u202f2 Nr.\u202f{part} BSIG", en=f"§\u202f30(2) no.\u202f{part} BSIG"),
        nis2_letter=reading.word(found["nis2_letter"], part),
        iso27001=reading.words(found["iso27001"], part),
    )


def _module(raw: Any) -> Measure:
    found = reading.fields(raw, "module", need={"part", "title", "short", "citation"})
    part = reading.word(found["part"], "part")
    return Measure(
        part=part,
        title=reading.text(found["title"], part),
        short=reading.text(found["short"], part),
        citation=reading.text(found["citation"], part),
        nis2_letter=None,
    )
