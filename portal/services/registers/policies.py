"""By which numbers a hospital judges: the shipped policy, or its own, from draft to dated release.

Every score that is a hospital's is made with `of`. A company judges itself by the shipped one: what a hospital weighs
and what it must have is told to no vendor.
"""

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from assessments import policy, storing, tailoring
from assessments.model import Policy
from portal import i18n
from portal.db.models.accounts import Hospital, HospitalRole
from portal.db.models.assessments import Assessment, Stage
from portal.db.models.policies import PolicyDraft, PolicyPreview, PolicyRelease
from portal.db.models.vendors import Vendor
from portal.errors import BadInput, Clash, NotFound, NotNow
from portal.home import BERLIN
from portal.services import audit, jobs
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from portal.services.rounds import catalogues
from questionnaires.model import Catalogue, Question
from questionnaires.reading import BadFile
from scanners.model import N_, Message
from scanners.storing import BadDocument

RELEASERS = frozenset({HospitalRole.ADMIN})
LONGEST_REASON = 2000
MOST = 1000  # releases of one hospital
CHANGED = N_("Somebody else changed this in the meantime. Look at what stands now and save again.")


class Tampered(Exception):
    """A released policy is not what was released."""


# ---- what holds


def of(session: Session, hospital_id: str) -> Policy:
    """The policy that this hospital's scores are made with now."""
    row = _newest(session, hospital_id)
    return policy.current() if row is None else of_release(row)


def get(session: Session, hospital_id: str, version: str) -> Policy:
    """A policy by the version that a score keeps; raises NotFound."""
    try:
        return policy.get(version)
    except policy.NoSuchPolicy:
        row = session.scalars(
            select(PolicyRelease)
            .where(PolicyRelease.hospital_id == hospital_id, PolicyRelease.version == version)
            .order_by(PolicyRelease.number.desc())
        ).first()
    if row is None:
        raise NotFound
    return of_release(row)


def of_release(row: PolicyRelease) -> Policy:
    """What was released, checked against its digest."""
    return _released(row.document, row.sha256)


@functools.lru_cache(maxsize=256)
def _released(document: str, sha256: str) -> Policy:
    made = _read(document)
    if tailoring.digest(made) != sha256:
        raise Tampered(made.version)
    return made


def _read(document: str) -> Policy:
    try:
        return storing.load_policy(json.loads(document))
    except (BadDocument, ValueError) as wrong:
        raise Tampered(str(wrong)) from wrong


def releases(session: Session, actor: Actor) -> Sequence[PolicyRelease]:
    """Every release of the actor's hospital, the newest first."""
    return session.scalars(
        select(PolicyRelease)
        .where(PolicyRelease.hospital_id == hospital_of(actor))
        .order_by(PolicyRelease.number.desc())
    ).all()


def find(session: Session, actor: Actor, release_id: str) -> PolicyRelease:
    """One of them."""
    row = session.get(PolicyRelease, release_id)
    if row is None or row.hospital_id != hospital_of(actor):
        raise NotFound
    return row


def _newest(session: Session, hospital_id: str) -> PolicyRelease | None:
    return session.scalars(
        select(PolicyRelease)
        .where(PolicyRelease.hospital_id == hospital_id)
        .order_by(PolicyRelease.number.desc())
        .limit(1)
    ).first()


def questions(session: Session, actor: Actor) -> Mapping[str, Question]:
    """Every question that counts in a catalogue this hospital can ask, by id; the newest catalogue's words win."""
    return {
        name: question
        for one in _catalogues(session, actor)
        for name, question in one.questions.items()
        if question.is_scored
    }


def _catalogues(session: Session, actor: Actor) -> Sequence[Catalogue]:
    hospital_id = hospital_of(actor)
    return [catalogues.get(session, hospital_id, *offer.name) for offer in reversed(catalogues.offered(session, actor))]


# ---- the draft


def draft(session: Session, actor: Actor) -> PolicyDraft | None:
    """What is about to change; None: nobody began."""
    return session.get(PolicyDraft, hospital_of(actor))


def of_draft(row: PolicyDraft) -> Policy:
    """The draft as a policy."""
    return _read(row.document)


def save(session: Session, actor: Actor, own: Policy, *, edits: int, now: datetime) -> PolicyDraft:
    """Keep a draft; `edits` is what was read, 0 where there was none. What cannot be used is told by its place."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    row = _read_draft(session, hospital_id, edits=edits)
    base = tailoring.base_of(own)
    own = replace(own, version=base.version, based_on=base.version)
    wrong: dict[str, Message] = {}
    for problem in tailoring.problems(own, _catalogues(session, actor)):
        wrong.setdefault(problem.place, problem.what)
    if wrong:
        raise BadInput(wrong)
    if row is None:
        row = PolicyDraft(hospital_id=hospital_id, edits=0)
        session.add(row)
    row.document = tailoring.canonical(own)
    row.edits += 1
    row.changed_at, row.changed_by = now, actor.name[:200]
    audit.record(session, actor, "policy.changed", hospital_id, now=now, detail={"edits": row.edits})
    return row


def begin(session: Session, actor: Actor, *, shipped: bool = False, now: datetime) -> PolicyDraft:
    """A draft of what holds now, or of the policy as it ships."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    return save(session, actor, policy.current() if shipped else of(session, hospital_id), edits=0, now=now)


