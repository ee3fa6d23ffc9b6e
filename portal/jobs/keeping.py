"""What is over: documents by their dates, off the disk and then called gone; supplies; tenders and losing bidders."""

import logging

from portal.db import session as database
from portal.files.blobs import Blobs
from portal.jobs.work import Work
from portal.services.evidence import evidence, evidence_ends, retention
from portal.services.tenders import lapsing
from portal.services.tenders import retention as bidders_kept
from portal.services.vendors import offboardings

log = logging.getLogger(__name__)


def nightly(work: Work) -> None:
    """Delete what has passed its retention date, tell companies what runs out soon, end what was said to end today."""
    with work.step() as session:
        offboardings.end_due(session, now=work.now())
    with work.step() as session:
        deleted = retention.delete_due(session, now=work.now())
    with work.step() as session:
        lapsed = lapsing.end_due(session, months=work.tools.settings.tender_lapse_months, now=work.now())
    with work.step() as session:
        forgotten = bidders_kept.remove_due(session, now=work.now())
    with work.step() as session:
        database.take_statistics(session)
    with work.step() as session:
        evidence_ends.tell(session, base_url=work.tools.settings.public_base_url, now=work.now())
    if lapsed:
        log.info("%s tenders that nobody had ended are ended", lapsed)
    if forgotten:
        log.info("%s bidders without an award are forgotten", forgotten)
    if deleted:
        log.info("%s documents have passed their retention date", deleted)


def shred(work: Work) -> None:
    """Take the files of deleted documents off the disk; one that stays there is tried again every night."""
    shelf = Blobs(folder=work.tools.settings.files_dir, keyring=work.tools.keyring)
    with work.step() as session:
        leaving = retention.leaving(session)
    gone = []
    for one in leaving:
        owner = evidence.owner_of(one.company_id)
        try:
            shelf.remove(owner, one.blob_id)
        except OSError as error:
            log.warning("a deleted document could not be taken off the disk: %s", type(error).__name__)
        if not shelf.holds(owner, one.blob_id):
            gone.append(one)
    with work.last_step() as session:
        retention.note_gone(session, gone, now=work.now())
