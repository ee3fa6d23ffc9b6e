"""The mails of a tender to one bidder, in that bidder's language; none names another."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import i18n
from portal.db.models.assessments import Invitation
from portal.db.models.tenders import TenderBidder
from portal.services.mails import outbox
from portal.services.mails.letters import Letter


def written(language: str, words: Callable[[], tuple[str, ...]], *, round_id: str, base_url: str) -> Letter:
    """The letter to a bidder, with the way to the tender's page of its round; `words`: subject, and what there is to
    say in paragraphs."""
    with i18n.speaking(language):
        subject, *news = words()
        return Letter(
            subject=subject,
            paragraphs=(i18n.gettext("Good day,"), *news),
            link=f"{base_url}/vendor/rounds/{round_id}/tender",
            link_text=i18n.gettext("Questions and answers of the tender"),
        )


def post(
    session: Session,
    bidder: TenderBidder,
    kind: str,
    words: Callable[[], tuple[str, ...]],
    *,
    base_url: str,
    now: datetime,
) -> None:
    """Write to a bidder: to whom the hospital named, and to the colleague whom the invitation was handed on to."""
    letter = written(bidder.language, words, round_id=bidder.assessment_id or "", base_url=base_url)
    for address in _addresses(session, bidder):
        outbox.post(
            session,
            letter,
            kind=kind,
            to=address,
            language=bidder.language,
            hospital_id=bidder.house_id,
            now=now,
        )


def _addresses(session: Session, bidder: TenderBidder) -> Sequence[str]:
    asked = session.scalars(
        select(Invitation)
        .where(Invitation.hospital_id == bidder.house_id, Invitation.assessment_id == bidder.assessment_id)
        .order_by(Invitation.created_at.desc(), Invitation.id)
        .limit(1)
    )
    return list(dict.fromkeys([bidder.contact_email.lower(), *(one.email.lower() for one in asked)]))
