"""The mails about incidents: a hospital learns that a vendor reported one, a vendor that a hospital asks at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal import home, i18n, mailer
from portal.db.models.accounts import Hospital
from portal.db.models.incidents import Flash, FlashStanding, Incident, IncidentDesk, IncidentStage
from portal.db.models.vendors import Vendor
from portal.home import BERLIN
from portal.services.actors import HOSPITAL_WRITERS
from portal.services.incidents import incident_clocks
from portal.services.mails import outbox
from portal.services.mails.letters import Letter
from portal.services.people import accounts
from scanners.model import N_

STANDINGS = {
    FlashStanding.AFFECTED: N_("affected"),
    FlashStanding.NOT_AFFECTED: N_("not affected"),
    FlashStanding.INVESTIGATING: N_("under investigation"),
}


@dataclass(frozen=True, kw_only=True)
class News:
    """What a hospital is told of a word; the word itself stays in the portal."""

    hospital_id: str
    vendor: str
    incident: Incident
    stage: IncidentStage
    supplies: tuple[str, ...]
    contact: str
    next_at: datetime | None


def moment(at: datetime, language: str) -> str:
    """A moment by the clock on the wall, with its zone."""
    local = at.astimezone(BERLIN)
    pattern = "%d.%m.%Y, %H:%M" if language == "de" else "%d %b %Y, %H:%M"
    zone = local.tzname() or ""
    return f"{local:{pattern}} {({'CET': 'MEZ', 'CEST': 'MESZ'}.get(zone, zone)) if language == 'de' else zone}"


def language_of(vendor: Vendor) -> str:
    """In which language a vendor is written to."""
    return home.language_of(vendor.country)


def people_of_hospital(session: Session, hospital: Hospital) -> Sequence[tuple[str, str]]:
    """Address and language of everybody whom incidents concern: assessors, administrators, the emergency contact."""
    people = accounts.people_of_hospital(session, hospital.id, HOSPITAL_WRITERS)
    found = {person.email: person.language for person in people}
    desk = session.get(IncidentDesk, hospital.id)
    emergency = (desk.email if desk else "") or hospital.contact_email.strip().lower()
    if mailer.is_one_address(emergency):
        found.setdefault(emergency, hospital.language)
    return list(found.items())


def tell_hospital(session: Session, news: News, *, base_url: str, now: datetime) -> None:
    """One mail to each; the same to all but for the language."""
    hospital = session.get_one(Hospital, news.hospital_id)
    for address, language in people_of_hospital(session, hospital):
        with i18n.speaking(language):
            letter = _report(news, link=f"{base_url}/hospital/incidents/{news.incident.id}", language=language)
        _send(session, "incident", address, letter, language=language, hospital_id=hospital.id, now=now)


def _report(news: News, *, link: str, language: str) -> Letter:
    _ = i18n.gettext
    stage = _(incident_clocks.WORDS[news.stage])
    known = moment(news.incident.known_at, language)
    lines = [
        _("Known to the company since: %(when)s", when=known),
        *([_("Products concerned: %(names)s", names=", ".join(news.supplies))] if news.supplies else []),
        _("To be reached now: %(contact)s", contact=news.contact),
        *([_("Next word promised for: %(when)s", when=moment(news.next_at, language))] if news.next_at else []),
    ]
    return Letter(
        subject=_("Security incident at %(vendor)s: %(stage)s", vendor=news.vendor, stage=stage),
        paragraphs=(
            _("Good day,"),
            _("%(vendor)s tells you of a security incident. This is: %(stage)s.", vendor=news.vendor, stage=stage),
            "\n".join(lines),
            _("What exactly happened you read after signing in; please confirm there that you have read it."),
        ),
        link=link,
        link_text=_("To the incident"),
        closing=(
            _(
                "If this incident becomes one of yours, your own clocks count from when you know of it (§ 32 BSIG, "
                "Art. 33 GDPR). This mail is no report to an authority."
            ),
        ),
    )


def ask(flash: Flash, hospital: Hospital, *, contact: str, link: str, language: str, is_second: bool = False) -> Letter:
    """The question of the moment to a vendor, in the hospital's own words."""
    with i18n.speaking(language):
        _ = i18n.gettext
        text = flash.text_de if language == "de" else flash.text_en
        subject = _("%(hospital)s asks at once: %(about)s", hospital=hospital.name, about=flash.about)
        return Letter(
            subject=_("Second request: %(subject)s", subject=subject) if is_second else subject,
            paragraphs=(
                _("Good day,"),
                *(
                    [_("We have written to a colleague of yours and have no answer yet. We therefore turn to you.")]
                    if is_second
                    else []
                ),
                text,
                "\n".join(
                    (
                        _("Please answer with one of these: affected, not affected, under investigation."),
                        _("First word by %(when)s (24 hours)", when=moment(flash.first_due_at, language)),
                        _("Final word by %(when)s (72 hours)", when=moment(flash.last_due_at, language)),
                    )
                ),
            ),
            link=link,
            link_text=_("Answer"),
            closing=(
                _("Opening the link answers nothing yet. If it cannot be opened, answer to this address or number:"),
                contact,
                hospital.name,
            ),
        )


def fresh_link(flash: Flash, hospital: Hospital, *, link: str, language: str) -> Letter:
    """After "under investigation": the way to the final word."""
    with i18n.speaking(language):
        _ = i18n.gettext
        return Letter(
            subject=_("Your next word to %(hospital)s: %(about)s", hospital=hospital.name, about=flash.about),
            paragraphs=(
                _("Good day,"),
                _("Thank you. You are still investigating; this new link takes your next word."),
                _("Final word by %(when)s (72 hours)", when=moment(flash.last_due_at, language)),
            ),
            link=link,
            link_text=_("Answer"),
            closing=(hospital.name,),
        )


def send_to_vendor(
    session: Session, letter: Letter, addresses: Iterable[str], *, language: str, hospital_id: str, now: datetime
) -> None:
    """The same letter to several addresses of one vendor."""
    for address in dict.fromkeys(addresses):
        _send(session, "flash", address, letter, language=language, hospital_id=hospital_id, now=now)


def tell_of_affected(session: Session, flash: Flash, vendor: Vendor, *, base_url: str, now: datetime) -> None:
    """A vendor is affected: those whom it concerns learn it at once."""
    hospital = session.get_one(Hospital, flash.hospital_id)
    for address, language in people_of_hospital(session, hospital):
        with i18n.speaking(language):
            _ = i18n.gettext
            letter = Letter(
                subject=_("%(vendor)s is affected: %(about)s", vendor=vendor.name, about=flash.about),
                paragraphs=(
                    _("Good day,"),
                    _("%(vendor)s has answered your question: affected.", vendor=vendor.name),
                ),
                link=f"{base_url}/hospital/incidents/flashes/{flash.id}",
                link_text=_("To all answers"),
            )
        _send(session, "flash-affected", address, letter, language=language, hospital_id=hospital.id, now=now)


def _send(
    session: Session, kind: str, address: str, letter: Letter, *, language: str, hospital_id: str, now: datetime
) -> None:
    outbox.post(
        session,
        letter,
        kind=kind,
        to=address,
        language=language,
        hospital_id=hospital_id,
        now=now,
    )
