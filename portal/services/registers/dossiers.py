"""Where rows become a thought: everything that is known of a vendor in one round, for one reader, at one moment."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from assessments import tiering
from assessments.model import (
    AnswerFact,
    AnswerStanding,
    Dossier,
    EvidenceFact,
    FindingFact,
    FindingStanding,
    HostInScope,
    Policy,
    ScanState,
    Supply,
)
from portal.db.models.assessments import Assessment, Review, ReviewState
from portal.db.models.findings import Cause
from portal.db.models.scans import FindingRecord, ScanRun
from portal.db.models.scans import ScanState as RunState
from portal.db.models.vendors import Host, IntakeRecord, Vendor
from portal.db.models.vendors import Supply as SupplyRow
from portal.errors import NotFound
from portal.home import BERLIN
from portal.services.answers import manifests, recorded
from portal.services.registers import loading, policies, waivers
from portal.services.registers.loading import Rows
from portal.services.rounds import catalogues, follow_ups
from portal.services.scans import disputes, findings, rechecked, releases, scan_results, scans, timelines
from portal.services.scans.disputes import Place, Reply
from portal.services.scans.findings import Life
from portal.services.scans.rechecked import Again
from portal.services.vendors import intakes
from questionnaires import answering, shelf
from questionnaires.model import AnswerValue, Catalogue, QuestionSet
from scanners.catalogue import CATALOGUE_VERSION, CHECKS

STANDINGS = {
    ReviewState.ACCEPTED: AnswerStanding.ACCEPTED,
    ReviewState.RETURNED: AnswerStanding.RETURNED,
    ReviewState.FINDING: AnswerStanding.FINDING,
}
WIDTH = 4
FEW = 100


@dataclass(frozen=True, kw_only=True)
class Outside:
    """What this reader may see of the scans."""

    state: ScanState
    at: datetime | None = None
    findings: tuple[FindingFact, ...] = ()


def build(session: Session, hospital_id: str, assessment_id: str, *, now: datetime, key: str = "") -> Dossier:
    """For the hospital: what was signed off, and the scan results that are open to it. `key` of the vendor, where it
    is known already."""
    assessment = session.get(Assessment, assessment_id)
    if assessment is None or assessment.hospital_id != hospital_id:
        raise NotFound
    rows = loading.load(session, hospital_id, [assessment])
    return _of_round(session, assessment, rows, now=now, key=key or vendor_key(session, assessment.vendor))


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A vendor whose dossier is wanted."""

    vendor: Vendor
    assessment: Assessment | None  # None: nobody has asked it yet
    key: str


def several(session: Session, hospital_id: str, wanted: Sequence[Wanted], *, now: datetime) -> Iterator[Dossier]:
    """For the hospital the dossiers of many vendors, in their order; what they rest on is read for hundreds at once and
    let go of after them."""
    policy = policies.of(session, hospital_id)
    for at in range(0, len(wanted), loading.AT_ONCE):
        part = wanted[at : at + loading.AT_ONCE]
        rounds = [one.assessment for one in part if one.assessment is not None]
        unasked = [one.vendor.id for one in part if one.assessment is None]
        rows = loading.load(session, hospital_id, rounds, unasked)
        for one in part:
            if one.assessment is not None:
                yield _of_round(session, one.assessment, rows, now=now, key=one.key)
            else:
                yield _before_round(session, one.vendor, rows, policy, now=now, key=one.key)


def _of_round(session: Session, assessment: Assessment, rows: Rows, *, now: datetime, key: str) -> Dossier:
    response = rows.responses.get(assessment.id)
    edition = rows.editions.get(response.id) if response else None
    manifest = edition.manifest if edition else {"answers": [], "evidence": []}
    outside = (
        Outside(state=ScanState.DOCUMENTS_ONLY)
        if assessment.documents_only
        else _open_outside(session, assessment.hospital_id, assessment.vendor_id, rows, now=now)
    )
    return _build(session, assessment, manifest, outside, rows, now=now, for_hospital=True, key=key)


def build_for_company(session: Session, company_id: str, assessment_id: str, *, now: datetime) -> Dossier:
    """For the company itself: its answers as they stand in the draft, and all that was seen of it. No tier, no impact
    and no word of the hospital's review is in it; of a contradiction that the hospital has settled only that it has."""
    assessment = session.get(Assessment, assessment_id)
    if assessment is None or assessment.company_id != company_id:
        raise NotFound
    rows = loading.load(session, assessment.hospital_id, [assessment], for_hospital=False)
    response = rows.responses.get(assessment.id)
    manifest = manifests.make(session, response) if response else {"answers": [], "evidence": []}
    outside = _whole_outside(session, assessment, now=now)
    key = vendor_key(session, assessment.vendor)
    return _build(session, assessment, manifest, outside, rows, now=now, for_hospital=False, key=key)


