"""A list of vendors from outside: uploaded, its columns matched, every row shown before it is taken in."""

import codecs
import dataclasses
import time
from collections.abc import Collection, Sequence
from typing import Any

from flask import Response, request
from wtforms import FileField, SelectField
from wtforms.validators import InputRequired, Optional

from portal import i18n
from portal.errors import BadInput
from portal.files import guarding
from portal.files.guarding import Unwelcome
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.i18n import ngettext
from portal.jobs import reading
from portal.services import audit
from portal.services.actors import EVERY_HOSPITAL_ROLE, HOSPITAL_WRITERS
from portal.services.vendors import listing, vendor_exports, vendor_imports
from portal.services.vendors.vendor_imports import WORDS, Column, Matching, Step
from portal.web import forms, journey, pages, tables
from portal.web.hospital import vendor_table
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney
from reports.workbooks import reading_child, vendor_list
from reports.workbooks.vendor_list import Sheet
from scanners.model import N_, Message

BODY_LIMIT = reading_child.LARGEST + 2**20
SHOWN = 200  # rows of each kind on the page; the counts speak of all
NO_COLUMN = "-"
BREATH = 0.15  # seconds between two pieces of a long list: whoever waits to write looks every tenth of one
STEPS = {
    Step.NEW: _l("new vendor"),
    Step.SUPPLY: _l("new product of a known vendor"),
    Step.FILLED: _l("adds what was blank"),
    Step.NOTHING: _l("stands already"),
    Step.WRONG: _l("left out"),
}


class ListForm(forms.Form):
    """A list that somebody has."""

    file = FileField(_l("List"), [InputRequired(_l("Choose a file."))])


def _matching_form(heading: list[Any]) -> type[forms.Form]:
    """One choice for each thing that a column can hold."""
    plain = [title or _("column %(number)s", number=index + 1) for index, title in enumerate(heading)]
    titles = [  # of two columns with one heading each is told by its place
        (str(index), f"{title} ({_('column %(number)s', number=index + 1)})" if plain.count(title) > 1 else title)
        for index, title in enumerate(plain)
    ]
    made: dict[str, Any] = {"__doc__": "Which column holds what."}
    for column, word in WORDS.items():
        made[column.value] = SelectField(
            _(word), choices=forms.choices([(NO_COLUMN, _("not in the list")), *titles]), validators=[Optional()]
        )
    return type("MatchingForm", (forms.Form,), made)


@hospital.get("/vendors/import", roles=HOSPITAL_WRITERS)
def import_vendors(here: HospitalJourney) -> Response:  # noqa: ARG001 - the form is the same for everybody
    """Choose a file."""
    return pages.page("hospital/import_vendors.html", form=ListForm.offered())


@hospital.post("/vendors/import", roles=HOSPITAL_WRITERS, body_limit=BODY_LIMIT)
def upload_vendor_list(here: HospitalJourney) -> Response:
    """Read the list in a process of its own and lay it aside."""
    form = ListForm.sent()
    if form.validate():
        here.let_go()  # reading takes its time, and others want to save
        try:
            table = reading.table(sent_list())
            name = guarding.safe_name(request.files["file"].filename or "")
            kept = vendor_imports.keep(here.session, here.actor, table, file_name=name, now=here.now)
        except BadInput as refused:
            form.take(refused)
        else:
            return pages.see_other("hospital.match_vendor_list", import_id=kept.id)
    return pages.page("hospital/import_vendors.html", form=form)


@hospital.get("/vendors/import/<import_id>", roles=HOSPITAL_WRITERS)
def match_vendor_list(here: HospitalJourney, import_id: str) -> Response:
    """Which column holds what, and what taking it in would do; the choices stand in the address."""
    kept = vendor_imports.find(here.session, here.actor, import_id)
    chosen = {column: request.args.get(column.value, "") for column in Column}
    matching = _read(chosen, len(kept.heading)) if any(chosen.values()) else vendor_imports.guess(kept.heading)
    return _page(here, import_id, matching)


@hospital.post("/vendors/import/<import_id>", roles=HOSPITAL_WRITERS)
def take_vendor_list(here: HospitalJourney, import_id: str) -> Response:
    """Write down what is new."""
    kept = vendor_imports.find(here.session, here.actor, import_id)
    form = _matching_form(kept.heading).sent()
    matching = _read({column: str(form[column.value].data or "") for column in Column}, len(kept.heading))
    try:
        done = vendor_imports.take(here.session, here.actor, import_id, matching, now=here.now)
        while done.rows_left:
            here.let_go()
            time.sleep(BREATH)
            done += vendor_imports.take(here.session, here.actor, import_id, matching, now=here.now)
    except BadInput as refused:
        form.take(refused)
        return _page(here, import_id, matching, form)
    told = _(
        "%(vendors)s and %(supplies)s added.",
        vendors=ngettext("%(num)s vendor", "%(num)s vendors", done.vendors),
        supplies=ngettext("%(num)s product", "%(num)s products", done.supplies),
    )
    if done.filled:
        told += " " + ngettext(
            "Blank fields were filled from %(num)s row.", "Blank fields were filled from %(num)s rows.", done.filled
        )
    if done.left_out:
        told += " " + ngettext("%(num)s row was left out.", "%(num)s rows were left out.", done.left_out)
    here.notice(told)
    return pages.see_other("hospital.vendor_list")


