"""A list from outside becomes a table of text, whatever program wrote it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import date, datetime

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.workbooks import reading_child, table_in
from reports.workbooks.answer_sheet import NotOurWorkbook


def workbook(*rows, before=()) -> bytes:
    book = openpyxl.Workbook()
    for row in (*before, *rows):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_workbook_is_read_from_its_row_of_headings():
    content = workbook(
        ["Lieferant", "Nummer", "Ende"],
        ["Größe & Söhne", 70011, date(2027, 3, 31)],
        [None, None, None],
        ["B", 7.5, datetime(2027, 3, 31, 12)],
        before=(["Stand 21.11.2026"], []),
    )

    table = table_in.read(content)

    assert table.heading == ("Lieferant", "Nummer", "Ende")
    assert table.rows == (("Größe & Söhne", "70011", "2027-03-31"), ("", "", ""), ("B", "7.5", "2027-03-31"))
    assert table.first == 4


def test_a_sheet_in_front_of_the_list_is_no_list():
    book = openpyxl.Workbook()
    book.active["A1"] = "Lieferantenliste 2026"
    book.create_sheet("leer")
    book.create_sheet("Liste")
    for row in (["Lieferant", "Nummer"], ["Größe & Söhne", 70011]):
        book["Liste"].append(row)
    out = io.BytesIO()
    book.save(out)

    assert table_in.read(out.getvalue()).rows == (("Größe & Söhne", "70011"),)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_csv_is_read_in_the_ways_that_programs_write_it(encoding, delimiter):
    text = delimiter.join(["Lieferant", "Ort"]) + "\r\n" + delimiter.join(['"Größe ""&"" Söhne"', "Köln"]) + "\r\n"

    table = table_in.read(text.encode(encoding))

    assert (table.heading, table.rows) == (("Lieferant", "Ort"), (('Größe "&" Söhne', "Köln"),))


def test_a_formula_is_worth_what_the_program_had_worked_out():
    assert table_in.read(workbook(["a", "b"], ["x", "=1+1"])).rows == (("x", ""),)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "No row with headings"),
        (b"nur eine Spalte\n1\n", "No row with headings"),
        (b"PK\x03\x04 nothing", "cannot be read as an Excel workbook"),
        (b"a;b\n" + b"1;2\n" * (table_in.MOST_ROWS + 5), "more than"),
    ],
)
def test_what_is_no_list_is_refused(content, said):
    with pytest.raises(NotOurWorkbook, match=said):
        table_in.read(content)


@given(st.binary(max_size=400))
def test_whatever_a_file_holds_it_is_read_or_refused(content):
    try:
        table = table_in.read(content)
    except NotOurWorkbook:
        return
    assert all(len(cell) <= table_in.LONGEST_CELL for row in table.rows for cell in row)


def test_the_child_reads_the_same():
    content = workbook(["a", "b"], ["1", "2"])
    sent = reading_child.ORDER_TABLE + content
    command = [sys.executable, "-I", "-m", "reports.workbooks.reading_child"]

    done = subprocess.run(command, input=sent, check=True, capture_output=True, timeout=60, env={})

    assert reading_child.load_table(json.loads(done.stdout)) == table_in.read(content)


def test_words_with_other_delimiters_do_not_move_the_columns():
    table = table_in.read("Firma;Notiz\nA;eins, zwei, drei, vier\nB;fünf, sechs\nC;\n".encode())

    assert table.heading == ("Firma", "Notiz")
    assert table.rows[0] == ("A", "eins, zwei, drei, vier")


def test_quotes_hold_delimiters_and_line_ends():
    table = table_in.read(b'Firma,Notiz\n"M\xc3\xbcller, Meier","Zeile 1\nZeile ""2"""\n')

    assert table.rows == (("Müller, Meier", 'Zeile 1\nZeile "2"'),)


def test_as_many_rows_as_are_promised_are_read():
    def lines(count: int) -> bytes:
        return b"Stand 2026\n\nFirma;Produkt\n" + b"A;B\n" * count

    assert len(table_in.read(lines(table_in.MOST_ROWS)).rows) == table_in.MOST_ROWS
    with pytest.raises(NotOurWorkbook, match="more than"):
        table_in.read(lines(table_in.MOST_ROWS + 1))
