"""What changed, in one mail to each person: daily, weekly or at once where it is critical, and of each change once."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal import i18n
from portal.db.models.accounts import Hospital, HospitalMember, Person
from portal.db.models.vendors import Vendor
from portal.db.models.watching import ChangeKind, ChangeTold, Rhythm, VendorChange
from portal.home import BERLIN
from portal.services import jobs
from portal.services.mails import outbox
from portal.services.mails.letters import Letter
from portal.services.monitoring import watching
from reports import marks
from scanners import catalogue
from scanners.model import Message, Outcome, written

MOST_LINES = 30
BACK = timedelta(days=14)  # who begins to read is not told of what was long ago
WEEKLY = "digests-weekly"


def tell_all(session: Session, *, base_url: str, now: datetime) -> int:
    """Once a day: whoever reads daily, and with the first run of a week whoever reads weekly; how many mails."""
    year, week, _day = now.astimezone(BERLIN).isocalendar()
    rhythms = {Rhythm.DAILY}
    if jobs.take_slot(session, WEEKLY, f"{year}-W{week:02d}", now=now):
        rhythms.add(Rhythm.WEEKLY)
    hospitals = session.scalars(
        select(Hospital).where(Hospital.is_for_bidder.is_(False), Hospital.ended_at.is_(None))
    ).all()
    return sum(
        _tell(session, hospital, person, urgent_only=False, base_url=base_url, now=now)
        for hospital in hospitals
        for person, choice in _people(session, hospital)
        if choice.rhythm in rhythms
    )


def tell_at_once(session: Session, hospital_id: str, *, base_url: str, now: datetime) -> int:
    """What is critical, to those who want it at once; how many mails."""
    hospital = session.get_one(Hospital, hospital_id)
    return sum(
        _tell(session, hospital, person, urgent_only=True, base_url=base_url, now=now)
        for person, choice in _people(session, hospital)
        if choice.at_once
    )


def _people(session: Session, hospital: Hospital) -> Sequence[tuple[Person, watching.Choice]]:
    rows = session.execute(
        select(Person, HospitalMember.role)
        .join(HospitalMember, HospitalMember.person_id == Person.id)
        .where(
            HospitalMember.hospital_id == hospital.id,
            HospitalMember.ended_at.is_(None),
            Person.disabled_at.is_(None),
        )
        .order_by(Person.id)
    ).all()
    return [(person, watching.choice(session, hospital.id, person.id, role)) for person, role in rows]


def _tell(
    session: Session, hospital: Hospital, person: Person, *, urgent_only: bool, base_url: str, now: datetime
) -> bool:
    told = select(ChangeTold.change_id).where(ChangeTold.hospital_id == hospital.id, ChangeTold.person_id == person.id)
    query = (
        select(VendorChange, Vendor)
        .join(Vendor, (Vendor.hospital_id == VendorChange.hospital_id) & (Vendor.id == VendorChange.vendor_id))
        .where(
            VendorChange.hospital_id == hospital.id,
            VendorChange.at >= now - BACK,
            VendorChange.is_told_elsewhere.is_(False),
            VendorChange.id.not_in(told),
            Vendor.ended_at.is_(None),
        )
        .order_by(VendorChange.is_urgent.desc(), Vendor.name, Vendor.id, VendorChange.at, VendorChange.id)
    )
    if urgent_only:
        query = query.where(VendorChange.is_urgent.is_(True))
    rows = [
        (change, vendor) for change, vendor in session.execute(query).all() if _take(session, change, person, now=now)
    ]
    if not rows:
        return False
    with i18n.speaking(person.language):
        letter = _letter(rows, base_url=base_url)
    outbox.post(
        session,
        letter,
        kind="changes",
        to=person.email,
        language=person.language,
        hospital_id=hospital.id,
        now=now,
    )
    return True


def _take(session: Session, change: VendorChange, person: Person, *, now: datetime) -> bool:
    """Whether this is the transaction that tells it: the key lets only one win."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = insert(ChangeTold).values(hospital_id=change.hospital_id, change_id=change.id, person_id=person.id, at=now)
    return session.execute(row.on_conflict_do_nothing().returning(ChangeTold.change_id)).first() is not None


