"""Reminders to the vendor: on which working days, to whom, and each of them once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import CompoundSelect, Select, select, union
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, selectinload

from portal import i18n
from portal.db.models.accounts import Company, CompanyMember, CompanyRole, Hospital, HospitalMember, Person
from portal.db.models.assessments import Assessment, AssessmentSupply, Stage
from portal.db.models.campaigns import Bounce, Campaign, CampaignSeat, Reminder
from portal.db.models.vendors import Supply, Vendor
from portal.errors import NotNow
from portal.home import BERLIN
from portal.services import audit, working_days
from portal.services.actors import HOSPITAL_WRITERS, SYSTEM, Actor, hospital_of
from portal.services.mails import bounces, letter_templates, outbox
from portal.services.mails.letter_templates import Facts, Kind
from portal.services.rounds import invitations, rounds
from portal.services.vendors import vendors
from questionnaires import answering
from scanners.model import N_, Message

STEPS = (-7, -3, -1, 3)  # working days from the due date
LATE = 2  # so many working days a reminder may be late, where nobody was there to send it; then it lapses
WAITED_FOR = frozenset({Stage.INVITED, Stage.OPENED, Stage.ACCEPTED, Stage.ANSWERING})
AROUND = timedelta(days=31)  # of a due date: more than the farthest step and its holidays


@dataclass(frozen=True, kw_only=True)
class Step:
    """One reminder of the plan: its day, and what became of it."""

    name: str  # "-7"
    day: date
    sent: Reminder | None
    is_coming: bool

    @property
    def has_lapsed(self) -> bool:
        """Its day went by without it."""
        return self.sent is None and not self.is_coming


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What will be sent when, or why nothing will."""

    steps: Sequence[Step]
    sent: Sequence[Reminder]  # also towards earlier due dates, and by hand
    stopped: Message | None  # why nothing is sent

    @property
    def next(self) -> Step | None:
        """The one that goes out next."""
        return None if self.stopped else next((step for step in self.steps if step.is_coming), None)


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Who is reminded."""

    email: str
    name: str
    language: str


def days(due_on: date, *, country: str, state: str) -> Mapping[str, date]:
    """The day of each step, in working days of the hospital's state."""
    return {f"{step:+d}": working_days.shifted(due_on, step, country=country, state=state) for step in STEPS}


def plan_of(
    assessment: Assessment,
    hospital: Hospital,
    *,
    sent: Sequence[Reminder],
    campaign_is_stopped: bool,
    today: date,
    is_over: bool = False,
) -> Plan:
    """The plan of a round, worked out from its due date; nothing of it is stored but what was sent."""
    for_day = {row.step: row for row in sent if row.due_on == assessment.due_on}
    asked_on = _asked_on(assessment)
    named = days(assessment.due_on, country=hospital.country, state=hospital.state)
    open_ = assessment.stage in WAITED_FOR
    steps = [
        Step(
            name=name,
            day=day,
            sent=for_day.get(name),
            is_coming=open_
            and name not in for_day
            and day > asked_on
            and (day >= today or _is_due(name, named, today=today, hospital=hospital, due_on=assessment.due_on)),
        )
        for name, day in named.items()
    ]
    return Plan(
        steps=steps,
        sent=sent,
        stopped=_why_stopped(assessment, campaign_is_stopped=campaign_is_stopped, is_over=is_over),
    )


def of_rounds(
    session: Session, hospital: Hospital, found: Sequence[Assessment], *, now: datetime
) -> Mapping[str, Plan]:
    """The plans of these rounds of one hospital, in three queries; their invitations are read already."""
    ids = [one.id for one in found]
    sent: dict[str, list[Reminder]] = {}
    for row in session.scalars(
        select(Reminder)
        .where(Reminder.hospital_id == hospital.id, Reminder.assessment_id.in_(ids))
        .order_by(Reminder.at)
    ):
        sent.setdefault(row.assessment_id, []).append(row)
    stopped = frozenset(session.scalars(_stopped_by_campaign(hospital.id).where(CampaignSeat.assessment_id.in_(ids))))
    over = frozenset(session.scalars(_over(hospital.id).where(Assessment.id.in_(ids))))
    today = now.astimezone(BERLIN).date()
    return {
        one.id: plan_of(
            one,
            hospital,
            sent=sent.get(one.id, ()),
            campaign_is_stopped=one.id in stopped,
            today=today,
            is_over=one.id in over,
        )
        for one in found
    }


