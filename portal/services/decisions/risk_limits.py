"""Who may accept a single risk and until when: the hospital's limits, and the decisions that reach beyond one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from assessments import deciding
from assessments.model import Authority, RiskLevel, Words
from portal import i18n
from portal.db.models.accounts import HospitalRole
from portal.home import BERLIN
from portal.services.actors import Actor, hospital_of
from portal.services.decisions import decision_rows
from portal.services.decisions.decision_rows import DecisionRow
from portal.services.registers import policies
from reports.reader import Reader
from scanners.model import N_, Message

TOO_LONG = N_("At this level a risk is accepted for %(days)s days at most, that is until %(day)s.")
BY_DECIDER = N_("At this level information security accepts a risk: ask somebody with the role Decision.")
BY_SITTING: Mapping[tuple[Authority, bool], str] = {  # by who accepts, and whether it is about a vendor
    (Authority.COMMITTEE, True): N_(
        "At this level the risk committee accepts a risk, not one person. Put the vendor on the agenda of a sitting; "
        "once it is approved there for longer than this day, write the acceptance down here."
    ),
    (Authority.MANAGEMENT, True): N_(
        "At this level the management accepts a risk, not one person. Put the vendor on the agenda of a sitting; "
        "once it is approved there for longer than this day, write the acceptance down here."
    ),
    (Authority.COMMITTEE, False): N_(
        "At this level the risk committee accepts a risk, not one person. Put the risk on the agenda of a sitting as a "
        "topic that names its number; once it is approved for longer than this day, write the acceptance down here."
    ),
    (Authority.MANAGEMENT, False): N_(
        "At this level the management accepts a risk, not one person. Put the risk on the agenda of a sitting as a "
        "topic that names its number; once it is approved for longer than this day, write the acceptance down here."
    ),
}
ALONE = frozenset({HospitalRole.ADMIN, HospitalRole.DECIDER})  # who accepts where one person may who decides


@dataclass(frozen=True, kw_only=True)
class Accepting:
    """An acceptance as somebody writes it down; `vendor_id` "": of the hospital as a whole."""

    level: RiskLevel | None
    until: date
    vendor_id: str = ""
    risk_key: str = ""  # "": it has no number yet


def refuse(session: Session, actor: Actor, wanted: Accepting, *, now: datetime) -> Mapping[str, Message]:
    """What stands against it, beside its field: nobody accepts for longer than the level allows, or in the place of
    somebody higher."""
    rules = policies.of(session, hospital_of(actor))
    rule = deciding.acceptance(rules, wanted.level)
    latest = deciding.latest_acceptance(rules, wanted.level, now.astimezone(BERLIN).date())
    if wanted.until > latest:
        day = Reader(language=i18n.language(), translate=i18n.gettext).day(latest)
        return _beside(TOO_LONG, days=rule.days, day=day)
    if rule.by in deciding.IN_SITTINGS:
        stood = decision_rows.standing_rows(session, actor)
        if not covers(stood, wanted.vendor_id, wanted.risk_key, rule.by, wanted.until):
            return _beside(BY_SITTING[rule.by, bool(wanted.vendor_id)])
    elif rule.by is Authority.CISO and actor.hospital_role not in ALONE:
        return _beside(BY_DECIDER)
    return {}


def _beside(text: str, **values: str | int) -> Mapping[str, Message]:
    return {"accepted_until": Message(text=text, values={name: value for name, value in values.items() if value})}


def limits(session: Session, actor: Actor, levels: Iterable[RiskLevel | None], *, today: date) -> Sequence[Words]:
    """Who accepts a risk of each of these levels until when, in a sentence each."""
    rules = policies.of(session, hospital_of(actor))
    day = Reader(language=i18n.language(), translate=i18n.gettext).day
    return [deciding.say_limit(rules, level, today, day=day) for level in levels]


def covers(stood: Iterable[DecisionRow], vendor_id: str, risk_key: str, by: Authority, until: date | None) -> bool:
    """Whether somebody of that authority has approved the vendor, or a topic that names the risk, for that long."""
    for row in stood:
        decision = row.decision
        if vendor_id:
            is_about = decision.vendor_id == vendor_id
        else:
            is_about = bool(risk_key) and decision.vendor_id is None and risk_key in decision.topic
        lasts = decision.review_on is None or until is None or until <= decision.review_on
        if (
            is_about
            and lasts
            and row.is_in_force
            and decision.ruling in deciding.APPROVALS
            and deciding.rank(decision.authority) >= deciding.rank(by)
        ):
            return True
    return False
