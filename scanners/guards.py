"""The guards against false alarms: what goes wrong with other scanners, what we do about it, and in which checks."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from scanners.model import N_, Check
from scanners.records import record


@record
class Guard:
    """One guard; `checks` are patterns of check ids."""

    id: str
    against: str
    what_we_do: str
    checks: tuple[str, ...]


GUARDS: tuple[Guard, ...] = (
    Guard(
        id="F1",
        against=N_("Servers that answer every address with a page"),
        what_we_do=N_(
            "Addresses that cannot exist are asked first, in the same folder and of the same kind. A find needs a sign "
            "of the file itself that no echo of the address can hold."
        ),
        checks=("exposure.*", "api.openapi-exposed", "api.graphql-*", "health.*"),
    ),
    Guard(
        id="F2",
        against=N_("Bot walls and firewalls judged as if they were the page"),
        what_we_do=N_(
            "A challenge is recognised; what stands behind it could not be checked. We say who we are and "
            "evade nothing."
        ),
        checks=("web.*", "session.*", "auth.*", "exposure.*", "cors.*", "js.*", "privacy.*"),
    ),
    Guard(
        id="F3",
        against=N_("Wildcard DNS that makes every name exist"),
        what_we_do=N_("Names made up by chance are asked too; what answers like them is no host of its own."),
        checks=("dns.*", "ct.*"),
    ),
    Guard(
        id="F4",
        against=N_("Takeovers that are none"),
        what_we_do=N_(
            "Three states: verified, possible, contradicted. Only services where a stranger can claim a name count, "
            "and no name is ever claimed."
        ),
        checks=("dns.takeover-*",),
    ),
    Guard(
        id="F5",
        against=N_("Parked domains and those that send no mail"),
        what_we_do=N_("A domain that says it sends nothing is asked only whether it says so fully."),
        checks=("mail.*", "dns.*"),
    ),
    Guard(
        id="F6",
        against=N_("Edges of content networks taken for the vendor's servers"),
        what_we_do=N_(
            "Ports and rare handshakes are not tried there; what the edge does is told apart from the vendor."
        ),
        checks=("ports.*", "tls.*", "net.*"),
    ),
    Guard(
        id="F7",
        against=N_("Mail servers that slow strangers down"),
        what_we_do=N_(
            "Two sessions at most for each server, shared by all scans; a delay is no refusal of encryption."
        ),
        checks=("mail.starttls*", "mail.tls*", "mail.cert*", "mail.dane*", "mail.mta-sts*"),
    ),
    Guard(
        id="F8",
        against=N_("Library versions guessed from file names and hashes"),
        what_we_do=N_(
            "A version must look like one, and more than one sign must speak for what weighs heavily; the "
            "finding shows them."
        ),
        checks=("js.*",),
    ),
    Guard(
        id="F9",
        against=N_("Holes deduced from a banner although the distributor has mended them"),
        what_we_do=N_("A banner never fails a check. A branch past its end, or a hole used in attacks, is a warning."),
        checks=("sw.*",),
    ),
    Guard(
        id="F10",
        against=N_("DKIM that is missing only for whoever does not know its selector"),
        what_we_do=N_("Only DNS saying that no key can exist proves absence; otherwise it is a note."),
        checks=("mail.dkim*",),
    ),
    Guard(
        id="F11",
        against=N_("Another host's page judged in place of this one"),
        what_we_do=N_(
            "Each host is looked at and kept by itself; a redirect away is told and not followed out of scope."
        ),
        checks=("web.*", "session.*"),
    ),
    Guard(
        id="F12",
        against=N_("Disturbances of a moment that become findings"),
        what_we_do=N_("What may pass by itself is provisional, scores nothing, and is looked at again after a minute."),
        checks=(),
    ),
    Guard(
        id="F13",
        against=N_("Firewalls that seem to open every port"),
        what_we_do=N_(
            "A port counts only when its service speaks. Ports that nobody uses are asked too; more than ten "
            "open ones tell nothing."
        ),
        checks=("ports.*",),
    ),
    Guard(
        id="F14",
        against=N_("Hosts that are silent only for our country or address"),
        what_we_do=N_("Silence is unknown, never bad. Each scan first tests where it stands."),
        checks=("*",),
    ),
    Guard(
        id="F15",
        against=N_("Findings at a service provider charged to the vendor"),
        what_we_do=N_("Each host is the vendor's own, hosted for it, or another's; only the first two count."),
        checks=("*",),
    ),
    Guard(
        id="F16",
        against=N_("Grades that drop although the vendor changed nothing"),
        what_we_do=N_(
            "Rules and data have versions. Earlier observations are judged anew, and what changed is split "
            "by vendor, our rules and our data."
        ),
        checks=("*",),
    ),
    Guard(
        id="F17",
        against=N_("Public certificate logs that do not answer"),
        what_we_do=N_(
            "They are asked apart from the scan. Without an answer nothing is said; the vendor's own list of "
            "hosts comes first."
        ),
        checks=("ct.*",),
    ),
)

# What a class may do, and its word.
PASSIVE = (N_("passive"), N_("DNS and ordinary page loads, as any visitor makes them."))
STANDARD = (N_("standard"), N_("Handshakes and documents published for everyone."))
ACTIVE = (N_("active"), N_("Unpublished paths and ports; only with a signed consent and proof of control."))


def of_check(check: Check) -> Sequence[Guard]:
    """The guards that protect this check in particular; those that hold for all are not repeated."""
    return [
        one
        for one in GUARDS
        if one.checks != ("*",)
        and (any(fnmatchcase(check.id, pattern) for pattern in one.checks) or (one.id == "F12" and check.second_look))
    ]
