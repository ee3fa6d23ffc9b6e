"""Components over several vendors: counted for whom the lists were handed in to, by component and not by version."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from portal.db.models.components import SharedComponent
from portal.db.models.jobs import Job
from portal.db.models.responses import DeletionRule, Evidence
from portal.services.answers import responses, submissions
from portal.services.answers.submissions import Signer
from portal.services.evidence import components, evidence, retention, shared_components
from portal.services.evidence.evidence import DocumentFields, Stored
from portal.services.scans.grounds import Ground
from portal.services.vendors import concentration
from questionnaires.model import AnswerValue
from scanners.components import Standing
from scanners.datasets import SHIPPED
from scanners.model import Message
from scanners.parsing.parts_lists import Component as Part
from scanners.parsing.parts_lists import PartsList
from tests.portal import building
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from portal.services.actors import Actor
    from portal.services.vendors.concentration import Share
    from tests.portal.web.hospital.ward import Ward

FIRST, SECOND = "Strahlwerk Medizintechnik GmbH", "Zweite GmbH"
OLD = Part(name="jquery", version="1.12.4", purl="pkg:npm/jquery@1.12.4")
NEW = Part(name="jquery", version="3.7.1", purl="pkg:npm/jquery@3.7.1")
OWN = Part(name="pacs-core", version="1")


@dataclass(kw_only=True)
class Lists:
    """A hospital with two vendors, the lead of each, and how a list gets in."""

    ward: Ward
    leads: dict[str, Actor]

    def read(self, session: Session, name: str, parts: tuple[Part, ...], now: datetime, *, product: str = "") -> str:
        lead, number = self.leads[name], session.scalar(select(func.count()).select_from(Evidence)) or 0
        stored = Stored(
            blob_id=f"{number:032x}", sha256=f"{number:064x}", size=9, file_name="s.json", media_type="application/json"
        )
        fields = DocumentFields(kind="sbom", issued_on=date(2026, 11, 2))
        row = evidence.add(session, lead, self.ward.assessments[name], fields, stored, keys=(("GV-01", ""),), now=now)
        session.flush()
        found = PartsList(format="CycloneDX", version="1.6", product=product, components=parts)
        components.keep(session, lead.company_id, row.id, found, data=SHIPPED, now=now)
        return row.id

    def hand_in(self, session: Session, name: str, now: datetime) -> None:
        lead, round_ = self.leads[name], self.ward.assessments[name]
        responses.save(session, lead, round_, ("GV-02", ""), AnswerValue(choices=("yes",)), version=0, now=now)
        signer = Signer(name="Erika", function="CISO", confirms=True)
        submissions.hand_in(session, lead, round_, signer, base_url="http://x", now=now)
        session.flush()
        shared_components.share(session, lead.company_id)  # as the job does

    def shown(self, session: Session, now: datetime) -> list[Share]:
        return list(concentration.shares(session, self.ward.auditor, now=now)[Ground.COMPONENT])


@pytest.fixture
def lists(session: Session, now: datetime) -> Lists:
    return lists_of_two(session, now)


def lists_of_two(session: Session, now: datetime) -> Lists:
    """Both are asked and have accepted."""
    ward = wards.empty(session)
    leads = {}
    for name, domain in ((FIRST, "strahlwerk.example"), (SECOND, "zweite.example")):
        wards.add(session, ward, name, "PACS", domain=domain, now=now)
        wards.invite(session, ward, name, now=now, due=now.date() + timedelta(days=20))
        leads[name] = wards.accept(session, ward, name, now=now)
    return Lists(ward=ward, leads=leads)


def test_two_vendors_share_a_component_whatever_its_version(session: Session, lists: Lists, now: datetime):
    lists.read(session, FIRST, (OLD, OWN), now)
    lists.read(session, SECOND, (NEW, Part(name="viewer")), now)
    lists.hand_in(session, FIRST, now)
    assert lists.shown(session, now) == []  # the second has handed in nothing
    lists.hand_in(session, SECOND, now)

    [share] = lists.shown(session, now)
    assert (share.label, share.key, share.vendors, share.critical) == ("jquery", "pkg:npm/jquery", 2, 2)
    assert (list(share.names), list(share.versions)) == ([FIRST, SECOND], ["1.12.4", "3.7.1"])
    assert share.standing is Standing.AFFECTED
    assert "CVE-2020-11022" in share.known
    found = concentration.vendors_of(session, lists.ward.auditor, "component", "pkg:npm/jquery", now=now)
    assert set(found) == set(lists.ward.vendors.values())
    assert concentration.label_of(session, lists.ward.auditor, "component", "pkg:npm/jquery") == "jquery"


def test_what_was_not_handed_in_to_a_hospital_it_does_not_count(session: Session, lists: Lists, now: datetime):
    for name in (FIRST, SECOND):
        lists.read(session, name, (OLD,), now)
        lists.hand_in(session, name, now)
    other = building.hospital_actor(session, building.hospital(session, "Anderes Haus"))

    assert not concentration.shares(session, other, now=now)[Ground.COMPONENT]
    assert concentration.vendors_of(session, other, "component", "pkg:npm/jquery", now=now) == ()
    assert concentration.label_of(session, other, "component", "pkg:npm/jquery") == "pkg:npm/jquery"


@pytest.mark.parametrize("why", ["run out", "deleted", "off the lists"])
def test_what_no_longer_holds_is_counted_no_more(session: Session, lists: Lists, now: datetime, why: str):
    lists.read(session, FIRST, (OLD,), now)
    second = lists.read(session, SECOND, (OLD,), now)
    for name in (FIRST, SECOND):
        lists.hand_in(session, name, now)
    assert len(lists.shown(session, now)) == 1
    company_id = lists.leads[SECOND].company_id
    match why:
        case "run out":
            session.get_one(Evidence, second).valid_to = now.date() - timedelta(days=1)
            shared_components.share(session, company_id)
        case "deleted":
            components.forget(session, company_id, second)
        case _:
            building_vendor = lists.ward.vendors[SECOND]
            wards.vendors.find(session, lists.ward.assessor, building_vendor).ended_at = now

    assert lists.shown(session, now) == []


def test_of_a_product_only_the_newest_list_counts(session: Session, lists: Lists, now: datetime):
    lists.read(session, FIRST, (OLD,), now, product="PACS")
    lists.read(session, FIRST, (NEW,), now + timedelta(days=1), product="PACS")
    lists.read(session, FIRST, (OWN,), now, product="RIS")
    lists.hand_in(session, FIRST, now)

    rows = session.execute(select(SharedComponent.key, SharedComponent.versions)).all()
    assert sorted(map(tuple, rows)) == [("pacs-core", ["1"]), ("pkg:npm/jquery", ["3.7.1"])]


@pytest.mark.parametrize("why", ["deleted", "unreadable"])
def test_once_the_newest_list_is_gone_the_one_before_it_counts_again(
    session: Session, lists: Lists, now: datetime, why: str
):
    lists.read(session, FIRST, (OLD,), now, product="PACS")
    newest = lists.read(session, FIRST, (NEW,), now + timedelta(days=1), product="PACS")
    lists.hand_in(session, FIRST, now)
    session.execute(delete(Job))
    lead = lists.leads[FIRST]
    if why == "deleted":
        retention.delete(session, lead, session.get_one(Evidence, newest), DeletionRule.RETENTION, now=now)
        assert session.scalars(select(Job.args).where(Job.kind == "components-rejudge")).all() == [
            {"company_id": lead.company_id}
        ]
        shared_components.share(session, lead.company_id)  # as the job does
    else:
        components.keep(session, lead.company_id, newest, Message(text="no list"), data=SHIPPED, now=now)

    rows = session.execute(select(SharedComponent.key, SharedComponent.versions)).all()
    assert list(map(tuple, rows)) == [("pkg:npm/jquery", ["1.12.4"])]


def test_handing_in_a_list_asks_for_its_rows(session: Session, lists: Lists, now: datetime):
    lists.read(session, FIRST, (OLD,), now)
    for name in (FIRST, SECOND):
        lists.hand_in(session, name, now)

    asked = session.scalars(select(Job.args).where(Job.kind == "components-rejudge")).all()
    assert asked == [{"company_id": lists.leads[FIRST].company_id}]


@given(name=st.text(min_size=1), namespace=st.text("abc/", max_size=200), version=st.text("019.+-x"))
def test_a_key_does_without_the_version_and_fits_an_address(name: str, namespace: str, version: str):
    key = shared_components.key_of(name, f"pkg:npm/{namespace}x@{version}?arch=any#lib")

    assert key == shared_components.key_of("other", f"pkg:npm/{namespace}x")
    assert len(key) <= shared_components.LONGEST_KEY


def test_versions_stand_in_the_order_of_their_numbers():
    assert shared_components.versions(["1.10", "1.9", "", "1.9", "2.0-rc1"]) == ["1.9", "1.10", "2.0-rc1"]
    assert shared_components.key_of("Log4J  Core", "") == "log4j core"
    assert shared_components.key_of("x", "pkg:npm/%40angular/core@16") == "pkg:npm/%40angular/core"
