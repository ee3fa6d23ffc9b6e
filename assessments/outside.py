"""What can be seen from outside alone: a grade over findings, per category and overall."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from assessments import days, gathering, grading
from assessments.gathering import Counted
from assessments.model import (
    Cap,
    CapKind,
    CategoryScore,
    Dossier,
    FindingFact,
    FindingStanding,
    HostRole,
    NoGrade,
    OutsideGrade,
    Phrase,
    Policy,
    ScanState,
    listed,
)
from questionnaires.model import N_
from scanners.model import Check, Finding, Message, Severity


def grade(dossier: Dossier, policy: Policy, counted: tuple[Counted, ...] | None = None) -> OutsideGrade:
    """The outside grade of a vendor, over the hosts in scope; `counted`: its findings that count, if they are gathered.

    Of a result that is not open yet the dossier holds only what is critical: that alone would be no grade.
    """
    is_closed = dossier.scan_state in {ScanState.RUNNING, ScanState.COMPANY_FIRST}
    if is_closed:
        return of_counted((), policy, at=dossier.at)
    return of_counted(gathering.counted(dossier, policy) if counted is None else counted, policy, at=dossier.at)


def of_findings(
    findings: Iterable[Finding], checks: Mapping[str, Check], policy: Policy, *, at: datetime
) -> OutsideGrade:
    """The outside grade of bare findings, as the terminal shows them: every host weighs the same."""
    facts = gathering.worst_first(FindingFact(finding=finding, first_seen=finding.at) for finding in findings)
    counted = tuple(
        Counted(fact=fact, check=checks[fact.finding.check_id], role=HostRole.PRODUCT, factor=1)
        for fact in facts
        if fact.finding.check_id in checks
    )
    return of_counted(counted, policy, at=at)


def of_counted(counted: tuple[Counted, ...], policy: Policy, *, at: datetime) -> OutsideGrade:
    """The outside grade of findings that count."""
    by_category: dict[str, list[Counted]] = {}
    for each in counted:
        by_category.setdefault(each.check.category, []).append(each)
    raw, coverage = _value(counted, policy)
    caps = [] if raw is None else sorted(finding_caps(counted, policy, at=at), key=lambda cap: cap.limit)
    caps = [replace(cap, applied=not index and raw is not None and cap.limit < raw) for index, cap in enumerate(caps)]
    value = None if raw is None else grading.printed(min([raw, *(Fraction(cap.limit) for cap in caps)]))
    enough = coverage >= Decimal(str(policy.coverage_floor))
    return OutsideGrade(
        value=value,
        grade=grading.grade(value, policy) if value is not None and enough else None,
        why_no_grade=NoGrade.NOTHING_SEEN if value is None else None if enough else NoGrade.COVERAGE,
        coverage=coverage,
        categories=tuple(_category(name, by_category[name], policy) for name in sorted(by_category)),
        caps=tuple(caps),
    )


def _category(name: str, counted: list[Counted], policy: Policy) -> CategoryScore:
    raw, coverage = _value(counted, policy)
    value = None if raw is None else grading.printed(raw)
    enough = coverage >= Decimal(str(policy.coverage_floor))
    return CategoryScore(
        category=name,
        value=value,
        grade=grading.grade(value, policy) if value is not None and enough else None,
        coverage=coverage,
        counts=Counter(each.fact.finding.outcome for each in counted),
    )


def _value(counted: Iterable[Counted], policy: Policy) -> tuple[Fraction | None, Decimal]:
    applicable: list[Fraction] = []
    seen: list[Fraction] = []
    weights: list[Fraction] = []
    kept: list[Fraction] = []
    for each in counted:
        if not each.applicable:
            continue
        own = grading.product(policy.severity_weights[each.check.severity], each.factor)
        applicable.append(own)
        if each.scored:
            seen.append(own)
            counts = grading.product(policy.severity_weights[each.weighs_as], each.factor)
            weights.append(counts)
            kept.append(counts * grading.exact(policy.outcome_shares[each.fact.finding.outcome]))
    whole, weight = grading.total(applicable), grading.total(weights)
    coverage = grading.printed(grading.FULL * grading.total(seen) / whole if whole else Fraction(0))
    return (grading.FULL * grading.total(kept) / weight if weight else None), coverage


def finding_caps(counted: Iterable[Counted], policy: Policy, *, at: datetime) -> list[Cap]:
    """The caps that findings alone bring: an open critical one, and a high one that has stood too long."""
    open_ones = [each for each in counted if each.failed and not _waived(each.fact, days.of(at))]
    critical = [each for each in open_ones if each.fact.finding.severity is Severity.CRITICAL]
    patience = timedelta(days=policy.caps.high_fail_after_days)
    old = [
        each
        for each in open_ones
        if each.fact.finding.severity is Severity.HIGH and at - each.fact.first_seen > patience
    ]
    caps = []
    if critical:
        caps.append(
            Cap(
                kind=CapKind.CRITICAL_FAIL,
                limit=policy.caps.critical_fail,
                reason=Phrase(text=N_("Critical and not met: %(findings)s."), values={"findings": _names(critical)}),
                applied=False,
                keys=_keys(critical),
            )
        )
    if old:
        caps.append(
            Cap(
                kind=CapKind.HIGH_FAIL,
                limit=policy.caps.high_fail,
                reason=Phrase(
                    text=N_("High and not met for more than %(days)d days: %(findings)s."),
                    values={"findings": _names(old), "days": policy.caps.high_fail_after_days},
                ),
                applied=False,
                keys=_keys(old),
            )
        )
    return caps


def _waived(fact: FindingFact, today: date) -> bool:
    return fact.standing is FindingStanding.WAIVED and (fact.waived_until is None or fact.waived_until >= today)


def _names(counted: Iterable[Counted]) -> Phrase:
    """The first checks by their titles, each with its id and the hosts where it is not met."""
    hosts: dict[str, list[str]] = {}
    titles = {}
    for each in counted:
        titles[each.check.id] = Message(text=each.check.title)
        hosts.setdefault(each.check.id, []).append(each.fact.finding.subject.name)
    return listed(
        [
            Phrase(
                text=N_("“%(title)s” (%(check)s: %(hosts)s)"),
                values={"title": titles[check_id], "check": check_id, "hosts": ", ".join(names)},
            )
            for check_id, names in hosts.items()
        ]
    )


def _keys(counted: Iterable[Counted]) -> tuple[str, ...]:
    return tuple(f"check:{each.key}" for each in counted)
