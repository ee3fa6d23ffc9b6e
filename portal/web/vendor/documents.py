"""Documents: put one in, lay it beside answers, take it out again, see how it stands and who opened it."""

from collections.abc import Iterable
from contextlib import AbstractContextManager

from flask import Response, request
from sqlalchemy import event
from wtforms import BooleanField, DateField, FileField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from assessments import evidence_kinds
from portal import i18n
from portal.db.models.responses import Confidentiality, DeletionRule
from portal.errors import NotFound
from portal.files import guarding
from portal.files.blobs import Blobs
from portal.home import BERLIN
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.jobs import printing
from portal.services.actors import COMPANY_LEADERS, EVERY_COMPANY_ROLE
from portal.services.answers import responses
from portal.services.evidence import components, evidence, listed_components, retention
from portal.services.evidence.evidence import Document, DocumentFields, Stored
from portal.services.evidence.retention import Proof
from portal.services.rounds.rounds import Key, Round
from portal.web import component_lists, filters, forms, pages, uploads
from portal.web.journey import CompanyJourney
from portal.web.uploads import Looked
from portal.web.vendor import sections
from portal.web.vendor.room import vendor
from questionnaires import shelf
from questionnaires.model import EvidenceType, Text
from reports import deletion
from reports import pages as page_style
from reports.reader import Reader
from scanners.model import N_

RULES = {
    DeletionRule.BY_HAND: N_("deleted by the company"),
    DeletionRule.RETENTION: N_("its retention date passed"),
}
BODY_LIMIT = guarding.LARGEST + 2**20
CONFIDENTIALITY = {Confidentiality.NORMAL: _l("normal"), Confidentiality.CONFIDENTIAL: _l("confidential")}

VIEW_ONLY = _l("Only to be read, not to be saved")
VIEW_ONLY_MEANS = _l(
    "A hospital sees pictures of the pages with its reader's name and the time on them, and gets no file. PDF only."
)
KEEP_UNTIL = _l("Keep until")
KEEP_UNTIL_MEANS = _l(
    "It is deleted on the day after, and you get proof. What was handed in is held for three years from then."
)


class PaperForm(forms.Form):
    """A file and what it is."""

    file = FileField(_l("File"), [InputRequired(_l("Choose a file."))])
    kind = SelectField(_l("What kind of document is it?"), [InputRequired(_l("Choose what kind of document it is."))])
    title = StringField(
        _l("Short name"),
        [Length(max=evidence.LONGEST_TITLE)],
        filters=[forms.stripped],
        description=_l("Only for “Other document”: it is listed under this name, and no rule says what it proves."),
    )
    issuer = StringField(_l("Issued by"), [Length(max=200)], filters=[forms.stripped])
    scope = TextAreaField(
        _l("Scope of the document"),
        [Length(max=2000)],
        filters=[forms.stripped],
        description=_l("Which sites, products and versions it names."),
    )
    product = StringField(
        _l("Product"),
        [Length(max=200)],
        filters=[forms.stripped],
        description=_l("If it is about one: as the hospital calls it."),
    )
    release = StringField(
        _l("Release of the product"),
        [Length(max=60)],
        filters=[forms.stripped],
        description=_l("For an MDS2 form or a list of parts (SBOM)."),
    )
    issued_on = DateField(_l("Issued on"), [Optional()])
    valid_from = DateField(_l("Valid from"), [Optional()])
    valid_to = DateField(_l("Valid until"), [Optional()])
    confidentiality = SelectField(_l("Confidentiality"), [InputRequired()])
    is_view_only = BooleanField(VIEW_ONLY, description=VIEW_ONLY_MEANS)
    retain_until = DateField(KEEP_UNTIL, [Optional()], description=KEEP_UNTIL_MEANS)


class DocumentForm(PaperForm):
    """The same, within a round."""

    to = SelectField(_l("For which question?"), validators=[Optional()])


class KeepingForm(forms.Form):
    """How long a document is kept, and whether a hospital may save it."""

    is_view_only = BooleanField(VIEW_ONLY, description=VIEW_ONLY_MEANS)
    retain_until = DateField(KEEP_UNTIL, [Optional()], description=KEEP_UNTIL_MEANS)


class PlaceForm(forms.Form):
    """An answer beside which a document is to lie."""

    to = SelectField(_l("For which question?"), [InputRequired()])


class ExistingForm(forms.Form):
    """A document that is there already."""

    existing = SelectField(_l("Document"), [InputRequired()])
    to = StringField(validators=[InputRequired(), Length(max=60)])


