"""The instance that a command works on: where there is none of this version, a sentence says so and what to look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal import cli


@pytest.mark.parametrize(
    "words",
    [("hospital", "list"), ("user", "disable", "x@klinikum.example"), ("audit", "verify"), ("setup-link",)],
    ids=" ".join,
)
def test_a_wrong_folder_is_said_in_a_sentence(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("KETTENBLICK_DATA", str(tmp_path / "elsewhere"))
    monkeypatch.delenv("DATABASE_URL", raising=False)

    assert cli.main(words) == 2
    told = capsys.readouterr().err
    assert f"There is no database of this version for {tmp_path / 'elsewhere'}" in told
    assert "kettenblick migrate" in told


def test_a_backup_into_no_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("KETTENBLICK_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    file, key = tmp_path / "nowhere" / "backup.kbk", tmp_path / "key"

    assert cli.main(["backup", str(file), "--key-file", str(key)]) == 2
    assert f"{file.parent} is no folder." in capsys.readouterr().err
