"""`kettenblick data`: fetch the lists that findings rest on, or take them from a folder; show how old they are."""

import argparse
import asyncio
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from portal import network, settings
from portal.commands.shell import Commands, Refusal
from scanners.data import refreshing, sets
from scanners.data.refreshing import ORIGINS, Refused
from scanners.datasets import DataSets
from scanners.probes import downloads
from scanners.probes.downloads import NotFetched


def add_data(commands: Commands) -> None:
    """The commands about the data that findings rest on."""
    verbs = commands.add_parser(
        "data", help="lists of vulnerable versions, end dates and preloaded names"
    ).add_subparsers(dest="verb", required=True)
    verbs.add_parser("show", help="print source and day of every set").set_defaults(run=_show)
    command = verbs.add_parser("refresh", help="fetch the lists anew; stored scans are then judged again")
    command.add_argument(
        "--only", metavar="NAMES", default="", help=f"some of them, with commas: {','.join(refreshing.fetched_names())}"
    )
    command.add_argument(
        "--from",
        dest="folder",
        type=Path,
        metavar="DIR",
        help=f"take the files from a folder: {', '.join(one.file for one in ORIGINS.values())}",
    )
    command.add_argument("--force", action="store_true", help="also if a list has shrunk by more than 60 %%")
    command.set_defaults(run=_refresh)


def _show(_arguments: argparse.Namespace) -> int:
    _tell(sets.current(settings.read().datasets_dir), datetime.now(UTC))
    return 0


def _refresh(arguments: argparse.Namespace) -> int:
    chosen, now = settings.read(), datetime.now(UTC)
    names = tuple(filter(None, arguments.only.replace(" ", "").split(","))) or refreshing.fetched_names()
    if unknown := sorted(set(names) - set(ORIGINS)):
        raise Refusal(f"There is no set called {', '.join(unknown)}. There are: {', '.join(ORIGINS)}.")
    try:
        if arguments.folder is not None:
            fetched = _from_folder(arguments.folder, names, chosen_by_name=bool(arguments.only))
        else:
            doors = network.of(chosen.scan)
            fetched = asyncio.run(downloads.fetch(names, settings=doors, at=now, mirror=chosen.data_mirror))
        data = refreshing.refresh(chosen.datasets_dir, fetched, at=now, force=arguments.force)
    except (Refused, NotFetched) as refusal:
        raise Refusal(f"{refusal} Nothing was changed.") from refusal
    _tell(data, now)
    return 0


def _from_folder(folder: Path, names: tuple[str, ...], *, chosen_by_name: bool) -> Mapping[str, bytes]:
    """The files that are there; one that was asked for by name has to be."""
    found: dict[str, bytes] = {}
    for name in names:
        path = folder / ORIGINS[name].file
        try:
            if path.stat().st_size > ORIGINS[name].most_bytes:
                raise Refusal(f"{path} is larger than {ORIGINS[name].most_bytes} bytes. Nothing was changed.")
            found[name] = path.read_bytes()
        except FileNotFoundError:
            if chosen_by_name:
                raise Refusal(f"There is no {path}. Nothing was changed.") from None
        except OSError as error:
            raise Refusal(f"{path}: {error.strerror}. Nothing was changed.") from error
    if not found:
        raise Refusal(f"There is none of the files in {folder}: {', '.join(ORIGINS[name].file for name in names)}.")
    return found


def _tell(data: DataSets, now: datetime) -> None:
    sys.stdout.write(f"version {data.version}\n")
    for source in sets.sources(data):
        mark = "!" if (now - source.fetched_at).days > source.max_age_days else "✓"
        told = f"{source.day} {source.records:7} records  {source.licence:12}"
        sys.stdout.write(f"{mark} {source.name:14} {told} {source.source_url}\n")
    there = {source.name for source in sets.sources(data)}
    for name in (name for name in refreshing.fetched_names() if name not in there):
        sys.stdout.write(f"! {name:14} never fetched: kettenblick data refresh --only {name}  {ORIGINS[name].url}\n")
