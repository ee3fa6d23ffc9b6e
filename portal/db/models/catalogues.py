"""Catalogues of questions that a hospital put together: a draft may change, a released one never does."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import ID_LENGTH, Row, new_id


class OwnCatalogue(Row):
    """One version; `document` is the whole of it as YAML, `sha256` the digest by which a released one is known."""

    __tablename__ = "own_catalogue"
    __table_args__ = (UniqueConstraint("hospital_id", "id"), UniqueConstraint("hospital_id", "catalogue_id", "version"))

    hospital_id: Mapped[str] = mapped_column(ForeignKey("hospital.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    catalogue_id: Mapped[str] = mapped_column(String(60))
    version: Mapped[str] = mapped_column(String(20))  # "draft" until it is released
    base_id: Mapped[str] = mapped_column(String(60))
    base_version: Mapped[str] = mapped_column(String(20))
    document: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    edits: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(200))
    changed_at: Mapped[datetime]
    released_at: Mapped[datetime | None]
    released_by: Mapped[str] = mapped_column(String(200), default="")
    withdrawn_at: Mapped[datetime | None]  # no longer offered to new rounds; those that began keep it
