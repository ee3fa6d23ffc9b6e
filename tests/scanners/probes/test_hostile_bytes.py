"""Every reader of a target's bytes, fed at random here and by coverage in `python -m benchmarks fuzzing`."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.fuzz_targets import TARGETS
from scanners import storing
from tests.scanners import building

SEEDS = st.sampled_from(
    [
        b"",
        b"\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03",
        b"\x15\x03\x03\x00\x02\x02\x28",
        b"\x30\x82\x01\x00\x30\x80\xa0\x03\x02\x01\x02",
        b"220-mx ESMTP\r\n220 ",
        b"<form action=/x><input type=password><script src=",
        b"v=spf1 include:%{i}.a -all",
        b"v=DMARC1; p=none; rua=mailto:",
        b"eyJhbGciOiJub25lIn0.eyJhIjoxfQ.",
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
        b"https://[::1]:443/\xff?#",
        b"\0\0\1\1\4\0\0\0\1\x88\0\0\1\0\0\0\0\0\1x",
        b'{"schema":1,"event":"seen","observations":{"schema":1,"facts":{"Page":{"hops":[',
        b"version: STSv1\r\nmode: enforce\r\nmx: ",
    ]
)
BYTES = st.lists(st.one_of(SEEDS, st.binary(max_size=40)), max_size=6).map(b"".join)


@pytest.mark.parametrize("name", TARGETS)
@given(data=BYTES)
@settings(max_examples=40)
def test_no_bytes_break_a_reader(name: str, data: bytes) -> None:
    TARGETS[name](data)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=6,
)


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document that something else could stand in."""
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    return [path, *(found for key, value in items for found in places(value, (*path, key)))]


def with_another(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(document) if isinstance(document, dict) else list(document)
    copy[path[0]] = with_another(document[path[0]], path[1:], value)
    return copy


OBSERVED = storing.dump(
    building.seen(building.page(building.response("a", headers=[("set-cookie", "a=b")])), building.handshakes())
)


@given(st.sampled_from(places(OBSERVED)), JSON)
@settings(max_examples=150)
def test_one_wrong_value_anywhere_is_refused_or_can_be_stored_again(path: tuple[Any, ...], value: Any) -> None:
    broken = with_another(OBSERVED, path, value)

    try:
        loaded = storing.load(broken)
    except storing.BadDocument:
        return
    written = json.dumps(storing.dump(loaded), allow_nan=False)
    assert json.dumps(storing.dump(storing.load(json.loads(written)))) == written
