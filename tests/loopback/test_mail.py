import base64
import dataclasses
import datetime as dt
import ssl

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from portal.demonstration.plans import CertificateKind, Exchanger, KeyKind, Plan, Quirk, Reply, Site, Tls, Zone
from scanners.observations import Reason, Trust
from scanners.probes import mail
from scanners.probes.network import Unseen


def dkim_record(bits: int) -> str:
    public = rsa.generate_private_key(public_exponent=65537, key_size=bits).public_key()
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    text = f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}"
    return " ".join(f'"{text[start : start + 200]}"' for start in range(0, len(text), 200))


NOON = dt.datetime(2026, 1, 2, 12, tzinfo=dt.UTC)
POLICY = "version: STSv1\nmode: enforce\nmx: mx1.gut.test\nmax_age: 604800\n"

INCLUDES = " ".join(f"include:b{number}.bombe.test" for number in range(1, 12))

PLAN = Plan(
    zones=(
        Zone(
            name="gut.test",
            records=f"""
@ MX 10 mx1
@ MX 20 mx2
@ TXT "v=spf1 mx include:_spf.dienst.test -all"
@ TXT "something=else"
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:berichte@gut.test,mailto:fremd@dienst.test"
s1._domainkey TXT {dkim_record(2048)}
_mta-sts TXT "v=STSv1; id=20260101"
_smtp._tls TXT "v=TLSRPTv1; rua=mailto:tls@gut.test"
_25._tcp.mx2 TLSA 3 1 1 8ce1000000000000000000000000000000000000000000000000000000000000
""",
        ),
        Zone(
            name="dienst.test",
            records="""
_spf TXT "v=spf1 ip4:127.0.0.1 include:weg.dienst.test ?all"
gut.test._report._dmarc TXT "v=DMARC1"
""",
        ),
        Zone(name="ohne.test", records='@ TXT "kein SPF"'),
        Zone(
            name="weit.test",
            records='@ TXT "v=spf1 exists:%{i}.liste.weit.test -all"\n192.0.2.1.liste A 127.0.0.2',
        ),
        Zone(name="leer.test", records='@ MX 0 .\n@ TXT "v=spf1 -all"\n_dmarc TXT "v=DMARC1; p=reject"'),
        Zone(name="gemischt.test", records="@ MX 0 .\n@ MX 10 mx1.gut.test."),
        Zone(
            name="seltsam.test",
            records="""
@ MX 10 127.0.0.1.
@ MX 20 verweis
@ MX 30 fehlt
@ MX 40 stumm
verweis CNAME mx1.gut.test.
""",
        ),
        Zone(name="halbstumm.test", records='@ MX 10 mx1.gut.test.\n@ TXT "v=spf1 include:stumm.halbstumm.test -all"'),
        Zone(name="direkt.test"),
        Zone(name="nurweb.test", records="@ A 127.25.9.9"),
        Zone(name="still.test"),
        Zone(name="unklar.test", records="@ MX 10 stumm"),
        Zone(name="riesig.test", records="@ TXT " + " ".join(f'"{"x" * 250}"' for _ in range(20))),
        Zone(
            name="bombe.test",
            records="\n".join(f'b{n} TXT "v=spf1 {INCLUDES} -all"' for n in range(1, 12))
            + f'\n@ TXT "v=spf1 {INCLUDES} -all"',
        ),
        Zone(name="jeder.test", records='* TXT "alles"'),
        Zone(name="ungesendet.test", records='_mta-sts TXT "v=STSv1; id=1"'),
        Zone(name="kurz.test", records=f"@ MX 10 mx1.gut.test.\ndefault._domainkey TXT {dkim_record(1024)}"),
        Zone(
            name="post.test",
            records="\n".join(
                f"{name} MX 10 {name}-mx"
                for name in ("offen", "alt", "fremd", "voll", "grau", "fort", "abgelehnt", "schweigt", "kaputt", "zu")
            )
            + "\nviele MX 10 offen-mx\nviele MX 20 alt-mx\nviele MX 30 fremd-mx\nzu-mx A 127.25.9.9",
        ),
    ),
    sites=(Site(host="mta-sts.gut.test", pages={"/.well-known/mta-sts.txt": Reply(body=POLICY)}),),
    exchangers=(
        Exchanger(host="mx1.gut.test", pinned=True),
        Exchanger(host="direkt.test", pinned=True),
        Exchanger(host="mx2.gut.test", tls=Tls(key=KeyKind.RSA_2048)),
        Exchanger(host="offen-mx.post.test", tls=None),
        Exchanger(
            host="alt-mx.post.test",
            tls=Tls(lowest=ssl.TLSVersion.MINIMUM_SUPPORTED, highest=ssl.TLSVersion.TLSv1_2, ciphers="ALL"),
        ),
        Exchanger(host="fremd-mx.post.test", tls=Tls(certificate=CertificateKind.SELF_SIGNED)),
        Exchanger(host="voll-mx.post.test", greeting="421 4.3.2 Too many connections"),
        Exchanger(host="grau-mx.post.test", ehlo_reply="450 4.7.1 Try again later"),
        Exchanger(host="fort-mx.post.test", starttls_reply="454 4.7.0 TLS not available"),
        Exchanger(host="abgelehnt-mx.post.test", greeting="554 5.7.1 No service for your network"),
        Exchanger(host="schweigt-mx.post.test", silent=True),
        Exchanger(host="kaputt-mx.post.test", greeting="SSH-2.0-OpenSSH_9.2"),
    ),
    quirks={
        "stumm.seltsam.test": Quirk.SERVFAIL,
        "stumm.halbstumm.test": Quirk.SERVFAIL,
        "_dmarc.halbstumm.test": Quirk.SERVFAIL,
        "_domainkey.halbstumm.test": Quirk.SERVFAIL,
        "still.test": Quirk.SERVFAIL,
        "stumm.unklar.test": Quirk.SERVFAIL,
        "_25._tcp.stumm.unklar.test": Quirk.SERVFAIL,
    },
)


