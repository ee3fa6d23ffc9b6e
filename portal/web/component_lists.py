"""Components on pages of both sides: words for how they stand, and which of a list somebody asked to see."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from flask import request

from portal.i18n import lazy_gettext as _l
from portal.services.evidence import listed_components
from portal.services.evidence.listed_components import Summary, Wanted
from scanners.components import Standing, Why

LONGEST_WORDS = 100
STANDINGS: Mapping[Standing, Any] = {
    Standing.AFFECTED: _l("known hole"),
    Standing.POSSIBLE: _l("possibly affected"),
    Standing.ENDED: _l("no more repairs"),
    Standing.CLEAR: _l("nothing known"),
    Standing.UNKNOWN: _l("cannot be judged"),
}
KINDS: Mapping[Standing, str] = {
    Standing.AFFECTED: "attention",
    Standing.POSSIBLE: "attention",
    Standing.ENDED: "neutral",
    Standing.CLEAR: "done",
    Standing.UNKNOWN: "neutral",
}
WHY: Mapping[str, Any] = {
    Why.NO_VERSION: _l("no version given"),
    Why.ODD_VERSION: _l("the version cannot be compared"),
    Why.NOT_COVERED: _l("our data do not cover it"),
}
# What NTIA's minimum elements and BSI TR-03183-2 want to find in a list, and the count that tells of it.
FACTS: Mapping[str, Any] = {
    "version": _l("Version"),
    "identity": _l("Identifier (package URL or CPE)"),
    "supplier": _l("Supplier"),
    "licence": _l("Licence"),
    "hash": _l("Checksum"),
}


def wanted() -> Wanted:
    """What the address asks for; anything odd asks for everything."""
    number, standing = 1, None
    with suppress(ValueError):
        number = int(request.args.get("page", "1")[:9])
    with suppress(ValueError):
        standing = Standing(request.args.get("standing", ""))
    return Wanted(words=request.args.get("q", "")[:LONGEST_WORDS].strip(), standing=standing, number=number)


def shown(summary: Summary | None) -> dict[str, Any]:
    """The values of parts/components.html for a summary."""
    return {"read": summary, "component_words": WORDS}


WORDS: Mapping[str, Any] = {
    "standings": STANDINGS,
    "kinds": KINDS,
    "why": WHY,
    "facts": FACTS,
    "per_page": listed_components.PER_PAGE,
}
