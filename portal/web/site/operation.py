"""The operator's pages: how the instance stands, and the mails that wait to be read here."""

from flask import Response

from portal.files import disk
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services import jobs
from portal.services.mails import outbox
from portal.web import pages
from portal.web.journey import PersonJourney, Who
from portal.web.site.room import site
from portal.web.tables import Column

MAIL_COLUMNS = (
    Column(key="subject", title=_l("Subject"), heads=True),
    Column(key="to", title=_l("To")),
    Column(key="state", title=_l("State")),
    Column(key="at", title=_l("Written"), kind="date"),
)


@site.get("/operation", who=Who.OPERATOR)
def operator(here: PersonJourney) -> Response:
    """How the instance stands."""
    return pages.page(
        "site/operation.html",
        settings=here.settings,
        counts=jobs.counts(here.session),
        oldest=jobs.oldest_waiting(here.session, now=here.now),
        dead=jobs.dead(here.session, here.actor),
        free_bytes=disk.free_bytes(here.settings.data_dir),
    )


@site.get("/operation/outbox", who=Who.OPERATOR)
def mails(here: PersonJourney) -> Response:
    """The mails of late; without a relay this is where they are read."""
    return pages.page("site/mails.html", mails=outbox.newest(here.session, here.actor), columns=MAIL_COLUMNS)


@site.get("/operation/outbox/<mail_id>", who=Who.OPERATOR)
def mail(here: PersonJourney, mail_id: str) -> Response:
    """One mail, as its reader gets it."""
    return pages.page("site/mail.html", mail=outbox.find(here.session, here.actor, mail_id))


@site.post("/operation/outbox/<mail_id>", who=Who.OPERATOR)
def send_mail_again(here: PersonJourney, mail_id: str) -> Response:
    """Try once more."""
    outbox.send_again(here.session, here.actor, mail_id, now=here.now)
    here.notice(_("The mail is on its way again."))
    return pages.see_other("site.mail", mail_id=mail_id)


@site.post("/operation/jobs/<job_id>", who=Who.OPERATOR)
def try_job_again(here: PersonJourney, job_id: str) -> Response:
    """Give work that was given up another life."""
    jobs.try_again(here.session, here.actor, job_id, now=here.now)
    return pages.see_other("site.operator")
