"""The list of vendors and of supplies: filters in the address, columns to choose, views to keep, marks to act on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Response, request, url_for
from wtforms import BooleanField, HiddenField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from portal.db.models.portfolio import SavedView
from portal.errors import Clash
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.actors import EVERY_HOSPITAL_ROLE, HOSPITAL_WRITERS
from portal.services.registers.registers import STAGES
from portal.services.rounds import invitations
from portal.services.vendors import concentration, listing, peers, views
from portal.services.vendors.listing import GRADES, LEVELS, NONE, TIERS, Flag, Wanted
from portal.services.vendors.vendors import PRODUCT_GROUPS
from portal.services.vendors.views import KEEPERS, ViewFields
from portal.web import clashes, forms, marks, pages, tables
from portal.web.clashes import Stands
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney, Rail
from portal.web.tables import Column

VENDORS, SUPPLIES = "vendors", "supplies"
MOST_VALUES = 40  # of one filter
LONGEST = 120  # of one value

COLUMNS: Mapping[str, tuple[Column, ...]] = {
    VENDORS: (
        Column(key="name", title=_l("Vendor"), heads=True, sortable=True),
        Column(key="supplies", title=_l("Products and services")),
        Column(key="tier", title=_l("Tier"), kind="mark", sortable=True),
        Column(key="grade", title=_l("Grade"), kind="mark", sortable=True),
        Column(key="measures", title=_l("Ten measures"), kind="mark"),
        Column(key="outside", title=_l("Outside grade"), kind="mark", sortable=True),
        Column(key="residual", title=_l("Residual risk"), kind="mark", sortable=True),
        Column(key="stage", title=_l("Stage"), sortable=True),
        Column(key="due", title=_l("Due on"), kind="date", sortable=True),
        Column(key="impact", title=_l("Impact"), kind="number", sortable=True),
        Column(key="coverage", title=_l("Coverage"), kind="number", sortable=True),
        Column(key="contradictions", title=_l("Contradictions"), kind="number", sortable=True),
        Column(key="critical", title=_l("Critical findings"), kind="number", sortable=True),
        Column(key="evidence", title=_l("Evidence ends"), kind="date", sortable=True),
        Column(key="moved", title=_l("Last change"), kind="number", sortable=True),
        Column(key="place", title=_l("Place in its tier")),
    ),
    SUPPLIES: (
        Column(key="name", title=_l("Product or service"), heads=True, sortable=True),
        Column(key="vendor", title=_l("Vendor"), sortable=True),
        Column(key="tier", title=_l("Tier"), kind="mark", sortable=True),
        Column(key="grade", title=_l("Grade of the vendor"), kind="mark", sortable=True),
        Column(key="group", title=_l("Product group"), sortable=True),
        Column(key="department", title=_l("Department"), sortable=True),
        Column(key="contract", title=_l("Contract ends on"), kind="date", sortable=True),
        Column(key="stage", title=_l("Stage"), sortable=True),
        Column(key="owner", title=_l("Responsible person"), sortable=True),
        Column(key="impact", title=_l("Impact"), kind="number", sortable=True),
        Column(key="residual", title=_l("Residual risk"), kind="mark", sortable=True),
        Column(key="measures", title=_l("Ten measures"), kind="mark"),
        Column(key="due", title=_l("Due on"), kind="date", sortable=True),
    ),
}
USUAL: Mapping[str, tuple[str, ...]] = {
    VENDORS: ("name", "supplies", "tier", "grade", "measures", "outside", "residual", "stage", "due"),
    SUPPLIES: ("name", "vendor", "tier", "grade", "group", "department", "contract", "stage"),
}
PICK = Column(key="pick", title=_l("Choose"), kind="check", quiet=True)
FLAGS: Mapping[Flag, Any] = {
    Flag.OVERDUE: _l("answers overdue"),
    Flag.DUE_SOON: _l("due within a week"),
    Flag.CONTRADICTIONS: _l("contradictions"),
    Flag.CRITICAL: _l("critical findings"),
    Flag.EVIDENCE: _l("evidence runs out"),
    Flag.NO_INTAKE: _l("intake missing"),
    Flag.NOT_ASKED: _l("not asked yet"),
    Flag.NO_SECURITY_CONTACT: _l("without security contact"),
    Flag.ENDED: _l("off the lists"),
}
# Name in the address, what it is allowed to be; None: anything, the database is asked for exactly that.
FILTERS: Mapping[str, tuple[str, ...] | None] = {
    "tier": TIERS,
    "grade": GRADES,
    "level": LEVELS,
    "stage": tuple((stage.value if stage else NONE) for stage in STAGES),
    "group": (*PRODUCT_GROUPS, NONE),
    "department": None,
    "is": tuple(Flag),
    "shared": None,
}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What an address asks of the list, closed: what nobody offered is not in it."""

    which: str
    words: str
    chosen: Mapping[str, tuple[str, ...]]
    sort: str
    columns: tuple[str, ...]

    def wanted(self, here: HospitalJourney) -> Wanted:
        """The same for the service."""
        shared = [
            set(concentration.vendors_of(here.session, here.actor, *_halves(one), now=here.now))
            for one in self.chosen["shared"]
        ]
        return Wanted(
            words=self.words,
            tiers=self.chosen["tier"],
            grades=self.chosen["grade"],
            levels=self.chosen["level"],
            stages=self.chosen["stage"],
            groups=self.chosen["group"],
            departments=self.chosen["department"],
            flags=frozenset(Flag(one) for one in self.chosen["is"]),
            only=tuple(sorted(set.intersection(*shared))) if shared else None,
        )

    def pairs(self, **changed: Any) -> list[tuple[str, str]]:
        """The address in its parts; `changed` takes the place of a filter, () or "" takes it away."""
        now: dict[str, Any] = {
            "by": self.which if self.which != VENDORS else "",
            "q": self.words,
            **self.chosen,
            "sort": self.sort,
            "col": self.columns,
            **changed,
        }
        found: list[tuple[str, str]] = []
        for name, value in now.items():
            values = (value,) if isinstance(value, str | int) else value
            found.extend((name, str(one)) for one in values if one != "")
        return found

    def link(self, **changed: Any) -> str:
        """This list, narrowed otherwise."""
        query = urlencode(self.pairs(**changed))
        # An address that asks nothing opens the view that somebody has set.
        return url_for("hospital.vendor_list") + (f"?{query}" if query else "?all=1")

    def without(self, name: str, value: str) -> str:
        """The same list with one word less."""
        return self.link(**{name: tuple(one for one in self.chosen[name] if one != value)})


