"""Real servers on loopback for the tests of this folder."""

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator

import pytest

from portal.demonstration.plans import Plan
from portal.demonstration.servers import Running, Servers


@pytest.fixture(scope="session")
def at() -> dt.datetime:
    """The time of the scan; certificates of loopback servers are judged by the real clock."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def serve(at: dt.datetime) -> Iterator[Callable[[Plan], Running]]:
    """Start the servers of a plan; they end with the module."""
    with contextlib.ExitStack() as ending:
        yield lambda plan: ending.enter_context(Servers(plan, at=at))
