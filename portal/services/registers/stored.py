"""What follows from the facts of a vendor, kept when its score was worked out, and found again by the facts alone.

What is kept is never believed: whoever wants it reads the facts of today, and it counts only where the very same facts,
under the same policy and the same program and on the same day, were what it was worked out from.
"""

import functools
import hashlib
import json
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

import assessments
import portal
import questionnaires
import scanners
from assessments import register, storing, tailoring
from assessments.model import Assessed, Dossier, Policy
from portal.db.models.accounts import Hospital
from portal.db.models.registers import StoredAssessment
from portal.db.models.vendors import Vendor
from portal.services.registers import dossiers, frozen, policies
from portal.services.scans import permissions
from questionnaires import shelf


@dataclass(frozen=True, kw_only=True)
class Part:
    """One vendor in a snapshot, as far as it follows from its facts."""

    vendor: Mapping[str, Any]
    risks: tuple[Mapping[str, Any], ...]


def part_of(assessed: Assessed, policy: Policy) -> Part:
    """Out of what was worked out."""
    return Part(
        vendor=frozen.vendor_out(register.vendor_row(assessed)),
        risks=tuple(frozen.risk_out(risk, policy) for risk in assessed.risks),
    )


@dataclass(frozen=True, kw_only=True)
class Rules:
    """By what is judged."""

    policy: Policy
    digest: str


def rules(policy: Policy) -> Rules:
    """A policy with its digest, which is worked out once for all vendors."""
    return Rules(policy=policy, digest=tailoring.digest(policy))


def fingerprint(dossier: Dossier, dumped: Mapping[str, Any], by: Rules) -> str | None:
    """Of all that an assessment depends on: the same fingerprint is the same result. None: it cannot be told, because
    the catalogue is not one that ships. `dumped`: the dossier as `assessments.storing` dumps it.

    Of the moment an assessment sees the day, and whether findings have stood for too long.
    """
    name = dossier.catalogue.id, dossier.catalogue.version
    if name not in shelf.versions() or shelf.get(*name) is not dossier.catalogue:
        return None
    patience = timedelta(days=by.policy.caps.high_fail_after_days)
    depends = {
        "facts": {key: value for key, value in dumped.items() if key != "at"},
        "day": dossier.day.isoformat(),
        "old": [dossier.at - fact.first_seen > patience for fact in dossier.findings],
        "policy": by.digest,
        "program": program(),
    }
    return hashlib.sha256(frozen.canonical(depends)).hexdigest()


def renew(session: Session, hospital_id: str, vendor_id: str, *, now: datetime) -> None:
    """Work a vendor out anew if what is kept is not of its facts today: once a night, and after what changes it."""
    vendor = session.get(Vendor, vendor_id)
    if vendor is None or vendor.hospital_id != hospital_id or vendor.ended_at is not None:
        return
    if session.get_one(Hospital, hospital_id).ended_at is not None:
        return  # what is forgotten of a bidder does not come back
    assessment = permissions.newest_assessment(session, hospital_id, vendor_id)
    dossier = (
        dossiers.build(session, hospital_id, assessment.id, now=now)
        if assessment is not None
        else dossiers.build_before_round(session, hospital_id, vendor_id, now=now)
    )
    policy = policies.of(session, hospital_id)
    row = session.get(StoredAssessment, (hospital_id, vendor_id))
    found = fingerprint(dossier, storing.dump(dossier), rules(policy))
    if found is not None and (row is None or row.fingerprint != found):
        keep(session, hospital_id, vendor_id, register.assess(dossier, policy), policy)


def keep(session: Session, hospital_id: str, vendor_id: str, assessed: Assessed, policy: Policy) -> None:
    """Keep what follows from the facts of a vendor beside its score."""
    found = fingerprint(assessed.dossier, storing.dump(assessed.dossier), rules(policy))
    row = session.get(StoredAssessment, (hospital_id, vendor_id))
    if found is None or (row is not None and row.fingerprint == found):
        return
    part = part_of(assessed, policy)
    packed = zlib.compress(frozen.canonical({"vendor": part.vendor, "risks": part.risks}))
    if row is not None:
        row.fingerprint, row.packed = found, packed
        return
    values = {"fingerprint": found, "packed": packed}
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    fresh = insert(StoredAssessment).values(hospital_id=hospital_id, vendor_id=vendor_id, **values)
    # Another may keep the same vendor at this moment; who is later stays.
    session.execute(fresh.on_conflict_do_update(index_elements=["hospital_id", "vendor_id"], set_=values))


def of(session: Session, hospital_id: str, vendor_ids: Collection[str]) -> Mapping[str, StoredAssessment]:
    """What is kept of these vendors."""
    rows = session.scalars(
        select(StoredAssessment).where(
            StoredAssessment.hospital_id == hospital_id, StoredAssessment.vendor_id.in_(vendor_ids)
        )
    )
    return {row.vendor_id: row for row in rows}


def read(row: StoredAssessment) -> Part:
    """What was kept."""
    document = json.loads(zlib.decompress(row.packed))
    return Part(vendor=document["vendor"], risks=tuple(document["risks"]))


@functools.cache
def program() -> str:
    """Of every line of this program that has a say in the result: another version works everything out anew."""
    told = hashlib.sha256()
    for path in _sources():
        told.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return told.hexdigest()


def _sources() -> Iterator[Path]:
    own = Path(portal.__file__).parent
    for package in (assessments, questionnaires, scanners):
        folder = Path(str(package.__file__)).parent
        yield from sorted(path for path in folder.rglob("*") if path.suffix in {".py", ".yaml"})
    yield from sorted(own.joinpath("services", "registers").glob("*.py"))
    yield from sorted(own.joinpath("translations").rglob("*.po"))
    yield own / "i18n.py"
