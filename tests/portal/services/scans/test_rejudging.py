"""Stored scans by today's rules and data: nothing is visited, the scan stays as it was, each side hears what it may."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from portal.db.models.accounts import Hospital, HospitalRole
from portal.db.models.assessments import Assessment, Invitation
from portal.db.models.findings import Cause, Rejudgement, What
from portal.db.models.jobs import Job, OutboxMail
from portal.db.models.scans import ScanRun, ScanSide, ScanState
from portal.db.models.vendors import Vendor
from portal.errors import NotAllowed, NotFound
from portal.services.scans import findings, rejudging, releases, scan_results
from portal.services.scans.causes import Shelf
from scanners import judging
from scanners.catalogue import CHECKS
from scanners.datasets import DataSets
from scanners.model import CheckClass, Message, Observations, Outcome, SubjectKind
from scanners.observations import HostDns, Page
from tests.portal import building
from tests.scanners import building as seeing

HOST = "a.pacs.example"
BRANCH = (SubjectKind.HOST, HOST, "sw.eol")
KNOWN = (SubjectKind.HOST, HOST, "sw.banner-cve")
DAY = timedelta(days=1)
BASE = "https://kettenblick.example"

HARMLESS = DataSets(version="2026-11-20.aa", lifecycles={"nginx": {"1.5": date(2099, 1, 1)}})
NEWER = DataSets(version="2026-11-24.bb", lifecycles={"nginx": {"1.5": date(2014, 4, 24)}})
ATTACKED = replace(HARMLESS, version="2026-11-25.cc", exploited={"CVE-2021-23017": date(2026, 11, 24)})


@pytest.fixture
def hospital(session) -> Hospital:
    return building.hospital(session)


@pytest.fixture
def actor(session, hospital):
    return building.hospital_actor(session, hospital, role=HospitalRole.ASSESSOR)


@pytest.fixture
def vendor(session, hospital, actor) -> Vendor:
    return building.vendor(session, hospital, hosts=(HOST,))


@pytest.fixture
def lead(session, vendor):
    """The company's lead, in a round that runs."""
    company = building.company_actor(session, email="lead@pacs.example")
    taken = building.assessment(session, vendor, company_id=company.company_id)
    building.response(session, taken)
    return company


def server(at, banner: str = "nginx/1.5.0") -> Observations:
    return seeing.seen(
        HostDns(at=at, addresses_v4=("192.0.2.1",)),
        Page(at=at, hops=(seeing.response(url=f"https://{HOST}/", headers={"server": banner}),)),
        host=HOST,
        at=at,
    )


def scanned(session, vendor, seen: Observations, data: DataSets = HARMLESS, *, kept_back: bool = False) -> ScanRun:
    run = ScanRun(
        hospital_id=vendor.hospital_id,
        vendor_id=vendor.id,
        side=ScanSide.HOSPITAL,
        started_by="x",
        hosts=[HOST],
        classes=["passive"],
        state=ScanState.RUNNING,
        created_at=seen.at,
        started_at=seen.at,
        visible_at=seen.at,
        kept_back=kept_back,
    )
    if kept_back:  # a private look is one company's, in its round
        run.assessment_id = session.scalars(select(Assessment.id).where(Assessment.vendor_id == vendor.id)).first()
    session.add(run)
    session.flush()
    judged = judging.judge([seen], classes=frozenset({CheckClass.PASSIVE}), data=data)
    shelf = Shelf(newest=data)
    scan_results.complete(session, vendor.hospital_id, run.id, seen=[seen], findings=judged, shelf=shelf, now=seen.at)
    session.flush()
    return run


def rejudge(session, vendor, now, data: DataSets = NEWER) -> int:
    return rejudging.rejudge(session, vendor.hospital_id, vendor.id, shelf=Shelf(newest=data), now=now)