@vendor.get("/rounds/<assessment_id>/documents", roles=EVERY_COMPANY_ROLE)
def documents(here: CompanyJourney, assessment_id: str) -> Response:
    """All documents of the company, and how they stand."""
    return pages.page(
        "vendor/documents.html",
        head=responses.head(here.session, here.actor, assessment_id),
        documents=evidence.of_round(here.session, here.actor, assessment_id, now=here.now),
        may_see_vault=here.role in COMPANY_LEADERS,
        may_see_deleted=here.role in COMPANY_LEADERS and bool(retention.proofs(here.session, here.actor)),
    )


@vendor.get("/rounds/<assessment_id>/documents/add", roles=EVERY_COMPANY_ROLE)
def add_document(here: CompanyJourney, assessment_id: str) -> Response:
    """The form; `to` is the question that it was opened from."""
    asked = responses.questionnaire(here.session, here.actor, assessment_id, now=here.now)
    form = _document_form(asked)
    to = request.args.get("to", "")
    form.to.data = to if to in {value for value, _label in _places(asked)} else ""
    form.kind.data = _likely_kind(asked, sections.key_of(to))
    form.confidentiality.data = Confidentiality.CONFIDENTIAL.value
    return _add_page(here, assessment_id, form)


@vendor.post("/rounds/<assessment_id>/documents/add", roles=EVERY_COMPANY_ROLE, body_limit=BODY_LIMIT)
def put_document_in(here: CompanyJourney, assessment_id: str) -> Response:
    """Look at the file, seal it, write it down; what is refused leaves nothing on the disk."""
    asked = responses.questionnaire(here.session, here.actor, assessment_id, now=here.now)
    form = _document_form(asked, sent=True)
    if form.validate() and (file := uploads.looked_at(here, form)) is not None:
        with form.refusals(here.session):
            to = str(form.to.data or "")
            _put(here, assessment_id, form, file, [sections.key_of(to)] if to else [])
            here.notice(_("The document is there, sealed under your company's key."))
            if to:
                return _back_to(asked, assessment_id, to)
            return pages.see_other("vendor.documents", assessment_id=assessment_id)
    return _add_page(here, assessment_id, form)


@vendor.post("/rounds/<assessment_id>/documents/use", roles=EVERY_COMPANY_ROLE)
def use_document(here: CompanyJourney, assessment_id: str) -> Response:
    """Lay a document that is there already beside one more answer."""
    form = ExistingForm.sent()
    known = evidence.of_round(here.session, here.actor, assessment_id, now=here.now)
    form.offer("existing", [(one.id, one.name) for one in known])
    if not form.validate():
        raise NotFound
    asked = responses.questionnaire(here.session, here.actor, assessment_id, now=here.now)
    to = str(form.to.data)
    evidence.attach(here.session, here.actor, assessment_id, str(form.existing.data), sections.key_of(to), now=here.now)
    return _back_to(asked, assessment_id, to)


@vendor.get("/rounds/<assessment_id>/documents/<evidence_id>", roles=EVERY_COMPANY_ROLE)
def document(here: CompanyJourney, assessment_id: str, evidence_id: str) -> Response:
    """One document: its facts, its places, who opened it."""
    asked = responses.questionnaire(here.session, here.actor, assessment_id, now=here.now)
    found = evidence.find(here.session, here.actor, assessment_id, evidence_id, now=here.now)
    keeping = KeepingForm.offered(is_view_only=found.is_view_only, retain_until=found.retain_until)
    return _document_page(here, assessment_id, asked, found, keeping)


@vendor.post("/rounds/<assessment_id>/documents/<evidence_id>/keeping", roles=COMPANY_LEADERS)
def keep_document(here: CompanyJourney, assessment_id: str, evidence_id: str) -> Response:
    """Set how long it is kept and whether it may be saved, before or after it was handed in."""
    asked = responses.questionnaire(here.session, here.actor, assessment_id, now=here.now)
    found = evidence.find(here.session, here.actor, assessment_id, evidence_id, now=here.now)
    form = KeepingForm.sent()
    if form.validate():
        with form.refusals(here.session):
            evidence.set_keeping(
                here.session,
                here.actor,
                assessment_id,
                evidence_id,
                is_view_only=bool(form.is_view_only.data),
                retain_until=form.retain_until.data,
                now=here.now,
            )
            here.notice(_("Saved."))
            return pages.see_other("vendor.document", assessment_id=assessment_id, evidence_id=evidence_id)
    return _document_page(here, assessment_id, asked, found, form)


