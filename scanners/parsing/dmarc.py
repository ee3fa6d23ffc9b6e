"""DMARC (RFC 9989): policy discovery by tree walk, record grammar, effective policy, report receivers."""

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from typing import Literal

import re2

from scanners.observations import DmarcTrace
from scanners.parsing.asking import Asking, Question
from scanners.records import record

WALK_LIMIT = 8  # RFC 9989 section 4.10: at most eight queries, from seven labels when there are more than eight
RECEIVER_LIMIT = 6  # ours

Policy = Literal["none", "quarantine", "reject"]

KNOWN_TAGS = frozenset({"v", "p", "sp", "np", "adkim", "aspf", "fo", "rua", "ruf", "psd", "t"})
REMOVED_TAGS = frozenset({"pct", "rf", "ri"})  # of RFC 7489, ignored since RFC 9989

_VERSION = re2.compile(r"^[vV][ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)")
_TAG = re2.compile(r"^[ \t]*([A-Za-z0-9]+)[ \t]*=[ \t]*([\x21-\x3a\x3c-\x7e \t]*?)[ \t]*$")
_MAILTO = re2.compile(r"^(?i:mailto):([A-Za-z0-9.!#$%&'*+/=?^_`{|}~\-]+)@([A-Za-z0-9.\-]+)(!\d+[kmgtKMGT]?)?$")
_HTTPS = re2.compile(r"^(?i:https)://[A-Za-z0-9.\-]+(?::\d+)?(?:/[\x21-\x7e]*)?$")
_VALUES: Mapping[str, frozenset[str]] = {
    "p": frozenset({"none", "quarantine", "reject"}),
    "sp": frozenset({"none", "quarantine", "reject"}),
    "np": frozenset({"none", "quarantine", "reject"}),
    "adkim": frozenset({"r", "s"}),
    "aspf": frozenset({"r", "s"}),
    "psd": frozenset({"y", "n", "u"}),
    "t": frozenset({"y", "n"}),
}
_FAILURE_OPTIONS = frozenset({"0", "1", "d", "s"})


@record
class Record:
    """One record's tags; the first of a repeated tag stands."""

    tags: Mapping[str, str] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    malformed: tuple[str, ...] = ()  # parts that are no tag=value, and tags whose value is not allowed

    def choice(self, tag: str) -> str:
        """A tag of a closed set, lower case; "" when it is absent or not allowed (then its default holds)."""
        value = self.tags.get(tag, "").lower()
        return value if value in _VALUES.get(tag, frozenset()) else ""

    @property
    def unknown(self) -> tuple[str, ...]:
        """Tags of no DMARC version."""
        return tuple(tag for tag in self.order if tag not in KNOWN_TAGS | REMOVED_TAGS)

    @property
    def removed(self) -> tuple[str, ...]:
        """Tags that RFC 9989 took out."""
        return tuple(tag for tag in self.order if tag in REMOVED_TAGS)

    @property
    def testing(self) -> bool:
        """The owner asks receivers to apply the policy one step lower."""
        return self.choice("t") == "y"


def is_record(text: str) -> bool:
    """Whether a TXT text is a DMARC record at all: the version comes first."""
    return _VERSION.match(text) is not None


def parse(text: str) -> Record:
    """A record's tags; never raises."""
    tags: dict[str, str] = {}
    order: list[str] = []
    repeated: list[str] = []
    malformed: list[str] = []
    for part in text.split(";"):
        if not part.strip(" \t"):
            continue
        match = _TAG.match(part)
        if match is None:
            malformed.append(part.strip())
            continue
        tag, value = match.group(1).lower(), match.group(2)
        if tag in tags:
            repeated.append(tag)
            continue
        order.append(tag)
        tags[tag] = value
        if not _allowed(tag, value):
            malformed.append(part.strip())
    return Record(tags=tags, order=tuple(order), repeated=tuple(repeated), malformed=tuple(malformed))


def _allowed(tag: str, value: str) -> bool:
    if tag in _VALUES:
        return value.lower() in _VALUES[tag]
    if tag == "v":
        return value == "DMARC1"
    if tag == "fo":
        return all(option.strip().lower() in _FAILURE_OPTIONS for option in value.split(":"))
    if tag in {"rua", "ruf"}:
        return all(is_report_uri(uri.strip()) for uri in value.split(","))
    return True


