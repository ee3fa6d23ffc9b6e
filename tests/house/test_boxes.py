"""A choice of several is drawn as boxes: without a widget for its options a field draws what no browser shows."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WEB = ROOT / "portal" / "web"
MODULES = sorted(path for path in WEB.rglob("*.py") if "SelectMultipleField(" in path.read_text(encoding="utf-8"))


def bare(tree: ast.AST) -> set[str]:
    """The names of the fields that take several values and say nothing of how one of them is drawn."""
    return {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        for target in node.targets
        if isinstance(target, ast.Name)
        and getattr(node.value.func, "id", "") == "SelectMultipleField"
        and not any(one.arg == "option_widget" for one in node.value.keywords)
    }


def drawn(tree: ast.AST, folder: Path) -> set[str]:
    """The names that the templates of a module hand to the macro `field`."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.endswith(".html"):
            template = folder / node.value
            if template.is_file():
                names |= set(re.findall(r"\bfield\(\s*\w+\.(\w+)", template.read_text(encoding="utf-8")))
    return names


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(WEB).as_posix())
def test_no_field_for_several_is_drawn_without_boxes(module: Path):
    tree = ast.parse(module.read_text(encoding="utf-8"))

    assert not bare(tree) & drawn(tree, WEB / "templates")


def test_a_field_without_boxes_is_found(tmp_path: Path):
    tree = ast.parse('class F:\n    several = SelectMultipleField("Which?")\n\nPAGE = "one.html"\n')
    (tmp_path / "one.html").write_text("{{ field(form.several, hint) }}", encoding="utf-8")

    assert bare(tree) & drawn(tree, tmp_path) == {"several"}
