"""The one door, against real DNS and real listeners: what must stay closed sees no connection at all."""

import asyncio
import dataclasses
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

import pytest

from portal.demonstration.plans import Plan, Quirk, Site, Zone
from portal.demonstration.servers import Running
from scanners.observations import Reason
from scanners.probes.network import ORDINARY, Budget, Door, NetworkSettings, Unseen

Value = TypeVar("Value")

# Each tripwire listens on an address of loopback that stands for "inside"; nothing may ever reach it.
TRIPWIRES = ("127.66.0.1", "127.66.0.2")
PLAN = Plan(
    zones=(
        Zone(
            name="haus.test",
            records="""
inside   A 127.66.0.1
mixed    A 127.80.0.10
mixed    A 127.66.0.1
private  A 10.0.0.1
metadata A 169.254.169.254
mapped   AAAA ::ffff:127.66.0.1
sixtofour AAAA 2002:7f42:1::1
nat64    AAAA 64:ff9b::7f42:1
half     A 127.80.0.10
half     AAAA fd00::1
alias    CNAME inside
alias2   CNAME www.fern.test.
gone     CNAME nirgends.fern.test.
loop1    CNAME loop2
loop2    CNAME loop1
c0 CNAME c1
c1 CNAME c2
c2 CNAME c3
c3 CNAME c4
c4 CNAME c5
c5 CNAME c6
c6 CNAME c7
c7 CNAME c8
c8 CNAME c9
c9 A 127.80.0.10
nothing  TXT "no address"
many     A 127.80.0.10
"""
            + "\n".join(f"crowd A 127.81.0.{number}" for number in range(1, 41)),
        ),
        Zone(name="fern.test", records="www A 127.80.0.10"),
    ),
    sites=(Site(host="portal.haus.test", address="127.80.0.10"), Site(host="only443.haus.test", address="127.80.0.11")),
    quirks={
        "silent.haus.test": Quirk.SILENT,
        "broken.haus.test": Quirk.SERVFAIL,
        "garbled.haus.test": Quirk.GARBLED,
        "sixless.haus.test/AAAA": Quirk.SERVFAIL,
        "wrongid.haus.test": Quirk.WRONG_ID,
        "truncated.haus.test": Quirk.TRUNCATED,
    },
    rotations={"turning.haus.test": ("127.80.0.10", "127.66.0.1")},
)
# What the laboratory may reach; the tripwires' network is left out.
ALLOWED = ("127.0.0.1/32", "127.53.0.0/16", "127.54.0.0/16", "127.80.0.0/16", "127.81.0.0/16")


@pytest.fixture(scope="module")
def running(serve: Callable[[Plan], Running]) -> Running:
    return dataclasses.replace(serve(PLAN), allowed_networks=ALLOWED)


@pytest.fixture
def tripwires(running: Running) -> Iterator[None]:
    """Listeners on the inside; the test fails on a single connection."""
    with (
        socket.create_server((TRIPWIRES[0], running.port_map[443])) as first,
        socket.create_server((TRIPWIRES[1], running.port_map[443])) as second,
    ):
        yield
        for listener in (first, second):
            listener.setblocking(False)
            with pytest.raises(BlockingIOError):
                listener.accept()


def through(settings: NetworkSettings, act: Callable[[Door], Awaitable[Value]], *, budget: Budget = ORDINARY) -> Value:
    async def run() -> Value:
        door = Door(settings, budget=budget)
        try:
            return await act(door)
        finally:
            await door.aclose()

    return asyncio.run(run())


async def connect(door: Door, host: str, port: int = 443, **options: Any) -> str:
    async with await door.connect(host, port, **options) as connection:
        return connection.address


def reason(settings: NetworkSettings, act: Callable[[Door], Awaitable[object]], **options: Any) -> Reason:
    with pytest.raises(Unseen) as unseen:
        through(settings, act, **options)
    return unseen.value.reason


def test_a_vetted_host_is_connected_to_by_its_address(running: Running) -> None:
    assert through(running.network(), lambda door: connect(door, "portal.haus.test")) == "127.80.0.10"


def test_without_allowed_networks_loopback_is_refused(running: Running, tripwires: None) -> None:
    settings = dataclasses.replace(running.network(), allowed_networks=())

    for host in ("portal.haus.test", "inside.haus.test"):
        assert reason(settings, lambda door, host=host: connect(door, host)) is Reason.NOT_PUBLIC


@pytest.mark.parametrize(
    "host",
    ["inside", "mixed", "private", "metadata", "mapped", "sixtofour", "nat64", "half", "alias"],
)
def test_one_bad_address_refuses_the_host(running: Running, tripwires: None, host: str) -> None:
    assert reason(running.network(), lambda door: connect(door, f"{host}.haus.test")) is Reason.NOT_PUBLIC


