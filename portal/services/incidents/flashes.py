"""The incident flash (Blitzumfrage): one question to every vendor with a product or component, with clocks.

Whom to ask is proposed from what is known: names of products and vendors, and lists of parts (SBOM) that were handed
in. A vendor without such a list stands apart, so that nobody takes silence for a no. Answers are only added.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session, selectinload

from portal import i18n, mailer
from portal.db.models.accounts import Hospital, Person
from portal.db.models.assessments import Assessment
from portal.db.models.incidents import Flash, FlashAsked, FlashLink, FlashNote, FlashReply, FlashStanding, IncidentDesk
from portal.db.models.responses import Evidence
from portal.db.models.supplies import ContactRole, VendorContact
from portal.db.models.vendors import Vendor
from portal.errors import BadInput, NotFound, NotNow
from portal.services import audit, jobs
from portal.services.actors import HOSPITAL_WRITERS, SYSTEM, Actor, company_of, hospital_of
from portal.services.evidence import listed_components
from portal.services.incidents import incident_clocks, incident_letters
from portal.services.jobs import JobKind
from portal.services.mails.letters import Letter
from portal.services.people import accounts, tickets
from portal.services.scans import permissions
from portal.services.vendors import vendors
from scanners.model import N_, Message

LONGEST_ABOUT = 200
LONGEST_TEXT = 8000
MOST_OTHERS = 10  # further people of one vendor that are written to
MOST_VENDORS = 500  # asked at once
MOST_MATCHES = 6  # that are kept with a vendor
MOST_REPLIES = 50  # of one vendor to one question
LINK_LASTS = timedelta(days=14)
STANDINGS = incident_letters.STANDINGS
FINAL = frozenset({FlashStanding.AFFECTED, FlashStanding.NOT_AFFECTED})


class KnownBy(StrEnum):
    """From what a vendor is proposed, or why it is not."""

    COMPONENT = "component"
    PRODUCT = "product"
    NAME = "name"
    NOT_LISTED = "not-listed"  # its list of parts does not name it
    UNKNOWN = "unknown"  # no list of parts known


KNOWN_BY: Mapping[KnownBy, str] = {
    KnownBy.COMPONENT: N_("a list of parts names it"),
    KnownBy.PRODUCT: N_("named among its products"),
    KnownBy.NAME: N_("the vendor's name"),
    KnownBy.NOT_LISTED: N_("its list of parts does not name it"),
    KnownBy.UNKNOWN: N_("no list of parts known"),
}
FOUND = (KnownBy.COMPONENT, KnownBy.PRODUCT, KnownBy.NAME)


@dataclass(frozen=True, kw_only=True)
class FlashFields:
    """What is asked, in the hospital's own words, and whom."""

    about: str
    text_de: str
    text_en: str
    vendor_ids: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A vendor and what is known of it."""

    vendor: Vendor
    known_by: KnownBy
    matches: tuple[str, ...]
    email: str

    @property
    def is_found(self) -> bool:
        """Whether something names what is asked about."""
        return self.known_by in FOUND


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One word on a question: of the vendor itself, or as the hospital wrote it down."""

    standing: FlashStanding
    text: str
    by: str
    at: datetime
    is_ours: bool = False  # written down by the hospital
    evidence_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A vendor on the board."""

    asked: FlashAsked
    vendor: Vendor
    supplies: Sequence[str]
    answers: Sequence[Answer]  # the newest first
    opened_at: datetime | None
    company_id: str | None
    phones: Sequence[str] = ()

    @property
    def standing(self) -> FlashStanding | None:
        """Its last word; None: none yet."""
        return self.answers[0].standing if self.answers else None

    @property
    def is_final(self) -> bool:
        """Whether nothing more is waited for."""
        return self.standing in FINAL

    def is_late(self, flash: Flash, now: datetime) -> bool:
        """Whether a word is missing that should be there."""
        if self.is_final:
            return False
        return now > (flash.last_due_at if self.answers else flash.first_due_at)


@dataclass(frozen=True, kw_only=True)
class Board:
    """A question with everybody who was asked: affected first, then who owes a word, then the rest."""

    flash: Flash
    lines: Sequence[Line]
    now: datetime

    @property
    def counts(self) -> Mapping[str, int]:
        """How many answered so, by the word; "": not at all."""
        found = [line.standing.value if line.standing else "" for line in self.lines]
        return {word: found.count(word) for word in ("", *FlashStanding)}

    @property
    def late(self) -> Sequence[Line]:
        """Who owes a word."""
        return [] if self.flash.closed_at else [line for line in self.lines if line.is_late(self.flash, self.now)]

    @property
    def to_call(self) -> Sequence[Line]:
        """Whom to call: a clock lapsed and no mail helped, or there is no address."""
        return [line for line in self.lines if line.asked.phone_at is not None and not line.is_final]

    @property
    def is_open(self) -> bool:
        """Whether it still takes answers."""
        return self.flash.closed_at is None


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question as the vendor reads it; nothing of why it was chosen."""

    asked: FlashAsked
    flash: Flash
    hospital: Hospital
    vendor: Vendor
    answers: Sequence[Answer]
    has_company: bool
    desk: IncidentDesk | None

    @property
    def is_open(self) -> bool:
        """Whether it still takes an answer."""
        return self.flash.closed_at is None

    @property
    def standing(self) -> FlashStanding | None:
        """The last word."""
        return self.answers[0].standing if self.answers else None

    def text(self, language: str) -> str:
        """The hospital's own words."""
        return self.flash.text_de if language == "de" else self.flash.text_en


