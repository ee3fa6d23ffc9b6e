"""A hospital's suppliers: vendors, what they supply, and the hosts through which they do."""

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, selectinload

from assessments.model import HostRole
from portal.db import lines
from portal.db.models.assessments import Assessment, AssessmentSupply
from portal.db.models.vendors import Ground, Host, HostState, Speaker, Supply, Vendor
from portal.db.models.watching import CallKind
from portal.errors import BadInput, Clash, NotFound, NotNow
from portal.services import audit, jobs
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from portal.services.people import accounts
from portal.services.rounds import reassessment_calls
from portal.services.scans import host_words
from portal.services.scans.host_words import Said
from scanners import targets
from scanners.attribution import Belonging
from scanners.model import N_, Message

LARGEST_MONTHS = 240
FIRST_YEAR, LAST_YEAR = 1950, 2199  # of any day in a record: a mistyped year would stand in every sum after it
MOST_COUNTRIES = 40
# What a change of asks for the vendor to be assessed again.
OF_CONTRACT = frozenset({"contract_number", "contract_starts_on", "contract_ends_on", "law_country", "data_countries"})
LARGEST_VOLUME = 2 * 10**9  # euros; PostgreSQL keeps no larger number here
MOST_HOSTS = 20  # of one vendor: a scan of more would outrun its budget (DECISIONS: budgets of a scan)

PRODUCT_GROUPS: dict[str, str] = {
    "pacs": N_("PACS and imaging"),
    "kis": N_("Hospital information system and interfaces"),
    "laboratory": N_("Laboratory"),
    "medical-device": N_("Medical devices"),
    "infusion": N_("Infusion technology"),
    "telemedicine": N_("Telemedicine and patient portal"),
    "remote-maintenance": N_("Remote maintenance"),
    "network": N_("Network and data centre"),
    "building": N_("Building services"),
    "administration": N_("Administration and office"),
    "logistics": N_("Logistics and supply"),
    "other": N_("Other"),
}
PROVISIONAL_TIERS = lines.PROVISIONAL_TIERS


@dataclass(frozen=True, kw_only=True)
class VendorFields:
    """What a hospital writes down of a vendor."""

    name: str
    domain: str = ""
    vat_id: str = ""
    country: str = "DE"
    creditor_number: str = ""
    contact_name: str = ""
    contact_email: str = ""
    security_email: str = ""
    lei: str = ""
    parent_name: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class SupplyFields:
    """What a hospital writes down of a product or service."""

    name: str
    product_group: str = ""
    description: str = ""
    department: str = ""
    owner_name: str = ""
    owner_email: str = ""
    deputy_name: str = ""
    contract_number: str = ""
    contract_starts_on: date | None = None
    contract_ends_on: date | None = None
    notice_months: int | None = None
    renews_months: int | None = None
    volume_per_year: int | None = None
    has_security_terms: bool | None = None
    dpa_signed_on: date | None = None
    law_country: str = ""
    data_countries: str = ""
    audited_on: date | None = None
    exit_plan: str = ""
    exit_return_format: str = ""
    exit_tested_on: date | None = None
    exit_due_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class HostFields:
    """A host, what it is for, and why the hospital may look at it."""

    name: str
    role: HostRole = HostRole.PRODUCT
    supply_id: str = ""  # "" the company as a whole
    ground: Ground = Ground.CONTRACT
    ground_note: str = ""


def find(session: Session, actor: Actor, vendor_id: str) -> Vendor:
    """One vendor of the actor's hospital."""
    hospital_id = hospital_of(actor)
    vendor = session.scalars(
        select(Vendor)
        .where(Vendor.hospital_id == hospital_id, Vendor.id == vendor_id)
        .options(selectinload(Vendor.supplies).selectinload(Supply.intakes), selectinload(Vendor.hosts))
    ).first()
    if vendor is None:
        raise NotFound
    return vendor


def find_supply(session: Session, actor: Actor, supply_id: str) -> Supply:
    """One supply of the actor's hospital."""
    hospital_id = hospital_of(actor)
    supply = session.scalars(
        select(Supply)
        .where(Supply.hospital_id == hospital_id, Supply.id == supply_id)
        .options(selectinload(Supply.vendor), selectinload(Supply.intakes))
    ).first()
    if supply is None:
        raise NotFound
    return supply


