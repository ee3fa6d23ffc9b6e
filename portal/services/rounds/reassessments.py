"""Who is to be asked again: by the cadence of the tier, or for a reason; and the follow-up that asks only the delta."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from assessments import cadence
from portal import i18n
from portal.db import lines
from portal.db.models.assessments import Assessment, Stage
from portal.db.models.portfolio import VendorLine
from portal.db.models.responses import Evidence, Response
from portal.db.models.vendors import Supply, Vendor
from portal.db.models.watching import CallKind, ReassessmentCall
from portal.errors import NotNow
from portal.services import audit
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from portal.services.answers import manifests
from portal.services.evidence import evidence_ends
from portal.services.monitoring import watching
from portal.services.registers.dossiers import BERLIN
from portal.services.rounds import catalogues, follow_ups, invitations, reassessment_calls
from portal.services.rounds.invitations import LOOKED_AT, Invitee, RoundFields
from portal.services.vendors import intakes, vendors
from questionnaires import continuing, shelf
from questionnaires.model import Catalogue, QuestionSet
from scanners.model import N_, Message

ANSWERING_TIME = timedelta(days=28)
GERMAN_SPEAKING = frozenset({"DE", "AT", "CH"})
BECAUSE = N_("Re-assessment: what was signed goes on to hold, only changes are asked.")
# Whose earlier answers an event puts in doubt, by section of the catalogue.
SECTIONS: Mapping[CallKind, frozenset[str]] = {
    CallKind.INCIDENT: frozenset({"IH", "IR"}),
    CallKind.COMPONENT: frozenset({"SD"}),
    CallKind.CONTRACT: frozenset({"SC"}),
}


@dataclass(frozen=True, kw_only=True)
class Due:
    """A vendor to be asked again, and why."""

    vendor: VendorLine
    last: date  # when it last handed in
    due_on: date | None  # by its tier; None: never
    calls: Sequence[ReassessmentCall]

    def is_by_time(self, today: date) -> bool:
        """Whether its interval is over."""
        return self.due_on is not None and self.due_on <= today


@dataclass(frozen=True, kw_only=True)
class Delta:
    """What a re-assessment would ask, or why it cannot begin."""

    supplies: Sequence[Supply]
    question_set: QuestionSet | None
    catalogue: catalogues.Name
    is_follow_up: bool
    own: int  # questions of the follow-up itself
    by_evidence: tuple[str, ...]  # questions whose documents have ended or soon will
    by_age: tuple[str, ...]
    by_reason: tuple[str, ...]
    email: str
    why_not: Message | None

    @property
    def asked_again(self) -> tuple[str, ...]:
        """Every question that is asked anew, each once."""
        return tuple(sorted({*self.by_evidence, *self.by_age, *self.by_reason}))


# ---- who is due


def due(session: Session, actor: Actor, *, today: date) -> Sequence[Due]:
    """Vendors whose last round was looked at and none is running, what has a reason first, then the longest overdue."""
    hospital_id = hospital_of(actor)
    lines.settle(session)
    months = watching.rule(session, hospital_id).reassessments
    calls: dict[str, list[ReassessmentCall]] = {}
    for one in session.scalars(
        select(ReassessmentCall)
        .where(ReassessmentCall.hospital_id == hospital_id, ReassessmentCall.ended_at.is_(None))
        .order_by(ReassessmentCall.at, ReassessmentCall.id)
    ):
        calls.setdefault(one.vendor_id, []).append(one)
    handed_in = (
        select(Assessment.vendor_id, func.max(Assessment.submitted_at).label("at"))
        .where(Assessment.hospital_id == hospital_id, Assessment.submitted_at.is_not(None))
        .group_by(Assessment.vendor_id)
        .subquery()
    )
    soonest = min((span for span in months.values() if span), default=cadence.LONGEST)
    before = datetime.combine(today, datetime.min.time(), tzinfo=BERLIN) - timedelta(days=28 * soonest - 1)
    rows = session.execute(
        select(VendorLine, handed_in.c.at)
        .join(handed_in, handed_in.c.vendor_id == VendorLine.vendor_id)
        .where(
            VendorLine.hospital_id == hospital_id,
            VendorLine.is_ended.is_(False),
            VendorLine.stage.in_(LOOKED_AT),
            or_(handed_in.c.at <= before, VendorLine.vendor_id.in_(list(calls))),
        )
    ).all()
    found = [_due(vendor, at, calls.get(vendor.vendor_id, ()), months) for vendor, at in rows]
    waiting = [one for one in found if one.calls or one.is_by_time(today)]
    return sorted(waiting, key=lambda one: (not one.calls, one.due_on or today, one.vendor.sorted_by))


def _due(vendor: VendorLine, at: datetime, calls: Sequence[ReassessmentCall], months: Mapping[int, int]) -> Due:
    last = at.astimezone(BERLIN).date()
    return Due(vendor=vendor, last=last, due_on=cadence.due_on(last, vendor.tier, months), calls=calls)


def of_vendor(session: Session, actor: Actor, vendor_id: str) -> Due | None:
    """When one vendor is to be asked again; None: it has never handed anything in."""
    hospital_id = hospital_of(actor)
    lines.settle(session)
    vendor = session.get(VendorLine, (hospital_id, vendor_id))
    last = _last(session, hospital_id, vendor_id)
    if vendor is None or last is None or last.submitted_at is None:
        return None
    calls = reassessment_calls.standing(session, hospital_id, vendor_id)
    return _due(vendor, last.submitted_at, calls, watching.rule(session, hospital_id).reassessments)


def _last(session: Session, hospital_id: str, vendor_id: str) -> Assessment | None:
    return session.scalars(
        select(Assessment)
        .where(
            Assessment.hospital_id == hospital_id,
            Assessment.vendor_id == vendor_id,
            Assessment.submitted_at.is_not(None),
        )
        .order_by(Assessment.round.desc())
        .limit(1)
    ).first()


# ---- what is asked


def delta(session: Session, actor: Actor, vendor: Vendor, *, now: datetime) -> Delta:
    """A follow-up where something signed goes on to hold and no newer questions are out; else what fits by the intake,
    with the earlier answers beside as suggestions."""
    hospital_id = hospital_of(actor)
    supplies = [one for one in vendor.supplies if one.ended_at is None and intakes.current(one) is not None]
    last = _last(session, hospital_id, vendor.id)
    ground = _ground(session, last, supplies) if last is not None else None
    name = shelf.DELTA
    if ground is None:
        name = invitations.propose(session, actor, vendor, supplies, now=now).name if supplies else shelf.CURRENT
        name = shelf.CURRENT if name == shelf.DELTA else name
    evidence: tuple[str, ...] = ()
    age: tuple[str, ...] = ()
    reason: tuple[str, ...] = ()
    if last is not None and ground is not None:
        known = catalogues.judged(session, last)
        evidence, age = _ended_and_aged(session, last, known, now=now)
        reason = _doubted(known, reassessment_calls.standing(session, hospital_id, vendor.id))
    newest = session.scalars(
        select(Assessment)
        .where(Assessment.hospital_id == hospital_id, Assessment.vendor_id == vendor.id)
        .order_by(Assessment.round.desc())
        .limit(1)
    ).first()
    email = vendor.security_email or vendor.contact_email
    return Delta(
        supplies=supplies,
        question_set=invitations.set_by_tier(session, supplies),
        catalogue=name,
        is_follow_up=ground is not None,
        own=len(shelf.get(*shelf.DELTA).questions) if ground is not None else 0,
        by_evidence=evidence,
        by_age=age,
        by_reason=reason,
        email=email,
        why_not=_why_not(vendor, supplies, newest, email),
    )


def _why_not(vendor: Vendor, supplies: Sequence[Supply], newest: Assessment | None, email: str) -> Message | None:
    stage = newest.stage if newest is not None else None
    rules = (
        (vendor.ended_at is not None, N_("The vendor is off the lists; nothing of it is looked at.")),
        (stage in invitations.OPEN, N_("A round is open for this vendor. Finish it before you begin the next one.")),
        (stage is Stage.SUBMITTED, N_("Answers of this vendor wait for your review.")),
        (not supplies, N_("No product or service of this vendor has its intake.")),
        (not email, N_("The vendor has no contact. Name one first.")),
    )
    return next((Message(text=sentence) for stands, sentence in rules if stands), None)


def _ground(session: Session, last: Assessment, supplies: Sequence[Supply]) -> Assessment | None:
    """The round with all questions that goes on; None: products were added, the company is another, or its questions
    have come out anew since."""
    asked = set(vendors.supply_ids_of(session, last))
    if not supplies or not {one.id for one in supplies} <= asked or last.stage not in LOOKED_AT:
        return None
    ground = follow_ups.ground(session, last, last.company_id)
    if ground is None:
        return None
    newest = dict(shelf.versions()).get(ground.catalogue_id, ground.catalogue_version)
    return ground if newest == ground.catalogue_version else None


def _ended_and_aged(
    session: Session, last: Assessment, known: Catalogue, *, now: datetime
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Questions whose document ends before the answers are due, and answers signed more than two intervals ago."""
    response = session.scalars(select(Response).where(Response.assessment_id == last.id)).first()
    edition = manifests.latest(session, response) if response is not None else None
    if edition is None:
        return (), ()
    held = follow_ups.whole(session, last, edition.manifest)
    until = (now + ANSWERING_TIME).astimezone(BERLIN).date()
    ended: set[str] = set()
    renewed: set[str] = set()  # another document beside the same question goes on to count
    for entry in held["evidence"]:
        row = session.get(Evidence, entry["id"])
        end = evidence_ends.last_day(row) if row is not None else until
        asked = {str(key[0]) for key in entry["for"]}
        (ended if end is not None and end <= until else renewed).update(asked)
    oldest = _oldest(session, last, now=now)
    aged = {str(entry["question"]) for entry in held["answers"] if _signed(session, last, entry) < oldest}
    return _among(known, ended - renewed), _among(known, aged)


