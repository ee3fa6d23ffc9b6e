"""The scanner from a terminal: progress on stderr, then a table, JSON or SARIF; the status is the worst finding."""

import argparse
import asyncio
import io
import json
import os
import shutil
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from scanners import judging, profiles, recordings, sarif, scan, storing, targets, terminal
from scanners.catalogue import CATALOGUE_VERSION, CHECKS
from scanners.jobs import UNASKED, Finished, NetworkSettings, Progress, ScanJob, SubjectSeen
from scanners.model import N_, CheckClass, Finding, Message, Observations, Outcome, Severity
from scanners.observatory import view
from scanners.recordings import Recording
from scanners.terminal import Layout, Screen

STATUS = {Severity.CRITICAL: 5, Severity.HIGH: 4, Severity.MEDIUM: 3, Severity.LOW: 3, Severity.INFO: 0}
NOTHING_SEEN = 6
BAD_USE = 2
STOPPED = 130  # as a shell counts Ctrl-C
CLASSES = {
    CheckClass.PASSIVE.value: frozenset({CheckClass.PASSIVE}),
    CheckClass.STANDARD.value: UNASKED,
    CheckClass.ACTIVE.value: judging.EVERY_CLASS,
}
NO_ACTIVE = N_(
    "%(host)s: the active class needs a signed consent and proof of control, which only the portal can check."
    " From a terminal it may look at names under SCAN_PERMITTED_SUFFIXES alone."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Scan, or judge a recorded scan again; 0 nothing failed, 3 low or medium, 4 high, 5 critical, 6 nothing seen."""
    options = _options().parse_args(arguments)
    try:
        sight = replayed(options.replay) if options.replay else _scanned(options)
        if options.record:
            recordings.write(Path(options.record), sight)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return STOPPED
    except targets.BadTarget as error:
        print(error.message.render(), file=sys.stderr)
        return BAD_USE
    except (storing.BadDocument, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return BAD_USE
    findings = judging.judge(sight.seen, classes=sight.classes)
    if options.json:
        tell(as_text(as_json(sight, findings)))
    elif options.sarif:
        tell(as_text(as_sarif(sight, findings)))
    elif options.observatory:
        tell(view.told(sight.seen))
    else:
        tell(terminal.table(findings, Layout(width=columns(), everything=options.all)))
    return status(findings)


def _scanned(options: argparse.Namespace) -> Recording:
    return asyncio.run(watch(job_of(options, now=datetime.now(UTC))))


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
    return job(options.host, CLASSES[options.look], network, now=now)


def job(hosts: Iterable[str], classes: frozenset[CheckClass], network: NetworkSettings, *, now: datetime) -> ScanJob:
    """A job over these hosts, as far as a terminal may start one."""
    names = tuple(
        dict.fromkeys(targets.normalise(host, permitted_suffixes=network.permitted_suffixes) for host in hosts)
    )
    if not names:
        raise targets.BadTarget(Message(text=N_("Enter a host name.")))
    if CheckClass.ACTIVE in classes:
        _refuse_strangers(names, network.permitted_suffixes)
    return ScanJob(hosts=names, classes=classes, at=now, network=network)


def _refuse_strangers(names: Collection[str], permitted: Collection[str]) -> None:
    """No terminal can see a signature; names that exist nowhere outside a laboratory need none."""
    for name in names:
        if not any(name.endswith(f".{suffix.strip('.')}") for suffix in permitted):
            raise targets.BadTarget(Message(text=NO_ACTIVE, values={"host": name}))


async def watch(job: ScanJob, *, screen: Screen | None = None) -> Recording:
    """Run the job, telling how far it is; the complete sight of every subject."""
    screen = screen or Screen()
    seen: list[Observations] = []
    async for event in scan.observe(job):
        match event:
            case SubjectSeen(complete=True):
                seen.append(event.observations)
            case Progress() | Finished():
                screen.show(event)
    return Recording(seen=recordings.in_order(seen), classes=job.classes)


def replayed(files: Iterable[str | Path]) -> Recording:
    """What was recorded, without a network."""
    return recordings.together(recordings.read(Path(file)) for file in files)


def as_json(sight: Recording, findings: Iterable[Finding]) -> dict[str, Any]:
    """Everything, for other programs; --replay reads it too."""
    return {
        "catalogue": CATALOGUE_VERSION,
        "classes": sorted(sight.classes),
        "subjects": [storing.dump(one) for one in sight.seen],
        "observatory": view.by_host(sight.seen),
        "profiles": profiles.by_host(sight.seen),
        "findings": [
            storing.dump_finding(one)
            | {
                "category": CHECKS[one.check_id].category,
                "title": CHECKS[one.check_id].title,
                "text": one.fact.render(),
            }
            for one in findings
        ],
    }


def as_sarif(sight: Recording, findings: Iterable[Finding], translate: Callable[[str], str] = str) -> dict[str, Any]:
    """The findings for code scanning dashboards."""
    started = min(one.at for one in sight.seen)
    return sarif.document(findings, started=started, version=metadata.version("kettenblick"), translate=translate)


def as_text(document: dict[str, Any]) -> str:
    """JSON that people can read as well."""
    return json.dumps(document, ensure_ascii=False, indent=1)


def columns() -> int:
    """How wide the terminal is; a pipe has room enough."""
    return shutil.get_terminal_size((terminal.WIDE, 24)).columns if sys.stdout.isatty() else terminal.WIDE


def tell(text: str) -> None:
    """Write the result; a reader that has seen enough, or a terminal without our signs, is no error."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left in the buffer goes nowhere


def status(findings: Iterable[Finding]) -> int:
    """The exit status: how bad the worst failed check is; 6 when no check could be judged at all."""
    judged = [one for one in findings if CHECKS[one.check_id].category != "scan"]  # of the scan itself
    known = [one for one in judged if one.outcome not in {Outcome.UNKNOWN, Outcome.ERROR, Outcome.NOT_APPLICABLE}]
    failed = [STATUS[one.severity] for one in known if one.outcome is Outcome.FAIL and not one.provisional]
    return max(failed, default=0) if known else NOTHING_SEEN


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scanners", description=main.__doc__)
    parser.add_argument("host", nargs="*", help="host name to look at")
    add_look_options(parser)
    add_network_options(parser)
    return parser


def add_look_options(parser: argparse.ArgumentParser) -> None:
    """What to look at and how to tell it; the same words for every terminal."""
    parser.add_argument(
        "--class",
        dest="look",
        choices=sorted(CLASSES),
        default=CheckClass.STANDARD.value,
        help="passive: DNS and ordinary page loads; standard (the usual): handshakes and published documents too;"
        " active: unpublished paths and ports too, only for names of a laboratory",
    )
    parser.add_argument("--all", action="store_true", help="list also what was met and what could not be checked")
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="print observations and findings as JSON")
    shape.add_argument("--sarif", action="store_true", help="print the findings as SARIF 2.1.0")
    shape.add_argument("--observatory", action="store_true", help="print tests and grade of MDN's HTTP Observatory")
    parser.add_argument("--record", type=Path, metavar="FILE", help="write what was seen to a file")
    parser.add_argument(
        "--replay", type=Path, metavar="FILE", nargs="+", help="judge what was recorded, without a network"
    )


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
    # Taking down what a short life has loaded takes longer than some of its probes; nothing of it needs that.
    worst = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(worst)