def search(
    session: Session, actor: Actor, *, words: str = "", limit: int = 10_000, ended: bool = False
) -> Sequence[Vendor]:
    """Vendors whose name, domain, creditor number or product contains the words, by name; `ended`: those off the
    lists instead."""
    hospital_id = hospital_of(actor)
    query = select(Vendor).where(
        Vendor.hospital_id == hospital_id, Vendor.ended_at.is_not(None) if ended else Vendor.ended_at.is_(None)
    )
    if words.strip():
        pattern = f"%{_escaped(words.strip())}%"
        supplied = select(Supply.vendor_id).where(
            Supply.hospital_id == hospital_id, Supply.name.ilike(pattern, escape="\\")
        )
        if not ended:
            supplied = supplied.where(Supply.ended_at.is_(None))
        query = query.where(
            or_(
                Vendor.name.ilike(pattern, escape="\\"),
                Vendor.domain.ilike(pattern, escape="\\"),
                Vendor.creditor_number.ilike(pattern, escape="\\"),
                Vendor.id.in_(supplied),
            )
        )
    query = query.options(selectinload(Vendor.supplies).selectinload(Supply.intakes)).order_by(func.lower(Vendor.name))
    return session.scalars(query.limit(limit)).all()


def add(session: Session, actor: Actor, fields: VendorFields, *, now: datetime) -> Vendor:
    """Write down a new vendor; a domain or VAT id that stands already is said, with the vendor it belongs to."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    kept = checked(fields)
    _refuse_duplicate(session, hospital_id, kept, other_than=None)
    vendor = Vendor(hospital_id=hospital_id, created_at=now, **vars(kept))
    session.add(vendor)
    session.flush()  # supplies, hosts and the audit trail point to it
    audit.record(session, actor, "vendor.added", vendor.id, now=now, detail={"name": vendor.name})
    return vendor


def change(
    session: Session, actor: Actor, vendor_id: str, fields: VendorFields, *, version: int, now: datetime
) -> Vendor:
    """Change a vendor's record, unless somebody else did since it was read."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    vendor = find(session, actor, vendor_id)
    _refuse_stale(session, vendor, version)
    kept = checked(fields)
    _refuse_duplicate(session, hospital_id, kept, other_than=vendor.id)
    changed = [name for name, value in vars(kept).items() if getattr(vendor, name) != value]
    for name in changed:
        setattr(vendor, name, getattr(kept, name))
    vendor.version += 1
    audit.record(session, actor, "vendor.changed", vendor.id, now=now, detail={"fields": changed})
    return vendor


def end(session: Session, actor: Actor, vendor_id: str, *, now: datetime) -> None:
    """Take a vendor off the lists; its history stays (offboardings.py: with its reason and a checklist)."""
    hospital_of(actor, HOSPITAL_WRITERS)
    vendor = find(session, actor, vendor_id)
    if vendor.ended_at is None:
        vendor.ended_at = now
        audit.record(session, actor, "vendor.ended", vendor.id, now=now)


def bring_back(session: Session, actor: Actor, vendor_id: str, *, now: datetime) -> None:
    """Put it on the lists again, unless another one has its domain or numbers by now."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    vendor = find(session, actor, vendor_id)
    if vendor.ended_at is not None:
        _refuse_duplicate(session, hospital_id, fields_of(vendor), other_than=vendor.id)
        vendor.ended_at = None
        audit.record(session, actor, "vendor.brought-back", vendor.id, now=now)


def fields_of(vendor: Vendor) -> VendorFields:
    """The record as its fields."""
    return VendorFields(**{one.name: getattr(vendor, one.name) for one in dataclasses.fields(VendorFields)})


# ---- supplies


def add_supply(session: Session, actor: Actor, vendor_id: str, fields: SupplyFields, *, now: datetime) -> Supply:
    """Write down a product or service that the vendor supplies."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    vendor = session.get(Vendor, vendor_id)
    if vendor is None or vendor.hospital_id != hospital_id:
        raise NotFound
    supply = Supply(hospital_id=hospital_id, vendor_id=vendor.id, created_at=now, **vars(checked_supply(fields)))
    session.add(supply)
    session.flush()  # the intake points to it
    audit.record(session, actor, "supply.added", supply.id, now=now, detail={"name": supply.name})
    return supply


