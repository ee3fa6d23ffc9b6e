"""The board in the database: what fits, in which order, how many, with as many queries for many rounds as for few."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event

from portal.db.models.assessments import Assessment, Stage
from portal.services.rounds import tracking
from portal.services.rounds.tracking import Trouble, Wanted
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from tests.portal.web.hospital.ward import Ward

NAME = "Strahlwerk Medizintechnik GmbH"


@pytest.fixture
def ward(session: Session, now: datetime) -> Ward:
    made = wards.one(session, now, name=NAME)
    for name, days in (("Überfällig GmbH", -1), ("Bald GmbH", 7), ("Später GmbH", 30)):
        wards.add(session, made, name, f"Produkt {name}", domain=f"d{days + 9}.example", now=now)
        wards.invite(session, made, name, now=now, due=now.date() + timedelta(days=days))
    return made


def round_of(session: Session, ward: Ward, name: str) -> Assessment:
    return session.get_one(Assessment, ward.assessments[name])


def names(session: Session, ward: Ward, now: datetime, wanted: Wanted | None = None, **how: object) -> list[str]:
    found = tracking.board(session, ward.auditor, wanted, now=now, **how)
    assert found.count >= len(found.rows)
    return [row.vendor.name for row in found.rows]


def test_the_board_fits_what_is_asked(session: Session, ward: Ward, now: datetime):
    decided, withdrawn = round_of(session, ward, NAME), round_of(session, ward, "Später GmbH")
    decided.stage, decided.reviewed_at = Stage.CLOSED, now
    withdrawn.stage = Stage.CLOSED
    stopped = round_of(session, ward, "Bald GmbH")
    stopped.reminders_stopped_at = now
    session.flush()
    cases = {
        Wanted(words="bald"): ["Bald GmbH"],
        Wanted(words="PRODUKT überf"): ["Überfällig GmbH"],
        Wanted(stage=tracking.DECIDED): [NAME],
        Wanted(stage=Stage.CLOSED.value): ["Später GmbH"],
        Wanted(stage=Stage.INVITED.value): ["Überfällig GmbH", "Bald GmbH"],
        Wanted(trouble=Trouble.OVERDUE.value): ["Überfällig GmbH"],
        Wanted(trouble=Trouble.STOPPED.value): ["Bald GmbH"],
        Wanted(trouble=Trouble.UNDELIVERED.value): [],
        Wanted(trouble=Trouble.HANDED_OVER.value): [],
        Wanted(trouble=Trouble.DELEGATED.value): [],
        Wanted(campaign_id="0" * 20): [],
    }
    for wanted, expected in cases.items():
        assert names(session, ward, now, wanted) == expected, wanted
    stages = tracking.board(session, ward.auditor, now=now).stages
    assert stages == {tracking.DECIDED: 1, Stage.CLOSED.value: 1, Stage.INVITED.value: 2}


def test_each_trouble_finds_the_rounds_that_say_it_themselves(session: Session, ward: Ward, now: datetime):
    every = tracking.board(session, ward.auditor, now=now).rows
    for trouble in Trouble:
        found = set(names(session, ward, now, Wanted(trouble=trouble.value)))
        assert found == {row.vendor.name for row in every if trouble in row.troubles}, trouble


def test_the_board_stands_in_every_order_and_is_cut(session: Session, ward: Ward, now: datetime):
    for key in tracking.ORDER:
        up = names(session, ward, now, sort=key)
        assert sorted(up) == sorted(names(session, ward, now, sort=key, descending=True)), key
    ages = [row.age for row in tracking.board(session, ward.auditor, now=now, sort="age").rows]
    assert ages == sorted(ages)
    page = tracking.board(session, ward.auditor, now=now, start=1, length=2)
    assert (len(page.rows), page.count, page.total) == (2, 4, 4)


def test_by_the_next_reminder_who_gets_none_comes_last(session: Session, ward: Ward, now: datetime):
    round_of(session, ward, "Bald GmbH").reminders_stopped_at = now
    session.flush()

    for backwards in (False, True):
        rows = tracking.board(session, ward.auditor, now=now, sort=tracking.REMINDER, descending=backwards).rows
        days = [row.plan.next.day for row in rows if row.plan.next is not None]
        assert days == sorted(days, reverse=backwards)
        assert days
        assert all(row.plan.next is None for row in rows[len(days) :])
        assert len(rows) == 4
    cut = tracking.board(session, ward.auditor, now=now, sort=tracking.REMINDER, start=1, length=2)
    assert (len(cut.rows), cut.count) == (2, 4)


def test_more_rounds_take_no_more_queries(session: Session, engine: Engine, ward: Ward, now: datetime):
    asked: list[str] = []
    session.commit()
    names(session, ward, now)
    session.expunge_all()
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    names(session, ward, now, length=1)
    session.expunge_all()
    few = len(asked)
    asked.clear()

    assert len(names(session, ward, now)) == 4
    assert len(asked) == few
