"""What vendors share: drawn from observations, counted only where the hospital may look."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from portal.db.models.scans import ScanRun
from portal.db.models.supplies import Subcontractor
from portal.services.scans import grounds
from portal.services.scans.grounds import Ground
from portal.services.vendors import concentration, listing
from portal.services.vendors.listing import Wanted
from scanners.model import SubjectKind
from scanners.observations import AddressOrigins, HostDns, MailDns, MailExchanger, Origin
from tests.portal import building as rows
from tests.portal.web.hospital import ward as wards
from tests.scanners import building

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from scanners.model import Observations
    from tests.portal.web.hospital.ward import Ward

FIRST, SECOND = "Strahlwerk Medizintechnik GmbH", "Zweite GmbH"


def seen(domain: str, exchanger: str = "mx.hoster.example") -> Observations:
    at = building.AT
    return building.seen(
        MailDns(at=at, exchangers=(MailExchanger(preference=10, host=exchanger),)),
        HostDns(at=at, cname_chain=("d111.cloudfront.net",)),
        AddressOrigins(at=at, origins={"192.0.2.1": Origin(prefix="192.0.2.0/24", asn=64500)}),
        building.page_with({"Server": "nginx/1.25.3 (Ubuntu)"}),
        host=domain,
        kind=SubjectKind.DOMAIN,
    )


@pytest.fixture
def ward(session: Session, now: datetime) -> Ward:
    made = wards.one(session, now, name=FIRST, quality=0.6)
    wards.add(session, made, SECOND, "PACS", domain="zweite.example", hosts=1, now=now)
    wards.invite(session, made, SECOND, now=now - timedelta(days=40), due=now.date())
    wards.accept(session, made, SECOND, now=now - timedelta(days=40))
    wards.scan(session, made, SECOND, quality=0.6, now=now - timedelta(days=40))
    for number, name in enumerate((FIRST, SECOND)):
        run = session.scalars(select(ScanRun).where(ScanRun.vendor_id == made.vendors[name])).one()
        run.visible_at = now - timedelta(days=40)
        grounds.keep(session, run, [seen(f"vendor{number}.example")])
    session.flush()
    return made


def run_of(session: Session, ward: Ward, name: str) -> ScanRun:
    return session.scalars(select(ScanRun).where(ScanRun.vendor_id == ward.vendors[name])).one()


def labels(session: Session, ward: Ward, now: datetime) -> dict[Ground, list[str]]:
    found = concentration.shares(session, ward.auditor, now=now)
    return {kind: [one.label for one in group] for kind, group in found.items() if group}


def test_what_is_drawn_from_a_scan_is_what_others_may_rest_on_too():
    drawn = {(kind, label) for kind, _key, label, _host in grounds.seen_in([seen("vendor.example")])}

    assert (Ground.MAIL, "hoster.example") in drawn
    assert (Ground.NETWORK, "AS64500") in drawn
    assert (Ground.PRODUCT, "nginx") in drawn  # without its version
    assert any(kind is Ground.HOST for kind, _label in drawn)


def test_a_mail_host_of_its_own_is_shared_with_nobody():
    drawn = list(grounds.seen_in([seen("vendor.example", exchanger="mx.vendor.example")]))

    assert Ground.MAIL not in {kind for kind, *_rest in drawn}


def test_what_two_vendors_rest_on_is_told_with_how_many_are_critical(session: Session, ward: Ward, now: datetime):
    (mail,) = concentration.shares(session, ward.auditor, now=now)[Ground.MAIL]

    assert (mail.label, mail.vendors) == ("hoster.example", 2)
    assert sorted(mail.names) == [FIRST, SECOND]
    tiers = [row.tier for row in listing.vendors(session, ward.auditor, Wanted(), today=now.date()).rows]
    assert mail.critical == sum(tier in concentration.CRITICAL_TIERS for tier in tiers)
    only = concentration.vendors_of(session, ward.auditor, mail.kind, mail.key, now=now)
    assert set(only) == set(ward.vendors.values())
    assert concentration.label_of(session, ward.auditor, mail.kind, mail.key) == "hoster.example"


@pytest.mark.parametrize("why", ["kept back", "not told yet", "documents only"])
def test_what_is_not_open_to_the_hospital_is_counted_nowhere(session: Session, ward: Ward, now: datetime, why: str):
    run = run_of(session, ward, SECOND)
    match why:
        case "kept back":
            run.kept_back = True
        case "not told yet":
            run.visible_at = None
        case _:
            wards.document_only(session, ward, SECOND)
    session.flush()

    assert labels(session, ward, now) == {}
    one = concentration.vendors_of(session, ward.auditor, Ground.MAIL, "hoster.example", now=now)
    assert one == (ward.vendors[FIRST],)


def test_a_subcontractor_of_two_vendors_is_shared_however_it_is_written(session: Session, ward: Ward, now: datetime):
    for name, written in ((FIRST, "Rechen  Zentrum AG"), (SECOND, "rechen zentrum ag"), (SECOND, "Nur hier GmbH")):
        session.add(
            Subcontractor(
                hospital_id=ward.hospital_id,
                vendor_id=ward.vendors[name],
                name=written,
                created_at=now + timedelta(days=len(written)),
            )
        )
    session.flush()
    (one,) = concentration.shares(session, ward.auditor, now=now)[Ground.SUBCONTRACTOR]

    assert (one.key, one.vendors) == ("rechen zentrum ag", 2)
    only = concentration.vendors_of(session, ward.auditor, one.kind, one.key, now=now)
    assert set(only) == set(ward.vendors.values())
    assert concentration.label_of(session, ward.auditor, one.kind, one.key) == one.label
    other = rows.hospital_actor(session, rows.hospital(session, "Klinik Süd"))
    assert concentration.vendors_of(session, other, one.kind, one.key, now=now) == ()
    assert concentration.label_of(session, other, one.kind, one.key) == one.key


def test_another_hospital_learns_nothing(session: Session, ward: Ward, now: datetime):
    other = rows.hospital_actor(session, rows.hospital(session, "Klinik Süd"))

    assert not any(concentration.shares(session, other, now=now).values())
    assert concentration.vendors_of(session, other, Ground.MAIL, "hoster.example", now=now) == ()
    assert concentration.label_of(session, other, Ground.MAIL, "hoster.example") == "hoster.example"
    assert ward.vendors


def test_what_a_scan_has_seen_is_kept_once(session: Session, ward: Ward, now: datetime):
    before = labels(session, ward, now)
    grounds.keep(session, run_of(session, ward, FIRST), [seen("vendor0.example")])
    session.flush()

    assert labels(session, ward, now) == before
