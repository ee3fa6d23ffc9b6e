"""Lists of vendors from outside: columns matched, every row judged before anything is written, nothing overwritten."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal import i18n
from portal.db.models.supplies import Alternative, ContactRole, Subcontractor, VendorContact, VendorDomain
from portal.db.models.vendors import Supply, Vendor, VendorImport
from portal.errors import BadInput, NotFound
from portal.services import audit
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from portal.services.people import accounts
from portal.services.vendors import vendor_entries, vendors
from portal.services.vendors.vendor_entries import AlternativeFields, ContactFields, DomainFields, SubcontractorFields
from portal.services.vendors.vendor_entries import Fields as EntryFields
from portal.services.vendors.vendors import PRODUCT_GROUPS, SupplyFields, VendorFields
from reports.workbooks.answer_sheet import plain
from reports.workbooks.table_in import Table
from scanners.model import N_, Message

KEPT = timedelta(days=2)
AT_ONCE = 100  # rows that are written in one transaction: a second or so in which nobody else writes on SQLite
COUNTRIES = {
    "d": "DE",
    "deutschland": "DE",
    "bundesrepublik deutschland": "DE",
    "germany": "DE",
    "a": "AT",
    "österreich": "AT",
    "austria": "AT",
    "schweiz": "CH",
    "switzerland": "CH",
    "niederlande": "NL",
    "netherlands": "NL",
    "frankreich": "FR",
    "france": "FR",
    "belgien": "BE",
    "belgium": "BE",
    "dänemark": "DK",
    "denmark": "DK",
    "finnland": "FI",
    "finland": "FI",
    "irland": "IE",
    "ireland": "IE",
    "israel": "IL",
    "italien": "IT",
    "italy": "IT",
    "japan": "JP",
    "liechtenstein": "LI",
    "luxemburg": "LU",
    "luxembourg": "LU",
    "norwegen": "NO",
    "norway": "NO",
    "polen": "PL",
    "poland": "PL",
    "schweden": "SE",
    "sweden": "SE",
    "spanien": "ES",
    "spain": "ES",
    "tschechien": "CZ",
    "czechia": "CZ",
    "großbritannien": "GB",
    "vereinigtes königreich": "GB",
    "united kingdom": "GB",
    "usa": "US",
    "united states": "US",
    "vereinigte staaten": "US",
}


class Column(StrEnum):
    """What a column of a list can hold."""

    NAME = "name"
    DOMAIN = "domain"
    CREDITOR_NUMBER = "creditor_number"
    VAT_ID = "vat_id"
    COUNTRY = "country"
    CONTACT_NAME = "contact_name"
    CONTACT_EMAIL = "contact_email"
    SECURITY_EMAIL = "security_email"
    NOTE = "note"
    SUPPLY = "supply"
    PRODUCT_GROUP = "product_group"
    DEPARTMENT = "department"
    OWNER_NAME = "owner_name"
    CONTRACT_ENDS_ON = "contract_ends_on"
    KEY = "key"
    LEI = "lei"
    PARENT_NAME = "parent_name"
    SECURITY_NAME = "security_name"
    SECURITY_PHONE = "security_phone"
    PRIVACY_EMAIL = "privacy_email"
    EMERGENCY_PHONE = "emergency_phone"
    DOMAINS = "domains"
    SUBCONTRACTORS = "subcontractors"
    DESCRIPTION = "description"
    OWNER_EMAIL = "owner_email"
    DEPUTY_NAME = "deputy_name"
    CONTRACT_NUMBER = "contract_number"
    CONTRACT_STARTS_ON = "contract_starts_on"
    NOTICE_MONTHS = "notice_months"
    RENEWS_MONTHS = "renews_months"
    VOLUME_PER_YEAR = "volume_per_year"
    HAS_SECURITY_TERMS = "has_security_terms"
    DPA_SIGNED_ON = "dpa_signed_on"
    DATA_COUNTRIES = "data_countries"
    LAW_COUNTRY = "law_country"
    AUDITED_ON = "audited_on"
    EXIT_PLAN = "exit_plan"
    EXIT_RETURN_FORMAT = "exit_return_format"
    EXIT_TESTED_ON = "exit_tested_on"
    EXIT_DUE_ON = "exit_due_on"
    ALTERNATIVES = "alternatives"


WORDS: Mapping[Column, str] = {
    Column.NAME: N_("Name"),
    Column.DOMAIN: N_("Main domain"),
    Column.CREDITOR_NUMBER: N_("Creditor number"),
    Column.VAT_ID: N_("VAT id"),
    Column.COUNTRY: N_("Country"),
    Column.CONTACT_NAME: N_("Contact person"),
    Column.CONTACT_EMAIL: N_("E-mail of the contact"),
    Column.SECURITY_EMAIL: N_("E-mail for security matters"),
    Column.NOTE: N_("Note"),
    Column.SUPPLY: N_("Product or service"),
    Column.PRODUCT_GROUP: N_("Product group"),
    Column.DEPARTMENT: N_("Department"),
    Column.OWNER_NAME: N_("Responsible person"),
    Column.CONTRACT_ENDS_ON: N_("Contract ends on"),
    Column.KEY: N_("Kettenblick ID"),
    Column.LEI: "LEI",
    Column.PARENT_NAME: N_("Group it belongs to"),
    Column.SECURITY_NAME: N_("Security contact (name)"),
    Column.SECURITY_PHONE: N_("Security contact (telephone)"),
    Column.PRIVACY_EMAIL: N_("Data protection contact (e-mail)"),
    Column.EMERGENCY_PHONE: N_("Emergency telephone, day and night"),
    Column.DOMAINS: N_("Further domains of the vendor"),
    Column.SUBCONTRACTORS: N_("Subcontractors of the vendor"),
    Column.DESCRIPTION: N_("Description"),
    Column.OWNER_EMAIL: N_("E-mail of the responsible person"),
    Column.DEPUTY_NAME: N_("Deputy"),
    Column.CONTRACT_NUMBER: N_("Contract number"),
    Column.CONTRACT_STARTS_ON: N_("Contract starts on"),
    Column.NOTICE_MONTHS: N_("Notice period in months"),
    Column.RENEWS_MONTHS: N_("Renews itself by so many months"),
    Column.VOLUME_PER_YEAR: N_("Volume per year in euros"),
    Column.HAS_SECURITY_TERMS: N_("Security terms are agreed"),
    Column.DPA_SIGNED_ON: N_("Data processing agreement signed on"),
    Column.DATA_COUNTRIES: N_("Countries in which data lie"),
    Column.LAW_COUNTRY: N_("Country whose law holds"),
    Column.AUDITED_ON: N_("Last audited on"),
    Column.EXIT_PLAN: N_("Exit plan"),
    Column.EXIT_RETURN_FORMAT: N_("Form in which data come back"),
    Column.EXIT_TESTED_ON: N_("Tested on"),
    Column.EXIT_DUE_ON: N_("To be looked at again by"),
    Column.ALTERNATIVES: N_("Alternatives to the product"),
}
USUAL = tuple(Column)[: tuple(Column).index(Column.KEY)]  # what nearly every list holds
# How lists name these columns, most telling first; compared without case, blanks and signs.
HEADINGS: Mapping[Column, tuple[str, ...]] = {
    Column.NAME: (
        "lieferant",
        "lieferantenname",
        "firma",
        "unternehmen",
        "name1",
        "name",
        "vendor",
        "supplier",
        "company",
    ),
    Column.DOMAIN: ("domain", "internet", "webseite", "website", "homepage", "url", "www"),
    Column.CREDITOR_NUMBER: ("kreditorennummer", "kreditornr", "kreditor", "lieferantennummer", "creditor", "vendorno"),
    Column.VAT_ID: ("ustidnr", "ustid", "umsatzsteuerid", "vatid", "vat"),
    Column.COUNTRY: ("land", "ländercode", "country"),
    Column.CONTACT_NAME: ("ansprechpartner", "ansprechperson", "kontakt", "contactname", "contact"),
    Column.CONTACT_EMAIL: ("email", "mail", "emailkontakt", "contactemail"),
    Column.SECURITY_EMAIL: ("sicherheitskontakt", "securityemail", "psirt", "security"),
    Column.NOTE: ("bemerkung", "notiz", "anmerkung", "kommentar", "note", "remark"),
    Column.SUPPLY: ("produkt", "leistung", "system", "produktleistung", "product", "service", "bezeichnung"),
    Column.PRODUCT_GROUP: ("produktgruppe", "warengruppe", "kategorie", "productgroup", "category"),
    Column.DEPARTMENT: ("abteilung", "fachabteilung", "bereich", "department"),
    Column.OWNER_NAME: ("verantwortlich", "verantwortlicher", "owner", "eigner"),
    Column.CONTRACT_ENDS_ON: ("vertragsende", "vertragbis", "laufzeitende", "contractends", "contractend"),
    Column.KEY: (),
    Column.LEI: (),
    Column.PARENT_NAME: ("konzern", "muttergesellschaft", "parent"),
    Column.SECURITY_NAME: (),
    Column.SECURITY_PHONE: (),
    Column.PRIVACY_EMAIL: ("datenschutzkontakt", "datenschutzbeauftragter", "dpo"),
    Column.EMERGENCY_PHONE: ("notfalltelefon", "notfallnummer", "hotline", "emergency"),
    Column.DOMAINS: ("weiteredomains",),
    Column.SUBCONTRACTORS: ("unterauftragnehmer", "subunternehmer", "subcontractors", "subprocessors"),
    Column.DESCRIPTION: ("beschreibung", "description"),
    Column.OWNER_EMAIL: (),
    Column.DEPUTY_NAME: ("vertretung", "stellvertretung", "stellvertreter", "deputy"),
    Column.CONTRACT_NUMBER: ("vertragsnummer", "vertragsnr", "contractnumber", "contractno"),
    Column.CONTRACT_STARTS_ON: ("vertragsbeginn", "vertragab", "laufzeitbeginn", "contractstart"),
    Column.NOTICE_MONTHS: ("kündigungsfrist", "noticeperiod"),
    Column.RENEWS_MONTHS: ("verlängerung", "renewal"),
    Column.VOLUME_PER_YEAR: ("jahresvolumen", "volumen", "jahreskosten", "umsatz", "annualvolume", "volume"),
    Column.HAS_SECURITY_TERMS: ("sicherheitsbedingungen", "sicherheitsklausel", "securityterms"),
    Column.DPA_SIGNED_ON: ("avv", "auftragsverarbeitung", "avvertrag", "dpa"),
    Column.DATA_COUNTRIES: ("datenstandort", "speicherort", "datalocation"),
    Column.LAW_COUNTRY: ("rechtswahl", "anwendbaresrecht", "governinglaw"),
    Column.AUDITED_ON: ("letztesaudit", "auditdatum", "lastaudit"),
    Column.EXIT_PLAN: ("ausstiegsplan", "exitplan", "exitstrategie", "exitstrategy"),
    Column.EXIT_RETURN_FORMAT: ("datenrückgabe", "datareturn"),
    Column.EXIT_TESTED_ON: (),
    Column.EXIT_DUE_ON: (),
    Column.ALTERNATIVES: ("alternativen", "alternative", "ersatzprodukt", "alternatives"),
}
Matching = Mapping[Column, int]  # which column of the list holds what


class Step(StrEnum):
    """What taking in a row would do."""

    NEW = "new"  # a vendor, and its product if one is named
    SUPPLY = "supply"  # a product of a vendor that stands already
    FILLED = "filled"  # only fills what was blank in records that stand
    NOTHING = "nothing"  # all of it stands already
    WRONG = "wrong"


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One row of the list, judged."""

    number: int  # of the row in the file
    step: Step
    vendor: VendorFields
    supply: SupplyFields | None = None
    beside: "Beside" = field(default_factory=lambda: Beside())  # noqa: PLW0108 - it is defined below
    known_as: str = ""  # the vendor that stands already, by its name
    known_by: Column | None = None  # what it was recognised by
    problems: tuple[tuple[Column, Message], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What a row says that stands in lists beside a vendor or its product."""

    security_name: str = ""
    security_phone: str = ""
    privacy_email: str = ""
    emergency_phone: str = ""
    domains: tuple[str, ...] = ()
    subcontractors: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()  # of the product


@dataclass(kw_only=True)
class _Known:
    """A vendor that stands, or that an earlier row of the list brings."""

    name: str
    fields: VendorFields
    vendor_id: str = ""
    supplies: dict[str, SupplyFields] = field(default_factory=dict)  # by the name as names are compared
    filled: set[str] = field(default_factory=set)  # names of Beside that are not blank
    replaceable: set[str] = field(default_factory=set)  # supplies with an alternative


@dataclass(frozen=True, kw_only=True)
class Done:
    """What came of a list."""

    vendors: int
    supplies: int
    left_out: int
    filled: int = 0  # rows that filled what was blank
    rows_left: int = 0  # of the list, not looked at yet

    def __add__(self, other: "Done") -> "Done":
        """Two pieces of one list."""
        return Done(
            vendors=self.vendors + other.vendors,
            supplies=self.supplies + other.supplies,
            left_out=self.left_out + other.left_out,
            filled=self.filled + other.filled,
            rows_left=other.rows_left,
        )


# ---- uploading


def keep(session: Session, actor: Actor, table: Table, *, file_name: str, now: datetime) -> VendorImport:
    """Lay an uploaded list aside until its columns are matched; older ones are thrown away."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    session.execute(
        delete(VendorImport).where(VendorImport.hospital_id == hospital_id, VendorImport.created_at < now - KEPT)
    )
    if not any(any(row) for row in table.rows):
        raise BadInput({"file": Message(text=N_("There is no row below the headings."))})
    row = VendorImport(
        hospital_id=hospital_id,
        file_name=file_name[:200],
        heading=list(table.heading),
        rows=[list(cells) for cells in table.rows],
        first_row=table.first,
        by_name=actor.name[:200],
        created_at=now,
    )
    session.add(row)
    session.flush()
    audit.record(session, actor, "vendor_list.uploaded", row.id, now=now, detail={"rows": len(row.rows)})
    return row


