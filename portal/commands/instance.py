"""The instance that a command works on: its settings, its database, who types, and what they are told."""

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from portal import i18n, settings
from portal.commands.shell import Refusal
from portal.db import migrating
from portal.db import session as database
from portal.db.session import Sessions
from portal.services.actors import Actor, operator_at_the_shell
from portal.settings import Settings


def actor() -> Actor:
    """Whoever types, by the account of the machine."""
    try:
        return operator_at_the_shell(getpass.getuser())
    except (KeyError, OSError):
        return operator_at_the_shell("unknown")


def tell(text: str) -> None:
    """A line for whoever typed; at once, since a program may wait for it at the other end of a pipe."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def tell_in_words(sentence: str, **values: object) -> None:
    """A marked sentence in the language of the terminal, or in both, a line each."""
    for language in i18n.of_terminal(settings.environment()):
        with i18n.speaking(language):
            tell(i18n.gettext(sentence, **values))


@contextmanager
def connected(chosen: Settings) -> Iterator[Engine]:
    """The database of these settings, left when the command is through with it."""
    engine = database.engine(chosen.database_url)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def opened() -> Iterator[tuple[Settings, Sessions]]:
    """The settings and the database of this instance; raises Refusal where it is none that this version can read."""
    chosen = settings.read()
    with connected(chosen) as engine:
        if not migrating.is_current(engine):
            raise Refusal(
                f"There is no database of this version for {chosen.data_dir}. Are KETTENBLICK_DATA and DATABASE_URL "
                "those of the portal? If so, bring it up to date: kettenblick migrate"
            )
        yield chosen, database.sessions(engine)
