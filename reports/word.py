"""Documents that people go on writing in Word: one set of styles, text stays text, same facts same bytes."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docx import Document
from docx.document import Document as OpenDocument
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import _Cell
from docx.text.paragraph import Paragraph

from reports.reader import Reader
from reports.workbooks import cells
from scanners.model import N_

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FONT = "Arial"  # stands on every desk, and the free programs have one of the same widths
INK, ACCENT, FAINT = RGBColor(0x1B, 0x2A, 0x38), RGBColor(0x1F, 0x4E, 0x79), RGBColor(0x5A, 0x67, 0x72)
LINE, SHADE = "B8C2CC", "F2F5F7"
WIDTH = 166.0  # millimetres of text between the margins
SHORT = 12  # rows of a table that is not parted
_LANGUAGES = {"de": "de-DE", "en": "en-GB"}
_HEADINGS = {1: 15.0, 2: 12.0, 3: 10.5}  # points
_TIGHT = (  # style, size, space before and after, in points
    ("Normal", 9.5, 0, 4),
    ("Title", 17, 0, 2),
    ("Subtitle", 10, 0, 5),
    ("Heading 2", 11, 9, 3),
    ("List Bullet", 9.5, 0, 1.5),
    ("Faint", 8, 0, 2),
    ("Cell", 9, 1, 1),
    ("Signature line", 8.5, 18, 0),
)
_EPOCH = (1980, 1, 1, 0, 0, 0)


class Paper:
    """A document from top to bottom: each verb adds to its end.

    Whatever is handed in goes in as text, signs that XML cannot hold as U+FFFD; a line break stays one.
    """

    def __init__(self, reader: Reader, *, title: str, author: str, at: datetime) -> None:
        """An empty document with the house's styles; `at` is the moment it says it was made."""
        self._reader = reader
        self._document = _styled(Document(), language=_LANGUAGES[reader.language])
        self._at = at.astimezone(UTC).replace(microsecond=0, tzinfo=None)
        facts = self._document.core_properties
        facts.title, facts.author, facts.last_modified_by = _short(title), _short(author), _short(author)
        facts.created = facts.modified = self._at
        facts.language, facts.comments, facts.revision = _LANGUAGES[reader.language], "", 1
        _footer(self._document, left=_short(title), page=reader.text(N_("Page")))

    def title(self, text: str, *, kicker: str = "", lead: str = "") -> None:
        """The name of the document, with a small line above and a larger one below it."""
        if kicker:
            self._faint(kicker)
        self._add(text, "Title")
        if lead:
            self._add(lead, "Subtitle")

    def tighten(self) -> None:
        """For what has to stand on one page: narrower margins, smaller letters, less space between."""
        section, styles = self._document.sections[0], self._document.styles
        section.top_margin, section.bottom_margin = Mm(14), Mm(14)
        for name, size, before, after in _TIGHT:
            styles[name].font.size = Pt(size)
            spacing = styles[name].paragraph_format
            spacing.space_before, spacing.space_after = Pt(before), Pt(after)
            spacing.line_spacing = 1.05

    def heading(self, text: str, level: int = 1) -> None:
        """A heading of level 1 to 3; it stays with what follows."""
        self._add(text, f"Heading {level}")

    def text(self, text: str, *, lead: str = "") -> None:
        """A paragraph; `lead` stands before it in bold."""
        paragraph = self._document.add_paragraph()
        if lead:
            paragraph.add_run(f"{cells.clean(lead)} ").bold = True
        paragraph.add_run(cells.clean(text))

    def faint(self, text: str, *, leads: bool = False) -> None:
        """A small grey paragraph: a source, a remark. One that leads stays with what follows."""
        self._faint(text).paragraph_format.keep_with_next = leads or None

    def note(self, text: str) -> None:
        """A paragraph in a shaded box."""
        paragraph = self._add(text, "Normal")
        _shade(paragraph._p.get_or_add_pPr(), SHADE)  # noqa: SLF001 - python-docx has no word for shading

    def items(self, texts: Iterable[str], *, numbered: bool = False) -> None:
        """A list with points, or with numbers."""
        for text in texts:
            self._add(text, "List Number" if numbered else "List Bullet")

    def clause(self, number: str, text: str, *, leads: bool = False) -> None:
        """A numbered paragraph of a contract: the number hangs, so that it may be changed by hand."""
        paragraph = self._add(f"{number}\t{text}", "Clause")
        paragraph.paragraph_format.keep_with_next = leads or None
        paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(10))

    def table(
        self, head: Sequence[str], rows: Iterable[Sequence[str]], *, widths: Sequence[float] | None = None
    ) -> None:
        """A table whose head is said again on each page and whose rows are not torn; `widths` are shares."""
        table = self._document.add_table(rows=1, cols=len(head))
        table.style, table.alignment, table.autofit = "Table Grid", WD_TABLE_ALIGNMENT.LEFT, False
        _thin(table._tbl.tblPr)  # noqa: SLF001 - python-docx has no word for the colour of lines
        shares = widths or [1.0] * len(head)
        sizes = [Mm(WIDTH * share / sum(shares)) for share in shares]
        for cell, text in zip(table.rows[0].cells, head, strict=True):
            _fill(cell, text, bold=True)
            _shade(cell._tc.get_or_add_tcPr(), SHADE)  # noqa: SLF001 - as above
        _row_property(table.rows[0]._tr, "w:tblHeader")  # noqa: SLF001 - as above
        for row in rows:
            added = table.add_row()
            _row_property(added._tr, "w:cantSplit")  # noqa: SLF001 - as above
            for cell, text in zip(added.cells, row, strict=True):
                _fill(cell, text)
        for place, row_ in enumerate(table.rows, start=1):
            for cell, size in zip(row_.cells, sizes, strict=True):
                cell.width = size
                if len(table.rows) <= SHORT and place < len(table.rows):  # a short table stays on one page
                    cell.paragraphs[0].paragraph_format.keep_with_next = True
        for column, size in zip(table.columns, sizes, strict=True):
            column.width = size
        self._document.add_paragraph().paragraph_format.space_after = Pt(2)

    def signatures(self, people: Iterable[str]) -> None:
        """A line to sign on for each: place and day, name and function."""
        names = [cells.clean(name) for name in people]
        place = self._reader.text(N_("Place, date"))
        signature = self._reader.text(N_("Signature"))
        table = self._document.add_table(rows=0, cols=3)
        table.autofit = False
        for number, name in enumerate(names, start=1):
            row = table.add_row()
            _row_property(row._tr, "w:cantSplit")  # noqa: SLF001 - as above
            for cell, text, width in zip(
                row.cells, (place, signature, name), (WIDTH * 0.28, WIDTH * 0.36, WIDTH * 0.36), strict=True
            ):
                cell.width = Mm(width)
                paragraph = cell.paragraphs[0]
                paragraph.style = "Signature line"
                paragraph.paragraph_format.keep_with_next = number < len(names) or None  # nobody signs a page alone
                paragraph.add_run("_" * (17 if text == place else 23) + "\n")
                paragraph.add_run(text)
        self._document.add_paragraph()

    def content(self) -> bytes:
        """The file; every part of it bears the same old date, so the same facts are the same bytes."""
        plain, fixed = BytesIO(), BytesIO()
        self._document.save(plain)
        with ZipFile(plain) as made, ZipFile(fixed, "w", ZIP_DEFLATED) as packed:
            for name in made.namelist():
                if name != "docProps/thumbnail.jpeg":
                    part = ZipInfo(name, _EPOCH)
                    part.compress_type = ZIP_DEFLATED
                    packed.writestr(part, _without_thumbnail(name, made.read(name)))
        return fixed.getvalue()

    def _add(self, text: str, style: str) -> Paragraph:
        return self._document.add_paragraph(cells.clean(text), style=style)

    def _faint(self, text: str) -> Paragraph:
        return self._add(text, "Faint")


