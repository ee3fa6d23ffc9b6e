"""What is kept in lists beside a vendor or a supply: people, domains, subcontractors, alternatives, articles."""

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from portal.db.models.supplies import (
    Alternative,
    Article,
    ArticleKind,
    ContactRole,
    Subcontractor,
    VendorContact,
    VendorDomain,
)
from portal.db.models.vendors import Supply, Vendor
from portal.errors import BadInput, Clash, NotFound, NotNow
from portal.services import audit
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from portal.services.people import accounts
from portal.services.vendors import vendors
from scanners.model import N_, Message

MOST = 500  # of one kind, beside one vendor or supply
LOWEST_RANK = 9
MOST_ARTICLES = 1_000_000
CHANGED = N_("Somebody else changed this in the meantime. Look at what stands now and save again.")

CONTACT_ROLES: Mapping[ContactRole, str] = {
    ContactRole.SALES: N_("Sales"),
    ContactRole.SECURITY: N_("Security"),
    ContactRole.PRIVACY: N_("Data protection"),
    ContactRole.EMERGENCY: N_("Technical emergency, day and night"),
    ContactRole.OTHER: N_("Other"),
}
ARTICLE_KINDS: Mapping[ArticleKind, str] = {ArticleKind.DEVICE: N_("Device"), ArticleKind.SOFTWARE: N_("Software")}


@dataclass(frozen=True, kw_only=True)
class ContactFields:
    """Somebody at the vendor, and what to call them for."""

    role: ContactRole
    name: str = ""
    email: str = ""
    phone: str = ""
    note: str = ""
    supply_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class DomainFields:
    """A further domain of the vendor."""

    name: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class SubcontractorFields:
    """Somebody whom the vendor uses itself."""

    name: str
    rank: int = 1
    service: str = ""
    country: str = ""
    data_access: bool | None = None
    patient_data: bool | None = None
    since: date | None = None
    note: str = ""
    supply_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class AlternativeFields:
    """A product that could take a supply's place."""

    name: str
    vendor_name: str = ""
    months: int | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class ArticleFields:
    """Devices or software of one model and version."""

    model: str
    kind: ArticleKind = ArticleKind.DEVICE
    release: str = ""
    udi_di: str = ""
    count: int = 1
    location: str = ""
    network_zone: str = ""
    cloud: bool | None = None
    support_ends_on: date | None = None
    checked_on: date | None = None
    note: str = ""


Fields = ContactFields | DomainFields | SubcontractorFields | AlternativeFields | ArticleFields
Entry = VendorContact | VendorDomain | Subcontractor | Alternative | Article


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of entry: its rows, its fields, whose it is, and what may stand in it."""

    name: str
    model: type[Any]
    fields: type[Any]
    of_supply: bool  # else of the vendor
    check: Callable[[Any], Any]


def of_vendor(session: Session, actor: Actor, vendor_id: str, kind: str) -> Sequence[Any]:
    """Every entry of a kind beside one vendor or its supplies, in the order in which they were written down."""
    rows = KINDS[kind].model
    query = select(rows).where(rows.hospital_id == hospital_of(actor))
    if KINDS[kind].of_supply:
        mine = select(Supply.id).where(Supply.hospital_id == hospital_of(actor), Supply.vendor_id == vendor_id)
        query = query.where(rows.supply_id.in_(mine))
    else:
        query = query.where(rows.vendor_id == vendor_id)
    return session.scalars(query.order_by(rows.created_at, rows.id)).all()


def of_hospital(session: Session, actor: Actor, kind: str) -> Mapping[str, Sequence[Any]]:
    """The same of all vendors, by the id of the vendor or supply that the kind stands beside."""
    rows = KINDS[kind].model
    found: dict[str, list[Any]] = {}
    query = select(rows).where(rows.hospital_id == hospital_of(actor)).order_by(rows.created_at, rows.id)
    for row in session.scalars(query):
        found.setdefault(row.supply_id if KINDS[kind].of_supply else row.vendor_id, []).append(row)
    return found


def find(session: Session, actor: Actor, kind: str, entry_id: str) -> Any:
    """One entry of the actor's hospital."""
    row = session.get(_kind(kind).model, entry_id)
    if row is None or row.hospital_id != hospital_of(actor):
        raise NotFound
    return row


def vendor_of(session: Session, actor: Actor, row: Any) -> Vendor:
    """The vendor that an entry belongs to."""
    if isinstance(row, Alternative | Article):
        return vendors.find_supply(session, actor, row.supply_id).vendor
    return vendors.find(session, actor, row.vendor_id)


