"""What DNS says around a host and a domain, asked of real servers."""

import asyncio
import dataclasses

import pytest

from portal.demonstration.plans import Exchanger, Plan, Quirk, Reply, Site, Zone
from scanners.jobs import RegistrySettings
from scanners.observations import Origin, Reason
from scanners.probes import dns as names
from scanners.probes import surroundings
from scanners.probes.network import Unseen

DIGEST = "ab" * 32

PLAN = Plan(
    zones=(
        Zone(
            name="gut.test",
            records=f"""
@ MX 10 mail.gut.test.
@ NS ns9.haus.test.
@ TXT "v=spf1 include:spf.haus.test include:spf.aufgegeben.test -all"
@ TXT "blitz=mu-1234"
@ SPF "v=spf1 -all"
default._bimi TXT "v=BIMI1; l=https://gut.test/logo.svg"
default._bimi TXT "something else"
_sip._tls SRV 10 10 443 sip.weg.test.
_autodiscover._tcp SRV 10 10 443 portal.gut.test.
_caldavs._tcp SRV 0 0 0 .
portal HTTPS 1 . alpn=h2,h3 ech=AAX+DQABAA==
_443._tcp.portal TLSA 3 1 1 {DIGEST}
sechs AAAA ::1
staging CNAME alt.aufgegeben.test.
old CNAME web.stumm.test.
blog CNAME seite.haus.test.
""",
        ),
        Zone(
            name="haus.test",
            records="""
@ MX 10 mx.vergeben.test.
spf TXT "v=spf1 ip4:192.0.2.0/24 -all"
seite A 127.80.3.3
ns9 A 127.80.3.4
""",
        ),
        Zone(name="leer.test"),
        Zone(name="weg.test"),
        Zone(
            name="80.127.in-addr.arpa",
            records="10.0 PTR ec2-127-80-0-10.eu-central-1.compute.amazonaws.com.",
        ),
        Zone(
            name="herkunft.test",
            records="""
10.0.80.127 TXT "64500 | 127.80.0.0/16 | DE | ripencc | 2020-01-01"
10.0.25.127 TXT "64501 64502 | 127.25.0.0/16 | US | arin | 2020-01-01"
10.0.53.127 TXT "garbled"
""",
        ),
    ),
    sites=(
        Site(host="portal.gut.test"),
        Site(
            host="boot.test",
            pages={"/dns.json": Reply(body='{"services":[[["test"],["https://registry.test/"]]]}')},
        ),
        Site(
            host="registry.test",
            pages={
                "/domain/vergeben.test": Reply(
                    body='{"objectClassName":"domain","ldhName":"vergeben.test"}',
                    content_type="application/rdap+json",
                )
            },
            missing=Reply(status=404, body="{}", content_type="application/rdap+json"),
        ),
        Site(
            host="routen.test",
            pages={
                "/api/v1/validity/AS64500/127.80.0.0/16": Reply(
                    body='{"validated_route":{"validity":{"state":"valid"}}}', content_type="application/json"
                ),
                "/api/v1/validity/AS64501/127.25.0.0/16": Reply(body="[[[[", content_type="application/json"),
            },
        ),
    ),
    exchangers=(Exchanger(host="mail.gut.test"),),
    quirks={"stumm.test": Quirk.SILENT, "web.stumm.test": Quirk.AUTHENTICATED},
)


@pytest.fixture(scope="module")
def running(serve):
    return serve(PLAN)


def test_the_services_of_a_host(running, look):
    seen = look(running, surroundings.host_services, "portal.gut.test")

    assert seen.https_record
    assert seen.protocols == ("h2", "h3")
    assert seen.encrypted_hello
    assert seen.tlsa == (f"3 1 1 {DIGEST}",)
    assert seen.tlsa_authenticated is False
    assert seen.pointers == {"127.80.0.10": "ec2-127-80-0-10.eu-central-1.compute.amazonaws.com"}


def test_a_host_without_any_of_them(running, look):
    seen = look(running, surroundings.host_services, "seite.haus.test")

    assert (seen.https_record, seen.protocols, seen.encrypted_hello, seen.tlsa) == (False, (), False, ())
    assert seen.pointers == {}


