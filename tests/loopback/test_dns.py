import datetime as dt

import dns.dnssec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from portal.demonstration.plans import Plan, Quirk, Reply, Site, Zone
from scanners.observations import CaaRecord, Reason
from scanners.probes import dns as probing
from scanners.probes.network import Unseen


def rsa_key(bits: int) -> str:
    public = rsa.generate_private_key(public_exponent=65537, key_size=bits).public_key()
    return dns.dnssec.make_dnskey(public, "RSASHA256", flags=256).to_text()


LONG_CHAIN = "\n".join(f"c{number} CNAME c{number + 1}" for number in range(12))

PLAN = Plan(
    zones=(
        Zone(
            name="gut.test",
            records="""
@ CAA 0 issue "ca.test"
@ CAA 0 iodef "mailto:sicherheit@gut.test"
special CAA 0 issue ";"
special A 127.80.0.77
gross A 127.80.0.78
falsch A 127.80.0.79
alias CNAME special.gut.test.
away CNAME portal.schwach.test.
gone CNAME verlassen.dienst.test.
""",
            signed=True,
        ),
        Zone(
            name="schwach.test",
            records="""
* A 127.80.9.9
staging CNAME alt.dienst.test.
""",
            stale=("ns2",),
        ),
        Zone(name="allein.test", name_servers=("ns1",)),
        Zone(name="halb.test", signed=True, ds_published=False),
        Zone(name="uneins.test", delegated_to=("ns1", "ns3.gut.test."), dead=("ns2",)),
        Zone(name="lahm.test", lame=("ns2",)),
        Zone(name="kaputt.test", signed=True),
        Zone(name="nsec3.test", records="@ NSEC3PARAM 1 0 12 aabbccdd"),
        Zone(name="rsa.test", records=f"@ DNSKEY {rsa_key(1024)}\n@ DNSKEY {rsa_key(2048)}"),
        Zone(name="kette.test", records=LONG_CHAIN),
        Zone(name="dienst.test"),
        Zone(name="still.test"),
        Zone(name="nahe.test", records="vpn A 127.80.0.70\nold CNAME weg.dienst.test."),
        Zone(name="schleife.test", records="a CNAME b\nb CNAME a"),
        Zone(
            name="wild.test",
            records="* A 127.80.60.1\nstaging A 127.80.60.1",
        ),
        Zone(name="leise.test", records="* A 127.80.60.3"),
    ),
    sites=(
        Site(host="portal.gut.test", aliases=("www.gut.test",)),
        Site(host="portal.schwach.test"),
        Site(host="nahe.test", aliases=("geheim.nahe.test",)),
        Site(host="staging.nahe.test", pages={"/": Reply(body="Testsystem")}),
        Site(host="demo.nahe.test", pages={"/": Reply(status=401)}),
        Site(
            host="jeder.wild.test",
            address="127.80.60.1",
            pages={"/": Reply(body="<title>Willkommen</title>")},
            by_host={"staging.wild.test": Reply(body="<title>Testsystem</title>")},
        ),
    ),
    quirks={
        "stumm.gut.test": Quirk.SILENT,
        "caa-kaputt.gut.test/CAA": Quirk.SERVFAIL,
        "caa-kaputt.gut.test": Quirk.AUTHENTICATED,
        "gut.test": Quirk.AUTHENTICATED,
        "kaputt.test": Quirk.BOGUS,
        "ns1.kaputt.test": Quirk.BOGUS,
        "ns2.kaputt.test": Quirk.BOGUS,
        "still.test": Quirk.SILENT,
        "wirr.gut.test": Quirk.GARBLED,
        "falsch.gut.test": Quirk.WRONG_ID,
        "gross.gut.test": Quirk.TRUNCATED,
    },
    rotations={"caa-kaputt.gut.test": ("127.80.0.5",)},
)


@pytest.fixture(scope="module")
def running(serve):
    return serve(PLAN)


# --- the host ----------------------------------------------------------------------------------


def test_a_host_has_its_address_and_the_caa_set_of_the_name_above(running, look, at):
    seen = look(running, probing.host, "portal.gut.test")

    assert seen.at == at
    assert seen.addresses_v4 == (running.addresses["portal.gut.test"],)
    assert seen.addresses_v6 == ()
    assert seen.exists
    assert seen.caa_at == "gut.test"
    assert CaaRecord(flags=0, tag="issue", value="ca.test") in seen.caa
    assert len(seen.caa) == 2


def test_a_caa_set_nearer_to_the_host_wins(running, look):
    seen = look(running, probing.host, "special.gut.test")

    assert seen.caa_at == "special.gut.test"
    assert seen.caa == (CaaRecord(flags=0, tag="issue", value=";"),)


