"""Are we in scope? The class of § 28 BSIG in sentences, each with the paragraph that says so."""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from questionnaires import reading, scoping, shelf
from questionnaires.model import Text
from questionnaires.scoping import EntityClass, Size

DIGITAL = frozenset(
    {
        *("cloud", "data_centre", "cdn", "msp", "mssp", "dns", "tld"),
        *("online_marketplace", "online_search", "social_network", "trust_qualified", "trust_other"),
    }
)  # Implementing Regulation (EU) 2024/2690 binds these
TRUST = frozenset({"trust_qualified", "trust_other"})
DEVICES = frozenset({"md_manufacturing", "ivd_manufacturing"})
KINDS_QUESTION = "P-09"  # of the catalogue: the entity types in both languages
HOME = "DE"


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What somebody says of a company."""

    types: tuple[str, ...] = ()
    size: Size = field(default_factory=Size)
    critical_facility: bool = False
    negligible: bool = False  # the covered activity is negligible against the whole business
    group_it_independent: bool = True
    two_years: bool = True  # the figures held in two consecutive years
    dora: bool = False
    ti_service: bool = False
    country: str = HOME  # of the main establishment


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One sentence, and the paragraph it rests on."""

    text: Text
    cite: Text


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What § 28 BSIG makes of the situation, why, what follows from it, and what to look at again."""

    entity_class: EntityClass
    reasons: tuple[Reason, ...]
    duties: tuple[Reason, ...]
    cautions: tuple[Reason, ...]
    binds_ir_2024_2690: bool


@functools.cache
def _sentences() -> tuple[Mapping[str, Reason], Mapping[str, Text]]:
    file = resources.files("questionnaires").joinpath("scope.yaml")
    top = reading.fields(reading.parse(file.read_bytes()), "scope", need={"annexes", "sentences"})
    sentences = {str(name): _reason(str(name), raw) for name, raw in top["sentences"].items()}
    annexes = {str(name): reading.text(raw, str(name)) for name, raw in top["annexes"].items()}
    return sentences, annexes


def _reason(name: str, raw: Any) -> Reason:
    found = reading.fields(raw, name, need={"text", "cite"})
    return Reason(text=reading.text(found["text"], name), cite=reading.text(found["cite"], name))


def kinds() -> Mapping[str, Text]:
    """The entity types that can be chosen, in the words of the questionnaire."""
    question = next(each for each in shelf.current().profile if each.id == KINDS_QUESTION)
    return {option.id: option.text for option in question.shape.options}


def answer(situation: Situation) -> Answer:
    """The class with its reasons. No more than the rules say; who has a doubt asks a lawyer."""
    found = scoping.classify(
        situation.types,
        situation.size,
        critical_facility=situation.critical_facility,
        negligible=situation.negligible,
    )
    binds = found is not EntityClass.NONE and bool(DIGITAL & set(situation.types))
    return Answer(
        entity_class=found,
        reasons=tuple(_reasons(situation, found)),
        duties=tuple(_sentence(name) for name in _duties(situation, found)),
        cautions=tuple(_sentence(name) for name in _cautions(situation, found, binds=binds)),
        binds_ir_2024_2690=binds,
    )


def _sentence(name: str) -> Reason:
    return _sentences()[0][name]


def _reasons(situation: Situation, found: EntityClass) -> Iterator[Reason]:
    yield from _kinds_of(situation)
    yield _sentence(_rule(situation, found))
    if situation.negligible:
        yield _sentence("negligible")
    if DEVICES & set(situation.types):
        yield _sentence("device_maker")


def _kinds_of(situation: Situation) -> Iterator[Reason]:
    sentence, words, annexes = _sentence("kind"), kinds(), _sentences()[1]
    for name in situation.types:
        if name in annexes:
            yield Reason(
                text=Text(
                    de=sentence.text.de % {"kind": words[name].de}, en=sentence.text.en % {"kind": words[name].en}
                ),
                cite=annexes[name],
            )


def _rule(situation: Situation, found: EntityClass) -> str:
    """The first rule that fits, as `scoping.classify` goes through them."""
    types, size = set(situation.types), situation.size
    covered = types & (scoping.ANNEX_1 | scoping.ANNEX_2)
    rules = (
        ("critical", situation.critical_facility),
        ("any_size", bool(types & scoping.ANY_SIZE)),
        ("telecom_medium", "telecom" in types and size.medium_or_larger),
        ("large_annex1", found is EntityClass.ESSENTIAL),
        ("trust_any", "trust_other" in types),
        ("telecom_small", "telecom" in types),
        ("medium", found is EntityClass.IMPORTANT),
        ("too_small", bool(covered) and not (situation.negligible and size.medium_or_larger)),
    )
    return next((name for name, fits in rules if fits), "no_kind" if not covered else "negligible")


def _duties(situation: Situation, found: EntityClass) -> Iterator[str]:
    if found is EntityClass.NONE:
        yield "duty_contract"
        return
    if situation.dora:
        yield from ("dora", "duty_registration")
        return
    if situation.ti_service:
        yield "ti_service"
    yield from ("duty_measures", "duty_reports", "duty_registration", "duty_management")
    if situation.critical_facility:
        yield "duty_critical"
    yield "duty_supervised" if found is EntityClass.ESSENTIAL else "duty_afterwards"


def _cautions(situation: Situation, found: EntityClass, *, binds: bool) -> Iterator[str]:
    types = set(situation.types)
    if binds:
        yield "digital"
        if not types & DIGITAL <= TRUST:
            yield "establishment"
    unsized = situation.size.headcount is None and (situation.size.turnover is None or situation.size.balance is None)
    checks = (
        ("missing", unsized and found is EntityClass.NONE and bool(types & (scoping.ANNEX_1 | scoping.ANNEX_2))),
        ("group", not situation.group_it_independent),
        ("two_years", not situation.two_years),
        ("abroad", situation.country != HOME),
        ("software_only", "software_only" in types),
        ("remote_maintenance", bool(types & {"software_only", "md_manufacturing", "ivd_manufacturing", "msp"})),
        ("emergency_list", "md_phe_critical_list" in types),
        ("dealer", "trade_only" in types),
    )
    yield from (name for name, fits in checks if fits)
    yield "counting"
    yield "customers"
