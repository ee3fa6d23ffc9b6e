"""Asking a vendor: the round begins, a person is invited, and a company takes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, selectinload

from portal.db.models.accounts import Company, Hospital, Person
from portal.db.models.assessments import Assessment, AssessmentSupply, Invitation, Stage
from portal.db.models.responses import Response
from portal.db.models.tenders import TenderBidder
from portal.db.models.vendors import Supply, Vendor
from portal.errors import BadInput, NotFound, NotNow
from portal.home import BERLIN
from portal.services import audit, jobs
from portal.services.actors import HOSPITAL_WRITERS, SYSTEM, Actor, hospital_of
from portal.services.mails.letter_templates import Kind
from portal.services.mails.letters import Letter
from portal.services.people import accounts, limits, tickets
from portal.services.rounds import catalogues, continuations, follow_ups, invitation_links, reassessment_calls
from portal.services.rounds.catalogues import Offer
from portal.services.rounds.invitation_links import Invitee
from portal.services.rounds.reasons import Doubt
from portal.services.vendors import intakes, vendors
from questionnaires import continuing, shelf
from questionnaires.model import QuestionSet
from scanners.model import N_, Message

LONGEST_ROUND = timedelta(days=2 * 365)
UNANSWERED = frozenset({Stage.INVITED, Stage.OPENED})
OPEN = frozenset({Stage.INVITED, Stage.OPENED, Stage.ACCEPTED, Stage.ANSWERING, Stage.RETURNED})  # with the vendor
RUNNING = OPEN | {Stage.RECORDING}  # no other begins meanwhile
ANSWERING_TIME = timedelta(days=28)
AFTER_ALL = 2**31 - 1  # the round of a preview: it follows on whatever came before


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """The catalogue that fits by what the hospital knows, and why; "": the usual one."""

    name: catalogues.Name
    because: str

    @property
    def key(self) -> str:
        """As a form sends it."""
        return catalogues.key_of(self.name)


@dataclass(frozen=True, kw_only=True)
class Nobody:
    """No one is asked, for this reason: the hospital records what it was sent."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class RoundFields:
    """What is asked, about which supplies, until when; another set than the tier's needs a reason, and so does another
    catalogue of ours than the intake's."""

    supply_ids: Sequence[str]
    due_on: date
    question_set: QuestionSet
    question_set_reason: str = ""
    catalogue: catalogues.Name | None = None  # None: the usual one, whatever the intake proposes
    catalogue_reason: str = ""
    asked_again: Sequence[str] = ()  # questions that a follow-up asks anew; see reassessments
    asked_because: Mapping[str, Sequence[str]] = field(default_factory=dict)  # why, by what of it; see reasons
    renewed_by: catalogues.Name | None = None  # in whose words it asks them


@dataclass(frozen=True, kw_only=True)
class Invited:
    """A live invitation with all that its page shows."""

    invitation: Invitation
    assessment: Assessment
    hospital: Hospital
    vendor: Vendor
    supplies: Sequence[Supply]


# ---- the hospital's side


def find(session: Session, actor: Actor, assessment_id: str) -> Assessment:
    """One round of the actor's hospital."""
    assessment = session.scalars(
        select(Assessment)
        .where(Assessment.hospital_id == hospital_of(actor), Assessment.id == assessment_id)
        .options(selectinload(Assessment.vendor), selectinload(Assessment.invitations))
    ).first()
    if assessment is None:
        raise NotFound
    return assessment


def of_vendor(session: Session, actor: Actor, vendor_id: str) -> Sequence[Assessment]:
    """All rounds of a vendor, the newest first."""
    return session.scalars(
        select(Assessment)
        .where(Assessment.hospital_id == hospital_of(actor), Assessment.vendor_id == vendor_id)
        .options(selectinload(Assessment.invitations), selectinload(Assessment.supplies))
        .order_by(Assessment.round.desc())
    ).all()


