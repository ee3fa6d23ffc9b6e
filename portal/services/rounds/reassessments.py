"""Who is to be asked again: by the cadence of the tier, or for a reason; and the follow-up that asks only the delta."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from assessments import cadence, contradictions, tiering
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
from portal.services.rounds.invitation_links import Invitee
from portal.services.rounds.invitations import RoundFields
from portal.services.rounds.reasons import Doubt
from portal.services.vendors import intakes, vendors
from questionnaires import answering, continuing, shelf
from questionnaires.model import Catalogue, FlagRule, Question, QuestionSet, Scope
from scanners.model import N_, Message

Entries = Mapping[Doubt, tuple[str, ...]]  # of what is asked again, as `questionnaires.continuing` names it
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
    entries: Entries  # what is asked anew, by what makes it need a fresh look
    added: Sequence[tuple[str, int]]  # products nobody was asked about before, and how many questions each brings
    email: str
    why_not: Message | None

    @property
    def asked_again(self) -> tuple[str, ...]:
        """All that is asked anew, each once, as `questionnaires.continuing` names it."""
        return tuple(sorted({name for names in self.entries.values() for name in names}))

    @property
    def reasons(self) -> Mapping[str, Sequence[str]]:
        """Why, by what of it."""
        return {
            entry: [doubt.value for doubt, names in self.entries.items() if entry in names]
            for entry in self.asked_again
        }

    @property
    def why(self) -> Mapping[Doubt, tuple[str, ...]]:
        """The questions that are asked anew of products and company known before, by reason."""
        return {
            doubt: tuple(dict.fromkeys(continuing.question_of(name) for name in names))
            for doubt, names in self.entries.items()
            if doubt is not Doubt.PRODUCT
        }

    @property
    def questions_again(self) -> int:
        """How many questions that is; not those that are asked only if more applies than today."""
        return len({name for doubt, names in self.why.items() if doubt is not Doubt.POSSIBLE for name in names})

    @property
    def count(self) -> int:
        """How many questions a follow-up asks at least."""
        return self.own + self.questions_again + sum(count for _name, count in self.added)


# ---- who is due


def due(session: Session, actor: Actor, *, today: date) -> Sequence[Due]:
    """Vendors whose last round was looked at and none is running, what has a reason first, then the longest overdue."""
    return due_first(session, actor, today=today, most=None)[1]


def due_first(session: Session, actor: Actor, *, today: date, most: int | None) -> tuple[int, Sequence[Due]]:
    """How many they are, and the first of them: only of these the lines are read."""
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
        select(func.max(Assessment.submitted_at))
        .where(Assessment.hospital_id == VendorLine.hospital_id, Assessment.vendor_id == VendorLine.vendor_id)
        .scalar_subquery()
    )
    soonest = min((span for span in months.values() if span), default=cadence.LONGEST)
    before = datetime.combine(today, datetime.min.time(), tzinfo=BERLIN) - timedelta(days=28 * soonest - 1)
    # Whoever handed in its newest round lately cannot have handed in last before that; only the others are looked at.
    newest = VendorLine.submitted_at
    rows = session.execute(
        select(VendorLine.vendor_id, VendorLine.tier, VendorLine.sorted_by, handed_in).where(
            VendorLine.hospital_id == hospital_id,
            VendorLine.is_ended.is_(False),
            VendorLine.stage.in_(LOOKED_AT),
            or_(newest.is_(None), newest <= before, VendorLine.vendor_id.in_(list(calls))),
        )
    ).all()
    waiting: list[tuple[tuple[bool, date, str, str], date, date | None]] = []
    for vendor_id, tier, sorted_by, at in rows:
        if at is not None:
            last = at.astimezone(BERLIN).date()
            due_on = cadence.due_on(last, tier, months)
            if vendor_id in calls or (due_on is not None and due_on <= today):
                waiting.append(((vendor_id not in calls, due_on or today, sorted_by, vendor_id), last, due_on))
    first = sorted(waiting)[:most]
    wanted = {order[-1] for order, *_dates in first}
    vendors_ = {
        row.vendor_id: row
        for row in session.scalars(
            select(VendorLine).where(
                VendorLine.hospital_id == hospital_id,
                VendorLine.stage.in_(LOOKED_AT) if most is None else VendorLine.vendor_id.in_(wanted),
            )
        )
    }
    return len(waiting), [
        Due(vendor=vendors_[order[-1]], last=last, due_on=due_on, calls=calls.get(order[-1], ()))
        for order, last, due_on in first
    ]


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
    known = _known(session, ground, question_set, supplies) if ground is not None else None
    entries = _doubts(session, ground, known, until=until, now=now) if ground is not None and known is not None else {}
    return Delta(
        supplies=supplies,
        question_set=question_set,
        catalogue=shelf.DELTA if ground is not None else proposal.name,
        because=BECAUSE if ground is not None else proposal.because,
        is_follow_up=ground is not None,
        why_everything=begin_from.why_everything,
        renewed_by=ground.newest if ground is not None else None,
        own=len(shelf.get(*shelf.DELTA).questions) if ground is not None else 0,
        entries=entries,
        added=_added(ground, known, entries) if ground is not None and known is not None else (),
        email=email,
        why_not=_why_not(vendor, supplies, newest, email),
    )


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What was signed, by what it is judged, and what the follow-up would ask of which products."""

    last: Assessment
    catalogue: Catalogue  # as the last round is judged
    newest: Catalogue
    then: QuestionSet
    added: frozenset[str]  # questions that the last round did not have
    answers: Sequence[Mapping[str, Any]]
    evidence: Sequence[Mapping[str, Any]]
    flags: Mapping[str, frozenset[str]]  # by product of the new round

    @property
    def signed(self) -> frozenset[tuple[str, str]]:
        """Every place that has a signed answer."""
        return frozenset((str(entry["question"]), str(entry["supply"])) for entry in self.answers)

    @property
    def questions(self) -> Sequence[Question]:
        """Those of the round before, and those added to them; not those of the follow-up itself."""
        own = shelf.get(*shelf.DELTA).questions
        names = [*self.catalogue.sets[self.then].question_ids, *sorted(self.added)]
        return [self.catalogue.questions.get(name) or self.newest.questions[name] for name in names if name not in own]

    def applies(self, question: Question, supply_id: str) -> bool:
        """Whether a question is for a product, by its intake and by what the company has said."""
        return answering.holds(question.applies_if, self.flags[supply_id])

    @property
    def facts(self) -> Sequence[str]:
        """What the company says of what it delivers: on that depends what is asked of a new product."""
        read = {flag.rule.question for flag in self.catalogue.flags.values() if isinstance(flag.rule, FlagRule)}
        own = {one.id for one in shelf.get(*shelf.DELTA).profile}
        return [
            one.id for one in self.newest.profile if one.id in read and not one.asked_of_hospital and one.id not in own
        ]


