"""A process that talks like scanners.child, for tests of everything around it: what it tells follows from host names.

Its one true observation per host is a DNS answer. "crash" in a name ends it without a word, "garbage" makes it tell
nonsense, "hang" keeps it silent, "slow" gives it a second, "short" ends it at its own deadline, "blind" sees nothing.
"""

import json
import os
import sys
import time
from datetime import UTC, datetime

from scanners import storing
from scanners.jobs import Finished, Progress, SubjectSeen
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
        if "garbage" in host:
            print('{"event": "seen", "observations": {"schema": 99}}', flush=True)
        if "hang" in host:
            time.sleep(600)
        tell(Progress(stage=f"dns {host}", done=number, total=len(job.hosts)))
        tell(SubjectSeen(observations=seen(host, job.at), complete=True))
        if "slow" in host:
            time.sleep(1)
    tell(Finished(reason=Reason.DEADLINE if any("short" in host for host in job.hosts) else None, seconds=0.1))


def seen(host: str, at: datetime) -> Observations:
    fact: Observation = (
        Blind(at=at, reason=Reason.TIMEOUT)
        if "blind" in host
        else HostDns(
            at=at,
            addresses_v4=("192.0.2.1",),
            cname_chain=("gone.elsewhere.example",) if "dangling" in host else (),
            dangling_target="gone.elsewhere.example" if "dangling" in host else None,
            caa_at=None if "nocaa" in host else host,
            caa=() if "nocaa" in host else (CaaRecord(flags=0, tag="issue", value="ca.example"),),
        )
    )
    return Observations(subject=Subject(kind=SubjectKind.HOST, name=host), at=at, facts={HostDns: fact})


def tell(event: Progress | SubjectSeen | Finished) -> None:
    print(json.dumps(storing.dump_event(event)), flush=True)


if __name__ == "__main__":
    assert datetime.now(UTC)
    main()
