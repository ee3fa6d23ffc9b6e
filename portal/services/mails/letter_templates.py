"""The words of a hospital's mails to vendors: its own, or those of the house, with placeholders from a closed list."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import i18n
from portal.db.models.accounts import Hospital, HospitalRole
from portal.db.models.campaigns import LetterTemplate
from portal.errors import BadInput, Clash
from portal.services import audit
from portal.services.actors import Actor, hospital_of
from portal.services.mails.letters import Letter
from scanners.model import N_, Message

WRITERS = frozenset({HospitalRole.ADMIN, HospitalRole.ASSESSOR})
LONGEST_SUBJECT, LONGEST_TEXT = 200, 6000
_GAP = re.compile(r"\{[ \t]*([^{}\n]{1,40}?)[ \t]*\}")


class Kind(StrEnum):
    """Which mail."""

    INVITATION = "invitation"
    REMINDER = "reminder"  # before the due date
    OVERDUE = "overdue"  # after it


class Gap(StrEnum):
    """What a template may leave to be filled in; the value is its name in an English text."""

    GREETING = "greeting"
    HOSPITAL = "hospital"
    VENDOR = "vendor"
    PRODUCTS = "products"
    MINUTES = "minutes"
    DUE = "due"
    CONTACT = "contact"
    PARAGRAPH = "paragraph"  # of one's own, written with the invitation
    LINK = "link"


GERMAN: Mapping[Gap, str] = {
    Gap.GREETING: "Anrede",
    Gap.HOSPITAL: "Krankenhaus",
    Gap.VENDOR: "Lieferant",
    Gap.PRODUCTS: "Produkte",
    Gap.MINUTES: "Minuten",
    Gap.DUE: "Frist",
    Gap.CONTACT: "Ansprechperson",
    Gap.PARAGRAPH: "Absatz",
    Gap.LINK: "Link",
}
MEANINGS: Mapping[Gap, str] = {
    Gap.GREETING: N_("“Good day” with the name of the person, where it is known"),
    Gap.HOSPITAL: N_("name of your hospital"),
    Gap.VENDOR: N_("name of the vendor"),
    Gap.PRODUCTS: N_("the products and services that are asked about"),
    Gap.MINUTES: N_("about how many minutes the questions take"),
    Gap.DUE: N_("the due date"),
    Gap.CONTACT: N_("the contact of your hospital, from the settings"),
    Gap.PARAGRAPH: N_("a paragraph of your own that is written with the invitation; left out where there is none"),
    Gap.LINK: N_("the button to the request; stands alone on its line"),
}
NEEDED = (Gap.HOSPITAL, Gap.DUE)
_NAMES = {**{gap.value: gap for gap in Gap}, **{name.casefold(): gap for gap, name in GERMAN.items()}}


@dataclass(frozen=True, kw_only=True)
class Words:
    """A template as it stands; version 0 is the house's own."""

    subject: str
    text: str
    version: int = 0
    by_name: str = ""
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What fills the gaps of one mail."""

    hospital: Hospital
    vendor: str
    products: Sequence[str]
    minutes: int
    due_on: date
    name: str = ""  # of the person who is written to
    message: str = ""


def gap(which: Gap, language: str) -> str:
    """A placeholder as it is typed in that language."""
    return "{" + (GERMAN[which] if language == "de" else which.value) + "}"


def gaps(language: str) -> Sequence[tuple[str, str]]:
    """The closed list: each as it is typed, and what stands there."""
    return [(gap(which, language), MEANINGS[which]) for which in Gap]


def standing(session: Session, hospital_id: str, kind: Kind, language: str) -> Words:
    """What goes out now."""
    row = session.get(LetterTemplate, (hospital_id, kind.value, language))
    if row is None:
        return default(kind, language)
    return Words(subject=row.subject, text=row.text, version=row.version, by_name=row.by_name, at=row.at)


def changed(session: Session, actor: Actor) -> frozenset[tuple[str, str]]:
    """Which kinds and languages the hospital has words of its own for."""
    rows = session.execute(
        select(LetterTemplate.kind, LetterTemplate.language).where(LetterTemplate.hospital_id == hospital_of(actor))
    )
    return frozenset((kind, language) for kind, language in rows)


def change(
    session: Session, actor: Actor, kind: Kind, language: str, *, subject: str, text: str, version: int, now: datetime
) -> None:
    """Words of the hospital's own; what they lack is said before anything goes out."""
    hospital_id = hospital_of(actor, WRITERS)
    check(subject, text, language)
    row = session.get(LetterTemplate, (hospital_id, kind.value, language), populate_existing=True)
    if (row.version if row else 0) != version:
        raise Clash(Message(text=N_("Somebody else changed this template in the meantime. Look at it again.")))
    if row is None:
        row = LetterTemplate(hospital_id=hospital_id, kind=kind.value, language=language, version=0)
        session.add(row)
    row.subject, row.text = " ".join(subject.split()), _tidy(text)
    row.by_name, row.at = actor.name, now
    row.version += 1
    audit.record(session, actor, "letter.changed", hospital_id, now=now, detail={"kind": kind, "language": language})


