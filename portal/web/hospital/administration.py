"""The hospital's own settings: its record, its people, its audit trail."""

from flask import Response, request
from wtforms import EmailField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from portal.db.models.accounts import HospitalRole
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services import audit, working_days
from portal.services.actors import EVERY_HOSPITAL_ROLE
from portal.services.people import accounts, hospitals
from portal.services.people.hospitals import HospitalFields
from portal.web import audit_words, forms, marks, pages
from portal.web.hospital import audit_details
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney, Rail

ADMINS = frozenset({HospitalRole.ADMIN})
READERS_OF_THE_TRAIL = frozenset({HospitalRole.ADMIN, HospitalRole.AUDITOR})
EVENTS = 100


class HospitalForm(forms.Form):
    """The hospital's record, as vendors see it in invitations."""

    name = StringField(
        _l("Name of the hospital"),
        [InputRequired(_l("Enter the name of the hospital.")), Length(max=200)],
        filters=[forms.stripped],
    )
    city = StringField(_l("City"), [Length(max=100)], filters=[forms.stripped])
    contact_name = StringField(_l("Contact person for vendors"), [Length(max=200)], filters=[forms.stripped])
    contact_email = EmailField(_l("E-mail of the contact"), [Length(max=254)], filters=[forms.stripped])
    contact_phone = StringField(_l("Telephone of the contact"), [Length(max=60)], filters=[forms.stripped])
    state = SelectField(
        _l("Federal state"),
        [Optional()],
        description=_l("Reminders and periods count its working days."),
    )
    second_eyes_tier = SelectField(
        _l("Two people end a review"),
        [Optional()],
        description=_l("The second must be somebody else; returned answers go back at the word of one."),
    )


class MemberForm(forms.Form):
    """A colleague to invite."""

    email = EmailField(
        _l("E-mail address"), [InputRequired(_l("Enter an e-mail address.")), Length(max=254)], filters=[forms.stripped]
    )
    role = SelectField(_l("Role"), [InputRequired()])


class RoleForm(forms.Form):
    """What a colleague may do from now on."""

    role = SelectField(_l("Role"), [InputRequired(_l("Choose a role."))])


def _member_form(*, sent: bool) -> forms.Form:
    form = MemberForm.sent() if sent else MemberForm.offered(role=HospitalRole.ASSESSOR.value)
    return _with_roles(form)


def _with_roles(form: forms.Form) -> forms.Form:
    form.offer("role", [(role.value, marks.role(role.value)) for role in HospitalRole])
    return form


@hospital.get("/settings", roles=EVERY_HOSPITAL_ROLE, rail=Rail.SETTINGS)
def settings(here: HospitalJourney) -> Response:
    """Record and people."""
    return _page(here, _offered(here), _member_form(sent=False))


@hospital.post("/settings", roles=ADMINS)
def change_settings(here: HospitalJourney) -> Response:
    """Change the record."""
    form = _with_choices(HospitalForm.sent(), here)
    if form.validate():
        with form.refusals(here.session):
            fields = HospitalFields(**{name: form[name].data or "" for name in vars(HospitalFields(name=""))})
            hospitals.change(here.session, here.actor, fields, now=here.now)
            here.notice(_("Saved."))
            return pages.see_other("hospital.settings")
    return _page(here, form, _member_form(sent=False))


@hospital.post("/settings/members", roles=ADMINS)
def invite_member(here: HospitalJourney) -> Response:
    """Invite a colleague by mail."""
    form = _member_form(sent=True)
    if form.validate():
        with form.refusals(here.session):
            hospitals.invite_colleague(
                here.session,
                here.actor,
                email=form["email"].data,
                role=HospitalRole(form["role"].data),
                base_url=here.settings.public_base_url,
                now=here.now,
            )
            here.notice(_("The invitation to %(email)s is on its way.", email=form["email"].data))
            return pages.see_other("hospital.settings", at="people")
    return _page(here, _offered(here), form)


@hospital.get("/settings/members/<person_id>", roles=ADMINS)
def member(here: HospitalJourney, person_id: str) -> Response:
    """A colleague: their role, and the way out."""
    found = accounts.hospital_member(here.session, here.actor, person_id)
    return _member_page(here, person_id, _with_roles(RoleForm.offered(role=found.role.value)))


@hospital.post("/settings/members/<person_id>/role", roles=ADMINS)
def change_member_role(here: HospitalJourney, person_id: str) -> Response:
    """Give a colleague another role; they sign in again for it."""
    form = _with_roles(RoleForm.sent())
    if not form.validate():
        return _member_page(here, person_id, form)
    role = HospitalRole(form["role"].data)
    changed = accounts.change_hospital_role(here.session, here.actor, person_id=person_id, role=role, now=here.now)
    here.notice(_("%(name)s now has the role “%(role)s”.", name=changed.person.name, role=marks.role(role.value)))
    return pages.see_other("hospital.settings", at="people")


@hospital.post("/settings/members/<person_id>/end", roles=ADMINS)
def end_member(here: HospitalJourney, person_id: str) -> Response:
    """Show a colleague out; every session of theirs ends."""
    accounts.end_hospital_membership(here.session, here.actor, person_id=person_id, now=here.now)
    here.notice(_("They no longer have access; what they did stays."))
    return pages.see_other("hospital.settings", at="people")


@hospital.get("/settings/audit", roles=READERS_OF_THE_TRAIL)
def audit_trail(here: HospitalJourney) -> Response:
    """Who did what, and whether the chain is whole."""
    scope = audit.hospital_scope(here.hospital.id)
    before = forms.version(request.args.get("before")) or None
    events = audit.newest(here.session, scope, before=before, limit=EVENTS)
    return pages.page(
        "hospital/audit.html",
        events=events,
        verified=audit.verify(here.session, scope),
        told=audit_words.told,
        by=audit_words.by,
        names=audit_details.names(here.session, here.actor, events),
        details=audit_details.told,
        page_length=EVENTS,
    )


def _offered(here: HospitalJourney) -> forms.Form:
    values = {name: getattr(here.hospital, name) for name in vars(HospitalFields(name=""))}
    values["second_eyes_tier"] = str(here.hospital.second_eyes_tier)
    return _with_choices(HospitalForm.offered(**values), here)


def _with_choices(form: forms.Form, here: HospitalJourney) -> forms.Form:
    form.offer("state", [("", _("none, national holidays only")), *working_days.STATES.items()])
    tiers = {"0": _("never"), "1": _("for tier 1"), "2": _("for tiers 1 and 2")}
    stands = str(here.hospital.second_eyes_tier)
    form.offer("second_eyes_tier", tiers if stands in tiers else {**tiers, stands: _("for every tier")})
    return form


def _page(here: HospitalJourney, form: forms.Form, member_form: forms.Form) -> Response:
    return pages.page(
        "hospital/settings.html",
        form=form if form.errors else member_form,
        hospital_form=form,
        member_form=member_form,
        members=accounts.hospital_members(here.session, here.actor),
        waiting=accounts.waiting_for_hospital(here.session, here.actor, now=here.now),
        is_admin=here.role in ADMINS,
        reads_trail=here.role in READERS_OF_THE_TRAIL,
    )


def _member_page(here: HospitalJourney, person_id: str, form: forms.Form) -> Response:
    found = accounts.hospital_member(here.session, here.actor, person_id)
    return pages.page("hospital/member.html", member=found, form=form)
