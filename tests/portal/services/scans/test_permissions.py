"""What may be looked at: refusals stop, active needs a person of the domain, windows are kept."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.db.models.accounts import Person
from portal.db.models.responses import Consent, ConsentKind, DomainControl
from portal.services.scans import permissions
from scanners.model import CheckClass
from tests.portal import building

HOSTS = ("a.pacs.example", "b.pacs.example")
ORDINARY = frozenset({CheckClass.PASSIVE, CheckClass.STANDARD})


@pytest.fixture
def vendor(session):
    return building.vendor(session, building.hospital(session), hosts=HOSTS)


@pytest.fixture
def company(session):
    return building.company_actor(session, email="lead@pacs.example")


@pytest.fixture
def round_(session, vendor, company):
    return building.assessment(session, vendor, company_id=company.company_id)


def _consent(session, round_, company, check_class, kind, *, host="", at, **values) -> None:
    session.add(
        Consent(
            company_id=company.company_id,
            assessment_id=round_.id,
            host_name=host,
            check_class=check_class,
            kind=kind,
            text_version="1",
            person_id=company.person_id,
            person_name=company.name,
            at=at,
            **values,
        )
    )
    session.flush()


def _allowed(session, vendor, now, names=HOSTS):
    return permissions.permitted(session, vendor.hospital_id, vendor.id, names, now=now)


def test_before_the_vendor_has_spoken_the_hospitals_ground_is_enough(session, vendor, now):
    allowed = _allowed(session, vendor, now)

    assert (allowed.hosts, allowed.classes) == (HOSTS, ORDINARY)


def test_documents_only_stops_everything(session, vendor, round_, now):
    round_.documents_only = True
    session.flush()

    assert _allowed(session, vendor, now) == permissions.Permission(reason=permissions.WITHDRAWN)


@pytest.mark.parametrize("kind", [ConsentKind.REFUSED, ConsentKind.WITHDRAWN])
@pytest.mark.parametrize("check_class", ["passive", "standard"])
def test_a_refusal_of_the_ordinary_classes_stops_all(session, vendor, round_, company, now, kind, check_class):
    _consent(session, round_, company, check_class, kind, at=now)

    assert _allowed(session, vendor, now).hosts == ()


def test_the_newest_word_counts(session, vendor, round_, company, now):
    _consent(session, round_, company, "passive", ConsentKind.REFUSED, at=now)
    _consent(session, round_, company, "passive", ConsentKind.GRANTED, at=now + timedelta(hours=1))

    assert _allowed(session, vendor, now).hosts == HOSTS


def test_a_refusal_for_one_host_leaves_the_other(session, vendor, round_, company, now):
    _consent(session, round_, company, "passive", ConsentKind.REFUSED, host=HOSTS[0], at=now)

    assert _allowed(session, vendor, now).hosts == HOSTS[1:]


def test_a_name_that_nobody_named_is_not_scanned(session, vendor, now):
    assert _allowed(session, vendor, now, ("other.example",)).reason == permissions.NO_HOST


def test_active_is_for_the_hosts_a_person_of_the_domain_agreed_to(session, vendor, round_, company, now):
    _consent(session, round_, company, "active", ConsentKind.GRANTED, host=HOSTS[0], at=now)
    allowed = _allowed(session, vendor, now)
    assert (allowed.active_hosts, allowed.active_domains) == (HOSTS[:1], ("pacs.example",))
    assert CheckClass.ACTIVE in allowed.classes

    session.get_one(Person, company.person_id).email = "lead@agency.example.net"
    session.flush()
    assert _allowed(session, vendor, now).classes == ORDINARY


def test_a_consent_for_all_hosts_is_none_for_active(session, vendor, round_, company, now):
    _consent(session, round_, company, "active", ConsentKind.GRANTED, at=now)

    assert _allowed(session, vendor, now).classes == ORDINARY


def test_active_ends_with_its_window_and_a_withdrawal_stops_it_alone(session, vendor, round_, company, now):
    for host in HOSTS:
        _consent(
            session,
            round_,
            company,
            "active",
            ConsentKind.GRANTED,
            host=host,
            at=now,
            window_to=now + timedelta(days=1),
        )
    assert CheckClass.ACTIVE in _allowed(session, vendor, now).classes
    assert _allowed(session, vendor, now + timedelta(days=2)).classes == ORDINARY

    _consent(session, round_, company, "active", ConsentKind.WITHDRAWN, host=HOSTS[0], at=now + timedelta(hours=1))
    assert _allowed(session, vendor, now).active_hosts == HOSTS[1:]
    _consent(session, round_, company, "active", ConsentKind.WITHDRAWN, at=now + timedelta(hours=2))
    assert _allowed(session, vendor, now) == permissions.Permission(hosts=HOSTS, classes=ORDINARY)


def test_a_window_that_has_not_begun_is_waited_for(session, vendor, round_, company, now):
    begins = now + timedelta(hours=5)
    _consent(session, round_, company, "passive", ConsentKind.GRANTED, at=now, window_from=begins)

    assert _allowed(session, vendor, now).not_before == begins
    assert _allowed(session, vendor, begins).not_before is None


def test_a_window_that_is_over_is_told(session, vendor, round_, company, now):
    ends = now + timedelta(hours=5)
    _consent(session, round_, company, "passive", ConsentKind.GRANTED, at=now, window_to=ends)

    assert not _allowed(session, vendor, ends).is_window_over
    assert _allowed(session, vendor, ends + timedelta(seconds=1)).is_window_over

    _consent(session, round_, company, "passive", ConsentKind.GRANTED, at=ends)
    assert not _allowed(session, vendor, ends + timedelta(days=1)).is_window_over


def _proof(session, company, host, *, at, method="dns", place="") -> None:
    session.merge(
        DomainControl(
            company_id=company.company_id,
            host_name=host,
            token="kettenblick-1",
            created_at=at,
            proven_at=at,
            method=method,
            place=place or f"_kettenblick-challenge.{host}",
        )
    )
    session.flush()


@pytest.fixture
def agency(session, vendor):
    """A company whose people write from elsewhere, with consent for both hosts."""
    return building.company_actor(session, building.company(session, "Agentur"), email="lead@gmx.de")


def test_a_record_shows_control_where_the_mail_address_does_not_and_it_ages(session, vendor, agency, now):
    round_ = building.assessment(session, vendor, company_id=agency.company_id)
    for host in HOSTS:
        _consent(session, round_, agency, "active", ConsentKind.GRANTED, host=host, at=now)
    assert _allowed(session, vendor, now).active_hosts == ()

    _proof(session, agency, HOSTS[0], at=now)
    allowed = _allowed(session, vendor, now)
    assert (allowed.active_hosts, allowed.active_domains) == (HOSTS[:1], ())
    _proof(session, agency, HOSTS[1], at=now, place="_kettenblick-challenge.pacs.example")
    allowed = _allowed(session, vendor, now)
    assert (allowed.active_hosts, allowed.active_domains) == (HOSTS, ("pacs.example",))

    old = now + timedelta(days=91)
    assert _allowed(session, vendor, old).active_hosts == ()
    stale = permissions.stale_controls(session, vendor.hospital_id, vendor.id, HOSTS, now=old)
    assert [row.host_name for row in stale] == list(HOSTS)


def test_the_consent_of_a_company_that_no_longer_answers_is_none(session, vendor, round_, company, agency, now):
    _consent(session, round_, company, "active", ConsentKind.GRANTED, host=HOSTS[0], at=now)
    assert _allowed(session, vendor, now).active_hosts == HOSTS[:1]

    building.assessment(session, vendor, company_id=agency.company_id, round=2)

    assert _allowed(session, vendor, now).active_hosts == ()
    _proof(session, agency, HOSTS[0], at=now)
    assert _allowed(session, vendor, now).active_hosts == ()


def test_agreeing_again_to_the_ordinary_classes_does_not_revive_the_active_one(session, vendor, round_, company, now):
    _consent(session, round_, company, "active", ConsentKind.GRANTED, host=HOSTS[0], at=now)
    for check_class in CheckClass:
        _consent(session, round_, company, check_class, ConsentKind.WITHDRAWN, at=now + timedelta(hours=1))
    for check_class in ORDINARY:
        _consent(session, round_, company, check_class, ConsentKind.GRANTED, at=now + timedelta(hours=2))

    assert _allowed(session, vendor, now) == permissions.Permission(hosts=HOSTS, classes=ORDINARY)
