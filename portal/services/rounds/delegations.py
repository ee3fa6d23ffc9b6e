"""Sections handed on to colleagues: who answers what and how far they are, and the mails that bring and remind them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from portal import i18n
from portal.db.models.accounts import Company, CompanyMember, CompanyRole, Person, Ticket, TicketPurpose
from portal.db.models.assessments import Assessment
from portal.db.models.delegations import Delegation
from portal.db.models.responses import Answer
from portal.errors import BadInput, NotFound, NotNow
from portal.home import BERLIN
from portal.services import audit
from portal.services.actors import Actor, company_of
from portal.services.answers import responses
from portal.services.mails import outbox
from portal.services.mails.letters import Letter
from portal.services.people import accounts, limits, tickets
from portal.services.rounds import colleague_letters, rounds
from portal.services.rounds.colleague_letters import Handed
from portal.services.rounds.rounds import Round
from portal.services.rounds.scopes import PROFILE, section_of
from questionnaires import answering
from questionnaires.model import Text
from scanners.model import N_, Message

PAUSE = timedelta(hours=20)  # between two reminders
LONGEST_NOTE = 2000
ABOUT = Text(de="Zu Unternehmen und Produkt", en="About your company and product")


@dataclass(frozen=True, kw_only=True)
class Errand:
    """What is handed to whom, with a word and a day."""

    sections: Sequence[str]
    email: str
    name: str = ""
    note: str = ""
    due_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Held:
    """One section, in whose hands it is, and how far it has come."""

    section: str
    title: Text
    answered: int
    asked: int
    minutes: int  # left to answer what is missing
    delegation: Delegation | None = None  # None: with who leads
    person: str = ""  # the account's name, else as it was typed
    has_come: bool = False
    last_at: datetime | None = None
    last_by: str = ""

    @property
    def is_done(self) -> bool:
        """Whether nothing is left there."""
        return self.answered == self.asked

    def is_late(self, today: date) -> bool:
        """Whether the day that was named has passed."""
        due = self.delegation.due_on if self.delegation else None
        return due is not None and due < today and not self.is_done


# ---- looking


def overview(session: Session, actor: Actor, assessment_id: str, *, now: datetime) -> Sequence[Held]:
    """Every section of a round with its person, for who leads."""
    assessment = responses.find(session, actor, assessment_id)
    return _held(session, rounds.load(session, assessment, now=now))


def mine(session: Session, actor: Actor, assessment_id: str) -> Sequence[Delegation]:
    """What was handed to the actor in this round."""
    assessment, _part = responses.find_part(session, actor, assessment_id)
    return session.scalars(
        _of_round(assessment).where(Delegation.email == actor.email).order_by(Delegation.at, Delegation.section)
    ).all()


def _held(session: Session, asked: Round) -> Sequence[Held]:
    handed = {row.section: row for row in session.scalars(_of_round(asked.assessment))}
    seats = _seats(session, asked.assessment.company_id or "", {row.email for row in handed.values()})
    touched: dict[str, Answer] = {}
    for (question_id, _supply), answer in asked.answers.items():
        place = section_of(asked.catalogue, question_id)
        if answer.version and (place not in touched or touched[place].updated_at < answer.updated_at):
            touched[place] = answer
    profile = len(asked.profile_questions)
    rows = [(PROFILE, ABOUT, profile - len(asked.missing_profile), profile, responses.profile_minutes(asked))]
    shown = {section.id for section in asked.sections}
    for section in asked.catalogue.sections:
        if section.id in shown or section.id in handed:
            slots = asked.of_section(section.id)
            missing = [slot.question for slot in slots if slot.value is None]
            left = answering.minutes(missing, {})
            rows.append((section.id, section.title, len(slots) - len(missing), len(slots), left))
    return [
        Held(
            section=section_id,
            title=title,
            answered=answered,
            asked=count,
            minutes=left,
            delegation=handed.get(section_id),
            person=_name(handed.get(section_id), seats),
            has_come=section_id in handed and handed[section_id].email in seats,
            last_at=touched[section_id].updated_at if section_id in touched else None,
            last_by=touched[section_id].updated_by if section_id in touched else "",
        )
        for section_id, title, answered, count, left in rows
    ]


def _name(row: Delegation | None, seats: Mapping[str, Person]) -> str:
    if row is None:
        return ""
    person = seats.get(row.email)
    return person.name if person is not None else row.name or row.email


# ---- handing on, and back


def hand_on(session: Session, actor: Actor, assessment_id: str, errand: Errand, *, base_url: str, now: datetime) -> str:
    """Put sections into a colleague's hands, out of anybody else's; returns the address the mail goes to."""
    assessment = _changeable(session, actor, assessment_id)
    asked = rounds.load(session, assessment, now=now)
    email = _checked(actor, asked, errand, now=now)
    limits.spend(session, limits.HAND_ON, company_of(actor), now=now)
    responses.lock(session, assessment)
    for section in errand.sections:
        row = session.get(Delegation, (assessment.id, section), populate_existing=True)
        if row is None:
            row = Delegation(company_id=assessment.company_id, assessment_id=assessment.id, section=section)
            session.add(row)
        row.email, row.name = email, " ".join(errand.name.split())[:200]
        row.note, row.due_on = errand.note.strip()[:LONGEST_NOTE], errand.due_on
        row.language, row.by_name = i18n.language(), actor.name[:200]
        row.at, row.reminded_at = now, None
        detail = {"section": section, "to": email}
        audit.record(session, actor, "section.handed-on", assessment.id, now=now, detail=detail)
    session.flush()
    _send(session, assessment, email, base_url=base_url, now=now)
    return email


def take_back(session: Session, actor: Actor, assessment_id: str, section: str, *, now: datetime) -> None:
    """Out of the colleague's hands at once; what they answered stays."""
    assessment = responses.find(session, actor, assessment_id)
    responses.lock(session, assessment)  # a save of theirs is either before this or refused
    row = _row(session, assessment, section)
    email = row.email
    session.delete(row)
    session.flush()
    detail = {"section": section, "from": email}
    audit.record(session, actor, "section.taken-back", assessment.id, now=now, detail=detail)
    company_id = company_of(actor)
    others = select(Delegation.section).where(Delegation.company_id == company_id, Delegation.email == email)
    if session.scalars(others.limit(1)).first() is None and not _seats(session, company_id, {email}):
        tickets.revoke_seat(session, email=email, company_id=company_id, now=now)