@vendor.get("/deleted-documents", roles=COMPANY_LEADERS)
def deleted_documents(here: CompanyJourney) -> Response:
    """What was deleted, when and by which rule."""
    return pages.page("vendor/deleted_documents.html", proofs=retention.proofs(here.session, here.actor), rules=RULES)


@vendor.get("/deleted-documents/<deletion_id>.pdf", roles=COMPANY_LEADERS)
def proof_of_deletion(here: CompanyJourney, deletion_id: str) -> Response:
    """The proof on paper."""
    proof = retention.proof(here.session, here.actor, deletion_id)
    reader = Reader(language=here.language, translate=i18n.translator(here.language))
    html = deletion.html(_on_paper(here, proof), reader=reader)
    name = f"{_('Proof of deletion')} {proof.decided_at.astimezone(BERLIN):%Y-%m-%d}.pdf"
    here.let_go()
    return pages.download(printing.pdf(html, style=page_style.style()), name=name, media_type="application/pdf")


def _document_page(
    here: CompanyJourney, assessment_id: str, asked: Round, found: Document, keeping: KeepingForm
) -> Response:
    form = PlaceForm.offered()
    form.offer("to", [pair for pair in _places(asked) if sections.key_of(pair[0]) not in found.keys])
    return pages.page(
        "vendor/document.html",
        form=form,
        keeping=keeping,
        status=422 if keeping.errors else 200,
        may_keep=here.role in COMPANY_LEADERS,
        held_until=evidence.held_until(here.session, here.actor, assessment_id, found.id),
        head=responses.head(here.session, here.actor, assessment_id),
        document=found,
        size=filters.size(found.size),
        confidentiality=CONFIDENTIALITY,
        places=[(sections.name_of(key), _label(asked, key)) for key in found.keys],
        is_parts_list=found.type == components.KIND,
        read=listed_components.of_document(
            here.session, here.actor, found.id, [supply.name for supply in asked.supplies]
        ),
        words=component_lists.WORDS,
        openings=evidence.openings(here.session, here.actor, assessment_id, found.id),
    )


@vendor.get("/rounds/<assessment_id>/documents/<evidence_id>/file", roles=EVERY_COMPANY_ROLE)
def document_file(here: CompanyJourney, assessment_id: str, evidence_id: str) -> Response:
    """The owner's own copy, always as a download."""
    opened = evidence.open_for_company(here.session, here.actor, assessment_id, evidence_id)
    content = on_disk(here).get(opened.owner, opened.blob_id, opened.sha256)
    return pages.download(content, name=opened.file_name, media_type=opened.media_type)


@vendor.post("/rounds/<assessment_id>/documents/<evidence_id>/places", roles=EVERY_COMPANY_ROLE)
def attach_document(here: CompanyJourney, assessment_id: str, evidence_id: str) -> Response:
    """One more place for a document."""
    asked = responses.questionnaire(here.session, here.actor, assessment_id, now=here.now)
    form = PlaceForm.sent()
    form.offer("to", _places(asked))
    if form.validate():
        key = sections.key_of(str(form.to.data))
        evidence.attach(here.session, here.actor, assessment_id, evidence_id, key, now=here.now)
    return pages.see_other("vendor.document", assessment_id=assessment_id, evidence_id=evidence_id)


@vendor.post("/rounds/<assessment_id>/documents/<evidence_id>/places/<name>/remove", roles=EVERY_COMPANY_ROLE)
def detach_document(here: CompanyJourney, assessment_id: str, evidence_id: str, name: str) -> Response:
    """One place less; the document stays."""
    key = sections.key_of(name)
    evidence.detach(here.session, here.actor, assessment_id, evidence_id, key, now=here.now)
    return pages.see_other("vendor.document", assessment_id=assessment_id, evidence_id=evidence_id)


@vendor.post("/rounds/<assessment_id>/documents/<evidence_id>/remove", roles=EVERY_COMPANY_ROLE)
def remove_document(here: CompanyJourney, assessment_id: str, evidence_id: str) -> Response:
    """Delete what was never handed in; the file goes when the deletion is committed."""
    blob_id = evidence.remove(here.session, here.actor, assessment_id, evidence_id, now=here.now)
    take_off_disk(here, blob_id)
    here.notice(_("The document has been deleted."))
    return pages.see_other("vendor.documents", assessment_id=assessment_id)


# ---- inside


