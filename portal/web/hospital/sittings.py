"""Sittings: plan, put on the agenda, hold, close, and what of them goes on paper."""

from collections.abc import Mapping
from typing import Any

from flask import Response, request
from wtforms import BooleanField, DateField, HiddenField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, Regexp
from wtforms.widgets import CheckboxInput

from assessments import deciding
from assessments.deciding import Ballot
from assessments.model import Authority
from portal.db.models.decisions import Presence, Sitting, SittingState
from portal.db.models.snapshots import SnapshotState
from portal.errors import Clash, NotFound, NotNow
from portal.files.blobs import Blobs
from portal.home import BERLIN
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.i18n import ngettext
from portal.jobs import printing
from portal.services.actors import EVERY_HOSPITAL_ROLE
from portal.services.decisions import approvals, decisions, sittings
from portal.services.decisions.decisions import DECIDERS, PREPARERS
from portal.services.decisions.sittings import ItemRow, PersonFields, Said, SittingFields, SittingRow
from portal.services.registers import policies, snapshots
from portal.services.vendors import vendors
from portal.web import clashes, forms, journey, pages
from portal.web.hospital import decisions as proposals
from portal.web.hospital.decisions import ProposalForm
from portal.web.hospital.room import hospital
from portal.web.hospital.vendor_pages import reader
from portal.web.journey import HospitalJourney
from reports import approval as approval_sheet
from reports import minutes as paper
from reports import pages as documents
from reports import word
from reports.reader import Reader
from scanners.model import N_, Message

PDF = "application/pdf"
BODIES = {body.value: _l(word_) for body, word_ in deciding.AUTHORITIES.items() if body in deciding.IN_SITTINGS}
STATES = {
    SittingState.PLANNED: _l("planned"),
    SittingState.HELD: _l("begun"),
    SittingState.CLOSED: _l("closed"),
}
BALLOTS = {"": "–", **{ballot.value: _l(word_) for ballot, word_ in deciding.BALLOTS.items()}}
VENDOR, SUPPLY = "v:", "s:"


class SittingForm(forms.Form):
    """When, where, who meets."""

    name = StringField(
        _l("Name"), [InputRequired(_l("Give the sitting a name.")), Length(max=200)], filters=[forms.stripped]
    )
    body = SelectField(_l("Who meets"), [InputRequired(_l("Choose one."))], choices=forms.choices(BODIES))
    held_on = DateField(_l("Date"), [InputRequired(_l("Choose the day of the sitting."))])
    begins = StringField(
        _l("Begins at"),
        [Optional(), Regexp(r"^([01]\d|2[0-3]):[0-5]\d$", message=_l("Enter a time like 14:30."))],
        filters=[forms.stripped],
    )
    place = StringField(_l("Venue"), [Length(max=200)], filters=[forms.stripped])
    version = HiddenField()


class PersonForm(forms.Form):
    """Somebody who is asked to come."""

    name = StringField(_l("Name"), [InputRequired(_l("Enter the name.")), Length(max=200)], filters=[forms.stripped])
    function = StringField(_l("Function"), [Length(max=200)], filters=[forms.stripped])
    email = StringField(_l("E-mail"), [Length(max=254)], filters=[forms.stripped])
    is_voting = BooleanField(_l("votes"))
    is_chair = BooleanField(_l("leads the sitting"))


class ItemForm(forms.Form):
    """A vendor, a product or a topic for the agenda."""

    about = SelectField(_l("Vendor or product"), [Optional()])
    topic = StringField(_l("or a topic"), [Optional(), Length(max=decisions.LONGEST_TOPIC)], filters=[forms.stripped])


class ChosenForm(forms.Form):
    """What of the proposals is put on the agenda."""

    chosen = SelectMultipleField(_l("Proposed"), option_widget=CheckboxInput())


class AttendanceForm(forms.Form):
    """Who is there, and who leads."""

    present = SelectMultipleField(_l("There"), option_widget=CheckboxInput())
    chair = SelectField(_l("Leads the sitting"), [InputRequired(_l("Choose one."))])
    seen = HiddenField()


