"""Ten thousand hostile words through every export: well-formed files, nothing acts, nothing is lost."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import shutil
import subprocess
import zipfile
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import docx
import openpyxl
import pytest

from assessments import comparison, contract_terms, framework_views, policy, register
from assessments.deciding import Ballot, ConditionFact, ConditionState, Ruling, Tally, Why
from assessments.framework_views import Framework
from assessments.model import Assessed, Authority, Register
from portal import i18n
from portal.services.registers import snapshots
from questionnaires.model import QuestionSet
from reports import (
    approval,
    committee,
    contract_annex,
    facts,
    framework_view,
    minutes,
    oscal,
    pages,
    rendering,
)
from reports import comparison as side_by_side
from reports.bundles import documents, verifying
from reports.bundles.facts import Document
from reports.reader import Reader
from reports.workbooks import (
    answer_sheet,
    answer_sheet_in,
    answer_sheet_out,
    cells,
    flash_board,
    table_in,
    vendor_list,
)
from reports.workbooks import comparison as comparison_workbook
from reports.workbooks import framework_view as framework_workbook
from reports.workbooks import register as register_workbook
from scanners.model import Outcome
from tests.reports import building, hostile
from tests.reports.bundles import bundling
from tests.reports.hostile import meant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


STRINGS = 10_000
VENDORS = 8
GERMAN = Reader(language="de", translate=i18n.translator("de"))
LACKING = {Outcome.FAIL, Outcome.WARN}


@dataclass(frozen=True, kw_only=True)
class Siege:
    """Vendors and a register in which nobody has said a harmless word."""

    assessed: tuple[Assessed, ...]
    found: Register
    laid: int  # how many strings were laid into them

    @property
    def first(self) -> Assessed:
        return self.assessed[0]


@pytest.fixture(scope="module")
def siege() -> Siege:
    laid = 0

    def turning() -> Iterator[str]:
        nonlocal laid
        for text in hostile.numbered(3 * STRINGS):
            laid += 1
            yield text

    turn = turning()
    numbers = range(1, VENDORS + 1)
    rules = policy.current()
    assessed = tuple(register.assess(hostile.dossier(number, turn), rules) for number in numbers)
    found = register.build(
        assessed,
        rules,
        hospital=next(turn),
        at=building.NOW,
        actions=[hostile.action(number, turn) for number in numbers],
        decisions=[hostile.decision(number, turn) for number in numbers],
        incidents=[hostile.incident(number, turn) for number in numbers],
    )
    treated = {(risk.vendor_key, risk.key): hostile.treated(turn) for risk in found.risks}
    return Siege(assessed=assessed, found=replace(found, treatments=treated), laid=laid)


# ---- what each export owes


def answered(assessed: Assessed) -> Iterator[str]:
    for row in assessed.answers:
        if row.value is not None:
            yield from filter(None, (row.value.comment, row.value.text))


def recorded(assessed: Assessed) -> Iterator[str]:
    for row in assessed.answers:
        if row.recorded is not None:
            yield from (row.recorded.source, row.recorded.place)


def seen(assessed: Assessed) -> Iterator[str]:
    """What was observed where something is lacking, with both sides' words."""
    for row in assessed.findings:
        if row.fact.finding.outcome in LACKING:
            yield from (str(row.fact.finding.fact.values["what"]), row.fact.statement, row.fact.answer)


def named(assessed: Assessed) -> Iterator[str]:
    yield assessed.dossier.vendor_name
    yield from (one.name for one in assessed.dossier.supplies)


def filed(assessed: Assessed) -> Iterator[str]:
    yield from (one.name for one in assessed.evidence if one.name)


def waived(assessed: Assessed) -> Iterator[str]:
    for one in assessed.dossier.waivers:
        yield from (one.title.de, one.reason, one.by)


def written(found: Register) -> Iterator[str]:
    """What people of the hospital and vendors wrote beside the rounds."""
    yield found.hospital
    for one in found.treatments.values():
        yield from (one.owner, one.note, one.by)
    for action in found.actions:
        yield from (action.title.de, action.proof.de, action.owner, action.set_by, action.report, action.remark)
    for decision in found.decisions:
        yield from (decision.about.de, decision.reason, decision.by)
    for incident in found.incidents:
        yield from (incident.title, incident.about, incident.text, incident.by, incident.confirmed_by)


