"""Retention: what passes its date goes, what was shown to a hospital is held, and each deletion leaves its proof."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from portal.db.models.incidents import Flash, FlashAsked, FlashReply, FlashStanding
from portal.db.models.jobs import Job
from portal.db.models.responses import DeletionRule
from portal.errors import BadInput, NotFound, NotNow
from portal.services import audit
from portal.services.answers import responses, submissions
from portal.services.answers.submissions import Signer
from portal.services.evidence import evidence, retention
from portal.services.evidence.evidence import DocumentFields, Stored
from portal.services.registers.dossiers import BERLIN
from questionnaires.model import AnswerValue
from tests.portal.web.vendor import errand

KEY = ("GV-01", "")


@pytest.fixture
def asked(session, now):
    return errand.accepted(session, now)


def _today(now: datetime) -> date:
    return now.astimezone(BERLIN).date()


def _add(session, asked, now, *, number=1, keys=(KEY,), media_type="application/pdf", **fields):
    stored = Stored(
        blob_id=f"{number:032x}", sha256=f"{number:064x}", size=10, file_name=f"{number}.pdf", media_type=media_type
    )
    said = DocumentFields(**{"kind": "iso27001_cert", "valid_to": date(2099, 1, 1), **fields})
    row = evidence.add(session, asked.lead, asked.assessment_id, said, stored, keys=keys, now=now)
    session.flush()
    return row


def _hand_in(session, asked, now):
    value = AnswerValue(choices=("yes",))
    responses.save(session, asked.lead, asked.assessment_id, ("GV-02", ""), value, version=0, now=now)
    signer = Signer(name="Erika", function="CISO", confirms=True)
    submissions.hand_in(session, asked.lead, asked.assessment_id, signer, base_url="http://x", now=now)
    session.flush()


def test_on_its_last_day_a_document_is_kept_and_on_the_next_it_goes(session, asked, now):
    row = _add(session, asked, now, retain_until=_today(now) + timedelta(days=10))

    assert retention.delete_due(session, now=now + timedelta(days=10)) == 0
    assert retention.delete_due(session, now=now + timedelta(days=11)) == 1
    assert retention.delete_due(session, now=now + timedelta(days=12)) == 0

    (proof,) = retention.proofs(session, asked.lead)
    assert (proof.rule, proof.retain_until, proof.sha256, proof.by_name, proof.gone_at) == (
        DeletionRule.RETENTION,
        row.retain_until,
        row.sha256,
        "",
        None,
    )
    assert evidence.of_round(session, asked.lead, asked.assessment_id, now=now) == []
    assert [one.blob_id for one in retention.leaving(session)] == [row.blob_id]
    assert session.scalars(select(Job.kind).where(Job.kind == "shred")).all() == ["shred"]


def test_only_what_was_seen_gone_is_called_gone(session, asked, now):
    row = _add(session, asked, now)
    evidence.remove(session, asked.lead, asked.assessment_id, row.id, now=now)

    retention.note_gone(session, retention.leaving(session), now=now + timedelta(minutes=1))

    (proof,) = retention.proofs(session, asked.lead)
    assert (proof.rule, proof.by_name) == (DeletionRule.BY_HAND, asked.lead.name)
    assert proof.gone_at == now + timedelta(minutes=1)
    assert retention.leaving(session) == []
    chain = audit.verify(session, audit.company_scope(row.company_id))
    assert chain.is_sound


def test_what_was_handed_in_is_held_for_three_years(session, asked, now):
    row = _add(session, asked, now, retain_until=_today(now) + timedelta(days=10))
    _hand_in(session, asked, now)
    end = evidence.held_until(session, asked.lead, asked.assessment_id, row.id)

    assert end == _today(now).replace(year=_today(now).year + 3)
    last = datetime.combine(end, now.timetz())
    assert retention.delete_due(session, now=last) == 0
    assert retention.delete_due(session, now=last + timedelta(days=1)) == 1
    with pytest.raises(NotNow):
        evidence.open_for_hospital(session, asked.ward.assessor, asked.assessment_id, row.id, now=last)


def test_what_lies_beside_an_answer_given_at_once_is_held_for_three_years(session, asked, now):
    row = _add(session, asked, now, keys=(), retain_until=_today(now) + timedelta(days=10))
    hospital, vendor = asked.ward.hospital_id, asked.ward.vendors[errand.VENDOR]
    flash = Flash(hospital_id=hospital, about="libexample", text_de="?", text_en="?", by_name="Erika", at=now,
                  first_due_at=now, last_due_at=now)  # fmt: skip
    session.add(flash)
    session.flush()
    question = FlashAsked(hospital_id=hospital, flash_id=flash.id, vendor_id=vendor, known_by="product", matches=[])
    session.add(question)
    session.flush()
    session.add(FlashReply(company_id=asked.lead.company_id, asked_id=question.id, standing=FlashStanding.AFFECTED,
                           evidence_id=row.id, by_name="Max", at=now))  # fmt: skip
    session.flush()

    held = _today(now).replace(year=_today(now).year + 3)
    assert retention.delete_due(session, now=now + timedelta(days=11)) == 0
    assert retention.held_until(session, asked.lead.company_id) == {row.id: held}


def test_how_it_is_kept_can_change_after_it_was_handed_in(session, asked, now):
    row = _add(session, asked, now)
    _hand_in(session, asked, now)
    ahead = _today(now) + timedelta(days=1)

    evidence.set_keeping(
        session, asked.lead, asked.assessment_id, row.id, is_view_only=True, retain_until=ahead, now=now
    )
    assert (row.is_view_only, row.retain_until) == (True, ahead)
    # The day may stand when it has passed meanwhile; another one must lie ahead.
    later = now + timedelta(days=30)
    for day, is_refused in ((ahead, False), (_today(later), True)):
        arguments = {"is_view_only": False, "retain_until": day, "now": later}
        if is_refused:
            with pytest.raises(BadInput):
                evidence.set_keeping(session, asked.lead, asked.assessment_id, row.id, **arguments)
        else:
            evidence.set_keeping(session, asked.lead, asked.assessment_id, row.id, **arguments)


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"is_view_only": True, "media_type": "text/plain"}, "is_view_only"), ({"retain_until": "today"}, "retain_until")],
)
def test_what_cannot_be_kept_so_is_refused(session, asked, now, fields, field):
    given = {name: _today(now) if value == "today" else value for name, value in fields.items()}

    with pytest.raises(BadInput) as refused:
        _add(session, asked, now, **given)
    assert set(refused.value.fields) == {field}


def test_no_company_sees_the_proofs_of_another(session, asked, now):
    row = _add(session, asked, now)
    evidence.remove(session, asked.lead, asked.assessment_id, row.id, now=now)
    (mine,) = retention.proofs(session, asked.lead)
    stranger = replace(asked.lead, company_id="f" * 20)

    assert retention.proofs(session, stranger) == []
    with pytest.raises(NotFound):
        retention.proof(session, stranger, mine.id)
