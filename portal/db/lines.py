"""Keeps what lists read in step with what it rests on, in the same transaction and however the change came about.

Sessions notice changed rows as they are flushed and write the lines of their vendors once, before the commit or before
somebody reads the lists in the same session (`settle`). Lists so need no join and no JSON, and cost the same with ten
vendors and with ten thousand.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import bindparam, event, insert, inspect, select, update
from sqlalchemy.orm import Session, sessionmaker

from assessments import ordering
from portal.db.models.assessments import Assessment
from portal.db.models.portfolio import SupplyLine, VendorLine
from portal.db.models.registers import ScoreRecord
from portal.db.models.snapshots import ScoreMove
from portal.db.models.supplies import ContactRole, VendorContact
from portal.db.models.vendors import IntakeRecord, Supply, Vendor

AT_ONCE = 400  # vendors of one round of statements
RANKS: Mapping[str, int] = {"low": 1, "moderate": 2, "high": 3, "critical": 4}
# The tier that is likely before anybody has filled in an intake; "other" says nothing. Lines hold what follows from it:
# who changes it empties them in a migration, as 0027 does, and they are written anew after it.
PROVISIONAL_TIERS: Mapping[str, int] = {
    **dict.fromkeys(("pacs", "kis", "laboratory", "infusion", "network"), 1),
    **dict.fromkeys(("medical-device", "telemedicine", "remote-maintenance", "building"), 2),
    **dict.fromkeys(("administration", "logistics"), 3),
}
NO_TIER = 9  # after every tier
STALE = "stale lines"
# What of an assessment lists show; an answer that is saved counts its version up, which is no news here.
OF_ASSESSMENT = ("stage", "due_on", "submitted_at", "round")

_Stale = set[tuple[str, str]]  # kind of id, id


def watch(sessions: sessionmaker[Session]) -> None:
    """Have every session of this kind keep the lines."""
    event.listen(sessions, "after_flush", _notice)
    event.listen(sessions, "before_commit", settle)
    event.listen(sessions, "after_rollback", _forget)


def settle(session: Session) -> None:
    """Write the lines of the vendors that this session has changed, if there are any."""
    session.flush()
    stale: _Stale = session.info.pop(STALE, set())
    if not stale:
        return
    by_kind: dict[str, set[str]] = defaultdict(set)
    for kind, key in stale:
        by_kind[kind].add(key)
    vendors = by_kind["vendor"]
    for kind, query in _OWNERS.items():
        for part in _parts(by_kind[kind]):
            vendors.update(session.scalars(query(part)))
    write(session, vendors)


def write(session: Session, vendor_ids: Collection[str]) -> None:
    """Write the lines of these vendors anew."""
    for part in _parts(vendor_ids):
        _write(session, part)


def write_missing(session: Session) -> int:
    """Write the lines of vendors that have none: of a database that an earlier version has filled."""
    have = select(VendorLine.vendor_id).where(VendorLine.vendor_id == Vendor.id)
    missing = session.scalars(select(Vendor.id).where(~have.exists())).all()
    write(session, missing)
    return len(missing)


# ---- noticing


def _of_vendor(row: Vendor) -> tuple[str, str]:
    return "vendor", row.id


def _of_child(row: Supply | Assessment | VendorContact) -> tuple[str, str]:
    return "vendor", row.vendor_id


_WATCHED: Mapping[type, Callable[[Any], tuple[str, str]]] = {
    Vendor: _of_vendor,
    Supply: _of_child,
    Assessment: _of_child,
    VendorContact: _of_child,
    IntakeRecord: lambda row: ("supply", row.supply_id),
    ScoreRecord: lambda row: ("assessment", row.assessment_id),
    ScoreMove: lambda row: ("score", row.score_id),
}
_OWNERS: Mapping[str, Callable[[Collection[str]], Any]] = {
    "supply": lambda ids: select(Supply.vendor_id).where(Supply.id.in_(ids)),
    "assessment": lambda ids: select(Assessment.vendor_id).where(Assessment.id.in_(ids)),
    "score": lambda ids: (
        select(Assessment.vendor_id)
        .join(ScoreRecord, ScoreRecord.assessment_id == Assessment.id)
        .where(ScoreRecord.id.in_(ids))
    ),
}


def _notice(session: Session, _context: Any) -> None:
    changed = [row for row in session.dirty if type(row) in _WATCHED and _is_news(session, row)]
    rows = [row for row in [*session.new, *session.deleted, *changed] if type(row) in _WATCHED]
    if rows:
        stale: _Stale = session.info.setdefault(STALE, set())
        stale.update(_WATCHED[type(row)](row) for row in rows)


def _is_news(session: Session, row: Any) -> bool:
    if isinstance(row, Assessment):
        state = inspect(row)
        return any(state.attrs[name].history.has_changes() for name in OF_ASSESSMENT)
    return session.is_modified(row)


def _forget(session: Session) -> None:
    if session.get_nested_transaction() is None:  # what is left after a savepoint may still hold
        session.info.pop(STALE, None)


# ---- writing


def _write(session: Session, vendor_ids: Collection[str]) -> None:
    vendors = session.execute(
        select(
            *(Vendor.hospital_id, Vendor.id, Vendor.name, Vendor.domain, Vendor.creditor_number),
            *(Vendor.security_email, Vendor.ended_at),
        ).where(Vendor.id.in_(vendor_ids))
    ).all()
    hospitals = {row.hospital_id for row in vendors}
    known = _locked(session, VendorLine, VendorLine.vendor_id, hospitals, vendor_ids)
    supplies = _supplies(session, vendor_ids)
    rounds = _rounds(session, hospitals, vendor_ids)
    secured = _secured(session, hospitals, vendor_ids)
    lines = [_line(row, supplies[row.id], rounds.get(row.id), secured=secured.get(row.id, set())) for row in vendors]
    _put(session, VendorLine, "vendor_id", known, lines)
    written = [
        _supply_line(vendor, row, secured=secured.get(vendor.id, set()))
        for vendor in vendors
        for row in supplies[vendor.id]
    ]
    there = _locked(session, SupplyLine, SupplyLine.supply_id, hospitals, [line["supply_id"] for line in written])
    _put(session, SupplyLine, "supply_id", there, written)


def _secured(
    session: Session, hospitals: Collection[str], vendor_ids: Collection[str]
) -> Mapping[str, set[str | None]]:
    """By vendor for which supplies there is somebody to call about their security; None: for all of them."""
    found: dict[str, set[str | None]] = defaultdict(set)
    for vendor_id, supply_id in session.execute(
        select(VendorContact.vendor_id, VendorContact.supply_id).where(
            VendorContact.hospital_id.in_(hospitals),
            VendorContact.vendor_id.in_(vendor_ids),
            VendorContact.role == ContactRole.SECURITY,
        )
    ):
        found[vendor_id].add(supply_id)
    return found


def _locked(session: Session, table: Any, column: Any, hospitals: Collection[str], ids: Collection[str]) -> set[str]:
    """Of two transactions that change the same vendor, the second reads what the first has written."""
    rows = select(column).where(table.hospital_id.in_(hospitals), column.in_(ids))
    return set(session.scalars(rows.order_by(column).with_for_update()))


def _put(session: Session, table: Any, key: str, known: set[str], lines: list[dict[str, Any]]) -> None:
    fresh = [line for line in lines if line[key] not in known]
    stood = [{**line, "_key": line[key], "_hospital": line["hospital_id"]} for line in lines if line[key] in known]
    core = table.__table__
    if fresh:
        session.connection().execute(insert(core), fresh)
    if stood:
        names = [name for name in lines[0] if name not in {key, "hospital_id"}]
        statement = (
            update(core)
            .where(core.c.hospital_id == bindparam("_hospital"), core.c[key] == bindparam("_key"))
            .values({name: bindparam(name) for name in names})
        )
        kept = [{name: line[name] for name in [*names, "_key", "_hospital"]} for line in stood]
        session.connection().execute(statement, kept)


def _supplies(session: Session, vendor_ids: Collection[str]) -> Mapping[str, list[Any]]:
    """The supplies of each vendor with their newest intake."""
    intakes: dict[str, Any] = {}
    for record in session.execute(
        select(IntakeRecord.supply_id, IntakeRecord.tier, IntakeRecord.impact)
        .join(Supply, Supply.id == IntakeRecord.supply_id)
        .where(Supply.vendor_id.in_(vendor_ids))
        .order_by(IntakeRecord.at)
    ):
        intakes[record.supply_id] = record
    found: dict[str, list[Any]] = defaultdict(list)
    for row in session.execute(
        select(
            *(Supply.id, Supply.hospital_id, Supply.vendor_id, Supply.name, Supply.product_group, Supply.department),
            *(Supply.owner_name, Supply.contract_ends_on, Supply.ended_at, (Supply.exit_plan != "").label("has_exit")),
        )
        .where(Supply.vendor_id.in_(vendor_ids))
        .order_by(Supply.created_at, Supply.id)
    ):
        found[row.vendor_id].append((row, intakes.get(row.id)))
    return found


def _rounds(
    session: Session, hospitals: Collection[str], vendor_ids: Collection[str]
) -> Mapping[str, tuple[Any, Any, float | None]]:
    """The newest round of each vendor, its current score, and by how much it has moved."""
    newest = {
        row.vendor_id: row
        for row in session.execute(
            select(*(Assessment.vendor_id, Assessment.id, Assessment.stage, Assessment.due_on, Assessment.submitted_at))
            .where(Assessment.hospital_id.in_(hospitals), Assessment.vendor_id.in_(vendor_ids))
            .order_by(Assessment.round)
        )
    }
    wanted = [row.id for row in newest.values()]
    scores = {
        row.assessment_id: row
        for row in session.execute(
            select(
                *(ScoreRecord.id, ScoreRecord.assessment_id, ScoreRecord.at, ScoreRecord.value, ScoreRecord.grade),
                *(ScoreRecord.coverage, ScoreRecord.outside_value, ScoreRecord.outside_grade, ScoreRecord.residual),
                *(ScoreRecord.contradictions, ScoreRecord.open_findings, ScoreRecord.evidence_ends),
            ).where(
                ScoreRecord.hospital_id.in_(hospitals), ScoreRecord.assessment_id.in_(wanted), ScoreRecord.is_current
            )
        )
    }
    moves = {
        score_id: _difference(document)
        for score_id, document in session.execute(
            select(ScoreMove.score_id, ScoreMove.document).where(
                ScoreMove.hospital_id.in_(hospitals), ScoreMove.score_id.in_([row.id for row in scores.values()])
            )
        )
    }
    found = {}
    for vendor_id, row in newest.items():
        score = scores.get(row.id)
        found[vendor_id] = (row, score, moves.get(score.id) if score is not None else None)
    return found


def _difference(document: Mapping[str, Any]) -> float | None:
    before, after = document.get("before"), document.get("after")
    return None if before is None or after is None else float(after) - float(before)


def _line(
    vendor: Any, supplies: list[Any], last: tuple[Any, Any, float | None] | None, *, secured: set[str | None]
) -> dict[str, Any]:
    is_ended = vendor.ended_at is not None
    active = [(row, intake) for row, intake in supplies if row.ended_at is None]
    named = [row.name for row, _intake in (active or (supplies if is_ended else []))]
    rated = [intake for _row, intake in active if intake is not None]
    found, score, moved = last if last is not None else (None, None, None)
    ends = sorted((score.evidence_ends or []) if score is not None else [])
    return {
        "hospital_id": vendor.hospital_id,
        "vendor_id": vendor.id,
        "name": vendor.name,
        "sorted_by": ordering.by_name(vendor.name),
        "words": "\n".join([vendor.name, vendor.domain, vendor.creditor_number, *named]).casefold(),
        "products": ", ".join(named),
        "is_ended": is_ended,
        "has_security_contact": bool(vendor.security_email)
        or None in secured
        or (bool(active) and secured.issuperset(row.id for row, _intake in active)),
        "supplies": len(active),
        "unrated_supply_id": next((row.id for row, intake in active if intake is None), None),
        "tier": min((intake.tier for intake in rated), default=None),
        "impact": max((intake.impact for intake in rated), default=None),
        "assessment_id": found.id if found is not None else None,
        "stage": found.stage if found is not None else None,
        "due_on": found.due_on if found is not None else None,
        "submitted_at": found.submitted_at if found is not None else None,
        "score_id": score.id if score is not None else None,
        "value": score.value if score is not None else None,
        "grade": score.grade if score is not None else None,
        "coverage": score.coverage if score is not None else None,
        "outside_value": score.outside_value if score is not None else None,
        "outside_grade": score.outside_grade if score is not None else None,
        "residual": score.residual if score is not None else None,
        "residual_rank": RANKS.get(score.residual or "") if score is not None else None,
        "contradictions": score.contradictions if score is not None else 0,
        "critical": int(score.open_findings.get("critical") or 0) if score is not None else 0,
        "evidence_ends": ends,
        "evidence_end": date.fromisoformat(ends[0]) if ends else None,
        "moved": moved,
        "scored_at": score.at if score is not None else None,
    }


def _supply_line(vendor: Any, supplied: Any, *, secured: set[str | None]) -> dict[str, Any]:
    row, intake = supplied
    expected = PROVISIONAL_TIERS.get(row.product_group, NO_TIER)
    return {
        "hospital_id": row.hospital_id,
        "supply_id": row.id,
        "vendor_id": row.vendor_id,
        "name": row.name,
        "sorted_by": ordering.by_name(row.name),
        "words": f"{row.name}\n{vendor.name}\n{vendor.domain}\n{vendor.creditor_number}".casefold(),
        "is_ended": row.ended_at is not None or vendor.ended_at is not None,
        "product_group": row.product_group,
        "department": row.department,
        "owner_name": row.owner_name,
        "contract_ends_on": row.contract_ends_on,
        "tier": intake.tier if intake is not None else None,
        "impact": intake.impact if intake is not None else None,
        "likely_tier": intake.tier if intake is not None else expected,
        "has_exit_plan": row.has_exit,
        "has_security_contact": bool(vendor.security_email) or None in secured or row.id in secured,
    }


def _parts(ids: Iterable[str]) -> Iterable[list[str]]:
    ordered = sorted(ids)
    return (ordered[at : at + AT_ONCE] for at in range(0, len(ordered), AT_ONCE))