def _known(session: Session, ground: Ground, question_set: QuestionSet | None, supplies: Sequence[Supply]) -> _Known:
    last = ground.last
    judged, then = catalogues.judged(session, last), QuestionSet(last.question_set)
    newest = catalogues.get(session, last.hospital_id, *ground.newest)
    added = continuing.added(judged, then, newest, question_set) if question_set is not None else frozenset[str]()
    response = session.scalars(select(Response).where(Response.assessment_id == last.id)).first()
    edition = manifests.latest(session, response) if response is not None else None
    nothing: Mapping[str, Any] = {"answers": [], "evidence": []}
    held = follow_ups.whole(session, last, edition.manifest) if edition is not None else nothing
    facts = {question.id for question in judged.profile}
    profile = {
        entry["question"]: answering.load(entry["value"]) for entry in held["answers"] if entry["question"] in facts
    }
    records = {one.id: intakes.current(one) for one in supplies}
    return _Known(
        last=last,
        catalogue=judged,
        newest=newest,
        then=then,
        added=added,
        answers=held["answers"],
        evidence=held["evidence"],
        flags={
            name: tiering.supply_flags(judged, profile, intakes.load(record) if record is not None else None)
            for name, record in records.items()
        },
    )


def _doubts(session: Session, ground: Ground, known: _Known, *, until: date, now: datetime) -> Entries:
    """What of the signed answers needs a fresh look, and what was never asked; nothing stands under two reasons that
    says the same."""
    last, judged = ground.last, known.catalogue
    evidence, age = _ended_and_aged(session, known, until=until, now=now)
    own = shelf.get(*shelf.DELTA).questions
    found: Entries = {
        Doubt.PRODUCT: tuple(sorted(continuing.everything_of(one.id) for one in ground.added)),
        Doubt.FACTS: tuple(known.facts) if ground.added else (),
        Doubt.EVIDENCE: evidence,
        Doubt.AGE: age,
        Doubt.REASON: _doubted(judged, reassessment_calls.standing(session, last.hospital_id, last.vendor_id)),
        Doubt.REWORDED: tuple(sorted(continuing.reworded(judged, known.newest, known.then) - own.keys())),
        Doubt.CONTRADICTED: _contradicted(session, last, judged, now=now),
        Doubt.ADDED: tuple(sorted(known.added - own.keys())),
    }
    missing, possible = _missing(ground, known, {name for names in found.values() for name in names})
    return {**found, Doubt.MISSING: missing, Doubt.POSSIBLE: possible}


