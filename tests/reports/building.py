"""Whole dossiers for documents: every question answered in some way, every check with some verdict."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from assessments import intake, policy, register, tiering
from assessments.model import (
    ActionFact,
    AnswerFact,
    Assessed,
    ChangeFact,
    DecisionFact,
    Dossier,
    EvidenceFact,
    FindingFact,
    HostInScope,
    HostRole,
    IncidentFact,
    Intake,
    ScanState,
    Supply,
    Treated,
    Treatment,
)
from questionnaires import shelf
from questionnaires.model import AnswerKind, AnswerValue, Question, QuestionSet, Scope, Text
from scanners.catalogue import CATALOGUE_VERSION, CHECKS
from scanners.model import Finding, Message, Outcome, Severity, Subject, SubjectKind
from scanners.observations import Reason

NOW = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)


def answer(question: Question, turn: int, *, comment: str = "") -> AnswerValue:
    """Some allowed answer; the turn decides which."""
    shape = question.shape
    match shape.kind:
        case AnswerKind.NUMBER:
            return AnswerValue(number=float([4, 24, 72, 500][turn % 4]), comment=comment)
        case AnswerKind.DATE:
            return AnswerValue(day=date(2026, 11, 21) - timedelta(days=200 * (turn % 4) - 30), comment=comment)
        case AnswerKind.TEXT:
            return AnswerValue(text="Auskunft", comment=comment)
        case AnswerKind.MULTI_CHOICE:
            return AnswerValue(choices=tuple(option.id for option in shape.options[: 1 + turn % 3]), comment=comment)
        case _:
            return AnswerValue(choices=(shape.options[turn % len(shape.options)].id,), comment=comment or "Grund")


def dossier(
    number: int = 1, *, vendor: str = "Beispiel Medizintechnik GmbH", comment: str = "", fact: str = ""
) -> Dossier:
    """A vendor with two supplies, all questions, one host and its domain."""
    catalogue = shelf.current()
    filled = Intake(
        form_version=intake.current().version,
        answers={one.id: (one.options[number % len(one.options)].id,) for one in intake.current().questions},
    )
    proposal = tiering.propose(filled, policy.current())
    supplies = tuple(
        Supply(
            key=f"S-{index}",
            name=name,
            intake=filled,
            impact=proposal.impact,
            patient_safety=proposal.patient_safety,
            tier=proposal.tier,
            flags=frozenset(catalogue.flags),
            compare=tiering.supply_needs(filled),
        )
        for index, name in enumerate(("PACS Archiv", "Fernwartung"), start=1)
    )
    answers = tuple(
        AnswerFact(
            question_id=question.id,
            supply=key,
            value=answer(question, number + turn, comment=comment),
            answered_at=NOW - timedelta(days=3),
            answered_by="Erika Muster",
        )
        for turn, question in enumerate(catalogue.questions.values())
        if (number + turn) % 9
        for key in (["S-1", "S-2"] if question.scope is Scope.SUPPLY else [None])
    )
    outcomes = (Outcome.PASS, Outcome.PASS, Outcome.FAIL, Outcome.PASS, Outcome.WARN, Outcome.UNKNOWN, Outcome.INFO)
    findings = tuple(
        FindingFact(
            finding=Finding(
                check_id=check.id,
                subject=Subject(
                    kind=check.subject,
                    name="portal.beispiel.test" if check.subject is SubjectKind.HOST else "beispiel.test",
                ),
                outcome=(outcome := outcomes[(turn + number) % len(outcomes)]),
                severity=check.severity,
                fact=Message(text=fact or "The server answered with what was seen here."),
                at=NOW - timedelta(hours=2),
                address="192.0.2.17",
                reason=Reason.TIMEOUT if outcome is Outcome.UNKNOWN else None,
            ),
            first_seen=NOW - timedelta(days=45),
        )
        for turn, check in enumerate(CHECKS.values())
    )
    return Dossier(
        hospital="Klinikum Musterstadt",
        vendor_key=f"V-{number:04}",
        vendor_name=vendor,
        at=NOW,
        catalogue=catalogue,
        question_set=QuestionSet.FULL,
        checks=CHECKS,
        checks_version=CATALOGUE_VERSION,
        supplies=supplies,
        answers=answers,
        deadline=NOW + timedelta(days=10),
        submitted_at=NOW - timedelta(days=1),
        hosts=(HostInScope(name="portal.beispiel.test", role=HostRole.PORTAL),),
        findings=findings,
        scan_state=ScanState.DONE,
        scanned_at=NOW - timedelta(hours=2),
        evidence=(
            EvidenceFact(
                key="E-1",
                type="iso27001_cert",
                name="Zertifikat ISO 27001.pdf",
                sha256="ab" * 32,
                issued_on=date(2024, 5, 1),
                valid_until=date(2027, 4, 30),
                question_ids=("GV-01",),
            ),
        ),
        company_name=vendor,
    )


def assessed(
    number: int = 1, *, vendor: str = "Beispiel Medizintechnik GmbH", comment: str = "", fact: str = ""
) -> Assessed:
    """The same with everything that follows from it."""
    return register.assess(dossier(number, vendor=vendor, comment=comment, fact=fact), policy.current())


def action(number: int = 1, *, title: str = "=1+1 Port schließen", report: str = "@SUM(A1)") -> ActionFact:
    """Something the vendor of that number is to mend, with words that would be formulas."""
    return ActionFact(
        key=f"A-0000000{number}",
        vendor_key=f"V-{number:04}",
        title=Text(de=title, en=title),
        advice=Text(de="In der Firewall", en="In the firewall"),
        proof=Text(de="Ein neuer Scan", en="A new scan"),
        source=Message(text="from a finding"),
        standing=Message(text="reported as done"),
        overdue=number == 1,
        severity=Severity.HIGH if number == 1 else None,
        part="8",
        places=("portal.example.de",),
        owner="Frau Kern",
        due_on=date(2026, 12, number),
        set_at=NOW,
        set_by="Jens Petermann",
        reported_at=NOW,
        report=report,
        remark="Bitte bis Jahresende.",
    )


def decision(number: int = 1, *, reason: str = "=cmd|' /C calc'!A0") -> DecisionFact:
    """A word of the hospital on the vendor of that number, with a reason that would be a formula."""
    return DecisionFact(
        key=f"V-{number:04}:R-1",
        vendor_key=f"V-{number:04}",
        kind=Message(text="Treatment of a risk"),
        about=Text(de="Veraltetes TLS", en="Old TLS"),
        outcome=Message(text="accept"),
        reason=reason,
        until=date(2027, 1, number),
        by="Jens Petermann",
        at=NOW,
    )


def incident(number: int = 1, *, title: str = "=HYPERLINK(A1)") -> IncidentFact:
    """An incident that the vendor of that number reported, with words that would be formulas."""
    return IncidentFact(
        key=f"I-0000000{number}",
        vendor_key=f"V-{number:04}",
        kind=Message(text="Reported by the vendor"),
        title=title,
        about="+PACS",
        standing=Message(text="open"),
        text="-1+1 @SUM(A1)",
        begun_at=NOW,
        last=Message(text="Early warning"),
        last_at=NOW,
        by="Erika",
        confirmed_by="",
        confirmed_at=None,
        due_at=NOW,
        overdue=True,
    )


def change(number: int = 1) -> ChangeFact:
    """A score of the vendor of that number that moved."""
    return ChangeFact(
        key=f"V-{number:04}:abc",
        vendor_key=f"V-{number:04}",
        at=NOW,
        before=Decimal("71.5"),
        after=Decimal("64.0"),
        grade_before="C",
        grade_after="D",
        coverage=Decimal("88.0"),
        causes=(("answers", Decimal("-7.5")),),
        policy_version="1",
    )


def treated(*, owner: str, note: str, by: str) -> Treated:
    """What a person wrote about a risk."""
    return Treated(treatment=Treatment.MITIGATE, owner=owner, note=note, by=by, at=NOW)
