"""Charts as SVG text, made here once: the page, the PDF and the workbook's pictures show the same mark.

Colours stand as presentation attributes, which a style sheet may override by class: a PDF needs no style sheet, a page
follows the reader's light or dark. No ids, no style attributes, no references: any number of charts fits on one page.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape

from assessments.model import MEASURE_PARTS, Basis, PartScore
from reports import marks

LEVELS = 4
LEVEL_COLOURS = tuple(f"#{marks.GRADE_COLOURS[letter]}" for letter in "FEDBA")  # level 0 … 4, the ramp of the grades
INK = LEVEL_COLOURS[LEVELS]
LOW = LEVEL_COLOURS[0]
FAINT = "#6c7389"


@dataclass(frozen=True, kw_only=True)
class Column:
    """The measures of one column of the row, in pixels."""

    width: float
    gap: float
    height: float
    hatch: float

    @property
    def pitch(self) -> float:
        """From one column to the next."""
        return self.width + self.gap


SMALL = Column(width=9, gap=3, height=24, hatch=4)
LARGE = Column(width=30, gap=10, height=72, hatch=6)


def ten_measures(parts: Iterable[PartScore], *, label: str, describe: Callable[[PartScore], str] = str) -> str:
    """The product's signature, small enough for a table row.

    Ten columns: height is the level 0-4; hatched is declared only, lined is recorded by the hospital, solid is proven
    or confirmed, a dashed outline is not seen, a cut through the column is contradicted. `label` is read out for the
    whole, `describe` for each column.
    """
    measures = _measures(parts)
    body = "".join(
        f"<g><title>{escape(describe(part))}</title>{_column(part, index * SMALL.pitch + 1, 1, SMALL)}</g>"
        for index, part in enumerate(measures)
    )
    width, height = len(measures) * SMALL.pitch - SMALL.gap + 2, SMALL.height + 3
    return _svg("ten-measures", width, height, label, body + _base(width, SMALL.height + 2))


def ten_measures_large(parts: Iterable[PartScore], *, label: str, describe: Callable[[PartScore], str] = str) -> str:
    """The same row with the numbers of the measures below and the level on top, for a vendor's page and its PDF."""
    measures = _measures(parts)
    top = 16
    body = []
    for index, part in enumerate(measures):
        x = index * LARGE.pitch + 1
        middle = x + LARGE.width / 2
        level = "?" if part.level is None else str(part.level)
        peak = top + LARGE.height - _drawn_height(part, LARGE)
        body.append(
            f"<g><title>{escape(describe(part))}</title>{_column(part, x, top, LARGE)}"
            f"{_text(middle, peak - 4, level, 'm-level', 12)}"
            f"{_text(middle, top + LARGE.height + 16, part.part, 'm-number', 12)}</g>"
        )
    width, height = len(measures) * LARGE.pitch - LARGE.gap + 2, top + LARGE.height + 22
    return _svg(
        "ten-measures ten-measures-large", width, height, label, "".join(body) + _base(width, top + LARGE.height + 1)
    )


def tier_bars(tier: int | None, *, label: str) -> str:
    """Four bars filled from the left; tier 1, the most critical, fills all four, no tier fills none."""
    filled = 0 if tier is None else LEVELS + 1 - tier
    bars = "".join(
        f'<rect class="{"bar-on" if index < filled else "bar-off"}" x="{index * 6 + 0.5:g}" y="1" width="4" height="12"'
        f' fill="{INK if index < filled else "none"}" stroke="{INK if index < filled else FAINT}"/>'
        for index in range(LEVELS)
    )
    return _svg("tier-bars", 24, 14, label, bars)


def coverage_bar(percent: float, floor: float, *, label: str) -> str:
    """How much of what applies was seen, with a tick at the floor below which there is no grade."""
    seen = max(0.0, min(100.0, percent))
    body = (
        f'<rect class="bar-off" x="0.5" y="3.5" width="99" height="7" fill="none" stroke="{FAINT}"/>'
        f'<rect class="bar-on" x="1" y="4" width="{seen * 0.98:.1f}" height="6" fill="{INK}"/>'
        f'<path class="bar-floor" d="M{floor:g} 0v14" stroke="{LOW}" stroke-width="1.5" fill="none"/>'
    )
    return _svg("coverage-bar", 100, 14, label, body)


