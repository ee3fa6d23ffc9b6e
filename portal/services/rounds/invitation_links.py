"""The link of an invitation and the mail that brings it: sent in the hospital's words, renewed, dead."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from portal import i18n
from portal.db.models.accounts import Hospital
from portal.db.models.assessments import Assessment, Invitation
from portal.db.models.vendors import Supply, Vendor
from portal.errors import NotNow
from portal.home import BERLIN
from portal.services import audit
from portal.services.actors import Actor
from portal.services.mails import letter_templates, outbox
from portal.services.mails.letter_templates import Facts, Kind
from portal.services.mails.letters import Letter
from portal.services.people import accounts, tickets
from portal.services.rounds import catalogues
from portal.services.vendors import vendors
from questionnaires import answering
from questionnaires.model import QuestionSet
from scanners.model import N_, Message

GRACE = timedelta(days=14)  # after the due date (DECISIONS: invitation links)


@dataclass(frozen=True, kw_only=True)
class Invitee:
    """Who is asked, in which language, and the hospital's own words to them."""

    email: str
    name: str = ""
    language: str = "de"
    message: str = ""


def send(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    vendor: Vendor,
    *,
    invitee: Invitee,
    base_url: str,
    now: datetime,
) -> Invitation:
    """The first mail of a round that was begun elsewhere (a tender)."""
    supplies = vendors.supplies_of(session, assessment)
    address = accounts.email_address(invitee.email)
    return post(
        session,
        actor,
        assessment,
        vendor,
        supplies,
        invitee=replace(invitee, email=address),
        base_url=base_url,
        now=now,
    )


def post(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    vendor: Vendor,
    supplies: Sequence[Supply],
    *,
    invitee: Invitee,
    base_url: str,
    now: datetime,
    kind: Kind = Kind.INVITATION,
) -> Invitation:
    """Make a link and mail it; an invitation kills the earlier links, a reminder lets them live."""
    if vendor.ended_at is not None:
        raise NotNow(Message(text=N_("The vendor or what it supplied is off the lists; nobody is written to.")))
    if kind is Kind.INVITATION:
        kill(session, assessment, now)
    token = tickets.new_token()
    invitation = Invitation(
        hospital_id=assessment.hospital_id,
        assessment_id=assessment.id,
        email=invitee.email,
        name=invitee.name.strip()[:200],
        language=invitee.language if invitee.language in i18n.LANGUAGES else i18n.DEFAULT,
        message=invitee.message.strip()[:4000],
        token_hash=tickets.hashed(token),
        created_at=now,
        expires_at=expires_at(assessment.due_on, now=now),
        is_reminder=kind is not Kind.INVITATION,
    )
    session.add(invitation)
    hospital = session.get_one(Hospital, assessment.hospital_id)
    letter = write(
        session,
        invitation,
        hospital=hospital,
        vendor=vendor,
        assessment=assessment,
        supplies=supplies,
        link=link(base_url, token),
        kind=kind,
    )
    mail = outbox.post(
        session,
        letter,
        kind=kind.value,
        to=invitation.email,
        language=invitation.language,
        hospital_id=assessment.hospital_id,
        now=now,
    )
    invitation.mail_id = mail.id
    audit.record(
        session,
        actor,
        "invitation.sent" if kind is Kind.INVITATION else "reminder.sent",
        assessment.id,
        now=now,
        scope=audit.hospital_scope(assessment.hospital_id),
        detail={"to": invitation.email, "vendor": vendor.id},
    )
    return invitation


def renew(
    session: Session, actor: Actor, assessment: Assessment, old: Invitation, *, base_url: str, now: datetime
) -> None:
    """The same invitation once more, with a new link to the same person."""
    invitee = Invitee(email=old.email, name=old.name, language=old.language, message=old.message)
    vendor = session.get_one(Vendor, assessment.vendor_id)
    post(
        session,
        actor,
        assessment,
        vendor,
        vendors.supplies_of(session, assessment),
        invitee=invitee,
        base_url=base_url,
        now=now,
    )


def kill(session: Session, assessment: Assessment, now: datetime) -> None:
    """No link of this round opens anything any more; one that was redeemed stays on record."""
    session.execute(
        update(Invitation)
        .where(
            Invitation.hospital_id == assessment.hospital_id,
            Invitation.assessment_id == assessment.id,
            Invitation.redeemed_at.is_(None),
            Invitation.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )


def expires_at(due_on: date, *, now: datetime) -> datetime:
    """A link that is sent anew after the due date has its two weeks too: one that is dead at birth helps nobody."""
    return datetime.combine(max(due_on, now.astimezone(BERLIN).date()) + GRACE + timedelta(days=1), time(), tzinfo=UTC)


def link(base_url: str, token: str) -> str:
    """Where the mail leads; from the configured address only, never from a request's Host."""
    return f"{base_url}/invitation/{token}"


def minutes(session: Session, assessment: Assessment) -> int:
    """About how long the questions take, before the profile has decided which of them show."""
    catalogue = catalogues.of(session, assessment)
    chosen = catalogue.sets[QuestionSet(assessment.question_set)].question_ids
    return answering.minutes([catalogue.questions[question] for question in chosen], {})


def write(
    session: Session,
    invitation: Invitation,
    *,
    hospital: Hospital,
    vendor: Vendor,
    assessment: Assessment,
    supplies: Sequence[Supply],
    link: str,
    kind: Kind = Kind.INVITATION,
) -> Letter:
    """The mail in the invitee's language and the hospital's words; what the link commits to stands in every one."""
    words = letter_templates.standing(session, hospital.id, kind, invitation.language)
    facts = Facts(
        hospital=hospital,
        vendor=vendor.name,
        products=[supply.name for supply in supplies],
        minutes=minutes(session, assessment),
        due_on=assessment.due_on,
        name=invitation.name,
        message=invitation.message,
    )
    with i18n.speaking(invitation.language):
        link_text = i18n.gettext("Open the request")
    return letter_templates.fill(
        words,
        facts,
        language=invitation.language,
        link=link,
        link_text=link_text,
        always=[what_the_link_does(invitation.language)],
    )


def what_the_link_does(language: str) -> str:
    """Stands in every mail with a link to an invitation, whatever the hospital's words are."""
    with i18n.speaking(language):
        return i18n.gettext(
            "The link is meant for you alone. Opening it commits you to nothing: the page first shows who asks, "
            "which hosts would be looked at from outside, and that you can refuse this without a bad grade. Your "
            "answers and documents are seen by this hospital only. If you are not the right person, the page lets "
            "you name a colleague."
        )
