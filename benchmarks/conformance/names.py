"""Names and zones: registrable domains, CAA, DNSSEC algorithms, abandoned services."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import dns.rdatatype
import dns.rdtypes.ANY.CAA
import dns.zone
import idna

from benchmarks.conformance.cases import Case, Suite, numbered, read
from benchmarks.conformance.mail import Zone
from scanners import checking, targets
from scanners.checks import dnssec
from scanners.data import takeovers
from scanners.model import Observations, Outcome, Subject, SubjectKind
from scanners.observations import CaaRecord, DnsKey, ZoneDns
from scanners.parsing import caa
from scanners.targets import BadTarget

ANYBODY = "other-authority.example"  # stands for every authority that the zones do not name


def registrable_domains(file: Path) -> Iterator[Case]:
    """What was registered; none for names that are none, or that nobody can register."""
    for case, item in numbered(read(file)["cases"]):
        name, wanted = item["input"], item["registrable_domain"]
        yield Case(id=f"{case} {name}", wanted=_a_labels(wanted) if wanted else None, got=_registrable(name or ""))


def _a_labels(name: str) -> str:
    return idna.encode(name, uts46=True).decode("ascii")


def _registrable(text: str) -> str | None:
    try:
        return targets.registrable(targets.normalise(text, permitted_suffixes=("example", "test", "local")))
    except BadTarget:
        return None


def caa_properties(file: Path) -> Iterator[Case]:
    """Sound or not."""
    for case, item in numbered(read(file)["cases"]):
        record = CaaRecord(flags=item["flags"], tag=item["tag"], value=item["value"])
        yield Case(id=f"{case} {record.tag} {record.value}", wanted=item["valid"], got=caa.is_valid(record))


# Names of the test page whose answer is not "nobody but caatestsuite.com".
PERMITTED = frozenset({"permit.basic.caatestsuite.com", "www.auto-base-san.caatestsuite.com"})
BELOW = ("sub.deny.basic", "sub.sub.deny.basic", "sub.cname-deny.basic", "sub.dname-permit.deny.basic")
SILENT = ("expired", "missing", "blackhole", "refused", "servfail")


def caa_zones(file: Path) -> Iterator[Case]:
    """May an authority that is not named issue? Where the zone is broken DNS gives no answer, so nobody may."""
    zones = read(file)["zones"]
    dns_server = Zone(_loaded(zones), silent=[f"{name}.caatestsuite-dnssec.com" for name in SILENT])
    base = "caatestsuite.com"
    named = sorted({*dns_server.names(f".basic.{base}"), *(f"{name}.{base}" for name in BELOW)} - {""})
    named += [
        f"{name}.{base}" for name in ("xss", "auto-base-san", "www.auto-base-san", "www.auto-www-san", "ipv6only")
    ]
    named += [f"{name}.caatestsuite-dnssec.com" for name in SILENT]
    for name in named:
        # A set for wildcards alone limits nothing else.
        wildcard = "wild" in name
        found = dns_server.run(caa.climb(name))
        permitted = not found.failed and caa.permits(found.records, ANYBODY, wildcard=wildcard)
        yield Case(id=("*." if wildcard else "") + name, wanted=name in PERMITTED, got=permitted)


def _loaded(zones: Mapping[str, str]) -> dict[str, dict[str, tuple[str, ...]]]:
    records: dict[str, dict[str, tuple[str, ...]]] = {}
    for origin, text in zones.items():
        kept = "\n".join(line for line in text.splitlines() if not line.startswith("$INCLUDE"))
        zone = dns.zone.from_text(kept, origin=origin, relativize=False, check_origin=False)
        for name, rdataset in zone.iterate_rdatasets():
            texts = tuple(_text(record) for record in rdataset)
            held = records.setdefault(name.to_text(omit_final_dot=True).lower(), {})
            held[dns.rdatatype.to_text(rdataset.rdtype)] = texts
    return records


def _text(record: object) -> str:
    if isinstance(record, dns.rdtypes.ANY.CAA.CAA):
        return f"{record.flags} {record.tag.decode()} {record.value.decode()}"
    return str(record)


LEVELS = {Outcome.FAIL: "ERROR", Outcome.WARN: "WARNING", Outcome.PASS: "INFO"}


def dnssec_algorithms(file: Path) -> Iterator[Case]:
    """Our check over a zone signed with each algorithm; of a range its first number."""
    document = read(file)
    at = datetime(2026, 11, 21, tzinfo=UTC)
    for item in document["algorithms"]:
        number = int(item["number"].partition("-")[0])
        zone = ZoneDns(at=at, dnskeys=(DnsKey(flags=257, algorithm=number),))
        subject = Subject(kind=SubjectKind.DOMAIN, name="example.test")
        finding = checking.run(
            dnssec.algorithms_are_current, Observations(subject=subject, at=at, facts={ZoneDns: zone})
        )
        yield Case(
            id=f"{item['number']} {item['mnemonic']}",
            wanted=document["level"][item["class"]],
            got=LEVELS.get(finding.outcome, finding.outcome.value),
        )


def takeover_services(file: Path) -> Iterator[Case]:
    """Services that have a suffix of their own: can a name below it be claimed?"""
    for item in read(file)["fingerprints"]:
        for suffix in sorted(set(item["cname"])):
            target = f"kb-example.{suffix}"
            claimable = takeovers.claimable(target) is not None and not takeovers.safe(target)
            yield Case(id=f"{item['service']} {suffix}", wanted=item["vulnerable"], got=claimable)


SUITES = (
    Suite(name="Registrable domains (PSL)", file="psl/test_psl.json", feed=registrable_domains),
    Suite(name="CAA properties (Internet.nl)", file="caa/caa-syntax-cases.json", feed=caa_properties),
    Suite(name="CAA zones (caatestsuite)", file="caa/caatestsuite-zones.json", feed=caa_zones),
    Suite(name="DNSSEC algorithms (Zonemaster)", file="dns/dnssec-algorithms.json", feed=dnssec_algorithms),
    Suite(name="Takeover (can-i-take-over-xyz)", file="takeover/can-i-take-over-xyz.json", feed=takeover_services),
)
