"""SPF, DKIM and DMARC as a receiver would read them."""

import pytest

from scanners.checks import mail_authentication as checks
from scanners.checks import mail_transport, network
from scanners.model import Check, Outcome
from scanners.observations import MailDns
from tests.scanners.building import DOMAIN
from tests.scanners.building_domain import BLIND, dkim, dmarc, leftovers, mail, says, spf, transport, when_blind

RSA_1024 = (
    "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYt"
    "IxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhi"
    "tdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"
)
ED25519 = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
PARKED = {
    "exchangers": (),
    "null_mx": True,
    "spf": spf("v=spf1 -all"),
    "domainkey_exists": False,
    "dmarc": dmarc("v=DMARC1; p=reject"),
}
ALL = [value for value in vars(checks).values() if isinstance(value, Check)]


def policy(record: str, **fields: object) -> MailDns:
    return mail(dmarc=dmarc(record, **fields))


NO_DMARC = mail(dmarc=dmarc(None))
DMARC_SILENT = mail(dmarc=dmarc(None, failed=(f"_dmarc.{DOMAIN}",)))
SPF_SILENT = mail(spf=spf(failed=(DOMAIN,)))


@pytest.mark.parametrize(
    ("check", "fact", "outcome"),
    [
        (checks.spf_is_present, mail(), Outcome.PASS),
        (checks.spf_is_present, mail(spf=spf()), Outcome.FAIL),
        (checks.spf_is_present, mail(spf=spf("v=spf1 -all", "v=spf1 mx -all")), Outcome.FAIL),
        (checks.spf_is_present, SPF_SILENT, Outcome.UNKNOWN),
        (checks.spf_can_be_read, mail(), Outcome.PASS),
        (checks.spf_can_be_read, mail(spf=spf("v=spf1 ip4:x -all", errors=("ip4:x",))), Outcome.FAIL),
        (checks.spf_can_be_read, mail(spf=spf("v=spf1 include:a.test -all", missing=("a.test",))), Outcome.FAIL),
        (checks.spf_can_be_read, mail(spf=spf("v=spf1 include:a.test -all", failed=("a.test",))), Outcome.UNKNOWN),
        (checks.spf_can_be_read, mail(spf=spf()), Outcome.NOT_APPLICABLE),
        (checks.spf_stays_within_limits, mail(), Outcome.PASS),
        (checks.spf_stays_within_limits, mail(spf=spf("v=spf1 -all", lookups=8)), Outcome.PASS),
        (checks.spf_stays_within_limits, mail(spf=spf("v=spf1 -all", lookups=9)), Outcome.WARN),
        (checks.spf_stays_within_limits, mail(spf=spf("v=spf1 -all", lookups=10)), Outcome.WARN),
        (checks.spf_stays_within_limits, mail(spf=spf("v=spf1 -all", lookups=11)), Outcome.FAIL),
        (checks.spf_stays_within_limits, mail(spf=spf("v=spf1 -all", void_lookups=3)), Outcome.FAIL),
        (checks.spf_stays_within_limits, mail(spf=spf("v=spf1 -all", failed=("a.test",))), Outcome.UNKNOWN),
        (checks.spf_ends_with_refusal, mail(), Outcome.PASS),
        (checks.spf_ends_with_refusal, mail(spf=spf("v=spf1 mx ~all")), Outcome.PASS),
        (checks.spf_ends_with_refusal, mail(spf=spf("v=spf1 mx ~all"), dmarc=dmarc(None)), Outcome.WARN),
        (checks.spf_ends_with_refusal, mail(spf=spf("v=spf1 mx ?all")), Outcome.WARN),
        (checks.spf_ends_with_refusal, mail(spf=spf("v=spf1 mx +all")), Outcome.FAIL),
        (checks.spf_ends_with_refusal, mail(spf=spf("v=spf1 mx all")), Outcome.FAIL),
        (checks.spf_ends_with_refusal, mail(spf=spf("v=spf1 mx")), Outcome.FAIL),
        (checks.spf_ends_with_refusal, mail(spf=spf("v=spf1 redirect=a.test", failed=("a.test",))), Outcome.UNKNOWN),
        (checks.spf_ends_with_refusal, mail(spf=spf()), Outcome.NOT_APPLICABLE),
        (checks.spf_ends_with_refusal, mail(spf=spf("v=spf1 ip4:0.0.0.0/1 -all", stranger="fail")), Outcome.PASS),
        (checks.spf_ends_with_refusal, mail(spf=spf("v=spf1 ip4:128.0.0.0/1 -all", stranger="pass")), Outcome.FAIL),
        (checks.spf_uses_no_ptr, mail(), Outcome.PASS),
        (checks.spf_uses_no_ptr, mail(spf=spf("v=spf1 ptr -all")), Outcome.WARN),
        (checks.dkim_exists, mail(), Outcome.PASS),
        (checks.dkim_exists, mail(domainkey_exists=False), Outcome.WARN),
        (checks.dkim_exists, mail(domainkey_exists=None), Outcome.UNKNOWN),
        (checks.dkim_exists, mail(**PARKED), Outcome.NOT_APPLICABLE),
        (checks.dkim_selector_is_found, dkim(ED25519), Outcome.PASS),
        (checks.dkim_selector_is_found, mail(), Outcome.INFO),
        (checks.dkim_keys_are_strong, dkim(ED25519), Outcome.PASS),
        (checks.dkim_keys_are_strong, dkim(RSA_1024), Outcome.WARN),
        (checks.dkim_keys_are_strong, dkim("v=DKIM1; p=AAAA", bits=2048), Outcome.PASS),
        (checks.dkim_keys_are_strong, dkim("v=DKIM1; p=AAAA", bits=768), Outcome.FAIL),
        (checks.dkim_keys_are_strong, dkim("v=DKIM1; t=y; p=AAAA", bits=2048), Outcome.WARN),
        (checks.dkim_keys_are_strong, dkim("v=DKIM1; h=sha1; p=AAAA", bits=2048), Outcome.FAIL),
        (checks.dkim_keys_are_strong, dkim("v=DKIM1; p="), Outcome.INFO),
        (checks.dkim_keys_are_strong, dkim("v=DKIM1; p=???"), Outcome.FAIL),
        (checks.dkim_keys_are_strong, mail(), Outcome.NOT_APPLICABLE),
        (checks.dmarc_is_present, mail(), Outcome.PASS),
        (checks.dmarc_is_present, NO_DMARC, Outcome.FAIL),
        (checks.dmarc_is_present, DMARC_SILENT, Outcome.UNKNOWN),
        (checks.dmarc_rejects, mail(), Outcome.PASS),
        (checks.dmarc_rejects, policy("v=DMARC1; p=quarantine"), Outcome.WARN),
        (checks.dmarc_rejects, policy("v=DMARC1; p=reject; t=y"), Outcome.WARN),
        (checks.dmarc_rejects, policy("v=DMARC1; p=quarantine; t=y"), Outcome.FAIL),
        (checks.dmarc_rejects, policy("v=DMARC1; p=none"), Outcome.FAIL),
        (checks.dmarc_rejects, policy("v=DMARC1; p=wrong"), Outcome.FAIL),
        (checks.dmarc_rejects, NO_DMARC, Outcome.FAIL),
        (checks.dmarc_rejects, DMARC_SILENT, Outcome.UNKNOWN),
        (checks.dmarc_covers_subdomains, mail(), Outcome.PASS),
        (checks.dmarc_covers_subdomains, policy("v=DMARC1; p=reject; sp=quarantine"), Outcome.WARN),
        (checks.dmarc_covers_subdomains, policy("v=DMARC1; p=reject; np=none"), Outcome.FAIL),
        (checks.dmarc_covers_subdomains, NO_DMARC, Outcome.NOT_APPLICABLE),
        (checks.dmarc_reports_arrive, mail(), Outcome.PASS),
        (checks.dmarc_reports_arrive, policy("v=DMARC1; p=reject"), Outcome.WARN),
        (checks.dmarc_reports_arrive, policy("v=DMARC1; p=reject; rua=dmarc@example.test"), Outcome.WARN),
        (
            checks.dmarc_reports_arrive,
            policy("v=DMARC1; p=reject; rua=mailto:a@b.test", external_receivers={"b.test": False}),
            Outcome.WARN,
        ),
        (checks.dmarc_is_well_formed, mail(), Outcome.PASS),
        (checks.dmarc_is_well_formed, policy("v=DMARC1; p=reject; p=none"), Outcome.FAIL),
        (checks.dmarc_is_well_formed, policy("v=DMARC1; p=reject; hello"), Outcome.FAIL),
        (checks.dmarc_is_well_formed, policy("v=DMARC1; p=reject; pct=50"), Outcome.WARN),
        (checks.dmarc_is_well_formed, policy("v=DMARC1; p=reject; xyz=1"), Outcome.WARN),
        (checks.dmarc_is_well_formed, policy("v=DMARC1; rua=mailto:a@example.test; p=none"), Outcome.WARN),
        (checks.dmarc_is_well_formed, NO_DMARC, Outcome.NOT_APPLICABLE),
        (checks.parked_domain_is_closed, mail(), Outcome.NOT_APPLICABLE),
        (checks.parked_domain_is_closed, mail(**PARKED), Outcome.PASS),
        (checks.parked_domain_is_closed, mail(**{**PARKED, "null_mx": False}), Outcome.WARN),
        (checks.parked_domain_is_closed, mail(**{**PARKED, "dmarc": dmarc(None, failed=("x",))}), Outcome.UNKNOWN),
    ],
)
def test_mail_dns_is_judged_as_a_receiver_reads_it(check: Check, fact: MailDns, outcome: Outcome):
    assert says(check, fact)[0] is outcome


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_mail_dns_nobody_saw_is_unknown(check: Check):
    assert when_blind(check) == BLIND


