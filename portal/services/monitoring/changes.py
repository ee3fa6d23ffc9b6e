"""What changed at a vendor since the hospital last saw it: each change once, with before and after, and only what the
hospital may see now (releases.py). The mark holds what it saw; comparing and moving it is one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from assessments import comparing
from portal.db.models.accounts import Hospital
from portal.db.models.findings import Cause
from portal.db.models.portfolio import VendorLine
from portal.db.models.registers import ScoreRecord
from portal.db.models.scans import FindingRecord, ScanRun, ScanSide
from portal.db.models.snapshots import ScoreMove
from portal.db.models.vendors import Vendor
from portal.db.models.watching import ChangeCause, ChangeKind, VendorChange, WatchMark
from portal.home import BERLIN
from portal.services import jobs
from portal.services.actors import Actor, hospital_of
from portal.services.evidence import evidence_ends
from portal.services.jobs import JobKind
from portal.services.monitoring import watching
from portal.services.registers import movements, scores
from portal.services.scans import findings, permissions, releases, scan_results, scans
from portal.services.scans.findings import LACKING, UNSEEN, Life
from scanners.model import N_, Outcome, Severity, SubjectKind
from scanners.observations import CertificateChain

GRAVE = frozenset({Severity.CRITICAL.value, Severity.HIGH.value})
RANK = {Severity.CRITICAL.value: 2, Severity.HIGH.value: 1}
TOLD_AFTER = timedelta(minutes=2)  # of what is critical: one mail for what a scan brings at once
PAGE = 100
SHOWN_FOR = timedelta(days=180)
NOT_SEEN: Mapping[str, Any] = {"outcome": "", "text": N_("not looked at before"), "values": {}}

Place = tuple[str, str, str]  # subject kind, subject name, check id
CAUSES: Mapping[ChangeCause, str] = {
    ChangeCause.VENDOR: N_("at the vendor"),
    ChangeCause.RULES: N_("by our rules"),
    ChangeCause.DATA: N_("by our data"),
    ChangeCause.SIGHT: N_("could be seen for the first time"),
    ChangeCause.ANSWERS: comparing.CAUSES[comparing.Cause.ANSWERS],
    ChangeCause.AGE: comparing.CAUSES[comparing.Cause.AGE],
    ChangeCause.COVERAGE: comparing.CAUSES[comparing.Cause.COVERAGE],
    ChangeCause.POLICY: comparing.CAUSES[comparing.Cause.POLICY],
    ChangeCause.HOSPITAL: comparing.CAUSES[comparing.Cause.HOSPITAL],
    ChangeCause.UNKNOWN: N_("cause not known"),
}


@dataclass(frozen=True, kw_only=True)
class _Sight:
    """What the hospital may see of a vendor now."""

    scan: ScanRun | None  # the newest that is open
    records: Mapping[Place, FindingRecord]  # its findings, and over them what is critical in newer ones
    score: ScoreRecord | None

    def could_see(self, seen_at: str) -> bool:
        """Whether the open scan is at least as new as that."""
        return (
            self.scan is not None and self.scan.finished_at is not None and self.scan.finished_at.isoformat() >= seen_at
        )


# ---- comparing


def compare(session: Session, hospital_id: str, vendor_id: str, *, now: datetime) -> Sequence[VendorChange]:
    """Write down what changed since the mark and move it; the first time there is only a mark."""
    vendor = session.get(Vendor, vendor_id)
    if vendor is None or vendor.hospital_id != hospital_id or vendor.ended_at is not None:
        return ()
    hospital = session.get_one(Hospital, hospital_id)
    if hospital.is_for_bidder or hospital.ended_at is not None:
        return ()
    mark = session.get(WatchMark, (hospital_id, vendor_id), with_for_update=True, populate_existing=True)
    sight = _sight(session, hospital_id, vendor_id, now=now)
    old = mark.document if mark is not None else None
    lives = findings.lives(session, hospital_id, vendor_id, ScanSide.HOSPITAL) if sight.records else {}
    lacking, found = _findings(session, old, sight, lives)
    hosts, certificates = _outside(session, old, sight)
    if old is not None and old["scan"]:
        found += _moved_hosts(old, hosts) + _renewed(old, certificates)
    score, moved = _score(session, old, sight, points=watching.rule(session, hospital_id).points)
    found += moved
    evidence, ending = _evidence(old, sight, today=now.astimezone(BERLIN).date())
    found += ending
    document = {
        "scan": sight.scan.id if sight.scan is not None else (old or {}).get("scan", ""),
        "lacking": lacking,
        "hosts": hosts,
        "certificates": certificates,
        "score": score,
        "evidence": evidence,
    }
    if mark is None:
        mark = WatchMark(hospital_id=hospital_id, vendor_id=vendor_id)
        session.add(mark)
    mark.document, mark.at = document, now
    for one in found:
        one.hospital_id, one.vendor_id, one.at = hospital_id, vendor_id, now
        session.add(one)
    session.flush()
    if any(one.is_urgent and not one.is_told_elsewhere for one in found):
        jobs.add(
            session,
            JobKind.DIGESTS,
            {"hospital_id": hospital_id},
            now=now,
            tenant=hospital_id,
            run_at=now + TOLD_AFTER,
            dedupe_key=f"digests:{hospital_id}",
        )
    return found


def ask_all(session: Session, *, now: datetime) -> int:
    """Once a night: results open by the calendar, and documents age, without anybody doing anything."""
    rows = session.execute(
        select(VendorLine.hospital_id, VendorLine.vendor_id)
        .join(Hospital, Hospital.id == VendorLine.hospital_id)
        .where(VendorLine.is_ended.is_(False), Hospital.is_for_bidder.is_(False), Hospital.ended_at.is_(None))
    ).all()
    for hospital_id, vendor_id in rows:
        jobs.ask_for_changes(session, hospital_id, vendor_id, now=now)
    return len(rows)


def _sight(session: Session, hospital_id: str, vendor_id: str, *, now: datetime) -> _Sight:
    opened = releases.open_run(session, hospital_id, vendor_id, now=now)
    records = {_place(one): one for one in opened.findings} if opened is not None else {}
    newest = next(
        (run for run in scans.newest(session, hospital_id, vendor_id) if run.state in scan_results.GOOD), None
    )
    if newest is not None and (opened is None or newest.id != opened.run.id):
        early = releases.hospital_view(session, hospital_id, newest, now=now)
        records |= {_place(one): one for one in early.findings}
    assessment = permissions.newest_assessment(session, hospital_id, vendor_id)
    score = scores.current(session, hospital_id, assessment.id) if assessment is not None else None
    return _Sight(scan=opened.run if opened is not None else None, records=records, score=score)


def _findings(
    session: Session, old: Mapping[str, Any] | None, sight: _Sight, lives: Mapping[findings.Place, Life]
) -> tuple[dict[str, Any], list[VendorChange]]:
    """What is grave and open now, and what came and went of it."""
    before = {_unkey(key): value for key, value in (old or {"lacking": {}})["lacking"].items()}
    is_first = old is None or not old["scan"]
    lacking: dict[str, Any] = {}
    found = []
    for place, record in sight.records.items():
        if not _is_grave(record):
            continue
        known = before.get(place)
        lacking[_key(place)] = [record.severity, record.at.isoformat()]
        is_worse = known is not None and RANK[record.severity] > RANK.get(known[0], 0)
        if (known is None and not is_first) or is_worse:
            found.append(_opened(session, old or {}, place, record, life=_life(lives, place)))
    for place, (severity, seen_at) in before.items():
        if _key(place) in lacking:
            continue
        again = sight.records.get(place)
        if again is None:  # an early critical stays until a scan as new as it is open
            if not sight.could_see(seen_at):
                lacking[_key(place)] = [severity, seen_at]
        elif _is_better(again) and again.at.isoformat() >= seen_at:
            found.append(_mended(session, old or {}, place, again, severity=severity, life=_life(lives, place)))
        else:  # nobody could look, it waits for its second look, or what looks better is older
            lacking[_key(place)] = [severity, seen_at]
    return lacking, found


def _is_grave(record: FindingRecord) -> bool:
    return record.outcome == Outcome.FAIL.value and record.severity in GRAVE and not record.provisional


def _is_better(record: FindingRecord) -> bool:
    outcome = Outcome(record.outcome)
    if outcome in UNSEEN or record.provisional:
        return False
    return outcome not in LACKING or record.severity not in GRAVE


def _opened(
    session: Session,
    old: Mapping[str, Any],
    place: Place,
    record: FindingRecord,
    *,
    life: Life | None,
) -> VendorChange:
    return VendorChange(
        kind=ChangeKind.OPENED,
        subject=place[1],
        check_id=place[2],
        severity=record.severity,
        before=_before(session, old, place, record) or dict(NOT_SEEN),
        after=_said(record),
        cause=_cause(life),
        is_urgent=record.severity == Severity.CRITICAL.value,
        # After a refresh of rules or data both sides have a mail about just this (rejudging.py).
        is_told_elsewhere=life is not None and life.opening.is_rejudged,
    )


def _mended(
    session: Session,
    old: Mapping[str, Any],
    place: Place,
    record: FindingRecord,
    *,
    severity: str,
    life: Life | None,
) -> VendorChange:
    return VendorChange(
        kind=ChangeKind.MENDED,
        subject=place[1],
        check_id=place[2],
        severity=severity,
        before=_before(session, old, place, record) or {"outcome": Outcome.FAIL.value, "text": "", "values": {}},
        after=_said(record),
        cause=_cause(life),
        is_urgent=False,
        is_told_elsewhere=False,
    )


def _before(session: Session, old: Mapping[str, Any], place: Place, record: FindingRecord) -> dict[str, Any] | None:
    """What the last scan that the hospital saw said of this place, unless that is the same record."""
    if not old.get("scan"):
        return None
    earlier = session.get(FindingRecord, (old["scan"], *place))
    if earlier is None or earlier is record or earlier.hospital_id != record.hospital_id:
        return None
    return _said(earlier)


def _said(record: FindingRecord) -> dict[str, Any]:
    return {"outcome": record.outcome, "text": record.fact, "values": dict(record.fact_values or {})}


def _cause(life: Life | None) -> ChangeCause:
    if life is None:
        return ChangeCause.UNKNOWN
    words = {
        Cause.VENDOR: ChangeCause.VENDOR,
        Cause.RULES: ChangeCause.RULES,
        Cause.DATA: ChangeCause.DATA,
        Cause.SIGHT: ChangeCause.SIGHT,
    }
    return words[life.cause]


def _life(lives: Mapping[findings.Place, Life], place: Place) -> Life | None:
    return lives.get((SubjectKind(place[0]), place[1], place[2]))


def _place(record: FindingRecord) -> Place:
    return record.subject_kind, record.subject_name, record.check_id


def _key(place: Place) -> str:
    return "|".join(place)


def _unkey(key: str) -> Place:
    kind, name, check_id = key.split("|")
    return kind, name, check_id


# ---- hosts and certificates


def _outside(session: Session, old: Mapping[str, Any] | None, sight: _Sight) -> tuple[list[str], dict[str, Any]]:
    if sight.scan is None or (old is not None and old["scan"] == sight.scan.id):
        return list((old or {}).get("hosts", ())), dict((old or {}).get("certificates", {}))
    found = dict((old or {}).get("certificates", {}))  # what could not be seen this time stays as it was
    for seen in scan_results.seen_in(session, sight.scan.hospital_id, sight.scan.id):
        chain = seen.find(CertificateChain)
        if chain is not None and chain.chain:
            leaf = chain.chain[0]
            found[seen.subject.name] = {
                "sha256": leaf.sha256,
                "issuer": leaf.issuer_organisation or leaf.issuer,
                "until": leaf.not_after.date().isoformat(),
            }
    hosts = sorted(str(name) for name in sight.scan.hosts)
    return hosts, {name: one for name, one in found.items() if name in hosts}


def _moved_hosts(old: Mapping[str, Any], hosts: Sequence[str]) -> list[VendorChange]:
    gone, new = sorted(set(old["hosts"]) - set(hosts)), sorted(set(hosts) - set(old["hosts"]))
    if not gone and not new:
        return []
    return [_plain(ChangeKind.HOSTS, before={"names": gone}, after={"names": new})]


def _renewed(old: Mapping[str, Any], certificates: Mapping[str, Any]) -> list[VendorChange]:
    return [
        _plain(ChangeKind.CERTIFICATE, subject=name, before=old["certificates"][name], after=one)
        for name, one in sorted(certificates.items())
        if name in old["certificates"] and old["certificates"][name]["sha256"] != one["sha256"]
    ]


def _plain(
    kind: ChangeKind,
    *,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    subject: str = "",
    cause: ChangeCause = ChangeCause.VENDOR,
) -> VendorChange:
    return VendorChange(
        kind=kind,
        subject=subject,
        check_id="",
        severity="",
        before=dict(before),
        after=dict(after),
        cause=cause,
        is_urgent=False,
        is_told_elsewhere=False,
    )


# ---- the score


def _score(
    session: Session, old: Mapping[str, Any] | None, sight: _Sight, *, points: int
) -> tuple[dict[str, Any] | None, list[VendorChange]]:
    """Told by another grade or so many points from what was told last; a round without a grade tells nothing."""
    last: dict[str, Any] | None = (old or {}).get("score")
    score = sight.score
    if score is None or score.value is None or score.grade is None:
        return last, []
    fresh = {"value": score.value, "grade": score.grade}
    if last is None:
        return fresh, []
    if last["grade"] == score.grade and abs(last["value"] - score.value) < points:
        return last, []
    return fresh, [_plain(ChangeKind.GRADE, before=last, after=fresh, cause=_cause_of_score(session, score))]


def _cause_of_score(session: Session, score: ScoreRecord) -> ChangeCause:
    row = session.scalars(
        select(ScoreMove).where(ScoreMove.hospital_id == score.hospital_id, ScoreMove.score_id == score.id)
    ).first()
    part = movements.load(row.document).weightiest if row is not None else None
    return ChangeCause(part.cause.value) if part is not None else ChangeCause.UNKNOWN


# ---- documents


def _evidence(
    old: Mapping[str, Any] | None, sight: _Sight, *, today: date
) -> tuple[dict[str, int], list[VendorChange]]:
    """The days on which documents end that lie beside answers, each told when it comes to 90, 30 and 7 days."""
    known: Mapping[str, int] = (old or {}).get("evidence", {})
    steps: dict[str, int] = {}
    found = []
    for day in sorted(set((sight.score.evidence_ends if sight.score is not None else None) or ())):
        left = (date.fromisoformat(day) - today).days
        step = next((one for one in evidence_ends.STEPS if 0 <= left <= one), None)
        if step is None:
            continue
        steps[day] = min(step, known.get(day, step))
        if day not in known or step < known[day]:
            found.append(
                _plain(
                    ChangeKind.EVIDENCE,
                    before={"until": day, "step": known.get(day)},
                    after={"until": day, "step": step},
                    cause=ChangeCause.AGE,
                )
            )
    return steps, found


# ---- reading


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the page is narrowed to."""

    vendor_id: str = ""
    tier: int | None = None
    kind: ChangeKind | None = None
    cause: ChangeCause | None = None


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A change with its vendor."""

    change: VendorChange
    vendor: VendorLine


def newest(session: Session, actor: Actor, wanted: Wanted, *, now: datetime, limit: int = PAGE) -> Sequence[Shown]:
    """What changed lately, the newest first, what is gravest of a moment first."""
    hospital_id = hospital_of(actor)
    query = (
        select(VendorChange, VendorLine)
        .join(
            VendorLine,
            (VendorLine.hospital_id == VendorChange.hospital_id) & (VendorLine.vendor_id == VendorChange.vendor_id),
        )
        .where(VendorChange.hospital_id == hospital_id, VendorChange.at >= now - SHOWN_FOR)
    )
    if wanted.vendor_id:
        query = query.where(VendorChange.vendor_id == wanted.vendor_id)
    if wanted.tier is not None:
        query = query.where(VendorLine.tier == wanted.tier)
    if wanted.kind is not None:
        query = query.where(VendorChange.kind == wanted.kind)
    if wanted.cause is not None:
        query = query.where(VendorChange.cause == wanted.cause)
    order = (VendorChange.at.desc(), VendorChange.is_urgent.desc(), VendorLine.sorted_by, VendorChange.id)
    return [Shown(change=row[0], vendor=row[1]) for row in session.execute(query.order_by(*order).limit(limit)).all()]
