"""Actions (Aufgaben): what a vendor is to mend until when. The hospital sets and confirms, the company reports."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from assessments.model import ActionFact, Dossier
from portal import home, i18n
from portal.db.models.accounts import Company, Hospital
from portal.db.models.assessments import Assessment
from portal.db.models.plans import Action, ActionReport, ActionSource, ActionState, PlanOffer
from portal.db.models.responses import Evidence
from portal.db.models.vendors import Supply, Vendor
from portal.errors import BadInput, Clash, NotFound, NotNow
from portal.home import BERLIN
from portal.services import audit
from portal.services.actors import HOSPITAL_WRITERS, Actor, company_of, hospital_of
from portal.services.answers import responses
from portal.services.mails import outbox
from portal.services.mails.letters import Letter
from portal.services.people import accounts
from portal.services.scans import permissions
from portal.services.vendors import vendors
from questionnaires.model import Text
from scanners.model import N_, Finding, Message, Outcome, Severity

LONGEST_TITLE = 300
LONGEST_TEXT = 2000
FURTHEST = timedelta(days=3 * 366)
MOST = 500  # of one vendor
MOST_REPORTS = 20  # of one action
USUAL = timedelta(days=30)
CHANGED = N_("Somebody else changed this in the meantime. Look at what stands now and save again.")


class Standing(StrEnum):
    """Where an action stands between both sides."""

    OPEN = "open"
    REPORTED = "reported"  # the company holds it for done; the hospital has not said anything to it
    SENT_BACK = "sent-back"
    CONFIRMED = "confirmed"
    DROPPED = "dropped"


STANDINGS: Mapping[Standing, str] = {
    Standing.OPEN: N_("open"),
    Standing.REPORTED: N_("reported as done"),
    Standing.SENT_BACK: N_("sent back"),
    Standing.CONFIRMED: N_("confirmed"),
    Standing.DROPPED: N_("dropped"),
}
TO_DO = frozenset({Standing.OPEN, Standing.SENT_BACK})
SOURCES: Mapping[ActionSource, str] = {
    ActionSource.PLAN: N_("from the vendor's plan"),
    ActionSource.FINDING: N_("from a finding"),
    ActionSource.ANSWER: N_("from an answer"),
    ActionSource.CONTRADICTION: N_("from a contradiction"),
    ActionSource.OWN: N_("set by the hospital"),
}


class Verdict(StrEnum):
    """What the hospital says to an action."""

    CONFIRM = "confirm"
    SEND_BACK = "send-back"
    DROP = "drop"
    REOPEN = "reopen"
    MOVE = "move"  # another day


VERDICTS: Mapping[Verdict, str] = {
    Verdict.CONFIRM: N_("Confirm that it is done"),
    Verdict.SEND_BACK: N_("Send it back"),
    Verdict.DROP: N_("Drop it"),
    Verdict.REOPEN: N_("Open it again"),
    Verdict.MOVE: N_("Set another day"),
}


@dataclass(frozen=True, kw_only=True)
class ActionFields:
    """A new action as the hospital writes it; `words` are those of a line that was offered, in both languages."""

    title: str
    due_on: date | None
    advice: str = ""
    proof: str = ""
    owner: str = ""
    remark: str = ""
    source: ActionSource = ActionSource.OWN
    source_key: str = ""
    severity: str = ""
    part: str = ""
    places: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ActionRow:
    """An action with the company's reports, the newest first."""

    action: Action
    reports: Sequence[ActionReport] = field(default_factory=tuple)

    @property
    def version(self) -> int:
        """What a form says it has read: a report of the company is something to read as well."""
        return self.action.version + len(self.reports)

    @property
    def standing(self) -> Standing:
        """Where it stands; a report that came after the hospital's last word waits for the next one."""
        if self.action.state is not ActionState.OPEN:
            return Standing(self.action.state.value)
        if not self.reports:
            return Standing.OPEN
        answered = self.action.answered_at
        return Standing.REPORTED if answered is None or self.reports[0].at > answered else Standing.SENT_BACK

    def is_overdue(self, today: date) -> bool:
        """Whether the company should have reported by now."""
        return self.standing in TO_DO and self.action.due_on < today

    def title(self, language: str) -> str:
        """What is to be done."""
        return self.words("title", language)

    def words(self, name: str, language: str) -> str:
        """Title, advice or proof in a language."""
        return str((self.action.words.get(name) or {}).get(language, ""))


