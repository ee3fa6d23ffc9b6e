"""Tenders: the list, one tender with its lots and bidders, what bidders ask, opening and award."""

from collections.abc import Mapping
from contextlib import nullcontext
from datetime import datetime
from typing import Any

from flask import Response, request

from portal import i18n
from portal.db.models.tenders import Tender, TenderLot, TenderState
from portal.errors import Clash
from portal.home import BERLIN
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.actors import EVERY_HOSPITAL_ROLE, HOSPITAL_WRITERS
from portal.services.rounds import catalogues
from portal.services.tenders import (
    awards,
    bidders,
    deadlines,
    drafting,
    eligibility,
    inviting,
    lapsing,
    lots,
    offers,
    openings,
    queries,
    tenders,
)
from portal.services.tenders.bidders import BidderFields
from portal.services.tenders.drafting import TenderFields
from portal.services.tenders.openings import OPENERS
from portal.services.vendors import intake_requests
from portal.web import forms, pages
from portal.web.hospital.room import hospital
from portal.web.hospital.tender_forms import (
    ENDS,
    AnswerForm,
    AwardForm,
    BidderForm,
    CancelForm,
    DeadlineForm,
    EndLotForm,
    ExcludeForm,
    LotForm,
    PutOffForm,
    TakeInForm,
    TenderForm,
)
from portal.web.journey import HospitalJourney
from questionnaires import shelf
from questionnaires.model import QuestionSet
from reports import marks
from scanners.model import Message

STATES: Mapping[str, object] = {
    TenderState.DRAFT.value: _l("draft"),
    TenderState.FROZEN.value: _l("frozen, nobody invited yet"),
    TenderState.OPEN.value: _l("open, answers sealed"),
    tenders.CLOSED: _l("closed, answers sealed"),
    TenderState.OPENED.value: _l("opened"),
    TenderState.AWARDED.value: _l("awarded"),
    TenderState.CANCELLED.value: _l("cancelled"),
}
KINDS: Mapping[str, str] = {  # of their chips: what waits for the hospital, and what is over
    tenders.CLOSED: "attention",
    TenderState.AWARDED.value: "done",
    TenderState.CANCELLED.value: "stopped",
}
OF_BIDDERS: Mapping[str, type[forms.Form]] = {"award": AwardForm, "exclude": ExcludeForm, "take_in": TakeInForm}


@hospital.get("/compare/tenders", roles=EVERY_HOSPITAL_ROLE)
def tender_list(here: HospitalJourney) -> Response:
    """Every tender with its state."""
    found = [(row, tenders.standing(row, now=here.now)) for row in tenders.rows(here.session, here.actor)]
    return pages.page(
        "hospital/tenders.html",
        rows=[(row, STATES[state], KINDS.get(state, "neutral")) for row, state in found],
        may_write=here.role in HOSPITAL_WRITERS,
    )


@hospital.get("/compare/tenders/add", roles=HOSPITAL_WRITERS)
def add_tender(here: HospitalJourney) -> Response:
    """An empty draft."""
    form = TenderForm.offered(
        catalogue="@".join(shelf.CURRENT), question_set=QuestionSet.FULL.value, needs_two=True, version="0"
    )
    return pages.page("hospital/tender_form.html", form=_offered(here, form), row=None, stands=None)


@hospital.post("/compare/tenders/add", roles=HOSPITAL_WRITERS)
def begin_tender(here: HospitalJourney) -> Response:
    """Begin it."""
    form = _offered(here, TenderForm.sent())
    if form.validate():
        with form.refusals(here.session):
            row = drafting.begin(here.session, here.actor, _fields(form), now=here.now)
            return pages.see_other("hospital.tender", tender_id=row.id)
    return pages.page("hospital/tender_form.html", form=form, row=None, stands=None)


