"""Who may bid for which lot: named by the hospital, no vendor of it, and taken out until somebody was written to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal import i18n
from portal.db.models.tenders import TenderBidder, TenderState
from portal.errors import BadInput, NotNow
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from portal.services.people import accounts
from portal.services.tenders import inviting, tenders
from portal.services.vendors import vendors
from portal.services.vendors.vendors import VendorFields
from scanners.model import N_, Message

MOST_BIDDERS = 60


@dataclass(frozen=True, kw_only=True)
class BidderFields:
    """Whom to invite for which lot."""

    lot_id: str
    name: str
    domain: str
    contact_name: str
    contact_email: str
    language: str = "de"


def add_bidder(
    session: Session,
    actor: Actor,
    tender_id: str,
    fields: BidderFields,
    *,
    base_url: str,
    now: datetime,
    permitted: Sequence[str] = (),
) -> TenderBidder:
    """Somebody who may bid for a lot; while the tender is open, the invitation goes out at once.

    `permitted` are suffixes beside the public ones (settings).
    """
    hospital_of(actor, HOSPITAL_WRITERS)
    row = tenders.locked(session, actor, tender_id, TenderState.DRAFT, TenderState.FROZEN, TenderState.OPEN)
    tenders.require_time(row, now=now)
    lot = tenders.lot_of(row, fields.lot_id)
    tenders.require_undecided(row, lot)
    wrong: dict[str, Message] = {}
    email = ""
    if not fields.name.strip():
        wrong["name"] = Message(text=N_("Enter the name of the bidder."))
    try:
        email = accounts.email_address(fields.contact_email)
    except BadInput as refused:
        wrong["contact_email"] = next(iter(refused.fields.values()))
    domain = ""
    if fields.domain.strip():
        try:
            domain = vendors.host_name(fields.domain, permitted=permitted)
        except BadInput as refused:
            wrong["domain"] = next(iter(refused.fields.values()))
    rivals = [one for one in row.bidders if one.lot_id == lot.id]
    if domain and any(one.domain == domain for one in rivals):
        wrong["domain"] = Message(text=N_("Somebody with this domain bids for this lot already."))
    if any(one.contact_email == email for one in rivals):
        wrong["contact_email"] = Message(text=N_("Somebody with this address bids for this lot already."))
    if wrong:
        raise BadInput(wrong)
    if len(row.bidders) >= MOST_BIDDERS:
        raise NotNow(Message(text=N_("There are as many bidders as can be kept.")))
    checked = vendors.checked(VendorFields(name=fields.name, domain=domain, contact_email=email))
    bidder = TenderBidder(
        hospital_id=row.hospital_id,
        tender_id=row.id,
        lot_id=lot.id,
        name=checked.name,
        domain=checked.domain,
        contact_name=fields.contact_name.strip()[:200],
        contact_email=email,
        language=fields.language if fields.language in i18n.LANGUAGES else i18n.DEFAULT,
        created_at=now,
    )
    session.add(bidder)
    session.flush()
    session.refresh(row, ["bidders"])
    tenders.note(session, actor, row, "tender.bidder-added", now=now, detail={"bidder": bidder.id, "name": bidder.name})
    if row.state is TenderState.OPEN:
        inviting.invite(session, actor, row, bidder, base_url=base_url, now=now, permitted=permitted)
    return bidder


def remove_bidder(session: Session, actor: Actor, tender_id: str, bidder_id: str, *, now: datetime) -> None:
    """Whom nobody has written to yet."""
    hospital_of(actor, HOSPITAL_WRITERS)
    tenders.bidder_of(tenders.find(session, actor, tender_id), bidder_id)  # what is unknown is that in every state
    row = tenders.locked(session, actor, tender_id, TenderState.DRAFT, TenderState.FROZEN)
    bidder = tenders.bidder_of(row, bidder_id)
    session.delete(bidder)
    session.flush()
    session.refresh(row, ["bidders"])
    tenders.note(
        session, actor, row, "tender.bidder-removed", now=now, detail={"bidder": bidder.id, "name": bidder.name}
    )
