"""The risk register: heat map, table, and what is decided about each risk."""

from flask import Response, request
from wtforms import DateField, HiddenField, RadioField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from assessments import policy
from assessments.model import Treatment
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.services import registers
from portal.services.actors import EVERY_HOSPITAL_ROLE
from portal.services.registers import RISK_WRITERS, RiskRow, TreatmentFields
from portal.web import forms, pages
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney, Rail
from portal.web.tables import Column
from reports import marks

TREATMENTS = {treatment.value: _l(word) for treatment, word in marks.TREATMENTS.items()}
LEVELS = [level.value for level in marks.RISK_LEVELS]
PAGE_LENGTH = 100
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
    """All standing risks; a cell of the heat map filters the table."""
    rows = registers.risks(here.session, here.actor)
    impact, likelihood = request.args.get("impact", 0, type=int), request.args.get("likelihood", 0, type=int)
    shown = [row for row in rows if _fits(row, impact, likelihood)]
    start = max(0, request.args.get("from", 0, type=int))
    heat: dict[tuple[int, int], int] = {}
    for row in rows:
        heat[row.risk.impact, row.risk.likelihood] = heat.get((row.risk.impact, row.risk.likelihood), 0) + 1
    return pages.page(
        "hospital/risks.html",
        columns=COLUMNS,
        rows=shown[start : start + PAGE_LENGTH],
        start=start,
        page_length=PAGE_LENGTH,
        count=len(shown),
        total=len(rows),
        heat=heat,
        levels={level: count for level in LEVELS if (count := sum(row.risk.residual == level for row in rows))},
        matrix=policy.current().matrix,
        impact=impact,
        likelihood=likelihood,
        treatments=TREATMENTS,
        sources={source.value: word for source, word in marks.RISK_SOURCES.items()},
    )


def _fits(row: RiskRow, impact: int, likelihood: int) -> bool:
    return (not impact or row.risk.impact == impact) and (not likelihood or row.risk.likelihood == likelihood)


@hospital.get("/risks/<risk_id>", roles=EVERY_HOSPITAL_ROLE)
def risk(here: HospitalJourney, risk_id: str) -> Response:
    """One risk: scenario, source, level, treatment."""
    row = registers.find_risk(here.session, here.actor, risk_id)
    treatment = row.treatment
    form = TreatmentForm.offered(
        treatment=treatment.treatment.value if treatment else Treatment.OPEN.value,
        owner=treatment.owner if treatment else "",
        due_on=treatment.due_on if treatment else None,
        accepted_until=treatment.accepted_until if treatment else None,
        note=treatment.note if treatment else "",
        version=str(treatment.version if treatment else 0),
    )
    return _page(here, row, form)


@hospital.post("/risks/<risk_id>", roles=RISK_WRITERS)
def treat_risk(here: HospitalJourney, risk_id: str) -> Response:
    """Write the decision down."""
    form = TreatmentForm.sent()
    if form.validate():
        with form.refusals(here.session):
            registers.treat(
                here.session,
                here.actor,
                risk_id,
                TreatmentFields(
                    treatment=Treatment(form["treatment"].data),
                    owner=form["owner"].data or "",
                    due_on=form["due_on"].data,
                    accepted_until=form["accepted_until"].data,
                    note=form["note"].data or "",
                ),
                version=forms.version(form["version"].data),
                now=here.now,
            )
            here.notice(_("Saved."))
            return pages.see_other("hospital.risk", risk_id=risk_id)
    return _page(here, registers.find_risk(here.session, here.actor, risk_id), form)


def _page(here: HospitalJourney, row: RiskRow, form: forms.Form) -> Response:
    return pages.page(
        "hospital/risk.html",
        form=form,
        row=row,
        document=row.risk.document,
        sources={source.value: word for source, word in marks.RISK_SOURCES.items()},
        treatments=TREATMENTS,
        concerns={concern.value: word for concern, word in marks.CONCERNS.items()},
        may_write=here.role in RISK_WRITERS,
    )
