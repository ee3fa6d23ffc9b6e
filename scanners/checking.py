"""How a check is declared and run: a blind probe gives UNKNOWN, our own bug gives ERROR."""

from collections.abc import Callable, Iterable, Mapping
from types import ModuleType

from scanners.model import (
    N_,
    Check,
    CheckClass,
    Finding,
    Message,
    Observations,
    Outcome,
    Refs,
    Seen,
    Severity,
    SubjectKind,
    Verdict,
)
from scanners.observations import Blind, Observation, Reason

BLINDNESS: Mapping[Reason, str] = {
    Reason.TIMEOUT: N_("No answer came in time."),
    Reason.REFUSED: N_("The connection was refused."),
    Reason.RESET: N_("The connection was cut."),
    Reason.UNREACHABLE: N_("The address could not be reached from here."),
    Reason.NAME_NOT_FOUND: N_("The name does not exist in DNS."),
    Reason.DNS_FAILURE: N_("DNS gave no usable answer."),
    Reason.NOT_PUBLIC: N_("The name resolves to an address that is not public; we do not connect there."),
    Reason.GARBLED: N_("The answer breaks its protocol and could not be read."),
    Reason.TOO_LARGE: N_("The answer is larger than we read."),
    Reason.CHALLENGED: N_("A bot challenge or firewall page stood in the way."),
    Reason.THROTTLED: N_("The server asked us to slow down."),
    Reason.BUDGET: N_("The scan's budget for this address was used up."),
    Reason.DEADLINE: N_("The scan ended before this could be seen."),
    Reason.STOPPED: N_("The scan was stopped."),
    Reason.VANTAGE: N_("The place we look from hides this fact."),
    Reason.NOT_CONSENTED: N_("There is no consent for this class of check."),
    Reason.NOT_CONFIGURED: N_("This was not looked at in this scan."),
    Reason.CRASHED: N_("Our probe failed. This is our error, not the vendor's."),
}


def ok(text: str, **values: str | float) -> Verdict:
    """Passed; the text says what was seen."""
    return Verdict(outcome=Outcome.PASS, fact=Message(text=text, values=values))


def warn(text: str, *, severity: Severity | None = None, **values: str | float) -> Verdict:
    """Half-way; the text says what was seen."""
    return Verdict(outcome=Outcome.WARN, fact=Message(text=text, values=values), severity=severity)


def fail(text: str, *, severity: Severity | None = None, **values: str | float) -> Verdict:
    """Failed; the text says what was seen."""
    return Verdict(outcome=Outcome.FAIL, fact=Message(text=text, values=values), severity=severity)


def info(text: str, **values: str | float) -> Verdict:
    """Worth knowing; neither good nor bad."""
    return Verdict(outcome=Outcome.INFO, fact=Message(text=text, values=values))


def unseen(reason: Reason) -> Verdict:
    """Could not be seen in part, for a reason of the closed set."""
    return Verdict(outcome=Outcome.UNKNOWN, fact=Message(text=BLINDNESS[reason]), reason=reason)


def not_applicable(text: str, **values: str | float) -> Verdict:
    """The question does not arise here."""
    return Verdict(outcome=Outcome.NOT_APPLICABLE, fact=Message(text=text, values=values))


def unknown(text: str, **values: str | float) -> Verdict:
    """Looked, and could not tell."""
    return Verdict(outcome=Outcome.UNKNOWN, fact=Message(text=text, values=values))


def check(
    id: str,  # noqa: A002 - the field's own name
    *,
    title: str,
    severity: Severity,
    needs: tuple[type[Observation], ...],
    refs: Refs,
    why: str,
    fix: str,
    check_class: CheckClass = CheckClass.PASSIVE,
    subject: SubjectKind = SubjectKind.HOST,
    example: str = "",
    second_look: bool = False,
) -> Callable[[Callable[[Observations], Verdict]], Check]:
    """Declare a check; the decorated name becomes the Check itself."""

    def declare(judge: Callable[[Observations], Verdict]) -> Check:
        return Check(
            id=id,
            category=id.partition(".")[0],
            title=title,
            severity=severity,
            check_class=check_class,
            subject=subject,
            needs=needs,
            refs=refs,
            why=why,
            fix=fix,
            example=example,
            second_look=second_look,
            judge=judge,
        )

    return declare


class RepeatedCheck(Exception):
    """Two checks share one id; the start stops."""


def collect(modules: Iterable[ModuleType]) -> Mapping[str, Check]:
    """All checks of these modules by id, in the order of modules and lines."""
    found: dict[str, Check] = {}
    for module in modules:
        for value in vars(module).values():
            if not isinstance(value, Check):
                continue
            if value.id in found and found[value.id] is not value:
                raise RepeatedCheck(value.id)
            found[value.id] = value
    return found


def asked_of(a_check: Check, seen: Observations) -> frozenset[type[Observation]]:
    """The kinds of observation that a check looks at when it judges this subject: its needs, and what it asks beside
    them."""
    listening = _Listening(seen)
    run(a_check, listening)
    return frozenset(a_check.needs) | listening.asked


class _Listening(Observations):
    """Observations that remember which kinds were asked for."""

    def __init__(self, seen: Observations) -> None:
        super().__init__(subject=seen.subject, at=seen.at, facts=seen.facts(), data=seen.data)
        self.asked: frozenset[type[Observation]] = frozenset()

    def __getitem__(self, kind: type[Seen]) -> Seen:
        self.asked |= {kind}
        return super().__getitem__(kind)

    def find(self, kind: type[Seen]) -> Seen | None:
        self.asked |= {kind}
        return super().find(kind)

    def blindness(self, kind: type[Observation]) -> Blind | None:
        self.asked |= {kind}
        return super().blindness(kind)


def run(a_check: Check, seen: Observations) -> Finding:
    """Judge one check over what was seen; never raises."""
    blind = next((blind for need in a_check.needs if (blind := seen.blindness(need))), None)
    if blind is not None:
        return _finding(a_check, seen, _blind_verdict(blind), reason=blind.reason)
    try:
        verdict = a_check.judge(seen)
    except Exception:  # noqa: BLE001 - a broken check must not take the others with it; ERROR says whose fault it is
        verdict = Verdict(
            outcome=Outcome.ERROR,
            fact=Message(text=N_("Our check failed on this observation. This is our error, not the vendor's.")),
        )
    return _finding(a_check, seen, verdict)


def _blind_verdict(blind: Blind) -> Verdict:
    outcome = Outcome.ERROR if blind.reason is Reason.CRASHED else Outcome.UNKNOWN
    return Verdict(outcome=outcome, fact=Message(text=BLINDNESS[blind.reason]))


def _finding(a_check: Check, seen: Observations, verdict: Verdict, *, reason: Reason | None = None) -> Finding:
    address = next(
        (address for need in a_check.needs if (address := getattr(seen.find(need), "address", ""))),
        "",
    )
    return Finding(
        check_id=a_check.id,
        subject=seen.subject,
        outcome=verdict.outcome,
        severity=verdict.severity or a_check.severity,
        fact=verdict.fact,
        # What an earlier scan saw of a shared server is told with the time of that scan.
        at=min((fact.at for need in a_check.needs if (fact := seen.find(need))), default=seen.at),
        address=address,
        reason=reason or verdict.reason,
        provisional=a_check.second_look and verdict.outcome in {Outcome.FAIL, Outcome.WARN},
    )
