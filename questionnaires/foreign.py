"""Forms of others that a company has filled in elsewhere (MDS2, CAIQ, SIG): recognised by the numbers of their
questions, never by the place of a row."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

FEWEST = 5  # numbers that make a workbook a filled form
LONGEST_NOTE, LONGEST_FACT, LONGEST_ID = 1_000, 120, 12
SHORTEST_TEXT = 12  # characters of a cell that may be the question itself


class Form(StrEnum):
    """The forms that are known."""

    MDS2 = "mds2"
    CAIQ = "caiq"
    SIG = "sig"


class Said(StrEnum):
    """What a form answers. Everything but a plain yes or no is for people to read."""

    YES = "yes"
    NO = "no"
    NOT_APPLICABLE = "na"
    OTHER = "other"
    NOTHING = "nothing"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of a workbook as text."""

    sheet: str
    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ForeignAnswer:
    """One answer of the form, with the words of its whole row in lower case."""

    id: str
    said: Said
    note: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Filled:
    """A form that was filled in; the facts of its head, as far as it has them."""

    form: Form
    answers: Mapping[str, ForeignAnswer]
    torn: tuple[str, ...] = ()  # numbers that stand twice with two answers: none of them counts
    manufacturer: str = ""
    device: str = ""
    document_id: str = ""
    released_on: date | None = None


class NotRecognised(Exception):
    """No form of those that are known."""


MDS2_SECTIONS = (
    *("DOC", "MPII", "ALOF", "AUDT", "AUTH", "CSUP", "DIDT", "DTBK", "EMRG", "IGAU", "MLDP", "NAUT", "CONN", "PAUT"),
    *("PLOK", "RDMP", "SBOM", "SAHD", "SGUD", "STCF", "TXCF", "TXIG", "RMOT", "CNFS"),
)
CAIQ_DOMAINS = (
    *("A&A", "AIS", "BCR", "CCC", "CEK", "DCS", "DSP", "GRC", "HRS", "IAM", "IPY", "IVS", "LOG", "SEF", "STA", "TVM"),
    "UEM",
)
NUMBERS: Mapping[Form, re.Pattern[str]] = {
    Form.MDS2: re.compile(rf"(?:{'|'.join(MDS2_SECTIONS)})-\d{{1,2}}(?:\.\d{{1,2}}){{0,2}}"),
    Form.CAIQ: re.compile(rf"(?:{'|'.join(CAIQ_DOMAINS)})-\d{{2}}\.\d{{1,2}}"),
    Form.SIG: re.compile(r"[A-Z]{1,2}\.\d{1,3}(?:\.\d{1,3}){0,4}"),
}
SAID: Mapping[str, Said] = {
    **dict.fromkeys(("yes", "y", "ja"), Said.YES),
    **dict.fromkeys(("no", "n", "nein"), Said.NO),
    **dict.fromkeys(("n/a", "na", "not applicable", "nicht zutreffend"), Said.NOT_APPLICABLE),
    **dict.fromkeys(("see note", "see notes", "siehe hinweis"), Said.OTHER),
}
ANSWER_HEADS = frozenset({"response", "answer", "csp caiq answer", "csp answer", "vendor response", "antwort"})
ID_HEADS = frozenset({"question id", "question number", "ques num", "question no", "serial no", "id", "sig question #"})
NOTE_HEADS = ("implementation description", "additional information", "comment", "explanation", "note")
MANUFACTURER, DEVICE, MODEL, DOCUMENT, RELEASED = "DOC-1", "DOC-2", "DOC-3", "DOC-4", "DOC-7"
DATES = ("%Y-%m-%d", "%d.%m.%Y", "%d %B %Y", "%d-%b-%Y", "%B %d, %Y", "%Y/%m/%d")


@dataclass(frozen=True, kw_only=True)
class _Heading:
    """Where a sheet has its answers and notes; None: it does not say."""

    answer: int | None = None
    note: int | None = None


@dataclass
class _Reading:
    answers: dict[str, ForeignAnswer] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    torn: dict[str, None] = field(default_factory=dict)


