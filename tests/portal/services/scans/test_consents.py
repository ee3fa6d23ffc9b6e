"""The scope and the ledger: the company's word counts at once, and every word stays."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.db.models.accounts import CompanyRole, Person
from portal.db.models.jobs import Job
from portal.db.models.responses import Consent, ConsentKind, DomainControl
from portal.db.models.scans import ScanRun, ScanState
from portal.db.models.vendors import HostState
from portal.errors import BadInput, NotAllowed, NotFound, NotNow
from portal.services.jobs import JobKind
from portal.services.scans import consent_texts, consents, domain_control, permissions, scans
from portal.services.scans.consents import NewHost, Signature
from portal.services.scans.scans import Postponed, Ruling
from scanners.model import CheckClass
from scanners.observations import ControlRecords
from tests.portal import building
from tests.portal.web.vendor import errand

SIGNED = Signature(name="Erika Muster", function="CISO", emergency_contact="Rufbereitschaft 0171 5550")


@pytest.fixture
def asked(session, now):
    return errand.accepted(session, now)


def _permitted(session, asked, now):
    row = errand.assessment(session, asked)
    names = [host.name for host in permissions.hosts_in_scope(session, row.hospital_id, row.vendor_id)]
    return permissions.permitted(session, row.hospital_id, row.vendor_id, names, now=now)


def test_agreeing_confirms_the_hosts_and_writes_a_line_per_class(session, asked, now):
    consents.grant(session, asked.lead, asked.assessment_id, SIGNED, now=now)

    entries = consents.ledger(session, asked.lead, asked.assessment_id)
    assert {entry.check_class for entry in entries} == {"passive", "standard"}
    assert {(entry.kind, entry.person_name, entry.text_version) for entry in entries} == {
        (ConsentKind.GRANTED, "Erika Muster", consent_texts.CURRENT)
    }
    assert {host.state for host in consents.scope(session, asked.lead, asked.assessment_id)} == {HostState.CONFIRMED}
    assert _permitted(session, asked, now).classes == {CheckClass.PASSIVE, CheckClass.STANDARD}


def test_refusing_stops_everything_and_is_no_bad_grade(session, asked, now):
    run = scans.queue_by_hospital(session, asked.ward.assessor, asked.ward.vendors[errand.VENDOR], now=now)

    consents.refuse(session, asked.lead, asked.assessment_id, SIGNED, now=now)

    assert errand.assessment(session, asked).documents_only
    assert session.get_one(ScanRun, run.id).state is ScanState.STOPPED
    assert _permitted(session, asked, now).hosts == ()
    with pytest.raises(NotNow):
        scans.queue_by_hospital(session, asked.ward.assessor, asked.ward.vendors[errand.VENDOR], now=now)


def test_a_withdrawal_reaches_a_running_scan(session, asked, now):
    consents.grant(session, asked.lead, asked.assessment_id, SIGNED, now=now)
    run = scans.queue_by_company(session, asked.lead, asked.assessment_id, now=now)
    session.flush()
    scans.start(session, asked.ward.hospital_id, run.id, now=now)
    session.flush()

    consents.withdraw(session, asked.lead, asked.assessment_id, SIGNED, now=now + timedelta(seconds=9))
    session.flush()

    assert scans.must_stop(session, asked.ward.hospital_id, run.id)


def test_the_newest_word_holds_and_no_word_is_lost(session, asked, now):
    consents.refuse(session, asked.lead, asked.assessment_id, SIGNED, now=now)
    consents.grant(session, asked.lead, asked.assessment_id, SIGNED, now=now + timedelta(days=1))
    consents.withdraw(session, asked.lead, asked.assessment_id, SIGNED, now=now + timedelta(days=2))
    consents.grant(session, asked.lead, asked.assessment_id, SIGNED, now=now + timedelta(days=3))

    kinds = [
        entry.kind for entry in session.scalars(select(Consent).order_by(Consent.at)) if entry.check_class == "passive"
    ]
    assert kinds == [ConsentKind.REFUSED, ConsentKind.GRANTED, ConsentKind.WITHDRAWN, ConsentKind.GRANTED]
    assert len(_permitted(session, asked, now + timedelta(days=3)).hosts) == 2
    assert not errand.assessment(session, asked).documents_only


def test_there_must_be_a_consent_to_withdraw(session, asked, now):
    with pytest.raises(NotNow):
        consents.withdraw(session, asked.lead, asked.assessment_id, SIGNED, now=now)


def test_a_struck_host_is_out_at_once_and_its_scan_ends(session, asked, now):
    run = scans.queue_by_company(session, asked.lead, asked.assessment_id, now=now)
    host = consents.scope(session, asked.lead, asked.assessment_id)[0]

    consents.strike_host(session, asked.lead, asked.assessment_id, host.id, now=now)

    assert session.get_one(ScanRun, run.id).state is ScanState.STOPPED
    assert host.name not in _permitted(session, asked, now).hosts
    consents.confirm_host(session, asked.lead, asked.assessment_id, host.id, now=now)
    assert host.name in _permitted(session, asked, now).hosts


def test_a_host_the_company_adds_is_in_scope(session, asked, now):
    consents.add_host(
        session,
        asked.lead,
        asked.assessment_id,
        NewHost(name="Update.Strahlwerk.example"),
        permitted=("example",),
        now=now,
    )

    assert "update.strahlwerk.example" in _permitted(session, asked, now).hosts


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "de", "portal.strahlwerk.example", "a b", ""])
def test_what_is_no_host_or_there_already_is_refused(session, asked, now, name):
    with pytest.raises(BadInput) as refused:
        consents.add_host(session, asked.lead, asked.assessment_id, NewHost(name=name), permitted=("example",), now=now)

    assert "host" in refused.value.fields


def test_a_host_of_another_product_or_vendor_is_not_found(session, asked, now):
    with pytest.raises(NotFound):
        consents.add_host(
            session, asked.lead, asked.assessment_id, NewHost(name="x.strahlwerk.example", supply_id="0" * 20),
            permitted=("example",), now=now,
        )  # fmt: skip
    with pytest.raises(NotFound):
        consents.strike_host(session, asked.lead, asked.assessment_id, "0" * 20, now=now)


def test_only_those_who_may_sign_sign(session, asked, now):
    contributor = errand.colleague(session, asked)
    signatory = errand.colleague(session, asked, CompanyRole.SIGNATORY)
    stranger = building.company_actor(session, building.company(session, "Andere GmbH"))

    for say in (consents.grant, consents.refuse):
        with pytest.raises(NotAllowed):
            say(session, contributor, asked.assessment_id, SIGNED, now=now)
        with pytest.raises(NotFound):
            say(session, stranger, asked.assessment_id, SIGNED, now=now)
    consents.grant(session, signatory, asked.assessment_id, SIGNED, now=now)
    assert consents.is_granted(session, errand.assessment(session, asked))


def test_a_signature_needs_a_name_a_function_and_a_window_that_makes_sense(session, asked, now):
    broken = Signature(name=" ", function="", window_from=now + timedelta(days=2), window_to=now + timedelta(days=1))

    with pytest.raises(BadInput) as refused:
        consents.grant(session, asked.lead, asked.assessment_id, broken, now=now)

    assert set(refused.value.fields) == {"name", "function", "window_to"}


# What was signed must be what can be read later: a change here is a new version, never another digest.
DIGESTS = {
    "2026-1": "2b41e1c4781c1312",
    "2026-2": "dc9a752f49fbab92",
}


def test_a_signed_version_never_changes():
    assert {version: _digest(texts) for version, texts in consent_texts.VERSIONS.items()} == DIGESTS


def _digest(texts) -> str:
    words = [
        word
        for check_class, one in texts.classes.items()
        for word in (check_class.value, *(text.get(of) for text in (one.title, one.text) for of in ("de", "en")))
    ]
    words += [text.get(of) for text in texts.common for of in ("de", "en")]
    words += [text.get(of) for one in texts.classes.values() for text in one.points for of in ("de", "en")]
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:16]


def test_signed_versions_have_both_languages_and_the_current_one_every_class():
    for texts in consent_texts.VERSIONS.values():
        for one in texts.classes.values():
            for text in (one.title, one.text, *one.points, *texts.common):
                assert text.de and text.en
                assert text.de != text.en or text is one.title
    assert set(consent_texts.current().classes) == set(CheckClass)


# ---- the active class


ACTIVE = Signature(name="Erika Muster", function="CISO", emergency_contact="0171 5550", terms={"agent": "Kettenblick"})


def _active(session, asked, now):
    return consents.active_hosts(session, asked.lead, asked.assessment_id, now=now)


@pytest.fixture
def own(session, asked):
    """The same, with a lead whose address is of the hosts' domain."""
    session.get_one(Person, asked.lead.person_id).email = "lead@strahlwerk.example"
    session.flush()
    return replace(asked, lead=replace(asked.lead, email="lead@strahlwerk.example"))