def change_supply(
    session: Session, actor: Actor, supply_id: str, fields: SupplyFields, *, version: int, now: datetime
) -> Supply:
    """Change a supply's record, unless somebody else did since it was read."""
    hospital_of(actor, HOSPITAL_WRITERS)
    supply = find_supply(session, actor, supply_id)
    _refuse_stale(session, supply, version)
    kept = vars(checked_supply(fields))
    changed = [name for name, value in kept.items() if getattr(supply, name) != value]
    if any(getattr(supply, name) for name in changed if name in OF_CONTRACT):
        reassessment_calls.happened(session, supply.hospital_id, supply.vendor_id, CallKind.CONTRACT, now=now)
    for name in changed:
        setattr(supply, name, kept[name])
    supply.version += 1
    audit.record(session, actor, "supply.changed", supply.id, now=now, detail={"fields": changed})
    return supply


def bring_supply_back(session: Session, actor: Actor, supply_id: str, *, now: datetime) -> None:
    """Put it on the lists again."""
    hospital_of(actor, HOSPITAL_WRITERS)
    supply = find_supply(session, actor, supply_id)
    if supply.ended_at is not None:
        supply.ended_at = None
        audit.record(session, actor, "supply.brought-back", supply.id, now=now)


def supply_fields_of(supply: Supply) -> SupplyFields:
    """A supply as its fields."""
    return SupplyFields(**{one.name: getattr(supply, one.name) for one in dataclasses.fields(SupplyFields)})


def provisional_tier(supply: Supply) -> int | None:
    """What its product group lets expect where nobody has filled in the intake yet."""
    return None if supply.intakes else PROVISIONAL_TIERS.get(supply.product_group)


def supplies_of(session: Session, assessment: Assessment) -> Sequence[Supply]:
    """The supplies that a round is about, with their intakes, in the order in which they were written down."""
    return session.scalars(
        select(Supply)
        .join(
            AssessmentSupply,
            (AssessmentSupply.hospital_id == Supply.hospital_id) & (AssessmentSupply.supply_id == Supply.id),
        )
        .where(AssessmentSupply.hospital_id == assessment.hospital_id, AssessmentSupply.assessment_id == assessment.id)
        .options(selectinload(Supply.intakes))
        .order_by(Supply.created_at, Supply.id)
    ).all()


def supply_ids_of(session: Session, assessment: Assessment) -> Sequence[str]:
    """The same by their ids alone, which is all that saving an answer asks for."""
    return session.scalars(
        select(AssessmentSupply.supply_id).where(
            AssessmentSupply.hospital_id == assessment.hospital_id, AssessmentSupply.assessment_id == assessment.id
        )
    ).all()


# ---- hosts


def name_host(
    session: Session, actor: Actor, vendor_id: str, fields: HostFields, *, now: datetime, permitted: Sequence[str] = ()
) -> Host:
    """Put a host into scope, with the ground on which the hospital may look at it.

    `permitted` are suffixes beside the public ones (settings). The vendor is told what was scanned.
    """
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    vendor = find(session, actor, vendor_id)
    name = host_name(fields.name, permitted=permitted)
    if any(host.name == name for host in vendor.hosts):
        raise BadInput({"host": Message(text=N_("This host is on the list already."))})
    if len(vendor.hosts) >= MOST_HOSTS:
        raise BadInput(
            {"host": Message(text=N_("A vendor can have %(most)s hosts at most."), values={"most": MOST_HOSTS})}
        )
    supply_id = fields.supply_id or None
    if supply_id is not None and supply_id not in {supply.id for supply in vendor.supplies}:
        raise NotFound
    host = Host(
        hospital_id=hospital_id,
        vendor_id=vendor.id,
        supply_id=supply_id,
        name=name,
        role=fields.role,
        state=HostState.NAMED,
        ground=fields.ground,
        ground_note=fields.ground_note.strip()[:500],
        created_at=now,
    )
    session.add(host)
    session.flush()
    audit.record(
        session, actor, "host.named", name, now=now, detail={"vendor": vendor.id, "ground": fields.ground.value}
    )
    return host


def host_name(text: str, *, permitted: Sequence[str] = ()) -> str:
    """The host name in its one spelling, or BadInput with the sentence that says what is wrong with it."""
    try:
        return targets.normalise(text, permitted_suffixes=tuple(permitted))
    except targets.BadTarget as refused:
        raise BadInput({"host": refused.message}) from None


def find_host(vendor: Vendor, host_id: str) -> Host:
    """One of its hosts."""
    host = next((host for host in vendor.hosts if host.id == host_id), None)
    if host is None:
        raise NotFound
    return host


