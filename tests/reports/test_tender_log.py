"""The log of a tender on paper: every act with its hash, hostile words as text, the same state the same bytes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from portal import i18n
from reports import tender_log
from reports.reader import Reader
from reports.tender_log import LotLine, OfferLine, Published, TenderFile
from reports.workbooks.tender_log import Act

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
ACTS = [
    Act(
        chain=chain,
        number=number,
        at=AT + timedelta(minutes=number),
        actor="Petra",
        act="Opened",
        about="Lot: 1",
        hash=f"{chain}-{number}-hash",
        previous="0",
    )
    for chain, number in (("Tender", 1), ("Tender", 2), ("Bieter <b>", 1))
]
FOUND = TenderFile(
    hospital="Klinikum Nord",
    title="PACS <script>",
    facts=[("State", "opened"), ("Hash", "f" * 64), ("Reason", "one")],
    lots=[LotLine(number=1, title="PACS", tier="Tier 1", question_set="full", must_haves="GV-01")],
    offers=[OfferLine(name="Bieter <b>", lot=1, invited_at=AT, text="withdrawn", is_out=True)],
    published=[Published(at=AT, question="Until when?", answer="March.")],
    acts=ACTS,
    is_sound=True,
)


def reader(language: str) -> Reader:
    return Reader(language=language, translate=i18n.translator(language))


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_act_stands_there_with_its_hash_and_words_stay_words(language: str):
    html = tender_log.html(FOUND, reader=reader(language))
    for act in ACTS:
        assert act.hash.replace("<", "&lt;").replace(">", "&gt;") in html
    assert "<script>" not in html
    assert "Bieter <b>" not in html
    assert {act.hash for act in FOUND.heads} == {"Tender-2-hash", "Bieter <b>-1-hash"}
    assert ("unversehrt" in html) == (language == "de")


def test_a_broken_chain_is_said_and_an_empty_log_prints():
    broken = tender_log.html(replace(FOUND, is_sound=False), reader=reader("en"))
    assert "was changed outside the portal" in broken
    empty = replace(FOUND, acts=(), offers=(), published=())
    assert empty.at is None
    assert "Nobody bids for it yet." in tender_log.html(empty, reader=reader("en"))


def test_the_same_state_is_the_same_file():
    first, second = (tender_log.document(FOUND, reader=reader("de")) for _ in range(2))
    assert first == second
