"""Product names and versions that servers write into headers and generator tags."""

from collections.abc import Iterable

import re2

from scanners.records import record

# Headers whose value is, or contains, a version (after the OWASP Secure Headers Project's list of headers to remove).
VERSION_ONLY = ("x-aspnet-version", "x-aspnetmvc-version", "x-php-version", "x-umbraco-version", "x-joomla-version")
PRODUCT_HEADERS = (
    "server",
    "x-powered-by",
    "powered-by",
    "x-generator",
    "x-cms",
    "x-powered-cms",
    "x-server-powered-by",
    "x-framework",
    "x-generated-by",
    "x-owa-version",
    "x-jitsi-release",
    "liferay-portal",
    "oraclecommercecloud-version",
    "x-cocoon-version",
    "x-woodpecker-version",
    "x-mod-pagespeed",
    "x-page-speed",
    "x-varnish-server",
    "product",
    "x-redirect-by",
)

_VERSION = re2.compile(r"\d+\.\d+")
_PRODUCT = re2.compile(r"([A-Za-z][A-Za-z0-9.+_\-]{1,40}?)[/ ]v?(\d+(?:\.\d+){0,3})([A-Za-z0-9.+~\-]*)")
_DISTRIBUTION = re2.compile(
    r"(?i)\b(?:debian|ubuntu|red ?hat|centos|rocky|alma|suse|fedora|amazon|oracle linux)\b|[.\-+~](?:el\d|deb\d|ubuntu)"
)


@record
class Product:
    """A product as it names itself; packaged: a distribution maintains it, so the version says little."""

    name: str
    version: str
    packaged: bool = False

    @property
    def text(self) -> str:
        """Name and version as a reader knows them."""
        return f"{self.name} {self.version}"


def disclosing(headers: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The headers that tell a version, as "name: value"."""
    return tuple(
        f"{name}: {value}"
        for name, value in headers
        if name in VERSION_ONLY or (name in PRODUCT_HEADERS and _VERSION.search(value) is not None)
    )


def products(headers: Iterable[tuple[str, str]]) -> tuple[Product, ...]:
    """The products that the headers name with a version."""
    values = [value for name, value in headers if name in PRODUCT_HEADERS]
    return tuple(dict.fromkeys(product for value in values for product in named_in(value)))


def named_in(text: str) -> tuple[Product, ...]:
    """The products one banner names, lower case."""
    packaged = _DISTRIBUTION.search(text) is not None
    return tuple(
        Product(name=match.group(1).lower(), version=match.group(2), packaged=packaged)
        for match in _PRODUCT.finditer(text[:500])
    )
