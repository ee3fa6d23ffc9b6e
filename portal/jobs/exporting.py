"""Exports as jobs: made with the rights of whoever asked, with real progress, sealed, and told once."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import i18n
from portal.db import session as database
from portal.db.models.assessments import Assessment
from portal.db.models.exports import ExportKind
from portal.db.models.vendors import Vendor
from portal.files.blobs import Blobs
from portal.home import BERLIN
from portal.jobs import bundling, printing
from portal.jobs.leases import LeaseLost
from portal.jobs.work import Work
from portal.services.actions import actions
from portal.services.actors import Actor, hospital_of
from portal.services.decisions import decisions
from portal.services.exports import bundles, exports, papers
from portal.services.exports.exports import Begun, Made, Wish
from portal.services.registers import comparisons, policies, registers
from portal.services.rounds import invitations
from portal.services.scans import consents
from portal.services.vendors import vendors
from reports import committee
from reports import comparison as side_by_side
from reports import pages as documents
from reports.reader import Reader
from reports.workbooks import comparison as comparison_workbook
from scanners.model import N_

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = "application/pdf"
ZIP = "application/zip"
JSON = "application/json"
LONGEST = 1800  # seconds for one export
REGISTER = "register"  # the same in both languages
VENDOR_REPORT = N_("Vendor report")
VENDOR_REPORTS = N_("Vendor reports")
COMMITTEE = N_("Committee paper")
BUNDLE, FACTS, OSCAL = N_("Evidence bundle"), N_("Facts"), N_("Assessment results")
COMPARISON = N_("Comparison")


def make(work: Work) -> None:
    """Make one export; a worker that lost the job leaves no file behind."""
    hospital_id, export_id = work.argument("hospital_id"), work.argument("export_id")
    with work.step() as session:
        begun = exports.begin(session, hospital_id, export_id, now=work.now())
    if begun is None:
        with work.last_step():
            return
    made = MAKERS[begun.wish.kind](work, begun)
    shelf = Blobs(folder=work.tools.settings.files_dir, keyring=work.tools.keyring)
    kept = shelf.put(exports.owner_of(hospital_id), made.content)
    try:
        with work.last_step() as session:
            base_url = work.tools.settings.public_base_url
            exports.keep(session, hospital_id, export_id, made, kept, base_url=base_url, now=work.now())
            bundles.note_openings(session, begun.actor, made.openings, now=begun.made_at)
    except LeaseLost:
        shelf.remove(exports.owner_of(hospital_id), kept.blob_id)
        raise


def register_made(
    database_url: str,
    actor: Actor,
    *,
    language: str,
    now: datetime,
    tell: printing.Tell | None = None,
    longest: float = printing.LONGEST_REGISTER,
) -> Made:
    """register.xlsx of the actor's hospital at this moment."""
    written = printing.register(database_url, actor, language=language, now=now, tell=tell, longest=longest)
    return Made(
        content=written.content,
        file_name=f"{REGISTER}-{now.astimezone(BERLIN):%Y-%m-%d}-{language}.xlsx",
        media_type=XLSX,
        vendors=written.vendors,
        fingerprint=written.fingerprint,
    )


def report_html(
    session: Session, actor: Actor, vendor_id: str, *, reader: Reader, now: datetime, assessment_id: str = ""
) -> str:
    """The report on one vendor, by its newest round or the one that is named, ready to be set."""
    if assessment_id:
        assessed = registers.assess_round(session, actor, assessment_id, now=now)
        asked: Assessment | None = invitations.find(session, actor, assessment_id)
    else:
        assessed = registers.assess(session, actor, vendor_id, now=now)
        asked = registers.newest_round(session, actor, vendor_id)
    ledger = consents.on_paper(session, asked) if asked is not None else ()
    agreed = actions.facts(
        actions.of_vendor(session, actor, vendor_id),
        vendor_keys={vendor_id: assessed.dossier.vendor_key},
        today=now.astimezone(BERLIN).date(),
    )
    return documents.vendor_report_html(
        assessed,
        policies.of(session, hospital_of(actor)),
        reader=reader,
        now=now,
        consents=ledger,
        actions=agreed,
        decided=[row.fact for row in decisions.of_vendor(session, actor, vendor_id) if row.is_in_force],
    )


def report_name(vendor: str, *, language: str, now: datetime) -> str:
    """How the file is called."""
    return f"{i18n.translator(language)(VENDOR_REPORT)} {vendor} {now.astimezone(BERLIN):%Y-%m-%d}.pdf"


