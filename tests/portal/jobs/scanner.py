"""A process that talks like scanners.child, for tests of everything around it: what it tells follows from host names.

Its one true observation per host is a DNS answer. "crash" in a name ends it without a word, "garbage" makes it tell
nonsense, "latecaa" has its record only for a look with chosen kinds,
"hang" keeps it silent, "slow" gives it a second, "short" ends it at its own deadline, "blind" sees nothing.
"at-192-0-2-7" makes it knock at that address first, and write down in the file of the contact address "log:…" from when
until when it was there.
"""

import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from scanners import storing
from scanners.jobs import Finished, Knock, Progress, ScanEvent, ScanJob, SubjectSeen
from scanners.model import Observations, Subject, SubjectKind
from scanners.observations import Blind, CaaRecord, HostDns, Observation, Reason


def main() -> None:
    job = storing.load_job(json.loads(sys.stdin.readline()))
    secrets = {name for name in os.environ if name not in {"PATH", "LANG", "PYTHONUTF8", "LC_CTYPE"}}
    if secrets:
        raise SystemExit(f"the environment is not clean: {secrets}")
    for number, host in enumerate(job.hosts, start=1):
        if "crash" in host:
            os._exit(9)
        address = knock(job, host)
        if address is None:
            continue
        if "garbage" in host:
            print('{"event": "seen", "observations": {"schema": 99}}', flush=True)
        if "hang" in host:
            time.sleep(600)
        tell(Progress(stage=f"dns {host}", done=number, total=len(job.hosts)))
        tell(SubjectSeen(observations=seen(host, job), complete=True))
        if "slow" in host:
            time.sleep(1)
        note(job, f"leave {address} {time.time()}")
    tell(Finished(reason=Reason.DEADLINE if any("short" in host for host in job.hosts) else None, seconds=0.1))


def knock(job: ScanJob, host: str) -> str | None:
    """The address once we may go there; None: not today. A host without one needs nobody's leave."""
    label = next((part for part in host.split(".") if part.startswith("at-")), "")
    if not label:
        return ""
    address = label.removeprefix("at-").replace("-", ".")
    tell(Knock(host=host, address=address))
    word, budget, which = sys.stdin.readline().split()
    assert (budget, which) == ("ordinary", address)
    note(job, f"{word} {address} {time.time()}")
    if word == "pass":
        return address
    blind = Blind(at=job.at, reason=Reason.BUDGET)
    subject = Subject(kind=SubjectKind.HOST, name=host)
    tell(SubjectSeen(observations=Observations(subject=subject, at=job.at, facts={HostDns: blind}), complete=True))
    return None


def note(job: ScanJob, line: str) -> None:
    if job.network.contact_url.startswith("log:"):
        with Path(job.network.contact_url.removeprefix("log:")).open("a", encoding="ascii") as file:
            file.write(line + "\n")


def seen(host: str, job: ScanJob) -> Observations:
    at = job.at
    has_caa = "nocaa" not in host and ("latecaa" not in host or bool(job.kinds))
    fact: Observation = (
        Blind(at=at, reason=Reason.TIMEOUT)
        if "blind" in host
        else HostDns(
            at=at,
            addresses_v4=("192.0.2.1",),
            cname_chain=("gone.elsewhere.example",) if "dangling" in host else (),
            dangling_target="gone.elsewhere.example" if "dangling" in host else None,
            caa_at=host if has_caa else None,
            caa=(CaaRecord(flags=0, tag="issue", value="ca.example"),) if has_caa else (),
        )
    )
    return Observations(subject=Subject(kind=SubjectKind.HOST, name=host), at=at, facts={HostDns: fact})


def tell(event: ScanEvent) -> None:
    print(json.dumps(storing.dump_event(event)), flush=True)


if __name__ == "__main__":
    assert datetime.now(UTC)
    main()
