"""The register of a hospital: every vendor with all that follows from its newest round, for workbook and risk pages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from assessments import ordering, outside, register
from assessments.model import (
    ActionFact,
    Assessed,
    Dossier,
    OutsideGrade,
    Policy,
    Register,
    Risk,
    RiskLevel,
    ScanState,
    ScopeFact,
    ShareFact,
    Treated,
    Treatment,
    VendorRecord,
    Words,
)
from portal.db.models.accounts import Hospital, HospitalRole
from portal.db.models.assessments import Assessment, Stage
from portal.db.models.registers import RiskRecord, RiskTreatment
from portal.db.models.vendors import Vendor
from portal.errors import BadInput, Clash, NotFound
from portal.home import BERLIN
from portal.services import audit
from portal.services.actions import actions
from portal.services.actors import Actor, hospital_of
from portal.services.decisions import risk_limits
from portal.services.decisions.risk_limits import Accepting
from portal.services.incidents import incident_facts
from portal.services.registers import dossiers, own_risks, policies, register_history
from portal.services.registers.dossiers import Wanted
from portal.services.scans import permissions
from portal.services.vendors import concentration, scope_records, vendor_records
from scanners.model import N_, Message

RISK_WRITERS = frozenset({HospitalRole.ADMIN, HospitalRole.ASSESSOR, HospitalRole.DECIDER})
STAGES: Mapping[Stage | None, str] = {
    None: N_("not asked yet"),
    Stage.DRAFT: N_("draft"),
    Stage.RECORDING: N_("is being recorded"),
    Stage.INVITED: N_("invited"),
    Stage.OPENED: N_("opened"),
    Stage.ACCEPTED: N_("accepted"),
    Stage.ANSWERING: N_("answering"),
    Stage.SUBMITTED: N_("handed in"),
    Stage.RETURNED: N_("returned"),
    Stage.REVIEWED: N_("reviewed"),
    Stage.CLOSED: N_("closed"),
}


@dataclass(frozen=True, kw_only=True)
class RiskRow:
    """A risk with what people wrote about it."""

    risk: RiskRecord
    vendor: Vendor
    treatment: RiskTreatment | None


@dataclass(frozen=True, kw_only=True)
class TreatmentFields:
    """What a person decides about a risk."""

    treatment: Treatment
    owner: str = ""
    due_on: date | None = None
    accepted_until: date | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class OutsideView:
    """What the checks alone come to, over the results that are open to the hospital."""

    grade: OutsideGrade
    at: datetime | None  # when the scan began that it rests on
    is_documents_only: bool


def assess(session: Session, actor: Actor, vendor_id: str, *, now: datetime) -> Assessed:
    """One vendor worked out anew: its newest round, or what is known before the first one."""
    hospital_id = hospital_of(actor)
    by = policies.of(session, hospital_id)
    return register.assess(_dossier(session, hospital_id, vendor_id, now=now), by)


def from_outside(session: Session, actor: Actor, vendor_id: str, *, now: datetime) -> OutsideView:
    """The outside grade of a vendor, without the rest of its assessment."""
    known = _dossier(session, hospital_of(actor), vendor_id, now=now)
    return OutsideView(
        grade=outside.grade(known, policies.of(session, hospital_of(actor))),
        at=known.scanned_at,
        is_documents_only=known.scan_state is ScanState.DOCUMENTS_ONLY,
    )


def dossier(session: Session, actor: Actor, vendor_id: str, *, now: datetime) -> Dossier:
    """All that is known of one vendor, for whoever judges it by other rules than those that hold."""
    return _dossier(session, hospital_of(actor), vendor_id, now=now)


def _dossier(session: Session, hospital_id: str, vendor_id: str, *, now: datetime) -> Dossier:
    assessment = permissions.newest_assessment(session, hospital_id, vendor_id)
    if assessment is not None:
        return dossiers.build(session, hospital_id, assessment.id, now=now)
    return dossiers.build_before_round(session, hospital_id, vendor_id, now=now)


def assess_round(session: Session, actor: Actor, assessment_id: str, *, now: datetime) -> Assessed:
    """One round worked out anew, also when a newer one speaks for the vendor by now."""
    hospital_id = hospital_of(actor)
    by = policies.of(session, hospital_id)
    return register.assess(dossiers.build(session, hospital_id, assessment_id, now=now), by)


@dataclass(frozen=True, kw_only=True)
class Whole:
    """A register with the facts it was worked out from, by vendor key."""

    register: Register
    assessed: Mapping[str, Assessed]
    rounds: Mapping[str, str]  # id of the round; "": nobody was asked yet


def build(session: Session, actor: Actor, *, now: datetime, tell: Callable[[int, int], None] | None = None) -> Register:
    """The whole register of the actor's hospital at this moment; `tell` hears of how many vendors how many are done."""
    return whole(session, actor, now=now, tell=tell).register


