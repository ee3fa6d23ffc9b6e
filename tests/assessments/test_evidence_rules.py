"""A document proves while it lasts, and only what it is a proof of."""

from datetime import date

import pytest

from assessments import evidence_rules
from assessments.model import EvidenceStanding
from questionnaires.model import EvidenceWanted, Text
from tests.assessments import building
from tests.assessments.building import AT, POLICY, answer, dossier, evidence

TODAY = date(2026, 11, 21)
YEARLY = EvidenceWanted(type="ir_plan", validity_months=12)
CERTIFICATE = EvidenceWanted(
    type="iso27001_cert", validity_months=36, validity_note=Text(de="bis zum Ablauf", en="until its expiry")
)
CONTRACT = EvidenceWanted(type="dpa", validity_months=None)


@pytest.mark.parametrize(
    ("wanted", "issued_on", "valid_until", "expected"),
    [
        (YEARLY, date(2026, 6, 1), None, EvidenceStanding.VALID),
        (YEARLY, date(2026, 1, 20), None, EvidenceStanding.EXPIRING),
        (YEARLY, date(2025, 11, 21), None, EvidenceStanding.EXPIRING),
        (YEARLY, date(2025, 11, 20), None, EvidenceStanding.EXPIRED),
        (YEARLY, date(2025, 1, 1), date(2040, 1, 1), EvidenceStanding.EXPIRED),  # no document is good for ever
        (YEARLY, date(2026, 11, 22), None, EvidenceStanding.NOT_YET),
        (YEARLY, None, None, EvidenceStanding.UNDATED),
        (CERTIFICATE, date(2020, 1, 1), date(2027, 6, 1), EvidenceStanding.VALID),  # its printed end stands
        (CERTIFICATE, date(2025, 1, 1), date(2026, 11, 20), EvidenceStanding.EXPIRED),
        (CONTRACT, None, None, EvidenceStanding.VALID),
        (CONTRACT, None, date(2026, 12, 1), EvidenceStanding.EXPIRING),
        (None, date(2026, 6, 1), None, EvidenceStanding.WRONG_TYPE),
    ],
)
def test_a_document_stands_by_its_dates_and_kind(wanted, issued_on, valid_until, expected):
    document = evidence("IH-03", "ir_plan", issued_on=issued_on, valid_until=valid_until)

    assert evidence_rules.standing(document, wanted, today=TODAY, warning_days=60) is expected


def test_a_heavy_claim_without_a_document_is_said_to_lack_one():
    statuses = evidence_rules.statuses(dossier(answers=[answer("IR-01"), answer("TR-01")]), POLICY)

    assert [(status.key, status.standing) for status in statuses] == [("missing:IR-01", EvidenceStanding.MISSING)]


def test_every_document_is_listed_with_its_end():
    plan = evidence("GV-01", "iso27001_cert", valid_until=date(2026, 12, 1))
    stray = evidence("GV-01", "sbom", key="E-2", issued_on=AT.date())
    loose = evidence("nothing", "ir_plan", key="E-3", issued_on=date(2026, 6, 1))

    found = {each.key: each for each in evidence_rules.statuses(dossier(evidence=(plan, stray, loose)), POLICY)}

    assert (found["E-GV-01"].standing, found["E-GV-01"].days_left) == (EvidenceStanding.EXPIRING, 10)
    assert found["E-2"].standing is EvidenceStanding.WRONG_TYPE
    assert found["E-3"].standing is EvidenceStanding.VALID


def test_a_document_of_one_supply_proves_nothing_of_another():
    proof = evidence("BK-04", "backup_concept", issued_on=AT.date(), supply="S-1")
    both = dossier(supplies=(building.supply("S-1"), building.supply("S-2")), evidence=(proof,))
    question = building.CATALOGUE.questions["BK-04"]

    assert evidence_rules.proof(both, question, "S-1", POLICY) == "proven"
    assert evidence_rules.proof(both, question, "S-2", POLICY) == "declared"
