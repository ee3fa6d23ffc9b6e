"""Approval: which hosts are ours, what may be done, who signs, and the ledger of all that was said about it."""

from dataclasses import replace
from datetime import UTC, datetime

from flask import Response
from wtforms import BooleanField, DateTimeLocalField, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length, Optional

from assessments.model import HostRole
from portal.db.models.responses import ConsentKind
from portal.db.models.vendors import HostState
from portal.errors import BadInput, Clash, NotFound, NotNow
from portal.home import BERLIN
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.actors import COMPANY_LEADERS
from portal.services.answers import responses
from portal.services.rounds import standings
from portal.services.scans import consent_texts, consents, domain_control, scans
from portal.services.scans.consents import NewHost, Signature
from portal.services.scans.host_words import Said
from portal.services.vendors import vendors
from portal.web import forms, host_words, pages
from portal.web.journey import CompanyJourney
from portal.web.vendor import signing, steps
from portal.web.vendor.room import vendor
from portal.web.vendor.signing import SignatureForm
from reports import marks
from scanners.attribution import Belonging
from scanners.model import N_, CheckClass, Message

HOST_STATES = {
    HostState.NAMED: _l("named by the hospital"),
    HostState.CONFIRMED: _l("confirmed"),
    HostState.ADDED: _l("added by you"),
    HostState.STRUCK: _l("struck: not ours"),
}
BELONGINGS = {
    Belonging.OWN: _l("our own"),
    Belonging.HOSTED: _l("hosted for us"),
    Belonging.FOREIGN: _l("another's: strike it"),
}
KINDS = {
    ConsentKind.GRANTED: _l("agreed"),
    ConsentKind.REFUSED: _l("refused: documents only"),
    ConsentKind.WITHDRAWN: _l("withdrawn"),
}
CLASSES = {CheckClass.PASSIVE: _l("passive"), CheckClass.STANDARD: _l("standard"), CheckClass.ACTIVE: _l("active")}
METHODS = {
    "mail": _l("by your mail address"),
    "dns": _l("by a DNS record"),
    "well-known": _l("by a file"),
}


class HostForm(forms.Form):
    """Another host of ours."""

    host = StringField(
        _l("Host name"),
        [InputRequired(_l("Enter a host name.")), Length(max=253)],
        filters=[forms.stripped],
        description="portal.example.de",
    )
    role = SelectField(_l("What it is for"))
    supply_id = SelectField(_l("Belongs to"), validators=[Optional()])


class CorrectedHostForm(forms.Form):
    """What one of our hosts is for, whose it is and what it serves."""

    role = SelectField(_l("What it is for"))
    belonging = SelectField(_l("Whose it is"), validators=[Optional()])
    supplies = SelectMultipleField(_l("Serves"))
    whole = BooleanField(_l("Serves"))
    version = StringField(validators=[Optional()])


class ConsentForm(SignatureForm):
    """The same, with what the company adds to its consent."""

    emergency_contact = StringField(
        _l("Emergency contact"),
        [Length(max=300)],
        filters=[forms.stripped],
        description=_l("Whom the hospital calls if something seems to go wrong during a scan."),
    )
    window_from = DateTimeLocalField(
        _l("Not before"), [Optional()], description=_l("German time. The hospital's scans wait for it.")
    )
    window_to = DateTimeLocalField(_l("Not after"), [Optional()])


class ActiveForm(ConsentForm):
    """The active class: its own signature, for single hosts."""

    hosts = SelectMultipleField(_l("For these hosts"))
    emergency_contact = StringField(
        _l("Emergency contact"),
        [InputRequired(_l("Name somebody whom the hospital can call during a scan.")), Length(max=300)],
        filters=[forms.stripped],
        description=_l("Name and telephone number of somebody who can be reached while a scan runs."),
    )


@vendor.get("/rounds/<assessment_id>/approval", roles=COMPANY_LEADERS)
def approval(here: CompanyJourney, assessment_id: str) -> Response:
    """What would be looked at, and how; nothing happens by reading."""
    return _page(here, assessment_id)


