"""Approval: sign and look at once, refuse, withdraw, strike and add, with the ledger for all to see."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text, update

from assessments.model import HostRole
from portal.db.models.jobs import Job
from portal.db.models.responses import Consent, ConsentKind, DomainControl
from portal.db.models.scans import ScanRun, ScanState
from portal.db.models.vendors import Host, HostState, Speaker
from portal.services.scans import domain_control
from portal.services.vendors import vendors
from scanners.attribution import Belonging
from scanners.observations import ControlRecords
from tests.portal.web.vendor import errand

SIGNED = {
    "name": "Erika Muster",
    "function": "CISO",
    "emergency_contact": "0171 5550",
    "window_from": "",
    "window_to": "",
}


@pytest.fixture
def asked(sessions, now):
    with sessions() as session, session.begin():
        return errand.accepted(session, now)


@pytest.fixture
def lead(visit, asked):
    return visit(asked.lead)


def test_the_page_shows_hosts_both_texts_limits_and_how_we_are_recognised(lead, asked):
    page = errand.text_of(lead.get(f"{asked.path}/approval"))

    for words in (
        "portal.strahlwerk.example",
        "Passiv",
        "Standard",
        "320",
        "User-Agent",
        "Noch ist nichts unterschrieben",
    ):
        assert words in page


def test_signing_starts_the_scan_and_stands_in_the_ledger(lead, asked, session):
    answer = lead.post(f"{asked.path}/approval", SIGNED)

    assert answer.headers["Location"].endswith("/result")
    assert session.scalars(select(ScanRun.state)).one() is ScanState.QUEUED
    page = errand.text_of(lead.get(f"{asked.path}/approval"))
    assert "Erika Muster, CISO 0171 5550" in page
    assert "Zustimmung widerrufen" in page


def test_a_time_window_waits(lead, asked, session):
    answer = lead.post(f"{asked.path}/approval", {**SIGNED, "window_from": "2099-01-01T08:00"})

    assert answer.headers["Location"].endswith("/approval")
    assert session.scalars(select(ScanRun)).all() == []
    assert session.scalars(select(Consent.window_from)).first().hour == 7  # 8 o'clock in Germany


def test_what_is_missing_stands_beside_its_field_and_nothing_is_lost(lead, asked, session):
    answer = lead.post(f"{asked.path}/approval", {**SIGNED, "function": ""})

    assert answer.status_code == 422
    html = answer.get_data(as_text=True)
    assert 'value="Erika Muster"' in html
    assert 'value="0171 5550"' in html
    assert session.scalars(select(Consent)).all() == []


def test_refusing_stops_and_says_that_it_is_no_bad_grade(lead, asked, session):
    lead.post(f"{asked.path}/approval", SIGNED)
    answer = lead.post(f"{asked.path}/approval/documents-only", {"name": "Erika", "function": "CISO"})

    assert answer.status_code == 303
    page = errand.text_of(lead.get(f"{asked.path}/approval"))
    assert "Nur Unterlagen" in page
    assert "widerrufen" in page
    assert session.scalars(select(ScanRun.state)).one() is ScanState.STOPPED
    assert "fehlt auch keines" in errand.text_of(lead.get(f"{asked.path}/result"))


def test_hosts_are_struck_taken_back_and_added(lead, asked, session):
    host = session.scalars(select(Host).order_by(Host.name)).first()
    lead.post(f"{asked.path}/hosts/{host.id}/strike")
    assert "gestrichen" in errand.text_of(lead.get(f"{asked.path}/approval"))
    lead.post(f"{asked.path}/hosts/{host.id}/confirm")

    answer = lead.post(f"{asked.path}/hosts", {"host": "10.0.0.1", "role": "product", "supply_id": ""})

    assert answer.status_code == 422
    assert 'value="10.0.0.1"' in answer.get_data(as_text=True)
    session.expire_all()
    assert session.get_one(Host, host.id).state is HostState.CONFIRMED


def test_a_contributor_reads_but_does_not_sign(visit, asked, sessions):
    with sessions() as session, session.begin():
        other = errand.colleague(session, asked)
    visitor = visit(other)

    assert '<form class="form"' not in visitor.get(f"{asked.path}/approval").get_data(as_text=True)
    assert visitor.post(f"{asked.path}/approval", SIGNED).status_code == 403
    assert visitor.get(f"{asked.path}/approval/documents-only").status_code == 403


def test_a_day_before_all_days_is_refused_beside_its_field(lead, asked, session):
    answer = lead.post(f"{asked.path}/approval", {**SIGNED, "window_from": "0001-01-01T00:00"})

    assert answer.status_code == 422
    assert session.scalars(select(Consent)).all() == []


# ---- the active class, and looking for oneself


ACTIVE = {"name": "Erika Muster", "function": "CISO", "emergency_contact": "0171 5550"}


@pytest.fixture
def host(session):
    return session.scalars(select(Host).order_by(Host.name)).first()


@pytest.fixture
def own(visit, asked, sessions):
    """The lead, writing from the hosts' own domain, after the ordinary consent."""
    with sessions() as session, session.begin():
        errand.person(session, asked.lead).email = "lead@strahlwerk.example"
    asked.lead = replace(asked.lead, email="lead@strahlwerk.example")
    lead = visit(asked.lead)
    lead.post(f"{asked.path}/approval", SIGNED)
    return lead


