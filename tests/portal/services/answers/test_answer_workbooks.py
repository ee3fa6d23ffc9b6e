"""Two people, online and in Excel, in any order: nothing is lost, and nothing is overwritten that nobody saw."""

from __future__ import annotations

import json
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from portal.db.models.assessments import Review, ReviewState, Stage
from portal.db.models.responses import Answer
from portal.errors import BadInput, Clash
from portal.services.answers import answer_workbooks, responses
from portal.services.answers.answer_workbooks import Change, Chosen
from portal.services.rounds import rounds
from questionnaires import answering
from questionnaires.model import AnswerKind, AnswerValue, Scope
from reports.reader import Reader
from reports.workbooks import answer_sheet, answer_sheet_in, answer_sheet_out
from tests.portal.web.vendor import errand

if TYPE_CHECKING:
    from datetime import datetime

ENGLISH = Reader(language="en", translate=str)
NAMES = ("yes", "partial", "no")
NOTES = ("", "außer in Wien", "=1+1", "Zeile 1\nZeile 2", "„§ 30“")


@pytest.fixture
def asked(session, now):
    return errand.accepted(session, now, products=("PACS Archiv", "Befundserver"))


class Desk:
    """What two people do, through the services and with real workbooks."""

    def __init__(self, session, asked, now: datetime) -> None:
        self.session, self.asked, self.now = session, asked, now
        self.actors = (asked.lead, errand.colleague(session, asked))
        load = responses.questionnaire(session, asked.lead, asked.assessment_id, now=now)
        self.shapes = answer_workbooks.shapes(session, asked.lead, asked.assessment_id, now=now)
        slots = [slot for slot in load.slots if slot.question.shape.kind is AnswerKind.YES_PARTIAL_NO_NA]
        several = next(slot for slot in load.slots if slot.question.shape.kind is AnswerKind.MULTI_CHOICE)
        company = next(slot for slot in slots if slot.question.scope is Scope.COMPANY)
        product = [slot for slot in slots if slot.question.scope is Scope.SUPPLY][:2]
        self.keys = (company.key, *(slot.key for slot in product), several.key)
        self.options = [option.id for option in several.question.shape.options]

    def value(self, key, pick: int, note: int) -> AnswerValue | None:
        if key == self.keys[-1]:
            chosen = tuple(one for place, one in enumerate(self.options) if pick >> place & 1)
            return AnswerValue(choices=chosen, comment=NOTES[note]) if chosen else None
        return AnswerValue(choices=(NAMES[pick % 3],), comment=NOTES[note]) if pick % 4 else None

    def stands(self) -> dict:
        self.session.flush()
        self.session.expire_all()
        rows = self.session.scalars(select(Answer)).all()
        found = {(row.question_id, row.supply_id): (row.version, rounds.value_of(row)) for row in rows}
        return {key: found.get(key, (0, None)) for key in self.keys}

    def along(self, who: int) -> bytes:
        sheet = answer_workbooks.sheet(self.session, self.actors[who], self.asked.assessment_id, now=self.now)
        wanted = [row for row in sheet.rows if row.key in self.keys]
        return answer_sheet_out.write(
            answer_sheet.AnswerSheet(**{**vars(sheet), "rows": wanted}), reader=ENGLISH, now=self.now
        )

    def online(self, who: int, key, value, version: int) -> None:
        responses.save(
            self.session, self.actors[who], self.asked.assessment_id, key, value, version=version, now=self.now
        )

    def typed(self, content: bytes, key, value) -> bytes:
        book = openpyxl.load_workbook(BytesIO(content))
        sheet = book["Answers"]
        for number in range(2, sheet.max_row + 1):
            question, supply, *option = answer_place(sheet, number)
            if (question, supply) != key:
                continue
            cell = sheet.cell(number, answer_sheet.ANSWER)
            if option:
                cell.value = "x" if value and option[0] in value.choices else None
                continue
            note = sheet.cell(number, answer_sheet.NOTE)
            note.value = value.comment if value else None
            note.data_type = "s" if value and value.comment else "n"
            if key != self.keys[-1]:
                cell.value = answering.show(self.shapes[question], value, language="en") if value else None
        out = BytesIO()
        book.save(out)
        return out.getvalue()

    def compare(self, who: int, content: bytes):
        sent = answer_sheet_in.read(content, self.shapes)
        return answer_workbooks.compare(self.session, self.actors[who], self.asked.assessment_id, sent, now=self.now)

    def take(self, who: int, chosen):
        return answer_workbooks.take(self.session, self.actors[who], self.asked.assessment_id, chosen, now=self.now)


def answer_place(sheet, number: int):
    return json.loads(sheet.cell(number, answer_sheet.PLACE).value)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(("online", "stale", "along", "type", "compare", "take")),
        st.integers(0, 1),
        st.integers(0, 3),
        st.integers(0, 7),
        st.integers(0, len(NOTES) - 1),
    ),
    min_size=4,
    max_size=24,
)


@settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_any_sequence_of_edits_loses_nothing_and_overwrites_nothing_unseen(session, asked, now, steps):
    savepoint = session.begin_nested()
    try:
        _play(Desk(session, asked, now), steps)
    finally:
        savepoint.rollback()


