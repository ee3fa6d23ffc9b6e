"""Snapshots: the register frozen with all its facts, sealed, opened again with the same numbers, and compared."""

import hashlib
import json
import operator
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from assessments import comparing, ordering, register, storing
from assessments.comparing import Changes, Movement, RegisterThen, RiskThen, VendorThen
from assessments.deciding import Asked
from assessments.model import (
    ActionFact,
    Dossier,
    Grade,
    Policy,
    Register,
    RiskLevel,
    ScopeFact,
    ShareFact,
    Treated,
    VendorRecord,
)
from portal.db.models.accounts import HospitalRole
from portal.db.models.snapshots import Snapshot, SnapshotState
from portal.errors import BadInput, NotFound, NotNow
from portal.files.blobs import Blobs, Changed
from portal.home import BERLIN
from portal.services import audit, jobs
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from portal.services.decisions import decisions
from portal.services.jobs import JobKind
from portal.services.registers import dossiers, frozen, loading, movements, registers, stored
from portal.services.registers.registers import Whole
from questionnaires.model import Text
from scanners import storing as scanner_storing
from scanners.catalogue import CATALOGUE_VERSION, CHECKS
from scanners.model import N_, Message
from scanners.storing import BadDocument

SCHEMA = 1
FREEZERS = HOSPITAL_WRITERS | {HospitalRole.DECIDER}
LONGEST_NAME = 200
MOST = 500  # of one hospital
MOST_SHARED = 20  # things that several vendors rest on, as papers tell of them
canonical = frozen.canonical
MOST_EXPLAINED = 40  # vendors of a comparison whose difference is split by cause, the largest first


@dataclass(frozen=True, kw_only=True)
class Frozen:
    """A document, and of how many vendors the assessment was taken from what is kept."""

    document: bytes
    vendors: int
    taken: int


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A snapshot with its document, as it was sealed."""

    row: Snapshot
    document: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Side:
    """One side of a comparison: what is compared, and how a vendor's facts are had again."""

    then: RegisterThen
    policy: Policy
    document: Mapping[str, Any] | None = None  # None: today
    whole: Whole | None = None


def owner_of(hospital_id: str) -> str:
    """Whose key seals it."""
    return f"hospital:{hospital_id}"


# ---- freezing


def ask(session: Session, actor: Actor, name: str, *, now: datetime) -> Snapshot:
    """A row and a job; the worker freezes what stands when it begins."""
    hospital_id = hospital_of(actor, FREEZERS)
    if not name.strip():
        raise BadInput({"name": Message(text=N_("Give the snapshot a name, such as the meeting it is for."))})
    if len(rows(session, actor)) >= MOST:
        raise NotNow(Message(text=N_("There are as many snapshots as can be kept.")))
    row = Snapshot(
        hospital_id=hospital_id,
        name=name.strip()[:LONGEST_NAME],
        at=now,
        by_name=actor.name[:200],
        state=SnapshotState.WAITING,
    )
    session.add(row)
    session.flush()
    jobs.add(
        session, JobKind.SNAPSHOT, {"hospital_id": hospital_id, "snapshot_id": row.id}, now=now, tenant=hospital_id
    )
    audit.record(session, actor, "snapshot.asked", row.id, now=now)
    return row


def freeze(session: Session, hospital_id: str, snapshot_id: str, *, now: datetime) -> bytes | None:
    """The document of a snapshot that waits, in canonical JSON; reads only. None: it waits no more."""
    made = frozen_now(session, hospital_id, snapshot_id, now=now)
    return None if made is None else made.document


def frozen_now(session: Session, hospital_id: str, snapshot_id: str, *, now: datetime) -> Frozen | None:
    """The same, with how it was made."""
    row = session.get(Snapshot, snapshot_id)
    if row is None or row.hospital_id != hospital_id or row.state is not SnapshotState.WAITING:
        return None
    reader = Actor(name=row.by_name, hospital_id=hospital_id, hospital_role=HospitalRole.AUDITOR)
    return _frozen(session, reader, row, now=now)


