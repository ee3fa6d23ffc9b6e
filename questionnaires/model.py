"""The words of a questionnaire: catalogue, section, question, the shape of an answer and its value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


def N_(text: str) -> str:  # noqa: N802 - gettext's name for "translate later"
    """Mark an English sentence for translation; the reader's language is chosen where it is shown."""
    return text


class Language(StrEnum):
    """The two languages every catalogue speaks."""

    DE = "de"
    EN = "en"


@dataclass(frozen=True, kw_only=True)
class Text:
    """A sentence of a catalogue, in both languages."""

    de: str
    en: str

    def get(self, language: str) -> str:
        """The sentence in German for "de", else in English."""
        return self.de if language == Language.DE else self.en


@dataclass(frozen=True, kw_only=True)
class Message:
    """An English sentence with named gaps; the twin of scanners.model.Message, which this room may not know."""

    text: str
    values: Mapping[str, str | int | float] = field(default_factory=dict)

    def render(self, translate: Callable[[str], str] = str) -> str:
        """The sentence in the language of `translate`, gaps filled."""
        return translate(self.text) % self.values if self.values else translate(self.text)


class Severity(StrEnum):
    """How much a red flag matters; the values are those of the scanner."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class QuestionSet(StrEnum):
    """How much is asked; chosen by tier (policy)."""

    SHORT = "short"
    BASIC = "basic"
    FULL = "full"


class Scope(StrEnum):
    """Answered once per company and round, or once per supply."""

    COMPANY = "company"
    SUPPLY = "supply"


class SectionKind(StrEnum):
    """A § 30 measure of its own, a module that goes deeper, or what a hospital asks beside all of them."""

    MEASURE = "measure"
    MODULE = "module"
    OWN = "own"  # its questions are read, never scored


class AnswerKind(StrEnum):
    """All the ways a question can be answered."""

    SINGLE_CHOICE = "single_choice"
    YES_PARTIAL_NO_NA = "yes_partial_no_na"
    MULTI_CHOICE = "multi_choice"
    NUMBER = "number"
    DATE = "date"
    MATURITY = "maturity"
    YES_NO = "yes_no"
    TEXT = "text"
    FILE = "file"  # a document is asked for: whether it lies beside the answer, and the document itself


class DateRule(StrEnum):
    """How a date becomes a number of months."""

    AGE = "age_in_months"
    REMAINING = "months_remaining"


class Relation(StrEnum):
    """What a check of the scanner can say of an answer."""

    VERIFIES = "verifies"  # can confirm or contradict it
    CONTRADICTS = "contradicts"  # can only contradict it
    SUPPORTS = "supports"  # only raises confidence; never scored


class TriggerKind(StrEnum):
    """When a red flag is raised."""

    IN = "in"  # the answer is one of these choices
    GT = "gt"  # number greater than the limit
    LT = "lt"  # number less than the limit
    GT_MONTHS = "gt_months"  # a date older than so many months
    LT_MONTHS = "lt_months"  # a date with fewer than so many months to come
    COUNT_LT = "count_lt"  # fewer than so many options selected
    GT_COMPARE = "gt_compare"  # number greater than what the hospital needs (shape.compare_with)
    NEVER = "never"  # answered "never"
    UNKNOWN = "unknown"  # answered "not known"


# --- When a question is asked --------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Flagged:
    """Holds when the flag is set."""

    flag: str


@dataclass(frozen=True, kw_only=True)
class AllOf:
    """Holds when every one holds; of none: always."""

    conditions: tuple["Condition", ...] = ()


@dataclass(frozen=True, kw_only=True)
class AnyOf:
    """Holds when at least one holds."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, kw_only=True)
class Not:
    """Holds when the other does not."""

    condition: "Condition"


Condition = Flagged | AllOf | AnyOf | Not
ALWAYS = AllOf()


@dataclass(frozen=True, kw_only=True)
class FlagRule:
    """What sets a flag from the profile: any of these options chosen, and every one of these flags set."""

    question: str
    options: tuple[str, ...]
    with_flags: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ScopingRule:
    """Set when the profile makes the company important or essential under § 28 BSIG (questionnaires.scoping)."""

    entity_types: str
    headcount: str
    turnover: str
    balance: str


@dataclass(frozen=True, kw_only=True)
class Flag:
    """A fact about the supply that decides which questions show. Without a rule only the intake can set it."""

    id: str
    text: Text
    rule: FlagRule | ScopingRule | None = None


# --- Questions and the shape of their answers ----------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Option:
    """One choice; score None means the question is left out of the score (not applicable)."""

    id: str
    text: Text
    score: float | None = None
    needs_comment: bool = False


@dataclass(frozen=True, kw_only=True)
class Band:
    """The first band whose limit is met gives the score; none met gives 0."""

    limit: float
    score: float


