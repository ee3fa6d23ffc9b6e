"""Signing in: password, then second factor; sessions live here as rows and can be ended at any moment."""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import pyotp
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from portal.db.models.accounts import (
    Company,
    CompanyMember,
    Hospital,
    HospitalMember,
    Person,
    RecoveryCode,
    SessionStage,
    SignIn,
)
from portal.errors import NotAllowed, NotNow
from portal.files.sealing import Keyring
from portal.services import audit
from portal.services.actors import SYSTEM, Actor
from portal.services.people import account_notices, limits, passwords
from portal.services.people.account_notices import Change
from scanners.model import N_, Message

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
HALF_WAY = timedelta(minutes=10)  # how long a password alone waits for its second factor
FRESH = timedelta(minutes=10)  # how long somebody counts as just having proved themselves
TOUCH = timedelta(seconds=60)  # last_seen_at is written no more often
RECOVERY_CODES = 10
ISSUER = "Kettenblick"
STEP_SECONDS = 30
NOBODY = "nobody"  # whom the trail names where no account has the address


class Next(StrEnum):
    """What stands between a sign-in and the pages."""

    NOTHING = "nothing"
    SECOND_FACTOR = "second-factor"
    ENROL = "enrol"  # a second factor is required and there is none yet


@dataclass(frozen=True, kw_only=True)
class Begun:
    """A new session; the token goes into the cookie and is stored nowhere."""

    token: str = field(repr=False)
    next: Next


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """What an authenticator needs to know."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Enrolled:
    """The session goes on under a new token; the codes are shown once."""

    token: str = field(repr=False)
    recovery_codes: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Who somebody says they are, and what their password is checked against; nobody's claim fails like any other."""

    email: str
    address: str
    person_id: str  # "" nobody who may come in
    password_hash: str | None = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Proof:
    """Whether the password was right, and its hash by today's settings where the old one is too weak."""

    is_right: bool
    new_hash: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class Place:
    """A hospital or company in which a person works, as SignIn.place names it."""

    id: str  # "hospital:<id>" or "company:<id>"
    name: str
    role: str


def claim(session: Session, *, email: str, address: str, now: datetime) -> Claim:
    """Somebody says who they are: count the try, and fetch what the password is checked against."""
    email = email.strip().lower()
    limits.spend(session, limits.SIGN_IN_ADDRESS, address, now=now)
    limits.spend(session, limits.SIGN_IN, f"{email}\0{address}", now=now)
    limits.spend(session, limits.SIGN_IN_ACCOUNT, email, now=now)
    person = session.scalars(select(Person).where(Person.email == email)).first()
    usable = person if person is not None and person.disabled_at is None else None
    return Claim(
        email=email,
        address=address,
        person_id=usable.id if usable is not None else "",
        password_hash=usable.password_hash if usable is not None else None,
    )


def prove(claim: Claim, password: str) -> Proof:
    """Check the password. It takes its time: outside of any transaction, or nobody else could write meanwhile."""
    is_right = passwords.fits(claim.password_hash, password)
    renew = is_right and claim.password_hash is not None and passwords.is_outdated(claim.password_hash)
    return Proof(is_right=is_right, new_hash=passwords.make_hash(password) if renew else "")


def begin(session: Session, claim: Claim, proof: Proof, *, now: datetime) -> Begun | None:
    """Start a session. None: wrong, for whatever reason; the failure is on the trail, so commit."""
    person = session.get(Person, claim.person_id, populate_existing=True) if claim.person_id else None
    # Meanwhile the account may have been closed, or the password changed by somebody who had more right to it.
    stands = person is not None and person.disabled_at is None and person.password_hash == claim.password_hash
    if person is None or not stands or not proof.is_right:
        detail = {"from": claim.address}
        whom = claim.person_id or NOBODY
        audit.record(session, SYSTEM, "person.sign-in-failed", whom, now=now, scope=audit.INSTANCE, detail=detail)
        return None
    limits.forget(session, limits.SIGN_IN, f"{claim.email}\0{claim.address}")
    if proof.new_hash:
        person.password_hash = proof.new_hash
    return start(session, person, now=now)


