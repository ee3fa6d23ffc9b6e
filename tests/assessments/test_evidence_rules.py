"""A document proves while it lasts, and only what it is a proof of."""

from dataclasses import replace
from datetime import date

import pytest

from assessments import evidence_kinds, evidence_rules
from assessments.model import EvidenceFact, EvidenceStanding, say
from portal import i18n
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


# ---- what is particular to single kinds, each on the last day it counts and the day after


def _wanted(kind):
    return evidence_rules.of_kind(building.CATALOGUE, kind)


def _judged(document, today, **more):
    return evidence_rules.judge(document, _wanted(document.type), today=today, warning_days=60, **more)


def _said(document, today, language="de", **more):
    found = _judged(document, today, **more)
    return found.standing, say(found.reason, language=language, translate=i18n.translator(language))


@pytest.mark.parametrize("kind", ["c5_type2", "soc2_type2", "isae3402_type2"])
def test_a_report_on_a_period_counts_for_a_year_after_its_last_day(kind):
    report = evidence("CL-01", kind, valid_from=date(2024, 10, 1), valid_until=date(2025, 9, 30))

    assert _said(report, date(2026, 9, 30))[0] is EvidenceStanding.EXPIRING
    assert _said(report, date(2026, 10, 1), "en") == (
        EvidenceStanding.EXPIRED,
        "The audited period ended on 30 Sep 2025; a type 2 report counts for 12 months after that.",
    )
    assert _said(report, date(2026, 10, 1))[1] == (
        "Der Prüfzeitraum endete am 30.09.2025; ein Bericht vom Typ 2 zählt danach 12 Monate."
    )
    assert _said(report, date(2026, 1, 1))[0] is EvidenceStanding.VALID


@pytest.mark.parametrize("dates", [{"issued_on": date(2026, 1, 1)}, {"valid_until": date(2026, 9, 30)}])
def test_a_report_on_a_period_needs_both_of_its_ends(dates):
    report = evidence("CL-01", "c5_type2", **dates)

    assert _said(report, TODAY)[0] is EvidenceStanding.UNDATED
    assert "Typ 2" in _said(report, TODAY)[1]


@pytest.mark.parametrize("kind", ["c5_type1", "soc2_type1", "isae3402_type1"])
def test_a_report_of_one_day_counts_for_a_year_whatever_end_is_printed(kind):
    report = evidence("CL-01", kind, issued_on=date(2025, 11, 21), valid_until=date(2030, 1, 1))

    assert _said(report, TODAY)[0] is EvidenceStanding.EXPIRING
    after = _said(report, date(2026, 11, 22))
    assert after[0] is EvidenceStanding.EXPIRED
    assert ("§\u202f393" in after[1]) is (kind == "c5_type1")


def test_a_certificate_counts_to_its_printed_day():
    certificate = evidence("GV-01", "iso27001_cert", issued_on=date(2023, 1, 1), valid_until=TODAY)

    assert _said(certificate, TODAY)[0] is EvidenceStanding.EXPIRING
    assert _said(certificate, date(2026, 11, 22)) == (EvidenceStanding.EXPIRED, "Abgelaufen am 21.11.2026.")


def test_a_certificate_must_name_the_product_beside_whose_answer_it_lies():
    certificate = evidence("GV-01", "iso27001_cert", valid_until=date(2028, 1, 1), scope="Betrieb des LabView-Servers")
    silent = replace(certificate, scope="")

    assert _said(certificate, TODAY, product="MedView PACS") == (
        EvidenceStanding.OTHER_PRODUCT,
        "Im angegebenen Geltungsbereich steht „MedView PACS“ nicht.",
    )
    assert _said(replace(certificate, scope="Betrieb von MedView-PACS 4"), TODAY, product="MedView PACS")[0] == "valid"
    assert _said(replace(certificate, product="MedView"), TODAY, product="MedView PACS")[0] == "valid"
    assert _said(silent, TODAY, product="MedView PACS")[0] == "valid"  # who says nothing is not blamed
    assert _said(certificate, TODAY)[0] == "valid"  # beside an answer about the whole company


def test_a_penetration_test_is_a_year_old_at_most():
    report = evidence("VM-04", "pentest_summary", issued_on=date(2025, 11, 21))

    assert _said(report, TODAY)[0] is EvidenceStanding.EXPIRING
    assert _said(report, date(2026, 11, 22)) == (
        EvidenceStanding.EXPIRED,
        "Der Test ist vom 21.11.2025; älter als 12 Monate zeigt ein Test zu wenig von heute.",
    )


def test_a_list_of_parts_needs_its_day_and_is_asked_about_after_a_year():
    parts = evidence("SC-02", "sbom", issued_on=date(2025, 11, 21), release="4.2", product="MedView")

    assert _said(parts, TODAY) == (EvidenceStanding.VALID, "Zählt für die Version 4.2.")
    assert _said(parts, date(2026, 11, 22))[0] is EvidenceStanding.EXPIRING
    assert "Zeigt sie die Version im Einsatz?" in _said(parts, date(2026, 11, 22))[1]
    assert _said(replace(parts, issued_on=None), TODAY)[0] is EvidenceStanding.UNDATED
    # An end that somebody gave it does not tell its day.
    assert _said(replace(parts, issued_on=None, valid_until=date(2099, 1, 1)), TODAY)[0] is EvidenceStanding.UNDATED
    assert _said(replace(parts, issued_on=None, valid_until=date(2020, 1, 1)), TODAY)[0] is EvidenceStanding.EXPIRED