# ---- asking


def search(session: Session, actor: Actor, words: str) -> Sequence[Candidate]:
    """Every vendor of the hospital with what is known of it; those that something names first. Empty words: none."""
    hospital_id = hospital_of(actor)
    wanted = " ".join(words.casefold().split())
    if not wanted:
        return ()
    parts: dict[str, list[str]] = {}
    for use in listed_components.search(session, actor, wanted):
        parts.setdefault(use.vendor_id, []).append(f"{use.name} {use.version}".strip())
    listed = listed_components.with_lists(session, actor)
    found, secured = [], _security_contacts(session, hospital_id, None)
    for vendor in session.scalars(
        select(Vendor)
        .where(Vendor.hospital_id == hospital_id, Vendor.ended_at.is_(None))
        .options(selectinload(Vendor.supplies))
        .order_by(Vendor.name, Vendor.id)
    ):
        known_by, matches = _known(vendor, wanted, parts.get(vendor.id, []), is_listed=vendor.id in listed)
        found.append(
            Candidate(
                vendor=vendor,
                known_by=known_by,
                matches=matches,
                email=_addresses(vendor, secured.get(vendor.id, ()))[0],
            )
        )
    order = list(KnownBy)
    return sorted(found, key=lambda one: (order.index(one.known_by), one.vendor.name.casefold(), one.vendor.id))


def _known(vendor: Vendor, wanted: str, parts: Iterable[str], *, is_listed: bool) -> tuple[KnownBy, tuple[str, ...]]:
    named = tuple(dict.fromkeys(parts))
    products = tuple(
        supply.name for supply in vendor.supplies if supply.ended_at is None and wanted in supply.name.casefold()
    )
    matches = (*named, *products)
    if named:
        return KnownBy.COMPONENT, matches
    if products:
        return KnownBy.PRODUCT, matches
    if wanted in vendor.name.casefold():
        return KnownBy.NAME, (vendor.name,)
    return (KnownBy.NOT_LISTED if is_listed else KnownBy.UNKNOWN), ()


def usual_text(about: str, language: str) -> str:
    """The proposal for the hospital's words."""
    with i18n.speaking(language):
        return i18n.gettext(
            "We have learned of a security problem that concerns %(about)s. Please tell us whether products or "
            "services that we have from you are affected, in which versions, what you have done, and what we should "
            "do now.",
            about=about or "…",
        )


def preview(session: Session, actor: Actor, fields: FlashFields, *, now: datetime) -> Mapping[str, Letter]:
    """The mail in both languages, as it would go out; BadInput where it could not."""
    hospital = session.get_one(Hospital, hospital_of(actor, HOSPITAL_WRITERS))
    _require(session, hospital.id, fields)
    flash = _new(hospital.id, actor, fields, now=now)
    contact = contact_of(session, hospital)
    return {
        language: incident_letters.ask(flash, hospital, contact=contact, link="https://…", language=language)
        for language in i18n.LANGUAGES
    }


