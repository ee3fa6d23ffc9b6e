"""The tabs of a vendor that only show."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from portal.db.models.accounts import Person
from portal.db.models.assessments import Assessment
from portal.db.models.responses import AnswerEvidence, Confidentiality, Evidence

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal.db.session import Sessions
    from tests.portal.web.conftest import Visitor
    from tests.portal.web.hospital.ward import Ward


def test_the_evidence_tells_why_it_stands_so_and_what_is_only_to_be_read(
    sessions: Sessions, visit: Callable[..., Visitor], ward: Ward
):
    with sessions.begin() as session:
        row = session.scalars(
            select(Evidence)
            .join(Assessment, Assessment.company_id == Evidence.company_id)
            .where(Assessment.hospital_id == ward.hospital_id, Assessment.submitted_at.is_not(None))
        ).first()
        assert row is not None
        row.is_view_only = True
        others = select(Evidence).where(Evidence.company_id == row.company_id)
        for one in session.scalars(others):
            one.confidentiality = Confidentiality.CONFIDENTIAL if one is row else Confidentiality.NORMAL
        vendor_id = session.scalars(select(Assessment.vendor_id).where(Assessment.company_id == row.company_id)).first()
        round_id = session.scalars(select(Assessment.id).where(Assessment.company_id == row.company_id)).first()
        lies = session.scalars(select(AnswerEvidence).where(AnswerEvidence.evidence_id == row.id)).first()
        assert lies is not None
        place = f"{lies.question_id}.{lies.supply_id}".strip(".")

    page = visit(ward.assessor).get(f"/hospital/vendors/{vendor_id}/evidence").get_data(as_text=True)

    assert page.count("nur lesen, nicht speichern") == 1
    assert len(re.findall(r">\s*vertraulich\s*<", page)) == 1
    review = visit(ward.assessor).get(f"/hospital/review/{round_id}?answer={place}").get_data(as_text=True)
    assert len(re.findall(r">\s*vertraulich\s*<", review)) == 1
    assert re.search(r'evidence-expired">.*?</span><br><span class="muted">[^<]+</span>', page)


def test_a_bundle_of_a_finished_round_is_asked_for_where_the_rounds_stand(
    sessions: Sessions, visit: Callable[..., Visitor], ward: Ward
):
    with sessions() as session:
        finished = session.scalars(
            select(Assessment).where(Assessment.hospital_id == ward.hospital_id, Assessment.submitted_at.is_not(None))
        ).first()
    assert finished is not None
    visitor = visit(ward.auditor)
    page = visitor.get(f"/hospital/vendors/{finished.vendor_id}/history").get_data(as_text=True)
    assert "Prüfpaket dieser Runde" in page
    assert f'value="{finished.id}"' in page
    sent = {"vendor": finished.vendor_id, "kind": "bundle", "language": "de", "round": finished.id}
    assert visitor.post("/hospital/reports/bundle", sent).status_code == 303
    assert f"({finished.round})" in visitor.get("/hospital/reports/list").get_data(as_text=True)
    strange = next(one for one in ward.vendors.values() if one != finished.vendor_id)
    assert visitor.post("/hospital/reports/bundle", {**sent, "vendor": strange}).status_code == 404


def test_an_order_that_is_not_understood_is_not_taken_for_done(visit: Callable[..., Visitor], ward: Ward):
    visitor = visit(ward.auditor)
    order = {"vendor": "0123456789abcdef0123", "kind": "bundle", "language": "de"}
    assert visitor.post("/hospital/reports/bundle", order).status_code == 422
    order = {"snapshot": "0123456789abcdef0123", "language": "de"}
    assert visitor.post("/hospital/reports/committee", order).status_code == 422


@pytest.mark.parametrize(("language", "words"), [("de", "Runde begonnen"), ("en", "Round begun")])
def test_the_history_tells_what_happened_in_words(
    sessions: Sessions, visit: Callable[..., Visitor], ward: Ward, language: str, words: str
):
    with sessions.begin() as session:
        session.get_one(Person, ward.admin.person_id).language = language
        vendor_id = session.scalars(
            select(Assessment.vendor_id).where(
                Assessment.hospital_id == ward.hospital_id, Assessment.submitted_at.is_not(None)
            )
        ).first()
    visitor = visit(ward.admin)

    for page in (f"/hospital/vendors/{vendor_id}/history", "/hospital/settings/audit"):
        told = visitor.get(page).get_data(as_text=True)
        assert words in told
        assert not re.search(r">\s*[a-z-]+\.[a-z-]+\s*<", told)
        assert not re.search(r"\b20\d\d-\d\d-\d\d\b", re.sub(r"<[^>]*>", "", told))
