"""What the data file tells, as values: who there is, who is asked what, and how each round went."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

import yaml

Raw = Mapping[str, Any]
Days = int  # from the first start: -40 is forty days ago


@dataclass(frozen=True, kw_only=True)
class Member:
    """Somebody of the hospital."""

    key: str
    role: str
    name: str
    email: str
    operator: bool = False


@dataclass(frozen=True, kw_only=True)
class SupplyTold:
    """A product or service, with the intake of its owner; no intake: nobody has filled it in."""

    key: str
    name: str
    group: str
    description: str
    department: str
    owner: str
    contract_ends: Days
    intake: Mapping[str, str] = field(default_factory=dict)
    override: Raw | None = None


@dataclass(frozen=True, kw_only=True)
class HostTold:
    """A host the hospital names."""

    name: str
    role: str
    note: str
    supply: str = ""
    ground: str = "contract"


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """Who took the round for the company."""

    day: Days
    person: str
    function: str


@dataclass(frozen=True, kw_only=True)
class Colleague:
    """Somebody else of the company."""

    day: Days
    role: str
    name: str
    email: str


@dataclass(frozen=True, kw_only=True)
class ConsentTold:
    """What the company said about being scanned."""

    day: Days
    refused: bool = False
    active: bool = False  # agreed to the active class too, for every host of its own domain


@dataclass(frozen=True, kw_only=True)
class AnswersTold:
    """How the company answers: by habit but for some questions ("SD-02" or "SD-02/supply"), and how much of it."""

    since: Days
    until: Days
    habit: str
    but: Raw = field(default_factory=dict)
    share: float = 1.0


@dataclass(frozen=True, kw_only=True)
class DocumentTold:
    """A document laid beside answers; dates in months."""

    kind: str
    title: str
    proves: Sequence[str]
    issued: int
    valid: int | None = None
    issuer: str = ""
    product: str = ""  # of a list of parts: what it is the list of, and its version after the last blank
    parts: Sequence[str] = ()  # package URLs; with them the document is a CycloneDX file


@dataclass(frozen=True, kw_only=True)
class PlanLineTold:
    """A line of the company's plan: what it answers to, who sees to it, until when."""

    question: str
    due: Days
    owner: str


@dataclass(frozen=True, kw_only=True)
class PlanTold:
    """What the company offers to mend, what of it the hospital has taken up, and what it says is done."""

    offered: Days
    note: str
    lines: Sequence[PlanLineTold]
    taken: Days
    take: Sequence[str]
    done: Days
    report: Raw  # question -> what shows it


@dataclass(frozen=True, kw_only=True)
class IncidentTold:
    """What the company has told the hospital of an incident; hours before the first start."""

    hours: int
    known: int
    next_word: int  # in so many hours
    title: str
    word: Raw
    supplies: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Remark:
    """What the assessor says of one answer."""

    question: str
    remark: str
    supply: str = ""


@dataclass(frozen=True, kw_only=True)
class ReviewTold:
    """How the hospital read the answers."""

    day: Days
    accept: Sequence[str] = ()
    returned: Sequence[Remark] = ()
    finding: Sequence[Remark] = ()
    finish: bool = True


@dataclass(frozen=True, kw_only=True)
class RoundTold:
    """One round from the invitation to wherever it stands; what is missing has not happened."""

    invited: Days
    due: Days
    message: str = ""
    opened: Days | None = None
    accepted: Acceptance | None = None
    colleagues: Sequence[Colleague] = ()
    consent: ConsentTold | None = None
    releases: bool = False
    profile: Raw = field(default_factory=dict)
    answers: AnswersTold | None = None
    documents: Sequence[DocumentTold] = ()
    handed_in: Days | None = None
    review: ReviewTold | None = None
    plan: PlanTold | None = None
    incident: IncidentTold | None = None


@dataclass(frozen=True, kw_only=True)
class VendorTold:
    """A vendor; the last four say what its hosts are (hosts.py)."""

    key: str
    name: str
    domain: str
    creditor_number: str
    contact: Mapping[str, str]
    supplies: Sequence[SupplyTold]
    hosts: Sequence[HostTold] = ()
    security_email: str = ""
    note: str = ""
    round: RoundTold | None = None
    zones: Sequence[Raw] = ()
    sites: Sequence[Raw] = ()
    exchangers: Sequence[Raw] = ()
    quirks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Story:
    """The whole demonstration."""

    hospital: Mapping[str, str]
    people: Sequence[Member]
    habits: Sequence[str]
    answers: Raw  # question -> an answer for each habit
    vendors: Sequence[VendorTold]

    def vendor(self, key: str) -> VendorTold:
        """The vendor of that key."""
        return next(vendor for vendor in self.vendors if vendor.key == key)

    def answer(self, question: str, habit: str) -> Any:
        """What companies of a habit answer."""
        return self.answers[question][self.habits.index(habit)]


@cache
def read() -> Story:
    """The data file; a word that nobody knows stops the start."""
    raw = yaml.safe_load(resources.files("portal.demonstration").joinpath("data.yaml").read_bytes())
    answers = dict(raw["answers"])
    habits = answers.pop("habits")
    return Story(
        hospital=raw["hospital"],
        people=tuple(Member(**member) for member in raw["people"]),
        habits=tuple(habits),
        answers=answers,
        vendors=tuple(_vendor(vendor) for vendor in raw["vendors"]),
    )


def _vendor(raw: dict[str, Any]) -> VendorTold:
    return VendorTold(
        **{
            **raw,
            "supplies": tuple(SupplyTold(**supply) for supply in raw["supplies"]),
            "hosts": tuple(HostTold(**host) for host in raw.get("hosts", ())),
            "round": _round(raw["round"]) if "round" in raw else None,
        }
    )


def _round(raw: dict[str, Any]) -> RoundTold:
    return RoundTold(
        **{
            **raw,
            "accepted": Acceptance(**raw["accepted"]) if "accepted" in raw else None,
            "colleagues": tuple(Colleague(**one) for one in raw.get("colleagues", ())),
            "consent": ConsentTold(**raw["consent"]) if "consent" in raw else None,
            "answers": AnswersTold(**raw["answers"]) if "answers" in raw else None,
            "documents": tuple(DocumentTold(**one) for one in raw.get("documents", ())),
            "review": _review(raw["review"]) if "review" in raw else None,
            "plan": _plan(raw["plan"]) if "plan" in raw else None,
            "incident": IncidentTold(**raw["incident"]) if "incident" in raw else None,
        }
    )


def _plan(raw: dict[str, Any]) -> PlanTold:
    return PlanTold(**{**raw, "lines": tuple(PlanLineTold(**line) for line in raw["lines"])})


def _review(raw: dict[str, Any]) -> ReviewTold:
    remarks = {name: tuple(Remark(**one) for one in raw.get(name, ())) for name in ("returned", "finding")}
    return ReviewTold(**{**raw, **remarks})
