"""What opens a decision again by itself, each cause once: written down, told by mail, never silently."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from assessments import deciding
from assessments.deciding import ConditionState, Reopening
from assessments.model import Policy
from portal import i18n
from portal.db.models.accounts import HospitalRole
from portal.db.models.decisions import Condition, Decision, DecisionReopening
from portal.db.models.vendors import Vendor
from portal.home import BERLIN
from portal.services import audit, jobs
from portal.services.actors import Actor
from portal.services.decisions import decisions
from portal.services.decisions.decision_rows import DecisionRow
from portal.services.jobs import JobKind
from portal.services.mails import outbox
from portal.services.mails.letters import Letter
from portal.services.people import accounts
from portal.services.registers import policies, registers
from reports.reader import Reader

TOLD = frozenset({HospitalRole.DECIDER, HospitalRole.ASSESSOR})
NAME = "Kettenblick"  # who acts where nobody does


def ask_all(session: Session, *, now: datetime) -> None:
    """Once a night: days pass without anybody doing anything, for every vendor somebody has decided on."""
    found = session.execute(select(Decision.hospital_id, Decision.vendor_id).distinct())
    for hospital_id, vendor_id in found:
        ask(session, hospital_id, vendor_id or "", now=now)


def ask(session: Session, hospital_id: str, vendor_id: str, *, now: datetime) -> None:
    """Look at the decisions on a vendor ("": on topics) soon, once for all changes of the moment."""
    jobs.add(
        session,
        JobKind.DECISIONS,
        {"hospital_id": hospital_id, "vendor_id": vendor_id},
        now=now,
        tenant=hospital_id,
        dedupe_key=f"decisions:{hospital_id}:{vendor_id}",
    )


def is_decided(session: Session, hospital_id: str, vendor_id: str) -> bool:
    """Whether anybody has ever decided on this vendor."""
    found = select(Decision.id).where(Decision.hospital_id == hospital_id, Decision.vendor_id == vendor_id)
    return session.scalars(found.limit(1)).first() is not None


def look(
    session: Session, hospital_id: str, vendor_id: str, *, base_url: str, now: datetime
) -> Sequence[DecisionReopening]:
    """Write down what stands against the decisions on a vendor, or on topics, and was not written down before."""
    decisions.lock(session, hospital_id)
    actor = Actor(name=NAME, hospital_id=hospital_id, hospital_role=HospitalRole.AUDITOR)
    today = now.astimezone(BERLIN).date()
    rows = [row for row in _standing(session, actor, vendor_id) if row.is_newest]
    if not rows:
        return ()
    current = None
    if vendor_id:
        if session.get_one(Vendor, vendor_id).ended_at is not None:
            return ()
        current = decisions.standing_of(registers.assess(session, actor, vendor_id, now=now))
    made: list[tuple[DecisionRow, list[DecisionReopening]]] = []
    for row in rows:
        then = decisions.load_standing(row.decision)
        found = deciding.reopenings(
            row.decision.ruling,
            then or deciding.NOTHING_KNOWN,
            current if then is not None else None,
            row.fact.conditions,
            review_on=row.decision.review_on,
            today=today,
        )
        _lapse(session, actor, row, now=now)
        known = {(one.cause, one.key) for one in row.reopenings}
        new = [_write(session, actor, row, one, now=now) for one in found if (one.cause, one.key) not in known]
        if new:
            made.append((row, new))
    if made:
        session.flush()
        _tell(session, hospital_id, made, base_url=base_url, now=now)
    return [one for _, new in made for one in new]


def _standing(session: Session, actor: Actor, vendor_id: str) -> Sequence[DecisionRow]:
    if vendor_id:
        return decisions.rows(session, actor, vendor_id=vendor_id)
    return [row for row in decisions.rows(session, actor) if row.vendor is None]


def _lapse(session: Session, actor: Actor, row: DecisionRow, *, now: datetime) -> None:
    """Conditions whose day has passed are said to have lapsed, whatever the decision was."""
    today = now.astimezone(BERLIN).date()
    for one in row.conditions:
        if one.state is ConditionState.OPEN and deciding.is_lapsed(one.state, one.due_on, today):
            _say_lapsed(one)
            decisions.keep_event(
                session, actor, row.decision, "condition-lapsed", {"text": one.text, "due_on": str(one.due_on)}, now=now
            )


def _say_lapsed(one: Condition) -> None:
    one.state = ConditionState.LAPSED
    one.version += 1


def _write(session: Session, actor: Actor, row: DecisionRow, one: Reopening, *, now: datetime) -> DecisionReopening:
    made = DecisionReopening(
        hospital_id=row.decision.hospital_id,
        decision_id=row.decision.id,
        cause=one.cause,
        key=one.key[:200],
        about=one.about,
        before=one.before[:40],
        after=one.after[:40],
        at=now,
    )
    session.add(made)
    document = {"cause": one.cause.value, "about": one.about, "before": one.before, "after": one.after}
    decisions.keep_event(session, actor, row.decision, "reopened", document, now=now)
    audit.record(session, actor, "decision.reopened", row.decision.id, now=now, detail={"cause": one.cause.value})
    return made


def as_fact(one: DecisionReopening) -> Reopening:
    """As papers and mails tell of it."""
    return Reopening(cause=one.cause, key=one.key, about=one.about, before=one.before, after=one.after, at=one.at)


# ---- told


def _tell(
    session: Session,
    hospital_id: str,
    made: Sequence[tuple[DecisionRow, Sequence[DecisionReopening]]],
    *,
    base_url: str,
    now: datetime,
) -> None:
    """One mail to each person who decides or prepares."""
    rules = policies.of(session, hospital_id)
    for person in accounts.people_of_hospital(session, hospital_id, TOLD):
        with i18n.speaking(person.language):
            letter = _letter(made, rules, language=person.language, base_url=base_url)
        outbox.post(
            session,
            letter,
            kind="decision-reopened",
            to=person.email,
            language=person.language,
            hospital_id=hospital_id,
            now=now,
        )


def _letter(
    made: Sequence[tuple[DecisionRow, Sequence[DecisionReopening]]], rules: Policy, *, language: str, base_url: str
) -> Letter:
    _ = i18n.gettext
    reader = Reader(language=language, translate=i18n.translator(language))
    lines = []
    for row, causes in made:
        title = " · ".join(filter(None, (row.fact.key, row.fact.vendor, row.fact.about)))
        said = [reader.say(deciding.say_why(as_fact(one), day=reader.day, policy=rules)) for one in causes]
        lines.append("\n".join([title, *(f"– {sentence}" for sentence in said)]))
    first = made[0][0]
    return Letter(
        subject=_("Decision open again: %(about)s", about=first.fact.vendor or first.fact.about),
        paragraphs=(
            _("Good day,"),
            _("this was decided, and what it rested on holds no more. It stands on the list of open decisions:"),
            *lines,
        ),
        link=f"{base_url}/hospital/decisions/{first.decision.id}",
        link_text=_("To the decision"),
    )
