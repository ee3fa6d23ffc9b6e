"""People and their roles: who is let in, as what, and who is shown out."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session, joinedload

from portal import mailer
from portal.db.models.accounts import (
    Company,
    CompanyMember,
    CompanyRole,
    Hospital,
    HospitalMember,
    HospitalRole,
    Person,
    Ticket,
    TicketPurpose,
)
from portal.db.models.delegations import Delegation
from portal.errors import BadInput, NotAllowed, NotFound, NotNow
from portal.files.sealing import Keyring
from portal.services import audit
from portal.services.actors import COMPANY_LEADERS, SYSTEM, Actor, company_of, hospital_of, require_operator
from portal.services.people import account_notices, limits, passwords, sign_ins, tickets
from portal.services.people.account_notices import Change
from scanners.model import N_, Message

GERMAN_STATES = frozenset(
    ["BB", "BE", "BW", "BY", "HB", "HE", "HH", "MV", "NI", "NW", "RP", "SH", "SL", "SN", "ST", "TH"]
)


@dataclass(frozen=True, kw_only=True)
class NewPerson:
    """What somebody types to get an account; the address comes from the link, or for the first one from them."""

    name: str
    password: str
    language: str = "de"


@dataclass(frozen=True, kw_only=True)
class NewHospital:
    """What a hospital is called and where it is."""

    name: str
    city: str = ""
    state: str = ""
    contact_email: str = ""
    contact_phone: str = ""


def email_address(text: str, *, field: str = "email") -> str:
    """One mail address in lower case, or BadInput."""
    address = text.strip().lower()
    if not mailer.is_one_address(address):
        raise BadInput({field: Message(text=N_("Enter one e-mail address, like name@example.org."))})
    return address


def find_person(session: Session, email: str) -> Person | None:
    """Whoever has this address; only for those who already showed that they may know."""
    return session.scalars(select(Person).where(Person.email == email.strip().lower())).first()


def add_person(session: Session, *, email: str, new: NewPerson, now: datetime) -> Person:
    """An account for an address that its owner has shown to be theirs, or that the operator vouches for."""
    address = email_address(email)
    if find_person(session, address) is not None:
        raise BadInput({"email": Message(text=N_("There is an account for this address. Sign in with it."))})
    name = _required(new.name, "name", N_("Enter your name."))
    passwords.check_rules(new.password, about=(name, address))
    person = Person(
        email=address,
        name=name,
        language=new.language,
        password_hash=passwords.make_hash(new.password),
        created_at=now,
    )
    session.add(person)
    session.flush()  # memberships point to it
    return person


# ---- hospitals


def add_hospital(session: Session, actor: Actor, new: NewHospital, *, now: datetime) -> Hospital:
    """Another tenant; the operator adds it and invites its first administrator."""
    require_operator(actor)
    if new.state and new.state not in GERMAN_STATES:
        raise BadInput({"state": Message(text=N_("Choose a federal state from the list."))})
    hospital = Hospital(
        name=_required(new.name, "hospital_name", N_("Enter the name of the hospital.")),
        city=new.city.strip()[:100],
        state=new.state,
        contact_email=email_address(new.contact_email, field="contact_email") if new.contact_email else "",
        contact_phone=new.contact_phone.strip()[:60],
        created_at=now,
    )
    session.add(hospital)
    session.flush()  # memberships and the audit trail point to it
    audit.record(session, actor, "hospital.added", hospital.id, now=now, scope=audit.hospital_scope(hospital.id))
    return hospital


def create_first_hospital(
    session: Session, token: str, *, hospital: NewHospital, email: str, person: NewPerson, now: datetime
) -> tuple[Hospital, Person]:
    """What the one-time link of the first start is for: a hospital, its administrator, who also runs the instance."""
    tickets.redeem(session, token, TicketPurpose.FIRST_HOSPITAL, now=now)
    owner = add_person(session, email=email, new=person, now=now)
    owner.is_operator = session.scalar(select(func.count()).where(Person.is_operator)) == 0
    actor = Actor(person_id=owner.id, name=owner.name, email=owner.email, is_operator=True)
    made = add_hospital(session, actor, hospital, now=now)
    made.language = person.language
    made.contact_name = owner.name
    made.contact_email = made.contact_email or owner.email
    grant_hospital_role(session, actor, person=owner, hospital_id=made.id, role=HospitalRole.ADMIN, now=now)
    return made, owner


def has_hospital(session: Session) -> bool:
    """Whether the first hospital exists, so that no setup link is needed."""
    return session.scalars(select(Hospital.id).limit(1)).first() is not None


# ---- roles: granted here and nowhere else


def _require_house(session: Session, hospital_id: str) -> None:
    """A hospital in which people work; in the tenant of a bidder nobody does, not even for the operator."""
    hospital = session.get(Hospital, hospital_id)
    if hospital is None or hospital.is_for_bidder:
        raise NotFound


def grant_hospital_role(
    session: Session, actor: Actor, *, person: Person, hospital_id: str, role: HospitalRole, now: datetime
) -> HospitalMember:
    """Give a role in a hospital; the one place where that happens. Callers have checked that the actor may."""
    _require_house(session, hospital_id)
    member = session.get(HospitalMember, (hospital_id, person.id))
    if member is None:
        member = HospitalMember(hospital_id=hospital_id, person_id=person.id, role=role, created_at=now)
        session.add(member)
        if person.totp_confirmed_at is None:
            # A session begun without a second factor must not carry the new role.
            sign_ins.revoke_all(session, person.id)
    else:
        if member.ended_at is None and member.role is HospitalRole.ADMIN and role is not HospitalRole.ADMIN:
            _keep_one_admin(session, hospital_id)
        if member.role is not role or member.ended_at is not None:
            sign_ins.revoke_all(session, person.id)
        member.role, member.ended_at = role, None
    audit.record(
        session,
        actor,
        "member.granted",
        person.id,
        now=now,
        scope=audit.hospital_scope(hospital_id),
        detail={"role": role.value, "email": person.email},
    )
    return member


def grant_company_role(
    session: Session,
    actor: Actor,
    *,
    person: Person,
    company_id: str,
    role: CompanyRole,
    now: datetime,
    function: str = "",
) -> CompanyMember:
    """Give a role in a company; the one place where that happens. Callers have checked that the actor may."""
    member = session.get(CompanyMember, (company_id, person.id))
    if member is None:
        member = CompanyMember(company_id=company_id, person_id=person.id, role=role, created_at=now)
        session.add(member)
    else:
        if member.ended_at is None and member.role is CompanyRole.LEAD and role is not CompanyRole.LEAD:
            _keep_one_lead(session, company_id)
        if member.role is not role or member.ended_at is not None:
            sign_ins.revoke_all(session, person.id)
        member.role, member.ended_at = role, None
    member.function = function.strip()[:200] or member.function or ""
    audit.record(
        session,
        actor,
        "member.granted",
        person.id,
        now=now,
        scope=audit.company_scope(company_id),
        detail={"role": role.value, "email": person.email},
    )
    return member


# ---- members of a hospital


def hospital_members(session: Session, actor: Actor) -> Sequence[HospitalMember]:
    """Everybody with a role in the actor's hospital, the person loaded."""
    return session.scalars(
        select(HospitalMember)
        .join(Person, Person.id == HospitalMember.person_id)
        .where(HospitalMember.hospital_id == hospital_of(actor), HospitalMember.ended_at.is_(None))
        .options(joinedload(HospitalMember.person))
        .order_by(func.lower(Person.name))
    ).all()