def fields_of(kind: str, row: Any) -> Any:
    """An entry as its fields."""
    fields = KINDS[kind].fields
    return fields(**{one.name: getattr(row, one.name) for one in dataclasses.fields(fields)})


def add(session: Session, actor: Actor, owner_id: str, fields: Fields, *, now: datetime) -> Any:
    """Write an entry down beside a vendor or a supply, as its kind asks for."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    kind = _of_fields(fields)
    owner = (vendors.find_supply if kind.of_supply else vendors.find)(session, actor, owner_id)
    kept = _checked(session, actor, kind, owner, fields)
    rows = kind.model
    beside = rows.supply_id if kind.of_supply else rows.vendor_id
    count = session.scalar(select(func.count()).where(rows.hospital_id == hospital_id, beside == owner.id)) or 0
    if count >= MOST:
        raise NotNow(Message(text=N_("There are as many entries here as the list can hold.")))
    where = {"supply_id" if kind.of_supply else "vendor_id": owner.id}
    row = rows(hospital_id=hospital_id, created_at=now, **where, **vars(kept))
    session.add(row)
    session.flush()
    audit.record(session, actor, f"{kind.name}.added", owner.id, now=now, detail={"entry": row.id})
    return row


def change(session: Session, actor: Actor, entry_id: str, fields: Fields, *, version: int, now: datetime) -> Any:
    """Write an entry anew, unless somebody else did since it was read."""
    hospital_of(actor, HOSPITAL_WRITERS)
    kind = _of_fields(fields)
    row = _held(session, actor, kind.name, entry_id, version)
    owner = _owner(session, actor, row)
    kept = _checked(session, actor, kind, owner, fields, other_than=row.id)
    changed = [name for name, value in vars(kept).items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, getattr(kept, name))
    row.version += 1
    detail = {"entry": row.id, "fields": changed}
    audit.record(session, actor, f"{kind.name}.changed", owner.id, now=now, detail=detail)
    return row


def remove(session: Session, actor: Actor, kind: str, entry_id: str, *, version: int, now: datetime) -> None:
    """Take an entry out of the list; that it stood there is in the history."""
    hospital_of(actor, HOSPITAL_WRITERS)
    row = _held(session, actor, kind, entry_id, version)
    owner = _owner(session, actor, row)
    session.delete(row)
    session.flush()
    audit.record(session, actor, f"{kind}.removed", owner.id, now=now, detail={"entry": entry_id})


def replace_articles(
    session: Session, actor: Actor, supply_id: str, found: Sequence[ArticleFields], *, now: datetime
) -> int:
    """Lay a new list of articles in the place of the one that stood; how many stand now."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    supply = vendors.find_supply(session, actor, supply_id)
    if len(found) > MOST:
        raise BadInput({"": Message(text=N_("The list has more than %(most)s rows."), values={"most": MOST})})
    kept = [checked_article(one) for one in found]
    session.execute(delete(Article).where(Article.hospital_id == hospital_id, Article.supply_id == supply.id))
    session.add_all(Article(hospital_id=hospital_id, supply_id=supply.id, created_at=now, **vars(one)) for one in kept)
    session.flush()
    audit.record(session, actor, "articles.replaced", supply.id, now=now, detail={"rows": len(kept)})
    return len(kept)


def _held(session: Session, actor: Actor, kind: str, entry_id: str, version: int) -> Any:
    row = find(session, actor, kind, entry_id)
    session.refresh(row, with_for_update=True)  # of two that read the same, the second sees what the first wrote
    if row.version != version:
        raise Clash(Message(text=CHANGED), theirs=fields_of(kind, row), version=row.version)
    return row


def _owner(session: Session, actor: Actor, row: Any) -> Vendor | Supply:
    if isinstance(row, Alternative | Article):
        return vendors.find_supply(session, actor, row.supply_id)
    return vendors.find(session, actor, row.vendor_id)


# ---- what may stand in an entry


def _checked(
    session: Session, actor: Actor, kind: Kind, owner: Vendor | Supply, fields: Fields, *, other_than: str = ""
) -> Any:
    kept = kind.check(fields)
    supply_id = getattr(kept, "supply_id", None)
    if supply_id and supply_id not in {one.id for one in cast(Vendor, owner).supplies}:
        raise NotFound
    if isinstance(kept, DomainFields):
        vendor = cast(Vendor, owner)
        taken = {one.name: one.id for one in of_vendor(session, actor, vendor.id, "domain")}
        if kept.name == vendor.domain or taken.get(kept.name, other_than) != other_than:
            raise BadInput({"name": Message(text=N_("This domain stands here already."))})
    return kept


