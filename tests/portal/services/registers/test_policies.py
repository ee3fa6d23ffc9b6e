"""A hospital's own policy: drafted, released under a day, nobody else's, and what every score is made with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from assessments import policy, tailoring
from assessments.comparing import Cause
from assessments.model import RiskLevel
from portal.db.models.accounts import HospitalRole
from portal.db.models.audit import AuditEvent
from portal.db.models.jobs import Job
from portal.db.models.registers import ScoreRecord
from portal.errors import BadInput, Clash, NotAllowed, NotFound
from portal.services.jobs import JobKind
from portal.services.registers import movements, policies, registers, scores
from questionnaires.model import QuestionSet, Text
from tests.portal import building
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from tests.portal.web.hospital.ward import Ward

SHIPPED = policy.current()
NAME = "Strahlwerk Medizintechnik GmbH"
HEAVY = replace(
    SHIPPED,
    part_weights={**SHIPPED.part_weights, "3": 40, "5": 0},
    caps=replace(SHIPPED.caps, critical_fail=40),
)


@pytest.fixture
def admin(session):
    return building.hospital_actor(session)


def released(session, actor, own, now, *, edits=0, reason="Beschluss der Kommission"):
    row = policies.save(session, actor, own, edits=edits, now=now)
    made = policies.release(session, actor, reason=reason, edits=row.edits, now=now)
    session.flush()
    return made


def test_without_one_of_its_own_the_shipped_policy_holds(session, admin):
    assert policies.of(session, admin.hospital_id) is SHIPPED
    assert policies.releases(session, admin) == []
    assert policies.draft(session, admin) is None


def test_a_release_holds_from_now_on_and_for_nobody_else(session, admin, now):
    row = released(session, admin, HEAVY, now)
    held = policies.of(session, admin.hospital_id)
    other = building.hospital_actor(session, building.hospital(session, "Klinikum Süd"), email="b@sued.example")

    assert held.version == row.version
    assert held.version.startswith("1+2026-11-23.")
    assert len(held.version) <= 20
    assert (held.part_weights["3"], held.part_weights["5"], held.based_on) == (40, 0, "1")
    assert policies.get(session, admin.hospital_id, row.version) == held
    assert policies.get(session, admin.hospital_id, "1") is SHIPPED
    assert policies.draft(session, admin) is None
    assert policies.of(session, other.hospital_id) is SHIPPED
    for verb in (
        lambda: policies.find(session, other, row.id),
        lambda: policies.get(session, other.hospital_id, row.version),
    ):
        with pytest.raises(NotFound):
            verb()


def test_back_to_the_shipped_policy_is_a_release_too(session, admin, now):
    released(session, admin, HEAVY, now)
    draft = policies.begin(session, admin, shipped=True, now=now)
    row = policies.release(session, admin, reason="Zurück", edits=draft.edits, now=now)
    session.flush()

    assert (row.number, row.version) == (2, "1")
    assert policies.of(session, admin.hospital_id) == SHIPPED


def test_what_would_turn_better_into_worse_is_told_by_its_place(session, admin, now):
    low, critical = RiskLevel.LOW, RiskLevel.CRITICAL
    wrong = replace(
        SHIPPED,
        matrix=((critical, *SHIPPED.matrix[0][1:]), *SHIPPED.matrix[1:]),
        part_weights={**SHIPPED.part_weights, "1": -1},
        must_haves=frozenset({"BK-04", "X-99"}),
        lifted=frozenset({"BK-04"}),
        level_words={low: Text(de="", en="small")},
    )

    with pytest.raises(BadInput) as refused:
        policies.save(session, admin, wrong, edits=0, now=now)

    assert {"matrix.1.2", "matrix.2.1", "part_weights.1", "must_haves", "lifted", "levels.low"} <= set(
        refused.value.fields
    )
    assert policies.draft(session, admin) is None


def test_only_what_may_be_changed_is_changed(session, admin, now):
    with pytest.raises(BadInput) as refused:
        policies.save(session, admin, replace(SHIPPED, answers_share=0.7, checks_share=0.3), edits=0, now=now)

    assert set(refused.value.fields) == {"answers_share", "checks_share"}


def test_two_who_read_the_same_do_not_overwrite_each_other(session, admin, now):
    row = policies.save(session, admin, HEAVY, edits=0, now=now)

    for verb in (
        lambda: policies.save(session, admin, SHIPPED, edits=0, now=now),
        lambda: policies.discard(session, admin, edits=7, now=now),
        lambda: policies.release(session, admin, reason="so", edits=7, now=now),
    ):
        with pytest.raises(Clash):
            verb()
    assert policies.of_draft(row).part_weights["3"] == 40


def test_a_release_needs_a_reason_and_something_to_release(session, admin, now):
    row = policies.begin(session, admin, now=now)
    with pytest.raises(BadInput):
        policies.release(session, admin, reason="gleich", edits=row.edits, now=now)
    row = policies.save(session, admin, HEAVY, edits=row.edits, now=now)
    with pytest.raises(BadInput) as refused:
        policies.release(session, admin, reason="  ", edits=row.edits, now=now)
    assert set(refused.value.fields) == {"reason"}


@pytest.mark.parametrize("role", [HospitalRole.DECIDER, HospitalRole.AUDITOR])
def test_who_only_reads_drafts_nothing(session, admin, now, role):
    with pytest.raises(NotAllowed):
        policies.save(session, replace(admin, hospital_role=role), HEAVY, edits=0, now=now)


def test_an_assessor_drafts_and_an_admin_releases(session, admin, now):
    assessor = replace(admin, hospital_role=HospitalRole.ASSESSOR)
    row = policies.save(session, assessor, HEAVY, edits=0, now=now)

    with pytest.raises(NotAllowed):
        policies.release(session, assessor, reason="so", edits=row.edits, now=now)
    assert policies.release(session, admin, reason="so", edits=row.edits, now=now).number == 1


def test_nobody_changes_what_was_released(session, admin, now):
    row = released(session, admin, HEAVY, now)

    for order in ("update policy_release set reason = 'x'", "delete from policy_release"):
        with pytest.raises(DBAPIError), session.begin_nested():
            session.execute(text(order))
    assert policies.of_release(row).part_weights["3"] == 40


def test_what_was_released_is_known_by_its_digest(session, admin, now):
    row = released(session, admin, HEAVY, now)

    with pytest.raises(policies.Tampered):
        policies._released(row.document.replace('"3":40', '"3":41'), row.sha256)


def test_a_file_goes_out_and_comes_back(session, admin, now):
    own = replace(
        HEAVY,
        must_haves=frozenset({"BK-02"}),
        lifted=frozenset({"BK-04"}),
        level_words={RiskLevel.CRITICAL: Text(de="untragbar", en="unbearable")},
    )
    row = policies.take_in(session, admin, tailoring.write(own).encode(), edits=0, now=now)
    back = policies.of_draft(row)

    assert tailoring.differences(own, back) == ()
    with pytest.raises(BadInput) as refused:
        policies.take_in(
            session, admin, b"kind: kettenblick-policy\nbase: '1'\ncaps: {critical_fail: 200}\n", edits=1, now=now
        )
    assert set(refused.value.fields) == {"file"}


# ---- scores


@pytest.fixture
def ward(session: Session, now: datetime) -> Ward:
    return wards.one(session, now, name=NAME, quality=0.4)


def test_a_release_works_every_score_out_anew_and_says_that_it_was_the_policy(
    session: Session, ward: Ward, now: datetime
):
    admin = replace(ward.assessor, hospital_role=HospitalRole.ADMIN)
    before = session.scalars(select(ScoreRecord).where(ScoreRecord.is_current)).one()
    value = before.value
    session.execute(text("delete from job"))
    row = released(session, admin, HEAVY, now)

    [job] = session.scalars(select(Job).where(Job.kind == JobKind.SCORE)).all()
    assert job.args["assessment_id"] == before.assessment_id
    event = session.scalars(select(AuditEvent).where(AuditEvent.verb == "policy.released")).one()
    assert event.detail["version"] == row.version

    fresh = scores.refresh(session, job.args["hospital_id"], job.args["assessment_id"], now=now)
    session.flush()
    assert fresh is not None
    assert fresh.policy_version == row.version
    assert fresh.value != value
    moved = movements.of_scores(session, admin, [fresh])[fresh.id]
    assert [part.cause for part in moved.parts] == [Cause.POLICY]
    assert moved.difference == moved.parts[0].points
    assert registers.assess(session, admin, ward.vendors[NAME], now=now).score.policy_version == row.version
    assert registers.build(session, admin, now=now).policy.part_weights["3"] == 40


def test_what_the_hospital_asks_follows_its_own_sets(session, admin, now):
    least = replace(SHIPPED, sets_by_tier=dict.fromkeys((1, 2, 3, 4), QuestionSet.BASIC))
    released(session, admin, least, now)

    assert policies.of(session, admin.hospital_id).sets_by_tier[1] is QuestionSet.BASIC