def set_by_tier(session: Session, supplies: Sequence[Supply]) -> QuestionSet | None:
    """The set of the most critical supply; None while none of them has its intake."""
    records = [record for supply in supplies if (record := intakes.current(supply)) is not None]
    return intakes.question_set(session, min(records, key=lambda record: record.tier)) if records else None


def propose(session: Session, actor: Actor, vendor: Vendor, supplies: Sequence[Supply]) -> Proposal:
    """Which catalogue of ours fits: what has changed, where something signed goes on to hold; else what `everything`
    says."""
    if continuations.beginning(session, actor, vendor, supplies).ground is not None:
        return Proposal(
            name=shelf.DELTA, because=N_("What was signed goes on to hold; asked is what changed, ended or has aged.")
        )
    return everything(supplies)


def everything(supplies: Sequence[Supply]) -> Proposal:
    """All questions; the short ones for suppliers that come near neither IT nor data."""
    if continuations.are_far_from_it(supplies):
        return Proposal(
            name=shelf.WITHOUT_IT_ACCESS,
            because=N_("By its intake it comes near neither systems of the hospital nor data of patients."),
        )
    return Proposal(name=shelf.CURRENT, because="")


def begin(
    session: Session,
    actor: Actor,
    vendor_id: str,
    fields: RoundFields,
    invitee: Invitee,
    *,
    base_url: str,
    now: datetime,
) -> Assessment:
    """Begin a round and invite one person to it; row, mail and audit event stand in one transaction."""
    assessment, vendor, chosen, address = _begun(session, actor, vendor_id, fields, invitee, now=now)
    invitation_links.post(
        session, actor, assessment, vendor, chosen, invitee=replace(invitee, email=address), base_url=base_url, now=now
    )
    return assessment


def begin_uninvited(
    session: Session, actor: Actor, vendor_id: str, fields: RoundFields, *, reason: str, now: datetime
) -> Assessment:
    """Begin a round in which the hospital records what it was sent: no mail goes out and nobody is waited for. The
    company may be invited to it later, and confirm."""
    return _begun(session, actor, vendor_id, fields, Nobody(reason=reason), now=now)[0]