def _letter(rows: Sequence[tuple[VendorChange, Vendor]], *, base_url: str) -> Letter:
    _ = i18n.gettext
    blocks: dict[str, list[str]] = {}
    for change, vendor in rows[:MOST_LINES]:
        blocks.setdefault(vendor.name, []).append(f"– {line(change)}")
    more = [_("… and %(count)s more.", count=len(rows) - MOST_LINES)] if len(rows) > MOST_LINES else []
    names = {vendor.id: vendor.name for _change, vendor in rows}
    urgent = any(change.is_urgent for change, _vendor in rows)
    about = (
        next(iter(names.values()))
        if len(names) == 1
        else i18n.ngettext("%(num)s vendor", "%(num)s vendors", len(names))
    )
    return Letter(
        subject=_("Critical and new: %(about)s", about=about) if urgent else _("What changed: %(about)s", about=about),
        paragraphs=(
            _("Good day,"),
            _("this changed, as far as it is open to your hospital:"),
            *("\n".join([f"{name}:", *lines]) for name, lines in blocks.items()),
            *more,
            _("Each change is told once. How often you read of them is your choice, on the page behind the link."),
        ),
        link=f"{base_url}/hospital/changes",
        link_text=_("To the changes"),
    )


def line(change: VendorChange) -> str:
    """One change in the reader's language, before and after."""
    _ = i18n.gettext
    return _(
        "%(what)s: before %(before)s, now %(after)s",
        what=title(change),
        before=side(change, change.before),
        after=side(change, change.after),
    )


def title(change: VendorChange) -> str:
    """What it is about."""
    _ = i18n.gettext
    if change.kind is ChangeKind.GRADE:
        return _("Grade")
    if change.kind is ChangeKind.HOSTS:
        return _("Hosts looked at")
    if change.kind is ChangeKind.EVIDENCE:
        return _("Evidence that runs out")
    if change.kind is ChangeKind.CERTIFICATE:
        return _("Certificate of %(host)s", host=change.subject)
    check = catalogue.CHECKS.get(change.check_id)
    return f"{_(check.title) if check is not None else change.check_id} ({change.subject})"


def side(change: VendorChange, document: dict[str, object]) -> str:
    """How it stood, or stands."""
    _ = i18n.gettext
    if change.kind is ChangeKind.GRADE:
        return f"{document.get('grade', '–')} ({round(float(str(document.get('value', 0))))})"
    if change.kind is ChangeKind.EVIDENCE:
        step, until = document.get("step"), _day(str(document.get("until", "")))
        if step is None:
            return _("valid until %(day)s", day=until)
        return _("valid until %(day)s, at most %(days)s days left", day=until, days=step)
    if change.kind is ChangeKind.HOSTS:
        names = document.get("names")
        return ", ".join(map(str, names)) if isinstance(names, list) and names else "–"
    if change.kind is ChangeKind.CERTIFICATE:
        return _(
            "%(issuer)s, valid until %(day)s",
            issuer=document.get("issuer", "–"),
            day=_day(str(document.get("until", ""))),
        )
    values = document.get("values")
    text = str(document.get("text", ""))
    said = Message(text=text, values=values if isinstance(values, dict) else {}).render(i18n.gettext) if text else ""
    outcome = document.get("outcome")
    word = _(marks.VERDICTS[Outcome(str(outcome))].word) if outcome in set(Outcome) else ""
    return ": ".join(filter(None, (word, said)))


def _day(iso: str) -> str:
    try:
        return written(date.fromisoformat(iso), i18n.gettext)
    except ValueError:
        return iso
