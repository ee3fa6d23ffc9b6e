"""What came back: single questions of all rounds of a company, each with the hospital's remark, in one list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.db.models.assessments import Stage
from portal.services.actors import Actor
from portal.services.answers import responses
from portal.services.answers.responses import Head
from portal.services.rounds.rounds import Key
from questionnaires.model import Text


@dataclass(frozen=True, kw_only=True)
class CameBack:
    """One question that a hospital sent back."""

    head: Head
    key: Key
    text: Text
    product: str
    remark: str
    is_touched: bool  # changed since; it goes back with the next edition


def of_company(session: Session, actor: Actor, *, now: datetime) -> Sequence[CameBack]:
    """Everything that came back and is the actor's to answer, what is due first; what nobody has touched leads."""
    found = []
    for head in responses.of_company(session, actor):
        if head.stage is not Stage.RETURNED:
            continue
        asked = responses.questionnaire(session, actor, head.id, now=now)
        for key, remark in responses.remarks(session, asked).items():
            slot = asked.slot(key)
            if slot is None:  # another profile hides it now
                continue
            changed = slot.answer.updated_at if slot.answer is not None else None
            found.append(
                CameBack(
                    head=head,
                    key=key,
                    text=slot.question.text,
                    product=slot.supply_name,
                    remark=remark,
                    is_touched=changed is not None and head.submitted_at is not None and changed > head.submitted_at,
                )
            )
    return sorted(found, key=lambda one: (one.is_touched, one.head.due_on, one.head.id, one.key))
