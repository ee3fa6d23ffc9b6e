"""HTTP/2's frames: the same as the library's server means them, and a flood is caught by the frame that is too many."""

import contextlib
import struct

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded, StreamReset
from hypothesis import given
from hypothesis import strategies as st

from scanners.parsing import http2
from tests.loopback import hostile
from tests.loopback.hostile import DATA, END_HEADERS, END_STREAM, GREETING, HEAD_OK, HEADERS, frame

ASKED = [(b":method", b"GET"), (b":scheme", b"https"), (b":authority", b"a.test"), (b":path", b"/")]


def asking(*, method: bytes = b"GET", content: bool = False) -> http2.Client:
    client = http2.Client()
    client.request([(b":method", method), *ASKED[1:]], ends=not content)
    return client


def hear(client: http2.Client, *frames: bytes) -> list[http2.Event]:
    return list(client.receive(b"".join(frames)))


class Server:
    """The library's server at the other end, in memory."""

    def __init__(self) -> None:
        self.speaking = H2Connection(H2Configuration(client_side=False, header_encoding=None))
        self.speaking.initiate_connection()

    def exchange(self, client: http2.Client) -> list[object]:
        """Give it what the client says."""
        said = bytes(client.outgoing)
        client.outgoing.clear()
        return list(self.speaking.receive_data(said))

    def said(self) -> bytes:
        return self.speaking.data_to_send()


names = st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True).filter(lambda name: name not in {"content-length", "te"})
values = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=60)
BY_CONNECTION = {"connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"}
fields = st.lists(
    st.tuples(names.filter(lambda name: name not in BY_CONNECTION), values.map(str.strip)).map(
        lambda pair: (pair[0].encode(), pair[1].encode("latin-1").strip())
    ),
    max_size=20,
)


@given(
    status=st.integers(200, 599),
    fields=fields,
    body=st.binary(max_size=100_000),
    cuts=st.lists(st.integers(0, 120_000), max_size=20),
)
def test_what_a_server_says_arrives_whole_however_it_is_cut(
    status: int, fields: list[tuple[bytes, bytes]], body: bytes, cuts: list[int]
) -> None:
    server, client = Server(), asking()
    events: list[http2.Event] = []
    server.exchange(client)
    server.speaking.send_headers(1, [(b":status", b"%d" % status), *fields])
    left = body
    while True:
        while left and (room := min(server.speaking.local_flow_control_window(1), 16_384)):
            server.speaking.send_data(1, left[:room])
            left = left[room:]
        if not left:
            server.speaking.end_stream(1)
        said, start = server.said(), 0
        for cut in [*sorted(cuts), len(said)]:
            for event in client.receive(said[start:cut]):
                events.append(event)
                if isinstance(event, http2.Data):
                    client.credit(1, event.size)
            start = max(start, min(cut, len(said)))
        server.exchange(client)
        if not left:
            break

    assert [one for one in events if isinstance(one, http2.Head)] == [
        http2.Head(stream=1, status=status, fields=tuple(fields))
    ]
    assert b"".join(one.data for one in events if isinstance(one, http2.Data)) == body
    assert events[-1] == http2.Ended(stream=1)


@given(content=st.binary(min_size=1, max_size=200_000))
def test_what_we_say_arrives_whole(content: bytes) -> None:
    server, client = Server(), asking(method=b"POST", content=True)
    left, heard = content, []
    while left:
        size = min(client.may_send(1), len(left))
        client.send(1, left[:size], ends=size == len(left))
        left = left[size:]
        for event in server.exchange(client):
            heard.append(event)
            if isinstance(event, DataReceived):
                server.speaking.acknowledge_received_data(event.flow_controlled_length, 1)
        hear(client, server.said())

    assert [event.headers for event in heard if isinstance(event, RequestReceived)] == [
        [(b":method", b"POST"), *ASKED[1:]]
    ]
    assert b"".join(event.data for event in heard if isinstance(event, DataReceived)) == content
    assert any(isinstance(event, StreamEnded) for event in heard)