def _missing(ground: Ground, known: _Known, asked: Collection[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Where the last round was not about all products of this one: what nobody has signed of the company, and of the
    products known before, beside what is asked anyway; what applies today, and what may by what is said of new ones."""
    new = {one.id for one in ground.added}
    if not known.flags.keys() - {row.supply_id for row in ground.last.supplies}:
        return (), ()
    missing: set[str] = set()
    possible: set[str] = set()
    for question in known.questions:
        if question.id in asked:
            continue
        if question.scope is Scope.SUPPLY:
            places = {continuing.of_product(question.id, one): {one} for one in known.flags if one not in new}
        else:
            places = {question.id: set(known.flags)}
        for entry, products in places.items():
            if (question.id, entry.partition(continuing.OF)[2]) not in known.signed:
                applies = any(known.applies(question, one) for one in products)
                (missing if applies else possible).add(entry)
    return tuple(sorted(missing)), tuple(sorted(possible))


def _added(ground: Ground, known: _Known, entries: Entries) -> Sequence[tuple[str, int]]:
    """Products nobody was asked about before, each with how many questions it alone brings."""
    asked = {name for names in entries.values() for name in names}
    return [
        (
            one.name,
            sum(
                each.scope is Scope.SUPPLY and each.id not in asked and known.applies(each, one.id)
                for each in known.questions
            ),
        )
        for one in ground.added
    ]


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
    session: Session, known: _Known, *, until: date, now: datetime
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What has a document that ends before the answers are due, and answers signed more than two intervals ago; of a
    product only where it is of this round."""
    ended: set[tuple[str, str]] = set()
    renewed: set[tuple[str, str]] = set()  # another document beside the same answer goes on to count
    for entry in known.evidence:
        row = session.get(Evidence, entry["id"])
        end = evidence_ends.last_day(row) if row is not None else until
        asked = {(str(key[0]), str(key[1])) for key in entry["for"]}
        (ended if end is not None and end <= until else renewed).update(asked)
    oldest = _oldest(session, known.last, now=now)
    aged = {
        (str(entry["question"]), str(entry["supply"]))
        for entry in known.answers
        if _signed(session, known.last, entry) < oldest
    }
    return _of_places(known, ended - renewed), _of_places(known, aged)


def _of_places(known: _Known, places: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Places of answers as what is asked again; each product only for itself."""
    possible = set(_among(known.catalogue, {name for name, _supply in places}))
    return tuple(
        sorted(
            {
                continuing.of_product(name, supply) if supply else name
                for name, supply in places
                if name in possible and (not supply or supply in known.flags)
            }
        )
    )


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
            asked_because=asked.reasons,
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
