"""Between rounds: how often vendors are looked at and asked again, what changed, and who is to be asked now."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, request, url_for
from wtforms import BooleanField, HiddenField, RadioField, SelectField, TextAreaField
from wtforms.validators import InputRequired, Length

from assessments import cadence
from portal import i18n
from portal.db.models.watching import CallKind, ChangeCause, ChangeKind, Rhythm
from portal.errors import Clash
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.i18n import ngettext
from portal.services.actors import EVERY_HOSPITAL_ROLE, HOSPITAL_WRITERS
from portal.services.monitoring import changes, digests, watching
from portal.services.monitoring.changes import Shown, Wanted
from portal.services.monitoring.watching import ADMINS, Choice, Rule
from portal.services.rounds import catalogues, reasons, reassessment_calls, reassessments
from portal.services.rounds.reassessments import Due
from portal.services.vendors import vendors
from portal.web import clashes, forms, pages
from portal.web.clashes import Stands
from portal.web.hospital import tabs
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney

MONTHS = (0, 1, 2, 3, 4, 6, 9, 12, 18, 24, 36, 48, 60)
POINTS = (1, 2, 3, 5, 10, 15, 20, 30, 50)
MARKED = 200  # vendors that an address to a new campaign names
KINDS: Mapping[ChangeKind, object] = {
    ChangeKind.OPENED: _l("new finding"),
    ChangeKind.MENDED: _l("mended"),
    ChangeKind.GRADE: _l("grade"),
    ChangeKind.CERTIFICATE: _l("certificate"),
    ChangeKind.HOSTS: _l("hosts"),
    ChangeKind.EVIDENCE: _l("evidence"),
}
CHIPS: Mapping[ChangeKind, str] = {ChangeKind.OPENED: "attention", ChangeKind.MENDED: "done"}
RHYTHMS: Mapping[Rhythm, object] = {
    Rhythm.DAILY: _l("once a day"),
    Rhythm.WEEKLY: _l("once a week"),
    Rhythm.NEVER: _l("never"),
}


class RuleForm(forms.Form):
    """Months by tier, and from how many points a score is told."""

    rescan_1 = SelectField(_l("Tier 1"), [InputRequired()])
    rescan_2 = SelectField(_l("Tier 2"), [InputRequired()])
    rescan_3 = SelectField(_l("Tier 3"), [InputRequired()])
    rescan_4 = SelectField(_l("Tier 4"), [InputRequired()])
    reassessment_1 = SelectField(_l("Tier 1"), [InputRequired()])
    reassessment_2 = SelectField(_l("Tier 2"), [InputRequired()])
    reassessment_3 = SelectField(_l("Tier 3"), [InputRequired()])
    reassessment_4 = SelectField(_l("Tier 4"), [InputRequired()])
    points = SelectField(
        _l("A score is told when it has moved by"),
        [InputRequired()],
        description=_l("Another letter is always told."),
    )
    version = HiddenField()


class ChoiceForm(forms.Form):
    """How this person reads what changed."""

    rhythm = RadioField(_l("A mail with all changes"), [InputRequired()])
    at_once = BooleanField(_l("What is critical at once"))


class CallForm(forms.Form):
    """Why a vendor should be asked again before its time."""

    kind = SelectField(_l("Reason"), [InputRequired()])
    reason = TextAreaField(
        _l("In your words"),
        [InputRequired(_l("Say why.")), Length(max=reassessment_calls.LONGEST)],
        filters=[forms.stripped],
        description=_l("Stays in your hospital; the vendor does not read it."),
    )


# ---- how often


@hospital.get("/settings/watching", roles=EVERY_HOSPITAL_ROLE)
def watching_page(here: HospitalJourney) -> Response:
    """The rule of the hospital and one's own choice."""
    return _watching_page(here, _rule_form(watching.rule(here.session, here.hospital.id)))


@hospital.post("/settings/watching", roles=ADMINS)
def change_watching(here: HospitalJourney) -> Response:
    """Change the rule; somebody else's change in the meantime is shown beside what was chosen."""
    form = _dressed(RuleForm.sent(), watching.rule(here.session, here.hospital.id))
    stands: Sequence[Stands] = ()
    if form.validate():
        try:
            with form.refusals(here.session):
                watching.change(here.session, here.actor, _rule(form), now=here.now)
                here.notice(_("Saved."))
                return pages.see_other("hospital.watching_page")
        except Clash as refused:
            stands = clashes.meet(form, refused, _rule_form(watching.rule(here.session, here.hospital.id)))
    return _watching_page(here, form, stands)


