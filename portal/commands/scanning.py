"""`kettenblick scan`: the scanner alone, in this terminal, with the grade of what can be seen from outside."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from assessments import outside, policy
from assessments.model import NoGrade, OutsideGrade
from portal import i18n, network, settings
from portal.commands.shell import Commands, Refusal
from scanners import __main__ as scanner
from scanners import categories, judging, recordings, storing, targets, terminal
from scanners.catalogue import CATALOGUE_VERSION, CHECKS
from scanners.data import sets
from scanners.model import N_, Finding, Outcome
from scanners.observatory import view
from scanners.recordings import Recording
from scanners.terminal import Layout, Screen

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
    command.add_argument("host", nargs="*", metavar="HOST")
    command.add_argument("--language", choices=sorted(i18n.LANGUAGES), default=i18n.DEFAULT)
    scanner.add_look_options(command)
    command.set_defaults(run=_scan)


def _scan(arguments: argparse.Namespace) -> int:
    translate = i18n.translator(arguments.language)
    try:
        sight = _sight(arguments, translate)
        if arguments.record:
            recordings.write(arguments.record, sight)
    except targets.BadTarget as error:
        raise Refusal(error.message.render(translate)) from error
    except storing.BadDocument as error:
        raise Refusal(translate(N_("This file is no recording of a scan.")) + f" ({error})") from error
    except OSError as error:
        raise Refusal(f"{error.filename}: {error.strerror}") from error
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        return scanner.STOPPED
    data = sets.current(settings.read_datasets_dir())
    findings = judging.judge(sight.seen, classes=sight.classes, data=data)
    scanner.tell(_told(arguments, sight, findings, translate))
    return scanner.status(findings)


def _sight(arguments: argparse.Namespace, translate: Translate) -> Recording:
    if arguments.replay:
        if arguments.host:
            raise Refusal(translate(N_("Name either hosts or recordings.")))
        return scanner.replayed(arguments.replay)
    doors = network.of(settings.read_scan())
    job = scanner.job(arguments.host, scanner.CLASSES[arguments.look], doors, now=datetime.now(UTC))
    return asyncio.run(scanner.watch(job, screen=Screen(translate=translate)))


def _told(arguments: argparse.Namespace, sight: Recording, findings: Sequence[Finding], translate: Translate) -> str:
    if arguments.sarif:
        return scanner.as_text(scanner.as_sarif(sight, findings, translate))
    if arguments.observatory:
        return view.told(sight.seen, translate)
    at = max(one.at for one in sight.seen)
    grade = outside.of_findings(findings, CHECKS, policy.current(), at=at)
    if arguments.json:
        return scanner.as_text(scanner.as_json(sight, findings) | {"outside": as_document(grade)})
    layout = Layout(
        width=scanner.columns(),
        everything=arguments.all,
        beside={one.category: _beside(one.grade, one.value, one.coverage, translate) for one in grade.categories},
        translate=translate,
    )
    return f"{terminal.table(findings, layout)}\n\n{summary(grade, findings, translate, at=at)}"


def summary(grade: OutsideGrade, findings: Sequence[Finding], translate: Translate, *, at: datetime) -> str:
    """The grade in one line, the categories below it, and what was counted."""
    counts = ", ".join(
        f"{sum(finding.outcome is outcome for finding in findings)} {translate(text)}"
        for outcome, text in COUNTED.items()
    )
    heading = translate(N_("Seen from outside only"))
    lines = [f"{heading}: {_grade(grade, translate)}", counts]
    for category in sorted(grade.categories, key=lambda one: categories.position(one.category)):
        letter = category.grade.value if category.grade else "–"
        title = translate(categories.title(category.category))
        lines.append(f"  {letter} {_share(category.value):>3} {_bar(category.value)} {title}")
    version = translate(N_("Seen at %(at)s UTC, judged by catalogue %(version)s."))
    lines.append(version % {"at": f"{at.astimezone(UTC):%Y-%m-%d %H:%M}", "version": CATALOGUE_VERSION})
    lines.append(translate(N_("This is no audit, no certificate and no proof of compliance.")))
    return "\n".join(lines)


def _beside(letter: Any, value: Decimal | None, coverage: Decimal, translate: Translate) -> str:
    word = translate(N_("from outside only"))
    seen = translate(N_("%(percent)s seen")) % {"percent": f"{_share(coverage)} %"}
    return f"{letter.value if letter else '–'} {_share(value)} · {seen} · {word}"


def _grade(grade: OutsideGrade, translate: Translate) -> str:
    coverage = translate(N_("coverage")) + f" {_share(grade.coverage)} %"
    if grade.grade is not None:
        return f"{grade.grade.value} ({_share(grade.value)}/100), {coverage}"
    nothing = grade.why_no_grade is NoGrade.NOTHING_SEEN
    why = N_("nothing was seen") if nothing else N_("too little was seen for a grade")
    return f"{translate(why)}, {coverage}"


def _share(value: Any) -> str:
    return "–" if value is None else f"{float(value):.0f}"


def _bar(value: Any) -> str:
    return terminal.bar(0 if value is None else float(value), 100)


def as_document(grade: OutsideGrade) -> dict[str, Any]:
    """The outside grade for other programs."""
    return {
        "label": "outside only",
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