class NoteForm(forms.Form):
    """What the minutes say beside the items."""

    note = TextAreaField(_l("Further remarks"), [Length(max=sittings.LONGEST_NOTE)], filters=[forms.stripped])
    version = HiddenField()


@hospital.get("/decisions/sittings/add", roles=PREPARERS)
def add_sitting(here: HospitalJourney) -> Response:
    """An empty form."""
    form = SittingForm.offered(body=Authority.COMMITTEE.value, held_on=here.today, version="0")
    return pages.page("hospital/sitting_form.html", form=form, row=None)


@hospital.post("/decisions/sittings/add", roles=PREPARERS)
def plan_sitting(here: HospitalJourney) -> Response:
    """Plan it; the people of the last one are asked again."""
    form = SittingForm.sent()
    if form.validate():
        with form.refusals(here.session):
            made = sittings.plan(here.session, here.actor, _fields(form), now=here.now)
            here.notice(_("Planned. Now the agenda and the people."))
            return pages.see_other("hospital.sitting", sitting_id=made.id)
    return pages.page("hospital/sitting_form.html", form=form, row=None)


@hospital.get("/decisions/sittings/<sitting_id>/edit", roles=PREPARERS)
def edit_sitting(here: HospitalJourney, sitting_id: str) -> Response:
    """The form as it stands."""
    row = sittings.find(here.session, here.actor, sitting_id)
    return pages.page("hospital/sitting_form.html", form=_as_it_stands(row.sitting), row=row)


@hospital.post("/decisions/sittings/<sitting_id>/edit", roles=PREPARERS)
def change_sitting(here: HospitalJourney, sitting_id: str) -> Response:
    """Another day, place or name; what somebody else saved meanwhile stands beside what was typed."""
    form = SittingForm.sent()
    stands: Any = ()
    if form.validate():
        try:
            with form.refusals(here.session):
                version = forms.version(form["version"].data)
                sittings.change(here.session, here.actor, sitting_id, _fields(form), version=version, now=here.now)
                here.notice(_("Saved."))
                return pages.see_other("hospital.sitting", sitting_id=sitting_id)
        except Clash as refused:
            now = sittings.find(here.session, here.actor, sitting_id).sitting
            stands = clashes.meet(form, Clash(refused.message, version=now.version), _as_it_stands(now))
    row = sittings.find(here.session, here.actor, sitting_id)
    return pages.page("hospital/sitting_form.html", form=form, row=row, stands=stands)


def _as_it_stands(sitting: Sitting) -> SittingForm:
    return SittingForm.offered(
        name=sitting.name,
        body=sitting.body.value,
        held_on=sitting.held_on,
        begins=sitting.begins,
        place=sitting.place,
        version=str(sitting.version),
    )


def _fields(form: SittingForm) -> SittingFields:
    return SittingFields(
        name=str(form["name"].data),
        body=Authority(form["body"].data),
        held_on=form["held_on"].data,
        begins=str(form["begins"].data or ""),
        place=str(form["place"].data or ""),
    )


@hospital.get("/decisions/sittings/<sitting_id>", roles=EVERY_HOSPITAL_ROLE)
def sitting(here: HospitalJourney, sitting_id: str) -> Response:
    """Everything about one sitting."""
    return _page(here, sitting_id)


@hospital.post("/decisions/sittings/<sitting_id>/people", roles=PREPARERS)
def add_participant(here: HospitalJourney, sitting_id: str) -> Response:
    """One more person."""
    form = PersonForm.sent()
    if form.validate():
        with form.refusals(here.session):
            fields = PersonFields(
                name=str(form["name"].data),
                function=str(form["function"].data or ""),
                email=str(form["email"].data or ""),
                is_voting=bool(form["is_voting"].data),
                is_chair=bool(form["is_chair"].data),
            )
            sittings.add_person(here.session, here.actor, sitting_id, fields, now=here.now)
            return pages.see_other("hospital.sitting", sitting_id=sitting_id, at="people")
    return _page(here, sitting_id, person=form)


