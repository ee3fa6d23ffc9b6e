"""The end of a tender: a lot is awarded and its bidder becomes a vendor, or the tender ends without."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.db.models.accounts import Hospital
from portal.db.models.assessments import Assessment, AssessmentSupply, Stage
from portal.db.models.responses import Answer, AnswerEvidence, Response, SignOff
from portal.db.models.tenders import Tender, TenderBidder, TenderState
from portal.db.models.vendors import Supply, Vendor
from portal.errors import BadInput, NotNow
from portal.services import audit, jobs
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from portal.services.answers import manifests
from portal.services.tenders import eligibility, tenders
from portal.services.vendors import vendors
from portal.services.vendors.vendors import SupplyFields, VendorFields
from scanners.model import N_, Message

ENDED = frozenset({TenderState.AWARDED, TenderState.CANCELLED})


def award(session: Session, actor: Actor, tender_id: str, bidder_id: str, *, reason: str, now: datetime) -> Vendor:
    """The bidder becomes a vendor with a supply, and keeps its round; the tender ends when every lot has its word.

    An offer that is excluded, was withdrawn or never came is awarded nothing (eligibility.py).
    """
    hospital_of(actor, HOSPITAL_WRITERS)
    row = tenders.locked(session, actor, tender_id, TenderState.OPENED)
    bidder = tenders.bidder_of(row, bidder_id)
    if not reason.strip():
        raise BadInput({"reason": Message(text=N_("Give the reason for the award."))})
    if any(one.lot_id == bidder.lot_id and one.awarded_at is not None for one in row.bidders):
        raise NotNow(Message(text=N_("This lot has been awarded already.")))
    barred = eligibility.bars(session, actor, row.id, tenders.lot_of(row, bidder.lot_id), now=now).get(bidder.id)
    if barred is not None:
        raise NotNow(barred)
    vendor = _become_vendor(session, actor, row, bidder, now=now)
    bidder.vendor_id, bidder.awarded_at = vendor.id, now
    tenders.note(
        session,
        actor,
        row,
        "tender.awarded",
        now=now,
        detail={
            "bidder": bidder.id,
            "lot": tenders.lot_of(row, bidder.lot_id).number,
            "vendor": vendor.id,
            "reason": reason[:500],
        },
    )
    awarded = {one.lot_id for one in row.bidders if one.awarded_at is not None}
    if awarded >= {one.lot_id for one in row.bidders}:
        _end(session, row, TenderState.AWARDED, reason, now=now)
    return vendor


def cancel(session: Session, actor: Actor, tender_id: str, *, reason: str, now: datetime) -> Tender:
    """It ends without an award (for what is not awarded yet); what was sealed stays sealed."""
    hospital_of(actor, HOSPITAL_WRITERS)
    states = [state for state in TenderState if state not in ENDED]
    row = tenders.locked(session, actor, tender_id, *states)
    if not reason.strip():
        raise BadInput({"reason": Message(text=N_("Give the reason for the end of the tender."))})
    tenders.note(session, actor, row, "tender.cancelled", now=now, detail={"reason": reason.strip()[:500]})
    _end(session, row, TenderState.CANCELLED, reason, now=now)
    return row


def _end(session: Session, row: Tender, state: TenderState, reason: str, *, now: datetime) -> None:
    row.state, row.ended_at, row.end_reason = state, now, reason.strip()[: tenders.LONGEST_TEXT]
    row.version += 1
    for bidder in row.bidders:
        if bidder.house_id is None or bidder.assessment_id is None:
            continue
        assessment = session.get_one(Assessment, bidder.assessment_id)
        assessment.stage = Stage.CLOSED
        assessment.closes_at = min(assessment.closes_at or now, now)
        session.get_one(Hospital, bidder.house_id).ended_at = now


def _become_vendor(session: Session, actor: Actor, row: Tender, bidder: TenderBidder, *, now: datetime) -> Vendor:
    """A vendor of that domain that stands already gets the supply; a new one is written down otherwise."""
    mine = select(Vendor).where(
        Vendor.hospital_id == row.hospital_id, Vendor.domain == bidder.domain, Vendor.ended_at.is_(None)
    )
    vendor = session.scalars(mine).first() if bidder.domain else None
    if vendor is None:
        fields = VendorFields(
            name=bidder.name, domain=bidder.domain, contact_name=bidder.contact_name, contact_email=bidder.contact_email
        )
        vendor = vendors.add(session, actor, fields, now=now)
    title = tenders.lot_of(row, bidder.lot_id).title
    supply = vendors.add_supply(session, actor, vendor.id, SupplyFields(name=title), now=now)
    _carry_over(session, actor, bidder, vendor, supply, now=now)
    return vendor


def _carry_over(
    session: Session, actor: Actor, bidder: TenderBidder, vendor: Vendor, supply: Supply, *, now: datetime
) -> None:
    """The round as it was signed, under the new supply; the edition says which one it was taken from."""
    old = session.get_one(Assessment, bidder.assessment_id or "")
    response = session.scalars(select(Response).where(Response.assessment_id == old.id)).first()
    edition = manifests.latest(session, response) if response is not None else None
    if response is None or edition is None or old.company_id is None:
        return  # nothing was handed in: the vendor is asked anew
    before = session.scalars(
        select(AssessmentSupply.supply_id).where(
            AssessmentSupply.hospital_id == old.hospital_id, AssessmentSupply.assessment_id == old.id
        )
    ).all()
    taken = dict.fromkeys(before, supply.id)
    last = select(func.max(Assessment.round)).where(
        Assessment.hospital_id == vendor.hospital_id, Assessment.vendor_id == vendor.id
    )
    copied = ("question_set", "question_set_reason", "catalogue_id", "catalogue_version", "catalogue_reason", "due_on")
    moments = ("company_id", "documents_only", "invited_at", "opened_at", "accepted_at", "submitted_at")
    assessment = Assessment(
        hospital_id=vendor.hospital_id,
        vendor_id=vendor.id,
        round=(session.scalar(last) or 0) + 1,
        stage=Stage.SUBMITTED,
        created_at=now,
        reminders_stopped_at=now,
        **{name: getattr(old, name) for name in (*copied, *moments)},
    )
    session.add(assessment)
    session.flush()
    session.add(AssessmentSupply(hospital_id=vendor.hospital_id, assessment_id=assessment.id, supply_id=supply.id))
    fresh = Response(
        company_id=response.company_id,
        assessment_id=assessment.id,
        created_at=response.created_at,
        submitted_at=response.submitted_at,
    )
    session.add(fresh)
    session.flush()
    for answer in session.scalars(select(Answer).where(Answer.response_id == response.id)).all():
        kept = {
            name: getattr(answer, name) for name in ("company_id", "question_id", "value", "updated_at", "updated_by")
        }
        session.add(Answer(response_id=fresh.id, supply_id=taken.get(answer.supply_id, answer.supply_id), **kept))
    session.flush()
    for link in session.scalars(select(AnswerEvidence).where(AnswerEvidence.response_id == response.id)).all():
        kept = {name: getattr(link, name) for name in ("company_id", "question_id", "evidence_id")}
        session.add(AnswerEvidence(response_id=fresh.id, supply_id=taken.get(link.supply_id, link.supply_id), **kept))
    manifest = carried(edition.manifest, taken, assessment_id=assessment.id, sha256=edition.sha256)
    kept = {
        name: getattr(edition, name) for name in ("company_id", "person_id", "signer_name", "signer_function", "at")
    }
    session.add(
        SignOff(
            response_id=fresh.id,
            edition=1,
            statement_version=edition.statement_version,
            manifest=manifest,
            sha256=manifests.digest(manifest),
            **kept,
        )
    )
    session.flush()
    jobs.ask_for_score(session, vendor.hospital_id, assessment.id, now=now)
    audit.record(
        session,
        actor,
        "assessment.taken-from-tender",
        assessment.id,
        now=now,
        detail={"vendor": vendor.id, "tender": bidder.tender_id, "edition": edition.sha256},
    )


def carried(
    manifest: Mapping[str, Any], supplies: Mapping[str, str], *, assessment_id: str, sha256: str
) -> dict[str, Any]:
    """What was signed, word for word, about the same product under its new id; `taken_from` is the edition signed."""
    answers = [{**one, "supply": supplies.get(one["supply"], one["supply"])} for one in manifest["answers"]]
    evidence = [
        {**one, "for": [[question, supplies.get(supply, supply)] for question, supply in one["for"]]}
        for one in manifest["evidence"]
    ]
    return {
        **manifest,
        "answers": answers,
        "evidence": evidence,
        "assessment": assessment_id,
        "edition": 1,
        "taken_from": {"assessment": manifest.get("assessment", ""), "sha256": sha256},
    }
