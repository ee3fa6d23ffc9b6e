"""A catalogue as a sheet and back: one row a question, those of the hospital whole, ours by their sets alone."""

import re
from collections.abc import Mapping
from io import BytesIO
from typing import Any, Self

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from questionnaires import flat, owning, writing
from questionnaires.model import N_, Catalogue, QuestionSet
from questionnaires.reading import BadFile, Refusal
from reports.workbooks import sheets
from reports.workbooks.cells import safe_cell
from reports.workbooks.table_in import Table

SHEET = "catalogue"
WIDTHS: Mapping[str, float] = {"id": 10, "kind": 18, "options": 60, "further": 40, "sets": 20} | dict.fromkeys(
    ("text_de", "text_en", "why_de", "why_en"), 50
)
USUAL_WIDTH = 14
PLACES: Mapping[str, str] = {  # where the loader says it is, and the column that holds it
    "scope": "scope",
    "label.de": "label_de",
    "label.en": "label_en",
    "text.de": "text_de",
    "text.en": "text_en",
    "why.de": "why_de",
    "why.en": "why_en",
    "answer.kind": "kind",
    "answer.bands": "bands",
    "answer.minimum": "minimum",
    "answer.maximum": "maximum",
    "answer.unit": "unit",
    "answer": "options",
    "weight": "weight",
    "applies_if": "condition",
    "evidence": "evidence",
    "est_seconds": "seconds",
    "red_flags": "further",
    "refs": "further",
    "scan_checks": "further",
}
MEANT = (("bands", "bands"), ("unit", "unit"), ("weight", "weight"), ("option", "options"), ("est_seconds", "seconds"))

_QUESTION = re.compile(r"question ([A-Za-z0-9_-]+)[.:]")


class BadSheet(Refusal):
    """A cell that cannot be used; `cell` as a sheet names it, "" where none can be named."""

    def __init__(self, cell: str, text: str, **values: str | float) -> None:
        """Hold where and what."""
        super().__init__("", text, **values)
        self.cell = cell

    @classmethod
    def of(cls, cell: str, wrong: Refusal) -> Self:
        """A refusal of what stands in a cell."""
        made = cls(cell, wrong.what.text, **wrong.what.values)
        made.where = wrong.where
        return made


def write(catalogue: Catalogue) -> bytes:
    """The workbook (xlsx): every question a row, in the order of the catalogue."""
    workbook = Workbook()
    sheet: Any = workbook.active
    sheet.title = SHEET
    for column, name in enumerate(flat.COLUMNS, start=1):
        safe_cell(sheet.cell(1, column), name).font = Font(name=sheets.FONT, bold=True)
    for number, question in enumerate(catalogue.questions.values(), start=2):
        row = flat.cells(catalogue, question)
        for column, name in enumerate(flat.COLUMNS, start=1):
            cell = safe_cell(sheet.cell(number, column), row[name])
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.number_format = "@"  # what looks like a number stays the text it is
    for index, name in enumerate(flat.COLUMNS, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = WIDTHS.get(name, USUAL_WIDTH)
    sheet.freeze_panes = "B2"
    out = BytesIO()
    workbook.save(out)
    return out.getvalue()


def read(table: Table, base: Catalogue) -> Catalogue:
    """The draft `base` with what the sheet says: the questions of the hospital, and which of ours stand in which set.

    A question of ours without a row stands in no set. Raises BadSheet with the cell.
    """
    heading = [title.strip().lower() for title in table.heading]
    if missing := [name for name in ("id", "kind", "sets") if name not in heading]:
        raise BadSheet("", N_("no column is headed %(name)s"), name=repr(missing[0]))
    if strange := [title for title in heading if title and title not in flat.COLUMNS]:
        raise BadSheet("", N_("the column %(name)s is none of ours"), name=repr(strange[0][:40]))
    places = {name: get_column_letter(heading.index(name) + 1) for name in flat.COLUMNS if name in heading}
    rows = {}
    for number, cells in enumerate(table.rows, start=table.first):
        row = dict(zip(heading, cells, strict=False))
        name = row.get("id", "").strip()
        if not any(cell.strip() for cell in cells):
            continue
        if not name or name in rows:
            said = N_("the id %(name)s stands twice") if name else N_("the id is missing")
            raise BadSheet(f"{places['id']}{number}", said, name=repr(name))
        if not owning.is_own(name) and name not in base.questions:
            raise BadSheet(
                f"{places['id']}{number}",
                N_("%(name)s is none of ours; an id of your own begins %(prefix)s"),
                name=repr(name[:40]),
                prefix=owning.PREFIX,
            )
        rows[name] = (number, row)
    return _applied(rows, base, places)


def _applied(
    rows: Mapping[str, tuple[int, Mapping[str, str]]], base: Catalogue, places: Mapping[str, str]
) -> Catalogue:
    document = writing.document(base)
    sections = {section["id"]: section for section in document["sections"]}
    for section in document["sections"]:
        section["questions"] = [asked for asked in section["questions"] if not owning.is_own(asked["id"])]
    chosen: dict[QuestionSet, list[str]] = {one: [] for one in QuestionSet}
    for name, (number, row) in rows.items():
        try:
            for one in flat.sets(row.get("sets", "")):
                chosen[one].append(name)
            if owning.is_own(name):
                _place(sections, row.get("section", "").strip() or owning.SECTION)["questions"].append(flat.raw(row))
        except flat.BadCell as wrong:
            raise BadSheet.of(f"{places.get(wrong.column, '')}{number}", wrong) from wrong
    order = [asked["id"] for section in document["sections"] for asked in section["questions"]]
    for one in document["sets"]:
        one["questions"] = sorted(chosen[QuestionSet(one["id"])], key=order.index)
    try:
        return owning.load(writing.as_yaml(document))
    except BadFile as wrong:
        raise BadSheet.of(_cell(str(wrong), rows, places), wrong) from wrong


def _place(sections: Mapping[str, dict[str, Any]], name: str) -> dict[str, Any]:
    if name not in sections:
        raise flat.BadCell("section", N_("there is no section %(name)s"), name=repr(name[:40]))
    return sections[name]


def _cell(said: str, rows: Mapping[str, tuple[int, Mapping[str, str]]], places: Mapping[str, str]) -> str:
    """The cell that a refusal of the loader is about."""
    found = _QUESTION.match(said)
    if found is None or found[1] not in rows:
        return ""
    rest = said[found.end() :]
    column = next((column for place, column in PLACES.items() if rest.startswith(place)), "")
    column = column or next((column for word, column in MEANT if word in rest), "id")
    return f"{places.get(column, places['id'])}{rows[found[1]][0]}"


def is_sheet(content: bytes) -> bool:
    """Whether a file is a workbook, or else YAML."""
    return content.startswith(b"PK")
