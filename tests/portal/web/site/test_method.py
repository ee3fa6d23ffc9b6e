"""The method page: every check, for everybody, found without a script and fit for paper."""

from __future__ import annotations

import re

import pytest

from scanners import guards
from scanners.catalogue import CATALOGUE_VERSION, CHECKS
from tests.portal.web.conftest import Visitor


def shown(visitor: Visitor, query: str = "") -> list[str]:
    answer = visitor.get(f"/method{query}")
    assert answer.status_code == 200
    return re.findall(r'<article class="method-check" id="([^"]+)">', answer.get_data(as_text=True))


def test_everybody_reads_every_check_once(visitor: Visitor):
    ids = shown(visitor)

    assert sorted(ids) == sorted(CHECKS)
    text = visitor.get("/method").get_data(as_text=True)
    assert CATALOGUE_VERSION in text
    assert all(f'id="guard-{guard.id}"' in text for guard in guards.GUARDS)
    assert "BSI TR-02102-2" in text


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("?category=tls", lambda check: check.category == "tls"),
        ("?severity=critical", lambda check: check.severity.value == "critical"),
        ("?class=active", lambda check: check.check_class.value == "active"),
        ("?category=mail&severity=high", lambda check: check.category == "mail" and check.severity.value == "high"),
        ("?category=nonsense&severity=%3Cb%3E", lambda check: True),
    ],
)
def test_the_address_says_what_is_shown(visitor: Visitor, query: str, wanted):
    assert sorted(shown(visitor, query)) == sorted(check.id for check in CHECKS.values() if wanted(check))


def test_words_are_looked_for_in_id_title_and_sources(visitor: Visitor):
    assert shown(visitor, "?q=tls.protocol-legacy") == ["tls.protocol-legacy"]
    assert "tls.protocol-legacy" in shown(visitor, "?q=RFC+8996")
    assert shown(visitor, "?q=gibtesbestimmtnicht") == []


def test_what_somebody_types_is_no_markup(visitor: Visitor):
    text = visitor.get('/method?q="><script>alert(1)</script>').get_data(as_text=True)

    assert "<script>alert" not in text


def test_every_guard_that_names_checks_finds_some():
    for guard in guards.GUARDS:
        held = [check.id for check in CHECKS.values() if guard in guards.of_check(check)]
        assert held or guard.checks == ("*",), guard.id