def lost(told: str, owed: Iterable[str]) -> list[str]:
    """What does not stand there as it was written, but for what XML cannot hold."""
    return [text for text in owed if meant(text) not in told]


def in_workbook(content: bytes) -> str:
    hostile.assert_harmless(content)
    book = openpyxl.load_workbook(io.BytesIO(content))
    for sheet in book:
        assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    return "\n".join(hostile.undone(str(cell)) for sheet in book for row in sheet.values for cell in row if cell)


def in_page(text: str) -> str:
    """What the HTML says; no element came of a word, and no word left its place."""
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", text)
    assert not re.search(r"<(script|img|iframe|object|link|meta http)", text.partition("<body")[2])
    assert not re.search(r"<[^>]*\son\w+=", re.sub(r'"[^"]*"', '""', text.partition("<body")[2]))
    return html.unescape(text)


def in_json(content: bytes) -> str:
    def strings(document: Any) -> Iterator[str]:
        if isinstance(document, str):
            yield document
        elif isinstance(document, list | dict):
            for one in document.values() if isinstance(document, dict) else document:
                yield from strings(one)

    return "\n".join(strings(json.loads(content.decode())))


def in_word(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            if name.endswith((".xml", ".rels")):
                ET.fromstring(archive.read(name))
            assert b'TargetMode="External"' not in archive.read(name)
    opened = docx.Document(io.BytesIO(content))
    in_tables = [cell.text for table in opened.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in opened.paragraphs), *in_tables])


