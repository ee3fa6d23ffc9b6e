"""Incidents that companies report to their hospitals unasked: words that are only added, each with its receipts.

Nobody learns of another: a hospital sees the incident, the words, and its own products; who else was told it does not.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.db.models.accounts import Company, Hospital
from portal.db.models.assessments import Assessment, AssessmentSupply, Stage
from portal.db.models.incidents import (
    Incident,
    IncidentAddressee,
    IncidentDesk,
    IncidentReceipt,
    IncidentStage,
    IncidentWord,
)
from portal.db.models.vendors import Supply, Vendor
from portal.db.models.watching import CallKind
from portal.errors import BadInput, Clash, NotFound, NotNow
from portal.services import audit
from portal.services.actors import HOSPITAL_WRITERS, Actor, company_of, hospital_of
from portal.services.incidents import incident_clocks, incident_letters
from portal.services.incidents.incident_clocks import Clock
from portal.services.people import accounts
from portal.services.rounds import reassessment_calls
from portal.services.vendors import vendors
from scanners.model import N_, Message

LONGEST_TITLE = 200
LONGEST_TEXT = 8000
LONGEST_CONTACT = 200
MOST_WORDS = 200  # of one incident
MOST_A_YEAR = 200  # incidents of one company
OLDEST = timedelta(days=366)
FURTHEST_WORD = timedelta(days=60)
NAMED, NOT_NAMED, UNKNOWN = "yes", "no", "unknown"
SUSPICIONS: Mapping[str, str] = {NAMED: N_("yes"), NOT_NAMED: N_("no"), UNKNOWN: N_("not known yet")}


@dataclass(frozen=True, kw_only=True)
class WordFields:
    """What a company says at one moment; every text may be empty but what happened and whom to reach."""

    what: str
    contact_name: str
    contact_phone: str = ""
    contact_email: str = ""
    since: str = ""  # when it began, in words
    products: str = ""
    effect: str = ""  # on the operation of the hospital and on patients
    personal_data: str = ""
    malicious: str = UNKNOWN
    abroad: str = UNKNOWN
    severity: str = ""
    traces: str = ""
    cause: str = ""
    measures: str = ""
    advice: str = ""  # what the hospital should do now
    next_at: datetime | None = None


TEXTS: Mapping[str, str] = {
    "what": N_("What has happened"),
    "since": N_("Since when"),
    "products": N_("Affected products and services"),
    "effect": N_("Effect on the operation of the hospital and on patients"),
    "personal_data": N_("Personal data"),
    "severity": N_("First assessment of the severity"),
    "traces": N_("Traces to look for (indicators of compromise)"),
    "cause": N_("Kind and likely cause"),
    "measures": N_("What was done and is being done"),
    "advice": N_("What we ask the hospital to do now"),
}


@dataclass(frozen=True, kw_only=True)
class Told:
    """A hospital that was told, as the company sees it."""

    addressee: IncidentAddressee
    hospital: str
    receipts: Sequence[IncidentReceipt]  # the oldest first
    desk_phone: str = ""


@dataclass(frozen=True, kw_only=True)
class Link:
    """A hospital that the company is linked to, and the products it knows the company for."""

    assessment_id: str
    hospital_id: str
    vendor_id: str
    hospital: str
    supplies: Mapping[str, str]  # id, name


@dataclass(frozen=True, kw_only=True)
class Report:
    """An incident with all that was said, the oldest first."""

    incident: Incident
    company: str
    words: Sequence[IncidentWord]
    clocks: Sequence[Clock]

    @property
    def is_closed(self) -> bool:
        """Whether the final report is there."""
        return any(word.stage is IncidentStage.FINAL for word in self.words)

    @property
    def last(self) -> IncidentWord:
        """The newest word."""
        return self.words[-1]

    @property
    def next_at(self) -> datetime | None:
        """When the next word was promised; None once closed."""
        return None if self.is_closed else fields_of(self.last).next_at

    @property
    def next_clock(self) -> Clock | None:
        """The clock that ends first of those that run."""
        return min((one for one in self.clocks if one.is_open), key=lambda one: one.due_at, default=None)

    @property
    def stages_left(self) -> Sequence[IncidentStage]:
        """What may be said next."""
        said = {word.stage for word in self.words}
        if IncidentStage.FINAL in said:
            return ()
        middle = () if IncidentStage.NOTIFICATION in said else (IncidentStage.NOTIFICATION,)
        return (*middle, IncidentStage.INTERIM, IncidentStage.FINAL)

    def newest(self, stages: Iterable[IncidentStage]) -> IncidentWord | None:
        """The last word of one of these stages."""
        wanted = set(stages)
        return next((word for word in reversed(self.words) if word.stage in wanted), None)


@dataclass(frozen=True, kw_only=True)
class Received:
    """An incident as a hospital reads it."""

    report: Report
    vendor: Vendor
    supplies: Sequence[str]
    told_at: datetime
    receipts: Mapping[str, IncidentReceipt]  # by word

    @property
    def unread(self) -> Sequence[IncidentWord]:
        """The words whose receipt nobody has confirmed yet."""
        return [word for word in self.report.words if word.id not in self.receipts]

    @property
    def is_late(self) -> bool:
        """Whether a word of the company is missing that should be there."""
        return any(clock.is_overdue for clock in self.report.clocks)


# ---- the company's side


def links(session: Session, actor: Actor) -> Sequence[Link]:
    """The hospitals that the actor's company answers, each with the products of its rounds."""
    company_id = company_of(actor)
    newest: dict[tuple[str, str], list[Assessment]] = {}
    for row in session.scalars(
        select(Assessment)
        .join(Vendor, (Vendor.hospital_id == Assessment.hospital_id) & (Vendor.id == Assessment.vendor_id))
        .join(Hospital, Hospital.id == Assessment.hospital_id)
        .where(
            Assessment.company_id == company_id,
            Assessment.stage != Stage.DRAFT,
            Vendor.ended_at.is_(None),
            Hospital.ended_at.is_(None),
            ~Hospital.is_for_bidder,
        )
        .order_by(Assessment.round)
    ):
        newest.setdefault((row.hospital_id, row.vendor_id), []).append(row)
    found = [_link(session, rows) for rows in newest.values()]
    return sorted(found, key=lambda link: (link.hospital.casefold(), link.assessment_id))


