"""A vendor through § 30 BSIG and NIS2, the MDR and ISO/IEC 27001: page, paper and sheet; and a contract's annex."""

from flask import Response, request, url_for

from assessments import framework_views
from assessments.framework_views import Filter, Framework, View
from assessments.model import Assessed
from portal import i18n
from portal.jobs import printing
from portal.services.actors import EVERY_HOSPITAL_ROLE
from portal.services.exports import papers
from portal.services.registers import registers
from portal.services.vendors import vendors
from portal.web import pages
from portal.web.hospital import tabs
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney
from reports import contract_annex, framework_view, marks, tables, word
from reports.reader import Reader
from reports.workbooks import framework_view as workbook

PDF = "application/pdf"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@hospital.get("/vendors/<vendor_id>/frameworks", roles=EVERY_HOSPITAL_ROLE)
def vendor_frameworks(here: HospitalJourney, vendor_id: str) -> Response:
    """Each measure, point or control with its answers, findings, evidence and gaps; filters stand in the address."""
    vendor = vendors.find(here.session, here.actor, vendor_id)
    assessed, found = _view(here, vendor_id)
    reader = _reader()
    return pages.page(
        "hospital/vendor_frameworks.html",
        **tabs.frame(here, vendor, "frameworks"),
        view=found,
        titles=framework_view.TITLES,
        lead=framework_view.LEADS[found.framework],
        not_a_device=framework_view.NOT_A_DEVICE,
        links={each: _link("hospital.vendor_frameworks", vendor_id, each, found.chosen) for each in Framework},
        without={
            "owasp": _link("hospital.vendor_frameworks", vendor_id, found.framework, Filter(gdpr=found.chosen.gdpr)),
            "gdpr": _link("hospital.vendor_frameworks", vendor_id, found.framework, Filter(owasp=found.chosen.owasp)),
            "all": _link("hospital.vendor_frameworks", vendor_id, found.framework, Filter()),
        },
        on_paper=_link("hospital.vendor_frameworks_paper", vendor_id, found.framework, found.chosen),
        sheet=_link("hospital.vendor_frameworks_sheet", vendor_id, found.framework, found.chosen),
        classes=[(name, framework_view.class_word(name, reader)) for name in framework_views.owasp_classes(assessed)],
        chosen=framework_view.said(found.chosen, reader),
        chosen_class=framework_view.class_word(found.chosen.owasp, reader),
        about_marks=framework_view.about_marks(reader),
        full=[row for row in found.rows if not row.is_empty],
        empty=[row for row in found.rows if row.is_empty],
        answer_text=lambda row: tables.answer_text(row, reader),
        assurances=marks.ASSURANCES,
        standings=marks.EVIDENCE,
        supply_names={supply.key: supply.name for supply in assessed.dossier.supplies},
    )


@hospital.get("/vendors/<vendor_id>/frameworks.pdf", roles=EVERY_HOSPITAL_ROLE)
def vendor_frameworks_paper(here: HospitalJourney, vendor_id: str) -> Response:
    """The same on paper, under the same filters."""
    vendor = vendors.find(here.session, here.actor, vendor_id)
    assessed, found = _view(here, vendor_id)
    reader = _reader()
    html = framework_view.html(found, assessed, reader=reader, now=here.now)
    name = framework_view.name(found.framework, vendor.name, reader=reader, now=here.now, suffix="pdf")
    here.let_go()
    return pages.download(printing.pdf(html, style=framework_view.style()), name=name, media_type=PDF)


@hospital.get("/vendors/<vendor_id>/frameworks.xlsx", roles=EVERY_HOSPITAL_ROLE)
def vendor_frameworks_sheet(here: HospitalJourney, vendor_id: str) -> Response:
    """The same as a workbook, under the same filters."""
    vendor = vendors.find(here.session, here.actor, vendor_id)
    assessed, found = _view(here, vendor_id)
    reader = _reader()
    content = workbook.write(found, assessed, reader=reader, now=here.now)
    name = framework_view.name(found.framework, vendor.name, reader=reader, now=here.now, suffix="xlsx")
    return pages.download(content, name=name, media_type=XLSX)


@hospital.get("/vendors/<vendor_id>/contract.docx", roles=EVERY_HOSPITAL_ROLE)
def contract_draft(here: HospitalJourney, vendor_id: str) -> Response:
    """The draft of a contract's security annex, to go on writing in."""
    vendor = vendors.find(here.session, here.actor, vendor_id)
    draft = papers.contract(here.session, here.actor, vendor_id, now=here.now)
    reader = _reader()
    name = contract_annex.name(vendor.name, reader=reader, now=here.now, suffix="docx")
    return pages.download(contract_annex.word(draft, reader=reader), name=name, media_type=word.MEDIA_TYPE)


@hospital.get("/vendors/<vendor_id>/contract.pdf", roles=EVERY_HOSPITAL_ROLE)
def contract_draft_paper(here: HospitalJourney, vendor_id: str) -> Response:
    """The same on paper."""
    vendor = vendors.find(here.session, here.actor, vendor_id)
    draft = papers.contract(here.session, here.actor, vendor_id, now=here.now)
    reader = _reader()
    html = contract_annex.html(draft, reader=reader)
    name = contract_annex.name(vendor.name, reader=reader, now=here.now, suffix="pdf")
    here.let_go()
    return pages.download(printing.pdf(html, style=contract_annex.style()), name=name, media_type=PDF)


def _reader() -> Reader:
    return Reader(language=i18n.language(), translate=i18n.gettext)


def _view(here: HospitalJourney, vendor_id: str) -> tuple[Assessed, View]:
    """What the address asks for; an unknown framework is the first one, a class nobody named leaves nothing."""
    asked = request.args.get("framework", "")
    framework = Framework(asked) if asked in set(Framework) else Framework.BSIG
    chosen = Filter(owasp=request.args.get("owasp", "")[:12], gdpr=request.args.get("gdpr") == "32")
    assessed = registers.assess(here.session, here.actor, vendor_id, now=here.now)
    return assessed, framework_views.view(assessed, framework, chosen)


def _link(endpoint: str, vendor_id: str, framework: Framework, chosen: Filter) -> str:
    return url_for(
        endpoint,
        vendor_id=vendor_id,
        framework=framework.value,
        owasp=chosen.owasp or None,
        gdpr="32" if chosen.gdpr else None,
    )
