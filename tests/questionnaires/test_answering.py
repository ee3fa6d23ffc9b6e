"""What shows, what may be answered, and what an answer is worth."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questionnaires import answering, shelf
from questionnaires.model import (
    AnswerKind,
    AnswerShape,
    AnswerValue,
    BadAnswer,
    DateRule,
    Question,
    QuestionSet,
    Scope,
)

CATALOGUE = shelf.current()
TODAY = date(2026, 11, 21)
QUESTIONS = tuple(CATALOGUE.questions.values())


def choice(*ids: str) -> AnswerValue:
    return AnswerValue(choices=ids)


# --- What shows ----------------------------------------------------------------------------------


SOFTWARE = "operational_critical patient_data personal_data software subcontractors"
DEVICE = f"{SOFTWARE} hardware medical_device nis2_regulated on_site remote_access"


@pytest.mark.parametrize(
    ("flags", "full", "basic"),
    [
        (f"{SOFTWARE} remote_access", 75, 25),
        (f"{SOFTWARE} cloud saas_only nis2_regulated", 81, 26),
        (DEVICE, 85, 29),
        (f"{DEVICE} cloud md_high", 95, 31),
        ("subcontractors", 45, 21),
    ],
)
def test_five_kinds_of_vendor_are_asked_what_concerns_them(flags: str, full: int, basic: int):
    for one, expected in ((QuestionSet.FULL, full), (QuestionSet.BASIC, basic)):
        assert len(answering.shown(CATALOGUE, one, flags.split())) == expected


def test_the_profile_and_the_intake_set_flags_together():
    profile = {"P-02": choice("software"), "P-03": choice("IIb"), "P-05": choice("yes")}

    flags = answering.derive_flags(CATALOGUE, profile, intake={"patient_data", "clinical_remote_access"})

    assert flags == {"software", "medical_device", "md_high", "subcontractors", "patient_data"}


def test_a_company_is_asked_about_its_registration_only_when_the_law_reaches_it():
    small = {"P-09": choice("msp"), "P-06": AnswerValue(number=20), "P-07": AnswerValue(unknown=True)}
    large = {**small, "P-06": AnswerValue(number=80)}

    assert "nis2_regulated" not in answering.derive_flags(CATALOGUE, small)
    assert "nis2_regulated" in answering.derive_flags(CATALOGUE, large)


@given(st.sets(st.sampled_from(sorted(CATALOGUE.flags))), st.sampled_from(list(QuestionSet)))
def test_sections_hold_what_is_shown_and_nothing_else(flags, one):
    pages = answering.sections(CATALOGUE, one, flags)

    assert [question for _section, asked in pages for question in asked] == list(answering.shown(CATALOGUE, one, flags))
    assert all(asked for _section, asked in pages)


def test_company_and_supply_questions_make_the_whole():
    flags = frozenset(CATALOGUE.flags)
    parts = [len(answering.shown(CATALOGUE, QuestionSet.FULL, flags, scope=scope)) for scope in Scope]

    assert sum(parts) == len(answering.shown(CATALOGUE, QuestionSet.FULL, flags))


def test_the_hospital_s_own_profile_question_is_not_asked_of_the_company():
    assert [question.id for question in answering.asked_profile(CATALOGUE)] == [f"P-{n:02}" for n in range(1, 12)]


def test_minutes_left_shrink_with_every_answer():
    asked = answering.shown(CATALOGUE, QuestionSet.FULL, frozenset())
    answers: dict[str, AnswerValue] = {}
    left = [answering.minutes(asked, answers)]
    for question in asked:
        answers[question.id] = choice("yes")
        left.append(answering.minutes(asked, answers))

    assert left == sorted(left, reverse=True)
    assert left[-1] == 0
    assert answering.missing(asked, answers) == ()


# --- What may be answered ------------------------------------------------------------------------


def parsed(question_id: str, *values: str, comment: str = "") -> AnswerValue | None:
    return answering.parse(CATALOGUE.questions[question_id].shape, values, comment=comment, today=TODAY)


def refused(question_id: str, *values: str, comment: str = "") -> str:
    with pytest.raises(BadAnswer) as refusal:
        parsed(question_id, *values, comment=comment)
    return refusal.value.message.render()


def test_nothing_typed_is_no_answer():
    assert parsed("GV-01") is None
    assert parsed("IR-01", "", "  ") is None


@pytest.mark.parametrize("typed", ["12,5", "12.5", " 12.5 "])
def test_a_number_may_have_a_comma_or_a_point(typed: str):
    assert parsed("IR-01", typed) == AnswerValue(number=12.5)


def test_a_thousands_separator_that_could_be_a_decimal_point_is_asked_again():
    assert "two ways" in refused("IR-01", "1.000")
    assert answering.parse(AnswerShape(kind=AnswerKind.NUMBER), ["25.000.000"], today=TODAY) == AnswerValue(number=25e6)


@pytest.mark.parametrize(
    ("question", "values", "said"),
    [
        ("IR-01", ["soon"], "give a number"),
        ("IR-01", ["nan"], "give a number"),
        ("IR-01", ["1e999"], "give a number"),
        ("IR-01", ["-1"], "at least 0"),
        ("IR-01", ["3", "unknown"], "not both"),
        ("IR-01", ["3", "4"], "one number"),
        ("TR-01", ["101"], "at most 100"),
        ("GV-03", ["2026-02-30"], "calendar"),
        ("GV-03", ["31.2.2026"], "calendar"),
        ("GV-03", ["yesterday"], "give a date"),
        ("GV-03", ["2026-11-22"], "future"),
        ("GV-03", ["unknown"], "none of the choices"),
        ("GV-03", ["2026-01-01", "2026-01-02"], "one date"),
        ("GV-01", ["platinum"], "none of the choices"),
        ("GV-01", ["none", "building"], "choose one"),
        ("SD-02", ["sast", "hope"], "none of the choices"),
        ("GV-02", ["na"], "few words why"),
    ],
)
def test_what_is_no_answer_is_refused_with_a_sentence(question, values, said):
    assert said in refused(question, *values)


def test_a_comment_alone_is_no_answer():
    assert "comment alone" in refused("GV-01", comment="We are working on it.")


def test_not_applicable_needs_its_reason_beside_the_comment_field():
    with pytest.raises(BadAnswer) as refusal:
        parsed("DP-01", "na")

    assert refusal.value.field == "comment"
    assert parsed("DP-01", "na", comment="no data") == AnswerValue(choices=("na",), comment="no data")


def test_a_comment_too_long_is_refused_and_says_how_long():
    assert "2001" in refused("GV-01", "none", comment="x" * 2001)


def test_control_characters_do_not_reach_an_answer():
    assert parsed("GV-01", "none", comment="a\x00b\x1b[31m\r\nc") == AnswerValue(choices=("none",), comment="ab[31m\nc")


def test_options_come_back_in_the_order_of_the_question():
    assert parsed("SD-02", "secrets", "sast", "sast") == choice("sast", "secrets")


@pytest.mark.parametrize("typed", ["2026-03-31", "31.03.2026", "31.3.2026"])
def test_a_date_may_be_written_as_germans_do(typed: str):
    assert parsed("GV-03", typed) == AnswerValue(day=date(2026, 3, 31))


@st.composite
def answers(draw: st.DrawFn) -> tuple[Question, AnswerValue]:
    question = draw(st.sampled_from(QUESTIONS))
    shape = question.shape
    specials = [AnswerValue(unknown=True)] * shape.allow_unknown + [AnswerValue(never=True)] * shape.allow_never
    if specials and draw(st.booleans()):
        return question, draw(st.sampled_from(specials))
    ids = [option.id for option in shape.options]
    match shape.kind:
        case AnswerKind.NUMBER:
            value = AnswerValue(number=float(draw(st.integers(0, 100 if shape.maximum else 10_000))))
        case AnswerKind.DATE:
            latest = TODAY if shape.date_rule is DateRule.AGE else date(2060, 1, 1)
            value = AnswerValue(day=draw(st.dates(date(1990, 1, 1), latest)))
        case AnswerKind.MULTI_CHOICE:
            chosen = draw(st.sets(st.sampled_from(ids), min_size=1))
            value = AnswerValue(choices=tuple(each for each in ids if each in chosen))
        case _:
            value = choice(draw(st.sampled_from(ids)))
    return question, value


@given(answers())
def test_an_answer_survives_its_form_and_its_store(answer):
    question, value = answer
    comment = "because" if value.choices == ("na",) else ""

    typed = answering.parse(question.shape, answering.raw(value), comment=comment, today=TODAY)

    assert typed is not None
    assert (typed.choices, typed.number, typed.day, typed.unknown, typed.never) == (
        *(value.choices, value.number, value.day),
        *(value.unknown, value.never),
    )
    assert answering.load(answering.dump(typed)) == typed


@given(st.sampled_from(QUESTIONS), st.lists(st.text(max_size=30), max_size=3), st.text(max_size=50))
def test_whatever_is_typed_becomes_an_answer_or_a_sentence(question, values, comment):
    try:
        value = answering.parse(question.shape, values, comment=comment, today=TODAY)
    except BadAnswer as refusal:
        assert refusal.message.render()
    else:
        assert value is None or answering.load(answering.dump(value)) == value


@given(answers(), st.sampled_from(["de", "en"]))
def test_every_answer_can_be_shown(answer, language):
    question, value = answer

    assert answering.show(question.shape, value, language=language)


def test_numbers_and_dates_are_shown_as_the_reader_writes_them():
    hours = CATALOGUE.questions["IR-01"].shape

    assert answering.show(hours, AnswerValue(number=12.5), language="de") == "12,5\u00a0Stunden"
    assert answering.show(hours, AnswerValue(number=12.5), language="en") == "12.5\u00a0hours"
    assert answering.show(hours, AnswerValue(unknown=True), language="de") == "nicht bekannt"
    assert answering.show(CATALOGUE.questions["GV-03"].shape, AnswerValue(day=TODAY), language="de") == "21.11.2026"
    assert answering.show(CATALOGUE.questions["GV-03"].shape, AnswerValue(day=TODAY), language="en") == "21 Nov 2026"


# --- What it is worth ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "value", "share"),
    [
        ("GV-01", choice("certified_in_scope"), 1.0),
        ("GV-01", choice("building"), 0.2),
        ("GV-02", choice("partial"), 0.5),
        ("GV-02", choice("na"), None),
        ("IR-01", AnswerValue(number=12), 1.0),
        ("IR-01", AnswerValue(number=24), 0.8),
        ("IR-01", AnswerValue(number=24.5), 0.3),
        ("IR-01", AnswerValue(number=100), 0.0),
        ("IR-01", AnswerValue(unknown=True), 0.0),
        ("TR-01", AnswerValue(number=95), 1.0),
        ("TR-01", AnswerValue(number=94.9), 0.7),
        ("TR-01", AnswerValue(number=10), 0.0),
        ("SD-02", choice("sast", "sca", "pentest"), 0.5),
        ("GV-03", AnswerValue(day=date(2025, 11, 21)), 1.0),
        ("GV-03", AnswerValue(day=date(2025, 11, 20)), 0.5),
        ("GV-03", AnswerValue(never=True), 0.0),
        ("SD-06", AnswerValue(day=date(2029, 11, 21)), 1.0),
        ("SD-06", AnswerValue(day=date(2029, 11, 20)), 0.8),
        ("SD-06", AnswerValue(day=date(2026, 11, 22)), 0.0),
    ],
)
def test_an_answer_keeps_its_share_of_the_weight(question, value, share):
    assert answering.share(CATALOGUE.questions[question].shape, value, today=TODAY) == share


@given(answers())
def test_a_share_lies_between_nothing_and_all(answer):
    question, value = answer
    share = answering.share(question.shape, value, today=TODAY)

    assert share is None or 0 <= share <= 1


def flags_of(question: str, value: AnswerValue, **needs: float) -> list[str]:
    raised = answering.red_flags(CATALOGUE.questions[question], value, today=TODAY, needs=needs)
    return [flag.severity.value for flag in raised]


@pytest.mark.parametrize(
    ("question", "value", "severities"),
    [
        ("IR-01", AnswerValue(number=24), []),
        ("IR-01", AnswerValue(number=25), ["high"]),
        ("IR-01", AnswerValue(unknown=True), ["critical"]),
        ("IH-02", AnswerValue(number=29), ["medium"]),
        ("IR-03", choice("nature", "data"), ["medium"]),
        ("GV-03", AnswerValue(day=date(2024, 11, 20)), ["medium"]),
        ("GV-03", AnswerValue(never=True), ["high"]),
        ("SD-06", AnswerValue(day=date(2027, 11, 20)), ["high"]),
        ("MF-01", choice("none"), ["critical"]),
        ("MF-01", choice("all"), []),
    ],
)
def test_red_flags_are_raised_where_the_catalogue_says(question, value, severities):
    assert flags_of(question, value) == severities


def test_a_recovery_time_is_measured_against_what_the_hospital_needs():
    assert flags_of("BK-02", AnswerValue(number=8), required_rto_h=4) == ["high"]
    assert flags_of("BK-02", AnswerValue(number=4), required_rto_h=4) == []
    assert flags_of("BK-02", AnswerValue(number=8)) == []


@given(st.dates(), st.integers(-2400, 2400))
def test_months_keep_the_order_of_days(day, months):
    assert answering.add_months(day, 0) == day
    if months >= 0:
        assert answering.add_months(day, months) >= day
    else:
        assert answering.add_months(day, months) <= day


def test_a_month_that_is_too_short_ends_on_its_last_day():
    assert answering.add_months(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert answering.add_months(date(2026, 8, 31), 6) == date(2027, 2, 28)