def _oldest(session: Session, last: Assessment, *, now: datetime) -> datetime:
    line = session.get(VendorLine, (last.hospital_id, last.vendor_id))
    tier = line.tier if line is not None else None
    months = watching.rule(session, last.hospital_id).reassessments.get(tier, 0) if tier is not None else 0
    return now - timedelta(days=31) * 2 * (months or cadence.REASSESSMENTS[max(cadence.TIERS)])


def _signed(session: Session, last: Assessment, entry: Mapping[str, Any]) -> datetime:
    """When the round in which an answer was given was handed in."""
    given = session.get(Assessment, entry[follow_ups.ROUND]) if follow_ups.ROUND in entry else last
    at = given.submitted_at if given is not None else None
    return at or last.created_at


def _doubted(known: Catalogue, calls: Sequence[ReassessmentCall]) -> tuple[str, ...]:
    sections = {section for one in calls for section in SECTIONS.get(one.kind, ())}
    return _among(known, {name for name, question in known.questions.items() if question.section in sections})


def _among(known: Catalogue, names: set[str]) -> tuple[str, ...]:
    """Of the questions, those that a follow-up can ask again."""
    flags = shelf.get(*shelf.DELTA).flags
    return tuple(
        sorted(
            name
            for name in names
            if name in known.questions and f"{continuing.CHANGED}{known.questions[name].section}" in flags
        )
    )