@dataclass(frozen=True, kw_only=True)
class Offered:
    """A line of the newest offer that the hospital has said nothing to yet."""

    offer: PlanOffer
    line: Mapping[str, Any]

    @property
    def key(self) -> str:
        """By which it is known."""
        return str(self.line["key"])

    @property
    def due_on(self) -> date:
        """Until when the company would do it."""
        return date.fromisoformat(self.line["due_on"])

    def words(self, name: str, language: str) -> str:
        """Title, advice or proof in a language."""
        return str((self.line.get(name) or {}).get(language, ""))


@dataclass(frozen=True, kw_only=True)
class Recheck:
    """What the newest scan that this reader may see says of a host, after the fact."""

    place: str
    outcome: Outcome
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """How many actions of one vendor wait for somebody, for first pages."""

    vendor: Vendor
    supplies: Sequence[Supply]
    count: int
    since: date


@dataclass(frozen=True, kw_only=True)
class Due:
    """What of all actions waits for somebody of the hospital."""

    overdue: Sequence[Waiting]
    reported: Sequence[Waiting]
    offered: Sequence[Waiting]


# ---- the hospital's side


def of_vendor(session: Session, actor: Actor, vendor_id: str) -> Sequence[ActionRow]:
    """All actions of a vendor: what waits for the hospital, what is to be done by its day, what is closed."""
    vendor = vendors.find(session, actor, vendor_id)
    return _sorted(_rows(session, Action.hospital_id == vendor.hospital_id, Action.vendor_id == vendor.id))


def of_hospital(session: Session, actor: Actor) -> Sequence[ActionRow]:
    """All actions of the actor's hospital, for register and first page."""
    return _sorted(_rows(session, Action.hospital_id == hospital_of(actor)))


def offered(session: Session, actor: Actor, vendor_id: str) -> Sequence[Offered]:
    """What the vendor has offered and nobody has answered; of one line the newest offer counts."""
    vendor = vendors.find(session, actor, vendor_id)
    return _offered(session, vendor.hospital_id, vendor.id)


def take(
    session: Session, actor: Actor, vendor_id: str, keys: Iterable[str], *, now: datetime, base_url: str
) -> Sequence[Action]:
    """Make actions of offered lines as they are; the company gets one mail."""
    hospital_of(actor, HOSPITAL_WRITERS)
    assessment = _round(session, actor, vendor_id)
    found = _chosen(session, actor, vendor_id, keys)
    made = [_of_offer(session, actor, assessment, one, due_on=one.due_on, remark="", now=now) for one in found]
    _require_room(session, assessment)
    session.flush()
    _tell_company(session, assessment, made, base_url=base_url, now=now)
    return made


def decline(session: Session, actor: Actor, vendor_id: str, keys: Iterable[str], *, remark: str, now: datetime) -> None:
    """Do without offered lines; the company reads why."""
    hospital_of(actor, HOSPITAL_WRITERS)
    if not remark.strip():
        raise BadInput({"remark": Message(text=N_("Say in a sentence why not."))})
    assessment = _round(session, actor, vendor_id)
    for one in _chosen(session, actor, vendor_id, keys):
        made = _of_offer(session, actor, assessment, one, due_on=one.due_on, remark=remark, now=now)
        made.state, made.answered_at, made.answered_by = ActionState.DROPPED, now, actor.name[:200]
    _require_room(session, assessment)


def take_with(
    session: Session,
    actor: Actor,
    vendor_id: str,
    key: str,
    *,
    due_on: date | None,
    remark: str,
    now: datetime,
    base_url: str,
) -> Action:
    """Make an action of one offered line, with another day or a word to it."""
    hospital_of(actor, HOSPITAL_WRITERS)
    assessment = _round(session, actor, vendor_id)
    (found,) = _chosen(session, actor, vendor_id, [key])
    day = _day(due_on, now=now)
    if day != found.due_on and not remark.strip():
        raise BadInput({"remark": Message(text=N_("Say in a sentence why another day."))})
    made = _of_offer(session, actor, assessment, found, due_on=day, remark=remark, now=now)
    _require_room(session, assessment)
    session.flush()
    _tell_company(session, assessment, [made], base_url=base_url, now=now)
    return made


