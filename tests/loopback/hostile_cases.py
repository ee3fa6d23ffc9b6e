"""The table of hostile hosts: what each does, and what a scan must say of it. None of them may look like our fault."""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509

from scanners.observations import (
    CertificateChain,
    CleartextPage,
    HostDns,
    LoginPage,
    MailDns,
    MailTransport,
    MtaStsPolicy,
    Observation,
    Page,
    Reason,
    Scripts,
    TlsHandshakes,
    Trust,
    WellKnown,
    ZoneDns,
)
from tests.loopback import hostile
from tests.loopback.hostile import HTML, OK, Hostile

# The reason of blindness, or what holds of that which was seen; of several, one: whichever cap was met first.
Verdict = Reason | Callable[[Any], bool] | tuple[Reason | Callable[[Any], bool], ...]

SHARED = "boese.test"
SAN_FLOOD, HUGE_EXTENSION = 2_500, 64_000
OID = x509.ObjectIdentifier("1.3.6.1.4.1.55555.1")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One hostile host and what must be said of it; what is not named may be anything but a crash."""

    name: str
    does: Hostile
    expected: Mapping[type[Observation], Verdict] = field(default_factory=dict)
    stalls: bool = False  # only the deadline ends it

    @property
    def host(self) -> str:
        """A host in a zone of its own where the zone matters; elsewhere it would only cost questions."""
        has_zone = self.does.zone or self.does.name_server
        return f"portal.{self.name}.test" if has_zone else f"{self.name}.{SHARED}"


def page(name: str, body: bytes, verdict: Verdict, *headers: bytes) -> Case:
    """One hostile start page, whole and well-formed HTTP."""
    return Case(
        name=name,
        does=Hostile(https=hostile.pages({b"/": hostile.document(body, *headers)})),
        expected={Page: as_sent(body) if verdict is anything else verdict},
    )


def http(name: str, handler: hostile.Handler, verdict: Verdict, *, stalls: bool = False) -> Case:
    """A hostile HTTP server under good TLS."""
    return Case(name=name, does=Hostile(https=handler), expected={Page: verdict}, stalls=stalls)


def tls(name: str, handler: hostile.Handler, chain: Verdict, handshakes: Verdict, *, stalls: bool = False) -> Case:
    """A hostile TLS server."""
    return Case(
        name=name,
        does=Hostile(tls=handler),
        expected={CertificateChain: chain, TlsHandshakes: handshakes},
        stalls=stalls,
    )


def mail(name: str, handler: hostile.Handler, verdict: Verdict, *, stalls: bool = False) -> Case:
    """A hostile mail server."""
    return Case(
        name=name,
        does=Hostile(smtp=handler, zone={"MX": hostile.answers("MX", f"10 portal.{name}.test.")}),
        expected={MailTransport: verdict},
        stalls=stalls,
    )


def zone(name: str, kind: str, answer: hostile.Answering, *, stalls: bool = False, **expected: Verdict) -> Case:
    """A zone with hostile answers of one type; the keywords name the observation."""
    kinds = {one.__name__: one for one in (HostDns, ZoneDns, MailDns, MailTransport, CertificateChain, Page)}
    return Case(
        name=name,
        does=Hostile(zone={kind: answer}),
        expected={kinds[which]: verdict for which, verdict in expected.items()},
        stalls=stalls,
    )


def is_cut(seen: Any) -> bool:
    """A page that was read as far as the caps allow."""
    return seen.document.cut and len(seen.document.body) <= 8_000_000


CUT_OR_REFUSED: Verdict = (is_cut, Reason.TOO_LARGE)


# Long answers come over TCP; on a machine that is busy with everything else the time for that may be over first.
LARGE: Verdict = (Reason.TOO_LARGE, Reason.TIMEOUT)


def session_blind(reason: Reason) -> Verdict:
    """One mail session that got no further for this reason."""
    return lambda seen: [session.blind for session in seen.sessions] == [reason]


def frame_of_head(*parts: bytes) -> bytes:
    """A response's head of status 200, in a frame for each part."""
    *before, last = (b"\x88" + parts[0], *parts[1:])
    kinds = (hostile.HEADERS, *(hostile.CONTINUATION for _part in parts[1:]))
    frames = [hostile.frame(kind, part, stream=1) for kind, part in zip(kinds[:-1], before, strict=True)]
    return b"".join(frames) + hostile.frame(kinds[-1], last, flags=hostile.END_HEADERS, stream=1)


