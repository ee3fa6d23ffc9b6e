"""Risks that people of the hospital write down themselves, and every word that was ever written about a risk."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assessments import residual
from assessments.model import (
    Concern,
    Likelihood,
    Phrase,
    Policy,
    Risk,
    RiskLevel,
    RiskSource,
    Treated,
    Treatment,
)
from portal.db.models.accounts import Hospital, HospitalRole
from portal.db.models.snapshots import OwnRisk, RiskWord
from portal.db.models.vendors import Supply, Vendor
from portal.errors import BadInput, Clash, NotFound, NotNow
from portal.home import BERLIN
from portal.services import audit
from portal.services.actors import Actor, hospital_of
from portal.services.decisions import risk_limits
from portal.services.decisions.risk_limits import Accepting
from portal.services.registers import policies
from portal.services.vendors import vendors
from questionnaires.model import Text
from scanners.model import N_, Message, Refs, Severity

WRITERS = frozenset({HospitalRole.ADMIN, HospitalRole.ASSESSOR, HospitalRole.DECIDER})
MOST = 2000  # of one hospital
LONGEST_TITLE = 300
LONGEST_TEXT = 5000
STEPS = (1, 2, 3, 4, 5)
CHANGED = N_("Somebody else changed this in the meantime. Look at what stands now and save again.")
ASSESSED = N_("Assessed by a person of the hospital.")
SEVERITIES: Mapping[RiskLevel | None, Severity] = {
    RiskLevel.CRITICAL: Severity.CRITICAL,
    RiskLevel.HIGH: Severity.HIGH,
    RiskLevel.MODERATE: Severity.MEDIUM,
    RiskLevel.LOW: Severity.LOW,
    None: Severity.MEDIUM,
}


@dataclass(frozen=True, kw_only=True)
class OwnRiskFields:
    """A risk as a person writes it."""

    title: str
    scenario: str
    inherent_likelihood: int
    inherent_impact: int
    likelihood: int
    impact: int
    source: str = ""
    vendor_id: str = ""
    supply_id: str = ""
    concerns: tuple[str, ...] = ()
    patient_safety: int | None = None
    treatment: Treatment = Treatment.OPEN
    owner: str = ""
    due_on: date | None = None
    accepted_until: date | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class OwnRiskRow:
    """An own risk with the vendor and the product it is about, if it is about one."""

    risk: OwnRisk
    vendor: Vendor | None
    supply: Supply | None
    policy: Policy  # whose matrix says how high it is

    @property
    def key(self) -> str:
        """As lists and papers name it."""
        return f"E-{self.risk.number:04}"

    @property
    def level(self) -> RiskLevel | None:
        """With what is in place."""
        return residual.level(self.risk.impact, self.risk.likelihood, self.policy)

    @property
    def inherent(self) -> RiskLevel | None:
        """Before anything was in place."""
        return residual.level(self.risk.inherent_impact, self.risk.inherent_likelihood, self.policy)


def rows(session: Session, actor: Actor, *, closed: bool = False) -> Sequence[OwnRiskRow]:
    """The hospital's own risks, those that are closed or those that are not."""
    query = (
        select(OwnRisk, Vendor, Supply)
        .outerjoin(Vendor, (Vendor.hospital_id == OwnRisk.hospital_id) & (Vendor.id == OwnRisk.vendor_id))
        .outerjoin(Supply, (Supply.hospital_id == OwnRisk.hospital_id) & (Supply.id == OwnRisk.supply_id))
        .where(OwnRisk.hospital_id == hospital_of(actor))
        .where(OwnRisk.closed_at.is_not(None) if closed else OwnRisk.closed_at.is_(None))
        .order_by(OwnRisk.number)
    )
    by = policies.of(session, hospital_of(actor))
    found = session.execute(query)
    return [OwnRiskRow(risk=risk, vendor=vendor, supply=supply, policy=by) for risk, vendor, supply in found]


def find(session: Session, actor: Actor, own_risk_id: str) -> OwnRiskRow:
    """One of them."""
    risk = session.get(OwnRisk, own_risk_id)
    if risk is None or risk.hospital_id != hospital_of(actor):
        raise NotFound
    return OwnRiskRow(
        risk=risk,
        vendor=session.get(Vendor, risk.vendor_id) if risk.vendor_id else None,
        supply=session.get(Supply, risk.supply_id) if risk.supply_id else None,
        policy=policies.of(session, risk.hospital_id),
    )


def add(session: Session, actor: Actor, fields: OwnRiskFields, *, now: datetime) -> OwnRisk:
    """Write a new one down."""
    hospital_id = hospital_of(actor, WRITERS)
    session.execute(select(Hospital.id).where(Hospital.id == hospital_id).with_for_update())  # numbers are counted
    last = session.scalar(select(func.max(OwnRisk.number)).where(OwnRisk.hospital_id == hospital_id)) or 0
    if last >= MOST:
        raise NotNow(Message(text=N_("There are as many own risks as a register can hold.")))
    risk = OwnRisk(hospital_id=hospital_id, number=last + 1, created_at=now, created_by=actor.name[:200], version=0)
    _write(session, actor, risk, fields, now=now)
    session.add(risk)
    session.flush()
    _keep_word(session, actor, risk.id, "added", _document(risk), now=now)
    audit.record(session, actor, "own-risk.added", risk.id, now=now)
    return risk


