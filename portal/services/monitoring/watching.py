"""How often a hospital has its vendors looked at and asked again, and how each person wants to read what changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from assessments import cadence
from portal.db.models.accounts import HospitalRole
from portal.db.models.watching import Rhythm, WatchChoice, WatchRule
from portal.errors import BadInput, Clash, NotAllowed
from portal.services import audit
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from scanners.model import N_, Message

ADMINS = frozenset({HospitalRole.ADMIN})
POINTS = 5
MOST_POINTS = 50


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Months between two scans and between two assessments by tier, 0 is never; `points`: a score that moved by so
    many is told."""

    rescans: Mapping[int, int]
    reassessments: Mapping[int, int]
    points: int
    version: int = 0  # 0: nobody has changed anything


@dataclass(frozen=True, kw_only=True)
class Choice:
    """How a person wants to read what changed."""

    rhythm: Rhythm
    at_once: bool


USUAL = Rule(rescans=cadence.RESCANS, reassessments=cadence.REASSESSMENTS, points=POINTS)


def rule(session: Session, hospital_id: str) -> Rule:
    """What holds in a hospital."""
    row = session.get(WatchRule, hospital_id)
    if row is None:
        return USUAL
    return Rule(
        rescans=cadence.read(row.rescans),
        reassessments=cadence.read(row.reassessments),
        points=row.points,
        version=row.version,
    )


def change(session: Session, actor: Actor, wanted: Rule, *, now: datetime) -> Rule:
    """Set it; `wanted.version` is what was read."""
    hospital_id = hospital_of(actor, ADMINS)
    wrong: dict[str, Message] = {}
    for name, months in (("rescan", wanted.rescans), ("reassessment", wanted.reassessments)):
        for tier in cadence.TIERS:
            if not 0 <= months.get(tier, -1) <= cadence.LONGEST:
                wrong[f"{name}_{tier}"] = Message(
                    text=N_("Enter a number of months from 0 to %(most)s."), values={"most": cadence.LONGEST}
                )
    if not 1 <= wanted.points <= MOST_POINTS:
        wrong["points"] = Message(text=N_("Enter a number from 1 to %(most)s."), values={"most": MOST_POINTS})
    if wrong:
        raise BadInput(wrong)
    row = session.get(WatchRule, hospital_id, with_for_update=True, populate_existing=True)
    if (row.version if row is not None else 0) != wanted.version:
        raise Clash(
            Message(text=N_("Somebody else changed this in the meantime.")),
            version=row.version if row is not None else 0,
        )
    if row is None:
        row = WatchRule(hospital_id=hospital_id, version=0)
        session.add(row)
    row.rescans = {str(tier): wanted.rescans[tier] for tier in cadence.TIERS}
    row.reassessments = {str(tier): wanted.reassessments[tier] for tier in cadence.TIERS}
    row.points, row.by_name, row.at = wanted.points, actor.name, now
    row.version += 1
    session.flush()
    detail = {"rescans": row.rescans, "reassessments": row.reassessments, "points": row.points}
    audit.record(session, actor, "watching.changed", hospital_id, now=now, detail=detail)
    return rule(session, hospital_id)


def choice(session: Session, hospital_id: str, person_id: str, role: HospitalRole) -> Choice:
    """What a person chose; who works on vendors hears once a week and at once of what is critical, others do not."""
    row = session.get(WatchChoice, (hospital_id, person_id))
    if row is not None:
        return Choice(rhythm=row.rhythm, at_once=row.at_once)
    works = role in HOSPITAL_WRITERS
    return Choice(rhythm=Rhythm.WEEKLY if works else Rhythm.NEVER, at_once=works)


def choose(session: Session, actor: Actor, wanted: Choice) -> None:
    """A person's own choice."""
    hospital_id = hospital_of(actor)
    if not actor.person_id:
        raise NotAllowed(Message(text=N_("Your role in this hospital does not allow this.")))
    row = session.get(WatchChoice, (hospital_id, actor.person_id))
    if row is None:
        row = WatchChoice(hospital_id=hospital_id, person_id=actor.person_id)
        session.add(row)
    row.rhythm, row.at_once = wanted.rhythm, wanted.at_once
    session.flush()
