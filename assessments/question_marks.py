"""Which questions touch a class of the OWASP Top 10, and Art. 32 GDPR: a table of our own beside the catalogues."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from questionnaires import reading
from questionnaires.model import Text
from questionnaires.reading import BadFile


@dataclass(frozen=True, kw_only=True)
class Marks:
    """The whole table."""

    sources: Mapping[str, str]
    as_of: str
    titles: Mapping[str, Text]  # of classes: "A02:2021"
    owasp: Mapping[str, frozenset[str]]  # question -> classes
    gdpr32: Mapping[str, frozenset[str]]  # question -> letters of paragraph 1, or "4"


@functools.cache
def table() -> Marks:
    """As it ships."""
    file = resources.files("assessments").joinpath("frameworks", "question_marks.yaml")
    top = reading.fields(reading.parse(file.read_bytes()), "", need={"source", "as_of", "classes", "owasp", "gdpr32"})
    titles = {}
    for raw in reading.items(top["classes"], "classes"):
        one = reading.fields(raw, "classes", need={"id", "de", "en"})
        titles[reading.word(one["id"], "classes")] = Text(
            de=reading.word(one["de"], "classes"), en=reading.word(one["en"], "classes")
        )
    classes = {name: frozenset(reading.words(found, f"owasp.{name}")) for name, found in top["owasp"].items()}
    for name, found in classes.items():
        if strange := sorted(found - titles.keys()):
            raise BadFile(f"owasp.{name}", "no class %(name)s", name=strange[0])
    letters: dict[str, set[str]] = {}
    for letter, found in top["gdpr32"].items():
        for name in reading.words(found, f"gdpr32.{letter}"):
            letters.setdefault(name, set()).add(str(letter))
    return Marks(
        sources=dict(top["source"]),
        as_of=reading.word(top["as_of"], "as_of"),
        titles=titles,
        owasp=classes,
        gdpr32={name: frozenset(found) for name, found in letters.items()},
    )
