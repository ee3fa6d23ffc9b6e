"""The conformance runner: it agrees, it differs, it explains, and its exit status says which."""

import json
from pathlib import Path

import pytest

from benchmarks.conformance import explanations, running

FILE = "mta-sts/checkdmarc-tlsrpt-cases.json"
GOOD = {"fn": "x", "args": ["v=TLSRPTv1; rua=mailto:a@b.test"], "exception": None}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def write(folder: Path, *cases: dict[str, object]) -> None:
    file = folder / FILE
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({"cases": cases}), encoding="utf-8")


def run(folder: Path) -> int:
    return running.main([str(folder), "--only", FILE])


def test_agreement_is_counted(folder: Path, capsys: pytest.CaptureFixture[str]):
    write(folder, GOOD, GOOD | {"args": ["v=spf1"], "exception": "Wrong"})

    assert run(folder) == 0
    assert capsys.readouterr().out.splitlines()[-1].split() == ["all", "2", "2", "0", "0"]


def test_a_difference_is_shown_and_is_a_failure(folder: Path, capsys: pytest.CaptureFixture[str]):
    write(folder, GOOD | {"exception": "Wrong"})

    assert run(folder) == 1
    assert "wanted False\n  got    True" in capsys.readouterr().out


def test_an_explained_difference_is_none(folder: Path, monkeypatch: pytest.MonkeyPatch):
    write(folder, GOOD | {"exception": "Wrong"})
    monkeypatch.setattr(running, "EXPLANATIONS", {FILE: {"0": "because"}})

    assert run(folder) == 0


def test_an_explanation_without_a_difference_is_a_failure(folder: Path, monkeypatch: pytest.MonkeyPatch):
    write(folder, GOOD)
    monkeypatch.setattr(running, "EXPLANATIONS", {FILE: {"0": "because"}})

    assert run(folder) == 1


def test_every_explanation_belongs_to_a_suite_and_says_something():
    files = {suite.file for suite in running.SUITES}

    assert set(explanations.EXPLANATIONS) <= files
    assert all(len(text) > 20 for known in explanations.EXPLANATIONS.values() for text in known.values())


def test_the_method_page_names_every_suite():
    page = (Path(__file__).parents[2] / "docs/method/conformance.md").read_text(encoding="utf-8")

    assert [suite.file for suite in running.SUITES if suite.file not in page] == []
