"""Rows, one module per noun; importing this package makes every table known to the metadata."""

from portal.db.models import (
    accounts,
    answer_packs,
    assessments,
    audit,
    catalogues,
    components,
    delegations,
    disputes,
    findings,
    jobs,
    plans,
    rechecks,
    registers,
    responses,
    scans,
    vendors,
)

__all__ = [
    "accounts",
    "answer_packs",
    "assessments",
    "audit",
    "catalogues",
    "components",
    "delegations",
    "disputes",
    "findings",
    "jobs",
    "plans",
    "rechecks",
    "registers",
    "responses",
    "scans",
    "vendors",
]
