"""Exports that take a while: asked for, made by the worker with the rights of whoever asked, fetched for a week."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import i18n
from portal.db.base import Row
from portal.db.models.accounts import Hospital, HospitalMember, HospitalRole, Person
from portal.db.models.exports import Export, ExportKind, ExportState
from portal.db.models.vendors import Vendor
from portal.errors import NotFound, NotNow
from portal.files.blobs import Kept
from portal.services import audit, jobs
from portal.services.actors import EVERY_HOSPITAL_ROLE, Actor, hospital_of
from portal.services.exports.bundles import Opening
from portal.services.jobs import JobKind
from portal.services.mails import outbox
from portal.services.mails.letters import Letter
from portal.services.registers import snapshots
from portal.services.rounds import invitations
from portal.services.vendors import vendors
from scanners.model import N_, Message

KEPT = timedelta(days=7)
MAIL_AFTER = timedelta(minutes=1)
AT_ONCE = 40  # vendors up to which a register is made within its request: a few seconds
SHOWN = 50
OPEN_STATES = frozenset({ExportState.WAITING, ExportState.RUNNING})
MAY: Mapping[ExportKind, AbstractSet[HospitalRole]] = {
    ExportKind.REGISTER: EVERY_HOSPITAL_ROLE,
    ExportKind.VENDOR_REPORT: EVERY_HOSPITAL_ROLE,
    ExportKind.VENDOR_REPORTS: EVERY_HOSPITAL_ROLE,
    ExportKind.BUNDLE: EVERY_HOSPITAL_ROLE,
    ExportKind.VENDOR_JSON: EVERY_HOSPITAL_ROLE,
    ExportKind.VENDOR_OSCAL: EVERY_HOSPITAL_ROLE,
    ExportKind.REGISTER_JSON: EVERY_HOSPITAL_ROLE,
    ExportKind.COMPARISON: EVERY_HOSPITAL_ROLE,
    ExportKind.COMPARISON_PDF: EVERY_HOSPITAL_ROLE,
    ExportKind.COMMITTEE: EVERY_HOSPITAL_ROLE,
}
VERBS: Mapping[ExportKind, str] = {
    ExportKind.REGISTER: "register.exported",
    ExportKind.VENDOR_REPORT: "vendor-report.exported",
    ExportKind.VENDOR_REPORTS: "vendor-reports.exported",
    ExportKind.BUNDLE: "bundle.exported",
    ExportKind.VENDOR_JSON: "vendor-json.exported",
    ExportKind.VENDOR_OSCAL: "vendor-oscal.exported",
    ExportKind.REGISTER_JSON: "register-json.exported",
    ExportKind.COMPARISON: "comparison.exported",
    ExportKind.COMPARISON_PDF: "comparison-pdf.exported",
    ExportKind.COMMITTEE: "committee-paper.exported",
}
GAVE_UP = N_("It could not be made. The operator sees why; please try again later.")
NO_LONGER_ALLOWED = N_("Whoever asked for it may not read this any more, so it was not made.")
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What was asked for."""

    kind: ExportKind
    language: str
    vendor_id: str | None = None
    vendor_ids: tuple[str, ...] = ()  # of a comparison, in the order of its columns
    only_differences: bool = False
    snapshot_id: str = ""  # of a committee's paper; "": as of now
    assessment_id: str = ""  # of a bundle: the round whose answers it holds; "": the newest

    @property
    def about(self) -> dict[str, object] | None:
        """What the row keeps of a comparison, of a paper from a snapshot, or of a bundle of an earlier round."""
        if self.snapshot_id:
            return {"snapshot": self.snapshot_id}
        if self.assessment_id:
            return {"assessment": self.assessment_id}
        return {"vendors": [*self.vendor_ids], "only_differences": self.only_differences} if self.vendor_ids else None


@dataclass(frozen=True, kw_only=True)
class Made:
    """A file before it is put away."""

    content: bytes
    file_name: str
    media_type: str
    vendors: int
    fingerprint: str = ""
    openings: tuple[Opening, ...] = ()  # documents that lie in it