def whole(session: Session, actor: Actor, *, now: datetime, tell: Callable[[int, int], None] | None = None) -> Whole:
    """The same with all its facts."""
    beside = around(session, actor, now=now)
    assessed: list[Assessed] = []
    statuses: dict[str, Words] = {}
    treatments = dict(beside.own_treated)
    keys = {one.vendor.id: one.key for one in beside.wanted}
    found = dossiers.several(session, beside.hospital.id, beside.wanted, now=now)
    for number, (wanted, dossier_) in enumerate(zip(beside.wanted, found, strict=True)):
        if tell is not None:
            tell(number, len(beside.wanted))
        one = register.assess(dossier_, beside.policy)
        assessed.append(one)
        statuses[wanted.key] = Message(text=STAGES[wanted.assessment.stage if wanted.assessment else None])
        for risk in one.risks:
            if (treated := beside.written.get((wanted.vendor.id, risk.key))) is not None:
                treatments[risk.vendor_key, risk.key] = treated
    built = register.build(
        assessed,
        beside.policy,
        hospital=beside.hospital.name,
        at=now,
        statuses=statuses,
        treatments=treatments,
        actions=beside.actions,
        own=beside.own,
        decisions=register_history.decisions(session, actor, assessed, treatments, keys=keys, now=now),
        changes=register_history.changes(session, actor, keys=keys, now=now),
        incidents=incident_facts.facts(session, actor, keys=keys, now=now),
        records=beside.records,
        scopes=beside.scopes,
        shared=beside.shared,
    )
    rounds = {one.key: one.assessment.id if one.assessment is not None else "" for one in beside.wanted}
    return Whole(register=built, assessed={one.dossier.vendor_key: one for one in assessed}, rounds=rounds)


@dataclass(frozen=True, kw_only=True)
class Around:
    """What a register holds beside what follows from the facts of each vendor."""

    hospital: Hospital
    policy: Policy
    wanted: Sequence[Wanted]  # the vendors on the lists, by key
    written: Mapping[tuple[str, str], Treated]  # by vendor id and the key of the risk
    own: Sequence[Risk]
    own_treated: Mapping[tuple[str, str], Treated]  # by vendor key and the key of the risk
    actions: Sequence[ActionFact]
    records: Mapping[str, VendorRecord]
    scopes: Mapping[str, ScopeFact]
    shared: Sequence[ShareFact]


def around(session: Session, actor: Actor, *, now: datetime) -> Around:
    """All of a register that costs little."""
    hospital = session.get_one(Hospital, hospital_of(actor))
    today = now.astimezone(BERLIN).date()
    wanted = _wanted(session, hospital.id)
    keys = {one.vendor.id: one.key for one in wanted}
    own: list[Risk] = []
    own_treated: dict[tuple[str, str], Treated] = {}
    for each in own_risks.rows(session, actor):
        if each.vendor is not None and each.vendor.id not in keys:
            continue  # of a vendor off the lists
        key = keys[each.vendor.id] if each.vendor is not None else ""
        supplies = dossiers.supply_keys(session, hospital.id, each.vendor.id) if each.vendor is not None else {}
        about = (supplies[each.supply.id],) if each.supply is not None else ()
        own.append(own_risks.as_risk(each, vendor_key=key, supplies=about))
        own_treated[key, each.key] = own_risks.as_treated(each.risk, today=today)
    return Around(
        hospital=hospital,
        policy=policies.of(session, hospital.id),
        wanted=wanted,
        written=_written(session, hospital.id, today=today),
        own=own,
        own_treated=own_treated,
        actions=actions.facts(actions.of_hospital(session, actor), vendor_keys=keys, today=today),
        records=vendor_records.facts(session, actor, keys=keys, today=today),
        scopes=scope_records.facts(session, actor, keys=keys),
        shared=concentration.facts(session, actor, keys=keys, now=now),
    )