@hospital.get("/compare/tenders/<tender_id>", roles=EVERY_HOSPITAL_ROLE)
def tender(here: HospitalJourney, tender_id: str) -> Response:
    """One tender: where it stands, lots, bidders, questions, what comes next."""
    return page(here, tender_id)


@hospital.get("/compare/tenders/<tender_id>/edit", roles=HOSPITAL_WRITERS)
def edit_tender(here: HospitalJourney, tender_id: str) -> Response:
    """The draft again."""
    row = tenders.find(here.session, here.actor, tender_id)
    form = TenderForm.offered(
        title=row.title,
        reference=row.reference,
        description=row.description,
        catalogue=f"{row.catalogue_id}@{row.catalogue_version}",
        question_set=row.question_set,
        must_haves=", ".join(row.must_haves),
        closes_at=row.closes_at.astimezone(BERLIN).replace(tzinfo=None),
        needs_two=row.needs_two,
        version=str(row.version),
    )
    return pages.page("hospital/tender_form.html", form=_offered(here, form), row=row, stands=None)


@hospital.post("/compare/tenders/<tender_id>/edit", roles=HOSPITAL_WRITERS)
def change_tender(here: HospitalJourney, tender_id: str) -> Response:
    """Save the draft; what somebody else saved meanwhile is shown beside what was typed."""
    row = tenders.find(here.session, here.actor, tender_id)
    form = _offered(here, TenderForm.sent())
    stands: Tender | None = None
    if form.validate():
        try:
            with form.refusals(here.session):
                version = forms.version(form["version"].data)
                drafting.change(here.session, here.actor, tender_id, _fields(form), version=version, now=here.now)
                return pages.see_other("hospital.tender", tender_id=tender_id)
        except Clash as clash:
            stands, form.form_errors = row, [clash.message.render(_)]
            form["version"].data = str(row.version)
    page = pages.page("hospital/tender_form.html", form=form, row=row, stands=stands)
    if stands is not None:
        page.status_code = 409
    return page


@hospital.post("/compare/tenders/<tender_id>/lots", roles=HOSPITAL_WRITERS)
def add_lot(here: HospitalJourney, tender_id: str) -> Response:
    """One lot more."""
    form = LotForm.sent()
    if form.validate():
        with form.refusals(here.session):
            drafting.add_lot(here.session, here.actor, tender_id, str(form["lot_title"].data), now=here.now)
            return pages.see_other("hospital.tender", tender_id=tender_id, at="bidders")
    return page(here, tender_id, lot=form)


@hospital.post("/compare/tenders/<tender_id>/bidders", roles=HOSPITAL_WRITERS)
def add_bidder(here: HospitalJourney, tender_id: str) -> Response:
    """Name a bidder; while the tender is open the invitation goes out at once."""
    row = tenders.find(here.session, here.actor, tender_id)
    form = _with_lots(row, BidderForm.sent())
    if form.validate():
        with form.refusals(here.session):
            names = ("lot_id", "name", "domain", "contact_name", "contact_email", "language")
            fields = BidderFields(**{name: str(form[name].data or "") for name in names})
            base_url = here.settings.public_base_url
            suffixes = here.settings.scan.permitted_suffixes
            bidders.add_bidder(
                here.session, here.actor, tender_id, fields, base_url=base_url, now=here.now, permitted=suffixes
            )
            return pages.see_other("hospital.tender", tender_id=tender_id, at="bidders")
    return page(here, tender_id, bidder=form)


@hospital.post("/compare/tenders/<tender_id>/bidders/<bidder_id>/remove", roles=HOSPITAL_WRITERS)
def remove_bidder(here: HospitalJourney, tender_id: str, bidder_id: str) -> Response:
    """Before anybody was written to."""
    bidders.remove_bidder(here.session, here.actor, tender_id, bidder_id, now=here.now)
    return pages.see_other("hospital.tender", tender_id=tender_id, at="bidders")


