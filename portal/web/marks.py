"""The marks for templates, in the words and shapes of reports.marks: grade, severity, verdict, tier, ten measures."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from flask import g
from jinja2 import Environment
from markupsafe import Markup

from assessments import frameworks
from assessments.model import PARTS, Basis, EvidenceStanding, HostRole, NoGrade, PartScore, RiskLevel, Words, say
from portal import i18n
from portal.db.models.accounts import CompanyRole, HospitalRole
from portal.db.models.scans import ScanState
from portal.i18n import gettext as _
from portal.services.registers import policies
from portal.web import filters, journey
from questionnaires.model import Text
from reports import anchors, charts, marks
from scanners import categories
from scanners.model import N_, Message, Outcome, Refs, Severity

ROLE_WORDS: dict[str, str] = {
    HospitalRole.ADMIN: N_("Administration"),
    HospitalRole.ASSESSOR: N_("Assessment"),
    HospitalRole.DECIDER: N_("Decision"),
    HospitalRole.AUDITOR: N_("Audit (read only)"),
    CompanyRole.LEAD: N_("Lead"),
    CompanyRole.CONTRIBUTOR: N_("Contributor"),
    CompanyRole.SIGNATORY: N_("Authorised to sign"),
}


SCAN_WORDS: dict[str, str] = {
    ScanState.QUEUED: N_("waiting"),
    ScanState.RUNNING: N_("running"),
    ScanState.DONE: N_("complete"),
    ScanState.PROVISIONAL: N_("provisional"),
    ScanState.FAILED: N_("scan failed"),
    ScanState.STOPPED: N_("stopped"),
}


def severity(value: str) -> marks.Mark:
    """Sign and word of a severity, translated."""
    return _translated(marks.SEVERITIES[Severity(value)])


def verdict(value: str) -> marks.Mark:
    """Sign and word of a verdict, translated."""
    return _translated(marks.VERDICTS[Outcome(value)])


def role(value: str) -> str:
    """The word for a role."""
    return _(ROLE_WORDS[value])


def no_grade(reason: str | None) -> str:
    """Why there is no grade, in a sentence."""
    return _(marks.NO_GRADES[NoGrade(reason or NoGrade.NOTHING_SEEN)])


def ten_measures(parts: Iterable[PartScore]) -> Markup:
    """The row of ten small columns, for a table."""
    return _drawn(parts, charts.ten_measures)


def ten_measures_large(parts: Iterable[PartScore]) -> Markup:
    """The row with its numbers, for a vendor's page."""
    return _drawn(parts, charts.ten_measures_large)


def tier_bars(tier: int | None) -> Markup:
    """Four bars, filled from the left."""
    return _tier_bars(tier, i18n.language())


@lru_cache(maxsize=32)
def _tier_bars(tier: int | None, language: str) -> Markup:  # noqa: ARG001 - the words rest on it
    return _svg(charts.tier_bars(tier, label=tier_word(tier)))


def tier_word(tier: int | None) -> str:
    """The tier in words."""
    return _("No tier yet") if tier is None else _("Tier %(tier)s of 4", tier=tier)


def coverage_bar(percent: Decimal | float, floor: float = 60) -> Markup:
    """How much of what applies was seen."""
    label = _(
        "%(percent)s of what applies was seen; a grade needs %(floor)s",
        percent=filters.percent(percent),
        floor=filters.percent(floor),
    )
    return _svg(charts.coverage_bar(float(percent), floor, label=label))


def sparkline(values: list[float]) -> Markup:
    """The last twelve values."""
    return _svg(charts.sparkline(values, label=_("Course of the last %(count)s values", count=min(12, len(values)))))


def said(message: Message) -> str:
    """A message of a library in the reader's language."""
    return message.render(i18n.gettext)


def words(text: Words) -> str:
    """Words of an assessment in the reader's language."""
    return say(text, language=i18n.language(), translate=i18n.gettext)


def risk(level: str) -> marks.Mark:
    """Sign and word of a risk level: the hospital's own word, or ours, translated."""
    own = _own_levels().get(RiskLevel(level))
    mark = marks.RISK_LEVELS[RiskLevel(level)]
    return marks.Mark(sign=mark.sign, word=own.get(i18n.language())) if own else _translated(mark)


