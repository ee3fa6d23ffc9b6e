"""Documents of a company: what they are, beside which answers they lie, how they stand, and who opened them.

The bytes lie in portal.files.blobs; the edge puts them there before `add` and takes them off after `remove`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import PurePosixPath

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from assessments import evidence_kinds, evidence_rules, policy
from assessments.model import EvidenceStanding, EvidenceStatus, Words
from portal.db.models.accounts import Company
from portal.db.models.assessments import Assessment, Stage
from portal.db.models.disputes import Dispute, DisputeState
from portal.db.models.incidents import FlashAsked, FlashReply
from portal.db.models.plans import Action, ActionReport
from portal.db.models.responses import (
    Answer,
    AnswerEvidence,
    Confidentiality,
    DeletionRule,
    Evidence,
    EvidenceOpening,
    Response,
)
from portal.errors import BadInput, NotFound, NotNow
from portal.files import guarding
from portal.home import BERLIN
from portal.services import audit
from portal.services.actors import EVERY_COMPANY_ROLE, Actor, company_of, hospital_of
from portal.services.answers import manifests, responses
from portal.services.evidence import components, retention
from portal.services.registers import dossiers
from portal.services.rounds import catalogues, scopes
from portal.services.rounds.rounds import Key
from portal.services.rounds.scopes import WHOLE, Part
from portal.services.scans import disputes
from questionnaires.model import AnswerKind, AnswerValue, Catalogue, Text
from scanners.model import N_, Message

MOST_BYTES = 500 * 2**20  # of one company
LONGEST_TITLE = 80
VIEWABLE = "application/pdf"  # what can be shown page by page


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A file that lies on the disk, as guard and shelf describe it."""

    blob_id: str
    sha256: str
    size: int
    file_name: str
    media_type: str


@dataclass(frozen=True, kw_only=True)
class DocumentFields:
    """What the company says of a document; its dates are its own, not the upload's."""

    kind: str
    title: str = ""  # what another document is; it is then called so
    issuer: str = ""
    scope: str = ""
    product: str = ""
    release: str = ""
    issued_on: date | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    confidentiality: Confidentiality = Confidentiality.CONFIDENTIAL
    is_view_only: bool = False
    retain_until: date | None = None


@dataclass(frozen=True, kw_only=True)
class Document:
    """A document as its owner sees it."""

    id: str
    name: str
    sent_as: str  # the file's own name, where it is called otherwise
    type: str  # of the catalogue
    kind: Text
    size: int
    sha256: str
    issuer: str
    scope: str
    product: str
    release: str
    issued_on: date | None
    valid_from: date | None
    valid_to: date | None
    confidentiality: Confidentiality
    is_view_only: bool
    retain_until: date | None
    uploaded_by: str
    uploaded_at: datetime
    keys: tuple[Key, ...]  # the answers of this round beside which it lies
    standing: EvidenceStanding | None  # None: it lies beside no answer of this round
    good_until: date | None
    reason: Words | None  # why it stands so


@dataclass(frozen=True, kw_only=True)
class Opened:
    """What the edge needs to give a document out."""

    owner: str
    blob_id: str
    sha256: str
    file_name: str
    media_type: str
    called: str = ""  # as pages name it, where the file is called otherwise
    is_view_only: bool = False  # no file: its pages are shown, one at a time
    reader: str = ""


def owner_of(company_id: str) -> str:
    """The name under which a company's documents are sealed."""
    return f"company:{company_id}"


# ---- reading


def of_round(session: Session, actor: Actor, assessment_id: str, *, now: datetime) -> Sequence[Document]:
    """All documents of the company, those beside answers of this round first; to a contributor those beside theirs."""
    assessment, part = responses.find_part(session, actor, assessment_id)
    catalogue = catalogues.of(session, assessment)
    links = by_answer(session, assessment, part=part)
    theirs = {one for ids in links.values() for one in ids}
    standings = {status.key: status for status in _statuses(session, assessment, now=now)}
    rows = session.scalars(
        select(Evidence)
        .where(Evidence.company_id == assessment.company_id, Evidence.deleted_at.is_(None))
        .order_by(Evidence.uploaded_at)
    )
    found = [
        described(
            row,
            evidence_kinds.text_of(catalogue, row.kind),
            tuple(key for key, ids in links.items() if row.id in ids),
            standings.get(row.id),
        )
        for row in rows
        if part.is_whole or row.id in theirs
    ]
    return sorted(found, key=lambda one: not one.keys)