def test_several_dmarc_records_are_none():
    both = ("v=DMARC1; p=none", "v=DMARC1; p=reject")

    outcome, text = says(checks.dmarc_is_present, mail(dmarc=dmarc(None, queries=((f"_dmarc.{DOMAIN}", both),))))

    assert outcome is Outcome.FAIL
    assert "2 DMARC records" in text


def test_a_redirect_is_followed_to_its_all():
    trace = spf("v=spf1 redirect=_spf.example.net", included={"_spf.example.net": "v=spf1 ip4:192.0.2.1 -all"})

    assert says(checks.spf_ends_with_refusal, mail(spf=trace))[0] is Outcome.PASS


def test_ptr_in_an_included_record_is_named():
    trace = spf("v=spf1 include:old.example.net -all", included={"old.example.net": "v=spf1 ptr -all"})

    assert "old.example.net" in says(checks.spf_uses_no_ptr, mail(spf=trace))[1]


def test_the_policy_of_a_parent_speaks_through_sp():
    inherited = dmarc("v=DMARC1; p=reject; sp=none", policy_domain="test")

    assert says(checks.dmarc_rejects, mail(dmarc=inherited))[0] is Outcome.FAIL


# --- remarks -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "included", "outcome", "count"),
    [
        ("v=spf1 ip4:192.0.2.0/24 -all", {}, Outcome.PASS, 256),
        ("v=spf1 ip4:192.0.2.0/24 ip4:192.0.2.128/25 -all", {}, Outcome.PASS, 256),  # an overlap counts once
        ("v=spf1 ip4:10.0.0.0/8 -all", {}, Outcome.INFO, 2**24),
        ("v=spf1 -ip4:10.0.0.0/8 ip4:192.0.2.1 -all", {}, Outcome.PASS, 1),  # what is refused is not allowed
        ("v=spf1 include:a.example -all", {"a.example": "v=spf1 ip4:10.0.0.0/14 -all"}, Outcome.INFO, 2**18),
    ],
)
def test_the_addresses_that_spf_allows_are_counted(record: str, included: dict[str, str], outcome: Outcome, count: int):
    found, text = says(checks.spf_is_narrow, mail(spf=spf(record, included=included)))

    assert found is outcome
    assert f"{count} IPv4" in text


