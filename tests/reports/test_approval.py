"""The sheet of § 38 BSIG: one page, every number of the frozen register, lines to sign, for Word and as PDF."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from assessments.model import MEASURE_PARTS, Grade, RiskLevel
from portal import i18n
from portal.jobs.printing import FONTS
from reports import approval as sheet
from reports import pages, rendering
from reports.approval import Approval, MeasureLine
from reports.reader import Reader
from tests.reports import papers

if TYPE_CHECKING:
    from pathlib import Path

HASH = "ab" * 32
APPROVAL = Approval(
    hospital="Klinikum Musterstadt",
    name="Risikositzung 12/2026",
    at=datetime(2026, 12, 3, 13, 31, tzinfo=UTC),
    sha256=HASH,
    policy_version="1",
    vendors=214,
    tiers={1: 12, 2: 41, 3: 88, 4: 61},
    grades={Grade.A: 18, Grade.B: 44, Grade.C: 61, Grade.D: 33, Grade.E: 9, Grade.F: 3, None: 46},
    levels={RiskLevel.CRITICAL: 4, RiskLevel.HIGH: 23, RiskLevel.MODERATE: 71, RiskLevel.LOW: 70},
    risks=317,
    untreated=129,
    accepted=41,
    measures=tuple(
        MeasureLine(part=part, seen=150 + number, in_place=90 - number) for number, part in enumerate(MEASURE_PARTS)
    ),
)
FACTS = {
    "de": (
        *("Klinikum Musterstadt", "214 (Kritikalität 1: 12, 2: 41, 3: 88, 4: 61; noch ohne Kritikalität: 12)"),
        *("kritisch: 4, hoch: 23, mäßig: 71, niedrig: 70, noch nicht bekannt: 46", "317, davon 41 auf Zeit akzeptiert"),
        *("A: 18, B: 44, C: 61, D: 33, E: 9, F: 3, keine Note: 46", "Unterschrift", "03.12.2026, 14:31", HASH),
    ),
    "en": (
        "214 (tier 1: 12, 2: 41, 3: 88, 4: 61; no tier yet: 12)",
        "critical: 4, high: 23",
        "3 Dec 2026, 14:31",
        HASH,
    ),
}


def reader(language: str) -> Reader:
    return Reader(language=language, translate=i18n.translator(language))


@pytest.mark.parametrize("language", ["de", "en"])
def test_it_is_one_page_with_every_number(language: str, tmp_path: Path):
    html = sheet.html(APPROVAL, reader=reader(language))
    made = rendering.pdf(html, style=pages.style(), fonts=FONTS)

    assert made == rendering.pdf(html, style=pages.style(), fonts=FONTS)
    text = papers.raw_of_pdf(made, tmp_path)
    for fact in FACTS[language]:
        assert fact in text or fact in text.replace(" ", ""), fact
    for one in APPROVAL.measures:
        assert f"{one.in_place}/{one.seen}" in text
    told = subprocess.run(["pdfinfo", str(tmp_path / "paper.pdf")], check=True, capture_output=True, text=True).stdout
    assert "Pages:           1\n" in told


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_file_for_word_tells_the_same(language: str):
    made = sheet.docx(APPROVAL, reader=reader(language))

    assert made == sheet.docx(APPROVAL, reader=reader(language))
    text = papers.of_word(made)
    for fact in FACTS[language]:
        assert fact in text, fact
    for one in APPROVAL.measures:
        assert f"{one.in_place}/{one.seen}" in text


def test_a_register_with_nothing_in_it_gives_a_sheet_as_well(tmp_path: Path):
    bare = replace(APPROVAL, vendors=0, tiers={}, grades={}, levels={}, risks=0, untreated=0, accepted=0)
    text = papers.raw_of_pdf(
        rendering.pdf(sheet.html(bare, reader=reader("de")), style=pages.style(), fonts=FONTS), tmp_path
    )

    assert "0 (–)" in text


@pytest.mark.office
@pytest.mark.skipif(not papers.WRITER.exists(), reason="not installed: apt-get install libreoffice-writer")
def test_another_program_opens_the_file_for_word(tmp_path: Path):
    content = papers.by_office(sheet.docx(APPROVAL, reader=reader("de")), tmp_path)
    assert content.count(b"/Type/Page/") == 1  # one page, as the PDF is
    text = papers.raw_of_pdf(content, tmp_path)
    for fact in FACTS["de"]:
        assert fact in text or fact in text.replace(" ", ""), fact