@dataclass(frozen=True, kw_only=True)
class AnswerShape:
    """What an answer looks like, what is allowed, and what each choice is worth."""

    kind: AnswerKind
    options: tuple[Option, ...] = ()
    bands: tuple[Band, ...] = ()
    unit: str = ""  # "hours" | "days" | "months" | "percent" | "euro" | "persons" | ""
    minimum: float | None = None
    maximum: float | None = None
    lower_is_better: bool = False
    date_rule: DateRule | None = None
    allow_unknown: bool = False
    allow_never: bool = False
    compare_with: str = ""  # "required_rto_h" | "required_rpo_h": what the hospital needs, from the intake
    max_length: int = 2000

    def option(self, option_id: str) -> Option | None:
        """The option of that id."""
        return next((option for option in self.options if option.id == option_id), None)


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """When a red flag is raised."""

    kind: TriggerKind
    options: tuple[str, ...] = ()
    limit: float | None = None


@dataclass(frozen=True, kw_only=True)
class RedFlag:
    """An answer a hospital should look at, whatever the score."""

    when: Trigger
    severity: Severity
    reason: Text


@dataclass(frozen=True, kw_only=True)
class EvidenceType:
    """A kind of document and how long it is good for (None: as long as its own date or the contract says)."""

    id: str
    text: Text
    validity_months: int | None
    validity_note: Text | None = None


@dataclass(frozen=True, kw_only=True)
class EvidenceWanted:
    """A kind of document that would prove an answer."""

    type: str
    validity_months: int | None
    validity_note: Text | None = None


@dataclass(frozen=True, kw_only=True)
class ScanCheck:
    """A check of the scanner that bears on the answer."""

    check_id: str
    relation: Relation
    note: Text


@dataclass(frozen=True, kw_only=True)
class Refs:
    """The anchors of a question, as cited."""

    bsig: tuple[str, ...] = ()
    nis2: tuple[str, ...] = ()
    ir_2024_2690: tuple[str, ...] = ()
    iso27001: tuple[str, ...] = ()
    mdr: tuple[str, ...] = ()
    mds2: tuple[str, ...] = ()
    other: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Question:
    """One thing asked of a vendor, with why, what an answer is worth and what would prove it."""

    id: str
    section: str
    scope: Scope
    label: Text
    text: Text
    why: Text  # why we ask, with the legal anchor
    shape: AnswerShape
    weight: float
    knock_out: bool = False
    applies_if: Condition = ALWAYS
    red_flags: tuple[RedFlag, ...] = ()
    evidence: tuple[EvidenceWanted, ...] = ()
    refs: Refs = field(default_factory=Refs)
    scan_checks: tuple[ScanCheck, ...] = ()
    est_seconds: int = 25

    @property
    def is_scored(self) -> bool:
        """Whether it counts at all: what weighs nothing is asked to be read."""
        return self.weight > 0


@dataclass(frozen=True, kw_only=True)
class ProfileQuestion:
    """A fact about the company or the hospital's need; never scored, sets flags."""

    id: str
    text: Text
    shape: AnswerShape
    hint: Text | None = None
    asked_of_hospital: bool = False  # answered by the intake, shown to nobody in the questionnaire


@dataclass(frozen=True, kw_only=True)
class Section:
    """A page of the questionnaire: a § 30 measure, a module (IR counts in measure 2, BK in 3, MD CL DP in none), or
    what a hospital asks beside them, which counts nowhere."""

    id: str
    title: Text
    kind: SectionKind
    measure: int | None
    question_ids: tuple[str, ...]

    @property
    def part(self) -> str:
        """The part of the score its questions count in: "1" … "10", "MD", "CL", "DP"; "" for none."""
        if self.kind is SectionKind.OWN:
            return ""
        return self.id if self.measure is None else str(self.measure)


@dataclass(frozen=True, kw_only=True)
class SetOfQuestions:
    """A named choice of questions."""

    id: QuestionSet
    title: Text
    question_ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """A whole questionnaire in one version. A released version never changes; answers name id and version."""

    id: str
    version: str
    title: Text
    disclaimer: Text
    sections: tuple[Section, ...]
    questions: Mapping[str, Question]  # in the order of the sections
    profile: tuple[ProfileQuestion, ...]
    flags: Mapping[str, Flag]
    evidence_types: Mapping[str, EvidenceType]
    sets: Mapping[QuestionSet, SetOfQuestions]
    maturity: tuple[Text, ...]  # the words of levels 0 to 4

    def section(self, section_id: str) -> Section:
        """The section of that id; KeyError if there is none."""
        for section in self.sections:
            if section.id == section_id:
                return section
        raise KeyError(section_id)

    def part_of(self, question_id: str) -> str:
        """The part of the score a question counts in."""
        return self.section(self.questions[question_id].section).part


# --- An answer -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class AnswerValue:
    """What was answered. Exactly one of choices, number, day, text, unknown, never is filled."""

    choices: tuple[
        str, ...
    ] = ()  # one id for single_choice, yes_partial_no_na, maturity ("0"…"4"), yes_no, file; any for multi
    number: float | None = None
    day: date | None = None
    text: str = ""
    unknown: bool = False
    never: bool = False
    comment: str = ""  # the reason for "not applicable", or the vendor's own words beside any answer


class BadAnswer(Exception):
    """What was typed is no answer to this question; the message stands beside the field."""

    def __init__(self, message: Message, *, field: str = "value") -> None:
        """`field` is "value" or "comment"."""
        super().__init__(message.text)
        self.message = message
        self.field = field
