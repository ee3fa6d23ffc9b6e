"""A word to look for in every column of text or JSON that a hospital writes, so that a new one cannot be forgotten."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    Integer,
    String,
    Table,
    func,
    insert,
    literal,
    literal_column,
    select,
    text,
    update,
)

import portal.db.models  # noqa: F401 - makes every table known
from portal.db.base import ID_LENGTH, Closed, Instant, Row

if TYPE_CHECKING:
    from sqlalchemy import Column, ColumnElement
    from sqlalchemy.orm import Session

CANARY = "KANARI"
OBJECTS = frozenset({"words"})  # JSON columns that hold an object, of tables in which the world has no row
SHORTEST = 12  # of a column in which a canary can be told from other words
TRIGGERS = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :name"
TABLES: Collection[Table] = [table for _name, table in sorted(Row.metadata.tables.items()) if "hospital_id" in table.c]

A_NUMBER = "numbers, ids and words of ours, no text of anybody's"
A_CODE = "a word of ours that the program reads, no text of anybody's"
AN_ID = "the id of a row"
A_MAIL = "a mail on its way; whom it may reach has tests of its own"
A_HASH = "a checksum, an address on the disk or a key"
TOLD = "the company is told it"
SEEN = "what a scan has seen of the company; what of it is open to whom has tests of its own"
THE_COMPANYS = "the company wrote it"
READ_BY_US = "a document the program reads; what it holds is searched for by a test of its own"
REASONS: Mapping[str, str] = {
    A_CODE: """
        assessment.question_set assessment.catalogue_id assessment.catalogue_version assessment.renewed_by
        decision.residual decision.policy_version decision.topic agenda_item.topic
        decision_event.verb decision_reopening.key
        flash_asked.known_by intake.policy_version intake_request.form_version
        own_catalogue.catalogue_id own_catalogue.version own_catalogue.base_id own_catalogue.base_version
        policy_release.version risk.key risk.residual risk.source risk_word.subject_id risk_word.verb
        scope_record.entity_class score.residual score.policy_version score.catalogue_version score.checks_version
        tender.catalogue_id tender.catalogue_version tender.question_set vendor_line.residual
        waiver.check_id waiver.subject_kind waiver.question_id vendor_change.check_id vendor_change.severity
        export.media_type recorded_source.media_type supply.product_group supply_line.product_group
    """,
    AN_ID: """
        action.offer_id action.source_key export.asked_by invitation.mail_id tender.opening_by
        score_basis.assessment_id vendor_line.unrated_supply_id vendor_line.assessment_id vendor_line.score_id
        waiver.supply_id component_notice.hospital_id
    """,
    A_HASH: """
        export.open_key export.sha256 export.fingerprint export.blob_id flash_link.token_hash invitation.token_hash
        own_catalogue.sha256 policy_release.sha256 recorded_source.sha256 recorded_source.blob_id recording.sha256
        sitting.minutes_sha256 snapshot.sha256 snapshot.blob_id snapshot.packed_sha256 tender.frozen_sha256
        ticket.token_hash stored_assessment.fingerprint policy_preview.draft_sha256 policy_preview.rests_on
    """,
    SEEN: """
        finding.outcome finding.severity finding.fact finding.reason finding.address finding_history.severity
        scan_run.started_by scan_run.ground scan_run.reason scan_run.catalogue_version scan_run.data_version
    """,
    THE_COMPANYS: """
        dispute.company_id dispute.subject_name dispute.check_id dispute.seen_key dispute.text dispute.evidence_id
        dispute.by_name recheck.subject_name recheck.check_id recheck.asked_by recheck.reason
    """,
    READ_BY_US: """own_catalogue.document policy_draft.document policy_release.document score_basis.document""",
    A_MAIL: """
        outbox_mail.hospital_id outbox_mail.kind outbox_mail.to_address outbox_mail.subject outbox_mail.text
        outbox_mail.html outbox_mail.last_error ticket.email ticket.role
    """,
    TOLD: """
        host.name supply.name flash.about flash.text_de flash.text_en
        incident_desk.name incident_desk.email incident_desk.phone incident_receipt.text incident_receipt.by_name
        dispute.answer dispute.answered_by review.remark action.owner action.remark
    """,
}
LEFT: Mapping[str, str] = {name: reason for reason, names in REASONS.items() for name in names.split()}
Path = tuple[str | int, ...]
LEAVES: Mapping[str, tuple[Path, ...]] = {  # of a column of JSON: where in its document somebody's words stand
    "agenda_item.conditions": ((0, "text"), (0, "owner"), (0, "proof")),
    "campaign_seat.reason_values": (("name",),),
    "decision.standing": (("grade",),),
    "decision_event.document": (("reasons",), ("conditions", 0, "text")),
    "flash_asked.matches": ((0,),),
    "intake.answers": (("answers", "clinical_process", 0), ("answers", "patient_safety", 0)),
    "intake_request.answers": (("clinical_process", 0),),
    "list_choice.columns": (("vendors", 0),),
    "own_risk.concerns": ((0,),),
    "recorded_answer.value": (("is", "text"), ("is", "comment")),
    "recording.manifest": (("answers", 0, "value", "is", "comment"), ("sources", 0, "file_name")),
    "reminder.to_addresses": ((0,),),
    "risk.document": (("scenario", "de"), ("scenario", "en")),
    "risk_word.document": (("title",), ("scenario",), ("owner",), ("note",)),
    "scope_record.situation": (("sector",),),
    "score.parts": (("1", "basis"), ("MD", "basis")),
    "score.open_findings": (("of nothing",),),  # a severity's number is counted with
    "score_move.document": (("shares", 0, "lines", 0, "title", "de"), ("shares", 0, "lines", 0, "title", "en")),
    "sitting.minutes": (("name",), ("items", 0, "reasons")),
    "tender.must_haves": ((0,),),
    "tender.frozen": (("title",), ("policy", "version"), ("must_haves", 0)),
    "tender_lot.intake": (("answers", "clinical_process", 0),),
    "tender_lot.must_haves": ((0,),),
    "vendor_change.before": (("text",), ("values", "name")),
    "vendor_change.after": (("text",), ("values", "name")),
    "vendor_import.heading": ((0,),),
    "vendor_import.rows": ((0, 0),),
    "watch_mark.document": (("grade", "grade"), ("lacking", "name")),
    "watch_rule.rescans": (("1",),),
    "watch_rule.reassessments": (("1",),),
}
JSON_LEFT: Mapping[str, str] = {
    name: reason
    for reason, names in {
        A_CODE: "agenda_item.why assessment.asked_again assessment.asked_because",
        AN_ID: "export.others export.about host_word.supplies reminder.mail_ids",
        A_NUMBER: "decision.tally policy_preview.document",
        TOLD: "action.words action.places incident_addressee.supplies",
        THE_COMPANYS: "score.evidence_ends vendor_line.evidence_ends",
        SEEN: """
            component_notice.news dispute.seen finding.fact_values finding_history.events recheck.finding
            rejudgement.findings rejudgement.news scan_run.hosts scan_run.classes scan_run.active_hosts
            scan_run.progress seen.document shared_component.known shared_component.versions
        """,
    }.items()
    for name in names.split()
}


def columns(table: Table) -> list[Column[Any]]:
    """The columns of a table that hold somebody's words."""
    bound = {column.name for key in table.foreign_key_constraints for column in key.columns}
    return [
        column
        for column in table.c
        if isinstance(column.type, String)
        and not isinstance(column.type, Closed)
        and not column.primary_key
        and column.name not in bound
        and (column.type.length or 1000) >= SHORTEST
    ]


