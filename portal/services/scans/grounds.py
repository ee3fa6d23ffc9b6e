"""What of a scan's observations others may rest on too: drawn when the scan ends, read by concentration.py."""

from collections.abc import Iterable, Iterator
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal.db.models.portfolio import SharedGround
from portal.db.models.scans import ScanRun, ScanState
from scanners import targets
from scanners.data import edges, hosting
from scanners.model import Observations
from scanners.observations import AddressOrigins, HostDns, MailDns, Page

KEPT_SCANS = 3  # of a vendor: the newest may not be open to the hospital yet
LONGEST = 200


class Ground(StrEnum):
    """What vendors may share."""

    MAIL = "mail"
    HOST = "host"
    NETWORK = "network"
    PRODUCT = "product"
    SUBCONTRACTOR = "subcontractor"  # written down by the hospital, not seen
    COMPONENT = "component"  # named by a list of parts (SBOM) that was handed in; see evidence/shared_components.py


def seen_in(observed: Iterable[Observations]) -> Iterator[tuple[Ground, str, str, str]]:
    """Kind, key, label and host of everything in these observations that others may rest on too."""
    for one in observed:
        host = one.subject.name
        own = targets.registrable(host)
        for kind, label in _of(one, own):
            key = " ".join(label.casefold().split())[:LONGEST]
            if key:
                yield kind, key, label[:LONGEST], host


def _of(one: Observations, own: str) -> Iterator[tuple[Ground, str]]:
    dns, page, origins = one.find(HostDns), one.find(Page), one.find(AddressOrigins)
    aliases = dns.cname_chain if dns is not None else ()
    headers = page.hops[-1].headers if page is not None and page.hops else ()
    yield from ((Ground.MAIL, label) for label in _mail(one, own))
    services = [hosting.service_of(alias) for alias in aliases if targets.registrable(alias) != own]
    yield from ((Ground.HOST, service) for service in services)
    yield from ((Ground.HOST, edge) for edge in edges.foreign(edges.edges_of(headers, aliases)))
    if origins is not None:
        yield from ((Ground.NETWORK, f"AS{origin.asn}") for origin in origins.origins.values())
    for name, value in headers:
        if name.casefold() in {"server", "x-powered-by"}:
            yield Ground.PRODUCT, value.partition("/")[0].partition("(")[0].strip()


def _mail(one: Observations, own: str) -> Iterator[str]:
    mail = one.find(MailDns)
    for exchanger in mail.exchangers if mail is not None else ():
        name = exchanger.host.rstrip(".")
        if not exchanger.is_address_literal and targets.registrable(name) != own:
            yield hosting.service_of(name) or targets.registrable(name)


def keep(session: Session, run: ScanRun, observed: Iterable[Observations]) -> None:
    """Keep what a scan has seen of this; of older scans of the vendor no more than may still be read."""
    found = {(kind, key, host): label for kind, key, label, host in seen_in(observed)}
    session.execute(
        delete(SharedGround).where(SharedGround.hospital_id == run.hospital_id, SharedGround.scan_id == run.id)
    )
    session.add_all(
        SharedGround(
            hospital_id=run.hospital_id,
            scan_id=run.id,
            kind=kind.value,
            key=key,
            host=host,
            vendor_id=run.vendor_id,
            label=label,
        )
        for (kind, key, host), label in found.items()
    )
    newest = (
        select(ScanRun.id)
        .where(
            ScanRun.hospital_id == run.hospital_id,
            ScanRun.vendor_id == run.vendor_id,
            ScanRun.state.in_([ScanState.DONE, ScanState.PROVISIONAL]),
        )
        .order_by(ScanRun.finished_at.desc(), ScanRun.id)
        .limit(KEPT_SCANS)
    )
    kept = [*session.scalars(newest), run.id]
    session.execute(
        delete(SharedGround).where(
            SharedGround.hospital_id == run.hospital_id,
            SharedGround.vendor_id == run.vendor_id,
            SharedGround.scan_id.not_in(kept),
        )
    )
