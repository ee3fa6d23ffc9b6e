"""Charts as SVG text, made here once: the page, the PDF and the workbook's pictures show the same mark.

Colours stand as presentation attributes, which a style sheet may override by class: a PDF needs no style sheet, a page
follows the reader's light or dark. No ids, no style attributes, no references: any number of charts fits on one page.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from assessments.model import MEASURE_PARTS, Basis, PartScore, RiskLevel
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
    """The last twelve values, 0 to 100, as a line over the whole width with a point at its end."""
    shown = list(values)[-12:]
    width = 11 * 5.0
    step = width / max(1, len(shown) - 1)  # two values make a line too, not a dot
    points = [(index * step + 3, 21 - value * 0.18) for index, value in enumerate(shown)]
    line = " ".join(f"{x:g},{y:.1f}" for x, y in points)
    end = (
        f'<circle class="spark-end" cx="{points[-1][0]:g}" cy="{points[-1][1]:.1f}" r="2" fill="{INK}"/>'
        if points
        else ""
    )
    body = f'<polyline class="spark-line" points="{line}" fill="none" stroke="{INK}" stroke-width="1.5"/>{end}'
    return _svg("sparkline", width + 9, 24, label, body)


def portfolio(
    counts: Mapping[tuple[str, str], int], *, rows: Sequence[tuple[str, str]], columns: Sequence[str], label: str
) -> str:
    """How many vendors stand where: a row for each tier with its word, a column for each grade, totals at both ends.

    A place with vendors is a filled square in the colour of its grade with the number in it, an empty one a dot.
    """
    left, pitch, high, size = 78.0, 32.0, 27.0, 23.0
    body = [_text(left + index * pitch + size / 2, 12, name, "p-head", 10) for index, name in enumerate(columns)]
    for line, (key, word) in enumerate(rows):
        y = 20 + line * high
        body.append(_word(0, y + 16, word))
        for index, name in enumerate(columns):
            x = left + index * pitch
            body.append(_place(x, y, size, counts.get((key, name), 0), marks.GRADE_COLOURS.get(name)))
        total = sum(counts.get((key, name), 0) for name in columns)
        body.append(_text(left + len(columns) * pitch + size / 2, y + 16, str(total), "p-total", 11))
    foot = 20 + len(rows) * high
    body.append(
        f'<path class="m-base" d="M0 {foot:g}h{left + (len(columns) + 1) * pitch:g}" stroke="{FAINT}" fill="none"/>'
    )
    for index, name in enumerate(columns):
        total = sum(counts.get((key, name), 0) for key, _ in rows)
        body.append(_text(left + index * pitch + size / 2, foot + 15, str(total), "p-total", 11))
    every = sum(counts.get((key, name), 0) for key, _ in rows for name in columns)
    body.append(_text(left + len(columns) * pitch + size / 2, foot + 15, str(every), "p-total", 11))
    return _svg("portfolio", left + (len(columns) + 1) * pitch, foot + 22, label, "".join(body))


def _place(x: float, y: float, size: float, count: int, colour: str | None) -> str:
    middle = x + size / 2
    if not count:
        return f'<circle class="p-none" cx="{middle:g}" cy="{y + size / 2:g}" r="1.2" fill="{FAINT}"/>'
    box = f'x="{x:g}" y="{y:g}" width="{size:g}" height="{size:g}" rx="4"'
    if colour is None:
        square = f'<rect class="p-ungraded" {box} fill="none" stroke="{FAINT}" stroke-dasharray="3 2"/>'
        return square + _text(middle, y + 16, str(count), "p-count", 11)
    number = _text(middle, y + 16, str(count), "p-count", 11, fill="#ffffff")
    return f'<rect class="p-graded" {box} fill="#{colour}"/>{number}'


def heat_map(
    counts: Mapping[tuple[int, int], int], matrix: Sequence[Sequence[RiskLevel]], *, label: str, across: str, up: str
) -> str:
    """Impact upwards, likelihood to the right; each field in the colour of its level with the number of risks in it."""
    left, pitch, high = 26.0, 42.0, 27.0
    steps = len(matrix)
    body = []
    for impact in range(1, steps + 1):
        y = (steps - impact) * high
        body.append(_text(left - 8, y + 17, str(impact), "h-step", 10))
        for likelihood in range(1, len(matrix[impact - 1]) + 1):
            x = left + (likelihood - 1) * pitch
            level = matrix[impact - 1][likelihood - 1]
            fill = marks.RISK_FILLS[level]
            body.append(
                f'<rect class="h-{level.value}" x="{x:g}" y="{y:g}" width="{pitch - 1:g}" height="{high - 1:g}"'
                f' fill="#{fill}"/>'
            )
            if count := counts.get((impact, likelihood), 0):
                body.append(_text(x + pitch / 2, y + 17, str(count), "h-count", 12))
    foot = steps * high
    body.extend(
        _text(left + index * pitch + pitch / 2, foot + 13, str(index + 1), "h-step", 10)
        for index in range(len(matrix[0]))
    )
    body.append(_word(left, foot + 27, f"→ {across}   ↑ {up}"))
    return _svg("heat-map", left + len(matrix[0]) * pitch, foot + 32, label, "".join(body))


def _measures(parts: Iterable[PartScore]) -> list[PartScore]:
    by_key = {part.part: part for part in parts}
    return [by_key[key] for key in MEASURE_PARTS if key in by_key]


def _drawn_height(part: PartScore, column: Column) -> float:
    return _height(part.level, part.basis, column)


def _height(level: int | None, basis: Basis, column: Column) -> float:
    if level is None or basis is Basis.UNSEEN:
        return column.height
    return max(2.0, level * column.height / LEVELS)


def _column(part: PartScore, x: float, top: float, column: Column) -> str:
    return _drawn_column(part.level, part.basis, x, top, column)


@lru_cache(maxsize=2000)  # a list draws the same few hundred columns on every row
def _drawn_column(level: int | None, basis: Basis, x: float, top: float, column: Column) -> str:
    height = _height(level, basis, column)
    y = top + column.height - height
    if level is None or basis is Basis.UNSEEN:
        return (
            f'<rect class="m-unseen" x="{x + 0.5:g}" y="{y + 0.5:g}" width="{column.width - 1:g}"'
            f' height="{height - 1:g}" fill="none" stroke="{FAINT}" stroke-dasharray="2 2"/>'
        )
    colour = LEVEL_COLOURS[level]
    box = f'x="{x:g}" y="{y:g}" width="{column.width:g}" height="{height:g}"'
    if basis in {Basis.DECLARED, Basis.RECORDED}:
        inner = f'x="{x + 0.5:g}" y="{y + 0.5:g}" width="{column.width - 1:g}" height="{max(1.0, height - 1):g}"'
        draw = _hatch if basis is Basis.DECLARED else _lines
        hatch = draw(x, y, column.width, height, column.hatch)
        return (
            f'<rect class="m-{level} m-frame" {inner} fill="none" stroke="{colour}"/>'
            f'<path class="m-{level} m-hatch" d="{hatch}" fill="none" stroke="{colour}"/>'
        )
    solid = f'<rect class="m-{level} m-solid" {box} fill="{colour}"/>'
    if basis is Basis.CONTRADICTED:
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


def _text(x: float, y: float, text: str, css: str, size: int, *, fill: str = "#131525") -> str:
    return (
        f'<text class="{css}" x="{x:g}" y="{y:g}" text-anchor="middle" font-size="{size}" fill="{fill}"'
        f' font-family="Fira Sans, sans-serif">{escape(text)}</text>'
    )


def _word(x: float, y: float, text: str) -> str:
    return (
        f'<text class="p-word" x="{x:g}" y="{y:g}" font-size="10" fill="#131525"'
        f' font-family="Fira Sans, sans-serif">{escape(text)}</text>'
    )


def _svg(css: str, width: float, height: float, label: str, body: str) -> str:
    return (
        f'<svg class="{css}" xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(label)}"'
        f' width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}">{body}</svg>'
    )