def test_the_active_class_is_signed_for_single_hosts_that_the_company_controls(session, own, now):
    consents.grant(session, own.lead, own.assessment_id, SIGNED, now=now)
    first, *_others = _active(session, own, now)

    now += timedelta(seconds=1)  # the ledger is in the order of time
    consents.grant_active(session, own.lead, own.assessment_id, [first.id], ACTIVE, now=now)

    entry = consents.ledger(session, own.lead, own.assessment_id)[-1]
    assert (entry.host_name, entry.check_class, entry.kind) == (first.name, "active", ConsentKind.GRANTED)
    assert (entry.text_version, entry.terms) == (consent_texts.CURRENT, {"agent": "Kettenblick"})
    assert [host.name for host in _active(session, own, now) if host.is_open] == [first.name]
    assert _permitted(session, own, now).active_hosts == (first.name,)


def test_the_active_class_needs_the_ordinary_ones_a_contact_and_control(session, asked, now):
    hosts = _active(session, asked, now)
    with pytest.raises(NotNow):
        consents.grant_active(session, asked.lead, asked.assessment_id, [hosts[0].id], ACTIVE, now=now)
    consents.grant(session, asked.lead, asked.assessment_id, SIGNED, now=now)
    mute = Signature(name="Erika Muster", function="CISO")
    with pytest.raises(BadInput) as refused:
        consents.grant_active(session, asked.lead, asked.assessment_id, [hosts[0].id], mute, now=now)
    assert set(refused.value.fields) == {"emergency_contact"}
    elsewhere = replace(asked.lead, email="erika@gmail.com")
    for host_ids in ([], [hosts[0].id]):
        with pytest.raises(BadInput) as refused:
            consents.grant_active(session, elsewhere, asked.assessment_id, host_ids, ACTIVE, now=now)
        assert set(refused.value.fields) == {"hosts"}
    with pytest.raises(NotFound):
        consents.grant_active(session, asked.lead, asked.assessment_id, ["0" * 20], ACTIVE, now=now)
    contributor = errand.colleague(session, asked)
    with pytest.raises(NotAllowed):
        consents.grant_active(session, contributor, asked.assessment_id, [hosts[0].id], ACTIVE, now=now)


