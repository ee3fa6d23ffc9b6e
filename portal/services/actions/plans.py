"""A company's plan for 30, 60 and 90 days: worked out from its own round, in its own words, and offered if it likes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from assessments import effort, planning, policy, scoring
from assessments.model import Dossier, Words, say
from assessments.planning import PlanItem
from portal import i18n
from portal.db.base import new_id
from portal.db.models.plans import PlanLine, PlanOffer, PlanState
from portal.errors import BadInput, Clash, NotFound, NotNow
from portal.home import BERLIN
from portal.services import audit
from portal.services.actors import COMPANY_LEADERS, Actor, company_of
from portal.services.answers import responses
from portal.services.registers import dossiers
from scanners.model import N_, Message

OWN = "own:"
LONGEST_TITLE = 300
LONGEST_TEXT = 2000
MOST_OWN = 100
MOST_OFFERS = 20  # of one round
FURTHEST = timedelta(days=3 * 366)
LAST = effort.PERIODS[-1]

STATES: Mapping[PlanState, str] = {
    PlanState.OPEN: N_("open"),
    PlanState.DONE: N_("done"),
    PlanState.LEFT_OUT: N_("left out"),
}


@dataclass(frozen=True, kw_only=True)
class LineFields:
    """What a company writes about a line."""

    title: str = ""
    owner: str = ""
    due_on: date | None = None
    proof: str = ""
    state: PlanState = PlanState.OPEN


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the plan: what was worked out, and what the company wrote about it."""

    key: str
    document: Mapping[str, Any]  # as `document_of` makes it
    written: PlanLine | None
    is_gone: bool = False  # nothing holds it up any more: it was mended, or is no longer asked

    @property
    def is_own(self) -> bool:
        """Whether the company added it itself."""
        return self.key.startswith(OWN)

    @property
    def state(self) -> PlanState:
        """Where it stands."""
        if self.is_gone:
            return PlanState.DONE
        return self.written.state if self.written else PlanState.OPEN

    @property
    def is_open(self) -> bool:
        """Whether it is still to be done."""
        return self.state is PlanState.OPEN

    @property
    def within(self) -> int:
        """30, 60 or 90 days."""
        return int(self.document["within"])

    @property
    def points(self) -> Decimal:
        """What mending it gains."""
        return Decimal(self.document["points"])

    @property
    def version(self) -> int:
        """What a form says it has read."""
        return self.written.version if self.written else 0

    def title(self, language: str) -> str:
        """In the company's own words, else as it was worked out."""
        return (self.written.title if self.written else "") or str(self.document["title"].get(language, ""))

    def words(self, name: str, language: str) -> str:
        """One of the sentences that were worked out: advice, proof, effort, why."""
        return str((self.document.get(name) or {}).get(language, ""))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All lines of a round, in the order of doing, and what they come to."""

    value: Decimal | None  # of the score today, as the company's own answers and scan make it
    lines: tuple[Line, ...]
    offers: tuple[PlanOffer, ...]  # the newest first

    @property
    def open(self) -> Sequence[Line]:
        """What is still to be done."""
        return [line for line in self.lines if line.is_open]

    @property
    def closed(self) -> Sequence[Line]:
        """What was done or left out."""
        return [line for line in self.lines if not line.is_open]

    def period(self, days: int) -> Sequence[Line]:
        """What is to be done within so many days."""
        return [line for line in self.open if line.within == days]

    def find(self, key: str) -> Line:
        """The line of that key."""
        for line in self.lines:
            if line.key == key:
                return line
        raise NotFound


def build(session: Session, actor: Actor, assessment_id: str, *, now: datetime) -> Plan:
    """The plan as it stands: nothing of a hospital's tier, impact or review is in it."""
    assessment = responses.find(session, actor, assessment_id)
    company_id = company_of(actor)
    dossier = dossiers.build_for_company(session, company_id, assessment_id, now=now)
    score = scoring.score(dossier, policy.current())
    derived = {item.key: document_of(item, dossier) for item in planning.plan(dossier, score, policy.current())}
    written = {
        row.key: row
        for row in session.scalars(
            select(PlanLine)
            .where(PlanLine.company_id == company_id, PlanLine.assessment_id == assessment.id)
            .order_by(PlanLine.at, PlanLine.id)
        )
    }
    lines = [Line(key=key, document=document, written=written.get(key)) for key, document in derived.items()]
    lines += [
        Line(key=key, document=row.document, written=row, is_gone=not key.startswith(OWN))
        for key, row in written.items()
        if key not in derived
    ]
    offers = session.scalars(
        select(PlanOffer)
        .where(PlanOffer.company_id == company_id, PlanOffer.assessment_id == assessment.id)
        .order_by(PlanOffer.at.desc(), PlanOffer.id)
    )
    return Plan(value=score.value, lines=tuple(lines), offers=tuple(offers))


