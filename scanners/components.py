"""Components of a product judged by the data sets: known holes, no more repairs, or nothing that these data know.

Pure: a component, the data and a day in; what follows from them out. What no data set covers is unknown, never clear.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache

from scanners.data import javascript, lifecycles, package_products, weaknesses
from scanners.datasets import SHIPPED, DataSets
from scanners.model import N_, Message, Severity
from scanners.parsing import libraries, package_names
from scanners.parsing.libraries import Vulnerability
from scanners.parsing.package_names import Package, Platform
from scanners.parsing.parts_lists import Component

RULES_VERSION = "1"  # raised when the same component would be judged otherwise

_VERSION = re.compile(r"[vV=]?\s*(?P<version>\d+(?:\.\d+)*[a-z]?(?:[.\-+][0-9A-Za-z]+)*)")
_LETTER = re.compile(r"(?<=\d)[a-z]$")  # of OpenSSL 1.1.1w
_EPOCH = re.compile(r"\d+:")
_PLAIN = re.compile(r"[^a-z0-9]+")
SEVERITIES: Mapping[str, Severity] = {one.value: one for one in Severity}


class Standing(StrEnum):
    """What the data say of a component, the worst first."""

    AFFECTED = "affected"  # its version lies in the range of a known hole
    POSSIBLE = "possible"  # a hole may be in it: the version alone does not tell
    ENDED = "ended"  # its branch gets no more repairs
    CLEAR = "clear"  # a data set of holes covers it and names none for this version
    UNKNOWN = "unknown"  # no data set of ours covers it, or version or name are missing


class Why(StrEnum):
    """Why nothing could be said."""

    NO_VERSION = "no-version"
    ODD_VERSION = "odd-version"
    NOT_COVERED = "not-covered"


@dataclass(frozen=True, kw_only=True)
class Weakness:
    """One thing that is known of a component; `name` is a CVE or GHSA number, or the day of the last repair."""

    standing: Standing
    name: str
    severity: Severity
    is_used: bool = False  # CISA knows it to be used in attacks
    fact: Message


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A component's standing and what it rests on."""

    standing: Standing
    why: Why | None = None  # for UNKNOWN
    weaknesses: tuple[Weakness, ...] = field(default=())


IN_RANGE = N_("%(name)s concerns versions from %(from)s up to, without, %(below)s. Data: %(data)s.")
IN_RANGE_FROM_FIRST = N_("%(name)s concerns versions below %(below)s. Data: %(data)s.")
DISTRIBUTED = N_(
    "%(name)s concerns versions below %(below)s; a distribution may have mended it without a new version."
    " Data: %(data)s."
)
LISTED = N_("CISA lists %(name)s in this product as used in attacks, without versions. Please check yours.")
NO_REPAIRS = N_("This branch got its last repair on %(day)s. Data: %(data)s.")


def judge(component: Component, data: DataSets = SHIPPED, *, on: date) -> Judgement:
    """What the data know of one component on that day."""
    package, platform = package_names.package(component.purl), package_names.platform(component.cpe)
    told = component.version or (package.version if package else "") or (platform.version if platform else "")
    version = _comparable(told)
    script = _script(package, platform, javascript.definitions(data))
    software = _software(package, platform)
    is_distributed = package is not None and package.type in package_products.DISTRIBUTIONS
    sure: list[Weakness] = []
    if version:
        sure += _of_scripts(script, version, data)
        sure += _of_software(software, version, data, is_distributed=is_distributed)
        sure += [] if is_distributed else _ended(script, software, version, data, on=on)
    # Where ranges of versions are known, they say more than a list without.
    decided = _decided(script, software, data) if version else frozenset()
    listed = [one for one in _listed(component, package, platform, data) if one.name not in decided]
    found = (*sure, *listed)
    if found:
        order = list(Standing)
        return Judgement(
            standing=min((one.standing for one in found), key=order.index),
            weaknesses=tuple(sorted(found, key=lambda one: (not one.is_used, order.index(one.standing), one.name))),
        )
    if not told:
        return Judgement(standing=Standing.UNKNOWN, why=Why.NO_VERSION)
    if not version:
        return Judgement(standing=Standing.UNKNOWN, why=Why.ODD_VERSION)
    # Our table of server software names the worst holes only: nothing found there is no word on the rest.
    return Judgement(standing=Standing.CLEAR) if script else Judgement(standing=Standing.UNKNOWN, why=Why.NOT_COVERED)


def _comparable(version: str) -> str:
    """The version as numbers and words that can be compared; "" for anything else."""
    match = _VERSION.fullmatch(_EPOCH.sub("", version.strip(), count=1))
    return match["version"].partition("+")[0] if match else ""


def _of_scripts(name: str, version: str, data: DataSets) -> Iterator[Weakness]:
    for one in _vulnerabilities(data).get(name, ()):
        if not libraries.is_affected(version, one):
            continue
        for identifier in one.identifiers or (name,):
            is_used = identifier in data.exploited
            yield Weakness(
                standing=Standing.AFFECTED,
                name=identifier,
                severity=Severity.CRITICAL if is_used else SEVERITIES.get(one.severity, Severity.MEDIUM),
                is_used=is_used,
                fact=_range(IN_RANGE, identifier, one.at_or_above, one.below, javascript.data_name(data)),
            )