class ColumnsForm(forms.Form):
    """Which columns somebody keeps."""

    columns = SelectMultipleField(_l("Columns"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput())
    address = HiddenField()


class ViewForm(forms.Form):
    """A view under a name."""

    name = StringField(
        _l("Name of the view"),
        [InputRequired(_l("Give the view a name.")), Length(max=views.LONGEST_NAME)],
        filters=[forms.stripped],
    )
    is_shared = BooleanField(_l("For everybody in the hospital"))
    address = HiddenField()
    version = HiddenField()


class OpeningForm(forms.Form):
    """With which view the list opens; "" with none."""

    view = HiddenField()


@hospital.get("/vendors", roles=EVERY_HOSPITAL_ROLE, rail=Rail.VENDORS)
def vendor_list(here: HospitalJourney) -> Response:
    """All vendors or supplies, filtered, sorted and paged by the address."""
    kept = views.choice(here.session, here.actor)
    if not request.args and kept is not None and kept.view_id:
        return pages.see_path(_path_of(views.find(here.session, here.actor, kept.view_id)))
    asked = ask(request.args.to_dict(flat=False))
    columns = _columns(asked, views.columns(kept, asked.which))
    how = tables.sorting(COLUMNS[asked.which], default="name" if asked.which == VENDORS else "vendor")
    start = forms.version(request.args.get("from"))
    read, heat = (listing.vendors, listing.heat) if asked.which == VENDORS else (listing.supplies, listing.supply_heat)
    wanted = asked.wanted(here)
    found = read(
        here.session,
        here.actor,
        wanted,
        today=here.today,
        sort=how.key,
        descending=how.descending,
        start=start,
    )
    lines = [row if asked.which == VENDORS else row.vendor for row in found.rows]
    shown = {column.key for column in columns}
    view = next((one for one in views.rows(here.session, here.actor) if one.id == request.args.get("view")), None)
    return pages.page(
        "hospital/vendors.html",
        asked=asked,
        columns=(*((PICK,) if here.role in HOSPITAL_WRITERS else ()), *columns),
        every_column=COLUMNS[asked.which],
        shown=shown,
        rows=found.rows,
        found=found,
        page_length=listing.PAGE,
        last=min(start + listing.PAGE, found.count),
        sorting=how,
        parts=listing.parts_of(here.session, here.actor, lines) if "measures" in shown else {},
        provisional=listing.provisional(here.session, here.actor, found.rows) if "tier" in shown else {},
        places=peers.positions(here.session, here.actor) if "place" in shown else {},
        heat=heat(here.session, here.actor, wanted, today=here.today),
        chips=_chips(here, asked),
        choices=_choices(here),
        flags=FLAGS,
        groups=PRODUCT_GROUPS,
        views=views.rows(here.session, here.actor),
        view=view,
        opens_with=kept.view_id if kept is not None else None,
        open_stages=invitations.OPEN,
        today=here.today,
        compare_url=url_for("hospital.compare"),
        may_write=here.role in HOSPITAL_WRITERS,
        may_keep=here.role in KEEPERS,
    )


@hospital.post("/vendors/columns", roles=KEEPERS)
def keep_columns(here: HospitalJourney) -> Response:
    """Have the list with these columns from now on."""
    form = ColumnsForm.offered()
    asked = _sent_address(request.form.get("address", ""))
    form.offer("columns", [(column.key, column.title) for column in COLUMNS[asked.which]])
    form.process(request.form)
    form.refuse_strangers()
    keys = [column.key for column in COLUMNS[asked.which] if column.key in (form["columns"].data or ())]
    usual = tuple(keys) == USUAL[asked.which]
    views.keep_columns(here.session, here.actor, asked.which, () if usual else keys)
    return pages.see_path(asked.link(col=()))


@hospital.get("/vendors/views", roles=EVERY_HOSPITAL_ROLE)
def view_list(here: HospitalJourney) -> Response:
    """Every view of mine and every shared one."""
    return _views_page(here, ViewForm.offered(address=_closed(request.args.get("address", ""))))


@hospital.post("/vendors/views", roles=KEEPERS)
def add_view(here: HospitalJourney) -> Response:
    """Keep what the list shows under a name."""
    form = ViewForm.sent()
    if form.validate():
        with form.refusals(here.session):
            row = views.add(here.session, here.actor, _fields(form), now=here.now)
            here.notice(_("The view “%(name)s” is kept.", name=row.name))
            return pages.see_path(_path_of(row))
    return _views_page(here, form)


@hospital.get("/vendors/views/<view_id>", roles=KEEPERS)
def edit_view(here: HospitalJourney, view_id: str) -> Response:
    """Name, list and who has it."""
    row = views.find(here.session, here.actor, view_id)
    return _view_page(here, row, _form_of(row))


@hospital.post("/vendors/views/<view_id>", roles=KEEPERS)
def change_view(here: HospitalJourney, view_id: str) -> Response:
    """Change it, unless somebody else did."""
    row = views.find(here.session, here.actor, view_id)
    form = ViewForm.sent()
    if form.validate():
        with form.refusals(here.session):
            version = forms.version(form["version"].data)
            try:
                views.change(here.session, here.actor, view_id, _fields(form), version=version, now=here.now)
            except Clash as refused:
                stands = clashes.meet(form, refused, _form_of(row))
                return _view_page(here, row, form, stands=stands)
            here.notice(_("Saved."))
            return pages.see_other("hospital.view_list")
    return _view_page(here, row, form)


@hospital.post("/vendors/views/<view_id>/remove", roles=KEEPERS)
def remove_view(here: HospitalJourney, view_id: str) -> Response:
    """It is no more."""
    forms.Form.sent()
    views.remove(here.session, here.actor, view_id, now=here.now)
    here.notice(_("The view is gone."))
    return pages.see_other("hospital.view_list")


@hospital.post("/vendors/views/opening", roles=KEEPERS)
def open_with_view(here: HospitalJourney) -> Response:
    """Open the list with a view, or plainly."""
    views.open_with(here.session, here.actor, OpeningForm.sent()["view"].data or "")
    here.notice(_("Saved."))
    return pages.see_other("hospital.view_list")


# ---- addresses


def _halves(shared: str) -> tuple[str, str]:
    kind, _colon, key = shared.partition(":")
    return kind, key


def ask(sent: Mapping[str, Sequence[str]]) -> Asked:
    """What an address asks; a word that nobody offered is left out."""
    which = SUPPLIES if SUPPLIES in sent.get("by", ()) else VENDORS
    chosen: dict[str, tuple[str, ...]] = {}
    for name, allowed in FILTERS.items():
        values = dict.fromkeys(value[:LONGEST] for value in sent.get(name, ()) if value)
        known = [value for value in values if allowed is None or value in allowed]
        chosen[name] = tuple(known[:MOST_VALUES])
    sort = next(iter(sent.get("sort", ())), "")
    known_columns = {column.key: column for column in COLUMNS[which]}
    column = known_columns.get(sort.removeprefix("-"))
    return Asked(
        which=which,
        words=" ".join(next(iter(sent.get("q", ())), "").split())[:100],
        chosen=chosen,
        sort=sort if column is not None and column.sortable else "",
        columns=tuple(key for key in known_columns if key in sent.get("col", ())),
    )


def _sent_address(address: str) -> Asked:
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(address[: views.LONGEST_ADDRESS]):
        found.setdefault(name, []).append(value)
    return ask(found)


def _closed(address: str) -> str:
    return urlencode(_sent_address(address).pairs())


def _path_of(row: SavedView) -> str:
    asked = _sent_address(row.address)
    return url_for("hospital.vendor_list") + "?" + urlencode([*asked.pairs(), ("view", row.id)])


def _columns(asked: Asked, kept: tuple[str, ...]) -> tuple[Column, ...]:
    keys = asked.columns or kept or USUAL[asked.which]
    return tuple(column for column in COLUMNS[asked.which] if column.heads or column.key in keys)


def _word(here: HospitalJourney, name: str, value: str) -> str:
    if value == NONE and name in _NO_WORDS:
        return str(_NO_WORDS[name])
    words: Mapping[str, Callable[[], str]] = {
        "tier": lambda: _("Tier %(tier)s", tier=value),
        "grade": lambda: _("Grade %(letter)s", letter=value),
        "level": lambda: _("Residual risk: %(level)s", level=marks.risk(value).word),
        "stage": lambda: _(_STAGE_WORDS[value]),
        "group": lambda: _(PRODUCT_GROUPS[value]),
        "department": lambda: value,
        "is": lambda: str(FLAGS[Flag(value)]),
        "shared": lambda: concentration.label_of(here.session, here.actor, *_halves(value)),
    }
    return words[name]()


_NO_WORDS: Mapping[str, Any] = {
    "tier": _l("no intake yet"),
    "grade": _l("no grade"),
    "level": _l("not rated"),
    "group": _l("no product group"),
    "department": _l("no department"),
}
_STAGE_WORDS = {(stage.value if stage else NONE): word for stage, word in STAGES.items()}


def _chips(here: HospitalJourney, asked: Asked) -> list[tuple[str, str]]:
    chips = [(asked.words, asked.link(q=""))] if asked.words else []
    chips += [
        (_word(here, name, value), asked.without(name, value)) for name in FILTERS for value in asked.chosen[name]
    ]
    return chips


def _choices(here: HospitalJourney) -> Mapping[str, list[tuple[str, str]]]:
    """The filters of the form with their words."""
    departments = listing.departments(here.session, here.actor)
    return {
        name: [(value, _word(here, name, value)) for value in (allowed or (*departments, NONE))]
        for name, allowed in FILTERS.items()
        if name != "shared"
    }


def _fields(form: forms.Form) -> ViewFields:
    return ViewFields(
        name=form["name"].data or "",
        address=_closed(form["address"].data or ""),
        is_shared=bool(form["is_shared"].data),
    )


def _views_page(here: HospitalJourney, form: forms.Form) -> Response:
    rows = views.rows(here.session, here.actor)
    kept = views.choice(here.session, here.actor)
    return pages.page(
        "hospital/views.html",
        form=form,
        rows=rows,
        words={row.id: _words_of(here, row.address) for row in rows},
        about=_words_of(here, form["address"].data or ""),
        paths={row.id: _path_of(row) for row in rows},
        mine={row.id for row in rows if views.may_change(row, here.actor)},
        opens_with=kept.view_id if kept is not None else None,
        may_keep=here.role in KEEPERS,
    )


def _form_of(row: SavedView) -> ViewForm:
    return ViewForm.offered(name=row.name, is_shared=row.is_shared, address=row.address, version=str(row.version))


def _view_page(
    here: HospitalJourney, row: SavedView, form: forms.Form, *, stands: Sequence[Stands] | None = None
) -> Response:
    return pages.page(
        "hospital/view.html",
        form=form,
        row=row,
        about=_words_of(here, form["address"].data or ""),
        stands=stands,
        shows=_words_of(here, row.address),
        status=409 if stands is not None else 200,
    )


def _words_of(here: HospitalJourney, address: str) -> str:
    """What a view narrows the list to, in words."""
    asked = _sent_address(address)
    found = [_("by product or service")] if asked.which == SUPPLIES else []
    found += [f"“{asked.words}”"] if asked.words else []
    found += [_word(here, name, value) for name in FILTERS for value in asked.chosen[name]]
    return " · ".join(found) or _("everything")
