"""A workbook goes out with the answers that stand and comes back with what was typed; nothing else is believed."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.styles import Font
from openpyxl.worksheet.formula import ArrayFormula

from questionnaires import answering, shelf
from questionnaires.model import AnswerKind, AnswerShape, AnswerValue, BadAnswer
from reports.reader import Reader
from reports.workbooks import answer_sheet, answer_sheet_in, answer_sheet_out, reading_child
from reports.workbooks.answer_sheet import AnswerRow, AnswerSheet, NotOurWorkbook

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
TODAY = NOW.date()
CATALOGUE = shelf.current()
SHAPES = {one.id: one.shape for one in (*CATALOGUE.profile, *CATALOGUE.questions.values())}
ENGLISH = Reader(language="en", translate=str)
MAIN = [sys.executable, "-I", "-m", "reports.workbooks.reading_child"]


def row(question_id: str, value: AnswerValue | None = None, *, supply: str = "", version: int = 0) -> AnswerRow:
    question = CATALOGUE.questions[question_id]
    return AnswerRow(
        key=(question_id, supply),
        section=CATALOGUE.section(question.section).title,
        product="PACS" if supply else "",
        text=question.text,
        shape=question.shape,
        value=value,
        version=version,
        is_asked=True,
        asked_when="",
        is_open=True,
    )


def given_out(*rows: AnswerRow, reader: Reader = ENGLISH) -> bytes:
    sheet = AnswerSheet(
        assessment_id="a1",
        catalogue_id=CATALOGUE.id,
        catalogue_version=CATALOGUE.version,
        hospital="Klinikum",
        company="Strahlwerk",
        due_on=date(2026, 12, 1),
        rows=rows,
    )
    return answer_sheet_out.write(sheet, reader=reader, now=NOW)


def edited(content: bytes, change) -> bytes:
    """As a program saves it after somebody changed the sheet of answers."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def put(**cells):
    def change(book):
        for place, value in cells.items():
            book["Answers"][place] = value

    return change


def read(content: bytes):
    return answer_sheet_in.read(content, SHAPES)


def kinds(kind: AnswerKind) -> list[str]:
    return [name for name, question in CATALOGUE.questions.items() if question.shape.kind is kind]


# ---- out and in again

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cn", "Co", "Zl", "Zp"]), max_size=30)


@st.composite
def values(draw, shape: AnswerShape) -> AnswerValue | None:
    """Any answer that a form could have saved."""
    match shape.kind:
        case AnswerKind.NUMBER:
            raw = [draw(st.one_of(st.integers(0, 50), st.floats(0, 50).map(lambda number: round(number, 2)))).__str__()]
        case AnswerKind.DATE:
            raw = [draw(st.dates(date(2000, 1, 1), date(2026, 11, 20))).isoformat()]
        case AnswerKind.MULTI_CHOICE:
            raw = draw(st.lists(st.sampled_from([option.id for option in shape.options]), unique=True))
        case _:
            raw = [draw(st.sampled_from([option.id for option in shape.options]))]
    try:
        return answering.parse(shape, raw, comment=draw(TEXTS), today=TODAY)
    except BadAnswer:
        return None


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_what_nobody_touched_comes_back_as_it_went(data):
    names = data.draw(st.lists(st.sampled_from(sorted(CATALOGUE.questions)), min_size=1, max_size=6, unique=True))
    rows = [
        row(name, data.draw(values(SHAPES[name])), supply=data.draw(st.sampled_from(["", "s1"])), version=3)
        for name in names
    ]
    german = Reader(language="de", translate=str)

    sent = read(given_out(*rows, reader=data.draw(st.sampled_from([ENGLISH, german]))))

    assert sent.problems == ()
    assert [one.key for one in sent.rows] == [one.key for one in rows]
    for one, before in zip(sent.rows, rows, strict=True):
        assert answer_sheet.fingerprint(one.values, one.comment) == one.before == answer_sheet.of_value(before.value)
        assert one.version == 3


