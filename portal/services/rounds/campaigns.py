"""Campaigns: many vendors asked together. Chosen, looked at, then sent one by one, each in a transaction of its own."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, selectinload

from portal import home
from portal.db.base import new_id
from portal.db.models.accounts import HospitalMember, Person
from portal.db.models.assessments import Assessment, Invitation, Stage
from portal.db.models.campaigns import Campaign, CampaignSeat, SeatState
from portal.db.models.vendors import Supply, Vendor
from portal.errors import BadInput, Clash, NotAllowed, NotFound, NotNow, RuleBroken
from portal.home import BERLIN
from portal.services import audit, jobs
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from portal.services.jobs import JobKind
from portal.services.mails.letters import Letter
from portal.services.rounds import invitations, reassessments
from portal.services.rounds.invitation_links import Invitee
from portal.services.rounds.invitations import RoundFields
from portal.services.rounds.reassessments import Delta
from portal.services.vendors import intakes, vendors
from portal.services.vendors.portfolio import PortfolioRow
from questionnaires.model import QuestionSet
from scanners.model import N_, Message

ANSWERING_TIME = timedelta(days=28)
MOST = 5000  # vendors of one campaign
LINK_IN_PREVIEW = "…/invitation/…"


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What one vendor of a campaign would be asked, or why it cannot be."""

    vendor: Vendor
    supplies: Sequence[Supply]
    left_out: Sequence[Supply]  # without an intake: not asked about
    asked: Delta | None  # None: no product has its intake
    invitee: Invitee
    why_not: Message | None

    @property
    def question_set(self) -> QuestionSet | None:
        """By the tier."""
        return self.asked.question_set if self.asked is not None else None


@dataclass(frozen=True, kw_only=True)
class Count:
    """How far the sending is."""

    waiting: int
    invited: int
    refused: int

    @property
    def all(self) -> int:
        """Every vendor."""
        return self.waiting + self.invited + self.refused

    @property
    def done(self) -> int:
        """Those that have had their turn."""
        return self.invited + self.refused


# ---- choosing


def why_not(row: PortfolioRow) -> Message | None:
    """Why a vendor cannot be invited now; None: it can."""
    if not row.supplies:
        return Message(text=N_("no product or service"))
    if all(intakes.current(supply) is None for supply in row.supplies):
        return Message(text=N_("no intake"))
    if not address_of(row.vendor):
        return Message(text=N_("no contact"))
    if row.stage in invitations.RUNNING:
        return Message(text=N_("a round is running"))
    if row.stage is Stage.SUBMITTED:
        return Message(text=N_("its answers wait for your review"))
    return None


def address_of(vendor: Vendor) -> str:
    """To whom a mail goes: the security contact before the other one."""
    return vendor.security_email or vendor.contact_email


def draft(session: Session, actor: Actor, rows: Sequence[PortfolioRow], *, name: str, now: datetime) -> Campaign:
    """A campaign of those of the rows that can be invited; nothing is sent yet."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    chosen = [row for row in rows if why_not(row) is None]
    if not chosen:
        raise BadInput({"": Message(text=N_("Choose at least one vendor that can be invited."))})
    if len(chosen) > MOST:
        raise BadInput(
            {"": Message(text=N_("At most %(count)s vendors fit into one campaign."), values={"count": str(MOST)})}
        )
    campaign = Campaign(
        hospital_id=hospital_id,
        id=new_id(),
        name=" ".join(name.split())[:200],
        due_on=now.astimezone(BERLIN).date() + ANSWERING_TIME,
        message="",
        person_id=actor.person_id,
        created_at=now,
        version=1,
    )
    session.add(campaign)
    session.flush()
    session.add_all(
        CampaignSeat(
            hospital_id=hospital_id,
            campaign_id=campaign.id,
            vendor_id=row.vendor.id,
            state=SeatState.WAITING,
            email="",
            reason="",
        )
        for row in chosen
    )
    audit.record(session, actor, "campaign.drafted", campaign.id, now=now, detail={"vendors": len(chosen)})
    return campaign


def find(session: Session, actor: Actor, campaign_id: str) -> Campaign:
    """One campaign of the actor's hospital."""
    campaign = session.scalars(
        select(Campaign).where(Campaign.hospital_id == hospital_of(actor), Campaign.id == campaign_id)
    ).first()
    if campaign is None:
        raise NotFound
    return campaign


