"""What the tree as a whole promises: locks with hashes, no addresses, reasons for dependencies."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house import tree

PROJECT = tomllib.loads((tree.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-frontend.lock")
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)")

# Where packages come from is the operator's business: no address of an index stands in the tree, not even here.
INDEX_HOSTS = re.compile(r"py[p]i\.org|python[h]osted\.|npm[j]s\.(org|com)|deb[i]an\.org/debian")
MACHINE_PATHS = re.compile(r"/[r]oot/|/[h]ome/[a-z]+/|\B/[w]ork/(main|shared)")


def pins(lock: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for line in (tree.ROOT / lock).read_text().splitlines():
        if match := PIN.match(line):
            found.setdefault(canonicalize_name(match[1]), set()).add(match[2])
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_every_file_by_its_hash(lock: str):
    text = (tree.ROOT / lock).read_text()
    packages = re.split(r"\n(?=\S)", text.strip())

    assert [package.split()[0] for package in packages if "--hash=sha256:" not in package] == []
    assert "://" not in text


def test_the_development_lock_holds_the_other():
    """./test and ./run share one environment; they must agree on every version."""
    development = pins("requirements-dev.lock")

    assert {
        name: versions for name, versions in pins("requirements.lock").items() if development.get(name) != versions
    } == {}


def test_the_lock_meets_what_the_project_asks_for():
    locked = pins("requirements.lock")
    asked = [Requirement(line) for line in PROJECT["project"]["dependencies"]]

    unmet = [
        str(need)
        for need in asked
        if not any(need.specifier.contains(version) for version in locked.get(canonicalize_name(need.name), ()))
    ]

    assert unmet == []


def test_the_frontend_lock_names_sums_and_no_addresses():
    text = (tree.ROOT / "frontend" / "package-lock.json").read_text()

    assert text.count('"integrity": "sha512-') == text.count('"node_modules/')
    assert '"resolved"' not in text


def test_every_dependency_gives_its_reason():
    """Licence and purpose stand on the line: who adds one has to know both."""
    section = (
        (tree.ROOT / "pyproject.toml").read_text(encoding="utf-8").split("\ndependencies = [", 1)[1].split("\n]", 1)[0]
    )
    lines = [line.strip() for line in section.splitlines() if line.strip().startswith('"')]

    assert [line for line in lines if not re.search(r'",\s+# \S+.*;', line)] == []


def test_no_index_and_no_machine_is_named():
    found = []
    for path in tree.files():
        if path.suffix in {".png", ".woff2", ".xlsx", ".pdf", ".ico", ".zip", ".gz"}:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [
            f"{tree.where(path)}: {match[0]}"
            for match in (INDEX_HOSTS.search(text), MACHINE_PATHS.search(text))
            if match
        ]

    assert found == []


def test_the_operators_guide_names_every_setting_and_no_other():
    code = (tree.ROOT / "portal" / "settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r"(?:env\.get\(|\(env, )\"([A-Z][A-Z_]+)\"", code))
    guide = (tree.ROOT / "docs" / "operator-guide.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in guide.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([A-Z][A-Z_]+)`", row)}

    assert named == read


def test_a_built_wheel_holds_every_file_of_the_packages_and_the_frontend(tmp_path: Path):
    """Templates, translations, catalogues and policies are read at run time; without one, a wheel starts and fails."""
    built = tree.ROOT / "portal" / "web" / "static" / "vendor"
    assert (built / "INSTALLED").is_file(), "python frontend/build.py"
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=tree.ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")

    packed = set(zipfile.ZipFile(wheel).namelist())

    ours = {tree.where(path) for package in tree.PACKAGES for path in tree.files(package)}
    theirs = {tree.where(path) for path in built.rglob("*") if path.is_file()}
    assert (ours | theirs) - packed == set()
