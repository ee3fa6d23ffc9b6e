"""Lists of vendors from outside: columns matched, every row judged before anything is written, nothing overwritten."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal import i18n
from portal.db.models.vendors import Supply, Vendor, VendorImport
from portal.errors import BadInput, NotFound
from portal.services import audit, vendors
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from portal.services.vendors import PRODUCT_GROUPS, SupplyFields, VendorFields
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
}
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
}
Matching = Mapping[Column, int]  # which column of the list holds what


class Step(StrEnum):
    """What taking in a row would do."""

    NEW = "new"  # a vendor, and its product if one is named
    SUPPLY = "supply"  # a product of a vendor that stands already
    NOTHING = "nothing"  # all of it stands already
    WRONG = "wrong"


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One row of the list, judged."""

    number: int  # of the row in the file
    step: Step
    vendor: VendorFields
    supply: SupplyFields | None = None
    known_as: str = ""  # the vendor that stands already, by its name
    known_by: Column | None = None  # what it was recognised by
    problems: tuple[tuple[Column, Message], ...] = ()


@dataclass(kw_only=True)
class _Known:
    """A vendor that stands, or that an earlier row of the list brings."""

    name: str
    vendor_id: str = ""
    supplies: set[str] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True)
class Done:
    """What came of a list."""

    vendors: int
    supplies: int
    left_out: int
    rows_left: int = 0  # of the list, not looked at yet

    def __add__(self, other: "Done") -> "Done":
        """Two pieces of one list."""
        return Done(
            vendors=self.vendors + other.vendors,
            supplies=self.supplies + other.supplies,
            left_out=self.left_out + other.left_out,
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
    folded = [_folded(title) for title in heading]
    found: dict[Column, int] = {}
    for exact in (True, False):
        for column, names in HEADINGS.items():
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
    supplies: dict[str, set[str]] = {}
    for vendor_id, name in session.execute(
        select(Supply.vendor_id, Supply.name).where(Supply.hospital_id == hospital_id, Supply.ended_at.is_(None))
    ):
        supplies.setdefault(vendor_id, set()).add(name.casefold())
    for vendor in session.scalars(
        select(Vendor).where(Vendor.hospital_id == hospital_id, Vendor.ended_at.is_(None)).order_by(Vendor.created_at)
    ):
        entry = _Known(name=vendor.name, vendor_id=vendor.id, supplies=supplies.get(vendor.id, set()))
        _remember(index, entry, VendorFields(**{name: getattr(vendor, name) for name in VendorFields.__annotations__}))
    return index


def _remember(index: Index, entry: _Known, fields: VendorFields) -> None:
    for key in _keys(fields):
        index.setdefault(key, entry)


def _keys(fields: VendorFields) -> Iterable[tuple[Column, str]]:
    """By which two records are the same vendor: the creditor number first, the bare name last."""
    for column in (Column.CREDITOR_NUMBER, Column.VAT_ID, Column.DOMAIN):
        if value := getattr(fields, column.value):
            yield column, value.casefold()
    yield Column.NAME, " ".join(fields.name.casefold().split())


def _judge(number: int, cells: Sequence[str], matching: Matching, known: Index) -> Planned:
    vendor, supply, problems = _read(cells, matching)
    if problems:
        return Planned(number=number, step=Step.WRONG, vendor=vendor, supply=supply, problems=tuple(problems))
    matches = [(column, known[column, value]) for column, value in _keys(vendor) if (column, value) in known]
    if len({id(entry) for _column, entry in matches}) > 1:
        return Planned(number=number, step=Step.WRONG, vendor=vendor, supply=supply, problems=(_two_vendors(matches),))
    if not matches:
        _remember(known, _Known(name=vendor.name, supplies={supply.name.casefold()} if supply else set()), vendor)
        return Planned(number=number, step=Step.NEW, vendor=vendor, supply=supply)
    column, entry = matches[0]
    is_new = supply is not None and supply.name.casefold() not in entry.supplies
    if supply is not None:
        entry.supplies.add(supply.name.casefold())
    return Planned(
        number=number,
        step=Step.SUPPLY if is_new else Step.NOTHING,
        vendor=vendor,
        supply=supply,
        known_as=entry.name,
        known_by=column,
    )


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
) -> tuple[VendorFields, SupplyFields | None, list[tuple[Column, Message]]]:
    def cell(column: Column) -> str:
        place = matching.get(column)
        return cells[place].strip() if place is not None and place < len(cells) else ""

    problems: list[tuple[Column, Message]] = []
    country = _country(cell(Column.COUNTRY))
    if country is None:
        problems.append((Column.COUNTRY, Message(text=N_("Write the country with its two letters, for example AT."))))
    vendor = VendorFields(
        name=cell(Column.NAME),
        domain=_domain(cell(Column.DOMAIN)),
        vat_id=cell(Column.VAT_ID),
        country=country or "",
        creditor_number=cell(Column.CREDITOR_NUMBER),
        contact_name=cell(Column.CONTACT_NAME),
        contact_email=cell(Column.CONTACT_EMAIL),
        security_email=cell(Column.SECURITY_EMAIL),
        note=cell(Column.NOTE),
    )
    try:
        vendor = vendors.checked(vendor)
    except BadInput as bad:
        problems += [(Column(name), message) for name, message in bad.fields.items()]
    if not cell(Column.SUPPLY):
        return vendor, None, problems
    supply = SupplyFields(
        name=cell(Column.SUPPLY), department=cell(Column.DEPARTMENT), owner_name=cell(Column.OWNER_NAME)
    )
    try:
        supply = replace(
            vendors.checked_supply(supply),
            product_group=_group(cell(Column.PRODUCT_GROUP)),
            contract_ends_on=_day(cell(Column.CONTRACT_ENDS_ON)),
        )
    except BadInput as bad:
        problems += [(Column(name), message) for name, message in bad.fields.items()]
    return vendor, supply, problems


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


def _day(text: str) -> date | None:
    if not text:
        return None
    german = re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", text)
    try:
        return date(int(german[3]), int(german[2]), int(german[1])) if german else date.fromisoformat(text[:10])
    except ValueError:
        sentence = N_("This is no date, for example 31.03.2027 or 2027-03-31.")
        raise BadInput({Column.CONTRACT_ENDS_ON.value: Message(text=sentence)}) from None


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
    added = supplied = 0
    for row in planned:
        if row.step not in {Step.NEW, Step.SUPPLY}:
            continue
        vendor_id = next((ids[key] for key in _keys(row.vendor) if ids.get(key)), "")
        if not vendor_id:
            vendor_id = vendors.add(session, actor, row.vendor, now=now).id
            ids |= {key: vendor_id for key in _keys(row.vendor) if key not in ids}
            added += 1
        if row.supply is not None:
            vendors.add_supply(session, actor, vendor_id, row.supply, now=now)
            supplied += 1
    left_out = sum(row.step is Step.WRONG for row in planned)
    detail = {"vendors": added, "supplies": supplied, "left_out": left_out}
    audit.record(session, actor, "vendor_list.taken_in", kept.id, now=now, detail=detail)
    if rest:
        kept.rows, kept.first_row = rest, kept.first_row + len(piece)
    else:
        session.delete(kept)
    return Done(vendors=added, supplies=supplied, left_out=left_out, rows_left=len(rest))


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
