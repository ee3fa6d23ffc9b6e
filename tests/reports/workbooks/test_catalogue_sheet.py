"""A hospital's catalogue through Excel: what goes out comes back, and what cannot be used is said with its cell."""

from io import BytesIO

import openpyxl
import pytest

from questionnaires import owning, shelf
from questionnaires.model import QuestionSet, Text
from reports.workbooks import catalogue_sheet, table_in
from reports.workbooks.answer_sheet import NotOurWorkbook
from reports.workbooks.catalogue_sheet import BadSheet

EMPTY = owning.begin(shelf.get(*shelf.WITHOUT_IT_ACCESS), catalogue_id="own-1", title=Text(de="Unsere", en="Ours"))
COMMON = {
    "scope": "company",
    "label": {"de": "=1+1", "en": "Label"},
    "text": {"de": "Frage?\nZweite Zeile „§ 30“", "en": "Question?"},
    "why": {"de": "Darum.", "en": "Because."},
    "refs": {},
    "est_seconds": 25,
}
KINDS = {
    "H-01": {"answer": {"kind": "yes_partial_no_na"}, "weight": 3, "applies_if": {"not": "on_site"}},
    "H-02": {"answer": {"kind": "yes_no"}, "weight": 2.5, "knock_out": True},
    "H-03": {"answer": {"kind": "maturity"}, "weight": 4, "refs": {"other": ["§ 391 SGB V"]}},
    "H-04": {"answer": {"kind": "text"}, "weight": 0},
    "H-05": {
        "answer": {"kind": "file"},
        "weight": 3,
        "evidence": [{"type": "sla", "validity_months": None}],
    },
    "H-06": {
        "answer": {
            "kind": "number",
            "unit": "hours",
            "minimum": 0,
            "bands": [{"limit": 4, "score": 1}, {"limit": 24, "score": 0.5}],
            "lower_is_better": True,
            "allow_unknown": True,
            "compare_with": "required_rto_h",
        },
        "weight": 5,
        "red_flags": [
            {"when": {"kind": "gt", "limit": 24}, "severity": "high", "reason": {"de": "lang", "en": "long"}}
        ],
    },
    "H-07": {
        "answer": {"kind": "date", "date_rule": "age_in_months", "bands": [{"limit": 12, "score": 1}]},
        "weight": 2,
    },
    "H-08": {
        "answer": {
            "kind": "single_choice",
            "options": [
                {"id": "a", "text": {"de": "a", "en": "a"}, "score": 1},
                {"id": "na", "text": {"de": "entfällt", "en": "n/a"}, "needs_comment": True},
            ],
        },
        "weight": 1,
    },
    "H-09": {
        "answer": {"kind": "multi_choice", "options": [{"id": "x", "text": {"de": "x", "en": "x"}}]},
        "weight": 1,
    },
}


def whole():
    catalogue = EMPTY
    for name, raw in KINDS.items():
        sets = {QuestionSet.FULL, QuestionSet.BASIC} if name < "H-05" else {QuestionSet.FULL}
        catalogue = owning.load(owning.with_question(catalogue, {"id": name, **COMMON, **raw}, section="BC", sets=sets))
    kept = {one: set(group.question_ids) for one, group in catalogue.sets.items()}
    return owning.with_sets(catalogue, kept)


WHOLE = whole()


def table(content: bytes):
    return table_in.read(content, strict=True)


def edited(cell: str, value: object) -> bytes:
    workbook = openpyxl.load_workbook(BytesIO(catalogue_sheet.write(WHOLE)))
    workbook.active[cell] = value
    out = BytesIO()
    workbook.save(out)
    return out.getvalue()


def place(name: str, column: str) -> str:
    sheet = openpyxl.load_workbook(BytesIO(catalogue_sheet.write(WHOLE))).active
    row = next(row[0].row for row in sheet.iter_rows() if row[0].value == name)
    letter = next(cell.column_letter for cell in sheet[1] if cell.value == column)
    return f"{letter}{row}"


def test_every_kind_of_question_comes_back_as_it_was():
    assert catalogue_sheet.read(table(catalogue_sheet.write(WHOLE)), EMPTY) == WHOLE


def test_what_looks_like_a_formula_is_text_in_the_sheet():
    sheet = openpyxl.load_workbook(BytesIO(catalogue_sheet.write(WHOLE))).active

    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_a_row_that_is_taken_out_takes_the_question_out():
    content = edited(place("WI-06", "sets"), "")
    read = catalogue_sheet.read(table(content), EMPTY)

    assert all("WI-06" not in one.question_ids for one in read.sets.values())


def test_what_is_written_over_a_question_of_ours_changes_nothing():
    read = catalogue_sheet.read(table(edited(place("WI-06", "text_de"), "Anders?")), EMPTY)

    assert read.questions["WI-06"] == shelf.get(*shelf.WITHOUT_IT_ACCESS).questions["WI-06"]


def test_a_formula_is_refused_with_its_cell():
    cell = place("H-01", "text_de")
    with pytest.raises(NotOurWorkbook) as refused:
        table(edited(cell, '=HYPERLINK("http://x.example")'))

    assert refused.value.message.render() == f"Cell {cell} holds a formula. Please put the text itself there."


def test_a_cell_that_would_be_cut_is_refused():
    with pytest.raises(NotOurWorkbook, match="holds more than"):
        table(edited(place("H-01", "text_de"), "x" * 10_001))


@pytest.mark.parametrize(
    ("name", "column", "value", "said"),
    [
        ("H-01", "id", "WI-01", "stands twice"),
        ("H-01", "id", "PACS-1", "is none of ours"),
        ("H-01", "id", "", "the id is missing"),
        ("H-01", "section", "ZZ", "no section"),
        ("H-01", "sets", "all", "another set"),
        ("H-01", "scope", "planet", "none of company"),
        ("H-01", "text_en", "", "is not text"),
        ("H-01", "text_en", "<b>bold</b>", "markup"),
        ("H-01", "label_de", "", "is not text"),
        ("H-01", "why_de", "", "is not text"),
        ("H-01", "kind", "guess", "none of"),
        ("H-01", "weight", "much", "not a number"),
        ("H-01", "weight", 11, "at most 10"),
        ("H-01", "condition", "moon", "not known"),
        ("H-01", "seconds", 0, "est_seconds"),
        ("H-05", "evidence", "", "no kind of evidence"),
        ("H-05", "evidence", "opinion", "not known"),
        ("H-06", "unit", "parsecs", "the unit"),
        ("H-06", "bands", "24 | 0.5\n4 | 1", "bands"),
        ("H-06", "bands", "", "needs bands"),
        ("H-08", "options", "a | - | a | a", "without a score"),
        ("H-08", "options", "a | 2 | a | a", "between 0 and 1"),
        ("H-08", "options", "a | 1 | a", "is not"),
        ("H-08", "options", "", "without options"),
        ("H-06", "further", "{red_flags: [1]}", "not a mapping"),
    ],
)
def test_what_cannot_be_used_is_said_with_its_cell(name: str, column: str, value: object, said: str):
    cell = place(name, column)
    with pytest.raises(BadSheet, match=said) as refused:
        catalogue_sheet.read(table(edited(cell, value)), EMPTY)

    wanted = cell if said != "stands twice" else place("H-01", "id")
    assert refused.value.cell in {wanted, place(name, "id")[0] + wanted.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}


def test_a_sheet_of_something_else_is_none():
    for heading in ("A1", "Z1"):
        with pytest.raises(BadSheet, match=r"headed|none of ours"):
            catalogue_sheet.read(table(edited(heading, "Something else")), EMPTY)
