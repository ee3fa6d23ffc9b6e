"""A draft of the security annex to a contract, for Word and on paper: terms by letter, and what this vendor owes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files

from assessments import days
from assessments.contract_terms import Agreed, Item
from assessments.model import Assessed
from questionnaires.model import Text
from reports import pages, rendering
from reports.reader import Reader
from reports.word import Paper
from scanners.model import N_

TITLE = N_("Security annex to the contract")
DRAFT = N_(
    "Draft, made by a program from the assessment of %(day)s. It is no legal advice and no offer; have it checked and"
    " edited by a lawyer before it becomes part of a contract. Square brackets are to be filled in."
)
REFERENCE = N_(
    "The letters follow no. 5.1.4 (a) to (h) of the annex of Implementing Regulation (EU) 2024/2690. That regulation"
    " binds certain digital entities; for a hospital it is a reference, not an obligation. The hospital's own duty to"
    " heed the security of its supply chain follows from § 30 (2) no. 4 BSIG, as far as it falls under that law."
)
LETTER = N_("no. 5.1.4 (%(letter)s)")
OPEN = N_("Agreed specifically with this contractor")
NOTHING = N_("Nothing is open under this letter at present.")
TO_AGREE = N_("[day]")
WAS_DUE = N_("was due on %(day)s")
CONTACT = "{contact}"  # in a clause: the contractor's contact in an incident
NO_CONTACT = N_("[unit, telephone, mail, around the clock]")
RANK = N_(
    "Where this annex and the main contract differ on security, this annex prevails. An agreement on processing by a"
    " processor (Art. 28 GDPR) stands beside it and is not replaced by it."
)
FINAL = N_("Final terms")
FOR_THE_HOSPITAL, FOR_THE_CONTRACTOR = N_("for the hospital"), N_("for the contractor")


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What the annex says."""

    assessed: Assessed
    agreed: Sequence[Agreed]
    now: datetime
    contact: str = ""  # who is called about security; "": nobody is known


def name(vendor: str, *, reader: Reader, now: datetime, suffix: str) -> str:
    """How the file is called."""
    return f"{reader.text(TITLE)} {vendor} {days.of(now)}.{suffix}"


def word(draft: Draft, *, reader: Reader) -> bytes:
    """The draft as a document to go on writing in; the same draft is the same bytes."""
    dossier = draft.assessed.dossier
    paper = Paper(reader, title=reader.text(TITLE), author=dossier.hospital, at=draft.now)
    paper.title(reader.text(TITLE), kicker=reader.text(N_("Draft")), lead=lead(draft, reader))
    paper.note(reader.text(DRAFT, day=reader.day(dossier.day)))
    paper.text(reader.text(N_("Hospital")) + ": " + dossier.hospital)
    paper.text(reader.text(N_("Contractor")) + ": " + (dossier.company_name or dossier.vendor_name))
    paper.text(reader.text(N_("Services")) + ": " + (services(draft) or "[…]"))
    paper.faint(reader.text(REFERENCE))
    for number, agreed in enumerate(draft.agreed, start=1):
        paper.heading(f"{number}. {agreed.term.title.get(reader.language)}")
        paper.faint(reader.text(LETTER, letter=agreed.term.letter), leads=True)
        for index, clause in enumerate(agreed.term.clauses, start=1):
            paper.clause(f"{number}.{index}", said(clause, draft, reader))
        if agreed.items:
            paper.clause(f"{number}.{len(agreed.term.clauses) + 1}", f"{reader.text(OPEN)}:", leads=True)
            head = [reader.text(column) for column in (N_("What"), N_("Until"), N_("Source"))]
            paper.table(head, [cells(item, reader) for item in agreed.items], widths=(3.1, 1, 1.9))
        else:
            paper.faint(reader.text(NOTHING))
    paper.heading(f"{len(draft.agreed) + 1}. {reader.text(FINAL)}")
    paper.clause(f"{len(draft.agreed) + 1}.1", reader.text(RANK))
    paper.signatures([reader.text(FOR_THE_HOSPITAL), reader.text(FOR_THE_CONTRACTOR)])
    return paper.content()


def html(draft: Draft, *, reader: Reader) -> str:
    """The same on paper, before it is set (see rendering.pdf and pages.style)."""
    return rendering.page(
        "contract_annex.html",
        reader,
        draft=draft,
        dossier=draft.assessed.dossier,
        lead=lead(draft, reader),
        services=services(draft),
        cells=lambda item: cells(item, reader),
        said=lambda clause: said(clause, draft, reader),
        title=TITLE,
        note=DRAFT,
        reference=REFERENCE,
        letter=LETTER,
        specifically=OPEN,
        nothing=NOTHING,
        final=FINAL,
        rank=RANK,
        sides=(FOR_THE_HOSPITAL, FOR_THE_CONTRACTOR),
    )


def style() -> str:
    """The look of the paper."""
    return pages.style() + (files("reports") / "templates" / "contract_annex.css").read_text(encoding="utf-8")


def lead(draft: Draft, reader: Reader) -> str:
    """Between whom."""
    dossier = draft.assessed.dossier
    return reader.text(N_("%(hospital)s and %(vendor)s"), hospital=dossier.hospital, vendor=dossier.vendor_name)


def services(draft: Draft) -> str:
    """What the contract is about."""
    return "; ".join(supply.name for supply in draft.assessed.dossier.supplies)


def said(clause: Text, draft: Draft, reader: Reader) -> str:
    """A clause, with who is called in an incident where that is known."""
    return clause.get(reader.language).replace(CONTACT, draft.contact or reader.text(NO_CONTACT))


def cells(item: Item, reader: Reader) -> tuple[str, str, str]:
    """What, until when, and where it comes from."""
    what = reader.say(item.what)
    places = ", ".join(item.places)
    day = reader.day(item.due_on) if item.due_on else reader.text(TO_AGREE)
    if item.was_due_on:
        day += f" ({reader.text(WAS_DUE, day=reader.day(item.was_due_on))})"
    return f"{what} ({places})" if places else what, day, reader.say(item.source)
