"""Snapshots: the register frozen with all its facts, sealed, opened again with the same numbers, and compared."""

import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from assessments import comparing, residual, storing
from assessments.comparing import Changes, Movement, RegisterThen, RiskThen, VendorThen
from assessments.deciding import Asked
from assessments.model import (
    ActionFact,
    Dossier,
    Grade,
    Policy,
    Register,
    Risk,
    RiskLevel,
    RiskSource,
    ScopeFact,
    ShareFact,
    VendorRecord,
    VendorRow,
    Words,
    say,
)
from portal import i18n
from portal.db.models.accounts import HospitalRole
from portal.db.models.snapshots import Snapshot, SnapshotState
from portal.errors import BadInput, NotFound, NotNow
from portal.files.blobs import Blobs, Changed
from portal.home import BERLIN
from portal.services import audit, jobs
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from portal.services.decisions import decisions
from portal.services.jobs import JobKind
from portal.services.registers import movements, registers
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
MOST_EXPLAINED = 40  # vendors of a comparison whose difference is split by cause, the largest first


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
    row = session.get(Snapshot, snapshot_id)
    if row is None or row.hospital_id != hospital_id or row.state is not SnapshotState.WAITING:
        return None
    reader = Actor(name=row.by_name, hospital_id=hospital_id, hospital_role=HospitalRole.AUDITOR)
    found = registers.whole(session, reader, now=now)
    asked = decisions.asked(session, reader, now.astimezone(BERLIN).date())
    return canonical(document_of(found, name=row.name, by=row.by_name, asked=asked))


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


def canonical(document: Mapping[str, Any]) -> bytes:
    """The same content is the same bytes."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def document_of(whole: Whole, *, name: str, by: str, asked: Iterable[Asked] = ()) -> dict[str, Any]:
    """Everything the register says and everything it rests on."""
    said = said_of(whole.register, name=name, by=by, asked=asked)
    vendors = [
        {**row, "assessment_id": whole.rounds[row["key"]], "dossier": storing.dump(whole.assessed[row["key"]].dossier)}
        for row in said["vendors"]
    ]
    return {**said, "checks": movements.bare_checks(CHECKS), "vendors": vendors}


def said_of(register: Register, *, name: str = "", by: str = "", asked: Iterable[Asked] = ()) -> dict[str, Any]:
    """What the register says, without the facts it rests on: papers are made from this, frozen or not."""
    return {
        "schema": SCHEMA,
        "kind": "register",
        "hospital": register.hospital,
        "name": name,
        "by": by,
        "at": register.at.isoformat(),
        "policy": storing.dump_policy(register.policy),
        "policy_version": register.policy_version,
        "catalogue_versions": list(register.catalogue_versions),
        "checks_version": CATALOGUE_VERSION,
        "vendors": [_vendor_out(row) for row in register.vendors],
        "risks": [_risk_out(register, risk) for risk in register.risks],
        "actions": [_action_out(one) for one in register.actions],
        "asked": [_asked_out(one) for one in asked],
        "shared": [_share_out(one) for one in register.shared[:MOST_SHARED]],
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
        "title": _both(one.title),
        "standing": _both(one.standing),
        "owner": one.owner,
        "due_on": _day(one.due_on),
        "is_overdue": one.overdue,
    }


def _vendor_out(row: VendorRow) -> dict[str, Any]:
    score = row.score
    return {
        "key": row.key,
        "name": row.name,
        "supplies": [{"key": supply.key, "name": supply.name, "tier": supply.tier} for supply in row.supplies],
        "tier": row.tier,
        "impact": row.impact,
        "patient_safety": row.patient_safety,
        "value": _text(score.value),
        "grade": score.grade.value if score.grade else None,
        "why_no_grade": score.why_no_grade.value if score.why_no_grade else None,
        "coverage": str(score.coverage),
        "outside_value": _text(score.outside.value),
        "outside_grade": score.outside.grade.value if score.outside.grade else None,
        "likelihood": row.residual.likelihood.value,
        "level": row.residual.level.value if row.residual.level else None,
        "parts": {
            part.part: {"value": _text(part.value), "level": part.level, "basis": part.basis.value}
            for part in score.parts
        },
        "open_findings": {severity.value: count for severity, count in row.open_findings.items()},
        "open_contradictions": row.open_contradictions,
        "knock_outs": list(row.knock_outs),
        "record": scanner_storing.encode(row.record) if row.record is not None else None,
        "scope": scanner_storing.encode(row.scope) if row.scope is not None else None,
    }


def _risk_out(register: Register, risk: Risk) -> dict[str, Any]:
    treated = register.treated(risk)
    inherent = residual.inherent(risk, register.policy) if risk.source is not RiskSource.OWN else None
    return {
        "key": risk.key,
        "vendor_key": risk.vendor_key,
        "title": _both(risk.title),
        "scenario": _both(risk.scenario),
        "source": risk.source.value,
        "source_keys": list(risk.source_keys),
        "concerns": [concern.value for concern in risk.concerns],
        "severity": risk.severity.value,
        "likelihood": risk.likelihood.value,
        "impact": risk.impact,
        "patient_safety": risk.patient_safety,
        "level": risk.level.value if risk.level else None,
        "inherent": inherent.value if inherent else None,
        "supplies": list(risk.supplies),
        "since": risk.since.isoformat() if risk.since else None,
        "waived_until": _day(risk.accepted_until),
        "treatment": treated.treatment.value if treated else "open",
        "owner": treated.owner if treated else "",
        "due_on": _day(treated.due_on) if treated else None,
        "accepted_until": _day(treated.accepted_until) if treated else None,
        "note": treated.note if treated else "",
        "by": treated.by if treated else "",
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


def _both(words: Words) -> dict[str, str]:
    return {name: say(words, language=name, translate=i18n.translator(name)) for name in i18n.LANGUAGES}


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None