def put(shelf: Blobs, hospital_id: str, document: bytes) -> dict[str, Any]:
    """Seal it; gives what the row keeps of it."""
    kept = shelf.put(owner_of(hospital_id), zlib.compress(document))
    head = json.loads(document)
    return {
        "sha256": hashlib.sha256(document).hexdigest(),
        "blob_id": kept.blob_id,
        "packed_sha256": kept.sha256,
        "vendors": len(head["vendors"]),
        "risks": len(head["risks"]),
        "at": datetime.fromisoformat(head["at"]),
    }


def keep(session: Session, hospital_id: str, snapshot_id: str, fields: Mapping[str, Any], *, now: datetime) -> None:
    """It is frozen; from here on nothing of it changes."""
    row = session.get(Snapshot, snapshot_id)
    if row is None or row.hospital_id != hospital_id:
        return
    for name, value in fields.items():
        setattr(row, name, value)
    row.state = SnapshotState.DONE
    actor = Actor(name=row.by_name, hospital_id=hospital_id, hospital_role=HospitalRole.AUDITOR)
    audit.record(session, actor, "snapshot.frozen", row.id, now=now, detail={"sha256": row.sha256})


def give_up(session: Session, hospital_id: str, snapshot_id: str) -> None:
    """Nobody could make it."""
    row = session.get(Snapshot, snapshot_id)
    if row is not None and row.hospital_id == hospital_id and row.state is SnapshotState.WAITING:
        row.state = SnapshotState.FAILED


# ---- reading


def rows(session: Session, actor: Actor) -> Sequence[Snapshot]:
    """Every snapshot of the hospital, the newest first."""
    return session.scalars(
        select(Snapshot).where(Snapshot.hospital_id == hospital_of(actor)).order_by(Snapshot.at.desc(), Snapshot.id)
    ).all()


def find(session: Session, actor: Actor, snapshot_id: str) -> Snapshot:
    """One of them."""
    row = session.get(Snapshot, snapshot_id)
    if row is None or row.hospital_id != hospital_of(actor):
        raise NotFound
    return row


def open_one(session: Session, actor: Actor, shelf: Blobs, snapshot_id: str) -> Opened:
    """The document again, if it is whole and unchanged; nothing of it is worked out anew."""
    row = find(session, actor, snapshot_id)
    if row.state is not SnapshotState.DONE:
        raise NotNow(Message(text=N_("This snapshot is not frozen yet.")))
    plain = zlib.decompress(shelf.get(owner_of(row.hospital_id), row.blob_id, row.packed_sha256))
    if hashlib.sha256(plain).hexdigest() != row.sha256:
        raise Changed(row.blob_id)
    return Opened(row=row, document=json.loads(plain))


# ---- comparing


def side_of(opened: Opened) -> Side:
    """A snapshot as a side of a comparison."""
    document = opened.document
    return Side(then=then_of(document), policy=storing.load_policy(document["policy"]), document=document)


def side_today(session: Session, actor: Actor, *, now: datetime) -> Side:
    """What stands now as a side of a comparison."""
    return side_now(registers.whole(session, actor, now=now))


def side_now(whole: Whole) -> Side:
    """The same, of a register that was worked out already."""
    return Side(then=comparing.then(whole.register), policy=whole.register.policy, whole=whole)


def compare(session: Session, actor: Actor, before: Side, after: Side) -> Changes:
    """What came, went and moved, with the reasons of the largest differences."""
    found = comparing.between(before.then, after.then)
    reasons: dict[str, Movement] = {}
    for change in found.vendors_moved[:MOST_EXPLAINED]:
        key = change.after.key
        old, new = _vendor(before, key), _dossier(session, actor, after, key)
        if old is None or new is None:
            continue
        catalogue = movements.catalogue_of(session, hospital_of(actor), old["assessment_id"], old)
        if catalogue is not None:
            facts = {**old, "policy": storing.dump_policy(before.policy), "checks": _checks(before)}
            movement = movements.explained(facts, catalogue, new, after.policy)
            if movement is not None:
                reasons[key] = movement
    return comparing.between(before.then, after.then, reasons)