@hospital.post("/compare/tenders/<tender_id>/freeze", roles=HOSPITAL_WRITERS)
def freeze_tender(here: HospitalJourney, tender_id: str) -> Response:
    """Questions and weights stand from here on: as the page showed them, or not yet."""
    try:
        drafting.freeze(here.session, here.actor, tender_id, seen=request.form.get("seen", ""), now=here.now)
    except Clash as clash:
        return page(here, tender_id, status=409, clash=clash.message)
    here.notice(_("Questions, must-haves and weights are frozen; the hash stands below."))
    return pages.see_other("hospital.tender", tender_id=tender_id)


@hospital.post("/compare/tenders/<tender_id>/start", roles=HOSPITAL_WRITERS)
def start_tender(here: HospitalJourney, tender_id: str) -> Response:
    """Invite the bidders."""
    base_url, suffixes = here.settings.public_base_url, here.settings.scan.permitted_suffixes
    inviting.start(here.session, here.actor, tender_id, base_url=base_url, now=here.now, permitted=suffixes)
    here.notice(_("Every bidder is invited by a mail of its own."))
    return pages.see_other("hospital.tender", tender_id=tender_id)


@hospital.post("/compare/tenders/<tender_id>/publish", roles=HOSPITAL_WRITERS)
def publish_answer(here: HospitalJourney, tender_id: str) -> Response:
    """Answer a question, or say something of our own, to all bidders alike."""
    form = AnswerForm.sent()
    if form.validate():
        with form.refusals(here.session):
            queries.publish(
                here.session,
                here.actor,
                tender_id,
                question=str(form["question"].data),
                answer=str(form["answer"].data),
                query_id=str(form["query_id"].data or ""),
                base_url=here.settings.public_base_url,
                now=here.now,
            )
            here.notice(_("Published; every bidder gets a mail of its own."))
            return pages.see_other("hospital.tender", tender_id=tender_id, at="queries")
    return page(here, tender_id, answer=form)


@hospital.post("/compare/tenders/<tender_id>/deadline", roles=HOSPITAL_WRITERS)
def move_deadline(here: HospitalJourney, tender_id: str) -> Response:
    """More time for all bidders alike."""
    form = DeadlineForm.sent()
    if form.validate():
        with form.refusals(here.session):
            deadlines.move_deadline(
                here.session,
                here.actor,
                tender_id,
                form["closes_at"].data.replace(tzinfo=BERLIN),
                reason=str(form["reason"].data),
                base_url=here.settings.public_base_url,
                now=here.now,
            )
            here.notice(_("The deadline is moved; every bidder gets a mail of its own."))
            return pages.see_other("hospital.tender", tender_id=tender_id)
    return page(here, tender_id, deadline=form)


@hospital.post("/compare/tenders/<tender_id>/reminders", roles=HOSPITAL_WRITERS)
def switch_tender_reminders(here: HospitalJourney, tender_id: str) -> Response:
    """Remind all bidders before the deadline, or none."""
    stopped = request.form.get("on") != "1"
    deadlines.switch_reminders(here.session, here.actor, tender_id, stopped=stopped, now=here.now)
    if stopped:
        here.notice(_("Bidders are not reminded."))
    else:
        here.notice(_("Bidders that have not handed in are reminded 7, 3 and 1 working days before the deadline."))
    return pages.see_other("hospital.tender", tender_id=tender_id, at="bidders")


@hospital.post("/compare/tenders/<tender_id>/open", roles=OPENERS)
def open_tender(here: HospitalJourney, tender_id: str) -> Response:
    """Open the answers after the deadline, two people one after the other."""
    row = openings.open_answers(here.session, here.actor, tender_id, now=here.now)
    if row.state is TenderState.OPENED:
        here.notice(_("The answers are open."))
    else:
        here.notice(_("Noted. A second person has to agree before the answers open."))
    return pages.see_other("hospital.tender", tender_id=tender_id)


