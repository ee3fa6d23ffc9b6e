"""What goes into an evidence bundle: all that the hospital may see of one vendor, nothing that is not open to it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from assessments import register
from assessments.model import ActionFact, Assessed, Dossier, Register, Treated
from portal.db.models.assessments import Assessment
from portal.db.models.disputes import Dispute, DisputeState
from portal.db.models.plans import Action, ActionReport
from portal.db.models.registers import RiskRecord, RiskTreatment
from portal.db.models.responses import Evidence, Response
from portal.db.models.scans import ScanRun
from portal.db.models.vendors import Vendor
from portal.errors import NotFound, NotNow
from portal.home import BERLIN
from portal.services.actions import actions
from portal.services.actors import Actor
from portal.services.answers import manifests, recordings, settlements
from portal.services.evidence import evidence
from portal.services.evidence.evidence import Opened
from portal.services.registers import policies, registers
from portal.services.rounds import invitations
from portal.services.scans import consents, disputes, permissions, rechecked, releases, scan_results
from portal.services.vendors import vendors
from questionnaires import shelf, writing
from questionnaires.model import Catalogue
from reports.bundles import packing
from reports.bundles.facts import (
    Bundle,
    DisputeFact,
    Document,
    Edition,
    LeftOut,
    Scan,
    SettlementFact,
)
from scanners.model import CheckClass, Subject, SubjectKind


@dataclass(frozen=True, kw_only=True)
class Opening:
    """A document that goes along, and the round in which the hospital was shown it."""

    assessment_id: str
    key: str
    is_source: bool = False  # the hospital's own, in which recorded answers were read


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """A bundle before the documents themselves are laid in, and where these lie."""

    bundle: Bundle
    register: Register  # of this vendor alone, for its rows
    files: Mapping[str, Opened]  # by the key of the document
    openings: tuple[Opening, ...]  # to be noted with the bundle: a bundle that was not made has opened nothing


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of one vendor, for other programs."""

    assessed: Assessed
    actions: tuple[ActionFact, ...]
    treatments: Mapping[str, Treated]  # by the key of the risk


def gather_facts(session: Session, actor: Actor, vendor_id: str, *, now: datetime, assessment_id: str = "") -> Facts:
    """The vendor worked out anew by its newest round or the one that is named, with what was agreed and decided."""
    vendor = vendors.find(session, actor, vendor_id)
    assessed = (
        registers.assess_round(session, actor, assessment_id, now=now)
        if assessment_id
        else registers.assess(session, actor, vendor.id, now=now)
    )
    agreed = actions.facts(
        actions.of_vendor(session, actor, vendor.id),
        vendor_keys={vendor.id: assessed.dossier.vendor_key},
        today=now.astimezone(BERLIN).date(),
    )
    return Facts(assessed=assessed, actions=tuple(agreed), treatments=_treated(session, vendor))


def gather(
    session: Session, actor: Actor, vendor_id: str, *, program: str, now: datetime, assessment_id: str = ""
) -> Gathered:
    """Everything of one round of the vendor, "": of its newest, or of what is known before the first one. Each document
    that goes along counts as opened once the bundle is there (`note_openings`): its owner sees by whom."""
    vendor = vendors.find(session, actor, vendor_id)
    assessment = permissions.newest_assessment(session, vendor.hospital_id, vendor.id)
    if assessment_id:
        assessment = invitations.find(session, actor, assessment_id)
        if assessment.vendor_id != vendor.id:
            raise NotFound
    found = gather_facts(session, actor, vendor.id, now=now, assessment_id=assessment_id)
    assessed, agreed, treated = found.assessed, found.actions, found.treatments
    dossier = assessed.dossier
    scans, looked_again = _scans(session, vendor, dossier, now=now)
    documents, files, openings = _documents(session, actor, vendor, dossier, now=now)
    if assessment is not None:
        sources, kept = _sources(session, actor, assessment, dossier)
        documents, files = (*documents, *sources), {**files, **kept}
        openings += tuple(Opening(assessment_id=assessment.id, key=key, is_source=True) for key in kept)
    bundle = Bundle(
        assessed=assessed,
        policy=policies.of(session, vendor.hospital_id),
        catalogue_source=source_of(dossier.catalogue),
        round=assessment.round if assessment else None,
        made_by=actor.name,
        program=program,
        scans=scans,
        looked_again=looked_again,
        documents=documents,
        edition=_edition(session, assessment) if assessment else None,
        disputes=tuple(
            _dispute(row, dossier) for row in reversed(disputes.of_vendor(session, actor, vendor.id, now=now))
        ),
        settlements=_settlements(session, actor, assessment) if assessment else (),
        actions=agreed,
        treatments=treated,
        consents=consents.on_paper(session, assessment) if assessment else (),
    )
    return Gathered(
        bundle=bundle,
        register=register.build(
            [assessed],
            policies.of(session, vendor.hospital_id),
            hospital=dossier.hospital,
            at=now,
            treatments={(dossier.vendor_key, key): one for key, one in treated.items()},
            actions=agreed,
        ),
        files=files,
        openings=openings,
    )


