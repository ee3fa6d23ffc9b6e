"""Why a vendor's score moved: the facts behind the newest one are kept packed and explain the next one."""

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from assessments import comparing, storing
from assessments.comparing import Cause, Movement
from assessments.model import Dossier, Policy, say
from portal import i18n
from portal.db.models.assessments import Assessment
from portal.db.models.registers import ScoreRecord
from portal.db.models.snapshots import ScoreBasis, ScoreMove
from portal.services.actors import Actor, hospital_of
from portal.services.registers import policies
from portal.services.rounds import catalogues
from questionnaires.model import Catalogue
from questionnaires.reading import BadFile
from scanners.model import Check
from scanners.storing import BadDocument

LONGEST = 64 * 2**20  # unpacked


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line that moved, as pages show it."""

    title: Mapping[str, str]  # by language
    place: str
    points: Decimal


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one cause did, as pages show it."""

    cause: Cause
    word: str  # to be translated
    points: Decimal
    lines: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True)
class Moved:
    """A difference and its parts."""

    before: Decimal | None
    after: Decimal | None
    parts: tuple[Part, ...]

    @property
    def weightiest(self) -> Part | None:
        """The cause that did most of it."""
        return max(self.parts, key=lambda part: abs(part.points), default=None)

    @property
    def difference(self) -> Decimal | None:
        """None: one of the two has no value."""
        return None if self.before is None or self.after is None else self.after - self.before


def keep(
    session: Session, assessment: Assessment, dossier: Dossier, fresh: ScoreRecord | None, *, now: datetime
) -> None:
    """Explain the fresh score by the facts of the one before it, and keep its own; None: nothing moved."""
    basis = session.get(ScoreBasis, (assessment.hospital_id, assessment.vendor_id))
    if fresh is None and basis is not None:
        return
    if basis is not None and fresh is not None:
        movement = _explained(session, basis, dossier)
        if movement is not None:
            session.flush()
            session.add(ScoreMove(hospital_id=assessment.hospital_id, score_id=fresh.id, document=dump(movement)))
    document = pack(facts(dossier, policies.of(session, assessment.hospital_id)))
    if basis is None:
        basis = ScoreBasis(hospital_id=assessment.hospital_id, vendor_id=assessment.vendor_id)
        session.add(basis)
    basis.assessment_id, basis.at = assessment.id, now
    basis.document = document


def of_scores(session: Session, actor: Actor, scores: Sequence[ScoreRecord]) -> Mapping[str, Moved]:
    """Why each of these scores differs from the one before, by its id."""
    return of_ids(session, actor, [score.id for score in scores])


def of_ids(session: Session, actor: Actor, ids: Sequence[str]) -> Mapping[str, Moved]:
    """The same by the ids of the scores."""
    rows = session.scalars(
        select(ScoreMove).where(ScoreMove.hospital_id == hospital_of(actor), ScoreMove.score_id.in_(ids))
    )
    return {row.score_id: load(row.document) for row in rows}


def of_movement(movement: Movement) -> Moved:
    """A movement as pages show it."""
    return load(dump(movement))


def dump(movement: Movement) -> dict[str, Any]:
    """With every sentence in both languages; numbers as they are printed."""
    return {
        "before": _text(movement.before.value),
        "after": _text(movement.after.value),
        "shares": [
            {
                "cause": share.cause.value,
                "points": str(share.points),
                "lines": [
                    {
                        "title": {
                            name: say(line.title, language=name, translate=i18n.translator(name))
                            for name in i18n.LANGUAGES
                        },
                        "place": line.place,
                        "points": str(line.points),
                    }
                    for line in share.lines
                ],
            }
            for share in movement.shares
        ],
    }


def load(document: Mapping[str, Any]) -> Moved:
    """The reverse of dump, for pages."""
    return Moved(
        before=_number(document["before"]),
        after=_number(document["after"]),
        parts=tuple(
            Part(
                cause=Cause(share["cause"]),
                word=comparing.CAUSES[Cause(share["cause"])],
                points=Decimal(share["points"]),
                lines=tuple(
                    Line(title=line["title"], place=line["place"], points=Decimal(line["points"]))
                    for line in share["lines"]
                ),
            )
            for share in document["shares"]
        ),
    )


# ---- facts that can be scored again


def facts(dossier: Dossier, by: Policy) -> dict[str, Any]:
    """A dossier with the policy and as much of the checks as a score needs."""
    return {
        "dossier": storing.dump(dossier),
        "policy": storing.dump_policy(by),
        "checks": bare_checks(dossier.checks),
    }


def bare_checks(checks: Mapping[str, Check]) -> dict[str, Any]:
    """What checks weigh and where they count, without their long words."""
    document = storing.dump_checks(checks)
    for check in document["checks"]:
        check.update(why="", fix="", example="")
    return document


def explained(document: Mapping[str, Any], catalogue: Catalogue, new: Dossier, by: Policy) -> Movement | None:
    """From these facts to a dossier; None when they are of a form that nobody reads any more."""
    try:
        checks = storing.load_checks(document["checks"])
        old = storing.load(document["dossier"], catalogue=catalogue, checks=checks)
        return comparing.explain(old, storing.load_policy(document["policy"]), new, by)
    except (BadDocument, KeyError, ValueError):
        return None


def _explained(session: Session, basis: ScoreBasis, new: Dossier) -> Movement | None:
    try:
        document = unpack(basis.document)
    except (ValueError, zlib.error):
        return None
    catalogue = catalogue_of(session, basis.hospital_id, basis.assessment_id, document)
    by = policies.of(session, basis.hospital_id)
    return explained(document, catalogue, new, by) if catalogue is not None else None


def catalogue_of(
    session: Session, hospital_id: str, assessment_id: str, document: Mapping[str, Any]
) -> Catalogue | None:
    """The questions by which a dossier was judged; "" is a vendor whom nobody had asked."""
    named = document["dossier"]["catalogue"]
    try:
        if assessment_id:
            assessment = session.get(Assessment, assessment_id)
            found = catalogues.judged(session, assessment) if assessment is not None else None
        else:
            found = catalogues.get(session, hospital_id, named["id"], named["version"])
    except (LookupError, BadFile, OSError):
        return None
    return found if found is not None and (found.id, found.version) == (named["id"], named["version"]) else None


def pack(document: Mapping[str, Any]) -> str:
    """As letters, a tenth as long."""
    plain = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return base64.b85encode(zlib.compress(plain.encode())).decode()


def unpack(packed: str) -> Any:
    """The reverse of pack."""
    opener = zlib.decompressobj()
    return json.loads(opener.decompress(base64.b85decode(packed), LONGEST))


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
