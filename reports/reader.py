"""The person a document is made for: one language, and everything said and counted in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Self

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

from assessments import days
from assessments.model import Policy, RiskLevel, Words, say
from questionnaires.model import Text
from reports import marks

ZONE = days.ZONE  # hospitals read local time; the file says so on its first page
NARROW = "\u202f"


@dataclass(frozen=True, kw_only=True)
class Reader:
    """A language ("de" or "en") with its translations."""

    language: str
    translate: Callable[[str], str]
    levels: Mapping[RiskLevel, Text] = field(default_factory=dict)  # where a hospital calls a level otherwise

    @property
    def locale(self) -> str:
        """The locale for dates and numbers."""
        return "de_DE" if self.language == "de" else "en_GB"

    def text(self, msgid: str, **values: object) -> str:
        """A marked sentence in the reader's language, gaps filled."""
        return self.translate(msgid) % values if values else self.translate(msgid)

    def calling(self, policy: Policy) -> Self:
        """The same reader, with the words that a policy has for the levels of risk."""
        return replace(self, levels=policy.level_words)

    def level(self, level: RiskLevel) -> str:
        """What a level of risk is called here."""
        own = self.levels.get(level)
        return own.get(self.language) if own else self.text(marks.RISK_LEVELS[level].word)

    def say(self, words: Words | None) -> str:
        """Words of an assessment in the reader's language; "" for none."""
        return "" if words is None else say(words, language=self.language, translate=self.translate)

    def day(self, day: date | None) -> str:
        """21.11.2026 or 21 Nov 2026; of a moment the day that it falls on for hospitals."""
        if day is None:
            return ""
        if isinstance(day, datetime):
            day = days.of(day)
        pattern = "dd.MM.yyyy" if self.language == "de" else "d MMM yyyy"
        return format_date(day, format=pattern, locale=self.locale)

    def moment(self, at: datetime | None) -> str:
        """The day and the minute, local time of the hospital."""
        if at is None:
            return ""
        pattern = "dd.MM.yyyy, HH:mm" if self.language == "de" else "d MMM yyyy, HH:mm"
        return format_datetime(at.astimezone(ZONE), format=pattern, locale=self.locale)

    def number(self, value: Decimal | float | None, digits: int = 0) -> str:
        """A number with the reader's separators; an en dash for none."""
        if value is None:
            return "–"
        return format_decimal(value, format="#,##0" + ("." + "0" * digits if digits else ""), locale=self.locale)

    def percent(self, value: Decimal | float | None) -> str:
        """A share given in 0..100, with a narrow space before the sign."""
        return "–" if value is None else f"{self.number(value)}{NARROW}%"
