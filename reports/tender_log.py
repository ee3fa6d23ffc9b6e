"""The log of a tender on paper, for the tender file (§ 8 VgV): what was frozen, who bid, what came of it, every act."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path

from reports import pages, rendering
from reports.reader import Reader
from reports.workbooks.tender_log import Act


@dataclass(frozen=True, kw_only=True)
class LotLine:
    """One lot, as it was frozen."""

    number: int
    title: str
    tier: str
    question_set: str
    must_haves: str
    outcome: str = ""  # whose it is, or why it ended without an award


@dataclass(frozen=True, kw_only=True)
class OfferLine:
    """One bidder of a lot, and what became of its offer; sealed until the answers are opened."""

    name: str
    lot: int
    invited_at: datetime | None
    text: str
    is_out: bool = False


@dataclass(frozen=True, kw_only=True)
class Published:
    """What all bidders read."""

    at: datetime
    question: str
    answer: str


@dataclass(frozen=True, kw_only=True)
class TenderFile:
    """All that the log tells."""

    hospital: str
    title: str
    facts: Sequence[tuple[str, str]]
    lots: Sequence[LotLine]
    offers: Sequence[OfferLine]
    published: Sequence[Published]
    acts: Sequence[Act]  # the oldest first
    is_sound: bool

    @property
    def at(self) -> datetime | None:
        """As of the last act: the same state is the same paper, whenever it is printed."""
        return self.acts[-1].at if self.acts else None

    @property
    def heads(self) -> Sequence[Act]:
        """The last act of each chain: whoever keeps its hash can tell later whether anything before it was changed."""
        return list({act.chain: act for act in sorted(self.acts, key=lambda one: (one.chain, one.number))}.values())


def document(found: TenderFile, *, reader: Reader, fonts: Path | None = None) -> bytes:
    """The log as PDF, tagged, with page numbers. The same state gives the same bytes."""
    return rendering.pdf(html(found, reader=reader), style=style(), fonts=fonts)


def html(found: TenderFile, *, reader: Reader) -> str:
    """The same as HTML, before it is set."""
    return rendering.page("tender_log.html", reader, found=found)


def style() -> str:
    """The look of printed documents, across: two hashes stand beside each act."""
    return pages.style() + (files("reports") / "templates" / "tender_log.css").read_text(encoding="utf-8")
