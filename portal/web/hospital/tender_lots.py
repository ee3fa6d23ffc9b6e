"""One lot of a tender: its intake, its bidders side by side, and the sheet for the tender file as Excel and PDF."""

from collections.abc import Sequence
from typing import Any

from flask import Response, request
from wtforms import HiddenField, RadioField, StringField
from wtforms.validators import Length, Optional

from assessments import intake as intake_form
from assessments.comparison import MOST, Comparison, columns
from assessments.model import IntakeForm
from portal import i18n
from portal.db.models.tenders import Tender, TenderBidder, TenderLot, TenderState
from portal.errors import Clash
from portal.home import BERLIN
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.jobs import printing
from portal.services.actors import EVERY_HOSPITAL_ROLE, HOSPITAL_WRITERS
from portal.services.tenders import eligibility, lot_owners, lots, openings, tenders
from portal.services.tenders.lots import LotFields
from portal.services.vendors import intake_requests, intakes
from portal.services.vendors.intakes import Override
from portal.web import forms, pages
from portal.web.hospital import comparisons
from portal.web.hospital import intakes as intake_pages
from portal.web.hospital.room import hospital
from portal.web.hospital.tender_forms import ENDS
from portal.web.journey import HospitalJourney
from questionnaires.model import QuestionSet
from reports import comparison as comparison_paper
from reports import marks
from reports.comparison import LotSheet, Standing
from reports.reader import Reader
from reports.workbooks import comparison as comparison_workbook
from scanners.model import Message

XLSX, PDF = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/pdf"
SETS = (QuestionSet.FULL, QuestionSet.BASIC, QuestionSet.SHORT)


def form_class(asked: IntakeForm) -> type[forms.Form]:
    """The intake's questions as a form; beside them what bidders of this lot are asked."""
    fields = intake_pages.question_fields(asked)
    tiers = [("", _("as proposed")), *((str(tier), _("Tier %(tier)s", tier=tier)) for tier in intakes.TIERS)]
    sets = [("", _("as the tier gets")), *((one.value, _(marks.QUESTION_SETS[one])) for one in SETS)]
    fields["tier"] = RadioField(_l("Tier"), choices=forms.choices(tiers), default="", validators=[Optional()])
    fields["reason"] = StringField(_l("Reason for another tier"), [Length(max=2000)], filters=[forms.stripped])
    fields["question_set"] = RadioField(
        _l("Question set"), choices=forms.choices(sets), default="", validators=[Optional()]
    )
    fields["must_haves"] = StringField(
        _l("Must-haves of this lot"),
        [Length(max=1000)],
        filters=[forms.stripped],
        description=_l("Numbers of questions that exclude in this lot, beside those of the tender: GV-01, BK-04"),
    )
    fields |= {"request": HiddenField(), "request_version": HiddenField(), "version": HiddenField()}
    return type("LotIntakeForm", (forms.Form,), fields)


@hospital.get("/compare/tenders/<tender_id>/lots/<lot_id>/intake", roles=EVERY_HOSPITAL_ROLE)
def lot_intake(here: HospitalJourney, tender_id: str, lot_id: str) -> Response:
    """The questions to the owner, with the answers that stand."""
    row = tenders.find(here.session, here.actor, tender_id)
    lot = tenders.lot_of(row, lot_id)
    return _intake_page(here, row, lot, form_class(intake_form.current()).offered(**_offered(here, row, lot)))


