"""The company's own result: live while it runs, wholly its own, the hospital's only when released."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.db.models.responses import Response
from portal.db.models.scans import ScanRun, ScanState
from portal.services import releases, scan_results, scans
from scanners.catalogue import CHECKS
from scanners.model import Finding, Message, Outcome, Subject
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


def test_it_is_released_once_and_by_those_who_may(lead, visit, asked, sessions, session, now):
    with sessions() as writing, writing.begin():
        ward.scan(writing, asked.ward, errand.VENDOR, quality=0.7, now=now)
        other = errand.colleague(writing, asked)
    run = session.scalars(select(ScanRun)).one()
    assert not releases.hospital_view(session, asked.ward.hospital_id, run, now=now).is_open
    assert "zehn Werktage" in errand.text_of(lead.get(f"{asked.path}/result"))
    assert visit(other).post(f"{asked.path}/result/release").status_code == 403

    lead.post(f"{asked.path}/result/release")

    session.expire_all()
    assert session.scalars(select(Response.released_at)).one() is not None
    assert releases.hospital_view(session, asked.ward.hospital_id, run, now=now).is_open
    assert "freigegeben" in errand.text_of(lead.get(f"{asked.path}/result"))


def test_there_is_nothing_to_release_before_a_result(lead, asked):
    assert lead.post(f"{asked.path}/result/release").status_code == 409


def test_a_second_scan_waits_for_the_first(lead, asked, session):
    lead.post(f"{asked.path}/result")

    assert lead.post(f"{asked.path}/result").status_code == 409
    assert session.scalars(select(ScanRun.state)).one() is ScanState.QUEUED
