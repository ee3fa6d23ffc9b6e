"""Answer packs between two installations: what was answered in one is confirmed in the other, equal in every sign."""

from __future__ import annotations

import dataclasses
import json
import shutil
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db import session as database
from portal.db.models.accounts import CompanyRole
from portal.db.models.answer_packs import AnswerPack, PackStanding
from portal.db.models.assessments import Assessment, Stage
from portal.db.models.responses import Answer, Response, Suggestion
from portal.errors import BadInput, NotAllowed, NotFound, NotNow
from portal.files import signing
from portal.files.sealing import Keyring
from portal.jobs import reading
from portal.services.answers import answer_packs, responses, submissions
from portal.services.answers.answer_packs import Nowhere
from portal.services.answers.submissions import Signer
from portal.services.rounds import catalogues
from portal.services.vendors import vendors
from questionnaires import answering, packs
from questionnaires.model import AnswerValue
from questionnaires.packs import AskedOf, Seal
from tests.portal import building
from tests.portal.services.rounds.test_follow_ups import begin as follow_up
from tests.portal.web.hospital import ward
from tests.portal.web.vendor import errand

SIGNER = Signer(name="Erika Muster", function="CISO", confirms=True)
YES = AnswerValue(choices=("yes",))
PRODUCTS = ("PACS Archiv", "Befundserver")


@pytest.fixture
def asked(session, now, request):
    """A round with two products, wholly answered, so well."""
    made = errand.accepted(session, now - timedelta(days=9), products=PRODUCTS)
    quality = getattr(request, "param", 0.7)
    ward.answer_all(session, made.ward, errand.VENDOR, quality=quality, now=now - timedelta(days=1))
    for row in session.scalars(select(Answer).where(Answer.question_id == "TR-01")):
        row.value = {"number": 95.5}  # a share: no form takes every number of the ward
    session.flush()
    return made


@pytest.fixture
def elsewhere(migrated, tmp_path, now):
    """Another installation, with a database and keys of its own, where the same company is asked."""
    path = tmp_path / "elsewhere.sqlite"
    shutil.copy(migrated, path)
    engine = database.engine(f"sqlite:///{path}")
    with database.sessions(engine)() as session:
        made = errand.accepted(session, now, products=tuple(reversed(PRODUCTS)))
        made.session = session
        made.keyring = Keyring(instance_key="j" * 43, folder=tmp_path / "keys-elsewhere")
        yield made
    engine.dispose()


def along(session: Session, asked, keyring: Keyring, now, **more) -> bytes:
    """The JSON of a pack."""
    session.expire_all()
    made = answer_packs.make(session, asked.lead, asked.assessment_id, **{"is_draft": True, "now": now, **more})
    document = packs.dump(made.pack)
    signed = signing.sign(keyring, packs.PURPOSE, packs.canonical(document))
    return packs.write(document, Seal(public_key=signed.public_key, value=signed.value))


def bring(session: Session, asked, keyring: Keyring, content: bytes, now, *, known=None) -> AnswerPack:
    """Load it for a round."""
    _pack, document, seal = packs.read(content)
    return answer_packs.bring(
        session,
        asked.lead,
        asked.assessment_id,
        document,
        seal,
        file_name="pack.json",
        our_key=signing.public_key(keyring),
        known=known or {},
        now=now,
    )


def answers(session: Session, asked) -> dict[tuple[str, str], dict]:
    """What stands, by question and product."""
    session.expire_all()
    assessment = session.get_one(Assessment, asked.assessment_id)
    names = {supply.id: supply.name for supply in vendors.supplies_of(session, assessment)}
    response = session.scalars(select(Response).where(Response.assessment_id == asked.assessment_id)).one()
    rows = session.scalars(select(Answer).where(Answer.response_id == response.id, Answer.value.is_not(None)))
    return {(row.question_id, names.get(row.supply_id, "")): row.value for row in rows}


def sections(look) -> set[str]:
    return {one.id for one in look.sections}


@pytest.mark.parametrize(("asked", "is_draft"), [(0.9, True), (0.1, False)], indirect=["asked"])
def test_confirming_everything_elsewhere_gives_the_same_answers(session, asked, elsewhere, keyring, now, is_draft):
    if not is_draft:
        submissions.hand_in(session, asked.lead, asked.assessment_id, SIGNER, base_url=ward.BASE_URL, now=now)
    content = along(session, asked, keyring, now, is_draft=is_draft)
    there, actor, round_id = elsewhere.session, elsewhere.lead, elsewhere.assessment_id

    bring(there, elsewhere, elsewhere.keyring, content, now)
    look = answer_packs.look(there, actor, round_id, now=now)
    assert look.row.standing is PackStanding.UNKNOWN
    assert look.nowhere == []
    assert all(product.is_sure for product in look.products)
    answer_packs.take(there, actor, round_id, sections(look), now=now)
    assert answers(there, elsewhere) == {}

    for row in list(there.scalars(select(Suggestion))):
        key, value = (row.question_id, row.supply_id), answering.load(row.value)
        responses.save(there, actor, round_id, key, value, version=0, now=now)

    assert there.scalars(select(Suggestion)).all() == []
    assert answers(there, elsewhere) == answers(session, asked)


