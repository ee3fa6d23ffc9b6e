"""Names by which software is told apart: package URLs (purl) and CPE names."""

from urllib.parse import unquote

import re2

from scanners.records import record

_PURL = re2.compile(r"pkg:/*(?P<type>[A-Za-z][A-Za-z0-9.+-]*)/(?P<rest>.+)")
ESCAPED = "\\:"  # a colon within a part of a CPE name
CPE_PARTS = 6  # cpe, 2.3, part, vendor, product, version
CPE_URI_PARTS = 4  # cpe, /part, vendor, product


@record
class Package:
    """What a package URL names, in lower case but for the version."""

    type: str
    namespace: str
    name: str
    version: str = ""

    @property
    def path(self) -> str:
        """Namespace and name as its registry writes them."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


@record
class Platform:
    """What a CPE name names, in lower case."""

    part: str  # a: application, o: operating system, h: device
    vendor: str
    product: str
    version: str = ""


def package(purl: str) -> Package | None:
    """The parts of a package URL; None for what is none."""
    match = _PURL.fullmatch(purl.partition("#")[0].partition("?")[0].strip())
    if match is None:
        return None
    rest = match.group("rest").strip("/")
    path, at, version = rest.rpartition("@")
    if not at or "/" in version:  # the sign of a scope (@angular/core) is no version
        path, version = rest, ""
    pieces = [unquote(piece).lower() for piece in path.split("/") if piece]
    if not pieces:
        return None
    return Package(
        type=match.group("type").lower(), namespace="/".join(pieces[:-1]), name=pieces[-1], version=unquote(version)
    )


def platform(cpe: str) -> Platform | None:
    """The parts of a CPE name of version 2.3 or 2.2; None for what is none."""
    pieces = [piece.replace("\0", ":").replace("\\", "") for piece in cpe.strip().replace(ESCAPED, "\0").split(":")]
    if pieces[:2] == ["cpe", "2.3"] and len(pieces) >= CPE_PARTS:
        part, vendor, product, version = pieces[2:CPE_PARTS]
    elif pieces[0] == "cpe" and len(pieces) >= CPE_URI_PARTS and pieces[1].startswith("/"):
        part, vendor, product, version = pieces[1][1:], *map(unquote, (*pieces[2:4], (*pieces[4:], "")[0]))
    else:
        return None
    if not product or product in {"*", "-"}:
        return None
    return Platform(
        part=part.lower(),
        vendor="" if vendor == "*" else vendor.lower(),
        product=product.lower(),
        version="" if version in {"*", "-"} else version,
    )