def _of_software(name: str, version: str, data: DataSets, *, is_distributed: bool) -> Iterator[Weakness]:
    for one in weaknesses.of(name):
        if libraries.at_or_above(version, one.below) or not libraries.at_or_above(version, one.at_or_above):
            continue
        is_used = weaknesses.is_exploited(one, data.exploited)
        form = DISTRIBUTED if is_distributed else IN_RANGE
        yield Weakness(
            standing=Standing.POSSIBLE if is_distributed else Standing.AFFECTED,
            name=one.cve,
            severity=_severity(is_distributed=is_distributed, is_used=is_used),
            is_used=is_used,
            fact=_range(form, one.cve, one.at_or_above, one.below, f"Kettenblick ({weaknesses.DATA_DATE})"),
        )


def _severity(*, is_distributed: bool, is_used: bool) -> Severity:
    if is_distributed:
        return Severity.MEDIUM
    return Severity.CRITICAL if is_used else Severity.HIGH


def _range(form: str, name: str, since: str, below: str, data: str) -> Message:
    if form == IN_RANGE and since in {"", "0"}:
        form = IN_RANGE_FROM_FIRST
    values = {"name": name, "from": since, "below": below, "data": data}
    return Message(text=form, values={key: value for key, value in values.items() if f"%({key})s" in form})


def _ended(script: str, software: str, version: str, data: DataSets, *, on: date) -> Iterator[Weakness]:
    told = javascript.end_of(script, version, data) if script else ""
    end = (
        date.fromisoformat(told)
        if told
        else lifecycles.end_of(software, _LETTER.sub("", version), data)
        if software
        else None
    )
    if end is None or end >= on:
        return
    fetched = data.source("eol")
    name = f"endoflife.date ({fetched.day})" if fetched else f"Kettenblick ({lifecycles.DATA_DATE})"
    yield Weakness(
        standing=Standing.ENDED,
        name=end.isoformat(),
        severity=Severity.MEDIUM,
        fact=Message(text=NO_REPAIRS, values={"day": end.isoformat(), "data": name}),
    )


def _listed(
    component: Component, package: Package | None, platform: Platform | None, data: DataSets
) -> Iterator[Weakness]:
    """The list names vendor and product, but no versions: it makes a hole possible, never more."""
    for place in _places(component, package, platform):
        for name in _products(data).get(place, ()):
            yield Weakness(
                standing=Standing.POSSIBLE,
                name=name,
                severity=Severity.MEDIUM,
                is_used=True,
                fact=Message(text=LISTED, values={"name": name}),
            )


def _places(component: Component, package: Package | None, platform: Platform | None) -> set[tuple[str, str]]:
    """Vendor and product as this component names them. A name alone is not enough: many things are called the same."""
    found: set[tuple[str, str]] = set()
    if package is not None and package.name in package_products.LISTED:
        vendor, product = package_products.LISTED[package.name]
        found.add((_folded(vendor), _folded(product)))
    if platform is not None:
        found.add((_folded(platform.vendor), _folded(platform.product)))
    if component.supplier:
        found.add((_folded(component.supplier), _folded(component.name.rpartition("/")[2])))
    return {place for place in found if all(place)}


def _decided(script: str, software: str, data: DataSets) -> frozenset[str]:
    """The holes whose versions are known, so that they need no guess."""
    of_script = {name for one in _vulnerabilities(data).get(script, ()) for name in one.identifiers}
    return frozenset(of_script | {one.cve for one in weaknesses.of(software)})


def _script(package: Package | None, platform: Platform | None, known: Mapping[str, object]) -> str:
    """The JavaScript library that is meant; "" for none that the data know."""
    found = ""
    if package is None:
        found = package_products.SCRIPTS.get((platform.vendor, platform.product), "") if platform is not None else ""
    elif package.type == "npm" or package.namespace in package_products.WEBJARS:
        path = package.name if package.namespace in package_products.WEBJARS else package.path
        found = package_products.NPM.get(path, "" if path in package_products.NOT_NPM else path)
    elif package.type == "nuget":
        found = package_products.NUGET.get(package.path, "")
    return found if found in known else ""


def _software(package: Package | None, platform: Platform | None) -> str:
    """The software that is meant, as our tables call it; "" for none of them."""
    if package is not None:
        if package.type in package_products.DISTRIBUTIONS:
            return package_products.PACKAGES.get(("generic", package.name), "")
        return package_products.PACKAGES.get((package.type, package.path), "")
    if platform is not None:
        return package_products.PLATFORMS.get((platform.vendor, platform.product), "")
    return ""


@lru_cache(maxsize=2)
def _vulnerabilities(data: DataSets) -> Mapping[str, tuple[Vulnerability, ...]]:
    return {name: libraries.vulnerabilities(entry) for name, entry in javascript.definitions(data).items()}


@lru_cache(maxsize=2)
def _products(data: DataSets) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """The holes that CISA lists, by vendor and product."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, (vendor, product) in data.exploited_products.items():
        found.setdefault((_folded(vendor), _folded(product)), []).append(name)
    return {place: tuple(names) for place, names in found.items()}


def _folded(text: str) -> str:
    return _PLAIN.sub("", text.casefold())
