"""A vendor seen through a framework on paper: § 30 BSIG and NIS2, MDR Annex I, ISO/IEC 27001 Annex A."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.resources import files

from assessments.model import AnswerRow, Assessed, EvidenceStatus, FindingRow
from assessments.views import Filter, Framework, Row, View
from reports import marks, pages, rendering, tables
from reports.reader import Reader
from scanners.model import N_, Outcome

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


def name(framework: Framework, vendor: str, *, reader: Reader, now: datetime, suffix: str) -> str:
    """How the file is called."""
    word = reader.text(TITLES[framework]).replace("/", "-").replace("\u202f", " ")
    return f"{word} {vendor} {now:%Y-%m-%d}.{suffix}"


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
        answer_text=lambda row: tables.answer_text(row, reader),
        supply_names={supply.key: supply.name for supply in assessed.dossier.supplies},
        described=lambda part: pages.describe_part(part, reader),
        full=[row for row in found.rows if not row.is_empty],
        empty=[row for row in found.rows if row.is_empty],
        MDR=Framework.MDR,
    )


def style() -> str:
    """The look of the document."""
    return pages.style() + (files("reports") / "templates" / "framework_view.css").read_text(encoding="utf-8")


def said(chosen: Filter, reader: Reader) -> str:
    """The filter in words; "" when nothing is left out."""
    parts = []
    if chosen.owasp:
        parts.append(f"OWASP Top 10 {chosen.owasp}")
    if chosen.gdpr:
        parts.append(reader.text(N_("Art. 32 GDPR")))
    return ", ".join(parts)


# ---- one row in words, for sheet and page


def answers(row: Row, reader: Reader) -> Sequence[str]:
    """The answers, each in a line."""
    return [_answer(one, reader) for one in row.answers]


def _answer(one: AnswerRow, reader: Reader) -> str:
    place = f" ({one.supply})" if one.supply else ""
    rests = f" [{reader.text(marks.ASSURANCES[one.assurance])}]" if one.assurance else ""
    return (
        f"{one.question.id}{place} {one.question.label.get(reader.language)}: {tables.answer_text(one, reader)}{rests}"
    )


def findings(row: Row, reader: Reader) -> Sequence[str]:
    """What fell short, each in a line, and how many checks were met."""
    lines = [finding(one, reader) for one in row.lacking]
    if row.met:
        lines.append(reader.text(N_("%(count)s checks were met"), count=row.met))
    return lines


def finding(one: FindingRow, reader: Reader) -> str:
    """One observation in a line."""
    seen = one.fact.finding
    verdict, severity = marks.VERDICTS[seen.outcome], marks.SEVERITIES[seen.severity]
    title = reader.text(one.check.title) if one.check else seen.check_id
    weight = f" {severity.sign} {reader.text(severity.word)}" if seen.outcome is Outcome.FAIL else ""
    return f"{verdict.sign} {reader.text(verdict.word)}{weight}: {title} ({seen.subject.name})"


def evidence(row: Row, reader: Reader) -> Sequence[str]:
    """The documents, each in a line."""
    return [_document(one, reader) for one in row.evidence]


def _document(one: EvidenceStatus, reader: Reader) -> str:
    mark = marks.EVIDENCE[one.standing]
    until = f", {reader.text(N_('until %(day)s'), day=reader.day(one.valid_until))}" if one.valid_until else ""
    file = f": {one.name}" if one.name else ""
    return f"{mark.sign} {reader.text(mark.word)}{until}: {one.type_text.get(reader.language)}{file}"


def gaps(row: Row, reader: Reader) -> Sequence[str]:
    """What is missing, each in a sentence."""
    return [reader.say(one) for one in row.gaps] or [reader.text(N_("No gap is known."))]
