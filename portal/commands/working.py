"""`kettenblick worker`: the jobs of an instance without its pages."""

from portal import worker
from portal.commands.shell import Commands


def add_worker(commands: Commands) -> None:
    """The worker alone, on this machine or one in a DMZ."""
    command = commands.add_parser("worker", help="run only the worker: scans, mails, scores")
    command.add_argument(
        "--only", choices=("scan", "rest"), default="", help="scans alone, as on a machine in a DMZ, or all but scans"
    )
    command.set_defaults(run=lambda arguments: worker.main(only=arguments.only))
