"""Forms that the company filled in for others: their answers become suggestions."""

from flask import Response, request
from wtforms import FileField, SelectField
from wtforms.validators import InputRequired

from portal.errors import BadInput
from portal.files import guarding
from portal.files.guarding import Unwelcome
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.jobs import reading
from portal.services.actors import COMPANY_LEADERS
from portal.services.answers import foreign_answers, responses
from portal.services.answers.foreign_answers import Brought
from portal.services.answers.suggestions import Left
from portal.services.rounds.rounds import Round
from portal.web import forms, pages
from portal.web.journey import CompanyJourney
from portal.web.vendor import sections
from portal.web.vendor.room import vendor
from reports.workbooks import foreign_child
from scanners.model import N_, Message

BODY_LIMIT = foreign_child.LARGEST + 2**20
LEFT = {
    Left.ANSWERED: _l("You have answered the question here already; your answer stays."),
    Left.CLOSED: _l("The answer has been handed in."),
    Left.NEWER: _l("A newer suggestion waits there already."),
    Left.UNREADABLE: _l("The answer does not fit the question."),
    Left.UNPLACED: _l("The question is not asked in this round."),
}


class BringForm(forms.Form):
    """A form of somebody else, and the product that it speaks of."""

    file = FileField(_l("Workbook"), [InputRequired(_l("Choose a file."))])
    product = SelectField(
        _l("Which product is it about?"), [InputRequired(_l("Choose the product that the form is about."))]
    )


@vendor.get("/rounds/<assessment_id>/other-forms", roles=COMPANY_LEADERS)
def other_forms(here: CompanyJourney, assessment_id: str) -> Response:
    """Where such a form is brought."""
    return _page(here, assessment_id, _form(here, assessment_id))


@vendor.post("/rounds/<assessment_id>/other-forms", roles=COMPANY_LEADERS, body_limit=BODY_LIMIT)
def bring_other_form(here: CompanyJourney, assessment_id: str) -> Response:
    """Read it and say what became of it; nothing counts before somebody has confirmed it."""
    form = _form(here, assessment_id, sent=True)
    if form.validate():
        product = str(form.product.data)
        here.let_go()  # reading takes its time, and others want to save
        try:
            filled = reading.foreign(_content())
        except BadInput as refused:
            form.take(refused)
        else:
            with form.refusals(here.session):
                brought = foreign_answers.bring(here.session, here.actor, assessment_id, filled, product, now=here.now)
                return _page(here, assessment_id, _form(here, assessment_id), brought=brought)
    return _page(here, assessment_id, form)


def _content() -> bytes:
    """The file that was sent, if it is a workbook at all; raises BadInput."""
    file = request.files["file"]
    name, content = file.filename or "", bytes(file.read(foreign_child.LARGEST + 1))
    extension = name.lower().rpartition(".")[2]
    if extension in {"xlsm", "xlsb", "xls", "ods", "pdf"}:
        sentence = N_("Please save the form as Excel workbook (xlsx), without macros, and upload that.")
        raise BadInput({"file": Message(text=sentence)})
    if len(content) > foreign_child.LARGEST:
        values = {"megabytes": foreign_child.LARGEST // 2**20}
        raise BadInput({"file": Message(text=N_("The file is larger than %(megabytes)s MB."), values=values)})
    try:
        kind = guarding.check(name, content)
    except Unwelcome as refusal:
        raise BadInput({"file": refusal.message}) from refusal
    if kind.extension != "xlsx":
        sentence = N_("Please save the form as Excel workbook (xlsx), without macros, and upload that.")
        raise BadInput({"file": Message(text=sentence)})
    return content


def _form(here: CompanyJourney, assessment_id: str, *, sent: bool = False) -> BringForm:
    form = BringForm.sent() if sent else BringForm.offered()
    asked: Round = responses.questionnaire(here.session, here.actor, assessment_id, now=here.now)
    products = [(supply.id, supply.name) for supply in asked.supplies]
    form.offer("product", products if len(products) == 1 else [("", _("please choose")), *products])
    return form


def _page(here: CompanyJourney, assessment_id: str, form: BringForm, *, brought: Brought | None = None) -> Response:
    return pages.page(
        "vendor/other_forms.html",
        head=responses.head(here.session, here.actor, assessment_id),
        form=form,
        brought=brought,
        left=LEFT,
        name_of=sections.name_of,
    )
