"""HSTS and the preload list, the CSP evaluator, and the header profile of Internet.nl."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.conformance.cases import Case, Suite, numbered, read
from scanners.parsing import csp, csp_weaknesses, preload
from scanners.parsing import internetnl as profile
from scanners.parsing.csp_weaknesses import Bypasses, Weakness


def hsts_preload(file: Path) -> Iterator[Case]:
    """The tables of the list's own checker: codes of errors and warnings in any order, and what was read."""
    for table, content in read(file)["tables"].items():
        for number, row in enumerate(content["rows"]):
            yield Case(
                id=f"{table}/{number} {row['description']}",
                wanted=(sorted(row["errors"]), sorted(row["warnings"]), row.get("parsed")),
                got=_preload_reading(table, row),
            )


def _preload_reading(table: str, row: Mapping[str, Any]) -> tuple[list[str], list[str], object]:
    header = preload.parse(row["header"])
    errors, warnings = header.errors, header.warnings
    if table.startswith("preloadable"):
        errors, warnings = preload.judge(header)
    elif table.startswith("eligible"):
        weeks = row["description"].endswith("18 weeks")
        errors, warnings = preload.judge(header, at_least=preload.EIGHTEEN_WEEKS if weeks else preload.YEAR)
    elif table.startswith("removable"):
        errors, warnings = preload.judge_removal(header)
    parsed = {
        "preload": header.preload,
        "includeSubDomains": header.include_subdomains,
        "max_age": header.max_age,
    }
    return sorted(errors), sorted(warnings), parsed if row.get("parsed") else None


def csp_evaluator(file: Path) -> Iterator[Case]:
    """Findings of both lists; how often the evaluator repeats one is no difference."""
    bypasses = _bypasses(file.parent)
    for case, item in numbered(read(file)["cases"]):
        policy = next(iter(csp.parse([item["csp"]])), {})
        # The recorder ran the strict list, too, over what browsers leave of the policy.
        ignored, read_policy = csp_weaknesses.effective(csp_weaknesses.normalise(policy))
        yield Case(
            id=case,
            wanted=(_told(item["default_findings"]), _told(item["strict_findings"]), _listed(item["parsed"])),
            got=(
                sorted({_shown(one) for one in csp_weaknesses.weaknesses(policy, bypasses)}),
                sorted({_shown(one) for one in (*ignored, *csp_weaknesses.strictness(read_policy))}),
                _listed(csp_weaknesses.normalise(policy)),
            ),
        )


def _bypasses(folder: Path) -> Bypasses:
    callbacks = read(folder / "allowlist-bypass-jsonp.json")
    return Bypasses(
        callbacks=tuple(callbacks["urls"]),
        frameworks=tuple(read(folder / "allowlist-bypass-angular.json")["urls"]),
        plugins=tuple(read(folder / "allowlist-bypass-flash.json")["urls"]),
        needing_eval=frozenset(callbacks["needsEval"]),
    )


def _told(findings: Iterable[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    return sorted({(one["type"], one["severity"], one["directive"], one["value"] or "") for one in findings})


def _shown(weakness: Weakness) -> tuple[str, ...]:
    return weakness.kind, weakness.severity.value, weakness.directive, weakness.value or ""


def _listed(policy: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    return {name: list(sources) for name, sources in policy.items()}


def internetnl(file: Path) -> Iterator[Case]:
    """Faults of policies, in any order; faults and recommendations of referrer policies."""
    for case, item in numbered(read(file)["cases"]):
        value, results = item["value"] or "", item["results"]
        if item["checker"].endswith("ReferrerPolicy"):
            wanted = [[one["msgid"] for one in results[f"referrer_policy_{key}"]] for key in REFERRER_LISTS]
            yield Case(id=case, wanted=wanted, got=[list(codes) for codes in profile.referrer_faults(value)])
            continue
        faults = profile.policy_faults(value, item["domain"])
        yield Case(
            id=case,
            wanted=(
                results["content_security_policy_enabled"],
                sorted(one["msgid"] for one in results["content_security_policy_errors"]),
            ),
            got=(faults == (), list(faults or ())),
        )


REFERRER_LISTS = ("errors", "recommendations")

SUITES = (
    Suite(name="HSTS preload (Chromium)", file="hstspreload/header-cases.json", feed=hsts_preload),
    Suite(name="CSP Evaluator (Google)", file="csp-evaluator/cases.json", feed=csp_evaluator),
    Suite(name="CSP, Referrer-Policy (Internet.nl)", file="headers/internetnl-header-cases.json", feed=internetnl),
)
