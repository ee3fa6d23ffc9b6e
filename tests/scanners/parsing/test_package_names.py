"""Package URLs and CPE names, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.parsing import package_names
from scanners.parsing.package_names import Package, Platform


@pytest.mark.parametrize(
    ("purl", "package"),
    [
        ("pkg:npm/jquery@1.12.4", Package(type="npm", namespace="", name="jquery", version="1.12.4")),
        ("pkg:npm/%40angular/core@19.0", Package(type="npm", namespace="@angular", name="core", version="19.0")),
        ("pkg:npm/@angular/core", Package(type="npm", namespace="@angular", name="core")),
        ("pkg://maven/org.x/Y@1?type=jar#sub", Package(type="maven", namespace="org.x", name="y", version="1")),
        ("pkg:deb/debian/x@1%2Bdeb11", Package(type="deb", namespace="debian", name="x", version="1+deb11")),
        ("npm/jquery", None),
        ("pkg:npm/", None),
        ("", None),
    ],
)
def test_a_package_url_has_parts(purl: str, package: Package | None):
    assert package_names.package(purl) == package


@pytest.mark.parametrize(
    ("cpe", "platform"),
    [
        ("cpe:2.3:a:Apache:Tomcat:9:*:*:*:*:*:*:*", Platform(part="a", vendor="apache", product="tomcat", version="9")),
        (r"cpe:2.3:a:x:a\:b:1:*:*:*:*:*:*:*", Platform(part="a", vendor="x", product="a:b", version="1")),
        (r"cpe:2.3:a:joomla:joomla\!:*:*:*:*:*:*:*:*", Platform(part="a", vendor="joomla", product="joomla!")),
        ("cpe:/o:debian:debian_linux:11", Platform(part="o", vendor="debian", product="debian_linux", version="11")),
        ("cpe:/a:x:y", Platform(part="a", vendor="x", product="y")),
        ("cpe:2.3:a:x:*:1:*:*:*:*:*:*:*", None),
        ("cpe:2.3:a:x", None),
        ("", None),
    ],
)  # fmt: skip
def test_a_cpe_name_has_parts(cpe: str, platform: Platform | None):
    assert package_names.platform(cpe) == platform


@given(st.text(max_size=80))
def test_no_text_breaks_them(text: str):
    for name in (text, f"pkg:{text}", f"cpe:2.3:{text}", f"cpe:/{text}"):
        package_names.package(name)
        package_names.platform(name)