def test_taking_the_active_class_back_leaves_the_others_and_narrows_a_running_scan(session, own, now):
    consents.grant(session, own.lead, own.assessment_id, SIGNED, now=now)
    ids = [host.id for host in _active(session, own, now)]
    consents.grant_active(session, own.lead, own.assessment_id, ids, ACTIVE, now=now)
    run = scans.queue_by_company(session, own.lead, own.assessment_id, now=now)
    session.flush()
    order = scans.start(session, own.ward.hospital_id, run.id, now=now)
    assert len(order.active_hosts) == len(ids)
    assert scans.rule(session, own.ward.hospital_id, run.id, order, now=now) is Ruling.GO_ON

    later = now + timedelta(seconds=9)
    consents.end_active(session, own.lead, own.assessment_id, ACTIVE, now=later)

    assert consents.ledger(session, own.lead, own.assessment_id)[-1].kind is ConsentKind.WITHDRAWN
    assert scans.rule(session, own.ward.hospital_id, run.id, order, now=later) is Ruling.ANEW
    again = scans.start(session, own.ward.hospital_id, run.id, now=later)
    assert (again.hosts, again.active_hosts) == (order.hosts, ())
    assert CheckClass.ACTIVE not in again.classes
    assert consents.is_granted(session, errand.assessment(session, own))


def test_the_active_class_can_be_refused_unasked(session, asked, now):
    consents.end_active(session, asked.lead, asked.assessment_id, ACTIVE, now=now)

    assert [(one.check_class, one.kind) for one in consents.ledger(session, asked.lead, asked.assessment_id)] == [
        ("active", ConsentKind.REFUSED)
    ]
    assert len(_permitted(session, asked, now).hosts) == 2


def test_an_old_proof_is_looked_at_anew_before_an_active_scan(session, asked, now):
    consents.grant(session, asked.lead, asked.assessment_id, SIGNED, now=now)
    host = _active(session, asked, now)[0]
    person = session.get_one(Person, asked.lead.person_id)
    person.email = "erika@gmx.de"
    actor = replace(asked.lead, email=person.email)
    session.add(
        DomainControl(
            company_id=actor.company_id, host_name=host.name, token="t", created_at=now, proven_at=now,
            method="well-known", place="x",
        )
    )  # fmt: skip
    session.flush()
    consents.grant_active(session, actor, asked.assessment_id, [host.id], ACTIVE, now=now)
    late = now + timedelta(days=100)
    run = scans.queue_by_company(session, actor, asked.assessment_id, now=late)
    session.flush()

    assert isinstance(scans.start(session, asked.ward.hospital_id, run.id, now=late), Postponed)
    assert session.scalars(select(Job).where(Job.kind == JobKind.CONTROL.value)).one().args["host"] == host.name
    text = ("t",)
    seen = ControlRecords(at=late, texts={f"_kettenblick-challenge.{host.name}": text})
    domain_control.record(session, actor.company_id, host.name, seen, now=late)
    order = scans.start(session, asked.ward.hospital_id, run.id, now=late)
    assert order.active_hosts == (host.name,)
    assert order.active_domains == ()


def test_after_a_window_a_new_signature_goes_on(session, asked, now):
    brief = replace(SIGNED, window_to=now + timedelta(hours=1))
    consents.grant(session, asked.lead, asked.assessment_id, brief, now=now)
    row = errand.assessment(session, asked)
    late = now + timedelta(days=1)
    assert not consents.is_window_over(session, row, now=now)
    assert consents.is_window_over(session, row, now=late)

    consents.grant(session, asked.lead, asked.assessment_id, SIGNED, now=late)

    assert not consents.is_window_over(session, row, now=late)
    assert not _permitted(session, asked, late).is_window_over
