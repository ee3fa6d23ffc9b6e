"""Look through and hand in: what is missing or does not fit, the signature, and the receipt."""

from flask import Response, request, url_for
from wtforms import BooleanField, HiddenField, PasswordField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal import i18n
from portal.home import BERLIN
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.jobs import printing
from portal.services.actors import COMPANY_LEADERS
from portal.services.answers import manifests, responses, submissions
from portal.services.answers.submissions import Signer
from portal.services.people import sign_ins
from portal.services.rounds import catalogues, standings
from portal.services.rounds.rounds import Key
from portal.services.scans import disputes
from portal.services.vendors import vendors
from portal.web import forms, pages
from portal.web.journey import CompanyJourney
from portal.web.vendor import sections, signing, steps
from portal.web.vendor.room import vendor
from questionnaires import answering
from reports import marks, tables
from reports import pages as documents
from reports import receipt as receipt_document
from reports.reader import Reader

LONGEST_EDITION = 6  # digits


class HandInForm(signing.SignatureForm):
    """The signature under the statement."""

    seen = HiddenField(validators=[Length(max=64)])  # what was looked through
    words = TextAreaField(
        _l("Your statement on the whole"),
        [Optional(), Length(max=manifests.LONGEST_WORDS)],
        filters=[forms.stripped],
        description=_l(
            "Printed word for word wherever the hospital reads or prints the result, and part of what you sign. What "
            "concerns a single finding or answer is better said there."
        ),
    )
    confirms = BooleanField(_l("I confirm this statement."), [InputRequired(_l("Please confirm the statement."))])
    own_password = PasswordField(
        _l("Your password"),
        [Optional(), Length(max=800)],
        description=_l("So that nobody else signs in your name at an open screen."),
    )


@vendor.get("/rounds/<assessment_id>/hand-in", roles=COMPANY_LEADERS)
def hand_in(here: CompanyJourney, assessment_id: str) -> Response:
    """Everything that is worth a second look before it goes."""
    before = submissions.editions(here.session, here.actor, assessment_id)
    words = manifests.words(before[0].manifest) if before else ""
    return _page(here, assessment_id, HandInForm.offered(**signing.signer(here), words=words))


@vendor.post("/rounds/<assessment_id>/hand-in", roles=COMPANY_LEADERS)
def sign(here: CompanyJourney, assessment_id: str) -> Response:
    """Sign; from here on nothing of this edition changes."""
    form = HandInForm.sent()
    if form.validate() and _is_proven(here, form):
        with form.refusals(here.session):
            signer = Signer(
                name=str(form.name.data),
                function=str(form.function.data),
                confirms=form.confirms.data,
                words=str(form.words.data or ""),
            )
            submissions.hand_in(
                here.session,
                here.actor,
                assessment_id,
                signer,
                seen=str(form.seen.data or ""),
                base_url=here.settings.public_base_url,
                now=here.now,
            )
            here.notice(_("Handed in. Thank you. The receipt was sent to you by mail as well."))
            return pages.see_other("vendor.receipt", assessment_id=assessment_id)
    return _page(here, assessment_id, form)


def _is_proven(here: CompanyJourney, form: HandInForm) -> bool:
    """Whoever signs has just proved themselves, or does so now by their password."""
    if sign_ins.is_fresh(here.sign_in, now=here.now):
        return True
    password = str(form.own_password.data or "")
    if password and sign_ins.confirm(here.session, here.sign_in, password=password, now=here.now):
        return True
    form.own_password.errors = [_("This is not your password.") if password else _("Enter your password.")]
    return False


@vendor.get("/rounds/<assessment_id>/preview", roles=COMPANY_LEADERS)
def preview(here: CompanyJourney, assessment_id: str) -> Response:
    """The answers as the hospital would read them."""
    standing = standings.of_round(here.session, here.actor, assessment_id, now=here.now)
    assessed = submissions.preview(here.session, here.actor, assessment_id, now=here.now)
    reader = Reader(language=here.language, translate=i18n.translator(here.language))
    return pages.page(
        "vendor/preview.html",
        head=standing.head,
        steps_of_round=steps.of(standing, "hand-in"),
        assessed=assessed,
        sections=documents.answers_by_section(assessed),
        answer_text=lambda row: tables.answer_text(row, reader),
        assurances=marks.ASSURANCES,
        supply_names={supply.key: supply.name for supply in assessed.dossier.supplies},
    )