def of_round(session: Session, assessment: Assessment, *, now: datetime) -> Plan:
    """The plan of one."""
    hospital = session.get_one(Hospital, assessment.hospital_id)
    return of_rounds(session, hospital, [assessment], now=now)[assessment.id]


def readers(session: Session, assessment: Assessment) -> Sequence[Reader]:
    """Who is reminded: before the company has come, whoever was asked last; then those who lead the round there.

    Never somebody of the hospital itself, and nobody whose mail came back.
    """
    if assessment.company_id is None:
        asked = assessment.invitations[-1:]
        back = bounces.of_mails(session, assessment.hospital_id, asking_mails(assessment))
        found = [Reader(email=one.email, name=one.name, language=one.language) for one in asked if not back]
    else:
        people = session.scalars(
            select(Person)
            .join(CompanyMember, CompanyMember.person_id == Person.id)
            .where(
                CompanyMember.company_id == assessment.company_id,
                CompanyMember.role == CompanyRole.LEAD,
                CompanyMember.ended_at.is_(None),
                Person.disabled_at.is_(None),
            )
            .order_by(Person.email)
        ).all()
        gone = set(session.scalars(select(Bounce.to_address).where(Bounce.hospital_id == assessment.hospital_id)))
        found = [
            Reader(email=one.email, name=one.name, language=one.language) for one in people if one.email not in gone
        ]
    own = set(
        session.scalars(
            select(Person.email)
            .join(HospitalMember, HospitalMember.person_id == Person.id)
            .where(HospitalMember.hospital_id == assessment.hospital_id, HospitalMember.ended_at.is_(None))
        )
    )
    own.add(session.get_one(Hospital, assessment.hospital_id).contact_email.lower())
    return [one for one in found if one.email.lower() not in own]


def asking_mails(assessment: Assessment) -> Sequence[str]:
    """The mail that asked last and the reminders of it: they went to one address, and one that came back is enough."""
    found: list[str] = []
    for one in reversed(assessment.invitations):
        found.append(one.mail_id or "")
        if not one.is_reminder:
            break
    return found


# ---- sending


def near(session: Session, *, now: datetime) -> Sequence[tuple[str, str]]:
    """Rounds whose due date is near enough to look at, by hospital and id."""
    today = now.astimezone(BERLIN).date()
    found = session.execute(
        select(Assessment.hospital_id, Assessment.id)
        .where(Assessment.stage.in_(WAITED_FOR), Assessment.due_on.between(today - AROUND, today + AROUND))
        .order_by(Assessment.hospital_id, Assessment.id)
    )
    return [(hospital_id, assessment_id) for hospital_id, assessment_id in found]


def send_due(session: Session, hospital_id: str, assessment_id: str, *, base_url: str, now: datetime) -> bool:
    """Send what is due for this round today; whether anything was. Of any number that try at once, one sends."""
    assessment = _locked(session, hospital_id, assessment_id)
    today = now.astimezone(BERLIN).date()
    hospital = session.get_one(Hospital, hospital_id)
    if assessment is not None and assessment.closes_at is not None and now >= assessment.closes_at:
        return False  # of a tender: nothing is taken any more
    if assessment is None or not working_days.is_working(today, country=hospital.country, state=hospital.state):
        return False
    plan = of_round(session, assessment, now=now)
    due = next((step for step in plan.steps if step.is_coming and step.day <= today), None)
    if due is None or plan.stopped is not None or _was_sent_on(today, plan):
        return False
    return _send(session, SYSTEM, assessment, due.name, base_url=base_url, now=now)


