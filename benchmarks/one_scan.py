"""One scan in a process of its own, for the race: a job on stdin, what it came to as JSON on stdout.

`--only TlsHandshakes` runs one probe. `--repeat N` scans in a row and tells the memory held after each.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from scanners import scan, storing
from scanners.jobs import Finished, ScanJob, SubjectSeen
from scanners.observations import Observation

PAGE_KIB = 4


def main() -> None:
    """Run what the options ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[], metavar="OBSERVATION")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3600.0, help="begin no further scan after so long")
    options = parser.parse_args()
    job = storing.load_job(json.loads(sys.stdin.readline()))
    probes = {kind: look for kind, look in scan.PROBES.items() if not options.only or kind.__name__ in options.only}
    start = time.perf_counter()
    memory = []
    seen: dict[str, object] = {}
    for _scan in range(options.repeat):
        seen = asyncio.run(_observed(job, probes))
        memory.append(_memory())
        if time.perf_counter() - start > options.seconds:
            break
    print(json.dumps({"seen": seen, "memory": memory}))


async def _observed(job: ScanJob, probes: Mapping[type[Observation], scan.Look]) -> dict[str, object]:
    seen: dict[str, object] = {}
    async for event in scan.observe(job, probes=probes):
        if isinstance(event, SubjectSeen) and event.complete:
            seen[f"{event.observations.subject.kind}:{event.observations.subject.name}"] = storing.dump(
                event.observations
            )
        elif isinstance(event, Finished):
            seen["finished"] = storing.dump_event(event)
    return seen


def _memory() -> int:
    """The memory this process holds, in KiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_KIB


if __name__ == "__main__":
    main()