@given(garbage=st.binary(max_size=2_000), greeted=st.booleans(), headed=st.booleans())
def test_no_bytes_of_a_server_are_more_than_a_named_end(garbage: bytes, greeted: bool, headed: bool) -> None:
    client = asking()
    with contextlib.suppress(http2.NotSpoken, http2.Broken, http2.Flood):
        hear(client, GREETING if greeted else b"", HEAD_OK if greeted and headed else b"", garbage)


frames = st.builds(
    lambda kind, payload, flags, stream: frame(kind, payload, flags=flags, stream=stream),
    st.integers(0, 12),
    st.binary(max_size=40),
    st.integers(0, 255),
    st.sampled_from([0, 1, 1, 1, 2, 3, 2**31 - 1]),
)


@given(said=st.lists(frames, max_size=40))
def test_no_frames_of_a_server_are_more_than_a_named_end(said: list[bytes]) -> None:
    client = asking()
    with contextlib.suppress(http2.NotSpoken, http2.Broken, http2.Flood):
        hear(client, GREETING, *said)
    assert len(client.outgoing) < 20_000


# --- floods


@pytest.mark.parametrize(
    ("one", "most", "text"),
    [
        (frame(hostile.PING, bytes(8)), 120, "frames"),
        (frame(hostile.PING, bytes(8), flags=http2.ACK), 120, "frames"),
        (frame(hostile.SETTINGS), http2.MOST_SETTINGS, "frames"),
        (frame(hostile.SETTINGS, flags=http2.ACK), 120, "frames"),
        (frame(hostile.PRIORITY, bytes(5), stream=1), 120, "frames"),
        (frame(hostile.WINDOW_UPDATE, b"\0\0\0\1"), 120, "frames"),
        (frame(hostile.GOAWAY, bytes(8)), 120, "frames"),
        (frame(0x42, b"?"), 120, "frames"),
        (HEAD_OK + frame(DATA, stream=1), 120, "frames"),
        (frame(HEADERS, hostile.STATUS_100, flags=END_HEADERS, stream=1), http2.MOST_INFORMATIONAL + 1, "headers"),
    ],
)
def test_frames_that_bring_nothing_are_counted(one: bytes, most: int, text: str) -> None:
    client = asking()
    first, rest = (HEAD_OK, one.removeprefix(HEAD_OK)) if one.startswith(HEAD_OK) else (b"", one)
    hear(client, GREETING, first)
    passed = 0
    with pytest.raises(http2.Flood, match=text):
        for _time in range(1_000):
            hear(client, rest)
            passed += 1
    assert most - 3 <= passed <= most


def test_each_request_brings_room_of_its_own_so_that_a_long_connection_is_not_punished() -> None:
    """The counts of informational responses and of header bytes are those of one response."""
    client = http2.Client()
    hear(client, GREETING)
    for number in range(1, 161, 2):
        assert client.request(ASKED, ends=True) == number
        early = frame(HEADERS, hostile.field(b":status", b"103"), flags=END_HEADERS, stream=number)
        head = frame(HEADERS, b"\x88" + hostile.field(b"x", b"a" * 15_000), flags=END_HEADERS, stream=number)
        events = hear(client, early * 10, head, frame(DATA, b"x", flags=END_STREAM, stream=number))
        assert [type(event) for event in events] == [http2.Head, http2.Data, http2.Ended]
        client.credit(number, 1)


def test_a_body_may_bring_some_idle_frames_with_it() -> None:
    client = asking()
    hear(client, GREETING, HEAD_OK)
    for _time in range(500):
        for event in hear(client, frame(DATA, b"x" * 16_384, stream=1), frame(hostile.PING, bytes(8))):
            assert isinstance(event, http2.Data)
            client.credit(1, event.size)


def test_a_body_in_dust_is_too_many_chunks() -> None:
    client = asking()
    hear(client, GREETING, HEAD_OK)
    with pytest.raises(http2.Flood, match="chunks"):
        for _time in range(http2.MOST_PARTS + 1):
            for _event in client.receive(frame(DATA, b"x", stream=1)):
                client.credit(1, 1)


