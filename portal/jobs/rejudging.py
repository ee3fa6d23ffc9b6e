"""Stored scans judged anew: after a refresh of the data, with a new catalogue, or when somebody asks."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.jobs import scanning
from portal.jobs.work import Work
from portal.services import jobs
from portal.services.evidence import components
from portal.services.scans import rejudging
from portal.services.scans.causes import Shelf
from scanners.catalogue import CATALOGUE_VERSION

SLOT = "rejudge-all"
SLOT_LENGTH = 40


def run(work: Work) -> None:
    """Judge the newest stored scan of one vendor."""
    shelf = scanning.shelf(work.tools.settings)
    with work.last_step() as session:
        rejudging.rejudge(
            session, work.argument("hospital_id"), work.argument("vendor_id"), shelf=shelf, now=work.now()
        )


def tell(work: Work) -> None:
    """Tell both sides of one hospital what is new."""
    with work.last_step() as session:
        base_url = work.tools.settings.public_base_url
        rejudging.tell(session, work.argument("hospital_id"), base_url=base_url, now=work.now())


def slot(shelf: Shelf) -> str:
    """Rules and data of this moment: each pair is judged by once, whoever notices it first."""
    return f"{CATALOGUE_VERSION}/{shelf.newest.version}"[-SLOT_LENGTH:]


def start(session: Session, shelf: Shelf, *, now: datetime) -> None:
    """Ask for all vendors and all lists of parts, if rules or data are new."""
    if jobs.take_slot(session, SLOT, slot(shelf), now=now):
        rejudging.ask_all(session, now=now)
        components.ask_all(session, now=now)
