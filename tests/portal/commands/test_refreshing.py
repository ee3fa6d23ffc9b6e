"""`kettenblick data`: from a folder, in one sentence where it cannot be, shown with its days."""

from pathlib import Path

import pytest

from portal import cli
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