@dataclass(frozen=True, kw_only=True)
class Begun:
    """What the worker needs to make it, with the actor as they are allowed today."""

    wish: Wish
    actor: Actor
    made_at: datetime


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """Where the file lies, and how it is called."""

    owner: str
    blob_id: str
    sha256: str
    file_name: str
    media_type: str


def owner_of(hospital_id: str) -> str:
    """Whose key seals the file."""
    return f"hospital:{hospital_id}"


# ---- asking


def ask(session: Session, actor: Actor, wish: Wish, *, now: datetime) -> Export:
    """A row and a job; the same wish while it is still open is the same row, and whoever asked is told too."""
    hospital_id = hospital_of(actor, MAY[wish.kind])
    title = _title(session, actor, wish)
    key = ":".join((hospital_id, wish.kind, wish.language, _short(wish) or wish.vendor_id or ""))
    row = _new(hospital_id, actor, wish, title=title, now=now)
    row.open_key = key
    open_one = select(Export).where(Export.open_key == key)
    found = session.scalars(open_one.with_for_update()).first()
    if found is None:
        try:
            with session.begin_nested():
                session.add(row)
        except IntegrityError:  # somebody else asked in this very moment
            found = session.scalars(open_one.with_for_update()).one()
    if found is not None:
        if actor.person_id != found.asked_by and actor.person_id not in found.others:
            found.others = [*found.others, actor.person_id]
        return found
    jobs.add(session, JobKind.EXPORT, {"hospital_id": hospital_id, "export_id": row.id}, now=now, tenant=hospital_id)
    audit.record(session, actor, VERBS[wish.kind], _subject(row), now=now, detail={"export": row.id})
    return row


def is_short(session: Session, actor: Actor, wish: Wish) -> bool:
    """Whether it takes seconds only, so that nobody has to come back for it."""
    if wish.kind is not ExportKind.REGISTER:
        return False
    mine = select(func.count()).select_from(Vendor).where(Vendor.hospital_id == hospital_of(actor))
    return (session.scalar(mine.where(Vendor.ended_at.is_(None))) or 0) <= AT_ONCE


def note_taken(session: Session, actor: Actor, wish: Wish, *, now: datetime) -> None:
    """Before it is made within the request: who took what along."""
    hospital_id = hospital_of(actor, MAY[wish.kind])
    audit.record(session, actor, VERBS[wish.kind], wish.vendor_id or hospital_id, now=now)


def keep_at_once(session: Session, actor: Actor, wish: Wish, made: Made, kept: Kept, *, now: datetime) -> Export:
    """What was made within the request stands on the list too, and the portal can confirm it later."""
    row = _new(hospital_of(actor, MAY[wish.kind]), actor, wish, title=_title(session, actor, wish), now=now)
    session.add(row)
    _fill(row, made, kept, made_at=now, now=now)
    return row


# ---- making


def begin(session: Session, hospital_id: str, export_id: str, *, now: datetime) -> Begun | None:
    """Begin, or begin again after a worker that went; None: there is nothing (more) to make.

    Rights are those of today: who has left the hospital since, or changed roles, gets nothing.
    """
    row = session.get(Export, export_id)
    if row is None or row.hospital_id != hospital_id or row.state not in OPEN_STATES:
        return None
    actor = _actor_of(session, row)
    if actor is None:
        _fail(row, NO_LONGER_ALLOWED, now=now)
        return None
    row.state, row.done, row.total, row.made_at = ExportState.RUNNING, 0, 0, now
    about = row.about or {}
    wish = Wish(
        kind=row.kind,
        language=row.language,
        vendor_id=row.vendor_id,
        vendor_ids=tuple(about.get("vendors", ())),
        only_differences=bool(about.get("only_differences")),
        snapshot_id=str(about.get("snapshot", "")),
        assessment_id=str(about.get("assessment", "")),
    )
    return Begun(wish=wish, actor=actor, made_at=now)


def note_progress(session: Session, export_id: str, *, done: int, total: int) -> None:
    """How far it is."""
    row = session.get(Export, export_id)
    if row is not None and row.state is ExportState.RUNNING:
        row.done, row.total = done, total


