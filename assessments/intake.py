"""The intake: what a hospital is asked about one supply, and what its answers set."""

import functools
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from assessments.model import Intake, IntakeForm, IntakeOption, IntakeQuestion
from questionnaires import reading
from questionnaires.model import N_, BadAnswer, Message

CURRENT = "1"
NEEDS: Mapping[str, str] = {"outage": "required_rto_h", "data_loss": "required_rpo_h"}  # question -> what it demands


class NoSuchIntake(LookupError):
    """No intake of that version ships."""


def current() -> IntakeForm:
    """The intake that is asked today."""
    return get(CURRENT)


@functools.cache
def get(version: str) -> IntakeForm:
    """An intake by version, read once; raises NoSuchIntake."""
    file = resources.files("assessments").joinpath("intakes", f"intake-{version}.yaml")
    if not version.isalnum() or not file.is_file():
        raise NoSuchIntake(version)
    return load(file.read_bytes())


def load(source: str | bytes) -> IntakeForm:
    """The intake written in this YAML; raises BadFile."""
    top = reading.fields(reading.parse(source), "intake", need={"id", "version", "questions"})
    questions = (_question(item) for item in reading.items(top["questions"], "questions"))
    return IntakeForm(
        id=reading.word(top["id"], "id"),
        version=reading.word(top["version"], "version"),
        questions=tuple(reading.by_id(questions, "questions").values()),
    )


def answered(form: IntakeForm, given: Mapping[str, Sequence[str]]) -> tuple[Intake, Mapping[str, BadAnswer]]:
    """What a form sent becomes an intake; beside it what was wrong, by question."""
    answers: dict[str, tuple[str, ...]] = {}
    wrong: dict[str, BadAnswer] = {}
    for question in form.questions:
        chosen = tuple(value for value in given.get(question.id, ()) if value)
        if not chosen:
            wrong[question.id] = BadAnswer(Message(text=N_("Please choose an answer.")))
        elif any(question.option(value) is None for value in chosen):
            wrong[question.id] = BadAnswer(Message(text=N_("This is none of the choices.")))
        elif len(chosen) > 1 and not question.several:
            wrong[question.id] = BadAnswer(Message(text=N_("Please choose one.")))
        else:
            answers[question.id] = chosen
    return Intake(form_version=form.version, answers=answers), wrong


def flags(form: IntakeForm, intake: Intake) -> frozenset[str]:
    """The flags that the chosen options set."""
    return frozenset(flag for _question, option in chosen(form, intake) for flag in option.flags)


def hours(form: IntakeForm, intake: Intake, question_id: str) -> float | None:
    """The hours that the answer to this question stands for."""
    return min(
        (
            option.hours
            for question, option in chosen(form, intake)
            if question.id == question_id and option.hours is not None
        ),
        default=None,
    )


def needs(form: IntakeForm, intake: Intake) -> Mapping[str, float]:
    """What the hospital needs of the supply, under the names that questions compare with."""
    found = {name: hours(form, intake, question) for question, name in NEEDS.items()}
    return {name: value for name, value in found.items() if value is not None}


def chosen(form: IntakeForm, intake: Intake) -> tuple[tuple[IntakeQuestion, IntakeOption], ...]:
    """Each question with the option that was chosen, in the order of the form."""
    return tuple(
        (question, option)
        for question in form.questions
        for option in question.options
        if option.id in intake.answers.get(question.id, ())
    )


def _question(raw: Any) -> IntakeQuestion:
    question = reading.fields(raw, "intake question", need={"id", "text", "hint", "options"}, may={"several"})
    where = f"intake {question['id']}"
    options = (_option(item, where) for item in reading.items(question["options"], where))
    return IntakeQuestion(
        id=reading.word(question["id"], where),
        text=reading.text(question["text"], where),
        hint=reading.text(question["hint"], where),
        options=tuple(reading.by_id(options, where).values()),
        several=reading.truth(question, "several", where),
    )


def _option(raw: Any, where: str) -> IntakeOption:
    option = reading.fields(raw, where, need={"id", "text"}, may={"flags", "hours"})
    return IntakeOption(
        id=reading.word(option["id"], where),
        text=reading.text(option["text"], where),
        flags=reading.words(option.get("flags", []), where),
        hours=reading.optional(option, "hours", reading.number, where),
    )
