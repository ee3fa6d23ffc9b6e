"""Facts for papers: the committee's, from a snapshot or from today, and the draft of a contract's annex."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from assessments import contract_terms
from assessments.comparing import Changes
from portal.db.models.snapshots import Snapshot, SnapshotState
from portal.db.models.supplies import ContactRole, VendorContact
from portal.files.blobs import Blobs
from portal.home import BERLIN
from portal.services.actions import actions
from portal.services.actions.actions import TO_DO
from portal.services.actors import Actor
from portal.services.decisions import decisions
from portal.services.registers import registers, snapshots
from portal.services.vendors import vendors
from reports import committee
from reports.committee import Brief
from reports.contract_annex import Draft

Tell = Callable[[int, int], None]


def brief(
    session: Session, actor: Actor, shelf: Blobs, snapshot_id: str, *, now: datetime, tell: Tell | None = None
) -> Brief:
    """The committee's paper from that snapshot, or from what stands now ("").

    Changes are counted from the snapshot before: that of the last meeting.
    """
    if snapshot_id:
        opened = snapshots.open_one(session, actor, shelf, snapshot_id)
        after = snapshots.side_of(opened)
        changes = _since(session, actor, shelf, after, _before(session, actor, opened.row))
        return committee.brief(opened.document, sha256=opened.row.sha256, changes=changes)
    found = registers.whole(session, actor, now=now, tell=tell)
    asked = decisions.asked(session, actor, now.astimezone(BERLIN).date())
    changes = _since(session, actor, shelf, snapshots.side_now(found), _before(session, actor, None))
    return committee.brief(snapshots.said_of(found.register, asked=asked), changes=changes)


def _before(session: Session, actor: Actor, row: Snapshot | None) -> Snapshot | None:
    """The newest frozen one, or the newest before that row."""
    frozen = (one for one in snapshots.rows(session, actor) if one.state is SnapshotState.DONE)
    return next((one for one in frozen if row is None or one.at < row.at), None)


def _since(
    session: Session, actor: Actor, shelf: Blobs, after: snapshots.Side, before: Snapshot | None
) -> Changes | None:
    if before is None:
        return None
    opened = snapshots.open_one(session, actor, shelf, before.id)
    return snapshots.compare(session, actor, snapshots.side_of(opened), after)


def contract(session: Session, actor: Actor, vendor_id: str, *, now: datetime) -> Draft:
    """The draft of a contract's annex: what is open with the vendor at present."""
    assessed = registers.assess(session, actor, vendor_id, now=now)
    rows = [row for row in actions.of_vendor(session, actor, vendor_id) if row.standing in TO_DO]
    agreed = actions.facts(
        rows,
        vendor_keys={vendor_id: assessed.dossier.vendor_key},
        today=now.astimezone(BERLIN).date(),
    )
    return Draft(
        assessed=assessed,
        agreed=contract_terms.agree(assessed, agreed, covered={row.action.source_key for row in rows}),
        now=now,
        contact=_security_contact(session, actor, vendor_id),
    )


def _security_contact(session: Session, actor: Actor, vendor_id: str) -> str:
    """Whom the hospital's own record names for security: name, telephone, mail; "" for nobody."""
    vendor = vendors.find(session, actor, vendor_id)
    rows = session.scalars(
        select(VendorContact)
        .where(
            VendorContact.hospital_id == vendor.hospital_id,
            VendorContact.vendor_id == vendor.id,
            VendorContact.role == ContactRole.SECURITY,
        )
        .order_by(VendorContact.created_at, VendorContact.id)
    ).all()
    named = ["; ".join(filter(None, (one.name, one.phone, one.email))) for one in rows]
    return " / ".join(filter(None, dict.fromkeys(named))) or vendor.security_email
