"""Review: question beside answer beside what was seen; accept, return, or mark as a finding."""

from collections.abc import Sequence
from http import HTTPStatus

from flask import Response, request
from wtforms import HiddenField, RadioField, TextAreaField
from wtforms.validators import InputRequired, Length

from assessments.model import AnswerRow, Assessed
from portal.db.models.assessments import Review, ReviewState, Stage
from portal.errors import Clash, NotFound
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.actors import EVERY_HOSPITAL_ROLE, HOSPITAL_WRITERS
from portal.services.answers import review_locks, reviews
from portal.services.evidence import evidence
from portal.services.registers import dossiers, registers
from portal.services.rounds import invitations
from portal.services.vendors import portfolio
from portal.web import clashes, forms, pages
from portal.web.clashes import Stands
from portal.web.hospital.room import hospital
from portal.web.hospital.vendor_pages import reader
from portal.web.journey import HospitalJourney, Rail
from reports import marks, tables
from reports import pages as documents

STATES = {
    ReviewState.ACCEPTED.value: _l("Accept"),
    ReviewState.RETURNED.value: _l("Return to the vendor"),
    ReviewState.FINDING.value: _l("Note as a finding of our own"),
}


ANYWAY = "anyway"  # said of a review in which nobody has looked at an answer


class ReviewForm(forms.Form):
    """The word on one answer."""

    state = RadioField(
        _l("Your decision"), [InputRequired(_l("Choose what to do with this answer."))], choices=forms.choices(STATES)
    )
    remark = TextAreaField(
        _l("Remark"),
        [Length(max=4000)],
        filters=[forms.stripped],
        description=_l("The vendor reads it when you return the answer; of a finding it stands in the register."),
    )
    note = TextAreaField(_l("Internal note"), [Length(max=4000)], filters=[forms.stripped])
    version = HiddenField()


@hospital.get("/review", roles=EVERY_HOSPITAL_ROLE, rail=Rail.REVIEW)
def review_list(here: HospitalJourney) -> Response:
    """What was handed in and waits for somebody to read it."""
    rows = [
        row
        for row in portfolio.rows(here.session, here.actor)
        if row.assessment is not None and row.assessment.stage in reviews.IN_REVIEW
    ]
    return pages.page("hospital/review_list.html", rows=rows)


@hospital.get("/review/<assessment_id>", roles=EVERY_HOSPITAL_ROLE)
def review(here: HospitalJourney, assessment_id: str) -> Response:
    """The first answer that nobody has looked at, or the one that the address names."""
    return _page(here, assessment_id, request.args.get("answer", ""), None)


@hospital.post("/review/<assessment_id>/answers/<question_id>", roles=HOSPITAL_WRITERS)
def review_answer(here: HospitalJourney, assessment_id: str, question_id: str) -> Response:
    """Say it, and go on to the next."""
    key = request.args.get("answer", question_id)
    form = ReviewForm.sent()
    stands: Sequence[Stands] = ()
    if form.validate():
        row, rows = _row(_assessed(here, assessment_id), key)
        place = row.question.id, _supply_id(here, assessment_id, row)
        try:
            with form.refusals(here.session):
                reviews.say(
                    here.session,
                    here.actor,
                    assessment_id,
                    place,
                    ReviewState(form["state"].data),
                    remark=form["remark"].data or "",
                    note=form["note"].data or "",
                    version=forms.version(form["version"].data),
                    now=here.now,
                )
                after = rows[(rows.index(row) + 1) % len(rows)]
                return pages.see_other("hospital.review", assessment_id=assessment_id, answer=_key(after))
        except Clash as refused:
            if review_locks.holder(here.session, here.actor, assessment_id, now=here.now) is not None:
                raise  # somebody else reviews; the form is theirs until it is taken over
            word = reviews.of_assessment(here.session, here.actor, assessment_id).get(place)
            stands = clashes.meet(form, refused, _standing(word))
    return _page(here, assessment_id, key, form, stands=stands)


@hospital.post("/review/<assessment_id>/finish", roles=HOSPITAL_WRITERS)
def finish_review(here: HospitalJourney, assessment_id: str) -> Response:
    """End it: what was returned goes back to the vendor. Where nobody has looked at an answer, we ask first."""
    if request.form.get("unread") != ANYWAY and _is_untouched(here, assessment_id):
        return _page(here, assessment_id, "", None, is_untouched=True)
    assessment = reviews.finish(
        here.session, here.actor, assessment_id, base_url=here.settings.public_base_url, now=here.now
    )
    words = {
        Stage.RETURNED: _("The returned answers are with the vendor again."),
        Stage.REVIEWED: _("The review is complete."),
    }
    first = _("Your word stands. A second person has to look at it before the review is complete.")
    here.notice(words.get(assessment.stage, first))
    return pages.see_other("hospital.assessment", assessment_id=assessment_id)


@hospital.post("/review/<assessment_id>/take-over", roles=HOSPITAL_WRITERS)
def take_over_review(here: HospitalJourney, assessment_id: str) -> Response:
    """Go on in somebody else's place."""
    review_locks.take_over(here.session, here.actor, assessment_id, now=here.now)
    here.notice(_("You review this round now."))
    return pages.see_other("hospital.review", assessment_id=assessment_id)