def find(session: Session, actor: Actor, import_id: str) -> VendorImport:
    """An uploaded list of the actor's hospital."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    row = session.get(VendorImport, import_id)
    if row is None or row.hospital_id != hospital_id:
        raise NotFound
    return row


def discard(session: Session, actor: Actor, import_id: str, *, now: datetime) -> None:
    """Throw an uploaded list away."""
    row = find(session, actor, import_id)
    session.delete(row)
    audit.record(session, actor, "vendor_list.discarded", import_id, now=now)


# ---- matching


def guess(heading: Sequence[str]) -> Matching:
    """Which column holds what, by the words above it; each column is used once."""
    german = i18n.translator("de")
    known = {
        column: (_folded(german(word)), _folded(word), *HEADINGS[column])  # our own lists come back, too
        for column, word in WORDS.items()
    }
    return matched(heading, known)


Key = TypeVar("Key")


def matched(heading: Sequence[str], known: Mapping[Key, Sequence[str]]) -> Mapping[Key, int]:
    """The same for lists of any kind, by how such lists name their columns."""
    folded = [_folded(title) for title in heading]
    found: dict[Key, int] = {}
    for exact in (True, False):
        for column, names in known.items():
            if column in found:
                continue
            for name in names:
                place = next(
                    (
                        index
                        for index, title in enumerate(folded)
                        if index not in found.values() and (title == name if exact else title.startswith(name))
                    ),
                    None,
                )
                if place is not None:
                    found[column] = place
                    break
    return found


def _folded(title: str) -> str:
    return re.sub(r"[^a-zäöüß0-9]", "", title.casefold())


# ---- judging


def plan(session: Session, actor: Actor, kept: VendorImport, matching: Matching) -> Sequence[Planned]:
    """Every row of the list, judged as if it were taken in; nothing is written."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    known = _known(session, hospital_id)
    return [_judge(number, cells, matching, known) for number, cells in _filled(kept.first_row, kept.rows)]


