"""Asking whoever owns a supply, or a lot: one link for one intake, its answer a proposal until it is taken over.

The person needs no account. Who has the link learns the name of the supply or the lot, who asks and what, no more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import Select, and_, delete, or_, select, update
from sqlalchemy.orm import Session

from assessments import intake as intake_form
from assessments import tiering
from assessments.model import Intake, IntakeForm, TierProposal
from portal import i18n
from portal.db.models.accounts import Hospital
from portal.db.models.intake_requests import IntakeLink, IntakeRequest
from portal.db.models.tenders import Tender, TenderLot, TenderState
from portal.db.models.vendors import IntakeRecord, Supply, Vendor
from portal.errors import BadInput, Clash, NotFound, NotNow
from portal.home import BERLIN
from portal.services import audit
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from portal.services.mails import outbox
from portal.services.mails.letters import Letter
from portal.services.people import accounts, limits, tickets
from portal.services.registers import policies
from portal.services.registers.dossiers import deadline_of
from portal.services.vendors import intakes, vendors
from portal.services.vendors.intakes import Override
from scanners.model import N_, Message

LONGEST = timedelta(days=90)
EXTENDED = timedelta(days=14)  # a reminder or a second question gives at least so long
LONGEST_REMARK = 4000
LONGEST_NAME = 200


class Standing(StrEnum):
    """How far a request has come."""

    WAITING = "waiting"  # for the person
    EXPIRED = "expired"
    ANSWERED = "answered"  # waits for somebody to take it over
    TAKEN = "taken"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Who is asked, in which language, why, and until when."""

    email: str
    until: date
    name: str = ""
    language: str = "de"
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class Said:
    """What the person sent."""

    answers: Mapping[str, Sequence[str]]
    name: str
    function: str
    remark: str = ""


@dataclass(frozen=True, kw_only=True)
class About:
    """What a person is asked about: a supply of a vendor, or a lot of a tender."""

    name: str
    of: str  # the vendor, or the tender
    supply_id: str | None = None
    lot_id: str | None = None
    tender_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a live link leads to."""

    request: IntakeRequest
    about: About
    hospital: Hospital
    form: IntakeForm


@dataclass(frozen=True, kw_only=True)
class Pending:
    """A request that waits for somebody, with what it is about."""

    request: IntakeRequest
    about: About
    standing: Standing


def standing(request: IntakeRequest, *, now: datetime) -> Standing:
    """How far it has come."""
    if request.withdrawn_at is not None:
        return Standing.WITHDRAWN
    if request.taken_at is not None:
        return Standing.TAKEN
    if request.submitted_at is not None:
        return Standing.ANSWERED
    return Standing.EXPIRED if request.expires_at <= now else Standing.WAITING


# ---- the hospital's side


def find(session: Session, actor: Actor, request_id: str) -> IntakeRequest:
    """One request of the actor's hospital."""
    request = session.scalars(
        select(IntakeRequest).where(IntakeRequest.hospital_id == hospital_of(actor), IntakeRequest.id == request_id)
    ).first()
    if request is None:
        raise NotFound
    return request


def supply_as(supply: Supply) -> About:
    """A supply, as what is asked about."""
    return About(name=supply.name, of=supply.vendor.name, supply_id=supply.id)


def lot_as(lot: TenderLot) -> About:
    """A lot, as the same."""
    return About(name=lot.title, of=lot.tender.title, lot_id=lot.id, tender_id=lot.tender_id)


def all_about(session: Session, actor: Actor, about: About) -> Sequence[IntakeRequest]:
    """All requests about a supply or a lot, the newest first."""
    is_it = IntakeRequest.lot_id == about.lot_id if about.lot_id else IntakeRequest.supply_id == about.supply_id
    return session.scalars(
        select(IntakeRequest)
        .where(IntakeRequest.hospital_id == hospital_of(actor), is_it)
        .order_by(IntakeRequest.created_at.desc(), IntakeRequest.id)
    ).all()


