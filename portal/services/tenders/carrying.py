"""What an awarded bidder brings along: its signed round, documents, hosts, consents, and scans as far as they cover it.

Every row keeps its own dates and names; nothing of another bidder, no draft and no private look is among it.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.db.base import Row, new_id
from portal.db.models.assessments import Assessment, AssessmentSupply, Stage
from portal.db.models.disputes import Dispute, DisputeState
from portal.db.models.findings import FindingHistory
from portal.db.models.rechecks import Recheck, RecheckState
from portal.db.models.responses import Answer, AnswerEvidence, ConsentKind, Response, SignOff
from portal.db.models.scans import FindingRecord, ScanRun, ScanSide, SeenRecord
from portal.db.models.tenders import TenderBidder
from portal.db.models.vendors import Ground, Host, HostState, HostWord, Speaker, Supply, Vendor
from portal.services import audit, jobs
from portal.services.actors import Actor
from portal.services.answers import manifests
from portal.services.evidence import components
from portal.services.scans import grounds, permissions, scan_results
from scanners.model import CheckClass, SubjectKind

AnyRow = TypeVar("AnyRow", bound=Row)
Result = TypeVar("Result", SeenRecord, FindingRecord)


def carry_over(
    session: Session, actor: Actor, bidder: TenderBidder, vendor: Vendor, supply: Supply, *, now: datetime
) -> None:
    """The round as it was signed, under the new supply; the edition says which one it was taken from. With it go the
    hosts, what was signed about scans, and what was seen as far as that covers it."""
    old = session.get_one(Assessment, bidder.assessment_id or "")
    response = session.scalars(select(Response).where(Response.assessment_id == old.id)).first()
    edition = manifests.latest(session, response) if response is not None else None
    if response is None or edition is None or old.company_id is None:
        return  # nothing was handed in: the vendor is asked anew
    before = session.scalars(
        select(AssessmentSupply.supply_id).where(
            AssessmentSupply.hospital_id == old.hospital_id, AssessmentSupply.assessment_id == old.id
        )
    ).all()
    taken = dict.fromkeys(before, supply.id)
    last = select(func.max(Assessment.round)).where(
        Assessment.hospital_id == vendor.hospital_id, Assessment.vendor_id == vendor.id
    )
    copied = ("question_set", "question_set_reason", "catalogue_id", "catalogue_version", "catalogue_reason", "due_on")
    moments = ("company_id", "documents_only", "invited_at", "opened_at", "accepted_at", "submitted_at")
    assessment = Assessment(
        hospital_id=vendor.hospital_id,
        vendor_id=vendor.id,
        round=(session.scalar(last) or 0) + 1,
        stage=Stage.SUBMITTED,
        created_at=now,
        reminders_stopped_at=now,
        **{name: getattr(old, name) for name in (*copied, *moments)},
    )
    session.add(assessment)
    session.flush()
    session.add(AssessmentSupply(hospital_id=vendor.hospital_id, assessment_id=assessment.id, supply_id=supply.id))
    fresh = Response(
        company_id=response.company_id,
        assessment_id=assessment.id,
        created_at=response.created_at,
        submitted_at=response.submitted_at,
        released_at=response.released_at,
    )
    session.add(fresh)
    session.flush()
    for answer in session.scalars(select(Answer).where(Answer.response_id == response.id)).all():
        kept = {
            name: getattr(answer, name) for name in ("company_id", "question_id", "value", "updated_at", "updated_by")
        }
        session.add(Answer(response_id=fresh.id, supply_id=taken.get(answer.supply_id, answer.supply_id), **kept))
    session.flush()
    for link in session.scalars(select(AnswerEvidence).where(AnswerEvidence.response_id == response.id)).all():
        kept = {name: getattr(link, name) for name in ("company_id", "question_id", "evidence_id")}
        session.add(AnswerEvidence(response_id=fresh.id, supply_id=taken.get(link.supply_id, link.supply_id), **kept))
    manifest = carried(edition.manifest, taken, assessment_id=assessment.id, sha256=edition.sha256)
    kept = {
        name: getattr(edition, name) for name in ("company_id", "person_id", "signer_name", "signer_function", "at")
    }
    session.add(
        SignOff(
            response_id=fresh.id,
            edition=1,
            statement_version=edition.statement_version,
            manifest=manifest,
            sha256=manifests.digest(manifest),
            **kept,
        )
    )
    session.flush()
    _carry_hosts(session, old, vendor, supply)
    _carry_consents(session, old, assessment, now=now)
    _carry_scans(session, old, assessment, now=now)
    jobs.ask_for_score(session, vendor.hospital_id, assessment.id, now=now)
    if any(one["kind"] == components.KIND for one in manifest["evidence"]):
        components.ask_to_share(session, response.company_id, now=now)
    audit.record(
        session,
        actor,
        "assessment.taken-from-tender",
        assessment.id,
        now=now,
        detail={"vendor": vendor.id, "tender": bidder.tender_id, "edition": edition.sha256},
    )


def carried(
    manifest: Mapping[str, Any], supplies: Mapping[str, str], *, assessment_id: str, sha256: str
) -> dict[str, Any]:
    """What was signed, word for word, about the same product under its new id; `taken_from` is the edition signed."""
    answers = [{**one, "supply": supplies.get(one["supply"], one["supply"])} for one in manifest["answers"]]
    evidence = [
        {**one, "for": [[question, supplies.get(supply, supply)] for question, supply in one["for"]]}
        for one in manifest["evidence"]
    ]
    return {
        **manifest,
        "answers": answers,
        "evidence": evidence,
        "assessment": assessment_id,
        "edition": 1,
        "taken_from": {"assessment": manifest.get("assessment", ""), "sha256": sha256},
    }


def _carry_hosts(session: Session, old: Assessment, vendor: Vendor, supply: Supply) -> None:
    """What the company has said is its own, and what it has struck; a host that stands already stays as it is.

    The ground goes on to be the tender: nothing is scanned by itself until the hospital records another one.
    """
    stands = set(
        session.scalars(select(Host.name).where(Host.hospital_id == vendor.hospital_id, Host.vendor_id == vendor.id))
    )
    mine = select(Host).where(Host.hospital_id == old.hospital_id, Host.vendor_id == old.vendor_id)
    for host in session.scalars(mine.order_by(Host.name)).all():
        if host.name in stands:
            continue
        copied = _copy(
            host,
            hospital_id=vendor.hospital_id,
            vendor_id=vendor.id,
            supply_id=supply.id if host.supply_ids else None,
            ground=Ground.TENDER,
        )
        session.add(copied)
        session.flush()
        session.add_all(
            _copy(
                word, hospital_id=vendor.hospital_id, host_id=copied.id, supplies=[supply.id] if word.supplies else []
            )
            for word in session.scalars(
                select(HostWord).where(HostWord.host_id == host.id, HostWord.speaker == Speaker.COMPANY)
            )
        )
    session.flush()


def _carry_consents(session: Session, old: Assessment, assessment: Assessment, *, now: datetime) -> None:
    """Every word as it was signed, refusals and withdrawals first of all. A consent to the active class goes along only
    where the company gave it a time that has not run out."""
    for entry in permissions.ledger_of(session, old.hospital_id, old.vendor_id):
        is_active = entry.check_class == CheckClass.ACTIVE.value and entry.kind is ConsentKind.GRANTED
        if entry.company_id != assessment.company_id:
            continue
        if is_active and (entry.window_to is None or entry.window_to < now):
            continue
        terms = {**(entry.terms or {}), "taken_from": old.id}
        session.add(_copy(entry, assessment_id=assessment.id, terms=terms))
    session.flush()


def _carry_scans(session: Session, old: Assessment, assessment: Assessment, *, now: datetime) -> None:
    """What was seen in the tender, with its own times: the company has had it before its eyes as long as before."""
    taken: dict[str, str] = {}
    struck = {
        (SubjectKind.HOST.value, name)
        for name in session.scalars(
            select(Host.name).where(
                Host.hospital_id == old.hospital_id, Host.vendor_id == old.vendor_id, Host.state == HostState.STRUCK
            )
        )
    }
    for run in _covered(session, old, assessment, now=now):
        fresh = _copy(
            run, hospital_id=assessment.hospital_id, vendor_id=assessment.vendor_id, assessment_id=assessment.id
        )
        session.add(fresh)
        session.flush()
        taken[run.id] = fresh.id
        _carry_results(session, SeenRecord, run, fresh, struck=struck)
        _carry_results(session, FindingRecord, run, fresh, struck=struck)
        looks = select(Recheck).where(
            Recheck.hospital_id == run.hospital_id, Recheck.scan_id == run.id, Recheck.state == RecheckState.DONE
        )
        session.add_all(
            _copy(look, hospital_id=fresh.hospital_id, scan_id=fresh.id, assessment_id=assessment.id)
            for look in session.scalars(looks)
        )
        session.flush()
        grounds.keep(session, fresh, scan_results.seen_in(session, fresh.hospital_id, fresh.id))
    if taken:
        _carry_memory(session, old, assessment, taken)
        _carry_replies(session, old, assessment)


def _carry_results(
    session: Session, table: type[Result], run: ScanRun, fresh: ScanRun, *, struck: Collection[tuple[str, str]]
) -> None:
    """Observations or findings of a scan; not of a host that the company has struck."""
    rows = session.scalars(select(table).where(table.hospital_id == run.hospital_id, table.scan_id == run.id))
    session.add_all(
        _copy(row, hospital_id=fresh.hospital_id, scan_id=fresh.id)
        for row in rows.all()
        if (row.subject_kind, row.subject_name) not in struck
    )


def _covered(session: Session, old: Assessment, assessment: Assessment, *, now: datetime) -> Sequence[ScanRun]:
    """The scans that go along: none after a refusal or a withdrawal, none that the company made for itself, none with
    hosts of the active class that the company no longer agrees to, and none that is older than what stands."""
    names = [host.name for host in permissions.hosts_in_scope(session, old.hospital_id, old.vendor_id)]
    ledger = permissions.ledger_of(session, old.hospital_id, old.vendor_id)
    if old.documents_only or not names:
        return ()
    agreed = {
        entry.host_name: entry.kind
        for entry in ledger
        if entry.check_class == CheckClass.ACTIVE.value and entry.company_id == assessment.company_id
    }
    ended = {name for name, kind in agreed.items() if kind is not ConsentKind.GRANTED}
    newest = scan_results.latest_good(session, assessment.hospital_id, assessment.vendor_id)
    runs = session.scalars(
        select(ScanRun)
        .where(
            ScanRun.hospital_id == old.hospital_id,
            ScanRun.vendor_id == old.vendor_id,
            ScanRun.state.in_(scan_results.GOOD),
            ScanRun.kept_back.is_(False),
            ScanRun.finished_at <= now,
        )
        .order_by(ScanRun.finished_at, ScanRun.id)
    ).all()
    since = newest.finished_at if newest is not None else None
    return [
        run
        for run in runs
        if not (run.active_hosts and ("" in ended or ended & set(run.active_hosts)))
        and (since is None or (run.finished_at is not None and run.finished_at > since))
    ]


def _carry_memory(session: Session, old: Assessment, assessment: Assessment, taken: Mapping[str, str]) -> None:
    """Since when each finding stands, as the hospital knows it; what stands already of the vendor is left alone."""
    place = (FindingHistory.subject_kind, FindingHistory.subject_name, FindingHistory.check_id)
    stands = select(FindingHistory.side, *place).where(
        FindingHistory.hospital_id == assessment.hospital_id, FindingHistory.vendor_id == assessment.vendor_id
    )
    known = {tuple(one) for one in session.execute(stands)}
    lives = select(FindingHistory).where(
        FindingHistory.hospital_id == old.hospital_id,
        FindingHistory.vendor_id == old.vendor_id,
        FindingHistory.side == ScanSide.HOSPITAL,
    )
    for row in session.scalars(lives).all():
        if any(event["scan"] not in taken for event in row.events):
            continue
        events = [{**event, "scan": taken[event["scan"]]} for event in row.events]
        for side in ScanSide:
            if (side, row.subject_kind, row.subject_name, row.check_id) not in known:
                where = {"hospital_id": assessment.hospital_id, "vendor_id": assessment.vendor_id}
                session.add(_copy(row, **where, side=side, events=events))
    session.flush()


def _carry_replies(session: Session, old: Assessment, assessment: Assessment) -> None:
    """The right of reply goes along with what it replies to."""
    said = select(Dispute).where(
        Dispute.hospital_id == old.hospital_id,
        Dispute.vendor_id == old.vendor_id,
        Dispute.company_id == assessment.company_id,
        Dispute.state != DisputeState.TAKEN_BACK,
    )
    where = {"hospital_id": assessment.hospital_id, "vendor_id": assessment.vendor_id}
    session.add_all(_copy(row, **where, assessment_id=assessment.id) for row in session.scalars(said).all())
    session.flush()


def _copy(row: AnyRow, **changes: Any) -> AnyRow:
    """A row word for word, under an id of its own."""
    kept = {column.key: getattr(row, column.key) for column in row.__table__.columns}
    own = {"id": new_id()} if "id" in kept else {}
    return type(row)(**{**kept, **own, **changes})
