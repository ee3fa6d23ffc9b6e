"""All figures as one table: `.venv/bin/python -m benchmarks [--runs N]`."""

import argparse

from benchmarks import measuring, registering, scanning

RUNS = 9


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Medians of several runs, one table.")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"runs of each figure (default {RUNS})")
    runs = max(1, parser.parse_args().runs)
    print(measuring.table([*scanning.figures(runs), *registering.figures(runs)]))


main()
