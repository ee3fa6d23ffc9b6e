"""The questions as a workbook: taken along, filled in offline, compared with what stands, and taken over by choice."""

from collections.abc import Sequence
from typing import Any

from flask import Response, request
from wtforms import FileField, HiddenField, RadioField, SelectMultipleField, StringField
from wtforms.validators import InputRequired

from portal import i18n
from portal.errors import BadInput
from portal.files import guarding
from portal.files.guarding import Unwelcome
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.i18n import ngettext
from portal.jobs import reading
from portal.services.actors import COMPANY_LEADERS, EVERY_COMPANY_ROLE
from portal.services.answers import answer_workbooks, responses
from portal.services.answers.answer_workbooks import Change, Chosen, Comparison, Difference
from portal.web import forms, pages
from portal.web.journey import CompanyJourney
from portal.web.vendor import sections
from portal.web.vendor.room import vendor
from reports.reader import Reader
from reports.workbooks import answer_sheet_out, reading_child
from scanners.model import N_, Message

XLSX = guarding.KINDS["xlsx"].media_type
BODY_LIMIT = reading_child.LARGEST + 2**20
TAKE_LIMIT = 2 * 2**20
MINE, THEIRS = "workbook", "stands"
CHANGES = {
    Change.NEW: _l("changed in the workbook"),
    Change.BOTH: _l("changed in the workbook and here"),
    Change.UNREADABLE: _l("cannot be taken"),
    Change.CLOSED: _l("cannot be taken"),
}


class UploadForm(forms.Form):
    """A workbook that comes back."""

    file = FileField(_l("Workbook"), [InputRequired(_l("Choose a file."))])


@vendor.get("/rounds/<assessment_id>/workbook", roles=EVERY_COMPANY_ROLE)
def workbook(here: CompanyJourney, assessment_id: str) -> Response:
    """Take it along, bring it back."""
    return _page(here, assessment_id, UploadForm.offered())


@vendor.post("/rounds/<assessment_id>/workbook/file", roles=EVERY_COMPANY_ROLE)
def take_workbook_along(here: CompanyJourney, assessment_id: str) -> Response:
    """The workbook with the answers that stand at this moment."""
    sheet = answer_workbooks.sheet(here.session, here.actor, assessment_id, now=here.now)
    here.let_go()
    reader = Reader(language=here.language, translate=i18n.translator(here.language))
    content = answer_sheet_out.write(sheet, reader=reader, now=here.now)
    hospital = "".join(sign if sign.isalnum() else "-" for sign in sheet.hospital)[:40].strip("-")
    title = _("questions")
    return pages.download(content, name=f"{title}-{hospital}-{here.today:%Y-%m-%d}.xlsx", media_type=XLSX)


@vendor.post("/rounds/<assessment_id>/workbook", roles=EVERY_COMPANY_ROLE, body_limit=BODY_LIMIT)
def compare_workbook(here: CompanyJourney, assessment_id: str) -> Response:
    """Show what the workbook would change; nothing is saved."""
    form = UploadForm.sent()
    if form.validate():
        shapes = answer_workbooks.shapes(here.session, here.actor, assessment_id, now=here.now)
        here.let_go()  # reading takes its time, and others want to save
        try:
            sent = reading.answer_sheet(_content(), shapes)
            found = answer_workbooks.compare(here.session, here.actor, assessment_id, sent, now=here.now)
        except BadInput as refused:
            form.take(refused)
        else:
            return _comparison(here, assessment_id, found)
    return _page(here, assessment_id, form)


