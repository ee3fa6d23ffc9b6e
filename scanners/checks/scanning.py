"""How good the look was: what could be seen, whether two looks agree, and how old our data are. Weighs nothing."""

from collections.abc import Mapping
from datetime import timedelta

from scanners.checking import check, info, not_applicable, ok, unknown, warn
from scanners.checks import documents
from scanners.checks.wording import listing
from scanners.data import sets
from scanners.model import N_, Observations, Refs, Severity, Verdict
from scanners.observations import Blind, OtherName, Page, Reason, Response, Vantage
from scanners.parsing import urls

FRESH = Refs(measures=(6,), iso27001=("A.8.29", "A.8.8"), sources=("own rule",))
AGREE = Refs(measures=(6,), iso27001=("A.8.29",), sources=("own rule",))
COVERAGE = Refs(measures=(6,), iso27001=("A.5.36",), sources=("own rule",))

STALE = timedelta(days=90)
AGING = timedelta(days=30)
ENOUGH = 0.9
# Nobody meant to look at these: no gap in what was to be seen.
UNWANTED = frozenset({Reason.NOT_CONFIGURED, Reason.NOT_CONSENTED})
COMPARED = (
    *("strict-transport-security", "content-security-policy", "x-frame-options", "x-content-type-options"),
    *("referrer-policy", "permissions-policy"),
)


@check(
    "scan.coverage",
    title=N_("Nearly everything that was to be seen was seen"),
    severity=Severity.INFO,
    needs=(),
    refs=COVERAGE,
    why=N_(
        "What a scan could not see is neither good nor bad, but a grade over half a picture would pretend to know."
        " Below nine tenths the grade is provisional."
    ),
    fix=N_("Allow the scanner's address for the time of the scan, and have it repeated."),
)
def nearly_everything_was_seen(seen: Observations) -> Verdict:
    wanted = {
        kind: fact
        for kind, fact in seen.facts().items()
        if kind is not Vantage and not (isinstance(fact, Blind) and fact.reason in UNWANTED)
    }
    blind = {kind.__name__: fact.reason for kind, fact in wanted.items() if isinstance(fact, Blind)}
    if not wanted:
        return unknown(N_("Nothing was looked at yet."))
    saw = len(wanted) - len(blind)
    if saw >= ENOUGH * len(wanted):
        return ok(N_("Looks that saw something: %(saw)d of %(wanted)d."), saw=saw, wanted=len(wanted))
    return info(
        N_("Looks that saw something: %(saw)d of %(wanted)d; the grade is provisional. Not seen: %(blind)s."),
        saw=saw,
        wanted=len(wanted),
        blind=listing(f"{name} ({reason.value})" for name, reason in sorted(blind.items())),
    )


@check(
    "scan.consistency",
    title=N_("The host looks the same under both of its names"),
    severity=Severity.INFO,
    needs=(Page, OtherName),
    refs=AGREE,
    why=N_(
        "Where a host differs with and without www., people land on the weaker one without noticing."
        " For us it means that each of the two has to be judged on its own."
    ),
    fix=N_("Let one of the two names only redirect to the other, with the same certificate and headers."),
    example="server { server_name example.org; return 301 https://www.example.org$request_uri; }",
)
def both_names_look_the_same(seen: Observations) -> Verdict:
    other = seen[OtherName]
    if not other.name or not other.exists:
        return not_applicable(N_("The host has no second name with or without www."))
    if other.response is None:
        return info(N_("%(name)s exists in DNS and does not answer."), name=other.name)
    found = documents.document(seen)
    if isinstance(found, Verdict):
        return found
    return _compared(found, other.name, other.response)


def _compared(found: Response, name: str, other: Response) -> Verdict:
    if documents.is_blocked(other):
        return unknown(documents.FIREWALL)
    if urls.host(found.url) == urls.host(other.url):
        return ok(N_("Both names lead to %(host)s."), host=urls.host(found.url))
    if differing := _differences(found, other):
        return info(N_("%(name)s differs; each is judged on its own: %(what)s."), name=name, what=listing(differing))
    return ok(N_("%(name)s answers with the same protection."), name=name)


def _differences(one: Response, other: Response) -> list[str]:
    found = [name for name in COMPARED if bool(one.values(name)) is not bool(other.values(name))]
    if one.status != other.status:
        found.append(f"{one.status}/{other.status}")
    if one.tls_verified is not other.tls_verified:
        found.append("TLS")
    return found


@check(
    "scan.data-freshness",
    title=N_("The data this scan rests on are fresh"),
    severity=Severity.INFO,
    needs=(Page,),
    refs=FRESH,
    why=N_(
        "Lists of vulnerable versions and end dates age, and old ones miss what was found since."
        " Findings that rest on them carry the day of the data."
    ),
    fix=N_("Ask the operator of this portal to update it."),
    example="kettenblick data refresh",
)
def data_are_fresh(seen: Observations) -> Verdict:
    ages: Mapping[str, timedelta] = {
        f"{one.name} ({one.day})": seen.at - one.fetched_at for one in sets.sources(seen.data)
    }
    if stale := [name for name, age in ages.items() if age > STALE]:
        return warn(N_("Older than 90 days: %(sets)s."), sets=listing(stale))
    if aging := [name for name, age in ages.items() if age > AGING]:
        return info(N_("Older than 30 days: %(sets)s."), sets=listing(aging))
    return ok(N_("Younger than 30 days: %(sets)s."), sets=listing(ages))
