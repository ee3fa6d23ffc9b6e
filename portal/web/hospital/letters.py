"""The hospital's own words for its mails to vendors, with a preview for one of them."""

from collections.abc import Sequence

from flask import Response, request
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from portal import i18n
from portal.db.models.accounts import Hospital
from portal.errors import BadInput, Clash, NotFound
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.actors import EVERY_HOSPITAL_ROLE, HOSPITAL_WRITERS
from portal.services.mails import letter_templates
from portal.services.mails.letter_templates import Facts, Kind, Words
from portal.services.mails.letters import Letter
from portal.services.rounds import invitation_links
from portal.services.rounds.campaigns import ANSWERING_TIME, LINK_IN_PREVIEW
from portal.services.vendors import vendors
from portal.web import clashes, forms, pages
from portal.web.clashes import Stands
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney

KINDS = {
    Kind.INVITATION: _l("Invitation"),
    Kind.REMINDER: _l("Reminder before the due date"),
    Kind.OVERDUE: _l("Reminder after the due date"),
}
MINUTES_IN_PREVIEW = 30
MOST_VENDORS = 500  # in the list of whom to try it on


class LetterForm(forms.Form):
    """Subject and text."""

    subject = StringField(
        _l("Subject"), [InputRequired(_l("Write something here.")), Length(max=300)], filters=[forms.stripped]
    )
    text = TextAreaField(
        _l("Text"), [InputRequired(_l("Write something here.")), Length(max=8000)], filters=[forms.stripped]
    )
    version = HiddenField()


@hospital.get("/settings/letters", roles=EVERY_HOSPITAL_ROLE)
def letter_list(here: HospitalJourney) -> Response:
    """Each mail in each language, and whose words go out."""
    return pages.page(
        "hospital/letters.html",
        kinds=KINDS,
        languages=i18n.LANGUAGES,
        changed=letter_templates.changed(here.session, here.actor),
    )


@hospital.get("/settings/letters/<letter_name>", roles=EVERY_HOSPITAL_ROLE)
def letter(here: HospitalJourney, letter_name: str) -> Response:
    """One template with its placeholders, and how it reads for a chosen vendor."""
    which, language = _which(letter_name)
    words = letter_templates.standing(here.session, here.hospital.id, which, language)
    return _page(here, which, language, _standing(words), words)


def _standing(words: Words) -> LetterForm:
    return LetterForm.offered(subject=words.subject, text=words.text, version=str(words.version))


@hospital.post("/settings/letters/<letter_name>", roles=HOSPITAL_WRITERS)
def change_letter(here: HospitalJourney, letter_name: str) -> Response:
    """Keep these words, or only show how they read."""
    which, language = _which(letter_name)
    form = LetterForm.sent()
    stands: Sequence[Stands] = ()
    if form.validate():
        try:
            with form.refusals(here.session):
                letter_templates.change(
                    here.session,
                    here.actor,
                    which,
                    language,
                    subject=form["subject"].data,
                    text=form["text"].data,
                    version=forms.version(form["version"].data),
                    now=here.now,
                )
                here.notice(_("Saved. The next mail goes out in these words."))
                return pages.see_other("hospital.letter", letter_name=letter_name)
        except Clash as refused:
            now = letter_templates.standing(here.session, here.hospital.id, which, language)
            stands = clashes.meet(form, refused, _standing(now))
    standing = letter_templates.standing(here.session, here.hospital.id, which, language)
    return _page(here, which, language, form, standing, stands=stands)


@hospital.post("/settings/letters/<letter_name>/try", roles=HOSPITAL_WRITERS)
def try_letter(here: HospitalJourney, letter_name: str) -> Response:
    """How unsaved words read."""
    which, language = _which(letter_name)
    form = LetterForm.sent()
    if form.validate():
        try:
            letter_templates.check(form["subject"].data, form["text"].data, language)
        except BadInput as refused:
            form.take(refused)
    standing = letter_templates.standing(here.session, here.hospital.id, which, language)
    return _page(here, which, language, form, standing)


@hospital.post("/settings/letters/<letter_name>/reset", roles=HOSPITAL_WRITERS)
def reset_letter(here: HospitalJourney, letter_name: str) -> Response:
    """Back to the words of the house."""
    which, language = _which(letter_name)
    letter_templates.reset(here.session, here.actor, which, language, now=here.now)
    here.notice(_("The words supplied with Kettenblick go out again."))
    return pages.see_other("hospital.letter", letter_name=letter_name)


def _which(letter_name: str) -> tuple[Kind, str]:
    """Of "invitation.de"."""
    kind, _dot, language = letter_name.partition(".")
    if kind not in set(Kind) or language not in i18n.LANGUAGES:
        raise NotFound
    return Kind(kind), language


def _page(
    here: HospitalJourney,
    kind: Kind,
    language: str,
    form: forms.Form,
    standing: Words,
    *,
    stands: Sequence[Stands] = (),
) -> Response:
    known = vendors.search(here.session, here.actor, limit=MOST_VENDORS)
    chosen = request.args.get("vendor", "")
    vendor = next((one for one in known if one.id == chosen), None) or next(iter(known), None)
    shown = standing
    if not form.errors and not form.form_errors:
        shown = Words(subject=form["subject"].data or "", text=form["text"].data or "")
    products = [supply.name for supply in vendor.supplies if supply.ended_at is None] if vendor else []
    facts = Facts(
        hospital=here.session.get_one(Hospital, here.hospital.id),
        vendor=vendor.name if vendor else _("Example Ltd"),
        products=products or [_("Example product")],
        minutes=MINUTES_IN_PREVIEW,
        due_on=here.today + ANSWERING_TIME,
        name=vendor.contact_name if vendor else "",
    )
    return pages.page(
        "hospital/letter.html",
        form=form,
        stands=stands,
        kind=kind,
        kinds=KINDS,
        of_language=language,
        language_word=i18n.LANGUAGES[language],
        gaps=letter_templates.gaps(language),
        standing=standing,
        preview=_preview(shown, facts, language),
        vendors=known,
        vendor=vendor,
        may_write=here.role in HOSPITAL_WRITERS,
    )


def _preview(words: Words, facts: Facts, language: str) -> Letter:
    """A reminder reads so until the company has come; from then on it says how many questions are open."""
    always = [invitation_links.what_the_link_does(language)]
    with i18n.speaking(language):
        link_text = _("Open the request")
    return letter_templates.fill(
        words, facts, language=language, link=LINK_IN_PREVIEW, link_text=link_text, always=always
    )
