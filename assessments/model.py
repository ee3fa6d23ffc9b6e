"""The words of an assessment: policy, intake, dossier, line, score, contradiction, risk, register."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from assessments import days
from questionnaires.model import AnswerValue, Catalogue, Question, QuestionSet, RedFlag, Scope, Text
from questionnaires.model import Message as QuestionnaireMessage
from scanners.model import N_, Check, Finding, Message, Outcome, Refs, Severity, Subject

# --- Words ---------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Phrase:
    """An English sentence whose gaps may hold catalogue texts and other messages."""

    text: str
    values: Mapping[str, "str | int | float | Words"] = field(default_factory=dict)


Words = Text | Message | QuestionnaireMessage | Phrase


MOST_LISTED = 6


def listed(items: Sequence[Words]) -> Phrase:
    """Several words in one gap, with commas between them: the first ones, and how many more there are."""
    shown: dict[str, str | int | float | Words] = {
        f"item{number}": item for number, item in enumerate(items[:MOST_LISTED])
    }
    text = ", ".join(f"%({name})s" for name in shown)
    if len(items) > MOST_LISTED:
        shown["more"] = Phrase(text=N_("and %(count)s more"), values={"count": len(items) - MOST_LISTED})
        text += " %(more)s"
    return Phrase(text=text, values=shown)


def say(words: Words, *, language: str, translate: Callable[[str], str] = str) -> str:
    """The words in the reader's language: texts carry both, sentences go through `translate`."""
    match words:
        case Text():
            return words.get(language)
        case Phrase():
            values = {
                name: value
                if isinstance(value, str | int | float)
                else say(value, language=language, translate=translate)
                for name, value in words.values.items()
            }
            return translate(words.text) % values if values else translate(words.text)
        case _:
            return words.render(translate)


def spoken(number: Decimal) -> Text:
    """A number within a sentence, with the comma or point of its reader."""
    return Text(de=str(number).replace(".", ","), en=str(number))


# --- Closed sets ---------------------------------------------------------------------------------

MEASURE_PARTS = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "10")
MODULE_PARTS = ("MD", "CL", "DP")
PARTS = MEASURE_PARTS + MODULE_PARTS  # every key of a PartScore, in the order of print


class Grade(StrEnum):
    """A is best. No grade at all is None, never a letter."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"


class HostRole(StrEnum):
    """What a host is to the hospital."""

    PRODUCT = "product"
    PORTAL = "portal"
    REMOTE_ACCESS = "remote_access"
    MAIL = "mail"
    CORPORATE = "corporate"


class Assurance(StrEnum):
    """What stands behind an answer."""

    RECORDED = "recorded"  # by the hospital, out of what the vendor supplied; the company has not confirmed it
    DECLARED = "declared"
    EXPIRED = "expired"  # evidence was given and is out of date
    PROVEN = "proven"  # valid evidence
    CONFIRMED = "confirmed"  # a check of the scanner verifies it


class Basis(StrEnum):
    """What a part rests on (ten-measure row: hatched declared, lined recorded, solid proven or confirmed)."""

    UNSEEN = "unseen"
    RECORDED = "recorded"
    DECLARED = "declared"
    PROVEN = "proven"
    CONFIRMED = "confirmed"
    CONTRADICTED = "contradicted"


class EvidenceStanding(StrEnum):
    """How a document stands at a date."""

    VALID = "valid"
    EXPIRING = "expiring"  # valid, ends within the policy's warning
    EXPIRED = "expired"
    NOT_YET = "not_yet"  # issued in the future
    UNDATED = "undated"  # needs a date and has none
    WRONG_TYPE = "wrong_type"
    OTHER_PRODUCT = "other_product"  # its scope does not name the product it was given for
    PROVIDED = "provided"  # of no kind that a rule knows: it is there, and proves nothing by itself
    MISSING = "missing"


class FindingStanding(StrEnum):
    """What became of a finding between vendor and hospital."""

    OPEN = "open"
    DISPUTED = "disputed"  # counts until the hospital has decided
    WITHDRAWN = "withdrawn"  # the dispute was upheld: no line
    WAIVED = "waived"  # accepted by the hospital until a date: the line stays, its cap does not apply


class AnswerStanding(StrEnum):
    """What the hospital said of an answer."""

    OPEN = "open"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    FINDING = "finding"  # a finding of the hospital's own: no line of the score, but a risk


class ScanState(StrEnum):
    """How far looking from outside has come."""

    NOT_ASKED = "not_asked"
    RUNNING = "running"
    COMPANY_FIRST = "company_first"  # there is a result, which the company sees before the hospital
    DONE = "done"
    FAILED = "failed"
    DOCUMENTS_ONLY = "documents_only"  # refused or withdrawn: never a bad grade


class LineSource(StrEnum):
    """Where a line comes from."""

    CHECK = "check"
    ANSWER = "answer"
    CAP = "cap"


class CapKind(StrEnum):
    """The three caps of the policy."""

    CRITICAL_FAIL = "critical_fail"
    KNOCK_OUT = "knock_out"
    HIGH_FAIL = "high_fail"


class NoGrade(StrEnum):
    """Why there is a value but no grade, or neither."""

    COVERAGE = "coverage"  # below the policy's floor
    NOTHING_SEEN = "nothing_seen"


class RiskLevel(StrEnum):
    """What the policy's matrix says of an impact and a likelihood."""

    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"
    CRITICAL = "critical"


