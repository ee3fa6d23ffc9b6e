"""What a hospital records for a vendor that never signs in: sources, answers, and the edition that closing makes.

Everything here is the hospital's. Only what was closed counts; where the company has said something, its word stands.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from portal import i18n
from portal.db.models.accounts import Company, Hospital, Person
from portal.db.models.assessments import Assessment, Review, ReviewState, Stage
from portal.db.models.recordings import RecordedAnswer, RecordedSource, Recording, SourceKind
from portal.db.models.responses import Answer, Response
from portal.errors import BadInput, Clash, NotFound, NotNow
from portal.home import BERLIN
from portal.services import audit, jobs
from portal.services.actors import HOSPITAL_WRITERS, Actor, hospital_of
from portal.services.answers import manifests, recorded, responses, suggestions
from portal.services.answers.suggestions import Offer
from portal.services.evidence.evidence import Opened, Stored
from portal.services.rounds import invitations, rounds
from portal.services.rounds.rounds import Key, Round
from portal.services.rounds.scopes import WHOLE
from questionnaires import answering
from questionnaires.model import AnswerShape, AnswerValue, BadAnswer
from scanners.model import N_, Message

RECORDABLE = frozenset({Stage.RECORDING, Stage.INVITED, Stage.OPENED})  # and no company has taken the round
MOST_BYTES = 200 * 2**20  # of the sources of one round
FORM = 1

Manifest = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class SourceFields:
    """Who supplied a source, and when."""

    kind: SourceKind = SourceKind.DOCUMENT
    supplied_by: str = ""
    supplied_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where an answer was read, and what the hospital notes for itself."""

    source_id: str
    place: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far a recording is."""

    asked: int
    recorded: int
    may_record: bool
    edition: Recording | None  # the newest
    is_changed: bool  # something was recorded or taken back since


# ---- reading


def owner_of(hospital_id: str) -> str:
    """The name under which a hospital's files are sealed."""
    return f"hospital:{hospital_id}"


def find(session: Session, actor: Actor, assessment_id: str) -> Assessment:
    """One round of the actor's hospital."""
    return invitations.find(session, actor, assessment_id)


def may_record(assessment: Assessment) -> bool:
    """Whether answers may be recorded now: as soon as a company has taken the round, it speaks for itself."""
    return assessment.company_id is None and assessment.stage in RECORDABLE


def rows(session: Session, assessment: Assessment) -> Mapping[Key, RecordedAnswer]:
    """Every recorded answer as it stands, also those that were taken back."""
    found = session.scalars(
        select(RecordedAnswer).where(
            RecordedAnswer.hospital_id == assessment.hospital_id, RecordedAnswer.assessment_id == assessment.id
        )
    )
    return {(row.question_id, row.supply_id): row for row in found}


def sources(session: Session, assessment: Assessment) -> Sequence[RecordedSource]:
    """What the vendor supplied for this round, the oldest first."""
    return session.scalars(
        select(RecordedSource)
        .where(
            RecordedSource.hospital_id == assessment.hospital_id,
            RecordedSource.assessment_id == assessment.id,
            RecordedSource.removed_at.is_(None),
        )
        .order_by(RecordedSource.added_at, RecordedSource.id)
    ).all()


def questionnaire(session: Session, actor: Actor, assessment_id: str, *, now: datetime) -> Round:
    """The questions of the round as they are asked by what was recorded so far; its rows belong to no company."""
    assessment = find(session, actor, assessment_id)
    answers = [
        Answer(
            question_id=row.question_id,
            supply_id=row.supply_id,
            value=row.value,
            version=row.version,
            updated_at=row.at,
            updated_by=row.by_name,
        )
        for row in rows(session, assessment).values()
    ]
    return rounds.of_response(session, assessment, Response(answers=answers), now=now)


def standing(session: Session, assessment: Assessment, asked: Round) -> Standing:
    """How far the recording is."""
    edition = recorded.latest(session, assessment)
    made = _manifest(session, assessment)
    slots = len(asked.slots) + len(asked.profile_questions)
    return Standing(
        asked=slots,
        recorded=slots - len(asked.missing) - len(asked.missing_profile),
        may_record=may_record(assessment),
        edition=edition,
        is_changed=bool(made["answers"]) and (edition is None or edition.sha256 != manifests.digest(made)),
    )


# ---- sources


