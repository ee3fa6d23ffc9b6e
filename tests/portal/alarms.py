"""Builders of incidents and of questions of the moment, through the services."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from portal.db.models.incidents import IncidentStage
from portal.services.incidents import flashes, incidents
from portal.services.incidents.flashes import FlashFields
from portal.services.incidents.incidents import WordFields

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from portal.db.models.incidents import Flash, Incident
    from portal.services.actors import Actor

URL = "https://kettenblick.klinik.example"


def word(now: datetime, **more) -> WordFields:
    given = {
        "what": "Verschlüsselte Server.",
        "contact_name": "Erika Muster",
        "contact_phone": "+49 30 1",
        "cause": "Phishing",
        "measures": "Getrennt",
        "next_at": now + timedelta(hours=12),
    }
    return WordFields(**{**given, **more})


def incident(
    session: Session, lead: Actor, *, now: datetime, title: str = "Ransomware", final: bool = False
) -> Incident:
    """Told to every hospital of the lead's company, and closed if wanted."""
    made = incidents.report(
        session,
        lead,
        title=title,
        known_at=now - timedelta(hours=2),
        stage=IncidentStage.EARLY,
        word=word(now),
        supply_ids=[key for link in incidents.links(session, lead) for key in link.supplies],
        assessment_ids=[link.assessment_id for link in incidents.links(session, lead)],
        base_url=URL,
        now=now,
    )
    if final:
        incidents.add_word(session, lead, made.id, IncidentStage.FINAL, word(now), sequence=1, base_url=URL, now=now)
    session.flush()
    return made


def flash(session: Session, actor: Actor, *vendor_ids: str, now: datetime, about: str = "log4j") -> Flash:
    fields = FlashFields(about=about, text_de="Betroffen?", text_en="Affected?", vendor_ids=vendor_ids)
    made = flashes.begin(session, actor, fields, base_url=URL, now=now)
    session.flush()
    return made
