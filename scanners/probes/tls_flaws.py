"""Active class: well-known flaws of TLS libraries, each tried with a message that harms nobody and reads no memory."""

import asyncio
import struct
from collections.abc import Awaitable, Callable, Mapping
from secrets import token_bytes

from scanners.observations import Reason, TlsFlaws
from scanners.parsing import tls12_client
from scanners.parsing.tls12_client import Client, Resumption
from scanners.parsing.tls_vectors import Malformed
from scanners.probes import fronts
from scanners.probes.network import Connection, Unseen
from scanners.probes.visit import Visit

HTTPS = 443
HANDSHAKE_SECONDS = 6.0
SILENCE_SECONDS = 2.0
MOST_RENEGOTIATIONS = 11  # one more than is let pass
PROTOCOL_VERSION, UNEXPECTED_MESSAGE = 70, 10
UNDECRYPTABLE = frozenset({20, 21})  # bad_record_mac, decryption_failed
ODD_SESSION = 31  # octets: a server that echoes 32 has added one of its own
ECHO = b"Kettenblick here"  # sixteen octets of our own, to hear again

Flaw = Callable[[Visit, str, Client], Awaitable[bool | None]]


async def flaws(visit: Visit, host: str) -> TlsFlaws:
    """Each flaw on a connection of its own, one after the other; never at an address of a content network."""
    edges = await fronts.foreign_edges(visit, host)
    address = (await visit.door.vetted(host))[0]
    if edges:
        return TlsFlaws(at=visit.at, address=address, port=HTTPS, edges=edges)
    first = _client(host)
    renegotiations = await _renegotiations(visit, host, first)
    if first.alert == PROTOCOL_VERSION and not first.handshakes:
        # Only TLS 1.3 is left, and there is no place in it for any of them.
        return TlsFlaws(at=visit.at, address=address, port=HTTPS, absent=tuple(FLAWS), renegotiations=0)
    results: dict[str, bool | None] = {}
    for name, flaw in FLAWS.items():
        try:
            results[name] = await flaw(visit, host, first)
        except Unseen as unseen:
            if unseen.reason in {Reason.STOPPED, Reason.DEADLINE}:
                raise
            results[name] = None
    return TlsFlaws(
        at=visit.at,
        address=address,
        port=HTTPS,
        found=tuple(name for name, result in results.items() if result),
        absent=tuple(name for name, result in results.items() if result is False),
        unclear=tuple(name for name, result in results.items() if result is None),
        renegotiations=renegotiations,
    )


class _Line:
    """One connection with a client on it."""

    def __init__(self, connection: Connection, client: Client) -> None:
        self._connection = connection
        self._client = client
        self.ended = False

    async def say(self, data: bytes) -> None:
        await self._connection.write(data)

    async def hear(self, done: Callable[[], bool], seconds: float) -> bool:
        """Whether it came to that; False on an alert, at the end of the stream or of the time."""
        try:
            async with asyncio.timeout(seconds):
                while not done():
                    if self.ended or self._client.alert is not None:
                        return False
                    data = await self._connection.read(timeout=None)
                    if not data:
                        self.ended = True
                        return done()
                    if out := self._client.receive(data):
                        await self._connection.write(out)
        except TimeoutError:
            return False
        except Unseen as unseen:
            if unseen.reason is not Reason.RESET:
                raise
            self.ended = True
            return False
        except Malformed as error:
            raise Unseen(Reason.GARBLED, "tls") from error
        return True


async def _with_line(
    visit: Visit, host: str, client: Client, talk: Callable[[_Line], Awaitable[bool | None]]
) -> bool | None:
    connection = await visit.door.connect(host, HTTPS)
    async with connection:
        line = _Line(connection, client)
        await line.say(client.flight())
        return await talk(line)


def _client(host: str, **options: object) -> Client:
    return Client(server_name=host, draw=token_bytes, **options)  # type: ignore[arg-type]


# --- renegotiation -------------------------------------------------------------------------------


async def _renegotiations(visit: Visit, host: str, client: Client) -> int | None:
    """How often a client may start anew in one connection; None where no handshake came about."""

    async def talk(line: _Line) -> bool | None:
        if not await line.hear(lambda: client.finished, HANDSHAKE_SECONDS):
            return None
        for _time in range(MOST_RENEGOTIATIONS):
            await line.say(client.flight())
            if not await line.hear(lambda: client.finished, SILENCE_SECONDS):
                break
        return True

    try:
        came_about = await _with_line(visit, host, client, talk)
    except Unseen as unseen:
        if unseen.reason in {Reason.STOPPED, Reason.DEADLINE, Reason.BUDGET, Reason.REFUSED, Reason.TIMEOUT}:
            raise
        came_about = client.handshakes > 0 or None
    return client.handshakes - 1 if came_about else None


# --- the flaws -----------------------------------------------------------------------------------


async def _heartbleed(visit: Visit, host: str, _first: Client) -> bool | None:
    """CVE-2014-0160: a heartbeat whose payload fits but whose padding is missing. A sound library drops it; a broken
    one sends the payload back, which is our own: nothing of its memory is asked for."""
    client = _client(host, heartbeats=True, stop_at_done=True)

    async def talk(line: _Line) -> bool | None:
        if not await line.hear(lambda: client.done, HANDSHAKE_SECONDS):
            return None
        if tls12_client.HEARTBEATS not in client.server_extensions:
            return False
        await line.say(_record(tls12_client.HEARTBEAT, b"\1" + struct.pack("!H", len(ECHO)) + ECHO))
        return await line.hear(lambda: tls12_client.HEARTBEAT in client.heard, SILENCE_SECONDS)

    return await _with_line(visit, host, client, talk)


