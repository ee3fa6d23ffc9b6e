"""The scanner from a terminal: progress on stderr, then a table or JSON; the exit status is the worst finding."""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scanners import judging, scan, storing, targets
from scanners.catalogue import CATALOGUE_VERSION, CHECKS
from scanners.jobs import UNASKED, Finished, NetworkSettings, Progress, ScanJob, SubjectSeen
from scanners.model import N_, CheckClass, Finding, Message, Observations, Outcome, Severity
from scanners.observations import UnpublishedPaths

Translate = Callable[[str], str]

MARKS = {
    Outcome.PASS: "✓",
    Outcome.WARN: "!",
    Outcome.FAIL: "✕",
    Outcome.INFO: "○",
    Outcome.NOT_APPLICABLE: "–",
    Outcome.UNKNOWN: "?",
    Outcome.ERROR: "⚠",
}
ORDER = (
    *(Outcome.FAIL, Outcome.WARN, Outcome.ERROR, Outcome.UNKNOWN),
    *(Outcome.INFO, Outcome.PASS, Outcome.NOT_APPLICABLE),
)
SEVERITIES = tuple(Severity)
STATUS = {Severity.CRITICAL: 5, Severity.HIGH: 4, Severity.MEDIUM: 3, Severity.LOW: 3, Severity.INFO: 0}
NOTHING_SEEN = 6
BAD_USE = 2
STOPPED = 130  # as a shell counts Ctrl-C