def build_before_round(session: Session, hospital_id: str, vendor_id: str, *, now: datetime, key: str = "") -> Dossier:
    """For the hospital, of a vendor that nobody has asked yet: supplies, hosts, scan results that are open to it."""
    vendor = session.get(Vendor, vendor_id)
    if vendor is None or vendor.hospital_id != hospital_id:
        raise NotFound
    rows = loading.load(session, hospital_id, [], [vendor_id])
    policy = policies.of(session, hospital_id)
    return _before_round(session, vendor, rows, policy, now=now, key=key or vendor_key(session, vendor))


def _before_round(session: Session, vendor: Vendor, rows: Rows, policy: Policy, *, now: datetime, key: str) -> Dossier:
    hospital_id = vendor.hospital_id
    catalogue = shelf.current()
    keys = rows.supply_keys.get(vendor.id, {})
    supplies = rows.supplies.get(vendor.id, ())
    records = [record for row in supplies if (record := intakes.current(row)) is not None]
    tier = min((record.tier for record in records), default=None)
    outside = _open_outside(session, hospital_id, vendor.id, rows, now=now)
    waived = waivers.held(rows.waivers.get(vendor.id, ()), now.astimezone(BERLIN).date())
    return Dossier(
        hospital=rows.hospital.name,
        vendor_key=key,
        vendor_name=vendor.name,
        at=now,
        catalogue=catalogue,
        question_set=policy.sets_by_tier[tier] if tier else QuestionSet.FULL,
        checks=CHECKS,
        checks_version=CATALOGUE_VERSION,
        supplies=tuple(supply_fact(row, keys[row.id], catalogue, {}, for_hospital=True) for row in supplies),
        hosts=_hosts(rows.hosts.get(vendor.id, ()), keys),
        findings=waived.over_findings(outside.findings),
        waivers=waived.facts(catalogue, keys),
        scan_state=outside.state,
        scanned_at=outside.at,
    )


def deadline_of(due_on: date) -> datetime:
    """The end of the day on which the answers are due, in Germany."""
    return datetime.combine(due_on, time.max, tzinfo=BERLIN)


def vendor_key(session: Session, vendor: Vendor) -> str:
    """The short stable key of a vendor: the how-manieth of its hospital it is. No vendor is ever removed."""
    number = session.scalar(
        select(func.count())
        .select_from(Vendor)
        .where(
            Vendor.hospital_id == vendor.hospital_id,
            or_(
                Vendor.created_at < vendor.created_at,
                and_(Vendor.created_at == vendor.created_at, Vendor.id <= vendor.id),
            ),
        )
    )
    return f"V-{number or 0:0{WIDTH}}"


def vendor_keys(session: Session, hospital_id: str, *, only: Collection[str] | None = None) -> Mapping[str, str]:
    """The keys of all vendors by id, as `vendor_key` gives them one by one; or of a few of them."""
    number = func.row_number().over(order_by=(Vendor.created_at, Vendor.id)).label("number")
    numbered = select(Vendor.id, number).where(Vendor.hospital_id == hospital_id).subquery()
    query = select(numbered.c.id, numbered.c.number)
    if only is not None and len(only) <= FEW:
        query = query.where(numbered.c.id.in_(only))
    return {vendor_id: f"V-{number:0{WIDTH}}" for vendor_id, number in session.execute(query)}


def supply_keys(session: Session, hospital_id: str, vendor_id: str) -> Mapping[str, str]:
    """The short stable key of every supply of a vendor, by its id."""
    ids = session.scalars(
        select(SupplyRow.id)
        .where(SupplyRow.hospital_id == hospital_id, SupplyRow.vendor_id == vendor_id)
        .order_by(SupplyRow.created_at, SupplyRow.id)
    )
    return {supply_id: f"S-{number}" for number, supply_id in enumerate(ids, start=1)}


