"""CSAF and the page for reports."""

import json

import pytest

from scanners.checks import advisories as checks
from scanners.model import Check, Outcome
from scanners.observations import Response, WellKnown
from tests.scanners.building import AT, HOST, page_with, response
from tests.scanners.building_domain import BLIND, says, when_blind

ALL = [value for value in vars(checks).values() if isinstance(value, Check)]
METADATA = {"role": "csaf_provider", "publisher": {"name": "Beispiel AG"}}


def published(**documents: Response) -> WellKnown:
    paths = {"csaf": checks.CSAF_PATH, "txt": checks.SECURITY_TXT}
    return WellKnown(at=AT, documents={paths[name]: found for name, found in documents.items()})


def json_response(body: str, status: int = 200) -> Response:
    return response(body, status=status, headers={"content-type": "application/json"})


@pytest.mark.parametrize(
    ("fact", "outcome"),
    [
        (published(csaf=json_response(json.dumps(METADATA))), Outcome.PASS),
        (published(csaf=json_response("", status=404)), Outcome.INFO),
        (published(csaf=json_response("{")), Outcome.INFO),
        (published(csaf=json_response("[]")), Outcome.INFO),
        (published(csaf=response("<html>not found</html>")), Outcome.INFO),  # F1: a catch-all page
        (
            published(
                csaf=json_response("", status=404),
                txt=response(
                    "Contact: mailto:x@example.test\nCSAF: https://example.test/pm.json",
                    headers={"content-type": "text/plain"},
                ),
            ),
            Outcome.PASS,
        ),
        (published(), Outcome.UNKNOWN),
    ],
)
def test_csaf_is_found_where_it_is_published(fact: WellKnown, outcome: Outcome):
    assert says(checks.advisories_are_for_machines, fact)[0] is outcome


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ('<a href="/psirt">Security</a>', Outcome.PASS),
        ('<a href="https://trust.example.test/">Trust</a>', Outcome.PASS),
        ('<a href="/unternehmen/sicherheitshinweise">Hinweise</a>', Outcome.PASS),
        ('<a href="/contact" title="Report a vulnerability">x</a>', Outcome.PASS),
        ('<a href="/kontakt">Kontakt</a>', Outcome.INFO),
    ],
)
def test_a_page_for_reports_is_known_by_its_link(body: str, outcome: Outcome):
    assert says(checks.reports_have_an_address, page_with(body=body))[0] is outcome


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_what_was_not_seen_is_unknown(check: Check):
    assert when_blind(check) == BLIND


def test_the_publisher_is_named():
    assert (
        "Beispiel AG"
        in says(checks.advisories_are_for_machines, published(csaf=json_response(json.dumps(METADATA))), host=HOST)[1]
    )
