"""Incidents and questions of the moment as rows of the register: what vendors reported, what they answered."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from assessments.model import IncidentFact
from portal.services.actors import Actor
from portal.services.incidents import flashes, incident_clocks, incidents
from portal.services.incidents.flashes import Board, Line
from portal.services.incidents.incidents import Received
from scanners.model import N_, Message

REPORTED = N_("Reported by the vendor")
ASKED = N_("Asked at once")


def facts(session: Session, actor: Actor, *, keys: Mapping[str, str], now: datetime) -> Sequence[IncidentFact]:
    """The newest first; vendors off the lists are left out."""
    found = [
        _reported(one, keys[one.vendor.id])
        for one in incidents.of_hospital(session, actor, now=now)
        if one.vendor.id in keys
    ]
    for board in flashes.of_hospital(session, actor, now=now):
        found += [_asked(board, line, keys[line.vendor.id]) for line in board.lines if line.vendor.id in keys]
    return sorted(found, key=lambda one: (-one.begun_at.timestamp(), one.vendor_key, one.key))


def _reported(one: Received, vendor_key: str) -> IncidentFact:
    report, last = one.report, one.report.last
    receipt = one.receipts.get(last.id)
    said = incidents.together(report.words)
    standing = N_("to be confirmed") if one.unread else N_("closed") if report.is_closed else N_("open")
    return IncidentFact(
        key=f"I-{report.incident.id[:8]}",
        vendor_key=vendor_key,
        kind=Message(text=REPORTED),
        title=report.incident.title,
        about=", ".join(one.supplies),
        standing=Message(text=standing),
        text=said.what if said else "",
        begun_at=report.incident.known_at,
        last=Message(text=incident_clocks.WORDS[last.stage]),
        last_at=last.at,
        by=last.by_name,
        confirmed_by=receipt.by_name if receipt else "",
        confirmed_at=receipt.at if receipt else None,
        due_at=report.next_clock.due_at if report.next_clock else None,
        overdue=one.is_late,
    )


def _asked(board: Board, line: Line, vendor_key: str) -> IncidentFact:
    flash, last = board.flash, line.answers[0] if line.answers else None
    words = flashes.STANDINGS[last.standing] if last else N_("no answer yet")
    is_waiting = board.is_open and not line.is_final
    return IncidentFact(
        key=f"F-{line.asked.id[:8]}",
        vendor_key=vendor_key,
        kind=Message(text=ASKED),
        title=flash.about,
        about=", ".join(map(str, line.asked.matches)),
        standing=Message(text=words),
        text="\n".join(filter(None, (last.text if last else "", flash.conclusion))),
        begun_at=flash.at,
        last=Message(text=words),
        last_at=last.at if last else None,
        by=last.by if last else "",
        confirmed_by=flash.closed_by,
        confirmed_at=flash.closed_at,
        due_at=(flash.last_due_at if line.answers else flash.first_due_at) if is_waiting else None,
        overdue=board.is_open and line.is_late(flash, board.now),
    )
