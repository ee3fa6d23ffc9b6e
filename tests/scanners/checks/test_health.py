"""Clinical systems and viewers on the open internet."""

import pytest

from scanners.checks import health as checks
from scanners.model import Check, Outcome
from scanners.observations import Page
from tests.scanners.building import page, page_with, response
from tests.scanners.building_domain import BLIND, says, when_blind

ALL = [value for value in vars(checks).values() if isinstance(value, Check)]
PASSWORD = "<input type=password>"


def titled(title: str, body: str = "") -> Page:
    return page_with(body=f"<!doctype html><title>{title}</title>{body}")


@pytest.mark.parametrize(
    ("check", "fact", "outcome"),
    [
        (checks.no_clinical_system_is_open, titled("Portal"), Outcome.PASS),
        (checks.no_clinical_system_is_open, titled("OpenEMR Login", PASSWORD), Outcome.WARN),
        (checks.no_clinical_system_is_open, titled("Orthanc Explorer"), Outcome.FAIL),
        (checks.no_clinical_system_is_open, page(response(status=503)), Outcome.UNKNOWN),
        (checks.no_viewer_is_open, titled("Portal"), Outcome.PASS),
        (checks.no_viewer_is_open, titled("OHIF Viewer"), Outcome.WARN),
        (checks.no_viewer_is_open, titled("MedDream - Anmelden"), Outcome.INFO),
        (
            checks.no_viewer_is_open,
            titled("Images", "<script>window.config={qidoRoot:'/dicom-web'}</script>"),
            Outcome.WARN,
        ),
    ],
)
def test_a_clinical_system_is_judged_by_its_start_page(check: Check, fact: Page, outcome: Outcome):
    assert says(check, fact)[0] is outcome


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_a_page_nobody_saw_is_unknown(check: Check):
    assert when_blind(check) == BLIND
