"""Questions of bidders: answered to all alike, and nobody learns of another."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from portal.db.models.jobs import OutboxMail
from portal.db.models.tenders import Tender
from portal.errors import NotFound
from portal.services import audit
from portal.services.answers import responses
from portal.services.incidents import incidents
from portal.services.registers import dossiers
from portal.services.rounds import invitations
from portal.services.rounds.invitation_links import Invitee
from portal.services.tenders import drafting, inviting, queries, tenders
from tests.portal.services.tenders import bids
from tests.portal.services.tenders.bids import DAY, ONE, TWO, URL

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session


def test_a_bidder_learns_of_no_other(session: Session, now: datetime):
    made = bids.started(session, now)
    asked = queries.ask(session, made.actors[TWO], made.ward.assessments[TWO], "Kanarienfrage: bis wann?", now=now)
    queries.ask(session, made.actors[TWO], made.ward.assessments[TWO], "Kanarienrest", now=now)
    queries.publish(
        session,
        made.ward.assessor,
        made.tender_id,
        question="Bis wann gilt das Angebot?",
        answer="Bis Ende März.",
        query_id=asked.id,
        base_url=URL,
        now=now + 2 * DAY,
    )
    bids.hand_in(session, made, TWO, now=now + 2 * DAY)
    mine = made.ward.assessments[ONE]
    told = queries.told(session, made.actors[ONE], mine, now=now + 3 * DAY)
    assert [query.question for query in told.published] == ["Bis wann gilt das Angebot?"]
    assert not told.mine
    others = queries.told(session, made.actors[TWO], made.ward.assessments[TWO], now=now + 3 * DAY)
    assert [query.text for query in others.mine] == ["Kanarienrest"]
    for read in (
        lambda: queries.told(session, made.actors[ONE], made.ward.assessments[TWO], now=now),
        lambda: queries.ask(session, made.actors[ONE], made.ward.assessments[TWO], "?", now=now),
        lambda: responses.find(session, made.actors[ONE], made.ward.assessments[TWO]),
    ):
        with pytest.raises(NotFound):
            read()
    dossier = dossiers.build_for_company(session, made.actors[ONE].company_id or "", mine, now=now + 3 * DAY)
    assert dossier.vendor_key == "V-0001"
    other = dossiers.build_for_company(
        session, made.actors[TWO].company_id or "", made.ward.assessments[TWO], now=now + 3 * DAY
    )
    assert other.vendor_key == "V-0001"  # no count either
    mails = session.scalars(select(OutboxMail).where(OutboxMail.to_address == "angebot@kanarienblau.de")).all()
    assert len(mails) == 2
    for mail in mails:
        assert TWO not in mail.text + mail.html + mail.subject
        assert "Kanarienfrage" not in mail.text
    scope = audit.company_scope(made.actors[ONE].company_id or "")
    assert TWO not in json.dumps([[event.detail, event.actor] for event in audit.newest(session, scope)])
    assert not incidents.links(session, made.actors[ONE])  # nobody there could read an incident


def test_news_reach_the_colleague_whom_the_invitation_was_handed_on_to(session: Session, now: datetime):
    made = bids.drafted(session, now)
    drafting.freeze(session, made.ward.assessor, made.tender_id, now=now)
    inviting.start(session, made.ward.assessor, made.tender_id, base_url=URL, now=now)
    row = session.get_one(Tender, made.tender_id)
    one = tenders.bidder_of(row, made.bidders[ONE])
    mail = session.scalars(select(OutboxMail).where(OutboxMail.hospital_id == one.house_id)).one()
    token = re.search(rf"{URL}/invitation/(\S+)", mail.text)[1]
    colleague = Invitee(email="Zustaendig@Kanarienblau.de", name="Zora")
    invitations.hand_over(session, token, colleague=colleague, base_url=URL, now=now + DAY)
    queries.publish(session, made.ward.assessor, row.id, question="?", answer="!", base_url=URL, now=now + 2 * DAY)
    told = session.scalars(select(OutboxMail.to_address).where(OutboxMail.kind == "tender-answer")).all()
    assert sorted(told) == ["angebot@kanarienblau.de", "angebot@kanariengelb.de", "zustaendig@kanarienblau.de"]
