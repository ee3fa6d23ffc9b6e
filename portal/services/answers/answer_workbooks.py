"""A round as a workbook and back: what it says, what stands meanwhile, and only what somebody chose is saved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from portal import i18n
from portal.db.models.accounts import Company
from portal.db.models.responses import Answer
from portal.errors import BadInput, Clash, NotFound, NotNow
from portal.home import BERLIN
from portal.services import audit
from portal.services.actors import Actor
from portal.services.answers import responses
from portal.services.rounds import rounds
from portal.services.rounds.rounds import Key, Round
from questionnaires import answering
from questionnaires.model import (
    AnswerShape,
    AnswerValue,
    BadAnswer,
    ProfileQuestion,
    Question,
    Scope,
    Text,
)
from questionnaires.model import Message as Told
from reports.workbooks import answer_sheet
from reports.workbooks.answer_sheet import AnswerRow, AnswerSheet, RowSent, SheetSent
from scanners.model import N_, Message

PROFILE = Text(de="Zu Unternehmen und Produkt", en="About your company and product")
NOT_ASKED = N_("This row is not asked in this round any more; nothing of it is taken.")
NOT_HANDED = N_("This row belongs to a section that was not handed to you; nothing of it is taken.")


class Change(StrEnum):
    """How a row of the workbook stands to what is saved."""

    NEW = "new"  # only the workbook says something else
    BOTH = "both"  # changed in the workbook and online, differently
    UNREADABLE = "unreadable"  # no answer to this question
    CLOSED = "closed"  # handed in meanwhile


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One answer of the workbook that is not what stands."""

    key: Key
    change: Change
    label: str
    product: str
    stands: str  # in words; "" for no answer
    sent: str
    values: tuple[str, ...]  # as a form field would send them
    comment: str
    version: int  # of the answer that was compared
    place: str
    why: Message | None = None
    by: str = ""  # who saved what stands

    @property
    def may_be_taken(self) -> bool:
        """Whether the workbook's word can be saved."""
        return self.change in {Change.NEW, Change.BOTH}


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A workbook beside what stands: three ways, by what it was given, what it says and what is saved now."""

    differences: Sequence[Difference]
    unreadable: Sequence[tuple[str, str, Message]]  # cell, question, sentence
    same: int  # rows that say what stands already


def sheet(session: Session, actor: Actor, assessment_id: str, *, now: datetime) -> AnswerSheet:
    """Everything this round may ask, with the answers that stand; what the profile hides now stands there in grey."""
    asked = responses.questionnaire(session, actor, assessment_id, now=now)
    remarks = responses.remarks(session, asked)
    head = responses.head(session, actor, assessment_id)
    company = session.get_one(Company, asked.assessment.company_id)
    audit.record(session, actor, "workbook.taken", assessment_id, now=now)
    return AnswerSheet(
        assessment_id=assessment_id,
        catalogue_id=asked.catalogue.id,
        catalogue_version=asked.catalogue.version,
        hospital=head.hospital,
        company=company.name,
        due_on=head.due_on,
        rows=[*_profile_rows(asked), *_question_rows(asked, remarks)],
    )


def shapes(session: Session, actor: Actor, assessment_id: str, *, now: datetime) -> Mapping[str, AnswerShape]:
    """What an answer to each question of the round looks like, by question."""
    asked = responses.questionnaire(session, actor, assessment_id, now=now)
    profile = {one.id: one.shape for one in asked.profile_questions}
    return profile | {one.id: one.shape for one in _questions(asked)}


def compare(session: Session, actor: Actor, assessment_id: str, sent: SheetSent, *, now: datetime) -> Comparison:
    """What the workbook would change. Raises BadInput when it is that of another round or version."""
    asked = responses.questionnaire(session, actor, assessment_id, now=now)
    return compared(asked, sent, [*_profile_rows(asked), *_question_rows(asked, _remarks(session, asked))], now=now)


def compared(asked: Round, sent: SheetSent, rows_of_sheet: Sequence[AnswerRow], *, now: datetime) -> Comparison:
    """The same for a round that is at hand, with the rows that a workbook of it has."""
    refuse_strangers(asked, sent)
    rows = asked.answers
    known = {row.key: row for row in rows_of_sheet}
    differences, same = [], 0
    unreadable = [
        (problem.place, problem.key[0] if problem.key else "", _ours(problem.message)) for problem in sent.problems
    ]
    for row in sent.rows:
        place = known.get(row.key)
        if place is None:
            if answer_sheet.fingerprint(row.values, row.comment) != row.before:
                is_theirs = asked.part.asks(asked.catalogue, row.key[0])
                unreadable.append((row.place, row.key[0], Message(text=NOT_ASKED if is_theirs else NOT_HANDED)))
            continue
        difference = _difference(row, place, rows.get(row.key), today=now.astimezone(BERLIN).date())
        if difference is None:
            same += 1
        else:
            differences.append(difference)
    return Comparison(
        differences=differences,
        unreadable=unreadable,
        same=same,
    )


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """An answer of the workbook that somebody chose over what stands."""

    key: Key
    values: Sequence[str]
    comment: str
    version: int


def take(
    session: Session, actor: Actor, assessment_id: str, chosen: Sequence[Chosen], *, now: datetime
) -> Sequence[Difference]:
    """Save what was chosen, each over the version that it was compared with; what changed meanwhile comes back."""
    asked = responses.questionnaire(session, actor, assessment_id, now=now)
    known = {row.key: row for row in (*_profile_rows(asked), *_question_rows(asked, _remarks(session, asked)))}
    today = now.astimezone(BERLIN).date()
    left = []
    for one in chosen:
        place = known.get(one.key)
        if place is None:
            raise NotFound
        value = _parsed(place.shape, one.values, one.comment, today=today)
        try:
            responses.save(session, actor, assessment_id, one.key, value, version=one.version, now=now)
        except (Clash, NotNow) as refused:
            is_clash = isinstance(refused, Clash)
            left.append(
                Difference(
                    key=one.key,
                    change=Change.BOTH if is_clash else Change.CLOSED,
                    label=place.text.get(i18n.language()),
                    product=place.product,
                    stands=str(refused.theirs or "") if isinstance(refused, Clash) else "",
                    sent=_in_words(place.shape, value),
                    values=tuple(one.values),
                    comment=one.comment,
                    version=refused.version or 0 if isinstance(refused, Clash) else 0,
                    place="",
                    why=None if is_clash else refused.message,
                )
            )
    detail = {"answers": len(chosen) - len(left)}
    audit.record(session, actor, "workbook.taken_over", assessment_id, now=now, detail=detail)
    return left


# ---- rows


def open_rows(asked: Round) -> Sequence[AnswerRow]:
    """The rows of a workbook in which everything may be answered."""
    made = [*_profile_rows(asked), *_question_rows(asked, {})]
    return [replace(row, is_open=True) for row in made]


def _remarks(session: Session, asked: Round) -> Mapping[Key, str]:
    return responses.remarks(session, asked)


def _questions(asked: Round) -> Sequence[Question]:
    wanted = set(asked.catalogue.sets[asked.question_set].question_ids)
    return [
        question
        for question in asked.catalogue.questions.values()
        if question.id in wanted and asked.part.has(question.section)
    ]


def _profile_rows(asked: Round) -> Sequence[AnswerRow]:
    writable = asked.assessment.stage in responses.WRITABLE
    return [_profile_row(one, asked.profile.get(one.id), is_open=writable) for one in asked.profile_questions]


def _profile_row(one: ProfileQuestion, answer: Answer | None, *, is_open: bool) -> AnswerRow:
    return AnswerRow(
        key=(one.id, ""),
        section=PROFILE,
        product="",
        text=one.text,
        shape=one.shape,
        value=rounds.value_of(answer),
        version=answer.version if answer else 0,
        is_asked=True,
        asked_when="",
        is_open=is_open,
        takes_note=False,
    )


def _question_rows(asked: Round, remarks: Mapping[Key, str]) -> Sequence[AnswerRow]:
    answers = asked.answers
    shown = {slot.key for slot in asked.slots}
    language = i18n.language()
    made = []
    for question in _questions(asked):
        supplies = [(supply.id, supply.name) for supply in asked.supplies] if question.scope is Scope.SUPPLY else []
        for supply_id, product in supplies or [("", "")]:
            key = question.id, supply_id
            answer = answers.get(key)
            made.append(
                AnswerRow(
                    key=key,
                    section=asked.catalogue.section(question.section).title,
                    product=product,
                    text=question.text,
                    shape=question.shape,
                    value=rounds.value_of(answer),
                    version=answer.version if answer else 0,
                    is_asked=key in shown,
                    asked_when=answering.in_words(question.applies_if, asked.catalogue, language=language),
                    is_open=responses.is_open(asked.assessment, remarks, key),
                    remark=remarks.get(key, ""),
                )
            )
    return made


# ---- comparing


def refuse_strangers(asked: Round, sent: SheetSent) -> None:
    """Raises BadInput for a workbook of another round, company or version."""
    if sent.assessment_id != asked.assessment.id:
        sentence = N_("This workbook belongs to another round or another company. Please take the one of this round.")
        raise BadInput({"file": Message(text=sentence)})
    if (sent.catalogue_id, sent.catalogue_version) != (asked.catalogue.id, asked.catalogue.version):
        sentence = N_("This workbook holds another version of the questions. Please take a fresh one.")
        raise BadInput({"file": Message(text=sentence)})


def _difference(row: RowSent, place: AnswerRow, answer: Answer | None, *, today: date) -> Difference | None:
    """None: the workbook has not changed it, or says what stands."""
    says = answer_sheet.fingerprint(row.values, row.comment)
    stands = answer_sheet.of_value(place.value)
    if says in {row.before, stands}:
        return None
    change, why, value = Change.NEW if row.before == stands else Change.BOTH, None, None
    try:
        value = answering.parse(place.shape, row.values, comment=row.comment, today=today)
    except BadAnswer as bad:
        change, why = Change.UNREADABLE, _ours(bad.message)
    if not place.is_open:
        change, why = Change.CLOSED, Message(text=N_("This answer has been handed in and can no longer be changed."))
    if value is not None and answer_sheet.of_value(value) == stands:
        return None
    return Difference(
        key=row.key,
        change=change,
        label=place.text.get(i18n.language()),
        product=place.product,
        stands=responses.in_words(place.shape, answer),
        sent=_in_words(place.shape, value) if why is None else "\n".join((*row.values, row.comment)).strip(),
        values=row.values,
        comment=row.comment,
        version=place.version,
        place=row.place,
        why=why,
        by=answer.updated_by if answer else "",
    )


def _ours(message: Told) -> Message:
    return Message(text=message.text, values=message.values)


def _in_words(shape: AnswerShape, value: AnswerValue | None) -> str:
    if value is None:
        return ""
    words = answering.show(shape, value, language=i18n.language())
    return f"{words}\n{value.comment}" if value.comment else words


def _parsed(shape: AnswerShape, values: Sequence[str], comment: str, *, today: date) -> AnswerValue | None:
    try:
        return answering.parse(shape, values, comment=comment, today=today)
    except BadAnswer as bad:
        # It was readable when it was compared: only a field that somebody changed by hand ends here.
        raise NotNow(Message(text=bad.message.text, values=bad.message.values)) from bad
