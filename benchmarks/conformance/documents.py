"""Published documents: security.txt."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.conformance.cases import Case, Suite, numbered, read
from scanners.parsing import sectxt
from scanners.parsing.sectxt import Remark

RECORDED = datetime(2026, 11, 21, tzinfo=UTC)


def security_txt(file: Path) -> Iterator[Case]:
    """Errors, recommendations and notes with their lines, in any order."""
    for case, item in numbered(read(file)["cases"]):
        reading = sectxt.read(item["content"], RECORDED)
        notes = reading.notes if item["kwargs"].get("recommend_unknown_fields") != "False" else ()
        yield Case(
            id=f"{case} {item['test']}",
            wanted=tuple(_told(item[kind]) for kind in ("errors", "recommendations", "notifications")),
            got=(_told(reading.errors), _told(reading.recommendations), _told(notes)),
        )


def _told(remarks: Iterable[Remark]) -> list[tuple[str, int]]:
    return sorted((code, line or 0) for code, line in remarks)


SUITES = (Suite(name="security.txt (sectxt)", file="securitytxt/sectxt-parser-cases.json", feed=security_txt),)
