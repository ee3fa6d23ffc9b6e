"""How far a company has come with a round, for the steps above its pages."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.db.models.assessments import Assessment
from portal.services.actors import Actor
from portal.services.answers import responses
from portal.services.answers.responses import Head
from portal.services.scans import consents, scan_results


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Each step: done or not."""

    head: Head
    is_decided: bool  # agreed to a scan, or refused it
    has_result: bool  # also when there will be none
    asked: int
    answered: int
    minutes_left: int
    is_whole: bool = True  # False: it speaks of the sections that were handed to somebody

    @property
    def is_answered(self) -> bool:
        """Whether nothing is left to answer."""
        return self.answered == self.asked

    @property
    def is_handed_in(self) -> bool:
        """Whether the hospital has it."""
        return self.head.submitted_at is not None and not self.head.may_be_changed


def of_round(session: Session, actor: Actor, assessment_id: str, *, now: datetime) -> Standing:
    """One round as it stands."""
    asked = responses.questionnaire(session, actor, assessment_id, now=now)
    assessment, is_whole = asked.assessment, asked.part.is_whole
    all_slots = len(asked.slots) + len(asked.profile_questions)
    return Standing(
        head=responses.head(session, actor, assessment_id),
        is_decided=is_whole and (assessment.documents_only or consents.is_granted(session, assessment)),
        has_result=is_whole and (assessment.documents_only or _has_result(session, assessment)),
        asked=all_slots,
        answered=all_slots - len(asked.missing) - len(asked.missing_profile),
        minutes_left=responses.minutes_left(asked),
        is_whole=is_whole,
    )


def _has_result(session: Session, assessment: Assessment) -> bool:
    good = scan_results.latest_good_of_company(
        session, assessment.hospital_id, assessment.vendor_id, assessment.company_id
    )
    return good is not None