def _short(text: str) -> str:
    return " ".join(cells.clean(text).split())[:250]  # a property of a document holds 255 characters


def _without_thumbnail(name: str, part: bytes) -> bytes:
    """The picture of python-docx's own template goes, and the word of it."""
    if name != "_rels/.rels":
        return part
    return re.sub(rb"<Relationship [^>]*thumbnail\.jpeg[^>]*/>", b"", part)


# ---- styles


def _styled(document: OpenDocument, *, language: str) -> OpenDocument:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin, section.right_margin = Mm(24), Mm(20)
    section.top_margin, section.bottom_margin = Mm(22), Mm(20)
    styles = document.styles
    _face(styles["Normal"], size=10, colour=INK, after=5)
    styles["Normal"].paragraph_format.line_spacing = 1.25
    _face(styles["Title"], size=22, colour=ACCENT, after=4, bold=True)
    _borderless(styles["Title"])
    _face(styles["Subtitle"], size=12, colour=FAINT, after=12)
    for level, size in _HEADINGS.items():
        _face(styles[f"Heading {level}"], size=size, colour=ACCENT, before=12, after=4, bold=True)
        styles[f"Heading {level}"].paragraph_format.keep_with_next = True
    for name in ("List Bullet", "List Number"):
        _face(styles[name], size=10, colour=INK, after=2)
    for name, based in (("Clause", "Normal"), ("Faint", "Normal"), ("Cell", "Normal"), ("Signature line", "Normal")):
        made = styles.add_style(name, 1)
        made.base_style = styles[based]
    _face(styles["Clause"], size=10, colour=INK, after=5)
    styles["Clause"].paragraph_format.left_indent = Mm(10)
    styles["Clause"].paragraph_format.first_line_indent = Mm(-10)
    _face(styles["Faint"], size=8.5, colour=FAINT, after=4)
    _face(styles["Cell"], size=9, colour=INK, before=1.5, after=1.5)
    styles["Cell"].paragraph_format.line_spacing = 1.1
    _face(styles["Signature line"], size=9, colour=FAINT, before=22, after=0)
    styles["Signature line"].paragraph_format.line_spacing = 1.1
    _speak(document, language)
    return document


