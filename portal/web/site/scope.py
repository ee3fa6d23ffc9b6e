""" "Are we in scope?": § 28 BSIG for whoever asks, without an account; nothing of it is kept."""

from flask import Response, request

from portal.web import pages, scope_form
from portal.web.journey import Journey, Who
from portal.web.scope_form import ScopeForm
from portal.web.site.room import site
from questionnaires import regulated


@site.get("/scope", who=Who.ANYONE)
def scope(here: Journey) -> Response:  # noqa: ARG001 - the same for everybody
    """The form, and once it is filled in the class with its reasons; the address holds what was said."""
    is_asked = bool(request.args)
    given = request.args.copy()
    given.setdefault("country", regulated.HOME)
    form = scope_form.with_words(ScopeForm(given if is_asked else None))
    found = regulated.answer(form.situation) if is_asked and form.validate() else None
    return pages.page("site/scope.html", form=form, found=found, classes=scope_form.CLASSES)
