"""Every route for everybody: who comes in is written down here a second time, apart from the code that lets them in."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from portal.db.models.accounts import CompanyRole, HospitalRole, SignIn
from tests.journeys.world import FILE, Place, World

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

UNKNOWN = "0123456789abcdef0123"
HOLLOW = re.compile(r"%\(\w+\)s|>\s*None\b|Undefined")  # a gap of a sentence or a template that nobody filled in
OPEN, HALFWAY, INSIDE, OPERATOR = "open", "halfway", "inside", "operator"
CLINIC = frozenset(HospitalRole)
CLINIC_WRITERS = frozenset({HospitalRole.ADMIN, HospitalRole.ASSESSOR})
CLINIC_RISKS = CLINIC_WRITERS | {HospitalRole.DECIDER}
CLINIC_ADMIN = frozenset({HospitalRole.ADMIN})
CLINIC_APPROVERS = frozenset({HospitalRole.ADMIN, HospitalRole.DECIDER})
CLINIC_TRAIL = CLINIC_ADMIN | {HospitalRole.AUDITOR}
FIRM = frozenset(CompanyRole)
FIRM_LEAD = frozenset({CompanyRole.LEAD})
FIRM_SIGNERS = frozenset({CompanyRole.LEAD, CompanyRole.SIGNATORY})

# Who may come in, by "METHOD room.page". A page that stands here under no word is no page.
TABLE: Mapping[object, str] = {
    OPEN: """
        GET site.start  GET site.about  GET site.method  GET site.alive  GET site.ready  GET site.security_txt
        GET site.scope  GET site.checklist  GET site.checklist_on_paper  GET site.faq
        GET site.signing_key
        GET site.incident_sheet  GET site.incident_sheet_on_paper
        GET invitation.open_flash  GET invitation.show_flash  POST invitation.answer_flash_by_link
        GET auth.sign_in  POST auth.begin_sign_in  POST auth.language
        GET auth.open_join  GET auth.join  POST auth.join_with_new_account  POST auth.renew_join
        GET auth.forgotten  POST auth.send_new_password_link
        GET auth.open_new_password  GET auth.new_password  POST auth.set_new_password
        GET auth.open_setup  GET auth.setup  POST auth.make_first_hospital
        GET invitation.open_link  GET invitation.show  POST invitation.accept_as_new
        GET invitation.colleague  POST invitation.hand_over  POST invitation.renew
        GET asked.open_intake  GET asked.show_intake  POST asked.answer_intake
        POST invitation.look_first  GET invitation.first_look  GET invitation.live_first_look
        GET site.look  POST site.ask_for_look  GET site.open_look_link  GET site.look_hosts  POST site.start_look
        GET site.look_result  GET site.live_look_result  POST site.forget_look
    """,
    HALFWAY: """
        POST auth.leave  GET auth.second_factor  POST auth.give_second_factor
        GET auth.recovery_code  POST auth.give_recovery_code  GET auth.enrol  POST auth.confirm_enrolment
    """,
    INSIDE: """
        GET auth.places  POST auth.choose_place  GET auth.account  POST auth.change_password
        POST auth.confirm  POST auth.renew_recovery_codes  POST auth.join_with_account
        POST invitation.accept_with_account
    """,
    OPERATOR: """
        GET site.operator  GET site.mails  GET site.mail  POST site.send_mail_again  POST site.try_job_again
    """,
    CLINIC: """
        GET hospital.today  GET hospital.whole_group  GET hospital.vendor_list  GET hospital.search  GET hospital.vendor
        GET hospital.vendor_answers  GET hospital.vendor_contradictions  GET hospital.vendor_evidence
        GET hospital.vendor_frameworks  GET hospital.vendor_frameworks_paper  GET hospital.vendor_frameworks_sheet
        GET hospital.contract_draft  GET hospital.contract_draft_paper  POST hospital.ask_for_committee_paper
        GET hospital.vendor_history  GET hospital.vendor_report  GET hospital.vendor_scan  GET hospital.scan_progress
        GET hospital.recording  GET hospital.recorded_answer  POST hospital.open_recorded_source
        GET hospital.intake  GET hospital.board  GET hospital.assessment  GET hospital.review_list  GET hospital.review
        GET hospital.risk_list  GET hospital.risk  GET hospital.report_list  POST hospital.register_workbook
        POST hospital.open_evidence  GET hospital.settings  GET hospital.vendor_disputes  GET hospital.vendor_actions
        GET hospital.vendor_scope
        GET hospital.own_risk  GET hospital.vendor_waivers  GET hospital.snapshot_list  GET hospital.snapshot
        GET hospital.compare_snapshots  GET hospital.snapshot_file
        GET hospital.vendor_components
        GET hospital.catalogue_list  GET hospital.own_catalogue  GET hospital.preview_catalogue
        GET hospital.catalogue_file  GET hospital.catalogue_workbook
        GET hospital.shipped_catalogue_file
        GET hospital.policy_page  GET hospital.preview_policy  GET hospital.policy_release  GET hospital.policy_file
        GET hospital.policy_release_file  GET hospital.live_policy_preview  POST hospital.work_out_policy
        GET hospital.incident_list  GET hospital.incident  GET hospital.vendor_incidents
        GET hospital.flash  GET hospital.flash_calls  GET hospital.flash_workbook
        GET hospital.live_exports  POST hospital.ask_for_report  POST hospital.export_file
        POST hospital.ask_for_bundle  POST hospital.ask_for_register_json
        GET hospital.campaign  GET hospital.campaign_progress  GET hospital.campaign_mail
        GET hospital.letter_list  GET hospital.letter
        GET hospital.check_register  POST hospital.confirm_register
        GET hospital.view_list  GET hospital.concentration_page
        GET hospital.compare  POST hospital.comparison_workbook  POST hospital.comparison_paper
        GET hospital.tender_list  GET hospital.tender  GET hospital.tender_lot  POST hospital.tender_sheet
        GET hospital.tender_acts  POST hospital.tender_log_workbook
        GET hospital.lot_intake  POST hospital.tender_paper  POST hospital.tender_log_pdf
        GET hospital.supply  GET hospital.vendor_subcontractors  GET hospital.ending
        POST hospital.vendor_list_workbook  POST hospital.vendor_list_csv
        GET hospital.decision_list  GET hospital.decision  GET hospital.vendor_decisions  GET hospital.sitting
        GET hospital.agenda_item  GET hospital.agenda_on_paper  GET hospital.minutes_on_paper
        GET hospital.minutes_for_word  GET hospital.approval_on_paper  GET hospital.approval_for_word
        GET hospital.change_list  GET hospital.watching_page  POST hospital.choose_watching
        GET hospital.reassessment_list  GET hospital.reassessment
    """,
    CLINIC_WRITERS: """
        GET hospital.add_tender  POST hospital.begin_tender  GET hospital.edit_tender  POST hospital.change_tender
        POST hospital.add_lot  POST hospital.add_bidder  POST hospital.remove_bidder  POST hospital.freeze_tender
        POST hospital.start_tender  POST hospital.publish_answer  POST hospital.award_lot  POST hospital.cancel_tender
        POST hospital.put_off_lapse
        POST hospital.move_deadline  POST hospital.switch_tender_reminders  POST hospital.fill_in_lot_intake
        POST hospital.exclude_offer  POST hospital.take_exclusion_back  POST hospital.end_lot
        GET hospital.ask_lot_owner  POST hospital.send_lot_intake  POST hospital.take_lot_intake_over
        GET hospital.edit_contract  POST hospital.change_contract  GET hospital.edit_exit  POST hospital.change_exit
        GET hospital.upload_articles  POST hospital.take_articles  GET hospital.add_entry
        POST hospital.write_down_entry  GET hospital.edit_entry  POST hospital.change_entry  POST hospital.remove_entry
        GET hospital.ending_vendor  POST hospital.change_ending  POST hospital.take_ending_back
        GET hospital.choose_vendors  POST hospital.draft_campaign  POST hospital.plan_campaign
        POST hospital.leave_out_of_campaign  POST hospital.discard_campaign  POST hospital.send_campaign
        POST hospital.switch_campaign_reminders  POST hospital.remind_vendor  POST hospital.switch_reminders
        POST hospital.move_due_date  POST hospital.change_letter  POST hospital.try_letter  POST hospital.reset_letter
        POST hospital.take_over_review
        POST hospital.name_incident_desk  POST hospital.confirm_incident  GET hospital.new_flash
        POST hospital.send_flash  POST hospital.note_flash_answer  POST hospital.stop_flash  POST hospital.close_flash
        POST hospital.begin_catalogue  POST hospital.import_catalogue  POST hospital.rename_catalogue
        POST hospital.place_questions  GET hospital.add_own_question  POST hospital.write_down_own_question
        GET hospital.edit_own_question  POST hospital.change_own_question  POST hospital.remove_own_question
        POST hospital.discard_catalogue
        POST hospital.begin_policy  POST hospital.import_policy  GET hospital.edit_policy  POST hospital.save_policy
        GET hospital.must_haves  POST hospital.save_must_haves  POST hospital.discard_policy
        GET hospital.import_vendors  POST hospital.upload_vendor_list  GET hospital.match_vendor_list
        POST hospital.take_vendor_list  POST hospital.discard_vendor_list
        GET hospital.add_vendor  POST hospital.write_down_vendor  GET hospital.edit_vendor  POST hospital.change_vendor
        POST hospital.end_vendor  GET hospital.add_supply  POST hospital.write_down_supply  GET hospital.edit_supply
        POST hospital.add_recorded_source  POST hospital.remove_recorded_source  POST hospital.take_recorded_workbook
        GET hospital.compare_recorded_workbook  POST hospital.take_recorded_answers  POST hospital.record_answer
        POST hospital.take_recorded_back  POST hospital.close_recording  POST hospital.reopen_recording
        GET hospital.record_uninvited  POST hospital.begin_uninvited
        GET hospital.ask_owner  POST hospital.send_intake  POST hospital.remind_owner  POST hospital.withdraw_intake
        POST hospital.ask_owner_again  POST hospital.take_intake_over
        POST hospital.change_supply  POST hospital.fill_in_intake  GET hospital.invite  POST hospital.send_invitation
        POST hospital.resend_invitation  POST hospital.invite_another  POST hospital.withdraw_invitation
        POST hospital.name_host  POST hospital.remove_host  POST hospital.change_host  POST hospital.rejudge
        POST hospital.start_scan  POST hospital.stop_scan
        POST hospital.review_answer  POST hospital.finish_review  POST hospital.settle_contradiction
        POST hospital.reopen_contradiction  POST hospital.answer_dispute
        POST hospital.take_offered_lines  GET hospital.add_action  POST hospital.set_action  POST hospital.answer_action
        POST hospital.keep_scope
        POST hospital.begin_reassessment  POST hospital.call_reassessment  POST hospital.take_back_reassessment
    """,
    CLINIC_RISKS: """
        POST hospital.open_tender
        POST hospital.treat_risk  GET hospital.add_risk  POST hospital.write_down_risk  GET hospital.edit_risk
        POST hospital.change_risk  POST hospital.close_risk  POST hospital.reopen_risk  POST hospital.freeze_register
        POST hospital.keep_columns  POST hospital.add_view  GET hospital.edit_view  POST hospital.change_view
        POST hospital.remove_view  POST hospital.open_with_view
        POST hospital.meet_condition  GET hospital.add_sitting  POST hospital.plan_sitting  GET hospital.edit_sitting
        POST hospital.change_sitting  POST hospital.add_participant  POST hospital.remove_participant
        POST hospital.put_on_agenda  POST hospital.take_proposed  POST hospital.propose  POST hospital.vote
        POST hospital.take_off_agenda  POST hospital.invite_to_sitting  POST hospital.begin_sitting
        POST hospital.freeze_for_sitting  POST hospital.attend  POST hospital.note_in_minutes
    """,
    CLINIC_APPROVERS: """
        POST hospital.grant_waiver  POST hospital.end_waiver  POST hospital.decide  POST hospital.close_sitting
    """,
    CLINIC_ADMIN: """
        POST hospital.change_settings  POST hospital.invite_member  POST hospital.end_member
        GET hospital.member  POST hospital.change_member_role
        POST hospital.release_catalogue  POST hospital.withdraw_catalogue  POST hospital.release_policy
        POST hospital.change_watching
    """,
    CLINIC_TRAIL: "GET hospital.audit_trail",
    FIRM: """
        GET vendor.home  GET vendor.round  GET vendor.questions  GET vendor.section  POST vendor.save_section
        GET vendor.section_progress  GET vendor.document_components
        GET vendor.workbook  POST vendor.take_workbook_along  POST vendor.compare_workbook
        POST vendor.take_over_workbook  POST vendor.prefill  POST vendor.dismiss_suggestions
        POST vendor.save_answer  GET vendor.documents  GET vendor.add_document  POST vendor.put_document_in
        POST vendor.use_document  GET vendor.document  GET vendor.document_file  POST vendor.attach_document
        POST vendor.detach_document  POST vendor.remove_document
    """,
    FIRM_SIGNERS: """
        GET vendor.tender  POST vendor.ask_in_tender  POST vendor.withdraw_offer
        GET vendor.receipt_on_paper  GET vendor.preview
        GET vendor.incidents  GET vendor.report_incident  POST vendor.send_incident  GET vendor.incident
        POST vendor.add_incident_word  GET vendor.incident_on_sheet  GET vendor.incident_on_paper
        POST vendor.attach_incident_sheet  GET vendor.flash  POST vendor.answer_flash
        POST vendor.keep_document  GET vendor.deleted_documents  GET vendor.proof_of_deletion
        GET vendor.vault_list  GET vendor.add_to_vault  POST vendor.put_into_vault  GET vendor.vault_document
        GET vendor.vault_file  POST vendor.keep_in_vault  GET vendor.newer_document  POST vendor.replace_document
        POST vendor.remove_from_vault
        GET vendor.pack  POST vendor.take_pack_along  POST vendor.bring_pack  POST vendor.take_from_pack
        GET vendor.pack_documents  POST vendor.take_pack_documents
        POST vendor.forget_pack  GET vendor.other_forms  POST vendor.bring_other_form
        POST vendor.agree  GET vendor.documents_only  POST vendor.refuse  POST vendor.add_host
        POST vendor.strike_host  POST vendor.confirm_host  POST vendor.correct_host  POST vendor.sign
        POST vendor.release
        POST vendor.invite_colleague  POST vendor.agree_to_active  GET vendor.without_active
        POST vendor.end_active  POST vendor.check_control  POST vendor.look_for_oneself
        GET vendor.approval  GET vendor.result  GET vendor.live_result  POST vendor.look_again
        POST vendor.recheck  GET vendor.live_recheck
        GET vendor.dispute_list  GET vendor.add_dispute  POST vendor.raise_dispute  POST vendor.take_dispute_back
        POST vendor.security_profile  GET vendor.hand_in  GET vendor.receipt  GET vendor.team
        GET vendor.hands  POST vendor.hand_on  POST vendor.take_back  POST vendor.remind
        GET vendor.plan  GET vendor.plan_line  POST vendor.write_plan_line  POST vendor.offer_plan
        GET vendor.plan_on_paper  GET vendor.actions  POST vendor.report_action
    """,
    FIRM_LEAD: "GET vendor.colleague  POST vendor.change_colleague_role  POST vendor.end_colleague",
}
MAY = {name: who for who, names in TABLE.items() for name in re.split(r"\s{2,}|\n", names) if name.strip()}
MAY = {name.strip(): who for name, who in MAY.items()}
# Reading these leaves something behind, and each says what.
LEAVES_A_TRACE = {"GET auth.enrol": frozenset({"person", "recovery_code"}), "GET invitation.show": frozenset()}
ASKS_FOR_MORE = {"POST auth.renew_recovery_codes"}  # a second factor, shown just now
SLOW = frozenset(  # one role proves it
    {
        *("GET hospital.vendor_report", "POST hospital.register_workbook"),
        *("GET hospital.vendor_frameworks_paper", "GET hospital.contract_draft_paper"),
        *("GET vendor.receipt_on_paper", "GET vendor.plan_on_paper"),
        "GET vendor.incident_on_paper",
        *("GET hospital.agenda_on_paper", "GET hospital.approval_on_paper"),
        "GET vendor.proof_of_deletion",
        *("POST hospital.tender_paper", "POST hospital.tender_log_pdf"),
    }
)


def addresses(world: World) -> Mapping[str, str]:
    """Every route of the application: "METHOD room.page" and its address with gaps."""
    return {
        f"{method} {rule.endpoint}": rule.rule
        for rule in world.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint != "static"
    }


def filled(rule: str, ids: Mapping[str, str]) -> str:
    """The address with its gaps filled; a gap that nobody knows fails."""
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda gap: ids[gap[1]], rule)


def gaps(rule: str) -> list[str]:
    return [gap for gap in re.findall(r"<(?:\w+:)?(\w+)>", rule) if gap not in NO_OBJECT]


NO_OBJECT = {"token", "section_id", "letter_name", "due_name", "shipped", "entry_kind"}


def payload(name: str, place: Place) -> dict[str, object]:
    """A form that its service would take, where one without fields would be turned back before it is reached."""
    ids = place.ids
    return {
        "POST hospital.write_down_vendor": {"name": "Neu", "supply": "PACS", "country": "DE"},
        "POST hospital.change_vendor": {"name": "Anders", "version": "1"},
        "POST hospital.write_down_supply": {"name": "Neu"},
        "POST hospital.change_supply": {"name": "Anders", "version": "1"},
        "POST hospital.change_contract": {"contract_number": "EV-1", "version": "1"},
        "POST hospital.change_exit": {"exit_plan": "Umziehen.", "version": "1"},
        "POST hospital.take_articles": {"file": (io.BytesIO(b"Modell;Anzahl\nCT;1\n"), "liste.csv")},
        "POST hospital.write_down_entry": {"role": "security", "email": "x@strahlwerk.example"},
        "POST hospital.change_entry": {"role": "security", "email": "x@strahlwerk.example", "version": "1"},
        "POST hospital.remove_entry": {"version": "1"},
        "POST hospital.end_vendor": {"reason": "Ersetzt.", "ends_on": "2026-01-01"},
        "POST hospital.change_ending": {
            **{f"{step}_state": "open" for step in ("access", "remote", "data", "devices")},
            "version": "1",
        },
        "POST hospital.begin_uninvited": {
            "supplies": ids["supply_id"],
            "question_set": "full",
            "catalogue": "hospital-vendor@2026.1",
            "catalogue_reason": "weil",
            "question_set_reason": "weil",
            "reason": "Antwortet nur per Post.",
        },
        "POST hospital.send_invitation": {
            "supplies": ids["supply_id"],
            "question_set": "full",
            "catalogue": "hospital-vendor@2026.1",
            "catalogue_reason": "weil",
            "question_set_reason": "weil",
            "due_on": "2099-01-01",
            "email": "x@strahlwerk.example",
            "language": "de",
        },
        "POST hospital.add_recorded_source": {"file": (io.BytesIO(FILE), "neu.pdf"), "kind": "document"},
        "POST hospital.send_intake": {"email": "beck@klinik.example", "language": "de", "until": "2099-01-01"},
        "POST hospital.take_intake_over": {"request": ids["request_id"], "version": "1"},
        "POST hospital.send_lot_intake": {"email": "beck@klinik.example", "language": "de", "until": "2099-01-01"},
        "POST hospital.take_lot_intake_over": {"request": ids["request_id"], "version": "1"},
        "POST hospital.exclude_offer": {"bidder_id": ids["bidder_id"], "ground": "form", "reason": "Zu spät."},
        "POST hospital.take_exclusion_back": {"bidder_id": ids["bidder_id"], "reason": "Nachgereicht."},
        "POST hospital.end_lot": {"ground": "changed", "reason": "Kein Bedarf."},
        "POST hospital.invite_another": {"email": "x@strahlwerk.example", "language": "de"},
        "POST hospital.name_host": {"host": "neu.strahlwerk.de", "role": "product", "ground": "contract"},
        "POST hospital.change_host": {"role": "corporate"},
        "POST hospital.review_answer": {"state": "accepted", "version": "1"},
        "POST hospital.note_flash_answer": {"asked": ids["asked_id"], "standing": "affected", "text": "Telefonat."},
        "POST hospital.close_flash": {"conclusion": "Keiner betroffen."},
        "POST hospital.stop_flash": {"stop": "yes"},
        "POST vendor.answer_flash": {"standing": "not-affected"},
        "POST hospital.change_watching": {
            **{f"{name}_{tier}": "12" for name in ("rescan", "reassessment") for tier in "1234"},
            "points": "5",
            "version": "0",
        },
        "POST hospital.choose_watching": {"rhythm": "daily"},
        "POST hospital.call_reassessment": {"kind": "other", "reason": "Neuer Eigentümer."},
        "POST hospital.treat_risk": {"treatment": "mitigate", "version": "0"},
        **{
            f"POST hospital.{name}": {
                "title": "Ausfall",
                "scenario": "Es fällt aus.",
                "about": "",
                "patient_safety": "",
                "treatment": "open",
                "version": "1",
                "inherent_likelihood": "4",
                "inherent_impact": "4",
                "likelihood": "3",
                "impact": "4",
            }
            for name in ("write_down_risk", "change_risk")
        },
        "POST hospital.close_risk": {"reason": "Ersetzt.", "version": "1"},
        "POST hospital.freeze_register": {"name": "Sitzung"},
        "POST hospital.add_participant": {"name": "Neu", "is_voting": "y"},
        "POST hospital.add_view": {"name": "Neu", "address": "tier=1"},
        "POST hospital.change_view": {"name": "Anders", "address": "tier=2", "version": "1"},
        "POST hospital.grant_waiver": {"what": "finding:x", "reason": "weil", "until": "2099-01-01"},
        "POST hospital.invite_member": {"email": "neu@klinik.example", "role": "assessor"},
        "POST hospital.change_settings": {"name": "Anders"},
        "POST hospital.register_workbook": {"language": "de"},
        "POST hospital.ask_for_bundle": {"vendor": ids["vendor_id"], "kind": "bundle", "language": "de"},
        "POST hospital.ask_for_report": {"vendor": ids["vendor_id"], "language": "de"},
        "POST hospital.confirm_register": {"checksum": "0" * 64},
        "POST hospital.draft_campaign": {"vendors": ids["vendor_id"]},
        "POST hospital.plan_campaign": {"name": "Neu", "due_on": "2027-06-01", "version": "1"},
        "POST hospital.leave_out_of_campaign": {"vendor": ids["vendor_id"]},
        "POST hospital.change_letter": {"subject": "S", "text": "{Krankenhaus} {Frist}\n\n{Link}", "version": "0"},
        "POST hospital.try_letter": {"subject": "S", "text": "{Krankenhaus} {Frist}\n\n{Link}"},
        "POST hospital.move_due_date": {"due_on": "2027-06-01"},
        "POST vendor.take_pack_along": {"which": "signed"},
        "POST vendor.take_from_pack": {"go": "take", "product.0": ids["supply_id"]},
        "POST vendor.agree": {"name": "Erika", "function": "Leitung"},
        "POST vendor.refuse": {"name": "Erika", "function": "Leitung"},
        "POST vendor.end_active": {"name": "Erika", "function": "Leitung"},
        "POST vendor.sign": {"name": "Erika", "function": "Leitung", "confirms": "y"},
        "POST vendor.add_host": {"host": "neu.strahlwerk.de", "role": "product"},
        "POST vendor.put_document_in": {
            "file": (io.BytesIO(FILE), "neu.pdf"),
            "kind": "iso27001_cert",
            "confidentiality": "normal",
        },
        **{
            f"POST vendor.{way}": {
                "file": (io.BytesIO(FILE), "neu.pdf"),
                "kind": "iso27001_cert",
                "confidentiality": "normal",
            }
            for way in ("put_into_vault", "replace_document")
        },
        "POST vendor.use_document": {"existing": ids["evidence_id"], "to": ids["name"]},
        "POST vendor.attach_document": {"to": ids["name"]},
        "POST vendor.raise_dispute": {
            **{name: ids[name] for name in ("kind", "subject", "check")},
            "reason": "fixed",
            "text": "Behoben.",
        },
        "POST vendor.recheck": {name: ids[name] for name in ("kind", "subject", "check")},
        "POST vendor.take_dispute_back": {"dispute": ids["dispute"]},
        "POST hospital.answer_dispute": {"dispute": ids["dispute"], "verdict": "rejected", "text": "Nein."},
        "POST hospital.take_vendor_list": {"name": "0", "supply": "1"},
        "POST vendor.write_plan_line": {"title": "Eigenes", "state": "open", "version": "0"},
        "POST hospital.keep_scope": {"types": "msp", "headcount": "80", "country": "DE"},
        "POST hospital.set_action": {"title": "Eigenes", "due_on": "2027-12-31"},
        "POST vendor.hand_on": {"sections": ids["section_id"], "email": "neu@strahlwerk.example", "note": "Bitte."},
        "POST vendor.invite_colleague": {"email": "neu@strahlwerk.example", "role": "contributor"},
    }.get(name, {})


def knock(world: World, who: str, name: str, address: str, place: Place, *, token: str | None = None) -> TestResponse:
    """One request, with everything right about it but who and where."""
    visitor = world.visitor(who)
    if name.startswith("GET"):
        return visitor.get(address)
    token = world.token(who) if token is None else token
    if name == "POST vendor.save_answer":
        return visitor.client.post(
            address,
            base_url="http://127.0.0.1:8080",
            data=json.dumps({"fields": {}, "version": 1}),
            headers={"Content-Type": "application/json", "Accept": "application/json", "X-CSRFToken": token},
        )
    return visitor.post(address, payload(name, place), token=token)


def expected(world: World, who: str, name: str, place: Place) -> str:  # noqa: PLR0911 - one line of the table each
    """What the table says: in, sign in, second factor, forbidden, nothing."""
    may, actor = MAY[name], world.actors[who]
    if may == OPEN:
        return "in"
    if actor is None:
        return "sign in"
    if may == HALFWAY:
        return "in"
    if who == "password only":
        return "second factor"
    if may == INSIDE:
        return "in"
    if may == OPERATOR:
        return "in" if actor.is_operator else "nothing"
    of_clinic = may <= CLINIC
    role = actor.hospital_role if of_clinic else actor.company_role
    if role is None or who.startswith("ended"):
        return "nothing"
    if role not in may:
        return "forbidden"
    at_home = actor.hospital_id == place.ward.hospital_id if of_clinic else actor.company_id == place.lead.company_id
    return "in" if at_home or not gaps(addresses(world)[name]) else "nothing"


def outcome(answer: TestResponse) -> str:
    """The same words for what came back."""
    location = answer.headers.get("Location", "")
    if answer.status_code == 401 or location.startswith("/sign-in?"):
        return "sign in or second factor" if answer.status_code == 401 else "sign in"
    if location.startswith("/second-factor?"):
        return "second factor"
    assert answer.status_code < 500, f"{answer.request.path}: {answer.status_code}"
    return {403: "forbidden", 404: "nothing"}.get(answer.status_code, "in")


def test_every_route_is_in_the_table_and_the_table_names_no_other(world: World):
    assert set(addresses(world)) == set(MAY)


ACTORS = (
    *("nobody", "password only", "operator", "ended in hospital a", "ended in company a"),
    *(f"{role.value} {place}" for role in HospitalRole for place in "ab"),
    *("lead a", "contributor a", "signatory a", "lead b"),
)


@pytest.mark.parametrize("who", ACTORS)
def test_everybody_comes_in_where_the_table_says_and_a_refusal_changes_nothing(world: World, who: str):
    """Every route, with the objects of hospital A and company A."""
    assert set(world.actors) == set(ACTORS)
    wrong = []
    for name, rule in addresses(world).items():
        wanted = expected(world, who, name, world.a)
        if name in SLOW and wanted == "in" and who != "auditor a":
            continue
        answer = knock(world, who, name, filled(rule, world.a.ids), world.a)
        got = outcome(answer)
        if MAY[name] == OPEN or (wanted == "in" and answer.status_code == 404 and not gaps(rule)):
            got = "in"  # a link that was not opened first shows the page of links that ended
        if name in ASKS_FOR_MORE and got == "forbidden":
            got = wanted
        if got not in wanted and wanted not in got:
            wrong.append(f"{name}: {got} ({answer.status_code}), not {wanted}")
        if answer.mimetype == "text/html" and HOLLOW.search(answer.get_data(as_text=True)):
            wrong.append(f"{name}: a gap is not filled in")
        if wanted == "in":
            world.restore()
        elif changed := world.changed():
            wrong.append(f"{name}: refused, but changed {changed}")
            world.restore()
    assert wrong == []


@pytest.mark.parametrize("who", ["admin b", "lead b"])
def test_what_belongs_to_others_and_what_does_not_exist_are_the_same_bytes(world: World, who: str):
    """Each gap of each address by itself: all others are the visitor's own."""
    wrong, walked = [], 0
    for name, rule in addresses(world).items():
        if expected(world, who, name, world.b) != "in" or MAY[name] in {OPEN, HALFWAY, INSIDE}:
            continue
        for gap in set(gaps(rule)) - {"question_id", "name", "own_question"}:
            theirs = knock(world, who, name, filled(rule, {**world.b.ids, gap: world.a.ids[gap]}), world.b)
            nothing = knock(world, who, name, filled(rule, {**world.b.ids, gap: UNKNOWN}), world.b)
            walked += 1
            if (theirs.status_code, theirs.data) != (404, nothing.data) or nothing.status_code != 404:
                wrong.append(f"{name}, {gap}: {theirs.status_code} and {nothing.status_code}")
            if world.changed():
                wrong.append(f"{name}, {gap}: changed something")
                world.restore()
    assert walked > 10
    assert wrong == []


