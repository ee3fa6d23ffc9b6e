"""What TLS servers agree to and show, asked of real ones."""

import asyncio
import ssl
import time
from collections.abc import Callable
from typing import Any

import pytest

from portal.demonstration.plans import Behaviour, CertificateKind, Cleartext, KeyKind, Plan, Site, Tls, Zone
from portal.demonstration.servers import Running
from scanners.observations import CertificateChain, Reason, TlsHandshakes, Trust
from scanners.probes import tls
from scanners.probes.network import Unseen
from scanners.probes.visit import Visit

Look = Callable[..., Any]
OLDEST = ssl.TLSVersion.MINIMUM_SUPPORTED
PLAN = Plan(
    zones=(Zone(name="haus.test", records="nobody CNAME nirgends.haus.test."),),
    sites=(
        Site(host="modern.haus.test"),
        Site(host="old.haus.test", tls=Tls(lowest=OLDEST, key=KeyKind.RSA_2048, ciphers="ALL:COMPLEMENTOFALL")),
        Site(host="only12.haus.test", tls=Tls(highest=ssl.TLSVersion.TLSv1_2, key=KeyKind.RSA_2048)),
        Site(host="only13.haus.test", tls=Tls(lowest=ssl.TLSVersion.TLSv1_3)),
        Site(host="two.haus.test", tls=Tls(ciphers="ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384")),
        *(Site(host=f"{kind}.haus.test", tls=Tls(certificate=kind)) for kind in CertificateKind),
        Site(host="plain.haus.test", tls=None, cleartext=Cleartext.SERVES),
        Site(host="silent.haus.test", behaviour=Behaviour.SILENT),
    ),
)


@pytest.fixture(scope="module")
def running(serve: Callable[[Plan], Running]) -> Running:
    return serve(PLAN)


def reason(look: Look, *arguments: Any, **options: Any) -> Reason:
    with pytest.raises(Unseen) as unseen:
        look(*arguments, **options)
    return unseen.value.reason


# --- hello by hello


def test_a_modern_server_takes_two_versions_and_refuses_three(running: Running, look: Look) -> None:
    seen: TlsHandshakes = look(running, tls.tls_handshakes, "modern.haus.test")

    assert seen.accepted == ("TLSv1.2", "TLSv1.3")
    assert seen.refused == ("SSLv3", "TLSv1.0", "TLSv1.1")
    assert seen.unclear == ()
    assert set(seen.suites["TLSv1.3"]) == {
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_AES_128_GCM_SHA256",
    }
    assert seen.suites_complete
    assert {"x25519", "secp256r1"} <= set(seen.groups)
    assert (seen.compression, seen.secure_renegotiation, seen.extended_master_secret) == (False, True, True)
    assert seen.key_exchange_hashes[0] == "sha256"
    assert seen.address.startswith("127.")


def test_an_old_server_shows_all_it_still_takes(running: Running, look: Look) -> None:
    seen: TlsHandshakes = look(running, tls.tls_handshakes, "old.haus.test")

    assert {"TLSv1.0", "TLSv1.1", "TLSv1.2"} <= set(seen.accepted)
    assert "TLS_RSA_WITH_AES_128_CBC_SHA" in seen.suites["TLSv1.0"]
    assert "TLS_RSA_WITH_NULL_SHA" in seen.suites["TLSv1.2"]
    assert "sha1" in seen.key_exchange_hashes
    assert seen.suites_complete


def test_the_suites_are_those_that_openssl_itself_offers(running: Running, look: Look) -> None:
    seen: TlsHandshakes = look(running, tls.tls_handshakes, "two.haus.test")

    assert set(seen.suites["TLSv1.2"]) == {
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    }


@pytest.mark.parametrize(("host", "accepted"), [("only12.haus.test", ("TLSv1.2",)), ("only13.haus.test", ("TLSv1.3",))])
def test_a_server_of_one_version_is_told_apart(
    running: Running, look: Look, host: str, accepted: tuple[str, ...]
) -> None:
    seen: TlsHandshakes = look(running, tls.tls_handshakes, host)

    assert seen.accepted == accepted
    assert set(seen.suites) == set(accepted)
    assert seen.groups


def test_a_server_without_post_quantum_says_so(running: Running, look: Look) -> None:
    seen: TlsHandshakes = look(running, tls.tls_handshakes, "modern.haus.test")

    assert seen.post_quantum == ("X25519MLKEM768" in seen.groups)


def context(tmp_path: Any, ciphers: str, *, prefers: bool) -> ssl.SSLContext:
    import trustme

    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.maximum_version = ssl.TLSVersion.TLSv1_2
    trustme.CA().issue_cert("modern.haus.test", key_type=trustme.KeyType.RSA).configure_cert(made)
    made.set_ciphers(ciphers)
    if prefers:
        made.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    else:
        made.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    return made


def against(running: Running, look: Look, port: int, made: ssl.SSLContext, at_address: str) -> TlsHandshakes:
    """Look at a server of our own making in the place of modern.haus.test."""

    async def probe(visit: Visit, host: str) -> Any:
        async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        async with await asyncio.start_server(answer, at_address, port, ssl=made, backlog=200):
            seen = await tls.tls_handshakes(visit, host)
        await asyncio.sleep(0.05)
        return seen

    seen: TlsHandshakes = look(
        running, probe, "modern.haus.test", network={"port_map": {**running.port_map, 443: port}}
    )
    return seen


