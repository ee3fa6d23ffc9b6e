"""The policy of a hospital: what holds, a draft of its own, what it would change, its releases."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Response, request
from wtforms import FileField, HiddenField, SelectMultipleField, TextAreaField
from wtforms.validators import InputRequired, Length

from assessments import deciding, frameworks, sense, tailoring
from assessments.model import MODULE_PARTS, PARTS, Grade, Policy, RiskLevel
from portal import i18n
from portal.db.models.policies import PolicyDraft, PreviewState
from portal.errors import BadInput, Clash, NotFound
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.actors import EVERY_HOSPITAL_ROLE, HOSPITAL_WRITERS
from portal.services.registers import policies, policy_previews
from portal.web import forms, pages
from portal.web.hospital import policy_forms
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney
from questionnaires.model import Question
from reports import marks
from scanners.model import Message, Severity

YAML = "application/yaml"
OF_ALL = 100  # vendors that would change, on one page of all
LARGEST = 2**18
BODY_LIMIT = LARGEST + 2**16
SHOWN = 60  # questions of one search


class EditsForm(forms.Form):
    """An action on the draft as it was read."""

    edits = HiddenField()


class BeginForm(forms.Form):
    """From what a draft begins."""

    shipped = HiddenField()


class FileForm(forms.Form):
    """A policy that somebody has."""

    file = FileField(_l("File"), [InputRequired(_l("Choose a file."))])
    edits = HiddenField()


class ReleaseForm(forms.Form):
    """Why the policy changes."""

    reason = TextAreaField(
        _l("Reason"),
        [InputRequired(_l("Say in a sentence why.")), Length(max=policies.LONGEST_REASON)],
        filters=[forms.stripped],
        description=_l("For instance the decision of the committee and its date. It stands in the history."),
    )
    edits = HiddenField()


@hospital.get("/settings/policy", roles=EVERY_HOSPITAL_ROLE)
def policy_page(here: HospitalJourney) -> Response:
    """What holds, what the draft would change, and the releases."""
    return _overview(here)


@hospital.post("/settings/policy", roles=HOSPITAL_WRITERS)
def begin_policy(here: HospitalJourney) -> Response:
    """A draft of what holds, or of what ships."""
    form = BeginForm.sent()
    policies.begin(here.session, here.actor, shipped=form["shipped"].data == "1", now=here.now)
    return pages.see_other("hospital.edit_policy")


@hospital.post("/settings/policy/import", roles=HOSPITAL_WRITERS, body_limit=BODY_LIMIT)
def import_policy(here: HospitalJourney) -> Response:
    """A draft out of a file."""
    form = FileForm.sent()
    if form.validate():
        with form.refusals(here.session):
            content = bytes(request.files["file"].read(LARGEST + 1))
            edits = forms.version(form["edits"].data)
            policies.take_in(here.session, here.actor, content, edits=edits, now=here.now)
            here.notice(_("The file is taken in as a draft. It holds once it is released."))
            return pages.see_other("hospital.policy_page")
    return _overview(here, file_form=form)


@hospital.get("/settings/policy/draft", roles=HOSPITAL_WRITERS)
def edit_policy(here: HospitalJourney) -> Response:
    """The draft in a form."""
    row = _draft(here)
    return _form_page(here, policy_forms.filled(policies.of_draft(row), row.edits), policies.of_draft(row))


@hospital.post("/settings/policy/draft", roles=HOSPITAL_WRITERS)
def save_policy(here: HospitalJourney) -> Response:
    """Keep what was typed; of two who read the same, the second sees both."""
    row = _draft(here)
    draft = policies.of_draft(row)
    form = policy_forms.form_class().sent()
    if not form.validate():
        return _form_page(here, form, draft)
    typed: Policy | None = None
    try:
        with form.refusals(here.session):
            typed = _typed(form, draft)
            _save(here, typed, forms.version(form["edits"].data))
            here.notice(_("Saved."))
            return pages.see_other("hospital.edit_policy")
    except Clash as clash:
        form.form_errors.append(clash.message.render(i18n.gettext))
        form["edits"].data = str(row.edits)
        return _form_page(here, form, draft, theirs=tailoring.differences(draft, typed) if typed else ())
    return _form_page(here, form, typed or draft)


def _typed(form: forms.Form, draft: Policy) -> Policy:
    try:
        return policy_forms.read(form, draft)
    except policy_forms.NoNumber as wrong:
        raise BadInput(wrong.places) from None


def _save(here: HospitalJourney, own: Policy, edits: int) -> None:
    """What the libraries say of a place as a sentence beside its field."""
    try:
        policies.save(here.session, here.actor, own, edits=edits, now=here.now)
    except BadInput as wrong:
        raise BadInput({policy_forms.beside(place): _sentence(what) for place, what in wrong.fields.items()}) from None


def _sentence(what: Message) -> Message:
    said = what.render(i18n.gettext)
    return Message(text="%(said)s", values={"said": f"{said[:1].upper()}{said[1:].rstrip('.')}."})


@hospital.get("/settings/policy/draft/must-haves", roles=HOSPITAL_WRITERS)
def must_haves(here: HospitalJourney) -> Response:
    """Which questions exclude; found by words of the question or its id."""
    row = _draft(here)
    return _must_haves_page(here, policies.of_draft(row), row.edits, request.args.get("q", ""))


@hospital.post("/settings/policy/draft/must-haves", roles=HOSPITAL_WRITERS, body_limit=2**16)
def save_must_haves(here: HospitalJourney) -> Response:
    """Keep what was ticked among the questions that were shown."""
    row = _draft(here)
    draft = policies.of_draft(row)
    asked = policies.questions(here.session, here.actor)
    form = _ticks_form().sent()
    words, edits = str(form["q"].data or ""), forms.version(form["edits"].data)
    shown = set(form["shown"].data or ()) & asked.keys()
    chosen = set(form["excludes"].data or ()) & shown
    must, lifted = set(draft.must_haves) - shown, set(draft.lifted) - shown
    must |= {name for name in chosen if not asked[name].knock_out}
    lifted |= {name for name in shown - chosen if asked[name].knock_out}
    own = replace(draft, must_haves=frozenset(must), lifted=frozenset(lifted))
    try:
        with form.refusals(here.session):
            _save(here, own, edits)
            here.notice(_("Saved."))
            return pages.see_other("hospital.must_haves", q=words or None)
    except Clash as clash:
        form.form_errors.append(clash.message.render(i18n.gettext))
    return _must_haves_page(here, own, row.edits, words, form=form, theirs=tailoring.differences(draft, own))


@hospital.post("/settings/policy/discard", roles=HOSPITAL_WRITERS)
def discard_policy(here: HospitalJourney) -> Response:
    """Throw the draft away."""
    policies.discard(here.session, here.actor, edits=forms.version(EditsForm.sent()["edits"].data), now=here.now)
    here.notice(_("The draft is thrown away."))
    return pages.see_other("hospital.policy_page")


@hospital.get("/settings/policy/preview", roles=EVERY_HOSPITAL_ROLE)
def preview_policy(here: HospitalJourney) -> Response:
    """What the draft would do to each vendor: a page of them worked out now, or all of them as a job has left it."""
    row = _draft(here)
    start = forms.version(request.args.get("from"))
    if request.args.get("all") == "1":
        return pages.page("hospital/policy_preview.html", seen=None, **_whole(here, start))
    draft = policies.of_draft(row)
    seen = policy_previews.preview(here.session, here.actor, draft, start=start, now=here.now)
    return pages.page(
        "hospital/policy_preview.html",
        seen=seen,
        totals=seen.totals,
        start=start,
        length=policy_previews.LENGTH,
        authorities=deciding.AUTHORITIES,
        is_live=False,
    )


@hospital.get("/settings/policy/preview/all", roles=EVERY_HOSPITAL_ROLE)
def live_policy_preview(here: HospitalJourney) -> Response:
    """The part about all vendors as it stands now; it asks for itself while it is being worked out."""
    _draft(here)
    return pages.part("hospital/policy_preview_all.html", **_whole(here, 0))


@hospital.post("/settings/policy/preview", roles=EVERY_HOSPITAL_ROLE)
def work_out_policy(here: HospitalJourney) -> Response:
    """Have all vendors worked out in the background."""
    policy_previews.ask(here.session, here.actor, now=here.now)
    return pages.see_other("hospital.preview_policy", all=1)


def _whole(here: HospitalJourney, start: int) -> dict[str, Any]:
    whole = policy_previews.whole(here.session, here.actor, now=here.now)
    return {
        "whole": whole,
        "is_live": whole is not None and whole.row.state is PreviewState.WAITING,
        "moved": whole.moved[start : start + OF_ALL] if whole is not None else (),
        "start": start,
        "length": OF_ALL,
        "authorities": deciding.AUTHORITIES,
    }


@hospital.post("/settings/policy/release", roles=policies.RELEASERS)
def release_policy(here: HospitalJourney) -> Response:
    """From now on scores are made with it."""
    form = ReleaseForm.sent()
    if form.validate():
        with form.refusals(here.session):
            edits = forms.version(form["edits"].data)
            made = policies.release(
                here.session, here.actor, reason=str(form["reason"].data), edits=edits, now=here.now
            )
            here.notice(
                _("Released as %(version)s. Every vendor's score is being worked out anew.", version=made.version)
            )
            return pages.see_other("hospital.policy_page")
    return _overview(here, release_form=form)


@hospital.get("/settings/policy/releases/<policy_release_id>", roles=EVERY_HOSPITAL_ROLE)
def policy_release(here: HospitalJourney, policy_release_id: str) -> Response:
    """One release: what it changed against the one before, why, and by whom."""
    row = policies.find(here.session, here.actor, policy_release_id)
    rows = {one.number: one for one in policies.releases(here.session, here.actor)}
    own = policies.of_release(row)
    before = policies.of_release(rows[row.number - 1]) if row.number > 1 else tailoring.base_of(own)
    return pages.page(
        "hospital/policy_release.html",
        row=row,
        own=own,
        differences=_said(here, tailoring.differences(before, own)),
        before=before,
        **_shown(here, own),
    )


@hospital.get("/settings/policy/policy.yaml", roles=EVERY_HOSPITAL_ROLE)
def policy_file(here: HospitalJourney) -> Response:
    """What holds, for another hospital or a folder."""
    return _file(policies.of(here.session, here.hospital.id))


@hospital.get("/settings/policy/releases/<policy_release_id>/policy.yaml", roles=EVERY_HOSPITAL_ROLE)
def policy_release_file(here: HospitalJourney, policy_release_id: str) -> Response:
    """A release as a file."""
    return _file(policies.of_release(policies.find(here.session, here.actor, policy_release_id)))


def _file(own: Policy) -> Response:
    content = tailoring.write(own).encode()
    return pages.download(content, name=f"policy {own.version}.yaml", media_type=YAML)


# ---- pages


def _draft(here: HospitalJourney) -> PolicyDraft:
    row = policies.draft(here.session, here.actor)
    if row is None:
        raise NotFound
    return row


def _overview(
    here: HospitalJourney, *, file_form: forms.Form | None = None, release_form: forms.Form | None = None
) -> Response:
    row = policies.draft(here.session, here.actor)
    own = policies.of(here.session, here.hospital.id)
    edits = str(row.edits if row else 0)
    draft = policies.of_draft(row) if row else None
    return pages.page(
        "hospital/policy.html",
        form=file_form or release_form,
        own=own,
        row=row,
        differences=_said(here, tailoring.differences(own, draft)) if draft else (),
        releases=policies.releases(here.session, here.actor),
        may_write=here.role in HOSPITAL_WRITERS,
        may_release=here.role in policies.RELEASERS,
        is_shipped=tailoring.is_shipped(own),
        file_form=file_form or FileForm.offered(edits=edits),
        release_form=release_form or ReleaseForm.offered(edits=edits),
        **_shown(here, own),
    )


def _shown(here: HospitalJourney, own: Policy) -> Mapping[str, Any]:
    """A policy as pages show it."""
    asked = policies.questions(here.session, here.actor)
    heaviest = sum(own.part_weights.values()) or 1
    return {
        "weights": [
            (part, frameworks.measure(part).short.get(i18n.language()), weight, 100 * weight / heaviest)
            for part, weight in ((part, own.part_weights[part]) for part in PARTS)
        ],
        "modules": MODULE_PARTS,
        "levels": {level.value: level_word(own, level) for level in RiskLevel},
        "must": [(name, _label(asked, name)) for name in sorted(own.must_haves)],
        "lifted": [(name, _label(asked, name)) for name in sorted(own.lifted)],
        "shipped_knock_outs": sorted(name for name, one in asked.items() if one.knock_out and name not in own.lifted),
        "authorities": {key.value: word for key, word in policy_forms.AUTHORITIES.items()},
        "rows": policy_forms.ROWS,
        "worst_first": [level.value for level in policy_forms.LEVELS],
        "cap_words": policy_forms.CAPS,
    }


def level_word(own: Policy, level: RiskLevel) -> str:
    """What the hospital calls a level."""
    words = own.level_words.get(level)
    return words.get(i18n.language()) if words else _(marks.RISK_LEVELS[level].word)


def _label(asked: Mapping[str, Question], name: str) -> str:
    return asked[name].label.get(i18n.language()) if name in asked else ""


def _said(here: HospitalJourney, found: tuple[tailoring.Difference, ...]) -> list[tuple[str, str, str, str]]:
    """Differences in words: what, where, before, after."""
    asked = policies.questions(here.session, here.actor)
    told = []
    for one in found:
        is_question = one.field in {"must_haves", "lifted"}
        is_part = one.field == "part_weights" and one.place in PARTS
        place = _label(asked, one.place) if is_question else ""
        place = frameworks.measure(one.place).short.get(i18n.language()) if is_part else place
        name = one.place.replace(".", " · ")
        before, after = (one.before, one.after) if not is_question else (_yes(one.before), _yes(one.after))
        told.append((_(tailoring.WORDS[one.field]), f"{name} {place}".strip(), before, after))
    return told


def _yes(value: str) -> str:
    return _("yes") if value else _("no")


def _form_page(
    here: HospitalJourney,
    form: forms.Form,
    shown: Policy,
    *,
    theirs: tuple[tailoring.Difference, ...] = (),
) -> Response:
    heaviest = sum(shown.part_weights.values()) or 1
    return pages.page(
        "hospital/policy_form.html",
        form=form,
        parts=PARTS,
        modules=MODULE_PARTS,
        shares={part: 100 * weight / heaviest for part, weight in shown.part_weights.items()},
        steps=range(1, len(shown.matrix) + 1),
        levels=[level.value for level in policy_forms.LEVELS],
        level_words={level.value: level_word(shown, level) for level in RiskLevel},
        rows=policy_forms.ROWS,
        grades=list(Grade),
        severities=list(Severity),
        tiers=sorted(shown.sets_by_tier),
        caps=list(policy_forms.CAPS),
        theirs=_said(here, theirs),
        count=len(shown.must_haves) + len(shown.lifted),
        heaviest_allowed=sense.HEAVIEST,
    )


def _ticks_form() -> type[forms.Form]:
    return type(
        "TicksForm",
        (forms.Form,),
        {
            "__doc__": "Questions that were shown, and those of them that exclude.",
            "edits": HiddenField(),
            "q": HiddenField(),
            "shown": SelectMultipleField(choices=[], validate_choice=False),
            "excludes": SelectMultipleField(choices=[], validate_choice=False),
        },
    )


def _must_haves_page(
    here: HospitalJourney,
    own: Policy,
    edits: int,
    words: str,
    *,
    form: forms.Form | None = None,
    theirs: tuple[tailoring.Difference, ...] = (),
) -> Response:
    asked = policies.questions(here.session, here.actor)
    wanted = words.casefold().split()
    language = i18n.language()
    found = [
        one
        for one in asked.values()
        if all(word in f"{one.id} {one.label.get(language)} {one.text.get(language)}".casefold() for word in wanted)
        and (wanted or own.excludes(one) or one.knock_out)
    ]
    return pages.page(
        "hospital/policy_must_haves.html",
        form=form,
        words=words,
        edits=edits,
        found=found[:SHOWN],
        count=len(found),
        total=len(asked),
        excludes={one.id for one in found if own.excludes(one)},
        language=language,
        theirs=_said(here, theirs) if form is not None and form.form_errors else [],
    )
