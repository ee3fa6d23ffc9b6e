"""What is kept of an assessment: a snapshot made with it is, byte for byte, the one that is worked out anew."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, select

from assessments import storing
from assessments.model import HostRole, Treatment
from portal.db.models.accounts import Company, Hospital, HospitalRole
from portal.db.models.assessments import Assessment, Review, ReviewState, Settlement, Stage
from portal.db.models.registers import RiskRecord, RiskTreatment, StoredAssessment
from portal.db.models.responses import Response, SignOff
from portal.db.models.scans import FindingRecord
from portal.db.models.vendors import Host, HostState, IntakeRecord, Supply, Vendor
from portal.db.models.waivers import Waiver, WaiverKind
from portal.home import BERLIN
from portal.services.actors import Actor
from portal.services.decisions import decisions
from portal.services.registers import dossiers, movements, own_risks, policies, registers, scores, snapshots, stored
from portal.services.registers.own_risks import OwnRiskFields
from portal.services.scans import releases
from portal.services.vendors import vendors
from scanners.catalogue import CHECKS
from tests.portal.services.registers.test_policies import HEAVY, released
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from tests.portal.web.hospital.ward import Ward

NAME = "Strahlwerk Medizintechnik GmbH"


@pytest.fixture
def ward(session: Session, now: datetime) -> Ward:
    """One vendor that was scored, one that was asked, one that nobody has asked; all looked at, as each night."""
    made = wards.one(session, now, name=NAME, quality=0.4)
    wards.add(session, made, "Nicht gefragt GmbH", "Terminplaner", now=now)
    wards.add(session, made, "Bald GmbH", "x", domain="bald.example", now=now)
    wards.invite(session, made, "Bald GmbH", now=now, due=now.date() + timedelta(days=7))
    session.flush()
    for vendor_id in made.vendors.values():
        stored.renew(session, made.hospital_id, vendor_id, now=now)
    session.flush()
    return made


def frozen(session: Session, ward: Ward, now: datetime) -> snapshots.Frozen:
    row = snapshots.ask(session, ward.decider, "Q4", now=now)
    made = snapshots.frozen_now(session, ward.hospital_id, row.id, now=now)
    assert made is not None
    return made


def anew(session: Session, ward: Ward, now: datetime) -> bytes:
    """The document of the whole register, in which nothing was taken from what is kept."""
    reader = Actor(name=ward.decider.name, hospital_id=ward.hospital_id, hospital_role=HospitalRole.AUDITOR)
    whole = registers.whole(session, reader, now=now)
    asked = decisions.asked(session, reader, now.astimezone(BERLIN).date())
    said = snapshots.said_of(whole.register, name="Q4", by=ward.decider.name, asked=asked)
    facts = [
        {**row, "assessment_id": whole.rounds[row["key"]], "dossier": storing.dump(whole.assessed[row["key"]].dossier)}
        for row in said["vendors"]
    ]
    return snapshots.canonical({**said, "checks": movements.bare_checks(CHECKS), "vendors": facts})


def of_vendor(session: Session, ward: Ward, table: type, **values: object) -> object:
    """The first row of a table that belongs to the vendor."""
    wanted = {"vendor_id": ward.vendors[NAME], "assessment_id": ward.assessments[NAME]}
    columns = table.__table__.columns
    where = [columns[name] == value for name, value in wanted.items() if name in columns]
    return session.scalars(select(table).where(*where).filter_by(**values)).first()


def finding_of(session: Session, ward: Ward, now: datetime) -> FindingRecord:
    """A check that the vendor's newest open scan did not meet."""
    view = releases.open_run(session, ward.hospital_id, ward.vendors[NAME], now=now)
    return next(one for one in view.findings if one.outcome == "fail")


def copied(row: object) -> dict[str, object]:
    """The columns of a row, for another one like it."""
    return {one.name: getattr(row, one.name) for one in row.__table__.columns if one.name != "id"}


