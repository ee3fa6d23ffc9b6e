"""Mail on its way: STARTTLS, MTA-STS, TLS reports, DANE."""

from dataclasses import replace

import pytest

from scanners.checks import mail_authentication
from scanners.checks import mail_transport as checks
from scanners.model import Check, Outcome
from scanners.observations import MailExchanger, MtaStsPolicy, Observation, Reason, Trust
from tests.scanners.building import AT, certificate
from tests.scanners.building_domain import BLIND, MX, mail, says, session, transport, when_blind

ALL = [value for value in vars(checks).values() if isinstance(value, Check)]
NO_MAIL = mail(exchangers=(), null_mx=True)
POLICY = f"version: STSv1\r\nmode: enforce\r\nmx: {MX}\r\nmax_age: 604800\r\n"


def served(body: str = POLICY, *, status: int | None = 200, tls_verified: bool = True) -> MtaStsPolicy:
    return MtaStsPolicy(
        at=AT,
        url="https://mta-sts.example.test/.well-known/mta-sts.txt",
        status=status,
        body=body,
        tls_verified=tls_verified,
    )


def exchanger(**fields: object) -> MailExchanger:
    return MailExchanger(**{"preference": 10, "host": MX, "addresses": ("192.0.2.25",), **fields})


def pinned(*records: str, authenticated: bool | None = True) -> tuple[Observation, ...]:
    leaf = replace(certificate(dns_names=(MX,)), sha256="aa" * 32, spki_sha256="bb" * 32)
    known = {} if authenticated is None else {MX: authenticated}
    return mail(tlsa={MX: records}, tlsa_authenticated=known), transport(session(certificate=leaf))


def unsigned_pin() -> dict[str, object]:
    return {"tlsa": {MX: ("3 1 1 aa",)}, "tlsa_authenticated": {MX: False}}


@pytest.mark.parametrize(
    ("check", "facts", "outcome"),
    [
        (checks.mx_records_are_sane, [mail()], Outcome.PASS),
        (checks.mx_records_are_sane, [NO_MAIL], Outcome.PASS),
        (checks.mx_records_are_sane, [mail(exchangers=())], Outcome.NOT_APPLICABLE),
        (checks.mx_records_are_sane, [mail(null_mx=True)], Outcome.FAIL),
        (checks.mx_records_are_sane, [mail(exchangers=(exchanger(addresses=()),))], Outcome.FAIL),
        (checks.mx_records_are_sane, [mail(exchangers=(exchanger(is_alias=True),))], Outcome.FAIL),
        (checks.mx_records_are_sane, [mail(exchangers=(exchanger(is_address_literal=True),))], Outcome.FAIL),
        (checks.starttls_is_offered, [transport(session())], Outcome.PASS),
        (checks.starttls_is_offered, [transport(session(), session(offers_starttls=False))], Outcome.FAIL),
        (checks.starttls_is_offered, [transport(session(), session(offers_starttls=None))], Outcome.UNKNOWN),
        (checks.starttls_is_offered, [transport()], Outcome.NOT_APPLICABLE),
        (checks.mail_uses_current_tls, [transport(session())], Outcome.PASS),
        (checks.mail_uses_current_tls, [transport(session(tls_version="TLSv1.1"))], Outcome.FAIL),
        (checks.mail_uses_current_tls, [transport(session(tls_version=""))], Outcome.UNKNOWN),
        (checks.mail_uses_current_tls, [transport()], Outcome.NOT_APPLICABLE),
        (checks.mail_certificates_match, [transport(session())], Outcome.PASS),
        (checks.mail_certificates_match, [transport(session(trust=Trust.SELF_SIGNED))], Outcome.INFO),
        (checks.mail_certificates_match, [transport(session(name_matches=False)), served()], Outcome.FAIL),
        (checks.mail_certificates_match, [transport(session(certificate=None))], Outcome.UNKNOWN),
        (checks.mail_certificates_match, [transport()], Outcome.NOT_APPLICABLE),
        (checks.mta_sts_is_enforced, [mail(), served()], Outcome.PASS),
        (checks.mta_sts_is_enforced, [mail(mta_sts_txt=())], Outcome.WARN),
        (checks.mta_sts_is_enforced, [mail(mta_sts_txt=(), tlsa={MX: ("3 1 1 aa",)})], Outcome.INFO),
        (checks.mta_sts_is_enforced, [mail(mta_sts_txt=(), tlsa={MX: ()})], Outcome.WARN),
        (checks.mta_sts_is_enforced, [mail(mta_sts_txt=(), **unsigned_pin())], Outcome.WARN),
        (checks.mta_sts_is_enforced, [mail(mta_sts_txt=(), tlsa_failed=(MX,))], Outcome.UNKNOWN),
        (checks.mta_sts_is_enforced, [mail(mta_sts_txt=("v=STSv1",))], Outcome.FAIL),
        (checks.mta_sts_is_enforced, [mail()], Outcome.UNKNOWN),
        (checks.mta_sts_is_enforced, [mail(), served(status=404)], Outcome.FAIL),
        (checks.mta_sts_is_enforced, [mail(), served(tls_verified=False)], Outcome.FAIL),
        (checks.mta_sts_is_enforced, [mail(), served("hello")], Outcome.FAIL),
        (checks.mta_sts_is_enforced, [mail(), served(POLICY.replace(MX, "other.test"))], Outcome.FAIL),
        (checks.mta_sts_is_enforced, [mail(), served(POLICY.replace("enforce", "testing"))], Outcome.WARN),
        (checks.mta_sts_is_enforced, [mail(), served(POLICY.replace("604800", "3600"))], Outcome.WARN),
        (checks.mta_sts_is_enforced, [NO_MAIL], Outcome.NOT_APPLICABLE),
        (checks.tls_reports_are_wanted, [mail()], Outcome.PASS),
        (checks.tls_reports_are_wanted, [mail(tls_rpt_txt=())], Outcome.INFO),
        (checks.tls_reports_are_wanted, [mail(tls_rpt_txt=("v=TLSRPTv1",))], Outcome.WARN),
        (checks.tls_reports_are_wanted, [NO_MAIL], Outcome.NOT_APPLICABLE),
        (checks.dane_matches, [mail()], Outcome.INFO),
        (checks.dane_matches, [mail(tlsa={MX: ()})], Outcome.INFO),
        (checks.dane_matches, [mail(tlsa_failed=(MX,))], Outcome.UNKNOWN),
        (checks.dane_matches, pinned("3 1 1 " + "BB" * 32), Outcome.PASS),
        (checks.dane_matches, pinned("3 0 1 " + "aa" * 32, authenticated=None), Outcome.PASS),
        (checks.dane_matches, pinned("3 1 1 " + "cc" * 32, "3 1 1 " + "bb" * 32), Outcome.PASS),
        (checks.dane_matches, pinned("3 1 1 " + "cc" * 32), Outcome.FAIL),
        (checks.dane_matches, pinned("1 1 1 " + "bb" * 32), Outcome.FAIL),
        (checks.dane_matches, pinned("3 1 1 " + "bb" * 32, authenticated=False), Outcome.FAIL),
        (checks.dane_matches, pinned("2 1 1 " + "cc" * 32), Outcome.UNKNOWN),
        (checks.dane_matches, [mail(tlsa={MX: ("3 1 1 aa",)})], Outcome.UNKNOWN),
        (checks.dane_matches, [NO_MAIL], Outcome.NOT_APPLICABLE),
    ],
)
def test_mail_transport_is_judged_by_what_was_agreed(check: Check, facts: list[Observation], outcome: Outcome):
    assert says(check, *facts)[0] is outcome


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_mail_transport_nobody_saw_is_unknown(check: Check):
    assert when_blind(check) == BLIND


