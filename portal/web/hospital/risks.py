"""The risk register: heat map, table, and what is decided about each risk."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask import Response, request, url_for
from wtforms import DateField, HiddenField, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from assessments.model import RiskSource, Treatment
from portal import i18n
from portal.errors import Clash
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services.actors import EVERY_HOSPITAL_ROLE
from portal.services.decisions import risk_limits
from portal.services.registers import own_risks, policies, registers, risk_lists
from portal.services.registers.registers import RISK_WRITERS, RiskRow, TreatmentFields
from portal.services.registers.risk_lists import FILTERS, LAPSED, OVERDUE, Narrowed
from portal.web import clashes, forms, pages
from portal.web import marks as web_marks
from portal.web.clashes import Stands
from portal.web.hospital.own_risks import VERBS
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney, Rail
from portal.web.tables import Column
from reports import marks

TREATMENTS = {treatment.value: _l(word) for treatment, word in marks.TREATMENTS.items()}
LEVELS = [level.value for level in marks.RISK_LEVELS]
PAGE_LENGTH = 100
DUE = {LAPSED: _l("acceptance has ended"), OVERDUE: _l("treatment overdue")}
STATES = {
    risk_lists.STANDING: _l("standing"),
    risk_lists.GONE: _l("cause gone"),
    risk_lists.CLOSED: _l("no risk any more"),
}
COLUMNS = (
    Column(key="risk", title=_l("Risk"), heads=True),
    Column(key="vendor", title=_l("Vendor")),
    Column(key="level", title=_l("Level"), kind="mark"),
    Column(key="source", title=_l("Source")),
    Column(key="treatment", title=_l("Treatment")),
    Column(key="owner", title=_l("Owner")),
    Column(key="due", title=_l("Due on"), kind="date"),
)


class TreatmentForm(forms.Form):
    """What is done about a risk."""

    treatment = RadioField(
        _l("Treatment"), [InputRequired(_l("Choose a treatment."))], choices=forms.choices(TREATMENTS)
    )
    owner = StringField(_l("Owner"), [Length(max=200)], filters=[forms.stripped])
    due_on = DateField(_l("Due on"), [Optional()])
    accepted_until = DateField(_l("Accepted until"), [Optional()])
    note = TextAreaField(_l("Reason and note"), [Length(max=5000)], filters=[forms.stripped])
    version = HiddenField()


@hospital.get("/risks", roles=EVERY_HOSPITAL_ROLE, rail=Rail.RISKS)
def risk_list(here: HospitalJourney) -> Response:
    """All standing risks, derived and own; the heat map and the choices filter the table by its address."""
    state = request.args.get("state", risk_lists.STANDING)
    state = state if state in risk_lists.STATES else risk_lists.STANDING
    chosen = {name: value for name in FILTERS if (value := request.args.get(name, "")[:40])}
    words, due = " ".join(request.args.get("q", "").split())[:100], request.args.get("due", "")
    due = due if due in DUE else ""
    start = forms.version(request.args.get("from"))
    wanted = Narrowed(state=state, chosen=chosen, words=words, due=due)
    found = risk_lists.page(here.session, here.actor, wanted, today=here.today, start=start, length=PAGE_LENGTH)
    also = {"state": state if state != risk_lists.STANDING else "", "q": words, "due": due}
    kept = chosen | {name: value for name, value in also.items() if value}
    return pages.page(
        "hospital/risks.html",
        columns=COLUMNS,
        rows=found.rows,
        start=start,
        page_length=PAGE_LENGTH,
        count=found.count,
        total=found.total,
        heat=found.heat,
        levels={level: found.levels[level] for level in LEVELS if level in found.levels},
        open_count=found.open_count,
        words=words,
        due=due,
        matrix=policies.of(here.session, here.hospital.id).matrix,
        chosen=chosen,
        kept=kept,
        chips=[(word, _address(kept, *names)) for word, names in _chips(kept)],
        state=state,
        states=STATES,
        with_filter=lambda **values: _address(kept | values),
        treatments=TREATMENTS,
        sources={source.value: word for source, word in marks.RISK_SOURCES.items()},
        may_write=here.role in RISK_WRITERS,
    )


def _address(kept: Mapping[str, Any], *without: str) -> str:
    values: dict[str, Any] = {name: value for name, value in kept.items() if name not in without}
    return url_for("hospital.risk_list", **values)


def _chips(chosen: Mapping[str, str]) -> list[tuple[str, tuple[str, ...]]]:
    """The filters in words, each with what it takes out of the address."""
    chips: list[tuple[str, tuple[str, ...]]] = [(chosen["q"], ("q",))] if "q" in chosen else []
    if chosen.get("due") in DUE:
        chips.append((str(DUE[chosen["due"]]), ("due",)))
    if "impact" in chosen or "likelihood" in chosen:
        cell = {"impact": chosen.get("impact", "–"), "likelihood": chosen.get("likelihood", "–")}
        chips.append((_("impact %(impact)s, likelihood %(likelihood)s", **cell), ("impact", "likelihood")))
    if (level := chosen.get("level")) in LEVELS:
        chips.append((web_marks.risk(level).word, ("level",)))
    if (treatment := chosen.get("treatment")) in TREATMENTS:
        chips.append((str(TREATMENTS[treatment]), ("treatment",)))
    if chosen.get("source") in {source.value for source in marks.RISK_SOURCES}:
        chips.append((i18n.gettext(marks.RISK_SOURCES[RiskSource(chosen["source"])]), ("source",)))
    return chips


@hospital.get("/risks/<risk_id>", roles=EVERY_HOSPITAL_ROLE)
def risk(here: HospitalJourney, risk_id: str) -> Response:
    """One risk: scenario, source, level, treatment."""
    row = registers.find_risk(here.session, here.actor, risk_id)
    return _page(here, row, _standing(row))


def _standing(row: RiskRow) -> TreatmentForm:
    treatment = row.treatment
    return TreatmentForm.offered(
        treatment=treatment.treatment.value if treatment else Treatment.OPEN.value,
        owner=treatment.owner if treatment else "",
        due_on=treatment.due_on if treatment else None,
        accepted_until=treatment.accepted_until if treatment else None,
        note=treatment.note if treatment else "",
        version=str(treatment.version if treatment else 0),
    )


@hospital.post("/risks/<risk_id>", roles=RISK_WRITERS)
def treat_risk(here: HospitalJourney, risk_id: str) -> Response:
    """Write the decision down."""
    form = TreatmentForm.sent()
    stands: Sequence[Stands] = ()
    if form.validate():
        fields = TreatmentFields(
            treatment=Treatment(form["treatment"].data),
            owner=form["owner"].data or "",
            due_on=form["due_on"].data,
            accepted_until=form["accepted_until"].data,
            note=form["note"].data or "",
        )
        try:
            with form.refusals(here.session):
                version = forms.version(form["version"].data)
                registers.treat(here.session, here.actor, risk_id, fields, version=version, now=here.now)
                here.notice(_("Saved."))
                return pages.see_other("hospital.risk", risk_id=risk_id)
        except Clash as refused:
            now = registers.find_risk(here.session, here.actor, risk_id)
            stands = clashes.meet(form, refused, _standing(now))
    return _page(here, registers.find_risk(here.session, here.actor, risk_id), form, stands)


def _page(here: HospitalJourney, row: RiskRow, form: forms.Form, stands: Sequence[Stands] = ()) -> Response:
    return pages.page(
        "hospital/risk.html",
        form=form,
        stands=stands,
        row=row,
        document=row.risk.document,
        sources={source.value: word for source, word in marks.RISK_SOURCES.items()},
        treatments=TREATMENTS,
        concerns={concern.value: word for concern, word in marks.CONCERNS.items()},
        may_write=here.role in RISK_WRITERS,
        words=own_risks.words(here.session, here.actor, row.risk.id),
        verbs=VERBS,
        day_of=date.fromisoformat,
        is_lapsed=registers.lapsed(row.treatment, here.today),
        limits=risk_limits.limits(here.session, here.actor, (registers.level_of(row.risk),), today=here.today),
    )
