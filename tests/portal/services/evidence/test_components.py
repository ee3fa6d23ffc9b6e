"""Components of a list: kept and judged, shown to whom the document is shown, judged anew when the data are new."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from portal.db.models.components import Component, ComponentFinding, ComponentList
from portal.db.models.findings import Cause
from portal.db.models.jobs import Job, OutboxMail
from portal.db.models.responses import Evidence
from portal.services.answers import responses, submissions
from portal.services.answers.submissions import Signer
from portal.services.evidence import component_news, components, evidence, listed_components
from portal.services.evidence.evidence import DocumentFields, Stored
from questionnaires.model import AnswerValue
from scanners.components import Standing
from scanners.datasets import SHIPPED
from scanners.model import Message
from scanners.parsing.parts_lists import Component as Part
from scanners.parsing.parts_lists import PartsList
from tests.portal.web.vendor import errand

JQUERY = Part(name="jquery", version="1.12.4", purl="pkg:npm/jquery@1.12.4", supplier="OpenJS", licence="MIT", hashes=1)
LOG4J = Part(name="log4j-core", version="2.14.1", purl="pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1")
OWN = Part(name="pacs-core")
LIST = PartsList(
    format="CycloneDX", version="1.6", product="PACS Archiv", product_version="7.4",
    created_at=datetime(2026, 11, 2, tzinfo=UTC), components=(OWN, LOG4J, JQUERY),
)  # fmt: skip
FIELDS = DocumentFields(kind="sbom", issued_on=date(2026, 11, 2))
KEV = replace(
    SHIPPED,
    version="2026-11-24.kev",
    exploited={"CVE-2021-44228": date(2021, 12, 10)},
    exploited_products={"CVE-2021-44228": ("Apache", "Log4j2")},
)
PLACE = ("GV-01", "")


@pytest.fixture
def asked(session, now):
    return errand.accepted(session, now)


def _add(session, asked, now, *, fields=FIELDS, number=1):
    stored = Stored(
        blob_id=f"{number:032x}", sha256=f"{number:064x}", size=9, file_name="sbom.json", media_type="application/json"
    )
    row = evidence.add(session, asked.lead, asked.assessment_id, fields, stored, keys=(PLACE,), now=now)
    session.flush()
    return row.id


def _read(session, asked, now, *, found=LIST, data=SHIPPED, number=1):
    evidence_id = _add(session, asked, now, number=number)
    components.keep(session, asked.lead.company_id, evidence_id, found, data=data, now=now)
    return evidence_id


def _hand_in(session, asked, now):
    responses.save(
        session, asked.lead, asked.assessment_id, ("GV-02", ""), AnswerValue(choices=("yes",)), version=0, now=now
    )
    signer = Signer(name="Erika", function="CISO", confirms=True)
    submissions.hand_in(session, asked.lead, asked.assessment_id, signer, base_url="http://x", now=now)
    session.flush()


def _vendor_id(session, asked):
    return errand.assessment(session, asked).vendor_id


def test_a_document_of_this_type_is_read_once_and_others_are_not(session, asked, now):
    first = _add(session, asked, now)
    _add(session, asked, now, fields=replace(FIELDS, kind="pentest_summary"), number=2)
    components.ask_unread(session, now=now)
    session.flush()

    found = session.scalars(select(Job.args).where(Job.kind == "components")).all()
    assert found == [{"company_id": asked.lead.company_id, "evidence_id": first}]


def test_what_was_read_is_counted_and_the_worst_stands_first(session, asked, now):
    evidence_id = _read(session, asked, now)

    told = listed_components.of_document(session, asked.lead, evidence_id, ["PACS Archiv"])

    assert told.counts == {"components": 3, "version": 2, "identity": 2, "supplier": 1, "licence": 1, "hash": 1}
    assert (told.standings[Standing.AFFECTED], told.standings[Standing.UNKNOWN]) == (1, 2)
    assert [part.name for part in told.worst] == ["jquery"]
    assert {known.cause for known in told.worst[0].known} == {Cause.VENDOR}
    assert (told.format, told.product, told.fits) == ("CycloneDX 1.6", "PACS Archiv 7.4", True)


def test_a_document_that_cannot_be_read_stays_with_the_reason(session, asked, now):
    evidence_id = _read(session, asked, now, found=Message(text="The file is packed."))

    told = listed_components.of_document(session, asked.lead, evidence_id, [])
    assert (told.is_read, told.refusal.render(), told.total) == (False, "The file is packed.", 0)
    assert evidence.find(session, asked.lead, asked.assessment_id, evidence_id, now=now).name == "sbom.json"


def test_a_document_without_a_date_takes_the_one_of_its_list(session, asked, now):
    undated, dated = (
        _add(session, asked, now, fields=DocumentFields(kind="sbom", issued_on=day), number=number)
        for number, day in enumerate((None, date(2026, 1, 1)), start=1)
    )
    for evidence_id in (undated, dated):
        components.keep(session, asked.lead.company_id, evidence_id, LIST, data=SHIPPED, now=now)

    assert session.get_one(Evidence, undated).issued_on == date(2026, 11, 2)
    assert session.get_one(Evidence, dated).issued_on == date(2026, 1, 1)


def test_reading_again_replaces_and_deleting_takes_everything_along(session, asked, now):
    evidence_id = _read(session, asked, now)
    components.keep(
        session, asked.lead.company_id, evidence_id, replace(LIST, components=(OWN,)), data=SHIPPED, now=now
    )
    assert session.scalar(select(func.count()).select_from(Component)) == 1

    evidence.remove(session, asked.lead, asked.assessment_id, evidence_id, now=now)
    session.flush()
    components.keep(session, asked.lead.company_id, evidence_id, LIST, data=SHIPPED, now=now)  # a job that comes late
    for table in (ComponentList, Component, ComponentFinding):
        assert session.scalar(select(func.count()).select_from(table)) == 0


# ---- new data


def test_new_data_open_findings_and_tell_both_sides_the_same_day(session, asked, now):
    evidence_id = _read(session, asked, now)
    _hand_in(session, asked, now)
    later = now + timedelta(days=1)

    assert components.rejudge(session, asked.lead.company_id, data=KEV, now=later) == 1
    assert components.rejudge(session, asked.lead.company_id, data=KEV, now=later) == 0

    told = listed_components.of_document(session, asked.lead, evidence_id, [])
    part = next(part for part in told.worst if part.name == "log4j-core")
    assert [(one.name, one.cause, one.is_used, one.first_at) for one in part.known] == [
        ("CVE-2021-44228", Cause.DATA, True, later)
    ]
    assert part.standing is Standing.POSSIBLE
    assert told.has_news
    waiting = session.scalars(select(Job).where(Job.kind == "components-news")).all()
    assert {(job.tenant, job.run_at - later) for job in waiting} == {
        (asked.lead.company_id, timedelta(minutes=2)),
        (asked.ward.hospital_id, timedelta(minutes=2)),
    }
    for job in waiting:
        component_news.tell(session, **job.args, base_url="https://x.example", now=later)
        component_news.tell(session, **job.args, base_url="https://x.example", now=later)
    session.flush()
    mails = session.scalars(select(OutboxMail).where(OutboxMail.kind == "components-new")).all()
    assert {mail.to_address for mail in mails} == {asked.ward.admin.email, asked.ward.assessor.email, asked.lead.email}
    assert all("CVE-2021-44228" not in mail.text for mail in mails if mail.to_address != asked.lead.email)


def test_a_hospital_without_the_document_hears_nothing(session, asked, now):
    _read(session, asked, now)

    components.rejudge(session, asked.lead.company_id, data=KEV, now=now)

    assert session.scalars(select(Job.tenant).where(Job.kind == "components-news")).all() == [asked.lead.company_id]


def test_what_the_data_no_longer_say_is_gone_with_its_day_and_comes_back_as_news(session, asked, now):
    evidence_id = _read(session, asked, now, data=KEV)
    empty = replace(KEV, version="2026-11-25.none", exploited_products={})
    components.rejudge(session, asked.lead.company_id, data=empty, now=now + timedelta(days=1))
    row = session.scalars(select(ComponentFinding).where(ComponentFinding.name == "CVE-2021-44228")).one()
    assert row.gone_at == now + timedelta(days=1)
    told = listed_components.of_document(session, asked.lead, evidence_id, [])
    assert told.standings[Standing.POSSIBLE] == 0

    again = replace(KEV, version="2026-11-26.again")
    assert components.rejudge(session, asked.lead.company_id, data=again, now=now + timedelta(days=2)) == 1
    session.refresh(row)
    assert (row.gone_at, row.cause) == (None, Cause.DATA)


def test_after_a_refresh_every_company_with_a_list_is_judged(session, asked, now):
    _read(session, asked, now)
    _read(session, asked, now, found=Message(text="no"), number=2)

    components.ask_all(session, now=now)

    jobs = session.scalars(select(Job.args).where(Job.kind == "components-rejudge")).all()
    assert jobs == [{"company_id": asked.lead.company_id}]
