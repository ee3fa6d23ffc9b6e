"""What an answer really says, where the checks named beside its question look at more than it claims.

The catalogue links checks to a question; an option claims only a part of what they look at. These facts stand here and
not in the catalogue, because a released catalogue never changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from questionnaires.model import AnswerValue


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Which failed checks speak against an option."""

    checks: frozenset[str]
    held_by: Mapping[str, frozenset[str]] = field(default_factory=dict)  # check -> others, one of which is enough
    mail_domains_only: bool = False  # a domain that receives no mail is not what was asked about


# Enforced transport encryption is MTA-STS or DANE: the failure of one is no contradiction while the other holds.
# Protection against forged senders is asked of mail domains; only "reject" also claims SPF.
CLAIMS: Mapping[tuple[str, str], Claim] = {
    ("CR-05", "dane_or_mtasts"): Claim(
        checks=frozenset({"mail.starttls", "mail.mta-sts", "mail.dane"}),
        held_by={"mail.mta-sts": frozenset({"mail.dane"}), "mail.dane": frozenset({"mail.mta-sts"})},
    ),
    ("MF-03", "reject"): Claim(
        checks=frozenset({"mail.dmarc-policy", "mail.spf-present", "mail.spf-all"}), mail_domains_only=True
    ),
    ("MF-03", "quarantine"): Claim(checks=frozenset({"mail.dmarc-policy"}), mail_domains_only=True),
}


def of(question_id: str, value: AnswerValue) -> Claim | None:
    """What this answer claims; None where the question's own checks say all."""
    return next((CLAIMS[question_id, one] for one in value.choices if (question_id, one) in CLAIMS), None)
