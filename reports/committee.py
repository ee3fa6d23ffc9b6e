"""The committee's paper: two pages on which to decide, and a page for each vendor worth it; made from what a register
says, frozen or of this moment."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from importlib.resources import files
from typing import Any

from assessments import comparing, days, deciding, frameworks, ordering, storing
from assessments.comparing import Changes
from assessments.deciding import Why
from assessments.model import (
    MEASURE_PARTS,
    PARTS,
    Authority,
    Basis,
    Grade,
    PartScore,
    Policy,
    RiskLevel,
    Treatment,
)
from questionnaires.model import Text
from reports import charts, marks, pages, rendering
from reports.reader import Reader
from scanners.model import N_

TOP = 10  # risks
MOST_ASKED = 9  # lines on page one
MOST_NEWS = 3  # lines of each kind on page two
MOST_LATE = 4
MOST_VENDORS = 60  # pages of the annex
MOST_RISKS = 4  # of a vendor's page
MANY = 3  # critical vendors that share something, from which on it is told
SHORT = 110  # letters of a sentence on pages one and two
WORST_FIRST = (RiskLevel.CRITICAL, RiskLevel.HIGH, RiskLevel.MODERATE, RiskLevel.LOW)
GRADES = (*(grade.value for grade in Grade), "–")
TIERS = ("1", "2", "3", "4", "none")


@dataclass(frozen=True, kw_only=True)
class Vendor:
    """One vendor as the register says it."""

    key: str
    name: str
    supplies: tuple[str, ...]
    tier: int | None
    patient_safety: int | None
    value: Decimal | None
    grade: str | None
    coverage: Decimal
    impact: int | None
    likelihood: int
    level: RiskLevel | None
    parts: tuple[PartScore, ...]
    contradictions: int
    knock_outs: tuple[str, ...]
    open_findings: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Risk:
    """One risk with what was written about it."""

    key: str
    vendor_key: str
    title: Text
    scenario: Text
    impact: int | None
    likelihood: int
    level: RiskLevel | None
    treatment: Treatment
    owner: str
    due_on: date | None
    accepted_until: date | None


@dataclass(frozen=True, kw_only=True)
class Late:
    """Something that was to be done by a day that has passed."""

    vendor_key: str
    what: Text
    kind: str  # a marked word
    owner: str
    due_on: date


@dataclass(frozen=True, kw_only=True)
class Action:
    """Something agreed on with a vendor."""

    key: str
    vendor_key: str
    title: Text
    standing: Text
    owner: str
    due_on: date
    is_overdue: bool


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One decision that is asked for."""

    vendor_key: str  # "": of the whole hospital
    about: str
    why: tuple[Why, ...]
    by: Authority


@dataclass(frozen=True, kw_only=True)
class Shared:
    """Something on which many critical vendors rest together."""

    kind: str
    name: str
    critical: int


@dataclass(frozen=True, kw_only=True)
class Brief:
    """Everything the paper says."""

    hospital: str
    name: str  # of the snapshot; "": as of now
    sha256: str
    at: datetime
    policy: Policy
    policy_version: str
    catalogue_versions: tuple[str, ...]
    checks_version: str
    vendors: tuple[Vendor, ...]
    risks: tuple[Risk, ...]  # the worst first
    actions: tuple[Action, ...] | None  # None: a snapshot that did not keep them
    asked: tuple[Asked, ...]
    changes: Changes | None  # None: there is no earlier snapshot
    shared: tuple[Shared, ...] = ()  # by at least so many critical vendors, most first

    @property
    def day(self) -> date:
        """The day it speaks of."""
        return days.of(self.at)

    def risks_of(self, vendor_key: str) -> Sequence[Risk]:
        """The vendor's risks, the worst first."""
        return [risk for risk in self.risks if risk.vendor_key == vendor_key]

    def late(self) -> Sequence[Late]:
        """What is overdue, the longest first."""
        found = [
            Late(
                vendor_key=risk.vendor_key,
                what=risk.title,
                kind=N_("treatment of a risk"),
                owner=risk.owner,
                due_on=risk.due_on,
            )
            for risk in self.risks
            if risk.due_on is not None and risk.due_on < self.day and risk.treatment is not Treatment.ACCEPT
        ]
        found += [
            Late(
                vendor_key=risk.vendor_key,
                what=risk.title,
                kind=N_("acceptance has ended"),
                owner=risk.owner,
                due_on=risk.accepted_until,
            )
            for risk in self.risks
            if risk.accepted_until is not None and risk.accepted_until < self.day
        ]
        found += [
            Late(vendor_key=one.vendor_key, what=one.title, kind=N_("action"), owner=one.owner, due_on=one.due_on)
            for one in self.actions or ()
            if one.is_overdue
        ]
        return sorted(found, key=lambda one: (one.due_on, one.vendor_key, one.kind, one.what.de))


