"""The answer pack: out of one round, into another, confirmed there; and what its signature says."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.db.models.accounts import CompanyRole
from portal.db.models.answer_packs import AnswerPack, PackStanding
from portal.db.models.responses import Answer, Response, Suggestion
from portal.services import responses
from questionnaires.model import AnswerValue
from tests.portal.web.hospital import ward
from tests.portal.web.vendor import errand

YES = AnswerValue(choices=("yes",), comment="seit 2024")
ROUND = {"which": "draft"}


@pytest.fixture
def asked(sessions, now):
    """A company that answered one hospital, and is asked by a second one whose product has another name."""
    with sessions() as session, session.begin():
        first = errand.accepted(session, now - timedelta(days=200))
        load = responses.questionnaire(session, first.lead, first.assessment_id, now=now)
        supply = next(slot for slot in load.slots if slot.supply_id and "yes" in _options(slot))
        for key in (("GV-02", ""), supply.key):
            value = YES if key[0] == "GV-02" else AnswerValue(choices=("yes",))
            before = now - timedelta(days=190)
            responses.save(session, first.lead, first.assessment_id, key, value, version=0, now=before)
        of = ward.empty(session, name="Klinikum Süd")
        ward.add(session, of, errand.VENDOR, "PACS neu", domain="strahlwerk.example", hosts=1, now=now)
        ward.invite(session, of, errand.VENDOR, now=now, due=now.date() + timedelta(days=28))
        second = errand.Errand(ward=of, assessment_id=of.assessments[errand.VENDOR], token="")
        second.lead = ward.accept(session, of, errand.VENDOR, now=now)
        second.first, second.product_question = first, supply.question.id
        return second


def _options(slot):
    return {option.id for option in slot.question.shape.options}


@pytest.fixture
def lead(visit, asked):
    return visit(asked.lead)


@pytest.fixture
def taken(visit, asked) -> bytes:
    """The zip of the first round's draft."""
    response = visit(asked.first.lead).post(f"{asked.first.path}/pack/file", ROUND)
    assert response.headers["Content-Type"] == "application/zip"
    return response.get_data()


def _json(content: bytes) -> dict:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return json.loads(archive.read("answer-pack.json"))


def _bring(lead, asked, content: bytes, name: str = "pack.zip"):
    return lead.post(f"{asked.path}/pack", {"file": (io.BytesIO(content), name)})


def _row(session, asked) -> AnswerPack | None:
    session.expire_all()
    return session.scalars(select(AnswerPack).where(AnswerPack.assessment_id == asked.assessment_id)).first()


def test_a_pack_names_the_company_and_no_hospital(taken, asked):
    text = b"".join(_members(taken).values()).decode(errors="ignore")

    assert "Klinikum Nord" not in text
    assert errand.VENDOR in text
    document = _json(taken)
    assert {one["question"] for one in document["pack"]["answers"]} == {"GV-02", asked.product_question}
    assert document["pack"]["products"] == ["PACS Archiv"]
    assert document["pack"]["signed_off_at"] is None


def _members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_out_of_one_round_into_another_only_to_be_confirmed(lead, asked, taken, session):
    assert _bring(lead, asked, taken).status_code == 303
    page = lead.get(f"{asked.path}/pack")
    text = errand.text_of(page)
    assert "Unverändert, von dieser Installation" in text
    assert "Welches Produkt ist welches?" in text
    assert _row(session, asked).standing is PackStanding.OURS

    # The product has another name here: it has no place until somebody says which it is.
    assert "für das keines dieser Runde gewählt wurde" in text
    supply_id = asked.ward.supplies[errand.VENDOR]
    lead.post(f"{asked.path}/pack/take", {"product.0": supply_id, "go": "products"})
    assert "gewählt wurde" not in errand.text_of(lead.get(f"{asked.path}/pack"))

    sections = ["GV", asked.product_question.partition("-")[0]]
    answer = lead.post(f"{asked.path}/pack/take", {"product.0": supply_id, "go": "take", "section": sections})
    assert answer.status_code == 303
    session.expire_all()
    assert {(row.question_id, row.supply_id) for row in session.scalars(select(Suggestion))} == {
        ("GV-02", ""),
        (asked.product_question, supply_id),
    }
    assert "Antwortpaket, unverändert" in errand.text_of(lead.get(f"{asked.path}/questions/GV"))
    response = session.scalars(select(Response).where(Response.assessment_id == asked.assessment_id)).one()
    assert session.scalars(select(Answer).where(Answer.response_id == response.id)).all() == []


def test_a_changed_pack_is_taken_and_says_so(lead, asked, taken, session):
    document = _json(taken)
    document["pack"]["company"] = "Andere GmbH"

    _bring(lead, asked, json.dumps(document).encode(), "answer-pack.json")

    assert _row(session, asked).standing is PackStanding.ALTERED
    text = errand.text_of(lead.get(f"{asked.path}/pack"))
    assert "Verändert, seit es unterschrieben wurde" in text
    assert "„Andere GmbH“" in text


def test_a_file_that_is_none_gets_its_sentence(lead, asked, session):
    for content, sentence in (
        (b"", "Die Datei ist leer."),
        (b"{}", "kein Antwortpaket von Kettenblick"),
        (b"PK\x03\x04", "Die Zip-Datei ist beschädigt"),
    ):
        page = _bring(lead, asked, content)
        assert page.status_code == 200
        assert sentence in errand.text_of(page)
    assert _row(session, asked) is None


def test_a_pack_can_be_thrown_away(lead, asked, taken, session):
    _bring(lead, asked, taken)

    lead.post(f"{asked.path}/pack/forget")

    assert _row(session, asked) is None


def test_a_colleague_with_some_sections_takes_nothing_along(visit, asked, sessions):
    with sessions() as other, other.begin():
        colleague = errand.colleague(other, asked, CompanyRole.CONTRIBUTOR)

    assert visit(colleague).get(f"{asked.path}/pack").status_code in {403, 404}


def test_the_public_key_lies_at_its_known_place(visit, asked, taken):
    told = visit(asked.lead).get("/.well-known/kettenblick-signing-key.json").get_json()

    assert told["public_key"] == _json(taken)["signature"]["public_key"]
    assert told["algorithm"] == "Ed25519"


def test_a_document_that_is_gone_by_then_is_told_and_is_no_error_of_ours(visit, sessions, now):
    with sessions() as session, session.begin():
        made = errand.accepted(session, now)
        ward.answer_all(session, made.ward, errand.VENDOR, quality=1, now=now)  # its documents lie on no shelf

    assert visit(made.lead).post(f"{made.path}/pack/file", {**ROUND, "files": "y"}).status_code == 409
