"""What goes into a bundle, as the portal hands it over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from assessments.model import ActionFact, Assessed, Policy, Treated
from reports.ledger import LedgerEntry
from scanners.model import CheckClass, Finding, Observations, Subject

Place = tuple[str, Subject]  # check id, subject


class LeftOut(StrEnum):
    """Why the bytes of a document are not in the bundle; its name and hash always are."""

    VIEW_ONLY = "view-only"  # its owner lets the hospital read it, not take it along
    REMOVED = "removed"  # its owner has deleted it, or its time to be kept was over
    UNREADABLE = "unreadable"  # its file is not as it was put away; the operator has to look
    SIZE = "size"  # all documents together would be larger than a bundle may be


@dataclass(frozen=True, kw_only=True)
class Scan:
    """A scan whose raw result is open to the hospital, with all that was seen."""

    started_at: datetime
    finished_at: datetime | None
    started_by: str
    side: str
    ground: str
    hosts: tuple[str, ...]
    classes: frozenset[CheckClass]
    active_hosts: tuple[str, ...]
    catalogue_version: str
    data_version: str
    seen: tuple[Observations, ...] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Document:
    """A document that was handed in, or lies beside a dispute or a report."""

    key: str  # as the dossier knows it
    name: str
    type: str
    sha256: str
    sent_as: str = ""  # the file's own name, where the document is called otherwise
    issuer: str = ""
    scope: str = ""
    issued_on: date | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    confidentiality: str = ""
    beside: tuple[tuple[str, str], ...] = ()  # question, supply
    content: bytes | None = field(default=None, repr=False)
    left_out: LeftOut | None = None


@dataclass(frozen=True, kw_only=True)
class Edition:
    """What was signed off."""

    number: int
    signer_name: str
    signer_function: str
    statement_version: str
    at: datetime
    sha256: str
    manifest: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class DisputeFact:
    """What the vendor holds against a finding, and what the hospital says to it."""

    key: str
    finding: Finding  # as it was when it was disputed
    reason: str
    text: str
    by: str
    at: datetime
    state: str
    answer: str
    answered_by: str
    answered_at: datetime | None
    valid_until: date | None


@dataclass(frozen=True, kw_only=True)
class SettlementFact:
    """Why the hospital holds that an answer and an observation do fit."""

    contradiction: str
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """Everything of one vendor at one moment."""

    assessed: Assessed
    policy: Policy
    catalogue_source: bytes
    round: int | None
    made_by: str
    program: str
    scans: tuple[Scan, ...] = ()  # the one that counts first, then those that fill what it could not see
    looked_again: frozenset[Place] = frozenset()  # by themselves, after the scan
    documents: tuple[Document, ...] = ()
    edition: Edition | None = None
    disputes: tuple[DisputeFact, ...] = ()
    settlements: tuple[SettlementFact, ...] = ()
    actions: tuple[ActionFact, ...] = ()
    treatments: Mapping[str, Treated] = field(default_factory=dict)  # by the key of the risk
    consents: Sequence[LedgerEntry] = ()
