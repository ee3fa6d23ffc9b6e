"""One vendor as OSCAL assessment results (NIST, version 1.1): for programs that manage controls and risks.

The same facts give the same bytes: every UUID is of version 5, made from what it names. OSCAL knows "satisfied" and
"not-satisfied" only; a measure of which nothing could be seen is therefore not among the reviewed controls.
"""

import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from assessments import frameworks
from assessments.model import AnswerRow, Assessed, Assurance, FindingRow, PartScore, Risk, Treated, Treatment
from reports import marks, tables
from reports.reader import Reader
from scanners.model import N_, Outcome

OSCAL_VERSION = "1.1.2"
NAMESPACE = "urn:kettenblick:oscal:1"
_ROOT = uuid.uuid5(uuid.NAMESPACE_URL, NAMESPACE)
SEEN = frozenset({Outcome.PASS, Outcome.WARN, Outcome.FAIL})
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+|~!-])")

Document = dict[str, Any]


def results(
    assessed: Assessed,
    *,
    reader: Reader,
    program: str,
    now: datetime,
    treatments: Mapping[str, Treated] | None = None,
) -> Document:
    """The document; words stand in the language of the reader."""
    return {"assessment-results": _Writer(assessed, reader, treatments or {}).document(program=program, now=now)}


class _Writer:
    """One document while it is written."""

    def __init__(self, assessed: Assessed, reader: Reader, treatments: Mapping[str, Treated]) -> None:
        self.assessed, self.reader, self.treatments = assessed, reader, treatments
        self.dossier, self.score = assessed.dossier, assessed.score
        self.of = uuid.uuid5(_ROOT, f"{self.dossier.hospital}\n{self.dossier.vendor_key}")
        self.seen_parts = [part for part in self.score.parts if part.applicable and part.value is not None]
        self.findings = [row for row in assessed.findings if row.fact.finding.outcome in SEEN and row.check is not None]
        self.answers = [row for row in assessed.answers if row.value is not None and row.part]

    def document(self, *, program: str, now: datetime) -> Document:
        at = _moment(self.dossier.at)
        title = self.reader.text(N_("Assessment of %(vendor)s for %(hospital)s")) % {
            "vendor": self.dossier.vendor_name,
            "hospital": self.dossier.hospital,
        }
        method = self.named("method", self.score.policy_version, self.score.catalogue_version)
        return {
            "uuid": self.named("document", at, _moment(now), self.reader.language),
            "metadata": {
                "title": line(title),
                "last-modified": _moment(now),
                "version": at,
                "oscal-version": OSCAL_VERSION,
                "props": [_prop("language", self.reader.language), _prop("program", program)],
                "parties": [
                    {"uuid": self.named("hospital"), "type": "organization", "name": _string(self.dossier.hospital)},
                    {"uuid": self.named("vendor"), "type": "organization", "name": _string(self.dossier.vendor_name)},
                ],
            },
            "import-ap": {"href": f"#{method}"},
            "results": [self.result(at)],
            "back-matter": {"resources": [self.method(method)]},
        }

    def result(self, at: str) -> Document:
        found: Document = {
            "uuid": self.named("result", at),
            "title": line(self.reader.text(N_("State of %(day)s"), day=self.reader.moment(self.dossier.at))),
            "description": block(self.reader.text(NOT_AN_AUDIT)),
            "start": at,
            "props": self.figures(),
            "reviewed-controls": {"control-selections": [self.reviewed()]},
        }
        for name, items in (
            ("observations", [*map(self.observation, self.findings), *map(self.answer, self.answers)]),
            ("risks", [self.risk(one) for one in self.assessed.risks]),
            ("findings", [self.finding(part) for part in self.seen_parts]),
        ):
            if items:
                found[name] = items
        return found

    def figures(self) -> list[Document]:
        score = self.score
        return [
            *([_prop("value", str(score.value))] if score.value is not None else []),
            *([_prop("grade", score.grade.value)] if score.grade else []),
            _prop("coverage", str(score.coverage)),
            *([_prop("tier", str(self.dossier.tier))] if self.dossier.tier else []),
            _prop("policy", score.policy_version),
            _prop("catalogue", score.catalogue_version),
            _prop("checks", score.checks_version),
        ]

    def reviewed(self) -> Document:
        if not self.seen_parts:
            words = self.reader.text(N_("Nothing could be seen yet."))
            return {"description": block(words), "include-controls": [{"control-id": "bsig-30-2"}]}
        words = self.reader.text(
            N_("The measures and modules of which something was seen; the others were not examined.")
        )
        return {
            "description": block(words),
            "include-controls": [{"control-id": control(part.part)} for part in self.seen_parts],
        }

    def observation(self, row: FindingRow) -> Document:
        """What the scanner saw of one host."""
        seen = row.fact.finding
        verdict = self.reader.text(marks.VERDICTS[seen.outcome].word)
        assert row.check is not None
        return {
            "uuid": self.of_finding(row),
            "title": line(f"{self.reader.text(row.check.title)} ({seen.subject.name}): {verdict}"),
            "description": block(self.reader.say(seen.fact) or "–"),
            "props": [
                _prop("check", seen.check_id),
                _prop("outcome", seen.outcome.value),
                _prop("severity", seen.severity.value),
                _prop("standing", row.fact.standing.value),
            ],
            "methods": ["TEST"],
            "types": ["finding" if seen.outcome in {Outcome.FAIL, Outcome.WARN} else "control-objective"],
            "subjects": [
                {
                    "subject-uuid": self.named("subject", seen.subject.kind, seen.subject.name),
                    "type": "inventory-item",
                    "title": line(seen.subject.name),
                }
            ],
            "collected": _moment(seen.at),
            **self.said(row),
        }

    def said(self, row: FindingRow) -> Document:
        """Both sides' words to a finding."""
        parts = []
        if row.fact.statement:
            parts.append(self.reader.text(N_("The vendor: %(words)s"), words=row.fact.statement))
        if row.fact.answer:
            parts.append(self.reader.text(N_("The hospital: %(words)s"), words=row.fact.answer))
        return {"remarks": "\n\n".join(map(block, parts))} if parts else {}

    def answer(self, row: AnswerRow) -> Document:
        """What the vendor declared."""
        proven = row.assurance in {Assurance.PROVEN, Assurance.CONFIRMED}
        return {
            "uuid": self.of_answer(row),
            "title": line(f"{row.question.id} {row.question.label.get(self.reader.language)}"),
            "description": block(tables.answer_text(row, self.reader) or "–"),
            "props": [
                _prop("question", row.question.id),
                *([_prop("assurance", row.assurance.value)] if row.assurance else []),
                *([_prop("supply", row.supply)] if row.supply else []),
            ],
            "methods": ["INTERVIEW", "EXAMINE"] if proven else ["INTERVIEW"],
            "types": ["control-objective"],
            "collected": _moment(row.answered_at or self.dossier.at),
        }

    def finding(self, part: PartScore) -> Document:
        """What the score says of one measure or module."""
        measure = frameworks.measure(part.part)
        against = [one for one in part.lines if one.share < 1]
        words = self.reader.text(
            N_("Level %(level)s of 4, coverage %(coverage)s"), level=part.level, coverage=part.coverage
        )
        found: Document = {
            "uuid": self.named("finding", part.part, _moment(self.dossier.at)),
            "title": line(measure.title.get(self.reader.language)),
            "description": block(f"{words}: {self.reader.text(marks.BASES[part.basis].word)}"),
            "props": [
                _prop("value", str(part.value)),
                _prop("level", str(part.level)),
                _prop("coverage", str(part.coverage)),
                _prop("basis", part.basis.value),
                _prop("citation", measure.citation.get(self.reader.language)),
            ],
            "target": {
                "type": "objective-id",
                "target-id": control(part.part),
                "title": line(measure.citation.get(self.reader.language)),
                "status": {"state": "not-satisfied" if against else "satisfied"},
            },
        }
        observed = [
            *(self.of_finding(row) for row in self.findings if self.part_of(row) == part.part),
            *(self.of_answer(row) for row in self.answers if row.part == part.part),
        ]
        if observed:
            found["related-observations"] = [{"observation-uuid": one} for one in observed]
        risks = [self.of_risk(one) for one in self.assessed.risks if one.part == part.part]
        if risks:
            found["related-risks"] = [{"risk-uuid": one} for one in risks]
        return found

    def risk(self, one: Risk) -> Document:
        """A derived risk."""
        treated = self.treatments.get(one.key)
        facets = [("likelihood", str(one.likelihood.value))]
        facets += [("impact", str(one.impact))] if one.impact is not None else []
        facets += [("residual", one.level.value)] if one.level else []
        found: Document = {
            "uuid": self.of_risk(one),
            "title": line(self.reader.say(one.title)),
            "description": block(self.reader.say(one.scenario)),
            "statement": block(self.reader.say(one.scenario)),
            "props": [_prop("key", one.key), _prop("source", one.source.value), _prop("severity", one.severity.value)],
            "status": _status(one, treated),
            "characterizations": [
                {
                    "origin": {"actors": [{"type": "party", "actor-uuid": self.named("hospital")}]},
                    "facets": [{"name": name, "system": NAMESPACE, "value": value} for name, value in facets],
                }
            ],
        }
        if one.advice is not None:
            found["remediations"] = [
                {
                    "uuid": self.named("remediation", one.key),
                    "lifecycle": "recommendation",
                    "title": line(self.reader.say(one.title)),
                    "description": block(self.reader.say(one.advice)),
                }
            ]
        observed = [
            self.of_finding(row)
            for row in self.findings
            if f"{row.fact.finding.check_id}:{row.fact.finding.subject.name}" in one.source_keys
        ]
        if observed:
            found["related-observations"] = [{"observation-uuid": each} for each in observed]
        return found

    def method(self, name: str) -> Document:
        words = self.reader.text(
            N_("Questionnaire %(catalogue)s, checks %(checks)s, policy %(policy)s of Kettenblick"),
            catalogue=self.score.catalogue_version,
            checks=self.score.checks_version,
            policy=self.score.policy_version,
        )
        return {"uuid": name, "title": line(self.reader.text(N_("Method"))), "description": block(words)}

    # ---- names

    def named(self, *words: str) -> str:
        return str(uuid.uuid5(self.of, "\n".join(words)))

    def of_finding(self, row: FindingRow) -> str:
        return self.named("observation", row.key, row.fact.finding.subject.kind, _moment(row.fact.finding.at))

    def of_answer(self, row: AnswerRow) -> str:
        return self.named("answer", row.key, _moment(row.answered_at or self.dossier.at))

    def of_risk(self, one: Risk) -> str:
        return self.named("risk", one.key)

    @staticmethod
    def part_of(row: FindingRow) -> str:
        assert row.check is not None
        return str(row.check.refs.measures[0]) if row.check.refs.measures else ""


