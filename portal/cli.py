"""The `kettenblick` command: each word is a function in `portal.commands`, and only that word's room is loaded."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module

from portal import logs
from portal.commands.shell import Refusal
from portal.errors import RuleBroken
from portal.files.archives import BadArchive
from portal.serving import CannotServe
from portal.settings import BadSetting

# Word → module of portal.commands, which adds it by add_<word>. A scan or a check of a file must not wait for the
# database and the web to load, so the others are loaded only for the list of all words.
COMMANDS: Mapping[str, str] = {
    "start": "running",
    "serve": "running",
    "web": "running",
    "worker": "working",
    "migrate": "running",
    "doctor": "examining",
    "scan": "scanning",
    "data": "refreshing",
    "questionnaire": "asking",
    "policy": "weighing",
    "pack": "packing",
    "verify": "verifying",
    "setup-link": "people",
    "hospital": "people",
    "user": "people",
    "backup": "backups",
    "restore": "backups",
    "audit": "auditing",
    "version": "auditing",
    "logins": "demonstrating",
}


def main(words: Sequence[str] | None = None) -> int:
    """Run one subcommand and give the exit status."""
    typed = sys.argv[1:] if words is None else list(words)
    parser = argparse.ArgumentParser(prog="kettenblick", description="Kettenblick from the terminal.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for word in typed[:1] if typed and typed[0] in COMMANDS else COMMANDS:
        getattr(import_module(f"portal.commands.{COMMANDS[word]}"), f"add_{word.replace('-', '_')}")(commands)
    arguments = parser.parse_args(typed)
    logs.install()
    try:
        return int(arguments.run(arguments))
    except (BadSetting, CannotServe, Refusal, BadArchive) as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 2
    except RuleBroken as refusal:
        sys.stderr.write(f"{refusal.message.render() or 'There is no such thing.'}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
