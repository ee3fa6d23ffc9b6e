"""How much of a round is somebody's: all of it for who leads or signs, for others the sections handed to them."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db.models.assessments import Assessment
from portal.db.models.delegations import Delegation
from portal.services.actors import COMPANY_LEADERS, EVERY_COMPANY_ROLE, Actor, company_of
from questionnaires.model import Catalogue

PROFILE = "profile"  # the questions before the sections, handed on like one of them


@dataclass(frozen=True, kw_only=True)
class Part:
    """The sections that are open to somebody; None: the whole round."""

    sections: frozenset[str] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether nothing is kept from them."""
        return self.sections is None

    def has(self, section: str) -> bool:
        """Whether this section is theirs."""
        return self.sections is None or section in self.sections

    def asks(self, catalogue: Catalogue, question_id: str) -> bool:
        """Whether this question stands in one of their sections."""
        return self.has(section_of(catalogue, question_id))


WHOLE = Part()


def section_of(catalogue: Catalogue, question_id: str) -> str:
    """Where a question stands; whatever is in no section belongs to the profile."""
    question = catalogue.questions.get(question_id)
    return question.section if question is not None else PROFILE


def of(session: Session, actor: Actor, assessment: Assessment) -> Part:
    """What the rows of this moment open to the actor; an empty part opens nothing."""
    company_id = company_of(actor, EVERY_COMPANY_ROLE)
    if actor.company_role in COMPANY_LEADERS:
        return WHOLE
    handed = session.scalars(
        select(Delegation.section).where(
            Delegation.company_id == company_id,
            Delegation.assessment_id == assessment.id,
            Delegation.email == actor.email,
        )
    )
    return Part(sections=frozenset(handed))