@hospital.post("/compare/tenders/<tender_id>/award", roles=HOSPITAL_WRITERS)
def award_lot(here: HospitalJourney, tender_id: str) -> Response:
    """The bidder becomes a vendor."""
    form = AwardForm.sent()
    if form.validate():
        bidder_id, reason = str(form["bidder_id"].data), str(form["reason"].data)
        with here.aside() as looking:  # comparing the lot takes its time, and others want to save
            weighed = eligibility.weigh(looking.session, looking.actor, tender_id, bidder_id, now=here.now)
        with form.refusals(here.session):
            vendor = awards.award(
                here.session, here.actor, tender_id, bidder_id, reason=reason, weighed=weighed, now=here.now
            )
            here.notice(_("Awarded. The bidder is a vendor now."))
            return pages.see_other("hospital.vendor", vendor_id=vendor.id)
    return page(here, tender_id, award=form)


def page(
    here: HospitalJourney,
    tender_id: str,
    *,
    status: int = 200,
    clash: Message | None = None,
    lot_id: str = "",
    told: str | None = None,
    **sent: forms.Form,
) -> Response:
    """The tender with its forms, that one among them which was sent; `lot_id`: whose form that is; `told`: what the
    letter of its end would say, shown as bidders would read it."""
    state = tenders.find(here.session, here.actor, tender_id).state
    compares = request.method == "POST" and state is TenderState.OPENED  # while the form has the only pen
    with here.aside() if compares else nullcontext(here) as looking:
        return _page(looking, tender_id, sent, status=status, clash=clash, lot_id=lot_id, told=told)


def _page(
    here: HospitalJourney,
    tender_id: str,
    sent: Mapping[str, forms.Form],
    *,
    status: int,
    clash: Message | None,
    lot_id: str,
    told: str | None,
) -> Response:
    row = tenders.find(here.session, here.actor, tender_id)
    standing = tenders.standing(row, now=here.now)
    months = here.settings.tender_lapse_months
    lapses_on = lapsing.lapses_on(row, months=months)
    shown: dict[str, forms.Form] = {
        "lot": LotForm.offered(),
        "bidder": _with_lots(row, BidderForm.offered(language=i18n.DEFAULT)),
        "cancel": CancelForm.offered(),
        "deadline": DeadlineForm.offered(closes_at=row.closes_at.astimezone(BERLIN).replace(tzinfo=None)),
        "put_off": PutOffForm.offered(stands=lapses_on.isoformat()),
    }
    shown |= {name: form for name, form in sent.items() if name in shown}
    answer = sent.get("answer")
    answers = {
        query.id: answer
        if answer is not None and answer["query_id"].data == query.id
        else AnswerForm.offered(query_id=query.id, question=query.text)
        for query in row.queries
        if query.answered_at is None
    }
    of_our_own = answer if answer is not None and not answer["query_id"].data else AnswerForm.offered()
    of_bidders = {
        kind: {one.id: _of_bidder(sent.get(kind), made, one.id) for one in row.bidders}
        for kind, made in OF_BIDDERS.items()
    }
    ends = {lot.id: sent["end"] if "end" in sent and lot.id == lot_id else EndLotForm.offered() for lot in row.lots}
    every = [*shown.items(), ("own", of_our_own)]
    for kind, found in {"answer": answers, "end": ends, **of_bidders}.items():
        every += [(f"{kind}-{key}", form) for key, form in found.items()]
    for name, form in every:
        for each in form:  # several forms on one page, so one id each
            each.id = f"{name}-{each.name}"
    return pages.page(
        "hospital/tender.html",
        status=status,
        clash=clash,
        form=next(iter(sent.values()), None),
        row=row,
        seen=drafting.as_seen(row),
        standing=standing,
        state_word=STATES[standing],
        state_kind=KINDS.get(standing, "neutral"),
        set_word=_(marks.QUESTION_SETS[QuestionSet(row.question_set)]),
        forms=shown,
        answers=answers,
        own=of_our_own,
        ends=ends,
        **of_bidders,
        may_write=here.role in HOSPITAL_WRITERS,
        may_open=here.role in OPENERS,
        barred=_barred(here, row) if standing == TenderState.OPENED else {},
        lots_told=[_told_of(here, row, lot) for lot in row.lots],
        has_intakes=all(lot.intake is not None for lot in row.lots),
        offered={one.id for one in row.bidders if offers.has_offered(here.session, row, one) is None}
        if standing == TenderState.OPENED
        else set(),
        withdrawn=offers.withdrawn(here.session, here.actor, tender_id),
        in_question=awards.in_question(row),
        preview=awards.preview(here.session, here.actor, tender_id, told=told, base_url=here.settings.public_base_url)
        if told is not None
        else (),
        is_preview=told is not None,
        languages=dict(i18n.LANGUAGES),
        reminds=deadlines.reminds(here.session, row),
        spoke_first=row.opening_by == here.actor.person_id,
        lapses_on=lapses_on,
        latest=lapsing.latest(here.today),
        is_forgotten=row.state not in awards.ENDED and lapsing.told_from(row) <= here.today,
        may_be_put_off=lapsing.may_be_put_off(row, months=months, now=here.now),
    )


