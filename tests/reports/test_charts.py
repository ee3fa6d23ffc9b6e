"""The marks as SVG: well-formed, without style and ids, the same for page and PDF."""

from __future__ import annotations

from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.model import MEASURE_PARTS, Basis, PartScore
from reports import charts

SVG = "{http://www.w3.org/2000/svg}"


def parts(levels: list[int | None], bases: list[Basis]) -> list[PartScore]:
    return [
        PartScore(part=key, applicable=True, value=None, level=level, coverage=Decimal(50), basis=basis)
        for key, level, basis in zip(MEASURE_PARTS, levels, bases, strict=True)
    ]


every_row = st.builds(
    parts,
    st.lists(st.none() | st.integers(0, 4), min_size=10, max_size=10),
    st.lists(st.sampled_from(Basis), min_size=10, max_size=10),
)


@pytest.mark.parametrize("draw", [charts.ten_measures, charts.ten_measures_large])
@given(row=every_row, label=st.text(st.characters(min_codepoint=32, exclude_categories=("Cs", "Cc"))))
def test_every_row_is_well_formed_and_needs_no_style(draw, row: list[PartScore], label: str):
    root = ET.fromstring(draw(row, label=label, describe=lambda part: f"{part.part} <&>"))

    assert len(root.findall(f"{SVG}g")) == 10
    assert root.get("aria-label") == label
    assert [item for item in root.iter() if item.get("style") or item.get("id")] == []


@given(row=every_row)
def test_nothing_is_drawn_outside_the_picture(row: list[PartScore]):
    root = ET.fromstring(charts.ten_measures(row, label="x"))
    width, height = float(root.get("width", 0)), float(root.get("height", 0))

    for box in root.iter(f"{SVG}rect"):
        x, y, w, h = (float(box.get(name, 0)) for name in ("x", "y", "width", "height"))
        assert x >= 0
        assert y >= 0
        assert x + w <= width
        assert y + h <= height


def test_height_is_the_level_and_the_fill_is_the_basis():
    bases = [Basis.PROVEN, Basis.DECLARED, Basis.UNSEEN, Basis.CONTRADICTED, *[Basis.CONFIRMED] * 6]
    root = ET.fromstring(charts.ten_measures(parts([4, 2, None, 3, *[1] * 6], bases), label="x"))
    columns = root.findall(f"{SVG}g")
    classes = [{name for item in column for name in (item.get("class") or "").split()} for column in columns]

    assert "m-solid" in classes[0]
    assert {"m-hatch", "m-frame"} <= classes[1]
    assert classes[2] == {"m-unseen"}
    assert {"m-solid", "m-cut"} <= classes[3]
    assert float(columns[0][1].get("height")) == 4 * float(columns[4][1].get("height"))


@pytest.mark.parametrize(("tier", "filled"), [(1, 4), (2, 3), (3, 2), (4, 1), (None, 0)])
def test_the_most_critical_tier_fills_all_four_bars(tier: int | None, filled: int):
    root = ET.fromstring(charts.tier_bars(tier, label="x"))

    assert sum(bar.get("class") == "bar-on" for bar in root.iter(f"{SVG}rect")) == filled


def test_a_course_of_nothing_is_an_empty_picture():
    assert ET.fromstring(charts.sparkline([], label="x")).get("role") == "img"