def _play(desk: Desk, steps) -> None:  # noqa: PLR0912 - one arm each
    model = dict.fromkeys(desk.keys, (0, None))  # what stands
    seen = [dict(model), dict(model)]  # what each has last seen of it on a page
    books: list[bytes | None] = [None, None]
    base: list[dict] = [{}, {}]  # what each workbook was given
    offline: list[dict] = [{}, {}]  # what each workbook says
    shown: list[dict] = [{}, {}]
    for what, who, place, pick, note in steps:
        key = desk.keys[place]
        value = desk.value(key, pick, note)
        if what in {"online", "stale"}:
            if what == "online":
                seen[who] = dict(model)
            version = seen[who][key][0]
            try:
                desk.online(who, key, value, version)
            except Clash:
                assert version != model[key][0]
            else:
                assert version == model[key][0] or value == model[key][1]
                if value != model[key][1]:
                    model[key] = (model[key][0] + 1, value)
        elif what == "along":
            books[who] = desk.along(who)
            base[who] = {one: stands for one, (_version, stands) in model.items()}
            offline[who], shown[who] = dict(base[who]), {}
        elif books[who] is None:
            continue
        elif what == "type":
            books[who] = desk.typed(books[who], key, value)
            offline[who][key] = value
            shown[who] = {}
        elif what == "compare":
            found = desk.compare(who, books[who])
            assert found.unreadable == []
            # Everything that somebody typed and that does not stand is told, and nothing else.
            told = {
                one for one in desk.keys if offline[who][one] != base[who][one] and offline[who][one] != model[one][1]
            }
            assert {one.key for one in found.differences} == told
            for one in found.differences:
                assert one.version == model[one.key][0]
                assert (one.change is Change.NEW) == (model[one.key][1] == base[who][one.key])
            shown[who] = {one.key: one for one in found.differences}
        elif what == "take" and shown[who]:
            chosen = [
                Chosen(key=one.key, values=one.values, comment=one.comment, version=one.version)
                for one in shown[who].values()
            ]
            left = {one.key for one in desk.take(who, chosen)}
            for one in shown[who].values():
                wanted = offline[who][one.key]
                if one.version == model[one.key][0] and wanted != model[one.key][1]:
                    assert one.key not in left
                    model[one.key] = (model[one.key][0] + 1, wanted)
                else:  # somebody wrote meanwhile: it comes back, unless it says the same
                    assert (one.key in left) == (wanted != model[one.key][1])
            shown[who] = {}
        assert desk.stands() == model


def test_a_product_that_left_the_round_is_told(session, asked, now):
    desk = Desk(session, asked, now)
    content = desk.typed(desk.along(0), desk.keys[1], desk.value(desk.keys[1], 1, 1))
    sent = answer_sheet_in.read(content, desk.shapes)
    gone = [
        answer_sheet.RowSent(**{**vars(row), "key": (row.key[0], "gone" if row.key[1] else "")}) for row in sent.rows
    ]

    found = answer_workbooks.compare(
        session,
        asked.lead,
        asked.assessment_id,
        answer_sheet.SheetSent(**{**vars(sent), "rows": tuple(gone)}),
        now=now,
    )

    assert [(question, "not asked" in sentence.text) for _place, question, sentence in found.unreadable] == [
        (desk.keys[1][0], True)
    ]


def test_after_handing_in_only_what_came_back_can_be_taken(session, asked, now):
    desk = Desk(session, asked, now)
    first, second = desk.keys[:2]
    for key in (first, second):
        desk.online(0, key, AnswerValue(choices=("yes",)), 0)
    content = desk.along(0)
    for key in (first, second):
        content = desk.typed(content, key, AnswerValue(choices=("no",)))
    assessment = errand.assessment(session, asked)
    assessment.stage, assessment.submitted_at = Stage.SUBMITTED, now
    session.flush()
    assert {one.change for one in desk.compare(0, content).differences} == {Change.CLOSED}

    assessment.stage = Stage.RETURNED
    session.add(
        Review(
            hospital_id=assessment.hospital_id,
            assessment_id=assessment.id,
            question_id=first[0],
            supply_id=first[1],
            state=ReviewState.RETURNED,
            remark="Bitte ergänzen.",
            by_name="Erika",
            at=now + timedelta(hours=1),
        )
    )
    session.flush()

    found = {one.key: one for one in desk.compare(0, content).differences}
    assert {key: one.may_be_taken for key, one in found.items()} == {first: True, second: False}
    chosen = [Chosen(key=one.key, values=one.values, comment="", version=one.version) for one in found.values()]
    assert [(one.key, one.change) for one in desk.take(0, chosen)] == [(second, Change.CLOSED)]
    assert desk.stands()[first][1] == AnswerValue(choices=("no",))
    assert desk.stands()[second][1] == AnswerValue(choices=("yes",))


def test_the_workbook_of_another_company_is_refused_with_its_own_sentence(session, asked, now):
    desk = Desk(session, asked, now)
    sent = answer_sheet_in.read(desk.along(0), desk.shapes)

    with pytest.raises(BadInput) as refused:
        answer_workbooks.compare(
            session,
            asked.lead,
            asked.assessment_id,
            answer_sheet.SheetSent(**{**vars(sent), "assessment_id": "somebody-else"}),
            now=now,
        )

    assert "another round or another company" in refused.value.fields["file"].text