Index = dict[tuple[Column, str], _Known]


def _known(session: Session, hospital_id: str) -> Index:
    index: Index = {}
    supplies: dict[str, dict[str, SupplyFields]] = {}
    places: dict[str, tuple[str, str]] = {}
    for supply in session.scalars(
        select(Supply)
        .where(Supply.hospital_id == hospital_id, Supply.ended_at.is_(None))
        .order_by(Supply.created_at, Supply.id)
    ):
        key = _key(supply.name)
        supplies.setdefault(supply.vendor_id, {}).setdefault(key, vendors.supply_fields_of(supply))
        places[supply.id] = supply.vendor_id, key
    filled = _filled_beside(session, hospital_id)
    replaceable: dict[str, set[str]] = {}
    for supply_id in session.scalars(select(Alternative.supply_id).where(Alternative.hospital_id == hospital_id)):
        if supply_id in places:
            vendor_id, key = places[supply_id]
            replaceable.setdefault(vendor_id, set()).add(key)
    for vendor in session.scalars(
        select(Vendor).where(Vendor.hospital_id == hospital_id, Vendor.ended_at.is_(None)).order_by(Vendor.created_at)
    ):
        entry = _Known(
            name=vendor.name,
            fields=vendors.fields_of(vendor),
            vendor_id=vendor.id,
            supplies=supplies.get(vendor.id, {}),
            filled=filled.get(vendor.id, set()),
            replaceable=replaceable.get(vendor.id, set()),
        )
        index[Column.KEY, vendor.id] = entry
        _remember(index, entry, entry.fields)
    for domain in session.scalars(
        select(VendorDomain).where(VendorDomain.hospital_id == hospital_id).order_by(VendorDomain.created_at)
    ):
        if (found := index.get((Column.KEY, domain.vendor_id))) is not None:
            index.setdefault((Column.DOMAIN, domain.name), found)
    return index


