"""The log of a tender as a workbook for the tender file: every act with its time, who, and the hashes that chain it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from openpyxl.workbook import Workbook

from reports.reader import Reader
from reports.tables import Column, Kind
from reports.workbooks import sheets
from scanners.model import N_


@dataclass(frozen=True, kw_only=True)
class Act:
    """One event."""

    chain: str  # the tender's own, or a bidder's round
    number: int
    at: datetime
    actor: str
    act: str  # in the reader's words
    about: str
    hash: str
    previous: str


COLUMNS: tuple[Column[Act], ...] = (
    Column(title=N_("No."), width=7, kind=Kind.NUMBER, value=lambda row, _: row.number),
    Column(title=N_("Time"), width=17, kind=Kind.MOMENT, value=lambda row, _: row.at),
    Column(title=N_("Chain"), width=26, kind=Kind.WORDS, value=lambda row, _: row.chain),
    Column(title=N_("Who"), width=34, kind=Kind.WORDS, value=lambda row, _: row.actor),
    Column(title=N_("Act"), width=38, kind=Kind.WORDS, value=lambda row, _: row.act),
    Column(title=N_("Details"), width=60, kind=Kind.LONG, value=lambda row, _: row.about),
    Column(title=N_("Hash"), width=66, kind=Kind.WORDS, value=lambda row, _: row.hash),
    Column(title=N_("Hash before"), width=66, kind=Kind.WORDS, value=lambda row, _: row.previous),
)
FACTS: tuple[Column[tuple[str, str]], ...] = (
    Column(title=N_("Fact"), width=34, kind=Kind.WORDS, value=lambda row, _: row[0]),
    Column(title=N_("Value"), width=90, kind=Kind.LONG, value=lambda row, _: row[1]),
)


def write(facts: Mapping[str, str], acts: Sequence[Act], *, reader: Reader, now: datetime) -> bytes:
    """A sheet of what the tender is, with the hash of what was frozen, and one of every act, the oldest first."""
    workbook = Workbook(write_only=True)
    workbook.properties.creator = "Kettenblick"
    workbook.properties.created = workbook.properties.modified = now.replace(tzinfo=None, microsecond=0)
    sheets.table(workbook, N_("Tender"), FACTS, list(facts.items()), reader=reader)
    sheets.table(workbook, N_("Log"), COLUMNS, acts, reader=reader)
    file = BytesIO()
    workbook.save(file)
    return file.getvalue()
