"""From questions to a form and back: one function turns a page of the questionnaire into fields, one reads them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wtforms import Field, HiddenField, SelectMultipleField, StringField, TextAreaField

from assessments import evidence_kinds
from portal import i18n
from portal.db.models.responses import Answer, Suggestion
from portal.i18n import gettext as _
from portal.services.answers import responses
from portal.services.rounds import reasons, rounds
from portal.services.rounds.rounds import Key, Round, Slot
from portal.services.rounds.scopes import PROFILE
from portal.web import answer_fields, forms
from questionnaires import answering, citing
from questionnaires.model import AnswerKind, AnswerShape, AnswerValue, ProfileQuestion, Question

RETURNED = "returned"
VALUE, SPECIAL, COMMENT, VERSION = answer_fields.VALUE, answer_fields.SPECIAL, answer_fields.COMMENT, "version"
CONFIRM = "confirm"  # the names of earlier answers that still hold
CHOOSING = frozenset({AnswerKind.SINGLE_CHOICE, AnswerKind.YES_PARTIAL_NO_NA, AnswerKind.YES_NO, AnswerKind.MATURITY})


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One question on a page, with everything that stands around its answer."""

    key: Key
    number: str
    title: str
    text: str
    why: str
    anchors: tuple[str, ...]
    product: str
    shape: AnswerShape
    answer: Answer | None
    is_open: bool
    takes_note: bool = True
    remark: str = ""
    proofs: tuple[str, ...] = ()  # kinds of document that would prove it, in words
    documents: tuple[tuple[str, str], ...] = ()  # id and name of what lies beside the answer
    clash: str | None = None  # what somebody else saved meanwhile
    reasons: Sequence[str] = ()  # why a follow-up asks it
    suggestion: Suggestion | None = None  # an answer from elsewhere that waits to be confirmed

    @property
    def name(self) -> str:
        """The key as it stands in names and addresses."""
        return name_of(self.key)

    @property
    def value(self) -> AnswerValue | None:
        """What was answered."""
        return rounds.value_of(self.answer)

    @property
    def shown(self) -> AnswerValue | None:
        """What stands in the fields: the answer, else what is suggested."""
        if self.value is None and self.suggestion is not None:
            return answering.load(self.suggestion.value)
        return self.value

    @property
    def version(self) -> int:
        """Of the answer that is shown; 0: there is none."""
        return self.answer.version if self.answer else 0

    @property
    def saved_at(self) -> datetime | None:
        """When it was saved last."""
        return self.answer.updated_at if self.answer else None

    @property
    def unit(self) -> str:
        """Behind a number."""
        return answering.UNITS[self.shape.unit].get(i18n.language()) if self.shape.unit in answering.UNITS else ""


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What somebody typed for one question."""

    values: Sequence[str]
    comment: str
    version: int


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """An entry of the side list."""

    id: str
    title: str
    answered: int
    asked: int
    minutes: int


@dataclass(frozen=True, kw_only=True)
class Total:
    """A round, or what of it is somebody's, as a whole."""

    answered: int
    asked: int
    minutes: int
    questions: int  # that the profile lets show, without counting one again for each product
    known: int  # that the questionnaire has for this round at most


def name_of(key: Key) -> str:
    """BK-03, or BK-03.<supply>."""
    return ".".join(part for part in key if part)


def key_of(name: str) -> Key:
    """The inverse."""
    question_id, _dot, supply_id = name.partition(".")
    return question_id, supply_id


# ---- what stands on a page


def entries(asked: Round, section: str, remarks: Mapping[Key, str], *, writable: bool) -> Sequence[Entry]:
    """The questions of one page: the profile, a section, or what the hospital sent back."""
    if section == PROFILE:
        return [_profile_entry(one, asked, is_open=writable) for one in asked.profile_questions]
    slots = [slot for slot in asked.slots if slot.key in remarks] if section == RETURNED else asked.of_section(section)
    return [_entry(slot, asked, remarks, writable=writable) for slot in slots]


def leaves(asked: Round, remarks: Mapping[Key, str]) -> Sequence[Leaf]:
    """The side list: profile, then the sections; what was sent back on top."""
    language = i18n.language()
    profile = len(asked.profile_questions)
    found = []
    if profile:
        found.append(
            Leaf(
                id=PROFILE,
                title=_("About your company and product"),
                answered=profile - len(asked.missing_profile),
                asked=profile,
                minutes=responses.profile_minutes(asked),
            )
        )
    for section in asked.sections:
        slots = asked.of_section(section.id)
        missing = [slot for slot in slots if slot.value is None]
        found.append(
            Leaf(
                id=section.id,
                title=section.title.get(language),
                answered=len(slots) - len(missing),
                asked=len(slots),
                minutes=answering.minutes([slot.question for slot in missing], {}),
            )
        )
    if remarks:
        found.insert(0, Leaf(id=RETURNED, title=_("Came back to you"), answered=0, asked=len(remarks), minutes=0))
    return found


