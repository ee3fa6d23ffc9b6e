"""What belongs to the company: answers, evidence, sign-off and the consent ledger."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db.base import ID_LENGTH, Closed, Row, new_id


class ConsentKind(StrEnum):
    """An entry of the ledger; entries are only added, the newest per class and host holds."""

    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class DeletionRule(StrEnum):
    """Why a document was deleted."""

    BY_HAND = "by_hand"  # the company deleted it
    RETENTION = "retention"  # its retention date passed


class Confidentiality(StrEnum):
    """How the owner wants a document handled."""

    NORMAL = "normal"
    CONFIDENTIAL = "confidential"


class Response(Row):
    """A company's side of one assessment."""

    __tablename__ = "response"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        UniqueConstraint("assessment_id"),
        ForeignKeyConstraint(["company_id", "assessment_id"], ["assessment.company_id", "assessment.id"]),
    )

    company_id: Mapped[str] = mapped_column(ForeignKey("company.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    assessment_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    created_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]  # the company let the hospital see the raw scan results

    answers: Mapped[list["Answer"]] = relationship(back_populates="response")


class Answer(Row):
    """One answer, or one profile answer; version counts the edits that were acknowledged."""

    __tablename__ = "answer"
    __table_args__ = (
        ForeignKeyConstraint(["company_id", "response_id"], ["response.company_id", "response.id"]),
        UniqueConstraint("company_id", "response_id", "question_id", "supply_id"),
    )

    company_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    response_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    question_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    supply_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default="")  # "" company-scoped
    value: Mapped[dict[str, Any] | None]  # {"is": …}; None: cleared
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime]
    updated_by: Mapped[str] = mapped_column(String(200))

    response: Mapped[Response] = relationship(back_populates="answers")


class Suggestion(Row):
    """An answer from elsewhere, laid beside a question; it counts for nothing until somebody has confirmed it."""

    __tablename__ = "suggestion"
    __table_args__ = (ForeignKeyConstraint(["company_id", "response_id"], ["response.company_id", "response.id"]),)

    company_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    response_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    question_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    supply_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default="")
    value: Mapped[dict[str, Any]]
    given_at: Mapped[datetime]  # when the answer was given that it comes from
    source: Mapped[str] = mapped_column(String(200))  # in the company's words: a round, a file
    is_changed: Mapped[bool] = mapped_column(default=False)  # the question has changed since: it needs a fresh look


class Evidence(Row):
    """A document of the company, encrypted under the company's key; its dates are its own, not the upload's."""

    __tablename__ = "evidence"
    __table_args__ = (UniqueConstraint("company_id", "id"),)

    company_id: Mapped[str] = mapped_column(ForeignKey("company.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(40))  # an evidence type of the catalogue
    file_name: Mapped[str] = mapped_column(String(200))  # as it is called here
    sent_as: Mapped[str] = mapped_column(String(200), default="")  # the file's own name; "": it is the same
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    blob_id: Mapped[str] = mapped_column(String(64))
    issuer: Mapped[str] = mapped_column(String(200), default="")
    scope: Mapped[str] = mapped_column(Text, default="")
    product: Mapped[str] = mapped_column(String(200), default="")
    release: Mapped[str] = mapped_column(String(60), default="")  # of that product
    issued_on: Mapped[date | None]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    confidentiality: Mapped[Confidentiality] = mapped_column(
        Closed(Confidentiality), default=Confidentiality.CONFIDENTIAL
    )
    is_view_only: Mapped[bool] = mapped_column(default=False)  # hospitals read its pages and get no file
    retain_until: Mapped[date | None]  # deleted on the day after, unless it is held
    uploaded_by: Mapped[str] = mapped_column(String(200))
    uploaded_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class AnswerEvidence(Row):
    """A document laid beside an answer."""

    __tablename__ = "answer_evidence"
    __table_args__ = (
        ForeignKeyConstraint(
            ["company_id", "response_id", "question_id", "supply_id"],
            ["answer.company_id", "answer.response_id", "answer.question_id", "answer.supply_id"],
        ),
        ForeignKeyConstraint(["company_id", "evidence_id"], ["evidence.company_id", "evidence.id"]),
    )

    company_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    response_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    question_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    supply_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default="")
    evidence_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)


class EvidenceOpening(Row):
    """Who opened a document and when; its owner sees this."""

    __tablename__ = "evidence_opening"
    __table_args__ = (ForeignKeyConstraint(["company_id", "evidence_id"], ["evidence.company_id", "evidence.id"]),)

    id: Mapped[int] = mapped_column(primary_key=True)
    company_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    evidence_id: Mapped[str] = mapped_column(String(ID_LENGTH), index=True)
    who: Mapped[str] = mapped_column(String(400))
    at: Mapped[datetime]
    page: Mapped[int | None]  # that was shown; None: the file was saved