@vendor.get("/rounds/<assessment_id>/receipt", roles=COMPANY_LEADERS)
def receipt(here: CompanyJourney, assessment_id: str) -> Response:
    """What was handed in, when, by whom, and its fingerprint; made to be printed."""
    found = submissions.editions(here.session, here.actor, assessment_id)
    newest = submissions.newest(here.session, here.actor, assessment_id)
    return pages.page(
        "vendor/receipt.html",
        head=responses.head(here.session, here.actor, assessment_id),
        company=here.company.name,
        signed=newest,
        earlier=found[1:],
        statement=submissions.statement_of(newest).get(here.language),
        answers=_answers(here, assessment_id),
    )


@vendor.get("/rounds/<assessment_id>/receipt.pdf", roles=COMPANY_LEADERS)
def receipt_on_paper(here: CompanyJourney, assessment_id: str) -> Response:
    """The receipt of an edition as PDF; the newest, or the one that the address names."""
    wanted = request.args.get("edition", "")
    edition = int(wanted) if wanted.isascii() and wanted.isdecimal() and len(wanted) <= LONGEST_EDITION else None
    made = submissions.receipt(here.session, here.actor, assessment_id, edition=edition)
    reader = Reader(language=here.language, translate=i18n.translator(here.language))
    html = receipt_document.html(made, reader=reader)
    here.let_go()
    content = printing.pdf(html, style=documents.style())
    word = _("Receipt")
    name = f"{word} {made.hospital} {made.edition} {made.at.astimezone(BERLIN):%Y-%m-%d}.pdf"
    return pages.download(content, name=name, media_type="application/pdf")


def _answers(here: CompanyJourney, assessment_id: str) -> list[tuple[str, str, str, str]]:
    """The answers of the newest edition in words: number, question, product, answer."""
    assessment = responses.find(here.session, here.actor, assessment_id)
    catalogue = catalogues.of(here.session, assessment)
    products = {supply.id: supply.name for supply in vendors.supplies_of(here.session, assessment)}
    profile = {one.id: one for one in catalogue.profile}
    order = {name: rank for rank, name in enumerate([*profile, *catalogue.questions])}
    shown = []
    manifest = submissions.newest(here.session, here.actor, assessment_id).manifest
    for entry in sorted(manifest["answers"], key=lambda one: (order.get(one["question"], -1), one["supply"])):
        question = catalogue.questions.get(entry["question"]) or profile[entry["question"]]
        value = answering.load(entry["value"])
        words = answering.show(question.shape, value, language=here.language)
        words = f"{words} ({value.comment})" if value.comment else words
        shown.append((question.id, question.text.get(here.language), products.get(entry["supply"], ""), words))
    return shown


def _page(here: CompanyJourney, assessment_id: str, form: forms.Form) -> Response:
    standing = standings.of_round(here.session, here.actor, assessment_id, now=here.now)
    assessment = responses.find(here.session, here.actor, assessment_id)
    catalogue = catalogues.of(here.session, assessment)
    form["seen"].data = submissions.looked_at(here.session, here.actor, assessment_id)
    return pages.page(
        "vendor/hand_in.html",
        form=form,
        head=standing.head,
        steps_of_round=steps.of(standing, "hand-in"),
        lookover=submissions.look_over(here.session, here.actor, assessment_id, now=here.now),
        disputed=disputes.waiting(here.session, here.actor, assessment_id),
        address_of=lambda key: _address(assessment_id, catalogue.questions[key[0]].section, key),
        section_of=lambda question_id: catalogue.questions[question_id].section,
        name_of=sections.name_of,
        words_of=lambda question, value: answering.show(question.shape, value, language=here.language),
        statement=submissions.STATEMENTS[submissions.STATEMENT].get(here.language),
        may_sign=here.role in COMPANY_LEADERS,
        is_fresh=sign_ins.is_fresh(here.sign_in, now=here.now),
    )


def _address(assessment_id: str, section_id: str, key: Key) -> str:
    return url_for("vendor.section", assessment_id=assessment_id, section_id=section_id, _anchor=sections.name_of(key))
