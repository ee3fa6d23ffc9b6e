"""The answer pack: taken along for other hospitals, brought from elsewhere, laid beside the questions by section."""

import zipfile
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

from flask import Response, request
from wtforms import BooleanField, FileField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired

from portal import i18n
from portal.db.models.answer_packs import PackStanding
from portal.errors import BadInput, Clash
from portal.files import guarding, signing
from portal.files.blobs import Blobs, Changed
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.i18n import ngettext
from portal.jobs import reading
from portal.services.actors import COMPANY_LEADERS
from portal.services.answers import answer_packs, responses, submissions
from portal.services.answers.answer_packs import Look, Made, Nowhere
from portal.web import forms, pages
from portal.web.journey import CompanyJourney
from portal.web.vendor.room import vendor
from questionnaires import packs
from questionnaires.packs import Seal
from reports.reader import Reader
from reports.workbooks import answer_pack, pack_child
from scanners.model import N_, Message

BODY_LIMIT = pack_child.LARGEST + 2**20
SIGNED, DRAFT = "signed", "draft"
CHANGED = N_("Somebody else changed this in the meantime. Look at what stands now and save again.")
NONE = "none"  # the choice that a product of the pack is none of this round
STANDINGS = {
    PackStanding.OURS: (_l("Unchanged, from this installation."), "done"),
    PackStanding.KNOWN: (_l("Unchanged, from %(instance)s."), "done"),
    PackStanding.UNKNOWN: (
        _l(
            "Unchanged since it was signed, but by an installation that nobody here knows: whose answers these are, "
            "only you can say."
        ),
        "attention",
    ),
    PackStanding.ALTERED: (
        _l("Changed since it was signed. It is taken like any file from outside: look closely before you confirm."),
        "attention",
    ),
}
REASONS = {
    Nowhere.NOT_ASKED: _l("is not asked in this round"),
    Nowhere.OTHER_SCOPE: _l("is asked of the company here and was of a product there, or the other way round"),
    Nowhere.NO_PRODUCT: _l("belongs to a product for which none of this round was chosen"),
    Nowhere.NO_ANSWER: _l("the question takes no such answer any more"),
    Nowhere.OTHER_QUESTIONS: _l("comes from a questionnaire that this installation does not know"),
}
README = N_(
    "Answer pack of %(company)s, taken along on %(when)s.\n\n"
    "answer-pack.json  the signed answers; this file (or the whole zip) is loaded elsewhere\n"
    "answers.xlsx      the same for reading\n"
    "documents/        the documents, where they were taken along\n\n"
    "The signature is by the key with the fingerprint (SHA-256)\n%(fingerprint)s\n"
)


class AlongForm(forms.Form):
    """Which answers are taken along."""

    which = RadioField(_l("Which answers"), [InputRequired(_l("Choose which answers."))])
    files = BooleanField(_l("Put the documents themselves into the pack"))


class BringForm(forms.Form):
    """A pack from elsewhere."""

    file = FileField(_l("Answer pack"), [InputRequired(_l("Choose a file."))])


@vendor.get("/rounds/<assessment_id>/pack", roles=COMPANY_LEADERS)
def pack(here: CompanyJourney, assessment_id: str) -> Response:
    """Take along what was answered, bring what was answered elsewhere."""
    return _page(here, assessment_id)


@vendor.post("/rounds/<assessment_id>/pack/file", roles=COMPANY_LEADERS)
def take_pack_along(here: CompanyJourney, assessment_id: str) -> Response:
    """The pack as a zip: JSON, workbook and, if wanted, the documents."""
    form = _along_form(here, assessment_id, sent=True)
    if form.validate():
        made = None
        with form.refusals(here.session):
            made = answer_packs.make(
                here.session,
                here.actor,
                assessment_id,
                is_draft=form.which.data == DRAFT,
                with_files=bool(form.files.data),
                now=here.now,
            )
        if made is not None:
            here.let_go()
            word = _("answer-pack")
            name = f"{word}-{_plain(made.pack.company)}-{here.today:%Y-%m-%d}.zip"
            return pages.download(_zipped(here, made), name=name, media_type="application/zip")
    return _page(here, assessment_id, along=form)


