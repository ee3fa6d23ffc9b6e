"""Tables as data: each column is declared once and used by workbook, page and PDF."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from assessments import days
from assessments.model import (
    PARTS,
    ActionFact,
    AnswerRow,
    ChangeFact,
    Contradiction,
    DecisionFact,
    EvidenceStatus,
    FindingRow,
    IncidentFact,
    NotExaminedRow,
    Register,
    Risk,
    ShareFact,
    SubcontractorFact,
    Treated,
    Treatment,
    VendorRecord,
    VendorRow,
)
from questionnaires import answering
from questionnaires.model import AnswerValue, Flagged, Question
from reports import anchors, marks
from reports.reader import Reader
from reports.workbooks.cells import Value
from scanners.model import N_, Severity

RowKind = TypeVar("RowKind")


class Kind(StrEnum):
    """How a column is written: as words, a number, a day, a mark."""

    WORDS = "words"
    LONG = "long"  # wraps
    NUMBER = "number"
    DECIMAL = "decimal"
    DAY = "day"
    MOMENT = "moment"
    GRADE = "grade"
    LEVEL = "level"  # a measure's level with its basis as fill
    RISK = "risk"


@dataclass(frozen=True, kw_only=True)
class Column(Generic[RowKind]):
    """A heading and how its value is read from a row."""

    title: str
    width: float  # characters
    kind: Kind
    value: Callable[[RowKind, Reader], Value]
    choices: tuple[str, ...] = ()  # words to choose from where a person fills in
    is_filled_in: bool = False  # by a person of the hospital, on paper or in the workbook


def _words(title: str, width: float, value: Callable[[RowKind, Reader], Value]) -> Column[RowKind]:
    return Column(title=title, width=width, kind=Kind.WORDS, value=value)


def _long(title: str, width: float, value: Callable[[RowKind, Reader], Value]) -> Column[RowKind]:
    return Column(title=title, width=width, kind=Kind.LONG, value=value)


def _number(title: str, width: float, value: Callable[[RowKind, Reader], Value]) -> Column[RowKind]:
    return Column(title=title, width=width, kind=Kind.NUMBER, value=value)


def _day(title: str, value: Callable[[RowKind, Reader], Value]) -> Column[RowKind]:
    return Column(title=title, width=12, kind=Kind.DAY, value=value)


def _end(title: str, value: Callable[[RowKind, Reader], Value]) -> Column[RowKind]:
    """A day that somebody sets, and that is seen when it has passed."""
    return Column(title=title, width=12, kind=Kind.DAY, value=value, is_filled_in=True)


def _moment(title: str, value: Callable[[RowKind, Reader], Value]) -> Column[RowKind]:
    return Column(title=title, width=17, kind=Kind.MOMENT, value=value)


def _supply_names(row: VendorRow) -> str:
    return "; ".join(supply.name for supply in row.supplies)


def _missing_grade(row: VendorRow, reader: Reader) -> str:
    reason = row.score.why_no_grade
    return reader.text(marks.NO_GRADES[reason]) if reason else ""


def _level(part: str) -> Callable[[VendorRow, Reader], Value]:
    def value(row: VendorRow, _reader: Reader) -> Value:
        score = row.score.part(part)
        return "–" if not score.applicable else "" if score.level is None else score.level

    return value


def _open(severity: Severity) -> Callable[[VendorRow, Reader], Value]:
    return lambda row, _reader: row.open_findings.get(severity, 0)


def part_title(part: str) -> str:
    """The heading of a measure's column; modules keep their letters, what counts nowhere has none."""
    return part if part in {"MD", "CL", "DP", ""} else f"Nr. {part}"


def numbered(title: str, reader: Reader) -> str:
    """No. 5 for who reads English."""
    return title.replace("Nr. ", "No. ") if reader.language == "en" else title


_NOT_RECORDED = VendorRecord()


def _record(row: VendorRow) -> VendorRecord:
    return row.record or _NOT_RECORDED


def _exit_plans(row: VendorRow, reader: Reader) -> str:
    if row.record is None:
        return ""
    if not row.record.exit_plans:
        return reader.text(N_("none"))
    return reader.text(N_("%(count)s of %(all)s"), count=row.record.exit_plans, all=len(row.supplies))


