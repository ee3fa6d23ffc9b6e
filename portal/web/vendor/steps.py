"""The steps of a round, as they stand above each of its pages."""

from flask import url_for

from portal.i18n import gettext as _
from portal.services.rounds.standings import Standing

Step = tuple[str, str | None, str]  # word, address, done | here | open


def of(standing: Standing, here: str) -> list[Step]:
    """Invitation, approval, own result, questions, handing in; `here` is the page that is read.

    Whoever holds single sections has two: what was handed to them, and the questions.
    """
    entries = (
        ("invitation", _("Invitation") if standing.is_whole else _("Your sections"), "vendor.round", True),
        ("approval", _("Approval"), "vendor.approval", standing.is_decided),
        ("result", _("Your scan result"), "vendor.result", standing.has_result),
        ("questions", _("Questions"), "vendor.questions", standing.is_answered),
        ("hand-in", _("Look through and hand in"), "vendor.hand_in", standing.is_handed_in),
    )
    return [
        (word, url_for(endpoint, assessment_id=standing.head.id), "here" if key == here else "done" if done else "open")
        for key, word, endpoint, done in entries
        if standing.is_whole or key in {"invitation", "questions"}
    ]
