"""What the register tells beside the facts of today: words of the hospital that hold, and scores that moved."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from assessments import deciding
from assessments.model import Assessed, ChangeFact, DecisionFact, Phrase, Treated, Treatment, Words
from portal.db.models.assessments import Assessment, Settlement
from portal.db.models.disputes import Dispute, DisputeState
from portal.db.models.registers import ScoreRecord
from portal.db.models.waivers import Waiver
from portal.home import BERLIN
from portal.services.actors import Actor, hospital_of
from portal.services.decisions import decision_rows
from portal.services.registers import movements, policies, waivers
from questionnaires.model import Text
from reports import marks
from scanners.catalogue import CHECKS
from scanners.model import N_, Message, written

BACK = timedelta(days=365)
MOST = 20_000  # changes
BATCH = 500  # scores whose reasons are read at once
ON_RISK, ON_CONTRADICTION, ON_DISPUTE, ON_WAIVER = (
    N_("Treatment of a risk"),
    N_("Contradiction settled"),
    N_("Answer to a dispute"),
    N_("Waiver"),
)
OUTCOMES: Mapping[DisputeState, str] = {
    DisputeState.UPHELD: N_("agreed: scores nothing until its day"),
    DisputeState.REJECTED: N_("not agreed: counts as before"),
}


def decisions(
    session: Session,
    actor: Actor,
    assessed: Sequence[Assessed],
    treatments: Mapping[tuple[str, str], Treated],
    *,
    keys: Mapping[str, str],
    now: datetime,
) -> tuple[DecisionFact, ...]:
    """Words on risks, contradictions, disputes and waivers of the vendors in `keys` (their key by id), newest first."""
    hospital_id = hospital_of(actor)
    by_key = {one.dossier.vendor_key: one for one in assessed}
    found = [
        *_on_risks(by_key, treatments),
        *_on_contradictions(session, hospital_id, keys, by_key),
        *_on_disputes(session, hospital_id, keys),
        *_waived(session, hospital_id, keys, by_key, now=now),
        *_decided(session, actor, keys),
    ]
    return tuple(sorted(found, key=lambda one: (-one.at.timestamp() if one.at else 0.0, one.key)))


def _on_risks(
    assessed: Mapping[str, Assessed], treatments: Mapping[tuple[str, str], Treated]
) -> Iterator[DecisionFact]:
    titles = {(risk.vendor_key, risk.key): risk.title for one in assessed.values() for risk in one.risks}
    for (vendor_key, risk_key), treated in treatments.items():
        if treated.treatment is not Treatment.OPEN:
            yield DecisionFact(
                key=f"{vendor_key}:{risk_key}" if vendor_key else risk_key,
                vendor_key=vendor_key,
                kind=Message(text=ON_RISK),
                about=titles.get((vendor_key, risk_key), _plain(risk_key)),
                outcome=Message(text=marks.TREATMENTS[treated.treatment]),
                reason=treated.note,
                until=treated.accepted_until,
                by=treated.by,
                at=treated.at,
            )


def _on_contradictions(
    session: Session, hospital_id: str, keys: Mapping[str, str], assessed: Mapping[str, Assessed]
) -> Iterator[DecisionFact]:
    rows = session.execute(
        select(Settlement, Assessment.vendor_id)
        .join(
            Assessment,
            (Assessment.hospital_id == Settlement.hospital_id) & (Assessment.id == Settlement.assessment_id),
        )
        .where(Settlement.hospital_id == hospital_id)
    )
    for row, vendor_id in rows:
        if (vendor_key := keys.get(vendor_id)) is None:
            continue
        standing = {each.key: each for each in assessed[vendor_key].contradictions}.get(row.key)
        if standing is not None:  # what has gone since needs no word any more
            yield DecisionFact(
                key=f"{vendor_key}:{row.key}",
                vendor_key=vendor_key,
                kind=Message(text=ON_CONTRADICTION),
                about=Phrase(
                    text=N_("%(question)s against “%(check)s” on %(host)s"),
                    values={
                        "question": row.key.split(":", 1)[0],
                        "check": Message(text=standing.check_title),
                        "host": standing.subject.name,
                    },
                ),
                outcome=Message(text=N_("settled: the two do fit")),
                reason=row.reason,
                until=None,
                by=row.by_name,
                at=row.at,
            )


def _on_disputes(session: Session, hospital_id: str, keys: Mapping[str, str]) -> Iterator[DecisionFact]:
    rows = session.scalars(select(Dispute).where(Dispute.hospital_id == hospital_id, Dispute.state.in_(OUTCOMES)))
    for row in rows:
        if (vendor_key := keys.get(row.vendor_id)) is not None:
            check = CHECKS.get(row.check_id)
            yield DecisionFact(
                key=f"{vendor_key}:{row.check_id}:{row.subject_name}:{row.id[:8]}",
                vendor_key=vendor_key,
                kind=Message(text=ON_DISPUTE),
                about=Phrase(
                    text=N_("“%(check)s” on %(host)s"),
                    values={
                        "check": Message(text=check.title) if check else row.check_id,
                        "host": row.subject_name,
                    },
                ),
                outcome=Message(text=OUTCOMES[row.state]),
                reason=row.answer,
                until=row.valid_until,
                by=row.answered_by,
                at=row.answered_at,
            )


def _waived(
    session: Session, hospital_id: str, keys: Mapping[str, str], assessed: Mapping[str, Assessed], *, now: datetime
) -> Iterator[DecisionFact]:
    for row in session.scalars(select(Waiver).where(Waiver.hospital_id == hospital_id)):
        if (vendor_key := keys.get(row.vendor_id)) is not None and waivers.holds(row, now.astimezone(BERLIN).date()):
            yield DecisionFact(
                key=f"{vendor_key}:{row.check_id or row.question_id}:{row.subject_name or row.supply_id}:{row.id[:8]}",
                vendor_key=vendor_key,
                kind=Message(text=ON_WAIVER),
                about=waivers.title_of(row, assessed[vendor_key].dossier.catalogue),
                outcome=Message(text=N_("accepted until its day")),
                reason=row.reason,
                until=row.until,
                by=row.by_name,
                at=row.at,
            )


def _decided(session: Session, actor: Actor, keys: Mapping[str, str]) -> Iterator[DecisionFact]:
    """What committee, management or one person decided and nothing has superseded, with votes, conditions and why it
    stands open again."""
    rules = policies.of(session, hospital_of(actor))
    for row in decision_rows.standing_rows(session, actor):
        if row.vendor is not None and row.vendor.id not in keys:
            continue
        yield DecisionFact(
            key=row.fact.key,
            vendor_key=row.fact.vendor_key,
            kind=Phrase(
                text=N_("Decision of: %(who)s"),
                values={"who": Message(text=deciding.AUTHORITIES[row.decision.authority])},
            ),
            about=_plain(row.fact.about or row.fact.vendor),
            outcome=Message(text=deciding.RULINGS[row.fact.ruling]),
            reason=row.decision.reasons,
            until=row.decision.review_on,
            by=row.decision.by_name,
            at=row.decision.at,
            votes=_votes(row.fact),
            conditions=tuple(map(_condition, row.fact.conditions)),
            reopened=tuple(deciding.say_why(one, day=_day, policy=rules) for one in row.fact.reopenings),
        )


def _votes(fact: deciding.Decided) -> Words | None:
    if fact.tally is None:
        return None
    return Message(
        text=N_("%(yes)s for, %(no)s against, %(abstained)s abstained"),
        values={"yes": fact.tally.yes, "no": fact.tally.no, "abstained": fact.tally.abstained},
    )


def _condition(one: deciding.ConditionFact) -> Words:
    what = ", ".join(filter(None, (one.text, one.owner)))
    return Phrase(
        text=N_("%(what)s, due on %(day)s: %(state)s"),
        values={"what": what, "day": _day(one.due_on), "state": Message(text=deciding.CONDITION_STATES[one.state])},
    )


def _day(day: date) -> Words:
    return Text(de=f"{day:%d.%m.%Y}", en=written(day))


def changes(session: Session, actor: Actor, *, keys: Mapping[str, str], now: datetime) -> tuple[ChangeFact, ...]:
    """Every score of the last year that differs from the one before it of the same vendor, newest first."""
    rows = session.execute(
        select(ScoreRecord, Assessment.vendor_id)
        .join(
            Assessment,
            (Assessment.hospital_id == ScoreRecord.hospital_id) & (Assessment.id == ScoreRecord.assessment_id),
        )
        .where(ScoreRecord.hospital_id == hospital_of(actor), ScoreRecord.at >= now - BACK)
        .order_by(ScoreRecord.at, ScoreRecord.id)
    )
    last: dict[str, ScoreRecord] = {}
    moved: list[tuple[str, ScoreRecord, ScoreRecord]] = []
    for score, vendor_id in rows:
        before = last.get(vendor_id)
        last[vendor_id] = score
        if vendor_id in keys and before is not None and (before.value, before.grade) != (score.value, score.grade):
            moved.append((vendor_id, before, score))
    moved = moved[-MOST:]
    why: dict[str, movements.Moved] = {}
    for start in range(0, len(moved), BATCH):
        why |= movements.of_scores(session, actor, [score for _, _, score in moved[start : start + BATCH]])
    return tuple(
        ChangeFact(
            key=f"{keys[vendor_id]}:{sha256(score.id.encode()).hexdigest()[:8]}",
            vendor_key=keys[vendor_id],
            at=score.at,
            before=_decimal(before.value),
            after=_decimal(score.value),
            grade_before=before.grade or "",
            grade_after=score.grade or "",
            coverage=Decimal(str(score.coverage)),
            causes=tuple((part.word, part.points) for part in why[score.id].parts) if score.id in why else (),
            policy_version=score.policy_version,
        )
        for vendor_id, before, score in reversed(moved)
    )


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _plain(text: str) -> Words:
    return Phrase(text="%(text)s", values={"text": text})
