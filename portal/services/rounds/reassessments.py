"""Who is to be asked again: by the cadence of the tier, or for a reason; and the follow-up that asks only the delta."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from assessments import cadence, contradictions
from portal import home, i18n
from portal.db import lines
from portal.db.models.assessments import Assessment, Stage
from portal.db.models.portfolio import VendorLine
from portal.db.models.responses import Evidence, Response
from portal.db.models.vendors import Supply, Vendor
from portal.db.models.watching import CallKind, ReassessmentCall
from portal.errors import NotNow
from portal.home import BERLIN
from portal.services import audit
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from portal.services.answers import manifests
from portal.services.evidence import evidence_ends
from portal.services.monitoring import watching
from portal.services.registers import dossiers, policies, scores
from portal.services.rounds import catalogues, continuations, follow_ups, invitations, reassessment_calls
from portal.services.rounds.continuations import LOOKED_AT, Ground
from portal.services.rounds.invitations import Invitee, RoundFields
from portal.services.vendors import intakes, vendors
from questionnaires import continuing, shelf
from questionnaires.model import Catalogue, QuestionSet
from scanners.model import N_, Message

ANSWERING_TIME = timedelta(days=28)
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


class Doubt(StrEnum):
    """Why a question that was signed needs a fresh look."""

    EVIDENCE = "evidence"
    AGE = "age"
    REASON = "reason"
    REWORDED = "reworded"
    CONTRADICTED = "contradicted"
    ADDED = "added"


DOUBTS: Mapping[Doubt, str] = {
    Doubt.EVIDENCE: N_("Documents that have ended or soon will"),
    Doubt.AGE: N_("Answers of more than two intervals ago"),
    Doubt.REASON: N_("In doubt by what happened"),
    Doubt.REWORDED: N_("Asked in other words since"),
    Doubt.CONTRADICTED: N_("Contradicted by what was seen from outside"),
    Doubt.ADDED: N_("New in the catalogue, or asked by the tier it has now"),
}


@dataclass(frozen=True, kw_only=True)
class Delta:
    """What a re-assessment would ask, or why it cannot begin."""

    supplies: Sequence[Supply]
    question_set: QuestionSet | None
    catalogue: catalogues.Name
    because: str  # why this catalogue; "": it is the usual one
    is_follow_up: bool
    why_everything: str  # why it is no follow-up
    renewed_by: catalogues.Name | None  # in whose words a follow-up asks again
    own: int  # questions of the follow-up itself
    why: Mapping[Doubt, tuple[str, ...]]  # questions that are asked again, by what makes them need a fresh look
    email: str
    why_not: Message | None

    @property
    def asked_again(self) -> tuple[str, ...]:
        """Every question that is asked anew, each once."""
        return tuple(sorted({name for names in self.why.values() for name in names}))

    @property
    def count(self) -> int:
        """How many questions a follow-up asks at least."""
        return self.own + len(self.asked_again)


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
    last = continuations.last_of(session, hospital_id, vendor_id)
    if vendor is None or last is None or last.submitted_at is None:
        return None
    calls = reassessment_calls.standing(session, hospital_id, vendor_id)
    return _due(vendor, last.submitted_at, calls, watching.rule(session, hospital_id).reassessments)


# ---- what is asked


def delta(
    session: Session,
    actor: Actor,
    vendor: Vendor,
    *,
    now: datetime,
    supplies: Sequence[Supply] | None = None,
    due_on: date | None = None,
) -> Delta:
    """A follow-up where something signed goes on to hold; else what fits by the intake, with the earlier answers beside
    as suggestions. None of the supplies named: all that have their intake."""
    hospital_id = hospital_of(actor)
    if supplies is None:
        supplies = [one for one in vendor.supplies if one.ended_at is None and intakes.current(one) is not None]
    begin_from = continuations.beginning(session, actor, vendor, supplies)
    ground, question_set = begin_from.ground, invitations.set_by_tier(session, supplies)
    proposal = invitations.everything(supplies)
    newest = session.scalars(
        select(Assessment)
        .where(Assessment.hospital_id == hospital_id, Assessment.vendor_id == vendor.id)
        .order_by(Assessment.round.desc())
        .limit(1)
    ).first()
    email = vendor.security_email or vendor.contact_email
    until = due_on or now.astimezone(BERLIN).date() + ANSWERING_TIME
    return Delta(
        supplies=supplies,
        question_set=question_set,
        catalogue=shelf.DELTA if ground is not None else proposal.name,
        because=BECAUSE if ground is not None else proposal.because,
        is_follow_up=ground is not None,
        why_everything=begin_from.why_everything,
        renewed_by=ground.newest if ground is not None else None,
        own=len(shelf.get(*shelf.DELTA).questions) if ground is not None else 0,
        why=_doubts(session, ground, question_set, until=until, now=now) if ground is not None else {},
        email=email,
        why_not=_why_not(vendor, supplies, newest, email),
    )


def _doubts(
    session: Session, ground: Ground, question_set: QuestionSet | None, *, until: date, now: datetime
) -> Mapping[Doubt, tuple[str, ...]]:
    """What of the signed answers needs a fresh look, and what was never asked; nothing stands under two reasons that
    says the same."""
    last = ground.last
    known, then = catalogues.judged(session, last), QuestionSet(last.question_set)
    newest = catalogues.get(session, last.hospital_id, *ground.newest)
    evidence, age = _ended_and_aged(session, last, known, until=until, now=now)
    own = shelf.get(*shelf.DELTA).questions
    added = continuing.added(known, then, newest, question_set) if question_set is not None else frozenset[str]()
    return {
        Doubt.EVIDENCE: evidence,
        Doubt.AGE: age,
        Doubt.REASON: _doubted(known, reassessment_calls.standing(session, last.hospital_id, last.vendor_id)),
        Doubt.REWORDED: tuple(sorted(continuing.reworded(known, newest, then) - own.keys())),
        Doubt.CONTRADICTED: _contradicted(session, last, known, now=now),
        Doubt.ADDED: tuple(sorted(added - own.keys())),
    }


def _contradicted(session: Session, last: Assessment, known: Catalogue, *, now: datetime) -> tuple[str, ...]:
    """Answers that a scan speaks against and nobody has settled; the score knows whether there is one at all."""
    score = scores.current(session, last.hospital_id, last.id)
    if score is None or not score.contradictions:
        return ()
    dossier = dossiers.build(session, last.hospital_id, last.id, now=now)
    found = contradictions.find(dossier, policies.of(session, last.hospital_id))
    return _among(known, {one.question.id for one in found if not one.settled})


def _why_not(vendor: Vendor, supplies: Sequence[Supply], newest: Assessment | None, email: str) -> Message | None:
    stage = newest.stage if newest is not None else None
    rules = (
        (vendor.ended_at is not None, N_("The vendor is off the lists; nothing of it is looked at.")),
        (stage in invitations.RUNNING, N_("A round is open for this vendor. Finish it before you begin the next one.")),
        (stage is Stage.SUBMITTED, N_("Answers of this vendor wait for your review.")),
        (not supplies, N_("No product or service of this vendor has its intake.")),
        (not email, N_("The vendor has no contact. Name one first.")),
    )
    return next((Message(text=sentence) for stands, sentence in rules if stands), None)


def _ended_and_aged(
    session: Session, last: Assessment, known: Catalogue, *, until: date, now: datetime
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Questions whose document ends before the answers are due, and answers signed more than two intervals ago."""
    response = session.scalars(select(Response).where(Response.assessment_id == last.id)).first()
    edition = manifests.latest(session, response) if response is not None else None
    if edition is None:
        return (), ()
    held = follow_ups.whole(session, last, edition.manifest)
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
            renewed_by=asked.renewed_by,
        ),
        Invitee(
            email=asked.email,
            name=vendor.contact_name,
            language=home.language_of(vendor.country),
        ),
        base_url=base_url,
        now=now,
    )
    detail = {"vendor": vendor_id, "asked_again": len(asked.asked_again)}
    audit.record(session, actor, "reassessment.begun", assessment.id, now=now, detail=detail)
    return assessment