# --- the next key ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"tlsa": {MX: ("3 1 1 aa", "2 1 1 bb")}}, Outcome.PASS),
        ({"tlsa": {MX: ("3 1 1 aa",)}}, Outcome.INFO),
        ({"tlsa": {MX: ("3 1 1 aa", "3 1 1 aa")}}, Outcome.INFO),
        ({"tlsa": {MX: ()}}, Outcome.NOT_APPLICABLE),
        ({"tlsa_failed": (MX,)}, Outcome.UNKNOWN),
        ({"exchangers": (), "null_mx": True}, Outcome.NOT_APPLICABLE),
    ],
)
def test_a_second_tlsa_record_is_praised(fields: dict[str, object], outcome: Outcome):
    assert says(checks.dane_can_roll_over, mail(**fields))[0] is outcome


# --- without MX (RFC 5321 section 5.1) ---------------------------------------------------------

DIRECT = mail(exchangers=(), implicit_mx=True, mta_sts_txt=(), tls_rpt_txt=())


def test_mail_taken_without_an_mx_record_is_a_warning_and_is_judged_like_any_other():
    assert says(checks.mx_records_are_sane, DIRECT, transport(session()))[0] is Outcome.WARN
    assert says(checks.mta_sts_is_enforced, DIRECT, transport(session()))[0] is Outcome.WARN
    assert says(checks.starttls_is_offered, DIRECT, transport(session(offers_starttls=False)))[0] is Outcome.FAIL
    assert says(mail_authentication.parked_domain_is_closed, DIRECT, transport(session()))[0] is Outcome.NOT_APPLICABLE


def test_an_address_where_no_mail_server_greets_receives_no_mail():
    assert says(checks.mx_records_are_sane, DIRECT, transport())[0] is Outcome.NOT_APPLICABLE
    assert says(checks.mta_sts_is_enforced, DIRECT, transport())[0] is Outcome.NOT_APPLICABLE
    assert says(mail_authentication.parked_domain_is_closed, DIRECT, transport())[0] is Outcome.WARN


@pytest.mark.parametrize("reason", [Reason.THROTTLED, Reason.TIMEOUT, Reason.VANTAGE, Reason.RESET])
def test_f7_a_session_that_was_cut_short_is_no_missing_starttls(reason: Reason):
    cut = session(offers_starttls=None, tls_version="", certificate=None, trust=None, name_matches=None, blind=reason)

    for check in (checks.starttls_is_offered, checks.mail_uses_current_tls, checks.mail_certificates_match):
        assert says(check, mail(), transport(cut))[0] is Outcome.UNKNOWN