def _secured(row: VendorRow, reader: Reader) -> str:
    return "" if row.record is None else reader.text(N_("yes") if row.record.has_security_contact else N_("none"))


VENDORS: tuple[Column[VendorRow], ...] = (
    _words(N_("ID"), 12, lambda row, _: row.key),
    _long(N_("Vendor"), 28, lambda row, _: row.name),
    _long(N_("Products and services"), 34, lambda row, _: _supply_names(row)),
    _number(N_("Tier"), 12, lambda row, _: row.tier),
    _number(N_("Impact"), 10, lambda row, _: row.impact),
    _number(N_("Patient safety"), 12, lambda row, _: row.patient_safety),
    _words(N_("Stage"), 18, lambda row, reader: reader.say(row.status)),
    Column(title=N_("Score"), width=9, kind=Kind.DECIMAL, value=lambda row, _: row.score.value),
    Column(title=N_("Grade"), width=8, kind=Kind.GRADE, value=lambda row, _: row.score.grade or ""),
    Column(title=N_("Coverage %"), width=11, kind=Kind.DECIMAL, value=lambda row, _: row.score.coverage),
    _words(N_("Why no grade"), 24, _missing_grade),
    Column(title=N_("Outside grade"), width=10, kind=Kind.GRADE, value=lambda row, _: row.score.outside.grade or ""),
    Column(
        title=N_("Outside coverage %"), width=12, kind=Kind.DECIMAL, value=lambda row, _: row.score.outside.coverage
    ),
    Column(
        title=N_("Residual risk"),
        width=13,
        kind=Kind.RISK,
        value=lambda row, reader: reader.level(row.residual.level) if row.residual.level else "",
    ),
    _number(N_("Likelihood"), 11, lambda row, _: row.residual.likelihood.value),
    _words(N_("Cautious"), 10, lambda row, reader: reader.text(N_("yes")) if row.residual.likelihood.cautious else ""),
    *(Column(title=part_title(part), width=6.5, kind=Kind.LEVEL, value=_level(part)) for part in PARTS),
    *(
        _number(title, 9, _open(severity))
        for title, severity in (
            (N_("Critical"), Severity.CRITICAL),
            (N_("High"), Severity.HIGH),
            (N_("Medium"), Severity.MEDIUM),
            (N_("Low"), Severity.LOW),
        )
    ),
    _number(N_("Contradictions"), 13, lambda row, _: row.open_contradictions),
    _words(N_("Knock-outs"), 14, lambda row, _: ", ".join(row.knock_outs)),
    _number(N_("Answered"), 10, lambda row, _: row.questions_answered),
    _number(N_("Asked"), 8, lambda row, _: row.questions_asked),
    _number(N_("Evidence expired"), 11, lambda row, _: row.evidence_expired),
    _number(N_("Evidence expiring"), 11, lambda row, _: row.evidence_expiring),
    _words(N_("Scan"), 16, lambda row, reader: reader.text(marks.SCAN_STATES[row.scan_state])),
    _moment(N_("Scanned on"), lambda row, _: row.scanned_at),
    _moment(N_("Submitted on"), lambda row, _: row.submitted_at),
    _day(N_("Due on"), lambda row, _: days.of(row.deadline) if row.deadline else None),
    _long(N_("Department"), 20, lambda row, _: "; ".join(_record(row).departments)),
    _long(N_("Responsible"), 22, lambda row, _: "; ".join(_record(row).owners)),
    _long(N_("Deputy"), 22, lambda row, _: "; ".join(_record(row).deputies)),
    _end(N_("Contract ends"), lambda row, _: _record(row).contract_ends_on),
    _day(N_("Notice by"), lambda row, _: _record(row).notice_by),
    _words(N_("Exit plan"), 14, _exit_plans),
    _long(N_("Alternatives"), 24, lambda row, _: "; ".join(_record(row).alternatives)),
    _words(N_("Security contact"), 14, _secured),
    _number(N_("Devices"), 9, lambda row, _: _record(row).devices or None),
    _end(N_("Support ends"), lambda row, _: _record(row).support_ends_on),
    _words(N_("NIS2 class"), 26, lambda row, reader: row.scope.title.get(reader.language) if row.scope else ""),
    _moment(N_("NIS2 class told on"), lambda row, _: row.scope.at if row.scope else None),
    _long(
        N_("NIS2 class, why"),
        40,
        lambda row, reader: " ".join(one.get(reader.language) for one in row.scope.reasons) if row.scope else "",
    ),
    _long(N_("Statement of the vendor"), 40, lambda row, _: row.statement),
)


