"""`python -m benchmarks conformance FOLDER`: every suite, one table; not 0 when a difference has no explanation."""

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.conformance import badssl, documents, headers, mail, names, observatory, strengths
from benchmarks.conformance.cases import Case, Suite
from benchmarks.conformance.explanations import EXPLANATIONS

SUITES: tuple[Suite, ...] = (
    *mail.SUITES,
    *headers.SUITES,
    *names.SUITES,
    *documents.SUITES,
    *strengths.SUITES,
    *badssl.SUITES,
    *observatory.SUITES,
)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one suite."""

    suite: Suite
    cases: tuple[Case, ...]

    @property
    def agreed(self) -> int:
        """Cases on which we and the suite say the same."""
        return sum(case.agrees for case in self.cases)

    @property
    def explained(self) -> tuple[Case, ...]:
        """Differences for which a clause makes us right."""
        known = EXPLANATIONS.get(self.suite.file, {})
        return tuple(case for case in self.cases if not case.agrees and case.id in known)

    @property
    def open(self) -> tuple[Case, ...]:
        """Differences that nobody has explained."""
        known = EXPLANATIONS.get(self.suite.file, {})
        return tuple(case for case in self.cases if not case.agrees and case.id not in known)

    @property
    def stale(self) -> tuple[str, ...]:
        """Explanations of differences that are none any more."""
        differing = {case.id for case in self.cases if not case.agrees}
        return tuple(known for known in EXPLANATIONS.get(self.suite.file, {}) if known not in differing)


def main(arguments: Sequence[str] | None = None) -> int:
    """Feed, print, tell by the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks conformance", description=__doc__)
    parser.add_argument("folder", type=Path, help="the conformance data; they are not part of this repository")
    parser.add_argument("--only", default="", metavar="TEXT", help="suites whose name or file contains this")
    parser.add_argument("--differences", action="store_true", help="print every difference, the explained ones too")
    options = parser.parse_args(arguments)
    chosen = [suite for suite in SUITES if options.only.lower() in f"{suite.name} {suite.file}".lower()]
    outcomes = [run(suite, options.folder) for suite in chosen]
    for outcome in outcomes:
        print_differences(outcome, explained=options.differences)
    print(table(outcomes))
    return 1 if any(outcome.open or outcome.stale for outcome in outcomes) else 0


def run(suite: Suite, folder: Path) -> Outcome:
    """One suite, fed whole."""
    return Outcome(suite=suite, cases=tuple(suite.feed(folder / suite.file)))


def print_differences(outcome: Outcome, *, explained: bool) -> None:
    """Each difference with what was wanted and what we say."""
    known = EXPLANATIONS.get(outcome.suite.file, {})
    for case in (*outcome.open, *(outcome.explained if explained else ())):
        print(f"{outcome.suite.name}: {case.id}")
        print(f"  wanted {str(case.wanted)[:1000]}")
        print(f"  got    {str(case.got)[:1000]}")
        if case.id in known:
            print(f"  because {known[case.id]}")
    for id_ in outcome.stale:
        print(f"{outcome.suite.name}: {id_} is explained, but there is no difference")


def table(outcomes: Iterable[Outcome]) -> str:
    """Suite, agreed, of, explained, open."""
    rows = [
        (
            outcome.suite.name,
            str(outcome.agreed),
            str(len(outcome.cases)),
            str(len(outcome.explained)),
            str(len(outcome.open)),
        )
        for outcome in outcomes
    ]
    rows.append(
        ("all", *(str(sum(int(row[column]) for row in rows)) for column in range(1, 5))),
    )
    heads = ("suite", "agreed", "of", "explained", "not explained")
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    lines = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in (heads, *rows)
    ]
    return "\n".join(lines)
