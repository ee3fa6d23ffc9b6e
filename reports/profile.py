"""The Sicherheitsprofil: what a company shows other customers of itself, on two pages that name no hospital."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from assessments import frameworks
from assessments.model import (
    PARTS,
    Assessed,
    Basis,
    EvidenceStanding,
    EvidenceStatus,
    FindingRow,
)
from reports import charts, marks, rendering
from reports.pages import describe_part, reported_findings
from reports.reader import Reader
from scanners.model import N_, Check

MEASURES = tuple(part for part in PARTS if part.isdecimal())
GOOD = frozenset({EvidenceStanding.VALID, EvidenceStanding.EXPIRING})


@dataclass(frozen=True, kw_only=True)
class Mended:
    """A finding that is gone because the company mended it."""

    check: Check
    subject: str
    since: date


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What stands in a Sicherheitsprofil; its fingerprint is that of these facts."""

    company: str
    at: datetime
    hosts: tuple[str, ...]
    products: tuple[str, ...]
    assessed: Assessed
    mended: tuple[Mended, ...]
    signed_at: datetime | None  # when the answers were signed off; None: a draft

    @property
    def certificates(self) -> Sequence[EvidenceStatus]:
        """Documents that hold today, each once."""
        found = {each.sha256: each for each in self.assessed.evidence if each.standing in GOOD and each.sha256}
        return sorted(found.values(), key=lambda each: (each.type_text.de, each.name))

    @property
    def to_mend(self) -> Sequence[FindingRow]:
        """What is seen from outside and not mended yet; nothing is left out of a profile to make it prettier."""
        return reported_findings(self.assessed.findings)

    def fingerprint(self) -> str:
        """The SHA-256 of the facts in their one canonical form: two prints of the same facts carry the same one."""
        score = self.assessed.score
        outside = score.outside
        facts: Mapping[str, object] = {
            "company": self.company,
            "at": self.at.isoformat(),
            "hosts": self.hosts,
            "products": self.products,
            "outside": [outside.grade, str(outside.value), str(outside.coverage)],
            "measures": [[part, score.part(part).level, score.part(part).basis] for part in MEASURES],
            "mended": [[one.check.id, one.subject, one.since.isoformat()] for one in self.mended],
            "open": [[row.fact.finding.check_id, row.fact.finding.subject.name] for row in self.to_mend],
            "certificates": [[one.sha256, str(one.valid_until)] for one in self.certificates],
            "versions": [score.policy_version, score.catalogue_version, score.checks_version],
        }
        text = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def html(profile: Profile, *, reader: Reader) -> str:
    """The document before it is set; see rendering.pdf and pages.style."""
    score = profile.assessed.score
    return rendering.page(
        "security_profile.html",
        reader,
        profile=profile,
        score=score,
        dossier=profile.assessed.dossier,
        measures={part: frameworks.measure(part) for part in MEASURES},
        parts=[score.part(part) for part in MEASURES],
        chart=charts.ten_measures_large(
            score.parts,
            label=reader.text(N_("Level of the ten measures")),
            describe=lambda part: describe_part(part, reader),
        ),
        fingerprint=profile.fingerprint(),
        marks=marks,
        Basis=Basis,
    )
