"""Who acts: a person with the one role that counts for this request, and the questions services ask about it."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from portal.db.models.accounts import CompanyRole, HospitalRole
from portal.errors import NotAllowed
from scanners.model import N_, Message

EVERY_HOSPITAL_ROLE = frozenset(HospitalRole)
HOSPITAL_WRITERS = frozenset({HospitalRole.ADMIN, HospitalRole.ASSESSOR})
EVERY_COMPANY_ROLE = frozenset(CompanyRole)
COMPANY_LEADERS = frozenset({CompanyRole.LEAD, CompanyRole.SIGNATORY})


@dataclass(frozen=True, kw_only=True)
class Actor:
    """A person as the authorisation of this request knows them; scope comes from here, never from an id in it."""

    name: str
    person_id: str = ""  # "" is the system itself
    email: str = ""
    language: str = "de"
    is_operator: bool = False
    hospital_id: str | None = None
    hospital_role: HospitalRole | None = None
    company_id: str | None = None
    company_role: CompanyRole | None = None

    @property
    def label(self) -> str:
        """How the audit trail names them."""
        return f"{self.name} <{self.email}>"[:300] if self.email else self.name[:300]


SYSTEM = Actor(name="system")


def operator_at_the_shell(account: str) -> Actor:
    """Whoever types `kettenblick …` on the machine itself."""
    return Actor(name=f"shell:{account}", is_operator=True)


def hospital_of(actor: Actor, roles: AbstractSet[HospitalRole] = EVERY_HOSPITAL_ROLE) -> str:
    """The hospital the actor works for in one of these roles."""
    if actor.hospital_id is None or actor.hospital_role not in roles:
        raise NotAllowed(Message(text=N_("Your role in this hospital does not allow this.")))
    return actor.hospital_id


def company_of(actor: Actor, roles: AbstractSet[CompanyRole] = COMPANY_LEADERS) -> str:
    """The company the actor works for in one of these roles.

    Contributors see only what was handed to them (scopes.py): a service that lets them in says so.
    """
    if actor.company_id is None or actor.company_role not in roles:
        raise NotAllowed(Message(text=N_("Your role in this company does not allow this.")))
    return actor.company_id


def require_operator(actor: Actor) -> None:
    """Only whoever runs the instance."""
    if not actor.is_operator:
        raise NotAllowed(Message(text=N_("Only the operator of this portal may do this.")))
