"""What an event of the audit trail keeps beside its act, in a reader's words: every field, and what its codes say."""

import re
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from assessments import deciding
from assessments.model import HostRole, Treatment
from portal.db.base import ID_LENGTH
from portal.db.models.audit import AuditEvent
from portal.db.models.tenders import TenderBidder
from portal.db.models.vendors import Supply, Vendor
from portal.i18n import gettext as _
from portal.services.actors import Actor, hospital_of
from portal.services.incidents import incident_clocks
from portal.services.rounds import reassessment_calls
from portal.services.scans import disputes
from portal.services.vendors import offboardings
from portal.web import audit_words, marks, scope_form
from portal.web.hospital import exports, letters, recording, scans, tender_forms
from reports import marks as paper_marks
from scanners.model import N_

ID = re.compile(rf"[0-9a-f]{{{ID_LENGTH}}}")
FIELDS: Mapping[str, str] = {  # as the trail keeps it; in the words of a reader
    "about": N_("About"),
    "after": N_("after"),
    "answered": N_("answered"),
    "answers": N_("Answers"),
    "asked_again": N_("questions asked again"),
    "assessment": N_("Round"),
    "authority": N_("Who decides"),
    "base": N_("Begun from"),
    "basic": N_("questions of the basic set"),
    "before": N_("before"),
    "belonging": N_("Whose it is"),
    "bidder": N_("Bidder"),
    "bidders": N_("Bidders"),
    "catalogue": N_("Catalogue"),
    "cause": N_("Cause"),
    "changed": N_("Changed"),
    "check": N_("Check"),
    "class": N_("Class of entity"),
    "classes": N_("Classes of checks"),
    "components": N_("Components"),
    "contradiction": N_("Contradiction"),
    "count": N_("Count"),
    "data": N_("Version of the data"),
    "decisions": N_("Decisions"),
    "draft": N_("as a draft"),
    "due": N_("Due on"),
    "due_on": N_("Due on"),
    "edition": N_("Edition"),
    "edits": N_("Changes of the draft"),
    "email": N_("E-mail"),
    "ending": N_("Ground of the end"),
    "ends_on": N_("Ends on"),
    "entry": N_("Entry"),
    "exclusion": N_("Ground of the exclusion"),
    "exercise": N_("Exercise"),
    "export": N_("File"),
    "fields": N_("Changed"),
    "file": N_("File"),
    "files": N_("Files"),
    "filled": N_("filled in"),
    "from": N_("From"),
    "full": N_("questions of the full set"),
    "function": N_("Function"),
    "ground": N_("Ground"),
    "host": N_("Host"),
    "hosts": N_("Hosts"),
    "key": N_("Key"),
    "kind": N_("Kind"),
    "language": N_("Language"),
    "left": N_("left as they stood"),
    "left_out": N_("left out"),
    "line": N_("Line"),
    "lines": N_("Lines"),
    "lot": N_("Lot"),
    "method": N_("Way"),
    "minutes": N_("Checksum of the minutes (SHA-256)"),
    "months": N_("Months after the deadline"),
    "name": N_("Name"),
    "new": N_("New findings"),
    "offboarding": N_("Ending"),
    "outcome": N_("Result"),
    "overridden": N_("other than proposed"),
    "people": N_("People"),
    "place": N_("Place"),
    "points": N_("told from so many points on"),
    "proposed": N_("proposed tier"),
    "query": N_("Question"),
    "question": N_("Question"),
    "reason": N_("Reason"),
    "reassessments": N_("Months between rounds"),
    "removed": N_("taken out"),
    "replaces": N_("Replaces"),
    "request": N_("Request"),
    "rescans": N_("Months between scans"),
    "returned": N_("answers returned"),
    "role": N_("Role"),
    "round": N_("Round"),
    "rows": N_("Rows"),
    "rule": N_("Rule"),
    "ruling": N_("Decision"),
    "section": N_("Section"),
    "sequence": N_("No."),
    "set": N_("Question set"),
    "sha256": N_("Checksum (SHA-256)"),
    "sheet": N_("Rows of the sheet"),
    "short": N_("questions of the short set"),
    "source": N_("Source"),
    "stage": N_("Stage"),
    "standing": N_("Answer"),
    "state": N_("State"),
    "status": N_("Reply of the mail server"),
    "steps": N_("Steps"),
    "subject": N_("About"),
    "supplies": N_("Products"),
    "supply": N_("Product"),
    "tender": N_("Tender"),
    "tier": N_("Tier"),
    "title": N_("Name"),
    "to": N_("To"),
    "told": N_("As told to bidders"),
    "treatment": N_("Treatment"),
    "uninvited": N_("Without an invitation, because"),
    "until": N_("Until"),
    "vendor": N_("Vendor"),
    "vendors": N_("Vendors"),
    "version": N_("Version"),
    "view_only": N_("only to be read"),
    "what": N_("About"),
    "words": N_("reports confirmed"),
}
COLUMNS: Mapping[str, str] = {  # of vendors, products and what is written down beside them, as `fields` names them
    "audited_on": N_("Last audited on"),
    "checked_on": N_("IT security last checked on"),
    "cloud": N_("Connected to a cloud"),
    "contact_email": N_("E-mail of the contact"),
    "contact_name": N_("Contact person"),
    "contract_ends_on": N_("Contract ends on"),
    "contract_number": N_("Contract number"),
    "contract_starts_on": N_("Contract starts on"),
    "count": N_("How many"),
    "country": N_("Country"),
    "creditor_number": N_("Creditor number"),
    "data_access": N_("Can reach the hospital's data"),
    "data_countries": N_("Countries in which data lie"),
    "department": N_("Department"),
    "deputy_name": N_("Deputy"),
    "description": N_("Description"),
    "domain": N_("Main domain"),
    "dpa_signed_on": N_("Data processing agreement signed on"),
    "email": N_("E-mail"),
    "exit_due_on": N_("To be looked at again by"),
    "exit_plan": N_("Exit plan"),
    "exit_return_format": N_("Form in which data come back"),
    "exit_tested_on": N_("Tested on"),
    "has_security_terms": N_("Security terms are agreed"),
    "kind": N_("Kind"),
    "law_country": N_("Country whose law holds"),
    "lei": N_("LEI"),
    "location": N_("Location"),
    "model": N_("Model"),
    "months": N_("Months to switch"),
    "name": N_("Name"),
    "network_zone": N_("Network zone"),
    "note": N_("Note"),
    "notice_months": N_("Notice period in months"),
    "owner_email": N_("E-mail of the responsible person"),
    "owner_name": N_("Responsible person"),
    "parent_name": N_("Group it belongs to"),
    "patient_data": N_("Handles data of patients"),
    "phone": N_("Telephone"),
    "product_group": N_("Product group"),
    "rank": N_("Rank"),
    "release": N_("Version"),
    "renews_months": N_("Renews itself by so many months"),
    "role": N_("What for"),
    "security_email": N_("E-mail for security matters"),
    "service": N_("Service"),
    "since": N_("Since"),
    "supply_id": N_("For"),
    "support_ends_on": N_("Support ends on"),
    "udi_di": N_("UDI-DI"),
    "vat_id": N_("VAT id"),
    "vendor_name": N_("Vendor"),
    "volume_per_year": N_("Volume per year in euros"),
}
_OF_ACT: Mapping[str, str] = {"assessment.due-moved from": N_("before"), "assessment.due-moved to": N_("after")}
_REVIEWS = {"accepted": N_("accepted"), "returned": N_("returned"), "finding": N_("finding")}
_CLASSES = {"passive": N_("passive"), "standard": N_("standard"), "active": N_("active")}
_STANDINGS = {
    "affected": N_("affected"),
    "not-affected": N_("not affected"),
    "investigating": N_("under investigation"),
}
_CAUSES = {
    "condition_lapsed": N_("a condition was not met in time"),
    "grade_fell": N_("the grade has fallen"),
    "risk_rose": N_("the risk has risen"),
    "knock_out": N_("a knock-out is new"),
    "evidence_expired": N_("a document has expired"),
    "review_due": N_("its day to be looked at again has come"),
}
_HOST_ROLES = {role.value: paper_marks.ROLES[role] for role in HostRole}
_CODES: Mapping[str, Mapping[str, object]] = {  # what a field's codes say; by act and field, or by field alone
    "answer.reviewed state": _REVIEWS,
    "host.changed before": _HOST_ROLES,
    "host.changed role": _HOST_ROLES,
    "letter.changed kind": {str(kind): word for kind, word in letters.KINDS.items()},
    "letter.reset kind": {str(kind): word for kind, word in letters.KINDS.items()},
    "export.fetched kind": {str(kind): word for kind, word in exports.KINDS.items()},
    "recording.source-added kind": {str(kind): word for kind, word in recording.KINDS.items()},
    "reassessment.called kind": {str(kind): word for kind, word in reassessment_calls.WORDS.items()},
    "reassessment.taken-back kind": {str(kind): word for kind, word in reassessment_calls.WORDS.items()},
    "dispute.raised reason": {str(one): word for one, word in disputes.REASONS.items()},
    "dispute.answered reason": {str(one): word for one, word in disputes.REASONS.items()},
    "dispute.taken_back reason": {str(one): word for one, word in disputes.REASONS.items()},
    "dispute.raised state": {str(one): word for one, word in disputes.STATES.items()},
    "dispute.answered state": {str(one): word for one, word in disputes.STATES.items()},
    "dispute.taken_back state": {str(one): word for one, word in disputes.STATES.items()},
    "scan.done state": {str(state): word for state, word in marks.SCAN_WORDS.items()},
    "authority": {str(one): word for one, word in deciding.AUTHORITIES.items()},
    "belonging": {str(one): word for one, word in scans.BELONGINGS.items()},
    "cause": _CAUSES,
    "class": {str(one): word for one, word in scope_form.CLASSES.items()},
    "classes": _CLASSES,
    "ending": {str(one): word for one, word in tender_forms.ENDS.items()},
    "exclusion": {str(one): word for one, word in tender_forms.EXCLUSIONS.items()},
    "fields": COLUMNS,
    "ground": {**scans.GROUNDS, "company": N_("the company itself")},
    "language": exports.LANGUAGES,
    "outcome": {outcome.value: mark.word for outcome, mark in paper_marks.VERDICTS.items()},
    "role": marks.ROLE_WORDS,
    "ruling": {str(one): word for one, word in deciding.RULINGS.items()},
    "set": {str(one): word for one, word in paper_marks.QUESTION_SETS.items()},
    "stage": {str(one): word for one, word in incident_clocks.WORDS.items()},
    "standing": _STANDINGS,
    "steps": {str(one): word for one, word in offboardings.STEPS.items()},
    "treatment": {one.value: paper_marks.TREATMENTS[one] for one in Treatment},
}