def add(
    session: Session, actor: Actor, vendor_id: str, fields: ActionFields, *, now: datetime, base_url: str
) -> Action:
    """An action of the hospital's own, from a finding, an answer, a contradiction or nothing but its own words."""
    hospital_of(actor, HOSPITAL_WRITERS)
    assessment = _round(session, actor, vendor_id)
    if not fields.title.strip():
        raise BadInput({"title": Message(text=N_("Say in a few words what is to be done."))})
    _require_room(session, assessment)
    words = {
        name: dict.fromkeys(i18n.LANGUAGES, text.strip()[:most])
        for name, text, most in (
            ("title", fields.title, LONGEST_TITLE),
            ("advice", fields.advice, LONGEST_TEXT),
            ("proof", fields.proof, LONGEST_TEXT),
        )
    }
    row = _new(session, actor, assessment, words, due_on=_day(fields.due_on, now=now), now=now)
    row.source, row.source_key = fields.source, fields.source_key[:400]
    row.severity, row.part, row.places = fields.severity, fields.part, list(fields.places)
    row.owner, row.remark = fields.owner.strip()[:200], fields.remark.strip()[:LONGEST_TEXT]
    session.flush()
    _note(session, actor, row, "action.set", now=now)
    _tell_company(session, assessment, [row], base_url=base_url, now=now)
    return row