def brief(document: Mapping[str, Any], *, sha256: str = "", changes: Changes | None = None) -> Brief:
    """What a register says (services.snapshots.said_of), ready for paper; a frozen one that does not say yet which
    decisions are asked for has them read from its policy."""
    policy = storing.load_policy(document["policy"])
    vendors = tuple(_vendor(row) for row in document["vendors"])
    actions, asked = document.get("actions"), document.get("asked")
    names = {one.key: one.name for one in vendors}
    return Brief(
        hospital=document["hospital"],
        name=document["name"] if sha256 else "",
        sha256=sha256,
        at=datetime.fromisoformat(document["at"]),
        policy=policy,
        policy_version=document["policy_version"],
        catalogue_versions=tuple(document["catalogue_versions"]),
        checks_version=document["checks_version"],
        vendors=vendors,
        risks=tuple(sorted((_risk(row) for row in document["risks"]), key=lambda risk: _place(risk, names))),
        actions=None if actions is None else tuple(_action(row) for row in actions),
        asked=tuple(exceeding(vendors, policy) if asked is None else map(_asked, asked)),
        changes=changes,
        shared=tuple(
            Shared(kind=row["kind"], name=row["name"], critical=row["critical"])
            for row in document.get("shared", ())
            if row["critical"] >= MANY
        ),
    )


def exceeding(vendors: Iterable[Vendor], policy: Policy) -> Sequence[Asked]:
    """Vendors whose residual risk lies above the policy's appetite, the worst first, each with who decides."""
    above = [one for one in vendors if deciding.needs_decision(policy, one.level)]
    above.sort(key=lambda one: (-deciding.height(one.level), one.tier or 9, one.key))
    return [
        Asked(
            vendor_key=one.key,
            about=one.name,
            why=(Why.EXCEEDS,),
            by=deciding.authority(policy, one.tier, one.level),
        )
        for one in above
    ]


def worth_a_page(found: Brief) -> Sequence[Vendor]:
    """Vendors of whom something is asked, one of the top risks, at high risk, or whose standing moved; worst first."""
    named = {one.vendor_key for one in found.asked} | {risk.vendor_key for risk in found.risks[:TOP]}
    if found.changes is not None:
        named |= {change.after.key for change in found.changes.vendors_moved[:MOST_NEWS]}
    chosen = [one for one in found.vendors if one.key in named or one.level in {RiskLevel.CRITICAL, RiskLevel.HIGH}]
    chosen.sort(
        key=lambda one: (WORST_FIRST.index(one.level) if one.level else len(WORST_FIRST), one.tier or 9, one.key)
    )
    return chosen[:MOST_VENDORS]


def html(found: Brief, *, reader: Reader) -> str:
    """The paper before it is set; the same brief is the same text."""
    vendors, reader = {one.key: one for one in found.vendors}, reader.calling(found.policy)
    chosen = worth_a_page(found)
    return rendering.page(
        "committee.html",
        reader,
        brief=found,
        vendors=vendors,
        chosen=chosen,
        pages={one.key for one in chosen},
        figures=_figures(found),
        asked=found.asked[:MOST_ASKED],
        asked_more=max(0, len(found.asked) - MOST_ASKED),
        top=found.risks[:TOP],
        late=found.late(),
        most_late=MOST_LATE,
        most_news=MOST_NEWS,
        most_risks=MOST_RISKS,
        portfolio=charts.portfolio(
            tally(found),
            rows=[
                (key, reader.text(N_("Tier %(tier)s"), tier=key) if key != "none" else reader.text(N_("no tier")))
                for key in TIERS
            ],
            columns=GRADES,
            label=reader.text(N_("Vendors by tier and grade")),
        ),
        heat=charts.heat_map(
            heat(found),
            found.policy.matrix,
            label=reader.text(N_("Risks by impact and likelihood")),
            across=reader.text(N_("likelihood")),
            up=reader.text(N_("impact")),
        ),
        measures_of=lambda one: charts.ten_measures_large(
            one.parts,
            label=reader.text(N_("Level of the ten measures")),
            describe=lambda part: pages.describe_part(part, reader),
        ),
        tier_of=lambda one: charts.tier_bars(one.tier, label=_tier_word(one, reader)),
        tier_word=lambda one: _tier_word(one, reader),
        measures={part: frameworks.measure(part) for part in PARTS},
        weakest=weakest,
        cause_of=lambda change: _cause(change, reader),
        word_of=lambda text: text.get(reader.language),
        short=short,
        marks=marks,
        authorities=deciding.AUTHORITIES,
        whys=deciding.WHYS,
        Treatment=Treatment,
    )


