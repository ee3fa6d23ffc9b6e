"""What a sign-off freezes: every answer and the hash of every document, in one form that hashes the same for ever."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db.models.responses import Answer, AnswerEvidence, Evidence, Response, SignOff

FORM = 1
LONGEST_WORDS = 4000  # characters of what a company says on the whole


def make(session: Session, response: Response) -> dict[str, Any]:
    """The response as it stands: this is what the hospital will read, whatever is edited later."""
    answers = session.scalars(
        select(Answer)
        .where(Answer.company_id == response.company_id, Answer.response_id == response.id, Answer.value.is_not(None))
        .order_by(Answer.question_id, Answer.supply_id)
    )
    links = session.execute(
        select(AnswerEvidence.evidence_id, AnswerEvidence.question_id, AnswerEvidence.supply_id)
        .where(AnswerEvidence.company_id == response.company_id, AnswerEvidence.response_id == response.id)
        .order_by(AnswerEvidence.evidence_id, AnswerEvidence.question_id, AnswerEvidence.supply_id)
    ).all()
    documents = session.scalars(
        select(Evidence)
        .where(
            Evidence.company_id == response.company_id,
            Evidence.id.in_({link.evidence_id for link in links}),
            Evidence.deleted_at.is_(None),
        )
        .order_by(Evidence.id)
    )
    return {
        "form": FORM,
        "answers": [_answer(answer) for answer in answers],
        "evidence": [
            _document(document, [link for link in links if link.evidence_id == document.id]) for document in documents
        ],
    }


def digest(manifest: Mapping[str, Any]) -> str:
    """The SHA-256 of the manifest in its one canonical form."""
    text = json.dumps(manifest, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def words(manifest: Mapping[str, Any]) -> str:
    """What the company said on the whole when it signed; "" for nothing."""
    return str(manifest.get("words", ""))


def latest(session: Session, response: Response) -> SignOff | None:
    """The newest edition of a response."""
    return session.scalars(
        select(SignOff)
        .where(SignOff.company_id == response.company_id, SignOff.response_id == response.id)
        .order_by(SignOff.edition.desc())
        .limit(1)
    ).first()


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "question": answer.question_id,
        "supply": answer.supply_id,
        "value": answer.value,
        "at": answer.updated_at.isoformat(),
        "by": answer.updated_by,
    }


def _document(document: Evidence, links: list[Any]) -> dict[str, Any]:
    dates = {name: getattr(document, name) for name in ("issued_on", "valid_from", "valid_to")}
    return {
        "id": document.id,
        "kind": document.kind,
        "name": document.file_name,
        **({"sent_as": document.sent_as} if document.sent_as else {}),
        "sha256": document.sha256,
        **{name: day.isoformat() if day else None for name, day in dates.items()},
        **{name: getattr(document, name) for name in ("issuer", "scope", "product", "release")},
        "uploaded_at": document.uploaded_at.isoformat(),
        "for": [[link.question_id, link.supply_id] for link in links],
    }
