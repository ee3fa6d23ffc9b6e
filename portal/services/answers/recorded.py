"""What of a recording counts: its newest closed edition, where the company has said nothing."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from assessments import recording
from assessments.model import Recorded
from portal.db.models.assessments import Assessment
from portal.db.models.recordings import Recording

MARK = "recorded"  # of an entry that the hospital recorded: by whom, and where it was read

Manifest = Mapping[str, Any]


def latest(session: Session, assessment: Assessment) -> Recording | None:
    """The newest closed edition."""
    return session.scalars(
        select(Recording)
        .where(Recording.hospital_id == assessment.hospital_id, Recording.assessment_id == assessment.id)
        .order_by(Recording.edition.desc())
        .limit(1)
    ).first()


def over(edition: Recording | None, manifest: Manifest) -> Manifest:
    """A company's manifest with what was recorded for the places that it left open."""
    if edition is None:
        return manifest
    answers = recording.merged(
        manifest["answers"], edition.manifest["answers"], lambda entry: (entry["question"], entry["supply"])
    )
    return {**manifest, "answers": list(answers)}


def origin(entry: Mapping[str, Any]) -> Recorded | None:
    """Where an entry comes from; None: the company said it."""
    told = entry.get(MARK)
    return Recorded(**told) if told is not None else None
