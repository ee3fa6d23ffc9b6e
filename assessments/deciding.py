"""Decisions: who must decide, what needs a decision, how votes count, and what opens a decision again."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from assessments.model import AcceptanceRule, Authority, Grade, Phrase, Policy, RiskLevel, Words
from questionnaires.model import N_
from scanners.model import Message

NO_TIER = "none"
CAUTIOUS = RiskLevel.HIGH  # who decides where nobody knows the level yet

LEVELS: Mapping[RiskLevel, str] = {
    RiskLevel.LOW: N_("low"),
    RiskLevel.MODERATE: N_("moderate"),
    RiskLevel.HIGH: N_("high"),
    RiskLevel.CRITICAL: N_("critical"),
}
AUTHORITIES: Mapping[Authority, str] = {
    Authority.OWNER: N_("responsible department"),
    Authority.CISO: N_("information security (CISO)"),
    Authority.COMMITTEE: N_("risk committee"),
    Authority.MANAGEMENT: N_("management"),
}
IN_SITTINGS = frozenset({Authority.COMMITTEE, Authority.MANAGEMENT})  # more than one person: they meet


class Ruling(StrEnum):
    """What was decided."""

    APPROVE = "approve"
    WITH_CONDITIONS = "with_conditions"
    DEFER = "defer"
    REJECT = "reject"


RULINGS: Mapping[Ruling, str] = {
    Ruling.APPROVE: N_("approved"),
    Ruling.WITH_CONDITIONS: N_("approved with conditions"),
    Ruling.DEFER: N_("deferred"),
    Ruling.REJECT: N_("rejected"),
}
APPROVALS = frozenset({Ruling.APPROVE, Ruling.WITH_CONDITIONS})


class ConditionState(StrEnum):
    """Where a condition (Auflage) stands."""

    OPEN = "open"
    MET = "met"
    LAPSED = "lapsed"  # its day has passed and it is not met


CONDITION_STATES: Mapping[ConditionState, str] = {
    ConditionState.OPEN: N_("open"),
    ConditionState.MET: N_("met"),
    ConditionState.LAPSED: N_("lapsed"),
}


class Ballot(StrEnum):
    """How somebody voted."""

    YES = "yes"
    NO = "no"
    ABSTAIN = "abstain"


BALLOTS: Mapping[Ballot, str] = {Ballot.YES: N_("yes"), Ballot.NO: N_("no"), Ballot.ABSTAIN: N_("abstention")}


class Cause(StrEnum):
    """What opened a decision again."""

    CONDITION_LAPSED = "condition_lapsed"
    GRADE_FELL = "grade_fell"
    RISK_ROSE = "risk_rose"
    KNOCK_OUT = "knock_out"
    EVIDENCE_EXPIRED = "evidence_expired"
    REVIEW_DUE = "review_due"


BY_DAY = frozenset({Cause.CONDITION_LAPSED, Cause.EVIDENCE_EXPIRED, Cause.REVIEW_DUE})  # `before` is a day


class Why(StrEnum):
    """Why something is put on an agenda."""

    EXCEEDS = "exceeds"
    REOPENED = "reopened"
    ACCEPTANCE = "acceptance"


WHYS: Mapping[Why, str] = {
    Why.EXCEEDS: N_("above the risk appetite, and nobody has decided"),
    Why.REOPENED: N_("opened again by itself"),
    Why.ACCEPTANCE: N_("a risk was accepted beyond its limit"),
}


@dataclass(frozen=True, kw_only=True)
class Proof:
    """A document on which a decision rests."""

    key: str
    name: str
    valid_until: date | None


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a vendor stands at a moment, as far as decisions depend on it."""

    tier: int | None
    grade: Grade | None
    value: float | None
    coverage: float
    level: RiskLevel | None
    knock_outs: tuple[str, ...] = ()
    proofs: tuple[Proof, ...] = ()  # documents that are valid
    expired: tuple[str, ...] = ()  # keys of documents that have run out and were not replaced


NOTHING_KNOWN = Standing(tier=None, grade=None, value=None, coverage=0.0, level=None)