def answered_anew(session: Session, ward: Ward, _now: datetime) -> None:
    response = of_vendor(session, ward, Response)
    last = session.scalars(
        select(SignOff).where(SignOff.response_id == response.id).order_by(SignOff.edition.desc())
    ).first()
    fresh = copied(last)
    answers = last.manifest["answers"]
    fresh |= {"edition": last.edition + 1, "manifest": {**last.manifest, "answers": answers[: len(answers) // 2]}}
    session.add(SignOff(**fresh))


def reviewed(session: Session, ward: Ward, now: datetime) -> None:
    entry = next(iter(session.scalars(select(SignOff.manifest).join(Response, Response.id == SignOff.response_id).where(
        Response.assessment_id == ward.assessments[NAME]))))["answers"][5]  # fmt: skip
    session.add(
        Review(
            hospital_id=ward.hospital_id,
            assessment_id=ward.assessments[NAME],
            question_id=entry["question"],
            supply_id=entry["supply"],
            state=ReviewState.FINDING,
            remark="so nicht",
            by_name="Ina Vogt",
            at=now,
        )
    )


def waived(session: Session, ward: Ward, now: datetime) -> None:
    finding = finding_of(session, ward, now)
    session.add(
        Waiver(
            hospital_id=ward.hospital_id,
            vendor_id=ward.vendors[NAME],
            kind=WaiverKind.FINDING,
            check_id=finding.check_id,
            subject_kind=finding.subject_kind,
            subject_name=finding.subject_name,
            severity=finding.severity,
            question_id="",
            supply_id="",
            reason="bis zum Umbau",
            by_name="Ina Vogt",
            at=now,
            until=now.date() + timedelta(days=30),
        )
    )


def settled(session: Session, ward: Ward, now: datetime) -> None:
    found = registers.assess(session, ward.auditor, ward.vendors[NAME], now=now).contradictions
    session.add(
        Settlement(
            hospital_id=ward.hospital_id,
            assessment_id=ward.assessments[NAME],
            key=found[0].key,
            by_name="Ina Vogt",
            reason="geklärt",
            at=now,
        )
    )


def rated_anew(session: Session, ward: Ward, now: datetime) -> None:
    last = session.scalars(select(IntakeRecord).join(Supply).where(Supply.vendor_id == ward.vendors[NAME])).first()
    fresh = {
        column.name: getattr(last, column.name) for column in IntakeRecord.__table__.columns if column.name != "id"
    }
    session.add(IntakeRecord(**fresh | {"tier": 3, "impact": 2, "at": now}))


def treated(session: Session, ward: Ward, now: datetime) -> None:
    risk = of_vendor(session, ward, RiskRecord, gone_at=None)
    session.add(
        RiskTreatment(
            hospital_id=ward.hospital_id,
            risk_id=risk.id,
            treatment=Treatment.MITIGATE,
            owner="IT",
            by_name="Ina Vogt",
            at=now,
        )
    )


def set_on(table: type, name: str, value: object) -> Callable[[Session, Ward, datetime], None]:
    def change(session: Session, ward: Ward, now: datetime) -> None:
        row = of_vendor(session, ward, table)
        if table is Vendor:
            row = session.get_one(Vendor, ward.vendors[NAME])
        elif table is FindingRecord:
            row = finding_of(session, ward, now)
        elif table is Assessment:
            row = session.get_one(Assessment, ward.assessments[NAME])
        setattr(row, name, value(now) if callable(value) else value)

    return change


def company_renamed(session: Session, ward: Ward, _now: datetime) -> None:
    round_ = session.get_one(Assessment, ward.assessments[NAME])
    session.get_one(Company, round_.company_id).name = "Umbenannt AG"


def hospital_renamed(session: Session, ward: Ward, _now: datetime) -> None:
    session.get_one(Hospital, ward.hospital_id).name = "Klinikum Süd"


def policy_released(session: Session, ward: Ward, now: datetime) -> None:
    released(session, ward.admin, HEAVY, now)


def own_risk_written(session: Session, ward: Ward, now: datetime) -> None:
    fields = OwnRiskFields(
        title="Ein Anbieter", scenario="fällt aus", likelihood=2, impact=4, inherent_likelihood=3, inherent_impact=4
    )
    own_risks.add(session, ward.assessor, fields, now=now)


def nothing(_session: Session, _ward: Ward, _now: datetime) -> None:
    """It stays as it is."""


FACTS: dict[str, Callable[[Session, Ward, datetime], None]] = {
    "an answer": answered_anew,
    "a review": reviewed,
    "a waiver": waived,
    "a settlement": settled,
    "an intake": rated_anew,
    "a supply": set_on(Supply, "name", "Anderer Name"),
    "a host's role": set_on(Host, "role", HostRole.CORPORATE),
    "a host struck": set_on(Host, "state", HostState.STRUCK),
    "the vendor's name": set_on(Vendor, "name", "Anders GmbH"),
    "the company's name": company_renamed,
    "the deadline": set_on(Assessment, "due_on", lambda now: now.date() + timedelta(days=90)),
    "documents only": set_on(Assessment, "documents_only", True),
    "a finding": set_on(FindingRecord, "outcome", "unknown"),
    "the age of a finding": set_on(FindingRecord, "first_seen_at", lambda now: now - timedelta(days=500)),
}
EVERYBODYS = {"the hospital's name": hospital_renamed, "a policy": policy_released}
BESIDE = {"nothing": nothing, "a treatment": treated, "an own risk": own_risk_written,
          "a stage": set_on(Assessment, "stage", Stage.REVIEWED)}  # fmt: skip


def test_what_changes_is_worked_out_anew_and_all_else_taken(session: Session, ward: Ward, now: datetime):
    before = frozen(session, ward, now)
    kept = len(ward.vendors)
    assert (before.document, before.taken) == (anew(session, ward, now), kept)

    for of, taken in ((BESIDE, kept), (FACTS, kept - 1), (EVERYBODYS, 0)):
        for name, change in of.items():
            with session.begin_nested() as aside:
                change(session, ward, now)
                session.flush()
                session.expire_all()
                made = frozen(session, ward, now)
                assert made.document == anew(session, ward, now), name
                assert made.taken == taken, name
                aside.rollback()
            session.expire_all()


@pytest.mark.parametrize("days", [1, 400])
def test_another_day_is_worked_out_anew(session: Session, ward: Ward, now: datetime, days: int):
    later = now + timedelta(days=days)
    made = frozen(session, ward, later)

    assert made.document == anew(session, ward, later)
    assert made.taken == 0


@pytest.mark.parametrize("day", [date(2026, 11, 23), date(2027, 3, 28)])
def test_what_was_kept_before_midnight_is_not_taken_after_it(session: Session, ward: Ward, now: datetime, day: date):
    midnight = datetime.combine(day + timedelta(days=1), time(), tzinfo=BERLIN).astimezone(UTC)
    vendor_id, last = ward.vendors[NAME], midnight - timedelta(seconds=1)
    of_vendor(session, ward, Assessment).due_on = date(2027, 12, 31)
    stored.renew(session, ward.hospital_id, vendor_id, now=last)
    kept = session.get_one(StoredAssessment, (ward.hospital_id, vendor_id)).fingerprint

    for moment, same in ((last - timedelta(hours=1), True), (last, True), (midnight, False)):
        dossier = registers.dossier(session, ward.auditor, vendor_id, now=moment)
        found = stored.fingerprint(dossier, storing.dump(dossier), stored.rules(policies.of(session, ward.hospital_id)))
        assert (found == kept) is same, moment
    made = frozen(session, ward, midnight)
    assert (made.document, made.taken) == (anew(session, ward, midnight), 0)


def test_a_moment_later_on_the_same_day_is_the_same(session: Session, ward: Ward, now: datetime):
    later = now + timedelta(minutes=1)
    made = frozen(session, ward, later)

    assert made.document == anew(session, ward, later)
    assert made.taken == len(ward.vendors)


def test_a_score_that_is_written_keeps_what_it_rests_on(session: Session, ward: Ward, now: datetime):
    session.execute(delete(StoredAssessment))
    scores.refresh(session, ward.hospital_id, ward.assessments[NAME], now=now)
    session.flush()

    assert session.scalars(select(StoredAssessment.vendor_id)).all() == [ward.vendors[NAME]]
    assert frozen(session, ward, now).taken == 1


def test_nothing_is_written_for_what_stands_as_it_stood(session: Session, ward: Ward, now: datetime):
    stored.renew(session, ward.hospital_id, ward.vendors[NAME], now=now)
    assert not session.dirty
    vendors.end(session, ward.assessor, ward.vendors["Nicht gefragt GmbH"], now=now)
    session.flush()
    stored.renew(session, ward.hospital_id, ward.vendors["Nicht gefragt GmbH"], now=now + timedelta(days=1))

    assert not session.dirty  # of a vendor off the lists nothing is worked out


def test_many_dossiers_are_what_each_is_alone(session: Session, ward: Ward, now: datetime):
    around = registers.around(session, ward.auditor, now=now)
    several = list(dossiers.several(session, ward.hospital_id, around.wanted, now=now))
    alone = [registers.dossier(session, ward.auditor, one.vendor.id, now=now) for one in around.wanted]

    assert several == alone
    assert policies.of(session, ward.hospital_id) == around.policy


def test_another_program_takes_nothing(session: Session, ward: Ward, now: datetime, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stored, "program", lambda: "another")

    assert frozen(session, ward, now).taken == 0
