"""What asks for itself needs the script that asks: a page that includes it loads htmx by `live`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "portal" / "web" / "templates"


def still(templates: Mapping[str, str]) -> set[str]:
    """The pages that include, over however many parts, what polls, and never set `live`."""
    asking = {name for name, text in templates.items() if re.search(r"\{\{ ?poll\(", text)}
    while more := {
        name
        for name, text in templates.items()
        if name not in asking and any(one in asking for one in re.findall(r'\{% include "([^"]+)"', text))
    }:
        asking |= more
    pages = {name for name in asking if "{% extends" in templates[name]}
    return {name for name in pages if "{% set live" not in templates[name]}


def test_every_page_with_a_part_that_asks_for_itself_loads_what_asks():
    templates = {
        path.relative_to(FOLDER).as_posix(): path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.html")
    }

    assert still(templates) == set()


def test_a_page_that_stands_still_is_found():
    part = "<p{{ poll(url) }}></p>"
    page = '{% extends "base.html" %}{% include "part.html" %}'

    assert still({"part.html": part, "page.html": page}) == {"page.html"}
    assert still({"part.html": part, "page.html": "{% set live = is_live %}" + page}) == set()
