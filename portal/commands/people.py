"""`kettenblick hospital`, `user` and `setup-link`: who is let in, from the machine itself."""

import argparse
import sys
from datetime import UTC, datetime

from portal.commands import instance
from portal.commands.shell import Commands, Refusal
from portal.db.models.accounts import Hospital, HospitalRole, TicketPurpose
from portal.services.actors import Actor
from portal.services.people import accounts, tickets
from portal.services.people.accounts import NewHospital
from scanners.model import N_


def add_hospital(commands: Commands) -> None:
    """The commands about hospitals."""
    verbs = commands.add_parser("hospital", help="add or list hospitals").add_subparsers(dest="verb", required=True)
    add = verbs.add_parser("add", help="add a hospital and print the link for its first administrator")
    add.add_argument("name")
    add.add_argument("--admin", required=True, metavar="EMAIL", help="who becomes its first administrator")
    add.add_argument("--city", default="")
    add.add_argument("--state", default="", help="German state for its holidays, such as NW")
    add.set_defaults(run=_hospital_add)
    verbs.add_parser("list", help="list hospitals").set_defaults(run=_hospital_list)


def add_user(commands: Commands) -> None:
    """The commands about people."""
    verbs = commands.add_parser("user", help="invite people, close accounts, reset second factors").add_subparsers(
        dest="verb", required=True
    )
    add = verbs.add_parser("add", help="print a link by which somebody joins a hospital")
    add.add_argument("email")
    add.add_argument("--hospital", required=True, metavar="ID")
    add.add_argument("--role", choices=[role.value for role in HospitalRole], default=HospitalRole.ADMIN.value)
    add.set_defaults(run=_user_add)
    disable = verbs.add_parser("disable", help="close an account at once, everywhere")
    disable.add_argument("email")
    disable.set_defaults(run=_user_disable)
    reset = verbs.add_parser("reset-second-factor", help="somebody lost their authenticator and their spare codes")
    reset.add_argument("email")
    reset.set_defaults(run=_user_reset)


def add_setup_link(commands: Commands) -> None:
    """The command that prints the one-time link of the first start again."""
    command = commands.add_parser("setup-link", help="print a new one-time link that creates the first hospital")
    command.set_defaults(run=_setup_link)


def _hospital_add(arguments: argparse.Namespace) -> int:
    now = datetime.now(UTC)
    with instance.opened() as (chosen, sessions), sessions.begin() as session:
        new = NewHospital(name=arguments.name, city=arguments.city, state=arguments.state)
        hospital = accounts.add_hospital(session, instance.actor(), new, now=now)
        token = accounts.invite_first_admin(
            session, instance.actor(), hospital_id=hospital.id, email=arguments.admin, now=now
        )
        sys.stdout.write(f"{hospital.id}  {hospital.name}\n")
        _tell_link(f"{chosen.public_base_url}/join/{token}", arguments.admin)
    return 0


def _hospital_list(_arguments: argparse.Namespace) -> int:
    with instance.opened() as (_chosen, sessions), sessions() as session:
        for hospital in session.query(Hospital).filter(~Hospital.is_for_bidder).order_by(Hospital.name):
            sys.stdout.write(f"{hospital.id}  {hospital.name}\n")
    return 0


def _user_add(arguments: argparse.Namespace) -> int:
    with instance.opened() as (chosen, sessions), sessions.begin() as session:
        hospital = session.get(Hospital, arguments.hospital)
        if hospital is None or hospital.is_for_bidder:
            raise Refusal("There is no hospital of that id. Type: kettenblick hospital list")
        operator = instance.actor()
        actor = Actor(
            name=operator.name, is_operator=True, hospital_id=arguments.hospital, hospital_role=HospitalRole.ADMIN
        )
        role = HospitalRole(arguments.role)
        token = accounts.invite_to_hospital(session, actor, email=arguments.email, role=role, now=datetime.now(UTC))
        _tell_link(f"{chosen.public_base_url}/join/{token}", arguments.email)
    return 0


def _user_disable(arguments: argparse.Namespace) -> int:
    with instance.opened() as (_chosen, sessions), sessions.begin() as session:
        accounts.disable(session, instance.actor(), email=arguments.email, now=datetime.now(UTC))
    sys.stdout.write(f"{arguments.email} is closed.\n")
    return 0


def _user_reset(arguments: argparse.Namespace) -> int:
    with instance.opened() as (_chosen, sessions), sessions.begin() as session:
        accounts.reset_second_factor(session, instance.actor(), email=arguments.email, now=datetime.now(UTC))
    sys.stdout.write(f"{arguments.email} sets up a second factor at the next sign-in.\n")
    return 0


def _setup_link(_arguments: argparse.Namespace) -> int:
    with instance.opened() as (chosen, sessions), sessions.begin() as session:
        if accounts.has_hospital(session):
            raise Refusal("There is a hospital already. Type: kettenblick hospital add")
        token = tickets.issue(session, TicketPurpose.FIRST_HOSPITAL, now=datetime.now(UTC))
        sys.stdout.write(f"{chosen.public_base_url}/setup/{token}\n")
    return 0


def _tell_link(link: str, email: str) -> None:
    instance.tell_in_words(
        N_("This link works once and only for %(email)s. Hand it over on a way you trust:"), email=email
    )
    instance.tell(link)
