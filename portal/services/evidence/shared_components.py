"""To whom a list of parts was handed in, and what of it each of these hospitals may count with its other lists.

Rows are written when a list is read, judged anew, handed in or deleted; whoever shows them reads rows alone.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, exists, insert, select
from sqlalchemy.orm import Session

from portal.db.models.accounts import Company
from portal.db.models.assessments import Assessment
from portal.db.models.components import Component, ComponentFinding, ComponentList, ListState, SharedComponent
from portal.db.models.responses import Evidence, Response, SignOff
from portal.db.models.tenders import TenderBidder
from portal.services.answers import manifests
from scanners.components import Standing

LONGEST_KEY = 100  # as an address names it
MOST_VERSIONS = 10  # of one component in one list
MOST_KNOWN = 20
NUMBERED = ("CVE-", "GHSA-")

Place = tuple[str, str, tuple[str, ...]]  # hospital, vendor, the supplies beside whose answers it lies


def released(session: Session, company_id: str) -> Mapping[str, Sequence[Place]]:
    """To whom each document of a company was handed in: by the newest edition of each round. The tenant of a bidder
    that was forgotten is nobody any more."""
    rounds = session.execute(
        select(Response, Assessment.hospital_id, Assessment.vendor_id)
        .join(Assessment, Assessment.id == Response.assessment_id)
        .where(
            Response.company_id == company_id,
            exists().where(SignOff.company_id == Response.company_id, SignOff.response_id == Response.id),
            ~exists().where(TenderBidder.house_id == Assessment.hospital_id, TenderBidder.removed_at.is_not(None)),
        )
        .order_by(Response.created_at)
    ).all()
    deleted = set(
        session.scalars(select(Evidence.id).where(Evidence.company_id == company_id, Evidence.deleted_at.is_not(None)))
    )
    found: dict[str, dict[tuple[str, str], set[str]]] = {}
    for response, hospital_id, vendor_id in rounds:
        edition = manifests.latest(session, response)
        for entry in edition.manifest["evidence"] if edition else ():
            if entry["id"] not in deleted:
                links = found.setdefault(entry["id"], {}).setdefault((hospital_id, vendor_id), set())
                links |= {supply for _question, supply in entry["for"] if supply}
    return {
        evidence_id: [(*place, tuple(sorted(links))) for place, links in places.items()]
        for evidence_id, places in found.items()
    }


def share(session: Session, company_id: str) -> None:
    """Write anew what hospitals may count of this company's lists; of a product only its newest list counts."""
    session.flush()
    # Of two lists that are read at once the second waits here, and then counts what the first has brought.
    session.execute(select(Company.id).where(Company.id == company_id).with_for_update(key_share=True))
    session.execute(delete(SharedComponent).where(SharedComponent.company_id == company_id))
    lists = session.execute(
        select(ComponentList, Evidence.valid_to)
        .join(Evidence, (Evidence.company_id == ComponentList.company_id) & (Evidence.id == ComponentList.evidence_id))
        .where(ComponentList.company_id == company_id, ComponentList.state == ListState.READ)
    ).all()
    if not lists:
        return
    places = released(session, company_id)
    newest: dict[tuple[str, str, str], Any] = {}
    for row in lists:
        product = " ".join(row.ComponentList.product.casefold().split())
        for hospital_id, vendor_id, _supplies in places.get(row.ComponentList.evidence_id, ()):
            place = (hospital_id, vendor_id, product or row.ComponentList.evidence_id)
            if place not in newest or _age(row.ComponentList) > _age(newest[place].ComponentList):
                newest[place] = row
    kept: dict[str, Sequence[dict[str, Any]]] = {}
    for (hospital_id, vendor_id, _product), row in newest.items():
        evidence_id = row.ComponentList.evidence_id
        if evidence_id not in kept:
            kept[evidence_id] = _drawn(session, company_id, evidence_id)
        own = {"hospital_id": hospital_id, "vendor_id": vendor_id, "company_id": company_id}
        rows = [{**own, "evidence_id": evidence_id, "until": row.valid_to, **one} for one in kept[evidence_id]]
        if rows:
            session.execute(insert(SharedComponent), rows)


def forget(session: Session, company_id: str, evidence_id: str) -> None:
    """The list is deleted, or read anew."""
    session.execute(
        delete(SharedComponent).where(
            SharedComponent.company_id == company_id, SharedComponent.evidence_id == evidence_id
        )
    )


def key_of(name: str, purl: str) -> str:
    """By what two lists name the same component, whatever its version."""
    base = purl.partition("?")[0].partition("#")[0]
    at = base.rfind("@")
    base = base[:at] if at > base.rfind("/") else base
    key = " ".join((base or name).casefold().split())
    if len(key) <= LONGEST_KEY:
        return key
    return f"{key[: LONGEST_KEY - 17]}~{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def _age(row: ComponentList) -> Any:
    return (row.made_at or row.read_at, row.read_at, row.evidence_id)


def _drawn(session: Session, company_id: str, evidence_id: str) -> Sequence[dict[str, Any]]:
    """One row for each component of a list, its versions together."""
    here = (Component.company_id == company_id, Component.evidence_id == evidence_id)
    known: dict[int, list[tuple[bool, str]]] = {}
    for one in session.execute(
        select(ComponentFinding.position, ComponentFinding.name, ComponentFinding.is_used).where(
            ComponentFinding.company_id == company_id,
            ComponentFinding.evidence_id == evidence_id,
            ComponentFinding.gone_at.is_(None),
            ComponentFinding.standing.in_([Standing.AFFECTED.value, Standing.POSSIBLE.value]),
        )
    ):
        if not one.name.startswith(NUMBERED):  # a hole without a number is told by the standing alone
            continue
        known.setdefault(one.position, []).append((not one.is_used, one.name))
    grouped: dict[str, list[Any]] = {}
    for part in session.execute(
        select(Component.position, Component.name, Component.version, Component.purl, Component.standing)
        .where(*here)
        .order_by(Component.position)
    ):
        key = key_of(part.name, part.purl)
        if key:
            grouped.setdefault(key, []).append(part)
    return [
        {
            "key": key,
            "label": parts[0].name[:200],
            "versions": versions([part.version for part in parts])[:MOST_VERSIONS],
            "known": [
                name for _unused, name in sorted({one for part in parts for one in known.get(part.position, ())})
            ][:MOST_KNOWN],
            "standing": worst(part.standing for part in parts),
        }
        for key, parts in grouped.items()
    ]


def versions(found: Iterable[str]) -> list[str]:
    """Each once, in an order that people expect: 1.9 before 1.10."""
    return sorted({one for one in found if one}, key=_by_numbers)


def worst(standings: Iterable[str]) -> str:
    """Of several standings the one that asks for most."""
    order = [one.value for one in Standing]
    return min(standings, key=order.index)


def _by_numbers(version: str) -> tuple[tuple[bool, int, str], ...]:
    parts = "".join(sign if sign.isalnum() else "." for sign in version).split(".")
    return tuple((not one.isdecimal(), int(one) if one.isdecimal() else 0, one) for one in parts)
