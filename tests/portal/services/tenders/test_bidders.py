"""Who may bid: nobody twice for one lot."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from portal.db.models.accounts import Company, Person
from portal.db.models.jobs import OutboxMail
from portal.db.models.tenders import Tender
from portal.errors import BadInput, NotNow
from portal.services.rounds import invitations
from portal.services.tenders import (
    bidders,
)
from portal.services.tenders.bidders import BidderFields
from tests.portal.services.tenders import bids
from tests.portal.services.tenders.bids import DAY, ONE, URL

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session


def test_nobody_bids_twice_for_one_lot(session: Session, now: datetime):
    made = bids.started(session, now)
    row = session.get_one(Tender, made.tender_id)
    again = BidderFields(
        lot_id=row.lots[0].id, name="Dieselbe", domain="kanarienblau.de", contact_name="", contact_email="x@y.de"
    )
    with pytest.raises(BadInput) as refused:
        bidders.add_bidder(session, made.ward.assessor, row.id, again, base_url=URL, now=now)
    assert set(refused.value.fields) == {"domain"}
    other = bids.bidder(row.lots[0].id, "Tochter GmbH", "kanarientochter.de")
    one = bidders.add_bidder(session, made.ward.assessor, row.id, other, base_url=URL, now=now)
    mail = session.scalars(select(OutboxMail).where(OutboxMail.to_address == one.contact_email)).one()
    token = re.search(rf"{URL}/invitation/(\S+)", mail.text)[1]
    actor = made.actors[ONE]
    with pytest.raises(NotNow):
        invitations.accept(
            session,
            token,
            person=session.get_one(Person, actor.person_id),
            company=session.get_one(Company, actor.company_id),
            now=now + DAY,
        )