@vendor.post("/rounds/<assessment_id>/pack", roles=COMPANY_LEADERS, body_limit=BODY_LIMIT)
def bring_pack(here: CompanyJourney, assessment_id: str) -> Response:
    """Read a pack and show what of it fits; nothing is laid anywhere yet."""
    form = BringForm.sent()
    if form.validate():
        responses.find(here.session, here.actor, assessment_id)
        here.let_go()  # reading takes its time, and others want to save
        try:
            document, seal = reading.answer_pack(_content())
        except BadInput as refused:
            form.take(refused)
        else:
            with form.refusals(here.session):
                answer_packs.bring(
                    here.session,
                    here.actor,
                    assessment_id,
                    document,
                    seal,
                    file_name=guarding.safe_name(request.files["file"].filename or ""),
                    our_key=signing.public_key(here.keyring),
                    known=here.settings.known_instances,
                    now=here.now,
                )
                return pages.see_other("vendor.pack", assessment_id=assessment_id)
    return _page(here, assessment_id, bring=form)


@vendor.post("/rounds/<assessment_id>/pack/take", roles=COMPANY_LEADERS)
def take_from_pack(here: CompanyJourney, assessment_id: str) -> Response:
    """Lay the answers of the chosen sections beside their questions, or say first which product is which."""
    look = answer_packs.look(here.session, here.actor, assessment_id, now=here.now)
    form = _take_form(look, sent=True)
    if form.validate():
        chosen = {
            one.name: "" if form[_name(place)].data == NONE else str(form[_name(place)].data)
            for place, one in enumerate(look.products)
        }
        answer_packs.choose_products(here.session, here.actor, assessment_id, chosen, now=here.now)
        if form["go"].data == "products":
            return pages.see_other("vendor.pack", assessment_id=assessment_id)
        wanted = form["section"].data or []
        done = answer_packs.take(here.session, here.actor, assessment_id, wanted, now=here.now)
        if done.laid:
            here.notice(
                ngettext(
                    "%(num)s answer of the pack stands in its field. Please confirm it.",
                    "%(num)s answers of the pack stand in their fields. Please confirm each.",
                    len(done.laid),
                )
            )
            first = next(one.id for one in look.sections if one.id in wanted)
            return pages.see_other("vendor.section", assessment_id=assessment_id, section_id=first)
        here.notice(_("Nothing was laid beside a question: choose a section that has something."), kind="info")
        return pages.see_other("vendor.pack", assessment_id=assessment_id)
    return _page(here, assessment_id)


@vendor.post("/rounds/<assessment_id>/pack/forget", roles=COMPANY_LEADERS)
def forget_pack(here: CompanyJourney, assessment_id: str) -> Response:
    """Throw the pack away."""
    answer_packs.forget(here.session, here.actor, assessment_id, now=here.now)
    here.notice(_("The pack is gone. What stands beside questions already stays there."))
    return pages.see_other("vendor.pack", assessment_id=assessment_id)


# ---- the file


def _zipped(here: CompanyJourney, made: Made) -> bytes:
    document = packs.dump(made.pack)
    signed = signing.sign(here.keyring, packs.PURPOSE, packs.canonical(document))
    reader = Reader(language=here.language, translate=i18n.translator(here.language))
    fingerprint = signing.in_groups(signed.fingerprint)
    readme = reader.text(
        README, company=made.pack.company, when=reader.moment(made.pack.made_at), fingerprint=fingerprint
    )
    shelf = Blobs(folder=here.settings.files_dir, keyring=here.keyring)
    out = BytesIO()
    with zipfile.ZipFile(out, "w", compression=zipfile.ZIP_DEFLATED) as archive:
        seal = Seal(public_key=signed.public_key, value=signed.value)
        workbook = answer_pack.write(made.pack, made.catalogue, fingerprint=fingerprint, reader=reader)
        for name, content in (
            (pack_child.INSIDE, packs.write(document, seal)),
            ("answers.xlsx", workbook),
            ("README.txt", readme.encode()),
            (packs.SCHEMA, packs.schema()),
        ):
            archive.writestr(_member(name, here.now), content)
        for name, opened in made.files.items():
            try:
                content = shelf.get(opened.owner, opened.blob_id, opened.sha256)
            except Changed as gone:  # deleted since we let go of the database
                raise Clash(Message(text=CHANGED)) from gone
            archive.writestr(_member(name, here.now), content)
    return out.getvalue()