def _vendor_name(register: Register, key: str) -> str:
    return register.vendor(key).name if key else ""  # a risk of the hospital as a whole has none


def _supplies(register: Register, vendor_key: str, keys: tuple[str, ...]) -> str:
    if not vendor_key:
        return ""
    names = {supply.key: supply.name for supply in register.vendor(vendor_key).supplies}
    return "; ".join(names.get(key, key) for key in keys)


def risks(register: Register) -> tuple[Column[Risk], ...]:
    """The columns of the risk sheet."""
    return (
        _words(N_("Risk ID"), 14, lambda row, _: row.key),
        _words(N_("Vendor ID"), 14, lambda row, _: row.vendor_key),
        _long(N_("Vendor"), 28, lambda row, _: _vendor_name(register, row.vendor_key)),
        _long(N_("Products and services"), 26, lambda row, _: _supplies(register, row.vendor_key, row.supplies)),
        _long(N_("Risk"), 34, lambda row, reader: reader.say(row.title)),
        _long(N_("Scenario"), 60, lambda row, reader: reader.say(row.scenario)),
        _words(N_("Source"), 18, lambda row, reader: reader.text(marks.RISK_SOURCES[row.source])),
        _words(N_("Severity"), 11, lambda row, reader: reader.text(marks.SEVERITIES[row.severity].word)),
        _number(N_("Likelihood"), 11, lambda row, _: row.likelihood.value),
        _number(N_("Impact"), 10, lambda row, _: row.impact),
        _number(N_("Patient safety"), 12, lambda row, _: row.patient_safety),
        Column(
            title=N_("Risk level"),
            width=12,
            kind=Kind.RISK,
            value=lambda row, reader: reader.level(row.level) if row.level else "",
        ),
        _long(
            N_("Concerns"), 24, lambda row, reader: ", ".join(reader.text(marks.CONCERNS[one]) for one in row.concerns)
        ),
        _words(N_("Measure (BSIG)"), 24, lambda row, _: anchors.measures(row.refs)),
        _words(N_("NIS2"), 16, lambda row, _: anchors.nis2(row.refs)),
        _words(N_("ISO/IEC 27001"), 16, lambda row, _: anchors.iso27001(row.refs)),
        _long(N_("What helps"), 46, lambda row, reader: reader.say(row.advice)),
        _moment(N_("Since"), lambda row, _: row.since),
        Column(
            title=N_("Treatment"),
            width=13,
            kind=Kind.WORDS,
            value=lambda row, reader: reader.text(marks.TREATMENTS[_treated(register, row).treatment]),
            choices=tuple(marks.TREATMENTS.values()),
        ),
        _words(N_("Owner"), 20, lambda row, _: _treated(register, row).owner),
        _end(N_("Due on"), lambda row, _: _treated(register, row).due_on),
        _end(N_("Accepted until"), lambda row, _: _treated(register, row).accepted_until or row.accepted_until),
        _long(N_("Reason and note"), 46, lambda row, _: _treated(register, row).note),
        _words(N_("Decided by"), 20, lambda row, _: _treated(register, row).by),
        _moment(N_("Decided on"), lambda row, _: _treated(register, row).at),
    )


_NOTHING_WRITTEN = Treated(treatment=Treatment.OPEN)


def _treated(register: Register, risk: Risk) -> Treated:
    return register.treated(risk) or _NOTHING_WRITTEN