@hospital.post("/decisions/sittings/<sitting_id>/people/<participant_id>/remove", roles=PREPARERS)
def remove_participant(here: HospitalJourney, sitting_id: str, participant_id: str) -> Response:
    """Somebody is not asked after all."""
    sittings.remove_person(here.session, here.actor, sitting_id, participant_id, now=here.now)
    return pages.see_other("hospital.sitting", sitting_id=sitting_id, at="people")


@hospital.post("/decisions/sittings/<sitting_id>/items", roles=PREPARERS)
def put_on_agenda(here: HospitalJourney, sitting_id: str) -> Response:
    """A vendor, a product or a topic."""
    form = _with_vendors(here, ItemForm.sent())
    if form.validate():
        with form.refusals(here.session):
            about = str(form["about"].data or "")
            vendor_id, supply_id = about.removeprefix(VENDOR) if about.startswith(VENDOR) else "", ""
            if about.startswith(SUPPLY):
                found = vendors.find_supply(here.session, here.actor, about.removeprefix(SUPPLY))
                vendor_id, supply_id = found.vendor_id, found.id
            subject = decisions.subject_of(
                here.session,
                here.actor,
                vendor_id=vendor_id,
                supply_id=supply_id,
                topic=str(form["topic"].data or ""),
            )
            made = sittings.put_on(here.session, here.actor, sitting_id, subject, now=here.now)
            return pages.see_other("hospital.agenda_item", sitting_id=sitting_id, item_id=made.id)
    return _page(here, sitting_id, item=form)


@hospital.post("/decisions/sittings/<sitting_id>/proposed", roles=PREPARERS)
def take_proposed(here: HospitalJourney, sitting_id: str) -> Response:
    """What of the proposals is put on the agenda."""
    row = sittings.find(here.session, here.actor, sitting_id)
    form = _with_proposals(here, row, ChosenForm.sent())
    if form.validate():
        with form.refusals(here.session):
            chosen = list(form["chosen"].data or ())
            sittings.put_on_proposed(here.session, here.actor, sitting_id, chosen, now=here.now)
            return pages.see_other("hospital.sitting", sitting_id=sitting_id, at="agenda")
    return _page(here, sitting_id, chosen=form)


@hospital.get("/decisions/sittings/<sitting_id>/items/<item_id>", roles=EVERY_HOSPITAL_ROLE)
def agenda_item(here: HospitalJourney, sitting_id: str, item_id: str) -> Response:
    """One item: what is proposed, and the votes."""
    row, item = _one(here, sitting_id, item_id)
    return _item_page(here, row, item, _form_of(here, item))


@hospital.post("/decisions/sittings/<sitting_id>/items/<item_id>", roles=PREPARERS)
def propose(here: HospitalJourney, sitting_id: str, item_id: str) -> Response:
    """What the item proposes; where somebody else wrote meanwhile, both stand beside each other."""
    row, item = _one(here, sitting_id, item_id)
    form = proposals.offered(here, item.item.vendor_id, ProposalForm.sent(), for_information=True)
    stands: Any = ()
    if not form.wants_more() and form.validate():
        try:
            with form.refusals(here.session):
                sittings.propose(
                    here.session,
                    here.actor,
                    sitting_id,
                    item_id,
                    form.fields(),
                    note=str(form["reasons"].data or ""),
                    version=forms.version(form["version"].data),
                    now=here.now,
                )
                here.notice(_("Saved."))
                return pages.see_other("hospital.agenda_item", sitting_id=sitting_id, item_id=item_id)
        except Clash as refused:
            row, item = _one(here, sitting_id, item_id)
            stands = clashes.meet(form, Clash(refused.message, version=item.item.version), _form_of(here, item))
    return _item_page(here, row, item, form, stands=stands)


