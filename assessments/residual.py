"""Impact meets likelihood in the policy's matrix."""

from assessments.model import (
    Dossier,
    Likelihood,
    NoGrade,
    Phrase,
    Policy,
    ResidualRisk,
    Risk,
    RiskLevel,
    Score,
    spoken,
)
from questionnaires.model import N_
from scanners.model import Severity


def of(dossier: Dossier, score: Score, policy: Policy) -> ResidualRisk:
    """What remains of the risk of depending on this vendor."""
    likelihood = likelihood_of(score, policy)
    return ResidualRisk(
        impact=dossier.impact,
        patient_safety=dossier.patient_safety,
        likelihood=likelihood,
        level=level(dossier.impact, likelihood.value, policy),
    )


def likelihood_of(score: Score, policy: Policy) -> Likelihood:
    """From the grade. Not knowing is never better than the policy's floor for it, and a poor grade stays poor."""
    if score.grade is None:
        reason = (
            Phrase(text=N_("Nothing was seen; assumed with caution."))
            if score.why_no_grade is NoGrade.NOTHING_SEEN
            else Phrase(
                text=N_("No grade, coverage %(coverage)s %%; assumed with caution."),
                values={"coverage": spoken(score.coverage)},
            )
        )
        return Likelihood(value=policy.likelihood_unknown, cautious=True, reason=reason)
    by_grade = policy.likelihood_by_grade[score.grade]
    if score.silent:
        return Likelihood(
            value=max(by_grade, policy.likelihood_unknown),
            cautious=True,
            reason=Phrase(text=N_("Mostly unanswered after the deadline; assumed with caution.")),
        )
    return Likelihood(
        value=by_grade, cautious=False, reason=Phrase(text=N_("Grade %(grade)s."), values={"grade": str(score.grade)})
    )


def likelihood_of_one(severity: Severity, policy: Policy) -> Likelihood:
    """Of a single risk, from how severe its cause is."""
    return Likelihood(
        value=policy.likelihood_by_severity[severity],
        cautious=False,
        reason=Phrase(text=SEVERITIES[severity]),
    )


def level(impact: int | None, likelihood: int, policy: Policy) -> RiskLevel | None:
    """The cell of the matrix; None without an impact."""
    return None if impact is None else policy.matrix[impact - 1][likelihood - 1]


def inherent(risk: Risk, policy: Policy) -> RiskLevel | None:
    """Of a derived risk before anything was known of the vendor: its impact with the likelihood of not knowing, and
    never below what remains."""
    return level(risk.impact, max(policy.likelihood_unknown, risk.likelihood.value), policy)


SEVERITIES = {
    Severity.CRITICAL: N_("The cause is critical."),
    Severity.HIGH: N_("The cause is high."),
    Severity.MEDIUM: N_("The cause is medium."),
    Severity.LOW: N_("The cause is low."),
    Severity.INFO: N_("The cause is a mere remark."),
}
