"""The test subresource-integrity."""

import pytest

from scanners.observatory import scripts
from tests.scanners.observatory.building_site import site

HASH = "integrity=sha384-abc"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>", "sri-not-implemented-but-no-scripts-loaded"),
        ("<script src=/a.js></script>", "sri-not-implemented-but-all-scripts-loaded-from-secure-origin"),
        (
            "<script src=https://www.clinic.example/a.js></script>",
            "sri-not-implemented-but-all-scripts-loaded-from-secure-origin",
        ),
        (f"<script src=/a.js {HASH}></script>", "sri-implemented-and-all-scripts-loaded-securely"),
        (f"<script src=https://cdn.test/a.js {HASH}></script>", "sri-implemented-and-external-scripts-loaded-securely"),
        ("<script src=https://cdn.test/a.js></script>", "sri-not-implemented-but-external-scripts-loaded-securely"),
        (f"<script src=//cdn.test/a.js {HASH}></script>", "sri-implemented-but-external-scripts-not-loaded-securely"),
        ("<script src=//cdn.test/a.js></script>", "sri-not-implemented-and-external-scripts-not-loaded-securely"),
        (
            f"<script src=https://cdn.test/a.js></script><script src=/b.js {HASH}></script>",
            "sri-not-implemented-but-external-scripts-loaded-securely",
        ),
    ],
)
def test_each_page(html: str, expected: str):
    assert scripts.judge(site(html=html)).result == expected


def test_what_is_no_html_loads_no_scripts():
    seen = scripts.judge(site({"content-type": "application/json"}, html="<script src=//a.test/x></script>"))

    assert (seen.result, seen.passed) == ("sri-not-implemented-response-not-html", True)