@hospital.post("/decisions/sittings/<sitting_id>/items/<item_id>/votes", roles=PREPARERS)
def vote(here: HospitalJourney, sitting_id: str, item_id: str) -> Response:
    """The votes on one item; they may be corrected until the sitting is closed."""
    row, item = _one(here, sitting_id, item_id)
    form = _vote_form(row).sent()
    stands: Any = ()
    if form.validate():
        said = {
            person.id: Said(
                ballot=Ballot(form[f"ballot_{person.id}"].data or Ballot.ABSTAIN.value),
                conflict=str(form[f"conflict_{person.id}"].data or ""),
            )
            for person in row.voters
            if form[f"ballot_{person.id}"].data or form[f"conflict_{person.id}"].data
        }
        try:
            with form.refusals(here.session):
                version = forms.version(form["version"].data)
                sittings.vote(here.session, here.actor, sitting_id, item_id, said, version=version, now=here.now)
                here.notice(_("The votes are written down."))
                return pages.see_other("hospital.agenda_item", sitting_id=sitting_id, item_id=item_id, at="votes")
        except Clash as refused:
            row, item = _one(here, sitting_id, item_id)
            stands = clashes.meet(
                form, Clash(refused.message, version=item.item.version), _votes_as_they_are(row, item)
            )
    return _item_page(here, row, item, _form_of(here, item), votes=form, stands=stands)


@hospital.post("/decisions/sittings/<sitting_id>/items/<item_id>/remove", roles=PREPARERS)
def take_off_agenda(here: HospitalJourney, sitting_id: str, item_id: str) -> Response:
    """An item leaves the agenda."""
    sittings.take_off(here.session, here.actor, sitting_id, item_id, now=here.now)
    return pages.see_other("hospital.sitting", sitting_id=sitting_id, at="agenda")


@hospital.post("/decisions/sittings/<sitting_id>/invite", roles=PREPARERS)
def invite_to_sitting(here: HospitalJourney, sitting_id: str) -> Response:
    """A mail with the agenda to everybody whose address is known."""
    count = sittings.invite(here.session, here.actor, sitting_id, base_url=here.settings.public_base_url, now=here.now)
    here.notice(
        ngettext("The agenda goes to %(num)s person by mail.", "The agenda goes to %(num)s people by mail.", count)
    )
    return pages.see_other("hospital.sitting", sitting_id=sitting_id)


@hospital.post("/decisions/sittings/<sitting_id>/begin", roles=PREPARERS)
def begin_sitting(here: HospitalJourney, sitting_id: str) -> Response:
    """It begins: the register is frozen."""
    row = sittings.find(here.session, here.actor, sitting_id)
    sittings.begin(here.session, here.actor, sitting_id, version=row.sitting.version, now=here.now)
    here.notice(_("The sitting has begun, and the register is being frozen."))
    return pages.see_other("hospital.sitting", sitting_id=sitting_id)


@hospital.post("/decisions/sittings/<sitting_id>/freeze", roles=PREPARERS)
def freeze_for_sitting(here: HospitalJourney, sitting_id: str) -> Response:
    """Freezing went wrong: once more."""
    sittings.freeze_again(here.session, here.actor, sitting_id, now=here.now)
    here.notice(_("The register is being frozen."))
    return pages.see_other("hospital.sitting", sitting_id=sitting_id)


@hospital.post("/decisions/sittings/<sitting_id>/attendance", roles=PREPARERS)
def attend(here: HospitalJourney, sitting_id: str) -> Response:
    """Who is there."""
    row = sittings.find(here.session, here.actor, sitting_id)
    form = _with_people(row, AttendanceForm.sent())
    if form.validate():
        try:
            with form.refusals(here.session):
                present, chair, seen = list(form["present"].data or ()), str(form["chair"].data), str(form["seen"].data)
                sittings.attend(here.session, here.actor, sitting_id, present, chair, seen=seen, now=here.now)
                here.notice(_("Saved."))
                return pages.see_other("hospital.sitting", sitting_id=sitting_id, at="people")
        except Clash as refused:  # the list above the form tells what stands
            form.form_errors.append(refused.message.render(_))
            form["seen"].data = sittings.attendance(sittings.find(here.session, here.actor, sitting_id))
    return _page(here, sitting_id, attendance=form)