def _is_untouched(here: HospitalJourney, assessment_id: str) -> bool:
    """Whether there are answers to review and nobody has said a word on any of them."""
    round_ = invitations.find(here.session, here.actor, assessment_id)
    if round_.stage not in reviews.IN_REVIEW or reviews.of_assessment(here.session, here.actor, assessment_id):
        return False
    return any(row.value is not None for row in _assessed(here, assessment_id).answers)


def _assessed(here: HospitalJourney, assessment_id: str) -> Assessed:
    return registers.assess_round(here.session, here.actor, assessment_id, now=here.now)


def _key(row: AnswerRow) -> str:
    return f"{row.question.id}.{row.supply}" if row.supply else row.question.id


def _row(assessed: Assessed, key: str) -> tuple[AnswerRow, list[AnswerRow]]:
    rows = [row for row in assessed.answers if row.value is not None]
    for row in rows:
        if _key(row) == key:
            return row, rows
    raise NotFound


def _supply_id(here: HospitalJourney, assessment_id: str, row: AnswerRow) -> str:
    if row.supply is None:
        return ""
    vendor_id = invitations.find(here.session, here.actor, assessment_id).vendor_id
    keys = dossiers.supply_keys(here.session, here.hospital.id, vendor_id)
    return next(supply_id for supply_id, key in keys.items() if key == row.supply)


def _page(
    here: HospitalJourney,
    assessment_id: str,
    key: str,
    form: forms.Form | None,
    *,
    is_untouched: bool = False,
    stands: Sequence[Stands] = (),
) -> Response:
    assessment = invitations.find(here.session, here.actor, assessment_id)
    assessed = _assessed(here, assessment_id)
    said = reviews.of_assessment(here.session, here.actor, assessment_id)
    keys = dossiers.supply_keys(here.session, here.hospital.id, assessment.vendor_id)
    by_row = {(question, keys.get(supply)): one for (question, supply), one in said.items()}
    rows = [row for row in assessed.answers if row.value is not None]
    unread = [row for row in rows if (row.question.id, row.supply) not in by_row]
    row = _row(assessed, key)[0] if key else next(iter(unread or rows), None)
    word = by_row.get((row.question.id, row.supply)) if row is not None else None
    holder = review_locks.holder(here.session, here.actor, assessment_id, now=here.now)
    may_write = here.role in HOSPITAL_WRITERS and assessment.stage in reviews.IN_REVIEW
    form = form or _standing(word)
    if assessment.company_id is None:  # recorded by the hospital: there is nobody to return an answer to
        form.offer("state", {key: label for key, label in STATES.items() if key != ReviewState.RETURNED.value})
    asks_for_two = assessment.stage is Stage.SUBMITTED and review_locks.asks_for_two(here.session, assessment)
    beside = [one for one in assessed.evidence if row is not None and row.question.id in one.question_ids]
    return pages.page(
        "hospital/review.html",
        form=form,
        status=pages.UNPROCESSABLE if is_untouched else HTTPStatus.OK,
        stands=stands,
        is_untouched=is_untouched,
        anyway={"unread": ANYWAY},
        assessment=assessment,
        vendor=assessment.vendor,
        assessed=assessed,
        sections=documents.answers_by_section(assessed),
        row=row,
        row_key=_key,
        said=by_row,
        states=STATES,
        unread=len(unread),
        evidence=beside,
        confidential=evidence.confidential(here.session, [one.key for one in beside if one.sha256]),
        contradictions=[one for one in assessed.contradictions if row is not None and one.key in row.contradictions],
        findings=_bearing(assessed, row) if row is not None else (),
        evidence_standings=marks.EVIDENCE,
        answer_text=lambda one: tables.answer_text(one, reader()),
        supply_names={supply.key: supply.name for supply in assessed.dossier.supplies},
        may_write=may_write and holder is None,
        may_take_over=may_write and holder is not None,
        holder=holder,
        asks_for_two=asks_for_two,
        first_end=review_locks.first_end(here.session, assessment) if asks_for_two else None,
        previous_key=_neighbour(rows, row, -1),
        next_key=_neighbour(rows, row, 1),
    )


def _standing(word: Review | None) -> ReviewForm:
    return ReviewForm.offered(
        state=word.state.value if word else "",
        remark=word.remark if word else "",
        note=word.note if word else "",
        version=str(word.version if word else 0),
    )


def _neighbour(rows: list[AnswerRow], row: AnswerRow | None, step: int) -> str | None:
    if row is None or not 0 <= rows.index(row) + step < len(rows):
        return None
    return _key(rows[rows.index(row) + step])


def _bearing(assessed: Assessed, row: AnswerRow) -> tuple[object, ...]:
    """The findings that say something about this answer."""
    checks = {check.check_id for check in row.question.scan_checks}
    return tuple(found for found in assessed.findings if found.fact.finding.check_id in checks)