# ---- beginning


def begin(session: Session, actor: Actor, vendor_id: str, *, base_url: str, now: datetime) -> Assessment:
    """One button: the round begins and the contact is asked."""
    hospital_of(actor, HOSPITAL_WRITERS)
    vendor = vendors.find(session, actor, vendor_id)
    asked = delta(session, actor, vendor, now=now)
    if asked.why_not is not None:
        raise NotNow(asked.why_not)
    if asked.question_set is None:
        raise NotNow(Message(text=N_("No product or service of this vendor has its intake.")))
    assessment = invitations.begin(
        session,
        actor,
        vendor_id,
        RoundFields(
            supply_ids=[one.id for one in asked.supplies],
            due_on=now.astimezone(BERLIN).date() + ANSWERING_TIME,
            question_set=asked.question_set,
            catalogue=asked.catalogue,
            catalogue_reason=i18n.gettext(BECAUSE),
            asked_again=asked.asked_again,
        ),
        Invitee(
            email=asked.email,
            name=vendor.contact_name,
            language="de" if vendor.country in GERMAN_SPEAKING else "en",
        ),
        base_url=base_url,
        now=now,
    )
    detail = {"vendor": vendor_id, "asked_again": len(asked.asked_again)}
    audit.record(session, actor, "reassessment.begun", assessment.id, now=now, detail=detail)
    return assessment
