"""Lists beside a vendor or a product: a form for each kind of entry, and taking one out."""

from collections.abc import Mapping
from typing import Any

from flask import Response
from wtforms import (
    DateField,
    EmailField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from portal.db.models.supplies import ArticleKind, ContactRole
from portal.db.models.vendors import Vendor
from portal.errors import Clash, NotFound
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.actors import HOSPITAL_WRITERS
from portal.services.vendors import vendor_entries, vendors
from portal.services.vendors.vendor_entries import KINDS
from portal.web import clashes, forms, pages
from portal.web.hospital.room import hospital
from portal.web.hospital.supplies import YES_NO, telling, told
from portal.web.journey import HospitalJourney

ENUMS: Mapping[tuple[str, str], Any] = {("contact", "role"): ContactRole, ("article", "kind"): ArticleKind}
TITLES = {
    "contact": (_l("Add a contact"), _l("Change the contact")),
    "domain": (_l("Add a domain"), _l("Change the domain")),
    "subcontractor": (_l("Add a subcontractor"), _l("Change the subcontractor")),
    "alternative": (_l("Add an alternative"), _l("Change the alternative")),
    "article": (_l("Add a device or software"), _l("Change the device or software")),
}
NOTE = (_l("Note"), [Length(max=500)])


class ContactForm(forms.Form):
    """Somebody at the vendor."""

    role = RadioField(
        _l("What for"),
        [InputRequired(_l("Choose what they are called for."))],
        choices=forms.choices({role.value: _l(word) for role, word in vendor_entries.CONTACT_ROLES.items()}),
    )
    name = StringField(_l("Name or office"), [Length(max=200)], filters=[forms.stripped])
    email = EmailField(_l("E-mail"), [Length(max=254)], filters=[forms.stripped])
    phone = TelField(_l("Telephone"), [Length(max=60)], filters=[forms.stripped])
    supply_id = SelectField(_l("For"), [Optional()])
    note = StringField(*NOTE, filters=[forms.stripped], description=_l("For example when they can be reached."))
    version = HiddenField()


class DomainForm(forms.Form):
    """A further domain."""

    name = StringField(
        _l("Domain"),
        [InputRequired(_l("Enter a domain like example.de.")), Length(max=253)],
        filters=[forms.stripped],
        description=_l("The vendor is recognised by it. It is not scanned unless it is named as a host."),
    )
    note = StringField(*NOTE, filters=[forms.stripped])
    version = HiddenField()


class SubcontractorForm(forms.Form):
    """Somebody whom the vendor uses itself."""

    name = StringField(
        _l("Name"),
        [InputRequired(_l("Enter the name of the subcontractor.")), Length(max=200)],
        filters=[forms.stripped],
    )
    rank = IntegerField(
        _l("Rank"),
        [InputRequired(_l("Enter a rank.")), NumberRange(min=1, max=vendor_entries.LOWEST_RANK)],
        description=_l("1: works for the vendor itself; 2: for one of rank 1; and so on."),
    )
    service = StringField(_l("Service"), [Length(max=300)], filters=[forms.stripped])
    country = StringField(_l("Country"), [Length(max=2)], filters=[forms.stripped], description="DE, AT, CH, …")
    data_access = SelectField(_l("Can reach the hospital's data"), [Optional()], choices=forms.choices(YES_NO))
    patient_data = SelectField(_l("Handles data of patients"), [Optional()], choices=forms.choices(YES_NO))
    since = DateField(_l("Since"), [Optional()])
    supply_id = SelectField(_l("For"), [Optional()])
    note = StringField(*NOTE, filters=[forms.stripped])
    version = HiddenField()


class AlternativeForm(forms.Form):
    """A product that could take its place."""

    name = StringField(
        _l("Product"), [InputRequired(_l("Name the product.")), Length(max=200)], filters=[forms.stripped]
    )
    vendor_name = StringField(_l("Vendor"), [Length(max=200)], filters=[forms.stripped])
    months = IntegerField(_l("Months to switch"), [Optional(), NumberRange(min=0, max=vendors.LARGEST_MONTHS)])
    note = StringField(*NOTE, filters=[forms.stripped])
    version = HiddenField()


class ArticleForm(forms.Form):
    """Devices or software of one model and version."""

    kind = RadioField(
        _l("Kind"), choices=forms.choices({kind.value: _l(word) for kind, word in vendor_entries.ARTICLE_KINDS.items()})
    )
    model = StringField(_l("Model"), [InputRequired(_l("Enter the model.")), Length(max=200)], filters=[forms.stripped])
    release = StringField(_l("Version"), [Length(max=80)], filters=[forms.stripped])
    udi_di = StringField("UDI-DI", [Length(max=60)], filters=[forms.stripped])
    count = IntegerField(
        _l("How many"),
        [InputRequired(_l("Enter how many there are.")), NumberRange(min=1, max=vendor_entries.MOST_ARTICLES)],
    )
    location = StringField(_l("Location"), [Length(max=200)], filters=[forms.stripped])
    network_zone = StringField(_l("Network zone"), [Length(max=120)], filters=[forms.stripped])
    cloud = SelectField(_l("Connected to a cloud"), [Optional()], choices=forms.choices(YES_NO))
    support_ends_on = DateField(_l("Support ends on"), [Optional()])
    checked_on = DateField(
        _l("IT security last checked on"),
        [Optional()],
        description=_l("The date of the protocol under § 17 MPBetreibV; the next check is due 24 months later."),
    )
    note = TextAreaField(*NOTE, filters=[forms.stripped])
    version = HiddenField()


FORMS: Mapping[str, type[forms.Form]] = {
    "contact": ContactForm,
    "domain": DomainForm,
    "subcontractor": SubcontractorForm,
    "alternative": AlternativeForm,
    "article": ArticleForm,
}
FRESH: Mapping[str, Mapping[str, Any]] = {
    "contact": {"role": ContactRole.SECURITY.value},
    "subcontractor": {"rank": 1},
    "article": {"kind": ArticleKind.DEVICE.value, "count": 1},
}


@hospital.get("/vendors/entries/<entry_kind>/add/<owner_id>", roles=HOSPITAL_WRITERS)
def add_entry(here: HospitalJourney, entry_kind: str, owner_id: str) -> Response:
    """An empty form."""
    vendor = _vendor(here, entry_kind, owner_id)
    form = _dressed(FORMS[entry_kind].offered(**FRESH.get(entry_kind, {})), vendor)
    return _page(entry_kind, vendor, owner_id, form)


@hospital.post("/vendors/entries/<entry_kind>/add/<owner_id>", roles=HOSPITAL_WRITERS)
def write_down_entry(here: HospitalJourney, entry_kind: str, owner_id: str) -> Response:
    """Write it down."""
    vendor = _vendor(here, entry_kind, owner_id)
    form = _dressed(FORMS[entry_kind].sent(), vendor)
    if form.validate():
        with form.refusals(here.session):
            vendor_entries.add(here.session, here.actor, owner_id, _typed(entry_kind, form), now=here.now)
            here.notice(_("Written down."))
            return _back(entry_kind, owner_id)
    return _page(entry_kind, vendor, owner_id, form)


@hospital.get("/vendors/entries/<entry_kind>/<entry_id>", roles=HOSPITAL_WRITERS)
def edit_entry(here: HospitalJourney, entry_kind: str, entry_id: str) -> Response:
    """The entry as it stands."""
    row = vendor_entries.find(here.session, here.actor, entry_kind, entry_id)
    vendor = vendor_entries.vendor_of(here.session, here.actor, row)
    form = _filled(entry_kind, vendor_entries.fields_of(entry_kind, row), vendor, row.version)
    return _page(entry_kind, vendor, _owner(entry_kind, row), form, row=row)


@hospital.post("/vendors/entries/<entry_kind>/<entry_id>", roles=HOSPITAL_WRITERS)
def change_entry(here: HospitalJourney, entry_kind: str, entry_id: str) -> Response:
    """Write it anew, unless somebody else did."""
    row = vendor_entries.find(here.session, here.actor, entry_kind, entry_id)
    vendor = vendor_entries.vendor_of(here.session, here.actor, row)
    owner_id = _owner(entry_kind, row)
    form = _dressed(FORMS[entry_kind].sent(), vendor)
    stands: Any = ()
    if form.validate():
        try:
            with form.refusals(here.session):
                version = forms.version(form["version"].data)
                fields = _typed(entry_kind, form)
                vendor_entries.change(here.session, here.actor, entry_id, fields, version=version, now=here.now)
                here.notice(_("Saved."))
                return _back(entry_kind, owner_id)
        except Clash as refused:
            stands = clashes.meet(form, refused, _filled(entry_kind, refused.theirs, vendor, 0))
    return _page(entry_kind, vendor, owner_id, form, row=row, stands=stands)


class RemoveForm(forms.Form):
    """The version that was seen."""

    version = HiddenField()


@hospital.post("/vendors/entries/<entry_kind>/<entry_id>/remove", roles=HOSPITAL_WRITERS)
def remove_entry(here: HospitalJourney, entry_kind: str, entry_id: str) -> Response:
    """Take it out."""
    row = vendor_entries.find(here.session, here.actor, entry_kind, entry_id)
    owner_id, version = _owner(entry_kind, row), forms.version(RemoveForm.sent()["version"].data)
    vendor = vendor_entries.vendor_of(here.session, here.actor, row)
    try:
        with here.session.begin_nested():
            vendor_entries.remove(here.session, here.actor, entry_kind, entry_id, version=version, now=here.now)
    except Clash as refused:  # what stands now is shown before it goes
        form = _filled(entry_kind, refused.theirs, vendor, refused.version or 0)
        form.form_errors.append(refused.message.render(_))
        return _page(entry_kind, vendor, owner_id, form, row=row)
    here.notice(_("Taken out of the list."))
    return _back(entry_kind, owner_id)


def _vendor(here: HospitalJourney, kind: str, owner_id: str) -> Vendor:
    if kind not in KINDS:
        raise NotFound
    if KINDS[kind].of_supply:
        return vendors.find_supply(here.session, here.actor, owner_id).vendor
    return vendors.find(here.session, here.actor, owner_id)


def _owner(kind: str, row: Any) -> str:
    return str(row.supply_id if KINDS[kind].of_supply else row.vendor_id)


def _back(kind: str, owner_id: str) -> Response:
    if KINDS[kind].of_supply:
        return pages.see_other("hospital.supply", supply_id=owner_id, at=f"{kind}s")
    if kind == "subcontractor":
        return pages.see_other("hospital.vendor_subcontractors", vendor_id=owner_id)
    return pages.see_other("hospital.vendor", vendor_id=owner_id, at="record")


def _filled(kind: str, fields: Any, vendor: Vendor, version: int) -> forms.Form:
    values: dict[str, Any] = {
        name: telling(value) if name in _YES_NO else value for name, value in vars(fields).items()
    }
    values |= {name: value.value for (of, name), _enum in ENUMS.items() if of == kind and (value := values[name])}
    return _dressed(FORMS[kind].offered(**values, version=str(version)), vendor)


_YES_NO = frozenset({"data_access", "patient_data", "cloud"})


def _dressed(form: forms.Form, vendor: Vendor) -> forms.Form:
    if "supply_id" in form:
        names = [(one.id, one.name) for one in vendor.supplies if one.ended_at is None]
        form.offer("supply_id", [("", _("everything it supplies")), *names])
    return form


def _typed(kind: str, form: forms.Form) -> Any:
    values: dict[str, Any] = {}
    for field in form:
        if field.name in _YES_NO:
            values[field.name] = told(field.data)
        elif (kind, field.name) in ENUMS:
            values[field.name] = ENUMS[kind, field.name](field.data)
        elif isinstance(field, DateField | IntegerField):
            values[field.name] = field.data
        elif field.name != "version":
            values[field.name] = field.data or ""
    if "supply_id" in values:
        values["supply_id"] = values["supply_id"] or None
    return KINDS[kind].fields(**values)


def _page(kind: str, vendor: Vendor, owner_id: str, form: forms.Form, *, row: Any = None, stands: Any = ()) -> Response:
    return pages.page(
        "hospital/vendor_entry.html",
        form=form,
        kind=kind,
        vendor=vendor,
        supply=next((one for one in vendor.supplies if one.id == owner_id), None),
        owner_id=owner_id,
        row=row,
        title=TITLES[kind][1 if row is not None else 0],
        stands=stands,
    )