class Authority(StrEnum):
    """Who may decide, from the least to the most."""

    OWNER = "owner"
    CISO = "ciso"
    COMMITTEE = "committee"
    MANAGEMENT = "management"


class RiskSource(StrEnum):
    """What a risk was derived from."""

    FINDING = "finding"
    GAP = "gap"  # a poor answer
    SILENCE = "silence"  # no answer after the deadline
    CONTRADICTION = "contradiction"
    EVIDENCE = "evidence"  # expired or expiring
    COVERAGE = "coverage"  # too little could be seen
    REVIEW = "review"  # the hospital's own finding on an answer
    OWN = "own"  # a person of the hospital wrote it down


class Concern(StrEnum):
    """What a risk touches."""

    CONFIDENTIALITY = "confidentiality"
    INTEGRITY = "integrity"
    AVAILABILITY = "availability"
    PATIENT_SAFETY = "patient_safety"


class Treatment(StrEnum):
    """What the hospital does about a risk."""

    OPEN = "open"
    MITIGATE = "mitigate"
    TRANSFER = "transfer"
    AVOID = "avoid"
    ACCEPT = "accept"


# --- Intake and policy ---------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class IntakeOption:
    """One answer to an intake question, with the facts it sets."""

    id: str
    text: Text
    flags: tuple[str, ...] = ()  # flags of the questionnaire, and "clinical_remote_access" of the policy
    hours: float | None = None  # outage or data loss that is tolerable


@dataclass(frozen=True, kw_only=True)
class IntakeQuestion:
    """One question the hospital answers about a supply."""

    id: str
    text: Text
    hint: Text
    options: tuple[IntakeOption, ...]
    several: bool = False  # more than one option may be chosen

    def option(self, option_id: str) -> IntakeOption | None:
        """The option of that id."""
        return next((option for option in self.options if option.id == option_id), None)


@dataclass(frozen=True, kw_only=True)
class IntakeForm:
    """The intake in one version (assessments/intakes/*.yaml)."""

    id: str
    version: str
    questions: tuple[IntakeQuestion, ...]

    def question(self, question_id: str) -> IntakeQuestion:
        """The question of that id; KeyError if there is none."""
        for question in self.questions:
            if question.id == question_id:
                return question
        raise KeyError(question_id)


@dataclass(frozen=True, kw_only=True)
class Intake:
    """What the hospital said of one supply: option ids by question id. Stored as it stands."""

    form_version: str
    answers: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class ImpactRule:
    """An intake option that makes the impact at least this."""

    question: str
    option: str
    impact: int


