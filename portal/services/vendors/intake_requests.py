"""Asking whoever owns a supply in the house: one link for one intake, its answer a proposal until it is taken over.

The person needs no account. Who has the link learns the name of the supply, who asks and what, and nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from assessments import intake as intake_form
from assessments import tiering
from assessments.model import Intake, IntakeForm, TierProposal
from portal import i18n
from portal.db.models.accounts import Hospital
from portal.db.models.intake_requests import IntakeLink, IntakeRequest
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
class Asked:
    """What a live link leads to."""

    request: IntakeRequest
    supply: Supply
    hospital: Hospital
    form: IntakeForm


@dataclass(frozen=True, kw_only=True)
class Pending:
    """A request that waits for somebody, with what it is about."""

    request: IntakeRequest
    supply: Supply
    vendor: Vendor
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


def of_supply(session: Session, actor: Actor, supply: Supply) -> Sequence[IntakeRequest]:
    """All requests about a supply, the newest first."""
    return session.scalars(
        select(IntakeRequest)
        .where(IntakeRequest.hospital_id == hospital_of(actor), IntakeRequest.supply_id == supply.id)
        .order_by(IntakeRequest.created_at.desc(), IntakeRequest.id)
    ).all()


def pending(session: Session, actor: Actor, *, now: datetime) -> Sequence[Pending]:
    """What waits: answers to be taken over first, then questions without an answer, the oldest first."""
    rows = session.execute(
        select(IntakeRequest, Supply, Vendor)
        .join(Supply, (Supply.hospital_id == IntakeRequest.hospital_id) & (Supply.id == IntakeRequest.supply_id))
        .join(Vendor, (Vendor.hospital_id == Supply.hospital_id) & (Vendor.id == Supply.vendor_id))
        .where(
            IntakeRequest.hospital_id == hospital_of(actor),
            IntakeRequest.withdrawn_at.is_(None),
            IntakeRequest.taken_at.is_(None),
            Supply.ended_at.is_(None),
            Vendor.ended_at.is_(None),
        )
        .order_by(IntakeRequest.submitted_at.is_(None), IntakeRequest.created_at, IntakeRequest.id)
    ).all()
    return [
        Pending(request=request, supply=supply, vendor=vendor, standing=standing(request, now=now))
        for request, supply, vendor in rows
    ]


def ask(session: Session, actor: Actor, supply_id: str, owner: Owner, *, base_url: str, now: datetime) -> IntakeRequest:
    """Send one person the questions about one supply; request, mail and audit event stand in one transaction."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    supply = vendors.find_supply(session, actor, supply_id)
    address = _checked(owner, now=now)
    if supply.ended_at is not None:
        raise NotNow(Message(text=N_("This product or service has ended.")))
    if any(one.taken_at is None and one.withdrawn_at is None for one in of_supply(session, actor, supply)):
        raise NotNow(Message(text=N_("Somebody is asked about it already. Withdraw that link first.")))
    request = IntakeRequest(
        hospital_id=hospital_id,
        supply_id=supply.id,
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
    _write(session, request, supply, base_url=base_url, now=now)
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
    limits.spend(session, limits.INTAKE_MAIL, request.id, now=now)
    request.expires_at = max(request.expires_at, now + EXTENDED)
    request.reminded_at = now
    request.version += 1
    _write(session, request, _supply(session, request), base_url=base_url, now=now, is_reminder=True)
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
    limits.spend(session, limits.INTAKE_MAIL, request.id, now=now)
    _kill_links(session, request)
    request.submitted_at = None
    request.reopened_at = now
    request.message = message.strip()[:LONGEST_REMARK]
    request.expires_at = max(request.expires_at, now + EXTENDED)
    request.version += 1
    _write(session, request, _supply(session, request), base_url=base_url, now=now)
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
    hospital_of(actor, HOSPITAL_WRITERS)
    request = _locked(session, actor, request_id)
    intake = said(request)
    if request.version != version or intake is None or standing(request, now=now) is not Standing.ANSWERED:
        raise Clash(Message(text=N_("This answer has changed in the meantime. Look at it again.")))
    record = intakes.fill_in(
        session, actor, request.supply_id, intake.answers if given is None else given, now=now, override=override
    )
    session.flush()  # the request names it
    request.taken_at, request.taken_by, request.intake_id = now, actor.name[:LONGEST_NAME], record.id
    request.version += 1
    _kill_links(session, request)
    changed = sorted(
        question
        for question, options in intakes.load(record).answers.items()
        if set(options) != set(intake.answers.get(question, ()))
    )
    _note(
        session,
        actor,
        "intake.taken-over",
        request,
        now=now,
        detail={"from": request.by_name, "tier": record.tier, "changed": changed},
    )
    return record


# ---- the person's side: the token is the authorisation


def look(session: Session, token: str, *, now: datetime) -> Asked:
    """What a live link leads to; looking changes nothing."""
    row = session.execute(
        select(IntakeRequest, Supply)
        .join(
            IntakeLink,
            (IntakeLink.hospital_id == IntakeRequest.hospital_id) & (IntakeLink.request_id == IntakeRequest.id),
        )
        .join(Supply, (Supply.hospital_id == IntakeRequest.hospital_id) & (Supply.id == IntakeRequest.supply_id))
        .join(Vendor, (Vendor.hospital_id == Supply.hospital_id) & (Vendor.id == Supply.vendor_id))
        .where(
            IntakeLink.token_hash == tickets.hashed(token),
            IntakeRequest.submitted_at.is_(None),
            IntakeRequest.withdrawn_at.is_(None),
            IntakeRequest.taken_at.is_(None),
            IntakeRequest.expires_at > now,
            Supply.ended_at.is_(None),
            Vendor.ended_at.is_(None),
        )
    ).first()
    if row is None:
        raise NotFound
    request, supply = row
    return Asked(
        request=request,
        supply=supply,
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
        won.supply_id,
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


def _supply(session: Session, request: IntakeRequest) -> Supply:
    return session.get_one(Supply, request.supply_id)


def _kill_links(session: Session, request: IntakeRequest) -> None:
    session.execute(
        delete(IntakeLink).where(IntakeLink.hospital_id == request.hospital_id, IntakeLink.request_id == request.id)
    )


def _note(
    session: Session, actor: Actor, verb: str, request: IntakeRequest, *, now: datetime, detail: Mapping[str, object]
) -> None:
    audit.record(session, actor, verb, request.supply_id, now=now, detail={"request": request.id, **detail})


# ---- the words


def _write(
    session: Session,
    request: IntakeRequest,
    supply: Supply,
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
    letter = _letter(request, supply, hospital, link=f"{base_url}/intake/{token}", is_reminder=is_reminder)
    outbox.post(
        session,
        letter,
        kind="intake-reminder" if is_reminder else "intake",
        to=request.email,
        language=request.language,
        hospital_id=request.hospital_id,
        now=now,
    )


def _letter(request: IntakeRequest, supply: Supply, hospital: Hospital, *, link: str, is_reminder: bool) -> Letter:
    """To the person in the house: what is asked, why, by whom, and how long it takes."""
    with i18n.speaking(request.language):
        _ = i18n.gettext
        day = request.expires_at.astimezone(BERLIN)
        until = day.strftime("%d.%m.%Y" if request.language == "de" else "%d %b %Y")
        subject = (
            _("Reminder: a few questions about %(supply)s", supply=supply.name)
            if is_reminder
            else _("A few questions about %(supply)s", supply=supply.name)
        )
        return Letter(
            subject=subject,
            paragraphs=[
                _("Good day %(name)s,", name=request.name) if request.name else _("Good day,"),
                _(
                    "%(person)s at %(hospital)s wants to know how much depends on %(supply)s: what it is needed for, "
                    "how long you can do without, and which data it handles. You know this best.",
                    person=request.asked_by,
                    hospital=hospital.name,
                    supply=supply.name,
                ),
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
