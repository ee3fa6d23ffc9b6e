"""The instance that a command works on: its settings, its database, and who types."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager

from portal import settings
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


@contextmanager
def opened() -> Iterator[tuple[Settings, Sessions]]:
    """The settings and the database of this instance."""
    chosen = settings.read()
    engine = database.engine(chosen.database_url)
    try:
        yield chosen, database.sessions(engine)
    finally:
        engine.dispose()