@pytest.fixture(scope="module")
def running(serve):
    return serve(PLAN)


@pytest.fixture
def session(running, look):
    """The first session with the mail exchanger of one name below post.test."""

    def hold(name: str):
        return look(running, mail.transport, f"{name}.post.test").sessions[0]

    return hold


# --- DNS ---------------------------------------------------------------------------------------


def test_exchangers_come_by_preference_with_their_addresses(running, look):
    seen = look(running, mail.records, "gut.test")

    assert [(one.preference, one.host) for one in seen.exchangers] == [(10, "mx1.gut.test"), (20, "mx2.gut.test")]
    assert seen.exchangers[0].addresses == (running.addresses["mx1.gut.test"],)
    assert not seen.null_mx


def test_what_a_receiver_makes_of_a_stranger_is_asked_of_the_whole_evaluation(running, look):
    assert look(running, mail.records, "leer.test").spf.stranger == "fail"
    assert look(running, mail.records, "weit.test").spf.stranger == "pass"
    assert look(running, mail.records, "weit.test").spf.stranger_by == "exists:%{i}.liste.weit.test"


def test_spf_is_followed_through_its_includes(running, look):
    trace = look(running, mail.records, "gut.test").spf

    assert trace.records == ("v=spf1 mx include:_spf.dienst.test -all",)
    assert set(trace.included) == {"_spf.dienst.test"}
    assert trace.lookups == 3
    assert trace.void_lookups == 1
    assert trace.missing == ("weg.dienst.test",)
    assert trace.failed == ()


def test_a_tree_of_includes_that_grows_without_end_is_cut(running, look):
    trace = look(running, mail.records, "bombe.test").spf

    assert trace.lookups > 10
    assert trace.stranger == ""
    assert len(running.contacts_of("b1.bombe.test")) == 1


def test_a_text_larger_than_we_read_is_not_taken_for_absence(running, look):
    seen = look(running, mail.records, "riesig.test")

    assert seen.spf.failed == ("riesig.test",)


def test_dmarc_is_found_and_its_foreign_receiver_has_agreed(running, look):
    trace = look(running, mail.records, "gut.test").dmarc

    assert trace.policy_domain == "gut.test"
    assert (trace.record or "").startswith("v=DMARC1; p=reject")
    assert trace.external_receivers == {"dienst.test": True}


def test_dkim_keys_are_found_under_usual_selectors(running, look):
    sound = look(running, mail.records, "gut.test")
    short = look(running, mail.records, "kurz.test")

    assert sound.domainkey_exists is True
    assert [(key.selector, key.bits) for key in sound.dkim_keys] == [("s1", 2048)]
    assert [(key.selector, key.bits) for key in short.dkim_keys] == [("default", 1024)]