def findings(register: Register) -> tuple[Column[FindingRow], ...]:
    """The columns of the findings sheet."""
    return (
        _long(N_("Finding ID"), 40, lambda row, _: row.key),
        _words(N_("Vendor ID"), 14, lambda row, _: row.vendor_key),
        _long(N_("Vendor"), 28, lambda row, _: _vendor_name(register, row.vendor_key)),
        _words(N_("Host"), 28, lambda row, _: row.fact.finding.subject.name),
        _words(N_("Address"), 16, lambda row, _: row.fact.finding.address),
        _words(N_("Role"), 14, lambda row, reader: reader.text(marks.ROLES[row.role]) if row.role else ""),
        _words(N_("Check"), 26, lambda row, _: row.fact.finding.check_id),
        _long(N_("What should hold"), 38, lambda row, reader: reader.text(row.check.title) if row.check else ""),
        _words(
            N_("Verdict"),
            18,
            lambda row, reader: (
                f"{marks.VERDICTS[row.fact.finding.outcome].sign} "
                f"{reader.text(marks.VERDICTS[row.fact.finding.outcome].word)}"
            ),
        ),
        _words(N_("Severity"), 11, lambda row, reader: reader.text(marks.SEVERITIES[row.fact.finding.severity].word)),
        _long(N_("What was seen"), 60, lambda row, reader: row.fact.finding.fact.render(reader.translate)),
        _words(
            N_("Provisional"), 12, lambda row, reader: reader.text(N_("yes")) if row.fact.finding.provisional else ""
        ),
        _words(N_("Standing"), 14, lambda row, reader: reader.text(marks.FINDING_STANDINGS[row.fact.standing])),
        _long(N_("Vendor's words"), 40, lambda row, _: row.fact.statement),
        _long(N_("Hospital's answer"), 40, lambda row, _: row.fact.answer),
        _moment(N_("First seen"), lambda row, _: row.fact.first_seen),
        _moment(N_("Confirmed at"), lambda row, _: row.fact.confirmed),
        _moment(N_("Back again since"), lambda row, _: row.fact.returned),
        _moment(N_("Looked at again"), lambda row, _: row.fact.rechecked),
        _moment(N_("Last seen"), lambda row, _: row.fact.finding.at),
        _words(N_("New by"), 12, lambda row, reader: reader.text(marks.NEW_BY[row.fact.new_by])),
        _long(N_("How to mend it"), 50, lambda row, reader: reader.text(row.check.fix) if row.check else ""),
        _words(N_("Measure (BSIG)"), 24, lambda row, _: anchors.measures(row.check.refs) if row.check else ""),
        _words(N_("NIS2"), 16, lambda row, _: anchors.nis2(row.check.refs) if row.check else ""),
        _words(N_("ISO/IEC 27001"), 16, lambda row, _: anchors.iso27001(row.check.refs) if row.check else ""),
        _words(N_("OWASP Top 10"), 18, lambda row, _: anchors.owasp(row.check.refs) if row.check else ""),
        _words(N_("GDPR"), 18, lambda row, _: anchors.gdpr(row.check.refs) if row.check else ""),
        _words(N_("MDR Annex I (indicator)"), 18, lambda row, _: anchors.mdr(row.check.refs) if row.check else ""),
        _words(N_("Risk ID"), 14, lambda row, _: row.risk_key or ""),
    )


def answer_text(row: AnswerRow, reader: Reader) -> str:
    """The answer as a sentence, or that there is none."""
    if row.value is None:
        return (
            reader.text(N_("no answer given")) if row.unanswered_after_deadline else reader.text(N_("not answered yet"))
        )
    return answer_words(row.question, row.value, reader)


def answer_words(question: Question, value: AnswerValue, reader: Reader) -> str:
    """What was answered, in the reader's words."""
    return answering.show(question.shape, value, language=reader.language)


def _recorded_from(row: AnswerRow) -> str:
    """Where the hospital read it; "": the company's own word."""
    return ", ".join(filter(None, (row.recorded.source, row.recorded.place))) if row.recorded else ""