def newest(session: Session, actor: Actor, *, limit: int = 100) -> Sequence[Campaign]:
    """The hospital's campaigns."""
    return session.scalars(
        select(Campaign)
        .where(Campaign.hospital_id == hospital_of(actor))
        .order_by(Campaign.created_at.desc())
        .limit(limit)
    ).all()


def counts(session: Session, hospital_id: str) -> Mapping[str, Count]:
    """How far each campaign of a hospital is, by its id."""
    found: dict[str, dict[SeatState, int]] = {}
    query = (
        select(CampaignSeat.campaign_id, CampaignSeat.state, func.count())
        .where(CampaignSeat.hospital_id == hospital_id)
        .group_by(CampaignSeat.campaign_id, CampaignSeat.state)
    )
    for campaign_id, state, number in session.execute(query):
        found.setdefault(campaign_id, {})[state] = number
    return {
        campaign_id: Count(
            waiting=of.get(SeatState.WAITING, 0),
            invited=of.get(SeatState.INVITED, 0),
            refused=of.get(SeatState.REFUSED, 0),
        )
        for campaign_id, of in found.items()
    }


def seats(session: Session, campaign: Campaign) -> Sequence[CampaignSeat]:
    """Its vendors by name, with what became of each."""
    return session.scalars(
        select(CampaignSeat)
        .join(Vendor, Vendor.id == CampaignSeat.vendor_id)
        .where(CampaignSeat.hospital_id == campaign.hospital_id, CampaignSeat.campaign_id == campaign.id)
        .options(
            selectinload(CampaignSeat.vendor).selectinload(Vendor.supplies).selectinload(Supply.intakes),
        )
        .order_by(func.lower(Vendor.name), Vendor.id)
    ).all()


# ---- looking at it


def prepared(session: Session, actor: Actor, campaign: Campaign, vendor: Vendor, *, now: datetime) -> Prepared:
    """What this vendor would be asked: set by tier, of what was signed only the delta, each product with an intake."""
    active = [supply for supply in vendor.supplies if supply.ended_at is None]
    asked = [supply for supply in active if intakes.current(supply) is not None]
    newest_round = session.scalars(
        select(Assessment)
        .where(Assessment.hospital_id == campaign.hospital_id, Assessment.vendor_id == vendor.id)
        .order_by(Assessment.round.desc())
        .limit(1)
    ).first()
    row = PortfolioRow(vendor=vendor, supplies=active, tier=None, assessment=newest_round, score=None, scan=None)
    return Prepared(
        vendor=vendor,
        supplies=asked,
        left_out=[supply for supply in active if supply not in asked],
        asked=reassessments.delta(session, actor, vendor, supplies=asked, due_on=campaign.due_on, now=now)
        if asked
        else None,
        invitee=Invitee(
            email=address_of(vendor),
            name=vendor.contact_name,
            language=home.language_of(vendor.country),
            message=campaign.message,
        ),
        why_not=why_not(row),
    )


def preview(session: Session, campaign: Campaign, one: Prepared, *, now: datetime) -> Letter | None:
    """The mail as this vendor would have it; None where nothing would be sent."""
    if one.question_set is None or one.asked is None:
        return None
    return invitations.preview(
        session,
        one.vendor,
        RoundFields(
            supply_ids=[supply.id for supply in one.supplies],
            due_on=campaign.due_on,
            question_set=one.question_set,
            catalogue=one.asked.catalogue,
        ),
        one.invitee,
        link=LINK_IN_PREVIEW,
        now=now,
    )


