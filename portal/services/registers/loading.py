"""The rows that dossiers are made of, read for many vendors at once: a handful of statements for hundreds of them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from portal.db.models.accounts import Company, Hospital
from portal.db.models.assessments import Assessment, AssessmentSupply, Review, Settlement
from portal.db.models.recordings import Recording
from portal.db.models.responses import Response, SignOff
from portal.db.models.scans import ScanRun
from portal.db.models.vendors import Host, HostState, Supply, Vendor
from portal.db.models.waivers import Waiver
from scanners.attribution import Belonging

AT_ONCE = 200  # vendors of one round of statements


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What stands in the database of some vendors and of the round of each that is judged."""

    hospital: Hospital
    vendors: Mapping[str, Vendor]
    supply_keys: Mapping[str, Mapping[str, str]]  # by vendor: id -> "S-1"
    hosts: Mapping[str, Sequence[Host]]  # by vendor, struck and foreign ones left out
    waivers: Mapping[str, Sequence[Waiver]]  # by vendor, the newest first
    scanned: frozenset[str]  # vendors that a scan was asked for of which the hospital may know
    supplies: Mapping[str, Sequence[Supply]]  # by round, or by vendor where there is none
    responses: Mapping[str, Response]  # by round
    editions: Mapping[str, SignOff]  # by response, the newest
    recordings: Mapping[str, Recording]  # by round, the newest closed edition
    reviews: Mapping[str, Mapping[tuple[str, str], Review]]  # by round
    settled: Mapping[str, Mapping[str, Any]]  # by round: key -> when
    companies: Mapping[str, Company]


def load(
    session: Session,
    hospital_id: str,
    assessments: Collection[Assessment],
    vendor_ids: Collection[str] = (),
    *,
    for_hospital: bool = True,
) -> Rows:
    """Of these rounds, and of these vendors that nobody has asked yet; for a company without what is the hospital's."""
    rounds = [one.id for one in assessments]
    own = rounds if for_hospital else []
    vendors = sorted({*vendor_ids, *(one.vendor_id for one in assessments)})
    responses = {row.assessment_id: row for row in session.scalars(_of(Response, Response.assessment_id, rounds))}
    companies = sorted({one.company_id for one in assessments if one.company_id})
    return Rows(
        hospital=session.get_one(Hospital, hospital_id),
        vendors={row.id: row for row in session.scalars(_of(Vendor, Vendor.id, vendors))},
        supply_keys=_supply_keys(session, hospital_id, vendors),
        hosts=_grouped(session, _hosts(hospital_id, vendors), "vendor_id"),
        waivers=_grouped(
            session,
            select(Waiver)
            .where(Waiver.hospital_id == hospital_id, Waiver.vendor_id.in_(vendors if for_hospital else []))
            .order_by(Waiver.at.desc(), Waiver.id),
            "vendor_id",
        ),
        scanned=frozenset(
            session.scalars(
                select(ScanRun.vendor_id)
                .where(ScanRun.hospital_id == hospital_id, ScanRun.vendor_id.in_(vendors), ScanRun.kept_back.is_(False))
                .distinct()
            )
        ),
        supplies={
            **_of_vendors(session, hospital_id, vendor_ids),
            **_of_rounds(session, hospital_id, rounds),
        },
        responses=responses,
        editions=_editions(session, [row.id for row in responses.values()]),
        recordings=_recordings(session, hospital_id, own),
        reviews={
            round_id: {(row.question_id, row.supply_id): row for row in rows}
            for round_id, rows in _grouped(
                session,
                select(Review).where(Review.hospital_id == hospital_id, Review.assessment_id.in_(own)),
                "assessment_id",
            ).items()
        },
        settled={
            round_id: {row.key: row.at for row in rows}
            for round_id, rows in _grouped(
                session,
                select(Settlement).where(Settlement.hospital_id == hospital_id, Settlement.assessment_id.in_(rounds)),
                "assessment_id",
            ).items()
        },
        companies={row.id: row for row in session.scalars(_of(Company, Company.id, companies))},
    )


def _of(table: Any, column: Any, ids: Collection[str]) -> Any:
    return select(table).where(column.in_(ids))


def _grouped(session: Session, query: Any, name: str) -> Mapping[str, Sequence[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in session.scalars(query):
        found[getattr(row, name)].append(row)
    return found


def _supply_keys(session: Session, hospital_id: str, vendors: Collection[str]) -> Mapping[str, Mapping[str, str]]:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for vendor_id, supply_id in session.execute(
        select(Supply.vendor_id, Supply.id)
        .where(Supply.hospital_id == hospital_id, Supply.vendor_id.in_(vendors))
        .order_by(Supply.created_at, Supply.id)
    ):
        found[vendor_id][supply_id] = f"S-{len(found[vendor_id]) + 1}"
    return found


def _hosts(hospital_id: str, vendors: Collection[str]) -> Any:
    return (
        select(Host)
        .where(
            Host.hospital_id == hospital_id,
            Host.vendor_id.in_(vendors),
            Host.state != HostState.STRUCK,
            Host.belonging.is_distinct_from(Belonging.FOREIGN),
        )
        .options(selectinload(Host.further))
        .order_by(Host.name)
    )


def _of_vendors(session: Session, hospital_id: str, vendors: Collection[str]) -> Mapping[str, Sequence[Supply]]:
    """What these vendors supply today."""
    query = (
        select(Supply)
        .where(Supply.hospital_id == hospital_id, Supply.vendor_id.in_(vendors), Supply.ended_at.is_(None))
        .options(selectinload(Supply.intakes))
        .order_by(Supply.created_at, Supply.id)
    )
    return _grouped(session, query, "vendor_id") if vendors else {}


def _of_rounds(session: Session, hospital_id: str, rounds: Collection[str]) -> Mapping[str, Sequence[Supply]]:
    """What these rounds are about, in the order in which it was written down."""
    found: dict[str, list[Supply]] = defaultdict(list)
    for round_id, supply in session.execute(
        select(AssessmentSupply.assessment_id, Supply)
        .join(
            Supply,
            (AssessmentSupply.hospital_id == Supply.hospital_id) & (AssessmentSupply.supply_id == Supply.id),
        )
        .where(AssessmentSupply.hospital_id == hospital_id, AssessmentSupply.assessment_id.in_(rounds))
        .options(selectinload(Supply.intakes))
        .order_by(Supply.created_at, Supply.id)
    ):
        found[round_id].append(supply)
    return found


def _editions(session: Session, responses: Collection[str]) -> Mapping[str, SignOff]:
    newest = (
        select(SignOff.response_id, func.max(SignOff.edition).label("edition"))
        .where(SignOff.response_id.in_(responses))
        .group_by(SignOff.response_id)
        .subquery()
    )
    query = select(SignOff).join(
        newest, (newest.c.response_id == SignOff.response_id) & (newest.c.edition == SignOff.edition)
    )
    return {row.response_id: row for row in session.scalars(query)} if responses else {}


def _recordings(session: Session, hospital_id: str, rounds: Collection[str]) -> Mapping[str, Recording]:
    newest = (
        select(Recording.assessment_id, func.max(Recording.edition).label("edition"))
        .where(Recording.hospital_id == hospital_id, Recording.assessment_id.in_(rounds))
        .group_by(Recording.assessment_id)
        .subquery()
    )
    query = (
        select(Recording)
        .join(newest, (newest.c.assessment_id == Recording.assessment_id) & (newest.c.edition == Recording.edition))
        .where(Recording.hospital_id == hospital_id)
    )
    return {row.assessment_id: row for row in session.scalars(query)}
