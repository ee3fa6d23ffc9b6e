"""Which questions a round asks: the catalogues that ship, and a hospital's own, from draft to dated release.

Everything that reads a catalogue by id and version asks here with the hospital it belongs to: a catalogue of one
hospital does not exist for another.
"""

import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import i18n
from portal.db.models.accounts import HospitalRole
from portal.db.models.assessments import Assessment
from portal.db.models.catalogues import OwnCatalogue
from portal.errors import BadInput, Clash, NotFound, NotNow
from portal.home import BERLIN
from portal.services import audit
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from questionnaires import continuing, owning, shelf, writing
from questionnaires.model import Catalogue, QuestionSet, Text
from questionnaires.reading import BadFile, Refusal
from reports.workbooks import catalogue_sheet
from reports.workbooks.table_in import Table
from scanners.model import N_, Message

RELEASERS = frozenset({HospitalRole.ADMIN})
MOST = 200  # catalogues of one hospital
SERIES = "own-"

Name = tuple[str, str]  # id and version


class Tampered(Exception):
    """A released catalogue is not what was released."""


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A catalogue that a new round may ask, or that a draft may begin from."""

    name: Name
    title: Text
    is_own: bool

    @property
    def key(self) -> str:
        """As a form sends it."""
        return key_of(self.name)


# ---- reading


def get(session: Session, hospital_id: str, catalogue_id: str, version: str) -> Catalogue:
    """A catalogue by id and version: one that ships, or one that this hospital has released."""
    if (catalogue_id, version) in shelf.versions():
        return shelf.get(catalogue_id, version)
    row = session.execute(
        select(OwnCatalogue.document, OwnCatalogue.sha256).where(
            OwnCatalogue.hospital_id == hospital_id,
            OwnCatalogue.catalogue_id == catalogue_id,
            OwnCatalogue.version == version,
            OwnCatalogue.released_at.is_not(None),
        )
    ).first()
    if row is None:
        raise shelf.NoSuchCatalogue(f"{catalogue_id} {version}")
    return _read(row.document, row.sha256)


def of(session: Session, assessment: Assessment) -> Catalogue:
    """What a round asks; a follow-up asks again what the company names as changed."""
    found = get(session, assessment.hospital_id, assessment.catalogue_id, assessment.catalogue_version)
    earlier = before(session, assessment) if continuing.is_follow_up(found) else None
    if earlier is None:
        return found
    return continuing.reopening(
        found,
        judged(session, earlier),
        QuestionSet(earlier.question_set),
        asked_again=again(assessment),
        renewed=_renewed(session, assessment),
    )


def judged(session: Session, assessment: Assessment) -> Catalogue:
    """The same as it is judged: in a follow-up what was asked earlier counts, whether it was asked again or not."""
    found = get(session, assessment.hospital_id, assessment.catalogue_id, assessment.catalogue_version)
    earlier = before(session, assessment) if continuing.is_follow_up(found) else None
    if earlier is None:
        return found
    return continuing.standing(
        found,
        judged(session, earlier),
        QuestionSet(earlier.question_set),
        asked_again=again(assessment),
        renewed=_renewed(session, assessment),
    )


def again(assessment: Assessment) -> frozenset[str]:
    """What a follow-up asks anew, whatever its company names as changed, as `questionnaires.continuing` names it."""
    return frozenset(map(str, assessment.asked_again or ()))


def _renewed(session: Session, assessment: Assessment) -> Catalogue | None:
    if assessment.renewed_by is None:
        return None
    return get(session, assessment.hospital_id, *name_of(assessment.renewed_by))


def before(session: Session, assessment: Assessment) -> Assessment | None:
    """The round that a follow-up continues: the last one of the vendor that was handed in."""
    return session.scalars(
        select(Assessment)
        .where(
            Assessment.hospital_id == assessment.hospital_id,
            Assessment.vendor_id == assessment.vendor_id,
            Assessment.round < assessment.round,
            Assessment.submitted_at.is_not(None),
        )
        .order_by(Assessment.round.desc())
        .limit(1)
    ).first()


def of_row(row: OwnCatalogue) -> Catalogue:
    """The catalogue in a row, released or not."""
    return _read(row.document, row.sha256)


@functools.lru_cache(maxsize=64)
def _read(document: str, sha256: str) -> Catalogue:
    if shelf.digest_of(document.encode()) != sha256:
        raise Tampered(sha256)
    return owning.load(document)


def own(session: Session, actor: Actor) -> Sequence[OwnCatalogue]:
    """Every version of the hospital, drafts first, then the newest release."""
    rows = session.scalars(select(OwnCatalogue).where(OwnCatalogue.hospital_id == hospital_of(actor))).all()
    drafts = sorted((row for row in rows if row.released_at is None), key=lambda row: row.changed_at, reverse=True)
    kept = [(row.released_at, row) for row in rows if row.released_at is not None]
    return [*drafts, *(row for _at, row in sorted(kept, key=lambda pair: (pair[0], pair[1].id), reverse=True))]


def find(session: Session, actor: Actor, own_id: str) -> OwnCatalogue:
    """One version of the hospital."""
    row = session.get(OwnCatalogue, own_id, populate_existing=True)
    if row is None or row.hospital_id != hospital_of(actor):
        raise NotFound
    return row


def offered(session: Session, actor: Actor) -> Sequence[Offer]:
    """What a new round may ask: what ships, in its newest version, and what the hospital has released and kept."""
    newest = dict(shelf.versions())  # sorted, so that the last version of an id stays
    ships = [shelf.current().id, *(one for one in newest if one != shelf.current().id)]
    offers = [Offer(name=(one, newest[one]), title=shelf.get(one, newest[one]).title, is_own=False) for one in ships]
    mine = [row for row in own(session, actor) if row.released_at is not None and row.withdrawn_at is None]
    offers += [Offer(name=(row.catalogue_id, row.version), title=of_row(row).title, is_own=True) for row in mine]
    return offers


def key_of(name: Name) -> str:
    """As a form sends it and a row keeps it."""
    return "@".join(name)


def name_of(key: str) -> Name:
    """The inverse of key_of."""
    catalogue_id, _at, version = key.partition("@")
    return catalogue_id, version


def rounds_with(session: Session, actor: Actor, row: OwnCatalogue) -> int:
    """How many rounds of the hospital ask it."""
    found = select(Assessment.id).where(
        Assessment.hospital_id == hospital_of(actor),
        Assessment.catalogue_id == row.catalogue_id,
        Assessment.catalogue_version == row.version,
    )
    return len(session.scalars(found).all())


# ---- beginning


def begin(session: Session, actor: Actor, base: Name, title: Text, *, now: datetime) -> OwnCatalogue:
    """A draft from a released catalogue; from one of the hospital's own it becomes the next version of it."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    try:
        start = get(session, hospital_id, *base)
    except shelf.NoSuchCatalogue as error:
        raise BadInput({"base": Message(text=N_("Choose a released catalogue to begin from."))}) from error
    rows = _room_for_one(session, actor)
    series = start.id if start.id in {row.catalogue_id for row in rows} else _next_series(rows)
    draft = owning.begin(start, catalogue_id=series, title=_titled(title))
    return _keep(session, actor, draft, base, verb="catalogue.begun", now=now)


