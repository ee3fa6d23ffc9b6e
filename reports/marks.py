"""The marks: shape and word of every verdict, severity, level and standing, the same on page, PDF and sheet."""

from collections.abc import Mapping
from dataclasses import dataclass

from assessments.comparison import Asking, Gate
from assessments.model import (
    AnswerStanding,
    Assurance,
    Basis,
    CapKind,
    Concern,
    EvidenceStanding,
    FindingStanding,
    HostRole,
    NoGrade,
    RiskLevel,
    RiskSource,
    ScanState,
    Treatment,
)
from questionnaires.model import QuestionSet
from scanners.model import N_, Outcome, Severity


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A sign that can be told apart without colour, and its word (to be translated)."""

    sign: str
    word: str


VERDICTS: Mapping[Outcome, Mark] = {
    Outcome.PASS: Mark(sign="✓", word=N_("met")),
    Outcome.WARN: Mark(sign="!", word=N_("warning")),
    Outcome.FAIL: Mark(sign="✕", word=N_("not met")),
    Outcome.INFO: Mark(sign="○", word=N_("note")),
    Outcome.NOT_APPLICABLE: Mark(sign="–", word=N_("not applicable")),
    Outcome.UNKNOWN: Mark(sign="?", word=N_("could not be checked")),
    Outcome.ERROR: Mark(sign="⚠", word=N_("our error")),
}

SEVERITIES: Mapping[Severity, Mark] = {
    Severity.CRITICAL: Mark(sign="◆", word=N_("critical")),
    Severity.HIGH: Mark(sign="▲", word=N_("high")),
    Severity.MEDIUM: Mark(sign="●", word=N_("medium")),
    Severity.LOW: Mark(sign="▽", word=N_("low")),
    Severity.INFO: Mark(sign="○", word=N_("note")),
}

RISK_LEVELS: Mapping[RiskLevel, Mark] = {
    RiskLevel.CRITICAL: Mark(sign="◆", word=N_("critical")),
    RiskLevel.HIGH: Mark(sign="▲", word=N_("high")),
    RiskLevel.MODERATE: Mark(sign="●", word=N_("moderate")),
    RiskLevel.LOW: Mark(sign="▽", word=N_("low")),
}

BASES: Mapping[Basis, Mark] = {
    Basis.UNSEEN: Mark(sign="□", word=N_("not seen")),
    Basis.RECORDED: Mark(sign="▤", word=N_("recorded by the hospital")),
    Basis.DECLARED: Mark(sign="▨", word=N_("declared only")),
    Basis.PROVEN: Mark(sign="■", word=N_("proven by evidence")),
    Basis.CONFIRMED: Mark(sign="■", word=N_("confirmed by the scan")),
    Basis.CONTRADICTED: Mark(sign="≠", word=N_("contradicted")),
}

EVIDENCE: Mapping[EvidenceStanding, Mark] = {
    EvidenceStanding.VALID: Mark(sign="✓", word=N_("valid")),
    EvidenceStanding.EXPIRING: Mark(sign="!", word=N_("expiring")),
    EvidenceStanding.EXPIRED: Mark(sign="✕", word=N_("expired")),
    EvidenceStanding.NOT_YET: Mark(sign="○", word=N_("not valid yet")),
    EvidenceStanding.UNDATED: Mark(sign="?", word=N_("without a date")),
    EvidenceStanding.WRONG_TYPE: Mark(sign="!", word=N_("wrong type")),
    EvidenceStanding.OTHER_PRODUCT: Mark(sign="!", word=N_("other product")),
    EvidenceStanding.PROVIDED: Mark(sign="·", word=N_("provided")),
    EvidenceStanding.MISSING: Mark(sign="?", word=N_("missing")),
}

ASSURANCES: Mapping[Assurance, str] = {
    Assurance.RECORDED: N_("recorded by the hospital"),
    Assurance.DECLARED: N_("declared"),
    Assurance.EXPIRED: N_("evidence expired"),
    Assurance.PROVEN: N_("proven by evidence"),
    Assurance.CONFIRMED: N_("confirmed by the scan"),
}

ROLES: Mapping[HostRole, str] = {
    HostRole.PRODUCT: N_("product"),
    HostRole.PORTAL: N_("patient portal"),
    HostRole.REMOTE_ACCESS: N_("remote access"),
    HostRole.MAIL: N_("mail"),
    HostRole.CORPORATE: N_("corporate"),
}

FINDING_STANDINGS: Mapping[FindingStanding, str] = {
    FindingStanding.OPEN: N_("open"),
    FindingStanding.DISPUTED: N_("disputed"),
    FindingStanding.WITHDRAWN: N_("withdrawn"),
    FindingStanding.WAIVED: N_("waived"),
}

# What of ours brought a finding to light on an earlier observation; "" is the vendor's own change, or the first look.
NEW_BY: Mapping[str, str] = {"": "", "rules": N_("new rules"), "data": N_("new data")}

ANSWER_STANDINGS: Mapping[AnswerStanding, str] = {
    AnswerStanding.OPEN: N_("not reviewed"),
    AnswerStanding.ACCEPTED: N_("accepted"),
    AnswerStanding.RETURNED: N_("returned"),
    AnswerStanding.FINDING: N_("own finding"),
}

SCAN_STATES: Mapping[ScanState, str] = {
    ScanState.NOT_ASKED: N_("not scanned"),
    ScanState.RUNNING: N_("running"),
    ScanState.COMPANY_FIRST: N_("with the vendor first"),
    ScanState.DONE: N_("scanned"),
    ScanState.FAILED: N_("scan failed"),
    ScanState.DOCUMENTS_ONLY: N_("documents only"),
}

RISK_SOURCES: Mapping[RiskSource, str] = {
    RiskSource.FINDING: N_("finding"),
    RiskSource.GAP: N_("gap in the answers"),
    RiskSource.SILENCE: N_("no answer given"),
    RiskSource.CONTRADICTION: N_("contradiction"),
    RiskSource.EVIDENCE: N_("evidence"),
    RiskSource.COVERAGE: N_("too little seen"),
    RiskSource.REVIEW: N_("own finding"),
    RiskSource.OWN: N_("written down by the hospital"),
}

TREATMENTS: Mapping[Treatment, str] = {
    Treatment.OPEN: N_("open"),
    Treatment.MITIGATE: N_("reduce"),
    Treatment.TRANSFER: N_("transfer"),
    Treatment.AVOID: N_("avoid"),
    Treatment.ACCEPT: N_("accept"),
}

CONCERNS: Mapping[Concern, str] = {
    Concern.CONFIDENTIALITY: N_("confidentiality"),
    Concern.INTEGRITY: N_("integrity"),
    Concern.AVAILABILITY: N_("availability"),
    Concern.PATIENT_SAFETY: N_("patient safety"),
}

CAPS: Mapping[CapKind, str] = {
    CapKind.CRITICAL_FAIL: N_("Cap: a critical check is not met"),
    CapKind.KNOCK_OUT: N_("Cap: a knock-out question"),
    CapKind.HIGH_FAIL: N_("Cap: a serious finding stays open"),
}

NO_GRADES: Mapping[NoGrade, str] = {
    NoGrade.COVERAGE: N_("Too little was seen for a grade."),
    NoGrade.NOTHING_SEEN: N_("Nothing was seen yet."),
}

QUESTION_SETS: Mapping[QuestionSet, str] = {
    QuestionSet.SHORT: N_("short"),
    QuestionSet.BASIC: N_("basic"),
    QuestionSet.FULL: N_("full"),
}

# Solid colours of the grade ramp: blue, teal, ochre, rust; readable for the colour-blind and above 4.5:1 on white.
GRADE_COLOURS: Mapping[str, str] = {
    "A": "1F4E79",
    "B": "1D6E73",
    "C": "56711C",
    "D": "8A6100",
    "E": "A34A12",
    "F": "8C1D18",
}

RISK_FILLS: Mapping[RiskLevel, str] = {
    RiskLevel.LOW: "DCE9F2",
    RiskLevel.MODERATE: "F4E7C3",
    RiskLevel.HIGH: "F0C9A6",
    RiskLevel.CRITICAL: "E3A49B",
}

# ---- vendors side by side

GATES: Mapping[Gate, Mark] = {
    Gate.MET: Mark(sign="✓", word=N_("met")),
    Gate.FAILED: Mark(sign="✕", word=N_("not met")),
    Gate.ACCEPTED: Mark(sign="!", word=N_("not met, accepted by the hospital")),
    Gate.OPEN: Mark(sign="?", word=N_("not answered yet")),
    Gate.NOT_APPLICABLE: Mark(sign="–", word=N_("not applicable")),
    Gate.NOT_ASKED: Mark(sign="·", word=N_("not asked")),
}
ASKINGS: Mapping[Asking, str] = {
    Asking.ANSWERED: N_("answered"),
    Asking.SILENT: N_("no answer given"),
    Asking.OPEN: N_("not answered yet"),
    Asking.LEFT_OUT: N_("does not apply"),
    Asking.NOT_ASKED: N_("not asked"),
}
