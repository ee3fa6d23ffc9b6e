"""A hospital's own record, and the mail that lets a colleague in."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal import i18n
from portal.db.models.accounts import Hospital, HospitalRole
from portal.errors import BadInput
from portal.services import audit, working_days
from portal.services.actors import Actor, hospital_of
from portal.services.mails import outbox
from portal.services.mails.letters import Letter
from portal.services.people import accounts
from scanners.model import N_, Message

ADMINS = frozenset({HospitalRole.ADMIN})
SECOND_EYES = ("0", "1", "2", "3", "4")


@dataclass(frozen=True, kw_only=True)
class HospitalFields:
    """What the hospital says of itself; vendors read it in invitations."""

    name: str
    city: str = ""
    contact_name: str = ""
    contact_email: str = ""
    contact_phone: str = ""
    state: str = ""  # German state, for working days
    second_eyes_tier: str = "0"  # up to this tier two people end a review


def change(session: Session, actor: Actor, fields: HospitalFields, *, now: datetime) -> Hospital:
    """Change the record of the actor's hospital."""
    hospital = session.get_one(Hospital, hospital_of(actor, ADMINS))
    name = fields.name.strip()
    if not name:
        raise BadInput({"name": Message(text=N_("Enter the name of the hospital."))})
    email = fields.contact_email.strip()
    hospital.name = name[:200]
    hospital.city = fields.city.strip()[:100]
    hospital.contact_name = fields.contact_name.strip()[:200]
    hospital.contact_email = accounts.email_address(email, field="contact_email") if email else ""
    hospital.contact_phone = fields.contact_phone.strip()[:60]
    if fields.state in {"", *working_days.STATES}:
        hospital.state = fields.state
    if fields.second_eyes_tier in SECOND_EYES:
        hospital.second_eyes_tier = int(fields.second_eyes_tier)
    hospital.version += 1
    audit.record(session, actor, "hospital.changed", hospital.id, now=now)
    return hospital


def invite_colleague(
    session: Session, actor: Actor, *, email: str, role: HospitalRole, base_url: str, now: datetime
) -> None:
    """A mail with a link by which one colleague may join in this role."""
    hospital = session.get_one(Hospital, hospital_of(actor, ADMINS))
    token = accounts.invite_to_hospital(session, actor, email=email, role=role, now=now)
    with i18n.speaking(hospital.language):
        letter = Letter(
            subject=i18n.gettext("Your access to Kettenblick at %(hospital)s", hospital=hospital.name),
            paragraphs=[
                i18n.gettext("Good day,"),
                i18n.gettext(
                    "%(person)s invites you to work with Kettenblick for %(hospital)s. The link is meant for you alone "
                    "and works for seven days.",
                    person=actor.name,
                    hospital=hospital.name,
                ),
            ],
            link=f"{base_url}/join/{token}",
            link_text=i18n.gettext("Set up your access"),
        )
    outbox.post(
        session,
        letter,
        kind="join-hospital",
        to=email,
        language=hospital.language,
        hospital_id=hospital.id,
        now=now,
    )
