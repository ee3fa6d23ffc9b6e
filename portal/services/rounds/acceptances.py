"""An invited person takes a round for their company: with a new account, or with the one they have."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.db.models.accounts import Company, CompanyMember, Person
from portal.db.models.assessments import Assessment
from portal.errors import BadInput, NotAllowed
from portal.services.actors import COMPANY_LEADERS, Actor
from portal.services.answers import recordings, suggestions
from portal.services.people import accounts
from portal.services.people.accounts import NewPerson
from portal.services.rounds import invitations
from portal.services.rounds.invitations import Invited
from portal.services.scans import own_results
from scanners.model import N_, Message


@dataclass(frozen=True, kw_only=True)
class NewCompany:
    """A company as the person who accepts for it names it, and what they are in it."""

    name: str
    function: str = ""


def companies(session: Session, person: Person) -> Sequence[Company]:
    """The companies for which this person may accept."""
    return session.scalars(
        select(Company)
        .join(CompanyMember, CompanyMember.company_id == Company.id)
        .where(
            CompanyMember.person_id == person.id,
            CompanyMember.ended_at.is_(None),
            CompanyMember.role.in_(COMPANY_LEADERS),
        )
        .order_by(func.lower(Company.name))
    ).all()


def is_addressee(invited: Invited, person: Person) -> bool:
    """Whether the invitation was sent to this person; a link that was passed on opens nothing."""
    return person.email == invited.invitation.email


def with_new_account(
    session: Session, token: str, *, new: NewPerson, company: NewCompany, now: datetime
) -> tuple[Assessment, Person]:
    """Make account and company, and take the round; the account's address is the one that was invited."""
    invited = invitations.look(session, token, now=now)
    _require_function(company)
    person = accounts.add_person(session, email=invited.invitation.email, new=new, now=now)
    made = _found(session, person, company, now=now)
    return _accept(session, token, person, made, now=now), person


def with_account(
    session: Session, token: str, *, person: Person, company_id: str, new: NewCompany | None, now: datetime
) -> Assessment:
    """Take the round for one of the person's companies, or for a new one when `company_id` is ""."""
    invited = invitations.look(session, token, now=now)
    if not is_addressee(invited, person):
        raise NotAllowed(
            Message(text=N_("This link was sent to another address. Sign in with the account of that address."))
        )
    if company_id:
        company = next((one for one in companies(session, person) if one.id == company_id), None)
        if company is None:
            raise BadInput({"company": Message(text=N_("Choose one of your companies, or a new one."))})
    else:
        new = new or NewCompany(name="")
        _require_function(new)
        company = _found(session, person, new, now=now)
    return _accept(session, token, person, company, now=now)


def _require_function(company: NewCompany) -> None:
    if not company.function.strip():
        raise BadInput({"function": Message(text=N_("Enter what you do in the company."))})


def _found(session: Session, person: Person, new: NewCompany, *, now: datetime) -> Company:
    actor = Actor(person_id=person.id, name=person.name, email=person.email)
    return accounts.add_company(session, actor, name=new.name, person=person, now=now, function=new.function)


def _accept(session: Session, token: str, person: Person, company: Company, *, now: datetime) -> Assessment:
    assessment = invitations.accept(session, token, person=person, company=company, now=now)
    own_results.become_visible(session, assessment, now=now)
    recordings.offer_to_company(session, assessment, person, company, now=now)
    suggestions.lay_signed(session, assessment, now=now)
    return assessment
