"""Components judged: affected, possible, ended, clear, and unknown where our data do not reach."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest

from scanners import components
from scanners.components import Standing, Why
from scanners.datasets import SHIPPED, DataSets, Source
from scanners.model import Severity
from scanners.parsing.parts_lists import Component

ON = date(2026, 11, 22)
KEV = Source(
    name="kev", source_url="x", fetched_at=datetime(2026, 11, 20, tzinfo=UTC), sha256="", licence="CC0-1.0", records=2,
    max_age_days=90,
)  # fmt: skip
LISTED = DataSets(
    version="2026-11-20.a",
    exploited={"CVE-2021-44228": date(2021, 12, 10), "CVE-2020-11023": date(2025, 1, 23)},
    exploited_products={"CVE-2021-44228": ("Apache", "Log4j2"), "CVE-2020-11023": ("JQuery", "JQuery")},
    sources=(KEV,),
)


def _judged(purl="", data=SHIPPED, **more):
    return components.judge(Component(name=more.pop("name", "x"), purl=purl, **more), data, on=ON)


@pytest.mark.parametrize(
    ("purl", "standing"),
    [
        ("pkg:npm/jquery@1.12.4", Standing.AFFECTED),
        ("pkg:npm/jquery@3.7.1", Standing.CLEAR),
        ("pkg:maven/org.webjars/jquery@1.12.4", Standing.AFFECTED),
        ("pkg:nuget/jQuery@1.12.4", Standing.AFFECTED),
        ("pkg:npm/angular@1.8.3", Standing.AFFECTED),
        ("pkg:npm/%40angular/core@19.0.0", Standing.CLEAR),
        ("pkg:npm/vue@2.7.16", Standing.AFFECTED),
        ("pkg:npm/handlebars@4.0.0", Standing.AFFECTED),
        ("pkg:generic/openssl@1.1.1w", Standing.ENDED),
        ("pkg:generic/openssl@3.0.2", Standing.AFFECTED),
        ("pkg:deb/debian/openssl@3.0.2-1", Standing.POSSIBLE),
        ("pkg:deb/debian/openssl@1.1.1w-0%2Bdeb11u1", Standing.UNKNOWN),
        ("pkg:maven/org.apache.tomcat.embed/tomcat-embed-core@9.0.30", Standing.AFFECTED),
        ("pkg:generic/openssl@3.5.0", Standing.UNKNOWN),
        ("pkg:npm/nextjs@1.0.0", Standing.UNKNOWN),
        ("pkg:npm/left-pad@1.0.0", Standing.UNKNOWN),
        ("pkg:pypi/jquery@1.12.4", Standing.UNKNOWN),
        ("pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1", Standing.UNKNOWN),
        ("pkg:npm/jquery", Standing.UNKNOWN),
        ("pkg:npm/jquery@latest", Standing.UNKNOWN),
        ("no purl at all", Standing.UNKNOWN),
        ("", Standing.UNKNOWN),
    ],
)
def test_a_component_stands_as_the_data_of_the_code_know_it(purl: str, standing: Standing):
    assert _judged(purl).standing is standing


def test_a_name_alone_proves_nothing():
    assert _judged(name="jquery", version="1.12.4").standing is Standing.UNKNOWN


@pytest.mark.parametrize(
    ("cpe", "standing"),
    [
        ("cpe:2.3:a:jquery:jquery:1.12.4:*:*:*:*:*:*:*", Standing.AFFECTED),
        ("cpe:/a:apache:http_server:2.4.49", Standing.AFFECTED),
        ("cpe:2.3:a:php:php:7.4.33:*:*:*:*:*:*:*", Standing.ENDED),
        ("cpe:2.3:a:other:jquery:1.12.4:*:*:*:*:*:*:*", Standing.UNKNOWN),
        ("cpe:2.3:a:jquery:jquery:*:*:*:*:*:*:*:*", Standing.UNKNOWN),
    ],
)
def test_a_cpe_names_a_product_as_well(cpe: str, standing: Standing):
    assert _judged(cpe=cpe).standing is standing


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"purl": "pkg:npm/jquery"}, Why.NO_VERSION),
        ({"purl": "pkg:npm/jquery@latest"}, Why.ODD_VERSION),
        ({"purl": "pkg:npm/left-pad@1.0.0"}, Why.NOT_COVERED),
    ],
)
def test_the_unknown_has_a_reason(given, why: Why):
    assert _judged(**given).why is why


def test_a_list_without_versions_makes_a_hole_possible_and_never_more():
    log4j = _judged("pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1", data=LISTED)

    assert log4j.standing is Standing.POSSIBLE
    assert [(one.name, one.is_used, one.severity) for one in log4j.weaknesses] == [
        ("CVE-2021-44228", True, Severity.MEDIUM)
    ]
    by_supplier = _judged(name="Log4j2", supplier="Apache", data=LISTED)
    assert by_supplier.standing is Standing.POSSIBLE
    assert _judged(name="Log4j2", version="2.25", supplier="Somebody", data=LISTED).standing is Standing.UNKNOWN


def test_where_versions_are_known_the_list_without_them_is_silent():
    cpe = "cpe:2.3:a:jquery:jquery:{}:*:*:*:*:*:*:*"
    old = _judged(cpe=cpe.format("3.4.0"), data=LISTED)
    new = _judged(cpe=cpe.format("3.7.1"), data=LISTED)

    used = next(one for one in old.weaknesses if one.name == "CVE-2020-11023")
    assert (used.standing, used.is_used, used.severity) == (Standing.AFFECTED, True, Severity.CRITICAL)
    assert old.weaknesses[0] == used
    assert new.standing is Standing.CLEAR


def test_every_sentence_names_its_data_and_has_its_values():
    for purl in ("pkg:npm/jquery@1.4.0", "pkg:deb/debian/openssl@3.0.2", "pkg:generic/php@5.3"):
        for one in _judged(purl).weaknesses:
            assert re.search(r"\(\d{1,2} \w{3} 20\d\d\)", one.fact.render())
