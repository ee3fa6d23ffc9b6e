"""What new data showed in components: kept for each reader, and told in one mail to each person."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import i18n
from portal.db.models.accounts import Company, CompanyRole, Hospital, Person
from portal.db.models.assessments import Assessment
from portal.db.models.components import ComponentList, ComponentNotice
from portal.db.models.responses import Evidence
from portal.db.models.vendors import Vendor
from portal.db.models.watching import CallKind
from portal.services import jobs
from portal.services.actors import HOSPITAL_WRITERS
from portal.services.jobs import JobKind
from portal.services.mails import outbox
from portal.services.mails.letters import Letter
from portal.services.people import accounts
from portal.services.rounds import reassessment_calls
from portal.services.scans import rejudging

MOST_LINES = 20
MOST_KEPT = 500


@dataclass(frozen=True, kw_only=True)
class News:
    """A hole that was not known when the list was last judged."""

    part: str
    version: str
    name: str
    is_used: bool


def note(
    session: Session, row: ComponentList, news: Sequence[News], *, hospitals: Iterable[str], now: datetime
) -> None:
    """Keep it for the company and for every hospital that may read the list, and ask for the mails."""
    is_urgent = any(one.is_used for one in news)
    worst = sorted(news, key=lambda one: not one.is_used)[:MOST_KEPT]
    for hospital_id in ("", *hospitals):
        session.add(
            ComponentNotice(
                company_id=row.company_id,
                evidence_id=row.evidence_id,
                hospital_id=hospital_id,
                news=[[one.part, one.version, one.name, one.is_used] for one in worst],
                at=now,
            )
        )
        tenant = hospital_id or row.company_id
        jobs.add(
            session,
            JobKind.COMPONENTS_NEWS,
            {"hospital_id": hospital_id, "company_id": "" if hospital_id else row.company_id},
            now=now,
            tenant=tenant,
            run_at=now + rejudging.AT_ONCE if is_urgent else rejudging.next_morning(now),
            dedupe_key=f"components-news:{tenant}",
        )
        if is_urgent and hospital_id:
            for vendor in _vendors(session, hospital_id, row.company_id):
                reassessment_calls.happened(session, hospital_id, vendor.id, CallKind.COMPONENT, now=now)
    session.flush()


def tell(session: Session, *, hospital_id: str, company_id: str, base_url: str, now: datetime) -> None:
    """One mail to each person of a hospital, over all its vendors; or of a company, over all its lists."""
    mine = ComponentNotice.hospital_id == hospital_id
    of_whom = (mine,) if hospital_id else (mine, ComponentNotice.company_id == company_id)
    waiting = session.scalars(
        select(ComponentNotice).where(*of_whom, ComponentNotice.told_at.is_(None)).order_by(ComponentNotice.id)
    ).all()
    for row in waiting:
        row.told_at = now
    if waiting and hospital_id:
        _tell_hospital(session, session.get_one(Hospital, hospital_id), waiting, base_url=base_url, now=now)
    elif waiting:
        _tell_company(session, session.get_one(Company, company_id), waiting, base_url=base_url, now=now)


def _tell_hospital(
    session: Session, hospital: Hospital, notices: Sequence[ComponentNotice], *, base_url: str, now: datetime
) -> None:
    by_vendor: dict[str, list[News]] = {}
    for row in notices:
        for vendor in _vendors(session, hospital.id, row.company_id):
            by_vendor.setdefault(vendor.name, []).extend(_news(row))
    for person in accounts.people_of_hospital(session, hospital.id, HOSPITAL_WRITERS):
        with i18n.speaking(person.language):
            lines = [
                f"{vendor}: {rejudging.counted(len(news), used=sum(one.is_used for one in news))}"
                for vendor, news in sorted(by_vendor.items())
            ]
            letter = Letter(
                subject=_subject([one for news in by_vendor.values() for one in news]),
                paragraphs=(
                    i18n.gettext("Good day,"),
                    i18n.gettext("New data on known weaknesses show something in lists of parts (SBOM) that you have:"),
                    "\n".join(lines[:MOST_LINES]),
                    *_more(len(lines)),
                    i18n.gettext("The vendors are told at the same time. None of their systems was visited for this."),
                ),
                link=f"{base_url}/hospital/vendors",
                link_text=i18n.gettext("To the vendors"),
            )
        _send(session, person, letter, hospital_id=hospital.id, now=now)


def _tell_company(
    session: Session, company: Company, notices: Sequence[ComponentNotice], *, base_url: str, now: datetime
) -> None:
    people = accounts.people_of_company(session, company.id, {CompanyRole.LEAD})
    names = {row.evidence_id: session.get_one(Evidence, row.evidence_id).file_name for row in notices}
    for person in people:
        with i18n.speaking(person.language):
            lines = [f"{names[row.evidence_id]}: {_line(one)}" for row in notices for one in _news(row)]
            letter = Letter(
                subject=_subject([one for row in notices for one in _news(row)]),
                paragraphs=(
                    i18n.gettext("Good day,"),
                    i18n.gettext("New data on known weaknesses show something in your lists of parts (SBOM):"),
                    "\n".join(lines[:MOST_LINES]),
                    *_more(len(lines)),
                    i18n.gettext("Hospitals to which you handed a list in are told at the same time."),
                ),
                link=f"{base_url}/vendor/documents",
                link_text=i18n.gettext("To your documents"),
            )
        _send(session, person, letter, hospital_id=None, now=now)


def _vendors(session: Session, hospital_id: str, company_id: str) -> Sequence[Vendor]:
    return session.scalars(
        select(Vendor)
        .join(Assessment, (Assessment.vendor_id == Vendor.id) & (Assessment.hospital_id == Vendor.hospital_id))
        .where(Assessment.hospital_id == hospital_id, Assessment.company_id == company_id)
        .distinct()
    ).all()


def _news(row: ComponentNotice) -> Sequence[News]:
    return [News(part=part, version=version, name=name, is_used=used) for part, version, name, used in row.news]


def _subject(news: Sequence[News]) -> str:
    if any(one.is_used for one in news):
        return i18n.gettext("Known to be used in attacks: new findings in components")
    return i18n.gettext("New findings in components")


def _line(one: News) -> str:
    text = f"{one.part} {one.version}".strip() + f": {one.name}"
    return f"{text} ({i18n.gettext('known to be used in attacks')})" if one.is_used else text


def _more(count: int) -> Sequence[str]:
    return [i18n.gettext("… and %(count)s more.", count=count - MOST_LINES)] if count > MOST_LINES else []


def _send(session: Session, person: Person, letter: Letter, *, hospital_id: str | None, now: datetime) -> None:
    outbox.post(
        session,
        letter,
        kind="components-new",
        to=person.email,
        language=person.language,
        hospital_id=hospital_id,
        now=now,
    )
