"""The incident notification sheet (24 h, 72 h, one month) on paper: empty to fill in, or filled from an incident."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reports import rendering
from reports.reader import Reader
from scanners.model import N_

STAGES = ("early", "notification", "final")


@dataclass(frozen=True, kw_only=True)
class Field:
    """One line of a part: what is asked, and how much room an empty one has."""

    name: str
    label: str
    rows: int = 2


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What one part asks."""

    stage: str
    title: str
    term: str
    paragraph: str
    fields: tuple[Field, ...]


_WHAT = Field(name="what", label=N_("What has happened"), rows=4)
_PRODUCTS = Field(name="products", label=N_("Affected products and services, with versions"), rows=3)
_EFFECT = Field(name="effect", label=N_("Effect on the operation of the hospital and on patients"), rows=3)
_PERSONAL = Field(name="personal_data", label=N_("Personal data: whose, which, how many"))
_MEASURES = Field(name="measures", label=N_("What was done and is being done"), rows=3)
_ADVICE = Field(name="advice", label=N_("What we ask the hospital to do now"))
_ABROAD = Field(name="abroad", label=N_("May other countries be affected? yes / no / not known yet"), rows=1)
_CONTACT = Field(name="contact", label=N_("Who can be reached now: name, telephone, mail"), rows=1)

PARTS: tuple[Asked, ...] = (
    Asked(
        stage="early",
        title=N_("Early warning"),
        term=N_("24 hours after it became known"),
        paragraph=N_("§ 32 (1) no. 1 BSIG"),
        fields=(
            _WHAT,
            Field(name="since", label=N_("Since when"), rows=1),
            Field(
                name="malicious",
                label=N_("Is an unlawful or malicious act suspected? yes / no / not known yet"),
                rows=1,
            ),
            _ABROAD,
            _PRODUCTS,
            _PERSONAL,
            _ADVICE,
            _CONTACT,
        ),
    ),
    Asked(
        stage="notification",
        title=N_("Notification"),
        term=N_("72 hours after it became known"),
        paragraph=N_("§ 32 (1) no. 2 BSIG"),
        fields=(
            _WHAT,
            Field(name="severity", label=N_("First assessment of the severity"), rows=3),
            _EFFECT,
            _PERSONAL,
            Field(name="traces", label=N_("Traces to look for (indicators of compromise)"), rows=3),
            _MEASURES,
            _ADVICE,
            _CONTACT,
        ),
    ),
    Asked(
        stage="final",
        title=N_("Final report"),
        term=N_("one month after the notification"),
        paragraph=N_("§ 32 (1) no. 4 BSIG"),
        fields=(
            _WHAT,
            Field(name="severity", label=N_("Severity and effects"), rows=3),
            _EFFECT,
            Field(name="cause", label=N_("Kind and likely cause"), rows=3),
            _MEASURES,
            _ABROAD,
            _CONTACT,
        ),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part as far as it is known; no lines: to be filled in by hand."""

    stage: str
    due_at: datetime | None = None
    given_at: datetime | None = None
    lines: Mapping[str, str] = field(default_factory=dict)  # by the field's name; suspicions as words to translate
    by_name: str = ""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A sheet of a company; no hospital is named in it."""

    company: str = ""
    title: str = ""
    known_at: datetime | None = None
    is_exercise: bool = False
    parts: tuple[Part, ...] = tuple(Part(stage=stage) for stage in STAGES)

    @property
    def is_empty(self) -> bool:
        """Whether it is a form to fill in."""
        return self.known_at is None

    def part(self, stage: str) -> Part:
        """The part of a stage."""
        return next(part for part in self.parts if part.stage == stage)


EMPTY = Sheet()
SPOKEN = frozenset({"malicious", "abroad"})  # these lines are words of ours


def html(sheet: Sheet, *, reader: Reader) -> str:
    """The document before it is set; see rendering.pdf and pages.style."""
    return rendering.page("incident_sheet.html", reader, sheet=sheet, asked=PARTS, spoken=SPOKEN)
