"""Rows, one module per noun; importing this package makes every table known to the metadata."""

from portal.db.models import (
    accounts,
    assessments,
    audit,
    disputes,
    findings,
    jobs,
    plans,
    registers,
    responses,
    scans,
    vendors,
)

__all__ = [
    "accounts",
    "assessments",
    "audit",
    "disputes",
    "findings",
    "jobs",
    "plans",
    "registers",
    "responses",
    "scans",
    "vendors",
]
