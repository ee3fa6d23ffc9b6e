"""The intake of a supply: eight to ten questions of the business owner, and the tier that follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from assessments import intake as intake_form
from assessments import policy, tiering
from assessments.model import Intake, Phrase, TierProposal, Words
from portal.db.models.vendors import IntakeRecord, Supply
from portal.errors import BadInput
from portal.services import audit
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from portal.services.registers import policies
from portal.services.vendors import vendors
from questionnaires.model import QuestionSet, Text
from scanners.model import N_, Message

TIERS = (1, 2, 3, 4)


@dataclass(frozen=True, kw_only=True)
class Override:
    """Another tier than the proposed one, and why."""

    tier: int
    reason: str


def current(supply: Supply) -> IntakeRecord | None:
    """The intake that counts: the newest."""
    return supply.intakes[-1] if supply.intakes else None


def proposed(record: IntakeRecord) -> TierProposal:
    """What the policy of that day made of the intake, with its reasons."""
    return tiering.propose(load(record), policy.get(record.policy_version))


def fill_in(
    session: Session,
    actor: Actor,
    supply_id: str,
    given: Mapping[str, Sequence[str]],
    *,
    now: datetime,
    override: Override | None = None,
) -> IntakeRecord:
    """Record an intake: every question needs an answer, and another tier than the proposal needs a reason."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    supply = vendors.find_supply(session, actor, supply_id)
    weighed = weigh(session, hospital_id, given, override=override)
    record = IntakeRecord(hospital_id=hospital_id, supply_id=supply.id, by_name=actor.name, at=now, **weighed)
    supply.intakes.append(record)
    audit.record(
        session,
        actor,
        "intake.filled-in",
        supply.id,
        now=now,
        detail={
            "tier": record.tier,
            "proposed": record.proposed_tier,
            "overridden": record.tier != record.proposed_tier,
        },
    )
    return record


def weigh(
    session: Session, hospital_id: str, given: Mapping[str, Sequence[str]], *, override: Override | None = None
) -> Mapping[str, Any]:
    """What an intake says, by the policy of today, as the columns of a record keep it."""
    intake, wrong = intake_form.answered(intake_form.current(), given)
    by = policies.of(session, hospital_id)
    proposal = tiering.propose(intake, by)
    _refuse({question: bad.message for question, bad in wrong.items()}, proposal, override)
    chosen = override if override is not None and override.tier != proposal.tier else None
    return {
        "answers": {
            "form_version": intake.form_version,
            "answers": {question: list(options) for question, options in intake.answers.items()},
        },
        "impact": proposal.impact,
        "patient_safety": proposal.patient_safety,
        "proposed_tier": proposal.tier,
        "tier": chosen.tier if chosen else proposal.tier,
        "override_reason": chosen.reason.strip() if chosen else "",
        "policy_version": by.based_on or by.version,
    }


def load(record: IntakeRecord) -> Intake:
    """The intake as assessments knows it."""
    return loaded(record.answers)


def loaded(kept: Mapping[str, Any]) -> Intake:
    """The same of what is kept in another row."""
    return Intake(
        form_version=kept["form_version"],
        answers={key: tuple(options) for key, options in kept["answers"].items()},
    )


def question_set(session: Session, record: IntakeRecord) -> QuestionSet:
    """How much this tier is asked."""
    return policies.of(session, record.hospital_id).sets_by_tier[record.tier]


def _refuse(given: Mapping[str, Words], proposal: TierProposal, override: Override | None) -> None:
    wrong: dict[str, Words] = {question: Message(text=N_("Choose an answer.")) for question in proposal.missing}
    wrong |= given
    if override is not None and override.tier not in TIERS:
        wrong["tier"] = Message(text=N_("Choose a tier from 1 to 4."))
    if override is not None and override.tier != proposal.tier and not override.reason.strip():
        wrong["reason"] = Message(text=N_("Give a reason for another tier than the proposed one."))
    if wrong:
        raise BadInput({field: _message(words) for field, words in wrong.items()})


def _message(words: Words) -> Message:
    assert not isinstance(words, Text | Phrase)
    return words if isinstance(words, Message) else Message(text=words.text, values=words.values)
