"""Registries that speak their protocol, and such that do not: certificate search, RDAP, CRL, OCSP, lists in DNS."""

import asyncio
import dataclasses
import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

from portal.demonstration.authority import Authority
from portal.demonstration.plans import Behaviour, CertificateKind, Cleartext, Plan, Reply, Site, Tls, Zone, redirect
from portal.demonstration.servers import Running, Servers
from scanners import attribution, judging, scan, storing
from scanners.jobs import RegistrySettings, ScanJob, SubjectSeen
from scanners.model import Outcome, SubjectKind
from scanners.observations import LoggedNames, MailDns, OtherName, Page, Reason, ZoneDns
from scanners.parsing import revocation as reading
from scanners.probes import dns, downloads, registration, reputation, revocation, siblings, tls, transparency
from scanners.probes.downloads import NotFetched
from scanners.probes.fetching import Fetcher
from scanners.probes.network import Door, Unseen
from scanners.probes.visit import Visit

pytestmark = pytest.mark.loopback

DOMAIN = "haus.test"
CRL = "http://crl.test/1.crl"
OTHER_CRL = "http://crl.test/other.crl"
SEARCH = f"/?q=%25.{DOMAIN}&output=json"
BINARY = "application/octet-stream"


def entry(names: str, *, days: int = 30, issuer: str = "C=US, O=Let's Encrypt, CN=R11", serial: str = "01") -> dict:
    now = dt.datetime.now(dt.UTC)
    return {
        "issuer_name": issuer,
        "common_name": names.partition("\n")[0],
        "name_value": names,
        "serial_number": serial,
        "not_before": (now - dt.timedelta(days=40)).strftime("%Y-%m-%dT%H:%M:%S"),
        "not_after": (now + dt.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S"),
    }


FOUND = json.dumps(
    [
        entry(f"www.{DOMAIN}\n*.{DOMAIN}"),
        entry(f"www.{DOMAIN}\n*.{DOMAIN}"),  # the notice of the same certificate
        entry(f"pacs.{DOMAIN}\nstranger.example", serial="02"),
        entry(f"staging.{DOMAIN}", serial="03", issuer='C=US, O="DigiCert, Inc.", CN=X'),
        entry(f"old.{DOMAIN}", serial="04", days=-3),
        entry(f"weg.{DOMAIN}", serial="05"),
    ]
)
BOOTSTRAP = json.dumps(
    {"version": "1.0", "services": [[["test"], ["https://registry.test/"]], [["plain"], ["http://registry.test/"]]]}
)
REGISTERED = json.dumps(
    {
        "objectClassName": "domain",
        "ldhName": DOMAIN,
        "status": ["client transfer prohibited", "active"],
        "events": [
            {"eventAction": "registration", "eventDate": "2015-01-01T00:00:00Z"},
            {"eventAction": "expiration", "eventDate": "2027-03-01T00:00:00Z"},
        ],
        "entities": [{"roles": ["registrar"], "vcardArray": ["vcard", [["fn", {}, "text", "Registrar GmbH"]]]}],
    }
)
PAGES: dict[str, Reply] = {}  # what the authority's server holds; filled once the certificates are made


def document(body: str | bytes, *, status: int = 200, kind: str = "application/json") -> Reply:
    return Reply(status=status, body=body, content_type=kind)


START = (
    f'<title>Haus</title><a href="https://verweis.{DOMAIN}/x">Hilfe</a><img src="//bilder.{DOMAIN}/1.png">'
    f'<a href="https://weg-hier.{DOMAIN}/">alt</a><a href="https://www.other.test/">fremd</a>'
)
PLAN = Plan(
    zones=(
        Zone(
            name=DOMAIN,
            records="staging A 127.80.0.200\npacs A 127.80.0.201\nverweis A 127.80.0.203\nbilder A 127.80.0.203\n"
            "weg CNAME gone.other.test.\n"
            "stat CNAME page.stspg-customer.test.\n",
        ),
        Zone(name="other.test"),
        Zone(name="hauss.test", records="@ MX 10 mail\nmail A 127.80.0.202\n"),
        Zone(name="haus-login.test"),
        Zone(name="dbl.test", records=f"{DOMAIN} A 127.0.1.2\nrefusing.test A 127.255.255.254\n"),
    ),
    sites=(
        Site(host=DOMAIN, tls=Tls(crl_urls=(CRL,)), pages={"/": Reply(body=START)}),
        Site(host=f"www.{DOMAIN}", pages={"/": Reply(body="<title>Haus</title>")}),
        Site(host=f"revoked.{DOMAIN}", tls=Tls(crl_urls=(CRL,))),
        Site(host=f"answered.{DOMAIN}", tls=Tls(ocsp_urls=("http://ocsp.test/",))),
        Site(host=f"withdrawn.{DOMAIN}", tls=Tls(ocsp_urls=("http://ocsp.test",))),
        Site(host=f"misplaced.{DOMAIN}", tls=Tls(crl_urls=(OTHER_CRL,))),
        Site(host=f"forged.{DOMAIN}", tls=Tls(crl_urls=("http://crl.test/forged.crl",))),
        Site(host=f"stale.{DOMAIN}", tls=Tls(crl_urls=("http://crl.test/stale.crl",))),
        Site(host=f"unreachable.{DOMAIN}", tls=Tls(crl_urls=("http://nobody.test/1.crl",))),
        Site(host=f"plain.{DOMAIN}"),
        Site(
            host=f"trap.{DOMAIN}",
            tls=Tls(certificate=CertificateKind.UNKNOWN_ISSUER, crl_urls=("http://inside.test/crl",)),
        ),
        Site(host="ct.test", pages={SEARCH: document(FOUND)}),
        Site(host="busy.test", missing=document("slow down", status=429)),
        Site(host="broken.test", missing=document("<html>Bad Gateway</html>", status=502, kind="text/html")),
        Site(host="garbage.test", missing=document("<html>search form</html>", kind="text/html")),
        Site(host="odd.test", missing=document('{"error": "x"}')),
        Site(host="endless.test", behaviour=Behaviour.ENDLESS),
        Site(host="silent.test", behaviour=Behaviour.SILENT),
        Site(host="garbled.test", behaviour=Behaviour.GARBLED),
        Site(host="away.test", missing=redirect("https://inside.test/")),
        Site(host="down.test", missing=redirect("http://ct.test/")),
        Site(host="loop.test", missing=redirect("https://loop.test/again")),
        Site(host="inside.test", cleartext=Cleartext.SERVES),
        Site(host="strange.test", tls=Tls(certificate=CertificateKind.UNKNOWN_ISSUER)),
        Site(host="boot.test", pages={"/dns.json": document(BOOTSTRAP)}),
        Site(
            host="registry.test",
            pages={
                f"/domain/{DOMAIN}": document(REGISTERED, kind="application/rdap+json"),
                "/domain/odd.test": document('{"objectClassName": "nameserver"}'),
                "/domain/busy.test": document("", status=503),
            },
            missing=document('{"errorCode": 404}', status=404),
        ),
        Site(host="crl.test", tls=None, cleartext=Cleartext.SERVES, pages=PAGES),
        Site(host="ocsp.test", tls=None, cleartext=Cleartext.SERVES, pages=PAGES),
        Site(host="mirror.test", pages={"/lists/known_exploited_vulnerabilities.json": document("{}")}),
    ),
)


@pytest.fixture(scope="module")
def authority(at: dt.datetime) -> Authority:
    return Authority(at=at)


@pytest.fixture(scope="module")
def running(at: dt.datetime, authority: Authority) -> Iterator[Running]:
    with Servers(PLAN, at=at, authority=authority) as started:
        _publish(started, authority, at)
        yield started


def _publish(started: Running, authority: Authority, at: dt.datetime) -> None:
    """What the authority tells of the certificates that its servers show by now."""
    issuer = authority._intermediate
    der = issuer.certificate.public_bytes(serialization.Encoding.DER)

    def leaf(host: str) -> x509.Certificate:
        return x509.load_der_x509_certificate(_shown(started, at, host))

    def crl(*revoked: str, key: Any = issuer.key, days: int = 5, scope: str = "") -> bytes:
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(issuer.certificate.subject)
            .last_update(at - dt.timedelta(days=8))
            .next_update(at + dt.timedelta(days=days))
        )
        for host in revoked:
            one = x509.RevokedCertificateBuilder().serial_number(leaf(host).serial_number).revocation_date(at)
            one = one.add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), critical=False)
            builder = builder.add_revoked_certificate(one.build())
        if scope:
            builder = builder.add_extension(
                x509.IssuingDistributionPoint(
                    full_name=[x509.UniformResourceIdentifier(scope)],
                    relative_name=None,
                    only_contains_user_certs=False,
                    only_contains_ca_certs=False,
                    only_some_reasons=None,
                    indirect_crl=False,
                    only_contains_attribute_certs=False,
                ),
                critical=True,
            )
        return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def answer(host: str, status: ocsp.OCSPCertStatus) -> bytes:
        revoked = status is ocsp.OCSPCertStatus.REVOKED
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=leaf(host),
            issuer=issuer.certificate,
            algorithm=hashes.SHA1(),
            cert_status=status,
            this_update=at,
            next_update=at + dt.timedelta(days=1),
            revocation_time=at if revoked else None,
            revocation_reason=x509.ReasonFlags.superseded if revoked else None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, issuer.certificate)
        return builder.sign(issuer.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    PAGES["/1.crl"] = document(crl(f"revoked.{DOMAIN}", scope=CRL), kind=BINARY)
    PAGES["/other.crl"] = document(crl(scope=CRL), kind=BINARY)  # made for another place
    PAGES["/forged.crl"] = document(crl(key=authority._strange_intermediate.key), kind=BINARY)
    PAGES["/stale.crl"] = document(crl(days=-2), kind=BINARY)
    for host, status in (("answered", ocsp.OCSPCertStatus.GOOD), ("withdrawn", ocsp.OCSPCertStatus.REVOKED)):
        asked = reading.question(leaf(f"{host}.{DOMAIN}").public_bytes(serialization.Encoding.DER), der)
        PAGES[f"/{quote(asked, safe='')}"] = document(answer(f"{host}.{DOMAIN}", status), kind=BINARY)


def _shown(running: Running, at: dt.datetime, host: str) -> bytes:
    async def shown() -> bytes:
        door = Door(running.network())
        visit = Visit(door=door, fetcher=Fetcher(door), at=at)
        try:
            return (await tls.shown_chain(visit, host)).chain[0]
        finally:
            await visit.fetcher.aclose()
            await door.aclose()

    return asyncio.run(shown())


def _visits(running: Running, host: str) -> list[str]:
    """Who connected to the host; that its name was looked up is no connection."""
    return [one.kind for one in running.contacts_of(host) if one.kind != "dns"]


Ask = Callable[..., Any]


@pytest.fixture
def ask(running: Running, look: Ask) -> Ask:
    """Run a probe with these registries set."""

    def run(probe: Any, name: str, **registries: Any) -> Any:
        return look(running, probe, name, network={"registries": RegistrySettings(**registries)})

    return run


def unseen(ask: Ask, probe: Any, name: str, **registries: Any) -> Reason:
    with pytest.raises(Unseen) as found:
        ask(probe, name, **registries)
    return found.value.reason


# --- certificate transparency ------------------------------------------------------------------


def search(host: str) -> str:
    return f"https://{host}/?q=%25.{{domain}}&output=json"


def test_names_of_valid_certificates_are_found_and_looked_up(ask: Ask) -> None:
    seen = ask(transparency.logged_names, DOMAIN, transparency=(search("ct.test"),))

    assert seen.source == "ct.test"
    assert set(seen.names) == {f"{one}.{DOMAIN}" for one in ("www", "pacs", "staging", "weg")}
    assert {one.issuer for one in seen.certificates} == {"Let's Encrypt", "DigiCert, Inc."}
    assert len(seen.certificates) == 4
    assert set(seen.addresses) == {f"{one}.{DOMAIN}" for one in ("www", "pacs", "staging")}
    assert seen.dangling == {f"weg.{DOMAIN}": "gone.other.test"}
    assert seen.unasked == 0


def test_nobody_is_asked_where_no_search_is_set(ask: Ask, running: Running) -> None:
    before = len(running.contacts)

    assert unseen(ask, transparency.logged_names, DOMAIN) is Reason.NOT_CONFIGURED
    assert len(running.contacts) == before


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("busy.test", Reason.THROTTLED),
        ("broken.test", Reason.UNREACHABLE),
        ("garbage.test", Reason.GARBLED),
        ("odd.test", Reason.GARBLED),
        ("endless.test", Reason.TOO_LARGE),
        ("garbled.test", Reason.GARBLED),
        ("away.test", Reason.NOT_CONSENTED),  # the redirect leads to a host outside the allow-list
        ("down.test", Reason.NOT_CONSENTED),  # and this one out of TLS
        ("loop.test", Reason.GARBLED),
        ("strange.test", Reason.GARBLED),  # a certificate that nobody trusts
        ("nobody.test", Reason.NAME_NOT_FOUND),
    ],
)
def test_a_search_that_fails_blinds_with_its_reason(ask: Ask, running: Running, host: str, reason: Reason) -> None:
    """F17: crt.sh answers 429 and 502 for hours."""
    assert unseen(ask, transparency.logged_names, DOMAIN, transparency=(search(host),)) is reason
    assert _visits(running, "inside.test") == []


