"""The story enters the portal: through the services that a user's clicks go through, in the order of its days."""

import datetime as dt
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from assessments.model import HostRole
from portal.db.models.accounts import CompanyRole, HospitalRole, Person, TicketPurpose
from portal.db.models.assessments import ReviewState
from portal.db.models.incidents import IncidentStage
from portal.db.models.jobs import OutboxMail
from portal.db.models.vendors import Ground
from portal.demonstration import documents
from portal.demonstration.logins import Logins
from portal.demonstration.story import (
    AnswersTold,
    DocumentTold,
    IncidentTold,
    PlanTold,
    ReviewTold,
    RoundTold,
    Story,
    SupplyTold,
    VendorTold,
)
from portal.files import guarding
from portal.files.blobs import Blobs
from portal.files.sealing import Keyring
from portal.services.actions import actions, plans
from portal.services.actions.plans import LineFields
from portal.services.actors import Actor, operator_at_the_shell
from portal.services.answers import responses, reviews, submissions
from portal.services.answers.submissions import Signer
from portal.services.evidence import evidence
from portal.services.evidence.evidence import DocumentFields, Stored
from portal.services.incidents import incidents
from portal.services.incidents.incidents import WordFields
from portal.services.people import accounts, tickets
from portal.services.people.accounts import NewHospital, NewPerson
from portal.services.rounds import acceptances, invitations, rounds
from portal.services.rounds.acceptances import NewCompany
from portal.services.rounds.invitation_links import Invitee
from portal.services.rounds.invitations import RoundFields
from portal.services.rounds.rounds import Slot
from portal.services.scans import consents
from portal.services.scans.consents import Signature
from portal.services.vendors import intakes, vendors
from portal.services.vendors.intakes import Override
from portal.services.vendors.vendors import HostFields, SupplyFields, VendorFields
from questionnaires import answering, shelf
from questionnaires.model import AnswerShape, QuestionSet

BEGINNING = -90  # the day on which the hospital came
SITTINGS = 4  # a company answers in so many sittings
OFFICE_HOURS = range(7, 16)  # UTC
FRIDAY = 4
DAYS_OF_A_MONTH = 30.44
A_WHILE = dt.timedelta(minutes=7)
LINK = re.compile(r"/invitation/([\w-]{20,})")
PROFILE = {  # the words of the data file for the profile questions
    "kinds": "P-02",
    "device": "P-03",
    "data": "P-04",
    "subcontractors": "P-05",
    "staff": "P-06",
    "turnover": "P-07",
    "balance": "P-08",
    "entities": "P-09",
}
FROM_NOW = re.compile(r"([+-]\d+)m")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the story enters."""

    session: Session
    keyring: Keyring
    blobs: Blobs
    base_url: str
    permitted: Sequence[str]
    logins: Logins
    now: dt.datetime


@dataclass(frozen=True, kw_only=True)
class Act:
    """Something that somebody does at a moment."""

    at: dt.datetime
    do: Callable[[dt.datetime], None]


def load(place: Place, story: Story) -> None:
    """Everything up to now, in one transaction of the caller's; the scans come when the hosts stand."""
    hospital = _Hospital(place, story)
    acts = list(hospital.acts())
    for vendor in story.vendors:
        acts += _Vendor(place, story, hospital, vendor).acts()
    for act in sorted(acts, key=lambda act: act.at):  # stable: what happens at one moment keeps its order
        act.do(act.at)
        forget(place.session)


def forget(session: Session) -> None:
    """Each act finds the rows as a request of its own would, not as the one before left them in memory."""
    session.flush()
    session.expire_all()


