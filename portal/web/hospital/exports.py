"""Reports: what can be taken along, how far what was asked for is, and whether a file is ours and unchanged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, request
from wtforms import FileField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from portal import i18n
from portal.db.models.exports import Export, ExportKind, ExportState
from portal.db.models.snapshots import SnapshotState
from portal.files.blobs import Blobs
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.jobs import exporting
from portal.services.actors import EVERY_HOSPITAL_ROLE
from portal.services.exports import exports
from portal.services.exports.exports import Confirmed, Wish
from portal.services.registers import snapshots
from portal.services.vendors import vendors
from portal.web import forms, journey, pages
from portal.web.hospital.room import hospital
from portal.web.journey import HospitalJourney, Rail
from reports.reader import Reader

LARGEST = 100 * 1024 * 1024  # bytes of a file that is checked
ALL = "all"
OF_ONE_VENDOR = (ExportKind.BUNDLE, ExportKind.VENDOR_JSON, ExportKind.VENDOR_OSCAL)
LANGUAGES = {"de": "Deutsch", "en": "English"}
STATES: Mapping[ExportState, object] = {
    ExportState.WAITING: _l("waits for its turn"),
    ExportState.RUNNING: _l("is being made"),
    ExportState.READY: _l("ready"),
    ExportState.FAILED: _l("not made"),
    ExportState.EXPIRED: _l("file removed after seven days"),
}
KINDS: Mapping[ExportKind, object] = {
    ExportKind.REGISTER: _l("Register (Excel)"),
    ExportKind.VENDOR_REPORT: _l("Vendor report (PDF)"),
    ExportKind.VENDOR_REPORTS: _l("Reports of all vendors (ZIP)"),
    ExportKind.BUNDLE: _l("Evidence bundle (ZIP)"),
    ExportKind.VENDOR_JSON: _l("Facts of a vendor (JSON)"),
    ExportKind.VENDOR_OSCAL: _l("Assessment results (OSCAL)"),
    ExportKind.REGISTER_JSON: _l("Register (JSON)"),
    ExportKind.COMMITTEE: _l("Committee paper (PDF)"),
    ExportKind.COMPARISON: _l("Comparison (Excel)"),
    ExportKind.COMPARISON_PDF: _l("Comparison (PDF)"),
}


class ReportForm(forms.Form):
    """The report of one vendor, or of all."""

    vendor = SelectField(_l("Vendor"), validators=[InputRequired(_l("Choose one."))])
    language = SelectField(_l("Language"), validators=[InputRequired(_l("Choose one."))])


class BundleForm(forms.Form):
    """What of one vendor is taken along for auditors and other programs."""

    vendor = SelectField(_l("Vendor"), validators=[InputRequired(_l("Choose one."))])
    kind = SelectField(_l("What"), validators=[InputRequired(_l("Choose one."))])
    language = SelectField(_l("Language"), validators=[InputRequired(_l("Choose one."))])
    round = StringField(validators=[Length(max=80)])  # from the page of a vendor: a round that is not the newest


class CommitteeForm(forms.Form):
    """The committee's paper, from a snapshot or as of now."""

    snapshot = SelectField(_l("Facts"), validate_choice=True)
    language = SelectField(_l("Language"), validators=[InputRequired(_l("Choose one."))])


