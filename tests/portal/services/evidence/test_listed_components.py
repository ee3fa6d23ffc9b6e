"""What is shown of a list of parts: to its company, to a hospital once it was handed in, to nobody else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portal.errors import NotAllowed, NotFound
from portal.services.evidence import listed_components
from portal.services.evidence.listed_components import Wanted
from portal.services.incidents import flashes
from portal.services.incidents.flashes import KnownBy
from scanners.components import Standing
from scanners.parsing.parts_lists import Component as Part
from tests.portal import building
from tests.portal.services.evidence import test_components as parts
from tests.portal.web.vendor import errand


@pytest.fixture
def asked(session, now):
    return errand.accepted(session, now)


@pytest.mark.parametrize(
    ("product", "supply", "expected"),
    [
        ("PACS Archiv", "PACS Archiv", True),
        ("pacs-archiv server", "PACS Archiv", True),
        ("PACS", "PACS Archiv", True),
        ("Infusomat", "PACS Archiv", False),
        ("", "PACS", False),
        ("-", "PACS", False),
    ],
)
def test_a_list_names_the_supply_or_another_product(product: str, supply: str, expected: bool):
    assert listed_components.fits(product, supply) is expected


def test_a_list_is_searched_filtered_and_paged(session, asked, now):
    many = replace(parts.LIST, components=(parts.JQUERY, *(Part(name=f"part-{number}") for number in range(250))))
    evidence_id = parts._read(session, asked, now, found=many)

    def page(**wanted):
        return listed_components.page_of_document(session, asked.lead, evidence_id, Wanted(**wanted))

    assert (page().total, page().last, len(page(number=6).parts)) == (251, 6, 1)
    assert page(number=99).number == 6
    assert [part.name for part in page(words="JQUERY").parts] == ["jquery"]
    assert [part.name for part in page(words="pkg:npm/jq").parts] == ["jquery"]
    assert page(words="%").total == 0
    assert page(standing=Standing.UNKNOWN).total == 250


def test_the_hospital_reads_a_list_once_it_was_handed_in(session, asked, now):
    evidence_id = parts._read(session, asked, now)
    vendor_id, clinic = parts._vendor_id(session, asked), asked.ward.assessor
    assert listed_components.of_vendor(session, clinic, vendor_id) == {}
    assert listed_components.search(session, clinic, "jquery") == []
    assert flashes.search(session, clinic, "jquery")[0].known_by is KnownBy.UNKNOWN
    with pytest.raises(NotFound):
        listed_components.page_of_vendor(session, clinic, vendor_id, evidence_id, Wanted())

    parts._hand_in(session, asked, now)

    assert set(listed_components.of_vendor(session, clinic, vendor_id)) == {evidence_id}
    assert listed_components.page_of_vendor(session, clinic, vendor_id, evidence_id, Wanted()).total == 3
    uses = listed_components.search(session, clinic, "  JQuery ")
    assert [(one.vendor_id, one.name, one.version, one.standing) for one in uses] == [
        (vendor_id, "jquery", "1.12.4", Standing.AFFECTED)
    ]
    assert listed_components.search(session, clinic, " ") == ()
    assert flashes.search(session, clinic, "jquery")[0].known_by is KnownBy.COMPONENT
    assert flashes.search(session, clinic, "struts2")[0].known_by is KnownBy.NOT_LISTED


def test_another_hospital_and_another_company_see_nothing(session, asked, now):
    evidence_id = parts._read(session, asked, now)
    parts._hand_in(session, asked, now)
    other = building.hospital_actor(session, building.hospital(session, "Anderes Haus"))

    assert listed_components.search(session, other, "jquery") == []
    assert listed_components.of_vendor(session, other, parts._vendor_id(session, asked)) == {}
    with pytest.raises(NotFound):
        listed_components.page_of_vendor(session, other, parts._vendor_id(session, asked), evidence_id, Wanted())
    assert listed_components.of_document(session, errand.stranger(session), evidence_id, []) is None
    with pytest.raises(NotAllowed):
        listed_components.search(session, asked.lead, "jquery")
