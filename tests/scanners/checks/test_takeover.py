"""Dangling names: verified, possible, harmless."""

import pytest

from scanners import checking
from scanners.checks import takeover
from scanners.model import Check, Outcome
from scanners.observations import (
    CertificateChain,
    CleartextPage,
    LoggedNames,
    MailExchanger,
    NameServer,
    Observation,
    Reason,
)
from tests.scanners.building import AT, DOMAIN, chain, cleartext, judge, page, response, seen
from tests.scanners.building_domain import (
    BLIND,
    host_dns,
    leftovers,
    mail,
    related,
    relied,
    says,
    services,
    when_blind,
    zone,
)

AZURE = "old-app.azurewebsites.net"
CHECKS = [
    takeover.alias_is_not_dangling,
    takeover.related_names_are_not_dangling,
    takeover.mail_servers_exist,
    takeover.relied_domains_are_registered,
    takeover.name_servers_serve_the_domain,
    takeover.address_is_still_the_vendors,
    takeover.no_entries_are_left_over,
]


def exchanger(**fields: object) -> MailExchanger:
    return MailExchanger(**{"preference": 10, "host": "mail.example.test", **fields})


@pytest.mark.parametrize(
    ("check", "fact", "outcome"),
    [
        (takeover.alias_is_not_dangling, host_dns(), Outcome.PASS),
        (takeover.alias_is_not_dangling, host_dns(cname_chain=("web.example.net",)), Outcome.PASS),
        (takeover.alias_is_not_dangling, host_dns(dangling_target=AZURE), Outcome.FAIL),
        (takeover.alias_is_not_dangling, host_dns(dangling_target="gone.example.net"), Outcome.WARN),
        (takeover.alias_is_not_dangling, host_dns(dangling_target="gone.example.test"), Outcome.INFO),
        (takeover.alias_is_not_dangling, host_dns(dangling_target="x.cloudfront.net"), Outcome.INFO),
        (takeover.related_names_are_not_dangling, related(names={"www.example.test": ("192.0.2.1",)}), Outcome.PASS),
        (takeover.related_names_are_not_dangling, related(dangling={"staging.example.test": AZURE}), Outcome.FAIL),
        (takeover.related_names_are_not_dangling, related(dangling={"s.example.test": "x.example.net"}), Outcome.WARN),
        (takeover.related_names_are_not_dangling, related(dangling={"_acme.example.test": AZURE}), Outcome.PASS),
        (takeover.mail_servers_exist, mail(), Outcome.PASS),
        (takeover.mail_servers_exist, mail(exchangers=()), Outcome.NOT_APPLICABLE),
        (takeover.mail_servers_exist, mail(exchangers=(exchanger(exists=False),)), Outcome.FAIL),
    ],
)
def test_a_dangling_name_is_judged_by_its_target(check: Check, fact: Observation, outcome: Outcome):
    assert says(check, fact)[0] is outcome


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_names_nobody_looked_up_are_unknown(check: Check):
    assert when_blind(check) == BLIND


def test_an_unclaimed_page_behind_the_alias_is_verified():
    alias = host_dns(cname_chain=("vendor.github.io",))
    unclaimed = page(response("<p>There isn't a GitHub Pages site here.</p>", status=404))

    outcome, text = says(takeover.alias_is_not_dangling, alias, unclaimed)

    assert outcome is Outcome.FAIL
    assert "GitHub Pages" in text


def test_the_same_words_on_another_host_are_no_takeover():
    unclaimed = page(response("<p>There isn't a GitHub Pages site here.</p>", status=404))

    assert (
        says(takeover.alias_is_not_dangling, host_dns(cname_chain=("web.example.net",)), unclaimed)[0] is Outcome.PASS
    )


def test_a_takeover_waits_for_a_second_look():
    assert judge(takeover.alias_is_not_dangling, host_dns(dangling_target=AZURE)).provisional


# --- F4: takeover noise ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "target", "claim"),
    [
        ("old.example.test", "old-app.azurewebsites.net", takeover.Claim.VERIFIED),
        ("old.example.test", "gone.other.example", takeover.Claim.POSSIBLE),
        # Names that machines set up, which no service gives to anyone who asks.
        ("_acme-challenge.example.test", "old-app.azurewebsites.net", takeover.Claim.CONTRADICTED),
        ("_sip._tcp.example.test", "cname.vercel-dns.com", takeover.Claim.CONTRADICTED),
        ("mail.example.test", "_dc-mx.abc.example.net", takeover.Claim.CONTRADICTED),
        # Of a big provider's names only those of services that are known to be given away.
        ("files.example.test", "share.file.core.windows.net", takeover.Claim.POSSIBLE),
        ("cdn.example.test", "d111111abcdef8.cloudfront.net", takeover.Claim.CONTRADICTED),
        ("help.example.test", "vendor.zendesk.com", takeover.Claim.CONTRADICTED),
        # The service looking at itself, and a name of the vendor's own domain.
        ("staging.azurewebsites.net", "old-app.azurewebsites.net", takeover.Claim.CONTRADICTED),
        ("old.example.test", "new.example.test", takeover.Claim.CONTRADICTED),
    ],
)
def test_f4_takeover_noise_has_three_states(name: str, target: str, claim: takeover.Claim):
    assert takeover.claim_on(name, target) is claim


def test_f4_a_missing_name_under_a_registered_parent_is_no_verified_takeover():
    assert says(takeover.alias_is_not_dangling, host_dns(dangling_target="gone.partner.example"))[0] is Outcome.WARN
    assert (
        says(takeover.relied_domains_are_registered, relied(uses={"partner.example": "CNAME x: gone.partner.example"}))[
            0
        ]
        is Outcome.PASS
    )


