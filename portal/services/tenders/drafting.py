"""A tender begins as a draft: what is bought in which lots, by which questions; then it is frozen, with a hash."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from assessments import storing
from portal.db.models.tenders import Tender, TenderLot, TenderState
from portal.errors import BadInput, Clash, NotNow
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from portal.services.registers import policies
from portal.services.rounds import catalogues
from portal.services.tenders import lots, tenders
from questionnaires.model import QuestionSet
from scanners.model import N_, Message

MOST_LOTS = 50


@dataclass(frozen=True, kw_only=True)
class TenderFields:
    """What a tender is about and when it closes."""

    title: str
    reference: str
    description: str
    catalogue: catalogues.Name
    question_set: QuestionSet
    must_haves: Sequence[str]
    closes_at: datetime
    needs_two: bool = True


def begin(session: Session, actor: Actor, fields: TenderFields, *, now: datetime) -> Tender:
    """A draft with one lot that is called like the tender."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    kept = _checked(session, actor, fields, now=now)
    row = Tender(hospital_id=hospital_id, created_at=now, created_by=actor.name[:200], state=TenderState.DRAFT, **kept)
    session.add(row)
    session.flush()
    session.add(TenderLot(hospital_id=hospital_id, tender_id=row.id, number=1, title=row.title))
    session.flush()
    session.refresh(row)
    tenders.note(session, actor, row, "tender.begun", now=now, detail={"title": row.title})
    return row


def change(
    session: Session, actor: Actor, tender_id: str, fields: TenderFields, *, version: int, now: datetime
) -> Tender:
    """Change the draft, unless somebody else did."""
    hospital_of(actor, HOSPITAL_WRITERS)
    row = tenders.locked(session, actor, tender_id, TenderState.DRAFT)
    if row.version != version:
        raise Clash(
            Message(text=N_("Somebody else changed this in the meantime. Look at what stands now and save again.")),
            theirs=row,
            version=row.version,
        )
    for name, value in _checked(session, actor, fields, now=now).items():
        setattr(row, name, value)
    row.version += 1
    tenders.note(session, actor, row, "tender.changed", now=now)
    return row


def add_lot(session: Session, actor: Actor, tender_id: str, title: str, *, now: datetime) -> TenderLot:
    """One lot more, while it is a draft."""
    hospital_of(actor, HOSPITAL_WRITERS)
    row = tenders.locked(session, actor, tender_id, TenderState.DRAFT)
    if not title.strip():
        raise BadInput({"lot_title": Message(text=N_("Give the lot a name."))})
    if len(row.lots) >= MOST_LOTS:
        raise NotNow(Message(text=N_("There are as many lots as can be kept.")))
    if title.strip().casefold() in {lot.title.casefold() for lot in row.lots}:
        raise BadInput({"lot_title": Message(text=N_("There is a lot of this name already."))})
    number = max((lot.number for lot in row.lots), default=0) + 1
    lot = TenderLot(hospital_id=row.hospital_id, tender_id=row.id, number=number, title=title.strip()[:200])
    session.add(lot)
    session.flush()
    session.refresh(row, ["lots"])
    tenders.note(session, actor, row, "tender.lot-added", now=now, detail={"lot": number})
    return lot


def as_seen(row: Tender) -> str:
    """The draft as a page shows it: what was frozen nobody changes any more, so nothing is frozen unseen."""
    return f"{row.version}-{len(row.lots)}"


def freeze(session: Session, actor: Actor, tender_id: str, *, seen: str | None = None, now: datetime) -> Tender:
    """Questions, set, must-haves, weights and lots stand from here on; the hash says which. `seen`: see as_seen."""
    hospital_of(actor, HOSPITAL_WRITERS)
    row = tenders.locked(session, actor, tender_id, TenderState.DRAFT)
    if seen is not None and seen != as_seen(row):
        raise Clash(
            Message(text=N_("Somebody has changed this draft since you opened it. Look at it, then freeze it."))
        )
    tenders.require_time(row, now=now)
    own = tenders.own_catalogue(session, row)
    row.frozen = {
        "schema": 2,
        "tender": row.id,
        "title": row.title,
        "lots": lots.freeze(session, row),
        "catalogue": [row.catalogue_id, row.catalogue_version, own.sha256 if own is not None else ""],
        "question_set": row.question_set,
        "must_haves": list(row.must_haves),
        "closes_at": row.closes_at.isoformat(),
        "policy": storing.dump_policy(policies.of(session, row.hospital_id)),
    }
    row.frozen_sha256 = tenders.digest(row.frozen)
    row.state, row.frozen_at = TenderState.FROZEN, now
    row.version += 1
    tenders.note(session, actor, row, "tender.frozen", now=now, detail={"sha256": row.frozen_sha256})
    return row


def _checked(session: Session, actor: Actor, fields: TenderFields, *, now: datetime) -> dict[str, Any]:
    wrong: dict[str, Message] = {}
    if not fields.title.strip():
        wrong["title"] = Message(text=N_("Give the tender a name."))
    if fields.closes_at <= now:
        wrong["closes_at"] = Message(text=N_("Choose a moment in the future."))
    elif fields.closes_at > now + tenders.LONGEST:
        wrong["closes_at"] = Message(text=N_("Choose a moment within the next year."))
    offers = {offer.name for offer in catalogues.offered(session, actor)}
    must = list(dict.fromkeys(one.strip() for one in fields.must_haves if one.strip()))
    if fields.catalogue not in offers:
        wrong["catalogue"] = Message(text=N_("Choose a released catalogue."))
    else:
        asked = catalogues.get(session, hospital_of(actor), *fields.catalogue).sets[fields.question_set].question_ids
        unknown = [one for one in must if one not in asked]
        if unknown:
            sentence = N_("The set does not ask these: %(questions)s.")
            wrong["must_haves"] = Message(text=sentence, values={"questions": ", ".join(unknown)[:200]})
    if wrong:
        raise BadInput(wrong)
    return {
        "title": fields.title.strip()[:200],
        "reference": fields.reference.strip()[:80],
        "description": fields.description.strip()[: tenders.LONGEST_TEXT],
        "catalogue_id": fields.catalogue[0],
        "catalogue_version": fields.catalogue[1],
        "question_set": fields.question_set.value,
        "must_haves": must,
        "closes_at": fields.closes_at,
        "needs_two": fields.needs_two,
    }
