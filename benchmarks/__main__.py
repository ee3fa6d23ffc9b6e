"""All figures as one table: `python -m benchmarks [--runs N]`; other people's suites: `… conformance FOLDER`."""

import argparse
import sys

from benchmarks import measuring, registering, scanning
from benchmarks.conformance import running as conformance

RUNS = 9


def main() -> None:
    """Measure, print."""
    if sys.argv[1:2] == ["conformance"]:
        sys.exit(conformance.main(sys.argv[2:]))
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Medians of several runs, one table.")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"runs of each figure (default {RUNS})")
    runs = max(1, parser.parse_args().runs)
    print(measuring.table([*scanning.figures(runs), *registering.figures(runs)]))


main()