def answers(register: Register) -> tuple[Column[AnswerRow], ...]:
    """The columns of the answers sheet."""
    return (
        _words(N_("Answer ID"), 26, lambda row, _: row.key),
        _words(N_("Vendor ID"), 14, lambda row, _: row.vendor_key),
        _long(N_("Vendor"), 28, lambda row, _: _vendor_name(register, row.vendor_key)),
        _long(
            N_("Product"),
            22,
            lambda row, reader: (
                _supplies(register, row.vendor_key, (row.supply,)) if row.supply else reader.text(N_("whole company"))
            ),
        ),
        _words(N_("Part"), 8, lambda row, reader: numbered(part_title(row.part), reader)),
        _words(N_("Question"), 10, lambda row, _: row.question.id),
        _long(N_("Question text"), 60, lambda row, reader: row.question.text.get(reader.language)),
        _long(N_("Answer"), 44, answer_text),
        _long(N_("Comment"), 34, lambda row, _: row.value.comment if row.value else ""),
        Column(
            title=N_("Value %"),
            width=9,
            kind=Kind.NUMBER,
            value=lambda row, _: None if row.share is None else round(100 * row.share),
        ),
        _words(
            N_("Assurance"),
            18,
            lambda row, reader: reader.text(marks.ASSURANCES[row.assurance]) if row.assurance else "",
        ),
        _words(N_("Knock-out"), 11, lambda row, reader: reader.text(N_("failed")) if row.knock_out_failed else ""),
        _long(
            N_("Red flags"),
            34,
            lambda row, reader: "; ".join(flag.reason.get(reader.language) for flag in row.red_flags),
        ),
        _number(N_("Contradictions"), 13, lambda row, _: len(row.contradictions)),
        _words(N_("Review"), 14, lambda row, reader: reader.text(marks.ANSWER_STANDINGS[row.standing])),
        _moment(N_("Answered on"), lambda row, _: row.answered_at),
        _long(N_("Recorded from"), 34, lambda row, _: _recorded_from(row)),
    )


EvidenceLine = tuple[str, EvidenceStatus]


def evidence(register: Register) -> tuple[Column[EvidenceLine], ...]:
    """The columns of the evidence sheet: documents given, and documents that an answer still lacks."""
    return (
        _words(N_("Evidence ID"), 26, lambda row, _: row[1].key),
        _words(N_("Vendor ID"), 14, lambda row, _: row[0]),
        _long(N_("Vendor"), 28, lambda row, _: _vendor_name(register, row[0])),
        _long(
            N_("Product"),
            22,
            lambda row, reader: (
                _supplies(register, row[0], (row[1].supply,)) if row[1].supply else reader.text(N_("whole company"))
            ),
        ),
        _words(
            N_("Standing"),
            16,
            lambda row, reader: (
                f"{marks.EVIDENCE[row[1].standing].sign} {reader.text(marks.EVIDENCE[row[1].standing].word)}"
            ),
        ),
        _long(N_("Kind of document"), 40, lambda row, reader: row[1].type_text.get(reader.language)),
        _long(N_("File"), 34, lambda row, _: row[1].called),
        _words(N_("Questions"), 18, lambda row, _: ", ".join(row[1].question_ids)),
        _day(N_("Issued on"), lambda row, _: row[1].issued_on),
        _day(N_("Valid until"), lambda row, _: row[1].valid_until),
        _number(N_("Days left"), 10, lambda row, _: row[1].days_left),
        _words(N_("SHA-256"), 66, lambda row, _: row[1].sha256),
    )


def actions(register: Register) -> tuple[Column[ActionFact], ...]:
    """The columns of the actions sheet: what was agreed on, until when, and how it stands."""
    return (
        _words(N_("Action ID"), 14, lambda row, _: row.key),
        _words(N_("Vendor ID"), 14, lambda row, _: row.vendor_key),
        _long(N_("Vendor"), 28, lambda row, _: _vendor_name(register, row.vendor_key)),
        _long(N_("What is to be done"), 44, lambda row, reader: reader.say(row.title)),
        _long(N_("Hosts"), 28, lambda row, _: ", ".join(row.places)),
        _words(
            N_("Severity"),
            13,
            lambda row, reader: (
                f"{marks.SEVERITIES[row.severity].sign} {reader.text(marks.SEVERITIES[row.severity].word)}"
                if row.severity
                else ""
            ),
        ),
        _words(N_("Part"), 8, lambda row, reader: numbered(part_title(row.part), reader) if row.part else ""),
        _words(N_("Standing"), 18, lambda row, reader: reader.say(row.standing)),
        _end(N_("Due on"), lambda row, _: row.due_on),
        _words(N_("Overdue"), 10, lambda row, reader: reader.text(N_("yes")) if row.overdue else ""),
        _words(N_("Owner"), 22, lambda row, _: row.owner),
        _long(N_("What shows it"), 34, lambda row, reader: reader.say(row.proof)),
        _moment(N_("Reported on"), lambda row, _: row.reported_at),
        _long(N_("Report"), 34, lambda row, _: row.report),
        _long(N_("Remark"), 34, lambda row, _: row.remark),
        _words(N_("Source"), 22, lambda row, reader: reader.say(row.source)),
        _moment(N_("Set on"), lambda row, _: row.set_at),
        _words(N_("Set by"), 22, lambda row, _: row.set_by),
    )


