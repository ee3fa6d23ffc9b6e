"""What one round asks of a company: which questions, for which supplies, and what was answered so far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from assessments import gathering
from assessments.model import AnswerFact, Dossier
from assessments.model import Supply as SupplyFact
from portal.db.models.assessments import Assessment
from portal.db.models.responses import Answer, Response
from portal.db.models.vendors import Supply
from portal.services.registers import dossiers
from portal.services.rounds import catalogues, follow_ups, reasons
from portal.services.rounds.scopes import PROFILE, WHOLE, Part
from portal.services.vendors import vendors
from questionnaires import answering, continuing
from questionnaires.model import AnswerValue, Catalogue, ProfileQuestion, Question, QuestionSet, Section

Key = tuple[str, str]  # question id, supply id ("" for the company as a whole)


@dataclass(frozen=True, kw_only=True)
class Slot:
    """One place for an answer."""

    question: Question
    supply_id: str
    supply_name: str
    answer: Answer | None
    reasons: Sequence[str] = ()  # why a follow-up asks it; see reasons.py

    @property
    def value(self) -> AnswerValue | None:
        """What was answered; None: nothing, or cleared."""
        return value_of(self.answer)

    @property
    def key(self) -> Key:
        """By which its answer is stored."""
        return self.question.id, self.supply_id


@dataclass(frozen=True, kw_only=True)
class Round:
    """One assessment as a questionnaire."""

    assessment: Assessment
    response: Response | None
    catalogue: Catalogue
    question_set: QuestionSet
    supplies: Sequence[Supply]
    profile: Mapping[str, Answer]  # by profile question, answered or cleared
    slots: Sequence[Slot]
    part: Part = WHOLE  # what is open to whoever looks; nothing else is in profile, slots and answers

    @property
    def profile_questions(self) -> Sequence[ProfileQuestion]:
        """What the company says about itself first."""
        return answering.asked_profile(self.catalogue) if self.part.has(PROFILE) else ()

    @property
    def answers(self) -> Mapping[Key, Answer]:
        """Every row there is, also of questions that the profile hides now."""
        rows = self.response.answers if self.response else ()
        return {
            (row.question_id, row.supply_id): row for row in rows if self.part.asks(self.catalogue, row.question_id)
        }

    @property
    def sections(self) -> Sequence[Section]:
        """The sections that have something to ask now."""
        asked = {slot.question.section for slot in self.slots}
        return [section for section in self.catalogue.sections if section.id in asked]

    def of_section(self, section_id: str) -> Sequence[Slot]:
        """The slots of one section, in its order."""
        return [slot for slot in self.slots if slot.question.section == section_id]

    def slot(self, key: Key) -> Slot | None:
        """The slot of that key, if it is asked now."""
        return next((slot for slot in self.slots if slot.key == key), None)

    @property
    def missing(self) -> Sequence[Slot]:
        """The slots without an answer."""
        return [slot for slot in self.slots if slot.value is None]

    @property
    def missing_profile(self) -> Sequence[ProfileQuestion]:
        """The profile questions without an answer."""
        return [one for one in self.profile_questions if value_of(self.profile.get(one.id)) is None]


def load(session: Session, assessment: Assessment, *, now: datetime, part: Part = WHOLE) -> Round:
    """The round as it stands: profile and intake decide what shows; hidden answers stay in their rows."""
    response = session.scalars(
        select(Response).where(Response.assessment_id == assessment.id).options(selectinload(Response.answers))
    ).first()
    return of_response(session, assessment, response, now=now, part=part)


def of_response(
    session: Session, assessment: Assessment, response: Response | None, *, now: datetime, part: Part = WHOLE
) -> Round:
    """The round with these answers, which need not be those of a company."""
    catalogue = catalogues.of(session, assessment)
    rows = {(row.question_id, row.supply_id): row for row in (response.answers if response else ())}
    profile = {question.id: row for question in catalogue.profile if (row := rows.get((question.id, ""))) is not None}
    known = {**follow_ups.facts(session, assessment), **values(profile)}
    supplies = vendors.supplies_of(session, assessment)
    names = {supply.id: supply.name for supply in supplies}
    dossier = Dossier(
        hospital="",
        vendor_key="",
        vendor_name="",
        at=now,
        catalogue=catalogue,
        question_set=QuestionSet(assessment.question_set),
        checks={},
        checks_version="",
        supplies=tuple(_of_round(assessment, row, catalogue, known) for row in supplies),
        profile=known,
        answers=tuple(
            AnswerFact(question_id=question, supply=supply or None, value=value)
            for (question, supply), row in rows.items()
            if (value := value_of(row)) is not None
        ),
    )
    own = catalogues.get(
        session, assessment.hospital_id, assessment.catalogue_id, assessment.catalogue_version
    ).questions
    slots = [
        Slot(
            question=asked.question,
            supply_id=asked.supply or "",
            supply_name=names.get(asked.supply or "", ""),
            answer=rows.get((asked.question.id, asked.supply or "")),
            reasons=reasons.beside(catalogue, own, assessment, (asked.question.id, asked.supply or "")),
        )
        for asked in gathering.asked(dossier)
        if part.has(asked.question.section)
    ]
    return Round(
        assessment=assessment,
        response=response,
        catalogue=catalogue,
        question_set=QuestionSet(assessment.question_set),
        supplies=supplies,
        profile=profile if part.has(PROFILE) else {},
        slots=slots,
        part=part,
    )


def _of_round(
    assessment: Assessment, row: Supply, catalogue: Catalogue, known: Mapping[str, AnswerValue]
) -> SupplyFact:
    """A product with what a follow-up asks of it alone."""
    fact = dossiers.supply_fact(row, row.id, catalogue, known, for_hospital=False)
    return replace(fact, flags=fact.flags | continuing.flags_of(catalogues.again(assessment), row.id))


def value_of(row: Answer | None) -> AnswerValue | None:
    """The answer of a row; None for none, and for one that was cleared."""
    return answering.load(row.value) if row is not None and row.value is not None else None


def values(rows: Mapping[str, Answer]) -> Mapping[str, AnswerValue]:
    """The answers of rows by the same key, without those that were cleared."""
    return {key: value for key, row in rows.items() if (value := value_of(row)) is not None}