def _begun(
    session: Session,
    actor: Actor,
    vendor_id: str,
    fields: RoundFields,
    asked: Invitee | Nobody,
    *,
    now: datetime,
) -> tuple[Assessment, Vendor, Sequence[Supply], str]:
    """The round with its products, and the address that the mail goes to; "" where nobody is asked."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    vendor = vendors.find(session, actor, vendor_id)
    chosen = [supply for supply in vendor.supplies if supply.id in set(fields.supply_ids) and supply.ended_at is None]
    proposed = propose(session, actor, vendor, chosen).name if fields.catalogue else shelf.CURRENT
    name = fields.catalogue or proposed
    offers = {offer.name: offer for offer in catalogues.offered(session, actor)}
    offer, is_proposed = offers.get(name), name == proposed
    address = _checked(session, fields, asked, chosen, now=now, offer=offer, is_proposed=is_proposed)
    open_round = session.scalar(
        select(Assessment.id).where(
            Assessment.hospital_id == hospital_id, Assessment.vendor_id == vendor.id, Assessment.stage.in_(RUNNING)
        )
    )
    if open_round is not None:
        raise NotNow(Message(text=N_("A round is open for this vendor. Finish it before you begin the next one.")))
    last = session.scalar(
        select(func.max(Assessment.round)).where(
            Assessment.hospital_id == hospital_id, Assessment.vendor_id == vendor.id
        )
    )
    again = _with_new_products(session, vendor, name, fields, chosen)
    reason = asked.reason.strip()[:1000] if isinstance(asked, Nobody) else None
    assessment = Assessment(
        hospital_id=hospital_id,
        vendor_id=vendor.id,
        round=(last or 0) + 1,
        question_set=fields.question_set.value,
        question_set_reason=fields.question_set_reason.strip(),
        catalogue_id=name[0],
        catalogue_version=name[1],
        catalogue_reason=fields.catalogue_reason.strip(),
        asked_again=list(again) or None,
        asked_because={entry: list(why) for entry, why in again.items() if why} or None,
        renewed_by=catalogues.key_of(fields.renewed_by) if fields.renewed_by else None,
        due_on=fields.due_on,
        uninvited_reason=reason,
        stage=Stage.INVITED if reason is None else Stage.RECORDING,
        created_at=now,
        invited_at=now if reason is None else None,
    )
    session.add(assessment)
    session.flush()  # supplies and the invitation point to it
    for supply in chosen:
        session.add(AssessmentSupply(hospital_id=hospital_id, assessment_id=assessment.id, supply_id=supply.id))
    reassessment_calls.answer(session, hospital_id, vendor.id, now=now)
    if last is not None:  # lists tell of the newest round, and what was known of the one before goes on to hold
        jobs.ask_for_score(session, hospital_id, assessment.id, now=now)
    audit.record(
        session,
        actor,
        "assessment.begun",
        assessment.id,
        now=now,
        detail={
            "vendor": vendor.id,
            "set": assessment.question_set,
            "catalogue": " ".join(name),
            "due": fields.due_on.isoformat(),
            **({"uninvited": reason} if reason is not None else {}),
        },
    )
    return assessment, vendor, chosen, address


def _with_new_products(
    session: Session, vendor: Vendor, name: catalogues.Name, fields: RoundFields, chosen: Sequence[Supply]
) -> Mapping[str, Sequence[str]]:
    """What a follow-up asks again, each with why; whoever begins it, it asks everything of a product that nobody was
    asked about before."""
    again = {entry: fields.asked_because.get(entry, ()) for entry in fields.asked_again}
    last = continuations.last_of(session, vendor.hospital_id, vendor.id)
    if last is None or not continuing.is_follow_up(catalogues.get(session, vendor.hospital_id, *name)):
        return again
    known = follow_ups.products(session, last)
    new = {continuing.everything_of(one.id): (Doubt.PRODUCT.value,) for one in chosen if one.id not in known}
    return {**again, **new}


def is_free(assessment: Assessment) -> bool:
    """Whether a company may take the round: also one whose answers the hospital recorded, which it may then confirm."""
    free = UNANSWERED | {Stage.RECORDING, Stage.SUBMITTED, Stage.REVIEWED}
    return assessment.company_id is None and assessment.stage in free


def resend(session: Session, actor: Actor, assessment_id: str, *, base_url: str, now: datetime) -> None:
    """Send the invitation again, with a new link; the old one dies."""
    hospital_of(actor, HOSPITAL_WRITERS)
    assessment = find(session, actor, assessment_id)
    if not is_free(assessment) or not assessment.invitations:
        raise NotNow(Message(text=N_("This invitation was taken already.")))
    invitation_links.renew(session, actor, assessment, assessment.invitations[-1], base_url=base_url, now=now)


def invite_another(
    session: Session, actor: Actor, assessment_id: str, invitee: Invitee, *, base_url: str, now: datetime
) -> None:
    """Invite another person to the same round, or the first one where none was; the earlier links die."""
    hospital_of(actor, HOSPITAL_WRITERS)
    assessment = find(session, actor, assessment_id)
    if assessment.is_uninvited:
        session.refresh(assessment, with_for_update=True)  # its recording may be closed at this moment
    if not is_free(assessment):
        raise NotNow(Message(text=N_("This invitation was taken already.")))
    address = accounts.email_address(invitee.email)
    vendor = vendors.find(session, actor, assessment.vendor_id)
    chosen = vendors.supplies_of(session, assessment)
    if assessment.is_uninvited:
        _ask_after_all(assessment, now=now)
        jobs.ask_for_score(session, assessment.hospital_id, assessment.id, now=now)  # from now on silence can count
    invitation_links.post(
        session, actor, assessment, vendor, chosen, invitee=replace(invitee, email=address), base_url=base_url, now=now
    )


def _ask_after_all(assessment: Assessment, *, now: datetime) -> None:
    """Somebody is asked now, and has the time that others have."""
    assessment.invited_at = now
    assessment.due_on = max(assessment.due_on, now.astimezone(BERLIN).date() + ANSWERING_TIME)
    if assessment.stage is Stage.RECORDING:
        assessment.stage = Stage.INVITED
    assessment.version += 1


def remind(
    session: Session, actor: Actor, assessment: Assessment, kind: Kind, *, base_url: str, now: datetime
) -> Invitation:
    """The person who was asked last, with a link of its own; the earlier mail's link goes on to work."""
    old = assessment.invitations[-1]
    return invitation_links.post(
        session,
        actor,
        assessment,
        session.get_one(Vendor, assessment.vendor_id),
        vendors.supplies_of(session, assessment),
        invitee=Invitee(email=old.email, name=old.name, language=old.language, message=old.message),
        base_url=base_url,
        now=now,
        kind=kind,
    )