def test_announcements_and_pins(running, look):
    seen = look(running, mail.records, "gut.test")

    assert seen.mta_sts_txt == ("v=STSv1; id=20260101",)
    assert seen.tls_rpt_txt == ("v=TLSRPTv1; rua=mailto:tls@gut.test",)
    assert seen.tlsa["mx2.gut.test"][0].startswith("3 1 1 8ce1")
    assert look(running, mail.records, "kurz.test").tlsa["mx1.gut.test"] == seen.tlsa["mx1.gut.test"]
    assert look(running, mail.records, "viele.post.test").tlsa == {"offen-mx.post.test": (), "alt-mx.post.test": ()}
    # This resolver hands out no signatures for the root: whether the pins are signed stays open.
    assert seen.tlsa_authenticated == {}


def test_a_domain_without_any_of_it(running, look):
    seen = look(running, mail.records, "ohne.test")

    assert (seen.exchangers, seen.null_mx, seen.spf.records) == ((), False, ())
    assert seen.dmarc.record is None
    assert seen.dmarc.failed == ()
    assert seen.domainkey_exists is False
    assert (seen.mta_sts_txt, seen.tls_rpt_txt, seen.tlsa) == ((), (), {})


def test_a_null_mx_alone_and_among_others(running, look):
    alone = look(running, mail.records, "leer.test")
    mixed = look(running, mail.records, "gemischt.test")

    assert (alone.null_mx, alone.exchangers) == (True, ())
    assert mixed.null_mx
    assert [one.host for one in mixed.exchangers] == ["mx1.gut.test"]


def test_odd_exchangers_are_told_apart(running, look):
    literal, alias, missing, silent = look(running, mail.records, "seltsam.test").exchangers

    assert literal.is_address_literal
    assert alias.is_alias and alias.addresses
    assert not missing.exists
    assert silent.exists and silent.unseen


def test_f10_behind_a_wildcard_the_place_of_dkim_keys_tells_nothing(running, look):
    assert look(running, mail.records, "jeder.test").domainkey_exists is None


def test_what_dns_holds_back_is_named_and_blinds_nothing_else(running, look):
    seen = look(running, mail.records, "halbstumm.test")

    assert seen.spf.failed == ("stumm.halbstumm.test",)
    assert seen.dmarc.failed == ("_dmarc.halbstumm.test",)
    assert seen.domainkey_exists is None
    assert seen.exchangers[0].addresses


def test_a_mail_server_dns_says_nothing_of_is_neither_without_pins_nor_without_mail(running, look):
    assert look(running, mail.records, "unklar.test").tlsa_failed == ("stumm.unklar.test",)
    with pytest.raises(Unseen) as unseen:
        look(running, mail.transport, "unklar.test")

    assert unseen.value.reason is Reason.DNS_FAILURE


def test_a_domain_whose_dns_fails_is_blind(running, look):
    with pytest.raises(Unseen) as unseen:
        look(running, mail.records, "still.test")

    assert unseen.value.reason is Reason.DNS_FAILURE


def test_a_domain_that_does_not_exist_is_blind_with_that_reason(running, look):
    with pytest.raises(Unseen) as unseen:
        look(running, mail.records, "gibtesnicht.test")

    assert unseen.value.reason is Reason.NAME_NOT_FOUND


# --- MTA-STS -----------------------------------------------------------------------------------


def test_the_policy_file_is_fetched_over_verified_https(running, look):
    seen = look(running, mail.mta_sts, "gut.test")

    assert (seen.status, seen.body, seen.tls_verified) == (200, POLICY, True)


def test_a_policy_that_dns_does_not_announce_is_not_asked_for(running, look):
    seen = look(running, mail.mta_sts, "ohne.test")

    assert seen.status is None
    assert running.contacts_of("mta-sts.ohne.test") == ()


def test_a_policy_host_that_does_not_exist_is_a_fact(running, look):
    assert look(running, mail.mta_sts, "ungesendet.test").status is None


# --- SMTP --------------------------------------------------------------------------------------


def test_a_session_shows_starttls_version_and_certificate(running, look):
    first, second = look(running, mail.transport, "gut.test").sessions

    assert (first.host, first.address) == ("mx1.gut.test", running.addresses["mx1.gut.test"])
    assert first.banner == "mx1.gut.test ESMTP"
    assert first.offers_starttls is True
    assert first.tls_version == "TLSv1.3"
    assert (first.trust, first.name_matches, first.blind) == (Trust.TRUSTED, True, None)
    assert first.certificate is not None and first.certificate.key_kind == "EC"
    assert second.certificate is not None and second.certificate.key_bits == 2048