def _build(
    session: Session,
    assessment: Assessment,
    manifest: Mapping[str, Any],
    outside: Outside,
    rows: Rows,
    *,
    now: datetime,
    for_hospital: bool,
    key: str,
) -> Dossier:
    vendor = rows.vendors[assessment.vendor_id]
    catalogue = catalogues.judged(session, assessment)
    words = manifests.words(manifest)
    manifest = follow_ups.whole(session, assessment, manifest)
    edition = rows.recordings.get(assessment.id) if for_hospital else None
    manifest = recorded.over(edition, manifest)
    reviews = rows.reviews.get(assessment.id, {})
    keys = rows.supply_keys.get(vendor.id, {})
    given = [(entry, answering.load(entry["value"])) for entry in manifest["answers"]]
    profile = {entry["question"]: value for entry, value in given if entry["question"] not in catalogue.questions}
    response = rows.responses.get(assessment.id)
    company = rows.companies.get(assessment.company_id) if assessment.company_id else None
    deadline = None if assessment.is_uninvited else assessment.closes_at or deadline_of(assessment.due_on)
    today = now.astimezone(BERLIN).date()
    waived = waivers.held(rows.waivers.get(vendor.id, ()), today) if for_hospital else waivers.NONE
    return Dossier(
        hospital=rows.hospital.name,
        vendor_key=key,
        vendor_name=vendor.name,
        at=now,
        catalogue=catalogue,
        question_set=QuestionSet(assessment.question_set),
        checks=CHECKS,
        checks_version=CATALOGUE_VERSION,
        supplies=tuple(
            supply_fact(row, keys[row.id], catalogue, profile, for_hospital=for_hospital)
            for row in rows.supplies.get(assessment.id, ())
        ),
        profile=profile,
        answers=tuple(
            waived.over_answer(
                _answer(entry, value, keys, _word_on(session, entry, reviews) if for_hospital else None),
                entry["supply"],
            )
            for entry, value in given
            if entry["question"] in catalogue.questions
        ),
        deadline=deadline,
        deadline_passed=deadline is not None and now > deadline,  # nobody is silent who was not asked
        submitted_at=(response.submitted_at if response else None) or (edition.at if edition else None),
        hosts=_hosts(rows.hosts.get(vendor.id, ()), keys),
        findings=waived.over_findings(outside.findings),
        waivers=waived.facts(catalogue, keys),
        scan_state=outside.state,
        scanned_at=outside.at,
        evidence=tuple(_evidence(entry, keys) for entry in manifest["evidence"]),
        settled_contradictions=rows.settled.get(assessment.id, {}),
        company_name=company.name if company else "",
        vendor_statement=words,
    )


def supply_fact(
    row: SupplyRow, key: str, catalogue: Catalogue, profile: Mapping[str, AnswerValue], *, for_hospital: bool
) -> Supply:
    """The intake decides what is asked of both sides alike; what it says of impact and tier is the hospital's."""
    record: IntakeRecord | None = intakes.current(row)
    intake = intakes.load(record) if record else None
    flags = tiering.supply_flags(catalogue, profile, intake)
    if record is None or not for_hospital:
        return Supply(key=key, name=row.name, flags=flags, compare=tiering.supply_needs(intake))
    return Supply(
        key=key,
        name=row.name,
        intake=intake,
        impact=record.impact,
        patient_safety=record.patient_safety,
        tier=record.tier,
        tier_reason=record.override_reason,
        flags=flags,
        compare=tiering.supply_needs(intake),
    )


def _answer(
    entry: Mapping[str, Any],
    value: AnswerValue,
    keys: Mapping[str, str],
    review: Review | None,
) -> AnswerFact:
    return AnswerFact(
        question_id=entry["question"],
        value=value,
        supply=keys.get(entry["supply"]),
        answered_at=datetime.fromisoformat(entry["at"]),
        answered_by=entry["by"],
        standing=STANDINGS[review.state] if review else AnswerStanding.OPEN,
        remark=review.remark if review else "",
        reviewed_at=review.at if review else None,
        recorded=recorded.origin(entry),
    )


def _word_on(
    session: Session, entry: Mapping[str, Any], reviews: Mapping[tuple[str, str], Review] | None
) -> Review | None:
    """The hospital's word on an answer, in the round in which it was given."""
    key = entry["question"], entry["supply"]
    if follow_ups.ROUND in entry:
        earlier = session.get_one(Assessment, entry[follow_ups.ROUND])
        return session.get(Review, (earlier.hospital_id, earlier.id, *key))
    return (reviews or {}).get(key)