def _own_levels() -> Mapping[RiskLevel, Text]:
    """Asked for once in a request, and only where a page prints a level."""
    here = journey.current()
    if not isinstance(here, journey.HospitalJourney):
        return {}
    if "level_words" not in g:
        g.level_words = policies.of(here.session, here.hospital.id).level_words
    found: Mapping[RiskLevel, Text] = g.level_words
    return found


def evidence(standing: str) -> marks.Mark:
    """Sign and word of how a document stands, translated."""
    return _translated(marks.EVIDENCE[EvidenceStanding(standing)])


def host_role(value: str) -> str:
    """The word for what a host is for."""
    return _(marks.ROLES[HostRole(value)])


def category(value: str) -> str:
    """The title of a category of checks."""
    return _(categories.title(value))


def scan_word(state: str) -> str:
    """The word for how a scan stands."""
    return _(SCAN_WORDS[state])


def anchors_of(refs: Refs) -> list[str]:
    """Where a check is anchored, in the reader's words; law is an indicator, never a legal finding."""
    entries = (
        anchors.measures(refs),
        f"NIS2 {anchors.nis2(refs)}" if refs.measures else "",
        f"ISO/IEC 27001 {anchors.iso27001(refs)}" if refs.iso27001 else "",
        f"OWASP {anchors.owasp(refs)}" if refs.owasp2021 or refs.owasp2025 else "",
        f"{_('GDPR')} {anchors.gdpr(refs)}" if refs.gdpr else "",
        f"{_('indicator for MDR Annex I')} {anchors.mdr(refs)}" if refs.mdr else "",
    )
    return [entry for entry in entries if entry]


def parts_of(stored: Mapping[str, Mapping[str, Any]]) -> tuple[PartScore, ...]:
    """The parts of a stored score, as the marks draw them."""
    return tuple(
        PartScore(
            part=key,
            applicable=kept["applicable"],
            value=None,
            level=kept["level"],
            coverage=Decimal(str(kept["coverage"])),
            basis=Basis(kept["basis"]),
        )
        for key, kept in stored.items()
    )


def describe(part: PartScore) -> str:
    """One measure in words: name, level, what it rests on."""
    return _described(part.part, part.level, part.basis, i18n.language())


@lru_cache(maxsize=2000)  # every measure of every row of a list is told to who listens
def _described(key: str, level: int | None, basis: Basis, language: str) -> str:
    name = f"{key} {frameworks.measure(key).short.get(language)}"
    if level is None:
        return _("%(measure)s: not seen", measure=name)
    word = _(marks.BASES[basis].word)
    return _("%(measure)s: level %(level)s of 4, %(basis)s", measure=name, level=level, basis=word)


def install(environment: Environment) -> None:
    """Give templates the functions that the macros of parts/marks.html call."""
    environment.globals.update(
        mark_severity=severity,
        mark_verdict=verdict,
        mark_role=role,
        mark_no_grade=no_grade,
        mark_tier_bars=tier_bars,
        mark_tier_word=tier_word,
        mark_ten_measures=ten_measures,
        mark_ten_measures_large=ten_measures_large,
        mark_coverage_bar=coverage_bar,
        mark_sparkline=sparkline,
        mark_risk=risk,
        mark_evidence=evidence,
        mark_host_role=host_role,
        mark_category=category,
        scan_word=scan_word,
        anchors_of=anchors_of,
        parts_of=parts_of,
        say=words,
    )
    environment.filters["said"] = said


def _drawn(parts: Iterable[PartScore], draw: Callable[..., str]) -> Markup:
    shown = [part for part in parts if part.part in PARTS]
    label = _(
        "The ten measures of § 30: %(list)s", list="; ".join(describe(part) for part in shown if part.part.isdecimal())
    )
    return _svg(draw(shown, label=label, describe=describe))


def _translated(mark: marks.Mark) -> marks.Mark:
    return marks.Mark(sign=mark.sign, word=_(mark.word))


def _svg(text: str) -> Markup:
    return Markup(text)  # noqa: S704 - made by reports.charts, which escapes every word it is given
