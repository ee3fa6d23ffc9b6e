"""Real servers on loopback for the tests of this folder, and a scan's visit to them."""

import asyncio
import contextlib
import dataclasses
import datetime as dt
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

import pytest

from portal.demonstration.plans import Plan
from portal.demonstration.servers import Running, Servers
from scanners.probes.fetching import Fetcher
from scanners.probes.network import Door
from scanners.probes.visit import Visit

Seen = TypeVar("Seen")


@pytest.fixture(scope="session")
def at() -> dt.datetime:
    """The time of the scan; certificates of loopback servers are judged by the real clock."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def serve(at: dt.datetime) -> Iterator[Callable[[Plan], Running]]:
    """Start the servers of a plan; they end with the module."""
    with contextlib.ExitStack() as ending:
        yield lambda plan: ending.enter_context(Servers(plan, at=at))


@pytest.fixture(scope="session")
def look(at: dt.datetime) -> Callable[..., Any]:
    """Run one probe against running servers, as a scan of its own: look(running, probe, name, hosts=(…))."""

    def run(
        running: Running,
        probe: Callable[..., Awaitable[Seen]],
        *names: str,
        hosts: tuple[str, ...] = (),
        network: dict[str, Any] | None = None,
        **options: Any,
    ) -> Seen:
        async def visit() -> Seen:
            door = Door(dataclasses.replace(running.network(), **(network or {})))
            fetcher = Fetcher(door)
            try:
                return await probe(Visit(door=door, fetcher=fetcher, at=at, hosts=hosts), *names, **options)
            finally:
                await fetcher.aclose()
                await door.aclose()

        return asyncio.run(visit())

    return run
