"""Two editors of one answer in every order that chance finds: nobody's acknowledged text is ever overwritten unread.

The gate plays two hundred interleavings; EDITORS_INTERLEAVINGS=10000 plays all of them (a few minutes):

    EDITORS_INTERLEAVINGS=10000 .venv/bin/pytest tests/portal/services/answers/test_two_editors.py
"""

from __future__ import annotations

import os
import random
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from portal.db.models.responses import Answer
from portal.errors import Clash
from portal.services.answers import responses
from portal.services.rounds import rounds
from questionnaires.model import AnswerValue
from tests.portal import building
from tests.portal.web.vendor import errand

INTERLEAVINGS = int(os.environ.get("EDITORS_INTERLEAVINGS", "200"))
BATCH = 200
STEPS = (3, 6)
TEXTS = ("yes", "no", "partial")


@dataclass
class Book:
    """What the server owes its editors: the text that was acknowledged last, and its number."""

    stands: AnswerValue | None = None
    version: int = 0


@dataclass
class Editor:
    """A page that is open: the version it shows, the text in its field, and what it sent without hearing back."""

    seen: int = 0
    unheard: tuple[AnswerValue | None, int] | None = None


def _play(save, book: Book, editors: list[Editor], chance: random.Random) -> None:
    """One step of one editor, checked against the book."""
    editor = chance.choice(editors)
    if editor.unheard is not None:  # the page sends it again until it hears something
        value, version = editor.unheard
        editor.unheard = None
        _send(save, book, editor, value, version, chance)
        return
    step = chance.choice(("load", "type", "type", "type", "clear", "lose"))
    if step == "load":
        editor.seen = book.version
        return
    value = None if step == "clear" else AnswerValue(choices=(chance.choice(TEXTS),), comment=str(chance.randrange(3)))
    if step == "lose":  # it arrives, but its acknowledgement is lost
        _send(save, book, Editor(seen=editor.seen), value, editor.seen, chance, is_lost=True)
        editor.unheard = (value, editor.seen)
        return
    _send(save, book, editor, value, editor.seen, chance)


def _send(save, book, editor, value, version, chance, *, is_lost=False):
    try:
        saved = save(value, version)
    except Clash as clash:
        # Refused only where somebody else's text stands that this page has not shown, and that text is handed over.
        assert version != book.version
        assert value != book.stands
        assert clash.version == book.version
        assert bool(clash.theirs) == (book.stands is not None)
        if not is_lost:
            editor.seen = clash.version
            if chance.random() < 0.5:  # "keep mine": over the text they were shown
                _send(save, book, editor, value, clash.version, chance)
        return
    if value == book.stands:
        assert saved.version == book.version
    else:
        assert version == book.version, "a text was overwritten that this page had never shown"
        assert saved.version == book.version + 1
        book.stands, book.version = value, saved.version
    editor.seen = saved.version


@pytest.mark.parametrize("batch", range(-(-INTERLEAVINGS // BATCH)))
def test_no_update_is_lost_in_any_order(session, now, batch):
    asked = errand.accepted(session, now)
    colleague = errand.colleague(session, asked, sections=("GV",))
    key = next(
        slot.key
        for slot in responses.questionnaire(session, asked.lead, asked.assessment_id, now=now).of_section("GV")
        if slot.question.shape.kind == "yes_partial_no_na"
    )
    actors, book = [asked.lead, colleague], Book()
    for number in range(batch * BATCH, min((batch + 1) * BATCH, INTERLEAVINGS)):
        # Each goes on where the one before has ended: two pages that were opened now, one of them perhaps long ago.
        chance = random.Random(number)
        editors = [Editor(seen=book.version), Editor(seen=chance.randint(0, book.version))]

        def save(value, version, chance=chance):
            who = chance.choice(actors)
            return responses.save(session, who, asked.assessment_id, key, value, version=version, now=now)

        for _turn in range(chance.randint(*STEPS)):
            _play(save, book, editors, chance)
        row = session.scalars(select(Answer).where(Answer.question_id == key[0])).one_or_none()
        assert (row.version if row else 0) == book.version, number
        assert rounds.value_of(row) == book.stands, number


def test_the_model_would_notice_a_lost_update():
    """A server that takes whatever comes last must not pass."""
    book, editors = Book(), [Editor(), Editor()]

    def careless(value, version):
        return responses.Saved(version=book.version + 1, at=building.NOW)

    with pytest.raises(AssertionError):
        for number in range(100):
            _play(careless, book, editors, random.Random(number))