class _Hospital:
    """The hospital and its people."""

    def __init__(self, place: Place, story: Story) -> None:
        self._place = place
        self._story = story
        self.actors: dict[HospitalRole, Actor] = {}

    def acts(self) -> Iterator[Act]:
        yield Act(at=moment(self._place.now, BEGINNING, "hospital"), do=self._come)
        for number, member in enumerate(self._story.people[1:], start=1):
            at = moment(self._place.now, BEGINNING + number, member.key)
            yield Act(at=at, do=partial(self._join, member))

    def _come(self, now: dt.datetime) -> None:
        """By the link of the first start, as every hospital does."""
        session, first = self._place.session, self._story.people[0]
        token = tickets.issue(session, TicketPurpose.FIRST_HOSPITAL, now=now)
        hospital, person = accounts.create_first_hospital(
            session,
            token,
            hospital=NewHospital(**self._story.hospital),
            email=first.email,
            person=self._new(first.name),
            now=now,
        )
        self.id = hospital.id
        self._seat(person, HospitalRole(first.role), now)

    def _join(self, member: Any, now: dt.datetime) -> None:
        session = self._place.session
        role = HospitalRole(member.role)
        token = accounts.invite_to_hospital(
            session, self.actors[HospitalRole.ADMIN], email=member.email, role=role, now=now
        )
        person = accounts.join(session, token, TicketPurpose.JOIN_HOSPITAL, new=self._new(member.name), now=now)
        self._seat(person, role, now)

    def _seat(self, person: Person, role: HospitalRole, now: dt.datetime) -> None:
        accounts.set_second_factor(
            self._place.session,
            operator_at_the_shell("demonstration"),
            person=person,
            secret=self._place.logins.totp_secrets[person.email],
            keyring=self._place.keyring,
            now=now,
        )
        self.actors[role] = Actor(
            person_id=person.id, name=person.name, email=person.email, hospital_id=self.id, hospital_role=role
        )

    def _new(self, name: str) -> NewPerson:
        return NewPerson(name=name, password=self._place.logins.password)

    @property
    def assessor(self) -> Actor:
        return self.actors[HospitalRole.ASSESSOR]


@dataclass
class _Ids:
    """What the services gave the vendor's things for names."""

    vendor: str = ""
    supplies: dict[str, str] = field(default_factory=dict)
    assessment: str = ""


