"""The checklist of the ten measures on paper, with boxes to tick."""

from collections.abc import Sequence

from assessments.checklist import Kind, Part
from reports import marks, rendering
from reports.reader import Reader

SHOWN_CHECKS = 8  # of a measure; the rest is counted


def html(kind: Kind, parts: Sequence[Part], *, versions: tuple[str, str], reader: Reader) -> str:
    """The document before it is set; see rendering.pdf and pages.style."""
    return rendering.page(
        "checklist.html",
        reader,
        kind=kind,
        parts=parts,
        versions=versions,
        shown=SHOWN_CHECKS,
        severities=marks.SEVERITIES,
    )