def _evidence(entry: Mapping[str, Any], keys: Mapping[str, str]) -> EvidenceFact:
    supplies = {supply for _question, supply in entry["for"]}
    one = supplies.pop() if len(supplies) == 1 else ""
    return EvidenceFact(
        key=entry["id"],
        type=entry["kind"],
        name=entry["name"],
        sha256=entry["sha256"],
        issued_on=_day(entry["issued_on"]) or _day(entry["valid_from"]),
        valid_until=_day(entry["valid_to"]),
        question_ids=tuple(dict.fromkeys(question for question, _supply in entry["for"])),
        supply=keys.get(one),
        uploaded_at=datetime.fromisoformat(entry["uploaded_at"]),
        valid_from=_day(entry["valid_from"]),
        # Editions before these fields have none of them.
        **{name: entry.get(name, "") for name in ("scope", "product", "release", "sent_as")},
        places=tuple((question, keys.get(supply)) for question, supply in entry["for"]),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _hosts(rows: Iterable[Host], keys: Mapping[str, str]) -> tuple[HostInScope, ...]:
    return tuple(
        HostInScope(
            name=row.name,
            role=row.role,
            supplies=frozenset(keys[supply_id] for supply_id in row.supply_ids),
        )
        for row in rows
    )


# ---- what was seen from outside


def _open_outside(session: Session, hospital_id: str, vendor_id: str, rows: Rows, *, now: datetime) -> Outside:
    if vendor_id not in rows.scanned:
        return Outside(state=ScanState.NOT_ASKED)
    view = releases.open_run(session, hospital_id, vendor_id, now=now)
    newest = scan_results.latest_good(session, hospital_id, vendor_id)
    urgent = _urgent(session, newest, view.run if view else None, now=now)
    replies = _replies(session, hospital_id, vendor_id, now)
    if view is not None:
        known = {_key(record): record for record in view.findings} | {_key(record): record for record in urgent}
        lives = timelines.for_hospital(session, view.run).lives
        looked = rechecked.of_run(session, view.run)
        facts = _facts(known.values(), replies, lives, looked)
        return Outside(state=ScanState.DONE, at=view.run.started_at, findings=facts)
    return Outside(
        state=_state_without_result(session, hospital_id, vendor_id, newest), findings=_facts(urgent, replies)
    )


def _whole_outside(session: Session, assessment: Assessment, *, now: datetime) -> Outside:
    if assessment.documents_only:
        return Outside(state=ScanState.DOCUMENTS_ONLY)
    hospital_id, vendor_id = assessment.hospital_id, assessment.vendor_id
    run = scan_results.latest_good_of_company(session, hospital_id, vendor_id, assessment.company_id)
    if run is None:
        return Outside(state=_state_without_result(session, hospital_id, vendor_id, None))
    records = scan_results.standing_findings(session, hospital_id, vendor_id, now=now, run=run)
    return Outside(
        state=ScanState.DONE,
        at=run.started_at,
        findings=_facts(
            records,
            _replies(session, hospital_id, vendor_id, now),
            timelines.for_company(session, run, assessment.company_id or "").lives,
            rechecked.of_run(session, run),
        ),
    )


def _urgent(
    session: Session, newest: ScanRun | None, opened: ScanRun | None, *, now: datetime
) -> Sequence[FindingRecord]:
    """What is critical in a newer run that is not open yet."""
    if newest is None or (opened is not None and newest.id == opened.id):
        return ()
    return releases.hospital_view(session, newest.hospital_id, newest, now=now).findings


def _state_without_result(session: Session, hospital_id: str, vendor_id: str, good: ScanRun | None) -> ScanState:
    if good is not None:
        return ScanState.COMPANY_FIRST
    runs = scans.newest(session, hospital_id, vendor_id, limit=1)
    match runs[0].state if runs else None:
        case RunState.QUEUED | RunState.RUNNING:
            return ScanState.RUNNING
        case RunState.FAILED:
            return ScanState.FAILED
        case _:
            return ScanState.NOT_ASKED


def _facts(
    records: Iterable[FindingRecord],
    replies: Mapping[tuple[Place, str], Reply],
    lives: Mapping[findings.Place, Life] | None = None,
    looked: Mapping[findings.Place, Again] | None = None,
) -> tuple[FindingFact, ...]:
    """The findings with what both sides say of them, and what is known of them over time."""
    facts = []
    for record in records:
        finding = scan_results.finding_of(record)
        life = (lives or {}).get(findings.place_of(finding))
        life = life if life is not None and life.is_open else None
        again = (looked or {}).get(findings.place_of(finding))
        again = again if again is not None and again.finding == finding else None
        reply = replies.get((disputes.place_of(finding), disputes.seen_key(finding))) if replies else None
        facts.append(
            FindingFact(
                finding=finding,
                first_seen=record.first_seen_at,
                confirmed=life.confirmed_at if life else None,
                returned=life.returned_at if life else None,
                rechecked=finding.at if again else None,
                seen_before=again.seen_at if again else None,
                new_by=_new_by(life) if life else "",
                standing=reply.standing if reply else FindingStanding.OPEN,
                statement=reply.statement if reply else "",
                answer=reply.answer if reply else "",
            )
        )
    return tuple(facts)


def _new_by(life: Life) -> str:
    """By what of ours it was opened, as long as no later look has seen it as well."""
    ours = life.opening.cause in {Cause.RULES, Cause.DATA} and life.confirmed_at is None
    return life.opening.cause.value if ours else ""


def _replies(session: Session, hospital_id: str, vendor_id: str, now: datetime) -> Mapping[tuple[Place, str], Reply]:
    return disputes.replies(session, hospital_id, vendor_id, today=now.astimezone(BERLIN).date())


def _key(record: FindingRecord) -> tuple[str, str, str]:
    return record.subject_kind, record.subject_name, record.check_id
