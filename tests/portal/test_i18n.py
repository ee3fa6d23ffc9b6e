"""Two languages from many fragments."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import i18n

HEAD = 'msgid ""\nmsgstr ""\n"Language: de\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'


def fragment(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.po").write_text(HEAD + text, encoding="utf-8")


def test_fragments_are_read_as_one(tmp_path: Path):
    fragment(tmp_path / "de", "a", 'msgid "yes"\nmsgstr "ja"\n')
    fragment(
        tmp_path / "de",
        "b",
        'msgid "one host"\nmsgid_plural "%(num)s hosts"\nmsgstr[0] "ein Host"\nmsgstr[1] "%(num)s Hosts"\n',
    )

    merged = i18n.load(tmp_path / "de")

    assert merged.singular == {"yes": "ja"}
    assert merged.plural == {("one host", "%(num)s hosts"): ("ein Host", "%(num)s Hosts")}


def test_two_fragments_may_not_disagree(tmp_path: Path):
    fragment(tmp_path / "de", "a", 'msgid "failed"\nmsgstr "gescheitert"\n')
    fragment(tmp_path / "de", "b", 'msgid "failed"\nmsgstr "verfehlt"\n')

    with pytest.raises(i18n.TranslationClash):
        i18n.load(tmp_path / "de")


def test_a_lazy_sentence_is_read_in_the_language_of_its_reader():
    sentence = i18n.lazy_gettext("Sign in")

    with i18n.speaking("de"):
        german = str(sentence)
    with i18n.speaking("en"):
        english = str(sentence)

    assert (german, english) == ("Anmelden", "Sign in")


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("", "de"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("fr,de;q=0.5,en;q=0.7", "en"),
        ("fr", "de"),
        ("en;q=0", "de"),
        ("*", "de"),
        ("de;q=0.9,en;q=0.9", "de"),
    ],
)
def test_the_browser_is_asked_what_it_reads(header: str, chosen: str):
    assert i18n.negotiate(header) == chosen


@given(st.text())
def test_any_header_gives_one_of_our_languages(header: str):
    assert i18n.negotiate(header) in i18n.LANGUAGES


@pytest.mark.parametrize(
    ("environment", "languages"),
    [
        ({"LANG": "de_DE.UTF-8"}, ("de",)),
        ({"LANG": "en_GB.UTF-8"}, ("en",)),
        ({"LANG": "fr_FR"}, ("en",)),
        ({"LC_ALL": "de_AT", "LANG": "en_US"}, ("de",)),
        ({"LC_ALL": "", "LC_MESSAGES": "en_US", "LANG": "de_DE"}, ("en",)),
        ({"LANG": "C.UTF-8"}, ("de", "en")),
        ({"LANG": "POSIX"}, ("de", "en")),
        ({}, ("de", "en")),
        ({"LANG": "ca_ES"}, ("en",)),
    ],
)
def test_a_terminal_is_spoken_to_in_its_language_and_in_both_where_it_names_none(environment, languages):
    assert i18n.of_terminal(environment) == languages
