"""Forms of others: recognised by numbers wherever they stand, answered by plain words only, crossed by file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questionnaires import crossing, foreign, shelf
from questionnaires.crossing import Strictness
from questionnaires.foreign import Form, NotRecognised, Row, Said
from questionnaires.model import AnswerKind, Scope
from questionnaires.reading import BadFile

CATALOGUE = shelf.get("hospital-vendor", "2026.1")


def rows(lines: Sequence[Sequence[str]], sheet: str = "Form") -> list[Row]:
    return [Row(sheet=sheet, number=number, cells=tuple(line)) for number, line in enumerate(lines, start=1)]


def mds2(answers: Mapping[str, str], *, shift: int = 0) -> list[Row]:
    """A form in words of the test's own, its columns moved by `shift`."""
    words = {
        number: next(iter(words))
        for line in crossing.of(Form.MDS2).lines.values()
        for number, words in line.sources.items()
    }
    before = [""] * shift
    head = [
        ("DOC-1", "Who makes it?", "Strahlwerk Medizintechnik GmbH"),
        ("DOC-3", "Which model?", "PACS Archiv 7"),
        ("DOC-4", "Number of this form", "SW-0815"),
        ("DOC-7", "Day of this form", "2026-03-20"),
    ]
    body = [(number, f"Something about {words.get(number, 'it')} here?", said) for number, said in answers.items()]
    return rows([[*before, *line] for line in (*head, *body)])


FILLED = {"PAUT-8": "Yes", "PAUT-9": "No", "SBOM-1": "Yes", "STCF-1": "No", "SGUD-1": "N/A", "MPII-1": "Yes"}


@pytest.mark.parametrize("shift", [0, 2, 4])
def test_a_form_is_read_by_its_numbers_wherever_they_stand(shift: int):
    filled = foreign.recognise(mds2(FILLED, shift=shift))

    assert filled.form is Form.MDS2
    assert (filled.manufacturer, filled.device, filled.document_id, filled.released_on) == (
        "Strahlwerk Medizintechnik GmbH", "PACS Archiv 7", "SW-0815", date(2026, 3, 20),
    )  # fmt: skip
    assert {name: one.said for name, one in filled.answers.items()} == {
        "PAUT-8": Said.YES, "PAUT-9": Said.NO, "SBOM-1": Said.YES, "STCF-1": Said.NO, "MPII-1": Said.YES,
        "SGUD-1": Said.NOT_APPLICABLE,
    }  # fmt: skip


def test_what_follows_is_proposed_and_the_rest_is_counted():
    crossed = crossing.cross(foreign.recognise(mds2(FILLED)))

    proposed = {one.question_id: one.value.choices for one in crossed.proposals}
    assert proposed == {"MF-02": ("mfa",), "SD-04": ("on_request",), "CR-03": ("none",)}
    assert crossed.unmapped == ("MPII-1",)
    assert crossed.unclear == ("SGUD-1",)
    assert next(one for one in crossed.proposals if one.question_id == "SD-04").strictness is Strictness.LOWER


def test_an_answer_with_conditions_is_none():
    crossed = crossing.cross(foreign.recognise(mds2({**FILLED, "PAUT-8": "Yes, optional", "SBOM-1": "See Note"})))

    assert {one.question_id for one in crossed.proposals} == {"CR-03"}
    assert set(crossed.unclear) == {"PAUT-8", "SBOM-1", "SGUD-1"}


def test_a_number_that_stands_twice_with_two_answers_counts_for_nothing():
    filled = foreign.recognise([*mds2(FILLED), Row(sheet="Other", number=1, cells=("SBOM-1", "an sbom?", "No"))])

    assert filled.torn == ("SBOM-1",)
    assert "SD-04" not in {one.question_id for one in crossing.cross(filled).proposals}


def test_a_form_that_is_numbered_otherwise_is_noticed():
    moved = [
        Row(sheet=row.sheet, number=row.number, cells=tuple(cell.replace("sbom", "colour") for cell in row.cells))
        for row in mds2(FILLED)
    ]

    crossed = crossing.cross(foreign.recognise(moved))

    assert crossed.odd == ("SBOM-1",)
    assert "SD-04" not in {one.question_id for one in crossed.proposals}


CAIQ_HEAD = ("Question ID", "Question", "CSP CAIQ Answer", "Ownership", "CSP Implementation Description (Optional)")