def _link(session: Session, rounds: Sequence[Assessment]) -> Link:
    last = rounds[-1]
    supplies = session.scalars(
        select(Supply)
        .join(AssessmentSupply, AssessmentSupply.supply_id == Supply.id)
        .where(
            AssessmentSupply.hospital_id == last.hospital_id,
            AssessmentSupply.assessment_id.in_([one.id for one in rounds]),
            Supply.ended_at.is_(None),
        )
        .order_by(Supply.name)
    )
    return Link(
        assessment_id=last.id,
        hospital_id=last.hospital_id,
        vendor_id=last.vendor_id,
        hospital=session.get_one(Hospital, last.hospital_id).name,
        supplies={supply.id: supply.name for supply in supplies},
    )


def report(
    session: Session,
    actor: Actor,
    *,
    title: str,
    known_at: datetime,
    stage: IncidentStage,
    word: WordFields,
    supply_ids: Iterable[str] = (),
    assessment_ids: Iterable[str] | None = None,
    is_exercise: bool = False,
    base_url: str,
    now: datetime,
) -> Incident:
    """Tell hospitals of an incident. `assessment_ids` None: every hospital one of whose products is named. An exercise
    tells nobody."""
    company_id = company_of(actor)
    known = links(session, actor)
    affected = set(supply_ids)
    chosen = _chosen(known, affected, assessment_ids)
    wrong = _wrong_word(word, stage, now=now)
    if not title.strip():
        wrong["title"] = Message(text=N_("Say in a few words what it is about."))
    if not now - OLDEST <= known_at <= now:
        wrong["known_at"] = Message(text=N_("Enter a moment within the last year, not in the future."))
    if stage not in {IncidentStage.EARLY, IncidentStage.NOTIFICATION}:
        wrong["stage"] = Message(text=N_("Choose one."))
    if not is_exercise and not chosen:
        wrong["hospitals"] = Message(text=N_("Choose at least one hospital, or a product that it has from you."))
    if wrong:
        raise BadInput(wrong)
    _require_room(session, company_id, now=now)
    audit.take_turns(
        session,
        audit.company_scope(company_id),
        *(() if is_exercise else {audit.hospital_scope(link.hospital_id) for link in chosen}),
    )
    row = Incident(
        company_id=company_id,
        title=" ".join(title.split())[:LONGEST_TITLE],
        known_at=known_at,
        is_exercise=is_exercise,
        by_name=actor.name[:200],
        created_at=now,
    )
    session.add(row)
    session.flush()
    audit.record(session, actor, "incident.reported", row.id, now=now, detail={"exercise": is_exercise})
    if not is_exercise:
        _address(session, actor, row, chosen, affected, now=now)
    _say(session, actor, row, stage, word, now=now)
    _tell_hospitals(session, row, stage, word, base_url=base_url, now=now)
    return row


