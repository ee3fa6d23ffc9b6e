"""The owner of a lot answers its intake by a link, as the owner of a supply does, while the tender is a draft."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from assessments import intake as intake_form
from portal.db.models.jobs import OutboxMail
from portal.db.models.tenders import Tender
from portal.errors import Clash, NotFound, NotNow
from portal.services.tenders import acts, drafting, lot_owners
from portal.services.tenders.lots import LotFields
from portal.services.vendors import intake_requests
from portal.services.vendors.intake_requests import Owner, Said, Standing
from tests.portal.services.tenders import bids
from tests.portal.services.tenders.bids import DAY, ONE, TWO, URL

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from portal.db.models.intake_requests import IntakeRequest

WORST = {question.id: (question.options[0].id,) for question in intake_form.current().questions}


def asked(session: Session, made: bids.Bids, now: datetime) -> tuple[IntakeRequest, str]:
    """The request and the token of its link."""
    row = session.get_one(Tender, made.tender_id)
    until = (now + timedelta(days=9)).date()
    owner = Owner(email="beck@klinik.example", name="Dr. Beck", until=until, message="Bitte bald.")
    request = lot_owners.ask(session, made.ward.assessor, row.id, row.lots[0].id, owner, base_url=URL, now=now)
    session.flush()
    mail = session.scalars(select(OutboxMail).where(OutboxMail.kind == "intake")).all()[-1]
    assert row.lots[0].title in mail.text
    assert not any(secret in mail.text for secret in (ONE, TWO, row.reference))
    return request, re.search(rf"{URL}/intake/(\S+)", mail.text)[1]


def test_what_the_owner_answers_becomes_the_intake_of_the_lot(session: Session, now: datetime):
    made = bids.drafted(session, now)
    who, row = made.ward.assessor, session.get_one(Tender, made.tender_id)
    request, token = asked(session, made, now)
    with pytest.raises(NotNow):
        asked(session, made, now)
    found = intake_requests.look(session, token, now=now)
    assert (found.about.name, found.about.lot_id) == (row.lots[0].title, row.lots[0].id)
    intake_requests.answer(session, token, Said(answers=WORST, name="Dr. Beck", function="Radiologie"), now=now + DAY)
    session.expire_all()

    waiting = intake_requests.pending(session, made.ward.auditor, now=now + DAY)
    assert [(one.about.of, one.standing) for one in waiting] == [(row.title, Standing.ANSWERED)]
    with pytest.raises(Clash):
        lot_owners.take_over(session, who, row.id, row.lots[0].id, request.id, request_version=99, now=now + DAY)
    with pytest.raises(NotFound):
        intake_requests.take_over(session, who, request.id, version=request.version, now=now + DAY)
    lot = lot_owners.take_over(
        session, who, row.id, row.lots[0].id, request.id, request_version=request.version, now=now + DAY
    )

    assert (lot.tier, lot.intake_by) == (1, who.name)
    assert intake_requests.standing(request, now=now) is Standing.TAKEN
    assert not intake_requests.pending(session, who, now=now + DAY)
    last = acts.log(session, who, row.id)[-1]
    assert (last.verb, last.detail["from"]) == ("tender.lot-intake", "Dr. Beck")


def test_a_form_over_a_draft_that_has_changed_meanwhile_is_a_clash_and_takes_nothing(session: Session, now: datetime):
    made = bids.drafted(session, now)
    row = session.get_one(Tender, made.tender_id)
    request, token = asked(session, made, now)
    intake_requests.answer(session, token, Said(answers=WORST, name="Dr. Beck", function="Radiologie"), now=now)
    session.expire_all()

    with pytest.raises(Clash):
        lot_owners.take_over(
            session,
            made.ward.assessor,
            row.id,
            row.lots[0].id,
            request.id,
            fields=LotFields(given=WORST),
            request_version=request.version,
            version=row.version + 1,
            now=now,
        )
    assert request.taken_at is None


def test_once_it_is_frozen_nobody_is_asked_and_no_link_opens(session: Session, now: datetime):
    made = bids.drafted(session, now)
    who, row = made.ward.assessor, session.get_one(Tender, made.tender_id)
    request, token = asked(session, made, now)
    drafting.freeze(session, who, row.id, now=now)

    with pytest.raises(NotFound):
        intake_requests.look(session, token, now=now)
    with pytest.raises(NotNow):
        intake_requests.remind(session, who, request.id, base_url=URL, now=now)
    with pytest.raises(NotNow):
        asked(session, made, now)
    assert not intake_requests.pending(session, who, now=now)