@hospital.post("/compare/tenders/<tender_id>/lots/<lot_id>/intake", roles=HOSPITAL_WRITERS)
def fill_in_lot_intake(here: HospitalJourney, tender_id: str, lot_id: str) -> Response:
    """Keep it; tier, questions and must-haves of the lot follow."""
    row = tenders.find(here.session, here.actor, tender_id)
    lot = tenders.lot_of(row, lot_id)
    asked = intake_form.current()
    form = form_class(asked).sent()
    if form.validate():
        tier, chosen = form["tier"].data, form["question_set"].data
        fields = LotFields(
            given={question.id: intake_pages.chosen(form[question.id].data) for question in asked.questions},
            override=Override(tier=int(tier), reason=str(form["reason"].data or "")) if tier else None,
            question_set=QuestionSet(chosen) if chosen else None,
            must_haves=str(form["must_haves"].data or "").split(","),
        )
        try:
            with form.refusals(here.session):
                version, request_id = forms.version(form["version"].data), str(form["request"].data or "")
                if request_id:
                    lot_owners.take_over(
                        here.session,
                        here.actor,
                        tender_id,
                        lot_id,
                        request_id,
                        fields=fields,
                        request_version=forms.version(form["request_version"].data),
                        version=version,
                        now=here.now,
                    )
                else:
                    lots.fill_in(here.session, here.actor, tender_id, lot_id, fields, version=version, now=here.now)
                return _kept(here, row, lot)
        except Clash as clash:
            return _intake_page(
                here, row, lot, _over_what_stands(here, row, lot, form), status=409, clash=clash.message
            )
    return _intake_page(here, row, lot, form)


@hospital.post("/compare/tenders/<tender_id>/lots/<lot_id>/intake/take-over", roles=HOSPITAL_WRITERS)
def take_lot_intake_over(here: HospitalJourney, tender_id: str, lot_id: str) -> Response:
    """What the owner of the lot answered becomes its intake, as it was sent."""
    row = tenders.find(here.session, here.actor, tender_id)
    lot = tenders.lot_of(row, lot_id)
    sent = intake_pages.TakeOverForm.sent()
    form = _over_what_stands(here, row, lot, None)
    try:
        with form.refusals(here.session):
            lot_owners.take_over(
                here.session,
                here.actor,
                tender_id,
                lot_id,
                str(sent["request"].data or ""),
                request_version=forms.version(sent["version"].data),
                now=here.now,
            )
            return _kept(here, row, lot)
    except Clash as clash:
        return _intake_page(here, row, lot, form, status=409, clash=clash.message)
    return _intake_page(here, row, lot, form)


def _kept(here: HospitalJourney, row: Tender, lot: TenderLot) -> Response:
    here.notice(_("Lot %(number)s is tier %(tier)s.", number=lot.number, tier=lot.tier))
    return pages.see_other("hospital.tender", tender_id=row.id, at="bidders")


def _offered(here: HospitalJourney, row: Tender, lot: TenderLot) -> dict[str, Any]:
    """What the form shows: the answer of the owner that waits, or else what stands."""
    waiting = intake_pages.waiting_about(here, intake_requests.lot_as(lot))
    told = intake_requests.said(waiting) if waiting is not None else None
    values: dict[str, Any] = {"version": str(row.version)}
    values |= {"question_set": lot.question_set, "must_haves": ", ".join(lot.must_haves or ())}
    if waiting is not None and told is not None:
        values |= intake_pages.field_values(intake_form.current(), told)
        values |= {"request": waiting.id, "request_version": str(waiting.version)}
    elif lot.intake is not None:
        values |= intake_pages.field_values(intake_form.current(), intakes.loaded(lot.intake))
        if lot.tier != lot.proposed_tier:
            values |= {"tier": str(lot.tier), "reason": lot.override_reason}
    return values


def _over_what_stands(here: HospitalJourney, row: Tender, lot: TenderLot, form: forms.Form | None) -> forms.Form:
    """The form with what was typed, over the draft and the answer that stand now."""
    stands = _offered(here, row, lot)
    typed = {field.name: field.data for field in form} if form is not None else {}
    now = {name: stands.get(name, "") for name in ("version", "request", "request_version")}
    return form_class(intake_form.current()).offered(**(stands | typed | now))


@hospital.get("/compare/tenders/<tender_id>/lots/<lot_id>", roles=EVERY_HOSPITAL_ROLE)
def tender_lot(here: HospitalJourney, tender_id: str, lot_id: str) -> Response:
    """The bidders of a lot side by side, by the frozen weights."""
    row = tenders.find(here.session, here.actor, tender_id)
    lot = tenders.lot_of(row, lot_id)
    made = openings.side_by_side(here.session, here.actor, tender_id, lot_id, now=here.now)
    wanted = comparisons.wanted_here("hospital.tender_lot", tender_id=tender_id, lot_id=lot_id)
    return pages.page(
        "hospital/tender_lot.html",
        row=row,
        lot=lot,
        wanted=wanted,
        sheets=range(1, len(columns(made, MOST)) + 1),
        most=MOST,
        bidders=_bidders(here, row, lot, made),
        **comparisons.facts(made, openings.frozen_policy(row), only_differences=wanted.only_differences),
    )


