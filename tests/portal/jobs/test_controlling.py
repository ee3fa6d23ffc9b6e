"""The check of control, with real name servers and a real web server: the worker asks, the scanning process looks."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from portal.db.models.accounts import Hospital
from portal.db.models.responses import DomainControl
from portal.demonstration.plans import Plan, Reply, Site, Zone
from portal.demonstration.servers import Running, Servers
from portal.services.scans import domain_control
from portal.worker import SCANNER
from scanners.parsing import control
from tests.portal import building
from tests.portal.jobs import running
from tests.portal.jobs.running import wait_until

pytestmark = pytest.mark.loopback

TOKEN = "kettenblick-0123"
HOSTS = ("portal.eintrag.test", "portal.datei.test", "portal.ohne.test")
PLAN = Plan(
    zones=(Zone(name="eintrag.test", records=f'_kettenblick-challenge TXT "{TOKEN}"'), Zone(name="datei.test")),
    sites=(
        Site(host=HOSTS[0]),
        Site(host=HOSTS[1], pages={control.PATH: Reply(body=f"{TOKEN}\n")}),
        Site(host=HOSTS[2]),
    ),
)


def environment(servers: Running) -> dict[str, str]:
    network = servers.network()
    return {
        "SCAN_RESOLVER": " ".join(network.resolver),
        "SCAN_RESOLVER_PORT": str(network.resolver_port),
        "SCAN_PORT_MAP": ",".join(f"{public}:{ours}" for public, ours in network.port_map.items()),
        "SCAN_ALLOWED_NETWORKS": " ".join(network.allowed_networks),
        "SCAN_PERMITTED_SUFFIXES": "test",
    }


def test_the_token_is_found_in_dns_and_in_a_file_and_its_absence_is_told(engine: Engine, sessions, tmp_path: Path):
    with sessions.begin() as session:
        company = building.company_actor(session, email="lead@gmx.de")
        actor = building.hospital_actor(session)
        vendor = building.vendor(session, session.get_one(Hospital, actor.hospital_id), hosts=HOSTS)
        round_ = building.assessment(session, vendor, company_id=company.company_id)
        for host in vendor.hosts:
            assert not domain_control.ask(session, company, round_.id, host.id, now=building.NOW)
            session.flush()
            session.get_one(DomainControl, (company.company_id, host.name)).token = TOKEN
            assert domain_control.ask(session, company, round_.id, host.id, now=datetime.now(UTC))

    def standings():
        with sessions() as session:
            now = datetime.now(UTC)
            return domain_control.standings(session, company.company_id, HOSTS, email=company.email, now=now)

    with Servers(PLAN, at=datetime.now(UTC)) as servers:
        chosen = running.settings(tmp_path, **environment(servers))
        with running.running(engine, chosen, scanner=SCANNER):
            wait_until(lambda: all(one.row.checked_at for one in standings().values()), 60)

    found = standings()
    assert [found[host].method for host in HOSTS] == ["dns", "well-known", ""]
    assert [found[host].reach for host in HOSTS] == [domain_control.Reach.DOMAIN, domain_control.Reach.HOST, None]
    assert found[HOSTS[2]].row.reason == domain_control.NOT_FOUND
