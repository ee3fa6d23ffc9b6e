"""One question to every vendor with a product or component: whom to ask, the mail before it goes, the board."""

from collections.abc import Iterator, Sequence

from flask import Response, request
from wtforms import HiddenField, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from portal import i18n
from portal.db.models.incidents import FlashStanding
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.actors import EVERY_HOSPITAL_ROLE, HOSPITAL_WRITERS
from portal.services.evidence import evidence
from portal.services.incidents import flashes as flashes_service
from portal.services.incidents.flashes import Board, FlashFields, KnownBy
from portal.services.mails.letters import Letter
from portal.web import forms, pages
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney
from reports.reader import Reader
from reports.workbooks import flash_board
from reports.workbooks.flash_board import Facts, Row

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PREVIEW, SEND = "preview", "send"
LONG = Length(max=flashes_service.LONGEST_TEXT)


class FlashForm(forms.Form):
    """What is asked, and whom."""

    about = StringField(
        _l("Product or component"),
        [InputRequired(_l("Name the product or component.")), Length(max=flashes_service.LONGEST_ABOUT)],
        filters=[forms.stripped],
    )
    vendors = SelectMultipleField(_l("Whom to ask"))
    whole = SelectMultipleField(
        _l("Whole groups"), choices=forms.choices([(kind.value, kind.value) for kind in KnownBy])
    )
    text_de = TextAreaField(
        _l("Text in German"),
        [InputRequired(_l("Write what you ask, in both languages.")), LONG],
        filters=[forms.stripped],
    )
    text_en = TextAreaField(
        _l("Text in English"),
        [InputRequired(_l("Write what you ask, in both languages.")), LONG],
        filters=[forms.stripped],
    )
    go = HiddenField()


class NoteForm(forms.Form):
    """What somebody told us by telephone or mail."""

    asked = RadioField(_l("Which vendor?"), validators=[InputRequired(_l("Choose one."))])
    standing = RadioField(_l("What did it say?"), validators=[InputRequired(_l("Choose one."))])
    text = TextAreaField(
        _l("Who told us and what"),
        [InputRequired(_l("Say who told you and what.")), LONG],
        filters=[forms.stripped],
    )


class CloseForm(forms.Form):
    """What came of it."""

    conclusion = TextAreaField(
        _l("What came of it"),
        [InputRequired(_l("Say in a sentence what came of it.")), LONG],
        filters=[forms.stripped],
        description=_l("Stands in the register."),
    )


class StopForm(forms.Form):
    """Whether mails go out by themselves."""

    stop = HiddenField()


@hospital.get("/incidents/flashes/new", roles=HOSPITAL_WRITERS)
def new_flash(here: HospitalJourney) -> Response:
    """Search first; then whom to ask and the words."""
    words = request.args.get("words", "")[: flashes_service.LONGEST_ABOUT].strip()
    found = flashes_service.search(here.session, here.actor, words)
    form = FlashForm.offered(
        about=words,
        vendors=[one.vendor.id for one in found if one.is_found],
        text_de=flashes_service.usual_text(words, "de"),
        text_en=flashes_service.usual_text(words, "en"),
    )
    return _new_page(here, form, words)


@hospital.post("/incidents/flashes/new", roles=HOSPITAL_WRITERS)
def send_flash(here: HospitalJourney) -> Response:
    """First the mail as it would go out; then out with it."""
    form = FlashForm.sent()
    words = str(form["about"].data or "")
    found = _with_vendors(here, form, words)
    if form.validate():
        wanted = {*(form["vendors"].data or ()), *_of_groups(form, found)}
        form["vendors"].data = [one.vendor.id for one in found if one.vendor.id in wanted]
        fields = FlashFields(
            about=words,
            text_de=str(form["text_de"].data or ""),
            text_en=str(form["text_en"].data or ""),
            vendor_ids=tuple(form["vendors"].data or ()),
        )
        with form.refusals(here.session):
            if form["go"].data != SEND:
                return _new_page(here, form, words, _letters(here, fields))
            made = flashes_service.begin(
                here.session, here.actor, fields, base_url=here.settings.public_base_url, now=here.now
            )
            here.notice(_("Asked. The clocks count from now."))
            return pages.see_other("hospital.flash", flash_id=made.id)
    return _new_page(here, form, words)


@hospital.get("/incidents/flashes/<flash_id>", roles=EVERY_HOSPITAL_ROLE)
def flash(here: HospitalJourney, flash_id: str) -> Response:
    """Who answered what and when; who owes a word."""
    return _page(here, flashes_service.board(here.session, here.actor, flash_id, now=here.now))


@hospital.get("/incidents/flashes/<flash_id>/calls", roles=EVERY_HOSPITAL_ROLE)
def flash_calls(here: HospitalJourney, flash_id: str) -> Response:
    """The list of those to call, to print."""
    return pages.page(
        "hospital/flash_calls.html",
        board=flashes_service.board(here.session, here.actor, flash_id, now=here.now),
        standings=flashes_service.STANDINGS,
    )


@hospital.get("/incidents/flashes/<flash_id>/answers.xlsx", roles=EVERY_HOSPITAL_ROLE)
def flash_workbook(here: HospitalJourney, flash_id: str) -> Response:
    """The board as a workbook."""
    board = flashes_service.board(here.session, here.actor, flash_id, now=here.now)
    reader = Reader(language=here.language, translate=i18n.translator(here.language))
    content = flash_board.write(_facts(here, board), [_row(board, line) for line in board.lines], reader=reader)
    word = _("Answers")
    name = f"{word} {board.flash.about[:60]} {here.today:%Y-%m-%d}.xlsx"
    return pages.download(content, name=name, media_type=XLSX)