@hospital.post("/compare/tenders/<tender_id>/lots/<lot_id>/workbook", roles=EVERY_HOSPITAL_ROLE)
def tender_sheet(here: HospitalJourney, tender_id: str, lot_id: str) -> Response:
    """The same as a workbook for the tender file."""
    told = reader()
    with here.aside() as looking:
        row, lot, made, sheet = _sheet(looking, tender_id, lot_id, told)
    rules = openings.frozen_policy(row)
    written = comparison_workbook.write(made, rules, reader=told, now=here.now, title=_title(row, lot), lot=sheet)
    openings.note_taken(here.session, here.actor, tender_id, lot.number, sha256=written.fingerprint, now=here.now)
    return pages.download(written.content, name=_name(here, lot, "xlsx"), media_type=XLSX)


@hospital.post("/compare/tenders/<tender_id>/lots/<lot_id>/paper", roles=EVERY_HOSPITAL_ROLE)
def tender_paper(here: HospitalJourney, tender_id: str, lot_id: str) -> Response:
    """The same on A3 for the tender file, six bidders a sheet, so that each is set in its time; the log keeps the
    checksum of each file."""
    told = reader()
    with here.aside() as looking:
        row, lot, made, sheet = _sheet(looking, tender_id, lot_id, told)
    beside = columns(made, MOST)
    part = max(1, min(forms.version(request.form.get("part")), len(beside)))
    which = f"{part}/{len(beside)}" if len(beside) > 1 else ""
    html = comparison_paper.document_html(
        beside[part - 1],
        openings.frozen_policy(row),
        reader=told,
        now=made.at,  # the same state is the same paper, whenever it is printed
        title=" · ".join(filter(None, (_title(row, lot), which))),
        lot=sheet,
    )
    content = printing.pdf(html, style=comparison_paper.style())
    openings.note_paper_taken(here.session, here.actor, tender_id, lot.number, content, part=which, now=here.now)
    return pages.download(content, name=_name(here, lot, "pdf", part=part if which else 0), media_type=PDF)


def _sheet(
    here: HospitalJourney, tender_id: str, lot_id: str, told: Reader
) -> tuple[Tender, TenderLot, Comparison, LotSheet]:
    """A lot, compared, with what its sheet says above."""
    row = tenders.find(here.session, here.actor, tender_id)
    lot = tenders.lot_of(row, lot_id)
    made = openings.side_by_side(here.session, here.actor, tender_id, lot_id, now=here.now)
    sheet = LotSheet(facts=_facts(here, row, lot, told), bidders=_bidders(here, row, lot, made))
    return row, lot, made, sheet


def reader() -> Reader:
    """Whoever looks."""
    return Reader(language=i18n.language(), translate=i18n.gettext)


def lot_tier(lot: TenderLot) -> str:
    """The tier of a lot, beside its name."""
    return _("no intake yet") if lot.tier is None else str(lot.tier)


def lot_end(lot: TenderLot) -> str:
    """Ground, reason, who and when; nothing where it goes on or was awarded."""
    if lot.ended_at is None or lot.end_ground is None:
        return ""
    return f"{ENDS[lot.end_ground]}: {lot.end_reason} ({lot.ended_by}, {reader().moment(lot.ended_at)})"


def deadline(row: Tender) -> str:
    """To the second, by the clock of the server."""
    return f"{reader().day(row.closes_at)}, {row.closes_at.astimezone(BERLIN):%H:%M:%S} Europe/Berlin"


