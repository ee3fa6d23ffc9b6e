"""The link of an invitation: its mail says what the page says, and it opens the page until two weeks after the day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.db.models.assessments import Invitation
from portal.db.models.audit import AuditEvent
from portal.db.models.jobs import OutboxMail
from portal.errors import NotFound
from portal.services.people import tickets
from portal.services.rounds import invitations
from tests.portal import building
from tests.portal.web.hospital import ward
from tests.portal.web.vendor import errand


@pytest.fixture
def asked(session, now):
    return errand.invited(session, now)


def test_the_mail_says_all_that_the_page_says_and_carries_the_only_copy_of_the_link(session, asked):
    mail = session.scalars(select(OutboxMail).where(OutboxMail.kind == "invitation")).one()

    for words in ("Klinikum Nord", "PACS Archiv", "§\u202f30", "Minuten", "Jens Petermann", asked.token):
        assert words in mail.text
    invitation = session.scalars(select(Invitation)).one()
    assert invitation.token_hash == tickets.hashed(asked.token)
    assert asked.token not in repr([vars(event) for event in session.scalars(select(AuditEvent))])


def test_a_link_runs_out_two_weeks_after_the_due_date(session, asked, now):
    due = errand.assessment(session, asked).due_on
    last = building.datetime(due.year, due.month, due.day, 12, tzinfo=building.UTC) + timedelta(days=14)

    assert invitations.look(session, asked.token, now=last)
    with pytest.raises(NotFound):
        invitations.look(session, asked.token, now=last + timedelta(days=1))


def test_a_link_that_is_renewed_after_the_due_date_opens_the_page(session, asked, now):
    late = now + timedelta(days=90)
    invitations.renew_by_addressee(session, asked.token, base_url=ward.BASE_URL, now=late)
    session.flush()
    newest = session.scalars(select(OutboxMail).order_by(OutboxMail.created_at.desc()).limit(1)).one()
    token = newest.text.partition("/invitation/")[2].split()[0]

    assert invitations.look(session, token, now=late + timedelta(days=14))
    with pytest.raises(NotFound):
        invitations.look(session, token, now=late + timedelta(days=16))
