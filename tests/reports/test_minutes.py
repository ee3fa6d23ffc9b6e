"""Minutes on paper: every vote, condition and reason stands there, in the PDF and in the file for Word."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from assessments.deciding import Ballot, ConditionFact, ConditionState, Ruling, Tally, Why
from assessments.model import Authority, Grade, RiskLevel
from portal import i18n
from portal.jobs.printing import FONTS
from reports import minutes as paper
from reports import pages, rendering
from reports.minutes import Attendee, BallotLine, Item, Minutes, Stake
from reports.reader import Reader
from tests.reports import papers

if TYPE_CHECKING:
    from pathlib import Path

HASH = "5f" * 32
DE = Reader(language="de", translate=i18n.translator("de"))
EN = Reader(language="en", translate=i18n.translator("en"))
PEOPLE = (
    Attendee(
        name="Dr. Ada Fels", function="Ärztliche Direktorin", is_voting=True, is_chair=True, presence=paper.PRESENT
    ),
    Attendee(name="Bruno Acker", function="IT-Leitung", is_voting=True, is_chair=False, presence=paper.PRESENT),
    Attendee(name="Clara Wies", function="Einkauf", is_voting=True, is_chair=False, presence=paper.PRESENT),
    Attendee(name="Emil Tann", function="", is_voting=True, is_chair=False, presence=paper.EXCUSED),
    Attendee(name="Dora Gast", function="Datenschutz", is_voting=False, is_chair=False, presence=paper.PRESENT),
)
STAKE = Stake(
    tier=1,
    grade=Grade.D,
    value=48.2,
    coverage=71.0,
    level=RiskLevel.CRITICAL,
    impact=5,
    patient_safety=4,
    likelihood=4,
    critical=2,
    high=7,
    contradictions=3,
    knock_outs=("IAM-03", "OPS-11"),
    risks=9,
)
CONDITIONS = (
    ConditionFact(
        key="1",
        text="Mehrfaktor-Anmeldung für die Fernwartung, auch für Dienstleister des Lieferanten",
        due_on=date(2027, 1, 31),
        owner="Strahlwerk",
        proof="Bildschirmfoto der Anmeldung",
        state=ConditionState.OPEN,
    ),
    ConditionFact(
        key="2",
        text="Meldeweg nach § 32 BSIG benannt",
        due_on=date(2027, 2, 28),
        owner="",
        proof="",
        state=ConditionState.OPEN,
    ),
)


def ballots(*said: Ballot, conflict: str = "") -> tuple[BallotLine, ...]:
    voters = [one for one in PEOPLE if one.is_voting and one.presence == paper.PRESENT]
    lines = [BallotLine(name=one.name, ballot=ballot) for one, ballot in zip(voters, said, strict=True)]
    return (*lines[:-1], replace(lines[-1], conflict=conflict))


YES, NO, ABSTAIN = Ballot.YES, Ballot.NO, Ballot.ABSTAIN
ITEMS = (
    Item(
        number=1,
        title="Strahlwerk Medizintechnik GmbH",
        about="PACS-Archiv mit Fernwartung",
        vendor_key="V-0001",
        why=(Why.EXCEEDS, Why.ACCEPTANCE),
        stake=STAKE,
        ruling=Ruling.WITH_CONDITIONS,
        reasons="Ohne das Archiv steht die Radiologie; die Lücken sind benannt.\nErsatz wäre frühestens 2028 da.",
        conditions=CONDITIONS,
        review_on=date(2027, 6, 30),
        tally=Tally(yes=2, no=0, abstained=1, is_carried=True),
        ballots=ballots(YES, YES, ABSTAIN, conflict="Schwager arbeitet dort"),
        decision_key="B-0007",
    ),
    Item(
        number=2,
        title="Infusia AG",
        about="",
        vendor_key="V-0004",
        why=(Why.REOPENED,),
        stake=replace(STAKE, tier=None, grade=None, value=None, level=None, impact=None, patient_safety=None),
        ruling=Ruling.REJECT,
        reasons="Kein Nachweis nach drei Erinnerungen.",
        conditions=(),
        review_on=None,
        tally=Tally(yes=1, no=1, abstained=1, is_carried=False, by_chair=True),
        ballots=ballots(NO, YES, ABSTAIN),
    ),
    Item(
        number=3,
        title="Stand der Maßnahmen nach § 30 BSIG",
        about="",
        vendor_key="",
        why=(),
        stake=None,
        ruling=None,
        reasons="Der Bericht liegt aus.",
        conditions=(),
        review_on=None,
    ),
)
MINUTES = Minutes(
    hospital="Klinikum Musterstadt",
    number=3,
    name="Risikositzung 12/2026",
    body=Authority.MANAGEMENT,
    held_on=date(2026, 12, 3),
    begins="14:30",
    place="Raum 2.14, Verwaltung",
    snapshot_name="Risikositzung 12/2026",
    snapshot_at=datetime(2026, 12, 3, 13, 31, tzinfo=UTC),
    snapshot_sha256="ab" * 32,
    policy_version="1",
    attendees=PEOPLE,
    items=ITEMS,
    note="Nächste Sitzung im März.\nDer Vertrag mit Infusia AG ist zu prüfen.",
    closed_by="Paula Protokoll",
    closed_at=datetime(2026, 12, 3, 15, 2, tzinfo=UTC),
)
FACTS = {
    "de": (
        *("Niederschrift", "Klinikum Musterstadt", "Dr. Ada Fels", "entschuldigt", "Schwager arbeitet dort"),
        *("mit Auflagen freigegeben", "Mehrfaktor-Anmeldung", "31.01.2027", "28.02.2027", "Meldeweg nach"),
        *("Ohne das Archiv steht die Radiologie", "Ersatz wäre frühestens 2028 da.", "B-0007", "30.06.2027"),
        *(
            "Ja: 2, Nein: 0, Enthaltungen: 1",
            "Ja: 1, Nein: 1, Enthaltungen: 1",
            "Kein Nachweis nach drei Erinnerungen.",
        ),
        *("IAM-03, OPS-11", "Nächste Sitzung im März.", "Der Bericht liegt aus.", "Paula Protokoll"),
    ),
    "en": ("Minutes", "approved with conditions", "31 Jan 2027", "2 for, 0 against, 1 abstained", "B-0007"),
}


@pytest.mark.parametrize("reader", [DE, EN], ids=["de", "en"])
def test_every_vote_condition_and_reason_stands_in_the_pdf(reader: Reader, tmp_path: Path):
    html = paper.html(MINUTES, reader=reader, sha256=HASH)
    made = rendering.pdf(html, style=pages.style(), fonts=FONTS)

    assert made == rendering.pdf(html, style=pages.style(), fonts=FONTS)
    text = papers.raw_of_pdf(made, tmp_path)
    for fact in FACTS[reader.language]:
        assert fact in text, fact
    for item in ITEMS:
        for one in item.ballots:
            assert f"{one.name} {reader.text(paper.deciding.BALLOTS[one.ballot])}" in text
    assert HASH in text.replace(" ", "")


def test_the_agenda_tells_no_vote(tmp_path: Path):
    planned = replace(MINUTES, closed_at=None, closed_by="", snapshot_at=None)
    text = papers.of_pdf(rendering.pdf(paper.html(planned, reader=DE), style=pages.style(), fonts=FONTS), tmp_path)

    assert "Tagesordnung" in text
    assert "Schwager" not in text
    assert "Unterschrift" not in text
    assert "Mehrfaktor-Anmeldung" in text


@pytest.mark.parametrize("reader", [DE, EN], ids=["de", "en"])
def test_the_file_for_word_tells_the_same(reader: Reader):
    made = paper.docx(MINUTES, reader=reader, sha256=HASH)

    assert made == paper.docx(MINUTES, reader=reader, sha256=HASH)
    text = papers.of_word(made)
    for fact in (*FACTS[reader.language], HASH):
        assert fact in text, fact


@pytest.mark.office
@pytest.mark.skipif(not papers.WRITER.exists(), reason="not installed: apt-get install libreoffice-writer")
def test_another_program_opens_the_file_for_word(tmp_path: Path):
    text = papers.raw_of_pdf(papers.by_office(paper.docx(MINUTES, reader=DE, sha256=HASH), tmp_path), tmp_path)
    for fact in FACTS["de"]:
        assert fact in text, fact
    assert "Seite 1 / " in text


def test_minutes_come_back_from_their_row():
    assert paper.load(paper.dump(MINUTES)) == MINUTES
