"""Stored scans judged by the rules and data of today, without a look at any host; both sides are told what is new."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import i18n
from portal.db.models.accounts import CompanyRole, Hospital, Person
from portal.db.models.assessments import Assessment, Invitation
from portal.db.models.findings import Cause, Rejudgement
from portal.db.models.scans import ScanRun, ScanSide
from portal.db.models.vendors import Vendor
from portal.home import BERLIN
from portal.services import audit, jobs
from portal.services.actors import HOSPITAL_WRITERS, SYSTEM, Actor, hospital_of
from portal.services.jobs import JobKind
from portal.services.mails import outbox
from portal.services.mails.letters import Letter
from portal.services.people import accounts
from portal.services.scans import causes, findings, permissions, rechecked, releases, scan_results
from portal.services.scans.causes import Shelf
from portal.services.scans.findings import LACKING, UNSEEN
from portal.services.vendors import vendors
from scanners import catalogue, storing
from scanners.model import Finding, Outcome, Severity, Subject, SubjectKind

MORNING = time(7)
AT_ONCE = timedelta(minutes=2)  # a refresh reaches all vendors of a hospital before the first mail leaves
MOST_LINES = 20
# Of these checks a failure always rests on CISA's list of holes that are used in attacks.
EXPLOITED = frozenset({"sw.banner-cve"})

Place = tuple[Subject, str]


@dataclass(frozen=True, kw_only=True)
class News:
    """A finding that a stored observation has by today's rules or data, and had not before."""

    subject: Subject
    check_id: str
    severity: Severity
    outcome: Outcome
    cause: Cause
    is_exploited: bool


# ---- asking for it


def ask(session: Session, actor: Actor, vendor_id: str, *, now: datetime) -> None:
    """The hospital wants a vendor's stored scan judged by today's rules and data."""
    hospital_of(actor, HOSPITAL_WRITERS)
    vendor = vendors.find(session, actor, vendor_id)
    _add(session, vendor.hospital_id, vendor.id, now=now)
    audit.record(session, actor, "scan.rejudging-asked", vendor.id, now=now)


def ask_all(session: Session, *, now: datetime) -> int:
    """After a refresh of the data or with a new catalogue: every vendor of every hospital that was ever seen."""
    found = session.execute(
        select(ScanRun.hospital_id, ScanRun.vendor_id)
        .join(Vendor, (Vendor.hospital_id == ScanRun.hospital_id) & (Vendor.id == ScanRun.vendor_id))
        .join(Hospital, Hospital.id == ScanRun.hospital_id)
        .where(  # a tender is judged by what stood at its deadline, and its bidders get the same mails
            ScanRun.state.in_(scan_results.GOOD), Vendor.ended_at.is_(None), Hospital.is_for_bidder.is_(False)
        )
        .distinct()
    ).all()
    for hospital_id, vendor_id in found:
        _add(session, hospital_id, vendor_id, now=now)
    return len(found)


def _add(session: Session, hospital_id: str, vendor_id: str, *, now: datetime) -> None:
    jobs.add(
        session,
        JobKind.REJUDGE,
        {"hospital_id": hospital_id, "vendor_id": vendor_id},
        now=now,
        tenant=hospital_id,
        dedupe_key=f"rejudge:{vendor_id}",
    )


# ---- judging


def rejudge(session: Session, hospital_id: str, vendor_id: str, *, shelf: Shelf, now: datetime) -> int:
    """Judge the newest stored scan of a vendor anew, and the one that is open to the hospital; how many findings are
    new. What was judged by today's rules and data already is left as it is."""
    runs = _runs(session, hospital_id, vendor_id, now=now)
    news = [one for run, sides in runs for one in _rejudge(session, run, sides, shelf, now=now)]
    if news:
        is_urgent = any(one.is_exploited for one in news)
        jobs.add(
            session,
            JobKind.NEWS,
            {"hospital_id": hospital_id},
            now=now,
            tenant=hospital_id,
            run_at=now + AT_ONCE if is_urgent else next_morning(now),
            dedupe_key=f"news:{hospital_id}",
        )
    return len(news)


