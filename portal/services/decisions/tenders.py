"""Tenders: draft, freeze, invite bidders who know nothing of each other, close to the second, open, compare, award.

A bidder's round stands in a tenant of its own, a copy of the hospital's head in which nobody works: no list of the
hospital can show it and nobody can read it early (docs/decisions/a-bidder-is-a-tenant-nobody-works-in.md).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assessments import comparison, register, storing
from assessments.comparison import Comparison
from assessments.model import Assessed, Policy
from portal import i18n
from portal.db.models.accounts import Hospital, HospitalRole
from portal.db.models.assessments import Assessment, AssessmentSupply, Stage
from portal.db.models.audit import AuditEvent
from portal.db.models.catalogues import OwnCatalogue
from portal.db.models.responses import Answer, AnswerEvidence, Response, SignOff
from portal.db.models.tenders import Tender, TenderBidder, TenderLot, TenderQuery, TenderState
from portal.db.models.vendors import Ground, Supply, Vendor
from portal.errors import BadInput, Clash, NotFound, NotNow
from portal.services import audit, jobs
from portal.services.actors import COMPANY_LEADERS, EVERY_COMPANY_ROLE, HOSPITAL_WRITERS, Actor, company_of, hospital_of
from portal.services.answers import manifests, responses
from portal.services.mails import outbox
from portal.services.mails.letters import Letter
from portal.services.people import accounts
from portal.services.registers import dossiers, policies
from portal.services.registers.dossiers import BERLIN
from portal.services.rounds import catalogues, invitations
from portal.services.rounds.invitations import Invitee
from portal.services.vendors import vendors
from portal.services.vendors.vendors import HostFields, SupplyFields, VendorFields
from questionnaires.model import QuestionSet
from scanners.model import N_, Message

OPENERS = HOSPITAL_WRITERS | {HospitalRole.DECIDER}
MOST_LOTS, MOST_BIDDERS, MOST_QUERIES = 50, 60, 200
LONGEST = timedelta(days=365)
LONGEST_TEXT = 4000
CLOSED = "closed"  # the deadline passed and nobody has opened yet; no state of a row
ENDED = frozenset({TenderState.AWARDED, TenderState.CANCELLED})
SET_REASON = N_("Frozen for the tender.")


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


@dataclass(frozen=True, kw_only=True)
class BidderFields:
    """Whom to invite for which lot."""

    lot_id: str
    name: str
    domain: str
    contact_name: str
    contact_email: str
    language: str = "de"


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a bidder reads of its tender: nothing of anybody else."""

    title: str
    reference: str
    lot: str
    closes_at: datetime
    may_ask: bool
    may_withdraw: bool
    published: Sequence[TenderQuery]
    mine: Sequence[TenderQuery]  # its own questions that wait


def scope_of(tender_id: str) -> str:
    """The chain of what was done in a tender."""
    return f"tender:{tender_id}"


def standing(tender: Tender, *, now: datetime) -> str:
    """Its state, with the deadline read from the clock."""
    return CLOSED if tender.state is TenderState.OPEN and now >= tender.closes_at else tender.state.value


# ---- reading


def rows(session: Session, actor: Actor) -> Sequence[Tender]:
    """Every tender of the hospital, the newest first."""
    return session.scalars(
        select(Tender).where(Tender.hospital_id == hospital_of(actor)).order_by(Tender.created_at.desc(), Tender.id)
    ).all()


def find(session: Session, actor: Actor, tender_id: str) -> Tender:
    """One of them."""
    row = session.get(Tender, tender_id)
    if row is None or row.hospital_id != hospital_of(actor):
        raise NotFound
    return row


def lot_of(tender: Tender, lot_id: str) -> TenderLot:
    """One lot of it."""
    for lot in tender.lots:
        if lot.id == lot_id:
            return lot
    raise NotFound


def bidder_of(tender: Tender, bidder_id: str) -> TenderBidder:
    """One bidder of it."""
    for bidder in tender.bidders:
        if bidder.id == bidder_id:
            return bidder
    raise NotFound


