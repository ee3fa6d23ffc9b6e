"""The company's own result: live while it runs, wholly its own, the hospital's only when released."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.db.models.rechecks import Recheck, RecheckState
from portal.db.models.responses import Response
from portal.db.models.scans import ScanRun, ScanState
from portal.services.scans import releases, scan_results, scans
from scanners import storing
from scanners.catalogue import CHECKS
from scanners.model import CheckClass, Finding, Message, Outcome, Subject, SubjectKind
from tests.portal.web.hospital import ward
from tests.portal.web.vendor import errand


@pytest.fixture
def asked(sessions, now):
    with sessions() as session, session.begin():
        return errand.accepted(session, now)


@pytest.fixture
def lead(visit, asked):
    return visit(asked.lead)


def finding(now, host="portal.strahlwerk.example"):
    check = CHECKS["tls.protocol-legacy"]
    fact = Message(text="Accepted: %(versions)s.", values={"versions": "TLS 1.0"})
    return Finding(
        check_id=check.id, subject=Subject(kind=check.subject, name=host), outcome=Outcome.FAIL,
        severity=check.severity, fact=fact, at=now,
    )  # fmt: skip


def test_without_a_word_on_the_hosts_the_page_leads_to_the_approval(lead, asked):
    page = lead.get(f"{asked.path}/result").get_data(as_text=True)

    assert f"{asked.path}/approval" in page
    assert "hx-get" not in page


def test_findings_stream_in_while_the_scan_runs(lead, asked, sessions, now):
    lead.post(f"{asked.path}/result")
    assert "hx-get" in lead.get(f"{asked.path}/result").get_data(as_text=True)
    with sessions() as session, session.begin():
        run = session.scalars(select(ScanRun)).one()
        scans.start(session, run.hospital_id, run.id, now=now)
        scan_results.store(session, run.hospital_id, run.id, seen=(), findings=[finding(now)])
        scans.show_progress(session, run.hospital_id, run.id, stage="tls", done=1, total=9)

    live = lead.get(f"{asked.path}/result/live")
    assert "hx-get" in live.get_data(as_text=True)
    assert "TLS 1.0" in errand.text_of(live)

    with sessions() as session, session.begin():
        scan_results.complete(session, run.hospital_id, run.id, seen=(), findings=[finding(now)], now=now)
    done = lead.get(f"{asked.path}/result/live")
    assert "hx-get" not in done.get_data(as_text=True)
    for words in ("Nur Außensicht", "Note je Kategorie", "Warum es wichtig ist", "§\u202f30", "ISO/IEC 27001"):
        assert words in errand.text_of(done)


def test_while_it_runs_findings_are_chosen_too_and_the_piece_keeps_the_choice(lead, asked, sessions, now):
    lead.post(f"{asked.path}/result")
    ids = [check.id for check in CHECKS.values() if check.subject is SubjectKind.HOST and check.category == "web"][:5]
    with sessions() as session, session.begin():
        run = session.scalars(select(ScanRun)).one()
        scans.start(session, run.hospital_id, run.id, now=now)
        found = [finding(now), *(replace(finding(now), check_id=one) for one in ids)]
        scan_results.store(session, run.hospital_id, run.id, seen=(), findings=found)

    live = lead.get(f"{asked.path}/result/live?category=web").get_data(as_text=True)
    poll = re.search(r'hx-get="([^"]+)"', live)[1]
    assert poll.endswith("/result/live?category=web")
    assert CHECKS["tls.protocol-legacy"].title and 'class="facets' in live
    assert live.count("<code>portal.strahlwerk.example</code>") == len(ids)
    assert lead.get(f"{asked.path}/result/live").get_data(as_text=True).count("<code>portal.") == len(ids) + 1


def test_one_finding_is_looked_at_again_and_both_times_stay(lead, visit, asked, sessions, now):
    with sessions() as session, session.begin():
        run_id = ward.scan(session, asked.ward, errand.VENDOR, quality=0.0, now=now)
        run = session.get_one(ScanRun, run_id)
        run.visible_at = now
        found = [one for one in scan_results.findings_of(session, run.hospital_id, run.id) if not one.provisional]
        passive = [one for one in found if CHECKS[one.check_id].check_class is CheckClass.PASSIVE]
        place = next((one.subject_kind, one.subject_name, one.check_id) for one in passive if one.outcome == "fail")
    form = dict(zip(("kind", "subject", "check"), place, strict=True))

    sent = lead.post(f"{asked.path}/result/recheck", form)
    anchor = sent.headers["Location"].rpartition("#again-")[2]
    page = lead.get(f"{asked.path}/result")
    assert f"/result/rechecks/{anchor}" in page.get_data(as_text=True) and "wird nachgeprüft" in errand.text_of(page)
    with sessions() as session, session.begin():
        row = session.get_one(Recheck, anchor)
        at = now + timedelta(hours=2)
        seen = finding(at, place[1])
        seen = replace(seen, check_id=place[2], subject=replace(seen.subject, kind=SubjectKind(place[0])))
        row.state, row.finished_at = RecheckState.DONE, at
        row.finding = storing.dump_finding(replace(seen, outcome=Outcome.PASS))
    live = lead.get(f"{asked.path}/result/rechecks/{anchor}")
    assert "hx-get" not in live.get_data(as_text=True) and "Nicht mehr vorhanden" in errand.text_of(live)
    for words in ("Behoben, nachgeprüft", "nachgeprüft am", "Gesehen worden war es am"):
        assert words in errand.text_of(lead.get(f"{asked.path}/result"))
    clerk, path = visit(asked.ward.assessor), f"/hospital/vendors/{asked.ward.vendors[errand.VENDOR]}/scan"
    assert "nachgeprüft" not in errand.text_of(clerk.get(path))
    lead.post(f"{asked.path}/result/release")
    assert "Gesehen worden war es am" in errand.text_of(clerk.get(path))


def test_it_is_released_once_and_by_those_who_may(lead, visit, asked, sessions, session, now):
    with sessions() as writing, writing.begin():
        ward.scan(writing, asked.ward, errand.VENDOR, quality=0.7, now=now)
        other = errand.colleague(writing, asked)
    run = session.scalars(select(ScanRun)).one()
    assert not releases.hospital_view(session, asked.ward.hospital_id, run, now=now).is_open
    assert "zehn Arbeitstage" in errand.text_of(lead.get(f"{asked.path}/result"))
    assert visit(other).post(f"{asked.path}/result/release").status_code == 403

    lead.post(f"{asked.path}/result/release")

    session.expire_all()
    assert session.scalars(select(Response.released_at)).one() is not None
    assert releases.hospital_view(session, asked.ward.hospital_id, run, now=now).is_open
    assert "freigegeben" in errand.text_of(lead.get(f"{asked.path}/result"))


def test_once_the_ten_working_days_are_over_nothing_offers_to_release(lead, asked, sessions, now):
    with sessions() as session, session.begin():
        ward.scan(session, asked.ward, errand.VENDOR, quality=0.6, now=now - timedelta(days=40))
        run = session.scalars(select(ScanRun)).one()
        run.visible_at = now - timedelta(days=39)

    page = lead.get(f"{asked.path}/result")

    assert "Da waren zehn Arbeitstage vergangen" in errand.text_of(page)
    assert "/release" not in page.get_data(as_text=True)
    with sessions() as session, session.begin():
        session.scalars(select(ScanRun)).one().visible_at = now
    page = lead.get(f"{asked.path}/result")
    assert "Da waren zehn Arbeitstage vergangen" not in errand.text_of(page)
    assert "/release" in page.get_data(as_text=True)


def test_there_is_nothing_to_release_before_a_result(lead, asked):
    assert lead.post(f"{asked.path}/result/release").status_code == 409


def test_a_second_scan_waits_for_the_first(lead, asked, session):
    lead.post(f"{asked.path}/result")

    assert lead.post(f"{asked.path}/result").status_code == 409
    assert session.scalars(select(ScanRun.state)).one() is ScanState.QUEUED
