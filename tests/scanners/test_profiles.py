"""A host in the words of other testers."""

import json

from scanners import profiles
from scanners.observations import WellKnown
from tests.scanners.building import AT, HOST, page, response, seen

POLICY = "default-src 'self'; script-src 'self' 'unsafe-inline'"


def test_a_host_is_told_in_the_words_of_four_testers():
    document = response(
        headers={
            "content-security-policy": POLICY,
            "referrer-policy": "origin",
            "strict-transport-security": "max-age=1; preload",
        }
    )
    file = response("Contact: x\n", url=f"https://{HOST}/.well-known/security.txt")
    facts = (page(document), WellKnown(at=AT, documents={"/.well-known/security.txt": file}))

    told = json.loads(json.dumps(profiles.by_host([seen(*facts)])))[HOST]

    assert "SCRIPT_UNSAFE_INLINE" in {one["type"] for one in told["csp_evaluator"][0]}
    assert "has-unsafe-inline" in told["internet_nl"]["content_security_policy"]
    assert told["internet_nl"]["referrer_policy"]["errors"] == ["bad-origin"]
    assert "header.preloadable.max_age.below_1_year" in told["hstspreload"]["errors"]
    assert ["no_uri", 1] in told["sectxt"]["errors"]


def test_what_was_not_seen_is_left_out():
    assert profiles.of(seen()) == {}
    assert profiles.of(seen(page(response(status=404)))) == {}


def test_a_page_without_headers_has_an_empty_profile():
    told = profiles.of(seen(page()))

    assert told["csp_evaluator"] == []
    assert told["hstspreload"] == {"header": None, "errors": (), "warnings": ()}