def change(
    session: Session, actor: Actor, own_risk_id: str, fields: OwnRiskFields, *, version: int, now: datetime
) -> OwnRisk:
    """Write it anew; what stood there before stays in its history."""
    risk = _open_one(session, actor, own_risk_id, version=version)
    _write(session, actor, risk, fields, now=now)
    _keep_word(session, actor, risk.id, "changed", _document(risk), now=now)
    audit.record(session, actor, "own-risk.changed", risk.id, now=now)
    return risk


def close(session: Session, actor: Actor, own_risk_id: str, *, reason: str, version: int, now: datetime) -> None:
    """It is no risk any more; why, and who says so, stays on record."""
    risk = _open_one(session, actor, own_risk_id, version=version)
    if not reason.strip():
        raise BadInput({"reason": Message(text=N_("Say why this is no risk any more."))})
    risk.closed_at, risk.closed_by = now, actor.name[:200]
    risk.closed_reason = reason.strip()[:LONGEST_TEXT]
    risk.version += 1
    _keep_word(session, actor, risk.id, "closed", {"reason": risk.closed_reason}, now=now)
    audit.record(session, actor, "own-risk.closed", risk.id, now=now)


def reopen(session: Session, actor: Actor, own_risk_id: str, *, now: datetime) -> None:
    """It is one after all."""
    hospital_of(actor, WRITERS)
    risk = find(session, actor, own_risk_id).risk
    session.refresh(risk, with_for_update=True)
    if risk.closed_at is None:
        raise NotNow(Message(text=N_("This risk is open already.")))
    risk.closed_at, risk.closed_by, risk.closed_reason = None, "", ""
    risk.version += 1
    _keep_word(session, actor, risk.id, "reopened", {}, now=now)
    audit.record(session, actor, "own-risk.reopened", risk.id, now=now)


def words(session: Session, actor: Actor, subject_id: str) -> Sequence[RiskWord]:
    """What was ever written about a risk, own or derived, the newest first."""
    return session.scalars(
        select(RiskWord)
        .where(RiskWord.hospital_id == hospital_of(actor), RiskWord.subject_id == subject_id)
        .order_by(RiskWord.at.desc(), RiskWord.id)
    ).all()


def keep_treatment(session: Session, actor: Actor, risk_id: str, treated: Mapping[str, Any], *, now: datetime) -> None:
    """Keep what was decided about a derived risk, so that the next word overwrites nothing."""
    _keep_word(session, actor, risk_id, "treated", dict(treated), now=now)


def is_lapsed(treatment: Treatment, accepted_until: date | None, today: date) -> bool:
    """Whether an acceptance is over: the risk stands open again, what was written stays."""
    return treatment is Treatment.ACCEPT and accepted_until is not None and accepted_until < today


def as_risk(row: OwnRiskRow, *, vendor_key: str = "", supplies: tuple[str, ...] = ()) -> Risk:
    """As the register and its workbook know risks; with no vendor it stands for the hospital as a whole."""
    risk, level = row.risk, row.level
    return Risk(
        key=row.key,
        vendor_key=vendor_key,
        source=RiskSource.OWN,
        source_keys=(risk.source,) if risk.source else (),
        scenario=Text(de=risk.scenario, en=risk.scenario),
        title=Text(de=risk.title, en=risk.title),
        part=None,
        refs=Refs(),
        concerns=tuple(Concern(one) for one in risk.concerns),
        severity=SEVERITIES[level],
        likelihood=Likelihood(value=risk.likelihood, cautious=False, reason=Phrase(text=ASSESSED)),
        impact=risk.impact,
        patient_safety=risk.patient_safety,
        level=level,
        supplies=supplies,
        advice=None,
        since=risk.created_at,
    )


def as_treated(risk: OwnRisk, *, today: date) -> Treated:
    """What is done about it, as the register knows it."""
    lapsed = is_lapsed(risk.treatment, risk.accepted_until, today)
    return Treated(
        treatment=Treatment.OPEN if lapsed else risk.treatment,
        owner=risk.owner,
        due_on=risk.due_on,
        accepted_until=risk.accepted_until,
        note=risk.note,
        by=risk.by_name,
        at=risk.at,
    )


def _open_one(session: Session, actor: Actor, own_risk_id: str, *, version: int) -> OwnRisk:
    hospital_of(actor, WRITERS)
    risk = find(session, actor, own_risk_id).risk
    session.refresh(risk, with_for_update=True)
    if risk.closed_at is not None:
        raise NotNow(Message(text=N_("This risk is closed. Open it again to change it.")))
    if risk.version != version:
        raise Clash(Message(text=CHANGED))
    return risk


