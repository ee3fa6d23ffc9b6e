"""One vendor: what is known, what is not, and what it rests on."""

from typing import Any

from flask import Response
from wtforms import HiddenField, TextAreaField
from wtforms.validators import InputRequired, Length

from assessments import frameworks, raising
from portal import i18n
from portal.db.models.assessments import Assessment
from portal.db.models.vendors import Vendor
from portal.errors import NotFound
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.jobs import exporting, printing
from portal.services import audit
from portal.services.actors import EVERY_HOSPITAL_ROLE, HOSPITAL_WRITERS
from portal.services.answers import settlements
from portal.services.evidence import evidence, listed_components
from portal.services.registers import movements, policies, registers
from portal.services.rounds import invitations
from portal.services.vendors import (
    intakes,
    offboardings,
    peers,
    portfolio,
    scope_records,
    supply_records,
    vendor_entries,
    vendors,
)
from portal.web import audit_words, component_lists, forms, pages, scope_form
from portal.web.hospital import tabs
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney
from questionnaires.scoping import EntityClass
from reports import marks, tables
from reports import pages as documents
from reports.reader import Reader

EVENTS = 200


class SettleForm(forms.Form):
    """Why a contradiction is none."""

    key = HiddenField()
    reason = TextAreaField(
        _l("Why the two do fit"),
        [InputRequired(_l("Say in a sentence why the two do fit.")), Length(max=4000)],
        filters=[forms.stripped],
    )


class ReopenForm(forms.Form):
    """Which contradiction counts again."""

    key = HiddenField()


def reader() -> Reader:
    """The reader of this page, as documents know them."""
    return Reader(language=i18n.language(), translate=i18n.gettext)


@hospital.get("/vendors/<vendor_id>", roles=EVERY_HOSPITAL_ROLE)
def vendor(here: HospitalJourney, vendor_id: str) -> Response:
    """At a glance: grade, coverage, ten measures, what would raise it, what is not known."""
    found = vendors.find(here.session, here.actor, vendor_id)
    assessed = registers.assess(here.session, here.actor, vendor_id, now=here.now)
    assessment = registers.newest_round(here.session, here.actor, vendor_id)
    history = portfolio.history(here.session, here.actor, assessment.id) if assessment else ()
    by = policies.of(here.session, here.hospital.id)
    return pages.page(
        "hospital/vendor.html",
        **tabs.frame(here, found, "overview"),
        assessed=assessed,
        score=assessed.score,
        lines=documents.costly_lines(assessed.score.lines)[:10],
        measures={part.part: frameworks.measure(part.part) for part in assessed.score.parts},
        intakes={supply.id: intakes.current(supply) for supply in found.supplies},
        values=[score.value for score in history if score.value is not None],
        floor=by.coverage_floor,
        steps=raising.cheapest(assessed.dossier, assessed.score, by),
        peer=peers.positions(here.session, here.actor).get(vendor_id),
        least_peers=peers.LEAST,
        bases=marks.BASES,
        supply_names={supply.key: supply.name for supply in assessed.dossier.supplies},
        **_beside(here, found),
        scoped=scope_records.of_vendor(here.session, here.actor, vendor_id),
        scope_word=lambda row: scope_form.CLASSES[EntityClass(row.entity_class)],
    )


def _beside(here: HospitalJourney, found: Vendor) -> dict[str, Any]:
    """People, domains and ends that stand beside the record."""
    contacts = vendor_entries.of_vendor(here.session, here.actor, found.id, "contact")
    endings = offboardings.of_vendor(here.session, here.actor, found.id)
    told = {one.supply_id for one in endings if one.taken_back_at is None}
    return {
        "contacts": contacts,
        "contact_roles": vendor_entries.CONTACT_ROLES,
        "is_secured": supply_records.has_security_contact(found, "", contacts),
        "domains": vendor_entries.of_vendor(here.session, here.actor, found.id, "domain"),
        "endings": endings,
        "ended_supplies": [one for one in found.supplies if one.ended_at is not None and one.id not in told],
        "all_supply_names": {one.id: one.name for one in found.supplies},
        "provisional": {one.id: vendors.provisional_tier(one) for one in found.supplies},
    }


@hospital.get("/vendors/<vendor_id>/answers", roles=EVERY_HOSPITAL_ROLE)
def vendor_answers(here: HospitalJourney, vendor_id: str) -> Response:
    """What the vendor has declared, as it was signed off."""
    found = vendors.find(here.session, here.actor, vendor_id)
    assessed = registers.assess(here.session, here.actor, vendor_id, now=here.now)
    return pages.page(
        "hospital/vendor_answers.html",
        **tabs.frame(here, found, "answers"),
        assessed=assessed,
        sections=documents.answers_by_section(assessed),
        answer_text=lambda row: tables.answer_text(row, reader()),
        assurances=marks.ASSURANCES,
        standings=marks.ANSWER_STANDINGS,
        supply_names={supply.key: supply.name for supply in assessed.dossier.supplies},
    )


@hospital.get("/vendors/<vendor_id>/contradictions", roles=EVERY_HOSPITAL_ROLE)
def vendor_contradictions(here: HospitalJourney, vendor_id: str) -> Response:
    """Answers and observations that do not fit, side by side."""
    return _contradictions(here, vendor_id, None)