def begin(
    session: Session,
    actor: Actor,
    fields: FlashFields,
    *,
    base_url: str,
    now: datetime,
) -> Flash:
    """Ask: rows, links and mails in one transaction; the clocks begin now."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    chosen = _require(session, hospital_id, fields)
    known = {one.vendor.id: one for one in search(session, actor, fields.about)}
    secured = _security_contacts(session, hospital_id, [one.id for one in chosen])
    flash = _new(hospital_id, actor, fields, now=now)
    session.add(flash)
    session.flush()
    companies = set()
    for vendor in chosen:
        assessment = permissions.newest_assessment(session, hospital_id, vendor.id)
        candidate = known.get(vendor.id)
        first, second, *others = _addresses(vendor, secured.get(vendor.id, ()))
        asked = FlashAsked(
            hospital_id=hospital_id,
            flash_id=flash.id,
            vendor_id=vendor.id,
            assessment_id=assessment.id if assessment and assessment.company_id else None,
            known_by=(candidate.known_by if candidate else KnownBy.UNKNOWN).value,
            matches=list(candidate.matches[:MOST_MATCHES]) if candidate else [],
            email=first,
            second_email=second,
        )
        session.add(asked)
        session.flush()
        if assessment is not None and assessment.company_id:
            companies.add(assessment.company_id)
        if not _send(session, flash, asked, vendor, first, base_url=base_url, now=now):
            asked.phone_at = now  # nobody to write to: somebody has to call
        people = {person.email for person in _people(session, asked)}  # they have theirs already
        for address in others[:MOST_OTHERS]:  # whom the hospital has written down to call about security
            if address not in people:
                _send_to_contact(session, flash, asked, vendor, address, base_url=base_url, now=now)
    scopes = {audit.hospital_scope(hospital_id), *map(audit.company_scope, companies)}
    audit.take_turns(session, *scopes)
    detail = {"about": flash.about, "vendors": len(chosen)}
    audit.record(session, actor, "flash.sent", flash.id, now=now, detail=detail)
    for company_id in sorted(companies):
        audit.record(session, actor, "flash.asked", flash.id, now=now, scope=audit.company_scope(company_id))
    for due in (flash.first_due_at, flash.last_due_at):
        _ask_for_look(session, flash, due, now=now)
    return flash


def _new(hospital_id: str, actor: Actor, fields: FlashFields, *, now: datetime) -> Flash:
    return Flash(
        hospital_id=hospital_id,
        about=" ".join(fields.about.split())[:LONGEST_ABOUT],
        text_de=fields.text_de.strip()[:LONGEST_TEXT],
        text_en=fields.text_en.strip()[:LONGEST_TEXT],
        by_name=actor.name[:200],
        at=now,
        first_due_at=now + incident_clocks.FIRST,
        last_due_at=now + incident_clocks.SECOND,
    )


def _require(session: Session, hospital_id: str, fields: FlashFields) -> Sequence[Vendor]:
    wrong: dict[str, Message] = {}
    if not fields.about.strip():
        wrong["about"] = Message(text=N_("Name the product or component."))
    for name, text in (("text_de", fields.text_de), ("text_en", fields.text_en)):
        if not text.strip():
            wrong[name] = Message(text=N_("Write what you ask, in both languages."))
    wanted = set(fields.vendor_ids)
    chosen = session.scalars(
        select(Vendor)
        .where(Vendor.hospital_id == hospital_id, Vendor.id.in_(wanted), Vendor.ended_at.is_(None))
        .order_by(Vendor.name, Vendor.id)
    ).all()
    if not chosen:
        wrong["vendors"] = Message(text=N_("Choose at least one vendor."))
    elif len(chosen) != len(wanted):
        raise NotFound
    elif len(chosen) > MOST_VENDORS:
        wrong["vendors"] = Message(text=N_("At most %(most)s vendors at once."), values={"most": MOST_VENDORS})
    if wrong:
        raise BadInput(wrong)
    return chosen


def contact_of(session: Session, hospital: Hospital) -> str:
    """Whom a vendor can turn to: the emergency contact, else the hospital's contact."""
    desk = session.get(IncidentDesk, hospital.id)
    if desk is not None and (desk.email or desk.phone):
        return " · ".join(filter(None, (desk.name, desk.phone, desk.email)))
    return " · ".join(filter(None, (hospital.contact_name, hospital.contact_phone, hospital.contact_email)))