def test_the_second_source_is_asked_when_the_first_fails(ask: Ask) -> None:
    sources = (search("broken.test"), search("ct.test"))

    assert ask(transparency.logged_names, DOMAIN, transparency=sources).source == "ct.test"


def test_an_answer_is_kept_and_a_failure_makes_a_pause(ask: Ask, running: Running, tmp_path: Path) -> None:
    def asked(host: str) -> int:
        return len(running.contacts_of(host, kind="https"))

    before = asked("ct.test"), asked("busy.test")
    for _time in range(3):
        ask(transparency.logged_names, DOMAIN, transparency=(search("ct.test"),), keep_dir=str(tmp_path))
        busy = unseen(
            ask, transparency.logged_names, DOMAIN, transparency=(search("busy.test"),), keep_dir=str(tmp_path)
        )
        assert busy is Reason.THROTTLED

    assert (asked("ct.test"), asked("busy.test")) == (before[0] + 1, before[1] + 1)


def test_a_private_address_is_never_asked(ask: Ask, running: Running, look: Ask) -> None:
    settings = {"registries": RegistrySettings(transparency=(search("inside.test"),)), "allowed_networks": ()}

    with pytest.raises(Unseen) as found:
        look(running, transparency.logged_names, DOMAIN, network=settings)

    assert found.value.reason is Reason.NOT_PUBLIC
    assert _visits(running, "inside.test") == []