def test_f4_the_page_of_an_unclaimed_name_counts_over_either_port():
    alias = host_dns(cname_chain=("vendor.github.io",))
    unclaimed = response("<p>There isn't a GitHub Pages site here.</p>", status=404, url="http://portal.example.test/")

    assert says(takeover.alias_is_not_dangling, alias, cleartext(unclaimed))[0] is Outcome.FAIL


# --- what others are relied on -----------------------------------------------------------------

GONE = {"given-up.example": "SPF include: spf.given-up.example"}


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"uses": GONE}, Outcome.PASS),
        ({}, Outcome.NOT_APPLICABLE),
        ({"uses": GONE, "missing": tuple(GONE), "registered": {"given-up.example": False}}, Outcome.FAIL),
        ({"uses": GONE, "missing": tuple(GONE)}, Outcome.WARN),
        ({"uses": GONE, "missing": tuple(GONE), "registered": {"given-up.example": True}}, Outcome.INFO),
        ({"uses": GONE, "unseen": tuple(GONE)}, Outcome.UNKNOWN),
    ],
)
def test_a_domain_that_is_relied_on_is_free_only_when_the_registry_says_so(fields: dict[str, object], outcome: Outcome):
    assert says(takeover.relied_domains_are_registered, relied(**fields))[0] is outcome


def test_a_free_domain_is_named_with_the_entry_that_leads_there():
    text = says(takeover.relied_domains_are_registered, relied(uses=GONE, missing=tuple(GONE)))[1]

    assert "given-up.example (SPF include: spf.given-up.example)" in text


def server(name: str, rcode: str | None, *, authoritative: bool | None) -> NameServer:
    return NameServer(name=name, addresses=("192.0.2.1",), rcode=rcode, authoritative=authoritative)


GOOD = server("ns1.example.net", "NOERROR", authoritative=True)


@pytest.mark.parametrize(
    ("servers", "outcome"),
    [
        ((GOOD,), Outcome.PASS),
        ((GOOD, server("ns1.digitalocean.com", "REFUSED", authoritative=False)), Outcome.FAIL),
        ((GOOD, server("ns1-05.azure-dns.com", "SERVFAIL", authoritative=False)), Outcome.FAIL),
        ((GOOD, server("ns9.example.com", "REFUSED", authoritative=False)), Outcome.WARN),
        ((GOOD, server("ana.ns.cloudflare.com", "REFUSED", authoritative=False)), Outcome.INFO),
        # Silence and a server that merely answers oddly are dns.delegation-consistency's matter.
        ((GOOD, server("ns1.digitalocean.com", None, authoritative=None)), Outcome.PASS),
        ((GOOD, server("ns1.digitalocean.com", "NOERROR", authoritative=False)), Outcome.PASS),
        ((server("ns1.example.net", None, authoritative=None),), Outcome.UNKNOWN),
    ],
)
def test_a_delegation_that_is_not_served_is_judged_by_the_dns_host(servers: tuple[NameServer, ...], outcome: Outcome):
    assert says(takeover.name_servers_serve_the_domain, zone(name_servers=servers))[0] is outcome


CLOUD = {"192.0.2.10": "ec2-192-0-2-10.eu-central-1.compute.amazonaws.com"}


def test_a_rented_address_is_only_ever_suspected():
    rented = services(pointers=CLOUD)
    check = takeover.address_is_still_the_vendors

    assert says(check, host_dns(), services(pointers={"192.0.2.10": "mail.example.test"}))[0] is Outcome.PASS
    assert says(check, host_dns(), rented, chain())[0] is Outcome.PASS
    assert says(check, host_dns(), rented, chain(name_matches=False))[0] is Outcome.INFO
    assert says(check, host_dns(exists=False), rented)[0] is Outcome.UNKNOWN


def test_a_rented_address_that_refuses_is_suspicious():
    facts = seen(
        host_dns(),
        services(pointers=CLOUD),
        CleartextPage(at=AT, closed=True),
        blind={CertificateChain: Reason.REFUSED},
    )

    assert checking.run(takeover.address_is_still_the_vendors, facts).outcome is Outcome.INFO


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({}, Outcome.PASS),
        ({"texts": ("google-site-verification=abc",)}, Outcome.PASS),
        ({"texts": ("blitz=mu-1234",)}, Outcome.INFO),
        ({"services": {"_sip._tls.example.test": "sipdir.online.lync.com"}}, Outcome.INFO),
        (
            {
                "services": {"_sip._tls.example.test": "sip.gone.example"},
                "services_missing": ("_sip._tls.example.test",),
            },
            Outcome.INFO,
        ),
        ({"services": {"_autodiscover._tcp.example.test": "mail.example.test"}}, Outcome.PASS),
    ],
)
def test_entries_of_ended_services_are_named(fields: dict[str, object], outcome: Outcome):
    assert says(takeover.no_entries_are_left_over, leftovers(**fields))[0] is outcome


def test_names_that_only_the_certificate_logs_know_can_be_taken_too():
    logged = LoggedNames(at=AT, source="ct.test", asked_at=AT, dangling={f"alt.{DOMAIN}": "alte-app.azurewebsites.net"})
    outcome, text = says(takeover.related_names_are_not_dangling, related(), logged)

    assert outcome is Outcome.FAIL
    assert f"alt.{DOMAIN} → alte-app.azurewebsites.net" in text