def send_now(session: Session, actor: Actor, assessment_id: str, *, base_url: str, now: datetime) -> None:
    """A reminder by hand, at most one a day; also where the plan is stopped, for somebody has decided it."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    invitations.find(session, actor, assessment_id)
    assessment = _locked(session, hospital_id, assessment_id)
    if assessment is None:
        raise NotNow(Message(text=N_("Nothing is waited for in this round.")))
    if session.scalar(_over(hospital_id).where(Assessment.id == assessment.id)) is not None:
        raise NotNow(Message(text=N_("The vendor or what it supplied is off the lists; nobody is written to.")))
    today = now.astimezone(BERLIN).date()
    if _was_sent_on(today, of_round(session, assessment, now=now)):
        raise NotNow(Message(text=N_("The vendor was reminded today already.")))
    if not _send(session, actor, assessment, today.isoformat(), base_url=base_url, now=now):
        raise NotNow(Message(text=N_("There is nobody to remind: the mail came back, or the address is your own.")))


def switch(session: Session, actor: Actor, assessment_id: str, *, stopped: bool, now: datetime) -> None:
    """Stop the reminders of one round, or let them go on."""
    hospital_of(actor, HOSPITAL_WRITERS)
    assessment = invitations.find(session, actor, assessment_id)
    assessment.reminders_stopped_at = now if stopped else None
    verb = "reminders.stopped" if stopped else "reminders.resumed"
    audit.record(session, actor, verb, assessment.id, now=now)


def _locked(session: Session, hospital_id: str, assessment_id: str) -> Assessment | None:
    """The round, while nobody else changes it; None: it is not waited for."""
    assessment = session.scalars(
        select(Assessment)
        .where(Assessment.hospital_id == hospital_id, Assessment.id == assessment_id)
        .options(selectinload(Assessment.invitations))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    return assessment if assessment is not None and assessment.stage in WAITED_FOR else None


def _send(session: Session, actor: Actor, assessment: Assessment, step: str, *, base_url: str, now: datetime) -> bool:
    to = readers(session, assessment)
    if not to or not _take(session, actor, assessment, step, now=now):
        return False
    today = now.astimezone(BERLIN).date()
    kind = Kind.OVERDUE if assessment.due_on < today else Kind.REMINDER
    if assessment.company_id is None:
        sent = [invitations.remind(session, actor, assessment, kind, base_url=base_url, now=now).mail_id or ""]
    else:
        sent = [_to_lead(session, actor, assessment, one, kind, base_url=base_url, now=now) for one in to]
    row = session.get_one(Reminder, (assessment.id, assessment.due_on, step))
    row.to_addresses, row.mail_ids = [one.email for one in to], sent
    return True


def _take(session: Session, actor: Actor, assessment: Assessment, step: str, *, now: datetime) -> bool:
    """Whether this is the transaction that sends it: the key lets only one win."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = insert(Reminder).values(
        hospital_id=assessment.hospital_id,
        assessment_id=assessment.id,
        due_on=assessment.due_on,
        step=step,
        to_addresses=[],
        mail_ids=[],
        by_name="" if actor is SYSTEM else actor.name,
        at=now,
    )
    return session.execute(row.on_conflict_do_nothing().returning(Reminder.step)).first() is not None