def _face(
    style: ParagraphStyle, *, size: float, colour: RGBColor, before: float = 0, after: float = 0, bold: bool = False
) -> None:
    font = style.font
    font.name, font.size, font.bold, font.italic = FONT, Pt(size), bold, False
    font.color.rgb = colour
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in list(fonts.attrib):
        if "Theme" in name:  # else Word takes the face of its theme
            del fonts.attrib[name]
    for script in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
        fonts.set(qn(script), FONT)
    for letter_spacing in style.element.rPr.findall(qn("w:spacing")):
        style.element.rPr.remove(letter_spacing)
    style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)


def _borderless(style: ParagraphStyle) -> None:
    properties = style.element.get_or_add_pPr()
    for border in properties.findall(qn("w:pBdr")):
        properties.remove(border)


def _speak(document: OpenDocument, language: str) -> None:
    """The language, so that a screen reader and the spelling checker know it."""
    defaults = document.styles.element.find(qn("w:docDefaults")).find(qn("w:rPrDefault")).find(qn("w:rPr"))
    found = defaults.find(qn("w:lang"))
    mark = found if found is not None else OxmlElement("w:lang")
    mark.set(qn("w:val"), language)
    mark.set(qn("w:eastAsia"), language)
    if found is None:
        defaults.append(mark)


def _footer(document: OpenDocument, *, left: str, page: str) -> None:
    """The title on the left, the page out of how many on the right."""
    paragraph = document.sections[0].footer.paragraphs[0]
    paragraph.style = "Faint"
    paragraph.paragraph_format.tab_stops.clear_all()
    paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(WIDTH), WD_TAB_ALIGNMENT.RIGHT)
    paragraph.alignment = WD_ALIGN_PARAGRAPH.LEFT
    shown = left if len(left) <= 80 else f"{left[:79]}…"  # noqa: PLR2004 - what fits beside the page number
    paragraph.add_run(f"{shown}\t{page} ")
    _field(paragraph, "PAGE")
    paragraph.add_run(" / ")
    _field(paragraph, "NUMPAGES")


def _field(paragraph: Paragraph, code: str) -> None:
    for kind, text in (("begin", ""), ("", code), ("separate", ""), ("", "1"), ("end", "")):
        run = paragraph.add_run()
        if kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run._r.append(mark)  # noqa: SLF001 - python-docx has no word for fields
        elif text == code:
            instruction = OxmlElement("w:instrText")
            instruction.set(qn("xml:space"), "preserve")
            instruction.text = code
            run._r.append(instruction)  # noqa: SLF001 - as above
        else:
            run.text = text


# ---- tables


def _fill(cell: _Cell, text: str, *, bold: bool = False) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.style = "Cell"
    paragraph.add_run(cells.clean(text)).bold = bold or None


def _thin(properties: Any) -> None:
    borders = OxmlElement("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        line = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", "4"), ("space", "0"), ("color", LINE)):
            line.set(qn(f"w:{name}"), value)
        borders.append(line)
    properties.append(borders)


def _row_property(row: Any, name: str) -> None:
    row.get_or_add_trPr().append(OxmlElement(name))


def _shade(properties: Any, colour: str) -> None:
    shade = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", colour)):
        shade.set(qn(f"w:{name}"), value)
    properties.append(shade)
