"""The plan on its pages, and the way of one line: offered, taken, reported, confirmed, each by whom it belongs to."""

from __future__ import annotations

import subprocess
from datetime import timedelta

import pytest

from portal.db.models.plans import Action, PlanLine, ScopeRecord
from portal.services.actions import plans
from tests.portal.web.hospital import ward
from tests.portal.web.vendor import errand
from tests.portal.web.vendor.errand import text_of


@pytest.fixture
def asked(sessions, now):
    with sessions() as session, session.begin():
        made = errand.accepted(session, now - timedelta(days=20))
        ward.scan(session, made.ward, errand.VENDOR, quality=0.9, now=now - timedelta(days=9))
        ward.answer_all(session, made.ward, errand.VENDOR, quality=0.9, share=1, now=now - timedelta(days=5))
        return made


def first_key(sessions, asked, now):
    with sessions() as session:
        plan = plans.build(session, asked.lead, asked.assessment_id, now=now)
        return next(line.key for line in plan.open if line.document["check_id"])


def test_one_line_goes_all_the_way(visit, asked, sessions, session, now):
    company, hospital = visit(asked.lead), visit(asked.ward.assessor)
    vendor_id = asked.ward.vendors[errand.VENDOR]
    theirs = f"/hospital/vendors/{vendor_id}/actions"
    key = first_key(sessions, asked, now)

    company.post(f"{asked.path}/plan/line", {"key": key, "version": "0", "state": "open", "owner": "Frau Kern"})
    assert session.query(PlanLine).one().owner == "Frau Kern"
    assert "Frau Kern" in text_of(company.get(f"{asked.path}/plan"))
    assert "Frau Kern" not in text_of(hospital.get(theirs))

    assert company.post(f"{asked.path}/plan/offer", {"keys": key, "note": "Bis Januar."}).status_code == 303
    assert "Bis Januar." in text_of(hospital.get(theirs))
    assert "Angebotene Pläne" in text_of(hospital.get("/hospital/"))

    assert hospital.post(f"{theirs}/take", {"keys": key, "verdict": "take"}).status_code == 303
    session.expire_all()
    made = session.query(Action).one()
    assert "1 Aufgabe zu erledigen" in text_of(company.get("/vendor/"))

    company.post(f"{asked.path}/actions/report", {"action": made.id, "text": "Seit heute zu."})
    assert "Seit heute zu." in text_of(hospital.get(theirs))
    assert "Aufgaben als erledigt gemeldet" in text_of(hospital.get("/hospital/"))

    form = {"action": made.id, "version": "1", "verdict": "confirm"}
    assert hospital.post(f"{theirs}/answer", form).status_code == 422  # the report came after what this form has read
    form["version"] = "2"
    assert hospital.post(f"{theirs}/answer", form).status_code == 303
    assert "bestätigt" in text_of(company.get(f"{asked.path}/actions"))


def test_a_second_writer_sees_what_the_first_wrote(visit, asked, sessions, now):
    company = visit(asked.lead)
    form = {"key": first_key(sessions, asked, now), "version": "0", "state": "open", "owner": "Frau Alpha"}
    company.post(f"{asked.path}/plan/line", form)

    refused = company.post(f"{asked.path}/plan/line", {**form, "owner": "Frau Beta"})
    assert refused.status_code == 422
    page = text_of(refused)
    assert "inzwischen" in page and "Frau Alpha · offen" in page
    html = refused.get_data(as_text=True)
    assert 'value="Frau Beta"' in html and 'name="version" type="hidden" value="1"' in html
    again = company.post(f"{asked.path}/plan/line", {**form, "owner": "Frau Beta", "version": "1"})
    assert again.status_code == 303


def test_a_line_without_its_words_comes_back_as_it_was_typed(visit, asked):
    answer = visit(asked.lead).post(
        f"{asked.path}/plan/line", {"key": "", "version": "0", "state": "done", "owner": "Herr Wolf"}
    )

    assert answer.status_code == 422
    assert "Herr Wolf" in answer.get_data(as_text=True)


def test_actions_come_from_a_finding_an_answer_and_nothing_at_all(visit, asked, sessions, session, now):
    with sessions() as other, other.begin():
        ward.hand_in(other, asked.ward, errand.VENDOR, now=now - timedelta(hours=1), released=True)
    hospital = visit(asked.ward.assessor)
    theirs = f"/hospital/vendors/{asked.ward.vendors[errand.VENDOR]}/actions"
    check = first_key(sessions, asked, now).removeprefix("check:")
    day = (now + timedelta(days=30)).date().isoformat()

    for source, key in (("finding", check), ("answer", "BK-04"), ("own", "")):
        page = hospital.get(f"{theirs}/add?source={source}&key={key}")
        assert page.status_code == 200
        hospital.post(f"{theirs}/add", {"source": source, "key": key, "title": f"Aus {source}", "due_on": day})
    assert {row.source_key for row in session.query(Action)} == {f"check:{check}", "answer:BK-04", ""}
    assert hospital.get(f"{theirs}/add?source=finding&key=unfug").status_code == 404


def test_the_scope_of_a_vendor_is_kept_with_its_day(visit, asked, session):
    hospital = visit(asked.ward.assessor)
    path = f"/hospital/vendors/{asked.ward.vendors[errand.VENDOR]}"

    hospital.post(f"{path}/scope", {"types": ["md_manufacturing"], "headcount": "120", "country": "DE"})
    assert session.query(ScopeRecord).one().entity_class == "important"
    assert "Wichtige Einrichtung" in text_of(hospital.get(path))
    assert "Anlage 2 Nr.\u202f5.1.1" in text_of(hospital.get(f"{path}/scope"))


@pytest.mark.office
def test_the_pdf_is_read_by_another_program_and_names_no_hospital(visit, asked, tmp_path):
    answer = visit(asked.lead).get(f"{asked.path}/plan.pdf")

    file = tmp_path / "plan.pdf"
    file.write_bytes(answer.data)
    text = subprocess.run(["pdftotext", "-layout", str(file), "-"], check=True, capture_output=True, text=True).stdout
    assert "Innerhalb von 30 Tagen" in text
    assert errand.VENDOR in text
    assert "Klinikum" not in text
