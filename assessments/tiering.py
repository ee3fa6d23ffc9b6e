"""From the intake to impact and tier, with reasons a person can check."""

from collections.abc import Mapping

from assessments import intake as intakes
from assessments.model import ImpactRule, Intake, IntakeForm, Phrase, Policy, TierProposal, TierRule, Words
from questionnaires import answering
from questionnaires.model import N_, AnswerValue, Catalogue

LOWEST = 1
HIGHEST = 5


def propose(intake: Intake, policy: Policy, *, form: IntakeForm | None = None) -> TierProposal:
    """Impact, effect on patients, tier and question set, each with its reason."""
    form = form or intakes.get(intake.form_version)
    reasons: list[Words] = []
    impact = _highest(intake, policy.impact_rules)
    reasons += _impact_reasons(intake, form, policy, impact)
    for raise_rule in policy.raise_rules:
        if raise_rule.option in intake.answers.get(raise_rule.question, ()) and impact >= raise_rule.from_impact:
            impact = min(impact + raise_rule.by, HIGHEST)
            reasons.append(
                _reason(
                    N_("%(question)s %(answer)s. This raises the impact to %(impact)d of 5."),
                    form,
                    raise_rule.question,
                    raise_rule.option,
                    impact=impact,
                )
            )
    patient_safety = _highest(intake, policy.patient_safety_rules)
    rule = _tier_rule(intake, form, policy, impact)
    reasons.append(_tier_reason(rule, impact))
    if patient_safety > LOWEST:
        reasons.append(
            Phrase(
                text=N_("Effect on patients %(level)d of 5; it is shown apart and does not change the tier."),
                values={"level": patient_safety},
            )
        )
    return TierProposal(
        impact=impact,
        patient_safety=patient_safety,
        tier=rule.tier,
        question_set=policy.sets_by_tier[rule.tier],
        reasons=tuple(reasons),
        missing=tuple(question.id for question in form.questions if question.id not in intake.answers),
    )


def supply_flags(catalogue: Catalogue, profile: Mapping[str, AnswerValue], intake: Intake | None) -> frozenset[str]:
    """The flags of a supply: what the company's profile says, and what the hospital's intake knows."""
    known = intakes.flags(intakes.get(intake.form_version), intake) if intake else frozenset()
    return answering.derive_flags(catalogue, profile, intake=known)


def supply_needs(intake: Intake | None) -> Mapping[str, float]:
    """What the hospital needs of a supply ("required_rto_h", "required_rpo_h")."""
    return intakes.needs(intakes.get(intake.form_version), intake) if intake else {}


def _highest(intake: Intake, rules: tuple[ImpactRule, ...]) -> int:
    return max((rule.impact for rule in rules if rule.option in intake.answers.get(rule.question, ())), default=LOWEST)


def _impact_reasons(intake: Intake, form: IntakeForm, policy: Policy, impact: int) -> list[Words]:
    """The answers that alone are enough for this impact."""
    return [
        _reason(
            N_("%(question)s %(answer)s: impact at least %(impact)d of 5."),
            form,
            rule.question,
            rule.option,
            impact=impact,
        )
        for rule in policy.impact_rules
        if rule.impact == impact and rule.option in intake.answers.get(rule.question, ())
    ]


def _reason(text: str, form: IntakeForm, question_id: str, option_id: str, *, impact: int) -> Words:
    question = form.question(question_id)
    option = question.option(option_id)
    assert option is not None
    return Phrase(text=text, values={"question": question.text, "answer": option.text, "impact": impact})


def _tier_rule(intake: Intake, form: IntakeForm, policy: Policy, impact: int) -> TierRule:
    outage = intakes.hours(form, intake, "outage")
    flags = intakes.flags(form, intake)
    for rule in policy.tier_rules:
        if not rule.impact_from <= impact <= rule.impact_to:
            continue
        if rule.outage_at_most_h is not None and (outage is None or outage > rule.outage_at_most_h):
            continue
        if rule.with_flag is not None and rule.with_flag not in flags:
            continue
        return rule
    raise LookupError(impact)  # policies are tested to have a rule for every impact


def _tier_reason(rule: TierRule, impact: int) -> Words:
    values = {"tier": rule.tier, "impact": impact}
    if rule.outage_at_most_h is not None:
        return Phrase(
            text=N_("Impact %(impact)d and at most %(hours)g hours without the service: tier %(tier)d."),
            values={**values, "hours": rule.outage_at_most_h},
        )
    if rule.with_flag is not None:
        return Phrase(
            text=N_("Impact %(impact)d and remote access to clinical networks: tier %(tier)d."), values=values
        )
    return Phrase(text=N_("Impact %(impact)d: tier %(tier)d."), values=values)
