"""Tables as data: every column has a heading, a value for every row, in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from assessments import policy, register
from assessments.model import Register, Treated, Treatment
from portal import i18n
from reports import tables
from reports.reader import Reader
from tests.reports import building

LONGEST_HEADING = 32


@pytest.fixture(scope="module")
def facts() -> Register:
    return register.build([building.assessed(1)], policy.current(), hospital="Klinikum", at=building.NOW)


def every_table(facts: Register):
    return {
        "vendors": (tables.VENDORS, facts.vendors),
        "risks": (tables.risks(facts), facts.risks),
        "findings": (tables.findings(facts), facts.findings),
        "answers": (tables.answers(facts), facts.answers),
        "evidence": (tables.evidence(facts), facts.evidence),
        "not examined": (tables.not_examined(facts), facts.not_examined),
    }


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_column_has_a_value_for_every_row(facts: Register, language: str):
    reader = Reader(language=language, translate=i18n.translator(language))
    for name, (columns, rows) in every_table(facts).items():
        assert rows, name
        for column in columns:
            values = [column.value(row, reader) for row in rows]
            assert not [value for value in values if isinstance(value, str) and "%(" in value], column.title


def test_headings_are_short_different_and_german(facts: Register):
    german = i18n.translator("de")
    for name, (columns, _rows) in every_table(facts).items():
        heads = [german(column.title) for column in columns]
        assert len(set(heads)) == len(heads), name
        assert all(len(head) <= LONGEST_HEADING for head in heads), name


def test_an_answer_is_told_in_the_readers_words(facts: Register):
    row = next(row for row in facts.answers if row.question.id == "GV-01" and row.value is not None)
    texts = {
        language: tables.answer_text(row, Reader(language=language, translate=i18n.translator(language)))
        for language in ("de", "en")
    }

    assert texts["de"] != texts["en"]


def test_silence_before_and_after_the_deadline_are_two_things(facts: Register):
    reader = Reader(language="de", translate=i18n.translator("de"))
    empty = [row for row in facts.answers if row.value is None]

    assert empty
    assert {tables.answer_text(row, reader) for row in empty} <= {"noch nicht beantwortet", "ohne Auskunft"}


def test_modules_keep_their_letters_and_measures_get_a_number():
    assert [tables.part_title(part) for part in ("1", "10", "MD", "CL", "DP")] == ["Nr. 1", "Nr. 10", "MD", "CL", "DP"]


def test_what_people_wrote_about_a_risk_stands_beside_it(facts: Register):
    treated, untouched = facts.risks[:2]
    written = Treated(
        treatment=Treatment.ACCEPT,
        owner="IT-Leitung",
        due_on=date(2027, 1, 31),
        accepted_until=date(2027, 3, 31),
        note="Austausch im Frühjahr",
        by="Dr. Berg",
        at=building.NOW,
    )
    told = replace(facts, treatments={(treated.vendor_key, treated.key): written})
    german = Reader(language="de", translate=i18n.translator("de"))
    rows = [
        {german.text(column.title): column.value(risk, german) for column in tables.risks(told)}
        for risk in (treated, untouched)
    ]
    heads = [
        "Behandlung",
        "Zuständig",
        "Fällig am",
        "Akzeptiert bis",
        "Grund und Notiz",
        "Entschieden von",
        "Entschieden am",
    ]

    assert [rows[0][head] for head in heads] == [
        "akzeptieren",
        "IT-Leitung",
        date(2027, 1, 31),
        date(2027, 3, 31),
        "Austausch im Frühjahr",
        "Dr. Berg",
        building.NOW,
    ]
    assert [rows[1][head] for head in heads] == ["offen", "", None, None, "", "", None]


def test_a_measure_has_its_number_as_its_reader_says_it():
    german, english = (Reader(language=name, translate=str) for name in ("de", "en"))

    assert [tables.numbered(tables.part_title(part), german) for part in ("5", "MD")] == ["Nr. 5", "MD"]
    assert [tables.numbered(tables.part_title(part), english) for part in ("5", "MD")] == ["No. 5", "MD"]
