"""The owner of a lot is asked for its intake by a link, as the owner of a supply is, while the tender is a draft."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.db.models.intake_requests import IntakeRequest
from portal.db.models.tenders import TenderLot, TenderState
from portal.errors import NotFound
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from portal.services.tenders import lots, tenders
from portal.services.tenders.lots import LotFields
from portal.services.vendors import intake_requests, intakes
from portal.services.vendors.intake_requests import Owner
from questionnaires.model import QuestionSet


def ask(
    session: Session, actor: Actor, tender_id: str, lot_id: str, owner: Owner, *, base_url: str, now: datetime
) -> IntakeRequest:
    """Send one person the questions about one lot."""
    hospital_of(actor, HOSPITAL_WRITERS)
    lot = tenders.lot_of(tenders.find(session, actor, tender_id), lot_id)
    tenders.locked(session, actor, tender_id, TenderState.DRAFT)
    return intake_requests.send(session, actor, intake_requests.lot_as(lot), owner, base_url=base_url, now=now)


def take_over(
    session: Session,
    actor: Actor,
    tender_id: str,
    lot_id: str,
    request_id: str,
    *,
    fields: LotFields | None = None,
    request_version: int,
    version: int | None = None,
    now: datetime,
) -> TenderLot:
    """Make the answer the intake of the lot: as it was sent, or as the form says.

    `request_version` is the answer that was read; `version` the draft that the form showed, None where it showed none.
    """
    row = tenders.find(session, actor, tender_id)
    lot = tenders.lot_of(row, lot_id)
    if intake_requests.find(session, actor, request_id).lot_id != lot.id:
        raise NotFound
    request, told = intake_requests.waiting(session, actor, request_id, version=request_version, now=now)
    if fields is None:
        chosen = QuestionSet(lot.question_set) if lot.question_set else None
        fields = LotFields(given=told.answers, question_set=chosen, must_haves=tuple(lot.must_haves or ()))
    if version is None:
        version = tenders.locked(session, actor, tender_id, TenderState.DRAFT).version
    kept = lots.fill_in(session, actor, tender_id, lot_id, fields, version=version, now=now, told_by=request.by_name)
    assert kept.intake is not None
    assert kept.tier is not None
    intake_requests.settle(session, actor, request, intakes.loaded(kept.intake), tier=kept.tier, now=now)
    return kept