def test_a_pin_names_the_key_that_the_session_shows(running, look):
    pin = look(running, mail.records, "gut.test").tlsa["mx1.gut.test"][0].split(maxsplit=3)
    shown = look(running, mail.transport, "gut.test").sessions[0].certificate

    assert pin[:3] == ["3", "1", "1"]
    assert "".join(pin[3].split()) == shown.spki_sha256


def test_nothing_but_greetings_is_said(running, look):
    look(running, mail.transport, "gut.test")

    assert {contact.what for contact in running.contacts_of("mx1.gut.test", kind="smtp")} == {
        "EHLO",
        "STARTTLS",
        "QUIT",
    }


def test_a_server_without_starttls(session):
    seen = session("offen")

    assert (seen.offers_starttls, seen.tls_version, seen.blind) == (False, "", None)


def test_an_older_server_and_a_certificate_nobody_vouches_for(session):
    assert session("alt").tls_version == "TLSv1.2"
    assert session("fremd").trust is Trust.SELF_SIGNED


@pytest.mark.parametrize(
    ("name", "reason", "offers"),
    [
        ("voll", Reason.THROTTLED, None),
        ("grau", Reason.THROTTLED, None),
        ("fort", Reason.THROTTLED, True),
        ("abgelehnt", Reason.VANTAGE, None),
        ("kaputt", Reason.GARBLED, None),
        ("zu", Reason.REFUSED, None),
    ],
)
def test_f7_a_session_that_got_no_further_says_why(session, name, reason, offers):
    seen = session(name)

    assert (seen.blind, seen.offers_starttls) == (reason, offers)


def test_f7_a_silent_server_is_blind_after_a_while(session, monkeypatch):
    monkeypatch.setattr(mail, "REPLY_SECONDS", 0.3)

    assert session("schweigt").blind is Reason.TIMEOUT


def test_f7_at_most_two_exchangers_are_visited(running, look):
    assert len(look(running, mail.transport, "viele.post.test").sessions) == 2


def test_a_domain_without_exchangers_has_no_sessions(running, look):
    assert look(running, mail.transport, "leer.test").sessions == ()
    assert look(running, mail.transport, "ohne.test").sessions == ()


# --- sessions that an earlier scan had


def _with_known(known):
    async def transport(visit, domain):
        return await mail.transport(dataclasses.replace(visit, known_mail=known), domain)

    return transport


def test_f7_a_providers_server_that_was_seen_lately_is_not_asked_again(running, look):
    fresh = look(running, mail.transport, "gut.test")
    earlier = dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC)
    known = tuple(dataclasses.replace(session, banner="earlier", seen_at=earlier) for session in fresh.sessions)

    again = look(running, _with_known(known), "gut.test")

    assert again.sessions == known
    assert again.at == earlier


def test_a_known_session_counts_under_another_name_only_where_its_certificate_speaks_for_it(running, look):
    (session, *_more) = look(running, mail.transport, "gut.test").sessions
    foreign = dataclasses.replace(session, host="mx.anders.test", banner="earlier", seen_at=NOON)
    other = dataclasses.replace(foreign.certificate, dns_names=("mx.anders.test",))
    unfit = dataclasses.replace(foreign, certificate=other)

    assert look(running, _with_known((foreign,)), "gut.test").sessions[0].banner == "earlier"
    assert look(running, _with_known((unfit,)), "gut.test").sessions[0].banner != "earlier"


# --- without MX --------------------------------------------------------------------------------


def test_without_mx_the_domains_own_address_is_the_mail_server(running, look):
    records = look(running, mail.records, "direkt.test")
    (session,) = look(running, mail.transport, "direkt.test").sessions

    assert records.implicit_mx
    assert (records.exchangers, records.null_mx) == ((), False)
    assert records.tlsa["direkt.test"]
    assert session.host == "direkt.test"
    assert session.offers_starttls is True


def test_a_web_address_without_mail_is_no_mail_server(running, look):
    assert look(running, mail.records, "nurweb.test").implicit_mx
    assert look(running, mail.transport, "nurweb.test").sessions == ()


def test_a_null_mx_and_a_domain_without_an_address_are_no_implicit_mail_servers(running, look):
    assert not look(running, mail.records, "leer.test").implicit_mx
    assert not look(running, mail.records, "ohne.test").implicit_mx