def recognise(rows: Sequence[Row]) -> Filled:
    """The form that these rows are. Raises NotRecognised."""
    found = {form: _read(form, rows) for form in Form}
    form = max(Form, key=lambda one: len(found[one].answers))
    read = found[form]
    if len(read.answers) < FEWEST:
        raise NotRecognised
    facts = read.facts
    return Filled(
        form=form,
        answers={name: answer for name, answer in read.answers.items() if name not in read.torn},
        torn=tuple(read.torn),
        manufacturer=facts.get(MANUFACTURER, ""),
        device=" ".join(filter(None, (facts.get(MODEL, "") or facts.get(DEVICE, ""),))),
        document_id=facts.get(DOCUMENT, ""),
        released_on=_day(facts.get(RELEASED, "")),
    )


def _read(form: Form, rows: Sequence[Row]) -> _Reading:
    read = _Reading()
    headings: dict[str, _Heading] = {}
    for row in rows:
        if (heading := _heading(row)) is not None:
            headings[row.sheet] = heading
            continue
        place = _number_at(form, row)
        # Numbers of SIG look like those of a chapter: only a sheet that says where its answers stand is read.
        if place is None or (form is Form.SIG and row.sheet not in headings):
            continue
        name = row.cells[place].strip()
        if form is Form.MDS2 and name in {MANUFACTURER, DEVICE, MODEL, DOCUMENT, RELEASED}:
            read.facts.setdefault(name, _fact(row, place))
            continue
        answer = _answer(row, place, headings.get(row.sheet, _Heading()))
        before = read.answers.setdefault(name, answer)
        if before.said is not answer.said:
            read.torn[name] = None
    return read


def _heading(row: Row) -> _Heading | None:
    folded = [_folded(cell) for cell in row.cells]
    if not any(cell in ID_HEADS for cell in folded):
        return None
    answer = next((place for place, cell in enumerate(folded) if cell in ANSWER_HEADS), None)
    note = next(
        (place for place, cell in enumerate(folded) for word in NOTE_HEADS if word in cell and place != answer), None
    )
    return _Heading(answer=answer, note=note)


def _number_at(form: Form, row: Row) -> int | None:
    return next(
        (
            place
            for place, cell in enumerate(row.cells[:6])
            if len(cell) <= LONGEST_ID + 2 and NUMBERS[form].fullmatch(cell.strip())
        ),
        None,
    )


def _answer(row: Row, place: int, heading: _Heading) -> ForeignAnswer:
    column = heading.answer
    if column is None:  # the first cell that says yes or no
        column = next((at for at in range(place + 1, len(row.cells)) if _folded(row.cells[at]) in SAID), None)
    text = row.cells[column] if column is not None and column < len(row.cells) else ""
    note = row.cells[heading.note] if heading.note is not None and heading.note < len(row.cells) else ""
    others = [cell for at, cell in enumerate(row.cells) if at not in {place, column, heading.note}]
    return ForeignAnswer(
        id=row.cells[place].strip(),
        said=SAID.get(_folded(text), Said.OTHER) if text.strip() else Said.NOTHING,
        note="" if _folded(note) in SAID else note.strip()[:LONGEST_NOTE],
        words=" ".join(_folded(cell) for cell in others if len(cell) >= SHORTEST_TEXT),
    )


def _fact(row: Row, place: int) -> str:
    """Beside the number stands the label, then what the company wrote."""
    said = [cell.strip() for cell in row.cells[place + 1 :] if cell.strip()]
    return said[1][:LONGEST_FACT] if len(said) > 1 else ""


def _day(text: str) -> date | None:
    """A day that can be read in one way only."""
    for form in DATES:
        with suppress(ValueError):
            return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007 - a day
    return None


def _folded(text: str) -> str:
    return " ".join(text.casefold().split()).strip(" :*?")


def plain(filled: Filled) -> Iterator[ForeignAnswer]:
    """The answers that are a plain yes or no."""
    return (one for one in filled.answers.values() if one.said in {Said.YES, Said.NO})