def add_word(
    session: Session,
    actor: Actor,
    incident_id: str,
    stage: IncidentStage,
    word: WordFields,
    *,
    sequence: int,
    also: Iterable[str] = (),
    base_url: str,
    now: datetime,
) -> IncidentWord:
    """The next word; `sequence` is that of the newest one the writer has read, `also` are rounds of further hospitals,
    which read all that was said."""
    incident = _own(session, actor, incident_id, lock=True)
    found = of_company(session, actor, incident_id, now=now)
    if found.last.sequence != sequence:
        raise Clash(Message(text=N_("Somebody else added a word in the meantime. Read it, and send yours again.")))
    if stage not in found.stages_left:
        raise NotNow(Message(text=N_("This incident has its final report, or had this word already.")))
    if wrong := _wrong_word(word, stage, now=now):
        raise BadInput(wrong)
    if len(found.words) >= MOST_WORDS:
        raise NotNow(Message(text=N_("So much was said of this incident that nobody could follow; report a new one.")))
    there = {(one.hospital_id, one.vendor_id) for one in _addressees(session, incident.id)}
    wanted = set() if incident.is_exercise else set(also)
    further = [
        one
        for one in links(session, actor)
        if one.assessment_id in wanted and (one.hospital_id, one.vendor_id) not in there
    ]
    scopes = {hospital_id for hospital_id, _vendor in there} | {one.hospital_id for one in further}
    audit.take_turns(session, audit.company_scope(incident.company_id), *map(audit.hospital_scope, scopes))
    _address(session, actor, incident, further, set(), now=now)
    row = _say(session, actor, incident, stage, word, now=now)
    _tell_hospitals(session, incident, stage, word, base_url=base_url, now=now)
    return row


def own(session: Session, actor: Actor, *, now: datetime) -> Sequence[Report]:
    """All incidents of the actor's company: what is open first, then the newest."""
    company_id = company_of(actor)
    rows = session.scalars(select(Incident).where(Incident.company_id == company_id)).all()
    found = _reports(session, rows, now=now)
    return sorted(found, key=lambda one: (one.is_closed, -one.incident.created_at.timestamp()))


def of_company(session: Session, actor: Actor, incident_id: str, *, now: datetime) -> Report:
    """One incident of the actor's company."""
    return _reports(session, [_own(session, actor, incident_id)], now=now)[0]


def told(session: Session, actor: Actor, incident_id: str) -> Sequence[Told]:
    """The hospitals the company has told, with who there confirmed it and when."""
    incident = _own(session, actor, incident_id)
    receipts = session.scalars(
        select(IncidentReceipt).where(IncidentReceipt.incident_id == incident.id).order_by(IncidentReceipt.at)
    ).all()
    found = []
    for row in _addressees(session, incident.id):
        hospital = session.get_one(Hospital, row.hospital_id)
        desk = session.get(IncidentDesk, row.hospital_id)
        found.append(
            Told(
                addressee=row,
                hospital=hospital.name,
                receipts=[
                    one for one in receipts if (one.hospital_id, one.vendor_id) == (row.hospital_id, row.vendor_id)
                ],
                desk_phone=(desk.phone if desk else "") or hospital.contact_phone,
            )
        )
    return sorted(found, key=lambda one: one.hospital.casefold())