def names(session: Session, actor: Actor, events: Iterable[AuditEvent]) -> Mapping[str, str]:
    """What the ids in these events are called: vendors, products and bidders of the reader's hospital."""
    ids = {one for event in events for one in _ids([event.subject, *(event.detail or {}).values()])}
    if not ids:
        return {}
    hospital_id = hospital_of(actor)
    return {
        key: name
        for model in (Vendor, Supply, TenderBidder)
        for key, name in session.execute(
            select(model.id, model.name).where(model.hospital_id == hospital_id, model.id.in_(ids))
        )
    }


def told(event: AuditEvent, called: Mapping[str, str]) -> Sequence[str]:
    """Each detail with its words; ids of rows that have no name tell a reader nothing and stay in the chain."""
    return [
        f"{_(_OF_ACT.get(f'{event.verb} {field}') or FIELDS.get(field, field))}: {text}"
        for field, value in (event.detail or {}).items()
        if (text := _text(event.verb, field, value, called)) and (field, text) != ("name", called.get(event.subject))
    ]


def _text(verb: str, field: str, value: object, called: Mapping[str, str]) -> str:
    match value:
        case list():
            return ", ".join(filter(None, (_text(verb, field, one, called) for one in value)))
        case dict():
            return ", ".join(f"{_('Tier %(tier)s', tier=key)}: {one}" for key, one in sorted(value.items()))
        case str():
            codes = _CODES.get(f"{verb} {field}") or _CODES.get(field, {})
            unnamed = "" if ID.fullmatch(value) else value
            if field == "ground":  # with the note beside it: "contract: No. 17"
                code, colon, note = value.partition(": ")
                unnamed = f"{_(str(codes[code]))}{colon}{note}" if code in codes else value
            text = called.get(value) or (_(str(codes[value])) if value in codes else unnamed)
            return audit_words.shown(text) if text else ""
        case _:
            return audit_words.shown(value) if value is not None else ""


def _ids(values: Iterable[object]) -> set[str]:
    found = set()
    for value in values:
        if isinstance(value, list):
            found |= _ids(value)
        elif isinstance(value, str) and ID.fullmatch(value):
            found.add(value)
    return found
