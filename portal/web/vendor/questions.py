"""The questions: profile first, one section a page, every answer saved as it is given."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import Response, url_for
from werkzeug.exceptions import BadRequest

from portal.errors import BadInput, Clash, NotFound
from portal.home import BERLIN
from portal.i18n import gettext as _
from portal.i18n import ngettext
from portal.services.actors import EVERY_COMPANY_ROLE
from portal.services.answers import responses, suggestions
from portal.services.answers.responses import Saved
from portal.services.evidence import evidence
from portal.services.rounds import scopes, standings
from portal.services.rounds.rounds import Key, Round
from portal.web import filters, forms, pages
from portal.web.journey import CompanyJourney
from portal.web.vendor import sections, steps
from portal.web.vendor.room import vendor
from portal.web.vendor.sections import Entry, Leaf, Typed
from questionnaires import answering
from questionnaires.model import AnswerShape, BadAnswer
from scanners.model import Message

LONGEST_TYPED = 20_000


@vendor.get("/rounds/<assessment_id>/questions", roles=EVERY_COMPANY_ROLE)
def questions(here: CompanyJourney, assessment_id: str) -> Response:
    """To the page where something is left to answer."""
    asked, remarks = _load(here, assessment_id)
    leaves = sections.leaves(asked, remarks)
    if not leaves:  # the profile hides every question that was handed to them
        return pages.see_other("vendor.round", assessment_id=assessment_id)
    first = next((leaf for leaf in leaves if leaf.answered < leaf.asked), leaves[0])
    return pages.see_other("vendor.section", assessment_id=assessment_id, section_id=first.id)


@vendor.get("/rounds/<assessment_id>/questions/<section_id>", roles=EVERY_COMPANY_ROLE)
def section(here: CompanyJourney, assessment_id: str, section_id: str) -> Response:
    """One page of questions."""
    asked, remarks = _load(here, assessment_id)
    page = _entries(here, asked, section_id, remarks)
    return _page(here, asked, section_id, page, sections.form_of(page).offered(**sections.filled(page)))


@vendor.get("/rounds/<assessment_id>/questions/<section_id>/progress", roles=EVERY_COMPANY_ROLE)
def section_progress(here: CompanyJourney, assessment_id: str, section_id: str) -> Response:
    """What of the page changes with an answer: what is asked now, what is left, how long it takes."""
    asked, remarks = _load(here, assessment_id)
    return pages.json_answer(**_live(asked, section_id, sections.leaves(asked, remarks)))


@vendor.post("/rounds/<assessment_id>/questions/<section_id>", roles=EVERY_COMPANY_ROLE)
def save_section(here: CompanyJourney, assessment_id: str, section_id: str) -> Response:
    """Save the page as a whole, where there is no script: what can be taken is taken, the rest stays in its field."""
    asked, remarks = _load(here, assessment_id)
    page = _entries(here, asked, section_id, remarks)
    form = sections.form_of(page).sent()
    shown = [
        _take(here, assessment_id, form, entry)
        if entry.is_open and not sections.is_unconfirmed(form.data, entry)
        else entry
        for entry in page
    ]
    if not form.errors and not any(entry.clash is not None for entry in shown):
        here.notice(_("Saved."))
        following = _following(asked, remarks, section_id) if form["go"].data == "next" else section_id
        return pages.see_other("vendor.section", assessment_id=assessment_id, section_id=following)
    return _page(here, _load(here, assessment_id)[0], section_id, shown, form)


@vendor.post("/rounds/<assessment_id>/answers/<name>", roles=EVERY_COMPANY_ROLE)
def save_answer(here: CompanyJourney, assessment_id: str, name: str) -> Response:
    """Autosave; acknowledged by the journey only after the commit."""
    sent = pages.json_sent(names=("fields", "version"))
    typed = _typed(sent, name)
    saved = _save(here, assessment_id, sections.key_of(name), typed)
    return pages.json_answer(version=saved.version, saved_at=filters.clock(saved.at))


@vendor.post("/rounds/<assessment_id>/questions/<section_id>/prefill", roles=EVERY_COMPANY_ROLE)
def prefill(here: CompanyJourney, assessment_id: str, section_id: str) -> Response:
    """Lay earlier answers beside the questions of a page; each waits to be confirmed."""
    count = suggestions.prefill(here.session, here.actor, assessment_id, section_id, now=here.now)
    here.notice(
        ngettext(
            "%(num)s earlier answer stands in its field. Please confirm it.",
            "%(num)s earlier answers stand in their fields. Please confirm each.",
            count,
        )
        if count
        else _("There is no earlier answer for this page.")
    )
    return pages.see_other("vendor.section", assessment_id=assessment_id, section_id=section_id)


@vendor.post("/rounds/<assessment_id>/questions/<section_id>/dismiss", roles=EVERY_COMPANY_ROLE)
def dismiss_suggestions(here: CompanyJourney, assessment_id: str, section_id: str) -> Response:
    """Take away what was not confirmed."""
    suggestions.dismiss(here.session, here.actor, assessment_id, section_id, now=here.now)
    here.notice(_("The earlier answers that were not confirmed are gone from this page."))
    return pages.see_other("vendor.section", assessment_id=assessment_id, section_id=section_id)


# ---- saving


def _save(here: CompanyJourney, assessment_id: str, key: Key, typed: Typed) -> Saved:
    assessment, part = responses.find_part(here.session, here.actor, assessment_id)
    shape = responses.shape_of(here.session, assessment, key, part=part)
    value = _parsed(here, shape, typed)
    return responses.save(here.session, here.actor, assessment_id, key, value, version=typed.version, now=here.now)


def _parsed(here: CompanyJourney, shape: AnswerShape, typed: Typed) -> Any:
    try:
        return answering.parse(shape, typed.values, comment=typed.comment, today=here.now.astimezone(BERLIN).date())
    except BadAnswer as bad:
        raise BadInput({bad.field: Message(text=bad.message.text, values=bad.message.values)}) from bad


def _take(here: CompanyJourney, assessment_id: str, form: forms.Form, entry: Entry) -> Entry:
    """Save one answer of a sent form; a refusal stands beside its field, a clash shows the other text."""
    try:
        _save(here, assessment_id, entry.key, sections.typed_in(form.data, entry.name))
    except BadInput as refused:
        form.take(BadInput({f"{entry.name}.{part}": message for part, message in refused.fields.items()}))
    except Clash as clash:
        version: Any = form[f"{entry.name}.{sections.VERSION}"]
        version.data = str(clash.version)  # whoever sends again has seen the other text
        return replace(entry, clash=str(clash.theirs or ""))
    return entry


def _typed(sent: Mapping[str, Any], name: str) -> Typed:
    """What autosave sent, with exactly the names this question has and nothing but text."""
    fields, version = sent.get("fields"), sent.get("version")
    if not isinstance(fields, dict) or not set(fields) <= sections.names_of(name):
        raise BadRequest
    if not isinstance(version, int) or isinstance(version, bool):
        raise BadRequest
    for one in fields.values():
        texts = one if isinstance(one, list) else [one]
        if not all(isinstance(text, str) and len(text) <= LONGEST_TYPED for text in texts):
            raise BadRequest
    cleaned = {
        key: [forms.stripped(text) for text in one] if isinstance(one, list) else forms.stripped(one)
        for key, one in fields.items()
    }
    return sections.typed_in({**cleaned, f"{name}.{sections.VERSION}": str(max(version, 0))}, name)


# ---- the page


def _load(here: CompanyJourney, assessment_id: str) -> tuple[Round, Mapping[Key, str]]:
    asked = responses.questionnaire(here.session, here.actor, assessment_id, now=here.now)
    return asked, responses.remarks(here.session, asked)


def _entries(here: CompanyJourney, asked: Round, section_id: str, remarks: Mapping[Key, str]) -> Sequence[Entry]:
    if section_id not in {leaf.id for leaf in sections.leaves(asked, remarks)}:
        raise NotFound
    writable = asked.assessment.stage in responses.WRITABLE
    links = evidence.by_answer(here.session, asked.assessment, part=asked.part)
    names = evidence.names(here.session, asked.assessment)
    lying = suggestions.of_round(here.session, asked)
    return [
        replace(
            entry,
            documents=tuple((one, names[one]) for one in links.get(entry.key, ()) if one in names),
            suggestion=lying.get(entry.key) if entry.is_open and entry.value is None else None,
        )
        for entry in sections.entries(asked, section_id, remarks, writable=writable)
    ]


def _following(asked: Round, remarks: Mapping[Key, str], section_id: str) -> str:
    ids = [leaf.id for leaf in sections.leaves(asked, remarks)]
    return (ids[ids.index(section_id) + 1 :] or [section_id])[0]


def _page(here: CompanyJourney, asked: Round, section_id: str, page: Sequence[Entry], form: forms.Form) -> Response:
    remarks = responses.remarks(here.session, asked)
    standing = standings.of_round(here.session, here.actor, asked.assessment.id, now=here.now)
    following = _following(asked, remarks, section_id)
    leaves = sections.leaves(asked, remarks)
    has_clash = any(entry.clash is not None for entry in page)
    return pages.page(
        "vendor/section.html",
        form=form,
        status=409 if has_clash else 200,
        head=standing.head,
        steps_of_round=steps.of(standing, "questions"),
        following=next((leaf for leaf in leaves if leaf.id == following and following != section_id), None),
        entries=page,
        disclaimer=asked.catalogue.disclaimer.get(here.language),
        is_writable=any(entry.is_open for entry in page),
        offered=_offered(here, asked, section_id, page),
        months_of=lambda given_at: suggestions.age_in_months(given_at, today=here.now.astimezone(BERLIN).date()),
        leaf=next(leaf for leaf in leaves if leaf.id == section_id),
        live=_live(asked, section_id, leaves),
        is_whole=asked.part.is_whole,
    )


def _live(asked: Round, section_id: str, leaves: Sequence[Leaf]) -> Mapping[str, Any]:
    """How far this page and the whole have come, in words, for the page and for its script alike."""
    leaf = next((leaf for leaf in leaves if leaf.id == section_id), None)
    if leaf is None:
        raise NotFound
    total = sections.total(asked)
    facts = [_answered(leaf.answered, leaf.asked)]
    if leaf.minutes:
        facts.append(ngettext("about %(num)s minute", "about %(num)s minutes", leaf.minutes))
    if leaf.id == scopes.PROFILE:
        facts.append(
            _("by these answers %(asked)s of %(all)s questions are asked", asked=total.questions, all=total.known)
        )
    left = ngettext("about %(num)s minute left", "about %(num)s minutes left", total.minutes) if total.minutes else ""
    return {
        "facts": " · ".join(facts),
        "total": " · ".join(filter(None, (_answered(total.answered, total.asked), left))),
        "sections": [
            {
                "id": one.id,
                "title": one.title,
                "address": url_for("vendor.section", assessment_id=asked.assessment.id, section_id=one.id),
                "count": f"{one.answered}/{one.asked}",
                "minutes": _("%(minutes)s min", minutes=one.minutes) if one.minutes else "",
                "is_done": one.answered == one.asked,
            }
            for one in leaves
        ],
    }


def _answered(done: int, asked: int) -> str:
    return _("%(done)s of %(all)s answered", done=done, all=asked)


def _offered(here: CompanyJourney, asked: Round, section_id: str, page: Sequence[Entry]) -> int:
    """How many questions of the page could be filled from earlier rounds."""
    waiting = {entry.key for entry in page if entry.is_open and entry.value is None and entry.suggestion is None}
    if not waiting:
        return 0
    return sum(
        key in waiting and suggestions.is_on(asked, key, section_id)
        for key in suggestions.earlier(here.session, here.actor, asked, now=here.now)
    )
