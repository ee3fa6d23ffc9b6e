"""Every number on paper and in a workbook is the page's: pages read as HTML, files by poppler and LibreOffice."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from assessments.model import RiskLevel
from portal import i18n
from portal.db.models.accounts import Person
from portal.files.blobs import Blobs
from portal.services.exports import papers as committee_facts
from portal.services.registers import comparisons, policies
from reports import committee, comparison, rendering
from reports.reader import Reader
from tests.portal.web import reading_pages
from tests.reports import papers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from portal.db.session import Sessions
    from portal.files.sealing import Keyring
    from tests.portal.web.conftest import Visitor
    from tests.portal.web.hospital.ward import Ward
    from tests.portal.web.reading_pages import Line

pytestmark = pytest.mark.office

POOR, OTHER = "Strahlwerk Medizintechnik GmbH", "Laborwolke Diagnostik GmbH & Co. KG"
# The MDR and ISO in German, § 30 BSIG in English, ISO under a filter that goes along.
VIEWS = {"mdr": ("de", ""), "bsig": ("en", ""), "iso27001": ("de", "&gdpr=32")}
FRAMEWORK = {"de": "Rahmenwerk", "en": "Framework"}
ANSWERED = {"de": "Antworten", "en": "Answers"}


def numbers(text: str) -> list[str]:
    """The numbers of a cell, as they are written."""
    return re.findall(r"\d+(?:[.,]\d+)*", text)


def speak(sessions: Sessions, ward: Ward, language: str) -> None:
    with sessions() as session, session.begin():
        session.get_one(Person, ward.decider.person_id).language = language


def test_a_framework_reads_the_same_on_its_page_on_paper_and_in_the_sheet(
    visit: Callable[..., Visitor], ward: Ward, sessions: Sessions, tmp_path: Path
):
    visitor = visit(ward.decider)
    pages, books = {}, {}
    for framework, (language, filtered) in VIEWS.items():
        speak(sessions, ward, language)
        at = f"/hospital/vendors/{ward.vendors[POOR]}/frameworks"
        asked = f"?framework={framework}{filtered}"
        pages[framework] = visitor.get(f"{at}{asked}").get_data(as_text=True)
        books[framework] = visitor.get(f"{at}.xlsx{asked}").get_data()
        paper = papers.raw_of_pdf(visitor.get(f"{at}.pdf{asked}").get_data(), tmp_path)
        assert on_paper(pages[framework], paper) == []
    sheets = papers.sheets_by_office(books, tmp_path)
    for framework, (language, _filtered) in VIEWS.items():
        in_the_sheet(pages[framework], sheets[framework, FRAMEWORK[language]], sheets[framework, ANSWERED[language]])


def on_paper(page: str, paper: str) -> list[Sequence[str]]:
    """What of the page's tables does not stand on paper: the overview with its counts, then every answer."""
    overview, *answers = reading_pages.tables(page)
    counted = [[*line.cells[:-1], str(gaps(line.cells[-1]))] for line in overview[1:]]
    answered = [line.cells for table in answers for line in table[1:]]
    assert counted
    return papers.lacking_in_order([*counted, *answered], paper)


def gaps(cell: str) -> int:
    """The page names the first gap and counts the others."""
    more = re.search(r"(?:und|and) (\d+) (?:weitere|more)$", cell)
    return 0 if cell == "–" else 1 + (int(more[1]) if more else 0)


def in_the_sheet(page: str, counts: list[list[str]], answers: list[list[str]]) -> None:
    overview, *asked = reading_pages.tables(page)
    heads = counts[0]
    rows = {row[0]: dict(zip(heads, row, strict=True)) for row in counts[1:]}
    for line in overview[1:]:
        key, *_title = line.cells[0].split()
        said = list(rows[key].values())
        shown = [number for cell in line.cells[1:-1] for number in numbers(cell)]
        first = heads.index("Stufe" if "Stufe" in heads else "Level") if len(line.cells) > 6 else None
        assert shown == [*([said[first]] if first is not None and said[first] else []), *counted(rows[key])], key
    said = [(row[1], row[4], row[5]) for row in answers[1:]]
    shown = [
        (
            line.cells[0].split()[0],
            line.cells[1].replace(" Ausschlusskriterium", "").replace(" Knock-out", ""),
            line.cells[2],
        )
        for table in asked
        for line in table[1:]
    ]
    assert [tuple(map(papers.flowing, one)) for one in said] == [tuple(map(papers.flowing, one)) for one in shown]


