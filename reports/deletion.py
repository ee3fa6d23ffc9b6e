"""The proof that a document was deleted: what, when, by which rule, and which event of the trail says so."""

from dataclasses import dataclass
from datetime import date, datetime

from questionnaires.model import Text
from reports import rendering
from reports.reader import Reader


@dataclass(frozen=True, kw_only=True)
class Deletion:
    """A document that is no more; `rule` is marked for translation."""

    company: str
    name: str
    kind: Text
    sha256: str
    size: str
    uploaded_at: datetime
    uploaded_by: str
    rule: str
    retain_until: date | None
    by_name: str
    decided_at: datetime
    gone_at: datetime | None  # None: nobody has seen the file gone yet
    event: str
    at: datetime


def html(deletion: Deletion, *, reader: Reader) -> str:
    """The page that becomes a PDF."""
    return rendering.page("deletion.html", reader, deletion=deletion)
