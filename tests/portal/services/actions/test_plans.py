"""The company's own plan: derived, edited, offered as it is; and actions, from the offer to the confirmation."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.db import session as database
from portal.db.models.accounts import Company, CompanyRole
from portal.db.models.assessments import Assessment, Stage
from portal.db.models.audit import AuditEvent
from portal.db.models.jobs import OutboxMail
from portal.db.models.plans import PlanState
from portal.errors import BadInput, Clash, NotAllowed, NotFound, NotNow
from portal.services.actions import actions, plans
from portal.services.actions.actions import ActionFields, Standing, Verdict
from portal.services.actions.plans import LineFields
from portal.services.registers import dossiers
from scanners.model import Outcome
from tests.portal import building
from tests.portal.web.hospital import ward

NAME, OTHER = "Strahlwerk Medizintechnik GmbH", "Labor GmbH"
URL = ward.BASE_URL


@pytest.fixture(scope="module")
def furnished(migrated, tmp_path_factory):
    """Build the place once; every test gets a copy of its database."""
    path = tmp_path_factory.mktemp("furnished") / "furnished.sqlite"
    shutil.copy(migrated, path)
    engine = database.engine(f"sqlite:///{path}")
    now = building.NOW
    with database.sessions(engine).begin() as session:
        made = ward.empty(session)
        begin = now - timedelta(days=30)
        ward.add(session, made, NAME, "PACS Archiv", domain="strahlwerk.example", hosts=2, now=begin)
        ward.invite(session, made, NAME, now=begin, due=now.date() + timedelta(days=5))
        made.lead = ward.accept(session, made, NAME, now=begin + timedelta(days=1))
        ward.scan(session, made, NAME, quality=0.8, now=begin + timedelta(days=2))
        ward.answer_all(session, made, NAME, quality=0.8, now=begin + timedelta(days=20))
        ward.add(session, made, OTHER, "LIS", now=begin)
    engine.dispose()
    return path, made


@pytest.fixture
def engine(furnished, tmp_path):
    path = tmp_path / "kettenblick.sqlite"
    shutil.copy(furnished[0], path)
    engine = database.engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


@pytest.fixture
def place(furnished):
    return furnished[1]


@pytest.fixture
def vendor_id(place):
    return place.vendors[NAME]


@pytest.fixture
def round_id(place):
    return place.assessments[NAME]


def offered(session, place, now, *, count: int = 3):
    plan = plans.build(session, place.lead, place.assessments[NAME], now=now)
    keys = [line.key for line in plan.open if line.document["check_id"]][:count]
    plans.offer(session, place.lead, place.assessments[NAME], keys, note="Bis Januar.", now=now)
    return keys


def taken(session, place, now, *, count: int = 1):
    keys = offered(session, place, now, count=count)
    return actions.take(session, place.assessor, place.vendors[NAME], keys, now=now, base_url=URL)


class TestPlan:
    def test_it_is_worked_out_from_findings_and_answers_without_a_word_of_the_hospital(
        self, session, place, round_id, now
    ):
        plan = plans.build(session, place.lead, round_id, now=now)

        assert {bool(line.document["check_id"]) for line in plan.lines} == {True, False}
        assert all(line.document["title"]["de"] and line.document["title"]["en"] for line in plan.lines)
        assert sum(line.points for line in plan.lines) > 0

    def test_what_they_write_stands_beside_what_was_worked_out(self, session, place, round_id, now):
        key = plans.build(session, place.lead, round_id, now=now).lines[0].key
        fields = LineFields(title="Port zu", owner="Frau Kern", due_on=now.date() + timedelta(days=9))
        plans.save(session, place.lead, round_id, key, fields, version=0, now=now)

        line = plans.build(session, place.lead, round_id, now=now).find(key)
        assert (line.title("de"), line.written.owner, line.version) == ("Port zu", "Frau Kern", 1)

    def test_two_at_once_do_not_overwrite_each_other(self, session, place, round_id, now):
        key = plans.build(session, place.lead, round_id, now=now).lines[0].key
        plans.save(session, place.lead, round_id, key, LineFields(owner="A"), version=0, now=now)

        with pytest.raises(Clash):
            plans.save(session, place.lead, round_id, key, LineFields(owner="B"), version=0, now=now)

    def test_a_line_of_their_own_stands_in_the_period_of_its_day(self, session, place, round_id, now):
        fields = LineFields(title="Notfallübung", due_on=now.date() + timedelta(days=45))
        key = plans.save(session, place.lead, round_id, "", fields, version=0, now=now)

        assert plans.build(session, place.lead, round_id, now=now).find(key).within == 60

    def test_the_days_of_a_plan_are_days_in_germany(self, session, place, round_id, now):
        late = now.replace(hour=23, minute=30)  # where it is the next day already
        fields = LineFields(title="Notfallübung", due_on=late.date() + timedelta(days=31))
        key = plans.save(session, place.lead, round_id, "", fields, version=0, now=late)
        worked_out = next(line for line in plans.build(session, place.lead, round_id, now=late).open if not line.is_own)
        made = plans.offer(session, place.lead, round_id, [worked_out.key], note="", now=late)

        assert plans.build(session, place.lead, round_id, now=late).find(key).within == 30
        assert made.lines[0]["due_on"] == (late.date() + timedelta(days=1 + worked_out.within)).isoformat()

    def test_done_needs_a_word_on_what_shows_it_and_an_own_line_its_title(self, session, place, round_id, now):
        key = plans.build(session, place.lead, round_id, now=now).lines[0].key

        with pytest.raises(BadInput) as refused:
            plans.save(session, place.lead, round_id, key, LineFields(state=PlanState.DONE), version=0, now=now)
        assert "proof" in refused.value.fields
        with pytest.raises(BadInput) as refused:
            plans.save(session, place.lead, round_id, "", LineFields(), version=0, now=now)
        assert "title" in refused.value.fields

    def test_what_was_mended_stands_as_done_once_somebody_wrote_about_it(self, session, place, round_id, now):
        checks = [one for one in plans.build(session, place.lead, round_id, now=now).lines if one.document["check_id"]]
        plans.save(session, place.lead, round_id, checks[0].key, LineFields(owner="A"), version=0, now=now)
        ward.scan(session, place, NAME, quality=1, now=now + timedelta(hours=1))

        plan = plans.build(session, place.lead, round_id, now=now + timedelta(hours=2))
        assert [line.key for line in plan.closed] == [checks[0].key]

    def test_nobody_else_reads_or_writes_it(self, session, place, round_id, now):
        stranger = building.company_actor(session, building.company(session, "Andere GmbH"))

        for act in (
            lambda: plans.build(session, stranger, round_id, now=now),
            lambda: plans.save(session, stranger, round_id, "", LineFields(title="x"), version=0, now=now),
            lambda: plans.offer(session, stranger, round_id, ["x"], note="", now=now),
        ):
            with pytest.raises(NotFound):
                act()
        with pytest.raises(NotAllowed):
            plans.build(session, place.assessor, round_id, now=now)


class TestOffer:
    def test_the_hospital_reads_what_was_offered_as_it_was_and_nothing_more(
        self, session, place, round_id, vendor_id, now
    ):
        keys = offered(session, place, now, count=2)
        plans.save(session, place.lead, round_id, keys[0], LineFields(title="Anders", owner="Neu"), version=0, now=now)

        lines = actions.offered(session, place.assessor, vendor_id)
        assert {one.key for one in lines} == set(keys)
        assert "Anders" not in str([one.line for one in lines])
        assert not {"points", "days", "effort"} & {name for one in lines for name in one.line}
        assert all(one.due_on >= now.date() + timedelta(days=29) for one in lines)

    def test_only_who_leads_or_signs_offers(self, session, place, round_id, now):
        company = session.get_one(Company, place.lead.company_id)
        helper = building.company_actor(session, company, CompanyRole.CONTRIBUTOR, "c@strahlwerk.example")
        with pytest.raises((NotAllowed, NotFound)):
            plans.offer(session, helper, round_id, ["x"], note="", now=now)

    def test_lines_that_are_taken_or_declined_wait_no_more(self, session, place, vendor_id, now):
        first, second, third = offered(session, place, now)
        actions.take(session, place.assessor, vendor_id, [first], now=now, base_url=URL)
        actions.decline(session, place.assessor, vendor_id, [second], remark="Nicht unser Host.", now=now)

        assert [one.key for one in actions.offered(session, place.assessor, vendor_id)] == [third]
        standings = {
            row.action.source_key: row.standing for row in actions.of_vendor(session, place.assessor, vendor_id)
        }
        assert standings == {first: Standing.OPEN, second: Standing.DROPPED}

    def test_another_day_needs_a_remark(self, session, place, vendor_id, now):
        (key,) = offered(session, place, now, count=1)
        day = now.date() + timedelta(days=7)

        with pytest.raises(BadInput) as refused:
            actions.take_with(session, place.assessor, vendor_id, key, due_on=day, remark="", now=now, base_url=URL)
        assert "remark" in refused.value.fields
        made = actions.take_with(
            session, place.assessor, vendor_id, key, due_on=day, remark="Vor der Abnahme.", now=now, base_url=URL
        )
        assert (made.due_on, made.remark) == (day, "Vor der Abnahme.")

    def test_what_one_company_offered_is_nothing_to_the_company_that_is_asked_next(
        self, session, place, round_id, vendor_id, now
    ):
        fields = LineFields(title="Nur wir und das Krankenhaus")
        key = plans.save(session, place.lead, round_id, "", fields, version=0, now=now)
        plans.offer(session, place.lead, round_id, [key], note="", now=now)
        session.get_one(Assessment, round_id).stage = Stage.CLOSED
        session.flush()
        here = replace(place, assessments=dict(place.assessments))
        ward.invite(session, here, NAME, now=now, due=now.date() + timedelta(days=20))
        assert [one.key for one in actions.offered(session, place.assessor, vendor_id)] == [key]

        next_one = building.company_actor(session, building.company(session, "Andere GmbH"))
        ward.accept(session, here, NAME, now=now, actor=next_one)

        assert not actions.offered(session, place.assessor, vendor_id)
        with pytest.raises(Clash):
            actions.take(session, place.assessor, vendor_id, [key], now=now, base_url=URL)

    def test_of_two_who_answer_an_offered_line_the_second_is_told(self, session, place, vendor_id, now):
        keys = offered(session, place, now, count=2)
        actions.take(session, place.assessor, vendor_id, keys[:1], now=now, base_url=URL)

        with pytest.raises(Clash):
            actions.take(session, place.assessor, vendor_id, keys, now=now, base_url=URL)
        with pytest.raises(Clash):
            actions.decline(session, place.assessor, vendor_id, keys[:1], remark="Nicht nötig.", now=now)
        assert [one.key for one in actions.offered(session, place.assessor, vendor_id)] == keys[1:]

    def test_declining_says_why(self, session, place, vendor_id, now):
        keys = offered(session, place, now, count=1)
        with pytest.raises(BadInput):
            actions.decline(session, place.assessor, vendor_id, keys, remark=" ", now=now)


class TestAction:
    def test_the_company_reports_and_the_hospital_confirms(self, session, place, round_id, vendor_id, now):
        (made,) = taken(session, place, now)
        actions.report(session, place.lead, round_id, made.id, text="Port ist zu.", now=now + timedelta(hours=1))
        (row,) = actions.of_vendor(session, place.assessor, vendor_id)
        assert row.standing is Standing.REPORTED

        actions.answer(
            session, place.assessor, vendor_id, made.id, Verdict.CONFIRM,
            remark="", due_on=None, version=row.version, now=now + timedelta(hours=2), base_url=URL,
        )  # fmt: skip
        (row,) = actions.of_round(session, place.lead, round_id)
        assert row.standing is Standing.CONFIRMED

    def test_sent_back_it_is_to_do_again_and_says_why(self, session, place, round_id, vendor_id, now):
        (made,) = taken(session, place, now)
        actions.report(session, place.lead, round_id, made.id, text="Fertig.", now=now + timedelta(hours=1))
        (row,) = actions.of_vendor(session, place.assessor, vendor_id)
        actions.answer(
            session, place.assessor, vendor_id, made.id, Verdict.SEND_BACK,
            remark="Der Scan sieht ihn noch.", due_on=None, version=row.version,
            now=now + timedelta(hours=2), base_url=URL,
        )  # fmt: skip
        (row,) = actions.of_round(session, place.lead, round_id)
        assert (row.standing, row.action.remark) == (Standing.SENT_BACK, "Der Scan sieht ihn noch.")

        actions.report(session, place.lead, round_id, made.id, text="Jetzt.", now=now + timedelta(hours=3))
        (row,) = actions.of_round(session, place.lead, round_id)
        assert row.standing is Standing.REPORTED

    def test_what_stands_otherwise_by_now_is_left_alone(self, session, place, round_id, vendor_id, now):
        (made,) = taken(session, place, now)
        more = {"remark": "weil", "due_on": None, "now": now, "base_url": URL}

        with pytest.raises(NotNow):
            actions.answer(session, place.assessor, vendor_id, made.id, Verdict.SEND_BACK, version=made.version, **more)
        with pytest.raises(Clash):
            actions.answer(session, place.assessor, vendor_id, made.id, Verdict.DROP, version=7, **more)
        actions.answer(session, place.assessor, vendor_id, made.id, Verdict.DROP, version=made.version, **more)
        with pytest.raises(NotNow):
            actions.report(session, place.lead, round_id, made.id, text="Fertig.", now=now)

    @pytest.mark.parametrize("verdict", [Verdict.DROP, Verdict.CONFIRM])
    def test_a_report_that_came_meanwhile_is_read_before_anything_is_said_to_it(
        self, session, place, round_id, vendor_id, now, verdict
    ):
        (made,) = taken(session, place, now)
        (read,) = actions.of_vendor(session, place.assessor, vendor_id)
        actions.report(session, place.lead, round_id, made.id, text="Fertig.", now=now + timedelta(hours=1))
        more = {"remark": "weil", "due_on": None, "now": now + timedelta(hours=2), "base_url": URL}

        with pytest.raises(Clash):
            actions.answer(session, place.assessor, vendor_id, made.id, verdict, version=read.version, **more)

    def test_the_scan_of_each_side_says_whether_it_is_seen_mended(self, session, place, round_id, vendor_id, now):
        (made,) = taken(session, place, now)
        rows = actions.of_round(session, place.lead, round_id)
        before = dossiers.build_for_company(session, place.lead.company_id, round_id, now=now)
        assert actions.rechecks(rows, before)[made.id] == []

        later = now + timedelta(hours=1)
        ward.scan(session, place, NAME, quality=1, now=later)
        after = dossiers.build_for_company(session, place.lead.company_id, round_id, now=later)
        seen = actions.rechecks(rows, after)[made.id]
        assert seen
        assert {one.outcome for one in seen} == {Outcome.PASS}

    def test_overdue_ones_surface_on_both_first_pages(self, session, place, round_id, vendor_id, now):
        (made,) = taken(session, place, now)
        assert not actions.due(session, place.assessor, today=now.date()).overdue
        late = made.due_on + timedelta(days=1)

        (waiting,) = actions.due(session, place.auditor, today=late).overdue
        assert (waiting.vendor.id, waiting.since) == (vendor_id, made.due_on)
        (row,) = actions.open_of_company(session, place.lead)[round_id]
        assert row.is_overdue(late)

    def test_reports_and_offers_surface_at_the_hospital(self, session, place, round_id, now):
        (made, _other) = taken(session, place, now, count=2)
        actions.report(session, place.lead, round_id, made.id, text="Fertig.", now=now)
        plan = plans.build(session, place.lead, round_id, now=now)
        plans.offer(session, place.lead, round_id, [plan.open[-1].key], note="", now=now)

        due = actions.due(session, place.assessor, today=now.date())
        assert [one.count for one in due.reported] == [1]
        assert [one.count for one in due.offered] == [1]

    def test_one_of_the_hospitals_own_reaches_the_company_by_mail(self, session, place, round_id, vendor_id, now):
        fields = ActionFields(title="Ansprechpartner nennen", due_on=now.date() + timedelta(days=14))
        actions.add(session, place.assessor, vendor_id, fields, now=now, base_url=URL)

        (row,) = actions.of_round(session, place.lead, round_id)
        assert row.title("de") == "Ansprechpartner nennen"
        mails = session.scalars(select(OutboxMail).where(OutboxMail.kind == "actions")).all()
        assert mails
        assert "Ansprechpartner nennen" in mails[0].text
        verbs = set(session.scalars(select(AuditEvent.verb)))
        assert "action.set" in verbs

    def test_it_needs_a_day_and_a_company(self, session, place, vendor_id, now):
        with pytest.raises(BadInput):
            actions.add(
                session,
                place.assessor,
                vendor_id,
                ActionFields(title="x", due_on=now.date() - timedelta(days=1)),
                now=now,
                base_url=URL,
            )
        fields = ActionFields(title="x", due_on=now.date())
        with pytest.raises(NotNow):
            actions.add(session, place.assessor, place.vendors[OTHER], fields, now=now, base_url=URL)

    def test_neighbours_and_readers_change_nothing(self, session, place, round_id, vendor_id, now):
        (made,) = taken(session, place, now)
        neighbour = ward.empty(session, "Klinikum Süd")
        stranger = building.company_actor(session, building.company(session, "Andere GmbH"))
        more = {"remark": "weil", "due_on": None, "version": made.version, "now": now, "base_url": URL}

        with pytest.raises(NotFound):
            actions.answer(session, neighbour.assessor, vendor_id, made.id, Verdict.DROP, **more)
        with pytest.raises(NotAllowed):
            actions.answer(session, place.auditor, vendor_id, made.id, Verdict.DROP, **more)
        with pytest.raises(NotFound):
            actions.report(session, stranger, round_id, made.id, text="Fertig.", now=now)
        with pytest.raises(NotFound):
            actions.of_vendor(session, neighbour.assessor, vendor_id)