def _security_contacts(
    session: Session, hospital_id: str, vendor_ids: Sequence[str] | None
) -> Mapping[str, Sequence[str]]:
    """The addresses of each vendor's people for security, of single products too, in the order they were written."""
    found: dict[str, list[str]] = {}
    for row in session.scalars(
        select(VendorContact)
        .where(
            VendorContact.hospital_id == hospital_id,
            *([VendorContact.vendor_id.in_(vendor_ids)] if vendor_ids is not None else []),
            VendorContact.role == ContactRole.SECURITY,
            VendorContact.email != "",
        )
        .order_by(VendorContact.created_at, VendorContact.id)
    ):
        found.setdefault(row.vendor_id, []).append(row.email)
    return found


def _addresses(vendor: Vendor, secured: Sequence[str] = ()) -> tuple[str, ...]:
    """First and second contact, "" where there is none; then whoever else is there to call about security."""
    wanted = (vendor.security_email, *secured, vendor.contact_email)
    found = [one for one in dict.fromkeys(text.strip().lower() for text in wanted) if mailer.is_one_address(one)]
    others = [one for one in found[1:] if one != vendor.contact_email.strip().lower()]
    second = next((one for one in found[1:] if one not in others), (*others, "")[0])
    return (*found, "")[0], second, *(one for one in others if one != second)


def _send(
    session: Session,
    flash: Flash,
    asked: FlashAsked,
    vendor: Vendor,
    address: str,
    *,
    base_url: str,
    now: datetime,
    is_second: bool = False,
) -> bool:
    """One mail to the contact with a link of its own, and one to everybody who speaks for its company here."""
    hospital = session.get_one(Hospital, flash.hospital_id)
    contact, language = contact_of(session, hospital), incident_letters.language_of(vendor)
    people = () if is_second else _people(session, asked)
    if address:
        link = f"{base_url}/flash/{_link(session, asked, address, now=now)}"
        letter = incident_letters.ask(
            flash, hospital, contact=contact, link=link, language=language, is_second=is_second
        )
        incident_letters.send_to_vendor(session, letter, [address], language=language, hospital_id=hospital.id, now=now)
    for person in people:
        if person.email != address:
            link = f"{base_url}/vendor/flashes/{asked.id}"
            letter = incident_letters.ask(flash, hospital, contact=contact, link=link, language=person.language)
            incident_letters.send_to_vendor(
                session, letter, [person.email], language=person.language, hospital_id=hospital.id, now=now
            )
    return bool(address or people)


def _people(session: Session, asked: FlashAsked) -> Sequence[Person]:
    """Everybody who speaks for the vendor's company here."""
    company_id = _company_of(session, asked)
    return accounts.people_of_company(session, company_id) if company_id else ()


def _send_to_contact(
    session: Session, flash: Flash, asked: FlashAsked, vendor: Vendor, address: str, *, base_url: str, now: datetime
) -> None:
    """The same mail to one more person of the vendor, with a link of its own."""
    hospital = session.get_one(Hospital, flash.hospital_id)
    contact, language = contact_of(session, hospital), incident_letters.language_of(vendor)
    link = f"{base_url}/flash/{_link(session, asked, address, now=now)}"
    letter = incident_letters.ask(flash, hospital, contact=contact, link=link, language=language)
    incident_letters.send_to_vendor(session, letter, [address], language=language, hospital_id=hospital.id, now=now)


def _link(session: Session, asked: FlashAsked, address: str, *, now: datetime) -> str:
    token = tickets.new_token()
    session.add(
        FlashLink(
            hospital_id=asked.hospital_id,
            asked_id=asked.id,
            email=address,
            token_hash=tickets.hashed(token),
            created_at=now,
            expires_at=now + LINK_LASTS,
        )
    )
    session.flush()
    return token