def _filled_beside(session: Session, hospital_id: str) -> dict[str, set[str]]:
    """By vendor, which of what stands beside it is not blank."""
    filled: dict[str, set[str]] = {}
    for contact in session.scalars(
        select(VendorContact).where(VendorContact.hospital_id == hospital_id, VendorContact.supply_id.is_(None))
    ):
        filled.setdefault(contact.vendor_id, set()).update(
            name for name, (role, field_) in CONTACTS.items() if contact.role is role and getattr(contact, field_)
        )
    for table, name in ((VendorDomain, "domains"), (Subcontractor, "subcontractors")):
        for vendor_id in session.scalars(select(table.vendor_id).where(table.hospital_id == hospital_id)):
            filled.setdefault(vendor_id, set()).add(name)
    return filled


CONTACTS: Mapping[str, tuple[ContactRole, str]] = {
    "security_name": (ContactRole.SECURITY, "name"),
    "security_phone": (ContactRole.SECURITY, "phone"),
    "privacy_email": (ContactRole.PRIVACY, "email"),
    "emergency_phone": (ContactRole.EMERGENCY, "phone"),
}


def _remember(index: Index, entry: _Known, fields: VendorFields) -> None:
    for key in _keys(fields):
        index.setdefault(key, entry)


def _key(name: str) -> str:
    """A name as names are compared: without case, and whatever blanks and signs no list keeps."""
    return " ".join(plain(name).casefold().split())