def counted(row: Mapping[str, str]) -> list[str]:
    """Answered of how many, fell short, met, documents."""
    german = ("Beantwortet", "Fragen", "Mängel", "Erfüllt", "Dokumente")
    english = ("Answered", "Questions", "Fell short", "Met", "Documents")
    return [row[name] for name in (german if "Fragen" in row else english)]


def test_a_comparison_reads_the_same_on_its_page_on_paper_and_in_the_sheet(
    visit: Callable[..., Visitor], ward: Ward, sessions: Sessions, tmp_path: Path
):
    speak(sessions, ward, "de")
    ids = [ward.vendors[name] for name in (POOR, OTHER)]
    measures = [("open", str(part)) for part in (*range(1, 11), "MD", "CL", "DP")]
    chosen = [*(("vendor", one) for one in ids), ("only", "differences")]
    visitor = visit(ward.decider)
    page = visitor.get(f"/hospital/compare?{urlencode([*chosen, *measures])}").get_data(as_text=True)
    book = visitor.post("/hospital/compare/workbook", {"vendor": ids, "only": "differences"}).get_data()
    reader, now = Reader(language="de", translate=i18n.translator("de")), datetime.now(UTC)
    with sessions() as session:
        made = comparisons.side_by_side(session, ward.decider, tuple(ids), now=now)
        rules = policies.of(session, ward.hospital_id)
    html = comparison.document_html(made, rules, reader=reader, now=now, only_differences=True)
    paper = papers.raw_of_pdf(rendering.pdf(html, style=comparison.style()), tmp_path)
    (shown,) = reading_pages.tables(page)
    sheets = papers.sheets_by_office({"comparison": book}, tmp_path)
    rows = {
        row[0]: row[1:] for row in (*sheets["comparison", "Fragen und Prüfungen"], *sheets["comparison", "Vergleich"])
    }

    facts, gates, under = shown[1:12], [], []
    for line in shown[12:]:
        (under if line.id.startswith("M-") or under else gates).append(line)
    measures_alone = [line for line in under if line.id.startswith("M-")]
    assert len(gates) > 2
    assert len(under) > 3 * len(measures_alone) > 3
    titles = {str(row[0]): row for key, row in rows.items() if key.startswith("H-")}
    for line in facts:
        title, *cells = line.cells
        if title in titles:
            said = titles[title][1:]
            read = as_a_mark if title == "Note" else numbers
            assert list(map(read, cells)) == list(map(read, said)), title
    for line in [line for line in (*gates, *under) if line.id and len(line.cells) > 1]:
        title, *cells = line.cells
        assert list(map(numbers, cells)) == list(map(numbers, rows[line.id][1:])), line.id
    assert papers.lacking_in_order([[line.id, *line.cells] for line in measures_alone], paper) == []
    for line in under:
        line.cells[0] = "Stufe" if line in measures_alone else line.cells[0]
    assert papers.lacking_in_order([line.cells for line in under], paper) == []


def as_a_mark(cell: str) -> list[int]:
    """The first number, whole: a grade's mark on a page is rounded, and says coverage and day beside it."""
    return [round(float(number.replace(",", "."))) for number in numbers(cell)[:1]]