def _wanted(session: Session, hospital_id: str) -> Sequence[Wanted]:
    newest: dict[str, Assessment] = {}
    for assessment in session.scalars(
        select(Assessment).where(Assessment.hospital_id == hospital_id).order_by(Assessment.round)
    ):
        newest[assessment.vendor_id] = assessment
    keys = dossiers.vendor_keys(session, hospital_id)
    standing = session.scalars(select(Vendor).where(Vendor.hospital_id == hospital_id, Vendor.ended_at.is_(None)))
    found = [Wanted(vendor=one, assessment=newest.get(one.id), key=keys[one.id]) for one in standing]
    return sorted(found, key=lambda one: one.key)


def _written(session: Session, hospital_id: str, *, today: date) -> Mapping[tuple[str, str], Treated]:
    """What people wrote about risks, by vendor id and the key of the risk; an acceptance that is over is open again."""
    rows = session.execute(
        select(RiskRecord, RiskTreatment)
        .join(
            RiskTreatment,
            (RiskTreatment.hospital_id == RiskRecord.hospital_id) & (RiskTreatment.risk_id == RiskRecord.id),
        )
        .where(RiskRecord.hospital_id == hospital_id)
    ).all()
    return {
        (risk.vendor_id, risk.key): Treated(
            treatment=Treatment.OPEN if lapsed(row, today) else row.treatment,
            owner=row.owner,
            due_on=row.due_on,
            accepted_until=row.accepted_until,
            note=row.note,
            by=row.by_name,
            at=row.at,
        )
        for risk, row in rows
    }


# ---- risks and what people decide about them


def lapsed(treatment: RiskTreatment | None, today: date) -> bool:
    """Whether the acceptance is over: the risk stands open again, what was written stays beside it."""
    return treatment is not None and own_risks.is_lapsed(treatment.treatment, treatment.accepted_until, today)


def risks(session: Session, actor: Actor, *, gone: bool = False, written: bool = False) -> Sequence[RiskRow]:
    """Every standing risk of vendors on the lists, the worst first; or those whose cause is gone and that somebody
    wrote about. They come back with what was written when the cause does. `written`: only what somebody wrote about."""
    hospital_id = hospital_of(actor)
    is_written = RiskTreatment.risk_id.is_not(None)
    stands = RiskRecord.gone_at.is_(None)
    wanted = [RiskRecord.gone_at.is_not(None), is_written] if gone else [stands, is_written] if written else [stands]
    rows = session.execute(
        select(RiskRecord, Vendor, RiskTreatment)
        .join(Vendor, (Vendor.hospital_id == RiskRecord.hospital_id) & (Vendor.id == RiskRecord.vendor_id))
        .outerjoin(
            RiskTreatment,
            (RiskTreatment.hospital_id == RiskRecord.hospital_id) & (RiskTreatment.risk_id == RiskRecord.id),
        )
        .where(RiskRecord.hospital_id == hospital_id, *wanted, Vendor.ended_at.is_(None))
    ).all()
    return sorted(
        (RiskRow(risk=risk, vendor=vendor, treatment=treatment) for risk, vendor, treatment in rows),
        key=lambda row: ordering.of_risk(
            level_of(row.risk),
            row.risk.likelihood,
            row.risk.impact,
            vendor_name=row.vendor.name,
            key=row.risk.key,
        ),
    )


