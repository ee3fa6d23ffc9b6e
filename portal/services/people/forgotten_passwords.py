"""The mail by which somebody who forgot their password sets a new one."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal import i18n
from portal.services.mails import outbox
from portal.services.mails.letters import Letter
from portal.services.people import accounts


def send_link(session: Session, *, email: str, address: str, base_url: str, now: datetime) -> None:
    """Send a link to whoever has this address; to the one who asks it looks the same if nobody has it."""
    asked = accounts.ask_for_new_password(session, email=email, address=address, now=now)
    if asked is None:
        return
    token, person = asked
    with i18n.speaking(person.language):
        letter = Letter(
            subject=i18n.gettext("A new password for Kettenblick"),
            paragraphs=[
                i18n.gettext("Good day,"),
                i18n.gettext(
                    "somebody asked for a new password for this address. If it was you, the link lets you choose one "
                    "within the hour. Your second factor stays as it is."
                ),
            ],
            link=f"{base_url}/new-password/{token}",
            link_text=i18n.gettext("Choose a new password"),
            closing=[i18n.gettext("If it was not you, you need do nothing: without this link nothing changes.")],
        )
    outbox.post(
        session,
        letter,
        kind="new-password",
        to=person.email,
        language=person.language,
        now=now,
    )
