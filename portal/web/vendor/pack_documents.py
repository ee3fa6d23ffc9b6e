"""The documents of an answer pack: taken into the vault one by one, each looked at as an upload and confirmed."""

import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from flask import Response, request
from wtforms import BooleanField, DateField, FileField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from assessments import evidence_kinds
from portal import i18n
from portal.db.models.responses import Confidentiality
from portal.errors import BadInput
from portal.files import guarding
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.i18n import ngettext
from portal.jobs import reading
from portal.services.actors import COMPANY_LEADERS
from portal.services.answers import answer_packs, responses
from portal.services.answers.answer_packs import Waiting
from portal.services.evidence import evidence
from portal.services.evidence.evidence import DocumentFields
from portal.web import forms, pages, uploads
from portal.web.journey import CompanyJourney
from portal.web.vendor import documents, sections
from portal.web.vendor.room import vendor
from reports.workbooks import pack_files_child
from scanners.model import N_, Message

MOST_SHOWN = 20  # at a time; the others follow when these are in
BODY_LIMIT = pack_files_child.MOST + 6 * 2**20
PIECE = 2**20
NOT_NAMED = N_("This is neither the zip of the pack nor one of the documents that it names.")
FIELDS = ("take", "kind", "issuer", "scope", "issued_on", "valid_from", "valid_to")


@vendor.get("/rounds/<assessment_id>/pack/documents", roles=COMPANY_LEADERS)
def pack_documents(here: CompanyJourney, assessment_id: str) -> Response:
    """What the pack names and the vault does not hold, with what the pack says of it."""
    left = answer_packs.documents_left(here.session, here.actor, assessment_id, now=here.now)[:MOST_SHOWN]
    return _page(here, assessment_id, left, _form(here, assessment_id, left))


@vendor.post("/rounds/<assessment_id>/pack/documents", roles=COMPANY_LEADERS, body_limit=BODY_LIMIT)
def take_pack_documents(here: CompanyJourney, assessment_id: str) -> Response:
    """Take in what was ticked: each is guarded, compared with its checksum, sealed, and lies beside its answers."""
    left = answer_packs.documents_left(here.session, here.actor, assessment_id, now=here.now)[:MOST_SHOWN]
    form = _form(here, assessment_id, left, sent=True)
    wanted = [one for one in left if form[_name("take", one)].data]
    if form.validate():
        if not wanted:
            form.form_errors.append(_("Tick the documents that shall enter."))
        else:
            here.let_go()  # reading takes its time, and others want to save
            taken = _take(here, assessment_id, form, wanted)
            if taken:
                sentence = ngettext(
                    "%(num)s document is in your vault, sealed under your company's key.",
                    "%(num)s documents are in your vault, each sealed under your company's key.",
                    taken,
                )
                here.notice(sentence)
            if not form.errors:
                return pages.see_other("vendor.pack", assessment_id=assessment_id)
            left = answer_packs.documents_left(here.session, here.actor, assessment_id, now=here.now)[:MOST_SHOWN]
            left = [one for one in left if _name("take", one) in form]
    return _page(here, assessment_id, left, form)


def _take(here: CompanyJourney, assessment_id: str, form: forms.Form, wanted: Sequence[Waiting]) -> int:
    """How many entered; what was refused has its sentence beside it."""
    taken = 0
    for one, name, content in _contents(form, wanted):
        try:
            file = uploads.look_at(here, name, _given(content))
        except BadInput as refused:
            form.take(_beside(one, refused))
            continue
        with form.refusals(here.session):
            try:
                with documents.sealed(here, file) as stored:
                    fields = _fields(form, one, stored.file_name)
                    evidence.add(here.session, here.actor, assessment_id, fields, stored, keys=one.keys, now=here.now)
            except BadInput as refused:
                raise _beside(one, refused) from refused
            taken += 1
        here.let_go()  # each by itself: what is in stays in
    return taken


def _contents(form: forms.Form, wanted: Sequence[Waiting]) -> Iterator[tuple[Waiting, str, bytes | Message]]:
    """Name and bytes of each wanted document out of the file that was sent: the zip, or the one document itself."""
    upload = request.files["file"]
    with tempfile.TemporaryFile() as kept:
        digest = hashlib.sha256()
        while piece := upload.read(PIECE):
            digest.update(piece)
            kept.write(piece)
        kept.flush()
        alone = [one for one in wanted if one.document.sha256 == digest.hexdigest()]
        if alone:
            yield from ((one, upload.filename or "", _whole(kept)) for one in alone)
            return
        kept.seek(0)
        inside = [one for one in wanted if one.document.file]
        if not inside or kept.read(2) != b"PK":
            form.take(BadInput({"file": Message(text=NOT_NAMED)}))
            return
        pairs = [(one.document.file, one.document.sha256) for one in inside]
        for one, content in zip(inside, reading.pack_files(kept, pairs), strict=True):
            yield one, _in_zip(one), content
        for one in wanted:
            if one not in inside:
                yield one, "", Message(text=pack_files_child.MISSING)


