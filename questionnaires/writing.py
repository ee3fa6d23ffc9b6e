"""A Catalogue becomes its file again: always the same bytes for the same catalogue, and `loading.load` reads them."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from questionnaires.model import (
    ALWAYS,
    AllOf,
    AnswerKind,
    AnswerShape,
    AnyOf,
    Catalogue,
    Condition,
    EvidenceType,
    EvidenceWanted,
    Flag,
    Flagged,
    FlagRule,
    Not,
    Option,
    ProfileQuestion,
    Question,
    RedFlag,
    Refs,
    ScanCheck,
    ScopingRule,
    Section,
    SetOfQuestions,
    Text,
    Trigger,
)

WIDTH = 110
CHOOSING = frozenset({AnswerKind.SINGLE_CHOICE, AnswerKind.MULTI_CHOICE})
_SafeDumper: type[yaml.SafeDumper] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_SafeDumper):  # type: ignore[misc, valid-type]
    """Writes everything out: our reader follows no anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - its signature
        """Of everything."""
        return True


_Dumper.add_multi_representer(dict, yaml.SafeDumper.represent_dict)  # also what was read by our own reader


def dump(catalogue: Catalogue) -> str:
    """The catalogue as YAML."""
    return as_yaml(document(catalogue))


def as_yaml(thing: Any, *, width: int = WIDTH) -> str:
    """Plain data as YAML, in the order it has."""
    written: str = yaml.dump(thing, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=width)
    return written


def document(catalogue: Catalogue) -> dict[str, Any]:
    """The catalogue as plain data; what has its usual value is left out."""
    return {
        "id": catalogue.id,
        "version": catalogue.version,
        "title": text(catalogue.title),
        "disclaimer": text(catalogue.disclaimer),
        "maturity": [text(one) for one in catalogue.maturity],
        "flags": [_flag(one) for one in catalogue.flags.values()],
        "evidence_types": [_evidence_type(one) for one in catalogue.evidence_types.values()],
        "profile": [_profile(one) for one in catalogue.profile],
        "sets": [_set(one) for one in catalogue.sets.values()],
        "sections": [_section(one, catalogue.questions) for one in catalogue.sections],
    }


def question(one: Question) -> dict[str, Any]:
    """One question as plain data."""
    return {
        "id": one.id,
        "scope": one.scope.value,
        "label": text(one.label),
        "text": text(one.text),
        "why": text(one.why),
        "answer": shape(one.shape),
        "weight": _number(one.weight),
        **({"knock_out": True} if one.knock_out else {}),
        **({"applies_if": condition(one.applies_if)} if one.applies_if != ALWAYS else {}),
        **({"red_flags": [_red_flag(flag) for flag in one.red_flags]} if one.red_flags else {}),
        **({"evidence": [wanted(kind) for kind in one.evidence]} if one.evidence else {}),
        **({"scan_checks": [_scan_check(link) for link in one.scan_checks]} if one.scan_checks else {}),
        "refs": refs(one.refs),
        "est_seconds": one.est_seconds,
    }


def shape(one: AnswerShape) -> dict[str, Any]:
    """What an answer looks like, as plain data."""
    written: dict[str, Any] = {"kind": one.kind.value}
    if one.kind in CHOOSING:
        written["options"] = [option(each) for each in one.options]
    if one.kind is AnswerKind.TEXT and one.max_length != AnswerShape(kind=one.kind).max_length:
        written["max_length"] = one.max_length
    if one.kind is AnswerKind.NUMBER:
        written["unit"] = one.unit
        ends = {"minimum": one.minimum, "maximum": one.maximum}
        written |= {name: _number(end) for name, end in ends.items() if end is not None}
    if one.date_rule is not None:
        written["date_rule"] = one.date_rule.value
    if one.bands:
        written["bands"] = [{"limit": _number(band.limit), "score": _number(band.score)} for band in one.bands]
    for name in ("lower_is_better", "allow_unknown", "allow_never"):
        if getattr(one, name):
            written[name] = True
    if one.compare_with:
        written["compare_with"] = one.compare_with
    return written


def option(one: Option) -> dict[str, Any]:
    """One choice as plain data."""
    return {
        "id": one.id,
        "text": text(one.text),
        **({} if one.score is None else {"score": _number(one.score)}),
        **({"needs_comment": True} if one.needs_comment else {}),
    }


def condition(one: Condition) -> Any:
    """When a question is asked, as plain data."""
    match one:
        case Flagged(flag=flag):
            return flag
        case Not(condition=inner):
            return {"not": condition(inner)}
        case AllOf(conditions=parts):
            return {"all": [condition(part) for part in parts]}
        case AnyOf(conditions=parts):
            return {"any": [condition(part) for part in parts]}


def wanted(one: EvidenceWanted) -> dict[str, Any]:
    """A kind of document that would prove an answer, as plain data."""
    return {
        "type": one.type,
        "validity_months": one.validity_months,
        **({"validity_note": text(one.validity_note)} if one.validity_note else {}),
    }


def refs(one: Refs) -> dict[str, list[str]]:
    """The anchors of a question, as plain data."""
    return {name: list(cited) for name, cited in vars(one).items() if cited}


def text(one: Text) -> dict[str, str]:
    """A sentence in both languages."""
    return {"de": one.de, "en": one.en}


def _flag(one: Flag) -> dict[str, Any]:
    written: dict[str, Any] = {"id": one.id, "text": text(one.text)}
    match one.rule:
        case FlagRule(question=asked, options=options, with_flags=others):
            written["set_by"] = {"question": asked, "options": list(options)}
            if others:
                written["set_by"]["with_flags"] = list(others)
        case ScopingRule() as rule:
            written["set_by"] = dict(vars(rule))
    return written


def _evidence_type(one: EvidenceType) -> dict[str, Any]:
    return {
        "id": one.id,
        "text": text(one.text),
        "validity_months": one.validity_months,
        **({"validity_note": text(one.validity_note)} if one.validity_note else {}),
    }


def _profile(one: ProfileQuestion) -> dict[str, Any]:
    return {
        "id": one.id,
        "text": text(one.text),
        **({"hint": text(one.hint)} if one.hint else {}),
        "answer": shape(one.shape),
        **({"asked_of_hospital": True} if one.asked_of_hospital else {}),
    }


def _set(one: SetOfQuestions) -> dict[str, Any]:
    return {"id": one.id.value, "title": text(one.title), "questions": list(one.question_ids)}


def _section(one: Section, questions: Mapping[str, Question]) -> dict[str, Any]:
    asked: Sequence[str] = one.question_ids
    return {
        "id": one.id,
        "title": text(one.title),
        "kind": one.kind.value,
        "measure": one.measure,
        "questions": [question(questions[name]) for name in asked],
    }


def _red_flag(one: RedFlag) -> dict[str, Any]:
    return {"when": _trigger(one.when), "severity": one.severity.value, "reason": text(one.reason)}


def _trigger(one: Trigger) -> dict[str, Any]:
    return {
        "kind": one.kind.value,
        **({"options": list(one.options)} if one.options else {}),
        **({} if one.limit is None else {"limit": _number(one.limit)}),
    }


def _scan_check(one: ScanCheck) -> dict[str, Any]:
    return {"check": one.check_id, "relation": one.relation.value, "note": text(one.note)}


def _number(value: float) -> float | int:
    return int(value) if value == int(value) else value
