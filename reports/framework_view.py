"""A vendor seen through a framework on paper: § 30 BSIG and NIS2, MDR Annex I, ISO/IEC 27001 Annex A."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files

from assessments import days, question_marks
from assessments.framework_views import Filter, Framework, Row, View
from assessments.model import AnswerRow, Assessed, EvidenceStatus, FindingRow
from reports import marks, pages, rendering, tables
from reports.reader import Reader
from scanners.model import N_

TITLES: Mapping[Framework, str] = {
    Framework.BSIG: N_("§ 30 BSIG and NIS2"),
    Framework.MDR: N_("MDR dossier"),
    Framework.ISO27001: N_("ISO/IEC 27001 Annex A"),
}
LEADS: Mapping[Framework, str] = {
    Framework.BSIG: N_(
        "The ten measures of § 30 (2) BSIG and the letters of Art. 21 (2) NIS2 that run parallel to them."
        " They bind the entity that falls under the law, which need not be the vendor; a hospital passes parts of its"
        " duty on by contract."
    ),
    Framework.MDR: N_(
        "Annex I points 17.2, 17.4 and 23.4(ab) of Regulation (EU) 2017/745 beside the numbers of § 30 (2) BSIG: what"
        " each covers and what neither does. MDCG 2019-16 is guidance and binds nobody. An observation from outside is"
        " an indicator; it does not say that a device breaks the MDR."
    ),
    Framework.ISO27001: N_(
        "All controls of Annex A of ISO/IEC 27001:2022 by number, named in our own words. What stands here is no"
        " certificate and does not replace one; the statement of applicability is the vendor's."
    ),
}
NOT_A_DEVICE = N_(
    "As far as the intake says, no product of this vendor is a medical device; the points below are for information."
)


MARKS = N_(
    "Which questions touch a class of the OWASP Top 10, or Art. 32 GDPR, is our own reading of %(day)s; checks carry"
    " their class themselves."
)


def name(framework: Framework, vendor: str, *, reader: Reader, now: datetime, suffix: str) -> str:
    """How the file is called."""
    word = reader.text(TITLES[framework]).replace("/", "-").replace("\u202f", " ")
    return f"{word} {vendor} {days.of(now)}.{suffix}"


def html(found: View, assessed: Assessed, *, reader: Reader, now: datetime) -> str:
    """The document before it is set; same facts and `now`, same text."""
    return rendering.page(
        "framework_view.html",
        reader,
        view=found,
        dossier=assessed.dossier,
        score=assessed.score,
        now=now,
        marks=marks,
        title=TITLES[found.framework],
        lead=LEADS[found.framework],
        not_a_device=NOT_A_DEVICE,
        chosen=said(found.chosen, reader),
        about_marks=about_marks(reader),
        answer_text=lambda row: tables.answer_text(row, reader),
        of_products=lambda same: of_products(same, assessed, reader),
        described=lambda part: pages.describe_part(part, reader),
        full=[row for row in found.rows if not row.is_empty],
        empty=[row for row in found.rows if row.is_empty],
        has_levels=found.framework is Framework.BSIG,
        lacking=lacking,
        alike=lambda row: alike(row, reader),
        lacking_documents=pages.lacking_documents,
        shared_limits=shared_limits(found, reader),
    )


def shared_limits(found: View, reader: Reader) -> Mapping[str, Sequence[str]]:
    """What bounds several entries alike, with their keys: it is said once, before all of them."""
    bound: dict[str, list[str]] = {}
    for row in found.rows:
        if not row.is_empty and not row.entry.covers:
            bound.setdefault(reader.say(row.limit), []).append(row.entry.key)
    return {limit: keys for limit, keys in bound.items() if len(keys) > 1}


def style() -> str:
    """The look of the document."""
    return pages.style() + (files("reports") / "templates" / "framework_view.css").read_text(encoding="utf-8")


def said(chosen: Filter, reader: Reader) -> str:
    """The filter in words; "" when nothing is left out."""
    parts = []
    if chosen.owasp:
        parts.append(f"OWASP Top 10 {class_word(chosen.owasp, reader)}")
    if chosen.gdpr:
        parts.append(reader.text(N_("Art. 32 GDPR")))
    return ", ".join(parts)


def class_word(name: str, reader: Reader) -> str:
    """A02:2021 (cryptography)."""
    title = question_marks.table().titles.get(name)
    return f"{name} ({title.get(reader.language)})" if title else name


def about_marks(reader: Reader) -> str:
    """Whose reading it is that a question touches a class, or Art. 32 GDPR."""
    day = date.fromisoformat(question_marks.table().as_of)
    return reader.text(MARKS, day=reader.day(day))


# ---- one row in words, for sheet and page


def alike(row: Row, reader: Reader) -> Sequence[Sequence[AnswerRow]]:
    """Its answers; products of which the same was said on the same ground stand together."""
    grouped: dict[tuple[object, ...], list[AnswerRow]] = {}
    for one in row.answers:
        said = tables.answer_text(one, reader)
        key = (one.question.id, bool(one.supply), said, one.assurance, one.knock_out_failed)
        grouped.setdefault(key, []).append(one)
    return list(grouped.values())


def of_products(same: Sequence[AnswerRow], assessed: Assessed, reader: Reader) -> str:
    """Of which products it was said; all of several are not listed."""
    names = {supply.key: supply.name for supply in assessed.dossier.supplies}
    if 1 < len(names) == len(same):
        return reader.text(N_("all products"))
    return ", ".join(names.get(one.supply or "", one.supply or "") for one in same)


@dataclass(frozen=True, kw_only=True)
class Lacking:
    """One check that fell short in one way, with every place where it did."""

    first: FindingRow
    places: tuple[FindingRow, ...]


def lacking(row: Row) -> Sequence[Lacking]:
    """What fell short: the places of one check that say the same stand together."""
    grouped: dict[tuple[object, ...], list[FindingRow]] = {}
    for one in row.lacking:
        seen = one.fact.finding
        grouped.setdefault((seen.check_id, seen.outcome, seen.severity), []).append(one)
    return [Lacking(first=found[0], places=tuple(found)) for found in grouped.values()]


def verdict(one: FindingRow, reader: Reader) -> str:
    """✕ not met."""
    mark = marks.VERDICTS[one.fact.finding.outcome]
    return f"{mark.sign} {reader.text(mark.word)}"


def severity(one: FindingRow, reader: Reader) -> str:
    """▲ high."""
    mark = marks.SEVERITIES[one.fact.finding.severity]
    return f"{mark.sign} {reader.text(mark.word)}"


def held(one: FindingRow, reader: Reader) -> str:
    """What should hold."""
    return reader.text(one.check.title) if one.check else one.fact.finding.check_id


def standing(one: EvidenceStatus, reader: Reader) -> str:
    """✓ valid."""
    mark = marks.EVIDENCE[one.standing]
    return f"{mark.sign} {reader.text(mark.word)}"


def gaps(row: Row, reader: Reader) -> Sequence[str]:
    """What is missing, each in a sentence."""
    return [reader.say(one) for one in row.gaps] or [reader.text(N_("No gap is known."))]