def _register(work: Work, begun: Begun) -> Made:
    return register_made(
        work.tools.settings.database_url,
        begun.actor,
        language=begun.wish.language,
        now=begun.made_at,
        tell=_teller(work),
        longest=LONGEST,
    )


def _one_report(work: Work, begun: Begun) -> Made:
    tell = _teller(work)
    tell(0, 1)
    with _reading(work) as session:
        name, html = _report(session, begun, str(begun.wish.vendor_id))
    content = printing.pdf(html, style=documents.style())
    return Made(content=content, file_name=name, media_type=PDF, vendors=1)


def _all_reports(work: Work, begun: Begun) -> Made:
    """One archive of one moment; the time in it is that of its facts, so that the same facts make the same bytes."""
    tell, stamp, file = _teller(work), begun.made_at.timetuple()[:6], BytesIO()
    with _reading(work) as session, ZipFile(file, "w", ZIP_DEFLATED) as archive:
        ids = session.scalars(
            select(Vendor.id)
            .where(Vendor.hospital_id == hospital_of(begun.actor), Vendor.ended_at.is_(None))
            .order_by(Vendor.created_at, Vendor.id)
        ).all()
        for number, vendor_id in enumerate(ids, start=1):
            tell(number - 1, len(ids))
            name, html = _report(session, begun, vendor_id)
            session.expunge_all()  # what one report was made from is not kept for the next
            content = printing.pdf(html, style=documents.style())
            archive.writestr(ZipInfo(f"{number:04} {_plain(name)}", stamp), content)
    words = i18n.translator(begun.wish.language)
    name = f"{words(VENDOR_REPORTS)} {begun.made_at.astimezone(BERLIN):%Y-%m-%d}.zip"
    return Made(content=file.getvalue(), file_name=name, media_type=ZIP, vendors=len(ids))


def _report(session: Session, begun: Begun, vendor_id: str) -> tuple[str, str]:
    """Name of the file, and the document to be set."""
    language = begun.wish.language
    reader = Reader(language=language, translate=i18n.translator(language))
    vendor = vendors.find(session, begun.actor, vendor_id)
    html = report_html(session, begun.actor, vendor_id, reader=reader, now=begun.made_at)
    return report_name(vendor.name, language=language, now=begun.made_at), html


def _bundle(work: Work, begun: Begun) -> Made:
    """The evidence bundle of one vendor; each document in it counts as opened, and its owner sees by whom."""
    vendor_id, language, now = str(begun.wish.vendor_id), begun.wish.language, begun.made_at
    tell = _teller(work)
    tell(0, 1)
    reader = Reader(language=language, translate=i18n.translator(language))
    with work.step() as session:
        gathered = bundles.gather(
            session, begun.actor, vendor_id, program=bundling.PROGRAM, now=now, assessment_id=begun.wish.assessment_id
        )
    with _reading(work) as session:
        html = report_html(
            session, begun.actor, vendor_id, reader=reader, now=now, assessment_id=begun.wish.assessment_id
        )
    shelf = Blobs(folder=work.tools.settings.files_dir, keyring=work.tools.keyring)
    content = bundling.bundle(gathered, shelf, work.tools.keyring, report_html=html, language=language)
    made = _named(begun, BUNDLE, content, "zip", ZIP, vendor=gathered.bundle.assessed.dossier.vendor_name)
    return replace(made, openings=gathered.openings)


def _reading(work: Work) -> AbstractContextManager[Session]:
    return database.moment(work.tools.settings.database_url)


def _vendor_json(work: Work, begun: Begun) -> Made:
    with _reading(work) as session:
        gathered = bundles.gather_facts(session, begun.actor, str(begun.wish.vendor_id), now=begun.made_at)
    content = bundling.vendor_json(gathered, now=begun.made_at)
    return _named(begun, FACTS, content, "json", JSON, vendor=gathered.assessed.dossier.vendor_name)


def _vendor_oscal(work: Work, begun: Begun) -> Made:
    with _reading(work) as session:
        gathered = bundles.gather_facts(session, begun.actor, str(begun.wish.vendor_id), now=begun.made_at)
    content = bundling.vendor_oscal(gathered, language=begun.wish.language, now=begun.made_at)
    return _named(begun, OSCAL, content, "json", JSON, vendor=gathered.assessed.dossier.vendor_name)


