"""Views under a name: whose they are, who may change them, and what becomes of those who open the list with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from portal.db.models.accounts import HospitalRole
from portal.errors import BadInput, Clash, NotAllowed, NotFound
from portal.services.vendors import views
from portal.services.vendors.views import ViewFields
from tests.portal import building

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from portal.services.actors import Actor

MINE = ViewFields(name="Meine", address="tier=1")
SHARED = ViewFields(name="Alle kritischen", address="is=critical", is_shared=True)


@pytest.fixture
def people(session: Session) -> dict[str, Actor]:
    place = building.hospital(session)
    return {
        "anna": building.hospital_actor(session, place, HospitalRole.ASSESSOR, email="anna@klinik.example"),
        "bernd": building.hospital_actor(session, place, HospitalRole.DECIDER, email="bernd@klinik.example"),
        "auditor": building.hospital_actor(session, place, HospitalRole.AUDITOR),
        "elsewhere": building.hospital_actor(session, building.hospital(session, "Klinik Süd")),
    }


def test_a_view_is_its_makers_until_it_is_shared(session: Session, people: dict[str, Actor], now: datetime):
    mine = views.add(session, people["anna"], MINE, now=now)
    shared = views.add(session, people["anna"], SHARED, now=now)

    assert [row.name for row in views.rows(session, people["anna"])] == ["Alle kritischen", "Meine"]
    for who in ("bernd", "auditor"):
        assert [row.id for row in views.rows(session, people[who])] == [shared.id]
        with pytest.raises(NotFound):
            views.find(session, people[who], mine.id)
    assert not views.rows(session, people["elsewhere"])
    with pytest.raises(NotFound):
        views.find(session, people["elsewhere"], shared.id)
    assert not views.may_change(shared, people["auditor"])


def test_who_only_reads_keeps_none(session: Session, people: dict[str, Actor], now: datetime):
    shared = views.add(session, people["anna"], SHARED, now=now)

    for act in (
        lambda: views.add(session, people["auditor"], MINE, now=now),
        lambda: views.change(session, people["auditor"], shared.id, MINE, version=1, now=now),
        lambda: views.remove(session, people["auditor"], shared.id, now=now),
        lambda: views.keep_columns(session, people["auditor"], "vendors", ["tier"]),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_somebody_elses_change_is_not_overwritten(session: Session, people: dict[str, Actor], now: datetime):
    row = views.add(session, people["anna"], SHARED, now=now)
    views.change(
        session, people["bernd"], row.id, ViewFields(name="Rot", address="", is_shared=True), version=1, now=now
    )

    with pytest.raises(Clash):
        views.change(session, people["anna"], row.id, SHARED, version=1, now=now)
    assert (row.name, row.version) == ("Rot", 2)


@pytest.mark.parametrize(
    "fields",
    [
        ViewFields(name="  ", address=""),
        ViewFields(name="x" * 81, address=""),
        ViewFields(name="MEINE", address=""),  # of one person a name is there once, whatever its case
        ViewFields(name="x", address="a" * (views.LONGEST_ADDRESS + 1)),
    ],
)
def test_a_name_that_says_nothing_or_stands_already_is_refused(
    session: Session, people: dict[str, Actor], now: datetime, fields: ViewFields
):
    views.add(session, people["anna"], MINE, now=now)

    with pytest.raises(BadInput):
        views.add(session, people["anna"], fields, now=now)


def test_nobody_opens_the_list_with_what_is_gone(session: Session, people: dict[str, Actor], now: datetime):
    row = views.add(session, people["anna"], SHARED, now=now)
    for who in ("anna", "bernd"):
        views.open_with(session, people[who], row.id)
    withdrawn = ViewFields(name=SHARED.name, address=SHARED.address)
    views.change(session, people["anna"], row.id, withdrawn, version=1, now=now)
    session.flush()
    session.expire_all()

    assert views.choice(session, people["anna"]).view_id == row.id
    assert views.choice(session, people["bernd"]).view_id is None
    views.remove(session, people["anna"], row.id, now=now)
    session.flush()
    session.expire_all()
    assert views.choice(session, people["anna"]).view_id is None


def test_columns_are_kept_for_each_list(session: Session, people: dict[str, Actor]):
    views.keep_columns(session, people["anna"], "vendors", ["tier", "grade"])
    views.keep_columns(session, people["anna"], "supplies", ["owner"])
    views.keep_columns(session, people["anna"], "vendors", [])
    session.flush()
    kept = views.choice(session, people["anna"])

    assert views.columns(kept, "vendors") == ()
    assert views.columns(kept, "supplies") == ("owner",)
    assert views.columns(views.choice(session, people["bernd"]), "supplies") == ()
