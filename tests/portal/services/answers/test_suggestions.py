"""Answers of a file laid beside the questions of a round: each waits, and none touches what stands."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from portal.db.models.assessments import Stage
from portal.db.models.responses import Answer, Suggestion
from portal.errors import NotFound
from portal.services.answers import responses, suggestions
from portal.services.answers.suggestions import Left, Offer
from questionnaires import answering
from questionnaires.model import AnswerValue
from tests.portal.web.vendor import errand

YES, NO = AnswerValue(choices=("yes",), comment="seit 2024"), AnswerValue(choices=("no",))
DAY = AnswerValue(day=date(2026, 3, 31))


@pytest.fixture
def asked(session, now):
    return errand.accepted(session, now)


@pytest.fixture
def lay(session, asked, now):
    """Offer values by question, given so many days ago."""

    def lay_(days=10, source="MDS2.xlsx", **values):
        offers = [
            Offer(key=(name.replace("_", "-"), ""), value=value, given_at=now - timedelta(days=days))
            for name, value in values.items()
        ]
        return suggestions.offer(session, asked.lead, asked.assessment_id, offers, source=source, now=now)

    return lay_


def _lying(session):
    session.flush()
    return {row.question_id: (answering.load(row.value), row.source) for row in session.scalars(select(Suggestion))}


def test_offers_wait_beside_their_questions(lay, session):
    done = lay(GV_02=YES, GV_03=DAY)

    assert done.laid == [("GV-02", ""), ("GV-03", "")]
    assert _lying(session) == {"GV-02": (YES, "MDS2.xlsx"), "GV-03": (DAY, "MDS2.xlsx")}
    assert session.scalars(select(Answer)).all() == []


def test_what_cannot_be_laid_is_told_one_by_one(lay, session, asked, now):
    responses.save(session, asked.lead, asked.assessment_id, ("GV-02", ""), NO, version=0, now=now)

    done = lay(GV_02=YES, GV_03=YES, XX_99=YES)

    assert done.laid == []
    assert dict(done.left) == {
        ("GV-02", ""): Left.ANSWERED,
        ("GV-03", ""): Left.UNREADABLE,
        ("XX-99", ""): Left.UNPLACED,
    }
    assert _lying(session) == {}


def test_the_later_word_lies_there_whichever_comes_first(lay, session):
    lay(days=5, source="new", GV_02=YES)
    assert dict(lay(days=9, source="old", GV_02=NO).left) == {("GV-02", ""): Left.NEWER}
    assert _lying(session) == {"GV-02": (YES, "new")}

    lay(days=1, source="newest", GV_02=NO)
    assert _lying(session) == {"GV-02": (NO, "newest")}


def test_what_was_handed_in_takes_no_offer(lay, session, asked, now):
    errand.assessment(session, asked).stage = Stage.SUBMITTED

    assert dict(lay(GV_02=YES).left) == {("GV-02", ""): Left.CLOSED}


def test_nobody_lays_anything_into_the_round_of_another_company(session, asked, now):
    stranger = errand.stranger(session)
    with pytest.raises(NotFound):
        suggestions.offer(session, stranger, asked.assessment_id, [], source="x", now=now)
