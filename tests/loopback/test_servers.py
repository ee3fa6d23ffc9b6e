import asyncio
import datetime as dt
import socket
import ssl
import threading
import warnings

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from portal.demonstration.plans import (
    Behaviour,
    CertificateKind,
    Cleartext,
    Exchanger,
    KeyKind,
    Plan,
    Quirk,
    Reply,
    Site,
    Tls,
    Zone,
)
from portal.demonstration.servers import Running, Servers

pytestmark = pytest.mark.loopback

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
PLAN = Plan(
    zones=(
        Zone(
            name="klinik.test",
            records="""
www    CNAME portal
gone   CNAME nowhere.fremd.test.
away   CNAME www.fremd.test.
loop1  CNAME loop2
loop2  CNAME loop1
*.wild A 127.80.0.99
deep.empty TXT "x"
big    TXT "%s" "%s" "%s" "%s" "%s" "%s"
@      CAA 0 issue "ca.test"
"""
            % (("x" * 250,) * 6),
            stale=("ns2",),
        ),
        Zone(name="fremd.test", records="www A 127.80.1.1", signed=True, dead=("ns2",)),
        Zone(name="lahm.test", lame=("ns1",)),
    ),
    sites=(
        Site(
            host="portal.klinik.test",
            aliases=("app.klinik.test",),
            pages={"/": Reply(body="<h1>Größe</h1>"), "/x?y=1": Reply(body="query", chunked=True)},
            headers=(("x-site", "1"), ("set-cookie", "a=1"), ("set-cookie", "b=2")),
        ),
        Site(host="old.klinik.test", tls=Tls(lowest=ssl.TLSVersion.MINIMUM_SUPPORTED), cleartext=Cleartext.SERVES),
        Site(host="expired.klinik.test", tls=Tls(certificate=CertificateKind.EXPIRED)),
        Site(host="self.klinik.test", tls=Tls(certificate=CertificateKind.SELF_SIGNED)),
        Site(host="wrong.klinik.test", tls=Tls(certificate=CertificateKind.WRONG_NAME)),
        Site(host="half.klinik.test", tls=Tls(certificate=CertificateKind.INCOMPLETE)),
        Site(host="weak.klinik.test", tls=Tls(certificate=CertificateKind.WEAK_KEY)),
        Site(host="rsa.klinik.test", tls=Tls(key=KeyKind.RSA_2048), cleartext=Cleartext.CLOSED),
        Site(host="plain.klinik.test", tls=None, cleartext=Cleartext.SERVES),
        Site(host="silent.klinik.test", behaviour=Behaviour.SILENT),
        Site(host="resets.klinik.test", behaviour=Behaviour.RESETS),
    ),
    exchangers=(
        Exchanger(host="mx.klinik.test"),
        Exchanger(host="mx-plain.klinik.test", tls=None),
        Exchanger(host="mx-busy.klinik.test", greeting="421 4.7.0 Try again later"),
    ),
    quirks={
        "silent-dns.klinik.test": Quirk.SILENT,
        "broken.klinik.test": Quirk.SERVFAIL,
        "klinik.test/CAA": Quirk.BOGUS,
        "www.fremd.test": Quirk.AUTHENTICATED,
        "tcp.klinik.test": Quirk.TRUNCATED,
    },
    rotations={"turning.klinik.test": ("127.80.0.1", "127.80.0.2")},
)


@pytest.fixture(scope="module")
def running():
    with Servers(PLAN, at=NOW) as servers:
        yield servers


async def ask(running: Running, name: str, kind: str = "A", *, server: str = "", flags: str = "", tcp: bool = False):
    query = dns.message.make_query(name, kind, want_dnssec="do" in flags, payload=1232)
    if "cd" in flags:
        query.flags |= dns.flags.CD
    send = dns.asyncquery.tcp if tcp else dns.asyncquery.udp
    return await send(query, server or running.resolver[0], port=running.resolver_port, timeout=2)


def resolve(running: Running, name: str, kind: str = "A", **options):
    return asyncio.run(ask(running, name, kind, **options))


def texts(response) -> list[str]:
    return [item.to_text() for rrset in response.answer for item in rrset]


def connect(running: Running, host: str, *, context: ssl.SSLContext | None = None) -> ssl.SSLSocket:
    if context is None:
        context = ssl.create_default_context(cadata=running.trust_roots_pem)
    plain = socket.create_connection((running.addresses[host], running.port_map[443]), timeout=30)
    return context.wrap_socket(plain, server_hostname=host)