@pytest.mark.parametrize(
    ("kind", "cell", "said"),
    [
        (AnswerKind.YES_PARTIAL_NO_NA, "Teilweise", ("partial",)),
        (AnswerKind.YES_PARTIAL_NO_NA, " partly ", ("partial",)),
        (AnswerKind.YES_PARTIAL_NO_NA, "no", ("no",)),
        (AnswerKind.YES_PARTIAL_NO_NA, "perhaps", ("perhaps",)),
        (AnswerKind.NUMBER, 4, ("4",)),
        (AnswerKind.NUMBER, 0.5, ("0.5",)),
        (AnswerKind.NUMBER, "4,5", ("4,5",)),
        (AnswerKind.DATE, datetime(2026, 3, 31), ("2026-03-31",)),
        (AnswerKind.DATE, "31.03.2026", ("31.03.2026",)),
        (AnswerKind.DATE, None, ()),
    ],
)
def test_what_was_typed_is_what_a_form_would_have_sent(kind, cell, said):
    name = kinds(kind)[0]

    (sent,) = read(edited(given_out(row(name)), put(F2=cell, G2="seit 2024"))).rows

    assert (sent.values, sent.comment, sent.place) == (said, "seit 2024", "F2")


def test_several_choices_are_marked_in_rows_of_their_own():
    name = kinds(AnswerKind.MULTI_CHOICE)[0]
    first, second, *_others = SHAPES[name].options

    (sent,) = read(edited(given_out(row(name, AnswerValue(choices=(first.id,)), version=1)), put(F3=None, F4="X"))).rows

    assert sent.values == (second.id,)


def test_the_workbook_has_lists_locked_texts_and_no_formula():
    yes_no, several = kinds(AnswerKind.YES_PARTIAL_NO_NA)[0], kinds(AnswerKind.MULTI_CHOICE)[0]
    sly = AnswerValue(choices=("partial",), comment='=HYPERLINK("http://evil")')
    book = openpyxl.load_workbook(io.BytesIO(given_out(row(yes_no, sly, version=1), row(several))))
    sheet = book["Answers"]

    assert sheet.protection.sheet
    assert not sheet["F2"].protection.locked
    assert sheet["D2"].protection.locked
    assert "F2" in {str(one.sqref) for one in sheet.data_validations.dataValidation}
    assert "f" not in {cell.data_type for cells in sheet.iter_rows() for cell in cells}
    assert sheet["G2"].value == sly.comment
    assert book[answer_sheet.ABOUT].sheet_state == "veryHidden"
    assert read(given_out(row(yes_no, sly))).rows[0].comment == sly.comment


def test_rows_may_be_left_out_or_moved():
    names = kinds(AnswerKind.YES_PARTIAL_NO_NA)[:3]

    def change(book):
        book["Answers"].delete_rows(3)
        book["Answers"].insert_rows(2)

    sent = read(edited(given_out(*map(row, names)), change))

    assert [one.key[0] for one in sent.rows] == [names[0], names[2]]


# ---- what is refused, each with its sentence


def test_a_formula_is_told_by_its_cell_and_its_answer_left_alone():
    names = kinds(AnswerKind.YES_PARTIAL_NO_NA)[:2]

    sent = read(edited(given_out(*map(row, names)), put(F2="=1+1", G3="=A1")))

    assert sent.rows == ()
    assert [(one.place, one.message.text) for one in sent.problems] == [
        (place, "There is a formula in this cell; put in its value.") for place in ("F2", "G3")
    ]


def test_a_question_that_stands_twice_counts_once():
    name = kinds(AnswerKind.YES_PARTIAL_NO_NA)[0]

    def change(book):
        sheet = book["Answers"]
        sheet.append([cell.value for cell in sheet[2]])
        sheet["F3"] = "no"

    sent = read(edited(given_out(row(name)), change))

    assert [one.values for one in sent.rows] == [()]
    assert [(one.place, one.message.text) for one in sent.problems] == [("F3", answer_sheet_in.TWICE)]