def find_risk(session: Session, actor: Actor, risk_id: str) -> RiskRow:
    """One risk of the actor's hospital."""
    hospital_id = hospital_of(actor)
    found = session.execute(
        select(RiskRecord, Vendor, RiskTreatment)
        .join(Vendor, (Vendor.hospital_id == RiskRecord.hospital_id) & (Vendor.id == RiskRecord.vendor_id))
        .outerjoin(
            RiskTreatment,
            (RiskTreatment.hospital_id == RiskRecord.hospital_id) & (RiskTreatment.risk_id == RiskRecord.id),
        )
        .where(RiskRecord.hospital_id == hospital_id, RiskRecord.id == risk_id)
    ).first()
    if found is None:
        raise NotFound
    return RiskRow(risk=found[0], vendor=found[1], treatment=found[2])


def treat(
    session: Session, actor: Actor, risk_id: str, fields: TreatmentFields, *, version: int, now: datetime
) -> RiskTreatment:
    """Write down what is done about a risk; accepting one needs an end and a reason."""
    hospital_id = hospital_of(actor, RISK_WRITERS)
    row = find_risk(session, actor, risk_id)
    today = now.astimezone(BERLIN).date()
    wrong: dict[str, Message] = {}
    if fields.treatment is Treatment.ACCEPT and (fields.accepted_until is None or fields.accepted_until <= today):
        wrong["accepted_until"] = Message(text=N_("An acceptance needs a day on which it ends."))
    if fields.treatment is Treatment.ACCEPT and not fields.note.strip():
        wrong["note"] = Message(text=N_("Give the reason for accepting the risk."))
    if fields.treatment is Treatment.ACCEPT and fields.accepted_until is not None and "accepted_until" not in wrong:
        wrong |= _refuse_acceptance(session, actor, row, fields.accepted_until, now=now)
    if wrong:
        raise BadInput(wrong)
    session.refresh(row.risk, ["gone_at"], with_for_update=True)  # of two that read the same, one goes first
    treatment = session.get(RiskTreatment, (hospital_id, row.risk.id), populate_existing=True)
    if (treatment.version if treatment else 0) != version:
        raise Clash(
            Message(text=N_("Somebody else changed this in the meantime. Look at what stands now and save again."))
        )
    if treatment is None:
        treatment = RiskTreatment(hospital_id=hospital_id, risk_id=row.risk.id, version=0)
        session.add(treatment)
    treatment.treatment = fields.treatment
    treatment.owner = fields.owner.strip()[:200]
    treatment.due_on = fields.due_on
    treatment.accepted_until = fields.accepted_until if fields.treatment is Treatment.ACCEPT else None
    treatment.note = fields.note.strip()[:5000]
    treatment.by_name, treatment.at = actor.name, now
    treatment.version += 1
    written = {"treatment": fields.treatment.value, "owner": treatment.owner, "note": treatment.note}
    days = {"due_on": treatment.due_on, "accepted_until": treatment.accepted_until}
    dated = {name: day.isoformat() if day else None for name, day in days.items()}
    own_risks.keep_treatment(session, actor, row.risk.id, {**written, **dated}, now=now)
    audit.record(session, actor, "risk.treated", row.risk.id, now=now, detail={"treatment": fields.treatment.value})
    return treatment


def level_of(risk: RiskRecord) -> RiskLevel | None:
    """How high it is; None: nobody has told what depends on the vendor yet."""
    return RiskLevel(risk.residual) if risk.residual in set(RiskLevel) else None


def _refuse_acceptance(
    session: Session, actor: Actor, row: RiskRow, until: date, *, now: datetime
) -> Mapping[str, Message]:
    """An acceptance that stands as it is may get another note; a new one keeps to the limits."""
    stands = row.treatment
    if stands is not None and stands.treatment is Treatment.ACCEPT and stands.accepted_until == until:
        return {}
    wanted = Accepting(level=level_of(row.risk), until=until, vendor_id=row.vendor.id, risk_key=row.risk.key)
    return risk_limits.refuse(session, actor, wanted, now=now)


def newest_round(session: Session, actor: Actor, vendor_id: str) -> Assessment | None:
    """The round that speaks for the vendor now."""
    return permissions.newest_assessment(session, hospital_of(actor), vendor_id)