def move_due_date(session: Session, actor: Actor, assessment_id: str, due_on: date, *, now: datetime) -> Assessment:
    """Another day; live links live as long as that day asks for, and reminders follow it."""
    hospital_of(actor, HOSPITAL_WRITERS)
    assessment = find(session, actor, assessment_id)
    if assessment.stage not in OPEN:
        raise NotNow(Message(text=N_("This round is not open any more.")))
    if due_on <= now.astimezone(BERLIN).date():
        raise BadInput({"due_on": Message(text=N_("Choose a day in the future."))})
    if due_on > now.astimezone(BERLIN).date() + LONGEST_ROUND:
        raise BadInput({"due_on": Message(text=N_("Choose a day within the next two years."))})
    before, assessment.due_on = assessment.due_on, due_on
    assessment.version += 1
    for invitation in assessment.invitations:
        if invitation.redeemed_at is None and invitation.revoked_at is None:
            invitation.expires_at = invitation_links.expires_at(due_on, now=now)
    jobs.ask_for_score(session, assessment.hospital_id, assessment.id, now=now)  # what is late counts
    audit.record(
        session,
        actor,
        "assessment.due-moved",
        assessment.id,
        now=now,
        detail={"from": before.isoformat(), "to": due_on.isoformat()},
    )
    return assessment


def withdraw(session: Session, actor: Actor, assessment_id: str, *, now: datetime) -> None:
    """Stop a round that nobody has taken; its links die."""
    hospital_of(actor, HOSPITAL_WRITERS)
    assessment = find(session, actor, assessment_id)
    invitation_links.kill(session, assessment, now)  # in the order of who accepts: the links first, then the round
    session.refresh(assessment, with_for_update=True)
    if assessment.stage not in UNANSWERED | {Stage.RECORDING}:
        raise NotNow(Message(text=N_("The vendor has taken this round; it can no longer be withdrawn.")))
    assessment.stage = Stage.CLOSED
    audit.record(session, actor, "assessment.withdrawn", assessment.id, now=now)


# ---- the invited person's side: the token is the authorisation


def look(session: Session, token: str, *, now: datetime) -> Invited:
    """What a live link leads to; looking redeems nothing."""
    invitation = session.scalars(
        select(Invitation).where(
            Invitation.token_hash == tickets.hashed(token),
            Invitation.redeemed_at.is_(None),
            Invitation.revoked_at.is_(None),
            Invitation.expires_at > now,
        )
    ).first()
    if invitation is None:
        raise NotFound
    return _invited(session, invitation)


def note_opened(session: Session, token: str, *, now: datetime) -> Invited:
    """The same, and the hospital's board learns that the page was opened (first time only)."""
    invited = look(session, token, now=now)
    if invited.invitation.opened_at is None:
        invited.invitation.opened_at = now
        if invited.assessment.stage is Stage.INVITED:
            invited.assessment.stage = Stage.OPENED
            invited.assessment.opened_at = now
        _tell(session, invited, "invitation.opened", now)
    return invited


