"""MTA-STS policies and TLS-RPT records."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.parsing import mta_sts

POLICY = "version: STSv1\r\nmode: enforce\r\nmx: mail.example.test\r\nmx: *.backup.test\r\nmax_age: 604800\r\n"


def test_a_policy_is_read():
    policy = mta_sts.parse_policy(POLICY)

    assert (policy.mode, policy.max_age, policy.errors) == ("enforce", 604800, ())
    assert mta_sts.covers(policy, "MAIL.example.test")


def test_a_star_stands_for_exactly_one_label():
    policy = mta_sts.parse_policy(POLICY)

    assert mta_sts.covers(policy, "mx1.backup.test")
    assert not mta_sts.covers(policy, "backup.test")
    assert not mta_sts.covers(policy, "a.mx1.backup.test")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (POLICY.replace("STSv1", "STSv2"), "version"),
        (POLICY.replace("enforce", "maybe"), "mode"),
        (POLICY.replace("604800", "604800.5"), "max_age"),
        (POLICY.replace("604800", "99999999"), "max_age"),
        (POLICY.replace("mx:", "my:"), "mx"),
        (POLICY.replace("mail.example.test", "mail_example"), "mx: mail_example"),
        (POLICY + "mode: none\r\n", "mode: none"),
        (POLICY + "hello\r\n", "hello"),
    ],
)
def test_what_breaks_a_policy_is_named(body: str, error: str):
    assert error in mta_sts.parse_policy(body).errors


def test_a_policy_of_none_needs_no_servers():
    assert mta_sts.parse_policy("version: STSv1\nmode: none\nmax_age: 86400\n").errors == ()


@pytest.mark.parametrize("text", ["v=STSv1; id=20261101", "v=STSv1; id=a;"])
def test_an_announcement_is_recognised(text: str):
    assert mta_sts.is_record(text)


@pytest.mark.parametrize("text", ["", "v=STSv1", "v=STSv1; id=", "v=STSv1; id=a-b", "v=STSv1; id=a; id=b"])
def test_a_broken_announcement_is_not(text: str):
    assert not mta_sts.is_record(text)


@pytest.mark.parametrize("text", ["v=TLSRPTv1; rua=mailto:a@example.test", "v=TLSRPTv1;rua=https://example.test/r"])
def test_a_wish_for_reports_is_recognised(text: str):
    assert mta_sts.is_report_record(text)


@pytest.mark.parametrize(
    "text",
    ["", "v=TLSRPTv1", "v=TLSRPTv1; rua=a@example.test", "v=TLSRPTv1; rua=mailto:a@b.test; rua=mailto:c@d.test"],
)
def test_a_broken_wish_is_not(text: str):
    assert not mta_sts.is_report_record(text)


@given(st.text())
def test_any_text_is_read_without_raising(text: str):
    mta_sts.covers(mta_sts.parse_policy(text), text)
    mta_sts.is_record(text)
    mta_sts.is_report_record(text)