def note_openings(session: Session, actor: Actor, openings: Iterable[Opening], *, now: datetime) -> None:
    """Write down what was opened for a bundle, in the commit that keeps the bundle: once, however often it was
    tried."""
    for one in openings:
        if one.is_source:
            recordings.note_source_opened(session, actor, one.assessment_id, one.key, now=now)
        else:
            evidence.note_opening(session, actor, one.assessment_id, one.key, now=now)


def source_of(catalogue: Catalogue) -> bytes:
    """The file of a catalogue: as it was released, or written out where it was put together for this round."""
    name = catalogue.id, catalogue.version
    if name in shelf.versions() and shelf.get(*name) == catalogue:
        return shelf.source(*name)
    return writing.dump(catalogue).encode()


# ---- what was seen


def _scans(
    session: Session, vendor: Vendor, dossier: Dossier, *, now: datetime
) -> tuple[tuple[Scan, ...], frozenset[tuple[str, Subject]]]:
    """The scan that is open to the hospital and counts, then those open ones that tell what it could not see."""
    view = releases.open_run(session, vendor.hospital_id, vendor.id, now=now) if dossier.findings else None
    if view is None:
        return (), frozenset()
    ids = dict.fromkeys([view.run.id, *(record.scan_id for record in view.findings)])
    runs = [session.get_one(ScanRun, scan_id) for scan_id in ids]
    opened = [
        run
        for run in runs
        if run.id == view.run.id or releases.hospital_view(session, vendor.hospital_id, run, now=now).is_open
    ]
    again = frozenset(
        (check_id, Subject(kind=SubjectKind(kind), name=name))
        for run in runs
        for kind, name, check_id in rechecked.of_run(session, run)
    )
    return tuple(_scan(session, run) for run in opened), again


def _scan(session: Session, run: ScanRun) -> Scan:
    return Scan(
        started_at=run.started_at or run.created_at,
        finished_at=run.finished_at,
        started_by=run.started_by,
        side=run.side.value,
        ground=run.ground,
        hosts=tuple(run.hosts),
        classes=frozenset(map(CheckClass, run.classes)),
        active_hosts=tuple(run.active_hosts or ()),
        catalogue_version=run.catalogue_version,
        data_version=run.data_version,
        seen=scan_results.seen_in(session, run.hospital_id, run.id),
    )


# ---- what was said


def _edition(session: Session, assessment: Assessment) -> Edition | None:
    response = session.scalars(select(Response).where(Response.assessment_id == assessment.id)).first()
    row = manifests.latest(session, response) if response is not None else None
    if row is None:
        return None
    return Edition(
        number=row.edition,
        signer_name=row.signer_name,
        signer_function=row.signer_function,
        statement_version=row.statement_version,
        at=row.at,
        sha256=row.sha256,
        manifest=row.manifest,
    )


def _dispute(row: Dispute, dossier: Dossier) -> DisputeFact:
    return DisputeFact(
        key=f"{dossier.vendor_key}:{row.id[:8]}",
        finding=disputes.finding_of(row),
        reason=row.reason.value,
        text=row.text,
        by=row.by_name,
        at=row.at,
        state=row.state.value,
        answer=row.answer,
        answered_by=row.answered_by,
        answered_at=row.answered_at,
        valid_until=row.valid_until,
    )


def _settlements(session: Session, actor: Actor, assessment: Assessment) -> tuple[SettlementFact, ...]:
    rows = settlements.of_assessment(session, actor, assessment.id)
    return tuple(
        SettlementFact(contradiction=key, reason=rows[key].reason, by=rows[key].by_name, at=rows[key].at)
        for key in sorted(rows)
    )


def _treated(session: Session, vendor: Vendor) -> Mapping[str, Treated]:
    """What people wrote about the vendor's risks, by the key of the risk."""
    rows = session.execute(
        select(RiskRecord.key, RiskTreatment)
        .join(
            RiskTreatment,
            (RiskTreatment.hospital_id == RiskRecord.hospital_id) & (RiskTreatment.risk_id == RiskRecord.id),
        )
        .where(RiskRecord.hospital_id == vendor.hospital_id, RiskRecord.vendor_id == vendor.id)
    ).all()
    return {
        key: Treated(
            treatment=row.treatment,
            owner=row.owner,
            due_on=row.due_on,
            accepted_until=row.accepted_until,
            note=row.note,
            by=row.by_name,
            at=row.at,
        )
        for key, row in rows
    }


