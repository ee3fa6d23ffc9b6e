"""The intake of a lot: what its owner says of the object sets tier and questions before anybody is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from assessments import policy, tiering
from assessments.model import TierProposal
from portal.db.models.tenders import Tender, TenderLot, TenderState
from portal.db.models.vendors import IntakeRecord, Supply
from portal.errors import BadInput, Clash, NotNow
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from portal.services.registers import policies
from portal.services.rounds import catalogues
from portal.services.tenders import tenders
from portal.services.vendors import intakes
from portal.services.vendors.intakes import Override
from questionnaires.model import QuestionSet
from scanners.model import N_, Message

WEIGHED = ("impact", "patient_safety", "proposed_tier", "tier", "override_reason", "policy_version")


@dataclass(frozen=True, kw_only=True)
class LotFields:
    """What the owner says of the object, and what its bidders are asked because of it."""

    given: Mapping[str, Sequence[str]]  # the intake, question by question
    override: Override | None = None
    question_set: QuestionSet | None = None  # None: what the tier gets
    must_haves: Sequence[str] = ()  # beside the tender's


def fill_in(
    session: Session,
    actor: Actor,
    tender_id: str,
    lot_id: str,
    fields: LotFields,
    *,
    version: int,
    now: datetime,
    told_by: str = "",
) -> TenderLot:
    """Keep the intake of a lot while the tender is a draft; its bidders bring the same with them later.

    `told_by`: whose answer by a link it is.
    """
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    lot = tenders.lot_of(tenders.find(session, actor, tender_id), lot_id)  # what is unknown is that in every state
    row = tenders.locked(session, actor, tender_id, TenderState.DRAFT)
    if row.version != version:
        raise Clash(
            Message(text=N_("Somebody else changed this in the meantime. Look at what stands now and save again.")),
            theirs=lot,
            version=row.version,
        )
    wrong: dict[str, Message] = {}
    weighed: Mapping[str, Any] = {}
    try:
        weighed = intakes.weigh(session, hospital_id, fields.given, override=fields.override)
    except BadInput as refused:
        wrong |= refused.fields
    must = [one for one in dict.fromkeys(each.strip() for each in fields.must_haves) if one]
    if not wrong:
        chosen = fields.question_set or policies.of(session, hospital_id).sets_by_tier[weighed["tier"]]
        missing = _not_asked(session, row, chosen, must)
        if missing:
            sentence = N_("The set does not ask these: %(questions)s.")
            wrong["must_haves"] = Message(text=sentence, values={"questions": ", ".join(missing)[:200]})
    if wrong:
        raise BadInput(wrong)
    lot.intake, lot.intake_by, lot.intake_at = weighed["answers"], actor.name[:200], now
    for name in WEIGHED:
        setattr(lot, name, weighed[name])
    lot.question_set = fields.question_set.value if fields.question_set is not None else ""
    lot.must_haves = must
    row.version += 1
    tenders.note(
        session,
        actor,
        row,
        "tender.lot-intake",
        now=now,
        detail={
            "lot": lot.number,
            "tier": lot.tier,
            "proposed": lot.proposed_tier,
            **({"from": told_by} if told_by else {}),
        },
    )
    return lot


def proposed(lot: TenderLot) -> TierProposal:
    """What the policy of that day made of the intake, with its reasons."""
    return tiering.propose(intakes.loaded(lot.intake or {}), policy.get(lot.policy_version))


def question_set(session: Session, row: Tender, lot: TenderLot) -> QuestionSet:
    """How much bidders of the lot are asked: chosen for it, or what its tier gets, or as the tender says."""
    if lot.question_set:
        return QuestionSet(lot.question_set)
    if lot.tier is not None and row.state is TenderState.DRAFT:
        return policies.of(session, row.hospital_id).sets_by_tier[lot.tier]
    return QuestionSet(row.question_set)


def must_haves(row: Tender, lot: TenderLot) -> tuple[str, ...]:
    """What excludes in this lot beside the knock-outs of the catalogue: the tender's, and its own."""
    return tuple(dict.fromkeys([*row.must_haves, *(lot.must_haves or ())]))


def freeze(session: Session, row: Tender) -> Sequence[Mapping[str, Any]]:
    """Every lot as it stands from here on; refused where its set does not ask what should exclude."""
    frozen = []
    for lot in row.lots:
        chosen = question_set(session, row, lot)
        missing = _not_asked(session, row, chosen, must_haves(row, lot))
        if missing:
            sentence = N_("Lot %(number)s: its question set does not ask the must-haves %(questions)s.")
            raise NotNow(Message(text=sentence, values={"number": lot.number, "questions": ", ".join(missing)[:200]}))
        lot.question_set = chosen.value
        frozen.append(
            {
                "number": lot.number,
                "title": lot.title,
                "question_set": chosen.value,
                "questions": sorted(_asked(session, row, chosen)),
                "must_haves": list(must_haves(row, lot)),
                "intake": lot.intake,
                **{name: getattr(lot, name) for name in WEIGHED},
            }
        )
    return frozen


def lay_into(lot: TenderLot, supply: Supply) -> None:
    """The product of a bidder, and later of the vendor, has the intake of its lot."""
    if lot.intake is None or lot.intake_at is None:
        return
    supply.intakes.append(
        IntakeRecord(
            hospital_id=supply.hospital_id,
            supply_id=supply.id,
            answers=lot.intake,
            by_name=lot.intake_by,
            at=lot.intake_at,
            **{name: getattr(lot, name) for name in WEIGHED},
        )
    )


def _asked(session: Session, row: Tender, chosen: QuestionSet) -> Sequence[str]:
    catalogue = catalogues.get(session, row.hospital_id, row.catalogue_id, row.catalogue_version)
    return catalogue.sets[chosen].question_ids


def _not_asked(session: Session, row: Tender, chosen: QuestionSet, must: Sequence[str]) -> Sequence[str]:
    asked = set(_asked(session, row, chosen))
    return [one for one in must if one not in asked]