def waiting_for_hospital(session: Session, actor: Actor, *, now: datetime) -> Sequence[Ticket]:
    """Invited colleagues who have not come yet."""
    return _waiting(session, now, Ticket.hospital_id == hospital_of(actor))


def invite_to_hospital(session: Session, actor: Actor, *, email: str, role: HospitalRole, now: datetime) -> str:
    """A link by which one person may join; returns its token for the mail."""
    hospital_id = hospital_of(actor, {HospitalRole.ADMIN})
    _require_house(session, hospital_id)
    return _invite(
        session, actor, TicketPurpose.JOIN_HOSPITAL, email=email, hospital_id=hospital_id, role=role.value, now=now
    )


def invite_first_admin(session: Session, actor: Actor, *, hospital_id: str, email: str, now: datetime) -> str:
    """The operator's link for the first administrator of a hospital."""
    require_operator(actor)
    _require_house(session, hospital_id)
    return _invite(
        session,
        actor,
        TicketPurpose.JOIN_HOSPITAL,
        email=email,
        hospital_id=hospital_id,
        role=HospitalRole.ADMIN.value,
        now=now,
    )


def hospital_member(session: Session, actor: Actor, person_id: str) -> HospitalMember:
    """A colleague as their administrator sees them; NotFound for anybody else."""
    return _member_of_hospital(session, hospital_of(actor, {HospitalRole.ADMIN}), person_id)