def find(session: Session, actor: Actor, assessment_id: str, evidence_id: str, *, now: datetime) -> Document:
    """One document of the company that the actor may see."""
    for one in of_round(session, actor, assessment_id, now=now):
        if one.id == evidence_id:
            return one
    raise NotFound


def by_answer(session: Session, assessment: Assessment, *, part: Part = WHOLE) -> Mapping[Key, Sequence[str]]:
    """The ids of the documents beside each answer of a round, or of a part of it."""
    catalogue = _catalogue(session, assessment)
    rows = session.execute(
        select(AnswerEvidence.question_id, AnswerEvidence.supply_id, AnswerEvidence.evidence_id)
        .join(Response, Response.id == AnswerEvidence.response_id)
        .where(AnswerEvidence.company_id == assessment.company_id, Response.assessment_id == assessment.id)
        .order_by(AnswerEvidence.evidence_id)
    )
    found: dict[Key, list[str]] = {}
    for question_id, supply_id, evidence_id in rows:
        if part.asks(catalogue, question_id):
            found.setdefault((question_id, supply_id), []).append(evidence_id)
    return found


def names(session: Session, assessment: Assessment) -> Mapping[str, str]:
    """The file names of the company's documents."""
    rows = session.execute(
        select(Evidence.id, Evidence.file_name).where(
            Evidence.company_id == assessment.company_id, Evidence.deleted_at.is_(None)
        )
    ).all()
    return {row[0]: row[1] for row in rows}


def only_to_be_read(session: Session, ids: Sequence[str]) -> frozenset[str]:
    """Those of these documents whose pages are shown and that are never given out."""
    found = select(Evidence.id).where(Evidence.id.in_(ids), Evidence.is_view_only, Evidence.deleted_at.is_(None))
    return frozenset(session.scalars(found))


def confidential(session: Session, ids: Sequence[str]) -> frozenset[str]:
    """Those of these documents that their company has marked as confidential."""
    is_marked = Evidence.confidentiality == Confidentiality.CONFIDENTIAL
    return frozenset(session.scalars(select(Evidence.id).where(Evidence.id.in_(ids), is_marked)))


def _statuses(session: Session, assessment: Assessment, *, now: datetime) -> Sequence[EvidenceStatus]:
    """How each document stands by its dates and kind, and what is missing where much depends on the answer."""
    dossier = dossiers.build_for_company(session, assessment.company_id or "", assessment.id, now=now)
    return evidence_rules.statuses(dossier, policy.current())


def _catalogue(session: Session, assessment: Assessment) -> Catalogue:
    return catalogues.of(session, assessment)


def openings(session: Session, actor: Actor, assessment_id: str, evidence_id: str) -> Sequence[EvidenceOpening]:
    """Who opened a document of ours, the newest first."""
    row = _row(session, actor, assessment_id, evidence_id)
    return session.scalars(
        select(EvidenceOpening)
        .where(EvidenceOpening.company_id == row.company_id, EvidenceOpening.evidence_id == row.id)
        .order_by(EvidenceOpening.at.desc())
    ).all()


def held_until(session: Session, actor: Actor, assessment_id: str, evidence_id: str) -> date | None:
    """Until when a document is held because somebody was shown it."""
    row = _row(session, actor, assessment_id, evidence_id)
    return retention.held_until(session, row.company_id).get(row.id)


# ---- changing


def add(
    session: Session,
    actor: Actor,
    assessment_id: str,
    fields: DocumentFields,
    stored: Stored,
    *,
    keys: Sequence[Key] = (),
    now: datetime,
) -> Evidence:
    """Write down a document that lies on the disk, and lay it beside answers."""
    assessment = _changeable(session, actor, assessment_id)
    check(fields, evidence_kinds.known(catalogues.of(session, assessment)), media_type=stored.media_type, now=now)
    if not keys and not responses.find_part(session, actor, assessment_id)[1].is_whole:
        sentence = N_("Choose the question for which you bring the document.")
        raise BadInput({"to": Message(text=sentence)})  # beside nothing, whoever brought it would not see it again
    row = write_down(session, actor, fields, stored, now=now)
    for key in keys:
        _lay(session, actor, assessment, row, key, now=now)
    return row


