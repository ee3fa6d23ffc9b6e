"""What every journey stands on: real hosts with real weaknesses, a real relay, the product as a process."""

from __future__ import annotations

import datetime as dt
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from argon2 import PasswordHasher

from portal.demonstration.plans import Behaviour, Plan, Reply, Site, Tls, Zone
from portal.demonstration.servers import Servers
from portal.services.people import passwords
from tests.journeys import product, world
from tests.portal import unhurried

if TYPE_CHECKING:
    from portal.demonstration.servers import Running
    from tests.journeys.product import Product, Relay
    from tests.journeys.world import World

# Whoever signs in within this process; the product as a process keeps its own.
passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
unhurried.stretch_clocks()
PLAN = Plan(
    zones=(Zone(name="strahlwerk.test", records='@ TXT "v=spf1 -all"\n_dmarc TXT "v=DMARC1; p=none"\n'),),
    sites=(
        Site(
            host="portal.strahlwerk.test",
            tls=Tls(lowest=ssl.TLSVersion.TLSv1),
            pages={
                "/": Reply(
                    body="<title>Portal</title><script src=/jquery-1.8.3.min.js></script>",
                    headers=(("set-cookie", "SESSION=1; Path=/"),),
                )
            },
        ),
        Site(
            host="www.strahlwerk.test",
            headers=(("strict-transport-security", "max-age=31536000; includeSubDomains"),),
            pages={"/": Reply(body="<title>Strahlwerk</title>")},
        ),
        # Its silence makes the scan last long enough to be seen running.
        Site(host="update.strahlwerk.test", behaviour=Behaviour.SILENT),
    ),
)
HOSTS = tuple(site.host for site in PLAN.sites)


@pytest.fixture(scope="package")
def hosts() -> Iterator[Running]:
    with Servers(PLAN, at=dt.datetime.now(dt.UTC)) as running:
        yield running


@pytest.fixture
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """A relay for one journey alone: the first mail to an address must not be another journey's."""
    with product.relay(tmp_path_factory.mktemp("relay")) as running:
        yield running


@pytest.fixture
def started(tmp_path: Path, free_port: int) -> Iterator[Callable[..., Product]]:
    """Start the product with more settings; it is stopped after the test."""
    made: list[Product] = []

    def start(**environment: str) -> Product:
        folder = tmp_path / "instance"
        folder.mkdir(exist_ok=True)
        one = product.Product(folder, free_port, **environment)
        made.append(one)
        one.start()
        return one

    yield start
    for one in made:
        one.stop()


@pytest.fixture(scope="package")
def _standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = world.build(tmp_path_factory.mktemp("world"))
    yield made
    made.close()


@pytest.fixture(name="world")
def _as_it_was_kept(_standing: World) -> Iterator[World]:
    """Two places and everybody in them; every test finds them as they were."""
    _standing.wake()
    yield _standing
    _standing.restore()