def _ask_for_look(session: Session, flash: Flash, due: datetime, *, now: datetime) -> None:
    jobs.add(
        session,
        JobKind.FLASH,
        {"hospital_id": flash.hospital_id, "flash_id": flash.id},
        now=now,
        tenant=flash.hospital_id,
        run_at=due,
        dedupe_key=f"flash:{flash.id}:{due:%Y%m%dT%H%M%S}",
    )


# ---- when a clock lapsed


def escalate(session: Session, hospital_id: str, flash_id: str, *, base_url: str, now: datetime) -> int:
    """Write to second contacts once the first clock lapsed without a word, and put on the list of those to call whoever
    has none or owes its final word; how many were touched. Stopped or closed: nothing."""
    flash = session.get(Flash, flash_id, with_for_update=True, populate_existing=True)
    if flash is None or flash.hospital_id != hospital_id or flash.closed_at or flash.stopped_at:
        return 0
    touched = 0
    for line in _lines(session, [flash])[flash.id]:
        asked = line.asked
        if line.vendor.ended_at is not None:  # its end is written down: nobody is written to or called
            continue
        if line.is_final or now < (flash.last_due_at if line.answers else flash.first_due_at):
            continue
        is_first = asked.escalated_at is None and asked.second_email and not line.answers and now < flash.last_due_at
        if is_first:
            asked.escalated_at = now
            _send(session, flash, asked, line.vendor, asked.second_email, base_url=base_url, now=now, is_second=True)
            touched += 1
        elif asked.phone_at is None:
            asked.phone_at = now
            touched += 1
    if touched:
        scope = audit.hospital_scope(hospital_id)
        detail = {"vendors": touched}
        audit.record(session, SYSTEM, "flash.escalated", flash.id, now=now, scope=scope, detail=detail)
    session.flush()
    return touched


def look_after(session: Session, *, now: datetime) -> None:
    """Every night: questions whose clock lapsed and whose look was lost with its job."""
    for flash in session.scalars(
        select(Flash).where(Flash.closed_at.is_(None), Flash.stopped_at.is_(None), Flash.first_due_at <= now)
    ):
        _ask_for_look(session, flash, now, now=now)


def stop(session: Session, actor: Actor, flash_id: str, *, is_stopped: bool, now: datetime) -> None:
    """No further mail goes out by itself, or again; answers are taken all the same."""
    flash = _own(session, actor, flash_id)
    if flash.closed_at is not None or (flash.stopped_at is not None) == is_stopped:
        raise NotNow(Message(text=N_("This question stands otherwise by now; nothing was changed.")))
    flash.stopped_at, flash.stopped_by = (now, actor.name[:200]) if is_stopped else (None, "")
    audit.record(session, actor, "flash.stopped" if is_stopped else "flash.resumed", flash.id, now=now)
    if not is_stopped:
        for due in (flash.first_due_at, flash.last_due_at):
            _ask_for_look(session, flash, max(due, now), now=now)


def close(session: Session, actor: Actor, flash_id: str, *, conclusion: str, now: datetime) -> None:
    """No further answers are waited for; what came of it stands in the register."""
    flash = _own(session, actor, flash_id)
    if flash.closed_at is not None:
        raise NotNow(Message(text=N_("This question stands otherwise by now; nothing was changed.")))
    if not conclusion.strip():
        raise BadInput({"conclusion": Message(text=N_("Say in a sentence what came of it."))})
    flash.closed_at, flash.closed_by = now, actor.name[:200]
    flash.conclusion = conclusion.strip()[:LONGEST_TEXT]
    session.execute(
        update(FlashLink)
        .where(
            FlashLink.hospital_id == flash.hospital_id,
            FlashLink.asked_id.in_(select(FlashAsked.id).where(FlashAsked.flash_id == flash.id)),
            FlashLink.redeemed_at.is_(None),
        )
        .values(redeemed_at=now)
    )
    audit.record(session, actor, "flash.closed", flash.id, now=now)