def _write(session: Session, actor: Actor, risk: OwnRisk, fields: OwnRiskFields, *, now: datetime) -> None:
    wrong = _wrong(fields, today=now.astimezone(BERLIN).date())
    supply = _about(session, actor, fields, wrong)
    if fields.treatment is Treatment.ACCEPT and not wrong:
        wrong |= _refuse_acceptance(session, actor, risk, fields, now=now)
    if wrong:
        raise BadInput(wrong)
    risk.title, risk.scenario = fields.title.strip()[:LONGEST_TITLE], fields.scenario.strip()[:LONGEST_TEXT]
    risk.source = fields.source.strip()[:LONGEST_TEXT]
    risk.vendor_id = supply.vendor_id if supply else fields.vendor_id or None
    risk.supply_id = supply.id if supply else None
    risk.concerns = [one.value for one in Concern if one.value in fields.concerns]
    risk.patient_safety = fields.patient_safety
    risk.inherent_likelihood, risk.inherent_impact = fields.inherent_likelihood, fields.inherent_impact
    risk.likelihood, risk.impact = fields.likelihood, fields.impact
    risk.treatment, risk.owner = fields.treatment, fields.owner.strip()[:200]
    risk.due_on = fields.due_on
    risk.accepted_until = fields.accepted_until if fields.treatment is Treatment.ACCEPT else None
    risk.note = fields.note.strip()[:LONGEST_TEXT]
    risk.at, risk.by_name = now, actor.name[:200]
    risk.version += 1


def _wrong(fields: OwnRiskFields, *, today: date) -> dict[str, Message]:
    wrong: dict[str, Message] = {}
    if not fields.title.strip():
        wrong["title"] = Message(text=N_("Name the risk in a few words."))
    if not fields.scenario.strip():
        wrong["scenario"] = Message(text=N_("Say in a sentence what could happen."))
    for name in ("inherent_likelihood", "inherent_impact", "likelihood", "impact"):
        if getattr(fields, name) not in STEPS:
            wrong[name] = Message(text=N_("Choose 1 to 5."))
    if fields.patient_safety is not None and fields.patient_safety not in STEPS:
        wrong["patient_safety"] = Message(text=N_("Choose 1 to 5."))
    if fields.treatment is Treatment.ACCEPT and (fields.accepted_until is None or fields.accepted_until <= today):
        wrong["accepted_until"] = Message(text=N_("An acceptance needs a day on which it ends."))
    if fields.treatment is Treatment.ACCEPT and not fields.note.strip():
        wrong["note"] = Message(text=N_("Give the reason for accepting the risk."))
    return wrong


def _refuse_acceptance(
    session: Session, actor: Actor, risk: OwnRisk, fields: OwnRiskFields, *, now: datetime
) -> Mapping[str, Message]:
    """An acceptance that stands as it is, at the same height, may get other words; a new one keeps to the limits."""
    until = fields.accepted_until
    assert until is not None
    rules = policies.of(session, hospital_of(actor))
    level = residual.level(fields.impact, fields.likelihood, rules)
    if (
        (risk.treatment, risk.accepted_until) == (Treatment.ACCEPT, until)
        and (risk.vendor_id or "") == fields.vendor_id
        and level == residual.level(risk.impact, risk.likelihood, rules)
    ):
        return {}
    supply = session.get(Supply, fields.supply_id) if fields.supply_id else None
    vendor_id = supply.vendor_id if supply is not None else fields.vendor_id
    wanted = Accepting(level=level, until=until, vendor_id=vendor_id, risk_key=f"E-{risk.number:04}")
    return risk_limits.refuse(session, actor, wanted, now=now)


def _about(session: Session, actor: Actor, fields: OwnRiskFields, wrong: dict[str, Message]) -> Supply | None:
    """The product it is about; a vendor or product of somebody else is none."""
    if fields.vendor_id:
        vendors.find(session, actor, fields.vendor_id)
    if not fields.supply_id:
        return None
    supply = session.get(Supply, fields.supply_id)
    if supply is None or supply.hospital_id != hospital_of(actor):
        raise NotFound
    if fields.vendor_id and supply.vendor_id != fields.vendor_id:
        wrong["supply_id"] = Message(text=N_("This product belongs to another vendor."))
    return supply


def _document(risk: OwnRisk) -> dict[str, Any]:
    fields = OwnRiskFields(
        title=risk.title,
        scenario=risk.scenario,
        inherent_likelihood=risk.inherent_likelihood,
        inherent_impact=risk.inherent_impact,
        likelihood=risk.likelihood,
        impact=risk.impact,
        source=risk.source,
        vendor_id=risk.vendor_id or "",
        supply_id=risk.supply_id or "",
        concerns=tuple(risk.concerns),
        patient_safety=risk.patient_safety,
        treatment=risk.treatment,
        owner=risk.owner,
        due_on=risk.due_on,
        accepted_until=risk.accepted_until,
        note=risk.note,
    )
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(fields).items()}


def _keep_word(
    session: Session, actor: Actor, subject_id: str, verb: str, document: dict[str, Any], *, now: datetime
) -> None:
    session.add(
        RiskWord(
            hospital_id=hospital_of(actor),
            subject_id=subject_id,
            verb=verb,
            document=document,
            by_name=actor.name[:200],
            at=now,
        )
    )
