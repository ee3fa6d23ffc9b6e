"""Agenda and minutes (Niederschrift) of a sitting, as PDF and for Word: what was at stake, the votes, what holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from assessments import deciding
from assessments.deciding import Ballot, ConditionFact, Ruling, Tally, Why
from assessments.model import Authority, Grade, RiskLevel
from reports import rendering
from reports.reader import Reader
from reports.word import Paper
from scanners import storing
from scanners.model import N_

SCHEMA = 1
PRESENT, EXCUSED = "present", "excused"
PRESENCES = {PRESENT: N_("present"), EXCUSED: N_("excused"), "expected": N_("invited")}
RULE = N_(
    "An item is carried by more votes for than against; abstentions do not count. In a tie the chair's vote decides. "
    "Whoever has a conflict of interest abstains and says why."
)


@dataclass(frozen=True, kw_only=True)
class Attendee:
    """Somebody who was asked to come."""

    name: str
    function: str
    is_voting: bool
    is_chair: bool
    presence: str


@dataclass(frozen=True, kw_only=True)
class BallotLine:
    """How one person voted on one item."""

    name: str
    ballot: Ballot
    conflict: str = ""


@dataclass(frozen=True, kw_only=True)
class Stake:
    """What was at stake, as the frozen register has it."""

    tier: int | None
    grade: Grade | None
    value: float | None
    coverage: float
    level: RiskLevel | None
    impact: int | None
    patient_safety: int | None
    likelihood: int
    critical: int  # findings that are open
    high: int
    contradictions: int
    knock_outs: tuple[str, ...]
    risks: int  # of this vendor, high or critical


@dataclass(frozen=True, kw_only=True)
class Item:
    """One point of the agenda and what came of it."""

    number: int
    title: str
    about: str
    vendor_key: str
    why: tuple[Why, ...]
    stake: Stake | None
    ruling: Ruling | None  # what was proposed; None: for information
    reasons: str
    conditions: tuple[ConditionFact, ...]
    review_on: date | None
    tally: Tally | None = None
    ballots: tuple[BallotLine, ...] = ()
    decision_key: str = ""  # "": nothing came into force


@dataclass(frozen=True, kw_only=True)
class Minutes:
    """A sitting on paper; before it is closed, its agenda."""

    hospital: str
    number: int
    name: str
    body: Authority
    held_on: date
    begins: str
    place: str
    snapshot_name: str
    snapshot_at: datetime | None
    snapshot_sha256: str
    policy_version: str
    attendees: tuple[Attendee, ...]
    items: tuple[Item, ...]
    note: str = ""
    closed_by: str = ""
    closed_at: datetime | None = None

    @property
    def chair(self) -> str:
        """Who led it."""
        return next((one.name for one in self.attendees if one.is_chair), "")


def dump(minutes: Minutes) -> dict[str, Any]:
    """As a row keeps it."""
    return {"schema": SCHEMA, **storing.encode(minutes)}


def load(document: dict[str, Any]) -> Minutes:
    """The reverse of dump; raises BadDocument."""
    return storing.decode(Minutes, {key: value for key, value in document.items() if key != "schema"}, "minutes")


def html(minutes: Minutes, *, reader: Reader, sha256: str = "") -> str:
    """The document as HTML for `rendering.pdf`; without a checksum it is the agenda."""
    return rendering.page(
        "minutes.html",
        reader,
        minutes=minutes,
        sha256=sha256,
        is_agenda=not sha256,
        deciding=deciding,
        presences=PRESENCES,
        rule=RULE,
        stakes=stakes,
        outcome=outcome,
        votes=votes,
        signing=signing,
        letters=letters,
    )


def docx(minutes: Minutes, *, reader: Reader, sha256: str = "") -> bytes:
    """The same for Word; the same facts give the same bytes."""
    _, is_agenda = reader.text, not sha256
    kind = _(N_("Agenda")) if is_agenda else _(N_("Minutes"))
    at = minutes.closed_at or datetime.combine(minutes.held_on, datetime.min.time(), tzinfo=UTC)
    paper = Paper(reader, title=f"{kind}: {minutes.name}", author=minutes.hospital, at=at)
    paper.title(f"{kind}: {minutes.name}", kicker=minutes.hospital, lead=lead(minutes, reader))
    paper.heading(_(N_("Attendance")))
    paper.table(
        [_(N_("Name")), _(N_("Function")), _(N_("Part")), _(N_("Attendance"))],
        [
            [one.name, one.function or "–", part_of(one, reader), _(PRESENCES[one.presence])]
            for one in minutes.attendees
        ],
        widths=(30, 34, 20, 16),
    )
    paper.faint(_(RULE))
    for line in basis(minutes, reader):
        paper.faint(line)
    paper.heading(_(N_("Agenda")))
    paper.items([f"{one.title}{f' · {one.about}' if one.about else ''}" for one in minutes.items], numbered=True)
    for item in minutes.items:
        _item(paper, item, reader, is_agenda=is_agenda)
    if minutes.note:
        paper.heading(_(N_("Further remarks")))
        paper.text(minutes.note)
    if not is_agenda:
        paper.heading(_(N_("Signatures")))
        paper.signatures(signing(minutes, reader))
        paper.faint(_(N_("Checksum of what was recorded (SHA-256): %(sha256)s"), sha256=sha256))
    return paper.content()


def _item(paper: Paper, item: Item, reader: Reader, *, is_agenda: bool) -> None:
    _ = reader.text
    paper.heading(_(N_("Item %(number)s: %(title)s"), number=item.number, title=item.title), 2)
    if item.about or item.vendor_key:
        paper.faint(" · ".join(filter(None, (item.about, item.vendor_key))))
    for why in item.why:
        paper.text(_(deciding.WHYS[why]), lead=_(N_("Why it is here:")))
    if item.stake:
        paper.table([_(N_("At stake")), _(N_("Frozen number"))], stakes(item.stake, reader), widths=(45, 55))
    if item.ruling is None:
        paper.text(item.reasons or _(N_("For information; nothing was decided.")))
        return
    paper.text(_(deciding.RULINGS[item.ruling]), lead=_(N_("Proposal:")))
    if item.reasons:
        paper.text(item.reasons, lead=_(N_("Reasons:")))
    if item.conditions:
        paper.table(
            [_(N_("Condition")), _(N_("Due on")), _(N_("Owner")), _(N_("What shows it is met"))],
            [[one.text, reader.day(one.due_on), one.owner or "–", one.proof or "–"] for one in item.conditions],
            widths=(44, 16, 20, 20),
        )
    if item.review_on:
        paper.text(reader.day(item.review_on), lead=_(N_("To be looked at again on:")))
    if is_agenda:
        return
    paper.table(
        [_(N_("Voting member")), _(N_("Vote")), _(N_("Conflict of interest"))],
        [[one.name, _(deciding.BALLOTS[one.ballot]), one.conflict or "–"] for one in item.ballots],
        widths=(40, 20, 40),
    )
    paper.text(votes(item, reader), lead=_(N_("Votes:")))
    paper.note(outcome(item, reader))


# ---- said in the same words on both papers


def lead(minutes: Minutes, reader: Reader) -> str:
    """Who met when and where."""
    when = reader.day(minutes.held_on)
    if minutes.begins:
        when = reader.text(N_("%(day)s, %(time)s"), day=when, time=minutes.begins)
    body = reader.text(deciding.AUTHORITIES[minutes.body])
    return " · ".join(filter(None, (body[:1].upper() + body[1:], when, minutes.place)))


def basis(minutes: Minutes, reader: Reader) -> Sequence[str]:
    """Which frozen register lay before them."""
    if minutes.snapshot_at is None:
        return (reader.text(N_("The register is frozen when the sitting begins.")),)
    return (
        reader.text(
            N_("Numbers from the register “%(name)s”, frozen on %(when)s, policy %(policy)s."),
            name=minutes.snapshot_name,
            when=reader.moment(minutes.snapshot_at),
            policy=minutes.policy_version,
        ),
        reader.text(N_("Checksum of the register (SHA-256): %(sha256)s"), sha256=minutes.snapshot_sha256),
    )


def part_of(one: Attendee, reader: Reader) -> str:
    """Chair, voting or guest."""
    if one.is_chair:
        return reader.text(N_("chair"))
    return reader.text(N_("voting") if one.is_voting else N_("guest"))


def stakes(stake: Stake, reader: Reader) -> Sequence[tuple[str, str]]:
    """The frozen numbers, in words."""
    _ = reader.text
    grade = [stake.grade.value if stake.grade else _(N_("no grade"))]
    if stake.value is not None:
        grade.append(reader.number(stake.value, 1))
    grade.append(_(N_("%(percent)s seen"), percent=reader.percent(stake.coverage)))
    residual = "–"
    if stake.level and stake.impact:
        how = N_("impact %(impact)s × likelihood %(likelihood)s")
        word = reader.level(stake.level)
        residual = f"{word} · {_(how, impact=stake.impact, likelihood=stake.likelihood)}"
    safety = stake.patient_safety
    return (
        (_(N_("Tier")), str(stake.tier or "–")),
        (_(N_("Grade")), " · ".join(grade)),
        (_(N_("Residual risk")), residual),
        (_(N_("Effect on patients")), _(N_("%(impact)s of 5"), impact=safety) if safety else "–"),
        (
            _(N_("Open findings")),
            _(N_("%(critical)s critical, %(high)s high"), critical=stake.critical, high=stake.high),
        ),
        (_(N_("Contradictions")), str(stake.contradictions)),
        (_(N_("Knock-outs")), ", ".join(stake.knock_outs) or "–"),
        (_(N_("High or critical risks")), str(stake.risks)),
    )


def votes(item: Item, reader: Reader) -> str:
    """The count in one sentence."""
    tally = item.tally
    assert tally is not None
    said = reader.text(
        N_("%(yes)s for, %(no)s against, %(abstained)s abstained"),
        yes=tally.yes,
        no=tally.no,
        abstained=tally.abstained,
    )
    return said + (" · " + reader.text(N_("a tie, decided by the chair's vote")) if tally.by_chair else "")


def outcome(item: Item, reader: Reader) -> str:
    """What came of it."""
    assert item.ruling is not None
    if not item.decision_key:
        return reader.text(N_("The proposal is not carried; nothing is decided."))
    return reader.text(
        N_("Decision %(key)s: %(ruling)s."), key=item.decision_key, ruling=reader.text(deciding.RULINGS[item.ruling])
    )


def signing(minutes: Minutes, reader: Reader) -> Sequence[str]:
    """Who signs: the chair, and whoever kept the minutes."""
    chair = next((one for one in minutes.attendees if one.is_chair), None)
    leads, writes = reader.text(N_("chair")), reader.text(N_("minute-taker"))
    names = []
    if chair:
        function = f", {chair.function}" if chair.function else ""
        names.append(f"{chair.name}{function} ({leads})")
    names.append(f"{minutes.closed_by} ({writes})")
    return names


letters = {"lead": lead, "basis": basis, "part_of": part_of}