def _to_lead(
    session: Session, actor: Actor, assessment: Assessment, reader: Reader, kind: Kind, *, base_url: str, now: datetime
) -> str:
    hospital = session.get_one(Hospital, assessment.hospital_id)
    asked = rounds.load(session, assessment, now=now)
    facts = Facts(
        hospital=hospital,
        vendor=session.get_one(Vendor, assessment.vendor_id).name,
        products=[supply.name for supply in vendors.supplies_of(session, assessment)],
        minutes=answering.minutes([slot.question for slot in asked.missing], {}),
        due_on=assessment.due_on,
        name=reader.name,
    )
    words = letter_templates.standing(session, hospital.id, kind, reader.language)
    with i18n.speaking(reader.language):
        left = i18n.ngettext("%(num)s question is still open.", "%(num)s questions are still open.", len(asked.missing))
        company = session.get_one(Company, assessment.company_id).name
        where = i18n.gettext("Sign in with your account for %(company)s to go on.", company=company)
        letter = letter_templates.fill(
            words,
            facts,
            language=reader.language,
            link=base_url,
            link_text=i18n.gettext("Open Kettenblick"),
            always=[f"{left} {where}"],
        )
    mail = outbox.post(
        session,
        letter,
        kind=kind.value,
        to=reader.email,
        language=reader.language,
        hospital_id=hospital.id,
        now=now,
    )
    audit.record(
        session,
        actor,
        "reminder.sent",
        assessment.id,
        now=now,
        scope=audit.hospital_scope(hospital.id),
        detail={"to": reader.email, "vendor": assessment.vendor_id},
    )
    return mail.id


# ---- what decides


def _asked_on(assessment: Assessment) -> date:
    """The day of the newest mail that asked: nobody is reminded of it on the same day."""
    asked = [one.created_at for one in assessment.invitations if not one.is_reminder]
    newest = max(asked, default=assessment.invited_at or assessment.created_at)
    return newest.astimezone(BERLIN).date()


def _is_due(name: str, named: Mapping[str, date], *, today: date, hospital: Hospital, due_on: date) -> bool:
    """Whether a step whose day has come may go out still: not much later, not after the next one, not on the wrong
    side of the due date."""
    day = named[name]
    later = [other for other in named.values() if day < other <= today]
    if later or (name.startswith("-") and today > due_on):
        return False
    return working_days.between(day, today, country=hospital.country, state=hospital.state) <= LATE


def _was_sent_on(day: date, plan: Plan) -> bool:
    return any(row.at.astimezone(BERLIN).date() == day for row in plan.sent)


def _why_stopped(assessment: Assessment, *, campaign_is_stopped: bool, is_over: bool) -> Message | None:
    if assessment.stage is Stage.RETURNED:
        return Message(text=N_("none goes out after a return"))
    if assessment.stage not in WAITED_FOR:
        return Message(text=N_("nothing is waited for"))
    if is_over:
        return Message(text=N_("the vendor or what it supplied has ended"))
    if assessment.reminders_stopped_at is not None:
        return Message(text=N_("stopped for this vendor"))
    if campaign_is_stopped:
        return Message(text=N_("stopped for the campaign"))
    return None


def stopped_from_outside(hospital_id: str) -> CompoundSelect[Any]:
    """Rounds that nobody is reminded of though nobody has stopped it for them: by their campaign, or since they are
    over."""
    return union(_stopped_by_campaign(hospital_id), _over(hospital_id))


def _over(hospital_id: str) -> Select[Any]:
    """Rounds of a vendor that is off the lists, or of supplies that all are: nobody is reminded of them."""
    lives = (
        select(AssessmentSupply.supply_id)
        .join(
            Supply,
            (Supply.hospital_id == AssessmentSupply.hospital_id) & (Supply.id == AssessmentSupply.supply_id),
        )
        .where(
            AssessmentSupply.hospital_id == Assessment.hospital_id,
            AssessmentSupply.assessment_id == Assessment.id,
            Supply.ended_at.is_(None),
        )
    )
    return (
        select(Assessment.id)
        .join(Vendor, (Vendor.hospital_id == Assessment.hospital_id) & (Vendor.id == Assessment.vendor_id))
        .where(
            Assessment.hospital_id == hospital_id,
            Vendor.ended_at.is_not(None) | ~lives.exists(),
        )
    )


def _stopped_by_campaign(hospital_id: str) -> Select[Any]:
    return (
        select(CampaignSeat.assessment_id)
        .join(Campaign, Campaign.id == CampaignSeat.campaign_id)
        .where(
            CampaignSeat.hospital_id == hospital_id,
            CampaignSeat.assessment_id.is_not(None),
            Campaign.reminders_stopped_at.is_not(None),
        )
    )