def write_down(
    session: Session,
    actor: Actor,
    flash_id: str,
    asked_id: str,
    *,
    standing: FlashStanding,
    text: str,
    now: datetime,
) -> FlashNote:
    """What somebody of the hospital learned by telephone or mail."""
    flash = _own(session, actor, flash_id)
    asked = session.get(FlashAsked, asked_id)
    if asked is None or (asked.hospital_id, asked.flash_id) != (flash.hospital_id, flash.id):
        raise NotFound
    if flash.closed_at is not None:
        raise NotNow(Message(text=N_("This question is closed.")))
    if not text.strip():
        raise BadInput({"text": Message(text=N_("Say who told you and what."))})
    row = FlashNote(
        hospital_id=flash.hospital_id,
        asked_id=asked.id,
        standing=standing,
        text=text.strip()[:LONGEST_TEXT],
        by_name=actor.name[:200],
        at=now,
    )
    session.add(row)
    session.flush()
    detail = {"vendor": asked.vendor_id, "standing": standing.value}
    audit.record(session, actor, "flash.written-down", flash.id, now=now, detail=detail)
    return row


# ---- reading, for the hospital


def of_hospital(session: Session, actor: Actor, *, now: datetime) -> Sequence[Board]:
    """All questions, open ones first, then the newest."""
    rows = session.scalars(
        select(Flash).where(Flash.hospital_id == hospital_of(actor)).order_by(Flash.at.desc(), Flash.id)
    ).all()
    lines = _lines(session, rows)
    boards = [Board(flash=row, lines=lines[row.id], now=now) for row in rows]
    return sorted(boards, key=lambda board: not board.is_open)


def board(session: Session, actor: Actor, flash_id: str, *, now: datetime) -> Board:
    """One question and everybody who was asked."""
    flash = session.get(Flash, flash_id)
    if flash is None or flash.hospital_id != hospital_of(actor):
        raise NotFound
    return Board(flash=flash, lines=_sorted(flash, _lines(session, [flash])[flash.id], now), now=now)


def of_vendor(session: Session, actor: Actor, vendor_id: str) -> Sequence[tuple[Flash, Line]]:
    """What a vendor was asked, the newest first."""
    vendor = vendors.find(session, actor, vendor_id)
    rows = session.scalars(
        select(Flash)
        .join(FlashAsked, (FlashAsked.hospital_id == Flash.hospital_id) & (FlashAsked.flash_id == Flash.id))
        .where(FlashAsked.hospital_id == vendor.hospital_id, FlashAsked.vendor_id == vendor.id)
        .order_by(Flash.at.desc(), Flash.id)
    ).all()
    lines = _lines(session, rows, vendor_id=vendor.id)
    return [(row, lines[row.id][0]) for row in rows]


def documents(session: Session, lines: Iterable[Line]) -> Mapping[str, tuple[str, str]]:
    """The documents that were laid beside answers and can still be opened: round and name by id."""
    places = {
        one.evidence_id: line.asked.assessment_id
        for line in lines
        for one in line.answers
        if one.evidence_id and line.asked.assessment_id
    }
    if not places:
        return {}
    found = session.scalars(select(Evidence).where(Evidence.id.in_(places), Evidence.deleted_at.is_(None)))
    return {one.id: (str(places[one.id]), one.file_name) for one in found}


def due(session: Session, actor: Actor, *, now: datetime) -> Sequence[Board]:
    """Open questions to which somebody owes a word, for first pages."""
    return [board for board in of_hospital(session, actor, now=now) if board.late]


# ---- answering


def of_company(session: Session, actor: Actor) -> Sequence[Question]:
    """What hospitals ask the actor's company: what is open first, then the newest."""
    company_id = company_of(actor)
    rows = session.scalars(
        select(FlashAsked)
        .join(Assessment, Assessment.id == FlashAsked.assessment_id)
        .where(Assessment.company_id == company_id)
    ).all()
    found = [_question(session, row) for row in rows]
    return sorted(
        found, key=lambda one: (not one.is_open or one.standing in FINAL, -one.flash.at.timestamp(), one.asked.id)
    )


def for_company(session: Session, actor: Actor, asked_id: str) -> Question:
    """One question to the actor's company."""
    asked = session.get(FlashAsked, asked_id)
    if asked is None or _company_of(session, asked) != company_of(actor):
        raise NotFound
    return _question(session, asked)


