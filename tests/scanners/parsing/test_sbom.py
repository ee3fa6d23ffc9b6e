"""Lists of parts: the same components from every format, and a clear sentence for everything that is none."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanners.parsing import sbom
from scanners.parsing.parts_lists import DEEPEST, MOST_COMPONENTS, Component, Unreadable
from tests.scanners.parsing import lists

LOG4J = Component(
    name="log4j-core",
    version="2.14.1",
    purl="pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
    cpe="cpe:2.3:a:apache:log4j:2.14.1:*:*:*:*:*:*:*",
    supplier="Apache Software Foundation",
    licence="Apache-2.0",
    hashes=2,
)
BARE = Component(name="libfoo")
FORMATS = {
    "CycloneDX JSON": lists.cyclonedx,
    "CycloneDX XML": lists.cyclonedx_xml,
    "SPDX JSON": lists.spdx,
    "SPDX tag-value": lists.spdx_tags,
}

WORDS = st.text(st.sampled_from("abcXYZäß09.-_+ &<"), min_size=1, max_size=20).map(lambda text: " ".join(text.split()))
NAMES = WORDS.filter(lambda text: text and text.upper() not in {"NONE", "NOASSERTION"})
COMPONENTS = st.lists(
    st.builds(
        Component,
        name=NAMES,
        version=st.just("") | st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}", fullmatch=True),
        purl=st.just("") | st.from_regex(r"pkg:(npm|maven|deb)/[a-z0-9./-]{1,20}@[0-9.]{1,8}", fullmatch=True),
        cpe=st.just("") | st.from_regex(r"cpe:2\.3:a:[a-z]{1,9}:[a-z]{1,9}:[0-9.]{1,5}(:\*){7}", fullmatch=True),
        supplier=st.just("") | NAMES.filter(lambda text: "(" not in text),
        licence=st.sampled_from(["", "MIT", "Apache-2.0"]),
        hashes=st.integers(0, 3),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(COMPONENTS)
def test_every_format_says_the_same_of_the_same_components(components: list[Component]):
    for name, write in FORMATS.items():
        found = sbom.read(write(components))
        assert list(found.components) == components, name
        assert (found.product, found.product_version) == lists.PRODUCT
        assert found.created_at == datetime(2026, 11, 2, 10, tzinfo=UTC)


def test_version_3_of_spdx_is_read_but_for_licences():
    found = sbom.read(lists.spdx3([LOG4J, BARE]))

    assert found.components == (replace(LOG4J, licence=""), BARE)
    assert (found.format, found.version, found.product, found.author) == (
        "SPDX", "3.0.1", "PACS Archiv", "Strahlwerk GmbH",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lists.cyclonedx([LOG4J]), ("CycloneDX", "1.6", "syft 1.20", "Strahlwerk Medizintechnik GmbH")),
        (lists.cyclonedx([LOG4J], version="1.4"), ("CycloneDX", "1.4", "syft 1.20", "Strahlwerk Medizintechnik GmbH")),
        (lists.cyclonedx_xml([LOG4J]), ("CycloneDX", "1.5", "syft 1.20", "")),
        (lists.spdx([LOG4J], version="2.2"), ("SPDX", "2.2", "syft-1.20", "Strahlwerk GmbH")),
        (lists.spdx_tags([LOG4J]), ("SPDX", "2.3", "syft-1.20", "Strahlwerk GmbH")),
    ],
)
def test_format_tool_and_author_are_named(content: bytes, said: tuple[str, ...]):
    found = sbom.read(content)

    assert (found.format, found.version, found.tools, found.author) == said
    assert sbom.read(b"\xef\xbb\xbf" + content) == found


def test_what_lies_within_other_components_counts_and_single_files_do_not():
    inner = {"type": "library", "group": "org.slf4j", "name": "slf4j-api", "version": "1.7"}
    document = json.loads(lists.cyclonedx([]))
    document["components"] = [
        {"type": "framework", "name": "outer", "components": [inner]},
        {"type": "file", "name": "a.txt"},
    ]
    document["dependencies"] = [{"ref": "root", "dependsOn": ["a", "b"]}]

    found = sbom.read(json.dumps(document).encode())

    assert [one.name for one in found.components] == ["outer", "org.slf4j/slf4j-api"]
    assert found.relations == 2


# ---- what is refused, each with its own sentence

LAUGHS = '<!DOCTYPE bom [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
_packed = io.BytesIO()
with zipfile.ZipFile(_packed, "w") as archive:
    archive.writestr("bom.json", lists.cyclonedx([LOG4J]))


def _deep(depth: int) -> bytes:
    inner = '{"type":"library","name":"a"}'
    text = inner
    for _level in range(depth):
        text = '{"type":"library","name":"a","components":[' + text + "]}"
    return lists.cyclonedx([]).replace(b'"components": []', b'"components": [' + text.encode() + b"]")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(lists.cyclonedx_xml([], head=LAUGHS), "document type", id="billion laughs"),
        pytest.param(
            lists.cyclonedx_xml([], head="<!DOCTYPE bom SYSTEM 'file:///etc/passwd'>"), "document type", id="DTD"
        ),
        pytest.param(b"<bom xmlns='http://cyclonedx.org/schema/bom/1.5'><a>", "well-formed XML", id="torn XML"),
        pytest.param(b"<html xmlns='http://www.w3.org/1999/xhtml'/>", "no CycloneDX", id="a page"),
        pytest.param(_deep(DEEPEST + 1), "too deeply", id="deep components"),
        pytest.param(b"[" * 100_000, "neither CycloneDX", id="deep lists"),
        pytest.param(b'{"a":' * 100_000, "too deeply", id="deep objects"),
        pytest.param(
            b"<bom xmlns='http://cyclonedx.org/schema/bom/1.5'>" + b"<a>" * 1000, "too deeply", id="deep elements"
        ),
        pytest.param(b'{"bomFormat": "CycloneDX", "bomFormat": "SPDX"}', "stands twice", id="a key twice"),
        pytest.param(b'{"bomFormat": "CycloneDX", "version": NaN}', "number", id="NaN"),
        pytest.param(b'{"version": ' + b"9" * 5000 + b"}", "number", id="an endless number"),
        pytest.param(b'{"bomFormat": "CycloneDX",', "well-formed JSON", id="torn JSON"),
        pytest.param(b'{"name": "package-lock"}', "neither CycloneDX", id="another JSON"),
        pytest.param(b"name;version\njquery;1.12", "neither CycloneDX", id="CSV"),
        pytest.param("{}".encode("utf-16"), "UTF-8", id="UTF-16"),
        pytest.param('{"a": "ü"}'.encode("latin-1"), "UTF-8", id="Latin-1"),
        pytest.param(b"%PDF-1.7", "PDF", id="PDF"),
        pytest.param(_packed.getvalue(), "packed", id="zip"),
        pytest.param(gzip.compress(lists.cyclonedx([])), "packed", id="gzip"),
        pytest.param(b" \n", "empty", id="nothing"),
        pytest.param(b" " * (sbom.LARGEST + 1), "larger", id="too large"),
        pytest.param(lists.cyclonedx([], version="9.9"), "version we do not read", id="CycloneDX 9.9"),
        pytest.param(lists.spdx([], version="1.0"), "version we do not read", id="SPDX 1.0"),
        pytest.param(lists.spdx_tags([], version="1.0"), "version we do not read", id="tag-value 1.0"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_own_sentence(content: bytes, sentence: str):
    with pytest.raises(Unreadable) as refused:
        sbom.read(content)

    assert sentence in refused.value.message.render()


@pytest.mark.parametrize("write", FORMATS.values(), ids=list(FORMATS))
def test_a_list_without_end_is_refused(write):
    assert len(sbom.read(write([BARE] * 3)).components) == 3
    with pytest.raises(Unreadable, match=r"more than|larger"):
        sbom.read(write([BARE] * (MOST_COMPONENTS + 1)))


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
            st.sampled_from(["components", "metadata", "name", "licenses", "tools", "packages", "@graph", "hashes"]),
            inner, max_size=4,
        ),
        max_leaves=20,
    ),
    st.sampled_from([{"bomFormat": "CycloneDX", "specVersion": "1.5"}, {"spdxVersion": "SPDX-2.3"}, {"@context": 1}]),
)  # fmt: skip
def test_whatever_stands_in_the_fields_is_read_or_refused(inner, head):
    document = {**(inner if isinstance(inner, dict) else {"components": inner, "packages": inner}), **head}
    with contextlib.suppress(Unreadable):
        sbom.read(json.dumps(document).encode())