def save(
    session: Session, actor: Actor, assessment_id: str, key: str, fields: LineFields, *, version: int, now: datetime
) -> str:
    """Write about a line, or add one of their own (key ""); gives its key. Two at once: the second sees the first."""
    assessment = responses.find(session, actor, assessment_id)
    responses.lock(session, assessment)
    plan = build(session, actor, assessment_id, now=now)
    line = plan.find(key) if key else None
    _require(fields, plan, is_new=line is None, is_own=line is None or line.is_own, today=_today(now))
    row = line.written if line is not None else None
    if (row.version if row else 0) != version:
        raise Clash(
            Message(text=N_("Somebody else changed this in the meantime. Look at what stands now and save again."))
        )
    if row is None:
        row = PlanLine(
            company_id=company_of(actor),
            assessment_id=assessment.id,
            key=line.key if line is not None else OWN + new_id(),
            document=dict(line.document) if line is not None else {},
            version=0,
        )
        session.add(row)
    if line is None or line.is_own:
        row.document = _own_document(fields, now=now)
    elif not line.is_gone:
        row.document = dict(line.document)
    row.title = fields.title.strip()[:LONGEST_TITLE]
    row.owner = fields.owner.strip()[:200]
    row.due_on, row.state = fields.due_on, fields.state
    row.proof = fields.proof.strip()[:LONGEST_TEXT]
    row.by_name, row.at = actor.name[:200], now
    row.version += 1
    session.flush()
    audit.record(session, actor, "plan.changed", assessment.id, now=now, detail={"line": row.key})
    return row.key


def offer(
    session: Session, actor: Actor, assessment_id: str, keys: Iterable[str], *, note: str, now: datetime
) -> PlanOffer:
    """Show chosen lines to the hospital, as they are now; what is changed later it does not see."""
    company_id = company_of(actor, COMPANY_LEADERS)
    assessment = responses.find(session, actor, assessment_id)
    responses.lock(session, assessment)
    plan = build(session, actor, assessment_id, now=now)
    chosen = [plan.find(key) for key in dict.fromkeys(keys)]
    chosen = [line for line in chosen if line.is_open]
    if not chosen:
        raise BadInput({"keys": Message(text=N_("Choose at least one line."))})
    if len(plan.offers) >= MOST_OFFERS:
        raise NotNow(Message(text=N_("This plan has been offered so often that nobody could follow.")))
    row = PlanOffer(
        company_id=company_id,
        assessment_id=assessment.id,
        note=note.strip()[:LONGEST_TEXT],
        lines=[_offered(line, now=now) for line in chosen],
        by_name=actor.name[:200],
        at=now,
    )
    session.add(row)
    session.flush()
    detail = {"lines": len(chosen)}
    audit.record(session, actor, "plan.offered", assessment.id, now=now, detail=detail)
    scope = audit.hospital_scope(assessment.hospital_id)
    audit.record(session, actor, "plan.offered", assessment.id, now=now, scope=scope, detail=detail)
    return row


def document_of(item: PlanItem, dossier: Dossier) -> dict[str, Any]:
    """A line that was worked out, every sentence in both languages."""
    names = {supply.key: supply.name for supply in dossier.supplies}
    return {
        "title": both(item.title),
        "advice": both(item.advice),
        "proof": both(item.proof),
        "effort": both(item.effort.text),
        "why": both(item.effort.why),
        "severity": item.severity.value,
        "places": [names.get(place, place) for place in item.places],
        "part": item.part or "",
        "points": str(item.points),
        "lifts_cap": item.lifts_cap,
        "days": item.days,
        "within": item.within,
        "check_id": item.check_id,
        "question_id": item.question_id,
    }


def both(words: Words) -> dict[str, str]:
    """A sentence in every language that is spoken here."""
    return {language: say(words, language=language, translate=i18n.translator(language)) for language in i18n.LANGUAGES}


def _own_document(fields: LineFields, *, now: datetime) -> dict[str, Any]:
    """A line of their own gains no points that we know of; its day says in which period it stands."""
    left = (fields.due_on - _today(now)).days if fields.due_on else LAST
    title = fields.title.strip()[:LONGEST_TITLE]
    return {
        "title": dict.fromkeys(i18n.LANGUAGES, title),
        "severity": "",
        "places": [],
        "part": "",
        "points": "0",
        "lifts_cap": False,
        "days": None,
        "within": next((days for days in effort.PERIODS if left <= days), LAST),
        "check_id": "",
        "question_id": "",
    }


def _offered(line: Line, *, now: datetime) -> dict[str, Any]:
    """A line as the hospital reads it: the company's points and estimates stay at home."""
    written = line.written
    due_on = written.due_on if written and written.due_on else _today(now) + timedelta(days=line.within)
    proof = dict.fromkeys(i18n.LANGUAGES, written.proof) if written and written.proof else line.document.get("proof")
    return {
        "key": line.key,
        "title": {language: line.title(language) for language in i18n.LANGUAGES},
        "advice": line.document.get("advice") or {},
        "proof": proof or {},
        "severity": line.document["severity"],
        "places": list(line.document["places"]),
        "part": line.document["part"],
        "check_id": line.document["check_id"],
        "question_id": line.document["question_id"],
        "owner": written.owner if written else "",
        "due_on": due_on.isoformat(),
    }


def _today(now: datetime) -> date:
    return now.astimezone(BERLIN).date()


def _require(fields: LineFields, plan: Plan, *, is_new: bool, is_own: bool, today: date) -> None:
    wrong: dict[str, Message] = {}
    if is_own and not fields.title.strip():
        wrong["title"] = Message(text=N_("Say in a few words what is to be done."))
    if fields.due_on is not None and abs(fields.due_on - today) > FURTHEST:
        wrong["due_on"] = Message(text=N_("Choose a day within the next three years."))
    if fields.state is PlanState.DONE and not fields.proof.strip():
        wrong["proof"] = Message(text=N_("Say in a few words what shows that it is done."))
    if is_new and sum(line.is_own for line in plan.lines) >= MOST_OWN:
        wrong[""] = Message(text=N_("So many lines of your own are more than a plan can hold."))
    if wrong:
        raise BadInput(wrong)
