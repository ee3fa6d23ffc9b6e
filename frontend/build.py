"""Installs the front-end files: what the locked packages hold and the pages use is copied beside the style sheet.

Runs from a plain checkout with the standard library alone. `python frontend/build.py` builds what the portal serves,
`python frontend/build.py --tests` adds what the accessibility tests inject. Nothing happens when the files are there
and the lock has not changed.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
SERVED = ROOT / "portal" / "web" / "static" / "vendor"
TESTED = ROOT / "tests" / ".cache"
STAMP = "INSTALLED"

# Every style of the type family that the style sheet or a page can ask for, and no other: the package holds thirty.
FONTS = tuple(
    f"FiraSans-{style}.woff2"
    for style in (
        *("Light", "LightItalic", "Regular", "Italic", "Medium", "MediumItalic"),
        *("SemiBold", "SemiBoldItalic", "Bold", "BoldItalic"),
    )
)

# from (inside node_modules) -> to (inside portal/web/static/vendor); each package's licence stays beside its files.
SERVED_FILES: dict[str, str] = {
    "@kern-ux/native/LICENSE.md": "kern/LICENSE.md",
    "@kern-ux/native/dist/kern.min.css": "kern/kern.min.css",
    "@kern-ux/native/dist/fonts/fira-sans.css": "kern/fonts/fira-sans.css",
    **{f"@kern-ux/native/dist/fonts/fira-sans/{name}": f"kern/fonts/fira-sans/{name}" for name in FONTS},
    "htmx.org/LICENSE": "htmx/LICENSE",
    "htmx.org/dist/htmx.min.js": "htmx/htmx.min.js",
    "htmx.org/dist/ext/hx-csp.min.js": "htmx/hx-csp.min.js",
}
TESTED_FILES: dict[str, str] = {
    "axe-core/LICENSE": "axe-core.LICENSE",
    "axe-core/axe.min.js": "axe.min.js",
}


def main() -> int:
    """Build from the command line."""
    parser = argparse.ArgumentParser(description="Install the front-end files.")
    parser.add_argument("--tests", action="store_true", help="also what the accessibility tests inject")
    arguments = parser.parse_args()
    wanted = [(SERVED, SERVED_FILES), *([(TESTED, TESTED_FILES)] if arguments.tests else [])]
    try:
        missing = [(folder, files) for folder, files in wanted if not is_built(folder, files)]
        if missing:
            install(missing)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"The front-end files could not be installed: {error}\n")
        return 1
    return 0


def build() -> None:
    """Put the served files in place unless they are there."""
    if not is_built(SERVED, SERVED_FILES):
        install([(SERVED, SERVED_FILES)])


def is_built(folder: Path, files: dict[str, str]) -> bool:
    """Say whether every file is there and was made from today's lock."""
    stamp = folder / STAMP
    return (
        stamp.is_file() and stamp.read_text() == fingerprint() and all((folder / to).is_file() for to in files.values())
    )


def fingerprint() -> str:
    """Name what is built: the lock and this recipe."""
    digest = hashlib.sha256()
    for path in (HERE / "package.json", HERE / "package-lock.json", Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def install(wanted: list[tuple[Path, dict[str, str]]]) -> None:
    """Fetch the locked packages into a folder that is thrown away, and copy the files out."""
    with tempfile.TemporaryDirectory(prefix="kettenblick-frontend-") as name:
        workshop = Path(name)
        for lock in ("package.json", "package-lock.json"):
            shutil.copy(HERE / lock, workshop / lock)
        npm = find_npm(workshop)
        environment = {**os.environ, "PATH": os.pathsep.join([str(Path(npm[0]).parent), os.environ.get("PATH", "")])}
        # Scripts of packages never run; the lock's SHA-512 sums are what makes the registry's answer trustworthy.
        command = [
            *npm,
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-update-notifier",
            "--loglevel=error",
        ]
        subprocess.run(command, cwd=workshop, env=environment, check=True, stdout=subprocess.DEVNULL)
        for folder, files in wanted:
            place(workshop / "node_modules", folder, files)


def place(packages: Path, folder: Path, files: dict[str, str]) -> None:
    """Build the folder beside its old self and swap, so that a page never sees half of it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for source, target in files.items():
            (fresh / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(packages / source, fresh / target)
        (fresh / STAMP).write_text(fingerprint())
        fresh.chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def find_npm(workshop: Path) -> list[str]:
    """Take the machine's npm, or else the one that comes as a Python package."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm and node:
        return [npm]
    lock = ROOT / "requirements-frontend.lock"
    target = workshop / "node"
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"),
            *("--require-hashes", "--only-binary", ":all:", "--target", str(target), "-r", str(lock)),
        ],
        check=True,
    )
    node = next(str(path) for path in sorted(target.rglob("bin/node*")) if path.is_file())
    return [node, str(next(target.rglob("npm/bin/npm-cli.js")))]


if __name__ == "__main__":
    sys.exit(main())
