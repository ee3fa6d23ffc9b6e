"""What made the difference between two results: the vendor, our rules or our data. A stored scan judged anew tells."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db.models.findings import Cause, Rejudgement
from portal.db.models.scans import ScanRun, SeenRecord
from portal.services.scans.findings import LACKING, UNSEEN, WhyOf
from scanners import catalogue, checking, storing
from scanners.datasets import SHIPPED, DataSets
from scanners.model import Finding, Observations, Subject
from scanners.storing import BadDocument


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """The data of today, and those of earlier days as far as they are kept."""

    newest: DataSets = SHIPPED
    of_version: Callable[[str], DataSets | None] = {SHIPPED.version: SHIPPED}.get


def why(session: Session, before: Sequence[ScanRun], shelf: Shelf) -> WhyOf:
    """Why a finding came or went, told by the newest earlier scans in which it could be seen: where the old observation
    says today what the new one says, nothing has changed at the vendor."""

    @cache
    def seen(scan_id: str, hospital_id: str, subject: Subject) -> Observations | None:
        return _seen(session, hospital_id, scan_id, subject)

    def cause(finding: Finding) -> Cause:
        for previous in before:
            old = seen(previous.id, previous.hospital_id, finding.subject)
            again = _judged(finding.check_id, old, shelf.newest) if old is not None else None
            if old is None or again is None or again.outcome in UNSEEN:
                continue
            if _lacks(again) is not _lacks(finding):
                return Cause.VENDOR
            return split(session, previous, old, finding, shelf)
        return Cause.SIGHT if _lacks(finding) else Cause.VENDOR

    return cause


def split(session: Session, previous: ScanRun, old: Observations, finding: Finding, shelf: Shelf) -> Cause:
    """The old observation says now what it did not say then: our rules or our data made the difference."""
    rules, data = judged_by(session, previous)
    if rules == catalogue.CATALOGUE_VERSION:
        return Cause.VENDOR if data == shelf.newest.version else Cause.DATA
    if data == shelf.newest.version:
        return Cause.RULES
    then = shelf.of_version(data)
    by_rules_alone = _judged(finding.check_id, old, then) if then is not None else None
    told_by_rules = by_rules_alone is None or _lacks(by_rules_alone) is _lacks(finding)
    return Cause.RULES if told_by_rules else Cause.DATA


def judged_by(session: Session, run: ScanRun) -> tuple[str, str]:
    """The versions of rules and data by which a scan was judged last."""
    again = newest_rejudgement(session, run)
    if again is not None:
        return again.catalogue_version, again.data_version
    return run.catalogue_version, run.data_version or SHIPPED.version


def newest_rejudgement(session: Session, run: ScanRun) -> Rejudgement | None:
    """The last time a stored scan was judged anew."""
    return session.scalars(
        select(Rejudgement)
        .where(Rejudgement.hospital_id == run.hospital_id, Rejudgement.scan_id == run.id)
        .order_by(Rejudgement.at.desc())
        .limit(1)
    ).first()


def _judged(check_id: str, old: Observations, data: DataSets) -> Finding | None:
    check = catalogue.CHECKS.get(check_id)
    return checking.run(check, old.with_data(data)) if check is not None else None


def _lacks(finding: Finding) -> bool:
    return finding.outcome in LACKING


def _seen(session: Session, hospital_id: str, scan_id: str, subject: Subject) -> Observations | None:
    document = session.scalars(
        select(SeenRecord.document).where(
            SeenRecord.hospital_id == hospital_id,
            SeenRecord.scan_id == scan_id,
            SeenRecord.subject_kind == subject.kind.value,
            SeenRecord.subject_name == subject.name,
        )
    ).first()
    try:
        return storing.load(document) if document is not None else None
    except BadDocument:  # of a form that nobody reads any more
        return None


def by_place(findings: Iterable[Finding]) -> Mapping[tuple[Subject, str], Finding]:
    """Findings by where they stand."""
    return {(finding.subject, finding.check_id): finding for finding in findings}
