"""Addresses as pages write them: taken apart and joined without ever raising."""

from urllib.parse import SplitResult, parse_qsl, urljoin, urlsplit

LONGEST = 4096
_NOTHING = SplitResult("", "", "", "", "")
_MOST_PARAMETERS = 100


def split(url: str) -> SplitResult:
    """The parts of an address; empty parts for what is none."""
    try:
        return urlsplit(url[:LONGEST].strip())
    except ValueError:
        return _NOTHING


def scheme(url: str) -> str:
    """The scheme in lower case."""
    return split(url).scheme.lower()


def host(url: str) -> str:
    """The host in lower case without a trailing dot; "" when there is none."""
    try:
        return (split(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def join(base: str, reference: str) -> str:
    """The absolute address of a reference; "" when it cannot be read."""
    try:
        return urljoin(base, reference[:LONGEST].strip())
    except ValueError:
        return ""


def is_web(url: str) -> bool:
    """Whether a browser would load it over the network."""
    return scheme(url) in {"http", "https"}


def parameters(url: str) -> tuple[tuple[str, str], ...]:
    """The names and values of the query and of the fragment where it is written like one."""
    parts = split(url)
    found: list[tuple[str, str]] = []
    for text in (parts.query, parts.fragment):
        try:
            found += parse_qsl(text, max_num_fields=_MOST_PARAMETERS)
        except ValueError:
            continue
    return tuple(found)