def test_ids_that_were_changed_are_no_questions():
    sent = read(edited(given_out(row("GV-01")), put(K2=json.dumps(["ZZ-99", ""]))))

    assert [one.message.text for one in sent.problems] == [answer_sheet_in.STRANGE]
    for broken in ("[[[[", json.dumps([1, 2]), json.dumps({"a": 1}), json.dumps(["GV-01", "x" * 99]), "9" * 5000):
        assert read(edited(given_out(row("GV-01")), put(K2=broken))).rows == ()


def _renamed(book):
    book["Answers"].title = "Meine Antworten"


def _without_about(book):
    del book[answer_sheet.ABOUT]


def _other_form(book):
    book[answer_sheet.ABOUT]["B1"] = "2"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_renamed, "The sheet “%(sheet)s” is missing or was renamed. Please name it so again."),
        (_without_about, "This is no workbook of ours. Please take one here and copy your answers into it."),
        (_other_form, "This workbook was made by another version of the portal. Please take a fresh one."),
    ],
)
def test_a_workbook_that_is_not_ours_any_more_is_refused(change, said):
    with pytest.raises(NotOurWorkbook) as refused:
        read(edited(given_out(row("GV-01")), change))
    assert refused.value.message.text == said


def _zip(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"hello", _zip(a=b"b"), given_out(row("GV-01"))[:-500]])
def test_what_is_no_workbook_is_refused(content):
    with pytest.raises(NotOurWorkbook):
        read(content)


def test_a_sheet_without_an_end_is_refused():
    def change(book):
        for _row in range(answer_sheet_in.MOST_ROWS + 5):
            book["Answers"].append(["x"])

    with pytest.raises(NotOurWorkbook, match="more rows"):
        read(edited(given_out(row("GV-01")), change))


# ---- in the process with limits


def by_child(content: bytes) -> subprocess.CompletedProcess:
    sent = reading_child.order(SHAPES) + content
    return subprocess.run(MAIN, input=sent, check=False, capture_output=True, timeout=60, env={})


def test_the_child_tells_what_reading_says():
    content = edited(given_out(row("GV-01", supply="s1")), put(F2="=1", G2="Größe ½"))

    done = by_child(content)

    assert reading_child.load(json.loads(done.stdout)) == read(content)