@hospital.post("/incidents/flashes/<flash_id>/note", roles=HOSPITAL_WRITERS)
def note_flash_answer(here: HospitalJourney, flash_id: str) -> Response:
    """Write down what was said by telephone."""
    board = flashes_service.board(here.session, here.actor, flash_id, now=here.now)
    form = _with_lines(board, NoteForm.sent())
    if form.validate():
        with form.refusals(here.session):
            flashes_service.write_down(
                here.session,
                here.actor,
                flash_id,
                str(form["asked"].data),
                standing=FlashStanding(str(form["standing"].data)),
                text=str(form["text"].data),
                now=here.now,
            )
            here.notice(_("Written down."))
            return pages.see_other("hospital.flash", flash_id=flash_id)
    return _page(here, board, note=form)


@hospital.post("/incidents/flashes/<flash_id>/stop", roles=HOSPITAL_WRITERS)
def stop_flash(here: HospitalJourney, flash_id: str) -> Response:
    """No further mail by itself, or again."""
    is_stopped = StopForm.sent()["stop"].data != "no"
    flashes_service.stop(here.session, here.actor, flash_id, is_stopped=is_stopped, now=here.now)
    here.notice(
        _("No further mail goes out by itself. Answers are taken all the same.")
        if is_stopped
        else _("Second contacts are written to again when a clock lapses.")
    )
    return pages.see_other("hospital.flash", flash_id=flash_id)


@hospital.post("/incidents/flashes/<flash_id>/close", roles=HOSPITAL_WRITERS)
def close_flash(here: HospitalJourney, flash_id: str) -> Response:
    """Say what came of it; no further answers are taken."""
    board = flashes_service.board(here.session, here.actor, flash_id, now=here.now)
    form = CloseForm.sent()
    if form.validate():
        with form.refusals(here.session):
            flashes_service.close(
                here.session, here.actor, flash_id, conclusion=str(form["conclusion"].data), now=here.now
            )
            here.notice(_("Closed. It stands in the register."))
            return pages.see_other("hospital.flash", flash_id=flash_id)
    return _page(here, board, close=form)


# ---- inside


def _with_vendors(here: HospitalJourney, form: FlashForm, words: str) -> list[flashes_service.Candidate]:
    found = list(flashes_service.search(here.session, here.actor, words))
    form.offer("vendors", [(one.vendor.id, one.vendor.name) for one in found])
    return found


def _of_groups(form: FlashForm, found: Sequence[flashes_service.Candidate]) -> Iterator[str]:
    """Whoever is in a group that was marked as a whole."""
    whole = set(form["whole"].data or ())
    return (one.vendor.id for one in found if one.known_by in whole)


def _letters(here: HospitalJourney, fields: FlashFields) -> dict[str, Letter]:
    return dict(flashes_service.preview(here.session, here.actor, fields, now=here.now))


def _new_page(here: HospitalJourney, form: FlashForm, words: str, letters: dict[str, Letter] | None = None) -> Response:
    found = _with_vendors(here, form, words)
    return pages.page(
        "hospital/new_flash.html",
        form=form,
        search_words=words,
        groups=[(kind, [one for one in found if one.known_by is kind]) for kind in KnownBy],
        known_by=flashes_service.KNOWN_BY,
        found_kinds=flashes_service.FOUND,
        chosen=set(form["vendors"].data or ()),
        letters=letters or {},
    )


def _with_lines(board: Board, form: NoteForm) -> NoteForm:
    form.offer("asked", [(line.asked.id, line.vendor.name) for line in board.lines])
    form.offer("standing", [(one.value, _(word)) for one, word in flashes_service.STANDINGS.items()])
    return form


def _page(
    here: HospitalJourney, board: Board, *, note: NoteForm | None = None, close: CloseForm | None = None
) -> Response:
    return pages.page(
        "hospital/flash.html",
        form=note or close,
        board=board,
        note=_with_lines(board, note or NoteForm.offered()),
        close=close or CloseForm.offered(),
        documents=(documents := flashes_service.documents(here.session, board.lines)),
        confidential=evidence.confidential(here.session, list(documents)),
        standings=flashes_service.STANDINGS,
        known_by=flashes_service.KNOWN_BY,
        may_write=here.role in HOSPITAL_WRITERS,
    )


def _facts(here: HospitalJourney, board: Board) -> Facts:
    flash = board.flash
    return Facts(
        hospital=here.hospital.name,
        about=flash.about,
        text=flash.text_de if here.language == "de" else flash.text_en,
        asked_at=flash.at,
        first_due_at=flash.first_due_at,
        last_due_at=flash.last_due_at,
        by_name=flash.by_name,
        conclusion=flash.conclusion,
        now=here.now,
    )


def _row(board: Board, line: flashes_service.Line) -> Row:
    last = line.answers[0] if line.answers else None
    by = (f"{last.by} ({_('written down by us')})" if last.is_ours else last.by) if last else ""
    return Row(
        vendor=line.vendor.name,
        supplies=line.supplies,
        known_by=_(flashes_service.KNOWN_BY[KnownBy(line.asked.known_by)]),
        matches=tuple(map(str, line.asked.matches)),
        answer=_(flashes_service.STANDINGS[last.standing]) if last else _("no answer yet"),
        text=last.text if last else "",
        by=by,
        answered_at=last.at if last else None,
        opened_at=line.opened_at,
        escalated_at=line.asked.escalated_at,
        phone_at=line.asked.phone_at,
        is_late=board.is_open and line.is_late(board.flash, board.now),
    )
