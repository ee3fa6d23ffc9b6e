"""A hospital's own catalogue: put together as a draft, frozen at its release, and nobody else's."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.db.models.accounts import HospitalRole
from portal.db.models.audit import AuditEvent
from portal.errors import BadInput, Clash, NotAllowed, NotFound, NotNow
from portal.services.rounds import catalogues
from questionnaires import loading, owning, shelf
from questionnaires.model import QuestionSet, Text
from tests.portal import building

TITLE = Text(de="Unsere", en="Ours")


@pytest.fixture
def admin(session):
    return building.hospital_actor(session)


@pytest.fixture
def draft(session, admin):
    return building.own_catalogue(session, admin)


def released(session, actor, row, now):
    catalogues.release(session, actor, row.id, edits=row.edits, now=now)
    session.flush()
    return row


def test_a_draft_asks_all_that_its_base_asks_and_a_question_of_its_own(draft):
    catalogue = catalogues.of_row(draft)

    assert set(catalogue.questions) == {*shelf.get(*shelf.WITHOUT_IT_ACCESS).questions, "H-01"}
    assert all("H-01" in one.question_ids for one in catalogue.sets.values())
    assert catalogue.section(catalogue.questions["H-01"].section).part == ""


def test_it_is_released_under_the_day_and_found_by_its_own_hospital_only(session, admin, draft, now):
    released(session, admin, draft, now)

    assert (draft.catalogue_id, draft.version) == ("own-1", "2026-11-23")
    assert draft.sha256 == shelf.digest_of(draft.document.encode())
    assert "H-01" in catalogues.get(session, admin.hospital_id, "own-1", "2026-11-23").questions
    other = building.hospital_actor(session, building.hospital(session, "Klinikum Süd"), email="b@sued.example")
    with pytest.raises(shelf.NoSuchCatalogue):
        catalogues.get(session, other.hospital_id, "own-1", "2026-11-23")
    with pytest.raises(NotFound):
        catalogues.find(session, other, draft.id)
    assert [one for one in catalogues.offered(session, other) if one.is_own] == []


def test_a_draft_is_nothing_that_a_round_could_ask(session, admin, draft):
    with pytest.raises(shelf.NoSuchCatalogue):
        catalogues.get(session, admin.hospital_id, draft.catalogue_id, owning.DRAFT)
    assert [one for one in catalogues.offered(session, admin) if one.is_own] == []


def test_a_second_release_of_one_day_gets_a_number_and_the_next_version_keeps_the_name(session, admin, draft, now):
    first = released(session, admin, draft, now)
    again = catalogues.begin(session, admin, (first.catalogue_id, first.version), TITLE, now=now)
    released(session, admin, again, now)

    assert (again.catalogue_id, again.version) == ("own-1", "2026-11-23.2")
    assert "H-01" in catalogues.of_row(again).questions


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE own_catalogue SET document = 'x'",
        "UPDATE own_catalogue SET released_at = NULL",
        "DELETE FROM own_catalogue",
    ],
)
def test_the_database_refuses_to_change_a_released_one(session, admin, draft, now, statement):
    released(session, admin, draft, now)

    with pytest.raises(DBAPIError, match="never changes"):
        session.execute(text(statement))


def test_nothing_of_a_released_one_can_be_changed(session, admin, draft, now):
    released(session, admin, draft, now)

    with pytest.raises(NotNow):
        catalogues.remove_question(session, admin, draft.id, "H-01", edits=draft.edits, now=now)
    with pytest.raises(NotNow):
        catalogues.discard(session, admin, draft.id, edits=draft.edits, now=now)


def test_a_document_that_is_not_what_was_released_is_not_read(draft):
    draft.document += "#"

    with pytest.raises(catalogues.Tampered):
        catalogues.of_row(draft)


def test_an_assessor_writes_a_draft_and_an_administrator_releases_it(session, admin, now):
    of = building.hospital(session, "Klinikum Ost")
    assessor = building.hospital_actor(session, of, HospitalRole.ASSESSOR)
    auditor = building.hospital_actor(session, of, HospitalRole.AUDITOR)
    row = building.own_catalogue(session, assessor)

    with pytest.raises(NotAllowed):
        catalogues.release(session, assessor, row.id, edits=row.edits, now=now)
    with pytest.raises(NotAllowed):
        catalogues.begin(session, auditor, shelf.CURRENT, TITLE, now=now)


def test_two_people_on_one_draft_do_not_overwrite_each_other(session, admin, draft, now):
    with pytest.raises(Clash):
        catalogues.rename(session, admin, draft.id, TITLE, edits=draft.edits - 1, now=now)
    with pytest.raises(Clash):
        catalogues.remove_question(session, admin, draft.id, "H-01", edits=draft.edits - 1, now=now)


def test_questions_of_ours_leave_a_set_and_none_of_ours_can_be_rewritten(session, admin, draft, now):
    chosen = {one: {"WI-01", "H-01"} for one in QuestionSet}
    catalogues.place(session, admin, draft.id, chosen, edits=draft.edits, now=now)

    assert catalogues.of_row(draft).sets[QuestionSet.FULL].question_ids == ("WI-01", "H-01")
    with pytest.raises(NotFound):
        catalogues.put_question(
            session, admin, draft.id, {**building.OWN_QUESTION, "id": "WI-01"}, section="GV", sets=set(),
            edits=draft.edits, now=now,
        )  # fmt: skip


def test_an_empty_set_is_refused(session, admin, draft, now):
    chosen = {QuestionSet.SHORT: set(), QuestionSet.BASIC: {"WI-01"}, QuestionSet.FULL: {"WI-01"}}
    with pytest.raises(BadInput, match="%"):
        catalogues.place(session, admin, draft.id, chosen, edits=draft.edits, now=now)


def test_a_scored_question_of_its_own_counts_in_the_measure_where_it_stands(session, admin, now):
    row = building.own_catalogue(session, admin, section="BC", answer={"kind": "yes_partial_no_na"}, weight=3)

    assert catalogues.of_row(row).part_of("H-01") == "3"


def test_what_is_exported_can_be_taken_in_again_as_the_next_draft(session, admin, draft, now):
    released(session, admin, draft, now)
    again = catalogues.take_in(session, admin, draft.document.encode(), now=now)

    assert again.catalogue_id == "own-1"
    assert catalogues.of_row(again).questions == catalogues.of_row(draft).questions


def test_a_file_with_a_question_of_ours_rewritten_is_refused_with_its_line(session, admin, draft, now):
    source = draft.document.replace("Wer ist in Ihrem Unternehmen", "Wer ist in Ihrer Firma")
    with pytest.raises(BadInput) as refused:
        catalogues.take_in(session, admin, source, now=now)

    message = refused.value.fields["file"]
    assert "WI-01: weicht von dem ab" in str(message.values["what"])
    assert source.splitlines()[int(message.values["line"]) - 1].strip() == "- id: WI-01"


def test_a_draft_that_was_thrown_away_is_gone(session, admin, draft, now):
    read = draft.edits
    catalogues.rename(session, admin, draft.id, TITLE, edits=read, now=now)
    with pytest.raises(Clash):
        catalogues.discard(session, admin, draft.id, edits=read, now=now)
    catalogues.discard(session, admin, draft.id, edits=draft.edits, now=now)
    session.flush()

    assert catalogues.own(session, admin) == []


def test_every_step_is_in_the_trail(session, admin, draft, now):
    released(session, admin, draft, now)
    catalogues.withdraw(session, admin, draft.id, now=now)
    session.flush()

    verbs = {event.verb for event in session.query(AuditEvent)}
    assert {"catalogue.begun", "catalogue.changed", "catalogue.released", "catalogue.withdrawn"} <= verbs
    assert [one for one in catalogues.offered(session, admin) if one.is_own] == []
    assert catalogues.get(session, admin.hospital_id, draft.catalogue_id, draft.version)


def test_what_ships_is_found_for_everybody(session, admin):
    for name in shelf.versions():
        assert catalogues.get(session, admin.hospital_id, *name) == loading.load(shelf.source(*name))
