"""Inviting bidders: each into a tenant of its own, a copy of the hospital's head in which nobody works.

No list of the hospital can show it and nobody can read it early
(docs/decisions/a-bidder-is-a-tenant-nobody-works-in.md).
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from portal import i18n
from portal.db.models.accounts import Hospital
from portal.db.models.assessments import Assessment, AssessmentSupply, Stage
from portal.db.models.catalogues import OwnCatalogue
from portal.db.models.tenders import Tender, TenderBidder, TenderState
from portal.db.models.vendors import Ground
from portal.errors import NotNow
from portal.home import BERLIN
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from portal.services.rounds import invitation_links
from portal.services.rounds.invitation_links import Invitee
from portal.services.tenders import deadlines, lots, tenders
from portal.services.vendors import vendors
from portal.services.vendors.vendors import HostFields, SupplyFields, VendorFields
from scanners.model import N_, Message

SET_REASON = N_("Frozen for the tender.")


def start(
    session: Session, actor: Actor, tender_id: str, *, base_url: str, now: datetime, permitted: Sequence[str] = ()
) -> Tender:
    """Invite every bidder, each by a mail of its own; only what is frozen may be asked."""
    hospital_of(actor, HOSPITAL_WRITERS)
    row = tenders.locked(session, actor, tender_id, TenderState.FROZEN)
    tenders.require_time(row, now=now)
    tenders.require_unchanged(row)
    if not row.bidders:
        raise NotNow(Message(text=N_("Name at least one bidder first.")))
    row.state, row.started_at = TenderState.OPEN, now
    row.version += 1
    tenders.note(session, actor, row, "tender.started", now=now, detail={"bidders": len(row.bidders)})
    for bidder in row.bidders:
        invite(session, actor, row, bidder, base_url=base_url, now=now, permitted=permitted)
    return row


def invite(
    session: Session,
    actor: Actor,
    row: Tender,
    bidder: TenderBidder,
    *,
    base_url: str,
    now: datetime,
    permitted: Sequence[str],
) -> None:
    """A tenant that only this bidder is in, with its round in it."""
    hospital = session.get_one(Hospital, row.hospital_id)
    house = Hospital(
        **{name: getattr(hospital, name) for name in ("name", "city", "state", "country", "language")},
        **{name: getattr(hospital, name) for name in ("contact_name", "contact_email", "contact_phone")},
        is_for_bidder=True,
        created_at=now,
    )
    session.add(house)
    session.flush()
    inside = tenders.inside(actor, house.id)
    own = tenders.own_catalogue(session, row)
    if own is not None:
        copied = {column.name: getattr(own, column.name) for column in OwnCatalogue.__table__.columns}
        session.add(OwnCatalogue(**{**copied, "hospital_id": house.id, "id": None}))
    lot = tenders.lot_of(row, bidder.lot_id)
    fields = VendorFields(
        name=bidder.name, domain=bidder.domain, contact_name=bidder.contact_name, contact_email=bidder.contact_email
    )
    vendor = vendors.add(session, inside, fields, now=now)
    supply = vendors.add_supply(session, inside, vendor.id, SupplyFields(name=lot.title), now=now)
    lots.lay_into(lot, supply)
    if bidder.domain:
        ground = HostFields(name=bidder.domain, ground=Ground.TENDER, ground_note=f"{row.reference} {row.title}"[:500])
        vendors.name_host(session, inside, vendor.id, ground, now=now, permitted=permitted)
    assessment = Assessment(
        hospital_id=house.id,
        vendor_id=vendor.id,
        round=1,
        question_set=lots.question_set(session, row, lot).value,
        question_set_reason=SET_REASON,
        catalogue_id=row.catalogue_id,
        catalogue_version=row.catalogue_version,
        catalogue_reason=SET_REASON,
        due_on=row.closes_at.astimezone(BERLIN).date(),
        closes_at=row.closes_at,
        stage=Stage.INVITED,
        created_at=now,
        invited_at=now,
        reminders_stopped_at=None if deadlines.reminds(session, row) else now,  # the same mails for everybody
    )
    session.add(assessment)
    session.flush()
    session.add(AssessmentSupply(hospital_id=house.id, assessment_id=assessment.id, supply_id=supply.id))
    session.flush()
    with i18n.speaking(bidder.language):
        message = i18n.gettext(
            "This is about the tender “%(title)s” (%(reference)s), lot %(number)s: %(lot)s. Answers can be handed in "
            "until %(deadline)s (German time); after that the portal takes nothing any more.",
            title=row.title,
            reference=row.reference or "–",
            number=lot.number,
            lot=lot.title,
            deadline=f"{row.closes_at.astimezone(BERLIN):%d.%m.%Y, %H:%M}",
        )
    invitee = Invitee(email=bidder.contact_email, name=bidder.contact_name, language=bidder.language, message=message)
    invitation_links.send(session, inside, assessment, vendor, invitee=invitee, base_url=base_url, now=now)
    bidder.house_id, bidder.assessment_id, bidder.invited_at = house.id, assessment.id, now
    session.flush()
    tenders.note(session, actor, row, "tender.bidder-invited", now=now, detail={"bidder": bidder.id})