def sparkline(values: Sequence[float], *, label: str) -> str:
    """The last twelve values, 0 to 100, as a line with a point at its end."""
    shown = list(values)[-12:]
    step = 5.0
    points = [(index * step + 3, 21 - value * 0.18) for index, value in enumerate(shown)]
    line = " ".join(f"{x:g},{y:.1f}" for x, y in points)
    end = (
        f'<circle class="spark-end" cx="{points[-1][0]:g}" cy="{points[-1][1]:.1f}" r="2" fill="{INK}"/>'
        if points
        else ""
    )
    body = f'<polyline class="spark-line" points="{line}" fill="none" stroke="{INK}" stroke-width="1.5"/>{end}'
    return _svg("sparkline", 12 * step + 4, 24, label, body)


def _measures(parts: Iterable[PartScore]) -> list[PartScore]:
    by_key = {part.part: part for part in parts}
    return [by_key[key] for key in MEASURE_PARTS if key in by_key]


def _drawn_height(part: PartScore, column: Column) -> float:
    if part.level is None or part.basis is Basis.UNSEEN:
        return column.height
    return max(2.0, part.level * column.height / LEVELS)


def _column(part: PartScore, x: float, top: float, column: Column) -> str:
    height = _drawn_height(part, column)
    y = top + column.height - height
    if part.level is None or part.basis is Basis.UNSEEN:
        return (
            f'<rect class="m-unseen" x="{x + 0.5:g}" y="{y + 0.5:g}" width="{column.width - 1:g}"'
            f' height="{height - 1:g}" fill="none" stroke="{FAINT}" stroke-dasharray="2 2"/>'
        )
    colour = LEVEL_COLOURS[part.level]
    box = f'x="{x:g}" y="{y:g}" width="{column.width:g}" height="{height:g}"'
    if part.basis in {Basis.DECLARED, Basis.RECORDED}:
        inner = f'x="{x + 0.5:g}" y="{y + 0.5:g}" width="{column.width - 1:g}" height="{max(1.0, height - 1):g}"'
        draw = _hatch if part.basis is Basis.DECLARED else _lines
        hatch = draw(x, y, column.width, height, column.hatch)
        return (
            f'<rect class="m-{part.level} m-frame" {inner} fill="none" stroke="{colour}"/>'
            f'<path class="m-{part.level} m-hatch" d="{hatch}" fill="none" stroke="{colour}"/>'
        )
    solid = f'<rect class="m-{part.level} m-solid" {box} fill="{colour}"/>'
    if part.basis is Basis.CONTRADICTED:
        cut = y + height / 2
        line = f"M{x:g} {cut + 2:g}l{column.width:g} -4"
        return f'{solid}<path class="m-cut" d="{line}" stroke="#fff" stroke-width="2" fill="none"/>'
    return solid


def _lines(x: float, y: float, width: float, height: float, pitch: float) -> str:
    """Level lines within the box."""
    return "".join(f"M{x:g} {y + step * pitch:g}h{width:g}" for step in range(1, math.ceil(height / pitch)))


def _hatch(x: float, y: float, width: float, height: float, pitch: float) -> str:
    """Diagonal lines cut to the box, so that no clip path and no pattern with an id is needed."""
    pieces = []
    offset = pitch
    while offset < width + height:
        x1, y1 = (x + offset, y) if offset <= width else (x + width, y + offset - width)
        x2, y2 = (x, y + offset) if offset <= height else (x + offset - height, y + height)
        pieces.append(f"M{x1:g} {y1:g}L{x2:g} {y2:g}")
        offset += pitch
    return "".join(pieces)


def _base(width: float, y: float) -> str:
    return f'<path class="m-base" d="M0 {y - 0.5:g}h{width:g}" stroke="{FAINT}" fill="none"/>'


def _text(x: float, y: float, text: str, css: str, size: int) -> str:
    return (
        f'<text class="{css}" x="{x:g}" y="{y:g}" text-anchor="middle" font-size="{size}" fill="#131525"'
        f' font-family="Fira Sans, sans-serif">{escape(text)}</text>'
    )


def _svg(css: str, width: float, height: float, label: str, body: str) -> str:
    return (
        f'<svg class="{css}" xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(label)}"'
        f' width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}">{body}</svg>'
    )
