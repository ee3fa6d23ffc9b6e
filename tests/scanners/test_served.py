"""Which products a host is proposed to serve: by what it says of itself, never by a word that fits them all."""

from __future__ import annotations

import json

import pytest

from scanners import served
from scanners.observations import HostDns, OpenPorts, PortAnswer, UnpublishedPaths, WellKnown
from tests.scanners import building
from tests.scanners.building import AT

PRODUCTS = {"S-1": "PACS Archiv", "S-2": "Befundportal Radiologie", "S-3": "KIS Schnittstelle (FHIR)"}


def _seen(*facts, host: str = "x1.strahlwerk.de", title: str = ""):
    page = building.page(building.response(f"<title>{title}</title>", url=f"https://{host}/"))
    return building.seen(HostDns(at=AT, addresses_v4=("192.0.2.1",)), page, *facts, host=host)


def _keys(seen, products=None, *, vendor: str = "Strahlwerk Medizintechnik GmbH") -> list[str]:
    return [one.key for one in served.propose(seen, PRODUCTS if products is None else products, vendor=vendor)]


@pytest.mark.parametrize(
    ("title", "keys"),
    [
        ("PACS – Anmeldung", ["S-1"]),
        ("Strahlwerk Befundportal", ["S-2"]),
        ("Radiologiebefunde online", ["S-2"]),
        ("Strahlwerk Medizintechnik GmbH", []),
        ("Willkommen", []),
        ("", []),
    ],
)
def test_the_title_of_its_page_names_the_product(title: str, keys: list[str]):
    assert _keys(_seen(title=title)) == keys


@pytest.mark.parametrize(
    ("host", "keys"),
    [
        ("pacs.strahlwerk.de", ["S-1"]),
        ("pacs2.strahlwerk.de", ["S-1"]),
        ("pacsarchiv.strahlwerk.de", ["S-1"]),
        ("befundportal-radiologie.strahlwerk.de", ["S-2"]),
        ("schnittstelle.kunden.strahlwerk.de", ["S-3"]),
        ("www.strahlwerk.de", []),
        ("strahlwerk.de", []),
    ],
)
def test_so_does_the_name_of_the_host(host: str, keys: list[str]):
    assert _keys(_seen(host=host)) == keys


def test_the_page_outweighs_the_name_and_more_words_outweigh_fewer():
    assert _keys(_seen(host="pacs.strahlwerk.de", title="Befundportal")) == ["S-2"]
    assert _keys(_seen(title="PACS"), {"a": "PACS Archiv", "b": "PACS Viewer"}) == ["a", "b"]
    assert _keys(_seen(title="PACS Viewer"), {"a": "PACS Archiv", "b": "PACS Viewer"}) == ["b"]


def test_a_fhir_server_says_what_it_is():
    told = json.dumps({"resourceType": "CapabilityStatement", "software": {"name": "Befundportal"}})
    mute = json.dumps({"resourceType": "CapabilityStatement", "software": ["?"], "title": None})
    at = "/fhir/metadata"

    assert _keys(_seen(WellKnown(at=AT, documents={at: building.response(told)}))) == ["S-2"]
    found = served.propose(_seen(WellKnown(at=AT, documents={at: building.response(mute)})), PRODUCTS)
    assert [(one.key, one.is_guess, one.reason.render()) for one in found] == [
        ("S-3", True, "What it runs fits: FHIR.")
    ]


@pytest.mark.parametrize("body", ["[" * 100_000, "7", '{"resourceType": 3}', "\x00"])
def test_what_only_looks_like_a_self_description_says_nothing(body: str):
    assert _keys(_seen(WellKnown(at=AT, documents={"/metadata": building.response(body)}))) == []


def test_a_kind_of_system_is_a_guess():
    answered = OpenPorts(at=AT, address="192.0.2.1", answers=(PortAnswer(port=104, state="open", service="dicom"),))
    paths = UnpublishedPaths(at=AT, signs={"/dicom-web/studies": ("dicomweb-open",)})
    for seen in (_seen(answered), _seen(paths), _seen(title="Orthanc Explorer")):
        found = served.propose(seen, {"S-1": "PACS Archiv", "S-9": "Dienstplan"})
        assert [(one.key, one.is_guess) for one in found] == [("S-1", True)]


def test_a_word_that_every_product_has_tells_nothing():
    assert _keys(_seen(title="Strahlwerk Cloud Portal"), {"a": "Strahlwerk Portal", "b": "Strahlwerk Cloud"}) == []


def test_umlauts_are_spelt_as_in_host_names():
    assert _keys(_seen(host="geraeteakte.strahlwerk.de"), {"a": "Geräteakte"}) == ["a"]
