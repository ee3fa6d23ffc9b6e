"""A question as a row of plain cells, as a form or a sheet holds it, and back into what the loader reads."""

import re
from collections.abc import Mapping
from typing import Any, Self

from questionnaires import reading, writing
from questionnaires.model import (
    ALWAYS,
    N_,
    AllOf,
    AnswerKind,
    AnyOf,
    Catalogue,
    Condition,
    Flagged,
    Not,
    Question,
    QuestionSet,
    Scope,
)
from questionnaires.reading import BadFile

COLUMNS = (
    *("id", "section", "scope", "label_de", "label_en", "text_de", "text_en", "why_de", "why_en"),
    *("kind", "options", "unit", "minimum", "maximum", "bands", "lower_is_better", "date_rule"),
    *("allow_unknown", "allow_never", "max_length", "weight", "knock_out", "condition", "evidence", "seconds"),
    *("sets", "further"),
)
TEXTS = ("label", "text", "why")
FURTHER = ("red_flags", "scan_checks", "refs")
NO_SCORE = "-"
YES, NO = "yes", "no"
MODES = {"all": AllOf, "any": AnyOf}
SECONDS = 30

_WORDS = re.compile(r"[\w-]+(\s*,\s*[\w-]+)*", re.ASCII)


class BadCell(reading.Refusal):
    """A cell that cannot be meant; `column` is one of COLUMNS."""

    def __init__(self, column: str, text: str, **values: str | float) -> None:
        """Hold where and what."""
        super().__init__("", text, **values)
        self.column = column

    @classmethod
    def of(cls, column: str, wrong: reading.Refusal) -> Self:
        """A refusal within a cell."""
        made = cls(column, wrong.what.text, **wrong.what.values)
        made.where = wrong.where
        return made


# --- From a question to its row ------------------------------------------------------------------


def cells(catalogue: Catalogue, question: Question) -> dict[str, str]:
    """Every cell of a question's row; "" where there is nothing to say."""
    raw = writing.question(question)
    shape = raw["answer"]
    kept: dict[str, Any] = {name: raw[name] for name in FURTHER if raw.get(name)}
    evidence = question.evidence
    if any(kind.validity_note for kind in evidence):
        kept["evidence"] = raw["evidence"]
    if "compare_with" in shape:
        kept["compare_with"] = shape["compare_with"]
    return {
        "id": question.id,
        "section": question.section,
        "scope": question.scope.value,
        **{f"{name}_{language}": raw[name][language] for name in TEXTS for language in ("de", "en")},
        "kind": question.shape.kind.value,
        "options": "\n".join(
            " | ".join((one["id"], _score(one), one["text"]["de"], one["text"]["en"]))
            for one in shape.get("options", ())
        ),
        "unit": shape.get("unit", ""),
        "minimum": str(shape.get("minimum", "")),
        "maximum": str(shape.get("maximum", "")),
        "bands": "\n".join(f"{band['limit']} | {band['score']}" for band in shape.get("bands", ())),
        "lower_is_better": _yes(shape.get("lower_is_better")),
        "date_rule": shape.get("date_rule", ""),
        "allow_unknown": _yes(shape.get("allow_unknown")),
        "allow_never": _yes(shape.get("allow_never")),
        "max_length": str(shape.get("max_length", "")),
        "weight": str(raw["weight"]),
        "knock_out": _yes(question.knock_out),
        "condition": condition_text(question.applies_if),
        "evidence": "\n".join(
            kind.type if kind.validity_months is None else f"{kind.type} | {kind.validity_months}" for kind in evidence
        )
        if "evidence" not in kept
        else "",
        "seconds": str(question.est_seconds),
        "sets": ", ".join(one.id.value for one in catalogue.sets.values() if question.id in one.question_ids),
        "further": writing.as_yaml(kept).strip() if kept else "",
    }


def _score(option: Mapping[str, Any]) -> str:
    if "score" in option:
        return f"{option['score']}!" if option.get("needs_comment") else str(option["score"])
    return f"{NO_SCORE}!" if option.get("needs_comment") else NO_SCORE


def _yes(value: Any) -> str:
    return YES if value else ""


def condition_text(condition: Condition) -> str:
    """When a question is asked: "cloud", "all: cloud, patient_data", "any: …", "not: …"; else as YAML."""
    if condition == ALWAYS:
        return ""
    match condition:
        case Flagged(flag=flag):
            return flag
        case Not(condition=Flagged(flag=flag)):
            return f"not: {flag}"
        case AllOf(conditions=parts) | AnyOf(conditions=parts):
            flags = [part.flag for part in parts if isinstance(part, Flagged)]
            if len(flags) == len(parts):
                return f"{'all' if isinstance(condition, AllOf) else 'any'}: {', '.join(flags)}"
    return writing.as_yaml(writing.condition(condition)).strip()


# --- From a row to what the loader reads ---------------------------------------------------------