def change_hospital_role(
    session: Session, actor: Actor, *, person_id: str, role: HospitalRole, now: datetime
) -> HospitalMember:
    """Another role for a colleague; their sessions end."""
    hospital_id = hospital_of(actor, {HospitalRole.ADMIN})
    member = _member_of_hospital(session, hospital_id, person_id)
    tickets.revoke_seat(session, email=member.person.email, hospital_id=hospital_id, now=now)
    return grant_hospital_role(session, actor, person=member.person, hospital_id=hospital_id, role=role, now=now)


def end_hospital_membership(session: Session, actor: Actor, *, person_id: str, now: datetime) -> None:
    """Show a colleague out; the row stays for the audit."""
    hospital_id = hospital_of(actor, {HospitalRole.ADMIN})
    member = _member_of_hospital(session, hospital_id, person_id)
    if member.role is HospitalRole.ADMIN:
        _keep_one_admin(session, hospital_id)
    member.ended_at = now
    tickets.revoke_seat(session, email=member.person.email, hospital_id=hospital_id, now=now)
    sign_ins.revoke_all(session, person_id)
    audit.record(session, actor, "member.ended", person_id, now=now, detail={"email": member.person.email})


# ---- members of a company


def add_company(
    session: Session, actor: Actor, *, name: str, person: Person, now: datetime, function: str = ""
) -> Company:
    """A vendor-side tenant with the person who made it as its lead."""
    company = Company(name=_required(name, "company_name", N_("Enter the name of the company.")), created_at=now)
    session.add(company)
    session.flush()  # the membership points to it
    audit.record(session, actor, "company.added", company.id, now=now, scope=audit.company_scope(company.id))
    grant_company_role(
        session, actor, person=person, company_id=company.id, role=CompanyRole.LEAD, now=now, function=function
    )
    return company


def company_members(session: Session, actor: Actor) -> Sequence[CompanyMember]:
    """Everybody with a role in the actor's company, the person loaded."""
    return session.scalars(
        select(CompanyMember)
        .join(Person, Person.id == CompanyMember.person_id)
        .where(CompanyMember.company_id == company_of(actor), CompanyMember.ended_at.is_(None))
        .options(joinedload(CompanyMember.person))
        .order_by(func.lower(Person.name))
    ).all()


def waiting_for_company(session: Session, actor: Actor, *, now: datetime) -> Sequence[Ticket]:
    """Invited colleagues who have not come yet."""
    return _waiting(session, now, Ticket.company_id == company_of(actor))


def invite_to_company(session: Session, actor: Actor, *, email: str, role: CompanyRole, now: datetime) -> str:
    """A link by which one colleague may join; only a lead makes leads and signatories."""
    company_id = company_of(actor, COMPANY_LEADERS)
    if role is not CompanyRole.CONTRIBUTOR and actor.company_role is not CompanyRole.LEAD:
        raise NotAllowed(Message(text=N_("Only a lead may give this role.")))
    return _invite(
        session, actor, TicketPurpose.JOIN_COMPANY, email=email, company_id=company_id, role=role.value, now=now
    )


def company_member(session: Session, actor: Actor, person_id: str) -> CompanyMember:
    """A colleague as their lead sees them; NotFound for anybody else."""
    return _member_of_company(session, company_of(actor, {CompanyRole.LEAD}), person_id)


def change_company_role(
    session: Session, actor: Actor, *, person_id: str, role: CompanyRole, now: datetime
) -> CompanyMember:
    """Another role for a colleague; their sessions end."""
    company_id = company_of(actor, {CompanyRole.LEAD})
    member = _member_of_company(session, company_id, person_id)
    tickets.revoke_seat(session, email=member.person.email, company_id=company_id, now=now)
    return grant_company_role(session, actor, person=member.person, company_id=company_id, role=role, now=now)


def end_company_membership(session: Session, actor: Actor, *, person_id: str, now: datetime) -> None:
    """Show a colleague out; the row stays for the audit."""
    company_id = company_of(actor, {CompanyRole.LEAD})
    member = _member_of_company(session, company_id, person_id)
    if member.role is CompanyRole.LEAD:
        _keep_one_lead(session, company_id)
    member.ended_at = now
    tickets.revoke_seat(session, email=member.person.email, company_id=company_id, now=now)
    sign_ins.revoke_all(session, person_id)
    # Whoever comes back one day begins with nothing.
    session.execute(
        delete(Delegation).where(Delegation.company_id == company_id, Delegation.email == member.person.email)
    )
    audit.record(session, actor, "member.ended", person_id, now=now, detail={"email": member.person.email})


# ---- joining by link