class _Vendor:
    """One vendor with its round, and the company behind it."""

    def __init__(self, place: Place, story: Story, hospital: _Hospital, told: VendorTold) -> None:
        self._place = place
        self._session = place.session
        self._story = story
        self._hospital = hospital
        self._told = told
        self._ids = _Ids()

    def acts(self) -> Iterator[Act]:
        """What happens, one after the other whatever the hours say."""
        earliest = dt.datetime.min.replace(tzinfo=dt.UTC)
        for act in self._steps():
            at = min(max(act.at, earliest), self._place.now)
            earliest = at + A_WHILE
            yield Act(at=at, do=act.do)

    def _steps(self) -> Iterator[Act]:
        went = self._told.round
        yield self._act((went.invited if went else 0) - 3, "added", self._add)
        if went is None:
            return
        yield self._act(went.invited, "invited", lambda now: self._invite(went, now))
        if went.opened is not None:
            yield self._act(went.opened, "opened", self._open)
        if went.accepted is None:
            return
        yield self._act(went.accepted.day, "accepted", lambda now: self._accept(went, now))
        if went.consent is not None:
            yield self._act(went.consent.day, "consent", lambda now: self._consent(went, now))
        for colleague in went.colleagues:
            yield self._act(colleague.day, colleague.name, partial(self._invite_colleague, colleague))
        yield from self._answers(went)
        if went.handed_in is not None:
            yield self._act(went.handed_in, "handed in", lambda now: self._hand_in(went, now))
        if went.review is not None:
            review = went.review
            yield self._act(review.day, "reviewed", lambda now: self._review(review, now))
        if went.plan is not None:
            plan = went.plan
            yield self._act(plan.offered, "plan offered", lambda now: self._offer_plan(plan, now))
            yield self._act(plan.taken, "plan taken", lambda now: self._take_plan(plan, now))
            yield self._act(plan.done, "plan done", lambda now: self._report_done(plan, now))
        if went.incident is not None:
            told = went.incident
            at = self._place.now - dt.timedelta(hours=told.hours)
            yield Act(at=at, do=lambda now: self._report_incident(told, now))

    def _act(self, day: int, name: str, do: Callable[[dt.datetime], None]) -> Act:
        return Act(at=moment(self._place.now, day, f"{self._told.key} {name}"), do=do)

    # ---- the hospital's acts

    def _add(self, now: dt.datetime) -> None:
        told, actor = self._told, self._hospital.assessor
        vendor = vendors.add(
            self._session,
            actor,
            VendorFields(
                name=told.name,
                domain=told.domain,
                creditor_number=told.creditor_number,
                contact_name=told.contact["name"],
                contact_email=told.contact["email"],
                security_email=told.security_email,
                note=told.note,
            ),
            now=now,
        )
        self._ids.vendor = vendor.id
        for supply in told.supplies:
            forget(self._session)
            self._add_supply(supply, now)
        forget(self._session)
        for host in told.hosts:
            vendors.name_host(
                self._session,
                actor,
                vendor.id,
                HostFields(
                    name=host.name,
                    role=HostRole(host.role),
                    supply_id=self._ids.supplies.get(host.supply, ""),
                    ground=Ground(host.ground),
                    ground_note=host.note,
                ),
                now=now,
                permitted=self._place.permitted,
            )

    def _add_supply(self, told: SupplyTold, now: dt.datetime) -> None:
        actor = self._hospital.assessor
        fields = SupplyFields(
            name=told.name,
            product_group=told.group,
            description=told.description,
            department=told.department,
            owner_name=told.owner,
            contract_ends_on=(self._place.now + dt.timedelta(days=told.contract_ends)).date(),
        )
        supply = vendors.add_supply(self._session, actor, self._ids.vendor, fields, now=now)
        self._ids.supplies[told.key] = supply.id
        if told.intake:
            forget(self._session)
            given = {question: (option,) for question, option in told.intake.items()}
            override = Override(**told.override) if told.override else None
            intakes.fill_in(self._session, actor, supply.id, given, now=now, override=override)

    def _invite(self, went: RoundTold, now: dt.datetime) -> None:
        actor = self._hospital.assessor
        vendor = vendors.find(self._session, actor, self._ids.vendor)
        question_set = invitations.set_by_tier(self._session, vendor.supplies) or QuestionSet.FULL
        assessment = invitations.begin(
            self._session,
            actor,
            vendor.id,
            RoundFields(
                supply_ids=list(self._ids.supplies.values()),
                due_on=(self._place.now + dt.timedelta(days=went.due)).date(),
                question_set=question_set,
            ),
            Invitee(email=self._told.contact["email"], name=self._told.contact["name"], message=went.message),
            base_url=self._place.base_url,
            now=now,
        )
        self._ids.assessment = assessment.id

    def _review(self, told: ReviewTold, now: dt.datetime) -> None:
        for question in told.accept:
            for slot in self._slots(now):
                if slot.question.id == question:
                    self._say(slot.key, ReviewState.ACCEPTED, "", now)
        for state, remarks in ((ReviewState.RETURNED, told.returned), (ReviewState.FINDING, told.finding)):
            for one in remarks:
                wanted = self._ids.supplies.get(one.supply)
                slots = [slot for slot in self._slots(now) if slot.question.id == one.question]
                slot = next(slot for slot in slots if wanted in {None, slot.supply_id})
                self._say(slot.key, state, one.remark, now)
        if told.finish:
            reviews.finish(
                self._session, self._hospital.assessor, self._ids.assessment, base_url=self._place.base_url, now=now
            )

    def _take_plan(self, told: PlanTold, now: dt.datetime) -> None:
        actor = self._hospital.assessor
        offered = actions.offered(self._session, actor, self._ids.vendor)
        chosen = [one.key for one in offered if one.line["question_id"] in told.take]
        actions.take(self._session, actor, self._ids.vendor, chosen, now=now, base_url=self._place.base_url)

    def _say(self, key: tuple[str, str], state: ReviewState, remark: str, now: dt.datetime) -> None:
        reviews.say(self._session, self._hospital.assessor, self._ids.assessment, key, state, remark=remark, now=now)

    # ---- the invited person's acts

    def _open(self, now: dt.datetime) -> None:
        invitations.note_opened(self._session, invitation_token(self._session, self._told), now=now)

    def _accept(self, went: RoundTold, now: dt.datetime) -> None:
        assert went.accepted is not None
        _assessment, person = acceptances.with_new_account(
            self._session,
            invitation_token(self._session, self._told),
            new=NewPerson(name=went.accepted.person, password=self._place.logins.password),
            company=NewCompany(name=self._told.name, function=went.accepted.function),
            now=now,
        )
        company = acceptances.companies(self._session, person)[0]
        self._lead = Actor(
            person_id=person.id,
            name=person.name,
            email=person.email,
            company_id=company.id,
            company_role=CompanyRole.LEAD,
        )

    def _invite_colleague(self, told: Any, now: dt.datetime) -> None:
        token = accounts.invite_to_company(
            self._session, self._lead, email=told.email, role=CompanyRole(told.role), now=now
        )
        new = NewPerson(name=told.name, password=self._place.logins.password)
        accounts.join(self._session, token, TicketPurpose.JOIN_COMPANY, new=new, now=now)

    def _consent(self, went: RoundTold, now: dt.datetime) -> None:
        assert went.accepted is not None
        assert went.consent is not None
        signed = Signature(
            name=went.accepted.person,
            function=went.accepted.function,
            emergency_contact=f"{went.accepted.person}, {self._told.contact['email']}",
        )
        say = consents.refuse if went.consent.refused else consents.grant
        say(self._session, self._lead, self._ids.assessment, signed, now=now)
        if went.consent.active:
            hosts = consents.active_hosts(self._session, self._lead, self._ids.assessment, now=now)
            own = [host.id for host in hosts if host.control.reach is not None]
            consents.grant_active(self._session, self._lead, self._ids.assessment, own, signed, now=now)

    # ---- answering

    def _answers(self, went: RoundTold) -> Iterator[Act]:
        told = went.answers
        if told is None:
            return
        yield self._act(told.since, "profile", lambda now: self._tell_profile(went, now))
        days = (told.until - told.since) / (SITTINGS - 1)
        for sitting in range(1, SITTINGS + 1):
            day = round(told.since + days * (sitting - 1))
            share = told.share * sitting / SITTINGS
            yield self._act(day, f"sitting {sitting}", partial(self._answer, told, share))
        if went.documents:
            yield self._act(told.until, "documents", lambda now: self._lay_documents(went, now))

    def _tell_profile(self, went: RoundTold, now: dt.datetime) -> None:
        shapes = {one.id: one.shape for one in answering.asked_profile(shelf.current())}
        contact = self._told.contact
        told = {PROFILE[word]: value for word, value in went.profile.items()} | {
            "P-01": f"{self._told.name}, Deutschland",
            "P-10": ", ".join(host.name for host in self._told.hosts),
            "P-11": f"{contact['name']}, {self._told.security_email or contact['email']}",
        }
        for question, value in sorted(told.items()):
            self._save((question, ""), shapes[question], value, now)

    def _answer(self, told: AnswersTold, share: float, now: dt.datetime) -> None:
        """Up to this share of what is asked, in its order; what stands already stays."""
        slots = self._slots(now)
        names = {supply_id: key for key, supply_id in self._ids.supplies.items()}
        for slot in slots[: round(len(slots) * share)]:
            if slot.value is None:
                question = slot.question.id
                one = told.but.get(f"{question}/{names.get(slot.supply_id, '')}", told.but.get(question))
                value = self._story.answer(question, told.habit) if one is None else one
                self._save(slot.key, slot.question.shape, value, now)

    def _save(self, key: tuple[str, str], shape: AnswerShape, value: Any, now: dt.datetime) -> None:
        answer = answering.parse(shape, typed(value, now=self._place.now), today=now.date())
        responses.save(self._session, self._lead, self._ids.assessment, key, answer, version=0, now=now)

    def _slots(self, now: dt.datetime) -> Sequence[Slot]:
        assessment = invitations.find(self._session, self._hospital.assessor, self._ids.assessment)
        return rounds.load(self._session, assessment, now=now).slots

    # ---- after the review

    def _offer_plan(self, told: PlanTold, now: dt.datetime) -> None:
        """The first line of each question, with somebody who sees to it and a day."""
        lines = plans.build(self._session, self._lead, self._ids.assessment, now=now).lines
        keys = []
        for one in told.lines:
            key = next(line.key for line in lines if line.document["question_id"] == one.question)
            fields = LineFields(owner=one.owner, due_on=(self._place.now + dt.timedelta(days=one.due)).date())
            plans.save(self._session, self._lead, self._ids.assessment, key, fields, version=0, now=now)
            keys.append(key)
        plans.offer(self._session, self._lead, self._ids.assessment, keys, note=told.note, now=now)

    def _report_done(self, told: PlanTold, now: dt.datetime) -> None:
        for row in actions.of_round(self._session, self._lead, self._ids.assessment):
            for question, text in told.report.items():
                if question in row.action.source_key:
                    actions.report(self._session, self._lead, self._ids.assessment, row.action.id, text=text, now=now)

    def _report_incident(self, told: IncidentTold, now: dt.datetime) -> None:
        incidents.report(
            self._session,
            self._lead,
            title=told.title,
            known_at=self._place.now - dt.timedelta(hours=told.known),
            stage=IncidentStage.EARLY,
            word=WordFields(**told.word, next_at=self._place.now + dt.timedelta(hours=told.next_word)),
            supply_ids=[self._ids.supplies[key] for key in told.supplies],
            base_url=self._place.base_url,
            now=now,
        )

    # ---- documents and the end

    def _lay_documents(self, went: RoundTold, now: dt.datetime) -> None:
        for told in went.documents:
            keys = [slot.key for slot in self._slots(now) if slot.question.id in told.proves]
            evidence.add(
                self._session,
                self._lead,
                self._ids.assessment,
                DocumentFields(
                    kind=told.kind,
                    issuer=told.issuer or self._told.name,
                    issued_on=months_from(self._place.now, told.issued),
                    valid_to=None if told.valid is None else months_from(self._place.now, told.valid),
                ),
                self._stored(told),
                keys=keys,
                now=now,
            )

    def _stored(self, told: DocumentTold) -> Stored:
        """A file through the guard onto the disk, as an upload goes."""
        assert self._lead.company_id is not None
        issued = months_from(self._place.now, told.issued)
        if told.parts:
            content = documents.parts_list(told.product, told.parts, maker=self._told.name, at=issued)
        else:
            content = documents.pdf(
                told.title,
                [
                    f"{told.issuer or self._told.name}, {issued:%d.%m.%Y}",
                    f"für {self._told.name}",
                    "",
                    "Dieses Dokument gehört zur Vorführung von Kettenblick und ist frei erfunden.",
                ],
            )
        name = guarding.safe_name(f"{told.title.replace('/', '-')}.{'json' if told.parts else 'pdf'}")
        kind = guarding.check(name, content)
        kept = self._place.blobs.put(evidence.owner_of(self._lead.company_id), content)
        return Stored(
            blob_id=kept.blob_id, sha256=kept.sha256, size=kept.size, file_name=name, media_type=kind.media_type
        )

    def _hand_in(self, went: RoundTold, now: dt.datetime) -> None:
        assert went.accepted is not None
        signer = Signer(name=went.accepted.person, function=went.accepted.function, confirms=True)
        submissions.hand_in(
            self._session, self._lead, self._ids.assessment, signer, base_url=self._place.base_url, now=now
        )