def _on_paper(here: CompanyJourney, proof: Proof) -> deletion.Deletion:
    kind = evidence_kinds.known(shelf.current()).get(proof.kind)
    return deletion.Deletion(
        company=here.company.name,
        name=proof.file_name,
        kind=kind.text if kind is not None else Text(de=proof.kind, en=proof.kind),
        sha256=proof.sha256,
        size=filters.size(proof.size),
        uploaded_at=proof.uploaded_at,
        uploaded_by=proof.uploaded_by,
        rule=RULES[proof.rule],
        retain_until=proof.retain_until,
        by_name=proof.by_name,
        decided_at=proof.decided_at,
        gone_at=proof.gone_at,
        event=proof.event,
        at=here.now,
    )


def _put(here: CompanyJourney, assessment_id: str, form: DocumentForm, file: Looked, keys: list[Key]) -> None:
    with sealed(here, file) as stored:
        evidence.add(here.session, here.actor, assessment_id, fields_of(form), stored, keys=keys, now=here.now)


def take_off_disk(here: CompanyJourney, blob_id: str) -> None:
    """The file goes when its deletion is committed."""
    shelf, owner = on_disk(here), evidence.owner_of(here.company.id)
    event.listen(here.session, "after_commit", lambda _session: shelf.remove(owner, blob_id), once=True)


def sealed(here: CompanyJourney, file: Looked) -> AbstractContextManager[Stored]:
    """Seal a file under the company's key; when what is done with it inside fails, it is off the disk again."""
    return uploads.sealed(on_disk(here), evidence.owner_of(here.company.id), file)


def fields_of(form: PaperForm) -> DocumentFields:
    """What the form says of a document."""
    return DocumentFields(
        kind=str(form.kind.data),
        title=str(form.title.data or ""),
        issuer=str(form.issuer.data or ""),
        scope=str(form.scope.data or ""),
        product=str(form.product.data or ""),
        release=str(form.release.data or ""),
        issued_on=form.issued_on.data,
        valid_from=form.valid_from.data,
        valid_to=form.valid_to.data,
        confidentiality=Confidentiality(form.confidentiality.data),
        is_view_only=bool(form.is_view_only.data),
        retain_until=form.retain_until.data,
    )


def on_disk(here: CompanyJourney) -> Blobs:
    """Where the company's documents lie."""
    return Blobs(folder=here.settings.files_dir, keyring=here.keyring)


def _document_form(asked: Round, *, sent: bool = False) -> DocumentForm:
    form = DocumentForm.sent() if sent else DocumentForm.offered()
    offer_kinds(form, evidence_kinds.known(asked.catalogue).values())
    form.offer("to", [("", _("for none yet")), *_places(asked)])
    return form


def offer_kinds(form: PaperForm, kinds: Iterable[EvidenceType]) -> None:
    """Give the form the kinds of document that may be chosen."""
    words = sorted(((one.id, one.text.get(i18n.language())) for one in kinds), key=lambda pair: pair[1].casefold())
    form.offer("kind", [("", _("please choose")), *words])
    form.offer("confidentiality", [(one.value, word) for one, word in CONFIDENTIALITY.items()])


def _places(asked: Round) -> list[tuple[str, str]]:
    return [(sections.name_of(slot.key), _label(asked, slot.key)) for slot in asked.slots]


def _label(asked: Round, key: Key) -> str:
    question = asked.catalogue.questions.get(key[0])
    title = question.label.get(i18n.language()) if question else ""
    product = next((supply.name for supply in asked.supplies if supply.id == key[1]), "")
    return " · ".join(part for part in (f"{key[0]} {title}".strip(), product) if part)


def _likely_kind(asked: Round, key: Key) -> str:
    question = asked.catalogue.questions.get(key[0])
    return question.evidence[0].type if question is not None and question.evidence else ""


def _back_to(asked: Round, assessment_id: str, name: str) -> Response:
    key = sections.key_of(name)
    question = asked.catalogue.questions.get(key[0])
    if question is None or asked.slot(key) is None:
        return pages.see_other("vendor.documents", assessment_id=assessment_id)
    return pages.see_other("vendor.section", assessment_id=assessment_id, section_id=question.section, at=name)


def _add_page(here: CompanyJourney, assessment_id: str, form: DocumentForm) -> Response:
    to = str(form.to.data or "")
    key = sections.key_of(to)
    known = evidence.of_round(here.session, here.actor, assessment_id, now=here.now)
    others = [one for one in known if key not in one.keys]
    existing = ExistingForm.offered(to=to)
    existing.offer("existing", [(one.id, one.name) for one in others])
    return pages.page(
        "vendor/add_document.html",
        form=form,
        existing=existing if to and others else None,
        to=to,
        head=responses.head(here.session, here.actor, assessment_id),
        kinds=", ".join(guarding.KINDS),
        megabytes=guarding.LARGEST // 2**20,
    )