def documents(table: Table) -> list[Column[Any]]:
    """The columns of a table that hold JSON."""
    return [column for column in table.c if isinstance(column.type, JSON)]


def planted_within(table: Table) -> list[Column[Any]]:
    """Those of them of which no company learns anything."""
    return [one for one in documents(table) if f"{table.name}.{one.name}" in LEAVES]


def planted(table: Table) -> list[Column[Any]]:
    """Those of them of which no company learns anything."""
    return [one for one in columns(table) if f"{table.name}.{one.name}" not in LEFT]


def planted_as(column: Column[Any]) -> str:
    """The word that stands in a column; SQLite minds no lengths."""
    return f"{CANARY}-{column.table.name}.{column.name}"


def everywhere(session: Session, hospital_id: str) -> None:
    """Put its word into every column of every row of a hospital; a table that holds none gets a row."""
    for table in Row.metadata.sorted_tables:
        words = {one.name: planted_as(one) for one in planted(table)} if table in TABLES else {}
        within = planted_within(table) if table in TABLES else []
        if not (words or within):
            continue
        ours = table.c.hospital_id == hospital_id
        if not session.scalar(select(func.count()).select_from(table).where(ours)):
            session.execute(insert(table).values(_row(session, table, hospital_id)))
        for (name,) in session.execute(text(TRIGGERS), {"name": table.name}).all():  # what is frozen is not changed
            session.execute(text(f'DROP TRIGGER "{name}"'))
        numbered = {name: literal(f"{word}-") + literal_column("rowid") for name, word in words.items()}
        if numbered:
            session.execute(update(table).where(ours).values(numbered))
        for column in within:
            _plant_within(session, column, ours)


