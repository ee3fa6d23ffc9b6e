"""What the worker knows how to do, by kind of job, and what follows when a job is given up."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.db.models.assessments import Assessment, Stage
from portal.db.models.jobs import MailState, OutboxMail
from portal.files.blobs import Blobs
from portal.jobs import (
    bouncing,
    campaigning,
    components,
    controlling,
    exporting,
    flashing,
    freezing,
    keeping,
    mailing,
    previewing,
    rejudging,
    scanning,
    watching,
)
from portal.jobs.leases import Lease
from portal.jobs.work import Work
from portal.services import jobs
from portal.services.decisions import reopening
from portal.services.evidence import evidence
from portal.services.exports import exports
from portal.services.incidents import flashes
from portal.services.jobs import JobKind
from portal.services.mails import outbox
from portal.services.monitoring import changes
from portal.services.people import limits, sign_ins, tickets
from portal.services.registers import scores
from portal.services.scans import domain_control, mail_sessions, public_looks, rechecks, scan_budgets, scans

log = logging.getLogger(__name__)

LEFT_OVER_AFTER = timedelta(days=1)


class Lane(StrEnum):
    """Which threads take it: long scans never stand in the way of mails and scores."""

    SCANS = "scans"
    PAPER = "paper"  # exports, one at a time
    REST = "rest"


@dataclass(frozen=True, kw_only=True)
class Task:
    """How a kind of job is done, and what is written when nobody could."""

    lane: Lane
    run: Callable[[Work], None]
    give_up: Callable[[Session, Lease, datetime], None] | None = None


def _score(work: Work) -> None:
    with work.last_step() as session:
        hospital_id, assessment_id = work.argument("hospital_id"), work.argument("assessment_id")
        assessment = scores.find(session, hospital_id, assessment_id)
        if assessment is None:
            return  # what is forgotten does not come back
        scores.refresh(session, hospital_id, assessment_id, now=work.now())
        if reopening.is_decided(session, hospital_id, assessment.vendor_id):
            reopening.ask(session, hospital_id, assessment.vendor_id, now=work.now())
        jobs.ask_for_changes(session, hospital_id, assessment.vendor_id, now=work.now())


def _decisions(work: Work) -> None:
    """Whether a condition lapsed, a threshold broke, a document ran out or a review is due."""
    base_url = work.tools.settings.public_base_url
    with work.last_step() as session:
        hospital_id, vendor_id = work.argument("hospital_id"), work.argument("vendor_id")
        reopening.look(session, hospital_id, vendor_id, base_url=base_url, now=work.now())


def _nightly(work: Work) -> None:
    """Deadlines pass and documents run out without anybody doing anything: every open round is worked out anew."""
    keeping.nightly(work)
    _sweep_files(work)
    with work.last_step() as session:
        now = work.now()
        open_rounds = (
            select(Assessment.hospital_id, Assessment.id)
            .where(Assessment.stage.not_in([Stage.DRAFT, Stage.CLOSED]))
            .order_by(Assessment.id)
        )
        for hospital_id, assessment_id in session.execute(open_rounds).all():
            jobs.ask_for_score(session, hospital_id, assessment_id, now=now)
        components.ask_unread(session, now=now)
        flashes.look_after(session, now=now)
        reopening.ask_all(session, now=now)
        changes.ask_all(session, now=now)
        for room in (jobs, limits, mail_sessions, outbox, public_looks, scan_budgets, tickets, sign_ins):
            room.sweep(session, now=now)


def _sweep_files(work: Work) -> None:
    """Take files off the disk whose upload failed half-way; none of them is younger than the longest request."""
    shelf = Blobs(folder=work.tools.settings.files_dir, keyring=work.tools.keyring)
    before = work.now() - LEFT_OVER_AFTER
    try:
        shelf.remove_drafts(before)
        old = shelf.put_before(before)
        with work.step() as session:
            left_over = [
                *evidence.unnamed(session, old),
                *exports.unnamed(session, old),
                *exports.expire(session, now=work.now()),
            ]
        for owner, blob_id in left_over:
            shelf.remove(owner, blob_id)
    except OSError as error:
        log.warning("the files could not be swept: %s", type(error).__name__)


def _give_up_scan(session: Session, lease: Lease, now: datetime) -> None:
    scans.give_up(session, str(lease.args["hospital_id"]), str(lease.args["scan_id"]), now=now)


def _give_up_recheck(session: Session, lease: Lease, now: datetime) -> None:
    rechecks.give_up(session, str(lease.args["hospital_id"]), str(lease.args["recheck_id"]), now=now)


def _give_up_control(session: Session, lease: Lease, now: datetime) -> None:
    domain_control.give_up(session, str(lease.args["company_id"]), str(lease.args["host"]), now=now)


def _give_up_export(session: Session, lease: Lease, now: datetime) -> None:
    exports.give_up(session, str(lease.args["hospital_id"]), str(lease.args["export_id"]), now=now)


def _give_up_mail(session: Session, lease: Lease, _now: datetime) -> None:
    mail = session.get(OutboxMail, str(lease.args["mail_id"]))
    if mail is not None and mail.state is MailState.WAITING:
        mail.state = MailState.FAILED


TASKS: Mapping[JobKind, Task] = {
    JobKind.SCAN: Task(lane=Lane.SCANS, run=scanning.run, give_up=_give_up_scan),
    JobKind.SECOND_LOOK: Task(lane=Lane.SCANS, run=scanning.look_again),
    JobKind.RECHECK: Task(lane=Lane.SCANS, run=scanning.recheck, give_up=_give_up_recheck),
    JobKind.PUBLIC_LOOK: Task(lane=Lane.SCANS, run=scanning.look_in_public),
    JobKind.CONTROL: Task(lane=Lane.SCANS, run=controlling.check, give_up=_give_up_control),
    JobKind.MAIL: Task(lane=Lane.REST, run=mailing.send, give_up=_give_up_mail),
    JobKind.SCORE: Task(lane=Lane.REST, run=_score),
    JobKind.REJUDGE: Task(lane=Lane.REST, run=rejudging.run),
    JobKind.NEWS: Task(lane=Lane.REST, run=rejudging.tell),
    JobKind.COMPONENTS: Task(lane=Lane.REST, run=components.read),
    JobKind.COMPONENTS_REJUDGE: Task(lane=Lane.REST, run=components.rejudge),
    JobKind.COMPONENTS_NEWS: Task(lane=Lane.REST, run=components.tell),
    JobKind.EXPORT: Task(lane=Lane.PAPER, run=exporting.make, give_up=_give_up_export),
    JobKind.SNAPSHOT: Task(lane=Lane.PAPER, run=freezing.make, give_up=freezing.give_up),
    JobKind.POLICY_PREVIEW: Task(lane=Lane.PAPER, run=previewing.work_out, give_up=previewing.give_up),
    JobKind.FLASH: Task(lane=Lane.REST, run=flashing.look),
    JobKind.SHRED: Task(lane=Lane.REST, run=keeping.shred),
    JobKind.CAMPAIGN: Task(lane=Lane.REST, run=campaigning.send, give_up=campaigning.give_up),
    JobKind.REMINDERS: Task(lane=Lane.REST, run=campaigning.remind),
    JobKind.BOUNCES: Task(lane=Lane.REST, run=bouncing.read),
    JobKind.DECISIONS: Task(lane=Lane.REST, run=_decisions),
    JobKind.RESCANS: Task(lane=Lane.REST, run=watching.plan_rescans),
    JobKind.RESCAN: Task(lane=Lane.REST, run=watching.rescan),
    JobKind.CHANGES: Task(lane=Lane.REST, run=watching.compare),
    JobKind.DIGESTS: Task(lane=Lane.REST, run=watching.tell),
    JobKind.NIGHTLY: Task(lane=Lane.REST, run=_nightly),
}


def kinds(lane: Lane) -> frozenset[JobKind]:
    """What the threads of a lane take."""
    return frozenset(kind for kind, task in TASKS.items() if task.lane is lane)
