"""What a draft of a policy would do before it is released: vendors worked out twice, no score written.

A page of them is worked out within its request; all of them by a job, whose result is kept as long as nothing it rests
on has changed.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from assessments import deciding, register, tailoring
from assessments.model import Authority, Dossier, Grade, Policy, RiskLevel
from portal.db import lines
from portal.db.models.accounts import Hospital
from portal.db.models.assessments import Assessment
from portal.db.models.jobs import Job, JobState
from portal.db.models.policies import PolicyDraft, PolicyPreview, PreviewState
from portal.db.models.portfolio import VendorLine
from portal.db.models.registers import StoredAssessment
from portal.db.models.vendors import Vendor
from portal.errors import NotFound
from portal.home import BERLIN
from portal.services import jobs
from portal.services.actors import Actor, hospital_of
from portal.services.jobs import JobKind
from portal.services.registers import dossiers, loading, policies, registers, stored
from portal.services.registers.dossiers import Wanted

LONGEST_WAIT = timedelta(days=1)  # of a score that is asked for
LENGTH = 25  # vendors of one page; each is scored twice

Tell = Callable[[int, int], None]
Line = Row[str, str, int | None]  # a vendor's id, name and tier


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a vendor stands under a policy."""

    value: Decimal | None
    grade: Grade | None
    level: RiskLevel | None  # its residual risk
    decider: Authority


@dataclass(frozen=True, kw_only=True)
class Changed:
    """One vendor under what holds and under the draft."""

    vendor_id: str
    name: str
    tier: int | None
    before: Standing
    after: Standing

    @property
    def direction(self) -> int:
        """1: more points, -1: fewer, 0: as many, or none before or after."""
        if self.before.value is None or self.after.value is None:
            return 0
        return (self.after.value > self.before.value) - (self.after.value < self.before.value)

    @property
    def moves(self) -> bool:
        """Whether anything that lists show would change."""
        return self.before != self.after


@dataclass(frozen=True, kw_only=True)
class Totals:
    """How many of the vendors worked out move which way."""

    counted: int
    up: int
    down: int
    same: int
    grades: int  # whose grade is another
    levels: int  # whose residual risk is another
    authorities: int  # on whom somebody else decides