def answer(
    session: Session,
    actor: Actor,
    asked_id: str,
    *,
    standing: FlashStanding,
    text: str,
    evidence_id: str = "",
    base_url: str,
    now: datetime,
) -> FlashReply:
    """The company's word; a later one follows it and both stay."""
    company_id = company_of(actor)
    question = for_company(session, actor, asked_id)
    wrong = _wrong_answer(standing, text)
    if evidence_id:
        document = session.get(Evidence, evidence_id)
        if document is None or document.company_id != company_id or document.deleted_at is not None:
            wrong["evidence_id"] = Message(text=N_("Choose one of your documents."))
    if wrong:
        raise BadInput(wrong)
    row = FlashReply(
        company_id=company_id,
        standing=standing,
        text=text,
        evidence_id=evidence_id,
        by_name=actor.name[:200],
        by_email=actor.email[:254],
    )
    return _keep(session, actor, question, row, base_url=base_url, now=now)


def look(session: Session, token: str, *, now: datetime, opens: bool = False) -> Question:
    """What a live link leads to. Looking redeems nothing; the hospital learns that it was opened."""
    link = session.scalars(
        select(FlashLink).where(
            FlashLink.token_hash == tickets.hashed(token), FlashLink.redeemed_at.is_(None), FlashLink.expires_at > now
        )
    ).first()
    if link is None:
        raise NotFound
    if opens and link.opened_at is None:
        link.opened_at = now
    return _question(session, session.get_one(FlashAsked, link.asked_id))


def answer_by_link(
    session: Session, token: str, *, standing: FlashStanding, text: str, name: str, base_url: str, now: datetime
) -> FlashReply:
    """A word without an account. Of any number that try the link at once, one wins; whoever is still investigating gets
    a new link for the next word. Where a company has an account here, it answers with that."""
    question = look(session, token, now=now)
    if question.has_company:
        raise NotNow(Message(text=N_("Sign in to answer for your company.")))
    wrong = _wrong_answer(standing, text)
    if not name.strip():
        wrong["name"] = Message(text=N_("Enter your name."))
    if wrong:
        raise BadInput(wrong)
    won = session.scalars(
        update(FlashLink)
        .where(
            FlashLink.token_hash == tickets.hashed(token), FlashLink.redeemed_at.is_(None), FlashLink.expires_at > now
        )
        .values(redeemed_at=now)
        .returning(FlashLink)
    ).first()
    if won is None:
        raise NotFound
    row = FlashReply(
        company_id=None, standing=standing, text=text, by_name=name.strip()[:200], by_email=won.email[:254]
    )
    actor = Actor(name=name.strip()[:200], email=won.email)
    made = _keep(session, actor, question, row, base_url=base_url, now=now)
    if standing is FlashStanding.INVESTIGATING:
        language = incident_letters.language_of(question.vendor)
        link = f"{base_url}/flash/{_link(session, question.asked, won.email, now=now)}"
        letter = incident_letters.fresh_link(question.flash, question.hospital, link=link, language=language)
        incident_letters.send_to_vendor(
            session, letter, [won.email], language=language, hospital_id=question.hospital.id, now=now
        )
    return made


def _wrong_answer(standing: FlashStanding, text: str) -> dict[str, Message]:
    if standing is not FlashStanding.NOT_AFFECTED and not text.strip():
        return {"text": Message(text=N_("Say what is affected, or what you are looking into."))}
    return {}


def _keep(
    session: Session, actor: Actor, question: Question, row: FlashReply, *, base_url: str, now: datetime
) -> FlashReply:
    flash = session.get(Flash, question.flash.id, with_for_update=True, populate_existing=True)
    if flash is None or flash.closed_at is not None:
        raise NotNow(Message(text=N_("The hospital has closed this question. Write to its contact.")))
    if len(question.answers) >= MOST_REPLIES:
        raise NotNow(Message(text=N_("This went to and fro so often that you should talk to each other.")))
    row.asked_id, row.text, row.at = question.asked.id, row.text.strip()[:LONGEST_TEXT], now
    hospital_scope = audit.hospital_scope(flash.hospital_id)
    audit.take_turns(session, hospital_scope, *([audit.company_scope(row.company_id)] if row.company_id else []))
    session.add(row)
    session.flush()
    detail = {"vendor": question.vendor.id, "standing": row.standing.value}
    audit.record(session, actor, "flash.answered", flash.id, now=now, scope=hospital_scope, detail=detail)
    if row.company_id:
        scope, detail = audit.company_scope(row.company_id), {"standing": row.standing.value}
        audit.record(session, actor, "flash.answered", flash.id, now=now, scope=scope, detail=detail)
    if row.standing is FlashStanding.AFFECTED and question.standing is not FlashStanding.AFFECTED:
        incident_letters.tell_of_affected(session, flash, question.vendor, base_url=base_url, now=now)
    return row


