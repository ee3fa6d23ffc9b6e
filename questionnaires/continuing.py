"""A follow-up round: what changed is asked, what is named as changed is asked again, and the rest goes on to hold."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from questionnaires import carrying
from questionnaires.model import (
    ALWAYS,
    AllOf,
    AnswerValue,
    Catalogue,
    Condition,
    Flagged,
    ProfileQuestion,
    Question,
    QuestionSet,
    Section,
)

CHANGED = "changed_"  # the flag of a section, set by the profile question that names it
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

    What was said of the company itself is not asked again: it stands in the profile, but is hidden.
    """

    def shown(question: Question) -> Condition:
        return question.applies_if if question.id in asked_again else _when_changed(delta, question)

    return _merged(delta, before, question_set, shown, _fresh(delta, renewed, asked_again))


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
) -> bool:
    """Whether the earlier answer to a question goes on to hold; what has no section to be named is asked again."""
    question = before.questions.get(question_id)
    if (
        question is None
        or question_id in asked_again
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
    changed = Flagged(flag=flag)
    return changed if question.applies_if == ALWAYS else AllOf(conditions=(changed, question.applies_if))


def _fresh(delta: Catalogue, renewed: Catalogue | None, asked_again: Collection[str]) -> Catalogue | None:
    """Of the renewed catalogue only what is asked again."""
    if renewed is None:
        return None
    wanted = {name for name in asked_again if name in renewed.questions and name not in delta.questions}
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