def test_the_breadth_of_no_record_and_of_an_unread_one():
    assert says(checks.spf_is_narrow, mail(spf=spf()))[0] is Outcome.NOT_APPLICABLE
    assert says(checks.spf_is_narrow, mail(spf=spf("v=spf1 -all", failed=("a.example",))))[0] is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"texts": ("v=spf1 -all",)}, Outcome.PASS),
        ({"spf_type99": ("v=spf1 -all",)}, Outcome.INFO),
        ({"texts": ("spf2.0/pra mx -all",)}, Outcome.INFO),
    ],
)
def test_retired_variants_of_spf_are_a_remark(fields: dict[str, object], outcome: Outcome):
    assert says(checks.spf_variants_are_gone, leftovers(**fields))[0] is outcome


@pytest.mark.parametrize(
    ("record", "outcome", "words"),
    [
        ("v=DMARC1; p=reject; adkim=s; aspf=s", Outcome.PASS, "exact"),
        ("v=DMARC1; p=reject", Outcome.INFO, "adkim=r, aspf=r"),
        ("v=DMARC1; p=reject; adkim=s", Outcome.INFO, "adkim=s, aspf=r"),
        ("v=DMARC1; p=reject; adkim=strict", Outcome.INFO, "adkim=strict"),
        ("v=DMARC1; p=reject; adkim=s; aspf=s; fo=9", Outcome.INFO, "fo=9"),
    ],
)
def test_alignment_is_told_and_what_is_not_allowed_falls_back(record: str, outcome: Outcome, words: str):
    found, text = says(checks.dmarc_alignment_is_strict, policy(record))

    assert found is outcome
    assert words in text


