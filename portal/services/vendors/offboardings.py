"""The end of a supply or a vendor: with a day, a reason and a checklist; what was stays, and it can be taken back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from portal.db.models.supplies import Offboarding, OffboardingStep, Step, StepState
from portal.db.models.vendors import Supply, Vendor
from portal.errors import BadInput, Clash, NotFound, NotNow
from portal.home import BERLIN
from portal.services import audit
from portal.services.actors import HOSPITAL_WRITERS, SYSTEM, Actor, hospital_of
from portal.services.scans import scans
from portal.services.vendors import vendors
from scanners.model import N_, Message

LONGEST_REASON = 4000
FURTHEST = timedelta(days=5 * 366)
CHANGED = N_("Somebody else changed this in the meantime. Look at what stands now and save again.")

STEPS: Mapping[Step, str] = {
    Step.ACCESS: N_("Accounts and keys of the vendor are revoked"),
    Step.REMOTE: N_("Remote access is closed"),
    Step.DATA: N_("Data are returned or erased, with proof"),
    Step.DEVICES: N_("Devices and media are returned, erased or kept"),
}
STATES: Mapping[StepState, str] = {
    StepState.OPEN: N_("open"),
    StepState.DONE: N_("done"),
    StepState.NOT_NEEDED: N_("not needed"),
}


@dataclass(frozen=True, kw_only=True)
class StepFields:
    """What somebody says of a step; done needs its proof."""

    state: StepState
    proof: str = ""


@dataclass(frozen=True, kw_only=True)
class Open:
    """An end whose checklist is not done."""

    vendor: Vendor
    supply: Supply | None
    row: Offboarding

    @property
    def count(self) -> int:
        """How many steps are open."""
        return sum(one.state is StepState.OPEN for one in self.row.steps)


def begin(
    session: Session,
    actor: Actor,
    vendor_id: str,
    *,
    supply_id: str | None = None,
    reason: str,
    ends_on: date | None,
    now: datetime,
) -> Offboarding:
    """Say that it ends, and when. From that day on it is off the lists, and nobody is written to or scanned."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    vendor = vendors.find(session, actor, vendor_id)
    supply = next((one for one in vendor.supplies if one.id == supply_id), None) if supply_id else None
    if supply_id and supply is None:
        raise NotFound
    today = now.astimezone(BERLIN).date()
    wrong: dict[str, Message] = {}
    if not reason.strip():
        wrong["reason"] = Message(text=N_("Say why it ends."))
    if ends_on is None or abs(ends_on - today) > FURTHEST:
        wrong["ends_on"] = Message(text=N_("Enter the day on which it ends."))
    if wrong or ends_on is None:
        raise BadInput(wrong)
    session.refresh(vendor, with_for_update=True)  # of two who end it, one goes first
    if _standing(session, hospital_id, vendor.id, supply_id) is not None or (supply or vendor).ended_at is not None:
        raise NotNow(Message(text=N_("Its end is written down already.")))
    row = Offboarding(
        hospital_id=hospital_id,
        vendor_id=vendor.id,
        supply_id=supply_id,
        ends_on=ends_on,
        reason=reason.strip()[:LONGEST_REASON],
        by_name=actor.name[:200],
        at=now,
        steps=[OffboardingStep(hospital_id=hospital_id, step=step, state=StepState.OPEN) for step in Step],
    )
    session.add(row)
    session.flush()
    detail = {"offboarding": row.id, "ends_on": ends_on.isoformat()}
    audit.record(session, actor, "offboarding.begun", supply_id or vendor.id, now=now, detail=detail)
    if ends_on <= today:
        _end(session, actor, row, now=now)
    return row


def say(
    session: Session, actor: Actor, offboarding_id: str, said: Mapping[Step, StepFields], *, version: int, now: datetime
) -> Offboarding:
    """Write down how far the checklist has come; what is done needs what proves it."""
    hospital_of(actor, HOSPITAL_WRITERS)
    row = find(session, actor, offboarding_id)
    session.refresh(row, with_for_update=True)
    if row.taken_back_at is not None:
        raise NotNow(Message(text=N_("This end was taken back.")))
    if row.version != version:
        raise Clash(Message(text=CHANGED), version=row.version)
    proof = Message(text=N_("Say what shows it: a protocol, a confirmation, a ticket."))
    wrong = {
        f"{step.value}_proof": proof
        for step, fields in said.items()
        if fields.state is not StepState.OPEN and not fields.proof.strip()
    }
    if wrong:
        raise BadInput(wrong)
    changed = []
    for one in row.steps:
        fields = said.get(one.step)
        if fields is None or (one.state, one.proof) == (fields.state, fields.proof.strip()[:500]):
            continue
        one.state, one.proof = fields.state, fields.proof.strip()[:500]
        one.by_name, one.at = actor.name[:200], now
        changed.append(one.step.value)
    row.version += 1
    detail = {"offboarding": row.id, "steps": changed}
    audit.record(session, actor, "offboarding.changed", row.supply_id or row.vendor_id, now=now, detail=detail)
    return row