class CheckForm(forms.Form):
    """A checksum, or the file itself."""

    checksum = StringField(
        _l("Checksum"),
        [Length(max=200)],
        filters=[forms.stripped],
        description=_l("64 characters; it stands on the cover of the register."),
    )
    file = FileField(_l("or the file itself"), description=_l("It is looked at and not kept; at most 100 MB."))


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One line of the list."""

    row: Export
    kind: object
    state: object
    is_open: bool
    may_fetch: bool


@hospital.get("/reports", roles=EVERY_HOSPITAL_ROLE, rail=Rail.REPORTS)
def report_list(here: HospitalJourney) -> Response:
    """What can be taken along, and what was asked for."""
    return _page(here, None)


@hospital.get("/reports/list", roles=EVERY_HOSPITAL_ROLE)
def live_exports(here: HospitalJourney) -> Response:
    """The list as it stands now; it asks for itself while something is being made."""
    return pages.part("hospital/export_list.html", **_list(here))


@hospital.post("/reports/register", roles=EVERY_HOSPITAL_ROLE)
def register_workbook(here: HospitalJourney) -> Response:
    """register.xlsx as of now: at once where that takes seconds, as a job where it takes longer."""
    wish = Wish(kind=ExportKind.REGISTER, language=_language(request.form.get("language")))
    if not exports.is_short(here.session, here.actor, wish):
        return _asked(here, wish)
    exports.note_taken(here.session, here.actor, wish, now=here.now)
    here.let_go()
    made = exporting.register_made(here.settings.database_url, here.actor, language=wish.language, now=here.now)
    kept = _shelf(here).put(exports.owner_of(here.hospital.id), made.content)
    exports.keep_at_once(here.session, here.actor, wish, made, kept, now=here.now)
    return pages.download(made.content, name=made.file_name, media_type=made.media_type)


@hospital.post("/reports/vendor", roles=EVERY_HOSPITAL_ROLE)
def ask_for_report(here: HospitalJourney) -> Response:
    """The report of one vendor, or of all vendors in one archive."""
    form = _offered(here, ReportForm.sent())
    if not form.validate():
        return _page(here, form)
    chosen, language = str(form["vendor"].data), _language(form["language"].data)
    if chosen == ALL:
        return _asked(here, Wish(kind=ExportKind.VENDOR_REPORTS, language=language))
    return _asked(here, Wish(kind=ExportKind.VENDOR_REPORT, language=language, vendor_id=chosen))


@hospital.post("/reports/bundle", roles=EVERY_HOSPITAL_ROLE)
def ask_for_bundle(here: HospitalJourney) -> Response:
    """The evidence bundle of one vendor, or its facts for other programs."""
    form = _with_vendors(here, BundleForm.sent())
    if not form.validate():
        return _page(here, None, bundle=form)
    kind, language = ExportKind(str(form["kind"].data)), _language(form["language"].data)
    chosen = str(form["round"].data or "") if kind is ExportKind.BUNDLE else ""
    wish = Wish(kind=kind, language=language, vendor_id=str(form["vendor"].data), assessment_id=chosen)
    return _asked(here, wish)


@hospital.post("/reports/committee", roles=EVERY_HOSPITAL_ROLE)
def ask_for_committee_paper(here: HospitalJourney) -> Response:
    """Two pages and an annex for the committee."""
    form = _with_snapshots(here, CommitteeForm.sent())
    if not form.validate():
        return _page(here, None, committee=form)
    language = _language(form["language"].data)
    return _asked(
        here, Wish(kind=ExportKind.COMMITTEE, language=language, snapshot_id=str(form["snapshot"].data or ""))
    )


@hospital.post("/reports/register-json", roles=EVERY_HOSPITAL_ROLE)
def ask_for_register_json(here: HospitalJourney) -> Response:
    """The whole register for other programs."""
    return _asked(here, Wish(kind=ExportKind.REGISTER_JSON, language=here.language))


@hospital.post("/reports/<export_id>/file", roles=EVERY_HOSPITAL_ROLE)
def export_file(here: HospitalJourney, export_id: str) -> Response:
    """Fetch it; a POST, because the audit trail says who did."""
    found = exports.fetch(here.session, here.actor, export_id, now=here.now)
    content = _shelf(here).get(found.owner, found.blob_id, found.sha256)
    return pages.download(content, name=found.file_name, media_type=found.media_type)


@hospital.get("/reports/check", roles=EVERY_HOSPITAL_ROLE)
def check_register(here: HospitalJourney) -> Response:  # noqa: ARG001 - the same for every role
    """Where a checksum or a file is confirmed."""
    return pages.page("hospital/check_register.html", form=CheckForm.offered(), asked=False, found=None)


@hospital.post("/reports/check", roles=EVERY_HOSPITAL_ROLE, body_limit=LARGEST)
def confirm_register(here: HospitalJourney) -> Response:
    """Whether it was made here, when, by whom, and whether it is unchanged."""
    form = CheckForm.sent()
    found: Confirmed | None = None
    content, asked = b"", False
    if form.validate():
        file = request.files.get("file")
        content = file.read() if file is not None else b""
        asked = bool(content or form["checksum"].data)
        if content:
            found = exports.confirm_file(here.session, here.actor, content)
        elif asked:
            found = exports.confirm(here.session, here.actor, str(form["checksum"].data))
        else:
            form.form_errors.append(_("Enter a checksum or choose a file."))
    return pages.page(
        "hospital/check_register.html",
        form=form,
        asked=asked,
        found=found,
        was_file=bool(content),
        language_words=LANGUAGES,
    )


def _asked(here: HospitalJourney, wish: Wish) -> Response:
    exports.ask(here.session, here.actor, wish, now=here.now)
    here.notice(_("Asked for. It stands below as soon as it is made; if that takes over a minute, you get a mail."))
    return pages.see_other("hospital.report_list")


def _page(
    here: HospitalJourney,
    form: ReportForm | None,
    *,
    bundle: BundleForm | None = None,
    committee: CommitteeForm | None = None,
) -> Response:
    shown = form or _offered(here, ReportForm.offered(language=here.language))
    wanted = bundle or _with_vendors(here, BundleForm.offered(language=here.language))
    paper = committee or _with_snapshots(here, CommitteeForm.offered(language=here.language))
    for name, each in [*(("bundle", each) for each in wanted), *(("committee", each) for each in paper)]:
        each.id = f"{name}-{each.name}"  # three forms on one page, so one id each
    return pages.page(
        "hospital/reports.html",
        form=shown,
        bundle=wanted,
        committee=paper,
        is_short=_is_short(here),
        **_list(here),
    )


def _is_short(here: HospitalJourney) -> bool:
    return exports.is_short(here.session, here.actor, Wish(kind=ExportKind.REGISTER, language=here.language))


def _list(here: HospitalJourney) -> dict[str, Any]:
    shown: Sequence[Shown] = [
        Shown(
            row=row,
            kind=KINDS[row.kind],
            state=STATES[row.state],
            is_open=row.state in exports.OPEN_STATES,
            may_fetch=row.state is ExportState.READY and row.expires_at is not None and row.expires_at > here.now,
        )
        for row in exports.newest(here.session, here.actor)
    ]
    return {"exports": shown, "is_live": any(one.is_open for one in shown), "language_words": LANGUAGES}


def _offered(here: HospitalJourney, form: ReportForm) -> ReportForm:
    names = [(vendor.id, vendor.name) for vendor in vendors.search(here.session, here.actor)]
    form.offer("vendor", [(ALL, _("All vendors (ZIP)")), *names])
    form.offer("language", LANGUAGES)
    return form


def _with_vendors(here: HospitalJourney, form: BundleForm) -> BundleForm:
    form.offer("vendor", [(vendor.id, vendor.name) for vendor in vendors.search(here.session, here.actor)])
    form.offer("kind", {kind.value: KINDS[kind] for kind in OF_ONE_VENDOR})
    form.offer("language", LANGUAGES)
    return form


def _with_snapshots(here: HospitalJourney, form: CommitteeForm) -> CommitteeForm:
    frozen = [row for row in snapshots.rows(here.session, here.actor) if row.state is SnapshotState.DONE]
    day = Reader(language=i18n.language(), translate=i18n.gettext).moment
    form.offer("snapshot", [("", _("as of now")), *((row.id, f"{row.name} ({day(row.at)})") for row in frozen)])
    form.offer("language", LANGUAGES)
    return form


def _language(asked: object) -> str:
    language = str(asked or i18n.language())
    return language if language in i18n.LANGUAGES else i18n.DEFAULT


def _shelf(here: HospitalJourney) -> Blobs:
    return Blobs(folder=here.settings.files_dir, keyring=journey.floor().keyring)