@hospital.post("/vendors/import/<import_id>/discard", roles=HOSPITAL_WRITERS)
def discard_vendor_list(here: HospitalJourney, import_id: str) -> Response:
    """Throw the list away."""
    vendor_imports.discard(here.session, here.actor, import_id, now=here.now)
    here.notice(_("The list is thrown away; nothing was taken in."))
    return pages.see_other("hospital.vendor_list")


def _read(chosen: dict[Column, str], width: int) -> Matching:
    found = {column: int(text) for column, text in chosen.items() if text.isascii() and text.isdecimal()}
    return {column: index for column, index in found.items() if index < width}


def _page(here: HospitalJourney, import_id: str, matching: Matching, form: forms.Form | None = None) -> Response:
    kept = vendor_imports.find(here.session, here.actor, import_id)
    if form is None:
        values = {column.value: str(matching.get(column, NO_COLUMN)) for column in Column}
        form = _matching_form(kept.heading).offered(**values)
    planned = vendor_imports.plan(here.session, here.actor, kept, matching) if Column.NAME in matching else ()
    by_step = {step: [row for row in planned if row.step is step] for step in Step}
    return pages.page(
        "hospital/match_vendor_list.html",
        form=form,
        kept=kept,
        matching=matching,
        examples={
            column: next((cells[index] for cells in kept.rows if index < len(cells) and cells[index]), "")
            for column, index in matching.items()
        },
        by_step=by_step,
        count=by_step[Step.NEW] or by_step[Step.SUPPLY] or by_step[Step.FILLED],
        usual=[column for column in WORDS if column in vendor_imports.USUAL or column in matching],
        steps=STEPS,
        columns=WORDS,
        shown=SHOWN,
    )


def sent_list() -> bytes:
    """The list that this request brings, if it is one that we read."""
    file = request.files["file"]
    name, content = file.filename or "", bytes(file.read(reading_child.LARGEST + 1))
    if name.lower().rpartition(".")[2] not in {"xlsx", "csv", "txt"}:
        raise BadInput({"file": Message(text=N_("Please save the list as Excel workbook (xlsx) or CSV."))})
    if len(content) > reading_child.LARGEST:
        values = {"megabytes": reading_child.LARGEST // 2**20}
        raise BadInput({"file": Message(text=N_("The file is larger than %(megabytes)s MB."), values=values)})
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # "Unicode text" of a spreadsheet program
        content = content.decode("utf-16", errors="replace").encode()
    try:
        guarding.check(name, content)
    except Unwelcome as refusal:
        raise BadInput({"file": refusal.message}) from refusal
    return content


# ---- the way back: exactly the list that is shown


@hospital.post("/vendors/list.xlsx", roles=EVERY_HOSPITAL_ROLE)
def vendor_list_workbook(here: HospitalJourney) -> Response:
    """The vendors that the list shows with the filters of this address, as a workbook that can be taken in again.

    A POST, because the audit trail says who took the list along.
    """
    sheet = _taken(here, "xlsx")
    content = vendor_list.workbook(sheet, now=here.now)
    name = f"{_name()} {here.today:%Y-%m-%d}.xlsx"
    return pages.download(content, name=name, media_type=XLSX)


@hospital.post("/vendors/list.csv", roles=EVERY_HOSPITAL_ROLE)
def vendor_list_csv(here: HospitalJourney) -> Response:
    """The same as CSV."""
    sheet = _taken(here, "csv")
    name = f"{_name()} {here.today:%Y-%m-%d}.csv"
    return pages.download(vendor_list.csv_file(sheet), name=name, media_type="text/csv; charset=utf-8")


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _name() -> str:
    return _("Vendor list")


def _taken(here: HospitalJourney, kind: str) -> Sheet:
    """What is exported, read while nobody has to wait for it; that it was taken along is written down first."""
    audit.record(here.session, here.actor, "vendor_list.exported", kind, now=here.now)
    here.let_go()
    with journey.floor().reading() as session:
        vendor_ids, supply_ids = _shown(dataclasses.replace(here, session=session))
        return vendor_exports.sheet(session, here.actor, vendor_ids, supply_ids=supply_ids, language=i18n.language())


def _shown(here: HospitalJourney) -> tuple[Sequence[str], Collection[str] | None]:
    """The vendors that the list shows, in its order; of the list by product also which products."""
    asked = vendor_table.ask(request.args.to_dict(flat=False))
    by_vendor = asked.which == vendor_table.VENDORS
    how = tables.sorting(vendor_table.COLUMNS[asked.which], default="name" if by_vendor else "vendor")
    read = listing.vendors if by_vendor else listing.supplies
    wanted = asked.wanted(here)
    rows = read(
        here.session,
        here.actor,
        wanted,
        today=here.today,
        sort=how.key,
        descending=how.descending,
        length=MOST,
    ).rows
    if by_vendor:
        return [row.vendor_id for row in rows], None
    return list(dict.fromkeys(row.vendor.vendor_id for row in rows)), {row.supply.supply_id for row in rows}


MOST = 20_000  # rows of one export
