"""`kettenblick audit` and `version`: whether anybody has changed the trail, and what runs here."""

import argparse
import platform
import sqlite3
import sys
from importlib.metadata import version

from portal.commands import instance
from portal.commands.shell import Commands
from portal.services import audit
from scanners.catalogue import CATALOGUE_VERSION


def add_audit(commands: Commands) -> None:
    """The commands about the audit trail."""
    verbs = commands.add_parser("audit", help="check the audit trail").add_subparsers(dest="verb", required=True)
    verbs.add_parser("verify", help="walk every chain; status 1 if one is broken").set_defaults(run=_verify)


def add_version(commands: Commands) -> None:
    """The command that tells versions."""
    commands.add_parser("version", help="print what runs here").set_defaults(run=_version)


def _verify(_arguments: argparse.Namespace) -> int:
    with instance.opened() as (_chosen, sessions), sessions() as session:
        chains = audit.verify_all(session)
    for chain in chains:
        stands = f"{chain.events} events, {chain.head[:16]}" if chain.is_sound else f"broken at event {chain.broken_at}"
        sys.stdout.write(f"{'✓' if chain.is_sound else '✕'} {chain.scope}: {stands}\n")
    return 0 if all(chain.is_sound for chain in chains) else 1


def _version(_arguments: argparse.Namespace) -> int:
    sys.stdout.write(
        f"Kettenblick {version('kettenblick')}, checks {CATALOGUE_VERSION}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}\n"
    )
    return 0
