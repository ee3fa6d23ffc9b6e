"""Decisions: what stands, what is asked for, deciding as one person, and conditions (Auflagen) that are met."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from assessments import deciding
from assessments.deciding import (
    Asked,
    ConditionState,
    Decided,
    Proof,
    Ruling,
    Standing,
    Tally,
    Why,
)
from assessments.model import Assessed, Authority, EvidenceStanding, EvidenceStatus, Grade, Policy, RiskLevel, Treatment
from portal.db import lines
from portal.db.models.accounts import Hospital, HospitalRole
from portal.db.models.assessments import Assessment, AssessmentSupply, Stage
from portal.db.models.decisions import Condition, Decision, DecisionEvent
from portal.db.models.plans import Action
from portal.db.models.portfolio import VendorLine
from portal.db.models.registers import RiskRecord, RiskTreatment, ScoreRecord
from portal.db.models.snapshots import OwnRisk
from portal.db.models.vendors import Supply
from portal.errors import BadInput, Clash, NotFound, NotNow
from portal.home import BERLIN
from portal.services import audit
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from portal.services.decisions import decision_rows, risk_limits
from portal.services.decisions.decision_rows import DecisionRow, Subject
from portal.services.registers import dossiers, own_risks, policies, registers, scores
from portal.services.vendors import vendors
from scanners import storing
from scanners.model import N_, Message

DECIDERS = frozenset({HospitalRole.ADMIN, HospitalRole.DECIDER})
PREPARERS = HOSPITAL_WRITERS | DECIDERS
LONGEST_TEXT = 5000
LONGEST_TOPIC = 300
LONGEST_CONDITION = 1000
MOST_CONDITIONS = 10
FURTHEST = timedelta(days=3 * 366)
SOON = timedelta(days=14)
GOOD = frozenset({EvidenceStanding.VALID, EvidenceStanding.EXPIRING})
rows, standing_rows = decision_rows.rows, decision_rows.standing_rows
vendor_keys, key_of, condition_fact = dossiers.vendor_keys, decision_rows.key_of, decision_rows.condition_fact
CHANGED = N_("Somebody else changed this in the meantime. Look at what stands now and save again.")


@dataclass(frozen=True, kw_only=True)
class ConditionFields:
    """A condition as a person writes it."""

    text: str
    due_on: date | None = None
    owner: str = ""
    proof: str = ""
    action_id: str = ""


@dataclass(frozen=True, kw_only=True)
class DecisionFields:
    """A decision as a person writes it, or as it is proposed to a sitting."""

    ruling: Ruling
    reasons: str = ""
    review_on: date | None = None
    conditions: tuple[ConditionFields, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Basis:
    """The numbers a decision rests on."""

    standing: Standing | None = None
    score_id: str | None = None
    snapshot_id: str | None = None
    item_id: str | None = None
    tally: Tally | None = None


class Rated(NamedTuple):
    """A vendor with what its newest round came to, as lists have it."""

    id: str
    name: str
    tier: int | None
    grade: str | None
    residual: str | None


@dataclass(frozen=True, kw_only=True)
class AskedRow:
    """Something that needs a decision, with its rows."""

    fact: Asked
    vendor: Rated | None
    last: DecisionRow | None


@dataclass(frozen=True, kw_only=True)
class ConditionRow:
    """A condition that waits, with its decision."""

    condition: Condition
    row: DecisionRow


# ---- what stands


def in_force(session: Session, actor: Actor) -> Sequence[Decided]:
    """The decisions that hold, the newest first; what stands open again is in `asked`."""
    return [row.fact for row in standing_rows(session, actor) if row.is_in_force]


def of_vendor(session: Session, actor: Actor, vendor_id: str) -> Sequence[DecisionRow]:
    """Every decision on one vendor, the newest first."""
    vendor = vendors.find(session, actor, vendor_id)
    return rows(session, actor, vendor_id=vendor.id)


def find(session: Session, actor: Actor, decision_id: str) -> DecisionRow:
    """One decision with all that belongs to it."""
    decision = session.get(Decision, decision_id)
    if decision is None or decision.hospital_id != hospital_of(actor):
        raise NotFound
    found = rows(session, actor, vendor_id=decision.vendor_id or "")
    return next(row for row in found if row.decision.id == decision_id)


def events(session: Session, actor: Actor, decision_id: str) -> Sequence[DecisionEvent]:
    """What happened to it, the newest first."""
    return session.scalars(
        select(DecisionEvent)
        .where(DecisionEvent.hospital_id == hospital_of(actor), DecisionEvent.decision_id == decision_id)
        .order_by(DecisionEvent.at.desc(), DecisionEvent.id)
    ).all()


# ---- what is asked for


def asked(session: Session, actor: Actor, today: date) -> Sequence[Asked]:
    """What needs a decision now: above the appetite and undecided, open again, or accepted beyond a limit."""
    return [row.fact for row in asked_rows(session, actor, today)]


def asked_rows(session: Session, actor: Actor, today: date) -> Sequence[AskedRow]:
    """The same with its rows: who decides highest first, then by what is at stake."""
    return asked_first(session, actor, today, most=None)[1]


def asked_first(
    session: Session, actor: Actor, today: date, *, most: int | None, stood: Sequence[DecisionRow] | None = None
) -> tuple[int, Sequence[AskedRow]]:
    """How many they are, and the first of them: only of these everything is told, without the keys that papers name
    vendors by. `stood`: `standing_rows`, where they are read already."""
    hospital_id = hospital_of(actor)
    rules = policies.of(session, hospital_id)
    stood = standing_rows(session, actor) if stood is None else stood
    over = _accepted_beyond(session, actor, rules, stood, today=today)
    own = _waiting(session, hospital_id, rules, stood, over)
    alike, first = _alike(session, hospital_id, rules, over, most=most)
    count = len(own) + alike
    found = sorted([*own, *first], key=lambda one: one.order)[:most]
    named = [one.vendor.id for one in found if one.vendor is not None and most is None]
    keys = vendor_keys(session, hospital_id, only=named) if named else {}
    return count, [one.row or _asked_of(one, keys) for one in found]


class _Kind(NamedTuple):
    """What the policy says of a tier with a level of risk."""

    level: RiskLevel | None
    needs_decision: bool
    authority: Authority
    order: tuple[int, int, int]


class _Waiting(NamedTuple):
    """Something that needs a decision, with its place in the order of all of them."""

    order: tuple[Any, ...]
    row: AskedRow | None  # what is not about one vendor is told at once
    vendor: Rated | None = None
    kind: _Kind | None = None
    about: str = ""
    why: tuple[Why, ...] = ()
    last: DecisionRow | None = None
    accepted: tuple[str, ...] = ()


def _kind_of(rules: Policy, tier: int | None, residual: str | None) -> _Kind:
    level = RiskLevel(residual) if residual in set(RiskLevel) else None
    authority = deciding.authority(rules, tier, level)
    return _Kind(level, deciding.needs_decision(rules, level), authority, _height(authority, level, tier))


def _height(authority: Authority, level: RiskLevel | None, tier: int | None) -> tuple[int, int, int]:
    return -deciding.rank(authority), -deciding.height(level), tier or len(RiskLevel) + 1


def _alike(
    session: Session, hospital_id: str, rules: Policy, over: Collection[str], *, most: int | None
) -> tuple[int, Sequence[_Waiting]]:
    """Vendors that are only above the appetite: how many they are, and of the highest kinds, whole kinds, until there
    are so many. A hospital may have thousands of these, and reads those that are shown."""
    alone = (
        VendorLine.hospital_id == hospital_id,
        VendorLine.is_ended.is_(False),
        VendorLine.residual.in_([level for level in RiskLevel if deciding.needs_decision(rules, level)]),
        VendorLine.stage.is_distinct_from(Stage.DRAFT),
        VendorLine.vendor_id.not_in(_decided_on(hospital_id)),
        VendorLine.vendor_id.not_in(over),
    )
    of = VendorLine.tier, VendorLine.residual
    kinds: dict[_Kind, list[tuple[int | None, str | None]]] = {}
    counts: dict[_Kind, int] = {}
    for tier, residual, count in session.execute(select(*of, func.count()).where(*alone).group_by(*of)):
        kind = _kind_of(rules, tier, residual)
        kinds.setdefault(kind, []).append((tier, residual))
        counts[kind] = counts.get(kind, 0) + count
    found: list[_Waiting] = []
    for kind in sorted(kinds, key=lambda one: one.order):
        if most is not None and len(found) >= most:
            break
        of_kind = or_(
            *(
                and_(VendorLine.tier.is_not_distinct_from(tier), VendorLine.residual == residual)
                for tier, residual in kinds[kind]
            )
        )
        found += [
            _Waiting((*kind.order, one.name.casefold(), ""), None, one, kind, "", (Why.EXCEEDS,))
            for one in _read(session, *alone, of_kind)
        ]
    return sum(counts.values()), found


def _decided_on(hospital_id: str) -> Select[str | None]:
    """Of every vendor on which something was decided."""
    return select(Decision.vendor_id).where(Decision.hospital_id == hospital_id, Decision.vendor_id.is_not(None))


def _read(session: Session, *wanted: ColumnElement[bool]) -> Sequence[Rated]:
    columns = VendorLine.vendor_id, VendorLine.name, VendorLine.tier, VendorLine.grade, VendorLine.residual
    return [Rated(*row) for row in session.execute(select(*columns).where(*wanted))]


def _waiting(
    session: Session, hospital_id: str, rules: Policy, stood: Sequence[DecisionRow], over: Mapping[str, Sequence[str]]
) -> Sequence[_Waiting]:
    """What has a tale of its own: something was decided on it, or is accepted beyond a limit, or a draft goes before
    the round that counts."""
    by_vendor: dict[str, list[DecisionRow]] = {}
    for row in stood:
        if row.vendor is not None:
            by_vendor.setdefault(row.vendor.id, []).append(row)
    open_products = _undecided(session, hospital_id, by_vendor)
    reopened = {one for one, decided in by_vendor.items() if any(row.reopenings for row in decided)}
    found: list[_Waiting] = []
    for vendor in _rated(session, hospital_id, reopened | set(over) | set(open_products)):
        kind = _kind_of(rules, vendor.tier, vendor.residual)
        decided = by_vendor.get(vendor.id, ())
        products = open_products.get(vendor.id, ())
        opened = next((row for row in decided if row.reopenings), None)
        exceeds = opened is None and kind.needs_decision and (not decided or bool(products))
        says = ((Why.REOPENED, opened is not None), (Why.EXCEEDS, exceeds), (Why.ACCEPTANCE, vendor.id in over))
        about = opened.fact.about if opened else ", ".join(products)
        order = (*kind.order, vendor.name.casefold(), about)
        if why := tuple(each for each, holds in says if holds):
            found.append(_Waiting(order, None, vendor, kind, about, why, opened, tuple(over.get(vendor.id, ()))))
    for other in [*_topics_open_again(stood), *_of_the_house(over.get("", ()))]:
        fact = other.fact
        order = (*_height(fact.authority, fact.level, fact.tier), fact.vendor.casefold(), fact.about)
        found.append(_Waiting(order, other))
    return found


def _asked_of(one: _Waiting, keys: Mapping[str, str]) -> AskedRow:
    assert one.vendor is not None
    assert one.kind is not None
    fact = Asked(
        vendor_key=keys.get(one.vendor.id, ""),
        vendor=one.vendor.name,
        about=one.about,
        tier=one.vendor.tier,
        grade=Grade(one.vendor.grade) if one.vendor.grade else None,
        level=one.kind.level,
        authority=one.kind.authority,
        why=one.why,
        last=one.last.fact if one.last else None,
        accepted=one.accepted,
    )
    return AskedRow(fact=fact, vendor=one.vendor, last=one.last)


def _undecided(
    session: Session, hospital_id: str, by_vendor: Mapping[str, Sequence[DecisionRow]]
) -> Mapping[str, Sequence[str]]:
    """By vendor the products that its rounds were about and that nobody has decided on, where only others of them are
    decided; a decision on the vendor is one on all of them."""
    parted = {one: rows for one, rows in by_vendor.items() if all(row.supply is not None for row in rows)}
    if not parted:
        return {}
    asked = session.execute(
        select(Supply.vendor_id, Supply.id, Supply.name)
        .join(
            AssessmentSupply,
            (AssessmentSupply.hospital_id == Supply.hospital_id) & (AssessmentSupply.supply_id == Supply.id),
        )
        .join(
            Assessment,
            (Assessment.hospital_id == AssessmentSupply.hospital_id)
            & (Assessment.id == AssessmentSupply.assessment_id),
        )
        .where(
            Supply.hospital_id == hospital_id,
            Supply.vendor_id.in_(list(parted)),
            Supply.ended_at.is_(None),
            Assessment.stage != Stage.DRAFT,
        )
        .distinct()
        .order_by(Supply.name, Supply.id)
    ).all()
    found: dict[str, list[str]] = {}
    for vendor_id, supply_id, name in asked:
        if all(row.supply is None or row.supply.id != supply_id for row in parted[vendor_id]):
            found.setdefault(vendor_id, []).append(name)
    return found


def _topics_open_again(stood: Iterable[DecisionRow]) -> Iterable[AskedRow]:
    for row in stood:
        if row.vendor is None and row.reopenings:
            fact = Asked(
                vendor_key="",
                vendor="",
                about=row.fact.about,
                tier=None,
                grade=None,
                level=None,
                authority=row.decision.authority,
                why=(Why.REOPENED,),
                last=row.fact,
            )
            yield AskedRow(fact=fact, vendor=None, last=row)


def _of_the_house(accepted: Sequence[str]) -> Iterable[AskedRow]:
    if accepted:
        fact = Asked(
            vendor_key="",
            vendor="",
            about=", ".join(accepted),
            tier=None,
            grade=None,
            level=None,
            authority=Authority.MANAGEMENT,
            why=(Why.ACCEPTANCE,),
            accepted=tuple(accepted),
        )
        yield AskedRow(fact=fact, vendor=None, last=None)


def conditions_due(stood: Sequence[DecisionRow], *, today: date) -> Sequence[ConditionRow]:
    """Of standing decisions the conditions that have lapsed, or are due within two weeks."""
    return [one for one in _open_conditions(stood) if one.condition.due_on <= today + SOON]


def open_conditions(session: Session, actor: Actor) -> Sequence[ConditionRow]:
    """Every condition of a standing decision that is not met, by its day."""
    return _open_conditions(standing_rows(session, actor))


def _open_conditions(stood: Sequence[DecisionRow]) -> Sequence[ConditionRow]:
    found = [
        ConditionRow(condition=one, row=row)
        for row in stood
        for one in row.conditions
        if one.state is not ConditionState.MET
    ]
    return sorted(found, key=lambda one: (one.condition.due_on, one.row.decision.number))


def _rated(session: Session, hospital_id: str, vendor_ids: Collection[str]) -> Sequence[Rated]:
    """Of the vendors on the lists these, and every one with a draft, each with its tier today and the score of its
    newest round that was sent."""
    lines.settle(session)
    is_draft = VendorLine.stage == Stage.DRAFT
    rows = session.execute(
        select(
            *(VendorLine.vendor_id, VendorLine.name, VendorLine.tier, VendorLine.grade, VendorLine.residual),
            is_draft.label("is_draft"),
        ).where(
            VendorLine.hospital_id == hospital_id,
            VendorLine.is_ended.is_(False),
            VendorLine.vendor_id.in_(vendor_ids) | is_draft,
        )
    ).all()
    before = _before_drafts(session, hospital_id, [vendor_id for vendor_id, *_others, is_draft in rows if is_draft])
    return [
        Rated(vendor_id, name, tier, *(before.get(vendor_id, (None, None)) if is_draft else (grade, residual)))
        for vendor_id, name, tier, grade, residual, is_draft in rows
    ]


def _before_drafts(
    session: Session, hospital_id: str, vendor_ids: Sequence[str]
) -> Mapping[str, tuple[str | None, str | None]]:
    """Grade and residual risk of the newest round of these vendors that is no draft."""
    if not vendor_ids:
        return {}
    rounds = session.execute(
        select(Assessment.vendor_id, ScoreRecord.grade, ScoreRecord.residual)
        .outerjoin(
            ScoreRecord,
            (ScoreRecord.hospital_id == Assessment.hospital_id)
            & (ScoreRecord.assessment_id == Assessment.id)
            & ScoreRecord.is_current,
        )
        .where(
            Assessment.hospital_id == hospital_id,
            Assessment.vendor_id.in_(vendor_ids),
            Assessment.stage != Stage.DRAFT,
        )
        .order_by(Assessment.round)
    )
    return {row.vendor_id: (row.grade, row.residual) for row in rounds}


def _accepted_beyond(
    session: Session, actor: Actor, rules: Policy, stood: Sequence[DecisionRow], *, today: date
) -> Mapping[str, Sequence[str]]:
    """Risks that are accepted for longer than their level allows, or by less than it asks for, by vendor id."""
    hospital_id = hospital_of(actor)
    found: dict[str, list[str]] = {}
    derived = session.execute(
        select(RiskRecord, RiskTreatment)
        .join(
            RiskTreatment,
            (RiskTreatment.hospital_id == RiskRecord.hospital_id) & (RiskTreatment.risk_id == RiskRecord.id),
        )
        .where(
            RiskRecord.hospital_id == hospital_id,
            RiskRecord.gone_at.is_(None),
            RiskTreatment.treatment == Treatment.ACCEPT,
            RiskTreatment.accepted_until >= today,
        )
    )
    for risk, written in derived:
        if _is_beyond(rules, registers.level_of(risk), written, stood, vendor_id=risk.vendor_id, risk_key=risk.key):
            found.setdefault(risk.vendor_id, []).append(risk.key)
    for row in own_risks.rows(session, actor):
        one = row.risk
        if one.treatment is not Treatment.ACCEPT or one.accepted_until is None or one.accepted_until < today:
            continue
        if _is_beyond(rules, row.level, one, stood, vendor_id=one.vendor_id or "", risk_key=row.key):
            found.setdefault(one.vendor_id or "", []).append(row.key)
    return found


def _is_beyond(
    rules: Policy,
    level: RiskLevel | None,
    written: RiskTreatment | OwnRisk,
    stood: Sequence[DecisionRow],
    *,
    vendor_id: str,
    risk_key: str,
) -> bool:
    until, on = written.accepted_until, written.at.astimezone(BERLIN).date()
    if until is None or until > deciding.latest_acceptance(rules, level, on):
        return True
    rule = deciding.acceptance(rules, level)
    return rule.by in deciding.IN_SITTINGS and not risk_limits.covers(stood, vendor_id, risk_key, rule.by, until)


# ---- deciding


def standing_of(assessed: Assessed) -> Standing:
    """How a vendor stands, as far as decisions depend on it."""
    score = assessed.score
    return Standing(
        tier=assessed.dossier.tier,
        grade=score.grade,
        value=None if score.value is None else float(score.value),
        coverage=float(score.coverage),
        level=assessed.residual.level,
        knock_outs=tuple(dict.fromkeys(row.question.id for row in assessed.answers if row.knock_out_failed)),
        proofs=tuple(
            Proof(key=one.key, name=one.name or one.type_text.de, valid_until=one.valid_until)
            for one in assessed.evidence
            if one.standing in GOOD and one.valid_until is not None
        ),
        expired=tuple(
            one.key
            for one in assessed.evidence
            if one.standing is EvidenceStanding.EXPIRED and not _is_replaced(one, assessed.evidence)
        ),
    )


def _is_replaced(one: EvidenceStatus, others: Iterable[EvidenceStatus]) -> bool:
    """Whether a document of its kind for the same questions is valid."""
    return any(
        other.standing in GOOD
        and (other.type, other.supply) == (one.type, one.supply)
        and not set(other.question_ids).isdisjoint(one.question_ids)
        for other in others
    )


def load_standing(decision: Decision) -> Standing | None:
    """The numbers it rests on, as they were written down."""
    return None if decision.standing is None else storing.decode(Standing, decision.standing, "standing")


def authority_for(session: Session, actor: Actor, standing: Standing) -> Authority:
    """Who must decide on a vendor that stands so."""
    return deciding.authority(policies.of(session, hospital_of(actor)), standing.tier, standing.level)


def subject_of(session: Session, actor: Actor, *, vendor_id: str = "", supply_id: str = "", topic: str = "") -> Subject:
    """What ids of a form mean; a vendor or product of somebody else is none."""
    vendor = vendors.find(session, actor, vendor_id) if vendor_id else None
    supply = vendors.find_supply(session, actor, supply_id) if supply_id else None
    if supply is not None and (vendor is None or supply.vendor_id != vendor.id):
        raise BadInput({"supply_id": Message(text=N_("This product belongs to another vendor."))})
    return Subject(vendor=vendor, supply=supply, topic="" if vendor else topic.strip()[:LONGEST_TOPIC])


def newest(session: Session, actor: Actor, subject: Subject) -> Decision | None:
    """The last word on a subject."""
    hospital_id = hospital_of(actor)
    found = session.scalars(
        select(Decision)
        .where(
            Decision.hospital_id == hospital_id,
            Decision.vendor_id == (subject.vendor.id if subject.vendor else None),
            Decision.supply_id == (subject.supply.id if subject.supply else None),
        )
        .order_by(Decision.number.desc())
    )
    for one in found:
        if replace(subject, topic=one.topic).key == subject.key:
            return one
    return None


def decide(
    session: Session,
    actor: Actor,
    subject: Subject,
    fields: DecisionFields,
    *,
    seen: int,
    now: datetime,
) -> Decision:
    """One person decides, where the policy leaves it to one; `seen` is the number of the decision they have read."""
    hospital_id = hospital_of(actor, DECIDERS)
    if subject.vendor is None:
        raise NotFound
    lock(session, hospital_id)
    last = newest(session, actor, subject)
    if (last.number if last else 0) != seen:
        raise Clash(Message(text=CHANGED))
    assessed = registers.assess(session, actor, subject.vendor.id, now=now)
    standing = standing_of(assessed)
    needed = authority_for(session, actor, standing)
    if needed in deciding.IN_SITTINGS:
        raise NotNow(
            Message(text=N_("At this tier and residual risk a sitting decides, not one person. Put it on an agenda."))
        )
    wrong = problems(fields, today=now.astimezone(BERLIN).date())
    if wrong:
        raise BadInput(wrong)
    round_ = registers.newest_round(session, actor, subject.vendor.id)
    score = scores.current(session, hospital_id, round_.id) if round_ is not None else None
    basis = Basis(standing=standing, score_id=score.id if score else None)
    return add(session, actor, subject, fields, authority=needed, basis=basis, now=now)


def lock(session: Session, hospital_id: str) -> None:
    """Numbers are counted, and of two decisions on one subject one comes first."""
    session.execute(select(Hospital.id).where(Hospital.id == hospital_id).with_for_update())


def problems(fields: DecisionFields, *, today: date) -> dict[str, Message]:
    """What stands against it."""
    wrong: dict[str, Message] = {}
    if not fields.reasons.strip():
        wrong["reasons"] = Message(text=N_("Give the reasons; they stand in the minutes and in the register."))
    if fields.ruling is not Ruling.REJECT and (
        fields.review_on is None or not today < fields.review_on <= today + FURTHEST
    ):
        wrong["review_on"] = Message(text=N_("Choose the day on which it is looked at again, within three years."))
    if fields.ruling is Ruling.WITH_CONDITIONS and not fields.conditions:
        wrong["conditions"] = Message(text=N_("Write down at least one condition with the day by which it is met."))
    if fields.ruling is not Ruling.WITH_CONDITIONS and fields.conditions:
        wrong["conditions"] = Message(text=N_("Conditions belong to an approval with conditions."))
    if len(fields.conditions) > MOST_CONDITIONS:
        wrong["conditions"] = Message(
            text=N_("At most %(most)s conditions belong to a decision."), values={"most": MOST_CONDITIONS}
        )
    if any(not one.text.strip() for one in fields.conditions) or any(
        one.due_on is None or not today <= one.due_on <= today + FURTHEST for one in fields.conditions
    ):
        wrong["conditions"] = Message(
            text=N_("Each condition needs a text and a day from today on, within three years.")
        )
    return wrong


def add(
    session: Session,
    actor: Actor,
    subject: Subject,
    fields: DecisionFields,
    *,
    authority: Authority,
    basis: Basis,
    by: str = "",
    now: datetime,
) -> Decision:
    """Write a decision down, over the one before it; whoever calls has checked who may. `by`: a sitting's name."""
    hospital_id = hospital_of(actor, PREPARERS)
    last = newest(session, actor, subject)
    number = session.scalar(select(func.max(Decision.number)).where(Decision.hospital_id == hospital_id)) or 0
    standing = basis.standing
    decision = Decision(
        hospital_id=hospital_id,
        number=number + 1,
        vendor_id=subject.vendor.id if subject.vendor else None,
        supply_id=subject.supply.id if subject.supply else None,
        topic=subject.topic,
        ruling=fields.ruling,
        reasons=fields.reasons.strip()[:LONGEST_TEXT],
        authority=authority,
        review_on=fields.review_on,
        standing=storing.encode(standing) if standing else None,
        tier=standing.tier if standing else None,
        grade=standing.grade.value if standing and standing.grade else None,
        residual=standing.level.value if standing and standing.level else None,
        score_id=basis.score_id,
        snapshot_id=basis.snapshot_id,
        policy_version=policies.of(session, hospital_id).version,
        item_id=basis.item_id,
        tally=storing.encode(basis.tally) if basis.tally else None,
        supersedes_id=last.id if last else None,
        by_name=(by or actor.name)[:200],
        at=now,
    )
    session.add(decision)
    session.flush()
    for position, one in enumerate(fields.conditions, start=1):
        assert one.due_on is not None
        session.add(
            Condition(
                hospital_id=hospital_id,
                decision_id=decision.id,
                position=position,
                text=one.text.strip()[:LONGEST_CONDITION],
                due_on=one.due_on,
                owner=one.owner.strip()[:200],
                proof=one.proof.strip()[:LONGEST_CONDITION],
                action_id=_action(session, hospital_id, subject, one.action_id),
            )
        )
    session.flush()
    keep_event(session, actor, decision, "made", {"ruling": fields.ruling.value}, now=now)
    if last is not None:
        keep_event(session, actor, last, "superseded", {"by": key_of(decision.number)}, now=now)
    audit.record(
        session,
        actor,
        "decision.made",
        decision.id,
        now=now,
        detail={"ruling": fields.ruling.value, "authority": authority.value},
    )
    return decision