async def _early_change_cipher(visit: Visit, host: str, _first: Client) -> bool | None:
    """CVE-2014-0224: a ChangeCipherSpec before any key is agreed on. A sound library ends the connection."""
    client = _client(host, stop_at_done=True)

    async def talk(line: _Line) -> bool | None:
        if not await line.hear(lambda: client.done, HANDSHAKE_SECONDS):
            return None
        await line.say(_record(tls12_client.CHANGE_CIPHER, b"\1"))
        await line.hear(lambda: False, SILENCE_SECONDS)
        if line.ended or client.alert is not None:
            return False
        # It took the message: what comes now in the clear it must fail to decrypt, with keys made of nothing.
        await line.say(_record(tls12_client.HANDSHAKE, bytes(16)))
        await line.hear(lambda: False, SILENCE_SECONDS)
        if client.alert in UNDECRYPTABLE:
            return True
        return False if client.alert == UNEXPECTED_MESSAGE else None

    return await _with_line(visit, host, client, talk)


async def _ticketbleed(visit: Visit, host: str, first: Client) -> bool | None:
    """CVE-2016-9244: a session taken up under an id of 31 octets. Only a broken server answers with 32; one octet."""
    if not first.handshakes:
        return None
    if not first.ticket:
        return False
    odd = token_bytes(ODD_SESSION)
    client = _client(host, resumption=Resumption(ticket=first.ticket, session=odd), stop_at_done=True)

    async def talk(line: _Line) -> bool | None:
        if not await line.hear(lambda: bool(client.suite), HANDSHAKE_SECONDS):
            return None
        return len(client.session) > ODD_SESSION and client.session.startswith(odd)

    return await _with_line(visit, host, client, talk)


async def _poodle(visit: Visit, host: str, _first: Client) -> bool | None:
    """CVE-2014-8730 and its kin: a Finished with a right MAC and wrong padding. A sound library refuses it."""
    client = _client(host, suites=tls12_client.WITH_CBC, spoil_padding=True)

    async def talk(line: _Line) -> bool | None:
        if await line.hear(lambda: client.finished, HANDSHAKE_SECONDS):
            return True
        # Refused before the exchange: no such suite. Refused after it: the padding was looked at.
        return False if line.ended or client.alert is not None else None

    return await _with_line(visit, host, client, talk)


async def _robot(visit: Visit, host: str, _first: Client) -> bool | None:
    """RFC 5246 section 7.4.7.1: whether the answer tells a well-formed premaster secret from ill-formed ones. Five
    messages that all lead nowhere; nothing is decrypted."""
    signals: dict[str, str] = {}
    for form in FORMS:
        signal = await _signal(visit, host, form)
        if signal is None:
            return False if not signals else None
        signals[form] = signal
    if len(set(signals.values())) == 1:
        return False
    again = {form: await _signal(visit, host, form) for form in FORMS}
    return True if again == signals else None


async def _signal(visit: Visit, host: str, form: str) -> str | None:
    """What the server says to one form; None where it takes no RSA key exchange."""
    client = _client(host, suites=tls12_client.WITH_RSA, stop_at_done=True)
    heard = "silence"

    async def talk(line: _Line) -> bool | None:
        nonlocal heard
        if not await line.hear(lambda: client.done, HANDSHAKE_SECONDS):
            return False
        key = client.rsa_key()
        if key is None:
            return False
        block = FORMS[form]((key.key_size + 7) // 8)
        await line.say(client.answer(token_bytes(48), tls12_client.wrap(key, block)))
        await line.hear(lambda: client.finished, SILENCE_SECONDS)
        if client.alert is not None:
            heard = f"alert {client.alert}"
        elif line.ended:
            heard = "end"
        return True

    try:
        offered = await _with_line(visit, host, client, talk)
    except Unseen as unseen:
        if unseen.reason is not Reason.GARBLED:
            raise
        offered, heard = True, "garbled"
    return heard if offered else None


def _well_formed(size: int) -> bytes:
    return tls12_client.padded(b"\3\3" + token_bytes(46), size, token_bytes(64))


FORMS: Mapping[str, Callable[[int], bytes]] = {
    "well-formed": _well_formed,
    "wrong beginning": lambda size: b"\x41\x17" + _well_formed(size)[2:],
    "zero too late": lambda size: _well_formed(size)[: size - 49] + bytes([17]) + b"\1" * 46 + b"\0\1",
    "no zero": lambda size: _well_formed(size)[: size - 49] + b"\1" * 49,
    "wrong version": lambda size: _well_formed(size)[: size - 48] + b"\2\2" + b"\1" * 46,
}
FLAWS: Mapping[str, Flaw] = {
    "Heartbleed": _heartbleed,
    "CCS injection": _early_change_cipher,
    "Ticketbleed": _ticketbleed,
    "POODLE over TLS": _poodle,
    "ROBOT": _robot,
}


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("!BHH", kind, 0x0303, len(content)) + content
