"""Questions that companies ask, with answers in our own words and the paragraph of each."""

import functools
from dataclasses import dataclass
from importlib import resources
from typing import Any

from questionnaires import reading
from questionnaires.model import Text


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One question with its answer and where that is written."""

    id: str
    question: Text
    answer: Text
    cite: Text


@dataclass(frozen=True, kw_only=True)
class Topic:
    """Questions that belong together."""

    id: str
    title: Text
    entries: tuple[Entry, ...]


@functools.cache
def topics() -> tuple[Topic, ...]:
    """All of them, in the order of reading."""
    file = resources.files("assessments").joinpath("frameworks", "faq.yaml")
    top = reading.fields(reading.parse(file.read_bytes()), "faq", need={"topics"})
    return tuple(_topic(raw) for raw in reading.items(top["topics"], "faq"))


def _topic(raw: Any) -> Topic:
    found = reading.fields(raw, "faq", need={"id", "title", "entries"})
    name = reading.word(found["id"], "faq")
    entries = tuple(_entry(item) for item in reading.items(found["entries"], name))
    return Topic(id=name, title=reading.text(found["title"], name), entries=entries)


def _entry(raw: Any) -> Entry:
    found = reading.fields(raw, "faq", need={"id", "question", "answer", "cite"})
    name = reading.word(found["id"], "faq")
    return Entry(
        id=name,
        question=reading.text(found["question"], name),
        answer=reading.text(found["answer"], name),
        cite=reading.text(found["cite"], name),
    )
