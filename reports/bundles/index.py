"""What is in a bundle, in seven domains with their gaps: as data, as a page for people, and on paper."""

import hashlib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from assessments import domains, frameworks
from assessments.domains import Gap, GapKind, View
from assessments.model import PARTS, Assessed, Assurance, EvidenceStanding, EvidenceStatus
from reports import facts, marks, pages, rendering
from reports.bundles.facts import Bundle, Document, LeftOut
from reports.reader import Reader
from scanners.model import N_

FORMAT = "kettenblick-evidence-index"
VERSION = 1
MOST_TOLD = 40  # of the gaps of one kind

GAPS: Mapping[GapKind, str] = {
    GapKind.NOTHING: N_("Measures of which nothing is known"),
    GapKind.UNANSWERED: N_("Questions without an answer"),
    GapKind.EVIDENCE: N_("Documents that are missing or no longer hold"),
    GapKind.UNSEEN: N_("Checks without a result"),
    GapKind.CONTRADICTION: N_("Open contradictions between answer and scan"),
}
REASONS: Mapping[LeftOut, str] = {
    LeftOut.VIEW_ONLY: N_("the vendor lets it be read, not taken along"),
    LeftOut.REMOVED: N_("it was deleted since, by its owner or because its time was over"),
    LeftOut.UNREADABLE: N_("its file cannot be read; the operator has to look"),
    LeftOut.SIZE: N_("all documents together would be too large"),
}
FILES: Mapping[str, str] = {
    "index.pdf": N_("what is in it on paper: the seven domains with their gaps, and the hash of every other file"),
    "report.pdf": N_("the vendor report"),
    "register.xlsx": N_("the rows of the register"),
    "score.json": N_("the score with every line, and the residual risk"),
    "findings.json": N_("every finding with both sides' words, and what it rests on"),
    "answers.json": N_("every question with its answer in words"),
    "signed-answers.json": N_("the answers as they were signed off"),
    "contradictions.json": N_("answers and observations that do not fit, and how they were settled"),
    "disputes.json": N_("what the vendor holds against findings, and what the hospital says to it"),
    "waivers.json": N_("what the hospital accepts until a day"),
    "risks.json": N_("risks and their treatment"),
    "actions.json": N_("what the vendor is to mend until when"),
    "evidence.json": N_("documents with SHA-256 and how they stand"),
    "consents.json": N_("who agreed to which scan, and what changed in its scope"),
    "not-examined.json": N_("what was not examined, and why"),
    "scans.json": N_("the scans whose raw results are here"),
    "dossier.json": N_("every fact that the score rests on"),
    "policy.json": N_("the numbers of the policy"),
    "catalogue.yaml": N_("the questionnaire"),
    "checks.json": N_("the checks with severity, reason and remedy"),
    "assessment-results.json": N_("the same as OSCAL assessment results"),
    "manifest.json": N_("the SHA-256 of every member"),
    "signature.json": N_("the signature over the manifest"),
}

OTHERS: Mapping[str, str] = {  # files that index.json need not explain, and folders
    "index.html": N_("the seven domains with their gaps, for a browser"),
    "index.json": N_("the same for programs"),
    "index.css": N_("the look of index.html"),
    "README.txt": N_("how to read and check this file"),
    "evidence-bundle-1.schema.json": N_("the form of the manifest, for programs"),
    "observations": N_("what a scan saw, before anybody judged it"),
    "evidence": N_("a document that was handed in"),
}