@hospital.post("/vendors/<vendor_id>/contradictions/settle", roles=HOSPITAL_WRITERS)
def settle_contradiction(here: HospitalJourney, vendor_id: str) -> Response:
    """Say why the two do fit."""
    round_ = _round(here, vendor_id)
    form = SettleForm.sent()
    if form.validate():
        with form.refusals(here.session):
            key, reason = form["key"].data or "", form["reason"].data or ""
            settlements.settle(here.session, here.actor, round_.id, key, reason=reason, now=here.now)
            here.notice(_("The contradiction is settled."))
            return pages.see_other("hospital.vendor_contradictions", vendor_id=vendor_id)
    return _contradictions(here, vendor_id, form)


@hospital.post("/vendors/<vendor_id>/contradictions/reopen", roles=HOSPITAL_WRITERS)
def reopen_contradiction(here: HospitalJourney, vendor_id: str) -> Response:
    """Take it back: it counts again."""
    round_ = _round(here, vendor_id)
    key = ReopenForm.sent()["key"].data or ""
    settlements.reopen(here.session, here.actor, round_.id, key, now=here.now)
    here.notice(_("The contradiction is open again."))
    return pages.see_other("hospital.vendor_contradictions", vendor_id=vendor_id)


def _round(here: HospitalJourney, vendor_id: str) -> Assessment:
    vendors.find(here.session, here.actor, vendor_id)
    assessment = registers.newest_round(here.session, here.actor, vendor_id)
    if assessment is None:
        raise NotFound
    return assessment


def _contradictions(here: HospitalJourney, vendor_id: str, sent: SettleForm | None) -> Response:
    found = vendors.find(here.session, here.actor, vendor_id)
    assessed = registers.assess(here.session, here.actor, vendor_id, now=here.now)
    assessment = registers.newest_round(here.session, here.actor, vendor_id)
    offered: dict[str, SettleForm] = {}
    for number, one in enumerate(assessed.contradictions, start=1):
        if one.settled or here.role not in HOSPITAL_WRITERS:
            continue
        form = sent if sent is not None and sent["key"].data == one.key else SettleForm.offered(key=one.key)
        for each in form:  # one form each, so one id each
            each.id = f"{each.name}-{number}"
        offered[one.key] = form
    return pages.page(
        "hospital/vendor_contradictions.html",
        **tabs.frame(here, found, "contradictions"),
        contradictions=assessed.contradictions,
        settlements=settlements.of_assessment(here.session, here.actor, assessment.id) if assessment else {},
        form=sent,
        forms=offered,
        answer_of=lambda one: tables.answer_words(one.question, one.answer, reader()),
    )


@hospital.get("/vendors/<vendor_id>/evidence", roles=EVERY_HOSPITAL_ROLE)
def vendor_evidence(here: HospitalJourney, vendor_id: str) -> Response:
    """The documents and how they stand today."""
    found = vendors.find(here.session, here.actor, vendor_id)
    assessed = registers.assess(here.session, here.actor, vendor_id, now=here.now)
    files = [one.key for one in assessed.evidence if one.sha256]
    return pages.page(
        "hospital/vendor_evidence.html",
        **tabs.frame(here, found, "evidence"),
        evidence=assessed.evidence,
        standings=marks.EVIDENCE,
        view_only=evidence.only_to_be_read(here.session, files),
        confidential=evidence.confidential(here.session, files),
        lists=listed_components.of_vendor(here.session, here.actor, vendor_id),
        words=component_lists.WORDS,
    )


@hospital.get("/vendors/<vendor_id>/history", roles=EVERY_HOSPITAL_ROLE)
def vendor_history(here: HospitalJourney, vendor_id: str) -> Response:
    """Rounds, scores and who did what."""
    found = vendors.find(here.session, here.actor, vendor_id)
    assessment = registers.newest_round(here.session, here.actor, vendor_id)
    subjects = {vendor_id, *(supply.id for supply in found.supplies), *([assessment.id] if assessment else [])}
    events = audit.about(here.session, audit.hospital_scope(here.hospital.id), subjects, limit=EVENTS)
    scores = list(reversed(portfolio.history(here.session, here.actor, assessment.id))) if assessment else []
    return pages.page(
        "hospital/vendor_history.html",
        **tabs.frame(here, found, "history"),
        rounds=invitations.of_vendor(here.session, here.actor, vendor_id),
        scores=scores,
        moved=movements.of_scores(here.session, here.actor, scores),
        events=events,
        told=audit_words.told,
        by=audit_words.by,
    )


@hospital.get("/vendors/<vendor_id>/report.pdf", roles=EVERY_HOSPITAL_ROLE)
def vendor_report(here: HospitalJourney, vendor_id: str) -> Response:
    """The vendor report, in the language of the reader."""
    found = vendors.find(here.session, here.actor, vendor_id)
    name = exporting.report_name(found.name, language=i18n.language(), now=here.now)
    html = exporting.report_html(here.session, here.actor, vendor_id, reader=reader(), now=here.now)
    here.let_go()
    content = printing.pdf(html, style=documents.style())
    return pages.download(content, name=name, media_type="application/pdf")
