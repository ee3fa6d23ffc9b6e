"""Answers: a page, a part of one, a redirect, a download, JSON, and the pages of the errors."""

import secrets
from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from flask import Response, abort, current_app, jsonify, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from portal import i18n
from portal.web import journey
from portal.web.forms import CSRF_FIELD, Form
from scanners.model import N_

UNPROCESSABLE = 422
SECRET_FIELDS = ("password", "old", "code", "token", "secret")
CAP_OF_TYPED = 20_000
NOT_TYPED = frozenset({CSRF_FIELD, "version", "next"})
LABELS: Mapping[str, str] = {  # of fields that many forms have; another is called by its name in the form
    "city": N_("City"),
    "comment": N_("Comment"),
    "domain": N_("Domain"),
    "email": N_("E-mail"),
    "name": N_("Name"),
    "note": N_("Note"),
    "reason": N_("Reason"),
    "remark": N_("Remark"),
    "subject": N_("Subject"),
    "text": N_("Text"),
    "title": N_("Title"),
}


def page(template: str, *, form: Form | None = None, status: int = 200, **values: Any) -> Response:
    """A whole page; a form with errors makes it a 422, so that nobody takes it for done."""
    beside = any(isinstance(one, Form) and one.errors for one in values.values())
    if (form is not None and form.errors) or (beside and status == HTTPStatus.OK):
        status = UNPROCESSABLE
    return make_response(render_template(template, form=form, **values), status)


def part(template: str, **values: Any) -> Response:
    """A piece of a page that takes the place of the one that asked for it."""
    return make_response(render_template(template, **values))


def see_other(endpoint: str, *, at: str | None = None, **values: Any) -> Response:
    """After a change, the page to read (POST-redirect-GET); `at` is an anchor on it."""
    return make_response(redirect(url_for(endpoint, _anchor=at, **values), 303))


def see_path(path: str) -> Response:
    """Back to a page that a visitor asked for, if it is one of ours; see known_path."""
    return make_response(redirect(path, 303))


def known_path(path: str) -> str | None:
    """One of our own pages by its path, built anew from the route it matches; None for everything else.

    So neither another host nor a path that a browser reads as one can ever be in a redirect.
    """
    if not path.startswith("/"):
        return None
    plain, _, query = path.partition("?")
    try:
        endpoint, arguments = current_app.url_map.bind("").match(plain, method="GET")
    except (HTTPException, RequestRedirect):
        return None
    if endpoint not in journey.declared(current_app):
        return None
    return url_for(endpoint, **arguments) + (f"?{quote(query, safe='=&+%-_.~')}" if query else "")


def download(content: bytes, *, name: str, media_type: str) -> Response:
    """A file that the browser saves and never shows (SECURITY: attachments never inline)."""
    response = Response(content, mimetype="application/octet-stream")
    response.headers["Content-Type"] = media_type
    ascii_name = "".join(
        letter if letter.isascii() and (letter.isalnum() or letter in ".-_ ") else "_" for letter in name
    )
    response.headers["Content-Disposition"] = f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(name)}"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def json_answer(*, status: int = 200, **values: Any) -> Response:
    """An answer to a script of ours."""
    response = jsonify(values)
    response.status_code = status
    return response


def json_sent(*, names: Collection[str]) -> dict[str, Any]:
    """The JSON object a script of ours sent, with exactly the fields it may have."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or not set(body) <= set(names):
        abort(400)
    return body


def wants_json() -> bool:
    """Whether a script asked, which shows sentences itself."""
    return request.is_json or request.accept_mimetypes.best == "application/json"


def error(status: int, *, title: str, sentence: str, retry_after: int | None = None, **values: Any) -> Response:
    """The page of an error in the reader's language, with whatever they had typed, so that nothing is lost.

    A script gets the sentence and the values as JSON.
    """
    if wants_json():
        response = json_answer(status=status, message=sentence, **values)
    else:
        response = page("errors/error.html", status=status, title=title, sentence=sentence, typed=typed(), code=status)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def not_found() -> Response:
    """One answer for what does not exist and what is not theirs, the same bytes for both (SECURITY C1)."""
    i18n.speak(journey.negotiated_language())
    if wants_json():
        return json_answer(status=404, message=i18n.gettext("There is nothing here."))
    return page("errors/not_found.html", status=404)


def typed() -> list[tuple[str, str]]:
    """What the visitor had written in a form that could not be taken, without secrets."""
    if request.method != "POST" or request.mimetype not in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        return []
    try:
        sent = list(request.form.items(multi=True))
    except HTTPException:
        return []
    return [
        (i18n.gettext(LABELS.get(name, name[:60])), value[:CAP_OF_TYPED])
        for name, value in sent
        if value.strip() and name not in NOT_TYPED and not any(word in name for word in SECRET_FIELDS)
    ]


def new_error_id() -> str:
    """By which the operator finds an error in the log."""
    return secrets.token_hex(4)