def speaks(*versions: str) -> Verdict:
    """Of TLS these versions and no other; whatever it shows afterwards."""
    return lambda seen: seen.accepted == versions and not seen.unclear


def untrusted(common_name: str) -> Verdict:
    """One certificate, read as far as its name, that no authority stands behind."""
    return lambda seen: [one.subject for one in seen.chain] == [f"CN={common_name}"] and seen.trust is not Trust.TRUSTED


def offers_nothing(seen: Any) -> bool:
    """What was said before it was asked offers no encryption."""
    return [(one.offers_starttls, one.blind) for one in seen.sessions] == [(False, None)]


def as_sent(body: bytes) -> Verdict:
    """The page as it came, to its last letter."""
    return lambda seen: seen.document.body.encode() == body and not seen.document.cut


def anything(_seen: Any) -> bool:
    """Seen at all."""
    return True


HTTP: tuple[Case, ...] = (
    http("endless-body", hostile.repeats(b"<p>und weiter</p>", first=HTML + b"\r\n"), CUT_OR_REFUSED),
    http("drip-header", hostile.drips(b"X-A: b\r\n", first=OK), Reason.DEADLINE, stalls=True),
    http("drip-body", hostile.drips(b".", first=HTML + b"Content-Length: 99999\r\n\r\n"), Reason.TIMEOUT, stalls=True),
    http("silent", hostile.stays_silent, Reason.DEADLINE, stalls=True),
    http("header-count", hostile.says(OK, b"X: 1\r\n" * 5_000, b"\r\n"), Reason.TOO_LARGE),
    http("header-size", hostile.repeats(b"a", first=OK + b"X: "), Reason.TOO_LARGE),
    http("header-lines-without-end", hostile.repeats(b"X-A: und weiter\r\n", first=OK), Reason.TOO_LARGE),
    http("gzip-bomb", hostile.says(hostile.bomb(b"gzip", hostile.packed(200_000_000))), CUT_OR_REFUSED),
    http("deflate-bomb", hostile.says(hostile.bomb(b"deflate", hostile.packed(200_000_000, wbits=15))), CUT_OR_REFUSED),
    http("nested-gzip", hostile.says(hostile.bomb(b"gzip, gzip", hostile.packed(200_000_000, times=2))), is_cut),
    http("br-bomb", hostile.says(hostile.bomb(b"br", b"\x5b\xff\xff\x7f" * 1_000)), is_cut),
    http(
        "emoji-bomb",
        hostile.says(hostile.bomb(b"gzip", hostile.packed(16_000_000, text="😀".encode()))),
        CUT_OR_REFUSED,
    ),
    http("informational-flood", hostile.repeats(b"HTTP/1.1 100 Continue\r\n\r\n"), Reason.TOO_LARGE),
    http("switching", hostile.says(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"), Reason.GARBLED),
    http("chunk-negative", hostile.says(HTML, b"Transfer-Encoding: chunked\r\n\r\n-5\r\nhallo\r\n"), Reason.GARBLED),
    http("chunk-huge", hostile.says(HTML, b"Transfer-Encoding: chunked\r\n\r\n" + b"F" * 30 + b"\r\n"), Reason.GARBLED),
    http("chunk-no-end", hostile.says(HTML, b"Transfer-Encoding: chunked\r\n\r\n5\r\nhallo\r\n"), Reason.GARBLED),
    http(
        "chunk-dust",
        hostile.repeats(b"1\r\nx\r\n", first=HTML + b"Transfer-Encoding: chunked\r\n\r\n"),
        (Reason.TOO_LARGE, Reason.TIMEOUT),
    ),
    http("two-lengths", hostile.says(OK, b"Content-Length: 5\r\nContent-Length: 9\r\n\r\nhallowelt"), Reason.GARBLED),
    http("short-body", hostile.says(OK, b"Content-Length: 100\r\n\r\nkurz"), Reason.GARBLED),
    http("no-http", hostile.says(b"\x16\x03\x01 this is not the protocol\r\n\r\n"), Reason.GARBLED),
    http("redirect-loop", hostile.redirects(b"/"), lambda seen: len(seen.hops) <= 6 and seen.document.status == 302),
    http("redirect-chain", hostile.redirects(b"/%d"), lambda seen: len(seen.hops) <= 6),
    http(
        "redirect-off-host",
        hostile.redirects(b"https://anderswo.test/"),
        lambda seen: seen.left_host_to == "anderswo.test",
    ),
    http("redirect-to-file", hostile.redirects(b"file:///etc/passwd"), lambda seen: len(seen.hops) == 1),
    http("redirect-inside", hostile.redirects(b"http://169.254.169.254/latest/"), lambda seen: len(seen.hops) == 1),
    http(
        "redirect-garbage", hostile.redirects(b"http://[::1/\xff\x01" + b"a" * 50_000), lambda seen: len(seen.hops) == 1
    ),
    Case(
        name="cleartext-flood",
        does=Hostile(http=hostile.repeats(b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n"), https=hostile.pages({})),
        expected={CleartextPage: Reason.TOO_LARGE},
    ),
)

FALLEN_BACK: Mapping[bytes, bytes] = {b"/": hostile.document(b"<p>hallo</p>")}


def http2(
    name: str, handler: hostile.Handler, verdict: Verdict, *, https: hostile.Handler | None = None, stalls: bool = False
) -> Case:
    """A hostile HTTP/2 server under good TLS; over HTTP/1.1 it has nothing to say, or what is named."""
    return Case(name=f"h2-{name}", does=Hostile(http2=handler, https=https), expected={Page: verdict}, stalls=stalls)


def fell_back(seen: Any) -> bool:
    """The page came over HTTP/1.1 after all."""
    return (seen.document.status, seen.document.http_version) == (200, "HTTP/1.1")


def is_whole(seen: Any) -> bool:
    """The page came over HTTP/2."""
    return (seen.document.body, seen.document.http_version) == ("<p>hallo</p>", "HTTP/2")


HTTP2: tuple[Case, ...] = (
    # What is not HTTP/2, though HTTP/2 was agreed on.
    http2("speaks-http1", hostile.says(hostile.document(b"x")), fell_back, https=hostile.pages(FALLEN_BACK)),
    http2("hangs-up", hostile.says(), fell_back, https=hostile.pages(FALLEN_BACK)),
    http2("garbage", hostile.says(b"\xff\x00" * 5_000), Reason.GARBLED, https=hostile.says(b"\xff\x00" * 5_000)),
    http2(
        "wants-http1",
        hostile.says_in_frames(hostile.frame(hostile.RST_STREAM, b"\0\0\0\x0d", stream=1)),
        fell_back,
        https=hostile.pages(FALLEN_BACK),
    ),
    http2("silent", hostile.stays_silent, Reason.DEADLINE, stalls=True),
    # Heads.
    http2("hpack-bomb", hostile.says_in_frames(frame_of_head(hostile.HPACK_BOMB)), Reason.TOO_LARGE),
    http2("header-count", hostile.says_in_frames(frame_of_head(hostile.field(b"x", b"1") * 3_000)), Reason.TOO_LARGE),
    http2(
        "header-size",
        hostile.says_in_frames(frame_of_head(*(hostile.field(b"x", b"a" * 16_000) for _part in range(6)))),
        Reason.TOO_LARGE,
    ),
    http2(
        "empty-continuations",
        hostile.repeats_frames(
            hostile.frame(hostile.CONTINUATION, stream=1), first=hostile.frame(hostile.HEADERS, b"\x88", stream=1)
        ),
        Reason.TOO_LARGE,
    ),
    http2(
        "endless-head",
        hostile.repeats_frames(
            hostile.frame(hostile.CONTINUATION, b"\x88" * 16_000, stream=1),
            first=hostile.frame(hostile.HEADERS, b"\x88", stream=1),
        ),
        Reason.TOO_LARGE,
    ),
    http2(
        "informational-flood",
        hostile.repeats_frames(hostile.frame(hostile.HEADERS, hostile.STATUS_100, flags=hostile.END_HEADERS, stream=1)),
        Reason.TOO_LARGE,
    ),
    http2("no-table", hostile.says_in_frames(frame_of_head(b"\xff\xff\xff\xff\xff\x7f")), Reason.GARBLED),
    http2("capitals", hostile.says_in_frames(frame_of_head(hostile.field(b"Server", b"x"))), Reason.GARBLED),
    http2("split-head", hostile.says_in_frames(frame_of_head(hostile.field(b"x", b"a\r\nb: c"))), Reason.GARBLED),
    http2(
        "no-status",
        hostile.says_in_frames(
            hostile.frame(hostile.HEADERS, hostile.field(b"x", b"y"), flags=hostile.END_HEADERS, stream=1)
        ),
        Reason.GARBLED,
    ),
    http2(
        "drip-head",
        hostile.drips_frames(frame_of_head(hostile.field(b"x", b"y" * 200))),
        Reason.DEADLINE,
        stalls=True,
    ),
    # Frames that bring nothing.
    http2("ping-flood", hostile.repeats_frames(hostile.frame(hostile.PING, bytes(8))), Reason.TOO_LARGE),
    http2("settings-flood", hostile.repeats_frames(hostile.frame(hostile.SETTINGS)), Reason.TOO_LARGE),
    http2(
        "settings-bomb",
        hostile.repeats_frames(hostile.frame(hostile.SETTINGS, hostile.setting(1, 0) * 2_000)),
        Reason.TOO_LARGE,
    ),
    http2(
        "priority-flood",
        hostile.repeats_frames(hostile.frame(hostile.PRIORITY, bytes(5), stream=1)),
        Reason.TOO_LARGE,
    ),
    http2(
        "window-flood",
        hostile.repeats_frames(hostile.frame(hostile.WINDOW_UPDATE, b"\0\0\0\1", stream=1)),
        Reason.TOO_LARGE,
    ),
    http2(
        "empty-data",
        hostile.repeats_frames(hostile.frame(hostile.DATA, stream=1), first=hostile.HEAD_OK),
        Reason.TOO_LARGE,
    ),
    http2("unknown-flood", hostile.repeats_frames(hostile.frame(0xBA, b"?" * 50)), Reason.TOO_LARGE),
    http2(
        "reset-flood",
        hostile.repeats_frames(hostile.frame(hostile.RST_STREAM, b"\0\0\0\2", stream=1)),
        Reason.RESET,
    ),
    # Bodies.
    http2(
        "endless-body",
        hostile.repeats_frames(
            hostile.frame(hostile.DATA, b"<p>und weiter</p>" * 500, stream=1), first=hostile.HEAD_OK
        ),
        (Reason.GARBLED, is_cut),  # it heeds no window
    ),
    http2("obedient-endless-body", hostile.endless_within_windows, CUT_OR_REFUSED),
    http2(
        "data-dust",
        hostile.repeats_frames(hostile.frame(hostile.DATA, b"x", stream=1), first=hostile.HEAD_OK),
        (Reason.TOO_LARGE, Reason.TIMEOUT),
    ),
    http2(
        "padding",
        hostile.repeats_frames(
            hostile.frame(hostile.DATA, b"\xff" + bytes(255), flags=8, stream=1), first=hostile.HEAD_OK
        ),
        Reason.TOO_LARGE,
    ),
    http2(
        "gzip-bomb",
        hostile.says_in_frames(
            frame_of_head(hostile.field(b"content-encoding", b"gzip")),
            *(
                hostile.frame(hostile.DATA, hostile.packed(200_000_000)[at : at + 16_000], stream=1)
                for at in range(0, 192_000, 16_000)
            ),
            hostile.frame(hostile.DATA, flags=hostile.END_STREAM, stream=1),
        ),
        CUT_OR_REFUSED,
    ),
    http2(
        "short-body",
        hostile.says_in_frames(
            frame_of_head(hostile.field(b"content-length", b"100")),
            hostile.frame(hostile.DATA, b"kurz", flags=hostile.END_STREAM, stream=1),
        ),
        Reason.GARBLED,
    ),
    http2(
        "long-body",
        hostile.says_in_frames(
            frame_of_head(hostile.field(b"content-length", b"1")), hostile.frame(hostile.DATA, b"lang", stream=1)
        ),
        Reason.GARBLED,
    ),
    http2(
        "body-before-head",
        hostile.says_in_frames(hostile.frame(hostile.DATA, b"x", stream=1)),
        Reason.GARBLED,
    ),
    http2(
        "drip-body",
        hostile.drips_frames(hostile.frame(hostile.DATA, b".", stream=1), first=hostile.HEAD_OK),
        (Reason.TIMEOUT, Reason.DEADLINE),
        stalls=True,
    ),
    http2(
        "stalled-body",
        hostile.says_in_frames(
            hostile.HEAD_OK, hostile.frame(hostile.DATA, b"x" * 5_000, stream=1), then=hostile.stays_silent
        ),
        Reason.DEADLINE,
        stalls=True,
    ),
    # Ends.
    http2(
        "reset",
        hostile.says_in_frames(hostile.HEAD_OK, hostile.frame(hostile.RST_STREAM, b"\0\0\0\2", stream=1)),
        Reason.RESET,
    ),
    http2(
        "refuses-all",
        hostile.every_request(lambda stream: hostile.frame(hostile.RST_STREAM, b"\0\0\0\7", stream=stream)),
        Reason.RESET,
    ),
    http2("leaves-at-once", hostile.says_in_frames(hostile.frame(hostile.GOAWAY, bytes(8))), Reason.RESET),
    http2(
        "leaves-mid-way",
        hostile.says_in_frames(
            hostile.HEAD_OK,
            hostile.frame(hostile.DATA, b"halb", stream=1),
            hostile.frame(hostile.GOAWAY, b"\0\0\0\1" + bytes(4)),
            then=hostile.hangs_up,
        ),
        Reason.RESET,
    ),
    http2(
        "leaves-politely",
        hostile.says_in_frames(hostile.frame(hostile.GOAWAY, b"\0\0\0\1" + bytes(4)), hostile.whole_response(1)),
        is_whole,
    ),
    http2(
        "leaves-for-http1",
        hostile.says_in_frames(hostile.frame(hostile.GOAWAY, bytes(4) + b"\0\0\0\x0c")),
        fell_back,
        https=hostile.pages(FALLEN_BACK),
    ),
    # Against the protocol.
    http2(
        "push",
        hostile.says_in_frames(
            hostile.frame(hostile.PUSH_PROMISE, b"\0\0\0\2\x82", flags=hostile.END_HEADERS, stream=1)
        ),
        Reason.GARBLED,
    ),
    http2(
        "huge-frame", hostile.says_in_frames(hostile.frame(hostile.DATA, stream=1, length=2**24 - 1)), Reason.GARBLED
    ),
    http2("stream-of-its-own", hostile.says_in_frames(hostile.whole_response(2)), Reason.GARBLED),
    http2(
        "window-overflow",
        hostile.says_in_frames(hostile.frame(hostile.WINDOW_UPDATE, b"\x7f\xff\xff\xff")),
        Reason.GARBLED,
    ),
    http2(
        "broken-head",
        hostile.says_in_frames(
            hostile.frame(hostile.HEADERS, b"\x88", stream=1), hostile.frame(hostile.PING, bytes(8))
        ),
        Reason.GARBLED,
    ),
    http2(
        "one-at-a-time",
        hostile.every_request(hostile.whole_response, greeting=hostile.frame(hostile.SETTINGS, hostile.setting(3, 1))),
        is_whole,
    ),
    http2(
        "no-more-requests",
        hostile.every_request(hostile.whole_response, greeting=hostile.frame(hostile.SETTINGS, hostile.setting(3, 0))),
        (is_whole, Reason.DEADLINE),  # whoever was first got a page
        stalls=True,
    ),
)

TLS: tuple[Case, ...] = (
    tls("alert-flood", hostile.repeats(hostile.record(21, b"\1\x70")), Reason.GARBLED, speaks()),
    tls("empty-records", hostile.repeats(hostile.record(22, b"")), Reason.GARBLED, Reason.GARBLED),
    tls("handshake-dust", hostile.byte_by_byte(hostile.SERVER_HELLO + hostile.DONE), Reason.GARBLED, speaks("TLSv1.2")),
    tls(
        "slow-handshake",
        hostile.byte_by_byte(hostile.SERVER_HELLO, pause=hostile.LATER),
        Reason.DEADLINE,
        Reason.DEADLINE,
        stalls=True,
    ),
    tls(
        "wrong-length",
        hostile.first_hello(struct.pack("!BHH", 22, 0x0303, 65_535) + bytes(70_000)),
        Reason.GARBLED,
        Reason.GARBLED,
    ),
    tls("never-finishes", hostile.stays_silent, Reason.DEADLINE, Reason.DEADLINE, stalls=True),
    tls("hello-flood", hostile.repeats(hostile.records(hostile.SERVER_HELLO)), Reason.GARBLED, Reason.GARBLED),
    tls("request-flood", hostile.repeats(hostile.record(22, hostile.message(0, b""))), Reason.GARBLED, Reason.GARBLED),
    tls(
        "huge-message",
        hostile.first_hello(hostile.records(hostile.SERVER_HELLO + b"\x0b\xff\xff\xff" + bytes(200_000))),
        Reason.GARBLED,
        Reason.GARBLED,
    ),
    tls(
        "endless-flight",
        hostile.repeats(hostile.record(22, b"\x0b\x02\0\0" + bytes(16_000))),
        Reason.GARBLED,
        Reason.GARBLED,
    ),
    tls("not-der", hostile.shows(b"\x30\x82\xff\xff" + bytes(5_000)), Reason.GARBLED, speaks("TLSv1.2")),
    tls("deep-der", hostile.shows(b"\x30\x80" * 20_000), Reason.GARBLED, speaks("TLSv1.2")),
    tls("empty-certificate", hostile.shows(b""), Reason.GARBLED, speaks("TLSv1.2")),
    tls(
        "nul-in-names",
        hostile.shows(hostile.with_nul("nul-in-names.boese.test")),
        untrusted("\\00\\00\\00-in-names.boese.test"),
        speaks("TLSv1.2"),
    ),
    tls(
        "many-names",
        hostile.shows(hostile.der("many-names.boese.test", names=SAN_FLOOD)),
        untrusted("many-names.boese.test"),
        speaks("TLSv1.2"),
    ),
    tls(
        "huge-extension",
        hostile.shows(hostile.der("huge-extension.boese.test", x509.UnrecognizedExtension(OID, bytes(HUGE_EXTENSION)))),
        untrusted("huge-extension.boese.test"),
        speaks("TLSv1.2"),
    ),
    tls(
        "revocation-bomb",
        hostile.shows(hostile.der("revocation-bomb.boese.test", hostile.revocation_bomb(9_500))),
        untrusted("revocation-bomb.boese.test"),
        speaks("TLSv1.2"),
    ),
    tls("long-chain", hostile.shows(*[hostile.der("long-chain.boese.test")] * 60), Reason.GARBLED, Reason.GARBLED),
)

DNS: tuple[Case, ...] = (
    zone("alias-loop", "A", hostile.alias_loop, HostDns=Reason.DNS_FAILURE, Page=Reason.DNS_FAILURE),
    zone("alias-chain", "*", hostile.next_alias, HostDns=Reason.DNS_FAILURE),
    zone(
        "big-text",
        "TXT",
        hostile.answers("TXT", *(" ".join(['"' + "x" * 255 + '"'] * 64) for _one in range(3))),
        MailDns=LARGE,
    ),
    zone("dead-tcp", "*", hostile.raw(hostile.truncated), HostDns=Reason.TIMEOUT, Page=Reason.TIMEOUT),
    zone("no-answer", "*", hostile.silence, HostDns=Reason.TIMEOUT),
    zone("wrong-ids", "*", hostile.raw(hostile.wrong_ids), HostDns=Reason.TIMEOUT),
    zone("pointer-loop", "*", hostile.raw(hostile.pointer_loop), HostDns=Reason.TIMEOUT),
    zone("pointer-chain", "*", hostile.raw(hostile.pointer_chain), HostDns=(Reason.GARBLED, Reason.TIMEOUT)),
    zone("garbage", "*", hostile.raw(lambda question, _udp: (question[:2] + b"\xff" * 500,)), HostDns=Reason.TIMEOUT),
    zone("spf-tree", "TXT", hostile.builds(hostile.endless_tree, "TXT"), MailDns=anything),
    zone("spf-voids", "TXT", hostile.builds(hostile.voids, "TXT"), MailDns=anything),
    zone("spf-broken", "TXT", hostile.builds(hostile.broken_terms, "TXT"), MailDns=anything),
    zone("dmarc-bait", "TXT", hostile.builds(hostile.report_bait, "TXT"), MailDns=anything),
    zone(
        "nsec3-oddity",
        "NSEC3PARAM",
        hostile.answers("NSEC3PARAM", "1 255 65535 " + "ab" * 255),
        ZoneDns=lambda seen: seen.nsec3_iterations == 65_535,
    ),
    zone(
        "many-addresses",
        "A",
        hostile.answers("A", *(f"127.91.{n // 250}.{n % 250 + 1}" for n in range(2_500))),
        HostDns=LARGE,
        Page=LARGE,
    ),
    zone(
        "many-exchangers",
        "MX",
        hostile.answers("MX", *(f"{n} m{n}.test." for n in range(1_500))),
        MailDns=LARGE,
        MailTransport=LARGE,
    ),
    zone("many-servers", "NS", hostile.answers("NS", *(f"n{n}.test." for n in range(1_500))), ZoneDns=LARGE),
    zone(
        "caa-bomb",
        "CAA",
        hostile.answers("CAA", *(f'0 issue "ca{n}.test; {"a=b; " * 20}"' for n in range(400))),
        HostDns=(Reason.TOO_LARGE, Reason.DNS_FAILURE),
    ),
    Case(
        name="pointers-of-its-own",
        does=Hostile(zone={"X": hostile.silence}, name_server=hostile.raw(hostile.pointer_chain)),
        expected={ZoneDns: lambda seen: not seen.name_servers[0].authoritative},
    ),
    Case(
        name="endless-server",
        does=Hostile(zone={"X": hostile.silence}, name_server=hostile.raw(hostile.wrong_ids)),
        expected={ZoneDns: lambda seen: not seen.name_servers[0].authoritative},
    ),
)

MAIL: tuple[Case, ...] = (
    mail("endless-banner", hostile.greets(b"x"), session_blind(Reason.GARBLED)),
    mail("endless-lines", hostile.greets(b"220-und weiter\r\n"), session_blind(Reason.TOO_LARGE)),
    mail("slow-banner", hostile.greets_slowly(b"220-x\r\n"), Reason.DEADLINE, stalls=True),
    mail("binary-banner", hostile.greets(b"\0\xff\r\n"), session_blind(Reason.TOO_LARGE)),
    mail("always-421", hostile.mail_server(b"421 4.7.0 zu viele\r\n"), session_blind(Reason.THROTTLED)),
    mail(
        "injected-reply",
        hostile.mail_server(
            b"220 mx\r\n", b"250-mx\r\n250 STARTTLS\r\n", b"220 los\r\n250 injected\r\n250 STARTTLS\r\n"
        ),
        session_blind(Reason.GARBLED),
    ),
    mail(
        "starttls-and-garbage",
        hostile.mail_server(b"220 mx\r\n", b"250-mx\r\n250 STARTTLS\r\n", b"220 los\r\n", b"\0" * 5_000),
        session_blind(Reason.GARBLED),
    ),
    mail("too-early", hostile.mail_server(b"220 mx\r\n250-mx\r\n250 STARTTLS\r\n", b"250 mx\r\n"), offers_nothing),
)

CONTENT: tuple[Case, ...] = (
    page("comment-bait", b"<!--<b>" * 60_000, anything),
    page("quote-bait", b'<a c="<b>"' * 45_000 + b"'", anything),
    page("nested-tags", b"<div>" * 100_000, anything),
    page("script-list", b"".join(b'<script src="/s%d.js"></script>' % n for n in range(10_000)), anything),
    page("link-list", b"".join(b'<a href="/login?n=%d">Login</a>' % n for n in range(12_000)), anything),
    page("form-list", b"<form action=/x><input type=password></form>" * 10_000, anything),
    page(
        "cookie-flood",
        b"x",
        lambda seen: len(seen.document.values("set-cookie")) == 190,
        *(b"Set-Cookie: c%d=%s" % (n, b"v" * 280) for n in range(190)),
    ),
    page("policy-bait", b"x", anything, b"Content-Security-Policy: " + b"default-src 'self';" * 3_000),
    page("secret-bait", b"-----BEGIN RSA PRIVATE KEY-----AKIA" * 12_000, anything),
    page("trace-bait", b"Exception in at x(y:1)\n" * 20_000, anything),
    Case(name="script-bomb", does=Hostile(https=hostile.pages(hostile.SCRIPT_BOMB)), expected={Scripts: anything}),
    Case(name="login-bomb", does=Hostile(https=hostile.pages(hostile.LOGIN_BOMB)), expected={LoginPage: anything}),
    Case(
        name="huge-documents",
        does=Hostile(
            https=hostile.pages(
                {
                    b"/": hostile.document(b"x"),
                    b"/.well-known/security.txt": hostile.document(b"Contact: mailto:a@b.test\n" * 200_000),
                    b"/robots.txt": hostile.document(b"Disallow: /a\n" * 300_000),
                    b"/.well-known/openid-configuration": hostile.document(b'{"a":' * 300_000),
                    b"/metadata": hostile.bomb(b"gzip", hostile.packed(200_000_000, text=b'{"resourceType":"x"},')),
                }
            )
        ),
        expected={WellKnown: lambda seen: all(len(one.body) <= 8_000_000 for one in seen.documents.values())},
    ),
    Case(
        name="endless-policy",
        does=Hostile(
            https=hostile.repeats(b"mx: *.test\r\n", first=OK + b"Content-Type: text/plain\r\n\r\n"),
            zone={"TXT": hostile.builds(lambda name: ('"v=STSv1; id=1"',) if "_mta-sts" in name else (), "TXT")},
        ),
        expected={MtaStsPolicy: lambda seen: len(seen.body) <= 65_536},
    ),
)

GROUPS: Mapping[str, tuple[Case, ...]] = {
    "stalling": tuple(one for group in (HTTP, HTTP2, TLS, DNS, MAIL, CONTENT) for one in group if one.stalls),
    "http": tuple(one for one in HTTP if not one.stalls),
    "http2": tuple(one for one in HTTP2 if not one.stalls),
    "tls": tuple(one for one in TLS if not one.stalls),
    "dns": tuple(one for one in DNS if not one.stalls),
    "mail": tuple(one for one in MAIL if not one.stalls),
    "content": tuple(one for one in CONTENT if not one.stalls),
}
CASES = tuple(one for group in GROUPS.values() for one in group)
