"""Mails to people about their own account: somebody changed how it is proved that they are they."""

from datetime import datetime
from enum import Enum

from sqlalchemy.orm import Session

from portal import i18n
from portal.db.models.accounts import Person
from portal.home import BERLIN
from portal.services.mails import outbox
from portal.services.mails.letters import Letter
from scanners.model import N_


class Change(Enum):
    """What was changed, as its owner is told."""

    PASSWORD = N_("The password of your account was changed.")
    SECOND_FACTOR = N_("A second factor was set up for your account.")
    SECOND_FACTOR_GONE = N_("The second factor of your account was removed by the operator of the portal.")
    RECOVERY_CODES = N_("New recovery codes were made for your account; the old ones are void.")
    RECOVERY_CODE_USED = N_("Somebody signed in to your account with a recovery code in place of the second factor.")


def tell(session: Session, person: Person, change: Change, *, now: datetime) -> None:
    """Write to the address the account has; no link is in it, for links in such mails are what thieves imitate."""
    with i18n.speaking(person.language):
        when = now.astimezone(BERLIN)
        letter = Letter(
            subject=i18n.gettext("Kettenblick: a change to your account"),
            paragraphs=[
                i18n.gettext("Good day,"),
                i18n.gettext(change.value),
                i18n.gettext("When: %(day)s, %(time)s", day=when.strftime("%d.%m.%Y"), time=when.strftime("%H:%M")),
            ],
            closing=[
                i18n.gettext(
                    "If it was you, you need do nothing. If it was not, choose “Password forgotten?” on the "
                    "sign-in page at once and tell the administrator of your hospital or the operator of the portal."
                )
            ],
        )
    outbox.post(
        session,
        letter,
        kind="account-changed",
        to=person.email,
        language=person.language,
        now=now,
    )
