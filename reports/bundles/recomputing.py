"""Findings worked out again from what was seen: which of them a stranger can recompute, and why not the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from assessments.model import Dossier
from reports.bundles.facts import Place
from scanners import judging
from scanners.catalogue import CATALOGUE_VERSION
from scanners.datasets import SHIPPED
from scanners.model import Finding, Observations, Outcome

LACKING = frozenset({Outcome.FAIL, Outcome.WARN})


class Basis(StrEnum):
    """What a finding of the bundle rests on."""

    OBSERVATIONS = "observations"  # judging the raw observations of the scan gives exactly it
    LOOKED_AGAIN = "looked-again"  # a later look at it alone; its observations are not kept
    DATA = "data"  # judged by refreshed data that the bundle does not hold
    RULES = "rules"  # judged by an earlier version of the checks
    NOT_OPEN = "not-open"  # critical, told before the raw result is open to the hospital; or of a scan that is not
    DIFFERS = "differs"  # none of these: judging gives something else


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A scan as verify and packing know it."""

    key: str
    finished_at: datetime | None
    catalogue_version: str
    data_version: str
    seen: tuple[Observations, ...]


@dataclass(frozen=True, kw_only=True)
class Traced:
    """Where a finding comes from."""

    basis: Basis
    scan: str | None


def judge(scan: Judged) -> Mapping[Place, Finding]:
    """What the rules and data of this program say of the raw observations of a scan."""
    return {(one.check_id, one.subject): one for one in judging.judge(scan.seen)}


def trace(dossier: Dossier, scans: Sequence[Judged], looked_again: frozenset[Place]) -> Mapping[Place, Traced]:
    """Every finding of a dossier with what it rests on."""
    found = [(scan, judge(scan)) for scan in scans]
    return {
        (fact.finding.check_id, fact.finding.subject): _trace(fact.finding, found, looked_again)
        for fact in dossier.findings
    }


def _trace(
    finding: Finding, scans: Sequence[tuple[Judged, Mapping[Place, Finding]]], looked_again: frozenset[Place]
) -> Traced:
    place = finding.check_id, finding.subject
    holding = [(scan, found[place]) for scan, found in scans if place in found]
    for scan, again in holding:
        if same(finding, again):
            return Traced(basis=Basis.OBSERVATIONS, scan=scan.key)
    if place in looked_again:
        return Traced(basis=Basis.LOOKED_AGAIN, scan=None)
    if not holding:
        return Traced(basis=Basis.NOT_OPEN, scan=None)
    return _differing(finding, holding)


def _differing(finding: Finding, holding: Sequence[tuple[Judged, Finding]]) -> Traced:
    scan = next((scan for scan, again in holding if again.at == finding.at), None)
    if scan is None:
        is_later = all(scan.finished_at is not None and finding.at > scan.finished_at for scan, _again in holding)
        return Traced(basis=Basis.LOOKED_AGAIN if is_later else Basis.NOT_OPEN, scan=None)
    if scan.data_version != SHIPPED.version:
        return Traced(basis=Basis.DATA, scan=scan.key)
    if scan.catalogue_version != CATALOGUE_VERSION:
        return Traced(basis=Basis.RULES, scan=scan.key)
    return Traced(basis=Basis.DIFFERS, scan=scan.key)


def same(one: Finding, other: Finding) -> bool:
    """Whether two say the same. That one waited for a second look is memory, not sight."""
    return replace(one, provisional=False) == replace(other, provisional=False)


def missing(dossier: Dossier, newest: Judged) -> Sequence[Finding]:
    """What judging finds lacking in the scan that counts and the dossier does not hold at all."""
    held = {(fact.finding.check_id, fact.finding.subject) for fact in dossier.findings}
    return [one for place, one in judge(newest).items() if one.outcome in LACKING and place not in held]
