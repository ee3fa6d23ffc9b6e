"""A vendor through a framework as a workbook: real numbers, every row, text that cannot act."""

from __future__ import annotations

from io import BytesIO

import openpyxl
import pytest

from assessments import framework_views
from assessments.framework_views import Framework
from portal import i18n
from reports.reader import Reader
from reports.workbooks import framework_view
from tests.reports import building


@pytest.mark.parametrize("framework", list(Framework))
def test_the_sheet_has_the_models_rows_and_numbers(framework: Framework):
    assessed = building.assessed(1, vendor="=1+1 GmbH", comment="=cmd|' /C calc'!A0")
    found = framework_views.view(assessed, framework)
    reader = Reader(language="de", translate=i18n.translator("de"))
    content = framework_view.write(found, assessed, reader=reader, now=building.NOW)
    cover, sheet, *facts = openpyxl.load_workbook(BytesIO(content)).worksheets
    assert "=1+1 GmbH" in str(cover["B2"].value)
    heads = {cell.value: cell.column for cell in sheet[1]}
    for line, row in enumerate(found.rows, start=2):
        assert sheet.cell(line, 1).value == row.entry.key
        assert sheet.cell(line, heads["Fragen"]).value == len(row.answers)
        assert sheet.cell(line, heads["Erfüllt"]).value == row.met
        assert sheet.cell(line, heads["Mängel"]).value == len(row.lacking)
    counts = [sum(map(len, (getattr(row, name) for row in found.rows))) for name in ("answers", "lacking", "evidence")]
    assert [each.max_row - 1 for each in facts] == counts
    assert not [
        cell for each in (cover, sheet, *facts) for row in each.iter_rows() for cell in row if cell.data_type == "f"
    ]