@pytest.mark.parametrize("prefers", [True, False])
def test_whose_order_counts_is_seen(running: Running, look: Look, free_port: int, tmp_path: Any, prefers: bool) -> None:
    made = context(tmp_path, "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256", prefers=prefers)

    seen = against(running, look, free_port, made, running.addresses["modern.haus.test"])

    assert seen.server_prefers is prefers


def test_the_prime_of_a_finite_field_is_measured_and_named(
    running: Running, look: Look, free_port: int, tmp_path: Any
) -> None:
    made = context(tmp_path, "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0", prefers=True)
    file = tmp_path / "dh.pem"
    file.write_text(FFDHE_2048)
    made.load_dh_params(file)

    seen = against(running, look, free_port, made, running.addresses["modern.haus.test"])

    assert (seen.dh_bits, seen.dh_prime_known) == (2048, "ffdhe2048")
    assert seen.suites["TLSv1.2"] == ("TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",)


def test_a_silent_server_times_out_within_the_probe_s_time(
    running: Running, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls, "HELLO_SECONDS", 0.3)
    port = {**running.port_map, 443: running.port_map[80]}  # speaks only after a request, and never TLS
    started = time.monotonic()

    assert reason(look, running, tls.tls_handshakes, "silent.haus.test", network={"port_map": port}) is Reason.TIMEOUT
    assert time.monotonic() - started < 15


def test_a_server_that_speaks_something_else_is_garbled(running: Running, look: Look) -> None:
    port = {**running.port_map, 443: running.port_map[53]}

    found = reason(look, running, tls.tls_handshakes, "modern.haus.test", network={"port_map": port})

    assert found in {Reason.REFUSED, Reason.GARBLED, Reason.RESET, Reason.TIMEOUT}


def test_a_closed_port_and_a_missing_name_are_reasons(running: Running, look: Look) -> None:
    assert reason(look, running, tls.tls_handshakes, "plain.haus.test") is Reason.REFUSED
    assert reason(look, running, tls.tls_handshakes, "nobody.haus.test") is Reason.NAME_NOT_FOUND
    assert reason(look, running, tls.certificate_chain, "plain.haus.test") is Reason.REFUSED


def test_the_hellos_stay_within_their_number(running: Running, look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls, "MOST_HELLOS", 12)

    seen: TlsHandshakes = look(running, tls.tls_handshakes, "modern.haus.test")

    assert not seen.suites_complete


# --- the chain


@pytest.mark.parametrize(
    ("kind", "trust"),
    [
        (CertificateKind.GOOD, Trust.TRUSTED),
        (CertificateKind.EXPIRED, Trust.TRUSTED),
        (CertificateKind.NOT_YET_VALID, Trust.TRUSTED),
        (CertificateKind.WRONG_NAME, Trust.TRUSTED),
        (CertificateKind.WEAK_KEY, Trust.TRUSTED),
        (CertificateKind.LONG_LIVED, Trust.TRUSTED),
        (CertificateKind.DISORDERED, Trust.TRUSTED),
        (CertificateKind.SELF_SIGNED, Trust.SELF_SIGNED),
        (CertificateKind.UNKNOWN_ISSUER, Trust.UNKNOWN_ISSUER),
        (CertificateKind.INCOMPLETE, Trust.INCOMPLETE),
    ],
)
def test_trust_is_judged_apart_from_time_and_name(
    running: Running, look: Look, kind: CertificateKind, trust: Trust
) -> None:
    seen: CertificateChain = look(running, tls.certificate_chain, f"{kind}.haus.test")

    assert seen.trust is trust
    assert seen.name_matches is (kind is not CertificateKind.WRONG_NAME)
    assert seen.ordered is (kind is not CertificateKind.DISORDERED)
    assert seen.stapled is False


def test_the_chain_of_a_server_of_tls13_alone_is_read_from_the_handshake(running: Running, look: Look) -> None:
    seen: CertificateChain = look(running, tls.certificate_chain, "only13.haus.test")
    older: CertificateChain = look(running, tls.certificate_chain, "modern.haus.test")

    assert (seen.trust, len(seen.chain), seen.stapled) == (Trust.TRUSTED, len(older.chain), None)
    assert seen.chain[0].dns_names == ("only13.haus.test",)
    assert seen.chain[1] == older.chain[1]


def test_without_the_laboratory_s_root_its_issuer_is_unknown(running: Running, look: Look) -> None:
    seen: CertificateChain = look(running, tls.certificate_chain, "modern.haus.test", network={"trust_roots_pem": ""})

    assert seen.trust is Trust.UNKNOWN_ISSUER


FFDHE_2048 = """-----BEGIN X9.42 DH PARAMETERS-----
MIICDAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAgKCAQB//////////9b8KixRXaVN
V+4rEBOennjsXOLB5xabStTwmyCKMhn95knO5xJNn3y+l/GxsYY67HtA2QFXYjC9
ae+Paur+srCSGfqPr4M3aEKxsqqe9o152quJrz+r5JrMJ4Y4cHNFu/FTRO159/Q5
DvisUJtW85qYVmUnpB08vV4FWMFZkn2w6IRUpdlkcf3ctW1bsGv6NA6noVHvHKb6
Vyt287G5XYyFg9PkdwU2uE8BfnDm+/F2YBoCZpQaF7DIuX9OdMLB/8cniRl3eUDB
4f8djaY31rmd2v5eF2EQAuLHeMG+i0HZY3mlE2DZd/1ENaEcMJQuS///////////
-----END X9.42 DH PARAMETERS-----
"""
