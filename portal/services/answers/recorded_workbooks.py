"""The questions as a workbook for a vendor that never signs in: it goes out by mail, comes back, and is recorded."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from portal.db.models.accounts import Hospital
from portal.errors import Clash, NotFound
from portal.services import audit
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from portal.services.answers import answer_workbooks, recordings
from portal.services.answers.answer_workbooks import Comparison
from portal.services.answers.recordings import Origin
from portal.services.rounds.rounds import Key, Round
from questionnaires.model import AnswerShape
from reports.workbooks.answer_sheet import AnswerSheet, SheetSent


def sheet(session: Session, actor: Actor, assessment_id: str, *, now: datetime) -> AnswerSheet:
    """Everything the round may ask, with what was recorded so far."""
    hospital_of(actor, HOSPITAL_WRITERS)
    asked = recordings.questionnaire(session, actor, assessment_id, now=now)
    audit.record(session, actor, "recording.workbook-taken", assessment_id, now=now)
    return AnswerSheet(
        assessment_id=assessment_id,
        catalogue_id=asked.catalogue.id,
        catalogue_version=asked.catalogue.version,
        hospital=session.get_one(Hospital, asked.assessment.hospital_id).name,
        company=asked.assessment.vendor.name,
        due_on=asked.assessment.due_on,
        rows=answer_workbooks.open_rows(asked),
    )


def shapes(asked: Round) -> Mapping[str, AnswerShape]:
    """What an answer to each question of the round looks like, by question."""
    return {row.key[0]: row.shape for row in answer_workbooks.open_rows(asked)}


def compare(asked: Round, sent: SheetSent, *, now: datetime) -> Comparison:
    """What the workbook says beside what was recorded. Raises BadInput when it is that of another round."""
    return answer_workbooks.compared(asked, sent, answer_workbooks.open_rows(asked), now=now)


def take(
    session: Session,
    actor: Actor,
    assessment_id: str,
    *,
    source_id: str,
    sent: SheetSent,
    chosen: Mapping[Key, int],
    now: datetime,
) -> tuple[Sequence[Key], Sequence[Key]]:
    """Record what was chosen, each over the version that it was compared with: what was taken, and what was changed
    meanwhile and stays. Each answer names the workbook and its cell. Raises BadInput when it is that of another round.
    """
    answer_workbooks.refuse_strangers(recordings.questionnaire(session, actor, assessment_id, now=now), sent)
    rows = {row.key: row for row in sent.rows}
    taken, left = [], []
    for key, version in chosen.items():
        row = rows.get(key)
        if row is None:
            raise NotFound
        try:
            recordings.record(
                session,
                actor,
                assessment_id,
                key,
                row.values,
                origin=Origin(source_id=source_id, place=row.place),
                comment=row.comment,
                version=version,
                now=now,
            )
        except Clash:
            left.append(key)
        else:
            taken.append(key)
    detail = {"source": source_id, "answers": len(taken)}
    audit.record(session, actor, "recording.workbook-taken-over", assessment_id, now=now, detail=detail)
    return taken, left