def _member(name: str, now: datetime) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name, date_time=now.timetuple()[:6])
    made.compress_type, made.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
    return made


def _content() -> bytes:
    content = bytes(request.files["file"].read(pack_child.LARGEST + 1))
    if len(content) > pack_child.LARGEST:
        raise BadInput({"file": Message(text=pack_child.TOO_MUCH)})
    if not content:
        raise BadInput({"file": Message(text=N_("The file is empty."))})
    return content


def _plain(name: str) -> str:
    return "".join(sign if sign.isalnum() else "-" for sign in name)[:40].strip("-")


# ---- the page


def _page(
    here: CompanyJourney, assessment_id: str, *, along: AlongForm | None = None, bring: BringForm | None = None
) -> Response:
    found = answer_packs.find(here.session, here.actor, assessment_id)
    look = answer_packs.look(here.session, here.actor, assessment_id, now=here.now) if found is not None else None
    return pages.page(
        "vendor/pack.html",
        head=responses.head(here.session, here.actor, assessment_id),
        along=along or _along_form(here, assessment_id),
        bring=bring or BringForm.offered(),
        look=look,
        form=_take_form(look) if look is not None else None,
        standing=_standing(look) if look is not None else None,
        reasons=_reasons(look) if look is not None else (),
        product_name=_name,
        fingerprint=signing.in_groups(look.row.fingerprint) if look is not None else "",
        ours=signing.in_groups(signing.fingerprint(signing.public_key(here.keyring))),
    )


def _along_form(here: CompanyJourney, assessment_id: str, *, sent: bool = False) -> AlongForm:
    editions = submissions.editions(here.session, here.actor, assessment_id)
    draft = (DRAFT, _("as they stand now, marked as a draft"))
    choices = [draft]
    if editions:
        choices.insert(0, (SIGNED, _("as handed in (edition %(number)s)", number=editions[0].edition)))
    form = AlongForm.sent() if sent else AlongForm.offered(which=choices[0][0])
    form.offer("which", choices)
    return form


def _take_form(look: Look, *, sent: bool = False) -> forms.Form:
    made: dict[str, Any] = {
        "__doc__": "Which products are which, and which sections are taken.",
        "go": StringField(),
        "section": SelectMultipleField(choices=forms.choices([(one.id, "") for one in look.sections])),
    }
    values: dict[str, Any] = {"section": [one.id for one in look.sections if one.fits or one.fresh]}
    for place, one in enumerate(look.products):
        choices = [*look.supplies, (NONE, _("none of these"))]
        label = one.name or _("answers that name no product")
        made[_name(place)] = SelectField(label, [InputRequired(_("Choose a product."))], choices=forms.choices(choices))
        values[_name(place)] = one.supply_id or NONE
    form: type[forms.Form] = type("TakeForm", (forms.Form,), made)
    return form.sent() if sent else form.offered(**values)


def _name(place: int) -> str:
    return f"product.{place}"


def _standing(look: Look) -> tuple[str, str]:
    words, kind = STANDINGS[look.row.standing]
    return str(words) % {"instance": look.row.instance}, kind


def _reasons(look: Look) -> Sequence[tuple[str, Sequence[str]]]:
    """The numbers of the questions that have no place here, by why."""
    found: dict[Nowhere, list[str]] = {}
    for one in look.nowhere:
        assert one.why is not None
        name = f"{one.answer.question} ({one.answer.product})" if one.answer.product else one.answer.question
        found.setdefault(one.why, []).append(name)
    return [(str(REASONS[why]), names) for why, names in found.items()]