def test_the_active_class_is_offered_once_the_others_are_agreed_to(lead, asked):
    assert "schonend" not in errand.text_of(lead.get(f"{asked.path}/approval"))

    lead.post(f"{asked.path}/approval", SIGNED)

    page = errand.text_of(lead.get(f"{asked.path}/approval"))
    for words in ("Aktiv, schonend", "Nachweisen, dass ein Host Ihrer ist", "einmal am Tag"):
        assert words in page


def test_a_person_of_the_domain_signs_for_single_hosts_and_takes_it_back(own, asked, host, session):
    answer = own.post(f"{asked.path}/approval/active", {**ACTIVE, "hosts": host.id})

    assert answer.headers["Location"].endswith("/approval#active")
    page = own.get(f"{asked.path}/approval").get_data(as_text=True)
    assert page.count(">zugestimmt</span>") >= 1
    entry = session.scalars(select(Consent).where(Consent.check_class == "active")).one()
    assert (entry.host_name, entry.terms["user_agent"]) == (host.name, "Kettenblick")

    assert "Jetzt widerrufen" in errand.text_of(own.get(f"{asked.path}/approval/without-active"))
    own.post(f"{asked.path}/approval/without-active", {"name": "Erika", "function": "CISO"})
    kinds = session.scalars(select(Consent.kind).where(Consent.check_class == "active").order_by(Consent.at)).all()
    assert kinds == [ConsentKind.GRANTED, ConsentKind.WITHDRAWN]
    assert "Sie haben zugestimmt" in errand.text_of(own.get(f"{asked.path}/approval"))


def test_the_active_class_needs_hosts_and_a_contact(own, asked, session):
    answer = own.post(f"{asked.path}/approval/active", {**ACTIVE, "emergency_contact": ""})
    assert answer.status_code == 422
    answer = own.post(f"{asked.path}/approval/active", ACTIVE)
    assert answer.status_code == 422
    assert session.scalars(select(Consent).where(Consent.check_class == "active")).all() == []


def test_control_is_shown_with_a_token_that_a_job_looks_for(lead, asked, host, sessions, session, now):
    lead.post(f"{asked.path}/approval", SIGNED)
    lead.post(f"{asked.path}/hosts/{host.id}/control")
    token = session.scalars(select(DomainControl.token)).one()
    page = errand.text_of(lead.get(f"{asked.path}/approval"))
    for words in (token, f"_kettenblick-challenge.{host.name}", f"https://{host.name}/.well-known/kettenblick.txt"):
        assert words in page

    lead.post(f"{asked.path}/hosts/{host.id}/control")
    assert "wird geprüft" in errand.text_of(lead.get(f"{asked.path}/approval"))
    job = session.scalars(select(Job).where(Job.kind == "control")).one()
    assert job.args == {"company_id": asked.lead.company_id, "host": host.name}
    assert lead.post(f"{asked.path}/hosts/{host.id}/control").status_code == 409

    with sessions() as writing, writing.begin():
        domain_control.record(writing, asked.lead.company_id, host.name, ControlRecords(at=now), now=now)
    assert "steht weder im DNS noch in der Datei" in errand.text_of(lead.get(f"{asked.path}/approval"))
    with sessions() as writing, writing.begin():
        seen = ControlRecords(at=now, texts={"_kettenblick-challenge.strahlwerk.example": (token,)})
        domain_control.record(writing, asked.lead.company_id, host.name, seen, now=now)
    assert "durch DNS-Eintrag" in errand.text_of(lead.get(f"{asked.path}/approval"))


def test_a_company_looks_at_its_own_hosts_and_no_hospital_sees_it(own, visit, asked, session):
    session.execute(update(ScanRun).values(state=ScanState.DONE))
    session.commit()
    answer = own.post(f"{asked.path}/approval/look")

    assert answer.headers["Location"].endswith("/result")
    run = session.scalars(select(ScanRun).where(ScanRun.kept_back.is_(True))).one()
    assert run.hosts
    vendor_id = asked.ward.vendors[errand.VENDOR]
    seen = visit(asked.ward.assessor).get(f"/hospital/vendors/{vendor_id}/scan")
    assert run.id not in seen.get_data(as_text=True)
    assert visit(asked.ward.assessor).get(f"/hospital/vendors/{vendor_id}/scan/{run.id}").status_code == 404