@dataclass(frozen=True, kw_only=True)
class ConditionFact:
    """A condition of a decision."""

    key: str
    text: str
    due_on: date
    owner: str
    proof: str
    state: ConditionState


@dataclass(frozen=True, kw_only=True)
class Reopening:
    """Why a decision stands open again; `key` tells two causes of a kind apart."""

    cause: Cause
    key: str
    about: str
    before: str
    after: str
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What the votes come to."""

    yes: int
    no: int
    abstained: int
    is_carried: bool
    by_chair: bool = False  # it was a tie, and the chair's vote counted

    @property
    def cast(self) -> int:
        """Votes for or against; abstentions are none."""
        return self.yes + self.no


@dataclass(frozen=True, kw_only=True)
class Decided:
    """A decision that stands, with all that a paper tells of it."""

    key: str  # "B-0007"
    vendor_key: str  # "": not about one vendor
    vendor: str
    about: str  # the product, or the topic; "": the vendor as a whole
    ruling: Ruling
    authority: Authority
    reasons: str
    by: str
    at: datetime
    review_on: date | None
    tier: int | None
    grade: Grade | None
    level: RiskLevel | None
    policy_version: str
    conditions: tuple[ConditionFact, ...] = ()
    reopenings: tuple[Reopening, ...] = ()
    tally: Tally | None = None  # None: decided by one person
    sitting: str = ""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Something that needs a decision now, and why."""

    vendor_key: str
    vendor: str
    about: str
    tier: int | None
    grade: Grade | None
    level: RiskLevel | None
    authority: Authority
    why: tuple[Why, ...]
    last: Decided | None = None  # what was decided before, if it stands open again
    accepted: tuple[str, ...] = field(default_factory=tuple)  # risks accepted beyond their limit


# ---- who


def rank(authority: Authority) -> int:
    """From the least to the most."""
    return list(Authority).index(authority)


def height(level: RiskLevel | None) -> int:
    """From low to critical; below all of them where nobody knows it."""
    return -1 if level is None else list(RiskLevel).index(level)


def authority(policy: Policy, tier: int | None, level: RiskLevel | None) -> Authority:
    """Who must decide on a vendor; what nobody has rated goes where a high risk goes. A policy that says nothing
    leaves it to the management."""
    row = policy.authority.get(str(tier) if tier else NO_TIER, {})
    return row.get(level or CAUTIOUS, Authority.MANAGEMENT)


def needs_decision(policy: Policy, level: RiskLevel | None) -> bool:
    """Whether it lies above the risk appetite; without an intake there is nothing to decide on yet."""
    return height(level) > height(policy.appetite)


def acceptance(policy: Policy, level: RiskLevel | None) -> AcceptanceRule:
    """Who may accept a single risk and for how long; a policy that says nothing leaves it to the management."""
    return policy.acceptance.get(level or CAUTIOUS, AcceptanceRule(by=Authority.MANAGEMENT, days=90))


def latest_acceptance(policy: Policy, level: RiskLevel | None, today: date) -> date:
    """The last day until which a risk may be accepted from today."""
    return today + timedelta(days=acceptance(policy, level).days)


# ---- votes


def tally(ballots: Iterable[Ballot], *, chair: Ballot | None) -> Tally:
    """More yes than no carries. Abstentions do not count. In a tie the chair's vote decides; a chair who has not
    voted, or abstained, leaves it not carried."""
    votes = list(ballots)
    yes, no = votes.count(Ballot.YES), votes.count(Ballot.NO)
    is_tie = yes == no and yes > 0
    return Tally(
        yes=yes,
        no=no,
        abstained=votes.count(Ballot.ABSTAIN),
        is_carried=yes > no or (is_tie and chair is Ballot.YES),
        by_chair=is_tie and chair in {Ballot.YES, Ballot.NO},
    )


# ---- what opens a decision again