@dataclass(frozen=True, kw_only=True)
class RaiseRule:
    """An intake option that raises an impact which is already this high by so many steps."""

    question: str
    option: str
    by: int
    from_impact: int


@dataclass(frozen=True, kw_only=True)
class TierRule:
    """The tier when the impact lies in the range and the condition holds; the first rule that fits decides."""

    tier: int
    impact_from: int
    impact_to: int
    outage_at_most_h: float | None = None
    with_flag: str | None = None


@dataclass(frozen=True, kw_only=True)
class TierProposal:
    """What the intake comes to, with the reasons a person can check."""

    impact: int  # 1-5, on care and operations
    patient_safety: int  # 1-5, apart
    tier: int  # 1-4, 1 is the most critical
    question_set: QuestionSet
    reasons: tuple[Words, ...]
    missing: tuple[str, ...] = ()  # intake questions without an answer; the proposal is then provisional


@dataclass(frozen=True, kw_only=True)
class Caps:
    """The highest value that an open fact leaves possible."""

    critical_fail: int
    knock_out: int
    high_fail: int
    high_fail_after_days: int


@dataclass(frozen=True, kw_only=True)
class AcceptanceRule:
    """Who may accept a risk of a level, and for how many days at most."""

    by: Authority
    days: int


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Every number of the score, in one version."""

    id: str
    version: str
    severity_weights: Mapping[Severity, float]
    outcome_shares: Mapping[Outcome, float]
    host_factors: Mapping[HostRole, float]
    assurance: Mapping[Assurance, float]
    contradiction_cap: float
    contradiction_above_share: float  # an answer worth more than this can be contradicted
    answers_share: float  # of a part, where answers and checks both exist
    checks_share: float
    level_from: tuple[float, ...]  # the values at which levels 1, 2, 3, 4 begin
    grade_from: tuple[tuple[Grade, float], ...]  # best first; F is the rest
    part_weights: Mapping[str, float]  # by part key
    caps: Caps
    coverage_floor: float
    evidence_warning_days: int
    evidence_expected_from_weight: float  # and for every knock-out: no document is worth a line
    gap_share_at_most: float  # an answer this poor …
    gap_from_weight: float  # … on a question this heavy is a risk of its own
    impact_rules: tuple[ImpactRule, ...]
    raise_rules: tuple[RaiseRule, ...]
    patient_safety_rules: tuple[ImpactRule, ...]
    tier_rules: tuple[TierRule, ...]
    sets_by_tier: Mapping[int, QuestionSet]
    likelihood_by_grade: Mapping[Grade, int]
    likelihood_unknown: int  # no grade, or silence: at least this
    likelihood_by_severity: Mapping[Severity, int]  # of a single risk, before what is known of the vendor
    matrix: tuple[tuple[RiskLevel, ...], ...]  # matrix[impact - 1][likelihood - 1]
    authority: Mapping[str, Mapping[RiskLevel, Authority]] = field(default_factory=dict)  # by "1" … "4", or "none"
    appetite: RiskLevel = RiskLevel.LOW  # what lies above it needs a decision
    acceptance: Mapping[RiskLevel, AcceptanceRule] = field(default_factory=dict)
    must_haves: frozenset[str] = frozenset()  # questions that exclude for this hospital, beside the catalogue's own
    lifted: frozenset[str] = frozenset()  # knock-outs of the catalogue that exclude nobody here
    level_words: Mapping[RiskLevel, Text] = field(default_factory=dict)  # where a hospital calls a level otherwise
    based_on: str = ""  # the shipped version that a hospital's own was made from; "": it is a shipped one

    def excludes(self, question: Question) -> bool:
        """Whether the question is a knock-out under this policy."""
        return question.id in self.must_haves or (question.knock_out and question.id not in self.lifted)


# --- The dossier: all that is known of a vendor at one moment ------------------------------------


@dataclass(frozen=True, kw_only=True)
class Supply:
    """One product or service the hospital gets from the vendor, with its intake decided."""

    key: str
    name: str
    intake: Intake | None = None
    impact: int | None = None  # None: no intake yet
    patient_safety: int | None = None
    tier: int | None = None
    tier_reason: str = ""  # an override's reason
    flags: frozenset[str] = frozenset()  # profile and intake together (tiering.supply_flags)
    compare: Mapping[str, float] = field(default_factory=dict)  # "required_rto_h", "required_rpo_h"


@dataclass(frozen=True, kw_only=True)
class HostInScope:
    """A host that counts, its role, and the supplies it serves; none means the company as a whole."""

    name: str  # host name or registrable domain, A-labels
    role: HostRole
    supplies: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class EvidenceFact:
    """A document the vendor gave, with its own dates."""

    key: str
    type: str  # id of a Catalogue.evidence_types
    name: str
    sha256: str
    issued_on: date | None = None
    valid_until: date | None = None
    question_ids: tuple[str, ...] = ()
    supply: str | None = None  # None: of the company as a whole
    uploaded_at: datetime | None = None
    valid_from: date | None = None  # of a report on a period: its first day, and valid_until the last
    scope: str = ""
    product: str = ""
    release: str = ""  # of that product
    sent_as: str = ""  # the file's own name, where the document is called otherwise
    places: tuple[tuple[str, str | None], ...] = ()  # question and supply of each answer; (): as the fields above say


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """That an answer was recorded by the hospital, and where it was read."""

    by: str
    source: str  # the file's name
    place: str  # page, section or cell of it
    sha256: str  # of that file
    source_key: str = ""


@dataclass(frozen=True, kw_only=True)
class AnswerFact:
    """One answer as it stands; supply is None for a company-scoped question."""

    question_id: str
    value: AnswerValue
    supply: str | None = None
    answered_at: datetime | None = None
    answered_by: str = ""
    standing: AnswerStanding = AnswerStanding.OPEN
    remark: str = ""  # the hospital's words when it last reviewed the answer
    reviewed_at: datetime | None = None
    recorded: Recorded | None = None  # None: the company's own word
    knock_out_accepted_until: date | None = None  # the hospital accepted a knock-out with a reason until this day


@dataclass(frozen=True, kw_only=True)
class FindingFact:
    """A finding with its history."""

    finding: Finding
    first_seen: datetime
    confirmed: datetime | None = None  # when a second, independent look saw it too
    returned: datetime | None = None  # when it came back after it had been gone
    rechecked: datetime | None = None  # when it was looked at by itself, after the scan
    seen_before: datetime | None = None  # and when it had been seen before
    new_by: str = ""  # "rules" or "data": ours brought it to light, and no later look has confirmed it
    standing: FindingStanding = FindingStanding.OPEN
    waived_until: date | None = None
    statement: str = ""  # the vendor's words
    answer: str = ""  # the hospital's words to them


@dataclass(frozen=True, kw_only=True)
class WaiverFact:
    """A finding or a knock-out that the hospital accepts until a day, for whoever prints it."""

    title: Text
    place: str  # host, or the key of a supply; "": the company as a whole
    reason: str
    by: str
    at: datetime
    until: date


@dataclass(frozen=True, kw_only=True, repr=False)
class Dossier:
    """All that is known of one vendor in one assessment at one moment; everything a score needs."""

    hospital: str
    vendor_key: str  # stable row id, "V-0007"
    vendor_name: str
    at: datetime
    catalogue: Catalogue
    question_set: QuestionSet
    checks: Mapping[str, Check]  # scanners.catalogue.CHECKS of that version
    checks_version: str
    supplies: tuple[Supply, ...] = ()
    profile: Mapping[str, AnswerValue] = field(default_factory=dict)
    answers: tuple[AnswerFact, ...] = ()
    deadline: datetime | None = None
    deadline_passed: bool = False
    submitted_at: datetime | None = None
    hosts: tuple[HostInScope, ...] = ()
    findings: tuple[FindingFact, ...] = ()
    scan_state: ScanState = ScanState.NOT_ASKED
    scanned_at: datetime | None = None
    evidence: tuple[EvidenceFact, ...] = ()
    settled_contradictions: Mapping[str, datetime] = field(default_factory=dict)  # Contradiction.key -> settled when
    company_name: str = ""
    vendor_statement: str = ""  # its own words on the whole, as signed
    waivers: tuple[WaiverFact, ...] = ()  # those that hold

    def __repr__(self) -> str:
        """Its name and size: a dossier is confidential and as long as a book, and no log should hold it."""
        return f"<Dossier {self.vendor_key}: {len(self.answers)} answers, {len(self.findings)} findings>"

    @property
    def day(self) -> date:
        """The day by which everything is judged that ends on a day."""
        return days.of(self.at)

    @property
    def tier(self) -> int | None:
        """The most critical tier among the supplies."""
        return min((supply.tier for supply in self.supplies if supply.tier), default=None)

    @property
    def impact(self) -> int | None:
        """The highest impact among the supplies."""
        return max((supply.impact for supply in self.supplies if supply.impact), default=None)

    @property
    def patient_safety(self) -> int | None:
        """The highest effect on patients among the supplies."""
        return max((supply.patient_safety for supply in self.supplies if supply.patient_safety), default=None)


# --- The score -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing that counted. Inside a part the weights of its lines sum to 100; `points` is what it cost overall."""

    key: str  # stable: "check:tls.protocol-legacy:portal.example.de:8", "answer:BK-04:S-1", "cap:knock_out"
    source: LineSource
    part: str | None  # None for a cap
    title: Words
    reason: Words
    weight: float
    share: float  # 0..1 of the weight that is kept
    points: Decimal  # of the overall 100; 100 minus all points is Score.value exactly
    severity: Severity | None = None
    subject: Subject | None = None
    outcome: Outcome | None = None
    check_id: str | None = None
    question_id: str | None = None
    supply: str | None = None
    assurance: Assurance | None = None
    unanswered: bool = False  # "ohne Auskunft"
    contradicted: bool = False

    @property
    def kept(self) -> float:
        """What the line keeps of its weight."""
        return self.weight * self.share

    @property
    def lost(self) -> float:
        """What the line loses of its weight."""
        return self.weight - self.kept


