"""`kettenblick start`, `serve`, `web`, `migrate`: prepare an instance and keep its programs going."""

import argparse
from datetime import UTC, datetime

from sqlalchemy import Engine

from portal import serving, settings
from portal.commands import demonstrating, instance
from portal.commands.shell import Commands
from portal.db import migrating
from portal.db import session as database
from portal.db.models.accounts import TicketPurpose
from portal.services.people import accounts, tickets
from portal.serving import CannotServe
from portal.settings import Settings
from scanners.model import N_


def add_start(commands: Commands) -> None:
    """Prepare and serve; what `./run` calls."""
    command = commands.add_parser("start", help="prepare what is missing, then serve until stopped")
    command.add_argument("--demo", action="store_true", help="an instance of its own with a demonstration hospital")
    command.set_defaults(run=_start)


def _start(arguments: argparse.Namespace) -> int:
    if arguments.demo:
        return demonstrating.start()
    chosen = settings.read()
    with serving.hold(chosen.data_dir), serving.listen(chosen) as listener:
        with instance.connected(chosen) as engine:
            migrating.upgrade(engine)
            link = _setup_link(chosen, engine)
        instance.tell(f"Kettenblick: {chosen.public_base_url}")
        if link:
            instance.tell_in_words(N_("There is no hospital yet. This link works once and creates the first:"))
            instance.tell(link)
        serving.supervise(serving.programs(chosen, listener), environment=settings.environment(), say=instance.tell)
    return 0


def _setup_link(chosen: Settings, engine: Engine) -> str:
    """A fresh link at every start until it has been used; the ones before it die."""
    with database.sessions(engine).begin() as session:
        if accounts.has_hospital(session):
            return ""
        token = tickets.issue(session, TicketPurpose.FIRST_HOSPITAL, now=datetime.now(UTC))
    return f"{chosen.public_base_url}/setup/{token}"


def add_serve(commands: Commands) -> None:
    """Serve what has been prepared."""
    command = commands.add_parser("serve", help="serve until stopped; the database must be up to date")
    command.set_defaults(run=_serve)


def _serve(_arguments: argparse.Namespace) -> int:
    chosen = settings.read()
    with serving.hold(chosen.data_dir), serving.listen(chosen) as listener:
        with instance.connected(chosen) as engine:
            if not migrating.is_current(engine):
                raise CannotServe("The database has not the shape of this version. Type: kettenblick migrate")
        serving.supervise(serving.programs(chosen, listener), environment=settings.environment(), say=instance.tell)
    return 0


def add_migrate(commands: Commands) -> None:
    """The database in the shape of this version."""
    command = commands.add_parser("migrate", help="bring the database to the shape of this version")
    command.set_defaults(run=_migrate)


def _migrate(_arguments: argparse.Namespace) -> int:
    with instance.connected(settings.read()) as engine:
        migrating.upgrade(engine)
        instance.tell(f"The database is at {migrating.current(engine)}.")
    return 0


def add_web(commands: Commands) -> None:
    """The web server without the worker."""
    command = commands.add_parser("web", help="run only the web server")
    command.set_defaults(run=_web)


def _web(_arguments: argparse.Namespace) -> int:
    chosen = settings.read()
    with serving.listen(chosen) as listener:
        only = [program for program in serving.programs(chosen, listener) if program.name == "web"]
        serving.supervise(only, environment=settings.environment(), say=instance.tell)
    return 0