def typed(value: Any, *, now: dt.datetime) -> Sequence[str]:
    """An answer of the data file as a form would send it."""
    words = [str(one) for one in (value if isinstance(value, list) else [value])]
    return [
        months_from(now, int(months[1])).isoformat() if (months := FROM_NOW.fullmatch(word)) else word for word in words
    ]


def moment(now: dt.datetime, day: int, name: str) -> dt.datetime:
    """A time of a working day at or before that day; which one follows from the name, so it is always the same."""
    there = now + dt.timedelta(days=day)
    there -= dt.timedelta(days=max(there.weekday() - FRIDAY, 0))
    number = zlib.crc32(name.encode())
    hour, minute = OFFICE_HOURS[number % len(OFFICE_HOURS)], number // 100 % 60
    return min(there.replace(hour=hour, minute=minute, second=0, microsecond=0), now)


def months_from(now: dt.datetime, months: int) -> dt.date:
    """A day so many months away."""
    return (now + dt.timedelta(days=round(months * DAYS_OF_A_MONTH))).date()


def invitation_token(session: Session, told: VendorTold) -> str:
    """The newest link that was mailed to a vendor; "" when there is none."""
    mail = session.scalars(
        select(OutboxMail)
        .where(OutboxMail.kind == "invitation", OutboxMail.to_address == told.contact["email"])
        .order_by(OutboxMail.created_at.desc())
        .limit(1)
    ).first()
    link = LINK.search(mail.text) if mail else None
    return link[1] if link else ""
