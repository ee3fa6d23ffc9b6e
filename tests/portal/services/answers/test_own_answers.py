"""Every kind of answer goes the whole way in a hospital's own catalogue: saved, through Excel, into the score."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from assessments import evidence_rules, policy, register, scoring
from assessments.model import Assurance, EvidenceStanding
from portal.db.models.accounts import HospitalRole
from portal.db.models.responses import Confidentiality
from portal.services.answers import answer_workbooks, responses
from portal.services.evidence import evidence
from portal.services.evidence.evidence import DocumentFields, Stored
from portal.services.registers import dossiers
from portal.services.rounds import catalogues, invitations, rounds
from portal.services.rounds.invitation_links import Invitee
from portal.services.rounds.invitations import RoundFields
from questionnaires import owning, shelf
from questionnaires.model import AnswerValue, QuestionSet, Text
from reports.reader import Reader
from reports.workbooks import answer_sheet_in, answer_sheet_out
from tests.portal import building
from tests.portal.web.hospital import ward
from tests.portal.web.vendor import errand

OPTIONS = [
    {"id": "a", "text": {"de": "alles", "en": "all"}, "score": 1},
    {"id": "b", "text": {"de": "etwas", "en": "some"}, "score": 0.5},
]
CHOICES = [{"id": one, "text": {"de": one, "en": one}} for one in "xy"]
KINDS: dict[str, tuple[dict[str, Any], AnswerValue, float | None]] = {  # kind: answer, what is said, its share
    "yes_partial_no_na": ({}, AnswerValue(choices=("partial",), comment="außer in Wien"), 0.5),
    "yes_no": ({}, AnswerValue(choices=("yes",)), 1),
    "single_choice": ({"options": OPTIONS}, AnswerValue(choices=("b",)), 0.5),
    "multi_choice": ({"options": CHOICES}, AnswerValue(choices=("x",)), 0.5),
    "number": ({"unit": "days", "bands": [{"limit": 7, "score": 1}]}, AnswerValue(number=9), 1),
    "date": (
        {"date_rule": "age_in_months", "bands": [{"limit": 12, "score": 1}]},
        AnswerValue(day=date(2026, 10, 1)),
        1,
    ),
    "maturity": ({}, AnswerValue(choices=("3",)), 0.8),
    "text": ({}, AnswerValue(text="Siehe Handbuch\nKapitel 4"), None),
    "file": ({}, AnswerValue(choices=("attached",)), 0),
}
IDS = {kind: f"H-{number:02}" for number, kind in enumerate(KINDS, start=1)}


@pytest.fixture
def asked(session, now):
    """A round with a released catalogue of the hospital that asks one question of every kind."""
    of = ward.empty(session)
    ward.add(session, of, errand.VENDOR, "Menüerfassung", domain="strahlwerk.example", now=now)
    row = catalogues.begin(session, of.assessor, shelf.WITHOUT_IT_ACCESS, Text(de="U", en="O"), now=now)
    for kind, (answer, _value, _share) in KINDS.items():
        raw = {
            **building.OWN_QUESTION,
            "answer": {"kind": kind, **answer},
            "weight": 0 if kind == "text" else 3,
            **({"evidence": [{"type": "bcm_plan", "validity_months": 12}]} if kind == "file" else {}),
        }
        catalogues.put_question(
            session, of.assessor, row.id, raw, section="BC", sets=set(QuestionSet), edits=row.edits, now=now
        )
    catalogues.release(session, of.by_role[HospitalRole.ADMIN], row.id, edits=row.edits, now=now)
    fields = RoundFields(
        supply_ids=[of.supplies[errand.VENDOR]],
        due_on=(now + timedelta(days=20)).date(),
        question_set=QuestionSet.FULL,
        catalogue=(row.catalogue_id, row.version),
    )
    made = invitations.begin(
        session, of.assessor, of.vendors[errand.VENDOR], fields, Invitee(email=errand.ADDRESS),
        base_url=ward.BASE_URL, now=now,
    )  # fmt: skip
    of.assessments[errand.VENDOR] = made.id
    lead = ward.accept(session, of, errand.VENDOR, now=now)
    for kind, (_answer, value, _share) in KINDS.items():
        responses.save(session, lead, made.id, (IDS[kind], ""), value, version=0, now=now)
    session.flush()
    session.expire_all()
    return errand.Errand(ward=of, assessment_id=made.id, token="", lead=lead)


def judged(session, asked, now):
    return dossiers.build_for_company(session, asked.lead.company_id, asked.assessment_id, now=now)


def test_the_company_is_asked_the_hospitals_questions_and_its_answers_stand(session, asked, now):
    assessment = errand.assessment(session, asked)
    slots = {slot.question.id: slot for slot in rounds.load(session, assessment, now=now).slots}

    assert {IDS[kind]: value for kind, (_a, value, _s) in KINDS.items()} == {
        name: slots[name].value for name in IDS.values()
    }


def test_every_kind_comes_back_from_excel_as_it_went(session, asked, now):
    sheet = answer_workbooks.sheet(session, asked.lead, asked.assessment_id, now=now)
    content = answer_sheet_out.write(sheet, reader=Reader(language="de", translate=str), now=now)
    shapes = answer_workbooks.shapes(session, asked.lead, asked.assessment_id, now=now)
    sent = answer_sheet_in.read(content, shapes)
    compared = answer_workbooks.compare(session, asked.lead, asked.assessment_id, sent, now=now)

    assert (list(compared.differences), list(compared.unreadable)) == ([], [])
    assert {row.key[0] for row in sent.rows} >= set(IDS.values())


def test_every_kind_is_worth_what_the_catalogue_says_in_the_measure_where_it_stands(session, asked, now):
    dossier = judged(session, asked, now)
    score = scoring.score(dossier, policy.current())
    lines = {line.question_id: line for line in score.lines}

    for kind, (_answer, _value, share) in KINDS.items():
        if share is None:
            assert IDS[kind] not in lines
        else:
            assert lines[IDS[kind]].share == pytest.approx(share * 0.85)
            assert lines[IDS[kind]].part == "3"


def test_the_register_shows_what_is_read_only_as_well(session, asked, now):
    rows = {row.question.id: row for row in register.assess(judged(session, asked, now), policy.current()).answers}

    assert rows[IDS["text"]].value.text.startswith("Siehe")


def test_a_document_that_is_claimed_and_not_there_is_missing_and_worth_nothing(session, asked, now):
    standings = evidence_rules.statuses(judged(session, asked, now), policy.current())

    assert (EvidenceStanding.MISSING, (IDS["file"],)) in [(one.standing, one.question_ids) for one in standings]


def test_uploading_the_document_answers_the_question(session, asked, now):
    key = (IDS["file"], "")
    responses.save(session, asked.lead, asked.assessment_id, key, None, version=1, now=now)
    fields = DocumentFields(
        kind="bcm_plan", issued_on=now.date(), valid_to=None, confidentiality=Confidentiality.NORMAL
    )
    stored = Stored(blob_id="b", sha256="0" * 64, size=10, file_name="plan.pdf", media_type="application/pdf")
    evidence.add(session, asked.lead, asked.assessment_id, fields, stored, keys=[key], now=now)
    session.flush()
    session.expire_all()

    score = scoring.score(judged(session, asked, now), policy.current())
    line = next(line for line in score.lines if line.question_id == IDS["file"])
    assert (line.assurance, line.share) == (Assurance.PROVEN, 1)


def test_a_question_in_the_hospitals_own_section_counts_nowhere(session, asked, now):
    row = building.own_catalogue(session, asked.ward.assessor, now=now)
    draft = catalogues.of_row(row)

    assert draft.section(draft.questions[owning.own_questions(draft)[0].id].section).part == ""
