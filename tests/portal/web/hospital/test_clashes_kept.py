"""Two who write the same: the second gets back what they typed, reads what stands now, and can save over it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from portal.db.models.catalogues import OwnCatalogue
from portal.db.models.plans import Action, ActionState
from portal.db.models.registers import RiskRecord
from portal.services.actions import actions as actions_service
from portal.services.actions.actions import ActionFields
from portal.services.rounds import catalogues
from questionnaires import shelf
from questionnaires.model import SectionKind, Text
from tests.portal.web.hospital import ward as wards

NAME = "Strahlwerk Medizintechnik GmbH"
UNPROCESSABLE, SEE_OTHER = 422, 303
QUESTION = {
    "label_de": "Schlüssel", "label_en": "Keys", "text_de": "Wer hält ihn?", "text_en": "Who holds it?",
    "why_de": "Darum.", "why_en": "Because.", "scope": "company", "sets": ["short", "basic", "full"],
    "kind": "yes_partial_no_na", "options": "", "unit": "", "bands": "", "minimum": "", "maximum": "",
    "date_rule": "", "weight": "0", "condition": "", "seconds": "60",
}  # fmt: skip


@pytest.fixture
def made(sessions):
    now = datetime.now(UTC)
    with sessions.begin() as session:
        ward = wards.one(session, now)
    with sessions.begin() as session:
        title = Text(de="Unsere Fragen", en="Our questions")
        draft = catalogues.begin(session, ward.admin, shelf.CURRENT, title, now=now)
        sections = catalogues.of_row(draft).sections
        own = next(one.id for one in sections if one.kind is SectionKind.OWN)
        fields = ActionFields(title="Zertifikat tauschen", due_on=now.date() + timedelta(days=30))
        action = actions_service.add(
            session, ward.assessor, ward.vendors[NAME], fields, now=now, base_url="https://k.example"
        )
        return ward, draft.id, action.id, own


def text(answer):
    return answer.get_data(as_text=True)


def test_the_second_word_to_an_action_comes_back_beside_the_first(made, visit, sessions):
    ward, _draft, action_id, _own = made
    clerk = visit(ward.assessor)
    path = f"/hospital/vendors/{ward.vendors[NAME]}/actions/answer"
    page = text(clerk.get(path.removesuffix("/answer")))
    version = page.partition('name="version"')[2].partition('value="')[2].partition('"')[0]
    typed = {"action": action_id, "version": version, "due_on": ""}
    assert clerk.post(path, {**typed, "verdict": "confirm", "remark": ""}).status_code == SEE_OTHER

    second = clerk.post(path, {**typed, "verdict": "drop", "remark": "lange getippte Worte"})

    assert second.status_code == UNPROCESSABLE
    page = text(second)
    assert "lange getippte Worte" in page
    assert "inzwischen" in page
    assert "bestätigt" in page
    with sessions() as session:
        assert session.get_one(Action, action_id).state is ActionState.CONFIRMED
    fresh = page.partition('name="version"')[2].partition('value="')[2].partition('"')[0]
    again = clerk.post(path, {**typed, "version": fresh, "verdict": "reopen", "remark": "doch", "due_on": "2027-12-01"})
    assert again.status_code in {SEE_OTHER, UNPROCESSABLE}
    assert "inzwischen" not in text(again)


class TestDraft:
    def _edits(self, sessions, draft):
        with sessions() as session:
            return str(session.get_one(OwnCatalogue, draft).edits)

    def test_a_name(self, made, visit, sessions):
        ward, draft, _action, _own = made
        clerk, path = visit(ward.admin), f"/hospital/settings/catalogues/{draft}/name"
        edits = self._edits(sessions, draft)
        clerk.post(path, {"title_de": "Erster", "title_en": "First", "edits": edits})

        second = clerk.post(path, {"title_de": "Zweiter", "title_en": "Second", "edits": edits})

        assert second.status_code == UNPROCESSABLE
        for words in ('value="Zweiter"', 'value="Second"', "Erster / First"):
            assert words in text(second), words
        saved = {"title_de": "Zweiter", "title_en": "Second", "edits": self._edits(sessions, draft)}
        assert f'name="edits" value="{saved["edits"]}"' in text(second)
        assert clerk.post(path, saved).status_code == SEE_OTHER

    def test_a_question(self, made, visit, sessions):
        ward, draft, _action, own = made
        clerk, path = visit(ward.admin), f"/hospital/settings/catalogues/{draft}/questions"
        sent = {**QUESTION, "section": own, "edits": self._edits(sessions, draft)}
        assert clerk.post(f"{path}/add", sent).status_code == SEE_OTHER
        read = {**sent, "edits": self._edits(sessions, draft)}
        assert clerk.post(f"{path}/H-01", {**read, "label_de": "Zuerst da"}).status_code == SEE_OTHER

        second = clerk.post(f"{path}/H-01", {**read, "label_de": "Danach getippt"})

        assert second.status_code == UNPROCESSABLE
        assert 'value="Danach getippt"' in text(second)
        assert "Zuerst da" in text(second)
        saved = {**read, "label_de": "Danach getippt", "edits": self._edits(sessions, draft)}
        assert clerk.post(f"{path}/H-01", saved).status_code == SEE_OTHER

    def test_a_question_that_was_taken_out(self, made, visit, sessions):
        ward, draft, _action, own = made
        clerk, path = visit(ward.admin), f"/hospital/settings/catalogues/{draft}/questions"
        clerk.post(f"{path}/add", {**QUESTION, "section": own, "edits": self._edits(sessions, draft)})
        edits = self._edits(sessions, draft)
        clerk.post(f"{path}/H-01/remove", {"edits": edits})

        second = clerk.post(f"{path}/H-01", {**QUESTION, "section": own, "edits": edits, "label_de": "Getippt"})

        assert second.status_code == UNPROCESSABLE
        assert 'value="Getippt"' in text(second)
        assert f'action="{path}/add"' in text(second)
        stale = {**QUESTION, "section": own, "edits": self._edits(sessions, draft)}
        assert clerk.post(f"{path}/H-01", stale).status_code == 404

    def test_sets_and_what_was_only_clicked(self, made, visit, sessions):
        ward, draft, _action, _own = made
        clerk, path = visit(ward.admin), f"/hospital/settings/catalogues/{draft}"
        edits = self._edits(sessions, draft)
        with sessions() as session:
            full = catalogues.of_row(session.get_one(OwnCatalogue, draft))
        names = list(full.questions)
        every = {one.value: names for one in full.sets}
        assert clerk.post(f"{path}/sets", {**every, "edits": edits}).status_code == SEE_OTHER

        second = clerk.post(f"{path}/sets", {**every, "short": names[:1], "edits": edits})

        assert second.status_code == UNPROCESSABLE
        assert text(second).count("im Entwurf: ✓") == len(names) - 1
        for verb in ("release", "discard"):
            refused = clerk.post(f"{path}/{verb}", {"edits": edits})
            assert refused.status_code == UNPROCESSABLE, verb
            assert "inzwischen" in text(refused)
        with sessions() as session:
            rows = session.scalars(select(OwnCatalogue)).all()
            assert [row.released_at for row in rows] == [None]


def _fresh(page: str) -> str:
    return next(iter(re.findall(r'<input[^>]*name="version"[^>]*value="(\d+)"', page)))


def test_a_second_word_of_many_kinds_comes_back_beside_the_first(made, visit, sessions):
    """Treatment of a risk, a risk of one's own, a letter, the emergency contact."""
    ward, *_unused = made
    with sessions() as session:
        risk_id = session.scalars(
            select(RiskRecord.id).where(RiskRecord.hospital_id == ward.hospital_id, RiskRecord.gone_at.is_(None))
        ).first()
    clerk = visit(ward.assessor)
    own = {
        "title": "Ausfall", "scenario": "Es fällt aus.", "about": "", "patient_safety": "", "treatment": "open",
        "inherent_likelihood": "4", "inherent_impact": "4", "likelihood": "3", "impact": "4",
    }  # fmt: skip
    own_path = clerk.post("/hospital/risks/add", {**own, "version": "0"}).location
    places = {
        f"/hospital/risks/{risk_id}": ({"treatment": "mitigate", "owner": ""}, "note"),
        f"{own_path}/edit": (own, "note"),
        "/hospital/settings/letters/invitation.de": ({"subject": "S"}, "text"),
        "/hospital/incidents/desk": ({"phone": "", "email": ""}, "name"),
    }
    for path, (fields, name) in places.items():
        page = path.removesuffix("/desk")
        version = _fresh(text(clerk.get(page)))
        gaps = " {Krankenhaus} {Frist}\n\n{Link}" if name == "text" else ""
        first = clerk.post(path, {**fields, name: f"Anna{gaps}", "version": version})
        assert first.status_code == SEE_OTHER, path

        second = clerk.post(path, {**fields, name: f"Bernd{gaps}", "version": version})

        assert second.status_code == UNPROCESSABLE, path
        for words in ("Anna", "Bernd", "Was jetzt gilt"):
            assert words in text(second), (path, words)
        again = {**fields, name: f"Bernd{gaps}", "version": _fresh(text(second))}
        assert clerk.post(path, again).status_code == SEE_OTHER, path
