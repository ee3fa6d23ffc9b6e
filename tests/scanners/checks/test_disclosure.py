"""What a host tells about itself, and how it wants to be told about weaknesses."""

import pytest

from scanners.checks import disclosure as checks
from scanners.model import Check, Outcome
from scanners.observations import Observation, Page, Response, UnresolvedReferences, WellKnown
from tests.scanners.building import AT, HOST, page, page_with, response
from tests.scanners.building_domain import BLIND, says, when_blind

ALL = [value for value in vars(checks).values() if isinstance(value, Check)]
FILE = "Contact: mailto:security@example.test\nExpires: 2027-06-01T00:00:00Z\n"
FULL = FILE + (
    "Encryption: https://example.test/key.asc\nPolicy: https://example.test/policy\n"
    "Canonical: https://portal.example.test/.well-known/security.txt\nPreferred-Languages: de, en\n"
)
WELL_KNOWN = "/.well-known/security.txt"


def plain(body: str, *, path: str = WELL_KNOWN, status: int = 200, kind: str = "text/plain; charset=utf-8") -> Response:
    return response(body, url=f"https://{HOST}{path}", status=status, headers={"content-type": kind})


def published(*answers: Response) -> WellKnown:
    return WellKnown(at=AT, documents={answer.url.removeprefix(f"https://{HOST}"): answer for answer in answers})


def references(*missing: str) -> UnresolvedReferences:
    return UnresolvedReferences(at=AT, asked=("cdn.example.net", *missing), missing=missing)


GONE = page_with(
    body='<script src="https://gone-vendor.example/app.js"></script><img src="https://img.gone.example/a.png">'
)


@pytest.mark.parametrize(
    ("check", "facts", "outcome"),
    [
        (checks.security_txt_is_valid, [published(plain(FILE))], Outcome.PASS),
        (checks.security_txt_is_valid, [published(plain("", status=404))], Outcome.WARN),
        (checks.security_txt_is_valid, [published(plain("<!doctype html>", kind="text/html"))], Outcome.WARN),
        (checks.security_txt_is_valid, [published(plain(FILE.replace("2027", "2025")))], Outcome.WARN),
        (checks.security_txt_is_valid, [published(plain("Contact: mailto:a@example.test\n"))], Outcome.WARN),
        (checks.security_txt_is_valid, [published(plain("", status=503))], Outcome.UNKNOWN),
        (checks.security_txt_is_valid, [published()], Outcome.UNKNOWN),
        (checks.security_txt_is_complete, [published(plain(FULL))], Outcome.PASS),
        (checks.security_txt_is_complete, [published(plain(FILE))], Outcome.INFO),
        (checks.security_txt_is_complete, [published(plain(FULL.replace("2027", "2037")))], Outcome.INFO),
        (checks.security_txt_is_complete, [published(plain(FULL.rstrip("\n")))], Outcome.INFO),
        (checks.security_txt_is_complete, [published()], Outcome.NOT_APPLICABLE),
        (checks.headers_tell_no_version, [page_with({"server": "nginx"})], Outcome.PASS),
        (checks.headers_tell_no_version, [page_with({"server": "nginx/1.18.0"})], Outcome.WARN),
        (checks.headers_tell_no_version, [page_with({"x-aspnet-version": "4.0.30319"})], Outcome.WARN),
        (checks.headers_tell_no_version, [page(response(status=503))], Outcome.UNKNOWN),
        (checks.page_names_no_version, [page()], Outcome.PASS),
        (checks.page_names_no_version, [page_with(body='<meta name="generator" content="TYPO3 CMS">')], Outcome.PASS),
        (
            checks.page_names_no_version,
            [page_with(body='<meta name="generator" content="WordPress 6.4">')],
            Outcome.INFO,
        ),
        (checks.page_names_no_version, [page_with(body="<html><!-- Yoast SEO plugin v21.5 -->")], Outcome.INFO),
        (checks.pages_show_no_stack_trace, [page()], Outcome.PASS),
        (
            checks.pages_show_no_stack_trace,
            [page_with(body="Traceback (most recent call last):\n  File")],
            Outcome.FAIL,
        ),
        (checks.pages_show_no_stack_trace, [page_with(body="at de.vendor.Portal.get(Portal.java:42)")], Outcome.FAIL),
        (checks.pages_show_no_stack_trace, [Page(at=AT, hops=())], Outcome.UNKNOWN),
        (checks.nothing_internal_is_shown, [page()], Outcome.PASS),
        (checks.nothing_internal_is_shown, [page_with(body="<p>Version 10.0.0.1 of the driver</p>")], Outcome.PASS),
        (checks.nothing_internal_is_shown, [page_with({"x-app-version": "10.1.2.3"})], Outcome.PASS),
        (checks.nothing_internal_is_shown, [page_with({"server": "Some-Server/10.1.2.3"})], Outcome.PASS),
        (checks.nothing_internal_is_shown, [page_with({"x-backend": "10.1.2.3:8080"})], Outcome.WARN),
        (checks.nothing_internal_is_shown, [page_with(body='<img src="http://192.168.1.5/a.png">')], Outcome.WARN),
        (checks.nothing_internal_is_shown, [page_with(body='<a href="https://pacs.klinik.local/">')], Outcome.WARN),
        (checks.nothing_internal_is_shown, [Page(at=AT, hops=())], Outcome.UNKNOWN),
        (checks.references_exist, [page(), references()], Outcome.PASS),
        (checks.references_exist, [GONE, references("gone-vendor.example")], Outcome.FAIL),
        (checks.references_exist, [GONE, references("img.gone.example")], Outcome.WARN),
    ],
)
def test_disclosure_is_judged_by_what_is_served(check: Check, facts: list[Observation], outcome: Outcome):
    assert says(check, *facts)[0] is outcome


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_what_nobody_fetched_is_unknown(check: Check):
    assert when_blind(check) == BLIND


def test_a_file_only_at_the_old_place_is_named_so():
    old = published(plain("", status=404), plain(FILE, path="/security.txt"))

    assert "/security.txt" in says(checks.security_txt_is_valid, old)[1]
