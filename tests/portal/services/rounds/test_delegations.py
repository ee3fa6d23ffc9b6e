"""Handing sections on: who sees what, what the mails say, and that a section taken back is closed at once."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal import i18n
from portal.db.models.accounts import Company, CompanyRole, Ticket, TicketPurpose
from portal.db.models.assessments import Review, ReviewState, Stage
from portal.db.models.audit import AuditEvent
from portal.db.models.delegations import Delegation
from portal.db.models.jobs import OutboxMail
from portal.db.models.responses import Suggestion
from portal.errors import BadInput, NotAllowed, NotFound, NotNow
from portal.services.actors import Actor
from portal.services.answers import answer_workbooks, responses, submissions, suggestions
from portal.services.answers.submissions import Signer
from portal.services.evidence import evidence
from portal.services.evidence.evidence import DocumentFields, Stored
from portal.services.exports import profiles
from portal.services.people import accounts
from portal.services.people.accounts import NewPerson
from portal.services.rounds import delegations, standings
from portal.services.rounds.delegations import Errand
from portal.services.rounds.scopes import PROFILE
from portal.services.scans import consents, disputes, own_results, scans
from questionnaires.model import AnswerValue
from tests.portal import building
from tests.portal.web.hospital import ward
from tests.portal.web.vendor import errand

YES = AnswerValue(choices=("yes",))
URL = "https://portal.example"
MAIL = "jana@strahlwerk.example"


@pytest.fixture
def asked(session, now):
    return errand.accepted(session, now)


@pytest.fixture
def jana(session, asked):
    """Somebody who holds the section BK."""
    return errand.colleague(session, asked, sections=("BK",))


def _hand(session, asked, now, *sections, email=MAIL, actor=None, **more):
    fields = Errand(sections=sections or ("BK",), email=email, **more)
    return delegations.hand_on(
        session, actor or asked.lead, asked.assessment_id, fields, base_url=URL, now=now
    )  # fmt: skip


def _key(session, asked, section, now, actor=None):
    found = responses.questionnaire(session, actor or asked.lead, asked.assessment_id, now=now)
    kinds = {"yes_partial_no_na"}
    return next(
        slot.key for slot in found.slots if slot.question.section == section and slot.question.shape.kind in kinds
    )


def _save(session, actor, asked, key, now, version=0):
    return responses.save(session, actor, asked.assessment_id, key, YES, version=version, now=now)


def _mails(session, kind=None):
    found = session.scalars(select(OutboxMail).order_by(OutboxMail.created_at, OutboxMail.id)).all()
    return [mail for mail in found if mail.kind == kind or (kind is None and mail.kind.startswith("sections"))]


def _token(mail):
    return re.search(r"/join/(\S+)", mail.text)[1]


def _document(session, actor, asked, now, keys, name="iso.pdf"):
    stored = Stored(blob_id=name, sha256="1" * 64, size=9, file_name=name, media_type="application/pdf")
    fields = DocumentFields(kind="iso27001_cert")
    return evidence.add(session, actor, asked.assessment_id, fields, stored, keys=keys, now=now).id


# ---- what is open to whom


def test_a_contributor_is_asked_what_was_handed_to_them_and_nothing_else(session, asked, jana, now):
    found = responses.questionnaire(session, jana, asked.assessment_id, now=now)

    assert {slot.question.section for slot in found.slots} == {"BK"}
    assert (list(found.profile_questions), dict(found.profile), list(found.missing_profile)) == ([], {}, [])
    assert [section.id for section in found.sections] == ["BK"]
    standing = standings.of_round(session, jana, asked.assessment_id, now=now)
    assert (standing.is_whole, standing.asked) == (False, len(found.slots))


def test_they_answer_there_and_nowhere_else(session, asked, jana, now):
    theirs, other = _key(session, asked, "BK", now), _key(session, asked, "GV", now)

    assert _save(session, jana, asked, theirs, now).version == 1
    for key in (other, ("P-01", "")):
        with pytest.raises(NotFound):
            _save(session, jana, asked, key, now)
    assert found_answers(session, jana, asked, now) == {theirs}


def found_answers(session, actor, asked, now):
    return set(responses.questionnaire(session, actor, asked.assessment_id, now=now).answers)


def test_a_round_of_which_nothing_is_theirs_is_not_there(session, asked, now):
    company = session.get_one(Company, asked.lead.company_id)
    idle = building.company_actor(session, company, CompanyRole.CONTRIBUTOR, "idle@strahlwerk.example")

    assert responses.of_company(session, idle) == []
    with pytest.raises(NotFound):
        responses.head(session, idle, asked.assessment_id)
    with pytest.raises(NotFound):
        responses.questionnaire(session, idle, asked.assessment_id, now=now)


def test_a_section_of_one_round_opens_nothing_of_another(session, asked, jana, now):
    of_company = errand.assessment(session, asked)
    next_round = building.assessment(
        session, of_company.vendor, company_id=asked.lead.company_id, round=2, stage=Stage.ACCEPTED
    )

    assert [head.id for head in responses.of_company(session, jana)] == [asked.assessment_id]
    with pytest.raises(NotFound):
        responses.head(session, jana, next_round.id)


def test_all_else_of_the_company_is_refused_by_the_services_themselves(session, asked, jana, now):
    """Not by a link that is left out: each of these is called as a page would call it."""
    of = asked.assessment_id
    refused = {
        "own result": lambda: own_results.view(session, jana, of, now=now),
        "release": lambda: own_results.release(session, jana, of, now=now),
        "scan": lambda: scans.queue_by_company(session, jana, of, now=now),
        "scan for oneself": lambda: scans.queue_for_oneself(session, jana, of, now=now),
        "hosts": lambda: consents.scope(session, jana, of),
        "ledger": lambda: consents.ledger(session, jana, of),
        "active hosts": lambda: consents.active_hosts(session, jana, of, now=now),
        "disputes": lambda: disputes.of_round(session, jana, of),
        "dispute": lambda: disputes.disputable(session, jana, of, ("host", "a.example", "x"), now=now),
        "look over": lambda: submissions.look_over(session, jana, of, now=now),
        "receipt": lambda: submissions.editions(session, jana, of),
        "hand in": lambda: submissions.hand_in(
            session, jana, of, Signer(name="J", function="F", confirms=True), base_url=URL, now=now
        ),
        "profile": lambda: profiles.build(session, jana, of, now=now),
        "whole round": lambda: responses.find(session, jana, of),
        "who is where": lambda: delegations.overview(session, jana, of, now=now),
        "hand on": lambda: _hand(session, asked, now, actor=jana),
        "take back": lambda: delegations.take_back(session, jana, of, "BK", now=now),
        "remind": lambda: delegations.remind(session, jana, of, "BK", base_url=URL, now=now),
        "colleagues": lambda: accounts.company_members(session, jana),
    }
    opened = []
    for name, call in refused.items():
        try:
            call()
        except NotAllowed:
            continue
        opened.append(name)
    assert opened == []


def test_documents_are_theirs_beside_their_answers(session, asked, jana, now):
    here, there = _key(session, asked, "BK", now), _key(session, asked, "GV", now)
    seen = _document(session, asked.lead, asked, now, [here], "backup.pdf")
    hidden = _document(session, asked.lead, asked, now, [there], "geheim.pdf")
    loose = _document(session, asked.lead, asked, now, [], "lose.pdf")
    both = _document(session, asked.lead, asked, now, [here, there], "beides.pdf")
    of = asked.assessment_id

    known = {one.id: one for one in evidence.of_round(session, jana, of, now=now)}
    assert set(known) == {seen, both}
    assert known[both].keys == (here,)
    assert evidence.open_for_company(session, jana, of, seen).file_name == "backup.pdf"
    for one in (hidden, loose):
        for call in (
            lambda: evidence.open_for_company(session, jana, of, one),  # noqa: B023 - called at once
            lambda: evidence.openings(session, jana, of, one),  # noqa: B023 - called at once
            lambda: evidence.attach(session, jana, of, one, here, now=now),  # noqa: B023 - called at once
            lambda: evidence.remove(session, jana, of, one, now=now),  # noqa: B023 - called at once
        ):
            with pytest.raises(NotFound):
                call()
    with pytest.raises(NotFound):
        evidence.attach(session, jana, of, seen, there, now=now)
    with pytest.raises(NotFound):
        evidence.detach(session, jana, of, both, there, now=now)
    with pytest.raises(NotNow):
        evidence.remove(session, jana, of, both, now=now)
    with pytest.raises(BadInput):
        _document(session, jana, asked, now, [])
    mine = _document(session, jana, asked, now, [here], "neu.pdf")
    assert evidence.remove(session, jana, of, mine, now=now) == "neu.pdf"


def test_suggestions_are_theirs_beside_their_questions(session, asked, jana, now):
    here, there = _key(session, asked, "BK", now), _key(session, asked, "GV", now)
    found = responses.questionnaire(session, asked.lead, asked.assessment_id, now=now)
    for key in (here, there):
        session.add(
            Suggestion(
                company_id=asked.lead.company_id, response_id=found.response.id, question_id=key[0], supply_id=key[1],
                value={"choices": ["yes"]}, given_at=now, source="Klinikum Süd",
            )
        )  # fmt: skip
    session.flush()

    theirs = responses.questionnaire(session, jana, asked.assessment_id, now=now)
    assert set(suggestions.of_round(session, theirs)) == {here}
    assert suggestions.dismiss(session, jana, asked.assessment_id, "GV", now=now) == 0
    assert suggestions.prefill(session, jana, asked.assessment_id, "GV", now=now) == 0
    assert len(session.scalars(select(Suggestion)).all()) == 2


def test_their_workbook_holds_their_sections(session, asked, jana, now):
    _save(session, asked.lead, asked, _key(session, asked, "GV", now), now)

    sheet = answer_workbooks.sheet(session, jana, asked.assessment_id, now=now)
    whole = answer_workbooks.sheet(session, asked.lead, asked.assessment_id, now=now)

    assert {row.section.en for row in sheet.rows} == {whole_row.section.en for whole_row in whole.rows
                                                      if whole_row.key[0].startswith("BK")}  # fmt: skip
    assert set(answer_workbooks.shapes(session, jana, asked.assessment_id, now=now)) == {
        row.key[0] for row in sheet.rows
    }


def test_what_came_back_reaches_whoever_holds_it(session, asked, jana, now):
    here, there = _key(session, asked, "BK", now), _key(session, asked, "GV", now)
    for key in (here, there):
        _save(session, asked.lead, asked, key, now)
    signer = Signer(name="Erika", function="CISO", confirms=True)
    submissions.hand_in(session, asked.lead, asked.assessment_id, signer, base_url=URL, now=now)
    later = now + timedelta(days=1)
    for key in (here, there):
        session.add(
            Review(
                hospital_id=asked.ward.hospital_id, assessment_id=asked.assessment_id, question_id=key[0],
                supply_id=key[1], state=ReviewState.RETURNED, remark="Für welche Standorte?", by_name="A", at=later,
            )
        )  # fmt: skip
    errand.assessment(session, asked).stage = Stage.RETURNED
    session.flush()

    found = responses.questionnaire(session, jana, asked.assessment_id, now=later)
    assert set(responses.remarks(session, found)) == {here}


# ---- handing on, back, over


def test_the_lead_sees_who_is_where(session, asked, now):
    _hand(session, asked, now, "BK", "GV", name="Jana Kern", due_on=now.date() + timedelta(days=3))
    _save(session, asked.lead, asked, _key(session, asked, "BK", now), now)

    found = {one.section: one for one in delegations.overview(session, asked.lead, asked.assessment_id, now=now)}

    assert (found["BK"].person, found["BK"].has_come, found["BK"].answered) == ("Jana Kern", False, 1)
    assert (found["BK"].last_by, found["BK"].last_at) == (asked.lead.name, now)
    assert (found["GV"].person, found["GV"].last_at) == ("Jana Kern", None)
    assert found["PT"].delegation is None if "PT" in found else True
    assert found[PROFILE].delegation is None
    assert found["BK"].is_late(now.date() + timedelta(days=4))
    assert not found["BK"].is_late(now.date() + timedelta(days=3))


def test_the_mail_names_everything_and_its_link_makes_a_contributor(session, asked, now):
    with i18n.speaking("de"):
        _hand(session, asked, now, "BK", name="Jana Kern", note="Bitte nur für Wien.", due_on=now.date())
    (mail,) = _mails(session)

    for part in ("Jana Kern", asked.lead.name, "Klinikum", "Bitte nur für Wien.", f"{now:%d.%m.%Y}", "offene Fragen"):
        assert part in mail.text, part
        assert part in mail.html, part
    assert f'href="{URL}/join/' in mail.html
    person = accounts.join(
        session, _token(mail), TicketPurpose.JOIN_COMPANY, now=now,
        new=NewPerson(name="Jana Kern", password=building.PASSWORD),
    )  # fmt: skip
    session.flush()
    who = Actor(person_id=person.id, name=person.name, email=person.email, company_id=asked.lead.company_id,
                company_role=CompanyRole.CONTRIBUTOR)  # fmt: skip
    assert person.email == MAIL
    assert _save(session, who, asked, _key(session, asked, "BK", now), now).version == 1
    found = {one.section: one for one in delegations.overview(session, asked.lead, asked.assessment_id, now=now)}
    assert found["BK"].has_come
    with pytest.raises(NotFound):
        accounts.join(session, _token(mail), TicketPurpose.JOIN_COMPANY, now=now,
                      new=NewPerson(name="Noch eine", password=building.PASSWORD))  # fmt: skip


def test_the_mail_speaks_the_language_of_its_reader(session, asked, jana, now):
    errand.person(session, jana).language = "en"
    with i18n.speaking("de"):
        _hand(session, asked, now, "GV", email=jana.email)

    (mail,) = _mails(session)
    assert mail.language == "en"
    assert "asks you to answer" in mail.text
    assert "/join/" not in mail.text
    assert f"{URL}/vendor/rounds/{asked.assessment_id}" in mail.text


def test_a_section_goes_over_to_the_next_person(session, asked, jana, now):
    key = _key(session, asked, "BK", now)
    _save(session, jana, asked, key, now)
    _hand(session, asked, now, "BK")

    with pytest.raises(NotFound):
        _save(session, jana, asked, key, now, version=1)
    found = {one.section: one for one in delegations.overview(session, asked.lead, asked.assessment_id, now=now)}
    assert found["BK"].delegation.email == MAIL
    assert len(session.scalars(select(Delegation)).all()) == 1


def test_what_is_taken_back_is_closed_at_once_and_kept(session, asked, jana, now):
    key = _key(session, asked, "BK", now)
    _save(session, jana, asked, key, now)

    delegations.take_back(session, asked.lead, asked.assessment_id, "BK", now=now)

    with pytest.raises(NotFound):
        _save(session, jana, asked, key, now, version=1)
    assert found_answers(session, asked.lead, asked, now) == {key}
    with pytest.raises(NotFound):
        delegations.take_back(session, asked.lead, asked.assessment_id, "BK", now=now)


def test_the_link_of_somebody_who_holds_nothing_any_more_is_dead(session, asked, now):
    _hand(session, asked, now, "BK", "GV")
    token = _token(_mails(session)[0])
    delegations.take_back(session, asked.lead, asked.assessment_id, "BK", now=now)
    assert session.scalars(select(Ticket).where(Ticket.used_at.is_(None), Ticket.email == MAIL)).one()

    delegations.take_back(session, asked.lead, asked.assessment_id, "GV", now=now)

    with pytest.raises(NotFound):
        accounts.join(session, token, TicketPurpose.JOIN_COMPANY, now=now,
                      new=NewPerson(name="Jana", password=building.PASSWORD))  # fmt: skip


def test_whoever_is_shown_out_holds_nothing_when_they_come_back(session, asked, jana, now):
    accounts.end_company_membership(session, asked.lead, person_id=jana.person_id, now=now)
    session.flush()

    assert session.scalars(select(Delegation)).all() == []
    with pytest.raises(NotFound):
        responses.head(session, jana, asked.assessment_id)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"sections": ()}, "sections"),
        ({"sections": ("XX",)}, "sections"),
        ({"email": "jana"}, "email"),
        ({"email": "a@b.example, c@d.example"}, "email"),
        ({"due_on": building.NOW.date() - timedelta(days=1)}, "due_on"),
    ],
)
def test_what_cannot_be_handed_on_is_said(session, asked, now, fields, wrong):
    made = {"sections": ("BK",), "email": MAIL} | fields
    with pytest.raises(BadInput) as refused:
        delegations.hand_on(session, asked.lead, asked.assessment_id, Errand(**made), base_url=URL, now=now)

    assert set(refused.value.fields) == {wrong}
    assert session.scalars(select(Delegation)).all() == []


def test_nobody_hands_to_themselves_or_of_a_round_of_others(session, asked, now):
    with pytest.raises(BadInput):
        _hand(session, asked, now, email=asked.lead.email)
    stranger = building.company_actor(session, building.company(session, "Andere GmbH"))
    with pytest.raises(NotFound):
        _hand(session, asked, now, actor=stranger)


def test_a_signatory_hands_on_and_a_role_that_waits_is_not_taken(session, asked, now):
    signatory = errand.colleague(session, asked, CompanyRole.SIGNATORY)
    accounts.invite_to_company(session, asked.lead, email=MAIL, role=CompanyRole.SIGNATORY, now=now)

    _hand(session, asked, now, actor=signatory)

    waiting = session.scalars(select(Ticket).where(Ticket.email == MAIL, Ticket.used_at.is_(None))).one()
    assert waiting.role == CompanyRole.SIGNATORY.value


def test_nothing_is_handed_on_after_the_hand_in(session, asked, jana, now):
    _save(session, asked.lead, asked, _key(session, asked, "GV", now), now)
    signer = Signer(name="Erika", function="CISO", confirms=True)
    submissions.hand_in(session, asked.lead, asked.assessment_id, signer, base_url=URL, now=now)

    with pytest.raises(NotNow):
        _hand(session, asked, now)
    with pytest.raises(NotNow):
        delegations.remind(session, asked.lead, asked.assessment_id, "BK", base_url=URL, now=now)
    assert responses.questionnaire(session, jana, asked.assessment_id, now=now).slots


# ---- reminders and links


def test_a_reminder_goes_once_a_day(session, asked, jana, now):
    def remind(at):
        return delegations.remind(session, asked.lead, asked.assessment_id, "BK", base_url=URL, now=at)

    assert remind(now) == jana.email
    with pytest.raises(NotNow):
        remind(now + timedelta(hours=19))
    remind(now + timedelta(hours=21))

    mails = _mails(session, "sections-reminder")
    assert [mail.to_address for mail in mails] == [jana.email] * 2
    assert all("/join/" not in mail.text for mail in mails)


def test_a_reminder_to_somebody_who_never_came_brings_a_new_link(session, asked, now):
    _hand(session, asked, now)
    delegations.remind(session, asked.lead, asked.assessment_id, "BK", base_url=URL, now=now + timedelta(days=20))

    (old,), (new,) = _mails(session, "sections"), _mails(session, "sections-reminder")
    assert _token(old) != _token(new)
    with pytest.raises(NotFound):
        accounts.join(session, _token(old), TicketPurpose.JOIN_COMPANY, now=now,
                      new=NewPerson(name="Jana", password=building.PASSWORD))  # fmt: skip


def test_there_is_nothing_to_remind_of_once_all_is_answered(session, asked, jana, now):
    found = responses.questionnaire(session, asked.lead, asked.assessment_id, now=now)
    ward.answer_all(session, asked.ward, errand.VENDOR, quality=1.0, now=now)
    session.expire_all()
    assert found.of_section("BK")
    with pytest.raises(NotNow):
        delegations.remind(session, asked.lead, asked.assessment_id, "BK", base_url=URL, now=now)


def test_a_link_that_ran_out_is_renewed_to_its_own_address_only(session, asked, now):
    _hand(session, asked, now)
    token, late = _token(_mails(session)[0]), now + timedelta(days=15)
    with pytest.raises(NotFound):
        accounts.join(session, token, TicketPurpose.JOIN_COMPANY, now=late,
                      new=NewPerson(name="Jana", password=building.PASSWORD))  # fmt: skip

    delegations.renew_link(session, token, base_url=URL, now=late)

    mail = max(_mails(session), key=lambda one: one.created_at)
    assert mail.to_address == MAIL
    accounts.join(session, _token(mail), TicketPurpose.JOIN_COMPANY, now=late,
                  new=NewPerson(name="Jana", password=building.PASSWORD))  # fmt: skip
    for spent in (token, _token(mail), "avi_nothing"):
        before = len(_mails(session))
        delegations.renew_link(session, spent, base_url=URL, now=late)
        assert len(_mails(session)) == before


def test_a_plain_invitation_is_renewed_as_one(session, asked, now):
    delegations.invite(session, asked.lead, email=MAIL, role=CompanyRole.SIGNATORY, base_url=URL, now=now)
    token = _token(_mails(session, "join-company")[0])

    delegations.renew_link(session, token, base_url=URL, now=now + timedelta(days=15))

    assert len(_mails(session, "join-company")) == 2
    fresh = session.scalars(select(Ticket).where(Ticket.email == MAIL, Ticket.used_at.is_(None))).one()
    assert fresh.role == CompanyRole.SIGNATORY.value


def test_the_trail_of_the_company_knows_and_that_of_the_hospital_does_not(session, asked, jana, now):
    _hand(session, asked, now)
    delegations.take_back(session, asked.lead, asked.assessment_id, "BK", now=now)

    events = session.scalars(select(AuditEvent).where(AuditEvent.verb.like("section.%"))).all()
    assert [event.verb for event in events] == ["section.handed-on", "section.taken-back"]
    assert {event.scope for event in events} == {f"company:{asked.lead.company_id}"}