def change_host(
    session: Session,
    actor: Actor,
    vendor_id: str,
    host_id: str,
    *,
    role: HostRole,
    supply_ids: Sequence[str] | None = None,
    belonging: Belonging | None = None,
    read: str | None = None,
    now: datetime,
) -> Host:
    """Say what a host is for, as the scanner or the company proposes or otherwise, whose it is and which supplies it
    serves: findings there weigh accordingly, and a foreign host is neither looked at nor counted. None leaves
    supplies and belonging as they are; no supply at all means the company as a whole. `read`: the version that the
    writer has seen."""
    hospital_of(actor, HOSPITAL_WRITERS)
    vendor = find(session, actor, vendor_id)
    host = find_host(vendor, host_id)
    known = [supply.id for supply in vendor.supplies]
    if supply_ids is not None and not set(supply_ids) <= set(known):
        raise NotFound
    host_words.hold(session, host, read)
    served = host.supply_ids if supply_ids is None else tuple(one for one in known if one in supply_ids)
    before = host.role
    said = Said(role=role, supply_ids=served, belonging=belonging or host.belonging)
    host_words.say(host, Speaker.HOSPITAL, said, by_name=actor.name, now=now)
    detail = {"vendor": vendor.id, "role": role.value, "before": before.value, "supplies": list(served)}
    if said.belonging is not None:
        detail["belonging"] = said.belonging.value
    audit.record(session, actor, "host.changed", host.name, now=now, detail=detail)
    for assessment_id in session.scalars(
        select(Assessment.id).where(Assessment.hospital_id == vendor.hospital_id, Assessment.vendor_id == vendor.id)
    ):
        jobs.ask_for_score(session, vendor.hospital_id, assessment_id, now=now)
    return host


def remove_host(session: Session, actor: Actor, vendor_id: str, host_id: str, *, now: datetime) -> None:
    """Take a host out of scope that only the hospital has named; what the company confirmed stays its own."""
    hospital_of(actor, HOSPITAL_WRITERS)
    vendor = find(session, actor, vendor_id)
    host = next((host for host in vendor.hosts if host.id == host_id), None)
    if host is None:
        raise NotFound
    if host.state is not HostState.NAMED:
        raise NotNow(Message(text=N_("The vendor has spoken about this host; it stays on the list.")))
    session.delete(host)
    audit.record(session, actor, "host.removed", host.name, now=now, detail={"vendor": vendor.id})


# ---- what holds for all


def checked(fields: VendorFields) -> VendorFields:
    """The record as it is stored; BadInput with a sentence for each field that cannot be."""
    wrong: dict[str, Message] = {}
    name = fields.name.strip()
    if not name:
        wrong["name"] = Message(text=N_("Enter the name of the vendor."))
    domain = fields.domain.strip().lower().removeprefix("https://").removeprefix("http://").strip("/")
    emails = {}
    for field in ("contact_email", "security_email"):
        text = getattr(fields, field).strip()
        try:
            emails[field] = accounts.email_address(text, field=field) if text else ""
        except BadInput as refused:
            wrong |= refused.fields
    if wrong:
        raise BadInput(wrong)
    return VendorFields(
        name=name[:200],
        domain=domain[:253],
        vat_id=fields.vat_id.replace(" ", "").upper()[:20],
        country=fields.country.strip().upper()[:2] or "DE",
        creditor_number=fields.creditor_number.strip()[:40],
        contact_name=fields.contact_name.strip()[:200],
        contact_email=emails["contact_email"],
        security_email=emails["security_email"],
        lei=fields.lei.replace(" ", "").upper()[:20],
        parent_name=fields.parent_name.strip()[:200],
        note=fields.note.strip()[:5000],
    )


