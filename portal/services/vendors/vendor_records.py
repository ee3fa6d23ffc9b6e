"""What the register tells of vendors beside the assessment: who answers, contracts, exits, devices, subcontractors."""

from collections.abc import Iterable, Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from assessments.model import SubcontractorFact, VendorRecord
from portal.db.models.vendors import Vendor
from portal.services.actors import Actor, hospital_of
from portal.services.vendors import supply_records, vendor_entries


def facts(session: Session, actor: Actor, *, keys: Mapping[str, str], today: date) -> Mapping[str, VendorRecord]:
    """By vendor key, for the vendors in `keys` (their key by id)."""
    beside = {kind: vendor_entries.of_hospital(session, actor, kind) for kind in vendor_entries.KINDS}
    found: dict[str, VendorRecord] = {}
    for vendor in session.scalars(
        select(Vendor).where(Vendor.hospital_id == hospital_of(actor)).options(selectinload(Vendor.supplies))
    ):
        if vendor.id not in keys:
            continue
        active = [one for one in vendor.supplies if one.ended_at is None]
        names = {one.id: one.name for one in vendor.supplies}
        contacts = beside["contact"].get(vendor.id, ())
        articles = [one for supply in active for one in beside["article"].get(supply.id, ())]
        notices = [supply_records.notice_by(one) for one in active]
        found[keys[vendor.id]] = VendorRecord(
            owners=_names(one.owner_name for one in active),
            deputies=_names(one.deputy_name for one in active),
            departments=_names(one.department for one in active),
            contract_ends_on=min((one.contract_ends_on for one in active if one.contract_ends_on), default=None),
            notice_by=min((day for day in notices if day is not None and day >= today), default=None),
            exit_plans=sum(bool(one.exit_plan) for one in active),
            alternatives=_names(one.name for supply in active for one in beside["alternative"].get(supply.id, ())),
            has_security_contact=bool(active)
            and all(supply_records.has_security_contact(vendor, one.id, contacts) for one in active),
            devices=sum(one.count for one in articles),
            support_ends_on=min((one.support_ends_on for one in articles if one.support_ends_on), default=None),
            subcontractors=tuple(
                SubcontractorFact(
                    name=one.name,
                    rank=one.rank,
                    service=one.service,
                    country=one.country,
                    data_access=one.data_access,
                    patient_data=one.patient_data,
                    since=one.since,
                    supply=names.get(one.supply_id, ""),
                    note=one.note,
                )
                for one in sorted(
                    beside["subcontractor"].get(vendor.id, ()), key=lambda one: (one.rank, one.name.casefold())
                )
            ),
        )
    return found


def _names(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text))