ContradictionLine = tuple[str, Contradiction]


def contradictions(register: Register) -> tuple[Column[ContradictionLine], ...]:
    """The columns of the contradictions sheet: answer and observation side by side, neutrally."""
    return (
        _long(N_("ID"), 40, lambda row, _: f"{row[0]}:{row[1].key}"),
        _words(N_("Vendor ID"), 14, lambda row, _: row[0]),
        _long(N_("Vendor"), 28, lambda row, _: _vendor_name(register, row[0])),
        _long(
            N_("Product"),
            22,
            lambda row, reader: (
                _supplies(register, row[0], (row[1].supply,)) if row[1].supply else reader.text(N_("whole company"))
            ),
        ),
        _words(N_("Question"), 10, lambda row, _: row[1].question.id),
        _long(N_("Question text"), 46, lambda row, reader: row[1].question.text.get(reader.language)),
        _long(N_("Answer"), 34, lambda row, reader: answer_words(row[1].question, row[1].answer, reader)),
        _moment(N_("Answered on"), lambda row, _: row[1].answered_at),
        _words(N_("Host"), 26, lambda row, _: row[1].subject.name),
        _long(N_("What should hold"), 34, lambda row, reader: reader.text(row[1].check_title)),
        _long(N_("What was seen"), 50, lambda row, reader: row[1].observation.render(reader.translate)),
        _moment(N_("Seen on"), lambda row, _: row[1].observed_at),
        _words(N_("Knock-out"), 11, lambda row, reader: reader.text(N_("yes")) if row[1].knock_out else ""),
        _words(
            N_("Standing"),
            14,
            lambda row, reader: reader.text(N_("settled") if row[1].settled else N_("to be settled")),
        ),
        _words(N_("Check"), 26, lambda row, _: row[1].check_id),
    )


LIST_OF_SUBCONTRACTORS = "subcontractor_list"
MOST_NAMED = 20  # vendors in one cell


SubcontractorLine = tuple[VendorRow, SubcontractorFact | None, int]  # counted from 1 within a vendor


def subcontractor_lines(register: Register) -> Iterator[SubcontractorLine]:
    """Each subcontractor that the hospital has written down; of a vendor without one the vendor alone."""
    for row in register.vendors:
        known = row.record.subcontractors if row.record is not None else ()
        yield from ((row, one, number) for number, one in enumerate(known or (None,), start=1))


def subcontractors(register: Register) -> tuple[Column[SubcontractorLine], ...]:
    """Single subcontractors as the hospital knows them, what each vendor says of those it uses, the list it gave."""
    said: dict[str, list[AnswerRow]] = {}
    for row in register.answers:
        if row.question.applies_if == Flagged(flag="subcontractors"):
            said.setdefault(row.vendor_key, []).append(row)
    lists: dict[str, EvidenceStatus] = {}
    for key, status in register.evidence:
        if status.type == LIST_OF_SUBCONTRACTORS and (key not in lists or status.sha256):
            lists[key] = status
    words = {True: N_("yes"), False: N_("no"), None: N_("not said")}

    def answered(row: VendorRow, reader: Reader) -> str:
        return "\n".join(
            f"{one.question.id} {one.question.label.get(reader.language)}: {answer_text(one, reader)}"
            for one in said.get(row.key, ())
        )

    told = {True: N_("yes"), False: N_("no"), None: N_("not known")}

    def line_id(line: SubcontractorLine, _reader: Reader) -> str:
        row, one, number = line
        return f"{row.key}:SUB" if one is None else f"{row.key}:SUB-{number}"

    def listed(line: SubcontractorLine) -> EvidenceStatus | None:
        return lists.get(line[0].key)

    return (
        _words(N_("ID"), 16, line_id),
        _words(N_("Vendor ID"), 14, lambda line, _: line[0].key),
        _long(N_("Vendor"), 28, lambda line, _: line[0].name),
        _long(N_("Products and services"), 34, lambda line, _: (line[1] and line[1].supply) or _supply_names(line[0])),
        _number(N_("Tier"), 12, lambda line, _: line[0].tier),
        _words(N_("Subcontractor"), 30, lambda line, _: line[1].name if line[1] else ""),
        _number(N_("Rank"), 7, lambda line, _: line[1].rank if line[1] else None),
        _long(N_("Service"), 34, lambda line, _: line[1].service if line[1] else ""),
        _words(N_("Country"), 9, lambda line, _: line[1].country if line[1] else ""),
        _words(N_("Data access"), 13, lambda line, reader: reader.text(told[line[1].data_access]) if line[1] else ""),
        _words(N_("Patient data"), 16, lambda line, reader: reader.text(told[line[1].patient_data]) if line[1] else ""),
        _day(N_("Since"), lambda line, _: line[1].since if line[1] else None),
        _words(N_("Uses subcontractors"), 16, lambda line, reader: reader.text(words[line[0].subcontractors])),
        _long(N_("What the vendor says"), 60, lambda line, reader: answered(line[0], reader)),
        _words(N_("List of subcontractors"), 20, lambda line, reader: _standing_of(listed(line), reader)),
        _long(N_("File"), 34, lambda line, _: lists[line[0].key].name if line[0].key in lists else ""),
        _day(N_("Valid until"), lambda line, _: lists[line[0].key].valid_until if line[0].key in lists else None),
        _long(N_("Next step"), 40, lambda line, reader: _about_subcontractors(line[0], listed(line), reader)),
    )