def test_caiq_is_read_by_its_heading_with_the_companys_own_words():
    lines = [
        CAIQ_HEAD,
        ("IAM-14.1", "Is multifactor authentication there?", "Yes", "CSP-owned", "TOTP for everybody."),
        ("TVM-05.1", "And libraries of others?", "Yes", "", ""),
        ("TVM-06.1", "And penetration tests?", "No", "", ""),
        ("BCR-09.1", "A plan for a disaster?", "yes", "", ""),
        ("BCR-10.1", "Exercised annually?", "NO", "", ""),
        ("A&A-01.1", "Something else altogether?", "Yes", "", ""),
        ("STA-07.1", "Is there an inventory?", "", "", ""),
    ]
    crossed = crossing.cross(foreign.recognise(rows(lines)))

    proposed = {one.question_id: (one.value.choices, one.value.comment) for one in crossed.proposals}
    assert proposed == {
        "MF-01": (("partial",), "IAM-14.1: TOTP for everybody."),
        "SD-02": (("sca",), ""),
        "BC-01": (("documented",), ""),
    }
    assert crossed.unmapped == ("A&A-01.1",)


def test_sig_is_read_only_where_a_heading_says_so_and_the_row_speaks_of_the_topic():
    lines = [
        ("Ques Num", "Question/Request", "Response", "Additional Information"),
        ("J.1", "Is there an incident management programme?", "Yes", "24/7"),
        ("K.1", "Is there a resiliency programme?", "No", ""),
        ("D.1", "Are clean desks in force everywhere?", "Yes", ""),
        ("A.1", "Some risk question or other?", "Yes", ""),
        ("B.1", "Some policy question or other?", "Yes", ""),
    ]
    crossed = crossing.cross(foreign.recognise(rows(lines)))

    assert {one.question_id: one.value.choices for one in crossed.proposals} == {
        "IH-03": ("documented",), "BC-01": ("none",),
    }  # fmt: skip
    assert crossed.odd == ("D.1",)
    with pytest.raises(NotRecognised):
        foreign.recognise(rows(lines[1:]))


@pytest.mark.parametrize("lines", [[], [("Name", "Yes")], [("PAUT-8", "multi-factor is there?", "Yes")]])
def test_anything_else_is_no_form(lines):
    with pytest.raises(NotRecognised):
        foreign.recognise(rows(lines))


CELLS = st.sampled_from(["", "PAUT-8", "DOC-1", "DOC-7", "Yes", "No", "IAM-14.1", "A.1", "Response", "id", "x" * 30])


@given(st.lists(st.lists(CELLS, max_size=8), max_size=30))
def test_no_workbook_breaks_the_reading(lines):
    try:
        filled = foreign.recognise(rows(lines))
    except NotRecognised:
        return
    crossing.cross(filled)


# ---- the files


@pytest.mark.parametrize("form", list(Form))
def test_a_crosswalk_names_only_questions_and_options_that_exist(form: Form):
    for line in crossing.of(form).lines.values():
        question = CATALOGUE.questions[line.id]
        answers = [rule.answer for rule in line.rules] + [(option,) for option in (line.add or {}).values()]
        for answer in answers:
            for option in answer:
                assert question.shape.option(option) is not None, (form, line.id, option)
            assert len(answer) == 1 or question.shape.kind is AnswerKind.MULTI_CHOICE


@pytest.mark.parametrize("form", list(Form))
def test_a_crosswalk_names_only_numbers_of_its_form(form: Form):
    numbers = crossing.of(form).numbers

    assert all(foreign.NUMBERS[form].fullmatch(number) for number in numbers)
    assert all(
        word == word.lower() for line in crossing.of(form).lines.values() for word in sum(line.sources.values(), ())
    )


def test_a_form_of_a_device_answers_for_products_but_for_what_is_said_of_their_maker():
    of_company = {
        line.id for line in crossing.of(Form.MDS2).lines.values() if CATALOGUE.questions[line.id].scope is Scope.COMPANY
    }
    assert of_company == {"SD-03"}


GOOD = (
    "id: mds2\ntitle: {de: a, en: b}\nquestions:\n"
    "  - {question: SD-04, strictness: same, from: {SBOM-1: [sbom]}, rules: [{when: {SBOM-1: 'yes'}, answer: [x]}]}\n"
)


@pytest.mark.parametrize(
    ("wrong", "right", "sentence"),
    [
        ("'yes'", "yes", "in quotes"),
        ("strictness: same", "strictness: much", "strictness|SD-04"),
        ("SBOM-1: [sbom]", "SBOM-2: [sbom]", "different numbers"),
        ("rules:", "rule:", "rule"),
        ("id: mds2", "id: other", "id"),
    ],
)
def test_a_broken_crosswalk_is_refused(wrong: str, right: str, sentence: str):
    assert crossing.load(GOOD).lines
    with pytest.raises(BadFile, match=sentence):
        crossing.load(GOOD.replace(wrong, right))
