"""The log of a tender: every act and whether the chain is whole; as Excel and PDF for the tender file."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from flask import Response

from portal.db.models.tenders import Tender, TenderLot
from portal.home import BERLIN
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext as _l
from portal.jobs import printing
from portal.services.actors import EVERY_HOSPITAL_ROLE
from portal.services.tenders import acts, lots, tenders
from portal.web import audit_words, pages
from portal.web.hospital import tender_lots
from portal.web.hospital import tenders as tender_pages
from portal.web.hospital.room import hospital
from portal.web.hospital.tender_forms import ENDS, EXCLUSIONS
from portal.web.hospital.tender_lots import PDF, XLSX
from portal.web.journey import HospitalJourney
from questionnaires.model import QuestionSet
from reports import marks
from reports import tender_log as tender_log_paper
from reports.tender_log import LotLine, OfferLine, Published, TenderFile
from reports.workbooks import tender_log
from reports.workbooks.tender_log import Act

ROOMS: Mapping[str, object] = {  # what a bidder's room was made of reads otherwise in the log of the tender
    "vendor.added": _l("Room of the bidder made"),
    "supply.added": _l("Lot laid into the room of the bidder"),
    "host.named": _l("Domain of the bidder named"),
}
DETAILS: Mapping[str, object] = {
    "bidder": _l("Bidder"),
    "bidders": _l("Bidders"),
    "name": _l("Name"),
    "title": _l("Name"),
    "lot": _l("Lot"),
    "tier": _l("Tier"),
    "file": _l("File"),
    "exclusion": _l("Ground of the exclusion"),
    "ending": _l("Ground of the end"),
    "reason": _l("Explanation"),
    "told": _l("As told to bidders"),
    "from": _l("As answered by"),
    "months": _l("Months after the deadline"),
    "before": _l("Before"),
    "after": _l("After"),
    "to": _l("To"),
    "edition": _l("Edition"),
    "sha256": "SHA-256",
}  # ids of rows tell a reader nothing and stand in the chain
EXCLUSION_WORDS: Mapping[str, object] = {ground.value: text for ground, text in EXCLUSIONS.items()}
END_WORDS: Mapping[str, object] = {ground.value: text for ground, text in ENDS.items()}


@hospital.get("/compare/tenders/<tender_id>/log", roles=EVERY_HOSPITAL_ROLE)
def tender_acts(here: HospitalJourney, tender_id: str) -> Response:
    """Every act, and whether the chain is whole."""
    row = tenders.find(here.session, here.actor, tender_id)
    return pages.page(
        "hospital/tender_log.html",
        row=row,
        acts=_acts(here, row),
        is_sound=acts.is_sound(here.session, here.actor, tender_id),
    )


@hospital.post("/compare/tenders/<tender_id>/log", roles=EVERY_HOSPITAL_ROLE)
def tender_log_workbook(here: HospitalJourney, tender_id: str) -> Response:
    """The log as a workbook for the tender file."""
    with here.aside() as looking:
        row = tenders.find(looking.session, looking.actor, tender_id)
        facts = {
            **dict(_facts(looking, row)),
            **{f"{_('Lot %(number)s', number=lot.number)}: {lot.title}": _outcome(row, lot) for lot in row.lots},
            _("What was frozen"): json.dumps(row.frozen, ensure_ascii=False, sort_keys=True) if row.frozen else "",
            _("Chain of acts"): _("whole")
            if acts.is_sound(looking.session, looking.actor, tender_id)
            else _("broken, please tell the operator"),
        }
        done = _acts(looking, row)
    content = tender_log.write(facts, done, reader=tender_lots.reader(), now=here.now)
    return pages.download(content, name=_name(here, "xlsx"), media_type=XLSX)


@hospital.post("/compare/tenders/<tender_id>/log/paper", roles=EVERY_HOSPITAL_ROLE)
def tender_log_pdf(here: HospitalJourney, tender_id: str) -> Response:
    """The log on paper for the tender file; taking it along is no act of the tender, so the same state stays the same
    paper."""
    with here.aside() as looking:  # nobody waits to save while the lots are compared and the paper is set
        html = tender_log_paper.html(_file(looking, tender_id), reader=tender_lots.reader())
    content = printing.pdf(html, style=tender_log_paper.style())
    return pages.download(content, name=_name(here, "pdf"), media_type=PDF)


def _file(here: HospitalJourney, tender_id: str) -> TenderFile:
    row = tenders.find(here.session, here.actor, tender_id)
    return TenderFile(
        hospital=here.hospital.name,
        title=row.title,
        facts=_facts(here, row),
        lots=[
            LotLine(
                number=lot.number,
                title=lot.title,
                tier=tender_lots.lot_tier(lot),
                question_set=_(marks.QUESTION_SETS[lots.question_set(here.session, row, lot)]),
                must_haves=", ".join(lots.must_haves(row, lot)) or _("only the catalogue's own"),
                outcome=_outcome(row, lot),
            )
            for lot in row.lots
        ],
        offers=[
            OfferLine(name=one.name, lot=lot.number, invited_at=one.invited_at, text=text, is_out=is_out)
            for lot in row.lots
            for one, text, is_out in tender_lots.standings(here, row, lot)
        ],
        published=[
            Published(at=query.answered_at, question=query.question, answer=query.answer)
            for query in row.queries
            if query.answered_at is not None
        ],
        acts=_acts(here, row),
        is_sound=acts.is_sound(here.session, here.actor, tender_id),
    )


def _facts(here: HospitalJourney, row: Tender) -> Sequence[tuple[str, str]]:
    told = tender_lots.reader()
    facts = [
        (_("Tender"), row.title),
        (_("Number of the tender file"), row.reference or "–"),
        (_("State"), str(tender_pages.STATES[tenders.standing(row, now=here.now)])),
        (_("Deadline"), tender_lots.deadline(row)),
        (_("Question catalogue"), f"{row.catalogue_id} {row.catalogue_version}"),
        (_("Question set"), _(marks.QUESTION_SETS[QuestionSet(row.question_set)])),
        (_("Must-haves"), ", ".join(row.must_haves) or _("only the catalogue's own")),
        (_("Answers opened"), f"{told.moment(row.opened_at)}, {tender_lots.opened_by(row)}" if row.opened_at else "–"),
    ]
    if row.ended_at is not None:
        by_itself = _("Nobody had ended it, so the portal did, some months after the deadline.")
        reason = by_itself if row.is_lapsed else row.end_reason
        facts += [(_("Ended on"), told.moment(row.ended_at)), (_("Reason"), reason)]
    return [*facts, (_("Hash of what was frozen (SHA-256)"), row.frozen_sha256 or "–")]


def _outcome(row: Tender, lot: TenderLot) -> str:
    """What became of a lot: whose it is, or why it ended."""
    winner = next((one for one in row.bidders if one.lot_id == lot.id and one.awarded_at is not None), None)
    if winner is not None:
        return _(
            "awarded to %(name)s on %(when)s", name=winner.name, when=tender_lots.reader().moment(winner.awarded_at)
        )
    if lot.ended_at is not None:
        return f"{_('Ended without an award')}: {tender_lots.lot_end(lot)}"
    return _("ended with the tender, without an award") if row.ended_at is not None else _("no word yet")


def _detail(name: str, value: object, bidders: Mapping[str, str]) -> str:
    """One detail of an act, with words in place of ids and codes, and days as the reader writes them."""
    if name in {"before", "after"}:
        return f"{DETAILS[name]}: {_when(str(value))}"
    words = {"exclusion": EXCLUSION_WORDS, "ending": END_WORDS}.get(name, bidders)
    return f"{DETAILS[name]}: {words.get(str(value), value)}"


def _when(text: str) -> str:
    told = tender_lots.reader()
    return told.moment(datetime.fromisoformat(text)) if "T" in text else told.day(date.fromisoformat(text))


def _name(here: HospitalJourney, kind: str) -> str:
    return f"{_('Tender log')} {here.now.astimezone(BERLIN):%Y-%m-%d}.{kind}"


def _acts(here: HospitalJourney, row: Tender) -> list[Act]:
    names = {f"hospital:{bidder.house_id}": bidder.name for bidder in row.bidders}
    bidders = {bidder.id: bidder.name for bidder in row.bidders}
    return [
        Act(
            chain=names.get(event.scope, _("Tender")),
            number=event.sequence,
            at=event.at,
            actor=audit_words.by(event.actor, event.verb),
            act=str(ROOMS.get(event.verb) or audit_words.told(event.verb)),
            about=", ".join(
                _detail(name, value, bidders) for name, value in (event.detail or {}).items() if name in DETAILS
            ),
            hash=event.hash,
            previous=event.previous_hash,
        )
        for event in acts.log(here.session, here.actor, row.id)
    ]
