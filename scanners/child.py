"""The process a scan runs in: a job document on stdin, one JSON event a line on stdout, and no way to a database."""

import asyncio
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import IO, Any

from scanners import limits, scan, storing, walls
from scanners.jobs import Knock, ScanEvent, ScanJob, SubjectSeen
from scanners.model import Observations
from scanners.observations import Blind, Reason
from scanners.storing import BadDocument
from scanners.targets import BadTarget

ENCODER = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))
LONGEST_JOB = 2_000_000
LONGEST_LINE = 12_000_000  # bytes of one event; what reads us must never meet a line without an end
SMALL = 500_000  # characters of an event that may stand there whole
MOST_GROWTH = 16  # when they are written down: a character outside the first plane becomes two escapes
ADDRESS_SPACE = 1 << 30
OPEN_FILES = 1_024
CPU_SECONDS = 90
KEPT_VARIABLES = frozenset({"PATH", "LANG", "LC_ALL", "TZ", "HOME", "SSL_CERT_FILE"})
BAD_JOB = 2


def main() -> int:
    """Run one job; closing stdin, or a line "stop" on it, ends it early. A knock is answered by a line on it."""
    _limit()
    try:
        job = storing.load_job(json.loads(sys.stdin.readline(LONGEST_JOB)))
        walls.shut(writes_to=job.network.registries.keep_dir)
        asyncio.run(_run(job, sys.stdin, _write))
    except (ValueError, RecursionError, BadDocument, BadTarget) as error:
        print(f"bad job: {type(error).__name__}", file=sys.stderr)  # noqa: T201 - the worker's log
        return BAD_JOB
    return 0


async def _run(job: ScanJob, orders: IO[str], tell: Callable[[ScanEvent], None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    gate = _Gate(tell)

    def listen() -> None:
        for line in orders:
            if line.strip() == "stop":
                break
            if not loop.is_closed():
                loop.call_soon_threadsafe(gate.hear, line)
        # The loop may be gone already: the scan was over before the order came.
        if not loop.is_closed():
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=listen, daemon=True).start()
    async for event in scan.observe(job, stop=stop, doorman=gate.knock if job.asks else None):
        tell(event)


class _Gate:
    """Knocks before an address and waits: whoever started us knows what other scans do."""

    def __init__(self, tell: Callable[[ScanEvent], None]) -> None:
        self._tell = tell
        self._waiting: dict[tuple[str, str], asyncio.Future[bool]] = {}

    async def knock(self, knock: Knock) -> bool:
        answer = self._waiting[knock.address, knock.budget] = asyncio.get_running_loop().create_future()
        self._tell(knock)
        is_let_in: bool = await answer
        return is_let_in

    def hear(self, line: str) -> None:
        """ "pass ordinary 192.0.2.1" or "refuse active 192.0.2.1"; anything else is not for us."""
        match line.split():
            case [("pass" | "refuse") as word, budget, address]:
                answer = self._waiting.get((address, budget))
                if answer is not None and not answer.done():
                    answer.set_result(word == "pass")


def _write(event: ScanEvent) -> None:
    for part in parts_of(event):
        sys.stdout.write(part)
    sys.stdout.write("\n")
    sys.stdout.flush()


def line_of(event: ScanEvent, *, longest: int = LONGEST_LINE) -> str:
    """The event as one line. Should it be too long, its largest observations are blind for that reason."""
    return "".join(parts_of(event, longest=longest))


def parts_of(event: ScanEvent, *, longest: int = LONGEST_LINE) -> Iterator[str]:
    """The same piece by piece: a hostile page grows sixfold when it is written down, and never stands there whole."""
    document = storing.dump_event(event)
    if _weight(document) < min(SMALL, longest // MOST_GROWTH):
        yield ENCODER.encode(document)
        return
    while isinstance(event, SubjectSeen) and _length(storing.dump_event(event)) > longest:
        facts = dict(event.observations.facts())
        kept = [kind for kind, fact in facts.items() if not isinstance(fact, Blind)]
        if not kept:
            break
        largest = max(kept, key=lambda kind: _length(storing.encode(facts[kind])))
        facts[largest] = Blind(at=event.observations.at, reason=Reason.TOO_LARGE)
        seen = Observations(subject=event.observations.subject, at=event.observations.at, facts=facts)
        event = replace(event, observations=seen)
    yield from ENCODER.iterencode(storing.dump_event(event))


def _weight(document: Any) -> int:
    """The characters of all its text, which are most of it: enough to know whether it may be written down at once."""
    if isinstance(document, str):
        return len(document)
    if isinstance(document, dict):
        return sum(len(key) + _weight(value) for key, value in document.items())
    if isinstance(document, list):
        return len(document) + sum(map(_weight, document))
    return 1


def _length(document: Any) -> int:
    return sum(map(len, ENCODER.iterencode(document)))


def _limit() -> None:
    """A hostile answer that slips through every cap dies here, and finds no secret in the environment."""
    for name in set(os.environ) - KEPT_VARIABLES:
        del os.environ[name]
    limits.keep_to(memory=ADDRESS_SPACE, seconds=CPU_SECONDS, open_files=OPEN_FILES)


if __name__ == "__main__":
    # The listening thread may still hold stdin's lock; leaving without the interpreter's last rites avoids waiting.
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
