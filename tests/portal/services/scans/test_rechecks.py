"""One finding looked at again: with what its check needs, limited, beside the scan, which stays as it was."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from portal.db.models.audit import AuditEvent
from portal.db.models.findings import What
from portal.db.models.jobs import Job
from portal.db.models.rechecks import Recheck, RecheckState
from portal.db.models.responses import Consent, ConsentKind
from portal.db.models.scans import FindingRecord, ScanRun, ScanSide, ScanState
from portal.errors import NotAllowed, NotFound, NotNow
from portal.services.registers import dossiers
from portal.services.scans import (
    findings,
    permissions,
    rechecked,
    rechecks,
    rejudging,
    releases,
    scan_budgets,
    scan_results,
    scans,
    timelines,
)
from portal.services.scans.causes import Shelf
from portal.services.scans.scans import Postponed
from scanners import checking, judging
from scanners.catalogue import CHECKS
from scanners.model import Observations, Outcome, SubjectKind
from scanners.observations import Blind, CleartextPage, HostDns, LoginPage, Page, Reason
from tests.portal.web.vendor import errand
from tests.scanners import building as seeing

HOST = "portal.strahlwerk.example"
CHECK = "web.hsts-present"
PLACE = ("host", HOST, CHECK)


def sight(at, *, hsts: bool = False, blind: bool = False):
    headers = {"strict-transport-security": "max-age=31536000"} if hsts else {}
    page = Page(at=at, hops=(seeing.response("<title>x</title>", url=f"https://{HOST}/", headers=headers),))
    facts = (HostDns(at=at, addresses_v4=("192.0.2.1",)), page, CleartextPage(at=at, closed=True), LoginPage(at=at))
    seen = seeing.seen(*facts, host=HOST, at=at)
    if not blind:
        return seen
    unseen = {Page: Blind(at=at, reason=Reason.TIMEOUT)}
    return Observations(subject=seen.subject, at=at, facts={**seen.facts(), **unseen})


def scanned(session, asked, at, *, hsts=False, kept_back=False) -> ScanRun:
    hospital_id, vendor_id = asked.ward.hospital_id, asked.ward.vendors[errand.VENDOR]
    run = ScanRun(
        hospital_id=hospital_id, vendor_id=vendor_id, assessment_id=asked.assessment_id, side=ScanSide.COMPANY,
        started_by="x", hosts=[HOST], classes=["passive"], state=ScanState.RUNNING, created_at=at, started_at=at,
        kept_back=kept_back,
    )  # fmt: skip
    session.add(run)
    session.flush()
    seen = [sight(at, hsts=hsts)]
    scan_results.complete(session, hospital_id, run.id, seen=seen, findings=judging.judge(seen), now=at)
    session.flush()
    return run


@pytest.fixture
def asked(session, now):
    return errand.accepted(session, now)


@pytest.fixture
def run(session, asked, now):
    return scanned(session, asked, now)


@pytest.fixture
def later(now):
    return now + timedelta(hours=2)


def ask(session, asked, now, place=PLACE, by=None) -> Recheck:
    row = rechecks.ask(session, by or asked.lead, asked.assessment_id, place, now=now)
    session.flush()
    return row


def looked(session, asked, run, at, **seen) -> Recheck:
    """Asked, begun and done: what was seen then."""
    row = ask(session, asked, at)
    task = rechecks.start(session, run.hospital_id, row.id, now=at)
    rechecks.finish(session, row.id, task, [sight(at, **seen)], shelf=Shelf(), now=at + timedelta(seconds=4))
    session.flush()
    return row


def standing(session, run, now) -> FindingRecord:
    records = scan_results.standing_findings(session, run.hospital_id, run.vendor_id, now=now, run=run)
    return next(one for one in records if (one.subject_kind, one.subject_name, one.check_id) == PLACE)


def life(session, run, side=ScanSide.COMPANY):
    return findings.lives(session, run.hospital_id, run.vendor_id, side)[(SubjectKind.HOST, HOST, CHECK)]


def test_only_the_probes_that_the_check_needs_go_only_where_it_is(session, asked, run, later):
    row = ask(session, asked, later)
    task = rechecks.start(session, run.hospital_id, row.id, now=later)

    assert task.order.hosts == (HOST,)
    assert "Page" in task.order.kinds and "TlsHandshakes" not in task.order.kinds
    assert set(task.order.kinds) >= {kind.__name__ for kind in CHECKS[CHECK].needs}
    job = session.scalars(select(Job).where(Job.kind == "recheck")).one()
    assert job.args["hosts"] == [HOST]


def test_every_check_tells_what_it_looks_at(now):
    seen = sight(now, hsts=False)
    for check in CHECKS.values():
        assert checking.asked_of(check, seen) >= set(check.needs)


def test_what_is_mended_stands_with_both_times_and_the_scan_stays_as_it_was(session, asked, run, later):
    session.execute(delete(Job))  # a score that waits already would do for this one too
    looked(session, asked, run, later, hsts=True)

    own = session.get_one(FindingRecord, (run.id, *PLACE))
    assert (own.outcome, own.at) == ("fail", run.started_at)
    assert (standing(session, run, later).outcome, standing(session, run, later).at) == ("pass", later)
    again = rechecked.of_run(session, run)[(SubjectKind.HOST, HOST, CHECK)]
    assert again.is_mended and again.seen_at == run.started_at and again.at == later + timedelta(seconds=4)
    for side in ScanSide:
        known = life(session, run, side)
        assert not known.is_open and known.gone_at == later
        assert known.events[-1].what is What.GONE and known.events[-1].is_recheck
    assert session.scalars(select(Job).where(Job.kind == "score")).all()
    assert {"finding.recheck-asked", "finding.rechecked"} <= set(session.scalars(select(AuditEvent.verb)))


def test_what_is_still_there_is_confirmed(session, asked, run, later):
    looked(session, asked, run, later, hsts=False)

    record = standing(session, run, later)
    assert (record.outcome, record.at, record.first_seen_at) == ("fail", later, run.started_at)
    assert life(session, run).is_open and life(session, run).confirmed_at == later
    assert rechecked.of_run(session, run)[(SubjectKind.HOST, HOST, CHECK)].still_lacks


def test_what_could_not_be_seen_stays_as_it_was_with_the_reason(session, asked, run, later):
    looked(session, asked, run, later, blind=True)

    record = standing(session, run, later)
    assert (record.outcome, record.at) == ("fail", run.started_at)
    assert life(session, run).is_open and life(session, run).confirmed_at is None
    again = rechecked.of_run(session, run)[(SubjectKind.HOST, HOST, CHECK)]
    assert again.finding.outcome is Outcome.UNKNOWN and again.finding.reason is Reason.TIMEOUT
    assert not again.is_mended and not again.still_lacks


def test_a_later_blind_look_does_not_undo_what_one_before_saw(session, asked, run, later):
    looked(session, asked, run, later, hsts=False)
    looked(session, asked, run, later + timedelta(hours=1), blind=True)

    assert standing(session, run, later).at == later
    assert rechecked.mended(session, run) == frozenset()


def test_a_kept_answer_is_no_new_look(session, asked, run, later):
    row = ask(session, asked, later)
    task = rechecks.start(session, run.hospital_id, row.id, now=later)
    rechecks.finish(session, row.id, task, [sight(run.started_at, hsts=True)], shelf=Shelf(), now=later)

    assert (row.state, row.reason) == (RecheckState.FAILED, rechecks.NOTHING_NEW)
    assert standing(session, run, later).outcome == "fail"


def test_six_a_day_for_a_host_over_all_and_then_a_sentence(session, asked, run, now):
    for number in range(scan_budgets.A_DAY_BY_RECHECK):
        looked(session, asked, run, now + timedelta(minutes=number + 1), hsts=False)
    with pytest.raises(NotNow) as refused:
        ask(session, asked, now + timedelta(hours=1))
    assert "as often as it may be today" in refused.value.message.render()
    ask(session, asked, now + timedelta(days=1))


def test_scans_of_the_day_are_not_used_up_by_it(session, asked, run, later):
    row = looked(session, asked, run, later, hsts=False)
    told = [
        scan_budgets.admit_recheck(session, f"{row.id[:18]}{n:02}", "192.0.2.1", holder="j", active=False, now=later)
        for n in range(scan_budgets.A_DAY_BY_HOSPITALS + 1)
    ]
    assert set(told) == {scan_budgets.Answer.PASS}
    theirs = scans.queue_by_hospital(session, asked.ward.assessor, run.vendor_id, now=later)
    assert scan_budgets.admit(session, theirs, "192.0.2.1", holder="j", active=False, now=later) == "pass"


def test_one_that_waits_does_for_the_next_and_a_running_scan_comes_first(session, asked, run, later):
    assert ask(session, asked, later).id == ask(session, asked, later).id
    scans.queue_by_company(session, asked.lead, asked.assessment_id, now=later)
    with pytest.raises(NotNow):
        ask(session, asked, later, ("host", HOST, "web.csp-present"))


@pytest.mark.parametrize("place", [("host", HOST, "no.such"), ("host", "x.example", CHECK), ("domain", HOST, CHECK)])
def test_what_is_no_finding_is_not_found(session, asked, run, later, place):
    with pytest.raises(NotFound):
        ask(session, asked, later, place)


def test_what_is_met_or_waits_for_its_second_look_is_not_asked_for(session, asked, run, later):
    met = next(one for one in scan_results.findings_of(session, run.hospital_id, run.id) if one.outcome == "pass")
    with pytest.raises(NotNow):
        ask(session, asked, later, (met.subject_kind, met.subject_name, met.check_id))
    session.execute(update(FindingRecord).where(FindingRecord.check_id == CHECK).values(provisional=True))
    session.expire_all()
    with pytest.raises(NotNow):
        ask(session, asked, later)


def test_nobody_else_asks_or_reads(session, asked, run, later):
    row = ask(session, asked, later)
    with pytest.raises(NotAllowed):
        ask(session, asked, later, by=errand.colleague(session, asked))
    with pytest.raises(NotFound):
        ask(session, asked, later, by=errand.stranger(session))
    with pytest.raises(NotFound):
        rechecks.find(session, errand.stranger(session), asked.assessment_id, row.id)


def _withdraw(session, asked, at):
    session.add_all(
        Consent(
            company_id=asked.lead.company_id, assessment_id=asked.assessment_id, check_class=one,
            kind=ConsentKind.WITHDRAWN, text_version="1", person_id=asked.lead.person_id, person_name="x", at=at,
        )
        for one in ("passive", "standard")
    )  # fmt: skip
    session.flush()


def test_a_withdrawal_ends_it_before_and_under_way(session, asked, run, later):
    row = ask(session, asked, later)
    task = rechecks.start(session, run.hospital_id, row.id, now=later)
    _withdraw(session, asked, later)

    assert not rechecks.may_go_on(session, run.hospital_id, row.id, task.order, now=later)
    assert (row.state, row.reason) == (RecheckState.FAILED, permissions.WITHDRAWN)
    rechecks.finish(session, row.id, task, [sight(later, hsts=True)], shelf=Shelf(), now=later)
    assert row.finding is None and standing(session, run, later).outcome == "fail"
    with pytest.raises(NotNow):
        ask(session, asked, later)


def test_the_active_class_needs_its_own_word(session, asked, run, later):
    active = next(one for one in CHECKS.values() if one.check_class == "active" and one.subject is SubjectKind.HOST)
    record = FindingRecord(
        hospital_id=run.hospital_id, scan_id=run.id, subject_kind="host", subject_name=HOST, check_id=active.id,
        outcome="fail", severity="high", fact="x", at=later, first_seen_at=later,
    )  # fmt: skip
    session.merge(record)
    session.flush()
    session.expire_all()
    with pytest.raises(NotNow) as refused:
        ask(session, asked, later, ("host", HOST, active.id))
    assert refused.value.message.text == rechecks.NO_ACTIVE


def test_it_waits_for_whoever_looks_at_the_name_now_and_a_newer_scan_answers_it(session, asked, run, later):
    row = ask(session, asked, later)
    theirs = scans.queue_by_hospital(session, asked.ward.assessor, run.vendor_id, now=later)
    theirs.state = ScanState.RUNNING
    session.flush()
    assert isinstance(rechecks.start(session, run.hospital_id, row.id, now=later), Postponed)
    theirs.state = ScanState.FAILED
    scanned(session, asked, later, hsts=True)
    assert rechecks.start(session, run.hospital_id, row.id, now=later) is None
    assert (row.state, row.reason) == (RecheckState.FAILED, rechecks.NEWER)
    rechecks.give_up(session, run.hospital_id, row.id, now=later)
    assert row.reason == rechecks.NEWER


def test_the_next_scan_says_what_holds_and_counts_from_its_own_day(session, asked, run, later):
    looked(session, asked, run, later, hsts=True)
    back = scanned(session, asked, later + timedelta(days=1))

    own = session.get_one(FindingRecord, (back.id, *PLACE))
    assert (own.outcome, own.first_seen_at) == ("fail", back.started_at)
    assert life(session, back).returned_at == back.started_at
    assert standing(session, back, later).outcome == "fail"


def test_where_the_next_scan_is_blind_the_look_still_holds(session, asked, run, later):
    looked(session, asked, run, later, hsts=True)
    blind = scanned(session, asked, later + timedelta(days=1))
    session.execute(
        update(FindingRecord)
        .where(FindingRecord.scan_id == blind.id, FindingRecord.check_id == CHECK)
        .values(outcome="unknown")
    )
    session.expire_all()

    assert standing(session, blind, later + timedelta(days=1)).outcome == "pass"


def test_judging_the_stored_scan_anew_does_not_bring_back_what_was_mended(session, asked, run, later, monkeypatch):
    looked(session, asked, run, later, hsts=True)
    monkeypatch.setattr("scanners.catalogue.CATALOGUE_VERSION", "2099.1")
    rejudging.rejudge(session, run.hospital_id, run.vendor_id, shelf=Shelf(), now=later + timedelta(days=1))
    session.flush()

    assert not life(session, run).is_open
    assert standing(session, run, later + timedelta(days=1)).outcome == "pass"


def test_the_hospital_reads_it_with_the_scan_it_belongs_to(session, asked, run, later):
    looked(session, asked, run, later, hsts=True)
    early = releases.hospital_view(session, run.hospital_id, run, now=later)
    assert not early.is_open and not early.findings
    opened = releases.hospital_view(session, run.hospital_id, run, now=later + timedelta(days=30))
    assert [one.outcome for one in opened.findings if one.check_id == CHECK] == ["pass"]
    dossier = dossiers.build(session, run.hospital_id, asked.assessment_id, now=later + timedelta(days=30))
    fact = next(one for one in dossier.findings if one.finding.check_id == CHECK)
    assert (fact.finding.outcome, fact.rechecked, fact.seen_before) == (Outcome.PASS, later, run.started_at)
    gone = timelines.for_hospital(session, run).lives[(SubjectKind.HOST, HOST, CHECK)]
    assert gone.gone_at == later


def test_of_a_private_scan_the_hospital_learns_nothing(session, asked, now, later):
    private = scanned(session, asked, now, kept_back=True)
    looked(session, asked, private, later, hsts=True)

    assert findings.lives(session, private.hospital_id, private.vendor_id, ScanSide.HOSPITAL) == {}
    scope = f"hospital:{private.hospital_id}"
    told = session.scalars(select(AuditEvent.verb).where(AuditEvent.scope == scope)).all()
    assert not [verb for verb in told if verb.startswith("finding.")]