def shared(register: Register) -> tuple[Column[ShareFact], ...]:
    """The columns of the sheet of what several vendors rest on together."""
    return (
        _words(N_("ID"), 34, lambda row, _: row.key),
        _words(N_("What is shared"), 30, lambda row, _: row.name),
        _words(N_("Kind"), 24, lambda row, reader: reader.text(row.kind)),
        _number(N_("Vendors in tier 1 or 2"), 12, lambda row, _: row.critical),
        _number(N_("Vendors"), 9, lambda row, _: len(row.vendor_keys)),
        _long(N_("Vendor IDs"), 24, lambda row, _: ", ".join(row.vendor_keys)),
        _long(N_("Names of the vendors"), 60, lambda row, reader: _names_of(register, row.vendor_keys, reader)),
        _long(N_("Versions in use"), 26, lambda row, _: ", ".join(row.versions)),
        _long(N_("Known holes of these versions"), 40, lambda row, _: ", ".join(row.known)),
    )


def _names_of(register: Register, keys: Sequence[str], reader: Reader) -> str:
    """The first ones; all of them stand beside it by their keys."""
    names = [_vendor_name(register, key) for key in keys[:MOST_NAMED]]
    if len(keys) > MOST_NAMED:
        names.append(reader.text(N_("and %(count)s more"), count=len(keys) - MOST_NAMED))
    return "; ".join(names)


def _standing_of(status: EvidenceStatus | None, reader: Reader) -> str:
    if status is None:
        return ""
    mark = marks.EVIDENCE[status.standing]
    return f"{mark.sign} {reader.text(mark.word)}"


def _about_subcontractors(row: VendorRow, status: EvidenceStatus | None, reader: Reader) -> str:
    if row.subcontractors is False:
        return ""
    if status is not None and status.sha256:
        return reader.text(N_("Read the list: names, services and countries stand in the vendor's document."))
    return reader.text(N_("Ask the vendor for its list of subcontractors (questionnaire, no. 4)."))


def decisions(register: Register) -> tuple[Column[DecisionFact], ...]:
    """The columns of the decisions sheet: words of the hospital that hold."""
    return (
        _words(N_("Decision ID"), 34, lambda row, _: row.key),
        _words(N_("Vendor ID"), 14, lambda row, _: row.vendor_key),
        _long(N_("Vendor"), 28, lambda row, _: _vendor_name(register, row.vendor_key)),
        _words(N_("Kind"), 24, lambda row, reader: reader.say(row.kind)),
        _long(N_("About"), 50, lambda row, reader: reader.say(row.about)),
        _long(N_("Decision"), 26, lambda row, reader: reader.say(row.outcome)),
        _long(N_("Reason"), 50, lambda row, _: row.reason),
        _end(N_("Until"), lambda row, _: row.until),
        _words(N_("Decided by"), 24, lambda row, _: row.by),
        _moment(N_("Decided on"), lambda row, _: row.at),
        _words(N_("Votes"), 30, lambda row, reader: reader.say(row.votes)),
        _long(N_("Conditions"), 50, lambda row, reader: "\n".join(map(reader.say, row.conditions))),
        _long(N_("Opened again because"), 50, lambda row, reader: "\n".join(map(reader.say, row.reopened))),
    )