def _keys(fields: VendorFields) -> Iterable[tuple[Column, str]]:
    """By which two records are the same vendor: the creditor number first, the bare name last."""
    if fields.creditor_number:
        yield Column.CREDITOR_NUMBER, _creditor(fields.creditor_number)
    for column in (Column.VAT_ID, Column.DOMAIN):
        if value := getattr(fields, column.value):
            yield column, value.casefold()
    yield Column.NAME, _key(fields.name)


def _creditor(number: str) -> str:
    """A creditor number as numbers are compared: one export fills it up with zeros, the next does not."""
    return number.lstrip("0") or "0" if number.isdecimal() else number.casefold()


def _judge(number: int, cells: Sequence[str], matching: Matching, known: Index) -> Planned:
    vendor, supply, beside, problems = _read(cells, matching)
    if problems:
        return Planned(number=number, step=Step.WRONG, vendor=vendor, supply=supply, problems=tuple(problems))
    place = matching.get(Column.KEY)
    key = Column.KEY, cells[place].strip() if place is not None and place < len(cells) else ""
    wanted = [key] if key in known else list(_keys(vendor))
    matches = [(column, known[column, value]) for column, value in wanted if (column, value) in known]
    if len({id(entry) for _column, entry in matches}) > 1:
        return Planned(number=number, step=Step.WRONG, vendor=vendor, supply=supply, problems=(_two_vendors(matches),))
    if not matches:
        entry = _Known(name=vendor.name, fields=vendor)
        _learn(entry, vendor, supply, beside)
        _remember(known, entry, vendor)
        return Planned(number=number, step=Step.NEW, vendor=vendor, supply=supply, beside=beside)
    column, entry = matches[0]
    is_new = supply is not None and _key(supply.name) not in entry.supplies
    fills = _fills(entry, vendor, supply, beside)
    if supply is not None and not is_new:
        try:
            vendors.checked_supply(_over(supply, entry.supplies[_key(supply.name)]))
        except BadInput as bad:
            wrong = tuple((Column(name), message) for name, message in bad.fields.items())
            return Planned(number=number, step=Step.WRONG, vendor=vendor, supply=supply, problems=wrong)
    _learn(entry, vendor, supply, beside)
    return Planned(
        number=number,
        step=Step.SUPPLY if is_new else Step.FILLED if fills else Step.NOTHING,
        vendor=vendor,
        supply=supply,
        beside=beside,
        known_as=entry.name,
        known_by=column,
    )


Fields = TypeVar("Fields", VendorFields, SupplyFields)


def _over(new: Fields, stands: Fields) -> Fields:
    """What stands, with its blanks filled; nothing that stands is changed."""
    blanks = {name: getattr(new, name) for name, value in vars(stands).items() if value in {None, ""}}
    return replace(stands, **blanks)


def _fills(entry: _Known, vendor: VendorFields, supply: SupplyFields | None, beside: Beside) -> bool:
    """Whether the row would fill a blank."""
    stands = entry.supplies.get(_key(supply.name)) if supply is not None else None
    if _over(vendor, entry.fields) != entry.fields or (
        supply is not None and stands is not None and _over(supply, stands) != stands
    ):
        return True
    if supply is not None and beside.alternatives and _key(supply.name) not in entry.replaceable:
        return True
    return any(value and name not in entry.filled for name, value in vars(beside).items() if name != "alternatives")