def _runs(
    session: Session, hospital_id: str, vendor_id: str, *, now: datetime
) -> Sequence[tuple[ScanRun, Collection[ScanSide]]]:
    """The scans that count for somebody, each with the readers in whose memory it is the newest."""
    good = session.scalars(
        select(ScanRun)
        .where(ScanRun.hospital_id == hospital_id, ScanRun.vendor_id == vendor_id, ScanRun.state.in_(scan_results.GOOD))
        .order_by(ScanRun.finished_at.desc(), ScanRun.id)
    ).all()
    theirs = next((run for run in good if not run.kept_back), None)
    # Of two companies asked one after the other, what one looked at for itself is nothing to the other.
    current = permissions.newest_assessment(session, hospital_id, vendor_id)
    company_id = current.company_id if current else None
    own = next((run for run in good if _is_known_to(session, run, company_id)), None)
    opened = releases.open_run(session, hospital_id, vendor_id, now=now)
    wanted = [run for run in (own, theirs, opened.run if opened else None) if run is not None]
    newest = {ScanSide.COMPANY: own, ScanSide.HOSPITAL: theirs}
    return [(run, [side for side in ScanSide if newest[side] is run]) for run in dict.fromkeys(wanted)]


def _is_known_to(session: Session, run: ScanRun, company_id: str | None) -> bool:
    return not run.kept_back or scan_results.company_of_run(session, run) == company_id


def _rejudge(
    session: Session, run: ScanRun, sides: Collection[ScanSide], shelf: Shelf, *, now: datetime
) -> Sequence[News]:
    versions = catalogue.CATALOGUE_VERSION, shelf.newest.version
    if causes.judged_by(session, run) == versions:
        return ()
    seen = {one.subject: one for one in scan_results.seen_in(session, run.hospital_id, run.id)}
    own = causes.by_place(map(scan_results.finding_of, scan_results.findings_of(session, run.hospital_id, run.id)))
    before = {**own, **scan_results.rejudged(session, run)}
    agreed = scan_results.agreed_of(run)
    mended = rechecked.mended(session, run)  # a later look has said what holds there
    judged = [
        finding
        for finding in _settled(scan_results.judged(list(seen.values()), agreed=agreed, data=shelf.newest), own)
        if findings.place_of(finding) not in mended
    ]

    def why(finding: Finding) -> Cause:
        return causes.split(session, run, seen[finding.subject], finding, shelf)

    news = [_news(finding, why(finding)) for finding in judged if _is_new(finding, before.get(_place(finding)))]
    findings.note(session, run, judged, sides=sides, why=why, rejudged_at=now)
    session.merge(  # last, for what it says of versions is what `why` compares with
        Rejudgement(
            hospital_id=run.hospital_id,
            scan_id=run.id,
            catalogue_version=versions[0],
            data_version=versions[1],
            at=now,
            findings=[storing.dump_finding(one) for one in judged if _differs(one, own.get(_place(one)))],
            news=list(map(_dump, news)),
            told_at=None if news else now,
        )
    )
    session.flush()
    scan_results.tell_scores(session, run, now=now)
    audit.record(
        session,
        SYSTEM,
        "scan.rejudged",
        run.id,
        now=now,
        scope=scan_results.scope_of(session, run),
        detail={"catalogue": versions[0], "data": versions[1], "new": len(news)},
    )
    return news


def _settled(judged: Iterable[Finding], own: Mapping[Place, Finding]) -> list[Finding]:
    """What judging alone may say: nothing where nobody could see, no failure that only a second look could confirm."""
    found = []
    for finding in judged:
        stands = own.get(_place(finding))
        confirmed = stands is not None and stands.outcome in LACKING and not stands.provisional
        if finding.outcome in UNSEEN:
            continue
        if finding.provisional and not confirmed and stands is not None and stands.outcome not in UNSEEN:
            continue  # a look at the host has said what holds there
        found.append(replace(finding, provisional=finding.provisional and not confirmed))
    return found