def open_one(session: Session, actor: Actor, about: About, *, now: datetime) -> Standing | None:
    """How far the request stands that is neither taken over nor withdrawn; None: there is none."""
    found = (standing(one, now=now) for one in all_about(session, actor, about))
    return next((one for one in found if one not in {Standing.TAKEN, Standing.WITHDRAWN}), None)


def pending(session: Session, actor: Actor, *, now: datetime) -> Sequence[Pending]:
    """What waits: answers to be taken over first, then questions without an answer, the oldest first."""
    rows = session.execute(
        _alive()
        .where(
            IntakeRequest.hospital_id == hospital_of(actor),
            IntakeRequest.withdrawn_at.is_(None),
            IntakeRequest.taken_at.is_(None),
        )
        .order_by(IntakeRequest.submitted_at.is_(None), IntakeRequest.created_at, IntakeRequest.id)
    ).all()
    return [
        Pending(request=request, about=_told_apart(supply, lot), standing=standing(request, now=now))
        for request, supply, lot in rows
    ]


def ask(session: Session, actor: Actor, supply_id: str, owner: Owner, *, base_url: str, now: datetime) -> IntakeRequest:
    """Send one person the questions about one supply; request, mail and audit event stand in one transaction."""
    hospital_of(actor, HOSPITAL_WRITERS)
    supply = vendors.find_supply(session, actor, supply_id)
    if supply.ended_at is not None:
        raise NotNow(Message(text=N_("This product or service has ended.")))
    return send(session, actor, supply_as(supply), owner, base_url=base_url, now=now)