# ---- documents


def _documents(
    session: Session, actor: Actor, vendor: Vendor, dossier: Dossier, *, now: datetime
) -> tuple[tuple[Document, ...], Mapping[str, Opened], tuple[Opening, ...]]:
    """Every document the hospital was shown: with its file where it may take it, else with the reason why not."""
    beside = {fact.key: fact for fact in dossier.evidence}
    ids = dict.fromkeys(
        [*beside, *_beside_disputes(session, actor, vendor, now=now), *_beside_reports(session, vendor)]
    )
    rounds = _rounds(session, vendor)
    found, files, openings, room = [], {}, [], packing.MOST_DOCUMENTS
    for row in (session.get(Evidence, evidence_id) for evidence_id in ids):
        if row is None:
            continue
        left_out = _left_out(row, room)
        if left_out is None:
            shown = _shown(session, actor, rounds, row, now=now)
            if shown is None:
                continue
            opening, files[row.id] = shown
            openings.append(opening)
            room -= row.size
        fact = beside.get(row.id)
        places = [(question, fact.supply or "") for question in fact.question_ids] if fact else []
        found.append(
            Document(
                key=row.id,
                name=row.file_name,
                sent_as=row.sent_as,
                type=row.kind,
                sha256=row.sha256,
                issuer=row.issuer,
                scope=row.scope,
                issued_on=row.issued_on,
                valid_from=row.valid_from,
                valid_to=row.valid_to,
                confidentiality=row.confidentiality.value,
                beside=tuple(places),
                left_out=left_out,
            )
        )
    return tuple(found), files, tuple(openings)


def _sources(
    session: Session, actor: Actor, assessment: Assessment, dossier: Dossier
) -> tuple[tuple[Document, ...], Mapping[str, Opened]]:
    """The files of the hospital in which recorded answers were read, each with its places."""
    beside: dict[str, list[tuple[str, str]]] = {}
    for answer in dossier.answers:
        if answer.recorded is not None:
            beside.setdefault(answer.recorded.source_key, []).append((answer.question_id, answer.supply or ""))
    found, files = [], {}
    for row in recordings.sources(session, assessment):
        if row.id not in beside:
            continue
        is_small = row.size <= packing.MOST_DOCUMENTS // 2
        if is_small:
            files[row.id] = recordings.shown_source(session, actor, assessment.id, row.id)
        found.append(
            Document(
                key=row.id,
                name=row.file_name,
                type="recorded_source",
                sha256=row.sha256,
                issuer=row.supplied_by,
                issued_on=row.supplied_on,
                beside=tuple(beside[row.id]),
                left_out=None if is_small else LeftOut.SIZE,
            )
        )
    return tuple(found), files


def _left_out(row: Evidence, room: int) -> LeftOut | None:
    if row.deleted_at is not None:
        return LeftOut.REMOVED
    if row.is_view_only:
        return LeftOut.VIEW_ONLY
    return LeftOut.SIZE if row.size > room else None


def _shown(
    session: Session, actor: Actor, rounds: Sequence[Assessment], row: Evidence, *, now: datetime
) -> tuple[Opening, Opened] | None:
    """The document, and the newest round in which it was shown to the hospital; None: in none."""
    for assessment in rounds:
        if assessment.company_id != row.company_id:
            continue
        try:
            found = evidence.shown_to_hospital(session, actor, assessment.id, row.id, now=now)
        except (NotFound, NotNow):
            continue
        return Opening(assessment_id=assessment.id, key=row.id), found
    return None


def _rounds(session: Session, vendor: Vendor) -> Sequence[Assessment]:
    return session.scalars(
        select(Assessment)
        .where(Assessment.hospital_id == vendor.hospital_id, Assessment.vendor_id == vendor.id)
        .order_by(Assessment.round.desc())
    ).all()


def _beside_disputes(session: Session, actor: Actor, vendor: Vendor, *, now: datetime) -> Iterable[str]:
    rows = disputes.of_vendor(session, actor, vendor.id, now=now)
    return sorted({row.evidence_id for row in rows if row.evidence_id and row.state is not DisputeState.TAKEN_BACK})


def _beside_reports(session: Session, vendor: Vendor) -> Iterable[str]:
    found = (
        select(ActionReport.evidence_id)
        .join(Action, Action.id == ActionReport.action_id)
        .where(Action.hospital_id == vendor.hospital_id, Action.vendor_id == vendor.id)
    )
    return sorted({evidence_id for evidence_id in session.scalars(found) if evidence_id})
