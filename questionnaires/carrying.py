"""Whether an answer that was given earlier still answers the question that is asked now."""

from datetime import date
from enum import StrEnum

from questionnaires import answering
from questionnaires.model import AnswerShape, AnswerValue, BadAnswer, ProfileQuestion, Question

OWN = "H-"  # how the ids of a hospital's own questions begin (owning.py)


class Fit(StrEnum):
    """How an earlier answer fits."""

    SAME = "same"  # the same question
    CHANGED = "changed"  # can be read, but the question is another one now: it needs a fresh look
    NONE = "none"  # no answer to what is asked now


def fit(
    before: Question | ProfileQuestion, after: Question | ProfileQuestion, value: AnswerValue, *, today: date
) -> Fit:
    """How an answer to one version of a question fits another version of it.

    Two hospitals may have given one id to two questions of their own: what differs there is another question.
    """
    if not _can_be_read(after.shape, value, today=today):
        return Fit.NONE
    if is_same(before, after):
        return Fit.SAME
    return Fit.NONE if after.id.startswith(OWN) else Fit.CHANGED


def is_same(before: Question | ProfileQuestion, after: Question | ProfileQuestion) -> bool:
    """Whether two versions of a question ask the same in the same words."""
    return before.text == after.text and _asks_the_same(before.shape, after.shape)


def _can_be_read(shape: AnswerShape, value: AnswerValue, *, today: date) -> bool:
    try:
        return answering.parse(shape, answering.raw(value), comment=value.comment, today=today) == value
    except BadAnswer:
        return False


def _asks_the_same(before: AnswerShape, after: AnswerShape) -> bool:
    """What an answer is worth may change without asking again; what can be answered may not."""
    return (before.kind, before.unit, before.date_rule, [(one.id, one.text) for one in before.options]) == (
        after.kind,
        after.unit,
        after.date_rule,
        [(one.id, one.text) for one in after.options],
    )