def stands(session, vendor, now, place=BRANCH) -> Outcome:
    records = scan_results.standing_findings(session, vendor.hospital_id, vendor.id, now=now)
    found = {(SubjectKind(one.subject_kind), one.subject_name, one.check_id): one for one in records}
    return Outcome(found[place].outcome)


def life(session, vendor, place=BRANCH, side: ScanSide = ScanSide.COMPANY):
    return findings.lives(session, vendor.hospital_id, vendor.id, side).get(place)


def mails(session, vendor, now) -> list[OutboxMail]:
    rejudging.tell(session, vendor.hospital_id, base_url=BASE, now=now)
    session.flush()
    return list(session.scalars(select(OutboxMail).where(OutboxMail.kind == "findings-new")))


def test_new_data_open_a_finding_on_a_stored_observation(session, vendor, now):
    scanned(session, vendor, server(now))
    assert stands(session, vendor, now) not in findings.LACKING

    assert rejudge(session, vendor, now + DAY) == 1

    assert stands(session, vendor, now + DAY) in findings.LACKING
    opened = life(session, vendor).opening
    assert (opened.what, opened.cause, opened.at, opened.is_rejudged) == (What.FIRST, Cause.DATA, now + DAY, True)


def test_the_scans_own_result_stays_as_it_was(session, vendor, now):
    run = scanned(session, vendor, server(now))
    before = [scan_results.finding_of(one) for one in scan_results.findings_of(session, vendor.hospital_id, run.id)]

    rejudge(session, vendor, now + DAY)

    after = [scan_results.finding_of(one) for one in scan_results.findings_of(session, vendor.hospital_id, run.id)]
    assert before == after
    beside = session.scalars(select(Rejudgement)).one()
    assert (beside.scan_id, beside.data_version) == (run.id, NEWER.version)
    assert run.data_version == HARMLESS.version


def test_judging_twice_by_the_same_changes_nothing(session, vendor, now):
    scanned(session, vendor, server(now))
    rejudge(session, vendor, now + DAY)
    events = life(session, vendor).events

    assert rejudge(session, vendor, now + 2 * DAY) == 0
    assert life(session, vendor).events == events


def test_an_entry_that_was_wrong_takes_its_finding_away_again(session, vendor, now):
    scanned(session, vendor, server(now))
    rejudge(session, vendor, now + DAY)

    rejudge(session, vendor, now + 2 * DAY, HARMLESS)

    gone = life(session, vendor)
    assert not gone.is_open and gone.cause is Cause.DATA
    assert stands(session, vendor, now + 2 * DAY) not in findings.LACKING


def test_a_later_scan_that_sees_it_too_confirms_it(session, vendor, now):
    scanned(session, vendor, server(now))
    rejudge(session, vendor, now + DAY)

    scanned(session, vendor, server(now + 2 * DAY), NEWER)

    confirmed = life(session, vendor)
    assert confirmed.confirmed_at == now + 2 * DAY and confirmed.first_seen_at == now + DAY
    assert [event.what for event in confirmed.events] == [What.FIRST, What.CONFIRMED]


def test_a_new_catalogue_opens_findings_as_our_rules(session, vendor, now):
    run = scanned(session, vendor, server(now), NEWER)
    run.catalogue_version = "2025.9"  # whose check let it pass
    for record in scan_results.findings_of(session, vendor.hospital_id, run.id):
        record.outcome = Outcome.PASS.value
    for row in session.scalars(select(findings.FindingHistory)):
        session.delete(row)
    session.flush()

    rejudge(session, vendor, now + DAY, NEWER)

    assert life(session, vendor).cause is Cause.RULES


