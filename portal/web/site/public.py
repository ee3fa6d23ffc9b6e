"""Start, about, health: what everybody may see."""

import base64
from datetime import timedelta

from flask import Response
from sqlalchemy import select

from portal.db.models.accounts import SessionStage
from portal.errors import NotFound
from portal.files import signing
from portal.services.people import accounts
from portal.web import frame, pages
from portal.web.journey import Journey, Who
from portal.web.site.room import site

VALID = timedelta(days=180)


@site.get("/", who=Who.ANYONE)
def start(here: Journey) -> Response:
    """For who is in, their own start; for all others what this is and where to sign in."""
    if here.sign_in is not None and here.person is not None:
        if here.sign_in.stage is not SessionStage.FULL:
            return pages.see_other("auth.second_factor")
        return pages.see_path(frame.home(here))
    return pages.page("site/start.html", is_set_up=accounts.has_hospital(here.session))


@site.get("/about", who=Who.ANYONE)
def about(here: Journey) -> Response:
    """Who runs this portal, what it keeps, what it sets in the browser."""
    return pages.page(
        "site/about.html",
        operator_contact=here.settings.operator_contact,
        fingerprint=signing.in_groups(signing.fingerprint(signing.public_key(here.keyring))),
    )


@site.get("/healthz", who=Who.ANYONE)
def alive(here: Journey) -> Response:  # noqa: ARG001 - every page takes its journey
    """The process answers."""
    return Response("ok\n", mimetype="text/plain")


@site.get("/readyz", who=Who.ANYONE)
def ready(here: Journey) -> Response:
    """The database answers too."""
    here.session.execute(select(1))
    return Response("ready\n", mimetype="text/plain")


@site.get("/.well-known/security.txt", who=Who.ANYONE)
def security_txt(here: Journey) -> Response:
    """Whom to tell of a weakness, if the operator has said (RFC 9116)."""
    contact = here.settings.operator_contact
    if not contact:
        raise NotFound
    contact = contact if "://" in contact else f"mailto:{contact}"
    expires = (here.now + VALID).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = (
        f"Contact: {contact}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: de, en",
        f"Canonical: {here.settings.public_base_url}/.well-known/security.txt",
    )
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


@site.get("/.well-known/kettenblick-signing-key.json", who=Who.ANYONE)
def signing_key(here: Journey) -> Response:
    """The public key by which files of this instance are known again."""
    key = signing.public_key(here.keyring)
    return pages.json_answer(
        algorithm=signing.ALGORITHM,
        public_key=base64.b64encode(key).decode(),
        sha256=signing.fingerprint(key),
    )