@vendor.post("/rounds/<assessment_id>/approval", roles=COMPANY_LEADERS)
def agree(here: CompanyJourney, assessment_id: str) -> Response:
    """Sign, and look at once unless a time window waits."""
    form = ConsentForm.sent()
    if form.validate():
        with form.refusals(here.session):
            signed = _signature(here, form)
            consents.grant(here.session, here.actor, assessment_id, signed, now=here.now)
            here.notice(_("Thank you. Your consent is in the ledger below; you can withdraw it at any time."))
            if signed.window_from is None or signed.window_from <= here.now:
                return _look_at_once(here, assessment_id)
            return pages.see_other("vendor.approval", assessment_id=assessment_id)
    return _page(here, assessment_id, consent=form)


@vendor.get("/rounds/<assessment_id>/approval/documents-only", roles=COMPANY_LEADERS)
def documents_only(here: CompanyJourney, assessment_id: str) -> Response:
    """What it means to refuse, or to take back."""
    return _documents_page(here, assessment_id, SignatureForm.offered(**signing.signer(here)))


@vendor.post("/rounds/<assessment_id>/approval/documents-only", roles=COMPANY_LEADERS)
def refuse(here: CompanyJourney, assessment_id: str) -> Response:
    """Refuse, or withdraw what was agreed; a scan that runs ends."""
    form = SignatureForm.sent()
    if form.validate():
        with form.refusals(here.session):
            say_no = consents.withdraw if _is_granted(here, assessment_id) else consents.refuse
            say_no(here.session, here.actor, assessment_id, _signature(here, form), now=here.now)
            here.notice(_("Noted: documents only. Nothing is scanned any more, and that is never held against you."))
            return pages.see_other("vendor.approval", assessment_id=assessment_id)
    return _documents_page(here, assessment_id, form)


@vendor.post("/rounds/<assessment_id>/approval/active", roles=COMPANY_LEADERS)
def agree_to_active(here: CompanyJourney, assessment_id: str) -> Response:
    """Sign the active class for the chosen hosts."""
    form = _active_form(here, assessment_id, sent=True)
    if form.validate():
        with form.refusals(here.session):
            chosen = form.hosts.data or []
            signed = _signature(here, form)
            consents.grant_active(here.session, here.actor, assessment_id, chosen, signed, now=here.now)
            here.notice(_("Noted: the next scan looks at these hosts actively too. You can take it back at any time."))
            return pages.see_other("vendor.approval", assessment_id=assessment_id, at="active")
    return _page(here, assessment_id, active=form)


@vendor.get("/rounds/<assessment_id>/approval/without-active", roles=COMPANY_LEADERS)
def without_active(here: CompanyJourney, assessment_id: str) -> Response:
    """What it means to leave the active class out."""
    return _without_active_page(here, assessment_id, SignatureForm.offered(**signing.signer(here)))


@vendor.post("/rounds/<assessment_id>/approval/without-active", roles=COMPANY_LEADERS)
def end_active(here: CompanyJourney, assessment_id: str) -> Response:
    """Refuse the active class or take it back; the others go on."""
    form = SignatureForm.sent()
    if form.validate():
        with form.refusals(here.session):
            consents.end_active(here.session, here.actor, assessment_id, _signature(here, form), now=here.now)
            here.notice(_("Noted: nothing is looked at actively any more. The other two classes go on."))
            return pages.see_other("vendor.approval", assessment_id=assessment_id, at="active")
    return _without_active_page(here, assessment_id, form)


@vendor.post("/rounds/<assessment_id>/hosts/<host_id>/control", roles=COMPANY_LEADERS)
def check_control(here: CompanyJourney, assessment_id: str, host_id: str) -> Response:
    """Make a token for this host, and once there is one, look for it."""
    if domain_control.ask(here.session, here.actor, assessment_id, host_id, now=here.now):
        here.notice(_("The token is being looked for. This page shows the answer in a few seconds."), kind="info")
    return pages.see_other("vendor.approval", assessment_id=assessment_id, at="active")


@vendor.post("/rounds/<assessment_id>/approval/look", roles=COMPANY_LEADERS)
def look_for_oneself(here: CompanyJourney, assessment_id: str) -> Response:
    """Look at one's own hosts; no hospital sees it until it is released."""
    scans.queue_for_oneself(here.session, here.actor, assessment_id, now=here.now)
    return pages.see_other("vendor.result", assessment_id=assessment_id)