def answer(
    session: Session,
    actor: Actor,
    vendor_id: str,
    action_id: str,
    verdict: Verdict,
    *,
    remark: str,
    due_on: date | None,
    version: int,
    now: datetime,
    base_url: str,
) -> Action:
    """Confirm, send back, drop, open again, or set another day; all but a confirmation in words."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    row = session.get(Action, action_id, with_for_update=True, populate_existing=True)
    if row is None or (row.hospital_id, row.vendor_id) != (hospital_id, vendor_id):
        raise NotFound
    stands = ActionRow(action=row, reports=_reports(session, Action.id == row.id).get(row.id, ()))
    if stands.version != version:
        raise Clash(Message(text=CHANGED))
    if verdict is not Verdict.CONFIRM and not remark.strip():
        raise BadInput({"remark": Message(text=N_("Say in a sentence why."))})
    if stands.standing not in MAY[verdict]:
        raise NotNow(Message(text=N_("This action stands otherwise by now; nothing was changed.")))
    if verdict in {Verdict.MOVE, Verdict.REOPEN}:
        row.due_on = _day(due_on, now=now)
    if verdict is not Verdict.MOVE:
        row.state = _STATES[verdict]
        row.answered_by, row.answered_at = actor.name[:200], now
    row.remark = remark.strip()[:LONGEST_TEXT]
    row.version += 1
    _note(session, actor, row, f"action.{verdict.value}", now=now)
    if verdict is not Verdict.CONFIRM:
        _tell_company(session, session.get_one(Assessment, row.assessment_id), [row], base_url=base_url, now=now)
    return row


_STATES = {
    Verdict.CONFIRM: ActionState.CONFIRMED,
    Verdict.SEND_BACK: ActionState.OPEN,
    Verdict.DROP: ActionState.DROPPED,
    Verdict.REOPEN: ActionState.OPEN,
}
MAY: Mapping[Verdict, frozenset[Standing]] = {
    Verdict.CONFIRM: frozenset({Standing.OPEN, Standing.REPORTED, Standing.SENT_BACK}),
    Verdict.SEND_BACK: frozenset({Standing.REPORTED}),
    Verdict.DROP: frozenset({Standing.OPEN, Standing.REPORTED, Standing.SENT_BACK}),
    Verdict.REOPEN: frozenset({Standing.CONFIRMED, Standing.DROPPED}),
    Verdict.MOVE: TO_DO,
}


def due(session: Session, actor: Actor, *, today: date) -> Due:
    """What waits for somebody, by vendor: for the first page."""
    hospital_id = hospital_of(actor)
    late: dict[str, list[date]] = {}
    reported: dict[str, list[date]] = {}
    for row in _rows(session, Action.hospital_id == hospital_id, Action.state == ActionState.OPEN):
        if row.is_overdue(today):
            late.setdefault(row.action.vendor_id, []).append(row.action.due_on)
        elif row.standing is Standing.REPORTED:
            reported.setdefault(row.action.vendor_id, []).append(_local(row.reports[0].at))
    waiting: dict[str, list[date]] = {}
    of_offers = Assessment.id.in_(select(PlanOffer.assessment_id))  # few; the rounds of a hospital may be thousands
    asked = session.scalars(
        select(Assessment.vendor_id).where(Assessment.hospital_id == hospital_id, of_offers).distinct()
    ).all()
    for vendor_id, lines in (_offered_by_vendor(session, hospital_id, asked) if asked else {}).items():
        waiting[vendor_id] = [_local(one.offer.at) for one in lines]
    return Due(
        overdue=_waiting(session, late), reported=_waiting(session, reported), offered=_waiting(session, waiting)
    )


def count_waiting(session: Session, actor: Actor, vendor_id: str, *, today: date) -> int:
    """How many lines of a vendor wait for the hospital: overdue, reported as done, offered."""
    rows = of_vendor(session, actor, vendor_id)
    theirs = sum(row.is_overdue(today) or row.standing is Standing.REPORTED for row in rows)
    return theirs + len(offered(session, actor, vendor_id))


def facts(rows: Iterable[ActionRow], *, vendor_keys: Mapping[str, str], today: date) -> Sequence[ActionFact]:
    """The same for documents, by the short key of each vendor; vendors off the lists are left out."""
    return [
        ActionFact(
            key=f"A-{row.action.id[:8]}",
            vendor_key=vendor_keys[row.action.vendor_id],
            title=_words(row, "title"),
            advice=_words(row, "advice"),
            proof=_words(row, "proof"),
            source=Message(text=SOURCES[row.action.source]),
            standing=Message(text=STANDINGS[row.standing]),
            overdue=row.is_overdue(today),
            severity=Severity(row.action.severity) if row.action.severity else None,
            part=row.action.part or None,
            places=tuple(row.action.places),
            owner=row.action.owner,
            due_on=row.action.due_on,
            set_at=row.action.created_at,
            set_by=row.action.by_name,
            reported_at=row.reports[0].at if row.reports else None,
            report=row.reports[0].text if row.reports else "",
            remark=row.action.remark,
        )
        for row in rows
        if row.action.vendor_id in vendor_keys
    ]


def _words(row: ActionRow, name: str) -> Text:
    return Text(de=row.words(name, "de"), en=row.words(name, "en"))


# ---- the company's side


def of_round(session: Session, actor: Actor, assessment_id: str) -> Sequence[ActionRow]:
    """All actions that this hospital has set the company, whatever round they came from."""
    assessment = responses.find(session, actor, assessment_id)
    return _sorted(_of_company(session, assessment))


def report(
    session: Session,
    actor: Actor,
    assessment_id: str,
    action_id: str,
    *,
    text: str,
    evidence_id: str = "",
    now: datetime,
) -> ActionReport:
    """Say that an action is done and what shows it: words, a document, or the scan that both sides can read."""
    company_id = company_of(actor)
    assessment = responses.find(session, actor, assessment_id)
    row = session.get(Action, action_id, with_for_update=True, populate_existing=True)
    if row is None or (row.hospital_id, row.vendor_id) != (assessment.hospital_id, assessment.vendor_id):
        raise NotFound
    if session.get_one(Assessment, row.assessment_id).company_id != company_id:
        raise NotFound
    reports = _reports(session, Action.id == row.id).get(row.id, ())
    if ActionRow(action=row, reports=reports).standing not in TO_DO:
        raise NotNow(Message(text=N_("This action stands otherwise by now; nothing was changed.")))
    if len(reports) >= MOST_REPORTS:
        raise NotNow(Message(text=N_("This action went to and fro so often that you should talk to each other.")))
    wrong: dict[str, Message] = {}
    if not text.strip():
        wrong["text"] = Message(text=N_("Say in a few words what shows that it is done."))
    if evidence_id:
        document = session.get(Evidence, evidence_id)
        if document is None or document.company_id != company_id or document.deleted_at is not None:
            wrong["evidence_id"] = Message(text=N_("Choose one of your documents."))
    if wrong:
        raise BadInput(wrong)
    made = ActionReport(
        company_id=company_id,
        assessment_id=assessment.id,
        action_id=row.id,
        text=text.strip()[:LONGEST_TEXT],
        evidence_id=evidence_id,
        by_name=actor.name[:200],
        at=now,
    )
    session.add(made)
    session.flush()
    audit.record(session, actor, "action.reported", row.id, now=now)
    audit.record(session, actor, "action.reported", row.id, now=now, scope=audit.hospital_scope(row.hospital_id))
    return made


def open_of_company(session: Session, actor: Actor) -> Mapping[str, Sequence[ActionRow]]:
    """What is to be done, by round: for the company's first page. Its newest round with a hospital stands for it."""
    company_id = company_of(actor)
    rounds: dict[tuple[str, str], Assessment] = {}
    for assessment in session.scalars(
        select(Assessment).where(Assessment.company_id == company_id).order_by(Assessment.round)
    ):
        rounds[assessment.hospital_id, assessment.vendor_id] = assessment
    found = {
        assessment.id: [row for row in _sorted(_of_company(session, assessment)) if row.standing in TO_DO]
        for assessment in rounds.values()
    }
    return {assessment_id: rows for assessment_id, rows in found.items() if rows}