def reopenings(
    ruling: Ruling,
    then: Standing,
    now: Standing | None,
    conditions: Iterable[ConditionFact],
    *,
    review_on: date | None,
    today: date,
) -> tuple[Reopening, ...]:
    """Every cause that stands against a decision today. `now` None: not about a vendor, only days count. A rejection
    is opened by its review date alone: that a vendor got worse is no reason to ask again."""
    found = []
    if review_on is not None and review_on < today:
        found.append(_by_day(Cause.REVIEW_DUE, "", "", review_on, today))
    if ruling is Ruling.REJECT:
        return tuple(found)
    found.extend(
        _by_day(Cause.CONDITION_LAPSED, one.key, one.text, one.due_on, today)
        for one in conditions
        if is_lapsed(one.state, one.due_on, today)
    )
    if now is not None:
        found.extend(_by_standing(then, now, today))
    return tuple(found)


def is_lapsed(state: ConditionState, due_on: date, today: date) -> bool:
    """Whether a condition's day has passed unmet."""
    return state is not ConditionState.MET and due_on < today


def _by_standing(then: Standing, now: Standing, today: date) -> Iterable[Reopening]:
    if then.grade is not None and now.grade is not None and now.grade.value > then.grade.value:
        yield Reopening(cause=Cause.GRADE_FELL, key="", about="", before=then.grade.value, after=now.grade.value)
    if then.level is not None and height(now.level) > height(then.level):
        after = now.level.value if now.level else ""
        yield Reopening(cause=Cause.RISK_ROSE, key="", about="", before=then.level.value, after=after)
    for question in now.knock_outs:
        if question not in then.knock_outs:
            yield Reopening(cause=Cause.KNOCK_OUT, key=question, about=question, before="", after="")
    for proof in then.proofs:
        if proof.key in now.expired and proof.valid_until is not None and proof.valid_until < today:
            yield _by_day(Cause.EVIDENCE_EXPIRED, proof.key, proof.name, proof.valid_until, today)


def _by_day(cause: Cause, key: str, about: str, before: date, today: date) -> Reopening:
    return Reopening(cause=cause, key=key, about=about, before=before.isoformat(), after=today.isoformat())


# ---- in words


def word_of(policy: Policy | None, level: RiskLevel | None) -> Words:
    """What a level is called: by the hospital, or by us."""
    if level is None:
        return Message(text="–")
    own = policy.level_words.get(level) if policy is not None else None
    return own or Message(text=LEVELS[level])


def say_why(one: Reopening, *, day: Callable[[date], str | Words], policy: Policy | None = None) -> Words:
    """Why it stands open again, with before and after; `day` says a day in the reader's language."""
    when = day(date.fromisoformat(one.before)) if one.cause in BY_DAY and one.before else ""
    match one.cause:
        case Cause.CONDITION_LAPSED:
            text = N_("The condition “%(about)s” was due on %(day)s and is not met.")
            return Phrase(text=text, values={"about": one.about, "day": when})
        case Cause.GRADE_FELL:
            text = N_("The grade fell from %(before)s to %(after)s.")
            return Phrase(text=text, values={"before": one.before, "after": one.after})
        case Cause.RISK_ROSE:
            text = N_("The residual risk rose from %(before)s to %(after)s.")
            return Phrase(text=text, values={"before": _level(policy, one.before), "after": _level(policy, one.after)})
        case Cause.KNOCK_OUT:
            return Phrase(text=N_("A knock-out came up: %(about)s."), values={"about": one.about})
        case Cause.EVIDENCE_EXPIRED:
            text = N_("The document “%(about)s”, on which it rested, ran out on %(day)s.")
            return Phrase(text=text, values={"about": one.about, "day": when})
        case Cause.REVIEW_DUE:
            return Phrase(text=N_("It was to be looked at again on %(day)s."), values={"day": when})


def _level(policy: Policy | None, word: str) -> Words:
    return word_of(policy, RiskLevel(word) if word else None)


def say_limit(policy: Policy, level: RiskLevel | None, today: date, *, day: Callable[[date], str]) -> Words:
    """Who may accept a risk of this level until when, in one sentence."""
    rule = acceptance(policy, level)
    return Phrase(
        text=N_("A risk of the level “%(level)s” is accepted by: %(who)s; for %(days)s days at most, until %(day)s."),
        values={
            "level": word_of(policy, level or CAUTIOUS),
            "who": Message(text=AUTHORITIES[rule.by]),
            "days": rule.days,
            "day": day(latest_acceptance(policy, level, today)),
        },
    )
