"""`kettenblick data`: from a folder, in one sentence where it cannot be, shown with its days."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from portal import cli
from portal.demonstration.plans import Plan, Reply, Site, Zone
from portal.demonstration.servers import Running, Servers
from scanners.data import sets
from scanners.data.refreshing import ORIGINS
from tests.scanners.data import lists


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that was filled elsewhere, for an installation without internet."""
    monkeypatch.setenv("KETTENBLICK_DATA", str(tmp_path / "instance"))
    filled = tmp_path / "usb"
    filled.mkdir()
    for name, raw in lists.ALL.items():
        (filled / ORIGINS[name].file).write_bytes(raw)
    return filled


def test_all_lists_come_from_a_folder(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["data", "refresh", "--from", str(folder)]) == 0

    data = sets.current(tmp_path / "instance" / "datasets")
    told = capsys.readouterr().out
    assert len(data.sources) == 4
    assert data.version in told
    assert "Apache-2.0" in told


def test_some_lists_are_chosen_by_name(folder: Path, tmp_path: Path):
    assert cli.main(["data", "refresh", "--from", str(folder), "--only", "kev,eol"]) == 0

    data = sets.current(tmp_path / "instance" / "datasets")
    assert {source.name for source in data.sources} == {"kev", "eol"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--only", "nothing"], "There is no set called nothing"),
        (["--only", "kev", "--from", "/nowhere"], "Nothing was changed"),
        (["--from", "/nowhere"], "none of the files"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
):
    assert cli.main(["data", "refresh", *words]) == 2
    assert sentence in capsys.readouterr().err


def test_a_list_out_of_form_changes_nothing(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    cli.main(["data", "refresh", "--from", str(folder)])
    before = sets.current(tmp_path / "instance" / "datasets")
    (folder / ORIGINS["kev"].file).write_text("<html>")

    assert cli.main(["data", "refresh", "--from", str(folder)]) == 2
    assert "kev: not in the form expected" in capsys.readouterr().err
    assert sets.current(tmp_path / "instance" / "datasets") is before


def test_what_is_shipped_can_be_shown(folder: Path, capsys: pytest.CaptureFixture[str]):
    assert cli.main(["data", "show"]) == 0

    assert "shipped-" in capsys.readouterr().out


def test_a_list_that_was_never_fetched_is_named_with_how_to_fetch_it(folder: Path, capsys: pytest.CaptureFixture[str]):
    cli.main(["data", "show"])
    before = capsys.readouterr().out
    cli.main(["data", "refresh", "--from", str(folder), "--only", "hsts"])
    capsys.readouterr()
    cli.main(["data", "show"])
    after = capsys.readouterr().out

    assert "! hsts           never fetched: kettenblick data refresh --only hsts" in before  # the code brings none
    assert "never fetched" not in after


PLAN = Plan(
    zones=(Zone(name="mirror.test"),),
    sites=(
        Site(
            host="mirror.test",
            pages={f"/lists/{ORIGINS[name].file}": Reply(body=raw) for name, raw in lists.ALL.items()},
        ),
        Site(host="broken.test", missing=Reply(status=502)),
    ),
)


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """A mirror inside the house, over real TLS, as an operator sets it."""
    with Servers(PLAN, at=datetime.now(UTC)) as running:
        roots = tmp_path / "roots.pem"
        roots.write_text(running.trust_roots_pem)
        for name, value in {
            "KETTENBLICK_DATA": str(tmp_path / "instance"),
            "SCAN_RESOLVER": " ".join(running.resolver),
            "SCAN_RESOLVER_PORT": str(running.resolver_port),
            "SCAN_PORT_MAP": ",".join(f"{public}:{ours}" for public, ours in running.port_map.items()),
            "SCAN_ALLOWED_NETWORKS": " ".join(running.allowed_networks),
            "SCAN_TRUST_ROOTS": str(roots),
            "DATA_MIRROR": "https://mirror.test/lists",
        }.items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.mark.loopback
def test_all_lists_are_fetched_from_a_mirror(mirror: Running, tmp_path: Path):
    assert cli.main(["data", "refresh"]) == 0

    assert len(sets.current(tmp_path / "instance" / "datasets").sources) == 4
    assert len(mirror.contacts_of("mirror.test", kind="https")) == 4
    assert mirror.contacts_of("mirror.test", kind="http") == ()


@pytest.mark.loopback
def test_a_mirror_that_is_down_changes_nothing(
    mirror: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    cli.main(["data", "refresh"])
    before = sets.current(tmp_path / "instance" / "datasets")
    monkeypatch.setenv("DATA_MIRROR", "https://broken.test/lists")

    assert cli.main(["data", "refresh"]) == 2
    assert "status 502. Nothing was changed." in capsys.readouterr().err
    assert sets.current(tmp_path / "instance" / "datasets") is before