def _of_bidder(sent: forms.Form | None, made: type[forms.Form], bidder_id: str) -> forms.Form:
    if sent is not None and sent["bidder_id"].data == bidder_id:
        return sent
    return made.offered(bidder_id=bidder_id)


def _barred(here: HospitalJourney, row: Tender) -> Mapping[str, str]:
    """Bidders that no award may go to, each with the reason."""
    return {
        bidder_id: said.render(_)
        for lot in row.lots
        if not tenders.is_awarded(row, lot) and lot.ended_at is None
        for bidder_id, said in eligibility.bars(here.session, here.actor, row.id, lot, now=here.now).items()
    }


def _told_of(here: HospitalJourney, row: Tender, lot: TenderLot) -> Mapping[str, Any]:
    """A lot, and what its bidders are asked."""
    return {
        "lot": lot,
        "set_word": _(marks.QUESTION_SETS[lots.question_set(here.session, row, lot)]),
        "must_haves": ", ".join(lots.must_haves(row, lot)),
        "is_open": lot.ended_at is None and not tenders.is_awarded(row, lot),
        "is_sealed": tenders.is_sealed(row, lot),
        "end_word": ENDS[lot.end_ground] if lot.end_ground else "",
        "asked": intake_requests.open_one(here.session, here.actor, intake_requests.lot_as(lot), now=here.now),
    }


def _offered(here: HospitalJourney, form: TenderForm) -> TenderForm:
    offers = catalogues.offered(here.session, here.actor)
    form.offer("catalogue", [(one.key, f"{one.title.get(i18n.language())} ({one.name[1]})") for one in offers])
    sets = (QuestionSet.FULL, QuestionSet.BASIC, QuestionSet.SHORT)
    form.offer("question_set", [(one.value, _(marks.QUESTION_SETS[one])) for one in sets])
    return form


def _with_lots(row: Tender, form: BidderForm) -> BidderForm:
    form.offer("lot_id", [(lot.id, f"{lot.number}: {lot.title}") for lot in row.lots])
    form.offer("language", i18n.LANGUAGES)
    return form


def _fields(form: TenderForm) -> TenderFields:
    closes_at: datetime = form["closes_at"].data
    values: dict[str, Any] = {name: str(form[name].data or "") for name in ("title", "reference", "description")}
    return TenderFields(
        catalogue=catalogues.name_of(str(form["catalogue"].data)),
        question_set=QuestionSet(str(form["question_set"].data)),
        must_haves=str(form["must_haves"].data or "").split(","),
        closes_at=closes_at.replace(tzinfo=BERLIN),
        needs_two=bool(form["needs_two"].data),
        **values,
    )
