"""A first look for whoever asks: a mail proves the domain, then its hosts are looked at, for this reader alone.

No hospital, vendor or company is named anywhere in it. The job's own row keeps what was seen, for a day.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from portal import i18n, mailer
from portal.db.models.accounts import Ticket, TicketPurpose
from portal.db.models.jobs import Job, JobState, OutboxMail
from portal.errors import BadInput, NotFound, NotNow
from portal.services import audit, jobs
from portal.services.actors import SYSTEM
from portal.services.jobs import JobKind
from portal.services.mails import outbox
from portal.services.mails.letters import Letter
from portal.services.people import limits, tickets
from portal.services.scans import domain_control, scan_budgets, scan_results, scans
from portal.services.scans.scans import Order, Postponed
from scanners import storing, targets
from scanners.catalogue import CHECKS
from scanners.model import N_, CheckClass, Finding, Message
from scanners.targets import BadTarget

CLASSES = frozenset({CheckClass.PASSIVE})
MOST_HOSTS = 3
LASTS = tickets.LIFETIME[TicketPurpose.PUBLIC_RESULT]
LONGEST_WAIT = timedelta(hours=2)  # for a turn; then whoever asked has gone
TENANT = "public"  # all looks share one turn, so that hospitals and companies never wait for a crowd
MAIL_KIND = "public-look"

NO_ADDRESS = N_("Enter one e-mail address, like name@example.org.")
FREE_MAIL = N_(
    "Anybody gets an address at %(domain)s, so it does not show for whom you ask. Use an address of your company."
)
FOREIGN = N_(
    "%(name)s does not belong to %(domain)s, the domain of your mail address. Only its own hosts can be asked for."
)
TOO_MANY = N_("At most %(most)s hosts at once. Leave out the others for now.")
NO_HOST = N_("Enter a host name.")
TIRED = N_("%(name)s was scanned as often as it may be today. Ask again tomorrow.")


@dataclass(frozen=True, kw_only=True)
class Look:
    """One look as its only reader sees it."""

    hosts: Sequence[str]
    is_live: bool
    is_failed: bool
    seen_at: datetime | None
    until: datetime  # then it is gone
    reason: str = ""  # why it ended before everything was seen
    findings: Sequence[Finding] = ()


# ---- asking


def ask(
    session: Session,
    *,
    email: str,
    caller: str,
    permitted_suffixes: Iterable[str],
    base_url: str,
    language: str,
    most_a_day: int,
    now: datetime,
) -> str:
    """Send a link to an address; whoever opens it has shown that they belong to its domain. Returns the address."""
    limits.spend(session, limits.PUBLIC_LOOK_CALLER, caller, now=now)
    email = email.strip().lower()
    domain = _domain(email, permitted_suffixes)
    limits.spend(session, limits.PUBLIC_LOOK_MAIL, email, now=now)
    limits.spend(session, limits.PUBLIC_LOOK_DOMAIN, domain, now=now)
    limits.spend(session, replace(limits.PUBLIC_LOOK_ALL, most=most_a_day), "", now=now)
    token = tickets.issue(session, TicketPurpose.PUBLIC_LOOK, email=email, now=now)
    audit.record(session, SYSTEM, "public-look.asked", domain, now=now, scope=audit.INSTANCE, detail={"from": caller})
    with i18n.speaking(language):
        letter = _letter(domain, f"{base_url}/look/link/{token}")
    outbox.post(
        session,
        letter,
        kind=MAIL_KIND,
        to=email,
        language=language,
        now=now,
    )
    return email


def _domain(email: str, permitted_suffixes: Iterable[str]) -> str:
    """The registered domain of an address of a company; or the sentence why it will not do."""
    if not mailer.is_one_address(email):
        raise BadInput({"email": Message(text=NO_ADDRESS)})
    try:
        domain = targets.registrable(targets.normalise(email.rpartition("@")[2], permitted_suffixes=permitted_suffixes))
    except BadTarget as bad:
        raise BadInput({"email": bad.message}) from bad
    if domain in domain_control.FREE_MAIL:
        raise BadInput({"email": Message(text=FREE_MAIL, values={"domain": domain})})
    return domain


def _letter(domain: str, link: str) -> Letter:
    return Letter(
        subject=i18n.gettext("Your first look at %(domain)s", domain=domain),
        paragraphs=[
            i18n.gettext("Good day,"),
            i18n.gettext(
                "somebody asked for a look from outside at hosts of %(domain)s and named this address. If it was you, "
                "the link lets you name the hosts within two hours; nothing is looked at before you say so there.",
                domain=domain,
            ),
        ],
        link=link,
        link_text=i18n.gettext("Name the hosts"),
        closing=[
            i18n.gettext("If it was not you, you need do nothing: without this link nothing is looked at."),
            i18n.gettext("The result is shown in your browser alone and is deleted after a day. No hospital sees it."),
        ],
    )


def domain_of(session: Session, token: str, *, now: datetime) -> str:
    """The domain whose hosts may be named with this link; nothing is redeemed."""
    email = tickets.peek(session, token, TicketPurpose.PUBLIC_LOOK, now=now).email
    return targets.registrable(email.rpartition("@")[2])


def start(
    session: Session, token: str, *, hosts: str, caller: str, permitted_suffixes: Iterable[str], now: datetime
) -> str:
    """Redeem the link and have the hosts looked at; the token by which their only reader sees the result."""
    domain = domain_of(session, token, now=now)
    names = _names(hosts, domain, tuple(permitted_suffixes))
    scan_budgets.in_turn(session)
    try:
        scan_budgets.count_names(session, names, most=scan_budgets.A_DAY_BY_PUBLIC, now=now)
    except NotNow as tired:
        raise BadInput({"hosts": Message(text=TIRED, values=tired.message.values)}) from tired
    ticket = tickets.redeem(session, token, TicketPurpose.PUBLIC_LOOK, now=now)
    job_id = jobs.add(session, JobKind.PUBLIC_LOOK, {"hosts": list(names)}, now=now, tenant=TENANT)
    audit.record(
        session,
        SYSTEM,
        "public-look.started",
        domain,
        now=now,
        scope=audit.INSTANCE,
        detail={"from": caller, "hosts": list(names)},
    )
    return tickets.issue(session, TicketPurpose.PUBLIC_RESULT, email=ticket.email, role=job_id, now=now)


def _names(text: str, domain: str, permitted_suffixes: tuple[str, ...]) -> tuple[str, ...]:
    typed = text.replace(",", " ").replace(";", " ").split()
    if len(typed) > MOST_HOSTS:
        raise BadInput({"hosts": Message(text=TOO_MANY, values={"most": MOST_HOSTS})})
    try:
        names = tuple(dict.fromkeys(targets.normalise(one, permitted_suffixes=permitted_suffixes) for one in typed))
    except BadTarget as bad:
        raise BadInput({"hosts": bad.message}) from bad
    if not names:
        raise BadInput({"hosts": Message(text=NO_HOST)})
    for name in names:
        if targets.registrable(name) != domain:
            raise BadInput({"hosts": Message(text=FOREIGN, values={"name": name, "domain": domain})})
    return names


# ---- reading


def view(session: Session, token: str, *, now: datetime) -> Look:
    """The look of whoever holds this token."""
    ticket = tickets.peek(session, token, TicketPurpose.PUBLIC_RESULT, now=now)
    job = _job(session, ticket)
    if job is None:
        raise NotFound
    seen_at = job.args.get("seen_at")
    is_live = job.state in {JobState.QUEUED, JobState.RUNNING}
    return Look(
        hosts=job.args["hosts"],
        is_live=is_live,
        is_failed=not is_live and seen_at is None,
        seen_at=datetime.fromisoformat(seen_at) if seen_at else None,
        until=ticket.expires_at,
        reason=job.args.get("reason", ""),
        findings=[storing.load_finding(one) for one in job.args.get("findings", ())],
    )


def forget(session: Session, token: str, *, now: datetime) -> None:
    """Delete the result at its reader's wish; a look that runs ends with its row."""
    job = _job(session, tickets.redeem(session, token, TicketPurpose.PUBLIC_RESULT, now=now))
    if job is not None:
        session.delete(job)