# ---- the hospital's side


def of_hospital(session: Session, actor: Actor, *, now: datetime, vendor_id: str | None = None) -> Sequence[Received]:
    """What vendors have reported: unconfirmed first, then late, then open, then the newest."""
    hospital_id = hospital_of(actor)
    found = _received(session, hospital_id, vendor_id=vendor_id, now=now)
    return sorted(
        found,
        key=lambda one: (
            not one.unread,
            one.report.is_closed,
            not one.is_late,
            -one.report.last.at.timestamp(),
            one.report.incident.id,
        ),
    )


def due(session: Session, actor: Actor, *, now: datetime) -> Sequence[Received]:
    """What waits for somebody of the hospital, or for a vendor's overdue word: for the first page."""
    return [one for one in of_hospital(session, actor, now=now) if one.unread or one.is_late]


def find(session: Session, actor: Actor, incident_id: str, *, now: datetime) -> Received:
    """One incident that was reported to the actor's hospital."""
    hospital_id = hospital_of(actor)
    found = _received(session, hospital_id, incident_id=incident_id, now=now)
    if not found:
        raise NotFound
    return found[0]


def confirm(session: Session, actor: Actor, incident_id: str, *, text: str = "", now: datetime) -> int:
    """A person of the hospital has read all that was said so far; the company sees who and when. How many words."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    received = find(session, actor, incident_id, now=now)
    incident = received.report.incident
    session.execute(select(Hospital.id).where(Hospital.id == hospital_id).with_for_update())
    unread = find(session, actor, incident_id, now=now).unread
    if not unread:
        raise NotNow(Message(text=N_("Somebody has confirmed this already.")))
    audit.take_turns(session, audit.hospital_scope(hospital_id), audit.company_scope(incident.company_id))
    for word in unread:
        session.add(
            IncidentReceipt(
                hospital_id=hospital_id,
                vendor_id=received.vendor.id,
                incident_id=incident.id,
                word_id=word.id,
                text=text.strip()[:LONGEST_TEXT] if word is unread[-1] else "",
                by_name=actor.name[:200],
                at=now,
            )
        )
    session.flush()
    detail = {"words": len(unread)}
    audit.record(session, actor, "incident.confirmed", incident.id, now=now, detail=detail)
    scope = audit.company_scope(incident.company_id)
    audit.record(session, actor, "incident.confirmed", incident.id, now=now, scope=scope, detail=detail)
    return len(unread)


def desk(session: Session, actor: Actor) -> IncidentDesk | None:
    """Whom the hospital wants told at any hour; None: nobody was named."""
    return session.get(IncidentDesk, hospital_of(actor))


def name_desk(
    session: Session, actor: Actor, *, name: str, email: str, phone: str, version: int, now: datetime
) -> IncidentDesk:
    """Name the emergency contact; mails about incidents go there too, and companies that report read the number."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    address = accounts.email_address(email) if email.strip() else ""
    row = session.get(IncidentDesk, hospital_id, with_for_update=True)
    if (row.version if row else 0) != version:
        raise Clash(
            Message(text=N_("Somebody else changed this in the meantime. Look at what stands now and save again."))
        )
    if row is None:
        row = IncidentDesk(hospital_id=hospital_id, version=0, by_name="", at=now)
        session.add(row)
    row.name, row.email, row.phone = name.strip()[:200], address, phone.strip()[:60]
    row.by_name, row.at = actor.name[:200], now
    row.version += 1
    session.flush()
    audit.record(session, actor, "incident.desk-named", hospital_id, now=now, detail={"email": address})
    return row


def count_waiting(session: Session, actor: Actor, vendor_id: str, *, now: datetime) -> int:
    """How many incidents of a vendor wait for the hospital, or for the vendor's overdue word."""
    vendor = vendors.find(session, actor, vendor_id)
    found = _received(session, vendor.hospital_id, vendor_id=vendor.id, now=now)
    return sum(bool(one.unread) or one.is_late for one in found)


# ---- words