def _beside(one: Waiting, refused: BadInput) -> BadInput:
    """The refusal of one document, beside its own fields."""
    return BadInput({_name(about if about in FIELDS else "take", one): why for about, why in refused.fields.items()})


def _given(content: bytes | Message) -> bytes:
    if isinstance(content, Message):
        raise BadInput({"file": content})
    return content


def _whole(kept: BinaryIO) -> bytes:
    kept.seek(0)
    return kept.read(guarding.LARGEST + 1)


def _fields(form: forms.Form, one: Waiting, name: str) -> DocumentFields:
    said = {field: form[_name(field, one)].data for field in FIELDS if field != "take"}
    return DocumentFields(
        kind=str(said["kind"]),
        title=PurePosixPath(name).stem,
        issuer=str(said["issuer"] or ""),
        scope=str(said["scope"] or ""),
        issued_on=said["issued_on"],
        valid_from=said["valid_from"],
        valid_to=said["valid_to"],
        confidentiality=Confidentiality.CONFIDENTIAL,
    )


# ---- the page


def _page(here: CompanyJourney, assessment_id: str, left: Sequence[Waiting], form: forms.Form) -> Response:
    return pages.page(
        "vendor/pack_documents.html",
        form=form,
        left=left,
        place=_name,
        label=sections.name_of,
        head=responses.head(here.session, here.actor, assessment_id),
        megabytes=pack_files_child.MOST // 2**20,
        status=422 if form.errors else 200,
    )


def _form(here: CompanyJourney, assessment_id: str, left: Sequence[Waiting], *, sent: bool = False) -> forms.Form:
    asked = responses.questionnaire(here.session, here.actor, assessment_id, now=here.now)
    types = evidence_kinds.known(asked.catalogue).values()
    words = sorted(((one.id, one.text.get(i18n.language())) for one in types), key=lambda pair: pair[1].casefold())
    kinds = forms.choices([("", _("please choose")), *words])
    made: dict[str, Any] = {
        "__doc__": "Which documents enter, and what they are.",
        "file": FileField(_l("The zip of the pack, or one document"), [InputRequired(_l("Choose a file."))]),
    }
    values: dict[str, Any] = {}
    for one in left:
        made |= {_name(name, one): field for name, field in _of_one(one, kinds).items()}
        values |= {_name(name, one): value for name, value in _proposed(one).items()}
    kind_of: type[forms.Form] = type("PackDocumentsForm", (forms.Form,), made)
    form = kind_of.sent() if sent else kind_of.offered(**values)
    for one in left:
        form[_name("kind", one)].flags.required = True  # of what is ticked; the service says so
    return form


def _of_one(one: Waiting, kinds: Sequence[Any]) -> Mapping[str, Any]:
    return {
        "take": BooleanField(_("Take %(document)s in", document=_file_name_shown(one))),
        "kind": SelectField(_l("What kind of document is it?"), [Optional()], choices=kinds),
        "issuer": StringField(_l("Issued by"), [Length(max=200)], filters=[forms.stripped]),
        "scope": StringField(_l("Scope of the document"), [Length(max=2000)], filters=[forms.stripped]),
        "issued_on": DateField(_l("Issued on"), [Optional()]),
        "valid_from": DateField(_l("Valid from"), [Optional()]),
        "valid_to": DateField(_l("Valid until"), [Optional()]),
    }


def _file_name_shown(one: Waiting) -> str:
    return guarding.safe_name(_in_zip(one)) if one.document.file else one.document.id


def _in_zip(one: Waiting) -> str:
    return one.document.file.rpartition("/")[2].removeprefix(f"{one.document.id}-")


def _proposed(one: Waiting) -> Mapping[str, Any]:
    document = one.document
    return {
        "take": bool(document.file),
        "kind": one.kind,
        "issuer": document.issuer[:200],
        "scope": document.scope[:2000],
        "issued_on": document.issued_on,
        "valid_from": document.valid_from,
        "valid_to": document.valid_to,
    }


def _name(name: str, one: Waiting) -> str:
    return f"{name}.{one.document.id}"
