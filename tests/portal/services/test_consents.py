"""The scope and the ledger: the company's word counts at once, and every word stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.db.models.accounts import CompanyRole
from portal.db.models.responses import Consent, ConsentKind
from portal.db.models.scans import ScanRun, ScanState
from portal.db.models.vendors import HostState
from portal.errors import BadInput, NotAllowed, NotFound, NotNow
from portal.services import consent_texts, consents, permissions, scans
from portal.services.consents import NewHost, Signature
from scanners.model import CheckClass
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


def test_signed_versions_have_both_languages_and_every_ordinary_class():
    for texts in consent_texts.VERSIONS.values():
        assert set(texts.classes) == set(consents.ORDINARY)
        for text in [*(one.text for one in texts.classes.values()), *texts.common]:
            assert text.de != text.en