def accept(session: Session, token: str, *, person: Person, company: Company, now: datetime) -> Assessment:
    """A company takes the round. Of any number that try the link at once, one wins."""
    won = session.scalars(
        update(Invitation)
        .where(
            Invitation.token_hash == tickets.hashed(token),
            Invitation.redeemed_at.is_(None),
            Invitation.revoked_at.is_(None),
            Invitation.expires_at > now,
        )
        .values(redeemed_at=now)
        .returning(Invitation)
    ).first()
    if won is None:
        raise NotFound
    invited = _invited(session, won)
    assessment = invited.assessment
    if not is_free(assessment):
        raise NotNow(Message(text=N_("This invitation was taken already.")))
    if assessment.closes_at is not None and _bids_already(session, assessment, company):
        raise NotNow(Message(text=N_("Your company bids for this lot already, with another invitation.")))
    invitation_links.kill(session, assessment, now)
    audit.take_turns(session, audit.hospital_scope(assessment.hospital_id), audit.company_scope(company.id))
    assessment.company_id = company.id
    assessment.stage = Stage.ACCEPTED
    assessment.accepted_at = now
    is_widened = follow_ups.widen(session, assessment)
    session.flush()  # the response points to the company's assessment
    session.add(Response(company_id=company.id, assessment_id=assessment.id, created_at=now))
    _tell(session, invited, "invitation.accepted", now)
    if is_widened:
        _tell(session, invited, "assessment.widened", now)
    actor = Actor(name=person.name, email=person.email, person_id=person.id, company_id=company.id)
    audit.record(session, actor, "assessment.accepted", assessment.id, now=now)
    return assessment


def _bids_already(session: Session, assessment: Assessment, company: Company) -> bool:
    """Whether the company stands in this lot with another round: nobody competes with itself."""
    mine = select(TenderBidder.lot_id).where(TenderBidder.assessment_id == assessment.id)
    return (
        session.scalars(
            select(TenderBidder.id)
            .join(Assessment, Assessment.id == TenderBidder.assessment_id)
            .where(TenderBidder.lot_id.in_(mine), Assessment.company_id == company.id, Assessment.id != assessment.id)
            .limit(1)
        ).first()
        is not None
    )


def hand_over(session: Session, token: str, *, colleague: Invitee, base_url: str, now: datetime) -> None:
    """ "I am not the right person": the link dies, a named colleague gets one, the hospital sees both."""
    invited = look(session, token, now=now)
    address = accounts.email_address(colleague.email)
    limits.spend(session, limits.HAND_OVER, invited.assessment.id, now=now)
    invited.invitation.handed_over_at = now
    _tell(session, invited, "invitation.handed-over", now)
    onward = Invitee(
        email=address,
        name=colleague.name.strip()[:200],
        language=invited.invitation.language,
        message=invited.invitation.message,
    )
    invitation_links.post(
        session,
        SYSTEM,
        invited.assessment,
        invited.vendor,
        invited.supplies,
        invitee=onward,
        base_url=base_url,
        now=now,
    )


def renew_by_addressee(session: Session, token: str, *, base_url: str, now: datetime) -> None:
    """A link that ran out sends a new one to the address it was sent to, nowhere else.

    Silent when there is nothing to renew: whoever asks learns nothing.
    """
    limits.spend(session, limits.NEW_INVITATION, tickets.hashed(token), now=now)
    invitation = session.scalars(
        select(Invitation).where(Invitation.token_hash == tickets.hashed(token), Invitation.redeemed_at.is_(None))
    ).first()
    if invitation is None:
        return
    invited = _invited(session, invitation)
    newest = invited.assessment.invitations[-1]
    is_last = newest.email == invitation.email and invitation.revoked_at is None
    if is_free(invited.assessment) and is_last:
        invitation_links.renew(session, SYSTEM, invited.assessment, invitation, base_url=base_url, now=now)


