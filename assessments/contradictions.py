"""Answers and observations that do not fit, and those that confirm each other."""

from datetime import datetime

from assessments import claims, gathering
from assessments.claims import Claim
from assessments.gathering import Asked, Counted, Gathered
from assessments.model import Contradiction, Dossier, HostRole, Policy
from questionnaires.model import Relation
from scanners.model import Outcome

# This check does not apply where mail is received, and says something wherever none is.
MAIL_OR_NOT = "mail.parked-protection"
WITHOUT_MAIL = frozenset({Outcome.PASS, Outcome.WARN, Outcome.FAIL})
AGREEING = frozenset({Outcome.PASS, Outcome.INFO, Outcome.NOT_APPLICABLE})


def find(dossier: Dossier, policy: Policy) -> tuple[Contradiction, ...]:
    """Every claim that a failed check speaks against, settled ones included, in the order of the catalogue."""
    return among(Gathered(dossier=dossier, policy=policy))


def among(gathered: Gathered) -> tuple[Contradiction, ...]:
    """The same, of what was gathered already."""
    claimed = (asked for asked, _answer in gathered.answered if asked.line_key not in gathered.mended)
    return tuple(found for asked in claimed for found in against(gathered, asked))


def against(gathered: Gathered, asked: Asked) -> tuple[Contradiction, ...]:
    """What speaks against one answer. Only a claim can be contradicted: an honest "partly" cannot."""
    dossier, policy = gathered.dossier, gathered.policy
    if asked.answer is None or asked.share is None or asked.share <= policy.contradiction_above_share:
        return ()
    by_check = {
        link.check_id: link
        for link in asked.question.scan_checks
        if link.relation in {Relation.VERIFIES, Relation.CONTRADICTS}
    }
    claim = claims.of(asked.question.id, asked.answer.value)
    found = []
    for counted in gathered.counted if by_check else ():
        link = by_check.get(counted.check.id)
        finding = counted.fact.finding
        if link is None or not counted.failed or not gathering.serves(dossier, finding.subject, asked.supply):
            continue
        if asked.supply is not None and counted.role is HostRole.CORPORATE:  # not what the hospital is supplied through
            continue
        if not _is_claimed(gathered, claim, counted):
            continue
        key = f"{asked.key}:{counted.key}"
        found.append(
            Contradiction(
                key=key,
                question=asked.question,
                check_id=counted.check.id,
                check_title=counted.check.title,
                subject=finding.subject,
                supply=asked.supply,
                answer=asked.answer.value,
                answered_at=asked.answer.answered_at,
                observation=finding.fact,
                observed_at=finding.at,
                note=link.note,
                settled=_still_settled(dossier, key, asked.answer.answered_at, counted.fact.first_seen),
            )
        )
    return tuple(found)


def _still_settled(dossier: Dossier, key: str, answered_at: datetime | None, first_seen: datetime) -> bool:
    """A settlement speaks of the answer and the observation it was written for, not of what came later."""
    at = dossier.settled_contradictions.get(key)
    return at is not None and at >= max(answered_at or first_seen, first_seen)


def _is_claimed(gathered: Gathered, claim: Claim | None, counted: Counted) -> bool:
    """Whether the answer says the very thing that this failed check denies, of this subject."""
    if claim is None:
        return True
    outcomes = {
        other.check.id: other.fact.finding.outcome
        for other in gathered.counted
        if other.fact.finding.subject == counted.fact.finding.subject and not other.fact.finding.provisional
    }
    if claim.mail_domains_only and outcomes.get(MAIL_OR_NOT, Outcome.NOT_APPLICABLE) in WITHOUT_MAIL:
        return False
    held = claim.held_by.get(counted.check.id, frozenset())
    return counted.check.id in claim.checks and not any(outcomes.get(one) is Outcome.PASS for one in held)


def confirmed(gathered: Gathered, asked: Asked) -> bool:
    """Whether every check that can verify the answer was made, none speaks against it, and at least one passed."""
    if asked.answer is None or not asked.share:
        return False
    dossier, policy = gathered.dossier, gathered.policy
    outcomes: dict[str, set[Outcome]] = {
        link.check_id: set()
        for link in asked.question.scan_checks
        if link.relation is Relation.VERIFIES and not _mere_remark(dossier, link.check_id, policy)
    }
    for counted in gathered.counted if outcomes else ():
        finding = counted.fact.finding
        if counted.check.id in outcomes and gathering.serves(dossier, finding.subject, asked.supply):
            outcomes[counted.check.id].add(Outcome.UNKNOWN if finding.provisional else finding.outcome)
    said = set().union(*outcomes.values())
    return bool(outcomes) and all(outcomes.values()) and Outcome.PASS in said and said <= AGREEING


def _mere_remark(dossier: Dossier, check_id: str, policy: Policy) -> bool:
    """Whether a check only ever remarks; one that this version cannot make yet is no remark, it is not made."""
    check = dossier.checks.get(check_id)
    return check is not None and policy.severity_weights[check.severity] == 0