def plan(
    session: Session,
    actor: Actor,
    campaign_id: str,
    *,
    name: str,
    due_on: date,
    message: str,
    version: int,
    now: datetime,
) -> Campaign:
    """Name, day and a paragraph of one's own, while it is a draft."""
    campaign = _draft_of(session, actor, campaign_id)
    if campaign.version != version:
        raise Clash(Message(text=N_("Somebody else changed this campaign in the meantime. Look at it again.")))
    wrong: dict[str, Message] = {}
    if not name.strip():
        wrong["name"] = Message(text=N_("Give the campaign a name."))
    if due_on <= now.astimezone(BERLIN).date():
        wrong["due_on"] = Message(text=N_("Choose a day in the future."))
    elif due_on > now.astimezone(BERLIN).date() + invitations.LONGEST_ROUND:
        wrong["due_on"] = Message(text=N_("Choose a day within the next two years."))
    if wrong:
        raise BadInput(wrong)
    campaign.name, campaign.due_on = " ".join(name.split())[:200], due_on
    campaign.message = message.strip()[:4000]
    campaign.version += 1
    return campaign


def leave_out(session: Session, actor: Actor, campaign_id: str, vendor_id: str) -> None:
    """Take one vendor out of a draft."""
    campaign = _draft_of(session, actor, campaign_id)
    seat = session.get(CampaignSeat, (campaign.id, vendor_id))
    if seat is None:
        raise NotFound
    session.delete(seat)


def discard(session: Session, actor: Actor, campaign_id: str, *, now: datetime) -> None:
    """Throw a draft away."""
    campaign = _draft_of(session, actor, campaign_id)
    session.execute(delete(CampaignSeat).where(CampaignSeat.campaign_id == campaign.id))
    session.delete(campaign)
    audit.record(session, actor, "campaign.discarded", campaign_id, now=now)


# ---- sending


def start(session: Session, actor: Actor, campaign_id: str, *, now: datetime) -> Campaign:
    """Let it go out: the worker sends one vendor after the other, in the name of whoever says so."""
    campaign = _draft_of(session, actor, campaign_id)
    if campaign.due_on <= now.astimezone(BERLIN).date():
        raise NotNow(Message(text=N_("The due date has passed. Choose another one.")))
    if not session.scalar(select(func.count()).where(CampaignSeat.campaign_id == campaign.id)):
        raise NotNow(Message(text=N_("Nobody is left in this campaign.")))
    campaign.started_at, campaign.person_id = now, actor.person_id
    campaign.version += 1
    audit.record(session, actor, "campaign.started", campaign.id, now=now, detail={"due": campaign.due_on.isoformat()})
    jobs.add(
        session,
        JobKind.CAMPAIGN,
        {"hospital_id": campaign.hospital_id, "campaign_id": campaign.id},
        now=now,
        tenant=campaign.hospital_id,
        dedupe_key=f"campaign:{campaign.id}",
    )
    return campaign


def waiting(session: Session, hospital_id: str, campaign_id: str) -> Sequence[str]:
    """The vendors that have not had their turn."""
    return session.scalars(
        select(CampaignSeat.vendor_id)
        .where(
            CampaignSeat.hospital_id == hospital_id,
            CampaignSeat.campaign_id == campaign_id,
            CampaignSeat.state == SeatState.WAITING,
        )
        .order_by(CampaignSeat.vendor_id)
    ).all()


