"""A site with good defaults; tests say only what differs."""

from collections.abc import Mapping
from typing import Any

from scanners.observatory.site import Answer, Site

HOST = "portal.clinic.example"
URL = f"https://{HOST}/"


def answer(headers: Mapping[str, str] | None = None, **more: Any) -> Answer:
    """A response; names with _ for -."""
    pairs = tuple((name.replace("_", "-"), value) for name, value in (headers or {}).items())
    return Answer(**{"status": 200, "headers": pairs, **more})


def site(headers: Mapping[str, str] | None = None, **more: Any) -> Site:
    """A host whose document carries these headers, reached over HTTPS, with http:// sent there."""
    document = answer(headers)
    route = ((f"http://{HOST}/", 301), (URL, 200))
    return Site(
        **{
            "host": HOST,
            "url": URL,
            "document": document,
            "https": document,
            "http": document,
            "http_route": route,
            "https_route": route[1:],
            **more,
        }
    )
