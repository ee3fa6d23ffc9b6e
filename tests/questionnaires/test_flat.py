"""A question as a row of cells and back: nothing is lost, and what cannot be meant is said with its column."""

import pytest

from questionnaires import flat, shelf, writing
from questionnaires.model import QuestionSet

ASKED = [
    (one, question) for name in shelf.versions() for one in [shelf.get(*name)] for question in one.questions.values()
]
ROW = {
    **dict.fromkeys(flat.COLUMNS, ""),
    "id": "H-01",
    "kind": "single_choice",
    "options": "a | 1 | Ja | Yes\nb | 0,5 | Teils | Partly\nc | -! | Entfällt | Not applicable",
    "weight": "3",
}


@pytest.mark.parametrize(("catalogue", "question"), ASKED, ids=[question.id for _one, question in ASKED])
def test_every_question_that_ships_comes_back(catalogue, question):
    assert flat.raw(flat.cells(catalogue, question)) == writing.question(question)


def test_choices_are_read_line_by_line():
    options = flat.raw(ROW)["answer"]["options"]

    assert [option.get("score") for option in options] == [1, 0.5, None]
    assert options[2]["needs_comment"] is True


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("cloud", "cloud"),
        ("all: cloud, patient_data", {"all": ["cloud", "patient_data"]}),
        ("any: cloud,patient_data", {"any": ["cloud", "patient_data"]}),
        ("not: cloud", {"not": "cloud"}),
        ("{all: [cloud, {not: on_site}]}", {"all": ["cloud", {"not": "on_site"}]}),
    ],
)
def test_conditions_are_read_as_people_write_them(text: str, read: object):
    assert flat.raw({**ROW, "condition": text})["applies_if"] == read


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("options", "a | 1 | only three"),
        ("options", "a | much | Ja | Yes"),
        ("bands", "12"),
        ("weight", "heavy"),
        ("weight", "nan"),
        ("seconds", "1e99"),
        ("minimum", "eins"),
        ("knock_out", "perhaps"),
        ("condition", "cloud or not"),
        ("condition", "&a [*a]"),
        ("further", "- a"),
        ("further", "{weight: 9}"),
    ],
)
def test_what_cannot_be_meant_is_said_with_its_column(column: str, text: str):
    with pytest.raises(flat.BadCell) as refused:
        flat.raw({**ROW, column: text})

    assert refused.value.column == column


def test_sets_are_named_by_their_words():
    assert flat.sets("short, Full") == {QuestionSet.SHORT, QuestionSet.FULL}
    with pytest.raises(flat.BadCell):
        flat.sets("all")