def test_the_committees_paper_has_the_numbers_of_the_pages_it_sums_up(
    visit: Callable[..., Visitor], ward: Ward, sessions: Sessions, keyring: Keyring, tmp_path: Path
):
    speak(sessions, ward, "de")
    visitor = visit(ward.decider)
    (tmp_path / "files").mkdir()
    shelf, now = Blobs(folder=tmp_path / "files", keyring=keyring), datetime.now(UTC)
    with sessions() as session:
        found = committee_facts.brief(session, ward.decider, shelf, "", now=now)
    reader = Reader(language="de", translate=i18n.translator("de"))
    paper = papers.raw_of_pdf(rendering.pdf(committee.html(found, reader=reader), style=committee.style()), tmp_path)
    grades, vendors = reading_pages.tables(visitor.get("/hospital/vendors").get_data(as_text=True))
    matrix, risks = reading_pages.tables(visitor.get("/hospital/risks").get_data(as_text=True))
    decisions = visitor.get("/hospital/decisions").get_data(as_text=True)
    words = papers.flowing(paper)

    def column(table: Sequence[Line], title: str) -> dict[str, str]:
        at = [head.rstrip(" ▲▼") for head in table[0].cells].index(title)
        return {line.cells[0]: line.cells[at] for line in table[1:]}

    # Risks stand on their page from the first round on; the register and its paper know what nobody asked for, too.
    unasked = {one.key: one for one in found.vendors if column(vendors, "Stand")[one.name] == "noch nicht gefragt"}
    assert unasked
    # The two figures: vendors by tier and grade, risks by impact and likelihood.
    placed = {(row.cells[0], grade): int(numbers(cell)[0]) for row in grades[1:]
              for grade, cell in zip(grades[0].cells[1:], row.cells[1:], strict=True) if numbers(cell)}  # fmt: skip
    assert placed == {
        ("–" if tier == "none" else tier, grade): n for (tier, grade), n in committee.tally(found).items()
    }
    heat = {(6 - up, right): int(numbers(cell)[0]) for up, row in enumerate(matrix[1:6], start=1)
            for right, cell in enumerate(row.cells[1:], start=1) if numbers(cell)}  # fmt: skip
    asked_risks = [risk for risk in found.risks if risk.vendor_key not in unasked and risk.impact]
    assert heat == Counter((risk.impact, risk.likelihood) for risk in asked_risks)
    # The head: vendors, those of tier 1, with much risk, without a grade; risks, decisions.
    tiers, levels = column(vendors, "Kritikalität"), column(vendors, "Restrisiko")
    much = sum("kritisch" in level or "hoch" in level for level in levels.values())
    much += sum(one.level in {RiskLevel.HIGH, RiskLevel.CRITICAL} for one in unasked.values())
    others = sum(risk.vendor_key in unasked for risk in found.risks)
    asked = re.search(r'Entscheidungen offen <span class="count">(\d+)<', decisions)
    keys = (
        f"{len(tiers)} Lieferanten, davon {sum(tier == '1' for tier in tiers.values())} mit Kritikalität 1",
        f"{much} mit hohem oder kritischem Restrisiko",
        f"{sum(not grade[:1].isalpha() for grade in column(vendors, 'Note').values())} noch ohne Note",
        f"von {sum(heat.values()) + others} Risiken ohne Behandlung",
        f"{asked[1]} Entscheidungen erbeten",
    )
    assert [key for key in keys if papers.flowing(key) not in words] == []
    # The ten highest risks, as their page says them.
    shown = {(row.cells[0], row.cells[1]): row.cells[2] for row in risks[1:]}
    for risk in [risk for risk in found.risks[: committee.TOP] if risk.vendor_key not in unasked]:
        vendor = next(one.name for one in found.vendors if one.key == risk.vendor_key)
        level, of = shown[risk.title.de, vendor].rsplit(" ", 3)[0], shown[risk.title.de, vendor].split(" ", 2)[2]
        assert papers.flowing(of) in words
        assert papers.flowing(level) in words
    # Each vendor's sheet: grade, points and what was seen, the residual risk, the tier.
    for vendor in committee.worth_a_page(found):
        page = visitor.get(f"/hospital/vendors/{ward.vendors[vendor.name]}").get_data(as_text=True)
        begin = words.index(papers.flowing(f"{vendor.key} · ") + papers.flowing(" · ".join(vendor.supplies))[:10])
        sheet = words[begin : begin + 700]
        said = re.search(r'class="grade-value">([\d,.]+)<', page)
        points = re.search(rf"{re.escape(vendor.name)} [A-F–] ([\d,]+) (\d+) ?% gesehen", paper)
        assert bool(said) == bool(points), vendor.name
        if said:
            assert int(said[1]) == round(float(points[1].replace(",", ".")))
            assert f"{points[2]}\u202f%" in page
        if vendor.key not in unasked:
            assert papers.flowing(levels[vendor.name]) in sheet
        assert papers.flowing(f"Kritikalität {tiers[vendor.name]}") in sheet