@pytest.mark.parametrize(
    ("who", "name", "field", "gap"),
    [
        ("admin b", "POST hospital.send_invitation", "supplies", "supply_id"),
        ("admin b", "POST hospital.begin_uninvited", "supplies", "supply_id"),
        ("admin b", "POST hospital.name_host", "supply_id", "supply_id"),
        ("admin b", "POST hospital.take_intake_over", "request", "request_id"),
        ("admin b", "POST hospital.exclude_offer", "bidder_id", "bidder_id"),
        ("lead b", "POST vendor.add_host", "supply_id", "supply_id"),
        ("lead b", "POST vendor.use_document", "existing", "evidence_id"),
    ],
)
def test_an_id_of_others_inside_a_form_is_no_choice(world: World, who: str, name: str, field: str, gap: str):
    address = filled(addresses(world)[name], world.b.ids)
    answers = [
        world.visitor(who).post(address, {**payload(name, world.b), field: chosen}, token=world.token(who)).status_code
        for chosen in (world.a.ids[gap], UNKNOWN)
    ]

    assert answers[0] == answers[1] in {404, 409, 422}
    assert world.changed() == set()


def test_nothing_is_changed_without_the_token_of_the_form(world: World):
    wrong = []
    of = {CLINIC_TRAIL: "auditor a", OPERATOR: "operator", HALFWAY: "password only", INSIDE: "admin a", OPEN: "nobody"}
    for name, rule in addresses(world).items():
        if name.startswith("GET"):
            continue
        may = MAY[name]
        who = of.get(may) or ("admin a" if may <= CLINIC else "lead a")
        for token in ("", "A" * 64):
            answer = knock(world, who, name, filled(rule, world.a.ids), world.a, token=token)
            if answer.status_code != 400 or world.changed():
                wrong.append(f"{name} with {token[:6]!r}: {answer.status_code}")
                world.restore()
    assert wrong == []


@pytest.mark.parametrize("who", ["admin a", "lead a", "operator", "nobody", "password only"])
def test_reading_twice_leaves_everything_as_it_was(world: World, who: str):
    wrong = []
    for name, rule in addresses(world).items():
        if not name.startswith("GET") or name in SLOW or expected(world, who, name, world.a) != "in":
            continue
        address = filled(rule, world.a.ids)
        for _ in range(2):
            knock(world, who, name, address, world.a)
        changed = world.changed()
        if not changed <= LEAVES_A_TRACE.get(name, frozenset()):
            wrong.append(f"{name} changed {changed}")
        if changed:
            world.restore()
    assert wrong == []


def test_a_walk_on_a_slow_machine_does_not_end_because_its_sessions_grew_old(world: World):
    yesterday = datetime.now(UTC) - timedelta(days=1)
    with world.sessions.begin() as session:
        session.execute(update(SignIn).values(created_at=yesterday, last_seen_at=yesterday, confirmed_at=yesterday))
    assert world.visitor("assessor a").get("/hospital/").status_code == 303

    world.wake()

    assert world.visitor("assessor a").get("/hospital/").status_code == 200
    assert world.changed() == set()