def test_judging_alone_neither_confirms_a_doubt_nor_overrules_a_second_look(session, vendor, now):
    run = scanned(session, vendor, server(now))
    (record,) = (
        one
        for one in scan_results.findings_of(session, vendor.hospital_id, run.id)
        if (one.check_id, one.subject_name) == BRANCH[2:0:-1]
    )
    own = scan_results.finding_of(record)
    doubtful = replace(own, outcome=Outcome.FAIL, provisional=True)
    place = (own.subject, own.check_id)

    assert rejudging._settled([doubtful], {}) == [doubtful]
    assert rejudging._settled([doubtful], {place: doubtful}) == []
    assert rejudging._settled([doubtful], {place: replace(own, outcome=Outcome.PASS)}) == []
    failed = replace(own, outcome=Outcome.FAIL)
    assert rejudging._settled([doubtful], {place: failed}) == [failed]
    assert rejudging._settled([replace(own, outcome=Outcome.UNKNOWN)], {place: failed}) == []


# ---- what is used in attacks, and who hears of it


def test_what_is_used_in_attacks_is_told_the_same_day_and_the_rest_in_the_morning(session, vendor, now):
    noon = now.replace(hour=12)
    scanned(session, vendor, server(noon))
    rejudge(session, vendor, noon, NEWER)
    session.flush()
    (job,) = session.scalars(select(Job).where(Job.kind == "news")).all()
    assert job.run_at == rejudging.next_morning(noon) > noon + timedelta(hours=12)

    rejudge(session, vendor, noon, ATTACKED)
    session.flush()

    session.refresh(job)
    assert job.run_at == noon + rejudging.AT_ONCE
    assert life(session, vendor, KNOWN).cause is Cause.DATA


def test_a_known_hole_that_comes_to_be_used_in_attacks_is_news():
    """The check had failed before: neither verdict nor severity changes, only the urgency."""
    (before, *_rest) = judging.judge([server(seeing.AT)])
    before = replace(before, outcome=Outcome.FAIL, fact=Message(text="%(libraries)s", values={"libraries": "x"}))
    now_used = replace(before, fact=Message(text="%(used)s", values={"used": "CVE-2021-23017"}))

    assert rejudging._is_new(now_used, before)
    assert not rejudging._is_new(before, before) and not rejudging._is_new(now_used, now_used)


def test_the_mail_says_first_what_is_used_in_attacks(session, vendor, lead, now):
    scanned(session, vendor, server(now))
    rejudge(session, vendor, now, ATTACKED)
    mails(session, vendor, now)

    (mail, *_others) = session.scalars(select(OutboxMail).where(OutboxMail.to_address == lead.email)).all()
    assert mail.subject.startswith("Bekannt ausgenutzt: ")


def test_both_sides_hear_of_a_result_that_is_open(session, hospital, actor, vendor, lead, now):
    run = scanned(session, vendor, server(now))
    run.visible_at = now - 30 * DAY
    rejudge(session, vendor, now + DAY)

    told = {mail.to_address: mail for mail in mails(session, vendor, now + DAY)}

    assert set(told) == {actor.email, lead.email}
    assert vendor.name in told[actor.email].text and f"{BASE}/" in told[actor.email].text
    assert HOST in told[lead.email].text
    assert mails(session, vendor, now + DAY) == list(told.values())  # nobody hears it twice


def test_what_the_company_has_not_released_is_not_in_the_hospitals_mail(session, hospital, actor, vendor, lead, now):
    run = scanned(session, vendor, server(now))
    rejudge(session, vendor, now + DAY)
    view = releases.hospital_view(session, hospital.id, run, now=now + DAY)

    told = mails(session, vendor, now + DAY)

    assert not view.is_open and not [one for one in view.findings if one.check_id == BRANCH[2]]
    assert [mail.to_address for mail in told] == [lead.email]


def _asked_of_nobody_yet(session, vendor, now, **values):
    round_ = building.assessment(session, vendor)
    given = {"email": "it@pacs.example", "created_at": now, "expires_at": now + 30 * DAY, **values}
    session.add(Invitation(hospital_id=vendor.hospital_id, assessment_id=round_.id, token_hash="0" * 64, **given))
    session.flush()