# ---- drafting


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
    _note(session, actor, row, "tender.begun", now=now, detail={"title": row.title})
    return row


def change(
    session: Session, actor: Actor, tender_id: str, fields: TenderFields, *, version: int, now: datetime
) -> Tender:
    """Change the draft, unless somebody else did."""
    hospital_of(actor, HOSPITAL_WRITERS)
    row = _locked(session, actor, tender_id, TenderState.DRAFT)
    if row.version != version:
        raise Clash(
            Message(text=N_("Somebody else changed this in the meantime. Look at what stands now and save again.")),
            theirs=row,
            version=row.version,
        )
    for name, value in _checked(session, actor, fields, now=now).items():
        setattr(row, name, value)
    row.version += 1
    _note(session, actor, row, "tender.changed", now=now)
    return row


def add_lot(session: Session, actor: Actor, tender_id: str, title: str, *, now: datetime) -> TenderLot:
    """One lot more, while it is a draft."""
    hospital_of(actor, HOSPITAL_WRITERS)
    row = _locked(session, actor, tender_id, TenderState.DRAFT)
    if not title.strip():
        raise BadInput({"lot_title": Message(text=N_("Give the lot a name."))})
    if len(row.lots) >= MOST_LOTS:
        raise NotNow(Message(text=N_("There are as many lots as can be kept.")))
    number = max((lot.number for lot in row.lots), default=0) + 1
    lot = TenderLot(hospital_id=row.hospital_id, tender_id=row.id, number=number, title=title.strip()[:200])
    session.add(lot)
    session.flush()
    session.refresh(row, ["lots"])
    _note(session, actor, row, "tender.lot-added", now=now, detail={"lot": number})
    return lot


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
    row = _locked(session, actor, tender_id, TenderState.DRAFT, TenderState.FROZEN, TenderState.OPEN)
    _require_time(row, now=now)
    lot = lot_of(row, fields.lot_id)
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
    _note(session, actor, row, "tender.bidder-added", now=now, detail={"bidder": bidder.id, "name": bidder.name})
    if row.state is TenderState.OPEN:
        _invite(session, actor, row, bidder, base_url=base_url, now=now, permitted=permitted)
    return bidder


def remove_bidder(session: Session, actor: Actor, tender_id: str, bidder_id: str, *, now: datetime) -> None:
    """Whom nobody has written to yet."""
    hospital_of(actor, HOSPITAL_WRITERS)
    bidder_of(find(session, actor, tender_id), bidder_id)  # what is unknown is that in every state
    row = _locked(session, actor, tender_id, TenderState.DRAFT, TenderState.FROZEN)
    bidder = bidder_of(row, bidder_id)
    session.delete(bidder)
    session.flush()
    session.refresh(row, ["bidders"])
    _note(session, actor, row, "tender.bidder-removed", now=now, detail={"bidder": bidder.id, "name": bidder.name})


# ---- freezing and inviting


def freeze(session: Session, actor: Actor, tender_id: str, *, now: datetime) -> Tender:
    """Questions, set, must-haves, weights and lots stand from here on; the hash says which."""
    hospital_of(actor, HOSPITAL_WRITERS)
    row = _locked(session, actor, tender_id, TenderState.DRAFT)
    _require_time(row, now=now)
    own = _own_catalogue(session, row)
    row.frozen = {
        "schema": 1,
        "tender": row.id,
        "title": row.title,
        "lots": [[lot.number, lot.title] for lot in row.lots],
        "catalogue": [row.catalogue_id, row.catalogue_version, own.sha256 if own is not None else ""],
        "question_set": row.question_set,
        "must_haves": list(row.must_haves),
        "closes_at": row.closes_at.isoformat(),
        "policy": storing.dump_policy(policies.of(session, row.hospital_id)),
    }
    row.frozen_sha256 = digest(row.frozen)
    row.state, row.frozen_at = TenderState.FROZEN, now
    row.version += 1
    _note(session, actor, row, "tender.frozen", now=now, detail={"sha256": row.frozen_sha256})
    return row


