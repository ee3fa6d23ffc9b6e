"""Pages as pictures: drawn with the reader's name, refused with a sentence, and the file itself never comes back."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageChops

from portal.errors import NotNow
from portal.jobs import viewing
from reports import rendering

pytestmark = pytest.mark.office


@pytest.fixture(scope="module")
def document() -> bytes:
    """Two empty pages."""
    return rendering.pdf("<p></p><p></p>", style="p { break-after: page } p:last-child { break-after: auto }")


def _picture(page: viewing.Page) -> Image.Image:
    return Image.open(io.BytesIO(page.png)).convert("RGB")


def test_a_page_carries_the_name_of_its_reader(document):
    page = viewing.page(document, 2, words="Erika Muster, Klinikum Nord · 22.11.2026, 06:30")
    other = viewing.page(document, 2, words="Jens Leiter, Klinikum Süd · 22.11.2026, 06:31")

    assert (page.number, page.of) == (2, 2)
    drawn = _picture(page)
    assert max(drawn.size) == 1600
    assert len(drawn.getcolors(2**20)) > 1  # not an empty page any more
    assert ImageChops.difference(drawn, _picture(other)).getbbox() is not None
    assert document not in page.png


@pytest.mark.parametrize("number", [0, 3, 99999])
def test_a_page_that_is_not_there_is_said(document, number):
    with pytest.raises(NotNow) as refused:
        viewing.page(document, number, words="x")
    assert refused.value.message.text == viewing.NOT_DRAWN


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7\n%%EOF\n", b"%PDF-1.7\n" + b"\0" * 100_000 + b"%%EOF"])
def test_a_broken_document_is_said(content):
    with pytest.raises(NotNow) as refused:
        viewing.page(content, 1, words="x")
    assert refused.value.message.text == viewing.NOT_DRAWN


def test_without_the_program_nothing_is_shown(document, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(NotNow) as refused:
        viewing.page(document, 1, words="x")
    assert refused.value.message.text == viewing.NOT_HERE
