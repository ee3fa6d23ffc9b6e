"""register.xlsx: the facts of the register, in real numbers and dates, in two languages, for other programs too."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import openpyxl
import pytest

from assessments import policy, register
from assessments.model import ShareFact
from portal import i18n
from reports.reader import Reader
from reports.workbooks import register as workbook
from scanners.model import Outcome
from tests.reports import building

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl import Workbook

    from assessments.model import Register, VendorRow

TITLES = {
    "de": [
        "Deckblatt",
        "Lieferanten",
        "Vergleich",
        "Risiken",
        "Feststellungen",
        "Antworten",
        "Widersprüche",
        "Nachweise",
        "Unterauftragnehmer",
        "Konzentration",
        "Aufgaben",
        "Entscheidungen",
        "Änderungen",
        "Vorfälle",
        "Nicht geprüft",
    ],
    "en": [
        "Cover",
        "Vendors",
        "Comparison",
        "Risks",
        "Findings",
        "Answers",
        "Contradictions",
        "Evidence",
        "Subcontractors",
        "Concentration",
        "Actions",
        "Decisions",
        "Changes",
        "Incidents",
        "Not examined",
    ],
}
SHARED = ShareFact(
    key="component:pkg:npm/jquery",
    kind="Components",
    name="jquery",
    critical=2,
    vendor_keys=("V-0001", "V-0003"),
    versions=("1.12.4", "3.7.1"),
    known=("CVE-2020-11022",),
)
HOSTILE = '=HYPERLINK("http://evil.example";"+49")'


def reader(language: str) -> Reader:
    return Reader(language=language, translate=i18n.translator(language))


@pytest.fixture(scope="module")
def facts() -> Register:
    assessed = [building.assessed(number, vendor=f"Lieferant {number} GmbH") for number in (1, 2, 3)]
    assessed.append(building.assessed(4, vendor=HOSTILE, comment="@SUM(A1)", fact="-2+3"))
    agreed = [building.action(number) for number in (1, 2, 4)]
    return register.build(
        assessed,
        policy.current(),
        hospital="Klinikum Musterstadt",
        at=building.NOW,
        actions=agreed,
        incidents=[building.incident(number) for number in (1, 3)],
        decisions=[building.decision(number) for number in (1, 4)],
        changes=[building.change(number) for number in (1, 2)],
        shared=[SHARED],
    )


@pytest.fixture(scope="module", params=["de", "en"])
def written(request: pytest.FixtureRequest, facts: Register) -> tuple[str, bytes]:
    return request.param, workbook.write(facts, reader=reader(request.param), now=building.NOW)


@pytest.fixture(scope="module")
def book(written: tuple[str, bytes]) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(written[1]))


def column(book: Workbook, sheet: int, number: int) -> list[object]:
    return [row[number - 1] for row in book.worksheets[sheet].iter_rows(min_row=2, values_only=True)]


def headings(book: Workbook, sheet: int) -> list[str]:
    return [cell.value for cell in book.worksheets[sheet][1]]


def test_the_sheets_stand_in_their_order(written: tuple[str, bytes], book: Workbook):
    assert book.sheetnames == TITLES[written[0]]


def test_the_numbers_are_those_of_the_register(book: Workbook, facts: Register, written: tuple[str, bytes]):
    heads = headings(book, 1)
    words = {"de": ("Punkte", "Note", "Gesehen %", "Kritikalität"), "en": ("Score", "Grade", "Coverage %", "Tier")}
    score, grade, coverage, tier = (column(book, 1, heads.index(word) + 1) for word in words[written[0]])

    assert score == [None if row.score.value is None else float(row.score.value) for row in facts.vendors]
    assert grade == [row.score.grade.value if row.score.grade else None for row in facts.vendors]
    assert coverage == [float(row.score.coverage) for row in facts.vendors]
    assert tier == [row.tier for row in facts.vendors]


def subcontractor_keys(row: VendorRow) -> list[str]:
    known = row.record.subcontractors if row.record is not None else ()
    return [f"{row.key}:SUB-{number}" for number, _one in enumerate(known, start=1)] or [f"{row.key}:SUB"]


def test_every_row_of_the_register_is_a_row_under_the_same_id(book: Workbook, facts: Register):
    expected = {
        1: [row.key for row in facts.vendors],
        3: [risk.key for risk in facts.risks],
        4: [row.key for row in facts.findings if row.fact.finding.outcome in {Outcome.FAIL, Outcome.WARN}],
        5: [row.key for row in facts.answers],
        6: [f"{key}:{one.key}" for key, one in facts.contradictions],
        8: [key for row in facts.vendors for key in subcontractor_keys(row)],
        9: [row.key for row in facts.shared],
        10: [row.key for row in facts.actions],
        11: [row.key for row in facts.decisions],
        12: [row.key for row in facts.changes],
        13: [row.key for row in facts.incidents],
        14: [row.key for row in facts.not_examined],
    }
    for sheet, keys in expected.items():
        assert column(book, sheet, 1)[: len(keys)] == keys, book.sheetnames[sheet]
        assert len([cell for cell in column(book, sheet, 2) if cell]) in {len(keys), 0}, book.sheetnames[sheet]
    ids = {row.key for row in facts.vendors} | {None}  # a note stands below some tables
    for sheet in (3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14):  # what is shared belongs to several vendors
        assert set(column(book, sheet, headings(book, sheet).index(headings(book, 3)[1]) + 1)) <= ids


def test_dates_are_dates_and_times_are_local(book: Workbook, facts: Register, written: tuple[str, bytes]):
    heads = headings(book, 1)
    at = column(book, 1, heads.index("Gescannt am" if written[0] == "de" else "Scanned on") + 1)

    seen = facts.vendors[0].scanned_at + timedelta(hours=1)  # Berlin in November
    assert at[0] == seen.replace(tzinfo=None)


def test_no_cell_of_the_whole_file_is_a_formula(written: tuple[str, bytes]):
    archive = zipfile.ZipFile(io.BytesIO(written[1]))
    sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]

    assert len(sheets) == 15
    assert [name for name in sheets if re.search(rb"<f[ >/]", archive.read(name))] == []
    assert not [name for name in archive.namelist() if "externalLink" in name or "vbaProject" in name]


def test_hostile_words_stand_there_as_words(book: Workbook):
    assert HOSTILE in column(book, 1, 2)
    assert "-2+3" in {cell for row in book.worksheets[4].iter_rows(values_only=True) for cell in row}
    assert "@SUM(A1)" in {cell for row in book.worksheets[5].iter_rows(values_only=True) for cell in row}


def test_the_cover_says_first_what_this_is_not(written: tuple[str, bytes], book: Workbook):
    cover = [str(row[0]) for row in book.worksheets[0].iter_rows(values_only=True) if row[0]]
    words = {
        "de": ("Was dies nicht ist und was nicht geprüft wurde", "weder ein Audit"),
        "en": ("What this is not, and what was not examined", "neither an audit"),
    }[written[0]]

    assert cover[1] == "Klinikum Musterstadt"
    for word in words:
        assert any(word in line for line in cover[:14]), word


def test_the_cover_counts_each_vendor_once(book: Workbook, facts: Register):
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    first = next(number for number, row in enumerate(rows) if row[1:4] == ("A", "B", "C"))

    assert sum(value for row in rows[first + 1 : first + 6] for value in row[1:8] if isinstance(value, int)) == len(
        facts.vendors
    )


def test_tables_filter_freeze_and_print(book: Workbook):
    for sheet in book.worksheets[1:]:
        if sheet.title not in {"Vergleich", "Comparison"}:
            assert sheet.auto_filter.ref.startswith("A1:"), sheet.title
            assert sheet.print_area, sheet.title
        assert sheet.freeze_panes, sheet.title
        assert sheet.print_title_rows == "$1:$1", sheet.title
        assert sheet.page_setup.paperSize in {8, 9, "8", "9"}, sheet.title


def test_the_same_facts_make_the_same_sheets(facts: Register, written: tuple[str, bytes]):
    again = zipfile.ZipFile(io.BytesIO(workbook.write(facts, reader=reader(written[0]), now=building.NOW)))
    first = zipfile.ZipFile(io.BytesIO(written[1]))

    assert again.namelist() == first.namelist()
    # openpyxl writes the clock's time of saving into the properties.
    differs = [name for name in first.namelist() if again.read(name) != first.read(name)]
    assert differs in ([], ["docProps/core.xml"])


def test_a_hospital_without_vendors_has_a_workbook_too():
    nothing = register.build([], policy.current(), hospital="Leere Klinik", at=building.NOW)
    book = openpyxl.load_workbook(io.BytesIO(workbook.write(nothing, reader=reader("de"), now=building.NOW)))

    assert book.sheetnames == TITLES["de"]
    assert book.worksheets[1].max_row == 1


@pytest.mark.office
def test_libreoffice_reads_the_same_numbers(tmp_path: Path, facts: Register):
    (tmp_path / "register.xlsx").write_bytes(workbook.write(facts, reader=reader("de"), now=building.NOW))
    every_sheet = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1"
    subprocess.run(
        [
            shutil.which("soffice"),
            f"-env:UserInstallation=file://{tmp_path}/profile",
            "--headless",
            *("--convert-to", every_sheet, "--outdir", str(tmp_path), str(tmp_path / "register.xlsx")),
        ],
        check=True,
        capture_output=True,
        timeout=180,
    )

    with (tmp_path / "register-Lieferanten.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["Lieferant"] for row in rows] == [row.name for row in facts.vendors]
    for row, fact in zip(rows, facts.vendors, strict=True):
        assert float(row["Punkte"]) == pytest.approx(float(fact.score.value), abs=1e-6)
        assert row["Note"] == (fact.score.grade or "")
    assert sorted(path.stem for path in tmp_path.glob("*.csv")) == sorted(f"register-{title}" for title in TITLES["de"])


def test_what_is_shared_names_its_vendors(book: Workbook, facts: Register, written: tuple[str, bytes]):
    keys = tuple(row.key for row in facts.vendors[:2])
    made = replace(facts, shared=(replace(SHARED, vendor_keys=keys),))
    content = workbook.write(made, reader=reader(written[0]), now=building.NOW)
    row = next(openpyxl.load_workbook(io.BytesIO(content)).worksheets[9].iter_rows(min_row=2, values_only=True))

    assert row[1] == "jquery"
    assert row[3:6] == (2, 2, ", ".join(keys))
    assert row[6] == "; ".join(one.name for one in facts.vendors[:2])
    assert row[7:9] == ("1.12.4, 3.7.1", "CVE-2020-11022")


def test_cells_side_by_side_are_as_high_as_their_words(book: Workbook):
    sheet = book.worksheets[2]
    width = sheet.column_dimensions["B"].width

    for row in sheet.iter_rows(min_row=2):
        longest = max(len(str(cell.value)) for cell in row[1:])
        assert sheet.row_dimensions[row[0].row].height >= 13 * -(-longest // width), row[0].value
