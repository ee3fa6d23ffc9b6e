"""Whether a document still proves anything, by its own dates, its kind and the product it names."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from assessments import evidence_kinds
from assessments.gathering import Gathered
from assessments.model import (
    Assurance,
    Dossier,
    EvidenceFact,
    EvidenceStanding,
    EvidenceStatus,
    Phrase,
    Policy,
    Words,
)
from questionnaires import answering, loading
from questionnaires.model import AnswerKind, Catalogue, EvidenceType, EvidenceWanted, Question

ATTACHED = loading.FILE[0].id
GOOD = (EvidenceStanding.VALID, EvidenceStanding.EXPIRING)
NO_PROOF = frozenset({EvidenceStanding.WRONG_TYPE, EvidenceStanding.PROVIDED})
WORST_FIRST = (
    EvidenceStanding.EXPIRED,
    EvidenceStanding.UNDATED,
    EvidenceStanding.NOT_YET,
    EvidenceStanding.OTHER_PRODUCT,
    EvidenceStanding.EXPIRING,
    EvidenceStanding.VALID,
    EvidenceStanding.PROVIDED,
    EvidenceStanding.WRONG_TYPE,
)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How a document stands for what was wanted, until when it counts, and why."""

    standing: EvidenceStanding
    until: date | None
    reason: Words


def standing(
    evidence: EvidenceFact, wanted: EvidenceWanted | None, *, today: date, warning_days: int
) -> EvidenceStanding:
    """How a document stands by its dates; None: no such kind was wanted there."""
    return judge(evidence, wanted, today=today, warning_days=warning_days).standing


def judge(
    evidence: EvidenceFact,
    wanted: EvidenceWanted | None,
    *,
    today: date,
    warning_days: int,
    product: str = "",
    newer: str = "",
) -> Verdict:
    """A document for what was wanted; for a product, if it lies beside an answer about one.

    `newer` is a later release of its product, of which another document of its kind lies there.
    """
    end = good_until(evidence, wanted) if wanted is not None else None
    found = _standing(evidence, wanted, end, today=today, warning_days=warning_days)
    if found in GOOD and newer:
        found = EvidenceStanding.EXPIRED
    elif found in GOOD and product and not names(evidence, product):
        found = EvidenceStanding.OTHER_PRODUCT
    reason = evidence_kinds.reason(evidence, wanted, found, end=end, today=today, product=product, newer=newer)
    return Verdict(standing=found, until=end, reason=reason)


def good_until(evidence: EvidenceFact, wanted: EvidenceWanted) -> date | None:
    """The last day it counts: its printed end, and no longer than this kind is good for."""
    months = wanted.validity_months
    if evidence.type in evidence_kinds.OVER_A_PERIOD:
        if evidence.valid_from is None or evidence.valid_until is None or months is None:
            return None
        return answering.add_months(evidence.valid_until, months)
    by_age = answering.add_months(evidence.issued_on, months) if evidence.issued_on and months is not None else None
    has_own_end = wanted.validity_note is not None and evidence.type not in evidence_kinds.OF_ONE_DAY
    if has_own_end and evidence.valid_until:
        return evidence.valid_until  # a certificate's own end, a contract's term
    return min((end for end in (evidence.valid_until, by_age) if end), default=None)


def names(evidence: EvidenceFact, product: str) -> bool:
    """Whether what a document says of its product or scope names this product; one that says nothing is not blamed."""
    if not (evidence.product or evidence.scope):
        return True
    wanted, own = _words(product), _words(evidence.product)
    return wanted <= _words(f"{evidence.product} {evidence.scope}") or bool(own and own <= wanted)


def attached(dossier: Dossier, question: Question, supply: str | None) -> tuple[EvidenceFact, ...]:
    """The documents given for this question: of this supply, or of the company as a whole."""
    return tuple(
        evidence
        for evidence in dossier.evidence
        if (
            (question.id, supply) in evidence.places
            if evidence.places
            else question.id in evidence.question_ids and evidence.supply in {None, supply}
        )
    )


def proof(dossier: Dossier, question: Question, supply: str | None, policy: Policy) -> Assurance:
    """What the documents given make of an answer: proven, expired, or just declared."""
    standings = {
        _judged(dossier, evidence, kind_wanted(question, evidence), supply, policy).standing
        for evidence in attached(dossier, question, supply)
    }
    if not standings.isdisjoint(GOOD):
        return Assurance.PROVEN
    return Assurance.EXPIRED if EvidenceStanding.EXPIRED in standings else Assurance.DECLARED


def kind_wanted(question: Question, evidence: EvidenceFact) -> EvidenceWanted | None:
    """The kind of proof the question asks for that this document is, or stands for."""
    listed = next((kind for kind in question.evidence if kind.type == evidence.type), None)
    if listed is None and evidence.type in evidence_kinds.also(question):
        return wanted_of(evidence_kinds.FURTHER[evidence.type])
    return listed


def statuses(dossier: Dossier, policy: Policy) -> tuple[EvidenceStatus, ...]:
    """Every document as it stands, and what is missing where much depends on the answer."""
    return statuses_among(Gathered(dossier=dossier, policy=policy))


