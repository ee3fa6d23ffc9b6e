"""A hospital that asks one company, filled through the services: what the tests of the company's pages walk through."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from portal.db.models.accounts import Company, CompanyRole, Person
from portal.db.models.assessments import Assessment
from portal.services.actors import Actor
from tests.portal import building
from tests.portal.kept import kept
from tests.portal.web.hospital import ward
from tests.portal.web.hospital.ward import Ward

VENDOR = "Strahlwerk Medizintechnik GmbH"
ADDRESS = "erika@strahlwerk.example"


@dataclass(kw_only=True)
class Errand:
    """One round of one vendor: the hospital's people, the company's people, and the ids."""

    ward: Ward
    assessment_id: str
    token: str
    lead: Actor | None = None

    @property
    def path(self) -> str:
        return f"/vendor/rounds/{self.assessment_id}"


@kept
def invited(session: Session, now: datetime, *, products: tuple[str, ...] = ("PACS Archiv",), hosts: int = 2) -> Errand:
    """A vendor with a mail in its box."""
    of = ward.empty(session)
    for number, product in enumerate(products):
        added = hosts if number == 0 else 0
        ward.add(session, of, VENDOR, product, domain="strahlwerk.example", hosts=added, now=now)
    token = ward.invite(session, of, VENDOR, now=now, due=now.date() + timedelta(days=28))
    return Errand(ward=of, assessment_id=of.assessments[VENDOR], token=token)


@kept
def accepted(session: Session, now: datetime, **more) -> Errand:
    """The same, taken by its company."""
    made = invited(session, now, **more)
    made.lead = ward.accept(session, made.ward, VENDOR, now=now)
    return made


def colleague(
    session: Session, of: Errand, role: CompanyRole = CompanyRole.CONTRIBUTOR, *, sections: tuple[str, ...] = ()
) -> Actor:
    """Another person of the same company; a contributor holds these sections, or every one."""
    company = session.get_one(Company, of.lead.company_id)
    who = building.company_actor(session, company, role, email=f"{role.value}@strahlwerk.example")
    if role is CompanyRole.CONTRIBUTOR:
        building.hand_on(session, session.get_one(Assessment, of.assessment_id), who, *sections)
    return who


def stranger(session: Session) -> Actor:
    """Somebody of another company."""
    return building.company_actor(session, building.company(session, "Andere GmbH"))


def assessment(session: Session, of: Errand) -> Assessment:
    session.expire_all()
    return session.get_one(Assessment, of.assessment_id)


def person(session: Session, actor: Actor) -> Person:
    return session.get_one(Person, actor.person_id)


def text_of(response) -> str:
    """What a reader sees of a page."""
    html = response.get_data(as_text=True)
    html = re.sub(r"<(script|style|template)\b.*?</\1>", " ", html, flags=re.DOTALL)
    return re.sub(r"[ \n\t]+", " ", re.sub(r"<[^>]+>", " ", html)).strip()