def _learn(entry: _Known, vendor: VendorFields, supply: SupplyFields | None, beside: Beside) -> None:
    """What the row brings stands for the rows below it."""
    entry.fields = _over(vendor, entry.fields)
    entry.filled |= {name for name, value in vars(beside).items() if value}
    if supply is not None:
        key = _key(supply.name)
        entry.supplies[key] = _over(supply, entry.supplies[key]) if key in entry.supplies else supply
        if beside.alternatives:
            entry.replaceable.add(key)


def _two_vendors(matches: Sequence[tuple[Column, _Known]]) -> tuple[Column, Message]:
    (first, one), (second, other) = matches[0], next(pair for pair in matches if pair[1] is not matches[0][1])
    sentence = N_("%(first)s is that of %(one)s, %(second)s that of %(other)s.")
    values = {
        "first": i18n.gettext(WORDS[first]),
        "one": one.name,
        "second": i18n.gettext(WORDS[second]),
        "other": other.name,
    }
    return first, Message(text=sentence, values=values)


def _read(
    cells: Sequence[str], matching: Matching
) -> tuple[VendorFields, SupplyFields | None, Beside, list[tuple[Column, Message]]]:
    def cell(column: Column) -> str:
        place = matching.get(column)
        return cells[place].strip() if place is not None and place < len(cells) else ""

    problems: list[tuple[Column, Message]] = []
    country = _country(cell(Column.COUNTRY))
    if country is None:
        problems.append((Column.COUNTRY, Message(text=N_("Write the country with its two letters, for example AT."))))
    texts = {column.value: cell(column) for column in Column}
    vendor = VendorFields(
        **{
            **{name: texts[name] for name in VendorFields.__annotations__},
            "domain": _domain(texts["domain"]),
            "country": country or "",
        }
    )
    try:
        vendor = vendors.checked(vendor)
    except BadInput as bad:
        problems += [(Column(name), message) for name, message in bad.fields.items()]
    is_reachable = bool(texts["security_phone"] or vendor.security_email)
    beside = Beside(
        security_name=texts["security_name"][:200] if is_reachable else "",
        security_phone=texts["security_phone"][:60],
        emergency_phone=texts["emergency_phone"][:60],
        privacy_email=_email(texts["privacy_email"], problems),
        domains=tuple(
            dict.fromkeys(
                found for one in _several(texts["domains"]) if (found := _domain(one)) not in {"", vendor.domain}
            )
        ),
        subcontractors=tuple(dict.fromkeys(one[:200] for one in _several(texts["subcontractors"]))),
        alternatives=tuple(dict.fromkeys(one[:200] for one in _several(texts["alternatives"]))),
    )
    if not cell(Column.SUPPLY):
        return vendor, None, replace(beside, alternatives=()), problems
    supply = SupplyFields(name=cell(Column.SUPPLY))
    for column, reading in _READ_AS.items():
        try:
            supply = replace(supply, **{column.value: reading(cell(column), column)})
        except BadInput as bad:
            problems += [(Column(name), message) for name, message in bad.fields.items()]
    try:
        supply = vendors.checked_supply(supply)
    except BadInput as bad:
        problems += [(Column(name), message) for name, message in bad.fields.items()]
    return vendor, supply, beside, problems


def _several(text: str) -> Iterable[str]:
    return (one.strip() for one in re.split(r"[;\n]", text) if one.strip())


def _email(text: str, problems: list[tuple[Column, Message]]) -> str:
    if not text:
        return ""
    try:
        return accounts.email_address(text, field=Column.PRIVACY_EMAIL.value)
    except BadInput as bad:
        problems += [(Column(name), message) for name, message in bad.fields.items()]
        return ""


def _words(text: str, _column: Column) -> str:
    return text


def _number(text: str, column: Column) -> int | None:
    """A whole number as lists write it: 120000, 120.000 or 120.000,00 €; 3 Monate."""
    bare = re.sub(r"(€|eur(os?)?|monate?|months?)$", "", text.strip().casefold()).strip()
    if not bare:
        return None
    if re.fullmatch(r"\d{1,3}(\.\d{3})+(,\d+)?|\d+,\d+", bare):
        bare = bare.replace(".", "").split(",")[0]
    elif re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?|\d+\.\d+", bare):
        bare = bare.replace(",", "").split(".")[0]
    if not bare.isascii() or not bare.isdecimal() or len(bare) > 15:  # noqa: PLR2004 - far above any amount
        raise BadInput({column.value: Message(text=N_("This is no number."))})
    return int(bare)


