"""Tenders: only what is frozen is asked, nobody reads early, nobody learns of another, nothing is taken late."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select, text

from portal.db.models.accounts import Company, CompanyRole, Hospital, HospitalRole, Person
from portal.db.models.assessments import Assessment, Stage
from portal.db.models.jobs import OutboxMail
from portal.db.models.responses import Response, SignOff
from portal.db.models.tenders import Tender, TenderState
from portal.db.models.vendors import Vendor
from portal.errors import BadInput, Clash, NotAllowed, NotFound, NotNow
from portal.services import audit
from portal.services.actors import Actor
from portal.services.answers import manifests, responses, submissions
from portal.services.answers.submissions import Signer
from portal.services.decisions import tenders
from portal.services.decisions.tenders import BidderFields, TenderFields
from portal.services.incidents import incidents
from portal.services.people import accounts
from portal.services.registers import dossiers, policies, registers
from portal.services.rounds import invitations, reminders, tracking
from portal.services.scans import permissions
from portal.services.vendors import portfolio, vendors
from questionnaires import shelf
from questionnaires.model import QuestionSet
from tests.portal import building
from tests.portal.web.hospital import ward as wards

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy.orm import Session

    from tests.portal.web.hospital.ward import Ward

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
URL = wards.BASE_URL
ONE, TWO = "Kanarienblau Systeme GmbH", "Kanariengelb AG"


@dataclass(kw_only=True)
class Bids:
    """A tender with two bidders, as far as a test wants it."""

    ward: Ward
    tender_id: str
    closes_at: datetime
    bidders: dict[str, str] = field(default_factory=dict)
    actors: dict[str, Actor] = field(default_factory=dict)


def fields(now: datetime, **changes: object) -> TenderFields:
    values = {
        "title": "PACS 2027",
        "reference": "V-27/14",
        "description": "",
        "catalogue": shelf.CURRENT,
        "question_set": QuestionSet.SHORT,
        "must_haves": (),
        "closes_at": now + 20 * DAY,
    }
    return TenderFields(**{**values, **changes})  # type: ignore[arg-type]


def bidder(lot_id: str, name: str, domain: str) -> BidderFields:
    return BidderFields(
        lot_id=lot_id, name=name, domain=domain, contact_name="Erika", contact_email=f"angebot@{domain}"
    )


def drafted(session: Session, now: datetime, **changes: object) -> Bids:
    ward = wards.empty(session)
    row = tenders.begin(session, ward.assessor, fields(now, **changes), now=now)
    made = Bids(ward=ward, tender_id=row.id, closes_at=row.closes_at)
    for name, domain in ((ONE, "kanarienblau.de"), (TWO, "kanariengelb.de")):
        one = tenders.add_bidder(
            session, ward.assessor, row.id, bidder(row.lots[0].id, name, domain), base_url=URL, now=now
        )
        made.bidders[name] = one.id
    return made


def started(session: Session, now: datetime, **changes: object) -> Bids:
    made = drafted(session, now, **changes)
    tenders.freeze(session, made.ward.assessor, made.tender_id, now=now)
    tenders.start(session, made.ward.assessor, made.tender_id, base_url=URL, now=now)
    row = session.get_one(Tender, made.tender_id)
    for name, bidder_id in made.bidders.items():
        one = tenders.bidder_of(row, bidder_id)
        made.ward.assessments[name] = one.assessment_id or ""
        company = building.company(session, name)
        actor = building.company_actor(session, company, CompanyRole.LEAD)
        mail = session.scalars(select(OutboxMail).where(OutboxMail.to_address == one.contact_email)).first()
        token = re.search(rf"{URL}/invitation/(\S+)", mail.text)[1]
        invitations.accept(
            session, token, person=session.get_one(Person, actor.person_id), company=company, now=now + DAY
        )
        made.actors[name] = actor
    session.flush()
    return made


def hand_in(session: Session, made: Bids, name: str, *, now: datetime, quality: float = 0.9) -> SignOff:
    wards.answer_all(session, made.ward, name, quality=quality, now=now, comment=f"Geheim von {name}")
    session.expire_all()
    return sign(session, made, name, now=now)


def sign(session: Session, made: Bids, name: str, *, now: datetime) -> SignOff:
    signer = Signer(name="Erika Muster", function="Leitung", confirms=True)
    return submissions.hand_in(session, made.actors[name], made.ward.assessments[name], signer, base_url=URL, now=now)


def opened(session: Session, made: Bids) -> Tender:
    later = made.closes_at + SECOND
    tenders.open_answers(session, made.ward.assessor, made.tender_id, now=later)
    return tenders.open_answers(session, made.ward.decider, made.tender_id, now=later)


def test_what_can_be_done_depends_on_the_state_alone(session: Session, now: datetime):
    made = drafted(session, now, needs_two=False)
    ward, row = made.ward, session.get_one(Tender, made.tender_id)
    lot_id = row.lots[0].id

    def verbs(at: datetime) -> dict[str, Callable[[], object]]:
        who, tender_id = ward.assessor, made.tender_id
        first = made.bidders[ONE]
        return {
            "change": lambda: tenders.change(session, who, tender_id, fields(at), version=row.version, now=at),
            "lot": lambda: tenders.add_lot(session, who, tender_id, "Los", now=at),
            "bidder": lambda: tenders.add_bidder(
                session, who, tender_id, bidder(lot_id, "Neu GmbH", "neuerbieter.de"), base_url=URL, now=at
            ),
            "remove": lambda: tenders.remove_bidder(session, who, tender_id, first, now=at),
            "freeze": lambda: tenders.freeze(session, who, tender_id, now=at),
            "start": lambda: tenders.start(session, who, tender_id, base_url=URL, now=at),
            "publish": lambda: tenders.publish(
                session, who, tender_id, question="Was?", answer="Das.", base_url=URL, now=at
            ),
            "open": lambda: tenders.open_answers(session, who, tender_id, now=at),
            "compare": lambda: tenders.side_by_side(session, who, tender_id, lot_id, now=at),
            "award": lambda: tenders.award(session, who, tender_id, first, reason="Bestes.", now=at),
            "cancel": lambda: tenders.cancel(session, who, tender_id, reason="Kein Geld.", now=at),
        }

    def possible(at: datetime) -> set[str]:
        done = set()
        for name in verbs(at):
            trial = session.begin_nested()
            try:
                verbs(at)[name]()
                session.flush()
                done.add(name)
            except NotNow:
                pass
            trial.rollback()
            session.expire_all()
        return done

    after = made.closes_at + SECOND
    assert possible(now) == {"change", "lot", "bidder", "remove", "freeze", "cancel"}
    tenders.freeze(session, ward.assessor, made.tender_id, now=now)
    assert possible(now) == {"bidder", "remove", "start", "cancel"}
    assert possible(after) == {"remove", "cancel"}
    tenders.start(session, ward.assessor, made.tender_id, base_url=URL, now=now)
    assert possible(now) == {"bidder", "publish", "cancel"}
    assert possible(made.closes_at - SECOND) == {"bidder", "publish", "cancel"}
    assert possible(made.closes_at) == {"open", "cancel"}
    tenders.open_answers(session, ward.assessor, made.tender_id, now=after)
    assert possible(after) == {"compare", "award", "cancel"}
    tenders.cancel(session, ward.assessor, made.tender_id, reason="Doch nicht.", now=after)
    assert possible(after) == {"compare"}


def test_nothing_is_handed_in_from_the_deadline_on_and_the_draft_remains(session: Session, now: datetime):
    made = started(session, now)
    wards.answer_all(session, made.ward, ONE, quality=0.9, now=now + 2 * DAY)
    session.expire_all()
    for late in (made.closes_at, made.closes_at + SECOND, made.closes_at + 30 * DAY):
        with pytest.raises(NotNow) as refused:
            sign(session, made, ONE, now=late)
        said = refused.value.message.render()
        assert f"{late.astimezone(dossiers.BERLIN):%d.%m.%Y, %H:%M:%S}" in said
    assert session.scalar(select(func.count()).select_from(SignOff)) == 0
    response = session.scalars(select(Response).where(Response.assessment_id == made.ward.assessments[ONE])).one()
    assert response.answers
    assert sign(session, made, ONE, now=made.closes_at - SECOND).edition == 1


def test_nobody_of_the_hospital_reads_before_two_have_opened(session: Session, now: datetime):
    made = started(session, now)
    hand_in(session, made, ONE, now=now + 2 * DAY)
    row = session.get_one(Tender, made.tender_id)
    lot_id, round_id = row.lots[0].id, made.ward.assessments[ONE]
    house_vendor = session.get_one(Assessment, round_id).vendor_id
    for actor in made.ward.by_role.values():
        for read in (
            lambda actor=actor: invitations.find(session, actor, round_id),
            lambda actor=actor: vendors.find(session, actor, house_vendor),
            lambda actor=actor: registers.assess(session, actor, house_vendor, now=now),
            lambda actor=actor: registers.assess_round(session, actor, round_id, now=now),
        ):
            with pytest.raises((NotFound, NotAllowed)):
                read()
    with pytest.raises(NotNow):
        tenders.open_answers(session, made.ward.assessor, made.tender_id, now=made.closes_at - SECOND)
    later = made.closes_at + SECOND
    tenders.open_answers(session, made.ward.assessor, made.tender_id, now=later)
    with pytest.raises(NotNow):
        tenders.open_answers(session, made.ward.assessor, made.tender_id, now=later)
    with pytest.raises(NotNow):
        tenders.side_by_side(session, made.ward.assessor, made.tender_id, lot_id, now=later)
    with pytest.raises(NotAllowed):
        tenders.open_answers(session, made.ward.auditor, made.tender_id, now=later)
    tenders.open_answers(session, made.ward.decider, made.tender_id, now=later)
    sides = tenders.side_by_side(session, made.ward.auditor, made.tender_id, lot_id, now=later).sides
    assert {side.name for side in sides} == {ONE, TWO}
    verbs = [event.verb for event in tenders.log(session, made.ward.auditor, made.tender_id)]
    assert verbs.index("tender.opening-asked") < verbs.index("tender.opened")


def test_a_bidder_is_on_no_list_of_the_hospital_before_the_award(session: Session, now: datetime):
    made = started(session, now)
    hand_in(session, made, ONE, now=now + 2 * DAY)
    actor, at = made.ward.admin, now + 3 * DAY
    assert not vendors.search(session, actor)
    assert not vendors.search(session, actor, words="blau")
    assert not portfolio.rows(session, actor)
    whole = registers.whole(session, actor, now=at)
    assert not whole.register.vendors
    assert not whole.register.risks
    assert not tracking.board(session, actor, now=at).rows
    trail = audit.newest(session, audit.hospital_scope(made.ward.hospital_id), limit=500)
    said = json.dumps([[event.verb, event.subject, event.detail] for event in trail])
    assert ONE not in said
    tables = session.scalars(
        text("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%hospital_id%'")
    ).all()
    for table in tables:
        if table.startswith(("tender", "audit")):
            continue
        rows = session.execute(
            text(f"SELECT * FROM {table} WHERE hospital_id = :id"),
            {"id": made.ward.hospital_id},
        ).all()
        assert "Kanarien" not in repr(rows), table


def test_a_bidder_learns_of_no_other(session: Session, now: datetime):
    made = started(session, now)
    asked = tenders.ask(session, made.actors[TWO], made.ward.assessments[TWO], "Kanarienfrage: bis wann?", now=now)
    tenders.ask(session, made.actors[TWO], made.ward.assessments[TWO], "Kanarienrest", now=now)
    tenders.publish(
        session,
        made.ward.assessor,
        made.tender_id,
        question="Bis wann gilt das Angebot?",
        answer="Bis Ende März.",
        query_id=asked.id,
        base_url=URL,
        now=now + 2 * DAY,
    )
    hand_in(session, made, TWO, now=now + 2 * DAY)
    mine = made.ward.assessments[ONE]
    told = tenders.told(session, made.actors[ONE], mine, now=now + 3 * DAY)
    assert [query.question for query in told.published] == ["Bis wann gilt das Angebot?"]
    assert not told.mine
    others = tenders.told(session, made.actors[TWO], made.ward.assessments[TWO], now=now + 3 * DAY)
    assert [query.text for query in others.mine] == ["Kanarienrest"]
    for read in (
        lambda: tenders.told(session, made.actors[ONE], made.ward.assessments[TWO], now=now),
        lambda: tenders.ask(session, made.actors[ONE], made.ward.assessments[TWO], "?", now=now),
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


def test_nobody_of_the_hospital_gets_a_mail_while_it_is_sealed(session: Session, now: datetime):
    made = started(session, now)
    hand_in(session, made, ONE, now=now + 2 * DAY)
    to = set(session.scalars(select(OutboxMail.to_address)).all())
    assert not {address for address in to if made.ward.hospital_id in address or "klinik" in address}
    stopped = session.get_one(Assessment, made.ward.assessments[TWO]).reminders_stopped_at
    assert stopped is not None


def test_the_lot_is_compared_by_frozen_weights_with_gates_first(session: Session, now: datetime):
    made = started(session, now)
    hand_in(session, made, ONE, now=now + 2 * DAY, quality=0.2)
    hand_in(session, made, TWO, now=now + 3 * DAY, quality=1.0)
    row = opened(session, made)
    assert tenders.digest(row.frozen) == row.frozen_sha256
    found = tenders.side_by_side(session, made.ward.decider, row.id, row.lots[0].id, now=made.closes_at + DAY)
    assert [side.is_excluded for side in found.sides] == sorted(side.is_excluded for side in found.sides)
    assert [side.name for side in found.sides] == [TWO, ONE]
    row.frozen = {**row.frozen, "must_haves": ["GV-01"]}
    with pytest.raises(NotNow):
        tenders.frozen_policy(row)
    assert not tenders.is_sound(session, made.ward.auditor, row.id)


def test_a_must_have_excludes_whoever_does_not_meet_it(session: Session, now: datetime):
    catalogue = shelf.current()
    must = next(one for one in catalogue.sets[QuestionSet.SHORT].question_ids if not catalogue.questions[one].knock_out)
    made = started(session, now, must_haves=(must,))
    row = opened(session, made)
    found = tenders.side_by_side(session, made.ward.decider, row.id, row.lots[0].id, now=made.closes_at + DAY)
    assert all(side.is_excluded for side in found.sides)  # nobody answered: at the opening that counts
    assert must in {gate.question.id for gate in found.gates}
    with pytest.raises(BadInput):
        tenders.begin(session, made.ward.assessor, fields(now, must_haves=("XX-99",)), now=now)


def test_the_award_makes_a_vendor_that_keeps_its_signed_round(session: Session, now: datetime):
    made = started(session, now)
    signed = hand_in(session, made, ONE, now=now + 2 * DAY)
    row = opened(session, made)
    at = made.closes_at + DAY
    before = tenders.side_by_side(session, made.ward.decider, row.id, row.lots[0].id, now=at).sides[0].score
    vendor = tenders.award(session, made.ward.assessor, row.id, made.bidders[ONE], reason="Bestes Angebot.", now=at)
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
    assert tenders.is_sound(session, made.ward.auditor, row.id)


def test_a_tender_of_another_hospital_is_an_unknown_one(session: Session, now: datetime):
    made = drafted(session, now)
    stranger = wards.empty(session, "Fremdklinik")
    for verb in (
        lambda: tenders.find(session, stranger.admin, made.tender_id),
        lambda: tenders.freeze(session, stranger.admin, made.tender_id, now=now),
        lambda: tenders.log(session, stranger.admin, made.tender_id),
        lambda: tenders.cancel(session, stranger.admin, made.tender_id, reason="x", now=now),
    ):
        with pytest.raises(NotFound):
            verb()
    assert not tenders.rows(session, stranger.admin)
    with pytest.raises(NotAllowed):
        tenders.freeze(session, made.ward.auditor, made.tender_id, now=now)
    wrong = bidder(session.get_one(Tender, made.tender_id).lots[0].id, "Innen GmbH", "localhost")
    with pytest.raises(BadInput):
        tenders.add_bidder(session, made.ward.assessor, made.tender_id, wrong, base_url=URL, now=now)
    with pytest.raises(Clash):
        tenders.change(session, made.ward.assessor, made.tender_id, fields(now), version=99, now=now)
    houses = session.scalar(select(func.count()).select_from(Hospital).where(Hospital.is_for_bidder))
    assert houses == 0


def test_what_is_signed_in_time_but_comes_behind_the_opening_is_refused(session: Session, now: datetime):
    """A request that arrived a moment before the deadline and waited behind the one that opened the answers."""
    made = started(session, now)
    wards.answer_all(session, made.ward, ONE, quality=0.9, now=now + 2 * DAY)
    session.expire_all()
    opened(session, made)
    with pytest.raises(NotNow):
        sign(session, made, ONE, now=made.closes_at - SECOND)
    assert session.scalar(select(func.count()).select_from(SignOff)) == 0


def test_what_is_seen_after_the_deadline_moves_no_comparison(session: Session, now: datetime):
    made = started(session, now)
    hand_in(session, made, ONE, now=now + 2 * DAY)
    row = opened(session, made)
    lot_id = row.lots[0].id
    first = tenders.side_by_side(session, made.ward.decider, row.id, lot_id, now=made.closes_at + DAY)
    later = tenders.side_by_side(session, made.ward.decider, row.id, lot_id, now=made.closes_at + 500 * DAY)
    assert [side.score for side in first.sides] == [side.score for side in later.sides]
    assert first.at == later.at
    house_id = tenders.bidder_of(row, made.bidders[ONE]).house_id or ""
    vendor_id = session.get_one(Assessment, made.ward.assessments[ONE]).vendor_id
    for at, hosts in ((made.closes_at - SECOND, ("kanarienblau.de",)), (made.closes_at, ())):
        assert permissions.permitted(session, house_id, vendor_id, ["kanarienblau.de"], now=at).hosts == hosts


def test_a_new_release_of_the_weights_moves_no_comparison(
    session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch
):
    made = started(session, now)
    hand_in(session, made, ONE, now=now + 2 * DAY)
    before = policies.of(session, made.ward.hospital_id)
    row = opened(session, made)
    at, lot_id = made.closes_at + DAY, row.lots[0].id
    first = tenders.side_by_side(session, made.ward.decider, row.id, lot_id, now=at)
    monkeypatch.setattr(policies, "of", lambda *_: pytest.fail("the rules of today are not asked"))
    assert tenders.frozen_policy(row) == before
    again = tenders.side_by_side(session, made.ward.decider, row.id, lot_id, now=at)
    assert [side.score for side in again.sides] == [side.score for side in first.sides]


def test_nobody_bids_twice_for_one_lot(session: Session, now: datetime):
    made = started(session, now)
    row = session.get_one(Tender, made.tender_id)
    again = BidderFields(
        lot_id=row.lots[0].id, name="Dieselbe", domain="kanarienblau.de", contact_name="", contact_email="x@y.de"
    )
    with pytest.raises(BadInput) as refused:
        tenders.add_bidder(session, made.ward.assessor, row.id, again, base_url=URL, now=now)
    assert set(refused.value.fields) == {"domain"}
    other = bidder(row.lots[0].id, "Tochter GmbH", "kanarientochter.de")
    one = tenders.add_bidder(session, made.ward.assessor, row.id, other, base_url=URL, now=now)
    mail = session.scalars(select(OutboxMail).where(OutboxMail.to_address == one.contact_email)).one()
    token = re.search(rf"{URL}/invitation/(\S+)", mail.text)[1]
    actor = made.actors[ONE]
    with pytest.raises(NotNow):
        invitations.accept(
            session,
            token,
            person=session.get_one(Person, actor.person_id),
            company=session.get_one(Company, actor.company_id),
            now=now + DAY,
        )


def test_nobody_can_be_let_into_a_bidders_tenant(session: Session, now: datetime):
    made = started(session, now)
    house_id = tenders.bidder_of(session.get_one(Tender, made.tender_id), made.bidders[ONE]).house_id
    operator = Actor(name="Betrieb", is_operator=True)
    inside = Actor(name="Betrieb", is_operator=True, hospital_id=house_id, hospital_role=HospitalRole.ADMIN)
    with pytest.raises(NotFound):
        accounts.invite_first_admin(session, operator, hospital_id=house_id or "", email="x@klinik.de", now=now)
    with pytest.raises(NotFound):
        accounts.invite_to_hospital(session, inside, email="x@klinik.de", role=HospitalRole.ADMIN, now=now)
    person = session.get_one(Person, made.ward.admin.person_id)
    with pytest.raises(NotFound):
        accounts.grant_hospital_role(
            session, operator, person=person, hospital_id=house_id or "", role=HospitalRole.ADMIN, now=now
        )


def test_two_lots_of_one_bidder_become_one_vendor_with_two_supplies(session: Session, now: datetime):
    made = drafted(session, now, needs_two=False)
    who, row = made.ward.assessor, session.get_one(Tender, made.tender_id)
    lot = tenders.add_lot(session, who, row.id, "Los zwei", now=now)
    second = tenders.add_bidder(session, who, row.id, bidder(lot.id, ONE, "kanarienblau.de"), base_url=URL, now=now)
    tenders.freeze(session, who, row.id, now=now)
    tenders.start(session, who, row.id, base_url=URL, now=now)
    later = made.closes_at + SECOND
    tenders.open_answers(session, who, row.id, now=later)
    one = tenders.award(session, who, row.id, made.bidders[ONE], reason="Bestes.", now=later)
    with pytest.raises(NotNow):
        tenders.award(session, who, row.id, made.bidders[TWO], reason="Auch.", now=later)
    two = tenders.award(session, who, row.id, second.id, reason="Bestes.", now=later)
    assert one.id == two.id
    assert row.state is TenderState.AWARDED
    for verb in (
        lambda: tenders.award(session, who, row.id, second.id, reason="x", now=later),
        lambda: tenders.cancel(session, who, row.id, reason="x", now=later),
        lambda: tenders.open_answers(session, who, row.id, now=later),
    ):
        with pytest.raises(NotNow):
            verb()


def test_more_time_is_for_all_alike_and_only_before_the_deadline(session: Session, now: datetime):
    made = started(session, now)
    hand_in(session, made, ONE, now=now + 2 * DAY)
    who, later = made.ward.assessor, made.closes_at + 7 * DAY

    def move(closes_at: datetime, at: datetime, reason: str = "Frage 3 kam spät.") -> Tender:
        return tenders.move_deadline(session, who, made.tender_id, closes_at, reason=reason, base_url=URL, now=at)

    for closes_at, reason in ((made.closes_at - DAY, "x"), (made.closes_at, "x"), (later, " "), (now + 900 * DAY, "x")):
        with pytest.raises(BadInput):
            move(closes_at, now + 3 * DAY, reason)
    with pytest.raises(NotNow):
        move(later, made.closes_at)
    frozen = session.get_one(Tender, made.tender_id).frozen_sha256
    before = session.scalar(select(func.count()).select_from(OutboxMail)) or 0
    row = move(later, made.closes_at - SECOND)
    session.flush()
    fresh = session.scalars(select(OutboxMail).where(OutboxMail.kind == "tender-deadline")).all()
    assert sorted(mail.to_address for mail in fresh) == ["angebot@kanarienblau.de", "angebot@kanariengelb.de"]
    assert (session.scalar(select(func.count()).select_from(OutboxMail)) or 0) == before + 2
    assert {session.get_one(Assessment, one).closes_at for one in made.ward.assessments.values()} == {later}
    assert (row.frozen_sha256, tenders.is_sound(session, who, row.id)) == (frozen, True)
    with pytest.raises(NotNow):
        tenders.open_answers(session, who, row.id, now=made.closes_at + SECOND)
    wards.answer_all(session, made.ward, TWO, quality=0.5, now=made.closes_at + DAY)
    session.expire_all()
    assert sign(session, made, TWO, now=later - SECOND).edition == 1
    verbs = [event.verb for event in tenders.log(session, who, row.id)]
    assert "tender.deadline-moved" in verbs


def test_a_withdrawn_offer_is_read_by_nobody(session: Session, now: datetime):
    made = started(session, now)
    hand_in(session, made, ONE, now=now + 2 * DAY)
    mine = made.ward.assessments[ONE]
    with pytest.raises(NotFound):
        tenders.withdraw_offer(session, made.actors[TWO], mine, now=now + 3 * DAY)
    with pytest.raises(NotNow):
        tenders.withdraw_offer(session, made.actors[ONE], mine, now=made.closes_at)
    tenders.withdraw_offer(session, made.actors[ONE], mine, now=now + 3 * DAY)
    session.flush()
    with pytest.raises(NotNow):
        tenders.withdraw_offer(session, made.actors[ONE], mine, now=now + 3 * DAY)
    with pytest.raises(NotNow):
        sign(session, made, ONE, now=now + 4 * DAY)
    who = made.ward.decider
    assert not tenders.withdrawn(session, who, made.tender_id)  # sealed as everything else
    assert "tender.offer-withdrawn" not in [event.verb for event in tenders.log(session, who, made.tender_id)]
    tenders.publish(
        session, made.ward.assessor, made.tender_id, question="?", answer="!", base_url=URL, now=now + 4 * DAY
    )
    told = session.scalars(select(OutboxMail.to_address).where(OutboxMail.kind == "tender-answer")).all()
    assert told == ["angebot@kanariengelb.de"]
    row = opened(session, made)
    at = made.closes_at + DAY
    assert [side.name for side in tenders.side_by_side(session, who, row.id, row.lots[0].id, now=at).sides] == [TWO]
    assert tenders.withdrawn(session, who, row.id) == {made.bidders[ONE]}
    assert "tender.offer-withdrawn" in [event.verb for event in tenders.log(session, who, row.id)]
    with pytest.raises(NotNow):
        tenders.award(session, made.ward.assessor, row.id, made.bidders[ONE], reason="x", now=at)
    tenders.cancel(session, made.ward.assessor, row.id, reason="x", now=at)
    assert tenders.withdrawn(session, who, row.id) == {made.bidders[ONE]}


def test_bidders_are_reminded_alike_or_not_at_all(session: Session, now: datetime):
    made = started(session, now)
    hand_in(session, made, ONE, now=now + 2 * DAY)
    row = session.get_one(Tender, made.tender_id)

    def sent() -> list[str]:
        for number in range(30):
            for name in (ONE, TWO):
                assessment = session.get_one(Assessment, made.ward.assessments[name])
                at = now + number * DAY
                reminders.send_due(session, assessment.hospital_id, assessment.id, base_url=URL, now=at)
        session.flush()
        return list(session.scalars(select(OutboxMail.kind).where(OutboxMail.kind.in_(["reminder", "overdue"]))))

    assert not tenders.reminds(session, row)
    assert sent() == []
    tenders.switch_reminders(session, made.ward.assessor, row.id, stopped=False, now=now + 3 * DAY)
    assert tenders.reminds(session, row)
    assert set(sent()) == {"reminder"}  # nothing after the deadline
    with pytest.raises(NotNow):
        tenders.switch_reminders(session, made.ward.assessor, row.id, stopped=True, now=made.closes_at)
