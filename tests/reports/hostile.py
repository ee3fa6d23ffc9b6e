"""Words chosen to do harm, laid into every field that people and vendors fill, and what must become of them."""

from __future__ import annotations

import io
import random
import re
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from assessments.model import ActionFact, DecisionFact, Dossier, IncidentFact, Recorded, Treated, WaiverFact
from questionnaires.model import Text
from reports.workbooks.cells import clean
from scanners.model import Message
from tests.reports import building

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = 20_261_122
PIECES = (
    *(
        '=HYPERLINK("http://evil.example")',
        "=1+1",
        "+49 30",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1+1",
        " =1",
    ),
    *("=cmd|' /C calc'!A0", '=DDE("cmd";"/C calc";"__DdeLink_60_870697555")', "{=1}", "%3D1", '"=1"', "'=1", ";=1"),
    *("<script>alert(1)</script>", "]]>", "<![CDATA[", "&amp;", "&#0;", "<?xml?>", "<!--", "</t></is></c>", '" t="n'),
    *("</w:t></w:r>", "<w:p/>", "</td></tr></table>", '<img src="file:///etc/passwd" onerror=x>', "</title>", "-->"),
    *("_x0041_", "_x005F_", "_xFFFF_", "_x000D_", "__x0041_", "x0041_", "_x", "\x00", "\x08", "\x0b", "\x1f", "\x7f"),
    *("\ud800", "\udfff", "\ufffe", "\uffff", "\ufeff", "\u202e", "\u2028", "\u200b", "\x85", "\xa0", "é", "ß", "漢字"),
    *("\u2066", "\u2069", "שלום", "مرحبا", "\x1b[31m", "\x0c", "\U0001f3f4\U000e0067", "🇩🇪"),
    *("😀", "👩🏽\u200d⚕️", "e\u0301", "\r\n", "\n", "  ", "a" * 300, "%s%s", "%(x)s", "{{7*7}}", "{%raw%}", "${7}"),
    *("NULL", "1e309", "12345678901234567890", "0012", "1/2", "TRUE", "#REF!", "C:\\con", "../../etc"),
    *("'; DROP TABLE vendor;--", "javascript:alert(1)", "**[a](javascript:b)**", "\\", "\"';,|"),
)


def strings(count: int) -> Iterator[str]:
    """So many of them, alone and glued together; the same ones each time."""
    yield from PIECES
    chance = random.Random(SEED)
    for _ in range(count - len(PIECES)):
        yield "".join(chance.choice(PIECES) for _ in range(chance.randint(1, 4)))


def numbered(count: int) -> Iterator[str]:
    """The same, each with a number of its own behind it, so that none is found in the place of another."""
    return (f"{text}§{number:05}" for number, text in enumerate(strings(count)))


def meant(text: str) -> str:
    """What a reader of XML has to see: all of it, but for what XML cannot hold."""
    return clean(text)


def undone(text: str) -> str:
    """ECMA-376 part 1, 22.9.2.19: _xHHHH_ stands for that character. openpyxl does not undo it in streamed texts."""
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), text)


def assert_harmless(content: bytes) -> None:
    """Well-formed, no formula, nothing that is fetched, no text that a program could take for a number or a date."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert archive.testzip() is None
    for name in archive.namelist():
        part = archive.read(name)
        if name.endswith((".xml", ".rels")):
            tree = ET.fromstring(part)
            assert not tree.findall(".//{*}f") or "charts/" in name, name
        assert b'TargetMode="External"' not in part, name
    assert not [name for name in archive.namelist() if "externalLink" in name or "vbaProject" in name]


def dossier(number: int, turn: Iterator[str]) -> Dossier:
    """A vendor of whom every word is hostile; what was seen of its hosts is, too."""
    plain = building.dossier(number)
    name = next(turn)
    return replace(
        plain,
        hospital=next(turn),
        vendor_name=name,
        company_name=name,
        vendor_statement=next(turn),
        supplies=tuple(replace(one, name=next(turn), tier_reason=next(turn)) for one in plain.supplies),
        answers=tuple(
            replace(
                one,
                value=replace(one.value, comment=next(turn), text=one.value.text and next(turn)),
                answered_by=next(turn),
                remark=next(turn),
                recorded=Recorded(by=next(turn), source=next(turn), place=next(turn), sha256="cd" * 32)
                if at % 3 == 0
                else None,
            )
            for at, one in enumerate(plain.answers)
        ),
        findings=tuple(
            replace(
                one,
                finding=replace(
                    one.finding, fact=Message(text="The server told %(what)s.", values={"what": next(turn)})
                ),
                statement=next(turn),
                answer=next(turn),
            )
            for one in plain.findings
        ),
        evidence=tuple(
            replace(one, name=next(turn), scope=next(turn), product=next(turn), release=next(turn))
            for one in plain.evidence
        ),
        waivers=(
            WaiverFact(
                title=both(next(turn)),
                place="",
                reason=next(turn),
                by=next(turn),
                at=building.NOW,
                until=building.NOW.date(),
            ),
        ),
    )


def action(number: int, turn: Iterator[str]) -> ActionFact:
    return replace(
        building.action(number, title=next(turn), report=next(turn)),
        advice=both(next(turn)),
        proof=both(next(turn)),
        owner=next(turn),
        set_by=next(turn),
        remark=next(turn),
    )


def decision(number: int, turn: Iterator[str]) -> DecisionFact:
    return replace(building.decision(number, reason=next(turn)), about=both(next(turn)), by=next(turn))


def incident(number: int, turn: Iterator[str]) -> IncidentFact:
    return replace(
        building.incident(number, title=next(turn)),
        about=next(turn),
        text=next(turn),
        by=next(turn),
        confirmed_by=next(turn),
    )


def treated(turn: Iterator[str]) -> Treated:
    return building.treated(owner=next(turn), note=next(turn), by=next(turn))


def both(text: str) -> Text:
    return Text(de=text, en=text)