def start(session: Session, person: Person, *, now: datetime) -> Begun:
    """Start a session for somebody who has just proved themselves by password or by a link to their mailbox."""
    what_is_next = next_step(session, person)
    stage = SessionStage.FULL if what_is_next is Next.NOTHING else SessionStage.PASSWORD
    token = secrets.token_urlsafe(32)
    session.add(
        SignIn(
            token_hash=_hashed(token),
            person_id=person.id,
            stage=stage,
            csrf_secret=new_secret(),
            created_at=now,
            last_seen_at=now,
            confirmed_at=now if stage is SessionStage.FULL else None,
        )
    )
    if stage is SessionStage.FULL:
        audit.record(session, _self(person), "person.signed-in", person.id, now=now, scope=audit.INSTANCE)
    return Begun(token=token, next=what_is_next)


def new_secret() -> str:
    """A random value from which the tokens of forms are made."""
    return secrets.token_hex(32)


def next_step(session: Session, person: Person) -> Next:
    """What this person must do after the password."""
    if person.totp_confirmed_at is not None:
        return Next.SECOND_FACTOR
    return Next.ENROL if must_have_second_factor(session, person) else Next.NOTHING


def must_have_second_factor(session: Session, person: Person) -> bool:
    """Whether a role of this person requires a second factor: any hospital role, and the operator."""
    if person.is_operator:
        return True
    seat = select(HospitalMember.person_id).where(
        HospitalMember.person_id == person.id, HospitalMember.ended_at.is_(None)
    )
    return session.scalars(seat.limit(1)).first() is not None


def find(session: Session, token: str, *, now: datetime) -> SignIn | None:
    """The session of a cookie while it lives; the person is loaded with it."""
    found = session.get(SignIn, _hashed(token)) if token else None
    if found is None or found.person.disabled_at is not None:
        return None
    ends = min(
        found.last_seen_at + IDLE,
        found.created_at + (ABSOLUTE if found.stage is SessionStage.FULL else HALF_WAY),
    )
    return found if now < ends else None


def touch(session: Session, sign_in: SignIn, *, now: datetime) -> bool:
    """Note that the person is still there; False when it was noted a moment ago and nothing was written."""
    if now - sign_in.last_seen_at < TOUCH:
        return False
    session.execute(update(SignIn).where(SignIn.token_hash == sign_in.token_hash).values(last_seen_at=now))
    return True


def is_fresh(sign_in: SignIn, *, now: datetime) -> bool:
    """Whether the person proved themselves so lately that they may change how they do."""
    return sign_in.confirmed_at is not None and now - sign_in.confirmed_at < FRESH


def confirm(session: Session, sign_in: SignIn, *, password: str, now: datetime) -> bool:
    """Prove oneself again by password, before something that matters."""
    limits.spend(session, limits.SIGN_IN_ACCOUNT, sign_in.person.email, now=now)
    if sign_in.stage is not SessionStage.FULL or not passwords.fits(sign_in.person.password_hash, password):
        return False
    sign_in.confirmed_at = now
    return True


def give_second_factor(session: Session, sign_in: SignIn, *, code: str, keyring: Keyring, now: datetime) -> str | None:
    """Check a code; the session goes on under the returned token. None: wrong; the try is counted, so commit."""
    person = sign_in.person
    limits.spend(session, limits.SECOND_FACTOR, person.id, now=now)
    if person.totp_confirmed_at is None or not _use_code(session, person, code, keyring=keyring, now=now):
        return None
    limits.forget(session, limits.SECOND_FACTOR, person.id)
    return _complete(session, sign_in, now=now)


