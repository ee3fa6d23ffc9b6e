"""What a hospital records for a vendor that never signs in: answers, their sources, and the editions made of them.

All of it is the hospital's. A company's own answers stand elsewhere and always come first.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import ID_LENGTH, Closed, Row, new_id


class SourceKind(StrEnum):
    """What a recorded answer was taken from."""

    DOCUMENT = "document"
    WORKBOOK = "workbook"  # the vendor filled in the questions and mailed them


class RecordedSource(Row):
    """A document or workbook that the vendor supplied, sealed under the hospital's key."""

    __tablename__ = "recorded_source"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        ForeignKeyConstraint(["hospital_id", "assessment_id"], ["assessment.hospital_id", "assessment.id"]),
        Index("ix_recorded_source_assessment", "hospital_id", "assessment_id"),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    assessment_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    kind: Mapped[SourceKind] = mapped_column(Closed(SourceKind))
    file_name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    blob_id: Mapped[str] = mapped_column(String(64))
    supplied_by: Mapped[str] = mapped_column(String(200), default="")  # who of the vendor sent it
    supplied_on: Mapped[date | None]
    added_by: Mapped[str] = mapped_column(String(200))
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class RecordedAnswer(Row):
    """One answer as the hospital read it; the company never sees `note`."""

    __tablename__ = "recorded_answer"
    __table_args__ = (
        ForeignKeyConstraint(["hospital_id", "assessment_id"], ["assessment.hospital_id", "assessment.id"]),
        ForeignKeyConstraint(["hospital_id", "source_id"], ["recorded_source.hospital_id", "recorded_source.id"]),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    assessment_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    question_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    supply_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default="")  # "" company-scoped
    value: Mapped[dict[str, Any] | None]  # None: taken back
    source_id: Mapped[str] = mapped_column(String(ID_LENGTH), index=True)
    place: Mapped[str] = mapped_column(String(200), default="")  # page or section, cell of the workbook
    note: Mapped[str] = mapped_column(Text, default="")
    by_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class Recording(Row):
    """A frozen recording: every recorded answer with the hash of its source, as scores and reviews read it."""

    __tablename__ = "recording"
    __table_args__ = (
        UniqueConstraint("hospital_id", "id"),
        UniqueConstraint("hospital_id", "assessment_id", "edition"),
        ForeignKeyConstraint(["hospital_id", "assessment_id"], ["assessment.hospital_id", "assessment.id"]),
    )

    hospital_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    assessment_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    edition: Mapped[int]
    manifest: Mapped[dict[str, Any]]
    sha256: Mapped[str] = mapped_column(String(64))
    by_name: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
