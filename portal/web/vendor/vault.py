"""The company's documents by its own way, whatever round runs: see them, bring one, replace one, delete one."""

from pathlib import PurePosixPath

from flask import Response

from assessments import evidence_kinds
from portal.db.models.responses import Confidentiality
from portal.files import guarding
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.actors import COMPANY_LEADERS
from portal.services.evidence import components, listed_components, retention, vault
from portal.services.evidence.retention import HeldBy
from portal.services.evidence.vault import Kept
from portal.web import component_lists, filters, pages, uploads
from portal.web.journey import CompanyJourney
from portal.web.vendor import documents
from portal.web.vendor.documents import BODY_LIMIT, CONFIDENTIALITY, KeepingForm, PaperForm
from portal.web.vendor.room import vendor

HELD_BY = {
    HeldBy.EDITION: _l("handed in"),
    HeldBy.DISPUTE: _l("beside a disputed finding"),
    HeldBy.REPORT: _l("beside a report that an action is done"),
    HeldBy.FLASH: _l("beside an answer to a question that was asked at once"),
}


@vendor.get("/documents", roles=COMPANY_LEADERS)
def vault_list(here: CompanyJourney) -> Response:
    """Every document of the company: how it stands, where it was shown, what holds it."""
    return pages.page(
        "vendor/vault.html",
        kept=vault.of_company(here.session, here.actor, now=here.now),
        held_by=HELD_BY,
        has_deleted=bool(retention.proofs(here.session, here.actor)),
    )


@vendor.get("/documents/add", roles=COMPANY_LEADERS)
def add_to_vault(_here: CompanyJourney) -> Response:
    """The form."""
    form = PaperForm.offered(confidentiality=Confidentiality.CONFIDENTIAL.value)
    return _form_page(form)


@vendor.post("/documents/add", roles=COMPANY_LEADERS, body_limit=BODY_LIMIT)
def put_into_vault(here: CompanyJourney) -> Response:
    """Look at the file, seal it, write it down."""
    form = PaperForm.sent()
    documents.offer_kinds(form, evidence_kinds.shipped().values())
    if form.validate() and (file := uploads.looked_at(here, form)) is not None:
        with form.refusals(here.session):
            with documents.sealed(here, file) as stored:
                row = vault.add(here.session, here.actor, documents.fields_of(form), stored, now=here.now)
            here.notice(_("The document is there, sealed under your company's key."))
            return pages.see_other("vendor.vault_document", evidence_id=row.id)
    return _form_page(form)


@vendor.get("/documents/<evidence_id>", roles=COMPANY_LEADERS)
def vault_document(here: CompanyJourney, evidence_id: str) -> Response:
    """One document: its facts, where it was shown, who opened it."""
    kept = vault.find(here.session, here.actor, evidence_id, now=here.now)
    keeping = KeepingForm.offered(is_view_only=kept.document.is_view_only, retain_until=kept.document.retain_until)
    return _document_page(here, kept, keeping)


@vendor.get("/documents/<evidence_id>/file", roles=COMPANY_LEADERS)
def vault_file(here: CompanyJourney, evidence_id: str) -> Response:
    """The owner's own copy, always as a download."""
    opened = vault.open_own(here.session, here.actor, evidence_id)
    content = documents.on_disk(here).get(opened.owner, opened.blob_id, opened.sha256)
    return pages.download(content, name=opened.file_name, media_type=opened.media_type)


@vendor.post("/documents/<evidence_id>/keeping", roles=COMPANY_LEADERS)
def keep_in_vault(here: CompanyJourney, evidence_id: str) -> Response:
    """Set how long it is kept and whether it may be saved."""
    kept = vault.find(here.session, here.actor, evidence_id, now=here.now)
    form = KeepingForm.sent()
    if form.validate():
        with form.refusals(here.session):
            vault.set_keeping(
                here.session,
                here.actor,
                evidence_id,
                is_view_only=bool(form.is_view_only.data),
                retain_until=form.retain_until.data,
                now=here.now,
            )
            here.notice(_("Saved."))
            return pages.see_other("vendor.vault_document", evidence_id=evidence_id)
    return _document_page(here, kept, form)


@vendor.get("/documents/<evidence_id>/replace", roles=COMPANY_LEADERS)
def newer_document(here: CompanyJourney, evidence_id: str) -> Response:
    """The form for a newer one: what it is stands there already, its dates do not."""
    kept = vault.find(here.session, here.actor, evidence_id, now=here.now)
    old = kept.document
    form = PaperForm.offered(
        kind=old.type,
        title=PurePosixPath(old.name).stem if old.type == evidence_kinds.OTHER else "",
        issuer=old.issuer,
        scope=old.scope,
        product=old.product,
        confidentiality=old.confidentiality.value,
        is_view_only=old.is_view_only,
    )
    return _form_page(form, kept)


@vendor.post("/documents/<evidence_id>/replace", roles=COMPANY_LEADERS, body_limit=BODY_LIMIT)
def replace_document(here: CompanyJourney, evidence_id: str) -> Response:
    """Take the newer one in, beside every answer that is open; the old one goes where nothing holds it."""
    kept = vault.find(here.session, here.actor, evidence_id, now=here.now)
    form = PaperForm.sent()
    documents.offer_kinds(form, evidence_kinds.shipped().values())
    if form.validate() and (file := uploads.looked_at(here, form)) is not None:
        with form.refusals(here.session):
            with documents.sealed(here, file) as stored:
                fields = documents.fields_of(form)
                done = vault.put_in_place(here.session, here.actor, evidence_id, fields, stored, now=here.now)
            if done.gone:
                documents.take_off_disk(here, done.gone)
                here.notice(_("The newer document is in its place; the older one has been deleted."))
            else:
                here.notice(_("The newer document is in its place; the older one stays, because it is held."))
            return pages.see_other("vendor.vault_document", evidence_id=done.newer.id)
    return _form_page(form, kept)


@vendor.post("/documents/<evidence_id>/remove", roles=COMPANY_LEADERS)
def remove_from_vault(here: CompanyJourney, evidence_id: str) -> Response:
    """Delete what nothing holds; the file goes when the deletion is committed."""
    documents.take_off_disk(here, vault.remove(here.session, here.actor, evidence_id, now=here.now))
    here.notice(_("The document has been deleted."))
    return pages.see_other("vendor.vault_list")


# ---- inside


def _form_page(form: PaperForm, replaced: Kept | None = None) -> Response:
    documents.offer_kinds(form, evidence_kinds.shipped().values())
    return pages.page(
        "vendor/vault_form.html",
        form=form,
        replaced=replaced,
        kinds=", ".join(guarding.KINDS),
        megabytes=guarding.LARGEST // 2**20,
    )


def _document_page(here: CompanyJourney, kept: Kept, keeping: KeepingForm) -> Response:
    is_parts_list = kept.document.type == components.KIND
    read = listed_components.of_document(here.session, here.actor, kept.document.id, []) if is_parts_list else None
    wanted = component_lists.wanted()
    return pages.page(
        "vendor/vault_document.html",
        status=422 if keeping.errors else 200,
        kept=kept,
        document=kept.document,
        keeping=keeping,
        held_by=HELD_BY,
        size=filters.size(kept.document.size),
        confidentiality=CONFIDENTIALITY,
        openings=vault.openings(here.session, here.actor, kept.document.id),
        is_parts_list=is_parts_list,
        read=read,
        words=component_lists.WORDS,
        wanted=wanted,
        page=listed_components.page_of_document(here.session, here.actor, kept.document.id, wanted)
        if read is not None and read.is_read
        else None,
    )
