"""Build dossiers of the size a rule needs; each builder shows only what matters."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from assessments import policy, tailoring, tiering
from assessments.model import (
    PARTS,
    AnswerFact,
    AnswerStanding,
    Dossier,
    EvidenceFact,
    FindingFact,
    FindingStanding,
    Grade,
    HostInScope,
    HostRole,
    Intake,
    Policy,
    RiskLevel,
    ScanState,
    Supply,
)
from questionnaires import answering, shelf
from questionnaires.model import AnswerKind, AnswerValue, Question, QuestionSet, Scope
from scanners.model import (
    Check,
    CheckClass,
    Finding,
    Message,
    Observations,
    Outcome,
    Refs,
    Severity,
    Subject,
    SubjectKind,
    Verdict,
)
from scanners.observations import Reason

POLICY = policy.current()
CATALOGUE = shelf.current()
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def _judge(seen: Observations) -> Verdict:
    raise NotImplementedError  # scores never judge


def check(check_id: str, *, severity: Severity = Severity.HIGH, measures: tuple[int, ...] = (8,), **more: Any) -> Check:
    return Check(
        id=check_id,
        category=check_id.partition(".")[0],
        title=f"{check_id} holds",
        severity=severity,
        check_class=more.get("check_class", CheckClass.PASSIVE),
        subject=SubjectKind.HOST,
        needs=(),
        refs=Refs(measures=measures),
        why="why",
        fix="fix",
        judge=_judge,
    )


CHECKS = {
    each.id: each
    for each in (
        check("tls.protocol-legacy"),
        check("tls.cipher-weak"),
        check("cert.chain-trust", severity=Severity.CRITICAL),
        check("cert.hostname-match", severity=Severity.CRITICAL),
        check("mail.dmarc-policy", measures=(10,)),
        check("mail.spf-present", measures=(10,)),
        check("mail.spf-all", measures=(10,)),
        check("mail.parked-protection", severity=Severity.MEDIUM, measures=(7,)),
        check("mail.starttls", measures=(8,)),
        check("mail.mta-sts", severity=Severity.MEDIUM, measures=(8,)),
        check("mail.dane", measures=(8,)),
        check("ports.database", severity=Severity.CRITICAL, measures=(9, 5)),
        check("ports.remote-admin", severity=Severity.CRITICAL, measures=(9,)),
        check("js.vulnerable-library", measures=(5,)),
        check("js.end-of-life", severity=Severity.MEDIUM, measures=(5,)),
        check("web.security-txt", severity=Severity.LOW, measures=(5,)),
        check("net.hosting-geo", severity=Severity.INFO, measures=(4,)),
    )
}


def finding(
    check_id: str = "tls.protocol-legacy",
    outcome: Outcome = Outcome.FAIL,
    *,
    host: str = "portal.example.de",
    days: int = 1,
    severity: Severity | None = None,
    standing: FindingStanding = FindingStanding.OPEN,
    waived_until: date | None = None,
    provisional: bool = False,
    reason: Reason | None = None,
) -> FindingFact:
    return FindingFact(
        finding=Finding(
            check_id=check_id,
            subject=Subject(kind=SubjectKind.HOST, name=host),
            outcome=outcome,
            severity=severity or CHECKS[check_id].severity,
            fact=Message(text="seen: %(what)s", values={"what": outcome.value}),
            at=AT,
            reason=reason,
            provisional=provisional,
        ),
        first_seen=AT - days * DAY,
        standing=standing,
        waived_until=waived_until,
    )


def choice(*ids: str, comment: str = "") -> AnswerValue:
    return AnswerValue(choices=ids, comment=comment)


def best(question: Question) -> AnswerValue:
    """An answer that keeps the whole weight."""
    return by_share(question)[-1]


def worst(question: Question) -> AnswerValue:
    """An answer that keeps nothing, or next to it."""
    return by_share(question)[0]


def by_share(question: Question) -> list[AnswerValue]:
    shape = question.shape
    match shape.kind:
        case AnswerKind.NUMBER:
            values = [AnswerValue(number=band.limit) for band in shape.bands] + [AnswerValue(unknown=True)]
        case AnswerKind.DATE:
            sign = -1 if shape.date_rule == "age_in_months" else 1
            months = [int(band.limit) for band in shape.bands]
            values = [AnswerValue(day=answering.add_months(AT.date(), sign * each)) for each in months]
            values += [AnswerValue(never=True) if shape.allow_never else AnswerValue(unknown=True)]
        case AnswerKind.MULTI_CHOICE:
            ids = tuple(option.id for option in shape.options)
            values = [choice(ids[0]), choice(*ids)]
        case _:
            values = [choice(option.id) for option in shape.options if option.score is not None]
    return sorted(values, key=lambda value: answering.share(shape, value, today=AT.date()) or 0)


def answer(question_id: str, value: AnswerValue | None = None, *, supply: str | None = ..., **more: Any) -> AnswerFact:  # type: ignore[assignment]
    question = CATALOGUE.questions[question_id]
    if supply is ...:
        supply = "S-1" if question.scope is Scope.SUPPLY else None
    return AnswerFact(
        question_id=question_id,
        value=value or best(question),
        supply=supply,
        answered_at=AT - DAY,
        standing=more.get("standing", AnswerStanding.OPEN),
        knock_out_accepted_until=more.get("knock_out_accepted_until"),
    )


def intake(**answers: str) -> Intake:
    given = {
        "clinical_process": "care_support",
        "patient_safety": "none",
        "outage": "longer",
        "data_loss": "not_relevant",
        "fallback": "rehearsed",
        "patient_data": "none",
        "remote_access": "none",
        "mdr_class": "no",
        "cloud": "no",
        "substitute": "weeks",
    } | answers
    return Intake(form_version="1", answers={question: (option,) for question, option in given.items()})


def supply(key: str = "S-1", *, flags: frozenset[str] = frozenset(), **answers: str) -> Supply:
    given = intake(**answers)
    proposal = tiering.propose(given, POLICY)
    return Supply(
        key=key,
        name=f"Supply {key}",
        intake=given,
        impact=proposal.impact,
        patient_safety=proposal.patient_safety,
        tier=proposal.tier,
        flags=flags | tiering.supply_flags(CATALOGUE, {}, given),
        compare=tiering.supply_needs(given),
    )


HOSTS = (
    HostInScope(name="portal.example.de", role=HostRole.PORTAL),
    HostInScope(name="www.example.de", role=HostRole.CORPORATE),
    HostInScope(name="cloud.example.de", role=HostRole.PRODUCT, supplies=frozenset({"S-1"})),
)


class Drawn(Dossier):
    """A dossier that a failing property can print: what varies, without the whole catalogue."""

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(f"dossier({self.scan_state}, deadline_passed={self.deadline_passed}")
        for each in self.supplies:
            printer.text(f"\n  {each.key} {sorted(each.flags)}")
        for each in self.answers:
            printer.text(f"\n  {each.question_id} {each.supply} {answering.dump(each.value)}")
        for each in self.findings:
            seen = each.finding
            printer.text(f"\n  {seen.check_id} {seen.subject.name} {seen.outcome} {seen.severity} {each.standing}")
            printer.text(" provisional" * seen.provisional)
        printer.text(")")


def dossier(**changes: Any) -> Drawn:
    """A vendor with one supply and the short set, before the deadline, scanned, of whom nothing is known yet."""
    return Drawn(
        **{
            "hospital": "Klinikum Musterstadt",
            "vendor_key": "V-0001",
            "vendor_name": "Muster Medizintechnik GmbH",
            "at": AT,
            "catalogue": CATALOGUE,
            "question_set": QuestionSet.SHORT,
            "checks": CHECKS,
            "checks_version": "test",
            "supplies": (supply(),),
            "hosts": HOSTS,
            "scan_state": ScanState.DONE,
            "scanned_at": AT,
        }
        | changes
    )


def answered(
    value_of: Callable[[Question], AnswerValue] = best, *, question_set: QuestionSet = QuestionSet.SHORT
) -> tuple[AnswerFact, ...]:
    """Every question that always applies, answered in one way."""
    return tuple(
        answer(question.id, value_of(question)) for question in answering.shown(CATALOGUE, question_set, frozenset())
    )


def evidence(question_id: str, kind: str, **more: Any) -> EvidenceFact:
    return EvidenceFact(
        key=more.pop("key", f"E-{question_id}"),
        type=kind,
        name=f"{kind}.pdf",
        sha256="0" * 64,
        question_ids=(question_id,),
        **more,
    )


# --- Any dossier ---------------------------------------------------------------------------------

FLAGS = sorted(CATALOGUE.flags)


@st.composite
def dossiers(draw: st.DrawFn, *, deadline_passed: bool | None = None) -> Dossier:
    keys = draw(st.sampled_from([("S-1",), ("S-1", "S-2")]))
    supplies = tuple(supply(key, flags=frozenset(draw(st.sets(st.sampled_from(FLAGS), max_size=6)))) for key in keys)
    asked = [
        (question, key)
        for question in CATALOGUE.questions.values()
        for key in (keys if question.scope is Scope.SUPPLY else (None,))
        if question.id in CATALOGUE.sets[QuestionSet.SHORT].question_ids
    ]
    answers = tuple(
        answer(question.id, draw(st.sampled_from([*by_share(question), *_not_applicable(question)])), supply=key)
        for question, key in asked
        if draw(st.integers(0, 3))
    )
    return dossier(
        supplies=supplies,
        answers=answers,
        deadline_passed=draw(st.booleans()) if deadline_passed is None else deadline_passed,
        findings=draw(findings()),
        scan_state=draw(st.sampled_from([ScanState.DONE, ScanState.NOT_ASKED, ScanState.DOCUMENTS_ONLY])),
        evidence=tuple(
            evidence("GV-01", "iso27001_cert", key=f"E-{number}", valid_until=AT.date() + days * DAY)
            for number, days in enumerate(draw(st.lists(st.integers(-90, 90), max_size=2)))
        ),
    )


def _not_applicable(question: Question) -> list[AnswerValue]:
    return [choice(option.id, comment="no") for option in question.shape.options if option.needs_comment]


@st.composite
def findings(draw: st.DrawFn) -> tuple[FindingFact, ...]:
    pairs = draw(st.sets(st.tuples(st.sampled_from(sorted(CHECKS)), st.sampled_from([host.name for host in HOSTS]))))
    return tuple(
        finding(
            check_id,
            draw(st.sampled_from(list(Outcome))),
            host=host,
            days=draw(st.integers(0, 60)),
            severity=draw(st.sampled_from([None, None, Severity.CRITICAL, Severity.LOW])),
            standing=draw(st.sampled_from([FindingStanding.OPEN, FindingStanding.DISPUTED, FindingStanding.WITHDRAWN])),
            provisional=draw(st.integers(0, 9)) == 0,
        )
        for check_id, host in sorted(pairs)
    )


# --- Any policy of a hospital --------------------------------------------------------------------


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """The shipped policy, or one that a hospital might make of it."""
    weights = {part: float(draw(st.integers(0, 40))) for part in PARTS}
    weights["8"] += 1  # something has to weigh
    critical, high = sorted((draw(st.integers(0, 100)), draw(st.integers(0, 100))))
    scored = sorted(question.id for question in CATALOGUE.questions.values() if question.is_scored)
    knock_outs = sorted(question.id for question in CATALOGUE.questions.values() if question.knock_out)
    lifted = draw(st.frozensets(st.sampled_from(knock_outs), max_size=5))
    steps = sorted(draw(st.lists(st.integers(1, 5), min_size=6, max_size=6)))
    own = replace(
        POLICY,
        based_on=POLICY.version,
        part_weights=weights,
        caps=replace(POLICY.caps, critical_fail=critical, high_fail=high, knock_out=draw(st.integers(0, 100))),
        must_haves=draw(st.frozensets(st.sampled_from(scored), max_size=8)) - lifted,
        lifted=lifted,
        likelihood_by_grade=dict(zip(Grade, steps, strict=True)),
        likelihood_unknown=draw(st.integers(steps[0], 5)),
        matrix=_matrix(draw),
    )
    assert not tailoring.problems(own, [CATALOGUE])
    return own


def _matrix(draw: st.DrawFn) -> tuple[tuple[RiskLevel, ...], ...]:
    """Cells drawn at will and then raised to whatever stands below and before them."""
    levels = list(RiskLevel)
    rows: list[list[int]] = []
    for impact in range(5):
        row: list[int] = []
        for likelihood in range(5):
            below = rows[impact - 1][likelihood] if impact else 0
            before = row[-1] if row else 0
            row.append(max(draw(st.integers(0, 3)), below, before))
        rows.append(row)
    return tuple(tuple(levels[cell] for cell in row) for row in rows)