def keep(
    session: Session, hospital_id: str, export_id: str, made: Made, kept: Kept, *, base_url: str, now: datetime
) -> None:
    """It is ready; whoever waited longer than a minute has a mail."""
    row = session.get_one(Export, export_id)
    if row.hospital_id != hospital_id:
        raise NotFound
    _fill(row, made, kept, made_at=row.made_at or now, now=now)
    if now - row.asked_at > MAIL_AFTER:
        _tell(session, row, base_url=base_url, now=now)


def give_up(session: Session, hospital_id: str, export_id: str, *, now: datetime) -> None:
    """Nobody could make it."""
    row = session.get(Export, export_id)
    if row is not None and row.hospital_id == hospital_id and row.state in OPEN_STATES:
        _fail(row, GAVE_UP, now=now)


# ---- reading and fetching


def newest(session: Session, actor: Actor) -> Sequence[Export]:
    """What was asked for in this hospital and the actor may read, the newest first."""
    hospital_id = hospital_of(actor)
    kinds = [kind for kind, roles in MAY.items() if actor.hospital_role in roles]
    return session.scalars(
        select(Export)
        .where(Export.hospital_id == hospital_id, Export.kind.in_(kinds))
        .order_by(Export.asked_at.desc(), Export.id)
        .limit(SHOWN)
    ).all()


def fetch(session: Session, actor: Actor, export_id: str, *, now: datetime) -> Fetched:
    """The file, for members who may read this kind today."""
    row = session.get(Export, export_id)
    if row is None or row.hospital_id != hospital_of(actor):
        raise NotFound
    hospital_of(actor, MAY[row.kind])
    if row.state is not ExportState.READY or row.expires_at is None or row.expires_at <= now:
        raise NotNow(Message(text=N_("This file is not there (any more). Ask for it anew.")))
    audit.record(session, actor, "export.fetched", row.id, now=now, detail={"kind": row.kind.value})
    return Fetched(
        owner=owner_of(row.hospital_id),
        blob_id=row.blob_id,
        sha256=row.sha256,
        file_name=row.file_name,
        media_type=row.media_type,
    )


# ---- confirming


@dataclass(frozen=True, kw_only=True)
class Confirmed:
    """What this portal knows of a checksum."""

    export: Export
    is_whole_file: bool  # the checksum is of the file itself, not the one on the cover


def confirm(session: Session, actor: Actor, checksum: str) -> Confirmed | None:
    """The export of this hospital that the checksum belongs to: the file's own, or the one on its cover."""
    text = "".join(checksum.split()).lower()
    if not _HASH.fullmatch(text):
        return None
    row = session.scalars(
        select(Export)
        .where(
            Export.hospital_id == hospital_of(actor),
            Export.state.in_([ExportState.READY, ExportState.EXPIRED]),
            or_(Export.sha256 == text, Export.fingerprint == text),
        )
        .order_by(Export.finished_at.desc(), Export.id)
        .limit(1)
    ).first()
    return Confirmed(export=row, is_whole_file=row.sha256 == text) if row is not None else None


def confirm_file(session: Session, actor: Actor, content: bytes) -> Confirmed | None:
    """The same for a file."""
    return confirm(session, actor, hashlib.sha256(content).hexdigest())


# ---- what ran out


def expire(session: Session, *, now: datetime) -> Sequence[tuple[str, str]]:
    """After a week the file goes; the row stays, so that it can still be confirmed. Returns owners and names."""
    rows = session.scalars(select(Export).where(Export.state == ExportState.READY, Export.expires_at <= now)).all()
    gone = [(owner_of(row.hospital_id), row.blob_id) for row in rows]
    for row in rows:
        row.state, row.blob_id = ExportState.EXPIRED, ""
    return gone


