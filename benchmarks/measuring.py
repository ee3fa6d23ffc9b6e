"""How a figure is taken: several runs, the median, and beside it a peer or a bound from the same minute."""

import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the table. Times are medians in seconds; a ratio says more than they do, machines are noisy."""

    what: str
    seconds: float
    spread: tuple[float, float]  # fastest and slowest run
    runs: int
    note: str = ""
    beside: str = ""  # what it is compared with
    ratio: float | None = None


def take(what: str, work: Callable[[], object], *, runs: int, note: str = "") -> Figure:
    """Run the work so many times."""
    times = []
    for _run in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return Figure(what=what, seconds=statistics.median(times), spread=(min(times), max(times)), runs=runs, note=note)


def beside(figure: Figure, peer: Figure) -> Figure:
    """The figure with its ratio to a peer that was taken in the same run."""
    return Figure(**{**vars(figure), "beside": peer.what, "ratio": figure.seconds / peer.seconds})


def peak_memory() -> float:
    """The most memory this process has held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def table(figures: list[Figure]) -> str:
    """The figures as text, aligned."""
    heads = ("what", "median s", "fastest", "slowest", "runs", "ratio", "beside", "note")
    rows = [
        (
            one.what,
            f"{one.seconds:.3f}",
            f"{one.spread[0]:.3f}",
            f"{one.spread[1]:.3f}",
            str(one.runs),
            f"{one.ratio:.1f} ×" if one.ratio else "",
            one.beside,
            one.note,
        )
        for one in figures
    ]
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in (heads, *rows)
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)