def send_one(
    session: Session, hospital_id: str, campaign_id: str, vendor_id: str, *, base_url: str, now: datetime
) -> SeatState:
    """Invite one vendor, or write down why not; the seat is taken first, so that nobody is asked twice."""
    seat = session.scalars(
        select(CampaignSeat)
        .where(
            CampaignSeat.hospital_id == hospital_id,
            CampaignSeat.campaign_id == campaign_id,
            CampaignSeat.vendor_id == vendor_id,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if seat.state is not SeatState.WAITING:
        return seat.state
    campaign = session.get_one(Campaign, campaign_id)
    seat.at = now
    try:
        with session.begin_nested():
            assessment, email = _invite(session, campaign, vendor_id, base_url=base_url, now=now)
    except RuleBroken as refused:
        seat.state, seat.at = SeatState.REFUSED, now
        seat.reason, seat.reason_values = refused.message.text, dict(refused.message.values)
    else:
        seat.state, seat.assessment_id, seat.email = SeatState.INVITED, assessment.id, email
    return seat.state


def finish(session: Session, hospital_id: str, campaign_id: str, *, now: datetime) -> None:
    """Everybody has had their turn."""
    campaign = session.scalars(
        select(Campaign).where(Campaign.hospital_id == hospital_id, Campaign.id == campaign_id)
    ).one()
    campaign.finished_at = now


def break_off(session: Session, hospital_id: str, campaign_id: str, *, now: datetime) -> None:
    """The work was given up: who has not had their turn was not invited."""
    for vendor_id in waiting(session, hospital_id, campaign_id):
        seat = session.get_one(CampaignSeat, (campaign_id, vendor_id))
        seat.state, seat.at = SeatState.REFUSED, now
        seat.reason = N_("an error of ours; please invite this vendor by itself")
    finish(session, hospital_id, campaign_id, now=now)


def switch_reminders(session: Session, actor: Actor, campaign_id: str, *, stopped: bool, now: datetime) -> None:
    """Stop the reminders of every vendor of a campaign, or let them go on."""
    hospital_of(actor, HOSPITAL_WRITERS)
    campaign = find(session, actor, campaign_id)
    campaign.reminders_stopped_at = now if stopped else None
    audit.record(session, actor, "reminders.stopped" if stopped else "reminders.resumed", campaign.id, now=now)


def of_rounds(session: Session, hospital_id: str, ids: Collection[str]) -> Mapping[str, Campaign]:
    """The campaign that each of these rounds came of."""
    found = session.execute(
        select(CampaignSeat.assessment_id, Campaign)
        .join(Campaign, Campaign.id == CampaignSeat.campaign_id)
        .where(CampaignSeat.hospital_id == hospital_id, CampaignSeat.assessment_id.in_(ids))
    )
    return {assessment_id: campaign for assessment_id, campaign in found if assessment_id}


def _invite(
    session: Session, campaign: Campaign, vendor_id: str, *, base_url: str, now: datetime
) -> tuple[Assessment, str]:
    actor = _sender(session, campaign)
    one = prepared(session, actor, campaign, vendors.find(session, actor, vendor_id), now=now)
    if one.why_not is not None:
        raise NotNow(one.why_not)
    if one.question_set is None or one.asked is None:
        raise NotNow(Message(text=N_("no intake")))
    fields = RoundFields(
        supply_ids=[supply.id for supply in one.supplies],
        due_on=campaign.due_on,
        question_set=one.question_set,
        catalogue=one.asked.catalogue,
        asked_again=one.asked.asked_again,
        asked_because=one.asked.reasons,
        renewed_by=one.asked.renewed_by,
    )
    assessment = invitations.begin(session, actor, vendor_id, fields, one.invitee, base_url=base_url, now=now)
    session.flush()
    email = session.scalars(select(Invitation.email).where(Invitation.assessment_id == assessment.id)).one()
    return assessment, email


def _sender(session: Session, campaign: Campaign) -> Actor:
    """Whoever let it go out, with the role they have today."""
    member = session.get(HospitalMember, (campaign.hospital_id, campaign.person_id))
    person = session.get_one(Person, campaign.person_id)
    if member is None or member.ended_at is not None or person.disabled_at is not None:
        raise NotAllowed(Message(text=N_("Who started this campaign works here no longer.")))
    return Actor(
        name=person.name,
        email=person.email,
        person_id=person.id,
        language=person.language,
        hospital_id=campaign.hospital_id,
        hospital_role=member.role,
    )


def _draft_of(session: Session, actor: Actor, campaign_id: str) -> Campaign:
    hospital_of(actor, HOSPITAL_WRITERS)
    campaign = find(session, actor, campaign_id)
    session.refresh(campaign, with_for_update=True)
    if campaign.started_at is not None:
        raise NotNow(Message(text=N_("This campaign has gone out already.")))
    return campaign


def only(rows: Sequence[PortfolioRow], vendor_ids: Collection[str]) -> Sequence[PortfolioRow]:
    """Those of the rows that were chosen; an id that is none of them is no choice."""
    wanted = set(vendor_ids)
    return [row for row in rows if row.vendor.id in wanted]