def write_down(session: Session, actor: Actor, fields: DocumentFields, stored: Stored, *, now: datetime) -> Evidence:
    """Write down a document that was checked, beside nothing yet."""
    company_id = company_of(actor, EVERY_COMPANY_ROLE)
    used = session.scalar(
        select(func.coalesce(func.sum(Evidence.size), 0)).where(
            Evidence.company_id == company_id, Evidence.deleted_at.is_(None)
        )
    )
    if (used or 0) + stored.size > MOST_BYTES:
        most = MOST_BYTES // 2**20
        raise BadInput(
            {"file": Message(text=N_("All your documents together may have %(most)s MB."), values={"most": most})}
        )
    name, own = _named(fields, stored)[:200], stored.file_name[:200]
    row = Evidence(
        company_id=company_id,
        kind=fields.kind,
        file_name=name,
        sent_as=guarding.safe_name(own)[:200] if name != own else "",
        media_type=stored.media_type,
        size=stored.size,
        sha256=stored.sha256,
        blob_id=stored.blob_id,
        issuer=fields.issuer.strip()[:200],
        scope=fields.scope.strip()[:2000],
        product=fields.product.strip()[:200],
        release=fields.release.strip()[:60],
        issued_on=fields.issued_on,
        valid_from=fields.valid_from,
        valid_to=fields.valid_to,
        confidentiality=fields.confidentiality,
        is_view_only=fields.is_view_only,
        retain_until=fields.retain_until,
        uploaded_by=actor.name[:200],
        uploaded_at=now,
    )
    session.add(row)
    session.flush()  # its places point to it
    audit.record(session, actor, "evidence.added", row.id, now=now, detail={"kind": row.kind, "sha256": row.sha256})
    components.ask(session, row, now=now)
    return row


def attach(session: Session, actor: Actor, assessment_id: str, evidence_id: str, key: Key, *, now: datetime) -> None:
    """Lay a document beside an answer, given already or not."""
    assessment = _changeable(session, actor, assessment_id)
    _lay(session, actor, assessment, _row(session, actor, assessment_id, evidence_id), key, now=now)


def _lay(session: Session, actor: Actor, assessment: Assessment, row: Evidence, key: Key, *, now: datetime) -> None:
    response = responses.lock(session, assessment)
    session.refresh(row, with_for_update=True)  # somebody may delete it at this moment
    if row.deleted_at is not None:
        raise NotFound
    shape = responses.shape_of(session, assessment, key, part=scopes.of(session, actor, assessment))
    _require_open(session, assessment, key)
    if session.get(Answer, (response.id, *key)) is None:
        session.add(
            Answer(
                company_id=response.company_id,
                response_id=response.id,
                question_id=key[0],
                supply_id=key[1],
                value=None,
                version=0,  # nothing was answered: whoever answers now is the first
                updated_at=now,
                updated_by=actor.name[:200],
            )
        )
        session.flush()  # the document's place points to it
        session.expire(response, ["answers"])
    place = (response.id, *key, row.id)
    if session.get(AnswerEvidence, place) is None:
        session.add(
            AnswerEvidence(
                company_id=response.company_id,
                response_id=response.id,
                question_id=key[0],
                supply_id=key[1],
                evidence_id=row.id,
            )
        )
        session.flush()
        detail = {"question": key[0], "supply": key[1]}
        audit.record(session, actor, "evidence.attached", row.id, now=now, detail=detail)
    answer = session.get_one(Answer, (response.id, *key))
    if shape.kind is AnswerKind.FILE and answer.value is None:  # the document is the answer
        value = AnswerValue(choices=(evidence_rules.ATTACHED,))
        responses.save(session, actor, assessment.id, key, value, version=answer.version, now=now)


def detach(session: Session, actor: Actor, assessment_id: str, evidence_id: str, key: Key, *, now: datetime) -> None:
    """Take a document away from an answer; it stays in the vault."""
    assessment = _changeable(session, actor, assessment_id)
    row = _row(session, actor, assessment_id, evidence_id)
    response = responses.lock(session, assessment)
    if not scopes.of(session, actor, assessment).asks(_catalogue(session, assessment), key[0]):
        raise NotFound
    _require_open(session, assessment, key)
    place = session.get(AnswerEvidence, (response.id, *key, row.id))
    if place is None:
        raise NotFound
    session.delete(place)
    detail = {"question": key[0], "supply": key[1]}
    audit.record(session, actor, "evidence.detached", row.id, now=now, detail=detail)