def test_what_comes_after_we_let_go_is_borne_as_far_as_it_was_under_way() -> None:
    client = asking()
    hear(client, GREETING, HEAD_OK)
    client.abandon(1)
    most = http2.CONNECTION_WINDOW + http2.STREAM_WINDOW
    borne = 0
    with pytest.raises(http2.Flood, match="bytes"):
        for _time in range(1_000):
            hear(client, frame(DATA, bytes(16_000), stream=1))
            borne += 16_000
    assert most - 16_000 <= borne <= most


def test_a_server_that_heeds_no_window_breaks_the_protocol() -> None:
    client = asking()
    hear(client, GREETING, HEAD_OK)
    with pytest.raises(http2.Broken):
        hear(client, *[frame(DATA, bytes(16_000), stream=1)] * 17)


# --- heads


def test_header_blocks_in_pieces_are_put_together() -> None:
    client = asking()
    first = frame(HEADERS, b"\x88" + hostile.field(b"a", b"1"), stream=1)
    second = frame(hostile.CONTINUATION, hostile.field(b"set-cookie", b"x=1"), stream=1)
    third = frame(hostile.CONTINUATION, hostile.field(b"set-cookie", b" y=2 "), flags=END_HEADERS, stream=1)

    *_changed, head = hear(client, GREETING, first, second, third)

    assert head == http2.Head(
        stream=1, status=200, fields=((b"a", b"1"), (b"set-cookie", b"x=1"), (b"set-cookie", b"y=2"))
    )


@pytest.mark.parametrize(
    "block",
    [
        hostile.field(b"x", b"y"),
        b"\x88\x88",
        hostile.field(b"x", b"y") + b"\x88",
        hostile.field(b":status", b"99"),
        hostile.field(b":status", b"2000"),
        hostile.field(b":status", b"+20"),
        hostile.field(b":status", b"101"),
        b"\x88" + hostile.field(b":path", b"/"),
        b"\x88" + hostile.field(b"", b"x"),
        b"\x88" + hostile.field(b"a b", b"x"),
        b"\x88" + hostile.field(b"Server", b"x"),
        b"\x88" + hostile.field(b"a:", b"x"),
        b"\x88" + hostile.field(b"a", b"x\ny"),
        b"\x88" + hostile.field(b"a", b"x\0"),
        b"\x88" + hostile.field(b"content-length", b"-1"),
        b"\x88" + hostile.field(b"content-length", b"1") + hostile.field(b"content-length", b"2"),
        b"\x88" + hostile.field(b"content-length", b"9" * 30),
    ],
)
def test_a_malformed_head_ends_its_stream_and_no_other(block: bytes) -> None:
    client = asking()
    hear(client, GREETING)
    client.request(ASKED, ends=True)

    events = hear(client, frame(HEADERS, block, flags=END_HEADERS, stream=1), hostile.whole_response(3))

    assert events[0] == http2.Stopped(stream=1, code=None)
    assert events[-1] == http2.Ended(stream=3)


def test_a_bomb_of_kept_fields_is_stopped() -> None:
    with pytest.raises(http2.Flood, match="headers"):
        hear(asking(), GREETING, frame(HEADERS, b"\x88" + hostile.HPACK_BOMB, flags=END_HEADERS, stream=1))


def test_as_much_as_may_be_read_over_http1_may_be_read_here() -> None:
    """64,000 bytes in 200 lines, the limits of the fetcher."""
    lines = [hostile.field(b"x-%03d" % number, b"v" * 315) for number in range(199)]
    parts = [b"\x88" + b"".join(lines[:45]), *(b"".join(lines[at : at + 45]) for at in range(45, 199, 45))]
    *before, last = [(HEADERS if not number else hostile.CONTINUATION, part) for number, part in enumerate(parts)]
    sent = [frame(kind, part, stream=1) for kind, part in before]

    *_changed, head = hear(asking(), GREETING, *sent, frame(last[0], last[1], flags=END_HEADERS, stream=1))

    assert isinstance(head, http2.Head) and len(head.fields) == 199


# --- what we agree to