@pytest.mark.parametrize("kind", ["mds2", "sbom"])
def test_a_document_of_a_release_ends_the_day_one_of_the_next_is_there(kind):
    old = evidence("none", kind, key="E-1", issued_on=date(2026, 3, 1), product="MedView", release="4.1")
    new = evidence("none", kind, key="E-2", issued_on=date(2026, 3, 2), product="medview", release="4.2")
    found = {each.key: each for each in evidence_rules.statuses(dossier(evidence=(old, new)), POLICY)}
    other = replace(new, issued_on=date(2026, 3, 1))
    same_day = {each.key: each for each in evidence_rules.statuses(dossier(evidence=(old, other)), POLICY)}

    assert [found["E-1"].standing, found["E-2"].standing] == [EvidenceStanding.EXPIRED, EvidenceStanding.VALID]
    reason = say(found["E-1"].reason, language="en")
    assert reason == "One of release 4.2 lies here; this one is of release 4.1."
    assert evidence_kinds.newer_release(old, (old, new)) == "4.2"
    assert evidence_kinds.newer_release(new, (old, new)) == ""
    assert same_day["E-1"].standing is same_day["E-2"].standing


def test_an_answer_without_release_is_told_so():
    assert "Version" in _said(evidence("MD-01", "mds2", issued_on=date(2026, 6, 1)), TODAY)[1]


def test_what_is_missing_is_said_in_a_sentence():
    (missing,) = evidence_rules.statuses(dossier(answers=[answer("IR-01"), answer("TR-01")]), POLICY)

    assert "Vertragsklausel" in say(missing.reason, language="de", translate=i18n.translator("de"))


def test_a_document_beside_answers_about_two_products_is_none_of_a_third():
    places = (("BK-04", "S-1"), ("BK-04", "S-2"))
    proof = replace(evidence("BK-04", "backup_concept", issued_on=AT.date()), places=places)
    three = dossier(supplies=tuple(building.supply(f"S-{number}") for number in (1, 2, 3)), evidence=(proof,))
    question = building.CATALOGUE.questions["BK-04"]

    assert [evidence_rules.proof(three, question, f"S-{number}", POLICY) for number in (1, 2, 3)] == [
        "proven",
        "proven",
        "declared",
    ]


def test_of_several_of_one_kind_the_latest_end_counts():
    first = evidence("GV-01", "iso27001_cert", key="E-1", valid_until=date(2026, 12, 1))
    second = evidence("GV-01", "iso27001_cert", key="E-2", valid_until=date(2029, 12, 1))

    found = evidence_rules.statuses(dossier(evidence=(first, second)), POLICY)
    assert evidence_rules.last_days(found) == (date(2029, 12, 1),)


def test_another_document_is_provided_and_proves_nothing_whatever_its_dates():
    paper = EvidenceFact(key="E-1", type="other", name="Plan", sha256="", issued_on=date(2020, 1, 1))
    for wanted in (None, evidence_rules.wanted_of(evidence_kinds.FURTHER["other"])):
        for end in (None, date(2020, 2, 1), date(2040, 1, 1)):
            found = evidence_rules.standing(replace(paper, valid_until=end), wanted, today=TODAY, warning_days=60)
            assert found is EvidenceStanding.PROVIDED
    assert EvidenceStanding.PROVIDED not in evidence_rules.GOOD


# ---- reports on a company's controls, which no question of a released catalogue lists

PERIOD = {"valid_from": date(2025, 10, 1), "valid_until": date(2026, 9, 30)}
A_DAY = {"issued_on": date(2026, 9, 30)}


@pytest.mark.parametrize(
    ("question", "kind", "dates", "counts"),
    [
        ("AC-04", "soc2_type2", PERIOD, True),
        ("AC-04", "isae3402_type2", PERIOD, True),
        ("AC-04", "soc2_type1", A_DAY, False),  # designed is not done
        ("IH-03", "soc2_type2", PERIOD, True),
        ("IH-03", "isae3402_type2", PERIOD, False),  # about the controls behind accounts
        ("SC-04", "soc2_type1", A_DAY, True),  # a third party's audit report is asked for, and this is one
        ("SC-04", "isae3402_type1", A_DAY, True),
        ("CL-01", "soc2_type2", PERIOD, False),  # § 393 SGB V asks for C5
        ("GV-01", "soc2_type2", PERIOD, False),
        ("BK-05", "soc2_type2", PERIOD, False),  # availability is in few of them
    ],
)
def test_a_report_on_controls_counts_where_every_such_report_looks(question, kind, dates, counts):
    report = evidence(question, kind, **dates)
    given = dossier(answers=[answer(question)], evidence=(report,))
    asked = building.CATALOGUE.questions[question]

    (status,) = [one for one in evidence_rules.statuses(given, POLICY) if one.sha256]
    assert (status.standing is EvidenceStanding.VALID) is counts
    assert (status.standing is EvidenceStanding.WRONG_TYPE) is not counts
    assert (evidence_rules.proof(given, asked, None, POLICY) == "proven") is counts
    assert (kind in evidence_kinds.also(asked)) is counts


def test_what_a_report_shows_is_asked_and_listed_by_no_question():
    named = {name for names in evidence_kinds.SHOWN_OVER_A_PERIOD.values() for name in names}

    assert named <= set(building.CATALOGUE.questions)
    assert not {kind.type for one in building.CATALOGUE.questions.values() for kind in one.evidence} & set(
        evidence_kinds.REPORTS
    )


def test_a_report_beside_a_question_counts_as_long_as_anywhere():
    report = evidence("AC-04", "soc2_type2", valid_from=date(2024, 10, 1), valid_until=date(2025, 9, 30))
    (status,) = [one for one in evidence_rules.statuses(dossier(evidence=(report,)), POLICY) if one.sha256]

    assert (status.standing, status.valid_until) == (EvidenceStanding.EXPIRED, date(2026, 9, 30))