def test_a_denied_network_goes_before_an_allowed_one(running: Running) -> None:
    settings = dataclasses.replace(running.network(), denied_networks=("127.80.0.0/24",))

    assert reason(settings, lambda door: connect(door, "portal.haus.test")) is Reason.NOT_PUBLIC


def test_an_address_that_is_named_must_be_one_of_the_vetted(running: Running, tripwires: None) -> None:
    for address in (TRIPWIRES[0], "127.80.0.11", "8.8.8.8"):
        act = lambda door, address=address: connect(door, "portal.haus.test", address=address)  # noqa: E731
        assert reason(running.network(), act) is Reason.NOT_PUBLIC


def test_a_name_server_on_the_inside_is_not_asked(running: Running) -> None:
    for server in (TRIPWIRES[0], "10.0.0.1", "fe80::1", "portal.haus.test"):
        act = lambda door, server=server: door.query("haus.test", "SOA", server=server)  # noqa: E731
        assert reason(running.network(), act) is Reason.NOT_PUBLIC


def test_dns_that_changes_its_answer_between_vetting_and_connecting_changes_nothing(
    running: Running, tripwires: None
) -> None:
    """Rebinding: each question gets another answer; the door asks once and keeps to what it vetted."""

    async def act(door: Door) -> list[str]:
        return [await connect(door, "turning.haus.test") for _ in range(6)]

    try:
        connected = through(running.network(), act)
    except Unseen as unseen:  # the turn began with the address inside
        assert unseen.reason is Reason.NOT_PUBLIC
    else:
        assert set(connected) == {"127.80.0.10"}


@pytest.mark.parametrize("port", [22, 53, 3389, 8443, 0, 65535])
def test_ports_beyond_the_closed_list_are_refused(running: Running, port: int) -> None:
    assert reason(running.network(), lambda door: connect(door, "portal.haus.test", port)) is Reason.NOT_CONSENTED


def test_a_closed_port_is_refused_and_a_name_without_address_not_found(running: Running) -> None:
    settings = running.network()

    assert reason(settings, lambda door: connect(door, "portal.haus.test", 25)) is Reason.REFUSED
    assert reason(settings, lambda door: connect(door, "nothing.haus.test")) is Reason.NAME_NOT_FOUND
    assert reason(settings, lambda door: connect(door, "nobody.haus.test")) is Reason.NAME_NOT_FOUND
    assert reason(settings, lambda door: connect(door, "gone.haus.test")) is Reason.NAME_NOT_FOUND


# --- resolving


def test_aliases_are_followed_and_kept(running: Running) -> None:
    seen = through(running.network(), lambda door: door.resolve("alias2.haus.test"))

    assert (seen.cname_chain, seen.addresses_v4, seen.exists) == (("www.fern.test",), ("127.80.0.10",), True)


def test_what_does_not_exist_is_a_fact(running: Running) -> None:
    nobody = through(running.network(), lambda door: door.resolve("nobody.haus.test"))
    gone = through(running.network(), lambda door: door.resolve("gone.haus.test"))
    nothing = through(running.network(), lambda door: door.resolve("nothing.haus.test"))

    assert (nobody.exists, nobody.addresses, nobody.dangling_target) == (False, (), None)
    assert (gone.exists, gone.dangling_target) == (True, "nirgends.fern.test")
    assert (nothing.exists, nothing.addresses, nothing.dangling_target) == (True, (), None)


@pytest.mark.parametrize("host", ["loop1.haus.test", "c0.haus.test", "broken.haus.test"])
def test_alias_loops_long_chains_and_servfail_are_dns_failures(running: Running, host: str) -> None:
    assert reason(running.network(), lambda door: door.resolve(host)) is Reason.DNS_FAILURE


def test_a_crowd_of_addresses_is_too_large(running: Running) -> None:
    assert reason(running.network(), lambda door: door.resolve("crowd.haus.test")) is Reason.TOO_LARGE


def test_silence_and_garbage_end_soon(running: Running) -> None:
    async def act(door: Door) -> list[object]:
        hosts = ("silent.haus.test", "garbled.haus.test", "wrongid.haus.test")
        return list(await asyncio.gather(*map(door.resolve, hosts), return_exceptions=True))

    started = time.monotonic()
    seen = through(running.network(), act)

    reasons = {unseen.reason for unseen in seen if isinstance(unseen, Unseen)}
    assert len(seen) == 3
    assert reasons <= {Reason.TIMEOUT, Reason.GARBLED}
    assert reasons
    assert time.monotonic() - started < 20


def test_a_truncated_answer_is_asked_for_again_over_tcp(running: Running) -> None:
    seen = through(running.network(), lambda door: door.resolve("truncated.haus.test"))

    assert not seen.exists


def test_a_dead_resolver_is_a_reason_not_a_crash(running: Running, free_port: int) -> None:
    settings = dataclasses.replace(running.network(), resolver_port=free_port)

    assert reason(settings, lambda door: door.resolve("portal.haus.test")) in {Reason.REFUSED, Reason.TIMEOUT}


