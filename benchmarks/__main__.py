"""All figures: `python -m benchmarks [--runs N]`; other people's suites: `… conformance FOLDER`; race: `… scanning`;
editors: `… saving`; paper: `… papers`; a large hospital: `… portfolio`, `… snapshots`."""

import argparse
import sys

RUNS = 9


def main() -> None:
    """Measure, print."""
    # Each loads what it needs, and no more: a race is not to be slowed by the web application's modules.
    if sys.argv[1:2] == ["conformance"]:
        from benchmarks.conformance import running as conformance

        sys.exit(conformance.main(sys.argv[2:]))
    if sys.argv[1:2] == ["scanning"]:
        from benchmarks import race

        sys.exit(race.main(sys.argv[2:]))
    if sys.argv[1:2] == ["fuzzing"]:
        from benchmarks import fuzzing

        sys.exit(fuzzing.main(sys.argv[2:]))
    if sys.argv[1:2] == ["saving"]:
        from benchmarks import saving

        sys.exit(saving.main(sys.argv[2:]))
    if sys.argv[1:2] == ["papers"]:
        from benchmarks import papers

        sys.exit(papers.main(sys.argv[2:]))
    if sys.argv[1:2] in (["portfolio"], ["snapshots"]):
        from benchmarks import portfolio

        sys.exit((portfolio.main if sys.argv[1] == "portfolio" else portfolio.freezing)(sys.argv[2:]))
    from benchmarks import measuring, registering, scanning

    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Medians of several runs, one table.")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"runs of each figure (default {RUNS})")
    runs = max(1, parser.parse_args().runs)
    print(measuring.table([*scanning.figures(runs), *registering.figures(runs)]))


main()