def _job(session: Session, ticket: Ticket) -> Job | None:
    job = session.get(Job, ticket.role)
    return job if job is not None and job.kind == JobKind.PUBLIC_LOOK.value else None


def sweep(session: Session, *, now: datetime) -> None:
    """Results whose day is over, the links to them and the mails that brought the links."""
    over = now - LASTS
    session.execute(delete(Job).where(Job.kind == JobKind.PUBLIC_LOOK.value, Job.created_at <= over))
    purposes = (TicketPurpose.PUBLIC_LOOK, TicketPurpose.PUBLIC_RESULT)
    session.execute(delete(Ticket).where(Ticket.purpose.in_(purposes), Ticket.expires_at <= now))
    session.execute(delete(OutboxMail).where(OutboxMail.kind == MAIL_KIND, OutboxMail.created_at <= over))


# ---- for the worker


def begin(session: Session, job_id: str, *, is_offered: bool, now: datetime) -> Order | Postponed | None:
    """What the child is sent to do. None: the operator offers it no more, or it has waited too long."""
    scan_budgets.in_turn(session)
    job = session.get_one(Job, job_id, populate_existing=True)
    if not is_offered or (job.created_at + LONGEST_WAIT < now):
        return None
    hosts = tuple(job.args["hosts"])
    if scans.is_busy(session, set(hosts), but=job_id, now=now):
        return Postponed(until=now + scans.WAIT_FOR_THE_OTHER)
    return Order(hosts=hosts, classes=CLASSES)


def keep(session: Session, job_id: str, findings: Iterable[Finding], *, reason: str, now: datetime) -> None:
    """Lay down what was seen beside what was asked: findings of the passive class, and no observation."""
    job = session.scalars(select(Job).where(Job.id == job_id).execution_options(populate_existing=True)).one()
    found = [one for one in findings if CHECKS[one.check_id].check_class in CLASSES]
    job.args = {**job.args, "reason": reason}
    if any(one.outcome not in scan_results.UNSEEN for one in found):
        seen = [storing.dump_finding(one) for one in found]
        job.args = {**job.args, "findings": seen, "seen_at": now.isoformat()}