def _blown_up(content: bytes, megabytes: int) -> bytes:
    """The same workbook with a sheet that unpacks to so many megabytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "xl/worksheets/sheet2.xml":
                data = data.replace(b"<sheetData>", b"<sheetData>" + b"<row>" * (megabytes * 2**20 // 5), 1)
            new.writestr(name, data)
    return out.getvalue()


def test_a_bomb_costs_the_child_and_nobody_else():
    done = by_child(_blown_up(given_out(row("GV-01")), 400))

    if done.returncode == 0:
        with pytest.raises(NotOurWorkbook):
            reading_child.load(json.loads(done.stdout))
    assert len(done.stdout) < 100_000


@pytest.mark.office
def test_libreoffice_keeps_every_answer(tmp_path: Path):
    names = [
        kinds(kind)[0]
        for kind in (AnswerKind.YES_PARTIAL_NO_NA, AnswerKind.MULTI_CHOICE, AnswerKind.NUMBER, AnswerKind.DATE)
    ]
    several = SHAPES[names[1]].options
    rows = [
        row(names[0], AnswerValue(choices=("partial",), comment="Zeile 1\nZeile 2"), version=1),
        row(names[1], AnswerValue(choices=(several[0].id, several[-1].id)), version=2),
        row(names[2], AnswerValue(number=4.5), version=3),
        row(names[3], AnswerValue(day=date(2026, 3, 31), comment="=1+1"), version=4),
    ]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "answers.xlsx").write_bytes(given_out(*rows))
    subprocess.run(
        [
            shutil.which("soffice"),
            f"-env:UserInstallation=file://{tmp_path}/profile",
            *("--headless", "--convert-to", "xlsx", "--outdir", str(tmp_path), str(tmp_path / "in" / "answers.xlsx")),
        ],
        check=True,
        capture_output=True,
        timeout=180,
    )

    sent = read((tmp_path / "answers.xlsx").read_bytes())

    assert sent.problems == ()
    for one, before in zip(sent.rows, rows, strict=True):
        assert (one.key, one.version) == (before.key, before.version)
        assert answer_sheet.fingerprint(one.values, one.comment) == one.before


# ---- what people do to a sheet


MULTI = kinds(AnswerKind.MULTI_CHOICE)[0]
TWO = kinds(AnswerKind.YES_PARTIAL_NO_NA)[:2]


def told(sent) -> list[tuple[str, str]]:
    return [(one.place, one.message.text) for one in sent.problems]


def test_who_sorts_by_the_filter_sorts_the_hidden_cells_along():
    book = openpyxl.load_workbook(io.BytesIO(given_out(row("GV-01"))))

    assert book["Answers"].auto_filter.ref.startswith(f"A1:{openpyxl.utils.get_column_letter(answer_sheet.SEAL)}")


@pytest.mark.parametrize("columns", [range(1, 11), range(11, 15), range(11, 13), (13,), (1,), (3,), (4,)])
def test_cells_that_were_sorted_without_their_row_answer_no_other_question(columns):
    def change(book):
        sheet = book["Answers"]
        for column in columns:
            first, second = sheet.cell(2, column), sheet.cell(3, column)
            first.value, second.value = second.value, first.value

    rows = [
        row(name, AnswerValue(choices=(one,)), supply=f"s{number}", version=1)
        for number, (name, one) in enumerate(zip(TWO, ("yes", "no"), strict=True))
    ]
    rows[1] = replace(rows[1], product="RIS")
    sent = read(edited(given_out(*rows), change))

    assert sent.rows == ()
    assert {sentence for _place, sentence in told(sent)} == {answer_sheet_in.MIXED_UP}


def test_choices_that_are_missing_take_no_answer_back():
    options = SHAPES[MULTI].options
    content = given_out(row(MULTI, AnswerValue(choices=(options[0].id, options[1].id)), version=1))

    without_choice = read(edited(content, lambda book: book["Answers"].delete_rows(3)))
    without_question = read(edited(content, lambda book: book["Answers"].delete_rows(2)))
    without_all = read(edited(content, lambda book: book["Answers"].delete_rows(2, len(options) + 1)))

    assert without_choice.rows == without_question.rows == without_all.rows == ()
    assert told(without_choice) == [("F2", answer_sheet_in.CHOICES_MISSING)]
    assert [sentence for _place, sentence in told(without_question)] == [answer_sheet_in.QUESTION_MISSING]
    assert without_all.problems == ()


def test_a_choice_that_stands_twice_counts_once():
    def change(book):
        sheet = book["Answers"]
        sheet.append([cell.value for cell in sheet[3]])
        sheet.cell(sheet.max_row, answer_sheet.ANSWER).value = None

    first = SHAPES[MULTI].options[0].id
    sent = read(edited(given_out(row(MULTI, AnswerValue(choices=(first,)), version=1)), change))

    assert [one.values for one in sent.rows] == [(first,)]
    assert [sentence for _place, sentence in told(sent)] == [answer_sheet_in.TWICE]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"F3": "meistens"}, ("F3", answer_sheet_in.NO_MARK)),
        ({"F2": "alle drei"}, ("F2", answer_sheet_in.NO_PLACE)),
        ({"G3": "nur in Wien"}, ("G3", answer_sheet_in.NO_NOTE)),
        ({"F3": "=1"}, ("F3", answer_sheet_in.FORMULA)),
    ],
)
def test_nothing_typed_beside_choices_is_passed_over(cells, said):
    assert told(read(edited(given_out(row(MULTI)), put(**cells)))) == [said]


def test_what_was_typed_into_a_row_of_nobody_is_told():
    def change(book):
        sheet = book["Answers"]
        sheet["F9"], sheet["G10"], sheet["B11"] = "ja", "Notiz", "only a heading of my own"
        sheet["K2"] = "=A1"
        sheet["F2"] = "yes"

    sent = read(edited(given_out(row("GV-01")), change))

    assert told(sent) == [(place, answer_sheet_in.STRANGE) for place in ("F2", "F9", "G10")]


def test_formulas_of_every_kind_are_told():
    def change(book):
        sheet = book["Answers"]
        sheet["F2"] = ArrayFormula("F2:F3", "=SUM(1,2)")
        sheet["F3"] = '=HYPERLINK("http://evil.example","ja")'
        sheet["G2"].hyperlink = "http://evil.example"

    assert told(read(edited(given_out(*map(row, TWO)), change))) == [
        (place, answer_sheet_in.FORMULA) for place in ("F2", "F3")
    ]


def _formatted(place: str, value, number_format: str):
    def change(book):
        book["Answers"][place] = value
        book["Answers"][place].number_format = number_format

    return change


@pytest.mark.parametrize(
    ("kind", "value", "number_format", "said"),
    [
        (AnswerKind.NUMBER, 0.95, "0%", "95"),
        (AnswerKind.NUMBER, 0.07, "0.00%", "7"),
        (AnswerKind.NUMBER, datetime(1900, 1, 4), "DD.MM.YYYY", "5"),
        (AnswerKind.NUMBER, 12_345_678_901, "General", "12345678901"),
        (AnswerKind.NUMBER, 1e15, "General", "1e+15"),
        (AnswerKind.DATE, 46_112, "General", "2026-03-31"),
        (AnswerKind.DATE, 46_112.5, "General", "2026-03-31"),
        (AnswerKind.DATE, 1e300, "General", "1e+300"),
        (AnswerKind.DATE, datetime(2026, 3, 31, 12), "DD.MM.YYYY", "2026-03-31"),
    ],
)
def test_a_number_is_what_the_cell_shows(kind, value, number_format, said):
    (sent,) = read(edited(given_out(row(kinds(kind)[0])), _formatted("F2", value, number_format))).rows

    assert sent.values == (said,)


def test_a_large_number_keeps_its_digits():
    shape = AnswerShape(kind=AnswerKind.NUMBER, unit="euro")
    value = answering.parse(shape, ["12345678901"], today=TODAY)

    assert answering.raw(value) == ("12345678901",)
    assert answering.show(shape, value, language="de") == "12.345.678.901\u00a0€"


def test_a_million_empty_rows_hide_nothing():
    def change(book):
        book["Answers"].cell(1_048_576, 3).font = Font(bold=True)

    assert [one.key[0] for one in read(edited(given_out(row("GV-01")), change)).rows] == ["GV-01"]


def _with(content: bytes, **members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        names = {f"xl/{name}.xml": part for name, part in members.items()}
        for name, data in ({name: old.read(name) for name in old.namelist()} | names).items():
            new.writestr(name, data)
    return out.getvalue()


SHEET = (
    '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">%s</worksheet>'
)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("sharedStrings", b"<sst>" + b"<si><t>a</t></si>" * 5_000_000 + b"</sst>"),
        ("styles", b"<styleSheet>" + b"<x/>" * 20_000_000 + b"</styleSheet>"),
        ("worksheets/sheet2", (SHEET % f"<sheetData>{'<row/>' * 12_000_000}</sheetData>").encode()),
    ],
    ids=["strings", "styles", "rows"],
)
def test_a_part_that_swells_is_refused_at_once(name, content):
    done = by_child(_with(given_out(row("GV-01")), **{name: content}))

    assert done.returncode == 0
    with pytest.raises(NotOurWorkbook, match="more than we read"):
        reading_child.load(json.loads(done.stdout))


def test_one_long_text_in_every_row_does_not_leave_the_child():
    def change(book):
        sheet = book["Answers"]
        for number in range(200):
            place, note = json.dumps([TWO[0], f"s{number}"]), "ä" * 30_000
            cells = [TWO[0], None, "", "text", None, None, note, None, None, None, place, "0", "", None]
            cells[-1] = answer_sheet.seal(place, "", TWO[0], "", "text")
            sheet.append(cells)

    done = by_child(edited(given_out(row(TWO[1])), change))

    assert len(done.stdout) <= reading_child.LONGEST_TOLD
    with pytest.raises(NotOurWorkbook, match="more than we read"):
        reading_child.load(json.loads(done.stdout))