def unnamed(session: Session, found: Iterable[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    """Those files of hospitals that no row names: whoever made them ended before it was written down.

    Every table that names files is asked, so that a new kind of file is safe by itself.
    """
    known = {owner_of(hospital_id) for hospital_id in session.scalars(select(Hospital.id))}
    mine = [(owner, blob_id) for owner, blob_id in found if owner in known]
    if not mine:
        return []
    tables = [table for table in Row.metadata.tables.values() if "blob_id" in table.columns]
    named = {blob_id for table in tables for blob_id in session.scalars(select(table.c.blob_id))}
    return [(owner, blob_id) for owner, blob_id in mine if blob_id not in named]


def _new(hospital_id: str, actor: Actor, wish: Wish, *, title: str, now: datetime) -> Export:
    return Export(
        hospital_id=hospital_id,
        kind=wish.kind,
        language=wish.language,
        vendor_id=wish.vendor_id,
        about=wish.about,
        title=title,
        state=ExportState.WAITING,
        asked_by=actor.person_id,
        asked_by_name=actor.name[:200],
        others=[],
        asked_at=now,
    )


def _title(session: Session, actor: Actor, wish: Wish) -> str:
    """The vendors it is about, as they are called today."""
    if wish.snapshot_id:
        return snapshots.find(session, actor, wish.snapshot_id).name
    if wish.assessment_id:
        found = invitations.find(session, actor, wish.assessment_id)
        if found.vendor_id != wish.vendor_id:
            raise NotFound
        return f"{found.vendor.name[:180]} ({found.round})"
    ids = (wish.vendor_id,) if wish.vendor_id else wish.vendor_ids
    return ", ".join(vendors.find(session, actor, vendor_id).name for vendor_id in ids)[:200]


def _short(wish: Wish) -> str:
    """What the row keeps, by a key that fits; "": nothing beside the vendor."""
    return hashlib.sha256(repr(wish.about).encode()).hexdigest()[:32] if wish.about else ""


def _subject(row: Export) -> str:
    return row.vendor_id or row.hospital_id


def _fill(row: Export, made: Made, kept: Kept, *, made_at: datetime, now: datetime) -> None:
    row.state, row.open_key, row.failure = ExportState.READY, None, ""
    row.made_at, row.finished_at, row.expires_at = made_at, now, now + KEPT
    row.file_name, row.media_type = made.file_name[:300], made.media_type
    row.size, row.sha256, row.blob_id = kept.size, kept.sha256, kept.blob_id
    row.fingerprint, row.vendors = made.fingerprint, made.vendors
    row.done = row.total = made.vendors


def _fail(row: Export, sentence: str, *, now: datetime) -> None:
    row.state, row.open_key, row.failure, row.finished_at = ExportState.FAILED, None, sentence, now


def _actor_of(session: Session, row: Export) -> Actor | None:
    person = session.get(Person, row.asked_by)
    member = session.get(HospitalMember, (row.hospital_id, row.asked_by))
    if person is None or person.disabled_at is not None or member is None or member.ended_at is not None:
        return None
    if member.hospital.ended_at is not None or member.role not in MAY[row.kind]:
        return None
    return Actor(
        name=person.name,
        person_id=person.id,
        email=person.email,
        language=row.language,
        hospital_id=row.hospital_id,
        hospital_role=member.role,
    )


def _tell(session: Session, row: Export, *, base_url: str, now: datetime) -> None:
    """A link and nothing of the content; only to members of today."""
    people = session.scalars(
        select(Person)
        .join(HospitalMember, HospitalMember.person_id == Person.id)
        .where(
            HospitalMember.hospital_id == row.hospital_id,
            HospitalMember.ended_at.is_(None),
            Person.disabled_at.is_(None),
            Person.id.in_([row.asked_by, *row.others]),
        )
    ).all()
    for person in people:
        with i18n.speaking(person.language):
            letter = Letter(
                subject=i18n.gettext("Your file is ready"),
                paragraphs=(
                    i18n.gettext("Good day,"),
                    i18n.gettext("What you asked for under “Reports” is made. You can fetch it there for a week."),
                ),
                link=f"{base_url}/hospital/reports",
                link_text=i18n.gettext("To the reports"),
            )
        outbox.post(
            session,
            letter,
            kind="export-ready",
            to=person.email,
            language=person.language,
            hospital_id=row.hospital_id,
            now=now,
        )
