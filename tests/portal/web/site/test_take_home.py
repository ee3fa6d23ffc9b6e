"""What everybody may take along, without an account: the scoping helper, the checklist and the FAQ."""

from __future__ import annotations

import re
import subprocess

import pytest
from werkzeug.datastructures import MultiDict

from assessments import checklist, faq
from portal.web import scope_form
from portal.web.scope_form import ScopeForm
from questionnaires import shelf

GERMAN = {"Accept-Language": "de"}


def text_of(answer) -> str:
    return re.sub(r"[ \n\t]+", " ", re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)))


class TestScope:
    def test_the_answer_stands_with_its_paragraphs(self, visitor):
        path = "/scope?types=msp&types=software_only&headcount=80&turnover=12.000.000&balance=6000000"
        text = text_of(visitor.get(path, headers=GERMAN))

        assert "Wichtige Einrichtung" in text
        assert "§\u202f28 Abs.\u202f2 Nr.\u202f3 BSIG" in text
        assert "VO (EU) 2024/2690" in text
        assert text.count("keine Rechtsberatung") == 1

    def test_nobody_who_asks_nothing_is_told_anything(self, visitor):
        text = text_of(visitor.get("/scope", headers=GERMAN))

        assert "Einordnen" in text
        assert "Was daraus folgt" not in text

    def test_what_cannot_be_meant_is_said_beside_its_field(self, visitor):
        for query in ("headcount=viele", "types=unfug", "headcount=-5", "turnover=nan", "country=XX"):
            answer = visitor.get(f"/scope?{query}", headers=GERMAN)

            assert answer.status_code == 422, query
            assert "Was daraus folgt" not in text_of(answer)

    def test_numbers_are_read_as_people_write_them(self, app):
        meant = {"1.200.000": 1200000, "1,200,000": 1200000, "49,5": 49.5, "12 000": 12000, "1.234,56": 1234.56}
        for written, number in meant.items():
            with app.test_request_context():
                form = scope_form.with_words(ScopeForm(MultiDict({"turnover": written})))
                assert form["turnover"].data == number


class TestChecklist:
    def test_each_kind_names_its_questions_by_their_ids(self, visitor):
        for kind in checklist.kinds().values():
            text = text_of(visitor.get(f"/checklist?kind={kind.id}", headers=GERMAN))

            for part in checklist.build(kind, shelf.current(), ()):
                assert all(question.id in text for question in part.questions)

    def test_an_unknown_kind_is_nothing(self, visitor):
        assert visitor.get("/checklist?kind=unfug").status_code == 404
        assert visitor.get("/checklist.pdf?kind=unfug").status_code == 404

    @pytest.mark.office
    def test_on_paper_it_is_the_same(self, visitor, tmp_path):
        answer = visitor.get("/checklist.pdf?kind=device", headers=GERMAN)

        file = tmp_path / "checklist.pdf"
        file.write_bytes(answer.data)
        text = subprocess.run(["pdftotext", str(file), "-"], check=True, capture_output=True, text=True).stdout
        assert "Hersteller von Medizinprodukten" in text
        assert "BK-04" in text
        assert "MD-01" in text


def test_every_question_of_the_faq_stands_on_its_page_in_both_languages(visitor):
    for language in ("de", "en"):
        text = text_of(visitor.get("/faq", headers={"Accept-Language": language}))
        words = re.sub(r"[\s\u202f\u00a0]+", "", text)
        for topic in faq.topics():
            for entry in topic.entries:
                question = entry.question.get(language).replace("&", "&amp;")
                assert re.sub(r"\s+", "", question) in words.replace("&#34;", '"').replace("&#39;", "'")


def test_the_start_page_leads_there(visitor):
    page = visitor.get("/", headers=GERMAN).get_data(as_text=True)

    for path in ("/scope", "/checklist", "/faq"):
        assert f'href="{path}"' in page
