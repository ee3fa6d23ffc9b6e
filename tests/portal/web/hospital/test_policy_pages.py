"""The policy on its pages: drafted in a form, refused beside its field, compared, previewed, released, taken in."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from assessments import policy
from portal.db.models.accounts import HospitalRole
from portal.db.models.policies import PolicyDraft, PolicyPreview, PolicyRelease
from portal.services.registers import policies, policy_previews
from portal.web.hospital import policy_forms

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from portal.db.session import Sessions
    from tests.portal.web.conftest import Visitor
    from tests.portal.web.hospital.ward import Ward

HOME = "/hospital/settings/policy"


def typed(edits: int, **changed: str) -> dict[str, str]:
    told = policy_forms.values(policy.current()) | {"edits": str(edits)}
    return told | {name.replace("__", "."): value for name, value in changed.items()}


@pytest.fixture
def admin(visit: Callable[..., Visitor], ward: Ward) -> Visitor:
    return visit(ward.by_role[HospitalRole.ADMIN])


def test_from_draft_to_release(admin: Visitor, sessions: Sessions):
    assert admin.post(HOME).status_code == 303
    form = admin.get(f"{HOME}/draft").get_data(as_text=True)
    assert 'name="matrix.5.3"' in form

    assert admin.post(f"{HOME}/draft", typed(1, part_weights__3="30,5")).status_code == 303
    overview = admin.get(HOME).get_data(as_text=True)
    assert "30.5" in overview

    assert "Strahlwerk" in admin.get("/hospital/vendors").get_data(as_text=True)
    assert admin.get(f"{HOME}/preview").status_code == 200
    short = admin.post(f"{HOME}/release", {"reason": "", "edits": "2"})
    assert short.status_code == 422
    assert admin.post(f"{HOME}/release", {"reason": "Beschluss 7/26", "edits": "2"}).status_code == 303
    with sessions() as session:
        row = session.scalars(select(PolicyRelease)).one()
        assert session.scalars(select(PolicyDraft)).all() == []
    page = admin.get(f"{HOME}/releases/{row.id}").get_data(as_text=True)
    assert "Beschluss 7/26" in page
    assert row.sha256 in page
    assert "part_weights" in admin.get(f"{HOME}/releases/{row.id}/policy.yaml").get_data(as_text=True)
    assert row.version in admin.get(HOME).get_data(as_text=True)


def test_nonsense_is_told_beside_its_field_and_what_was_typed_stays(admin: Visitor):
    admin.post(HOME)
    wrong = typed(1, part_weights__3="viel", matrix__1__1="critical", caps__critical_fail="33")
    page = admin.post(f"{HOME}/draft", wrong).get_data(as_text=True)
    assert 'value="viel"' in page
    assert 'value="33"' in page
    assert 'id="part_weights.3-error"' in page

    page = admin.post(f"{HOME}/draft", wrong | {"part_weights.3": "14"}).get_data(as_text=True)
    assert 'id="matrix.1.2-error"' in page
    assert "Niedriger als bei weniger Wahrscheinlichkeit." in page


def test_the_second_of_two_sees_both(admin: Visitor):
    admin.post(HOME)
    assert admin.post(f"{HOME}/draft", typed(1, part_weights__1="11")).status_code == 303
    late = admin.post(f"{HOME}/draft", typed(1, part_weights__1="12"))
    page = late.get_data(as_text=True)

    assert late.status_code == 422
    assert 'value="12"' in page
    assert '<td data-label="vorher">11</td>' in page


def test_must_haves_are_searched_and_ticked(admin: Visitor, sessions: Sessions):
    admin.post(HOME)
    page = admin.get(f"{HOME}/draft/must-haves?q=BK-02").get_data(as_text=True)
    assert 'value="BK-02"' in page
    ticked = {"edits": "1", "q": "BK-02", "shown": ["BK-02", "BK-04"], "excludes": ["BK-02"]}
    assert admin.post(f"{HOME}/draft/must-haves", ticked).status_code == 303
    overview = admin.get(HOME).get_data(as_text=True)
    assert "BK-02" in overview
    assert "BK-04" in overview
    assert admin.post(f"{HOME}/draft/must-haves", ticked).status_code == 422  # read before it was saved
    with sessions() as session:
        assert '"must_haves":["BK-02"]' in session.scalars(select(PolicyDraft.document)).one()


def test_a_file_is_taken_in_or_refused_with_its_line(admin: Visitor):
    good = admin.get(f"{HOME}/policy.yaml").get_data()
    assert admin.post(f"{HOME}/import", {"edits": "0", "file": (io.BytesIO(good), "p.yaml")}).status_code == 303
    bad = {"edits": "1", "file": (io.BytesIO(b"kind: kettenblick-policy\nbase: '1'\nnonsense: 1\n"), "p.yaml")}
    page = admin.post(f"{HOME}/import", bad).get_data(as_text=True)
    assert "Zeile 3" in page


def test_everybody_of_the_hospital_reads_and_only_an_admin_releases(visit: Callable[..., Visitor], ward: Ward):
    for role, drafts in (
        (HospitalRole.DECIDER, 403),
        (HospitalRole.AUDITOR, 403),
        (HospitalRole.ASSESSOR, 303),
    ):
        visitor = visit(ward.by_role[role])
        assert visitor.get(HOME).status_code == 200
        assert visitor.post(HOME).status_code == drafts
        assert visitor.post(f"{HOME}/release", {"reason": "so", "edits": "1"}).status_code == 403


def test_the_preview_counts_who_moves_which_way(admin: Visitor, ward: Ward, sessions: Sessions, now: datetime):
    admin.post(HOME)
    assert (
        admin.post(f"{HOME}/draft", typed(1, part_weights__3="60", authority__1__high="committee")).status_code == 303
    )
    with sessions() as session:
        row = session.scalars(select(PolicyDraft)).one()
        seen = policy_previews.preview(session, ward.admin, policies.of_draft(row), now=now)
    totals = seen.totals
    assert totals.up + totals.down + totals.same == totals.counted == seen.total
    assert totals.up + totals.down == sum(one.before.value != one.after.value for one in seen.rows)
    assert totals.authorities == sum(one.before.decider is not one.after.decider for one in seen.rows)

    page = admin.get(f"{HOME}/preview").get_data(as_text=True)
    shown = re.search(r'<p id="totals">(.*?)</p>', page)[1]
    numbers = [int(one) for one in re.findall(r"<strong>(\d+)</strong>", shown)]
    assert numbers == [totals.up, totals.down, totals.same, totals.grades, totals.levels, totals.authorities]


def test_all_vendors_are_worked_out_behind_the_page_and_stay_on_it(
    admin: Visitor, ward: Ward, sessions: Sessions, now: datetime
):
    admin.post(HOME)
    admin.post(f"{HOME}/draft", typed(1, part_weights__3="60"))
    assert "Alle Lieferanten durchrechnen" in admin.get(f"{HOME}/preview?all=1").get_data(as_text=True)
    assert admin.get(f"{HOME}/preview/all").status_code == 200
    assert admin.post(f"{HOME}/preview").status_code == 303
    waiting = admin.get(f"{HOME}/preview?all=1").get_data(as_text=True)
    assert "wartet" in waiting
    assert 'hx-get="/hospital/settings/policy/preview/all"' in waiting
    with sessions.begin() as session:
        row = session.scalars(select(PolicyPreview)).one()
        policy_previews.note_progress(session, row.hospital_id, row.id, done=1, total=2)
    assert '<progress max="2" value="1"' in admin.get(f"{HOME}/preview/all").get_data(as_text=True)
    with sessions() as session:
        made = policy_previews.work_out(session, row.hospital_id, row.id, now=now, tell=lambda _done, _total: None)
    with sessions.begin() as session:
        policy_previews.keep(session, row.hospital_id, row.id, made)

    done = admin.get(f"{HOME}/preview?all=1").get_data(as_text=True)
    shown = re.search(r'<p id="all-totals">(.*?)</p>', done)[1]
    numbers = [int(one) for one in re.findall(r"<strong>(\d+)</strong>", shown)]
    assert numbers == [
        made.document["totals"][name] for name in ("up", "down", "same", "grades", "levels", "authorities")
    ]
    assert "Der Entwurf hat sich seither geändert" not in done
    admin.post(f"{HOME}/draft", typed(2, part_weights__3="50"))
    assert "Der Entwurf hat sich seither geändert" in admin.get(f"{HOME}/preview?all=1").get_data(as_text=True)
    with sessions.begin() as session:
        policy_previews.ask(session, ward.admin, now=now)
        again = session.scalars(select(PolicyPreview)).one()
        policy_previews.give_up(session, again.hospital_id, again.id)
    assert "ließ sich nicht durchrechnen" in admin.get(f"{HOME}/preview?all=1").get_data(as_text=True)
