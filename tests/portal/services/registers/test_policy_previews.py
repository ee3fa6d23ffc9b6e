"""What a draft would do to all vendors: as page by page, kept with what it rests on, stale when that moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from assessments import policy
from portal.db.models.jobs import Job, JobState
from portal.db.models.policies import PolicyPreview, PreviewState
from portal.db.models.registers import ScoreRecord
from portal.errors import NotFound
from portal.services import jobs
from portal.services.jobs import JobKind
from portal.services.registers import policies, policy_previews
from portal.services.vendors import vendors
from portal.services.vendors.vendors import VendorFields
from tests.portal import building
from tests.portal.web.hospital import ward as wards

SHIPPED = policy.current()
HEAVY = replace(SHIPPED, part_weights={**SHIPPED.part_weights, "3": 60, "5": 0})
SILENT = {"tell": lambda _done, _total: None}


@pytest.fixture
def ward(session, now):
    made = wards.full(session, now)
    policies.save(session, made.admin, HEAVY, edits=0, now=now)
    session.flush()
    _finish(session, now)
    return made


def _finish(session, at):
    """What waits is done."""
    session.execute(update(Job).values(state=JobState.DONE, finished_at=at, dedupe_key=None))


def _asked(session, ward, now) -> str:
    made = policy_previews.ask(session, ward.auditor, now=now)
    session.flush()
    return made.id


def _worked_out(session, ward, now, **more):
    asked = _asked(session, ward, now)
    session.commit()
    made = policy_previews.work_out(session, ward.hospital_id, asked, now=now, **{**SILENT, **more})
    policy_previews.keep(session, ward.hospital_id, asked, made)
    session.commit()
    return made


def _whole(session, ward, now):
    return policy_previews.whole(session, ward.auditor, now=now)


def test_all_at_once_say_what_the_pages_say_and_tell_how_far_they_are(session, ward, now):
    told = []
    scores = session.scalar(select(func.count()).select_from(ScoreRecord))
    made = _worked_out(session, ward, now, tell=lambda done, total: told.append((done, total)))
    draft = policies.of_draft(policies.draft(session, ward.admin))
    pages = policy_previews.preview(session, ward.admin, draft, now=now, length=1000)

    seen = _whole(session, ward, now)
    assert (seen.is_of_draft, seen.is_fresh) == (True, True)
    assert seen.totals == pages.totals
    assert list(seen.moved) == list(pages.moved)
    assert seen.moved
    assert told == [(number, pages.total) for number in range(pages.total)]
    assert made.vendors == seen.row.done == seen.row.total == pages.total
    assert session.scalar(select(func.count()).select_from(ScoreRecord)) == scores


def test_what_is_being_worked_out_is_asked_for_once_and_a_new_draft_asks_anew(session, ward, now):
    first = _asked(session, ward, now)
    assert _asked(session, ward, now) == first
    count = select(func.count()).select_from(Job).where(Job.kind == JobKind.POLICY_PREVIEW.value)
    assert session.scalar(count) == 1

    policies.save(session, ward.admin, SHIPPED, edits=1, now=now)
    second = _asked(session, ward, now)
    assert second != first
    assert session.scalar(count) == 2
    assert policy_previews.work_out(session, ward.hospital_id, first, now=now, **SILENT) is None
    policy_previews.give_up(session, ward.hospital_id, first)  # the earlier job no longer has a say
    assert session.scalars(select(PolicyPreview.state)).one() is PreviewState.WAITING


@pytest.mark.parametrize("change", ["vendor", "score", "asked", "finished", "policy", "day"])
def test_what_it_rests_on_makes_it_stale(session, ward, now, change):
    _worked_out(session, ward, now)
    later = now + timedelta(minutes=1)
    assert _whole(session, ward, later).is_fresh
    match change:
        case "vendor":
            vendors.add(session, ward.assessor, VendorFields(name="Neu GmbH"), now=later)
        case "score":
            session.scalars(select(ScoreRecord).where(ScoreRecord.is_current).limit(1)).one().value = 1.5
        case "asked":
            jobs.ask_for_score(session, ward.hospital_id, next(iter(ward.assessments.values())), now=later)
        case "finished":
            jobs.ask_for_score(session, ward.hospital_id, next(iter(ward.assessments.values())), now=later)
            session.flush()
            _finish(session, later)
        case "policy":
            released = policies.release(session, ward.admin, reason="Beschluss", edits=1, now=later)
            assert released is not None
        case "day":
            later = now + timedelta(days=1)
    session.flush()

    seen = _whole(session, ward, later)
    if change == "policy":  # the draft is gone, and with it what it would have done
        assert seen is None
        assert session.scalars(select(PolicyPreview)).all() == []
        policies.save(session, ward.admin, SHIPPED, edits=0, now=later)
        assert _whole(session, ward, later) is None
    else:
        assert (seen.is_of_draft, seen.is_fresh) == (True, False)


def test_what_holds_now_bears_on_it_too(session, ward, now):
    held = policies.of(session, ward.hospital_id)
    before = policy_previews.facts_digest(session, ward.hospital_id, held, now=now)
    other = policy_previews.facts_digest(session, ward.hospital_id, HEAVY, now=now)

    assert before != other
    assert before == policy_previews.facts_digest(session, ward.hospital_id, held, now=now + timedelta(hours=1))


def test_another_draft_makes_it_stale_and_the_same_draft_again_does_not(session, ward, now):
    _worked_out(session, ward, now)
    policies.save(session, ward.admin, SHIPPED, edits=1, now=now)
    assert not _whole(session, ward, now).is_of_draft
    policies.save(session, ward.admin, HEAVY, edits=2, now=now)

    assert _whole(session, ward, now).is_of_draft


def test_without_a_draft_nothing_is_worked_out_and_no_other_hospital_sees_it(session, ward, now):
    _worked_out(session, ward, now)
    other = building.hospital_actor(session, building.hospital(session, "Klinikum Süd"), email="b@sued.example")
    assert policy_previews.whole(session, other, now=now) is None
    with pytest.raises(NotFound):
        policy_previews.ask(session, other, now=now)
    asked = _asked(session, ward, now)
    policies.discard(session, ward.admin, edits=1, now=now)

    assert policy_previews.work_out(session, ward.hospital_id, asked, now=now, **SILENT) is None
    assert _whole(session, ward, now) is None