def join(session: Session, token: str, purpose: TicketPurpose, *, new: NewPerson, now: datetime) -> Person:
    """Redeem a link with a new account; the address is the link's."""
    ticket = tickets.redeem(session, token, purpose, now=now)
    person = add_person(session, email=ticket.email, new=new, now=now)
    _seat(session, ticket, person, now=now)
    return person


def join_with_account(session: Session, token: str, purpose: TicketPurpose, *, person: Person, now: datetime) -> None:
    """Redeem a link with the account one is signed in with; it must have the link's address."""
    ticket = tickets.peek(session, token, purpose, now=now)
    if ticket.email != person.email:
        raise NotAllowed(
            Message(text=N_("This link was sent to another address. Sign in with the account of that address."))
        )
    tickets.redeem(session, token, purpose, now=now)
    _seat(session, ticket, person, now=now)


# ---- passwords


def ask_for_new_password(session: Session, *, email: str, address: str, now: datetime) -> tuple[str, Person] | None:
    """A link for a forgotten password and to whom it goes; None when nobody has this address: answer the same."""
    limits.spend(session, limits.NEW_PASSWORD_ADDRESS, address, now=now)
    limits.spend(session, limits.NEW_PASSWORD, email.strip().lower(), now=now)
    person = find_person(session, email)
    usable = person if person is not None and person.disabled_at is None else None
    # Written also where nobody has the address: the same work, and the trail shows who is being guessed.
    asked = usable.id if usable is not None else sign_ins.NOBODY
    detail = {"from": address}
    audit.record(session, SYSTEM, "person.new-password-asked", asked, now=now, scope=audit.INSTANCE, detail=detail)
    if person is None or usable is None:
        return None
    return tickets.issue(session, TicketPurpose.NEW_PASSWORD, email=person.email, now=now), person


def set_new_password(session: Session, token: str, *, password: str, now: datetime) -> Person:
    """Redeem a link for a forgotten password. All sessions end; the second factor stays."""
    ticket = tickets.redeem(session, token, TicketPurpose.NEW_PASSWORD, now=now)
    person = find_person(session, ticket.email)
    if person is None or person.disabled_at is not None:
        raise NotFound
    _set_password(session, person, password, now=now)
    return person


def change_password(session: Session, *, person: Person, old: str, new: str, now: datetime) -> None:
    """Change one's own password; all sessions end."""
    limits.spend(session, limits.SIGN_IN_ACCOUNT, person.email, now=now)
    if not passwords.fits(person.password_hash, old):
        raise BadInput({"old": Message(text=N_("This is not your password."))})
    _set_password(session, person, new, now=now)


# ---- by the operator


def disable(session: Session, actor: Actor, *, email: str, now: datetime) -> None:
    """Close an account at once, everywhere."""
    require_operator(actor)
    person = find_person(session, email)
    if person is None:
        raise NotFound
    person.disabled_at = now
    sign_ins.revoke_all(session, person.id)
    tickets.revoke_for(session, email=person.email, now=now)
    audit.record(session, actor, "person.disabled", person.id, now=now, scope=audit.INSTANCE)


def reset_second_factor(session: Session, actor: Actor, *, email: str, now: datetime) -> None:
    """Somebody lost their authenticator and their spare codes; they enrol anew at the next sign-in."""
    require_operator(actor)
    person = find_person(session, email)
    if person is None:
        raise NotFound
    sign_ins.forget_second_factor(session, person)
    account_notices.tell(session, person, Change.SECOND_FACTOR_GONE, now=now)
    audit.record(session, actor, "person.second-factor-reset", person.id, now=now, scope=audit.INSTANCE)


def set_second_factor(
    session: Session, actor: Actor, *, person: Person, secret: str, keyring: Keyring, now: datetime
) -> None:
    """Give an account a known second factor: for the demonstration, whose log-ins are printed."""
    require_operator(actor)
    person.totp_sealed = keyring.seal_text(secret, purpose=f"totp:{person.id}")
    person.totp_confirmed_at = now
    audit.record(session, actor, "person.second-factor-added", person.id, now=now, scope=audit.INSTANCE)


# ---- inside


def _set_password(session: Session, person: Person, password: str, *, now: datetime) -> None:
    passwords.check_rules(password, about=(person.name, person.email))
    person.password_hash = passwords.make_hash(password)
    sign_ins.revoke_all(session, person.id)
    tickets.revoke_for(session, email=person.email, now=now, purpose=TicketPurpose.NEW_PASSWORD)
    actor = Actor(person_id=person.id, name=person.name, email=person.email)
    audit.record(session, actor, "person.password-changed", person.id, now=now, scope=audit.INSTANCE)
    account_notices.tell(session, person, Change.PASSWORD, now=now)


