"""An answer pack as a workbook: for people who read it; what another installation loads is the JSON beside it."""

from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Border, Font
from openpyxl.utils import get_column_letter

from assessments import evidence_kinds
from questionnaires import answering
from questionnaires.model import Catalogue
from questionnaires.packs import Pack, PackedAnswer
from reports.reader import Reader
from reports.workbooks import sheets
from reports.workbooks.sheets import Paper
from scanners.model import N_

ANSWERS, DOCUMENTS = N_("Answers"), N_("Documents")
ANSWER_COLUMNS = (
    (N_("No."), 10),
    (N_("Section"), 28),
    (N_("Product"), 22),
    (N_("Question"), 62),
    (N_("Answer"), 36),
    (N_("Note"), 44),
    (N_("Given on"), 18),
    (N_("Documents"), 14),
)
DOCUMENT_COLUMNS = (
    (N_("No."), 8),
    (N_("Kind"), 34),
    (N_("Issuer"), 30),
    (N_("Scope"), 40),
    (N_("Issued on"), 13),
    (N_("Valid from"), 13),
    (N_("Valid until"), 13),
    (N_("Fingerprint (SHA-256)"), 68),
)


def write(pack: Pack, catalogue: Catalogue, *, fingerprint: str, reader: Reader) -> bytes:
    """The workbook (xlsx): what the pack is, its answers in words, and its documents."""
    workbook = Workbook()
    first = workbook.active
    assert first is not None
    _cover(first, pack, catalogue, fingerprint, reader)
    _table(
        workbook,
        ANSWERS,
        ANSWER_COLUMNS,
        [_answer(one, catalogue, reader) for one in _ordered(pack, catalogue)],
        reader,
    )
    rows = [
        [
            one.id,
            evidence_kinds.text_of(catalogue, one.type).get(reader.language),
            one.issuer,
            one.scope,
            *(reader.day(day) for day in (one.issued_on, one.valid_from, one.valid_to)),
            one.sha256,
        ]
        for one in pack.documents
    ]
    if rows:
        _table(workbook, DOCUMENTS, DOCUMENT_COLUMNS, rows, reader)
    out = BytesIO()
    workbook.save(out)
    return out.getvalue()


def _cover(sheet: Any, pack: Pack, catalogue: Catalogue, fingerprint: str, reader: Reader) -> None:
    sheet.title = reader.text(N_("Answer pack"))
    sheets.lay_out(sheet, widths=(30, 90), paper=Paper(wide=False, landscape=False))
    sheet.sheet_view.showGridLines = False
    title = Font(name=sheets.FONT, size=16, bold=True, color=sheets.ACCENT)
    sheet.append(
        [sheets.styled(sheet, reader.text(N_("Answer pack of %(company)s"), company=pack.company), font=title)]
    )
    sheet.append([])
    standing = (
        reader.text(N_("signed off on %(when)s"), when=reader.moment(pack.signed_off_at))
        if pack.signed_off_at is not None
        else reader.text(N_("draft, signed off by nobody"))
    )
    bold = Font(name=sheets.FONT, size=10, bold=True, color=sheets.INK)
    for label, value in (
        (N_("Standing"), standing),
        (N_("Taken along on"), reader.moment(pack.made_at)),
        (N_("Questionnaire"), f"{catalogue.title.get(reader.language)} ({pack.catalogue_id} {pack.catalogue_version})"),
        (N_("Products"), ", ".join(pack.products)),
        (N_("Answers"), str(len(pack.answers))),
        (N_("Key of the signature (SHA-256)"), fingerprint),
    ):
        sheet.append([sheets.styled(sheet, reader.text(label), font=bold), sheets.styled(sheet, value)])
    sheet.append([])
    words = N_(
        "This workbook is for reading. What another installation loads is the file answer-pack.json beside it: it is "
        "signed, and every change of it shows. Answers that are loaded count for nothing until somebody confirms them."
    )
    sheet.append([sheets.styled(sheet, None), sheets.styled(sheet, reader.text(words))])
    sheet.row_dimensions[sheet.max_row].height = 45


def _table(workbook: Workbook, title: str, columns: Any, rows: list[list[str]], reader: Reader) -> None:
    sheet: Any = workbook.create_sheet(reader.text(title))
    sheets.lay_out(sheet, widths=[width for _title, width in columns], paper=Paper(), frozen="B2")
    sheet.append(sheets.heading(sheet, [reader.text(title) for title, _width in columns]))
    for row in rows:
        cells = [sheets.styled(sheet, value, border=Border(bottom=sheets.HAIR)) for value in row]
        sheet.append(cells)
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{max(sheet.max_row, 2)}"
    sheet.print_title_rows = "1:1"


def _ordered(pack: Pack, catalogue: Catalogue) -> list[PackedAnswer]:
    order = {name: rank for rank, name in enumerate([*(one.id for one in catalogue.profile), *catalogue.questions])}
    return sorted(pack.answers, key=lambda one: (order.get(one.question, len(order)), one.product))


def _answer(one: PackedAnswer, catalogue: Catalogue, reader: Reader) -> list[str]:
    language = reader.language
    profile = {each.id: each for each in catalogue.profile}
    asked = catalogue.questions.get(one.question)
    question = asked or profile[one.question]
    return [
        one.question,
        catalogue.section(asked.section).title.get(language) if asked is not None else "",
        one.product,
        question.text.get(language),
        answering.show(question.shape, one.value, language=language),
        one.value.comment,
        reader.moment(one.given_at),
        ", ".join(one.documents),
    ]