def _is_new(finding: Finding, before: Finding | None) -> bool:
    if finding.outcome not in LACKING or finding.provisional or findings.is_of_the_scan(finding):
        return False
    lacked = before is not None and before.outcome in LACKING
    return not lacked or (is_exploited(finding) and not (before is not None and is_exploited(before)))


def _differs(finding: Finding, own: Finding | None) -> bool:
    if own is None:
        return True
    return (finding.outcome, finding.severity, is_exploited(finding)) != (
        own.outcome,
        own.severity,
        is_exploited(own),
    )


def is_exploited(finding: Finding) -> bool:
    """Whether it rests on a hole that is known to be used in attacks."""
    return finding.outcome in LACKING and (finding.check_id in EXPLOITED or "used" in finding.fact.values)


def _place(finding: Finding) -> Place:
    return finding.subject, finding.check_id


# ---- telling


def tell(session: Session, hospital_id: str, *, base_url: str, now: datetime) -> None:
    """One mail to each person: to the hospital over all its vendors, to each company over itself."""
    waiting = session.scalars(
        select(Rejudgement).where(Rejudgement.hospital_id == hospital_id, Rejudgement.told_at.is_(None))
    ).all()
    hospital = session.get_one(Hospital, hospital_id)
    by_vendor: dict[str, list[tuple[ScanRun, Sequence[News]]]] = {}
    for row in waiting:
        run = session.get_one(ScanRun, row.scan_id)
        by_vendor.setdefault(run.vendor_id, []).append((run, tuple(map(_load, row.news))))
        row.told_at = now
    lines: list[tuple[Vendor, Sequence[News]]] = []
    alone: list[Vendor] = []  # nobody of theirs has an account, and nobody could be told
    for vendor_id, told in sorted(by_vendor.items()):
        vendor = session.get_one(Vendor, vendor_id)
        visible = _once(one for run, news in told for one in _visible(session, run, news, now=now))
        lines += [(vendor, visible)] if visible else []
        assessment = permissions.newest_assessment(session, hospital_id, vendor_id)
        asked = assessment.company_id if assessment is not None else None
        newest = scan_results.latest_good_of_company(session, hospital_id, vendor_id, asked)
        own = _once(one for run, news in told if newest is not None and run.id == newest.id for one in news)
        if not own:
            continue
        if assessment is not None and (assessment.company_id is not None or assessment.documents_only):
            _tell_company(session, hospital, vendor, own, base_url=base_url, now=now)
            continue
        invited = _invited(session, assessment, now=now) if assessment is not None else ()
        for invitation in invited:
            _tell_invited(session, hospital, vendor, invitation, own, now=now)
        if not invited and newest is not None and not newest.kept_back:  # of a private look the hospital does not hear
            alone.append(vendor)
    if lines or alone:
        _tell_hospital(session, hospital, lines, alone, base_url=base_url, now=now)


def _visible(session: Session, run: ScanRun, news: Sequence[News], *, now: datetime) -> Sequence[News]:
    """What the hospital may read of a scan now; see releases."""
    view = releases.hospital_view(session, run.hospital_id, run, now=now)
    shown = {(record.subject_kind, record.subject_name, record.check_id) for record in view.findings}
    return [one for one in news if (one.subject.kind.value, one.subject.name, one.check_id) in shown]


def _once(news: Iterable[News]) -> Sequence[News]:
    """Each place once, what is used in attacks first, then the worst."""
    order = tuple(Severity)
    found = {(one.subject, one.check_id): one for one in news}
    return sorted(found.values(), key=lambda one: (not one.is_exploited, order.index(one.severity), one.check_id))