# --- RDAP --------------------------------------------------------------------------------------

RDAP = {"rdap_bootstrap": "https://boot.test/dns.json"}


def test_a_registration_is_read(ask: Ask) -> None:
    seen = ask(registration.registration, DOMAIN, **RDAP)

    assert (seen.source, seen.registrar, seen.serves, seen.exists) == ("registry.test", "Registrar GmbH", True, True)
    assert seen.states == ("client transfer prohibited", "active")
    assert seen.expires == dt.datetime(2027, 3, 1, tzinfo=dt.UTC)


def test_a_name_that_the_registry_does_not_know_is_a_fact(ask: Ask) -> None:
    assert ask(registration.registration, "nobody.test", **RDAP).exists is False


@pytest.mark.parametrize("domain", ["haus.invalid-suffix", "haus.plain"])
def test_a_suffix_without_a_service_over_https_is_a_fact(ask: Ask, domain: str) -> None:
    assert ask(registration.registration, domain, **RDAP).serves is False


@pytest.mark.parametrize(("domain", "reason"), [("odd.test", Reason.GARBLED), ("busy.test", Reason.THROTTLED)])
def test_a_registry_that_fails_blinds(ask: Ask, domain: str, reason: Reason) -> None:
    assert unseen(ask, registration.registration, domain, **RDAP) is reason


