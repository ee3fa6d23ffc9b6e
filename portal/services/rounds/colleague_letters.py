"""The mails to colleagues in a company: an invitation to join, sections that were handed to them, and the reminder."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from portal import i18n
from portal.services.mails.letters import Letter


@dataclass(frozen=True, kw_only=True)
class Handed:
    """What a colleague is told of the sections in their hands."""

    name: str
    by_name: str
    company: str
    hospital: str
    sections: Sequence[tuple[str, int, int]]  # title, questions that are open, minutes for them
    notes: Sequence[str]
    due_on: date
    link: str
    has_come: bool  # has an account in the company already
    is_reminder: bool


def invitation(by_name: str, company: str, *, link: str) -> Letter:
    """Somebody asks a colleague to join, in the language that is spoken."""
    _ = i18n.gettext
    return Letter(
        subject=_("%(name)s invites you to %(company)s on Kettenblick", name=by_name, company=company),
        paragraphs=[
            _("Good day,"),
            _(
                "%(name)s asks you to help answer the security questions that hospitals put to %(company)s.",
                name=by_name,
                company=company,
            ),
        ],
        link=link,
        link_text=_("Join"),
        closing=[_("The link is meant for you alone and works for 14 days.")],
    )


def handed(told: Handed, *, language: str) -> Letter:
    """Which sections, for whom, until when, and what their reader will see."""
    with i18n.speaking(language):
        _ = i18n.gettext
        greeting = _("Good day %(name)s,", name=told.name) if told.name else _("Good day,")
        asks = (
            _(
                "%(name)s reminds you of the questions on security that %(hospital)s has put to %(company)s. These "
                "sections are in your hands:",
                name=told.by_name,
                hospital=told.hospital,
                company=told.company,
            )
            if told.is_reminder
            else _(
                "%(hospital)s has asked %(company)s for a self-declaration on security. %(name)s asks you to answer "
                "these sections of it:",
                hospital=told.hospital,
                company=told.company,
                name=told.by_name,
            )
        )
        day = told.due_on.strftime("%d.%m.%Y" if language == "de" else "%d %b %Y")
        subject = (
            _("Reminder: your sections for %(hospital)s", hospital=told.hospital)
            if told.is_reminder
            else _("%(name)s hands sections for %(hospital)s to you", name=told.by_name, hospital=told.hospital)
        )
        return Letter(
            subject=subject,
            paragraphs=[
                greeting,
                asks,
                "\n".join(_line(title, questions, minutes) for title, questions, minutes in told.sections),
                *told.notes,
                _("Please answer by %(day)s. Every answer is saved as you type; you can stop at any time.", day=day),
            ],
            link=told.link,
            link_text=_("Open your sections") if told.has_come else _("Join and answer"),
            closing=[
                _(
                    "You see these sections and their documents; the rest of the request stays with %(name)s.",
                    name=told.by_name,
                ),
                _("Sign in with your account to open them.")
                if told.has_come
                else _(
                    "The link is meant for you alone and works for 14 days. Once it has run out, its page sends a new "
                    "one to this address."
                ),
                told.company,
            ],
        )


def _line(title: str, questions: int, minutes: int) -> str:
    if not questions:
        return "– " + i18n.gettext("%(section)s: everything is answered", section=title)
    count = i18n.ngettext("%(num)s open question", "%(num)s open questions", questions)
    if not minutes:
        return f"– {title}: {count}"
    return "– " + i18n.gettext(
        "%(section)s: %(questions)s, %(minutes)s",
        section=title,
        questions=count,
        minutes=i18n.ngettext("about %(num)s minute", "about %(num)s minutes", minutes),
    )
