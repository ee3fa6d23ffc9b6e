"""What a service answers to a hello: told from every other, and never an exception."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.data import ports
from scanners.parsing import greetings
from scanners.parsing.greetings import GREETINGS, Heard

SERVICES = sorted({*ports.HOST_PORTS.values(), *ports.MAIL_PORTS.values()})
HTTP = b"HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n%s"


def http(body: bytes, *, status: bytes = b"200 OK", headers: bytes = b"") -> bytes:
    return HTTP % (status, len(body), headers, body)


@pytest.mark.parametrize("service", SERVICES)
def test_every_port_of_the_list_has_a_greeting_and_a_name(service: str) -> None:
    assert service in GREETINGS
    assert service in ports.NAMES


def test_the_closed_list_is_never_longer_than_promised() -> None:
    for mail_server in (False, True):
        assert len(ports.asked_of(mail_server=mail_server)) + len(ports.CONTROLS) <= ports.MOST_PORTS
    assert not {*ports.CONTROLS} & {*ports.HOST_PORTS, *ports.MAIL_PORTS}


@given(st.sampled_from(SERVICES), st.binary(max_size=400))
def test_no_bytes_raise(service: str, raw: bytes) -> None:
    greeting = GREETINGS[service]
    heard = greeting.read(raw)
    assert heard is None or heard.service
    if greeting.read_answer is not None:
        greeting.read_answer(raw, Heard(service=service))


@given(
    st.sampled_from(SERVICES),
    st.binary(max_size=300),
    st.sampled_from([b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-x\r\n"]),
)
def test_a_web_or_ssh_server_is_no_database_and_no_archive(service: str, rest: bytes, start: bytes) -> None:
    if service in {"ssh", "http", "telnet", "elasticsearch"}:
        return
    assert GREETINGS[service].read(start + rest) is None


@pytest.mark.parametrize(
    ("service", "raw", "detail"),
    [
        ("redis", b"+PONG\r\n", "open"),
        ("redis", b"-NOAUTH Authentication required.\r\n", "protected"),
        ("redis", b"-DENIED Redis is running in protected mode\r\n", "protected"),
        ("mysql", b"\x0e\0\0\0\xff\x69\x04Host denied", "protected"),
        ("postgresql", b"S", "tls"),
        ("postgresql", b"E\0\0\0\x20SFATAL\0", "protected"),
        ("elasticsearch", http(b'{"cluster_name":"x"}'), "open"),
        (
            "elasticsearch",
            http(b"", status=b"401 Unauthorized", headers=b'WWW-Authenticate: Basic realm="security"\r\n'),
            "protected",
        ),
        ("elasticsearch", http(b"{}", headers=b"X-elastic-product: Elasticsearch\r\n"), "open"),
        ("rdp", bytes.fromhex("0300000b06d00000123400"), ""),
        ("rdp", bytes.fromhex("030000130ed000001234000200080001000000"), "TLS"),
        ("smb", b"\0\0\0\x20\xffSMB" + bytes(40), "SMB 1"),
        ("dicom", bytes.fromhex("07000000000400000000"), "rejected"),
        ("mqtt", b"\x20\x02\x00\x01", ""),
        ("telnet", b"\r\nRouter login: ", ""),
    ],
)
def test_answers_are_read(service: str, raw: bytes, detail: str) -> None:
    assert GREETINGS[service].read(raw) == Heard(service=service, detail=detail)


@pytest.mark.parametrize(
    ("service", "raw"),
    [
        ("ssh", b"SSH-2.0"),  # not yet a whole line
        ("ftp", b"220-Welcome\r\n"),
        ("ftp", b"220 mail ESMTP smtpd\r\n"),
        ("vnc", b"RFB 003"),
        ("mysql", b"\xff\xff\xff\0\x0a"),
        ("postgresql", b"SSH"),
        ("mongodb", bytes(16)),
        ("dicom", b"\2\0\0\0\0\4"),
        ("mssql", b"\4\1" + bytes(20)),
        ("elasticsearch", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"),
        ("mllp", b"\x0bMSH|"),
    ],
)
def test_what_is_not_whole_or_not_it_is_nothing(service: str, raw: bytes) -> None:
    assert GREETINGS[service].read(raw) is None


def test_another_web_server_on_the_port_of_a_database_is_a_web_server() -> None:
    heard = GREETINGS["elasticsearch"].read(http(b"<html>", status=b"403 Forbidden"))

    assert heard is not None
    assert heard.service == "http"


@given(st.binary(max_size=300))
def test_what_is_shown_is_one_printable_line(raw: bytes) -> None:
    shown = greetings.printable(raw)

    assert shown.isprintable() or not shown
    assert len(shown) <= greetings.LONGEST_DETAIL