def fields_of(word: IncidentWord) -> WordFields:
    """What a word says."""
    document: dict[str, Any] = {key: word.document[key] for key in _NAMES if key in word.document}
    if document.get("next_at"):
        document["next_at"] = datetime.fromisoformat(document["next_at"])
    return WordFields(**document)


def together(words: Sequence[IncidentWord]) -> WordFields | None:
    """What stands after all of them: of each line the newest that says something."""
    if not words:
        return None
    result = fields_of(words[0])
    for word in words[1:]:
        newer = {
            name: value
            for name, value in asdict(fields_of(word)).items()
            if value and not (name in _SUSPECTED and value == UNKNOWN)
        }
        result = replace(result, **newer)
    return result


_NAMES = tuple(field.name for field in fields(WordFields))
_SUSPECTED = ("malicious", "abroad")


def _document(word: WordFields) -> dict[str, Any]:
    limits = dict.fromkeys(TEXTS, LONGEST_TEXT)
    return {
        **{
            name: str(getattr(word, name)).strip()[: limits.get(name, LONGEST_CONTACT)]
            for name in _NAMES
            if name != "next_at"
        },
        "next_at": word.next_at.isoformat() if word.next_at else None,
    }


def _wrong_word(word: WordFields, stage: IncidentStage, *, now: datetime) -> dict[str, Message]:
    wrong: dict[str, Message] = {}
    if not word.what.strip():
        wrong["what"] = Message(text=N_("Say what has happened, as far as you know."))
    if not word.contact_name.strip():
        wrong["contact_name"] = Message(text=N_("Name somebody whom the hospital can reach now."))
    if not word.contact_phone.strip() and not word.contact_email.strip():
        wrong["contact_phone"] = Message(text=N_("Give a telephone number or a mail address."))
    if stage is IncidentStage.FINAL:
        for name in ("cause", "measures"):
            if not str(getattr(word, name)).strip():
                wrong[name] = Message(text=N_("A final report needs this."))
    elif word.next_at is None or not now < word.next_at <= now + FURTHEST_WORD:
        wrong["next_at"] = Message(text=N_("Say when the next word comes, within sixty days."))
    for name in _SUSPECTED:
        if getattr(word, name) not in SUSPICIONS:
            wrong[name] = Message(text=N_("Choose one."))
    return wrong


# ---- rows


def _chosen(known: Sequence[Link], affected: set[str], wanted: Iterable[str] | None) -> Sequence[Link]:
    if wanted is None:
        return [link for link in known if affected & set(link.supplies)]
    ids = set(wanted)
    return [link for link in known if link.assessment_id in ids]


def _address(
    session: Session, actor: Actor, incident: Incident, chosen: Iterable[Link], affected: set[str], *, now: datetime
) -> None:
    for link in chosen:
        session.add(
            IncidentAddressee(
                company_id=incident.company_id,
                incident_id=incident.id,
                assessment_id=link.assessment_id,
                hospital_id=link.hospital_id,
                vendor_id=link.vendor_id,
                supplies=[name for key, name in link.supplies.items() if key in affected],
                at=now,
            )
        )
        session.flush()
        reassessment_calls.happened(session, link.hospital_id, link.vendor_id, CallKind.INCIDENT, now=now)
        scope = audit.hospital_scope(link.hospital_id)
        detail = {"vendor": link.vendor_id}
        audit.record(session, actor, "incident.reported", incident.id, now=now, scope=scope, detail=detail)
        audit.record(session, actor, "incident.addressed", incident.id, now=now, detail={"round": link.assessment_id})


def _say(
    session: Session, actor: Actor, incident: Incident, stage: IncidentStage, word: WordFields, *, now: datetime
) -> IncidentWord:
    last = session.scalar(select(func.max(IncidentWord.sequence)).where(IncidentWord.incident_id == incident.id))
    row = IncidentWord(
        company_id=incident.company_id,
        incident_id=incident.id,
        sequence=(last or 0) + 1,
        stage=stage,
        document=_document(word),
        by_name=actor.name[:200],
        at=now,
    )
    session.add(row)
    session.flush()
    detail = {"stage": stage.value, "sequence": row.sequence}
    audit.record(session, actor, "incident.word", incident.id, now=now, detail=detail)
    for hospital_id in sorted({one.hospital_id for one in _addressees(session, incident.id)}):
        scope = audit.hospital_scope(hospital_id)
        audit.record(session, actor, "incident.word", incident.id, now=now, scope=scope, detail=detail)
    return row


