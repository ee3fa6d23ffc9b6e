"""Reports of delivery: what a server writes is understood, anything else is nothing and breaks nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.services.mails import delivery_reports
from portal.services.mails.delivery_reports import Failure
from tests.portal import imap

GOOD = imap.report("abc", "erika@firma.example")


def test_a_report_says_which_mail_for_whom_and_why():
    assert delivery_reports.read(imap.report("abc", "Erika@Firma.example", final="e.muster@firma.example")) == Failure(
        message_id="<abc@klinik.example>",
        recipients=("erika@firma.example", "e.muster@firma.example"),
        status="5.1.1",
        diagnostic="550 5.1.1 No such user here",
    )


def test_headers_alone_name_the_mail_too():
    report = GOOD.replace(b"Content-Type: message/rfc822\r\n", b"Content-Type: text/rfc822-headers\r\n")

    assert delivery_reports.read(report).message_id == "<abc@klinik.example>"


@pytest.mark.parametrize(
    "report",
    [
        b"",
        b"Subject: Hello\r\n\r\nPlease call me.",
        imap.report("abc", "erika@firma.example", action="delayed", status="4.4.1"),
        GOOD.replace(b"Message-ID", b"X-Other"),
        GOOD.replace(b"multipart/report", b"multipart/mixed"),
        GOOD.replace(b"message/delivery-status", b"text/plain"),
        b"Content-Type: multipart/report; boundary=b\r\n\r\n" + b"--b\r\nContent-Type: message/rfc822\r\n\r\n" * 3000,
    ],
)
def test_what_is_no_failure_of_a_mail_is_nothing(report: bytes):
    assert delivery_reports.read(report) is None


def test_a_code_that_is_none_is_left_empty():
    assert delivery_reports.read(GOOD.replace(b"Status: 5.1.1", b"Status: <b>5</b>")).status == ""


def test_signs_that_no_database_holds_are_left_out():
    found = delivery_reports.read(GOOD.replace(b"<abc@", b"<a\x00b\x1bc@"))

    assert found.message_id == "<a b c@klinik.example>"


@given(st.binary(max_size=400), st.integers(0, len(GOOD)), st.integers(0, 60))
def test_no_bytes_break_it_and_nothing_grows(noise: bytes, at: int, gone: int):
    found = delivery_reports.read(GOOD[:at] + noise + GOOD[at + gone :])

    if found is not None:
        assert (found.message_id + found.diagnostic).isprintable()
        assert len(found.message_id) <= 300
        assert len(found.diagnostic) <= 300
        assert len(found.recipients) <= 2
