"""One product or service: who answers for it, its contract, the way out, what is connected, who else takes part."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from flask import Response
from wtforms import DateField, EmailField, FileField, HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from portal.db.models.vendors import Supply
from portal.errors import BadInput, Clash
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.i18n import ngettext
from portal.jobs import reading
from portal.services.actors import EVERY_HOSPITAL_ROLE, HOSPITAL_WRITERS
from portal.services.vendors import article_lists, intakes, offboardings, supply_records, vendor_entries, vendors
from portal.services.vendors.article_lists import Wrong
from portal.services.vendors.vendors import PRODUCT_GROUPS, SupplyFields
from portal.web import clashes, forms, pages
from portal.web.hospital import tabs, vendor_lists
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney

YES_NO = {"": _l("not known"), "yes": _l("yes"), "no": _l("no")}
_TOLD = {"yes": True, "no": False}


def told(text: object) -> bool | None:
    """Yes, no, or not known."""
    return _TOLD.get(str(text or ""))


def telling(value: bool | None) -> str:  # noqa: FBT001 - the value itself, no switch
    """The same as a form holds it."""
    return "" if value is None else "yes" if value else "no"


class BasicsForm(forms.Form):
    """What it is, and who answers for it."""

    name = StringField(
        _l("Product or service"),
        [InputRequired(_l("Enter the product or service.")), Length(max=200)],
        filters=[forms.stripped],
    )
    product_group = SelectField(_l("Product group"), validators=[Optional()])
    department = StringField(_l("Department"), [Length(max=120)], filters=[forms.stripped])
    owner_name = StringField(_l("Responsible person"), [Length(max=200)], filters=[forms.stripped])
    owner_email = EmailField(_l("E-mail of the responsible person"), [Length(max=254)], filters=[forms.stripped])
    deputy_name = StringField(_l("Deputy"), [Length(max=200)], filters=[forms.stripped])
    description = TextAreaField(_l("Description"), [Length(max=5000)], filters=[forms.stripped])
    version = HiddenField()


class SupplyForm(BasicsForm):
    """A new product or service, with the end of its contract."""

    contract_ends_on = DateField(_l("Contract ends on"), [Optional()])


class ContractForm(forms.Form):
    """The contract."""

    contract_number = StringField(_l("Contract number"), [Length(max=80)], filters=[forms.stripped])
    contract_starts_on = DateField(_l("Contract starts on"), [Optional()])
    contract_ends_on = DateField(_l("Contract ends on"), [Optional()], description=_l("Empty: it has no fixed end."))
    notice_months = IntegerField(
        _l("Notice period in months"), [Optional(), NumberRange(min=0, max=vendors.LARGEST_MONTHS)]
    )
    renews_months = IntegerField(
        _l("Renews itself by so many months"),
        [Optional(), NumberRange(min=0, max=vendors.LARGEST_MONTHS)],
        description=_l("Where nobody gives notice. Empty: it does not."),
    )
    volume_per_year = IntegerField(
        _l("Volume per year in euros"), [Optional(), NumberRange(min=0, max=vendors.LARGEST_VOLUME)]
    )
    has_security_terms = SelectField(_l("Security terms are agreed"), [Optional()], choices=forms.choices(YES_NO))
    dpa_signed_on = DateField(
        _l("Data processing agreement signed on"), [Optional()], description=_l("Art. 28 GDPR; empty: there is none.")
    )
    data_countries = StringField(
        _l("Countries in which data lie"), [Length(max=200)], filters=[forms.stripped], description="DE, IE"
    )
    law_country = StringField(
        _l("Country whose law holds"), [Length(max=2)], filters=[forms.stripped], description="DE, AT, CH, …"
    )
    audited_on = DateField(_l("Last audited on"), [Optional()], description=_l("By the hospital, or for it."))
    version = HiddenField()


class ExitForm(forms.Form):
    """The way out."""

    exit_plan = TextAreaField(
        _l("Exit plan"),
        [Length(max=5000)],
        filters=[forms.stripped],
        description=_l("What happens if the vendor fails or the contract ends: who does what, in which order."),
    )
    exit_return_format = StringField(
        _l("Form in which data come back"),
        [Length(max=200)],
        filters=[forms.stripped],
        description=_l("For example DICOM, HL7 FHIR, a dump of the database."),
    )
    exit_tested_on = DateField(_l("Tested on"), [Optional()])
    exit_due_on = DateField(_l("To be looked at again by"), [Optional()])
    version = HiddenField()


def with_groups(form: forms.Form) -> Any:
    """A form that asks for the product group, with those there are."""
    form.offer("product_group", [("", _("not stated")), *((key, _(word)) for key, word in PRODUCT_GROUPS.items())])
    return form


# ---- the page


@hospital.get("/vendors/supplies/<supply_id>", roles=EVERY_HOSPITAL_ROLE)
def supply(here: HospitalJourney, supply_id: str) -> Response:
    """Everything about one product."""
    found = vendors.find_supply(here.session, here.actor, supply_id)
    vendor = vendors.find(here.session, here.actor, found.vendor_id)
    tier, is_provisional = supply_records.tier_of(found)
    contacts = vendor_entries.of_vendor(here.session, here.actor, vendor.id, "contact")
    articles = _mine(here, found, "article")
    return pages.page(
        "hospital/supply_page.html",
        supply=found,
        vendor=vendor,
        tier_number=tier,
        is_provisional=is_provisional,
        record=intakes.current(found),
        groups=PRODUCT_GROUPS,
        yes_no=YES_NO,
        telling=telling,
        notice_by=supply_records.notice_by(found),
        articles=articles,
        checks={one.id: supply_records.check_by(one) for one in articles},
        soon=here.today + supply_records.SOON,
        today=here.today,
        kinds=vendor_entries.ARTICLE_KINDS,
        alternatives=_mine(here, found, "alternative"),
        subcontractors=[
            one
            for one in vendor_entries.of_vendor(here.session, here.actor, vendor.id, "subcontractor")
            if one.supply_id in {None, found.id}
        ],
        contacts=[one for one in contacts if one.supply_id in {None, found.id}],
        contact_roles=vendor_entries.CONTACT_ROLES,
        is_secured=supply_records.has_security_contact(vendor, found.id, contacts),
        matters=list(supply_records.of_supply(vendor, found, articles, contacts, today=here.today)),
        endings=[
            one
            for one in offboardings.of_vendor(here.session, here.actor, vendor.id)
            if one.supply_id in {None, found.id}
        ],
        may_write=here.role in HOSPITAL_WRITERS,
    )


def _mine(here: HospitalJourney, found: Supply, kind: str) -> list[Any]:
    rows = vendor_entries.of_vendor(here.session, here.actor, found.vendor_id, kind)
    return [one for one in rows if one.supply_id == found.id]


@hospital.get("/vendors/<vendor_id>/subcontractors", roles=EVERY_HOSPITAL_ROLE)
def vendor_subcontractors(here: HospitalJourney, vendor_id: str) -> Response:
    """Whom the vendor uses itself."""
    found = vendors.find(here.session, here.actor, vendor_id)
    rows = vendor_entries.of_vendor(here.session, here.actor, vendor_id, "subcontractor")
    return pages.page(
        "hospital/vendor_subcontractors.html",
        **tabs.frame(here, found, "subcontractors"),
        rows=sorted(rows, key=lambda one: (one.rank, one.name.casefold())),
        supply_names={one.id: one.name for one in found.supplies},
        yes_no=YES_NO,
        telling=telling,
    )


# ---- changing a part of it


@hospital.get("/vendors/supplies/<supply_id>/edit", roles=HOSPITAL_WRITERS)
def edit_supply(here: HospitalJourney, supply_id: str) -> Response:
    """What it is."""
    return _offered(here, supply_id, BasicsForm)


@hospital.post("/vendors/supplies/<supply_id>/edit", roles=HOSPITAL_WRITERS)
def change_supply(here: HospitalJourney, supply_id: str) -> Response:
    """Change it, unless somebody else did."""
    return _change(here, supply_id, BasicsForm)


@hospital.get("/vendors/supplies/<supply_id>/contract", roles=HOSPITAL_WRITERS)
def edit_contract(here: HospitalJourney, supply_id: str) -> Response:
    """The contract."""
    return _offered(here, supply_id, ContractForm)


@hospital.post("/vendors/supplies/<supply_id>/contract", roles=HOSPITAL_WRITERS)
def change_contract(here: HospitalJourney, supply_id: str) -> Response:
    """Change it, unless somebody else did."""
    return _change(here, supply_id, ContractForm)


@hospital.get("/vendors/supplies/<supply_id>/exit", roles=HOSPITAL_WRITERS)
def edit_exit(here: HospitalJourney, supply_id: str) -> Response:
    """The way out."""
    return _offered(here, supply_id, ExitForm)


@hospital.post("/vendors/supplies/<supply_id>/exit", roles=HOSPITAL_WRITERS)
def change_exit(here: HospitalJourney, supply_id: str) -> Response:
    """Change it, unless somebody else did."""
    return _change(here, supply_id, ExitForm)


def _offered(here: HospitalJourney, supply_id: str, kind: type[forms.Form]) -> Response:
    found = vendors.find_supply(here.session, here.actor, supply_id)
    return _page(found, _filled(kind, vendors.supply_fields_of(found), found.version))


def _change(here: HospitalJourney, supply_id: str, kind: type[forms.Form]) -> Response:
    form = _dressed(kind.sent())
    found = vendors.find_supply(here.session, here.actor, supply_id)
    stands: Any = ()
    if form.validate():
        try:
            with form.refusals(here.session):
                fields = replace(vendors.supply_fields_of(found), **_typed(form))
                version = forms.version(form["version"].data)
                vendors.change_supply(here.session, here.actor, supply_id, fields, version=version, now=here.now)
                here.notice(_("Saved."))
                return pages.see_other("hospital.supply", supply_id=supply_id)
        except Clash as refused:
            stands = clashes.meet(form, refused, _filled(kind, cast(SupplyFields, refused.theirs), 0))
    return _page(found, form, stands=stands)


def _filled(kind: type[forms.Form], fields: SupplyFields, version: int) -> forms.Form:
    values = dict(vars(fields), has_security_terms=telling(fields.has_security_terms))
    return _dressed(kind.offered(**values, version=str(version)))


def _dressed(form: forms.Form) -> forms.Form:
    return with_groups(form) if isinstance(form, BasicsForm) else form


def _typed(form: forms.Form) -> dict[str, Any]:
    """What the form says, without its version."""
    values: dict[str, Any] = {}
    for field in form:
        if field.name == "has_security_terms":
            values[field.name] = told(field.data)
        elif isinstance(field, DateField | IntegerField):
            values[field.name] = field.data
        elif field.name != "version":
            values[field.name] = field.data or ""
    return values


def _page(found: Supply, form: forms.Form, *, stands: Any = ()) -> Response:
    titles = {BasicsForm: _("Change the product"), ContractForm: _("Contract"), ExitForm: _("Exit plan")}
    endpoints = {BasicsForm: "change_supply", ContractForm: "change_contract", ExitForm: "change_exit"}
    return pages.page(
        "hospital/supply_part.html",
        form=form,
        supply=found,
        vendor=found.vendor,
        title=titles[type(form)],
        endpoint=f"hospital.{endpoints[type(form)]}",
        stands=stands,
    )


# ---- a list of devices and software


class ArticleListForm(forms.Form):
    """A list that somebody has."""

    file = FileField(
        _l("List"),
        [InputRequired(_l("Choose a file."))],
        description=_l("Excel (xlsx) or CSV. A column is called “Model”; the others are found by their headings."),
    )


@hospital.get("/vendors/supplies/<supply_id>/articles", roles=HOSPITAL_WRITERS)
def upload_articles(here: HospitalJourney, supply_id: str) -> Response:
    """Choose a file."""
    return _list_page(here, supply_id, ArticleListForm.offered())


@hospital.post("/vendors/supplies/<supply_id>/articles", roles=HOSPITAL_WRITERS, body_limit=vendor_lists.BODY_LIMIT)
def take_articles(here: HospitalJourney, supply_id: str) -> Response:
    """Lay the list in the place of the one that stood; a row that is wrong leaves all as it was."""
    vendors.find_supply(here.session, here.actor, supply_id)
    form = ArticleListForm.sent()
    wrong: Sequence[Wrong] = ()
    if form.validate():
        here.let_go()  # reading takes its time, and others want to save
        try:
            found, wrong = article_lists.read(reading.table(vendor_lists.sent_list()))
            if not wrong:
                count = vendor_entries.replace_articles(here.session, here.actor, supply_id, found, now=here.now)
                here.notice(ngettext("%(num)s row stands here now.", "%(num)s rows stand here now.", count))
                return pages.see_other("hospital.supply", supply_id=supply_id, at="articles")
            form.form_errors.append(_("Nothing was taken in: please mend these rows first."))
        except BadInput as refused:
            form.take(refused)
    return _list_page(here, supply_id, form, wrong=wrong)


def _list_page(here: HospitalJourney, supply_id: str, form: forms.Form, *, wrong: Sequence[Wrong] = ()) -> Response:
    found = vendors.find_supply(here.session, here.actor, supply_id)
    return pages.page(
        "hospital/upload_articles.html",
        form=form,
        supply=found,
        vendor=found.vendor,
        wrong=wrong,
        words=article_lists.WORDS,
        count=len(_mine(here, found, "article")),
    )
