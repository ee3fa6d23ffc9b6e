"""What a host is for: both sides say it, the hospital's word counts, and a foreign host counts nowhere."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from assessments.model import HostRole
from portal.db.models.audit import AuditEvent
from portal.db.models.vendors import Host, HostState, Speaker, Supply
from portal.errors import Clash, NotAllowed, NotFound, NotNow
from portal.services.registers import dossiers
from portal.services.scans import consents, host_words, permissions, scans
from portal.services.scans.consents import NewHost
from portal.services.scans.host_words import Said
from portal.services.vendors import vendors
from scanners.attribution import Belonging
from tests.portal import building
from tests.portal.web.vendor import errand

CORPORATE = Said(role=HostRole.CORPORATE)


@pytest.fixture
def asked(session, now):
    return errand.accepted(session, now, products=("PACS Archiv", "Befundportal"))


def _hosts(session, asked) -> list[Host]:
    session.expire_all()
    return list(session.scalars(select(Host).order_by(Host.name)))


def _added(session, asked, now) -> Host:
    new = NewHost(name="neu.strahlwerk.example", role=HostRole.PRODUCT)
    consents.add_host(session, asked.lead, asked.assessment_id, new, permitted=("example",), now=now)
    session.flush()
    return next(host for host in _hosts(session, asked) if host.state is HostState.ADDED)


def _correct(session, asked, host, said, now, by=None):
    consents.correct_host(session, by or asked.lead, asked.assessment_id, host.id, said, now=now)
    session.flush()


def _change(session, asked, host, now, **fields):
    vendor_id = asked.ward.vendors[errand.VENDOR]
    vendors.change_host(session, asked.ward.assessor, vendor_id, host.id, now=now, **fields)
    session.flush()


def test_of_a_host_that_the_hospital_named_the_company_only_says_something(session, asked, now):
    host = _hosts(session, asked)[0]
    _correct(session, asked, host, CORPORATE, now)

    assert host.role is HostRole.PRODUCT
    seen = next(one for one in consents.scope(session, asked.lead, asked.assessment_id) if one.id == host.id)
    assert seen.is_overruled and seen.own_word is not None and seen.own_word.by_name == asked.lead.name
    trails = {event.scope for event in session.scalars(select(AuditEvent).where(AuditEvent.verb == "host.corrected"))}
    assert len(trails) == 2, "both sides' trails keep it"


def test_the_hospital_takes_it_over_or_says_otherwise(session, asked, now):
    host = _hosts(session, asked)[0]
    _correct(session, asked, host, CORPORATE, now)
    _change(session, asked, host, now + timedelta(minutes=1), role=HostRole.CORPORATE)

    assert host.role is HostRole.CORPORATE
    assert host_words.last_speaker(host) is Speaker.HOSPITAL
    assert not any(one.is_overruled for one in consents.scope(session, asked.lead, asked.assessment_id))


def test_of_its_own_host_the_company_s_word_counts_until_the_hospital_has_one(session, asked, now):
    host = _added(session, asked, now)
    first, second = session.scalars(select(Supply.id).order_by(Supply.id))

    _correct(session, asked, host, Said(role=HostRole.PORTAL, supply_ids=(second, first)), now)
    assert host.role is HostRole.PORTAL and set(host.supply_ids) == {first, second}
    _change(session, asked, host, now, role=HostRole.MAIL, supply_ids=[first])
    assert host.role is HostRole.MAIL and host.supply_ids == (first,)
    _correct(session, asked, host, CORPORATE, now)
    assert host.role is HostRole.MAIL and host.supply_ids == (first,)


def test_a_foreign_host_is_neither_looked_at_nor_counted(session, asked, now):
    host, other = _hosts(session, asked)
    hospital_id, vendor_id = asked.ward.hospital_id, asked.ward.vendors[errand.VENDOR]
    _change(session, asked, host, now, role=host.role, belonging=Belonging.FOREIGN)

    dossier = dossiers.build(session, hospital_id, asked.assessment_id, now=now)
    assert [one.name for one in dossier.hosts] == [other.name]
    assert [one.name for one in permissions.hosts_in_scope(session, hospital_id, vendor_id)] == [other.name]
    assert scans.queue_by_hospital(session, asked.ward.assessor, vendor_id, now=now).hosts == [other.name]
    _change(session, asked, other, now, role=other.role, belonging=Belonging.FOREIGN)
    names = [host.name, other.name]
    assert permissions.permitted(session, hospital_id, vendor_id, names, now=now).reason == permissions.NO_HOST


def test_the_company_strikes_what_is_another_s(session, asked, now):
    host = _hosts(session, asked)[0]
    _correct(session, asked, host, Said(role=HostRole.PRODUCT, belonging=Belonging.FOREIGN), now)

    assert host.state is HostState.STRUCK and not host.words


def test_only_leaders_of_the_company_speak_and_only_of_products_of_the_round(session, asked, now):
    host = _hosts(session, asked)[0]
    foreign = building.supply(session, building.vendor(session, building.hospital(session, "Fremd")), "Fremdes")
    with pytest.raises(NotAllowed):
        _correct(session, asked, host, CORPORATE, now, by=errand.colleague(session, asked))
    with pytest.raises(NotFound):
        _correct(session, asked, host, CORPORATE, now, by=errand.stranger(session))
    with pytest.raises(NotFound):
        _correct(session, asked, host, Said(role=HostRole.MAIL, supply_ids=(foreign.id,)), now)


def test_after_hand_in_the_scope_stands(session, asked, now):
    errand.assessment(session, asked).stage = "submitted"
    session.flush()
    with pytest.raises(NotNow):
        _correct(session, asked, _hosts(session, asked)[0], CORPORATE, now)


SAYINGS = st.lists(
    st.tuples(
        st.sampled_from(Speaker),
        st.builds(
            Said, role=st.sampled_from(HostRole), belonging=st.sampled_from((None, Belonging.OWN, Belonging.HOSTED)),
            supply_ids=st.sampled_from(((), ("a",), ("a", "b"))),
        ),
    ),
    max_size=8,
)  # fmt: skip


@given(sayings=SAYINGS, state=st.sampled_from((HostState.NAMED, HostState.CONFIRMED, HostState.ADDED)))
def test_what_counts_is_the_hospital_s_last_word_else_the_company_s_where_it_named_the_host(sayings, state):
    host = Host(hospital_id="h", id="i", role=HostRole.PRODUCT, state=state, created_at=building.NOW)
    expected = Said(role=HostRole.PRODUCT)
    for speaker, said in sayings:
        host_words.say(host, speaker, said, by_name="x", now=building.NOW)
    ours = [said for speaker, said in sayings if speaker is Speaker.HOSPITAL]
    theirs = [said for speaker, said in sayings if speaker is Speaker.COMPANY]
    if ours:
        expected = ours[-1]
    elif theirs and state is HostState.ADDED:
        expected = theirs[-1]

    assert host_words.standing(host) == expected
    assert len(host.words) == len({speaker for speaker, _said in sayings})


def test_who_has_not_read_what_the_other_side_said_meanwhile_is_shown_it(session, asked, now):
    host = _hosts(session, asked)[0]
    read = host_words.version(host)
    _correct(session, asked, host, CORPORATE, now)

    with pytest.raises(Clash) as refused:
        _change(session, asked, host, now, role=HostRole.PORTAL, read=read)
    assert refused.value.theirs == host_words.standing(host)
    _change(session, asked, host, now, role=HostRole.CORPORATE, read=host_words.version(host))

    assert host.role is HostRole.CORPORATE
