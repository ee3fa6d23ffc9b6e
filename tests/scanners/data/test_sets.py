"""The data sets of an installation: shipped, refreshed, broken, and the operator's own words."""

from datetime import UTC, datetime
from pathlib import Path

from scanners.data import edges, javascript, lifecycles, panels, refreshing, sets, takeovers, third_parties, weaknesses
from scanners.datasets import SHIPPED
from tests.scanners.data.lists import AT, kev


def test_without_a_refresh_the_tables_in_the_code_count(tmp_path: Path):
    assert sets.current(None) is SHIPPED
    assert sets.current(tmp_path) is SHIPPED
    assert sets.current(tmp_path / "nowhere") is SHIPPED


def test_the_version_of_what_is_shipped_is_the_day_of_the_newest_table():
    tables = (edges, javascript, lifecycles, panels, takeovers, third_parties, weaknesses)

    assert SHIPPED.version == f"shipped-{max(table.DATA_DATE for table in tables)}"


def test_every_source_has_a_day_and_a_licence():
    for source in sets.sources(SHIPPED):
        assert source.records > 0
        assert source.licence
        assert source.fetched_at < datetime.now(UTC)
        assert sets.day(SHIPPED, source.name) == source.day
    assert sets.day(SHIPPED, sets.HSTS) == ""


def test_a_broken_refresh_is_not_used(tmp_path: Path):
    data = refreshing.refresh(tmp_path, {"kev": kev(600)}, at=AT)
    generation = tmp_path / data.version
    (generation / "kev.json").write_text('{"CVE-2020-0001": "2020-01-01"}')
    sets._load.cache_clear()

    assert sets.current(tmp_path) is SHIPPED


def test_a_pointer_never_leads_out_of_the_folder(tmp_path: Path):
    for name in ("../elsewhere", "/etc", "..", ".", "", "ä"):
        (tmp_path / "current").write_text(name, encoding="utf-8")
        assert sets.current(tmp_path) is SHIPPED


def test_the_same_value_is_given_until_something_changes(tmp_path: Path):
    """What is worked out of a data set, such as compiled patterns, is kept by it."""
    refreshing.refresh(tmp_path, {"kev": kev(600)}, at=AT)

    assert sets.current(tmp_path) is sets.current(tmp_path)


def test_the_operators_own_words_are_part_of_the_version(tmp_path: Path):
    (tmp_path / "internal-words.txt").write_text("# ours\nLabor\n\nradiologie # too\n", encoding="utf-8")
    data = sets.current(tmp_path)

    assert data.internal_words == {"labor", "radiologie"}
    assert data.version.startswith(f"{SHIPPED.version}+")
