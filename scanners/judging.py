"""Observations become findings; loads no probe, opens no connection, reads no clock."""

from collections.abc import Iterable

from scanners import checking
from scanners.catalogue import CHECKS
from scanners.datasets import SHIPPED, DataSets
from scanners.model import CheckClass, Finding, Observations

EVERY_CLASS = frozenset(CheckClass)


def judge(
    seen: Iterable[Observations], *, classes: frozenset[CheckClass] = EVERY_CLASS, data: DataSets = SHIPPED
) -> tuple[Finding, ...]:
    """Every check of these classes over every subject it is about, by these data; in the order of subjects and
    catalogue."""
    return tuple(
        checking.run(check, observations)
        for observations in (one.with_data(data) for one in seen)
        for check in CHECKS.values()
        if check.subject is observations.subject.kind and check.check_class in classes
    )