def raw(row: Mapping[str, str]) -> dict[str, Any]:
    """The question in this row as plain data; raises BadCell. What the values mean is the loader's to judge."""
    kept = {name: str(row.get(name, "")).strip() for name in COLUMNS}
    further = _further(kept["further"])
    shape = _shape(kept)
    if (compare := further.pop("compare_with", None)) is not None:
        shape["compare_with"] = compare
    made: dict[str, Any] = {
        "id": kept["id"],
        "scope": kept["scope"] or Scope.COMPANY.value,
        **{name: {language: kept[f"{name}_{language}"] for language in ("de", "en")} for name in TEXTS},
        "answer": shape,
        "weight": _number(kept["weight"] or "0", "weight"),
        "refs": {},
        "est_seconds": _number(kept["seconds"] or str(SECONDS), "seconds"),
    }
    if _truth(kept["knock_out"], "knock_out"):
        made["knock_out"] = True
    if kept["condition"]:
        made["applies_if"] = _condition(kept["condition"])
    if kept["evidence"]:
        made["evidence"] = _evidence(kept["evidence"])
    return {**made, **further}


def _shape(kept: Mapping[str, str]) -> dict[str, Any]:
    kind = kept["kind"]
    shape: dict[str, Any] = {"kind": kind}
    if kept["options"] or kind in {AnswerKind.SINGLE_CHOICE, AnswerKind.MULTI_CHOICE}:
        shape["options"] = _options(kept["options"])
    if kept["bands"]:
        shape["bands"] = _bands(kept["bands"])
    needed = {AnswerKind.NUMBER.value: "unit", AnswerKind.DATE.value: "date_rule"}.get(kind)
    shape |= {name: kept[name] for name in ("unit", "date_rule") if kept[name] or name == needed}
    shape |= {name: _number(kept[name], name) for name in ("minimum", "maximum", "max_length") if kept[name]}
    shape |= {name: True for name in ("lower_is_better", "allow_unknown", "allow_never") if _truth(kept[name], name)}
    return shape


def sets(text: str) -> frozenset[QuestionSet]:
    """The sets that a cell names; raises BadCell."""
    names = [name.strip().lower() for name in re.split(r"[,;\n]", text) if name.strip()]
    try:
        return frozenset(QuestionSet(name) for name in names)
    except ValueError as error:
        raise BadCell(
            "sets",
            N_("%(value)s names another set than %(known)s"),
            value=repr(text[:40]),
            known=", ".join(QuestionSet),
        ) from error


def _options(text: str) -> list[dict[str, Any]]:
    made = []
    for line in filter(None, map(str.strip, text.splitlines())):
        parts = [part.strip() for part in line.split("|")]
        if len(parts) != 4:  # noqa: PLR2004 - id, score, two languages
            raise BadCell("options", N_("%(value)s is not “id | score | Deutsch | English”"), value=repr(line[:60]))
        identity, score, german, english = parts
        option: dict[str, Any] = {"id": identity, "text": {"de": german, "en": english}}
        if score.endswith("!"):
            option["needs_comment"] = True
        score = score.removesuffix("!").strip()
        if score not in {NO_SCORE, "–", ""}:
            option["score"] = _number(score, "options")
        made.append(option)
    return made


def _bands(text: str) -> list[dict[str, Any]]:
    made = []
    for line in filter(None, map(str.strip, text.splitlines())):
        limit, bar, score = line.partition("|")
        if not bar:
            raise BadCell("bands", N_("%(value)s is not “limit | score”"), value=repr(line[:60]))
        made.append({"limit": _number(limit, "bands"), "score": _number(score, "bands")})
    return made


def _evidence(text: str) -> list[dict[str, Any]]:
    made = []
    for line in filter(None, map(str.strip, text.splitlines())):
        kind, _bar, months = (part.strip() for part in line.partition("|"))
        made.append({"type": kind, "validity_months": _number(months, "evidence") if months else None})
    return made


def _condition(text: str) -> Any:
    mode, colon, names = (part.strip() for part in text.partition(":"))
    if not colon and _WORDS.fullmatch(text) and "," not in text:
        return text
    if colon and _WORDS.fullmatch(names):
        flags = [name.strip() for name in names.split(",")]
        if mode in MODES:
            return {mode: flags}
        if mode == "not" and len(flags) == 1:
            return {"not": flags[0]}
    try:
        read = reading.parse(text)
    except BadFile as wrong:
        raise BadCell.of("condition", wrong) from wrong
    if not isinstance(read, dict):
        raise BadCell(
            "condition", N_("%(value)s is none of “flag”, “all: …”, “any: …”, “not: …”"), value=repr(text[:60])
        )
    return read


def _further(text: str) -> dict[str, Any]:
    if not text:
        return {}
    try:
        read = reading.parse(text)
    except BadFile as wrong:
        raise BadCell.of("further", wrong) from wrong
    if not isinstance(read, dict) or not set(read) <= {*FURTHER, "evidence", "compare_with"}:
        raise BadCell(
            "further",
            N_("holds something else than %(known)s"),
            known=", ".join((*FURTHER, "evidence", "compare_with")),
        )
    return dict(read)


def _number(text: str, column: str) -> float | int:
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError as error:
        raise BadCell(column, N_("%(value)s is not a number"), value=repr(text[:40])) from error
    if value != value or abs(value) > reading.LARGEST_NUMBER:  # noqa: PLR0124 - nothing else differs from itself
        raise BadCell(column, N_("is no number that can be meant"))
    return int(value) if value == int(value) else value


def _truth(text: str, column: str) -> bool:
    word = text.lower()
    if word in {YES, "ja", "true", "wahr", "x", "1"}:
        return True
    if word in {"", NO, "nein", "false", "falsch", "0"}:
        return False
    raise BadCell(column, N_("%(value)s is neither yes nor no"), value=repr(text[:40]))
