"""Vendors: a vendor's record and its products; the list stands in vendor_table."""

from typing import Any, cast

from flask import Response, request
from wtforms import EmailField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal.db.models.vendors import Vendor
from portal.errors import Clash
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.actors import EVERY_HOSPITAL_ROLE, HOSPITAL_WRITERS
from portal.services.vendors import vendors
from portal.services.vendors.vendors import SupplyFields, VendorFields
from portal.web import clashes, forms, pages
from portal.web.hospital.room import hospital
from portal.web.hospital.supplies import SupplyForm, with_groups
from portal.web.journey import HospitalJourney


class VendorForm(forms.Form):
    """A vendor's record."""

    name = StringField(
        _l("Name"), [InputRequired(_l("Enter the name of the vendor.")), Length(max=200)], filters=[forms.stripped]
    )
    domain = StringField(_l("Main domain"), [Length(max=253)], filters=[forms.stripped], description="example.de")
    contact_name = StringField(_l("Contact person"), [Length(max=200)], filters=[forms.stripped])
    contact_email = EmailField(_l("E-mail of the contact"), [Length(max=254)], filters=[forms.stripped])
    security_email = EmailField(_l("E-mail for security matters"), [Length(max=254)], filters=[forms.stripped])
    vat_id = StringField(_l("VAT id"), [Length(max=20)], filters=[forms.stripped], description="DE123456789")
    creditor_number = StringField(_l("Creditor number"), [Length(max=40)], filters=[forms.stripped])
    country = StringField(_l("Country"), [Length(max=2)], filters=[forms.stripped], description="DE, AT, CH, …")
    lei = StringField(
        "LEI", [Length(max=20)], filters=[forms.stripped], description=_l("Legal entity identifier, twenty characters.")
    )
    parent_name = StringField(_l("Group it belongs to"), [Length(max=200)], filters=[forms.stripped])
    note = TextAreaField(_l("Note"), [Length(max=5000)], filters=[forms.stripped])
    version = HiddenField()


class NewVendorForm(VendorForm):
    """A vendor with its first product, so that adding one takes less than a minute."""

    supply = StringField(
        _l("Product or service"),
        [InputRequired(_l("Enter the product or service.")), Length(max=200)],
        filters=[forms.stripped],
    )
    product_group = SelectField(_l("Product group"), validators=[Optional()])
    department = StringField(_l("Department"), [Length(max=120)], filters=[forms.stripped])


@hospital.get("/search", roles=EVERY_HOSPITAL_ROLE)
def search(here: HospitalJourney) -> Response:  # noqa: ARG001 - the list asks in whose name
    """The top bar's search: vendors and products by name."""
    return pages.see_other("hospital.vendor_list", q=request.args.get("q", "")[:100])


@hospital.get("/vendors/add", roles=HOSPITAL_WRITERS)
def add_vendor(here: HospitalJourney) -> Response:  # noqa: ARG001 - the form is the same for everybody
    """An empty record."""
    return _add_page(with_groups(NewVendorForm.offered(country="DE")))


@hospital.post("/vendors/add", roles=HOSPITAL_WRITERS)
def write_down_vendor(here: HospitalJourney) -> Response:
    """Add the vendor with its first product, then go on to the intake."""
    form = with_groups(NewVendorForm.sent())
    if form.validate():
        with form.refusals(here.session):
            vendor = vendors.add(here.session, here.actor, _vendor_fields(form), now=here.now)
            supply = vendors.add_supply(
                here.session,
                here.actor,
                vendor.id,
                SupplyFields(
                    name=form["supply"].data,
                    product_group=form["product_group"].data or "",
                    department=form["department"].data or "",
                ),
                now=here.now,
            )
            here.notice(_("%(vendor)s was added. The intake decides how much is asked.", vendor=vendor.name))
            return pages.see_other("hospital.intake", supply_id=supply.id)
    return _add_page(form)


def _add_page(form: forms.Form) -> Response:
    return pages.page("hospital/add_vendor.html", form=form)


@hospital.get("/vendors/<vendor_id>/edit", roles=HOSPITAL_WRITERS)
def edit_vendor(here: HospitalJourney, vendor_id: str) -> Response:
    """The record as it stands."""
    vendor = vendors.find(here.session, here.actor, vendor_id)
    return _edit_page(vendor, _filled(vendors.fields_of(vendor), vendor.version))


@hospital.post("/vendors/<vendor_id>/edit", roles=HOSPITAL_WRITERS)
def change_vendor(here: HospitalJourney, vendor_id: str) -> Response:
    """Change it, unless somebody else did."""
    form = VendorForm.sent()
    stands: Any = ()
    if form.validate():
        try:
            with form.refusals(here.session):
                vendors.change(
                    here.session, here.actor, vendor_id, _vendor_fields(form), version=_version(form), now=here.now
                )
                here.notice(_("Saved."))
                return pages.see_other("hospital.vendor", vendor_id=vendor_id)
        except Clash as refused:
            stands = clashes.meet(form, refused, _filled(cast(VendorFields, refused.theirs), 0))
    return _edit_page(vendors.find(here.session, here.actor, vendor_id), form, stands=stands)


def _filled(fields: VendorFields, version: int) -> VendorForm:
    return VendorForm.offered(**vars(fields), version=str(version))


def _edit_page(vendor: Vendor, form: forms.Form, *, stands: Any = ()) -> Response:
    return pages.page("hospital/edit_vendor.html", form=form, vendor=vendor, stands=stands)


@hospital.get("/vendors/<vendor_id>/supplies/add", roles=HOSPITAL_WRITERS)
def add_supply(here: HospitalJourney, vendor_id: str) -> Response:
    """An empty product."""
    vendor = vendors.find(here.session, here.actor, vendor_id)
    return pages.page("hospital/supply.html", form=with_groups(SupplyForm.offered()), vendor=vendor, supply=None)


@hospital.post("/vendors/<vendor_id>/supplies/add", roles=HOSPITAL_WRITERS)
def write_down_supply(here: HospitalJourney, vendor_id: str) -> Response:
    """Add a product, then go on to its intake."""
    form = with_groups(SupplyForm.sent())
    if form.validate():
        with form.refusals(here.session):
            supply = vendors.add_supply(here.session, here.actor, vendor_id, _supply_fields(form), now=here.now)
            return pages.see_other("hospital.intake", supply_id=supply.id)
    vendor = vendors.find(here.session, here.actor, vendor_id)
    return pages.page("hospital/supply.html", form=form, vendor=vendor, supply=None)


def _vendor_fields(form: forms.Form) -> VendorFields:
    return VendorFields(**{name: form[name].data or "" for name in vars(VendorFields(name=""))})


def _supply_fields(form: forms.Form) -> SupplyFields:
    return SupplyFields(
        name=form["name"].data,
        product_group=form["product_group"].data or "",
        description=form["description"].data or "",
        department=form["department"].data or "",
        owner_name=form["owner_name"].data or "",
        owner_email=form["owner_email"].data or "",
        deputy_name=form["deputy_name"].data or "",
        contract_ends_on=form["contract_ends_on"].data,
    )


def _version(form: forms.Form) -> int:
    return forms.version(form["version"].data)
