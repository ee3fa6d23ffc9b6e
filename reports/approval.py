"""The sheet on which a management approves the measures for the supply chain (§ 38 BSIG), from a frozen register."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from assessments import frameworks
from assessments.model import Grade, RiskLevel
from reports import rendering
from reports.reader import Reader
from reports.word import Paper
from scanners.model import N_

SIGNERS = 3
LOWEST_IN_PLACE = 3  # from this level on a measure counts as in place
IN_PLACE = N_("The ten measures of § 30 (2) BSIG at the vendors: in place (level 3 or 4) at how many of those seen")
TITLE = N_("Approval by the management (§ 38 BSIG)")
LEAD = N_("Risk management in the supply chain, § 30 (2) no. 4 BSIG")
DUTIES: Sequence[tuple[str, str]] = (
    (
        N_("§ 38 (1) BSIG"),
        N_("The management puts the measures after § 30 into practice and watches over how that goes."),
    ),
    (
        N_("§ 38 (2) BSIG"),
        N_("Whoever neglects this by their own fault answers to the hospital under its company law."),
    ),
    (
        N_("§ 38 (3) BSIG"),
        N_("The members train regularly, so that they can judge risks, practices and their effect on care."),
    ),
    (
        N_("Art. 20 (1) NIS2"),
        N_("The directive asks the management to approve the measures; this sheet records that."),
    ),
)
MEASURES: Sequence[str] = (
    N_("All vendors are kept with what they supply and rated in four tiers by what depends on them."),
    N_("Each is asked by its tier, and looked at from outside with its knowledge; contradictions are settled."),
    N_("Risks have an owner, a day and a treatment; whoever accepts one does so for a limited time."),
    N_("What exceeds the risk appetite is decided by a sitting; a condition that lapses opens the decision again."),
)
STATEMENTS: Sequence[str] = (
    N_("We approve these measures for the supply chain."),
    N_("We watch over them by this register; the next report is due on ____________________."),
    N_("We have been trained as § 38 (3) BSIG asks; the last time on ____________________."),
)


@dataclass(frozen=True, kw_only=True)
class MeasureLine:
    """One of the ten measures over all vendors."""

    part: str
    seen: int  # vendors of whom it was seen
    in_place: int  # of these, at level 3 or 4


@dataclass(frozen=True, kw_only=True)
class Approval:
    """What the sheet tells, as it was frozen."""

    hospital: str
    name: str
    at: datetime
    sha256: str
    policy_version: str
    vendors: int
    tiers: Mapping[int, int] = field(default_factory=dict)
    grades: Mapping[Grade | None, int] = field(default_factory=dict)
    levels: Mapping[RiskLevel, int] = field(default_factory=dict)  # residual risk of vendors
    risks: int = 0  # high or critical
    untreated: int = 0  # of these, nobody has decided anything
    accepted: int = 0  # of these, accepted for a time
    measures: tuple[MeasureLine, ...] = ()


def html(approval: Approval, *, reader: Reader) -> str:
    """The sheet as HTML for `rendering.pdf`."""
    return rendering.page(
        "approval.html",
        reader,
        approval=approval,
        title=TITLE,
        lead=LEAD,
        duties=DUTIES,
        measures=MEASURES,
        statements=STATEMENTS,
        numbers=numbers,
        basis=basis,
        measure_title=measure_title,
        in_place=IN_PLACE,
        signers=SIGNERS,
    )


def docx(approval: Approval, *, reader: Reader) -> bytes:
    """The same for Word; the same facts give the same bytes."""
    _ = reader.text
    paper = Paper(reader, title=_(TITLE), author=approval.hospital, at=approval.at)
    paper.tighten()  # whoever signs has what is approved on the same page
    paper.title(_(TITLE), kicker=approval.hospital, lead=_(LEAD))
    paper.text(basis(approval, reader))
    paper.heading(_(N_("What the law asks of the management")), 2)
    duties = [[_(name), _(words)] for name, words in DUTIES]
    paper.table([_(N_("Paragraph")), _(N_("In short"))], duties, widths=(22, 78))
    paper.heading(_(N_("Measures for the supply chain")), 2)
    paper.items([_(one) for one in MEASURES])
    paper.heading(_(N_("How it stands")), 2)
    paper.table([_(N_("Number")), _(N_("Frozen"))], numbers(approval, reader), widths=(45, 55))
    paper.text(_(IN_PLACE) + ":")
    paper.text(" · ".join(f"{measure_title(one.part, reader)} {one.in_place}/{one.seen}" for one in approval.measures))
    paper.heading(_(N_("Approval")), 2)
    for statement in STATEMENTS:
        paper.text(f"☐ {_(statement)}")
    paper.signatures([_(N_("Management"))] * SIGNERS)
    paper.faint(_(N_("Checksum of the register (SHA-256): %(sha256)s"), sha256=approval.sha256))
    return paper.content()


def basis(approval: Approval, reader: Reader) -> str:
    """Which frozen register it rests on."""
    return reader.text(
        N_("Numbers from the register “%(name)s”, frozen on %(when)s, policy %(policy)s."),
        name=approval.name,
        when=reader.moment(approval.at),
        policy=approval.policy_version,
    )


def numbers(approval: Approval, reader: Reader) -> Sequence[tuple[str, str]]:
    """The frozen numbers, in words."""
    _ = reader.text
    counts = ", ".join(f"{tier}: {count}" for tier, count in sorted(approval.tiers.items()))
    tiers = _(N_("tier %(counts)s"), counts=counts) if counts else ""
    unrated = approval.vendors - sum(approval.tiers.values())
    tiers = "; ".join(filter(None, (tiers, _(N_("no tier yet: %(count)s"), count=unrated) if unrated else "")))
    grades = ", ".join(
        f"{grade.value if grade else _(N_('no grade'))}: {count}"
        for grade, count in sorted(approval.grades.items(), key=lambda one: one[0].value if one[0] else "Z")
    )
    levels = ", ".join(
        f"{reader.level(level)}: {approval.levels[level]}" for level in reversed(RiskLevel) if level in approval.levels
    )
    unknown = approval.vendors - sum(approval.levels.values())
    levels = ", ".join(filter(None, (levels, _(N_("not known yet: %(count)s"), count=unknown) if unknown else "")))
    return (
        (_(N_("Vendors")), f"{approval.vendors} ({tiers or '–'})"),
        (_(N_("Grades")), grades or "–"),
        (_(N_("Residual risk of vendors")), levels or "–"),
        (
            _(N_("High or critical risks")),
            _(
                N_("%(count)s, of these %(accepted)s accepted for a time and %(untreated)s not decided yet"),
                count=approval.risks,
                accepted=approval.accepted,
                untreated=approval.untreated,
            ),
        ),
    )


def measure_title(part: str, reader: Reader) -> str:
    """The short name of a measure."""
    return frameworks.measure(part).short.get(reader.language)
