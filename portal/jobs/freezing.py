"""A register is frozen: worked out from what stands when the job begins, sealed, and only then told of."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.db import session as database
from portal.files.blobs import Blobs
from portal.jobs.leases import Lease, LeaseLost
from portal.jobs.work import Work
from portal.services.registers import snapshots


def make(work: Work) -> None:
    """Make one snapshot; a worker that lost the job leaves no file behind."""
    hospital_id, snapshot_id = work.argument("hospital_id"), work.argument("snapshot_id")
    with database.moment(work.tools.settings.database_url) as session:
        document = snapshots.freeze(session, hospital_id, snapshot_id, now=work.now())
    if document is None:
        with work.last_step():
            return
    shelf = Blobs(folder=work.tools.settings.files_dir, keyring=work.tools.keyring)
    fields = snapshots.put(shelf, hospital_id, document)
    try:
        with work.last_step() as session:
            snapshots.keep(session, hospital_id, snapshot_id, fields, now=work.now())
    except LeaseLost:
        shelf.remove(snapshots.owner_of(hospital_id), str(fields["blob_id"]))
        raise


def give_up(session: Session, lease: Lease, _now: datetime) -> None:
    """Nobody could make it."""
    snapshots.give_up(session, str(lease.args["hospital_id"]), str(lease.args["snapshot_id"]))
