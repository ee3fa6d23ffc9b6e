"""A catalogue that breaks the format is refused, and the place is named."""

import copy
from typing import Any

import pytest
import yaml

from questionnaires import loading, reading
from questionnaires.model import AllOf, AnyOf, Flagged, Not

SOUND: dict[str, Any] = {
    "id": "tiny",
    "version": "1",
    "title": {"de": "Klein", "en": "Tiny"},
    "disclaimer": {"de": "Nur Probe", "en": "A trial only"},
    "maturity": [{"de": str(level), "en": str(level)} for level in range(5)],
    "flags": [
        {"id": "cloud", "text": {"de": "c", "en": "c"}, "set_by": {"question": "P-1", "options": ["cloud"]}},
        {"id": "data", "text": {"de": "d", "en": "d"}},
    ],
    "evidence_types": [{"id": "report", "text": {"de": "Bericht", "en": "Report"}, "validity_months": 12}],
    "profile": [
        {
            "id": "P-1",
            "text": {"de": "Was?", "en": "What?"},
            "answer": {"kind": "multi_choice", "options": [{"id": "cloud", "text": {"de": "C", "en": "C"}}]},
        }
    ],
    "sets": [
        {"id": name, "title": {"de": name, "en": name}, "questions": ["Q-1"]} for name in ("short", "basic", "full")
    ],
    "sections": [
        {
            "id": "S",
            "title": {"de": "S", "en": "S"},
            "kind": "measure",
            "measure": 1,
            "questions": [
                {
                    "id": "Q-1",
                    "scope": "company",
                    "label": {"de": "L", "en": "L"},
                    "text": {"de": "T", "en": "T"},
                    "why": {"de": "W", "en": "W"},
                    "answer": {"kind": "yes_partial_no_na"},
                    "weight": 3,
                    "applies_if": {"all": ["data", {"any": ["cloud", {"not": "data"}]}]},
                    "red_flags": [
                        {
                            "when": {"kind": "in", "options": ["no"]},
                            "severity": "high",
                            "reason": {"de": "r", "en": "r"},
                        }
                    ],
                    "evidence": [{"type": "report", "validity_months": 12}],
                    "refs": {"bsig": ["§ 30"]},
                    "est_seconds": 20,
                }
            ],
        }
    ],
}


def changed(*path: Any, to: Any) -> str:
    document = copy.deepcopy(SOUND)
    if path[-1] == "answer":
        document["sections"][0]["questions"][0]["red_flags"] = []  # its options are about to go
    place = document
    for step in path[:-1]:
        place = place[step]
    if to is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return yaml.safe_dump(document)


QUESTION = ("sections", 0, "questions", 0)


def test_a_sound_catalogue_is_read():
    catalogue = loading.load(yaml.safe_dump(SOUND))

    assert catalogue.questions["Q-1"].applies_if == AllOf(
        conditions=(
            Flagged(flag="data"),
            AnyOf(conditions=(Flagged(flag="cloud"), Not(condition=Flagged(flag="data")))),
        )
    )
    assert [option.id for option in catalogue.questions["Q-1"].shape.options] == ["yes", "partial", "no", "na"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("[", "no YAML"),
        ("- a", "not a mapping"),
        (changed("colour", to="red"), "unknown key 'colour'"),
        (changed("title", "de", to=...), "'de' is missing"),
        (changed("version", to=2026.1), "is not text"),
        (changed("sets", to=SOUND["sets"][:2]), "full is missing"),
        (changed("sets", 0, "questions", to=["Q-9"]), "'Q-9' is not known"),
        (changed("sets", 0, "questions", to=["Q-1", "Q-1"]), "appears twice"),
        (changed("flags", 0, "set_by", "question", to="P-9"), "'P-9' is not known"),
        (changed("flags", 0, "set_by", "options", to=["moon"]), "'moon' is not known"),
        (changed("profile", 0, "answer", "options", 0, "id", to=True), "True is not text"),
        (changed(*QUESTION, "scope", to="planet"), "none of company, supply"),
        (changed(*QUESTION, "weight", to=0), "not above 0"),
        (changed(*QUESTION, "weight", to=True), "is not a number"),
        (changed(*QUESTION, "knock_out", to="yes"), "neither true nor false"),
        (changed(*QUESTION, "applies_if", to="moon"), "'moon' is not known"),
        (changed(*QUESTION, "applies_if", to={"all": [], "any": []}), "exactly one of"),
        (changed(*QUESTION, "red_flags", 0, "when", "options", to=["never"]), "'never' is not known"),
        (changed(*QUESTION, "evidence", 0, "type", to="opinion"), "'opinion' is not known"),
        (changed(*QUESTION, "answer", to={"kind": "text"}), "cannot be scored"),
        (changed(*QUESTION, "answer", to={"kind": "number", "unit": "hours"}), "needs bands"),
        (changed(*QUESTION, "answer", to={"kind": "guess"}), "none of"),
        (changed(*QUESTION, "answer", to={"kind": "yes_partial_no_na", "unit": "hours"}), "unknown key 'unit'"),
        (changed(*QUESTION, "refs", to={"iso": ["A.5.1"]}), "unknown key 'iso'"),
        (
            changed(
                *QUESTION,
                "answer",
                to={
                    "kind": "single_choice",
                    "options": [{"id": "a", "text": {"de": "a", "en": "a"}, "score": 1.5}],
                },
            ),
            "not between 0 and 1",
        ),
        (
            changed(
                *QUESTION,
                "answer",
                to={"kind": "single_choice", "options": [{"id": "a", "text": {"de": "a", "en": "a"}, "score": None}]},
            ),
            "needs a comment",
        ),
    ],
)
def test_what_the_format_does_not_know_is_refused(source: str, said: str):
    with pytest.raises(reading.BadFile, match=said):
        loading.load(source)


def test_two_questions_may_not_share_an_id():
    document = copy.deepcopy(SOUND)
    document["sections"][0]["questions"] *= 2

    with pytest.raises(reading.BadFile, match="Q-1 appears twice"):
        loading.load(yaml.safe_dump(document))
