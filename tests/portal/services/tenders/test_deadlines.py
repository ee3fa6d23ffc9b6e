"""The deadline: nothing is taken late, more time and reminders are for all alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from portal.db.models.assessments import Assessment
from portal.db.models.jobs import OutboxMail
from portal.db.models.responses import Response, SignOff
from portal.db.models.tenders import Tender
from portal.errors import BadInput, NotNow
from portal.services.registers import dossiers
from portal.services.rounds import reminders
from portal.services.tenders import (
    acts,
    deadlines,
    openings,
)
from tests.portal.services.tenders import bids
from tests.portal.services.tenders.bids import DAY, ONE, SECOND, TWO, URL
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session


def test_nothing_is_handed_in_from_the_deadline_on_and_the_draft_remains(session: Session, now: datetime):
    made = bids.started(session, now)
    wards.answer_all(session, made.ward, ONE, quality=0.9, now=now + 2 * DAY)
    session.expire_all()
    for late in (made.closes_at, made.closes_at + SECOND, made.closes_at + 30 * DAY):
        with pytest.raises(NotNow) as refused:
            bids.sign(session, made, ONE, now=late)
        said = refused.value.message.render()
        assert f"{late.astimezone(dossiers.BERLIN):%d.%m.%Y, %H:%M:%S}" in said
    assert session.scalar(select(func.count()).select_from(SignOff)) == 0
    response = session.scalars(select(Response).where(Response.assessment_id == made.ward.assessments[ONE])).one()
    assert response.answers
    assert bids.sign(session, made, ONE, now=made.closes_at - SECOND).edition == 1


def test_more_time_is_for_all_alike_and_only_before_the_deadline(session: Session, now: datetime):
    made = bids.started(session, now)
    bids.hand_in(session, made, ONE, now=now + 2 * DAY)
    who, later = made.ward.assessor, made.closes_at + 7 * DAY

    def move(closes_at: datetime, at: datetime, reason: str = "Frage 3 kam spät.") -> Tender:
        return deadlines.move_deadline(session, who, made.tender_id, closes_at, reason=reason, base_url=URL, now=at)

    for closes_at, reason in ((made.closes_at - DAY, "x"), (made.closes_at, "x"), (later, " "), (now + 900 * DAY, "x")):
        with pytest.raises(BadInput):
            move(closes_at, now + 3 * DAY, reason)
    with pytest.raises(NotNow):
        move(later, made.closes_at)
    frozen = session.get_one(Tender, made.tender_id).frozen_sha256
    before = session.scalar(select(func.count()).select_from(OutboxMail)) or 0
    row = move(later, made.closes_at - SECOND)
    session.flush()
    fresh = session.scalars(select(OutboxMail).where(OutboxMail.kind == "tender-deadline")).all()
    assert sorted(mail.to_address for mail in fresh) == ["angebot@kanarienblau.de", "angebot@kanariengelb.de"]
    assert (session.scalar(select(func.count()).select_from(OutboxMail)) or 0) == before + 2
    assert {session.get_one(Assessment, one).closes_at for one in made.ward.assessments.values()} == {later}
    assert (row.frozen_sha256, acts.is_sound(session, who, row.id)) == (frozen, True)
    with pytest.raises(NotNow):
        openings.open_answers(session, who, row.id, now=made.closes_at + SECOND)
    wards.answer_all(session, made.ward, TWO, quality=0.5, now=made.closes_at + DAY)
    session.expire_all()
    assert bids.sign(session, made, TWO, now=later - SECOND).edition == 1
    verbs = [event.verb for event in acts.log(session, who, row.id)]
    assert "tender.deadline-moved" in verbs


def test_bidders_are_reminded_alike_or_not_at_all(session: Session, now: datetime):
    made = bids.started(session, now)
    bids.hand_in(session, made, ONE, now=now + 2 * DAY)
    row = session.get_one(Tender, made.tender_id)

    def sent() -> list[str]:
        for number in range(30):
            for name in (ONE, TWO):
                assessment = session.get_one(Assessment, made.ward.assessments[name])
                at = now + number * DAY
                reminders.send_due(session, assessment.hospital_id, assessment.id, base_url=URL, now=at)
        session.flush()
        return list(session.scalars(select(OutboxMail.kind).where(OutboxMail.kind.in_(["reminder", "overdue"]))))

    assert not deadlines.reminds(session, row)
    assert sent() == []
    deadlines.switch_reminders(session, made.ward.assessor, row.id, stopped=False, now=now + 3 * DAY)
    assert deadlines.reminds(session, row)
    assert set(sent()) == {"reminder"}  # nothing after the deadline
    with pytest.raises(NotNow):
        deadlines.switch_reminders(session, made.ward.assessor, row.id, stopped=True, now=made.closes_at)
