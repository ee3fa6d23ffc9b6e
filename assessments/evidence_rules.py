"""Whether a document still proves anything, by its own dates and its kind."""

from collections.abc import Iterable
from datetime import date

from assessments.gathering import Gathered
from assessments.model import Assurance, Dossier, EvidenceFact, EvidenceStanding, EvidenceStatus, Policy
from questionnaires import answering, loading
from questionnaires.model import AnswerKind, EvidenceWanted, Question, Text

ATTACHED = loading.FILE[0].id
GOOD = (EvidenceStanding.VALID, EvidenceStanding.EXPIRING)


def standing(
    evidence: EvidenceFact, wanted: EvidenceWanted | None, *, today: date, warning_days: int
) -> EvidenceStanding:
    """How a document stands for what was wanted; None: no such kind was wanted there."""
    if wanted is None:
        return EvidenceStanding.WRONG_TYPE
    if evidence.issued_on and evidence.issued_on > today:
        return EvidenceStanding.NOT_YET
    end = good_until(evidence, wanted)
    if end is None:
        return EvidenceStanding.UNDATED if wanted.validity_months is not None else EvidenceStanding.VALID
    if end < today:
        return EvidenceStanding.EXPIRED
    return EvidenceStanding.EXPIRING if (end - today).days <= warning_days else EvidenceStanding.VALID


def good_until(evidence: EvidenceFact, wanted: EvidenceWanted) -> date | None:
    """The last day it counts: its printed end, and no longer than this kind is good for."""
    by_age = (
        answering.add_months(evidence.issued_on, wanted.validity_months)
        if evidence.issued_on and wanted.validity_months is not None
        else None
    )
    if wanted.validity_note is not None and evidence.valid_until:
        return evidence.valid_until  # a certificate's own end, a contract's term
    return min((end for end in (evidence.valid_until, by_age) if end), default=None)


def attached(dossier: Dossier, question: Question, supply: str | None) -> tuple[EvidenceFact, ...]:
    """The documents given for this question: of this supply, or of the company as a whole."""
    return tuple(
        evidence
        for evidence in dossier.evidence
        if question.id in evidence.question_ids and evidence.supply in {None, supply}
    )


def proof(dossier: Dossier, question: Question, supply: str | None, policy: Policy) -> Assurance:
    """What the documents given make of an answer: proven, expired, or just declared."""
    today, warning_days = dossier.at.date(), policy.evidence_warning_days
    standings = {
        standing(evidence, kind_wanted(question, evidence), today=today, warning_days=warning_days)
        for evidence in attached(dossier, question, supply)
    }
    if not standings.isdisjoint(GOOD):
        return Assurance.PROVEN
    return Assurance.EXPIRED if EvidenceStanding.EXPIRED in standings else Assurance.DECLARED


def kind_wanted(question: Question, evidence: EvidenceFact) -> EvidenceWanted | None:
    """The kind of proof the question asks for that this document is."""
    return next((kind for kind in question.evidence if kind.type == evidence.type), None)


def statuses(dossier: Dossier, policy: Policy) -> tuple[EvidenceStatus, ...]:
    """Every document as it stands, and what is missing where much depends on the answer."""
    return statuses_among(Gathered(dossier=dossier, policy=policy))


def statuses_among(gathered: Gathered) -> tuple[EvidenceStatus, ...]:
    """The same, of what was gathered already."""
    documents = sorted(gathered.dossier.evidence, key=lambda each: each.key)
    given = [_status(gathered.dossier, evidence, gathered.policy) for evidence in documents]
    return (*given, *_missing(gathered))


def _status(dossier: Dossier, evidence: EvidenceFact, policy: Policy) -> EvidenceStatus:
    today = dossier.at.date()
    kinds = _kinds(dossier, evidence)
    ends = [end for kind in kinds if kind and (end := good_until(evidence, kind))]
    end = min(ends, default=evidence.valid_until)
    return EvidenceStatus(
        key=evidence.key,
        standing=_worst(
            standing(evidence, kind, today=today, warning_days=policy.evidence_warning_days) for kind in kinds
        ),
        type=evidence.type,
        type_text=_type_text(dossier, evidence.type),
        question_ids=evidence.question_ids,
        supply=evidence.supply,
        name=evidence.name,
        sha256=evidence.sha256,
        issued_on=evidence.issued_on,
        valid_until=end,
        days_left=(end - today).days if end else None,
    )


def _kinds(dossier: Dossier, evidence: EvidenceFact) -> list[EvidenceWanted | None]:
    """What the questions it was given for want of it; a document given for none is judged by its type alone."""
    questions = [
        dossier.catalogue.questions[name] for name in evidence.question_ids if name in dossier.catalogue.questions
    ]
    if questions:
        return [kind_wanted(question, evidence) for question in questions]
    kind = dossier.catalogue.evidence_types.get(evidence.type)
    if kind is None:  # a kind that another catalogue knows
        return [None]
    return [EvidenceWanted(type=kind.id, validity_months=kind.validity_months, validity_note=kind.validity_note)]


def _type_text(dossier: Dossier, name: str) -> Text:
    kind = dossier.catalogue.evidence_types.get(name)
    return kind.text if kind is not None else Text(de=name, en=name)


def _worst(standings: Iterable[EvidenceStanding]) -> EvidenceStanding:
    order = (
        EvidenceStanding.EXPIRED,
        EvidenceStanding.UNDATED,
        EvidenceStanding.NOT_YET,
        EvidenceStanding.EXPIRING,
        EvidenceStanding.VALID,
        EvidenceStanding.WRONG_TYPE,
    )
    return min(standings, key=order.index)


def _missing(gathered: Gathered) -> list[EvidenceStatus]:
    dossier, policy = gathered.dossier, gathered.policy
    rows = []
    for asked in gathered.asked:
        question = asked.question
        heavy = question.knock_out or question.weight >= policy.evidence_expected_from_weight
        claimed = asked.share is not None and asked.share > 0
        if question.shape.kind is AnswerKind.FILE:  # without the document it is worth nothing, whatever was claimed
            heavy, claimed = True, asked.answer is not None and ATTACHED in asked.answer.value.choices
        if not (heavy and claimed and question.evidence) or attached(dossier, question, asked.supply):
            continue
        kind = question.evidence[0].type
        rows.append(
            EvidenceStatus(
                key=f"missing:{asked.key}",
                standing=EvidenceStanding.MISSING,
                type=kind,
                type_text=dossier.catalogue.evidence_types[kind].text,
                question_ids=(question.id,),
                supply=asked.supply,
            )
        )
    return rows
