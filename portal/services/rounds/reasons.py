"""Why a follow-up asks each of its questions, kept when it begins and told to both sides."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from portal.db.models.assessments import Assessment
from portal.db.models.vendors import Supply
from portal.services.rounds import catalogues
from questionnaires import continuing
from questionnaires.model import Catalogue
from scanners.model import N_


class Doubt(StrEnum):
    """Why a question that was signed needs a fresh look, or one that was not is asked."""

    PRODUCT = "product"
    FACTS = "facts"
    EVIDENCE = "evidence"
    AGE = "age"
    REASON = "reason"
    REWORDED = "reworded"
    CONTRADICTED = "contradicted"
    ADDED = "added"
    MISSING = "missing"
    POSSIBLE = "possible"


DOUBTS: Mapping[Doubt, str] = {
    Doubt.PRODUCT: N_("Products that nobody was asked about before"),
    Doubt.FACTS: N_("What the company delivers, because of the new products"),
    Doubt.EVIDENCE: N_("Documents that have ended or soon will"),
    Doubt.AGE: N_("Answers of more than two intervals ago"),
    Doubt.REASON: N_("In doubt by what happened"),
    Doubt.REWORDED: N_("Asked in other words since"),
    Doubt.CONTRADICTED: N_("Contradicted by what was seen from outside"),
    Doubt.ADDED: N_("New in the catalogue, or asked by the tier it has now"),
    Doubt.MISSING: N_("Never answered, and needed for these products"),
    Doubt.POSSIBLE: N_("Only if they apply by what the company now says of its products"),
}
# What the company reads beside a question; nothing of it tells a tier.
TOLD: Mapping[Doubt, str] = {
    Doubt.PRODUCT: N_("You were not asked about this product before."),
    Doubt.FACTS: N_("A product was added: does this still hold for all of them?"),
    Doubt.EVIDENCE: N_("A document beside your earlier answer has ended or soon will."),
    Doubt.AGE: N_("Your earlier answer was given long ago."),
    Doubt.REASON: N_("After what happened it needs a fresh look."),
    Doubt.REWORDED: N_("It is asked in other words than before."),
    Doubt.CONTRADICTED: N_("What was seen from outside speaks against your earlier answer."),
    Doubt.ADDED: N_("It was not among the questions before."),
    Doubt.MISSING: N_("You have not answered it before, and it bears on a product of this round."),
    Doubt.POSSIBLE: N_("You have not answered it before, and by what you say of your products it applies now."),
}
ALWAYS = N_("Every follow-up asks this.")
NAMED = N_("You have named this area as changed.")
FRESH = N_("It needs a fresh look.")  # of a round that was begun before reasons were kept


@dataclass(frozen=True, kw_only=True)
class Ground:
    """One reason, and what is asked for it."""

    doubt: Doubt
    questions: Sequence[str]  # ids, each once
    products: Sequence[str]  # names of those that it concerns alone; () of none in particular


def beside(catalogue: Catalogue, own: Iterable[str], assessment: Assessment, key: tuple[str, str]) -> Sequence[str]:
    """Why a follow-up asks this, in sentences for the company; () where a round asks everything anyway. `own` are the
    questions of the follow-up itself."""
    if not continuing.is_follow_up(catalogue):
        return ()
    if key[0] in own:
        return (ALWAYS,)
    because = assessment.asked_because or {}
    entries = continuing.entries_of(*key)
    doubts = dict.fromkeys(Doubt(word) for entry in entries for word in because.get(entry, ()))
    if doubts:
        return tuple(TOLD[one] for one in doubts)
    return (FRESH if continuing.is_asked_again(catalogues.again(assessment), *key) else NAMED,)


def beside_fact(catalogue: Catalogue, assessment: Assessment, question_id: str) -> Sequence[str]:
    """The same of a question about the company or what it delivers."""
    because = assessment.asked_because or {} if continuing.is_follow_up(catalogue) else {}
    return tuple(TOLD[Doubt(word)] for word in because.get(question_id, ()))


def grounds(because: Mapping[str, Iterable[str]], supplies: Iterable[Supply]) -> Sequence[Ground]:
    """The same for the hospital: by reason, in the order of the list above."""
    names = {one.id: one.name for one in supplies}
    found = []
    for doubt in Doubt:
        entries = sorted(entry for entry, words in because.items() if doubt.value in words)
        if entries:
            ids = dict.fromkeys(continuing.question_of(entry) for entry in entries)
            of = {names.get(entry.partition(continuing.OF)[2], "") for entry in entries}
            found.append(
                Ground(
                    doubt=doubt,
                    questions=[name for name in ids if name != continuing.EVERYTHING],
                    products=[] if "" in of else sorted(of),
                )
            )
    return found