@vendor.post("/rounds/<assessment_id>/workbook/take", roles=EVERY_COMPANY_ROLE, body_limit=TAKE_LIMIT)
def take_over_workbook(here: CompanyJourney, assessment_id: str) -> Response:
    """Save what was chosen; what somebody else changed meanwhile is shown once more."""
    asked = answer_workbooks.shapes(here.session, here.actor, assessment_id, now=here.now)
    names = {
        name.rpartition(".")[0] for name in request.form if name.endswith(".take") and sections.key_of(name)[0] in asked
    }
    form = _form_of(sorted(names)).sent()
    chosen = [
        Chosen(
            key=sections.key_of(name),
            values=form[f"{name}.value"].data or [],
            comment=str(form[f"{name}.comment"].data or ""),
            version=forms.version(form[f"{name}.version"].data),
        )
        for name in sorted(names)
        if form[f"{name}.take"].data == MINE
    ]
    left = answer_workbooks.take(here.session, here.actor, assessment_id, chosen, now=here.now)
    if left:
        return _comparison(here, assessment_id, Comparison(differences=left, unreadable=(), same=0), status=409)
    here.notice(
        ngettext("%(num)s answer was taken over.", "%(num)s answers were taken over.", len(chosen))
        if chosen
        else _("Nothing was taken over; everything stays as it is.")
    )
    return pages.see_other("vendor.questions", assessment_id=assessment_id)


def _content() -> bytes:
    """The file that was sent, if it is a workbook at all; raises BadInput."""
    file = request.files["file"]
    name, content = file.filename or "", bytes(file.read(reading_child.LARGEST + 1))
    if name.lower().rpartition(".")[2] in {"xlsm", "xlsb", "xls", "ods"}:
        sentence = N_("Please save the workbook as Excel workbook (xlsx), without macros, and upload that.")
        raise BadInput({"file": Message(text=sentence)})
    if len(content) > reading_child.LARGEST:
        values = {"megabytes": reading_child.LARGEST // 2**20}
        raise BadInput({"file": Message(text=N_("The file is larger than %(megabytes)s MB."), values=values)})
    if not name.lower().endswith(".xlsx"):
        raise BadInput({"file": Message(text=N_("Please upload the workbook that you took from this page (xlsx)."))})
    try:
        guarding.check(name, content)
    except Unwelcome as refusal:
        raise BadInput({"file": refusal.message}) from refusal
    return content


def _page(here: CompanyJourney, assessment_id: str, form: forms.Form) -> Response:
    return pages.page(
        "vendor/workbook.html",
        form=form,
        head=responses.head(here.session, here.actor, assessment_id),
        may_bring_forms=here.actor.company_role in COMPANY_LEADERS,
    )


def _comparison(here: CompanyJourney, assessment_id: str, found: Comparison, *, status: int = 200) -> Response:
    choices = [one for one in found.differences if one.may_be_taken]
    return pages.page(
        "vendor/workbook_comparison.html",
        status=status,
        head=responses.head(here.session, here.actor, assessment_id),
        found=found,
        choices=choices,
        refused=[one for one in found.differences if not one.may_be_taken],
        form=_offered(choices),
        name_of=lambda one: sections.name_of(one.key),
        words=CHANGES,
    )


def _form_of(names: Sequence[str]) -> type[forms.Form]:
    made: dict[str, Any] = {"__doc__": "What of a workbook is taken over."}
    for name in names:
        made |= {
            f"{name}.take": RadioField(
                choices=forms.choices([(MINE, _("take the workbook's")), (THEIRS, _("leave what stands"))]),
                validate_choice=False,
            ),
            f"{name}.value": SelectMultipleField(choices=[], validate_choice=False),
            f"{name}.comment": StringField(filters=[forms.stripped]),
            f"{name}.version": HiddenField(),
        }
    return type("TakeForm", (forms.Form,), made)


def _offered(choices: Sequence[Difference]) -> forms.Form:
    values: dict[str, Any] = {}
    for one in choices:
        name = sections.name_of(one.key)
        # What only the workbook changed is what its owner wants; where two wrote, nothing is decided for them.
        values[f"{name}.take"] = MINE if one.change is Change.NEW else THEIRS
    return _form_of([sections.name_of(one.key) for one in choices]).offered(**values)