NOT_AN_AUDIT = N_(
    "Self-declarations of the vendor and what can be seen from outside. Neither an audit nor a certificate, no proof "
    "of compliance; an anchor in a law says where an observation may matter."
)


def control(part: str) -> str:
    """The id of a measure of § 30 (2) BSIG or of a module beside them."""
    return f"bsig-30-2-{part}" if part.isdigit() else f"module-{part.lower()}"


def line(text: str) -> str:
    """Text from anybody as one line that no renderer takes for markup."""
    return " ".join(block(text).split()) or "–"


def block(text: str) -> str:
    """The same with its line ends."""
    plain = "".join(sign if sign.isprintable() or sign == "\n" else " " for sign in text)
    safe = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKUP.sub(r"\\\1", safe).strip() or "–"


def _status(one: Risk, treated: Treated | None) -> str:
    if one.accepted_until is not None or (treated is not None and treated.treatment is Treatment.ACCEPT):
        return "deviation-approved"
    return "remediating" if treated is not None and treated.treatment is Treatment.MITIGATE else "open"


def _prop(name: str, value: str) -> Document:
    return {"name": name, "ns": NAMESPACE, "value": _string(value)}


def _string(text: str) -> str:
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(plain.split()) or "–"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def uuids(document: Any) -> Iterable[str]:
    """Every UUID that names something in the document."""
    if isinstance(document, dict):
        yield from (value for name, value in document.items() if name == "uuid")
        for value in document.values():
            yield from uuids(value)
    if isinstance(document, list):
        for value in document:
            yield from uuids(value)