def reset(session: Session, actor: Actor, kind: Kind, language: str, *, now: datetime) -> None:
    """Back to the words of the house."""
    hospital_id = hospital_of(actor, WRITERS)
    row = session.get(LetterTemplate, (hospital_id, kind.value, language))
    if row is not None:
        session.delete(row)
        audit.record(session, actor, "letter.reset", hospital_id, now=now, detail={"kind": kind, "language": language})


def check(subject: str, text: str, language: str) -> None:
    """Raises BadInput with a sentence for each field: unknown placeholders, and those that a mail needs."""
    wrong: dict[str, Message] = {}
    limits = (("subject", subject, LONGEST_SUBJECT), ("text", text, LONGEST_TEXT))
    for field, words, longest in limits:
        unknown = [name for name in _GAP.findall(words) if name.casefold() not in _NAMES]
        if not words.strip():
            wrong[field] = Message(text=N_("Write something here."))
        elif len(words) > longest:
            wrong[field] = Message(text=N_("At most %(count)s characters fit here."), values={"count": str(longest)})
        elif unknown:
            wrong[field] = Message(
                text=N_("There is no placeholder {%(name)s}. Use one of the list."), values={"name": unknown[0]}
            )
    if "subject" not in wrong and Gap.LINK in _used(subject):
        wrong["subject"] = Message(text=N_("The link cannot stand in the subject."))
    missing = [one for one in NEEDED if one not in _used(text)]
    alone = [part for part in _paragraphs(text) if _used(part) == [Gap.LINK] and _GAP.fullmatch(part)]
    if "text" not in wrong and (len(alone) != 1 or _used(text).count(Gap.LINK) != 1):
        wrong["text"] = Message(
            text=N_("%(name)s must stand once, alone between two empty lines."),
            values={"name": gap(Gap.LINK, language)},
        )
    elif "text" not in wrong and missing:
        wrong["text"] = Message(
            text=N_("%(name)s is missing: who reads it has to know."), values={"name": gap(missing[0], language)}
        )
    if wrong:
        raise BadInput(wrong)


def fill(words: Words, facts: Facts, *, language: str, link: str, link_text: str, always: Sequence[str]) -> Letter:
    """The mail of a template: each gap filled once, a paragraph whose gap has nothing to say left out.

    `always` stands below the link whatever the template says.
    """
    values = _values(facts, language)
    before: list[str] = []
    after: list[str] | None = None
    for part in _paragraphs(words.text):
        used = _used(part)
        if used == [Gap.LINK] and after is None:
            after = []
        elif all(values[one] for one in used):
            (before if after is None else after).append(_filled(part, values))
    return Letter(
        subject=_filled(words.subject, values),
        paragraphs=before,
        link=link,
        link_text=link_text,
        closing=[*always, *(after or [])],
    )


