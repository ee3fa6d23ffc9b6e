"""HSTS and the preload list, the CSP evaluator, and the header profile of Internet.nl."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.conformance.cases import Case, Suite, read
from scanners.parsing import preload


def hsts_preload(file: Path) -> Iterator[Case]:
    """The tables of the list's own checker: codes of errors and warnings in any order, and what was read."""
    for table, content in read(file)["tables"].items():
        for number, row in enumerate(content["rows"]):
            yield Case(
                id=f"{table}/{number} {row['description']}",
                wanted=(sorted(row["errors"]), sorted(row["warnings"]), row.get("parsed")),
                got=_preload_reading(table, row),
            )


def _preload_reading(table: str, row: Mapping[str, Any]) -> tuple[list[str], list[str], object]:
    header = preload.parse(row["header"])
    errors, warnings = header.errors, header.warnings
    if table.startswith("preloadable"):
        errors, warnings = preload.judge(header)
    elif table.startswith("eligible"):
        weeks = row["description"].endswith("18 weeks")
        errors, warnings = preload.judge(header, at_least=preload.EIGHTEEN_WEEKS if weeks else preload.YEAR)
    elif table.startswith("removable"):
        errors, warnings = preload.judge_removal(header)
    parsed = {
        "preload": header.preload,
        "includeSubDomains": header.include_subdomains,
        "max_age": header.max_age,
    }
    return sorted(errors), sorted(warnings), parsed if row.get("parsed") else None


SUITES = (Suite(name="HSTS preload (Chromium)", file="hstspreload/header-cases.json", feed=hsts_preload),)
