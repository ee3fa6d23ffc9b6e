"""The check of control: a small look of the scanning process at the places where a company publishes its token."""

import time

from portal import network
from portal.jobs import scanner, scanning
from portal.jobs.scanner import ScannerFailed
from portal.jobs.work import NotYet, Work
from portal.services.scans import domain_control
from scanners.jobs import ScanEvent, ScanJob, SubjectSeen
from scanners.observations import ControlRecords

SECONDS = 50.0


def check(work: Work) -> None:
    """Look once; this process itself connects to nobody."""
    company_id, host = work.argument("company_id"), work.argument("host")
    found: list[ControlRecords] = []

    def take(event: ScanEvent) -> bool:
        if isinstance(event, SubjectSeen) and (records := event.observations.find(ControlRecords)) is not None:
            found.append(records)
        return False

    job = ScanJob(
        hosts=(host,),
        at=work.now(),
        network=network.of(work.tools.settings.scan),
        seconds=SECONDS,
        kinds=(ControlRecords.__name__,),
    )
    until = time.monotonic() + SECONDS + 5
    with scanner.started(work, job) as child:
        while not child.hear(take, until=time.monotonic() + scanning.TICK) and time.monotonic() < until:
            if work.lost.is_set():
                return
            if work.tools.stopping.is_set():
                raise NotYet(work.now() + scanning.RESUME_AFTER, why="the worker was asked to end")
    if not found:
        raise ScannerFailed("the scanning process ended without a result")
    with work.last_step() as session:
        domain_control.record(session, company_id, host, found[-1], now=work.now())