def test_without_a_bootstrap_nobody_is_asked(ask: Ask) -> None:
    assert unseen(ask, registration.registration, DOMAIN) is Reason.NOT_CONFIGURED


@pytest.mark.parametrize("host", ["garbage.test", "odd.test", "broken.test"])
def test_a_broken_bootstrap_blinds(ask: Ask, host: str) -> None:
    reason = unseen(ask, registration.registration, DOMAIN, rdap_bootstrap=f"https://{host}/dns.json")

    assert reason in {Reason.GARBLED, Reason.UNREACHABLE}


# --- revocation --------------------------------------------------------------------------------


def test_a_certificate_that_is_on_no_list_is_good(ask: Ask) -> None:
    seen = ask(revocation.revocation, DOMAIN, revocation=True)

    assert (seen.method, seen.source, seen.revoked) == ("crl", "crl.test", False)


def test_a_revoked_certificate_is_known_by_its_serial(ask: Ask) -> None:
    seen = ask(revocation.revocation, f"revoked.{DOMAIN}", revocation=True)

    assert (seen.revoked, seen.cause) == (True, "keyCompromise")


@pytest.mark.parametrize(("host", "revoked"), [("answered", False), ("withdrawn", True)])
def test_without_a_list_the_responder_is_asked(ask: Ask, host: str, revoked: bool) -> None:
    seen = ask(revocation.revocation, f"{host}.{DOMAIN}", revocation=True)

    assert (seen.method, seen.revoked) == ("ocsp", revoked)