def remind(session: Session, actor: Actor, assessment_id: str, section: str, *, base_url: str, now: datetime) -> str:
    """Write to whoever holds this section, about all that they hold of the round; at most once a day."""
    assessment = _changeable(session, actor, assessment_id)
    email = _row(session, assessment, section).email
    responses.lock(session, assessment)  # of two who remind at once the second sees that it was done
    rows = session.scalars(
        _of_round(assessment).where(Delegation.email == email).execution_options(populate_existing=True)
    ).all()
    if any(row.reminded_at is not None and now < row.reminded_at + PAUSE for row in rows):
        raise NotNow(Message(text=N_("They were reminded less than a day ago. You can remind them again tomorrow.")))
    held = {one.section: one for one in _held(session, rounds.load(session, assessment, now=now))}
    if all(held[row.section].is_done for row in rows if row.section in held):
        raise NotNow(Message(text=N_("Everything is answered there; there is nothing to remind of.")))
    limits.spend(session, limits.HAND_ON, company_of(actor), now=now)
    for row in rows:
        row.reminded_at = now
    detail = {"to": email}
    audit.record(session, actor, "section.reminded", assessment.id, now=now, detail=detail)
    _send(session, assessment, email, base_url=base_url, now=now, is_reminder=True)
    return email


# ---- the link


def invite(session: Session, actor: Actor, *, email: str, role: CompanyRole, base_url: str, now: datetime) -> None:
    """Send a colleague the link by which they join, without handing them anything yet."""
    token = accounts.invite_to_company(session, actor, email=email, role=role, now=now)
    company = session.get_one(Company, company_of(actor))
    letter = colleague_letters.invitation(actor.name, company.name, link=link(base_url, token))
    _post(session, "join-company", email, letter, language=i18n.language(), now=now)


def renew_link(session: Session, token: str, *, base_url: str, now: datetime) -> None:
    """A link to join a company that nobody used sends a new one to the address it was sent to, nowhere else.

    Silent when there is nothing to renew: whoever asks learns nothing.
    """
    limits.spend(session, limits.NEW_INVITATION, tickets.hashed(token), now=now)
    old = session.scalars(
        select(Ticket).where(
            Ticket.token_hash == tickets.hashed(token),
            Ticket.purpose == TicketPurpose.JOIN_COMPANY,
            Ticket.used_at.is_(None),
        )
    ).first()
    if old is None or old.company_id is None:
        return
    scope = audit.company_scope(old.company_id)
    guest = Actor(name=old.email, email=old.email)
    audit.record(session, guest, "member.link-renewed", old.email, now=now, scope=scope)
    handed = session.scalars(
        select(Delegation)
        .where(Delegation.company_id == old.company_id, Delegation.email == old.email)
        .order_by(Delegation.at.desc())
    ).first()
    if handed is not None:
        assessment = session.get_one(Assessment, handed.assessment_id)
        _send(session, assessment, old.email, base_url=base_url, now=now)
        return
    company = session.get_one(Company, old.company_id)
    fresh = _new_ticket(session, old.email, old.company_id, old.role, now=now)
    letter = colleague_letters.invitation(company.name, company.name, link=link(base_url, fresh))
    _post(session, "join-company", old.email, letter, language=i18n.language(), now=now)


