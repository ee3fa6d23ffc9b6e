"""The `kettenblick` command: each subcommand is one function that adds itself, listed in COMMANDS."""

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from portal import doctor, i18n, serving, settings
from portal.db import migrating
from portal.db import session as database
from portal.doctor import State
from portal.serving import CannotServe
from portal.settings import BadSetting

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - no public name

MARKS = {State.OK: "✓", State.WARN: "!", State.FAIL: "✕"}


def main(words: Sequence[str] | None = None) -> int:
    """Run one subcommand and give the exit status."""
    parser = argparse.ArgumentParser(prog="kettenblick", description="Kettenblick from the terminal.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in COMMANDS:
        add(commands)
    arguments = parser.parse_args(words)
    try:
        return int(arguments.run(arguments))
    except (BadSetting, CannotServe) as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 2


def _add_start(commands: Commands) -> None:
    command = commands.add_parser("start", help="prepare what is missing, then serve until stopped")
    command.set_defaults(run=_start)


def _start(_arguments: argparse.Namespace) -> int:
    chosen = settings.read()
    with serving.hold(chosen.data_dir), serving.listen(chosen) as listener:
        _migrate(chosen.database_url)
        _tell(f"Kettenblick: {chosen.public_base_url}")
        serving.supervise(serving.programs(chosen, listener), environment=settings.environment(), say=_tell)
    return 0


def _migrate(url: str) -> None:
    engine = database.engine(url)
    try:
        migrating.upgrade(engine)
    finally:
        engine.dispose()


def _add_serve(commands: Commands) -> None:
    command = commands.add_parser("serve", help="serve until stopped; the database must be up to date")
    command.set_defaults(run=_serve)


def _serve(_arguments: argparse.Namespace) -> int:
    chosen = settings.read()
    with serving.hold(chosen.data_dir), serving.listen(chosen) as listener:
        serving.supervise(serving.programs(chosen, listener), environment=settings.environment(), say=_tell)
    return 0


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


COMMANDS: tuple[Callable[[Commands], None], ...] = (_add_start, _add_serve, _add_doctor)


if __name__ == "__main__":
    sys.exit(main())