@pytest.mark.parametrize("host", ["misplaced", "forged", "stale", "unreachable"])
def test_a_list_that_cannot_be_relied_on_says_nothing(ask: Ask, host: str) -> None:
    reason = unseen(ask, revocation.revocation, f"{host}.{DOMAIN}", revocation=True)

    assert reason in {Reason.GARBLED, Reason.NAME_NOT_FOUND}


def test_a_certificate_without_an_address_is_no_gap(ask: Ask) -> None:
    assert ask(revocation.revocation, f"plain.{DOMAIN}", revocation=True).method == "none"


def test_an_address_in_a_certificate_that_anybody_can_make_is_not_followed(ask: Ask, running: Running) -> None:
    seen = ask(revocation.revocation, f"trap.{DOMAIN}", revocation=True)

    assert seen.method == "none"
    assert _visits(running, "inside.test") == []


def test_revocation_is_asked_only_when_it_is_switched_on(ask: Ask, running: Running) -> None:
    before = len(running.contacts_of("crl.test"))

    assert unseen(ask, revocation.revocation, DOMAIN) is Reason.NOT_CONFIGURED
    assert len(running.contacts_of("crl.test")) == before


# --- DNS alone ---------------------------------------------------------------------------------


def test_a_list_of_abused_domains_is_asked(ask: Ask) -> None:
    assert ask(reputation.reputation, DOMAIN, reputation_zones=("dbl.test",)).listed == ("dbl.test",)
    assert ask(reputation.reputation, "other.test", reputation_zones=("dbl.test",)).listed == ()


def test_a_list_that_refuses_to_answer_says_nothing(ask: Ask) -> None:
    assert unseen(ask, reputation.reputation, "refusing.test", reputation_zones=("dbl.test",)) is Reason.DNS_FAILURE


def test_look_alikes_that_are_registered_are_found_with_dns_alone(ask: Ask, running: Running) -> None:
    before = len([one for one in running.contacts if one.kind != "dns"]), len(running.contacts)

    seen = ask(reputation.look_alikes, DOMAIN, lookalikes=True)

    assert seen.registered == {"hauss.test": True, "haus-login.test": False}
    assert len([one for one in running.contacts if one.kind != "dns"]) == before[0]
    assert len(running.contacts) - before[1] <= 200


@pytest.mark.parametrize("probe", [reputation.reputation, reputation.look_alikes])
def test_these_are_asked_only_when_they_are_set(ask: Ask, probe: Any) -> None:
    assert unseen(ask, probe, DOMAIN) is Reason.NOT_CONFIGURED


# --- the other name ----------------------------------------------------------------------------


def test_the_other_name_of_a_host_is_loaded(ask: Ask) -> None:
    seen: OtherName = ask(siblings.other_name, DOMAIN)

    assert (seen.name, seen.exists) == (f"www.{DOMAIN}", True)
    assert seen.response is not None


def test_a_host_without_another_name_has_none(ask: Ask) -> None:
    assert ask(siblings.other_name, f"plain.{DOMAIN}").name == ""
    assert ask(siblings.other_name, "ct.test").exists is False


# --- names from pages --------------------------------------------------------------------------


def test_names_that_the_pages_link_to_are_looked_up(running: Running, look: Ask) -> None:
    seen = look(running, dns.related, DOMAIN, hosts=(DOMAIN,))

    assert {f"verweis.{DOMAIN}", f"bilder.{DOMAIN}"} <= set(seen.names)
    assert "www.other.test" not in seen.names
    assert seen.production is not None
    assert seen.production.body == ""


# --- downloads ---------------------------------------------------------------------------------