def test_only_the_chosen_sections_are_laid(session, asked, elsewhere, keyring, now):
    bring(elsewhere.session, elsewhere, elsewhere.keyring, along(session, asked, keyring, now), now)

    answer_packs.take(elsewhere.session, elsewhere.lead, elsewhere.assessment_id, {"GV"}, now=now)

    assert {row.question_id[:2] for row in elsewhere.session.scalars(select(Suggestion))} == {"GV"}


def test_what_the_signature_says(session, asked, elsewhere, keyring, now):
    content = along(session, asked, keyring, now)
    print_ = signing.fingerprint(signing.public_key(keyring))
    bent = content.replace(b'"choices": [\n      "yes"', b'"choices": [\n      "no"', 1)
    assert bent != content

    def standing(content, keyring, **more):
        row = bring(elsewhere.session, elsewhere, keyring, content, now, **more)
        return row.standing, row.instance

    assert standing(content, keyring) == (PackStanding.OURS, "")
    assert standing(content, elsewhere.keyring) == (PackStanding.UNKNOWN, "")
    assert standing(content, elsewhere.keyring, known={print_: "klinikum-sued"}) == (
        PackStanding.KNOWN,
        "klinikum-sued",
    )
    assert standing(bent, elsewhere.keyring, known={print_: "klinikum-sued"}) == (PackStanding.ALTERED, "")
    assert len(elsewhere.session.scalars(select(AnswerPack)).all()) == 1


def test_what_fits_what_needs_a_fresh_look_and_what_has_no_place(elsewhere, now):
    """A questionnaire of tomorrow: unknown here, so that the same number may ask something else."""
    base = {"given_at": now, "asked_of": AskedOf.COMPANY, "product": ""}
    made = [
        packs.PackedAnswer(question="GV-02", value=YES, **base),
        packs.PackedAnswer(question="GV-03", value=YES, **base),  # asks for a day
        packs.PackedAnswer(question="ZZ-99", value=YES, **base),
        packs.PackedAnswer(question="GV-04", value=YES, **(base | {"asked_of": AskedOf.PRODUCT, "product": "LIS"})),
    ]
    pack = packs.Pack(
        company="Strahlwerk", made_at=now, signed_off_at=None, catalogue_id="hospital-vendor",
        catalogue_version="2031.7", products=("LIS",), answers=tuple(made),
    )  # fmt: skip

    def look(pack):
        seal = Seal(public_key=b"k" * 32, value=b"s" * 64)
        bring(elsewhere.session, elsewhere, elsewhere.keyring, packs.write(packs.dump(pack), seal), now)
        return answer_packs.look(elsewhere.session, elsewhere.lead, elsewhere.assessment_id, now=now)

    found = look(pack)
    assert [(one.id, one.fits, one.fresh) for one in found.sections] == [("GV", 0, 1)]
    assert {one.answer.question: one.why for one in found.nowhere} == {
        "GV-03": Nowhere.NO_ANSWER,
        "ZZ-99": Nowhere.NOT_ASKED,
        "GV-04": Nowhere.OTHER_SCOPE,
    }
    other = look(dataclasses.replace(pack, catalogue_id="somebody-elses"))
    assert other.sections == []
    assert {one.why for one in other.nowhere} == {Nowhere.OTHER_QUESTIONS, Nowhere.NOT_ASKED}


def test_an_answer_that_stands_here_is_never_touched(session, asked, elsewhere, keyring, now):
    there, actor, round_id = elsewhere.session, elsewhere.lead, elsewhere.assessment_id
    responses.save(there, actor, round_id, ("GV-02", ""), AnswerValue(choices=("no",)), version=0, now=now)
    bring(there, elsewhere, elsewhere.keyring, along(session, asked, keyring, now), now)

    answer_packs.take(there, actor, round_id, {"GV"}, now=now)

    assert answers(there, elsewhere)["GV-02", ""] == {"choices": ["no"]}
    assert "GV-02" not in {row.question_id for row in there.scalars(select(Suggestion))}


def test_a_pack_serves_until_the_round_is_handed_in(session, asked, keyring, now):
    bring(session, asked, keyring, along(session, asked, keyring, now), now)

    submissions.hand_in(session, asked.lead, asked.assessment_id, SIGNER, base_url=ward.BASE_URL, now=now)

    assert session.scalars(select(AnswerPack)).all() == []
    with pytest.raises(NotNow):
        bring(session, asked, keyring, along(session, asked, keyring, now), now)


