"""The receipt of a company: what it handed in, under which fingerprint, with which documents, and what comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from questionnaires.model import Text
from reports import ledger, rendering
from reports.ledger import LedgerEntry
from reports.reader import Reader


@dataclass(frozen=True, kw_only=True)
class ReceiptDocument:
    """A document that was handed in."""

    name: str
    kind: Text
    sha256: str
    issued_on: date | None
    valid_to: date | None


@dataclass(frozen=True, kw_only=True)
class EarlierEdition:
    """What was handed in before."""

    edition: int
    at: datetime
    name: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What stands on a receipt; all of it was frozen when it was signed, but for what comes next."""

    company: str
    hospital: str
    products: Sequence[str]
    edition: int
    at: datetime
    signer_name: str
    signer_function: str
    statement: Text
    questionnaire: str
    answers: int
    documents: Sequence[ReceiptDocument]
    sha256: str
    earlier: Sequence[EarlierEdition]
    consents: Sequence[LedgerEntry]
    words: str = ""  # the company's own, on the whole


def html(receipt: Receipt, *, reader: Reader) -> str:
    """The document before it is set; see rendering.pdf and pages.style."""
    return rendering.page(
        "receipt.html",
        reader,
        receipt=receipt,
        ledger=receipt.consents,
        deeds=ledger.DEEDS,
        classes=ledger.CLASSES,
    )