def checked_supply(fields: SupplyFields) -> SupplyFields:
    """The supply as it is stored; BadInput with a sentence for each field that cannot be."""
    name = fields.name.strip()
    wrong: dict[str, Message] = {}
    if not name:
        wrong["name"] = Message(text=N_("Enter the product or service."))
    if fields.product_group and fields.product_group not in PRODUCT_GROUPS:
        wrong["product_group"] = Message(text=N_("Choose a product group from the list."))
    owner_email = fields.owner_email.strip()
    if owner_email:
        try:
            owner_email = accounts.email_address(owner_email, field="owner_email")
        except BadInput as refused:
            wrong |= refused.fields
    wrong |= _wrong_in_contract(fields) | wrong_days(fields)
    if wrong:
        raise BadInput(wrong)
    return SupplyFields(
        name=name[:200],
        product_group=fields.product_group,
        description=fields.description.strip()[:5000],
        department=fields.department.strip()[:120],
        owner_name=fields.owner_name.strip()[:200],
        owner_email=owner_email,
        deputy_name=fields.deputy_name.strip()[:200],
        contract_number=fields.contract_number.strip()[:80],
        contract_starts_on=fields.contract_starts_on,
        contract_ends_on=fields.contract_ends_on,
        notice_months=fields.notice_months,
        renews_months=fields.renews_months,
        volume_per_year=fields.volume_per_year,
        has_security_terms=fields.has_security_terms,
        dpa_signed_on=fields.dpa_signed_on,
        law_country=fields.law_country.strip().upper(),
        data_countries=", ".join(dict.fromkeys(_countries(fields.data_countries))),
        audited_on=fields.audited_on,
        exit_plan=fields.exit_plan.strip()[:5000],
        exit_return_format=fields.exit_return_format.strip()[:200],
        exit_tested_on=fields.exit_tested_on,
        exit_due_on=fields.exit_due_on,
    )


def _wrong_in_contract(fields: SupplyFields) -> dict[str, Message]:
    wrong: dict[str, Message] = {}
    for field in ("notice_months", "renews_months"):
        months = getattr(fields, field)
        if months is not None and not 0 <= months <= LARGEST_MONTHS:
            wrong[field] = Message(text=N_("Enter a number of months from 0 to %(most)s."), values=_MOST_MONTHS)
    if fields.volume_per_year is not None and not 0 <= fields.volume_per_year <= LARGEST_VOLUME:
        wrong["volume_per_year"] = Message(text=N_("Enter an amount in whole euros."))
    starts, ends = fields.contract_starts_on, fields.contract_ends_on
    if starts is not None and ends is not None and ends < starts:
        wrong["contract_ends_on"] = Message(text=N_("The contract would end before it starts."))
    law = fields.law_country.strip().upper()
    if law and not is_country(law):
        wrong["law_country"] = Message(text=N_("Write the country with its two letters, for example AT."))
    countries = _countries(fields.data_countries)
    if not all(map(is_country, countries)) or len(countries) > MOST_COUNTRIES:
        wrong["data_countries"] = Message(text=N_("Write each country with its two letters: DE, IE."))
    return wrong


def wrong_days(fields: object) -> dict[str, Message]:
    """A sentence for each day of these fields that no record can mean."""
    sentence = N_("Enter a year from %(first)s to %(last)s.")
    values = {"first": FIRST_YEAR, "last": LAST_YEAR}
    return {
        name: Message(text=sentence, values=values)
        for name, value in vars(fields).items()
        if isinstance(value, date) and not FIRST_YEAR <= value.year <= LAST_YEAR
    }


def _countries(text: str) -> list[str]:
    return [one.upper() for one in re.split(r"[\s,;/]+", text.strip()) if one]


_MOST_MONTHS = {"most": LARGEST_MONTHS}


def is_country(text: str) -> bool:
    """Two letters, as ISO 3166-1 writes countries."""
    return len(text) == 2 and text.isascii() and text.isalpha()  # noqa: PLR2004 - alpha-2


def _refuse_duplicate(session: Session, hospital_id: str, fields: VendorFields, *, other_than: str | None) -> None:
    for field in ("vat_id", "creditor_number", "domain"):
        value = getattr(fields, field)
        if not value:
            continue
        query = select(Vendor.name).where(
            Vendor.hospital_id == hospital_id, getattr(Vendor, field) == value, Vendor.ended_at.is_(None)
        )
        if other_than is not None:
            query = query.where(Vendor.id != other_than)
        name = session.scalar(query.limit(1))
        if name is not None:
            raise BadInput({field: Message(text=N_("%(vendor)s has this already."), values={"vendor": name})})


def _refuse_stale(session: Session, row: Vendor | Supply, read: int) -> None:
    session.refresh(row, with_for_update=True)  # of two that read the same, the second sees what the first wrote
    if row.version != read:
        raise Clash(
            Message(text=N_("Somebody else changed this in the meantime. Look at what stands now and save again.")),
            theirs=fields_of(row) if isinstance(row, Vendor) else supply_fields_of(row),
            version=row.version,
        )


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