# ---- rows


def _own(session: Session, actor: Actor, flash_id: str) -> Flash:
    flash = session.get(Flash, flash_id, with_for_update=True, populate_existing=True)
    if flash is None or flash.hospital_id != hospital_of(actor, HOSPITAL_WRITERS):
        raise NotFound
    return flash


def _company_of(session: Session, asked: FlashAsked) -> str | None:
    return session.get_one(Assessment, asked.assessment_id).company_id if asked.assessment_id else None


def _question(session: Session, asked: FlashAsked) -> Question:
    company_id = _company_of(session, asked)
    answers = [one for one in _answers(session, [asked.id]).get(asked.id, []) if not one.is_ours]
    return Question(
        asked=asked,
        flash=session.get_one(Flash, asked.flash_id),
        hospital=session.get_one(Hospital, asked.hospital_id),
        vendor=session.get_one(Vendor, asked.vendor_id),
        answers=answers,
        has_company=company_id is not None,
        desk=session.get(IncidentDesk, asked.hospital_id),
    )


def _lines(session: Session, rows: Sequence[Flash], *, vendor_id: str = "") -> Mapping[str, Sequence[Line]]:
    found: dict[str, list[Line]] = {row.id: [] for row in rows}
    if not rows:
        return found
    every = session.scalars(
        select(FlashAsked)
        .where(FlashAsked.flash_id.in_(found), *([FlashAsked.vendor_id == vendor_id] if vendor_id else []))
        .order_by(FlashAsked.id)
    ).all()
    ids = [asked.id for asked in every]
    answers = _answers(session, ids)
    opened: dict[str, datetime] = {}
    for link in session.scalars(
        select(FlashLink)
        .where(FlashLink.asked_id.in_(ids), FlashLink.opened_at.is_not(None))
        .order_by(FlashLink.opened_at.desc())
    ):
        assert link.opened_at is not None
        opened[link.asked_id] = link.opened_at
    known = {
        vendor.id: vendor
        for vendor in session.scalars(
            select(Vendor)
            .where(Vendor.id.in_({asked.vendor_id for asked in every}))
            .options(selectinload(Vendor.supplies))
        )
    }
    for asked in every:
        vendor = known[asked.vendor_id]
        found[asked.flash_id].append(
            Line(
                asked=asked,
                vendor=vendor,
                supplies=[supply.name for supply in vendor.supplies if supply.ended_at is None],
                answers=answers.get(asked.id, ()),
                opened_at=opened.get(asked.id),
                company_id=_company_of(session, asked),
            )
        )
    return found


def _answers(session: Session, ids: Sequence[str]) -> Mapping[str, list[Answer]]:
    found: dict[str, list[Answer]] = {}
    for reply in session.scalars(select(FlashReply).where(FlashReply.asked_id.in_(ids))):
        by = f"{reply.by_name} <{reply.by_email}>" if reply.by_email else reply.by_name
        found.setdefault(reply.asked_id, []).append(
            Answer(standing=reply.standing, text=reply.text, by=by, at=reply.at, evidence_id=reply.evidence_id)
        )
    for note in session.scalars(select(FlashNote).where(FlashNote.asked_id.in_(ids))):
        found.setdefault(note.asked_id, []).append(
            Answer(standing=note.standing, text=note.text, by=note.by_name, at=note.at, is_ours=True)
        )
    for answers in found.values():
        answers.sort(key=lambda one: one.at, reverse=True)
    return found


_ORDER = (FlashStanding.AFFECTED, None, FlashStanding.INVESTIGATING, FlashStanding.NOT_AFFECTED)


def _sorted(flash: Flash, lines: Iterable[Line], now: datetime) -> Sequence[Line]:
    return sorted(
        lines,
        key=lambda line: (_ORDER.index(line.standing), not line.is_late(flash, now), line.vendor.name.casefold()),
    )
