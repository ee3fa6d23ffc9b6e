"""The right of reply: a company disputes a finding, the hospital answers, and both texts stay beside it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from assessments.model import FindingStanding
from portal import home, i18n
from portal.db.models.accounts import Company, Hospital
from portal.db.models.assessments import Assessment
from portal.db.models.disputes import Dispute, DisputeReason, DisputeState
from portal.db.models.responses import Evidence
from portal.db.models.scans import FindingRecord, ScanRun
from portal.db.models.vendors import Vendor
from portal.errors import BadInput, Clash, NotFound, NotNow
from portal.home import BERLIN
from portal.services import audit, jobs
from portal.services.actors import HOSPITAL_WRITERS, Actor, company_of, hospital_of
from portal.services.mails import outbox
from portal.services.mails.letters import Letter
from portal.services.people import accounts
from portal.services.scans import releases, scan_results
from scanners import storing
from scanners.model import N_, Finding, Message, Outcome

LONGEST_TEXT = 4000
LONGEST_VALID = timedelta(days=366)  # after a year the hospital looks at it again
MOST_OPEN = 200  # of one vendor
RESULTS_BACK = 50  # in which a fact that is disputed is looked for
LACKING = frozenset({Outcome.FAIL, Outcome.WARN})

Place = tuple[str, str, str]  # subject kind, subject name, check id

REASONS: Mapping[DisputeReason, str] = {
    DisputeReason.NOT_OURS: N_("This is not ours"),
    DisputeReason.FIXED: N_("It has been fixed"),
    DisputeReason.COMPENSATING: N_("Another control takes its place"),
    DisputeReason.CANNOT_REPRODUCE: N_("We cannot reproduce it"),
}
STATES: Mapping[DisputeState, str] = {
    DisputeState.OPEN: N_("waits for the hospital's answer"),
    DisputeState.UPHELD: N_("agreed: it scores nothing until the day named"),
    DisputeState.REJECTED: N_("not agreed: the finding stands"),
    DisputeState.TAKEN_BACK: N_("taken back"),
}


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What stands beside a finding: both sides' words, and what follows for it."""

    standing: FindingStanding
    statement: str
    answer: str