@pytest.mark.parametrize("listening", [True, False])
def test_whether_a_host_answers_over_ipv6(running, look, listening):
    async def with_server(visit, host):
        server = await asyncio.start_server(lambda _reader, writer: writer.close(), "::1", 0)
        port = server.sockets[0].getsockname()[1]
        visit.door.settings = dataclasses.replace(visit.door.settings, port_map={443: port})
        if not listening:
            server.close()
        try:
            return await surroundings.host_services(visit, host)
        finally:
            server.close()
            await asyncio.sleep(0.01)

    seen = look(running, with_server, "sechs.gut.test", network={"allowed_networks": ("127.0.0.0/8", "::1/128")})

    assert seen.ipv6_answers is listening


def test_a_host_that_does_not_exist_is_blind(running, look):
    with pytest.raises(Unseen) as unseen:
        look(running, surroundings.host_services, "niemand.gut.test")

    assert unseen.value.reason is Reason.NAME_NOT_FOUND


def test_leftovers_of_a_domain(running, look):
    seen = look(running, surroundings.domain_texts, "gut.test")

    assert "blitz=mu-1234" in seen.texts
    assert seen.spf_type99 == ("v=spf1 -all",)
    assert seen.bimi == ("v=BIMI1; l=https://gut.test/logo.svg",)
    assert seen.services == {
        "_autodiscover._tcp.gut.test": "portal.gut.test",
        "_sip._tls.gut.test": "sip.weg.test",
    }
    assert seen.services_missing == ("_sip._tls.gut.test",)


def test_a_domain_without_leftovers(running, look):
    seen = look(running, surroundings.domain_texts, "leer.test")

    assert (seen.texts, seen.spf_type99, seen.bimi, seen.services) == ((), (), (), {})


def test_domains_of_others_are_found_with_the_entry_that_names_them(running, look):
    seen = look(running, surroundings.relied_domains, "gut.test", hosts=("portal.gut.test",))

    assert seen.uses["haus.test"].startswith(("NS", "SPF"))
    assert seen.uses["aufgegeben.test"] == "SPF include: spf.aufgegeben.test"
    assert seen.missing == ("aufgegeben.test",)
    assert "gut.test" not in seen.uses


def test_f4_a_registry_settles_whether_a_missing_domain_can_be_taken(running, look):
    registries = {"registries": RegistrySettings(rdap_bootstrap="https://boot.test/dns.json")}

    free = look(running, surroundings.relied_domains, "gut.test", network=registries)
    taken = look(running, surroundings.relied_domains, "haus.test", network=registries)

    assert free.registered == {"aufgegeben.test": False}
    assert taken.missing == ("vergeben.test",)
    assert taken.registered == {"vergeben.test": True}


def test_f12_a_domain_whose_servers_are_silent_is_not_a_missing_one(running, look):
    seen = look(running, surroundings.relied_domains, "gut.test")

    assert seen.unseen == ("stumm.test",)
    assert "stumm.test" not in seen.missing


def test_without_a_source_nobody_is_asked_for_origins(running, look):
    before = len(running.contacts)

    with pytest.raises(Unseen) as unseen:
        look(running, surroundings.origins, "gut.test", hosts=("portal.gut.test",))

    assert unseen.value.reason is Reason.NOT_CONFIGURED
    assert len(running.contacts) == before


def test_origins_of_web_mail_and_name_servers(running, look):
    seen = look(
        running,
        surroundings.origins,
        "gut.test",
        hosts=("portal.gut.test",),
        network={"origin_zone": "herkunft.test", "route_validator": "routen.test"},
    )

    assert seen.addresses["127.80.0.10"] == "web portal.gut.test"
    assert seen.addresses["127.25.0.10"] == "mail mail.gut.test"
    assert seen.origins == {
        "127.80.0.10": Origin(prefix="127.80.0.0/16", asn=64500, country="DE"),
        "127.25.0.10": Origin(prefix="127.25.0.0/16", asn=64501, country="US"),
    }
    # An answer that cannot be read is no answer, and no "invalid".
    assert seen.validity == {"127.80.0.10": "valid"}
    assert seen.validated


def test_without_a_validator_routes_are_not_judged(running, look):
    seen = look(
        running, surroundings.origins, "gut.test", hosts=("portal.gut.test",), network={"origin_zone": "herkunft.test"}
    )

    assert (seen.validated, seen.validity) == (False, {})


def test_the_zones_own_record_is_seen(running, look):
    soa = look(running, names.zone, "gut.test").soa

    assert soa.primary == "ns1.gut.test"
    assert soa.mailbox == "hostmaster.gut.test"
    assert (soa.refresh, soa.retry, soa.expire) == (7200, 3600, 1209600)
    assert soa.primary_exists is True
