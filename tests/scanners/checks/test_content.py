"""What the page loads and where its forms lead."""

import pytest

from scanners.checks import content
from scanners.model import Check, Outcome
from tests.scanners.building import HOST, login, outcome, page, page_with, response

ALL = [check for check in vars(content).values() if isinstance(check, Check)]
OWN = f"<script src=/a.js></script><link rel=stylesheet href=https://static.example.test/a.css><form action=https://{HOST}/f></form>"
PINNED = '<script src="https://cdn.jsdelivr.net/npm/vue@3.5.1/vue.js" integrity="sha384-abc"></script>'


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_a_page_that_serves_itself_passes(check):
    expected = Outcome.NOT_APPLICABLE if check.id == "js.sri-weak" else Outcome.PASS

    assert outcome(check, page_with(body=OWN)) is expected


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_a_pinned_library_passes(check):
    assert outcome(check, page_with(body=PINNED)) is Outcome.PASS


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.id)
def test_an_error_page_is_unknown(check):
    assert outcome(check, page(response("<script src=http://x.test/></script>", status=500))) is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("check", "body", "expected"),
    [
        (content.no_code_without_encryption, "<script src=http://x.test/a.js></script>", Outcome.FAIL),
        (content.no_code_without_encryption, "<link rel=stylesheet href=http://x.test/a.css>", Outcome.FAIL),
        (content.no_code_without_encryption, "<iframe src=http://x.test/></iframe>", Outcome.FAIL),
        (content.no_code_without_encryption, "<base href=http://x.test/><script src=a.js></script>", Outcome.FAIL),
        (content.no_code_without_encryption, "<!-- <script src=http://x.test/a.js></script> -->", Outcome.PASS),
        (content.no_code_without_encryption, "<a href=http://x.test/>x</a>", Outcome.PASS),
        (content.no_code_without_encryption, "<img src=http://x.test/a.png>", Outcome.PASS),
        (content.no_media_without_encryption, "<img src=http://x.test/a.png>", Outcome.WARN),
        (content.no_media_without_encryption, "<img srcset='/a.png 1x, http://x.test/b.png 2x'>", Outcome.WARN),
        (content.no_media_without_encryption, "<link rel=icon href=http://x.test/f.ico>", Outcome.WARN),
        (content.no_form_sends_openly, "<form action=http://x.test/></form>", Outcome.FAIL),
        (content.no_form_sends_openly, "<form></form>", Outcome.PASS),
        (content.foreign_code_is_pinned, "<script src=https://x.test/a.js></script>", Outcome.WARN),
        (content.foreign_code_is_pinned, "<script src=//x.test/a.js></script>", Outcome.FAIL),
        (content.foreign_code_is_pinned, "<script src=http://x.test/a.js></script>", Outcome.FAIL),
        (content.foreign_code_is_pinned, "<link rel=stylesheet href=https://x.test/a.css>", Outcome.WARN),
        (content.checksums_are_strong, "<script src=/a.js integrity=sha256-x></script>", Outcome.INFO),
        (content.checksums_are_strong, "<script src=/a.js integrity=md5-x></script>", Outcome.WARN),
        (content.libraries_have_a_fixed_version, "<script src=https://unpkg.com/vue></script>", Outcome.WARN),
        (content.libraries_have_a_fixed_version, "<script src=https://unpkg.com/vue@latest/x></script>", Outcome.WARN),
        (content.libraries_have_a_fixed_version, "<script src=https://unpkg.com/vue@3></script>", Outcome.WARN),
        (
            content.libraries_have_a_fixed_version,
            "<script src=https://code.jquery.com/jquery-latest.js></script>",
            Outcome.WARN,
        ),
        (
            content.libraries_have_a_fixed_version,
            "<script src=https://code.jquery.com/jquery-3.7.1.min.js></script>",
            Outcome.PASS,
        ),
    ],
)
def test_a_careless_page_is_found_out(check, body, expected):
    assert outcome(check, page_with(body=body)) is expected


def test_a_policy_that_raises_to_https_mends_mixed_content():
    load = page_with(
        {"content-security-policy": "upgrade-insecure-requests"}, "<script src=http://x.test/a.js></script>"
    )

    assert outcome(content.no_code_without_encryption, load) is Outcome.PASS


def test_a_log_in_page_is_looked_at_as_well():
    deep = login(response("<form action=http://x.test/></form>", url=f"https://{HOST}/login"))

    assert outcome(content.no_form_sends_openly, page(), deep) is Outcome.FAIL
