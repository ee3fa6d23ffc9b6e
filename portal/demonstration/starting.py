"""What `kettenblick start --demo` prepares: an instance of its own, filled once, and hosts that can be scanned."""

import datetime as dt
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy import Engine

from portal import i18n
from portal.db import session as database
from portal.demonstration import loading, logins, reaching, story
from portal.demonstration.loading import Place
from portal.files.blobs import Blobs
from portal.files.sealing import Keyring
from portal.services.people import accounts
from portal.settings import Settings
from scanners.model import N_

FOLDER = "demo-instance"
HOSTS = (sys.executable, "-m", "portal.demonstration.hosting")
ONCE_HOSTS_STAND = (sys.executable, "-m", "portal.demonstration.waiting")
NEWEST_INVITATION = "ohm"  # whose link is shown

INTRODUCTION = N_("%(hospital)s and %(count)s vendors, all invented. Their hosts run on this machine and are scanned.")
SOON = N_("Within a minute the register is full.")
OPEN_INVITATION = N_("An open invitation")


class NoDemonstration(Exception):
    """There is a hospital in this database that is no demonstration; nothing is touched."""


def settings_of_its_own(inherited: Mapping[str, str]) -> Mapping[str, str]:
    """A folder of its own, and no relay: mails to people who do not exist stay in the outbox."""
    return {
        **inherited,
        "KETTENBLICK_DATA": inherited.get("KETTENBLICK_DATA", FOLDER),
        "KETTENBLICK_DEMONSTRATION": "1",
        "SMTP_HOST": "",
    }


def settings_to_reach_hosts(own: Mapping[str, str], data_dir: Path, *, at: dt.datetime) -> Mapping[str, str]:
    """With them scans go to the demonstration's hosts; call it while the folder is held."""
    return {**own, **reaching.environment(data_dir, at=at)}


def fill(settings: Settings, engine: Engine, *, now: dt.datetime) -> bool:
    """Load the story unless it is there; False when it was."""
    with database.reading(engine)() as session:
        is_filled = accounts.has_hospital(session)
    if is_filled and not logins.is_kept(settings.data_dir):
        raise NoDemonstration(
            f"The data in {settings.data_dir} are no demonstration. Choose an empty folder by KETTENBLICK_DATA."
        )
    if is_filled:
        return False
    told = story.read()
    keyring = Keyring(instance_key=settings.instance_key, folder=settings.keys_dir)
    kept = logins.keep(settings.data_dir, told)
    with database.sessions(engine).begin() as session:
        place = Place(
            session=session,
            keyring=keyring,
            blobs=Blobs(folder=settings.files_dir, keyring=keyring),
            base_url=settings.public_base_url,
            permitted=settings.scan.permitted_suffixes,
            logins=kept,
            now=now,
        )
        loading.load(place, told)
    return True


def is_filled(settings: Settings) -> bool:
    """Whether there is a demonstration in the folder."""
    return logins.is_kept(settings.data_dir)


def introduction(
    settings: Settings, engine: Engine, *, inherited: Mapping[str, str], now: dt.datetime
) -> Sequence[str]:
    """What the terminal shows: who is who, how they sign in, where an invited vendor begins."""
    told = story.read()
    translate = i18n.translator("de" if i18n.of_terminal(inherited) == ("de",) else "en")
    with database.reading(engine)() as session:
        token = loading.invitation_token(session, told.vendor(NEWEST_INVITATION))
    values = {"hospital": told.hospital["name"], "count": len(told.vendors)}
    table = logins.lines(logins.keep(settings.data_dir, told), told, translate=translate, now=now)
    link = f"{settings.public_base_url}/invitation/{token}"
    return [
        translate(INTRODUCTION) % values,
        translate(SOON),
        "",
        *table,
        *([f"{translate(OPEN_INVITATION)}: {link}"] if token else []),
        translate(N_("Codes last half a minute; new ones: .venv/bin/kettenblick logins")),
    ]