def half(text: str) -> str:
    """JSON holds every sign but half a pair."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


# ---- the whole register


def test_ten_thousand_strings_were_laid(siege: Siege):
    assert siege.laid >= STRINGS
    assert len(set(hostile.numbered(siege.laid))) == siege.laid


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_register_as_a_workbook(siege: Siege, language: str):
    reader = Reader(language=language, translate=i18n.translator(language))
    told = in_workbook(register_workbook.write(siege.found, reader=reader, now=building.NOW))

    owed = list(written(siege.found))
    for one in siege.assessed:
        owed += [one.dossier.vendor_statement, *answered(one), *recorded(one), *seen(one), *named(one), *filed(one)]
    assert len(owed) > STRINGS / 3
    assert lost(told, owed) == []


def test_the_register_for_other_programs(siege: Siege):
    told = in_json(documents.write(facts.register(siege.found, [GERMAN], now=building.NOW)))

    owed = [siege.found.hospital, *written(siege.found)]
    for one in siege.assessed:
        owed += [one.dossier.vendor_statement, *answered(one), *recorded(one), *seen(one), *named(one), *filed(one)]
    assert [text for text in owed if half(text) not in told] == []


def test_the_list_as_a_workbook_and_as_csv():
    texts = list(hostile.numbered(STRINGS))
    rows = [texts[start : start + 5] for start in range(0, STRINGS, 5)]
    heading = [f"Spalte {number}" for number in range(1, 6)]
    sheet = vendor_list.Sheet(language="de", pages=[vendor_list.Page(title="Liste", heading=heading, rows=rows)])

    assert lost(in_workbook(vendor_list.workbook(sheet, now=building.NOW)), texts) == []

    content = vendor_list.csv_file(sheet)
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert lines[0] == heading
    assert not [cell for line in lines[1:] for cell in line if cell.startswith(cells.TEMPTING)]
    for line, row in zip(lines[1:], rows, strict=True):
        for cell, text in zip(line, row, strict=True):
            assert cell.removeprefix("'" * (cell != meant(text))) == meant(text)
    taken_in = table_in.read(content)
    assert [list(map(answer_sheet.plain, row)) for row in taken_in.rows] == [
        [answer_sheet.plain(meant(text)) for text in row] for row in rows
    ]


# ---- one vendor, several vendors


def test_vendors_side_by_side(siege: Siege):
    made = comparison.compare(siege.assessed[:6], at=building.NOW)
    content = comparison_workbook.write(
        made, policy.current(), reader=GERMAN, now=building.NOW, title=siege.found.hospital
    )
    owed = [text for one in siege.assessed[:6] for text in (*named(one), *filed(one))]
    lines = [line for side in made.sides for line in side.score.lines]
    reasons = [one for one in map(told_of, lines) if one]
    assert reasons

    assert lost(in_workbook(content.content), [*owed, siege.found.hospital]) == []
    page = side_by_side.document_html(made, policy.current(), reader=GERMAN, now=building.NOW)
    assert lost(in_page(page), owed) == []


def told_of(line: Any) -> str:
    return str(getattr(line.reason, "values", {}).get("what", ""))


@pytest.mark.parametrize("framework", list(Framework))
def test_a_vendor_through_a_framework(siege: Siege, framework: Framework):
    for one in siege.assessed:
        found = framework_views.view(one, framework)
        owed = [one.dossier.hospital, *named(one)]
        owed += [each.name for row in found.rows for each in row.evidence if each.name]
        content = framework_workbook.write(found, one, reader=GERMAN, now=building.NOW)
        assert lost(in_workbook(content), owed) == []
    page = in_page(framework_view.html(found, one, reader=GERMAN, now=building.NOW))
    said = [row.fact.statement for line in found.rows for row in line.lacking]
    assert said
    assert lost(page, [*owed, *said]) == []


def test_the_report_on_a_vendor(siege: Siege):
    for one in siege.assessed:
        page = pages.vendor_report_html(one, policy.current(), reader=GERMAN, now=building.NOW)
        owed = [one.dossier.hospital, *named(one), *answered(one), *seen(one), *filed(one), *waived(one)]
        owed.append(one.dossier.vendor_statement)
        assert lost(in_page(page), owed) == []


def test_one_vendor_for_other_programs(siege: Siege):
    for one in siege.assessed:
        owed = [*named(one), *answered(one), *recorded(one), *seen(one), *filed(one), *waived(one)]
        owed.append(one.dossier.vendor_statement)
        told = in_json(documents.write(facts.vendor(one, [GERMAN], now=building.NOW)))
        assert [text for text in owed if half(text) not in told] == []


def test_one_vendor_as_oscal(siege: Siege):
    for one in siege.assessed:
        document = oscal.results(one, reader=GERMAN, program="Kettenblick", now=building.NOW)
        told = in_json(documents.write(document))
        assert [text for text in seen(one) if oscal.block(text) not in told] == []  # its words are Markdown


def test_the_bundle_of_a_vendor(siege: Siege):
    turn = hostile.numbered(STRINGS)
    sealed = [
        Document(key=f"E-{number}", name=next(turn), type="pentest", sha256="cd" * 32, content=b"%PDF")
        for number in range(300)
    ]
    seen_there = bundling.dossier()  # whose findings follow from what lies in the bundle
    besieged = replace(
        siege.first.dossier,
        hosts=seen_there.hosts,
        findings=tuple(replace(one, statement=next(turn), answer=next(turn)) for one in seen_there.findings),
        answers=tuple(replace(one, recorded=None) for one in siege.first.dossier.answers),
    )
    content = bundling.packed(bundling.bundle(besieged, documents=tuple(sealed), made_by=next(turn)))

    assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None
    names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert not [
        name for name in names if ".." in name or "\\" in name or name.startswith("/") or not name.isprintable()
    ]
    members = {name: zipfile.ZipFile(io.BytesIO(content)).read(name) for name in names}
    for name, member in members.items():
        if name.endswith(".json"):
            in_json(member)
    told = in_json(members["dossier.json"])
    words = [text for one in besieged.findings for text in (one.statement, one.answer)]
    assert [text for text in (*named(siege.first), *answered(siege.first), *words) if half(text) not in told] == []
    page = in_page(members["index.html"].decode())
    assert lost(page, [siege.first.dossier.vendor_name, *(one.name for one in sealed)]) == []
    verdict = verifying.verify(content, bundling.is_signed)
    assert not [note for note in verdict.notes if note.mark is verifying.Mark.CHANGED]


def test_the_workbook_a_vendor_fills_in(siege: Siege):
    rows = [
        answer_sheet.AnswerRow(
            key=(one.question.id, one.supply or ""),
            section=siege.first.dossier.catalogue.section(one.question.section).title,
            product=siege.first.dossier.supplies[0].name if one.supply else "",
            text=one.question.text,
            shape=one.question.shape,
            value=one.value,
            version=1,
            is_asked=True,
            asked_when=hostile.PIECES[number % len(hostile.PIECES)],
            is_open=True,
            remark=hostile.PIECES[-1 - number % len(hostile.PIECES)],
        )
        for number, one in enumerate(siege.first.answers)
    ]
    content = answer_sheet_out.write(
        answer_sheet.AnswerSheet(
            assessment_id="a1",
            catalogue_id=siege.first.dossier.catalogue.id,
            catalogue_version=siege.first.dossier.catalogue.version,
            hospital=siege.first.dossier.hospital,
            company=siege.first.dossier.company_name,
            due_on=building.NOW.date(),
            rows=rows,
        ),
        reader=GERMAN,
        now=building.NOW,
    )

    told = in_workbook(content)
    assert lost(told, [siege.first.dossier.hospital, *answered(siege.first)]) == []
    sent = answer_sheet_in.read(content, {one.question.id: one.question.shape for one in siege.first.answers})
    assert sent.problems == ()
    comments = {row.key: row.comment for row in sent.rows}
    assert [
        row.key for row in rows if row.value and answer_sheet.plain(meant(row.value.comment)) != comments[row.key]
    ] == []


def test_answers_to_a_question_of_the_moment():
    turn = hostile.numbered(STRINGS)
    rows = [
        flash_board.Row(
            vendor=next(turn),
            supplies=[next(turn)],
            known_by=next(turn),
            matches=[next(turn), next(turn)],
            answer=next(turn),
            text=next(turn),
            by=next(turn),
            answered_at=building.NOW,
            opened_at=None,
            escalated_at=None,
            phone_at=None,
            is_late=False,
        )
        for _ in range(200)
    ]
    about = flash_board.Facts(
        hospital=next(turn),
        about=next(turn),
        text=next(turn),
        asked_at=building.NOW,
        first_due_at=building.NOW,
        last_due_at=building.NOW,
        by_name=next(turn),
        conclusion=next(turn),
        now=building.NOW,
    )
    told = in_workbook(flash_board.write(about, rows, reader=GERMAN))

    owed = [text for one in rows for text in (one.vendor, *one.supplies, one.known_by, *one.matches, one.text, one.by)]
    assert lost(told, [*owed, about.hospital, about.about, about.text, about.by_name, about.conclusion]) == []


# ---- papers for Word


def test_the_draft_of_an_annex(siege: Siege):
    turn = hostile.numbered(STRINGS)
    actions = [replace(hostile.action(1, turn), key=f"A-{number:08}") for number in range(60)]
    agreed = contract_terms.agree(siege.first, actions)
    draft = contract_annex.Draft(assessed=siege.first, agreed=agreed, now=building.NOW)
    told = in_word(contract_annex.word(draft, reader=GERMAN))

    items = [contract_annex.cells(item, GERMAN)[0] for one in agreed for item in one.items]
    assert len(items) > len(actions) / 2
    assert lost(told, [siege.first.dossier.hospital, *named(siege.first), *items]) == []
    assert lost(in_page(contract_annex.html(draft, reader=GERMAN)), items) == []


def a_sitting(turn: Iterator[str]) -> minutes.Minutes:
    people = [
        minutes.Attendee(
            name=next(turn),
            function=next(turn),
            is_voting=True,
            is_chair=number == 0,
            presence=minutes.PRESENT,
        )
        for number in range(20)
    ]
    items = tuple(
        minutes.Item(
            number=number,
            title=next(turn),
            about=next(turn),
            vendor_key=f"V-{number:04}",
            why=tuple(Why)[:1],
            stake=None,
            ruling=tuple(Ruling)[number % len(Ruling)],
            reasons=next(turn),
            conditions=(
                ConditionFact(
                    key="C-1",
                    text=next(turn),
                    due_on=building.NOW.date(),
                    owner=next(turn),
                    proof=next(turn),
                    state=ConditionState.OPEN,
                ),
            ),
            review_on=building.NOW.date(),
            tally=Tally(yes=1, no=0, abstained=1, is_carried=True),
            ballots=tuple(
                minutes.BallotLine(name=one.name, ballot=Ballot.YES, conflict=next(turn)) for one in people[:3]
            ),
            decision_key="B-0001",
        )
        for number in range(1, 41)
    )
    return minutes.Minutes(
        hospital=next(turn),
        number=1,
        name=next(turn),
        body=Authority.MANAGEMENT,
        held_on=building.NOW.date(),
        begins="14:30",
        place=next(turn),
        snapshot_name=next(turn),
        snapshot_at=building.NOW,
        snapshot_sha256="ab" * 32,
        policy_version="1",
        attendees=tuple(people),
        items=items,
        note=next(turn),
        closed_by=next(turn),
        closed_at=building.NOW,
    )


def test_the_minutes_of_a_sitting():
    held = a_sitting(hostile.numbered(STRINGS))
    owed = [held.hospital, held.name, held.place, held.snapshot_name, held.note, held.closed_by]
    for person in held.attendees:
        owed += [person.name, person.function]
    for item in held.items:
        owed += [item.title, item.about, item.reasons]
        owed += [text for one in item.conditions for text in (one.text, one.owner, one.proof)]
        owed += [one.conflict for one in item.ballots]
    assert len(owed) > 400

    assert lost(in_word(minutes.docx(held, reader=GERMAN, sha256="ab" * 32)), owed) == []
    page = in_page(minutes.html(held, reader=GERMAN, sha256="ab" * 32))
    assert lost(page, [meant(text).strip() for text in owed]) == []


def test_the_sheet_of_the_management():
    turn = hostile.strings(200)
    for _ in range(20):
        sheet = approval.Approval(
            hospital=next(turn),
            name=next(turn),
            at=building.NOW,
            sha256="ab" * 32,
            policy_version=next(turn),
            vendors=1,
        )
        for told in (in_word(approval.docx(sheet, reader=GERMAN)), in_page(approval.html(sheet, reader=GERMAN))):
            assert lost(told, [sheet.hospital.strip(), sheet.name.strip()]) == []


# ---- papers as PDF


def words_of(content: bytes, folder: Path) -> str:
    """All letters of the paper, without the blanks that setting it has moved."""
    (folder / "paper.pdf").write_bytes(content)
    call = [str(shutil.which("pdftotext")), "-raw", str(folder / "paper.pdf"), "-"]
    done = subprocess.run(call, check=True, capture_output=True, timeout=120)
    assert done.stderr == b""
    return re.sub(r"\s|\u00ad|-", "", done.stdout.decode())


def numbers_of(owed: Iterable[str]) -> set[str]:
    return {text[-6:] for text in owed}


def small(one: Assessed) -> Assessed:
    """The same vendor asked and looked at less, so that its papers are set in a second."""
    short = replace(one.dossier, question_set=QuestionSet.SHORT, findings=one.dossier.findings[:14])
    return register.assess(short, policy.current())


@pytest.mark.office
def test_papers_are_well_formed_and_say_every_word(siege: Siege, tmp_path: Path):
    one, other = small(siege.first), small(siege.assessed[1])
    rules = policy.current()
    brief = committee.brief(
        snapshots.said_of(register.build([one, other], rules, hospital=siege.found.hospital, at=building.NOW))
    )
    made = comparison.compare([one, other], at=building.NOW)
    papers = (
        (
            pages.vendor_report_html(one, rules, reader=GERMAN, now=building.NOW),
            pages.style(),
            [*named(one), *answered(one), *seen(one), *waived(one)],
        ),
        (committee.html(brief, reader=GERMAN), committee.style(), [one.dossier.vendor_name, siege.found.hospital]),
        (
            side_by_side.document_html(made, rules, reader=GERMAN, now=building.NOW, only_differences=True),
            side_by_side.style(),
            [*named(one), *named(other)],
        ),
    )
    for text, style, owed in papers:
        told = words_of(rendering.pdf(text, style=style), tmp_path)
        assert numbers_of(owed) - {number for number in numbers_of(owed) if number in told} == set()