def give_recovery_code(session: Session, sign_in: SignIn, *, code: str, now: datetime) -> str | None:
    """Use up a spare code instead of the second factor."""
    person = sign_in.person
    limits.spend(session, limits.SECOND_FACTOR, person.id, now=now)
    used = session.scalars(
        update(RecoveryCode)
        .where(
            RecoveryCode.person_id == person.id,
            RecoveryCode.code_hash == _hashed_code(person, code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(RecoveryCode.id)
    ).first()
    if used is None or person.totp_confirmed_at is None:
        return None
    limits.forget(session, limits.SECOND_FACTOR, person.id)
    audit.record(session, _self(person), "person.recovery-code-used", person.id, now=now, scope=audit.INSTANCE)
    account_notices.tell(session, person, Change.RECOVERY_CODE_USED, now=now)
    return _complete(session, sign_in, now=now)


def enrolment(session: Session, sign_in: SignIn, *, keyring: Keyring, now: datetime) -> Enrolment:
    """The secret to put into an authenticator: made at the first look, the same until it is confirmed."""
    person = sign_in.person
    _may_enrol(sign_in, now=now)
    if person.totp_sealed is None or person.totp_confirmed_at is not None:
        fresh = pyotp.random_base32(32)
        sealed = keyring.seal_text(fresh, purpose=_purpose(person))
        if person.totp_confirmed_at is not None:
            raise NotNow(Message(text=N_("Remove the old second factor first.")))
        person.totp_sealed = sealed
        session.flush()
    secret = keyring.open_text(person.totp_sealed, purpose=_purpose(person))
    uri = pyotp.TOTP(secret).provisioning_uri(name=person.email, issuer_name=ISSUER)
    return Enrolment(secret=secret, uri=uri)


def confirm_enrolment(
    session: Session, sign_in: SignIn, *, code: str, keyring: Keyring, now: datetime
) -> Enrolled | None:
    """The first code proves that the authenticator works; from now on it is asked for. None: wrong."""
    person = sign_in.person
    _may_enrol(sign_in, now=now)
    limits.spend(session, limits.SECOND_FACTOR, person.id, now=now)
    if person.totp_sealed is None or person.totp_confirmed_at is not None:
        raise NotNow(Message(text=N_("There is no second factor waiting to be confirmed.")))
    if not _use_code(session, person, code, keyring=keyring, now=now):
        return None
    person.totp_confirmed_at = now
    codes = _new_recovery_codes(session, person)
    audit.record(session, _self(person), "person.second-factor-added", person.id, now=now, scope=audit.INSTANCE)
    account_notices.tell(session, person, Change.SECOND_FACTOR, now=now)
    token = _complete(session, sign_in, now=now)
    revoke_all(session, person.id, keep=token)
    return Enrolled(token=token, recovery_codes=codes)


def renew_recovery_codes(session: Session, sign_in: SignIn, *, now: datetime) -> tuple[str, ...]:
    """New spare codes; the old ones die."""
    if not is_fresh(sign_in, now=now) or sign_in.person.totp_confirmed_at is None:
        raise NotAllowed(Message(text=N_("Confirm your password first.")))
    codes = _new_recovery_codes(session, sign_in.person)
    audit.record(
        session,
        _self(sign_in.person),
        "person.recovery-codes-renewed",
        sign_in.person_id,
        now=now,
        scope=audit.INSTANCE,
    )
    account_notices.tell(session, sign_in.person, Change.RECOVERY_CODES, now=now)
    return codes


def forget_second_factor(session: Session, person: Person) -> None:
    """Take the second factor off, as an operator does for somebody who lost theirs; ends every session."""
    person.totp_sealed = None
    person.totp_confirmed_at = None
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person.id))
    revoke_all(session, person.id)


def places(session: Session, person_id: str) -> tuple[Place, ...]:
    """Where this person works now: hospitals, then companies, by name."""
    hospitals = session.execute(
        select(Hospital.id, Hospital.name, HospitalMember.role)
        .join(HospitalMember, HospitalMember.hospital_id == Hospital.id)
        .where(HospitalMember.person_id == person_id, HospitalMember.ended_at.is_(None), Hospital.ended_at.is_(None))
        .order_by(func.lower(Hospital.name))
    )
    companies = session.execute(
        select(Company.id, Company.name, CompanyMember.role)
        .join(CompanyMember, CompanyMember.company_id == Company.id)
        .where(CompanyMember.person_id == person_id, CompanyMember.ended_at.is_(None))
        .order_by(func.lower(Company.name))
    )
    return (
        *(Place(id=f"hospital:{id_}", name=name, role=role) for id_, name, role in hospitals),
        *(Place(id=f"company:{id_}", name=name, role=role) for id_, name, role in companies),
    )


def choose_place(session: Session, sign_in: SignIn, place: str) -> bool:
    """Work there from now on; False when the person has no business there."""
    if place not in {known.id for known in places(session, sign_in.person_id)}:
        return False
    sign_in.place = place
    return True


