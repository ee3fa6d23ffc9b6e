"""The answer of a certificate search (the JSON that crt.sh made common) as certificates and names of one domain."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from scanners.observations import LoggedCertificate
from scanners.records import record

MOST_ENTRIES = 20_000  # read; what a search gives of a large domain
MOST_CERTIFICATES = 200
MOST_NAMES = 500
MOST_NAMES_EACH = 100
LONGEST_NAME = 253
LONGEST_ISSUER = 300
# Labels that tell an outsider which systems there are and what they are called.
INTERNAL_WORDS = frozenset(
    {
        *("vpn", "intern", "internal", "intranet", "corp", "lan", "local", "ad", "dc", "ldap", "radius", "nas", "db"),
        *("sql", "mysql", "postgres", "oracle", "backup", "bkp", "jenkins", "gitlab", "git", "svn", "jira", "wiki"),
        *("confluence", "grafana", "kibana", "nagios", "zabbix", "monitoring", "vcenter", "esxi", "vsphere", "proxmox"),
        *("pacs", "ris", "kis", "his", "lis", "orthanc", "dicom", "hl7", "mirth", "emr", "ehr", "erp", "sap", "rdp"),
        *("citrix", "exchange", "admin", "mgmt", "management", "firewall", "fw", "printer", "kubernetes", "k8s"),
    }
)
LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


class BadSearchResult(Exception):
    """This is no list of certificates."""


@record
class Found:
    """What a search gave of one domain."""

    certificates: tuple[LoggedCertificate, ...]  # the newest first
    names: tuple[str, ...]  # below the domain, without wildcards
    cut: bool


def read(document: Any, domain: str, *, at: datetime) -> Found:
    """The certificates that are still valid and name something of the domain; foreign names in them are left out."""
    if not isinstance(document, list) or not all(isinstance(entry, dict) for entry in document[:MOST_ENTRIES]):
        raise BadSearchResult
    found: dict[tuple[str, str], LoggedCertificate] = {}
    for entry in document[:MOST_ENTRIES]:
        certificate = _certificate(entry, domain)
        # A certificate and the notice of it are two entries with one serial.
        if certificate is not None and certificate.not_after > at:
            found.setdefault((certificate.issuer, certificate.serial), certificate)
    if document and not found and not any("not_after" in entry for entry in document[:MOST_ENTRIES]):
        raise BadSearchResult
    newest = sorted(found.values(), key=lambda one: (one.not_before, one.serial), reverse=True)
    names = dict.fromkeys(name for one in newest for name in one.names if not name.startswith("*."))
    return Found(
        certificates=tuple(newest[:MOST_CERTIFICATES]),
        names=tuple(names)[:MOST_NAMES],
        cut=len(document) > MOST_ENTRIES or len(newest) > MOST_CERTIFICATES or len(names) > MOST_NAMES,
    )


def _certificate(entry: Mapping[str, Any], domain: str) -> LoggedCertificate | None:
    begins, ends = _time(entry.get("not_before")), _time(entry.get("not_after"))
    texts = (entry.get("name_value"), entry.get("common_name"))
    names = tuple(_names("\n".join(text for text in texts if isinstance(text, str)).splitlines(), domain))
    if begins is None or ends is None or not names:
        return None
    serial = entry.get("serial_number")
    return LoggedCertificate(
        issuer=organisation(entry.get("issuer_name")),
        names=names[:MOST_NAMES_EACH],
        serial=serial[:100] if isinstance(serial, str) else str(entry.get("id", ""))[:100],
        not_before=begins,
        not_after=ends,
    )


def _names(lines: Iterable[str], domain: str) -> Iterable[str]:
    for line in dict.fromkeys(line.strip().lower().rstrip(".") for line in lines):
        bare = line.removeprefix("*.")
        if len(line) > LONGEST_NAME or not (bare == domain or bare.endswith(f".{domain}")):
            continue
        if all(label and LETTERS.issuperset(label) for label in bare.split(".")):
            yield line


def organisation(issuer: Any) -> str:
    """The organisation in a distinguished name as text (C=US, O="DigiCert, Inc.", CN=…); the whole text without one."""
    if not isinstance(issuer, str):
        return ""
    text = issuer[:LONGEST_ISSUER]
    start = 0 if text.startswith("O=") else text.find(", O=") + 2 if ", O=" in text else -1
    if start < 0:
        return text
    value = text[start + 2 :]
    if value.startswith('"'):
        return value[1:].partition('"')[0]
    return value.partition(", ")[0]


def _time(text: Any) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def internal_words(name: str, domain: str, words: Iterable[str] = INTERNAL_WORDS) -> tuple[str, ...]:
    """The words below the domain that tell of inner systems: pacs, backup2, old-vpn. The domain itself is no sign."""
    below = name.removesuffix(domain).strip(".")
    parts = (part.rstrip("0123456789") for label in below.split(".") for part in label.replace("_", "-").split("-"))
    known = frozenset(words)
    return tuple(dict.fromkeys(part for part in parts if part in known))