def remove(session: Session, actor: Actor, assessment_id: str, evidence_id: str, *, now: datetime) -> str:
    """Delete a document that was never handed in; returns the blob to take off the disk after the commit."""
    assessment = _changeable(session, actor, assessment_id)
    row = _row(session, actor, assessment_id, evidence_id)
    session.refresh(row, with_for_update=True)  # its parts may be written down at this moment
    if row.deleted_at is not None:
        raise NotFound
    company_id = row.company_id
    if row.id in retention.handed_in(session, company_id):
        raise NotNow(Message(text=N_("This document was handed in with a submission; it stays with it.")))
    if not _lies_only_in(session, row, assessment, scopes.of(session, actor, assessment)):
        raise NotNow(Message(text=N_("This document also serves elsewhere. You can take it away from your questions.")))
    if (resting := _rests_on(session, row, assessment)) is not None:
        raise NotNow(resting)
    session.execute(
        delete(AnswerEvidence).where(AnswerEvidence.company_id == company_id, AnswerEvidence.evidence_id == row.id)
    )
    components.forget(session, company_id, row.id)
    retention.delete(session, actor, row, DeletionRule.BY_HAND, now=now)
    return row.blob_id


def set_keeping(
    session: Session,
    actor: Actor,
    assessment_id: str,
    evidence_id: str,
    *,
    is_view_only: bool,
    retain_until: date | None,
    now: datetime,
) -> None:
    """How long a document is kept and whether it may leave; this can change after it was handed in too."""
    company_of(actor)
    row = _row(session, actor, assessment_id, evidence_id)
    keep_as(session, actor, row, is_view_only=is_view_only, retain_until=retain_until, now=now)


def keep_as(
    session: Session, actor: Actor, row: Evidence, *, is_view_only: bool, retain_until: date | None, now: datetime
) -> None:
    """The same, of a document that was found."""
    fresh = retain_until if retain_until != row.retain_until else None  # a day that has passed meanwhile may stay
    _check_keeping(is_view_only=is_view_only, media_type=row.media_type, retain_until=fresh, now=now)
    row.is_view_only, row.retain_until = is_view_only, retain_until
    detail = {"view_only": is_view_only, "until": retain_until.isoformat() if retain_until else None}
    audit.record(session, actor, "evidence.keeping-set", row.id, now=now, detail=detail)


