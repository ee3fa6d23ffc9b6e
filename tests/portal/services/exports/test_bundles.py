"""A bundle holds what the hospital may see and nothing else: released results, documents that may leave."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.db.models.exports import ExportKind
from portal.db.models.responses import EvidenceOpening
from portal.errors import NotFound
from portal.services.exports import bundles, exports
from portal.services.exports.exports import Wish
from portal.services.scans import scan_results
from portal.services.scans.scan_results import ScanState as RunState
from questionnaires import continuing, loading, shelf
from questionnaires.model import QuestionSet
from reports.bundles import documents, packing, verifying
from reports.bundles.facts import LeftOut
from reports.bundles.verifying import Status
from scanners import judging
from scanners.model import Outcome, Severity
from tests.portal import building
from tests.portal.services.registers.test_dossiers import Ward
from tests.reports.bundles import bundling
from tests.scanners import building as seeing

HOST = "a.pacs.example"


@pytest.fixture
def ward(session, now):
    return Ward(session, now)


def gathered(ward):
    return bundles.gather(ward.session, ward.actor, ward.vendor.id, program="1", now=ward.now)


def looked(ward, **changes):
    """A scan with observations, judged as the worker does."""
    run = ward.scanned()
    run.state, run.finished_at = RunState.RUNNING, None
    run.started_at = ward.now
    seen = (seeing.seen(seeing.page(), seeing.handshakes(), seeing.chain(), host=HOST, at=ward.now),)
    scan_results.complete(
        ward.session, ward.hospital.id, run.id, seen=seen, findings=judging.judge(seen), now=ward.now, **changes
    )
    ward.session.flush()
    return run


def test_raw_results_are_in_it_once_they_are_released(ward):
    looked(ward)
    assert gathered(ward).bundle.scans == ()

    ward.response.released_at = ward.now

    (scan,) = gathered(ward).bundle.scans
    assert [one.subject.name for one in scan.seen] == [HOST]


def test_of_a_critical_finding_told_before_only_the_finding_is_in_it(ward):
    ward.scanned(severity=Severity.CRITICAL)

    bundle = gathered(ward).bundle
    assert [fact.finding.severity for fact in bundle.assessed.dossier.findings] == [Severity.CRITICAL]
    assert bundle.scans == ()


def test_who_wants_documents_only_has_no_raw_result_in_it(ward):
    looked(ward)
    ward.response.released_at = ward.now
    ward.round.documents_only = True

    assert gathered(ward).bundle.scans == ()


def test_what_the_worker_stored_is_what_a_stranger_recomputes(ward):
    ward.answer()
    ward.sign()
    looked(ward)
    ward.response.released_at = ward.now
    found = verifying.verify(bundling.packed(gathered(ward).bundle), bundling.is_signed)

    told = "\n".join(one.text for one in found.notes)
    assert found.status is Status.FITS, told
    assert any(
        fact.finding.outcome in {Outcome.FAIL, Outcome.WARN} for fact in gathered(ward).bundle.assessed.dossier.findings
    )


def test_a_document_that_goes_along_counts_as_opened_once_however_often_the_bundle_was_tried(ward):
    ward.answer()
    row = ward.evidence()
    ward.sign()
    gathered(ward)  # a try that failed
    found = gathered(ward)
    bundles.note_openings(ward.session, ward.actor, found.openings, now=ward.now)

    assert set(found.files) == {row.id}
    assert [one.left_out for one in found.bundle.documents] == [None]
    (opening,) = ward.session.scalars(select(EvidenceOpening)).all()
    assert opening.evidence_id == row.id


@pytest.mark.parametrize("why", [LeftOut.VIEW_ONLY, LeftOut.REMOVED, LeftOut.SIZE])
def test_a_document_that_may_not_leave_is_named_and_not_opened(ward, why):
    ward.answer()
    row = ward.evidence()
    ward.sign()
    row.is_view_only = why is LeftOut.VIEW_ONLY
    row.deleted_at = ward.now if why is LeftOut.REMOVED else None
    row.size = packing.MOST_DOCUMENTS + 1 if why is LeftOut.SIZE else 1
    found = gathered(ward)
    bundles.note_openings(ward.session, ward.actor, found.openings, now=ward.now)

    assert found.files == {}
    assert [(one.sha256, one.left_out) for one in found.bundle.documents] == [(row.sha256, why)]
    assert ward.session.scalars(select(EvidenceOpening)).all() == []


def test_answers_are_those_of_the_signed_edition(ward):
    ward.answer(comment="erste")
    ward.sign()
    ward.answer(comment="nochnichtgesagt")
    content = bundling.members(gathered(ward).bundle)

    assert "erste" in content["answers.json"].decode()
    assert not any(b"nochnichtgesagt" in member for member in content.values())
    edition = documents.read("x", content[packing.EDITION])
    assert edition["signer_name"] == "Vera"


def test_an_earlier_round_is_packed_with_what_was_signed_in_it(ward):
    ward.answer(comment="in der ersten Runde")
    ward.sign()
    first = ward.round
    ward.round = building.assessment(
        ward.session,
        ward.vendor,
        company_id=ward.company.company_id,
        supplies=(ward.supply,),
        catalogue_id=first.catalogue_id,
        catalogue_version=first.catalogue_version,
        due_on=first.due_on,
        round=2,
    )
    ward.response = building.response(ward.session, ward.round)
    ward.answer(comment="in der zweiten Runde")
    ward.sign()

    def packed(assessment_id: str) -> bytes:
        found = bundles.gather(
            ward.session, ward.actor, ward.vendor.id, program="1", now=ward.now, assessment_id=assessment_id
        )
        return bundling.packed(found.bundle)

    assert b"in der zweiten Runde" in packed("") == packed(ward.round.id)
    earlier = packed(first.id)
    assert b"in der ersten Runde" in earlier
    assert b"in der zweiten Runde" not in earlier
    assert verifying.verify(earlier, bundling.is_signed).status is Status.FITS
    place = earlier.index(b"in der ersten Runde")
    flipped = verifying.verify(earlier[:place] + b"X" + earlier[place + 1 :], bundling.is_signed)
    assert flipped.status is Status.CHANGED
    named = {note.text for note in flipped.notes if note.mark is verifying.Mark.CHANGED}
    assert any("answers.json" in text or "dossier.json" in text for text in named), named


def test_a_round_of_another_vendor_or_hospital_is_not_found(ward):
    other = building.vendor(ward.session, ward.hospital, name="Anders GmbH", hosts=("b.example",))
    for actor, vendor_id in ((ward.actor, other.id), (building.hospital_actor(ward.session), ward.vendor.id)):
        with pytest.raises(NotFound):
            bundles.gather(ward.session, actor, vendor_id, program="1", now=ward.now, assessment_id=ward.round.id)
        with pytest.raises(NotFound):
            exports.ask(
                ward.session,
                actor,
                Wish(kind=ExportKind.BUNDLE, language="de", vendor_id=vendor_id, assessment_id=ward.round.id),
                now=ward.now,
            )


def test_bundles_of_two_rounds_are_two_wishes(ward):
    wishes = [
        Wish(kind=ExportKind.BUNDLE, language="de", vendor_id=ward.vendor.id, assessment_id=chosen)
        for chosen in ("", ward.round.id)
    ]
    newest, named = (exports.ask(ward.session, ward.actor, wish, now=ward.now) for wish in wishes)
    assert newest.id != named.id
    assert exports.ask(ward.session, ward.actor, wishes[1], now=ward.now).id == named.id
    assert exports.begin(ward.session, ward.hospital.id, named.id, now=ward.now).wish == wishes[1]


def test_another_hospital_finds_no_vendor_to_pack(ward):
    with pytest.raises(NotFound):
        bundles.gather(ward.session, building.hospital_actor(ward.session), ward.vendor.id, program="1", now=ward.now)


def test_the_same_moment_gives_the_same_facts(ward):
    looked(ward)
    ward.response.released_at = ward.now

    assert bundling.packed(gathered(ward).bundle) == bundling.packed(gathered(ward).bundle)


@pytest.mark.parametrize("version", shelf.versions(), ids=" ".join)
def test_a_questionnaire_that_ships_keeps_its_released_bytes(version):
    assert bundles.source_of(shelf.get(*version)) == shelf.source(*version)


def test_a_questionnaire_of_a_follow_up_comes_back_as_it_is_judged():
    standing = continuing.standing(shelf.get(*shelf.DELTA), shelf.current(), QuestionSet.FULL)

    assert loading.load(bundles.source_of(standing)) == standing
