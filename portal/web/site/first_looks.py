"""A first look from outside for whoever asks, where the operator offers it: mail, hosts, result."""

from typing import Any

from flask import Response
from wtforms import BooleanField, EmailField, TextAreaField
from wtforms.validators import InputRequired, Length

from portal import i18n
from portal.errors import NotFound
from portal.i18n import lazy_gettext as _l
from portal.services.people import limits
from portal.services.scans import public_looks
from portal.web import cookies, forms, journey, pages
from portal.web import shown as showing
from portal.web.journey import Journey, Who
from portal.web.site.room import site


class AddressForm(forms.Form):
    """Who asks: the domain of the address is the one whose hosts may be named."""

    email = EmailField(
        _l("Your e-mail address at the company"),
        [InputRequired(_l("Enter one e-mail address, like name@example.org.")), Length(max=254)],
        filters=[forms.stripped],
        description=_l("We send a link there. Whoever opens it has shown that they belong to the domain."),
    )


class HostsForm(forms.Form):
    """What is to be looked at."""

    hosts = TextAreaField(
        _l("Hosts, one a line, at most three"),
        [InputRequired(_l("Enter a host name.")), Length(max=800)],
        filters=[forms.stripped],
    )
    may_ask = BooleanField(
        _l("These hosts are run by my company or for it, and whoever runs them knows that I ask."),
        [InputRequired(_l("Ask whoever runs the hosts first, then say so here."))],
    )


@site.get("/look", who=Who.ANYONE)
def look(here: Journey) -> Response:
    """What is done, what is not, and where to send the link."""
    _require_offer(here)
    return _page(here, AddressForm.offered())


@site.post("/look", who=Who.ANYONE)
def ask_for_look(here: Journey) -> Response:
    """Send the link; nothing is looked at."""
    _require_offer(here)
    form = AddressForm.sent()
    if form.validate():
        with form.refusals(here.session):
            sent_to = public_looks.ask(
                here.session,
                email=str(form.email.data),
                caller=here.address,
                permitted_suffixes=here.settings.scan.permitted_suffixes,
                base_url=here.settings.public_base_url,
                language=i18n.language(),
                most_a_day=here.settings.public_looks_a_day,
                now=here.now,
            )
            return _page(here, form, sent_to=sent_to)
    return _page(here, form)


@site.get("/look/link/<token>", who=Who.ANYONE)
def open_look_link(here: Journey, token: str) -> Response:
    """The link itself: its token moves from the address into a cookie; nothing is redeemed."""
    _require_offer(here)
    return cookies.hold_ticket(here, token, "site.look_hosts", name=cookies.LOOK)


@site.get("/look/hosts", who=Who.ANYONE, writes=True)
def look_hosts(here: Journey) -> Response:
    """The form, while the link is good."""
    try:
        domain = _domain(here)
    except NotFound:
        return _over(here)
    return _hosts_page(domain, HostsForm.offered(hosts=domain))


@site.post("/look/hosts", who=Who.ANYONE)
def start_look(here: Journey) -> Response:
    """Redeem the link and look; this browser alone gets what opens the result."""
    domain = _domain(here)
    form = HostsForm.sent()
    if form.validate():
        with form.refusals(here.session):
            viewer = public_looks.start(
                here.session,
                cookies.held_ticket(here, name=cookies.LOOK),
                hosts=str(form.hosts.data),
                caller=here.address,
                permitted_suffixes=here.settings.scan.permitted_suffixes,
                now=here.now,
            )
            response = pages.see_other("site.look_result")
            journey.set_cookie(response, here.settings, cookies.LOOK_RESULT, viewer, lasts=public_looks.LASTS)
            journey.drop_cookie(response, here.settings, cookies.LOOK)
            return response
    return _hosts_page(domain, form)


@site.get("/look/result", who=Who.ANYONE)
def look_result(here: Journey) -> Response:
    """What was seen, for the browser that asked."""
    try:
        return pages.page("site/look_result.html", **_seen(here))
    except NotFound:
        return _over(here)


@site.get("/look/result/live", who=Who.ANYONE)
def live_look_result(here: Journey) -> Response:
    """The piece of the page that fetches itself anew while the look runs."""
    return pages.part("site/look_state.html", **_seen(here))


@site.post("/look/result/forget", who=Who.ANYONE)
def forget_look(here: Journey) -> Response:
    """Delete the result before its day is over."""
    _require_offer(here)
    public_looks.forget(here.session, _viewer(here), now=here.now)
    response = pages.see_other("site.look")
    journey.drop_cookie(response, here.settings, cookies.LOOK_RESULT)
    return response


def _require_offer(here: Journey) -> None:
    if not here.settings.public_looks_a_day:
        raise NotFound


def _domain(here: Journey) -> str:
    _require_offer(here)
    limits.spend(here.session, limits.TOKEN, here.address, now=here.now)
    return public_looks.domain_of(here.session, cookies.held_ticket(here, name=cookies.LOOK), now=here.now)


def _viewer(here: Journey) -> str:
    return cookies.held_ticket(here, name=cookies.LOOK_RESULT)


def _seen(here: Journey) -> dict[str, Any]:
    _require_offer(here)
    seen = public_looks.view(here.session, _viewer(here), now=here.now)
    found = showing.without_memory(seen.findings)
    return {
        "look": seen,
        "is_live": seen.is_live,
        "to_mend": [one for one in found if one.finding.outcome in showing.TO_MEND],
        "counts": showing.counts(found),
    }


def _page(here: Journey, form: AddressForm, *, sent_to: str = "") -> Response:
    scan = here.settings.scan
    return pages.page(
        "site/look.html",
        form=form,
        sent_to=sent_to,
        operator_contact=here.settings.operator_contact,
        contact_url=scan.contact_url or here.settings.public_base_url,
        source_addresses=scan.source_addresses,
    )


def _hosts_page(domain: str, form: HostsForm) -> Response:
    return pages.page("site/look_hosts.html", form=form, domain=domain)


def _over(here: Journey) -> Response:
    _require_offer(here)
    return pages.page("site/look_over.html", status=404)