def _contact(fields: ContactFields) -> ContactFields:
    wrong: dict[str, Message] = {}
    email, phone, name = fields.email.strip(), fields.phone.strip(), fields.name.strip()
    try:
        email = accounts.email_address(email) if email else ""
    except BadInput as refused:
        wrong |= refused.fields
    if not email and not phone and not wrong:
        wrong["email"] = Message(text=N_("Enter an e-mail address or a telephone number."))
    if wrong:
        raise BadInput(wrong)
    return replace(
        fields,
        name=name[:200],
        email=email,
        phone=phone[:60],
        note=fields.note.strip()[:500],
        supply_id=fields.supply_id or None,
    )


def _domain(fields: DomainFields) -> DomainFields:
    bare = re.sub(r"^[a-z]+://", "", fields.name.strip().lower()).split("/")[0].rpartition("@")[2].strip(".")
    if "." not in bare or " " in bare:
        raise BadInput({"name": Message(text=N_("Enter a domain like example.de."))})
    return DomainFields(name=bare.removeprefix("www.")[:253], note=fields.note.strip()[:500])


def _subcontractor(fields: SubcontractorFields) -> SubcontractorFields:
    wrong: dict[str, Message] = {}
    name, country = fields.name.strip(), fields.country.strip().upper()
    if not name:
        wrong["name"] = Message(text=N_("Enter the name of the subcontractor."))
    if country and not vendors.is_country(country):
        wrong["country"] = Message(text=N_("Write the country with its two letters, for example AT."))
    if not 1 <= fields.rank <= LOWEST_RANK:
        wrong["rank"] = Message(text=N_("Choose a rank from 1 to %(most)s."), values={"most": LOWEST_RANK})
    wrong |= vendors.wrong_days(fields)
    if wrong:
        raise BadInput(wrong)
    return replace(
        fields,
        name=name[:200],
        service=fields.service.strip()[:300],
        country=country,
        note=fields.note.strip()[:500],
        supply_id=fields.supply_id or None,
    )


def _alternative(fields: AlternativeFields) -> AlternativeFields:
    wrong: dict[str, Message] = {}
    name = fields.name.strip()
    if not name:
        wrong["name"] = Message(text=N_("Name the product."))
    if fields.months is not None and not 0 <= fields.months <= vendors.LARGEST_MONTHS:
        values = {"most": vendors.LARGEST_MONTHS}
        wrong["months"] = Message(text=N_("Enter a number of months from 0 to %(most)s."), values=values)
    if wrong:
        raise BadInput(wrong)
    return replace(
        fields, name=name[:200], vendor_name=fields.vendor_name.strip()[:200], note=fields.note.strip()[:500]
    )


def checked_article(fields: ArticleFields) -> ArticleFields:
    """An article as it is stored; BadInput with a sentence for each field that cannot be."""
    wrong: dict[str, Message] = {}
    model = fields.model.strip()
    if not model:
        wrong["model"] = Message(text=N_("Enter the model."))
    if not 1 <= fields.count <= MOST_ARTICLES:
        wrong["count"] = Message(text=N_("Enter how many there are."))
    wrong |= vendors.wrong_days(fields)
    if wrong:
        raise BadInput(wrong)
    return replace(
        fields,
        model=model[:200],
        release=fields.release.strip()[:80],
        udi_di=fields.udi_di.replace(" ", "").upper()[:60],
        location=fields.location.strip()[:200],
        network_zone=fields.network_zone.strip()[:120],
        note=fields.note.strip()[:500],
    )


KINDS: Mapping[str, Kind] = {
    one.name: one
    for one in (
        Kind(name="contact", model=VendorContact, fields=ContactFields, of_supply=False, check=_contact),
        Kind(name="domain", model=VendorDomain, fields=DomainFields, of_supply=False, check=_domain),
        Kind(
            name="subcontractor",
            model=Subcontractor,
            fields=SubcontractorFields,
            of_supply=False,
            check=_subcontractor,
        ),
        Kind(name="alternative", model=Alternative, fields=AlternativeFields, of_supply=True, check=_alternative),
        Kind(name="article", model=Article, fields=ArticleFields, of_supply=True, check=checked_article),
    )
}


def _kind(name: str) -> Kind:
    if name not in KINDS:
        raise NotFound
    return KINDS[name]


def _of_fields(fields: Fields) -> Kind:
    return next(one for one in KINDS.values() if isinstance(fields, one.fields))