def total(asked: Round) -> Total:
    """Everything that is asked now."""
    of_profile, missing = len(asked.profile_questions), len(asked.missing) + len(asked.missing_profile)
    known = asked.catalogue.sets[asked.question_set].question_ids
    return Total(
        answered=len(asked.slots) + of_profile - missing,
        asked=len(asked.slots) + of_profile,
        minutes=responses.minutes_left(asked),
        questions=len({slot.question.id for slot in asked.slots}),
        known=len(known),
    )


def _entry(slot: Slot, asked: Round, remarks: Mapping[Key, str], *, writable: bool) -> Entry:
    question, language = slot.question, i18n.language()
    return Entry(
        key=slot.key,
        number=question.id,
        title=question.label.get(language),
        text=question.text.get(language),
        why=question.why.get(language),
        anchors=citing.citations(question.refs, language=language),
        product=slot.supply_name,
        shape=question.shape,
        answer=slot.answer,
        is_open=writable or slot.key in remarks,
        remark=remarks.get(slot.key, ""),
        proofs=_proofs(question, asked),
        reasons=slot.reasons,
    )


def _profile_entry(one: ProfileQuestion, asked: Round, *, is_open: bool) -> Entry:
    language = i18n.language()
    return Entry(
        key=(one.id, ""),
        number=one.id,
        title="",
        text=one.text.get(language),
        why=one.hint.get(language) if one.hint else "",
        anchors=(),
        product="",
        shape=one.shape,
        answer=asked.profile.get(one.id),
        is_open=is_open,
        takes_note=False,
        reasons=reasons.beside_fact(asked.catalogue, asked.assessment, one.id),
    )


def _proofs(question: Question, asked: Round) -> tuple[str, ...]:
    names = (*(wanted.type for wanted in question.evidence), *evidence_kinds.also(question))
    return tuple(evidence_kinds.text_of(asked.catalogue, name).get(i18n.language()) for name in names)


# ---- the form


def form_of(page: Sequence[Entry]) -> type[forms.Form]:
    """A form with the fields of every question on the page, in their order."""
    made: dict[str, Any] = {
        "go": StringField(),
        CONFIRM: SelectMultipleField(choices=[], validate_choice=False),
        "__doc__": "A page of the questionnaire.",
    }
    for entry in page:
        made |= {f"{entry.name}.{part}": one for part, one in _fields(entry).items()}
    return type("SectionForm", (forms.Form,), made)


def filled(page: Sequence[Entry]) -> Mapping[str, Any]:
    """What the form shows at first: the answers that stand."""
    values: dict[str, Any] = {}
    for entry in page:
        standing = answer_fields.filled(entry.shape, entry.shown)
        values |= {f"{entry.name}.{part}": one for part, one in standing.items()}
        values[f"{entry.name}.{VERSION}"] = str(entry.version)
    return values


def typed_in(sent: Mapping[str, Any], entry_name: str) -> Typed:
    """What stands under one question's names, in a form's data or in what autosave sent."""
    values = answer_fields.typed(sent.get(f"{entry_name}.{VALUE}"), sent.get(f"{entry_name}.{SPECIAL}"))
    return Typed(
        values=values,
        comment=str(sent.get(f"{entry_name}.{COMMENT}") or ""),
        version=forms.version(sent.get(f"{entry_name}.{VERSION}")),
    )


def is_unconfirmed(sent: Mapping[str, Any], entry: Entry) -> bool:
    """Whether an earlier answer stands in the fields as it was laid there, and nobody said that it still holds."""
    if entry.value is not None or entry.suggestion is None or entry.name in answer_fields.typed(sent.get(CONFIRM)):
        return False
    typed, lying = typed_in(sent, entry.name), answering.load(entry.suggestion.value)
    return (sorted(filter(None, typed.values)), " ".join(typed.comment.split())) == (
        sorted(answering.raw(lying)),
        " ".join(lying.comment.split()),
    )


def names_of(name: str) -> frozenset[str]:
    """The names that a question's controls may have."""
    return frozenset(f"{name}.{part}" for part in (VALUE, SPECIAL, COMMENT, VERSION))


def _fields(entry: Entry) -> Mapping[str, Field]:
    made: dict[str, Any] = {VALUE: answer_fields.control(entry.shape, entry.text, may_clear=entry.value is not None)}
    if answer_fields.has_special(entry.shape):
        made[SPECIAL] = answer_fields.special(entry.shape, entry.text)
    if entry.takes_note:
        made[COMMENT] = TextAreaField(_("Note"), filters=[forms.stripped])
    made[VERSION] = HiddenField()
    return made
