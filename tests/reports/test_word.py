"""Documents for Word: well-formed whatever goes in, nothing lost, the same bytes for the same facts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from zipfile import ZipFile

import docx
from hypothesis import given, settings
from hypothesis import strategies as st

from portal import i18n
from reports import word
from reports.reader import Reader
from reports.workbooks import cells

AT = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)
PARTS = (
    "[Content_Types].xml",
    "word/document.xml",
    "word/styles.xml",
    "docProps/core.xml",
)


def paper(text: str = "Wort", *, language: str = "de", at: datetime = AT) -> word.Paper:
    reader = Reader(language=language, translate=i18n.translator(language))
    made = word.Paper(reader, title=text, author=text, at=at)
    made.title(text, kicker=text, lead=text)
    made.heading(text)
    made.text(text, lead=text)
    made.faint(text)
    made.note(text)
    made.items([text, text], numbered=True)
    made.items([text])
    made.clause("1.1", text)
    made.table([text, "B"], [[text, text], ["", text]], widths=[1, 3])
    made.signatures([text])
    return made


def words(content: bytes) -> str:
    opened = docx.Document(BytesIO(content))
    in_tables = [cell.text for table in opened.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in opened.paragraphs), *in_tables])


def test_the_same_facts_are_the_same_bytes():
    assert paper().content() == paper().content()
    elsewhere = AT.astimezone(timezone(timedelta(hours=9)))
    assert paper().content() == paper(at=elsewhere).content()
    assert paper().content() != paper("Anderes").content()


def test_no_part_tells_when_or_with_what_it_was_made():
    with ZipFile(BytesIO(paper().content())) as archive:
        assert archive.testzip() is None
        assert set(PARTS) <= set(archive.namelist())
        assert not [name for name in archive.namelist() if "thumbnail" in name]
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"thumbnail" not in archive.read("_rels/.rels")
        assert b"python-docx" not in archive.read("docProps/core.xml")


def test_language_pages_and_heads_of_tables_are_said():
    for language, code, page in (("de", b'w:val="de-DE"', b"Seite"), ("en", b'w:val="en-GB"', b"Page")):
        with ZipFile(BytesIO(paper(language=language).content())) as archive:
            assert code in archive.read("word/styles.xml")
            footer = b"".join(archive.read(name) for name in archive.namelist() if "footer" in name)
            assert page in footer
            assert b"NUMPAGES" in footer
            document = archive.read("word/document.xml")
            assert document.count(b"<w:tblHeader/>") == 1
            assert document.count(b"<w:cantSplit/>") == 3


def test_headings_have_their_levels():
    made = word.Paper(Reader(language="en", translate=str), title="T", author="A", at=AT)
    for level in (1, 2, 3):
        made.heading(f"level {level}", level)
    found = [(one.style.name, one.text) for one in docx.Document(BytesIO(made.content())).paragraphs if one.text]
    assert found == [(f"Heading {level}", f"level {level}") for level in (1, 2, 3)]


@settings(max_examples=8)
@given(st.lists(st.text(alphabet=st.characters(), max_size=60), min_size=40, max_size=120))
def test_any_text_is_text_and_none_of_it_is_lost(texts: list[str]):
    made = word.Paper(Reader(language="de", translate=str), title="T", author="A", at=AT)
    for text in texts:
        made.text(text)
    made.table(["A"], [[text] for text in texts])
    content = made.content()
    with ZipFile(BytesIO(content)) as archive:
        assert b"<!ENTITY" not in archive.read("word/document.xml")
    told = words(content)
    assert [text for text in texts if cells.clean(text) not in told] == []


def test_markup_stays_text():
    hostile = '<w:p/>&amp;]]><script>x</script> {{ 7*7 }} =HYPERLINK("http://x.example") \x00\x0b\ud800'
    told = words(paper(hostile).content())
    assert hostile[:60] in told
    assert "\ufffd" in told


def test_nobody_signs_a_page_alone():
    made = word.Paper(Reader(language="de", translate=i18n.translator("de")), title="Titel", author="Haus", at=AT)
    made.signatures(["Erika Muster", "Paula Protokoll"])
    (table,) = docx.Document(BytesIO(made.content())).tables
    kept = [[cell.paragraphs[0].paragraph_format.keep_with_next for cell in row.cells] for row in table.rows]

    assert kept == [[True] * 3, [None] * 3]
