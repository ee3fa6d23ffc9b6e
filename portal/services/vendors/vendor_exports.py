"""The list of vendors with all that is recorded of them, as it can be taken in again (vendor_imports)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from portal import i18n
from portal.db.models.supplies import ContactRole
from portal.db.models.vendors import Supply, Vendor
from portal.services.actors import Actor, hospital_of
from portal.services.vendors import supply_records, vendor_entries
from portal.services.vendors.article_lists import WORDS as ARTICLE_WORDS
from portal.services.vendors.vendor_entries import ARTICLE_KINDS, CONTACT_ROLES
from portal.services.vendors.vendor_imports import WORDS, Column
from portal.services.vendors.vendors import PRODUCT_GROUPS, SupplyFields, VendorFields
from reports.workbooks.cells import Value
from reports.workbooks.vendor_list import Page, Sheet
from scanners.model import N_

AT_ONCE = 500
# What the list tells beside what it takes in.
TOLD = (N_("Tier"), N_("Provisional tier"), N_("Notice by"), N_("Devices and software"))
VENDOR_COLUMNS = frozenset(VendorFields.__annotations__)
SUPPLY_COLUMNS = frozenset(SupplyFields.__annotations__)


def sheet(
    session: Session,
    actor: Actor,
    vendor_ids: Sequence[str],
    *,
    language: str,
    supply_ids: Collection[str] | None = None,
) -> Sheet:
    """These vendors in this order, a row for each product or for those named; contacts, subcontractors and articles on
    pages of their own."""
    say = i18n.translator(language)
    found = _vendors(session, actor, vendor_ids)
    beside = {kind: vendor_entries.of_hospital(session, actor, kind) for kind in vendor_entries.KINDS}
    rows: list[list[Value]] = []
    pages: dict[str, list[list[Value]]] = {"contact": [], "subcontractor": [], "article": []}
    for vendor in found:
        active = [one for one in vendor.supplies if one.ended_at is None or vendor.ended_at is not None]
        if supply_ids is not None:
            active = [one for one in vendor.supplies if one.id in supply_ids]
        names = {one.id: one.name for one in vendor.supplies}
        rows += [_row(vendor, supply, beside, say) for supply in (active or (None,))]
        for one in beside["contact"].get(vendor.id, ()):
            told = [one.name, one.email, one.phone, names.get(one.supply_id or "", ""), one.note]
            pages["contact"].append([vendor.name, say(CONTACT_ROLES[one.role]), *told])
        for one in beside["subcontractor"].get(vendor.id, ()):
            access = [_yes(one.data_access, say), _yes(one.patient_data, say), one.since]
            told = [one.name, one.rank, one.service, one.country, *access, names.get(one.supply_id or "", ""), one.note]
            pages["subcontractor"].append([vendor.name, *told])
        for supply in active:
            pages["article"] += [
                [vendor.name, supply.name, *_article(one, say)] for one in beside["article"].get(supply.id, ())
            ]
    heading = [say(word) for word in (*WORDS.values(), *TOLD)]
    vendor_word, product = say(N_("Vendor")), say(N_("Product or service"))
    return Sheet(
        language=language,
        pages=[
            Page(title=say(N_("Vendors")), heading=heading, rows=rows),
            Page(
                title=say(N_("Contacts")),
                heading=[vendor_word, *map(say, _CONTACT_WORDS)],
                rows=pages["contact"],
            ),
            Page(
                title=say(N_("Subcontractors")),
                heading=[vendor_word, *map(say, _SUBCONTRACTOR_WORDS)],
                rows=pages["subcontractor"],
            ),
            Page(
                title=say(N_("Devices and software")),
                heading=[vendor_word, product, *map(say, ARTICLE_WORDS.values())],
                rows=pages["article"],
            ),
        ],
    )


_CONTACT_WORDS = (N_("What for"), N_("Name or office"), N_("E-mail"), N_("Telephone"), N_("For"), N_("Note"))
_SUBCONTRACTOR_WORDS = (
    *(N_("Subcontractor"), N_("Rank"), N_("Service"), N_("Country"), N_("Data access"), N_("Patient data")),
    *(N_("Since"), N_("For"), N_("Note")),
)


def _vendors(session: Session, actor: Actor, vendor_ids: Sequence[str]) -> Sequence[Vendor]:
    found: dict[str, Vendor] = {}
    for start in range(0, len(vendor_ids), AT_ONCE):
        query = (
            select(Vendor)
            .where(Vendor.hospital_id == hospital_of(actor), Vendor.id.in_(vendor_ids[start : start + AT_ONCE]))
            .options(selectinload(Vendor.supplies).selectinload(Supply.intakes))
        )
        found |= {one.id: one for one in session.scalars(query)}
    return [found[one] for one in vendor_ids if one in found]


def _row(
    vendor: Vendor, supply: Supply | None, beside: Mapping[str, Mapping[str, Sequence[Any]]], say: Callable[[str], str]
) -> list[Value]:
    values: dict[str, Value] = {Column.KEY.value: vendor.id}
    values |= {name: getattr(vendor, name) for name in VENDOR_COLUMNS}
    contacts = [one for one in beside["contact"].get(vendor.id, ()) if one.supply_id is None]
    values["security_name"] = _first(contacts, ContactRole.SECURITY, "name")
    values["security_phone"] = _first(contacts, ContactRole.SECURITY, "phone")
    values["privacy_email"] = _first(contacts, ContactRole.PRIVACY, "email")
    values["emergency_phone"] = _first(contacts, ContactRole.EMERGENCY, "phone")
    values["domains"] = _names(beside["domain"].get(vendor.id, ()))
    values["subcontractors"] = _names(beside["subcontractor"].get(vendor.id, ()))
    told: list[Value] = [None] * len(TOLD)
    if supply is not None:
        values |= {name: getattr(supply, name) for name in SUPPLY_COLUMNS if name != "name"}
        values["supply"] = supply.name
        values["product_group"] = say(PRODUCT_GROUPS[supply.product_group]) if supply.product_group else ""
        values["has_security_terms"] = _yes(supply.has_security_terms, say)
        values["alternatives"] = _names(beside["alternative"].get(supply.id, ()))
        tier, is_provisional = supply_records.tier_of(supply)
        count = sum(one.count for one in beside["article"].get(supply.id, ()))
        told = [*((None, tier) if is_provisional else (tier, None)), supply_records.notice_by(supply), count or None]
    return [*(values.get(column.value) for column in WORDS), *told]


def _first(contacts: Sequence[Any], role: ContactRole, where: str) -> str:
    return next((str(getattr(one, where)) for one in contacts if one.role is role and getattr(one, where)), "")


def _names(rows: Sequence[Any]) -> str:
    return "; ".join(dict.fromkeys(one.name for one in rows))


def _article(one: Any, say: Callable[[str], str]) -> list[Value]:
    values = {name: getattr(one, name) for name in ARTICLE_WORDS}
    values |= {"kind": say(ARTICLE_KINDS[one.kind]), "cloud": _yes(one.cloud, say)}
    return list(values.values())


def _yes(value: bool | None, say: Callable[[str], str]) -> str:  # noqa: FBT001 - the value itself, no switch
    return "" if value is None else say(N_("yes")) if value else say(N_("no"))
