"""A follow-up round: what changed is asked, what is named as changed is asked again, and the rest goes on to hold."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from questionnaires import carrying
from questionnaires.model import (
    ALWAYS,
    AllOf,
    AnswerValue,
    AnyOf,
    Catalogue,
    Condition,
    Flag,
    Flagged,
    ProfileQuestion,
    Question,
    QuestionSet,
    Scope,
    Section,
    Text,
)

CHANGED = "changed_"  # the flag of a section, set by the profile question that names it
OF = "@"  # in what is asked again: "AC-01@…" is a question of one product, "AC-01" the question wherever it is asked
EVERYTHING = "*"  # "*@…": every question of that product, because nobody was asked about it before
ADDED = "added_product"  # the flag of such a product
AGAIN = "again_"  # the flag of a product that is asked one question again
NEW_PRODUCT = Text(de="neues Produkt", en="new product")
FRESH_LOOK = Text(de="für dieses Produkt neu gefragt", en="asked anew for this product")
Shown = Callable[[Question], Condition]


def is_follow_up(catalogue: Catalogue) -> bool:
    """Whether a catalogue asks what has changed."""
    return any(name.startswith(CHANGED) for name in catalogue.flags)


def reopening(
    delta: Catalogue,
    before: Catalogue,
    question_set: QuestionSet,
    *,
    asked_again: Collection[str] = (),
    renewed: Catalogue | None = None,
) -> Catalogue:
    """What a follow-up asks: its own questions, those of the earlier round in each section named as changed, and
    `asked_again`, whatever is named: what has aged since, in the words of `renewed`, which may also ask what is new.
    What of it is asked of one product only shows for whoever carries `flags_of` that product.

    What was said of the company itself is not asked again, unless it is named there: it stands in the profile, but is
    hidden.
    """

    again = frozenset(asked_again)
    flags = _flags_of_products(again)

    def shown(question: Question) -> Condition:
        if question.id in again:
            return question.applies_if
        named = _when_changed(delta, question)
        own = [flag for flag in (ADDED, f"{AGAIN}{question.id}") if flag in flags and question.scope is Scope.SUPPLY]
        if not own or named == question.applies_if:
            return named
        return AnyOf(conditions=(named, *(_and(flag, question.applies_if) for flag in own)))

    merged = _merged(delta, before, question_set, shown, _fresh(delta, renewed, asked_again))
    open_again = {one.id: replace(one, asked_of_hospital=False) for one in before.profile if one.id in again}
    return replace(
        merged,
        profile=tuple(open_again.get(one.id, one) for one in merged.profile),
        flags={**merged.flags, **flags},
    )


def standing(
    delta: Catalogue,
    before: Catalogue,
    question_set: QuestionSet,
    *,
    asked_again: Collection[str] = (),
    renewed: Catalogue | None = None,
) -> Catalogue:
    """The same catalogue as it is judged: what was asked earlier counts whether it was asked again or not."""
    return _merged(
        delta, before, question_set, lambda question: question.applies_if, _fresh(delta, renewed, asked_again)
    )


def of_product(question_id: str, supply: str) -> str:
    """One question of one product, as `asked_again` names it."""
    return f"{question_id}{OF}{supply}"


def everything_of(supply: str) -> str:
    """Every question of a product, as `asked_again` names it."""
    return of_product(EVERYTHING, supply)


def question_of(entry: str) -> str:
    """The question that an entry of `asked_again` is about; EVERYTHING for a whole product."""
    return entry.partition(OF)[0]


def entries_of(question_id: str, supply: str) -> tuple[str, ...]:
    """By which entries of `asked_again` an answer would be asked anew; "" is the company as a whole."""
    if not supply:
        return (question_id,)
    return question_id, of_product(question_id, supply), everything_of(supply)


def is_asked_again(asked_again: Collection[str], question_id: str, supply: str) -> bool:
    """Whether the answer to a question, of one product or "" of the company as a whole, is asked anew."""
    return any(entry in asked_again for entry in entries_of(question_id, supply))


def flags_of(asked_again: Iterable[str], supply: str) -> frozenset[str]:
    """What a follow-up knows of one product of the round, beside profile and intake."""
    names = [question_of(entry) for entry in asked_again if entry.endswith(f"{OF}{supply}")]
    return frozenset(ADDED if name == EVERYTHING else f"{AGAIN}{name}" for name in names)


def reworded(before: Catalogue, renewed: Catalogue, question_set: QuestionSet) -> frozenset[str]:
    """Questions of an earlier round that the renewed catalogue asks in other words or with other choices."""
    return frozenset(
        name
        for name in before.sets[question_set].question_ids
        if name in renewed.questions and not carrying.is_same(before.questions[name], renewed.questions[name])
    )


def added(before: Catalogue, asked_then: QuestionSet, renewed: Catalogue, question_set: QuestionSet) -> frozenset[str]:
    """Questions of a set of the renewed catalogue that the earlier round did not ask."""
    return frozenset(renewed.sets[question_set].question_ids) - frozenset(before.sets[asked_then].question_ids)


def knows_the_company(before: Catalogue, renewed: Catalogue) -> bool:
    """Whether what the company said of itself in the earlier round answers what the renewed catalogue asks of it."""
    known = {question.id: question for question in before.profile}
    return all(one.id in known and carrying.is_same(known[one.id], one) for one in renewed.profile)


def reopened(delta: Catalogue, profile: Mapping[str, AnswerValue]) -> frozenset[str]:
    """The sections whose earlier answers no longer hold."""
    named = {choice for question in delta.profile for choice in _choices(profile, question)}
    return frozenset(name.removeprefix(CHANGED) for name in delta.flags if name.removeprefix(CHANGED) in named)


def holds_on(
    delta: Catalogue,
    before: Catalogue,
    question_id: str,
    profile: Mapping[str, AnswerValue],
    *,
    asked_again: Collection[str] = (),
    supply: str = "",
) -> bool:
    """Whether the earlier answer to a question, of a product or of the company as a whole, goes on to hold; what has no
    section to be named is asked again."""
    question = before.questions.get(question_id)
    if (
        question is None
        or is_asked_again(asked_again, question_id, supply)
        or question_id in delta.questions
        or f"{CHANGED}{question.section}" not in delta.flags
    ):
        return False
    return question.section not in reopened(delta, profile)


def _choices(profile: Mapping[str, AnswerValue], question: ProfileQuestion) -> tuple[str, ...]:
    value = profile.get(question.id)
    return value.choices if value else ()


def _when_changed(delta: Catalogue, question: Question) -> Condition:
    flag = f"{CHANGED}{question.section}"
    if flag not in delta.flags:
        return question.applies_if
    return _and(flag, question.applies_if)


def _and(flag: str, condition: Condition) -> Condition:
    flagged = Flagged(flag=flag)
    return flagged if condition == ALWAYS else AllOf(conditions=(flagged, condition))


def _flags_of_products(asked_again: Iterable[str]) -> Mapping[str, Flag]:
    """The flags that products of this round may carry; none of them is set by a profile or an intake."""
    found: dict[str, Flag] = {}
    for entry in sorted(asked_again):
        name, is_of_one, _supply = entry.partition(OF)
        if is_of_one:
            flag = ADDED if name == EVERYTHING else f"{AGAIN}{name}"
            found[flag] = Flag(id=flag, text=NEW_PRODUCT if flag == ADDED else FRESH_LOOK)
    return found


def _fresh(delta: Catalogue, renewed: Catalogue | None, asked_again: Collection[str]) -> Catalogue | None:
    """Of the renewed catalogue only what is asked again."""
    if renewed is None:
        return None
    names = {question_of(entry) for entry in asked_again}
    wanted = {name for name in names if name in renewed.questions and name not in delta.questions}
    return replace(renewed, questions={name: one for name, one in renewed.questions.items() if name in wanted})


def _merged(
    delta: Catalogue, before: Catalogue, question_set: QuestionSet, shown: Shown, fresh: Catalogue | None
) -> Catalogue:
    asked_then = [name for name in before.sets[question_set].question_ids if name not in delta.questions]
    asked = {name: before.questions[name] for name in asked_then} | dict(fresh.questions if fresh else {})
    earlier = {name: replace(question, applies_if=shown(question)) for name, question in asked.items()}
    order = _order(before, fresh)
    sections = tuple(_section(frame, delta, earlier, order) for frame in _frames(delta, before, fresh))
    questions = {
        name: delta.questions.get(name) or earlier[name] for section in sections for name in section.question_ids
    }
    known = {question.id for question in delta.profile}
    hidden = tuple(replace(one, asked_of_hospital=True) for one in before.profile if one.id not in known)
    return replace(
        delta,
        sections=sections,
        questions=questions,
        profile=(*delta.profile, *hidden),
        flags={**(fresh.flags if fresh else {}), **before.flags, **delta.flags},
        evidence_types={
            **(fresh.evidence_types if fresh else {}),
            **before.evidence_types,
            **delta.evidence_types,
        },
        sets={key: replace(one, question_ids=tuple(questions)) for key, one in delta.sets.items()},
        maturity=before.maturity,
    )


def _frames(delta: Catalogue, before: Catalogue, fresh: Catalogue | None) -> Iterable[Section]:
    """The sections of all, in the order of the earlier catalogue."""
    own = {section.id: section for section in delta.sections}
    newer = {question.section for question in fresh.questions.values()} if fresh else set()
    asked = {section.id: section for section in (fresh.sections if fresh else ()) if section.id in newer}
    then = {section.id: section for section in before.sections}
    return {**then, **{name: one for name, one in {**own, **asked}.items() if name not in then}}.values()


def _order(before: Catalogue, fresh: Catalogue | None) -> Sequence[str]:
    """Every question once: as the earlier catalogue has them, then what is new."""
    sections = (*before.sections, *(fresh.sections if fresh else ()))
    return tuple(dict.fromkeys(name for section in sections for name in section.question_ids))


def _section(frame: Section, delta: Catalogue, earlier: Mapping[str, Question], order: Sequence[str]) -> Section:
    new = [question.id for question in delta.questions.values() if question.section == frame.id]
    old = [name for name in order if name in earlier and earlier[name].section == frame.id]
    return replace(frame, question_ids=(*new, *old))
