"""The import contracts hold, and each of them bites when it is broken."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.house import tree

CONTRACTS = {
    contract["id"]: contract
    for contract in tomllib.loads((tree.ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}

# For each contract one import that must not stand, and the module it is planted in.
BREACHES = {
    "house": ("scanners/model.py", "import assessments.model"),
    "portal-floors": ("portal/settings.py", "import portal.serving"),
    "scanner-floors": ("scanners/parsing/spf.py", "import scanners.judging"),
    "web-rooms": ("portal/web/auth/__init__.py", "import portal.web.hospital"),
    "libraries-know-no-shell": ("reports/__init__.py", "import flask"),
    "services-know-no-edge": ("portal/services/__init__.py", "import smtplib"),
    "judging-is-pure": ("scanners/checks/__init__.py", "import socket"),
    "reports-take-the-judging-half": ("reports/__init__.py", "import scanners.probes.network"),
}


def lint(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--no-cache", "--no-logo", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def test_all_contracts_are_kept():
    result = lint(tree.ROOT)

    assert result.returncode == 0, result.stdout


def test_every_contract_has_its_breach():
    assert set(BREACHES) == set(CONTRACTS)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("house")
    shutil.copy(tree.ROOT / "pyproject.toml", folder)
    for package in tree.PACKAGES:
        shutil.copytree(
            tree.ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "static", "catalogues")
        )
    return folder


@pytest.mark.parametrize("contract", BREACHES)
def test_a_broken_contract_is_noticed(copy: Path, contract: str):
    name, line = BREACHES[contract]
    module = copy / name
    whole = module.read_text(encoding="utf-8")
    module.write_text(f"{whole}\n{line}\n", encoding="utf-8")
    try:
        result = lint(copy, "--contract", contract)
    finally:
        module.write_text(whole, encoding="utf-8")

    assert result.returncode == 1
    assert "BROKEN" in result.stdout, result.stdout
    assert "is not allowed to import" in result.stdout