def fetch(running: Running, host: str, target: str = "/", *, port: int = 443) -> tuple[str, str]:
    if port == 443:
        link: socket.socket = connect(running, host)
    else:
        link = socket.create_connection((running.addresses[host], running.port_map[80]), timeout=30)
    with link:
        link.sendall(f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while part := link.recv(65536):
            answer += part
    head, _gap, body = answer.decode().partition("\r\n\r\n")
    return head, body


def test_a_site_is_found_under_its_name_and_its_alias(running):
    address = running.addresses["portal.klinik.test"]

    assert texts(resolve(running, "portal.klinik.test")) == [address]
    assert texts(resolve(running, "app.klinik.test")) == [address]
    assert texts(resolve(running, "www.klinik.test")) == ["portal.klinik.test.", address]


def test_a_missing_name_and_a_missing_type_differ(running):
    missing = resolve(running, "nothing.klinik.test")
    empty = resolve(running, "portal.klinik.test", "AAAA")
    between = resolve(running, "empty.klinik.test")

    assert missing.rcode() == dns.rcode.NXDOMAIN
    assert empty.rcode() == between.rcode() == dns.rcode.NOERROR
    assert not empty.answer and not between.answer
    assert empty.authority[0].rdtype == dns.rdatatype.SOA


def test_a_name_outside_every_zone_does_not_exist_for_the_resolver(running):
    assert resolve(running, "example.invalid").rcode() == dns.rcode.NXDOMAIN


def test_an_alias_to_a_missing_name_keeps_its_chain(running):
    response = resolve(running, "gone.klinik.test")

    assert response.rcode() == dns.rcode.NXDOMAIN
    assert texts(response) == ["nowhere.fremd.test."]


def test_an_alias_is_followed_into_another_zone_by_the_resolver_only(running):
    server = running.addresses["ns1.klinik.test"]

    assert texts(resolve(running, "away.klinik.test")) == ["www.fremd.test.", "127.80.1.1"]
    assert texts(resolve(running, "away.klinik.test", server=server)) == ["www.fremd.test."]


def test_a_loop_of_aliases_is_a_failure(running):
    assert resolve(running, "loop1.klinik.test").rcode() == dns.rcode.SERVFAIL


def test_a_wildcard_answers_below_itself_only(running):
    assert texts(resolve(running, "a.b.wild.klinik.test")) == ["127.80.0.99"]
    assert resolve(running, "wild.klinik.test").answer == []
    assert resolve(running, "other.klinik.test").rcode() == dns.rcode.NXDOMAIN


def test_an_answer_too_large_for_udp_comes_over_tcp(running):
    assert resolve(running, "big.klinik.test", "TXT").flags & dns.flags.TC
    assert len(texts(resolve(running, "big.klinik.test", "TXT", tcp=True))[0]) > 1500


def test_a_name_server_is_authoritative_for_its_zone_and_refuses_others(running):
    server = running.addresses["ns1.klinik.test"]
    own = resolve(running, "klinik.test", "SOA", server=server)

    assert own.flags & dns.flags.AA
    assert not own.flags & dns.flags.RA
    assert resolve(running, "fremd.test", "SOA", server=server).rcode() == dns.rcode.REFUSED


def test_the_parent_refers_to_the_child(running):
    response = resolve(running, "klinik.test", "NS", server=running.addresses["a.nic.test"])

    assert not response.flags & dns.flags.AA
    assert {item.target.to_text() for item in response.authority[0]} == {"ns1.klinik.test.", "ns2.klinik.test."}
    assert response.additional[0].rdtype == dns.rdatatype.A


def test_a_stale_server_tells_an_older_serial_and_a_dead_one_nothing_and_a_lame_one_refuses(running):
    fresh = resolve(running, "klinik.test", "SOA", server=running.addresses["ns1.klinik.test"])
    stale = resolve(running, "klinik.test", "SOA", server=running.addresses["ns2.klinik.test"])
    lame = resolve(running, "lahm.test", "SOA", server=running.addresses["ns1.lahm.test"])

    assert stale.answer[0][0].serial < fresh.answer[0][0].serial
    assert lame.rcode() == dns.rcode.REFUSED
    with pytest.raises((OSError, dns.exception.Timeout)):
        resolve(running, "fremd.test", "SOA", server=running.addresses["ns2.fremd.test"], tcp=True)


def test_a_signed_zone_has_keys_signatures_and_a_ds_at_its_parent(running):
    keys = resolve(running, "fremd.test", "DNSKEY", flags="do", tcp=True)
    ds = resolve(running, "fremd.test", "DS")
    signed = resolve(running, "www.fremd.test", "A", flags="do")
    name = keys.answer[0].name

    dns.dnssec.validate(keys.answer[0], keys.answer[1], {name: keys.answer[0]})
    dns.dnssec.validate(signed.answer[0], signed.answer[1], {name: keys.answer[0]})
    assert ds.answer[0][0].key_tag == dns.dnssec.key_id(keys.answer[0][0])
    assert resolve(running, "klinik.test", "DS").answer == []
    assert signed.flags & dns.flags.AD


def test_quirks_are_what_they_are_called(running):
    assert resolve(running, "broken.klinik.test").rcode() == dns.rcode.SERVFAIL
    assert resolve(running, "klinik.test", "CAA").rcode() == dns.rcode.SERVFAIL
    assert texts(resolve(running, "klinik.test", "CAA", flags="cd")) == ['0 issue "ca.test"']
    assert resolve(running, "tcp.klinik.test").flags & dns.flags.TC
    assert texts(resolve(running, "turning.klinik.test")) != texts(resolve(running, "turning.klinik.test"))
    with pytest.raises(dns.exception.Timeout):
        resolve(running, "silent-dns.klinik.test")


def test_a_page_is_served_with_the_headers_of_its_site(running):
    head, body = fetch(running, "portal.klinik.test")

    assert head.startswith("HTTP/1.1 200 OK")
    assert "set-cookie: a=1\r\nset-cookie: b=2" in head
    assert body == "<h1>Größe</h1>"
    assert fetch(running, "portal.klinik.test", "/x?y=1")[1] == "5\r\nquery\r\n0\r\n\r\n"
    assert fetch(running, "portal.klinik.test", "/none")[0].startswith("HTTP/1.1 404 ")


def test_port_80_redirects_serves_or_is_closed(running):
    assert "location: https://portal.klinik.test/a" in fetch(running, "portal.klinik.test", "/a", port=80)[0]
    assert fetch(running, "plain.klinik.test", port=80)[0].startswith("HTTP/1.1 404 ")
    with pytest.raises(ConnectionRefusedError):
        fetch(running, "rsa.klinik.test", port=80)
    with pytest.raises(ConnectionRefusedError):
        fetch(running, "plain.klinik.test")


@pytest.mark.parametrize(
    ("host", "problem"),
    [
        ("expired.klinik.test", "expired"),
        ("self.klinik.test", "self-signed"),
        ("wrong.klinik.test", "Hostname mismatch"),
        ("half.klinik.test", "unable to get local issuer"),
        ("weak.klinik.test", "key too weak"),
    ],
)
def test_each_certificate_has_the_fault_it_is_named_after(running, host, problem):
    with pytest.raises(ssl.SSLCertVerificationError, match=problem):
        connect(running, host)


def test_each_site_has_its_own_floor_of_versions(running):
    def old_client() -> ssl.SSLContext:
        context = ssl.create_default_context(cadata=running.trust_roots_pem)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
        return context

    with connect(running, "old.klinik.test", context=old_client()) as link:
        assert link.version() == "TLSv1"
    with pytest.raises(ssl.SSLError, match="alert protocol version"):
        connect(running, "portal.klinik.test", context=old_client())
    with connect(running, "portal.klinik.test") as link:
        assert link.version() == "TLSv1.3"


def test_a_site_that_resets_and_one_that_is_silent(running):
    with pytest.raises((ConnectionError, ssl.SSLError)):
        head, _body = fetch(running, "resets.klinik.test")
        if not head:
            raise ConnectionResetError
    with connect(running, "silent.klinik.test") as link:
        link.settimeout(0.2)
        link.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(TimeoutError):
            link.recv(1)


def test_an_exchanger_offers_starttls_and_keeps_talking_inside(running):
    import smtplib

    context = ssl.create_default_context(cadata=running.trust_roots_pem)
    with smtplib.SMTP(running.addresses["mx.klinik.test"], running.port_map[25], timeout=30) as session:
        session._host = "mx.klinik.test"
        session.ehlo("scan.test")
        assert session.has_extn("starttls")
        session.starttls(context=context)
        session.ehlo("scan.test")
        assert not session.has_extn("starttls")
        assert session.sock.version() == "TLSv1.3"


def test_an_exchanger_without_starttls_and_a_busy_one(running):
    import smtplib

    with smtplib.SMTP(running.addresses["mx-plain.klinik.test"], running.port_map[25], timeout=30) as session:
        session.ehlo("scan.test")
        assert not session.has_extn("starttls")
    with pytest.raises(smtplib.SMTPConnectError, match="421"):
        smtplib.SMTP(running.addresses["mx-busy.klinik.test"], running.port_map[25], timeout=30)


def test_what_reaches_a_server_is_written_down(running):
    fetch(running, "portal.klinik.test", "/seen")

    assert "GET /seen" in [contact.what for contact in running.contacts_of("portal.klinik.test", kind="https")]


def test_servers_also_run_in_the_callers_loop_and_end_with_open_connections():
    async def main() -> None:
        async with Servers(PLAN, at=NOW) as running:
            response = await ask(running, "portal.klinik.test")
            assert texts(response) == [running.addresses["portal.klinik.test"]]
            reader, writer = await asyncio.open_connection(
                running.addresses["silent.klinik.test"], running.port_map[80]
            )
        assert await reader.read() == b""
        writer.close()

    asyncio.run(main())


def test_nothing_is_left_when_the_thread_ends():
    before = threading.active_count()

    with Servers(Plan(zones=(Zone(name="klein.test"),)), at=NOW) as running:
        address = (running.resolver[0], running.resolver_port)

    assert threading.active_count() == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=30)


def test_a_taken_port_is_said_to_the_caller():
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(Exception, match="53"):
        Servers(Plan(), at=NOW, ports={53: taken.getsockname()[1]}).__enter__()
