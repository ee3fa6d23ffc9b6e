"""What stored findings of earlier versions say still reads, and no check says it any more."""

import re
from pathlib import Path

import pytest

from portal import i18n
from scanners import former

SOURCES = "".join(path.read_text(encoding="utf-8") for path in Path(former.__file__).parent.glob("checks/*.py"))


@pytest.mark.parametrize("sentence", former.FORMER)
def test_a_former_sentence_reads_in_german_and_is_said_no_more(sentence: str):
    assert re.findall(r"[A-Za-zÄÖÜäöü]{4,}", i18n.translator("de")(sentence)) != re.findall(r"[A-Za-z]{4,}", sentence)
    assert sentence not in SOURCES