def is_report_uri(uri: str) -> bool:
    """Whether reports can be sent there."""
    return _MAILTO.match(uri) is not None or _HTTPS.match(uri) is not None


def receivers(record: Record) -> tuple[str, ...]:
    """The mail domains of the aggregate report addresses."""
    uris = (uri.strip() for uri in record.tags.get("rua", "").split(","))
    matches = (_MAILTO.match(uri) for uri in uris)
    return tuple(dict.fromkeys(match.group(2).lower().rstrip(".") for match in matches if match is not None))


def discover(domain: str) -> Asking[DmarcTrace]:
    """Find the policy that applies to a domain: its own, else by the tree walk of section 4.10."""
    queries: list[tuple[str, tuple[str, ...]]] = []
    found: dict[str, str] = {}  # domain -> its single valid record, in the order asked
    failed: list[str] = []
    organisation = ""
    for place in walked_names(domain):
        answer = yield Question(name=f"_dmarc.{place}", rdtype="TXT")
        mentioning = tuple(text for text in answer.texts if "dmarc1" in text[:64].lower())
        queries.append((f"_dmarc.{place}", mentioning))
        if answer.status == "failure":
            failed.append(f"_dmarc.{place}")
            break
        records = [text for text in mentioning if is_record(text)]
        if len(records) != 1:
            continue
        found[place] = records[0]
        boundary = parse(records[0]).choice("psd")
        if place == domain:
            break
        if boundary == "n":
            organisation = place
            break
        if boundary == "y":
            organisation = _one_below(place, domain)
            break
    bare = DmarcTrace(queries=tuple(queries), failed=tuple(failed))
    if failed or not found:
        return bare
    chosen = _chosen(domain, found, organisation or list(found)[-1])
    return replace(bare, policy_domain=chosen, record=found[chosen])


def walked_names(domain: str) -> tuple[str, ...]:
    """The domain and the parents that the walk would ask, in order."""
    labels = domain.split(".")
    start = 1 if len(labels) <= WALK_LIMIT else len(labels) - (WALK_LIMIT - 1)
    return (domain, *(".".join(labels[index:]) for index in range(start, len(labels))))


def _one_below(suffix: str, domain: str) -> str:
    depth = suffix.count(".") + 2
    return ".".join(domain.split(".")[-depth:])


def _chosen(domain: str, found: Mapping[str, str], organisation: str) -> str:
    for candidate in (domain, organisation):
        if candidate in found:
            return candidate
    return list(found)[-1]  # the public suffix domain that speaks for those below it


def trace(domain: str) -> Asking[DmarcTrace]:
    """Discovery, and whether each foreign receiver of reports has agreed to get them (RFC 9990 section 4)."""
    seen = yield from discover(domain)
    if seen.record is None or seen.policy_domain is None:
        return seen
    agreed: dict[str, bool] = {}
    for receiver in receivers(parse(seen.record))[:RECEIVER_LIMIT]:
        if is_within(receiver, seen.policy_domain):
            continue
        answer = yield Question(name=f"{seen.policy_domain}._report._dmarc.{receiver}", rdtype="TXT")
        if answer.status != "failure":
            agreed[receiver] = any(is_record(text) for text in answer.texts)
    return replace(seen, external_receivers=agreed)


def is_within(name: str, domain: str) -> bool:
    """Whether a name is the domain or lies below it."""
    return name == domain or name.endswith(f".{domain}")


def effective(record: Record, *, policy_domain: str, domain: str, exists: bool = True) -> tuple[Policy, str]:
    """The policy for mail from a domain and the tag it comes from, `t` not yet applied."""
    tags: Iterable[str] = ("p",)
    if domain != policy_domain:
        tags = ("sp", "p") if exists else ("np", "sp", "p")
    for tag in tags:
        match record.choice(tag):
            case "none" | "quarantine" | "reject" as policy:
                return policy, tag
    return "none", "p"


def lowered(policy: Policy) -> Policy:
    """One step down, as t=y asks."""
    return "quarantine" if policy == "reject" else "none"
