"""From a template to PDF: nothing is fetched but our own style sheet and fonts, from memory."""

from collections.abc import Mapping
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reports.reader import Reader
from reports.workbooks import cells

_ASSETS = "asset:"


class FetchRefused(ValueError):
    """Something in a document asked for an address; documents fetch nothing."""


@cache
def environment() -> Environment:
    """Templates with everything escaped and nothing undefined, compiled once in a process."""
    jinja = Environment(
        loader=PackageLoader("reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.filters["safe_svg"] = Markup  # only for reports.charts, which escapes every text it sets
    return jinja


def page(template: str, reader: Reader, **facts: object) -> str:
    """The HTML of a document; signs that no XML can hold stand in it as U+FFFD, as in every other document."""
    made = environment().get_template(template).render(reader=reader, _=reader.text, **facts)
    return cells.clean(made)


def prepare(fonts: Path | None) -> None:
    """Read what every document needs, ahead of the first. Raises OSError when the Pango libraries are missing."""
    import weasyprint  # noqa: F401, PLC0415 - it is the reading that is wanted here

    _files(fonts)


def pdf(html: str, *, style: str, fonts: Path | None = None, identifier: bytes = b"kettenblick") -> bytes:
    """Set HTML as PDF/UA; the same input gives the same bytes. `fonts` is a folder of woff2 files, or None.

    Raises OSError when the Pango libraries are missing (`kettenblick doctor` says how to install them).
    """
    import weasyprint  # noqa: PLC0415 - 1.3 s and system libraries; only those who print pay
    from weasyprint.text.fonts import FontConfiguration  # noqa: PLC0415 - as above
    from weasyprint.urls import URLFetcher, URLFetcherResponse  # noqa: PLC0415 - as above

    files = _files(fonts)

    class OwnAssets(URLFetcher):  # type: ignore[misc]  # WeasyPrint ships no types
        """Answers asset:NAME from memory and refuses everything else."""

        def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> Any:  # noqa: ARG002 - WeasyPrint's
            name = url.removeprefix(_ASSETS)
            if not url.startswith(_ASSETS) or name not in files:
                raise FetchRefused("documents fetch nothing")
            return URLFetcherResponse(url, body=files[name], headers={"Content-Type": "font/ttf"})

    fetcher = OwnAssets()
    configuration = FontConfiguration()
    sheet = weasyprint.CSS(string=_faces(files) + style, url_fetcher=fetcher, font_config=configuration)
    document = weasyprint.HTML(string=html, url_fetcher=fetcher)
    result: bytes = document.write_pdf(
        stylesheets=[sheet],
        font_config=configuration,
        pdf_variant="pdf/ua-1",
        pdf_identifier=identifier,
    )
    return result


_WEIGHTS = {"FiraSans-Regular": 400, "FiraSans-Medium": 500, "FiraSans-SemiBold": 600, "FiraSans-Bold": 700}


@cache
def _files(folder: Path | None) -> Mapping[str, bytes]:
    """The fonts, unpacked once for all documents of this process: that takes longer than setting four pages."""
    if folder is None:
        return {}
    return {name: _unpacked(path) for name in _WEIGHTS if (path := folder / f"{name}.woff2").is_file()}


def _unpacked(path: Path) -> bytes:
    from fontTools.ttLib import woff2  # noqa: PLC0415 - WeasyPrint's own way to read such fonts; only those who print pay

    out = BytesIO()
    with path.open("rb") as packed:
        woff2.decompress(packed, out)
    return out.getvalue()


def _faces(files: Mapping[str, bytes]) -> str:
    return "".join(
        f'@font-face {{ font-family: "Fira Sans"; font-weight: {_WEIGHTS[name]}; '
        f'src: url("{_ASSETS}{name}") format("truetype"); }}\n'
        for name in files
    )
