"""Decisions: what waits for one, what is in force, one decision with its history, and deciding as one person."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, request
from wtforms import DateField, HiddenField, RadioField, SelectField, StringField, SubmitField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from assessments import deciding
from assessments.deciding import Reopening, Ruling
from portal.db.models.snapshots import SnapshotState
from portal.errors import Clash, NotFound
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.actions import actions
from portal.services.actors import EVERY_HOSPITAL_ROLE
from portal.services.decisions import decisions, sittings
from portal.services.decisions.decision_rows import DecisionRow, Subject
from portal.services.decisions.decisions import DECIDERS, PREPARERS, ConditionFields, DecisionFields
from portal.services.registers import policies, registers, snapshots
from portal.services.vendors import vendors
from portal.web import clashes, forms, pages
from portal.web.hospital import tabs
from portal.web.hospital.room import hospital
from portal.web.hospital.vendor_pages import reader
from portal.web.journey import HospitalJourney, Rail
from portal.web.tables import Column

ROWS = decisions.MOST_CONDITIONS
SHOWN = 2  # rows for conditions that an empty form has; a button adds one more
INFORMATION = "information"  # nothing is proposed
RULINGS = {
    Ruling.APPROVE.value: _l("Approve"),
    Ruling.WITH_CONDITIONS.value: _l("Approve with conditions"),
    Ruling.DEFER.value: _l("Defer"),
    Ruling.REJECT.value: _l("Reject"),
}
VERBS: Mapping[str, object] = {
    "made": _l("decided"),
    "superseded": _l("superseded"),
    "reopened": _l("opened again"),
    "condition-met": _l("condition met"),
    "condition-lapsed": _l("condition lapsed"),
}
COLUMNS = (
    Column(key="about", title=_l("About"), heads=True),
    Column(key="ruling", title=_l("Decision")),
    Column(key="authority", title=_l("Decided by")),
    Column(key="then", title=_l("Then"), kind="mark"),
    Column(key="conditions", title=_l("Conditions")),
    Column(key="review", title=_l("To be looked at again on"), kind="date"),
)


class ProposalForm(forms.Form):
    """What is decided, or proposed to a sitting."""

    ruling = RadioField(_l("Decision"), [InputRequired(_l("Choose one."))])
    reasons = TextAreaField(
        _l("Reasons"),
        [Length(max=decisions.LONGEST_TEXT)],
        filters=[forms.stripped],
        description=_l("What speaks for it and what against; they stand in the minutes and in the register."),
    )
    review_on = DateField(_l("To be looked at again on"), [Optional()])
    version = HiddenField()
    shown = HiddenField(default=str(SHOWN))
    more = SubmitField(_l("Add another condition"))

    def wants_more(self) -> bool:
        """Whether nothing is to be saved: one more row for a condition is all that is asked for."""
        if not self["more"].data:
            return False
        self["shown"].data = str(min(ROWS, len(self.rows()) + 1))
        return True

    def conditions(self) -> tuple[ConditionFields, ...]:
        """Those of which anything was written."""
        found = []
        for number in range(1, ROWS + 1):
            values = {name: self[f"{name}_{number}"].data for name in PARTS}
            if any(values.values()):
                found.append(
                    ConditionFields(
                        text=str(values["text"] or ""),
                        due_on=values["due_on"],
                        owner=str(values["owner"] or ""),
                        proof=str(values["proof"] or ""),
                        action_id=str(values["action_id"] or ""),
                    )
                )
        return tuple(found)

    def fields(self) -> DecisionFields | None:
        """As the service takes it; None: for information only."""
        if self["ruling"].data == INFORMATION:
            return None
        return DecisionFields(
            ruling=Ruling(self["ruling"].data),
            reasons=str(self["reasons"].data or ""),
            review_on=self["review_on"].data,
            conditions=self.conditions(),
        )

    def rows(self) -> Sequence[Sequence[Any]]:
        """The fields of each condition that is shown: those of which something was written, and room for more."""
        every = [[self[f"{name}_{number}"] for name in PARTS] for number in range(1, ROWS + 1)]
        written = max((number for number, fields in enumerate(every, 1) if any(one.data for one in fields)), default=0)
        return every[: min(ROWS, max(forms.version(self["shown"].data), written, SHOWN))]

    @property
    def has_room(self) -> bool:
        """Whether another condition fits."""
        return len(self.rows()) < ROWS


PARTS = ("text", "due_on", "owner", "proof", "action_id")
for _number in range(1, ROWS + 1):
    _longest = [Length(max=decisions.LONGEST_CONDITION)]
    setattr(
        ProposalForm,
        f"text_{_number}",
        TextAreaField(_l("Condition"), [Optional(), *_longest], filters=[forms.stripped]),
    )
    setattr(ProposalForm, f"due_on_{_number}", DateField(_l("Due on"), [Optional()]))
    setattr(
        ProposalForm,
        f"owner_{_number}",
        StringField(_l("Owner"), [Optional(), Length(max=200)], filters=[forms.stripped]),
    )
    setattr(
        ProposalForm,
        f"proof_{_number}",
        StringField(_l("What shows it"), [Optional(), *_longest], filters=[forms.stripped]),
    )
    setattr(ProposalForm, f"action_id_{_number}", SelectField(_l("Action of the vendor"), [Optional()], default=""))


class DecideForm(ProposalForm):
    """What one person decides on a vendor, or on one of its products."""

    supply_id = HiddenField()


class MeetForm(forms.Form):
    """What shows that a condition is met."""

    remark = TextAreaField(
        _l("What shows it"),
        [InputRequired(_l("Say what shows that the condition is met.")), Length(max=decisions.LONGEST_TEXT)],
        filters=[forms.stripped],
    )
    version = HiddenField()


def shared(here: HospitalJourney) -> dict[str, Any]:
    """What every page of decisions says in the same words."""
    words, rules = reader(), policies.of(here.session, here.hospital.id)

    def say_why(one: Reopening) -> str:
        return words.say(deciding.say_why(one, day=words.day, policy=rules))

    return {"deciding": deciding, "say_why": say_why}


@hospital.get("/decisions", roles=EVERY_HOSPITAL_ROLE, rail=Rail.DECISIONS)
def decision_list(here: HospitalJourney) -> Response:
    """What waits for a decision, the sittings, what is in force, the conditions."""
    stood = decisions.standing_rows(here.session, here.actor)
    return pages.page(
        "hospital/decisions.html",
        **shared(here),
        asked=decisions.asked_rows(here.session, here.actor, here.today),
        sittings=sittings.rows(here.session, here.actor),
        rows=[row for row in stood if row.is_in_force],
        conditions=decisions.open_conditions(here.session, here.actor),
        snapshots=[row for row in snapshots.rows(here.session, here.actor) if row.state is SnapshotState.DONE],
        columns=COLUMNS,
        today=here.today,
        may_prepare=here.role in PREPARERS,
        may_decide=here.role in DECIDERS,
    )


@hospital.get("/decisions/<decision_id>", roles=EVERY_HOSPITAL_ROLE)
def decision(here: HospitalJourney, decision_id: str) -> Response:
    """One decision as it was taken, and what happened to it since."""
    return _page(here, decision_id, MeetForm.offered(), "")


@hospital.post("/decisions/<decision_id>/conditions/<condition_id>/met", roles=PREPARERS)
def meet_condition(here: HospitalJourney, decision_id: str, condition_id: str) -> Response:
    """A condition is met."""
    row = decisions.find(here.session, here.actor, decision_id)
    if condition_id not in {one.id for one in row.conditions}:
        raise NotFound
    form = MeetForm.sent()
    if form.validate():
        with form.refusals(here.session):
            decisions.meet(
                here.session,
                here.actor,
                condition_id,
                remark=str(form["remark"].data),
                version=forms.version(form["version"].data),
                now=here.now,
            )
            here.notice(_("The condition is met; what showed it is kept."))
            return pages.see_other("hospital.decision", decision_id=decision_id)
    return _page(here, decision_id, form, condition_id)


def _page(here: HospitalJourney, decision_id: str, form: MeetForm, sent_for: str) -> Response:
    row = decisions.find(here.session, here.actor, decision_id)
    linked = {one.action.id: one for one in _actions(here, row.vendor.id)} if row.vendor else {}
    return pages.page(
        "hospital/decision.html",
        **shared(here),
        row=row,
        form=form,
        sent_for=sent_for,
        before=decisions.load_standing(row.decision),
        events=decisions.events(here.session, here.actor, decision_id),
        others=[
            one
            for one in decisions.rows(here.session, here.actor, vendor_id=row.vendor.id if row.vendor else "")
            if one.decision.id != decision_id and row.vendor is not None
        ],
        linked=linked,
        standings=actions.STANDINGS,
        verbs=VERBS,
        today=here.today,
        may_prepare=here.role in PREPARERS,
        may_decide=here.role in DECIDERS,
    )


def _actions(here: HospitalJourney, vendor_id: str) -> Sequence[actions.ActionRow]:
    return actions.of_vendor(here.session, here.actor, vendor_id)


# ---- one person decides


@hospital.get("/vendors/<vendor_id>/decisions", roles=EVERY_HOSPITAL_ROLE)
def vendor_decisions(here: HospitalJourney, vendor_id: str) -> Response:
    """Every decision on a vendor, and the form where one person may decide."""
    supply_id = request.args.get("product", "")
    last = decisions.newest(here.session, here.actor, _subject(here, vendor_id, supply_id))
    form = DecideForm.offered(version=str(last.number if last else 0), ruling="", supply_id=supply_id)
    return _vendor_page(here, vendor_id, form)


@hospital.post("/vendors/<vendor_id>/decisions", roles=DECIDERS)
def decide(here: HospitalJourney, vendor_id: str) -> Response:
    """One person decides; where another has decided meanwhile, both stand beside each other."""
    form = offered(here, vendor_id, DecideForm.sent())
    stands: Any = ()
    subject = _subject(here, vendor_id, str(form["supply_id"].data or ""))
    if not form.wants_more() and form.validate():
        fields = form.fields()
        assert fields is not None  # nobody is offered to decide nothing
        try:
            with form.refusals(here.session):
                made = decisions.decide(
                    here.session,
                    here.actor,
                    subject,
                    fields,
                    seen=forms.version(form["version"].data),
                    now=here.now,
                )
                here.notice(_("Decided. It stands in the register."))
                return pages.see_other("hospital.decision", decision_id=made.id)
        except Clash as refused:
            last = decisions.newest(here.session, here.actor, subject)
            theirs = decisions.find(here.session, here.actor, last.id) if last else None
            stands = clashes.meet(
                form,
                Clash(refused.message, version=last.number if last else 0),
                filled(here, vendor_id, _fields_of(theirs) if theirs else None),
            )
    return _vendor_page(here, vendor_id, form, stands=stands)


def _fields_of(row: DecisionRow) -> DecisionFields:
    return DecisionFields(
        ruling=row.decision.ruling,
        reasons=row.decision.reasons,
        review_on=row.decision.review_on,
        conditions=tuple(
            ConditionFields(text=one.text, due_on=one.due_on, owner=one.owner, proof=one.proof)
            for one in row.conditions
        ),
    )


def _subject(here: HospitalJourney, vendor_id: str, supply_id: str) -> Subject:
    return decisions.subject_of(here.session, here.actor, vendor_id=vendor_id, supply_id=supply_id)


def _vendor_page(here: HospitalJourney, vendor_id: str, form: DecideForm, *, stands: Any = ()) -> Response:
    found = vendors.find(here.session, here.actor, vendor_id)
    assessed = registers.assess(here.session, here.actor, vendor_id, now=here.now)
    standing = decisions.standing_of(assessed)
    needed = decisions.authority_for(here.session, here.actor, standing)
    return pages.page(
        "hospital/vendor_decisions.html",
        **shared(here),
        **tabs.frame(here, found, "decisions"),
        rows=decisions.of_vendor(here.session, here.actor, vendor_id),
        form=offered(here, vendor_id, form),
        stands=stands,
        about=_subject(here, vendor_id, str(form["supply_id"].data or "")).supply,
        standing=standing,
        needed=needed,
        by_sitting=needed in deciding.IN_SITTINGS,
        planned=[one for one in sittings.rows(here.session, here.actor) if one.closed_at is None],
        today=here.today,
        may_decide=here.role in DECIDERS,
        may_prepare=here.role in PREPARERS,
    )


def offered(here: HospitalJourney, vendor_id: str | None, form: ProposalForm, *, for_information: bool = False) -> Any:
    """The form with its choices."""
    more = {INFORMATION: _("for information only")} if for_information else {}
    form.offer("ruling", {**RULINGS, **more})
    found = _actions(here, vendor_id) if vendor_id else ()
    choices = [("", "–"), *((one.action.id, one.title(here.language)) for one in found)]
    for number in range(1, ROWS + 1):
        form.offer(f"action_id_{number}", choices)
    return form


def filled(
    here: HospitalJourney,
    vendor_id: str | None,
    fields: DecisionFields | None,
    *,
    version: int = 0,
    note: str = "",
    for_information: bool = False,
) -> ProposalForm:
    """The form as something stands."""
    nothing = INFORMATION if for_information else ""
    values: dict[str, Any] = {"version": str(version), "reasons": note, "ruling": nothing}
    if fields is not None:
        values |= {"ruling": fields.ruling.value, "reasons": fields.reasons, "review_on": fields.review_on}
        for number, one in enumerate(fields.conditions[:ROWS], start=1):
            values |= {f"{name}_{number}": getattr(one, name) for name in PARTS}
    form: ProposalForm = offered(here, vendor_id, ProposalForm.offered(**values), for_information=for_information)
    return form
