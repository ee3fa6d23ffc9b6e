"""The whole way of a scan without a fake: servers on loopback, the scanning process, the worker, the terminal."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from portal.db import migrating
from portal.db import session as database
from portal.db.models.accounts import Hospital
from portal.db.models.scans import ScanRun, ScanState
from portal.demonstration.plans import Plan, Reply, Site, Tls, Zone
from portal.demonstration.servers import Running, Servers
from portal.services.scans import scan_results, scans
from portal.settings import ScanSettings
from portal.worker import SCANNER
from tests.portal import building
from tests.portal.jobs import running
from tests.portal.jobs.running import wait_until

pytestmark = pytest.mark.loopback

PLAN = Plan(
    zones=(Zone(name="klinik.test"),),
    sites=(
        # With a start page: of an error page too little can be judged for a grade.
        Site(host="portal.klinik.test", tls=Tls(), pages={"/": Reply(body="<title>Portal</title>")}),
        Site(host="www.klinik.test", tls=Tls()),
    ),
)


@pytest.fixture(scope="module")
def servers() -> Iterator[Running]:
    with Servers(PLAN, at=dt.datetime.now(dt.UTC)) as started:
        yield started


def test_the_worker_scans_real_hosts_through_the_real_scanner(servers: Running, tmp_path: Path):
    network = servers.network()
    fields = {field.name for field in dataclasses.fields(ScanSettings)}
    known = {name: value for name, value in dataclasses.asdict(network).items() if name in fields}
    chosen = dataclasses.replace(running.settings(tmp_path), scan=ScanSettings(**known))
    engine = database.engine(chosen.database_url)
    migrating.upgrade(engine)
    sessions = database.sessions(engine)
    with sessions.begin() as session:
        actor = building.hospital_actor(session)
        hospital = session.get_one(Hospital, actor.hospital_id)
        vendor = building.vendor(session, hospital, hosts=("portal.klinik.test", "www.klinik.test"))
        scan_id = scans.queue_by_hospital(session, actor, vendor.id, now=dt.datetime.now(dt.UTC)).id

    def state() -> ScanState:
        with sessions() as session:
            return session.scalars(select(ScanRun.state)).one()

    with running.running(engine, chosen, scanner=SCANNER):
        wait_until(lambda: state() not in scans.LIVE, seconds=90)

    with sessions() as session:
        run = session.get_one(ScanRun, scan_id)
        assert (run.state, run.reason) == (ScanState.DONE, "")
        findings = scan_results.findings_of(session, hospital.id, scan_id)
        outcomes = {finding.outcome for finding in findings}
        assert {"pass", "fail"} <= outcomes
        assert {finding.subject_name for finding in findings} == {
            "portal.klinik.test",
            "www.klinik.test",
            "klinik.test",
        }
    engine.dispose()
    assert servers.contacts_of("portal.klinik.test")


@pytest.mark.parametrize("words", [["--language", "de"], ["--language", "en"], ["--json"], ["--sarif"]])
def test_the_terminal_scans_alone_and_makes_no_data_directory(servers: Running, tmp_path: Path, words: list[str]):
    network = servers.network()
    roots = tmp_path / "roots.pem"
    roots.write_text(network.trust_roots_pem)
    environment = {
        **os.environ,
        "SCAN_RESOLVER": " ".join(network.resolver),
        "SCAN_RESOLVER_PORT": str(network.resolver_port),
        "SCAN_PORT_MAP": ",".join(f"{public}:{ours}" for public, ours in network.port_map.items()),
        "SCAN_ALLOWED_NETWORKS": " ".join(network.allowed_networks),
        "SCAN_PERMITTED_SUFFIXES": " ".join(network.permitted_suffixes),
        "SCAN_TRUST_ROOTS": str(roots),
    }
    environment.pop("KETTENBLICK_DATA", None)

    done = subprocess.run(
        [sys.executable, "-m", "portal.cli", "scan", "portal.klinik.test", *words],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode in {0, 3, 4, 5}, done.stderr
    assert "HostDns portal.klinik.test" in done.stderr
    assert not (tmp_path / "instance").exists()
    if words == ["--json"]:
        document = json.loads(done.stdout)
        assert document["outside"]["grade"] in set("ABCDEF")
        assert document["findings"]
    elif words == ["--sarif"]:
        run = json.loads(done.stdout)["runs"][0]
        assert {result["kind"] for result in run["results"]} >= {"pass", "fail"}
    else:
        sentence = "Nur Außensicht" if "de" in words else "Seen from outside only"
        assert sentence in done.stdout
        assert ("nur Außensicht" if "de" in words else "from outside only") in done.stdout.partition(sentence)[0]
        assert "portal.klinik.test (host)" in done.stdout


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "https://portal.klinik.test/", "intern"])
def test_what_is_no_public_name_is_refused_in_one_sentence(tmp_path: Path, host: str):
    done = subprocess.run(
        [sys.executable, "-m", "portal.cli", "scan", host],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
