"""The award makes a vendor that keeps what it signed."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from assessments.comparison import Gate
from portal.db import migrating
from portal.db import session as database
from portal.db.models.assessments import Assessment, Stage
from portal.db.models.audit import AuditEvent
from portal.db.models.jobs import OutboxMail
from portal.db.models.responses import SignOff
from portal.db.models.tenders import EndGround, ExclusionGround, Tender, TenderState
from portal.db.models.vendors import Vendor
from portal.errors import BadInput, Clash, NotNow
from portal.services import audit
from portal.services.answers import manifests
from portal.services.registers import registers
from portal.services.tenders import (
    acts,
    awards,
    bidders,
    deadlines,
    drafting,
    eligibility,
    exclusions,
    offers,
    openings,
    queries,
    retention,
    tenders,
)
from portal.services.vendors import vendors
from tests.portal.services.tenders import bids
from tests.portal.services.tenders.bids import DAY, ONE, SECOND, TWO, URL

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

AGAIN = "Kanarienblau Zweigwerk"


def test_the_award_makes_a_vendor_that_keeps_its_signed_round(session: Session, now: datetime):
    made = bids.started(session, now)
    signed = bids.hand_in(session, made, ONE, now=now + 2 * DAY)
    row = bids.opened(session, made)
    at = made.closes_at + DAY
    before = openings.side_by_side(session, made.ward.decider, row.id, row.lots[0].id, now=at).sides[0].score
    vendor = awards.award(session, made.ward.assessor, row.id, made.bidders[ONE], reason="Bestes Angebot.", now=at)
    session.flush()
    session.expire_all()
    assert [one.name for one in vendors.search(session, made.ward.auditor)] == [ONE]
    assert [supply.name for supply in vendors.find(session, made.ward.auditor, vendor.id).supplies] == [
        row.lots[0].title
    ]
    assessed = registers.assess(session, made.ward.auditor, vendor.id, now=at)
    assert len(assessed.dossier.answers) == len(signed.manifest["answers"]) - len(assessed.dossier.profile)
    assert assessed.dossier.submitted_at == signed.at
    by_part = {part.part: part.answers_value for part in before.parts}
    assert {part.part: part.answers_value for part in assessed.score.parts} == by_part
    taken = session.scalars(select(SignOff).where(SignOff.id != signed.id)).one()
    assert taken.manifest["taken_from"]["sha256"] == signed.sha256
    assert taken.sha256 == manifests.digest(taken.manifest)
    assert signed.sha256 == manifests.digest(signed.manifest)
    assert row.state is TenderState.AWARDED
    assert session.get_one(Assessment, made.ward.assessments[TWO]).stage is Stage.CLOSED
    assert (
        session.scalar(select(func.count()).select_from(Vendor).where(Vendor.hospital_id == made.ward.hospital_id)) == 1
    )
    assert audit.verify(session, tenders.scope_of(row.id)).is_sound
    assert acts.is_sound(session, made.ward.auditor, row.id)


def test_two_lots_of_one_bidder_become_one_vendor_with_two_supplies(session: Session, now: datetime):
    made = bids.drafted(session, now, needs_two=False)
    who, row = made.ward.assessor, session.get_one(Tender, made.tender_id)
    lot = drafting.add_lot(session, who, row.id, "Los zwei", now=now)
    again = bids.bidder(lot.id, AGAIN, "kanarienblau.de")
    made.bidders[AGAIN] = bidders.add_bidder(session, who, row.id, again, base_url=URL, now=now).id
    bids.start(session, made, now=now)
    for name in (ONE, AGAIN):
        bids.hand_in(session, made, name, now=now + 2 * DAY, quality=1.0)
    later = made.closes_at + SECOND
    openings.open_answers(session, who, row.id, now=later)
    one = awards.award(session, who, row.id, made.bidders[ONE], reason="Bestes.", now=later)
    with pytest.raises(NotNow):
        awards.award(session, who, row.id, made.bidders[TWO], reason="Auch.", now=later)
    two = awards.award(session, who, row.id, made.bidders[AGAIN], reason="Bestes.", now=later)
    assert one.id == two.id
    assert row.state is TenderState.AWARDED
    for verb in (
        lambda: awards.award(session, who, row.id, made.bidders[AGAIN], reason="x", now=later),
        lambda: openings.open_answers(session, who, row.id, now=later),
    ):
        with pytest.raises(NotNow):
            verb()
    with pytest.raises(Clash):
        awards.cancel(session, who, row.id, reason="x", base_url=URL, now=later)


@pytest.mark.parametrize("why", ["silent", "excluded"])
def test_no_award_goes_to_an_offer_that_is_none_or_excluded(session: Session, now: datetime, why: str):
    """§ 57 VgV; a withdrawn one is in test_offers."""
    made = bids.started(session, now)
    bids.hand_in(session, made, TWO, now=now + 2 * DAY, quality=1.0)
    if why == "excluded":
        bids.hand_in(session, made, ONE, now=now + 2 * DAY, quality=0.0)
    row = bids.opened(session, made)
    with pytest.raises(NotNow) as refused:
        awards.award(session, made.ward.assessor, row.id, made.bidders[ONE], reason="Doch.", now=made.closes_at + DAY)
    assert refused.value.message.text == {"silent": offers.SILENT, "excluded": eligibility.EXCLUDED}[why]
    barred = eligibility.bars(session, made.ward.auditor, row.id, row.lots[0], now=made.closes_at + DAY)
    assert set(barred) == {made.bidders[ONE]}
    if why == "excluded":
        made_of = openings.side_by_side(session, made.ward.auditor, row.id, row.lots[0].id, now=made.closes_at + DAY)
        unmet = {gate.question.id for gate in made_of.gates if gate.cells[-1] is Gate.FAILED}
        assert set(str(barred[made.bidders[ONE]].values["questions"]).split(", ")) == unmet
    assert not vendors.search(session, made.ward.auditor)
    awards.award(session, made.ward.assessor, row.id, made.bidders[TWO], reason="Best.", now=made.closes_at + DAY)
    assert [one.name for one in vendors.search(session, made.ward.auditor)] == [TWO]


def test_one_lot_ends_without_an_award_and_the_others_go_on(session: Session, now: datetime):
    made = bids.started_with_two_lots(session, now)
    who, row = made.ward.assessor, session.get_one(Tender, made.tender_id)
    given_up, other = row.lots[1], row.lots[0]
    for name in (ONE, TWO):
        bids.hand_in(session, made, name, now=now + 2 * DAY, quality=1.0)
    end = {"reason": "Bedarf entfallen.", "base_url": URL, "now": now + 3 * DAY}
    with pytest.raises(BadInput):
        awards.end_lot(session, who, row.id, given_up.id, EndGround.CHANGED, **{**end, "reason": ""})
    awards.end_lot(session, who, row.id, given_up.id, EndGround.CHANGED, **end)
    with pytest.raises(Clash):
        awards.end_lot(session, who, row.id, given_up.id, EndGround.CHANGED, **end)
    session.flush()

    mails = session.scalars(select(OutboxMail).where(OutboxMail.kind == "tender-lot-ended")).all()
    assert [mail.to_address for mail in mails] == ["angebot@kanariengelb.de"]
    assert not any(secret in mail.text for mail in mails for secret in (ONE, "Bedarf entfallen"))
    assert session.get_one(Assessment, made.ward.assessments[TWO]).stage is Stage.CLOSED
    assert session.get_one(Assessment, made.ward.assessments[ONE]).stage is Stage.SUBMITTED
    with pytest.raises(NotNow):
        queries.ask(session, made.actors[TWO], made.ward.assessments[TWO], "Warum?", now=now + 4 * DAY)
    assert not queries.told(session, made.actors[TWO], made.ward.assessments[TWO], now=now + 4 * DAY).may_ask
    with pytest.raises(NotNow):
        bidders.add_bidder(
            session, who, row.id, bids.bidder(given_up.id, "Neu", "neu.de"), base_url=URL, now=now + 4 * DAY
        )
    deadlines.move_deadline(
        session, who, row.id, row.closes_at + DAY, reason="Mehr Zeit.", base_url=URL, now=now + 4 * DAY
    )
    made.closes_at = row.closes_at
    assert session.get_one(Assessment, made.ward.assessments[TWO]).closes_at == now + 3 * DAY

    bids.opened(session, made)
    with pytest.raises(NotNow):  # what was offered for it stays sealed
        openings.side_by_side(session, who, row.id, given_up.id, now=made.closes_at + DAY)
    assert not offers.withdrawn(session, who, row.id)
    with pytest.raises(NotNow):
        awards.award(session, who, row.id, made.bidders[TWO], reason="Doch.", now=made.closes_at + DAY)
    assert row.state is TenderState.OPENED
    awards.award(session, who, row.id, made.bidders[ONE], reason="Bestes.", now=made.closes_at + DAY)
    assert row.state is TenderState.AWARDED
    assert (other.ended_at, given_up.end_reason) == (None, "Bedarf entfallen.")
    assert acts.is_sound(session, who, row.id)


def test_the_last_lot_without_an_award_ends_the_tender(session: Session, now: datetime):
    made = bids.started_with_two_lots(session, now)
    bids.hand_in(session, made, ONE, now=now + 2 * DAY, quality=1.0)
    who, row, at = made.ward.assessor, bids.opened(session, made), made.closes_at + DAY
    for lot in row.lots:
        assert row.state is TenderState.OPENED
        awards.end_lot(session, who, row.id, lot.id, EndGround.NO_OFFER, reason="Nichts.", base_url=URL, now=at)
    assert (row.state, row.ended_at) == (TenderState.CANCELLED, at)
    sides = openings.side_by_side(session, made.ward.auditor, row.id, row.lots[0].id, now=at + DAY).sides
    assert [side.name for side in sides] == [ONE]  # opened before, so the sheet still tells of it
    assert retention.kept_until(session, row, today=at.date()) is not None


THREE, HOSTILE = "Kanariengrün SE", "Kein Geld <a href='https://boese.example'>hier</a>\nZweite Zeile"


def cancelled(session: Session) -> list[OutboxMail]:
    mails = session.scalars(select(OutboxMail).where(OutboxMail.kind == "tender-cancelled"))
    return sorted(mails, key=lambda mail: mail.to_address)


def three_bidders(session: Session, now: datetime) -> bids.Bids:
    """Two for the first lot, one of whom reads English; one for the second."""
    made = bids.drafted(session, now, needs_two=False)
    who, row = made.ward.assessor, session.get_one(Tender, made.tender_id)
    lot = drafting.add_lot(session, who, row.id, "Los zwei", now=now)
    third = replace(bids.bidder(lot.id, THREE, "kanariengruen.de"), language="en")
    made.bidders[THREE] = bidders.add_bidder(session, who, row.id, third, base_url=URL, now=now).id
    bids.start(session, made, now=now)
    return made


@pytest.mark.parametrize("told", ["", HOSTILE], ids=["in silence", "with a reason"])
def test_the_end_of_a_tender_is_told_to_each_bidder_that_is_not_out_and_once(
    session: Session, now: datetime, told: str
):
    made = three_bidders(session, now)
    who, at = made.ward.assessor, now + 5 * DAY
    bids.hand_in(session, made, ONE, now=now + 2 * DAY)
    offers.withdraw_offer(session, made.actors[TWO], made.ward.assessments[TWO], now=now + 3 * DAY)
    end = {"reason": f"{ONE} war zu teuer.", "told": told, "base_url": URL, "now": at}
    shown = awards.preview(session, who, made.tender_id, told=told, base_url=URL)
    with pytest.raises(BadInput):
        awards.cancel(session, who, made.tender_id, **{**end, "reason": " "})
    trial = session.begin_nested()  # a try that fails after all tells nobody
    awards.cancel(session, who, made.tender_id, **end)
    trial.rollback()
    session.expire_all()
    assert not cancelled(session)
    row = awards.cancel(session, who, made.tender_id, **end)
    with pytest.raises(Clash):  # and the one after it nobody twice
        awards.cancel(session, who, made.tender_id, **end)

    for name in (ONE, TWO, THREE):
        mine = queries.told(session, made.actors[name], made.ward.assessments[name], now=at)
        assert (mine.ended_at, mine.may_ask, mine.may_withdraw) == (at, False, False)
    with pytest.raises(NotNow, match="This round closed on"):  # and not: the deadline passed, or handed in already
        bids.sign(session, made, THREE, now=at)
    german, english = cancelled(session)
    assert (german.to_address, german.language) == ("angebot@kanarienblau.de", "de")
    assert (english.to_address, english.language) == ("angebot@kanariengruen.de", "en")
    assert german.subject == "Die Vergabe „PACS 2027“ ist aufgehoben"
    assert english.subject == "The tender “PACS 2027” is cancelled"
    assert "Los 1, PACS 2027" in german.text
    assert "lot 2, Los zwei" in english.text
    for mail, name in ((german, ONE), (english, THREE)):
        assert not any(other in mail.text for other in (ONE, TWO, THREE, "zu teuer"))
        assert f"{URL}/vendor/rounds/{made.ward.assessments[name]}/tender" in mail.text
        assert (HOSTILE in mail.text) is bool(told)
        assert "<a href='https://boese" not in mail.html
    assert ("Die Gründe teilt Ihnen das Krankenhaus selbst mit." in german.text) is not bool(told)
    assert [(lot.number, language) for lot, language, _letter in shown] == [(1, "de"), (2, "en")]
    for (_lot, _language, letter), mail, name in zip(shown, (german, english), (ONE, THREE), strict=True):
        assert letter.subject == mail.subject
        assert letter.text == mail.text.replace(made.ward.assessments[name], "…")
    houses = [one.house_id for one in row.bidders if one.name != TWO]
    for house_id in houses:
        events = session.scalars(select(AuditEvent.verb).where(AuditEvent.scope == audit.hospital_scope(house_id)))
        assert events.all()[-1] == "tender.end-told"
    log = acts.log(session, made.ward.auditor, row.id)
    assert [one.verb for one in log][-2:] == ["tender.cancelled", "tender.end-told"]
    assert log[-1].detail is None  # to how many would say that somebody has withdrawn
    assert log[-2].detail.get("told", "") == told
    assert acts.is_sound(session, who, row.id)


def test_a_draft_that_is_cancelled_is_told_to_nobody(session: Session, now: datetime):
    made = bids.drafted(session, now)
    assert not awards.preview(session, made.ward.auditor, made.tender_id, told="x", base_url=URL)
    awards.cancel(session, made.ward.assessor, made.tender_id, reason="Kein Geld.", base_url=URL, now=now)
    assert not session.scalars(select(OutboxMail)).all()
    assert acts.log(session, made.ward.auditor, made.tender_id)[-1].verb == "tender.cancelled"


def test_the_end_is_told_for_the_lots_that_had_no_word_yet(session: Session, now: datetime):
    made = three_bidders(session, now)
    for name in (ONE, TWO, THREE):
        bids.hand_in(session, made, name, now=now + 2 * DAY, quality=1.0)
    who, at = made.ward.assessor, made.closes_at + DAY
    openings.open_answers(session, who, made.tender_id, now=at)
    awards.award(session, who, made.tender_id, made.bidders[ONE], reason="Bestes.", now=at)
    row = awards.cancel(session, who, made.tender_id, reason="Kein Geld.", told="Kein Geld.", base_url=URL, now=at)
    assert [mail.to_address for mail in cancelled(session)] == ["angebot@kanariengruen.de"]
    log = acts.log(session, who, row.id)
    told = [one.scope for one in log if one.verb == "tender.end-told"]
    house_id = tenders.bidder_of(row, made.bidders[THREE]).house_id
    assert sorted(told) == [audit.hospital_scope(house_id), tenders.scope_of(row.id)]


def test_what_was_compared_ahead_counts_until_somebody_changes_the_tender(session: Session, now: datetime):
    made = bids.started(session, now)
    for name in (ONE, TWO):
        bids.hand_in(session, made, name, now=now + 2 * DAY, quality=1.0)
    who, at = made.ward.assessor, made.closes_at + DAY
    assert eligibility.weigh(session, who, made.tender_id, made.bidders[ONE], now=at) is None
    row = bids.opened(session, made)
    weighed = eligibility.weigh(session, who, row.id, made.bidders[ONE], now=at)
    assert weighed.bars == {}
    exclusions.exclude(session, who, row.id, made.bidders[ONE], ExclusionGround.FORM, reason="Zu spät.", now=at)
    with pytest.raises(NotNow):
        awards.award(session, who, row.id, made.bidders[ONE], reason="Doch.", weighed=weighed, now=at)
    exclusions.take_back(session, who, row.id, made.bidders[ONE], reason="Doch rechtzeitig.", now=at)
    weighed = eligibility.weigh(session, who, row.id, made.bidders[ONE], now=at)
    assert awards.award(session, who, row.id, made.bidders[ONE], reason="Bestes.", weighed=weighed, now=at)


@pytest.mark.postgres
def test_of_two_that_cancel_at_once_one_does_on_postgresql(postgres_url: str, now: datetime):
    engine = database.engine(postgres_url)
    try:
        migrating.upgrade(engine)
        sessions = database.sessions(engine)
        with sessions.begin() as session:
            made = bids.started(session, now)
        came: list[str] = []

        def cancel() -> None:
            with sessions() as session:
                try:
                    awards.cancel(session, made.ward.assessor, made.tender_id, reason="x", base_url=URL, now=now + DAY)
                except Clash:
                    came.append("too late")
                else:
                    session.commit()
                    came.append("done")

        threads = [threading.Thread(target=cancel) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with sessions() as session:
            told = [mail.to_address for mail in cancelled(session)]
        assert (sorted(came), len(told), len(set(told))) == (["done", "too late"], 2, 2)
    finally:
        engine.dispose()