@hospital.post("/settings/watching/own", roles=EVERY_HOSPITAL_ROLE)
def choose_watching(here: HospitalJourney) -> Response:
    """How this person wants to read what changed."""
    form = _with_rhythms(ChoiceForm.sent())
    if form.validate():
        wanted = Choice(rhythm=Rhythm(form["rhythm"].data), at_once=bool(form["at_once"].data))
        watching.choose(here.session, here.actor, wanted)
        here.notice(_("Saved."))
        return pages.see_other("hospital.watching_page", at="own")
    return _watching_page(here, _rule_form(watching.rule(here.session, here.hospital.id)), own=form)


def _rule(form: forms.Form) -> Rule:
    return Rule(
        rescans={tier: int(form[f"rescan_{tier}"].data) for tier in cadence.TIERS},
        reassessments={tier: int(form[f"reassessment_{tier}"].data) for tier in cadence.TIERS},
        points=int(form["points"].data),
        version=forms.version(form["version"].data),
    )


def _rule_form(rule: Rule) -> forms.Form:
    values = {f"rescan_{tier}": str(rule.rescans[tier]) for tier in cadence.TIERS}
    values |= {f"reassessment_{tier}": str(rule.reassessments[tier]) for tier in cadence.TIERS}
    return _dressed(RuleForm.offered(**values, points=str(rule.points), version=str(rule.version)), rule)


def _dressed(form: forms.Form, rule: Rule) -> forms.Form:
    for name, months in (("rescan", rule.rescans), ("reassessment", rule.reassessments)):
        for tier in cadence.TIERS:
            known = sorted({*MONTHS, months[tier]})
            form.offer(f"{name}_{tier}", [(str(one), _span(one)) for one in known])
    points = sorted({*POINTS, rule.points})
    form.offer("points", [(str(one), ngettext("%(num)s point", "%(num)s points", one)) for one in points])
    return form


def _span(months: int) -> str:
    return _("never") if months == 0 else ngettext("every month", "every %(num)s months", months)


def _with_rhythms(form: forms.Form) -> forms.Form:
    form.offer("rhythm", [(one.value, str(word)) for one, word in RHYTHMS.items()])
    return form


def _watching_page(
    here: HospitalJourney, form: forms.Form, stands: Sequence[Stands] = (), own: forms.Form | None = None
) -> Response:
    stands_now = watching.choice(here.session, here.hospital.id, here.actor.person_id, here.role)
    rule = watching.rule(here.session, here.hospital.id)
    return pages.page(
        "hospital/watching.html",
        form=form,
        own=own or _with_rhythms(ChoiceForm.offered(rhythm=stands_now.rhythm.value, at_once=stands_now.at_once)),
        stands=stands,
        is_admin=here.role in ADMINS,
        rows=[(tier, _span(rule.rescans[tier]), _span(rule.reassessments[tier])) for tier in cadence.TIERS],
        points=rule.points,
    )


# ---- what changed


@hospital.get("/changes", roles=EVERY_HOSPITAL_ROLE)
def change_list(here: HospitalJourney) -> Response:
    """What changed lately, with before and after; narrowed by the address."""
    chosen = {name: request.args.get(name, "")[:40] for name in ("vendor", "tier", "kind", "cause")}
    wanted = Wanted(
        vendor_id=chosen["vendor"],
        tier=int(chosen["tier"]) if chosen["tier"] in {str(one) for one in cadence.TIERS} else None,
        kind=ChangeKind(chosen["kind"]) if chosen["kind"] in {one.value for one in ChangeKind} else None,
        cause=ChangeCause(chosen["cause"]) if chosen["cause"] in {one.value for one in ChangeCause} else None,
    )
    rows = changes.newest(here.session, here.actor, wanted, now=here.now)
    vendor = vendors.find(here.session, here.actor, wanted.vendor_id) if wanted.vendor_id else None
    return pages.page(
        "hospital/changes.html",
        rows=[_shown(one) for one in rows],
        is_cut=len(rows) == changes.PAGE,
        chosen=chosen,
        vendor=vendor,
        kinds=[(one.value, str(word)) for one, word in KINDS.items()],
        causes=[(one.value, _(word)) for one, word in changes.CAUSES.items()],
        tiers=cadence.TIERS,
    )