class EvidenceDeletion(Row):
    """What was deleted, when and by which rule; `gone_at` is when the file was seen to be off the disk."""

    __tablename__ = "evidence_deletion"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        ForeignKeyConstraint(["company_id", "evidence_id"], ["evidence.company_id", "evidence.id"]),
        UniqueConstraint("evidence_id"),
    )

    company_id: Mapped[str] = mapped_column(ForeignKey("company.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    evidence_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    rule: Mapped[DeletionRule] = mapped_column(Closed(DeletionRule))
    retain_until: Mapped[date | None]  # the date that had passed, under that rule
    by_name: Mapped[str] = mapped_column(String(200), default="")  # whoever deleted it by hand
    decided_at: Mapped[datetime]
    gone_at: Mapped[datetime | None]
    event: Mapped[str] = mapped_column(String(64), default="")  # the hash of its event in the company's trail


class EvidenceNotice(Row):
    """The company was told that a document ends: once for each of the steps, and anew when its end moved."""

    __tablename__ = "evidence_notice"
    __table_args__ = (ForeignKeyConstraint(["company_id", "evidence_id"], ["evidence.company_id", "evidence.id"]),)

    company_id: Mapped[str] = mapped_column(ForeignKey("company.id"))
    evidence_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    ends_on: Mapped[date] = mapped_column(primary_key=True)
    days: Mapped[int] = mapped_column(primary_key=True)  # 90, 30 or 7
    told_at: Mapped[datetime]


class SignOff(Row):
    """A frozen submission: every answer and the hash of every document, under a person's name and function."""

    __tablename__ = "sign_off"
    __table_args__ = (
        UniqueConstraint("response_id", "edition"),
        ForeignKeyConstraint(["company_id", "response_id"], ["response.company_id", "response.id"]),
    )

    company_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    response_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    edition: Mapped[int]  # 1, 2 … after a return
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    signer_name: Mapped[str] = mapped_column(String(200))
    signer_function: Mapped[str] = mapped_column(String(200))
    statement_version: Mapped[str] = mapped_column(String(20))
    manifest: Mapped[dict[str, Any]]
    sha256: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


class Consent(Row):
    """One entry of the consent ledger; host_name "" speaks for all hosts. The database refuses to change one."""

    __tablename__ = "consent"
    __table_args__ = (
        UniqueConstraint("company_id", "id"),
        ForeignKeyConstraint(["company_id", "assessment_id"], ["assessment.company_id", "assessment.id"]),
    )

    company_id: Mapped[str] = mapped_column(ForeignKey("company.id"))
    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    assessment_id: Mapped[str] = mapped_column(String(ID_LENGTH), index=True)
    host_name: Mapped[str] = mapped_column(String(253), default="")
    check_class: Mapped[str] = mapped_column(String(20))
    kind: Mapped[ConsentKind] = mapped_column(Closed(ConsentKind))
    text_version: Mapped[str] = mapped_column(String(20))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    person_name: Mapped[str] = mapped_column(String(200))
    person_function: Mapped[str] = mapped_column(String(200), default="")
    window_from: Mapped[datetime | None]
    window_to: Mapped[datetime | None]
    emergency_contact: Mapped[str] = mapped_column(String(300), default="")
    at: Mapped[datetime]
    terms: Mapped[dict[str, Any] | None]  # what stood beside the text: User-Agent, source addresses, who stops a scan


class DomainControl(Row):
    """Whether a company has shown that it controls a host: by a DNS record or a file; a proof ages."""

    __tablename__ = "domain_control"

    company_id: Mapped[str] = mapped_column(ForeignKey("company.id"), primary_key=True)
    host_name: Mapped[str] = mapped_column(String(253), primary_key=True)
    token: Mapped[str] = mapped_column(String(60))  # to be published, so no secret
    created_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]  # a check is wanted; None: none is
    checked_at: Mapped[datetime | None]
    proven_at: Mapped[datetime | None]  # the last check that found the token
    method: Mapped[str] = mapped_column(String(20), default="")  # of that check: "dns" or "well-known"
    place: Mapped[str] = mapped_column(String(300), default="")  # where it was found
    reason: Mapped[str] = mapped_column(Text, default="")  # of the last check when it found nothing
    reason_values: Mapped[dict[str, Any] | None]
