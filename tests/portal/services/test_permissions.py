"""What may be looked at: refusals stop, active needs a person of the domain, windows are kept."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.db.models.accounts import Person
from portal.db.models.responses import Consent, ConsentKind
from portal.services import permissions
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


def test_active_needs_a_person_of_the_domain_for_every_host(session, vendor, round_, company, now):
    _consent(session, round_, company, "active", ConsentKind.GRANTED, host=HOSTS[0], at=now)
    assert _allowed(session, vendor, now).classes == ORDINARY
    _consent(session, round_, company, "active", ConsentKind.GRANTED, host=HOSTS[1], at=now)
    assert CheckClass.ACTIVE in _allowed(session, vendor, now).classes

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
