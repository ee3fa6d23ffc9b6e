"""The web servers' HTTP/2: requests side by side on one link, answered by the same function as over HTTP/1.1."""

from collections.abc import Callable
from dataclasses import dataclass

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived, StreamEnded, StreamReset
from h2.exceptions import ProtocolError

from portal.demonstration.links import Link

HOP_BY_HOP = frozenset({"connection", "transfer-encoding"})


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A response without its framing."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


Answering = Callable[[str, str, dict[str, str]], Answer]  # method, target, headers with "host"


async def serve(link: Link, answering: Answering) -> None:
    """Answer until the other side has had enough or breaks the protocol."""
    speaking = H2Connection(H2Configuration(client_side=False, header_encoding="latin-1"))
    speaking.initiate_connection()
    asked: dict[int, dict[str, str]] = {}
    unsent: dict[int, bytes] = {}
    while True:
        await link.write(speaking.data_to_send())
        data = await link.read()
        if not data:
            return
        try:
            events = speaking.receive_data(data)
        except ProtocolError:
            return
        for event in events:
            match event:
                case RequestReceived(stream_id=number, headers=headers):
                    asked[number] = {str(name): str(value) for name, value in headers or ()}
                case StreamEnded(stream_id=number) if number in asked:
                    unsent[number] = _begin(speaking, number, answering, asked.pop(number))
                case StreamReset(stream_id=number):
                    asked.pop(number, None)
                    unsent.pop(number, None)
        for number, body in tuple(unsent.items()):  # the windows may be wider now
            unsent[number] = _send(speaking, number, body)
        for number in [number for number, body in unsent.items() if not body]:
            speaking.end_stream(number)
            del unsent[number]


def _begin(speaking: H2Connection, number: int, answering: Answering, fields: dict[str, str]) -> bytes:
    """Send the head; the body that is still to go out."""
    headers = {name: value for name, value in fields.items() if not name.startswith(":")}
    answer = answering(fields[":method"], fields[":path"], {"host": fields.get(":authority", ""), **headers})
    named = ((name.lower(), value) for name, value in answer.headers)
    lines = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in named if name not in HOP_BY_HOP]
    speaking.send_headers(number, [(b":status", b"%d" % answer.status), *lines])
    return answer.body


def _send(speaking: H2Connection, number: int, body: bytes) -> bytes:
    """As much as there is room for; what is left."""
    while body and (room := min(speaking.local_flow_control_window(number), speaking.max_outbound_frame_size)) > 0:
        speaking.send_data(number, body[:room])
        body = body[room:]
    return body
