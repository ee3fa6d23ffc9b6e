"""`kettenblick start --demo` and `kettenblick logins`: a portal to look at, with a hospital and its vendors in it."""

import argparse
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from portal import serving, settings
from portal.commands import instance
from portal.commands.shell import Commands, Refusal
from portal.db import migrating
from portal.demonstration import starting
from portal.demonstration.starting import NoDemonstration
from portal.serving import Program
from portal.settings import Settings


def start() -> int:
    """Prepare what is missing, then serve portal and hosts until stopped."""
    own = starting.settings_of_its_own(settings.environment())
    data_dir = settings.read(own).data_dir
    with serving.hold(data_dir):
        environment = starting.settings_to_reach_hosts(own, data_dir, at=datetime.now(UTC))
        chosen = settings.read(environment)
        with serving.listen(chosen) as listener:
            instance.tell("\n".join(_fill(chosen, environment)))
            web, worker = serving.programs(chosen, listener)
            patient = replace(worker, command=(*starting.ONCE_HOSTS_STAND, *worker.command))
            hosts = Program(name="hosts", command=starting.HOSTS)
            serving.supervise((hosts, web, patient), environment=environment, say=instance.tell)
    return 0


def add_logins(commands: Commands) -> None:
    """The command that shows who can sign in."""
    command = commands.add_parser("logins", help="the demonstration's log-ins, with the codes of this moment")
    command.set_defaults(run=_logins)


def _logins(_arguments: argparse.Namespace) -> int:
    own = starting.settings_of_its_own(settings.environment())
    chosen = settings.read(own)
    if not starting.is_filled(chosen):
        raise Refusal("There is no demonstration yet. Type: ./run --demo")
    with instance.connected(chosen) as engine:
        instance.tell("\n".join(starting.introduction(chosen, engine, inherited=own, now=datetime.now(UTC))))
    return 0


def _fill(chosen: Settings, environment: Mapping[str, str]) -> list[str]:
    with instance.connected(chosen) as engine:
        migrating.upgrade(engine)
        try:
            starting.fill(chosen, engine, now=datetime.now(UTC))
        except NoDemonstration as refusal:
            raise Refusal(str(refusal)) from refusal
        return [
            f"Kettenblick: {chosen.public_base_url}",
            *starting.introduction(chosen, engine, inherited=environment, now=datetime.now(UTC)),
        ]
