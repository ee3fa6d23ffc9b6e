"""The right of reply: say why a finding does not say what it seems to say, and read what the hospital answers."""

from pathlib import PurePosixPath

from flask import Response, request
from wtforms import FileField, HiddenField, RadioField, SelectField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from assessments import evidence_kinds
from portal.db.models.disputes import DisputeReason, DisputeState
from portal.errors import BadInput, NotFound
from portal.files import guarding
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.actors import COMPANY_LEADERS
from portal.services.answers import responses
from portal.services.evidence import evidence, vault
from portal.services.evidence.evidence import DocumentFields
from portal.services.scans import disputes
from portal.services.scans.disputes import Place
from portal.web import forms, pages, uploads
from portal.web.journey import CompanyJourney
from portal.web.uploads import Looked
from portal.web.vendor import documents
from portal.web.vendor.documents import BODY_LIMIT
from portal.web.vendor.room import vendor
from scanners import catalogue
from scanners.model import N_, Message


class DisputeForm(forms.Form):
    """What is said against a finding."""

    kind = HiddenField()
    subject = HiddenField()
    check = HiddenField()
    reason = RadioField(_l("What is it?"), validators=[InputRequired(_l("Choose what it is."))])
    text = TextAreaField(
        _l("Your words"),
        [InputRequired(_l("Say in a few sentences why.")), Length(max=disputes.LONGEST_TEXT)],
        filters=[forms.stripped],
        description=_l("They stand beside the finding in everything that the hospital prints, its answer below them."),
    )
    evidence_id = SelectField(_l("A document that shows it"), validators=[Optional()])
    file = FileField(_l("Or a new file"), validators=[Optional()])

    @property
    def brings_file(self) -> bool:
        """Whether a new document was sent along; a browser sends a field that was left empty as a file without name."""
        upload = request.files.get("file")
        return upload is not None and bool(upload.filename)

    @property
    def place(self) -> Place:
        """The finding that is meant."""
        return str(self.kind.data or ""), str(self.subject.data or ""), str(self.check.data or "")


class TakeBackForm(forms.Form):
    """One dispute of the company."""

    dispute = HiddenField(validators=[InputRequired()])


@vendor.get("/rounds/<assessment_id>/disputes", roles=COMPANY_LEADERS)
def dispute_list(here: CompanyJourney, assessment_id: str) -> Response:
    """What the company disputes, and what the hospital said to it."""
    return pages.page(
        "vendor/disputes.html",
        head=responses.head(here.session, here.actor, assessment_id),
        disputes=disputes.of_round(here.session, here.actor, assessment_id),
        finding_of=disputes.finding_of,
        checks=catalogue.CHECKS,
        reasons=disputes.REASONS,
        states=disputes.STATES,
        open_state=DisputeState.OPEN,
        documents={
            one.id: one.name for one in evidence.of_round(here.session, here.actor, assessment_id, now=here.now)
        },
    )


@vendor.get("/rounds/<assessment_id>/disputes/add", roles=COMPANY_LEADERS)
def add_dispute(here: CompanyJourney, assessment_id: str) -> Response:
    """The form, for the finding that its address names."""
    place = tuple(request.args.get(name, "") for name in ("kind", "subject", "check"))
    if not any(place):
        known = responses.find(here.session, here.actor, assessment_id)
        return pages.see_other("vendor.result", assessment_id=known.id)
    form = _form(here, assessment_id, DisputeForm.offered(kind=place[0], subject=place[1], check=place[2]))
    return _page(here, assessment_id, form)


@vendor.post("/rounds/<assessment_id>/disputes/add", roles=COMPANY_LEADERS, body_limit=BODY_LIMIT)
def raise_dispute(here: CompanyJourney, assessment_id: str) -> Response:
    """Lay it beside the finding; the hospital sees it at once where it sees the finding."""
    form = _form(here, assessment_id, DisputeForm.sent())
    if form.validate():
        disputes.disputable(here.session, here.actor, assessment_id, form.place, now=here.now)
        if form.brings_file and form.evidence_id.data:
            form.take(BadInput({"file": Message(text=N_("Choose a document or bring a new one, not both."))}))
            return _page(here, assessment_id, form)
        file = uploads.looked_at(here, form) if form.brings_file else None
        if file is not None or not form.brings_file:
            with form.refusals(here.session):
                _raise(here, assessment_id, form, file)
                here.notice(
                    _("Your words stand beside the finding now. You get a mail when the hospital has answered.")
                )
                return pages.see_other("vendor.dispute_list", assessment_id=assessment_id)
    return _page(here, assessment_id, form)


@vendor.post("/rounds/<assessment_id>/disputes/take-back", roles=COMPANY_LEADERS)
def take_dispute_back(here: CompanyJourney, assessment_id: str) -> Response:
    """No longer hold it; what was said stays on record."""
    form = TakeBackForm.sent()
    if not form.validate():
        raise NotFound
    disputes.take_back(here.session, here.actor, assessment_id, str(form.dispute.data), now=here.now)
    here.notice(_("The dispute is taken back."))
    return pages.see_other("vendor.dispute_list", assessment_id=assessment_id)


def _form(here: CompanyJourney, assessment_id: str, form: DisputeForm) -> DisputeForm:
    form.offer("reason", [(reason.value, _(word)) for reason, word in disputes.REASONS.items()])
    known = evidence.of_round(here.session, here.actor, assessment_id, now=here.now)
    form.offer("evidence_id", [("", _("no document")), *((one.id, one.name) for one in known)])
    return form


def _raise(here: CompanyJourney, assessment_id: str, form: DisputeForm, file: Looked | None) -> None:
    """A new file goes into the vault and beside the finding in one step, or neither."""
    if file is None:
        _said(here, assessment_id, form, str(form.evidence_id.data or ""))
        return
    with documents.sealed(here, file) as stored:
        fields = DocumentFields(kind=evidence_kinds.OTHER, title=PurePosixPath(stored.file_name).stem)
        row = vault.add(here.session, here.actor, fields, stored, now=here.now)
        _said(here, assessment_id, form, row.id)


def _said(here: CompanyJourney, assessment_id: str, form: DisputeForm, evidence_id: str) -> None:
    disputes.raise_dispute(
        here.session,
        here.actor,
        assessment_id,
        form.place,
        reason=DisputeReason(str(form.reason.data)),
        text=str(form.text.data),
        evidence_id=evidence_id,
        now=here.now,
    )


def _page(here: CompanyJourney, assessment_id: str, form: DisputeForm) -> Response:
    finding = disputes.disputable(here.session, here.actor, assessment_id, form.place, now=here.now)
    return pages.page(
        "vendor/add_dispute.html",
        form=form,
        head=responses.head(here.session, here.actor, assessment_id),
        finding=finding,
        check=catalogue.CHECKS[finding.check_id],
        kinds=", ".join(guarding.KINDS),
        megabytes=guarding.LARGEST // 2**20,
    )