def take_in(session: Session, actor: Actor, source: bytes, *, edits: int, now: datetime) -> PolicyDraft:
    """A draft out of a file, in place of the one that was read."""
    hospital_of(actor, HOSPITAL_WRITERS)
    try:
        own, problems = tailoring.check(source, _catalogues(session, actor))
        for one in problems:
            raise tailoring.told(one)
    except BadFile as wrong:
        told = wrong.say(i18n.gettext)
        message = (
            Message(text=N_("Line %(line)s: %(what)s"), values={"line": wrong.line, "what": told})
            if wrong.line
            else Message(text=N_("This cannot be used: %(what)s"), values={"what": told})
        )
        raise BadInput({"file": message}) from wrong
    return save(session, actor, own, edits=edits, now=now)


def discard(session: Session, actor: Actor, *, edits: int, now: datetime) -> None:
    """Throw the draft away, as it was read."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    row = _read_draft(session, hospital_id, edits=edits)
    if row is None:
        raise NotFound
    audit.record(session, actor, "policy.discarded", hospital_id, now=now)
    session.execute(delete(PolicyPreview).where(PolicyPreview.hospital_id == hospital_id))  # of a draft that is gone
    session.delete(row)


def release(session: Session, actor: Actor, *, reason: str, edits: int, now: datetime) -> PolicyRelease:
    """From now on scores are made with the draft; every vendor is worked out anew by jobs of the same commit."""
    hospital_id = hospital_of(actor, RELEASERS)
    session.execute(select(Hospital.id).where(Hospital.id == hospital_id).with_for_update())  # releases are counted
    row = _read_draft(session, hospital_id, edits=edits)
    if row is None:
        raise NotFound
    if not reason.strip():
        raise BadInput({"reason": Message(text=N_("Say in a sentence why."))})
    own = tailoring.dated(of_draft(row), now.astimezone(BERLIN).date())
    standing = of(session, hospital_id)
    if not tailoring.differences(standing, own):
        raise BadInput({"": Message(text=N_("The draft says what holds already; there is nothing to release."))})
    wrong = {problem.place: problem.what for problem in tailoring.problems(own, _catalogues(session, actor))}
    if wrong:  # a question may have left the catalogues since
        raise BadInput(wrong)
    counted = select(func.max(PolicyRelease.number)).where(PolicyRelease.hospital_id == hospital_id)
    number = session.scalar(counted) or 0
    if number >= MOST:
        raise NotNow(Message(text=N_("There are as many releases as can be kept.")))
    released = PolicyRelease(
        hospital_id=hospital_id,
        number=number + 1,
        version=own.version,
        document=tailoring.canonical(own),
        sha256=tailoring.digest(own),
        reason=reason.strip()[:LONGEST_REASON],
        released_at=now,
        released_by=actor.name[:200],
    )
    session.add(released)
    session.execute(delete(PolicyPreview).where(PolicyPreview.hospital_id == hospital_id))
    session.delete(row)
    session.flush()
    for assessment_id in _rounds_that_speak(session, hospital_id):
        jobs.ask_for_score(session, hospital_id, assessment_id, now=now)
    detail: dict[str, Any] = {"version": own.version, "before": standing.version, "sha256": released.sha256}
    audit.record(session, actor, "policy.released", released.id, now=now, detail=detail)
    return released


def _rounds_that_speak(session: Session, hospital_id: str) -> Sequence[str]:
    """The newest round of each vendor on the lists that was sent out."""
    rows = session.execute(
        select(Assessment.vendor_id, Assessment.id)
        .join(Vendor, (Vendor.hospital_id == Assessment.hospital_id) & (Vendor.id == Assessment.vendor_id))
        .where(Assessment.hospital_id == hospital_id, Assessment.stage != Stage.DRAFT, Vendor.ended_at.is_(None))
        .order_by(Assessment.round)
    )
    newest: dict[str, str] = {row.vendor_id: row.id for row in rows}
    return list(newest.values())


def _read_draft(session: Session, hospital_id: str, *, edits: int) -> PolicyDraft | None:
    row = session.get(PolicyDraft, hospital_id, with_for_update=True, populate_existing=True)
    if (row.edits if row is not None else 0) != edits:
        raise Clash(Message(text=CHANGED))
    return row