@hospital.post("/decisions/sittings/<sitting_id>/note", roles=PREPARERS)
def note_in_minutes(here: HospitalJourney, sitting_id: str) -> Response:
    """What the minutes say beside the items."""
    form = NoteForm.sent()
    stands: Any = ()
    if form.validate():
        try:
            with form.refusals(here.session):
                note, version = str(form["note"].data or ""), forms.version(form["version"].data)
                sittings.remark(here.session, here.actor, sitting_id, note, version=version)
                here.notice(_("Saved."))
                return pages.see_other("hospital.sitting", sitting_id=sitting_id)
        except Clash as refused:
            now = sittings.find(here.session, here.actor, sitting_id).sitting
            stands = clashes.meet(
                form,
                Clash(refused.message, version=now.version),
                NoteForm.offered(note=now.note, version=str(now.version)),
            )
    return _page(here, sitting_id, note=form, stands=stands)


@hospital.post("/decisions/sittings/<sitting_id>/close", roles=DECIDERS)
def close_sitting(here: HospitalJourney, sitting_id: str) -> Response:
    """Everything that was carried comes into force, and the minutes are frozen: as the page showed it, or not yet."""
    row = sittings.find(here.session, here.actor, sitting_id)
    opened = _frozen(here, row)
    if opened is None:
        raise NotNow(Message(text=N_("The register is still being frozen. Try again in a moment.")))
    seen = request.form.get("seen", "")
    try:
        sittings.close(here.session, here.actor, sitting_id, opened.document, seen=seen, now=here.now)
    except Clash as clash:
        return _page(here, sitting_id, clash=clash.message)
    here.notice(_("Closed. What was carried is in force, and the minutes are frozen."))
    return pages.see_other("hospital.sitting", sitting_id=sitting_id)


# ---- on paper


@hospital.get("/decisions/sittings/<sitting_id>/agenda.pdf", roles=EVERY_HOSPITAL_ROLE)
def agenda_on_paper(here: HospitalJourney, sitting_id: str) -> Response:
    """The agenda, with the frozen numbers once there are any."""
    row = sittings.find(here.session, here.actor, sitting_id)
    opened = _frozen(here, row)
    found = sittings.minutes_of(here.session, here.actor, row, opened.document if opened else None)
    html = paper.html(found, reader=_calling(here, found.policy_version))
    here.let_go()
    content = printing.pdf(html, style=documents.style())
    return pages.download(content, name=_file(_("Agenda"), row, "pdf"), media_type=PDF)


@hospital.get("/decisions/sittings/<sitting_id>/minutes.pdf", roles=EVERY_HOSPITAL_ROLE)
def minutes_on_paper(here: HospitalJourney, sitting_id: str) -> Response:
    """The minutes as they were frozen."""
    row = sittings.find(here.session, here.actor, sitting_id)
    found = _minutes(row)
    html = paper.html(found, reader=_calling(here, found.policy_version), sha256=row.sitting.minutes_sha256)
    here.let_go()
    content = printing.pdf(html, style=documents.style())
    return pages.download(content, name=_file(_("Minutes"), row, "pdf"), media_type=PDF)


@hospital.get("/decisions/sittings/<sitting_id>/minutes.docx", roles=EVERY_HOSPITAL_ROLE)
def minutes_for_word(here: HospitalJourney, sitting_id: str) -> Response:
    """The same for Word."""
    row = sittings.find(here.session, here.actor, sitting_id)
    found = _minutes(row)
    content = paper.docx(found, reader=_calling(here, found.policy_version), sha256=row.sitting.minutes_sha256)
    return pages.download(content, name=_file(_("Minutes"), row, "docx"), media_type=word.MEDIA_TYPE)


