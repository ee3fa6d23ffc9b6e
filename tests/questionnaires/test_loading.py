"""A catalogue that breaks the format is refused, and the place is named."""

import contextlib
import copy
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

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
QUESTIONS_KEYS = sorted(SOUND["sections"][0]["questions"][0])


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
    questions = document["sections"][0]["questions"]
    questions.append(copy.deepcopy(questions[0]))

    with pytest.raises(reading.BadFile, match="Q-1: appears twice"):
        loading.load(yaml.safe_dump(document))


def test_flags_may_not_wait_for_each_other():
    document = copy.deepcopy(SOUND)
    rule = {"question": "P-1", "options": ["cloud"]}
    document["flags"] = [
        {"id": "cloud", "text": {"de": "c", "en": "c"}, "set_by": {**copy.deepcopy(rule), "with_flags": ["data"]}},
        {"id": "data", "text": {"de": "d", "en": "d"}, "set_by": {**copy.deepcopy(rule), "with_flags": ["cloud"]}},
    ]

    with pytest.raises(reading.BadFile, match="flag cloud: waits for itself") as refused:
        loading.load(yaml.safe_dump(document, sort_keys=False))
    assert refused.value.line > 1


@pytest.mark.parametrize("path", [("title",), (*QUESTION, "label"), (*QUESTION, "red_flags", 0, "reason")])
def test_a_missing_translation_is_told_with_its_line(path: tuple[Any, ...]):
    source = changed(*path, "en", to=...)

    with pytest.raises(reading.BadFile, match="'en' is missing") as refused:
        loading.load(source)
    assert path[-1] in source.splitlines()[refused.value.line - 2]


@pytest.mark.parametrize(
    ("path", "to", "line"),
    [
        ((*QUESTION, "weight"), True, "weight: true"),
        ((*QUESTION, "scope"), "planet", "scope: planet"),
        (("colour",), "red", "colour: red"),
        ((*QUESTION, "answer"), {"kind": "guess"}, "kind: guess"),
    ],
)
def test_the_line_is_that_of_the_mistake(path: tuple[Any, ...], to: Any, line: str):
    source = changed(*path, to=to)

    with pytest.raises(reading.BadFile) as refused:
        loading.load(source)
    assert source.splitlines()[refused.value.line - 1].strip() == line


def test_what_hangs_in_the_air_is_told_with_the_line_of_its_question():
    source = changed(*QUESTION, "applies_if", to="moon")

    with pytest.raises(reading.BadFile, match="'moon' is not known") as refused:
        loading.load(source)
    question = next(number for number, line in enumerate(source.splitlines(), 1) if line.startswith("  questions:"))
    assert refused.value.line == question + 1


HOSTILE = {
    "a bomb of anchors": ("a: &a [x]\nb: &b [*a, *a]\n", "anchors", 1),
    "an anchor alone": ("a: &a x\n", "anchors", 1),
    "an alias of itself": ("&a [*a]\n", "anchors", 1),
    "a merge key": ("a:\n  <<: {b: c}\n", "a key must be", 2),
    "a key that stands twice": ("a: 1\nb: 2\na: 3\n", "stands twice", 3),
    "a list as key": ("? [a]\n: b\n", "a key must be", 1),
    "an object of Python's": ("!!python/object/apply:os.system [ls]\n", "no YAML", 1),
    "a tag of its own": ("a: !thing {b: c}\n", "no YAML", 1),
    "nested a thousand times": ("[" * 1000 + "]" * 1000, "nested", 1),
    "a date that is none": ("a: !!timestamp 2026-99-99\n", "cannot be read", 0),
    "an integer of a hundred thousand digits": (
        f"a: {'9' * 100_000}\n",
        "cannot be read|not a mapping|missing|unknown",
        0,
    ),
    "two documents": ("a: 1\n---\nb: 2\n", "no YAML", 2),
    "no text": (b"\xff\xfe\x00", "no YAML", 0),
    "a control character": ("a: \x07\n", "no YAML", 0),
    "larger than we read": ("#" * (reading.LARGEST + 1), "larger", 0),
    "nothing": ("", "not a mapping", 0),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_catalogue_is_refused_in_one_sentence(name: str):
    source, said, line = HOSTILE[name]

    with pytest.raises(reading.BadFile, match=said) as refused:
        loading.load(source)
    assert len(str(refused.value)) < 300
    if line:
        assert refused.value.line == line


@pytest.mark.parametrize(
    "source",
    ["a: 'b", "%YAML 9.9\n---\na: 1", 'a: "\\xZZ"', "a: *x", "a: |9x\n b", "a: &\n", "{a: [}", "a: !thing b", "@"],
)
def test_what_is_no_yaml_is_told_in_our_own_words(source: str):
    """The library that reads YAML speaks English only."""
    with pytest.raises(reading.BadFile) as refused:
        reading.parse(source)
    told = refused.value.what
    assert told.text.startswith(("no YAML", "anchors"))
    assert not [value for value in told.values.values() if isinstance(value, str)]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*SOUND, "id", "answer"]), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_whatever_the_file_holds_it_is_read_or_refused(document: Any):
    with contextlib.suppress(reading.BadFile):
        loading.load(yaml.safe_dump(document))


@given(
    st.sampled_from(QUESTIONS_KEYS),
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.text(max_size=2), max_size=2),
)
def test_whatever_stands_in_a_question_it_is_read_or_refused(key: str, value: Any):
    with contextlib.suppress(reading.BadFile):
        loading.load(changed(*QUESTION, key, to=value))
