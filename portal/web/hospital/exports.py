"""Reports: the register as a workbook, in the language the reader chooses."""

from flask import Response, request

from portal import i18n
from portal.i18n import gettext as _
from portal.jobs import printing
from portal.services import audit
from portal.services.actors import EVERY_HOSPITAL_ROLE
from portal.web import pages
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney, Rail

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@hospital.get("/reports", roles=EVERY_HOSPITAL_ROLE, rail=Rail.REPORTS)
def report_list(here: HospitalJourney) -> Response:  # noqa: ARG001 - the same for every role
    """What can be taken along."""
    return pages.page("hospital/reports.html")


@hospital.post("/reports/register", roles=EVERY_HOSPITAL_ROLE)
def register_workbook(here: HospitalJourney) -> Response:
    """register.xlsx as of now; who took it is in the audit trail."""
    language = request.form.get("language", i18n.language())
    language = language if language in i18n.LANGUAGES else i18n.DEFAULT
    audit.record(here.session, here.actor, "register.exported", here.hospital.id, now=here.now)
    here.let_go()
    content = printing.register(here.settings.database_url, here.actor, language=language, now=here.now)
    name = f"{_('register')}-{here.now:%Y-%m-%d}-{language}.xlsx"
    return pages.download(content, name=name, media_type=XLSX)
