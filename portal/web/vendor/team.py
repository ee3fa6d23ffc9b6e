"""Colleagues: who answers for the company, and the mail that brings another one."""

from flask import Response
from wtforms import EmailField, SelectField
from wtforms.validators import InputRequired, Length

from portal.db.models.accounts import CompanyRole
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.actors import COMPANY_LEADERS
from portal.services.people import accounts
from portal.services.rounds import delegations
from portal.web import forms, marks, pages
from portal.web.journey import CompanyJourney
from portal.web.vendor.room import vendor

LEADS = frozenset({CompanyRole.LEAD})


class ColleagueForm(forms.Form):
    """Whom, and as what."""

    email = EmailField(
        _l("E-mail of the colleague"),
        [InputRequired(_l("Enter an e-mail address.")), Length(max=254)],
        filters=[forms.stripped],
    )
    role = SelectField(
        _l("Role"),
        [InputRequired(_l("Choose a role."))],
        description=_l(
            "Contributors answer the sections that are handed to them; who is authorised to sign sees everything, "
            "agrees to scans and hands in."
        ),
    )


class RoleForm(forms.Form):
    """What a colleague may do from now on."""

    role = SelectField(_l("Role"), [InputRequired(_l("Choose a role."))])


@vendor.get("/team", roles=COMPANY_LEADERS)
def team(here: CompanyJourney) -> Response:
    """Who is here, and who has been asked to come."""
    return _page(here, _form(here, ColleagueForm.offered(role=CompanyRole.CONTRIBUTOR.value)))


@vendor.post("/team", roles=COMPANY_LEADERS)
def invite_colleague(here: CompanyJourney) -> Response:
    """Send a colleague their link."""
    form = _form(here, ColleagueForm.sent())
    if form.validate():
        with form.refusals(here.session):
            email = str(form["email"].data)
            role = CompanyRole(form["role"].data)
            base_url = here.settings.public_base_url
            delegations.invite(here.session, here.actor, email=email, role=role, base_url=base_url, now=here.now)
            here.notice(_("The invitation to %(email)s is on its way.", email=email))
            return pages.see_other("vendor.team")
    return _page(here, form)


@vendor.get("/team/<colleague_id>", roles=LEADS)
def colleague(here: CompanyJourney, colleague_id: str) -> Response:
    """A colleague: their role, and the way out."""
    found = accounts.company_member(here.session, here.actor, colleague_id)
    return _colleague_page(here, colleague_id, _form(here, RoleForm.offered(role=found.role.value)))


@vendor.post("/team/<colleague_id>/role", roles=LEADS)
def change_colleague_role(here: CompanyJourney, colleague_id: str) -> Response:
    """Give a colleague another role; they sign in again for it."""
    form = _form(here, RoleForm.sent())
    if not form.validate():
        return _colleague_page(here, colleague_id, form)
    role = CompanyRole(form["role"].data)
    changed = accounts.change_company_role(here.session, here.actor, person_id=colleague_id, role=role, now=here.now)
    here.notice(_("%(name)s now has the role “%(role)s”.", name=changed.person.name, role=marks.role(role.value)))
    return pages.see_other("vendor.team")


@vendor.post("/team/<colleague_id>/end", roles=LEADS)
def end_colleague(here: CompanyJourney, colleague_id: str) -> Response:
    """Show a colleague out; every session of theirs ends, what they answered stays."""
    accounts.end_company_membership(here.session, here.actor, person_id=colleague_id, now=here.now)
    here.notice(_("They no longer have access; what they answered stays."))
    return pages.see_other("vendor.team")


def _form(here: CompanyJourney, form: forms.Form) -> forms.Form:
    mine = CompanyRole if here.role is CompanyRole.LEAD else (CompanyRole.CONTRIBUTOR,)
    form.offer("role", [(role.value, marks.role(role.value)) for role in mine])
    return form


def _page(here: CompanyJourney, form: forms.Form) -> Response:
    return pages.page(
        "vendor/team.html",
        form=form,
        members=accounts.company_members(here.session, here.actor),
        waiting=accounts.waiting_for_company(here.session, here.actor, now=here.now),
        may_invite=here.role in COMPANY_LEADERS,
        may_end=here.role is CompanyRole.LEAD,
    )


def _colleague_page(here: CompanyJourney, colleague_id: str, form: forms.Form) -> Response:
    found = accounts.company_member(here.session, here.actor, colleague_id)
    return pages.page("vendor/member.html", member=found, form=form)
