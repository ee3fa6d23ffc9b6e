"""The answer pack: out of one round, into another, confirmed there; and what its signature says."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from portal.db.models.accounts import CompanyRole
from portal.db.models.answer_packs import AnswerPack, PackStanding
from portal.db.models.responses import Answer, AnswerEvidence, Evidence, Response, Suggestion
from portal.demonstration import documents
from portal.services.answers import responses
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
        assert page.status_code == 422
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


# ---- documents of a pack

PDF = documents.pdf("ISO/IEC 27001", ["Geltungsbereich: PACS Archiv"])


def _packed(taken: bytes, **files: bytes) -> bytes:
    """The pack with documents in it, and each in its list under the number D1, D2, …"""
    document = _json(taken)
    named = []
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression=zipfile.ZIP_DEFLATED) as archive:
        for number, (name, content) in enumerate(files.items(), start=1):
            member = f"documents/D{number}-{name.replace('_', '.')}"
            archive.writestr(member, content)
            named.append(
                {
                    "id": f"D{number}",
                    "type": "iso27001_cert",
                    "issuer": "TÜV Süd",
                    "scope": "PACS",
                    "issued_on": None,
                    "valid_from": "2026-01-01",
                    "valid_to": "2028-02-29",
                    "sha256": hashlib.sha256(content).hexdigest(),
                    "file": member,
                }
            )
        document["pack"]["documents"] = named
        answer = next(one for one in document["pack"]["answers"] if one["question"] == "GV-02")
        answer["documents"] = [one["id"] for one in named]
        archive.writestr("answer-pack.json", json.dumps(document))
    return out.getvalue()


def _said(lead, asked) -> dict[str, str]:
    """What the page proposes for each document, sent as it is."""
    page = lead.get(f"{asked.path}/pack/documents").get_data(as_text=True)
    said = {}
    for number in re.findall(r'name="take\.(D\d+)"', page):
        said |= {f"take.{number}": "y", f"kind.{number}": "iso27001_cert", f"issuer.{number}": "TÜV Süd"}
        said |= {f"scope.{number}": "PACS", f"issued_on.{number}": ""}
        said |= {f"valid_from.{number}": "2026-01-01", f"valid_to.{number}": "2028-02-29"}
        for name in ("issuer", "scope", "valid_from", "valid_to"):
            assert f'name="{name}.{number}" type="{"date" if "valid" in name else "text"}"' in page
    return said


def _errors(answer) -> list[str]:
    return re.findall(r'class="kern-error".*?<span class="kern-body">(.*?)</span>', answer.get_data(as_text=True))


def _take_in(lead, asked, content: bytes, name: str = "pack.zip", **changes: str):
    said = {**_said(lead, asked), **changes, "file": (io.BytesIO(content), name)}
    return lead.post(f"{asked.path}/pack/documents", said)


def _vault(session, asked) -> list[Evidence]:
    session.expire_all()
    return list(session.scalars(select(Evidence).where(Evidence.company_id == asked.lead.company_id)))


def test_documents_of_a_pack_enter_the_vault_once_they_are_confirmed(lead, asked, taken, session):
    content = _packed(taken, iso_pdf=PDF)
    _bring(lead, asked, content)
    assert _vault(session, asked) == []  # loading a pack takes none in

    answer = _take_in(lead, asked, content, **{"valid_to.D1": "2027-12-31"})

    assert answer.status_code == 303, errand.text_of(answer)
    (row,) = _vault(session, asked)
    assert (row.file_name, row.kind, row.issuer, row.size) == ("iso.pdf", "iso27001_cert", "TÜV Süd", len(PDF))
    assert (row.valid_from, row.valid_to) == (date(2026, 1, 1), date(2027, 12, 31))
    given = lead.get(f"{asked.path}/documents/{row.id}/file")
    assert given.data == PDF
    assert (
        session.scalars(select(AnswerEvidence).where(AnswerEvidence.evidence_id == row.id)).one().question_id == "GV-02"
    )
    assert "liegt in Ihrem Tresor" in errand.text_of(lead.get(f"{asked.path}/pack/documents"))


def test_a_single_document_that_the_pack_names_is_known_by_its_checksum(lead, asked, taken, session):
    _bring(lead, asked, _packed(taken, iso_pdf=PDF))

    _take_in(lead, asked, PDF, "Zertifikat 2026.pdf")

    assert [row.file_name for row in _vault(session, asked)] == ["Zertifikat 2026.pdf"]


def _bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression=zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", b"0" * (60 * 2**20))
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("bomb_xlsx", _bomb, "viel größer"),
        ("both_pdf", lambda: PDF + _bomb(), ""),
        ("page_pdf", lambda: b"<!doctype html><script>1</script>", ""),
        ("large_pdf", lambda: PDF + b" " * (21 * 2**20), "20"),
    ],
)
def test_a_hostile_document_in_a_pack_is_refused_like_an_upload(lead, asked, taken, session, name, content, sentence):
    packed = _packed(taken, iso_pdf=PDF, **{name: content()})
    _bring(lead, asked, packed)

    answer = _take_in(lead, asked, packed)

    assert answer.status_code == 422
    assert [row.file_name for row in _vault(session, asked)] == ["iso.pdf"]  # its neighbour is none the worse
    (wrong,) = _errors(answer)
    assert sentence in wrong


def test_a_document_that_is_not_the_one_the_pack_names_is_refused(lead, asked, taken, session):
    _bring(lead, asked, _packed(taken, iso_pdf=PDF))
    other = _packed(taken, iso_pdf=documents.pdf("ISO/IEC 27001", ["Anderer Geltungsbereich"]))

    answer = _take_in(lead, asked, other)

    assert "Prüfsumme" in errand.text_of(answer)
    assert _vault(session, asked) == []


@pytest.mark.parametrize("content", [b"PK\x03\x04 broken", b"no zip at all", b""])
def test_what_is_no_pack_is_refused_with_a_sentence(lead, asked, taken, session, content):
    _bring(lead, asked, _packed(taken, iso_pdf=PDF))

    answer = _take_in(lead, asked, content)

    assert answer.status_code == 422
    assert len(_errors(answer)) == 1
    assert _vault(session, asked) == []


def test_a_document_without_its_kind_waits_for_it(lead, asked, taken, session):
    content = _packed(taken, iso_pdf=PDF)
    _bring(lead, asked, content)

    answer = _take_in(lead, asked, content, **{"kind.D1": "", "issuer.D1": "DEKRA"})

    assert answer.status_code == 422
    assert b"DEKRA" in answer.data
    assert _vault(session, asked) == []
    lead.post(f"{asked.path}/pack/forget")
    assert lead.get(f"{asked.path}/pack/documents").status_code == 404