@vendor.post("/rounds/<assessment_id>/hosts", roles=COMPANY_LEADERS)
def add_host(here: CompanyJourney, assessment_id: str) -> Response:
    """A host the hospital did not name."""
    form = _host_form(here, assessment_id, sent=True)
    if form.validate():
        with form.refusals(here.session):
            consents.add_host(
                here.session,
                here.actor,
                assessment_id,
                NewHost(
                    name=str(form.host.data), role=HostRole(form.role.data), supply_id=str(form.supply_id.data or "")
                ),
                permitted=here.settings.scan.permitted_suffixes,
                now=here.now,
            )
            return pages.see_other("vendor.approval", assessment_id=assessment_id, at="hosts")
    return _page(here, assessment_id, host=form)


@vendor.post("/rounds/<assessment_id>/hosts/<host_id>/correct", roles=COMPANY_LEADERS)
def correct_host(here: CompanyJourney, assessment_id: str, host_id: str) -> Response:
    """Say what a host of ours is for, as the scan proposes or otherwise."""
    known = {host.id: host for host in consents.scope(here.session, here.actor, assessment_id)}
    if host_id not in known:
        raise NotFound
    form = CorrectedHostForm.sent()
    supplies = vendors.supplies_of(here.session, responses.find(here.session, here.actor, assessment_id))
    form.offer("role", [(role.value, _(word)) for role, word in marks.ROLES.items()])
    form.offer("belonging", [("", _("as proposed")), *((value.value, str(word)) for value, word in BELONGINGS.items())])
    form.offer("supplies", [(supply.id, supply.name) for supply in supplies])
    if not form.validate():
        raise BadInput({"role": Message(text=N_("Choose a role and products from the lists."))})
    host, belonging = known[host_id], form.belonging.data
    said = Said(
        role=HostRole(form.role.data),
        supply_ids=tuple(form.supplies.data or ()) if form.whole.data else host.supply_ids,
        belonging=Belonging(belonging) if belonging else _unless_foreign(host.belonging),
    )
    read = form.version.data or None
    try:
        consents.correct_host(here.session, here.actor, assessment_id, host_id, said, read=read, now=here.now)
    except Clash as refused:
        raise host_words.clash(refused, said, supplies=supplies, belongings=BELONGINGS) from refused
    return pages.see_other("vendor.approval", assessment_id=assessment_id, at="hosts")


def _unless_foreign(stands: Belonging | None) -> Belonging | None:
    """That the hospital holds a host for another's is no word of the company's, which would strike it."""
    return None if stands is Belonging.FOREIGN else stands


@vendor.post("/rounds/<assessment_id>/hosts/<host_id>/strike", roles=COMPANY_LEADERS)
def strike_host(here: CompanyJourney, assessment_id: str, host_id: str) -> Response:
    """Not ours."""
    consents.strike_host(here.session, here.actor, assessment_id, host_id, now=here.now)
    return pages.see_other("vendor.approval", assessment_id=assessment_id, at="hosts")


@vendor.post("/rounds/<assessment_id>/hosts/<host_id>/confirm", roles=COMPANY_LEADERS)
def confirm_host(here: CompanyJourney, assessment_id: str, host_id: str) -> Response:
    """Ours after all."""
    consents.confirm_host(here.session, here.actor, assessment_id, host_id, now=here.now)
    return pages.see_other("vendor.approval", assessment_id=assessment_id, at="hosts")


def _look_at_once(here: CompanyJourney, assessment_id: str) -> Response:
    step = here.session.begin_nested()
    try:
        scans.queue_by_company(here.session, here.actor, assessment_id, now=here.now)
    except NotNow:  # one runs already, or today's number is used up: the consent stands all the same
        step.rollback()
    else:
        step.commit()
    return pages.see_other("vendor.result", assessment_id=assessment_id)


def _signature(here: CompanyJourney, form: SignatureForm) -> Signature:
    terms = {"user_agent": _agent(here), "source_addresses": [*here.settings.scan.source_addresses]}
    signed = Signature(
        name=str(form.name.data),
        function=str(form.function.data),
        terms={**terms, "stopped_by": here.settings.scan.contact_url},
    )
    if not isinstance(form, ConsentForm):
        return signed
    return replace(
        signed,
        emergency_contact=str(form.emergency_contact.data or ""),
        window_from=_moment(form.window_from),
        window_to=_moment(form.window_to),
    )