def _shown(one: Shown) -> dict[str, Any]:
    change = one.change
    tab = "hospital.vendor_scan"
    if change.kind is ChangeKind.GRADE:
        tab = "hospital.vendor_history"
    elif change.kind is ChangeKind.EVIDENCE:
        tab = "hospital.vendor_evidence"
    return {
        "change": change,
        "vendor": one.vendor,
        "word": KINDS[change.kind],
        "chip": CHIPS.get(change.kind, "neutral"),
        "title": digests.title(change),
        "before": digests.side(change, change.before),
        "after": digests.side(change, change.after),
        "cause": changes.CAUSES[change.cause],
        "url": url_for(tab, vendor_id=change.vendor_id),
    }


# ---- who is to be asked again


@hospital.get("/reassessments", roles=EVERY_HOSPITAL_ROLE)
def reassessment_list(here: HospitalJourney) -> Response:
    """Everybody whose time has come or for whom there is a reason."""
    rows = reassessments.due(here.session, here.actor, today=here.today)
    return pages.page(
        "hospital/reassessments.html",
        rows=[(one, why(one, here)) for one in rows],
        marked=[one.vendor.vendor_id for one in rows[:MARKED]],
        may_write=here.role in HOSPITAL_WRITERS,
    )


def why(one: Due, here: HospitalJourney) -> Sequence[str]:
    """The reasons in the reader's language."""
    words = [_(reassessment_calls.WORDS[call.kind]) for call in one.calls]
    return [*dict.fromkeys(words), *([_("its time has come")] if one.is_by_time(here.today) else [])]


@hospital.get("/vendors/<vendor_id>/reassessment", roles=EVERY_HOSPITAL_ROLE)
def reassessment(here: HospitalJourney, vendor_id: str) -> Response:
    """When one vendor is to be asked again, why, and what it would be asked."""
    return _reassessment_page(here, vendor_id, _call_form(CallForm.offered()))


@hospital.post("/vendors/<vendor_id>/reassessment/begin", roles=HOSPITAL_WRITERS)
def begin_reassessment(here: HospitalJourney, vendor_id: str) -> Response:
    """The one button: begin the round and send the mail."""
    made = reassessments.begin(
        here.session, here.actor, vendor_id, base_url=here.settings.public_base_url, now=here.now
    )
    here.notice(_("The re-assessment has begun; the invitation is on its way."))
    return pages.see_other("hospital.assessment", assessment_id=made.id)


@hospital.post("/vendors/<vendor_id>/reassessment/call", roles=HOSPITAL_WRITERS)
def call_reassessment(here: HospitalJourney, vendor_id: str) -> Response:
    """Write down why it should be asked again before its time."""
    form = _call_form(CallForm.sent())
    if form.validate():
        with form.refusals(here.session):
            reassessment_calls.call(
                here.session,
                here.actor,
                vendor_id,
                CallKind(form["kind"].data),
                str(form["reason"].data),
                now=here.now,
            )
            here.notice(_("Written down. The vendor stands among those to be asked again."))
            return pages.see_other("hospital.reassessment", vendor_id=vendor_id)
    return _reassessment_page(here, vendor_id, form)


@hospital.post("/reassessments/<call_id>/take-back", roles=HOSPITAL_WRITERS)
def take_back_reassessment(here: HospitalJourney, call_id: str) -> Response:
    """It is no reason any more."""
    row = reassessment_calls.take_back(here.session, here.actor, call_id, now=here.now)
    here.notice(_("Taken back."))
    return pages.see_other("hospital.reassessment", vendor_id=row.vendor_id)


def _call_form(form: forms.Form) -> forms.Form:
    form.offer("kind", [(one.value, _(word)) for one, word in reassessment_calls.WORDS.items()])
    return form


def _reassessment_page(here: HospitalJourney, vendor_id: str, form: forms.Form) -> Response:
    vendor = vendors.find(here.session, here.actor, vendor_id)
    delta = reassessments.delta(here.session, here.actor, vendor, now=here.now)
    offers = {one.name: one.title for one in catalogues.offered(here.session, here.actor)}
    title = offers.get(delta.catalogue)
    return pages.page(
        "hospital/reassessment.html",
        form=form,
        **tabs.frame(here, vendor, "overview"),
        due=reassessments.of_vendor(here.session, here.actor, vendor_id),
        delta=delta,
        catalogue=title.get(i18n.language()) if title is not None else "",
        today=here.today,
        until=here.today + reassessments.ANSWERING_TIME,
        doubts=reasons.DOUBTS,
        words=reassessment_calls.WORDS,
    )