@dataclass(frozen=True, kw_only=True)
class Cap:
    """A cap that holds: the value can be no higher, whatever the lines say."""

    kind: CapKind
    limit: int
    reason: Words
    applied: bool  # it was this cap that lowered the value
    keys: tuple[str, ...]  # keys of the lines or contradictions that caused it


@dataclass(frozen=True, kw_only=True)
class PartScore:
    """One § 30 measure or module."""

    part: str  # "1" … "10", "MD", "CL", "DP"
    applicable: bool
    value: Decimal | None  # 0..100, None: nothing seen
    level: int | None  # 0..4
    coverage: Decimal  # 0..100
    basis: Basis
    answers_value: Decimal | None = None
    checks_value: Decimal | None = None
    unanswered: int = 0  # questions without an answer after the deadline
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CategoryScore:
    """One category of checks seen from outside."""

    category: str
    value: Decimal | None
    grade: Grade | None
    coverage: Decimal
    counts: Mapping[Outcome, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class OutsideGrade:
    """What can be seen from outside alone; it never stands in for the assessment's grade."""

    value: Decimal | None
    grade: Grade | None
    why_no_grade: NoGrade | None
    coverage: Decimal
    categories: tuple[CategoryScore, ...] = ()
    caps: tuple[Cap, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Score:
    """The judgement of a vendor at one moment, with every reason and the versions it rests on."""

    value: Decimal | None  # 0..100 with one decimal, after caps; None: nothing seen
    grade: Grade | None
    why_no_grade: NoGrade | None
    coverage: Decimal
    parts: tuple[PartScore, ...]  # always all thirteen, in the order of PARTS
    caps: tuple[Cap, ...]
    lines: tuple[Line, ...]  # all lines, those of caps too
    outside: OutsideGrade
    silent: bool  # the deadline passed and most was left unanswered
    documents_only: bool
    policy_version: str
    catalogue_version: str
    checks_version: str
    at: datetime

    def part(self, key: str) -> PartScore:
        """The part of that key; KeyError if there is none."""
        for part in self.parts:
            if part.part == key:
                return part
        raise KeyError(key)


@dataclass(frozen=True, kw_only=True)
class Contradiction:
    """An answer and an observation that do not fit; shown to both sides, neutrally."""

    key: str  # stable: "MF-03:mail.dmarc-policy:example.de"
    question: Question
    check_id: str
    check_title: str  # the sentence that would hold (msgid)
    subject: Subject
    supply: str | None
    answer: AnswerValue
    answered_at: datetime | None
    observation: Message
    observed_at: datetime
    note: Text
    settled: bool = False

    @property
    def knock_out(self) -> bool:
        """Whether the question excludes."""
        return self.question.knock_out


# --- Risks ---------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Likelihood:
    """1-5 with its reason; cautious means that it rests on not knowing."""

    value: int
    cautious: bool
    reason: Words


@dataclass(frozen=True, kw_only=True)
class ResidualRisk:
    """Impact and likelihood through the policy's matrix; level None: no intake yet."""

    impact: int | None
    patient_safety: int | None
    likelihood: Likelihood
    level: RiskLevel | None


@dataclass(frozen=True, kw_only=True)
class Risk:
    """One risk for the hospital, derived; the key stays the same as long as its cause does."""

    key: str  # "R-" and ten hex digits of the cause
    vendor_key: str
    source: RiskSource
    source_keys: tuple[str, ...]  # finding keys, question ids, contradiction keys, evidence keys
    scenario: Words
    title: Words
    part: str | None
    refs: Refs
    concerns: tuple[Concern, ...]
    severity: Severity
    likelihood: Likelihood
    impact: int | None
    patient_safety: int | None
    level: RiskLevel | None
    supplies: tuple[str, ...]  # keys
    advice: Words | None
    since: datetime | None
    accepted_until: date | None = None  # waived or accepted by the hospital


@dataclass(frozen=True, kw_only=True)
class Treated:
    """What people of the hospital wrote about a risk."""

    treatment: Treatment
    owner: str = ""
    due_on: date | None = None
    accepted_until: date | None = None
    note: str = ""
    by: str = ""
    at: datetime | None = None


# --- Register: what a workbook prints ------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class EvidenceStatus:
    """A document, or the lack of one, at a date."""

    key: str  # EvidenceFact.key, or "missing:<question>:<supply>"
    standing: EvidenceStanding
    type: str
    type_text: Text
    question_ids: tuple[str, ...]
    supply: str | None
    name: str = ""
    sha256: str = ""
    issued_on: date | None = None
    valid_until: date | None = None
    days_left: int | None = None
    reason: Words | None = None  # why it stands as it stands
    sent_as: str = ""

    @property
    def called(self) -> str:
        """Its name, and the file's own beside it where that is another."""
        return f"{self.name} ({self.sent_as})" if self.sent_as else self.name


@dataclass(frozen=True, kw_only=True)
class AnswerRow:
    """One question of one vendor, answered or not."""

    key: str  # "V-0007:BK-04:S-1"
    vendor_key: str
    supply: str | None
    question: Question
    part: str
    value: AnswerValue | None  # None: not answered
    share: float | None  # of the question's weight before assurance; None: not applicable or not answered
    assurance: Assurance | None
    unanswered_after_deadline: bool
    red_flags: tuple[RedFlag, ...]
    contradictions: tuple[str, ...]  # keys
    standing: AnswerStanding
    answered_at: datetime | None
    knock_out_failed: bool = False
    recorded: Recorded | None = None

    @property
    def scope(self) -> Scope:
        """Of the company or of a supply."""
        return self.question.scope


@dataclass(frozen=True, kw_only=True)
class FindingRow:
    """One finding of one vendor."""

    key: str  # "V-0007:tls.protocol-legacy:portal.example.de"
    vendor_key: str
    fact: FindingFact
    check: Check | None  # None: the check has left the catalogue
    role: HostRole | None  # None: the host is not in scope
    supplies: tuple[str, ...]
    risk_key: str | None = None


@dataclass(frozen=True, kw_only=True)
class NotExaminedRow:
    """Something we could not see or did not ask, and why."""

    key: str
    vendor_key: str
    subject: str  # host, question id or ""
    what: Words
    reason: Words
    part: str | None = None


@dataclass(frozen=True, kw_only=True)
class ActionFact:
    """Something a vendor is to mend until a day, as the hospital has set it and the vendor reported on it."""

    key: str  # "A-" and eight hex digits
    vendor_key: str
    title: Words
    advice: Words | None
    proof: Words | None
    source: Words
    standing: Words
    overdue: bool
    severity: Severity | None
    part: str | None
    places: tuple[str, ...]
    owner: str
    due_on: date
    set_at: datetime
    set_by: str
    reported_at: datetime | None = None
    report: str = ""  # the vendor's words when it last reported it as done
    remark: str = ""  # the hospital's last words to it


@dataclass(frozen=True, kw_only=True)
class DecisionFact:
    """A word of the hospital that holds: what it is about, what was said, until when and why."""

    key: str
    vendor_key: str  # "": the hospital as a whole
    kind: Words
    about: Words
    outcome: Words
    reason: str
    until: date | None
    by: str
    at: datetime | None
    votes: Words | None = None  # of a sitting
    conditions: tuple[Words, ...] = ()
    reopened: tuple[Words, ...] = ()  # why it stands open again


@dataclass(frozen=True, kw_only=True)
class IncidentFact:
    """An incident that a vendor reported, or its answer to a question that the hospital asked at once."""

    key: str  # "I-" or "F-" and eight hex digits
    vendor_key: str
    kind: Words
    title: str
    about: str  # products or components
    standing: Words
    text: str
    begun_at: datetime  # known to the vendor, or asked
    last: Words
    last_at: datetime | None
    by: str
    confirmed_by: str
    confirmed_at: datetime | None
    due_at: datetime | None
    overdue: bool


@dataclass(frozen=True, kw_only=True)
class ChangeFact:
    """A score that moved, with what moved it."""

    key: str
    vendor_key: str
    at: datetime
    before: Decimal | None
    after: Decimal | None
    grade_before: str
    grade_after: str
    coverage: Decimal
    causes: tuple[tuple[str, Decimal], ...] = ()  # a sentence's name and points
    policy_version: str = ""


@dataclass(frozen=True, kw_only=True)
class Assessed:
    """A dossier with everything derived from it."""

    dossier: Dossier
    score: Score
    contradictions: tuple[Contradiction, ...]
    residual: ResidualRisk
    risks: tuple[Risk, ...]
    answers: tuple[AnswerRow, ...]
    findings: tuple[FindingRow, ...]
    evidence: tuple[EvidenceStatus, ...]
    not_examined: tuple[NotExaminedRow, ...]


@dataclass(frozen=True, kw_only=True)
class ScopeFact:
    """Which class of § 28 BSIG the hospital holds a vendor for, with its reasons and day."""

    title: Text
    reasons: tuple[Text, ...]
    by: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class SubcontractorFact:
    """Somebody whom a vendor uses itself, as the hospital has written it down; yes or no may be unknown."""

    name: str
    rank: int = 1
    service: str = ""
    country: str = ""
    data_access: bool | None = None
    patient_data: bool | None = None
    since: date | None = None
    supply: str = ""  # its name; "": all that the vendor supplies
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class VendorRecord:
    """What the hospital keeps of a vendor and its supplies beside the assessment."""

    owners: tuple[str, ...] = ()
    deputies: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    contract_ends_on: date | None = None  # the first of its contracts
    notice_by: date | None = None  # the first day that is still to come
    exit_plans: int = 0  # supplies that have one
    alternatives: tuple[str, ...] = ()
    has_security_contact: bool = False
    devices: int = 0
    support_ends_on: date | None = None  # the first of its articles
    subcontractors: tuple[SubcontractorFact, ...] = ()


@dataclass(frozen=True, kw_only=True)
class VendorRow:
    """One vendor in one row."""

    key: str
    name: str
    supplies: tuple[Supply, ...]
    tier: int | None
    impact: int | None
    patient_safety: int | None
    question_set: QuestionSet
    score: Score
    residual: ResidualRisk
    scan_state: ScanState
    scanned_at: datetime | None
    submitted_at: datetime | None
    deadline: datetime | None
    deadline_passed: bool
    open_findings: Mapping[Severity, int]  # failed, open or disputed
    open_contradictions: int
    knock_outs: tuple[str, ...]  # question ids that exclude at present
    evidence_expired: int
    evidence_expiring: int
    questions_asked: int
    questions_answered: int
    status: Words | None = None  # the stage of the round, from the portal
    subcontractors: bool | None = None  # whether it says that it uses some; None: not said
    record: VendorRecord | None = None  # None: nobody handed it over
    scope: ScopeFact | None = None  # None: nobody has looked
    statement: str = ""  # the vendor's own words on the whole


@dataclass(frozen=True, kw_only=True)
class ShareFact:
    """Something that several vendors of the hospital rest on together, as far as it may know of it."""

    key: str  # "component:pkg:npm/jquery"
    kind: str  # what it is, marked for translation
    name: str
    critical: int  # vendors in tier 1 or 2
    vendor_keys: tuple[str, ...]  # the most critical first
    versions: tuple[str, ...] = ()
    known: tuple[str, ...] = ()  # holes of these versions


@dataclass(frozen=True, kw_only=True)
class Register:
    """The supply-chain risk register of a hospital at one moment; a workbook is written from it alone."""

    hospital: str
    at: datetime
    policy: Policy
    vendors: tuple[VendorRow, ...]
    risks: tuple[Risk, ...]
    findings: tuple[FindingRow, ...]
    answers: tuple[AnswerRow, ...]
    evidence: tuple[tuple[str, EvidenceStatus], ...]  # vendor key, status
    contradictions: tuple[tuple[str, Contradiction], ...]  # vendor key, contradiction
    not_examined: tuple[NotExaminedRow, ...]
    heat: Mapping[tuple[int, int], int]  # (impact, likelihood) -> vendors
    policy_version: str
    catalogue_versions: tuple[str, ...]
    checks_versions: tuple[str, ...]
    treatments: Mapping[tuple[str, str], Treated] = field(default_factory=dict)  # by vendor key and risk key
    actions: tuple[ActionFact, ...] = ()
    incidents: tuple[IncidentFact, ...] = ()
    decisions: tuple[DecisionFact, ...] = ()  # the newest first
    changes: tuple[ChangeFact, ...] = ()  # the newest first
    shared: tuple[ShareFact, ...] = ()  # what most critical vendors share first

    def treated(self, risk: Risk) -> Treated | None:
        """What was written about the risk; None: nothing yet."""
        return self.treatments.get((risk.vendor_key, risk.key))

    def vendor(self, key: str) -> VendorRow:
        """The vendor's row; KeyError if there is none."""
        return self._by_key[key]

    @cached_property
    def _by_key(self) -> Mapping[str, VendorRow]:
        return {row.key: row for row in self.vendors}


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A § 30 measure or a module, with its anchors."""

    part: str
    title: Text
    short: Text
    citation: Text  # "§ 30 Abs. 2 Nr. 8 BSIG"
    nis2_letter: str | None
    iso27001: tuple[str, ...] = ()
