"""The comparison on paper and in a workbook: the page's own words, the same ids, nothing that acts, the same bytes."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from assessments import comparison, policy
from assessments.comparison import Position
from portal import i18n
from reports import comparison as words
from reports.reader import Reader
from reports.workbooks import comparison as workbook
from tests.reports import building

if TYPE_CHECKING:
    from pathlib import Path

    from assessments.comparison import Comparison

NAMES = ("Beispiel Medizintechnik GmbH", "=HYPERLINK(A1)", "<script>alert(1)</script>{{ 7*7 }}")


def reader(language: str = "de") -> Reader:
    return Reader(language=language, translate=i18n.translator(language))


@pytest.fixture(scope="module")
def made() -> Comparison:
    each = [building.assessed(number, vendor=name) for number, name in enumerate(NAMES, start=1)]
    return comparison.compare(each, at=building.NOW)


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_workbook_has_the_rows_of_the_page_with_the_same_ids(made: Comparison, language: str):
    written = workbook.write(made, policy.current(), reader=reader(language), now=building.NOW)
    book = load_workbook(io.BytesIO(written.content))
    overview, details, lines = book.worksheets
    assert [overview.cell(1, 3 + index).value for index in range(3)] == [
        f"{side.name} ({side.key})" for side in made.sides
    ]
    rows = {row[0].value: row for row in overview.iter_rows(min_row=2) if row[0].value}
    for part in made.parts:
        said = [cell.value for cell in rows[part.key][2:5]]
        assert said == [words.level_text(cell, reader(language)) for cell in part.cells]
    for gate in made.gates:
        assert [cell.value for cell in rows[gate.key][2:5]] == [
            words.gate_text(one, reader(language)) for one in gate.cells
        ]
    ids = {row[0].value for row in details.iter_rows(min_row=2)}
    assert {row.key for part in made.parts for row in (*part.questions, *part.checks)} <= ids
    for sheet in (overview, details, lines):
        assert sheet.page_setup.orientation == "landscape"
        assert int(sheet.page_setup.paperSize) == 8  # A3
        assert sheet.print_title_rows == "$1:$1"
        assert sheet.freeze_panes == "C2"
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(st.text(min_size=1, max_size=60), st.text(max_size=60))
def test_no_word_of_a_vendor_acts_or_is_lost(name: str, comment: str):
    one = building.assessed(1, vendor=name, comment=comment)
    made = comparison.compare([one, building.assessed(2)], at=building.NOW)
    book = load_workbook(io.BytesIO(workbook.write(made, policy.current(), reader=reader(), now=building.NOW).content))
    for sheet in book.worksheets:
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    assert "(V-0001)" in str(book.worksheets[0]["C1"].value)


def test_only_differences_leaves_out_what_is_the_same():
    one = building.assessed(1)
    same = comparison.compare([one, one], at=building.NOW)
    html = words.document_html(same, policy.current(), reader=reader(), now=building.NOW, only_differences=True)
    assert "Sie unterscheiden sich in keiner Maßnahme." in html


@pytest.mark.office
def test_the_paper_is_tagged_and_wide_and_says_what_the_page_says(made: Comparison, tmp_path: Path):
    paper = words.document(made, policy.current(), reader=reader(), now=building.NOW, only_differences=True)
    (tmp_path / "comparison.pdf").write_bytes(paper)

    def ask(program: str, *options: str) -> str:
        asked = [str(shutil.which(program)), *options]
        return subprocess.run(asked, check=True, capture_output=True, timeout=60).stdout.decode()

    facts = ask("pdfinfo", str(tmp_path / "comparison.pdf"))
    assert re.search(r"Tagged:\s+yes", facts)
    assert "(A3)" in facts or "1190.55 x 841.89" in facts
    told = ask("pdftotext", "-layout", str(tmp_path / "comparison.pdf"), "-")
    for side in made.sides:
        assert reader().number(side.score.value, 1) in told
    assert "<script>" in told  # as words
    assert "Auf einen Blick" in told
    assert re.search(r"2 / \d+", told)


def test_the_same_facts_make_the_same_bytes(made: Comparison):
    each = [building.assessed(number, vendor=name) for number, name in enumerate(NAMES, start=1)]
    again = comparison.compare(each, at=building.NOW)
    html = words.document_html(made, policy.current(), reader=reader(), now=building.NOW)
    assert words.document_html(again, policy.current(), reader=reader(), now=building.NOW) == html
    one = workbook.write(made, policy.current(), reader=reader(), now=building.NOW)
    assert workbook.write(again, policy.current(), reader=reader(), now=building.NOW).fingerprint == one.fingerprint


def test_a_place_among_vendors_of_its_tier_is_told_where_there_is_one(made: Comparison):
    assert "place" not in {line.key for line in words.head(made)}
    first, *others = made.sides
    placed = replace(made, sides=(replace(first, place=Position(tier=1, others=8, below=6)), *others))

    written = workbook.write(placed, policy.current(), reader=reader("en"), now=building.NOW)
    overview = load_workbook(io.BytesIO(written.content)).worksheets[0]
    [row] = [row for row in overview.iter_rows(values_only=True) if row[0] == "H-place"]
    assert row[1:4] == ("Place in its tier", "better than 75\u202f% of 8", "–")
    html = words.document_html(placed, policy.current(), reader=reader("en"), now=building.NOW)
    assert "better than 75\u202f% of 8" in html


def test_more_than_fit_beside_each_other_follow_six_at_a_time_and_a_lot_names_its_bidders(made: Comparison):
    first, second = comparison.columns(made, 2)
    assert [side.name for side in (*first.sides, *second.sides)] == [side.name for side in made.sides]
    assert [row.key for row in second.parts] == [row.key for row in made.parts]
    assert [row.cells[0] for row in second.gates] == [row.cells[2] for row in made.gates]
    assert comparison.columns(made, 6) == (made,)
    many = replace(made, sides=made.sides * 3, gates=(), parts=())
    lot = words.LotSheet(
        facts=[("Deadline", "noon")],
        bidders=[words.Standing(key="B-01", name="<i>Bieter</i>", text="excluded", is_out=True)],
    )
    html = words.document_html(many, policy.current(), reader=reader("en"), now=building.NOW, title="Lot 1", lot=lot)
    assert html.count('class="group-title"') == 2
    assert len(re.findall(r'id="overview[-\d]*"', html)) == len(set(re.findall(r'id="overview[-\d]*"', html))) == 2
    assert "&lt;i&gt;Bieter" in html