def test_without_a_company_the_invited_contact_hears_that_there_is_something(session, hospital, actor, vendor, now):
    _asked_of_nobody_yet(session, vendor, now)
    scanned(session, vendor, server(now))
    rejudge(session, vendor, now + DAY)

    (told,) = mails(session, vendor, now + DAY)

    assert told.to_address == "it@pacs.example"
    assert HOST in told.text and hospital.name in told.text
    assert CHECKS[BRANCH[2]].title not in told.text


@pytest.mark.parametrize("gone", ["nobody", "redeemed_at", "revoked_at", "handed_over_at", "expires_at"])
def test_where_nobody_is_invited_the_hospital_hears_of_whom_and_not_of_what(
    session, hospital, actor, vendor, now, gone
):
    if gone != "nobody":
        _asked_of_nobody_yet(session, vendor, now, **{gone: now})
    scanned(session, vendor, server(now))
    rejudge(session, vendor, now + DAY)

    (told,) = mails(session, vendor, now + DAY)

    assert told.to_address == actor.email
    assert vendor.name in told.text and "keine Einladung ist offen" in told.text
    assert CHECKS[BRANCH[2]].title not in told.text and HOST not in told.text and "neuer Befund" not in told.text


def test_of_a_private_first_look_the_hospital_does_not_hear(session, hospital, actor, vendor, now):
    scanned(session, vendor, server(now), kept_back=True)
    rejudge(session, vendor, now + DAY)

    assert mails(session, vendor, now + DAY) == []


def test_a_private_look_is_judged_anew_for_the_company_alone(session, hospital, actor, vendor, lead, now):
    scanned(session, vendor, server(now), kept_back=True)
    rejudge(session, vendor, now + DAY)

    assert life(session, vendor).is_open
    assert life(session, vendor, side=ScanSide.HOSPITAL) is None
    assert [mail.to_address for mail in mails(session, vendor, now + DAY)] == [lead.email]


def test_of_two_companies_the_one_that_is_asked_now_has_its_own_look_judged_anew(session, vendor, lead, now):
    earlier = session.scalars(select(Assessment).where(Assessment.vendor_id == vendor.id)).one()
    second = building.company_actor(session, building.company(session, "Nachfolger GmbH"), email="b@nachfolger.example")
    taken = building.assessment(session, vendor, company_id=second.company_id, round=2)
    own = scanned(session, vendor, server(now), kept_back=True)
    own.assessment_id = taken.id
    others = scanned(session, vendor, server(now + DAY), kept_back=True)
    others.assessment_id = earlier.id
    session.flush()

    rejudge(session, vendor, now + 2 * DAY)

    assert session.scalars(select(Rejudgement.scan_id)).all() == [own.id]


def test_a_vendor_that_wants_documents_only_is_left_alone(session, hospital, actor, vendor, lead, now):
    scanned(session, vendor, server(now))
    taken = session.scalars(select(building.Assessment)).one()
    taken.documents_only = True
    rejudge(session, vendor, now + DAY)

    assert mails(session, vendor, now + DAY) == []


# ---- asking


def test_an_assessor_may_ask_and_a_stranger_sees_no_vendor(session, hospital, actor, vendor, now):
    rejudging.ask(session, actor, vendor.id, now=now)
    rejudging.ask(session, actor, vendor.id, now=now)

    assert [job.args["vendor_id"] for job in session.scalars(select(Job).where(Job.kind == "rejudge"))] == [vendor.id]
    with pytest.raises(NotFound):
        rejudging.ask(session, building.hospital_actor(session), vendor.id, now=now)
    with pytest.raises(NotAllowed):
        reader = building.hospital_actor(session, hospital, role=HospitalRole.AUDITOR)
        rejudging.ask(session, reader, vendor.id, now=now)


def test_all_that_were_ever_seen_are_asked_for(session, hospital, vendor, now):
    scanned(session, vendor, server(now))
    building.vendor(session, hospital, name="Nie gesehen")

    assert rejudging.ask_all(session, now=now) == 1