def _tell_hospital(
    session: Session,
    hospital: Hospital,
    lines: Sequence[tuple[Vendor, Sequence[News]]],
    alone: Sequence[Vendor],
    *,
    base_url: str,
    now: datetime,
) -> None:
    for person in accounts.people_of_hospital(session, hospital.id, HOSPITAL_WRITERS):
        with i18n.speaking(person.language):
            every = [one for _vendor, news in lines for one in news]
            letter = Letter(
                subject=_subject(
                    every,
                    i18n.ngettext(
                        "%(num)s vendor",
                        "%(num)s vendors",
                        len({vendor.id for vendor, _news in lines} | {one.id for one in alone}),
                    ),
                ),
                paragraphs=(
                    i18n.gettext("Good day,"),
                    *_open_lines(lines, every),
                    *_alone(alone),
                    i18n.gettext("The vendors are told at the same time. What they can see first is not in this mail."),
                ),
                link=f"{base_url}/hospital/vendors",
                link_text=i18n.gettext("To the vendors"),
            )
        _send(session, hospital, person, letter, now=now)


def _open_lines(lines: Sequence[tuple[Vendor, Sequence[News]]], every: Sequence[News]) -> Sequence[str]:
    """What is open to the hospital, vendor by vendor."""
    if not lines:
        return ()
    told = "\n".join(
        f"{vendor.name}: {counted(len(news), used=sum(one.is_exploited for one in news))}"
        for vendor, news in lines[:MOST_LINES]
    )
    return (_because(every), told, *_more(len(lines)))


def _alone(vendors_alone: Sequence[Vendor]) -> Sequence[str]:
    """The vendors where nobody hears of it; what is not open to the hospital is not counted here either."""
    if not vendors_alone:
        return ()
    return (
        i18n.gettext(
            "Something new shows at these vendors too, and nobody there could be told: no company has accepted, and no "
            "invitation is open. Invite them; then they see it and can mend it:"
        ),
        "\n".join(vendor.name for vendor in vendors_alone[:MOST_LINES]),
        *_more(len(vendors_alone)),
    )


def _invited(session: Session, assessment: Assessment, *, now: datetime) -> Sequence[Invitation]:
    """Who could still accept."""
    return session.scalars(
        select(Invitation)
        .where(
            Invitation.hospital_id == assessment.hospital_id,
            Invitation.assessment_id == assessment.id,
            Invitation.redeemed_at.is_(None),
            Invitation.revoked_at.is_(None),
            Invitation.handed_over_at.is_(None),
            Invitation.expires_at > now,
        )
        .order_by(Invitation.created_at, Invitation.id)
    ).all()


def _tell_invited(
    session: Session,
    hospital: Hospital,
    vendor: Vendor,
    invitation: Invitation,
    news: Sequence[News],
    *,
    now: datetime,
) -> None:
    """That there is something, at which hosts; what it is only an account shows."""
    with i18n.speaking(invitation.language):
        letter = Letter(
            subject=_subject(news, hospital.name),
            paragraphs=(
                i18n.gettext("Good day,"),
                _because(news),
                "\n".join(sorted({one.subject.name for one in news})[:MOST_LINES]),
                i18n.gettext(
                    "None of the systems of %(vendor)s was visited for this. %(hospital)s has invited you; once you "
                    "have accepted by the link in that mail, you see what it is and how to mend it, before the "
                    "hospital does.",
                    vendor=vendor.name,
                    hospital=hospital.name,
                ),
            ),
        )
    outbox.post(
        session,
        letter,
        kind="findings-new",
        to=invitation.email,
        language=invitation.language,
        hospital_id=hospital.id,
        now=now,
    )


