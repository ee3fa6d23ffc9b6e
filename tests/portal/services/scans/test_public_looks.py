"""A first look for whoever asks: only with a mail of the domain, only its hosts, only so often, and for one reader."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal.db.models.accounts import Ticket
from portal.db.models.audit import AuditEvent
from portal.db.models.jobs import Job, OutboxMail
from portal.db.models.scans import ScanRun
from portal.errors import BadInput, NotFound, TooMany
from portal.services.jobs import JobKind
from portal.services.scans import public_looks, scan_budgets
from portal.services.scans.scans import Order
from scanners import catalogue
from scanners.model import CheckClass, Finding, Message, Outcome, Severity, Subject, SubjectKind
from tests.portal.building import NOW

DOMAIN = "strahlwerk.de"
ADDRESS = f"info@{DOMAIN}"


def ask(session, email=ADDRESS, *, caller="192.0.2.9", most=50, now=NOW):
    public_looks.ask(
        session,
        email=email,
        caller=caller,
        permitted_suffixes=(),
        base_url="https://kette.example",
        language="de",
        most_a_day=most,
        now=now,
    )
    text = session.scalars(select(OutboxMail.text).order_by(OutboxMail.created_at.desc()).limit(1)).one()
    return text.partition("/look/link/")[2].split()[0]


def start(session, token, hosts=DOMAIN, *, now=NOW):
    return public_looks.start(session, token, hosts=hosts, caller="192.0.2.9", permitted_suffixes=(), now=now)


def job_of(session):
    return session.scalars(select(Job).where(Job.kind == JobKind.PUBLIC_LOOK.value)).one()


def finding(check_class=CheckClass.PASSIVE, outcome=Outcome.FAIL):
    check = next(one for one in catalogue.CHECKS.values() if one.check_class is check_class)
    subject = Subject(kind=SubjectKind.HOST, name=DOMAIN)
    return Finding(
        check_id=check.id, subject=subject, outcome=outcome, severity=Severity.HIGH, fact=Message(text="x"), at=NOW
    )


@pytest.mark.parametrize(
    ("email", "word"),
    [
        ("kein", "one e-mail"),
        ("a@b.de\nbcc: c@d.de", "one e-mail"),
        ("erika@gmx.de", "Anybody"),
        ("erika@mail.local", "internal"),
        ("erika@127.0.0.1", "one e-mail"),
        ("erika@co.uk", "public suffix"),
    ],
)
def test_an_address_that_proves_no_domain_gets_no_mail(session, email, word):
    with pytest.raises(BadInput) as refused:
        ask(session, email)

    assert word in refused.value.fields["email"].render()
    assert session.scalar(select(func.count()).select_from(OutboxMail)) == 0


@pytest.mark.parametrize(
    ("hosts", "word"),
    [
        ("", "Enter a host name"),
        ("127.0.0.1", "not an IP address"),
        ("0x7f000001", "not an IP address"),
        ("127。0。0。1", "not an IP address"),
        ("[::1]", "only the host name"),
        ("https://strahlwerk.de/admin", "only the host name"),
        ("pacs.local", "internal"),
        ("localhost", "at least one dot"),
        ("strahlwerk.de.example.com", "does not belong"),
        ("strahlwerk.de klinikum.de", "does not belong"),
        ("a.strahlwerk.de b.strahlwerk.de c.strahlwerk.de d.strahlwerk.de", "At most 3"),
        ("x," * 300, "At most 3"),
    ],
)
def test_what_may_not_be_named_is_refused_and_the_link_stays_good(session, hosts, word):
    token = ask(session)

    with pytest.raises(BadInput) as refused:
        start(session, token, hosts)

    assert word in refused.value.fields["hosts"].render()
    assert public_looks.domain_of(session, token, now=NOW) == DOMAIN
    assert session.scalars(select(Job).where(Job.kind == JobKind.PUBLIC_LOOK.value)).first() is None


def test_a_link_works_once_and_not_for_ever(session):
    token = ask(session)
    start(session, token)

    with pytest.raises(NotFound):
        start(session, token)
    late = ask(session)
    with pytest.raises(NotFound):
        start(session, late, now=NOW + timedelta(hours=2))


def test_the_look_is_of_the_passive_class_and_belongs_to_nobody(session):
    viewer = start(session, ask(session), "www.strahlwerk.de portal.strahlwerk.de")
    job = job_of(session)

    order = public_looks.begin(session, job.id, is_offered=True, now=NOW)

    assert isinstance(order, Order)
    assert order.classes == {CheckClass.PASSIVE}
    assert order.hosts == ("www.strahlwerk.de", "portal.strahlwerk.de")
    assert order.active_hosts == ()
    assert session.scalar(select(func.count()).select_from(ScanRun)) == 0
    assert {event.scope for event in session.scalars(select(AuditEvent))} == {"instance"}
    assert public_looks.view(session, viewer, now=NOW).is_live


def test_an_offer_that_was_taken_back_reaches_who_waits(session):
    start(session, ask(session))
    job = job_of(session)

    assert public_looks.begin(session, job.id, is_offered=False, now=NOW) is None
    assert public_looks.begin(session, job.id, is_offered=True, now=NOW + timedelta(hours=3)) is None


def test_the_result_is_one_readers_for_a_day(session):
    viewer = start(session, ask(session))
    job = job_of(session)
    job.state = "done"
    public_looks.keep(session, job.id, [finding(), finding(CheckClass.STANDARD)], reason="", now=NOW)

    seen = public_looks.view(session, viewer, now=NOW + timedelta(hours=23))
    assert [one.outcome for one in seen.findings] == [Outcome.FAIL]
    assert seen.findings[0].check_id == finding().check_id
    with pytest.raises(NotFound):
        public_looks.view(session, "avi_guessed", now=NOW)
    with pytest.raises(NotFound):
        public_looks.view(session, viewer, now=NOW + timedelta(hours=24))
    public_looks.sweep(session, now=NOW + timedelta(hours=24))
    for table in (Job, Ticket, OutboxMail):
        kinds = [getattr(row, "kind", "") for row in session.scalars(select(table))]
        assert JobKind.PUBLIC_LOOK.value not in kinds
    assert session.scalars(select(Ticket)).all() == []


def test_a_look_that_saw_nothing_says_so(session):
    viewer = start(session, ask(session))
    job = job_of(session)
    job.state = "done"
    public_looks.keep(session, job.id, [finding(outcome=Outcome.UNKNOWN)], reason="why", now=NOW)

    seen = public_looks.view(session, viewer, now=NOW)
    assert seen.is_failed
    assert seen.reason == "why"
    assert seen.findings == []


def test_its_reader_can_delete_it_at_once(session):
    viewer = start(session, ask(session))

    public_looks.forget(session, viewer, now=NOW)
    session.flush()

    assert session.scalars(select(Job).where(Job.kind == JobKind.PUBLIC_LOOK.value)).first() is None
    with pytest.raises(NotFound):
        public_looks.view(session, viewer, now=NOW)


def test_a_host_is_looked_at_twice_a_day_whoever_asks_and_hospitals_keep_their_half(session):
    for number in range(scan_budgets.A_DAY_BY_PUBLIC):
        start(session, ask(session, now=NOW + timedelta(minutes=number)), now=NOW + timedelta(minutes=number))
    token = ask(session, now=NOW + timedelta(minutes=9))

    with pytest.raises(BadInput) as refused, session.begin_nested():
        start(session, token)

    assert "tomorrow" in refused.value.fields["hosts"].render()
    most = scan_budgets.A_DAY_BY_HOSPITALS
    scan_budgets.count_names(session, [DOMAIN], most=most, now=NOW)


def test_an_address_behind_many_names_is_used_up_to_its_half(session):
    knocks = [
        scan_budgets.admit_public(session, f"look-{number}", "192.0.2.1", holder="one", now=NOW) for number in range(3)
    ]

    assert knocks == [scan_budgets.Answer.PASS, scan_budgets.Answer.PASS, scan_budgets.Answer.REFUSE]


class TestHowOften:
    def test_one_address_gets_three_mails_a_day(self, session):
        for number in range(3):
            ask(session, caller=f"192.0.2.{number}")
        with pytest.raises(TooMany) as refused:
            ask(session, caller="192.0.2.7")
        assert "hours" in refused.value.message.render()

    def test_one_domain_gets_six(self, session):
        for number in range(6):
            ask(session, f"a{number}@mail{number}.{DOMAIN}", caller=f"192.0.2.{number}")
        with pytest.raises(TooMany):
            ask(session, f"b@{DOMAIN}", caller="192.0.2.7")

    def test_one_caller_asks_six_times_an_hour(self, session):
        for number in range(6):
            ask(session, f"info@firma{number}.de")
        with pytest.raises(TooMany):
            ask(session, "info@firma7.de")

    def test_all_together_ask_as_often_as_the_operator_lets_them(self, session):
        for number in range(2):
            ask(session, f"info@firma{number}.de", caller=f"192.0.2.{number}", most=2)
        with pytest.raises(TooMany):
            ask(session, "info@firma7.de", caller="192.0.2.7", most=2)
        ask(session, "info@firma7.de", caller="192.0.2.8", most=2, now=NOW + timedelta(days=1, seconds=1))
