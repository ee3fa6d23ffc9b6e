"""Documents that run out: their company is told 90, 30 and 7 days before, each once, until a newer one is there."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from assessments import evidence_kinds, evidence_rules
from assessments.model import EvidenceFact
from portal import i18n
from portal.db.models.accounts import CompanyRole
from portal.db.models.responses import Evidence, EvidenceNotice
from portal.home import BERLIN
from portal.services.mails import outbox
from portal.services.mails.letters import Letter
from portal.services.people import accounts
from questionnaires.model import Text

STEPS = (7, 30, 90)  # days before the last day, the most urgent first
MOST_LINES = 30
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, kw_only=True)
class Ending:
    """A document and its last day."""

    row: Evidence
    kind: Text
    ends_on: date
    days: int
    step: int


def tell(session: Session, *, base_url: str, now: datetime) -> int:
    """Every night: one mail to each lead of a company for all its documents that came to a step; returns how many."""
    today = now.astimezone(BERLIN).date()
    steps = select(EvidenceNotice.evidence_id, EvidenceNotice.ends_on, EvidenceNotice.days)
    told = {(row[0], row[1], row[2]) for row in session.execute(steps)}
    by_company: dict[str, list[Ending]] = defaultdict(list)
    for ending in _endings(session, today):
        key = ending.row.id, ending.ends_on
        if any((*key, step) in told for step in STEPS if step <= ending.step):
            continue  # this step, or a more urgent one
        by_company[ending.row.company_id].append(ending)
        session.add(
            EvidenceNotice(
                company_id=ending.row.company_id,
                evidence_id=ending.row.id,
                ends_on=ending.ends_on,
                days=ending.step,
                told_at=now,
            )
        )
    return sum(_tell(session, company, found, base_url=base_url, now=now) for company, found in by_company.items())


def last_day(row: Evidence) -> date | None:
    """The last day a document counts by its own dates and kind, wherever it lies."""
    if row.kind == evidence_kinds.OTHER:
        return None  # it proves nothing that could end
    kind = evidence_kinds.shipped().get(row.kind)
    wanted = evidence_rules.wanted_of(kind) if kind is not None else None
    if wanted is None:
        return row.valid_to
    return evidence_rules.good_until(fact_of(row), wanted)


def fact_of(row: Evidence) -> EvidenceFact:
    """What a document says of itself, wherever it lies."""
    return EvidenceFact(
        key=row.id,
        type=row.kind,
        name=row.file_name,
        sha256=row.sha256,
        issued_on=row.issued_on or row.valid_from,
        valid_from=row.valid_from,
        valid_until=row.valid_to,
        scope=row.scope,
        product=row.product,
        release=row.release,
    )


def _endings(session: Session, today: date) -> Sequence[Ending]:
    rows = session.scalars(
        select(Evidence).where(Evidence.deleted_at.is_(None)).order_by(Evidence.company_id, Evidence.file_name)
    ).all()
    ends = [(row, end) for row in rows if (end := last_day(row)) is not None]
    latest: dict[tuple[str, str, str], date] = {}
    for row, end in ends:
        latest[_sort(row)] = max(end, latest.get(_sort(row), end))
    known = evidence_kinds.shipped()
    return [
        Ending(
            row=row,
            kind=known[row.kind].text if row.kind in known else Text(de=row.kind, en=row.kind),
            ends_on=end,
            days=(end - today).days,
            step=next(step for step in STEPS if (end - today).days <= step),
        )
        for row, end in ends
        if latest[_sort(row)] == end and 0 <= (end - today).days <= max(STEPS)
    ]


def _sort(row: Evidence) -> tuple[str, str, str]:
    """Documents of one sort replace each other."""
    return row.company_id, row.kind, row.product.casefold()


def _tell(session: Session, company_id: str, found: Sequence[Ending], *, base_url: str, now: datetime) -> int:
    people = accounts.people_of_company(session, company_id, {CompanyRole.LEAD})
    for person in people:
        with i18n.speaking(person.language):
            letter = _letter(found, base_url=base_url)
        outbox.post(
            session,
            letter,
            kind="evidence-ends",
            to=person.email,
            language=person.language,
            now=now,
        )
    return len(people)


def _letter(found: Sequence[Ending], *, base_url: str) -> Letter:
    _ = i18n.gettext
    soonest = sorted(found, key=lambda one: one.ends_on)
    lines = [
        i18n.ngettext(
            "%(name)s (%(kind)s): until %(day)s, %(num)s day left",
            "%(name)s (%(kind)s): until %(day)s, %(num)s days left",
            one.days,
            name=one.row.file_name,
            kind=one.kind.get(i18n.language()),
            day=_day(one.ends_on),
        )
        for one in soonest[:MOST_LINES]
    ]
    more = [_("… and %(count)s more.", count=len(found) - MOST_LINES)] if len(found) > MOST_LINES else []
    return Letter(
        subject=i18n.ngettext("A document of yours ends soon", "%(num)s documents of yours end soon", len(found)),
        paragraphs=(
            _("Good day,"),
            _("after its last day a document no longer proves the answers beside which it lies:"),
            "\n".join(lines),
            *more,
            _(
                "As soon as a newer one of the same kind is in your vault you hear no more of this."
                " We write 90, 30 and 7 days before, each once."
            ),
        ),
        link=f"{base_url}/vendor/documents",
        link_text=_("To your documents"),
    )


def _day(value: date) -> str:
    if i18n.language() == "de":
        return f"{value:%d.%m.%Y}"
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"
