"""A tender with two bidders, as far as a test wants it: drafted, started, handed in, opened."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from portal.db.models.accounts import CompanyRole, Person
from portal.db.models.assessments import Assessment
from portal.db.models.jobs import OutboxMail
from portal.db.models.responses import SignOff
from portal.db.models.scans import ScanRun
from portal.db.models.tenders import Tender
from portal.services.actors import Actor
from portal.services.answers import submissions
from portal.services.answers.submissions import Signer
from portal.services.rounds import invitations
from portal.services.tenders import (
    bidders,
    drafting,
    inviting,
    openings,
    tenders,
)
from portal.services.tenders.bidders import BidderFields
from portal.services.tenders.drafting import TenderFields
from questionnaires import shelf
from questionnaires.model import QuestionSet
from tests.portal import building
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from tests.portal.web.hospital.ward import Ward

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
URL = wards.BASE_URL
ONE, TWO = "Kanarienblau Systeme GmbH", "Kanariengelb AG"


@dataclass(kw_only=True)
class Bids:
    """A tender with two bidders, as far as a test wants it."""

    ward: Ward
    tender_id: str
    closes_at: datetime
    bidders: dict[str, str] = field(default_factory=dict)
    actors: dict[str, Actor] = field(default_factory=dict)


def fields(now: datetime, **changes: object) -> TenderFields:
    values = {
        "title": "PACS 2027",
        "reference": "V-27/14",
        "description": "",
        "catalogue": shelf.CURRENT,
        "question_set": QuestionSet.SHORT,
        "must_haves": (),
        "closes_at": now + 20 * DAY,
    }
    return TenderFields(**{**values, **changes})


def bidder(lot_id: str, name: str, domain: str) -> BidderFields:
    return BidderFields(
        lot_id=lot_id, name=name, domain=domain, contact_name="Erika", contact_email=f"angebot@{domain}"
    )


def drafted(session: Session, now: datetime, *, ward: Ward | None = None, **changes: object) -> Bids:
    ward = ward or wards.empty(session)
    row = drafting.begin(session, ward.assessor, fields(now, **changes), now=now)
    made = Bids(ward=ward, tender_id=row.id, closes_at=row.closes_at)
    for name, domain in ((ONE, "kanarienblau.de"), (TWO, "kanariengelb.de")):
        one = bidders.add_bidder(
            session, ward.assessor, row.id, bidder(row.lots[0].id, name, domain), base_url=URL, now=now
        )
        made.bidders[name] = one.id
    return made


def started(session: Session, now: datetime, **changes: object) -> Bids:
    made = drafted(session, now, **changes)
    start(session, made, now=now)
    return made


def started_with_two_lots(session: Session, now: datetime, *, ward: Ward | None = None, **changes: object) -> Bids:
    """The first bidder bids for the first lot, the second for the second."""
    made = drafted(session, now, ward=ward, **changes)
    who = made.ward.assessor
    lot = drafting.add_lot(session, who, made.tender_id, "Los zwei", now=now)
    bidders.remove_bidder(session, who, made.tender_id, made.bidders[TWO], now=now)
    again = bidder(lot.id, TWO, "kanariengelb.de")
    made.bidders[TWO] = bidders.add_bidder(session, who, made.tender_id, again, base_url=URL, now=now).id
    start(session, made, now=now)
    return made


def start(session: Session, made: Bids, *, now: datetime) -> None:
    drafting.freeze(session, made.ward.assessor, made.tender_id, now=now)
    inviting.start(session, made.ward.assessor, made.tender_id, base_url=URL, now=now)
    accept(session, made, now=now)


def accept(session: Session, made: Bids, *, now: datetime, url: str = URL) -> None:
    """Every bidder takes its round."""
    row = session.get_one(Tender, made.tender_id)
    for name, bidder_id in made.bidders.items():
        one = tenders.bidder_of(row, bidder_id)
        made.ward.assessments[name] = one.assessment_id or ""
        company = building.company(session, name)
        actor = building.company_actor(session, company, CompanyRole.LEAD)
        mails = session.scalars(select(OutboxMail).where(OutboxMail.hospital_id == one.house_id)).all()
        mail = next(mail for mail in mails if mail.to_address == one.contact_email)
        token = re.search(rf"{url}/invitation/(\S+)", mail.text)[1]
        invitations.accept(
            session, token, person=session.get_one(Person, actor.person_id), company=company, now=now + DAY
        )
        made.actors[name] = actor
    session.flush()


def hand_in(session: Session, made: Bids, name: str, *, now: datetime, quality: float = 0.9) -> SignOff:
    wards.answer_all(session, made.ward, name, quality=quality, now=now, comment=f"Geheim von {name}")
    session.expire_all()
    return sign(session, made, name, now=now)


def sign(session: Session, made: Bids, name: str, *, now: datetime) -> SignOff:
    signer = Signer(name="Erika Muster", function="Leitung", confirms=True)
    return submissions.hand_in(session, made.actors[name], made.ward.assessments[name], signer, base_url=URL, now=now)


def opened(session: Session, made: Bids) -> Tender:
    later = made.closes_at + SECOND
    openings.open_answers(session, made.ward.assessor, made.tender_id, now=later)
    return openings.open_answers(session, made.ward.decider, made.tender_id, now=later)


def looked_at(session: Session, made: Bids, name: str, *, quality: float = 1.0, now: datetime) -> ScanRun:
    """A scan in the bidder's own tenant, by the hospital, on the ground of the tender."""
    old = session.get_one(Assessment, made.ward.assessments[name])
    inside = tenders.inside(made.ward.assessor, old.hospital_id)
    room = replace(
        made.ward,
        hospital_id=old.hospital_id,
        assessor=inside,
        vendors={name: old.vendor_id},
    )
    return session.get_one(ScanRun, wards.scan(session, room, name, quality=quality, now=now))
