"""Evidence bundles and facts as JSON: made by the worker as exports are, with the rights of whoever asked."""

from dataclasses import replace
from datetime import datetime
from importlib.metadata import version

from assessments.model import Register
from portal import i18n
from portal.files import signing
from portal.files.blobs import Blobs, Changed
from portal.files.sealing import Keyring
from portal.jobs import printing
from portal.services.evidence.evidence import Opened
from portal.services.exports.bundles import Facts, Gathered
from reports import facts, oscal, pages
from reports.bundles import documents, index, packing
from reports.bundles.facts import Document, LeftOut
from reports.bundles.packing import Seal
from reports.reader import Reader
from reports.workbooks import register as workbook

PROGRAM = f"Kettenblick {version('kettenblick')}"
READERS = tuple(Reader(language=name, translate=i18n.translator(name)) for name in i18n.LANGUAGES)


def bundle(gathered: Gathered, shelf: Blobs, keyring: Keyring, *, report_html: str, language: str) -> bytes:
    """The bundle's file; the same facts at the same moment give the same bytes."""
    now = gathered.bundle.assessed.dossier.at
    reader = Reader(language=language, translate=i18n.translator(language))
    laid_in = tuple(_laid_in(one, gathered.files.get(one.key), shelf) for one in gathered.bundle.documents)
    whole = replace(gathered.bundle, documents=laid_in)
    members = packing.members(
        whole,
        READERS,
        reader,
        report=printing.pdf(report_html, style=pages.style()),
        register=workbook.write(gathered.register, reader=reader, now=now),
        fingerprint=signing.in_groups(signing.fingerprint(signing.public_key(keyring))),
        paper=lambda html: printing.pdf(html, style=index.paper_style()),
    )

    def sign(content: bytes) -> Seal:
        made = signing.sign(keyring, packing.PURPOSE, content)
        return Seal(public_key=made.public_key, value=made.value)

    return packing.pack(members, packing.about(whole, now=now), sign)


def _laid_in(document: Document, place: Opened | None, shelf: Blobs) -> Document:
    if place is None:
        return document
    try:
        return replace(document, content=shelf.get(place.owner, place.blob_id, place.sha256))
    except (Changed, OSError):
        return replace(document, left_out=LeftOut.UNREADABLE)


def vendor_json(gathered: Facts, *, now: datetime) -> bytes:
    """All that is known of one vendor, for other programs."""
    return documents.write(facts.vendor(gathered.assessed, READERS, now=now, actions=gathered.actions))


def register_json(found: Register, *, now: datetime) -> bytes:
    """The whole register, for other programs."""
    return documents.write(facts.register(found, READERS, now=now))


def vendor_oscal(gathered: Facts, *, language: str, now: datetime) -> bytes:
    """One vendor as OSCAL assessment results."""
    reader = Reader(language=language, translate=i18n.translator(language))
    document = oscal.results(gathered.assessed, reader=reader, program=PROGRAM, now=now, treatments=gathered.treatments)
    return documents.write(document)