def told(text: str) -> bool | None:
    """Yes, no, or nothing that says either."""
    folded = text.strip().casefold()
    return True if folded in YES else False if folded in NO else None


def _yes_or_no(text: str, column: Column) -> bool | None:
    if text and told(text) is None:
        raise BadInput({column.value: Message(text=N_("Write yes or no."))})
    return told(text)


YES = frozenset({"ja", "j", "yes", "y", "x", "true", "1", "wahr"})
NO = frozenset({"nein", "n", "no", "false", "0", "falsch"})


def day(text: str, column: str) -> date | None:
    """A day as lists write it, or BadInput for this column."""
    if not text:
        return None
    german = re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", text)
    try:
        return date(int(german[3]), int(german[2]), int(german[1])) if german else date.fromisoformat(text[:10])
    except ValueError:
        sentence = N_("This is no date, for example 31.03.2027 or 2027-03-31.")
        raise BadInput({str(column): Message(text=sentence)}) from None


def _domain(text: str) -> str:
    """A domain out of whatever a list holds: an address of a page, one of a mailbox, a bare name."""
    bare = re.sub(r"^[a-z]+://", "", text.strip().lower()).split("/")[0].rpartition("@")[2].split(":")[0]
    return bare.removeprefix("www.").strip(".") if "." in bare else ""


def _country(text: str) -> str | None:
    """Its two letters; "" for none, None for what we do not know: nothing is guessed."""
    if len(text) == 2 and text.isascii() and text.isalpha():  # noqa: PLR2004 - ISO 3166-1 alpha-2
        return text.upper()
    return COUNTRIES.get(text.casefold()) if text else ""


def _group(text: str) -> str:
    """A product group by its key or its word in either language; what is none of ours is "other"."""
    if not text:
        return ""
    folded = text.casefold()
    german = i18n.translator("de")
    for key, word in PRODUCT_GROUPS.items():
        if folded in {key, word.casefold(), german(word).casefold()}:
            return key
    return "other"


def _product_group(text: str, _column: Column) -> str:
    return _group(text)


_READ_AS: Mapping[Column, Callable[[str, Column], Any]] = {
    Column.PRODUCT_GROUP: _product_group,
    **dict.fromkeys(
        (
            *(Column.DESCRIPTION, Column.DEPARTMENT, Column.OWNER_NAME, Column.OWNER_EMAIL, Column.DEPUTY_NAME),
            *(Column.CONTRACT_NUMBER, Column.DATA_COUNTRIES, Column.LAW_COUNTRY),
            *(Column.EXIT_PLAN, Column.EXIT_RETURN_FORMAT),
        ),
        _words,
    ),
    **dict.fromkeys(
        (
            *(Column.CONTRACT_STARTS_ON, Column.CONTRACT_ENDS_ON, Column.DPA_SIGNED_ON, Column.AUDITED_ON),
            *(Column.EXIT_TESTED_ON, Column.EXIT_DUE_ON),
        ),
        day,
    ),
    **dict.fromkeys((Column.NOTICE_MONTHS, Column.RENEWS_MONTHS, Column.VOLUME_PER_YEAR), _number),
    Column.HAS_SECURITY_TERMS: _yes_or_no,
}


# ---- taking in


def take(session: Session, actor: Actor, import_id: str, matching: Matching, *, now: datetime) -> Done:
    """Write down what is new in the list's next rows; records that stand are not changed, wrong rows left out.

    A long list is taken in piece by piece, so that others can write in between: what is left to do is said, and the
    rows that are done have gone from the list that was laid aside.
    """
    kept = _locked(session, actor, import_id)
    if Column.NAME not in matching:
        raise BadInput({Column.NAME.value: Message(text=N_("Say which column holds the name of the vendor."))})
    piece, rest = kept.rows[:AT_ONCE], kept.rows[AT_ONCE:]
    known = _known(session, kept.hospital_id)
    ids = {key: entry.vendor_id for key, entry in known.items()}
    planned = [_judge(number, cells, matching, known) for number, cells in _filled(kept.first_row, piece)]
    added = supplied = filled = 0
    for row in planned:
        if row.step not in {Step.NEW, Step.SUPPLY, Step.FILLED}:
            continue
        vendor_id = ids.get((Column.KEY, _cell(row, piece, kept.first_row, matching)), "")
        vendor_id = vendor_id or next((ids[key] for key in _keys(row.vendor) if ids.get(key)), "")
        if not vendor_id:
            vendor_id = vendors.add(session, actor, row.vendor, now=now).id
            ids |= {key: vendor_id for key in _keys(row.vendor) if key not in ids}
            added += 1
        filled += row.step is Step.FILLED
        supplied += _write(session, actor, vendor_id, row, now=now)
    left_out = sum(row.step is Step.WRONG for row in planned)
    detail = {"vendors": added, "supplies": supplied, "filled": filled, "left_out": left_out}
    audit.record(session, actor, "vendor_list.taken_in", kept.id, now=now, detail=detail)
    if rest:
        kept.rows, kept.first_row = rest, kept.first_row + len(piece)
    else:
        session.delete(kept)
    return Done(vendors=added, supplies=supplied, left_out=left_out, filled=filled, rows_left=len(rest))