def standings(
    here: HospitalJourney, row: Tender, lot: TenderLot, made: Comparison | None = None
) -> Sequence[tuple[TenderBidder, str, bool]]:
    """Every bidder of a lot with what became of its offer in words, and whether it is out; sealed until the opening."""
    mine = [one for one in row.bidders if one.lot_id == lot.id]
    if row.opened_at is None:
        sealed = _("sealed until the answers are opened")
        return [(one, sealed if one.invited_at else "–", False) for one in mine]
    if tenders.is_sealed(row, lot):
        sealed = _("sealed: the lot ended without an award before the answers were opened")
        return [(one, sealed, True) for one in mine]
    made = made or openings.side_by_side(here.session, here.actor, row.id, lot.id, now=here.now)
    barred = eligibility.barred(here.session, row, lot, made)
    doubted = openings.doubted_by(made)
    return [
        (one, _said(one, barred.get(one.id), doubted.get(openings.key_of(one), ())), one.id in barred) for one in mine
    ]


def _said(one: TenderBidder, why: Message | None, doubted: Sequence[str]) -> str:
    if why is not None:
        return why.render(_)
    if doubted:
        return _(
            "handed in by the deadline, not excluded; answer and observation contradict each other at %(questions)s: "
            "ask the bidder before an award (§ 15(5) VgV) and say in the reason what came of it",
            questions=", ".join(doubted),
        )
    if one.awarded_at is not None:
        return _("awarded on %(when)s", when=reader().moment(one.awarded_at))
    return _("handed in by the deadline, not excluded")


def _bidders(here: HospitalJourney, row: Tender, lot: TenderLot, made: Comparison) -> Sequence[Standing]:
    columns = {side.key for side in made.sides}
    return [
        Standing(key=key if (key := openings.key_of(one)) in columns else "–", name=one.name, text=text, is_out=is_out)
        for one, text, is_out in standings(here, row, lot, made)
    ]


def _facts(here: HospitalJourney, row: Tender, lot: TenderLot, told: Reader) -> Sequence[tuple[str, str]]:
    chosen = lots.question_set(here.session, row, lot)
    ended = [(_("Ended without an award"), lot_end(lot))] if lot.ended_at is not None else []
    return [
        *ended,
        (_("Number of the tender file"), row.reference or "–"),
        (_("Deadline"), deadline(row)),
        (_("Tier"), lot_tier(lot)),
        (_("Question set"), f"{_(marks.QUESTION_SETS[chosen])} ({row.catalogue_id} {row.catalogue_version})"),
        (_("Must-haves"), ", ".join(lots.must_haves(row, lot)) or _("only the catalogue's own")),
        (_("Answers opened"), f"{told.moment(row.opened_at)}, {opened_by(row)}"),
        (_("Frozen on"), told.moment(row.frozen_at)),
        (_("Hash of what was frozen (SHA-256)"), row.frozen_sha256),
    ]


def opened_by(row: Tender) -> str:
    """One person or two."""
    return ", ".join(dict.fromkeys(name for name in (row.opening_by_name, row.opened_by_name) if name))


def _title(row: Tender, lot: TenderLot) -> str:
    return f"{row.title} · {_('Lot %(number)s', number=lot.number)}: {lot.title}"


def _name(here: HospitalJourney, lot: TenderLot, kind: str, *, part: int = 0) -> str:
    which = f"{_('Lot %(number)s', number=lot.number)}{f'-{part}' if part else ''}"
    return f"{_('Comparison')} {which} {here.now.astimezone(BERLIN):%Y-%m-%d}.{kind}"


def _intake_page(
    here: HospitalJourney,
    row: Tender,
    lot: TenderLot,
    form: forms.Form,
    *,
    status: int = 200,
    clash: Message | None = None,
) -> Response:
    return pages.page(
        "hospital/tender_lot_intake.html",
        status=status,
        clash=clash,
        form=form,
        row=row,
        lot=lot,
        **intake_pages.owner_facts(
            here, intake_requests.lot_as(lot), intakes.loaded(lot.intake) if lot.intake is not None else None
        ),
        proposal=lots.proposed(lot) if lot.intake is not None else None,
        set_word=_(marks.QUESTION_SETS[lots.question_set(here.session, row, lot)]),
        must_haves=", ".join(lots.must_haves(row, lot)),
        questions=[question.id for question in intake_form.current().questions],
        is_draft=row.state is TenderState.DRAFT,
        may_write=here.role in HOSPITAL_WRITERS and row.state is TenderState.DRAFT,
    )