def link(base_url: str, token: str) -> str:
    """Where a colleague joins; from the configured address only."""
    return f"{base_url}/join/{token}"


def _new_ticket(session: Session, email: str, company_id: str, role: str, *, now: datetime) -> str:
    return tickets.issue(session, TicketPurpose.JOIN_COMPANY, email=email, company_id=company_id, role=role, now=now)


def _send(
    session: Session, assessment: Assessment, email: str, *, base_url: str, now: datetime, is_reminder: bool = False
) -> None:
    """The mail about everything this address holds of the round: with a link to join where nobody has come yet."""
    company_id = assessment.company_id or ""
    rows = session.scalars(_of_round(assessment).where(Delegation.email == email).order_by(Delegation.at)).all()
    newest = rows[-1]
    person = _seats(session, company_id, {email}).get(email)
    if person is not None:
        target = f"{base_url}/vendor/rounds/{assessment.id}"
    else:
        target = link(
            base_url, _new_ticket(session, email, company_id, _role(session, email, company_id, now), now=now)
        )
    account = person or accounts.find_person(session, email)
    language = account.language if account is not None else newest.language
    held = {one.section: one for one in _held(session, rounds.load(session, assessment, now=now))}
    letter = colleague_letters.handed(
        Handed(
            name=account.name if account is not None else newest.name,
            by_name=newest.by_name,
            company=session.get_one(Company, company_id).name,
            hospital=responses.hospital_name(session, assessment),
            sections=[
                (one.title.get(language), one.asked - one.answered, one.minutes)
                for row in rows
                if (one := held.get(row.section)) is not None
            ],
            notes=list(dict.fromkeys(row.note for row in rows if row.note)),
            due_on=min((row.due_on for row in rows if row.due_on is not None), default=assessment.due_on),
            link=target,
            has_come=person is not None,
            is_reminder=is_reminder,
        ),
        language=language,
    )
    _post(session, "sections-reminder" if is_reminder else "sections", email, letter, language=language, now=now)


def _post(session: Session, kind: str, email: str, letter: Letter, *, language: str, now: datetime) -> None:
    outbox.post(
        session,
        letter,
        kind=kind,
        to=email,
        language=language,
        now=now,
    )


def _role(session: Session, email: str, company_id: str, now: datetime) -> str:
    """What a link that waits already promises; handing somebody sections makes nobody less."""
    waiting = session.scalars(
        select(Ticket.role).where(
            Ticket.purpose == TicketPurpose.JOIN_COMPANY,
            Ticket.email == email,
            Ticket.company_id == company_id,
            Ticket.used_at.is_(None),
            Ticket.expires_at > now,
        )
    ).first()
    return waiting or CompanyRole.CONTRIBUTOR.value


# ---- inside


def _of_round(assessment: Assessment) -> Select[Delegation]:
    return select(Delegation).where(
        Delegation.company_id == assessment.company_id, Delegation.assessment_id == assessment.id
    )


def _row(session: Session, assessment: Assessment, section: str) -> Delegation:
    row = session.get(Delegation, (assessment.id, section), populate_existing=True)
    if row is None:
        raise NotFound
    return row


def _seats(session: Session, company_id: str, emails: set[str]) -> Mapping[str, Person]:
    """Those of the addresses whose owners work in the company."""
    found = session.scalars(
        select(Person)
        .join(CompanyMember, CompanyMember.person_id == Person.id)
        .where(CompanyMember.company_id == company_id, CompanyMember.ended_at.is_(None), Person.email.in_(emails))
    )
    return {person.email: person for person in found}


def _changeable(session: Session, actor: Actor, assessment_id: str) -> Assessment:
    assessment = responses.find(session, actor, assessment_id)
    if not responses.head(session, actor, assessment_id).may_be_changed:
        raise NotNow(Message(text=N_("This round has been handed in and can no longer be changed.")))
    return assessment


def _checked(actor: Actor, asked: Round, errand: Errand, *, now: datetime) -> str:
    wrong: dict[str, Message] = {}
    known = {PROFILE, *(section.id for section in asked.sections)}
    if not errand.sections or not set(errand.sections) <= known:
        wrong["sections"] = Message(text=N_("Choose at least one section."))
    if errand.due_on is not None and errand.due_on < now.astimezone(BERLIN).date():
        wrong["due_on"] = Message(text=N_("Choose a day in the future."))
    address = ""
    try:
        address = accounts.email_address(errand.email)
    except BadInput as refused:
        wrong |= refused.fields
    if address and address == actor.email:
        wrong["email"] = Message(text=N_("This is your own address; what you hand to nobody stays with you."))
    if wrong:
        raise BadInput(wrong)
    return address
