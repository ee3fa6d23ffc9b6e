"""A list of devices and software from outside: every row read before anything is written, or the row that is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal import i18n
from portal.db.models.supplies import ArticleKind
from portal.errors import BadInput
from portal.services.vendors import vendor_entries, vendor_imports
from portal.services.vendors.vendor_entries import ARTICLE_KINDS, ArticleFields
from reports.workbooks.table_in import Table
from scanners.model import N_, Message

LONGEST_COUNT = 12  # digits; how many there may be is said by the entry itself
WORDS: Mapping[str, str] = {
    "model": N_("Model"),
    "kind": N_("Kind"),
    "release": N_("Version"),
    "udi_di": "UDI-DI",
    "count": N_("How many"),
    "location": N_("Location"),
    "network_zone": N_("Network zone"),
    "cloud": N_("Connected to a cloud"),
    "support_ends_on": N_("Support ends on"),
    "checked_on": N_("IT security last checked on"),
    "note": N_("Note"),
}
# How lists name these columns, most telling first; compared without case, blanks and signs.
HEADINGS: Mapping[str, Sequence[str]] = {
    "model": ("modell", "gerät", "gerätetyp", "typ", "bezeichnung", "produkt", "software", "model", "device"),
    "kind": ("art", "gerätoderprogramm", "kategorie", "kind", "category"),
    "release": ("version", "softwarestand", "softwareversion", "firmware", "release"),
    "udi_di": ("udidi", "udi"),
    "count": ("anzahl", "menge", "stück", "howmany", "count", "quantity"),
    "location": ("standort", "ort", "raum", "abteilung", "location"),
    "network_zone": ("netzzone", "netz", "zone", "vlan", "netzsegment", "networkzone", "network"),
    "cloud": ("cloud", "mitcloudverbunden", "cloudverbindung", "connectedtoacloud"),
    "support_ends_on": ("supportende", "supportendetam", "endeofsupport", "endofsupport", "eos", "supportends", "eol"),
    "checked_on": ("itsicherheitzuletztgeprüft", "prüfdatum", "protokoll", "mpbetreibv", "itsecuritylastchecked"),
    "note": ("bemerkung", "notiz", "anmerkung", "note", "remark"),
}


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """A row that cannot be taken, and why."""

    number: int
    column: str
    message: Message


def read(table: Table) -> tuple[Sequence[ArticleFields], Sequence[Wrong]]:
    """The rows as articles, and those that are none."""
    matching = vendor_imports.matched(table.heading, HEADINGS)
    if "model" not in matching:
        raise BadInput({"file": Message(text=N_("No column of the list is called “Model” or “Device”."))})
    found: list[ArticleFields] = []
    wrong: list[Wrong] = []
    for number, cells in enumerate(table.rows, start=table.first):
        if not any(cells):
            continue
        try:
            found.append(vendor_entries.checked_article(_article(cells, matching)))
        except BadInput as bad:
            wrong += [Wrong(number=number, column=name, message=message) for name, message in bad.fields.items()]
    if not found and not wrong:
        raise BadInput({"file": Message(text=N_("There is no row below the headings."))})
    return found, wrong


def _article(cells: Sequence[str], matching: Mapping[str, int]) -> ArticleFields:
    def cell(column: str) -> str:
        place = matching.get(column)
        return cells[place].strip() if place is not None and place < len(cells) else ""

    return ArticleFields(
        model=cell("model"),
        kind=_kind(cell("kind")),
        release=cell("release"),
        udi_di=cell("udi_di"),
        count=_count(cell("count")),
        location=cell("location"),
        network_zone=cell("network_zone"),
        cloud=vendor_imports.told(cell("cloud")),
        support_ends_on=vendor_imports.day(cell("support_ends_on"), "support_ends_on"),
        checked_on=vendor_imports.day(cell("checked_on"), "checked_on"),
        note=cell("note"),
    )


def _kind(text: str) -> ArticleKind:
    german = i18n.translator("de")
    folded = text.casefold()
    for kind, word in ARTICLE_KINDS.items():
        if folded in {kind.value, word.casefold(), german(word).casefold()}:
            return kind
    return ArticleKind.DEVICE


def _count(text: str) -> int:
    if not text:
        return 1
    plain = text.replace(".", "").replace(" ", "")
    if not plain.isascii() or not plain.isdecimal() or len(plain) > LONGEST_COUNT:
        raise BadInput({"count": Message(text=N_("Enter how many there are."))})
    return int(plain)
