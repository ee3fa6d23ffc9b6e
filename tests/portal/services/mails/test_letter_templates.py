"""The hospital's own words: a closed list of placeholders, filled once, and what every mail has to say."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from portal.db.models.accounts import Hospital
from portal.db.models.jobs import OutboxMail
from portal.errors import BadInput, Clash, NotAllowed
from portal.services.mails import letter_templates
from portal.services.mails.letter_templates import Facts, Gap, Kind, Words
from tests.portal.web.hospital import ward
from tests.portal.web.vendor import errand

LETTER = "{Krankenhaus} bittet um Auskunft zu {Produkte}.\n\n{Absatz}\n\nBis {Frist}.\n\n{Link}\n\nIhr Einkauf"


def facts(**values) -> Facts:
    given = {
        "hospital": Hospital(name="Klinikum Nord", contact_name="", contact_email="", contact_phone=""),
        "vendor": "PACS GmbH",
        "products": ["PACS"],
        "minutes": 30,
        "due_on": date(2026, 12, 21),
    }
    return Facts(**{**given, **values})


def fill(text: str, language: str = "de", **values):
    return letter_templates.fill(
        Words(subject="S", text=text),
        facts(**values),
        language=language,
        link="https://x/i",
        link_text="Hier",
        always=["Immer."],
    )


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("kind", list(Kind))
def test_what_is_supplied_passes_its_own_check_and_leaves_no_gap(kind: Kind, language: str):
    words = letter_templates.default(kind, language)

    letter_templates.check(words.subject, words.text, language)
    letter = letter_templates.fill(words, facts(), language=language, link="L", link_text="T", always=["A"])
    assert "{" not in letter.subject + letter.text
    assert "Klinikum Nord" in letter.text


@pytest.mark.parametrize(
    ("subject", "text", "field", "words"),
    [
        ("S", LETTER.replace("{Frist}", "{Datum}"), "text", "Datum"),
        ("{Link}", LETTER, "subject", "link"),
        ("S", LETTER.replace("{Link}", "Hier: {Link}"), "text", "{Link}"),
        ("S", LETTER + "\n\n{Link}", "text", "{Link}"),
        ("S", LETTER.replace("{Frist}", "bald"), "text", "{Frist}"),
        ("S", LETTER.replace("{Krankenhaus}", "Wir"), "text", "{Krankenhaus}"),
        ("", LETTER, "subject", "Write"),
        ("S", LETTER + "x" * 7000, "text", "6000"),
    ],
)
def test_what_a_mail_needs_is_said_before_it_is_sent(subject: str, text: str, field: str, words: str):
    with pytest.raises(BadInput) as refused:
        letter_templates.check(subject, text, "de")

    message = refused.value.fields[field]
    assert words in message.render(lambda sentence: sentence)


def test_a_paragraph_with_nothing_to_say_is_left_out_and_the_rest_stands_around_the_link():
    letter = fill(LETTER)

    assert letter.paragraphs == ["Klinikum Nord bittet um Auskunft zu PACS.", "Bis 21.12.2026."]
    assert letter.closing == ["Immer.", "Ihr Einkauf"]
    assert fill(LETTER, message="Eilt.").paragraphs[1] == "Eilt."


def test_names_of_either_language_are_taken_in_any_case():
    assert fill("{ HOSPITAL } {krankenhaus} {due}\n\n{link}").paragraphs == ["Klinikum Nord Klinikum Nord 21.12.2026"]


@given(st.text(max_size=80))
def test_a_value_is_text_and_never_a_placeholder(name: str):
    letter = fill("{Lieferant}|{Krankenhaus} {Frist}\n\n{Link}", vendor=name + "{Frist}")

    assert letter.paragraphs == [name + "{Frist}|Klinikum Nord 21.12.2026"]


def test_words_of_ones_own_go_out_with_the_next_invitation_and_can_be_taken_back(session, now):
    of = errand.invited(session, now)
    letter_templates.change(
        session,
        of.ward.assessor,
        Kind.INVITATION,
        "de",
        subject="Bitte von {Krankenhaus}",
        text=LETTER,
        version=0,
        now=now,
    )
    assert letter_templates.changed(session, of.ward.assessor) == {("invitation", "de")}
    ward.add(session, of.ward, "Zweite GmbH", "LIS", now=now)
    ward.invite(session, of.ward, "Zweite GmbH", now=now, due=errand.assessment(session, of).due_on)

    mail = session.scalars(select(OutboxMail).where(OutboxMail.subject == "Bitte von Klinikum Nord")).one()
    assert "Ihr Einkauf" in mail.text
    assert "verpflichtet zu nichts" in mail.text  # stands in every invitation

    letter_templates.reset(session, of.ward.assessor, Kind.INVITATION, "de", now=now)
    session.flush()
    assert letter_templates.standing(session, of.ward.hospital_id, Kind.INVITATION, "de").version == 0


def test_of_two_writers_the_second_is_told_and_readers_write_nothing(session, now):
    of = ward.empty(session)
    change = {"subject": "S", "text": LETTER, "version": 0, "now": now}
    letter_templates.change(session, of.admin, Kind.REMINDER, "de", **change)

    with pytest.raises(Clash):
        letter_templates.change(session, of.assessor, Kind.REMINDER, "de", **change)
    with pytest.raises(NotAllowed):
        letter_templates.change(session, of.auditor, Kind.REMINDER, "en", **change)


def test_every_placeholder_has_a_german_name_and_a_meaning():
    assert set(letter_templates.GERMAN) == set(letter_templates.MEANINGS) == set(Gap)
