"""German is complete: every sentence of the code and the pages has its translation, with the same gaps."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from portal import i18n
from tests.house import tree

KEYWORDS = {
    "N_": None,
    "_": None,
    "_l": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}
GAP = re.compile(r"%\((\w+)\)[sdif]|%%")
TAG = re.compile(r"</?[a-z][^>]*>")
FRAGMENTS = sorted((i18n.FRAGMENTS / "de").glob("*.po"))


def sentences() -> Iterator[tuple[str, str | tuple[str, ...]]]:
    """Every marked sentence with the file it stands in."""
    for path in (path for package in tree.PACKAGES for path in tree.files(package)):
        method = {".py": "python", ".html": "jinja2.ext:babel_extract", ".txt": "jinja2.ext:babel_extract"}.get(
            path.suffix
        )
        if method is None or (path.suffix == ".txt" and "templates" not in path.parts):
            continue
        options = {"silent": "false", "trimmed": "true"} if path.suffix != ".py" else {}
        for _line, found, _comments, _context in extract_from_file(method, path, keywords=KEYWORDS, options=options):
            yield tree.where(path), found
        if path.suffix == ".py":
            yield from ((tree.where(path), found) for found in within_f_strings(path.read_text(encoding="utf-8")))


def within_f_strings(source: str) -> Iterator[str]:
    """Marks that Babel does not see, because they stand in the gap of an f-string."""
    for text in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.JoinedStr)):
        for call in (node for node in ast.walk(text) if isinstance(node, ast.Call)):
            if isinstance(call.func, ast.Name) and call.func.id in KEYWORDS and isinstance(call.args[0], ast.Constant):
                yield str(call.args[0].value)


def test_a_mark_within_an_f_string_is_seen():
    line = """f"{count} ({_('of two')}, {reader.text(N_('seen'))}, {_(word)})\""""

    assert list(within_f_strings(line)) == ["of two", "seen"]


def test_every_sentence_has_its_german():
    german = i18n.catalogue("de")
    missing = [
        f"{where}: {found}"
        for where, found in sentences()
        if (found not in german.singular if isinstance(found, str) else tuple(found[:2]) not in german.plural)
    ]

    assert not missing, "\n".join(sorted(set(missing)))


def test_no_translation_has_lost_its_sentence():
    """What nobody says any more is only in the way."""
    said = {found if isinstance(found, str) else tuple(found[:2]) for _where, found in sentences()}
    german = i18n.catalogue("de")

    lost = sorted(map(str, (german.singular.keys() | german.plural.keys()) - said))
    assert not lost, "\n".join(lost)


@pytest.mark.parametrize("path", FRAGMENTS, ids=lambda path: path.stem)
def test_a_translation_has_the_gaps_and_the_marks_of_its_sentence(path: Path):
    wrong = []
    for source, german in pairs(path):
        if sorted(GAP.findall(source)) != sorted(GAP.findall(german)):
            wrong.append(f"gaps: {source!r} {german!r}")
        if sorted(TAG.findall(source)) != sorted(TAG.findall(german)):
            wrong.append(f"tags: {source!r} {german!r}")

    assert wrong == []


@pytest.mark.parametrize("path", FRAGMENTS, ids=lambda path: path.stem)
def test_german_is_set_as_german_is(path: Path):
    """„…“ around words, and a narrow no-break space where a line must not break: § 30, Abs. 2, z. B."""
    loose = re.compile(
        r"§ \d|\b(Abs|Nr|Art|Anh|Buchst)\. \d|\bz\. ?B\.(?<!z\.\u202fB\.)|(?<![=\w])\"(?![\w/]*>)[A-Za-zÄÖÜäöü]"
    )

    assert [german for _source, german in pairs(path) if loose.search(TAG.sub("", german))] == []


def pairs(path: Path) -> Iterator[tuple[str, str]]:
    """Each sentence of a fragment with its German."""
    with path.open("rb") as file:
        for message in read_po(file, locale="de"):
            if not message.id:
                continue
            if isinstance(message.id, str):
                yield message.id, str(message.string)
            else:
                # The one may do without its number: "one host" and "%(num)s hosts" share the gaps of the many.
                yield message.id[1], message.string[-1]