@pytest.mark.parametrize(
    ("fact", "outcome"),
    [
        (mail(), Outcome.PASS),
        (policy("v=DMARC1; p=reject; psd=y"), Outcome.INFO),
        (policy("v=DMARC1; p=reject", policy_domain="test"), Outcome.INFO),
        (NO_DMARC, Outcome.NOT_APPLICABLE),
        (DMARC_SILENT, Outcome.UNKNOWN),
    ],
)
def test_where_old_and_new_readers_differ_it_is_said(fact: MailDns, outcome: Outcome):
    assert says(checks.dmarc_readers_agree, fact)[0] is outcome


def test_a_logo_is_praised_and_none_is_no_fault():
    assert says(checks.bimi_is_there, leftovers(bimi=("v=BIMI1; l=https://example.test/a.svg",)))[0] is Outcome.PASS
    assert says(checks.bimi_is_there, leftovers())[0] is Outcome.INFO


# --- F5: domains without mail are not punished; F10: DKIM keys that cannot be seen ----------------

DOMAIN_CHECKS = [
    one
    for module in (checks, mail_transport, network)
    for one in vars(module).values()
    if isinstance(one, Check) and one.id.startswith(("mail.", "net.ipv6-mail"))
]


@pytest.mark.parametrize("check", DOMAIN_CHECKS, ids=lambda check: check.id)
def test_f5_a_domain_that_says_it_has_no_mail_is_not_punished(check: Check):
    parked = mail(**PARKED, mta_sts_txt=(), tls_rpt_txt=())

    assert says(check, parked, transport(), leftovers())[0] not in {Outcome.FAIL, Outcome.WARN}


@pytest.mark.parametrize(
    ("exists", "outcome"),
    [(True, Outcome.PASS), (None, Outcome.UNKNOWN), (False, Outcome.WARN)],
)
def test_f10_only_a_missing_place_proves_that_there_are_no_dkim_keys(exists: bool | None, outcome: Outcome):
    found = mail(domainkey_exists=exists, dkim_keys=())

    assert says(checks.dkim_exists, found)[0] is outcome
    assert says(checks.dkim_selector_is_found, found)[0] is Outcome.INFO
    assert says(checks.dkim_keys_are_strong, found)[0] is Outcome.NOT_APPLICABLE
