"""Forms that a company filled in for others (MDS2, CAIQ, SIG): what they answer is laid beside our questions, to be
confirmed one by one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy.orm import Session

from portal import i18n
from portal.errors import BadInput
from portal.home import BERLIN
from portal.services.actors import Actor
from portal.services.answers import responses, suggestions
from portal.services.answers.suggestions import Left, Offer
from portal.services.rounds.rounds import Key, Round
from questionnaires import crossing
from questionnaires.crossing import Crossed, Proposal, Strictness
from questionnaires.foreign import Filled
from questionnaires.model import Scope, Text
from scanners.model import N_, Message

LONGEST_SOURCE = 200
NOON = time(12)


@dataclass(frozen=True, kw_only=True)
class Laid:
    """One answer of the form that now lies beside a question."""

    key: Key
    label: str
    section: str
    is_lower: bool  # the form says less than we ask: the option below the best is proposed


@dataclass(frozen=True, kw_only=True)
class Brought:
    """What became of a form."""

    title: Text
    filled: Filled
    laid: Sequence[Laid]
    left: Mapping[Left, int]
    crossed: Crossed


def bring(
    session: Session, actor: Actor, assessment_id: str, filled: Filled, supply_id: str, *, now: datetime
) -> Brought:
    """Lay what follows from the form beside the questions. A question of a product is meant of the one that is named.

    Raises BadInput for the field `product`.
    """
    asked = responses.questionnaire(session, actor, assessment_id, now=now)
    if supply_id not in {supply.id for supply in asked.supplies}:
        raise BadInput({"product": Message(text=N_("Choose the product that the form is about."))})
    crossed = crossing.cross(filled)
    given_at = _given_at(filled, now)
    source = _source(filled)
    placed = {
        _key(asked, one, supply_id): one for one in crossed.proposals if one.question_id in asked.catalogue.questions
    }
    offers = [
        Offer(
            key=key,
            value=one.value,
            given_at=given_at,
            source=_exactly(source, one),
        )
        for key, one in placed.items()
    ]
    done = suggestions.offer(session, actor, assessment_id, offers, source=source, now=now)
    return Brought(
        title=crossing.of(filled.form).title,
        filled=filled,
        laid=[_laid(asked, key, placed[key]) for key in done.laid],
        left=Counter(why for _key, why in done.left),
        crossed=crossed,
    )


def _key(asked: Round, one: Proposal, supply_id: str) -> Key:
    is_of_product = asked.catalogue.questions[one.question_id].scope is Scope.SUPPLY
    return one.question_id, supply_id if is_of_product else ""


def _laid(asked: Round, key: Key, one: Proposal) -> Laid:
    question = asked.catalogue.questions[key[0]]
    return Laid(
        key=key,
        label=question.label.get(i18n.language()),
        section=question.section,
        is_lower=one.strictness is Strictness.LOWER,
    )


def _given_at(filled: Filled, now: datetime) -> datetime:
    """The day that the form gives itself, as far as that has come; else it is as old as its upload."""
    if filled.released_on is None:
        return now
    return min(datetime.combine(filled.released_on, NOON, tzinfo=BERLIN), now)


def _exactly(source: str, one: Proposal) -> str:
    """With the numbers it follows from, and that they ask for less."""
    less = i18n.gettext("asks for less than we do") if one.strictness is Strictness.LOWER else ""
    return (f"{source}: {', '.join(one.sources)}" + (f" ({less})" if less else ""))[:LONGEST_SOURCE]


def _source(filled: Filled) -> str:
    title = crossing.of(filled.form).title.get(i18n.language())
    parts = [
        i18n.gettext("%(form)s of %(day)s", form=title, day=f"{filled.released_on:%d.%m.%Y}")
        if filled.released_on
        else title,
        i18n.gettext("device %(device)s", device=filled.device) if filled.device else "",
    ]
    return ", ".join(filter(None, parts))[: LONGEST_SOURCE - 60]