def _tell_hospitals(
    session: Session, incident: Incident, stage: IncidentStage, word: WordFields, *, base_url: str, now: datetime
) -> None:
    for row in _addressees(session, incident.id):
        incident_letters.tell_hospital(
            session,
            incident_letters.News(
                hospital_id=row.hospital_id,
                vendor=session.get_one(Vendor, row.vendor_id).name,
                incident=incident,
                stage=stage,
                supplies=tuple(row.supplies),
                contact=" · ".join(filter(None, (word.contact_name, word.contact_phone, word.contact_email))),
                next_at=None if stage is IncidentStage.FINAL else word.next_at,
            ),
            base_url=base_url,
            now=now,
        )


def _own(session: Session, actor: Actor, incident_id: str, *, lock: bool = False) -> Incident:
    row = session.get(Incident, incident_id, with_for_update=lock, populate_existing=lock)
    if row is None or row.company_id != company_of(actor):
        raise NotFound
    return row


def _addressees(session: Session, incident_id: str) -> Sequence[IncidentAddressee]:
    return session.scalars(
        select(IncidentAddressee)
        .where(IncidentAddressee.incident_id == incident_id)
        .order_by(IncidentAddressee.at, IncidentAddressee.id)
    ).all()


def _require_room(session: Session, company_id: str, *, now: datetime) -> None:
    session.execute(select(Company.id).where(Company.id == company_id).with_for_update())
    count = session.scalar(
        select(func.count())
        .select_from(Incident)
        .where(Incident.company_id == company_id, Incident.created_at > now - OLDEST)
    )
    if (count or 0) >= MOST_A_YEAR:
        raise NotNow(Message(text=N_("So many incidents were reported this year that you should call the hospitals.")))


def _received(
    session: Session, hospital_id: str, *, now: datetime, vendor_id: str | None = None, incident_id: str | None = None
) -> list[Received]:
    rows = session.scalars(
        select(IncidentAddressee)
        .where(
            IncidentAddressee.hospital_id == hospital_id,
            *([IncidentAddressee.vendor_id == vendor_id] if vendor_id else []),
            *([IncidentAddressee.incident_id == incident_id] if incident_id else []),
        )
        .order_by(IncidentAddressee.at, IncidentAddressee.id)
    ).all()
    if not rows:
        return []
    ids = {row.incident_id for row in rows}
    incidents = session.scalars(select(Incident).where(Incident.id.in_(ids))).all()
    reports = {one.incident.id: one for one in _reports(session, incidents, now=now)}
    receipts: dict[str, dict[str, IncidentReceipt]] = {}
    for receipt in session.scalars(
        select(IncidentReceipt).where(IncidentReceipt.hospital_id == hospital_id, IncidentReceipt.incident_id.in_(ids))
    ):
        receipts.setdefault(receipt.incident_id, {})[receipt.word_id] = receipt
    return [
        Received(
            report=reports[row.incident_id],
            vendor=session.get_one(Vendor, row.vendor_id),
            supplies=tuple(row.supplies),
            told_at=row.at,
            receipts=receipts.get(row.incident_id, {}),
        )
        for row in rows
    ]


def _reports(session: Session, rows: Sequence[Incident], *, now: datetime) -> list[Report]:
    words: dict[str, list[IncidentWord]] = {}
    for word in session.scalars(
        select(IncidentWord)
        .where(IncidentWord.incident_id.in_([row.id for row in rows]))
        .order_by(IncidentWord.incident_id, IncidentWord.sequence)
    ):
        words.setdefault(word.incident_id, []).append(word)
    names = {row.company_id: session.get_one(Company, row.company_id).name for row in rows}
    return [
        Report(
            incident=row,
            company=names[row.company_id],
            words=words[row.id],
            clocks=incident_clocks.clocks(row.known_at, [(word.stage, word.at) for word in words[row.id]], now=now),
        )
        for row in rows
    ]
