"""The `kettenblick` command: each subcommand is one function that adds itself, listed in COMMANDS."""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Engine

from portal import doctor, i18n, logs, serving, settings, worker
from portal.commands import asking, auditing, backups, demonstrating, packing, people, refreshing, scanning
from portal.commands.shell import Commands, Refusal
from portal.db import migrating
from portal.db import session as database
from portal.db.models.accounts import TicketPurpose
from portal.doctor import State
from portal.errors import RuleBroken
from portal.files.archives import BadArchive
from portal.services import accounts, tickets
from portal.serving import CannotServe
from portal.settings import BadSetting, Settings

MARKS = {State.OK: "✓", State.WARN: "!", State.FAIL: "✕"}


def main(words: Sequence[str] | None = None) -> int:
    """Run one subcommand and give the exit status."""
    parser = argparse.ArgumentParser(prog="kettenblick", description="Kettenblick from the terminal.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in COMMANDS:
        add(commands)
    arguments = parser.parse_args(words)
    logs.install()
    try:
        return int(arguments.run(arguments))
    except (BadSetting, CannotServe, Refusal, BadArchive) as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 2
    except RuleBroken as refusal:
        sys.stderr.write(f"{refusal.message.render() or 'There is no such thing.'}\n")
        return 2


def _add_start(commands: Commands) -> None:
    command = commands.add_parser("start", help="prepare what is missing, then serve until stopped")
    command.add_argument("--demo", action="store_true", help="an instance of its own with a demonstration hospital")
    command.set_defaults(run=_start)


def _start(arguments: argparse.Namespace) -> int:
    if arguments.demo:
        return demonstrating.start()
    chosen = settings.read()
    with serving.hold(chosen.data_dir), serving.listen(chosen) as listener:
        with _database(chosen) as engine:
            migrating.upgrade(engine)
            link = _setup_link(chosen, engine)
        _tell(f"Kettenblick: {chosen.public_base_url}")
        if link:
            _tell(f"There is no hospital yet. This link works once and creates the first: {link}")
        serving.supervise(serving.programs(chosen, listener), environment=settings.environment(), say=_tell)
    return 0


def _setup_link(chosen: Settings, engine: Engine) -> str:
    """A fresh link at every start until it has been used; the ones before it die."""
    with database.sessions(engine).begin() as session:
        if accounts.has_hospital(session):
            return ""
        token = tickets.issue(session, TicketPurpose.FIRST_HOSPITAL, now=datetime.now(UTC))
    return f"{chosen.public_base_url}/setup/{token}"


def _add_serve(commands: Commands) -> None:
    command = commands.add_parser("serve", help="serve until stopped; the database must be up to date")
    command.set_defaults(run=_serve)


def _serve(_arguments: argparse.Namespace) -> int:
    chosen = settings.read()
    with serving.hold(chosen.data_dir), serving.listen(chosen) as listener:
        with _database(chosen) as engine:
            if not migrating.is_current(engine):
                raise CannotServe("The database has not the shape of this version. Type: kettenblick migrate")
        serving.supervise(serving.programs(chosen, listener), environment=settings.environment(), say=_tell)
    return 0


def _add_migrate(commands: Commands) -> None:
    command = commands.add_parser("migrate", help="bring the database to the shape of this version")
    command.set_defaults(run=_migrate)


def _migrate(_arguments: argparse.Namespace) -> int:
    with _database(settings.read()) as engine:
        migrating.upgrade(engine)
        _tell(f"The database is at {migrating.current(engine)}.")
    return 0


def _add_worker(commands: Commands) -> None:
    command = commands.add_parser("worker", help="run only the worker: scans, mails, scores")
    command.add_argument(
        "--only", choices=("scan", "rest"), default="", help="scans alone, as on a machine in a DMZ, or all but scans"
    )
    command.set_defaults(run=lambda arguments: worker.main(only=arguments.only))


def _add_web(commands: Commands) -> None:
    command = commands.add_parser("web", help="run only the web server")
    command.set_defaults(run=_web)


def _web(_arguments: argparse.Namespace) -> int:
    chosen = settings.read()
    with serving.listen(chosen) as listener:
        only = [program for program in serving.programs(chosen, listener) if program.name == "web"]
        serving.supervise(only, environment=settings.environment(), say=_tell)
    return 0


@contextmanager
def _database(chosen: Settings) -> Iterator[Engine]:
    engine = database.engine(chosen.database_url)
    try:
        yield engine
    finally:
        engine.dispose()


def _add_doctor(commands: Commands) -> None:
    command = commands.add_parser("doctor", help="look at everything this installation stands on")
    command.add_argument("--language", choices=sorted(i18n.LANGUAGES), default=i18n.DEFAULT)
    command.set_defaults(run=_doctor)


def _doctor(arguments: argparse.Namespace) -> int:
    notes = doctor.examine(settings.read(), now=datetime.now(UTC))
    for note in notes:
        _tell(f"{MARKS[note.state]} {note.piece:9} {note.message.render(i18n.translator(arguments.language))}")
        if note.remedy:
            _tell(f"            {note.remedy}")
    return 1 if any(note.state is State.FAIL for note in notes) else 0


def _tell(text: str) -> None:
    print(text, flush=True)


COMMANDS: tuple[Callable[[Commands], None], ...] = (
    *(_add_start, _add_serve, _add_web, _add_worker, _add_migrate, _add_doctor),
    scanning.add_scan,
    refreshing.add_data,
    asking.add_questionnaire,
    packing.add_pack,
    *(people.add_setup_link, people.add_hospital, people.add_user),
    *(backups.add_backup, backups.add_restore),
    *(auditing.add_audit, auditing.add_version),
    demonstrating.add_logins,
)


if __name__ == "__main__":
    sys.exit(main())