def test_only_one_request_goes_out_before_the_server_has_spoken() -> None:
    client = asking()

    assert client.most_streams == 1
    hear(client, GREETING)
    assert client.most_streams == http2.MOST_STREAMS
    hear(client, frame(hostile.SETTINGS, hostile.setting(3, 1)))
    assert client.most_streams == 1


def test_a_window_of_nothing_sends_nothing_until_it_opens() -> None:
    client = http2.Client()
    hear(client, frame(hostile.SETTINGS, hostile.setting(4, 0)))
    number = client.request(ASKED, ends=False)

    assert client.may_send(number) == 0
    hear(client, frame(hostile.WINDOW_UPDATE, b"\0\0\0\5", stream=number))
    assert client.may_send(number) == 5
    hear(client, frame(hostile.SETTINGS, hostile.setting(4, 10)))
    assert client.may_send(number) == 15


@pytest.mark.parametrize(
    "said",
    [
        frame(hostile.SETTINGS, hostile.setting(4, 2**31)),
        frame(hostile.SETTINGS, hostile.setting(5, 100)),
        frame(hostile.SETTINGS, b"\0" * 5),
        frame(hostile.SETTINGS, b"\0" * 6, flags=http2.ACK),
        frame(hostile.SETTINGS, stream=1),
        frame(hostile.PING, b"\0"),
        frame(hostile.PING, bytes(8), stream=1),
        frame(hostile.GOAWAY, b"\0"),
        frame(hostile.RST_STREAM, b"\0", stream=1),
        frame(hostile.RST_STREAM, bytes(4), stream=3),
        frame(hostile.RST_STREAM, bytes(4)),
        frame(hostile.WINDOW_UPDATE, bytes(4)),
        frame(hostile.WINDOW_UPDATE, b"\x7f\xff\xff\xff"),
        frame(hostile.CONTINUATION, b"\x88", flags=END_HEADERS, stream=1),
        frame(hostile.PUSH_PROMISE, b"\0\0\0\2\x82", flags=END_HEADERS, stream=1),
        frame(DATA, b"x", stream=3),
        frame(DATA, b"x"),
        frame(DATA, b"", flags=http2.PADDED, stream=1),
        frame(DATA, b"\x05abc", flags=http2.PADDED, stream=1),
        frame(HEADERS, b"\x88", flags=END_HEADERS | http2.PRIORITISED, stream=1),
        frame(HEADERS, b"\xff\xff\xff\xff", flags=END_HEADERS, stream=1),
        frame(HEADERS, b"\x88", stream=1) + frame(hostile.PING, bytes(8)),
        frame(DATA, bytes(16_385), stream=1),
    ],
)
def test_what_breaks_the_protocol_ends_the_connection(said: bytes) -> None:
    with pytest.raises(http2.Broken):
        hear(asking(), GREETING, said)


@pytest.mark.parametrize(
    "said", [b"HTTP/1.1 200 OK\r\n\r\n", frame(hostile.PING, bytes(8)), frame(hostile.SETTINGS, flags=http2.ACK)]
)
def test_what_does_not_begin_with_settings_is_not_http2(said: bytes) -> None:
    with pytest.raises(http2.NotSpoken):
        hear(asking(), said)


def test_one_who_lets_go_says_so() -> None:
    server, client = Server(), asking()
    server.exchange(client)
    client.abandon(1)

    assert any(isinstance(event, StreamReset) for event in server.exchange(client))
    assert not client.is_open(1)


def test_a_head_alone_may_name_the_length_of_the_body_that_it_leaves_out() -> None:
    client = asking(method=b"HEAD")
    block = b"\x88" + hostile.field(b"content-length", b"500")

    *_rest, last = hear(client, GREETING, frame(HEADERS, block, flags=END_HEADERS | END_STREAM, stream=1))

    assert last == http2.Ended(stream=1)


def test_a_server_that_leaves_says_what_it_will_not_answer() -> None:
    events = hear(asking(), GREETING, frame(hostile.GOAWAY, struct.pack("!II", 0, 0)), hostile.whole_response(1))

    assert http2.Leaving(last=0, code=0) in events
    assert events[-1] == http2.Ended(stream=1)  # it may still answer