def default(kind: Kind, language: str) -> Words:
    """The words of the house, with the placeholders of that language."""
    with i18n.speaking(language):
        _ = i18n.gettext
        named = {one: gap(one, language) for one in Gap}
        contact = _("Contact at the hospital: %(contact)s", contact=named[Gap.CONTACT])
        ending = (named[Gap.LINK], contact, named[Gap.HOSPITAL])
        if kind is Kind.INVITATION:
            subject = _("%(hospital)s: request for a security self-declaration", hospital=named[Gap.HOSPITAL])
            told: tuple[str, ...] = (
                _(
                    "%(hospital)s asks you for a self-declaration on the security of %(products)s. As an operator in "
                    "health care it has to look after the security of its supply chain (§ 30 (2) no. 4 BSIG, "
                    "Art. 21 (2) (d) NIS2); your answers help it to do so on facts.",
                    hospital=named[Gap.HOSPITAL],
                    products=named[Gap.PRODUCTS],
                ),
                named[Gap.PARAGRAPH],
                _(
                    "It takes about %(minutes)s minutes, can be interrupted at any time and be shared with "
                    "colleagues. Please hand it in by %(day)s.",
                    minutes=named[Gap.MINUTES],
                    day=named[Gap.DUE],
                ),
            )
        elif kind is Kind.REMINDER:
            subject = _("%(hospital)s: your self-declaration is due on %(day)s", hospital=named[Gap.HOSPITAL],
                        day=named[Gap.DUE])  # fmt: skip
            told = (
                _(
                    "%(hospital)s asked you for a self-declaration on the security of %(products)s. It is due on "
                    "%(day)s and has not been handed in yet.",
                    hospital=named[Gap.HOSPITAL],
                    products=named[Gap.PRODUCTS],
                    day=named[Gap.DUE],
                ),
                _("What you have answered so far is kept. If you need more time, a short word to us is enough."),
            )
        else:
            subject = _("%(hospital)s: your self-declaration was due on %(day)s", hospital=named[Gap.HOSPITAL],
                        day=named[Gap.DUE])  # fmt: skip
            told = (
                _(
                    "%(hospital)s asked you for a self-declaration on the security of %(products)s. It was due on "
                    "%(day)s; we have not received it yet.",
                    hospital=named[Gap.HOSPITAL],
                    products=named[Gap.PRODUCTS],
                    day=named[Gap.DUE],
                ),
                _(
                    "Please hand it in, or tell us by when you can. Without it we have to assess you without your "
                    "own word."
                ),
            )
        return Words(subject=subject, text="\n\n".join([named[Gap.GREETING], *told, *ending]))


def _values(facts: Facts, language: str) -> Mapping[Gap, str]:
    hospital = facts.hospital
    with i18n.speaking(language):
        greeting = i18n.gettext("Good day %(name)s,", name=facts.name) if facts.name else i18n.gettext("Good day,")
    contact = (hospital.contact_name, hospital.contact_email, hospital.contact_phone)
    return {
        Gap.GREETING: greeting,
        Gap.HOSPITAL: hospital.name,
        Gap.VENDOR: facts.vendor,
        Gap.PRODUCTS: ", ".join(facts.products),
        Gap.MINUTES: str(facts.minutes),
        Gap.DUE: facts.due_on.strftime("%d.%m.%Y" if language == "de" else "%d %b %Y"),
        Gap.CONTACT: " · ".join(part for part in contact if part),
        Gap.PARAGRAPH: facts.message,
        Gap.LINK: "",
    }


def _filled(text: str, values: Mapping[Gap, str]) -> str:
    """In one pass: what a value itself holds is text, never a placeholder."""
    return _GAP.sub(
        lambda found: values[_NAMES[found[1].casefold()]] if found[1].casefold() in _NAMES else found[0], text
    )


def _used(text: str) -> list[Gap]:
    return [_NAMES[name.casefold()] for name in _GAP.findall(text) if name.casefold() in _NAMES]


def _paragraphs(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"\n[ \t]*\n", _tidy(text)) if part.strip()]


def _tidy(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()
