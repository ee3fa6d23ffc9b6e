"""A whole TLS 1.3 handshake: what stands in session tickets, and what becomes of a request that is sent early."""

import asyncio
from collections.abc import Callable
from secrets import token_bytes

import re2
from cryptography.hazmat.primitives.asymmetric import ec, x25519

from scanners.observations import Reason, TlsSession
from scanners.parsing.tls13_client import CURVES, Client, Keys, NotSpoken, Ticket
from scanners.parsing.tls_vectors import Malformed
from scanners.probes.network import Connection, Unseen
from scanners.probes.visit import Visit

HTTPS = 443
HANDSHAKE_SECONDS = 8.0
TICKET_SECONDS = 1.0  # after the handshake; servers that give tickets at all give them at once
LONGEST_STATUS = 32

_STATUS = re2.compile(rb"^HTTP/1\.[01] ([1-5][0-9][0-9]) ")


async def session(visit: Visit, host: str) -> TlsSession:
    """The protocol agreed on and the tickets; where a ticket allows early data, one GET / sent early."""
    first = _client(host, ("h2", "http/1.1"))
    try:
        address = await _hold(visit, host, first, lambda client: bool(client.tickets))
    except NotSpoken:
        return TlsSession(at=visit.at, address=(await visit.door.vetted(host))[0], port=HTTPS, tls13=False)
    if not first.finished:
        # A server that ends the handshake with an alert speaks of versions it does not have.
        if first.alert is not None:
            return TlsSession(at=visit.at, address=address, port=HTTPS, tls13=False)
        raise Unseen(Reason.RESET)
    allowed = max((ticket.early_data for ticket in first.tickets if ticket.early_data is not None), default=None)
    return TlsSession(
        at=visit.at,
        address=address,
        port=HTTPS,
        tickets=len(first.tickets),
        early_data=allowed,
        early_status=await _early_status(visit, host) if allowed else None,
        protocol=first.protocol,
    )


async def _early_status(visit: Visit, host: str) -> int | None:
    """The status a GET / gets that comes as early data; None where the server does not take it."""
    request = f"GET / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Kettenblick\r\nConnection: close\r\n\r\n".encode("ascii")
    try:
        # A ticket is bound to the protocol it was given under; early data over HTTP/2 would need more of it.
        giver = _client(host, ("http/1.1",))
        await _hold(visit, host, giver, lambda client: bool(client.tickets))
        ticket = next((one for one in giver.tickets if (one.early_data or 0) >= len(request)), None)
        if ticket is None:
            return None
        await visit.door.spend_request(host)
        taker = _client(host, ("http/1.1",), ticket=ticket, early=request)
        await _hold(visit, host, taker, lambda client: _status(client) is not None)
    except (Unseen, NotSpoken) as error:
        if isinstance(error, Unseen) and error.reason in {Reason.STOPPED, Reason.DEADLINE}:
            raise
        return None
    return _status(taker) if taker.early_accepted else None


def _status(client: Client) -> int | None:
    match = _STATUS.match(client.received[:LONGEST_STATUS])
    return int(match.group(1)) if match else None


def _client(host: str, protocols: tuple[str, ...], *, ticket: Ticket | None = None, early: bytes = b"") -> Client:
    keys = Keys(
        random=token_bytes(32),
        session=token_bytes(32),
        x25519=x25519.X25519PrivateKey.generate(),
        curves={group: ec.generate_private_key(curve) for group, curve in CURVES.items()},
    )
    return Client(server_name=host, keys=keys, protocols=protocols, ticket=ticket, early=early)


async def _hold(visit: Visit, host: str, client: Client, enough: Callable[[Client], bool]) -> str:
    """Run the client until it knows enough, the server ends, or nothing more comes; the address it talked to."""
    connection = await visit.door.connect(host, HTTPS)
    async with connection:
        await connection.write(client.start())
        try:
            await _converse(connection, client, lambda: client.finished or client.alert is not None, HANDSHAKE_SECONDS)
        except TimeoutError as error:
            raise Unseen(Reason.TIMEOUT) from error
        if client.finished:
            try:
                await _converse(connection, client, lambda: enough(client) or client.alert is not None, TICKET_SECONDS)
            except TimeoutError:
                pass
            except Unseen:
                pass  # the handshake is what counted
        return connection.address


async def _converse(connection: Connection, client: Client, done: Callable[[], bool], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not done():
            data = await connection.read(timeout=None)
            if not data:
                return
            try:
                out = client.receive(data)
            except Malformed as error:
                raise Unseen(Reason.GARBLED, "tls") from error
            if out:
                await connection.write(out)