def main(arguments: Sequence[str] | None = None) -> int:
    """Scan, or judge a recorded scan again; 0 nothing failed, 3 low or medium, 4 high, 5 critical, 6 nothing seen."""
    options = _options().parse_args(arguments)
    try:
        if options.replay:
            seen = [one for file in options.replay for one in _recorded(Path(file))]
        else:
            seen = asyncio.run(watch(job_of(options, now=datetime.now(UTC))))
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return STOPPED
    except (targets.BadTarget, storing.BadDocument, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return BAD_USE
    if options.record:
        record(seen, Path(options.record))
    findings = judging.judge(seen, classes=_recorded_classes(seen) if options.replay else classes_of(options))
    print(as_json(seen, findings) if options.json else table(findings))
    return status(findings)


def job_of(options: argparse.Namespace, *, now: datetime) -> ScanJob:
    """The job that the options of a command line describe."""
    network = NetworkSettings(
        resolver=tuple(options.resolver),
        resolver_port=options.resolver_port,
        port_map=dict(options.port_map),
        allowed_networks=tuple(options.allow_network),
        trust_roots_pem="".join(Path(file).read_text(encoding="ascii") for file in options.trust),
        permitted_suffixes=tuple(options.permit_suffix),
        contact_url=options.contact_url,
    )
    hosts = tuple(targets.normalise(host, permitted_suffixes=network.permitted_suffixes) for host in options.host)
    if not hosts:
        raise targets.BadTarget(Message(text=N_("Enter a host name.")))
    return ScanJob(hosts=hosts, classes=classes_of(options), at=now, network=network)


def classes_of(options: argparse.Namespace) -> frozenset[CheckClass]:
    """What the scan may do: only that is judged, for what nobody looked at is no gap in what was seen."""
    return frozenset({CheckClass.PASSIVE}) if options.passive else UNASKED


async def watch(job: ScanJob, *, tell: Callable[[str], None] | None = None) -> list[Observations]:
    """Run the job, telling how far it is; the complete sight of every subject."""
    say = tell or _progress
    seen: list[Observations] = []
    async for event in scan.observe(job):
        match event:
            case Progress():
                say(f"{event.done}/{event.total} {event.stage}")
            case SubjectSeen(complete=True):
                seen.append(event.observations)
            case Finished():
                say(f"{event.seconds:.1f} s, {event.connections} connections, {event.requests} requests")
    return sorted(seen, key=lambda one: one.subject)


def table(findings: Iterable[Finding], translate: Translate = str) -> str:
    """The findings by subject, the worst first."""
    lines: list[str] = []
    ordered = sorted(
        findings,
        key=lambda one: (one.subject, ORDER.index(one.outcome), SEVERITIES.index(one.severity), one.check_id),
    )
    subject = None
    for finding in ordered:
        if finding.subject != subject:
            subject = finding.subject
            lines += ["", f"{subject.name} ({subject.kind})"]
        lines.append(
            f"  {MARKS[finding.outcome]} {finding.severity:<8} {finding.check_id:<32} {_printable(finding, translate)}"
        )
    return "\n".join(lines).lstrip("\n")


def as_json(seen: Iterable[Observations], findings: Iterable[Finding]) -> str:
    """Everything, for other programs."""
    document = {
        "catalogue": CATALOGUE_VERSION,
        "subjects": [storing.dump(one) for one in seen],
        "findings": [
            storing.dump_finding(one) | {"title": CHECKS[one.check_id].title, "text": one.fact.render()}
            for one in findings
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=1)


def record(seen: Iterable[Observations], folder: Path) -> None:
    """Each subject as a file that tests and --replay read."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in seen:
        text = json.dumps(storing.dump(one), ensure_ascii=False, indent=1, sort_keys=True)
        (folder / f"{one.subject.kind}-{one.subject.name}.json").write_text(text + "\n", encoding="utf-8")


def status(findings: Iterable[Finding]) -> int:
    """The exit status: how bad the worst failed check is; 6 when no check could be judged at all."""
    judged = tuple(findings)
    known = [one for one in judged if one.outcome not in {Outcome.UNKNOWN, Outcome.ERROR, Outcome.NOT_APPLICABLE}]
    failed = [STATUS[one.severity] for one in known if one.outcome is Outcome.FAIL and not one.provisional]
    return max(failed, default=0) if known else NOTHING_SEEN


def _recorded(file: Path) -> list[Observations]:
    document: Any = json.loads(file.read_text(encoding="utf-8"))
    subjects = document.get("subjects", [document]) if isinstance(document, dict) else document
    return [storing.load(one) for one in subjects]


def _recorded_classes(seen: Iterable[Observations]) -> frozenset[CheckClass]:
    """A record says by what is in it whether unpublished paths were asked for."""
    is_active = any(UnpublishedPaths in one.facts() for one in seen)
    return judging.EVERY_CLASS if is_active else UNASKED


def _printable(finding: Finding, translate: Translate) -> str:
    """A target's words must not steer the terminal."""
    text = finding.fact.render(translate)
    return "".join(sign if sign.isprintable() else "·" for sign in text)


def _progress(text: str) -> None:
    with suppress(BrokenPipeError):
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{text}" + "\n" * text.endswith("requests"))
        else:
            sys.stderr.write(text + "\n")
        sys.stderr.flush()


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scanners", description=main.__doc__)
    parser.add_argument("host", nargs="*", help="host name to look at")
    parser.add_argument("--passive", action="store_true", help="DNS and ordinary page loads only")
    parser.add_argument("--json", action="store_true", help="print observations and findings as JSON")
    parser.add_argument("--record", metavar="DIR", help="write what was seen as files")
    parser.add_argument("--replay", metavar="FILE", nargs="+", help="judge what was recorded, without a network")
    add_network_options(parser)
    return parser


def add_network_options(parser: argparse.ArgumentParser) -> None:
    """The network settings of a laboratory or a private link."""
    parser.add_argument("--resolver", action="append", default=[], metavar="ADDRESS")
    parser.add_argument("--resolver-port", type=int, default=53, metavar="PORT")
    parser.add_argument("--port-map", action="append", default=[], type=_pair, metavar="PUBLIC:REAL")
    parser.add_argument("--allow-network", action="append", default=[], metavar="CIDR")
    parser.add_argument("--trust", action="append", default=[], metavar="PEM", help="trust roots beside the usual")
    parser.add_argument("--permit-suffix", action="append", default=[], metavar="SUFFIX", help="for example .test")
    parser.add_argument("--contact-url", default="", metavar="URL", help="shown to those who are scanned")


def _pair(text: str) -> tuple[int, int]:
    public, _colon, real = text.partition(":")
    return int(public), int(real)


if __name__ == "__main__":
    sys.exit(main())
