"""From HTML to PDF: whatever a document asks for, nothing is fetched."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError

from portal import i18n
from reports import rendering
from reports.reader import Reader

READER = Reader(language="de", translate=i18n.translator("de"))


@pytest.mark.parametrize(
    "wish",
    [
        '<img src="http://127.0.0.1:9/x.png">',
        '<img src="file:///etc/hostname">',
        '<img src="asset:../../etc/passwd">',
        '<link rel="stylesheet" href="http://127.0.0.1:9/x.css">',
        '<style>@import url("file:///etc/hostname"); body { background: url(http://127.0.0.1:9/y.png) }</style>',
        '<style>@font-face { font-family: x; src: url("http://127.0.0.1:9/x.woff2") } p { font-family: x }</style>',
        '<object data="file:///etc/hostname"></object>',
        '<link rel="attachment" href="file:///etc/hostname">',
    ],
)
def test_a_document_that_wants_something_gets_nothing(wish: str):
    plain = rendering.pdf("<html lang='de'><title>t</title><p>Text</p></html>", style="")
    made = rendering.pdf(f"<html lang='de'><title>t</title>{wish}<p>Text</p></html>", style="")

    assert made.startswith(b"%PDF-")
    assert len(made) < len(plain) + 3000  # no picture, no file came along


def test_a_word_nobody_gave_stops_the_document():
    with pytest.raises(UndefinedError):
        rendering.environment().from_string("{{ nobody }}").render()


def test_what_a_template_is_given_is_escaped():
    made = rendering.environment().from_string("{{ text }}").render(text="<b>&\"'")

    assert made == "&lt;b&gt;&amp;&#34;&#39;"
