"""The register frozen: the same numbers whatever happens since, and every difference laid to its cause."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from assessments.comparing import Cause
from assessments.model import FindingStanding, RiskSource, Treatment
from portal.db.models.registers import RiskRecord, ScoreRecord
from portal.db.models.snapshots import SnapshotState
from portal.db.models.vendors import Host, HostState
from portal.errors import BadInput, Clash, NotAllowed, NotFound, NotNow
from portal.files.blobs import Blobs, Changed
from portal.services.registers import movements, own_risks, registers, risk_lists, scores, snapshots, waivers, waiving
from portal.services.registers.own_risks import OwnRiskFields
from portal.services.registers.registers import TreatmentFields
from portal.services.vendors import scope_records, vendor_entries
from portal.services.vendors.vendor_entries import SubcontractorFields
from questionnaires.scoping import EntityClass
from tests.portal import building, sitting
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy.orm import Session

    from portal.db.models.snapshots import Snapshot
    from portal.files.sealing import Keyring
    from tests.portal.web.hospital.ward import Ward

NAME = "Strahlwerk Medizintechnik GmbH"
DAY = timedelta(days=1)


@pytest.fixture
def ward(session: Session, now: datetime) -> Ward:
    return wards.one(session, now, name=NAME, quality=0.4)


@pytest.fixture
def shelf(keyring: Keyring, tmp_path: Path) -> Blobs:
    folder = tmp_path / "files"
    folder.mkdir()
    return Blobs(folder=folder, keyring=keyring)


def frozen(session: Session, ward: Ward, shelf: Blobs, name: str, now: datetime) -> Snapshot:
    row = snapshots.ask(session, ward.decider, name, now=now)
    document = snapshots.freeze(session, ward.hospital_id, row.id, now=now)
    fields = snapshots.put(shelf, ward.hospital_id, document)
    snapshots.keep(session, ward.hospital_id, row.id, fields, now=now)
    session.flush()
    return row


def own(**changes) -> OwnRiskFields:
    plain = {"title": "Kein Ersatzgerät", "scenario": "Fällt es aus, steht die Aufnahme.", "likelihood": 3, "impact": 4}
    return OwnRiskFields(**{"inherent_likelihood": 5, "inherent_impact": 5, **plain, **changes})


# ---- snapshots


def test_a_snapshot_keeps_its_numbers_though_everything_changes(
    session: Session, ward: Ward, shelf: Blobs, now: datetime
):
    own_risks.add(session, ward.assessor, own(), now=now)
    register = registers.build(session, ward.auditor, now=now)
    row = frozen(session, ward, shelf, "Sitzung 12/2026", now)
    assert (row.state, row.vendors, row.risks) == (SnapshotState.DONE, 1, len(register.risks))

    wards.scan(session, ward, NAME, quality=0.9, now=now + DAY)
    wards.score(session, ward, NAME, now=now + 20 * DAY)
    document = snapshots.open_one(session, ward.auditor, shelf, row.id).document

    [vendor] = document["vendors"]
    assert Decimal(vendor["value"]) == register.vendors[0].score.value
    assert {risk["key"] for risk in document["risks"]} == {risk.key for risk in register.risks}
    assert "E-0001" in {risk["key"] for risk in document["risks"]}


def test_the_same_register_is_the_same_bytes_and_a_changed_file_does_not_open(
    session: Session, ward: Ward, shelf: Blobs, now: datetime
):
    row = snapshots.ask(session, ward.decider, "A", now=now)
    first = snapshots.freeze(session, ward.hospital_id, row.id, now=now)
    assert snapshots.freeze(session, ward.hospital_id, row.id, now=now) == first
    kept = frozen(session, ward, shelf, "B", now)
    kept.sha256 = "0" * 64

    with pytest.raises(Changed):
        snapshots.open_one(session, ward.auditor, shelf, kept.id)
    with pytest.raises(NotNow):
        snapshots.open_one(session, ward.auditor, shelf, row.id)


def test_nobody_else_opens_it_and_the_auditor_freezes_nothing(
    session: Session, ward: Ward, shelf: Blobs, now: datetime
):
    row = frozen(session, ward, shelf, "A", now)
    other = building.hospital_actor(session, building.hospital(session, "Klinik Süd"))

    with pytest.raises(NotFound):
        snapshots.open_one(session, other, shelf, row.id)
    with pytest.raises(NotAllowed):
        snapshots.ask(session, ward.auditor, "B", now=now)
    with pytest.raises(BadInput):
        snapshots.ask(session, ward.decider, "  ", now=now)


def test_a_comparison_with_today_says_what_moved_and_why(session: Session, ward: Ward, shelf: Blobs, now: datetime):
    row = frozen(session, ward, shelf, "A", now)
    own_risks.add(session, ward.assessor, own(), now=now)
    session.execute(update(Host).values(state=HostState.STRUCK))
    session.expire_all()
    side = snapshots.side_of(snapshots.open_one(session, ward.auditor, shelf, row.id))
    changes = snapshots.compare(session, ward.auditor, side, snapshots.side_today(session, ward.auditor, now=now))

    [moved] = changes.vendors_moved
    assert moved.movement is not None
    assert {share.cause for share in moved.movement.shares} == {Cause.COVERAGE}
    assert moved.movement.difference == moved.after.value - moved.before.value
    assert sum(share.points for share in moved.movement.shares) == moved.movement.difference
    assert "E-0001" in {risk.key for risk in changes.risks_new}
    same = snapshots.compare(session, ward.auditor, side, side)
    assert same.is_empty


# ---- why a score moved


def test_each_new_score_says_why_it_moved(session: Session, ward: Ward, now: datetime):
    session.execute(update(Host).values(state=HostState.STRUCK))
    session.expire_all()
    scores.refresh(session, ward.hospital_id, ward.assessments[NAME], now=now + DAY)
    session.flush()
    rows = session.scalars(select(ScoreRecord).order_by(ScoreRecord.at)).all()
    found = movements.of_scores(session, ward.auditor, rows)

    last = found[rows[-1].id]
    assert last.difference
    assert (float(last.before), float(last.after)) == (rows[-2].value, rows[-1].value)
    assert sum(part.points for part in last.parts) == last.difference
    assert rows[0].id not in found


# ---- waivers


def waivable(session: Session, ward: Ward, now: datetime):
    assessed = registers.assess(session, ward.decider, ward.vendors[NAME], now=now)
    return waiving.waivable(session, ward.decider, ward.vendors[NAME], assessed)


def test_a_waiver_lifts_its_cap_keeps_its_line_and_lapses_by_itself(session: Session, ward: Ward, now: datetime):
    vendor_id = ward.vendors[NAME]
    chosen = next(one for one in waivable(session, ward, now) if one.key.startswith("finding:"))
    until = now.date() + 30 * DAY
    row = waiving.grant(session, ward.decider, vendor_id, chosen.key, reason="Austausch", until=until, now=now)
    place = (row.check_id, row.subject_name)

    def standing(at: datetime) -> FindingStanding:
        assessed = registers.assess(session, ward.auditor, vendor_id, now=at)
        found = [one.fact for one in assessed.findings if (one.fact.finding.check_id,
                 one.fact.finding.subject.name) == place]  # fmt: skip
        assert f"check:{place[0]}:{place[1]}" in {line.key for line in assessed.score.lines}
        return found[0].standing

    assert standing(now) is FindingStanding.WAIVED
    assert registers.assess(session, ward.auditor, vendor_id, now=now).dossier.waivers[0].reason == "Austausch"
    assert standing(now + 31 * DAY) is FindingStanding.OPEN
    assert waiving.ending(session, ward.auditor, today=(now + 31 * DAY).date())[0].is_over
    waiving.end(session, ward.decider, vendor_id, row.id, now=now)
    assert standing(now) is FindingStanding.OPEN
    with pytest.raises(NotNow):
        waiving.end(session, ward.decider, vendor_id, row.id, now=now)
    assert not waivers.holds(row, now.date())


def test_a_waiver_needs_an_approver_a_reason_and_a_day_within_a_year(session: Session, ward: Ward, now: datetime):
    vendor_id, today = ward.vendors[NAME], now.date()
    key = waivable(session, ward, now)[0].key

    with pytest.raises(NotAllowed):
        waiving.grant(session, ward.assessor, vendor_id, key, reason="x", until=today + DAY, now=now)
    for until in (None, today, today + 400 * DAY):
        with pytest.raises(BadInput) as refused:
            waiving.grant(session, ward.decider, vendor_id, key, reason=" ", until=until, now=now)
        assert set(refused.value.fields) == {"reason", "until"}
    with pytest.raises(BadInput):
        waiving.grant(session, ward.decider, vendor_id, "finding:no", reason="x", until=today + DAY, now=now)


# ---- own risks


def test_an_own_risk_stands_among_the_others_and_nothing_written_is_lost(session: Session, ward: Ward, now: datetime):
    risk = own_risks.add(session, ward.assessor, own(vendor_id=ward.vendors[NAME]), now=now)
    own_risks.change(session, ward.decider, risk.id, own(title="Anders", note="neu"), version=1, now=now + DAY)
    with pytest.raises(Clash):
        own_risks.change(session, ward.assessor, risk.id, own(), version=1, now=now)
    session.flush()

    listed = risk_lists.listed(session, ward.auditor, today=now.date())
    assert [one.title["de"] for one in listed if one.is_own] == ["Anders"]
    words = own_risks.words(session, ward.auditor, risk.id)
    assert [word.document["title"] for word in words] == ["Anders", "Kein Ersatzgerät"]

    own_risks.close(session, ward.decider, risk.id, reason="Ersatz da", version=2, now=now + 2 * DAY)
    session.flush()
    assert not any(one.is_own for one in risk_lists.listed(session, ward.auditor, today=now.date()))
    assert [one.key for one in risk_lists.listed(session, ward.auditor, today=now.date(), state="closed")] == ["E-0001"]
    own_risks.reopen(session, ward.decider, risk.id, now=now)
    sources = {one.source for one in registers.build(session, ward.auditor, now=now).risks}
    assert RiskSource.OWN in sources


def test_an_own_risk_is_checked_and_is_nobody_elses(session: Session, ward: Ward, now: datetime):
    other = building.hospital_actor(session, building.hospital(session, "Klinik Süd"))
    risk = own_risks.add(session, ward.assessor, own(), now=now)

    with pytest.raises(NotFound):
        own_risks.find(session, other, risk.id)
    with pytest.raises(NotFound):
        own_risks.add(session, other, own(vendor_id=ward.vendors[NAME]), now=now)
    with pytest.raises(NotAllowed):
        own_risks.add(session, ward.auditor, own(), now=now)
    with pytest.raises(BadInput) as refused:
        own_risks.add(session, ward.assessor, own(title=" ", impact=6, treatment=Treatment.ACCEPT), now=now)
    assert set(refused.value.fields) == {"title", "impact", "accepted_until", "note"}


# ---- acceptances


def test_an_own_risk_is_accepted_within_the_limits_or_by_a_topic_that_names_it(
    session: Session, ward: Ward, now: datetime
):
    accepted = {"treatment": Treatment.ACCEPT, "note": "bis zum Neubau", "accepted_until": now.date() + 60 * DAY}
    with pytest.raises(BadInput, match="not one person"):
        own_risks.add(session, ward.decider, own(**accepted), now=now)
    small = own_risks.add(session, ward.assessor, own(**accepted, likelihood=1, impact=1), now=now)
    risk = own_risks.add(session, ward.assessor, own(), now=now)
    key = own_risks.find(session, ward.auditor, risk.id).key
    sitting.approved(session, ward, "", now, topic=f"Risiko {key} bis zum Neubau")

    own_risks.change(session, ward.decider, risk.id, own(**accepted), version=1, now=now)
    with pytest.raises(BadInput) as refused:  # what was accepted while it was low
        own_risks.change(session, ward.decider, small.id, own(**accepted), version=1, now=now)
    assert set(refused.value.fields) == {"accepted_until"}


def test_an_acceptance_lapses_by_itself_and_waits_on_the_first_page(session: Session, ward: Ward, now: datetime):
    risk = registers.risks(session, ward.auditor)[0].risk
    sitting.approved(session, ward, ward.vendors[NAME], now)
    fields = TreatmentFields(treatment=Treatment.ACCEPT, accepted_until=now.date() + 10 * DAY, note="bis zum Umbau")
    registers.treat(session, ward.decider, risk.id, fields, version=0, now=now)
    session.flush()
    on_the_day, after = (now + 10 * DAY).date(), (now + 11 * DAY).date()

    assert list(risk_lists.due(session, ward.auditor, today=on_the_day, most=8).lapsed) == []
    assert [one.id for one in risk_lists.due(session, ward.auditor, today=after, most=8).lapsed] == [risk.id]
    register = registers.build(session, ward.auditor, now=now + 11 * DAY)
    [treated] = [one for (_vendor, key), one in register.treatments.items() if key == risk.key]
    assert (treated.treatment, treated.note) == (Treatment.OPEN, "bis zum Umbau")
    assert own_risks.words(session, ward.auditor, risk.id)[0].document["note"] == "bis zum Umbau"


def test_a_risk_whose_cause_is_gone_is_listed_apart_with_what_was_written(session: Session, ward: Ward, now: datetime):
    risk = registers.risks(session, ward.auditor)[0].risk
    registers.treat(session, ward.decider, risk.id, TreatmentFields(treatment=Treatment.AVOID), version=0, now=now)
    session.get_one(RiskRecord, risk.id).gone_at = now
    session.flush()

    [gone] = risk_lists.listed(session, ward.auditor, today=now.date(), state="gone")
    assert (gone.id, gone.treatment) == (risk.id, Treatment.AVOID)
    assert risk.id not in {one.id for one in risk_lists.listed(session, ward.auditor, today=now.date())}


def test_what_is_recorded_of_a_vendor_and_its_class_is_frozen_with_it(
    session: Session, ward: Ward, shelf: Blobs, now: datetime
):
    vendor_id = ward.vendors[NAME]
    part = SubcontractorFields(name="Rechenwerk AG", country="DE", service="Betrieb", since=now.date())
    vendor_entries.add(session, ward.assessor, vendor_id, part, now=now)
    scope_records.keep(session, ward.assessor, vendor_id, {"types": []}, EntityClass.NONE, now=now)
    stands = registers.whole(session, ward.auditor, now=now).register.vendors[0]
    assert stands.record is not None
    assert stands.scope is not None
    row = frozen(session, ward, shelf, "Sitzung", now)

    vendor_entries.remove(
        session,
        ward.assessor,
        "subcontractor",
        vendor_entries.of_vendor(session, ward.auditor, vendor_id, "subcontractor")[0].id,
        version=1,
        now=now,
    )

    kept = snapshots.open_one(session, ward.auditor, shelf, row.id).document["vendors"][0]
    assert snapshots.record_of(kept) == stands.record
    assert snapshots.scope_of(kept) == stands.scope
    assert snapshots.record_of({}) is None
    assert snapshots.scope_of({}) is None