def data(bundle: Bundle, documents: Sequence[tuple[Document, str]], readers: Sequence[Reader]) -> dict[str, Any]:
    """index.json."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "domains": [_domain(one, readers) for one in domains.view(bundle.assessed)],
        "left_out": [
            {"name": one.name, "sent_as": one.sent_as, "sha256": one.sha256, "reason": one.left_out}
            for one, _file in documents
            if one.left_out
        ],
        "files": {name: facts.both_of(words, readers) for name, words in FILES.items()},
    }


def page(
    bundle: Bundle, documents: Sequence[tuple[Document, str]], reader: Reader, *, names: Sequence[str], fingerprint: str
) -> str:
    """index.html; `names` are the members that are there."""
    return rendering.page(
        "bundle_index.html",
        reader,
        **_shown(bundle, documents, reader),
        listed=[(name, reader.text(words)) for name, words in FILES.items() if name in names],
        fingerprint=fingerprint,
    )


def paper(
    bundle: Bundle,
    documents: Sequence[tuple[Document, str]],
    reader: Reader,
    *,
    members: Mapping[str, bytes],
    fingerprint: str,
) -> str:
    """index.pdf before it is set; `members` are all that are there but this and what is made of them."""
    return rendering.page(
        "bundle_index_paper.html",
        reader,
        **_shown(bundle, documents, reader),
        count=_count,
        told=lambda gap: _told(bundle, gap, reader),
        most=MOST_TOLD,
        hashed=[(name, _about(name, reader), hashlib.sha256(members[name]).hexdigest()) for name in sorted(members)],
        fingerprint=fingerprint,
    )


def paper_style() -> str:
    """The look of index.pdf."""
    return pages.style() + (files("reports") / "templates" / "bundle_index_paper.css").read_text(encoding="utf-8")


def _shown(bundle: Bundle, documents: Sequence[tuple[Document, str]], reader: Reader) -> dict[str, Any]:
    """What page and paper show."""
    assessed = bundle.assessed
    views = domains.view(assessed)
    return {
        "bundle": bundle,
        "dossier": assessed.dossier,
        "score": assessed.score,
        "views": views,
        "lacking": sum(one.lacking for one in views),
        "gap_count": sum(map(_count, views)),
        "gap_words": lambda view: _gap_words(view, reader),
        "gap_titles": GAPS,
        "said": lambda gap, key: _said(bundle, gap, key, reader),
        "measures": {part: frameworks.measure(part) for part in PARTS},
        "marks": marks,
        "documents": documents,
        "kinds": _kinds(assessed, reader),
        "reasons": REASONS,
    }


def _about(name: str, reader: Reader) -> str:
    """What a member is; those of one folder are alike."""
    return reader.text(FILES.get(name) or OTHERS[name.partition("/")[0]])


def style() -> bytes:
    """index.css."""
    return (files("reports") / "templates" / "bundle_index.css").read_bytes()


def _domain(view: View, readers: Sequence[Reader]) -> dict[str, Any]:
    return {
        "id": view.domain.id,
        "title": {"de": view.domain.title.de, "en": view.domain.title.en},
        "parts": [facts.part(one) for one in view.parts],
        "answers": {"asked": len(view.answers), "answered": view.answered, "keys": [one.key for one in view.answers]},
        "findings": {
            "checked": len(view.findings),
            "lacking": view.lacking,
            "keys": [row.key for row in view.findings if row.fact.finding.outcome in domains.LACKING],
        },
        "evidence": [one.key for one in view.evidence if one.name],
        "risks": [one.key for one in view.risks],
        "gaps": [
            {"kind": gap.kind, "title": facts.both_of(GAPS[gap.kind], readers), "keys": list(gap.keys)}
            for gap in view.gaps
        ],
    }


def _told(bundle: Bundle, gap: Gap, reader: Reader) -> Sequence[str]:
    """The first ones in words; a document that several answers or products lack is named once."""
    if gap.kind is not GapKind.EVIDENCE:
        return [_said(bundle, gap, key, reader) for key in gap.keys[:MOST_TOLD]]
    known = {one.key: one for one in bundle.assessed.evidence}
    grouped: dict[tuple[str, EvidenceStanding], list[EvidenceStatus]] = {}
    for one in (known[key] for key in gap.keys[:MOST_TOLD] if key in known):
        grouped.setdefault((one.name or one.type_text.get(reader.language), one.standing), []).append(one)
    return [
        f"{f'{len(alike)} × ' if len(alike) > 1 else ''}{named}"
        f" ({', '.join(dict.fromkeys(name for one in alike for name in one.question_ids))}):"
        f" {reader.text(marks.EVIDENCE[standing].word)}"
        for (named, standing), alike in grouped.items()
    ]


def _count(view: View) -> int:
    return sum(len(gap.keys) for gap in view.gaps)


def _gap_words(view: View, reader: Reader) -> str:
    count = _count(view)
    return reader.text(N_("Gaps: %(count)s"), count=count) if count else reader.text(N_("no gaps"))


def _said(bundle: Bundle, gap: Gap, key: str, reader: Reader) -> str:
    """A key with the words that belong to it."""
    catalogue = bundle.assessed.dossier.catalogue
    match gap.kind:
        case GapKind.UNANSWERED | GapKind.CONTRADICTION:
            question = catalogue.questions.get(key.partition(":")[0])
            return f"{key} {question.label.get(reader.language)}" if question else key
        case GapKind.EVIDENCE:
            found = next((one for one in bundle.assessed.evidence if one.key == key), None)
            if found is None:
                return key
            standing = reader.text(marks.EVIDENCE[found.standing].word)
            asked = ", ".join([*found.question_ids, *([found.supply] if found.supply else [])])
            return f"{found.name or found.type_text.get(reader.language)} ({asked}): {standing}"
        case GapKind.NOTHING:
            return frameworks.measure(key).title.get(reader.language)
        case _:
            return key


def _kinds(assessed: Assessed, reader: Reader) -> dict[str, str]:
    """What each document is, by its key; a file in which recorded answers were read says so."""
    recorded = reader.text(marks.ASSURANCES[Assurance.RECORDED])
    sources = {row.recorded.source_key: recorded for row in assessed.answers if row.recorded is not None}
    return {one.key: one.type_text.get(reader.language) for one in assessed.evidence} | sources