def test_without_an_edition_there_is_only_a_draft(session, asked, now):
    with pytest.raises(NotNow):
        answer_packs.make(session, asked.lead, asked.assessment_id, now=now)
    made = answer_packs.make(session, asked.lead, asked.assessment_id, is_draft=True, now=now)
    assert made.pack.signed_off_at is None


def test_documents_travel_only_when_they_are_wanted(session, asked, now):
    without = answer_packs.make(session, asked.lead, asked.assessment_id, is_draft=True, now=now)
    along_ = answer_packs.make(session, asked.lead, asked.assessment_id, is_draft=True, with_files=True, now=now)

    assert without.files == {}
    assert {one.file for one in without.pack.documents} == {""}
    assert set(along_.files) == {one.file for one in along_.pack.documents}
    assert {one.sha256 for one in along_.pack.documents} == {one.sha256 for one in along_.files.values()}
    named = {name for one in along_.pack.answers for name in one.documents}
    assert named == {one.id for one in along_.pack.documents}


def test_nobody_else_takes_or_brings(session, asked, keyring, now):
    content = along(session, asked, keyring, now)
    stranger, helper = errand.stranger(session), errand.colleague(session, asked, CompanyRole.CONTRIBUTOR)
    for actor, error in ((stranger, NotFound), (helper, NotAllowed)):
        other = dataclasses.replace(asked, lead=actor)
        with pytest.raises(error):
            along(session, other, keyring, now)
        with pytest.raises(error):
            bring(session, other, keyring, content, now)
        with pytest.raises((NotFound, NotAllowed)):
            answer_packs.take(session, actor, asked.assessment_id, {"GV"}, now=now)


def test_a_product_of_another_hospital_cannot_be_chosen(session, asked, keyring, now):
    bring(session, asked, keyring, along(session, asked, keyring, now), now)

    with pytest.raises(NotFound):
        answer_packs.choose_products(session, asked.lead, asked.assessment_id, {"PACS Archiv": "0" * 20}, now=now)


def test_the_limited_process_reads_what_we_wrote_and_refuses_the_rest(session, asked, keyring, now):
    content = along(session, asked, keyring, now)

    document, seal = reading.answer_pack(content)

    assert packs.canonical(document) == packs.canonical(json.loads(content)["pack"])
    assert len(seal.value) == packs.SIGNATURE_BYTES
    for bad in (b"[" * 2_000_000, b'{"format": ' + b'"\\"' * 500_000, b"PK\x03\x04" + b"x" * 100):
        with pytest.raises(BadInput):
            reading.answer_pack(bad)


def test_a_round_of_a_hospitals_own_questions_gives_only_what_everybody_knows(session, asked, now):
    assessment = session.get_one(Assessment, asked.assessment_id)
    known = answer_packs.catalogues.of(session, assessment)
    changed = dataclasses.replace(known.questions["GV-02"], text=known.questions["GV-03"].text)
    own = dataclasses.replace(known, id="own-1", questions={**known.questions, "GV-02": changed})

    catalogue, left = answer_packs._comparable(
        own, [{"question": name, "value": answering.dump(YES)} for name in ("GV-01", "GV-02")], today=now.date()
    )

    assert catalogue.id == "hospital-vendor"
    assert "GV-02" not in {entry["question"] for entry in left}


def test_a_follow_up_of_a_hospitals_own_catalogue_takes_none_of_its_questions_along(session, now):
    made = errand.invited(session, now)
    own = building.own_catalogue(session, made.ward.admin)
    catalogues.release(session, made.ward.admin, own.id, edits=own.edits, now=now)
    first = session.get_one(Assessment, made.assessment_id)
    first.catalogue_id, first.catalogue_version = own.catalogue_id, own.version
    made.lead = ward.accept(session, made.ward, errand.VENDOR, now=now)
    ward.answer_all(session, made.ward, errand.VENDOR, quality=0.8, now=now)
    ward.hand_in(session, made.ward, errand.VENDOR, now=now, released=True)
    first.stage = Stage.CLOSED
    session.flush()
    again = follow_up(session, made, now, catalogue_reason="Erneut")
    ward.answer_all(session, made.ward, errand.VENDOR, quality=0.8, now=now + timedelta(days=301))
    session.flush()
    session.expire_all()
    assert "H-01" in answer_packs.catalogues.of(session, again).questions

    taken = answer_packs.make(session, made.lead, again.id, is_draft=True, now=now + timedelta(days=301))

    assert {one.question[:2] for one in taken.pack.answers} == {"D-", "WI"}


def test_a_kind_of_document_that_only_one_hospital_knows_is_another_one_elsewhere():
    beside = [["GV-01", ""]]
    documents = [{"kind": "h_audit", "for": beside}, {"kind": "sbom", "for": [["H-01", ""]]}]

    (left,) = answer_packs._beside(documents, [{"question": "GV-01", "supply": ""}])

    assert left == {"kind": answer_packs.OTHER_KIND, "for": beside}