def _moment(field: DateTimeLocalField) -> datetime | None:
    """What was typed is German time."""
    if field.data is None:
        return None
    try:
        return field.data.replace(tzinfo=BERLIN).astimezone(UTC)
    except OverflowError as before_the_first_year:
        sentence = Message(text=N_("This day does not exist in the calendar."))
        raise BadInput({field.name: sentence}) from before_the_first_year


def _host_form(here: CompanyJourney, assessment_id: str, *, sent: bool = False) -> HostForm:
    form = HostForm.sent() if sent else HostForm.offered()
    products = vendors.supplies_of(here.session, responses.find(here.session, here.actor, assessment_id))
    form.offer("role", [(role.value, _(word)) for role, word in marks.ROLES.items()])
    form.offer("supply_id", [("", _("the whole company")), *((supply.id, supply.name) for supply in products)])
    return form


def _active_form(here: CompanyJourney, assessment_id: str, *, sent: bool = False) -> ActiveForm:
    hosts = consents.active_hosts(here.session, here.actor, assessment_id, now=here.now)
    shown = [host for host in hosts if host.control.reach is not None]
    form = ActiveForm.sent() if sent else ActiveForm.offered(**signing.signer(here), hosts=[host.id for host in shown])
    form.offer("hosts", [(host.id, host.name) for host in shown])
    for one in form:  # the page has a second form with the same fields
        one.id = one.label.field_id = f"active-{one.id}"
    return form


def _agent(here: CompanyJourney) -> str:
    contact = here.settings.scan.contact_url
    return f"Kettenblick (+{contact})" if contact else "Kettenblick"


def _page(
    here: CompanyJourney,
    assessment_id: str,
    *,
    consent: forms.Form | None = None,
    host: forms.Form | None = None,
    active: ActiveForm | None = None,
) -> Response:
    standing = standings.of_round(here.session, here.actor, assessment_id, now=here.now)
    assessment = responses.find(here.session, here.actor, assessment_id)
    active_hosts = consents.active_hosts(here.session, here.actor, assessment_id, now=here.now)
    return pages.page(
        "vendor/approval.html",
        form=consent or host or active,
        active=active or _active_form(here, assessment_id),
        active_hosts=active_hosts,
        is_checking=any(one.control.row is not None and one.control.row.asked_at for one in active_hosts),
        methods=METHODS,
        ordinary=consents.ORDINARY,
        is_window_over=consents.is_window_over(here.session, assessment, now=here.now),
        sources=here.settings.scan.source_addresses,
        consent=consent or ConsentForm.offered(**signing.signer(here)),
        host_form=host or _host_form(here, assessment_id),
        head=standing.head,
        steps_of_round=steps.of(standing, "approval"),
        hosts=consents.scope(here.session, here.actor, assessment_id),
        host_states=HOST_STATES,
        belongings=BELONGINGS,
        roles=[(role.value, _(word)) for role, word in marks.ROLES.items()],
        supplies=vendors.supplies_of(here.session, assessment),
        ledger=consents.ledger(here.session, here.actor, assessment_id),
        kinds=KINDS,
        classes=CLASSES,
        texts=consent_texts.current(),
        text_version=consent_texts.CURRENT,
        is_granted=standing.is_decided and not standing.head.documents_only,
        may_sign=here.role in COMPANY_LEADERS,
        agent=_agent(here),
        contact=here.settings.scan.contact_url,
    )


def _without_active_page(here: CompanyJourney, assessment_id: str, form: forms.Form) -> Response:
    hosts = consents.active_hosts(here.session, here.actor, assessment_id, now=here.now)
    return pages.page(
        "vendor/without_active.html",
        form=form,
        head=responses.head(here.session, here.actor, assessment_id),
        had=[host.name for host in hosts if host.word is not None],
    )


def _documents_page(here: CompanyJourney, assessment_id: str, form: forms.Form) -> Response:
    return pages.page(
        "vendor/documents_only.html",
        form=form,
        head=responses.head(here.session, here.actor, assessment_id),
        is_granted=_is_granted(here, assessment_id),
    )


def _is_granted(here: CompanyJourney, assessment_id: str) -> bool:
    return consents.is_granted(here.session, responses.find(here.session, here.actor, assessment_id))