def add_source(
    session: Session, actor: Actor, assessment_id: str, fields: SourceFields, stored: Stored, *, now: datetime
) -> RecordedSource:
    """Write down a file that lies on the disk, sealed under the hospital's key."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    assessment = _recordable(session, actor, assessment_id)
    if fields.supplied_on is not None and fields.supplied_on > now.astimezone(BERLIN).date():
        raise BadInput({"supplied_on": Message(text=N_("This day lies in the future."))})
    used = sum(one.size for one in sources(session, assessment))
    if used + stored.size > MOST_BYTES:
        values = {"most": MOST_BYTES // 2**20}
        raise BadInput(
            {"file": Message(text=N_("All sources of a round together may have %(most)s MB."), values=values)}
        )
    row = RecordedSource(
        hospital_id=hospital_id,
        assessment_id=assessment.id,
        kind=fields.kind,
        file_name=stored.file_name[:200],
        media_type=stored.media_type,
        size=stored.size,
        sha256=stored.sha256,
        blob_id=stored.blob_id,
        supplied_by=fields.supplied_by.strip()[:200],
        supplied_on=fields.supplied_on,
        added_by=actor.name[:200],
        added_at=now,
    )
    session.add(row)
    session.flush()  # answers point to it
    detail = {"source": row.id, "name": row.file_name, "sha256": row.sha256, "kind": row.kind.value}
    audit.record(session, actor, "recording.source-added", assessment.id, now=now, detail=detail)
    return row


def remove_source(session: Session, actor: Actor, assessment_id: str, source_id: str, *, now: datetime) -> str:
    """Take a source out on which nothing rests; the name of its file comes back, for the edge to take off the disk."""
    hospital_of(actor, HOSPITAL_WRITERS)
    _source(session, find(session, actor, assessment_id), source_id)  # what is unknown is that before it is closed
    assessment = _recordable(session, actor, assessment_id)
    row = _source(session, assessment, source_id)
    resting = [one for one in rows(session, assessment).values() if one.source_id == row.id]
    closed = session.scalars(
        select(Recording.manifest).where(
            Recording.hospital_id == row.hospital_id, Recording.assessment_id == assessment.id
        )
    )
    if resting or any(one["id"] == row.id for manifest in closed for one in manifest["sources"]):
        raise NotNow(Message(text=N_("Answers rest on this source. It stays.")))
    blob_id, row.blob_id, row.removed_at = row.blob_id, "", now
    detail = {"source": row.id, "name": row.file_name}
    audit.record(session, actor, "recording.source-removed", assessment.id, now=now, detail=detail)
    return blob_id


def open_source(session: Session, actor: Actor, assessment_id: str, source_id: str, *, now: datetime) -> Opened:
    """A source, for whoever may read the round; opening it leaves a trace."""
    found = shown_source(session, actor, assessment_id, source_id)
    note_source_opened(session, actor, assessment_id, source_id, now=now)
    return found


def shown_source(session: Session, actor: Actor, assessment_id: str, source_id: str) -> Opened:
    """The same before anybody has opened it: whoever gives it out notes the opening."""
    row = _source(session, find(session, actor, assessment_id), source_id)
    return Opened(
        owner=owner_of(row.hospital_id),
        blob_id=row.blob_id,
        sha256=row.sha256,
        file_name=row.file_name,
        media_type=row.media_type,
    )


def note_source_opened(session: Session, actor: Actor, assessment_id: str, source_id: str, *, now: datetime) -> None:
    """Write down that a source which was shown was opened."""
    assessment = find(session, actor, assessment_id)
    row = _source(session, assessment, source_id)
    detail = {"source": row.id, "name": row.file_name}
    audit.record(session, actor, "recording.source-opened", assessment.id, now=now, detail=detail)


# ---- answers


def shape_of(session: Session, assessment: Assessment, key: Key) -> AnswerShape:
    """What an answer to this question of the round looks like."""
    return responses.shape_of(session, assessment, key, part=WHOLE)


def record(
    session: Session,
    actor: Actor,
    assessment_id: str,
    key: Key,
    values: Sequence[str],
    *,
    origin: Origin,
    comment: str = "",
    version: int,
    now: datetime,
) -> RecordedAnswer:
    """Write down one answer with its source; `version` is the one that was read, 0 where nothing stood."""
    hospital_of(actor, HOSPITAL_WRITERS)
    assessment = _recordable(session, actor, assessment_id)
    value = _parsed(shape_of(session, assessment, key), values, comment, now=now)
    wrong: dict[str, Message] = {}
    if value is None:
        wrong["value"] = Message(text=N_("Choose or enter an answer."))
    known = {one.id: one for one in sources(session, assessment)}
    source = known.get(origin.source_id)
    if source is None:
        wrong["source"] = Message(text=N_("Choose the source in which you read it."))
    elif source.kind is SourceKind.DOCUMENT and not origin.place.strip():
        wrong["place"] = Message(text=N_("Name the page or section."))
    if wrong:
        raise BadInput(wrong)
    return _save(session, actor, assessment, key, value=value, origin=origin, version=version, now=now)


def take_back(
    session: Session, actor: Actor, assessment_id: str, key: Key, *, version: int, now: datetime
) -> RecordedAnswer:
    """The answer goes; that there was one stays in the trail."""
    hospital_of(actor, HOSPITAL_WRITERS)
    assessment = _recordable(session, actor, assessment_id)
    row = rows(session, assessment).get(key)
    if row is None or row.value is None:
        raise NotFound
    origin = Origin(source_id=row.source_id, place=row.place, note=row.note)
    return _save(session, actor, assessment, key, value=None, origin=origin, version=version, now=now)


def _save(
    session: Session,
    actor: Actor,
    assessment: Assessment,
    key: Key,
    *,
    value: AnswerValue | None,
    origin: Origin,
    version: int,
    now: datetime,
) -> RecordedAnswer:
    row = session.get(RecordedAnswer, (assessment.hospital_id, assessment.id, *key), populate_existing=True)
    if (row.version if row else 0) != version:
        raise Clash(
            Message(text=N_("Somebody else recorded this answer in the meantime.")), version=row.version if row else 0
        )
    if row is None:
        row = RecordedAnswer(
            hospital_id=assessment.hospital_id,
            assessment_id=assessment.id,
            question_id=key[0],
            supply_id=key[1],
            source_id=origin.source_id,
            by_name=actor.name[:200],
            at=now,
            version=0,
        )
        session.add(row)
    row.value = answering.dump(value) if value is not None else None
    row.source_id, row.place, row.note = origin.source_id, origin.place.strip()[:200], origin.note.strip()[:4000]
    row.by_name, row.at = actor.name[:200], now
    row.version += 1
    session.flush()
    verb = "recording.answered" if value is not None else "recording.taken-back"
    detail = {"question": key[0], "supply": key[1], "source": row.source_id}
    audit.record(session, actor, verb, assessment.id, now=now, detail=detail)
    return row


# ---- closing, and what follows


def close(session: Session, actor: Actor, assessment_id: str, *, now: datetime) -> Recording:
    """End the recording: what stands is frozen, and from here the round is reviewed and scored as a submitted one."""
    hospital_id = hospital_of(actor, HOSPITAL_WRITERS)
    assessment = _recordable(session, actor, assessment_id)
    manifest = _manifest(session, assessment)
    if not manifest["answers"]:
        raise NotNow(Message(text=N_("Record at least one answer first.")))
    last = session.scalar(
        select(func.max(Recording.edition)).where(
            Recording.hospital_id == hospital_id, Recording.assessment_id == assessment.id
        )
    )
    row = Recording(
        hospital_id=hospital_id,
        assessment_id=assessment.id,
        edition=(last or 0) + 1,
        manifest=dict(manifest),
        sha256=manifests.digest(manifest),
        by_name=actor.name[:200],
        at=now,
    )
    session.add(row)
    assessment.stage, assessment.submitted_at = Stage.SUBMITTED, now
    assessment.version += 1
    jobs.ask_for_score(session, hospital_id, assessment.id, now=now)
    detail = {"edition": row.edition, "answers": len(manifest["answers"]), "sha256": row.sha256}
    audit.record(session, actor, "recording.closed", assessment.id, now=now, detail=detail)
    return row


def reopen(session: Session, actor: Actor, assessment_id: str, *, now: datetime) -> None:
    """Record on: what was closed counts until it is closed again."""
    hospital_of(actor, HOSPITAL_WRITERS)
    assessment = find(session, actor, assessment_id)
    session.refresh(assessment, with_for_update=True)
    if not is_recorded_only(session, assessment):
        raise NotNow(Message(text=N_("There is no closed recording that could be opened again.")))
    assessment.stage = Stage.RECORDING if assessment.is_uninvited else Stage.INVITED
    assessment.stage = Stage.OPENED if assessment.opened_at else assessment.stage
    assessment.reviewed_at = None
    assessment.version += 1
    audit.record(session, actor, "recording.reopened", assessment.id, now=now)


def is_recorded_only(session: Session, assessment: Assessment) -> bool:
    """Whether what is reviewed here was recorded by the hospital, and no company has taken the round."""
    is_past = assessment.stage in {Stage.SUBMITTED, Stage.REVIEWED}
    return assessment.company_id is None and is_past and recorded.latest(session, assessment) is not None


def offer_to_company(
    session: Session, assessment: Assessment, person: Person, company: Company, *, now: datetime
) -> int:
    """Lay what was recorded beside the questions of the company that took the round, each to be confirmed by it.

    Of the hospital it learns the source and the place, no note. A word of review was about the recorded answer and
    not about what the company will say, so what was accepted is open again.
    """
    edition = recorded.latest(session, assessment)
    if edition is None:
        return 0
    hospital = session.get_one(Hospital, assessment.hospital_id)
    offers = list(_offers(edition.manifest["answers"], hospital.name, language=person.language))
    asked = rounds.load(session, assessment, now=now)
    laid = suggestions.lay(session, asked, offers, source="", now=now).laid
    session.execute(
        delete(Review).where(
            Review.hospital_id == assessment.hospital_id,
            Review.assessment_id == assessment.id,
            Review.state == ReviewState.ACCEPTED,
        )
    )
    actor = Actor(name=person.name, email=person.email, person_id=person.id, company_id=company.id)
    detail = {"count": len(laid), "edition": edition.edition}
    for scope in (audit.company_scope(company.id), audit.hospital_scope(assessment.hospital_id)):
        audit.record(session, actor, "recording.offered", assessment.id, now=now, scope=scope, detail=detail)
    return len(laid)


def _offers(entries: Iterable[Mapping[str, Any]], hospital: str, *, language: str) -> Iterable[Offer]:
    with i18n.speaking(language):
        for entry in entries:
            told = entry[recorded.MARK]
            source = f"{told['source']}, {told['place']}" if told["place"] else told["source"]
            yield Offer(
                key=(entry["question"], entry["supply"]),
                value=answering.load(entry["value"]),
                given_at=datetime.fromisoformat(entry["at"]),
                source=i18n.gettext("recorded by %(hospital)s from %(source)s", hospital=hospital, source=source),
            )


# ---- inside


def _recordable(session: Session, actor: Actor, assessment_id: str) -> Assessment:
    """The round, one recording at a time; no company may take it meanwhile."""
    assessment = find(session, actor, assessment_id)
    session.refresh(assessment, with_for_update=True)
    if assessment.company_id is not None:
        raise NotNow(Message(text=N_("A company has taken this round; it answers for itself.")))
    if assessment.stage not in RECORDABLE:
        raise NotNow(Message(text=N_("The recording is closed. Open it again to change something.")))
    return assessment


def _source(session: Session, assessment: Assessment, source_id: str) -> RecordedSource:
    for row in sources(session, assessment):
        if row.id == source_id:
            return row
    raise NotFound


def _parsed(shape: AnswerShape, values: Sequence[str], comment: str, *, now: datetime) -> AnswerValue | None:
    try:
        return answering.parse(shape, values, comment=comment, today=now.astimezone(BERLIN).date())
    except BadAnswer as bad:
        raise BadInput({"value": Message(text=bad.message.text, values=bad.message.values)}) from bad


def _manifest(session: Session, assessment: Assessment) -> Manifest:
    """What stands, in one form that hashes the same for ever."""
    known = {one.id: one for one in sources(session, assessment)}
    standing_rows = sorted(
        (row for row in rows(session, assessment).values() if row.value is not None),
        key=lambda row: (row.question_id, row.supply_id),
    )
    used = sorted({row.source_id for row in standing_rows})
    return {
        "form": FORM,
        "answers": [
            {
                "question": row.question_id,
                "supply": row.supply_id,
                "value": row.value,
                "at": row.at.isoformat(),
                "by": row.by_name,
                recorded.MARK: {
                    "by": row.by_name,
                    "source": known[row.source_id].file_name,
                    "place": row.place,
                    "sha256": known[row.source_id].sha256,
                    "source_key": row.source_id,
                },
            }
            for row in standing_rows
        ],
        "sources": [
            {
                "id": one.id,
                "kind": one.kind.value,
                "name": one.file_name,
                "sha256": one.sha256,
                "size": one.size,
                "supplied_by": one.supplied_by,
                "supplied_on": one.supplied_on.isoformat() if one.supplied_on else None,
            }
            for one in (known[source_id] for source_id in used)
        ],
    }