def unnamed(session: Session, found: Iterable[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    """Those of the files, each by its owner and name, that no document names: their upload failed half-way.

    Files of owners that this database has never heard of are not ours to judge.
    """
    named = set(session.scalars(select(Evidence.blob_id).where(Evidence.deleted_at.is_(None))))
    known = {owner_of(company_id) for company_id in session.scalars(select(Company.id))}
    return [(owner, blob_id) for owner, blob_id in found if owner in known and blob_id not in named]


# ---- giving out


def open_for_company(session: Session, actor: Actor, assessment_id: str, evidence_id: str) -> Opened:
    """The owner's own copy."""
    return opened(_row(session, actor, assessment_id, evidence_id))


def open_for_hospital(
    session: Session, actor: Actor, assessment_id: str, evidence_id: str, *, page: int = 1, now: datetime
) -> Opened:
    """A document that was handed in to this hospital in this round, or a page of it; its owner sees who opened it."""
    found = shown_to_hospital(session, actor, assessment_id, evidence_id, now=now)
    note_opening(session, actor, assessment_id, evidence_id, page=page if found.is_view_only else None, now=now)
    return found


def shown_to_hospital(session: Session, actor: Actor, assessment_id: str, evidence_id: str, *, now: datetime) -> Opened:
    """The same before anybody has opened it: whoever gives it out notes the opening."""
    hospital_id = hospital_of(actor)
    assessment = session.get(Assessment, assessment_id)
    if assessment is None or assessment.hospital_id != hospital_id or assessment.company_id is None:
        raise NotFound
    response = session.scalars(select(Response).where(Response.assessment_id == assessment.id)).first()
    edition = manifests.latest(session, response) if response else None
    handed_in = {entry["id"]: entry for entry in edition.manifest["evidence"]} if edition else {}
    row = session.get(Evidence, evidence_id)
    if row is None or row.company_id != assessment.company_id:
        raise NotFound
    if row.id not in handed_in and not (
        _is_in_dispute(session, assessment, row, now=now)
        or _is_in_report(session, assessment, row)
        or _is_in_flash(session, assessment, row)
    ):
        raise NotFound
    if row.deleted_at is not None:
        raise NotNow(Message(text=N_("The company's retention date for this document has passed; it was deleted.")))
    return replace(opened(row), reader=_reader(session, actor, assessment))


def note_opening(
    session: Session, actor: Actor, assessment_id: str, evidence_id: str, *, page: int | None = None, now: datetime
) -> None:
    """Write down that a document which was shown to the hospital was opened; `page`: of one that is only read."""
    assessment, row = session.get_one(Assessment, assessment_id), session.get_one(Evidence, evidence_id)
    reader = _reader(session, actor, assessment)
    session.add(EvidenceOpening(company_id=row.company_id, evidence_id=row.id, who=reader, at=now, page=page))
    audit.record(session, actor, "evidence.opened", row.id, now=now, detail={"assessment": assessment.id})


def _is_in_dispute(session: Session, assessment: Assessment, row: Evidence, *, now: datetime) -> bool:
    """What the company lays beside a dispute it shows to the hospital that answers, as long as it holds it."""
    found = select(Dispute).where(
        Dispute.hospital_id == assessment.hospital_id,
        Dispute.vendor_id == assessment.vendor_id,
        Dispute.company_id == row.company_id,
        Dispute.evidence_id == row.id,
        Dispute.state != DisputeState.TAKEN_BACK,
    )
    if row.deleted_at is not None:
        return False
    return bool(disputes.shown_to_hospital(session, session.scalars(found).all(), now=now))


def _is_in_report(session: Session, assessment: Assessment, row: Evidence) -> bool:
    """What the company lays beside its word that an action is done it shows to the hospital that set it."""
    found = (
        select(ActionReport.id)
        .join(Action, Action.id == ActionReport.action_id)
        .where(
            Action.hospital_id == assessment.hospital_id,
            Action.vendor_id == assessment.vendor_id,
            ActionReport.company_id == row.company_id,
            ActionReport.evidence_id == row.id,
        )
    )
    return row.deleted_at is None and session.scalars(found.limit(1)).first() is not None


def _is_in_flash(session: Session, assessment: Assessment, row: Evidence) -> bool:
    """What the company lays beside its answer to a question of the moment it shows to the hospital that asked."""
    found = (
        select(FlashReply.id)
        .join(FlashAsked, FlashAsked.id == FlashReply.asked_id)
        .where(
            FlashAsked.hospital_id == assessment.hospital_id,
            FlashAsked.vendor_id == assessment.vendor_id,
            FlashReply.company_id == row.company_id,
            FlashReply.evidence_id == row.id,
        )
    )
    return row.deleted_at is None and session.scalars(found.limit(1)).first() is not None


def _reader(session: Session, actor: Actor, assessment: Assessment) -> str:
    hospital = responses.hospital_name(session, assessment)
    return f"{actor.name}, {hospital}"[:400]


def opened(row: Evidence) -> Opened:
    """What the edge needs to give a document out."""
    return Opened(
        owner=owner_of(row.company_id),
        blob_id=row.blob_id,
        sha256=row.sha256,
        file_name=row.sent_as or row.file_name,
        called=row.file_name,
        media_type=row.media_type,
        is_view_only=row.is_view_only,
    )


def check(fields: DocumentFields, kinds: Iterable[str], *, media_type: str, now: datetime) -> None:
    """Refuse what a company says of a document where it cannot be so; `kinds` may be chosen."""
    wrong: dict[str, Message] = {}
    if fields.kind not in kinds:
        wrong["kind"] = Message(text=N_("Choose what kind of document it is."))
    if fields.kind == evidence_kinds.OTHER and not fields.title.strip():
        wrong["title"] = Message(text=N_("Say in a few words what document it is."))
    if fields.valid_to is not None and fields.valid_from is not None and fields.valid_to < fields.valid_from:
        wrong["valid_to"] = Message(text=N_("The end must not lie before the beginning."))
    if wrong:
        raise BadInput(wrong)
    _check_keeping(is_view_only=fields.is_view_only, media_type=media_type, retain_until=fields.retain_until, now=now)


def _named(fields: DocumentFields, stored: Stored) -> str:
    """A document of no known kind is called by what it is: nothing else would tell it from the next one."""
    if fields.kind != evidence_kinds.OTHER:
        return stored.file_name
    title = fields.title.strip().replace("/", "-").replace("\\", "-")[:LONGEST_TITLE]
    return guarding.safe_name(title + PurePosixPath(stored.file_name).suffix)


def _check_keeping(*, is_view_only: bool, media_type: str, retain_until: date | None, now: datetime) -> None:
    wrong: dict[str, Message] = {}
    if is_view_only and media_type != VIEWABLE:
        sentence = N_("Only a PDF can be shown without being given out. Bring it as a PDF, or let it be saved.")
        wrong["is_view_only"] = Message(text=sentence)
    if retain_until is not None and retain_until <= now.astimezone(BERLIN).date():
        wrong["retain_until"] = Message(text=N_("Choose a day that lies ahead."))
    if wrong:
        raise BadInput(wrong)


def _changeable(session: Session, actor: Actor, assessment_id: str) -> Assessment:
    assessment, _part = responses.find_part(session, actor, assessment_id)
    if not responses.head(session, actor, assessment_id).may_be_changed:
        raise NotNow(Message(text=N_("This round has been handed in and can no longer be changed.")))
    return assessment


def _require_open(session: Session, assessment: Assessment, key: Key) -> None:
    if not responses.is_open(assessment, responses.returned(session, assessment), key):
        raise NotNow(Message(text=N_("This answer has been handed in and can no longer be changed.")))


def _row(session: Session, actor: Actor, assessment_id: str, evidence_id: str) -> Evidence:
    """A document of the company; a contributor's are those beside the answers that are theirs."""
    assessment, part = responses.find_part(session, actor, assessment_id)
    row = session.get(Evidence, evidence_id)
    if row is None or row.company_id != assessment.company_id or row.deleted_at is not None:
        raise NotFound
    if not part.is_whole and not any(row.id in ids for ids in by_answer(session, assessment, part=part).values()):
        raise NotFound
    return row


def _lies_only_in(session: Session, row: Evidence, assessment: Assessment, part: Part) -> bool:
    """Whether no answer outside of this part, of this round or another, and no other word rests on a document."""
    if part.is_whole:
        return True
    catalogue = _catalogue(session, assessment)
    places = session.execute(
        select(Response.assessment_id, AnswerEvidence.question_id)
        .join(Response, Response.id == AnswerEvidence.response_id)
        .where(AnswerEvidence.company_id == row.company_id, AnswerEvidence.evidence_id == row.id)
    ).all()
    return _rests_on(session, row, assessment) is None and all(
        round_id == assessment.id and part.asks(catalogue, question_id) for round_id, question_id in places
    )


def _rests_on(session: Session, row: Evidence, assessment: Assessment) -> Message | None:
    """What of the company's words outside of this round rests on a document, as the sentence why it stays."""
    disputed = select(Dispute.id).where(
        Dispute.company_id == row.company_id,
        Dispute.evidence_id == row.id,
        Dispute.state != DisputeState.TAKEN_BACK,
    )
    if session.scalars(disputed.limit(1)).first() is not None:
        return Message(text=N_("This document lies beside a disputed finding; it stays as long as the dispute does."))
    reported = select(ActionReport.id).where(
        ActionReport.company_id == row.company_id, ActionReport.evidence_id == row.id
    )
    if session.scalars(reported.limit(1)).first() is not None:
        return Message(text=N_("This document lies beside the report that an action is done; it stays with it."))
    replied = select(FlashReply.id).where(FlashReply.company_id == row.company_id, FlashReply.evidence_id == row.id)
    if session.scalars(replied.limit(1)).first() is not None:
        sentence = N_("This document lies beside the answer to a question that was asked at once; it stays with it.")
        return Message(text=sentence)
    elsewhere = (
        select(Assessment.id)
        .join(Response, Response.assessment_id == Assessment.id)
        .join(AnswerEvidence, AnswerEvidence.response_id == Response.id)
        .where(
            AnswerEvidence.company_id == row.company_id,
            AnswerEvidence.evidence_id == row.id,
            Assessment.company_id == row.company_id,
            Assessment.id != assessment.id,
            Assessment.stage != Stage.CLOSED,  # out of a round that is over, nobody could take it any more
        )
    )
    if session.scalars(elsewhere.limit(1)).first() is not None:
        return Message(text=N_("This document lies beside answers of another round. Take it away from them first."))
    return None


def described(row: Evidence, kind: Text, keys: tuple[Key, ...], status: EvidenceStatus | None) -> Document:
    """A document as its owner sees it."""
    return Document(
        id=row.id,
        name=row.file_name,
        sent_as=row.sent_as,
        type=row.kind,
        kind=kind,
        size=row.size,
        sha256=row.sha256,
        issuer=row.issuer,
        scope=row.scope,
        issued_on=row.issued_on,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        confidentiality=row.confidentiality,
        uploaded_by=row.uploaded_by,
        uploaded_at=row.uploaded_at,
        keys=keys,
        product=row.product,
        release=row.release,
        is_view_only=row.is_view_only,
        retain_until=row.retain_until,
        standing=status.standing if status else None,
        reason=status.reason if status else None,
        good_until=status.valid_until if status else row.valid_to,
    )