def documents(session: Session, rows: Iterable[ActionRow]) -> Mapping[str, str]:
    """The names of the documents that were laid beside reports and can still be opened."""
    wanted = {one.evidence_id for row in rows for one in row.reports if one.evidence_id}
    if not wanted:
        return {}
    found = session.scalars(select(Evidence).where(Evidence.id.in_(wanted), Evidence.deleted_at.is_(None)))
    return {one.id: one.file_name for one in found}


# ---- what the scan says of it


def rechecks(rows: Iterable[ActionRow], dossier: Dossier) -> Mapping[str, Sequence[Recheck]]:
    """What the newest scan in a reader's dossier says of each action that came from a check, host by host."""
    by_place: dict[tuple[str, str], Finding] = {
        (fact.finding.check_id, fact.finding.subject.name): fact.finding for fact in dossier.findings
    }
    found: dict[str, Sequence[Recheck]] = {}
    for row in rows:
        check_id = row.action.source_key.removeprefix("check:")
        if check_id == row.action.source_key:
            continue
        seen = [by_place.get((check_id, place)) for place in row.action.places]
        found[row.action.id] = [
            Recheck(place=one.subject.name, outcome=one.outcome, at=one.at)
            for one in seen
            if one is not None and not one.provisional and one.at > row.action.created_at
        ]
    return found


# ---- rows


def _rows(session: Session, *where: Any) -> list[ActionRow]:
    found = session.scalars(select(Action).where(*where).order_by(Action.due_on, Action.created_at, Action.id)).all()
    reports = _reports(session, *where) if found else {}
    return [ActionRow(action=row, reports=reports.get(row.id, ())) for row in found]


def _of_company(session: Session, assessment: Assessment) -> list[ActionRow]:
    """Of the same vendor record, but only what was set while this company answered for it."""
    ours = select(Assessment.id).where(Assessment.company_id == assessment.company_id)
    return _rows(
        session,
        Action.hospital_id == assessment.hospital_id,
        Action.vendor_id == assessment.vendor_id,
        Action.assessment_id.in_(ours),
    )


def _reports(session: Session, *where: Any) -> Mapping[str, Sequence[ActionReport]]:
    """The reports on these actions, by action, the newest first."""
    found: dict[str, list[ActionReport]] = {}
    for one in session.scalars(
        select(ActionReport)
        .where(ActionReport.action_id.in_(select(Action.id).where(*where)))
        .order_by(ActionReport.at.desc(), ActionReport.id)
    ):
        found.setdefault(one.action_id, []).append(one)
    return found