@hospital.get("/decisions/approval/<snapshot_id>/sheet.pdf", roles=EVERY_HOSPITAL_ROLE)
def approval_on_paper(here: HospitalJourney, snapshot_id: str) -> Response:
    """The sheet of § 38 BSIG from a frozen register."""
    found = approvals.of_snapshot(snapshots.open_one(here.session, here.actor, _shelf(here), snapshot_id))
    html = approval_sheet.html(found, reader=_calling(here, found.policy_version))
    here.let_go()
    content = printing.pdf(html, style=documents.style())
    return pages.download(content, name=f"BSIG 38 {found.at.astimezone(BERLIN):%Y-%m-%d}.pdf", media_type=PDF)


@hospital.get("/decisions/approval/<snapshot_id>/sheet.docx", roles=EVERY_HOSPITAL_ROLE)
def approval_for_word(here: HospitalJourney, snapshot_id: str) -> Response:
    """The same for Word."""
    found = approvals.of_snapshot(snapshots.open_one(here.session, here.actor, _shelf(here), snapshot_id))
    content = approval_sheet.docx(found, reader=_calling(here, found.policy_version))
    return pages.download(
        content, name=f"BSIG 38 {found.at.astimezone(BERLIN):%Y-%m-%d}.docx", media_type=word.MEDIA_TYPE
    )


def _minutes(row: SittingRow) -> paper.Minutes:
    if row.sitting.minutes is None:
        raise NotNow(Message(text=N_("There are no minutes before the sitting is closed.")))
    return paper.load(row.sitting.minutes)


def _calling(here: HospitalJourney, policy_version: str) -> Reader:
    """The reader with the words that the levels had under that policy; before anything is frozen, those of today."""
    if not policy_version:
        return reader().calling(policies.of(here.session, here.hospital.id))
    return reader().calling(policies.get(here.session, here.hospital.id, policy_version))


def _file(kind: str, row: SittingRow, ending: str) -> str:
    return f"{kind} {row.sitting.name[:80]} {row.sitting.held_on:%Y-%m-%d}.{ending}"


def _shelf(here: HospitalJourney) -> Blobs:
    return Blobs(folder=here.settings.files_dir, keyring=journey.floor().keyring)


def _frozen(here: HospitalJourney, row: SittingRow) -> snapshots.Opened | None:
    if row.snapshot is None or row.snapshot.state is not SnapshotState.DONE:
        return None
    return snapshots.open_one(here.session, here.actor, _shelf(here), row.snapshot.id)


# ---- pages and forms


def _page(
    here: HospitalJourney, sitting_id: str, *, stands: Any = (), clash: Message | None = None, **sent: Any
) -> Response:
    """The page of a sitting; of its forms the one that was sent comes back as it was."""
    row = sittings.find(here.session, here.actor, sitting_id)
    may_close = here.role in DECIDERS and row.sitting.state is SittingState.HELD
    may_prepare = here.role in PREPARERS and row.sitting.state is not SittingState.CLOSED
    current: Mapping[str, Any] = {
        "person": PersonForm.offered(is_voting=True),
        "item": _with_vendors(here, ItemForm.offered()),
        "chosen": _with_proposals(here, row, ChosenForm.offered()),
        "attendance": _with_people(
            row,
            AttendanceForm.offered(
                present=[one.id for one in row.people if one.presence is not Presence.EXCUSED],
                chair=row.chair.id if row.chair else "",
                seen=sittings.attendance(row),
            ),
        ),
        "note": NoteForm.offered(note=row.sitting.note, version=str(row.sitting.version)),
        **sent,
    }
    return pages.page(
        "hospital/sitting.html",
        status=200 if clash is None else 409,
        clash=clash,
        **proposals.shared(here),
        form=next(iter(sent.values()), None),
        forms=current,
        stands=stands,
        row=row,
        states=STATES,
        presences=paper.PRESENCES,
        rule=paper.RULE,
        asked=sittings.proposals(here.session, here.actor, row, today=here.today) if may_prepare else (),
        may_prepare=may_prepare,
        may_close=may_close,
        seen=sittings.as_seen(here.session, here.actor, row) if may_close else "",
    )