def _action(session: Session, hospital_id: str, subject: Subject, action_id: str) -> str | None:
    if not action_id:
        return None
    found = session.get(Action, action_id)
    if found is None or found.hospital_id != hospital_id or subject.vendor is None:
        raise NotFound
    if found.vendor_id != subject.vendor.id:
        raise NotFound
    return found.id


def meet(session: Session, actor: Actor, condition_id: str, *, remark: str, version: int, now: datetime) -> Condition:
    """A condition is met; what showed it is told. A decision that lapsed over it stays open until decided anew."""
    hospital_id = hospital_of(actor, PREPARERS)
    condition = session.get(Condition, condition_id)
    if condition is None or condition.hospital_id != hospital_id:
        raise NotFound
    session.refresh(condition, with_for_update=True)
    if condition.version != version:
        raise Clash(Message(text=CHANGED))
    if condition.state is ConditionState.MET:
        raise NotNow(Message(text=N_("This condition is met already.")))
    if not remark.strip():
        raise BadInput({"remark": Message(text=N_("Say what shows that the condition is met."))})
    condition.state, condition.remark = ConditionState.MET, remark.strip()[:LONGEST_TEXT]
    condition.answered_by, condition.answered_at = actor.name[:200], now
    condition.version += 1
    decision = session.get_one(Decision, condition.decision_id)
    keep_event(session, actor, decision, "condition-met", {"text": condition.text, "remark": condition.remark}, now=now)
    audit.record(session, actor, "decision.condition-met", decision.id, now=now)
    return condition


def keep_event(
    session: Session, actor: Actor, decision: Decision, verb: str, document: dict[str, Any], *, now: datetime
) -> None:
    """One line of the log."""
    session.add(
        DecisionEvent(
            hospital_id=decision.hospital_id,
            decision_id=decision.id,
            verb=verb,
            document=document,
            by_name=actor.name[:200],
            at=now,
        )
    )


def standing_then(row: Mapping[str, Any], now: Standing) -> Standing:
    """As a frozen register has it, with the documents that are valid now: nobody decides on what has run out."""
    return Standing(
        tier=row["tier"],
        grade=Grade(row["grade"]) if row["grade"] else None,
        value=float(row["value"]) if row["value"] is not None else None,
        coverage=float(row["coverage"]),
        level=RiskLevel(row["level"]) if row["level"] else None,
        knock_outs=tuple(row["knock_outs"]),
        proofs=now.proofs,
    )
