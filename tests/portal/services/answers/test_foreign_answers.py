"""Forms of others in a round: read by a process with limits, laid beside the questions, never over an answer."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO

import pytest
from openpyxl import Workbook

from portal.db.models.responses import Answer
from portal.errors import BadInput
from portal.jobs import reading
from portal.services.answers import foreign_answers, responses, suggestions
from portal.services.answers.suggestions import Left
from questionnaires.foreign import Form
from questionnaires.model import AnswerValue
from tests.portal.web.vendor import errand
from tests.questionnaires import test_foreign as forms

FILLED = {"PAUT-8": "Yes", "PAUT-9": "Yes", "SBOM-1": "Yes", "DOC-8": "Yes", "MPII-1": "Yes", "ALOF-1": "No"}


def workbook(answers=FILLED) -> bytes:
    made = Workbook()
    made.active.append(["A title that stands above"])
    sheet = made.create_sheet("Worksheet")
    for row in forms.mds2(answers):
        sheet.append([date(2026, 3, 20) if cell == "2026-03-20" else cell for cell in row.cells])
    content = BytesIO()
    made.save(content)
    return content.getvalue()


@pytest.fixture
def asked(session, now):
    return errand.accepted(session, now)


def _supply(session, asked, now) -> str:
    return responses.questionnaire(session, asked.lead, asked.assessment_id, now=now).supplies[0].id


def test_a_workbook_is_read_in_a_process_of_its_own():
    filled = reading.foreign(workbook())

    assert (filled.form, filled.device, filled.released_on) == (Form.MDS2, "PACS Archiv 7", date(2026, 3, 20))
    assert len(filled.answers) == 6


@pytest.mark.parametrize("content", [b"no workbook", workbook({}), b"PK\x03\x04"])
def test_what_is_no_form_gets_a_sentence(content: bytes):
    with pytest.raises(BadInput):
        reading.foreign(content)


def test_suggestions_wait_with_their_source_and_age_and_count_for_nothing(session, asked, now):
    supply = _supply(session, asked, now)

    brought = foreign_answers.bring(
        session, asked.lead, asked.assessment_id, reading.foreign(workbook()), supply, now=now
    )

    assert {one.key for one in brought.laid} == {("MF-02", supply), ("SD-04", supply), ("SD-03", "")}
    round_ = responses.questionnaire(session, asked.lead, asked.assessment_id, now=now)
    lying = suggestions.of_round(session, round_)
    mfa = lying["MF-02", supply]
    assert mfa.source == "MDS2 vom 20.03.2026, Gerät PACS Archiv 7: PAUT-8, PAUT-9"
    assert mfa.given_at.date() == date(2026, 3, 20)
    assert lying["SD-04", supply].source.endswith("SBOM-1 (fragt weniger streng als wir)")
    assert session.query(Answer).filter(Answer.value.is_not(None)).all() == []
    assert set(brought.crossed.unmapped) == {"MPII-1", "ALOF-1"}


def test_an_answer_that_stands_stays(session, asked, now):
    supply = _supply(session, asked, now)
    given = AnswerValue(choices=("password",))
    responses.save(session, asked.lead, asked.assessment_id, ("MF-02", supply), given, version=0, now=now)

    brought = foreign_answers.bring(
        session, asked.lead, asked.assessment_id, reading.foreign(workbook()), supply, now=now + timedelta(hours=1)
    )

    assert brought.left == {Left.ANSWERED: 1}
    assert "MF-02" not in {one.key[0] for one in brought.laid}


def test_a_product_of_another_round_is_refused(session, asked, now):
    with pytest.raises(BadInput):
        foreign_answers.bring(session, asked.lead, asked.assessment_id, reading.foreign(workbook()), "x", now=now)