def test_lists_are_fetched_from_a_mirror(running: Running, at: dt.datetime) -> None:
    fetched = asyncio.run(
        downloads.fetch(("kev",), settings=running.network(), at=at, mirror="https://mirror.test/lists/")
    )

    assert fetched == {"kev": b"{}"}


@pytest.mark.parametrize("mirror", ["https://mirror.test", "https://endless.test", "https://away.test"])
def test_a_list_that_cannot_be_had_is_named(running: Running, at: dt.datetime, mirror: str) -> None:
    with pytest.raises(NotFetched, match="kev"):
        asyncio.run(downloads.fetch(("kev",), settings=running.network(), at=at, mirror=mirror))


def test_without_settings_only_the_makers_are_asked(running: Running, at: dt.datetime) -> None:
    """The laboratory's resolver knows none of them: the refusal names the address that was meant."""
    with pytest.raises(NotFetched, match=r"www\.cisa\.gov"):
        asyncio.run(
            downloads.fetch(("kev",), settings=dataclasses.replace(running.network(), allowed_networks=()), at=at)
        )


# --- a whole scan ------------------------------------------------------------------------------


def scanned(running: Running, at: dt.datetime, *, seconds: float = 60, **registries: Any) -> list[Any]:
    """The events of a scan with the seconds after its start."""

    async def run() -> list[Any]:
        network = dataclasses.replace(running.network(), registries=RegistrySettings(**registries))
        loop = asyncio.get_running_loop()
        began = loop.time()
        job = ScanJob(hosts=(DOMAIN,), at=at, network=network, seconds=seconds)
        return [(loop.time() - began, event) async for event in scan.observe(job)]

    return asyncio.run(run())


def test_a_scans_own_findings_never_wait_for_a_registry(running: Running, at: dt.datetime) -> None:
    """F17: a search that is silent delays nothing that the vendor's own hosts show."""
    events = scanned(running, at, seconds=8, transparency=(search("silent.test"),))

    seen = [(when, event.observations) for when, event in events if isinstance(event, SubjectSeen)]
    first_page = next(when for when, one in seen if one.find(Page) is not None)
    last = {one.subject.kind: one for _when, one in seen}
    assert first_page < 4
    assert last[SubjectKind.DOMAIN].find(MailDns) is not None
    assert last[SubjectKind.DOMAIN].find(ZoneDns) is not None
    assert last[SubjectKind.DOMAIN].blindness(LoggedNames) is not None


def test_a_whole_scan_with_all_registries_is_judged(running: Running, at: dt.datetime, tmp_path: Path) -> None:
    events = scanned(
        running,
        at,
        transparency=(search("ct.test"),),
        rdap_bootstrap="https://boot.test/dns.json",
        revocation=True,
        lookalikes=True,
        reputation_zones=("dbl.test",),
        keep_dir=str(tmp_path),
    )
    last = {event.observations.subject: event.observations for _when, event in events if isinstance(event, SubjectSeen)}
    found = {one.check_id: one.outcome for one in judging.judge(last.values())}

    assert {name: found[name] for name in found if name.startswith(("ct.", "domain.", "cert.revocation"))} == {
        "ct.subdomain-inventory": Outcome.INFO,
        "ct.unexpected-issuer": Outcome.PASS,
        "ct.internal-names": Outcome.WARN,
        "cert.revocation": Outcome.PASS,
        "domain.expiry": Outcome.PASS,
        "domain.lock": Outcome.PASS,
        "domain.lookalikes": Outcome.INFO,
        "domain.reputation": Outcome.INFO,
    }
    assert found["scan.consistency"] in {Outcome.PASS, Outcome.INFO}
    hosts = attribution.found_hosts(last.values(), named=(DOMAIN,))
    assert {host.name for host in hosts if host.attribution.counts} >= {f"pacs.{DOMAIN}", f"staging.{DOMAIN}"}


def test_what_a_scan_saw_of_registries_can_be_stored(running: Running, at: dt.datetime) -> None:
    events = scanned(running, at, transparency=(search("ct.test"),), rdap_bootstrap="https://boot.test/dns.json")

    for _when, event in events:
        again = storing.load_event(json.loads(json.dumps(storing.dump_event(event))))
        assert storing.dump_event(again) == storing.dump_event(event)
