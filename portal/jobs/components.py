"""Lists of parts are read in a process of their own and judged; after a refresh they are judged anew."""

import json
import subprocess
import sys
import tempfile
from datetime import datetime

from sqlalchemy.orm import Session

from portal.files.blobs import Blobs
from portal.home import BERLIN
from portal.jobs import scanning
from portal.jobs.work import Work
from portal.services.evidence import component_news, components, evidence, shared_components
from scanners import parts_child
from scanners.model import Message
from scanners.parsing.parts_lists import PartsList, Unreadable

LONGEST = 60  # seconds by the clock; the child ends itself after half of it by the processor
READER = (sys.executable, "-I", "-m", "scanners.parts_child")


def read(work: Work) -> None:
    """Read one document and write down what it says, or why it cannot be read; the document stays as it is."""
    company_id, evidence_id = work.argument("company_id"), work.argument("evidence_id")
    with work.step() as session:
        row = components.to_read(session, company_id, evidence_id)
        place = (row.blob_id, row.sha256) if row is not None else None
    if place is None:
        with work.last_step():
            return
    shelf = Blobs(folder=work.tools.settings.files_dir, keyring=work.tools.keyring)
    found = parts(shelf.get(evidence.owner_of(company_id), *place))
    data = scanning.shelf(work.tools.settings).newest
    now = work.now()
    today = now.astimezone(BERLIN).date()
    stands = components.judged(found, data, on=today) if isinstance(found, PartsList) else None
    with work.last_step() as session:
        components.keep(session, company_id, evidence_id, found, data=data, now=now, stands=stands)


def parts(content: bytes) -> PartsList | Message:
    """What a list of parts says, or the sentence why it cannot be read."""
    try:
        with tempfile.TemporaryFile() as told:  # a file has an end that the child cannot move; a pipe has none
            subprocess.run(  # noqa: S603 - our own program, no shell
                READER, input=content, stdout=told, stderr=subprocess.DEVNULL, timeout=LONGEST, env={}, check=True
            )
            told.seek(0)
            return parts_child.load(json.loads(told.read(parts_child.LONGEST_TOLD)))
    except Unreadable as refusal:
        return refusal.message
    except (subprocess.SubprocessError, ValueError, TypeError):
        return Message(text=components.UNREADABLE)


def rejudge(work: Work) -> None:
    """Judge the lists of one company by the data of today, each between two transactions; killed in between, the rest
    has its turn when the job is taken again."""
    data, company_id = scanning.shelf(work.tools.settings).newest, work.argument("company_id")
    with work.step() as session:
        stale = components.stale(session, company_id, data=data)
    for evidence_id in stale:
        today = work.now().astimezone(BERLIN).date()
        with work.step() as session:
            judge = components.judged_anew(session, company_id, evidence_id, data=data, on=today)
        stands = judge()
        with work.step() as session:
            components.rejudge_one(session, company_id, evidence_id, stands, data=data, now=work.now())
    with work.last_step() as session:
        shared_components.share(session, company_id)


def tell(work: Work) -> None:
    """Tell one hospital, or one company, what is new."""
    with work.last_step() as session:
        component_news.tell(
            session,
            hospital_id=work.argument("hospital_id"),
            company_id=work.argument("company_id"),
            base_url=work.tools.settings.public_base_url,
            now=work.now(),
        )


def ask_unread(session: Session, *, now: datetime) -> None:
    """Every night: documents that nobody has read yet, such as those that are older than this reader."""
    components.ask_unread(session, now=now)
