"""Risks for the hospital: from findings, gaps, silence, contradictions, evidence, reviews and what was not seen."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

from assessments import evidence_rules, frameworks, gathering, ordering, residual
from assessments.gathering import Asked, Counted, Gathered
from assessments.model import (
    AnswerStanding,
    Concern,
    Contradiction,
    Dossier,
    EvidenceStanding,
    FindingStanding,
    NoGrade,
    Phrase,
    Policy,
    Risk,
    RiskSource,
    Score,
    Words,
    spoken,
)
from questionnaires import answering
from questionnaires.model import N_, Question, RedFlag
from scanners.model import Message, Refs, Severity

WORST_FIRST = tuple(Severity)
WORTH_A_RISK = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM)

C, I, A, P = Concern.CONFIDENTIALITY, Concern.INTEGRITY, Concern.AVAILABILITY, Concern.PATIENT_SAFETY  # noqa: E741 - the triad's letters

# What could happen to the hospital when a part is weak, and what it touches.
SCENARIOS: Mapping[str, tuple[str, tuple[Concern, ...]]] = {
    "1": (N_("Risks at %(vendor)s stay unnoticed and reach the hospital unprepared."), (C, I, A)),
    "2": (
        N_("The hospital hears of an attack on %(vendor)s too late to protect patients and to report in time."),
        (C, A, P),
    ),
    "3": (
        N_("%(vendor)s cannot restore its service in the time the hospital can do without it."),
        (A, P),
    ),
    "4": (N_("A subcontractor of %(vendor)s that nobody watches becomes the way into the hospital."), (C, I, A)),
    "5": (N_("A known flaw in what %(vendor)s delivers stays open and is used against the hospital."), (C, I, A, P)),
    "6": (N_("Safeguards at %(vendor)s do not work and nobody notices."), (C, I, A)),
    "7": (N_("Staff of %(vendor)s are deceived, and the attacker goes on into the hospital."), (C, I)),
    "8": (N_("Data between the hospital and %(vendor)s can be read or altered on the way."), (C, I)),
    "9": (N_("Somebody without the right to reaches the hospital's data or systems through %(vendor)s."), (C, I, A)),
    "10": (N_("A stolen password at %(vendor)s is enough to get at the hospital's data or systems."), (C, I, A)),
    "MD": (N_("A device of %(vendor)s can be disturbed or manipulated while it is used on patients."), (I, A, P)),
    "CL": (
        N_("Health data are processed in the cloud of %(vendor)s without the proof the law asks for."),
        (C, A),
    ),
    "DP": (N_("Personal data of patients or staff are misused or lost at %(vendor)s."), (C,)),
}


def derive(gathered: Gathered, score: Score, found: Iterable[Contradiction]) -> tuple[Risk, ...]:
    """Every risk of one vendor, worst first; a risk keeps its key as long as its cause stays the same."""
    risks = [
        *_from_findings(gathered),
        *_from_gaps(gathered),
        *_from_silence(gathered),
        *_from_contradictions(gathered, [each for each in found if not each.settled]),
        *_from_evidence(gathered),
        *_from_reviews(gathered),
        *_from_coverage(gathered, score),
    ]
    return tuple(sorted(risks, key=_place))


def key(vendor_key: str, source: RiskSource, *cause: str) -> str:
    """A short name that is the same whenever the same cause is found again."""
    digest = hashlib.sha256("\x1f".join((vendor_key, source, *cause)).encode()).hexdigest()
    return f"R-{digest[:10]}"


def _place(risk: Risk) -> ordering.Rank:
    return ordering.of_risk(risk.level, risk.likelihood.value, risk.impact, vendor_name="", key=risk.key)


def _from_findings(gathered: Gathered) -> Iterable[Risk]:
    dossier, policy = gathered.dossier, gathered.policy
    by_check: dict[str, list[Counted]] = {}
    for counted in gathered.counted:
        if counted.failed and counted.fact.finding.severity in WORTH_A_RISK:
            by_check.setdefault(counted.check.id, []).append(counted)
    for check_id, group in by_check.items():
        check = group[0].check
        severity = _worst(counted.fact.finding.severity for counted in group)
        part = group[0].part
        hosts = ", ".join(sorted({counted.fact.finding.subject.name for counted in group}))
        waived = all(counted.fact.standing is FindingStanding.WAIVED for counted in group)
        yield _risk(
            dossier,
            policy,
            source=RiskSource.FINDING,
            cause=(check_id,),
            source_keys=tuple(counted.key for counted in group),
            title=Phrase(
                text=N_("Not met on %(hosts)s: %(check)s"), values={"hosts": hosts, "check": Message(text=check.title)}
            ),
            part=part,
            refs=check.refs,
            severity=severity,
            advice=Message(text=check.fix) if check.fix else None,
            since=min(counted.fact.first_seen for counted in group),
            supplies=_supplies_of(dossier, group),
            accepted_until=min((each.fact.waived_until for each in group if each.fact.waived_until), default=None)
            if waived
            else None,
        )


def _from_gaps(gathered: Gathered) -> Iterable[Risk]:
    dossier, policy = gathered.dossier, gathered.policy
    for each, answer in gathered.answered:
        if each.share is None:
            continue
        flags = red_flags(dossier, each)
        poor = each.share <= policy.gap_share_at_most and each.question.weight >= policy.gap_from_weight
        grave = [flag for flag in flags if Severity(flag.severity) in {Severity.CRITICAL, Severity.HIGH}]
        knocked_out = each.question.knock_out and each.share == 0
        if not (poor or grave or knocked_out):
            continue
        severity = _worst(
            [Severity.MEDIUM, *(Severity(flag.severity) for flag in flags), *([Severity.HIGH] if knocked_out else [])]
        )
        yield _risk(
            dossier,
            policy,
            source=RiskSource.GAP,
            cause=(each.key,),
            source_keys=(each.question.id,),
            title=_gap_title(each, flags),
            part=each.part or None,
            refs=_refs(dossier, each.question),
            severity=severity,
            advice=None,
            since=answer.answered_at,
            supplies=(each.supply,) if each.supply else (),
            accepted_until=answer.knock_out_accepted_until,
        )


def _gap_title(asked: Asked, flags: tuple[RedFlag, ...]) -> Words:
    assert asked.answer is not None
    values: Mapping[str, Words] = {
        "question": asked.question.label,
        "answer": gathering.words_of(asked.question, asked.answer.value),
    }
    if not flags:
        return Phrase(text=N_("%(question)s: answered “%(answer)s”"), values=values)
    worst = min(flags, key=lambda flag: WORST_FIRST.index(Severity(flag.severity)))
    return Phrase(text=N_("%(question)s: %(flag)s (answered “%(answer)s”)"), values={**values, "flag": worst.reason})


def red_flags(dossier: Dossier, asked: Asked) -> tuple[RedFlag, ...]:
    """The red flags of an answer, measured against what the hospital needs of this supply."""
    if asked.answer is None:
        return ()
    needs = next((supply.compare for supply in dossier.supplies if supply.key == asked.supply), {})
    return answering.red_flags(asked.question, asked.answer.value, today=dossier.day, needs=needs)


def _from_silence(gathered: Gathered) -> Iterable[Risk]:
    dossier, policy = gathered.dossier, gathered.policy
    if not dossier.deadline_passed:
        return
    by_part: dict[str, list[Asked]] = {}
    for each in gathered.asked:
        if each.answer is None and each.question.is_scored:
            by_part.setdefault(each.part, []).append(each)
    for part, group in by_part.items():
        knock_out = any(each.question.knock_out for each in group)
        yield _risk(
            dossier,
            policy,
            source=RiskSource.SILENCE,
            cause=(part,),
            source_keys=tuple(each.question.id for each in group),
            title=Phrase(
                text=N_("%(measure)s: no answer by the deadline to %(questions)s"),
                values={
                    "measure": frameworks.measure(part).title,
                    "questions": ", ".join(dict.fromkeys(each.question.id for each in group)),
                },
            ),
            part=part,
            refs=_refs(dossier, group[0].question),
            severity=Severity.HIGH if knock_out else Severity.MEDIUM,
            advice=Message(text=N_("Ask again, or decide without these answers and say so.")),
            since=dossier.deadline,
            cautious=True,
        )


def _from_contradictions(gathered: Gathered, contradictions: Iterable[Contradiction]) -> Iterable[Risk]:
    dossier, policy = gathered.dossier, gathered.policy
    by_question: dict[tuple[str, str | None], list[Contradiction]] = {}
    for each in contradictions:
        by_question.setdefault((each.question.id, each.supply), []).append(each)
    for (question_id, supply), group in by_question.items():
        first = group[0]
        yield _risk(
            dossier,
            policy,
            source=RiskSource.CONTRADICTION,
            cause=(question_id, supply or ""),
            source_keys=tuple(each.key for each in group),
            title=Phrase(
                text=N_("%(question)s: the answer and the scan of %(host)s do not fit"),
                values={"question": first.question.label, "host": first.subject.name},
            ),
            part=dossier.catalogue.part_of(question_id) or None,
            refs=_refs(dossier, first.question),
            severity=Severity.HIGH if first.knock_out else Severity.MEDIUM,
            advice=Message(text=N_("Ask the vendor for a comment; then settle the contradiction or keep it.")),
            since=min(each.observed_at for each in group),
            supplies=(supply,) if supply else (),
        )


_EVIDENCE_TITLES: Mapping[EvidenceStanding, tuple[str, Severity]] = {
    EvidenceStanding.EXPIRED: (N_("Evidence is out of date: %(type)s"), Severity.MEDIUM),
    EvidenceStanding.EXPIRING: (N_("Evidence will soon be out of date: %(type)s"), Severity.LOW),
}


def _from_evidence(gathered: Gathered) -> Iterable[Risk]:
    dossier, policy = gathered.dossier, gathered.policy
    for status in evidence_rules.statuses_among(gathered):
        if status.standing not in _EVIDENCE_TITLES:
            continue
        text, severity = _EVIDENCE_TITLES[status.standing]
        question = next((dossier.catalogue.questions.get(name) for name in status.question_ids), None)
        yield _risk(
            dossier,
            policy,
            source=RiskSource.EVIDENCE,
            cause=(status.key,),
            source_keys=(status.key,),
            title=Phrase(text=text, values={"type": status.type_text}),
            part=(dossier.catalogue.part_of(question.id) or None) if question else None,
            refs=_refs(dossier, question) if question else Refs(),
            severity=severity,
            advice=Message(text=N_("Ask for the current document.")),
            since=None,
            supplies=(status.supply,) if status.supply else (),
        )


def _from_reviews(gathered: Gathered) -> Iterable[Risk]:
    """What the hospital itself found wanting in an answer, however good its score."""
    dossier, policy = gathered.dossier, gathered.policy
    for each, answer in gathered.answered:
        if answer.standing is not AnswerStanding.FINDING:
            continue
        yield _risk(
            dossier,
            policy,
            source=RiskSource.REVIEW,
            cause=(each.key,),
            source_keys=(each.question.id,),
            title=Phrase(
                text=N_("%(question)s: the hospital's own finding on the answer “%(answer)s”"),
                values={
                    "question": each.question.label,
                    "answer": gathering.words_of(each.question, answer.value),
                },
            ),
            part=each.part or None,
            refs=_refs(dossier, each.question),
            severity=Severity.HIGH if each.question.knock_out else Severity.MEDIUM,
            advice=Message(text=N_("Agree with the vendor on what changes and until when.")),
            since=answer.reviewed_at,
            supplies=(each.supply,) if each.supply else (),
            remark=answer.remark,
        )


def _from_coverage(gathered: Gathered, score: Score) -> Iterable[Risk]:
    dossier, policy = gathered.dossier, gathered.policy
    if score.why_no_grade is None:
        return
    text = (
        N_("Nothing was seen of %(vendor)s yet")
        if score.why_no_grade is NoGrade.NOTHING_SEEN
        else N_("Too little was seen of %(vendor)s for a grade: coverage %(coverage)s %%")
    )
    yield _risk(
        dossier,
        policy,
        source=RiskSource.COVERAGE,
        cause=(),
        source_keys=(),
        title=Phrase(text=text, values={"vendor": dossier.vendor_name, "coverage": spoken(score.coverage)}),
        part=None,
        refs=Refs(),
        severity=Severity.MEDIUM,
        advice=Message(text=N_("Ask for the missing answers or for consent to a scan.")),
        since=None,
        cautious=True,
    )


UNKNOWN = N_("Not known; assumed with caution.")
UNKNOWN_SCENARIO = N_("The hospital depends on %(vendor)s without knowing how safe that is.")


def _risk(
    dossier: Dossier,
    policy: Policy,
    *,
    source: RiskSource,
    cause: tuple[str, ...],
    source_keys: tuple[str, ...],
    title: Words,
    part: str | None,
    refs: Refs,
    severity: Severity,
    advice: Words | None,
    since: datetime | None,
    supplies: tuple[str, ...] = (),
    cautious: bool = False,
    accepted_until: date | None = None,
    remark: str = "",
) -> Risk:
    text, concerns = SCENARIOS[part] if part else (UNKNOWN_SCENARIO, (C, I, A))
    scenario = Phrase(text=text, values={"vendor": dossier.vendor_name})
    if remark:
        scenario = Phrase(
            text=N_("%(scenario)s Seen in the review: %(remark)s"), values={"scenario": scenario, "remark": remark}
        )
    touched = [supply for supply in dossier.supplies if not supplies or supply.key in supplies]
    impact = max((supply.impact for supply in touched if supply.impact), default=None)
    likelihood = residual.likelihood_of_one(severity, policy)
    if cautious:
        value = max(likelihood.value, policy.likelihood_unknown)
        likelihood = replace(likelihood, value=value, cautious=True, reason=Phrase(text=UNKNOWN))
    return Risk(
        key=key(dossier.vendor_key, source, *cause),
        vendor_key=dossier.vendor_key,
        source=source,
        source_keys=source_keys,
        scenario=scenario,
        title=title,
        part=part,
        refs=refs,
        concerns=concerns,
        severity=severity,
        likelihood=likelihood,
        impact=impact,
        patient_safety=max((supply.patient_safety for supply in touched if supply.patient_safety), default=None),
        level=residual.level(impact, likelihood.value, policy),
        supplies=supplies,
        advice=advice,
        since=since,
        accepted_until=accepted_until if accepted_until and accepted_until >= dossier.day else None,
    )


def _worst(severities: Iterable[Severity]) -> Severity:
    return min(severities, key=WORST_FIRST.index)


def _supplies_of(dossier: Dossier, group: Iterable[Counted]) -> tuple[str, ...]:
    """The supplies that these hosts serve; empty when one of them serves the company as a whole."""
    names = {counted.fact.finding.subject for counted in group}
    touched = {
        supply.key
        for supply in dossier.supplies
        if any(gathering.serves(dossier, subject, supply.key) for subject in names)
    }
    return () if len(touched) == len(dossier.supplies) else tuple(sorted(touched))


def _refs(dossier: Dossier, question: Question) -> Refs:
    """The anchors of a question in the scanner's shape."""
    measure = dossier.catalogue.section(question.section).measure
    return Refs(
        measures=(measure,) if measure else (),
        iso27001=question.refs.iso27001,
        mdr=question.refs.mdr,
        sources=question.refs.other,
    )
