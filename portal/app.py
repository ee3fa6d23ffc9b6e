"""The web server's composition root: settings in, a Flask application out."""

import gc
import hashlib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from flask import Flask, Response, g
from jinja2 import StrictUndefined

from portal import i18n, logs
from portal import settings as portal_settings
from portal.db import session as db_session
from portal.files.sealing import Keyring
from portal.jobs import queue
from portal.settings import Settings
from portal.web import filters, frame, journey, marks, refusals, security
from portal.web.auth import routes as auth
from portal.web.hospital import routes as hospital
from portal.web.journey import Floor
from portal.web.site import routes as site
from portal.web.vendor import routes as vendor

HERE = Path(__file__).parent / "web"
LARGEST_BODY = 64 * 1024 * 1024  # a route's own limit is far below
VISITOR_LASTS = timedelta(hours=12)
HASH_LENGTH = 12
PATIENCE = (5_000, 10, 10)  # of the garbage collector: a page of a long list makes thousands of objects and drops them
ROOMS = (*site.ROOMS, *auth.ROOMS, *hospital.ROOMS, *vendor.ROOMS)


class UndeclaredRoute(Exception):
    """A route exists that has not said who may use it; nothing starts."""


def create() -> Flask:
    """For gunicorn: `portal.app:create()`, settings from the environment."""
    logs.install()
    app = create_app(portal_settings.read())
    # What stands now stands for good: the garbage collector need not go through it while somebody waits for a page.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*PATIENCE)
    return app


def create_app(settings: Settings) -> Flask:
    """An application on the database of these settings; it opens no connection before the first request."""
    app = Flask("portal.web", root_path=str(HERE), static_folder="static", template_folder="templates")
    app.config.update(
        TRUSTED_HOSTS=[settings.trusted_host],
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        MAX_FORM_PARTS=2000,
    )
    app.url_map.strict_slashes = False
    app.url_map.redirect_defaults = False
    journey.open_floor(app, floor_of(settings))
    refusals.install(app)
    for room in ROOMS:
        app.register_blueprint(room)
    _equip_templates(app, _static_versions())
    app.after_request(_finish)
    _refuse_undeclared(app)
    return app


def floor_of(settings: Settings) -> Floor:
    """What the pages of one instance stand on: its database, its keys, its doorbell."""
    engine = db_session.engine(settings.database_url)
    return Floor(
        settings=settings,
        keyring=Keyring(instance_key=settings.instance_key, folder=settings.keys_dir),
        writing=db_session.sessions(engine),
        reading=db_session.reading(engine),
        ring=queue.connect(settings.queue_url).ring,
    )


def _finish(response: Response) -> Response:
    standing = journey.floor()
    if "new_visitor" in g:
        journey.set_cookie(response, standing.settings, journey.VISITOR_COOKIE, g.new_visitor, lasts=VISITOR_LASTS)
    return security.finish(response, standing.settings)


def _equip_templates(app: Flask, versions: Mapping[str, str]) -> None:
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.add_extension("jinja2.ext.do")
    app.jinja_env.install_gettext_callables(i18n.gettext, i18n.ngettext, newstyle=False)  # type: ignore[attr-defined]
    filters.install(app.jinja_env)
    marks.install(app.jinja_env)
    frame.install(app.jinja_env)
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.globals["static"] = lambda path: f"/static/{path}?v={versions[path]}"
    app.context_processor(lambda: frame.context(journey.current()))


def _static_versions() -> Mapping[str, str]:
    """What a page may ask for, with the hash that lets browsers keep it for ever."""
    folder = HERE / "static"
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:HASH_LENGTH]
        for path in sorted(folder.rglob("*"))
        if path.suffix in {".css", ".js", ".svg", ".png", ".woff2"}
    }


def _refuse_undeclared(app: Flask) -> None:
    known = journey.declared(app)
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in known and rule.endpoint != "static":
            raise UndeclaredRoute(rule.rule)