def statuses_among(gathered: Gathered) -> tuple[EvidenceStatus, ...]:
    """The same, of what was gathered already."""
    documents = sorted(gathered.dossier.evidence, key=lambda each: each.key)
    given = [_status(gathered.dossier, evidence, gathered.policy) for evidence in documents]
    return (*given, *_missing(gathered))


def last_days(found: Iterable[EvidenceStatus]) -> tuple[date, ...]:
    """The last day of each kind of document for each product: of several, the latest counts."""
    latest: dict[tuple[str, str | None], date] = {}
    for one in found:
        if one.valid_until is not None and one.sha256 and one.standing not in NO_PROOF:
            key = one.type, one.supply
            latest[key] = max(one.valid_until, latest.get(key, one.valid_until))
    return tuple(sorted(latest.values()))


def _status(dossier: Dossier, evidence: EvidenceFact, policy: Policy) -> EvidenceStatus:
    today = dossier.day
    verdicts = [_judged(dossier, evidence, kind, supply, policy) for kind, supply in _wishes(dossier, evidence)]
    worst = min(verdicts, key=lambda verdict: WORST_FIRST.index(verdict.standing))
    end = min((one.until for one in verdicts if one.until), default=evidence.valid_until)
    return EvidenceStatus(
        key=evidence.key,
        standing=worst.standing,
        type=evidence.type,
        type_text=evidence_kinds.text_of(dossier.catalogue, evidence.type),
        question_ids=evidence.question_ids,
        supply=evidence.supply,
        name=evidence.name,
        sent_as=evidence.sent_as,
        sha256=evidence.sha256,
        issued_on=evidence.issued_on,
        valid_until=end,
        days_left=(end - today).days if end else None,
        reason=worst.reason,
    )


def _judged(
    dossier: Dossier, evidence: EvidenceFact, kind: EvidenceWanted | None, supply: str | None, policy: Policy
) -> Verdict:
    return judge(
        evidence,
        kind,
        today=dossier.day,
        warning_days=policy.evidence_warning_days,
        product=next((one.name for one in dossier.supplies if one.key == supply), ""),
        newer=evidence_kinds.newer_release(evidence, dossier.evidence),
    )


def _standing(
    evidence: EvidenceFact, wanted: EvidenceWanted | None, end: date | None, *, today: date, warning_days: int
) -> EvidenceStanding:
    if evidence.type == evidence_kinds.OTHER or wanted is None:  # whatever its dates, no rule knows another document
        return EvidenceStanding.PROVIDED if evidence.type == evidence_kinds.OTHER else EvidenceStanding.WRONG_TYPE
    if evidence.issued_on and evidence.issued_on > today:
        return EvidenceStanding.NOT_YET
    if end is not None and end < today:
        return EvidenceStanding.EXPIRED
    # An end of its own does not tell of which day the state is that a list of parts shows.
    if evidence_kinds.needs_its_day(evidence) or (end is None and wanted.validity_months is not None):
        return EvidenceStanding.UNDATED
    if end is None:
        return EvidenceStanding.EXPIRING if evidence_kinds.is_stale(evidence, today) else EvidenceStanding.VALID
    return EvidenceStanding.EXPIRING if (end - today).days <= warning_days else EvidenceStanding.VALID


def _wishes(dossier: Dossier, evidence: EvidenceFact) -> list[tuple[EvidenceWanted | None, str | None]]:
    """What the answers it was given for want of it; a document given for none is judged by its type alone."""
    known = dossier.catalogue.questions
    places = evidence.places or tuple((name, evidence.supply) for name in evidence.question_ids)
    asked = [(kind_wanted(known[name], evidence), supply) for name, supply in places if name in known]
    return asked or [(of_kind(dossier.catalogue, evidence.type), None)]


def of_kind(catalogue: Catalogue, name: str) -> EvidenceWanted | None:
    """How long a document of this kind counts wherever it lies; None: nobody knows the kind."""
    kind = evidence_kinds.known(catalogue).get(name)
    return wanted_of(kind) if kind is not None else None


def wanted_of(kind: EvidenceType) -> EvidenceWanted:
    """The same, of a kind."""
    return EvidenceWanted(type=kind.id, validity_months=kind.validity_months, validity_note=kind.validity_note)


def _words(name: str) -> frozenset[str]:
    return frozenset("".join(sign if sign.isalnum() else " " for sign in name.casefold()).split())


def _missing(gathered: Gathered) -> list[EvidenceStatus]:
    dossier, policy = gathered.dossier, gathered.policy
    rows = []
    for asked, answer in gathered.answered:
        question = asked.question
        heavy = question.knock_out or question.weight >= policy.evidence_expected_from_weight
        claimed = asked.share is not None and asked.share > 0
        if question.shape.kind is AnswerKind.FILE:  # without the document it is worth nothing, whatever was claimed
            heavy, claimed = True, ATTACHED in answer.value.choices
        if not (heavy and claimed and question.evidence) or attached(dossier, question, asked.supply):
            continue
        kind = question.evidence[0].type
        text = dossier.catalogue.evidence_types[kind].text
        rows.append(
            EvidenceStatus(
                key=f"missing:{asked.key}",
                standing=EvidenceStanding.MISSING,
                type=kind,
                type_text=text,
                question_ids=(question.id,),
                supply=asked.supply,
                reason=Phrase(text=evidence_kinds.MISSING, values={"kind": text}),
            )
        )
    return rows
