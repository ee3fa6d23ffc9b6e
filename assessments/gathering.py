"""Pair up what a dossier asks, was told and has seen; the other rooms judge the pairs."""

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from assessments import remembering
from assessments.model import (
    AnswerFact,
    Dossier,
    FindingFact,
    FindingStanding,
    HostInScope,
    HostRole,
    LineSource,
    Policy,
    ScanState,
)
from questionnaires import answering
from questionnaires.model import AnswerKind, AnswerValue, Catalogue, Language, Question, QuestionSet, Scope, Text
from scanners.model import Check, Outcome, Severity, Subject
from scanners.observations import Reason

SEEN = (Outcome.FAIL, Outcome.WARN, Outcome.PASS)  # worst first
UNSEEN = (Outcome.UNKNOWN, Outcome.ERROR)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question that applies, for the company or one supply, and its answer if there is one."""

    question: Question
    supply: str | None
    part: str
    supplies: int  # for how many supplies this question is asked; its weight is shared among them
    answer: AnswerFact | None = None
    share: float | None = None  # of the weight, before assurance; None: no answer, or not applicable

    @functools.cached_property
    def key(self) -> str:
        """Stable within a dossier."""
        return f"{self.question.id}:{self.supply}" if self.supply else self.question.id

    @functools.cached_property
    def line_key(self) -> str:
        """The key of the line it becomes."""
        return f"{LineSource.ANSWER}:{self.key}"

    @property
    def applicable(self) -> bool:
        """False for an answer "not applicable": it is left out of score and coverage."""
        return self.answer is None or self.share is not None


@dataclass(frozen=True, kw_only=True)
class Counted:
    """A finding about a host in scope, with its check and how much the host matters."""

    fact: FindingFact
    check: Check
    role: HostRole
    factor: float

    @property
    def key(self) -> str:
        """Stable within a dossier."""
        return f"{self.check.id}:{self.fact.finding.subject.name}"

    @property
    def part(self) -> str | None:
        """The measure it counts in: the first one the check names; None: only the outside grade."""
        return str(self.check.refs.measures[0]) if self.check.refs.measures else None

    @functools.cached_property
    def scored(self) -> bool:
        """Whether it is a line: seen, and not provisional."""
        return self.fact.finding.outcome in SEEN and not self.fact.finding.provisional

    @functools.cached_property
    def applicable(self) -> bool:
        """Whether it could have been a line: unknown lowers coverage; what no one consented to does not."""
        finding = self.fact.finding
        return finding.outcome in (*SEEN, *UNSEEN) and finding.reason is not Reason.NOT_CONSENTED

    @property
    def weighs_as(self) -> Severity:
        """By which severity it weighs: a failure by what was found, all else as the check does.

        A warning that weighed more than the check would lift a poor score above what mending it comes to.
        """
        finding = self.fact.finding
        return finding.severity if finding.outcome is Outcome.FAIL else self.check.severity

    @property
    def failed(self) -> bool:
        """Whether it counts as failed."""
        return self.scored and self.fact.finding.outcome is Outcome.FAIL


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """A dossier under a policy, with its pairs; each kind is gathered once."""

    dossier: Dossier
    policy: Policy
    mended: frozenset[str] = frozenset()  # keys of answer lines to be taken as if they were worth everything

    @functools.cached_property
    def asked(self) -> tuple[Asked, ...]:
        """Every question that applies, with its answer; a knock-out is what the policy says is one."""
        return tuple(_under(self.policy, each) for each in asked(self.dossier))

    @functools.cached_property
    def answered(self) -> tuple[tuple[Asked, AnswerFact], ...]:
        """What of it was answered, with its answer."""
        return tuple((each, each.answer) for each in self.asked if each.answer is not None)

    @functools.cached_property
    def counted(self) -> tuple[Counted, ...]:
        """The findings that bear on the score."""
        return counted(self.dossier, self.policy)


def _under(policy: Policy, each: Asked) -> Asked:
    excludes = policy.excludes(each.question)
    if each.question.knock_out is excludes:
        return each
    return replace(each, question=replace(each.question, knock_out=excludes))


def asked(dossier: Dossier) -> tuple[Asked, ...]:
    """Every question that applies, once per company or once per supply, in the order of the catalogue."""
    by_key = {(answer.question_id, answer.supply): answer for answer in dossier.answers}
    of_supplies = tuple((supply.key, supply.flags) for supply in dossier.supplies)
    of_company = frozenset() if of_supplies else _profile_flags(dossier)
    return tuple(
        _answered(dossier, each, answer) if (answer := by_key.get((each.question.id, each.supply))) else each
        for each in _blank(dossier.catalogue, dossier.question_set, of_supplies, of_company)
    )


@remembering.by_first
def _blank(
    catalogue: Catalogue,
    question_set: QuestionSet,
    of_supplies: tuple[tuple[str, frozenset[str]], ...],
    of_company: frozenset[str],
) -> tuple[Asked, ...]:
    """What is asked of whoever supplies the like, before anything is answered; flags by supply, or of the company."""
    by_supply = {key: _shown(catalogue, question_set, flags) for key, flags in of_supplies}
    shown = frozenset().union(*by_supply.values()) if by_supply else _shown(catalogue, question_set, of_company)
    parts = {section.id: section.part for section in catalogue.sections}
    pairs: list[Asked] = []
    for question in catalogue.questions.values():
        keys: list[str | None] = []
        if question.scope is Scope.SUPPLY and by_supply:
            keys.extend(key for key, of_one in by_supply.items() if question.id in of_one)
        elif question.id in shown:
            keys.append(None)
        pairs.extend(
            Asked(question=question, supply=key, part=parts[question.section], supplies=len(keys)) for key in keys
        )
    return tuple(pairs)


def _answered(dossier: Dossier, asked: Asked, answer: AnswerFact) -> Asked:
    return replace(asked, answer=answer, share=_share(dossier, asked.question, asked.supply, answer))


def _share(dossier: Dossier, question: Question, supply: str | None, answer: AnswerFact) -> float | None:
    share = answering.share(question.shape, answer.value, today=dossier.day)
    is_missing = answer.recorded is None and not _lies_beside(dossier, question, supply)
    if share and question.shape.kind is AnswerKind.FILE and is_missing:
        return 0.0  # a document that is said to lie there and does not
    return share


def _lies_beside(dossier: Dossier, question: Question, supply: str | None) -> bool:
    return any(
        question.id in evidence.question_ids and evidence.supply in {None, supply} for evidence in dossier.evidence
    )


def _shown(catalogue: Catalogue, question_set: QuestionSet, flags: frozenset[str]) -> frozenset[str]:
    return frozenset(question.id for question in answering.shown(catalogue, question_set, flags))


def _profile_flags(dossier: Dossier) -> frozenset[str]:
    return answering.derive_flags(dossier.catalogue, dossier.profile)


def counted(dossier: Dossier, policy: Policy) -> tuple[Counted, ...]:
    """The findings that bear on the score: of known checks, on hosts in scope, one for each check and subject."""
    if dossier.scan_state is ScanState.DOCUMENTS_ONLY:
        return ()
    return tuple(
        Counted(fact=fact, check=dossier.checks[fact.finding.check_id], role=host.role, factor=factor)
        for fact, host, factor in _in_scope(dossier, policy)
        if fact.standing is not FindingStanding.WITHDRAWN
        and policy.severity_weights[dossier.checks[fact.finding.check_id].severity] > 0  # a remark is no line
    )


def _in_scope(dossier: Dossier, policy: Policy) -> Iterator[tuple[FindingFact, HostInScope, float]]:
    hosts: dict[Subject, HostInScope | None] = {}
    for fact in worst_first(dossier.findings):
        subject = fact.finding.subject
        if subject not in hosts:
            hosts[subject] = host_of(dossier, subject, policy)
        host = hosts[subject]
        if host is not None and fact.finding.check_id in dossier.checks:
            yield fact, host, policy.host_factors[host.role]


def worst_first(facts: Iterable[FindingFact]) -> tuple[FindingFact, ...]:
    """One fact for each check and subject: the worst that was seen, else what was not; order does not matter."""
    kept: dict[tuple[str, Subject], FindingFact] = {}
    for fact in sorted(facts, key=_rank):
        kept.setdefault((fact.finding.check_id, fact.finding.subject), fact)
    return tuple(kept[key] for key in sorted(kept))


def _rank(fact: FindingFact) -> tuple[object, ...]:
    finding = fact.finding
    outcomes = (*SEEN, *UNSEEN, Outcome.INFO, Outcome.NOT_APPLICABLE)
    return (
        finding.provisional,
        outcomes.index(finding.outcome),
        list(Severity).index(finding.severity),
        fact.first_seen,
        finding.address,
        str(finding.fact),
    )


def host_of(dossier: Dossier, subject: Subject, policy: Policy) -> HostInScope | None:
    """The host in scope that a finding is about; a domain takes the heaviest host below it. None: not in scope."""
    keys = {supply.key for supply in dossier.supplies}
    fitting = [
        host
        for host in dossier.hosts
        if _covers(subject, host.name) and (not host.supplies or not host.supplies.isdisjoint(keys))
    ]
    exact = [host for host in fitting if host.name == subject.name]
    return max(exact or fitting, key=lambda host: (policy.host_factors[host.role], host.role), default=None)


def _covers(subject: Subject, host: str) -> bool:
    return host == subject.name or (subject.kind == "domain" and host.endswith(f".{subject.name}"))


def serves(dossier: Dossier, subject: Subject, supply: str | None) -> bool:
    """Whether a subject bears on this supply (None: the company): its own hosts and those of the company as a whole."""
    return any(
        supply is None or not host.supplies or supply in host.supplies
        for host in dossier.hosts
        if _covers(subject, host.name)
    )


def words_of(question: Question, value: AnswerValue) -> Text:
    """An answer in words, in both languages."""
    return Text(
        de=answering.show(question.shape, value, language=Language.DE),
        en=answering.show(question.shape, value, language=Language.EN),
    )