_ORDER = (Standing.REPORTED, Standing.SENT_BACK, Standing.OPEN, Standing.CONFIRMED, Standing.DROPPED)


def _sorted(rows: Iterable[ActionRow]) -> Sequence[ActionRow]:
    return sorted(rows, key=lambda row: (_ORDER.index(row.standing), row.action.due_on, row.action.id))


def _offered(session: Session, hospital_id: str, vendor_id: str) -> Sequence[Offered]:
    return _offered_by_vendor(session, hospital_id, [vendor_id]).get(vendor_id, ())


def _offered_by_vendor(
    session: Session, hospital_id: str, vendor_ids: Sequence[str]
) -> Mapping[str, Sequence[Offered]]:
    """Of the company that would do it; what another company offered for this vendor before is no business of it.
    Three queries however many vendors there are."""
    rounds = session.execute(
        select(Assessment.vendor_id, Assessment.company_id)
        .where(Assessment.hospital_id == hospital_id, Assessment.vendor_id.in_(vendor_ids))
        .order_by(Assessment.round)
    )
    company = {row.vendor_id: row.company_id for row in rounds}  # of the newest round
    offers: dict[str, list[PlanOffer]] = {}
    for one, vendor_id in session.execute(
        select(PlanOffer, Assessment.vendor_id)
        .join(Assessment, Assessment.id == PlanOffer.assessment_id)
        .where(Assessment.hospital_id == hospital_id, Assessment.vendor_id.in_(vendor_ids))
        .order_by(PlanOffer.at.desc(), PlanOffer.id)
    ):
        if company[vendor_id] in {None, one.company_id}:
            offers.setdefault(vendor_id, []).append(one)
    taken: dict[str, list[Action]] = {}
    for row in session.scalars(
        select(Action).where(
            Action.hospital_id == hospital_id, Action.vendor_id.in_(vendor_ids), Action.source == ActionSource.PLAN
        )
    ):
        taken.setdefault(row.vendor_id, []).append(row)
    found = {vendor_id: _unanswered(theirs, taken.get(vendor_id, ())) for vendor_id, theirs in offers.items()}
    return {vendor_id: lines for vendor_id, lines in found.items() if lines}


def _unanswered(offers: Iterable[PlanOffer], taken: Iterable[Action]) -> Sequence[Offered]:
    """The lines of these offers, the newest first, that nobody has answered since."""
    answered: dict[str, datetime] = {}
    agreed: set[str] = set()
    for row in taken:
        answered[row.source_key] = max(row.created_at, answered.get(row.source_key, row.created_at))
        if row.state is ActionState.OPEN:
            agreed.add(row.source_key)
    found: dict[str, Offered] = {}
    for one in offers:
        for line in one.lines:
            key = str(line["key"])
            if key in found or key in agreed:
                continue
            if key not in answered or one.at > answered[key]:
                found[key] = Offered(offer=one, line=line)
    return sorted(found.values(), key=lambda one: (one.due_on, one.key))


def _chosen(session: Session, actor: Actor, vendor_id: str, keys: Iterable[str]) -> Sequence[Offered]:
    known = {one.key: one for one in offered(session, actor, vendor_id)}
    wanted = list(dict.fromkeys(keys))
    if not wanted:
        raise BadInput({"keys": Message(text=N_("Choose at least one line."))})
    if any(key not in known for key in wanted):
        raise Clash(Message(text=CHANGED))
    return [known[key] for key in wanted]


def _of_offer(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    one: Offered,
    *,
    due_on: date,
    remark: str,
    now: datetime,
) -> Action:
    words = {name: dict(one.line.get(name) or {}) for name in ("title", "advice", "proof")}
    row = _new(session, actor, assessment, words, due_on=due_on, now=now)
    row.source, row.source_key, row.offer_id = ActionSource.PLAN, one.key, one.offer.id
    row.severity, row.part = str(one.line["severity"]), str(one.line["part"])
    row.places, row.owner = list(one.line["places"]), str(one.line["owner"])[:200]
    row.remark = remark.strip()[:LONGEST_TEXT]
    session.flush()
    _note(session, actor, row, "action.taken", now=now)
    return row