def take_in(session: Session, actor: Actor, source: bytes | str, *, now: datetime) -> OwnCatalogue:
    """A draft from a file; raises BadInput with the line of what the format does not know."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    try:
        read = owning.load(source)
    except BadFile as wrong:
        raise BadInput({"file": refusal(wrong)}) from wrong
    rows = _room_for_one(session, actor)
    known = {row.catalogue_id for row in rows}
    series = read.id if read.id in known else _next_series(rows)
    try:
        get(session, hospital_id, read.id, read.version)
        base = (read.id, read.version)
    except shelf.NoSuchCatalogue:
        base = shelf.CURRENT
    draft = owning.begin(read, catalogue_id=series, title=read.title)
    return _keep(session, actor, draft, base, verb="catalogue.taken_in", now=now)


def take_in_sheet(
    session: Session, actor: Actor, table: Table, base: Name, title: Text, *, now: datetime
) -> OwnCatalogue:
    """A draft from a sheet over a released catalogue; raises BadInput with the cell."""
    row = begin(session, actor, base, title, now=now)
    try:
        changed = catalogue_sheet.read(table, of_row(row))
    except catalogue_sheet.BadSheet as wrong:
        values: Mapping[str, str | int] = {"cell": wrong.cell, "what": _said(wrong)}
        sentence = N_("Cell %(cell)s: %(what)s") if wrong.cell else N_("The file cannot be used: %(what)s")
        raise BadInput({"file": Message(text=sentence, values=values)}) from wrong
    _change(session, actor, row, changed, detail={"sheet": len(table.rows)}, now=now)
    return row


def refusal(wrong: BadFile) -> Message:
    """A file that breaks the format, with the line where it can be named."""
    if wrong.line:
        values: Mapping[str, str | int] = {"line": wrong.line, "what": _said(wrong)}
        return Message(text=N_("Line %(line)s: %(what)s"), values=values)
    return Message(text=N_("The file cannot be used: %(what)s"), values={"what": _said(wrong)})


def _said(wrong: Refusal) -> str:
    """In the language of whoever asks; what a file says may be as long as the file."""
    return wrong.say(i18n.gettext)[:300]


def _room_for_one(session: Session, actor: Actor) -> Sequence[OwnCatalogue]:
    rows = own(session, actor)
    if len(rows) >= MOST:
        raise NotNow(Message(text=N_("A hospital keeps at most %(most)s catalogues."), values={"most": MOST}))
    return rows


def _next_series(rows: Sequence[OwnCatalogue]) -> str:
    taken = {row.catalogue_id for row in rows}
    number = 1
    while f"{SERIES}{number}" in taken:
        number += 1
    return f"{SERIES}{number}"


def _titled(title: Text) -> Text:
    kept = Text(de=title.de.strip(), en=title.en.strip())
    wrong = {
        f"title_{language}": Message(text=N_("Give a name in both languages."))
        for language in ("de", "en")
        if not kept.get(language)
    }
    if wrong:
        raise BadInput(wrong)
    return kept


def _keep(session: Session, actor: Actor, draft: Catalogue, base: Name, *, verb: str, now: datetime) -> OwnCatalogue:
    hospital_id = hospital_of(actor)
    waiting = session.scalar(
        select(OwnCatalogue.id).where(
            OwnCatalogue.hospital_id == hospital_id,
            OwnCatalogue.catalogue_id == draft.id,
            OwnCatalogue.version == owning.DRAFT,
        )
    )
    if waiting is not None:
        raise NotNow(Message(text=N_("A draft of this catalogue is open. Release it or throw it away first.")))
    document = _judged(draft)
    row = OwnCatalogue(
        hospital_id=hospital_id,
        catalogue_id=draft.id,
        version=owning.DRAFT,
        base_id=base[0],
        base_version=base[1],
        document=document,
        sha256=shelf.digest_of(document.encode()),
        created_at=now,
        created_by=actor.name[:200],
        changed_at=now,
    )
    session.add(row)
    session.flush()
    audit.record(session, actor, verb, row.id, now=now, detail={"catalogue": draft.id, "base": " ".join(base)})
    return row


# ---- a draft


def put_question(
    session: Session,
    actor: Actor,
    own_id: str,
    raw: Mapping[str, Any],
    *,
    section: str,
    sets: Collection[QuestionSet],
    edits: int,
    now: datetime,
) -> str:
    """Write down a question of the hospital, a new one without an id or the one that has it; gives its id back."""
    row = _draft(session, actor, own_id, edits=edits)
    draft = of_row(row)
    question_id = str(raw.get("id", "")) or owning.next_id([draft, *map(of_row, own(session, actor))])
    if not owning.is_own(question_id) or (raw.get("id") and question_id not in draft.questions):
        raise NotFound
    source = owning.with_question(draft, {**raw, "id": question_id}, section=section, sets=sets)
    try:
        changed = _read(source, shelf.digest_of(source.encode()))
    except BadFile as wrong:
        raise BadInput({"": _unusable(wrong)}) from wrong
    _change(session, actor, row, changed, detail={"question": question_id}, now=now)
    return question_id


def remove_question(
    session: Session, actor: Actor, own_id: str, question_id: str, *, edits: int, now: datetime
) -> None:
    """Take a question of the hospital out of the draft."""
    row = _draft(session, actor, own_id, edits=edits)
    draft = of_row(row)
    if question_id not in draft.questions or not owning.is_own(question_id):
        raise NotFound
    _change(session, actor, row, owning.without_question(draft, question_id), detail={"removed": question_id}, now=now)


def place(
    session: Session,
    actor: Actor,
    own_id: str,
    chosen: Mapping[QuestionSet, Collection[str]],
    *,
    edits: int,
    now: datetime,
) -> None:
    """Say which questions stand in which set; what stands in none is dropped."""
    row = _draft(session, actor, own_id, edits=edits)
    detail = {one.value: len(names) for one, names in chosen.items()}
    _change(session, actor, row, owning.with_sets(of_row(row), chosen), detail=detail, now=now)


def rename(session: Session, actor: Actor, own_id: str, title: Text, *, edits: int, now: datetime) -> None:
    """Give the draft another name."""
    row = _draft(session, actor, own_id, edits=edits)
    changed = owning.titled(of_row(row), _titled(title))
    _change(session, actor, row, changed, detail={"title": title.en[:200]}, now=now)


def discard(session: Session, actor: Actor, own_id: str, *, edits: int, now: datetime) -> None:
    """Throw a draft away, as it was read: what somebody has written meanwhile is not thrown away unseen."""
    row = _draft(session, actor, own_id, edits=edits)
    audit.record(session, actor, "catalogue.discarded", row.id, now=now, detail={"catalogue": row.catalogue_id})
    session.delete(row)


def release(session: Session, actor: Actor, own_id: str, *, edits: int, now: datetime) -> OwnCatalogue:
    """Freeze the draft under today's date; from now on rounds may ask it, and nobody changes it any more."""
    hospital_of(actor, RELEASERS)
    row = _draft(session, actor, own_id, edits=edits)
    taken = {one.version for one in own(session, actor) if one.catalogue_id == row.catalogue_id}
    version = _dated(now, lambda name: name in taken)
    row.document = _judged(owning.released(of_row(row), version))
    row.sha256 = shelf.digest_of(row.document.encode())
    row.version, row.released_at, row.released_by = version, now, actor.name[:200]
    row.changed_at = now
    row.edits += 1
    detail = {"catalogue": row.catalogue_id, "version": version, "sha256": row.sha256}
    audit.record(session, actor, "catalogue.released", row.id, now=now, detail=detail)
    return row