def since(session: Session, actor: Actor, shelf: Blobs, whole: Whole) -> Changes | None:
    """For the register's workbook: what changed since the newest snapshot; None when there is none."""
    newest = next((row for row in rows(session, actor) if row.state is SnapshotState.DONE), None)
    if newest is None:
        return None
    return compare(session, actor, side_of(open_one(session, actor, shelf, newest.id)), side_now(whole))


def _vendor(side: Side, key: str) -> Mapping[str, Any] | None:
    if side.document is not None:
        found = next((row for row in side.document["vendors"] if row["key"] == key), None)
        return {"assessment_id": found["assessment_id"], "dossier": found["dossier"]} if found else None
    assert side.whole is not None
    one = side.whole.assessed.get(key)
    return {"assessment_id": side.whole.rounds[key], "dossier": storing.dump(one.dossier)} if one else None


def _checks(side: Side) -> Mapping[str, Any]:
    if side.document is not None:
        checks: Mapping[str, Any] = side.document["checks"]
        return checks
    return movements.bare_checks(CHECKS)


def _dossier(session: Session, actor: Actor, side: Side, key: str) -> Dossier | None:
    if side.whole is not None:
        one = side.whole.assessed.get(key)
        return one.dossier if one else None
    found = _vendor(side, key)
    if found is None:
        return None
    catalogue = movements.catalogue_of(session, hospital_of(actor), found["assessment_id"], found)
    if catalogue is None:
        return None
    try:
        return storing.load(found["dossier"], catalogue=catalogue, checks=storing.load_checks(_checks(side)))
    except BadDocument:
        return None


# ---- the document


def _frozen(session: Session, reader: Actor, row: Snapshot, *, now: datetime) -> Frozen:
    """Everything a register says and everything it rests on, vendor by vendor: what was kept of a vendor's assessment
    is taken where its facts are the same, and all else is worked out anew. Nothing of a vendor but bytes stays in
    memory."""
    hospital_id = hospital_of(reader)
    around = registers.around(session, reader, now=now)
    rules = stored.rules(around.policy)
    names = {one.key: one.vendor.name for one in around.wanted}
    vendors: list[bytes] = []
    risks: list[tuple[ordering.Rank, bytes]] = []
    versions: set[str] = set()
    taken = 0
    for at in range(0, len(around.wanted), loading.AT_ONCE):
        wanted = around.wanted[at : at + loading.AT_ONCE]
        kept = stored.of(session, hospital_id, [one.vendor.id for one in wanted])
        for one, dossier in zip(wanted, dossiers.several(session, hospital_id, wanted, now=now), strict=True):
            dumped, keeping = storing.dump(dossier), kept.get(one.vendor.id)
            versions.add(f"{dossier.catalogue.id} {dossier.catalogue.version}")
            if keeping is not None and keeping.fingerprint == stored.fingerprint(dossier, dumped, rules):
                part = stored.read(keeping)
                taken += 1
            else:
                part = stored.part_of(register.assess(dossier, around.policy), around.policy)
            beside = frozen.beside(around.records.get(one.key), around.scopes.get(one.key))
            round_id = one.assessment.id if one.assessment is not None else ""
            vendors.append(frozen.canonical({**part.vendor, **beside, "assessment_id": round_id, "dossier": dumped}))
            risks += [
                _risk_line(each, around.written.get((one.vendor.id, each["key"])), part.vendor["name"])
                for each in part.risks
            ]
    risks += [
        _risk_line(
            frozen.risk_out(risk, around.policy),
            around.own_treated[risk.vendor_key, risk.key],
            names.get(risk.vendor_key, ""),
        )
        for risk in around.own
    ]
    risks.sort(key=operator.itemgetter(0))
    head = _head(
        around.hospital.name,
        around.policy,
        name=row.name,
        by=row.by_name,
        at=now,
        catalogue_versions=sorted(versions),
        actions=register.in_order(around.actions),
        asked=decisions.asked(session, reader, now.astimezone(BERLIN).date()),
        shared=around.shared,
    )
    plain = {**head, "checks": movements.bare_checks(CHECKS)}
    pieces = {name: frozen.canonical(value) for name, value in plain.items()}
    pieces["vendors"] = b"[" + b",".join(vendors) + b"]"
    pieces["risks"] = b"[" + b",".join(line for _order, line in risks) + b"]"
    document = b"{" + b",".join(frozen.canonical(name) + b":" + pieces[name] for name in sorted(pieces)) + b"}"
    return Frozen(document=document, vendors=len(vendors), taken=taken)