# ---- what is wrong with it


def _checked(
    session: Session,
    fields: RoundFields,
    asked: Invitee | Nobody,
    chosen: Sequence[Supply],
    *,
    now: datetime,
    offer: Offer | None,
    is_proposed: bool,
) -> str:
    wrong: dict[str, Message] = {}
    if not chosen:
        wrong["supplies"] = Message(text=N_("Choose at least one product or service."))
    by_tier = set_by_tier(session, chosen)
    if chosen and any(intakes.current(supply) is None for supply in chosen):
        wrong["supplies"] = Message(
            text=N_("Fill in the intake of each chosen product first; it decides what is asked.")
        )
    if fields.due_on <= now.astimezone(BERLIN).date():
        wrong["due_on"] = Message(text=N_("Choose a day in the future."))
    elif fields.due_on > now.astimezone(BERLIN).date() + LONGEST_ROUND:
        wrong["due_on"] = Message(text=N_("Choose a day within the next two years."))
    if by_tier is not None and fields.question_set is not by_tier and not fields.question_set_reason.strip():
        wrong["question_set_reason"] = Message(text=N_("Give a reason for another question set than the tier's."))
    if offer is None:
        wrong["catalogue"] = Message(text=N_("Choose a released catalogue."))
    elif not is_proposed and not offer.is_own and not fields.catalogue_reason.strip():
        wrong["catalogue_reason"] = Message(text=N_("Give a reason for another catalogue than the one proposed."))
    address, wrong_there = _addressed(asked)
    if wrong | wrong_there:
        raise BadInput(wrong | wrong_there)
    return address


def _addressed(asked: Invitee | Nobody) -> tuple[str, dict[str, Message]]:
    """Where the mail goes, or what is wrong with whom it is meant for."""
    if isinstance(asked, Nobody):
        return "", {} if asked.reason.strip() else {"reason": Message(text=N_("Say why nobody is invited."))}
    try:
        return accounts.email_address(asked.email), {}
    except BadInput as refused:
        return "", dict(refused.fields)


def _invited(session: Session, invitation: Invitation) -> Invited:
    assessment = session.scalars(
        select(Assessment)
        .where(Assessment.hospital_id == invitation.hospital_id, Assessment.id == invitation.assessment_id)
        .options(selectinload(Assessment.invitations))
    ).one()
    return Invited(
        invitation=invitation,
        assessment=assessment,
        hospital=session.get_one(Hospital, invitation.hospital_id),
        vendor=session.get_one(Vendor, assessment.vendor_id),
        supplies=vendors.supplies_of(session, assessment),
    )


def _tell(session: Session, invited: Invited, verb: str, now: datetime) -> None:
    audit.record(
        session,
        SYSTEM,
        verb,
        invited.assessment.id,
        now=now,
        scope=audit.hospital_scope(invited.assessment.hospital_id),
        detail={"to": invited.invitation.email},
    )


def preview(
    session: Session, vendor: Vendor, fields: RoundFields, invitee: Invitee, *, link: str, now: datetime
) -> Letter:
    """The mail that an invitation would be; nothing of it is kept."""
    name = fields.catalogue or shelf.CURRENT
    assessment = Assessment(
        hospital_id=vendor.hospital_id,
        vendor_id=vendor.id,
        round=AFTER_ALL,
        question_set=fields.question_set.value,
        catalogue_id=name[0],
        catalogue_version=name[1],
        due_on=fields.due_on,
        created_at=now,
    )
    invitation = Invitation(
        email=invitee.email, name=invitee.name, language=invitee.language, message=invitee.message, created_at=now
    )
    return invitation_links.write(
        session,
        invitation,
        hospital=session.get_one(Hospital, vendor.hospital_id),
        vendor=vendor,
        assessment=assessment,
        supplies=[supply for supply in vendor.supplies if supply.id in set(fields.supply_ids)],
        link=link,
    )