def _cell(row: Planned, piece: Sequence[Sequence[str]], first: int, matching: Matching) -> str:
    """The key that the row names, if it names one."""
    place, cells = matching.get(Column.KEY), piece[row.number - first]
    return cells[place].strip() if place is not None and place < len(cells) else ""


def _write(session: Session, actor: Actor, vendor_id: str, row: Planned, *, now: datetime) -> int:
    """Write down what of the row is new beside what stands; how many products were added."""
    vendor = vendors.find(session, actor, vendor_id)
    wanted = _over(row.vendor, vendors.fields_of(vendor))
    if wanted != vendors.fields_of(vendor):
        vendors.change(session, actor, vendor_id, wanted, version=vendor.version, now=now)
    for fields in _beside_blanks(session, actor, vendor, row.beside):
        vendor_entries.add(session, actor, vendor_id, fields, now=now)
    if row.supply is None:
        return 0
    key = _key(row.supply.name)
    supply = next((one for one in vendor.supplies if one.ended_at is None and _key(one.name) == key), None)
    is_new = supply is None
    if supply is None:
        supply = vendors.add_supply(session, actor, vendor_id, row.supply, now=now)
        session.expire(vendor, ["supplies"])
    elif (whole := _over(row.supply, vendors.supply_fields_of(supply))) != vendors.supply_fields_of(supply):
        vendors.change_supply(session, actor, supply.id, whole, version=supply.version, now=now)
    if row.beside.alternatives:
        stands = vendor_entries.of_vendor(session, actor, vendor_id, "alternative")
        if not any(one.supply_id == supply.id for one in stands):
            for name in row.beside.alternatives:
                vendor_entries.add(session, actor, supply.id, AlternativeFields(name=name), now=now)
    return int(is_new)


def _beside_blanks(session: Session, actor: Actor, vendor: Vendor, beside: Beside) -> Iterable[EntryFields]:
    """What the row says of people, domains and subcontractors where nothing of the kind is known."""
    if replace(beside, alternatives=()) == Beside():
        return
    contacts = [one for one in vendor_entries.of_vendor(session, actor, vendor.id, "contact") if one.supply_id is None]

    def lacks(name: str) -> bool:
        role, where = CONTACTS[name]
        return bool(getattr(beside, name)) and not any(one.role is role and getattr(one, where) for one in contacts)

    name = beside.security_name if lacks("security_name") else ""
    phone = beside.security_phone if lacks("security_phone") else ""
    if phone or (name and vendor.security_email):
        email = "" if phone else vendor.security_email
        yield ContactFields(role=ContactRole.SECURITY, name=name, phone=phone, email=email)
    if lacks("privacy_email"):
        yield ContactFields(role=ContactRole.PRIVACY, email=beside.privacy_email)
    if lacks("emergency_phone"):
        yield ContactFields(role=ContactRole.EMERGENCY, phone=beside.emergency_phone)
    if not vendor_entries.of_vendor(session, actor, vendor.id, "domain"):
        yield from (DomainFields(name=one) for one in beside.domains if one != vendor.domain)
    if not vendor_entries.of_vendor(session, actor, vendor.id, "subcontractor"):
        yield from (SubcontractorFields(name=one) for one in beside.subcontractors)


def _locked(session: Session, actor: Actor, import_id: str) -> VendorImport:
    """The list as it is now: of two who take it in at once each takes rows that the other has not."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    row = session.scalars(
        select(VendorImport)
        .where(VendorImport.id == import_id, VendorImport.hospital_id == hospital_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if row is None:
        raise NotFound
    return row


def _filled(first: int, rows: Sequence[Sequence[str]]) -> Iterable[tuple[int, Sequence[str]]]:
    return ((number, cells) for number, cells in enumerate(rows, start=first) if any(cells))