def seen_key(finding: Finding) -> str:
    """By which two looks have seen the same. Numbers may drift (days left, bytes) without being another fact."""
    words = sorted((name, value) for name, value in finding.fact.values.items() if isinstance(value, str))
    text = json.dumps([finding.outcome.value, finding.fact.text, words], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def place_of(finding: Finding) -> Place:
    """Where a finding stands."""
    return finding.subject.kind.value, finding.subject.name, finding.check_id


# ---- the company's side


def disputable(session: Session, actor: Actor, assessment_id: str, place: Place, *, now: datetime) -> Finding:
    """The company's own finding at this place, as it stands; NotFound when there is nothing to dispute."""
    assessment = _round(session, actor, assessment_id)
    run = scan_results.latest_good_of_company(
        session, assessment.hospital_id, assessment.vendor_id, assessment.company_id
    )
    records = (
        scan_results.standing_findings(session, assessment.hospital_id, assessment.vendor_id, now=now, run=run)
        if run is not None
        else ()
    )
    found = (scan_results.finding_of(record) for record in records)
    finding = next((one for one in found if place_of(one) == place and one.outcome in LACKING), None)
    if finding is None:
        raise NotFound
    return finding


def raise_dispute(
    session: Session,
    actor: Actor,
    assessment_id: str,
    place: Place,
    *,
    reason: DisputeReason,
    text: str,
    evidence_id: str = "",
    now: datetime,
) -> Dispute:
    """Say why a finding does not say what it seems to say; at once visible beside it, for both sides."""
    company_id = company_of(actor)
    finding = disputable(session, actor, assessment_id, place, now=now)
    assessment = _round(session, actor, assessment_id)
    words = text.strip()
    if not words:
        raise BadInput({"text": Message(text=N_("Say in a few sentences why."))})
    if len(words) > LONGEST_TEXT:
        raise BadInput({"text": Message(text=N_("At most %(most)d characters."), values={"most": LONGEST_TEXT})})
    if evidence_id:
        document = session.get(Evidence, evidence_id, with_for_update=True)  # it may be deleted at this moment
        if document is None or document.company_id != company_id or document.deleted_at is not None:
            raise BadInput({"evidence_id": Message(text=N_("Choose one of your documents."))})
    # Of two that dispute at once the second waits here, and then sees what the first said.
    session.execute(select(Vendor.id).where(Vendor.id == assessment.vendor_id).with_for_update())
    before = _of_vendor(session, assessment.hospital_id, assessment.vendor_id)
    standing = [one for one in before if one.state is DisputeState.OPEN]
    if any(_place(one) == place for one in standing):
        raise NotNow(Message(text=N_("This finding is disputed already; the hospital has not answered yet.")))
    if len(standing) >= MOST_OPEN:
        raise NotNow(Message(text=N_("So many findings are disputed at once that nobody could answer them.")))
    row = Dispute(
        hospital_id=assessment.hospital_id,
        vendor_id=assessment.vendor_id,
        assessment_id=assessment.id,
        company_id=company_id,
        subject_kind=place[0],
        subject_name=place[1],
        check_id=place[2],
        seen_key=seen_key(finding),
        seen=storing.dump_finding(finding),
        reason=reason,
        text=words,
        evidence_id=evidence_id,
        by_name=actor.name[:200],
        at=now,
        state=DisputeState.OPEN,
    )
    session.add(row)
    session.flush()
    _note(session, actor, row, "dispute.raised", now=now)
    return row


def take_back(session: Session, actor: Actor, assessment_id: str, dispute_id: str, *, now: datetime) -> None:
    """The company no longer holds it; what was said stays on record."""
    assessment = _round(session, actor, assessment_id)
    row = session.get(Dispute, dispute_id, with_for_update=True)
    if row is None or (row.company_id, row.vendor_id) != (assessment.company_id, assessment.vendor_id):
        raise NotFound
    if row.state is not DisputeState.OPEN:
        raise NotNow(Message(text=N_("The hospital has answered already.")))
    row.state = DisputeState.TAKEN_BACK
    _note(session, actor, row, "dispute.taken_back", now=now)


def of_round(session: Session, actor: Actor, assessment_id: str) -> Sequence[Dispute]:
    """All disputes of the company about this hospital's view of it, the newest first."""
    assessment = _round(session, actor, assessment_id)
    return [
        one
        for one in _of_vendor(session, assessment.hospital_id, assessment.vendor_id)
        if one.company_id == assessment.company_id
    ]


def waiting(session: Session, actor: Actor, assessment_id: str) -> frozenset[Place]:
    """What of the findings the company disputes and the hospital has not answered."""
    return frozenset(_place(one) for one in of_round(session, actor, assessment_id) if one.state is DisputeState.OPEN)


# ---- the hospital's side


def of_vendor(session: Session, actor: Actor, vendor_id: str, *, now: datetime) -> Sequence[Dispute]:
    """What this vendor disputes of all that the hospital may see, what waits first."""
    hospital_id = hospital_of(actor)
    vendor = session.get(Vendor, vendor_id)
    if vendor is None or vendor.hospital_id != hospital_id:
        raise NotFound
    found = shown_to_hospital(session, _of_vendor(session, hospital_id, vendor_id), now=now)
    return sorted(found, key=lambda one: one.state is not DisputeState.OPEN)


def shown_to_hospital(session: Session, rows: Sequence[Dispute], *, now: datetime) -> Sequence[Dispute]:
    """A company may dispute what it alone has seen so far; its words wait until that very fact is open as well."""
    if not rows:
        return ()
    hospital_id, vendor_id = rows[0].hospital_id, rows[0].vendor_id
    view = releases.open_run(session, hospital_id, vendor_id, now=now)
    newest = scan_results.latest_good(session, hospital_id, vendor_id)
    urgent = releases.hospital_view(session, hospital_id, newest, now=now).findings if newest is not None else ()
    standing = {_seen(record) for record in (*(view.findings if view else ()), *urgent)}
    return [
        row
        for row in rows
        if row.answered_at is not None or (_place(row), row.seen_key) in standing or _was_open(session, row, now=now)
    ]


def _was_open(session: Session, row: Dispute, *, now: datetime) -> bool:
    """Whether an earlier result that is open to the hospital holds the fact: what it has read once does not vanish."""
    records = session.scalars(
        select(FindingRecord)
        .join(ScanRun, (ScanRun.hospital_id == FindingRecord.hospital_id) & (ScanRun.id == FindingRecord.scan_id))
        .where(
            FindingRecord.hospital_id == row.hospital_id,
            FindingRecord.subject_kind == row.subject_kind,
            FindingRecord.subject_name == row.subject_name,
            FindingRecord.check_id == row.check_id,
            ScanRun.vendor_id == row.vendor_id,
            ScanRun.kept_back.is_(False),
        )
        .order_by(ScanRun.finished_at.desc())
        .limit(RESULTS_BACK)
    )
    for record in records:
        if _seen(record)[1] != row.seen_key:
            continue
        view = releases.hospital_view(session, row.hospital_id, session.get_one(ScanRun, record.scan_id), now=now)
        if view.is_open:
            return True
    return False


def _seen(record: FindingRecord) -> tuple[Place, str]:
    finding = scan_results.finding_of(record)
    return place_of(finding), seen_key(finding)


def _place(row: Dispute) -> Place:
    return row.subject_kind, row.subject_name, row.check_id


def documents(session: Session, rows: Sequence[Dispute]) -> frozenset[str]:
    """The documents laid beside these disputes that can still be opened."""
    wanted = {one.evidence_id for one in rows if one.evidence_id and one.state is not DisputeState.TAKEN_BACK}
    found = session.scalars(select(Evidence.id).where(Evidence.id.in_(wanted), Evidence.deleted_at.is_(None)))
    return frozenset(found) if wanted else frozenset()


def count_open(session: Session, actor: Actor, vendor_id: str, *, now: datetime) -> int:
    """How many wait for an answer."""
    return sum(one.state is DisputeState.OPEN for one in of_vendor(session, actor, vendor_id, now=now))


def answer(
    session: Session,
    actor: Actor,
    vendor_id: str,
    dispute_id: str,
    *,
    is_upheld: bool,
    text: str,
    valid_until: date | None,
    now: datetime,
    base_url: str,
) -> Dispute:
    """Agree until a day, or let the finding stand; either way in words, and the company gets a mail."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    row = session.get(Dispute, dispute_id, with_for_update=True)
    if row is None or (row.hospital_id, row.vendor_id) != (hospital_id, vendor_id):
        raise NotFound
    if not shown_to_hospital(session, [row], now=now):
        raise NotFound
    if row.state is not DisputeState.OPEN:
        raise Clash(Message(text=N_("Somebody else has answered this in the meantime.")))
    words = text.strip()
    wrong: dict[str, Message] = {}
    if not words:
        wrong["text"] = Message(text=N_("Say in a sentence why."))
    today = now.astimezone(BERLIN).date()
    if is_upheld and (valid_until is None or not today < valid_until <= today + LONGEST_VALID):
        wrong["valid_until"] = Message(text=N_("Choose a day within the next twelve months."))
    if wrong:
        raise BadInput(wrong)
    row.state = DisputeState.UPHELD if is_upheld else DisputeState.REJECTED
    row.answer, row.answered_by, row.answered_at = words[:LONGEST_TEXT], actor.name[:200], now
    row.valid_until = valid_until if is_upheld else None
    _note(session, actor, row, "dispute.answered", now=now)
    _tell_company(session, row, base_url=base_url, now=now)
    return row


# ---- beside the findings


def replies(session: Session, hospital_id: str, vendor_id: str, *, today: date) -> Mapping[tuple[Place, str], Reply]:
    """What stands beside each finding, by its place and by what was seen."""
    found: dict[tuple[Place, str], Reply] = {}
    for row in reversed(_of_vendor(session, hospital_id, vendor_id)):  # the newest of a finding holds
        if row.state is DisputeState.TAKEN_BACK:
            continue
        found[_place(row), row.seen_key] = Reply(
            standing=_standing(row, today=today), statement=row.text, answer=row.answer
        )
    return found


def _standing(row: Dispute, *, today: date) -> FindingStanding:
    if row.state is DisputeState.OPEN:
        return FindingStanding.DISPUTED
    if row.state is DisputeState.UPHELD and row.valid_until is not None and row.valid_until >= today:
        return FindingStanding.WITHDRAWN
    return FindingStanding.OPEN


def finding_of(row: Dispute) -> Finding:
    """The finding as it was when it was disputed."""
    return storing.load_finding(row.seen)


def _round(session: Session, actor: Actor, assessment_id: str) -> Assessment:
    company_id = company_of(actor)
    assessment = session.get(Assessment, assessment_id)
    if assessment is None or assessment.company_id != company_id:
        raise NotFound
    return assessment


def _of_vendor(session: Session, hospital_id: str, vendor_id: str) -> Sequence[Dispute]:
    return session.scalars(
        select(Dispute)
        .where(Dispute.hospital_id == hospital_id, Dispute.vendor_id == vendor_id)
        .order_by(Dispute.at.desc(), Dispute.id)
    ).all()


def _note(session: Session, actor: Actor, row: Dispute, verb: str, *, now: datetime) -> None:
    """In both sides' trail, the hospital's only if it may know of it; and the score is worked out anew."""
    detail = {"check": row.check_id, "subject": row.subject_name, "reason": row.reason.value, "state": row.state.value}
    if shown_to_hospital(session, [row], now=now):
        audit.record(session, actor, verb, row.id, now=now, scope=audit.hospital_scope(row.hospital_id), detail=detail)
    if actor.company_id:
        audit.record(session, actor, verb, row.id, now=now, detail=detail)
    for assessment_id in session.scalars(
        select(Assessment.id).where(Assessment.hospital_id == row.hospital_id, Assessment.vendor_id == row.vendor_id)
    ):
        jobs.ask_for_score(session, row.hospital_id, assessment_id, now=now)


def _tell_company(session: Session, row: Dispute, *, base_url: str, now: datetime) -> None:
    hospital = session.get_one(Hospital, row.hospital_id)
    vendor = session.get_one(Vendor, row.vendor_id)
    company = session.get_one(Company, row.company_id)
    for person in accounts.people_of_company(session, company.id):
        language = home.language_of(vendor.country)
        say = i18n.translator(language)
        letter = Letter(
            subject=say(N_("%(hospital)s has answered your dispute")) % {"hospital": hospital.name},
            paragraphs=(
                say(N_("%(host)s, %(check)s: %(state)s."))
                % {"host": row.subject_name, "check": row.check_id, "state": say(STATES[row.state])},
                row.answer,
            ),
            link=f"{base_url}/vendor/rounds/{row.assessment_id}/disputes",
            link_text=say(N_("To your disputes")),
        )
        outbox.post(
            session,
            letter,
            kind="dispute-answered",
            to=person.email,
            language=language,
            hospital_id=row.hospital_id,
            now=now,
        )