def style() -> str:
    """The look of the paper: that of every document, and its own."""
    return pages.style() + (files("reports") / "templates" / "committee.css").read_text(encoding="utf-8")


def tally(found: Brief) -> Mapping[tuple[str, str], int]:
    """How many vendors stand at which tier and grade."""
    return Counter((str(one.tier) if one.tier else "none", one.grade or "–") for one in found.vendors)


def heat(found: Brief) -> Mapping[tuple[int, int], int]:
    """How many risks stand where in the matrix; those without an impact stand nowhere."""
    return Counter((risk.impact, risk.likelihood) for risk in found.risks if risk.impact is not None)


def weakest(vendor: Vendor) -> Sequence[PartScore]:
    """The up to three measures at the lowest level that was seen."""
    seen = [part for part in vendor.parts if part.level is not None and part.level < charts.LEVELS - 1]
    return sorted(seen, key=lambda part: (part.level or 0, PARTS.index(part.part)))[:3]


def short(text: str, most: int = SHORT) -> str:
    """A sentence that fits its line; the annex has the whole of it."""
    plain = " ".join(text.split())
    return plain if len(plain) <= most else f"{plain[: most - 1].rstrip()}…"


def _figures(found: Brief) -> Mapping[str, int]:
    levels = Counter(one.level for one in found.vendors)
    return {
        "vendors": len(found.vendors),
        "critical_tier": sum(one.tier == 1 for one in found.vendors),
        "ungraded": sum(one.grade is None for one in found.vendors),
        "above": levels[RiskLevel.CRITICAL] + levels[RiskLevel.HIGH],
        "risks": len(found.risks),
        "open": sum(risk.treatment is Treatment.OPEN for risk in found.risks),
        "asked": len(found.asked),
        "late": len(found.late()),
    }


def _tier_word(vendor: Vendor, reader: Reader) -> str:
    return reader.text(N_("Tier %(tier)s"), tier=vendor.tier) if vendor.tier else reader.text(N_("no intake yet"))


def _cause(change: comparing.VendorChange, reader: Reader) -> str:
    """The reason that moved it most; "" when none is known."""
    if change.movement is None or not change.movement.shares:
        return ""
    largest = max(change.movement.shares, key=lambda share: abs(share.points))
    return reader.text(comparing.CAUSES[largest.cause])


# ---- reading


def _vendor(row: Mapping[str, Any]) -> Vendor:
    return Vendor(
        key=row["key"],
        name=row["name"],
        supplies=tuple(supply["name"] for supply in row["supplies"]),
        tier=row["tier"],
        patient_safety=row["patient_safety"],
        value=Decimal(row["value"]) if row["value"] is not None else None,
        grade=row["grade"],
        coverage=Decimal(row["coverage"]),
        impact=row["impact"],
        likelihood=row["likelihood"],
        level=RiskLevel(row["level"]) if row["level"] else None,
        parts=tuple(_part(part, row["parts"][part]) for part in MEASURE_PARTS if part in row["parts"]),
        contradictions=row["open_contradictions"],
        knock_outs=tuple(row["knock_outs"]),
        open_findings=row["open_findings"],
    )


def _part(part: str, row: Mapping[str, Any]) -> PartScore:
    return PartScore(
        part=part,
        applicable=True,
        value=Decimal(row["value"]) if row["value"] is not None else None,
        level=row["level"],
        coverage=Decimal(0),
        basis=Basis(row["basis"]),
    )


def _risk(row: Mapping[str, Any]) -> Risk:
    return Risk(
        key=row["key"],
        vendor_key=row["vendor_key"],
        title=Text(**row["title"]),
        scenario=Text(**row["scenario"]),
        impact=row["impact"],
        likelihood=row["likelihood"],
        level=RiskLevel(row["level"]) if row["level"] else None,
        treatment=Treatment(row["treatment"]),
        owner=row["owner"],
        due_on=_day(row["due_on"]),
        accepted_until=_day(row["accepted_until"]),
    )


def _action(row: Mapping[str, Any]) -> Action:
    return Action(
        key=row["key"],
        vendor_key=row["vendor_key"],
        title=Text(**row["title"]),
        standing=Text(**row["standing"]),
        owner=row["owner"],
        due_on=date.fromisoformat(row["due_on"]),
        is_overdue=row["is_overdue"],
    )


def _asked(row: Mapping[str, Any]) -> Asked:
    return Asked(
        vendor_key=row["vendor_key"],
        about=row["about"],
        why=tuple(map(Why, row["why"])),
        by=Authority(row["authority"]),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _place(risk: Risk, names: Mapping[str, str]) -> ordering.Rank:
    name = names.get(risk.vendor_key, "")
    return ordering.of_risk(risk.level, risk.likelihood, risk.impact, vendor_name=name, key=risk.key)
