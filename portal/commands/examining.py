"""`kettenblick doctor`: what this installation stands on, a line for each piece."""

import argparse
from datetime import UTC, datetime

from portal import doctor, i18n, settings
from portal.commands import instance
from portal.commands.shell import Commands
from portal.doctor import State

MARKS = {State.OK: "✓", State.WARN: "!", State.FAIL: "✕"}


def add_doctor(commands: Commands) -> None:
    """The look at everything."""
    command = commands.add_parser("doctor", help="look at everything this installation stands on")
    command.add_argument("--language", choices=sorted(i18n.LANGUAGES), default=i18n.DEFAULT)
    command.set_defaults(run=_doctor)


def _doctor(arguments: argparse.Namespace) -> int:
    notes = doctor.examine(settings.read(), now=datetime.now(UTC))
    for note in notes:
        instance.tell(f"{MARKS[note.state]} {note.piece:9} {note.message.render(i18n.translator(arguments.language))}")
        if note.remedy:
            instance.tell(f"            {note.remedy}")
    return 1 if any(note.state is State.FAIL for note in notes) else 0
