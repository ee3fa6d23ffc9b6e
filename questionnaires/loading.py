"""A catalogue file becomes a Catalogue; anything the format does not know is refused with its place."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from questionnaires import answering, reading
from questionnaires.model import (
    ALWAYS,
    N_,
    AllOf,
    AnswerKind,
    AnswerShape,
    AnyOf,
    Band,
    Catalogue,
    Condition,
    DateRule,
    EvidenceType,
    EvidenceWanted,
    Flag,
    Flagged,
    FlagRule,
    Not,
    Option,
    ProfileQuestion,
    Question,
    QuestionSet,
    RedFlag,
    Refs,
    Relation,
    ScanCheck,
    Scope,
    ScopingRule,
    Section,
    SectionKind,
    SetOfQuestions,
    Severity,
    Text,
    Trigger,
    TriggerKind,
)

YES_PARTIAL_NO_NA = (
    Option(id="yes", text=Text(de="Ja", en="Yes"), score=1.0),
    Option(id="partial", text=Text(de="Teilweise", en="Partly"), score=0.5),
    Option(id="no", text=Text(de="Nein", en="No"), score=0.0),
    Option(
        id="na", text=Text(de="Nicht anwendbar (mit Begründung)", en="Not applicable (with reason)"), needs_comment=True
    ),
)
FILE = (
    Option(id="attached", text=Text(de="Liegt bei", en="Attached"), score=1.0),
    Option(id="none", text=Text(de="Gibt es nicht", en="There is none"), score=0.0),
    YES_PARTIAL_NO_NA[3],
)
YES_NO = (YES_PARTIAL_NO_NA[0], YES_PARTIAL_NO_NA[2])
MATURITY_SCORES = (0.0, 0.25, 0.5, 0.8, 1.0)
RESERVED = frozenset({"profile", "returned"})  # pages of the questionnaire that are no sections
LONGEST_ID, LONGEST_WORD = 60, 40  # of a catalogue; of a flag, an option, a kind of document
MOST_QUESTIONS, MOST_SECTIONS, MOST_OPTIONS = 500, 60, 60
HEAVIEST = 10.0
LONGEST_ANSWER = 20_000
LONGEST_SECONDS = 3_600

Check = Callable[[Catalogue], None]


def load(source: str | bytes, *, also: Check | None = None) -> Catalogue:
    """The catalogue written in this YAML; raises BadFile with the line. `also` may refuse it for reasons of its own."""
    document = reading.parse(source)
    try:
        catalogue = _catalogue(document)
        if also is not None:
            also(catalogue)
        return catalogue  # noqa: TRY300 - what refuses it is within
    except reading.BadFile as wrong:
        raise reading.place(document, wrong) from None


def _catalogue(document: Any) -> Catalogue:
    top = reading.fields(
        document,
        "catalogue",
        need={
            "id",
            "version",
            "title",
            "disclaimer",
            "maturity",
            "flags",
            "evidence_types",
            "profile",
            "sets",
            "sections",
        },
    )
    maturity = tuple(reading.text(item, "maturity") for item in reading.items(top["maturity"], "maturity"))
    sections: list[Section] = []
    questions: list[Question] = []
    for item in _few(top["sections"], "sections", MOST_SECTIONS):
        section, asked = _section(item, maturity, {question.id for question in questions})
        sections.append(section)
        questions.extend(asked)
    catalogue = Catalogue(
        id=reading.name(top["id"], "id", longest=LONGEST_ID),
        version=_version(top["version"]),
        title=reading.text(top["title"], "title"),
        disclaimer=reading.text(top["disclaimer"], "disclaimer"),
        sections=tuple(sections),
        questions={question.id: question for question in questions},
        profile=tuple(
            reading.by_id((_profile(item) for item in reading.items(top["profile"], "profile")), "profile").values()
        ),
        flags=reading.by_id((_flag(item) for item in reading.items(top["flags"], "flags")), "flags"),
        evidence_types=reading.by_id(
            (_evidence_type(item) for item in reading.items(top["evidence_types"], "evidence_types")), "evidence_types"
        ),
        sets={each.id: each for each in (_set(item) for item in reading.items(top["sets"], "sets"))},
        maturity=maturity,
    )
    reading.finish(document)
    _refuse_loose_ends(catalogue)
    return catalogue


def _version(raw: Any) -> str:
    read = reading.word(raw, "version")
    reading.name(read.replace(".", "-"), "version")
    return read


def _few(raw: Any, where: str, most: int) -> list[Any]:
    found = reading.items(raw, where)
    if len(found) > most:
        raise reading.BadFile(where, N_("more than %(most)s"), most=most)
    return found


# --- Flags, evidence, sets -----------------------------------------------------------------------


def _flag(raw: Any) -> Flag:
    where = f"flag {reading.named(raw)}"
    flag = reading.fields(raw, where, need={"id", "text"}, may={"set_by"})
    return Flag(
        id=reading.name(flag["id"], where, longest=LONGEST_WORD),
        text=reading.text(flag["text"], where),
        rule=reading.optional(flag, "set_by", _rule, where),
    )


def _rule(raw: Any, where: str) -> FlagRule | ScopingRule:
    if isinstance(raw, Mapping) and "entity_types" in raw:
        scoping = reading.fields(raw, where, need={"entity_types", "headcount", "turnover", "balance"})
        return ScopingRule(**{key: reading.word(value, where) for key, value in scoping.items()})
    rule = reading.fields(raw, where, need={"question", "options"}, may={"with_flags"})
    return FlagRule(
        question=reading.word(rule["question"], where),
        options=reading.words(rule["options"], where),
        with_flags=reading.words(rule.get("with_flags", []), where),
    )


def _evidence_type(raw: Any) -> EvidenceType:
    where = "evidence_types"
    kind = reading.fields(raw, where, need={"id", "text", "validity_months"}, may={"validity_note"})
    where = f"evidence type {kind['id']}"
    return EvidenceType(
        id=reading.name(kind["id"], where, longest=LONGEST_WORD),
        text=reading.text(kind["text"], where),
        validity_months=reading.optional(kind, "validity_months", reading.whole, where),
        validity_note=reading.optional(kind, "validity_note", reading.text, where),
    )


def _wanted(raw: Any, where: str) -> EvidenceWanted:
    wanted = reading.fields(raw, where, need={"type", "validity_months"}, may={"validity_note"})
    return EvidenceWanted(
        type=reading.word(wanted["type"], where),
        validity_months=reading.optional(wanted, "validity_months", reading.whole, where),
        validity_note=reading.optional(wanted, "validity_note", reading.text, where),
    )


def _set(raw: Any) -> SetOfQuestions:
    one = reading.fields(raw, "sets", need={"id", "title", "questions"})
    return SetOfQuestions(
        id=reading.choice(QuestionSet, one["id"], "sets"),
        title=reading.text(one["title"], "sets"),
        question_ids=reading.words(one["questions"], f"set {one['id']}"),
    )


# --- Questions -----------------------------------------------------------------------------------


def _section(raw: Any, maturity: tuple[Text, ...], known: Collection[str]) -> tuple[Section, list[Question]]:
    section = reading.fields(raw, "sections", need={"id", "title", "kind", "measure", "questions"})
    identity = reading.name(section["id"], "sections")
    where = f"section {identity}"
    if identity in RESERVED:
        raise reading.BadFile(where, N_("a page of ours has this name"))
    measure = reading.optional(section, "measure", reading.whole, where)
    asked: dict[str, Question] = {}
    for item in reading.items(section["questions"], where):
        question = _question(item, identity, maturity)
        if question.id in asked or question.id in known:
            raise reading.refuse(item, f"question {question.id}", N_("appears twice"))
        asked[question.id] = question
    return (
        Section(
            id=identity,
            title=reading.text(section["title"], where),
            kind=reading.choice(SectionKind, section["kind"], where),
            measure=measure,
            question_ids=tuple(asked),
        ),
        list(asked.values()),
    )


def _question(raw: Any, section: str, maturity: tuple[Text, ...]) -> Question:
    where = f"question {reading.named(raw)}"
    question = reading.fields(
        raw,
        where,
        need={"id", "scope", "label", "text", "why", "answer", "weight", "refs", "est_seconds"},
        may={"knock_out", "applies_if", "red_flags", "evidence", "scan_checks"},
    )
    return Question(
        id=reading.name(question["id"], where),
        section=section,
        scope=reading.choice(Scope, question["scope"], f"{where}.scope"),
        label=reading.text(question["label"], f"{where}.label"),
        text=reading.text(question["text"], f"{where}.text"),
        why=reading.text(question["why"], f"{where}.why"),
        shape=_shape(question["answer"], f"{where}.answer", maturity),
        weight=reading.number(question["weight"], f"{where}.weight"),
        knock_out=reading.truth(question, "knock_out", where),
        applies_if=_condition(question["applies_if"], where) if "applies_if" in question else ALWAYS,
        red_flags=tuple(_red_flag(item, where) for item in reading.items(question.get("red_flags", []), where)),
        evidence=tuple(
            _wanted(item, f"{where}.evidence") for item in reading.items(question.get("evidence", []), where)
        ),
        refs=_refs(question["refs"], f"{where}.refs"),
        scan_checks=tuple(_scan_check(item, where) for item in reading.items(question.get("scan_checks", []), where)),
        est_seconds=reading.whole(question["est_seconds"], f"{where}.est_seconds"),
    )


def _profile(raw: Any) -> ProfileQuestion:
    where = f"profile {reading.named(raw)}"
    question = reading.fields(raw, where, need={"id", "text", "answer"}, may={"hint", "asked_of_hospital"})
    return ProfileQuestion(
        id=reading.name(question["id"], where),
        text=reading.text(question["text"], where),
        hint=reading.optional(question, "hint", reading.text, where),
        shape=_shape(question["answer"], f"{where}.answer", ()),
        asked_of_hospital=reading.truth(question, "asked_of_hospital", where),
    )


def _condition(raw: Any, where: str) -> Condition:
    if isinstance(raw, str):
        return Flagged(flag=reading.word(raw, where))
    branch = reading.fields(raw, f"{where}.applies_if", may={"all", "any", "not"})
    if len(branch) != 1:
        raise reading.BadFile(f"{where}.applies_if", N_("exactly one of all, any, not"))
    if "not" in branch:
        return Not(condition=_condition(branch["not"], where))
    kind = AllOf if "all" in branch else AnyOf
    return kind(conditions=tuple(_condition(item, where) for item in reading.items(next(iter(branch.values())), where)))


_SHAPE_KEYS: Mapping[AnswerKind, tuple[set[str], set[str]]] = {
    AnswerKind.SINGLE_CHOICE: ({"options"}, set()),
    AnswerKind.MULTI_CHOICE: ({"options"}, set()),
    AnswerKind.YES_PARTIAL_NO_NA: (set(), set()),
    AnswerKind.YES_NO: (set(), set()),
    AnswerKind.MATURITY: (set(), set()),
    AnswerKind.TEXT: (set(), {"max_length"}),
    AnswerKind.FILE: (set(), set()),
    AnswerKind.NUMBER: (
        {"unit"},
        {"minimum", "maximum", "lower_is_better", "bands", "allow_unknown", "compare_with"},
    ),
    AnswerKind.DATE: ({"date_rule"}, {"bands", "allow_unknown", "allow_never"}),
}


def _shape(raw: Any, where: str, maturity: tuple[Text, ...]) -> AnswerShape:
    if not isinstance(raw, Mapping) or "kind" not in raw:
        raise reading.BadFile(where, N_("%(key)s is missing"), key="'kind'")
    kind = reading.choice(AnswerKind, raw["kind"], f"{where}.kind")
    need, may = _SHAPE_KEYS[kind]
    shape = reading.fields(raw, where, need={"kind", *need}, may=may)
    return AnswerShape(
        kind=kind,
        options=_options(kind, shape, where, maturity),
        bands=tuple(_band(item, where) for item in reading.items(shape.get("bands", []), where)),
        unit=reading.optional(shape, "unit", reading.word, where) or "",
        minimum=reading.optional(shape, "minimum", reading.number, where),
        maximum=reading.optional(shape, "maximum", reading.number, where),
        lower_is_better=reading.truth(shape, "lower_is_better", where),
        date_rule=reading.choice(DateRule, shape["date_rule"], where) if "date_rule" in shape else None,
        allow_unknown=reading.truth(shape, "allow_unknown", where),
        allow_never=reading.truth(shape, "allow_never", where),
        compare_with=reading.optional(shape, "compare_with", reading.word, where) or "",
        max_length=reading.optional(shape, "max_length", reading.whole, where) or 2000,
    )


def _options(kind: AnswerKind, shape: Mapping[str, Any], where: str, maturity: tuple[Text, ...]) -> tuple[Option, ...]:
    match kind:
        case AnswerKind.YES_PARTIAL_NO_NA:
            return YES_PARTIAL_NO_NA
        case AnswerKind.YES_NO:
            return YES_NO
        case AnswerKind.FILE:
            return FILE
        case AnswerKind.MATURITY:
            return tuple(
                Option(id=str(level), text=text, score=MATURITY_SCORES[level]) for level, text in enumerate(maturity)
            )
        case _:
            options = [_option(item, where) for item in _few(shape.get("options", []), where, MOST_OPTIONS)]
            return tuple(reading.by_id(options, where).values())


def _option(raw: Any, where: str) -> Option:
    option = reading.fields(raw, f"{where}.options", need={"id", "text"}, may={"score", "needs_comment"})
    identity = reading.name(option["id"], f"{where}.options.id", longest=LONGEST_WORD)
    return Option(
        id=identity,
        text=reading.text(option["text"], f"{where}.{identity}"),
        score=reading.optional(option, "score", reading.share, f"{where}.{identity}"),
        needs_comment=reading.truth(option, "needs_comment", f"{where}.{identity}"),
    )


def _band(raw: Any, where: str) -> Band:
    band = reading.fields(raw, f"{where}.bands", need={"limit", "score"})
    return Band(limit=reading.number(band["limit"], where), score=reading.share(band["score"], where))


def _red_flag(raw: Any, where: str) -> RedFlag:
    flag = reading.fields(raw, f"{where}.red_flags", need={"when", "severity", "reason"})
    when = reading.fields(flag["when"], f"{where}.red_flags.when", need={"kind"}, may={"options", "limit"})
    return RedFlag(
        when=Trigger(
            kind=reading.choice(TriggerKind, when["kind"], f"{where}.red_flags.when"),
            options=reading.words(when.get("options", []), f"{where}.red_flags.when"),
            limit=reading.optional(when, "limit", reading.number, f"{where}.red_flags.when"),
        ),
        severity=reading.choice(Severity, flag["severity"], f"{where}.red_flags"),
        reason=reading.text(flag["reason"], f"{where}.red_flags.reason"),
    )


def _scan_check(raw: Any, where: str) -> ScanCheck:
    seen = reading.fields(raw, f"{where}.scan_checks", need={"check", "relation", "note"})
    return ScanCheck(
        check_id=reading.word(seen["check"], f"{where}.scan_checks"),
        relation=reading.choice(Relation, seen["relation"], f"{where}.scan_checks"),
        note=reading.text(seen["note"], f"{where}.scan_checks.note"),
    )


def _refs(raw: Any, where: str) -> Refs:
    refs = reading.fields(raw, where, may={"bsig", "nis2", "ir_2024_2690", "iso27001", "mdr", "mds2", "other"})
    return Refs(**{key: reading.words(value, f"{where}.{key}") for key, value in refs.items()})


# --- What one part of the file says of another ---------------------------------------------------


def _refuse_loose_ends(catalogue: Catalogue) -> None:
    profile = {question.id: question for question in catalogue.profile}
    if len(catalogue.questions) > MOST_QUESTIONS:
        raise reading.BadFile("questions", N_("more than %(most)s"), most=MOST_QUESTIONS)
    _refuse_repeated((section.id for section in catalogue.sections), "section")
    _refuse_repeated((*profile, *catalogue.questions), "question")
    for flag in catalogue.flags.values():
        _refuse_loose_rule(flag, profile, catalogue.flags)
        _refuse_circle(flag, catalogue.flags)
    for one in catalogue.sets.values():
        _refuse_unknown(one.question_ids, catalogue.questions, f"set {one.id}")
        if len(set(one.question_ids)) < len(one.question_ids):
            raise reading.BadFile(f"set {one.id}", N_("a question appears twice"))
    if missing := sorted(set(QuestionSet) - set(catalogue.sets)):
        raise reading.BadFile("sets", N_("%(key)s is missing"), key=missing[0].value)
    for asked in catalogue.profile:
        _refuse_shapeless(asked.shape, f"profile {asked.id}")
    for question in catalogue.questions.values():
        _refuse_loose_question(question, catalogue)
    for section in catalogue.sections:
        if section.kind is SectionKind.OWN and section.measure is not None:
            raise reading.BadFile(f"section {section.id}", N_("of kind own, so it belongs to no measure"))


def _refuse_loose_question(question: Question, catalogue: Catalogue) -> None:
    where = f"question {question.id}"
    _refuse_shapeless(question.shape, where)
    _refuse_unknown(_flags_of(question.applies_if), catalogue.flags, f"{where}.applies_if")
    _refuse_unknown((wanted.type for wanted in question.evidence), catalogue.evidence_types, f"{where}.evidence")
    for flag_raised in question.red_flags:
        options = {option.id for option in question.shape.options}
        _refuse_unknown(flag_raised.when.options, options, f"{where}.red_flags")
    _refuse_unscored(question, catalogue.section(question.section), where)


def _refuse_repeated(names: Iterable[str], kind: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise reading.BadFile(f"{kind} {name}", N_("appears twice"))
        seen.add(name)


def _refuse_loose_rule(flag: Flag, profile: Mapping[str, ProfileQuestion], flags: Mapping[str, Flag]) -> None:
    where = f"flag {flag.id}"
    match flag.rule:
        case FlagRule(question=question, options=options, with_flags=others):
            _refuse_unknown([question], profile, where)
            _refuse_unknown(options, {option.id for option in profile[question].shape.options}, where)
            _refuse_unknown(others, flags, where)
        case ScopingRule() as rule:
            _refuse_unknown([rule.entity_types, rule.headcount, rule.turnover, rule.balance], profile, where)
        case None:
            return


def _refuse_circle(flag: Flag, flags: Mapping[str, Flag]) -> None:
    """A flag that waits for itself is never set."""
    seen: set[str] = set()
    waits_for = [flag.id]
    while waits_for:
        rule = flags[waits_for.pop()].rule
        others = rule.with_flags if isinstance(rule, FlagRule) else ()
        if flag.id in others:
            raise reading.BadFile(f"flag {flag.id}", N_("waits for itself"))
        waits_for += [other for other in others if other not in seen]
        seen.update(others)


def _refuse_shapeless(shape: AnswerShape, where: str) -> None:
    """What nobody could answer, or only by chance."""
    if shape.kind in {AnswerKind.SINGLE_CHOICE, AnswerKind.MULTI_CHOICE} and not shape.options:
        raise reading.BadFile(where, N_("a choice without options"))
    if shape.unit and shape.unit not in answering.UNITS:
        raise reading.BadFile(
            where,
            N_("the unit %(unit)s is none of %(known)s"),
            unit=repr(shape.unit),
            known=", ".join(answering.UNITS),
        )
    if shape.minimum is not None and shape.maximum is not None and shape.minimum > shape.maximum:
        raise reading.BadFile(where, N_("the minimum lies above the maximum"))
    if not 1 <= shape.max_length <= LONGEST_ANSWER:
        raise reading.BadFile(where, N_("max_length is not between 1 and %(most)s"), most=LONGEST_ANSWER)


def _refuse_unscored(question: Question, section: Section, where: str) -> None:
    shape, is_own = question.shape, section.kind is SectionKind.OWN
    if not 0 <= question.weight <= HEAVIEST:
        raise reading.BadFile(where, N_("the weight is not above 0 and at most %(most)s"), most=f"{HEAVIEST:g}")
    if not 0 < question.est_seconds <= LONGEST_SECONDS:
        raise reading.BadFile(where, N_("est_seconds is not between 1 and %(most)s"), most=LONGEST_SECONDS)
    if shape.kind is AnswerKind.FILE and not question.evidence:
        raise reading.BadFile(where, N_("a file is asked for, but no kind of evidence is named"))
    if is_own and question.is_scored:
        raise reading.BadFile(where, N_("stands in a section of kind own, which is not scored: its weight must be 0"))
    if question.is_scored:
        _refuse_unscored_shape(shape, where)
    elif question.knock_out:
        raise reading.BadFile(where, N_("what is not scored cannot be a knock-out"))
    elif shape.kind is not AnswerKind.TEXT and not is_own:
        raise reading.BadFile(where, N_("the weight is not above 0"))


def _refuse_unscored_shape(shape: AnswerShape, where: str) -> None:
    if shape.kind is AnswerKind.TEXT:
        raise reading.BadFile(where, N_("a text cannot be scored; its weight must be 0, or ask it in the profile"))
    if shape.kind in {AnswerKind.NUMBER, AnswerKind.DATE} and not shape.bands:
        raise reading.BadFile(where, N_("a number or date needs bands to be scored"))
    _refuse_crossed_bands(shape, where)
    if shape.kind is AnswerKind.SINGLE_CHOICE and any(
        option.score is None and not option.needs_comment for option in shape.options
    ):
        raise reading.BadFile(where, N_("an option without a score needs a comment"))


def _refuse_crossed_bands(shape: AnswerShape, where: str) -> None:
    """The first band whose limit is met counts: the best stands first, each is easier to meet than the one before."""
    easier_later = shape.lower_is_better or shape.date_rule is DateRule.AGE
    limits: Sequence[float] = [band.limit if easier_later else -band.limit for band in shape.bands]
    scores = [-band.score for band in shape.bands]
    if any(later <= before for before, later in pairwise(limits)) or scores != sorted(scores):
        raise reading.BadFile(where, N_("the bands are not ordered from the best to the poorest"))


def _refuse_unknown(names: Iterable[str], known: Iterable[str], where: str) -> None:
    known = set(known)
    for name in names:
        if name not in known:
            raise reading.BadFile(where, N_("%(name)s is not known"), name=repr(name))


def _flags_of(condition: Condition) -> list[str]:
    match condition:
        case Flagged(flag=flag):
            return [flag]
        case Not(condition=inner):
            return _flags_of(inner)
        case AllOf(conditions=inner_all) | AnyOf(conditions=inner_all):
            return [flag for inner in inner_all for flag in _flags_of(inner)]