def _item_page(
    here: HospitalJourney,
    row: SittingRow,
    item: ItemRow,
    form: Any,
    *,
    votes: Any = None,
    stands: Any = (),
) -> Response:
    opened = _frozen(here, row)
    found = sittings.minutes_of(here.session, here.actor, row, opened.document if opened else None)
    on_paper = next(one for one, other in zip(found.items, row.items, strict=True) if other.item.id == item.item.id)
    return pages.page(
        "hospital/agenda_item.html",
        **proposals.shared(here),
        form=votes if votes is not None and votes.errors else form,
        proposal=form,
        votes=votes if votes is not None else _votes_as_they_are(row, item),
        stands=stands,
        row=row,
        item=item,
        on_paper=on_paper,
        stakes=paper.stakes(on_paper.stake, _calling(here, found.policy_version)) if on_paper.stake else (),
        said=paper.votes(on_paper, reader()) if item.tally is not None and item.item.ruling is not None else "",
        rule=paper.RULE,
        last=decisions.of_vendor(here.session, here.actor, item.vendor.id)[:1] if item.vendor else (),
        may_prepare=here.role in PREPARERS and row.sitting.state is not SittingState.CLOSED,
        is_held=row.sitting.state is SittingState.HELD,
    )


def _one(here: HospitalJourney, sitting_id: str, item_id: str) -> tuple[SittingRow, ItemRow]:
    row = sittings.find(here.session, here.actor, sitting_id)
    item = next((one for one in row.items if one.item.id == item_id), None)
    if item is None:
        raise NotFound
    return row, item


def _form_of(here: HospitalJourney, item: ItemRow) -> ProposalForm:
    return proposals.filled(
        here,
        item.item.vendor_id,
        item.fields,
        version=item.item.version,
        note=item.item.reasons,
        for_information=True,
    )


def _vote_form(row: SittingRow) -> type[forms.Form]:
    """A ballot and room for a conflict of interest for each who is there and votes."""
    fields: dict[str, Any] = {"version": HiddenField()}
    for person in row.voters:
        fields[f"ballot_{person.id}"] = SelectField(person.name, [Optional()], choices=forms.choices(BALLOTS))
        fields[f"conflict_{person.id}"] = StringField(
            _l("Conflict of interest"),
            [Optional(), Length(max=sittings.LONGEST_CONFLICT)],
            filters=[forms.stripped],
        )
    return type("VoteForm", (forms.Form,), fields)


def _votes_as_they_are(row: SittingRow, item: ItemRow) -> forms.Form:
    values: dict[str, Any] = {"version": str(item.item.version)}
    for person in row.voters:
        if (given := item.votes.get(person.id)) is not None:
            values |= {f"ballot_{person.id}": given.ballot.value, f"conflict_{person.id}": given.conflict}
    return _vote_form(row).offered(**values)


def _with_vendors(here: HospitalJourney, form: ItemForm) -> ItemForm:
    choices = [("", "–")]
    for vendor in vendors.search(here.session, here.actor):
        choices.append((f"{VENDOR}{vendor.id}", vendor.name))
        choices.extend(
            (f"{SUPPLY}{supply.id}", f"{vendor.name} · {supply.name}")
            for supply in vendor.supplies
            if supply.ended_at is None
        )
    form.offer("about", choices)
    return form


def _with_proposals(here: HospitalJourney, row: SittingRow, form: ChosenForm) -> ChosenForm:
    found = sittings.proposals(here.session, here.actor, row, today=here.today)
    form.offer("chosen", [(sittings.key_of(one), one.fact.vendor or one.fact.about) for one in found])
    return form


def _with_people(row: SittingRow, form: AttendanceForm) -> AttendanceForm:
    form.offer("present", [(one.id, one.name) for one in row.people])
    form.offer("chair", [(one.id, one.name) for one in row.people if one.is_voting])
    return form