def test_one_question_is_asked_once_however_many_want_to_know(running: Running) -> None:
    async def act(door: Door) -> None:
        await asyncio.gather(*(door.resolve("many.haus.test") for _ in range(50)))

    before = len(running.contacts_of("many.haus.test", kind="dns"))
    through(running.network(), act)

    assert len(running.contacts_of("many.haus.test", kind="dns")) - before == 2  # A and AAAA


# --- budgets


def small(**limits: Any) -> Budget:
    return dataclasses.replace(ORDINARY, **limits)


def test_no_more_connections_than_the_budget_has(running: Running) -> None:
    async def act(door: Door) -> int:
        opened = 0
        try:
            for _ in range(10):
                await connect(door, "portal.haus.test")
                opened += 1
        except Unseen as unseen:
            assert unseen.reason is Reason.BUDGET
        return opened

    assert through(running.network(), act, budget=small(connections=4)) == 4


def test_two_names_of_one_address_share_its_budget(running: Running) -> None:
    async def act(door: Door) -> None:
        for _ in range(2):
            await connect(door, "portal.haus.test")
            await connect(door, "many.haus.test")
        await connect(door, "alias2.haus.test")

    assert reason(running.network(), act, budget=small(connections=4)) is Reason.BUDGET


def test_never_more_at_once_than_the_budget_allows(running: Running) -> None:
    open_now = most = 0

    async def hold(door: Door) -> None:
        nonlocal open_now, most
        async with await door.connect("portal.haus.test", 443):
            open_now += 1
            most = max(most, open_now)
            await asyncio.sleep(0.01)
            open_now -= 1

    async def act(door: Door) -> None:
        await asyncio.gather(*(hold(door) for _ in range(20)))

    through(running.network(), act, budget=small(connections_at_once=3))

    assert most == 3


def test_a_zone_gets_no_more_questions_than_the_budget_has(running: Running) -> None:
    before = len(running.contacts)

    async def act(door: Door) -> None:
        for number in range(30):
            await door.query(f"n{number}.haus.test", "TXT")

    assert reason(running.network(), act, budget=small(dns_queries=7)) is Reason.BUDGET
    assert len(running.contacts) - before == 7


def test_the_pace_is_kept_for_each_host_by_itself(running: Running) -> None:
    async def act(door: Door) -> float:
        started = time.monotonic()
        for host in ("portal.haus.test", "only443.haus.test") * 2:
            await door.spend_request(host)
        return time.monotonic() - started

    # Half a second for each host by itself, one and a half if they shared their pace.
    assert 0.45 <= through(running.network(), act, budget=small(requests_per_second=2.0)) < 1.4


def test_requests_keep_their_pace(running: Running) -> None:
    async def act(door: Door) -> float:
        started = time.monotonic()
        for _ in range(4):
            await door.spend_request("portal.haus.test")
        return time.monotonic() - started

    assert through(running.network(), act, budget=small(requests_per_second=20.0)) >= 0.14
    assert reason(running.network(), act, budget=small(requests=3)) is Reason.BUDGET


# --- connections


def test_a_server_that_says_nothing_times_out_and_one_that_hangs_up_resets(running: Running, free_port: int) -> None:
    settings = dataclasses.replace(running.network(), port_map={**running.port_map, 443: free_port})

    async def run() -> list[Reason]:
        seen: list[Reason] = []

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            first = await reader.read(1)
            if first == b"c":
                writer.close()
            else:
                await reader.read()
                writer.close()

        # The listener takes the address of a host by name: an address of its own would need a zone of its own.
        server = await asyncio.start_server(answer, "127.80.0.10", free_port)
        door = Door(settings)
        async with server:
            for word, seconds in ((b"s", 0.2), (b"c", 2.0)):
                async with await door.connect("portal.haus.test", 443) as connection:
                    await connection.write(word)
                    try:
                        await connection.read_until(b"\n", at_most=100, seconds=seconds)
                    except Unseen as unseen:
                        seen.append(unseen.reason)
        await door.aclose()
        await asyncio.sleep(0.05)
        return seen

    assert asyncio.run(run()) == [Reason.TIMEOUT, Reason.RESET]


def test_endless_words_are_too_large(running: Running, free_port: int) -> None:
    settings = dataclasses.replace(running.network(), port_map={**running.port_map, 443: free_port})

    async def run() -> None:
        async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                while True:
                    writer.write(b"x" * 4096)
                    await writer.drain()
            except ConnectionError:
                writer.close()

        server = await asyncio.start_server(answer, "127.80.0.10", free_port)
        door = Door(settings)
        async with server, await door.connect("portal.haus.test", 443) as connection:
            await connection.read_until(b"\n", at_most=10_000)
        await door.aclose()

    with pytest.raises(Unseen) as unseen:
        asyncio.run(run())
    assert unseen.value.reason is Reason.TOO_LARGE