def incidents(register: Register) -> tuple[Column[IncidentFact], ...]:
    """The columns of the sheet of incidents: what vendors reported, and what they answered when asked at once."""
    return (
        _words(N_("Incident ID"), 14, lambda row, _: row.key),
        _words(N_("Vendor ID"), 14, lambda row, _: row.vendor_key),
        _long(N_("Vendor"), 28, lambda row, _: _vendor_name(register, row.vendor_key)),
        _words(N_("Kind"), 24, lambda row, reader: reader.say(row.kind)),
        _long(N_("Incident"), 36, lambda row, _: row.title),
        _long(N_("About"), 30, lambda row, _: row.about),
        _words(N_("Standing"), 18, lambda row, reader: reader.say(row.standing)),
        _long(N_("Text"), 50, lambda row, _: row.text),
        _moment(N_("Known or asked on"), lambda row, _: row.begun_at),
        _words(N_("Last word"), 20, lambda row, reader: reader.say(row.last)),
        _moment(N_("Said on"), lambda row, _: row.last_at),
        _words(N_("Said by"), 26, lambda row, _: row.by),
        _moment(N_("Next word due"), lambda row, _: row.due_at),
        _words(N_("Overdue"), 10, lambda row, reader: reader.text(N_("yes")) if row.overdue else ""),
        _words(N_("Confirmed by"), 24, lambda row, _: row.confirmed_by),
        _moment(N_("Confirmed on"), lambda row, _: row.confirmed_at),
    )


def changes(register: Register) -> tuple[Column[ChangeFact], ...]:
    """The columns of the sheet of changes: scores that moved in the last year, and what moved them."""

    def difference(row: ChangeFact, _reader: Reader) -> Value:
        return None if row.before is None or row.after is None else row.after - row.before

    def causes(row: ChangeFact, reader: Reader) -> str:
        return "; ".join(f"{reader.text(word)}: {reader.number(points, 1)}" for word, points in row.causes)

    return (
        _words(N_("Change ID"), 18, lambda row, _: row.key),
        _words(N_("Vendor ID"), 14, lambda row, _: row.vendor_key),
        _long(N_("Vendor"), 28, lambda row, _: _vendor_name(register, row.vendor_key)),
        _moment(N_("When"), lambda row, _: row.at),
        Column(title=N_("Score before"), width=10, kind=Kind.DECIMAL, value=lambda row, _: row.before),
        Column(title=N_("Score after"), width=10, kind=Kind.DECIMAL, value=lambda row, _: row.after),
        Column(title=N_("Difference"), width=11, kind=Kind.DECIMAL, value=difference),
        Column(title=N_("Grade before"), width=9, kind=Kind.GRADE, value=lambda row, _: row.grade_before),
        Column(title=N_("Grade after"), width=9, kind=Kind.GRADE, value=lambda row, _: row.grade_after),
        Column(title=N_("Coverage %"), width=11, kind=Kind.DECIMAL, value=lambda row, _: row.coverage),
        _long(N_("What moved it"), 60, causes),
        _words(N_("Policy"), 16, lambda row, _: row.policy_version),
    )


def not_examined(register: Register) -> tuple[Column[NotExaminedRow], ...]:
    """The columns of the sheet that says what was not examined."""
    return (
        _long(N_("ID"), 40, lambda row, _: row.key),
        _words(N_("Vendor ID"), 14, lambda row, _: row.vendor_key),
        _long(N_("Vendor"), 28, lambda row, _: _vendor_name(register, row.vendor_key)),
        _words(N_("Host or question"), 28, lambda row, _: row.subject),
        _long(N_("What was not examined"), 60, lambda row, reader: reader.say(row.what)),
        _long(N_("Reason"), 50, lambda row, reader: reader.say(row.reason)),
        _words(N_("Part"), 8, lambda row, reader: numbered(part_title(row.part), reader) if row.part else ""),
    )
