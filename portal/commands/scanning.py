"""`kettenblick scan`: the scanner alone, in this terminal, with the grade of what can be seen from outside."""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assessments import outside, policy
from assessments.model import NoGrade, OutsideGrade
from portal import i18n, settings
from portal.commands.shell import Commands, Refusal
from portal.jobs import scanning
from scanners import __main__ as terminal
from scanners import judging, storing, targets
from scanners.catalogue import CHECKS
from scanners.jobs import NetworkSettings, ScanJob
from scanners.model import N_, Finding, Outcome

Translate = Callable[[str], str]

COUNTED = {
    Outcome.FAIL: N_("not met"),
    Outcome.WARN: N_("warnings"),
    Outcome.PASS: N_("met"),
    Outcome.UNKNOWN: N_("could not be checked"),
}


def add_scan(commands: Commands) -> None:
    """The command that scans."""
    command = commands.add_parser(
        "scan",
        help="look at hosts from this terminal",
        description=(
            "Looks at what everybody can see of the hosts. Where it may go is set by SCAN_… as for the portal. "
            "Status: 0 nothing failed, 3 low or medium, 4 high, 5 critical, 6 nothing could be seen, 2 bad use."
        ),
    )
    command.add_argument("host", nargs="+", metavar="HOST")
    command.add_argument("--language", choices=sorted(i18n.LANGUAGES), default=i18n.DEFAULT)
    command.add_argument("--passive", action="store_true", help="DNS and ordinary page loads only")
    command.add_argument("--json", action="store_true", help="print observations, findings and grade as JSON")
    command.add_argument("--record", type=Path, metavar="DIR", help="write what was seen as files")
    command.set_defaults(run=_scan)


def _scan(arguments: argparse.Namespace) -> int:
    now = datetime.now(UTC)
    network = scanning.network(settings.read_scan())
    translate = i18n.translator(arguments.language)
    seen = asyncio.run(terminal.watch(_job(arguments, network, translate, now=now)))
    if arguments.record:
        terminal.record(seen, arguments.record)
    findings = judging.judge(seen, classes=terminal.classes_of(arguments))
    grade = outside.of_findings(findings, CHECKS, policy.current(), at=now)
    if arguments.json:
        document = json.loads(terminal.as_json(seen, findings)) | {"outside": as_document(grade)}
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    else:
        sys.stdout.write(f"{terminal.table(findings, translate)}\n\n{summary(grade, findings, translate)}\n")
    return terminal.status(findings)


def _job(arguments: argparse.Namespace, network: NetworkSettings, translate: Translate, *, now: datetime) -> ScanJob:
    try:
        hosts = tuple(targets.normalise(host, permitted_suffixes=network.permitted_suffixes) for host in arguments.host)
    except targets.BadTarget as error:
        raise Refusal(error.message.render(translate)) from error
    classes = terminal.classes_of(arguments)
    return ScanJob(hosts=tuple(dict.fromkeys(hosts)), classes=classes, at=now, network=network)


def summary(grade: OutsideGrade, findings: Sequence[Finding], translate: Translate) -> str:
    """The grade in one line, the categories below it, and what was counted."""
    counts = ", ".join(
        f"{sum(finding.outcome is outcome for finding in findings)} {translate(text)}"
        for outcome, text in COUNTED.items()
    )
    heading = translate(N_("Seen from outside only"))
    lines = [f"{heading}: {_grade(grade, translate)}", counts]
    for category in grade.categories:
        letter = category.grade.value if category.grade else "–"
        lines.append(f"  {category.category:<12} {letter}  {_share(category.value):>5}  {bar(category.value)}")
    lines.append(translate(N_("This is no audit, no certificate and no proof of compliance.")))
    return "\n".join(lines)


def _grade(grade: OutsideGrade, translate: Translate) -> str:
    coverage = translate(N_("coverage")) + f" {_share(grade.coverage)} %"
    if grade.grade is not None:
        return f"{grade.grade.value} ({_share(grade.value)}/100), {coverage}"
    nothing = grade.why_no_grade is NoGrade.NOTHING_SEEN
    why = N_("nothing was seen") if nothing else N_("too little was seen for a grade")
    return f"{translate(why)}, {coverage}"


def _share(value: Any) -> str:
    return "–" if value is None else f"{float(value):.0f}"


def bar(value: Any) -> str:
    """Ten places, filled as far as the value goes."""
    filled = 0 if value is None else round(float(value) / 10)
    return "█" * filled + "░" * (10 - filled)


def as_document(grade: OutsideGrade) -> dict[str, Any]:
    """The outside grade for other programs."""
    return {
        "value": None if grade.value is None else float(grade.value),
        "grade": grade.grade.value if grade.grade else None,
        "coverage": float(grade.coverage),
        "categories": {
            category.category: {
                "value": None if category.value is None else float(category.value),
                "grade": category.grade.value if category.grade else None,
                "coverage": float(category.coverage),
                "counts": {outcome.value: count for outcome, count in category.counts.items()},
            }
            for category in grade.categories
        },
        "policy": policy.current().version,
        "form": storing.SCHEMA,
    }