def take_back(session: Session, actor: Actor, offboarding_id: str, *, now: datetime) -> Offboarding:
    """It goes on after all: on the lists again, the row of its end stays."""
    hospital_of(actor, HOSPITAL_WRITERS)
    row = find(session, actor, offboarding_id)
    session.refresh(row, with_for_update=True)
    if row.taken_back_at is not None:
        raise NotNow(Message(text=N_("This end was taken back.")))
    try:
        if row.supply_id:
            vendors.bring_supply_back(session, actor, row.supply_id, now=now)
        else:
            vendors.bring_back(session, actor, row.vendor_id, now=now)
    except BadInput as refused:  # another vendor has its numbers by now
        raise NotNow(next(iter(refused.fields.values()))) from refused
    row.taken_back_at, row.taken_back_by = now, actor.name[:200]
    row.version += 1
    audit.record(
        session,
        actor,
        "offboarding.taken-back",
        row.supply_id or row.vendor_id,
        now=now,
        detail={"offboarding": row.id},
    )
    return row


def end_due(session: Session, *, now: datetime) -> int:
    """What was said to end by today ends; how many did."""
    today = now.astimezone(BERLIN).date()
    rows = session.scalars(
        select(Offboarding).where(Offboarding.taken_back_at.is_(None), Offboarding.ends_on <= today)
    ).all()
    count = 0
    for row in rows:
        ended = session.get_one(Supply, row.supply_id) if row.supply_id else session.get_one(Vendor, row.vendor_id)
        if ended.ended_at is None:
            _end(session, SYSTEM, row, now=now)
            count += 1
    return count


def find(session: Session, actor: Actor, offboarding_id: str) -> Offboarding:
    """One end of the actor's hospital."""
    row = session.get(Offboarding, offboarding_id)
    if row is None or row.hospital_id != hospital_of(actor):
        raise NotFound
    return row


def of_vendor(session: Session, actor: Actor, vendor_id: str) -> Sequence[Offboarding]:
    """Every end of a vendor and its supplies, those that were taken back too, the newest first."""
    return session.scalars(
        select(Offboarding)
        .where(Offboarding.hospital_id == hospital_of(actor), Offboarding.vendor_id == vendor_id)
        .options(selectinload(Offboarding.steps))
        .order_by(Offboarding.at.desc(), Offboarding.id)
    ).all()


def due(session: Session, actor: Actor, *, today: date) -> Sequence[Open]:
    """Ends that have come and whose checklist is not done, the oldest first."""
    rows = session.execute(
        select(Offboarding, Vendor, Supply)
        .join(Vendor, (Vendor.hospital_id == Offboarding.hospital_id) & (Vendor.id == Offboarding.vendor_id))
        .outerjoin(Supply, (Supply.hospital_id == Offboarding.hospital_id) & (Supply.id == Offboarding.supply_id))
        .where(
            Offboarding.hospital_id == hospital_of(actor),
            Offboarding.taken_back_at.is_(None),
            Offboarding.ends_on <= today,
        )
        .options(selectinload(Offboarding.steps))
        .order_by(Offboarding.ends_on, Offboarding.id)
    ).all()
    found = [Open(vendor=vendor, supply=supply, row=row) for row, vendor, supply in rows]
    return [one for one in found if one.count]


def _standing(session: Session, hospital_id: str, vendor_id: str, supply_id: str | None) -> Offboarding | None:
    return session.scalars(
        select(Offboarding).where(
            Offboarding.hospital_id == hospital_id,
            Offboarding.vendor_id == vendor_id,
            Offboarding.supply_id == supply_id if supply_id else Offboarding.supply_id.is_(None),
            Offboarding.taken_back_at.is_(None),
        )
    ).first()


def _end(session: Session, actor: Actor, row: Offboarding, *, now: datetime) -> None:
    """Off the lists, and what still runs against it is stopped."""
    if row.supply_id:
        session.get_one(Supply, row.supply_id).ended_at = now
        verb = "supply.ended"
    else:
        session.get_one(Vendor, row.vendor_id).ended_at = now
        verb = "vendor.ended"
        scans.stop_for_vendor(session, actor, row.hospital_id, row.vendor_id, now=now)
    scope = audit.hospital_scope(row.hospital_id)
    audit.record(session, actor, verb, row.supply_id or row.vendor_id, now=now, scope=scope)