def _new(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    words: dict[str, Any],
    *,
    due_on: date,
    now: datetime,
) -> Action:
    row = Action(
        hospital_id=assessment.hospital_id,
        vendor_id=assessment.vendor_id,
        assessment_id=assessment.id,
        source=ActionSource.OWN,
        words=words,
        places=[],
        due_on=due_on,
        by_name=actor.name[:200],
        created_at=now,
    )
    session.add(row)
    return row


def _round(session: Session, actor: Actor, vendor_id: str) -> Assessment:
    """The newest round, whose company is to do it; until the commit nobody else sets actions beside us."""
    vendor = vendors.find(session, actor, vendor_id)
    session.execute(select(Vendor.id).where(Vendor.id == vendor.id).with_for_update())
    assessment = permissions.newest_assessment(session, vendor.hospital_id, vendor.id)
    if assessment is None or assessment.company_id is None:
        raise NotNow(Message(text=N_("No company has taken an invitation yet, so nobody could do it.")))
    return assessment


def _require_room(session: Session, assessment: Assessment) -> None:
    session.flush()
    rows = select(Action.id).where(
        Action.hospital_id == assessment.hospital_id, Action.vendor_id == assessment.vendor_id
    )
    if len(session.scalars(rows).all()) > MOST:
        raise NotNow(Message(text=N_("There are so many actions for this vendor that nobody could follow.")))


def _day(due_on: date | None, *, now: datetime) -> date:
    today = _local(now)
    if due_on is None or not today <= due_on <= today + FURTHEST:
        raise BadInput({"due_on": Message(text=N_("Choose a day from today on, within three years."))})
    return due_on


def _local(at: datetime) -> date:
    return at.astimezone(BERLIN).date()


def _waiting(session: Session, days: Mapping[str, Sequence[date]]) -> Sequence[Waiting]:
    found = (
        session.scalars(
            select(Vendor)
            .where(Vendor.id.in_(list(days)), Vendor.ended_at.is_(None))
            .options(selectinload(Vendor.supplies))
        )
        if days
        else ()
    )
    rows = [
        Waiting(
            vendor=vendor,
            supplies=[supply for supply in vendor.supplies if supply.ended_at is None],
            count=len(days[vendor.id]),
            since=min(days[vendor.id]),
        )
        for vendor in found
    ]
    return sorted(rows, key=lambda row: (row.since, row.vendor.name.casefold()))


def _note(session: Session, actor: Actor, row: Action, verb: str, *, now: datetime) -> None:
    """In both sides' trail: what is asked of a company is its to know."""
    detail = {"vendor": row.vendor_id, "due_on": row.due_on.isoformat(), "source": row.source_key[:100]}
    audit.record(session, actor, verb, row.id, now=now, detail=detail)
    company_id = session.get_one(Assessment, row.assessment_id).company_id
    if company_id:
        scope = audit.company_scope(company_id)
        audit.record(session, actor, verb, row.id, now=now, scope=scope, detail={"due_on": row.due_on.isoformat()})


def _tell_company(
    session: Session, assessment: Assessment, rows: Sequence[Action], *, base_url: str, now: datetime
) -> None:
    hospital = session.get_one(Hospital, assessment.hospital_id)
    vendor = session.get_one(Vendor, assessment.vendor_id)
    language = home.language_of(vendor.country)
    speak = i18n.translator(language)
    letter = Letter(
        subject=speak(N_("%(hospital)s: news of your actions")) % {"hospital": hospital.name},
        paragraphs=(
            speak(N_("%(hospital)s has agreed on, moved or sent back what is to be done:"))
            % {"hospital": hospital.name},
            "\n".join(f"– {row.words['title'].get(language, '')} ({row.due_on:%d.%m.%Y})" for row in rows[:20]),
        ),
        link=f"{base_url}/vendor/rounds/{assessment.id}/actions",
        link_text=speak(N_("To your actions")),
    )
    company = session.get_one(Company, assessment.company_id)
    for person in accounts.people_of_company(session, company.id):
        outbox.post(
            session,
            letter,
            kind="actions",
            to=person.email,
            language=language,
            hospital_id=assessment.hospital_id,
            now=now,
        )
