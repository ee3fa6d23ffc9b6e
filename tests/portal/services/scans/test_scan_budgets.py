"""Budgets of names and addresses over all hospitals: one scan at a time, so many a day, and what providers showed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.db.models.accounts import Hospital
from portal.db.models.scans import AddressLease, MailSession, ScanUse
from portal.services.scans import mail_sessions, scan_budgets, scans
from portal.services.scans.scan_budgets import Answer
from scanners.model import Observations, Subject, SubjectKind
from scanners.observations import MailTransport, Reason, SmtpSession
from tests.portal import building

ADDRESS = "192.0.2.7"


@pytest.fixture
def runs(session, now):
    """Six scans of six hospitals, each of another name."""
    made = []
    for number in range(6):
        actor = building.hospital_actor(session)
        of = session.get_one(Hospital, actor.hospital_id)
        vendor = building.vendor(session, of, hosts=(f"n{number}.example",))
        made.append(scans.queue_by_hospital(session, actor, vendor.id, now=now))
    session.flush()
    return made


def _admit(session, run, now, *, holder="", active=False):
    return scan_budgets.admit(session, run, ADDRESS, holder=holder or run.id, active=active, now=now)


def test_one_scan_at_an_address_and_the_next_when_it_has_gone(session, runs, now):
    assert _admit(session, runs[0], now) is Answer.PASS
    assert _admit(session, runs[0], now) is Answer.PASS
    assert _admit(session, runs[1], now) is Answer.WAIT

    scan_budgets.release(session, runs[0].id)

    assert _admit(session, runs[1], now) is Answer.PASS


def test_a_lease_that_nobody_renews_runs_out(session, runs, now):
    _admit(session, runs[0], now)
    scan_budgets.renew(session, runs[0].id, now=now + timedelta(seconds=15))

    assert _admit(session, runs[1], now + timedelta(seconds=30)) is Answer.WAIT
    assert _admit(session, runs[1], now + timedelta(seconds=36)) is Answer.PASS


def test_four_scans_a_day_at_an_address_whatever_the_names_and_one_actively(session, runs, now):
    answers = []
    for run in runs:
        answers.append((_admit(session, run, now), _admit(session, run, now, active=True)))
        scan_budgets.release(session, run.id)

    assert answers == [(Answer.PASS, Answer.PASS), *[(Answer.PASS, Answer.REFUSE)] * 3, *[(Answer.REFUSE,) * 2] * 2]
    tomorrow = now + timedelta(days=1)
    assert _admit(session, runs[5], tomorrow) is Answer.PASS


def test_a_run_that_begins_again_counts_once(session, runs, now):
    for number in range(9):
        assert _admit(session, runs[0], now, holder=f"try {number}") is Answer.PASS
        scan_budgets.release(session, f"try {number}")

    assert len(session.scalars(select(ScanUse)).all()) == 1


def test_a_host_is_looked_at_actively_once_a_day(session, runs, now):
    assert scan_budgets.take_active(session, runs[0], ("a.example", "b.example"), now=now) == ("a.example", "b.example")
    assert scan_budgets.take_active(session, runs[0], ("a.example",), now=now) == ("a.example",)
    assert scan_budgets.take_active(session, runs[1], ("a.example", "c.example"), now=now) == ("c.example",)


def test_what_counts_no_more_is_swept(session, runs, now):
    _admit(session, runs[0], now)

    scan_budgets.sweep(session, now=now + timedelta(days=4))

    assert session.scalars(select(ScanUse)).all() == session.scalars(select(AddressLease)).all() == []


# ---- what mail providers showed


def _seen(domain, *held, at):
    subject = Subject(kind=SubjectKind.DOMAIN, name=domain)
    return Observations(subject=subject, at=at, facts={MailTransport: MailTransport(at=at, sessions=held)})


def test_a_providers_session_is_kept_for_others_and_runs_out(session, now):
    held = SmtpSession(host="mx00.mail-provider.example", address=ADDRESS, banner="ESMTP", offers_starttls=True)

    mail_sessions.keep(session, [_seen("pacs.example", held, at=now)])
    session.flush()

    assert mail_sessions.known(session, now=now) == (replace(held, seen_at=now),)
    late = now + timedelta(hours=13)
    assert mail_sessions.known(session, now=late) == ()
    mail_sessions.sweep(session, now=late)
    assert session.scalars(select(MailSession)).all() == []


def test_the_customers_name_is_not_kept(session, now):
    held = SmtpSession(host="pacs-example.mail-provider.example", address=ADDRESS, banner="ESMTP")

    mail_sessions.keep(session, [_seen("pacs.example", held, at=now)])
    session.flush()

    (row,) = session.scalars(select(MailSession)).all()
    assert "pacs" not in repr((row.host, row.document))


def test_own_servers_and_half_sessions_are_looked_at_anew(session, now):
    own = SmtpSession(host="mail.pacs.example", address=ADDRESS, banner="ESMTP")
    half = SmtpSession(host="mx.provider.example", address=ADDRESS, blind=Reason.THROTTLED)
    old = SmtpSession(host="mx.provider.example", address=ADDRESS, seen_at=now)

    mail_sessions.keep(session, [_seen("pacs.example", own, half, old, at=now)])

    assert mail_sessions.known(session, now=now) == ()