def _plant_within(session: Session, column: Column[Any], ours: ColumnElement[bool]) -> None:
    """Put its word into the leaves of every document of a column; what else stands in it stays."""
    table, paths = column.table, LEAVES[f"{column.table.name}.{column.name}"]
    keys = list(table.primary_key.columns)
    for key in session.execute(select(*keys).where(ours)).all():
        this = [one == value for one, value in zip(keys, key, strict=True)]
        document = session.scalar(select(column).where(*this))
        for path in paths:
            document = with_leaf(document, path, planted_as(column))
        session.execute(update(table).where(*this).values({column.name: document}))


def with_leaf(document: Any, path: Path, word: str) -> Any:
    """The same document with a word in one place, which is made where it is not there."""
    if not path:
        return word
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        made = list(document) if isinstance(document, list) else []
        made += [None] * (step + 1 - len(made))
        made[step] = with_leaf(made[step], rest, word)
        return made
    made = copy.copy(document) if isinstance(document, dict) else {}
    return made | {step: with_leaf(made.get(step), rest, word)}


def _row(session: Session, table: Table, hospital_id: str) -> dict[str, Any]:
    """The least that the table takes, standing on rows of the hospital that are there."""
    found: dict[str, Any] = {"hospital_id": hospital_id}
    for key in table.foreign_key_constraints:
        if any(column.nullable for column in key.columns):
            continue
        other = key.referred_table
        query = select(*(element.column for element in key.elements))
        for element in key.elements:
            if element.parent.name in found:
                query = query.where(element.column == found[element.parent.name])
        if "hospital_id" in other.c:
            query = query.where(other.c.hospital_id == hospital_id)
        row = session.execute(query.limit(1)).first()
        assert row is not None, f"{table.name} stands on {other.name}, and the world holds none"
        found |= {element.parent.name: value for element, value in zip(key.elements, row, strict=True)}
    for column in table.c:
        if column.name not in found and not column.nullable and column.default is None:
            found[column.name] = _value(column)
    return found


def _value(column: Column[Any]) -> Any:
    kind = column.type
    if isinstance(kind, Closed):
        words: Any = kind.words
        return next(iter(words))
    if isinstance(kind, Instant):
        return datetime.now(UTC)
    if isinstance(kind, JSON):
        return {} if column.name in OBJECTS else []
    plain = {Boolean: False, Integer: 1, Date: date.today()}
    for known, value in plain.items():
        if isinstance(kind, known):
            return value
    assert isinstance(kind, String), column
    return "0" * min(ID_LENGTH, kind.length or ID_LENGTH)