def withdraw(session: Session, actor: Actor, own_id: str, *, now: datetime) -> None:
    """Offer a released catalogue to no new round; rounds that ask it go on."""
    hospital_of(actor, RELEASERS)
    row = find(session, actor, own_id)
    if row.released_at is None or row.withdrawn_at is not None:
        raise NotNow(Message(text=N_("Only a released catalogue can be withdrawn, and only once.")))
    row.withdrawn_at = now
    audit.record(session, actor, "catalogue.withdrawn", row.id, now=now, detail={"catalogue": row.catalogue_id})


def _dated(now: datetime, is_taken: Callable[[str], bool]) -> str:
    day = now.astimezone(BERLIN).date().isoformat()
    name, number = day, 2
    while is_taken(name):
        name, number = f"{day}.{number}", number + 1
    return name


def _draft(session: Session, actor: Actor, own_id: str, *, edits: int) -> OwnCatalogue:
    hospital_of(actor, HOSPITAL_WRITERS)
    find(session, actor, own_id)
    row = session.get(OwnCatalogue, own_id, with_for_update=True, populate_existing=True)
    if row is None:  # thrown away while we waited for our turn
        raise NotFound
    if row.released_at is not None:
        raise NotNow(Message(text=N_("A released catalogue never changes. Begin a new version from it.")))
    if edits != row.edits:
        raise Clash(Message(text=N_("Somebody else changed this draft in the meantime. Look at it again.")))
    return row


def _change(
    session: Session, actor: Actor, row: OwnCatalogue, draft: Catalogue, *, detail: dict[str, Any], now: datetime
) -> None:
    row.document = _judged(draft)
    row.sha256 = shelf.digest_of(row.document.encode())
    row.changed_at = now
    row.edits += 1
    audit.record(session, actor, "catalogue.changed", row.id, now=now, detail=detail)


def _judged(draft: Catalogue) -> str:
    """The document of a catalogue, if the loader takes it."""
    document = writing.dump(draft)
    try:
        _read(document, shelf.digest_of(document.encode()))
    except BadFile as wrong:
        raise BadInput({"": _unusable(wrong)}) from wrong
    return document


def _unusable(wrong: BadFile) -> Message:
    return Message(text=N_("This cannot be used: %(what)s"), values={"what": _said(wrong)})
