"""A refresh of the data sets: whole or not at all, never collapsing, the last two kept."""

import json
import threading
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners import checking
from scanners.checks import javascript
from scanners.data import lifecycles, refreshing, sets
from scanners.data.refreshing import ORIGINS, Refused
from scanners.datasets import SHIPPED
from scanners.model import Outcome
from scanners.observations import Script, Scripts
from tests.scanners import building
from tests.scanners.data import lists
from tests.scanners.data.lists import AT

LATER = AT + timedelta(days=1)


def test_all_sets_take_their_place(tmp_path: Path):
    data = refreshing.refresh(tmp_path, lists.ALL, at=AT)

    assert data is sets.current(tmp_path)
    assert data.version.startswith("2026-11-22.")
    assert {source.name: source.records for source in data.sources} == {
        "retire": 120,
        "hsts": 10_001,
        "eol": 120,
        "kev": 600,
    }
    assert (data.preloaded["host1.example"], data.preloaded["host2.example"]) == (True, False)
    assert "pinned.example" not in data.preloaded
    assert data.exploited["CVE-2020-00001"] == date(2022, 1, 10)
    assert data.lifecycles["nginx-oss"] == {"1.28": date(2026, 4, 23)}
    assert lifecycles.end_of("nginx", "1.28.1", data) == date(2026, 4, 23)


def test_the_manifest_says_what_came_from_where(tmp_path: Path):
    data = refreshing.refresh(tmp_path, {"kev": lists.kev(600)}, at=AT)
    (entry,) = json.loads((tmp_path / data.version / "manifest.json").read_text())["sets"]

    assert set(entry) == {"name", "source_url", "fetched_at", "sha256", "licence", "records", "max_age_days"}
    assert entry["source_url"].startswith("https://www.cisa.gov/")


def test_libraries_are_recognised_by_the_fetched_list(tmp_path: Path):
    data = refreshing.refresh(tmp_path, {"retire": lists.retire()}, at=AT)
    script = Script(url="https://x.test/jquery-3.1.0.min.js", body="/*! jQuery v3.1.0 | (c) */")
    seen = building.seen(Scripts(at=building.AT, scripts=(script,))).with_data(data)
    found = checking.run(javascript.no_library_is_vulnerable, seen)

    assert found.outcome is Outcome.FAIL
    assert "RetireJS (22 Nov 2026)" in found.fact.render()


def test_sets_that_were_not_asked_for_stay(tmp_path: Path):
    refreshing.refresh(tmp_path, lists.ALL, at=AT)
    data = refreshing.refresh(tmp_path, {"kev": lists.kev(700)}, at=LATER)

    assert len(data.exploited) == 700
    assert len(data.preloaded) == 10_001
    assert {source.name: source.day for source in data.sources} == {
        "retire": "2026-11-22",
        "hsts": "2026-11-22",
        "eol": "2026-11-22",
        "kev": "2026-11-23",
    }


def test_the_same_content_keeps_its_version_and_gets_a_new_day(tmp_path: Path):
    """Otherwise every night would judge everything again."""
    first = refreshing.refresh(tmp_path, lists.ALL, at=AT)
    second = refreshing.refresh(tmp_path, lists.ALL, at=LATER)

    assert second.version == first.version
    assert {source.day for source in second.sources} == {"2026-11-23"}


def test_the_last_two_are_kept(tmp_path: Path):
    versions = [
        refreshing.refresh(tmp_path, {"kev": lists.kev(600 + step)}, at=AT + timedelta(days=step)).version
        for step in range(4)
    ]

    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == versions[-2:]
    assert sets.load(tmp_path / versions[-2]).version == versions[-2]


def test_a_list_that_collapses_is_refused_without_force(tmp_path: Path):
    before = refreshing.refresh(tmp_path, {"kev": lists.kev(2000)}, at=AT)

    with pytest.raises(Refused, match="--force"):
        refreshing.refresh(tmp_path, {"kev": lists.kev(799)}, at=LATER)
    assert sets.current(tmp_path).version == before.version

    assert len(refreshing.refresh(tmp_path, {"kev": lists.kev(799)}, at=LATER, force=True).exploited) == 799
    assert len(refreshing.refresh(tmp_path, {"kev": lists.kev(800, first=9)}, at=LATER).exploited) == 800


@pytest.mark.parametrize("name", ORIGINS)
@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"{}", b"null", b"<html>sign in</html>", b"\xff\xfe", b"[" * 100_000, b'{"entries": 1}']
)
def test_what_is_not_in_form_is_refused_and_changes_nothing(tmp_path: Path, name: str, raw: bytes):
    before = refreshing.refresh(tmp_path, {"kev": lists.kev(600)}, at=AT)

    with pytest.raises(Refused, match=name):
        refreshing.refresh(tmp_path, {name: raw}, at=LATER)

    assert sets.current(tmp_path) is before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".new")] == []


def test_one_bad_list_holds_back_all(tmp_path: Path):
    with pytest.raises(Refused):
        refreshing.refresh(tmp_path, {**lists.ALL, "eol": b"{}"}, at=AT)

    assert sets.current(tmp_path) is SHIPPED


def test_a_list_beyond_its_size_is_refused(tmp_path: Path):
    with pytest.raises(Refused, match="larger"):
        refreshing.refresh(tmp_path, {"retire": b" " * (ORIGINS["retire"].most_bytes + 1)}, at=AT)


def test_a_reader_sees_the_old_or_the_new_and_nothing_between(tmp_path: Path):
    refreshing.refresh(tmp_path, {"kev": lists.kev(600)}, at=AT)
    seen: set[int] = set()
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            seen.add(len(sets.current(tmp_path).exploited))

    reader = threading.Thread(target=read)
    reader.start()
    for step in range(1, 20):
        refreshing.refresh(tmp_path, {"kev": lists.kev(600 + step)}, at=AT + timedelta(hours=step))
    over.set()
    reader.join()

    assert seen <= {600 + step for step in range(20)}


def test_two_refreshes_at_once_do_not_meet(tmp_path: Path):
    with refreshing._alone(tmp_path), pytest.raises(Refused, match="running"):
        refreshing.refresh(tmp_path, {"kev": lists.kev(600)}, at=AT)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=20,
)


@given(document=JSON, name=st.sampled_from(sorted(ORIGINS)))
def test_any_document_is_read_or_refused(document: object, name: str):
    try:
        stored, records = ORIGINS[name].read(json.dumps(document).encode())
    except (ValueError, KeyError, TypeError, AttributeError):
        return
    assert json.loads(json.dumps(stored)) == stored
    assert records >= 0
