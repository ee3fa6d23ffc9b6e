"""Colleagues: who answers for the company, and the mail that brings another one."""

from flask import Response, url_for
from wtforms import EmailField, SelectField
from wtforms.validators import InputRequired, Length

from portal import i18n
from portal.db.models.accounts import CompanyRole
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services import accounts, outbox
from portal.services.actors import COMPANY_LEADERS, EVERY_COMPANY_ROLE
from portal.services.letters import Letter
from portal.web import forms, marks, pages
from portal.web.journey import CompanyJourney
from portal.web.vendor.room import vendor


class ColleagueForm(forms.Form):
    """Whom, and as what."""

    email = EmailField(
        _l("E-mail of the colleague"),
        [InputRequired(_l("Enter an e-mail address.")), Length(max=254)],
        filters=[forms.stripped],
    )
    role = SelectField(
        _l("Role"),
        description=_l("Contributors answer; who is authorised to sign also agrees to scans and hands in."),
    )


@vendor.get("/team", roles=EVERY_COMPANY_ROLE)
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
            token = accounts.invite_to_company(here.session, here.actor, email=email, role=role, now=here.now)
            _send(here, email, token)
            here.notice(_("The invitation to %(email)s is on its way.", email=email))
            return pages.see_other("vendor.team")
    return _page(here, form)


@vendor.post("/team/<colleague_id>/end", roles=frozenset({CompanyRole.LEAD}))
def end_colleague(here: CompanyJourney, colleague_id: str) -> Response:
    """Show a colleague out; every session of theirs ends, what they answered stays."""
    accounts.end_company_membership(here.session, here.actor, person_id=colleague_id, now=here.now)
    here.notice(_("They no longer have access; what they answered stays."))
    return pages.see_other("vendor.team")


def _form(here: CompanyJourney, form: forms.Form) -> forms.Form:
    mine = CompanyRole if here.role is CompanyRole.LEAD else (CompanyRole.CONTRIBUTOR,)
    form.offer("role", [(role.value, marks.role(role.value)) for role in mine])
    return form


def _send(here: CompanyJourney, email: str, token: str) -> None:
    letter = Letter(
        subject=_(
            "%(name)s invites you to %(company)s on Kettenblick", name=here.person.name, company=here.company.name
        ),
        paragraphs=[
            _("Good day,"),
            _(
                "%(name)s asks you to help answer the security questions that hospitals put to %(company)s.",
                name=here.person.name,
                company=here.company.name,
            ),
        ],
        link=here.settings.public_base_url + url_for("auth.open_join", token=token),
        link_text=_("Join"),
        closing=[_("The link is meant for you alone and works for 14 days.")],
    )
    outbox.add(
        here.session,
        kind="join-company",
        to=email,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        language=i18n.language(),
        now=here.now,
    )


def _page(here: CompanyJourney, form: forms.Form) -> Response:
    return pages.page(
        "vendor/team.html",
        form=form,
        members=accounts.company_members(here.session, here.actor),
        waiting=accounts.waiting_for_company(here.session, here.actor, now=here.now),
        may_invite=here.role in COMPANY_LEADERS,
        may_end=here.role is CompanyRole.LEAD,
    )
