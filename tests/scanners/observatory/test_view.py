"""The whole view over what a scan has seen."""

import json
from dataclasses import replace
from pathlib import Path
from unittest.mock import ANY

import pytest

from scanners import __main__ as terminal
from scanners import recordings
from scanners.observations import CleartextPage, Page, Response, UnpublishedPaths
from scanners.observatory import view
from scanners.recordings import Recording
from tests.scanners.building import AT
from tests.scanners.building import seen as observed

HOST = "portal.example.test"
GOOD = (
    ("strict-transport-security", "max-age=31536000"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
)


def page(status: int = 200, headers: tuple[tuple[str, str], ...] = GOOD, body: str = "<p>Hello") -> Page:
    url = f"https://{HOST}/"
    return Page(at=AT, hops=(Response(url=url, status=status, headers=headers, body=body, tls_verified=True),))


def cleartext() -> CleartextPage:
    first = Response(url=f"http://{HOST}/", status=301, headers=())
    return CleartextPage(at=AT, hops=(first, page().document))


def test_a_good_host_gets_a_plus():
    seen = view.of(observed(page(), cleartext()))

    assert seen is not None
    assert (seen.grade, seen.score, seen.passed) == ("A+", 120, 12)


def test_a_closed_port_80_is_no_fault():
    seen = view.of(observed(page(), CleartextPage(at=AT, closed=True)))

    assert seen is not None
    assert seen.grade == "A+"


def test_what_could_not_be_seen_is_marked():
    seen = view.of(observed(page()))

    assert seen is not None
    assert seen.unseen == ("redirection",)
    assert "  ?   +0 redirection" in view.told([observed(page())])
    assert view.of(observed(page(), cleartext())) == replace(seen, unseen=(), tests=ANY, score=ANY)


def test_an_origin_that_is_repeated_with_credentials_costs_fifty_points():
    paths = UnpublishedPaths(at=AT, signs={"/": ("origin-reflected", "origin-credentials")})

    seen = view.of(observed(page(), cleartext(), paths))

    assert seen is not None
    assert (seen.grade, seen.score) == ("C", 50)


@pytest.mark.parametrize("facts", [(), (page(404),), (page(301),)])
def test_without_a_page_there_is_no_grade(facts: tuple[Page, ...]):
    assert view.of(observed(*facts)) is None
    assert "no grade" in view.told([observed(*facts)])


def test_a_meta_stands_in_for_a_header_even_with_blanks_around_its_name():
    policy = "<meta http-equiv=' Content-Security-Policy ' content=\"default-src 'none'\">"
    body = policy + "<meta name=referrer content=origin>"

    assert view.equivalents(body) == {
        "content-security-policy": ("default-src 'none'",),
        "referrer-policy": ("origin",),
    }


def test_the_terminal_shows_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "scan.json"
    recordings.write(file, Recording(seen=(observed(page(), cleartext()),), classes=terminal.UNASKED))

    terminal.main(["--replay", str(file), "--observatory"])
    shown = capsys.readouterr().out
    terminal.main(["--replay", str(file), "--json"])
    told = json.loads(capsys.readouterr().out)["observatory"]

    assert "A+ (120 points), 12 of 12 tests passed" in shown
    (report,) = told.values()
    assert report["tests"]["referrer-policy"] == {
        "result": "referrer-policy-private",
        "pass": True,
        "score_modifier": 5,
    }
