"""What everybody may read and take along: the checklist of the ten measures by kind of supplier, and the FAQ."""

from functools import lru_cache

from flask import Response, request

from assessments import checklist as checklists
from assessments import faq as questions
from assessments.checklist import Kind
from portal import i18n
from portal.errors import NotFound
from portal.i18n import gettext as _
from portal.jobs import printing
from portal.web import pages
from portal.web.journey import Journey, Who
from portal.web.site.room import site
from questionnaires import shelf
from reports import checklist as checklist_document
from reports import incident_sheet as sheet_document
from reports import pages as documents
from reports.reader import Reader
from scanners import catalogue

SHOWN_CHECKS = 6  # of a measure; the rest is counted and folded


@site.get("/checklist", who=Who.ANYONE)
def checklist(here: Journey) -> Response:  # noqa: ARG001 - the same for everybody
    """What is asked, what proves it, what a scan can show: from the catalogues, for one kind of supplier."""
    kind = _kind()
    return pages.page(
        "site/checklist.html",
        kind=kind,
        kinds=checklists.kinds().values(),
        parts=checklists.build(kind, shelf.current(), catalogue.CHECKS.values()),
        shown=SHOWN_CHECKS,
        version=shelf.current().version,
        checks_version=catalogue.CATALOGUE_VERSION,
    )


@site.get("/checklist.pdf", who=Who.ANYONE)
def checklist_on_paper(here: Journey) -> Response:
    """The same as a file; it is set once and then kept, so that nobody makes the press run for fun."""
    kind = _kind()
    here.let_go()
    content = _printed(kind.id, i18n.language())
    word = _("Checklist")
    name = f"{word} {kind.title.get(i18n.language())}.pdf"
    return pages.download(content, name=name, media_type="application/pdf")


@site.get("/incident-sheet", who=Who.ANYONE)
def incident_sheet(here: Journey) -> Response:  # noqa: ARG001 - the same for everybody
    """The incident notification sheet, empty: typed in here it stays in the browser, for printing."""
    return pages.page("site/incident_sheet.html", sheet=sheet_document.EMPTY, parts=sheet_document.PARTS)


@site.get("/incident-sheet.pdf", who=Who.ANYONE)
def incident_sheet_on_paper(here: Journey) -> Response:
    """The same as a file, set once and kept."""
    here.let_go()
    content = _printed_sheet(i18n.language())
    return pages.download(content, name=f"{_('Incident sheet')}.pdf", media_type="application/pdf")


@site.get("/faq", who=Who.ANYONE)
def faq(here: Journey) -> Response:  # noqa: ARG001 - the same for everybody
    """What companies ask, each answer with its paragraph."""
    return pages.page("site/faq.html", topics=questions.topics())


def _kind() -> Kind:
    known = checklists.kinds()
    wanted = request.args.get("kind", next(iter(known)))
    if wanted not in known:
        raise NotFound
    return known[wanted]


@lru_cache(maxsize=2)
def _printed_sheet(language: str) -> bytes:
    reader = Reader(language=language, translate=i18n.translator(language))
    return printing.pdf(sheet_document.html(sheet_document.EMPTY, reader=reader), style=documents.style())


@lru_cache(maxsize=16)
def _printed(kind_id: str, language: str) -> bytes:
    kind = checklists.kinds()[kind_id]
    reader = Reader(language=language, translate=i18n.translator(language))
    html = checklist_document.html(
        kind,
        checklists.build(kind, shelf.current(), catalogue.CHECKS.values()),
        versions=(shelf.current().version, catalogue.CATALOGUE_VERSION),
        reader=reader,
    )
    return printing.pdf(html, style=documents.style())
