"""A dossier, a policy and the checks a score rests on as JSON, with a schema number; what is loaded is checked like
a stranger's file. With these three anybody can work the score out again."""

import functools
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, get_type_hints

from assessments.model import Dossier, Policy
from questionnaires.model import Catalogue
from scanners import storing
from scanners.model import Check, CheckClass, Observations, Refs, Severity, SubjectKind, Verdict
from scanners.storing import BadDocument

SCHEMA = 1
BESIDE = frozenset({"catalogue", "checks"})  # documents of their own, named here by id and version
MOST_CHECKS = 5_000


def dump(dossier: Dossier) -> dict[str, Any]:
    """All facts of a dossier; its catalogue and its checks are named, not held."""
    plain = {name: storing.encode(getattr(dossier, name)) for name in _kinds() if name not in BESIDE}
    catalogue = {"id": dossier.catalogue.id, "version": dossier.catalogue.version}
    return {"schema": SCHEMA, "catalogue": catalogue, **plain}


def load(document: Any, *, catalogue: Catalogue, checks: Mapping[str, Check]) -> Dossier:
    """The reverse of dump, over the catalogue and the checks that it names. Raises BadDocument."""
    given = _of_schema(document, "dossier")
    if given.get("catalogue") != {"id": catalogue.id, "version": catalogue.version}:
        raise BadDocument("dossier.catalogue")
    values: dict[str, Any] = {"catalogue": catalogue, "checks": checks}
    for name, kind in _kinds().items():
        if name in BESIDE:
            continue
        if name in given:
            values[name] = storing.decode(kind, given[name], f"dossier.{name}")
        elif name in _needed():
            raise BadDocument(f"dossier.{name}")
    return Dossier(**values)


def dump_policy(policy: Policy) -> dict[str, Any]:
    """Every number of a policy."""
    return {"schema": SCHEMA, **storing.encode(policy)}


def load_policy(document: Any) -> Policy:
    """The reverse of dump_policy. Raises BadDocument."""
    return storing.decode(Policy, _of_schema(document, "policy"), "policy")


def dump_checks(checks: Mapping[str, Check]) -> dict[str, Any]:
    """What a score knows of checks: all but how they judge."""
    return {"schema": SCHEMA, "checks": [_check_out(checks[name]) for name in sorted(checks)]}


def load_checks(document: Any) -> Mapping[str, Check]:
    """The reverse of dump_checks; what comes back can be scored with and cannot judge. Raises BadDocument."""
    listed = _of_schema(document, "checks").get("checks")
    if not isinstance(listed, list) or len(listed) > MOST_CHECKS:
        raise BadDocument("checks")
    found = [_check_in(one, f"checks[{number}]") for number, one in enumerate(listed)]
    return {one.id: one for one in found}


_CHECK_KINDS: Mapping[str, Any] = {
    **dict.fromkeys(("id", "category", "title", "why", "fix", "example"), str),
    "severity": Severity,
    "check_class": CheckClass,
    "subject": SubjectKind,
    "refs": Refs,
    "second_look": bool,
}


def _check_out(check: Check) -> dict[str, Any]:
    return {name: storing.encode(getattr(check, name)) for name in _CHECK_KINDS}


def _check_in(document: Any, where: str) -> Check:
    if not isinstance(document, dict) or set(document) != set(_CHECK_KINDS):
        raise BadDocument(where)
    values = {name: storing.decode(kind, document[name], f"{where}.{name}") for name, kind in _CHECK_KINDS.items()}
    return Check(**values, needs=(), judge=_cannot_judge)


def _cannot_judge(_seen: Observations) -> Verdict:
    """A document carries what a check weighs, never what it does: a stranger's file must not bring code, and findings
    are worked out again by this program's own checks."""
    raise TypeError("a check out of a document only says what it weighs")


@functools.cache
def _kinds() -> Mapping[str, Any]:
    hints = get_type_hints(Dossier)
    return {field.name: hints[field.name] for field in fields(Dossier)}


def _needed() -> frozenset[str]:
    return frozenset(
        field.name for field in fields(Dossier) if field.default is MISSING and field.default_factory is MISSING
    )


def _of_schema(document: Any, where: str) -> dict[str, Any]:
    if not isinstance(document, dict) or document.get("schema") != SCHEMA or type(document["schema"]) is not int:
        raise BadDocument(f"{where}.schema")
    return document