def actor(session: Session, sign_in: SignIn) -> Actor:
    """The person with their role in the place they chose, from today's rows; no place, no role.

    A hospital role counts only behind a second factor, also when it was given after the sign-in.
    """
    person = sign_in.person
    plain = Actor(person_id=person.id, name=person.name, email=person.email, language=person.language)
    if sign_in.stage is not SessionStage.FULL:
        return plain
    has_second = person.totp_confirmed_at is not None
    is_operator = person.is_operator and has_second
    kind, _, tenant = sign_in.place.partition(":")
    hospital = session.get(HospitalMember, (tenant, person.id)) if kind == "hospital" and has_second else None
    company = session.get(CompanyMember, (tenant, person.id)) if kind == "company" else None
    if hospital is not None and (hospital.ended_at is not None or hospital.hospital.ended_at is not None):
        hospital = None
    if company is not None and company.ended_at is not None:
        company = None
    return Actor(
        person_id=person.id,
        name=person.name,
        email=person.email,
        language=person.language,
        is_operator=is_operator,
        hospital_id=hospital.hospital_id if hospital else None,
        hospital_role=hospital.role if hospital else None,
        company_id=company.company_id if company else None,
        company_role=company.role if company else None,
    )


def end(session: Session, sign_in: SignIn, *, now: datetime) -> None:
    """Sign out."""
    session.execute(delete(SignIn).where(SignIn.token_hash == sign_in.token_hash))
    person = sign_in.person
    audit.record(session, _self(person), "person.signed-out", person.id, now=now, scope=audit.INSTANCE)


def revoke_all(session: Session, person_id: str, *, keep: str = "") -> None:
    """End every session of a person, on every machine; `keep` is the token of one that goes on."""
    session.flush()
    session.execute(
        delete(SignIn).where(SignIn.person_id == person_id, SignIn.token_hash != (_hashed(keep) if keep else ""))
    )


def kill_all(session: Session) -> None:
    """End every session there is."""
    session.execute(delete(SignIn))


def sweep(session: Session, *, now: datetime) -> None:
    """Remove sessions that ended by themselves."""
    session.execute(delete(SignIn).where((SignIn.created_at < now - ABSOLUTE) | (SignIn.last_seen_at < now - IDLE)))


def _complete(session: Session, sign_in: SignIn, *, now: datetime) -> str:
    """Everything is proved: go on under a new token, so that an old one is worth nothing."""
    token = secrets.token_urlsafe(32)
    session.add(
        SignIn(
            token_hash=_hashed(token),
            person_id=sign_in.person_id,
            stage=SessionStage.FULL,
            csrf_secret=new_secret(),
            created_at=now,
            last_seen_at=now,
            confirmed_at=now,
            place=sign_in.place,
            notice=sign_in.notice,
        )
    )
    session.delete(sign_in)
    audit.record(session, _self(sign_in.person), "person.signed-in", sign_in.person_id, now=now, scope=audit.INSTANCE)
    return token


def _use_code(session: Session, person: Person, code: str, *, keyring: Keyring, now: datetime) -> bool:
    """Whether the code fits one of three time steps that were not used before; the step is used up in one statement."""
    digits = "".join(code.split())
    if person.totp_sealed is None or not (digits.isascii() and digits.isdecimal()):
        return False
    totp = pyotp.TOTP(keyring.open_text(person.totp_sealed, purpose=_purpose(person)))
    this_step = int(now.timestamp()) // STEP_SECONDS
    for step in (this_step - 1, this_step, this_step + 1):
        if secrets.compare_digest(totp.generate_otp(step), digits):
            used = session.scalars(
                update(Person)
                .where(Person.id == person.id, func.coalesce(Person.totp_last_step, 0) < step)
                .values(totp_last_step=step)
                .returning(Person.id)
            ).first()
            return used is not None
    return False


def _may_enrol(sign_in: SignIn, *, now: datetime) -> None:
    if sign_in.stage is SessionStage.FULL and not is_fresh(sign_in, now=now):
        raise NotAllowed(Message(text=N_("Confirm your password first.")))


def _new_recovery_codes(session: Session, person: Person) -> tuple[str, ...]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person.id))
    codes = tuple(base64.b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(RECOVERY_CODES))
    session.add_all(RecoveryCode(person_id=person.id, code_hash=_hashed_code(person, code)) for code in codes)
    return tuple("-".join(code[start : start + 4] for start in range(0, len(code), 4)) for code in codes)


def _hashed_code(person: Person, code: str) -> str:
    plain = "".join(sign for sign in code.lower() if sign.isalnum())
    return hashlib.sha256(f"{person.id}\0{plain}".encode()).hexdigest()  # 80 random bits need no slow hash


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _purpose(person: Person) -> str:
    return f"totp:{person.id}"


def _self(person: Person) -> Actor:
    return Actor(person_id=person.id, name=person.name, email=person.email)