def test_looking_for_oneself_needs_a_host_that_is_shown(lead, asked):
    lead.post(f"{asked.path}/approval", SIGNED)

    assert lead.post(f"{asked.path}/approval/look").status_code == 409


def test_after_the_window_the_page_offers_a_new_signature(lead, asked, sessions):
    lead.post(f"{asked.path}/approval", {**SIGNED, "window_to": "2099-01-01T08:00"})
    assert "Beiden Klassen zustimmen" not in errand.text_of(lead.get(f"{asked.path}/approval"))

    with sessions() as session, session.begin():
        session.execute(text("DROP TRIGGER consent_no_update"))
        session.execute(update(Consent).values(window_to=datetime(2020, 1, 1, tzinfo=UTC)))

    page = errand.text_of(lead.get(f"{asked.path}/approval"))
    assert "Ihr Zeitfenster ist vorbei" in page
    assert "Beiden Klassen zustimmen" in page


def test_what_a_host_is_for_is_corrected_and_shown_beside_what_counts(lead, asked, session):
    host = session.scalars(select(Host).order_by(Host.name)).first()
    path = f"{asked.path}/hosts/{host.id}/correct"

    assert lead.post(path, {"role": "corporate", "belonging": "hosted", "whole": "y"}).status_code == 303
    page = errand.text_of(lead.get(f"{asked.path}/approval"))
    assert "Sie haben gesagt: Unternehmensauftritt" in page and "für uns betrieben" in page
    assert "Zuletzt berichtigt von Ihnen" in page
    assert lead.post(path, {"role": "king"}).status_code == 422
    assert lead.post(f"{asked.path}/hosts/{'0' * 20}/correct", {"role": "mail"}).status_code == 404
    session.expire_all()
    assert session.get_one(Host, host.id).role.value == "product"

    lead.post(path, {"role": "product", "belonging": "foreign", "whole": "y"})
    session.expire_all()
    assert session.get_one(Host, host.id).state is HostState.STRUCK


def test_correcting_a_role_does_not_strike_what_the_hospital_holds_for_anothers(lead, asked, session, now):
    host = session.scalars(select(Host).order_by(Host.name)).first()
    actor, vendor_id = asked.ward.assessor, asked.ward.vendors[errand.VENDOR]
    vendors.change_host(session, actor, vendor_id, host.id, role=host.role, belonging=Belonging.FOREIGN, now=now)
    session.commit()

    assert lead.post(f"{asked.path}/hosts/{host.id}/correct", {"role": "mail", "belonging": ""}).status_code == 303
    session.expire_all()
    assert session.get_one(Host, host.id).state is not HostState.STRUCK


def _field(page, host_id, name):
    """What the form behind “Change” of a host holds."""
    form = re.search(rf"/hosts/{host_id}/correct.*?</form>", page, re.DOTALL)[0]
    if name == "version":
        return re.search(r'name="version" value="(\w*)"', form)[1]
    offered = re.search(r'<select id="belonging-.*?</select>', form, re.DOTALL)[0]
    return re.search(r'<option value="([\w-]*)"', offered)[1], re.findall(r'value="(\w*)" selected', offered)


def test_the_form_does_not_say_anothers_for_the_company_because_the_hospital_does(lead, asked, session, now):
    host = session.scalars(select(Host).order_by(Host.name)).first()
    actor, vendor_id = asked.ward.assessor, asked.ward.vendors[errand.VENDOR]
    vendors.change_host(session, actor, vendor_id, host.id, role=host.role, belonging=Belonging.FOREIGN, now=now)
    session.commit()

    page = lead.get(f"{asked.path}/approval").get_data(as_text=True)
    assert _field(page, host.id, "belonging") == ("", [])


def test_of_two_who_change_a_host_the_second_reads_both_texts(lead, asked, session, now):
    host = session.scalars(select(Host).order_by(Host.name)).first()
    path = f"{asked.path}/hosts/{host.id}/correct"
    version = _field(lead.get(f"{asked.path}/approval").get_data(as_text=True), host.id, "version")
    actor, vendor_id = asked.ward.assessor, asked.ward.vendors[errand.VENDOR]
    vendors.change_host(session, actor, vendor_id, host.id, role=HostRole.MAIL, now=now)
    session.commit()

    refused = lead.post(path, {"role": "corporate", "belonging": "", "whole": "y", "version": version})
    assert refused.status_code == 409
    words = errand.text_of(refused)
    assert "Mail" in words and "Unternehmensauftritt" in words
    session.expire_all()
    assert [word.speaker for word in session.get_one(Host, host.id).words] == [Speaker.HOSPITAL]

    version = _field(lead.get(f"{asked.path}/approval").get_data(as_text=True), host.id, "version")
    saved = lead.post(path, {"role": "corporate", "belonging": "", "whole": "y", "version": version})
    assert saved.status_code == 303
