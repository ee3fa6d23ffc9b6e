"""The tree the house rules look at: its files, and what a Python file imports and calls."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("portal", "reports", "assessments", "questionnaires", "scanners")
MADE_HERE = {"node_modules", "__pycache__", "instance", "demo-instance", "build", "dist"}
FETCHED = "portal/web/static/vendor"  # other people's front-end files
KEPT_DOTS = {".ci", ".gitignore"}


@cache
def python_files(*folders: str) -> tuple[Path, ...]:
    """Every Python file below these folders, ours by default."""
    return tuple(path for folder in folders or PACKAGES for path in files(folder) if path.suffix == ".py")


def files(folder: str = ".") -> Iterator[Path]:
    """Every file below a folder that git would keep."""
    for path in sorted((ROOT / folder).iterdir()):
        is_hidden = path.name.startswith(".") and path.name not in KEPT_DOTS
        if is_hidden or path.name in MADE_HERE or where(path) == FETCHED:
            continue
        if path.is_dir():
            yield from files(str(path.relative_to(ROOT)))
        elif path.suffix != ".pyc":
            yield path


def where(path: Path) -> str:
    """The path as a person writes it."""
    return path.relative_to(ROOT).as_posix()


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@cache
def imports(path: Path) -> frozenset[str]:
    """Every module and every name of a module that a file imports, dotted."""
    found: set[str] = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(found)


def uses(path: Path, *dotted: str) -> list[int]:
    """The lines on which a file names one of these, as `a.b` written out or as `b` taken from a."""
    taken = {name.rpartition(".")[2] for name in dotted if name in imports(path)}
    return [
        node.lineno
        for node in ast.walk(parsed(path))
        if (isinstance(node, ast.Attribute) and ast.unparse(node) in dotted)
        or (isinstance(node, ast.Name) and node.id in taken)
    ]
