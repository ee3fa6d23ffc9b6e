"""Sections handed on, by the pages: the lead hands, the colleague comes by the mail's link and sees theirs alone."""

from __future__ import annotations

import io
import json
import re
import zipfile

import pytest
from sqlalchemy import select, update

from portal.db.models.accounts import Ticket
from portal.db.models.delegations import Delegation
from portal.db.models.jobs import OutboxMail
from portal.db.models.responses import Answer, AnswerEvidence, Evidence, Suggestion
from portal.services.answers import responses
from portal.web import journey
from portal.web.vendor.room import vendor
from questionnaires.model import AnswerValue
from tests.portal import building
from tests.portal.web.hospital import ward
from tests.portal.web.vendor import errand

CANARY = "Zeisig-4711"
MAIL = "jana@strahlwerk.example"


@pytest.fixture
def asked(sessions, now):
    with sessions() as session, session.begin():
        made = errand.accepted(session, now)
        errand.person(session, made.lead).name = "Erika Muster"
        return made


@pytest.fixture
def lead(visit, asked):
    return visit(asked.lead)


@pytest.fixture
def jana(visit, sessions, asked):
    """Somebody who holds the section BK."""
    with sessions() as session, session.begin():
        who = errand.colleague(session, asked, sections=("BK",))
    return visit(who)


def _hand(lead, asked, **more):
    fields = {"sections": "BK", "email": MAIL, "name": "Jana Kern", "note": "Wiki, Seite 4", **more}
    return lead.post(f"{asked.path}/colleagues", fields)


def test_the_lead_hands_on_sees_it_reminds_and_takes_back(lead, asked, session):
    assert _hand(lead, asked).status_code == 303
    page = errand.text_of(lead.get(f"{asked.path}/colleagues"))
    assert "Jana Kern" in page
    assert MAIL in page
    assert "noch nicht beigetreten" in page
    assert lead.post(f"{asked.path}/colleagues/BK/remind").status_code == 303
    assert lead.post(f"{asked.path}/colleagues/BK/remind").status_code == 409
    assert "1 Abschnitt liegt bei jemand anderem." in errand.text_of(lead.get(asked.path))

    assert lead.post(f"{asked.path}/colleagues/BK/take-back").status_code == 303

    assert session.scalars(select(Delegation)).all() == []
    kinds = [mail.kind for mail in session.scalars(select(OutboxMail)) if mail.kind.startswith("sections")]
    assert sorted(kinds) == ["sections", "sections-reminder"]
    assert lead.post(f"{asked.path}/colleagues/BK/take-back").status_code == 404


def test_what_is_missing_is_said_beside_its_field(lead, asked, session):
    for fields, sentence in (
        ({"email": "jana"}, "E-Mail-Adresse"),
        ({"sections": "XX"}, "Abschnitte"),
        ({"due_on": "2001-01-01"}, "Wählen Sie einen Tag in der Zukunft."),
        ({"email": asked.lead.email}, "Ihre eigene Adresse"),
    ):
        answer = _hand(lead, asked, **fields)
        assert answer.status_code == 422, fields
        assert sentence in errand.text_of(answer)
        assert "Wiki, Seite 4" in answer.get_data(as_text=True)
    assert session.scalars(select(Delegation)).all() == []


def test_the_colleague_comes_by_the_link_and_finds_their_sections(lead, visitor, asked, session):
    _hand(lead, asked)
    mail = session.scalars(select(OutboxMail).where(OutboxMail.kind == "sections")).one()
    token = re.search(r"/join/(\S+)", mail.text)[1]

    visitor.get(f"/join/{token}")
    visitor.get("/join")
    assert session.scalars(select(Ticket.used_at).where(Ticket.email == MAIL)).one() is None
    assert visitor.post("/join", {"name": "Jana Kern", "password": building.PASSWORD}).status_code == 303

    assert visitor.get("/vendor/").status_code == 200
    page = errand.text_of(visitor.get(asked.path))
    assert "Datensicherung" in page
    assert "Wiki, Seite 4" in page
    assert "Erika Muster" in page
    assert "Ihr Scan-Ergebnis" not in page
    assert visitor.get(f"{asked.path}/questions/BK").status_code == 200


def test_of_the_rest_nothing_opens(jana, asked, session):
    refused = {
        404: ("questions/GV", "questions/profile", "questions/GV/progress"),
        403: ("result", "result/live", "approval", "hand-in", "receipt", "disputes", "colleagues"),
    }
    for status, paths in refused.items():
        for path in paths:
            assert jana.get(f"{asked.path}/{path}").status_code == status, path
    assert jana.get("/vendor/team").status_code == 403
    for path in ("questions/GV", "questions/GV/prefill", "questions/GV/dismiss"):
        assert jana.post(f"{asked.path}/{path}").status_code in {303, 404}, path
    for path in ("hand-in", "result", "result/release", "profile", "colleagues", "colleagues/BK/take-back"):
        assert jana.post(f"{asked.path}/{path}").status_code == 403, path
    body = json.dumps({"fields": {"GV-02.value": "yes"}, "version": 0})
    headers = {"Content-Type": "application/json", "Accept": "application/json", "X-CSRFToken": jana.token()}
    answer = jana.client.post(
        f"{asked.path}/answers/GV-02", base_url="http://127.0.0.1:8080", data=body, headers=headers
    )
    assert answer.status_code == 404
    assert session.scalars(select(Answer)).all() == []


