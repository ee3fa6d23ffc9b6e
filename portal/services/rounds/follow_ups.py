"""A follow-up round goes on from the one before: what its company has signed holds until it names it as changed."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db.models.assessments import Assessment
from portal.db.models.responses import Response
from portal.services.answers import manifests
from portal.services.rounds import catalogues
from questionnaires import answering, continuing, shelf
from questionnaires.model import AnswerValue

Manifest = Mapping[str, Any]
ROUND = "round"  # of an entry that comes from an earlier round: its id


def whole(session: Session, assessment: Assessment, manifest: Manifest) -> Manifest:
    """A manifest with what goes on to hold from the rounds before; the same manifest where nothing is continued."""
    asked = catalogues.get(session, assessment.hospital_id, assessment.catalogue_id, assessment.catalogue_version)
    earlier = catalogues.before(session, assessment) if continuing.is_follow_up(asked) else None
    then = _signed(session, assessment, earlier) if earlier is not None else None
    if earlier is None or then is None:
        return manifest
    catalogue = catalogues.judged(session, earlier)
    said = {(entry["question"], entry["supply"]) for entry in manifest["answers"]}
    values = {entry["question"]: answering.load(entry["value"]) for entry in manifest["answers"]}
    # What an earlier follow-up named as changed was its own question; this one asks it anew.
    facts = {question.id for question in catalogue.profile} - {question.id for question in asked.profile}
    again = catalogues.again(assessment)
    held = [
        {ROUND: earlier.id, **entry}
        for entry in then["answers"]
        if (entry["question"], entry["supply"]) not in said
        and (
            entry["question"] in facts
            or continuing.holds_on(
                asked, catalogue, entry["question"], values, asked_again=again, supply=entry["supply"]
            )
        )
    ]
    keys = {(entry["question"], entry["supply"]) for entry in held}
    return {
        **manifest,
        "answers": [*manifest["answers"], *held],
        "evidence": _documents(manifest["evidence"], then["evidence"], keys),
    }


def facts(session: Session, assessment: Assessment) -> Mapping[str, AnswerValue]:
    """What the company said of itself in the rounds that this one continues."""
    held = whole(session, assessment, {"answers": [], "evidence": []})
    known = {question.id for question in catalogues.of(session, assessment).profile}
    return {
        entry["question"]: answering.load(entry["value"]) for entry in held["answers"] if entry["question"] in known
    }


def ground(session: Session, last: Assessment, company_id: str | None) -> Assessment | None:
    """The round with all questions that a follow-up after `last` would go on from; None where what was signed since is
    not this company's, or nobody was ever asked everything."""
    one: Assessment | None = last
    while one is not None and one.submitted_at is not None and one.company_id == company_id:
        if not continuing.is_follow_up(
            catalogues.get(session, one.hospital_id, one.catalogue_id, one.catalogue_version)
        ):
            return one
        one = catalogues.before(session, one)
    return None


def products(session: Session, last: Assessment) -> frozenset[str]:
    """The supplies that `last`, or a round that it goes on from, was about."""
    found: set[str] = set()
    one: Assessment | None = last
    while one is not None:
        found |= {row.supply_id for row in one.supplies}
        asked = catalogues.get(session, one.hospital_id, one.catalogue_id, one.catalogue_version)
        one = catalogues.before(session, one) if continuing.is_follow_up(asked) else None
    return frozenset(found)


def widen(session: Session, assessment: Assessment) -> bool:
    """Ask a company everything that has nothing to go on from; whether the round was a follow-up until now."""
    asked = catalogues.get(session, assessment.hospital_id, assessment.catalogue_id, assessment.catalogue_version)
    if not continuing.is_follow_up(asked):
        return False
    earlier = catalogues.before(session, assessment)
    if earlier is not None and ground(session, earlier, assessment.company_id) is not None:
        return False
    while earlier is not None and continuing.is_follow_up(
        catalogues.get(session, earlier.hospital_id, earlier.catalogue_id, earlier.catalogue_version)
    ):
        earlier = catalogues.before(session, earlier)
    whole_one = shelf.CURRENT if earlier is None else (earlier.catalogue_id, earlier.catalogue_version)
    assessment.catalogue_id, assessment.catalogue_version = whole_one
    return True


def _signed(session: Session, assessment: Assessment, earlier: Assessment) -> Manifest | None:
    """What was signed in the earlier round, by the company that is asked now or before one is."""
    if assessment.company_id not in {None, earlier.company_id}:
        return None
    response = session.scalars(select(Response).where(Response.assessment_id == earlier.id)).first()
    edition = manifests.latest(session, response) if response is not None else None
    return whole(session, earlier, edition.manifest) if edition is not None else None


def _documents(now: list[Any], then: list[Any], held: set[tuple[str, str]]) -> list[Any]:
    """The documents of both, each once, beside the answers that hold."""
    found = {entry["id"]: {**entry, "for": [list(key) for key in entry["for"]]} for entry in now}
    for entry in then:
        beside = [list(key) for key in entry["for"] if tuple(key) in held]
        if not beside:
            continue
        known = found.setdefault(entry["id"], {**entry, "for": []})
        known["for"] = [*known["for"], *(key for key in beside if key not in known["for"])]
    return list(found.values())
