"""The list of risks: what is counted past the rows and put in order cell by cell is what the rows say."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from assessments.model import Treatment
from portal import i18n
from portal.db.models.registers import RiskRecord, RiskTreatment
from portal.db.models.vendors import Vendor
from portal.services.registers import own_risks, registers, risk_lists, scores, snapshots
from portal.services.registers.own_risks import OwnRiskFields
from portal.services.registers.risk_lists import CLOSED, GONE, LAPSED, ORDER, OVERDUE, STANDING, Narrowed
from portal.services.registers.scores import UNRATED
from portal.services.vendors import vendors
from reports import committee
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from datetime import date, datetime

    from sqlalchemy.orm import Session

    from portal.services.registers.risk_lists import Listed
    from tests.portal.web.hospital.ward import Ward

CHOSEN = [{}, {"level": "high"}, {"treatment": "open"}, {"impact": "3", "likelihood": "2"}, {"source": "own"}]


@pytest.fixture
def ward(session: Session, now: datetime) -> Ward:
    """Sixty risks of three vendors, one of them off the lists, treated in every way, and a few own ones."""
    made, chance = wards.empty(session), random.Random(11)
    for name in ("Adler GmbH", "Zebra AG", "Ende GmbH"):
        wards.add(session, made, name, "x", domain=f"{name[:3].lower()}.example", now=now)
    for number in range(60):
        risk = RiskRecord(
            hospital_id=made.hospital_id,
            vendor_id=chance.choice(list(made.vendors.values())),
            key=f"gap:{number}",
            document={"title": {"de": "Lücke", "en": "Gap"}, "source": "gap"},
            likelihood=chance.randint(1, 5),
            impact=chance.randint(0, 5),
            residual=chance.choice([*ORDER, UNRATED]),
            source=chance.choice(["gap", "finding"]),
            derived_at=now,
            first_derived_at=now,
            gone_at=now if chance.random() < 0.2 else None,
        )
        risk.document["source"] = risk.source
        session.add(risk)
        session.flush()
        if chance.random() < 0.6:
            session.add(
                RiskTreatment(
                    hospital_id=made.hospital_id,
                    risk_id=risk.id,
                    treatment=chance.choice(list(Treatment)),
                    owner="IT",
                    due_on=now.date() + timedelta(days=chance.randint(-5, 5)),
                    accepted_until=now.date() + timedelta(days=chance.randint(-5, 5)),
                    by_name="Ina Vogt",
                    at=now,
                )
            )
    for number in range(6):
        fields = OwnRiskFields(
            title=f"Eigenes {number}",
            scenario="x",
            likelihood=chance.randint(1, 5),
            impact=chance.randint(1, 5),
            inherent_likelihood=5,
            inherent_impact=5,
            vendor_id=made.vendors["Ende GmbH"] if number == 5 else "",
            due_on=now.date() - timedelta(days=1) if number == 4 else None,
        )
        own_risks.add(session, made.assessor, fields, now=now)
    vendors.end(session, made.assessor, made.vendors["Ende GmbH"], now=now)
    session.flush()
    return made


def every(session: Session, ward: Ward, today: date) -> list[Listed]:
    """All that stand, from the rows themselves, in the order of the list."""
    derived = [risk_lists._derived(row, today) for row in registers.risks(session, ward.auditor)]
    own = [
        risk_lists._own(row, today)
        for row in own_risks.rows(session, ward.auditor)
        if row.vendor is None or row.vendor.ended_at is None
    ]
    return sorted(
        [*derived, *own],
        key=lambda one: (
            ORDER.get(one.level or "", 4),
            -one.likelihood,
            -one.impact,
            one.vendor_name.casefold(),
            one.key,
        ),
    )


def fits(one: Listed, chosen: dict[str, str]) -> bool:
    said = {
        "level": one.level or "",
        "impact": str(one.impact),
        "likelihood": str(one.likelihood),
        "treatment": "open" if one.stands_open else one.treatment.value,
        "source": one.source,
    }
    return all(said[name] == value for name, value in chosen.items())


@pytest.mark.parametrize("chosen", CHOSEN)
def test_counts_and_pages_are_those_of_the_rows(session: Session, ward: Ward, now: datetime, chosen: dict[str, str]):
    today = now.date()
    rows = every(session, ward, today)
    wanted = [one.id for one in rows if fits(one, chosen)]
    whole = risk_lists.page(session, ward.auditor, Narrowed(chosen=chosen), today=today, length=1000)

    assert [one.id for one in whole.rows] == wanted
    assert (whole.count, whole.total) == (len(wanted), len(rows))
    assert whole.heat == Counter((one.impact, one.likelihood) for one in rows)
    assert whole.levels == Counter(one.level for one in rows if one.level)
    assert whole.open_count == sum(one.stands_open for one in rows)
    for length in (1, 7):
        paged = []
        for start in range(0, len(wanted) + length, length):
            found = risk_lists.page(
                session, ward.auditor, Narrowed(chosen=chosen), today=today, start=start, length=length
            )
            paged += [one.id for one in found.rows]
            assert found.count == len(wanted)
        assert paged == wanted


def test_other_states_and_words_are_counted_from_the_rows(session: Session, ward: Ward, now: datetime):
    today = now.date()
    for wanted in (Narrowed(state=GONE), Narrowed(state=CLOSED), Narrowed(words="zebra"), Narrowed(due=OVERDUE)):
        found = risk_lists.page(session, ward.auditor, wanted, today=today)
        assert found.total == found.count == len(found.rows)
    assert {one.vendor_name for one in risk_lists.page(
        session, ward.auditor, Narrowed(words="zebra"), today=today).rows} == {"Zebra AG"}  # fmt: skip


def test_what_waits_is_counted_and_its_first_lines_are_those_of_its_list(session: Session, ward: Ward, now: datetime):
    today = now.date()
    due = risk_lists.due(session, ward.auditor, today=today, most=3)
    rows = every(session, ward, today)
    lapsed = [one.id for one in rows if one.is_lapsed]
    overdue = [one.id for one in rows if one.due_on and one.due_on < today and one.treatment is not Treatment.ACCEPT]
    derived_first = sorted(overdue, key=lambda key: next(one.is_own for one in rows if one.id == key))

    assert (due.lapsed_count, due.overdue_count) == (len(lapsed), len(overdue))
    assert [one.id for one in due.lapsed] == lapsed[:3]
    assert [one.id for one in due.overdue] == derived_first[:3]
    for which, count in ((LAPSED, due.lapsed_count), (OVERDUE, due.overdue_count)):
        assert risk_lists.page(session, ward.auditor, Narrowed(due=which), today=today).count == count
    assert session.get(Vendor, ward.vendors["Ende GmbH"]).ended_at is not None
    assert Narrowed().state == STANDING


def test_risks_stand_in_one_order_on_page_and_paper_in_register_and_snapshot_in_any_language(
    session: Session, now: datetime
):
    ward, later = wards.empty(session), now + timedelta(days=30)
    for name in ("Zebra AG", "Überland GmbH", "Uhland GmbH", "äther e. V.", "Ziegel GmbH", "Aether AG"):
        wards.add(session, ward, name, "x", domain=f"firma-{len(ward.vendors)}.example", now=now)
        wards.invite(session, ward, name, now=now, due=now.date() + timedelta(days=7))
    session.flush()
    for assessment_id in ward.assessments.values():  # nobody has answered: the same risks of each
        scores.refresh(session, ward.hospital_id, assessment_id, now=later)
    for number in range(2):
        fields = OwnRiskFields(title=f"{9 - number}", scenario="x", likelihood=4, impact=4, inherent_likelihood=4,
                               inherent_impact=4)  # fmt: skip
        own_risks.add(session, ward.assessor, fields, now=now)
    session.flush()

    row = snapshots.ask(session, ward.decider, "Q4", now=later)
    frozen = {}
    for language in ("de", "en"):
        with i18n.speaking(language):
            frozen[language] = snapshots.freeze(session, ward.hospital_id, row.id, now=later)
    assert frozen["de"] == frozen["en"]
    document = json.loads(frozen["de"])
    register = registers.build(session, ward.auditor, now=later)
    orders = {
        "register": [one.key for one in register.risks],
        "snapshot": [one["key"] for one in document["risks"]],
        "paper": [one.key for one in committee.brief(document).risks],
        "page": [one.key for one in risk_lists.listed(session, ward.auditor, today=later.date())],
    }
    names = {one.key: one.name for one in register.vendors}
    derived = [one for one in register.risks if one.vendor_key]
    equal = [names[one.vendor_key] for one in derived if one.title == derived[0].title]

    assert len(orders["page"]) > 6
    assert {name: keys for name, keys in orders.items() if keys != orders["page"]} == {}
    assert equal == ["Aether AG", "äther e. V.", "Überland GmbH", "Uhland GmbH", "Zebra AG", "Ziegel GmbH"]