def _seat(session: Session, ticket: Ticket, person: Person, *, now: datetime) -> None:
    actor = Actor(person_id=person.id, name=person.name, email=person.email)
    if ticket.hospital_id is not None:
        grant_hospital_role(
            session, actor, person=person, hospital_id=ticket.hospital_id, role=HospitalRole(ticket.role), now=now
        )
    elif ticket.company_id is not None:
        grant_company_role(
            session, actor, person=person, company_id=ticket.company_id, role=CompanyRole(ticket.role), now=now
        )


def _invite(
    session: Session,
    actor: Actor,
    purpose: TicketPurpose,
    *,
    email: str,
    role: str,
    now: datetime,
    hospital_id: str | None = None,
    company_id: str | None = None,
) -> str:
    address = email_address(email)
    scope = audit.hospital_scope(hospital_id) if hospital_id else audit.company_scope(company_id or "")
    audit.record(session, actor, "member.invited", address, now=now, scope=scope, detail={"role": role})
    return tickets.issue(
        session, purpose, email=address, hospital_id=hospital_id, company_id=company_id, role=role, now=now
    )


def _waiting(session: Session, now: datetime, tenant: ColumnElement[bool]) -> Sequence[Ticket]:
    joining = (TicketPurpose.JOIN_HOSPITAL, TicketPurpose.JOIN_COMPANY)
    return session.scalars(
        select(Ticket)
        .where(tenant, Ticket.purpose.in_(joining), Ticket.used_at.is_(None), Ticket.expires_at > now)
        .order_by(Ticket.created_at)
    ).all()


def _member_of_hospital(session: Session, hospital_id: str, person_id: str) -> HospitalMember:
    member = session.get(HospitalMember, (hospital_id, person_id))
    if member is None or member.ended_at is not None:
        raise NotFound
    return member


def _member_of_company(session: Session, company_id: str, person_id: str) -> CompanyMember:
    member = session.get(CompanyMember, (company_id, person_id))
    if member is None or member.ended_at is not None:
        raise NotFound
    return member


def _keep_one_admin(session: Session, hospital_id: str) -> None:
    # Locked, so that two administrators cannot show each other out in the same moment.
    admins = session.scalars(
        select(HospitalMember.person_id)
        .where(
            HospitalMember.hospital_id == hospital_id,
            HospitalMember.role == HospitalRole.ADMIN,
            HospitalMember.ended_at.is_(None),
        )
        .with_for_update()
    ).all()
    if len(admins) <= 1:
        raise NotNow(Message(text=N_("A hospital needs at least one administrator.")))


def _keep_one_lead(session: Session, company_id: str) -> None:
    leads = session.scalars(
        select(CompanyMember.person_id)
        .where(
            CompanyMember.company_id == company_id,
            CompanyMember.role == CompanyRole.LEAD,
            CompanyMember.ended_at.is_(None),
        )
        .with_for_update()
    ).all()
    if len(leads) <= 1:
        raise NotNow(Message(text=N_("A company needs at least one lead.")))


def _required(text: str, field: str, sentence: str) -> str:
    cleaned = " ".join(text.split())[:200]
    if not cleaned:
        raise BadInput({field: Message(text=sentence)})
    return cleaned


def people_of_hospital(session: Session, hospital_id: str, roles: Collection[HospitalRole]) -> Sequence[Person]:
    """Who works for the hospital today in one of these roles, and may be written to."""
    return session.scalars(
        select(Person)
        .join(HospitalMember, HospitalMember.person_id == Person.id)
        .where(
            HospitalMember.hospital_id == hospital_id,
            HospitalMember.ended_at.is_(None),
            HospitalMember.role.in_(roles),
            Person.disabled_at.is_(None),
        )
        .order_by(Person.email)
    ).all()


def people_of_company(
    session: Session, company_id: str, roles: Collection[CompanyRole] = COMPANY_LEADERS
) -> Sequence[Person]:
    """Who speaks for the company today, or works for it in one of these roles, and may be written to."""
    return session.scalars(
        select(Person)
        .join(CompanyMember, CompanyMember.person_id == Person.id)
        .where(
            CompanyMember.company_id == company_id,
            CompanyMember.ended_at.is_(None),
            CompanyMember.role.in_(roles),
            Person.disabled_at.is_(None),
        )
        .order_by(Person.email)
    ).all()