def test_no_page_no_file_and_no_header_shows_them_what_is_not_theirs(jana, app, asked, sessions, session, now):
    """A word in every answer, note, document and suggestion of the other sections, sought in all they can open."""
    with sessions() as other, other.begin():
        ward.answer_all(other, asked.ward, errand.VENDOR, quality=0.8, now=now)
        ward.scan(other, asked.ward, errand.VENDOR, quality=0.5, now=now)
    with sessions() as other, other.begin():
        for row in other.scalars(select(Answer)):
            if not row.question_id.startswith("BK"):
                row.value, row.updated_by = {**(row.value or {}), "comment": CANARY}, CANARY
        for row in other.scalars(select(Evidence)):
            row.file_name = f"{CANARY}.pdf"
        found = responses.questionnaire(other, asked.lead, asked.assessment_id, now=now)
        slot = next(slot for slot in found.slots if slot.question.section == "GV")
        other.add(
            Suggestion(
                company_id=asked.lead.company_id, response_id=found.response.id, question_id=slot.question.id,
                supply_id=slot.supply_id, value={"choices": ["yes"], "comment": CANARY}, given_at=now, source=CANARY,
            )
        )  # fmt: skip
        theirs = {one for ids in _documents(other).values() for one in ids}
        for row in other.scalars(select(Evidence).where(Evidence.id.in_(theirs))):
            row.file_name = "sicherung.pdf"
    gaps = {"assessment_id": asked.assessment_id, "section_id": "BK", "name": "BK-01"}
    gaps["evidence_id"] = next(iter(sorted(theirs)), "0" * 20)
    opened = 0
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith(f"{vendor.name}.") or "GET" not in rule.methods:
            continue
        if not journey.declared(app)[rule.endpoint].company_roles >= {"contributor"}:
            continue
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda gap: gaps.get(gap[1], "0" * 20), rule.rule)
        answer = jana.get(path)
        opened += answer.status_code == 200
        assert CANARY.encode() not in answer.data, path
        assert CANARY not in str(answer.headers), path
    assert opened >= 6
    book = jana.post(f"{asked.path}/workbook/file").data
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        assert all(CANARY.encode() not in parts.read(name) for name in parts.namelist())


def _documents(session) -> dict[str, set[str]]:
    rows = session.execute(select(AnswerEvidence.question_id, AnswerEvidence.evidence_id)).all()
    found: dict[str, set[str]] = {}
    for question_id, evidence_id in rows:
        if question_id.startswith("BK"):
            found.setdefault(question_id, set()).add(evidence_id)
    return found


def test_a_link_that_ran_out_offers_a_new_one_and_tells_nobody_more(lead, visitor, asked, sessions, session):
    _hand(lead, asked)
    mail = session.scalars(select(OutboxMail).where(OutboxMail.kind == "sections")).one()
    token = re.search(r"/join/(\S+)", mail.text)[1]
    with sessions() as other, other.begin():
        old = other.scalars(select(Ticket).where(Ticket.email == MAIL)).one()
        other.execute(update(Ticket).where(Ticket.id == old.id).values(expires_at=old.created_at))

    visitor.get(f"/join/{token}")
    ended = visitor.get("/join")
    assert ended.status_code == 404
    assert "Neuen Link" in errand.text_of(ended)
    first = visitor.post("/join/renew")
    again = visitor.post("/join/renew")

    assert (first.status_code, errand.text_of(first)) == (again.status_code, errand.text_of(again))
    sent = session.scalars(select(OutboxMail.to_address).where(OutboxMail.kind == "sections")).all()
    assert sent == [MAIL, MAIL]


def test_the_profile_decides_what_is_asked_and_the_page_says_so(lead, asked, sessions, now):
    before = lead.get(f"{asked.path}/questions/profile/progress")
    with sessions() as other, other.begin():
        responses.save(
            other, asked.lead, asked.assessment_id, ("P-03", ""), AnswerValue(choices=("IIb",)), version=0, now=now
        )
    after = lead.get(f"{asked.path}/questions/profile/progress")

    told = [one.get_json() for one in (before, after)]
    counts = [int(re.search(r"werden (\d+) von (\d+) Fragen", one["facts"])[1]) for one in told]
    assert counts[0] < counts[1]
    assert len(told[0]["sections"]) < len(told[1]["sections"])
    assert all(one["minutes"].endswith("min") for one in told[1]["sections"] if not one["is_done"])
    page = errand.text_of(lead.get(f"{asked.path}/questions/profile"))
    assert told[1]["facts"] in page
    assert told[1]["total"] in page
