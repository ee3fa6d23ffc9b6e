"""Opening the answers after the deadline, two people one after the other, and comparing the bidders of a lot."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from assessments import comparison, register, storing
from assessments.comparison import Comparison, Gate
from assessments.model import Assessed, Policy
from portal.db.models.accounts import HospitalRole
from portal.db.models.assessments import Assessment, Stage
from portal.db.models.tenders import Tender, TenderBidder, TenderState
from portal.errors import NotNow
from portal.home import BERLIN
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from portal.services.answers import responses
from portal.services.registers import dossiers
from portal.services.tenders import lots, offers, tenders
from scanners.model import N_, Message

OPENERS = HOSPITAL_WRITERS | {HospitalRole.DECIDER}


def open_answers(session: Session, actor: Actor, tender_id: str, *, now: datetime) -> Tender:
    """After the deadline: the first person asks for it, a second one opens; or one alone, where the tender says so."""
    hospital_of(actor, OPENERS)
    row = tenders.locked(session, actor, tender_id, TenderState.OPEN)
    if now < row.closes_at:
        sentence = N_("The answers are sealed until the deadline on %(deadline)s.")
        raise NotNow(Message(text=sentence, values={"deadline": f"{row.closes_at.astimezone(BERLIN):%d.%m.%Y, %H:%M}"}))
    tenders.require_unchanged(row)
    if row.needs_two and row.opening_by is None:
        row.opening_by, row.opening_by_name, row.opening_at = actor.person_id, actor.name[:200], now
        tenders.note(session, actor, row, "tender.opening-asked", now=now)
        return row
    if row.needs_two and row.opening_by == actor.person_id:
        raise NotNow(Message(text=N_("Two people open the answers. You spoke first; a second person has to agree.")))
    _close_what_was_not_handed_in(session, row)
    row.state, row.opened_at, row.opened_by_name = TenderState.OPENED, now, actor.name[:200]
    row.version += 1
    tenders.note(session, actor, row, "tender.opened", now=now, detail={"sha256": row.frozen_sha256})
    return row


def _close_what_was_not_handed_in(session: Session, row: Tender) -> None:
    """A hand-in that came in time and waited behind the opening finds its round closed."""
    for bidder in row.bidders:
        if bidder.assessment_id is None:
            continue
        assessment = session.get_one(Assessment, bidder.assessment_id)
        if assessment.company_id is not None:
            responses.lock(session, assessment)
        if assessment.stage is not Stage.SUBMITTED:
            assessment.stage = Stage.CLOSED
            assessment.version += 1


def side_by_side(session: Session, actor: Actor, tender_id: str, lot_id: str, *, now: datetime) -> Comparison:
    """The bidders of a lot: those that no gate excludes first, the best score first; by the frozen weights.

    As of the deadline, whenever it is read: what ran out since then, or was seen since then, moves nothing.
    """
    row = tenders.find(session, actor, tender_id)
    lot = tenders.lot_of(row, lot_id)
    tenders.require_opened(row)
    if tenders.is_sealed(row, lot):
        raise NotNow(Message(text=N_("This lot ended before the answers were opened; they stay sealed.")))
    rules = frozen_policy(row)
    at = min(now, row.closes_at + timedelta(seconds=1))
    found = [
        _assessed(session, bidder, rules, now=at)
        for bidder, _assessment in offers.bidding(session, row)
        if bidder.lot_id == lot.id
    ]
    must = frozenset(lots.must_haves(row, lot))
    first = comparison.compare(found, at=at, must_haves=must)
    by_hand = {key_of(one) for one in row.bidders if one.excluded_at is not None}
    out = by_hand | {key for key, unmet in excluded_by(first).items() if unmet}
    found.sort(key=lambda one: _rank(one, is_excluded=one.dossier.vendor_key in out))
    made = comparison.compare(found, at=at, must_haves=must)
    return replace(made, sides=tuple(replace(side, is_excluded=side.key in out) for side in made.sides))


def excluded_by(made: Comparison) -> Mapping[str, tuple[str, ...]]:
    """The questions that exclude each side: by its own word, or by its silence."""
    return {key: tuple(one for one in unmet if one not in doubted) for key, unmet, doubted in _unmet(made)}


def doubted_by(made: Comparison) -> Mapping[str, tuple[str, ...]]:
    """The knock-outs that a side says it meets, and what was seen from outside says it does not. What is seen is a sign
    and no verdict: the bidder is asked, and excluded by nothing that it was not asked about."""
    return {key: doubted for key, _unmet_ones, doubted in _unmet(made)}


def _unmet(made: Comparison) -> Sequence[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Each side with the gates that it does not meet, and those among them that it says it meets."""
    cells = {row.question.id: row.cells for part in made.parts for row in part.questions}
    found = []
    for index, side in enumerate(made.sides):
        unmet = tuple(gate.question.id for gate in made.gates if gate.cells[index] is Gate.FAILED)
        doubted = tuple(
            one
            for one in unmet
            if one in cells and all(row.value is not None and row.share != 0 for row in cells[one][index].rows)
        )
        found.append((side.key, unmet, doubted))
    return found


def frozen_policy(row: Tender) -> Policy:
    """The weights as they stood when the tender was frozen."""
    tenders.require_unchanged(row)
    return storing.load_policy((row.frozen or {})["policy"])


def _assessed(session: Session, bidder: TenderBidder, rules: Policy, *, now: datetime) -> Assessed:
    assert bidder.house_id is not None
    assert bidder.assessment_id is not None
    dossier = dossiers.build(session, bidder.house_id, bidder.assessment_id, now=now)
    return register.assess(replace(dossier, vendor_key=key_of(bidder), vendor_name=bidder.name), rules)


def key_of(bidder: TenderBidder) -> str:
    """The short stable key of a bidder: the how-manieth of its tender it is."""
    return f"B-{1 + [one.id for one in bidder.tender.bidders].index(bidder.id):02}"


def _rank(one: Assessed, *, is_excluded: bool) -> tuple[object, ...]:
    value = one.score.value
    return is_excluded, value is None, -(value or 0), one.dossier.vendor_key


def note_taken(session: Session, actor: Actor, tender_id: str, lot: int, *, sha256: str, now: datetime) -> None:
    """Who took the sheet of a lot along."""
    row = tenders.find(session, actor, tender_id)
    tenders.note(session, actor, row, "tender.sheet-taken", now=now, detail={"lot": lot, "sha256": sha256})


def note_paper_taken(
    session: Session, actor: Actor, tender_id: str, lot: int, content: bytes, *, part: str = "", now: datetime
) -> None:
    """The same of the paper, with the checksum of the file as it left; `part`: which of several."""
    row = tenders.find(session, actor, tender_id)
    detail = {"lot": lot, "file": f"PDF {part}".strip(), "sha256": hashlib.sha256(content).hexdigest()}
    tenders.note(session, actor, row, "tender.sheet-taken", now=now, detail=detail)