def send(session: Session, actor: Actor, about: About, owner: Owner, *, base_url: str, now: datetime) -> IntakeRequest:
    """The same about anything that has an intake; whoever calls has looked whether it may still be asked about."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    address = _checked(owner, now=now)
    if any(one.taken_at is None and one.withdrawn_at is None for one in all_about(session, actor, about)):
        raise NotNow(Message(text=N_("Somebody is asked about it already. Withdraw that link first.")))
    request = IntakeRequest(
        hospital_id=hospital_id,
        supply_id=about.supply_id,
        lot_id=about.lot_id,
        email=address,
        name=owner.name.strip()[:LONGEST_NAME],
        language=owner.language if owner.language in i18n.LANGUAGES else i18n.DEFAULT,
        message=owner.message.strip()[:LONGEST_REMARK],
        until=owner.until,
        asked_by=actor.name[:LONGEST_NAME],
        created_at=now,
        expires_at=_end_of(owner.until),
        form_version=intake_form.current().version,
    )
    session.add(request)
    session.flush()  # the link points to it
    _write(session, request, base_url=base_url, now=now)
    _note(session, actor, "intake.asked", request, now=now, detail={"to": address, "until": owner.until.isoformat()})
    return request


def remind(session: Session, actor: Actor, request_id: str, *, base_url: str, now: datetime) -> None:
    """Write to the person once more, because somebody wants it so: nothing here reminds people of the house by itself.

    The earlier link goes on to work, and all of them for another while.
    """
    hospital_of(actor, HOSPITAL_WRITERS)
    request = _locked(session, actor, request_id)
    if standing(request, now=now) not in {Standing.WAITING, Standing.EXPIRED}:
        raise NotNow(Message(text=N_("This question waits for no answer any more.")))
    _require_alive(session, request)
    limits.spend(session, limits.INTAKE_MAIL, request.id, now=now)
    request.expires_at = max(request.expires_at, now + EXTENDED)
    request.reminded_at = now
    request.version += 1
    _write(session, request, base_url=base_url, now=now, is_reminder=True)
    _note(session, actor, "intake.reminded", request, now=now, detail={"to": request.email})


def withdraw(session: Session, actor: Actor, request_id: str, *, now: datetime) -> None:
    """End a request; its links die, and what was answered and not taken over is set aside."""
    hospital_of(actor, HOSPITAL_WRITERS)
    request = _locked(session, actor, request_id)
    if request.taken_at is not None or request.withdrawn_at is not None:
        raise NotNow(Message(text=N_("This question has ended already.")))
    request.withdrawn_at = now
    request.version += 1
    _kill_links(session, request)
    _note(session, actor, "intake.withdrawn", request, now=now, detail={"answered": request.submitted_at is not None})


def reopen(session: Session, actor: Actor, request_id: str, message: str, *, base_url: str, now: datetime) -> None:
    """Ask the same person again: a new link, their earlier answers stand in the form."""
    hospital_of(actor, HOSPITAL_WRITERS)
    request = _locked(session, actor, request_id)
    if standing(request, now=now) is not Standing.ANSWERED:
        raise NotNow(Message(text=N_("Only an answer that waits to be taken over can be asked for again.")))
    _require_alive(session, request)
    limits.spend(session, limits.INTAKE_MAIL, request.id, now=now)
    _kill_links(session, request)
    request.submitted_at = None
    request.reopened_at = now
    request.message = message.strip()[:LONGEST_REMARK]
    request.expires_at = max(request.expires_at, now + EXTENDED)
    request.version += 1
    _write(session, request, base_url=base_url, now=now)
    _note(session, actor, "intake.reopened", request, now=now, detail={"to": request.email})


def said(request: IntakeRequest) -> Intake | None:
    """What the person answered, also while they are asked again."""
    if request.answers is None:
        return None
    return Intake(
        form_version=request.form_version,
        answers={question: tuple(options) for question, options in request.answers.items()},
    )


def proposal(session: Session, request: IntakeRequest) -> TierProposal | None:
    """The tier that follows from what the person answered, with its reasons; None: nothing waits."""
    intake = said(request)
    if intake is None or request.submitted_at is None:
        return None
    return tiering.propose(intake, policies.of(session, request.hospital_id))


def take_over(
    session: Session,
    actor: Actor,
    request_id: str,
    *,
    version: int,
    now: datetime,
    given: Mapping[str, Sequence[str]] | None = None,
    override: Override | None = None,
) -> IntakeRecord:
    """Make the answer the intake of its supply: as it was sent, or with what the assessor changed.

    `version` is the one that was read: what the person, or a colleague, did meanwhile is looked at first.
    """
    request, intake = waiting(session, actor, request_id, version=version, now=now)
    if request.supply_id is None:
        raise NotFound
    record = intakes.fill_in(
        session, actor, request.supply_id, intake.answers if given is None else given, now=now, override=override
    )
    session.flush()  # the request names it
    request.intake_id = record.id
    settle(session, actor, request, intakes.load(record), tier=record.tier, now=now)
    return record


def waiting(
    session: Session, actor: Actor, request_id: str, *, version: int, now: datetime
) -> tuple[IntakeRequest, Intake]:
    """The answer that is about to be taken over, locked; refused where it is not the one that was read."""
    hospital_of(actor, HOSPITAL_WRITERS)
    request = _locked(session, actor, request_id)
    intake = said(request)
    if request.version != version or intake is None or standing(request, now=now) is not Standing.ANSWERED:
        raise Clash(Message(text=N_("This answer has changed in the meantime. Look at it again.")))
    return request, intake


def settle(session: Session, actor: Actor, request: IntakeRequest, kept: Intake, *, tier: int, now: datetime) -> None:
    """It is taken over: `kept` is what stands because of it."""
    told = said(request)
    assert told is not None
    request.taken_at, request.taken_by = now, actor.name[:LONGEST_NAME]
    request.version += 1
    _kill_links(session, request)
    changed = sorted(
        question for question, options in kept.answers.items() if set(options) != set(told.answers.get(question, ()))
    )
    _note(
        session,
        actor,
        "intake.taken-over",
        request,
        now=now,
        detail={"from": request.by_name, "tier": tier, "changed": changed},
    )


# ---- the person's side: the token is the authorisation


def look(session: Session, token: str, *, now: datetime) -> Asked:
    """What a live link leads to; looking changes nothing."""
    row = session.execute(
        _alive()
        .join(
            IntakeLink,
            (IntakeLink.hospital_id == IntakeRequest.hospital_id) & (IntakeLink.request_id == IntakeRequest.id),
        )
        .where(
            IntakeLink.token_hash == tickets.hashed(token),
            IntakeRequest.submitted_at.is_(None),
            IntakeRequest.withdrawn_at.is_(None),
            IntakeRequest.taken_at.is_(None),
            IntakeRequest.expires_at > now,
        )
    ).first()
    if row is None:
        raise NotFound
    request, supply, lot = row
    return Asked(
        request=request,
        about=_told_apart(supply, lot),
        hospital=session.get_one(Hospital, request.hospital_id),
        form=intake_form.get(request.form_version),
    )


def answer(session: Session, token: str, sent: Said, *, now: datetime) -> Asked:
    """Keep what the person says, once: of any number that send at the same moment, one wins."""
    asked = look(session, token, now=now)
    intake, bad = intake_form.answered(asked.form, sent.answers)
    wrong = {question: Message(text=one.message.text, values=one.message.values) for question, one in bad.items()}
    if not sent.name.strip():
        wrong["name"] = Message(text=N_("Enter your name."))
    if not sent.function.strip():
        wrong["function"] = Message(text=N_("Say what you do in the house."))
    if wrong:
        raise BadInput(wrong)
    won = session.scalars(
        update(IntakeRequest)
        .where(
            IntakeRequest.id == asked.request.id,
            IntakeRequest.submitted_at.is_(None),
            IntakeRequest.withdrawn_at.is_(None),
            IntakeRequest.expires_at > now,
        )
        .values(
            submitted_at=now,
            answers={question: list(options) for question, options in intake.answers.items()},
            remark=sent.remark.strip()[:LONGEST_REMARK],
            by_name=sent.name.strip()[:LONGEST_NAME],
            by_function=sent.function.strip()[:LONGEST_NAME],
            version=IntakeRequest.version + 1,
        )
        .returning(IntakeRequest)
        .execution_options(populate_existing=True)
    ).first()
    if won is None:
        raise NotFound
    _kill_links(session, won)
    audit.record(
        session,
        Actor(name=won.by_name, email=won.email),
        "intake.answered",
        _object(won),
        now=now,
        scope=audit.hospital_scope(won.hospital_id),
        detail={"request": won.id, "function": won.by_function},
    )
    return asked


# ---- inside


def kill_all(session: Session, *, now: datetime) -> None:
    """Kill every live link: after a restore, what was out there must open nothing."""
    session.execute(delete(IntakeLink).where(IntakeLink.created_at <= now))


def _checked(owner: Owner, *, now: datetime) -> str:
    wrong: dict[str, Message] = {}
    today = now.astimezone(BERLIN).date()
    if not today <= owner.until <= today + LONGEST:
        wrong["until"] = Message(text=N_("Choose a day within the next 90 days."))
    address = ""
    try:
        address = accounts.email_address(owner.email)
    except BadInput as refused:
        wrong |= refused.fields
    if wrong:
        raise BadInput(wrong)
    return address


def _end_of(day: date) -> datetime:
    return deadline_of(day).astimezone(UTC)


def _locked(session: Session, actor: Actor, request_id: str) -> IntakeRequest:
    """The request as it stands now, one change at a time."""
    request = find(session, actor, request_id)
    session.refresh(request, with_for_update=True)
    return request


def _alive() -> Select[IntakeRequest, Supply, TenderLot]:
    """Requests with their supply that has not ended, or their lot whose tender is a draft."""
    return (
        select(IntakeRequest, Supply, TenderLot)
        .outerjoin(Supply, (Supply.hospital_id == IntakeRequest.hospital_id) & (Supply.id == IntakeRequest.supply_id))
        .outerjoin(Vendor, (Vendor.hospital_id == Supply.hospital_id) & (Vendor.id == Supply.vendor_id))
        .outerjoin(
            TenderLot, (TenderLot.hospital_id == IntakeRequest.hospital_id) & (TenderLot.id == IntakeRequest.lot_id)
        )
        .outerjoin(Tender, (Tender.hospital_id == TenderLot.hospital_id) & (Tender.id == TenderLot.tender_id))
        .where(
            or_(
                and_(Supply.id.is_not(None), Supply.ended_at.is_(None), Vendor.ended_at.is_(None)),
                Tender.state == TenderState.DRAFT,
            )
        )
    )


def _told_apart(supply: Supply | None, lot: TenderLot | None) -> About:
    if lot is not None:
        return lot_as(lot)
    assert supply is not None
    return supply_as(supply)


def _about(session: Session, request: IntakeRequest) -> About:
    if request.lot_id is not None:
        return lot_as(session.get_one(TenderLot, request.lot_id))
    return supply_as(session.get_one(Supply, request.supply_id))


def _object(request: IntakeRequest) -> str:
    return request.supply_id or request.lot_id or ""


def _require_alive(session: Session, request: IntakeRequest) -> None:
    if session.execute(_alive().where(IntakeRequest.id == request.id)).first() is None:
        raise NotNow(Message(text=N_("This question waits for no answer any more.")))


def _kill_links(session: Session, request: IntakeRequest) -> None:
    session.execute(
        delete(IntakeLink).where(IntakeLink.hospital_id == request.hospital_id, IntakeLink.request_id == request.id)
    )


def _note(
    session: Session, actor: Actor, verb: str, request: IntakeRequest, *, now: datetime, detail: Mapping[str, object]
) -> None:
    audit.record(session, actor, verb, _object(request), now=now, detail={"request": request.id, **detail})


# ---- the words


def _write(
    session: Session,
    request: IntakeRequest,
    *,
    base_url: str,
    now: datetime,
    is_reminder: bool = False,
) -> None:
    token = tickets.new_token()
    session.add(
        IntakeLink(
            hospital_id=request.hospital_id,
            token_hash=tickets.hashed(token),
            request_id=request.id,
            created_at=now,
        )
    )
    hospital = session.get_one(Hospital, request.hospital_id)
    letter = _letter(
        request, _about(session, request), hospital, link=f"{base_url}/intake/{token}", is_reminder=is_reminder
    )
    outbox.post(
        session,
        letter,
        kind="intake-reminder" if is_reminder else "intake",
        to=request.email,
        language=request.language,
        hospital_id=request.hospital_id,
        now=now,
    )


def _letter(request: IntakeRequest, about: About, hospital: Hospital, *, link: str, is_reminder: bool) -> Letter:
    """To the person in the house: what is asked, why, by whom, and how long it takes."""
    with i18n.speaking(request.language):
        _ = i18n.gettext
        day = request.expires_at.astimezone(BERLIN)
        until = day.strftime("%d.%m.%Y" if request.language == "de" else "%d %b %Y")
        subject = (
            _("Reminder: a few questions about %(supply)s", supply=about.name)
            if is_reminder
            else _("A few questions about %(supply)s", supply=about.name)
        )
        return Letter(
            subject=subject,
            paragraphs=[
                _("Good day %(name)s,", name=request.name) if request.name else _("Good day,"),
                _why(request, about, hospital),
                *([request.message] if request.message else []),
                _("It is about ten questions to tick, five minutes. You need no account and no technical knowledge."),
            ],
            link=link,
            link_text=_("Answer the questions"),
            closing=[
                _(
                    "The link is meant for you alone and works until %(day)s. Opening it commits you to nothing.",
                    day=until,
                )
            ],
        )


def _why(request: IntakeRequest, about: About, hospital: Hospital) -> str:
    _ = i18n.gettext
    if about.lot_id is not None:
        return _(
            "%(person)s at %(hospital)s prepares a tender and wants to know how much will depend on %(lot)s: what it "
            "will be needed for, how long you could do without, and which data it will handle. You know this best. "
            "Please keep it to yourself until the tender is published.",
            person=request.asked_by,
            hospital=hospital.name,
            lot=about.name,
        )
    return _(
        "%(person)s at %(hospital)s wants to know how much depends on %(supply)s: what it is needed for, "
        "how long you can do without, and which data it handles. You know this best.",
        person=request.asked_by,
        hospital=hospital.name,
        supply=about.name,
    )