def _register_json(work: Work, begun: Begun) -> Made:
    with _reading(work) as session:
        found = registers.build(session, begun.actor, now=begun.made_at)
    content = bundling.register_json(found, now=begun.made_at)
    name = f"{REGISTER}-{begun.made_at.astimezone(BERLIN):%Y-%m-%d}.json"
    return Made(content=content, file_name=name, media_type=JSON, vendors=len(found.vendors))


def comparison_made(session: Session, actor: Actor, wish: Wish, *, now: datetime) -> Made:
    """comparison.xlsx of the chosen vendors; it takes about a second."""
    made = comparisons.side_by_side(session, actor, wish.vendor_ids, now=now)
    reader = Reader(language=wish.language, translate=i18n.translator(wish.language))
    rules = policies.of(session, hospital_of(actor))
    written = comparison_workbook.write(made, rules, reader=reader, now=now, only_differences=wish.only_differences)
    name = f"{i18n.translator(wish.language)(COMPARISON)} {now.astimezone(BERLIN):%Y-%m-%d}.xlsx"
    return Made(
        content=written.content,
        file_name=name,
        media_type=XLSX,
        vendors=len(made.sides),
        fingerprint=written.fingerprint,
    )


def _comparison(work: Work, begun: Begun) -> Made:
    with _reading(work) as session:
        return comparison_made(session, begun.actor, begun.wish, now=begun.made_at)


def _comparison_pdf(work: Work, begun: Begun) -> Made:
    """On A3, with every question and check: too long for a request."""
    language, now = begun.wish.language, begun.made_at
    tell = _teller(work)
    tell(0, len(begun.wish.vendor_ids))
    with _reading(work) as session:
        made = comparisons.side_by_side(session, begun.actor, begun.wish.vendor_ids, now=now)
        rules = policies.of(session, hospital_of(begun.actor))
    html = side_by_side.document_html(
        made,
        rules,
        reader=Reader(language=language, translate=i18n.translator(language)),
        now=now,
        only_differences=begun.wish.only_differences,
    )
    content = printing.pdf(html, style=side_by_side.style())
    name = f"{i18n.translator(language)(COMPARISON)} {now.astimezone(BERLIN):%Y-%m-%d}.pdf"
    return Made(content=content, file_name=name, media_type=PDF, vendors=len(made.sides))


def _committee(work: Work, begun: Begun) -> Made:
    """The committee's paper; the moment of a snapshot is the moment of its paper."""
    reader = Reader(language=begun.wish.language, translate=i18n.translator(begun.wish.language))
    shelf = Blobs(folder=work.tools.settings.files_dir, keyring=work.tools.keyring)
    with _reading(work) as session:
        found = papers.brief(session, begun.actor, shelf, begun.wish.snapshot_id, now=begun.made_at, tell=_teller(work))
    content = printing.pdf(committee.html(found, reader=reader), style=committee.style())
    name = f"{reader.translate(COMMITTEE)} {found.day:%Y-%m-%d}-{reader.language}.pdf"
    return Made(content=content, file_name=name, media_type=PDF, vendors=len(found.vendors), fingerprint=found.sha256)


def _named(begun: Begun, word: str, content: bytes, suffix: str, media_type: str, *, vendor: str) -> Made:
    word = i18n.translator(begun.wish.language)(word)
    name = f"{_plain(f'{word} {vendor}')} {begun.made_at.astimezone(BERLIN):%Y-%m-%d}.{suffix}"
    return Made(content=content, file_name=name, media_type=media_type, vendors=1)


def _plain(name: str) -> str:
    """A name that no unpacking program takes for a folder."""
    return "".join("_" if letter in '/\\:*?"<>|' or not letter.isprintable() else letter for letter in name)[:150]


def _teller(work: Work) -> printing.Tell:
    def note(session: Session, done: int, total: int) -> None:
        exports.note_progress(session, work.argument("export_id"), done=done, total=total)

    return work.teller(note)


MAKERS: Mapping[ExportKind, Callable[[Work, Begun], Made]] = {
    ExportKind.REGISTER: _register,
    ExportKind.VENDOR_REPORT: _one_report,
    ExportKind.VENDOR_REPORTS: _all_reports,
    ExportKind.BUNDLE: _bundle,
    ExportKind.VENDOR_JSON: _vendor_json,
    ExportKind.VENDOR_OSCAL: _vendor_oscal,
    ExportKind.REGISTER_JSON: _register_json,
    ExportKind.COMMITTEE: _committee,
    ExportKind.COMPARISON: _comparison,
    ExportKind.COMPARISON_PDF: _comparison_pdf,
}
