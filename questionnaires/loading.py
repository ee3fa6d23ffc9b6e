"""A catalogue file becomes a Catalogue; anything the format does not know is refused with its place."""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, Protocol, TypeVar

import yaml

from questionnaires.model import (
    ALWAYS,
    AllOf,
    AnswerKind,
    AnswerShape,
    AnyOf,
    BadCatalogue,
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

Choice = TypeVar("Choice", bound=StrEnum)
Thing = TypeVar("Thing")


class Identified(Protocol):
    """Whatever has an id of its own."""

    @property
    def id(self) -> str:
        """The id, unique among its kind."""
        ...


Known = TypeVar("Known", bound=Identified)

YES_PARTIAL_NO_NA = (
    Option(id="yes", text=Text(de="Ja", en="Yes"), score=1.0),
    Option(id="partial", text=Text(de="Teilweise", en="Partly"), score=0.5),
    Option(id="no", text=Text(de="Nein", en="No"), score=0.0),
    Option(
        id="na", text=Text(de="Nicht anwendbar (mit Begründung)", en="Not applicable (with reason)"), needs_comment=True
    ),
)
YES_NO = (YES_PARTIAL_NO_NA[0], YES_PARTIAL_NO_NA[2])
MATURITY_SCORES = (0.0, 0.25, 0.5, 0.8, 1.0)


def load(source: str | bytes) -> Catalogue:
    """The catalogue written in this YAML; raises BadCatalogue."""
    try:
        raw = yaml.load(source, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe loader
    except yaml.YAMLError as wrong:
        raise BadCatalogue(f"no YAML: {wrong}") from wrong
    top = _fields(
        raw,
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
    maturity = tuple(_text(item, "maturity") for item in _items(top["maturity"], "maturity"))
    sections: list[Section] = []
    questions: list[Question] = []
    for item in _items(top["sections"], "sections"):
        section, asked = _section(item, maturity)
        sections.append(section)
        questions.extend(asked)
    catalogue = Catalogue(
        id=_word(top["id"], "id"),
        version=_word(top["version"], "version"),
        title=_text(top["title"], "title"),
        disclaimer=_text(top["disclaimer"], "disclaimer"),
        sections=tuple(sections),
        questions=_by_id(questions, "questions"),
        profile=tuple(_by_id((_profile(item) for item in _items(top["profile"], "profile")), "profile").values()),
        flags=_by_id((_flag(item) for item in _items(top["flags"], "flags")), "flags"),
        evidence_types=_by_id(
            (_evidence_type(item) for item in _items(top["evidence_types"], "evidence_types")), "evidence_types"
        ),
        sets={each.id: each for each in (_set(item) for item in _items(top["sets"], "sets"))},
        maturity=maturity,
    )
    _refuse_loose_ends(catalogue)
    return catalogue


# --- Small readers: each says where it stood -----------------------------------------------------


def _fields(raw: Any, where: str, *, need: Iterable[str] = (), may: Iterable[str] = ()) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping):
        raise BadCatalogue(f"{where}: not a mapping")
    need, known = set(need), {*need, *may}
    if strange := [key for key in raw if key not in known]:
        raise BadCatalogue(f"{where}: unknown key {strange[0]!r}")
    if missing := sorted(need - set(raw)):
        raise BadCatalogue(f"{where}: {missing[0]!r} is missing")
    return raw


def _items(raw: Any, where: str) -> list[Any]:
    if not isinstance(raw, list):
        raise BadCatalogue(f"{where}: not a list")
    return raw


def _word(raw: Any, where: str) -> str:
    """A non-empty text. YAML 1.1 reads a bare yes, no or 2026.1 as something else; that is refused here."""
    if not isinstance(raw, str) or not raw.strip():
        raise BadCatalogue(f"{where}: {raw!r} is not text (quote it)")
    return raw


def _words(raw: Any, where: str) -> tuple[str, ...]:
    return tuple(_word(item, where) for item in _items(raw, where))


def _number(raw: Any, where: str) -> float:
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise BadCatalogue(f"{where}: {raw!r} is not a number")
    return float(raw)


def _optional(raw: Mapping[str, Any], key: str, read: Callable[[Any, str], Thing], where: str) -> Thing | None:
    return None if raw.get(key) is None else read(raw[key], f"{where}.{key}")


def _truth(raw: Mapping[str, Any], key: str, where: str) -> bool:
    value = raw.get(key, False)
    if not isinstance(value, bool):
        raise BadCatalogue(f"{where}.{key}: {value!r} is neither true nor false")
    return value


def _months(raw: Any, where: str) -> int:
    return int(_number(raw, where))


def _choice(kind: type[Choice], raw: Any, where: str) -> Choice:
    try:
        return kind(_word(raw, where))
    except ValueError as wrong:
        raise BadCatalogue(f"{where}: {raw!r} is none of {', '.join(kind)}") from wrong


def _text(raw: Any, where: str) -> Text:
    both = _fields(raw, where, need={"de", "en"})
    return Text(de=_word(both["de"], f"{where}.de"), en=_word(both["en"], f"{where}.en"))


def _by_id(things: Iterable[Known], where: str) -> dict[str, Known]:
    found: dict[str, Known] = {}
    for thing in things:
        if thing.id in found:
            raise BadCatalogue(f"{where}: {thing.id} appears twice")
        found[thing.id] = thing
    return found


# --- Flags, evidence, sets -----------------------------------------------------------------------


def _flag(raw: Any) -> Flag:
    where = f"flag {raw.get('id') if isinstance(raw, Mapping) else raw!r}"
    flag = _fields(raw, where, need={"id", "text"}, may={"set_by"})
    return Flag(
        id=_word(flag["id"], where), text=_text(flag["text"], where), rule=_optional(flag, "set_by", _rule, where)
    )


def _rule(raw: Any, where: str) -> FlagRule | ScopingRule:
    if isinstance(raw, Mapping) and "entity_types" in raw:
        scoping = _fields(raw, where, need={"entity_types", "headcount", "turnover", "balance"})
        return ScopingRule(**{key: _word(value, where) for key, value in scoping.items()})
    rule = _fields(raw, where, need={"question", "options"}, may={"with_flags"})
    return FlagRule(
        question=_word(rule["question"], where),
        options=_words(rule["options"], where),
        with_flags=_words(rule.get("with_flags", []), where),
    )


def _evidence_type(raw: Any) -> EvidenceType:
    where = "evidence_types"
    kind = _fields(raw, where, need={"id", "text", "validity_months"}, may={"validity_note"})
    where = f"evidence type {kind['id']}"
    return EvidenceType(
        id=_word(kind["id"], where),
        text=_text(kind["text"], where),
        validity_months=_optional(kind, "validity_months", _months, where),
        validity_note=_optional(kind, "validity_note", _text, where),
    )


def _wanted(raw: Any, where: str) -> EvidenceWanted:
    wanted = _fields(raw, where, need={"type", "validity_months"}, may={"validity_note"})
    return EvidenceWanted(
        type=_word(wanted["type"], where),
        validity_months=_optional(wanted, "validity_months", _months, where),
        validity_note=_optional(wanted, "validity_note", _text, where),
    )


def _set(raw: Any) -> SetOfQuestions:
    one = _fields(raw, "sets", need={"id", "title", "questions"})
    return SetOfQuestions(
        id=_choice(QuestionSet, one["id"], "sets"),
        title=_text(one["title"], "sets"),
        question_ids=_words(one["questions"], f"set {one['id']}"),
    )


# --- Questions -----------------------------------------------------------------------------------


def _section(raw: Any, maturity: tuple[Text, ...]) -> tuple[Section, list[Question]]:
    section = _fields(raw, "sections", need={"id", "title", "kind", "measure", "questions"})
    identity = _word(section["id"], "sections")
    where = f"section {identity}"
    measure = _optional(section, "measure", _months, where)
    asked = [_question(item, identity, maturity) for item in _items(section["questions"], where)]
    return (
        Section(
            id=identity,
            title=_text(section["title"], where),
            kind=_choice(SectionKind, section["kind"], where),
            measure=measure,
            question_ids=tuple(question.id for question in asked),
        ),
        asked,
    )


def _question(raw: Any, section: str, maturity: tuple[Text, ...]) -> Question:
    where = f"question {raw.get('id') if isinstance(raw, Mapping) else raw!r}"
    question = _fields(
        raw,
        where,
        need={"id", "scope", "label", "text", "why", "answer", "weight", "refs", "est_seconds"},
        may={"knock_out", "applies_if", "red_flags", "evidence", "scan_checks"},
    )
    return Question(
        id=_word(question["id"], where),
        section=section,
        scope=_choice(Scope, question["scope"], f"{where}.scope"),
        label=_text(question["label"], f"{where}.label"),
        text=_text(question["text"], f"{where}.text"),
        why=_text(question["why"], f"{where}.why"),
        shape=_shape(question["answer"], f"{where}.answer", maturity),
        weight=_number(question["weight"], f"{where}.weight"),
        knock_out=_truth(question, "knock_out", where),
        applies_if=_condition(question["applies_if"], where) if "applies_if" in question else ALWAYS,
        red_flags=tuple(_red_flag(item, where) for item in _items(question.get("red_flags", []), where)),
        evidence=tuple(_wanted(item, f"{where}.evidence") for item in _items(question.get("evidence", []), where)),
        refs=_refs(question["refs"], f"{where}.refs"),
        scan_checks=tuple(_scan_check(item, where) for item in _items(question.get("scan_checks", []), where)),
        est_seconds=_months(question["est_seconds"], f"{where}.est_seconds"),
    )


def _profile(raw: Any) -> ProfileQuestion:
    where = f"profile {raw.get('id') if isinstance(raw, Mapping) else raw!r}"
    question = _fields(raw, where, need={"id", "text", "answer"}, may={"hint", "asked_of_hospital"})
    return ProfileQuestion(
        id=_word(question["id"], where),
        text=_text(question["text"], where),
        hint=_optional(question, "hint", _text, where),
        shape=_shape(question["answer"], f"{where}.answer", ()),
        asked_of_hospital=_truth(question, "asked_of_hospital", where),
    )


def _condition(raw: Any, where: str) -> Condition:
    if isinstance(raw, str):
        return Flagged(flag=_word(raw, where))
    branch = _fields(raw, f"{where}.applies_if", may={"all", "any", "not"})
    if len(branch) != 1:
        raise BadCatalogue(f"{where}.applies_if: exactly one of all, any, not")
    if "not" in branch:
        return Not(condition=_condition(branch["not"], where))
    kind = AllOf if "all" in branch else AnyOf
    return kind(conditions=tuple(_condition(item, where) for item in _items(next(iter(branch.values())), where)))


_SHAPE_KEYS: Mapping[AnswerKind, tuple[set[str], set[str]]] = {
    AnswerKind.SINGLE_CHOICE: ({"options"}, set()),
    AnswerKind.MULTI_CHOICE: ({"options"}, set()),
    AnswerKind.YES_PARTIAL_NO_NA: (set(), set()),
    AnswerKind.YES_NO: (set(), set()),
    AnswerKind.MATURITY: (set(), set()),
    AnswerKind.TEXT: (set(), {"max_length"}),
    AnswerKind.NUMBER: (
        {"unit"},
        {"minimum", "maximum", "lower_is_better", "bands", "allow_unknown", "compare_with"},
    ),
    AnswerKind.DATE: ({"date_rule"}, {"bands", "allow_unknown", "allow_never"}),
}


def _shape(raw: Any, where: str, maturity: tuple[Text, ...]) -> AnswerShape:
    if not isinstance(raw, Mapping) or "kind" not in raw:
        raise BadCatalogue(f"{where}: 'kind' is missing")
    kind = _choice(AnswerKind, raw["kind"], f"{where}.kind")
    need, may = _SHAPE_KEYS[kind]
    shape = _fields(raw, where, need={"kind", *need}, may=may)
    return AnswerShape(
        kind=kind,
        options=_options(kind, shape, where, maturity),
        bands=tuple(_band(item, where) for item in _items(shape.get("bands", []), where)),
        unit=_optional(shape, "unit", _word, where) or "",
        minimum=_optional(shape, "minimum", _number, where),
        maximum=_optional(shape, "maximum", _number, where),
        lower_is_better=_truth(shape, "lower_is_better", where),
        date_rule=_choice(DateRule, shape["date_rule"], where) if "date_rule" in shape else None,
        allow_unknown=_truth(shape, "allow_unknown", where),
        allow_never=_truth(shape, "allow_never", where),
        compare_with=_optional(shape, "compare_with", _word, where) or "",
        max_length=_optional(shape, "max_length", _months, where) or 2000,
    )


def _options(kind: AnswerKind, shape: Mapping[str, Any], where: str, maturity: tuple[Text, ...]) -> tuple[Option, ...]:
    match kind:
        case AnswerKind.YES_PARTIAL_NO_NA:
            return YES_PARTIAL_NO_NA
        case AnswerKind.YES_NO:
            return YES_NO
        case AnswerKind.MATURITY:
            return tuple(
                Option(id=str(level), text=text, score=MATURITY_SCORES[level]) for level, text in enumerate(maturity)
            )
        case _:
            options = [_option(item, where) for item in _items(shape.get("options", []), where)]
            return tuple(_by_id(options, where).values())


def _option(raw: Any, where: str) -> Option:
    option = _fields(raw, f"{where}.options", need={"id", "text"}, may={"score", "needs_comment"})
    identity = _word(option["id"], f"{where}.options.id")
    return Option(
        id=identity,
        text=_text(option["text"], f"{where}.{identity}"),
        score=_optional(option, "score", _share, f"{where}.{identity}"),
        needs_comment=_truth(option, "needs_comment", f"{where}.{identity}"),
    )


def _share(raw: Any, where: str) -> float:
    share = _number(raw, where)
    if not 0 <= share <= 1:
        raise BadCatalogue(f"{where}: {share} is not between 0 and 1")
    return share


def _band(raw: Any, where: str) -> Band:
    band = _fields(raw, f"{where}.bands", need={"limit", "score"})
    return Band(limit=_number(band["limit"], where), score=_share(band["score"], where))


def _red_flag(raw: Any, where: str) -> RedFlag:
    flag = _fields(raw, f"{where}.red_flags", need={"when", "severity", "reason"})
    when = _fields(flag["when"], f"{where}.red_flags.when", need={"kind"}, may={"options", "limit"})
    return RedFlag(
        when=Trigger(
            kind=_choice(TriggerKind, when["kind"], f"{where}.red_flags.when"),
            options=_words(when.get("options", []), f"{where}.red_flags.when"),
            limit=_optional(when, "limit", _number, f"{where}.red_flags.when"),
        ),
        severity=_choice(Severity, flag["severity"], f"{where}.red_flags"),
        reason=_text(flag["reason"], f"{where}.red_flags.reason"),
    )


def _scan_check(raw: Any, where: str) -> ScanCheck:
    seen = _fields(raw, f"{where}.scan_checks", need={"check", "relation", "note"})
    return ScanCheck(
        check_id=_word(seen["check"], f"{where}.scan_checks"),
        relation=_choice(Relation, seen["relation"], f"{where}.scan_checks"),
        note=_text(seen["note"], f"{where}.scan_checks.note"),
    )


def _refs(raw: Any, where: str) -> Refs:
    refs = _fields(raw, where, may={"bsig", "nis2", "ir_2024_2690", "iso27001", "mdr", "mds2", "other"})
    return Refs(**{key: _words(value, f"{where}.{key}") for key, value in refs.items()})


# --- What one part of the file says of another ---------------------------------------------------


def _refuse_loose_ends(catalogue: Catalogue) -> None:
    profile = {question.id: question for question in catalogue.profile}
    for flag in catalogue.flags.values():
        _refuse_loose_rule(flag, profile, catalogue.flags)
    for one in catalogue.sets.values():
        _refuse_unknown(one.question_ids, catalogue.questions, f"set {one.id}")
        if len(set(one.question_ids)) < len(one.question_ids):
            raise BadCatalogue(f"set {one.id}: a question appears twice")
    if missing := sorted(set(QuestionSet) - set(catalogue.sets)):
        raise BadCatalogue(f"sets: {missing[0]} is missing")
    for question in catalogue.questions.values():
        where = f"question {question.id}"
        _refuse_unknown(_flags_of(question.applies_if), catalogue.flags, f"{where}.applies_if")
        _refuse_unknown((wanted.type for wanted in question.evidence), catalogue.evidence_types, f"{where}.evidence")
        for flag_raised in question.red_flags:
            options = {option.id for option in question.shape.options}
            _refuse_unknown(flag_raised.when.options, options, f"{where}.red_flags")
        _refuse_unscored(question, where)


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


def _refuse_unscored(question: Question, where: str) -> None:
    shape = question.shape
    if shape.kind in {AnswerKind.NUMBER, AnswerKind.DATE} and not shape.bands:
        raise BadCatalogue(f"{where}: a number or date needs bands to be scored")
    if shape.kind is AnswerKind.TEXT:
        raise BadCatalogue(f"{where}: a text cannot be scored; ask it in the profile")
    if shape.kind is AnswerKind.SINGLE_CHOICE and any(
        option.score is None and not option.needs_comment for option in shape.options
    ):
        raise BadCatalogue(f"{where}: an option without a score needs a comment")
    if question.weight <= 0:
        raise BadCatalogue(f"{where}: the weight is not above 0")


def _refuse_unknown(names: Iterable[str], known: Iterable[str], where: str) -> None:
    known = set(known)
    for name in names:
        if name not in known:
            raise BadCatalogue(f"{where}: {name!r} is not known")


def _flags_of(condition: Condition) -> list[str]:
    match condition:
        case Flagged(flag=flag):
            return [flag]
        case Not(condition=inner):
            return _flags_of(inner)
        case AllOf(conditions=inner_all) | AnyOf(conditions=inner_all):
            return [flag for inner in inner_all for flag in _flags_of(inner)]
