"""An answer pack that a company brought for one of its rounds; it goes when the round is handed in."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import ID_LENGTH, Closed, Row, new_id


class PackStanding(StrEnum):
    """What the signature of a pack says; none of them makes an answer true."""

    OURS = "ours"  # unchanged since it left this instance
    KNOWN = "known"  # unchanged since it left an instance that the operator has named
    UNKNOWN = "unknown"  # unchanged since somebody signed it whom nobody here knows
    ALTERED = "altered"  # not as it was signed: taken as any file from outside


class AnswerPack(Row):
    """The pack that was loaded for a round, one at a time; its answers count for nothing."""

    __tablename__ = "answer_pack"
    __table_args__ = (
        UniqueConstraint("assessment_id"),
        ForeignKeyConstraint(["company_id", "assessment_id"], ["assessment.company_id", "assessment.id"]),
    )

    company_id: Mapped[str] = mapped_column(ForeignKey("company.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    assessment_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    document: Mapped[dict[str, Any]]  # the part that was signed, as it stood in the file
    standing: Mapped[PackStanding] = mapped_column(Closed(PackStanding))
    instance: Mapped[str] = mapped_column(String(200), default="")  # as the operator calls it; "" unknown or ours
    fingerprint: Mapped[str] = mapped_column(String(64))  # of the key that it says it was signed with
    products: Mapped[dict[str, Any] | None]  # the supply that was chosen for each of its products
    file_name: Mapped[str] = mapped_column(String(200))
    loaded_by: Mapped[str] = mapped_column(String(200))
    loaded_at: Mapped[datetime]