def _tell_company(
    session: Session, hospital: Hospital, vendor: Vendor, news: Sequence[News], *, base_url: str, now: datetime
) -> None:
    assessment = permissions.newest_assessment(session, hospital.id, vendor.id)
    if assessment is None or assessment.company_id is None or assessment.documents_only:
        return
    for person in accounts.people_of_company(session, assessment.company_id, {CompanyRole.LEAD}):
        with i18n.speaking(person.language):
            letter = Letter(
                subject=_subject(news, hospital.name),
                paragraphs=(
                    i18n.gettext("Good day,"),
                    _because(news),
                    "\n".join(_line(one) for one in news[:MOST_LINES]),
                    *_more(len(news)),
                    i18n.gettext(
                        "None of your systems was visited for this. Your page for %(hospital)s says what was seen and "
                        "how to mend it; a new look settles it.",
                        hospital=hospital.name,
                    ),
                ),
                link=f"{base_url}/vendor/rounds/{assessment.id}/result",
                link_text=i18n.gettext("To your result"),
            )
        _send(session, hospital, person, letter, now=now)


def _subject(news: Sequence[News], about: str) -> str:
    if any(one.is_exploited for one in news):
        return i18n.gettext("Known to be used in attacks: new findings (%(about)s)", about=about)
    return i18n.gettext("New findings from stored scans (%(about)s)", about=about)


def _because(news: Sequence[News]) -> str:
    if all(one.cause is Cause.DATA for one in news):
        return i18n.gettext("New data on known weaknesses show something in what was seen earlier:")
    if all(one.cause is Cause.RULES for one in news):
        return i18n.gettext("New rules of ours show something in what was seen earlier:")
    return i18n.gettext("New rules and new data show something in what was seen earlier:")


def counted(found: int, *, used: int) -> str:
    """How many findings are new, and how many of their weaknesses are used in attacks; in the reader's language."""
    text = i18n.ngettext("one new finding", "%(num)s new findings", found)
    return text + (", " + i18n.gettext("%(count)s of them known to be used in attacks", count=used) if used else "")


def _line(one: News) -> str:
    title = i18n.gettext(catalogue.CHECKS[one.check_id].title) if one.check_id in catalogue.CHECKS else one.check_id
    used = i18n.gettext("known to be used in attacks")
    return f"{one.subject.name}: {title} ({used})" if one.is_exploited else f"{one.subject.name}: {title}"


def _more(count: int) -> Sequence[str]:
    return [i18n.gettext("… and %(count)s more.", count=count - MOST_LINES)] if count > MOST_LINES else []


def _send(session: Session, hospital: Hospital, person: Person, letter: Letter, *, now: datetime) -> None:
    outbox.post(
        session,
        letter,
        kind="findings-new",
        to=person.email,
        language=person.language,
        hospital_id=hospital.id,
        now=now,
    )


def next_morning(now: datetime) -> datetime:
    """When mails leave that can wait."""
    local = now.astimezone(BERLIN)
    today = datetime.combine(local.date(), MORNING, tzinfo=BERLIN)
    return today if today > local else datetime.combine(local.date() + timedelta(days=1), MORNING, tzinfo=BERLIN)


def _news(finding: Finding, cause: Cause) -> News:
    return News(
        subject=finding.subject,
        check_id=finding.check_id,
        severity=finding.severity,
        outcome=finding.outcome,
        cause=cause,
        is_exploited=is_exploited(finding),
    )


def _dump(one: News) -> dict[str, Any]:
    return {
        "kind": one.subject.kind.value,
        "name": one.subject.name,
        "check": one.check_id,
        "severity": one.severity.value,
        "outcome": one.outcome.value,
        "cause": one.cause.value,
        "exploited": one.is_exploited,
    }


def _load(stored: Mapping[str, Any]) -> News:
    return News(
        subject=Subject(kind=SubjectKind(stored["kind"]), name=stored["name"]),
        check_id=stored["check"],
        severity=Severity(stored["severity"]),
        outcome=Outcome(stored["outcome"]),
        cause=Cause(stored["cause"]),
        is_exploited=stored["exploited"],
    )
