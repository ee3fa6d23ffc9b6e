"""Active class: the closed list of ports of a host, each greeted once in its own protocol. Nothing logs in."""

import asyncio
import contextlib

from scanners import targets
from scanners.data import ports
from scanners.observations import OpenPorts, PortAnswer, Reason
from scanners.parsing import greetings
from scanners.parsing.greetings import Greeting, Heard
from scanners.probes import asking, fronts
from scanners.probes.network import Connection, Unseen
from scanners.probes.visit import Visit

CONNECT_SECONDS = 3.0
WORD_SECONDS = 3.0
SILENCE = frozenset({Reason.TIMEOUT, Reason.UNREACHABLE})
CLOSED = frozenset({Reason.REFUSED, Reason.RESET})
ENDINGS = frozenset({Reason.STOPPED, Reason.DEADLINE})


async def open_ports(visit: Visit, host: str) -> OpenPorts:
    """The controls first: where they answer, something answers for every port, and no more are asked."""
    edges = await fronts.foreign_edges(visit, host)
    address = (await visit.door.vetted(host))[0]
    if edges:
        return OpenPorts(at=visit.at, address=address, edges=edges)
    mail_server = await _is_mail_server(visit, host)
    asked = ports.asked_of(mail_server=mail_server)
    controls = await asyncio.gather(*(_answer(visit, host, address, port, "mllp") for port in ports.CONTROLS))
    answers: list[PortAnswer] = []
    if not any(one.connected for one in controls):
        answers = await asyncio.gather(
            *(_answer(visit, host, address, port, service) for port, service in asked.items())
        )
    return OpenPorts(
        at=visit.at, address=address, answers=tuple(answers), controls=tuple(controls), mail_server=mail_server
    )


async def _is_mail_server(visit: Visit, host: str) -> bool:
    """Whether the host is one of the mail exchangers of its domain."""
    try:
        reply = await asking.reply_to(visit.door, targets.registrable(host), "MX")
        return host in {asking.name_text(record.exchange) for record in asking.records(reply, "MX")}
    except Unseen as unseen:
        if unseen.reason in ENDINGS:
            raise
        return False


async def _answer(visit: Visit, host: str, address: str, port: int, service: str) -> PortAnswer:
    try:
        connection = await visit.door.connect(host, port, address=address, seconds=CONNECT_SECONDS)
    except Unseen as unseen:
        if unseen.reason in ENDINGS:
            raise
        state = "silent" if unseen.reason in SILENCE else "closed" if unseen.reason in CLOSED else "unclear"
        return PortAnswer(port=port, state=state)
    async with connection:
        try:
            heard = await _greet(connection, greetings.GREETINGS[service])
        except Unseen as unseen:
            if unseen.reason in ENDINGS:
                raise
            return PortAnswer(port=port, state="waiting" if unseen.reason is Reason.TIMEOUT else "mute")
    if heard is None:
        return PortAnswer(port=port, state="mute")
    return PortAnswer(port=port, state="open", service=heard.service, detail=heard.detail)


async def _greet(connection: Connection, greeting: Greeting) -> Heard | None:
    """Say hello, hear one answer, ask one question where the protocol has one, and say goodbye."""
    if greeting.hello:
        await connection.write(greeting.hello, WORD_SECONDS)
    heard = await _hear(connection, greeting.read)
    if heard is None:
        return None
    if greeting.question and greeting.read_answer is not None:
        read, known = greeting.read_answer, heard
        await connection.write(greeting.question, WORD_SECONDS)
        with contextlib.suppress(Unseen):  # what is known already stays known
            heard = await _hear(connection, lambda raw: read(raw, known)) or heard
    if greeting.farewell:
        with contextlib.suppress(Unseen):
            await connection.write(greeting.farewell, WORD_SECONDS)
    return heard


async def _hear(connection: Connection, read: greetings.Reading) -> Heard | None:
    """What the bytes say as soon as they say it; None when they end or grow without saying it.

    Raises Unseen(TIMEOUT) only where the other side kept the connection and never said a word.
    """
    received = b""
    try:
        async with asyncio.timeout(WORD_SECONDS):
            while len(received) < greetings.LONGEST_ANSWER:
                part = await connection.read(greetings.LONGEST_ANSWER, None)
                if not part:
                    return None
                received += part
                if heard := read(received):
                    return heard
    except TimeoutError as error:
        if not received:
            raise Unseen(Reason.TIMEOUT) from error
    return None
