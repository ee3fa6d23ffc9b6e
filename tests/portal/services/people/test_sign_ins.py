"""Signing in: every step must be taken, every code is good once, every change ends the other sessions."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import func, select

from portal.db.models.accounts import HospitalRole, Person, SessionStage, SignIn, TicketPurpose
from portal.db.models.audit import AuditEvent
from portal.db.models.jobs import OutboxMail
from portal.errors import NotAllowed, NotFound, NotNow, TooMany
from portal.services.actors import SYSTEM
from portal.services.people import accounts, limits, passwords, sign_ins, tickets
from portal.services.people.sign_ins import Next
from tests.portal import building
from tests.portal.building import PASSWORD


@pytest.fixture(scope="module")
def stored() -> str:
    return passwords.make_hash(PASSWORD)


@pytest.fixture
def person(session, stored) -> Person:
    return building.person(session, "erika@klinik.example", password_hash=stored)


def _begin(session, now, password=PASSWORD, email="erika@klinik.example"):
    return _begin_from(session, now, "192.0.2.1", email=email, password=password)


def _begin_from(session, now, address, *, email, password):
    claim = sign_ins.claim(session, email=email, address=address, now=now)
    return sign_ins.begin(session, claim, sign_ins.prove(claim, password), now=now)


def _enrolled(session, person, keyring, now):
    """A person with a second factor, its secret, and the token of their full session."""
    begun = sign_ins.start(session, person, now=now)
    sign_in = sign_ins.find(session, begun.token, now=now)
    secret = sign_ins.enrolment(session, sign_in, keyring=keyring, now=now).secret
    code = pyotp.TOTP(secret).at(now)
    enrolled = sign_ins.confirm_enrolment(session, sign_in, code=code, keyring=keyring, now=now)
    return secret, enrolled


def test_a_company_person_is_in_after_the_password(session, person, now):
    begun = _begin(session, now, email=" Erika@Klinik.example ")

    assert begun.next is Next.NOTHING
    found = sign_ins.find(session, begun.token, now=now)
    assert found.stage is SessionStage.FULL
    assert begun.token not in repr(vars(found))


@pytest.mark.parametrize(
    ("email", "password"), [("erika@klinik.example", "falsch"), ("niemand@klinik.example", PASSWORD)]
)
def test_a_wrong_password_and_an_unknown_address_are_the_same(session, person, now, email, password):
    assert _begin(session, now, password=password, email=email) is None
    assert session.scalar(select(func.count()).select_from(SignIn)) == 0


def test_a_closed_account_opens_nothing(session, person, now):
    token = _begin(session, now).token
    person.disabled_at = now

    assert sign_ins.find(session, token, now=now) is None
    assert _begin(session, now) is None


def test_too_many_tries_are_refused_even_with_the_right_password(session, person, now):
    for _ in range(10):
        limits.spend(session, limits.SIGN_IN, f"{person.email}\x00192.0.2.1", now=now)

    with pytest.raises(TooMany):
        _begin(session, now)
    elsewhere = _begin_from(session, now, "192.0.2.9", email=person.email, password="x")
    assert elsewhere is None  # another address has its own tries, so the owner is not locked out


def test_a_hospital_person_must_enrol_and_has_no_role_before(session, person, keyring, now):
    hospital = building.hospital(session)
    accounts.grant_hospital_role(
        session, SYSTEM, person=person, hospital_id=hospital.id, role=HospitalRole.ADMIN, now=now
    )
    begun = _begin(session, now)
    assert begun.next is Next.ENROL
    sign_in = sign_ins.find(session, begun.token, now=now)
    sign_ins.choose_place(session, sign_in, f"hospital:{hospital.id}")
    assert sign_ins.actor(session, sign_in).hospital_id is None

    secret = sign_ins.enrolment(session, sign_in, keyring=keyring, now=now).secret
    enrolled = sign_ins.confirm_enrolment(session, sign_in, code=pyotp.TOTP(secret).at(now), keyring=keyring, now=now)

    assert sign_ins.find(session, begun.token, now=now) is None
    full = sign_ins.find(session, enrolled.token, now=now)
    assert sign_ins.actor(session, full).hospital_role is HospitalRole.ADMIN
    assert len(enrolled.recovery_codes) == 10


def test_a_hospital_role_ends_a_session_without_a_second_factor(session, person, now):
    token = _begin(session, now).token
    hospital = building.hospital(session)

    accounts.grant_hospital_role(
        session, SYSTEM, person=person, hospital_id=hospital.id, role=HospitalRole.AUDITOR, now=now
    )

    session.expire_all()
    assert sign_ins.find(session, token, now=now) is None


def test_a_code_is_good_once_and_the_token_changes(session, person, keyring, now):
    secret, _ = _enrolled(session, person, keyring, now)
    later = now + timedelta(minutes=5)
    code = pyotp.TOTP(secret).at(later)
    first, second = _begin(session, later), _begin(session, later)
    assert first.next is Next.SECOND_FACTOR

    spaced = f" {code[:3]} {code[3:]} "
    token = sign_ins.give_second_factor(
        session, sign_ins.find(session, first.token, now=later), code=spaced, keyring=keyring, now=later
    )
    again = sign_ins.give_second_factor(
        session, sign_ins.find(session, second.token, now=later), code=code, keyring=keyring, now=later
    )

    assert token is not None
    assert again is None
    assert sign_ins.find(session, first.token, now=later) is None
    assert sign_ins.find(session, token, now=later).stage is SessionStage.FULL


@pytest.mark.parametrize("code", ["", "000000", "abcdef", "١٢٣٤٥٦", "1" * 100])
def test_a_wrong_code_opens_nothing(session, person, keyring, now, code):
    _enrolled(session, person, keyring, now)
    later = now + timedelta(minutes=5)
    begun = _begin(session, later)
    sign_in = sign_ins.find(session, begun.token, now=later)

    assert sign_ins.give_second_factor(session, sign_in, code=code, keyring=keyring, now=later) is None
    assert sign_ins.find(session, begun.token, now=later).stage is SessionStage.PASSWORD


def test_codes_cannot_be_guessed_for_long(session, person, keyring, now):
    _enrolled(session, person, keyring, now)
    sign_in = sign_ins.find(session, _begin(session, now).token, now=now)

    with pytest.raises(TooMany):
        for _ in range(9):
            sign_ins.give_second_factor(session, sign_in, code="000000", keyring=keyring, now=now)


def test_a_recovery_code_is_good_once(session, person, keyring, now):
    _, enrolled = _enrolled(session, person, keyring, now)
    code = enrolled.recovery_codes[0].upper()
    first, second = _begin(session, now), _begin(session, now)

    def give(token):
        return sign_ins.give_recovery_code(session, sign_ins.find(session, token, now=now), code=code, now=now)

    assert give(first.token) is not None
    assert give(second.token) is None


def test_nobody_enrols_over_a_second_factor(session, person, keyring, now):
    _, enrolled = _enrolled(session, person, keyring, now)
    half_way = sign_ins.find(session, _begin(session, now).token, now=now)

    with pytest.raises(NotNow):
        sign_ins.enrolment(session, half_way, keyring=keyring, now=now)
    with pytest.raises(NotAllowed):
        stale = now + timedelta(minutes=20)
        sign_ins.enrolment(session, sign_ins.find(session, enrolled.token, now=stale), keyring=keyring, now=stale)


def test_a_session_ends_idle_after_30_minutes_and_always_after_12_hours(session, person, now):
    token = sign_ins.start(session, person, now=now).token

    assert sign_ins.find(session, token, now=now + timedelta(minutes=29)) is not None
    assert sign_ins.find(session, token, now=now + timedelta(minutes=30)) is None
    moment = now
    while moment < now + timedelta(hours=13) and (found := sign_ins.find(session, token, now=moment)):
        sign_ins.touch(session, found, now=moment)
        moment += timedelta(minutes=20)
    assert now + timedelta(hours=11, minutes=59) < moment <= now + timedelta(hours=12, minutes=20)


def test_a_new_password_ends_every_session_and_keeps_the_second_factor(session, person, keyring, now):
    _, enrolled = _enrolled(session, person, keyring, now)
    token, who = accounts.ask_for_new_password(session, email=person.email, address="192.0.2.1", now=now)
    assert who is person

    accounts.set_new_password(session, token, password="drei kleine Schweine", now=now)

    session.expire_all()
    assert sign_ins.find(session, enrolled.token, now=now) is None
    assert _begin(session, now) is None
    assert _begin(session, now, password="drei kleine Schweine").next is Next.SECOND_FACTOR


def test_a_new_password_leaves_an_invitation_alone_and_kills_other_password_links(session, person, now):
    admin = building.hospital_actor(session)
    invited = accounts.invite_to_hospital(session, admin, email=person.email, role=HospitalRole.AUDITOR, now=now)
    token, _ = accounts.ask_for_new_password(session, email=person.email, address="192.0.2.1", now=now)
    accounts.set_new_password(session, token, password="drei kleine Schweine", now=now)

    tickets.peek(session, invited, TicketPurpose.JOIN_HOSPITAL, now=now)
    with pytest.raises(NotFound):
        tickets.redeem(session, token, TicketPurpose.NEW_PASSWORD, now=now)


def test_a_place_that_is_not_ours_cannot_be_chosen(session, person, now):
    stranger = building.company(session)
    sign_in = sign_ins.find(session, sign_ins.start(session, person, now=now).token, now=now)

    assert not sign_ins.choose_place(session, sign_in, f"company:{stranger.id}")
    sign_in.place = f"company:{stranger.id}"
    assert sign_ins.actor(session, sign_in).company_id is None


# ---- what the trail and the owner learn


def _trail(session, verb):
    return [
        (event.subject, event.detail)
        for event in session.scalars(select(AuditEvent).where(AuditEvent.verb == verb).order_by(AuditEvent.id))
    ]


def test_a_failed_sign_in_is_on_the_trail_whether_the_account_exists_or_not(session, person, now):
    _begin(session, now, password="falsch")
    _begin(session, now, email="niemand@klinik.example")

    came_from = {"from": "192.0.2.1"}
    assert _trail(session, "person.sign-in-failed") == [(person.id, came_from), ("nobody", came_from)]


def test_a_password_that_was_changed_while_the_old_one_was_checked_does_not_open(session, person, now):
    claim = sign_ins.claim(session, email=person.email, address="192.0.2.1", now=now)
    proof = sign_ins.prove(claim, PASSWORD)
    assert proof.is_right

    person.password_hash = building.NO_PASSWORD
    session.flush()

    assert sign_ins.begin(session, claim, proof, now=now) is None


def test_asking_for_a_new_password_is_on_the_trail_and_setting_it_is_told_to_the_owner(session, person, now):
    for email in ("erika@klinik.example", "niemand@klinik.example"):
        accounts.ask_for_new_password(session, email=email, address="192.0.2.1", now=now)
    assert [subject for subject, _ in _trail(session, "person.new-password-asked")] == [person.id, "nobody"]

    accounts.change_password(session, person=person, old=PASSWORD, new="drei rote Segel im Nebel", now=now)

    mail = session.scalars(select(OutboxMail).where(OutboxMail.kind == "account-changed")).one()
    assert (mail.to_address, "Das Passwort Ihres Kontos wurde geändert." in mail.text) == (person.email, True)
    assert "://" not in mail.text


def test_a_second_factor_and_its_codes_are_told_to_the_owner(session, person, keyring, now):
    _secret, enrolled = _enrolled(session, person, keyring, now)
    sign_in = sign_ins.find(session, enrolled.token, now=now)
    sign_ins.renew_recovery_codes(session, sign_in, now=now)

    mails = session.scalars(select(OutboxMail).where(OutboxMail.kind == "account-changed")).all()
    assert [mail.to_address for mail in mails] == [person.email] * 2