def digest(frozen: Mapping[str, Any]) -> str:
    """The hash of what was frozen, in its one canonical form."""
    text = json.dumps(frozen, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def start(
    session: Session, actor: Actor, tender_id: str, *, base_url: str, now: datetime, permitted: Sequence[str] = ()
) -> Tender:
    """Invite every bidder, each by a mail of its own; only what is frozen may be asked."""
    hospital_of(actor, HOSPITAL_WRITERS)
    row = _locked(session, actor, tender_id, TenderState.FROZEN)
    _require_time(row, now=now)
    _require_unchanged(row)
    if not row.bidders:
        raise NotNow(Message(text=N_("Name at least one bidder first.")))
    row.state, row.started_at = TenderState.OPEN, now
    row.version += 1
    _note(session, actor, row, "tender.started", now=now, detail={"bidders": len(row.bidders)})
    for bidder in row.bidders:
        _invite(session, actor, row, bidder, base_url=base_url, now=now, permitted=permitted)
    return row


def _invite(
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
    inside = _inside(actor, house.id)
    own = _own_catalogue(session, row)
    if own is not None:
        copied = {column.name: getattr(own, column.name) for column in OwnCatalogue.__table__.columns}
        session.add(OwnCatalogue(**{**copied, "hospital_id": house.id, "id": None}))
    lot = lot_of(row, bidder.lot_id)
    fields = VendorFields(
        name=bidder.name, domain=bidder.domain, contact_name=bidder.contact_name, contact_email=bidder.contact_email
    )
    vendor = vendors.add(session, inside, fields, now=now)
    supply = vendors.add_supply(session, inside, vendor.id, SupplyFields(name=lot.title), now=now)
    if bidder.domain:
        ground = HostFields(name=bidder.domain, ground=Ground.TENDER, ground_note=f"{row.reference} {row.title}"[:500])
        vendors.name_host(session, inside, vendor.id, ground, now=now, permitted=permitted)
    assessment = Assessment(
        hospital_id=house.id,
        vendor_id=vendor.id,
        round=1,
        question_set=row.question_set,
        question_set_reason=SET_REASON,
        catalogue_id=row.catalogue_id,
        catalogue_version=row.catalogue_version,
        catalogue_reason=SET_REASON,
        due_on=row.closes_at.astimezone(BERLIN).date(),
        closes_at=row.closes_at,
        stage=Stage.INVITED,
        created_at=now,
        invited_at=now,
        reminders_stopped_at=None if reminds(session, row) else now,  # the same mails for everybody
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
    invitations.send(session, inside, assessment, vendor, invitee=invitee, base_url=base_url, now=now)
    bidder.house_id, bidder.assessment_id, bidder.invited_at = house.id, assessment.id, now
    session.flush()
    _note(session, actor, row, "tender.bidder-invited", now=now, detail={"bidder": bidder.id})


def move_deadline(
    session: Session,
    actor: Actor,
    tender_id: str,
    closes_at: datetime,
    *,
    reason: str,
    base_url: str,
    now: datetime,
) -> Tender:
    """More time for all bidders alike, told to all at once: only later, and only while the deadline has not passed."""
    hospital_of(actor, HOSPITAL_WRITERS)
    row = _locked(session, actor, tender_id, TenderState.OPEN)
    _require_time(row, now=now)
    wrong: dict[str, Message] = {}
    if closes_at <= row.closes_at:
        wrong["closes_at"] = Message(text=N_("A deadline that bidders know is only moved to a later moment."))
    elif closes_at > now + LONGEST:
        wrong["closes_at"] = Message(text=N_("Choose a moment within the next year."))
    if not reason.strip():
        wrong["reason"] = Message(text=N_("Give the reason for more time; all bidders read it."))
    if wrong:
        raise BadInput(wrong)
    bidding = _bidding(session, row)
    before, row.closes_at = row.closes_at, closes_at
    row.version += 1
    day = closes_at.astimezone(BERLIN).date()
    for bidder, assessment in bidding:
        if assessment.stage in invitations.OPEN and assessment.due_on != day:
            invitations.move_due_date(session, _inside(actor, assessment.hospital_id), assessment.id, day, now=now)
        assessment.due_on, assessment.closes_at = day, closes_at
        _tell_of_time(session, row, bidder, reason.strip()[:500], base_url=base_url, now=now)
    detail = {"before": before.isoformat(), "after": closes_at.isoformat(), "reason": reason.strip()[:500]}
    _note(session, actor, row, "tender.deadline-moved", now=now, detail=detail)
    return row


def switch_reminders(session: Session, actor: Actor, tender_id: str, *, stopped: bool, now: datetime) -> Tender:
    """Reminders before the deadline, for all bidders alike or for none; whoever has handed in gets none."""
    hospital_of(actor, HOSPITAL_WRITERS)
    row = _locked(session, actor, tender_id, TenderState.OPEN)
    _require_time(row, now=now)
    for _bidder, assessment in _bidding(session, row):
        assessment.reminders_stopped_at = now if stopped else None
    _note(session, actor, row, "tender.reminders-off" if stopped else "tender.reminders-on", now=now)
    return row


def reminds(session: Session, row: Tender) -> bool:
    """Whether bidders are reminded."""
    return any(assessment.reminders_stopped_at is None for _bidder, assessment in _bidding(session, row))


def _bidding(session: Session, row: Tender) -> Sequence[tuple[TenderBidder, Assessment]]:
    """Whoever was invited and has not withdrawn, with the round."""
    found = [(one, session.get_one(Assessment, one.assessment_id)) for one in row.bidders if one.assessment_id]
    return [(one, assessment) for one, assessment in found if not _has_withdrawn(row, assessment)]


def _has_withdrawn(row: Tender, assessment: Assessment) -> bool:
    """The round of a withdrawn offer closed before the tender did."""
    return assessment.closes_at is not None and assessment.closes_at < min(row.closes_at, row.ended_at or row.closes_at)


def withdrawn(session: Session, actor: Actor, tender_id: str) -> frozenset[str]:
    """Bidders that took their offer back; known once the answers are opened."""
    row = find(session, actor, tender_id)
    if row.opened_at is None:
        return frozenset()
    stays = {one.id for one, _assessment in _bidding(session, row)}
    return frozenset(one.id for one in row.bidders if one.assessment_id is not None and one.id not in stays)


# ---- questions of bidders


def publish(
    session: Session,
    actor: Actor,
    tender_id: str,
    *,
    question: str,
    answer: str,
    query_id: str = "",
    base_url: str,
    now: datetime,
) -> TenderQuery:
    """Tell all bidders alike, each by a mail of its own, while there is time to act on it."""
    hospital_of(actor, HOSPITAL_WRITERS)
    row = _locked(session, actor, tender_id, TenderState.OPEN)
    _require_time(row, now=now)
    wrong: dict[str, Message] = {}
    if not question.strip():
        wrong["question"] = Message(text=N_("Write the question so that it names nobody."))
    if not answer.strip():
        wrong["answer"] = Message(text=N_("Write the answer."))
    if wrong:
        raise BadInput(wrong)
    query = session.get(TenderQuery, query_id) if query_id else None
    if query_id and (query is None or query.tender_id != row.id or query.hospital_id != row.hospital_id):
        raise NotFound
    if query is not None and query.answered_at is not None:
        raise NotNow(Message(text=N_("This question was answered already.")))
    if query is None:
        query = TenderQuery(hospital_id=row.hospital_id, tender_id=row.id, text="", asked_at=now)
        session.add(query)
    query.question, query.answer = question.strip()[:LONGEST_TEXT], answer.strip()[:LONGEST_TEXT]
    query.answered_at, query.answered_by = now, actor.name[:200]
    session.flush()
    for bidder, _assessment in _bidding(session, row):
        _tell(session, row, bidder, base_url=base_url, now=now)
    _note(session, actor, row, "tender.answer-published", now=now, detail={"query": query.id})
    return query


def told(session: Session, actor: Actor, assessment_id: str, *, now: datetime) -> Told:
    """What the bidder whose round it is may know of its tender."""
    row, bidder = _as_bidder(session, actor, assessment_id)
    queries = session.scalars(
        select(TenderQuery).where(TenderQuery.hospital_id == row.hospital_id, TenderQuery.tender_id == row.id)
    ).all()
    published = [query for query in queries if query.answered_at is not None]
    return Told(
        title=row.title,
        reference=row.reference,
        lot=lot_of(row, bidder.lot_id).title,
        closes_at=row.closes_at,
        may_ask=standing(row, now=now) == TenderState.OPEN,
        may_withdraw=standing(row, now=now) == TenderState.OPEN
        and session.get_one(Assessment, assessment_id).stage is not Stage.CLOSED,
        published=sorted(published, key=lambda query: (query.answered_at or now, query.id)),
        mine=[query for query in queries if query.answered_at is None and query.bidder_id == bidder.id],
    )


def is_tender(session: Session, actor: Actor, assessment_id: str) -> bool:
    """Whether a round of the company belongs to a tender."""
    company_id = company_of(actor, EVERY_COMPANY_ROLE)
    assessment = session.get(Assessment, assessment_id)
    return assessment is not None and assessment.company_id == company_id and assessment.closes_at is not None


def ask(session: Session, actor: Actor, assessment_id: str, text: str, *, now: datetime) -> TenderQuery:
    """A question of the bidder; the hospital answers it to all, or not."""
    row, bidder = _as_bidder(session, actor, assessment_id)
    _require_time(row, now=now)
    if row.state is not TenderState.OPEN:
        raise NotNow(Message(text=N_("This tender takes no questions any more.")))
    if not text.strip():
        raise BadInput({"text": Message(text=N_("Write your question."))})
    mine = select(func.count()).select_from(TenderQuery).where(TenderQuery.bidder_id == bidder.id)
    if (session.scalar(mine) or 0) >= MOST_QUERIES:
        raise NotNow(Message(text=N_("There are as many questions as can be kept.")))
    query = TenderQuery(
        hospital_id=row.hospital_id,
        tender_id=row.id,
        bidder_id=bidder.id,
        text=text.strip()[:LONGEST_TEXT],
        asked_at=now,
    )
    session.add(query)
    session.flush()
    audit.record(
        session, actor, "tender.question-asked", row.id, now=now, scope=scope_of(row.id), detail={"bidder": bidder.id}
    )
    return query


def withdraw_offer(session: Session, actor: Actor, assessment_id: str, *, now: datetime) -> None:
    """The bidder takes its offer back before the deadline; nobody of the hospital reads it, then or later."""
    company_id = company_of(actor, COMPANY_LEADERS)
    row, _bidder = _as_bidder(session, actor, assessment_id)
    session.refresh(row, with_for_update=True)
    _require_time(row, now=now)
    assessment = session.get_one(Assessment, assessment_id)
    responses.lock(session, assessment)
    if row.state is not TenderState.OPEN or assessment.stage is Stage.CLOSED:
        raise NotNow(Message(text=N_("There is no offer here that could be withdrawn.")))
    assessment.stage, assessment.closes_at = Stage.CLOSED, now
    assessment.version += 1
    house = audit.hospital_scope(assessment.hospital_id)
    audit.take_turns(session, house, audit.company_scope(company_id))
    for scope in (None, house):
        audit.record(session, actor, "tender.offer-withdrawn", assessment.id, now=now, scope=scope)


def _as_bidder(session: Session, actor: Actor, assessment_id: str) -> tuple[Tender, TenderBidder]:
    company_id = company_of(actor)
    assessment = session.get(Assessment, assessment_id)
    if assessment is None or assessment.company_id != company_id:
        raise NotFound
    bidder = session.scalars(
        select(TenderBidder).where(
            TenderBidder.house_id == assessment.hospital_id, TenderBidder.assessment_id == assessment.id
        )
    ).first()
    if bidder is None:
        raise NotFound
    return session.get_one(Tender, bidder.tender_id), bidder


def _tell_of_time(
    session: Session, row: Tender, bidder: TenderBidder, reason: str, *, base_url: str, now: datetime
) -> None:
    deadline = f"{row.closes_at.astimezone(BERLIN):%d.%m.%Y, %H:%M}"
    with i18n.speaking(bidder.language):
        letter = Letter(
            subject=i18n.gettext("More time in the tender “%(title)s”", title=row.title),
            paragraphs=(
                i18n.gettext("Good day,"),
                i18n.gettext(
                    "the hospital has moved the deadline for all bidders to %(deadline)s (German time). Reason: "
                    "%(reason)s",
                    deadline=deadline,
                    reason=reason,
                ),
            ),
            link=f"{base_url}/vendor/rounds/{bidder.assessment_id}/tender",
            link_text=i18n.gettext("Questions and answers of the tender"),
        )
    outbox.add(
        session,
        kind="tender-deadline",
        to=bidder.contact_email,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        language=bidder.language,
        hospital_id=bidder.house_id,
        now=now,
    )


def _tell(session: Session, row: Tender, bidder: TenderBidder, *, base_url: str, now: datetime) -> None:
    with i18n.speaking(bidder.language):
        letter = Letter(
            subject=i18n.gettext("News on the tender “%(title)s”", title=row.title),
            paragraphs=(
                i18n.gettext("Good day,"),
                i18n.gettext(
                    "the hospital has published an answer in this tender. It stands on the page of your round."
                ),
            ),
            link=f"{base_url}/vendor/rounds/{bidder.assessment_id}/tender",
            link_text=i18n.gettext("Questions and answers of the tender"),
        )
    outbox.add(
        session,
        kind="tender-answer",
        to=bidder.contact_email,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        language=bidder.language,
        hospital_id=bidder.house_id,
        now=now,
    )


# ---- opening, comparing


def open_answers(session: Session, actor: Actor, tender_id: str, *, now: datetime) -> Tender:
    """After the deadline: the first person asks for it, a second one opens; or one alone, where the tender says so."""
    hospital_of(actor, OPENERS)
    row = _locked(session, actor, tender_id, TenderState.OPEN)
    if now < row.closes_at:
        sentence = N_("The answers are sealed until the deadline on %(deadline)s.")
        raise NotNow(Message(text=sentence, values={"deadline": f"{row.closes_at.astimezone(BERLIN):%d.%m.%Y, %H:%M}"}))
    _require_unchanged(row)
    if row.needs_two and row.opening_by is None:
        row.opening_by, row.opening_by_name, row.opening_at = actor.person_id, actor.name[:200], now
        _note(session, actor, row, "tender.opening-asked", now=now)
        return row
    if row.needs_two and row.opening_by == actor.person_id:
        raise NotNow(Message(text=N_("Two people open the answers. You spoke first; a second person has to agree.")))
    _close_what_was_not_handed_in(session, row)
    row.state, row.opened_at, row.opened_by_name = TenderState.OPENED, now, actor.name[:200]
    row.version += 1
    _note(session, actor, row, "tender.opened", now=now, detail={"sha256": row.frozen_sha256})
    return row


def _close_what_was_not_handed_in(session: Session, row: Tender) -> None:
    """A hand-in that came in time and waited behind the opening finds its round closed."""
    for bidder in row.bidders:
        if bidder.assessment_id is None:
            continue
        assessment = session.get_one(Assessment, bidder.assessment_id)
        if assessment.company_id is not None:
            responses.lock(session, assessment)
        if assessment.stage is not Stage.SUBMITTED:
            assessment.stage = Stage.CLOSED
            assessment.version += 1


def side_by_side(session: Session, actor: Actor, tender_id: str, lot_id: str, *, now: datetime) -> Comparison:
    """The bidders of a lot: those that no gate excludes first, the best score first; by the frozen weights.

    As of the deadline, whenever it is read: what ran out since then, or was seen since then, moves nothing.
    """
    row = find(session, actor, tender_id)
    lot = lot_of(row, lot_id)
    _require_opened(row)
    rules = frozen_policy(row)
    at = min(now, row.closes_at + timedelta(seconds=1))
    found = [
        _assessed(session, bidder, rules, now=at)
        for bidder, _assessment in _bidding(session, row)
        if bidder.lot_id == lot.id
    ]
    must = frozenset(row.must_haves)
    first = comparison.compare(found, at=at, must_haves=must)
    out = {side.key: side.is_excluded for side in first.sides}
    found.sort(key=lambda one: _rank(one, is_excluded=out[one.dossier.vendor_key]))
    return comparison.compare(found, at=at, must_haves=must)


def frozen_policy(row: Tender) -> Policy:
    """The weights as they stood when the tender was frozen."""
    _require_unchanged(row)
    return storing.load_policy((row.frozen or {})["policy"])


def _assessed(session: Session, bidder: TenderBidder, rules: Policy, *, now: datetime) -> Assessed:
    assert bidder.house_id is not None
    assert bidder.assessment_id is not None
    dossier = dossiers.build(session, bidder.house_id, bidder.assessment_id, now=now)
    number = 1 + [one.id for one in bidder.tender.bidders].index(bidder.id)
    return register.assess(replace(dossier, vendor_key=f"B-{number:02}", vendor_name=bidder.name), rules)


def _rank(one: Assessed, *, is_excluded: bool) -> tuple[object, ...]:
    value = one.score.value
    return is_excluded, value is None, -(value or 0), one.dossier.vendor_key


def note_taken(session: Session, actor: Actor, tender_id: str, lot: int, *, sha256: str, now: datetime) -> None:
    """Who took the sheet of a lot along."""
    row = find(session, actor, tender_id)
    _note(session, actor, row, "tender.sheet-taken", now=now, detail={"lot": lot, "sha256": sha256})


# ---- the end


def award(session: Session, actor: Actor, tender_id: str, bidder_id: str, *, reason: str, now: datetime) -> Vendor:
    """The bidder becomes a vendor with a supply, and keeps its round; the tender ends when every lot has its word."""
    hospital_of(actor, HOSPITAL_WRITERS)
    row = _locked(session, actor, tender_id, TenderState.OPENED)
    bidder = bidder_of(row, bidder_id)
    if not reason.strip():
        raise BadInput({"reason": Message(text=N_("Give the reason for the award."))})
    if any(one.lot_id == bidder.lot_id and one.awarded_at is not None for one in row.bidders):
        raise NotNow(Message(text=N_("This lot has been awarded already.")))
    if bidder.assessment_id is None:
        raise NotNow(Message(text=N_("This bidder was never invited.")))
    if _has_withdrawn(row, session.get_one(Assessment, bidder.assessment_id)):
        raise NotNow(Message(text=N_("This bidder has withdrawn its offer.")))
    vendor = _become_vendor(session, actor, row, bidder, now=now)
    bidder.vendor_id, bidder.awarded_at = vendor.id, now
    _note(
        session,
        actor,
        row,
        "tender.awarded",
        now=now,
        detail={
            "bidder": bidder.id,
            "lot": lot_of(row, bidder.lot_id).number,
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
    row = _locked(session, actor, tender_id, *states)
    if not reason.strip():
        raise BadInput({"reason": Message(text=N_("Give the reason for the end of the tender."))})
    _note(session, actor, row, "tender.cancelled", now=now, detail={"reason": reason.strip()[:500]})
    _end(session, row, TenderState.CANCELLED, reason, now=now)
    return row


def _end(session: Session, row: Tender, state: TenderState, reason: str, *, now: datetime) -> None:
    row.state, row.ended_at, row.end_reason = state, now, reason.strip()[:LONGEST_TEXT]
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
    title = lot_of(row, bidder.lot_id).title
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


# ---- the log


def log(session: Session, actor: Actor, tender_id: str) -> Sequence[AuditEvent]:
    """Every act, the oldest first: the tender's own chain; and, once it is opened, what happened in bidders' rounds."""
    row = find(session, actor, tender_id)
    scopes = [scope_of(row.id)]
    if row.opened_at is not None:
        scopes += [audit.hospital_scope(bidder.house_id) for bidder in row.bidders if bidder.house_id is not None]
    events = session.scalars(
        select(AuditEvent)
        .where(AuditEvent.scope.in_(scopes))
        .order_by(AuditEvent.at, AuditEvent.scope, AuditEvent.sequence)
    )
    return events.all()


def is_sound(session: Session, actor: Actor, tender_id: str) -> bool:
    """Whether the chain of acts is whole, and what was frozen is what its hash says."""
    row = find(session, actor, tender_id)
    whole = row.frozen is None or digest(row.frozen) == row.frozen_sha256
    return whole and audit.verify(session, scope_of(row.id)).is_sound


# ---- what everybody needs


def _inside(actor: Actor, house_id: str) -> Actor:
    """The same person, acting in a bidder's tenant for the tender; only this module does."""
    return replace(actor, hospital_id=house_id, hospital_role=HospitalRole.ADMIN)


def _own_catalogue(session: Session, row: Tender) -> OwnCatalogue | None:
    return session.scalars(
        select(OwnCatalogue).where(
            OwnCatalogue.hospital_id == row.hospital_id,
            OwnCatalogue.catalogue_id == row.catalogue_id,
            OwnCatalogue.version == row.catalogue_version,
            OwnCatalogue.released_at.is_not(None),
        )
    ).first()


def _checked(session: Session, actor: Actor, fields: TenderFields, *, now: datetime) -> dict[str, Any]:
    wrong: dict[str, Message] = {}
    if not fields.title.strip():
        wrong["title"] = Message(text=N_("Give the tender a name."))
    if fields.closes_at <= now:
        wrong["closes_at"] = Message(text=N_("Choose a moment in the future."))
    elif fields.closes_at > now + LONGEST:
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
        "description": fields.description.strip()[:LONGEST_TEXT],
        "catalogue_id": fields.catalogue[0],
        "catalogue_version": fields.catalogue[1],
        "question_set": fields.question_set.value,
        "must_haves": must,
        "closes_at": fields.closes_at,
        "needs_two": fields.needs_two,
    }


def _locked(session: Session, actor: Actor, tender_id: str, *states: TenderState) -> Tender:
    """The tender in one of these states; of two people that act at once, one goes first."""
    row = find(session, actor, tender_id)
    session.refresh(row, with_for_update=True)
    if row.state not in states:
        raise NotNow(Message(text=N_("The tender does not stand where this can be done.")))
    return row


def _require_time(row: Tender, *, now: datetime) -> None:
    if now >= row.closes_at:
        sentence = N_("The deadline passed on %(deadline)s.")
        raise NotNow(
            Message(text=sentence, values={"deadline": f"{row.closes_at.astimezone(BERLIN):%d.%m.%Y, %H:%M:%S}"})
        )


def _require_unchanged(row: Tender) -> None:
    if row.frozen is None or digest(row.frozen) != row.frozen_sha256:
        raise NotNow(Message(text=N_("What was frozen does not fit its hash any more. Please tell the operator.")))


def _require_opened(row: Tender) -> None:
    if row.opened_at is None:
        sentence = N_("The answers are sealed until the deadline on %(deadline)s, and until they are opened.")
        raise NotNow(Message(text=sentence, values={"deadline": f"{row.closes_at.astimezone(BERLIN):%d.%m.%Y, %H:%M}"}))


def _note(
    session: Session, actor: Actor, row: Tender, verb: str, *, now: datetime, detail: dict[str, Any] | None = None
) -> None:
    """Into the tender's own chain, and that it happened into the hospital's."""
    audit.take_turns(session, scope_of(row.id), audit.hospital_scope(row.hospital_id))
    audit.record(session, actor, verb, row.id, now=now, scope=scope_of(row.id), detail=detail)
    audit.record(session, actor, verb, row.id, now=now)