def _risk_line(risk: Mapping[str, Any], treated: Treated | None, vendor_name: str) -> tuple[ordering.Rank, bytes]:
    return frozen.place(risk, vendor_name), frozen.canonical({**risk, **frozen.treated_out(treated)})


def said_of(register: Register, *, name: str = "", by: str = "", asked: Iterable[Asked] = ()) -> dict[str, Any]:
    """What the register says, without the facts it rests on: papers are made from this, frozen or not."""
    head = _head(
        register.hospital,
        register.policy,
        name=name,
        by=by,
        at=register.at,
        catalogue_versions=register.catalogue_versions,
        actions=register.actions,
        asked=asked,
        shared=register.shared,
    )
    return {
        **head,
        "vendors": [{**frozen.vendor_out(row), **frozen.beside(row.record, row.scope)} for row in register.vendors],
        "risks": [
            {**frozen.risk_out(risk, register.policy), **frozen.treated_out(register.treated(risk))}
            for risk in register.risks
        ],
    }


def _head(
    hospital: str,
    policy: Policy,
    *,
    name: str,
    by: str,
    at: datetime,
    catalogue_versions: Iterable[str],
    actions: Iterable[ActionFact],
    asked: Iterable[Asked],
    shared: Sequence[ShareFact],
) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "kind": "register",
        "hospital": hospital,
        "name": name,
        "by": by,
        "at": at.isoformat(),
        "policy": storing.dump_policy(policy),
        "policy_version": policy.version,
        "catalogue_versions": list(catalogue_versions),
        "checks_version": CATALOGUE_VERSION,
        "actions": [_action_out(one) for one in actions],
        "asked": [_asked_out(one) for one in asked],
        "shared": [_share_out(one) for one in shared[:MOST_SHARED]],
    }


def _share_out(one: ShareFact) -> dict[str, Any]:
    return {"kind": one.kind, "name": one.name, "critical": one.critical, "vendors": len(one.vendor_keys)}


def _asked_out(one: Asked) -> dict[str, Any]:
    return {
        "vendor_key": one.vendor_key,
        "about": one.about,
        "why": [why.value for why in one.why],
        "authority": one.authority.value,
    }


def _action_out(one: ActionFact) -> dict[str, Any]:
    return {
        "key": one.key,
        "vendor_key": one.vendor_key,
        "title": frozen.both(one.title),
        "standing": frozen.both(one.standing),
        "owner": one.owner,
        "due_on": frozen.day(one.due_on),
        "is_overdue": one.overdue,
    }


def record_of(row: Mapping[str, Any]) -> VendorRecord | None:
    """What was recorded beside the assessment of a frozen vendor; None: an earlier version froze nothing of it."""
    kept = row.get("record")
    return None if kept is None else scanner_storing.decode(VendorRecord, kept, "vendor.record")


def scope_of(row: Mapping[str, Any]) -> ScopeFact | None:
    """The NIS2 class of a frozen vendor."""
    kept = row.get("scope")
    return None if kept is None else scanner_storing.decode(ScopeFact, kept, "vendor.scope")


def then_of(document: Mapping[str, Any]) -> RegisterThen:
    """What of a frozen register is compared."""
    return RegisterThen(
        at=datetime.fromisoformat(document["at"]),
        vendors=tuple(
            VendorThen(
                key=row["key"],
                name=row["name"],
                tier=row["tier"],
                grade=Grade(row["grade"]) if row["grade"] else None,
                value=Decimal(row["value"]) if row["value"] is not None else None,
                coverage=Decimal(row["coverage"]),
                level=RiskLevel(row["level"]) if row["level"] else None,
            )
            for row in document["vendors"]
        ),
        risks=tuple(
            RiskThen(
                key=row["key"],
                vendor_key=row["vendor_key"],
                title=Text(de=row["title"]["de"], en=row["title"]["en"]),
                level=RiskLevel(row["level"]) if row["level"] else None,
            )
            for row in document["risks"]
        ),
    )
