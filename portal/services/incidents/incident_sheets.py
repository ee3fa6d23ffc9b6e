"""The incident notification sheet: filled from an incident, and laid beside answers as evidence once it is complete."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.db.models.incidents import IncidentStage, IncidentWord
from portal.db.models.responses import Confidentiality, Evidence
from portal.errors import NotNow
from portal.home import BERLIN
from portal.services.actors import Actor, company_of
from portal.services.answers import responses
from portal.services.evidence import evidence
from portal.services.evidence.evidence import DocumentFields, Stored
from portal.services.incidents import incidents
from portal.services.incidents.incidents import Report
from portal.services.rounds.rounds import Key
from questionnaires.model import Text
from reports import incident_sheet
from reports.incident_sheet import Part, Sheet
from scanners.model import N_, Message

OF_A_REAL_ONE, OF_AN_EXERCISE = ("incident_report", "notification_template"), ("notification_template",)
LONGEST_SCOPE = 200


@dataclass(frozen=True, kw_only=True)
class Place:
    """An answer of an open round that asks for such a document."""

    assessment_id: str
    hospital: str
    key: Key
    label: Text
    kind: str  # evidence type of the catalogue

    @property
    def name(self) -> str:
        """As a form sends it."""
        return "/".join((self.assessment_id, *self.key, self.kind))


def of_report(report: Report) -> Sheet:
    """The sheet as far as the company has said it; no hospital is named in it."""
    parts = []
    for stage, clock in zip(incident_sheet.STAGES, report.clocks, strict=True):
        until = _until(report, stage)
        word = incidents.together(until) if until else None
        parts.append(
            Part(
                stage=stage,
                due_at=clock.due_at,
                given_at=clock.given_at,
                lines={
                    **{name: getattr(word, name) for name in incidents.TEXTS},
                    "malicious": incidents.SUSPICIONS[word.malicious],
                    "abroad": incidents.SUSPICIONS[word.abroad],
                    "contact": " · ".join(filter(None, (word.contact_name, word.contact_phone, word.contact_email))),
                }
                if word
                else {},
                by_name=until[-1].by_name if until else "",
            )
        )
    return Sheet(
        company=report.company,
        title=report.incident.title,
        known_at=report.incident.known_at,
        is_exercise=report.incident.is_exercise,
        parts=tuple(parts),
    )


def places(session: Session, actor: Actor, report: Report, *, now: datetime) -> Sequence[Place]:
    """The answers beside which the completed sheet may lie: in rounds that can be changed, each question once."""
    if not report.is_closed:
        return ()
    wanted = OF_AN_EXERCISE if report.incident.is_exercise else OF_A_REAL_ONE
    found = []
    for head in responses.of_company(session, actor):
        if not head.may_be_changed:
            continue
        asked = responses.questionnaire(session, actor, head.id, now=now)
        for slot in asked.slots:
            kinds = [one.type for one in slot.question.evidence]
            kind = next((kind for kind in wanted if kind in kinds), None)
            if kind is not None:
                found.append(
                    Place(
                        assessment_id=head.id,
                        hospital=head.hospital,
                        key=slot.key,
                        label=slot.question.label,
                        kind=kind,
                    )
                )
    return found


def attach(session: Session, actor: Actor, place: Place, report: Report, stored: Stored, *, now: datetime) -> Evidence:
    """Write the sheet down as a document of the company and lay it beside the answer."""
    if not report.is_closed:
        raise NotNow(Message(text=N_("The sheet counts as proof once the final report is in it.")))
    company_of(actor)
    fields = DocumentFields(
        kind=place.kind,
        issuer=report.company,
        scope=report.incident.title[:LONGEST_SCOPE],
        issued_on=report.last.at.astimezone(BERLIN).date(),
        confidentiality=Confidentiality.CONFIDENTIAL,
    )
    return evidence.add(session, actor, place.assessment_id, fields, stored, keys=[place.key], now=now)


def _until(report: Report, stage: str) -> Sequence[IncidentWord]:
    """What had been said when this stage was given; nothing while it was not."""
    wanted = {
        "early": set(IncidentStage),
        "notification": {IncidentStage.NOTIFICATION, IncidentStage.FINAL},
        "final": {IncidentStage.FINAL},
    }[stage]
    for index, word in enumerate(report.words):
        if word.stage in wanted:
            return report.words[: index + 1]
    return ()
