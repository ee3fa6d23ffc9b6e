"""The mails of a tender to one bidder, in that bidder's language; none names another."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from portal import i18n
from portal.db.models.tenders import TenderBidder
from portal.services.mails import outbox
from portal.services.mails.letters import Letter


def post(
    session: Session,
    bidder: TenderBidder,
    kind: str,
    words: Callable[[], tuple[str, str]],
    *,
    base_url: str,
    now: datetime,
) -> None:
    """Write to a bidder, with the way to the tender's page of its round; `words`: subject and what there is to say."""
    with i18n.speaking(bidder.language):
        subject, news = words()
        letter = Letter(
            subject=subject,
            paragraphs=(i18n.gettext("Good day,"), news),
            link=f"{base_url}/vendor/rounds/{bidder.assessment_id}/tender",
            link_text=i18n.gettext("Questions and answers of the tender"),
        )
    outbox.post(
        session,
        letter,
        kind=kind,
        to=bidder.contact_email,
        language=bidder.language,
        hospital_id=bidder.house_id,
        now=now,
    )