def test_an_alias_takes_the_caa_set_of_its_target_but_does_not_climb_from_there(running, look):
    at_target = look(running, probing.host, "alias.gut.test")
    foreign = look(running, probing.host, "away.gut.test")

    assert at_target.cname_chain == ("special.gut.test",)
    assert (at_target.caa_at, at_target.caa[0].value) == ("alias.gut.test", ";")
    assert foreign.caa_at == "gut.test"


def test_a_host_without_caa_anywhere_has_none(running, look):
    seen = look(running, probing.host, "portal.schwach.test")

    assert (seen.caa_at, seen.caa) == (None, ())


def test_a_missing_host_is_a_fact(running, look):
    seen = look(running, probing.host, "niemand.gut.test")

    assert not seen.exists
    assert seen.addresses_v4 == ()
    assert seen.dangling_target is None


def test_an_alias_to_a_name_that_is_gone_is_dangling(running, look):
    seen = look(running, probing.host, "gone.gut.test")

    assert seen.exists
    assert seen.dangling_target == "verlassen.dienst.test"
    assert seen.cname_chain == ("verlassen.dienst.test",)


def test_f12_a_second_resolver_is_asked_where_the_first_is_silent(running, look):
    seen = look(running, probing.host, "portal.gut.test", network={"resolver": ("127.0.0.99", "127.0.0.1")})

    assert seen.addresses_v4 == (running.addresses["portal.gut.test"],)


def test_silence_is_blind(running, look):
    with pytest.raises(Unseen) as unseen:
        look(running, probing.host, "stumm.gut.test")

    assert unseen.value.reason is Reason.TIMEOUT


@pytest.mark.parametrize("name", ["wirr.gut.test", "falsch.gut.test", "c0.kette.test"])
def test_answers_that_break_the_protocol_are_blind(running, look, name):
    with pytest.raises(Unseen) as unseen:
        look(running, probing.host, name)

    assert unseen.value.reason in {Reason.TIMEOUT, Reason.GARBLED, Reason.DNS_FAILURE}


def test_a_truncated_answer_is_asked_for_again_over_tcp(running, look):
    assert look(running, probing.host, "gross.gut.test").addresses_v4 == ("127.80.0.78",)


def test_a_failure_of_caa_alone_is_blind_and_not_an_absence(running, look):
    with pytest.raises(Unseen) as unseen:
        look(running, probing.host, "caa-kaputt.gut.test")

    assert unseen.value.reason is Reason.DNS_FAILURE


def test_a_loop_of_aliases_is_blind(running, look):
    with pytest.raises(Unseen) as unseen:
        look(running, probing.host, "a.schleife.test")

    assert unseen.value.reason is Reason.DNS_FAILURE


# --- the zone ----------------------------------------------------------------------------------


def test_a_sound_zone(running, look, at):
    seen = look(running, probing.zone, "gut.test")

    assert [server.name for server in seen.name_servers] == ["ns1.gut.test", "ns2.gut.test"]
    assert all(server.authoritative and server.rcode == "NOERROR" for server in seen.name_servers)
    assert {server.serial for server in seen.name_servers} == {2026010101}
    assert seen.parent_name_servers == ("ns1.gut.test", "ns2.gut.test")
    assert len({server.addresses[0].rpartition(".")[0] for server in seen.name_servers}) == 2
    assert seen.bogus is False
    assert seen.wildcard_answers == ()


def test_a_signed_zone_shows_keys_ds_signatures_and_the_resolvers_word(running, look, at):
    seen = look(running, probing.zone, "gut.test")

    assert [key.algorithm for key in seen.dnskeys] == [13]
    assert seen.dnskeys[0].bits is None
    assert [record.digest_type for record in seen.ds] == [2]
    assert seen.authenticated is True
    assert all(when == at + dt.timedelta(days=14) for when in seen.rrsig_expirations)
    assert all(when == at - dt.timedelta(days=2) for when in seen.rrsig_inceptions)
    assert len(seen.rrsig_expirations) == len(seen.rrsig_inceptions) > 0
    assert seen.nsec3_iterations is None


def test_a_zone_that_is_not_signed_has_nothing_to_confirm(running, look):
    seen = look(running, probing.zone, "schwach.test")

    assert (seen.ds, seen.dnskeys, seen.rrsig_expirations) == ((), (), ())
    assert seen.authenticated is False


def test_a_zone_signed_without_ds(running, look):
    seen = look(running, probing.zone, "halb.test")

    assert seen.dnskeys and not seen.ds


def test_a_bogus_zone_is_seen_past_the_resolvers_check(running, look):
    seen = look(running, probing.zone, "kaputt.test")

    assert seen.bogus is True
    assert seen.dnskeys and seen.ds
    assert seen.authenticated is None


def test_a_wildcard_is_seen_by_names_that_nobody_set_up(running, look):
    assert look(running, probing.zone, "schwach.test").wildcard_answers == ("127.80.9.9",)


def test_a_server_that_holds_an_older_version(running, look):
    serials = [server.serial for server in look(running, probing.zone, "schwach.test").name_servers]

    assert serials == [2026010101, 2026010100]