def counted(rows: Sequence[Changed]) -> Totals:
    """How many of them move which way."""
    directions = [row.direction for row in rows]
    return Totals(
        counted=len(rows),
        up=directions.count(1),
        down=directions.count(-1),
        same=directions.count(0),
        grades=sum(row.before.grade is not row.after.grade for row in rows),
        levels=sum(row.before.level is not row.after.level for row in rows),
        authorities=sum(row.before.decider is not row.after.decider for row in rows),
    )


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A page of vendors, the most critical first."""

    rows: Sequence[Changed]
    total: int  # vendors of the hospital

    @property
    def moved(self) -> Sequence[Changed]:
        """Those whose grade, value, residual risk or decider would change."""
        return [row for row in self.rows if row.moves]

    @property
    def totals(self) -> Totals:
        """Of the vendors of this page."""
        return counted(self.rows)


@dataclass(frozen=True, kw_only=True)
class Whole:
    """What was worked out of all vendors, and whether it still counts."""

    row: PolicyPreview
    moved: Sequence[Changed]  # those that would change, the most critical first; () while it is being worked out
    totals: Totals | None
    is_of_draft: bool  # of the draft as it stands now
    is_fresh: bool  # nothing else it rests on has changed since


@dataclass(frozen=True, kw_only=True)
class Made:
    """What a job has worked out."""

    document: Mapping[str, Any]
    draft_sha256: str
    rests_on: str
    vendors: int
    at: datetime


# ---- a page at a time


def preview(
    session: Session, actor: Actor, draft: Policy, *, now: datetime, start: int = 0, length: int = LENGTH
) -> Preview:
    """So many vendors from that place on, the most critical first."""
    hospital_id = hospital_of(actor)
    found = _lines(session, hospital_id)
    held = policies.of(session, hospital_id)
    rows = [
        _changed(line, registers.dossier(session, actor, line.vendor_id, now=now), held, draft)
        for line in found[start : start + length]
    ]
    return Preview(rows=rows, total=len(found))


def _lines(session: Session, hospital_id: str) -> Sequence[Line]:
    return session.execute(
        select(VendorLine.vendor_id, VendorLine.name, VendorLine.tier)
        .where(VendorLine.hospital_id == hospital_id, ~VendorLine.is_ended)
        .order_by(VendorLine.tier.is_(None), VendorLine.tier, VendorLine.sorted_by, VendorLine.vendor_id)
    ).all()


def _changed(line: Line, dossier: Dossier, held: Policy, draft: Policy) -> Changed:
    vendor_id, name, tier = line
    before, after = (_standing(dossier, policy, tier) for policy in (held, draft))
    return Changed(vendor_id=vendor_id, name=name, tier=tier, before=before, after=after)


def _standing(dossier: Dossier, policy: Policy, tier: int | None) -> Standing:
    assessed = register.assess(dossier, policy)
    level = assessed.residual.level
    return Standing(
        value=assessed.score.value,
        grade=assessed.score.grade,
        level=level,
        decider=deciding.authority(policy, tier, level),
    )


# ---- all of them, by a job


def ask(session: Session, actor: Actor, *, now: datetime) -> PolicyPreview:
    """A row and a job; what is being worked out for the same draft already is not asked for twice."""
    hospital_id = hospital_of(actor)
    draft = session.get(PolicyDraft, hospital_id)
    if draft is None:
        raise NotFound
    session.execute(select(Hospital.id).where(Hospital.id == hospital_id).with_for_update())  # one asks at a time
    row = session.get(PolicyPreview, hospital_id, populate_existing=True)
    digest = _digest(draft)
    if row is not None and row.state is PreviewState.WAITING and row.draft_sha256 == digest:
        return row
    if row is not None:
        session.delete(row)
        session.flush()
    row = PolicyPreview(
        hospital_id=hospital_id,
        state=PreviewState.WAITING,
        draft_sha256=digest,
        asked_at=now,
        asked_by=actor.name[:200],
    )
    session.add(row)
    session.flush()
    args = {"hospital_id": hospital_id, "preview_id": row.id}
    jobs.add(session, JobKind.POLICY_PREVIEW, args, now=now, tenant=hospital_id)
    return row


def work_out(session: Session, hospital_id: str, preview_id: str, *, now: datetime, tell: Tell) -> Made | None:
    """Every vendor under what holds and under the draft; reads only. None: nobody waits for it any more."""
    row, draft = session.get(PolicyPreview, hospital_id), session.get(PolicyDraft, hospital_id)
    if row is None or row.id != preview_id or row.state is not PreviewState.WAITING or draft is None:
        return None
    held, own = policies.of(session, hospital_id), policies.of_draft(draft)
    found = _lines(session, hospital_id)
    digest, rests_on = _digest(draft), facts_digest(session, hospital_id, held, now=now)
    rows = []
    for number, (line, dossier) in enumerate(_dossiers(session, hospital_id, found, now=now)):
        tell(number, len(found))
        rows.append(_changed(line, dossier, held, own))
    return Made(
        document={"totals": asdict(counted(rows)), "moved": [_out(one) for one in rows if one.moves]},
        draft_sha256=digest,
        rests_on=rests_on,
        vendors=len(rows),
        at=now,
    )


def _dossiers(
    session: Session, hospital_id: str, found: Sequence[Line], *, now: datetime
) -> Iterator[tuple[Line, Dossier]]:
    """What is known of each, a few hundred at a time."""
    keys = dossiers.vendor_keys(session, hospital_id)
    for at in range(0, len(found), loading.AT_ONCE):
        part = found[at : at + loading.AT_ONCE]
        ids = [line.vendor_id for line in part]
        newest: dict[str, Assessment] = {}
        rounds = select(Assessment).where(Assessment.hospital_id == hospital_id, Assessment.vendor_id.in_(ids))
        for assessment in session.scalars(rounds.order_by(Assessment.round)):
            newest[assessment.vendor_id] = assessment
        vendors = {one.id: one for one in session.scalars(select(Vendor).where(Vendor.id.in_(ids)))}
        wanted = [Wanted(vendor=vendors[one], assessment=newest.get(one), key=keys[one]) for one in ids]
        yield from zip(part, dossiers.several(session, hospital_id, wanted, now=now), strict=True)
        session.expunge_all()  # what one part was made from is not kept for the next


def note_progress(session: Session, hospital_id: str, preview_id: str, *, done: int, total: int) -> None:
    """How far it is."""
    row = _waiting(session, hospital_id, preview_id)
    if row is not None:
        row.done, row.total = done, total


def keep(session: Session, hospital_id: str, preview_id: str, made: Made) -> None:
    """It is worked out; whoever asked anew meanwhile waits for theirs."""
    row = _waiting(session, hospital_id, preview_id)
    if row is not None:
        row.state, row.document, row.made_at = PreviewState.DONE, dict(made.document), made.at
        row.draft_sha256, row.rests_on = made.draft_sha256, made.rests_on
        row.done = row.total = made.vendors


def give_up(session: Session, hospital_id: str, preview_id: str) -> None:
    """Nobody could work it out."""
    row = _waiting(session, hospital_id, preview_id)
    if row is not None:
        row.state = PreviewState.FAILED


def _waiting(session: Session, hospital_id: str, preview_id: str) -> PolicyPreview | None:
    row = session.get(PolicyPreview, hospital_id)
    if row is None or row.id != preview_id or row.state is not PreviewState.WAITING:
        return None
    return row


def whole(session: Session, actor: Actor, *, now: datetime) -> Whole | None:
    """What was last asked for; None: nobody has."""
    hospital_id = hospital_of(actor)
    row, draft = session.get(PolicyPreview, hospital_id), session.get(PolicyDraft, hospital_id)
    if row is None or draft is None:
        return None
    is_done = row.state is PreviewState.DONE and row.document is not None
    document = row.document if is_done and row.document is not None else {"moved": []}
    names = {line.vendor_id: line for line in _lines(session, hospital_id)} if document["moved"] else {}
    return Whole(
        row=row,
        moved=[_in(one, names[one["vendor"]]) for one in document["moved"] if one["vendor"] in names],
        totals=Totals(**document["totals"]) if is_done else None,
        is_of_draft=row.draft_sha256 == _digest(draft),
        is_fresh=not is_done or _is_fresh(session, row, now=now),
    )


def _is_fresh(session: Session, row: PolicyPreview, *, now: datetime) -> bool:
    held = policies.of(session, row.hospital_id)
    if row.rests_on != facts_digest(session, row.hospital_id, held, now=now):
        return False
    # A change that moves nothing under the policy that holds may move something under the draft; each asks for a score,
    # once for all changes of the moment, so that one which waited already counts too.
    made_at = row.made_at or now
    is_over = (Job.state == JobState.DONE) & (Job.run_at > made_at - LONGEST_WAIT) & (Job.finished_at > made_at)
    asked = select(Job.id).where(
        Job.kind == JobKind.SCORE.value,
        Job.tenant == row.hospital_id,
        Job.state.in_([JobState.QUEUED, JobState.RUNNING]) | is_over,
    )
    return session.scalars(asked.limit(1)).first() is None


def facts_digest(session: Session, hospital_id: str, held: Policy, *, now: datetime) -> str:
    """Of all that a preview rests on beside the draft, as far as rows tell it that are read in a moment: what lists
    show of each vendor, the facts its assessment is kept for, the policy that holds, the program and the day."""
    lines.settle(session)
    seen = session.execute(
        select(VendorLine.__table__, StoredAssessment.fingerprint)
        .outerjoin(
            StoredAssessment,
            (StoredAssessment.hospital_id == VendorLine.hospital_id)
            & (StoredAssessment.vendor_id == VendorLine.vendor_id),
        )
        .where(VendorLine.hospital_id == hospital_id, ~VendorLine.is_ended)
        .order_by(VendorLine.vendor_id)
    )
    told = hashlib.sha256()
    told.update(
        json.dumps([tailoring.digest(held), stored.program(), now.astimezone(BERLIN).date().isoformat()]).encode()
    )
    for one in seen:
        told.update(json.dumps(list(one), default=str).encode())
    return told.hexdigest()


def _digest(draft: PolicyDraft) -> str:
    return tailoring.digest(policies.of_draft(draft))


def _out(one: Changed) -> dict[str, Any]:
    """Ids and numbers: a name may change, and is read where it stands."""
    return {"vendor": one.vendor_id, "before": _standing_out(one.before), "after": _standing_out(one.after)}


def _standing_out(one: Standing) -> list[str | None]:
    return [
        None if one.value is None else str(one.value),
        one.grade.value if one.grade else None,
        one.level.value if one.level else None,
        one.decider.value,
    ]


def _in(one: Mapping[str, Any], line: Line) -> Changed:
    return Changed(
        vendor_id=line.vendor_id,
        name=line.name,
        tier=line.tier,
        before=_standing_in(one["before"]),
        after=_standing_in(one["after"]),
    )


def _standing_in(one: Sequence[str | None]) -> Standing:
    value, grade, level, decider = one
    assert decider is not None
    return Standing(
        value=None if value is None else Decimal(value),
        grade=Grade(grade) if grade else None,
        level=RiskLevel(level) if level else None,
        decider=Authority(decider),
    )
