"""Granting waivers (Ausnahmen) and taking them back: a reason, an end, and somebody who may decide."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from assessments.model import Assessed, FindingStanding, Words
from portal.db.models.accounts import HospitalRole
from portal.db.models.vendors import Vendor
from portal.db.models.waivers import Waiver, WaiverKind
from portal.errors import BadInput, NotFound, NotNow
from portal.home import BERLIN
from portal.services import audit, jobs
from portal.services.actors import Actor, hospital_of
from portal.services.registers import dossiers, registers, waivers
from portal.services.scans import permissions
from portal.services.vendors import vendors
from scanners.model import N_, Message, Outcome

APPROVERS = frozenset({HospitalRole.ADMIN, HospitalRole.DECIDER})
LONGEST = timedelta(days=366)
LONGEST_REASON = 4000
AHEAD = timedelta(days=14)
BACK = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Waivable:
    """A finding or a knock-out that costs something now and may be waived."""

    key: str  # as a form sends it
    title: Words
    place: str
    fields: tuple[tuple[str, str], ...]  # columns of the waiver


@dataclass(frozen=True, kw_only=True)
class Ending:
    """A waiver that has ended by itself of late, or soon will."""

    waiver: Waiver
    vendor: Vendor
    is_over: bool


def waivable(session: Session, actor: Actor, vendor_id: str, assessed: Assessed) -> Sequence[Waivable]:
    """What of this vendor can be waived today."""
    supplies = {key: supply for supply, key in dossiers.supply_keys(session, hospital_of(actor), vendor_id).items()}
    names = {supply.key: supply.name for supply in assessed.dossier.supplies}
    found = [
        Waivable(
            key=f"knock_out:{row.question.id}:{supplies.get(row.supply or '', '')}",
            title=row.question.label,
            place=names.get(row.supply or "", ""),
            fields=(("question_id", row.question.id), ("supply_id", supplies.get(row.supply or "", ""))),
        )
        for row in assessed.answers
        if row.knock_out_failed and row.value is not None and row.share == 0
    ]
    for finding in assessed.findings:
        fact, check = finding.fact, finding.check
        if check is None or finding.role is None or fact.finding.outcome is not Outcome.FAIL:
            continue
        if fact.finding.provisional or fact.standing not in {FindingStanding.OPEN, FindingStanding.DISPUTED}:
            continue
        subject = fact.finding.subject
        found.append(
            Waivable(
                key=f"finding:{check.id}:{subject.kind.value}:{subject.name}",
                title=Message(text=check.title),
                place=subject.name,
                fields=(
                    ("check_id", check.id),
                    ("subject_kind", subject.kind.value),
                    ("subject_name", subject.name),
                    ("severity", fact.finding.severity.value),
                ),
            )
        )
    return found


def of_vendor(session: Session, actor: Actor, vendor_id: str) -> Sequence[Waiver]:
    """Every waiver of this vendor, the newest first."""
    vendors.find(session, actor, vendor_id)
    return waivers.of_vendor(session, hospital_of(actor), vendor_id)


def grant(
    session: Session, actor: Actor, vendor_id: str, key: str, *, reason: str, until: date | None, now: datetime
) -> Waiver:
    """Accept a finding or a knock-out until a day; only what stands today can be waived."""
    hospital_id = hospital_of(actor, APPROVERS)
    vendor = vendors.find(session, actor, vendor_id)
    session.execute(select(Vendor.id).where(Vendor.id == vendor.id).with_for_update())  # of two, one goes first
    today = now.astimezone(BERLIN).date()
    assessed = registers.assess(session, actor, vendor_id, now=now)
    chosen = next((one for one in waivable(session, actor, vendor_id, assessed) if one.key == key), None)
    wrong: dict[str, Message] = {}
    if chosen is None:
        wrong["what"] = Message(text=N_("Choose what is waived; it may have been mended or waived in the meantime."))
    if not reason.strip():
        wrong["reason"] = Message(text=N_("Say why this can be accepted for a while."))
    if until is None or not today < until <= today + LONGEST:
        wrong["until"] = Message(text=N_("Choose a day within the next twelve months."))
    if wrong or chosen is None or until is None:
        raise BadInput(wrong)
    row = Waiver(
        hospital_id=hospital_id,
        vendor_id=vendor.id,
        kind=WaiverKind(key.partition(":")[0]),
        reason=reason.strip()[:LONGEST_REASON],
        until=until,
        by_name=actor.name[:200],
        at=now,
        **dict(chosen.fields),
    )
    session.add(row)
    session.flush()
    _note(session, actor, row, "waiver.granted", now=now)
    return row


def end(session: Session, actor: Actor, vendor_id: str, waiver_id: str, *, now: datetime) -> None:
    """Take a waiver back before its day."""
    hospital_id = hospital_of(actor, APPROVERS)
    row = session.get(Waiver, waiver_id, with_for_update=True)
    if row is None or (row.hospital_id, row.vendor_id) != (hospital_id, vendor_id):
        raise NotFound
    if not waivers.holds(row, now.astimezone(BERLIN).date()):
        raise NotNow(Message(text=N_("This waiver has ended already.")))
    row.ended_at, row.ended_by = now, actor.name[:200]
    _note(session, actor, row, "waiver.ended", now=now)


def ending(session: Session, actor: Actor, *, today: date) -> Sequence[Ending]:
    """For the first page: what has ended by itself within a month, and what ends within two weeks."""
    rows = session.execute(
        select(Waiver, Vendor)
        .join(Vendor, (Vendor.hospital_id == Waiver.hospital_id) & (Vendor.id == Waiver.vendor_id))
        .where(
            Waiver.hospital_id == hospital_of(actor),
            Waiver.ended_at.is_(None),
            Waiver.until >= today - BACK,
            Waiver.until <= today + AHEAD,
            Vendor.ended_at.is_(None),
        )
        .order_by(Waiver.until, Waiver.id)
    )
    return [Ending(waiver=waiver, vendor=vendor, is_over=waiver.until < today) for waiver, vendor in rows]


def _note(session: Session, actor: Actor, row: Waiver, verb: str, *, now: datetime) -> None:
    about = row.check_id or row.question_id
    detail = {"what": about, "place": row.subject_name or row.supply_id, "until": row.until.isoformat()}
    audit.record(session, actor, verb, row.vendor_id, now=now, detail=detail)
    assessment = permissions.newest_assessment(session, row.hospital_id, row.vendor_id)
    if assessment is not None:
        jobs.ask_for_score(session, row.hospital_id, assessment.id, now=now)