def test_a_single_name_server(running, look):
    assert [server.name for server in look(running, probing.zone, "allein.test").name_servers] == ["ns1.allein.test"]


def test_a_parent_that_says_otherwise_and_a_dead_server(running, look):
    seen = look(running, probing.zone, "uneins.test")
    words = {server.name: server.authoritative for server in seen.name_servers}

    assert seen.parent_name_servers == ("ns1.uneins.test", "ns3.gut.test")
    assert words == {"ns1.uneins.test": True, "ns2.uneins.test": None, "ns3.gut.test": None}


def test_a_lame_server_is_not_authoritative(running, look):
    first, second = look(running, probing.zone, "lahm.test").name_servers

    assert first.authoritative is True
    assert (second.authoritative, second.rcode, second.serial) == (False, "REFUSED", None)


def test_nsec3_parameters(running, look):
    seen = look(running, probing.zone, "nsec3.test")

    assert (seen.nsec3_iterations, seen.nsec3_salt_length) == (12, 4)


def test_the_length_of_rsa_keys(running, look):
    assert sorted(key.bits for key in look(running, probing.zone, "rsa.test").dnskeys) == [1024, 2048]


def test_name_servers_that_are_not_public_are_never_asked(running, look):
    def asked() -> int:
        return sum(contact.address != "127.0.0.1" for contact in running.contacts)

    before = asked()
    seen = look(running, probing.zone, "schwach.test", network={"allowed_networks": ()})

    assert asked() == before
    assert [server.authoritative for server in seen.name_servers] == [None, None]
    assert seen.parent_name_servers == ()


def test_the_zone_of_a_name_inside_another_zone_is_that_one(running, look):
    seen = look(running, probing.zone, "special.gut.test")

    assert [server.name for server in seen.name_servers] == ["ns1.gut.test", "ns2.gut.test"]


def test_a_domain_that_does_not_exist_is_blind_with_that_reason(running, look):
    with pytest.raises(Unseen) as unseen:
        look(running, probing.zone, "gibtesnicht.test")

    assert unseen.value.reason is Reason.NAME_NOT_FOUND


def test_a_silent_zone_is_blind(running, look):
    with pytest.raises(Unseen) as unseen:
        look(running, probing.zone, "still.test")

    assert unseen.value.reason is Reason.TIMEOUT


# --- names nearby ------------------------------------------------------------------------------


def test_names_nearby_come_from_words_and_from_certificates(running, look):
    seen = look(running, probing.related, "nahe.test", hosts=("nahe.test",))

    assert set(seen.names) == {"geheim.nahe.test", "staging.nahe.test", "demo.nahe.test", "vpn.nahe.test"}
    assert seen.dangling == {"old.nahe.test": "weg.dienst.test"}
    assert seen.answering == {"staging.nahe.test": 200, "demo.nahe.test": 401}


def test_only_pages_of_the_scan_and_of_names_that_sound_like_staging_are_loaded(running, look):
    look(running, probing.related, "nahe.test", hosts=("nahe.test",))

    loaded = {contact.host for contact in running.contacts if contact.kind in {"http", "https"}}
    assert loaded & {"vpn.nahe.test", "geheim.nahe.test", "old.nahe.test"} == set()


def test_behind_a_wildcard_only_what_leads_elsewhere_counts(running, look):
    seen = look(running, probing.related, "schwach.test")

    assert set(seen.names) == {"portal.schwach.test"}
    assert seen.dangling == {"staging.schwach.test": "alt.dienst.test"}


def test_f3_a_name_that_a_wildcard_makes_up_is_no_host_and_a_real_one_under_it_is_not_lost(running, look):
    seen = look(running, probing.related, "wild.test")

    assert set(seen.names) & {"staging.wild.test", "demo.wild.test"} == {"staging.wild.test"}
    assert "www.wild.test" not in seen.names
    assert set(seen.answering) == {"staging.wild.test"}


def test_f3_a_wildcard_makes_no_host_of_any_word(running, look):
    assert look(running, probing.related, "leise.test").names == {}


def test_f3_one_answer_by_chance_is_no_wildcard(running, look, monkeypatch):
    labels = iter(["staging", "niemand", "keiner"])
    monkeypatch.setattr("scanners.probes.asking.unlikely_label", lambda: next(labels))

    assert look(running, probing.zone, "nahe.test").wildcard_answers == ()


def test_a_host_of_the_scan_is_no_name_nearby(running, look):
    seen = look(running, probing.related, "schwach.test", hosts=("portal.schwach.test",))

    assert seen.names == {}


def test_names_nearby_are_blind_without_a_resolver(running, look):
    with pytest.raises(Unseen) as unseen:
        look(running, probing.related, "nahe.test", network={"resolver": ("127.0.0.99",)})

    assert unseen.value.reason in {Reason.REFUSED, Reason.TIMEOUT}
