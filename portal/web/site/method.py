"""The method page: every check with its sources and guards, for everybody, on screen and on paper."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Response, request

from portal.i18n import gettext as _
from portal.web import marks, pages
from portal.web.journey import Journey, Who
from portal.web.site.room import site
from scanners import catalogue, categories, guards
from scanners.data import sets
from scanners.datasets import DataSets, Source
from scanners.model import Check, CheckClass, Severity

LONGEST = 80  # of what somebody searches for
CLASS_WORDS = {
    CheckClass.PASSIVE: guards.PASSIVE,
    CheckClass.STANDARD: guards.STANDARD,
    CheckClass.ACTIVE: guards.ACTIVE,
}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the reader has asked for in the address; nothing means every check."""

    words: str = ""
    category: str = ""
    severity: str = ""
    check_class: str = ""

    @property
    def is_set(self) -> bool:
        """Whether some checks are left out."""
        return bool(self.words or self.category or self.severity or self.check_class)

    def of(self, check: Check) -> bool:
        """Whether this check is wanted."""
        return (
            (not self.category or check.category == self.category)
            and (not self.severity or check.severity.value == self.severity)
            and (not self.check_class or check.check_class.value == self.check_class)
            and all(word in _text(check) for word in self.words.casefold().split())
        )


@dataclass(frozen=True, kw_only=True)
class Group:
    """The checks of one category."""

    category: str
    title: str
    checks: Sequence[Check]


@site.get("/method", who=Who.ANYONE)
def method(here: Journey) -> Response:
    """Every check: what holds when it passes, why it matters, how to mend it, where it comes from."""
    wanted = _wanted()
    every = tuple(catalogue.CHECKS.values())
    present = sorted({check.category for check in every}, key=categories.position)
    data = sets.current(here.settings.datasets_dir)
    return pages.page(
        "site/method.html",
        wanted=wanted,
        groups=_groups([check for check in every if wanted.of(check)]),
        count=len(every),
        category_choices=[(value, _(categories.title(value))) for value in present],
        severity_choices=[(one.value, marks.severity(one.value).word) for one in Severity],
        class_choices=[(one.value, _(CLASS_WORDS[one][0])) for one in CheckClass],
        class_words={one.value: words for one, words in CLASS_WORDS.items()},
        guards_of=guards.of_check,
        guards=guards.GUARDS,
        version=catalogue.CATALOGUE_VERSION,
        data=data.version.removeprefix("shipped-"),
        sources=_sources(data),
    )


def _wanted() -> Wanted:
    given = request.args
    return Wanted(
        words=given.get("q", "").strip()[:LONGEST],
        category=_known(given.get("category", ""), {check.category for check in catalogue.CHECKS.values()}),
        severity=_known(given.get("severity", ""), {one.value for one in Severity}),
        check_class=_known(given.get("class", ""), {one.value for one in CheckClass}),
    )


def _known(value: str, words: set[str]) -> str:
    return value if value in words else ""


def _groups(checks: Sequence[Check]) -> Sequence[Group]:
    present = sorted({check.category for check in checks}, key=categories.position)
    return [
        Group(
            category=category,
            title=_(categories.title(category)),
            checks=[check for check in checks if check.category == category],
        )
        for category in present
    ]


def _text(check: Check) -> str:
    """Everything of a check that somebody may look for, in the reader's language."""
    parts = (check.id, _(check.title), _(check.why), _(check.fix), *check.refs.sources, *marks.anchors_of(check.refs))
    return " ".join(parts).casefold()


def _sources(data: DataSets) -> Sequence[Source]:
    return sets.sources(data)
